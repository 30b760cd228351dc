//! The functions that take the place of libc's.
//!
//! SAFETY, for all of them: they are called by C in place of libc's function of their name and under its contract, which the
//! caller keeps; what they don't handle they pass on unchanged. A path is read only after it was found not to be null, and
//! is then a C string by that contract. C's variadic arguments are taken as fixed ones, which is the same in the calling
//! conventions of Linux on x86-64 and aarch64 for integers and pointers; where the caller passed fewer, what is read is
//! ignored by the function behind it, as there.

mod files;
mod folders;
mod nodes;
mod raw;
mod stat;

use std::ffi::{CStr, c_char, c_int};

use vgpu::host::{Meaning, Plain};

use crate::session;

/// What a path argument leads to.
#[allow(clippy::large_enum_variant)] // on the stack, because nothing may be allocated here
enum Target {
    /// Where it says.
    Other,
    /// A file of the tree, which may stand for a node.
    Tree { path: Plain, node: Option<usize> },
}

/// Where a path leads that starts at the root or in the working folder.
///
/// # Safety
/// `path` is null or a C string.
unsafe fn target(path: *const c_char) -> Target {
    if path.is_null() {
        return Target::Other;
    }
    // SAFETY: it is not null, so that it is a C string.
    let path = unsafe { CStr::from_ptr(path) };
    // What can't be ours goes on without another look.
    let bytes = path.to_bytes();
    if !bytes.starts_with(b"/") {
        return Target::Other;
    }
    let Some(plain) = Plain::new(path) else { return Target::Other };
    let node = match plain.meaning(session::devices()) {
        Meaning::Other => return Target::Other,
        Meaning::Tree => None,
        Meaning::Node(index) => Some(index),
    };
    match session::root().and_then(|root| plain.below(root)) {
        Some(path) => Target::Tree { path, node },
        None => Target::Other,
    }
}

/// Where a path leads that may start in an open folder.
///
/// # Safety
/// As [`target`].
unsafe fn target_at(folder: c_int, path: *const c_char) -> Target {
    // SAFETY: the caller's.
    let found = unsafe { target(path) };
    if path.is_null() || !matches!(found, Target::Other) || folder == libc::AT_FDCWD {
        return found;
    }
    // SAFETY: not null, so that it is a C string.
    let name = unsafe { CStr::from_ptr(path) }.to_bytes();
    let Some(index) =
        name.strip_prefix(b"renderD").and_then(|minor| std::str::from_utf8(minor).ok()?.parse::<usize>().ok())
    else {
        return Target::Other;
    };
    // A node by its name alone: only in the tree's /dev/dri.
    let mut link = [0u8; 4096];
    let folder = format!("/proc/self/fd/{folder}\0");
    // SAFETY: the path ends in a zero, and the room is as large as said.
    let length = unsafe { crate::real::readlink(folder.as_ptr().cast(), link.as_mut_ptr().cast(), link.len()) };
    let parent = usize::try_from(length).ok().and_then(|length| link.get(..length)).unwrap_or(&[]);
    let in_tree = session::root().and_then(|root| Plain::without(parent, root)) == Some(b"/dev/dri");
    let whole = format!("/dev/dri/renderD{index}\0");
    match CStr::from_bytes_with_nul(whole.as_bytes()) {
        // SAFETY: a C string.
        Ok(whole) if in_tree => unsafe { target(whole.as_ptr()) },
        _ => Target::Other,
    }
}

/// The path to pass on.
impl Target {
    fn or(&self, given: *const c_char) -> *const c_char {
        match self {
            Self::Other => given,
            Self::Tree { path, .. } => path.as_ptr(),
        }
    }

    const fn node(&self) -> Option<usize> {
        match self {
            Self::Other => None,
            Self::Tree { node, .. } => *node,
        }
    }
}
