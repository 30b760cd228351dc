//! How inputs reach the broadcast kernels.

use crate::conv::{ConvProblem, DType, Layout};
use crate::plan::{KernelVariant, stages_padding};

/// Floats of patched runs that a tile may hold: 256 KiB.
const PATCH_BUDGET: usize = 1 << 16;

/// How a problem's inputs reach the microkernels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
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
    /// In place where the channels of a pixel lie side by side as f32, a row of the filter at a time where they are few.
    pub(super) fn of(problem: &ConvProblem, variant: &KernelVariant) -> Self {
        let s = problem.spec();
        let in_place = s.layout == Layout::Nhwc && s.dtype == DType::F32;
        let window = problem.taps().saturating_mul(s.in_channels);
        match (stages_padding(problem), in_place) {
            (true, true) if window.saturating_mul(variant.tile_m) <= PATCH_BUDGET => Self::RowsInPlace,
            (true, _) => Self::StagedRows,
            (false, true) => Self::InPlace,
            (false, false) => Self::Staged,
        }
    }

    /// Whether a run is a whole row of the filter.
    pub(super) fn is_by_rows(self) -> bool {
        matches!(self, Self::RowsInPlace | Self::StagedRows)
    }

    pub(super) fn is_staged(self) -> bool {
        matches!(self, Self::Staged | Self::StagedRows)
    }
}
