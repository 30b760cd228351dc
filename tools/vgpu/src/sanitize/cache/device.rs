//! The caches of a device and when what was written where: enough to tell a line that may be old, not its contents.
//!
//! Time is a counter of writes and invalidates. Each cache knows when its lines were filled and when it was last
//! invalidated; each dword knows who wrote it last, and when. No line is ever thrown out to make room, since it may stay.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard};

use super::kind::{Cache, CacheSet};
use super::level::{Held, Level, Levels, Path, lock};
use super::place::{Line, Places};
use super::record::{Record, Write, Writer};
use crate::shader::{Chip, GlobalMemory};

/// Where a load may find old data.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stale {
    pub(super) cache: Cache,
    pub(super) address: u64,
    pub(super) write: Write,
}

/// Most lines that are followed from job to job; 32 MiB of memory.
pub(super) const MOST: usize = 1 << 18;

/// The caches of a device. They outlive dispatches; the command processor tells them what packets do.
#[derive(Debug)]
pub struct Caches {
    pub(super) clock: AtomicU32,
    array_units: u32,
    pub(super) records: Vec<Mutex<HashMap<u64, Record>>>,
    /// How many of them a cache may hold.
    pub(super) seen: AtomicUsize,
    /// When they were last pruned, as their floor was then.
    pub(super) pruned: AtomicU32,
    /// Jobs that run.
    pub(super) running: Mutex<usize>,
    pub(super) gl2: Level,
    pub(super) gl1: Levels,
    pub(super) vector: Levels,
    pub(super) scalar: Levels,
    pub(super) instruction: Levels,
}

impl Caches {
    /// Those of `chip`, empty.
    #[must_use]
    pub fn new(chip: Chip) -> Self {
        Self {
            clock: AtomicU32::new(1),
            array_units: chip.array_units.max(1),
            records: (0..64).map(|_| Mutex::default()).collect(),
            seen: AtomicUsize::new(0),
            pruned: AtomicU32::new(0),
            running: Mutex::new(0),
            gl2: Level::default(),
            gl1: Levels::default(),
            vector: Levels::default(),
            scalar: Levels::default(),
            instruction: Levels::default(),
        }
    }

    /// The CPU wrote `bytes` at `va` of `memory`, past all caches: over the BAR, or into system memory.
    pub fn host_wrote(&self, memory: &dyn GlobalMemory, va: u64, bytes: u64) {
        self.wrote(memory, va, bytes, Writer::Host);
    }

    /// The command processor or a copy engine wrote `bytes` at `va` of `memory` through GL2.
    pub fn processor_wrote(&self, memory: &dyn GlobalMemory, va: u64, bytes: u64) {
        self.wrote(memory, va, bytes, Writer::Processor);
    }

    /// The command processor reads `bytes` at `va` of `memory` through GL2: the address of the first dword that the host
    /// has written since GL2 took it in for a wave, if there is one.
    #[must_use]
    pub fn processor_reads(&self, memory: &dyn GlobalMemory, va: u64, bytes: u64) -> Option<u64> {
        let places = Places::new(memory);
        pieces(va, bytes).find_map(|(line, mask)| {
            let line = places.line(line);
            let held = self.gl2.held(line.key).filter(|_| line.cached)?;
            let (address, _) = self.older(&line, mask, Held { waves: u32::MAX, ..held }, None)?;
            Some(address)
        })
    }

    /// A packet invalidates and writes back caches, all of them of each kind in `set`. What earlier work stores after
    /// this counts as later, so that a packet that does not wait for it comes too early here too.
    ///
    /// Source: Linux `gfx_v11_0.c`, `gfx_v11_0_emit_mem_sync` and `gfx_v11_0_ring_emit_fence`.
    pub fn apply(&self, set: CacheSet) {
        let time = self.tick();
        if set.gl2 {
            self.gl2.invalidate(time);
        }
        for (wanted, levels) in [
            (set.instruction, &self.instruction),
            (set.scalar, &self.scalar),
            (set.vector, &self.vector),
            (set.gl1, &self.gl1),
        ] {
            if wanted {
                levels.invalidate(time);
            }
        }
    }

    /// The caches of a compute unit; `sibling` tells those apart that share its number, 0 as a rule.
    pub(super) fn path(&self, unit: u32, sibling: u32) -> Path {
        let vector_number = unit << 6 | sibling & 63;
        Path {
            vector_number,
            vector: self.vector.level(vector_number),
            gl1: self.gl1.level(unit / self.array_units),
            scalar: self.scalar.level(unit / 2),
            instruction: self.instruction.level(unit / 2),
        }
    }

    /// The time before what comes next.
    pub(super) fn now(&self) -> u32 {
        self.clock.load(Ordering::Acquire)
    }

    pub(super) fn tick(&self) -> u32 {
        self.clock.fetch_add(1, Ordering::AcqRel)
    }

    /// Invalidates one cache.
    pub(super) fn invalidate(&self, level: &Level) {
        level.invalidate(self.tick());
    }

    fn records(&self, key: u64) -> Option<MutexGuard<'_, HashMap<u64, Record>>> {
        self.records.get(key as usize % self.records.len()).map(lock) // CAST: the low bits are meant
    }

    /// The first dword of `mask` that a wave has stored after `time`.
    pub(super) fn stored_since(&self, line: &Line<'_>, mask: u32, time: u32) -> Option<(u64, Write)> {
        let records = self.records(line.key)?;
        let writes = records.get(&line.key)?.writes()?;
        (0u32..).zip(writes).filter(|(at, _)| mask >> at & 1 != 0).find_map(|(at, write)| {
            let stored = matches!(write.by, Writer::Wave { .. }) && write.time > time;
            stored.then_some((line.va << 7 | u64::from(at) << 2, *write))
        })
    }

    /// Somebody but a wave writes. What no cache may hold can't be old, unless there were too many lines to tell.
    fn wrote(&self, memory: &dyn GlobalMemory, va: u64, bytes: u64, by: Writer) {
        let write = Write { time: self.tick().saturating_add(1), by };
        let complete = self.seen.load(Ordering::Acquire) < MOST;
        let places = Places::new(memory);
        for (line, mask) in pieces(va, bytes) {
            let key = places.line(line).key;
            let Some(mut records) = self.records(key) else { continue };
            if !complete {
                records.entry(key).or_default().wrote(mask, write);
            } else if let Some(record) = records.get_mut(&key).filter(|record| record.is_seen()) {
                record.wrote(mask, write);
            }
        }
    }

    /// A wave stores dwords of one line: `mask` says which.
    pub(super) fn store(&self, path: &Path, line: &Line<'_>, mask: u32, by: Writer, atomic: bool) {
        let write = Write { time: self.tick().saturating_add(1), by };
        if let Some(mut records) = self.records(line.key) {
            records.entry(line.key).or_default().wrote(mask, write);
        }
        path.gl1.evict(line.key);
        if atomic {
            path.vector.evict(line.key);
        }
    }

    /// A line comes into some cache.
    fn filled(&self, line: &Line<'_>, now: u32) {
        let Some(mut records) = self.records(line.key) else { return };
        let room = self.seen.load(Ordering::Acquire) < MOST;
        if records.entry(line.key).or_default().filled(line, now, room) {
            self.seen.fetch_add(1, Ordering::AcqRel);
        }
    }

    /// GL2 gives a line: what of the host's is in it.
    fn gl2_gives(&self, line: &Line<'_>, now: u32) -> Held {
        self.filled(line, now);
        let fresh = Held { filled: now, waves: now, host: now };
        if !line.cached {
            return fresh;
        }
        match self.gl2.held(line.key) {
            Some(held) => Held { host: held.host, ..fresh },
            None => {
                self.gl2.fill(line.key, fresh);
                fresh
            }
        }
    }

    /// The first dword of `mask` that `held` has an older value of, unless it was written through `own`.
    fn older(&self, line: &Line<'_>, mask: u32, held: Held, own: Option<u32>) -> Option<(u64, Write)> {
        let records = self.records(line.key)?;
        let writes = records.get(&line.key)?.writes()?;
        (0u32..).zip(writes).filter(|(at, _)| mask >> at & 1 != 0).find_map(|(at, write)| {
            let old = match write.by {
                Writer::Host => write.time > held.host,
                Writer::Processor => write.time > held.waves,
                Writer::Wave { vector, .. } => write.time > held.waves && own != Some(vector),
            };
            old.then_some((line.va << 7 | u64::from(at) << 2, *write))
        })
    }

    /// A vector load of dwords of one line. `coherent`: with GLC, which misses in the vector cache and GL1.
    /// Source: LLVM `SIMemoryLegalizer.cpp`, `enableLoadCacheBypass` ("MISS_EVICT").
    pub(super) fn load(&self, path: &Path, line: &Line<'_>, mask: u32, coherent: bool) -> Option<Stale> {
        let now = self.now();
        let vector = if coherent { None } else { path.vector.held(line.key) };
        if let Some(held) = vector {
            return self.stale(Cache::Vector, line, mask, held, Some(path.vector_number));
        }
        if coherent {
            path.vector.evict(line.key);
            path.gl1.evict(line.key);
            return self.stale(Cache::Gl2, line, mask, self.gl2_gives(line, now), None);
        }
        let (cache, held) = match path.gl1.held(line.key) {
            Some(held) => (Cache::Gl1, held),
            None => {
                let held = self.gl2_gives(line, now);
                path.gl1.fill(line.key, held);
                (Cache::Gl2, held)
            }
        };
        path.vector.fill(line.key, Held { filled: now, ..held });
        self.stale(cache, line, mask, held, None)
    }

    /// Whether `cache`, which gave `held`, or one behind it has something old.
    fn stale(&self, cache: Cache, line: &Line<'_>, mask: u32, held: Held, own: Option<u32>) -> Option<Stale> {
        // What waves store is in GL2 at once, whoever stores beside this.
        let seen = if cache == Cache::Gl2 { Held { waves: u32::MAX, ..held } } else { held };
        let (address, write) = self.older(line, mask, seen, own)?;
        let cache = match write.by {
            // It was old when it came in.
            Writer::Host if write.time <= held.filled => Cache::Gl2,
            _ if write.time <= held.filled => Cache::Gl1,
            _ => cache,
        };
        Some(Stale { cache, address, write })
    }

    /// A load through the scalar or the instruction cache, which knows the line as `key`, of dwords of one line of 128
    /// bytes.
    pub(super) fn load_beside(
        &self,
        level: &Level,
        cache: Cache,
        key: u64,
        line: &Line<'_>,
        mask: u32,
    ) -> Option<Stale> {
        let now = self.now();
        let (found, held) = match level.held(key) {
            Some(held) => (cache, held),
            None => {
                let held = self.gl2_gives(line, now);
                level.fill(key, held);
                (Cache::Gl2, held)
            }
        };
        self.stale(found, line, mask, held, None)
    }
}

/// The lines of a range of addresses: each divided by 128, and its dwords.
fn pieces(va: u64, bytes: u64) -> impl Iterator<Item = (u64, u32)> {
    let (first, end) = (va / 4, va.saturating_add(bytes).div_ceil(4));
    (first / 32..end.div_ceil(32)).map(move |line| {
        let (from, to) = (first.max(line * 32) - line * 32, end.min(line * 32 + 32) - line * 32);
        (line, (u32::MAX >> (32 - (to - from))) << from)
    })
}
