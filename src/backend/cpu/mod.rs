//! The CPU backend: convolution on rayon threads, with microkernels for AVX-512, AVX2 and portable Rust. Maths are exact
//! but where a plan says otherwise (`winograd`).
//!
//! [`CpuBackend::prepare`] packs the weights into panels (`pack`) and fixes blocks and scratch; a run only loops:
//! blocks of the plan over threads (`prepared`), tiles and panels inside a block (`tiled`; `lanewise` for depthwise and
//! small groups; `planes` for pixels side by side), pointers to a tile's inputs (`window`), the register tile itself
//! (`microkernel`). Inputs that the kernels can't read in place are copied piece by piece (`stage`); results leave through
//! `output`. Nothing depends on the thread, the block or the ISA that computes an element, so the bits never do.

mod buffer;
mod filters;
mod float_env;
mod info;
mod isa;
mod lanewise;
mod microkernel;
mod output;
mod pack;
mod peak;
mod planes;
mod prepared;
mod scalar;
mod shares;
mod stage;
mod tables;
mod threads;
mod tile_heights;
mod tiled;
mod window;
mod winograd;

pub use info::{Cache, CpuInfo};
pub use isa::Isa;

use crate::backend::{Backend, BackendError, Prepared, check_tensor};
use crate::conv::{ConvProblem, Layout, Maths, TensorRef};
use crate::plan::{self, Family, GemmShape, MachineModel, TilePlan};
use std::sync::Arc;
use std::time::Duration;
use threads::Team;

/// More threads than any machine has cores only cost: systems take minutes to start a million of them.
const MAX_THREADS: usize = 1024;

/// Share of the other layout's predicted time that planes must stay under to be preferred.
const CLEARLY: f64 = 0.9;

/// What a caller may choose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CpuOptions {
    /// Threads, at least 1; `None` = every core that this process may use.
    pub threads: Option<usize>,
    /// Instruction set; `None` = the best that the CPU has.
    pub isa: Option<Isa>,
}

/// The CPU as a device.
///
/// Preparing and running take place on the calling thread and the backend's own others, which it started itself: no work is
/// given to a thread pool of the caller's. So any thread may call, a worker of a rayon pool of the caller's as well, inside
/// `join` or a parallel iterator: the call is one long computation to that pool, which steals nothing meanwhile and waits
/// for nothing but the backend's threads. Of several callers at a time one gets those threads, the others compute alone: no
/// run waits for another, and the results are the same. Parallel work inside a call pays where there is one caller; who
/// calls from as many threads as there are cores makes a backend of one thread instead.
#[derive(Debug)]
pub struct CpuBackend {
    info: CpuInfo,
    isa: Isa,
    team: Arc<Team>,
    machine: MachineModel,
}

impl CpuBackend {
    /// Looks at the CPU and starts the threads.
    ///
    /// # Errors
    /// [`BackendError::Isa`] for an instruction set that this CPU does not have, [`BackendError::Threads`] where the
    /// system refuses the threads or none are asked for.
    pub fn new(options: CpuOptions) -> Result<Self, BackendError> {
        let info = CpuInfo::detect();
        let isa = options.isa.unwrap_or_else(Isa::best);
        if !isa.is_available() {
            let have: Vec<_> = info.isas.iter().map(Isa::to_string).collect();
            let have = have.join(", ");
            return Err(BackendError::Isa(format!("this CPU does not have {isa}; it has {have}")));
        }
        let threads = options.threads.unwrap_or(info.cores);
        if threads == 0 {
            return Err(BackendError::Threads { threads, reason: "at least 1 is needed".to_owned() });
        }
        if threads > MAX_THREADS {
            return Err(BackendError::Threads { threads, reason: format!("at most {MAX_THREADS} are allowed") });
        }
        let team = Arc::new(Team::new(threads)?);
        let machine = info.machine(isa, threads);
        Ok(Self { info, isa, team, machine })
    }

    /// The instruction set in use.
    pub const fn isa(&self) -> Isa {
        self.isa
    }

    /// The threads in use.
    pub fn threads(&self) -> usize {
        self.team.len()
    }

    /// What is known of the CPU.
    pub const fn info(&self) -> &CpuInfo {
        &self.info
    }

    /// The layout in which `problem` is predicted to run fastest: channels side by side, unless planes are clearly ahead.
    pub fn preferred_layout(&self, problem: &ConvProblem, maths: Maths) -> Layout {
        let seconds = |layout| {
            let problem = problem.respecify(|spec| spec.layout = layout).ok()?;
            plan::plan_for(&problem, &self.machine, maths).ok().map(|plan| plan.seconds)
        };
        match (seconds(Layout::Nchw), seconds(Layout::Nhwc)) {
            (Some(planes), Some(pixels)) if planes < CLEARLY * pixels => Layout::Nchw,
            _ => Layout::Nhwc,
        }
    }

    /// Refuses a plan of another machine or problem: the loops below trust its sizes.
    fn check_plan(&self, problem: &ConvProblem, plan: &TilePlan) -> Result<(), BackendError> {
        let foreign = |reason: String| Err(BackendError::ForeignPlan { reason });
        if plan.machine != self.machine.name {
            return foreign(format!("it was made for {}, this is {}", plan.machine, self.machine.name));
        }
        let (gemm, expected) = (plan.gemm, GemmShape::new(problem, plan.variant.family));
        if gemm != expected {
            return foreign(format!("it cuts {gemm:?}, the problem is {expected:?}"));
        }
        let whole_tiles = plan.block_n.is_multiple_of(plan.variant.tile_n) || plan.block_n == gemm.n;
        if plan.block_m == 0 || plan.block_n == 0 || plan.block_channels == 0 || !whole_tiles {
            let (m, n, channels) = (plan.block_m, plan.block_n, plan.block_channels);
            return foreign(format!("blocks of {m} pixels x {n} channels over {channels} input channels"));
        }
        if plan.shorter.is_some() && plan.variant.family != Family::Broadcast {
            return foreign(format!("{} has no shorter tiles", plan.variant.name));
        }
        Ok(())
    }

    /// Measures the FMA peak of all threads together, now: GFLOP/s. Clocks drift, so measure beside what is compared. Waits
    /// until no run of another caller has the threads; runs and preparations that start meanwhile compute on their callers
    /// alone.
    pub fn peak_gflops(&self, budget: Duration) -> f64 {
        peak::measure(self.isa, &self.team, budget)
    }
}

impl Backend for CpuBackend {
    fn name(&self) -> &str {
        "cpu"
    }

    fn machine(&self) -> &MachineModel {
        &self.machine
    }

    fn prepare(
        &self,
        problem: &ConvProblem,
        plan: &TilePlan,
        weights: TensorRef<'_>,
        bias: Option<TensorRef<'_>>,
    ) -> Result<Box<dyn Prepared>, BackendError> {
        check_tensor("weights", weights.len(), weights.dtype(), problem.weights_len(), problem)?;
        if bias.is_some() != problem.spec().epilogue.bias {
            return Err(BackendError::TensorPresence { what: "bias", wanted: bias.is_none() });
        }
        if let Some(bias) = bias {
            check_tensor("bias", bias.len(), bias.dtype(), problem.spec().out_channels, problem)?;
        }
        self.check_plan(problem, plan)?;
        let ingredients = prepared::Ingredients { problem, plan, isa: self.isa, team: &self.team, weights, bias };
        let conv = prepared::CpuConv::new(&ingredients)?;
        Ok(Box::new(conv))
    }
}
