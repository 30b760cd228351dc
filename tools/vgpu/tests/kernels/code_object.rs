//! Code objects of the AMDHSA ABI: their segments and the descriptors of their kernels.
//!
//! Source: LLVM `docs/AMDGPUUsage.rst`, "Code Object" and "Kernel Descriptor"; field widths also in
//! `llvm/include/llvm/Support/AMDHSAKernelDescriptor.h`.

use std::collections::BTreeMap;

use object::LittleEndian;
use object::elf::FileHeader64;
use object::read::elf::ElfFile;
use object::read::{Object, ObjectSegment, ObjectSymbol};

/// Bytes of a descriptor.
const DESCRIPTOR_BYTES: usize = 64;

/// A kernel's descriptor.
#[derive(Clone, Debug)]
pub(crate) struct Descriptor {
    /// GROUP_SEGMENT_FIXED_SIZE: LDS of a workgroup.
    pub(crate) lds_bytes: u32,
    /// PRIVATE_SEGMENT_FIXED_SIZE: scratch of a thread.
    pub(crate) scratch_bytes: u32,
    /// KERNARG_SIZE.
    pub(crate) kernarg_bytes: u32,
    /// The first instruction, as an address within the object.
    pub(crate) entry: u64,
    /// COMPUTE_PGM_RSRC1.
    pub(crate) rsrc1: u32,
    /// COMPUTE_PGM_RSRC2.
    pub(crate) rsrc2: u32,
    /// KERNEL_CODE_PROPERTIES.
    pub(crate) properties: u16,
}

/// Bits of KERNEL_CODE_PROPERTIES: what the first user SGPRs hold, in this order.
pub(crate) mod property {
    pub(crate) const PRIVATE_SEGMENT_BUFFER: u16 = 1 << 0;
    pub(crate) const DISPATCH_PTR: u16 = 1 << 1;
    pub(crate) const QUEUE_PTR: u16 = 1 << 2;
    pub(crate) const KERNARG_SEGMENT_PTR: u16 = 1 << 3;
    pub(crate) const DISPATCH_ID: u16 = 1 << 4;
    pub(crate) const FLAT_SCRATCH_INIT: u16 = 1 << 5;
    pub(crate) const PRIVATE_SEGMENT_SIZE: u16 = 1 << 6;
    pub(crate) const WAVEFRONT_SIZE32: u16 = 1 << 10;
    pub(crate) const USES_DYNAMIC_STACK: u16 = 1 << 11;
}

impl Descriptor {
    fn parse(bytes: &[u8], address: u64) -> Self {
        let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
        let entry = u64::from(word(20)) << 32 | u64::from(word(16));
        for reserved in [12..16, 24..44, 60..64] {
            assert!(
                bytes[reserved.clone()].iter().all(|&byte| byte == 0),
                "reserved bytes {reserved:?} of a descriptor"
            );
        }
        Self {
            lds_bytes: word(0),
            scratch_bytes: word(4),
            kernarg_bytes: word(8),
            entry: address.wrapping_add(entry),
            rsrc1: word(48),
            rsrc2: word(52),
            properties: word(56) as u16,
        }
    }

    /// Whether it is compiled for waves of 64 lanes.
    pub(crate) fn is_wave64(&self) -> bool {
        self.properties & property::WAVEFRONT_SIZE32 == 0
    }

    /// GRANULATED_WORKITEM_VGPR_COUNT, in registers.
    pub(crate) fn vgprs(&self) -> u32 {
        ((self.rsrc1 & 0x3f) + 1) * if self.is_wave64() { 4 } else { 8 }
    }

    /// MODE at the start: FLOAT_ROUND_MODE and FLOAT_DENORM_MODE, DX10_CLAMP in bit 8, IEEE in bit 9, FP16_OVFL in bit
    /// 23.
    pub(crate) fn mode(&self) -> u32 {
        let bit = |from: u32, to: u32| (self.rsrc1 >> from & 1) << to;
        (self.rsrc1 >> 12 & 0xff) | bit(21, 8) | bit(23, 9) | bit(26, 23)
    }

    /// WGP_MODE.
    pub(crate) fn is_wgp_mode(&self) -> bool {
        self.rsrc1 >> 29 & 1 != 0
    }

    /// USER_SGPR_COUNT.
    pub(crate) fn user_sgprs(&self) -> usize {
        (self.rsrc2 >> 1 & 0x1f) as usize
    }

    /// ENABLE_SGPR_WORKGROUP_ID_X, Y and Z.
    pub(crate) fn group_ids(&self) -> [bool; 3] {
        [7, 8, 9].map(|bit| self.rsrc2 >> bit & 1 != 0)
    }

    /// ENABLE_SGPR_WORKGROUP_INFO.
    pub(crate) fn group_info(&self) -> bool {
        self.rsrc2 >> 10 & 1 != 0
    }

    /// ENABLE_VGPR_WORKITEM_ID.
    pub(crate) fn thread_ids(&self) -> u8 {
        (self.rsrc2 >> 11 & 3) as u8
    }
}

/// A code object as a loader would place it at address 0.
#[derive(Clone, Debug, Default)]
pub(crate) struct CodeObject {
    /// All segments, with what lies between them 0.
    pub(crate) image: Vec<u8>,
    /// Address of the code.
    pub(crate) text: u64,
    /// The code.
    pub(crate) words: Vec<u32>,
    /// Descriptors by the names of their kernels.
    pub(crate) kernels: BTreeMap<String, Descriptor>,
}

impl CodeObject {
    /// Reads an ELF file, which must need no relocation.
    pub(crate) fn parse(bytes: &[u8]) -> Self {
        let file = ElfFile::<FileHeader64<LittleEndian>>::parse(bytes).unwrap();
        // EM_AMDGPU, ELFOSABI_AMDGPU_HSA, code object V5, EF_AMDGPU_MACH_AMDGCN_GFX1100.
        // Source: LLVM `docs/AMDGPUUsage.rst`, "Header".
        let header = file.elf_header();
        assert_eq!(header.e_machine.get(LittleEndian), 224);
        assert_eq!((header.e_ident.os_abi, header.e_ident.abi_version), (64, 3));
        assert_eq!(header.e_flags.get(LittleEndian) & 0xff, 0x41);
        assert!(file.dynamic_relocations().is_none_or(|mut relocations| relocations.next().is_none()));

        let mut object = Self::default();
        for segment in file.segments() {
            let (address, data) = (segment.address() as usize, segment.data().unwrap());
            let end = address + segment.size() as usize;
            object.image.resize(object.image.len().max(end.next_multiple_of(4)), 0);
            object.image[address..address + data.len()].copy_from_slice(data);
            if let object::SegmentFlags::Elf { p_flags } = segment.flags()
                && p_flags & object::elf::PF_X != 0
            {
                object.text = segment.address();
                object.words = data.as_chunks::<4>().0.iter().copied().map(u32::from_le_bytes).collect();
            }
        }
        for symbol in file.dynamic_symbols() {
            if let Some(name) = symbol.name().unwrap().strip_suffix(".kd") {
                let at = symbol.address() as usize;
                let descriptor = Descriptor::parse(&object.image[at..at + DESCRIPTOR_BYTES], symbol.address());
                object.kernels.insert(name.to_owned(), descriptor);
            }
        }
        object
    }
}
