//! The caches of a device and when what was written where: enough to tell a line that may be old, not its contents.
//!
//! Time is a counter of writes and invalidates. Each cache knows when its lines were filled and when it was last
//! invalidated; each dword knows who wrote it last, and when. No line is ever thrown out to make room, since it may stay.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::shader::Chip;

/// A kind of cache.
///
/// Source: LLVM `AMDGPUUsage.rst`, "Memory Model GFX10-GFX11"; Mesa `registers/gfx11.json`, `GCR_CNTL`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cache {
    /// Instructions, one for each WGP (GLI).
    Instruction,
    /// Scalar loads, one for each WGP (GLK). Vector stores pass it by.
    Scalar,
    /// Vector memory, one for each compute unit (GLV); stores go through it.
    Vector,
    /// Between those and GL2, one for each shader array; stores go through it.
    Gl1,
    /// One for the device; it keeps what is stored until it is written back.
    Gl2,
}

impl std::fmt::Display for Cache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Instruction => "the instruction cache",
            Self::Scalar => "the scalar cache",
            Self::Vector => "the vector cache of the compute unit",
            Self::Gl1 => "GL1",
            Self::Gl2 => "GL2",
        })
    }
}

/// What a packet does to the caches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheSet {
    /// Instruction caches are invalidated.
    pub instruction: bool,
    /// Scalar caches are invalidated.
    pub scalar: bool,
    /// Vector caches are invalidated.
    pub vector: bool,
    /// GL1 is invalidated.
    pub gl1: bool,
    /// GL2 is invalidated.
    pub gl2: bool,
    /// GL2 is written back.
    pub gl2_write_back: bool,
}

impl CacheSet {
    /// From `GCR_CNTL` of ACQUIRE_MEM. Source: Mesa `registers/gfx10.json` and `gfx11.json`, `GCR_CNTL`.
    #[must_use]
    pub const fn of_acquire(gcr_cntl: u32) -> Self {
        Self {
            instruction: gcr_cntl & 3 != 0,
            scalar: gcr_cntl >> 7 & 1 != 0,
            vector: gcr_cntl >> 8 & 1 != 0,
            gl1: gcr_cntl >> 9 & 1 != 0,
            gl2: gcr_cntl >> 14 & 1 != 0,
            gl2_write_back: gcr_cntl >> 15 & 1 != 0,
        }
    }

    /// From the second dword of RELEASE_MEM. Source: Mesa `src/amd/common/sid.h` and `registers/pkt3.json`, RELEASE_MEM.
    #[must_use]
    pub const fn of_release(dword: u32) -> Self {
        Self {
            instruction: false,
            scalar: dword >> 30 & 1 != 0,
            vector: dword >> 14 & 1 != 0,
            gl1: dword >> 15 & 1 != 0,
            gl2: dword >> 20 & 1 != 0,
            gl2_write_back: dword >> 21 & 1 != 0,
        }
    }
}

/// Who wrote a dword.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Writer {
    /// The CPU, behind GL2.
    Host,
    /// The command processor or a copy engine, through GL2.
    Processor,
    /// A wave, through this vector cache; its workgroup times 32 and itself, and the dword of the instruction.
    Wave { vector: u32, agent: u32, pc: u32 },
}

/// The last write of a dword; time 0 for none.
#[derive(Clone, Copy, Debug)]
pub(super) struct Write {
    pub(super) time: u32,
    pub(super) by: Writer,
}

const NEVER: Write = Write { time: 0, by: Writer::Host };

/// Dwords of a line of 128 bytes. Source: LLVM `AMDGPUTargetStreamer.cpp` and Mesa `ac_gpu_info.c`, `tcp_cache_line_size`.
const DWORDS: usize = 32;

type Line = Box<[Write; DWORDS]>;

/// When a line came into a cache, and up to when what waves and the host wrote is in it.
#[derive(Clone, Copy, Debug)]
struct Held {
    filled: u32,
    waves: u32,
    host: u32,
}

const SHARDS: usize = 16;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One cache.
#[derive(Debug, Default)]
pub(super) struct Level {
    invalid: AtomicU32,
    lines: [Mutex<HashMap<u64, Held>>; SHARDS],
}

impl Level {
    fn shard(&self, line: u64) -> Option<MutexGuard<'_, HashMap<u64, Held>>> {
        self.lines.get(line as usize % SHARDS).map(lock) // CAST: the low bits are meant
    }

    fn held(&self, line: u64) -> Option<Held> {
        let held = self.shard(line)?.get(&line).copied()?;
        (held.filled > self.invalid.load(Ordering::Acquire)).then_some(held)
    }

    fn fill(&self, line: u64, held: Held) {
        if let Some(mut lines) = self.shard(line) {
            lines.insert(line, held);
        }
    }

    fn evict(&self, line: u64) {
        if let Some(mut lines) = self.shard(line) {
            lines.remove(&line);
        }
    }

    fn invalidate(&self, time: u32) {
        self.invalid.fetch_max(time, Ordering::AcqRel);
    }

    pub(super) fn invalid_until(&self) -> u32 {
        self.invalid.load(Ordering::Acquire)
    }
}

/// Where a load may find old data.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stale {
    pub(super) cache: Cache,
    pub(super) address: u64,
    pub(super) write: Write,
}

/// Caches of one kind by their number.
type Levels = Mutex<HashMap<u32, Arc<Level>>>;

fn level(levels: &Levels, number: u32) -> Arc<Level> {
    Arc::clone(lock(levels).entry(number).or_default())
}

fn invalidate_all(levels: &Levels, time: u32) {
    lock(levels).values().for_each(|level| level.invalidate(time));
}

/// The path of a workgroup's loads.
#[derive(Clone, Debug)]
pub(super) struct Path {
    pub(super) vector_number: u32,
    pub(super) vector: Arc<Level>,
    pub(super) gl1: Arc<Level>,
    pub(super) scalar: Arc<Level>,
    pub(super) instruction: Arc<Level>,
}

/// The caches of a device. They outlive dispatches; the command processor tells them what packets do.
#[derive(Debug)]
pub struct Caches {
    clock: AtomicU32,
    array_units: u32,
    writes: Vec<Mutex<HashMap<u64, Line>>>,
    written_back: AtomicU32,
    gl2: Level,
    gl1: Levels,
    vector: Levels,
    scalar: Levels,
    instruction: Levels,
}

impl Caches {
    /// Those of `chip`, empty.
    #[must_use]
    pub fn new(chip: Chip) -> Self {
        Self {
            clock: AtomicU32::new(1),
            array_units: chip.array_units.max(1),
            writes: (0..64).map(|_| Mutex::default()).collect(),
            written_back: AtomicU32::new(0),
            gl2: Level::default(),
            gl1: Levels::default(),
            vector: Levels::default(),
            scalar: Levels::default(),
            instruction: Levels::default(),
        }
    }

    /// The CPU wrote `bytes` at `va`, past all caches: over the BAR, or into system memory.
    pub fn host_wrote(&self, va: u64, bytes: u64) {
        self.wrote(va, bytes, Writer::Host);
    }

    /// The command processor or a copy engine wrote `bytes` at `va` through GL2.
    pub fn processor_wrote(&self, va: u64, bytes: u64) {
        self.wrote(va, bytes, Writer::Processor);
    }

    /// The CPU is about to read `bytes` at `va`: the address of the first dword whose value GL2 alone has, if there is
    /// one, because nothing has written GL2 back since a wave stored it.
    #[must_use]
    pub fn host_reads(&self, va: u64, bytes: u64) -> Option<u64> {
        let back = self.written_back.load(Ordering::Acquire);
        let end = va.saturating_add(bytes);
        (va / 4..end.div_ceil(4)).map(|dword| dword * 4).find(|&address| {
            let write = self.last(address);
            write.by != Writer::Host && write.time > back
        })
    }

    /// A packet invalidates and writes back caches, all of them of each kind in `set`. What earlier work stores after
    /// this counts as later, so that a packet that does not wait for it comes too early here too.
    ///
    /// Source: Linux `gfx_v11_0.c`, `gfx_v11_0_emit_mem_sync` and `gfx_v11_0_ring_emit_fence`.
    pub fn apply(&self, set: CacheSet) {
        let time = self.tick();
        if set.gl2_write_back {
            self.written_back.fetch_max(time, Ordering::AcqRel);
        }
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
                invalidate_all(levels, time);
            }
        }
    }

    /// The caches of a compute unit; `sibling` tells those apart that share its number, 0 as a rule.
    pub(super) fn path(&self, unit: u32, sibling: u32) -> Path {
        let vector_number = unit << 6 | sibling & 63;
        Path {
            vector_number,
            vector: level(&self.vector, vector_number),
            gl1: level(&self.gl1, unit / self.array_units),
            scalar: level(&self.scalar, unit / 2),
            instruction: level(&self.instruction, unit / 2),
        }
    }

    /// The time before what comes next.
    pub(super) fn now(&self) -> u32 {
        self.clock.load(Ordering::Acquire)
    }

    fn tick(&self) -> u32 {
        self.clock.fetch_add(1, Ordering::AcqRel)
    }

    /// Invalidates one cache.
    pub(super) fn invalidate(&self, level: &Level) {
        level.invalidate(self.tick());
    }

    fn line(&self, line: u64) -> Option<MutexGuard<'_, HashMap<u64, Line>>> {
        self.writes.get(line as usize % self.writes.len()).map(lock) // CAST: the low bits are meant
    }

    /// The last write of the dword at `address`.
    pub(super) fn last(&self, address: u64) -> Write {
        let line = self.line(address >> 7);
        let write = line.as_ref().and_then(|lines| lines.get(&(address >> 7))?.get((address / 4) as usize % DWORDS)); // CAST: low bits
        write.copied().unwrap_or(NEVER)
    }

    pub(super) fn wrote(&self, va: u64, bytes: u64, by: Writer) {
        let time = self.tick().saturating_add(1);
        let end = va.saturating_add(bytes);
        let mut dword = va / 4;
        while dword < end.div_ceil(4) {
            let line = (dword * 4) >> 7;
            let next = end.div_ceil(4).min((line + 1) * DWORDS as u64); // CAST: widening
            if let Some(mut lines) = self.line(line) {
                let writes = lines.entry(line).or_insert_with(|| Box::new([NEVER; DWORDS]));
                let from = dword as usize % DWORDS; // CAST: the low bits are meant
                writes
                    .iter_mut()
                    .skip(from)
                    .take((next - dword) as usize)
                    .for_each(|write| *write = Write { time, by });
            }
            dword = next;
        }
    }

    /// A wave stores dwords of one line: `mask` says which.
    pub(super) fn store(&self, path: &Path, line: u64, mask: u32, by: Writer, atomic: bool) {
        let time = self.tick().saturating_add(1);
        if let Some(mut lines) = self.line(line) {
            let writes = lines.entry(line).or_insert_with(|| Box::new([NEVER; DWORDS]));
            for (_, write) in writes.iter_mut().enumerate().filter(|(at, _)| mask >> at & 1 != 0) {
                *write = Write { time, by };
            }
        }
        path.gl1.evict(line);
        if atomic {
            path.vector.evict(line);
        }
    }

    /// GL2 gives a line: what of the host's is in it.
    fn gl2_gives(&self, line: u64, now: u32) -> Held {
        let host = match self.gl2.held(line) {
            Some(held) => held.host,
            None => {
                self.gl2.fill(line, Held { filled: now, waves: now, host: now });
                now
            }
        };
        Held { filled: now, waves: now, host }
    }

    /// The first dword of `mask` that `held` has an older value of, unless it was written through `own`.
    fn older(&self, line: u64, mask: u32, held: Held, own: Option<u32>) -> Option<(u64, Write)> {
        let lines = self.line(line)?;
        let writes = lines.get(&line)?;
        (0u32..).zip(writes.iter()).filter(|(at, _)| mask >> at & 1 != 0).find_map(|(at, write)| {
            let old = match write.by {
                Writer::Host => write.time > held.host,
                Writer::Processor => write.time > held.waves,
                Writer::Wave { vector, .. } => write.time > held.waves && own != Some(vector),
            };
            old.then_some((line << 7 | u64::from(at) << 2, *write))
        })
    }

    /// A vector load of dwords of one line. `coherent`: with GLC, which misses in the vector cache and GL1.
    /// Source: LLVM `SIMemoryLegalizer.cpp`, `enableLoadCacheBypass` ("MISS_EVICT").
    pub(super) fn load(&self, path: &Path, line: u64, mask: u32, coherent: bool) -> Option<Stale> {
        let now = self.now();
        let vector = if coherent { None } else { path.vector.held(line) };
        if let Some(held) = vector {
            return self.stale(Cache::Vector, line, mask, held, Some(path.vector_number));
        }
        if coherent {
            path.vector.evict(line);
            path.gl1.evict(line);
            return self.stale(Cache::Gl2, line, mask, self.gl2_gives(line, now), None);
        }
        let (cache, held) = match path.gl1.held(line) {
            Some(held) => (Cache::Gl1, held),
            None => {
                let held = self.gl2_gives(line, now);
                path.gl1.fill(line, held);
                (Cache::Gl2, held)
            }
        };
        path.vector.fill(line, Held { filled: now, ..held });
        self.stale(cache, line, mask, held, None)
    }

    /// Whether `cache`, which gave `held`, or one behind it has something old.
    fn stale(&self, cache: Cache, line: u64, mask: u32, held: Held, own: Option<u32>) -> Option<Stale> {
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
    pub(super) fn load_beside(&self, level: &Level, cache: Cache, key: u64, line: u64, mask: u32) -> Option<Stale> {
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
