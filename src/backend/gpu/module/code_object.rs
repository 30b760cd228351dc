//! Code objects: an ELF file as a loader places it at address 0, with its kernels. Pure: no device.
//!
//! Source: LLVM `AMDGPUUsage.rst`, "ELF Code Object": header, note records, "Code Object V4" to "V6".

use super::ModuleError;
use super::descriptor::{DESCRIPTOR_BYTES, KernelDescriptor};
use super::isa::Isa;
use super::metadata::{self, KernelMetadata};
use crate::amdgpu::GPU_PAGE_BYTES;
use object::LittleEndian as Le;
use object::elf::{FileHeader64, PF_W, PF_X, PT_DYNAMIC, PT_GNU_RELRO, PT_LOAD, ProgramHeader64};
use object::read::elf::{ElfFile, FileHeader, ProgramHeader};
use object::read::{Object, ObjectSymbol, RelocationFlags};

/// `EM_AMDGPU`.
const EM_AMDGPU: u16 = 224;
/// `ELFOSABI_AMDGPU_HSA`.
const ELFOSABI_AMDGPU_HSA: u8 = 64;
/// `NT_AMDGPU_METADATA`.
const NT_AMDGPU_METADATA: u32 = 32;
/// Largest image, bytes. Nothing real comes near; a damaged file says anything.
const MOST_BYTES: u64 = 256 << 20;
/// `s_code_end`: what fills the memory around programs. Source: llvm-mc 19.
const CODE_END: u32 = 0xbf9f_0000;
/// What the end of code is aligned to, and filler behind that, in bytes: the instruction prefetcher reads on.
///
/// Source: clang 19 for gfx11 (LLVM `AMDGPUAsmPrinter.cpp`, `emitEndFunction`): lines of 128 bytes, 3 of them; Mesa
/// `ac_binary.c` takes 192 bytes.
const INSTRUCTION_LINE_BYTES: u64 = 128;
const PREFETCH_BYTES: u64 = 384;
/// What a kernel's first instruction is aligned to, bytes: COMPUTE_PGM_LO drops the low 8 bits.
const ENTRY_ALIGNMENT: u64 = 256;

/// Which revision of the ABI an object keeps to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AbiVersion {
    /// Code object V4.
    V4,
    /// Code object V5: more hidden arguments.
    V5,
    /// Code object V6: generic processors.
    V6,
}

impl AbiVersion {
    /// `EI_ABIVERSION`.
    const fn find(number: u8) -> Option<Self> {
        match number {
            2 => Some(Self::V4),
            3 => Some(Self::V5),
            4 => Some(Self::V6),
            _ => None,
        }
    }
}

/// A kernel in a code object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) name: Box<str>,
    pub(crate) descriptor: KernelDescriptor,
    /// Bytes from the start of the image to the descriptor.
    pub(crate) descriptor_offset: u64,
    /// Bytes from the start of the image to the first instruction.
    pub(crate) code_offset: u64,
    pub(crate) metadata: Option<KernelMetadata>,
}

/// A code object that was read.
#[derive(Clone, Debug)]
pub(crate) struct CodeObject {
    pub(crate) isa: Isa,
    pub(crate) abi: AbiVersion,
    /// Whole pages, to be placed at a page.
    pub(crate) image: Vec<u8>,
    /// Whether kernels may write to a part of it.
    pub(crate) writable: bool,
    pub(crate) kernels: Vec<Entry>,
}

type Elf<'a> = ElfFile<'a, FileHeader64<Le>>;

impl CodeObject {
    /// Reads an ELF file.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, ModuleError> {
        let broken = |source: object::Error| ModuleError::Elf { reason: source.to_string() };
        let file = Elf::parse(bytes).map_err(broken)?;
        let header = file.elf_header();
        let ident = header.e_ident();
        if header.e_machine(Le) != EM_AMDGPU || ident.os_abi != ELFOSABI_AMDGPU_HSA {
            return Err(ModuleError::NotAmdHsa { machine: header.e_machine(Le), os_abi: ident.os_abi });
        }
        let Some(abi) = AbiVersion::find(ident.abi_version) else {
            return Err(ModuleError::AbiVersion { found: ident.abi_version });
        };
        let isa = Isa::of_flags(header.e_flags(Le))?;
        if let Some(relocation) = file.dynamic_relocations().and_then(|mut all| all.next()) {
            let number = match relocation.1.flags() {
                RelocationFlags::Elf { r_type } => r_type,
                _ => 0,
            };
            return Err(ModuleError::Relocation { name: relocation_name(number), number, offset: relocation.0 });
        }
        let image = Image::load(&file, bytes)?;
        let mut metadata = metadata_of(&file, bytes)?;
        let mut kernels = Vec::new();
        for symbol in file.dynamic_symbols().chain(file.symbols()) {
            let Ok(name) = symbol.name() else { continue };
            let Some(kernel) = name.strip_suffix(".kd").filter(|_| symbol.is_definition()) else { continue };
            if kernels.iter().any(|entry: &Entry| *entry.name == *kernel) {
                continue;
            }
            let metadata = metadata.iter().position(|found| *found.symbol == *name).map(|at| metadata.swap_remove(at));
            kernels.push(image.kernel(kernel, symbol.address(), metadata)?);
        }
        if kernels.is_empty() {
            return Err(ModuleError::NoKernels);
        }
        let (writable, bytes) = (image.writable, image.finish(&kernels)?);
        Ok(Self { isa, abi, image: bytes, writable, kernels })
    }
}

/// Segments in their places.
struct Image {
    bytes: Vec<u8>,
    /// The address that the file has for the first byte.
    base: u64,
    /// Where code is: start and end within the image.
    code: Vec<(u64, u64)>,
    writable: bool,
}

impl Image {
    fn load(file: &Elf<'_>, data: &[u8]) -> Result<Self, ModuleError> {
        let broken = |reason: &str| ModuleError::Elf { reason: reason.into() };
        let loads = || file.elf_program_headers().iter().filter(|header| header.p_type(Le) == PT_LOAD);
        let range = |header: &ProgramHeader64<Le>| {
            let start = header.p_vaddr(Le);
            start.checked_add(header.p_memsz(Le)).map(|end| (start, end))
        };
        let (mut low, mut high) = (u64::MAX, 0);
        for header in loads() {
            let (start, end) = range(header).ok_or_else(|| broken("a segment that ends beyond all addresses"))?;
            (low, high) = (low.min(start), high.max(end));
        }
        if low >= high {
            return Err(broken("no segment to load"));
        }
        let base = low - low % GPU_PAGE_BYTES;
        let size = high - base;
        if size > MOST_BYTES {
            return Err(ModuleError::TooLarge { bytes: size, limit: MOST_BYTES });
        }
        let mut image = Self { bytes: filler(0, size), base, code: Vec::new(), writable: false };
        for header in loads() {
            let (start, end) = range(header).ok_or_else(|| broken("a segment that ends beyond all addresses"))?;
            let contents = header.data(Le, data).map_err(|()| broken("a segment that is not in the file"))?;
            let (start, end) = (start - base, end - base);
            // CAST: below `MOST_BYTES`.
            let place = image.bytes.get_mut(start as usize..end as usize);
            let place = place.ok_or_else(|| broken("a segment that is larger in the file than in memory"))?;
            let Some((head, tail)) = place.split_at_mut_checked(contents.len()) else {
                return Err(broken("a segment that is larger in the file than in memory"));
            };
            head.copy_from_slice(contents);
            tail.fill(0);
            if header.p_flags(Le) & PF_X != 0 {
                image.code.push((start, end));
            }
            image.writable |= header.p_flags(Le) & PF_W != 0 && !is_constant(file, header);
        }
        Ok(image)
    }

    /// The kernel whose descriptor the file has at `address`.
    fn kernel(&self, name: &str, address: u64, metadata: Option<KernelMetadata>) -> Result<Entry, ModuleError> {
        let wrong = |what: &'static str| ModuleError::Descriptor { kernel: name.into(), what };
        let offset = address.checked_sub(self.base).filter(|offset| offset.is_multiple_of(DESCRIPTOR_BYTES));
        let offset = offset.ok_or_else(|| wrong("is not at a multiple of 64 bytes in the object"))?;
        let found = usize::try_from(offset).ok().and_then(|at| self.bytes.get(at..)?.first_chunk::<64>());
        let descriptor = KernelDescriptor::parse(name, found.ok_or_else(|| wrong("is not in a segment"))?)?;
        let code_offset = offset.checked_add_signed(descriptor.kernel_code_entry_byte_offset);
        let inside = |at: &u64| self.code.iter().any(|(start, end)| start <= at && at < end);
        let code_offset =
            code_offset.filter(inside).ok_or_else(|| wrong("has its first instruction outside of the code"))?;
        if !code_offset.is_multiple_of(ENTRY_ALIGNMENT) {
            return Err(wrong("has its first instruction at no multiple of 256 bytes"));
        }
        Ok(Entry { name: name.into(), descriptor, descriptor_offset: offset, code_offset, metadata })
    }

    /// The image with enough behind its code for the instruction prefetcher, in whole pages.
    fn finish(mut self, kernels: &[Entry]) -> Result<Vec<u8>, ModuleError> {
        let code_end = self.code.iter().map(|(_, end)| *end).max().unwrap_or(0);
        let behind = code_end.next_multiple_of(INSTRUCTION_LINE_BYTES) + PREFETCH_BYTES;
        let ahead = |kernel: &Entry| {
            kernel.code_offset + u64::from(kernel.descriptor.rsrc3.inst_pref_size()) * INSTRUCTION_LINE_BYTES
        };
        let end = kernels.iter().map(ahead).fold(behind, u64::max);
        let len = self.bytes.len() as u64; // CAST: usize has at most 64 bits.
        let pages = end.max(len).next_multiple_of(GPU_PAGE_BYTES);
        if pages > MOST_BYTES {
            return Err(ModuleError::TooLarge { bytes: pages, limit: MOST_BYTES });
        }
        self.bytes.extend(filler(len, pages));
        Ok(self.bytes)
    }
}

/// `s_code_end` for the bytes from `start` to `end` of an image.
fn filler(start: u64, end: u64) -> Vec<u8> {
    let word = CODE_END.to_le_bytes();
    word.into_iter().cycle().skip((start % 4) as usize).take((end - start) as usize).collect() // CAST: below the limit.
}

/// Whether a segment that is marked writable holds only what a dynamic linker writes, which nobody does here.
fn is_constant(file: &Elf<'_>, header: &ProgramHeader64<Le>) -> bool {
    let (start, size) = (header.p_vaddr(Le), header.p_memsz(Le));
    file.elf_program_headers().iter().filter(|other| matches!(other.p_type(Le), PT_GNU_RELRO | PT_DYNAMIC)).any(
        |other| {
            let (from, bytes) = (other.p_vaddr(Le), other.p_memsz(Le));
            from <= start && start.saturating_add(size) <= from.saturating_add(bytes)
        },
    )
}

/// The metadata of all kernels, if the object has any.
fn metadata_of(file: &Elf<'_>, data: &[u8]) -> Result<Vec<KernelMetadata>, ModuleError> {
    for header in file.elf_program_headers() {
        let notes = header.notes(Le, data).map_err(|source| ModuleError::Elf { reason: source.to_string() })?;
        let Some(mut notes) = notes else { continue };
        while let Ok(Some(note)) = notes.next() {
            if note.n_type(Le) == NT_AMDGPU_METADATA && note.name() == b"AMDGPU" {
                return metadata::parse(note.desc()).ok_or(ModuleError::Metadata);
            }
        }
    }
    Ok(Vec::new())
}

/// Source: LLVM `AMDGPUUsage.rst`, "Relocation Records".
const fn relocation_name(number: u32) -> &'static str {
    match number {
        1 => "R_AMDGPU_ABS32_LO",
        2 => "R_AMDGPU_ABS32_HI",
        3 => "R_AMDGPU_ABS64",
        4 => "R_AMDGPU_REL32",
        5 => "R_AMDGPU_REL64",
        6 => "R_AMDGPU_ABS32",
        7 => "R_AMDGPU_GOTPCREL",
        8 => "R_AMDGPU_GOTPCREL32_LO",
        9 => "R_AMDGPU_GOTPCREL32_HI",
        10 => "R_AMDGPU_REL32_LO",
        11 => "R_AMDGPU_REL32_HI",
        13 => "R_AMDGPU_RELATIVE64",
        14 => "R_AMDGPU_REL16",
        _ => "a relocation without a name",
    }
}
