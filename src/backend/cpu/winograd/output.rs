//! From sums to the output tensor.
#![allow(unsafe_code)]

use crate::backend::cpu::microkernel::winograd::OutputCall;
use crate::backend::cpu::output::{SharedOutput, Tile};
use crate::backend::cpu::winograd::grid::{Run, Span};
use crate::backend::cpu::winograd::{Scratch, WinogradConv};
use crate::conv::Activation;
use std::ops::Range;

/// Output channels of a block.
struct Channels<'a> {
    first: usize,
    count: usize,
    /// Of the padded block.
    bias: Option<&'a [f32]>,
}

impl WinogradConv {
    /// Transforms the sums of `tiles` and of the channels of `block` back, and stores them.
    pub(super) fn store_tiles(
        &self,
        tiles: Range<usize>,
        block: usize,
        scratch: &mut Scratch,
        output: &SharedOutput<'_>,
    ) {
        let first = block * self.block_n;
        let count = self.block_n.min(self.problem.spec().out_channels - first);
        let channels = Channels { first, count, bias: self.weights.bias(block) };
        let whole_vectors = count.is_multiple_of(self.kernels.lanes);
        let mut row = 0;
        for run in self.grid.runs(tiles) {
            let len = run.columns.len();
            if !(self.plain_epilogue && whole_vectors && self.store_in_place(&run, row, &channels, scratch, output)) {
                self.store_gathered(&run, row, &channels, scratch, output);
            }
            row += len;
        }
    }

    /// Stores a run straight into the tensor; false where that is not of a kind that a kernel can store to.
    fn store_in_place(
        &self,
        run: &Run,
        row: usize,
        channels: &Channels<'_>,
        scratch: &mut Scratch,
        output: &SharedOutput<'_>,
    ) -> bool {
        let s = self.problem.spec();
        let rows = &self.grid.rows[run.row];
        let relu = s.epilogue.activation == Activation::Relu;
        for (index, columns) in self.grid.columns[run.columns.clone()].iter().enumerate() {
            let first = self.pixel(run.image, rows.output, columns.output);
            let down = s.dilation[0] * self.problem.output()[1];
            let last = first + (rows.count - 1) * down + (columns.count - 1) * s.dilation[1];
            let Some((out, pixel)) = output.rows(first, channels.first, last - first + 1, channels.count) else {
                return false;
            };
            let call = OutputCall {
                out,
                row: down * pixel,
                column: s.dilation[1] * pixel,
                rows: rows.count,
                columns: columns.count,
                relu,
                ..self.call(row + index, channels, scratch)
            };
            // SAFETY: the ISA was found available when the backend was made. `call` reads sums that the scratch holds. What
            // is stored lies between the tile's first and last pixel, which `output.rows` found inside the tensor, and
            // belongs to this tile and block alone; `channels.count` is whole vectors.
            unsafe { (self.kernels.output)(&call) };
        }
        true
    }

    /// Gathers a run's outputs as rows of pixels, which `write_tile` finishes.
    fn store_gathered(
        &self,
        run: &Run,
        row: usize,
        channels: &Channels<'_>,
        scratch: &mut Scratch,
        output: &SharedOutput<'_>,
    ) {
        let m = self.tile.outputs();
        let spans = &self.grid.columns[run.columns.clone()];
        let rows = &self.grid.rows[run.row];
        let width = spans.len() * m * self.block_n;
        for index in 0..spans.len() {
            let room =
                &mut scratch.outputs.as_mut_slice()[index * m * self.block_n..][..(m - 1) * width + m * self.block_n];
            let out = room.as_mut_ptr();
            let call = OutputCall {
                out,
                row: width,
                column: self.block_n,
                rows: m,
                columns: m,
                relu: false,
                ..self.call(row + index, channels, scratch)
            };
            // SAFETY: as in `store_in_place`; `room` holds the `m` rows of `m` pixels of whole blocks.
            unsafe { (self.kernels.output)(&call) };
        }
        let dilation = self.problem.spec().dilation;
        for i in 0..rows.count {
            let y = rows.output + i * dilation[0];
            let gathered = &mut scratch.outputs.as_mut_slice()[i * width..][..width];
            let mut write = |first: usize, x: usize, count: usize| {
                output.write_tile(&mut Tile {
                    sums: &mut gathered[first * self.block_n..(first + count) * self.block_n],
                    stride: self.block_n,
                    rows: count,
                    columns: channels.count,
                    pixel: self.pixel(run.image, y, x),
                    channel: channels.first,
                });
            };
            match spans {
                [first, ..] if dilation[1] == 1 => {
                    write(0, first.output, spans.iter().map(|span| span.count).sum());
                }
                _ => {
                    for (index, Span { output, count, .. }) in spans.iter().enumerate() {
                        (0..*count).for_each(|j| write(index * m + j, output + j * dilation[1], 1));
                    }
                }
            }
        }
    }

    /// The sums of tile `row` of the scratch; where they go is the caller's.
    fn call(&self, row: usize, channels: &Channels<'_>, scratch: &Scratch) -> OutputCall {
        OutputCall {
            sums: scratch.sums.as_slice()[row * self.sums.row..].as_ptr(),
            slab: self.sums.slab,
            vectors: channels.count.div_ceil(self.kernels.lanes),
            out: std::ptr::null_mut(),
            row: 0,
            column: 0,
            rows: 0,
            columns: 0,
            bias: channels.bias.map_or(std::ptr::null(), <[f32]>::as_ptr),
            relu: false,
        }
    }

    /// A folded output pixel.
    fn pixel(&self, image: usize, y: usize, x: usize) -> usize {
        let [rows, columns] = self.problem.output();
        (image * rows + y) * columns + x
    }
}
