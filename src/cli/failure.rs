//! How a command ends when it doesn't end well, and the exit code that says so.

use crate::backend::BackendError;
use crate::cli::files::FileError;
use crate::conv::ProblemError;
use crate::plan::PlanError;
use std::fmt;
use std::io::Write;
use std::process::ExitCode;

/// Why a command stops.
#[derive(Debug)]
pub(super) enum Failure {
    /// The system refused: a missing file, a permission, a full disk, a device. Exit 1.
    System(anyhow::Error),
    /// What the user handed in is wrong: an option, a problem, a file's contents. Exit 2.
    Input(anyhow::Error),
    /// clap's own message about the command line, complete with usage. Exit 2.
    Usage(String),
    /// `--verify` found a difference; the report has been printed. Exit 3.
    Difference(String),
    /// Nobody reads stdout any more. Exit 0, quietly.
    StdoutClosed,
}

impl Failure {
    /// What the user handed in is wrong.
    pub(super) fn input(message: impl fmt::Display) -> Self {
        Self::Input(anyhow::Error::msg(message.to_string()))
    }

    /// The system refused.
    pub(super) fn system(message: impl fmt::Display) -> Self {
        Self::System(anyhow::Error::msg(message.to_string()))
    }

    /// Says it on stderr and gives the exit code.
    pub(super) fn exit(self) -> ExitCode {
        let (code, message) = match &self {
            Self::System(error) => (1, format!("sparkle-run: error: {error:#}\n")),
            Self::Input(error) => (2, format!("sparkle-run: error: {error:#}\n")),
            Self::Usage(message) => (2, message.clone()),
            Self::Difference(message) => (3, format!("sparkle-run: error: {message}\n")),
            Self::StdoutClosed => return ExitCode::SUCCESS,
        };
        // With stderr gone there is nobody left to tell; the exit code still says it.
        let _ = std::io::stderr().write_all(message.as_bytes());
        ExitCode::from(code)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System(error) | Self::Input(error) => write!(f, "{error:#}"),
            Self::Usage(message) | Self::Difference(message) => f.write_str(message),
            Self::StdoutClosed => f.write_str("stdout is closed"),
        }
    }
}

impl From<ProblemError> for Failure {
    fn from(error: ProblemError) -> Self {
        Self::Input(error.into())
    }
}

impl From<PlanError> for Failure {
    fn from(error: PlanError) -> Self {
        Self::Input(error.into())
    }
}

impl From<FileError> for Failure {
    fn from(error: FileError) -> Self {
        if error.is_user_fault() { Self::Input(error.into()) } else { Self::System(error.into()) }
    }
}

impl From<BackendError> for Failure {
    fn from(error: BackendError) -> Self {
        match error {
            BackendError::OutOfMemory { .. } | BackendError::Threads { .. } => Self::System(error.into()),
            _ => Self::Input(error.into()),
        }
    }
}
