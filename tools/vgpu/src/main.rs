//! The software GPU's command line.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::{Parser, Subcommand};
use sparkle_vgpu::sanitize::Switches;
use sparkle_vgpu::snippet::Spec;

/// A software GPU of the RDNA3 generation.
#[derive(Debug, Parser)]
#[command(name = "sparkle-vgpu", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs a few instructions on one wave and prints the state they leave.
    Wave {
        /// Sanitizers to run under, with commas between: uninit, uninit-strict, wait, race, bounds, hazard, cache, fetch,
        /// descriptor; `all` or `none`.
        #[arg(long, value_name = "LIST", default_value = "none")]
        sanitize: Switches,
        /// Writes counts of what the code did, one JSON object for each spec.
        #[arg(long, value_name = "FILE")]
        stats: Option<PathBuf>,
        /// File with one JSON object, or with one in each line; `-` for standard input.
        spec: PathBuf,
    },
}

/// Exit codes: a spec did not come out as wanted; the input is wrong.
const UNEQUAL: u8 = 5;
const WRONG_INPUT: u8 = 2;

fn main() -> ExitCode {
    let Command::Wave { sanitize, stats, spec } = Arguments::parse().command;
    match wave(sanitize, stats.as_deref(), &spec) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(UNEQUAL),
        Err(error) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("sparkle-vgpu: {error:#}");
            let system = error.downcast_ref::<std::io::Error>().is_some();
            ExitCode::from(if system { 1 } else { WRONG_INPUT })
        }
    }
}

fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}

fn read(path: &Path) -> anyhow::Result<String> {
    let mut text = String::new();
    if path == Path::new("-") {
        std::io::stdin().read_to_string(&mut text).context("can't read standard input")?;
    } else {
        text = std::fs::read_to_string(path).with_context(|| format!("can't read {}", path.display()))?;
    }
    Ok(text)
}

/// Whether every spec came out as it wants.
fn wave(sanitize: Switches, stats: Option<&Path>, path: &Path) -> anyhow::Result<bool> {
    let text = read(path)?;
    let mut counts = stats
        .map(|path| std::fs::File::create(path).with_context(|| format!("can't write {}", path.display())))
        .transpose()?;
    let mut out = std::io::stdout().lock();
    let mut all = true;
    for (number, value) in (1..).zip(serde_json::Deserializer::from_str(&text).into_iter::<serde_json::Value>()) {
        let value = value.with_context(|| format!("spec {number} is no JSON"))?;
        let spec = Spec::parse(&value).with_context(|| format!("spec {number}"))?;
        let ran = spec.run(sanitize).with_context(|| format!("spec {number}"))?;
        if let Some(counts) = &mut counts {
            writeln!(counts, "{}", ran.stats.to_json())?;
        }
        let (answer, ok) = (ran.answer, ran.ok);
        all &= ok || !spec.has_want();
        writeln!(out, "{answer}")?;
    }
    Ok(all)
}
