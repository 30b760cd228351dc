//! One cache: which lines are in it, and since when.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// When a line came into a cache, and up to when what waves and the host wrote is in it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    pub(super) filled: u32,
    pub(super) waves: u32,
    pub(super) host: u32,
}

const SHARDS: usize = 16;

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
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

    pub(super) fn held(&self, line: u64) -> Option<Held> {
        let held = self.shard(line)?.get(&line).copied()?;
        (held.filled > self.invalid.load(Ordering::Acquire)).then_some(held)
    }

    pub(super) fn fill(&self, line: u64, held: Held) {
        if let Some(mut lines) = self.shard(line) {
            lines.insert(line, held);
        }
    }

    pub(super) fn evict(&self, line: u64) {
        if let Some(mut lines) = self.shard(line) {
            lines.remove(&line);
        }
    }

    pub(super) fn invalidate(&self, time: u32) {
        self.invalid.fetch_max(time, Ordering::AcqRel);
    }

    pub(super) fn invalid_until(&self) -> u32 {
        self.invalid.load(Ordering::Acquire)
    }

    /// Drops what can't be hit any more.
    pub(super) fn prune(&self) {
        let invalid = self.invalid_until();
        self.lines.iter().for_each(|lines| lock(lines).retain(|_, held| held.filled > invalid));
    }

    /// Empties it.
    pub(super) fn clear(&self) {
        self.lines.iter().for_each(|lines| lock(lines).clear());
        self.invalid.store(0, Ordering::Release);
    }
}

/// Caches of one kind by their number.
#[derive(Debug, Default)]
pub(super) struct Levels {
    /// When all of them were last invalidated.
    invalid: AtomicU32,
    levels: Mutex<HashMap<u32, Arc<Level>>>,
}

impl Levels {
    pub(super) fn level(&self, number: u32) -> Arc<Level> {
        Arc::clone(lock(&self.levels).entry(number).or_default())
    }

    pub(super) fn invalidate(&self, time: u32) {
        self.invalid.fetch_max(time, Ordering::AcqRel);
        lock(&self.levels).values().for_each(|level| level.invalidate(time));
    }

    pub(super) fn invalid_until(&self) -> u32 {
        self.invalid.load(Ordering::Acquire)
    }

    /// Drops what can't be hit any more.
    pub(super) fn prune(&self) {
        lock(&self.levels).values().for_each(|level| level.prune());
    }

    /// Empties them.
    pub(super) fn clear(&self) {
        self.invalid.store(0, Ordering::Release);
        lock(&self.levels).values().for_each(|level| level.clear());
    }
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
