//! Opening and calling devices.

use std::ffi::{c_char, c_int, c_ulong, c_void};

use libc::{mode_t, off_t, size_t};

use super::{target, target_at};
use crate::real::{self, fail};
use crate::session;

/// The result of a call from the host's: negative numbers are errnos.
fn settle(result: c_int) -> c_int {
    if result < 0 { fail(-result) } else { result }
}

fn open_node(device: usize, flags: c_int) -> c_int {
    if device >= session::devices() {
        return fail(libc::ENOENT);
    }
    if flags & libc::O_DIRECTORY != 0 {
        return fail(libc::ENOTDIR);
    }
    if flags & (libc::O_CREAT | libc::O_EXCL) == libc::O_CREAT | libc::O_EXCL {
        return fail(libc::EEXIST);
    }
    settle(session::open(device, flags))
}

unsafe fn open_path(path: *const c_char, flags: c_int, mode: mode_t) -> c_int {
    // SAFETY: see the module above; so in all functions here.
    unsafe {
        let target = target(path);
        match target.node() {
            Some(device) if flags & libc::O_PATH == 0 => open_node(device, flags),
            _ => real::open(target.or(path), flags, mode),
        }
    }
}

unsafe fn open_path_at(folder: c_int, path: *const c_char, flags: c_int, mode: mode_t) -> c_int {
    // SAFETY: as above.
    unsafe {
        let target = target_at(folder, path);
        match target.node() {
            Some(device) if flags & libc::O_PATH == 0 => open_node(device, flags),
            _ => real::openat(folder, target.or(path), flags, mode),
        }
    }
}

macro_rules! exported {
    ($($name:ident($($arg:ident: $type:ty),*) -> $result:ty => $body:expr;)*) => { $(
        /// Takes the place of libc's.
        ///
        /// # Safety
        /// As the function of libc with this name.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name($($arg: $type),*) -> $result {
            // SAFETY: see the module above.
            unsafe { $body }
        }
    )* };
}
pub(super) use exported;

exported! {
    open(path: *const c_char, flags: c_int, mode: mode_t) -> c_int => open_path(path, flags, mode);
    open64(path: *const c_char, flags: c_int, mode: mode_t) -> c_int => open_path(path, flags | libc::O_LARGEFILE, mode);
    __open_2(path: *const c_char, flags: c_int) -> c_int => open_path(path, flags, 0);
    __open64_2(path: *const c_char, flags: c_int) -> c_int => open_path(path, flags | libc::O_LARGEFILE, 0);
    openat(folder: c_int, path: *const c_char, flags: c_int, mode: mode_t) -> c_int => open_path_at(folder, path, flags, mode);
    openat64(folder: c_int, path: *const c_char, flags: c_int, mode: mode_t) -> c_int => open_path_at(folder, path, flags | libc::O_LARGEFILE, mode);
    __openat_2(folder: c_int, path: *const c_char, flags: c_int) -> c_int => open_path_at(folder, path, flags, 0);
    __openat64_2(folder: c_int, path: *const c_char, flags: c_int) -> c_int => open_path_at(folder, path, flags | libc::O_LARGEFILE, 0);
    ioctl(fd: c_int, request: c_ulong, argument: *mut c_void) -> c_int => call(fd, request, argument);
    mmap(address: *mut c_void, length: size_t, protection: c_int, flags: c_int, fd: c_int, offset: off_t) -> *mut c_void => map(address, length, protection, flags, fd, offset);
    mmap64(address: *mut c_void, length: size_t, protection: c_int, flags: c_int, fd: c_int, offset: off_t) -> *mut c_void => map(address, length, protection, flags, fd, offset);
}

/// Type of the requests that terminals and most files have; they are never a device's. Source: Linux
/// `include/uapi/asm-generic/ioctls.h`.
const TERMINAL: c_ulong = b'T' as c_ulong;

unsafe fn call(fd: c_int, request: c_ulong, argument: *mut c_void) -> c_int {
    if request >> 8 & 0xff != TERMINAL
        && let Some((inode, _)) = session::device(fd)
    {
        return settle(session::ioctl(inode, request, argument as u64)); // CAST: an address
    }
    // SAFETY: as above.
    unsafe { real::ioctl(fd, request, argument) }
}

unsafe fn map(
    address: *mut c_void,
    length: size_t,
    protection: c_int,
    flags: c_int,
    fd: c_int,
    offset: off_t,
) -> *mut c_void {
    if fd >= 0
        && flags & libc::MAP_ANONYMOUS == 0
        && let Some((inode, _)) = session::device(fd)
    {
        let bits = u64::from(protection as u32) | u64::from(flags as u32) << 32; // CAST: the same bits
        // CAST: widening, and the same bits
        return match session::map(inode, offset as u64, length as u64, bits) {
            Err(errno) => {
                fail(errno);
                libc::MAP_FAILED
            }
            Ok((file, at)) => {
                use std::os::fd::AsRawFd;
                // SAFETY: as above; the file stays open for the call, and the mapping keeps it after that.
                unsafe { real::mmap(address, length, protection, flags, file.as_raw_fd(), at as off_t) } // CAST: below 2^63
            }
        };
    }
    // SAFETY: as above.
    unsafe { real::mmap(address, length, protection, flags, fd, offset) }
}
