//! A software GPU of the RDNA3 generation.
//!
//! - [`kmd`]: the kernel driver behind a render node, what ioctl and mmap answer;
//! - [`shader`]: what a wavefront computes;
//! - [`host`]: showing the devices to processes;
//! - [`sanitize`]: what silicon forgives or corrupts silently, and this device reports;
//! - [`snippet`]: the instruction bench, which runs a few instructions on one wave.
#![deny(unsafe_code)]

pub mod host;
pub mod kmd;
pub mod sanitize;
pub mod shader;
pub mod snippet;
