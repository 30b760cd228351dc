//! The cuts worth comparing: a few per kernel, from sizes and capacities alone.

use crate::conv::CHANNEL_BLOCK;
use crate::plan::cost::Estimator;
use crate::plan::tile::LoopOrder;

/// One way to cut the problem for a kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cut {
    /// Output pixels of a block.
    pub(super) block_m: usize,
    /// Output channels of a block.
    pub(super) block_n: usize,
    /// Input channels of a group in one pass.
    pub(super) block_channels: usize,
    /// Order of the block loops.
    pub(super) order: LoopOrder,
    /// Whether a block's input and a weight panel fit where they should stay.
    pub(super) fits: bool,
}

/// Block counts to aim at, per place that can work on a block: one block in all (0), then enough for everybody, then
/// finer, which evens out a count that does not divide.
const BLOCKS_PER_SLOT: [usize; 4] = [0, 1, 2, 4];

/// A weight panel may take this share of the level that blocks are made for; beyond it the reduction is cut.
/// Source: oneDNN's L2 budget, see `docs/planner.md`.
const PANEL_SHARE: f64 = 0.75;

/// Calls `visit` with each candidate of the estimator's kernel, at least once.
pub(super) fn for_each(estimator: &Estimator<'_>, mut visit: impl FnMut(Cut)) {
    let (variant, gemm) = (estimator.variant, estimator.gemm);
    let block_channels = channels_per_pass(estimator);
    let mut widths = Few::default();
    let mut seen = Few::default();
    if variant.units_per_tile > 1 {
        // A workgroup computes one tile: the hardware hands the tiles out.
        widths.push(variant.tile_n.min(gemm.n));
    } else {
        for width in [gemm.n, gemm.n.div_ceil(estimator.slots()), variant.tile_n] {
            widths.push(round_up(width, variant.tile_n, gemm.n));
        }
    }
    for block_n in widths.iter() {
        seen.clear();
        for per_slot in BLOCKS_PER_SLOT {
            let block_m = if variant.units_per_tile > 1 {
                variant.tile_m.min(gemm.m)
            } else {
                let others = gemm.groups.saturating_mul(gemm.n.div_ceil(block_n));
                let along_m = per_slot.saturating_mul(estimator.slots()).div_ceil(others).max(1);
                let wanted = round_up(gemm.m.div_ceil(along_m), variant.tile_m, gemm.m);
                largest_fitting(estimator, wanted, block_n, block_channels)
            };
            if seen.push(block_m) {
                let fits = estimator.blocks_fit(block_m, block_n, block_channels);
                for order in orders(estimator, block_m, block_n) {
                    visit(Cut {
                        block_m,
                        block_n,
                        block_channels,
                        order,
                        fits,
                    });
                }
            }
        }
    }
}

/// Both orders where they differ; else the one that names the larger operand.
fn orders(
    estimator: &Estimator<'_>,
    block_m: usize,
    block_n: usize,
) -> impl Iterator<Item = LoopOrder> + use<> {
    let both = block_m < estimator.gemm.m && block_n < estimator.gemm.n;
    let weights_are_larger = estimator.weights_bytes() > estimator.input_bytes();
    let (first, second) = if weights_are_larger {
        (LoopOrder::WeightsOuter, LoopOrder::PixelsOuter)
    } else {
        (LoopOrder::PixelsOuter, LoopOrder::WeightsOuter)
    };
    std::iter::once(first).chain(both.then_some(second))
}

/// All channels of a group where the weight panel of one tile leaves room for its input, else as many as do.
fn channels_per_pass(estimator: &Estimator<'_>) -> usize {
    let all = estimator.group_channels();
    let variant = estimator.variant;
    let tile_m = variant.tile_m.min(estimator.gemm.m);
    let Some(capacity) = estimator
        .blocking_capacity()
        .filter(|_| variant.units_per_tile == 1)
    else {
        return all;
    };
    let panel = estimator.panel_bytes(all);
    if panel <= PANEL_SHARE * capacity && estimator.blocks_fit(tile_m, variant.tile_n, all) {
        return all;
    }
    let per_channel = estimator.panel_bytes(1) + estimator.tile_input_bytes(1);
    let room = (PANEL_SHARE * capacity / per_channel) as usize; // CAST: saturates, at most `all` is used
    if room >= all {
        return all;
    }
    let most = (room / CHANNEL_BLOCK).max(1);
    let blocks = all.div_ceil(CHANNEL_BLOCK);
    // Passes of equal length: 5 blocks of channels with room for 4 become 3 + 2.
    (blocks.div_ceil(blocks.div_ceil(most)) * CHANNEL_BLOCK).min(all)
}

/// Halves `block_m` until a block's input and a panel fit, down to one tile.
fn largest_fitting(
    estimator: &Estimator<'_>,
    mut block_m: usize,
    block_n: usize,
    block_channels: usize,
) -> usize {
    let tile_m = estimator.variant.tile_m;
    while block_m > tile_m && !estimator.blocks_fit(block_m, block_n, block_channels) {
        block_m = (block_m / tile_m / 2).max(1) * tile_m;
    }
    block_m
}

/// `extent` rounded up to whole tiles, at most `all`.
fn round_up(extent: usize, tile: usize, all: usize) -> usize {
    extent.div_ceil(tile).saturating_mul(tile).clamp(1, all)
}

/// A small set without an allocation.
#[derive(Default)]
struct Few {
    values: [usize; BLOCKS_PER_SLOT.len()],
    len: usize,
}

impl Few {
    /// Adds `value`; false where it was there already (or the set is full).
    fn push(&mut self, value: usize) -> bool {
        let new = self.len < self.values.len() && !self.values[..self.len].contains(&value);
        if new {
            self.values[self.len] = value;
            self.len += 1;
        }
        new
    }

    fn iter(&self) -> impl Iterator<Item = usize> {
        self.values[..self.len].iter().copied()
    }

    fn clear(&mut self) {
        self.len = 0;
    }
}
