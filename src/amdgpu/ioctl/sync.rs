//! Sync objects.

use super::{address, call, plain};
use crate::amdgpu::deadline::Deadline;
use crate::amdgpu::node::Node;
use crate::amdgpu::uapi::syncobj::{
    CREATE_SIGNALED, SYNCOBJ_CREATE, SYNCOBJ_DESTROY, SYNCOBJ_EVENTFD, SYNCOBJ_QUERY, SYNCOBJ_RESET, SYNCOBJ_SIGNAL,
    SYNCOBJ_TIMELINE_SIGNAL, SYNCOBJ_TIMELINE_WAIT_BASE, SYNCOBJ_TRANSFER, SYNCOBJ_WAIT_BASE, SyncobjArray,
    SyncobjCreate, SyncobjDestroy, SyncobjEventfd, SyncobjTimelineArray, SyncobjTimelineWait, SyncobjTransfer,
    SyncobjWait,
};
use nix::errno::Errno;
use std::os::fd::{AsRawFd, BorrowedFd};

/// Returns the new handle.
pub(in crate::amdgpu) fn syncobj_create(node: &dyn Node, signaled: bool) -> Result<u32, Errno> {
    let flags = if signaled { CREATE_SIGNALED } else { 0 };
    plain(node, SYNCOBJ_CREATE, SyncobjCreate { handle: 0, flags }).map(|out: SyncobjCreate| out.handle)
}

pub(in crate::amdgpu) fn syncobj_destroy(node: &dyn Node, handle: u32) -> Result<(), Errno> {
    plain(node, SYNCOBJ_DESTROY, SyncobjDestroy { handle, pad: 0 }).map(|_: SyncobjDestroy| ())
}

/// Takes the fence away.
pub(in crate::amdgpu) fn syncobj_reset(node: &dyn Node, handle: u32) -> Result<(), Errno> {
    array(node, SYNCOBJ_RESET, handle)
}

/// Signals, at `point` if there is one.
pub(in crate::amdgpu) fn syncobj_signal(node: &dyn Node, handle: u32, point: u64) -> Result<(), Errno> {
    if point == 0 {
        array(node, SYNCOBJ_SIGNAL, handle)
    } else {
        points(node, SYNCOBJ_TIMELINE_SIGNAL, handle, point).map(|_| ())
    }
}

/// The last point that was signalled.
pub(in crate::amdgpu) fn syncobj_query(node: &dyn Node, handle: u32) -> Result<u64, Errno> {
    points(node, SYNCOBJ_QUERY, handle, 0)
}

fn array(node: &dyn Node, request: u32, handle: u32) -> Result<(), Errno> {
    let mut argument = SyncobjArray { handles: address(&raw const handle), count_handles: 1, pad: 0 };
    #[allow(unsafe_code)]
    // SAFETY: the kernel reads `count_handles` handles at `handles`: one, of this function's parameter.
    unsafe { call(node, request, &mut argument) }?;
    Ok(())
}

/// Calls with one handle and one point, which a query writes and a signal reads.
fn points(node: &dyn Node, request: u32, handle: u32, point: u64) -> Result<u64, Errno> {
    let mut point = point;
    let mut argument = SyncobjTimelineArray {
        handles: address(&raw const handle),
        points: address(&raw mut point),
        count_handles: 1,
        flags: 0,
    };
    #[allow(unsafe_code)]
    // SAFETY: the kernel reads one handle, a parameter, and reads or writes one point, a local that is `mut` and whose
    // address was taken for writing; both live until the end of the function.
    unsafe { call(node, request, &mut argument) }?;
    Ok(point)
}

/// Waits; a timeout is `ETIME`. Returns the index of one that was signalled.
pub(in crate::amdgpu) fn syncobj_wait(
    node: &dyn Node,
    handles: &[u32],
    flags: u32,
    deadline: Deadline,
) -> Result<u32, Errno> {
    let mut argument = SyncobjWait {
        handles: address(handles.as_ptr()),
        timeout_nsec: deadline.signed(),
        count_handles: u32::try_from(handles.len()).map_err(|_| Errno::EINVAL)?,
        flags,
        ..SyncobjWait::default()
    };
    #[allow(unsafe_code)]
    // SAFETY: the kernel reads `count_handles` handles at `handles`, a slice of that length, borrowed until the end.
    unsafe { call(node, SYNCOBJ_WAIT_BASE, &mut argument) }?;
    Ok(argument.first_signaled)
}

/// Waits for points; a timeout is `ETIME`. Returns the index of one that was reached.
pub(in crate::amdgpu) fn syncobj_timeline_wait(
    node: &dyn Node,
    handles: &[u32],
    points: &[u64],
    flags: u32,
    deadline: Deadline,
) -> Result<u32, Errno> {
    if handles.len() != points.len() {
        return Err(Errno::EINVAL);
    }
    let mut argument = SyncobjTimelineWait {
        handles: address(handles.as_ptr()),
        points: address(points.as_ptr()),
        timeout_nsec: deadline.signed(),
        count_handles: u32::try_from(handles.len()).map_err(|_| Errno::EINVAL)?,
        flags,
        ..SyncobjTimelineWait::default()
    };
    #[allow(unsafe_code)]
    // SAFETY: the kernel reads `count_handles` handles and as many points, from slices whose lengths are equal and are that
    // count, borrowed until the end.
    unsafe { call(node, SYNCOBJ_TIMELINE_WAIT_BASE, &mut argument) }?;
    Ok(argument.first_signaled)
}

/// Copies a fence. Points are 0 for binary sync objects.
pub(in crate::amdgpu) fn syncobj_transfer(node: &dyn Node, from: (u32, u64), to: (u32, u64)) -> Result<(), Errno> {
    let ((src_handle, src_point), (dst_handle, dst_point)) = (from, to);
    let argument = SyncobjTransfer { src_handle, dst_handle, src_point, dst_point, flags: 0, pad: 0 };
    plain(node, SYNCOBJ_TRANSFER, argument).map(|_: SyncobjTransfer| ())
}

/// Has the kernel write to an eventfd when the point is signalled. Not in Linux 6.1: EINVAL.
pub(in crate::amdgpu) fn syncobj_eventfd(
    node: &dyn Node,
    handle: u32,
    point: u64,
    fd: BorrowedFd<'_>,
) -> Result<(), Errno> {
    plain(node, SYNCOBJ_EVENTFD, SyncobjEventfd { handle, flags: 0, point, fd: fd.as_raw_fd(), pad: 0 })
        .map(|_: SyncobjEventfd| ())
}
