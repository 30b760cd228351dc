//! The instruction bench: a few instructions, the registers and memory they start from, and what they should leave.
//!
//! [`Spec::parse`] reads the JSON of `sparkle-vgpu wave`, [`Spec::run`] executes it and answers in JSON.

mod result;
mod spec;
mod watch;

pub use result::Ran;
pub use spec::{Spec, SpecError};
