//! Weights in the order in which the microkernels read them.

use crate::backend::BackendError;
use crate::backend::cpu::buffer::AlignedBuffer;
use crate::backend::cpu::filters::{self, Filters};
use crate::backend::cpu::prepared::Ingredients;
use crate::conv::CHANNEL_BLOCK;
use std::ops::Range;

/// Floats that are packed at a time: few enough for balance.
const PIECE: usize = 1 << 15;

/// Rows of a panel that are transposed before they take their places: what is read and written meanwhile fits a
/// first-level cache.
const REORDERED: usize = 3 * CHANNEL_BLOCK;

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
    /// Packs the weights for the direct method of the plan, on all threads where that is worth it.
    pub(super) fn pack(ingredients: &Ingredients<'_>) -> Result<Self, BackendError> {
        let Ingredients { problem, plan, isa, team, weights, bias } = *ingredients;
        let (gemm, tile_n, taps) = (&plan.gemm, plan.variant.tile_n, problem.taps());
        let panel_channels = plan.variant.panel_channels(problem);
        let panels_per_group = gemm.n.div_ceil(panel_channels);
        let panels = gemm.groups * panels_per_group;
        let panel_len = gemm.k * tile_n;
        // The output channels of a panel.
        let channels = |panel: usize| {
            let first = panel % panels_per_group * panel_channels;
            let start = panel / panels_per_group * gemm.n + first;
            start..start + panel_channels.min(gemm.n - first)
        };

        let mut packed = AlignedBuffer::zeroed(panels.saturating_mul(panel_len), "packed weights")?;
        let block_len = (taps * CHANNEL_BLOCK).saturating_mul(tile_n);
        let piece_len = (PIECE / block_len).max(1).saturating_mul(block_len);
        let threads = filters::threads_for(weights.len(), team);
        let panels_a_share = panels.div_ceil(threads);
        // Threads start far apart, so that no two of them touch the same huge page for the first time.
        let shares = (packed.as_mut_slice().chunks_mut(panels_a_share.saturating_mul(panel_len)).enumerate()).map(
            |(share, panels)| {
                panels.chunks_exact_mut(panel_len).enumerate().flat_map(move |(index, panel)| {
                    let panel = panel.chunks_mut(piece_len).enumerate();
                    panel.map(move |(piece, floats)| (share * panels_a_share + index, piece * piece_len, floats))
                })
            },
        );
        let packing = Packing { filters: Filters { isa, weights, len: gemm.k }, taps, tile_n };
        team.take_all(threads, shares, Scratch::default, |scratch, (panel, start, floats)| {
            packing.pack(&channels(panel), start / tile_n, floats, scratch);
        });

        let bias = bias.map(|bias| -> Result<AlignedBuffer, BackendError> {
            let mut padded = AlignedBuffer::zeroed(panels * tile_n, "packed bias")?;
            for (index, panel) in padded.as_mut_slice().chunks_exact_mut(tile_n).enumerate() {
                panel.iter_mut().zip(channels(index)).for_each(|(value, channel)| *value = bias.get(channel));
            }
            Ok(padded)
        });
        Ok(Self { weights: packed, bias: bias.transpose()?, panel_len, tile_n, panels_per_group })
    }

    /// Puts lane `lanes[i]` of each panel's weights into lane `i`; the biases stay.
    pub(super) fn reorder_lanes(&mut self, lanes: &[usize]) {
        let mut before = vec![0.0; lanes.len()];
        for vector in self.weights.as_mut_slice().chunks_exact_mut(lanes.len()) {
            before.copy_from_slice(vector);
            vector.iter_mut().zip(lanes).for_each(|(value, lane)| *value = before[*lane]);
        }
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

/// What the threads share while they pack.
struct Packing<'a> {
    filters: Filters<'a>,
    taps: usize,
    tile_n: usize,
}

/// A thread's scratch, empty until it is needed.
#[derive(Default)]
struct Scratch {
    transposed: Vec<f32>,
    widened: Vec<f32>,
}

impl Packing<'_> {
    /// Packs whole channel blocks of a panel, from weight `start` of each filter on; `floats` are zeros.
    fn pack(&self, filters: &Range<usize>, start: usize, floats: &mut [f32], scratch: &mut Scratch) {
        if self.taps == 1 {
            return self.block(filters, start, floats, scratch);
        }
        let columns = CHANNEL_BLOCK * self.taps;
        for (index, block) in floats.chunks_mut(columns * self.tile_n).enumerate() {
            self.block(filters, start + index * columns, block, scratch);
        }
    }

    /// Packs `block`, of channels whose taps are reordered among themselves.
    fn block(&self, filters: &Range<usize>, start: usize, block: &mut [f32], scratch: &mut Scratch) {
        let (taps, tile_n) = (self.taps, self.tile_n);
        let columns = block.len() / tile_n;
        let depth = columns / taps;
        if depth == 1 || taps == 1 {
            return self.filters.transpose(filters, start..start + columns, block, tile_n, &mut scratch.widened);
        }
        scratch.transposed.resize(REORDERED * tile_n, 0.0);
        for first in (0..columns).step_by(REORDERED) {
            let count = REORDERED.min(columns - first);
            let from = start + first..start + first + count;
            self.filters.transpose(filters, from, &mut scratch.transposed, tile_n, &mut scratch.widened);
            let (mut channel, mut tap) = (first / taps, first % taps);
            for row in scratch.transposed.chunks_exact(tile_n).take(count) {
                let to = (tap * depth + channel) * tile_n;
                block[to..to + filters.len()].copy_from_slice(&row[..filters.len()]);
                tap += 1;
                if tap == taps {
                    (channel, tap) = (channel + 1, 0);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a panic is how a test fails

    use super::*;
    use crate::backend::cpu::info::CpuInfo;
    use crate::backend::cpu::isa::Isa;
    use crate::backend::cpu::threads::Team;
    use crate::conv::text::benchdnn;
    use crate::conv::{ConvProblem, TensorRef};
    use crate::plan::{MachineModel, plan};
    use half::f16;
    use std::sync::Arc;

    /// Element by element, from the definition of the layout.
    fn packed(
        problem: &ConvProblem,
        tile_n: usize,
        panel_channels: usize,
        group_n: usize,
        weights: &[f32],
    ) -> Vec<f32> {
        let (channels, taps) = (problem.group_in_channels(), problem.taps());
        let mut packed = Vec::new();
        for group in (0..problem.spec().out_channels).step_by(group_n) {
            for first in (0..group_n).step_by(panel_channels) {
                for block in (0..channels).step_by(CHANNEL_BLOCK) {
                    for tap in 0..taps {
                        for channel in block..(block + CHANNEL_BLOCK).min(channels) {
                            for lane in 0..tile_n {
                                let used = lane < panel_channels && first + lane < group_n;
                                let at = ((group + first + lane) * channels + channel) * taps + tap;
                                packed.push(if used { weights[at] } else { 0.0 });
                            }
                        }
                    }
                }
            }
        }
        packed
    }

    #[test]
    fn every_weight_finds_its_place() {
        let problems = [
            "ic64ih7oc96kh3ph1",
            "ic37ih7oc45kh3ph1",
            "ic512ih4oc160kh1ph0",
            "ic3ih20oc17kh7ph3",
            "g6ic18ih7oc30kh3ph1",
            "g4ic80ih7oc12kh2kw5ph1",
            "g40ic40ih9oc40kh3ph1",
            "g5ic20ih9oc15kh3ph1",
            "ic2ih90oc3kh61kw70ph1",
            "ic400ih5oc70kh3ph1",
        ];
        for isa in Isa::available() {
            for threads in [1, 3] {
                let machine = CpuInfo::detect().machine(isa, threads);
                let team = Arc::new(Team::new(threads).unwrap());
                for problem in problems.map(|text| benchdnn::parse(text).unwrap().problem) {
                    check(&machine, isa, &team, &problem);
                }
            }
        }
    }

    /// Packs with every kernel of the machine, from f32 and f16.
    fn check(machine: &MachineModel, isa: Isa, team: &Arc<Team>, problem: &ConvProblem) {
        // Whole numbers that f16 holds, and no two neighbours alike.
        let weights: Vec<_> = (0..problem.weights_len()).map(|i| (i % 2039) as f32 + 1.0).collect();
        let halves: Vec<_> = weights.iter().copied().map(f16::from_f32).collect();
        for variant in machine.variants.iter().filter(|variant| variant.can_compute(problem)) {
            let Ok(plan) = plan(problem, &MachineModel { variants: vec![*variant], ..machine.clone() }) else {
                continue;
            };
            let want = packed(problem, variant.tile_n, variant.panel_channels(problem), plan.gemm.n, &weights);
            for weights in [TensorRef::F32(&weights), TensorRef::F16(&halves)] {
                let ingredients = Ingredients { problem, plan: &plan, isa, team, weights, bias: None };
                let got = PackedWeights::pack(&ingredients).unwrap();
                assert!(got.weights.as_slice() == want, "{} for {problem:?}, {}", variant.name, weights.dtype());
            }
        }
    }
}
