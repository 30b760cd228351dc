//! Submitting, and waiting for what was submitted.

use super::{address, call, plain};
use crate::amdgpu::deadline::Deadline;
use crate::amdgpu::node::Node;
use crate::amdgpu::uapi::submit::{
    BoListEntry, BoListIn, CHUNK_BO_HANDLES, CHUNK_DEPENDENCIES, CHUNK_FENCE, CHUNK_IB, CHUNK_SCHEDULED_DEPENDENCIES,
    CHUNK_SYNCOBJ_IN, CHUNK_SYNCOBJ_OUT, CHUNK_SYNCOBJ_TIMELINE_SIGNAL, CHUNK_SYNCOBJ_TIMELINE_WAIT, CS, CsChunk,
    CsChunkDep, CsChunkFence, CsChunkIb, CsChunkSem, CsChunkSyncobj, CsIn, CsOut, FENCE_TO_HANDLE,
    FENCE_TO_HANDLE_SYNC_FILE_FD, FENCE_TO_HANDLE_SYNCOBJ, Fence, FenceToHandleIn, FenceToHandleOut, WAIT_CS,
    WAIT_FENCES, WaitCsIn, WaitCsOut, WaitFencesIn, WaitFencesOut,
};
use nix::errno::Errno;
use std::os::fd::OwnedFd;
use zerocopy::{Immutable, IntoBytes};

/// A chunk of a submission, with its payload borrowed.
#[derive(Clone, Copy, Debug)]
pub(in crate::amdgpu) enum Chunk<'a> {
    /// One indirect buffer.
    Ib(&'a CsChunkIb),
    /// The user fence.
    Fence(&'a CsChunkFence),
    /// Work to wait for.
    Dependencies(&'a [CsChunkDep]),
    /// Work whose start is to be waited for.
    Scheduled(&'a [CsChunkDep]),
    /// Binary sync objects to wait for.
    SyncobjIn(&'a [CsChunkSem]),
    /// Binary sync objects to signal.
    SyncobjOut(&'a [CsChunkSem]),
    /// Points to wait for.
    TimelineWait(&'a [CsChunkSyncobj]),
    /// Points to signal.
    TimelineSignal(&'a [CsChunkSyncobj]),
}

impl Chunk<'_> {
    /// Whether there is anything in it; an empty one isn't sent.
    const fn is_empty(&self) -> bool {
        match self {
            Self::Ib(_) | Self::Fence(_) => false,
            Self::Dependencies(list) | Self::Scheduled(list) => list.is_empty(),
            Self::SyncobjIn(list) | Self::SyncobjOut(list) => list.is_empty(),
            Self::TimelineWait(list) | Self::TimelineSignal(list) => list.is_empty(),
        }
    }

    /// Its header, which holds the payload's address.
    fn header(&self) -> CsChunk {
        fn of<T: IntoBytes + Immutable + ?Sized>(chunk_id: u32, payload: &T) -> CsChunk {
            let bytes = payload.as_bytes();
            // CAST: a payload is an array in memory of structures of at most 32 bytes, whose counts the submission bounds.
            CsChunk { chunk_id, length_dw: (bytes.len() / 4) as u32, chunk_data: address(bytes.as_ptr()) }
        }
        match *self {
            Self::Ib(ib) => of(CHUNK_IB, ib),
            Self::Fence(fence) => of(CHUNK_FENCE, fence),
            Self::Dependencies(list) => of(CHUNK_DEPENDENCIES, list),
            Self::Scheduled(list) => of(CHUNK_SCHEDULED_DEPENDENCIES, list),
            Self::SyncobjIn(list) => of(CHUNK_SYNCOBJ_IN, list),
            Self::SyncobjOut(list) => of(CHUNK_SYNCOBJ_OUT, list),
            Self::TimelineWait(list) => of(CHUNK_SYNCOBJ_TIMELINE_WAIT, list),
            Self::TimelineSignal(list) => of(CHUNK_SYNCOBJ_TIMELINE_SIGNAL, list),
        }
    }
}

/// Memory for headers and for the array of their addresses, kept between submissions so that none allocates.
#[derive(Debug, Default)]
pub(in crate::amdgpu) struct ChunkBuffers {
    headers: Vec<CsChunk>,
    addresses: Vec<u64>,
}

/// Submits and returns the sequence number. `buffers` becomes the inline list.
///
/// Ordinary and write-combined stores that were made before are visible to the device: the kernel's path to the doorbell
/// orders ordinary ones, and [`crate::amdgpu::Submission`] drains the others.
pub(in crate::amdgpu) fn cs<'a>(
    node: &dyn Node,
    ctx_id: u32,
    buffers: &'a [BoListEntry],
    chunks: impl Iterator<Item = Chunk<'a>>,
    memory: &mut ChunkBuffers,
) -> Result<u64, Errno> {
    let ChunkBuffers { headers, addresses } = memory;
    let list = BoListIn {
        operation: u32::MAX,
        list_handle: u32::MAX,
        bo_number: u32::try_from(buffers.len()).map_err(|_| Errno::EINVAL)?,
        bo_info_size: const { size_of::<BoListEntry>() as u32 }, // CAST: 8.
        bo_info_ptr: address(buffers.as_ptr()),
    };
    headers.clear();
    if !buffers.is_empty() {
        headers.push(CsChunk {
            chunk_id: CHUNK_BO_HANDLES,
            length_dw: const { (size_of::<BoListIn>() / 4) as u32 }, // CAST: 6.
            chunk_data: address(&raw const list),
        });
    }
    headers.extend(chunks.filter(|chunk| !chunk.is_empty()).map(|chunk| chunk.header()));
    addresses.clear();
    addresses.extend(headers.iter().map(|header| address(header)));
    let num_chunks = u32::try_from(addresses.len()).map_err(|_| Errno::EINVAL)?;
    let mut argument = CsIn { ctx_id, bo_list_handle: 0, num_chunks, flags: 0, chunks: address(addresses.as_ptr()) };
    #[allow(unsafe_code)]
    // SAFETY: three levels. `addresses` has `num_chunks` entries, each the address of an element of `headers`; neither
    // vector changes until the call returns. Each header was made from a slice of lifetime `'a`, which outlives this
    // function, with that slice's length; the list's header names `list`, a local, and `list` names `buffers`, also `'a`,
    // with its count and element size. The kernel only reads them (`amdgpu_cs_pass1`) and keeps no address.
    unsafe { call(node, CS, &mut argument) }?;
    Ok(super::answer::<_, CsOut>(&argument).handle)
}

/// Whether the submission is done at the deadline. Success alone doesn't say so: the kernel succeeds at a timeout too.
pub(in crate::amdgpu) fn wait_cs(node: &dyn Node, submission: &Fence, deadline: Deadline) -> Result<bool, Errno> {
    let Fence { ctx_id, ip_type, ip_instance, ring, seq_no: handle } = *submission;
    let timeout = deadline.nanoseconds();
    plain(node, WAIT_CS, WaitCsIn { handle, timeout, ip_type, ip_instance, ring, ctx_id })
        .map(|out: WaitCsOut| out.status == 0)
}

/// The index of a submission that is done, or `None` at the deadline; with `all`, some index when all are.
pub(in crate::amdgpu) fn wait_fences(
    node: &dyn Node,
    submissions: &[Fence],
    all: bool,
    deadline: Deadline,
) -> Result<Option<u32>, Errno> {
    let fence_count = u32::try_from(submissions.len()).map_err(|_| Errno::EINVAL)?;
    let fences = address(submissions.as_ptr());
    let mut argument = WaitFencesIn { fences, fence_count, wait_all: all.into(), timeout_ns: deadline.nanoseconds() };
    #[allow(unsafe_code)]
    // SAFETY: the kernel reads `fence_count` structures at `fences`, which are `submissions`, borrowed until the end.
    unsafe { call(node, WAIT_FENCES, &mut argument) }?;
    let out: WaitFencesOut = super::answer(&argument);
    Ok((out.status == 1).then_some(out.first_signaled))
}

/// A new sync object that holds the submission's fence.
pub(in crate::amdgpu) fn fence_to_syncobj(node: &dyn Node, fence: Fence) -> Result<u32, Errno> {
    plain(node, FENCE_TO_HANDLE, FenceToHandleIn { fence, what: FENCE_TO_HANDLE_SYNCOBJ, pad: 0 })
        .map(|out: FenceToHandleOut| out.handle)
}

/// A new sync file that holds the submission's fence.
pub(in crate::amdgpu) fn fence_to_sync_file(node: &dyn Node, fence: Fence) -> Result<OwnedFd, Errno> {
    let out: FenceToHandleOut =
        plain(node, FENCE_TO_HANDLE, FenceToHandleIn { fence, what: FENCE_TO_HANDLE_SYNC_FILE_FD, pad: 0 })?;
    super::share::own(out.handle.cast_signed())
}
