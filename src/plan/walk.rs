//! The order in which a thread takes the tiles of a lanewise block.

use crate::conv::ConvProblem;
use crate::plan::machine::{Family, KernelVariant, MachineModel};
use crate::plan::tile::passes_through_caches;
use std::fmt;

/// Which tile of a block comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Walk {
    /// The next one of the row, with all channels of the block: memory is read as it lies.
    AlongRows,
    /// The one below, for a few panels of channels: input rows that windows share are still in the first-level cache.
    DownColumns {
        /// How many panels.
        panels: usize,
    },
}

/// From so many multiply-adds an output on, arithmetic takes longer than the second-level cache: 3x3 with four channels a
/// group and 5x5 depthwise gain nothing by going down.
const ARITHMETIC_STEPS: usize = 20;

/// Share of the first-level cache for the windows and weights of panels that go down together; the outputs and the rows
/// that come next take the rest.
const L1_SHARE: usize = 2;

impl Walk {
    /// For `variant`. Lane by lane on a CPU; other kernels go along the rows.
    ///
    /// Measured on Zen 4: 3x3 depthwise layers that outgrow L2 gain 5 to 39 % by going down; those that fit it lose up to
    /// 9 %, and inputs from main memory lose more.
    pub(super) fn new(problem: &ConvProblem, machine: &MachineModel, variant: &KernelVariant) -> Self {
        let from_memory = passes_through_caches(problem, machine, problem.input_len());
        let group_in = problem.group_in_channels();
        let tensors = (problem.input_len() as u64).saturating_add(problem.output_len() as u64);
        let second_level = machine.levels.get(1).and_then(|level| level.capacity_bytes).unwrap_or(0);
        if variant.family != Family::Lanewise
            || !machine.compute.caller_is_unit
            || from_memory
            || tensors.saturating_mul(variant.dtype.bytes() as u64) <= second_level
            || problem.reduction_len() >= ARITHMETIC_STEPS
        {
            return Self::AlongRows;
        }
        let s = problem.spec();
        let columns = (variant.tile_m - 1).saturating_mul(s.stride[1]).saturating_add(s.kernel[1]);
        let inputs = variant.panel_channels(problem) / problem.group_out_channels() * group_in;
        let window = s.kernel[0].saturating_mul(columns).saturating_mul(inputs);
        let weights = problem.reduction_len().saturating_mul(variant.tile_n);
        let bytes = window.saturating_add(weights).saturating_mul(variant.dtype.bytes()).max(1);
        let capacity = machine.levels.first().and_then(|level| level.capacity_bytes);
        let capacity = usize::try_from(capacity.unwrap_or(0)).unwrap_or(usize::MAX);
        Self::DownColumns { panels: (capacity / L1_SHARE / bytes).max(1) }
    }
}

impl fmt::Display for Walk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AlongRows => f.write_str("along the rows, all channels of a block"),
            Self::DownColumns { panels } => {
                write!(
                    f,
                    "down the columns of a tile, at most {panels} vectors of channels: rows that windows share stay in L1"
                )
            }
        }
    }
}
