//! Where addresses lead. Caches know lines by the memory behind them, so that two clients' equal addresses differ and two
//! addresses of one buffer do not.
//!
//! Source: Linux `amdgpu_vm.c`, `amdgpu_vm_flush`: a change of mappings flushes TLBs and no caches.

use std::cell::Cell;
use std::sync::atomic::AtomicU32;

use crate::shader::{Backing, GlobalMemory};

/// Bits of an address without its sign extension. Source: Linux `amdgpu_vm.h`, `AMDGPU_GMC_HOLE_MASK`.
const ADDRESS: u64 = 0xffff_ffff_ffff;

/// A line of 128 bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'a> {
    /// What the caches know it by. 2^27 objects of 8 TiB have keys of their own, with a bit left for halves of lines.
    pub(super) key: u64,
    /// Its address, divided by 128.
    pub(super) va: u64,
    /// Its contents and those behind it; none where the memory does not say what is behind it.
    pub(super) words: &'a [AtomicU32],
    /// Whether GL2 keeps it.
    pub(super) cached: bool,
}

#[derive(Clone, Copy)]
struct Place<'a> {
    start: u64,
    bytes: u64,
    words: &'a [AtomicU32],
    backing: Backing,
}

impl<'a> Place<'a> {
    fn line(&self, va: u64) -> Option<Line<'a>> {
        let inside = (va & ADDRESS).checked_sub(self.start).filter(|inside| *inside < self.bytes)?;
        let Backing { object, offset, cached } = self.backing;
        let key = object << 36 | offset.wrapping_add(inside) >> 7;
        let words = self.words.get(usize::try_from(inside / 4).ok()?..)?;
        Some(Line { key, va: va >> 7, words, cached })
    }
}

/// Finds lines, and remembers the last few buffers.
pub(super) struct Places<'a> {
    memory: &'a dyn GlobalMemory,
    known: [Cell<Option<Place<'a>>>; 4],
    next: Cell<usize>,
}

impl std::fmt::Debug for Places<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Places").finish_non_exhaustive()
    }
}

impl<'a> Places<'a> {
    pub(super) const fn new(memory: &'a dyn GlobalMemory) -> Self {
        Self { memory, known: [const { Cell::new(None) }; 4], next: Cell::new(0) }
    }

    /// The line at an address divided by 128.
    pub(super) fn line(&self, line: u64) -> Line<'a> {
        let va = line << 7;
        if let Some(found) = self.known.iter().find_map(|place| place.get()?.line(va)) {
            return found;
        }
        self.find(va).unwrap_or(Line { key: (va & ADDRESS) >> 7, va: line, words: &[], cached: true })
    }

    fn find(&self, va: u64) -> Option<Line<'a>> {
        let backing = self.memory.backing(va)?;
        let region = self.memory.region(va)?;
        let start = region.va & ADDRESS;
        let offset = backing.offset.checked_sub((va & ADDRESS).checked_sub(start)?)?;
        let place = Place { start, bytes: region.bytes, words: region.words, backing: Backing { offset, ..backing } };
        let next = self.next.get();
        if let Some(known) = self.known.get(next) {
            known.set(Some(place));
        }
        self.next.set((next + 1) % self.known.len());
        place.line(va)
    }
}
