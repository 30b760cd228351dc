//! The client's memory and descriptors, wherever the client is.

use std::collections::BTreeMap;
use std::io::{IoSlice, IoSliceMut};
use std::os::fd::{BorrowedFd, IntoRawFd, OwnedFd, RawFd};
use std::sync::Mutex;

use nix::fcntl::{FcntlArg, fcntl};
use nix::sys::uio::{RemoteIoVec, process_vm_readv, process_vm_writev};
use nix::unistd::Pid;

use super::bytes::Block;
use super::errno::Errno;
use super::memory::borrow_descriptor;
use super::sync::lock;

/// The process that calls: its memory, and its table of descriptors.
pub trait UserMemory: Send + Sync {
    /// Copies bytes from the client.
    ///
    /// # Errors
    /// `EFAULT` unless all of them are readable.
    fn read(&self, addr: u64, to: &mut [u8]) -> Result<(), Errno>;

    /// Copies bytes to the client.
    ///
    /// # Errors
    /// `EFAULT` unless all of them are writable.
    fn write(&self, addr: u64, from: &[u8]) -> Result<(), Errno>;

    /// A number that names the address space; the same for threads, another after a fork.
    fn address_space(&self) -> u64;

    /// Puts a descriptor into the client's table; its number there.
    ///
    /// # Errors
    /// Whatever stands in the way; by default `EOPNOTSUPP`, for clients that cannot be given any.
    fn give(&self, descriptor: OwnedFd, close_on_exec: bool) -> Result<RawFd, Errno> {
        let _ = (descriptor, close_on_exec);
        Err(Errno::EOPNOTSUPP)
    }

    /// A copy of one of the client's descriptors.
    ///
    /// # Errors
    /// `EBADF` if it has none of that number; by default always.
    fn take(&self, descriptor: RawFd) -> Result<OwnedFd, Errno> {
        let _ = descriptor;
        Err(Errno::EBADF)
    }
}

/// Copies `size` bytes from the client, growing the copy as it goes so that a false size does not cost memory.
pub(crate) fn read_bytes(user: &dyn UserMemory, addr: u64, size: u64) -> Result<Vec<u8>, Errno> {
    const PIECE: u64 = 1 << 16;
    let mut bytes = Vec::new();
    let mut done = 0;
    while done < size {
        let piece = (size - done).min(PIECE);
        let at = bytes.len();
        bytes.resize(at + usize::try_from(piece).map_err(|_| Errno::ENOMEM)?, 0);
        let to = bytes.get_mut(at..).ok_or(Errno::EFAULT)?;
        user.read(addr.checked_add(done).ok_or(Errno::EFAULT)?, to)?;
        done += piece;
    }
    Ok(bytes)
}

/// An array of dwords from the client.
pub(crate) fn read_u32s(user: &dyn UserMemory, addr: u64, count: u32) -> Result<Vec<u32>, Errno> {
    let bytes = read_bytes(user, addr, u64::from(count) * 4)?;
    Ok(bytes.as_chunks().0.iter().map(|word| u32::from_le_bytes(*word)).collect())
}

/// An array of 64-bit words from the client.
pub(crate) fn read_u64s(user: &dyn UserMemory, addr: u64, count: u32) -> Result<Vec<u64>, Errno> {
    let bytes = read_bytes(user, addr, u64::from(count) * 8)?;
    Ok(bytes.as_chunks().0.iter().map(|word| u64::from_le_bytes(*word)).collect())
}

/// A structure from the client.
pub(crate) fn read_block(user: &dyn UserMemory, addr: u64, size: u64) -> Result<Block, Errno> {
    read_bytes(user, addr, size).map(Block)
}

/// A process by its number, this one included. Other processes must let this one trace them.
#[derive(Clone, Copy, Debug)]
pub struct Process {
    pid: Pid,
}

impl Process {
    /// This process.
    #[must_use]
    pub fn this() -> Self {
        Self { pid: Pid::this() }
    }

    /// The process `pid`.
    #[must_use]
    pub const fn new(pid: i32) -> Self {
        Self { pid: Pid::from_raw(pid) }
    }

    fn is_this(self) -> bool {
        self.pid == Pid::this()
    }
}

impl UserMemory for Process {
    fn read(&self, addr: u64, to: &mut [u8]) -> Result<(), Errno> {
        let len = to.len();
        let from = RemoteIoVec { base: usize::try_from(addr).map_err(|_| Errno::EFAULT)?, len };
        match process_vm_readv(self.pid, &mut [IoSliceMut::new(to)], &[from]) {
            Ok(done) if done == len => Ok(()),
            Err(nix::errno::Errno::ESRCH) => Err(Errno::ESRCH),
            _ => Err(Errno::EFAULT),
        }
    }

    fn write(&self, addr: u64, from: &[u8]) -> Result<(), Errno> {
        let to = RemoteIoVec { base: usize::try_from(addr).map_err(|_| Errno::EFAULT)?, len: from.len() };
        match process_vm_writev(self.pid, &[IoSlice::new(from)], &[to]) {
            Ok(done) if done == from.len() => Ok(()),
            Err(nix::errno::Errno::ESRCH) => Err(Errno::ESRCH),
            _ => Err(Errno::EFAULT),
        }
    }

    fn address_space(&self) -> u64 {
        self.pid.as_raw().unsigned_abs().into()
    }

    fn give(&self, descriptor: OwnedFd, close_on_exec: bool) -> Result<RawFd, Errno> {
        if !self.is_this() {
            return Err(Errno::EOPNOTSUPP);
        }
        let flags = if close_on_exec { nix::fcntl::FdFlag::FD_CLOEXEC } else { nix::fcntl::FdFlag::empty() };
        fcntl(&descriptor, FcntlArg::F_SETFD(flags))?;
        Ok(descriptor.into_raw_fd())
    }

    fn take(&self, descriptor: RawFd) -> Result<OwnedFd, Errno> {
        if !self.is_this() || descriptor < 0 {
            return Err(Errno::EBADF);
        }
        borrow_descriptor(descriptor, |fd: BorrowedFd<'_>| fd.try_clone_to_owned()).map_err(|_| Errno::EBADF)
    }
}

/// Memory that exists only as bytes at chosen addresses, for tests and for replays. Descriptors are this process' own.
#[derive(Debug, Default)]
pub struct Buffer {
    ranges: Mutex<BTreeMap<u64, Vec<u8>>>,
}

impl Buffer {
    /// Puts `bytes` at `addr`, over whatever began there.
    pub fn put(&self, addr: u64, bytes: &[u8]) {
        lock(&self.ranges).insert(addr, bytes.to_vec());
    }

    /// A copy of what is at `addr`, if all of it is there.
    #[must_use]
    pub fn copy(&self, addr: u64, size: usize) -> Option<Vec<u8>> {
        let mut bytes = vec![0; size];
        self.read(addr, &mut bytes).ok().map(|()| bytes)
    }

    fn with<T>(&self, addr: u64, len: usize, then: impl FnOnce(&mut [u8]) -> T) -> Result<T, Errno> {
        let mut ranges = lock(&self.ranges);
        let (&start, bytes) = ranges.range_mut(..=addr).next_back().ok_or(Errno::EFAULT)?;
        let at = usize::try_from(addr - start).map_err(|_| Errno::EFAULT)?;
        let slice = bytes.get_mut(at..).and_then(|rest| rest.get_mut(..len)).ok_or(Errno::EFAULT)?;
        Ok(then(slice))
    }
}

impl UserMemory for Buffer {
    fn read(&self, addr: u64, to: &mut [u8]) -> Result<(), Errno> {
        if to.is_empty() {
            return Ok(());
        }
        self.with(addr, to.len(), |bytes| to.copy_from_slice(bytes))
    }

    fn write(&self, addr: u64, from: &[u8]) -> Result<(), Errno> {
        if from.is_empty() {
            return Ok(());
        }
        self.with(addr, from.len(), |bytes| bytes.copy_from_slice(from))
    }

    fn address_space(&self) -> u64 {
        Process::this().address_space()
    }

    fn give(&self, descriptor: OwnedFd, close_on_exec: bool) -> Result<RawFd, Errno> {
        Process::this().give(descriptor, close_on_exec)
    }

    fn take(&self, descriptor: RawFd) -> Result<OwnedFd, Errno> {
        Process::this().take(descriptor)
    }
}
