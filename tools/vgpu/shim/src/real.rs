//! The functions that this library stands before.

use std::ffi::{CStr, c_char, c_int, c_long, c_void};
use std::sync::atomic::{AtomicPtr, Ordering};

use libc::{DIR, FILE, dirent, mode_t, off_t, size_t, ssize_t};
use libc::{stat as Stat, statx as Statx};

/// Finds the next library's function of this name, and keeps it.
fn next(slot: &AtomicPtr<c_void>, name: &CStr) -> *mut c_void {
    let known = slot.load(Ordering::Relaxed);
    if !known.is_null() {
        return known;
    }
    // SAFETY: the name is a C string; RTLD_NEXT is allowed in any library.
    let found = unsafe { libc::dlsym(libc::RTLD_NEXT, name.as_ptr()) };
    slot.store(found, Ordering::Relaxed);
    found
}

/// Sets errno and returns what a call returns that failed.
pub(crate) fn fail(errno: c_int) -> c_int {
    // SAFETY: the address of this thread's errno is valid as long as the thread.
    unsafe { *libc::__errno_location() = errno };
    -1
}

macro_rules! functions {
    ($($name:ident($($arg:ident: $type:ty),*) -> $result:ty, $missing:expr;)*) => { $(
        /// libc's own.
        ///
        /// # Safety
        /// As the function of libc with this name.
        pub(crate) unsafe fn $name($($arg: $type),*) -> $result {
            static SLOT: AtomicPtr<c_void> = AtomicPtr::new(std::ptr::null_mut());
            const NAME: &CStr = match CStr::from_bytes_with_nul(concat!(stringify!($name), "\0").as_bytes()) {
                Ok(name) => name,
                Err(_) => c"",
            };
            let function = next(&SLOT, NAME);
            if function.is_null() {
                fail(libc::ENOSYS);
                return $missing;
            }
            // SAFETY: libc's function of this name has this type: glibc's headers, and for the older `__xstat` family its
            // `sysdeps/unix/sysv/linux/xstat.c`. The caller vouches for the arguments.
            unsafe {
                let function: unsafe extern "C" fn($($type),*) -> $result = std::mem::transmute(function);
                function($($arg),*)
            }
        }
    )* };
}

/// What `scandir` calls to choose.
pub(crate) type Filter = Option<unsafe extern "C" fn(*const dirent) -> c_int>;
/// What `scandir` calls to sort.
pub(crate) type Order = Option<unsafe extern "C" fn(*mut *const dirent, *mut *const dirent) -> c_int>;

functions! {
    open(path: *const c_char, flags: c_int, mode: mode_t) -> c_int, -1;
    openat(folder: c_int, path: *const c_char, flags: c_int, mode: mode_t) -> c_int, -1;
    ioctl(fd: c_int, request: libc::c_ulong, argument: *mut c_void) -> c_int, -1;
    mmap(address: *mut c_void, length: size_t, protection: c_int, flags: c_int, fd: c_int, offset: off_t) -> *mut c_void, libc::MAP_FAILED;
    stat(path: *const c_char, out: *mut Stat) -> c_int, -1;
    lstat(path: *const c_char, out: *mut Stat) -> c_int, -1;
    fstat(fd: c_int, out: *mut Stat) -> c_int, -1;
    fstatat(folder: c_int, path: *const c_char, out: *mut Stat, flags: c_int) -> c_int, -1;
    __xstat(version: c_int, path: *const c_char, out: *mut Stat) -> c_int, -1;
    __lxstat(version: c_int, path: *const c_char, out: *mut Stat) -> c_int, -1;
    __fxstat(version: c_int, fd: c_int, out: *mut Stat) -> c_int, -1;
    __fxstatat(version: c_int, folder: c_int, path: *const c_char, out: *mut Stat, flags: c_int) -> c_int, -1;
    statx(folder: c_int, path: *const c_char, flags: c_int, mask: libc::c_uint, out: *mut Statx) -> c_int, -1;
    access(path: *const c_char, mode: c_int) -> c_int, -1;
    euidaccess(path: *const c_char, mode: c_int) -> c_int, -1;
    faccessat(folder: c_int, path: *const c_char, mode: c_int, flags: c_int) -> c_int, -1;
    readlink(path: *const c_char, out: *mut c_char, size: size_t) -> ssize_t, -1;
    readlinkat(folder: c_int, path: *const c_char, out: *mut c_char, size: size_t) -> ssize_t, -1;
    realpath(path: *const c_char, out: *mut c_char) -> *mut c_char, std::ptr::null_mut();
    fopen(path: *const c_char, mode: *const c_char) -> *mut FILE, std::ptr::null_mut();
    opendir(path: *const c_char) -> *mut DIR, std::ptr::null_mut();
    readdir(folder: *mut DIR) -> *mut dirent, std::ptr::null_mut();
    scandir(path: *const c_char, out: *mut *mut *mut dirent, filter: Filter, order: Order) -> c_int, -1;
    syscall(number: c_long, a: c_long, b: c_long, c: c_long, d: c_long, e: c_long, f: c_long) -> c_long, -1;
}
