//! Filters transformed in f64 and rounded once, in the order in which the products read them.

use crate::backend::BackendError;
use crate::backend::cpu::buffer::AlignedBuffer;
use crate::conv::{ConvProblem, TensorRef, WinogradTile};

/// Output channels that are transformed together.
const LANES: usize = 8;
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
    /// Whether none of them overflowed: infinity times an input of zero would be NaN.
    pub(super) fn are_finite(&self) -> bool {
        self.floats.as_slice().iter().all(|weight| weight.is_finite())
    }

    /// Transforms KCRS `weights` of 3 x 3 taps, in panels of `tile_n` and blocks of `panels` panels.
    pub(super) fn new(
        problem: &ConvProblem,
        tile: WinogradTile,
        tile_n: usize,
        panels: usize,
        weights: TensorRef<'_>,
        bias: Option<TensorRef<'_>>,
    ) -> Result<Self, BackendError> {
        let (outs, channels, products) = (problem.spec().out_channels, problem.spec().in_channels, tile.products());
        let panel = channels.saturating_mul(tile_n).saturating_add(GAP);
        let blocks = outs.div_ceil(tile_n).div_ceil(panels);
        let total = blocks.saturating_mul(panels).saturating_mul(products).saturating_mul(panel);
        let mut floats = AlignedBuffer::zeroed(total, "transformed weights")?;
        let taps = Taps { weights, channels, outs };
        let of_product = panels * panel;
        for (index, block) in floats.as_mut_slice().chunks_exact_mut(products * of_product).enumerate() {
            for first in (0..panels * tile_n).step_by(LANES) {
                let at = first / tile_n * panel + first % tile_n;
                let out = index * panels * tile_n + first;
                for channel in 0..channels {
                    let at = at + channel * tile_n;
                    let place = |product: usize| product * of_product + at;
                    match tile {
                        WinogradTile::F2 => transform::<4>(WinogradTile::F2, &taps.of(out, channel), block, place),
                        WinogradTile::F4 => transform::<6>(WinogradTile::F4, &taps.of(out, channel), block, place),
                    }
                }
            }
        }
        let padded_bias = |bias: TensorRef<'_>| -> Result<AlignedBuffer, BackendError> {
            let mut padded = AlignedBuffer::zeroed(blocks * panels * tile_n, "packed bias")?;
            padded.as_mut_slice().iter_mut().zip(0..outs).for_each(|(value, out)| *value = bias.get(out));
            Ok(padded)
        };
        Ok(Self { floats, bias: bias.map(padded_bias).transpose()?, products, panels, tile_n, panel })
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

/// The filters of a problem.
struct Taps<'a> {
    weights: TensorRef<'a>,
    channels: usize,
    outs: usize,
}

impl Taps<'_> {
    /// The nine taps of [`LANES`] filters from `out` on, for one input channel; zeros past the last filter.
    fn of(&self, out: usize, channel: usize) -> [[f64; LANES]; 9] {
        let mut taps = [[0.0; LANES]; 9];
        for lane in 0..LANES.min(self.outs.saturating_sub(out)) {
            let at = ((out + lane) * self.channels + channel) * 9;
            match self.weights {
                TensorRef::F32(weights) => {
                    for (tap, weight) in taps.iter_mut().zip(&weights[at..at + 9]) {
                        tap[lane] = f64::from(*weight);
                    }
                }
                TensorRef::F16(weights) => {
                    for (tap, weight) in taps.iter_mut().zip(&weights[at..at + 9]) {
                        tap[lane] = weight.to_f64();
                    }
                }
            }
        }
        taps
    }
}

/// `G g G'` of [`LANES`] filters, each product's at its `place`.
#[inline(always)]
fn transform<const T: usize>(
    tile: WinogradTile,
    taps: &[[f64; LANES]; 9],
    block: &mut [f32],
    place: impl Fn(usize) -> usize,
) {
    let filter = |taps: [&[f64; LANES]; 3], row: usize| -> [f64; LANES] {
        std::array::from_fn(|lane| tile.filter(taps.map(|tap| tap[lane]), row))
    };
    for i in 0..T {
        let row: [[f64; LANES]; 3] = std::array::from_fn(|s| filter([&taps[s], &taps[3 + s], &taps[6 + s]], i));
        for j in 0..T {
            let at = place(i * T + j);
            let rounded = filter([&row[0], &row[1], &row[2]], j).map(|value| value as f32); // CAST: the one rounding
            block[at..at + LANES].copy_from_slice(&rounded);
        }
    }
}
