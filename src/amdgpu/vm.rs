//! The GPU's address space: addresses, who has which, and what is mapped where with which rights.
//!
//! User space owns the choice of addresses entirely; the kernel only refuses overlaps. All addresses come from the low
//! half above 4 GiB, so they are positive, have at most 47 bits, and no rule about signs arises in packets or shaders.

use super::bo::BufferObject;
use super::device::Device;
use super::error::Error;
use super::ioctl;
use super::uapi::gem::{
    GemVa, MTYPE_UC, PAGE_EXECUTABLE, PAGE_NOALLOC, PAGE_READABLE, PAGE_WRITEABLE, VA_OP_MAP, VA_OP_UNMAP,
};
use nix::errno::Errno;
use std::fmt;
use std::sync::Arc;

mod allocator;

pub(super) use allocator::{VaAllocator, VaRange};

/// Bytes of the GPU's page: every address, offset and size of a mapping is a multiple.
pub const GPU_PAGE_BYTES: u64 = 4096;

/// An address in a GPU's address space, in bytes. The CPU can't dereference it, so it is not a pointer.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GpuVa(u64);

impl GpuVa {
    /// The address `bytes`.
    pub const fn new(bytes: u64) -> Self {
        Self(bytes)
    }

    /// In bytes.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// `bytes` further, or `None` beyond the end of all addresses.
    pub const fn checked_add(self, bytes: u64) -> Option<Self> {
        match self.0.checked_add(bytes) {
            Some(sum) => Some(Self(sum)),
            None => None,
        }
    }

    /// Whether it is a multiple of `bytes`.
    pub const fn is_aligned(self, bytes: u64) -> bool {
        self.0.is_multiple_of(bytes)
    }
}

impl fmt::Debug for GpuVa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

impl fmt::Display for GpuVa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

bitflags::bitflags! {
    /// What the GPU may do with a mapping, and how it caches it. Leave out what isn't needed: a fault is easier to find
    /// than overwritten weights.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub struct PageFlags: u32 {
        /// Loads, and fetches of indirect buffers.
        const READ = PAGE_READABLE;
        /// Stores and atomics.
        const WRITE = PAGE_WRITEABLE;
        /// Fetches of instructions; also set it for indirect buffers, as Mesa and libdrm do.
        const EXECUTE = PAGE_EXECUTABLE;
        /// Stay out of the infinity cache: for what is used once.
        const NO_MALL = PAGE_NOALLOC;
        /// Not cached by the GPU: for words that the CPU polls.
        const UNCACHED = MTYPE_UC;
    }
}

impl PageFlags {
    /// Data that kernels read and write.
    pub const DATA: Self = Self::READ.union(Self::WRITE);
    /// Programs and indirect buffers.
    pub const CODE: Self = Self::READ.union(Self::EXECUTE);
}

/// A buffer, or a part of it, at an address of its device. It keeps the buffer, and unmaps when it is dropped.
///
/// Drop it only when no submission uses it: a [`super::Residency`] and the fence of a submission see to that.
#[derive(Debug)]
pub struct VaMapping {
    buffer: Arc<BufferObject>,
    range: VaRange,
    bytes: u64,
    flags: PageFlags,
}

impl VaMapping {
    /// Maps `buffer` whole.
    ///
    /// # Errors
    /// As [`Self::part`].
    pub fn new(buffer: &Arc<BufferObject>, flags: PageFlags) -> Result<Arc<Self>, Error> {
        Self::part(buffer, 0, buffer.bytes(), flags)
    }

    /// Maps `bytes` bytes of `buffer` from `offset`, both multiples of [`GPU_PAGE_BYTES`], at an address aligned for
    /// the largest fragment of the page table that the size can use.
    ///
    /// Submissions wait for the page tables by themselves.
    ///
    /// # Errors
    /// [`Error::OutOfBounds`], [`Error::Unaligned`], [`Error::OutOfMemory`], [`Error::Call`].
    ///
    /// Source: fragments as in Linux `amdgpu_vm_pt.c`, `amdgpu_vm_pte_fragment`.
    pub fn part(buffer: &Arc<BufferObject>, offset: u64, bytes: u64, flags: PageFlags) -> Result<Arc<Self>, Error> {
        let len = buffer.bytes();
        if bytes == 0 || offset.checked_add(bytes).is_none_or(|end| end > len) {
            return Err(Error::OutOfBounds { offset, bytes, len });
        }
        for (what, value) in [("offset", offset), ("size", bytes)] {
            if !value.is_multiple_of(GPU_PAGE_BYTES) {
                return Err(Error::Unaligned { what, value, alignment: GPU_PAGE_BYTES });
            }
        }
        let device = buffer.device();
        let range = device.addresses().allocate(bytes).ok_or_else(|| Error::OutOfMemory {
            device: device.name().clone(),
            bytes,
            place: "address space",
        })?;
        let request = GemVa {
            handle: buffer.handle(),
            operation: VA_OP_MAP,
            flags: flags.bits(),
            va_address: range.start.get(),
            offset_in_bo: offset,
            map_size: bytes,
            ..GemVa::default()
        };
        match ioctl::gem_va(device.node(), request) {
            Ok(()) => Ok(Arc::new(Self { buffer: buffer.clone(), range, bytes, flags })),
            Err(errno) => {
                device.addresses().free(range);
                Err(match errno {
                    Errno::ENOMEM => Error::OutOfMemory { device: device.name().clone(), bytes, place: "page table" },
                    errno => Error::call(device.name(), "AMDGPU_GEM_VA", errno),
                })
            }
        }
    }

    /// First byte.
    pub const fn address(&self) -> GpuVa {
        self.range.start
    }

    /// Bytes that are mapped.
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// What the GPU may do.
    pub const fn flags(&self) -> PageFlags {
        self.flags
    }

    /// What is mapped.
    pub const fn buffer(&self) -> &Arc<BufferObject> {
        &self.buffer
    }

    /// Its device.
    pub fn device(&self) -> &Arc<Device> {
        self.buffer.device()
    }
}

impl Drop for VaMapping {
    fn drop(&mut self) {
        let device = self.buffer.device();
        let request = GemVa {
            handle: self.buffer.handle(),
            operation: VA_OP_UNMAP,
            va_address: self.range.start.get(),
            map_size: self.bytes,
            ..GemVa::default()
        };
        // Where the kernel didn't unmap, the addresses are still taken and can't be given to others. They come back
        // with the descriptor; the address space is large enough.
        if ioctl::gem_va(device.node(), request).is_ok() {
            device.addresses().free(self.range);
        }
    }
}
