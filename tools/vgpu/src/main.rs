//! The software GPU's command line.

use std::ffi::OsString;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use clap::{Args, Parser, Subcommand};
use sparkle_vgpu::host::{self, NoProcessor};
use sparkle_vgpu::kmd::{Chip, Config, Device, Flavour, Kernel, Kind};
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
    /// Runs a command that sees /dev/dri/renderD128 and on, each a software GPU under a software amdgpu driver. Command
    /// streams are not executed yet.
    Run(Run),
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

/// Options of `run`.
#[derive(Debug, Args)]
struct Run {
    /// The chip: gfx1100, gfx1101, gfx1102, gfx1103, gfx1150, gfx1151.
    #[arg(long, value_name = "CHIP", default_value = "gfx1100")]
    gpu: String,
    /// How many devices.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=16))]
    count: u8,
    /// The kernel's flavour: 6.1, 6.12, 7.3.
    #[arg(long, value_name = "RELEASE", default_value = "6.12")]
    kernel: String,
    /// Take what silicon forgives by luck for a hang or fault.
    #[arg(long)]
    strict: bool,
    /// Writes reports to this file rather than to the standard error output.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// The command and its arguments.
    #[arg(required = true, last = true)]
    command: Vec<OsString>,
}

/// Runs the command; its exit code, or 5 where that is 0 and something was noticed that is wrong.
fn run(options: &Run) -> anyhow::Result<u8> {
    let chip = Chip::find(&options.gpu).with_context(|| format!("--gpu {}: there is no such chip", options.gpu))?;
    let flavour =
        Flavour::find(&options.kernel).with_context(|| format!("--kernel {}: use 6.1, 6.12 or 7.3", options.kernel))?;
    let mut config = Config::new(flavour, chip, Arc::new(NoProcessor));
    config.devices = vec![Device::new(chip); options.count.into()];
    config.strict = options.strict;
    config.timeout_scale = 1.0;
    let ended = host::run(Kernel::new(config)?, &host::library()?, &options.command)?;
    let mut text = String::new();
    for report in &ended.reports {
        text += &format!("sparkle-vgpu: {report}\n");
    }
    match &options.report {
        Some(path) => std::fs::write(path, &text).with_context(|| format!("can't write {}", path.display()))?,
        None => eprint!("{text}"),
    }
    let wrong = ended.reports.iter().any(|report| !matches!(report.kind, Kind::Log | Kind::Lint));
    Ok(if ended.code == 0 && wrong { UNEQUAL } else { ended.code })
}

/// Exit codes: a spec did not come out as wanted; the input is wrong.
const UNEQUAL: u8 = 5;
const WRONG_INPUT: u8 = 2;

fn main() -> ExitCode {
    let ended = match Arguments::parse().command {
        Command::Wave { sanitize, stats, spec } => {
            wave(sanitize, stats.as_deref(), &spec).map(|equal| if equal { 0 } else { UNEQUAL })
        }
        Command::Run(options) => run(&options),
    };
    match ended {
        Ok(code) => ExitCode::from(code),
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
