//! `descriptor`: use of what the kernel's descriptor has not asked for.
//!
//! Silicon does not fault on these: registers out of range read v0 or drop what is written, and what rounding happens to
//! give works until the kernel runs on a chip with other granules.

#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicU8, Ordering};

use sparkle_rdna3::{Encoding, Imm, Op, Reg, Value, WaveSize};

use super::event::Event;
use super::report::Sink;
use super::rule::{Rule, Sanitizer};
use crate::shader::chip::LDS_GRANULE;
use crate::shader::{Chip, GroupPlace, MemoryAccess, Program, Space, Workgroup};

const fn rule(id: &'static str, says: &'static str) -> Rule {
    Rule { id, sanitizer: Sanitizer::Descriptor, says }
}

/// Source: guide, section 3.3.2.1 ("VGPR out of range").
pub(crate) static DESCRIPTOR_VGPR: Rule =
    rule("descriptor-vgpr", "the instruction names a VGPR beyond those the wave was given");
/// Source: LLVM `AMDGPUBaseInfo.cpp`, `getVGPREncodingGranule` and `getVGPRAllocGranule`: chips differ in the latter.
pub(crate) static DESCRIPTOR_VGPR_GRANULE: Rule = rule(
    "descriptor-vgpr-granule",
    "the instruction names a VGPR beyond those RSRC1 asks for, which is there because this chip gives more at a time",
);
/// The guide asks for it and says nothing of what else happens; LLVM's disassembler rounds down.
/// Source: guide, section 3.3.1.1 ("SGPR alignment").
pub(crate) static DESCRIPTOR_SGPR_ALIGN: Rule = rule(
    "descriptor-sgpr-align",
    "a tuple of SGPRs does not start at a multiple of 2 for two dwords, or of 4 for more",
);
/// Source: guide, section 3.3.3 ("Trap temporary registers"): without privilege they read 0 and writes are dropped.
pub(crate) static DESCRIPTOR_TTMP: Rule =
    rule("descriptor-ttmp", "a trap register is used outside of the trap handler");
/// Source: guide, section 12.1, and `COMPUTE_PGM_RSRC2.LDS_SIZE` in Mesa `registers/gfx11.json`.
pub(crate) static DESCRIPTOR_LDS: Rule = rule("descriptor-lds", "LDS is used and the workgroup was given none");
/// Source: Mesa `ac_gpu_info.c`, `lds_alloc_granularity` and `lds_encode_granularity`.
pub(crate) static DESCRIPTOR_LDS_GRANULE: Rule = rule(
    "descriptor-lds-granule",
    "an LDS access beyond what RSRC2 asks for, which is there because this chip gives more at a time",
);
/// Source: Mesa `registers/gfx11.json`, `COMPUTE_PGM_RSRC2.SCRATCH_EN`.
pub(crate) static DESCRIPTOR_SCRATCH: Rule = rule("descriptor-scratch", "scratch is used and the wave was given none");
/// Source: LLVM `SIInsertWaitcnts.cpp` and Mesa `aco_insert_waitcnt.cpp`: only S_ENDPGM follows the message.
pub(crate) static DESCRIPTOR_DEALLOC: Rule =
    rule("descriptor-dealloc", "VGPRs are used after the message that gives them back");

/// The rules.
pub(crate) static RULES: [&Rule; 8] = [
    &DESCRIPTOR_VGPR,
    &DESCRIPTOR_VGPR_GRANULE,
    &DESCRIPTOR_SGPR_ALIGN,
    &DESCRIPTOR_TTMP,
    &DESCRIPTOR_LDS,
    &DESCRIPTOR_LDS_GRANULE,
    &DESCRIPTOR_SCRATCH,
    &DESCRIPTOR_DEALLOC,
];

/// What a wave was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allocation {
    /// VGPRs that the descriptor asks for.
    pub vgprs: u32,
    /// VGPRs that the chip gives for it.
    pub vgprs_given: u32,
    /// LDS that the descriptor asks for, in bytes.
    pub lds_bytes: u32,
    /// LDS that the chip gives for it, in bytes.
    pub lds_given: u32,
    /// Scratch of a lane, in bytes; 0 if SCRATCH_EN is off.
    pub scratch_bytes: u32,
}

impl Allocation {
    /// What `chip` gives a wave that asks for so much.
    #[must_use]
    pub const fn new(chip: Chip, wave: WaveSize, vgprs: u32, lds_bytes: u32, scratch_bytes: u32) -> Self {
        let granule = chip.vgpr_granule(wave);
        let given = vgprs.div_ceil(granule) * granule;
        Self {
            vgprs,
            vgprs_given: if given > 256 { 256 } else { given },
            lds_bytes,
            lds_given: lds_bytes.div_ceil(LDS_GRANULE) * LDS_GRANULE,
            scratch_bytes,
        }
    }

    /// From the values of `COMPUTE_PGM_RSRC1` and `COMPUTE_PGM_RSRC2`, and the bytes of scratch that
    /// `COMPUTE_TMPRING_SIZE` amounts to for a lane.
    ///
    /// VGPRS is in units of 8 (wave32) or 4 (wave64) less 1, LDS_SIZE in units of 512 bytes.
    /// Source: Mesa `registers/gfx11.json`; LLVM `AMDGPUUsage.rst`, "compute_pgm_rsrc1".
    #[must_use]
    pub const fn of_registers(chip: Chip, wave: WaveSize, rsrc1: u32, rsrc2: u32, scratch_bytes: u32) -> Self {
        let unit = match wave {
            WaveSize::Wave32 => 8,
            WaveSize::Wave64 => 4,
        };
        let scratch = if rsrc2 & 1 == 0 { 0 } else { scratch_bytes };
        Self::new(chip, wave, ((rsrc1 & 63) + 1) * unit, (rsrc2 >> 15 & 0x1ff) * 512, scratch)
    }
}

/// What is known of an instruction of the program.
mod state {
    pub(super) const UNSEEN: u8 = 0;
    /// It breaks no rule, whatever the registers hold.
    pub(super) const FINE: u8 = 1;
    /// It has to be looked at each time.
    pub(super) const LOOK: u8 = 2;
}

/// What a dispatch's workgroups share.
#[derive(Debug)]
pub(crate) struct Shared {
    allocation: Allocation,
    states: Vec<AtomicU8>,
}

impl Shared {
    /// For one dispatch of `program` with this allocation.
    pub(crate) fn new(program: &Program, allocation: Allocation) -> Self {
        let states = program.words_from(0).iter().map(|_| AtomicU8::new(state::UNSEEN)).collect();
        Self { allocation, states }
    }
}

/// One workgroup.
#[derive(Debug)]
pub(crate) struct Group<'a> {
    shared: &'a Shared,
    /// Waves that gave their VGPRs back, a bit each.
    gave_back: u32,
}

impl<'a> Group<'a> {
    pub(crate) fn new(shared: &'a Shared, _group: &Workgroup, _place: &GroupPlace) -> Self {
        Self { shared, gave_back: 0 }
    }

    /// Before an instruction.
    pub(crate) fn before(&mut self, event: &Event<'_>, sink: &mut Sink) {
        if self.gave_back >> (event.wave.id & 31) & 1 != 0 && touches_vgprs(event) {
            sink.report(&DESCRIPTOR_DEALLOC, event, None, None, || "VGPRs given back".to_owned());
        }
        let Some(known) = self.shared.states.get(event.pc) else { return };
        if known.load(Ordering::Relaxed) == state::FINE {
            return;
        }
        let fine = self.look(event, sink);
        known.store(if fine { state::FINE } else { state::LOOK }, Ordering::Relaxed);
    }

    /// After an instruction.
    pub(crate) fn after(&mut self, event: &Event<'_>, accesses: &[MemoryAccess], sink: &mut Sink) {
        if event.instruction.op() == Op::S_SENDMSG && message(event) == Some(DEALLOC_VGPRS) {
            self.gave_back |= 1 << (event.wave.id & 31);
        }
        let Allocation { lds_bytes, lds_given, .. } = self.shared.allocation;
        for access in accesses {
            if access.space != Space::Lds {
                break;
            }
            let end = access.address.saturating_add(access.bytes.into());
            if lds_bytes == 0 {
                sink.report(&DESCRIPTOR_LDS, event, Some(access.lane), None, || format!("LDS {}", access.kind));
            } else if end > lds_bytes.into() && end <= lds_given.into() {
                sink.report(&DESCRIPTOR_LDS_GRANULE, event, Some(access.lane), None, || {
                    format!(
                        "{} of {} bytes at LDS offset {:#x}; {lds_bytes} bytes were asked for",
                        access.kind, access.bytes, access.address
                    )
                });
            }
        }
    }

    /// Checks registers; whether nothing about the instruction can be wrong.
    #[cold]
    fn look(&self, event: &Event<'_>, sink: &mut Sink) -> bool {
        let instruction = event.instruction;
        let mut fine = true;
        for (reg, dwords) in instruction.reads() {
            fine &= self.register(event, sink, reg, dwords);
        }
        for (reg, dwords) in instruction.writes() {
            fine &= self.register(event, sink, reg, dwords);
        }
        if instruction.encoding() == Encoding::Scratch && self.shared.allocation.scratch_bytes == 0 {
            fine = false;
            if event.wave.exec() != 0 {
                sink.report(&DESCRIPTOR_SCRATCH, event, None, None, || "no scratch".to_owned());
            }
        }
        fine
    }

    fn register(&self, event: &Event<'_>, sink: &mut Sink, reg: Reg, dwords: u8) -> bool {
        let last = |first: u8| u32::from(first) + u32::from(dwords.max(1)) - 1;
        match reg {
            Reg::Vgpr(first) => {
                let (last, Allocation { vgprs, vgprs_given, .. }) = (last(first), self.shared.allocation);
                let rule = if last >= vgprs_given { &DESCRIPTOR_VGPR } else { &DESCRIPTOR_VGPR_GRANULE };
                if last >= vgprs {
                    sink.report(rule, event, None, None, || {
                        format!("v{last} of {vgprs} VGPRs asked for and {vgprs_given} given")
                    });
                    return false;
                }
            }
            // Longer tuples that the table does not have room for are no instructions.
            Reg::Sgpr(first) if dwords >= 2 && fields(event).is_some_and(|all| !all.contains(&u32::from(first))) => {
                sink.report(&DESCRIPTOR_SGPR_ALIGN, event, None, None, || format!("{dwords} dwords near s{first}"));
                return false;
            }
            Reg::Ttmp(index) => {
                sink.report(&DESCRIPTOR_TTMP, event, None, None, || format!("ttmp{index}"));
                return false;
            }
            _ => {}
        }
        true
    }
}

/// The register numbers in an instruction's fields, which decoding rounds; `None` where vectors are concerned.
/// Source: guide, chapter 15 (microcode formats).
fn fields(event: &Event<'_>) -> Option<[u32; 3]> {
    let word = event.program.words_from(event.pc).first()?;
    let [low, middle, high] = [word & 255, word >> 8 & 255, word >> 16 & 127];
    match event.instruction.encoding() {
        Encoding::Sop1 => Some([low, high, high]),
        Encoding::Sop2 => Some([low, middle, high]),
        Encoding::Sopc => Some([low, middle, middle]),
        Encoding::Smem => Some([(word & 63) << 1, word >> 6 & 127, word >> 6 & 127]),
        _ => None,
    }
}

/// Source: LLVM `SIDefines.h`, `ID_DEALLOC_VGPRS_GFX11Plus`.
const DEALLOC_VGPRS: u32 = 3;

fn message(event: &Event<'_>) -> Option<u32> {
    event.instruction.operands().iter().find_map(|operand| match operand.value {
        Value::Imm { kind: Imm::Message, bits } => Some(bits as u32 & 0xff), // CAST: an immediate of 16 bits
        _ => None,
    })
}

fn touches_vgprs(event: &Event<'_>) -> bool {
    let instruction = event.instruction;
    instruction.reads().chain(instruction.writes()).any(|(reg, _)| matches!(reg, Reg::Vgpr(_)))
}
