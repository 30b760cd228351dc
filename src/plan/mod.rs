//! HOW it is cut: one planner for every machine. Pure: no I/O, no clock, no environment.
//!
//! [`plan`] makes a list of candidates from sizes and capacities alone, asks [`cost`] for the seconds of each, and
//! takes the cheapest. Bandwidths only enter the seconds, never the list, so a faster level never makes a plan
//! slower. The equations are explained in `docs/planner.md`.

mod candidates;
mod cost;
mod cpu;
mod explain;
mod gpu;
mod machine;
mod tile;

pub use cpu::{CpuCache, cpu_levels, cpu_machine, cpu_variants};
pub use explain::render_side_by_side;
pub use gpu::{gpu_model, gpu_models};
pub use machine::{Compute, Family, KernelVariant, MachineModel, MemoryLevel};
pub use tile::{GemmShape, LevelUse, LoopOrder, OutputBlock, TilePlan};

use crate::conv::{ConvProblem, DType};
use candidates::Cut;
use cost::Estimator;

/// The most bytes of input that one block touches wherever a block of one register tile and
/// [`CHANNEL_BLOCK`](crate::conv::CHANNEL_BLOCK) channels stays below it: a backend may have to keep a converted
/// copy of a block's input.
pub const INPUT_BLOCK_BYTES: u64 = 4 << 20;

/// Why there is no plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// No kernel of the machine can compute the problem.
    #[error("{machine} has no kernel for {what}")]
    NoVariant {
        /// The machine.
        machine: String,
        /// What is missing.
        what: String,
    },
}

/// Cuts `problem` for `machine`: the cheapest candidate by the capacity and bandwidth equations.
///
/// An f16 problem takes the machine's f16 kernels, or its f32 kernels (which widen on load) where it has none.
///
/// # Errors
/// [`PlanError::NoVariant`] where the machine has no kernel for the problem, or no memory level at all.
pub fn plan(problem: &ConvProblem, machine: &MachineModel) -> Result<TilePlan, PlanError> {
    let dtype = problem.spec().dtype;
    let stored = if machine.variants.iter().any(|v| v.dtype == dtype) {
        dtype
    } else {
        DType::F32
    };
    let mut best: Option<(Estimator<'_>, Cut, f64)> = None;
    let mut compared = 0;
    for variant in machine
        .variants
        .iter()
        .filter(|v| v.dtype == stored && serves(v, problem))
    {
        let estimator = Estimator::new(problem, machine, variant);
        candidates::for_each(&estimator, |cut| {
            compared += 1;
            let seconds = estimator.seconds(&cut);
            // A cut that fits goes before one that doesn't; among equals the earlier one stays.
            let better = best.as_ref().is_none_or(|(_, held, fewest)| {
                (cut.fits, -seconds).partial_cmp(&(held.fits, -fewest)) == Some(std::cmp::Ordering::Greater)
            });
            if better {
                best = Some((estimator, cut, seconds));
            }
        });
    }
    match best {
        Some((estimator, cut, _)) if !machine.levels.is_empty() => Ok(estimator.into_plan(&cut, compared)),
        _ => Err(PlanError::NoVariant {
            machine: machine.name.clone(),
            what: format!("{dtype} with {} groups", problem.spec().groups),
        }),
    }
}

/// Whether `variant` can compute `problem`: one group has nothing to lay side by side in a vector.
fn serves(variant: &KernelVariant, problem: &ConvProblem) -> bool {
    variant.tile_m > 0
        && variant.tile_n > 0
        && (variant.family == Family::Broadcast || problem.spec().groups > 1)
}
