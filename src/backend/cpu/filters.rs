//! The weights as a caller has them: a matrix with a row for each output channel.

use crate::backend::cpu::isa::Isa;
use crate::backend::cpu::microkernel::transpose_into;
use crate::backend::cpu::threads::Team;
use crate::conv::TensorRef;
use half::slice::HalfFloatSliceExt;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

/// Weights a thread gets at least: fewer are done before another thread has woken.
const WORTH_SHARING: usize = 1 << 15;

/// Weights of a row that are widened from f16 at a time.
const WIDENED: usize = 64;

/// Threads of `team` that are worth having for `weights` weights.
pub(super) fn threads_for(weights: usize, team: &Team) -> usize {
    team.len().min(weights / WORTH_SHARING).max(1)
}

/// Whether none of `weights` is an infinity or NaN.
pub(super) fn are_finite(weights: TensorRef<'_>, team: &Team) -> bool {
    match weights {
        TensorRef::F32(weights) => all(weights, team, |part| are_within(part, f32::MAX)),
        TensorRef::F16(weights) => all(weights, team, |part| part.iter().all(|weight| weight.is_finite())),
    }
}

/// Whether all magnitudes are at most `most`, which no NaN's is.
pub(super) fn are_within(weights: &[f32], most: f32) -> bool {
    // No way out early, so that it is vectors that are compared.
    weights.iter().fold(true, |within, weight| within & (weight.abs() <= most))
}

/// Whether all parts of `weights` are `fine`.
fn all<T: Sync>(weights: &[T], team: &Team, fine: impl Fn(&[T]) -> bool + Sync) -> bool {
    let threads = threads_for(weights.len(), team);
    let shares = weights.chunks(weights.len().div_ceil(threads).max(1)).map(|share| share.chunks(WORTH_SHARING));
    let all = AtomicBool::new(true);
    team.take_all(
        threads,
        shares,
        || (),
        |(), part| {
            if !fine(part) {
                all.store(false, Ordering::Relaxed); // ORDERING: the team's end publishes it
            }
        },
    );
    all.into_inner()
}

/// KCRS weights.
#[derive(Clone, Copy, Debug)]
pub(super) struct Filters<'a> {
    pub isa: Isa,
    pub weights: TensorRef<'a>,
    /// Weights of a row: input channels of a group x taps.
    pub len: usize,
}

impl Filters<'_> {
    /// Writes columns `columns` of rows `rows` as rows of `transposed`, `stride` floats apart.
    pub(super) fn transpose(
        &self,
        rows: &Range<usize>,
        columns: Range<usize>,
        transposed: &mut [f32],
        stride: usize,
        widened: &mut Vec<f32>,
    ) {
        let first = rows.start * self.len;
        match self.weights {
            TensorRef::F32(weights) => {
                let source = &weights[first + columns.start..];
                transpose_into(self.isa, source, self.len, [rows.len(), columns.len()], transposed, stride);
            }
            TensorRef::F16(weights) => {
                widened.resize(rows.len() * WIDENED, 0.0);
                for start in columns.clone().step_by(WIDENED) {
                    let count = WIDENED.min(columns.end - start);
                    for (row, widened) in widened.chunks_exact_mut(WIDENED).enumerate() {
                        weights[first + row * self.len + start..][..count].convert_to_f32_slice(&mut widened[..count]);
                    }
                    let transposed = &mut transposed[(start - columns.start) * stride..];
                    transpose_into(self.isa, widened, WIDENED, [rows.len(), count], transposed, stride);
                }
            }
        }
    }
}
