//! The output pixels of a band as vectors.

use crate::backend::BackendError;
use crate::backend::cpu::buffer::make_room;
use crate::backend::cpu::microkernel::planes::{PixelStore, PixelVector};

/// How the positions of a band lie in the memory that kernels read, and its pixels in the output plane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pitch {
    /// Floats from a pixel's input to that of the pixel below.
    pub input: usize,
    /// Floats from an output pixel to the one below.
    pub output: usize,
}

/// The vectors of a band of `rows` x `columns` output pixels, in the order of the pixels.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct PixelTable {
    pub vectors: Vec<PixelVector>,
    pub stores: Vec<PixelStore>,
}

impl PixelTable {
    /// The fewest vectors of `lanes` floats. They run over row ends where the rows lie close: a few lanes are idle there,
    /// fewer than where each row starts a vector.
    ///
    /// # Errors
    /// No memory for them.
    pub(super) fn new([rows, columns]: [usize; 2], pitch: Pitch, lanes: usize) -> Result<Self, BackendError> {
        let mut table = Self::default();
        if runs_over(rows, columns, pitch.input, lanes) {
            let positions = (rows - 1) * pitch.input + columns;
            make_room(&mut table.vectors, positions.div_ceil(lanes), "vectors of a band")?;
            for start in (0..positions).step_by(lanes) {
                table.push(start, rows, columns, pitch, lanes)?;
            }
        } else {
            make_room(&mut table.vectors, rows.saturating_mul(columns.div_ceil(lanes)), "vectors of a band")?;
            for start in (0..rows).flat_map(|row| (0..columns).step_by(lanes).map(move |x| row * pitch.input + x)) {
                let row = start / pitch.input;
                table.push(start, row + 1, columns, pitch, lanes)?;
            }
        }
        Ok(table)
    }

    /// The vector at `start`, which stores to rows before `end_row`.
    fn push(
        &mut self,
        start: usize,
        end_row: usize,
        columns: usize,
        pitch: Pitch,
        lanes: usize,
    ) -> Result<(), BackendError> {
        let first_store = self.stores.len();
        let mut used = 0;
        let rows = start / pitch.input..end_row.min((start + lanes - 1) / pitch.input + 1);
        make_room(&mut self.stores, rows.len(), "stores of a band")?;
        for row in rows {
            let row_start = row * pitch.input;
            let from = row_start.max(start);
            let to = (row_start + columns).min(start + lanes);
            if from < to {
                let bits = bits(from - start..to - start);
                used |= bits;
                // CAST: indices of a tensor
                let output = (row * pitch.output) as isize + start as isize - row_start as isize;
                match self.stores[first_store..].last_mut() {
                    Some(store) if store.output == output => store.lanes |= bits, // the rows are one run in the output too
                    _ => self.stores.push(PixelStore { output, lanes: bits }),
                }
            }
        }
        if used != 0 {
            let stores = self.stores.len() - first_store;
            self.vectors.push(PixelVector { input: start, lanes: used, first_store, stores });
        }
        Ok(())
    }
}

/// Whether vectors that run over row ends are fewer than vectors that start with each row. Where there are no idle
/// positions between the rows they always are no more.
fn runs_over(rows: usize, columns: usize, pitch: usize, lanes: usize) -> bool {
    let over = ((rows - 1) * pitch + columns).div_ceil(lanes);
    let each = rows * columns.div_ceil(lanes);
    over < each
}

/// A bit for each of `lanes`.
fn bits(lanes: std::ops::Range<usize>) -> u32 {
    ((1_u64 << lanes.end) - (1_u64 << lanes.start)) as u32 // CAST: at most 32 lanes
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a panic is how a test fails

    use super::*;

    /// Each pixel is stored once, from the lane that read it, and never read twice.
    #[test]
    fn every_pixel_is_stored_once() {
        for (rows, columns, input, lanes) in [
            (1, 5, 5, 16),
            (7, 7, 9, 16),
            (7, 7, 7, 16),
            (3, 33, 40, 16),
            (4, 16, 18, 16),
            (9, 1, 4, 8),
            (2, 3, 100, 4),
        ] {
            let pitch = Pitch { input, output: columns + 3 };
            let table = PixelTable::new([rows, columns], pitch, lanes).unwrap();
            let mut stored = Vec::new();
            for vector in &table.vectors {
                for store in &table.stores[vector.first_store..][..vector.stores] {
                    for lane in (0..lanes).filter(|lane| store.lanes >> lane & 1 == 1) {
                        let (position, output) = (vector.input + lane, (store.output + lane as isize) as usize);
                        assert_eq!(
                            (position / input, position % input),
                            (output / pitch.output, output % pitch.output)
                        );
                        assert!(vector.lanes >> lane & 1 == 1);
                        stored.push(position);
                    }
                }
            }
            let want: Vec<_> = (0..rows).flat_map(|y| (0..columns).map(move |x| y * input + x)).collect();
            assert_eq!(stored, want);
        }
    }

    #[test]
    fn rows_that_lie_close_share_vectors() {
        let count = |rows, columns, input| {
            PixelTable::new([rows, columns], Pitch { input, output: columns }, 16).unwrap().vectors.len()
        };
        assert_eq!(count(7, 7, 7), 4, "49 pixels");
        assert_eq!(count(7, 7, 9), 4, "61 positions");
        assert_eq!(count(56, 56, 58), 203);
        assert_eq!(count(4, 16, 18), 4, "whole vectors a row");
        assert_eq!(count(4, 20, 400), 8, "rows far apart");
    }
}
