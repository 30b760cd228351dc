//! Accounts of memory: what is in video memory, what in system memory.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use super::config::Device;
use super::sync::lock;

/// Domain bits. Source: Linux `include/uapi/drm/amdgpu_drm.h`, `AMDGPU_GEM_DOMAIN_*`.
pub(crate) mod domain {
    pub(crate) const CPU: u32 = 1;
    pub(crate) const GTT: u32 = 2;
    pub(crate) const VRAM: u32 = 4;
    pub(crate) const GDS: u32 = 8;
    pub(crate) const GWS: u32 = 0x10;
    pub(crate) const OA: u32 = 0x20;
    pub(crate) const DOORBELL: u32 = 0x40;
}

/// Where a buffer lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In video memory: so many bytes of it in the part that the CPU reaches, the rest beyond.
    Vram {
        /// Visible bytes.
        visible: u64,
    },
    /// In system memory that the GPU reaches.
    Gtt,
    /// Where the GPU does not reach it.
    System,
}

/// Bytes in use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    /// Video memory, both parts.
    pub(crate) vram: u64,
    /// Of it what the CPU reaches.
    pub(crate) visible: u64,
    /// System memory that the GPU reaches.
    pub(crate) gtt: u64,
}

/// The memory of one device.
#[derive(Debug)]
pub(crate) struct Heap {
    pub(crate) vram_bytes: u64,
    pub(crate) visible_bytes: u64,
    pub(crate) gtt_bytes: u64,
    /// Video memory that is the kernel's own.
    kernel_bytes: u64,
    used: Mutex<Usage>,
    /// Times a mapped page had to be moved to where the CPU reaches it.
    pub(crate) cpu_faults: AtomicU64,
    /// Bytes that were moved between the places.
    pub(crate) moved: AtomicU64,
}

/// What the kernel itself pins of video memory: firmware, page tables, a console. Any board shows a few tens of MiB.
const KERNEL_VRAM: u64 = 24 << 20;

impl Heap {
    pub(crate) fn new(device: &Device) -> Self {
        let kernel = KERNEL_VRAM.min(device.vram_bytes / 16) & !0xfff;
        let visible = kernel.min(device.visible_vram_bytes);
        Self {
            vram_bytes: device.vram_bytes,
            visible_bytes: device.visible_vram_bytes,
            gtt_bytes: device.gtt_bytes,
            kernel_bytes: kernel,
            used: Mutex::new(Usage { vram: kernel, visible, gtt: 0 }),
            cpu_faults: AtomicU64::new(0),
            moved: AtomicU64::new(0),
        }
    }

    pub(crate) fn usage(&self) -> Usage {
        *lock(&self.used)
    }

    /// Whether a buffer of that size could ever be in `domains`. Source: Linux `amdgpu_object.c`,
    /// `amdgpu_bo_validate_size`.
    pub(crate) const fn fits(&self, bytes: u64, domains: u32) -> bool {
        if domains & domain::GTT != 0 {
            bytes < self.gtt_bytes
        } else if domains & domain::VRAM != 0 {
            bytes < self.vram_bytes
        } else {
            true
        }
    }

    fn vram(&self, used: &mut Usage, bytes: u64, visible_only: bool) -> Option<Place> {
        let free_visible = self.visible_bytes - used.visible;
        let free_hidden = (self.vram_bytes - self.visible_bytes) - (used.vram - used.visible);
        let visible = if visible_only { bytes } else { bytes.saturating_sub(free_hidden) };
        (visible <= free_visible).then(|| {
            used.vram += bytes;
            used.visible += visible;
            Place::Vram { visible }
        })
    }

    fn gtt(&self, used: &mut Usage, bytes: u64) -> Option<Place> {
        (bytes <= self.gtt_bytes - used.gtt).then(|| {
            used.gtt += bytes;
            Place::Gtt
        })
    }

    /// Finds room in the first of `domains` that has it, video memory before system memory, as long as clients have no
    /// more than `most` bytes.
    pub(crate) fn take(&self, bytes: u64, domains: u32, visible_only: bool, most: u64) -> Option<Place> {
        let mut used = lock(&self.used);
        if (used.vram - self.kernel_bytes + used.gtt).saturating_add(bytes) > most {
            return None;
        }
        if domains & (domain::VRAM | domain::GTT) == 0 {
            return Some(Place::System);
        }
        let vram = if domains & domain::VRAM != 0 { self.vram(&mut used, bytes, visible_only) } else { None };
        vram.or_else(|| if domains & domain::GTT != 0 { self.gtt(&mut used, bytes) } else { None })
    }

    /// Gives room back.
    pub(crate) fn release(&self, bytes: u64, place: Place) {
        let mut used = lock(&self.used);
        match place {
            Place::Vram { visible } => {
                used.vram = used.vram.saturating_sub(bytes);
                used.visible = used.visible.saturating_sub(visible);
            }
            Place::Gtt => used.gtt = used.gtt.saturating_sub(bytes),
            Place::System => {}
        }
    }

    /// Moves a buffer to where the CPU reaches it, as a page fault of the CPU does; `None` if there is no room.
    pub(crate) fn reach(&self, bytes: u64, place: Place) -> Option<Place> {
        match place {
            Place::Vram { visible } if visible < bytes => {
                let mut used = lock(&self.used);
                used.vram = used.vram.saturating_sub(bytes);
                used.visible = used.visible.saturating_sub(visible);
                let moved = self.vram(&mut used, bytes, true).or_else(|| self.gtt(&mut used, bytes));
                if moved.is_none() {
                    used.vram += bytes;
                    used.visible += visible;
                    return None;
                }
                drop(used);
                self.cpu_faults.fetch_add(1, Ordering::Relaxed);
                self.moved.fetch_add(bytes, Ordering::Relaxed);
                moved
            }
            other => Some(other),
        }
    }
}
