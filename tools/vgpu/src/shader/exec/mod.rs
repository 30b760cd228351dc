//! What executes steps, a file a family.

pub(crate) mod atomic;
pub(crate) mod block;
pub(crate) mod buffer;
pub(crate) mod control;
pub(crate) mod cross;
pub(crate) mod fast;
pub(crate) mod fetch;
pub(crate) mod format;
pub(crate) mod interp;
pub(crate) mod lds;
pub(crate) mod matrix;
pub(crate) mod memory;
pub(crate) mod packed;
pub(crate) mod scalar;
pub(crate) mod shape;
pub(crate) mod vector;

use sparkle_rdna3::Op;

use super::fault::Cause;
use super::isa::Handler;
use super::run::{Context, Flow};
use super::step::Step;

/// Fails: no instruction is encoded so. The immediate is the word.
pub(crate) struct Illegal;

impl Handler for Illegal {
    fn run(context: &mut Context<'_>, step: &Step) -> Flow {
        let word = step.immediate as u32; // CAST: the same bits
        context.fail(Cause::Illegal { word })
    }
}

/// Fails: not modelled.
pub(crate) struct Missing;

impl Handler for Missing {
    fn run(context: &mut Context<'_>, step: &Step) -> Flow {
        let what = match (step.more().missing, step.op) {
            ("", op) => op.mnemonic(),
            (what, _) => what,
        };
        context.fail(Cause::NotModelled { what })
    }
}

/// Does nothing: hints, and waits, because memory operations are done when they are issued.
pub(crate) struct Nothing;

impl Handler for Nothing {
    fn run(_: &mut Context<'_>, step: &Step) -> Flow {
        debug_assert!(step.op != Op::S_ENDPGM);
        Flow::Next
    }
}
