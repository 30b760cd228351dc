//! The plan's blocks, fitted to the scratch and to how inputs are read.

use super::access::Access;
use crate::backend::cpu::window::Window;
use crate::conv::{CHANNEL_BLOCK, ConvProblem};
use crate::plan::{KernelVariant, LoopOrder, OutputBlock, TilePlan, knows_rows};

/// Floats of staged input a thread may hold: 4 MiB.
pub(super) const STAGE_BUDGET: usize = 1 << 20;
/// Floats of stored accumulators a thread may hold, where channels take several passes: 2 MiB.
pub(super) const ACCUMULATOR_BUDGET: usize = 1 << 19;
/// Tiles of pixels that are staged together at least: rows of a tile then end within a tile seldom.
const STAGED_TILES: usize = 8;
/// Output rows whose input is staged together at most, which bounds the search for a good number.
const MOST_STAGED_ROWS: usize = 1 << 12;
/// Floats of a thread's staged input that fit its first level: 16 KiB.
const SMALL_SHARE: usize = 1 << 12;
/// Blocks that are listed beforehand at most; a block is 64 bytes at most.
pub(in crate::backend::cpu) const MOST_BLOCKS: usize = 1 << 20;

/// The plan's blocks, as far as the scratch allows them.
pub(super) struct Blocking {
    block_m: usize,
    block_n: usize,
    pub(super) pass_channels: usize,
    order: LoopOrder,
}

impl Blocking {
    /// Where the input is staged, blocks of the same pixels become one, so that each pixel is staged once, as long as
    /// every thread keeps a block.
    pub(super) fn of_plan(problem: &ConvProblem, plan: &TilePlan, access: Access, threads: usize) -> Self {
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
    pub(super) fn fit_window(
        &mut self,
        problem: &ConvProblem,
        window: &Window,
        variant: &KernelVariant,
        access: Access,
    ) -> bool {
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
    pub(super) fn blocks(&self, plan: &TilePlan) -> Option<Vec<OutputBlock>> {
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
    let end_with_rows = knows_rows(problem) && plan.shorter.is_some();
    let unit = if end_with_rows || columns.is_multiple_of(tile_m) { columns } else { tile_m };
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

#[cfg(test)]
mod tests;
