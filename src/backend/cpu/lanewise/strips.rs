//! From a block's pixels to calls of the kernel.
#![allow(unsafe_code)]

use super::{LanewiseConv, View, signed};
use crate::backend::cpu::buffer::AlignedBuffer;
use crate::backend::cpu::microkernel::StripCall;
use crate::backend::cpu::output::Tile;
use crate::backend::cpu::prepared::Operands;
use crate::plan::{Stores, Walk};
use std::ops::Range;

/// Output pixels of one image: a part of a row, or whole rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rectangle {
    /// The first pixel, counted over the batch.
    first: usize,
    rows: usize,
    columns: usize,
}

impl Rectangle {
    /// Pixels from the first one to the last, with those between the rows.
    const fn pixels(&self, image_columns: usize) -> usize {
        (self.rows - 1) * image_columns + self.columns
    }
}

/// Cuts `pixels` of one image, whose rows have `columns` pixels.
pub(super) fn rectangles(pixels: Range<usize>, columns: usize) -> impl Iterator<Item = Rectangle> {
    let mut first = pixels.start;
    std::iter::from_fn(move || {
        let left = pixels.end.checked_sub(first).filter(|left| *left > 0)?;
        let in_row = columns - first % columns;
        let rectangle = if in_row == columns && left >= columns {
            Rectangle { first, rows: left / columns, columns }
        } else {
            Rectangle { first, rows: 1, columns: in_row.min(left) }
        };
        first += rectangle.rows * rectangle.columns;
        Some(rectangle)
    })
}

/// The size of pieces no larger than `most`, as even as can be.
fn even(all: usize, most: usize) -> usize {
    all.div_ceil(all.div_ceil(most.max(1)).max(1)).max(1)
}

impl LanewiseConv {
    /// Computes a rectangle for `vectors`, whose first input channel is that of `view`.
    pub(super) fn run_rectangle(
        &self,
        rectangle: &Rectangle,
        vectors: &Range<usize>,
        view: View,
        operands: &Operands<'_>,
        sums: &mut AlignedBuffer,
    ) {
        let [image_rows, image_columns] = self.problem.output();
        let (pixels, channels) = (rectangle.pixels(image_columns), self.channels(vectors));
        let direct = self.direct(rectangle.first, pixels, &channels, operands).is_some();
        // What leaves through scratch does so tile by tile.
        let (panels, rows) = match self.walk {
            Walk::AlongRows => (vectors.len(), 1),
            Walk::DownColumns { panels } => (even(vectors.len(), panels), if direct { image_rows } else { 1 }),
        };
        for start in vectors.clone().step_by(panels) {
            let together = start..(start + panels).min(vectors.end);
            let data = view.data.wrapping_add((start - vectors.start) * self.vector_in);
            let mut row = 0;
            while row < rectangle.rows {
                let first = rectangle.first + row * image_columns;
                let y = first / image_columns % image_rows;
                let filter_rows = self.filter_rows(y);
                let alike =
                    (y + 1..y + rows.min(rectangle.rows - row)).take_while(|y| self.filter_rows(*y) == filter_rows);
                let strips = Rectangle { first, rows: 1 + alike.count(), columns: rectangle.columns };
                row += strips.rows;
                self.run_strips(&strips, &together, View { data, ..view }, operands, sums);
            }
        }
    }

    /// Filter rows that lie inside the image under output row `y`.
    fn filter_rows(&self, y: usize) -> Range<usize> {
        let s = self.problem.spec();
        let top = signed(y * s.stride[0]) - signed(s.padding.top);
        let before = |end: isize| end.max(0).cast_unsigned().div_ceil(s.dilation[0]).min(s.kernel[0]);
        before(-top)..before(signed(s.input[0]) - top)
    }

    /// Where the kernel stores `channels` of `pixels` pixels from `first` on itself, and the distance of pixels.
    fn direct(
        &self,
        first: usize,
        pixels: usize,
        channels: &Range<usize>,
        operands: &Operands<'_>,
    ) -> Option<(*mut f32, usize)> {
        self.fused.and_then(|_| operands.output.rows(first, channels.start, pixels, channels.len()))
    }

    /// Computes rows that all have the same filter rows inside the image: several only where the kernel stores outputs
    /// itself.
    fn run_strips(
        &self,
        strips: &Rectangle,
        vectors: &Range<usize>,
        view: View,
        operands: &Operands<'_>,
        sums: &mut AlignedBuffer,
    ) {
        let (s, group_in) = (self.problem.spec(), self.problem.group_in_channels());
        let [image_rows, image_columns] = self.problem.output();
        let y = strips.first / image_columns % image_rows;
        let filter_rows = self.filter_rows(y);
        let top = signed(y * s.stride[0]) - signed(s.padding.top);
        let left = signed(strips.first % image_columns * s.stride[1]) - signed(s.padding.left);
        let first_row = filter_rows.start.min(s.kernel[0] - 1);
        let next_row = top.wrapping_add(signed(filter_rows.end.wrapping_mul(s.dilation[0])));

        let (channels, inputs) = (self.channels(vectors), self.input_channels(vectors));
        let last = vectors.len() - 1;
        let lanes = |all: &Range<usize>, vector: usize| [vector, all.len() - last * vector];
        let output_lanes = lanes(&channels, self.vector_out);
        let direct = self.direct(strips.first, strips.pixels(image_columns), &channels, operands);
        let (output, output_stride) = direct.unwrap_or((sums.as_mut_slice().as_mut_ptr(), self.sums_stride));
        let aligned = output.align_offset(64) == 0 && output_stride.is_multiple_of(16);
        let whole = output_lanes == [self.kernel.tile_n; 2];
        let skipped = first_row * s.kernel[1] * group_in * self.kernel.tile_n;
        let tile = even(strips.columns, self.kernel.tile_m);
        let mut call = StripCall {
            input: view.at(top + signed(first_row.wrapping_mul(s.dilation[0])), left),
            // Wraps where there is one row or column, and nothing to step to.
            row_stride: view.row.unsigned_abs().wrapping_mul(s.dilation[0]),
            column_stride: view.column.unsigned_abs(),
            filter_rows: filter_rows.len(),
            left,
            width: signed(s.input[1]),
            filter_columns: s.kernel[1],
            stride: s.stride[1],
            dilation: s.dilation[1],
            channels: group_in,
            spread: self.spread.as_ptr(),
            vectors: vectors.len(),
            input_lanes: lanes(&inputs, self.vector_in),
            output_lanes,
            weights: self.packed.panel(0, vectors.start)[skipped..].as_ptr(),
            weights_stride: self.packed.panel_len(),
            used: tile,
            output,
            output_stride,
            rows: if direct.is_some() { strips.rows } else { 1 },
            input_step: view.row.unsigned_abs().wrapping_mul(s.stride[0]),
            output_step: image_columns.wrapping_mul(output_stride),
            bias: self.packed.bias(0, vectors.clone()).map_or(std::ptr::null(), <[f32]>::as_ptr),
            clamp: self.fused.filter(|_| direct.is_some()).flatten(),
            streaming: self.stores == Stores::Streaming && direct.is_some() && aligned && whole,
            prefetch_rows: if self.prefetch && self.in_place && (0..signed(s.input[0])).contains(&next_row) {
                s.stride[0].min(s.input[0] - next_row.unsigned_abs())
            } else {
                0
            },
        };
        for column in (0..strips.columns).step_by(tile) {
            call.used = tile.min(strips.columns - column);
            // SAFETY: the ISA was found available when the backend was made, and `can_compute` checked the kernel's
            // window. `input` is the pixel under the tile's corner: the kernel reads `filter_rows` rows under each of
            // `rows` output rows, all inside the image, and of them the columns in `0..width`; both lie in the input,
            // whose length was checked, or in the staged piece, which covers every window of its pixels. Lanes are the
            // channels of `vectors`, cut at the last one. The panels of `vectors` follow each other, as do their biases,
            // and `skipped` leaves out the filter rows above the image. `output` is `used` columns of these channels in
            // `rows` rows: of the output, checked by `output.rows` and this block's alone; or, of a single row, of this
            // thread's scratch, which has `tile_m` columns of the widest block.
            unsafe { (self.kernel.kernel)(&call) };
            if direct.is_some() {
                call.output = call.output.wrapping_add(tile * output_stride);
            } else {
                let sums = &mut sums.as_mut_slice()[..call.used * self.sums_stride];
                let (stride, rows, columns, channel) = (self.sums_stride, call.used, channels.len(), channels.start);
                let pixel = strips.first + column;
                operands.output.write_tile(&mut Tile { sums, stride, rows, columns, pixel, channel });
                call.output = sums.as_mut_ptr();
            }
            call.left = call.left.wrapping_add(signed(tile.wrapping_mul(s.stride[1])));
            call.input = call.input.wrapping_add(tile.wrapping_mul(s.stride[1]).wrapping_mul(call.column_stride));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rectangles_cover_pixels_in_order() {
        for (pixels, columns) in [(0..12, 4), (3..22, 5), (7..9, 10), (5..5, 3), (9..31, 1), (6..12, 6)] {
            let mut next = pixels.start;
            for rectangle in rectangles(pixels.clone(), columns) {
                let Rectangle { first, rows, columns: width } = rectangle;
                assert_eq!(first, next);
                assert!(rows == 1 && first % columns + width <= columns || first % columns == 0 && width == columns);
                assert!(rows > 0 && width > 0);
                next += rows * width;
            }
            assert_eq!(next, pixels.end);
            let most = if columns == 1 { 1 } else { 3 };
            assert!(rectangles(pixels, columns).count() <= most, "whole rows are one rectangle");
        }
    }

    #[test]
    fn pieces_are_even() {
        assert_eq!([even(6, 5), even(12, 5), even(1, 9), even(28, 14), even(15, 14)], [3, 4, 1, 14, 8]);
    }
}
