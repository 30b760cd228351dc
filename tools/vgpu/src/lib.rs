//! A software GPU of the RDNA3 generation.
//!
//! - [`cp`]: the command processor, which executes PM4 streams;
//! - [`shader`]: what a wavefront computes;
//! - [`replay`]: captured submissions, executed and compared;
//! - [`sanitize`]: what silicon forgives or corrupts silently, and this device reports;
//! - [`snippet`]: the instruction bench, which runs a few instructions on one wave.
#![deny(unsafe_code)]

pub mod cp;
pub mod replay;
pub mod sanitize;
pub mod shader;
pub mod snippet;
