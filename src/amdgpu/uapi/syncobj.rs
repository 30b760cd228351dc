//! DRM sync objects, binary and with timeline points.

use super::{constants, requests, structures};

structures! { LAYOUTS:
    /// Makes a sync object.
    SyncobjCreate = "struct drm_syncobj_create" [8] {
        /// The new handle.
        handle: u32 = 0,
        /// `CREATE_SIGNALED` or 0.
        flags: u32 = 4,
    }
    /// Drops a sync object.
    SyncobjDestroy = "struct drm_syncobj_destroy" [8] {
        /// Sync object.
        handle: u32 = 0,
        /// Zero.
        pad: u32 = 4,
    }
    /// Turns a handle into a descriptor, or back.
    SyncobjHandle = "struct drm_syncobj_handle" [24] {
        /// Sync object.
        handle: u32 = 0,
        /// `HANDLE_TO_FD_*` or `FD_TO_HANDLE_*`.
        flags: u32 = 4,
        /// Sync object's or sync file's descriptor.
        fd: i32 = 8,
        /// Zero.
        pad: u32 = 12,
        /// Timeline point of a sync file. Not in Linux 6.12: see [`HANDLE_BASE_SIZE`].
        point: u64 = 16,
    }
    /// Copies a fence from one sync object to another.
    SyncobjTransfer = "struct drm_syncobj_transfer" [32] {
        /// Sync object.
        src_handle: u32 = 0,
        /// Sync object.
        dst_handle: u32 = 4,
        /// 0 for a binary sync object.
        src_point: u64 = 8,
        /// 0 for a binary sync object.
        dst_point: u64 = 16,
        /// `WAIT_FOR_SUBMIT` or 0.
        flags: u32 = 24,
        /// Zero.
        pad: u32 = 28,
    }
    /// Waits for binary sync objects.
    SyncobjWait = "struct drm_syncobj_wait" [40] {
        /// User address of `count_handles` handles.
        handles: u64 = 0,
        /// Absolute `CLOCK_MONOTONIC` nanoseconds.
        timeout_nsec: i64 = 8,
        /// Number of handles.
        count_handles: u32 = 16,
        /// `WAIT_*`.
        flags: u32 = 20,
        /// Index of the first one that was signalled.
        first_signaled: u32 = 24,
        /// Zero.
        pad: u32 = 28,
        /// A hint. Not in Linux 6.1: see [`WAIT_BASE_SIZE`].
        deadline_nsec: u64 = 32,
    }
    /// Waits for points of sync objects.
    SyncobjTimelineWait = "struct drm_syncobj_timeline_wait" [48] {
        /// User address of `count_handles` handles.
        handles: u64 = 0,
        /// User address of `count_handles` points.
        points: u64 = 8,
        /// Absolute `CLOCK_MONOTONIC` nanoseconds.
        timeout_nsec: i64 = 16,
        /// Number of handles.
        count_handles: u32 = 24,
        /// `WAIT_*`.
        flags: u32 = 28,
        /// Index of the first one that was signalled.
        first_signaled: u32 = 32,
        /// Zero.
        pad: u32 = 36,
        /// A hint. Not in Linux 6.1: see [`TIMELINE_WAIT_BASE_SIZE`].
        deadline_nsec: u64 = 40,
    }
    /// Gives an eventfd a point to wait for. Not in Linux 6.1.
    SyncobjEventfd = "struct drm_syncobj_eventfd" [24] {
        /// Sync object.
        handle: u32 = 0,
        /// `WAIT_AVAILABLE` or 0.
        flags: u32 = 4,
        /// 0 for a binary sync object.
        point: u64 = 8,
        /// The eventfd.
        fd: i32 = 16,
        /// Zero.
        pad: u32 = 20,
    }
    /// Sync objects to reset or to signal.
    SyncobjArray = "struct drm_syncobj_array" [16] {
        /// User address of `count_handles` handles.
        handles: u64 = 0,
        /// Number of handles, not 0.
        count_handles: u32 = 8,
        /// Zero.
        pad: u32 = 12,
    }
    /// Points of sync objects to ask for or to signal.
    SyncobjTimelineArray = "struct drm_syncobj_timeline_array" [24] {
        /// User address of `count_handles` handles.
        handles: u64 = 0,
        /// User address of `count_handles` points.
        points: u64 = 8,
        /// Number of handles, not 0.
        count_handles: u32 = 16,
        /// `QUERY_LAST_SUBMITTED` or 0.
        flags: u32 = 20,
    }
}

requests! {
    SYNCOBJ_CREATE = "DRM_IOCTL_SYNCOBJ_CREATE" READ_WRITE 0xbf, SyncobjCreate = 0xc008_64bf;
    SYNCOBJ_DESTROY = "DRM_IOCTL_SYNCOBJ_DESTROY" READ_WRITE 0xc0, SyncobjDestroy = 0xc008_64c0;
    SYNCOBJ_HANDLE_TO_FD = "DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD" READ_WRITE 0xc1, SyncobjHandle = 0xc018_64c1;
    SYNCOBJ_FD_TO_HANDLE = "DRM_IOCTL_SYNCOBJ_FD_TO_HANDLE" READ_WRITE 0xc2, SyncobjHandle = 0xc018_64c2;
    SYNCOBJ_WAIT = "DRM_IOCTL_SYNCOBJ_WAIT" READ_WRITE 0xc3, SyncobjWait = 0xc028_64c3;
    SYNCOBJ_RESET = "DRM_IOCTL_SYNCOBJ_RESET" READ_WRITE 0xc4, SyncobjArray = 0xc010_64c4;
    SYNCOBJ_SIGNAL = "DRM_IOCTL_SYNCOBJ_SIGNAL" READ_WRITE 0xc5, SyncobjArray = 0xc010_64c5;
    SYNCOBJ_TIMELINE_WAIT = "DRM_IOCTL_SYNCOBJ_TIMELINE_WAIT" READ_WRITE 0xca, SyncobjTimelineWait = 0xc030_64ca;
    SYNCOBJ_QUERY = "DRM_IOCTL_SYNCOBJ_QUERY" READ_WRITE 0xcb, SyncobjTimelineArray = 0xc018_64cb;
    SYNCOBJ_TRANSFER = "DRM_IOCTL_SYNCOBJ_TRANSFER" READ_WRITE 0xcc, SyncobjTransfer = 0xc020_64cc;
    SYNCOBJ_TIMELINE_SIGNAL = "DRM_IOCTL_SYNCOBJ_TIMELINE_SIGNAL" READ_WRITE 0xcd, SyncobjTimelineArray = 0xc018_64cd;
    SYNCOBJ_EVENTFD = "DRM_IOCTL_SYNCOBJ_EVENTFD" READ_WRITE 0xcf, SyncobjEventfd = 0xc018_64cf;
}

constants! {
    /// Start signalled.
    CREATE_SIGNALED: u32 = "DRM_SYNCOBJ_CREATE_SIGNALED" 1;
    /// Wait for all, not for any.
    WAIT_ALL: u32 = "DRM_SYNCOBJ_WAIT_FLAGS_WAIT_ALL" 1;
    /// Wait for a fence to appear first.
    WAIT_FOR_SUBMIT: u32 = "DRM_SYNCOBJ_WAIT_FLAGS_WAIT_FOR_SUBMIT" 2;
    /// Wait until a point has a fence, not until the fence has signalled.
    WAIT_AVAILABLE: u32 = "DRM_SYNCOBJ_WAIT_FLAGS_WAIT_AVAILABLE" 4;
    /// `deadline_nsec` is set. Not in Linux 6.1.
    WAIT_DEADLINE: u32 = "DRM_SYNCOBJ_WAIT_FLAGS_WAIT_DEADLINE" 8;
    /// Ask for the last point that was submitted, not the last that was signalled.
    QUERY_LAST_SUBMITTED: u32 = "DRM_SYNCOBJ_QUERY_FLAGS_LAST_SUBMITTED" 1;
    /// Import a sync file's fence into an existing sync object.
    FD_TO_HANDLE_IMPORT_SYNC_FILE: u32 = "DRM_SYNCOBJ_FD_TO_HANDLE_FLAGS_IMPORT_SYNC_FILE" 1;
    /// Export the present fence as a sync file.
    HANDLE_TO_FD_EXPORT_SYNC_FILE: u32 = "DRM_SYNCOBJ_HANDLE_TO_FD_FLAGS_EXPORT_SYNC_FILE" 1;
}

/// Bytes of [`SyncobjHandle`] up to Linux 6.12, enough where `point` is 0.
pub const HANDLE_BASE_SIZE: usize = 16;
/// Bytes of [`SyncobjWait`] in Linux 6.1, enough without [`WAIT_DEADLINE`].
pub const WAIT_BASE_SIZE: usize = 32;
/// Bytes of [`SyncobjTimelineWait`] in Linux 6.1, enough without [`WAIT_DEADLINE`].
pub const TIMELINE_WAIT_BASE_SIZE: usize = 40;
/// [`SYNCOBJ_HANDLE_TO_FD`] with [`HANDLE_BASE_SIZE`].
pub const SYNCOBJ_HANDLE_TO_FD_BASE: u32 = super::request(super::READ_WRITE, 0xc1, HANDLE_BASE_SIZE);
/// [`SYNCOBJ_FD_TO_HANDLE`] with [`HANDLE_BASE_SIZE`].
pub const SYNCOBJ_FD_TO_HANDLE_BASE: u32 = super::request(super::READ_WRITE, 0xc2, HANDLE_BASE_SIZE);
/// [`SYNCOBJ_WAIT`] with [`WAIT_BASE_SIZE`].
pub const SYNCOBJ_WAIT_BASE: u32 = super::request(super::READ_WRITE, 0xc3, WAIT_BASE_SIZE);
/// [`SYNCOBJ_TIMELINE_WAIT`] with [`TIMELINE_WAIT_BASE_SIZE`].
pub const SYNCOBJ_TIMELINE_WAIT_BASE: u32 = super::request(super::READ_WRITE, 0xca, TIMELINE_WAIT_BASE_SIZE);

const _: () = {
    assert!(SYNCOBJ_HANDLE_TO_FD_BASE == 0xc010_64c1 && SYNCOBJ_FD_TO_HANDLE_BASE == 0xc010_64c2);
    assert!(SYNCOBJ_WAIT_BASE == 0xc020_64c3 && SYNCOBJ_TIMELINE_WAIT_BASE == 0xc028_64ca);
};
