//! The host's side: clients' calls come in, the device answers.

use std::collections::HashMap;
use std::io::{IoSlice, IoSliceMut};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socketpair};
use nix::sys::stat::fstat;
use nix::sys::uio::{RemoteIoVec, process_vm_readv, process_vm_writev};
use nix::unistd::Pid;

use super::message::{Channel, Reply, Request};

/// What a device needs of the process that calls it.
pub trait Client {
    /// The process.
    fn pid(&self) -> i32;

    /// Reads its memory.
    ///
    /// # Errors
    /// `EFAULT` where some of it is not readable.
    fn read(&self, address: u64, bytes: &mut [u8]) -> Result<(), Errno>;

    /// Writes its memory.
    ///
    /// # Errors
    /// `EFAULT` where some of it is not writable.
    fn write(&self, address: u64, bytes: &[u8]) -> Result<(), Errno>;

    /// Gives it a descriptor; its number there.
    ///
    /// # Errors
    /// `EMFILE` where it has no room.
    fn install(&self, descriptor: OwnedFd) -> Result<i32, Errno>;

    /// A copy of one of its descriptors.
    ///
    /// # Errors
    /// `EBADF` where it has none of this number.
    fn descriptor(&self, number: i32) -> Result<OwnedFd, Errno>;
}

/// Devices that can be opened.
pub trait Machine: Send + Sync {
    /// How many there are.
    fn devices(&self) -> usize;

    /// Opens one.
    ///
    /// # Errors
    /// `ENODEV` where there is no such device, and what a kernel would say.
    fn open(&self, device: usize, pid: i32) -> Result<Box<dyn OpenFile>, Errno>;
}

/// An open device; dropping it closes it.
pub trait OpenFile: Send + Sync {
    /// `ioctl(2)`.
    ///
    /// # Errors
    /// The errno.
    fn ioctl(&self, client: &dyn Client, request: u32, argument: u64) -> Result<i32, Errno>;

    /// `mmap(2)`: a file to map instead, and the offset there.
    ///
    /// # Errors
    /// The errno.
    fn map(&self, offset: u64, length: u64, protection: u32, flags: u32) -> Result<(OwnedFd, u64), Errno>;
}

/// A client at the other end of a control connection.
#[derive(Debug)]
pub struct RemoteClient<'a> {
    pid: i32,
    channel: &'a Channel,
}

impl Client for RemoteClient<'_> {
    fn pid(&self) -> i32 {
        self.pid
    }

    fn read(&self, address: u64, bytes: &mut [u8]) -> Result<(), Errno> {
        let base = usize::try_from(address).map_err(|_| Errno::EFAULT)?;
        let remote = [RemoteIoVec { base, len: bytes.len() }];
        let length = bytes.len();
        let read = process_vm_readv(Pid::from_raw(self.pid), &mut [IoSliceMut::new(bytes)], &remote)?;
        if read == length { Ok(()) } else { Err(Errno::EFAULT) }
    }

    fn write(&self, address: u64, bytes: &[u8]) -> Result<(), Errno> {
        let base = usize::try_from(address).map_err(|_| Errno::EFAULT)?;
        let remote = [RemoteIoVec { base, len: bytes.len() }];
        let written = process_vm_writev(Pid::from_raw(self.pid), &[IoSlice::new(bytes)], &remote)?;
        if written == bytes.len() { Ok(()) } else { Err(Errno::EFAULT) }
    }

    fn install(&self, descriptor: OwnedFd) -> Result<i32, Errno> {
        self.channel.reply(Reply::Install, Some(descriptor.as_fd()))?;
        match self.channel.asked()? {
            Some((Request::Answer { value }, _)) => match value as i64 {
                // CAST: the same bits
                error @ ..0 => Err(Errno::from_raw(i32::try_from(-error).unwrap_or(libc::EPROTO))),
                number => i32::try_from(number).map_err(|_| Errno::EPROTO),
            },
            _ => Err(Errno::EPROTO),
        }
    }

    fn descriptor(&self, number: i32) -> Result<OwnedFd, Errno> {
        let number = u64::try_from(number).map_err(|_| Errno::EBADF)?;
        self.channel.reply(Reply::Fetch { number }, None)?;
        match self.channel.asked()? {
            Some((Request::Answer { .. }, Some(descriptor))) => Ok(descriptor),
            Some((Request::Answer { .. }, None)) => Err(Errno::EBADF),
            _ => Err(Errno::EPROTO),
        }
    }
}

/// An open file and the socket whose hang-up ends it.
struct Open {
    file: Arc<dyn OpenFile>,
    device: usize,
    /// The host's end of the pair.
    peer: OwnedFd,
}

/// Open files of all clients.
pub struct Server {
    machine: Box<dyn Machine>,
    opens: Mutex<HashMap<u64, Open>>,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("devices", &self.machine.devices()).finish_non_exhaustive()
    }
}

impl Server {
    /// Serves these devices.
    #[must_use]
    pub fn new(machine: Box<dyn Machine>) -> Arc<Self> {
        Arc::new(Self { machine, opens: Mutex::default() })
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
        // Closing may wait for the device, which others must not.
        drop(gone);
        left
    }

    /// Answers one client until it is gone. Each control connection has a thread of its own here.
    pub fn serve(&self, channel: &Channel, pid: i32) {
        let client = RemoteClient { pid, channel };
        while let Ok(Some((request, _))) = channel.asked() {
            let answered = match request {
                Request::Open { device } => self.open(&client, device),
                Request::Ioctl { inode, request, argument } => {
                    let result = self.file(inode).and_then(|file| {
                        let request = u32::try_from(request & 0xffff_ffff).map_err(|_| Errno::ENOTTY)?;
                        file.ioctl(&client, request, argument)
                    });
                    channel.reply(done(result.map(i64::from), 0), None)
                }
                Request::Map { inode, offset, length, flags } => self.map(&client, inode, [offset, length, flags]),
                Request::Which { inode } => {
                    let device = self.opens().get(&inode).map(|open| open.device as i64); // CAST: a small index
                    channel.reply(done(device.ok_or(Errno::ENOTTY), 0), None)
                }
                Request::Answer { .. } => channel.reply(done(Err(Errno::EPROTO), 0), None),
            };
            if answered.is_err() {
                break;
            }
        }
    }

    fn file(&self, inode: u64) -> Result<Arc<dyn OpenFile>, Errno> {
        self.opens().get(&inode).map(|open| Arc::clone(&open.file)).ok_or(Errno::ENOTTY)
    }

    fn open(&self, client: &RemoteClient<'_>, device: u64) -> Result<(), Errno> {
        self.sweep();
        let opened = usize::try_from(device).map_err(|_| Errno::ENODEV).and_then(|device| {
            let file = self.machine.open(device, client.pid)?;
            let (theirs, peer) = socketpair(AddressFamily::Unix, SockType::SeqPacket, None, SockFlag::SOCK_CLOEXEC)?;
            let inode = fstat(&theirs)?.st_ino;
            self.opens().insert(inode, Open { file: Arc::from(file), device, peer });
            Ok((theirs, inode))
        });
        match opened {
            Ok((theirs, inode)) => client.channel.reply(done(Ok(0), inode), Some(theirs.as_fd())),
            Err(error) => client.channel.reply(done(Err(error), 0), None),
        }
    }

    fn map(&self, client: &RemoteClient<'_>, inode: u64, [offset, length, flags]: [u64; 3]) -> Result<(), Errno> {
        // CAST: the two halves
        let mapped = self.file(inode).and_then(|file| file.map(offset, length, flags as u32, (flags >> 32) as u32));
        match mapped {
            Ok((file, at)) => client.channel.reply(done(Ok(0), at), Some(file.as_fd())),
            Err(error) => client.channel.reply(done(Err(error), 0), None),
        }
    }

    /// Accepts control connections on `listener` until `stop` hangs up, a thread each.
    ///
    /// # Errors
    /// What accepting says.
    pub fn listen(self: &Arc<Self>, listener: BorrowedFd<'_>, stop: BorrowedFd<'_>) -> Result<(), Errno> {
        use nix::sys::socket::{accept4, getsockopt, sockopt::PeerCredentials};
        loop {
            let mut ready = [PollFd::new(listener, PollFlags::POLLIN), PollFd::new(stop, PollFlags::empty())];
            // The time-out is for clients that close without another word.
            match poll(&mut ready, 100u16) {
                Err(Errno::EINTR) | Ok(0) => {
                    self.sweep();
                    continue;
                }
                Err(other) => return Err(other),
                Ok(_) => {}
            }
            if ready[1].revents().is_some_and(|events| !events.is_empty()) {
                self.sweep();
                return Ok(());
            }
            let accepted = match accept4(listener.as_raw_fd(), SockFlag::SOCK_CLOEXEC) {
                Ok(number) => super::message::own(number),
                Err(Errno::EINTR | Errno::ECONNABORTED) => continue,
                Err(other) => return Err(other),
            };
            let pid = getsockopt(&accepted, PeerCredentials)?.pid();
            let server = Arc::clone(self);
            std::thread::spawn(move || server.serve(&Channel::from(accepted), pid));
        }
    }
}

fn done(result: Result<i64, Errno>, value: u64) -> Reply {
    let result = result.unwrap_or_else(|error| -i64::from(error as i32)); // CAST: the errno
    Reply::Done { result, value }
}
