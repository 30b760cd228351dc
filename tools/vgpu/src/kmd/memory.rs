//! The pages behind a buffer object: an anonymous file that the client and the device both map.
//!
//! The only file of this driver with unsafe code. It keeps two promises: a mapping is as long as the file for as long
//! as it exists, and nothing but atomic words is ever made of it.
#![allow(unsafe_code)]

use std::fmt;
use std::num::NonZeroUsize;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd, RawFd};
use std::ptr::NonNull;
use std::sync::atomic::AtomicU32;
use std::sync::{Arc, OnceLock};

use nix::fcntl::{FcntlArg, SealFlag, fcntl};
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::mman::{MapFlags, ProtFlags, mmap, munmap};
use nix::sys::stat::fstat;
use nix::unistd::ftruncate;

use super::arena::{Arena, Stretch};
use super::errno::Errno;

/// Which file: device and inode number.
pub(crate) type FileId = (u64, u64);

/// Which file a descriptor is for.
pub(crate) fn file_id(descriptor: impl AsFd) -> Result<FileId, Errno> {
    let stat = fstat(descriptor)?;
    Ok((stat.st_dev, stat.st_ino))
}

/// Lends the descriptor of that number to `then`.
pub(crate) fn borrow_descriptor<T>(number: RawFd, then: impl FnOnce(BorrowedFd<'_>) -> T) -> T {
    // SAFETY: callers pass numbers that are not negative. One that is not open, or is closed meanwhile, makes the
    // system calls of `then` fail or act on another file, as with any number that a program passes to the kernel; no
    // memory is at stake, since no file that this process maps can shrink (see `Pages`).
    then(unsafe { BorrowedFd::borrow_raw(number) })
}

struct Mapping {
    start: NonNull<AtomicU32>,
    bytes: NonZeroUsize,
}

// SAFETY: the mapping belongs to this value alone, is valid from any thread, and is only read and written as atomics.
unsafe impl Send for Mapping {}
// SAFETY: as above; a shared reference gives nothing but `&[AtomicU32]`.
unsafe impl Sync for Mapping {}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: `start` and `bytes` are those of a successful mmap in `Pages::words`, unmapped only here; slices of
        // it borrow from the `Pages` that owns this value, so none is left.
        let _ = unsafe { munmap(self.start.cast(), self.bytes.get()) };
    }
}

/// Where pages are.
#[derive(Debug)]
enum Store {
    /// In a file of their own.
    File(OwnedFd),
    /// In the file of all buffers.
    Stretch(Arc<Stretch>),
}

/// Pages that can be shared with a process by a descriptor.
pub(crate) struct Pages {
    store: Store,
    bytes: NonZeroUsize,
    mapping: OnceLock<Result<Mapping, Errno>>,
}

impl Pages {
    /// Zeroed pages, in a file of their own if there is none for all; `bytes` is a multiple of 4096 and not 0.
    pub(crate) fn new(bytes: u64, arena: Option<&Arc<Arena>>) -> Result<Self, Errno> {
        if let Some(arena) = arena {
            return Self::of(arena.stretch(bytes)?);
        }
        let length = usize::try_from(bytes).ok().and_then(NonZeroUsize::new).ok_or(Errno::EINVAL)?;
        let file = memfd_create("amdgpu-bo", MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING)?;
        ftruncate(&file, i64::try_from(bytes).map_err(|_| Errno::ENOMEM)?).map_err(|_| Errno::ENOMEM)?;
        // A client that holds the descriptor must not be able to pull pages from under the device.
        fcntl(&file, FcntlArg::F_ADD_SEALS(SealFlag::F_SEAL_SHRINK | SealFlag::F_SEAL_GROW | SealFlag::F_SEAL_SEAL))?;
        Ok(Self { store: Store::File(file), bytes: length, mapping: OnceLock::new() })
    }

    /// Pages in the file of all buffers.
    pub(crate) fn of(stretch: Arc<Stretch>) -> Result<Self, Errno> {
        let bytes = usize::try_from(stretch.bytes()).ok().and_then(NonZeroUsize::new).ok_or(Errno::EINVAL)?;
        Ok(Self { store: Store::Stretch(stretch), bytes, mapping: OnceLock::new() })
    }

    /// Pages that [`Self::new`] made for an object that is gone; `bytes` as then.
    pub(crate) fn existing(file: OwnedFd, bytes: u64) -> Result<Self, Errno> {
        let length = usize::try_from(bytes).ok().and_then(NonZeroUsize::new).ok_or(Errno::EINVAL)?;
        let seals = SealFlag::from_bits_truncate(fcntl(&file, FcntlArg::F_GET_SEALS)?);
        if fstat(&file)?.st_size.cast_unsigned() != bytes || !seals.contains(SealFlag::F_SEAL_SHRINK) {
            return Err(Errno::EINVAL);
        }
        Ok(Self { store: Store::File(file), bytes: length, mapping: OnceLock::new() })
    }

    /// The file that has the pages, and where in it they begin.
    pub(crate) fn place(&self) -> (BorrowedFd<'_>, u64) {
        match &self.store {
            Store::File(file) => (file.as_fd(), 0),
            Store::Stretch(stretch) => (stretch.arena().file(), stretch.start()),
        }
    }

    /// Another descriptor of that file.
    pub(crate) fn descriptor(&self) -> Result<OwnedFd, Errno> {
        self.place().0.try_clone_to_owned().map_err(|_| Errno::ENOMEM)
    }

    /// Where they are in the file of all buffers, if there.
    pub(crate) const fn stretch(&self) -> Option<&Arc<Stretch>> {
        match &self.store {
            Store::File(_) => None,
            Store::Stretch(stretch) => Some(stretch),
        }
    }

    /// The contents, mapped into this process at the first call.
    pub(crate) fn words(&self) -> Result<&[AtomicU32], Errno> {
        let mapping = self.mapping.get_or_init(|| {
            let (protection, flags) =
                (ProtFlags::PROT_READ | ProtFlags::PROT_WRITE, MapFlags::MAP_SHARED | MapFlags::MAP_NORESERVE);
            let (file, offset) = self.place();
            let offset = i64::try_from(offset).map_err(|_| Errno::ENOMEM)?;
            // SAFETY: no address is asked for, so the kernel puts the mapping where nothing else is.
            let start = unsafe { mmap(None, self.bytes, protection, flags, file, offset) };
            Ok(Mapping { start: start.map_err(|_| Errno::ENOMEM)?.cast(), bytes: self.bytes })
        });
        let mapping = mapping.as_ref().map_err(|errno| *errno)?;
        // SAFETY: mmap gave `bytes` bytes at a page's start, so aligned for words, and they stay mapped while `self`
        // lives. The file cannot shrink (sealed by `new` and `Arena::new`, checked by `existing`) and is long enough
        // (`Arena::stretch`), so every word has a page behind it. Any bytes are a valid `AtomicU32`; other processes may write them at any time, which atomics allow.
        Ok(unsafe { std::slice::from_raw_parts(mapping.start.as_ptr(), mapping.bytes.get() / 4) })
    }
}

impl fmt::Debug for Pages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages").field("store", &self.store).field("bytes", &self.bytes).finish_non_exhaustive()
    }
}
