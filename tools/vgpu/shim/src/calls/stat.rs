//! What files are.

use std::ffi::{c_char, c_int, c_uint};

use libc::{stat as Stat, statx as Statx};
use vgpu::host::{DRM_MAJOR, FIRST_RENDER_MINOR};

use super::nodes::exported;
use super::{Target, target, target_at};
use crate::{real, session};

/// A node's permissions and kind.
const MODE: libc::mode_t = libc::S_IFCHR | 0o666;

fn minor(device: usize) -> u32 {
    FIRST_RENDER_MINOR + device as u32 // CAST: a small index
}

/// Makes what was found of a node's stand-in say what a node is.
unsafe fn mend(result: c_int, node: Option<usize>, out: *mut Stat) -> c_int {
    if let Some(device) = node
        && result == 0
    {
        // SAFETY: the call has succeeded, so that `out` is a `stat` that it has written.
        let out = unsafe { &mut *out };
        out.st_mode = MODE;
        out.st_rdev = libc::makedev(DRM_MAJOR, minor(device));
        out.st_size = 0;
        out.st_nlink = 1;
    }
    result
}

unsafe fn mend_x(result: c_int, node: Option<usize>, out: *mut Statx) -> c_int {
    if let Some(device) = node
        && result == 0
    {
        // SAFETY: as in `mend`.
        let out = unsafe { &mut *out };
        out.stx_mode = MODE as u16; // CAST: 16 bits hold it
        out.stx_rdev_major = DRM_MAJOR;
        out.stx_rdev_minor = minor(device);
        out.stx_size = 0;
        out.stx_nlink = 1;
    }
    result
}

fn of_descriptor(fd: c_int) -> Option<usize> {
    session::device(fd).map(|(_, device)| device)
}

/// The device that a call means which names an open file by a descriptor and an empty path.
unsafe fn node_at(folder: c_int, path: *const c_char, target: &Target, flags: c_int) -> Option<usize> {
    // SAFETY: not null, so that it is a C string.
    let empty = path.is_null() || unsafe { *path } == 0;
    if empty && flags & libc::AT_EMPTY_PATH != 0 { of_descriptor(folder) } else { target.node() }
}

unsafe fn by_path(path: *const c_char, out: *mut Stat) -> c_int {
    // SAFETY: see the module above; so in all functions here.
    unsafe {
        let target = target(path);
        mend(real::stat(target.or(path), out), target.node(), out)
    }
}

unsafe fn by_link(path: *const c_char, out: *mut Stat) -> c_int {
    // SAFETY: as above.
    unsafe {
        let target = target(path);
        mend(real::lstat(target.or(path), out), target.node(), out)
    }
}

unsafe fn by_descriptor(fd: c_int, out: *mut Stat) -> c_int {
    // SAFETY: as above.
    unsafe { mend(real::fstat(fd, out), of_descriptor(fd), out) }
}

unsafe fn at(folder: c_int, path: *const c_char, out: *mut Stat, flags: c_int) -> c_int {
    // SAFETY: as above.
    unsafe {
        let target = target_at(folder, path);
        let node = node_at(folder, path, &target, flags);
        mend(real::fstatat(folder, target.or(path), out, flags), node, out)
    }
}

unsafe fn extended(folder: c_int, path: *const c_char, flags: c_int, mask: c_uint, out: *mut Statx) -> c_int {
    // SAFETY: as above.
    unsafe {
        let target = target_at(folder, path);
        let node = node_at(folder, path, &target, flags);
        mend_x(real::statx(folder, target.or(path), flags, mask, out), node, out)
    }
}

unsafe fn old_path(version: c_int, path: *const c_char, out: *mut Stat) -> c_int {
    // SAFETY: as above.
    unsafe {
        let target = target(path);
        mend(real::__xstat(version, target.or(path), out), target.node(), out)
    }
}

unsafe fn old_link(version: c_int, path: *const c_char, out: *mut Stat) -> c_int {
    // SAFETY: as above.
    unsafe {
        let target = target(path);
        mend(real::__lxstat(version, target.or(path), out), target.node(), out)
    }
}

unsafe fn old_at(version: c_int, folder: c_int, path: *const c_char, out: *mut Stat, flags: c_int) -> c_int {
    // SAFETY: as above.
    unsafe {
        let target = target_at(folder, path);
        let node = node_at(folder, path, &target, flags);
        mend(real::__fxstatat(version, folder, target.or(path), out, flags), node, out)
    }
}

exported! {
    stat(path: *const c_char, out: *mut Stat) -> c_int => by_path(path, out);
    stat64(path: *const c_char, out: *mut Stat) -> c_int => by_path(path, out);
    lstat(path: *const c_char, out: *mut Stat) -> c_int => by_link(path, out);
    lstat64(path: *const c_char, out: *mut Stat) -> c_int => by_link(path, out);
    fstat(fd: c_int, out: *mut Stat) -> c_int => by_descriptor(fd, out);
    fstat64(fd: c_int, out: *mut Stat) -> c_int => by_descriptor(fd, out);
    fstatat(folder: c_int, path: *const c_char, out: *mut Stat, flags: c_int) -> c_int => at(folder, path, out, flags);
    fstatat64(folder: c_int, path: *const c_char, out: *mut Stat, flags: c_int) -> c_int => at(folder, path, out, flags);
    __xstat(version: c_int, path: *const c_char, out: *mut Stat) -> c_int => old_path(version, path, out);
    __xstat64(version: c_int, path: *const c_char, out: *mut Stat) -> c_int => old_path(version, path, out);
    __lxstat(version: c_int, path: *const c_char, out: *mut Stat) -> c_int => old_link(version, path, out);
    __lxstat64(version: c_int, path: *const c_char, out: *mut Stat) -> c_int => old_link(version, path, out);
    __fxstat(version: c_int, fd: c_int, out: *mut Stat) -> c_int => mend(real::__fxstat(version, fd, out), of_descriptor(fd), out);
    __fxstat64(version: c_int, fd: c_int, out: *mut Stat) -> c_int => mend(real::__fxstat(version, fd, out), of_descriptor(fd), out);
    __fxstatat(version: c_int, folder: c_int, path: *const c_char, out: *mut Stat, flags: c_int) -> c_int => old_at(version, folder, path, out, flags);
    __fxstatat64(version: c_int, folder: c_int, path: *const c_char, out: *mut Stat, flags: c_int) -> c_int => old_at(version, folder, path, out, flags);
    statx(folder: c_int, path: *const c_char, flags: c_int, mask: c_uint, out: *mut Statx) -> c_int => extended(folder, path, flags, mask, out);
}
