//! Where it runs. A backend prepares a problem once (packed weights, buffers) and runs it many times.

pub mod cpu;
#[cfg(target_os = "linux")]
pub mod gpu;

use crate::conv::{ConvProblem, DType, TensorMut, TensorRef};
use crate::plan::{MachineModel, PlanError, TilePlan};

/// Why a backend did not compute.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BackendError {
    /// A tensor is not as large as the problem says.
    #[error("the {what} has {given} elements, the problem needs {needed}")]
    TensorLength {
        /// Which tensor.
        what: &'static str,
        /// Its elements.
        given: usize,
        /// What the problem needs.
        needed: usize,
    },
    /// A tensor's type is not the problem's.
    #[error("the {what} is {given}, the problem is {needed}")]
    TensorType {
        /// Which tensor.
        what: &'static str,
        /// Its type.
        given: DType,
        /// What the problem needs.
        needed: DType,
    },
    /// The problem has a bias or a residual and none was given, or none and one was.
    #[error("{}", if *.wanted { format!("the problem has a {what} and none was given") } else { format!("a {what} was given and the problem has none") })]
    TensorPresence {
        /// Which tensor.
        what: &'static str,
        /// Whether the problem wants it.
        wanted: bool,
    },
    /// The plan is for another machine or another problem.
    #[error("the plan does not fit: {reason}")]
    ForeignPlan {
        /// What does not fit.
        reason: String,
    },
    /// The planner found no way.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// Memory ran out.
    #[error("no memory for {bytes} bytes of {what}")]
    OutOfMemory {
        /// Bytes asked for.
        bytes: usize,
        /// For what.
        what: &'static str,
    },
    /// The system refused threads.
    #[error("cannot start {threads} threads: {reason}; give a smaller --threads")]
    Threads {
        /// How many.
        threads: usize,
        /// The system's words.
        reason: String,
    },
    /// `SPARKLE_CPU_ISA` or an option asks for what this CPU does not have.
    #[error("{0}")]
    Isa(String),
}

/// A device that convolves.
pub trait Backend: Send + Sync {
    /// `cpu`, `gpu:0`.
    fn name(&self) -> &str;

    /// The numbers that plans for it are made from.
    fn machine(&self) -> &MachineModel;

    /// Packs `weights` (KCRS, the problem's type) and `bias` (`[k]`, the problem's type) for many runs.
    ///
    /// # Errors
    /// [`BackendError`] for tensors that don't fit the problem, a plan of another machine, or no memory.
    fn prepare(
        &self,
        problem: &ConvProblem,
        plan: &TilePlan,
        weights: TensorRef<'_>,
        bias: Option<TensorRef<'_>>,
    ) -> Result<Box<dyn Prepared>, BackendError>;
}

/// A problem with its weights, ready to run from any thread.
pub trait Prepared: Send {
    /// Computes `output` from `input` and, where the problem has one, `residual` (the output's shape).
    ///
    /// # Errors
    /// [`BackendError`] for tensors that don't fit the problem.
    fn run(
        &mut self,
        input: TensorRef<'_>,
        residual: Option<TensorRef<'_>>,
        output: TensorMut<'_>,
    ) -> Result<(), BackendError>;
}

/// Refuses a tensor whose length or type is not what `problem` says.
fn check_tensor(
    what: &'static str,
    given: usize,
    dtype: DType,
    needed: usize,
    problem: &ConvProblem,
) -> Result<(), BackendError> {
    if given != needed {
        return Err(BackendError::TensorLength { what, given, needed });
    }
    if dtype != problem.spec().dtype {
        return Err(BackendError::TensorType { what, given: dtype, needed: problem.spec().dtype });
    }
    Ok(())
}
