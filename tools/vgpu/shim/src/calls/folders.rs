//! What is in folders.

use std::ffi::{CStr, c_char, c_int};

use libc::{DIR, dirent};

use super::nodes::exported;
use super::target;
use crate::real::{self, Filter, Order};

exported! {
    opendir(path: *const c_char) -> *mut DIR => real::opendir(target(path).or(path));
    readdir(folder: *mut DIR) -> *mut dirent => next(folder);
    readdir64(folder: *mut DIR) -> *mut dirent => next(folder);
    scandir(path: *const c_char, out: *mut *mut *mut dirent, filter: Filter, order: Order) -> c_int => real::scandir(target(path).or(path), out, filter, order);
    scandir64(path: *const c_char, out: *mut *mut *mut dirent, filter: Filter, order: Order) -> c_int => real::scandir(target(path).or(path), out, filter, order);
}

unsafe fn next(folder: *mut DIR) -> *mut dirent {
    // SAFETY: see the module above.
    unsafe {
        let entry = real::readdir(folder);
        if let Some(entry) = entry.as_mut()
            && entry.d_type == libc::DT_REG
            && CStr::from_ptr(entry.d_name.as_ptr()).to_bytes().starts_with(b"renderD")
        {
            // The stand-in of a node.
            entry.d_type = libc::DT_CHR;
        }
        entry
    }
}
