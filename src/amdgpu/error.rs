//! What can go wrong on a device, as values that say what happened, on which device, and what to do.

use super::context::ResetState;
use super::discover::Unusable;
use super::fault::PageFault;
use super::submit::Queue;
use super::vm::GpuVa;
use nix::errno::Errno;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// A device in messages: the path of its node.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DeviceName(pub(super) Arc<str>);

impl DeviceName {
    /// `/dev/dri/renderD128`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DeviceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why something on a device failed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The device can't be used at all.
    #[error("{device}: {reason}")]
    Unusable {
        /// Where.
        device: DeviceName,
        /// Why not.
        reason: Unusable,
    },
    /// The kernel refused a call in a way that has no variant of its own; mostly a mistake of the caller's.
    #[error("{device}: the kernel refused {call}")]
    Call {
        /// Where.
        device: DeviceName,
        /// The ioctl, or `mmap`.
        call: &'static str,
        /// The kernel's answer.
        #[source]
        errno: Errno,
    },
    /// This user, or this buffer, may not do that.
    #[error("{device}: {call} is not permitted; {}", permission(call))]
    Permission {
        /// Where.
        device: DeviceName,
        /// The ioctl.
        call: &'static str,
    },
    /// The kernel has no memory for its own part of a call.
    #[error(
        "{device}: the kernel has no memory for {call}; free some, or raise the limit of this process's control group"
    )]
    KernelMemory {
        /// Where.
        device: DeviceName,
        /// The ioctl, or `mmap`.
        call: &'static str,
    },
    /// There is no memory for a buffer.
    #[error("{device}: no room for {bytes} bytes of {place} memory; free other buffers or work in smaller pieces")]
    OutOfMemory {
        /// Where.
        device: DeviceName,
        /// Bytes that were asked for.
        bytes: u64,
        /// `VRAM`, `GTT`, or `address space`.
        place: &'static str,
    },
    /// The buffers of a submission don't fit into memory together.
    #[error(
        "{device}: the {buffers} buffers of a submission do not fit into memory together; use fewer or smaller ones"
    )]
    WorkingSet {
        /// Where.
        device: DeviceName,
        /// Number of buffers.
        buffers: usize,
    },
    /// The deadline passed first. The work is still running: wait again, or drop the context.
    #[error("{device}: submission {seq} on {queue} still runs after {} ms; wait longer, or drop its context", waited.as_millis())]
    Timeout {
        /// Where.
        device: DeviceName,
        /// Where there.
        queue: Queue,
        /// Sequence number.
        seq: u64,
        /// Since the submission.
        waited: Duration,
    },
    /// The deadline passed before sync objects were signalled.
    #[error("{device}: the sync objects were not signalled before the deadline")]
    SyncTimeout {
        /// Where.
        device: DeviceName,
    },
    /// Work of this context hung and the kernel ended it. The context is of no more use: make a new one; upload VRAM's
    /// contents again if they were lost.
    #[error(
        "{device}: work on {queue} hung and was ended by the kernel ({state}){}; make a new context{}",
        Because(fault),
        Again(*state)
    )]
    Hang {
        /// Where.
        device: DeviceName,
        /// Where there.
        queue: Queue,
        /// `ETIME`, `ECANCELED` or `ENODATA`.
        #[source]
        errno: Errno,
        /// What the kernel says of the context.
        state: ResetState,
        /// The last page fault of this client, where the kernel can tell: most often the cause.
        fault: Option<PageFault>,
    },
    /// The context was lost to a reset that others caused. Make a new one; upload VRAM's contents again if they were lost.
    #[error("{device}: the context was lost in a GPU reset ({state}); make a new one{}", Again(*state))]
    ContextLost {
        /// Where.
        device: DeviceName,
        /// What the kernel says of the context.
        state: ResetState,
    },
    /// The device is gone: unplugged, or its driver gave up.
    #[error("{device}: the device is gone; close it, and look for it again")]
    Gone {
        /// Where.
        device: DeviceName,
    },
    /// The device's memory is damaged and its driver stopped it.
    #[error("{device}: the device reports a fatal memory error; reboot, and replace the card if it comes again")]
    Hardware {
        /// Where.
        device: DeviceName,
    },
    /// A range outside a buffer.
    #[error("byte {offset} and {bytes} more are outside of the buffer's {len} bytes")]
    OutOfBounds {
        /// Bytes.
        offset: u64,
        /// Bytes.
        bytes: u64,
        /// Bytes.
        len: u64,
    },
    /// A value that has to be a multiple of something.
    #[error("{what} {value:#x} is not a multiple of {alignment} bytes")]
    Unaligned {
        /// What.
        what: &'static str,
        /// Its value.
        value: u64,
        /// Bytes.
        alignment: u64,
    },
    /// An indirect buffer that no ring takes.
    #[error(
        "an indirect buffer at {va} of {bytes} bytes; it needs 1 to {max} dwords, an address that is a multiple of {alignment} bytes and a size that is one of {size_alignment}"
    )]
    IndirectBuffer {
        /// Address.
        va: GpuVa,
        /// Size.
        bytes: u64,
        /// Dwords.
        max: u32,
        /// Bytes.
        alignment: u32,
        /// Bytes.
        size_alignment: u32,
    },
    /// More indirect buffers than the kernel takes at once.
    #[error("a submission to {queue} has at most {limit} indirect buffers; send several submissions")]
    TooManyIbs {
        /// Where.
        queue: Queue,
        /// How many.
        limit: usize,
    },
    /// The device has no such ring.
    #[error("{device}: there is no {queue}; this device has {rings} rings of that kind")]
    NoSuchRing {
        /// Where.
        device: DeviceName,
        /// What was asked for.
        queue: Queue,
        /// Rings of the block.
        rings: u32,
    },
    /// Objects of two devices in one call.
    #[error("{device}: an object of another device ({other}) was given to it")]
    OtherDevice {
        /// The device that was called.
        device: DeviceName,
        /// The object's.
        other: DeviceName,
    },
    /// Nothing to do.
    #[error("{device}: a submission without an indirect buffer")]
    EmptySubmission {
        /// Where.
        device: DeviceName,
    },
    /// The CPU can't map this buffer.
    #[error("{device}: the buffer was made without CPU access")]
    NoCpuAccess {
        /// Where.
        device: DeviceName,
    },
}

/// What a call that isn't permitted needs.
fn permission(call: &str) -> &'static str {
    if call.starts_with("AMDGPU_CTX") {
        "priorities above normal need CAP_SYS_NICE"
    } else if call.starts_with("PRIME") {
        "buffers that are always valid or host memory can't be shared"
    } else {
        "the node's owner or a security policy forbids it to this user"
    }
}

/// `; last page fault …`, or nothing. The kernel keeps one a client and doesn't say when it came.
struct Because<'a>(&'a Option<PageFault>);

impl fmt::Display for Because<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_ref().map_or(Ok(()), |fault| write!(f, "; last {fault}"))
    }
}

/// What follows from lost memory.
struct Again(ResetState);

impl fmt::Display for Again {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.contains(ResetState::VRAM_LOST) { " and upload everything in VRAM again" } else { "" })
    }
}

impl Error {
    /// The error of a call that has no meaning of its own for `errno` beyond those that every call has.
    pub(super) fn call(device: &DeviceName, call: &'static str, errno: Errno) -> Self {
        let device = device.clone();
        match errno {
            Errno::ENODEV => Self::Gone { device },
            Errno::EHWPOISON => Self::Hardware { device },
            Errno::ENOMEM => Self::KernelMemory { device, call },
            Errno::EACCES | Errno::EPERM => Self::Permission { device, call },
            errno => Self::Call { device, call, errno },
        }
    }

    /// Whether the context that met it can't be used any more.
    pub const fn loses_context(&self) -> bool {
        matches!(self, Self::Hang { .. } | Self::ContextLost { .. } | Self::Gone { .. } | Self::Hardware { .. })
    }
}
