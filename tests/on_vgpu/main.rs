//! The GPU backend on the software device: its kernel driver, its command processor, its shader engines with all
//! sanitizers, strict, in this process.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, unreachable_pub)]

mod capture;
#[path = "../common/mod.rs"]
mod common;
mod crowds;
mod failures;
mod kernels;
mod launch;
mod machine;
mod memory;
mod trouble;
