//! What every DRM driver answers: version, capabilities, closing and sharing of buffer objects.

use super::{constants, requests, structures};

structures! { LAYOUTS:
    /// Who the driver is. The pointers name buffers of the lengths beside them; the kernel stores the strings without a
    /// NUL and sets each length to that of the whole string.
    Version = "struct drm_version" [64] {
        /// Major version; amdgpu has 3.
        version_major: i32 = 0,
        /// Minor version, which says what the driver can do.
        version_minor: i32 = 4,
        /// Always 0 for amdgpu.
        version_patchlevel: i32 = 8,
        /// Padding.
        pad: u32 = 12 as "",
        /// Bytes.
        name_len: u64 = 16,
        /// User address.
        name: u64 = 24,
        /// Bytes.
        date_len: u64 = 32,
        /// User address.
        date: u64 = 40,
        /// Bytes.
        desc_len: u64 = 48,
        /// User address.
        desc: u64 = 56,
    }
    /// Asks for one capability.
    GetCap = "struct drm_get_cap" [16] {
        /// `CAP_*`.
        capability: u64 = 0,
        /// The answer.
        value: u64 = 8,
    }
    /// Drops a handle.
    GemClose = "struct drm_gem_close" [8] {
        /// Buffer object.
        handle: u32 = 0,
        /// Zero.
        pad: u32 = 4,
    }
    /// Turns a handle into a dma-buf descriptor, or back.
    PrimeHandle = "struct drm_prime_handle" [12] {
        /// Buffer object.
        handle: u32 = 0,
        /// `O_CLOEXEC` and `O_RDWR` alone.
        flags: u32 = 4,
        /// dma-buf.
        fd: i32 = 8,
    }
    /// Names this client in the kernel's debug files. Not in Linux 6.12.
    SetClientName = "struct drm_set_client_name" [16] {
        /// Bytes without the NUL.
        name_len: u64 = 0,
        /// User address.
        name: u64 = 8,
    }
}

requests! {
    VERSION = "DRM_IOCTL_VERSION" READ_WRITE 0x00, Version = 0xc040_6400;
    GET_CAP = "DRM_IOCTL_GET_CAP" READ_WRITE 0x0c, GetCap = 0xc010_640c;
    GEM_CLOSE = "DRM_IOCTL_GEM_CLOSE" WRITE 0x09, GemClose = 0x4008_6409;
    PRIME_HANDLE_TO_FD = "DRM_IOCTL_PRIME_HANDLE_TO_FD" READ_WRITE 0x2d, PrimeHandle = 0xc00c_642d;
    PRIME_FD_TO_HANDLE = "DRM_IOCTL_PRIME_FD_TO_HANDLE" READ_WRITE 0x2e, PrimeHandle = 0xc00c_642e;
    SET_CLIENT_NAME = "DRM_IOCTL_SET_CLIENT_NAME" READ_WRITE 0xd1, SetClientName = 0xc010_64d1;
}

constants! {
    /// Bit 0 import, bit 1 export of dma-bufs.
    CAP_PRIME: u64 = "DRM_CAP_PRIME" 0x5;
    /// Timestamps are those of `CLOCK_MONOTONIC`.
    CAP_TIMESTAMP_MONOTONIC: u64 = "DRM_CAP_TIMESTAMP_MONOTONIC" 0x6;
    /// Sync objects.
    CAP_SYNCOBJ: u64 = "DRM_CAP_SYNCOBJ" 0x13;
    /// Sync objects with points.
    CAP_SYNCOBJ_TIMELINE: u64 = "DRM_CAP_SYNCOBJ_TIMELINE" 0x14;
}
