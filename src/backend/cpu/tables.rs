//! The run tables of a thread.
//!
//! Those of a block's tiles stay for the other groups, whose runs lie under the same pixels and differ by the call's channel
//! offset alone. Where there is one group, tables are kept by the tile's place in its row, so that they slide from row to row.

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

/// Tables by the tile's place.
#[derive(Debug)]
pub(super) struct RunTables {
    slots: Vec<Slot>,
    places: Places,
}

/// Which tiles have a table of their own.
#[derive(Clone, Copy, Debug)]
pub(super) enum Places {
    /// The first and the last one of a row of so many pixels, and those between them, by their height.
    InRow(usize),
    /// As many tiles of a chunk as there are tables; no two of them begin closer together than this.
    InChunk { lowest: usize, tables: usize },
}

#[derive(Debug)]
struct Slot {
    built_for: Option<TableKey>,
    table: RunTable,
}

impl RunTables {
    /// Room for tables of tiles of at most `tile_m` pixels.
    pub(super) fn new(window: &Window, tile_m: usize, places: Places) -> Self {
        let slot = || Slot { built_for: None, table: RunTable::new(window, tile_m) };
        let tables = match places {
            Places::InRow(_) => 4,
            Places::InChunk { tables, .. } => tables.max(1),
        };
        Self { slots: std::iter::repeat_with(slot).take(tables).collect(), places }
    }

    /// Lets all tables be built anew: the next tensors lie elsewhere.
    pub(super) fn forget(&mut self) {
        for slot in &mut self.slots {
            slot.built_for = None;
            slot.table.forget();
        }
    }

    /// The table for `key` and a tile of `height` pixels, which `build` fills unless it stands there already.
    pub(super) fn get(&mut self, key: TableKey, height: usize, build: impl FnOnce(&mut RunTable)) -> &RunTable {
        let place = match self.places {
            Places::InRow(columns) => match key.pixel % columns {
                0 => 0,
                column if column + height >= columns => 1,
                _ => 2 + height % 2,
            },
            Places::InChunk { lowest, tables } => (key.pixel - key.chunk.start) / lowest % tables.max(1),
        };
        let slot = &mut self.slots[place];
        if slot.built_for.as_ref() != Some(&key) {
            build(&mut slot.table);
            slot.built_for = Some(key);
        }
        &slot.table
    }
}
