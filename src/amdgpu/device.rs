//! A GPU that was opened and looked at: its node, what it is, its addresses and handles.

use super::bo::{CpuAccess, Placement};
use super::discover::Unusable;
use super::error::{DeviceName, Error};
use super::fault::PageFault;
use super::info::{GpuInfo, MemoryState, Sensor};
use super::ioctl;
use super::node::{Node, RenderNode};
use super::uapi::drm::{CAP_SYNCOBJ, CAP_SYNCOBJ_TIMELINE};
use super::uapi::info::{
    INFO_ACCEL_WORKING, INFO_GPUVM_FAULT, INFO_NUM_EVICTIONS, INFO_SENSOR, INFO_TIMESTAMP, INFO_VRAM_LOST_COUNTER,
    InfoGpuvmFault,
};
use super::vm::VaAllocator;
use nix::errno::Errno;
use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The first minor whose kernels say which chip they drive. Linux 6.1 has 49.
pub const LEAST_DRM_MINOR: u32 = 48;
/// The first minor that remembers page faults.
const GPUVM_FAULT_MINOR: u32 = 55;
/// Addresses below stay unused: see [`super::vm`].
const LEAST_VA: u64 = 4 << 30;

/// An open GPU. Everything that is made of it keeps it; the descriptor is closed with the last.
#[derive(Debug)]
pub struct Device {
    name: DeviceName,
    info: GpuInfo,
    addresses: Mutex<VaAllocator>,
    handles: SharedHandles,
    usage: Usage,
    // Last: closing it ends everything that is left of the client.
    node: Box<dyn Node>,
}

impl Device {
    /// Opens a render node. A process opens each GPU once: an opening is a client of its own.
    ///
    /// # Errors
    /// [`Error::Unusable`] with the reason.
    pub fn open(path: &Path) -> Result<Arc<Self>, Error> {
        match RenderNode::open(path) {
            Ok(node) => Self::new(Box::new(node), &path.to_string_lossy()),
            Err(error) => Err(Error::Unusable {
                device: DeviceName(path.to_string_lossy().into()),
                reason: Unusable::from_open(path, &error),
            }),
        }
    }

    /// Looks at a node that somebody opened. `name` is for messages.
    ///
    /// # Errors
    /// [`Error::Unusable`] with the reason.
    pub fn new(node: Box<dyn Node>, name: &str) -> Result<Arc<Self>, Error> {
        let name = DeviceName(name.into());
        match look(&*node) {
            Ok(info) => {
                let (start, end) = (info.va_low.0.max(LEAST_VA), info.va_low.1);
                let addresses = Mutex::new(VaAllocator::new(start, end, info.va_alignment));
                Ok(Arc::new(Self {
                    name,
                    info,
                    addresses,
                    handles: SharedHandles::default(),
                    usage: Usage::default(),
                    node,
                }))
            }
            Err(reason) => Err(Error::Unusable { device: name, reason }),
        }
    }

    /// In messages.
    pub const fn name(&self) -> &DeviceName {
        &self.name
    }

    /// What it is.
    pub const fn info(&self) -> &GpuInfo {
        &self.info
    }

    /// The heaps now, of all processes.
    ///
    /// # Errors
    /// [`Error::Call`], [`Error::Gone`].
    pub fn memory(&self) -> Result<MemoryState, Error> {
        MemoryState::query(self.node()).map_err(|errno| self.refused("AMDGPU_INFO MEMORY", errno))
    }

    /// Bytes of this client's buffers by where they were made.
    pub const fn usage(&self) -> &Usage {
        &self.usage
    }

    /// The GPU's clock, in ticks of [`GpuInfo::counter_khz`].
    ///
    /// # Errors
    /// [`Error::Call`], [`Error::Gone`].
    pub fn timestamp(&self) -> Result<u64, Error> {
        self.ask("AMDGPU_INFO TIMESTAMP", INFO_TIMESTAMP)
    }

    /// How many buffers of all processes were moved out of VRAM since the driver started.
    ///
    /// # Errors
    /// [`Error::Call`], [`Error::Gone`].
    pub fn evictions(&self) -> Result<u64, Error> {
        self.ask("AMDGPU_INFO NUM_EVICTIONS", INFO_NUM_EVICTIONS)
    }

    /// How often VRAM was lost since the driver started.
    ///
    /// # Errors
    /// [`Error::Call`], [`Error::Gone`].
    pub fn vram_losses(&self) -> Result<u32, Error> {
        ioctl::info(self.node(), INFO_VRAM_LOST_COUNTER, [0; 4])
            .map_err(|errno| self.refused("AMDGPU_INFO VRAM_LOST_COUNTER", errno))
    }

    /// Reads a sensor, or `None` where the chip hasn't got it.
    ///
    /// # Errors
    /// [`Error::Call`], [`Error::Gone`].
    pub fn sensor(&self, sensor: Sensor) -> Result<Option<u32>, Error> {
        match ioctl::info(self.node(), INFO_SENSOR, [sensor.number(), 0, 0, 0]) {
            Ok(value) => Ok(Some(value)),
            Err(Errno::EINVAL | Errno::ENOENT | Errno::EOPNOTSUPP) => Ok(None),
            Err(errno) => Err(self.refused("AMDGPU_INFO SENSOR", errno)),
        }
    }

    /// The last page fault of this client, where there was one and the kernel (from minor 55) can tell.
    pub fn last_fault(&self) -> Option<PageFault> {
        if self.info.drm_minor < GPUVM_FAULT_MINOR {
            return None;
        }
        let info: InfoGpuvmFault = ioctl::info(self.node(), INFO_GPUVM_FAULT, [0; 4]).ok()?;
        PageFault::new(&info)
    }

    /// How many buffers the kernel keeps for this client, for leak checks; `None` where it can't tell (up to Linux 6.12).
    ///
    /// # Errors
    /// [`Error::Call`], [`Error::Gone`].
    pub fn kernel_buffers(&self) -> Result<Option<usize>, Error> {
        match ioctl::gem_list_handles(self.node()) {
            Ok(buffers) => Ok(Some(buffers.len())),
            Err(Errno::EINVAL) => Ok(None),
            Err(errno) => Err(self.refused("AMDGPU_GEM_LIST_HANDLES", errno)),
        }
    }

    fn ask(&self, call: &'static str, query: u32) -> Result<u64, Error> {
        ioctl::info(self.node(), query, [0; 4]).map_err(|errno| self.refused(call, errno))
    }

    fn refused(&self, call: &'static str, errno: Errno) -> Error {
        Error::call(&self.name, call, errno)
    }

    pub(super) fn node(&self) -> &dyn Node {
        &*self.node
    }

    pub(super) fn addresses(&self) -> MutexGuard<'_, VaAllocator> {
        lock(&self.addresses)
    }

    pub(super) const fn handles(&self) -> &SharedHandles {
        &self.handles
    }

    /// An error unless `other` is this device.
    pub(super) fn must_be(&self, other: &Self) -> Result<(), Error> {
        if std::ptr::eq(self, other) {
            return Ok(());
        }
        Err(Error::OtherDevice { device: self.name.clone(), other: other.name.clone() })
    }
}

/// A lock that a panic elsewhere doesn't take away: what it protects is changed in one step each.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether a node can be used, and what it is.
fn look(node: &dyn Node) -> Result<GpuInfo, Unusable> {
    let call = |call| move |errno| Unusable::from_errno(call, errno);
    let version = ioctl::version(node).map_err(call("VERSION"))?;
    if version.name != "amdgpu" {
        return Err(Unusable::OtherDriver { driver: version.name });
    }
    let minor = u32::try_from(version.minor).unwrap_or(0);
    if version.major != 3 || minor < LEAST_DRM_MINOR {
        return Err(Unusable::OldDriver { major: version.major, minor });
    }
    for capability in [CAP_SYNCOBJ, CAP_SYNCOBJ_TIMELINE] {
        if ioctl::get_cap(node, capability).map_err(call("GET_CAP"))? != 1 {
            return Err(Unusable::OldDriver { major: version.major, minor });
        }
    }
    let working: u32 = ioctl::info(node, INFO_ACCEL_WORKING, [0; 4]).map_err(call("AMDGPU_INFO ACCEL_WORKING"))?;
    if working != 1 {
        return Err(Unusable::NotWorking);
    }
    let info = GpuInfo::query(node, minor).map_err(call("AMDGPU_INFO"))?;
    let info = info.map_err(|(version, family, revision)| Unusable::UnknownChip { version, family, revision })?;
    if info.compute.count == 0 { Err(Unusable::NoComputeRings) } else { Ok(info) }
}

/// Owners of handles that were exported or imported. A handle that isn't here has one owner.
///
/// The lock is held over the calls that make and close such handles, so that an import that gets the handle of a buffer
/// that is being dropped either comes first and keeps it, or comes second and gets a new one.
#[derive(Debug, Default)]
pub(super) struct SharedHandles {
    owners: Mutex<HashMap<u32, u32>>,
}

impl SharedHandles {
    /// Counts one more owner of the handle that `import` returns.
    pub(super) fn import(&self, import: impl FnOnce() -> Result<u32, Errno>) -> Result<u32, Errno> {
        let mut owners = lock(&self.owners);
        let handle = import()?;
        *owners.entry(handle).or_insert(0) += 1;
        Ok(handle)
    }

    /// Counts the owner of a handle that leaves.
    pub(super) fn export<T>(&self, handle: u32, export: impl FnOnce() -> Result<T, Errno>) -> Result<T, Errno> {
        let mut owners = lock(&self.owners);
        let out = export()?;
        owners.entry(handle).or_insert(1);
        Ok(out)
    }

    /// Closes with the last owner.
    pub(super) fn close(&self, handle: u32, close: impl FnOnce() -> Result<(), Errno>) -> Result<(), Errno> {
        let mut owners = lock(&self.owners);
        if let Some(count) = owners.get_mut(&handle) {
            *count -= 1;
            if *count > 0 {
                return Ok(());
            }
            owners.remove(&handle);
        }
        close()
    }
}

/// Bytes of a client's buffers, by where they were made.
#[derive(Debug, Default)]
pub struct Usage {
    vram: AtomicU64,
    visible_vram: AtomicU64,
    gtt: AtomicU64,
}

impl Usage {
    /// In VRAM.
    pub fn vram_bytes(&self) -> u64 {
        self.vram.load(Ordering::Relaxed)
    }

    /// Of those, where the CPU sees them.
    pub fn visible_vram_bytes(&self) -> u64 {
        self.visible_vram.load(Ordering::Relaxed)
    }

    /// In GTT.
    pub fn gtt_bytes(&self) -> u64 {
        self.gtt.load(Ordering::Relaxed)
    }

    fn counters(&self, placement: Placement, access: CpuAccess) -> (&AtomicU64, Option<&AtomicU64>) {
        match placement {
            Placement::Vram => (&self.vram, (access != CpuAccess::None).then_some(&self.visible_vram)),
            Placement::Gtt => (&self.gtt, None),
        }
    }

    // ORDERING: counters that nothing else depends on.
    pub(super) fn add(&self, placement: Placement, access: CpuAccess, bytes: u64) {
        let (heap, part) = self.counters(placement, access);
        heap.fetch_add(bytes, Ordering::Relaxed);
        if let Some(part) = part {
            part.fetch_add(bytes, Ordering::Relaxed);
        }
    }

    pub(super) fn remove(&self, placement: Placement, access: CpuAccess, bytes: u64) {
        let (heap, part) = self.counters(placement, access);
        heap.fetch_sub(bytes, Ordering::Relaxed);
        if let Some(part) = part {
            part.fetch_sub(bytes, Ordering::Relaxed);
        }
    }
}
