//! Buffers across files and processes. Source: Linux `drm_prime.c` and `amdgpu_dma_buf.c`.

use std::sync::Arc;

use nix::libc;

use super::bo::{Bo, create};
use super::bytes::Block;
use super::errno::Errno;
use super::file::File;
use super::gem::Wanted;
use super::heap::domain;
use super::memory::Pages;
use super::user::UserMemory;

/// `PRIME_HANDLE_TO_FD`.
pub(crate) fn handle_to_fd(file: &File, user: &dyn UserMemory, block: &mut Block) -> Result<i32, Errno> {
    let (close_on_exec, writable) = (libc::O_CLOEXEC.cast_unsigned(), libc::O_RDWR.cast_unsigned());
    let (handle, flags) = (block.u32(0), block.u32(4));
    if flags & !(close_on_exec | writable) != 0 {
        return Err(Errno::EINVAL);
    }
    let bo = file.bo(handle).ok_or(Errno::ENOENT)?;
    if bo.user.is_some() || bo.flags & create::VM_ALWAYS_VALID != 0 {
        return Err(Errno::EPERM);
    }
    let descriptor = file.gpu.shared.exports.buffer(&bo)?;
    let number = user.give(descriptor, flags & close_on_exec != 0)?;
    block.put_u32(8, number.cast_unsigned());
    Ok(0)
}

/// `PRIME_FD_TO_HANDLE`.
pub(crate) fn fd_to_handle(file: &File, user: &dyn UserMemory, block: &mut Block) -> Result<i32, Errno> {
    let descriptor = user.take(block.i32(8))?;
    let exported = file.gpu.shared.exports.find_buffer(&descriptor).ok_or(Errno::EINVAL)?;
    let same_device = exported.device == file.gpu.index;
    let alive = exported.bo.upgrade().filter(|_| same_device);
    let bo: Arc<Bo> = match alive {
        Some(bo) => bo,
        None => file.make(Wanted {
            bytes: exported.bytes,
            alignment_pages: exported.alignment_pages,
            domains: if same_device { exported.preferred } else { domain::GTT },
            flags: exported.flags,
            pages: Some(match &exported.lent {
                Some(lent) => Pages::of(lent.0.clone())?,
                None => Pages::existing(descriptor, exported.bytes)?,
            }),
            user: None,
        })?,
    };
    if same_device {
        file.gpu.shared.exports.buffer(&bo)?; // so that the next import finds this object
    }
    block.put_u32(0, file.handle(bo, true));
    Ok(0)
}
