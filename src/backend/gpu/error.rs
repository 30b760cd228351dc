//! Why something on the GPU failed.

use super::module::ModuleError;
use crate::amdgpu::{self, GfxVersion};
use sparkle_pm4::BuildError;
use std::time::Duration;

/// Why loading, recording, launching or copying failed.
///
/// What the driver says keeps its variant: [`amdgpu::Error::Hang`], [`amdgpu::Error::ContextLost`],
/// [`amdgpu::Error::OutOfMemory`], [`amdgpu::Error::Timeout`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The driver, the kernel or the hardware.
    #[error(transparent)]
    Driver(#[from] amdgpu::Error),
    /// A code object or kernel.
    #[error(transparent)]
    Module(#[from] ModuleError),
    /// A chip whose command streams and programs aren't known here.
    #[error("{gfx} is not supported; the GPU backend runs on gfx1100 to gfx1153")]
    UnsupportedChip {
        /// Its instruction set.
        gfx: GfxVersion,
    },
    /// A launch that the kernel or the device can't do.
    #[error("kernel {kernel}: {reason}")]
    Launch {
        /// The kernel.
        kernel: Box<str>,
        /// What is wrong, and what to do.
        reason: String,
    },
    /// The command list has no room for this.
    #[error("the command list is full ({what}); submit it, or make one with a larger capacity")]
    ListFull {
        /// What there is no room for.
        what: &'static str,
    },
    /// Something was recorded into a list that was submitted.
    #[error("the command list is closed since it was submitted; reset it before recording into it")]
    ListClosed,
    /// A list was given to a stream that didn't make it, or an object of another GPU.
    #[error("{what} belongs to another {of}; use it where it was made")]
    Foreign {
        /// What.
        what: &'static str,
        /// `stream`, `GPU`.
        of: &'static str,
    },
    /// The work of a list would take too long for one submission.
    #[error(
        "the list's work is estimated at {} ms, and a submission may take {} ms before kernels call it a hang; split it",
        estimate.as_millis(), limit.as_millis()
    )]
    TooLong {
        /// All of the list.
        estimate: Duration,
        /// Of one submission.
        limit: Duration,
    },
    /// The stream's own checks found something: a mistake of this program, and nothing was sent.
    #[error("the command stream was not sent, as the PM4 linter objects: {findings}; please report this")]
    Lint {
        /// What was found, with the dwords.
        findings: String,
    },
    /// A packet couldn't be built.
    #[error("a packet cannot be built")]
    Packet(#[source] BuildError),
    /// The folder for captures can't be made.
    #[error("the folder {} for captures cannot be made", path.display())]
    CaptureFolder {
        /// The folder.
        path: std::path::PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A capture couldn't be written; the work itself was not touched by that.
    #[error("the capture of a submission cannot be written")]
    Capture(#[from] sparkle_capture::Error),
}

impl Error {
    /// Whether the stream that met it can't be used any more: make a new one.
    pub const fn loses_context(&self) -> bool {
        matches!(self, Self::Driver(error) if error.loses_context())
    }

    /// The same for what the driver says.
    pub const fn driver(&self) -> Option<&amdgpu::Error> {
        match self {
            Self::Driver(error) => Some(error),
            _ => None,
        }
    }
}

impl From<BuildError> for Error {
    fn from(error: BuildError) -> Self {
        match error {
            BuildError::NoRoom { .. } => Self::ListFull { what: "packets" },
            error => Self::Packet(error),
        }
    }
}
