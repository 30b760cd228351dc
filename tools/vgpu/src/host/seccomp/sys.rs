//! System calls that no crate wraps: seccomp's notifications, and what a host needs of another process.
#![allow(unsafe_code)]

use std::ffi::{c_int, c_long, c_uint};
use std::io;
use std::mem::{size_of, zeroed};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::process::Command;

use libc::sock_filter;
use nix::errno::Errno;

/// Makes a command put its calls before whoever takes the listener: in the new process, before the program starts, two
/// numbers are written to `socket`, the process' and the listener's (or a negative errno), and one byte is awaited. The
/// new process' copy of `other_end` is closed, so that it notices when this process gives up.
pub(super) fn watch(command: &mut Command, program: Vec<sock_filter>, socket: OwnedFd, other_end: RawFd) {
    let install = move || {
        // SAFETY: no pointers are passed; in the new process nobody uses that end.
        unsafe { libc::close(other_end) };
        let listener = install(&program);
        let number = match &listener {
            Ok(listener) => listener.as_raw_fd(),
            Err(errno) => -(*errno as i32), // CAST: the number
        };
        // SAFETY: no arguments.
        let words = [unsafe { libc::getpid() }, number];
        // SAFETY: the pointer and the size are those of `words`.
        let sent = unsafe { libc::write(socket.as_raw_fd(), words.as_ptr().cast(), size_of::<[c_int; 2]>()) };
        // Kept until it was taken.
        let _listener = listener?;
        let mut taken = 0u8;
        // SAFETY: there is room for the one byte.
        let received = unsafe { libc::read(socket.as_raw_fd(), (&raw mut taken).cast(), 1) };
        if sent != 8 || received != 1 { Err(io::Error::from_raw_os_error(libc::ECONNABORTED)) } else { Ok(()) }
    };
    // SAFETY: between fork and exec the closure makes system calls alone; it allocates nothing and takes no lock. It
    // drops nothing but the listener's descriptor.
    unsafe { command.pre_exec(install) };
}

/// Installs the filter in the calling thread, for good.
fn install(program: &[sock_filter]) -> Result<OwnedFd, Errno> {
    // SAFETY: no pointers are passed.
    Errno::result(unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) })?;
    let filter = libc::sock_fprog {
        len: program.len() as u16, // CAST: some 30
        filter: program.as_ptr().cast_mut(),
    };
    let set = |flags: libc::c_ulong| {
        // SAFETY: `filter` names a program of that length, which the kernel reads and does not keep.
        Errno::result(unsafe {
            libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, flags, &raw const filter)
        })
    };
    // Signals that don't kill must wait, or a call that was half done would be made again; since Linux 5.19.
    let patient = libc::SECCOMP_FILTER_FLAG_NEW_LISTENER | libc::SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
    let number = match set(patient) {
        Err(Errno::EINVAL) => set(libc::SECCOMP_FILTER_FLAG_NEW_LISTENER)?,
        other => other?,
    };
    Ok(own(number))
}

fn own(number: c_long) -> OwnedFd {
    // SAFETY: callers pass what a system call has just returned as a new descriptor, which nobody else knows.
    unsafe { OwnedFd::from_raw_fd(number as RawFd) } // CAST: descriptors are small
}

/// A call that waits for its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Call {
    /// Names the call for as long as its caller waits.
    pub(super) id: u64,
    /// The thread.
    pub(super) tid: i32,
    /// The call's number.
    pub(super) number: c_long,
    /// Its arguments.
    pub(super) args: [u64; 6],
}

/// What a caller is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// Let the kernel do it.
    Pass,
    /// The call's result.
    Value(i64),
    /// What the call fails with.
    Error(i32),
    /// It has been told already.
    Told,
}

/// Where calls arrive.
#[derive(Debug)]
pub(super) struct Listener(OwnedFd);

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl Listener {
    pub(super) fn new(descriptor: OwnedFd) -> Self {
        Self(descriptor)
    }

    /// A call; waits for one. `ENOENT` if its caller was killed meanwhile.
    pub(super) fn receive(&self) -> Result<Call, Errno> {
        // SAFETY: all zero bytes are a valid structure, and what the kernel wants to find.
        let mut call: libc::seccomp_notif = unsafe { zeroed() };
        // SAFETY: the request has the structure's size in it, and the kernel writes no more.
        Errno::result(unsafe { libc::ioctl(self.0.as_raw_fd(), libc::SECCOMP_IOCTL_NOTIF_RECV, &raw mut call) })?;
        Ok(Call { id: call.id, tid: call.pid.cast_signed(), number: call.data.nr.into(), args: call.data.args })
    }

    /// Whether the caller still waits.
    pub(super) fn is_valid(&self, id: u64) -> bool {
        // SAFETY: the kernel reads a 64-bit number.
        unsafe { libc::ioctl(self.0.as_raw_fd(), libc::SECCOMP_IOCTL_NOTIF_ID_VALID, &raw const id) == 0 }
    }

    /// Answers a call. A caller that was killed needs none.
    pub(super) fn answer(&self, id: u64, answer: Answer) {
        let (val, error, flags) = match answer {
            Answer::Told => return,
            Answer::Pass => (0, 0, libc::SECCOMP_USER_NOTIF_FLAG_CONTINUE as u32), // CAST: 1
            Answer::Value(value) => (value, 0, 0),
            Answer::Error(errno) => (0, -errno, 0),
        };
        let mut response = libc::seccomp_notif_resp { id, val, error, flags };
        loop {
            // SAFETY: the request has the structure's size in it.
            let sent = Errno::result(unsafe {
                libc::ioctl(self.0.as_raw_fd(), libc::SECCOMP_IOCTL_NOTIF_SEND, &raw mut response)
            });
            if sent != Err(Errno::EINTR) {
                return;
            }
        }
    }

    /// Puts a descriptor into the caller's table, and with `send` makes its number the answer; the number.
    pub(super) fn add(&self, id: u64, file: BorrowedFd<'_>, close_on_exec: bool, send: bool) -> Result<i32, Errno> {
        let addition = libc::seccomp_notif_addfd {
            id,
            flags: if send { libc::SECCOMP_ADDFD_FLAG_SEND as u32 } else { 0 }, // CAST: 2
            srcfd: file.as_raw_fd().cast_unsigned(),
            newfd: 0,
            newfd_flags: if close_on_exec { libc::O_CLOEXEC.cast_unsigned() } else { 0 },
        };
        loop {
            // SAFETY: the request has the structure's size in it, and the kernel only reads it.
            let added = Errno::result(unsafe {
                libc::ioctl(self.0.as_raw_fd(), libc::SECCOMP_IOCTL_NOTIF_ADDFD, &raw const addition)
            });
            if added != Err(Errno::EINTR) {
                return added;
            }
        }
    }
}

/// A copy of descriptor `number` of a thread; `leader` says which process it is of, which kernels before 6.9 need.
pub(super) fn descriptor_of(tid: i32, leader: impl Fn() -> i32, number: RawFd) -> Result<OwnedFd, Errno> {
    // Source: Linux `include/uapi/linux/pidfd.h`, `PIDFD_THREAD`.
    const THREAD: c_int = libc::O_EXCL;
    let handle = |pid: i32, flags: c_int| {
        // SAFETY: no pointers are passed.
        Errno::result(unsafe { libc::syscall(libc::SYS_pidfd_open, pid, flags) }).map(own)
    };
    let process = match handle(tid, THREAD) {
        Err(Errno::EINVAL) => handle(leader(), 0)?,
        other => other?,
    };
    // SAFETY: no pointers are passed.
    Errno::result(unsafe { libc::syscall(libc::SYS_pidfd_getfd, process.as_raw_fd(), number, 0) }).map(own)
}

/// Room for a `struct stat` of the kernel, which on 64-bit machines is libc's.
pub(super) type StatBytes = [u8; size_of::<libc::stat>()];
/// Room for a `struct statx`.
pub(super) type StatxBytes = [u8; size_of::<libc::statx>()];

/// `fstat`, as the bytes that the kernel writes.
pub(super) fn stat(file: BorrowedFd<'_>) -> Result<StatBytes, Errno> {
    let mut bytes = [0; size_of::<StatBytes>()];
    // SAFETY: the path is a C string; the kernel writes no more than its structure, for which there is room.
    Errno::result(unsafe {
        libc::syscall(libc::SYS_newfstatat, file.as_raw_fd(), c"".as_ptr(), bytes.as_mut_ptr(), libc::AT_EMPTY_PATH)
    })?;
    Ok(bytes)
}

/// `statx` of an open file, as the bytes that the kernel writes.
pub(super) fn statx(file: BorrowedFd<'_>, flags: c_int, mask: c_uint) -> Result<StatxBytes, Errno> {
    let mut bytes = [0; size_of::<StatxBytes>()];
    let flags = flags | libc::AT_EMPTY_PATH;
    // SAFETY: as in `stat`.
    Errno::result(unsafe {
        libc::syscall(libc::SYS_statx, file.as_raw_fd(), c"".as_ptr(), flags, mask, bytes.as_mut_ptr())
    })?;
    Ok(bytes)
}

/// Whether this process may do `mode` with an open file.
pub(super) fn access(file: BorrowedFd<'_>, mode: c_int) -> Result<(), Errno> {
    let flags = libc::AT_EMPTY_PATH | libc::AT_EACCESS;
    // SAFETY: the path is a C string.
    let found = unsafe { libc::syscall(libc::SYS_faccessat2, file.as_raw_fd(), c"".as_ptr(), mode, flags) };
    Errno::result(found).map(drop)
}

/// Reads entries of a folder, as the bytes that the kernel writes.
pub(super) fn entries(folder: BorrowedFd<'_>, room: usize) -> Result<Vec<u8>, Errno> {
    let mut bytes = vec![0u8; room];
    // SAFETY: the kernel writes up to `room` bytes.
    let length = Errno::result(unsafe {
        libc::syscall(libc::SYS_getdents64, folder.as_raw_fd(), bytes.as_mut_ptr().cast::<libc::c_void>(), room)
    })?;
    bytes.truncate(usize::try_from(length).unwrap_or(0));
    Ok(bytes)
}

/// The listener of a new process, from what [`watch`] has it write to the other end of `socket`; lets it go on.
pub(super) fn take_listener(socket: BorrowedFd<'_>) -> Result<Listener, Errno> {
    let mut words = [0u8; 8];
    // The process that forks ends with nothing written if it can't start at all.
    if nix::unistd::read(socket, &mut words)? != words.len() {
        return Err(Errno::ECHILD);
    }
    let (pid, number) = (u64::from_ne_bytes(words) as i32, (u64::from_ne_bytes(words) >> 32) as i32); // CAST: the halves
    let (pid, number) = if cfg!(target_endian = "big") { (number, pid) } else { (pid, number) };
    if number < 0 {
        return Err(Errno::from_raw(-number));
    }
    let listener = descriptor_of(pid, || pid, number)?;
    nix::unistd::write(socket, &[1])?;
    Ok(Listener::new(listener))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_the_kernels() {
        // Source: Linux `include/uapi/linux/seccomp.h`, as strace prints them.
        assert_eq!(libc::SECCOMP_IOCTL_NOTIF_RECV, 0xc050_2100);
        assert_eq!(libc::SECCOMP_IOCTL_NOTIF_SEND, 0xc018_2101);
        assert_eq!(libc::SECCOMP_IOCTL_NOTIF_ID_VALID, 0x4008_2102);
        assert_eq!(libc::SECCOMP_IOCTL_NOTIF_ADDFD, 0x4018_2103);
        assert_eq!(size_of::<StatxBytes>(), 256);
    }
}
