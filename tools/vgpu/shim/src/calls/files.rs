//! Reading files and links.

use std::ffi::{CStr, c_char, c_int};

use libc::{FILE, size_t, ssize_t};
use vgpu::host::Plain;

use super::nodes::exported;
use super::{Target, target, target_at};
use crate::real::{self, fail};
use crate::session;

exported! {
    access(path: *const c_char, mode: c_int) -> c_int => real::access(target(path).or(path), mode);
    euidaccess(path: *const c_char, mode: c_int) -> c_int => real::euidaccess(target(path).or(path), mode);
    eaccess(path: *const c_char, mode: c_int) -> c_int => real::euidaccess(target(path).or(path), mode);
    faccessat(folder: c_int, path: *const c_char, mode: c_int, flags: c_int) -> c_int => real::faccessat(folder, target_at(folder, path).or(path), mode, flags);
    fopen(path: *const c_char, mode: *const c_char) -> *mut FILE => real::fopen(target(path).or(path), mode);
    fopen64(path: *const c_char, mode: *const c_char) -> *mut FILE => real::fopen(target(path).or(path), mode);
    readlink(path: *const c_char, out: *mut c_char, size: size_t) -> ssize_t => link(path, out, size);
    __readlink_chk(path: *const c_char, out: *mut c_char, size: size_t, _room: size_t) -> ssize_t => link(path, out, size);
    readlinkat(folder: c_int, path: *const c_char, out: *mut c_char, size: size_t) -> ssize_t => link_at(folder, path, out, size);
    __readlinkat_chk(folder: c_int, path: *const c_char, out: *mut c_char, size: size_t, _room: size_t) -> ssize_t => link_at(folder, path, out, size);
    realpath(path: *const c_char, out: *mut c_char) -> *mut c_char => whole(path, out);
    __realpath_chk(path: *const c_char, out: *mut c_char, _room: size_t) -> *mut c_char => whole(path, out);
    canonicalize_file_name(path: *const c_char) -> *mut c_char => whole(path, std::ptr::null_mut());
}

/// The device that a path below /proc/self/fd means.
unsafe fn open_device(path: *const c_char) -> Option<usize> {
    if path.is_null() {
        return None;
    }
    // SAFETY: not null, so that it is a C string.
    let name = unsafe { CStr::from_ptr(path) }.to_bytes().strip_prefix(b"/proc/self/fd/")?;
    let fd: c_int = std::str::from_utf8(name).ok()?.parse().ok()?;
    session::device(fd).map(|(_, device)| device)
}

unsafe fn link(path: *const c_char, out: *mut c_char, size: size_t) -> ssize_t {
    // SAFETY: see the module above; so in all functions here.
    unsafe {
        if let Some(device) = open_device(path) {
            let text = format!("/dev/dri/renderD{}", 128 + device);
            let length = text.len().min(size);
            std::ptr::copy_nonoverlapping(text.as_ptr().cast(), out, length);
            return length as ssize_t; // CAST: a short text
        }
        real::readlink(target(path).or(path), out, size)
    }
}

unsafe fn link_at(folder: c_int, path: *const c_char, out: *mut c_char, size: size_t) -> ssize_t {
    // SAFETY: as above.
    unsafe {
        if open_device(path).is_some() {
            return link(path, out, size);
        }
        real::readlinkat(folder, target_at(folder, path).or(path), out, size)
    }
}

/// Longest path that `realpath` writes, its end included. Source: POSIX, PATH_MAX on Linux.
const ROOM: usize = 4096;

unsafe fn whole(path: *const c_char, out: *mut c_char) -> *mut c_char {
    // SAFETY: as above.
    unsafe {
        let target = target(path);
        let found = real::realpath(target.or(path), out);
        if found.is_null() || matches!(target, Target::Other) {
            return found;
        }
        let text = CStr::from_ptr(found).to_bytes_with_nul();
        if let Some(rest) = session::root().and_then(|root| Plain::without(text, root)) {
            let (from, length) = (rest.as_ptr(), rest.len());
            if length > ROOM {
                fail(libc::ENAMETOOLONG);
                return std::ptr::null_mut();
            }
            // Within the same text, towards its start.
            std::ptr::copy(from.cast(), found, length);
        }
        found
    }
}
