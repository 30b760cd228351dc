//! Sync objects: for order between queues, processes and interfaces.
//!
//! They don't show errors: one whose work hung is signalled like any other. Ask the [`super::Fence`] whether work was done.

use super::deadline::Deadline;
use super::device::Device;
use super::error::Error;
use super::fence::Fence;
use super::ioctl;
use super::uapi::syncobj::{WAIT_ALL, WAIT_FOR_SUBMIT};
use nix::errno::Errno;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::sync::Arc;

/// A sync object of a device. It closes its handle when it is dropped.
#[derive(Debug)]
pub struct SyncObj {
    handle: u32,
    device: Arc<Device>,
}

impl SyncObj {
    /// A new one.
    ///
    /// # Errors
    /// [`Error::Call`], [`Error::Gone`].
    pub fn new(device: &Arc<Device>, signaled: bool) -> Result<Arc<Self>, Error> {
        Self::own(device, "SYNCOBJ_CREATE", ioctl::syncobj_create(device.node(), signaled))
    }

    /// One that holds the fence of a submission.
    ///
    /// # Errors
    /// [`Error::Call`], [`Error::Gone`].
    pub fn from_fence(fence: &Fence) -> Result<Arc<Self>, Error> {
        let device = fence.context().device();
        Self::own(device, "AMDGPU_FENCE_TO_HANDLE", ioctl::fence_to_syncobj(device.node(), fence.fence()))
    }

    /// One that another process or interface exported.
    ///
    /// # Errors
    /// [`Error::Call`]: `EINVAL` for a descriptor that is none.
    pub fn import(device: &Arc<Device>, fd: BorrowedFd<'_>) -> Result<Arc<Self>, Error> {
        Self::own(device, "SYNCOBJ_FD_TO_HANDLE", ioctl::fd_to_syncobj(device.node(), fd))
    }

    fn own(device: &Arc<Device>, call: &'static str, handle: Result<u32, Errno>) -> Result<Arc<Self>, Error> {
        match handle {
            Ok(handle) => Ok(Arc::new(Self { handle, device: device.clone() })),
            Err(errno) => Err(Error::call(device.name(), call, errno)),
        }
    }

    /// Gives it the fence of a sync file.
    ///
    /// # Errors
    /// [`Error::Call`].
    pub fn import_sync_file(&self, sync_file: BorrowedFd<'_>) -> Result<(), Error> {
        self.done("SYNCOBJ_FD_TO_HANDLE", ioctl::import_sync_file(self.device.node(), self.handle, sync_file))
    }

    /// A descriptor of it, for another process or interface.
    ///
    /// # Errors
    /// [`Error::Call`].
    pub fn export(&self) -> Result<OwnedFd, Error> {
        self.done("SYNCOBJ_HANDLE_TO_FD", ioctl::syncobj_to_fd(self.device.node(), self.handle, false))
    }

    /// A sync file with the fence that it holds now.
    ///
    /// # Errors
    /// [`Error::Call`]: `EINVAL` where it holds none.
    pub fn export_sync_file(&self) -> Result<OwnedFd, Error> {
        self.done("SYNCOBJ_HANDLE_TO_FD", ioctl::syncobj_to_fd(self.device.node(), self.handle, true))
    }

    /// Takes its fence away.
    ///
    /// # Errors
    /// [`Error::Call`].
    pub fn reset(&self) -> Result<(), Error> {
        self.done("SYNCOBJ_RESET", ioctl::syncobj_reset(self.device.node(), self.handle))
    }

    /// Signals it from the CPU, at `point` of its timeline or (0) as it is. Points must grow.
    ///
    /// # Errors
    /// [`Error::Call`].
    pub fn signal(&self, point: u64) -> Result<(), Error> {
        self.done("SYNCOBJ_SIGNAL", ioctl::syncobj_signal(self.device.node(), self.handle, point))
    }

    /// The last point of its timeline that was reached.
    ///
    /// # Errors
    /// [`Error::Call`].
    pub fn point(&self) -> Result<u64, Error> {
        self.done("SYNCOBJ_QUERY", ioctl::syncobj_query(self.device.node(), self.handle))
    }

    /// Copies the fence at `from_point` of `from` to `point` of this one; 0 for what it is outside of a timeline.
    ///
    /// # Errors
    /// [`Error::OtherDevice`], [`Error::Call`].
    pub fn copy_from(&self, point: u64, from: &Self, from_point: u64) -> Result<(), Error> {
        self.device.must_be(&from.device)?;
        let (from, to) = ((from.handle, from_point), (self.handle, point));
        self.done("SYNCOBJ_TRANSFER", ioctl::syncobj_transfer(self.device.node(), from, to))
    }

    /// Has the kernel write to an eventfd when `point` is signalled, for event loops. Not in Linux 6.1.
    ///
    /// # Errors
    /// [`Error::Call`]: `EINVAL` on older kernels.
    pub fn notify(&self, point: u64, eventfd: BorrowedFd<'_>) -> Result<(), Error> {
        self.done("SYNCOBJ_EVENTFD", ioctl::syncobj_eventfd(self.device.node(), self.handle, point, eventfd))
    }

    /// Waits until it is signalled, at `point` of its timeline or (0) as it is; first for somebody to submit the work.
    ///
    /// # Errors
    /// [`Error::SyncTimeout`], [`Error::Call`].
    pub fn wait(&self, point: u64, deadline: Deadline) -> Result<(), Error> {
        Self::wait_all(&[(self, point)], deadline)
    }

    /// Waits until all are signalled, all of one device.
    ///
    /// # Errors
    /// [`Error::SyncTimeout`], [`Error::OtherDevice`], [`Error::Call`].
    pub fn wait_all(points: &[(&Self, u64)], deadline: Deadline) -> Result<(), Error> {
        Self::wait_with(points, WAIT_ALL | WAIT_FOR_SUBMIT, deadline).map(|_| ())
    }

    /// Waits until one is signalled and returns its index, all of one device.
    ///
    /// # Errors
    /// [`Error::SyncTimeout`], [`Error::OtherDevice`], [`Error::Call`].
    pub fn wait_any(points: &[(&Self, u64)], deadline: Deadline) -> Result<usize, Error> {
        Self::wait_with(points, WAIT_FOR_SUBMIT, deadline)
    }

    fn wait_with(points: &[(&Self, u64)], flags: u32, deadline: Deadline) -> Result<usize, Error> {
        let Some((first, _)) = points.first() else { return Ok(0) };
        let device = &first.device;
        for (syncobj, _) in points {
            device.must_be(&syncobj.device)?;
        }
        let handles: Vec<u32> = points.iter().map(|(syncobj, _)| syncobj.handle).collect();
        let waited = if points.iter().all(|(_, point)| *point == 0) {
            ioctl::syncobj_wait(device.node(), &handles, flags, deadline)
        } else {
            let points: Vec<u64> = points.iter().map(|(_, point)| *point).collect();
            ioctl::syncobj_timeline_wait(device.node(), &handles, &points, flags, deadline)
        };
        match waited {
            Ok(index) => Ok(index as usize), // CAST: u32 fits.
            Err(Errno::ETIME) => Err(Error::SyncTimeout { device: device.name().clone() }),
            Err(errno) => Err(Error::call(device.name(), "SYNCOBJ_WAIT", errno)),
        }
    }

    fn done<T>(&self, call: &'static str, result: Result<T, Errno>) -> Result<T, Error> {
        result.map_err(|errno| Error::call(self.device.name(), call, errno))
    }

    /// Its device.
    pub const fn device(&self) -> &Arc<Device> {
        &self.device
    }

    pub(super) const fn handle(&self) -> u32 {
        self.handle
    }
}

impl Drop for SyncObj {
    fn drop(&mut self) {
        // A handle that the kernel doesn't close is closed with the descriptor.
        let _ = ioctl::syncobj_destroy(self.device.node(), self.handle);
    }
}
