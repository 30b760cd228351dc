//! `sparkle-run completions`: a completion script.

use crate::cli::args::{Cli, CompletionsArgs, Shell};
use crate::cli::failure::Failure;
use crate::cli::output;
use clap::CommandFactory;
use clap_complete::generate;

/// Prints the script.
pub(in crate::cli) fn run(args: &CompletionsArgs) -> Result<(), Failure> {
    let shell = match args.shell {
        Shell::Bash => clap_complete::Shell::Bash,
        Shell::Zsh => clap_complete::Shell::Zsh,
        Shell::Fish => clap_complete::Shell::Fish,
    };
    let mut script = Vec::new();
    generate(shell, &mut Cli::command(), "sparkle-run", &mut script);
    output::print(&String::from_utf8_lossy(&script))
}
