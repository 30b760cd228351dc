//! How a job ends, and where.

use std::fmt;

use sparkle_pm4::decode::Item;
use sparkle_pm4::text::{Palette, TextWriter};
use sparkle_pm4::{Gfx, Ring};

use crate::shader::AccessKind;

/// A packet where it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Address of the stream.
    pub stream: u64,
    /// Dwords from the stream's start.
    pub at: usize,
    /// The packet's name, as AMD's headers spell it.
    pub name: String,
    /// The packet decoded, one line a dword.
    pub text: String,
}

/// Lines of a decoded packet that are kept: WRITE_DATA may carry 64 KiB.
const LINES: usize = 24;

impl Place {
    /// The packet's address.
    #[must_use]
    pub const fn va(&self) -> u64 {
        self.stream.wrapping_add((self.at as u64).wrapping_mul(4)) // CAST: usize has at most 64 bits
    }

    pub(crate) fn of(item: &Item<'_>, stream: u64, name: &str, gfx: Gfx, ring: Ring) -> Self {
        let mut writer = TextWriter::new(gfx, ring, Palette::default());
        writer.item(item);
        writer.flush();
        let text = String::from_utf8_lossy(writer.bytes());
        let mut lines: Vec<_> = text.lines().take(LINES).collect();
        if text.lines().nth(LINES).is_some() {
            lines.push("...");
        }
        Self { stream, at: item.at, name: name.to_owned(), text: lines.join("\n") }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = if self.name.is_empty() { "the stream" } else { &self.name };
        write!(f, "{name} at {:#x} (dword {} of the stream at {:#x})", self.va(), self.at, self.stream)
    }
}

/// What an access was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Data was read.
    Read,
    /// Data was written.
    Write,
    /// Instructions were fetched.
    Execute,
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Execute => "instruction fetch",
        })
    }
}

impl From<AccessKind> for Access {
    fn from(kind: AccessKind) -> Self {
        match kind {
            AccessKind::Load => Self::Read,
            AccessKind::Store | AccessKind::Atomic => Self::Write,
        }
    }
}

/// Which block of the GPU made an access. Source: Linux `gfxhub_v3_0.c`, `gfxhub_client_ids`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requester {
    /// The fetcher of command streams.
    CommandFetch,
    /// The command processor.
    Command,
    /// Vector memory of shaders.
    Vector,
    /// Scalar memory of shaders.
    Scalar,
    /// Instructions of shaders.
    Instruction,
}

/// How a job ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// All of it was executed.
    Done {
        /// Ticks of the GPU's clock that it took.
        ticks: u64,
    },
    /// It would never end, or going on would be a guess.
    Hang {
        /// The facts, in words.
        why: String,
        /// The packet.
        at: Place,
    },
    /// A page was not there or not for this.
    Fault {
        /// The address.
        va: u64,
        /// What for.
        access: Access,
        /// By whom.
        requester: Requester,
        /// The facts, in words.
        why: String,
        /// The packet.
        at: Place,
    },
    /// The command processor raised an interrupt: no such opcode, a register that is not the client's to write, or no
    /// such instruction.
    Illegal {
        /// The facts, in words.
        why: String,
        /// The packet.
        at: Place,
    },
}

impl Outcome {
    /// Whether the job came to its end.
    #[must_use]
    pub const fn is_done(&self) -> bool {
        matches!(self, Self::Done { .. })
    }

    /// Where it stopped.
    #[must_use]
    pub const fn place(&self) -> Option<&Place> {
        match self {
            Self::Done { .. } => None,
            Self::Hang { at, .. } | Self::Fault { at, .. } | Self::Illegal { at, .. } => Some(at),
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done { ticks } => write!(f, "done in {ticks} ticks"),
            Self::Hang { why, at } => write!(f, "hang: {why}; {at}"),
            Self::Fault { va, access, why, at, .. } => write!(f, "page fault: {access} at {va:#x}: {why}; {at}"),
            Self::Illegal { why, at } => write!(f, "illegal: {why}; {at}"),
        }
    }
}

/// Why a packet could not be executed; the place is added by who knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    Hang(String),
    Illegal(String),
    Fault { va: u64, access: Access, requester: Requester, why: String },
}

impl Stop {
    /// Going on would be a guess.
    pub(crate) fn not_modelled(what: impl fmt::Display) -> Self {
        Self::Hang(format!("{what} is not modelled"))
    }

    pub(crate) fn at(self, at: Place) -> Outcome {
        match self {
            Self::Hang(why) => Outcome::Hang { why, at },
            Self::Illegal(why) => Outcome::Illegal { why, at },
            Self::Fault { va, access, requester, why } => Outcome::Fault { va, access, requester, why, at },
        }
    }
}
