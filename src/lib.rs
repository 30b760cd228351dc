//! 2-D convolution on AMD RDNA3 GPUs with nothing between it and the Linux kernel, and on the CPU with the same bits.
//!
//! - [`conv`]: what is computed.
//! - [`plan`]: how it is cut into tiles, one planner for every machine.
//! - [`backend`]: where it runs.
//! - [`memory`]: memory for tensors.
//! - [`amdgpu`]: the driver layer, which knows the kernel's ioctls and nothing of convolution.

#[cfg(target_os = "linux")]
pub mod amdgpu;
pub mod backend;
pub mod conv;
pub mod memory;
pub mod plan;

#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cli;
