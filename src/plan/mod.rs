//! HOW it is cut: one planner for every machine. Pure: no I/O, no clock, no environment.
//!
//! A convolution is an implicit matrix product: `m` output pixels x `n` output channels, summed over `k` = taps x input
//! channels. [`plan`] tries the kernels that exist with blocks of several sizes, prices each by how often every operand
//! crosses every memory level (`cost`), and returns the cheapest. The candidates depend on capacities and on the
//! problem only, never on bandwidth, so a faster memory can't make a prediction slower.

mod candidates;
mod cost;
mod cpu;
mod explain;
mod gpu;
mod machine;
mod planes;
mod tile;

pub use cpu::cpu_machine;
pub use explain::side_by_side;
pub use gpu::{gpu_model, gpu_models};
pub use machine::{Compute, Family, KernelVariant, MachineModel, MemoryLevel, SlidingWindow};
pub use tile::{GemmShape, LevelUse, LoopOrder, OutputBlock, Stores, TilePlan};

use crate::conv::{ConvProblem, DType};

/// Why there is no plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// No kernel of the machine can compute the problem.
    #[error("{machine} has no kernel for {dtype} convolution")]
    NoVariant {
        /// The machine.
        machine: String,
        /// The stored type that is missing.
        dtype: DType,
    },
}

/// Cuts `problem` for `machine`: the cheapest candidate by the capacity and bandwidth equations.
///
/// Equal inputs give equal plans on every host.
///
/// # Errors
/// [`PlanError::NoVariant`] where the machine has no kernel for the problem.
pub fn plan(problem: &ConvProblem, machine: &MachineModel) -> Result<TilePlan, PlanError> {
    let candidates = candidates::all(problem, machine);
    let priced = candidates.iter().map(|cut| (cost::price(problem, machine, cut), cut));
    let cheapest = priced.min_by(|(a, _), (b, _)| a.seconds.total_cmp(&b.seconds));
    let (cost, cut) =
        cheapest.ok_or_else(|| PlanError::NoVariant { machine: machine.name.clone(), dtype: problem.spec().dtype })?;
    Ok(TilePlan {
        machine: machine.name.clone(),
        variant: cut.variant,
        gemm: cut.gemm,
        block_m: cut.block_m,
        block_n: cut.block_n,
        block_channels: cut.block_channels,
        order: cut.order,
        stores: Stores::of_output(problem, machine),
        prefetch: input_is_far(problem, machine),
        levels: explain::level_uses(problem, machine, cut, &cost),
        compute_seconds: cost.compute_seconds,
        seconds: cost.seconds,
        bound: cost.bound,
        candidates: candidates.len(),
    })
}

/// Whether the input is larger than the cache that holds the blocks.
fn input_is_far(problem: &ConvProblem, machine: &MachineModel) -> bool {
    let capacity = machine.levels.get(1).and_then(|level| level.capacity_bytes);
    let bytes = problem.input_len() as u64 * problem.spec().dtype.bytes() as u64;
    capacity.is_some_and(|capacity| bytes > capacity)
}
