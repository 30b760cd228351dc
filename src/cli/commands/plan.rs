//! `sparkle-run plan`: how a problem is cut, side by side for two machines.

use crate::cli::args::PlanArgs;
use crate::cli::failure::Failure;
use crate::conv::text::ProblemText;

pub(in crate::cli) fn run(args: &PlanArgs, pasted: Option<ProblemText>) -> Result<(), Failure> {
    let _ = (args, pasted);
    Ok(())
}
