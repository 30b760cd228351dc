//! One function for each call, safe to use: what it hands to the kernel borrows everything that the kernel reaches.
//!
//! Interrupted calls are repeated here and nowhere else. The kernel copies the argument back even where it fails, so
//! every repetition starts from the caller's block again. All waits are absolute in time, which makes repeating them right.
//!
//! Source: libdrm `xf86drm.c`, `drmIoctl` (repeats on EINTR and EAGAIN).

use super::deadline::Deadline;
use super::map::HostMemory;
use super::node::Node;
use super::uapi::context::{CTX, CtxIn, CtxOutAlloc, CtxOutPstate, CtxOutState};
use super::uapi::drm::{GEM_CLOSE, GET_CAP, GemClose, GetCap, VERSION, Version};
use super::uapi::gem::{
    GEM_CREATE, GEM_LIST_HANDLES, GEM_MMAP, GEM_OP_BASE, GEM_USERPTR, GEM_VA_BASE, GEM_WAIT_IDLE, GemCreateIn,
    GemCreateOut, GemListHandles, GemListHandlesEntry, GemMmapIn, GemMmapOut, GemOp, GemUserptr, GemVa, GemWaitIdleIn,
    GemWaitIdleOut, OP_GET_GEM_CREATE_INFO, OP_SET_PLACEMENT,
};
use super::uapi::info::{INFO, Info};
use super::uapi::request_size;
use nix::errno::Errno;
use std::time::Duration;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

mod share;
mod submit;
mod sync;

pub(super) use share::{fd_to_syncobj, import_sync_file, prime_fd_to_handle, prime_handle_to_fd, syncobj_to_fd};
pub(super) use submit::{Chunk, ChunkBuffers, cs, fence_to_sync_file, fence_to_syncobj, wait_cs, wait_fences};
pub(super) use sync::{
    syncobj_create, syncobj_destroy, syncobj_eventfd, syncobj_query, syncobj_reset, syncobj_signal,
    syncobj_timeline_wait, syncobj_transfer, syncobj_wait,
};

/// A structure that the kernel reads and writes.
pub(super) trait Block: FromBytes + IntoBytes + KnownLayout + Immutable + Copy {}
impl<T: FromBytes + IntoBytes + KnownLayout + Immutable + Copy> Block for T {}

/// Immediate repetitions of a call that answers EAGAIN, before pauses.
const EAGER_TRIES: u32 = 16;
/// Repetitions with a pause of [`PAUSE`] each: half a second in all, against the endless loop that a buffer of the
/// process's own memory would make if its pages kept changing.
const PATIENT_TRIES: u32 = 5000;
const PAUSE: Duration = Duration::from_micros(100);

/// Calls with as many bytes of `argument` as `request` encodes, which may be fewer than a newer structure has, and
/// repeats while a signal interrupts.
///
/// # Safety
/// The addresses in `argument` are as [`Node::ioctl`] demands.
#[allow(unsafe_code)]
unsafe fn call<T: Block>(node: &dyn Node, request: u32, argument: &mut T) -> Result<i32, Errno> {
    let mut again = 0;
    loop {
        let mut block = *argument;
        let bytes = block.as_mut_bytes().get_mut(..request_size(request)).ok_or(Errno::EINVAL)?;
        // SAFETY: the slice has the size that the request encodes; the addresses are the caller's promise, and they are
        // the same in every round because the block is a fresh copy.
        match unsafe { node.ioctl(request, bytes) } {
            Ok(result) => {
                *argument = block;
                return Ok(result);
            }
            Err(Errno::EINTR | Errno::ERESTART) => {}
            Err(Errno::EAGAIN) if again < EAGER_TRIES + PATIENT_TRIES => {
                again += 1;
                if again > EAGER_TRIES {
                    std::thread::sleep(PAUSE);
                }
            }
            Err(errno) => return Err(errno),
        }
    }
}

/// The answer that the kernel wrote over the first bytes of `argument`.
fn answer<T: Block, Out: Block>(argument: &T) -> Out {
    const { assert!(size_of::<Out>() <= size_of::<T>()) };
    // The size was just asserted and unaligned reads are allowed, so this never takes the default.
    Out::read_from_prefix(argument.as_bytes()).map_or_else(|_| Out::new_zeroed(), |(out, _)| out)
}

/// The address of a value that the kernel reads or writes.
fn address<T: ?Sized>(value: *const T) -> u64 {
    value.cast::<u8>().addr() as u64 // CAST: usize has at most 64 bits.
}

/// Calls with a block that holds no addresses.
fn plain<T: Block, Out: Block>(node: &dyn Node, request: u32, mut argument: T) -> Result<Out, Errno> {
    #[allow(unsafe_code)]
    // SAFETY: every structure that is given to this function (it is private to this module and its children) holds
    // handles, numbers and GPU addresses, and no address of this process.
    unsafe { call(node, request, &mut argument) }?;
    Ok(answer(&argument))
}

/// What a driver says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DriverVersion {
    pub(super) name: String,
    pub(super) major: i32,
    pub(super) minor: i32,
}

pub(super) fn version(node: &dyn Node) -> Result<DriverVersion, Errno> {
    let mut name = [0_u8; 32];
    let mut argument = Version { name_len: name.len() as u64, name: address(name.as_mut_ptr()), ..Version::default() };
    #[allow(unsafe_code)]
    // SAFETY: `name` lives until the end of the function and `name_len` is its size; the other two strings have length 0
    // and no address, so the kernel writes nothing there.
    unsafe { call(node, VERSION, &mut argument) }?;
    let len = usize::try_from(argument.name_len).unwrap_or(usize::MAX).min(name.len());
    let name = String::from_utf8_lossy(name.get(..len).unwrap_or_default()).trim_end_matches('\0').to_owned();
    Ok(DriverVersion { name, major: argument.version_major, minor: argument.version_minor })
}

pub(super) fn get_cap(node: &dyn Node, capability: u64) -> Result<u64, Errno> {
    plain(node, GET_CAP, GetCap { capability, value: 0 }).map(|cap: GetCap| cap.value)
}

pub(super) fn gem_close(node: &dyn Node, handle: u32) -> Result<(), Errno> {
    plain(node, GEM_CLOSE, GemClose { handle, pad: 0 }).map(|_: GemClose| ())
}

/// Returns the new handle.
pub(super) fn gem_create(node: &dyn Node, request: GemCreateIn) -> Result<u32, Errno> {
    plain(node, GEM_CREATE, request).map(|out: GemCreateOut| out.handle)
}

/// Returns the offset to map.
pub(super) fn gem_mmap(node: &dyn Node, handle: u32) -> Result<u64, Errno> {
    plain(node, GEM_MMAP, GemMmapIn { handle, pad: 0 }).map(|out: GemMmapOut| out.addr_ptr)
}

/// Maps or unmaps in the GPU's address space. The timeline fields are not sent.
pub(super) fn gem_va(node: &dyn Node, request: GemVa) -> Result<(), Errno> {
    plain(node, GEM_VA_BASE, request).map(|_: GemVa| ())
}

/// Whether nothing uses the buffer any more at `deadline`.
pub(super) fn gem_wait_idle(node: &dyn Node, handle: u32, deadline: Deadline) -> Result<bool, Errno> {
    plain(node, GEM_WAIT_IDLE, GemWaitIdleIn { handle, flags: 0, timeout: deadline.nanoseconds() })
        .map(|out: GemWaitIdleOut| out.status == 0)
}

/// What a buffer was made with: size, alignment, preferred domains and flags.
pub(super) fn gem_create_info(node: &dyn Node, handle: u32) -> Result<GemCreateIn, Errno> {
    let mut info = GemCreateIn::default();
    let value = address(&raw mut info);
    let mut argument = GemOp { handle, op: OP_GET_GEM_CREATE_INFO, value, ..GemOp::default() };
    #[allow(unsafe_code)]
    // SAFETY: this operation writes one `drm_amdgpu_gem_create_in` at `value`, which is `info`, of that type and alive.
    unsafe { call(node, GEM_OP_BASE, &mut argument) }?;
    Ok(info)
}

/// Changes the domains that a buffer prefers.
pub(super) fn gem_set_placement(node: &dyn Node, handle: u32, domains: u64) -> Result<(), Errno> {
    plain(node, GEM_OP_BASE, GemOp { handle, op: OP_SET_PLACEMENT, value: domains, ..GemOp::default() })
        .map(|_: GemOp| ())
}

/// Makes a handle of memory that the process owns. Whoever gets the handle keeps `memory` until the handle is closed:
/// the GPU reaches whatever the process has at these addresses.
pub(super) fn gem_userptr(node: &dyn Node, memory: &HostMemory, flags: u32) -> Result<u32, Errno> {
    let (addr, size) = (address(memory.as_ptr()), memory.len() as u64);
    let mut argument = GemUserptr { addr, size, flags, handle: 0 };
    #[allow(unsafe_code)]
    // SAFETY: `addr` and `size` are a whole mapping of this process, borrowed, to whose bytes no reference exists; the
    // kernel reads its page tables now. What the GPU does with it later is the handle's owner's duty, as said above: a
    // `BufferObject` waits until the GPU is done and closes the handle before its memory goes, or leaks the memory.
    unsafe { call(node, GEM_USERPTR, &mut argument) }?;
    Ok(argument.handle)
}

/// More buffers than any client has: an answer beyond that is no count.
const MOST_HANDLES: usize = 1 << 22;

/// Lists the client's buffers. Not in Linux 6.12: EINVAL.
pub(super) fn gem_list_handles(node: &dyn Node) -> Result<Vec<GemListHandlesEntry>, Errno> {
    let mut entries = vec![GemListHandlesEntry::default(); 64];
    loop {
        let room = u32::try_from(entries.len()).map_err(|_| Errno::ENOMEM)?;
        let mut argument = GemListHandles { entries: address(entries.as_mut_ptr()), num_entries: room, padding: 0 };
        #[allow(unsafe_code)]
        // SAFETY: the kernel writes at most `num_entries` entries at `entries`, which has that many.
        unsafe { call(node, GEM_LIST_HANDLES, &mut argument) }?;
        let count = argument.num_entries as usize; // CAST: u32 fits.
        if count > MOST_HANDLES {
            return Err(Errno::E2BIG);
        }
        let full = count > entries.len();
        entries.resize(count, GemListHandlesEntry::default());
        if !full {
            return Ok(entries);
        }
    }
}

/// Asks one question. Fields that an older kernel doesn't know stay zero.
pub(super) fn info<T: Block>(node: &dyn Node, query: u32, arguments: [u32; 4]) -> Result<T, Errno> {
    let mut value = T::new_zeroed();
    info_into(node, query, arguments, value.as_mut_bytes())?;
    Ok(value)
}

/// Asks for an array.
pub(super) fn info_into(node: &dyn Node, query: u32, arguments: [u32; 4], out: &mut [u8]) -> Result<(), Errno> {
    let return_size = u32::try_from(out.len()).map_err(|_| Errno::EINVAL)?;
    let mut argument = Info { return_pointer: address(out.as_mut_ptr()), return_size, query, arguments };
    #[allow(unsafe_code)]
    // SAFETY: the kernel writes at most `return_size` bytes at `return_pointer`, which are `out`, borrowed exclusively;
    // the arguments are numbers. Any bytes are valid where they land, as they land in bytes.
    unsafe { call(node, INFO, &mut argument) }?;
    Ok(())
}

/// Returns the new context.
pub(super) fn ctx_alloc(node: &dyn Node, op: u32, priority: i32) -> Result<u32, Errno> {
    plain(node, CTX, CtxIn { op, priority, ..CtxIn::default() }).map(|out: CtxOutAlloc| out.ctx_id)
}

/// Any other operation without an answer.
pub(super) fn ctx_do(node: &dyn Node, op: u32, ctx_id: u32, flags: u32) -> Result<(), Errno> {
    plain(node, CTX, CtxIn { op, flags, ctx_id, priority: 0 }).map(|_: CtxOutPstate| ())
}

/// `CTX_OP_QUERY_STATE2`.
pub(super) fn ctx_state(node: &dyn Node, op: u32, ctx_id: u32) -> Result<CtxOutState, Errno> {
    plain(node, CTX, CtxIn { op, ctx_id, ..CtxIn::default() })
}

/// `CTX_OP_GET_STABLE_PSTATE`.
pub(super) fn ctx_pstate(node: &dyn Node, op: u32, ctx_id: u32) -> Result<u32, Errno> {
    plain(node, CTX, CtxIn { op, ctx_id, ..CtxIn::default() }).map(|out: CtxOutPstate| out.flags)
}
