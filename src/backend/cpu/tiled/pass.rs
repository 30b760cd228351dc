//! One pass over a chunk: some channels, all panels of weights, tile by tile.
#![allow(unsafe_code)]

use super::access::Access;
use super::chunk::Chunk;
use super::{CACHE_LINE, Scratch, Staging, TiledConv, WAITING_PANELS};
use crate::backend::cpu::microkernel::TileCall;
use crate::backend::cpu::output::Tile;
use crate::backend::cpu::prepared::Operands;
use crate::backend::cpu::tables::TableKey;
use crate::backend::cpu::window::{Pixels, TilePixels};
use crate::conv::{Activation, CHANNEL_BLOCK, ConvProblem, TensorRef};
use crate::plan::{KernelVariant, OutputBlock};
use std::ops::Range;

impl TiledConv {
    /// Sums `channels` of the group into the outputs of `chunk`.
    pub(super) fn run_pass(
        &self,
        block: &OutputBlock,
        chunk: &Chunk,
        channels: Range<usize>,
        operands: &Operands<'_>,
        scratch: &mut Scratch,
    ) {
        let Operands { input, output } = operands;
        let Scratch { tables, staging, accumulators } = scratch;
        let run = self.runs(block, &channels);
        let s = self.problem.spec();
        let pixels = self.pixels(block, chunk, &channels, *input, staging);
        let (is_first, is_last) = (channels.start == 0, channels.end == self.problem.group_in_channels());
        let stored = self.passes() > 1;
        let acc_stride = if stored { self.lanes(block.n.len()) } else { WAITING_PANELS * self.tile_n };
        let weights_offset = channels.start * self.problem.taps() * self.tile_n;
        let channel_base = block.group * self.problem.group_out_channels();
        let panels = block.n.start / self.tile_n..block.n.end.div_ceil(self.tile_n);
        // Where the kernel stores the sums itself.
        let rows_out = if self.plain_epilogue && !stored {
            output.rows(chunk.pixels.start, channel_base + block.n.start, chunk.pixels.len(), block.n.len())
        } else {
            None
        };
        let panels_together = if stored || rows_out.is_some() { panels.len() } else { WAITING_PANELS };
        // A single panel needs no input again.
        let tiles_together = if panels.len() == 1 { MOST_TILES } else { self.tiles_together };
        let bias = if is_last { self.packed.bias(block.group, panels.clone()) } else { None };
        let mut pixel = chunk.pixels.start;
        let mut position = [0; 3];
        self.advance(&mut position, pixel);
        while pixel < chunk.pixels.end {
            let (kernel, height) = self.heights.at(pixel);
            let rows = height.min(chunk.pixels.end - pixel);
            let key = TableKey { pixel, chunk: chunk.pixels.clone(), channels: channels.len() };
            let tile = TilePixels { first: position, used: rows, height };
            let table = tables.get(key, &tile, &self.window, &pixels, self.zeros.as_slice().as_ptr());
            let tiles = if rows_out.is_some() && rows == height {
                let most = tiles_together.min(self.heights.alike(pixel));
                table.alike(&self.window, most, chunk.pixels.end - pixel)
            } else {
                1
            };
            for first in panels.clone().step_by(panels_together) {
                let visited = first..panels.end.min(first + panels_together);
                let lanes = visited.len() * self.tile_n;
                let (skipped_rows, skipped) = (pixel - chunk.pixels.start, (first - panels.start) * self.tile_n);
                let columns = lanes.min(block.n.len() - skipped);
                let sums = match rows_out {
                    Some(_) => &mut [],
                    None => {
                        let at = if stored { skipped_rows * acc_stride } else { 0 };
                        &mut accumulators.as_mut_slice()[at..at + (height - 1) * acc_stride + lanes]
                    }
                };
                let (out, out_stride) = match rows_out {
                    Some((out, stride)) => (out.wrapping_add(skipped_rows * stride + skipped), stride),
                    None => (sums.as_mut_ptr(), acc_stride),
                };
                let call = TileCall {
                    rows: table.rows().as_ptr(),
                    active: table.active().as_ptr(),
                    taps: table.active().len(),
                    tap_count: self.window.runs(),
                    x_offset: run.x_offset,
                    full_blocks: run.full_blocks,
                    block_len: CHANNEL_BLOCK,
                    tail_len: run.tail_len,
                    block_stride: CHANNEL_BLOCK,
                    weights: self.packed.panels(block.group, visited.clone())[weights_offset..].as_ptr(),
                    panels: visited.len(),
                    panel_len: self.packed.panel_len(),
                    out,
                    out_stride,
                    rows_used: rows,
                    columns: if rows_out.is_some() { columns } else { lanes },
                    resume: !is_first,
                    streaming: self.streaming
                        && rows_out.is_some()
                        && out.addr().is_multiple_of(CACHE_LINE * size_of::<f32>()),
                    bias: bias.map_or(std::ptr::null(), |bias| bias[skipped..].as_ptr()),
                    relu: rows_out.is_some() && s.epilogue.activation == Activation::Relu,
                    ahead: if self.fetch_ahead && skipped == 0 { table.ahead() } else { 0 },
                    tiles,
                    tile_step: table.ahead(),
                    out_step: rows * out_stride,
                };
                // SAFETY: the ISA was found available when the backend was made. `table` holds `taps` x `height`
                // addresses, each of a pixel inside the input or the staged piece whose runs `run` describes, of a patch, or
                // of `zeros`, which are as long as any run; `tables.get` has exposed them. Further tiles read the same row, or pixels that follow each
                // other, and no zeros (`alike`). The visited panels hold `tap_count` x channels x `tile_n` floats each
                // and `weights_offset` skips the passes before; their biases follow each other. `out` is `rows` x
                // `columns` floats a tile: of the output, checked by `output.rows` for the whole chunk and belonging
                // to this block alone, or, for a single tile of whole panels, of this thread's accumulators, sliced above
                // with `height` rows.
                unsafe { kernel(&call) };
                if rows_out.is_none() && is_last {
                    let channel = channel_base + block.n.start + skipped;
                    output.write_tile(&mut Tile { sums, stride: acc_stride, rows, columns, pixel, channel });
                }
            }
            pixel += rows * tiles;
            self.advance(&mut position, rows * tiles);
        }
    }

    /// The pixels that the windows of `chunk` meet: of the input, or staged now.
    fn pixels<'a>(
        &self,
        block: &OutputBlock,
        chunk: &Chunk,
        channels: &Range<usize>,
        input: TensorRef<'a>,
        staging: &'a mut Staging,
    ) -> Pixels<'a> {
        let Staging { stager, floats, bases } = staging;
        let first_image = chunk.pixels.start / self.problem.output_pixels();
        bases.clear();
        if let (Access::InPlace | Access::RowsInPlace, TensorRef::F32(data)) = (self.access, input) {
            let s = self.problem.spec();
            let strides = s.layout.strides(s.in_channels, s.input);
            let last_image = (chunk.pixels.end - 1) / self.problem.output_pixels();
            bases.extend((first_image..=last_image).map(|image| (image * strides.batch) as isize)); // CAST: in a tensor
            let (row, column) = (strides.row as isize, strides.column as isize); // CAST: in a tensor
            return Pixels { data, row, column, first_image, bases };
        }
        let group = block.group * self.problem.group_in_channels();
        let (wanted, len) = (group + channels.start..group + channels.end, self.pixel_len(channels.len()));
        let row = chunk.pieces.first().map_or(0, |piece| piece.columns.len() * len);
        let (row, column) = (row as isize, len as isize); // CAST: in the scratch
        let mut at = 0;
        for piece in &chunk.pieces {
            let end = at + piece.pixels() * len;
            stager.stage(input, piece, &wanted, len, &mut floats.as_mut_slice()[at..end]);
            bases.push(at as isize - piece.rows.start * row - piece.columns.start * column); // CAST: in the scratch
            at = end;
        }
        Pixels { data: floats.as_slice(), row, column, first_image, bases }
    }

    /// Moves `[image, row, column]` on by `pixels` output pixels.
    fn advance(&self, [image, row, column]: &mut [usize; 3], pixels: usize) {
        let [rows, columns] = self.problem.output();
        *column += pixels;
        if *column >= columns {
            *row += *column / columns;
            *column %= columns;
            if *row >= rows {
                *image += *row / rows;
                *row %= rows;
            }
        }
    }

    /// How the runs of a pass lie, for inputs read in place.
    fn runs(&self, block: &OutputBlock, channels: &Range<usize>) -> Runs {
        let (full_blocks, tail_len) = match self.access {
            Access::RowsInPlace | Access::StagedRows => (0, self.problem.spec().kernel[1] * channels.len()),
            // Under a single tap the blocks follow each other: one run.
            _ if self.window.runs() == 1 => (0, channels.len()),
            Access::InPlace | Access::Staged => (channels.len() / CHANNEL_BLOCK, channels.len() % CHANNEL_BLOCK),
        };
        let x_offset = match self.access {
            Access::InPlace | Access::RowsInPlace => block.group * self.problem.group_in_channels() + channels.start,
            Access::Staged | Access::StagedRows => 0,
        };
        Runs { full_blocks, tail_len, x_offset }
    }
}

/// How the runs of a pass lie in the input or the staged piece; fields as in [`TileCall`].
struct Runs {
    full_blocks: usize,
    tail_len: usize,
    x_offset: usize,
}

/// Bytes of input that stay in the first level while panels of weights pass.
const TILES_BYTES: usize = 16 << 10;
/// Tiles of a call at most.
const MOST_TILES: usize = 64;

/// As many tiles as panels can share from the first level: few channels and taps are soon summed, and starting a kernel
/// for each tile would cost as much.
pub(super) fn tiles_together(problem: &ConvProblem, variant: &KernelVariant) -> usize {
    let s = problem.spec();
    let bytes = [s.stride[1], s.kernel[0], s.in_channels, size_of::<f32>()].into_iter();
    (TILES_BYTES / bytes.fold(variant.tile_m, usize::saturating_mul).max(1)).clamp(1, MOST_TILES)
}
