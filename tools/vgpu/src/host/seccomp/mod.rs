//! Showing the devices to programs that no library reaches: their system calls are put before this process by seccomp's
//! user notifications.
//!
//! An open node is an open description of the file that has the pages of all buffers, each at its `mmap` offset, so that
//! the kernel maps them by itself. Each description has a lock of its own on that file: by it a descriptor's open file is
//! known, however the descriptor came to its process, and the lock goes when nothing is left of the description. Files
//! under /dev/dri and /sys are real ones, of a folder that looks the same; a client gets descriptors of them.
//!
//! The kernel reads a client's arguments again where it is told to go on by itself, so a client can deceive this host by
//! changing them meanwhile. It is a test bench and no prison.
//!
//! Sources: Linux `kernel/seccomp.c`, `include/uapi/linux/seccomp.h`, `Documentation/userspace-api/seccomp_filter.rst`.

mod caller;
mod device;
mod files;
mod filter;
mod opens;
mod paths;
mod pool;
mod sys;

use std::ffi::OsString;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::process::Command;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use nix::errno::Errno as SystemErrno;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socketpair};

use self::caller::Caller;
use self::files::{Path, Wanted};
use self::opens::Opens;
use self::paths::{Files, Object};
use self::pool::Pool;
use self::sys::{Answer, Call, Listener};
use super::machine::pci_devices;
use super::run::{Ended, Folder};
use super::tree::Tree;
use crate::kmd::{File, Kernel};

/// What answers calls.
#[derive(Debug)]
struct Host {
    kernel: Kernel,
    memory: OwnedFd,
    files: Files,
    opens: Opens,
}

/// What to do about a call.
enum Step {
    /// Say this.
    Say(Answer),
    /// Ask the driver, which may take any time.
    Ask(Arc<File>),
}

impl Host {
    fn memory(&self) -> BorrowedFd<'_> {
        self.memory.as_fd()
    }

    fn sweep(&self) -> usize {
        self.opens.sweep(self.memory())
    }

    /// Everything but the driver's own work, which is for [`device::ioctl`].
    fn look(&self, listener: &Listener, call: &Call) -> Step {
        let caller = Caller::new(listener, call);
        let [a, b, c, d, ..] = call.args;
        // CAST, throughout: the kernel too takes the low bits that it needs.
        let at = |addr, flags: u64| Path { folder: a as i32, addr, flags: flags as i32 };
        let here = |flags| Path { folder: libc::AT_FDCWD, addr: a, flags };
        Step::Say(match call.number {
            libc::SYS_ioctl => match self.files.object(call.tid, a as i32) {
                Object::Open(lock) => match self.opens.find(lock) {
                    Some(file) => return Step::Ask(file),
                    None => Answer::Error(libc::ENODEV),
                },
                _ => Answer::Pass,
            },
            libc::SYS_mmap => self.map(&caller, call.args),
            libc::SYS_openat => self.open(&caller, at(b, 0), c as i32),
            libc::SYS_openat2 => self.open_how(&caller, at(b, 0), c, d),
            libc::SYS_fstat => self.stat_open(&caller, a as i32, b, Wanted::Stat),
            libc::SYS_newfstatat => self.stat(&caller, at(b, d), c, Wanted::Stat),
            libc::SYS_statx => self.stat(&caller, at(b, c), call.args[4], Wanted::Statx(d as u32)),
            libc::SYS_faccessat => self.access(&caller, at(b, 0), c as i32),
            libc::SYS_faccessat2 => self.access(&caller, at(b, d), c as i32),
            libc::SYS_readlinkat => self.read_link(&caller, at(b, 0), c, d),
            libc::SYS_getdents64 => self.entries(&caller, a as i32, b, c),
            libc::SYS_getxattr | libc::SYS_listxattr => self.attribute(&caller, here(0)),
            libc::SYS_lgetxattr | libc::SYS_llistxattr => self.attribute(&caller, here(libc::AT_SYMLINK_NOFOLLOW)),
            #[cfg(target_arch = "x86_64")]
            libc::SYS_open => self.open(&caller, here(0), b as i32),
            #[cfg(target_arch = "x86_64")]
            libc::SYS_creat => self.open(&caller, here(0), libc::O_CREAT | libc::O_WRONLY | libc::O_TRUNC),
            #[cfg(target_arch = "x86_64")]
            libc::SYS_stat => self.stat(&caller, here(0), b, Wanted::Stat),
            #[cfg(target_arch = "x86_64")]
            libc::SYS_lstat => self.stat(&caller, here(libc::AT_SYMLINK_NOFOLLOW), b, Wanted::Stat),
            #[cfg(target_arch = "x86_64")]
            libc::SYS_access => self.access(&caller, here(0), b as i32),
            #[cfg(target_arch = "x86_64")]
            libc::SYS_readlink => self.read_link(&caller, here(0), b, c),
            _ => Answer::Pass,
        })
    }

    /// Closes what clients let go, and gives its memory back, until `stop` is dropped.
    fn keep_house(&self, stop: &Receiver<()>) {
        /// How long a closed file may stay open here.
        const PERIOD: Duration = Duration::from_millis(50);
        /// Periods between looks at what is mapped, which read the maps of all processes.
        const LOOKS: u32 = 10;
        let (device, inode) = self.files.memory();
        for period in 1u32.. {
            match stop.recv_timeout(PERIOD) {
                Err(RecvTimeoutError::Timeout) => {}
                _ => return,
            }
            self.sweep();
            if period.is_multiple_of(LOOKS) {
                self.kernel.reclaim(|| opens::mapped(device, inode));
            }
        }
    }
}

/// Says what is the matter when the filter can't be had.
fn unavailable(errno: SystemErrno) -> io::Error {
    let why = match errno {
        SystemErrno::EBUSY => "this process is under such a filter already",
        SystemErrno::ENOSYS | SystemErrno::EINVAL => "the kernel has none; Linux 5.14 does",
        SystemErrno::EPERM | SystemErrno::EACCES => "a policy of this container or system forbids it",
        _ => "the kernel refuses",
    };
    io::Error::other(format!("seccomp's user notifications cannot be had: {why} ({errno}); try --via preload"))
}

/// Runs `command`, whose processes all see the devices of `kernel`, through their system calls alone. Returns when the
/// last of them has ended.
///
/// # Errors
/// If `kernel` was not made with [`crate::kmd::Config::one_file`], if the filter can't be had or the command not started,
/// and what the system says about folders and descriptors.
pub fn run_watched(kernel: Kernel, command: &[OsString]) -> io::Result<Ended> {
    let (program, arguments) = command
        .split_first()
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "there is no command to run"))?;
    let memory = kernel
        .one_file()
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "the buffers of the devices are not in one file"))?
        .try_clone_to_owned()?;
    let devices = pci_devices(&kernel);
    let folder = Folder::new()?;
    let tree = Tree::create(folder.path(), &devices)?;
    let files = Files::new(tree.root(), devices.len(), memory.as_fd())?;
    let host = Arc::new(Host { kernel, memory, files, opens: Opens::default() });

    let kind = (AddressFamily::Unix, SockType::Stream, SockFlag::SOCK_CLOEXEC);
    let (ours, theirs) = socketpair(kind.0, kind.1, None, kind.2)?;
    let mut command = Command::new(program);
    sys::watch(command.args(arguments), filter::program(), theirs, ours.as_raw_fd());
    // The new process waits for its listener to be taken, and this one for it to start.
    let taking = std::thread::spawn(move || sys::take_listener(ours.as_fd()));
    let spawned = command.spawn();
    // With it goes the other end of the socket, on which a process that was never made writes nothing.
    drop(command);
    let taken = taking.join().map_err(|_| io::Error::other("the thread that takes the listener has failed"))?;
    let (mut child, listener) = match (spawned, taken) {
        (Ok(child), Ok(listener)) => (child, listener),
        (Err(error), Ok(_) | Err(SystemErrno::ECHILD)) => return Err(super::child::unstarted(program, error)),
        (_, Err(errno)) => return Err(unavailable(errno)),
    };

    let (stop, stopped) = channel();
    let housekeeper = {
        let host = Arc::clone(&host);
        std::thread::spawn(move || host.keep_house(&stopped))
    };
    let pool = Pool::start(Arc::clone(&host), listener)?;
    let code = super::child::wait(&mut child)?;
    pool.finish();
    // The kernel closes the files of a process a moment after it has ended.
    for _ in 0..200 {
        if host.sweep() == 0 {
            break;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    drop(stop);
    housekeeper.join().map_err(|_| io::Error::other("the thread that closes files has failed"))?;
    host.opens.clear();
    Ok(Ended { code, reports: host.kernel.reports() })
}
