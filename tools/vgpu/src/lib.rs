//! A software GPU of the RDNA3 generation.
//!
//! - [`shader`]: what a wavefront computes.
#![forbid(unsafe_code)]

pub mod shader;
