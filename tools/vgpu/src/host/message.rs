//! What client and host say to each other: datagrams of fixed size over a socket of the `SOCK_SEQPACKET` kind, some with a
//! descriptor.
#![allow(unsafe_code)] // owning descriptors that the kernel returned as numbers

use std::io::{IoSlice, IoSliceMut};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use nix::cmsg_space;
use nix::errno::Errno;
use nix::sys::socket::{ControlMessage, ControlMessageOwned, MsgFlags, recvmsg, sendmsg};

/// What a client asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// Open a device. The answer has the descriptor.
    Open {
        /// The device's index.
        device: u64,
    },
    /// A call of `ioctl` on an open file.
    Ioctl {
        /// Inode of the open file's socket.
        inode: u64,
        /// The request number.
        request: u64,
        /// The argument, an address in the client.
        argument: u64,
    },
    /// A call of `mmap`. The answer has a descriptor and the offset to map there.
    Map {
        /// Inode of the open file's socket.
        inode: u64,
        /// Offset in the device's file.
        offset: u64,
        /// In bytes.
        length: u64,
        /// `PROT_*` in bits 31:0, `MAP_*` above.
        flags: u64,
    },
    /// Whether a socket is an open device. The answer is its index.
    Which {
        /// Inode of the socket.
        inode: u64,
    },
    /// The answer to [`Reply::Install`] (a descriptor's number) and [`Reply::Fetch`] (which it comes with).
    Answer {
        /// The number, or a negative errno.
        value: u64,
    },
}

/// What the host says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// The request is done.
    Done {
        /// The call's result, or a negative errno.
        result: i64,
        /// What else there is to say.
        value: u64,
    },
    /// Keep the descriptor that comes with this, and answer with its number.
    Install {
        /// Whether it is closed when the client becomes another program.
        close_on_exec: bool,
    },
    /// Answer with the descriptor of this number.
    Fetch {
        /// The number.
        number: u64,
    },
}

const WORDS: usize = 5;
type Datagram = [u8; WORDS * 8];
type Words = [u64; WORDS];

fn pack(words: Words) -> Datagram {
    let mut bytes = [0; WORDS * 8];
    bytes.chunks_exact_mut(8).zip(words).for_each(|(to, word)| to.copy_from_slice(&word.to_le_bytes()));
    bytes
}

fn unpack(bytes: &Datagram) -> Words {
    let mut words = [0; WORDS];
    words.iter_mut().zip(bytes.as_chunks::<8>().0).for_each(|(word, from)| *word = u64::from_le_bytes(*from));
    words
}

impl Request {
    fn words(self) -> Words {
        match self {
            Self::Open { device } => [0, device, 0, 0, 0],
            Self::Ioctl { inode, request, argument } => [1, inode, request, argument, 0],
            Self::Map { inode, offset, length, flags } => [2, inode, offset, length, flags],
            Self::Which { inode } => [3, inode, 0, 0, 0],
            Self::Answer { value } => [4, value, 0, 0, 0],
        }
    }

    fn from_words([kind, a, b, c, d]: Words) -> Option<Self> {
        Some(match kind {
            0 => Self::Open { device: a },
            1 => Self::Ioctl { inode: a, request: b, argument: c },
            2 => Self::Map { inode: a, offset: b, length: c, flags: d },
            3 => Self::Which { inode: a },
            4 => Self::Answer { value: a },
            _ => return None,
        })
    }
}

impl Reply {
    fn words(self) -> Words {
        match self {
            Self::Done { result, value } => [0, result as u64, value, 0, 0], // CAST: the same bits
            Self::Install { close_on_exec } => [1, close_on_exec.into(), 0, 0, 0],
            Self::Fetch { number } => [2, number, 0, 0, 0],
        }
    }

    fn from_words([kind, a, b, ..]: Words) -> Option<Self> {
        Some(match kind {
            0 => Self::Done { result: a as i64, value: b }, // CAST: the same bits
            1 => Self::Install { close_on_exec: a != 0 },
            2 => Self::Fetch { number: a },
            _ => return None,
        })
    }
}

/// One end of a conversation.
#[derive(Debug)]
pub struct Channel(OwnedFd);

impl From<OwnedFd> for Channel {
    fn from(socket: OwnedFd) -> Self {
        Self(socket)
    }
}

impl AsFd for Channel {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl Channel {
    fn send(&self, words: Words, descriptor: Option<BorrowedFd<'_>>) -> Result<(), Errno> {
        let bytes = pack(words);
        let raw = descriptor.map(|fd| [fd.as_raw_fd()]);
        let rights = raw.as_ref().map(|raw| [ControlMessage::ScmRights(raw)]);
        let control: &[ControlMessage<'_>] = rights.as_ref().map_or(&[], |rights| rights);
        loop {
            match sendmsg::<()>(self.0.as_raw_fd(), &[IoSlice::new(&bytes)], control, MsgFlags::MSG_NOSIGNAL, None) {
                Err(Errno::EINTR) => {}
                sent => return sent.map(|_| ()),
            }
        }
    }

    /// `None` when the other end is closed.
    fn receive(&self) -> Result<Option<(Words, Option<OwnedFd>)>, Errno> {
        let mut bytes = [0; WORDS * 8];
        let mut space = cmsg_space!([i32; 1]);
        let (length, descriptor) = loop {
            let mut parts = [IoSliceMut::new(&mut bytes)];
            match recvmsg::<()>(self.0.as_raw_fd(), &mut parts, Some(&mut space), MsgFlags::MSG_CMSG_CLOEXEC) {
                Err(Errno::EINTR) => {}
                Err(other) => return Err(other),
                Ok(message) => {
                    let mut found = None;
                    for control in message.cmsgs()? {
                        if let ControlMessageOwned::ScmRights(numbers) = control {
                            for number in numbers {
                                // SAFETY: the kernel has just put this descriptor into our table for us and nobody else
                                // knows its number. There is room for one alone; were there more, each has its own owner.
                                found = Some(unsafe { OwnedFd::from_raw_fd(number) });
                            }
                        }
                    }
                    break (message.bytes, found);
                }
            }
        };
        match length {
            0 => Ok(None),
            length if length == bytes.len() => Ok(Some((unpack(&bytes), descriptor))),
            _ => Err(Errno::EPROTO),
        }
    }

    /// Sends a request.
    ///
    /// # Errors
    /// What the socket says.
    pub fn ask(&self, request: Request, descriptor: Option<BorrowedFd<'_>>) -> Result<(), Errno> {
        self.send(request.words(), descriptor)
    }

    /// Receives a request; `None` when the client is gone.
    ///
    /// # Errors
    /// What the socket says, and `EPROTO` for what is no request.
    pub fn asked(&self) -> Result<Option<(Request, Option<OwnedFd>)>, Errno> {
        let Some((words, descriptor)) = self.receive()? else { return Ok(None) };
        Request::from_words(words).map(|request| Some((request, descriptor))).ok_or(Errno::EPROTO)
    }

    /// Sends a reply.
    ///
    /// # Errors
    /// What the socket says.
    pub fn reply(&self, reply: Reply, descriptor: Option<BorrowedFd<'_>>) -> Result<(), Errno> {
        self.send(reply.words(), descriptor)
    }

    /// Receives a reply.
    ///
    /// # Errors
    /// What the socket says, `EPROTO` for what is no reply, `ENODEV` when the host is gone.
    pub fn replied(&self) -> Result<(Reply, Option<OwnedFd>), Errno> {
        let (words, descriptor) = self.receive()?.ok_or(Errno::ENODEV)?;
        Reply::from_words(words).map(|reply| (reply, descriptor)).ok_or(Errno::EPROTO)
    }
}

/// Owns a descriptor that the kernel has just returned to us as a number.
pub(super) fn own(number: i32) -> OwnedFd {
    // SAFETY: the callers pass what `accept4` returned and keep no other copy of the number.
    unsafe { OwnedFd::from_raw_fd(number) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_come_back() {
        for request in [
            Request::Open { device: 3 },
            Request::Ioctl { inode: 1, request: 2, argument: u64::MAX },
            Request::Map { inode: 1, offset: 2, length: 3, flags: 4 },
            Request::Which { inode: 9 },
            Request::Answer { value: (-9i64) as u64 },
        ] {
            assert_eq!(Request::from_words(unpack(&pack(request.words()))), Some(request));
        }
        for reply in
            [Reply::Done { result: -22, value: 7 }, Reply::Install { close_on_exec: true }, Reply::Fetch { number: 5 }]
        {
            assert_eq!(Reply::from_words(unpack(&pack(reply.words()))), Some(reply));
        }
        assert_eq!(Request::from_words([5, 0, 0, 0, 0]), None);
        assert_eq!(Reply::from_words([3, 0, 0, 0, 0]), None);
    }
}
