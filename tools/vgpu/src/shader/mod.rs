//! The shader engine.
//!
//! - [`lane`]: the arithmetic of every instruction, as pure functions of one lane.

pub mod lane;
