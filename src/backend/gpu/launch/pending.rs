//! Work that was sent.

use super::super::Error;
use crate::amdgpu::{Deadline, Error as DriverError, Fence};
use std::os::fd::OwnedFd;

/// Work in flight. It keeps all that the work uses until a wait has succeeded or it is dropped; dropping it early is fine,
/// and the memory is then kept elsewhere.
#[derive(Debug)]
#[must_use = "without waiting nobody knows whether the work was done"]
pub struct Pending {
    /// `None` once it was waited for with success.
    fence: Option<Fence>,
    /// Why the kernel ended it: said again to whoever waits again.
    failed: Option<DriverError>,
    seq: u64,
}

impl Pending {
    pub(super) const fn new(fence: Fence) -> Self {
        Self { seq: fence.seq(), fence: Some(fence), failed: None }
    }

    /// Waits until the work is done, `deadline` at the latest. After success the CPU sees its results.
    ///
    /// # Errors
    /// [`DriverError::Timeout`] leaves it running: wait again. [`DriverError::Hang`] and [`DriverError::ContextLost`]
    /// mean that the kernel ended it, and that its stream is lost.
    pub fn wait(&mut self, deadline: Deadline) -> Result<(), Error> {
        let Some(fence) = &self.fence else { return Ok(()) };
        if let Some(failed) = &self.failed {
            return Err(failed.clone().into());
        }
        match fence.wait(deadline) {
            Ok(()) => {
                self.fence = None;
                Ok(())
            }
            Err(error) => {
                self.failed = error.loses_context().then(|| error.clone());
                Err(error.into())
            }
        }
    }

    /// Whether it is done, without waiting.
    ///
    /// # Errors
    /// As [`Self::wait`], without a timeout.
    pub fn is_done(&mut self) -> Result<bool, Error> {
        match self.wait(Deadline::NOW) {
            Ok(()) => Ok(true),
            Err(Error::Driver(DriverError::Timeout { .. })) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Its number on its stream, from 1.
    pub const fn seq(&self) -> u64 {
        self.seq
    }

    /// The driver's fence, unless the work was waited for.
    pub const fn fence(&self) -> Option<&Fence> {
        self.fence.as_ref()
    }

    /// A descriptor that becomes readable when the work is done, for event loops; `None` where it was waited for.
    ///
    /// # Errors
    /// [`Error::Driver`].
    pub fn sync_file(&self) -> Result<Option<OwnedFd>, Error> {
        self.fence.as_ref().map(Fence::sync_file).transpose().map_err(Into::into)
    }
}
