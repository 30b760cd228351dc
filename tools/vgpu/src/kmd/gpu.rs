//! One device: its memory, its counters, and the objects that all files share.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::Instant;

use super::arena::Arena;
use super::bo::Bo;
use super::config::{Config, Device, Flavour};
use super::export::Exports;
use super::heap::Heap;
use super::inject::Inject;
use super::memory::Pages;
use super::report::{Collected, Kind, Report, Sink};
use super::ring::Rings;
use super::sync::{Bell, lock};

/// Where `mmap` offsets of objects begin. Source: Linux `include/drm/drm_vma_manager.h`, `DRM_FILE_PAGE_OFFSET_START`.
pub(crate) const FIRST_FAKE_OFFSET: u64 = 1 << 32;

/// What all devices and files of a kernel share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) bell: Arc<Bell>,
    pub(crate) inject: Inject,
    pub(crate) collected: Collected,
    pub(crate) exports: Exports,
    /// The file of all buffers, if they have one.
    pub(crate) arena: Option<Arc<Arena>>,
    numbers: AtomicU64,
    /// Open files of all devices.
    pub(crate) files: AtomicUsize,
}

impl Shared {
    pub(crate) fn new(config: Config, arena: Option<Arc<Arena>>) -> Self {
        Self {
            config,
            bell: Arc::default(),
            inject: Inject::default(),
            collected: Collected::default(),
            exports: Exports::default(),
            arena,
            numbers: AtomicU64::new(1),
            files: AtomicUsize::new(0),
        }
    }

    /// A number that nothing else of this kernel has.
    pub(crate) fn number(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::Relaxed)
    }

    pub(crate) fn report(&self, report: Report) {
        if let Some(sink) = &self.config.sink {
            sink.report(report.clone());
        }
        self.collected.report(report);
    }
}

/// One device.
#[derive(Debug)]
pub(crate) struct Gpu {
    pub(crate) index: usize,
    pub(crate) device: Device,
    pub(crate) shared: Arc<Shared>,
    pub(crate) heap: Arc<Heap>,
    pub(crate) rings: Mutex<Rings>,
    /// Full and partial resets since the start.
    pub(crate) resets: AtomicU32,
    pub(crate) resetting: AtomicBool,
    pub(crate) vram_lost: AtomicU32,
    pub(crate) unplugged: AtomicBool,
    pub(crate) accel_working: AtomicBool,
    pub(crate) stop: AtomicBool,
    /// The serial of the context that holds a stable power state, and that state.
    pub(crate) pstate: Mutex<Option<(u64, u32)>>,
    /// The VM that holds a reserved VMID.
    pub(crate) vmid: Mutex<Option<u64>>,
    pub(crate) started: Instant,
    by_offset: Mutex<BTreeMap<u64, Weak<Bo>>>,
    next_offset: AtomicU64,
}

impl Gpu {
    pub(crate) fn new(index: usize, device: Device, shared: Arc<Shared>) -> Self {
        Self {
            index,
            heap: Arc::new(Heap::new(&device)),
            rings: Mutex::new(Rings::new(&device.chip)),
            device,
            shared,
            resets: AtomicU32::new(0),
            resetting: AtomicBool::new(false),
            vram_lost: AtomicU32::new(0),
            unplugged: AtomicBool::new(false),
            accel_working: AtomicBool::new(true),
            stop: AtomicBool::new(false),
            pstate: Mutex::default(),
            vmid: Mutex::default(),
            started: Instant::now(),
            by_offset: Mutex::default(),
            next_offset: AtomicU64::new(FIRST_FAKE_OFFSET),
        }
    }

    pub(crate) fn flavour(&self) -> Flavour {
        self.shared.config.flavour
    }

    pub(crate) fn bell(&self) -> &Arc<Bell> {
        &self.shared.bell
    }

    pub(crate) fn report(&self, kind: Kind, pid: i32, text: String) {
        self.shared.report(Report { kind, device: self.index, pid, text });
    }

    /// An `mmap` offset that no other object has, unless it has the same pages.
    pub(crate) fn fake_offset(&self, bytes: u64, pages: &Pages) -> u64 {
        if let Some(stretch) = pages.stretch() {
            return stretch.start();
        }
        self.next_offset.fetch_add(bytes, Ordering::Relaxed)
    }

    /// Makes an object known by its offset.
    pub(crate) fn enlist(&self, bo: &Arc<Bo>) {
        let mut by_offset = lock(&self.by_offset);
        by_offset.insert(bo.fake_offset, Arc::downgrade(bo));
        if by_offset.len().is_power_of_two() {
            by_offset.retain(|_, bo| bo.strong_count() != 0);
        }
    }

    pub(crate) fn by_offset(&self, offset: u64) -> Option<Arc<Bo>> {
        lock(&self.by_offset).get(&offset)?.upgrade()
    }

    /// All objects of the device.
    pub(crate) fn objects(&self) -> Vec<Arc<Bo>> {
        lock(&self.by_offset).values().filter_map(Weak::upgrade).collect()
    }
}
