//! Handles to descriptors and back: the calls by which objects leave and enter a client.

use super::plain;
use crate::amdgpu::node::Node;
use crate::amdgpu::uapi::drm::{PRIME_FD_TO_HANDLE, PRIME_HANDLE_TO_FD, PrimeHandle};
use crate::amdgpu::uapi::syncobj::{
    FD_TO_HANDLE_IMPORT_SYNC_FILE, HANDLE_TO_FD_EXPORT_SYNC_FILE, SYNCOBJ_FD_TO_HANDLE_BASE, SYNCOBJ_HANDLE_TO_FD_BASE,
    SyncobjHandle,
};
use nix::errno::Errno;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

/// Owns a descriptor that the kernel has just made.
pub(super) fn own(fd: i32) -> Result<OwnedFd, Errno> {
    if fd < 0 {
        return Err(Errno::EBADF);
    }
    #[allow(unsafe_code)]
    // SAFETY: only called with the descriptor of a call that succeeded and whose purpose is to make one; it isn't
    // negative, and nobody else knows it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// A dma-buf of the buffer.
pub(in crate::amdgpu) fn prime_handle_to_fd(node: &dyn Node, handle: u32) -> Result<OwnedFd, Errno> {
    let flags = (libc::O_CLOEXEC | libc::O_RDWR).cast_unsigned();
    let out: PrimeHandle = plain(node, PRIME_HANDLE_TO_FD, PrimeHandle { handle, flags, fd: -1 })?;
    own(out.fd)
}

/// The buffer of a dma-buf: the same handle each time for the same one.
pub(in crate::amdgpu) fn prime_fd_to_handle(node: &dyn Node, fd: BorrowedFd<'_>) -> Result<u32, Errno> {
    plain(node, PRIME_FD_TO_HANDLE, PrimeHandle { handle: 0, flags: 0, fd: fd.as_raw_fd() })
        .map(|out: PrimeHandle| out.handle)
}

/// A descriptor of the sync object, or of a sync file with its present fence.
pub(in crate::amdgpu) fn syncobj_to_fd(node: &dyn Node, handle: u32, sync_file: bool) -> Result<OwnedFd, Errno> {
    let flags = if sync_file { HANDLE_TO_FD_EXPORT_SYNC_FILE } else { 0 };
    let out: SyncobjHandle =
        plain(node, SYNCOBJ_HANDLE_TO_FD_BASE, SyncobjHandle { handle, flags, fd: -1, ..SyncobjHandle::default() })?;
    own(out.fd)
}

/// The sync object of a descriptor.
pub(in crate::amdgpu) fn fd_to_syncobj(node: &dyn Node, fd: BorrowedFd<'_>) -> Result<u32, Errno> {
    plain(node, SYNCOBJ_FD_TO_HANDLE_BASE, SyncobjHandle { fd: fd.as_raw_fd(), ..SyncobjHandle::default() })
        .map(|out: SyncobjHandle| out.handle)
}

/// Gives an existing sync object the fence of a sync file.
pub(in crate::amdgpu) fn import_sync_file(node: &dyn Node, handle: u32, fd: BorrowedFd<'_>) -> Result<(), Errno> {
    let flags = FD_TO_HANDLE_IMPORT_SYNC_FILE;
    let argument = SyncobjHandle { handle, flags, fd: fd.as_raw_fd(), ..SyncobjHandle::default() };
    plain(node, SYNCOBJ_FD_TO_HANDLE_BASE, argument).map(|_: SyncobjHandle| ())
}
