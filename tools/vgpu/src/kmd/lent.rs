//! Descriptors whose last copy's end can be seen, wherever they were copied, passed or mapped to.
//!
//! Every description of a file that is given out holds a lock on a byte of its own. The kernel drops the lock with the
//! description, when neither a descriptor nor a mapping is left of it; until then /proc names it beside each of its
//! descriptors. Source: Linux `fs/locks.c`, `locks_remove_file`, and `fs/proc/fd.c`, `seq_show`.

use std::os::fd::{AsFd, AsRawFd, OwnedFd};

use nix::fcntl::{FcntlArg, OFlag, fcntl, open};
use nix::libc;
use nix::sys::stat::Mode;

use super::errno::Errno;

/// A lock on byte `number`.
fn lock(kind: i32, number: u64) -> Result<libc::flock, Errno> {
    Ok(libc::flock {
        l_type: kind as libc::c_short,             // CAST: 0 to 2
        l_whence: libc::SEEK_SET as libc::c_short, // CAST: 0
        l_start: i64::try_from(number).map_err(|_| Errno::EINVAL)?,
        l_len: 1,
        l_pid: 0,
    })
}

/// Another description of a file of this process, with the lock `number`, which no other of them may have.
///
/// # Errors
/// What opening and locking say.
pub(crate) fn lend(file: impl AsFd, access: OFlag, number: u64) -> Result<OwnedFd, Errno> {
    let path = format!("/proc/self/fd/{}", file.as_fd().as_raw_fd());
    let lent = open(path.as_str(), access | OFlag::O_CLOEXEC, Mode::empty())?;
    // A lock needs the access that it is about.
    let write_only = access & OFlag::O_ACCMODE == OFlag::O_WRONLY;
    let lock = lock(if write_only { libc::F_WRLCK } else { libc::F_RDLCK }, number)?;
    fcntl(&lent, FcntlArg::F_OFD_SETLK(&lock))?;
    Ok(lent)
}

/// Whether the description with lock `number` is still in use. `file` is another description, open for writing.
pub(crate) fn is_lent(file: impl AsFd, number: u64) -> bool {
    let Ok(mut lock) = lock(libc::F_WRLCK, number) else { return false };
    // CAST: as above
    fcntl(file, FcntlArg::F_OFD_GETLK(&mut lock)).is_ok_and(|_| lock.l_type != libc::F_UNLCK as libc::c_short)
}

/// The lock that a descriptor's description has, from what /proc says of the descriptor, and the inode of its file.
pub(crate) fn number_of(fdinfo: &str) -> Option<(u64, u64)> {
    let line = fdinfo.lines().filter_map(|line| line.strip_prefix("lock:")).find(|line| line.contains(" OFDLCK "))?;
    let mut words = line.split_whitespace().rev();
    let (_end, start, file) = (words.next()?, words.next()?, words.next()?);
    Some((start.parse().ok()?, file.rsplit(':').next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::num::NonZeroUsize;

    use nix::sys::memfd::{MFdFlags, memfd_create};

    use super::*;

    #[test]
    fn the_last_copys_end_is_seen() {
        let file = memfd_create("lent", MFdFlags::MFD_CLOEXEC).unwrap();
        for access in [OFlag::O_RDWR, OFlag::O_RDONLY, OFlag::O_WRONLY] {
            let lent = lend(&file, access, 70_000).unwrap();
            let other = lend(&file, access, 70_001).unwrap();
            let copy = lent.try_clone().unwrap();
            drop(lent);
            assert!(is_lent(&file, 70_000));
            let info = std::fs::read_to_string(format!("/proc/self/fdinfo/{}", copy.as_raw_fd())).unwrap();
            let inode = nix::sys::stat::fstat(&file).unwrap().st_ino;
            assert_eq!(number_of(&info), Some((70_000, inode)));
            drop(copy);
            assert!(!is_lent(&file, 70_000));
            assert!(is_lent(&file, 70_001));
            drop(other);
        }
        assert_eq!(number_of(&std::fs::read_to_string("/proc/self/fdinfo/0").unwrap()), None);
    }

    #[test]
    fn what_proc_says_is_read() {
        let info =
            "pos:\t0\nflags:\t0100002\nmnt_id:\t15\nino:\t5035\nlock:\t1: OFDLCK ADVISORY  WRITE -1 00:01:5035 77 77\n";
        assert_eq!(number_of(info), Some((77, 5035)));
        assert_eq!(number_of("lock:\t1: FLOCK  ADVISORY  WRITE 3 00:01:5035 0 EOF\n"), None);
        assert_eq!(number_of("lock:\t1: OFDLCK ADVISORY  WRITE -1 x y\n"), None);
    }

    #[test]
    #[allow(unsafe_code)]
    fn a_mapping_keeps_it() {
        use nix::sys::mman::{MapFlags, ProtFlags, mmap, munmap};
        let file = memfd_create("lent", MFdFlags::MFD_CLOEXEC).unwrap();
        nix::unistd::ftruncate(&file, 4096).unwrap();
        let lent = lend(&file, OFlag::O_RDWR, 9).unwrap();
        let size = NonZeroUsize::new(4096).unwrap();
        // SAFETY: the kernel chooses the place, and nothing is made of the memory.
        let at = unsafe { mmap(None, size, ProtFlags::PROT_READ, MapFlags::MAP_SHARED, &lent, 0) }.unwrap();
        drop(lent);
        assert!(is_lent(&file, 9));
        // SAFETY: the mapping just made, of which there is no reference.
        unsafe { munmap(at, 4096) }.unwrap();
        assert!(!is_lent(&file, 9));
    }
}
