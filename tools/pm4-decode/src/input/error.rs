//! Why a dump can't be read.

use std::io;
use std::path::PathBuf;

/// Why a dump can't be read. [`InputError::is_system`] tells a refusal of the system from wrong input.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InputError {
    /// The system refused; the cause is in `source`.
    #[error("cannot read {}", path.display())]
    System { path: PathBuf, source: io::Error },
    /// A file without a byte.
    #[error("{} is empty: dump the stream again", path.display())]
    Empty { path: PathBuf },
    /// A folder that holds no capture.
    #[error("{} is a folder without capture.json: name a file, or the folder of a capture", path.display())]
    NoCapture { path: PathBuf },
    /// The content is something else, which no reader here takes.
    #[error("{} is {what}: {advice}", path.display())]
    OtherContent { path: PathBuf, what: &'static str, advice: &'static str },
    /// A place in a text that can't be read. Lines and columns count from 1, columns in bytes.
    #[error("{}:{line}:{column}: {what}", path.display())]
    Syntax { path: PathBuf, line: usize, column: usize, what: String },
    /// A text of the right format in which what is needed is missing.
    #[error("{}: {what}", path.display())]
    Missing { path: PathBuf, what: &'static str },
    /// What the command line asks for can't be done with this chip.
    #[error("{what}")]
    Unsupported { what: String },
    /// What the capture format's own reader says.
    #[error(transparent)]
    Capture(#[from] sparkle_capture::Error),
}

impl InputError {
    /// Whether the system refused, rather than the input being wrong.
    pub(crate) fn is_system(&self) -> bool {
        matches!(self, Self::System { .. } | Self::Capture(sparkle_capture::Error::Io { .. }))
    }
}

/// What a reader of bytes says, who knows no path.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fault {
    OtherContent { what: &'static str, advice: &'static str },
    Syntax { line: usize, column: usize, what: String },
    Missing(&'static str),
}

impl Fault {
    pub(super) fn at(self, path: PathBuf) -> InputError {
        match self {
            Self::OtherContent { what, advice } => InputError::OtherContent { path, what, advice },
            Self::Syntax { line, column, what } => InputError::Syntax { path, line, column, what },
            Self::Missing(what) => InputError::Missing { path, what },
        }
    }
}
