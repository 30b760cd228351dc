//! Kernel descriptors: the 64 bytes behind a `.kd` symbol.
//!
//! Source: LLVM `AMDGPUUsage.rst`, "Kernel Descriptor"; `llvm/Support/AMDHSAKernelDescriptor.h`.

use super::ModuleError;
use sparkle_pm4::registers::{ComputePgmRsrc1, ComputePgmRsrc2, ComputePgmRsrc3};

/// Bytes of a descriptor, and what its address is a multiple of.
pub(crate) const DESCRIPTOR_BYTES: u64 = 64;

bitflags::bitflags! {
    /// What a kernel wants in its first user SGPRs, in this order, and two of its properties.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub struct KernelProperties: u16 {
        /// A buffer resource of the scratch memory, 4 SGPRs. Not with architected flat scratch, so not on gfx11.
        const PRIVATE_SEGMENT_BUFFER = 1 << 0;
        /// The address of the AQL packet, 2 SGPRs.
        const DISPATCH_PTR = 1 << 1;
        /// The address of the AQL queue, 2 SGPRs.
        const QUEUE_PTR = 1 << 2;
        /// The address of the arguments, 2 SGPRs.
        const KERNARG_SEGMENT_PTR = 1 << 3;
        /// The number of the dispatch, 2 SGPRs.
        const DISPATCH_ID = 1 << 4;
        /// The start of flat scratch, 2 SGPRs. Not on gfx11.
        const FLAT_SCRATCH_INIT = 1 << 5;
        /// Bytes of scratch of a lane, 1 SGPR.
        const PRIVATE_SEGMENT_SIZE = 1 << 6;
        /// Compiled for waves of 32 lanes.
        const WAVEFRONT_SIZE32 = 1 << 10;
        /// Its stack grows by what it calls: nobody knows its scratch.
        const USES_DYNAMIC_STACK = 1 << 11;
    }
}

/// A kernel's descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KernelDescriptor {
    /// `GROUP_SEGMENT_FIXED_SIZE`: static LDS of a workgroup, bytes.
    pub group_segment_fixed_size: u32,
    /// `PRIVATE_SEGMENT_FIXED_SIZE`: scratch of a lane, bytes.
    pub private_segment_fixed_size: u32,
    /// `KERNARG_SIZE`: bytes of the arguments, 0 where the compiler doesn't say.
    pub kernarg_size: u32,
    /// `KERNEL_CODE_ENTRY_BYTE_OFFSET`: from the descriptor to the first instruction, bytes.
    pub kernel_code_entry_byte_offset: i64,
    /// `COMPUTE_PGM_RSRC3`.
    pub rsrc3: ComputePgmRsrc3,
    /// `COMPUTE_PGM_RSRC1`.
    pub rsrc1: ComputePgmRsrc1,
    /// `COMPUTE_PGM_RSRC2`, without the LDS's size.
    pub rsrc2: ComputePgmRsrc2,
    /// `KERNEL_CODE_PROPERTIES`.
    pub properties: KernelProperties,
}

impl KernelDescriptor {
    /// Reads the descriptor of kernel `name`.
    ///
    /// # Errors
    /// [`ModuleError::Descriptor`] for reserved bits that are set and for features that gfx11 hasn't got.
    pub(super) fn parse(name: &str, bytes: &[u8; 64]) -> Result<Self, ModuleError> {
        let word = |at: usize| match bytes.get(at..at + 4) {
            Some(&[a, b, c, d]) => u32::from_le_bytes([a, b, c, d]),
            _ => 0,
        };
        let wrong = |what: &'static str| ModuleError::Descriptor { kernel: name.into(), what };
        let reserved = [3, 6, 7, 8, 9, 10, 15].iter().any(|index| word(index * 4) != 0);
        if reserved {
            return Err(wrong("has reserved bytes that are not 0"));
        }
        if word(56) >> 16 != 0 {
            return Err(wrong("wants its arguments preloaded into SGPRs, which gfx11 does not do"));
        }
        let low = word(56) as u16; // CAST: the low half.
        let properties = KernelProperties::from_bits(low).ok_or_else(|| wrong("has unknown properties"))?;
        Ok(Self {
            group_segment_fixed_size: word(0),
            private_segment_fixed_size: word(4),
            kernarg_size: word(8),
            // CAST: the same 64 bits, signed.
            kernel_code_entry_byte_offset: (u64::from(word(20)) << 32 | u64::from(word(16))) as i64,
            rsrc3: ComputePgmRsrc3(word(44)),
            rsrc1: ComputePgmRsrc1(word(48)),
            rsrc2: ComputePgmRsrc2(word(52)),
            properties,
        })
    }

    /// Lanes of a wave: 32 or 64.
    pub const fn wave_lanes(&self) -> u32 {
        if self.properties.contains(KernelProperties::WAVEFRONT_SIZE32) { 32 } else { 64 }
    }

    /// Vector registers of a lane, as the descriptor counts them: in units of 8 (wave32) or 4 (wave64).
    pub const fn vgprs(&self) -> u32 {
        (self.rsrc1.vgprs() + 1) * (256 / self.wave_lanes())
    }

    /// SGPRs that are filled after the user's: workgroup ids and the workgroup's information.
    pub const fn system_sgprs(&self) -> u32 {
        let rsrc2 = self.rsrc2;
        rsrc2.tgid_x_en() + rsrc2.tgid_y_en() + rsrc2.tgid_z_en() + rsrc2.tg_size_en()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// `addk` of clang 19 for gfx1100: 24 bytes of arguments, RSRC1 0x60AF0080, RSRC2 0x9E, properties 0x0408.
    fn addk() -> [u8; 64] {
        let mut bytes = [0; 64];
        bytes[8] = 24;
        bytes[16..24].copy_from_slice(&0x0c80_i64.to_le_bytes());
        bytes[48..52].copy_from_slice(&0x60af_0080_u32.to_le_bytes());
        bytes[52..56].copy_from_slice(&0x9e_u32.to_le_bytes());
        bytes[56..58].copy_from_slice(&0x0408_u16.to_le_bytes());
        bytes
    }

    #[test]
    fn fields_are_where_llvm_puts_them() {
        let descriptor = KernelDescriptor::parse("addk", &addk()).unwrap();
        assert_eq!(descriptor.kernarg_size, 24);
        assert_eq!(descriptor.kernel_code_entry_byte_offset, 0xc80);
        assert_eq!((descriptor.rsrc2.user_sgpr(), descriptor.system_sgprs()), (15, 1));
        assert_eq!((descriptor.wave_lanes(), descriptor.vgprs()), (32, 8));
        assert_eq!(descriptor.properties, KernelProperties::KERNARG_SEGMENT_PTR | KernelProperties::WAVEFRONT_SIZE32);
    }

    #[test]
    fn what_gfx11_has_not_got_is_refused() {
        for (at, what) in [(13, "reserved"), (30, "reserved"), (62, "reserved"), (58, "preloaded"), (57, "properties")]
        {
            let mut bytes = addk();
            bytes[at] |= 0x80;
            let error = KernelDescriptor::parse("addk", &bytes).unwrap_err().to_string();
            assert!(error.contains(what), "byte {at}: {error}");
        }
    }
}
