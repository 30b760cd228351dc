//! The process that waits for an answer: its memory, its descriptors, its names.

use std::ffi::CString;
use std::os::fd::{AsFd, OwnedFd, RawFd};

use nix::sys::stat::stat;

use super::sys::{Call, Listener, descriptor_of};
use crate::kmd::lent::number_of;
use crate::kmd::{Errno, Process, UserMemory};

/// Longest path that the kernel takes, its end included.
const PATH_MAX: usize = 4096;
/// Strings are read up to the end of a page at a time: what is behind it may not be mapped.
const PAGE: u64 = 4096;

/// The caller of one call.
#[derive(Clone, Copy, Debug)]
pub(super) struct Caller<'a> {
    listener: &'a Listener,
    id: u64,
    tid: i32,
}

/// The process of a thread.
pub(super) fn leader(tid: i32) -> i32 {
    let status = std::fs::read_to_string(format!("/proc/{tid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("Tgid:"));
    line.and_then(|number| number.trim().parse().ok()).unwrap_or(tid)
}

/// Device and inode number of a file that a thread has open.
pub(super) fn file_of(tid: i32, number: RawFd) -> Option<(u64, u64)> {
    let found = stat(format!("/proc/{tid}/fd/{number}").as_str()).ok()?;
    Some((found.st_dev, found.st_ino))
}

/// The number of the lock that an open description has, see [`crate::kmd::lent`].
pub(super) fn lock_of(tid: i32, number: RawFd, inode: u64) -> Option<u64> {
    let text = std::fs::read_to_string(format!("/proc/{tid}/fdinfo/{number}")).ok()?;
    number_of(&text).filter(|(_, of)| *of == inode).map(|(lock, _)| lock)
}

impl<'a> Caller<'a> {
    pub(super) const fn new(listener: &'a Listener, call: &Call) -> Self {
        Self { listener, id: call.id, tid: call.tid }
    }

    pub(super) const fn tid(&self) -> i32 {
        self.tid
    }

    pub(super) const fn listener(&self) -> &'a Listener {
        self.listener
    }

    pub(super) const fn id(&self) -> u64 {
        self.id
    }

    /// A thread that has died may have left its number to another.
    fn alive(&self) -> Result<(), Errno> {
        if self.listener.is_valid(self.id) { Ok(()) } else { Err(Errno::ESRCH) }
    }

    /// A string of the caller's.
    pub(super) fn text(&self, addr: u64) -> Result<CString, Errno> {
        let mut text = Vec::new();
        let mut at = addr;
        while text.len() < PATH_MAX {
            let mut piece = vec![0; usize::try_from(PAGE - at % PAGE).map_err(|_| Errno::EFAULT)?];
            self.read(at, &mut piece)?;
            at = at.checked_add(piece.len() as u64).ok_or(Errno::EFAULT)?; // CAST: widening
            if let Some(end) = piece.iter().position(|byte| *byte == 0) {
                piece.truncate(end);
                text.append(&mut piece);
                return CString::new(text).map_err(|_| Errno::EINVAL);
            }
            text.append(&mut piece);
        }
        Err(Errno(libc::ENAMETOOLONG))
    }
}

impl UserMemory for Caller<'_> {
    fn read(&self, addr: u64, to: &mut [u8]) -> Result<(), Errno> {
        if to.is_empty() {
            return Ok(());
        }
        self.alive()?;
        Process::new(self.tid).read(addr, to)
    }

    fn write(&self, addr: u64, from: &[u8]) -> Result<(), Errno> {
        if from.is_empty() {
            return Ok(());
        }
        self.alive()?;
        Process::new(self.tid).write(addr, from)
    }

    fn address_space(&self) -> u64 {
        leader(self.tid).unsigned_abs().into()
    }

    fn give(&self, descriptor: OwnedFd, close_on_exec: bool) -> Result<RawFd, Errno> {
        Ok(self.listener.add(self.id, descriptor.as_fd(), close_on_exec, false)?)
    }

    fn take(&self, descriptor: RawFd) -> Result<OwnedFd, Errno> {
        self.alive()?;
        descriptor_of(self.tid, || leader(self.tid), descriptor).map_err(|_| Errno::EBADF)
    }
}
