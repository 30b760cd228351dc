//! Code objects on a device: [`Module`] loads one, [`Kernel`] is one of its functions.
//!
//! Any AMDHSA code object of ABI V4 to V6 for gfx11 is loaded as a compiler makes it. What a launch can't provide is
//! refused by name: see [`Module::kernel`].
//!
//! Source: LLVM `AMDGPUUsage.rst`, "ELF Code Object", "Kernel Descriptor", "Kernel Dispatch".

mod code_object;
mod descriptor;
mod isa;
mod kernel;
mod metadata;
mod msgpack;

use super::error::Error;
use super::{Core, Gpu};
use crate::amdgpu::{BufferObject, BufferRequest, CpuAccess, GpuVa, PageFlags, VaMapping};
pub use code_object::AbiVersion;
use code_object::CodeObject;
pub use descriptor::{KernelDescriptor, KernelProperties};
pub use isa::Isa;
pub use kernel::Kernel;
pub use metadata::{ArgKind, Hidden, KernelArg, KernelMetadata};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use zerocopy::IntoBytes;

/// Why a code object, or a kernel of it, can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ModuleError {
    /// No ELF file, or a damaged one.
    #[error("the code object is no ELF file that can be read: {reason}")]
    Elf {
        /// What is wrong.
        reason: String,
    },
    /// An ELF file for something else.
    #[error("an ELF file for machine {machine} and system {os_abi}; compile for amdgcn-amd-amdhsa (224, 64)")]
    NotAmdHsa {
        /// `e_machine`.
        machine: u16,
        /// `EI_OSABI`.
        os_abi: u8,
    },
    /// An older or newer ABI.
    #[error("ABI version {found} of code objects; compile with -mcode-object-version=4, 5 or 6 (2, 3 or 4 here)")]
    AbiVersion {
        /// `EI_ABIVERSION`.
        found: u8,
    },
    /// Code for no processor of gfx11.
    #[error(
        "code for a processor that is not gfx11 (EF_AMDGPU_MACH {mach:#x}); compile for the device's, or for gfx11-generic"
    )]
    Processor {
        /// `EF_AMDGPU_MACH`.
        mach: u32,
    },
    /// Generic code of another version.
    #[error("version {found} of gfx11-generic; this program knows {known}")]
    GenericVersion {
        /// The object's.
        found: u32,
        /// The one that is known.
        known: u32,
    },
    /// Code for another device.
    #[error("code for {code} does not run on this {device}; compile for {device} or for gfx11-generic")]
    OtherIsa {
        /// What it was compiled for.
        code: Isa,
        /// The device's instruction set.
        device: crate::amdgpu::GfxVersion,
    },
    /// It isn't linked to its end.
    #[error("{name} (relocation {number}) at {offset:#x}; link without external or absolute addresses")]
    Relocation {
        /// The relocation's name.
        name: &'static str,
        /// Its number.
        number: u32,
        /// The address that it is about.
        offset: u64,
    },
    /// Larger than anything real.
    #[error("the code object takes {bytes} bytes of memory, at most {limit}")]
    TooLarge {
        /// Bytes.
        bytes: u64,
        /// Bytes.
        limit: u64,
    },
    /// The metadata are damaged.
    #[error("the code object's metadata are no MessagePack as compilers write it; compile it again")]
    Metadata,
    /// There is nothing to run.
    #[error("the code object has no kernel: no symbol ends in .kd")]
    NoKernels,
    /// A descriptor is wrong.
    #[error("the descriptor of kernel {kernel} {what}")]
    Descriptor {
        /// The kernel.
        kernel: Box<str>,
        /// What is wrong.
        what: &'static str,
    },
    /// No kernel of that name.
    #[error("there is no kernel {kernel}; the code object has {}", known.join(", "))]
    NoSuchKernel {
        /// What was asked for.
        kernel: Box<str>,
        /// Names that there are.
        known: Vec<Box<str>>,
    },
    /// The kernel wants something that nothing here can provide.
    #[error("kernel {kernel} needs {what}, which cannot be provided")]
    Unsupported {
        /// The kernel.
        kernel: Box<str>,
        /// The user SGPRs, argument or property, as LLVM names it.
        what: Box<str>,
    },
    /// Too few SGPRs for a defect of the hardware.
    #[error(
        "kernel {kernel} has {sgprs} user and system SGPRs in wave32, and {device} needs 16; compile it for {device} or gfx11-generic"
    )]
    FewSgprs {
        /// The kernel.
        kernel: Box<str>,
        /// SGPRs.
        sgprs: u32,
        /// The device's instruction set.
        device: crate::amdgpu::GfxVersion,
    },
}

/// What is done about pointers that nothing here can provide: AQL queues, hostcall and printf buffers, device heaps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unprovided {
    /// Kernels that ask for them are refused.
    #[default]
    Refuse,
    /// Kernels get null pointers: for code that asks and doesn't look, as compilers without optimisation make it.
    Null,
}

/// How a code object is loaded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LoadOptions {
    /// What is done about pointers that can't be provided.
    pub unprovided: Unprovided,
    /// Scratch of a lane for what a kernel with a dynamic stack (calls by address, recursion) calls, bytes. Nobody checks
    /// that it is enough. 0 refuses such kernels.
    pub dynamic_stack_bytes: u32,
}

impl LoadOptions {
    /// The same with null pointers for what can't be provided.
    pub const fn null_pointers(mut self) -> Self {
        self.unprovided = Unprovided::Null;
        self
    }

    /// The same with so much scratch of a lane for dynamic stacks, bytes.
    pub const fn dynamic_stack(mut self, bytes: u32) -> Self {
        self.dynamic_stack_bytes = bytes;
        self
    }
}

/// A code object on a device. Clones share it; kernels and work in flight keep it.
#[derive(Clone, Debug)]
pub struct Module(Arc<Loaded>);

/// What a module owns.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) core: Arc<Core>,
    pub(super) mapping: Arc<VaMapping>,
    pub(super) object: CodeObject,
    /// The image, for checks of streams before they are sent, and to upload it again.
    pub(super) words: Vec<u32>,
    pub(super) options: LoadOptions,
    /// Losses of VRAM before the last upload.
    losses: AtomicU32,
}

impl Loaded {
    /// Uploads the image again if VRAM was lost since the last time.
    pub(super) fn restore(&self) -> Result<(), Error> {
        let losses = self.core.vram_losses.load(Ordering::Acquire);
        if self.losses.load(Ordering::Acquire) != losses {
            // Where two do it at once, both write the same.
            self.mapping.buffer().map()?.write_at(0, self.words.as_bytes())?;
            self.losses.store(losses, Ordering::Release);
        }
        Ok(())
    }
}

impl Module {
    /// Loads a code object into the device's memory.
    ///
    /// # Errors
    /// [`Error::Module`] for what isn't a code object of this device; [`Error::Driver`].
    pub fn load(gpu: &Gpu, elf: &[u8]) -> Result<Self, Error> {
        Self::load_with(gpu, elf, LoadOptions::default())
    }

    /// The same with options.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn load_with(gpu: &Gpu, elf: &[u8], options: LoadOptions) -> Result<Self, Error> {
        let mut object = CodeObject::parse(elf)?;
        let device = gpu.device().info().gfx;
        if !object.isa.runs_on(device) {
            return Err(ModuleError::OtherIsa { code: object.isa, device }.into());
        }
        let image = std::mem::take(&mut object.image);
        let bytes = image.len() as u64; // CAST: usize has at most 64 bits.
        let request = BufferRequest::vram(bytes).access(CpuAccess::Write);
        let buffer = BufferObject::new(gpu.device(), &request)?;
        buffer.map()?.write_at(0, &image)?;
        let flags = if object.writable { PageFlags::CODE | PageFlags::WRITE } else { PageFlags::CODE };
        let mapping = VaMapping::new(&buffer, flags)?;
        let words = image.as_chunks::<4>().0.iter().map(|bytes| u32::from_le_bytes(*bytes)).collect();
        let losses = AtomicU32::new(gpu.device().vram_losses()?);
        Ok(Self(Arc::new(Loaded { core: gpu.core.clone(), mapping, object, words, options, losses })))
    }

    /// A kernel by its name, the symbol's without `.kd`.
    ///
    /// # Errors
    /// [`ModuleError::NoSuchKernel`]; [`ModuleError::Unsupported`] for a kernel that needs what can't be provided: a
    /// queue, a hostcall or printf buffer, a heap, images, a stack of unknown size; [`ModuleError::FewSgprs`].
    pub fn kernel(&self, name: &str) -> Result<Kernel, Error> {
        Kernel::find(&self.0, name)
    }

    /// The names of its kernels.
    pub fn kernels(&self) -> impl Iterator<Item = &str> {
        self.0.object.kernels.iter().map(|kernel| &*kernel.name)
    }

    /// What it was compiled for.
    pub fn isa(&self) -> Isa {
        self.0.object.isa
    }

    /// The ABI that it keeps to.
    pub fn abi_version(&self) -> AbiVersion {
        self.0.object.abi
    }

    /// Where its first byte is.
    pub fn address(&self) -> GpuVa {
        self.0.mapping.address()
    }

    /// Its memory.
    pub fn mapping(&self) -> &Arc<VaMapping> {
        &self.0.mapping
    }
}
