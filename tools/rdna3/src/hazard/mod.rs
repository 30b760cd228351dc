//! Hazards the hardware does not resolve: which instruction needs what between it and an earlier one.
//!
//! [`Facts`] are found once when an instruction is decoded; a [`Tracker`] follows one wave, or all paths of a program at
//! once, and says what is wrong. The rules are LLVM's: what its hazard recogniser would have put right for gfx11.
//!
//! Waits for memory are the [`crate::wait`] module's.

mod facts;
mod forwarding;
mod masks;
pub mod rules;
mod tracker;
mod window;

pub use facts::Facts;
pub(crate) use facts::{DEALLOC_VGPRS, immediate};
pub use rules::RULES;
pub use tracker::Tracker;

use crate::operand::Reg;
use crate::rule::Rule;

/// A hazard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule that is broken.
    pub rule: &'static Rule,
    /// The instruction that breaks it, as it was passed to [`Tracker::step`].
    pub pc: u32,
    /// The register it is about.
    pub register: Option<Reg>,
    /// The earlier instruction. Where paths join it may be another one of the same kind at the same distance.
    pub earlier: Option<u32>,
}
