//! Which paths lead to devices and what belongs to them.
//!
//! Asked for every path that a client opens: nothing here allocates.

use std::ffi::{CStr, c_char};

/// Longest path that libc takes, its end included.
const PATH_MAX: usize = 4096;

/// What a path means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// Nothing.
    Other,
    /// A file or folder of the tree.
    Tree,
    /// A render node, by its minor number less the first.
    Node(usize),
}

/// A path with slashes and dots made plain, on the stack.
#[derive(Clone, Debug)]
pub struct Plain {
    bytes: [u8; PATH_MAX],
    length: usize,
}

impl Plain {
    /// An absolute path without doubled slashes, `.` and `..`; `None` for others and for what is too long.
    #[must_use]
    pub fn new(path: &CStr) -> Option<Self> {
        let path = path.to_bytes();
        if path.first() != Some(&b'/') || path.len() >= PATH_MAX {
            return None;
        }
        let mut plain = Self { bytes: [0; PATH_MAX], length: 0 };
        for part in path.split(|byte| *byte == b'/') {
            match part {
                b"" | b"." => {}
                b".." => {
                    let kept = plain.as_bytes().iter().rposition(|byte| *byte == b'/').unwrap_or(0);
                    plain.length = kept;
                }
                part => {
                    plain.push(b"/")?;
                    plain.push(part)?;
                }
            }
        }
        Some(plain)
    }

    fn push(&mut self, part: &[u8]) -> Option<()> {
        let end = self.length + part.len();
        self.bytes.get_mut(self.length..end)?.copy_from_slice(part);
        self.length = end;
        // Room for the end is always left.
        (end < PATH_MAX).then_some(())
    }

    /// Its bytes, without the zero at its end.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or(&[])
    }

    /// What it means where there are so many devices.
    #[must_use]
    pub fn meaning(&self, devices: usize) -> Meaning {
        let path = self.as_bytes();
        let below =
            |folder: &[u8]| path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"));
        if let Some(minor) = path.strip_prefix(b"/dev/dri/renderD") {
            return match number(minor).and_then(|minor| minor.checked_sub(128)) {
                Some(index) => Meaning::Node(index),
                None => Meaning::Tree,
            };
        }
        let ours = below(b"/dev/dri")
            || below(b"/sys/class/drm")
            || path.starts_with(b"/sys/dev/char/226:")
            || [&b"/sys/bus/pci/devices/"[..], b"/sys/devices/pci0000:00/"]
                .iter()
                .any(|folder| path.strip_prefix(*folder).is_some_and(|rest| is_slot(rest, devices)));
        if ours { Meaning::Tree } else { Meaning::Other }
    }

    /// The path in the tree at `root`.
    #[must_use]
    pub fn below(&self, root: &[u8]) -> Option<Self> {
        let mut moved = Self { bytes: [0; PATH_MAX], length: 0 };
        moved.push(root)?;
        moved.push(self.as_bytes())?;
        Some(moved)
    }

    /// Without `root` in front.
    #[must_use]
    pub fn without<'a>(path: &'a [u8], root: &[u8]) -> Option<&'a [u8]> {
        path.strip_prefix(root).filter(|rest| rest.starts_with(b"/"))
    }

    /// For C.
    #[must_use]
    pub fn as_ptr(&self) -> *const c_char {
        // What lies behind the path is zero.
        self.bytes.as_ptr().cast()
    }
}

fn number(digits: &[u8]) -> Option<usize> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// Whether a path begins with the slot of one of the devices.
fn is_slot(path: &[u8], devices: usize) -> bool {
    let slot = path.split(|byte| *byte == b'/').next().unwrap_or(path);
    let bus = slot.strip_prefix(b"0000:").and_then(|rest| rest.strip_suffix(b":00.0"));
    bus.and_then(|bus| std::str::from_utf8(bus).ok())
        .and_then(|bus| usize::from_str_radix(bus, 16).ok())
        .is_some_and(|bus| (3..3 + devices).contains(&bus))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn meaning(path: &CStr) -> Meaning {
        Plain::new(path).map_or(Meaning::Other, |plain| plain.meaning(1))
    }

    #[test]
    fn paths_mean_what_they_say() {
        assert_eq!(meaning(c"/dev/dri/renderD129"), Meaning::Node(1));
        assert_eq!(meaning(c"//dev/./dri//renderD128/"), Meaning::Node(0));
        assert_eq!(meaning(c"/dev/shm/../dri/renderD128"), Meaning::Node(0));
        assert_eq!(meaning(c"/dev/dri/renderD5"), Meaning::Tree);
        assert_eq!(meaning(c"/dev/dri/"), Meaning::Tree);
        assert_eq!(meaning(c"/dev/drive"), Meaning::Other);
        assert_eq!(meaning(c"/sys/dev/char/226:128/device/vendor"), Meaning::Tree);
        assert_eq!(meaning(c"/sys/dev/char/1:3"), Meaning::Other);
        assert_eq!(meaning(c"/sys/class/drm"), Meaning::Tree);
        assert_eq!(meaning(c"/sys/bus/pci/devices"), Meaning::Other);
        assert_eq!(meaning(c"dev/dri"), Meaning::Other);
        assert_eq!(meaning(c""), Meaning::Other);
    }

    #[test]
    fn long_paths_are_left_alone() {
        let long = std::ffi::CString::new(format!("/dev/dri/{}", "x".repeat(5000))).unwrap();
        assert!(Plain::new(&long).is_none());
        let fits = std::ffi::CString::new(format!("/{}", "x".repeat(4000))).unwrap();
        assert!(Plain::new(&fits).unwrap().below(&[b'r'; 200]).is_none());
    }
}
