//! A problem with its weights, ready to run on the CPU.

use crate::backend::cpu::filters;
use crate::backend::cpu::float_env::FloatEnv;
use crate::backend::cpu::isa::Isa;
use crate::backend::cpu::lanewise::LanewiseConv;
use crate::backend::cpu::output::SharedOutput;
use crate::backend::cpu::planes;
use crate::backend::cpu::scalar::ScalarConv;
use crate::backend::cpu::threads::Team;
use crate::backend::cpu::tiled::TiledConv;
use crate::backend::cpu::winograd::WinogradConv;
use crate::backend::{BackendError, Prepared, check_tensor};
use crate::conv::{ConvProblem, TensorMut, TensorRef};
use crate::plan::{Algorithm, Family, TilePlan};
use std::fmt::Debug;
use std::sync::Arc;

/// A way to compute one prepared problem: pieces of output that any thread may take, in one phase or several. What a
/// phase leaves for the next one is the method's own.
pub(super) trait Method: Debug + Send + Sync {
    /// How many phases there are, at least one; each starts when the one before has ended.
    fn phases(&self) -> usize {
        1
    }

    /// How many pieces `phase` has.
    fn pieces(&self, phase: usize) -> usize;

    /// Computes those pieces of `phase` that `pieces` yields, as thread `thread` of the team.
    fn work(&self, phase: usize, thread: usize, pieces: &mut dyn Iterator<Item = usize>, operands: &Operands<'_>);
}

/// The tensors of a run.
#[derive(Debug)]
pub(super) struct Operands<'a> {
    pub input: TensorRef<'a>,
    pub output: SharedOutput<'a>,
}

/// What a method is made from; the tensors have been checked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ingredients<'a> {
    pub problem: &'a ConvProblem,
    pub plan: &'a TilePlan,
    pub isa: Isa,
    /// Packs the weights, and will run.
    pub team: &'a Arc<Team>,
    pub weights: TensorRef<'a>,
    pub bias: Option<TensorRef<'a>>,
}

/// The CPU's [`Prepared`].
#[derive(Debug)]
pub(super) struct CpuConv {
    problem: ConvProblem,
    isa: Isa,
    team: Arc<Team>,
    method: Box<dyn Method>,
}

impl CpuConv {
    /// Packs the weights and allocates every thread's scratch.
    pub(super) fn new(ingredients: &Ingredients<'_>) -> Result<Self, BackendError> {
        let Ingredients { problem, isa, team, .. } = *ingredients;
        Ok(Self { problem: *problem, isa, team: Arc::clone(team), method: choose(ingredients)? })
    }
}

/// The plan's method, or element by element where that can't be.
fn choose(ingredients: &Ingredients<'_>) -> Result<Box<dyn Method>, BackendError> {
    let Ingredients { plan, .. } = ingredients;
    if let Algorithm::Winograd(cut) = plan.algorithm
        && let Some(conv) = WinogradConv::new(ingredients, &cut)?
    {
        return Ok(Box::new(conv));
    }
    let method: Option<Box<dyn Method>> = match plan.variant.family {
        _ if !may_meet_zeros(ingredients) => None,
        Family::Broadcast => TiledConv::new(ingredients)?.map(|conv| Box::new(conv) as _),
        Family::Lanewise => LanewiseConv::new(ingredients)?.map(|conv| Box::new(conv) as _),
        Family::Planes => planes::method(ingredients)?,
    };
    Ok(method.unwrap_or_else(|| Box::new(ScalarConv::new(ingredients))))
}

/// Whether the weights may be multiplied by the padding's zeros: there is no padding, or all of them are finite.
fn may_meet_zeros(ingredients: &Ingredients<'_>) -> bool {
    let padding = ingredients.problem.spec().padding;
    let padded = [padding.top, padding.bottom, padding.left, padding.right] != [0; 4];
    !padded || filters::are_finite(ingredients.weights, ingredients.team)
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
        let operands = Operands { input, output: SharedOutput::new(problem, output, residual, self.isa) };
        let method = &*self.method;
        for phase in 0..method.phases() {
            self.team.share_out(method.pieces(phase), &|thread, pieces| {
                let _env = FloatEnv::set_default();
                method.work(phase, thread, pieces, &operands);
            });
        }
        Ok(())
    }
}
