//! System calls by number.

use std::ffi::{c_int, c_long};

use super::nodes::exported;
use super::{files, nodes, stat};
use crate::real;

exported! {
    syscall(number: c_long, a: c_long, b: c_long, c: c_long, d: c_long, e: c_long, f: c_long) -> c_long => dispatch(number, [a, b, c, d, e, f]);
}

/// `AT_FDCWD` as a system call's argument.
const HERE: c_int = libc::AT_FDCWD;

unsafe fn dispatch(number: c_long, [a, b, c, d, e, f]: [c_long; 6]) -> c_long {
    // CAST, throughout: system calls take integers and pointers in registers of their own and use the low bits they need.
    // SAFETY: see the module above; kernel and glibc have the same `stat` on 64-bit machines.
    unsafe {
        let result = match number {
            libc::SYS_openat => nodes::openat(a as c_int, b as _, c as c_int, d as _),
            libc::SYS_ioctl => nodes::ioctl(a as c_int, b as _, c as _),
            libc::SYS_mmap => return nodes::mmap(a as _, b as _, c as c_int, d as c_int, e as c_int, f) as c_long,
            libc::SYS_fstat => stat::fstat(a as c_int, b as _),
            libc::SYS_newfstatat => stat::fstatat(a as c_int, b as _, c as _, d as c_int),
            libc::SYS_statx => stat::statx(a as c_int, b as _, c as c_int, d as _, e as _),
            libc::SYS_faccessat => files::faccessat(a as c_int, b as _, c as c_int, 0),
            libc::SYS_faccessat2 => files::faccessat(a as c_int, b as _, c as c_int, d as c_int),
            libc::SYS_readlinkat => return files::readlinkat(a as c_int, b as _, c as _, d as _) as c_long,
            #[cfg(target_arch = "x86_64")]
            libc::SYS_open => nodes::openat(HERE, a as _, b as c_int, c as _),
            #[cfg(target_arch = "x86_64")]
            libc::SYS_stat => stat::stat(a as _, b as _),
            #[cfg(target_arch = "x86_64")]
            libc::SYS_lstat => stat::lstat(a as _, b as _),
            #[cfg(target_arch = "x86_64")]
            libc::SYS_access => files::access(a as _, b as c_int),
            #[cfg(target_arch = "x86_64")]
            libc::SYS_readlink => return files::readlinkat(HERE, a as _, b as _, c as _) as c_long,
            _ => return real::syscall(number, a, b, c, d, e, f),
        };
        result.into()
    }
}
