//! One file for the pages of all buffers, each at the offset by which `mmap` finds it.
//!
//! A client whose node is this file maps a buffer by the very call that it makes on a card's node. Offsets are never
//! used again, so that an old one cannot lead to another's buffer. What a buffer leaves behind is given back when no
//! client has it mapped any more, which the owner of the clients has to find out ([`Arena::reclaim`]).

use std::ops::Range;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use nix::fcntl::{FallocateFlags, FcntlArg, OFlag, SealFlag, fallocate, fcntl};
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::unistd::ftruncate;

use super::errno::Errno;
use super::gpu::FIRST_FAKE_OFFSET;
use super::lent::{is_lent, lend};
use super::sync::lock;

/// Size of the file, in bytes. Pages exist once they are touched.
const BYTES: i64 = 1 << 60;

/// The file.
#[derive(Debug)]
pub(crate) struct Arena {
    file: OwnedFd,
    next: AtomicU64,
    retired: Mutex<Vec<Retired>>,
}

/// Pages that belong to no buffer any more and may be mapped.
#[derive(Debug)]
struct Retired {
    pages: Range<u64>,
    /// The last look found no mapping of them. One alone proves little: a call of `mmap` may be on its way, and a process
    /// may have been forked behind the look's back.
    unseen: bool,
}

/// The pages of one buffer.
#[derive(Debug)]
pub(crate) struct Stretch {
    arena: Arc<Arena>,
    start: u64,
    bytes: u64,
    /// A client was allowed to map them.
    mapped: AtomicBool,
}

/// An anonymous file of fixed size.
fn sealed(name: &str, bytes: i64, also: SealFlag) -> Result<OwnedFd, Errno> {
    let file = memfd_create(name, MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING)?;
    ftruncate(&file, bytes).map_err(|_| Errno::ENOMEM)?;
    // A client that holds the descriptor must not be able to pull pages from under the device.
    let seals = SealFlag::F_SEAL_SHRINK | SealFlag::F_SEAL_GROW | SealFlag::F_SEAL_SEAL | also;
    fcntl(&file, FcntlArg::F_ADD_SEALS(seals))?;
    Ok(file)
}

impl Arena {
    pub(crate) fn new() -> Result<Arc<Self>, Errno> {
        let file = sealed("amdgpu", BYTES, SealFlag::empty())?;
        Ok(Arc::new(Self { file, next: AtomicU64::new(FIRST_FAKE_OFFSET), retired: Mutex::default() }))
    }

    pub(crate) fn file(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }

    /// Zeroed pages; `bytes` is a multiple of 4096.
    pub(crate) fn stretch(self: &Arc<Self>, bytes: u64) -> Result<Arc<Stretch>, Errno> {
        if bytes > BYTES.unsigned_abs() / 4 {
            return Err(Errno::ENOMEM);
        }
        let start = self.next.fetch_add(bytes, Ordering::Relaxed);
        if start.checked_add(bytes).is_none_or(|end| end > BYTES.unsigned_abs()) {
            return Err(Errno::ENOMEM);
        }
        Ok(Arc::new(Stretch { arena: self.clone(), start, bytes, mapped: AtomicBool::new(false) }))
    }

    fn free(&self, pages: &Range<u64>) {
        let (Ok(start), Ok(bytes)) = (i64::try_from(pages.start), i64::try_from(pages.end - pages.start)) else {
            return;
        };
        let hole = FallocateFlags::FALLOC_FL_PUNCH_HOLE | FallocateFlags::FALLOC_FL_KEEP_SIZE;
        // Where it fails the pages stay until the file goes.
        let _ = fallocate(&self.file, hole, start, bytes);
    }

    /// Gives back what belongs to no buffer and is not `mapped`, of which two looks in turn have to be sure. The look
    /// is not taken if there is nothing to give back. Bytes that still wait.
    pub(crate) fn reclaim(&self, mapped: impl FnOnce() -> Vec<Range<u64>>) -> u64 {
        if lock(&self.retired).is_empty() {
            return 0;
        }
        let known = lock(&self.retired).len();
        let mapped = mapped();
        let mut retired = lock(&self.retired);
        let mut at = 0;
        retired.retain_mut(|one| {
            at += 1;
            // What was retired after the look began waits for the next.
            if at > known {
                return true;
            }
            let seen = mapped.iter().any(|pages| pages.start < one.pages.end && one.pages.start < pages.end);
            let gone = !seen && one.unseen;
            one.unseen = !seen;
            if gone {
                self.free(&one.pages);
            }
            !gone
        });
        retired.iter().map(|one| one.pages.end - one.pages.start).sum()
    }
}

impl Stretch {
    /// Where it is in the file.
    pub(crate) const fn start(&self) -> u64 {
        self.start
    }

    /// In bytes.
    pub(crate) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Which file.
    pub(crate) fn arena(&self) -> &Arena {
        &self.arena
    }

    /// Says that a client may map it from now on.
    pub(crate) fn set_mapped(&self) {
        self.mapped.store(true, Ordering::Relaxed);
    }
}

impl Drop for Stretch {
    fn drop(&mut self) {
        let pages = self.start..self.start + self.bytes;
        if *self.mapped.get_mut() {
            lock(&self.arena.retired).push(Retired { pages, unseen: false });
        } else {
            self.arena.free(&pages);
        }
    }
}

/// What stands for a buffer of the file where a descriptor of it alone is wanted: a file of its size, without its pages.
#[derive(Debug)]
pub(crate) struct Token {
    file: OwnedFd,
}

impl Token {
    pub(crate) fn new(bytes: u64) -> Result<Self, Errno> {
        let bytes = i64::try_from(bytes).map_err(|_| Errno::ENOMEM)?;
        // Nobody shall take what is written to it for the buffer.
        Ok(Self { file: sealed("amdgpu-dmabuf", bytes, SealFlag::F_SEAL_WRITE)? })
    }

    /// A descriptor to give out.
    pub(crate) fn lend(&self) -> Result<OwnedFd, Errno> {
        // Read locks of several descriptions go together.
        lend(&self.file, OFlag::O_RDWR, 0)
    }

    /// Whether nobody has one.
    pub(crate) fn is_abandoned(&self) -> bool {
        !is_lent(&self.file, 0)
    }

    pub(crate) fn file(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::memory::Pages;
    use super::*;

    fn blocks(arena: &Arena) -> i64 {
        nix::sys::stat::fstat(arena.file()).unwrap().st_blocks
    }

    #[test]
    fn pages_come_back_when_nobody_has_them() {
        let arena = Arena::new().unwrap();
        let fill = |stretch: &Arc<Stretch>| {
            let pages = Pages::of(stretch.clone()).unwrap();
            pages.words().unwrap().iter().for_each(|word| word.store(7, Ordering::Relaxed));
        };
        let never_mapped = arena.stretch(8192).unwrap();
        assert_eq!(never_mapped.start(), 1 << 32);
        fill(&never_mapped);
        assert_eq!(blocks(&arena), 16);
        drop(never_mapped);
        assert_eq!(blocks(&arena), 0);

        let mapped = arena.stretch(8192).unwrap();
        let start = mapped.start();
        assert_eq!(start, (1 << 32) + 8192);
        fill(&mapped);
        mapped.set_mapped();
        drop(mapped);
        // Seen once, then unseen twice.
        assert_eq!(arena.reclaim(|| std::iter::once(start + 4096..start + 8192).collect()), 8192);
        assert_eq!(arena.reclaim(Vec::new), 8192);
        assert_eq!(arena.reclaim(|| std::iter::once(start..start + 4096).collect()), 8192);
        assert_eq!(arena.reclaim(|| vec![start + 8192..start + 9000, 0..start]), 8192);
        assert_eq!(blocks(&arena), 16);
        assert_eq!(arena.reclaim(Vec::new), 0);
        assert_eq!(blocks(&arena), 0);
        assert!(arena.stretch(1 << 59).is_err());
    }

    #[test]
    fn tokens_know_their_holders() {
        let token = Token::new(12288).unwrap();
        assert!(token.is_abandoned());
        let (first, second) = (token.lend().unwrap(), token.lend().unwrap());
        assert_eq!(nix::sys::stat::fstat(&first).unwrap().st_size, 12288);
        drop(first);
        assert!(!token.is_abandoned());
        drop(second);
        assert!(token.is_abandoned());
    }
}
