//! Filters transformed in f64 and rounded once, in the order in which the products read them.

use crate::backend::BackendError;
use crate::backend::cpu::buffer::{AlignedBuffer, table};
use crate::backend::cpu::filters::{self, Filters};
use crate::backend::cpu::microkernel::winograd::{FilterCall, TAPS, transform_filters};
use crate::backend::cpu::prepared::Ingredients;
use crate::conv::{TensorRef, WinogradTile};
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

/// Input channels of a piece of work.
const PIECE_CHANNELS: usize = 128;
/// Input channels whose taps are transposed together: whole vectors, and few, since they stay in the first-level cache.
const TRANSPOSED_CHANNELS: usize = 16;
/// Filters of smaller weights don't overflow: see [`WinogradTile::growth`].
const HARMLESS: f32 = f32::MAX / 16.0;
/// Floats between panels, so that the matrices of a filter, which are written together, don't share sets of the cache.
const GAP: usize = 16;

/// `[block][product][panel][input channel][tile_n]`, zeros past the last output channel, and the biases.
#[derive(Debug)]
pub(super) struct TransformedWeights {
    floats: AlignedBuffer,
    bias: Option<AlignedBuffer>,
    products: usize,
    /// Panels of a block.
    panels: usize,
    tile_n: usize,
    /// Floats between panels.
    panel: usize,
}

impl TransformedWeights {
    /// Transforms filters of 3 x 3 taps, in panels of `tile_n` and blocks of `panels` panels. `Ok(None)` where one of them
    /// is infinite or NaN then, as each is that was before: infinity times an input of zero would be NaN.
    pub(super) fn new(
        ingredients: &Ingredients<'_>,
        tile: WinogradTile,
        tile_n: usize,
        panels: usize,
    ) -> Result<Option<Self>, BackendError> {
        let Ingredients { problem, isa, team, weights, bias, .. } = *ingredients;
        let (outs, channels, products) = (problem.spec().out_channels, problem.spec().in_channels, tile.products());
        let panel = channels.saturating_mul(tile_n).saturating_add(GAP);
        let blocks = outs.div_ceil(tile_n).div_ceil(panels);
        let total = blocks.saturating_mul(panels).saturating_mul(products).saturating_mul(panel);
        let threads = filters::threads_for(weights.len(), team);
        let mut floats = AlignedBuffer::zeroed(total, "transformed weights")?;
        floats.touch(threads, team); // each thread will write all over it

        // A piece is some channels of a panel, in the matrices of all products; those of a piece stand side by side.
        let parts = channels.div_ceil(PIECE_CHANNELS);
        let pieces = blocks * panels * parts;
        let places = pieces.saturating_mul(products);
        let mut matrices =
            table(places, (0..places).map(|_| <&mut [f32]>::default()), "places of transformed weights")?;
        for (index, matrix) in floats.as_mut_slice().chunks_exact_mut(panel).enumerate() {
            let (block, at) = (index / (products * panels), index % panels);
            let product = index / panels % products;
            let of_panel = matrices[(block * panels + at) * parts * products..].iter_mut().skip(product);
            let parts_of_matrix = matrix[..channels * tile_n].chunks_mut(PIECE_CHANNELS * tile_n);
            of_panel.step_by(products).zip(parts_of_matrix).for_each(|(place, part)| *place = part);
        }
        let pieces_a_share = pieces.div_ceil(threads);
        let transform = Transform { filters: Filters { isa, weights, len: channels * TAPS }, tile, tile_n };
        let harmless = AtomicBool::new(true);
        let shares = matrices.chunks_mut(pieces_a_share * products).enumerate().map(|(share, matrices)| {
            let pieces = matrices.chunks_mut(products).enumerate();
            pieces.map(move |(index, piece)| (share * pieces_a_share + index, piece))
        });
        team.take_all(threads, shares, Scratch::default, |scratch, (index, piece)| {
            let first = index / parts * tile_n;
            let outs = first.min(outs)..(first + tile_n).min(outs);
            if !transform.piece(&outs, index % parts * PIECE_CHANNELS, piece, scratch) {
                harmless.store(false, Ordering::Relaxed); // ORDERING: the team's end publishes it
            }
        });
        if !harmless.into_inner() && !filters::are_finite(TensorRef::F32(floats.as_slice()), team) {
            return Ok(None);
        }

        let padded_bias = |bias: TensorRef<'_>| -> Result<AlignedBuffer, BackendError> {
            let mut padded = AlignedBuffer::zeroed(blocks * panels * tile_n, "packed bias")?;
            padded.as_mut_slice().iter_mut().zip(0..outs).for_each(|(value, out)| *value = bias.get(out));
            Ok(padded)
        };
        Ok(Some(Self { floats, bias: bias.map(padded_bias).transpose()?, products, panels, tile_n, panel }))
    }

    /// The panel of a product; where there is none, an empty slice.
    pub(super) fn panel(&self, block: usize, product: usize, panel: usize) -> &[f32] {
        let index = (block * self.products + product) * self.panels + panel;
        self.floats.as_slice().get(index * self.panel..(index + 1) * self.panel).unwrap_or_default()
    }

    /// The biases of a block's channels; `None` where the problem has none.
    pub(super) fn bias(&self, block: usize) -> Option<&[f32]> {
        let len = self.panels * self.tile_n;
        self.bias.as_ref().map(|bias| &bias.as_slice()[block * len..][..len])
    }
}

/// What the threads share while they transform.
struct Transform<'a> {
    filters: Filters<'a>,
    tile: WinogradTile,
    tile_n: usize,
}

/// A thread's scratch.
#[derive(Default)]
struct Scratch {
    /// `[input channel][tap][tile_n]`.
    taps: Vec<f32>,
    widened: Vec<f32>,
}

impl Transform<'_> {
    /// Transforms the filters of output channels `outs` for the input channels from `channel` on into `matrices`, a part of
    /// each product's. Whether all weights were [`HARMLESS`].
    fn piece(&self, outs: &Range<usize>, channel: usize, matrices: &mut [&mut [f32]], scratch: &mut Scratch) -> bool {
        if outs.is_empty() {
            return true; // a panel of zeros, which fills up a block
        }
        let (tile_n, Scratch { taps, widened }) = (self.tile_n, scratch);
        let channels = matrices.first().map_or(0, |matrix| matrix.len() / tile_n);
        let mut harmless = true;
        for first in (0..channels).step_by(TRANSPOSED_CHANNELS) {
            let count = TRANSPOSED_CHANNELS.min(channels - first);
            let columns = (channel + first) * TAPS..(channel + first + count) * TAPS;
            taps.resize(count * TAPS * tile_n, 0.0);
            if outs.len() < tile_n {
                taps.fill(0.0); // lanes past the last filter, whatever the panel before left there
            }
            self.filters.transpose(outs, columns, taps, tile_n, widened);
            harmless &= filters::are_within(taps, HARMLESS);
            let mut call = FilterCall { taps, tile_n, matrices, at: first * tile_n };
            transform_filters(self.filters.isa, self.tile, &mut call);
        }
        harmless
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a panic is how a test fails

    use super::*;
    use crate::backend::cpu::info::CpuInfo;
    use crate::backend::cpu::isa::Isa;
    use crate::backend::cpu::threads::Team;
    use crate::conv::ConvProblem;
    use crate::conv::text::benchdnn;
    use crate::plan::plan;
    use half::f16;
    use std::sync::Arc;

    /// `G g G'` of nine taps, rounded once.
    fn transformed(tile: WinogradTile, taps: &[f32]) -> Vec<f32> {
        let column = |taps: [f64; 3]| match tile {
            WinogradTile::F2 => WinogradTile::filter_f2(taps).to_vec(),
            WinogradTile::F4 => WinogradTile::filter_f4(taps).to_vec(),
        };
        let columns = [0, 1, 2].map(|s| column([0, 3, 6].map(|row| f64::from(taps[row + s]))));
        let rows = (0..tile.inputs()).flat_map(|i| column([0, 1, 2].map(|s| columns[s][i])));
        rows.map(|value| value as f32).collect()
    }

    fn weights_of(
        problem: &ConvProblem,
        isa: Isa,
        threads: usize,
        (tile, tile_n, panels): (WinogradTile, usize, usize),
        weights: TensorRef<'_>,
    ) -> Option<TransformedWeights> {
        let team = Arc::new(Team::new(threads).unwrap());
        let plan = plan(problem, &CpuInfo::detect().machine(isa, threads)).unwrap();
        let ingredients = Ingredients { problem, plan: &plan, isa, team: &team, weights, bias: None };
        TransformedWeights::new(&ingredients, tile, tile_n, panels).unwrap()
    }

    #[test]
    fn every_filter_is_transformed_and_finds_its_place() {
        for (channels, outs, panels) in [(16, 16_usize, 1), (33, 70, 2), (131, 45, 3), (300, 96, 2)] {
            let problem = benchdnn::parse(&format!("ic{channels}ih9oc{outs}kh3ph1")).unwrap().problem;
            let halves: Vec<_> = (0..problem.weights_len()).map(|i| f16::from_f32((i % 2039) as f32 * 0.37)).collect();
            let floats: Vec<_> = halves.iter().map(|weight| weight.to_f32()).collect();
            for (isa, threads) in Isa::available().into_iter().flat_map(|isa| [(isa, 1), (isa, 3)]) {
                for tile in [WinogradTile::F2, WinogradTile::F4] {
                    for (tile_n, weights) in
                        [(32, TensorRef::F32(&floats)), (48, TensorRef::F32(&floats)), (8, TensorRef::F16(&halves))]
                    {
                        let got = weights_of(&problem, isa, threads, (tile, tile_n, panels), weights).unwrap();
                        for out in 0..outs.next_multiple_of(tile_n) {
                            let (block, panel) = (out / tile_n / panels, out / tile_n % panels);
                            for channel in 0..channels {
                                let taps = floats.get((out * channels + channel) * 9..).unwrap_or_default();
                                let used = (out < outs).then(|| transformed(tile, taps));
                                for product in 0..tile.products() {
                                    let got = got.panel(block, product, panel)[channel * tile_n + out % tile_n];
                                    let fine = match &used {
                                        Some(want) => got.to_bits() == want[product].to_bits(),
                                        None => got == 0.0,
                                    };
                                    assert!(fine, "{isa} {tile} {out} {channel} {product}: {got}");
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_not_finite_or_overflows_is_refused() {
        let problem = benchdnn::parse("ic40ih9oc40kh3ph1").unwrap().problem;
        let isa = Isa::best();
        for (spoilt, fine) in [(f32::NAN, false), (f32::NEG_INFINITY, false), (f32::MAX, false), (1e38, true)] {
            for at in [0, 4, 8, problem.weights_len() - 5] {
                let mut weights = vec![0.5; problem.weights_len()];
                weights[at..].iter_mut().take(9).for_each(|weight| *weight = spoilt);
                let got = weights_of(&problem, isa, 2, (WinogradTile::F4, 16, 3), TensorRef::F32(&weights));
                assert_eq!(got.is_some(), fine, "{spoilt} at {at}");
            }
        }
    }
}
