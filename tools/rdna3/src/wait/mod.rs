//! Waits for memory: which counters an instruction raises, and what may not be touched until they have fallen.
//!
//! As [`crate::hazard`]: [`Facts`] once an instruction, a [`Tracker`] a wave. What counts as returned is what follows from
//! the counters: operations of one class return in order, classes among themselves and scalar memory in any order, so
//! that of those only a count of zero proves something.
//!
//! Registers chosen by M0 (`v_movrels_b32` and its kin) are not followed.

mod facts;
pub mod rules;
mod tracker;

use std::fmt;

pub use facts::Facts;
pub use rules::RULES;
pub use tracker::Tracker;

use crate::counters::Counter;
use crate::operand::Reg;
use crate::rule::Rule;

/// A wait that would have been enough; its `Display` is the instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    /// What is waited for.
    pub counter: Counter,
    /// How many may be left.
    pub count: u8,
}

impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.count;
        match self.counter {
            Counter::Vm => write!(f, "s_waitcnt vmcnt({count})"),
            Counter::Lgkm => write!(f, "s_waitcnt lgkmcnt({count})"),
            Counter::Exp => write!(f, "s_waitcnt expcnt({count})"),
            Counter::Vs => write!(f, "s_waitcnt_vscnt null, {count:#x}"),
        }
    }
}

/// A missing wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule that is broken.
    pub rule: &'static Rule,
    /// The instruction that breaks it, as it was passed to [`Tracker::step`].
    pub pc: u32,
    /// The lowest register it is about.
    pub register: Option<Reg>,
    /// The instruction that has not returned.
    pub earlier: u32,
    /// The wait that is missing.
    pub wait: Wait,
}
