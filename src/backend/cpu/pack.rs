//! Weights in the order in which the microkernels read them.

use crate::backend::BackendError;
use crate::backend::cpu::buffer::AlignedBuffer;
use crate::conv::{CHANNEL_BLOCK, ConvProblem, TensorRef};
use crate::plan::{GemmShape, KernelVariant};
use std::ops::Range;

/// Packed weights and biases of all panels: a panel is up to `tile_n` output channels of one product, and holds
/// `[channel block][tap][channel][tile_n]`, zeros where `tile_n` reaches past its last channel.
#[derive(Debug)]
pub(super) struct PackedWeights {
    weights: AlignedBuffer,
    bias: Option<AlignedBuffer>,
    panel_len: usize,
    tile_n: usize,
    panels_per_group: usize,
}

impl PackedWeights {
    /// Packs KCRS `weights`. The tensors' lengths are the problem's.
    pub(super) fn pack(
        problem: &ConvProblem,
        gemm: &GemmShape,
        variant: &KernelVariant,
        weights: TensorRef<'_>,
        bias: Option<TensorRef<'_>>,
    ) -> Result<Self, BackendError> {
        let tile_n = variant.tile_n;
        let panel_channels = variant.panel_channels(problem);
        let panels_per_group = gemm.n.div_ceil(panel_channels);
        let panel_len = gemm.k * tile_n;
        let total = (gemm.groups * panels_per_group).saturating_mul(panel_len);
        let mut packed = AlignedBuffer::zeroed(total, "packed weights")?;
        let (channels, taps) = (problem.group_in_channels(), problem.taps());
        for (index, panel) in packed.as_mut_slice().chunks_exact_mut(panel_len).enumerate() {
            let (group, first) = (index / panels_per_group, index % panels_per_group * panel_channels);
            let mut at = 0;
            for block in (0..channels).step_by(CHANNEL_BLOCK) {
                for tap in 0..taps {
                    for channel in block..(block + CHANNEL_BLOCK).min(channels) {
                        for lane in 0..panel_channels.min(gemm.n - first) {
                            let out = group * gemm.n + first + lane;
                            panel[at + lane] = weights.get((out * channels + channel) * taps + tap);
                        }
                        at += tile_n;
                    }
                }
            }
        }
        let bias = bias.map(|bias| -> Result<AlignedBuffer, BackendError> {
            let mut padded = AlignedBuffer::zeroed(gemm.groups * panels_per_group * tile_n, "packed bias")?;
            for (index, panel) in padded.as_mut_slice().chunks_exact_mut(tile_n).enumerate() {
                let (group, first) = (index / panels_per_group, index % panels_per_group * panel_channels);
                for (lane, value) in panel.iter_mut().enumerate().take(panel_channels.min(gemm.n - first)) {
                    *value = bias.get(group * gemm.n + first + lane);
                }
            }
            Ok(padded)
        });
        Ok(Self { weights: packed, bias: bias.transpose()?, panel_len, tile_n, panels_per_group })
    }

    /// Panel `panel` of `group`.
    pub(super) fn panel(&self, group: usize, panel: usize) -> &[f32] {
        self.panels(group, panel..panel + 1)
    }

    /// Some panels of `group`, one after the other.
    pub(super) fn panels(&self, group: usize, panels: Range<usize>) -> &[f32] {
        let first = group * self.panels_per_group + panels.start;
        &self.weights.as_slice()[first * self.panel_len..][..panels.len() * self.panel_len]
    }

    /// Floats of a panel: the next one of the group follows.
    pub(super) fn panel_len(&self) -> usize {
        self.panel_len
    }

    /// The biases of some panels, `tile_n` each, zeros past the last channel; `None` where the problem has none.
    pub(super) fn bias(&self, group: usize, panels: Range<usize>) -> Option<&[f32]> {
        let first = group * self.panels_per_group + panels.start;
        self.bias.as_ref().map(|bias| &bias.as_slice()[first * self.tile_n..][..panels.len() * self.tile_n])
    }
}
