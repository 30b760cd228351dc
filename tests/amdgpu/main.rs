//! The driver layer over a fake node: what it sends, byte by byte, and what it makes of every answer.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, unreachable_pub)]

mod arguments;
mod chaos;
mod discovery;
mod fake;
mod garbage;
mod host;
mod leaks;
mod memory;
mod refusals;
mod sharing;
mod submissions;
mod waits;
