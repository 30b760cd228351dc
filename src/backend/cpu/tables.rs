//! The run tables of a thread.
//!
//! Those of a block's tiles stay for the other groups, whose runs lie under the same pixels and differ by the call's
//! channel offset alone. Where there is one group, tables are kept by the tile's place in its row, so that they slide from
//! row to row, and all of them where they are few.

use crate::backend::cpu::window::{Pixels, RunTable, TilePixels, Window};
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
    /// Counts the runs.
    run: u64,
}

/// Which tiles have a table of their own.
#[derive(Clone, Copy, Debug)]
pub(super) enum Places {
    /// The first and the last one of a row of so many pixels, and those between them, by their height.
    InRow(usize),
    /// As many tiles that follow each other as there are tables; few of them begin closer together than this.
    Everywhere { lowest: usize, tables: usize },
}

#[derive(Debug)]
struct Slot {
    built_for: Option<TableKey>,
    /// The run in which it was pointed at the input.
    run: u64,
    table: RunTable,
}

impl RunTables {
    /// Room for tables of tiles of at most `tile_m` pixels.
    pub(super) fn new(window: &Window, tile_m: usize, places: Places) -> Self {
        let slot = || Slot { built_for: None, run: 0, table: RunTable::new(window, tile_m) };
        let tables = match places {
            Places::InRow(_) => 4,
            Places::Everywhere { tables, .. } => tables.max(1),
        };
        Self { slots: std::iter::repeat_with(slot).take(tables).collect(), places, run: 0 }
    }

    /// Begins a run: its tensors may lie elsewhere and hold something else.
    pub(super) fn begin_run(&mut self) {
        self.run += 1;
    }

    /// The table for `key`, which is about `tile` of `pixels`.
    pub(super) fn get(
        &mut self,
        key: TableKey,
        tile: &TilePixels,
        window: &Window,
        pixels: &Pixels<'_>,
        zeros: *const f32,
    ) -> &RunTable {
        let place = match self.places {
            Places::InRow(columns) => match tile.first[2] {
                0 => 0,
                column if column + tile.height >= columns => 1,
                _ => 2 + tile.height % 2,
            },
            Places::Everywhere { lowest, tables } => key.pixel / lowest % tables.max(1),
        };
        // Whoever follows the table's addresses follows this pointer, also where they were written down before.
        pixels.data.as_ptr().expose_provenance();
        let slot = &mut self.slots[place];
        if slot.built_for.as_ref() != Some(&key) {
            slot.built_for = None; // half built, it is for no tile
            slot.table.build(window, pixels, tile, zeros);
            (slot.built_for, slot.run) = (Some(key), self.run);
        } else if slot.run != self.run {
            slot.table.renew(window, pixels, zeros);
            slot.run = self.run;
        }
        &slot.table
    }
}
