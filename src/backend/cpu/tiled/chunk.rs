//! Pixels that are computed together.

use super::TiledConv;
use super::blocking::{ACCUMULATOR_BUDGET, STAGE_BUDGET};
use crate::backend::cpu::stage::Piece;
use crate::plan::OutputBlock;
use std::ops::Range;

/// Pixels that are computed together, and the input pieces that they read where it is staged.
pub(super) struct Chunk {
    pub(super) pixels: Range<usize>,
    pub(super) pieces: Vec<Piece>,
}

impl Chunk {
    pub(super) fn staged_pixels(&self) -> usize {
        self.pieces.iter().map(Piece::pixels).fold(0, usize::saturating_add)
    }
}

impl TiledConv {
    /// The chunk of `block` that starts at `pixel`: as many whole output rows as fit the scratch, or part of one.
    pub(super) fn chunk(&self, block: &OutputBlock, pixel: usize) -> Chunk {
        let left = block.m.end - pixel;
        let most = if self.passes() > 1 {
            let pixels = ACCUMULATOR_BUDGET / self.lanes(block.n.len()).max(1) / self.tile_m * self.tile_m;
            left.min(self.heights.whole_rows(pixels.max(self.tile_m)))
        } else {
            left
        };
        if !self.access.is_staged() {
            return Chunk { pixels: pixel..pixel + most, pieces: Vec::new() };
        }
        let columns = self.problem.output()[1];
        if pixel.is_multiple_of(columns) {
            let mut rows = most / columns;
            while rows > 0 {
                let chunk = self.rows_chunk(pixel, rows);
                if chunk.staged_pixels().saturating_mul(self.pass_channels) <= STAGE_BUDGET {
                    return chunk;
                }
                rows /= 2;
            }
        }
        let mut width = most.min(columns - pixel % columns);
        loop {
            let chunk = self.columns_chunk(pixel, width);
            let narrower = (width / 2).next_multiple_of(self.tile_m);
            if chunk.staged_pixels().saturating_mul(self.pass_channels) <= STAGE_BUDGET || narrower >= width {
                return chunk;
            }
            width = narrower;
        }
    }

    /// `rows` whole output rows from folded pixel `pixel` on, a piece for each image.
    fn rows_chunk(&self, pixel: usize, rows: usize) -> Chunk {
        let [image_rows, columns] = self.problem.output();
        let (first, end) = (pixel / columns, pixel / columns + rows);
        let [left, right] = self.window.input_columns(0, columns - 1);
        let mut pieces = Vec::with_capacity(rows.div_ceil(image_rows) + 1);
        let mut row = first;
        while row < end {
            let (image, y) = (row / image_rows, row % image_rows);
            let count = (image_rows - y).min(end - row);
            let [top, bottom] = self.window.input_rows(y, y + count - 1);
            pieces.push(Piece { image, rows: top..bottom, columns: left..right });
            row += count;
        }
        Chunk { pixels: pixel..pixel + rows * columns, pieces }
    }

    /// `width` pixels of one output row.
    fn columns_chunk(&self, pixel: usize, width: usize) -> Chunk {
        let [image_rows, columns] = self.problem.output();
        let (image, y, x) = (pixel / columns / image_rows, pixel / columns % image_rows, pixel % columns);
        let [top, bottom] = self.window.input_rows(y, y);
        let [left, right] = self.window.input_columns(x, x + width - 1);
        Chunk { pixels: pixel..pixel + width, pieces: vec![Piece { image, rows: top..bottom, columns: left..right }] }
    }
}
