//! The software GPU's command line.

use std::ffi::OsString;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use clap::{Args, Parser, Subcommand, ValueEnum};
use sparkle_vgpu::host::{self, Engine, Fault, Watching};
use sparkle_vgpu::kmd::{Chip, Config, Device, Flavour, Kernel, Kind};
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
    /// Runs a command that sees /dev/dri/renderD128 and on, each a software GPU under a software amdgpu driver.
    Run(Run),
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
        /// Writes counts of what the code did, one JSON object for each spec.
        #[arg(long, value_name = "FILE")]
        stats: Option<PathBuf>,
        /// File with one JSON object, or with one in each line; `-` for standard input.
        spec: PathBuf,
    },
}

/// How calls of a command reach the devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Via {
    Preload,
    Seccomp,
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
    /// Sanitizers to run shaders under, with commas between, `all` or `none`.
    #[arg(long, value_name = "LIST", default_value = "none")]
    sanitize: Switches,
    /// Writes counts of packets, dispatches and instructions there, as JSON.
    #[arg(long, value_name = "FILE")]
    stats: Option<PathBuf>,
    /// Prints how long a card would take at least for each kernel: modelled from counts, not measured.
    #[arg(long)]
    timing: bool,
    /// Spoils something: ioctl:NAME:N:ERRNO, hang:N (the n-th dispatch), vram-lost:N (at the n-th submission),
    /// memory:BYTES, eintr:P, slow-fence:MS. May be given several times.
    #[arg(long, value_name = "FAULT")]
    inject: Vec<Fault>,
    /// How calls of the command come here: by a preloaded library, or by seccomp's user notifications, which reach static
    /// programs too.
    #[arg(long, value_enum, value_name = "HOW", default_value_t = Via::Preload)]
    via: Via,
    /// Writes each submission that comes to its end to a folder there, as a capture for `replay`.
    #[arg(long, value_name = "FOLDER")]
    capture: Option<PathBuf>,
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
    let devices = vec![Device::new(chip); options.count.into()];
    let hangs = options.inject.iter().filter_map(|fault| if let Fault::Hang(nth) = fault { Some(*nth) } else { None });
    let watching = Watching {
        sanitize: options.sanitize,
        strict: options.strict,
        counts: options.stats.is_some() || options.timing,
        hangs: hangs.collect(),
        captures: options.capture.clone(),
    };
    let engine = Arc::new(Engine::new(&devices, &watching));
    let mut config = Config::new(flavour, chip, engine.clone());
    config.devices = devices;
    config.strict = options.strict;
    config.timeout_scale = 1.0;
    config.one_file = options.via == Via::Seccomp;
    let kernel = Kernel::new(config)?;
    for fault in &options.inject {
        fault.apply(&kernel);
    }
    if let Some(program) =
        options.command.first().filter(|program| options.via == Via::Preload && host::is_static(program))
    {
        let name = program.display();
        eprintln!(
            "sparkle-vgpu: {name} is statically linked, and no library can be preloaded into it; use --via seccomp"
        );
    }
    let ended = match options.via {
        Via::Preload => host::run(kernel, &host::library()?, &options.command)?,
        Via::Seccomp => host::run_watched(kernel, &options.command)?,
    };
    let (spoken, findings) = (engine.reports(), engine.findings());
    let lines = ended.reports.iter().map(ToString::to_string).chain(findings.iter().chain(&spoken).cloned());
    let mut text: String = lines.map(|line| format!("sparkle-vgpu: {line}\n")).collect();
    if options.timing {
        text += &engine.timing();
    }
    if let Some(path) = &options.stats {
        let stats = format!("{}\n", engine.stats());
        std::fs::write(path, stats).with_context(|| format!("can't write {}", path.display()))?;
    }
    match &options.report {
        Some(path) => std::fs::write(path, &text).with_context(|| format!("can't write {}", path.display()))?,
        None => eprint!("{text}"),
    }
    // What a command processor finds is advice, until somebody asks for more.
    let asked = options.strict || !options.sanitize.is_empty();
    let wrong = !spoken.is_empty()
        || asked && !findings.is_empty()
        || ended.reports.iter().any(|report| !matches!(report.kind, Kind::Log | Kind::Lint));
    Ok(if ended.code == 0 && wrong { UNEQUAL } else { ended.code })
}

/// Exit codes: a spec did not come out as wanted; the input is wrong.
const UNEQUAL: u8 = 5;
const WRONG_INPUT: u8 = 2;

/// The exit code of what went well or did not.
const fn code(well: bool) -> u8 {
    if well { 0 } else { UNEQUAL }
}

fn main() -> ExitCode {
    let ended = match Arguments::parse().command {
        Command::Wave { sanitize, stats, spec } => wave(sanitize, stats.as_deref(), &spec).map(code),
        Command::Replay { capture, sanitize, stats, trace, check, strict, gpu } => {
            let options = Options { sanitize, strict, gpu, check, stats: stats.is_some(), trace: trace.is_some() };
            replay_capture(&capture, &options, stats.as_deref(), trace.as_deref()).map(code)
        }
        Command::Run(options) => run(&options),
    };
    match ended {
        Ok(code) => ExitCode::from(code),
        Err(error) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("sparkle-vgpu: {error:#}");
            let unstarted = error.downcast_ref().and_then(host::unstarted_code);
            ExitCode::from(unstarted.unwrap_or(if is_system(&error) { 1 } else { WRONG_INPUT }))
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
    Ok(replayed.is_clean() && (options.sanitize.is_empty() || replayed.findings.iter().all(|finding| finding.advice)))
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
