//! Buffer objects: memory that the kernel places, moves and frees.
//!
//! A [`BufferObject`] owns its handle. Importing a dma-buf that this client already knows gives the same handle again, so
//! handles that were ever shared are counted per device and closed with their last owner.

use super::deadline::{Deadline, until};
use super::device::Device;
use super::error::Error;
use super::ioctl;
use super::map::{CpuMapping, HostMemory, page_size};
use super::uapi::gem::{
    CREATE_CPU_ACCESS_REQUIRED, CREATE_CPU_GTT_USWC, CREATE_EXPLICIT_SYNC, CREATE_NO_CPU_ACCESS,
    CREATE_VM_ALWAYS_VALID, DOMAIN_GTT, DOMAIN_VRAM, GemCreateIn, USERPTR_ANONONLY, USERPTR_READONLY, USERPTR_REGISTER,
    USERPTR_VALIDATE,
};
use nix::errno::Errno;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::time::Duration;

/// Where a buffer should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Placement {
    /// The card's memory; system memory where there is no room. An APU's kernel chooses freely, as both are the same.
    Vram,
    /// System memory that the GPU reaches.
    Gtt,
}

/// What the CPU does with a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CpuAccess {
    /// Nothing: it can't be mapped, and VRAM may be anywhere.
    None,
    /// Writes in order: write-combined, in the part of VRAM that the CPU sees.
    Write,
    /// Reads and writes: cached in GTT; slow to read in VRAM.
    ReadWrite,
}

/// A wish for a buffer. New GTT is zero; new VRAM is zero from minor 59 on (Linux 6.12), and before that holds what
/// others left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BufferRequest {
    /// Bytes, rounded up to pages; large ones in VRAM to 2 MiB.
    pub bytes: u64,
    /// Where.
    pub placement: Placement,
    /// What for.
    pub access: CpuAccess,
    /// In every submission without being listed; can't be exported.
    pub always_valid: bool,
}

impl BufferRequest {
    /// `bytes` bytes of VRAM that the CPU doesn't touch.
    pub const fn vram(bytes: u64) -> Self {
        Self { bytes, placement: Placement::Vram, access: CpuAccess::None, always_valid: false }
    }

    /// `bytes` bytes of GTT that the CPU reads and writes.
    pub const fn gtt(bytes: u64) -> Self {
        Self { bytes, placement: Placement::Gtt, access: CpuAccess::ReadWrite, always_valid: false }
    }

    /// The same with other access.
    pub const fn access(mut self, access: CpuAccess) -> Self {
        self.access = access;
        self
    }

    /// The same, in every submission.
    pub const fn always_valid(mut self) -> Self {
        self.always_valid = true;
        self
    }

    /// The kernel's flags for a place.
    const fn flags(&self, placement: Placement) -> u64 {
        let access = match (self.access, placement) {
            (CpuAccess::None, _) => CREATE_NO_CPU_ACCESS,
            (_, Placement::Vram) => CREATE_CPU_ACCESS_REQUIRED,
            (CpuAccess::Write, Placement::Gtt) => CREATE_CPU_GTT_USWC,
            (CpuAccess::ReadWrite, Placement::Gtt) => 0,
        };
        CREATE_EXPLICIT_SYNC | access | if self.always_valid { CREATE_VM_ALWAYS_VALID } else { 0 }
    }
}

/// Size and alignment of large buffers in VRAM, which the kernel hands out in such blocks: the GPU's large fragment.
const VRAM_BLOCK_BYTES: u64 = 2 << 20;
/// From this minor on a buffer may be in VRAM alone without its like being thrown back and forth under pressure.
/// Source: Mesa `radv_amdgpu_bo.c`.
const VRAM_ALONE_MINOR: u32 = 58;

/// What a buffer's memory is.
#[derive(Debug)]
enum Memory {
    /// The kernel's.
    Kernel(Placement),
    /// The process's own; kept until the handle is closed.
    Host(HostMemory),
    /// Another client's.
    Imported,
}

/// Memory of a device. It closes its handle when it is dropped; mappings and residencies keep it with an [`Arc`].
#[derive(Debug)]
pub struct BufferObject {
    handle: u32,
    bytes: u64,
    access: CpuAccess,
    always_valid: bool,
    memory: Memory,
    device: Arc<Device>,
}

impl BufferObject {
    /// Makes a buffer.
    ///
    /// Where VRAM has no room that nobody uses, the buffer goes to GTT at once: the kernel would otherwise move other
    /// buffers out, and back, at every submission. [`Self::placement`] says what became of the wish.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`], [`Error::Call`], [`Error::Gone`].
    pub fn new(device: &Arc<Device>, request: &BufferRequest) -> Result<Arc<Self>, Error> {
        let out_of_memory = |place| Error::OutOfMemory { device: device.name().clone(), bytes: request.bytes, place };
        if request.bytes == 0 {
            return Err(Error::call(device.name(), "AMDGPU_GEM_CREATE", Errno::EINVAL));
        }
        let bytes = request.bytes.checked_next_multiple_of(page_size() as u64); // CAST: usize has at most 64 bits.
        let bytes = bytes.ok_or_else(|| out_of_memory("GTT"))?;
        if request.placement == Placement::Vram && vram_has_room(device, request.access, bytes)? {
            let block = bytes >= VRAM_BLOCK_BYTES;
            let size = if block { bytes.checked_next_multiple_of(VRAM_BLOCK_BYTES).unwrap_or(bytes) } else { bytes };
            let info = device.info();
            let alone = !info.integrated && info.drm_minor >= VRAM_ALONE_MINOR;
            let wish = GemCreateIn {
                bo_size: size,
                alignment: if block { VRAM_BLOCK_BYTES } else { 0 },
                domains: if alone { DOMAIN_VRAM } else { DOMAIN_VRAM | DOMAIN_GTT },
                domain_flags: request.flags(Placement::Vram),
            };
            match ioctl::gem_create(device.node(), wish) {
                Ok(handle) => return Ok(Self::own(device, handle, size, request, Placement::Vram)),
                Err(Errno::ENOMEM) => {}
                Err(errno) => return Err(Error::call(device.name(), "AMDGPU_GEM_CREATE", errno)),
            }
        }
        let wish = GemCreateIn {
            bo_size: bytes,
            alignment: 0,
            domains: DOMAIN_GTT,
            domain_flags: request.flags(Placement::Gtt),
        };
        match ioctl::gem_create(device.node(), wish) {
            Ok(handle) => Ok(Self::own(device, handle, bytes, request, Placement::Gtt)),
            Err(Errno::ENOMEM) => Err(out_of_memory(match request.placement {
                Placement::Vram => "VRAM or GTT",
                Placement::Gtt => "GTT",
            })),
            Err(errno) => Err(Error::call(device.name(), "AMDGPU_GEM_CREATE", errno)),
        }
    }

    fn own(device: &Arc<Device>, handle: u32, bytes: u64, request: &BufferRequest, placement: Placement) -> Arc<Self> {
        device.usage().add(placement, request.access, bytes);
        Arc::new(Self {
            handle,
            bytes,
            access: request.access,
            always_valid: request.always_valid,
            memory: Memory::Kernel(placement),
            device: device.clone(),
        })
    }

    /// Lets the GPU use `memory` in place; with `read_only` it only reads. The memory goes with the buffer.
    ///
    /// The kernel looks at the pages again at every submission, so this is for large inputs that are used once.
    ///
    /// # Errors
    /// [`Error::Call`]: `EFAULT` for memory that can't be used so.
    pub fn from_host(device: &Arc<Device>, memory: HostMemory, read_only: bool) -> Result<Arc<Self>, Error> {
        let flags = USERPTR_ANONONLY | USERPTR_VALIDATE | USERPTR_REGISTER;
        let flags = if read_only { flags | USERPTR_READONLY } else { flags };
        match ioctl::gem_userptr(device.node(), &memory, flags) {
            Ok(handle) => Ok(Arc::new(Self {
                handle,
                bytes: memory.len() as u64, // CAST: usize has at most 64 bits.
                access: CpuAccess::None,
                always_valid: false,
                memory: Memory::Host(memory),
                device: device.clone(),
            })),
            Err(errno) => Err(Error::call(device.name(), "AMDGPU_GEM_USERPTR", errno)),
        }
    }

    /// Takes a dma-buf, of this or another device or process.
    ///
    /// # Errors
    /// [`Error::Call`]: `EINVAL` for a descriptor that is no dma-buf.
    pub fn import(device: &Arc<Device>, dma_buf: BorrowedFd<'_>) -> Result<Arc<Self>, Error> {
        let handle = device
            .handles()
            .import(|| ioctl::prime_fd_to_handle(device.node(), dma_buf))
            .map_err(|errno| Error::call(device.name(), "PRIME_FD_TO_HANDLE", errno))?;
        // From here on the handle has an owner, whatever fails.
        let mut buffer = Self {
            handle,
            bytes: 0,
            access: CpuAccess::ReadWrite,
            always_valid: false,
            memory: Memory::Imported,
            device: device.clone(),
        };
        let info = ioctl::gem_create_info(device.node(), handle)
            .map_err(|errno| Error::call(device.name(), "AMDGPU_GEM_OP", errno))?;
        buffer.bytes = info.bo_size;
        Ok(Arc::new(buffer))
    }

    /// A dma-buf of this buffer, for another device or process.
    ///
    /// # Errors
    /// [`Error::Permission`] for a buffer that is always valid or host memory.
    pub fn export(&self) -> Result<OwnedFd, Error> {
        self.device
            .handles()
            .export(self.handle, || ioctl::prime_handle_to_fd(self.device.node(), self.handle))
            .map_err(|errno| Error::call(self.device.name(), "PRIME_HANDLE_TO_FD", errno))
    }

    /// Maps it for the CPU, whole.
    ///
    /// # Errors
    /// [`Error::NoCpuAccess`] where the request said so; [`Error::Call`].
    pub fn map(self: &Arc<Self>) -> Result<CpuMapping, Error> {
        let device = &self.device;
        let refused = |call| move |errno| Error::call(device.name(), call, errno);
        if self.access == CpuAccess::None {
            return Err(Error::NoCpuAccess { device: device.name().clone() });
        }
        let offset = ioctl::gem_mmap(device.node(), self.handle).map_err(refused("AMDGPU_GEM_MMAP"))?;
        let length = usize::try_from(self.bytes).map_err(|_| refused("mmap")(Errno::ENOMEM))?;
        let map = device.node().map(offset, length).map_err(refused("mmap"))?;
        Ok(CpuMapping::new(map, self.clone()))
    }

    /// Waits until no submission of anybody uses it; whether that came before `deadline`. It doesn't say whether the
    /// work was done or failed; for a buffer that is always valid it waits for all of this client's work.
    ///
    /// # Errors
    /// [`Error::Call`], [`Error::Gone`].
    pub fn wait_idle(&self, deadline: Deadline) -> Result<bool, Error> {
        let look = || ioctl::gem_wait_idle(self.device.node(), self.handle, deadline).map(|idle| idle.then_some(()));
        until(deadline, look)
            .map(|idle| idle.is_some())
            .map_err(|errno| Error::call(self.device.name(), "AMDGPU_GEM_WAIT_IDLE", errno))
    }

    /// Tells the kernel to prefer another place from the next submission on. For what is no longer used often.
    ///
    /// # Errors
    /// [`Error::Permission`] for host memory; [`Error::Call`].
    pub fn prefer(&self, placement: Placement) -> Result<(), Error> {
        let domains = match placement {
            Placement::Vram => DOMAIN_VRAM,
            Placement::Gtt => DOMAIN_GTT,
        };
        ioctl::gem_set_placement(self.device.node(), self.handle, domains)
            .map_err(|errno| Error::call(self.device.name(), "AMDGPU_GEM_OP", errno))
    }

    /// Bytes, as rounded.
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Where it was made, if it was made here. The kernel may have moved a buffer in VRAM out since.
    pub const fn placement(&self) -> Option<Placement> {
        match self.memory {
            Memory::Kernel(placement) => Some(placement),
            Memory::Host(_) => Some(Placement::Gtt),
            Memory::Imported => None,
        }
    }

    /// The memory of [`Self::from_host`], to read what the GPU wrote.
    pub const fn host(&self) -> Option<&HostMemory> {
        match &self.memory {
            Memory::Host(memory) => Some(memory),
            Memory::Kernel(_) | Memory::Imported => None,
        }
    }

    /// Whether it is in every submission.
    pub const fn is_always_valid(&self) -> bool {
        self.always_valid
    }

    /// Its device.
    pub const fn device(&self) -> &Arc<Device> {
        &self.device
    }

    pub(super) const fn handle(&self) -> u32 {
        self.handle
    }
}

/// How long host memory is waited for. Fences keep buffers until the GPU is done; this is for work that hangs.
const HOST_PATIENCE: Duration = Duration::from_secs(2);

impl Drop for BufferObject {
    fn drop(&mut self) {
        // The kernel forgets the process's pages with the handle, while the GPU may still write them.
        // Source: Linux `amdgpu_gem.c`, `amdgpu_gem_object_free`.
        if matches!(self.memory, Memory::Host(_)) && matches!(self.wait_idle(Deadline::after(HOST_PATIENCE)), Ok(false))
        {
            std::mem::forget(std::mem::replace(&mut self.memory, Memory::Imported));
        }
        let device = &self.device;
        // A handle that the kernel doesn't close is closed with the descriptor; there is nothing else to do.
        let _ = device.handles().close(self.handle, || ioctl::gem_close(device.node(), self.handle));
        if let Memory::Kernel(placement) = self.memory {
            device.usage().remove(placement, self.access, self.bytes);
        }
    }
}

/// Whether VRAM takes `bytes` more without moving anything out. An APU's two heaps are the same memory.
fn vram_has_room(device: &Arc<Device>, access: CpuAccess, bytes: u64) -> Result<bool, Error> {
    if device.info().integrated {
        return Ok(true);
    }
    let memory = device.memory()?;
    let heap = if access == CpuAccess::None { memory.vram } else { memory.visible_vram };
    Ok(bytes <= heap.free_bytes().min(memory.vram.free_bytes()))
}
