//! Rules about the program that a dispatch starts: where it is, and its bytes where they are at hand.

use alloc::format;

use super::{Linter, Rule};
use crate::Generation;
use crate::decode::walk::{Memory, canonical};
use crate::registers::{ComputePgmRsrc1, ComputePgmRsrc2, offset};
use crate::state::Dispatch;

/// s_endpgm up to gfx10 and from gfx11 on. Source: llvm-mc 19; LLVM `SOPInstructions.td`.
const ENDPGM_GFX10: u32 = 0xBF81_0000;
const ENDPGM_GFX11: u32 = 0xBFB0_0000;
/// s_code_end, the filler behind programs.
const CODE_END: u32 = 0xBF9F_0000;
/// Mapped bytes that a program needs behind it. Source: Mesa `ac_binary.c`; clang takes 384.
const PREFETCH_BYTES: u64 = 192;
/// What buffers are mapped in, bytes.
const PAGE: u64 = 4096;
/// Dwords that are searched for a program's end.
const LONGEST: usize = 1 << 18;

impl<M: Memory + ?Sized> Linter<'_, M> {
    pub(super) fn check_code(&mut self, at: usize, dispatch: &Dispatch) {
        let address = (self.value(offset::COMPUTE_PGM_LO), self.value(offset::COMPUTE_PGM_HI));
        let (Some(low), Some(high)) = address else { return };
        let entry = canonical(u64::from(high & 0xFF) << 40 | u64::from(low) << 8);
        if entry == 0 || !self.check_code_buffer(at, entry, u64::from(high) << 32 | u64::from(low)) {
            return;
        }
        self.check_first_fetch(at, entry);
        // A program's bytes are looked through once, however often it is started.
        if self.checked_programs.insert(entry) {
            self.check_instructions(at, entry);
        }
        self.check_use(at, entry, dispatch.initiator.cs_w32_en() == 0);
    }

    /// What the program uses against what the dispatch allocates.
    fn check_use(&mut self, at: usize, entry: u64, wave64: bool) {
        let programs = self.options.programs;
        let read = || programs.and_then(|programs| programs.program(entry, wave64));
        let Some(used) = *self.uses.entry((entry, wave64)).or_insert_with(read) else { return };
        if let Some(rsrc1) = self.value(offset::COMPUTE_PGM_RSRC1).map(ComputePgmRsrc1) {
            let granule = if wave64 { 4 } else { 8 };
            let allocated = (rsrc1.vgprs() + 1) * granule;
            if used.vgprs > allocated {
                let message = format!(
                    "the program uses {} VGPRs and VGPRS {} allocates {allocated}: set it to {}",
                    used.vgprs,
                    rsrc1.vgprs(),
                    used.vgprs.div_ceil(granule) - 1
                );
                self.report(Rule::TooFewVgprs, at, message);
            }
        }
        let lds_size = self.value(offset::COMPUTE_PGM_RSRC2).map(|value| ComputePgmRsrc2(value).lds_size());
        if used.lds && lds_size == Some(0) {
            let message =
                format!("the program at {entry:#x} uses the LDS: set LDS_SIZE to its bytes / 512, rounded up");
            self.report(Rule::NoLds, at, message);
        }
    }

    /// Whether the program's buffer is known to be there, or nothing is known of buffers.
    fn check_code_buffer(&mut self, at: usize, entry: u64, raw: u64) -> bool {
        if self.options.buffers.is_none() {
            return true;
        }
        let Some(executable) = self.buffer_at(entry).map(|buffer| buffer.executable) else {
            let (rule, message) = match self.buffer_at(canonical(raw)) {
                Some(_) => (Rule::PgmNotShifted, format!("COMPUTE_PGM holds {raw:#x}: write {:#x}", raw >> 8)),
                None => (Rule::CodeUnmapped, format!("the program is at {entry:#x}, in no buffer of the submission")),
            };
            self.report(rule, at, message);
            return false;
        };
        if !executable {
            let message = format!("the program is at {entry:#x}: map its buffer with AMDGPU_VM_PAGE_EXECUTABLE");
            self.report(Rule::CodeNotExecutable, at, message);
        }
        true
    }

    /// Bytes from `va` to the end of its buffer's last page.
    fn mapped_after(&self, va: u64) -> Option<u64> {
        let buffer = self.buffer_at(va)?;
        let end = canonical(buffer.va).saturating_add(buffer.size).checked_next_multiple_of(PAGE)?;
        Some(end.saturating_sub(va))
    }

    fn check_first_fetch(&mut self, at: usize, entry: u64) {
        if self.generation < Generation::Gfx11 {
            return;
        }
        let bits = if self.generation == Generation::Gfx11 { 0x3F } else { 0xFF };
        let lines = self.value(offset::COMPUTE_PGM_RSRC3).unwrap_or(0) >> 4 & bits;
        let bytes = u64::from(lines) * 128;
        if let Some(left) = self.mapped_after(entry).filter(|left| bytes > *left) {
            let message =
                format!("INST_PREF_SIZE is {lines}: {bytes} bytes from {entry:#x}, of which {left} are mapped");
            self.report(Rule::InstPrefPastEnd, at, message);
        }
    }

    /// The dwords from `entry` on that are at hand, up to the end of the buffer.
    fn code_words(&self, entry: u64) -> &[u32] {
        let limit = match self.buffer_at(entry) {
            Some(buffer) => (buffer.size - (entry - canonical(buffer.va))) / 4,
            None => LONGEST as u64,
        };
        let limit = usize::try_from(limit).unwrap_or(LONGEST).min(LONGEST);
        // The memory gives all or nothing: halve the step until nothing more is to be had.
        let (mut have, mut step) = (0, limit.next_power_of_two());
        while step > 0 {
            if have + step <= limit && self.memory.words(entry, have + step).is_some() {
                have += step;
            }
            step /= 2;
        }
        self.memory.words(entry, have).unwrap_or_default()
    }

    fn check_instructions(&mut self, at: usize, entry: u64) {
        let words = self.code_words(entry);
        let Some(&first) = words.first() else { return };
        if first == 0 {
            let message = format!("the dwords at {entry:#x} begin with 0: give the address of the first instruction");
            self.report(Rule::EntryIsNoCode, at, message);
            return;
        }
        let (right, wrong) = match self.generation {
            Generation::Gfx10 | Generation::Gfx10_3 => (ENDPGM_GFX10, ENDPGM_GFX11),
            Generation::Gfx11 | Generation::Gfx12 => (ENDPGM_GFX11, ENDPGM_GFX10),
        };
        // One program: what lies behind its filler is another one's.
        let program = words.iter().position(|&word| word == CODE_END).and_then(|end| words.get(..end)).unwrap_or(words);
        let find = |word: u32| program.iter().rposition(|&other| other == word);
        match (find(right), find(wrong)) {
            (Some(end), _) => self.check_after_end(at, entry, end),
            (None, Some(end)) => {
                let message = format!(
                    "{wrong:#010x} at {:#x} is no s_endpgm on {}, {right:#010x} is: assemble for this chip",
                    entry + 4 * end as u64,
                    self.options.gfx
                );
                self.report(Rule::WrongEndpgm, at, message);
            }
            (None, None) => {
                let message = format!("no {right:#010x} in the {} dwords at {entry:#x}", program.len());
                self.report(Rule::NoEndpgm, at, message);
            }
        }
    }

    fn check_after_end(&mut self, at: usize, entry: u64, end: usize) {
        let after = entry + 4 * (end as u64 + 1);
        if let Some(left) =
            self.mapped_after(after).or(self.mapped_after(entry).map(|_| 0)).filter(|left| *left < PREFETCH_BYTES)
        {
            let message = format!(
                "the program ends at {after:#x} and {left} bytes are mapped behind it: append s_code_end, 0xbf9f0000"
            );
            self.report(Rule::PrefetchPastEnd, at, message);
        }
    }
}
