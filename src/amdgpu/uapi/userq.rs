//! User mode queues, as of Linux 7.3; no earlier kernel here has them. Sparkle looks for them and doesn't use them.

use super::{DRIVER, constants, requests, structures};

structures! { LAYOUTS:
    /// Makes or frees a queue.
    UserqIn = "struct drm_amdgpu_userq_in" [72] {
        /// `USERQ_OP_*`.
        op: u32 = 0,
        /// Queue to free.
        queue_id: u32 = 4,
        /// `HW_IP_*`.
        ip_type: u32 = 8,
        /// Buffer object of the doorbell domain.
        doorbell_handle: u32 = 12,
        /// Doorbell's number in it.
        doorbell_offset: u32 = 16,
        /// `USERQ_CREATE_*`.
        flags: u32 = 20,
        /// GPU address.
        queue_va: u64 = 24,
        /// Bytes, a power of two, at least 4096.
        queue_size: u64 = 32,
        /// GPU address, a multiple of 8.
        rptr_va: u64 = 40,
        /// GPU address, a multiple of 8.
        wptr_va: u64 = 48,
        /// User address of the block's description of the queue.
        mqd: u64 = 56,
        /// Bytes of it.
        mqd_size: u64 = 64,
    }
    /// Answer to [`UserqIn`].
    UserqOut = "struct drm_amdgpu_userq_out" [8] {
        /// The new queue.
        queue_id: u32 = 0,
        /// Padding.
        pad: u32 = 4 as "_pad",
    }
    /// Description of a graphics queue.
    UserqMqdGfx11 = "struct drm_amdgpu_userq_mqd_gfx11" [16] {
        /// GPU address.
        shadow_va: u64 = 0,
        /// GPU address.
        csa_va: u64 = 8,
    }
    /// Description of an SDMA queue.
    UserqMqdSdmaGfx11 = "struct drm_amdgpu_userq_mqd_sdma_gfx11" [8] {
        /// GPU address.
        csa_va: u64 = 0,
    }
    /// Description of a compute queue.
    UserqMqdComputeGfx11 = "struct drm_amdgpu_userq_mqd_compute_gfx11" [8] {
        /// GPU address.
        eop_va: u64 = 0,
    }
    /// Attaches a queue's present place to sync objects and buffer objects.
    UserqSignal = "struct drm_amdgpu_userq_signal" [48] {
        /// Queue.
        queue_id: u32 = 0,
        /// Zero.
        pad: u32 = 4,
        /// User address of handles.
        syncobj_handles: u64 = 8,
        /// Count.
        num_syncobj_handles: u16 = 16,
        /// Zero.
        pad0: u16 = 18,
        /// Zero.
        pad1: u32 = 20,
        /// User address of handles.
        bo_read_handles: u64 = 24,
        /// User address of handles.
        bo_write_handles: u64 = 32,
        /// Count.
        num_bo_read_handles: u32 = 40,
        /// Count.
        num_bo_write_handles: u32 = 44,
    }
    /// What a queue has to wait for.
    UserqFenceInfo = "struct drm_amdgpu_userq_fence_info" [16] {
        /// GPU address.
        va: u64 = 0,
        /// Value to wait for.
        value: u64 = 8,
    }
    /// Asks what a queue has to wait for.
    UserqWait = "struct drm_amdgpu_userq_wait" [72] {
        /// Queue.
        waitq_id: u32 = 0,
        /// Zero.
        pad: u32 = 4,
        /// User address of handles.
        syncobj_handles: u64 = 8,
        /// User address of handles.
        syncobj_timeline_handles: u64 = 16,
        /// User address of points.
        syncobj_timeline_points: u64 = 24,
        /// User address of handles.
        bo_read_handles: u64 = 32,
        /// User address of handles.
        bo_write_handles: u64 = 40,
        /// Count.
        num_syncobj_timeline_handles: u16 = 48,
        /// Count, in and out.
        num_fences: u16 = 50,
        /// Count.
        num_syncobj_handles: u16 = 52,
        /// Zero.
        pad0: u16 = 54,
        /// Count.
        num_bo_read_handles: u32 = 56,
        /// Count.
        num_bo_write_handles: u32 = 60,
        /// User address of [`UserqFenceInfo`]s.
        out_fences: u64 = 64,
    }
    /// Answer to `INFO_UQ_FW_AREAS` about graphics.
    UqMetadataGfx = "struct drm_amdgpu_info_uq_metadata_gfx" [16] {
        /// Bytes.
        shadow_size: u32 = 0,
        /// Bytes.
        shadow_alignment: u32 = 4,
        /// Bytes.
        csa_size: u32 = 8,
        /// Bytes.
        csa_alignment: u32 = 12,
    }
    /// Answer to `INFO_UQ_FW_AREAS` about compute.
    UqMetadataCompute = "struct drm_amdgpu_info_uq_metadata_compute" [8] {
        /// Bytes.
        eop_size: u32 = 0,
        /// Bytes.
        eop_alignment: u32 = 4,
    }
    /// Answer to `INFO_UQ_FW_AREAS` about SDMA.
    UqMetadataSdma = "struct drm_amdgpu_info_uq_metadata_sdma" [8] {
        /// Bytes.
        csa_size: u32 = 0,
        /// Bytes.
        csa_alignment: u32 = 4,
    }
}

requests! {
    USERQ = "DRM_IOCTL_AMDGPU_USERQ" READ_WRITE DRIVER + 0x16, UserqIn = 0xc048_6456;
    USERQ_SIGNAL = "DRM_IOCTL_AMDGPU_USERQ_SIGNAL" READ_WRITE DRIVER + 0x17, UserqSignal = 0xc030_6457;
    USERQ_WAIT = "DRM_IOCTL_AMDGPU_USERQ_WAIT" READ_WRITE DRIVER + 0x18, UserqWait = 0xc048_6458;
}

constants! {
    /// Make a queue.
    USERQ_OP_CREATE: u32 = "AMDGPU_USERQ_OP_CREATE" 1;
    /// Free a queue.
    USERQ_OP_FREE: u32 = "AMDGPU_USERQ_OP_FREE" 2;
    /// The priority's bits.
    USERQ_CREATE_PRIORITY_MASK: u32 = "AMDGPU_USERQ_CREATE_FLAGS_QUEUE_PRIORITY_MASK" 0x3;
    /// Trusted memory zone.
    USERQ_CREATE_SECURE: u32 = "AMDGPU_USERQ_CREATE_FLAGS_QUEUE_SECURE" 1 << 2;
}
