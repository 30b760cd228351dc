//! The GPU backend on the software device: its kernel driver, its command processor, its shader engines with all
//! sanitizers, strict, in this process.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, unreachable_pub)]

#[path = "../common/mod.rs"]
mod common;
mod kernels;
mod machine;
