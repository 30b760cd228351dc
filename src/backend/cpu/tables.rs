//! The run tables of a thread: those of a block's tiles stay for the other groups, whose runs lie under the same pixels
//! and differ by the call's channel offset alone.

use crate::backend::cpu::window::{RunTable, Window};
use std::ops::Range;

/// What a table was built for. The pixels that are computed together say how their input is staged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TableKey {
    /// The first pixel of the tile, and the pixels that are computed together with it.
    pub pixel: usize,
    pub chunk: Range<usize>,
    /// Channels that are summed in the pass.
    pub channels: usize,
}

/// Tables by the tile's place in its chunk.
#[derive(Debug)]
pub(super) struct RunTables {
    slots: Vec<Slot>,
    /// Pixels of the lowest tile: no two tiles begin closer together.
    lowest: usize,
}

#[derive(Debug)]
struct Slot {
    built_for: Option<TableKey>,
    table: RunTable,
}

impl RunTables {
    /// Room for `tables` tables, at least one, of tiles of `lowest` to `tile_m` pixels.
    pub(super) fn new(window: &Window, tile_m: usize, lowest: usize, tables: usize) -> Self {
        let slot = || Slot { built_for: None, table: RunTable::new(window, tile_m) };
        Self { slots: std::iter::repeat_with(slot).take(tables.max(1)).collect(), lowest }
    }

    /// Lets all tables be built anew: the next tensors lie elsewhere.
    pub(super) fn forget(&mut self) {
        for slot in &mut self.slots {
            slot.built_for = None;
        }
    }

    /// The table for `key`, which `build` fills unless it stands there already.
    pub(super) fn get(&mut self, key: TableKey, build: impl FnOnce(&mut RunTable)) -> &RunTable {
        let place = (key.pixel - key.chunk.start) / self.lowest % self.slots.len();
        let slot = &mut self.slots[place];
        if slot.built_for.as_ref() != Some(&key) {
            build(&mut slot.table);
            slot.built_for = Some(key);
        }
        &slot.table
    }
}
