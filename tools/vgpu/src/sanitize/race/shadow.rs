//! Who touched which bytes last: a cell for every dword.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::clock::{Order, Snapshot, Under, WaveClock};

/// What an access is to the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A load that caches may answer.
    Load = 1,
    /// A load that goes to the memory all waves share.
    Coherent = 2,
    /// A store.
    Store = 3,
    /// An atomic.
    Atomic = 4,
}

impl Kind {
    const fn writes(self) -> bool {
        matches!(self, Self::Store | Self::Atomic)
    }
}

/// An access that is remembered; empty while the mask is 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Slot {
    /// Workgroup times 32, and wave.
    agent: u32,
    clock: u32,
    /// Bytes in bits 3:0, kind in bits 7:4, program counter from bit 8 on.
    info: u32,
}

impl Slot {
    pub(super) const fn new(group: u32, wave: u32, clock: u32, pc: u32, kind: Kind, mask: u32) -> Self {
        Self { agent: group << 5 | wave & 31, clock, info: pc << 8 | (kind as u32) << 4 | mask } // CAST: small numbers
    }

    const fn mask(self) -> u32 {
        self.info & 15
    }

    const fn kind(self) -> Kind {
        match self.info >> 4 & 15 {
            1 => Kind::Load,
            2 => Kind::Coherent,
            3 => Kind::Store,
            _ => Kind::Atomic,
        }
    }

    pub(super) const fn group(self) -> u32 {
        self.agent >> 5
    }

    pub(super) const fn wave(self) -> u32 {
        self.agent & 31
    }

    pub(super) const fn pc(self) -> u32 {
        self.info >> 8
    }

    const fn is_empty(self) -> bool {
        self.mask() == 0
    }

    const fn covered_by(self, other: Self) -> bool {
        self.mask() & !other.mask() == 0
    }

    /// Whether two accesses of different waves may not go unordered. A store of a whole dword is what an atomic store is
    /// compiled to, so that atomics and coherent loads do not mind it; a load of a whole dword is how a loop around a
    /// compare-and-swap makes its first guess, so that atomics do not mind it.
    const fn conflicts(self, other: Self) -> bool {
        if self.mask() & other.mask() == 0 || !(self.kind().writes() || other.kind().writes()) {
            return false;
        }
        match (self.kind(), other.kind()) {
            (Kind::Atomic, Kind::Atomic | Kind::Coherent) | (Kind::Coherent, Kind::Atomic) => false,
            (Kind::Load, Kind::Atomic) => self.mask() != 15,
            (Kind::Atomic, Kind::Load) => other.mask() != 15,
            (Kind::Store, Kind::Atomic | Kind::Coherent) => self.mask() != 15,
            (Kind::Atomic | Kind::Coherent, Kind::Store) => other.mask() != 15,
            _ => true,
        }
    }

    const fn is_whole_store(self) -> bool {
        matches!(self.kind(), Kind::Store) && self.mask() == 15
    }

    const fn under(self, lds: bool) -> Under {
        if lds {
            Under::Lds
        } else if self.kind().writes() {
            Under::Stores
        } else {
            Under::Loads
        }
    }
}

/// A dword's last accesses. Where there are more than two of a kind that nothing orders, some are forgotten.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cell {
    writes: [Slot; 2],
    reads: [Slot; 2],
    /// Atomics or coherent loads were here, so that stores of the whole dword are taken for atomic ones.
    shared: bool,
}

impl Cell {
    /// Looks for an earlier access that `new`, an access of the wave with this clock, races with, and remembers `new`.
    #[inline]
    pub(super) fn access(&mut self, new: Slot, clock: &WaveClock, lds: bool) -> Option<(Slot, Order)> {
        let cached = new.kind() == Kind::Load && !lds;
        self.shared |= matches!(new.kind(), Kind::Atomic | Kind::Coherent);
        let mut race = None;
        let mut past = [false; 4];
        for (old, past) in self.writes.iter().chain(&self.reads).zip(&mut past) {
            if old.is_empty() {
                continue;
            }
            if old.agent == new.agent {
                *past = true;
                continue;
            }
            if !(old.kind().writes() || new.kind().writes()) && old.group() != new.group() {
                continue; // Two reads: which of them is kept does not matter enough to look it up.
            }
            let order = clock.order(old.group(), old.wave(), old.clock, old.under(lds), cached);
            *past = order == Order::Before;
            let stores = self.shared && old.is_whole_store() && new.is_whole_store();
            if !*past && race.is_none() && !stores && old.conflicts(new) {
                race = Some((*old, order));
            }
        }
        let [write0, write1, read0, read1] = past;
        if new.kind().writes() {
            remember(&mut self.writes, new, [write0, write1]);
            for (old, past) in self.reads.iter_mut().zip([read0, read1]) {
                if past && old.covered_by(new) {
                    *old = Slot::default();
                }
            }
        } else {
            remember(&mut self.reads, new, [read0, read1]);
        }
        race
    }
}

/// Puts `new` in the place of an access that it makes superfluous, or an empty one, or else the first.
fn remember(slots: &mut [Slot; 2], new: Slot, past: [bool; 2]) {
    for old in slots.iter_mut() {
        if old.agent == new.agent && old.clock == new.clock && old.info >> 4 == new.info >> 4 {
            old.info |= new.mask();
            return;
        }
    }
    let [first, second] = slots;
    let superfluous = [(*first, past[0]), (*second, past[1])].map(|(old, past)| past && old.covered_by(new));
    if superfluous[0] || first.is_empty() {
        *first = new;
        if superfluous[1] {
            *second = Slot::default();
        }
    } else if superfluous[1] || second.is_empty() || !past[0] {
        *second = new;
    } else {
        *first = new;
    }
}

/// Dwords of a page.
const DWORDS: usize = 1024;

/// 4 KiB of memory.
#[derive(Debug)]
pub(super) struct Page {
    cells: Box<[Cell]>,
    /// What was released through each dword.
    released: Vec<Option<Arc<Vec<Snapshot>>>>,
}

impl Page {
    fn new() -> Self {
        Self { cells: vec![Cell::default(); DWORDS].into_boxed_slice(), released: Vec::new() }
    }

    /// The cell of the dword at `address`.
    #[inline]
    pub(super) fn cell(&mut self, address: u64) -> Option<&mut Cell> {
        self.cells.get_mut((address / 4) as usize % DWORDS) // CAST: what is above a page does not matter
    }

    pub(super) fn released(&mut self, address: u64) -> Option<&Arc<Vec<Snapshot>>> {
        self.released.get((address / 4) as usize % DWORDS)?.as_ref() // CAST: as above
    }

    /// A wave releases what `list` holds through the dword at `address`; `adds`: by an atomic, which hands on what was
    /// released before too.
    pub(super) fn release(&mut self, address: u64, list: &Arc<Vec<Snapshot>>, adds: bool) {
        if self.released.is_empty() {
            self.released.resize(DWORDS, None);
        }
        let Some(place) = self.released.get_mut((address / 4) as usize % DWORDS) else { return }; // CAST: as above
        match (place, list.first()) {
            (Some(old), Some(snapshot)) if adds => {
                // The last is the same if another lane of the instruction was here.
                if !old.last().is_some_and(|last| last.is_same(snapshot)) {
                    add(Arc::make_mut(old), snapshot);
                }
            }
            // What began later and was quicker to get here stays.
            (Some(old), Some(snapshot)) if old.iter().any(|other| other.begun > snapshot.begun) => {
                let list = Arc::make_mut(old);
                list.retain(|other| other.begun > snapshot.begun);
                list.push(snapshot.clone());
            }
            (place, _) => *place = Some(Arc::clone(list)),
        }
    }
}

/// Adds to a list in which each wave is once.
pub(super) fn add(list: &mut Vec<Snapshot>, snapshot: &Snapshot) {
    match list.iter_mut().find(|old| old.group == snapshot.group && old.wave == snapshot.wave) {
        Some(old) => *old = snapshot.clone(),
        None => list.push(snapshot.clone()),
    }
}

const SHARDS: usize = 64;

type Shard = Mutex<HashMap<u64, Arc<Mutex<Page>>>>;

/// The pages of global memory that were touched.
#[derive(Debug)]
pub(super) struct Shadow {
    shards: Box<[Shard]>,
}

impl Shadow {
    pub(super) fn new() -> Self {
        Self { shards: (0..SHARDS).map(|_| Mutex::default()).collect() }
    }

    fn page(&self, number: u64) -> Option<Arc<Mutex<Page>>> {
        let shard = self.shards.get(number as usize % SHARDS)?; // CAST: the low bits are meant
        let mut pages = shard.lock().unwrap_or_else(PoisonError::into_inner);
        Some(Arc::clone(pages.entry(number).or_insert_with(|| Arc::new(Mutex::new(Page::new())))))
    }
}

const NEAR: usize = 64;

/// Pages that a workgroup used last.
#[derive(Debug)]
pub(super) struct Near {
    pages: Vec<Option<(u64, Arc<Mutex<Page>>)>>,
}

impl Near {
    pub(super) fn new() -> Self {
        Self { pages: vec![None; NEAR] }
    }

    /// The page of `address`.
    pub(super) fn page(&mut self, shadow: &Shadow, address: u64) -> Option<&Mutex<Page>> {
        let number = address >> 12;
        let place = self.pages.get_mut(number as usize % NEAR)?; // CAST: the low bits are meant
        if place.as_ref().is_none_or(|(held, _)| *held != number) {
            *place = Some((number, shadow.page(number)?));
        }
        place.as_ref().map(|(_, page)| &**page)
    }
}
