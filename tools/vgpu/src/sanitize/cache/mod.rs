//! `cache`: a cache may hold old data.
//!
//! Loads are followed through the caches of their compute unit ([`device`]). A line that came in before somebody else's
//! last write of the bytes, with no invalidate since, may be hit, and the load is reported. [`Caches`] is the device's
//! and stays from job to job; what the command processor and cache packets do is told to it, what the host has written
//! between jobs is found by comparing ([`host`]), and lines are known by the memory behind them ([`place`]).
//!
//! That the host reads what GL2 has not written back is no rule: its reads are not seen, and signals in the middle of a
//! job are right without a write-back as long as it reads nothing else.
//!
//! GLC makes a load miss in the vector cache and GL1. SLC and DLC decide what stays in GL2 and behind it, and a load with
//! SLC may still hit. Source: LLVM `SIMemoryLegalizer.cpp`, `enableLoadCacheBypass` and `enableVolatileAndOrNonTemporal`.
//!
//! In WGP mode it is not known which of the two compute units a wave is on, so that each wave counts as alone.

mod device;
mod host;
mod kind;
mod level;
mod place;
mod record;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use sparkle_rdna3::{Latency, Op};

pub use self::device::Caches;
use self::device::Stale;
pub use self::kind::{Cache, CacheSet};
use self::level::Path;
use self::place::{Line, Places};
use self::record::Writer;
use super::event::{Event, Moment};
use super::report::Sink;
use super::rule::{Rule, Sanitizer};
use crate::shader::{AccessKind, GlobalMemory, GroupPlace, MemoryAccess, Space, Workgroup};

const fn rule(id: &'static str, says: &'static str) -> Rule {
    Rule { id, sanitizer: Sanitizer::Cache, says }
}

/// Source: LLVM `AMDGPUUsage.rst`, "Memory Model GFX10-GFX11": the scalar caches are not kept coherent with the vector's.
pub(crate) static CACHE_SCALAR: Rule = rule(
    "cache-scalar",
    "the scalar cache may hold the bytes as they were before a store, and there was no s_dcache_inv or GLK_INV since",
);
/// Source: as above: `buffer_gl0_inv`.
pub(crate) static CACHE_VECTOR: Rule = rule(
    "cache-vector",
    "the vector cache may hold the bytes as they were before a write by somebody else, and there was no buffer_gl0_inv or GLV_INV since",
);
/// Source: as above: `buffer_gl1_inv`.
pub(crate) static CACHE_GL1: Rule = rule(
    "cache-gl1",
    "GL1 may hold the bytes as they were before a write by somebody else, and there was no buffer_gl1_inv or GL1_INV since",
);
/// Source: Linux `gfx_v11_0.c`, `gfx_v11_0_emit_mem_sync`, which invalidates GL2 before work reads what the CPU wrote.
pub(crate) static CACHE_GL2: Rule =
    rule("cache-gl2", "GL2 may hold the bytes as they were before the host wrote them, and there was no GL2_INV since");
/// Source: Mesa `radv_cmd_buffer.c` and `ac_cmdbuf.c`: GLI_INV where code was written.
pub(crate) static CACHE_INSTRUCTION: Rule = rule(
    "cache-instruction",
    "the instruction cache may hold the code as it was before it was written, and there was no GLI_INV since",
);
/// The rules.
pub(crate) static RULES: [&Rule; 5] = [&CACHE_SCALAR, &CACHE_VECTOR, &CACHE_GL1, &CACHE_GL2, &CACHE_INSTRUCTION];

/// What a dispatch's workgroups share.
pub(crate) struct Shared<'c> {
    caches: &'c Caches,
    memory: &'c dyn GlobalMemory,
    /// When the dispatch began.
    began: u32,
    ids: Mutex<HashMap<u32, [u32; 3]>>,
}

impl<'c> Shared<'c> {
    /// For one dispatch on the device with these caches.
    pub(crate) fn new(caches: &'c Caches, memory: &'c dyn GlobalMemory) -> Self {
        Self { caches, memory, began: caches.now(), ids: Mutex::default() }
    }
}

/// One workgroup.
pub(crate) struct Group<'a> {
    shared: &'a Shared<'a>,
    places: Places<'a>,
    number: u32,
    /// Of each wave in WGP mode, else one.
    paths: Vec<Path>,
    /// The line of code that each wave is in, and whether it may be old.
    code: Vec<(u64, bool)>,
}

impl<'a> Group<'a> {
    pub(crate) fn new(shared: &'a Shared<'_>, group: &Workgroup, place: &GroupPlace) -> Self {
        let number = place.linear as u32 & 0x07ff_ffff; // CAST: 27 bits are enough to tell workgroups apart
        shared.ids.lock().unwrap_or_else(PoisonError::into_inner).insert(number, place.id);
        let unit = place.compute_unit;
        let paths = if place.wgp_mode {
            (0u32..).take(group.waves.len()).map(|wave| shared.caches.path(unit, 1 + wave)).collect()
        } else {
            vec![shared.caches.path(unit, 0)]
        };
        let places = Places::new(shared.memory);
        Self { shared, places, number, paths, code: vec![(u64::MAX, false); group.waves.len()] }
    }

    fn path(&self, wave: u32) -> Option<&Path> {
        self.paths.get(wave as usize).or(self.paths.first()) // CAST: usize has at least 32 bits
    }

    /// Before an instruction: it is fetched.
    #[inline]
    pub(crate) fn before(&mut self, event: &Event<'_>, sink: &mut Sink) {
        let va = event.program.base().wrapping_add((event.pc as u64).wrapping_mul(4)); // CAST: at most 64 bits
        let line = va >> 7;
        let Some(place) = self.code.get_mut(event.wave.id as usize) else { return }; // CAST: usize has at least 32 bits
        if place.0 != line {
            place.0 = line;
            let Some(path) = self.paths.get(event.wave.id as usize).or(self.paths.first()) else { return }; // CAST: as above
            let caches = self.shared.caches;
            let line = self.places.line(line);
            place.1 = caches.load_beside(&path.instruction, Cache::Instruction, line.key, &line, u32::MAX).is_some();
        }
        if place.1 {
            self.fetch(event, va, line, sink);
        }
    }

    /// A line of code some of which may be old: is the instruction?
    #[cold]
    fn fetch(&self, event: &Event<'_>, va: u64, line: u64, sink: &mut Sink) {
        let Some(path) = self.path(event.wave.id) else { return };
        let dwords = event.instruction.len_dwords().min(8) as u32; // CAST: at most 8
        let mask = ((1u32 << dwords) - 1) << (va >> 2 & 31);
        let (caches, line) = (self.shared.caches, self.places.line(line));
        if let Some(stale) = caches.load_beside(&path.instruction, Cache::Instruction, line.key, &line, mask) {
            self.report(event, None, &stale, sink);
        }
    }

    /// After an instruction and what it accessed.
    pub(crate) fn after(&mut self, event: &Event<'_>, accesses: &[MemoryAccess], sink: &mut Sink) {
        let caches = self.shared.caches;
        let wave = event.wave.id;
        let Some(path) = self.path(wave) else { return };
        match event.instruction.op() {
            Op::BUFFER_GL0_INV => caches.invalidate(&path.vector),
            Op::BUFFER_GL1_INV | Op::S_GL1_INV => caches.invalidate(&path.gl1),
            Op::S_DCACHE_INV => caches.invalidate(&path.scalar),
            Op::S_ICACHE_INV => {
                caches.invalidate(&path.instruction);
                if let Some(place) = self.code.get_mut(wave as usize) {
                    *place = (u64::MAX, false); // CAST: as above
                }
                return;
            }
            _ => {}
        }
        let scalar = event.instruction.latency() == Latency::Smem;
        let coherent = event.instruction.modifiers().glc;
        let by = |atomic| {
            let agent = self.number << 5 | wave & 31;
            Writer::Wave { vector: path.vector_number, agent, pc: event.pc as u32, atomic } // CAST: code is smaller
        };
        let mut accesses = accesses.iter().filter(|access| access.space == Space::Global).peekable();
        while let Some(first) = accesses.next() {
            // Lanes of one kind within one line go together.
            let line = first.address >> 7;
            let mut mask = dwords(first, line);
            while let Some(next) = accesses.next_if(|next| next.address >> 7 == line && ends_in(next, line)) {
                mask |= dwords(next, line);
            }
            let mut lines = [(line, mask), (line + 1, 0)];
            if !ends_in(first, line) {
                lines[1].1 = dwords(first, line + 1);
            }
            for (line, mask) in lines.into_iter().filter(|(_, mask)| *mask != 0) {
                let line = &self.places.line(line);
                if first.kind != AccessKind::Load {
                    let atomic = first.kind == AccessKind::Atomic;
                    caches.store(path, line, mask, by(atomic), atomic);
                } else if scalar {
                    self.scalar(event, path, line, mask, sink);
                } else if let Some(stale) = caches.load(path, line, mask, coherent) {
                    self.report(event, Some(first.lane), &stale, sink);
                }
            }
        }
    }

    /// A scalar load; lines of 64 bytes. What this dispatch has stored may be there in its old form whoever brought it.
    fn scalar(&self, event: &Event<'_>, path: &Path, line: &Line<'_>, mask: u32, sink: &mut Sink) {
        let caches = self.shared.caches;
        for (half, mask) in [(0, mask & 0xffff), (1, mask & 0xffff_0000)].into_iter().filter(|(_, mask)| *mask != 0) {
            let key = line.key << 1 | half;
            let stale = caches.load_beside(&path.scalar, Cache::Scalar, key, line, mask).or_else(|| {
                let since = self.shared.began.max(path.scalar.invalid_until());
                let (address, write) = caches.stored_since(line, mask, since)?;
                Some(Stale { cache: Cache::Scalar, address, write })
            });
            if let Some(stale) = stale {
                self.report(event, None, &stale, sink);
            }
        }
    }

    #[cold]
    fn report(&self, event: &Event<'_>, lane: Option<u32>, stale: &Stale, sink: &mut Sink) {
        let rule = match stale.cache {
            Cache::Instruction => &CACHE_INSTRUCTION,
            Cache::Scalar => &CACHE_SCALAR,
            Cache::Vector => &CACHE_VECTOR,
            Cache::Gl1 => &CACHE_GL1,
            Cache::Gl2 => &CACHE_GL2,
        };
        let what = || format!("{} may have old data of {:#x}", stale.cache, stale.address);
        match stale.write.by {
            // A loop of compare-and-swap begins with a load, and an old value costs it another round.
            // Source: LLVM `AtomicExpandPass.cpp`, `insertRMWCmpXchgLoop`.
            Writer::Wave { atomic: true, .. } if stale.write.time > self.shared.began && lane.is_some() => {}
            Writer::Wave { agent, pc, .. } if stale.write.time > self.shared.began => {
                let ids = self.shared.ids.lock().unwrap_or_else(PoisonError::into_inner);
                let group = ids.get(&(agent >> 5)).copied().unwrap_or_default();
                let earlier = Moment { group, wave: agent & 31, pc: pc as usize }; // CAST: widening
                sink.report(rule, event, lane, Some(earlier), what);
            }
            by => {
                let text = match by {
                    Writer::Host => "a write of the host",
                    Writer::Processor => "a write of the command processor",
                    Writer::Wave { .. } => "a store of an earlier dispatch",
                };
                sink.after_event(rule, event, lane, || text.to_owned(), what);
            }
        }
    }
}

/// The dwords of a line that an access touches.
fn dwords(access: &MemoryAccess, line: u64) -> u32 {
    let (start, end) = (line << 7, (line + 1) << 7);
    let from = access.address.max(start);
    let to = access.address.saturating_add(access.bytes.into()).min(end);
    if from >= to {
        return 0;
    }
    let (first, last) = ((from - start) / 4, (to - 1 - start) / 4);
    (u32::MAX >> (31 - (last - first))) << first
}

const fn ends_in(access: &MemoryAccess, line: u64) -> bool {
    access.address.saturating_add(access.bytes as u64).saturating_sub(1) >> 7 == line // CAST: widening
}
