//! Submissions: lists of buffer objects, the CS ioctl with its chunks, and the waits for what it started.

use super::{DRIVER, constants, requests, structures};

structures! { LAYOUTS:
    /// Makes, changes or frees a list of buffer objects; also the payload of `CHUNK_BO_HANDLES`.
    BoListIn = "struct drm_amdgpu_bo_list_in" [24] {
        /// `BO_LIST_OP_*`; ignored in a chunk.
        operation: u32 = 0,
        /// List; ignored in a chunk.
        list_handle: u32 = 4,
        /// Entries, at most 131072.
        bo_number: u32 = 8,
        /// Bytes of an entry: 8.
        bo_info_size: u32 = 12,
        /// User address of [`BoListEntry`]s.
        bo_info_ptr: u64 = 16,
    }
    /// One buffer object of a list.
    BoListEntry = "struct drm_amdgpu_bo_list_entry" [8] {
        /// Buffer object.
        bo_handle: u32 = 0,
        /// 0 to 32.
        bo_priority: u32 = 4,
    }
    /// Answer to [`BoListIn`].
    BoListOut = "struct drm_amdgpu_bo_list_out" [8] {
        /// List.
        list_handle: u32 = 0,
        /// Padding.
        pad: u32 = 4 as "_pad",
    }
    /// A submission.
    CsIn = "struct drm_amdgpu_cs_in" [24] {
        /// Context.
        ctx_id: u32 = 0,
        /// List, or 0.
        bo_list_handle: u32 = 4,
        /// Chunks, not 0.
        num_chunks: u32 = 8,
        /// Never read.
        flags: u32 = 12,
        /// User address of an array of user addresses of [`CsChunk`]s.
        chunks: u64 = 16,
    }
    /// Answer to [`CsIn`].
    CsOut = "struct drm_amdgpu_cs_out" [8] {
        /// Sequence number of the job, from 1 for each (context, block, ring).
        handle: u64 = 0,
    }
    /// Header of a chunk.
    CsChunk = "struct drm_amdgpu_cs_chunk" [16] {
        /// `CHUNK_*`.
        chunk_id: u32 = 0,
        /// Bytes of the payload divided by 4.
        length_dw: u32 = 4,
        /// User address of the payload.
        chunk_data: u64 = 8,
    }
    /// Payload of `CHUNK_IB`.
    CsChunkIb = "struct drm_amdgpu_cs_chunk_ib" [32] {
        /// Zero.
        pad: u32 = 0 as "_pad",
        /// `IB_*`.
        flags: u32 = 4,
        /// GPU address; a multiple of 32 for gfx and compute.
        va_start: u64 = 8,
        /// Bytes; a multiple of 32 for gfx and compute.
        ib_bytes: u32 = 16,
        /// `HW_IP_*`.
        ip_type: u32 = 20,
        /// 0.
        ip_instance: u32 = 24,
        /// Ring.
        ring: u32 = 28,
    }
    /// Payload of `CHUNK_DEPENDENCIES` and `CHUNK_SCHEDULED_DEPENDENCIES`: any number of them.
    CsChunkDep = "struct drm_amdgpu_cs_chunk_dep" [24] {
        /// `HW_IP_*`.
        ip_type: u32 = 0,
        /// 0.
        ip_instance: u32 = 4,
        /// Ring.
        ring: u32 = 8,
        /// Context.
        ctx_id: u32 = 12,
        /// Sequence number.
        handle: u64 = 16,
    }
    /// Payload of `CHUNK_FENCE`.
    CsChunkFence = "struct drm_amdgpu_cs_chunk_fence" [8] {
        /// Buffer object of one CPU page in GTT.
        handle: u32 = 0,
        /// Bytes, a multiple of 8.
        offset: u32 = 4,
    }
    /// Payload of `CHUNK_SYNCOBJ_IN` and `CHUNK_SYNCOBJ_OUT`: any number of them.
    CsChunkSem = "struct drm_amdgpu_cs_chunk_sem" [4] {
        /// Sync object.
        handle: u32 = 0,
    }
    /// Payload of `CHUNK_SYNCOBJ_TIMELINE_*`: any number of them.
    CsChunkSyncobj = "struct drm_amdgpu_cs_chunk_syncobj" [16] {
        /// Sync object.
        handle: u32 = 0,
        /// `WAIT_FOR_SUBMIT` or 0.
        flags: u32 = 4,
        /// Point; 0 for a binary sync object.
        point: u64 = 8,
    }
    /// Payload of `CHUNK_CP_GFX_SHADOW`. Not in Linux 6.1.
    CsChunkCpGfxShadow = "struct drm_amdgpu_cs_chunk_cp_gfx_shadow" [32] {
        /// GPU address.
        shadow_va: u64 = 0,
        /// GPU address.
        csa_va: u64 = 8,
        /// GPU address.
        gds_va: u64 = 16,
        /// `SHADOW_INIT` or 0.
        flags: u64 = 24,
    }
    /// Waits for a submission.
    WaitCsIn = "struct drm_amdgpu_wait_cs_in" [32] {
        /// Sequence number; 0 for none, all ones for the latest.
        handle: u64 = 0,
        /// Absolute `CLOCK_MONOTONIC` nanoseconds; no end with the top bit.
        timeout: u64 = 8,
        /// `HW_IP_*`.
        ip_type: u32 = 16,
        /// 0.
        ip_instance: u32 = 20,
        /// Ring.
        ring: u32 = 24,
        /// Context.
        ctx_id: u32 = 28,
    }
    /// Answer to [`WaitCsIn`]. The ioctl succeeds at a timeout too: only this tells.
    WaitCsOut = "struct drm_amdgpu_wait_cs_out" [8] {
        /// 0 done, 1 busy.
        status: u64 = 0,
    }
    /// A submission of [`WaitFencesIn`] and [`FenceToHandleIn`].
    Fence = "struct drm_amdgpu_fence" [24] {
        /// Context.
        ctx_id: u32 = 0,
        /// `HW_IP_*`.
        ip_type: u32 = 4,
        /// 0.
        ip_instance: u32 = 8,
        /// Ring.
        ring: u32 = 12,
        /// Sequence number.
        seq_no: u64 = 16,
    }
    /// Waits for several submissions.
    WaitFencesIn = "struct drm_amdgpu_wait_fences_in" [24] {
        /// User address of [`Fence`]s.
        fences: u64 = 0,
        /// Fences, not 0.
        fence_count: u32 = 8,
        /// 1 for all, 0 for any.
        wait_all: u32 = 12,
        /// Absolute `CLOCK_MONOTONIC` nanoseconds.
        timeout_ns: u64 = 16,
    }
    /// Answer to [`WaitFencesIn`]. The status's sense is the reverse of [`WaitCsOut`]'s.
    WaitFencesOut = "struct drm_amdgpu_wait_fences_out" [8] {
        /// 1 done, 0 timeout.
        status: u32 = 0,
        /// Index of the first that was done.
        first_signaled: u32 = 4,
    }
    /// Turns a submission into something that others can wait for.
    FenceToHandleIn = "union drm_amdgpu_fence_to_handle" in "in" [32] {
        /// The submission.
        fence: Fence = 0,
        /// `FENCE_TO_HANDLE_*`.
        what: u32 = 24,
        /// Zero.
        pad: u32 = 28,
    }
    /// Answer to [`FenceToHandleIn`].
    FenceToHandleOut = "union drm_amdgpu_fence_to_handle" in "out" [4] {
        /// Sync object or descriptor.
        handle: u32 = 0,
    }
}

requests! {
    BO_LIST = "DRM_IOCTL_AMDGPU_BO_LIST" READ_WRITE DRIVER + 0x03, BoListIn = 0xc018_6443;
    CS = "DRM_IOCTL_AMDGPU_CS" READ_WRITE DRIVER + 0x04, CsIn = 0xc018_6444;
    WAIT_CS = "DRM_IOCTL_AMDGPU_WAIT_CS" READ_WRITE DRIVER + 0x09, WaitCsIn = 0xc020_6449;
    WAIT_FENCES = "DRM_IOCTL_AMDGPU_WAIT_FENCES" READ_WRITE DRIVER + 0x12, WaitFencesIn = 0xc018_6452;
    FENCE_TO_HANDLE = "DRM_IOCTL_AMDGPU_FENCE_TO_HANDLE" READ_WRITE DRIVER + 0x14, FenceToHandleIn = 0xc020_6454;
}

constants! {
    /// Make a list.
    BO_LIST_OP_CREATE: u32 = "AMDGPU_BO_LIST_OP_CREATE" 0;
    /// Free a list.
    BO_LIST_OP_DESTROY: u32 = "AMDGPU_BO_LIST_OP_DESTROY" 1;
    /// Replace a list's entries.
    BO_LIST_OP_UPDATE: u32 = "AMDGPU_BO_LIST_OP_UPDATE" 2;
    /// Graphics.
    HW_IP_GFX: u32 = "AMDGPU_HW_IP_GFX" 0;
    /// Compute.
    HW_IP_COMPUTE: u32 = "AMDGPU_HW_IP_COMPUTE" 1;
    /// SDMA.
    HW_IP_DMA: u32 = "AMDGPU_HW_IP_DMA" 2;
    /// Number of blocks.
    HW_IP_NUM: u32 = "AMDGPU_HW_IP_NUM" 10;
    /// [`CsChunkIb`].
    CHUNK_IB: u32 = "AMDGPU_CHUNK_ID_IB" 0x01;
    /// [`CsChunkFence`].
    CHUNK_FENCE: u32 = "AMDGPU_CHUNK_ID_FENCE" 0x02;
    /// [`CsChunkDep`], until the other has completed.
    CHUNK_DEPENDENCIES: u32 = "AMDGPU_CHUNK_ID_DEPENDENCIES" 0x03;
    /// [`CsChunkSem`].
    CHUNK_SYNCOBJ_IN: u32 = "AMDGPU_CHUNK_ID_SYNCOBJ_IN" 0x04;
    /// [`CsChunkSem`].
    CHUNK_SYNCOBJ_OUT: u32 = "AMDGPU_CHUNK_ID_SYNCOBJ_OUT" 0x05;
    /// [`BoListIn`].
    CHUNK_BO_HANDLES: u32 = "AMDGPU_CHUNK_ID_BO_HANDLES" 0x06;
    /// [`CsChunkDep`], until the other was handed to the hardware.
    CHUNK_SCHEDULED_DEPENDENCIES: u32 = "AMDGPU_CHUNK_ID_SCHEDULED_DEPENDENCIES" 0x07;
    /// [`CsChunkSyncobj`].
    CHUNK_SYNCOBJ_TIMELINE_WAIT: u32 = "AMDGPU_CHUNK_ID_SYNCOBJ_TIMELINE_WAIT" 0x08;
    /// [`CsChunkSyncobj`].
    CHUNK_SYNCOBJ_TIMELINE_SIGNAL: u32 = "AMDGPU_CHUNK_ID_SYNCOBJ_TIMELINE_SIGNAL" 0x09;
    /// [`CsChunkCpGfxShadow`]; not in Linux 6.1.
    CHUNK_CP_GFX_SHADOW: u32 = "AMDGPU_CHUNK_ID_CP_GFX_SHADOW" 0x0a;
    /// Constant engine; refused by new kernels.
    IB_CE: u32 = "AMDGPU_IB_FLAG_CE" 1 << 0;
    /// May be skipped where the context stays the same.
    IB_PREAMBLE: u32 = "AMDGPU_IB_FLAG_PREAMBLE" 1 << 1;
    /// May be preempted.
    IB_PREEMPT: u32 = "AMDGPU_IB_FLAG_PREEMPT" 1 << 2;
    /// Of gfx9.
    IB_TC_WB_NOT_INVALIDATE: u32 = "AMDGPU_IB_FLAG_TC_WB_NOT_INVALIDATE" 1 << 3;
    /// For ordered append.
    IB_RESET_GDS_MAX_WAVE_ID: u32 = "AMDGPU_IB_FLAG_RESET_GDS_MAX_WAVE_ID" 1 << 4;
    /// Trusted memory zone.
    IB_SECURE: u32 = "AMDGPU_IB_FLAGS_SECURE" 1 << 5;
    /// Invalidate the GPU's caches before the job; of its first IB alone.
    IB_EMIT_MEM_SYNC: u32 = "AMDGPU_IB_FLAG_EMIT_MEM_SYNC" 1 << 6;
    /// The shadow has no contents yet; not in Linux 6.1.
    SHADOW_INIT: u64 = "AMDGPU_CS_CHUNK_CP_GFX_SHADOW_FLAGS_INIT_SHADOW" 1;
    /// A sync object.
    FENCE_TO_HANDLE_SYNCOBJ: u32 = "AMDGPU_FENCE_TO_HANDLE_GET_SYNCOBJ" 0;
    /// A sync object's descriptor.
    FENCE_TO_HANDLE_SYNCOBJ_FD: u32 = "AMDGPU_FENCE_TO_HANDLE_GET_SYNCOBJ_FD" 1;
    /// A sync file.
    FENCE_TO_HANDLE_SYNC_FILE_FD: u32 = "AMDGPU_FENCE_TO_HANDLE_GET_SYNC_FILE_FD" 2;
}
