//! The shader engine.
//!
//! - [`lane`]: the arithmetic of every instruction, as pure functions of one lane;
//! - [`Program`]: code, decoded once into steps;
//! - [`Wave`]: registers; [`Workgroup`]: waves and LDS, and what runs them; [`Dispatch`]: a grid of workgroups;
//! - [`GlobalMemory`]: from addresses to buffers;
//! - [`Chip`]: how much of everything there is;
//! - [`Observer`] and [`Watcher`]: the seam for those who watch waves; [`stats`] counts what they do.
//!
//! A step (`step`) is a function to call and operands resolved to registers and constants. Vector operations go through
//! loops over 32 lanes (`kernel`), compiled once for each vector extension of the host (`isa`); a wave64 takes two
//! passes. What is not modelled is a [`Cause::NotModelled`], never a guess.

mod build;
pub mod chip;
mod dispatch;
pub(crate) mod exec;
mod fault;
pub(crate) mod isa;
mod kernel;
pub mod lane;
mod memory;
mod program;
mod run;
pub mod stats;
pub(crate) mod step;
mod wave;

pub(crate) use build::is_half;
pub use chip::Chip;
pub use dispatch::{Dispatch, DispatchFault, Grid, GroupPlace, Inputs, Totals, Watcher};
pub use fault::{AccessKind, Cause, Fault};
pub use isa::Isa;
pub use memory::{Backing, GlobalMemory, NoMemory, PageTable, Permissions, Region};
pub(crate) use memory::{Window, sign_extended};
pub use program::Program;
pub use run::{MemoryAccess, Observer, Progress, Silent, Space, Workgroup};
pub use wave::{EXEC, FloatMode, Lanes, M0, ModeClass, NULL, VCC, Wave};
