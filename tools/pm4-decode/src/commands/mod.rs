//! The subcommands.

mod decode;
mod diff;
mod disasm;
mod lint;
mod program;
mod stats;

use std::path::Path;

use anyhow::Result;
use sparkle_pm4::decode::walk::{self, Limits, Memory, Step, canonical};
use sparkle_pm4::{Gfx, Ring};

use crate::args::{Command, Reading};
use crate::input::{self, Dump, InputError, Stream};
use crate::{BAD_INPUT, SYSTEM_REFUSED};

/// Runs a subcommand and gives the exit code.
pub(crate) fn run(command: Command) -> Result<u8> {
    match command {
        Command::Decode { source, style, disasm } => decode::run(&source, &style, disasm),
        Command::Disasm(args) => disasm::run(&args),
        Command::Lint(lint) => lint::run(&lint),
        Command::Diff { a, b, reading, style } => diff::run(&a, &b, &reading, &style),
        Command::Stats { source, style } => stats::run(&source, &style),
    }
}

/// The exit code of an error: 2 where the input is wrong, 1 where the system refused.
pub(crate) fn exit_code(error: &anyhow::Error) -> u8 {
    match error.downcast_ref::<InputError>() {
        Some(error) if !error.is_system() => BAD_INPUT,
        Some(_) => SYSTEM_REFUSED,
        None if error.downcast_ref::<std::io::Error>().is_some() => SYSTEM_REFUSED,
        None => BAD_INPUT,
    }
}

/// A dump, and what the command line says about it.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) name: String,
    pub(crate) dump: Dump,
    pub(crate) gfx: Gfx,
    ring: Option<Ring>,
}

impl Opened {
    pub(crate) fn read(path: &Path, reading: &Reading) -> Result<Self> {
        let mut dump = input::read(path, reading.input)?;
        let gfx = match (reading.gfx, &dump.gfx) {
            (Some(gfx), _) => gfx,
            (None, Some(name)) => match name.parse() {
                Ok(gfx) => gfx,
                Err(_) => {
                    dump.notes
                        .push(format!("the dump is of {name}, which has no tables here: read as {}", Gfx::GFX1100));
                    Gfx::GFX1100
                }
            },
            (None, None) => Gfx::GFX1100,
        };
        Ok(Self { name: path.display().to_string(), dump, gfx, ring: reading.ring.map(Ring::from) })
    }

    /// The ring that executes a stream.
    pub(crate) fn ring(&self, stream: &Stream) -> Ring {
        self.ring.or(stream.ring).unwrap_or(Ring::Compute)
    }

    /// The streams that no earlier one calls.
    pub(crate) fn roots(&self) -> Vec<&Stream> {
        let mut visited = Vec::new();
        let mut roots = Vec::new();
        for stream in &self.dump.streams {
            if stream.va.is_some_and(|va| visited.contains(&canonical(va))) {
                continue;
            }
            roots.push(stream);
            let steps = walk::walk(&stream.words, stream.va, &self.dump, Limits::default());
            visited.extend(steps.filter_map(|step| if let Step::Enter { va, .. } = step { va } else { None }));
        }
        roots
    }

    /// Gives every stream of the dump and all that it calls, step by step. A stream that an earlier one called is not
    /// given again.
    pub(crate) fn walk(&self, mut step: impl FnMut(&Stream, Step<'_>) -> Result<()>) -> Result<()> {
        for stream in self.roots() {
            for next in walk::walk(&stream.words, stream.va, &self.dump, Limits::default()) {
                step(stream, next)?;
            }
        }
        Ok(())
    }
}

impl Memory for Dump {
    fn words(&self, va: u64, dwords: usize) -> Option<&[u32]> {
        let streams = self.streams.iter().filter_map(|stream| Some((canonical(stream.va?), &stream.words)));
        let memory = self.memory.iter().map(|memory| (canonical(memory.va), &memory.words));
        streams.chain(memory).find_map(|(start, words)| {
            let bytes = va.checked_sub(start)?;
            let first = usize::try_from(bytes / 4).ok().filter(|_| bytes.is_multiple_of(4))?;
            words.get(first..first.checked_add(dwords)?)
        })
    }
}
