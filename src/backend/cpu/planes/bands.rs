//! The pieces of an output: bands of its planes, runs of groups, blocks of channels.

use crate::backend::cpu::planes::strip::{Strip, Window};
use crate::conv::ConvProblem;
use crate::plan::TilePlan;
use std::ops::Range;

/// Floats of a strip that all output channels of a group meet: half of a common L2.
const SHARED_STRIP: usize = 1 << 17;
/// Floats of a strip where few output channels meet it, so that copying must stay in L1.
const SMALL_STRIP: usize = 1 << 12;
/// Output channels of a group up to which a strip is small.
const FEW_CHANNELS: usize = 4;
/// Floats that a strip may have where no band is smaller: 4 MiB.
const STRIP_LIMIT: usize = 1 << 20;
/// Multiply-adds that are worth a piece of their own.
const PIECE_STEPS: usize = 1 << 18;
/// Pieces that each thread should find.
const PIECES_A_THREAD: usize = 4;

/// How the output is cut: images x runs of groups x bands x blocks of output channels.
#[derive(Clone, Debug)]
pub(super) struct Pieces {
    images: usize,
    groups: usize,
    groups_a_piece: usize,
    output: [usize; 2],
    /// Rows and columns of a band; all columns unless it is a part of one row.
    band: [usize; 2],
    group_out: usize,
    /// Output channels of a piece, and of the blocks whose weights stay in the caches within it.
    channels_a_piece: usize,
    block_n: usize,
    /// Pieces that are handed out together: neighbours, so that a thread finds its part of the tensors in its own
    /// caches.
    together: usize,
}

/// One of them.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    pub image: usize,
    pub groups: Range<usize>,
    /// Output channels within each group.
    pub channels: Range<usize>,
    /// First output row and column, and how many of both.
    pub first: [usize; 2],
    pub size: [usize; 2],
    /// Whether the band is smaller than the others.
    pub is_last_size: bool,
}

impl Pieces {
    /// The plan's blocks as bands, as far as the scratch allows them; `None` where a band of one vector is too large.
    pub(super) fn new(
        problem: &ConvProblem,
        plan: &TilePlan,
        window: &Window,
        lanes: usize,
        in_place: bool,
        threads: usize,
    ) -> Option<Self> {
        let (s, output) = (problem.spec(), [window.rows.output, window.columns.output]);
        let group_out = problem.group_out_channels();
        let budget = if group_out <= FEW_CHANNELS { SMALL_STRIP } else { SHARED_STRIP };
        let strip_len = |band: [usize; 2]| Strip::staged(window, band).len(problem.group_in_channels());
        // Too little to share with another thread.
        let steps = problem.output_len().saturating_mul(problem.reduction_len());
        let is_small = steps < 2 * PIECE_STEPS;
        let mut band = if is_small || (group_out <= FEW_CHANNELS && !in_place) {
            output
        } else if output[0] == 1 {
            [1, plan.block_m.min(output[1])]
        } else {
            [(plan.block_m / output[1]).clamp(1, output[0]), output[1]]
        };
        // Rows first, then columns of a single row.
        while !in_place && strip_len(band) > budget {
            if band[0] > 1 {
                band[0] = band[0].div_ceil(2);
            } else if band[1] > 8 * lanes {
                band[1] = band[1].div_ceil(2).next_multiple_of(lanes);
            } else if strip_len(band) <= STRIP_LIMIT {
                break;
            } else if band[1] > lanes {
                band[1] = (band[1] / 2).next_multiple_of(lanes);
            } else {
                return None;
            }
        }
        if band[0] > 1 {
            // Even bands, as many for each thread.
            let bands = output[0].div_ceil(band[0]);
            let bands = if !is_small && bands * s.batch * s.groups < threads * PIECES_A_THREAD {
                bands.next_multiple_of(threads).min(output[0])
            } else {
                bands
            };
            band[0] = output[0].div_ceil(bands);
        }
        let steps = band[0] * band[1] * group_out * problem.reduction_len();
        let groups_a_piece = (PIECE_STEPS / steps.max(1)).min(budget / strip_len(band).max(1)).clamp(1, s.groups);
        let mut pieces = Self {
            images: s.batch,
            groups: s.groups,
            groups_a_piece,
            output,
            band,
            group_out,
            channels_a_piece: group_out,
            block_n: plan.block_n.min(group_out),
            together: 1,
        };
        if !is_small && pieces.count() < threads * PIECES_A_THREAD {
            pieces.split_channels(plan.variant.tile_n, threads, problem.reduction_len());
        }
        pieces.together = (pieces.count() / (threads * PIECES_A_THREAD)).max(1);
        Some(pieces)
    }

    /// Gives pieces fewer output channels, as long as they are worth it.
    fn split_channels(&mut self, tile_n: usize, threads: usize, reduction: usize) {
        if threads == 1 {
            return;
        }
        let wanted = (threads * PIECES_A_THREAD).div_ceil(self.count());
        let least = PIECE_STEPS.div_ceil((self.band[0] * self.band[1]).saturating_mul(reduction).max(1));
        let channels = self.group_out.div_ceil(wanted).max(least).next_multiple_of(tile_n);
        self.channels_a_piece = channels.min(self.group_out);
    }

    /// The most groups of a piece.
    pub(super) fn groups_a_piece(&self) -> usize {
        self.groups_a_piece
    }

    /// Rows and columns of a whole band.
    pub(super) fn band(&self) -> [usize; 2] {
        self.band
    }

    /// Rows and columns of a plane's last band.
    pub(super) fn last_band(&self) -> [usize; 2] {
        std::array::from_fn(|axis| {
            self.output[axis] - (self.output[axis].div_ceil(self.band[axis]) - 1) * self.band[axis]
        })
    }

    /// Images, runs of groups, bands, blocks of channels; the last ones vary fastest.
    fn grid(&self) -> [usize; 4] {
        let bands = self.output[0].div_ceil(self.band[0]) * self.output[1].div_ceil(self.band[1]);
        let channels = self.group_out.div_ceil(self.channels_a_piece);
        [self.images, self.groups.div_ceil(self.groups_a_piece), bands, channels]
    }

    fn count(&self) -> usize {
        self.grid().iter().product()
    }

    /// How many runs of pieces there are to hand out.
    pub(super) fn runs(&self) -> usize {
        self.count().div_ceil(self.together)
    }

    /// The pieces of run `index`, below that.
    pub(super) fn run(&self, index: usize) -> impl Iterator<Item = Piece> {
        let first = index * self.together;
        (first..self.count().min(first + self.together)).map(|piece| self.get(piece))
    }

    /// Piece `index`, below the count.
    fn get(&self, index: usize) -> Piece {
        let [_, runs, bands, blocks] = self.grid();
        let (block, rest) = (index % blocks, index / blocks);
        let (band, rest) = (rest % bands, rest / bands);
        let (run, image) = (rest % runs, rest / runs);
        let across = self.output[1].div_ceil(self.band[1]);
        let first = [band / across * self.band[0], band % across * self.band[1]];
        let size = std::array::from_fn(|axis| self.band[axis].min(self.output[axis] - first[axis]));
        let span = |at: usize, len: usize, all: usize| at * len..((at + 1) * len).min(all);
        Piece {
            image,
            groups: span(run, self.groups_a_piece, self.groups),
            channels: span(block, self.channels_a_piece, self.group_out),
            first,
            size,
            is_last_size: size != self.band,
        }
    }

    /// `channels` in blocks.
    pub(super) fn channel_blocks(&self, channels: &Range<usize>) -> impl Iterator<Item = Range<usize>> {
        let (end, step) = (channels.end, self.block_n);
        channels.clone().step_by(step).map(move |first| first..(first + step).min(end))
    }
}
