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
    let _ = problem;
    Err(PlanError::NoVariant { machine: machine.name.clone(), what: "anything yet".to_owned() })
}
