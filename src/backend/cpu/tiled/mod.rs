//! The loops around the broadcast kernels: pixels in tiles, panels of weights, passes over channels, staged or in place.

mod access;
mod blocking;
mod chunk;
mod pass;

use access::Access;
use blocking::Blocking;
pub(super) use blocking::MOST_BLOCKS;
use pass::tiles_together;

use crate::backend::BackendError;
use crate::backend::cpu::buffer::AlignedBuffer;
use crate::backend::cpu::isa::Isa;
use crate::backend::cpu::microkernel;
use crate::backend::cpu::pack::PackedWeights;
use crate::backend::cpu::prepared::{Ingredients, Method, Operands};
use crate::backend::cpu::stage::Stager;
use crate::backend::cpu::tables::{Places, RunTables};
use crate::backend::cpu::threads::PerThread;
use crate::backend::cpu::tile_heights::TileHeights;
use crate::backend::cpu::window::Window;
use crate::conv::{Activation, ConvProblem};
use crate::plan::{OutputBlock, Stores};

/// Addresses in run tables that a thread may hold: 1 MiB.
const TABLE_BUDGET: usize = 1 << 17;
/// Addresses in run tables that are all kept from run to run: 16 KiB.
const SMALL_TABLES: usize = 1 << 11;
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
        scratch.tables.begin_run();
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
    staging: Staging,
    accumulators: AlignedBuffer,
}

/// Input that is staged, and where its images, or those of the input, would begin.
#[derive(Debug)]
struct Staging {
    stager: Stager,
    floats: AlignedBuffer,
    bases: Vec<isize>,
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
        let lowest = self.heights.lowest();
        let tiles = self.blocks.iter().map(|block| block.m.len().div_ceil(lowest)).max().unwrap_or(1);
        let all_tiles = (self.problem.spec().batch * self.problem.output_pixels()).div_ceil(lowest);
        let entries = self.window.runs() * self.tile_m * self.window.entry_len();
        let places = match self.problem.spec().groups {
            1 if all_tiles.saturating_mul(entries) > SMALL_TABLES => Places::InRow(self.problem.output()[1]),
            1 => Places::Everywhere { lowest, tables: all_tiles },
            _ => Places::Everywhere { lowest, tables: tiles.min(TABLE_BUDGET / entries) },
        };
        Ok(Scratch {
            tables: RunTables::new(&self.window, self.tile_m, places),
            staging: Staging { stager, floats: AlignedBuffer::zeroed(staged, "staged input")?, bases: Vec::new() },
            accumulators: AlignedBuffer::zeroed(accumulators, "accumulators")?,
        })
    }

    /// Floats of a staged pixel with `channels` channels.
    fn pixel_len(&self, channels: usize) -> usize {
        if self.access == Access::StagedRows { channels } else { apart(channels) }
    }

    fn passes(&self) -> usize {
        self.problem.group_in_channels().div_ceil(self.pass_channels)
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
}
