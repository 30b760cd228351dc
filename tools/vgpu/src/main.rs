//! The software GPU's command line.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::{Parser, Subcommand};
use sparkle_vgpu::replay::{Options, ReplayError, Replayed, replay};
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
    /// Runs a captured submission. Exits with 5 if it does not end, if a sanitizer speaks, or if a check fails.
    Replay {
        /// The capture: its folder or its capture.json.
        capture: PathBuf,
        /// Sanitizers to run under, with commas between, `all` or `none`.
        #[arg(long, value_name = "LIST", default_value = "none")]
        sanitize: Switches,
        /// Write counts of packets, dispatches and instructions there, as JSON.
        #[arg(long, value_name = "FILE")]
        stats: Option<PathBuf>,
        /// Write a Chrome trace of packets and dispatches there.
        #[arg(long, value_name = "FILE")]
        trace: Option<PathBuf>,
        /// Compare memory with what the capture says it was after.
        #[arg(long)]
        check: bool,
        /// Make a hang of what a card may survive.
        #[arg(long)]
        strict: bool,
        /// The chip, if not the capture's.
        #[arg(long, value_name = "NAME")]
        gpu: Option<String>,
    },
    /// Runs a few instructions on one wave and prints the state they leave.
    Wave {
        /// Sanitizers to run under, with commas between: uninit, uninit-strict, wait, race, bounds, hazard, cache, fetch,
        /// descriptor; `all` or `none`.
        #[arg(long, value_name = "LIST", default_value = "none")]
        sanitize: Switches,
        /// File with one JSON object, or with one in each line; `-` for standard input.
        spec: PathBuf,
    },
}

/// Exit codes: a spec did not come out as wanted; the input is wrong.
const UNEQUAL: u8 = 5;
const WRONG_INPUT: u8 = 2;

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Wave { sanitize, spec } => wave(sanitize, &spec),
        Command::Replay { capture, sanitize, stats, trace, check, strict, gpu } => {
            let options = Options { sanitize, strict, gpu, check, stats: stats.is_some(), trace: trace.is_some() };
            replay_capture(&capture, &options, stats.as_deref(), trace.as_deref())
        }
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(UNEQUAL),
        Err(error) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("sparkle-vgpu: {error:#}");
            ExitCode::from(if is_system(&error) { 1 } else { WRONG_INPUT })
        }
    }
}

/// Whether the system refused, rather than what was handed in being wrong.
fn is_system(error: &anyhow::Error) -> bool {
    let of_capture = match error.downcast_ref() {
        Some(ReplayError::Capture(error)) => matches!(error, sparkle_capture::Error::Io { .. }),
        _ => false,
    };
    of_capture || error.downcast_ref::<std::io::Error>().is_some()
}

/// Whether there is nothing to complain of.
fn replay_capture(path: &Path, options: &Options, stats: Option<&Path>, trace: Option<&Path>) -> anyhow::Result<bool> {
    let replayed = replay(path, options)?;
    for (file, value) in [(stats, &replayed.stats), (trace, &replayed.trace)] {
        if let (Some(file), Some(value)) = (file, value) {
            std::fs::write(file, format!("{value}\n")).with_context(|| format!("can't write {}", file.display()))?;
        }
    }
    for finding in &replayed.findings {
        eprintln!("{finding}");
    }
    for report in &replayed.reports {
        eprintln!("{report}");
    }
    complain(&replayed);
    let Replayed { gpu, packets, dispatches, totals, outcomes, check, .. } = &replayed;
    let mut out = std::io::stdout().lock();
    write!(out, "{gpu}: {} submissions, {packets} packets, {dispatches} dispatches", outcomes.len())?;
    write!(out, ", {} workgroups, {} waves, {} instructions", totals.groups, totals.waves, totals.instructions)?;
    match check {
        Some(check) if check.differing_bytes == 0 => {
            writeln!(out, "; all {} bytes are as they were", check.compared_bytes)?
        }
        Some(check) => writeln!(out, "; {} of {} bytes differ", check.differing_bytes, check.compared_bytes)?,
        None => writeln!(out)?,
    }
    // What the command processor finds is advice, until somebody asks for sanitizers.
    Ok(replayed.is_clean() && (options.sanitize.is_empty() || replayed.findings.is_empty()))
}

/// Says what went wrong: where a submission stopped, and what differs.
fn complain(replayed: &Replayed) {
    for (index, outcome) in replayed.outcomes.iter().enumerate().filter(|(_, outcome)| !outcome.is_done()) {
        eprintln!("submission {index}: {outcome}");
        if let Some(text) = outcome.place().map(|place| &place.text).filter(|text| !text.is_empty()) {
            eprintln!("{text}");
        }
    }
    if let Some(check) = replayed.check.as_ref().filter(|check| check.differing_bytes > 0) {
        for mismatch in &check.first {
            eprintln!("{mismatch}");
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
fn wave(sanitize: Switches, path: &Path) -> anyhow::Result<bool> {
    let text = read(path)?;
    let mut out = std::io::stdout().lock();
    let mut all = true;
    for (number, value) in (1..).zip(serde_json::Deserializer::from_str(&text).into_iter::<serde_json::Value>()) {
        let value = value.with_context(|| format!("spec {number} is no JSON"))?;
        let spec = Spec::parse(&value).with_context(|| format!("spec {number}"))?;
        let (answer, ok) = spec.run(sanitize).with_context(|| format!("spec {number}"))?;
        all &= ok || !spec.has_want();
        writeln!(out, "{answer}")?;
    }
    Ok(all)
}
