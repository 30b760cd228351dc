//! Contexts, and the ioctls about scheduling that nobody but a debugger or the DRM master needs.

use super::{DRIVER, constants, requests, structures};

structures! { LAYOUTS:
    /// Makes, frees or asks a context.
    CtxIn = "struct drm_amdgpu_ctx_in" [16] {
        /// `CTX_OP_*`.
        op: u32 = 0,
        /// 0, or a `PSTATE_*`.
        flags: u32 = 4,
        /// Context.
        ctx_id: u32 = 8,
        /// `PRIORITY_*`.
        priority: i32 = 12,
    }
    /// Answer of `CTX_OP_ALLOC`.
    CtxOutAlloc = "union drm_amdgpu_ctx_out" in "alloc" [8] {
        /// The new context.
        ctx_id: u32 = 0,
        /// Padding.
        pad: u32 = 4 as "_pad",
    }
    /// Answer of `CTX_OP_QUERY_STATE` and `CTX_OP_QUERY_STATE2`.
    CtxOutState = "union drm_amdgpu_ctx_out" in "state" [16] {
        /// `QUERY2_*`.
        flags: u64 = 0,
        /// Not kept up to date.
        hangs: u32 = 8,
        /// `*_RESET`, edge triggered; of `CTX_OP_QUERY_STATE` alone.
        reset_status: u32 = 12,
    }
    /// Answer of `CTX_OP_GET_STABLE_PSTATE`.
    CtxOutPstate = "union drm_amdgpu_ctx_out" in "pstate" [8] {
        /// `PSTATE_*`.
        flags: u32 = 0,
        /// Padding.
        pad: u32 = 4 as "_pad",
    }
    /// Reserves a VMID, for debuggers.
    VmIn = "struct drm_amdgpu_vm_in" [8] {
        /// `VM_OP_*`.
        op: u32 = 0,
        /// Zero.
        flags: u32 = 4,
    }
    /// Answer to [`VmIn`].
    VmOut = "struct drm_amdgpu_vm_out" [8] {
        /// No flags so far.
        flags: u64 = 0,
    }
    /// Overrides the priority of another process; for the DRM master.
    SchedIn = "struct drm_amdgpu_sched_in" [16] {
        /// `SCHED_OP_*`.
        op: u32 = 0,
        /// Descriptor of the other client.
        fd: u32 = 4,
        /// `PRIORITY_*`.
        priority: i32 = 8,
        /// The other's context.
        ctx_id: u32 = 12,
    }
    /// Options of the process. Not in Linux 6.12.
    ProcOptions = "struct drm_amdgpu_proc_options" [8] {
        /// `PROC_OPTIONS_*`.
        op: u32 = 0,
        /// Milliseconds, or `PROC_OPTIONS_KFD_SIGBUS_DELAY_DISABLED`.
        kfd_sigbus_delay: u32 = 4 as "kfd_sigbus_delay.value",
    }
}

requests! {
    CTX = "DRM_IOCTL_AMDGPU_CTX" READ_WRITE DRIVER + 0x02, CtxIn = 0xc010_6442;
    VM = "DRM_IOCTL_AMDGPU_VM" READ_WRITE DRIVER + 0x13, VmIn = 0xc008_6453;
    SCHED = "DRM_IOCTL_AMDGPU_SCHED" WRITE DRIVER + 0x15, SchedIn = 0x4010_6455;
    PROC_OPTIONS = "DRM_IOCTL_AMDGPU_PROC_OPTIONS" READ_WRITE DRIVER + 0x1a, ProcOptions = 0xc008_645a;
}

constants! {
    /// Make a context.
    CTX_OP_ALLOC: u32 = "AMDGPU_CTX_OP_ALLOC_CTX" 1;
    /// Free it; what it submitted still completes.
    CTX_OP_FREE: u32 = "AMDGPU_CTX_OP_FREE_CTX" 2;
    /// Resets since the last call.
    CTX_OP_QUERY_STATE: u32 = "AMDGPU_CTX_OP_QUERY_STATE" 3;
    /// Resets since the context was made.
    CTX_OP_QUERY_STATE2: u32 = "AMDGPU_CTX_OP_QUERY_STATE2" 4;
    /// Ask for the clocks' state.
    CTX_OP_GET_STABLE_PSTATE: u32 = "AMDGPU_CTX_OP_GET_STABLE_PSTATE" 5;
    /// Hold the clocks.
    CTX_OP_SET_STABLE_PSTATE: u32 = "AMDGPU_CTX_OP_SET_STABLE_PSTATE" 6;
    /// No reset.
    NO_RESET: u32 = "AMDGPU_CTX_NO_RESET" 0;
    /// This context's fault.
    GUILTY_RESET: u32 = "AMDGPU_CTX_GUILTY_RESET" 1;
    /// Another's fault.
    INNOCENT_RESET: u32 = "AMDGPU_CTX_INNOCENT_RESET" 2;
    /// A reset.
    UNKNOWN_RESET: u32 = "AMDGPU_CTX_UNKNOWN_RESET" 3;
    /// A queue or the GPU was reset.
    QUERY2_RESET: u64 = "AMDGPU_CTX_QUERY2_FLAGS_RESET" 1 << 0;
    /// VRAM was lost.
    QUERY2_VRAMLOST: u64 = "AMDGPU_CTX_QUERY2_FLAGS_VRAMLOST" 1 << 1;
    /// A job of this context hung.
    QUERY2_GUILTY: u64 = "AMDGPU_CTX_QUERY2_FLAGS_GUILTY" 1 << 2;
    /// Memory errors that were corrected.
    QUERY2_RAS_CE: u64 = "AMDGPU_CTX_QUERY2_FLAGS_RAS_CE" 1 << 3;
    /// Memory errors that were not.
    QUERY2_RAS_UE: u64 = "AMDGPU_CTX_QUERY2_FLAGS_RAS_UE" 1 << 4;
    /// A reset is going on; not in Linux 6.1.
    QUERY2_RESET_IN_PROGRESS: u64 = "AMDGPU_CTX_QUERY2_FLAGS_RESET_IN_PROGRESS" 1 << 5;
    /// Not a priority.
    PRIORITY_UNSET: i32 = "AMDGPU_CTX_PRIORITY_UNSET" -2048;
    /// Lowest.
    PRIORITY_VERY_LOW: i32 = "AMDGPU_CTX_PRIORITY_VERY_LOW" -1023;
    /// Low.
    PRIORITY_LOW: i32 = "AMDGPU_CTX_PRIORITY_LOW" -512;
    /// Normal.
    PRIORITY_NORMAL: i32 = "AMDGPU_CTX_PRIORITY_NORMAL" 0;
    /// Needs `CAP_SYS_NICE`.
    PRIORITY_HIGH: i32 = "AMDGPU_CTX_PRIORITY_HIGH" 512;
    /// Needs `CAP_SYS_NICE`.
    PRIORITY_VERY_HIGH: i32 = "AMDGPU_CTX_PRIORITY_VERY_HIGH" 1023;
    /// The power states' bits.
    PSTATE_MASK: u32 = "AMDGPU_CTX_STABLE_PSTATE_FLAGS_MASK" 0xf;
    /// Clocks as usual.
    PSTATE_NONE: u32 = "AMDGPU_CTX_STABLE_PSTATE_NONE" 0;
    /// Steady clocks, for benchmarks.
    PSTATE_STANDARD: u32 = "AMDGPU_CTX_STABLE_PSTATE_STANDARD" 1;
    /// Lowest shader clock.
    PSTATE_MIN_SCLK: u32 = "AMDGPU_CTX_STABLE_PSTATE_MIN_SCLK" 2;
    /// Lowest memory clock.
    PSTATE_MIN_MCLK: u32 = "AMDGPU_CTX_STABLE_PSTATE_MIN_MCLK" 3;
    /// Highest clocks.
    PSTATE_PEAK: u32 = "AMDGPU_CTX_STABLE_PSTATE_PEAK" 4;
    /// Reserve a VMID.
    VM_OP_RESERVE_VMID: u32 = "AMDGPU_VM_OP_RESERVE_VMID" 1;
    /// Give it back.
    VM_OP_UNRESERVE_VMID: u32 = "AMDGPU_VM_OP_UNRESERVE_VMID" 2;
    /// All contexts of a client.
    SCHED_OP_PROCESS_PRIORITY_OVERRIDE: u32 = "AMDGPU_SCHED_OP_PROCESS_PRIORITY_OVERRIDE" 1;
    /// One context.
    SCHED_OP_CONTEXT_PRIORITY_OVERRIDE: u32 = "AMDGPU_SCHED_OP_CONTEXT_PRIORITY_OVERRIDE" 2;
    /// Delay of a signal of the compute driver.
    PROC_OPTIONS_OP_KFD_SIGBUS_DELAY: u32 = "AMDGPU_PROC_OPTIONS_OP_KFD_SIGBUS_DELAY" 0;
    /// No delay.
    PROC_OPTIONS_KFD_SIGBUS_DELAY_DISABLED: u32 = "AMDGPU_PROC_OPTIONS_KFD_SIGBUS_DELAY_DISABLED" 0xffff_ffff;
}
