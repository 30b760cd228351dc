//! Buffer objects: making, mapping on either side, waiting, asking.

use super::{DRIVER, constants, requests, structures};

structures! { LAYOUTS:
    /// Makes a buffer object.
    GemCreateIn = "struct drm_amdgpu_gem_create_in" [32] {
        /// Bytes, rounded up to pages.
        bo_size: u64 = 0,
        /// Bytes, a power of two; 0 for the default.
        alignment: u64 = 8,
        /// `DOMAIN_*`.
        domains: u64 = 16,
        /// `CREATE_*`.
        domain_flags: u64 = 24,
    }
    /// Answer to [`GemCreateIn`].
    GemCreateOut = "struct drm_amdgpu_gem_create_out" [8] {
        /// Buffer object.
        handle: u32 = 0,
        /// Padding.
        pad: u32 = 4 as "_pad",
    }
    /// Asks where to `mmap` a buffer object.
    GemMmapIn = "struct drm_amdgpu_gem_mmap_in" [8] {
        /// Buffer object.
        handle: u32 = 0,
        /// Zero.
        pad: u32 = 4 as "_pad",
    }
    /// Answer to [`GemMmapIn`].
    GemMmapOut = "struct drm_amdgpu_gem_mmap_out" [8] {
        /// The offset to give to `mmap`.
        addr_ptr: u64 = 0,
    }
    /// Makes a buffer object of the process's own memory.
    GemUserptr = "struct drm_amdgpu_gem_userptr" [24] {
        /// User address, a multiple of the page.
        addr: u64 = 0,
        /// Bytes, a multiple of the page.
        size: u64 = 8,
        /// `USERPTR_*`.
        flags: u32 = 16,
        /// The new buffer object.
        handle: u32 = 20,
    }
    /// Sets or gets what the kernel keeps for other users of a buffer object.
    GemMetadata = "struct drm_amdgpu_gem_metadata" [288] {
        /// Buffer object.
        handle: u32 = 0,
        /// `METADATA_OP_*`.
        op: u32 = 4,
        /// For the users alone.
        flags: u64 = 8 as "data.flags",
        /// Tiling of images.
        tiling_info: u64 = 16 as "data.tiling_info",
        /// Bytes of `data`, at most 256.
        data_size_bytes: u32 = 24 as "data.data_size_bytes",
        /// For the users alone.
        data: [u32; 64] = 28 as "data.data",
        /// Padding.
        tail: u32 = 284 as "",
    }
    /// Asks about a buffer object, or moves it. `num_entries` is not in Linux 6.12: see [`OP_BASE_SIZE`].
    GemOp = "struct drm_amdgpu_gem_op" [24] {
        /// Buffer object.
        handle: u32 = 0,
        /// `OP_*`.
        op: u32 = 4,
        /// A value or a user address, as the operation says.
        value: u64 = 8,
        /// Entries of an array.
        num_entries: u32 = 16,
        /// Zero.
        padding: u32 = 20,
    }
    /// One mapping of a buffer object, as `OP_GET_MAPPING_INFO` lists them.
    GemVmEntry = "struct drm_amdgpu_gem_vm_entry" [32] {
        /// GPU address.
        addr: u64 = 0,
        /// Bytes.
        size: u64 = 8,
        /// Bytes into the buffer object.
        offset: u64 = 16,
        /// `PAGE_*`.
        flags: u64 = 24,
    }
    /// Lists the client's buffer objects.
    GemListHandles = "struct drm_amdgpu_gem_list_handles" [16] {
        /// User address of [`GemListHandlesEntry`]s.
        entries: u64 = 0,
        /// Entries.
        num_entries: u32 = 8,
        /// Zero.
        padding: u32 = 12,
    }
    /// One buffer object.
    GemListHandlesEntry = "struct drm_amdgpu_gem_list_handles_entry" [40] {
        /// Buffer object.
        gem_handle: u32 = 0,
        /// `LIST_HANDLES_IS_IMPORT` or 0.
        flags: u32 = 4,
        /// Bytes.
        size: u64 = 8,
        /// `DOMAIN_*`.
        preferred_domains: u64 = 16,
        /// `CREATE_*`.
        alloc_flags: u64 = 24,
        /// Bytes.
        alignment: u64 = 32,
    }
    /// Waits until nothing uses a buffer object.
    GemWaitIdleIn = "struct drm_amdgpu_gem_wait_idle_in" [16] {
        /// Buffer object.
        handle: u32 = 0,
        /// Zero.
        flags: u32 = 4,
        /// Absolute `CLOCK_MONOTONIC` nanoseconds.
        timeout: u64 = 8,
    }
    /// Answer to [`GemWaitIdleIn`].
    GemWaitIdleOut = "struct drm_amdgpu_gem_wait_idle_out" [8] {
        /// 0 idle, 1 busy.
        status: u32 = 0,
        /// Always 0.
        domain: u32 = 4,
    }
    /// Maps a buffer object into the GPU's address space. The last four fields are not in Linux 6.12: see
    /// [`VA_BASE_SIZE`]; older kernels ignore them silently.
    GemVa = "struct drm_amdgpu_gem_va" [64] {
        /// Buffer object.
        handle: u32 = 0,
        /// Zero.
        pad: u32 = 4 as "_pad",
        /// `VA_OP_*`.
        operation: u32 = 8,
        /// `PAGE_*`, `MTYPE_*`.
        flags: u32 = 12,
        /// GPU address, a multiple of 4096.
        va_address: u64 = 16,
        /// Bytes into the buffer object, a multiple of 4096.
        offset_in_bo: u64 = 24,
        /// Bytes, a multiple of 4096.
        map_size: u64 = 32,
        /// Point that the page table update signals.
        vm_timeline_point: u64 = 40,
        /// Sync object of that point, or 0.
        vm_timeline_syncobj_out: u32 = 48,
        /// Sync objects to wait for.
        num_syncobj_handles: u32 = 52,
        /// User address of their handles.
        input_fence_syncobj_handles: u64 = 56,
    }
}

requests! {
    GEM_CREATE = "DRM_IOCTL_AMDGPU_GEM_CREATE" READ_WRITE DRIVER, GemCreateIn = 0xc020_6440;
    GEM_MMAP = "DRM_IOCTL_AMDGPU_GEM_MMAP" READ_WRITE DRIVER + 0x01, GemMmapIn = 0xc008_6441;
    GEM_METADATA = "DRM_IOCTL_AMDGPU_GEM_METADATA" READ_WRITE DRIVER + 0x06, GemMetadata = 0xc120_6446;
    GEM_WAIT_IDLE = "DRM_IOCTL_AMDGPU_GEM_WAIT_IDLE" READ_WRITE DRIVER + 0x07, GemWaitIdleIn = 0xc010_6447;
    GEM_VA = "DRM_IOCTL_AMDGPU_GEM_VA" WRITE DRIVER + 0x08, GemVa = 0x4040_6448;
    GEM_OP = "DRM_IOCTL_AMDGPU_GEM_OP" READ_WRITE DRIVER + 0x10, GemOp = 0xc018_6450;
    GEM_USERPTR = "DRM_IOCTL_AMDGPU_GEM_USERPTR" READ_WRITE DRIVER + 0x11, GemUserptr = 0xc018_6451;
    GEM_LIST_HANDLES = "DRM_IOCTL_AMDGPU_GEM_LIST_HANDLES" READ_WRITE DRIVER + 0x19, GemListHandles = 0xc010_6459;
}

/// Bytes of [`GemVa`] up to Linux 6.12, enough without its timeline fields.
pub const VA_BASE_SIZE: usize = 40;
/// [`GEM_VA`] with [`VA_BASE_SIZE`].
pub const GEM_VA_BASE: u32 = super::request(super::WRITE, DRIVER + 0x08, VA_BASE_SIZE);
/// Bytes of [`GemOp`] up to Linux 6.12, enough without `num_entries`.
pub const OP_BASE_SIZE: usize = 16;
/// [`GEM_OP`] with [`OP_BASE_SIZE`].
pub const GEM_OP_BASE: u32 = super::request(super::READ_WRITE, DRIVER + 0x10, OP_BASE_SIZE);

const _: () = assert!(GEM_VA_BASE == 0x4028_6448 && GEM_OP_BASE == 0xc010_6450);

constants! {
    /// System memory that the GPU can't reach.
    DOMAIN_CPU: u64 = "AMDGPU_GEM_DOMAIN_CPU" 0x1;
    /// System memory.
    DOMAIN_GTT: u64 = "AMDGPU_GEM_DOMAIN_GTT" 0x2;
    /// The card's memory, or an APU's carve-out.
    DOMAIN_VRAM: u64 = "AMDGPU_GEM_DOMAIN_VRAM" 0x4;
    /// Global data share.
    DOMAIN_GDS: u64 = "AMDGPU_GEM_DOMAIN_GDS" 0x8;
    /// Global wave sync.
    DOMAIN_GWS: u64 = "AMDGPU_GEM_DOMAIN_GWS" 0x10;
    /// Ordered append.
    DOMAIN_OA: u64 = "AMDGPU_GEM_DOMAIN_OA" 0x20;
    /// Doorbells of user queues.
    DOMAIN_DOORBELL: u64 = "AMDGPU_GEM_DOMAIN_DOORBELL" 0x40;

    /// In the part of VRAM that the CPU sees; a hint.
    CREATE_CPU_ACCESS_REQUIRED: u64 = "AMDGPU_GEM_CREATE_CPU_ACCESS_REQUIRED" 1 << 0;
    /// The CPU never maps it.
    CREATE_NO_CPU_ACCESS: u64 = "AMDGPU_GEM_CREATE_NO_CPU_ACCESS" 1 << 1;
    /// GTT that is write-combined on the CPU and not snooped by the GPU.
    CREATE_CPU_GTT_USWC: u64 = "AMDGPU_GEM_CREATE_CPU_GTT_USWC" 1 << 2;
    /// Zeroed VRAM.
    CREATE_VRAM_CLEARED: u64 = "AMDGPU_GEM_CREATE_VRAM_CLEARED" 1 << 3;
    /// Refused from user space.
    CREATE_VRAM_CONTIGUOUS: u64 = "AMDGPU_GEM_CREATE_VRAM_CONTIGUOUS" 1 << 5;
    /// In every submission of this address space.
    CREATE_VM_ALWAYS_VALID: u64 = "AMDGPU_GEM_CREATE_VM_ALWAYS_VALID" 1 << 6;
    /// No implicit fences between clients.
    CREATE_EXPLICIT_SYNC: u64 = "AMDGPU_GEM_CREATE_EXPLICIT_SYNC" 1 << 7;
    /// Refused from user space.
    CREATE_CP_MQD_GFX9: u64 = "AMDGPU_GEM_CREATE_CP_MQD_GFX9" 1 << 8;
    /// Wiped when it is freed; newer kernels always do, older ones refuse the flag.
    CREATE_VRAM_WIPE_ON_RELEASE: u64 = "AMDGPU_GEM_CREATE_VRAM_WIPE_ON_RELEASE" 1 << 9;
    /// Trusted memory zone.
    CREATE_ENCRYPTED: u64 = "AMDGPU_GEM_CREATE_ENCRYPTED" 1 << 10;
    /// Refused from user space.
    CREATE_PREEMPTIBLE: u64 = "AMDGPU_GEM_CREATE_PREEMPTIBLE" 1 << 11;
    /// The contents may be dropped under pressure.
    CREATE_DISCARDABLE: u64 = "AMDGPU_GEM_CREATE_DISCARDABLE" 1 << 12;
    /// Coherent between devices; refused by Linux 6.1 and 6.12.
    CREATE_COHERENT: u64 = "AMDGPU_GEM_CREATE_COHERENT" 1 << 13;
    /// Not cached by the GPU; refused by Linux 6.1 and 6.12.
    CREATE_UNCACHED: u64 = "AMDGPU_GEM_CREATE_UNCACHED" 1 << 14;
    /// Coherent between devices for atomics; not in Linux 6.1.
    CREATE_EXT_COHERENT: u64 = "AMDGPU_GEM_CREATE_EXT_COHERENT" 1 << 15;
    /// Compression of gfx12; not in Linux 6.1.
    CREATE_GFX12_DCC: u64 = "AMDGPU_GEM_CREATE_GFX12_DCC" 1 << 16;

    /// The GPU only reads.
    USERPTR_READONLY: u32 = "AMDGPU_GEM_USERPTR_READONLY" 1 << 0;
    /// Anonymous memory alone.
    USERPTR_ANONONLY: u32 = "AMDGPU_GEM_USERPTR_ANONONLY" 1 << 1;
    /// Look at the pages now.
    USERPTR_VALIDATE: u32 = "AMDGPU_GEM_USERPTR_VALIDATE" 1 << 2;
    /// Follow changes of the mapping.
    USERPTR_REGISTER: u32 = "AMDGPU_GEM_USERPTR_REGISTER" 1 << 3;

    /// Set.
    METADATA_OP_SET: u32 = "AMDGPU_GEM_METADATA_OP_SET_METADATA" 1;
    /// Get.
    METADATA_OP_GET: u32 = "AMDGPU_GEM_METADATA_OP_GET_METADATA" 2;

    /// `value` is the user address of a [`GemCreateIn`] to fill.
    OP_GET_GEM_CREATE_INFO: u32 = "AMDGPU_GEM_OP_GET_GEM_CREATE_INFO" 0;
    /// `value` is a mask of domains.
    OP_SET_PLACEMENT: u32 = "AMDGPU_GEM_OP_SET_PLACEMENT" 1;
    /// `value` is the user address of [`GemVmEntry`]s; not in Linux 6.12.
    OP_GET_MAPPING_INFO: u32 = "AMDGPU_GEM_OP_GET_MAPPING_INFO" 2;
    /// The handle came from another client.
    LIST_HANDLES_IS_IMPORT: u32 = "AMDGPU_GEM_LIST_HANDLES_FLAG_IS_IMPORT" 1 << 0;

    /// Map; an overlap is refused.
    VA_OP_MAP: u32 = "AMDGPU_VA_OP_MAP" 1;
    /// Remove the mapping that starts at the address.
    VA_OP_UNMAP: u32 = "AMDGPU_VA_OP_UNMAP" 2;
    /// Remove whatever is in the range.
    VA_OP_CLEAR: u32 = "AMDGPU_VA_OP_CLEAR" 3;
    /// Clear, then map.
    VA_OP_REPLACE: u32 = "AMDGPU_VA_OP_REPLACE" 4;
    /// Leave the page tables to the next submission.
    DELAY_UPDATE: u32 = "AMDGPU_VM_DELAY_UPDATE" 1 << 0;
    /// The GPU may read.
    PAGE_READABLE: u32 = "AMDGPU_VM_PAGE_READABLE" 1 << 1;
    /// The GPU may write.
    PAGE_WRITEABLE: u32 = "AMDGPU_VM_PAGE_WRITEABLE" 1 << 2;
    /// The GPU may fetch instructions.
    PAGE_EXECUTABLE: u32 = "AMDGPU_VM_PAGE_EXECUTABLE" 1 << 3;
    /// Sparse.
    PAGE_PRT: u32 = "AMDGPU_VM_PAGE_PRT" 1 << 4;
    /// The memory type's bits.
    MTYPE_MASK: u32 = "AMDGPU_VM_MTYPE_MASK" 0xf << 5;
    /// The chip's default.
    MTYPE_DEFAULT: u32 = "AMDGPU_VM_MTYPE_DEFAULT" 0;
    /// Cached, not coherent.
    MTYPE_NC: u32 = "AMDGPU_VM_MTYPE_NC" 1 << 5;
    /// Write-combined.
    MTYPE_WC: u32 = "AMDGPU_VM_MTYPE_WC" 2 << 5;
    /// Cached and coherent.
    MTYPE_CC: u32 = "AMDGPU_VM_MTYPE_CC" 3 << 5;
    /// Not cached.
    MTYPE_UC: u32 = "AMDGPU_VM_MTYPE_UC" 4 << 5;
    /// Cached for reading and writing.
    MTYPE_RW: u32 = "AMDGPU_VM_MTYPE_RW" 5 << 5;
    /// Not in the infinity cache.
    PAGE_NOALLOC: u32 = "AMDGPU_VM_PAGE_NOALLOC" 1 << 9;
}
