//! Rules about order: waits, cache operations, events, signals.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::{At, Buffer, Finding, Linter, Rule};
use crate::Generation;
use crate::decode::walk::{Memory, StreamId, canonical};
use crate::field::Access;
use crate::packets::{Packet, values};
use crate::registers::offset;
use crate::state::Dispatch;

/// GCR_CNTL of ACQUIRE_MEM: what a first dispatch needs to be invalid, and its names. Source: Mesa `sid.h`, `S_586_*`.
const INVALIDATE: [(u32, &str); 5] =
    [(1 << 0, "GLI_INV"), (1 << 7, "GLK_INV"), (1 << 8, "GLV_INV"), (1 << 9, "GL1_INV"), (1 << 14, "GL2_INV")];
/// The caches in which a compute unit may hold a line that another one has written: GLV_INV and GL1_INV.
const VECTOR_CACHES: u32 = 1 << 8 | 1 << 9;
const GLM_WB: u32 = 1 << 4;
const GLM_INV: u32 = 1 << 5;
pub(super) const GL2_WB: u32 = 1 << 15;
/// GRBM_GFX_INDEX with everything in broadcast. Source: Mesa `gfx11.json`, SE, SA and INSTANCE_BROADCAST_WRITES.
const BROADCAST: u32 = 0xE000_0000;

/// Waits on one address that are remembered.
const MOST_WAITS: usize = 16;

/// A wait on memory that no packet before it has written.
struct Wait {
    root: usize,
    stream: StreamId,
    at: usize,
    function: u32,
    reference: u64,
    mask: u64,
}

impl Wait {
    /// Whether `value` in memory ends the wait. Source: PAL `PM4_MEC_WAIT_REG_MEM`, `function`.
    fn ends_with(&self, value: u64) -> bool {
        let (value, reference) = (value & self.mask, self.reference);
        match self.function {
            1 => value < reference,
            2 => value <= reference,
            3 => value == reference,
            4 => value != reference,
            5 => value >= reference,
            6 => value > reference,
            _ => true,
        }
    }
}

/// What the streams of a submission have done so far.
#[derive(Default)]
pub(super) struct Submission {
    /// GCR_CNTL bits of all cache operations.
    cache_operations: u32,
    /// Cache operations that came after the waves of the last dispatch.
    pub(super) since_dispatch: u32,
    /// Whether there was a dispatch.
    pub(super) dispatched: bool,
    /// Whether waves of a dispatch may still run.
    pub(super) running: bool,
    /// Whether a RELEASE_MEM follows the last dispatch: what waits for what it writes waits for the waves.
    released: bool,
    /// The pointers that running dispatches have.
    pointers: BTreeSet<u64>,
    /// The pointers of dispatches that have ended, until the caches are invalidated that other units may hold old lines in.
    stale: BTreeSet<u64>,
    /// The last write to memory by a packet, if waves were running then and nothing has waited for them since.
    pub(super) early_write: Option<Finding>,
    /// Whether [`Rule::SetElsewhere`] was told of.
    pub(super) told_of_unset: bool,
    /// COMPUTE_USER_DATA set since the last dispatch, a bit each.
    pub(super) fresh_user_data: u32,
    /// Whether SET_BASE gave an indirect base.
    pub(super) indirect_base: bool,
    /// Addresses that the packets have written.
    written: BTreeSet<u64>,
    /// Signals of dispatches whose results are not written back, unless the stream itself waits for them; by
    /// the signal's address.
    signals: BTreeMap<u64, Vec<Finding>>,
    /// Waits on memory that no packet before them has written, by the address.
    waits: BTreeMap<u64, Vec<Wait>>,
}

impl Submission {
    pub(super) fn note_registers(&mut self, packet: &Packet<'_>) {
        for write in packet.register_writes() {
            let index = write.register.dwords().wrapping_sub(offset::COMPUTE_USER_DATA_0.dwords());
            if index < 16 {
                self.fresh_user_data |= 1 << index;
            }
        }
        if let Packet::SetBase(base) = packet {
            self.indirect_base |= base.base_index().0 == 1;
        }
    }
}

/// The GCR_CNTL of ACQUIRE_MEM that RELEASE_MEM's first dword stands for. Source: Mesa `sid.h`, `S_490_*`.
fn release_cntl(dword: u32) -> u32 {
    let bit = |from: u32, to: u32| (dword >> from & 1) << to;
    bit(12, 4) | bit(13, 5) | bit(14, 8) | bit(15, 9) | bit(20, 14) | bit(21, 15) | bit(30, 7)
}

/// Whether RELEASE_MEM with the event comes after the waves before it: end of pipe, CS_DONE and PS_DONE.
fn waits_for_waves(event: u32) -> bool {
    is_end_of_pipe(event) || matches!(event, 0x2F | 0x30)
}

/// Events that only RELEASE_MEM sends.
fn is_end_of_pipe(event: u32) -> bool {
    values::EventType(event).name().is_some_and(|name| name.ends_with("_TS") || name.ends_with("_TS_EVENT"))
}

/// The value that a packet writes to memory, where it shows it.
fn written_value(at: &At<'_>) -> Option<u64> {
    match &at.packet {
        Packet::WriteData(write) => write.tail.first().map(|&low| low.into()),
        Packet::ReleaseMem(_) => match at.dword(2) >> 29 {
            1 => Some(at.dword(5).into()),
            2 => Some(u64::from(at.dword(6)) << 32 | u64::from(at.dword(5))),
            _ => None,
        },
        _ => None,
    }
}

fn event_name(event: u32) -> String {
    values::EventType(event).name().map_or_else(|| format!("event {event:#x}"), String::from)
}

/// Whether a buffer's role says that dispatches only read it. Drivers map most buffers writable.
fn is_read_only(buffer: &Buffer) -> bool {
    const READ_ONLY: [&str; 6] = ["input", "weights", "bias", "kernarg", "code", "ib"];
    buffer.role.as_deref().is_some_and(|role| READ_ONLY.contains(&role))
}

impl<M: Memory + ?Sized> Linter<'_, M> {
    pub(super) fn check_sync(&mut self, at: &At<'_>) {
        let user = self.in_user_stream();
        match &at.packet {
            Packet::EventWrite(_) | Packet::EventWriteMemory(_) => {
                if user {
                    self.check_event(at);
                }
                if at.dword(1) & 0x3F == values::EventType::CS_PARTIAL_FLUSH.0 && at.dword(1) >> 8 & 0xF == 4 {
                    self.wait_for_waves();
                }
            }
            Packet::ReleaseMem(_) => {
                if user {
                    self.check_release(at);
                }
                let waits = waits_for_waves(at.dword(1) & 0x3F);
                self.cache_operation(release_cntl(at.dword(1)), waits);
                self.work.released |= waits;
                if self.work.released {
                    self.work.early_write = None;
                }
            }
            Packet::AcquireMem(_) => {
                if user {
                    self.check_acquire(at);
                }
                self.cache_operation(at.dword(7), !self.work.running);
            }
            Packet::WaitRegMem(_) | Packet::WaitRegMem64(_) if user => self.check_wait(at),
            _ => {}
        }
        if Dispatch::of(&at.packet).is_some() && user {
            self.check_order(at);
        }
        self.note_writes(at);
    }

    /// Notes a cache operation; `after_waves`: it comes after all waves before it have ended.
    fn cache_operation(&mut self, cntl: u32, after_waves: bool) {
        self.work.cache_operations |= cntl;
        if after_waves {
            self.work.since_dispatch |= cntl;
        }
        if self.work.since_dispatch & VECTOR_CACHES == VECTOR_CACHES {
            self.work.stale.clear();
        }
    }

    fn wait_for_waves(&mut self) {
        self.work.running = false;
        let ended = core::mem::take(&mut self.work.pointers);
        if self.work.since_dispatch & VECTOR_CACHES != VECTOR_CACHES {
            self.work.stale.extend(ended);
        }
        self.work.released = false;
        self.work.early_write = None;
    }

    /// Checks what a dispatch needs to have happened before it.
    fn check_order(&mut self, at: &At<'_>) {
        if !self.work.dispatched && !self.options.memory_synced && !self.is_continuation {
            self.check_invalidated(at.at);
        }
        let pointers = self.user_pointers();
        let shared = |with: &BTreeSet<u64>| pointers.iter().copied().find(|va| with.contains(va));
        if let Some(va) = shared(&self.work.pointers) {
            let message = format!(
                "{va:#x} is a pointer of a dispatch before it, whose waves may still run: insert c0004600 00000407 and \
                 ACQUIRE_MEM 0x380"
            );
            self.report(Rule::NoBarrier, at.at, message);
        } else if let Some(va) = shared(&self.work.stale) {
            let message = format!(
                "{va:#x} is a pointer of a dispatch before it, and GLV_INV and GL1_INV did not come since: insert \
                 ACQUIRE_MEM 0x380"
            );
            self.report(Rule::NoInvalidateBetween, at.at, message);
        }
        self.work.pointers.extend(pointers);
        self.work.early_write = None;
        self.work.dispatched = true;
        self.work.running = true;
        self.work.released = false;
        self.work.since_dispatch = 0;
    }

    fn check_invalidated(&mut self, at: usize) {
        let done = self.work.cache_operations;
        // The graphics ring has other ways to the same end; only what was forgotten altogether is told of there.
        if !self.on_compute() && done != 0 {
            return;
        }
        let mut missing = String::new();
        for (_, name) in INVALIDATE.iter().filter(|(bit, _)| done & bit == 0) {
            missing.push_str(&format!("{}{name}", if missing.is_empty() { "" } else { ", " }));
        }
        if !missing.is_empty() {
            self.report(Rule::NoInvalidate, at, format!("no {missing} before the first dispatch"));
        }
    }

    /// The 64-bit values in the user SGPRs that may be pointers to what dispatches share and write: into a writable buffer
    /// whose role is not to be read only; without a list of buffers, values that look like addresses.
    fn user_pointers(&self) -> Vec<u64> {
        /// The lowest address that is believed where no buffers are known; below are sizes and counts.
        const LOWEST: u64 = 1 << 32;
        let first = offset::COMPUTE_USER_DATA_0.dwords();
        let value = |index: u32| self.value(crate::registers::RegOffset::new(first + index));
        let pair = |index: u32| Some(canonical(u64::from(value(index + 1)?) << 32 | u64::from(value(index)?)));
        let may_be_shared = |index: &(u32, u64)| match self.options.buffers {
            Some(_) => self.buffer_at(index.1).is_some_and(|buffer| buffer.writable && !is_read_only(buffer)),
            // The graphics ring's drivers give every dispatch the pointers of their descriptors.
            None => self.on_compute() && index.0.is_multiple_of(2) && index.1 >= LOWEST && index.1.is_multiple_of(4),
        };
        (0..15).filter_map(|index| Some((index, pair(index)?))).filter(may_be_shared).map(|(_, va)| va).collect()
    }

    fn check_event(&mut self, at: &At<'_>) {
        let (event, index) = (at.dword(1) & 0x3F, at.dword(1) >> 8 & 0xF);
        let name = event_name(event);
        if is_end_of_pipe(event) {
            self.report(Rule::TsEvent, at.at, format!("{name} ({event:#x}): send it by RELEASE_MEM with index 5"));
            return;
        }
        let right = match event {
            0x07 | 0x0F | 0x10 => Some(4),
            0x1E => Some(2),
            _ => None,
        };
        let exists = if self.on_compute() { matches!(index, 0 | 2 | 4) } else { !matches!(index, 5 | 6) };
        if right.is_some_and(|right| right != index) || !exists {
            let advice = match right {
                Some(right) => format!("give it {right}"),
                None => String::from("this ring has no such index"),
            };
            self.report(Rule::EventIndex, at.at, format!("{name} ({event:#x}) has index {index}: {advice}"));
        }
    }

    fn check_release(&mut self, at: &At<'_>) {
        let (event, index) = (at.dword(1) & 0x3F, at.dword(1) >> 8 & 0xF);
        let (data, interrupt) = (at.dword(2) >> 29, at.dword(2) >> 24 & 7);
        let name = event_name(event);
        let right: &[u32] = match event {
            0x2F | 0x30 => &[6],
            _ if is_end_of_pipe(event) => &[5, 7],
            _ => &[],
        };
        match right.first() {
            Some(first) if !right.contains(&index) => {
                let message = format!("{name} ({event:#x}) has index {index}: give it {first}");
                self.report(Rule::ReleaseIndex, at.at, message);
            }
            None => {
                let message = format!(
                    "{name} ({event:#x}) is no event at the end of the pipe: take CACHE_FLUSH_AND_INV_TS_EVENT, 0x14"
                );
                self.report(Rule::ReleaseIndex, at.at, message);
            }
            Some(_) => {}
        }
        let align = match data {
            1 | 7 => 4,
            2..=4 => 8,
            _ => 1,
        };
        if !at.dword(3).is_multiple_of(align) {
            let message =
                format!("DATA_SEL is {data} and the address ends in {:#x}: align it to {align}", at.dword(3) & 0xF);
            self.report(Rule::ReleaseAlignment, at.at, message);
        }
        if self.generation >= Generation::Gfx12 && data == 5 {
            self.report(Rule::GdsOnGfx12, at.at, String::from("DATA_SEL is 5"));
        }
        if !matches!(interrupt, 0 | 3) {
            self.report(Rule::Interrupt, at.at, format!("INT_SEL is {interrupt}: take 0 or 3"));
        }
        let cntl = release_cntl(at.dword(1));
        self.check_glm(at, cntl);
        if at.dword(7) >> 30 == 3 {
            let message = format!(
                "int_ctxid, its last dword, is {:#010x}, the next packet's header: a dword is missing before it",
                at.dword(7)
            );
            self.report(Rule::SwallowedHeader, at.at, message);
        }
        let wrote_back = (cntl | self.work.since_dispatch) & GL2_WB != 0;
        if matches!(data, 1 | 2) && self.work.dispatched && !wrote_back {
            let message = format!("DW1 is {:#010x}: set GL2_WB, bit 21, with GLM_WB and GLM_INV", at.dword(1));
            let va = canonical(u64::from(at.dword(4)) << 32 | u64::from(at.dword(3)));
            if let Some(frame) = self.frames.last() {
                let (rule, root, stream) = (Rule::SignalBeforeWriteBack, self.root, frame.stream);
                let finding = Finding { rule, root, stream, at: at.at, message };
                self.work.signals.entry(va).or_default().push(finding);
            }
        }
    }

    fn check_glm(&mut self, at: &At<'_>, cntl: u32) {
        if self.generation >= Generation::Gfx12 {
            if cntl & (GLM_WB | GLM_INV) != 0 {
                self.report(Rule::GlmOnGfx12, at.at, String::from("GLM_WB or GLM_INV is set: clear both"));
            }
        } else if cntl & GLM_WB != 0 && cntl & GLM_INV == 0 {
            self.report(Rule::GlmWriteBackAlone, at.at, String::from("set GLM_INV too"));
        }
    }

    fn check_acquire(&mut self, at: &At<'_>) {
        let cntl = at.dword(7);
        self.check_glm(at, cntl);
        let waits_itself = at.dword(6) >> 31 != 0;
        if waits_itself {
            self.wait_for_waves();
            return;
        }
        if self.work.running && !self.work.released {
            let message =
                String::from("waves of the dispatch before may still run: insert EVENT_WRITE, c0004600 00000407");
            self.report(Rule::AcquireTooEarly, at.at, message);
        }
        let (base, whole) = (at.dword(4) | at.dword(5), at.dword(2) == u32::MAX && at.dword(3) & 0xFF == 0xFF);
        if whole && base != 0 {
            let message = format!(
                "the size is all ones and the base {:#x}: make it 0",
                u64::from(at.dword(5)) << 40 | u64::from(at.dword(4)) << 8
            );
            self.report(Rule::AcquireRange, at.at, message);
        }
    }

    fn check_wait(&mut self, at: &At<'_>) {
        let (control, wide) = (at.dword(1), matches!(at.packet, Packet::WaitRegMem64(_)));
        let (function, operation, in_memory) = (control & 7, control >> 6 & 3, control >> 4 & 3 == 1);
        let (reference, mask) = if wide {
            let wide = |low: usize| u64::from(at.dword(low + 1)) << 32 | u64::from(at.dword(low));
            (wide(4), wide(6))
        } else {
            (at.dword(4).into(), at.dword(5).into())
        };
        if function == 3 && operation != 1 && reference & !mask != 0 {
            let message = format!("it waits for {reference:#x} under the mask {mask:#x}: keep to the mask's bits");
            self.report(Rule::WaitNeverTrue, at.at, message);
        }
        let va = canonical(u64::from(at.dword(3)) << 32 | u64::from(at.dword(2) & !3));
        if in_memory {
            self.work.signals.remove(&va);
            if self.work.released {
                self.wait_for_waves();
            }
        }
        if in_memory
            && operation != 1
            && function != 0
            && !self.work.written.contains(&va)
            && let Some(frame) = self.frames.last()
        {
            let wait = Wait { root: self.root, stream: frame.stream, at: at.at, function, reference, mask };
            let waits = self.work.waits.entry(va).or_default();
            // Those behind the first that is not ended are not reached.
            if waits.len() < MOST_WAITS {
                waits.push(wait);
            }
        }
    }

    /// Remembers what a packet writes, and tells of waits that were for it.
    fn note_writes(&mut self, at: &At<'_>) {
        if !self.in_user_stream() {
            return;
        }
        let addresses = at.packet.addresses(self.generation, self.options.ring);
        for (layout, va) in addresses {
            if !matches!(layout.access, Access::Write(_) | Access::WriteTail | Access::Update(_)) {
                continue;
            }
            let va = canonical(va);
            self.work.written.insert(va);
            self.check_fence(at, va);
            let Some(value) = written_value(at) else { continue };
            let Some(waits) = self.work.waits.get_mut(&va) else { continue };
            let Some(index) = waits.iter().position(|wait| wait.ends_with(value)) else { continue };
            let Wait { root, stream, at: wait, .. } = waits.swap_remove(index);
            let message = format!(
                "it waits on {va:#x}, which the packet at dword {} writes later: order them the other way",
                at.at
            );
            self.findings.push(Finding { rule: Rule::WaitBeforeWrite, root, stream, at: wait, message });
        }
    }

    /// What must hold where the stream that the kernel calls ends.
    pub(super) fn finish_sync(&mut self) {
        self.findings.extend(core::mem::take(&mut self.work.signals).into_values().flatten());
        self.findings.extend(self.work.early_write.take());
        if let Some(index) = self.value(offset::GRBM_GFX_INDEX).filter(|value| value & BROADCAST != BROADCAST) {
            let at = self.frames.last().map_or(0, |frame| frame.words.len().saturating_sub(1));
            let message = format!("GRBM_GFX_INDEX is {index:#010x} where the stream ends: write 0xe0000000");
            self.report(Rule::GfxIndexNotBroadcast, at, message);
        }
    }
}
