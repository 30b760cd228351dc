//! `race`: two waves touch the same bytes, one of them writes, and nothing orders them.
//!
//! Byte for byte, in LDS between the waves of a workgroup and in global memory between all waves of a dispatch. What
//! orders: `S_BARRIER`, and a value read by an atomic, by a load with GLC or from an LDS address that atomics use, if
//! somebody released through it ([`clock`] says what waits and invalidates that takes). Atomics, coherent loads and
//! stores of whole dwords to their addresses do not race with each other, because machine code does not tell an atomic
//! store from a plain one.
//!
//! What is not seen: a race whose accesses were pushed out of a dword's four places, and flags in LDS that no atomic ever
//! touches, which look like races.

mod clock;
mod lanes;
mod shadow;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
pub(in crate::sanitize) mod bench;
#[cfg(test)]
mod clean;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use sparkle_rdna3::{Instruction, Latency, Op, Reg, Value, flag};

use self::clock::{Counter, Order, Snapshot, Wait, WaveClock};
use self::shadow::{Cell, Kind, Near, Shadow, Slot};
use super::event::{Event, Moment};
use super::report::Sink;
use super::rule::{Rule, Sanitizer};
use crate::shader::{AccessKind, GroupPlace, MemoryAccess, Program, Space, Wave, Workgroup};

const fn rule(id: &'static str, says: &'static str) -> Rule {
    Rule { id, sanitizer: Sanitizer::Race, says }
}

/// Source: guide, section 3.5 (a workgroup's waves run independently) and 4.5 (S_BARRIER).
pub(crate) static RACE_LDS: Rule =
    rule("race-lds", "waves of a workgroup touch the same bytes of LDS with no barrier or lock between them");
/// Source: guide, section 4.4 (the barrier waits for waves alone, not for their memory operations).
pub(crate) static RACE_LDS_WAIT: Rule = rule(
    "race-lds-wait",
    "an LDS operation of another wave may be on its way still, because that wave did not wait for LGKMcnt before the barrier",
);
/// Source: LLVM `AMDGPUUsage.rst`, "Memory Model", and "Memory Model GFX10-GFX11".
pub(crate) static RACE_GLOBAL: Rule =
    rule("race-global", "waves touch the same bytes of memory and nothing orders them");
/// Source: LLVM `AMDGPUUsage.rst`, "Memory Model GFX10-GFX11": release, `s_waitcnt_vscnt null, 0`.
pub(crate) static RACE_RELEASE: Rule = rule(
    "race-release",
    "an access of another wave may be on its way still, because that wave did not wait for it before it released",
);
/// Source: LLVM `AMDGPUUsage.rst`, "Memory Model GFX10-GFX11": acquire, `buffer_gl1_inv` and `buffer_gl0_inv`.
pub(crate) static RACE_ACQUIRE: Rule = rule(
    "race-acquire",
    "what was released may not be seen, because the acquiring wave did not wait or did not invalidate its caches after it",
);
/// The values are compared because equal ones give the same memory whichever lane is last; no source says which is.
pub(crate) static RACE_LANES: Rule = rule(
    "race-lanes",
    "lanes of one store write different values to the same bytes, and which one stays is not defined",
);

/// The rules.
pub(crate) static RULES: [&Rule; 6] =
    [&RACE_LDS, &RACE_LDS_WAIT, &RACE_GLOBAL, &RACE_RELEASE, &RACE_ACQUIRE, &RACE_LANES];

/// What a dispatch's workgroups share.
#[derive(Debug)]
pub(crate) struct Shared {
    shadow: Shadow,
    /// Whether the program can acquire anything at all.
    acquires: bool,
    /// Counts releases.
    releases: AtomicU64,
    /// Releases of instructions that are being executed.
    under_way: Mutex<Vec<Arc<Vec<Snapshot>>>>,
    /// The workgroups' numbers, to name them.
    ids: Mutex<HashMap<u32, [u32; 3]>>,
}

impl Shared {
    /// For one dispatch of `program`.
    pub(crate) fn new(program: &Program) -> Self {
        let words = program.words_from(0).len();
        let acquires = (0..words).filter_map(|pc| program.instruction(pc)).any(acquires);
        Self {
            shadow: Shadow::new(),
            acquires,
            releases: AtomicU64::new(0),
            under_way: Mutex::default(),
            ids: Mutex::default(),
        }
    }
}

/// Whether it reads what all waves see: GLC on a load makes the caches of a compute unit miss, on an atomic it returns
/// the old value. Source: LLVM `SIMemoryLegalizer.cpp`, `enableLoadCacheBypass` ("MISS_EVICT").
fn acquires(instruction: &Instruction) -> bool {
    instruction.modifiers().glc
        && matches!(
            instruction.latency(),
            Latency::VmemLoad | Latency::VmemStore | Latency::FlatLoad | Latency::FlatStore
        )
        && (instruction.flags().contains(flag::ATOMIC) || instruction.flags().contains(flag::LOAD))
}

/// One workgroup.
#[derive(Debug)]
pub(crate) struct Group<'a> {
    shared: &'a Shared,
    number: u32,
    waves: Vec<WaveClock>,
    lds: Vec<Cell>,
    /// LDS addresses that atomics use, and what was released through them.
    locks: HashMap<u32, Arc<Vec<Snapshot>>>,
    near: Near,
    /// What the wave releases by the instruction that it executes.
    releases: Option<Arc<Vec<Snapshot>>>,
}

/// The dwords of an access with the bytes touched of each.
fn dwords(address: u64, bytes: u32) -> impl Iterator<Item = (u64, u32)> {
    let end = address.saturating_add(bytes.into());
    (address / 4..end.div_ceil(4)).map(move |dword| {
        let from = address.saturating_sub(dword * 4).min(4);
        let to = (end - dword * 4).min(4);
        (dword * 4, (1u32 << to) - (1 << from))
    })
}

impl<'a> Group<'a> {
    pub(crate) fn new(shared: &'a Shared, group: &Workgroup, place: &GroupPlace) -> Self {
        let number = place.linear as u32 & 0x07ff_ffff; // CAST: 27 bits are enough to tell workgroups apart
        shared.ids.lock().unwrap_or_else(PoisonError::into_inner).insert(number, place.id);
        let count = group.waves.len();
        let waves = (0u32..).take(count).map(|wave| WaveClock::new(number, wave, count, place.wgp_mode)).collect();
        let lds = vec![Cell::default(); group.lds.len().div_ceil(4)];
        Self { shared, number, waves, lds, locks: HashMap::new(), near: Near::new(), releases: None }
    }

    /// Before an instruction: what it may release has to be known before another thread can see its value.
    pub(crate) fn before(&mut self, event: &Event<'_>, _sink: &mut Sink) {
        let may_release = matches!(
            event.instruction.latency(),
            Latency::VmemStore | Latency::FlatStore | Latency::VmemLoad | Latency::FlatLoad
        ) && self.shared.acquires
            && (event.instruction.flags().contains(flag::STORE) || event.instruction.flags().contains(flag::ATOMIC));
        if may_release && let Some(clock) = self.waves.get(event.wave.id as usize) {
            // CAST: usize has at least 32 bits
            let begun = self.shared.releases.fetch_add(1, Ordering::AcqRel);
            let snapshot = Arc::new(vec![clock.snapshot(begun, false)]);
            self.shared.under_way.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&snapshot));
            self.releases = Some(snapshot);
        }
    }

    /// After an instruction and what it accessed.
    pub(crate) fn after(&mut self, event: &Event<'_>, accesses: &[MemoryAccess], sink: &mut Sink) {
        self.count(event);
        if !accesses.is_empty() {
            if accesses.len() > 1 {
                lanes::check(event, accesses, sink);
            }
            match accesses.first().map(|access| access.space) {
                // FLAT may have lanes in both.
                _ if event.instruction.latency() == Latency::FlatLoad
                    || event.instruction.latency() == Latency::FlatStore =>
                {
                    self.lds_accesses(event, accesses, sink);
                    self.global_accesses(event, accesses, sink);
                }
                Some(Space::Lds) => self.lds_accesses(event, accesses, sink),
                Some(Space::Global) => self.global_accesses(event, accesses, sink),
                Some(Space::Scratch) | None => {}
            }
        }
        if let Some(mine) = self.releases.take() {
            self.shared
                .under_way
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .retain(|other| !Arc::ptr_eq(other, &mine));
        }
    }

    /// All waves are at a barrier.
    pub(crate) fn barrier(&mut self) {
        clock::barrier(&mut self.waves);
    }

    /// Counters, waits and invalidates.
    fn count(&mut self, event: &Event<'_>) {
        let instruction = event.instruction;
        let flags = instruction.flags();
        let wave = event.wave;
        let Some(clock) = self.waves.get_mut(wave.id as usize) else { return }; // CAST: usize has at least 32 bits
        let atomic = flags.contains(flag::ATOMIC);
        let returns = !atomic || instruction.modifiers().glc;
        match (instruction.latency(), instruction.op()) {
            // They are in no counter. Source: LLVM `SIInsertWaitcnts.cpp`, `getMUBUFIsBufferInv`.
            (_, Op::BUFFER_GL1_INV | Op::S_GL1_INV) => clock.gl1_inv(),
            (_, Op::BUFFER_GL0_INV) => clock.gl0_inv(),
            (_, Op::S_WAITCNT) => clock.wait(Wait::of(immediate(instruction, wave))),
            (_, Op::S_WAITCNT_VMCNT) => clock.wait(Wait { loads: immediate(instruction, wave), ..Wait::NONE }),
            (_, Op::S_WAITCNT_VSCNT) => clock.wait(Wait { stores: immediate(instruction, wave), ..Wait::NONE }),
            (_, Op::S_WAITCNT_LGKMCNT) => clock.wait(Wait { lgkm: immediate(instruction, wave), ..Wait::NONE }),
            (_, Op::S_WAIT_IDLE) => clock.wait(Wait::ALL),
            // VM_VSRC is bits 4:2. Source: LLVM `AMDGPUBaseInfo.cpp`, `getVmVsrcBitShift`.
            (_, Op::S_WAITCNT_DEPCTR) if immediate(instruction, wave) >> 2 & 7 == 0 => clock.handed_over(),
            (Latency::VmemLoad | Latency::VmemStore, _) if atomic && returns => {
                clock.begin(Counter::Load { atomic: true });
            }
            (Latency::FlatLoad | Latency::FlatStore, _) if atomic && returns => {
                clock.begin(Counter::FlatLoad { atomic: true });
            }
            (Latency::VmemLoad, _) if !atomic => clock.begin(Counter::Load { atomic: false }),
            (Latency::FlatLoad, _) if !atomic => clock.begin(Counter::FlatLoad { atomic: false }),
            (Latency::VmemLoad | Latency::VmemStore, _) => clock.begin(Counter::Store),
            (Latency::FlatLoad | Latency::FlatStore, _) => clock.begin(Counter::FlatStore),
            (Latency::Lds, _) => clock.begin(Counter::Lds),
            // Two for two dwords or more. Source: guide, section 4.4, LGKM_CNT.
            (Latency::Smem, _) => {
                let wide = instruction.operands().first().is_some_and(|to| to.dwords > 1);
                clock.begin(Counter::Scalar(if wide { 2 } else { 1 }));
            }
            _ => {}
        }
    }

    fn lds_accesses(&mut self, event: &Event<'_>, accesses: &[MemoryAccess], sink: &mut Sink) {
        let (wave, pc) = (event.wave.id, event.pc as u32); // CAST: code has less than 2^24 dwords
        let Some(clock) = self.waves.get_mut(wave as usize) else { return }; // CAST: usize has at least 32 bits
        let returns = event.instruction.flags().contains(flag::ATOMIC) && event.instruction.writes().next().is_some();
        let mut released: Option<Snapshot> = None;
        for access in accesses.iter().filter(|access| access.space == Space::Lds) {
            let mut kind = match access.kind {
                AccessKind::Load => Kind::Load,
                AccessKind::Store => Kind::Store,
                AccessKind::Atomic => Kind::Atomic,
            };
            let address = access.address as u32; // CAST: an offset in LDS
            let lock = access.bytes >= 4 && (access.kind == AccessKind::Atomic || self.locks.contains_key(&address));
            if lock {
                if kind == Kind::Load {
                    kind = Kind::Coherent;
                }
                let list = self.locks.entry(address).or_default();
                if kind == Kind::Coherent || returns {
                    clock.acquire(list, true);
                }
                if kind != Kind::Coherent {
                    let snapshot = released.get_or_insert_with(|| clock.snapshot(0, true));
                    match kind {
                        Kind::Atomic => shadow::add(Arc::make_mut(list), snapshot),
                        _ => *list = Arc::new(vec![snapshot.clone()]),
                    }
                }
            }
            for (address, mask) in dwords(access.address, access.bytes) {
                let Some(cell) = usize::try_from(address / 4).ok().and_then(|at| self.lds.get_mut(at)) else { break };
                let new = Slot::new(self.number, wave, clock.now, pc, kind, mask);
                if let Some((old, order)) = cell.access(new, clock, true) {
                    let rule = if order == Order::NotWaited { &RACE_LDS_WAIT } else { &RACE_LDS };
                    let earlier = Moment { group: event.group, wave: old.wave(), pc: old.pc() as usize }; // CAST: widening
                    sink.report(rule, event, Some(access.lane), Some(earlier), || {
                        format!("{} of {} bytes at LDS offset {:#x}", access.kind, access.bytes, access.address)
                    });
                }
            }
        }
    }

    fn global_accesses(&mut self, event: &Event<'_>, accesses: &[MemoryAccess], sink: &mut Sink) {
        let (wave, pc) = (event.wave.id, event.pc as u32); // CAST: code has less than 2^24 dwords
        let Some(clock) = self.waves.get_mut(wave as usize) else { return }; // CAST: usize has at least 32 bits
        let acquires = acquires(event.instruction);
        if acquires {
            // What another thread's instruction has released may be seen before it is written down. They are looked at
            // first, because a release leaves this list after it has got into its page.
            let under_way = self.shared.under_way.lock().unwrap_or_else(PoisonError::into_inner);
            let mine = self.releases.as_ref();
            for list in under_way.iter().filter(|list| mine.is_none_or(|mine| !Arc::ptr_eq(mine, list))) {
                clock.acquire(list, false);
            }
        }
        let mut accesses = accesses.iter().filter(|access| access.space == Space::Global).peekable();
        while let Some(first) = accesses.peek() {
            let number = first.address >> 12;
            let Some(page) = self.near.page(&self.shared.shadow, first.address) else { return };
            let mut page = page.lock().unwrap_or_else(PoisonError::into_inner);
            let mut spill = None;
            while let Some(access) = accesses.next_if(|access| access.address >> 12 == number) {
                let kind = match access.kind {
                    AccessKind::Load if acquires => Kind::Coherent,
                    AccessKind::Load => Kind::Load,
                    AccessKind::Store => Kind::Store,
                    AccessKind::Atomic => Kind::Atomic,
                };
                if let Some(list) = &self.releases
                    && access.bytes >= 4
                {
                    page.release(access.address, list, kind == Kind::Atomic);
                }
                // Its own release is among what it acquires, which says nothing new, and saves a copy of the list.
                if acquires && let Some(list) = page.released(access.address) {
                    clock.acquire(list, false);
                }
                for (address, mask) in dwords(access.address, access.bytes) {
                    let new = Slot::new(self.number, wave, clock.now, pc, kind, mask);
                    if address >> 12 != number {
                        spill.get_or_insert((address, new, *access));
                        continue;
                    }
                    if let Some(cell) = page.cell(address)
                        && let Some(race) = cell.access(new, clock, false)
                    {
                        global_race(self.shared, event, sink, access, race);
                    }
                }
                if spill.is_some() {
                    break;
                }
            }
            drop(page);
            // What is left of an access that runs into the next page.
            if let Some((address, _, access)) = spill {
                let end = access.address.saturating_add(access.bytes.into());
                let Some(page) = self.near.page(&self.shared.shadow, address) else { return };
                let mut page = page.lock().unwrap_or_else(PoisonError::into_inner);
                for (address, mask) in dwords(address, (end - address) as u32) {
                    // CAST: at most 64
                    let kind = match access.kind {
                        AccessKind::Load if acquires => Kind::Coherent,
                        AccessKind::Load => Kind::Load,
                        AccessKind::Store => Kind::Store,
                        AccessKind::Atomic => Kind::Atomic,
                    };
                    let new = Slot::new(self.number, wave, clock.now, pc, kind, mask);
                    if let Some(cell) = page.cell(address)
                        && let Some(race) = cell.access(new, clock, false)
                    {
                        global_race(self.shared, event, sink, &access, race);
                    }
                }
            }
        }
    }
}

#[cold]
fn global_race(shared: &Shared, event: &Event<'_>, sink: &mut Sink, access: &MemoryAccess, race: (Slot, Order)) {
    let (old, order) = race;
    let rule = match order {
        Order::NotWaited => &RACE_RELEASE,
        Order::NotAcquired => &RACE_ACQUIRE,
        Order::Before | Order::Nothing => &RACE_GLOBAL,
    };
    let ids = shared.ids.lock().unwrap_or_else(PoisonError::into_inner);
    let group = ids.get(&old.group()).copied().unwrap_or_default();
    let earlier = Moment { group, wave: old.wave(), pc: old.pc() as usize }; // CAST: widening
    sink.report(rule, event, Some(access.lane), Some(earlier), || {
        format!("{} of {} bytes at {:#x}", access.kind, access.bytes, access.address)
    });
}

/// The number an `S_WAITCNT_*` waits for: its immediate plus its register.
fn immediate(instruction: &Instruction, wave: &Wave) -> u32 {
    instruction.operands().iter().fold(0, |sum: u32, operand| match operand.value {
        Value::Imm { bits, .. } => sum.saturating_add(bits as u32 & 0xffff), // CAST: an immediate of 16 bits
        Value::Reg(Reg::Sgpr(index)) => sum.saturating_add(wave.scalar(index) & 63),
        _ => sum,
    })
}
