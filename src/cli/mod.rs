//! The command line: arguments, files, commands, reports.
//!
//! A command returns `Ok(())` or a `Failure`, which carries the exit code. Results go to stdout in one
//! piece through `output`, notes and errors to stderr, one sentence each.

mod args;
mod arrays;
mod commands;
mod data;
mod device;
mod doctor;
mod failure;
pub mod files;
pub mod filter;
mod layers;
mod output;
mod pasted;
mod problem;
mod report;
mod timing;
mod trace;

use args::{Cli, Command};
use clap::Parser;
use clap::error::ErrorKind;
use failure::Failure;
use std::ffi::OsString;
use std::process::ExitCode;

/// Runs `sparkle-run` with the process's arguments.
pub fn main() -> ExitCode {
    match run(std::env::args_os().collect()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.exit(),
    }
}

fn run(argv: Vec<OsString>) -> Result<(), Failure> {
    let (argv, pasted) = pasted::take_line(argv)?;
    let cli = match Cli::try_parse_from(argv) {
        Ok(cli) => cli,
        Err(error) => return answer(&error),
    };
    match cli.command {
        Command::Conv2d(args) => commands::conv2d::run(*args, pasted),
        Command::Bench(args) => commands::bench::run(&args),
        Command::Plan(args) => commands::plan::run(&args, pasted),
        Command::Devices(args) => commands::devices::run(&args),
        Command::Doctor(args) => commands::doctor::run(&args),
        Command::Completions(args) => commands::completions::run(&args),
    }
}

/// clap reports help and version as errors; they are results.
fn answer(error: &clap::Error) -> Result<(), Failure> {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => output::print(&error.render().to_string()),
        _ => Err(Failure::Usage(error.render().to_string())),
    }
}
