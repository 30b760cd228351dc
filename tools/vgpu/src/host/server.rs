//! The host's side: clients' calls come in, the kernel driver answers.

use std::collections::HashMap;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nix::errno::Errno as SystemErrno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, accept4, getsockopt, socketpair, sockopt::PeerCredentials};
use nix::sys::stat::fstat;

use super::message::{Channel, Reply, Request};
use crate::kmd::{Client, Errno, File, Kernel, MapRequest, Process, UserMemory};

/// A client at the other end of a control connection.
struct RemoteClient<'a> {
    pid: i32,
    process: Process,
    channel: &'a Channel,
}

/// The reference is shared with nobody but the thread that serves the connection; the driver wants more.
impl UserMemory for RemoteClient<'_> {
    fn read(&self, addr: u64, to: &mut [u8]) -> Result<(), Errno> {
        self.process.read(addr, to)
    }

    fn write(&self, addr: u64, from: &[u8]) -> Result<(), Errno> {
        self.process.write(addr, from)
    }

    fn address_space(&self) -> u64 {
        self.process.address_space()
    }

    fn give(&self, descriptor: OwnedFd, close_on_exec: bool) -> Result<RawFd, Errno> {
        self.channel.reply(Reply::Install { close_on_exec }, Some(descriptor.as_fd()))?;
        match self.channel.asked()? {
            Some((Request::Answer { value }, _)) => match value as i64 {
                // CAST: the same bits
                error @ ..0 => Err(Errno(i32::try_from(-error).unwrap_or(libc::EIO))),
                number => RawFd::try_from(number).map_err(|_| Errno(libc::EIO)),
            },
            _ => Err(Errno(libc::EPROTO)),
        }
    }

    fn take(&self, descriptor: RawFd) -> Result<OwnedFd, Errno> {
        let number = u64::try_from(descriptor).map_err(|_| Errno::EBADF)?;
        self.channel.reply(Reply::Fetch { number }, None)?;
        match self.channel.asked()? {
            Some((Request::Answer { .. }, Some(descriptor))) => Ok(descriptor),
            Some((Request::Answer { .. }, None)) => Err(Errno::EBADF),
            _ => Err(Errno(libc::EPROTO)),
        }
    }
}

/// An open file and the socket whose hang-up ends it.
struct Open {
    file: Arc<File>,
    /// The host's end of the pair.
    peer: OwnedFd,
}

/// Open files of all clients.
pub struct Server {
    kernel: Kernel,
    opens: Mutex<HashMap<u64, Open>>,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("kernel", &self.kernel).finish_non_exhaustive()
    }
}

impl Server {
    /// Serves the devices of this kernel.
    #[must_use]
    pub fn new(kernel: Kernel) -> Arc<Self> {
        Arc::new(Self { kernel, opens: Mutex::default() })
    }

    /// The kernel.
    #[must_use]
    pub const fn kernel(&self) -> &Kernel {
        &self.kernel
    }

    fn opens(&self) -> MutexGuard<'_, HashMap<u64, Open>> {
        self.opens.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Closes what no client holds any more; how many are still open.
    pub fn sweep(&self) -> usize {
        let mut gone = Vec::new();
        let mut opens = self.opens();
        opens.retain(|_, open| {
            let mut state = [PollFd::new(open.peer.as_fd(), PollFlags::empty())];
            let hung = poll(&mut state, PollTimeout::ZERO).is_ok_and(|count| count > 0);
            if hung {
                gone.push(Arc::clone(&open.file));
            }
            !hung
        });
        let left = opens.len();
        drop(opens);
        // Calls of threads that were killed wait here still, and hold the file.
        gone.iter().for_each(|file| file.abandon());
        // Closing may wait for the device, which others must not.
        drop(gone);
        left
    }

    /// Answers one client until it is gone. Each control connection has a thread of its own here.
    pub fn serve(&self, channel: &Channel, pid: i32) {
        let client = RemoteClient { pid, process: Process::new(pid), channel };
        while let Ok(Some((request, _))) = channel.asked() {
            let answered = match request {
                Request::Open { device } => self.open(&client, device),
                Request::Ioctl { inode, request, argument } => {
                    let result = self.file(inode).and_then(|file| {
                        let request = u32::try_from(request & 0xffff_ffff).unwrap_or(0);
                        file.ioctl(request, &client, argument)
                    });
                    channel.reply(done(result.map(i64::from), 0), None)
                }
                Request::Map { inode, offset, length, flags } => self.map(&client, inode, [offset, length, flags]),
                Request::Which { inode } => {
                    let device = self.file(inode).map(|file| file.device() as i64); // CAST: a small index
                    channel.reply(done(device, 0), None)
                }
                Request::Answer { .. } => channel.reply(done(Err(Errno(libc::EPROTO)), 0), None),
            };
            if answered.is_err() {
                break;
            }
        }
    }

    fn file(&self, inode: u64) -> Result<Arc<File>, Errno> {
        self.opens().get(&inode).map(|open| Arc::clone(&open.file)).ok_or(Errno(libc::ENOTTY))
    }

    fn open(&self, client: &RemoteClient<'_>, device: u64) -> Result<(), SystemErrno> {
        self.sweep();
        let opened = usize::try_from(device).map_err(|_| Errno::ENODEV).and_then(|device| {
            let memory = Arc::new(client.process);
            let file = self.kernel.open(device, Client { pid: client.pid, privileged: false, memory })?;
            let (theirs, peer) = socketpair(AddressFamily::Unix, SockType::SeqPacket, None, SockFlag::SOCK_CLOEXEC)?;
            let inode = fstat(&theirs)?.st_ino;
            self.opens().insert(inode, Open { file: Arc::new(file), peer });
            Ok((theirs, inode))
        });
        match opened {
            Ok((theirs, inode)) => client.channel.reply(done(Ok(0), inode), Some(theirs.as_fd())),
            Err(error) => client.channel.reply(done(Err(error), 0), None),
        }
    }

    fn map(&self, client: &RemoteClient<'_>, inode: u64, [offset, length, flags]: [u64; 3]) -> Result<(), SystemErrno> {
        let (protection, kind) = (flags as i32, (flags >> 32) as i32); // CAST: the two halves
        let shared = kind & libc::MAP_TYPE != libc::MAP_PRIVATE;
        let accessible = protection & (libc::PROT_READ | libc::PROT_WRITE | libc::PROT_EXEC) != 0;
        let granted = self.file(inode).and_then(|file| {
            let grant = file.mmap(MapRequest { offset, length, shared, accessible })?;
            // Who unmaps it can't be seen from here.
            file.unmapped();
            Ok(grant)
        });
        match granted {
            Ok(grant) => client.channel.reply(done(Ok(0), grant.offset), Some(grant.file.as_fd())),
            Err(error) => client.channel.reply(done(Err(error), 0), None),
        }
    }

    /// Accepts control connections on `listener` until `stop` hangs up, a thread each.
    ///
    /// # Errors
    /// What accepting says.
    pub fn listen(self: &Arc<Self>, listener: BorrowedFd<'_>, stop: BorrowedFd<'_>) -> Result<(), SystemErrno> {
        loop {
            let mut ready = [PollFd::new(listener, PollFlags::POLLIN), PollFd::new(stop, PollFlags::POLLIN)];
            // The time-out is for clients that close without another word.
            match poll(&mut ready, 100u16) {
                Err(SystemErrno::EINTR) | Ok(0) => {
                    self.sweep();
                    continue;
                }
                Err(other) => return Err(other),
                Ok(_) => {}
            }
            let has = |one: &PollFd<'_>| one.revents().is_some_and(|events| !events.is_empty());
            let [waiting, stopped] = &ready;
            if has(stopped) {
                return Ok(());
            }
            if !has(waiting) {
                continue;
            }
            let accepted = match accept4(listener.as_raw_fd(), SockFlag::SOCK_CLOEXEC) {
                Ok(number) => super::message::own(number),
                Err(SystemErrno::EINTR | SystemErrno::ECONNABORTED) => continue,
                // Others' end may make room; who waits is not turned away.
                Err(SystemErrno::EMFILE | SystemErrno::ENFILE | SystemErrno::ENOBUFS | SystemErrno::ENOMEM) => {
                    self.sweep();
                    std::thread::sleep(Duration::from_millis(10));
                    continue;
                }
                Err(other) => return Err(other),
            };
            let pid = getsockopt(&accepted, PeerCredentials)?.pid();
            let server = Arc::clone(self);
            // Without a thread the connection is closed, and its client has no device.
            let _ = std::thread::Builder::new().spawn(move || server.serve(&Channel::from(accepted), pid));
        }
    }
}

fn done(result: Result<i64, Errno>, value: u64) -> Reply {
    Reply::Done { result: result.unwrap_or_else(|error| -i64::from(error.0)), value }
}
