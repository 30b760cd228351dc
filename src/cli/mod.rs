//! The command line: arguments, files, commands, reports.

use std::process::ExitCode;

/// Runs `sparkle-run` with the process's arguments.
pub fn main() -> ExitCode {
    ExitCode::SUCCESS
}
