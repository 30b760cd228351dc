//! A problem with its weights, ready to run on the CPU.

use crate::backend::cpu::float_env::FloatEnv;
use crate::backend::cpu::isa::Isa;
use crate::backend::cpu::output::SharedOutput;
use crate::backend::cpu::scalar::ScalarWeights;
use crate::backend::cpu::threads::Team;
use crate::backend::cpu::tiled::{Scratch, TiledConv};
use crate::backend::{BackendError, Prepared, check_tensor};
use crate::conv::{ConvProblem, TensorMut, TensorRef};
use crate::plan::{OutputBlock, TilePlan};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// The CPU's [`Prepared`].
#[derive(Debug)]
pub(super) struct CpuConv {
    problem: ConvProblem,
    isa: Isa,
    team: Arc<Team>,
    method: Method,
}

#[derive(Debug)]
enum Method {
    /// Register tiles, with each thread's scratch.
    Tiled { conv: Box<TiledConv>, scratch: Vec<Mutex<Scratch>> },
    /// Element by element.
    Scalar { weights: ScalarWeights, outputs_per_group: usize, blocks: Vec<OutputBlock> },
}

impl CpuConv {
    /// Packs the weights and allocates every thread's scratch. The tensors have been checked.
    pub(super) fn new(
        problem: &ConvProblem,
        plan: &TilePlan,
        isa: Isa,
        team: Arc<Team>,
        weights: TensorRef<'_>,
        bias: Option<TensorRef<'_>>,
    ) -> Result<Self, BackendError> {
        let finite = (0..weights.len()).all(|i| weights.get(i).is_finite());
        let tiled = if finite { TiledConv::new(problem, plan, isa, team.len(), weights, bias)? } else { None };
        let method = match tiled {
            None => {
                let blocks = (0..plan.block_count()).map(|index| plan.block(index)).collect();
                Method::Scalar { weights: ScalarWeights::new(weights, bias), outputs_per_group: plan.gemm.n, blocks }
            }
            Some(conv) => {
                let scratch = (0..team.len()).map(|_| conv.scratch().map(Mutex::new)).collect::<Result<_, _>>()?;
                Method::Tiled { conv: Box::new(conv), scratch }
            }
        };
        Ok(Self { problem: *problem, isa, team, method })
    }

    fn blocks(&self) -> &[OutputBlock] {
        match &self.method {
            Method::Tiled { conv, .. } => conv.blocks(),
            Method::Scalar { blocks, .. } => blocks,
        }
    }
}

impl Prepared for CpuConv {
    fn run(
        &mut self,
        input: TensorRef<'_>,
        residual: Option<TensorRef<'_>>,
        output: TensorMut<'_>,
    ) -> Result<(), BackendError> {
        let problem = &self.problem;
        check_tensor("input", input.len(), input.dtype(), problem.input_len(), problem)?;
        check_tensor("output", output.len(), output.dtype(), problem.output_len(), problem)?;
        if residual.is_some() != problem.spec().epilogue.residual {
            return Err(BackendError::TensorPresence { what: "residual", wanted: residual.is_none() });
        }
        if let Some(residual) = residual {
            check_tensor("residual", residual.len(), residual.dtype(), problem.output_len(), problem)?;
        }
        let output = SharedOutput::new(problem, output, residual, self.isa);
        let next = AtomicUsize::new(0);
        let work = |thread: usize| {
            let _env = FloatEnv::set_default();
            // ORDERING: relaxed, each index is handed out once and the team's end publishes what was written.
            let blocks = std::iter::from_fn(|| self.blocks().get(next.fetch_add(1, Ordering::Relaxed)));
            match &self.method {
                Method::Tiled { conv, scratch } => {
                    // A thread keeps its own scratch; a poisoned one holds nothing that a run relies on.
                    let mut scratch = scratch[thread].lock().unwrap_or_else(PoisonError::into_inner);
                    blocks.for_each(|block| conv.run_block(block, input, &output, &mut scratch));
                }
                Method::Scalar { weights, outputs_per_group, .. } => {
                    blocks.for_each(|block| weights.run_block(problem, *outputs_per_group, block, input, &output))
                }
            }
        };
        if self.blocks().len() == 1 {
            work(0)
        } else {
            self.team.on_each(work)
        }
        Ok(())
    }
}
