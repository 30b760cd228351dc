//! A software GPU of the RDNA3 generation.
//!
//! - [`shader`]: what a wavefront computes;
//! - [`snippet`]: the instruction bench, which runs a few instructions on one wave.
#![deny(unsafe_code)]

pub mod shader;
pub mod snippet;
