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
mod kernels;
mod least;
mod machine;
mod planes;
mod rows;
mod tile;
mod walk;
mod winograd;

pub use cpu::cpu_machine;
pub use explain::side_by_side;
pub use gpu::{gpu_model, gpu_models};
pub use machine::{Compute, Family, KernelVariant, MachineModel, MemoryLevel, SlidingWindow};
pub use rows::RowTiles;
pub(crate) use rows::{filled_pixels, knows_rows, most_left_out, stages_padding};
pub use tile::{Algorithm, GemmShape, LevelUse, LoopOrder, OutputBlock, Stores, TilePlan};
pub use walk::Walk;
pub use winograd::WinogradCut;

use crate::conv::{ConvProblem, DType, Maths, WinogradTile};
use candidates::Cheapest;

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

/// Cuts `problem` for `machine` with the maths that are allowed.
///
/// Which algorithm computes depends neither on the number of units nor on how the work is cut: it is the one that is
/// cheaper on a single unit with [`NOMINAL_BYTES_PER_CYCLE`]. So fast maths, too, give the same bits with any number of
/// threads.
///
/// # Errors
/// As [`plan`].
pub fn plan_for(problem: &ConvProblem, machine: &MachineModel, maths: Maths) -> Result<TilePlan, PlanError> {
    let direct = plan(problem, machine)?;
    if maths == Maths::Exact || machine.winograd.is_empty() || !winograd::applies(problem) {
        return Ok(direct);
    }
    let Some(found) = worthwhile_tile(problem, &one_unit(machine))
        .and_then(|tile| winograd::cheapest(problem, machine, tile, f64::INFINITY))
    else {
        return Ok(direct);
    };
    let cost = winograd::price(problem, machine, &found.cut);
    Ok(TilePlan {
        algorithm: Algorithm::Winograd(found.cut),
        levels: explain::winograd_level_uses(problem, machine, &found.cut, &cost),
        compute_seconds: cost.compute_seconds,
        seconds: cost.seconds,
        bound: cost.bound,
        candidates: direct.candidates + found.considered,
        ..direct
    })
}

/// The tiles of Winograd's algorithm, where it is cheaper on `machine` than the direct method.
fn worthwhile_tile(problem: &ConvProblem, machine: &MachineModel) -> Option<WinogradTile> {
    let cheapest = |tile, others: f64| winograd::cheapest(problem, machine, tile, others * WORTHWHILE);
    // Mostly F2 is known to win by the direct method's arithmetic alone.
    let arithmetic = kernels::tried(problem, machine).iter().next().map_or(0.0, |(seconds, _)| seconds);
    let (chosen, least) = match cheapest(WinogradTile::F2, arithmetic) {
        Some(found) => (Some(WinogradTile::F2), found.seconds),
        None => {
            let direct = candidates::cheapest(problem, machine)?.seconds;
            let found = cheapest(WinogradTile::F2, direct);
            found.map_or((None, direct), |found| (Some(WinogradTile::F2), found.seconds))
        }
    };
    cheapest(WinogradTile::F4, least).map(|_| WinogradTile::F4).or(chosen)
}

/// Share of the other's time that an algorithm with larger errors must stay under.
const WORTHWHILE: f64 = 0.95;

/// Bytes that each level delivers to a unit in a cycle when algorithms are compared; the last one counts on.
pub const NOMINAL_BYTES_PER_CYCLE: [f64; 4] = [64.0, 32.0, 16.0, 6.0];

/// `machine` with one unit and nominal bandwidths.
fn one_unit(machine: &MachineModel) -> MachineModel {
    let mut nominal = machine.clone();
    nominal.compute.units = 1;
    nominal.compute.dispatch_ns = 0.0;
    let [.., main_memory] = NOMINAL_BYTES_PER_CYCLE;
    let bytes = NOMINAL_BYTES_PER_CYCLE.into_iter().chain(std::iter::repeat(main_memory));
    for (level, bytes) in nominal.levels.iter_mut().zip(bytes) {
        level.shared_by = 1;
        level.bandwidth = bytes * machine.compute.clock_hz;
    }
    nominal
}

/// Cuts `problem` for `machine` by the exact maths: the cheapest candidate by the capacity and bandwidth equations.
///
/// Equal inputs give equal plans on every host.
///
/// # Errors
/// [`PlanError::NoVariant`] where the machine has no kernel for the problem.
pub fn plan(problem: &ConvProblem, machine: &MachineModel) -> Result<TilePlan, PlanError> {
    let Some(Cheapest { cut, considered, .. }) = candidates::cheapest(problem, machine) else {
        return Err(PlanError::NoVariant { machine: machine.name.clone(), dtype: problem.spec().dtype });
    };
    let cost = cost::price(problem, machine, &cut);
    Ok(TilePlan {
        machine: machine.name.clone(),
        algorithm: Algorithm::Direct,
        variant: *cut.variant,
        shorter: cut.shorter.copied(),
        gemm: cut.gemm,
        block_m: cut.block_m,
        block_n: cut.block_n,
        block_channels: cut.block_channels,
        order: cut.order,
        stores: Stores::of_output(problem, machine),
        prefetch: input_is_far(problem, machine, cut.variant.family),
        walk: cut.walk,
        levels: explain::level_uses(problem, machine, &cut, &cost),
        compute_seconds: cost.compute_seconds,
        seconds: cost.seconds,
        bound: cost.bound,
        candidates: considered,
    })
}

/// Whether the input is larger than the cache that holds the blocks; lane by lane, where a row is prefetched rather than
/// a tile, than what waits in the last one.
fn input_is_far(problem: &ConvProblem, machine: &MachineModel, family: Family) -> bool {
    if family == Family::Lanewise {
        return tile::passes_through_caches(problem, machine, problem.input_len());
    }
    let capacity = machine.levels.get(1).and_then(|level| level.capacity_bytes);
    let bytes = problem.input_len() as u64 * problem.spec().dtype.bytes() as u64;
    capacity.is_some_and(|capacity| bytes > capacity)
}
