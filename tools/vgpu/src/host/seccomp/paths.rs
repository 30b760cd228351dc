//! What paths and descriptors of a client lead to.

use std::ffi::{CStr, CString};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd, RawFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use nix::errno::Errno as SystemErrno;
use nix::fcntl::{OFlag, OpenHow, ResolveFlag, open, openat2, readlink};
use nix::sys::stat::{Mode, fstat};

use super::caller::{file_of, lock_of};
use crate::host::path::{Meaning, Plain};
use crate::host::tree::FIRST_RENDER_MINOR;

/// The folder that stands for /dev/dri and what of /sys belongs to the devices.
#[derive(Debug)]
pub(super) struct Files {
    root: OwnedFd,
    root_path: Vec<u8>,
    /// Device and inode number of the files that stand for nodes.
    nodes: Vec<(u64, u64)>,
    /// Of the file of all buffers, which is what an open node is.
    memory: (u64, u64),
}

/// What a path means.
#[derive(Debug)]
pub(super) enum Place {
    /// Nothing of ours.
    Other,
    /// A path in the tree, from its root on.
    Tree(CString),
    /// The link by which /proc shows a descriptor that is a device's node.
    Link(usize),
    /// The link of another one.
    OtherLink(i32, RawFd),
}

/// What a descriptor is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Object {
    /// Not a node. Its device and inode number, if it is open.
    Other(Option<(u64, u64)>),
    /// An open node, by the number of its lock.
    Open(u64),
    /// The file that stands for this node.
    Node(usize),
}

/// Where a node is.
pub(super) fn node_path(device: usize) -> String {
    format!("/dev/dri/renderD{}", FIRST_RENDER_MINOR as usize + device) // CAST: widening
}

impl Files {
    /// Of the tree at `root` with so many devices.
    pub(super) fn new(root: &Path, devices: usize, memory: BorrowedFd<'_>) -> io::Result<Self> {
        // As /proc names it.
        let root = root.canonicalize()?;
        let nodes = (0..devices).map(|device| {
            let node = root.join(node_path(device).trim_start_matches('/')).metadata()?;
            Ok((node.dev(), node.ino()))
        });
        let nodes = nodes.collect::<io::Result<_>>()?;
        let memory = fstat(memory)?;
        let folder = open(&root, OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC, Mode::empty())?;
        let root_path = root.into_os_string().into_vec();
        Ok(Self { root: folder, root_path, nodes, memory: (memory.st_dev, memory.st_ino) })
    }

    /// The file of all buffers, by device and inode number.
    pub(super) const fn memory(&self) -> (u64, u64) {
        self.memory
    }

    /// The path that a client means to see, if this is one of the tree.
    pub(super) fn seen<'a>(&self, path: &'a [u8]) -> Option<&'a [u8]> {
        match path.strip_prefix(self.root_path.as_slice())? {
            b"" => Some(b"/"),
            rest => Plain::without(path, &self.root_path).or_else(|| rest.starts_with(b"/").then_some(rest)),
        }
    }

    /// What a path means that starts at the root, or in a folder of the caller's.
    pub(super) fn place(&self, tid: i32, folder: RawFd, path: &CStr) -> Place {
        let bytes = path.to_bytes();
        let whole = match bytes.first() {
            None => return Place::Other,
            Some(b'/') => bytes.to_vec(),
            Some(_) => {
                let Some(base) = self.base(tid, folder) else { return Place::Other };
                [&base, &b"/"[..], bytes].concat()
            }
        };
        let Some(plain) = CString::new(whole.clone()).ok().and_then(|whole| Plain::new(&whole)) else {
            return Place::Other;
        };
        if let Some((of, number)) = link(tid, plain.as_bytes()) {
            return match self.object(of, number) {
                Object::Node(device) => Place::Link(device),
                _ => Place::OtherLink(of, number),
            };
        }
        let meaning = |plain: &Plain| plain.meaning(self.nodes.len());
        // The folder above the tree's may be asked for by way of one of them that nothing else has.
        let below = whole.strip_suffix(b"/..").and_then(|below| CString::new(below).ok());
        let below = below.and_then(|below| Plain::new(&below)).is_some_and(|below| meaning(&below) != Meaning::Other);
        match meaning(&plain) {
            Meaning::Other if !below => Place::Other,
            // Not the plain one: `..` behind a link leads elsewhere.
            _ => CString::new(whole).map_or(Place::Other, Place::Tree),
        }
    }

    /// The folder where a path starts, as the client means to see it.
    fn base(&self, tid: i32, folder: RawFd) -> Option<Vec<u8>> {
        let link = match folder {
            libc::AT_FDCWD => format!("/proc/{tid}/cwd"),
            number if number >= 0 => format!("/proc/{tid}/fd/{number}"),
            _ => return None,
        };
        let base = readlink(link.as_str()).ok()?.into_vec();
        Some(self.seen(&base).map_or_else(|| base.clone(), <[u8]>::to_vec))
    }

    /// Opens what a path in the tree leads to.
    pub(super) fn open(&self, path: &CStr, flags: OFlag) -> Result<OwnedFd, SystemErrno> {
        let how = OpenHow::new().flags(flags | OFlag::O_CLOEXEC).resolve(ResolveFlag::RESOLVE_IN_ROOT);
        openat2(&self.root, path, how)
    }

    /// The node that a file of the tree stands for.
    pub(super) fn node(&self, file: impl AsFd) -> Option<usize> {
        let found = fstat(file).ok()?;
        self.node_of((found.st_dev, found.st_ino))
    }

    fn node_of(&self, id: (u64, u64)) -> Option<usize> {
        self.nodes.iter().position(|node| *node == id)
    }

    /// What a descriptor of a thread is.
    pub(super) fn object(&self, tid: i32, number: RawFd) -> Object {
        if number < 0 {
            return Object::Other(None);
        }
        let Some(id) = file_of(tid, number) else { return Object::Other(None) };
        if id == self.memory
            && let Some(lock) = lock_of(tid, number, id.1)
        {
            return Object::Open(lock);
        }
        self.node_of(id).map_or(Object::Other(Some(id)), Object::Node)
    }

    /// Whether a descriptor of a thread is /dev/dri.
    pub(super) fn is_folder_of_nodes(&self, tid: i32, number: RawFd) -> bool {
        let link = readlink(format!("/proc/{tid}/fd/{number}").as_str());
        link.is_ok_and(|link| self.seen(link.as_bytes()) == Some(b"/dev/dri"))
    }
}

/// The thread and descriptor whose link in /proc a plain path is.
fn link(tid: i32, path: &[u8]) -> Option<(i32, RawFd)> {
    let path = std::str::from_utf8(path).ok()?;
    let (process, number) = match path.strip_prefix("/dev/fd/") {
        Some(number) => ("self", number),
        None => path.strip_prefix("/proc/")?.split_once("/fd/")?,
    };
    let of = match process {
        "self" | "thread-self" => tid,
        other => other.parse().ok()?,
    };
    Some((of, number.parse().ok()?))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn links_of_descriptors_are_found() {
        assert_eq!(link(7, b"/proc/self/fd/3"), Some((7, 3)));
        assert_eq!(link(7, b"/proc/thread-self/fd/3"), Some((7, 3)));
        assert_eq!(link(7, b"/proc/12/fd/30"), Some((12, 30)));
        assert_eq!(link(7, b"/dev/fd/0"), Some((7, 0)));
        for other in [&b"/proc/self/fd"[..], b"/proc/self/fd/x", b"/proc/net/dev", b"/dev/fdx/1", b"/proc/self/fd/3/a"]
        {
            assert_eq!(link(7, other), None);
        }
    }
}
