//! A software GPU of the RDNA3 generation.
//!
//! - [`cp`]: the command processor, which executes PM4 streams;
//! - [`dma`]: the copy engine;
//! - [`kmd`]: the kernel driver behind a render node, what ioctl and mmap answer;
//! - [`shader`]: what a wavefront computes;
//! - [`host`]: showing the devices to processes;
//! - [`replay`]: captured submissions, executed and compared;
//! - [`sanitize`]: what silicon forgives or corrupts silently, and this device reports;
//! - [`snippet`]: the instruction bench, which runs a few instructions on one wave.
#![deny(unsafe_code)]

pub mod cp;
pub mod dma;
pub mod host;
pub mod kmd;
pub mod replay;
pub mod sanitize;
pub mod shader;
pub mod snippet;
mod tally;
