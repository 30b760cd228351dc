//! `sparkle-pm4`: reads PM4, the command stream of AMD GPUs, from dumps of many kinds.

mod args;
mod commands;
mod input;
mod output;
mod report;

use std::process::ExitCode;

use clap::Parser;

/// What ends a run other than success: the exit codes of the contract.
const SYSTEM_REFUSED: u8 = 1;
const BAD_INPUT: u8 = 2;
const FINDINGS: u8 = 4;

fn main() -> ExitCode {
    let cli = args::Cli::parse();
    match commands::run(cli.command) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("sparkle-pm4: {error:#}");
            ExitCode::from(commands::exit_code(&error))
        }
    }
}
