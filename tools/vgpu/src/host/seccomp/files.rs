//! Calls that look at files: what they find under the paths of devices is the tree's.

use std::ffi::{CStr, CString};
use std::mem::offset_of;
use std::os::fd::{AsFd, BorrowedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;

use nix::errno::Errno as SystemErrno;
use nix::fcntl::{OFlag, readlink, readlinkat};

use super::Host;
use super::caller::{Caller, leader};
use super::paths::{Object, Place, node_path};
use super::sys::{self, Answer, descriptor_of};
use crate::host::tree::{DRM_MAJOR, FIRST_RENDER_MINOR};
use crate::kmd::{Client, Errno, Process, UserMemory};

/// A call's failure, as the caller is told.
impl From<Errno> for Answer {
    fn from(errno: Errno) -> Self {
        Self::Error(errno.0)
    }
}

impl From<SystemErrno> for Answer {
    fn from(errno: SystemErrno) -> Self {
        Self::Error(errno as i32) // CAST: the number
    }
}

/// The path arguments of a call.
#[derive(Clone, Copy, Debug)]
pub(super) struct Path {
    /// The folder where it starts.
    pub(super) folder: RawFd,
    /// Where the text is.
    pub(super) addr: u64,
    /// `AT_*`.
    pub(super) flags: i32,
}

/// What a look at files is to write.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wanted {
    /// `struct stat`.
    Stat,
    /// `struct statx`, of these fields.
    Statx(u32),
}

/// Puts a number into a structure's bytes.
fn put<const N: usize>(bytes: &mut [u8], at: usize, value: [u8; N]) {
    bytes.iter_mut().skip(at).zip(value).for_each(|(to, from)| *to = from);
}

macro_rules! put {
    ($bytes:expr, $kind:ty, $($field:ident: $type:ty = $value:expr),+ $(,)?) => {
        $( put(&mut $bytes, offset_of!($kind, $field), (($value) as $type).to_ne_bytes()); )+ // CAST: the field's type
    };
}

/// A node's kind and permissions.
const MODE: u32 = libc::S_IFCHR | 0o666;

fn minor(device: usize) -> u32 {
    FIRST_RENDER_MINOR + device as u32 // CAST: a small index
}

/// What `wanted` says of an open file, and for a node what a node would be.
fn attributes(file: BorrowedFd<'_>, node: Option<usize>, flags: i32, wanted: Wanted) -> Result<Vec<u8>, SystemErrno> {
    match wanted {
        Wanted::Stat => {
            let mut bytes = sys::stat(file)?;
            if let Some(device) = node {
                put!(bytes, libc::stat,
                    st_mode: libc::mode_t = MODE,
                    st_rdev: libc::dev_t = libc::makedev(DRM_MAJOR, minor(device)),
                    st_size: libc::off_t = 0,
                    st_nlink: libc::nlink_t = 1,
                );
            }
            Ok(bytes.to_vec())
        }
        Wanted::Statx(mask) => {
            let sync = flags & (libc::AT_STATX_FORCE_SYNC | libc::AT_STATX_DONT_SYNC);
            let mut bytes = sys::statx(file, sync, mask)?;
            if let Some(device) = node {
                put!(bytes, libc::statx,
                    stx_mode: u16 = MODE,
                    stx_rdev_major: u32 = DRM_MAJOR,
                    stx_rdev_minor: u32 = minor(device),
                    stx_size: u64 = 0,
                    stx_nlink: u32 = 1,
                );
            }
            Ok(bytes.to_vec())
        }
    }
}

/// What remains of a client's flags when a file of the tree is opened.
fn tree_flags(flags: OFlag) -> OFlag {
    // With it the kernel ignores others where `openat2` refuses them.
    if flags.contains(OFlag::O_PATH) {
        return flags & (OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW);
    }
    // /sys has no files to make or to cut short.
    flags.difference(OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_TRUNC)
}

/// `O_TMPFILE` without the bit that it shares with `O_DIRECTORY`.
const UNNAMED: i32 = libc::O_TMPFILE & !libc::O_DIRECTORY;

impl Host {
    /// The device behind a descriptor that is a node.
    pub(super) fn device(&self, object: Object) -> Option<usize> {
        match object {
            Object::Open(number) => self.opens.find(number).map(|file| file.device()),
            Object::Node(device) => Some(device),
            Object::Other(_) => None,
        }
    }

    /// What the text of a call means; none if the kernel is to look at it itself.
    fn place(&self, caller: &Caller<'_>, path: Path) -> Option<Place> {
        let text = caller.text(path.addr).ok()?;
        match self.files.place(caller.tid(), path.folder, &text) {
            Place::Other => None,
            place => Some(place),
        }
    }

    /// The tree's path that a call is to follow; none if the kernel is to look itself.
    fn followed(&self, caller: &Caller<'_>, path: Path) -> Option<CString> {
        let stays = path.flags & libc::AT_SYMLINK_NOFOLLOW != 0;
        match self.place(caller, path)? {
            Place::Tree(path) => Some(path),
            Place::Link(device) if !stays => CString::new(node_path(device)).ok(),
            Place::OtherLink(of, number) if !stays => {
                let device = self.device(self.files.object(of, number))?;
                CString::new(node_path(device)).ok()
            }
            _ => None,
        }
    }

    /// `open` and its kin.
    pub(super) fn open(&self, caller: &Caller<'_>, path: Path, flags: i32) -> Answer {
        let stays = if flags & libc::O_NOFOLLOW != 0 { libc::AT_SYMLINK_NOFOLLOW } else { 0 };
        let Some(text) = self.followed(caller, Path { flags: stays, ..path }) else { return Answer::Pass };
        self.open_tree(caller, &text, flags).unwrap_or_else(|answer| answer)
    }

    fn open_tree(&self, caller: &Caller<'_>, text: &CStr, flags: i32) -> Result<Answer, Answer> {
        let wanted = OFlag::from_bits_truncate(flags);
        let look = OFlag::O_PATH | (wanted & OFlag::O_NOFOLLOW);
        let found = self.files.open(text, look).map_err(|errno| {
            // Nothing can be made there.
            let makes = errno == SystemErrno::ENOENT && flags & libc::O_CREAT != 0;
            if makes { SystemErrno::EACCES } else { errno }
        })?;
        if flags & UNNAMED != 0 {
            return Err(SystemErrno::EOPNOTSUPP.into());
        }
        let close_on_exec = flags & libc::O_CLOEXEC != 0;
        let node = self.files.node(&found).filter(|_| flags & libc::O_PATH == 0);
        let file = match node {
            None if flags & (libc::O_CREAT | libc::O_EXCL) == libc::O_CREAT | libc::O_EXCL => {
                return Err(SystemErrno::EEXIST.into());
            }
            None => self.files.open(text, tree_flags(wanted))?,
            Some(_) if flags & libc::O_DIRECTORY != 0 => return Err(SystemErrno::ENOTDIR.into()),
            Some(_) if flags & (libc::O_CREAT | libc::O_EXCL) == libc::O_CREAT | libc::O_EXCL => {
                return Err(SystemErrno::EEXIST.into());
            }
            Some(device) => {
                let pid = leader(caller.tid());
                let client = Client { pid, privileged: false, memory: Arc::new(Process::new(pid)) };
                let file = self.kernel.open(device, client)?;
                let access = wanted & (OFlag::O_ACCMODE | OFlag::O_NONBLOCK | OFlag::O_APPEND);
                self.opens.add(self.memory(), access, file)?
            }
        };
        caller.listener().add(caller.id(), file.as_fd(), close_on_exec, true)?;
        Ok(Answer::Told)
    }

    /// `openat2`, whose flags are in a structure. Source: Linux `include/uapi/linux/openat2.h`, `struct open_how`.
    pub(super) fn open_how(&self, caller: &Caller<'_>, path: Path, how: u64, size: u64) -> Answer {
        const LEAST: usize = 24;
        const STAY_BELOW: u64 = libc::RESOLVE_IN_ROOT | libc::RESOLVE_BENEATH;
        let mut words = [0; LEAST];
        if size < words.len() as u64 || caller.read(how, &mut words).is_err() {
            return Answer::Pass;
        }
        let [flags, _, resolve] = *words.as_chunks::<8>().0 else { return Answer::Pass };
        // From another root a path means something else.
        if u64::from_ne_bytes(resolve) & STAY_BELOW != 0 {
            return Answer::Pass;
        }
        self.open(caller, path, u64::from_ne_bytes(flags) as i32) // CAST: no flag is above bit 31
    }

    /// `stat` and its kin.
    pub(super) fn stat(&self, caller: &Caller<'_>, path: Path, out: u64, wanted: Wanted) -> Answer {
        let by_descriptor = path.flags & libc::AT_EMPTY_PATH != 0
            && (path.addr == 0 || caller.text(path.addr).is_ok_and(|text| text.is_empty()));
        if by_descriptor {
            return self.stat_open(caller, path.folder, out, wanted);
        }
        let Some(text) = self.followed(caller, path) else { return Answer::Pass };
        self.write_attributes(caller, &text, path.flags, out, wanted).unwrap_or_else(|answer| answer)
    }

    /// `fstat` and its kin: a node says what its path says.
    pub(super) fn stat_open(&self, caller: &Caller<'_>, number: RawFd, out: u64, wanted: Wanted) -> Answer {
        let Some(device) = self.device(self.files.object(caller.tid(), number)) else { return Answer::Pass };
        let Ok(text) = CString::new(node_path(device)) else { return Answer::Pass };
        self.write_attributes(caller, &text, 0, out, wanted).unwrap_or_else(|answer| answer)
    }

    fn write_attributes(
        &self,
        caller: &Caller<'_>,
        text: &CStr,
        flags: i32,
        out: u64,
        wanted: Wanted,
    ) -> Result<Answer, Answer> {
        let stays = if flags & libc::AT_SYMLINK_NOFOLLOW != 0 { OFlag::O_NOFOLLOW } else { OFlag::empty() };
        let found = self.files.open(text, OFlag::O_PATH | stays)?;
        let bytes = attributes(found.as_fd(), self.files.node(&found), flags, wanted)?;
        caller.write(out, &bytes)?;
        Ok(Answer::Value(0))
    }

    /// `access` and its kin.
    pub(super) fn access(&self, caller: &Caller<'_>, path: Path, mode: i32) -> Answer {
        let Some(text) = self.followed(caller, path) else { return Answer::Pass };
        let stays = if path.flags & libc::AT_SYMLINK_NOFOLLOW != 0 { OFlag::O_NOFOLLOW } else { OFlag::empty() };
        let found = self.files.open(&text, OFlag::O_PATH | stays);
        match found.and_then(|found| sys::access(found.as_fd(), mode)) {
            Ok(()) => Answer::Value(0),
            Err(errno) => errno.into(),
        }
    }

    /// `getxattr` and its kin: nothing in the tree has extended attributes.
    pub(super) fn attribute(&self, caller: &Caller<'_>, path: Path) -> Answer {
        if self.followed(caller, path).is_none() { Answer::Pass } else { Errno::EOPNOTSUPP.into() }
    }

    /// `readlink` and its kin.
    pub(super) fn read_link(&self, caller: &Caller<'_>, path: Path, out: u64, room: u64) -> Answer {
        let text = match self.place(caller, path) {
            None | Some(Place::Other) => return Answer::Pass,
            Some(Place::Tree(text)) => {
                let target = self
                    .files
                    .open(&text, OFlag::O_PATH | OFlag::O_NOFOLLOW)
                    .and_then(|link| readlinkat(&link, c""))
                    // What is no link.
                    .map_err(|errno| if errno == SystemErrno::ENOENT { SystemErrno::EINVAL } else { errno });
                match (target, self.files.open(&text, OFlag::O_PATH | OFlag::O_NOFOLLOW)) {
                    (Ok(target), _) => target.as_bytes().to_vec(),
                    (Err(_), Err(errno)) => return errno.into(),
                    (Err(errno), Ok(_)) => return errno.into(),
                }
            }
            Some(Place::Link(device)) => node_path(device).into_bytes(),
            Some(Place::OtherLink(of, number)) => match self.device(self.files.object(of, number)) {
                Some(device) => node_path(device).into_bytes(),
                // A folder or file of the tree has the path that it was opened by.
                None => match readlink(format!("/proc/{of}/fd/{number}").as_str()) {
                    Ok(target) => match self.files.seen(target.as_bytes()) {
                        Some(seen) => seen.to_vec(),
                        None => return Answer::Pass,
                    },
                    Err(_) => return Answer::Pass,
                },
            },
        };
        let room = usize::try_from(room & 0xffff_ffff).unwrap_or(usize::MAX);
        if room == 0 || room > i32::MAX as usize {
            return Errno::EINVAL.into();
        }
        let text = text.get(..room).unwrap_or(&text);
        match caller.write(out, text) {
            Ok(()) => Answer::Value(text.len() as i64), // CAST: a path
            Err(errno) => errno.into(),
        }
    }

    /// `getdents64` of /dev/dri, whose nodes are files in the tree.
    pub(super) fn entries(&self, caller: &Caller<'_>, number: RawFd, out: u64, room: u64) -> Answer {
        /// The largest answer; a reader asks again.
        const MOST: u64 = 1 << 16;
        if !self.files.is_folder_of_nodes(caller.tid(), number) {
            return Answer::Pass;
        }
        let read = || -> Result<Answer, Answer> {
            let folder = descriptor_of(caller.tid(), || leader(caller.tid()), number)?;
            let room = usize::try_from(room.min(MOST)).map_err(|_| Errno::EINVAL)?;
            let mut bytes = sys::entries(folder.as_fd(), room)?;
            mark_nodes(&mut bytes);
            caller.write(out, &bytes)?;
            Ok(Answer::Value(bytes.len() as i64)) // CAST: at most `MOST`
        };
        read().unwrap_or_else(|answer| answer)
    }
}

/// Makes entries of nodes say so. Source: Linux `include/linux/dirent.h`, `struct linux_dirent64`.
fn mark_nodes(entries: &mut [u8]) {
    const LENGTH: usize = 16;
    const KIND: usize = 18;
    const NAME: usize = 19;
    let mut rest = entries;
    while let Some(&[low, high]) = rest.get(LENGTH..LENGTH + 2) {
        let length = usize::from(u16::from_ne_bytes([low, high]));
        if length < NAME || length > rest.len() {
            return;
        }
        let (entry, behind) = rest.split_at_mut(length);
        let is_node = entry.get(NAME..).is_some_and(|name| name.starts_with(b"renderD"));
        if let Some(kind) = entry.get_mut(KIND).filter(|_| is_node) {
            *kind = libc::DT_CHR;
        }
        rest = behind;
    }
}
