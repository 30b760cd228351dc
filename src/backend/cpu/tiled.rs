//! The loops around the broadcast kernels: pixels in tiles, panels of weights, passes over channels, staged or in place.
#![allow(unsafe_code)]

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
use crate::conv::{Activation, CHANNEL_BLOCK, ConvProblem, DType, Layout, TensorRef};
use crate::plan::{KernelVariant, LoopOrder, OutputBlock, Stores, TilePlan, stages_padding};
use std::ops::Range;

/// Floats of staged input a thread may hold: 4 MiB.
const STAGE_BUDGET: usize = 1 << 20;
/// Floats of stored accumulators a thread may hold, where channels take several passes: 2 MiB.
const ACCUMULATOR_BUDGET: usize = 1 << 19;
/// Entries of run tables a thread may hold: 1 MiB.
const TABLE_BUDGET: usize = 1 << 17;
/// Panels whose sums wait in scratch for the epilogue that no kernel has.
const WAITING_PANELS: usize = 4;
/// Floats of a cache line, the largest vector that is streamed.
const CACHE_LINE: usize = 16;
/// Tiles of pixels that are staged together at least: rows of a tile then end within a tile seldom.
const STAGED_TILES: usize = 8;
/// Output rows whose input is staged together at most, which bounds the search for a good number.
const MOST_STAGED_ROWS: usize = 1 << 12;
/// Floats of a thread's staged input that fit its first level: 16 KiB.
const SMALL_SHARE: usize = 1 << 12;
/// Blocks that are listed beforehand at most; a block is 64 bytes at most.
pub(super) const MOST_BLOCKS: usize = 1 << 20;

/// Floats of a staged pixel with `len` channels: pixels a multiple of 1 KiB apart would share few sets of the caches.
const fn apart(len: usize) -> usize {
    if len.is_multiple_of(256) { len + 16 } else { len }
}

/// How a problem's inputs reach the microkernels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Access {
    /// From the input tensor.
    InPlace,
    /// From a staged piece, a run a tap.
    Staged,
    /// From the input tensor, a run a filter row; those over the edges are patched.
    RowsInPlace,
    /// From a staged piece with its padded columns, a run a filter row.
    StagedRows,
}

impl Access {
    /// Whether a run is a whole row of the filter.
    fn is_by_rows(self) -> bool {
        matches!(self, Self::RowsInPlace | Self::StagedRows)
    }

    fn is_staged(self) -> bool {
        matches!(self, Self::Staged | Self::StagedRows)
    }
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

/// The plan's blocks, as far as the scratch allows them.
struct Blocking {
    block_m: usize,
    block_n: usize,
    pass_channels: usize,
    order: LoopOrder,
}

impl Blocking {
    /// Where the input is staged, blocks of the same pixels become one, so that each pixel is staged once, as long as
    /// every thread keeps a block.
    fn of_plan(problem: &ConvProblem, plan: &TilePlan, access: Access, threads: usize) -> Self {
        let group_in = problem.group_in_channels();
        let several_passes = !access.is_by_rows();
        let pass_channels = match plan.block_channels {
            channels if several_passes && channels < group_in => channels.next_multiple_of(CHANNEL_BLOCK).min(group_in),
            _ => group_in,
        };
        let (block_m, block_n, order) = match access {
            Access::InPlace | Access::RowsInPlace => {
                (pixels_in_place(problem, plan, threads), plan.block_n.min(plan.gemm.n), plan.order)
            }
            Access::Staged | Access::StagedRows => staged_blocks(problem, plan, threads),
        };
        let mut blocking = Self { block_m, block_n, pass_channels, order };
        blocking.fit_accumulators(problem, &plan.variant);
        blocking
    }

    /// Narrows blocks whose stored accumulators would not fit the scratch.
    fn fit_accumulators(&mut self, problem: &ConvProblem, variant: &KernelVariant) {
        if self.pass_channels < problem.group_in_channels() {
            let widest = ACCUMULATOR_BUDGET / variant.tile_m / variant.tile_n * variant.tile_n;
            self.block_n = self.block_n.min(widest.max(variant.tile_n));
        }
    }

    /// Narrows blocks or passes until the smallest piece fits the scratch; false where none does.
    fn fit_window(&mut self, problem: &ConvProblem, window: &Window, variant: &KernelVariant, access: Access) -> bool {
        let s = problem.spec();
        let columns = window.columns();
        let reach = (s.kernel[1] - 1).saturating_mul(s.dilation[1]).saturating_add(1);
        let width = (variant.tile_m - 1).saturating_mul(s.stride[1]).saturating_add(reach);
        let width = width.min(columns[0].abs_diff(columns[1]));
        let height = (s.kernel[0] - 1).saturating_mul(s.dilation[0]).saturating_add(1).min(s.input[0]);
        let pixels = height.saturating_mul(width);
        loop {
            if pixels.saturating_mul(self.pass_channels) <= STAGE_BUDGET {
                return true;
            }
            let narrower = (self.pass_channels / 2).next_multiple_of(CHANNEL_BLOCK);
            if access.is_by_rows() || narrower >= self.pass_channels {
                return false;
            }
            self.pass_channels = narrower;
            self.fit_accumulators(problem, variant);
        }
    }

    /// `None` where there are more than anybody will run.
    fn blocks(&self, plan: &TilePlan) -> Option<Vec<OutputBlock>> {
        let cut = TilePlan { block_m: self.block_m, block_n: self.block_n, order: self.order, ..plan.clone() };
        (cut.block_count() <= MOST_BLOCKS).then(|| {
            let mut blocks: Vec<_> = (0..cut.block_count()).map(|index| cut.block(index)).collect();
            // All groups of some pixels before the next pixels: together they read and write those whole.
            blocks.sort_by_key(|block| if cut.gemm.groups > 1 { block.m.start } else { 0 });
            blocks
        })
    }
}

/// Floats of input under the pixels that all groups meet one after the other: 512 KiB, to stay in level 2.
const GROUPED_BUDGET: usize = 1 << 17;

/// Pixels of a block that is read in place. Those of a grouped layer can be many: a block's tables serve every group, and
/// a group's weights stay in level 1 from tile to tile. As the plan says where the threads would not get equal shares.
fn pixels_in_place(problem: &ConvProblem, plan: &TilePlan, threads: usize) -> usize {
    let (s, gemm, tile_m) = (problem.spec(), &plan.gemm, plan.variant.tile_m);
    if gemm.groups == 1 {
        return plan.block_m;
    }
    let columns = problem.output()[1];
    let unit = if plan.shorter.is_some() || columns.is_multiple_of(tile_m) { columns } else { tile_m };
    let floats = s.stride.iter().fold(s.in_channels, |floats, stride| floats.saturating_mul(*stride));
    let most = (GROUPED_BUDGET / floats / unit * unit).max(unit);
    let block_m = gemm.m.div_ceil(gemm.m.div_ceil(most)).next_multiple_of(unit).min(gemm.m);
    let blocks = gemm.groups * gemm.m.div_ceil(block_m);
    if blocks.div_ceil(threads).saturating_mul(threads * 20) <= blocks.saturating_mul(21) {
        block_m
    } else {
        plan.block_m
    }
}

/// Pixels and channels of a block whose input is staged, and the order. Each pixel is staged once where every thread gets a
/// block all the same; few pixels are staged by every thread, for an equal share of the channels.
fn staged_blocks(problem: &ConvProblem, plan: &TilePlan, threads: usize) -> (usize, usize, LoopOrder) {
    let (gemm, variant) = (&plan.gemm, &plan.variant);
    let panels = gemm.n.div_ceil(variant.tile_n);
    let few_pixels = gemm.m <= STAGED_TILES * variant.tile_m * threads;
    if threads > 1 && gemm.groups == 1 && few_pixels && panels.is_multiple_of(threads) {
        return (gemm.m, panels / threads * variant.tile_n, LoopOrder::PixelsOuter);
    }
    let block_m = staged_pixels(problem, plan, threads);
    let block_n = if gemm.groups * gemm.m.div_ceil(block_m) >= threads { gemm.n } else { plan.block_n.min(gemm.n) };
    (block_m, block_n, LoopOrder::PixelsOuter)
}

/// Pixels of a block whose input is staged: whole output rows, so that pieces are whole rows too. Of several tiles, and of
/// more rows than windows share with the next block, as far as the threads get equal shares. Where a thread's whole share is
/// small, it is one block.
fn staged_pixels(problem: &ConvProblem, plan: &TilePlan, threads: usize) -> usize {
    let (s, columns) = (problem.spec(), problem.output()[1]);
    let rows = plan.gemm.m / columns;
    let shared = (s.kernel[0] - 1).saturating_mul(s.dilation[0]) / s.stride[0];
    let tiles = plan.block_m.max(STAGED_TILES * plan.variant.tile_m).div_ceil(columns);
    let most = tiles.max(shared.saturating_mul(2)).clamp(1, rows.min(MOST_STAGED_ROWS));
    // Rows that the busiest thread stages and computes, and one more for what a block costs beside.
    let rows_of_thread = |block: usize| (rows.div_ceil(block).div_ceil(threads)).saturating_mul(block + shared + 1);
    let share = rows.div_ceil(threads.max(1));
    let staged = [share, s.stride[0], s.input[1], s.in_channels].into_iter().fold(1, usize::saturating_mul);
    let whole_share = (staged <= SMALL_SHARE).then_some(share);
    let best = whole_share.into_iter().chain((1..=most).rev()).min_by_key(|block| rows_of_thread(*block));
    best.unwrap_or(1) * columns
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
        let access = choose_access(problem, variant);
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
            tiles_together: if plan.shorter.is_some() { 1 } else { tiles_together(problem, variant) },
            fetch_ahead: plan.prefetch && access == Access::InPlace,
            streaming: plan.stores == Stores::Streaming
                && s.out_channels.is_multiple_of(CACHE_LINE)
                && tile_n.is_multiple_of(CACHE_LINE),
            scratch: PerThread::default(),
        };
        conv.scratch = PerThread::new(team.len(), || conv.new_scratch())?;
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

/// Floats of patched runs that a tile may hold: 256 KiB.
const PATCH_BUDGET: usize = 1 << 16;

/// In place where the channels of a pixel lie side by side as f32, a row of the filter at a time where they are few.
fn choose_access(problem: &ConvProblem, variant: &KernelVariant) -> Access {
    let s = problem.spec();
    let in_place = s.layout == Layout::Nhwc && s.dtype == DType::F32;
    let window = problem.taps().saturating_mul(s.in_channels);
    match (stages_padding(problem), in_place) {
        (true, true) if window.saturating_mul(variant.tile_m) <= PATCH_BUDGET => Access::RowsInPlace,
        (true, _) => Access::StagedRows,
        (false, true) => Access::InPlace,
        (false, false) => Access::Staged,
    }
}

#[cfg(test)]
mod tests;
