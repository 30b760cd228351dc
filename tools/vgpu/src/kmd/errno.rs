//! Error numbers as ioctl returns them.

use std::fmt;

use nix::libc;

/// What a system call fails with. Numbers that the kernel leaks without a name in user space, such as 524, fit too.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Errno(pub i32);

macro_rules! errnos {
    ($($name:ident $doc:literal),+ $(,)?) => {
        impl Errno {
            $(#[doc = $doc] pub const $name: Self = Self(libc::$name);)+
            /// `ENOTSUPP`, a number of the kernel's own that leaks out of `USERQ`. Source: Linux `include/linux/errno.h`.
            pub const ENOTSUPP: Self = Self(524);
            /// The name as the kernel has it, if it is one that this driver uses.
            #[must_use]
            pub const fn name(self) -> Option<&'static str> {
                match self.0 {
                    $(libc::$name => Some(stringify!($name)),)+
                    524 => Some("ENOTSUPP"),
                    _ => None,
                }
            }
        }
    };
}

errnos! {
    EPERM "Not allowed for this object.",
    ENOENT "No such handle.",
    ESRCH "The process is gone.",
    EINTR "A signal came; call again.",
    EBADF "No such descriptor.",
    EAGAIN "Something changed underneath; call again.",
    ENOMEM "No memory is left.",
    EACCES "Not allowed on this node or for this client.",
    EFAULT "A pointer leads nowhere.",
    EBUSY "Taken, or not working.",
    ENODEV "The device is gone.",
    EINVAL "An argument is wrong.",
    ENOTTY "Not an ioctl of this device.",
    ENOSPC "No number is left.",
    ENODATA "A hang was killed softly.",
    ETIME "A wait for a syncobj ended, or a job hung.",
    EOPNOTSUPP "Not supported.",
    ECANCELED "The work was cancelled by a reset.",
    EHWPOISON "Memory errors were found.",
}

/// A name as `errno.h` has it, or a number from 1 to 4095 (`MAX_ERRNO` of Linux `include/linux/err.h`).
impl std::str::FromStr for Errno {
    type Err = UnknownErrno;

    fn from_str(text: &str) -> Result<Self, UnknownErrno> {
        let named = || (1..=133).find(|number| format!("{:?}", nix::errno::Errno::from_raw(*number)) == text);
        let number = text.parse().ok().filter(|number| (1..=4095).contains(number)).or_else(named);
        number.map(Self).ok_or_else(|| UnknownErrno(text.to_owned()))
    }
}

/// No error has this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no errno; take a name such as ENOMEM, or its number")]
pub struct UnknownErrno(String);

impl fmt::Debug for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "errno {}", self.0),
        }
    }
}

impl std::error::Error for Errno {}

/// What the host's system calls fail with, seen by the client as its own.
impl From<nix::errno::Errno> for Errno {
    fn from(error: nix::errno::Errno) -> Self {
        Self(error as i32) // CAST: the enum's values are the numbers
    }
}
