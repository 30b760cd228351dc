//! The fields of `s_waitcnt` and `s_waitcnt_depctr` on gfx11.

/// A counter of memory operations that are under way.
///
/// Source: AMD "RDNA3 Instruction Set Architecture", section "Memory dependency counters".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Counter {
    /// Vector memory that returns data, `vmcnt`.
    Vm,
    /// LDS, GDS, scalar memory and messages, `lgkmcnt`.
    Lgkm,
    /// Exports, LDS reads for pixel shaders and GDS operands, `expcnt`.
    Exp,
    /// Vector memory that returns nothing, `vscnt`.
    Vs,
}

impl Counter {
    /// The highest count the hardware holds; a wait for it waits for nothing.
    ///
    /// Source: LLVM `AMDGPUBaseInfo.cpp`, `getVmcntBitMask` and its siblings.
    #[must_use]
    pub const fn most(self) -> u8 {
        match self {
            Self::Exp => 7,
            Self::Vm | Self::Lgkm | Self::Vs => 63,
        }
    }
}

/// The counts that `s_waitcnt` waits for.
///
/// Source: LLVM `AMDGPUBaseInfo.cpp`, `decodeWaitcnt` for GFX11: vmcnt 15:10, lgkmcnt 9:4, expcnt 2:0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaitCnt {
    /// At most this many vector loads are left.
    pub vm: u8,
    /// At most this many exports are left.
    pub exp: u8,
    /// At most this many LDS, GDS and scalar memory operations and messages are left.
    pub lgkm: u8,
}

impl WaitCnt {
    /// Reads the immediate.
    #[must_use]
    pub const fn decode(imm: u16) -> Self {
        // CAST: six and three bits
        Self { vm: (imm >> 10 & 63) as u8, exp: (imm & 7) as u8, lgkm: (imm >> 4 & 63) as u8 }
    }
}

/// The counts that `s_waitcnt_depctr` waits for; all ones waits for nothing.
///
/// Source: LLVM `AMDGPUBaseInfo.h` and `AMDGPUBaseInfo.cpp`, namespace `DepCtr`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DepCtr {
    /// VALU operations whose VGPR result is not written yet, bits 15:12.
    pub va_vdst: u8,
    /// VALU operations whose SGPR result is not written yet, bits 11:9.
    pub va_sdst: u8,
    /// VALU operations that have not read their SGPRs yet, bit 8.
    pub va_ssrc: u8,
    /// Whatever holds the wave, bit 7.
    pub hold_cnt: u8,
    /// Memory operations that have not read their VGPRs yet, bits 4:2.
    pub vm_vsrc: u8,
    /// VALU operations whose VCC result is not written yet, bit 1.
    pub va_vcc: u8,
    /// SALU operations whose SGPR result is not written yet, bit 0.
    pub sa_sdst: u8,
}

impl DepCtr {
    /// Waits for nothing.
    pub const NONE: Self = Self::decode(0xffff);

    /// Reads the immediate.
    #[must_use]
    pub const fn decode(imm: u16) -> Self {
        // CAST: four bits at most
        Self {
            va_vdst: (imm >> 12) as u8,
            va_sdst: (imm >> 9 & 7) as u8,
            va_ssrc: (imm >> 8 & 1) as u8,
            hold_cnt: (imm >> 7 & 1) as u8,
            vm_vsrc: (imm >> 2 & 7) as u8,
            va_vcc: (imm >> 1 & 1) as u8,
            sa_sdst: (imm & 1) as u8,
        }
    }
}
