//! Completion of submissions.

use super::context::Context;
use super::deadline::{Deadline, now, until};
use super::error::Error;
use super::ioctl;
use super::submit::{Queue, Residency};
use super::uapi;
use nix::errno::Errno;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How long after a submission the GPU's own counter is believed. Later the kernel is asked: a hang that it recovered
/// from by killing the waves lets the counter advance all the same, and only the kernel knows that the work failed. The
/// shortest timeout of any kernel is 2 s (Linux 7.3), `amdgpu_device.c`.
const COUNTER_IS_PROOF: u64 = 500_000_000;
/// How long a wait looks at the counter before it sleeps in the kernel.
const SPIN: u64 = 20_000;

/// Work that was submitted. It keeps the context and what the GPU uses.
///
/// Dropping it early is fine: the context then keeps the buffers, and lets go of them at a submission after the work is
/// done, or when it is dropped itself.
#[derive(Debug)]
#[must_use = "without waiting nobody knows whether the work was done"]
pub struct Fence {
    context: Arc<Context>,
    queue: Queue,
    seq: u64,
    /// Nanoseconds of `CLOCK_MONOTONIC`.
    submitted: u64,
    done: AtomicBool,
    residency: Option<Arc<Residency>>,
}

impl Fence {
    pub(super) const fn new(
        context: Arc<Context>,
        queue: Queue,
        seq: u64,
        submitted: u64,
        residency: Option<Arc<Residency>>,
    ) -> Self {
        Self { context, queue, seq, submitted, done: AtomicBool::new(false), residency }
    }

    /// Sequence number, from 1 for each queue of a context.
    pub const fn seq(&self) -> u64 {
        self.seq
    }

    /// Where it runs.
    pub const fn queue(&self) -> Queue {
        self.queue
    }

    /// Its context.
    pub const fn context(&self) -> &Arc<Context> {
        &self.context
    }

    /// Whether it is done, without waiting.
    ///
    /// # Errors
    /// As [`Self::wait`], without a timeout.
    pub fn is_done(&self) -> Result<bool, Error> {
        match self.wait(Deadline::NOW) {
            Ok(()) => Ok(true),
            Err(Error::Timeout { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Waits until it is done, `deadline` at the latest. After success the CPU sees what the GPU wrote.
    ///
    /// # Errors
    /// [`Error::Timeout`] leaves it running; [`Error::Hang`] and [`Error::ContextLost`] mean that it was ended;
    /// [`Error::Gone`], [`Error::Hardware`], [`Error::Call`].
    pub fn wait(&self, deadline: Deadline) -> Result<(), Error> {
        if self.done.load(Ordering::Acquire) || self.spin(deadline) {
            return Ok(());
        }
        let fence = self.fence();
        let look = || ioctl::wait_cs(self.context.device().node(), &fence, deadline).map(|done| done.then_some(()));
        match until(deadline, look) {
            Ok(Some(())) => {
                self.done.store(true, Ordering::Release); // ORDERING: for another thread that skips the wait.
                Ok(())
            }
            Ok(None) => Err(Error::Timeout {
                device: self.context.device().name().clone(),
                queue: self.queue,
                seq: self.seq,
                waited: Duration::from_nanos(now().saturating_sub(self.submitted)),
            }),
            Err(errno) => Err(self.failed(errno)),
        }
    }

    /// Waits for the first of several, of one device; returns its index, or `None` at the deadline.
    ///
    /// # Errors
    /// As [`Self::wait`], of whichever failed first; [`Error::OtherDevice`].
    pub fn wait_any(fences: &[&Self], deadline: Deadline) -> Result<Option<usize>, Error> {
        let Some(first) = fences.first() else { return Ok(None) };
        let device = first.context.device();
        for fence in fences {
            device.must_be(fence.context.device())?;
        }
        let list: Vec<uapi::submit::Fence> = fences.iter().map(|fence| fence.fence()).collect();
        until(deadline, || ioctl::wait_fences(device.node(), &list, false, deadline))
            .map(|index| index.map(|index| index as usize)) // CAST: u32 fits.
            .map_err(|errno| first.failed(errno))
    }

    /// A descriptor that becomes readable when the work is done, for event loops; its status tells errors
    /// (`SYNC_IOC_FILE_INFO`).
    ///
    /// # Errors
    /// As [`Self::wait`], without a timeout.
    pub fn sync_file(&self) -> Result<OwnedFd, Error> {
        ioctl::fence_to_sync_file(self.context.device().node(), self.fence()).map_err(|errno| self.failed(errno))
    }

    pub(super) fn fence(&self) -> uapi::submit::Fence {
        uapi::submit::Fence {
            ctx_id: self.context.id(),
            ip_type: self.queue.ip.number(),
            ip_instance: 0,
            ring: self.queue.ring,
            seq_no: self.seq,
        }
    }

    /// Looks at the counter for a moment, and once in any case.
    fn spin(&self, deadline: Deadline) -> bool {
        let start = now();
        let end = start.saturating_add(SPIN).min(deadline.nanoseconds());
        let mut time = start;
        loop {
            if time.saturating_sub(self.submitted) > COUNTER_IS_PROOF {
                return false;
            }
            if self.context.counted(self.queue) >= self.seq {
                self.done.store(true, Ordering::Release); // ORDERING: as in `wait`.
                return true;
            }
            if time >= end {
                return false;
            }
            std::hint::spin_loop();
            time = now();
        }
    }

    /// The error of a wait. Work that the kernel ended doesn't run any more.
    pub(super) fn failed(&self, errno: Errno) -> Error {
        match errno {
            errno if ended(errno) => {
                self.done.store(true, Ordering::Release); // ORDERING: as in `wait`.
                self.context.lost(self.queue, errno)
            }
            errno => Error::call(self.context.device().name(), "AMDGPU_WAIT_CS", errno),
        }
    }
}

impl Drop for Fence {
    fn drop(&mut self) {
        let Some(residency) = self.residency.take() else { return };
        let work = Unfinished { fence: self.fence(), residency };
        if !self.done.load(Ordering::Acquire)
            && !self.spin(Deadline::NOW)
            && !work.is_done(&self.context, Deadline::NOW)
        {
            self.context.adopt(work);
        }
    }
}

/// Whether an error is that of work which the kernel ended. Each kernel uses the three codes in its own way.
///
/// Source: Linux `amdgpu_job.c`, `drm/scheduler/sched_main.c`.
pub(super) const fn ended(errno: Errno) -> bool {
    matches!(errno, Errno::ETIME | Errno::ECANCELED | Errno::ENODATA)
}

/// Work that nobody waits for, with what it uses.
#[derive(Debug)]
pub(super) struct Unfinished {
    fence: uapi::submit::Fence,
    #[allow(dead_code, reason = "held, not read")]
    residency: Arc<Residency>,
}

impl Unfinished {
    /// Whether it doesn't run any more, for whatever reason.
    pub(super) fn is_done(&self, context: &Context, deadline: Deadline) -> bool {
        let look = || ioctl::wait_cs(context.device().node(), &self.fence, deadline).map(|done| done.then_some(()));
        match until(deadline, look) {
            Ok(done) => done.is_some(),
            // Other errors say something of the call and nothing of the work.
            Err(errno) => ended(errno) || matches!(errno, Errno::ENODEV | Errno::EHWPOISON),
        }
    }
}
