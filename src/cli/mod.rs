//! The command line: arguments, files, commands, reports.

pub mod files;
pub mod filter;

use std::process::ExitCode;

/// Runs `sparkle-run` with the process's arguments.
pub fn main() -> ExitCode {
    ExitCode::SUCCESS
}
