//! From a request number to its handler, as the DRM core does it.
//!
//! Source: Linux `drm_ioctl.c`, `drm_ioctl`: the number alone chooses the handler; the caller's size says how much is
//! copied in and out; what is missing is zero; the block is copied back even when the handler failed.

use super::bytes::Block;
use super::config::Flavour;
use super::errno::Errno;
use super::file::File;
use super::user::{UserMemory, read_block};
use super::{bo_list, context_calls, core, cs, gem, gem_va, info, prime, syncobj_calls, wait};

/// What answers an ioctl.
type Handler = fn(&File, &dyn UserMemory, &mut Block) -> Result<i32, Errno>;

struct Call {
    handler: Handler,
    /// Bytes of the kernel's structure.
    size: usize,
    /// Whether the kernel's number says that the block is copied out.
    out: bool,
}

enum Entry {
    /// No such ioctl.
    Missing,
    /// It exists, but not on a render node.
    Denied,
    Call(Call),
}

/// The calls that exist on primary nodes alone. Source: Linux `drm_ioctl.c`, `drm_ioctls`, those without
/// `DRM_RENDER_ALLOW`.
const fn is_primary_only(nr: u32) -> bool {
    matches!(nr,
        0x01 | 0x02 | 0x05..=0x08 | 0x0a | 0x0b | 0x0d | 0x10..=0x13 | 0x1e | 0x1f | 0x27 | 0x2c | 0x3a | 0x3b
        | 0x3f | 0xa0..=0xbe | 0xc6..=0xc9 | 0xce | 0xd0)
}

fn entry(flavour: Flavour, nr: u32) -> Entry {
    let call = |handler: Handler, size: usize, out: bool| Entry::Call(Call { handler, size, out });
    let sized = |old: usize, new: usize| if flavour == Flavour::V7_3 { new } else { old };
    let wait_size = |size: usize| if flavour == Flavour::V6_1 { size } else { size + 8 };
    let is_new = flavour == Flavour::V7_3;
    match nr {
        0x00 => call(core::version, 64, true),
        0x09 => call(gem::close, 8, false),
        0x0c => call(core::get_cap, 16, true),
        0x2d => call(prime::handle_to_fd, 12, true),
        0x2e => call(prime::fd_to_handle, 12, true),
        0xbf => call(syncobj_calls::create, 8, true),
        0xc0 => call(syncobj_calls::destroy, 8, true),
        0xc1 => call(syncobj_calls::handle_to_fd, sized(16, 24), true),
        0xc2 => call(syncobj_calls::fd_to_handle, sized(16, 24), true),
        0xc3 => call(syncobj_calls::wait, wait_size(32), true),
        0xc4 => call(syncobj_calls::reset, 16, true),
        0xc5 => call(syncobj_calls::signal, 16, true),
        0xca => call(syncobj_calls::timeline_wait, wait_size(40), true),
        0xcb => call(syncobj_calls::query, 24, true),
        0xcc => call(syncobj_calls::transfer, 32, true),
        0xcd => call(syncobj_calls::timeline_signal, 24, true),
        0xcf if flavour != Flavour::V6_1 => call(syncobj_calls::eventfd, 24, true),
        0xd1 if is_new => call(core::set_client_name, 16, true),
        0x40 => call(gem::create, 32, true),
        0x41 => call(gem::mmap, 8, true),
        0x42 => call(context_calls::ctx, 16, true),
        0x43 => call(bo_list::bo_list, 24, true),
        0x44 => call(cs::cs, 24, true),
        0x45 => call(info::info, 32, false),
        0x46 => call(gem::metadata, 288, true),
        0x47 => call(wait::gem_wait_idle, 16, true),
        0x48 => call(gem_va::gem_va, sized(40, 64), false),
        0x49 => call(wait::wait_cs, 32, true),
        0x50 => call(gem::op, sized(16, 24), true),
        0x51 => call(gem::userptr, 24, true),
        0x52 => call(wait::wait_fences, 24, true),
        0x53 => call(context_calls::vm, 8, true),
        0x54 => call(wait::fence_to_handle, 32, true),
        0x55 => Entry::Denied,
        0x56 if is_new => call(core::userq, 72, true),
        0x57 if is_new => call(core::userq, 48, true),
        0x58 if is_new => call(core::userq, 72, true),
        0x59 if is_new => call(gem::list_handles, 16, true),
        0x5a if is_new => call(core::proc_options, 8, true),
        nr if is_primary_only(nr) => Entry::Denied,
        _ => Entry::Missing,
    }
}

/// The calls of a render node by name, without `DRM_IOCTL_` and `AMDGPU_`.
/// Source: Linux `include/uapi/drm/drm.h` and `amdgpu_drm.h`.
const NAMES: [(&str, u32); 39] = [
    ("VERSION", 0x00),
    ("GEM_CLOSE", 0x09),
    ("GET_CAP", 0x0c),
    ("PRIME_HANDLE_TO_FD", 0x2d),
    ("PRIME_FD_TO_HANDLE", 0x2e),
    ("SYNCOBJ_CREATE", 0xbf),
    ("SYNCOBJ_DESTROY", 0xc0),
    ("SYNCOBJ_HANDLE_TO_FD", 0xc1),
    ("SYNCOBJ_FD_TO_HANDLE", 0xc2),
    ("SYNCOBJ_WAIT", 0xc3),
    ("SYNCOBJ_RESET", 0xc4),
    ("SYNCOBJ_SIGNAL", 0xc5),
    ("SYNCOBJ_TIMELINE_WAIT", 0xca),
    ("SYNCOBJ_QUERY", 0xcb),
    ("SYNCOBJ_TRANSFER", 0xcc),
    ("SYNCOBJ_TIMELINE_SIGNAL", 0xcd),
    ("SYNCOBJ_EVENTFD", 0xcf),
    ("SET_CLIENT_NAME", 0xd1),
    ("GEM_CREATE", 0x40),
    ("GEM_MMAP", 0x41),
    ("CTX", 0x42),
    ("BO_LIST", 0x43),
    ("CS", 0x44),
    ("INFO", 0x45),
    ("GEM_METADATA", 0x46),
    ("GEM_WAIT_IDLE", 0x47),
    ("GEM_VA", 0x48),
    ("WAIT_CS", 0x49),
    ("GEM_OP", 0x50),
    ("GEM_USERPTR", 0x51),
    ("WAIT_FENCES", 0x52),
    ("VM", 0x53),
    ("FENCE_TO_HANDLE", 0x54),
    ("SCHED", 0x55),
    ("USERQ", 0x56),
    ("USERQ_SIGNAL", 0x57),
    ("USERQ_WAIT", 0x58),
    ("GEM_LIST_HANDLES", 0x59),
    ("PROC_OPTIONS", 0x5a),
];

/// The number of a call by its name, in any case, with or without `DRM_IOCTL_` and `AMDGPU_` before it.
#[must_use]
pub fn ioctl_number(name: &str) -> Option<u32> {
    let upper = name.to_ascii_uppercase();
    let bare = upper.strip_prefix("DRM_IOCTL_").unwrap_or(&upper);
    let bare = bare.strip_prefix("AMDGPU_").unwrap_or(bare);
    NAMES.iter().find(|(known, _)| *known == bare).map(|(_, number)| *number)
}

pub(crate) fn dispatch(file: &File, request: u32, user: &dyn UserMemory, arg: u64) -> Result<i32, Errno> {
    const IN: u32 = 1 << 30;
    const OUT: u32 = 2 << 30;
    file.alive()?;
    if request >> 8 & 0xff != u32::from(b'd') {
        return Err(Errno::ENOTTY);
    }
    let nr = request & 0xff;
    let call = match entry(file.gpu.flavour(), nr) {
        Entry::Missing => return Err(Errno::EINVAL),
        Entry::Denied => return Err(Errno::EACCES),
        Entry::Call(call) => call,
    };
    let given = usize::try_from(request >> 16 & 0x3fff).map_err(|_| Errno::EINVAL)?;
    // Every call that the kernel reads is an input of it; direction bits are those that both sides have.
    let copied_in = if request & IN != 0 { given } else { 0 };
    let copied_out = if request & OUT != 0 && call.out { given } else { 0 };
    let mut block = read_block(user, arg, copied_in as u64)?; // CAST: 14 bits
    block.0.resize(given.max(call.size), 0);
    file.gpu.shared.inject.call(nr)?;
    let result = (call.handler)(file, user, &mut block);
    let out = block.0.get(..copied_out).ok_or(Errno::EFAULT)?;
    if !out.is_empty() {
        user.write(arg, out)?;
    }
    result
}
