//! The loops around the broadcast kernels: pixels in tiles, panels of weights, passes over channels, staged or in place.
#![allow(unsafe_code)]

mod access;
mod blocking;

use access::Access;
pub(super) use blocking::MOST_BLOCKS;
use blocking::{ACCUMULATOR_BUDGET, Blocking, STAGE_BUDGET};

use crate::backend::BackendError;
use crate::backend::cpu::buffer::AlignedBuffer;
use crate::backend::cpu::isa::Isa;
use crate::backend::cpu::microkernel::{self, TileCall};
use crate::backend::cpu::output::Tile;
use crate::backend::cpu::pack::PackedWeights;
use crate::backend::cpu::prepared::{Ingredients, Method, Operands};
use crate::backend::cpu::stage::{Piece, Stager};
use crate::backend::cpu::tables::{RunTables, TableKey};
use crate::backend::cpu::threads::PerThread;
use crate::backend::cpu::tile_heights::TileHeights;
use crate::backend::cpu::window::{Pixels, TilePixels, Window};
use crate::conv::{Activation, CHANNEL_BLOCK, ConvProblem, TensorRef};
use crate::plan::{KernelVariant, OutputBlock, Stores};
use std::ops::Range;

/// Entries of run tables a thread may hold: 1 MiB.
const TABLE_BUDGET: usize = 1 << 17;
/// Panels whose sums wait in scratch for the epilogue that no kernel has.
const WAITING_PANELS: usize = 4;
/// Floats of a cache line, the largest vector that is streamed.
const CACHE_LINE: usize = 16;

/// Floats of a staged pixel with `len` channels: pixels a multiple of 1 KiB apart would share few sets of the caches.
const fn apart(len: usize) -> usize {
    if len.is_multiple_of(256) { len + 16 } else { len }
}

/// A prepared problem, as the threads share it.
#[derive(Debug)]
pub(super) struct TiledConv {
    problem: ConvProblem,
    isa: Isa,
    heights: TileHeights,
    tile_m: usize,
    tile_n: usize,
    access: Access,
    window: Window,
    packed: PackedWeights,
    /// Input channels of a group that one pass sums.
    pass_channels: usize,
    blocks: Vec<OutputBlock>,
    /// Floats that a run in the padding reads.
    zeros: AlignedBuffer,
    /// Sums need nothing but a bias and perhaps a relu, so kernels store them themselves where the layout allows it.
    plain_epilogue: bool,
    fetch_ahead: bool,
    /// The most tiles that a panel of weights meets before the next panel does.
    tiles_together: usize,
    /// Whether full tiles go past the caches.
    streaming: bool,
    scratch: PerThread<Scratch>,
}

impl Method for TiledConv {
    fn pieces(&self, _phase: usize) -> usize {
        self.blocks.len()
    }

    fn work(&self, _phase: usize, thread: usize, pieces: &mut dyn Iterator<Item = usize>, operands: &Operands<'_>) {
        let mut scratch = self.scratch.of(thread);
        scratch.tables.forget();
        for block in pieces.filter_map(|piece| self.blocks.get(piece)) {
            self.run_block(block, operands, &mut scratch);
        }
        if self.streaming {
            microkernel::fence_streams();
        }
    }
}

/// A thread's scratch.
#[derive(Debug)]
struct Scratch {
    tables: RunTables,
    stager: Stager,
    staged: AlignedBuffer,
    accumulators: AlignedBuffer,
    bases: Vec<isize>,
}

/// Pixels that are computed together, and the input pieces that they read where it is staged.
struct Chunk {
    pixels: Range<usize>,
    pieces: Vec<Piece>,
}

impl TiledConv {
    /// Packs the weights and decides how inputs are read. `Ok(None)` where a window is too large for the scratch.
    pub(super) fn new(ingredients: &Ingredients<'_>) -> Result<Option<Self>, BackendError> {
        let Ingredients { problem, plan, isa, team, .. } = *ingredients;
        let variant = &plan.variant;
        let (tile_m, tile_n) = (variant.tile_m, variant.tile_n);
        let heights = TileHeights::of_plan(problem, plan, isa)?;
        let access = Access::of(problem, variant);
        let window = match access {
            Access::RowsInPlace => Window::per_row_in_place(problem),
            Access::StagedRows => Window::per_row(problem),
            Access::InPlace | Access::Staged => Window::per_tap(problem),
        };
        if window.runs().saturating_mul(tile_m) > TABLE_BUDGET {
            return Ok(None);
        }
        let mut blocking = Blocking::of_plan(problem, plan, access, team.len());
        if access.is_staged() && !blocking.fit_window(problem, &window, variant, access) {
            return Ok(None);
        }
        let (s, group_in) = (problem.spec(), problem.group_in_channels());
        let Some(blocks) = blocking.blocks(plan) else {
            return Ok(None);
        };
        let longest_run = s.in_channels.max(s.kernel[1].saturating_mul(group_in));
        let mut conv = Self {
            problem: *problem,
            isa,
            heights,
            tile_m,
            tile_n,
            access,
            window,
            packed: PackedWeights::pack(ingredients)?,
            pass_channels: blocking.pass_channels,
            blocks,
            zeros: AlignedBuffer::zeroed(longest_run.saturating_add(tile_n), "zeros for the padding")?,
            plain_epilogue: !s.epilogue.residual
                && matches!(s.epilogue.activation, Activation::None | Activation::Relu),
            tiles_together: tiles_together(problem, variant),
            fetch_ahead: plan.prefetch && access == Access::InPlace,
            streaming: plan.stores == Stores::Streaming
                && s.out_channels.is_multiple_of(CACHE_LINE)
                && tile_n.is_multiple_of(CACHE_LINE),
            scratch: PerThread::default(),
        };
        conv.scratch = PerThread::new(team.threads_for(conv.blocks.len()), || conv.new_scratch())?;
        Ok(Some(conv))
    }

    /// Floats that hold `block_n` output channels in whole tiles.
    fn lanes(&self, block_n: usize) -> usize {
        block_n.next_multiple_of(self.tile_n)
    }

    /// Scratch for a thread, which may get any block.
    fn new_scratch(&self) -> Result<Scratch, BackendError> {
        let stager = Stager::new(&self.problem, self.isa);
        let (mut staged, mut accumulators) = (0, self.tile_m * WAITING_PANELS * self.tile_n);
        for block in &self.blocks {
            let mut pixel = block.m.start;
            while pixel < block.m.end {
                let chunk = self.chunk(block, pixel);
                staged = staged.max(chunk.staged_pixels() * self.pixel_len(self.pass_channels));
                if self.passes() > 1 {
                    // The last tile may begin at the last pixel.
                    let rows = chunk.pixels.len() + self.tile_m - 1;
                    accumulators = accumulators.max(rows * self.lanes(block.n.len()));
                }
                pixel = chunk.pixels.end;
            }
        }
        let tables = match self.problem.spec().groups {
            1 => 1,
            _ => {
                let lowest = self.heights.lowest();
                let tiles = self.blocks.iter().map(|block| block.m.len().div_ceil(lowest)).max().unwrap_or(1);
                tiles.min(TABLE_BUDGET / (self.window.runs() * self.tile_m))
            }
        };
        Ok(Scratch {
            tables: RunTables::new(&self.window, self.tile_m, self.heights.lowest(), tables),
            stager,
            staged: AlignedBuffer::zeroed(staged, "staged input")?,
            accumulators: AlignedBuffer::zeroed(accumulators, "accumulators")?,
            bases: Vec::new(),
        })
    }

    /// Floats of a staged pixel with `channels` channels.
    fn pixel_len(&self, channels: usize) -> usize {
        if self.access == Access::StagedRows { channels } else { apart(channels) }
    }

    fn passes(&self) -> usize {
        self.problem.group_in_channels().div_ceil(self.pass_channels)
    }

    /// The chunk of `block` that starts at `pixel`: as many whole output rows as fit the scratch, or part of one.
    fn chunk(&self, block: &OutputBlock, pixel: usize) -> Chunk {
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

    /// Computes a block.
    fn run_block(&self, block: &OutputBlock, operands: &Operands<'_>, scratch: &mut Scratch) {
        let group_in = self.problem.group_in_channels();
        let mut pixel = block.m.start;
        while pixel < block.m.end {
            let chunk = self.chunk(block, pixel);
            for first in (0..group_in).step_by(self.pass_channels) {
                let channels = first..(first + self.pass_channels).min(group_in);
                self.run_pass(block, &chunk, channels, operands, scratch);
            }
            pixel = chunk.pixels.end;
        }
    }

    /// Sums `channels` of the group into the outputs of `chunk`.
    fn run_pass(
        &self,
        block: &OutputBlock,
        chunk: &Chunk,
        channels: Range<usize>,
        operands: &Operands<'_>,
        scratch: &mut Scratch,
    ) {
        let Operands { input, output } = operands;
        let input = *input;
        let Scratch { tables, stager, staged, accumulators, bases } = scratch;
        let run = self.runs(block, &channels);
        let s = self.problem.spec();
        let first_image = chunk.pixels.start / self.problem.output_pixels();
        bases.clear();
        let pixels = match (self.access, input) {
            (Access::InPlace | Access::RowsInPlace, TensorRef::F32(data)) => {
                let strides = s.layout.strides(s.in_channels, s.input);
                let last_image = (chunk.pixels.end - 1) / self.problem.output_pixels();
                bases.extend((first_image..=last_image).map(|image| (image * strides.batch) as isize)); // CAST: in a tensor
                let (row, column) = (strides.row as isize, strides.column as isize); // CAST: in a tensor
                Pixels { data, row, column, first_image, bases }
            }
            _ => {
                let group = block.group * self.problem.group_in_channels();
                let (wanted, len) = (group + channels.start..group + channels.end, self.pixel_len(channels.len()));
                let row = chunk.pieces.first().map_or(0, |piece| piece.columns.len() * len);
                let mut at = 0;
                for piece in &chunk.pieces {
                    let end = at + piece.pixels() * len;
                    stager.stage(input, piece, &wanted, len, &mut staged.as_mut_slice()[at..end]);
                    let (row, len) = (row as isize, len as isize); // CAST: in the scratch
                    bases.push(at as isize - piece.rows.start * row - piece.columns.start * len); // CAST: likewise
                    at = end;
                }
                let (row, column) = (row as isize, len as isize); // CAST: in the scratch
                Pixels { data: staged.as_slice(), row, column, first_image, bases }
            }
        };
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
        while pixel < chunk.pixels.end {
            let (kernel, height) = self.heights.at(pixel);
            let rows = height.min(chunk.pixels.end - pixel);
            let key = TableKey { pixel, chunk: chunk.pixels.clone(), channels: channels.len() };
            let (tile, zeros) = (TilePixels { first: pixel, used: rows, height }, self.zeros.as_slice().as_ptr());
            let table = tables.get(key, |table| table.build(&self.window, &pixels, &tile, zeros));
            let tiles = if rows_out.is_some() && rows == height {
                let whole = ((chunk.pixels.end - pixel) / height).min(self.heights.alike(pixel));
                table.alike(&self.window, tiles_together.min(whole))
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
                // pointers, each to a pixel inside the input or the staged piece whose runs `run` describes, or to
                // `zeros`, which are as long as any run. Further tiles read the same row, or pixels that follow each
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

impl Chunk {
    fn staged_pixels(&self) -> usize {
        self.pieces.iter().map(Piece::pixels).fold(0, usize::saturating_add)
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
fn tiles_together(problem: &ConvProblem, variant: &KernelVariant) -> usize {
    let s = problem.spec();
    let bytes = [s.stride[1], s.kernel[0], s.in_channels, size_of::<f32>()].into_iter();
    (TILES_BYTES / bytes.fold(variant.tile_m, usize::saturating_mul).max(1)).clamp(1, MOST_TILES)
}
