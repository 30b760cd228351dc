//! The command line of `sparkle-pm4`.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use sparkle_pm4::{Gfx, Ring};

/// Reads PM4, the command stream of AMD GPUs: what a dump says, packet by packet, and what is wrong with it.
#[derive(Debug, Parser)]
#[command(name = "sparkle-pm4", version, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Shows every packet with its fields, and every register that it sets.
    Decode {
        #[command(flatten)]
        source: Source,
        #[command(flatten)]
        style: Style,
        /// Shows the program of every dispatch whose bytes are in the dump.
        #[arg(long)]
        disasm: bool,
    },
    /// Says what is wrong, by rule.
    ///
    /// Exit code 4 where there are errors; on warnings only with `--deny warnings`.
    Lint(Lint),
    /// Compares two streams by packet and register state, not by dword.
    ///
    /// Exit code 4 where they differ.
    Diff {
        /// The first dump.
        a: PathBuf,
        /// The second dump.
        b: PathBuf,
        #[command(flatten)]
        reading: Reading,
        #[command(flatten)]
        style: Style,
    },
    /// RDNA3 machine code as assembly text, as llvm-objdump writes it.
    Disasm(Disasm),
    /// Counts packets, dwords, dispatches and register writes that change nothing.
    Stats {
        #[command(flatten)]
        source: Source,
        #[command(flatten)]
        style: Style,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Lint {
    /// Dumps to check; `-` is standard input.
    #[arg(required_unless_present_any = ["explain", "list"], value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) reading: Reading,
    #[command(flatten)]
    pub(crate) style: Style,
    /// Treats warnings as errors.
    #[arg(long, value_name = "WHAT")]
    pub(crate) deny: Option<Deny>,
    /// Rules to leave out, as PM4-017.
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    pub(crate) allow: Vec<String>,
    /// Explains one rule and ends.
    #[arg(long, value_name = "RULE", conflicts_with = "list")]
    pub(crate) explain: Option<String>,
    /// Lists all rules and ends.
    #[arg(long)]
    pub(crate) list: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Disasm {
    /// Machine code: raw, hexadecimal words, or a code object; `-` is standard input.
    #[arg(default_value = "-", value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// What the file is: `bin`, `hex` or whatever the content looks like.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(crate) input: InputFormat,
    /// The chip, gfx1100 to gfx1153 [default: gfx1100].
    #[arg(long, value_name = "GFX", value_parser = parse_gfx)]
    pub(crate) gfx: Option<Gfx>,
    /// Lanes of a wave.
    #[arg(long, value_name = "LANES", default_value_t = 32, value_parser = parse_wave)]
    pub(crate) wave: u32,
    /// Reads the hexadecimal digits of one instruction a line, and answers each with its text, or `invalid`.
    #[arg(long)]
    pub(crate) lines: bool,
    /// Checks the code for missing waits and hazards, and names them after it; exit code 4 if there are any.
    #[arg(long, conflicts_with = "lines")]
    pub(crate) check: bool,
    #[command(flatten)]
    pub(crate) style: Style,
}

fn parse_wave(text: &str) -> Result<u32, String> {
    match text {
        "32" => Ok(32),
        "64" => Ok(64),
        _ => Err("a wave has 32 or 64 lanes".to_owned()),
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Deny {
    Warnings,
}

/// Which dumps, and how to read them.
#[derive(Debug, Args)]
pub(crate) struct Source {
    /// Dumps to read; `-` is standard input.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

/// How to read a dump.
#[derive(Debug, Args)]
pub(crate) struct Reading {
    /// What the file is.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(crate) input: InputFormat,
    /// The chip: 10.3, 11, 12 or a name such as gfx1101; what the dump says where this is not given, else gfx1100.
    #[arg(long, value_name = "GFX", value_parser = parse_gfx)]
    pub(crate) gfx: Option<Gfx>,
    /// The ring that executes the stream; what the dump says where this is not given, else compute.
    #[arg(long, value_enum, value_name = "RING")]
    pub(crate) ring: Option<RingName>,
}

fn parse_gfx(text: &str) -> Result<Gfx, String> {
    text.parse().map_err(|error: sparkle_pm4::ParseGfxError| error.to_string())
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum InputFormat {
    /// Whatever the content looks like.
    #[default]
    Auto,
    /// Little-endian dwords, or a ring file of debugfs.
    Bin,
    /// Hexadecimal text: words, or the output of od, hexdump -C or aqlprofile.
    Hex,
    /// What umr prints, or the log of its test harness.
    Umr,
    /// The kernel's device core dump.
    Devcoredump,
    /// A capture of Sparkle's: the folder or its capture.json.
    Capture,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RingName {
    Compute,
    Gfx,
}

impl From<RingName> for Ring {
    fn from(name: RingName) -> Self {
        match name {
            RingName::Compute => Self::Compute,
            RingName::Gfx => Self::Gfx,
        }
    }
}

/// How to write the answer.
#[derive(Debug, Args)]
pub(crate) struct Style {
    /// One JSON object a file instead of text.
    #[arg(long)]
    pub(crate) json: bool,
    /// Colours: on a terminal, always or never.
    #[arg(long, value_enum, num_args = 0..=1, require_equals = true, default_value_t, default_missing_value = "always",
        value_name = "WHEN")]
    pub(crate) color: Color,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    #[default]
    Auto,
    Always,
    Never,
}
