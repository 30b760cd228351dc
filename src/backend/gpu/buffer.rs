//! Buffers: device memory with an address, which the CPU can fill and read wherever it is.

use super::{Error, Gpu};
use crate::amdgpu::{
    BufferObject, BufferRequest, CpuAccess, CpuMapping, Error as DriverError, GpuVa, PageFlags, Placement, SharedBytes,
    VaMapping,
};
use std::sync::Arc;
use zerocopy::{FromBytes, Immutable, IntoBytes};

/// What memory a buffer is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Memory {
    /// The card's own: fast for kernels. The CPU reaches it directly where the card shows all of its memory, else by
    /// copies that the GPU does.
    Device,
    /// System memory that the CPU writes in order and the GPU reads: write-combined, slow for the CPU to read.
    Upload,
    /// System memory that both read and write: cached by the CPU.
    Host,
}

/// What a buffer is for, for captures and checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Packets and arguments.
    CommandStream,
    /// Machine code.
    Code,
    /// Data that kernels read.
    Input,
    /// Weights, which kernels read.
    Weights,
    /// A bias, which kernels read.
    Bias,
    /// Data that kernels read and write.
    Output,
    /// Clocks and signals.
    Fence,
    /// Scratch memory of waves.
    Scratch,
}

impl Role {
    /// Its word in a capture and in the linter's list of buffers.
    pub(super) fn of_capture(self) -> sparkle_capture::Role {
        use sparkle_capture::Role as Word;
        match self {
            Self::CommandStream => Word::Ib,
            Self::Code => Word::Code,
            Self::Input => Word::Input,
            Self::Weights => Word::Weights,
            Self::Bias => Word::Bias,
            Self::Output => Word::Output,
            Self::Fence => Word::Fence,
            Self::Scratch => Word::Scratch,
        }
    }
}

/// Memory of a GPU. Work that is recorded or in flight keeps it.
#[derive(Debug)]
pub struct Buffer {
    gpu: Gpu,
    mapping: Arc<VaMapping>,
    cpu: Option<CpuMapping>,
    memory: Memory,
    bytes: u64,
    role: Role,
}

impl Buffer {
    pub(super) fn new(gpu: &Gpu, memory: Memory, bytes: u64) -> Result<Self, Error> {
        let device = gpu.device();
        let request = match memory {
            Memory::Device if device.info().all_vram_visible() => BufferRequest::vram(bytes).access(CpuAccess::Write),
            Memory::Device => BufferRequest::vram(bytes),
            Memory::Upload => BufferRequest::gtt(bytes).access(CpuAccess::Write),
            Memory::Host => BufferRequest::gtt(bytes),
        };
        let object = BufferObject::new(device, &request)?;
        let cpu = if request.access == CpuAccess::None { None } else { Some(object.map()?) };
        let mapping = VaMapping::new(&object, PageFlags::DATA)?;
        Ok(Self { gpu: gpu.clone(), mapping, cpu, memory, bytes, role: Role::Output })
    }

    /// The same, with what it is for, for captures and checks: an input, weights or a bias is only read by kernels.
    #[must_use]
    pub const fn with_role(mut self, role: Role) -> Self {
        self.role = role;
        self
    }

    /// Where kernels find its first byte.
    pub fn address(&self) -> GpuVa {
        self.mapping.address()
    }

    /// Bytes that were asked for.
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// What memory was asked for. Where the card's is full, the kernel gives system memory: [`Self::placement`].
    pub const fn memory(&self) -> Memory {
        self.memory
    }

    /// Where it was made.
    pub fn placement(&self) -> Option<Placement> {
        self.mapping.buffer().placement()
    }

    /// What it is for.
    pub const fn role(&self) -> Role {
        self.role
    }

    /// Its place in the GPU's address space.
    pub const fn mapping(&self) -> &Arc<VaMapping> {
        &self.mapping
    }

    /// Its GPU.
    pub const fn gpu(&self) -> &Gpu {
        &self.gpu
    }

    /// The CPU's own view, where there is one.
    pub fn mapped(&self) -> Option<&SharedBytes> {
        self.cpu.as_deref()
    }

    /// As [`Self::mapped`], to write.
    pub fn mapped_mut(&mut self) -> Option<&mut SharedBytes> {
        self.cpu.as_deref_mut()
    }

    /// Copies `data` to byte `offset`, and returns when kernels that are launched from now on see it. Work in flight must
    /// not use these bytes.
    ///
    /// # Errors
    /// [`DriverError::OutOfBounds`]; where the GPU has to copy, as [`super::Pending::wait`].
    pub fn write<T: IntoBytes + Immutable + ?Sized>(&mut self, offset: u64, data: &T) -> Result<(), Error> {
        let data = data.as_bytes();
        let place = self.check(offset, data.len())?;
        match &mut self.cpu {
            Some(cpu) => Ok(cpu.write_at(place, data)?),
            None => self.gpu.copy_in(&self.mapping, offset, data),
        }
    }

    /// Copies bytes from `offset` to `out`. Work in flight that writes them must be done.
    ///
    /// # Errors
    /// [`DriverError::OutOfBounds`]; where the GPU has to copy, as [`super::Pending::wait`].
    pub fn read<T: FromBytes + IntoBytes + ?Sized>(&self, offset: u64, out: &mut T) -> Result<(), Error> {
        let out = out.as_mut_bytes();
        let place = self.check(offset, out.len())?;
        match &self.cpu {
            // The CPU reads what isn't cached some hundred times slower than a copy to memory that is.
            Some(cpu) if self.memory == Memory::Host || out.len() <= SLOW_READ_BYTES => Ok(cpu.read_at(place, out)?),
            _ => self.gpu.copy_out(&self.mapping, offset, out),
        }
    }

    /// `count` values from byte `offset`.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn read_vec<T: FromBytes + IntoBytes>(&self, offset: u64, count: usize) -> Result<Vec<T>, Error> {
        let bytes = count.saturating_mul(size_of::<T>());
        self.check(offset, bytes)?;
        let mut out: Vec<T> = std::iter::repeat_with(T::new_zeroed).take(count).collect();
        self.read(offset, out.as_mut_slice())?;
        Ok(out)
    }

    /// `offset` for the CPU's view, if the bytes from there are inside.
    fn check(&self, offset: u64, bytes: usize) -> Result<usize, Error> {
        let (bytes, len) = (bytes as u64, self.bytes); // CAST: usize has at most 64 bits.
        if offset.checked_add(bytes).is_none_or(|end| end > len) {
            return Err(DriverError::OutOfBounds { offset, bytes, len }.into());
        }
        usize::try_from(offset).map_err(|_| DriverError::OutOfBounds { offset, bytes, len }.into())
    }
}

/// Up to here the CPU reads uncached memory itself: a copy has the cost of a submission.
const SLOW_READ_BYTES: usize = 256;
