//! The chips: how much of everything they have.

use sparkle_rdna3::{Gfx, Target, WaveSize};

/// A chip of the gfx11 family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chip {
    /// Its name as compilers have it.
    pub name: &'static str,
    /// Its instruction set.
    pub gfx: Gfx,
    /// Compute units, two of which share a WGP. They are those of the largest board with this chip.
    pub compute_units: u32,
    /// Compute units of a shader array, which share a GL1 cache.
    pub array_units: u32,
    /// Registers of 32 lanes that a SIMD has.
    pub vgprs: u32,
}

/// SIMDs of a compute unit. Source: guide, section 1.1.
pub const SIMDS: u32 = 2;
/// Waves that a SIMD holds. Source: LLVM `AMDGPUBaseInfo.cpp`, `getMaxWavesPerEU`.
pub const WAVES: u32 = 16;
/// Bytes of LDS of a compute unit; a WGP has twice that. Source: guide, section 12.1.
pub const LDS_BYTES: u32 = 64 << 10;
/// LDS is given in pieces of so many bytes. Source: Mesa `ac_gpu_info.c`, `lds_alloc_granularity`.
pub const LDS_GRANULE: u32 = 1024;
/// Most threads of a workgroup. Source: LLVM `AMDGPUBaseInfo.cpp`, `getMaxFlatWorkGroupSize`.
pub const MOST_THREADS: u32 = 1024;

impl Chip {
    /// All of them.
    ///
    /// Sources: VGPRs LLVM `GCNProcessors.td` and `AMDGPU.td` (`FeatureGFX11FullVGPRs`); units Linux
    /// `amdgpu_discovery.c` and the boards' data sheets.
    pub const ALL: [Self; 6] = [
        Self { name: "gfx1100", gfx: Gfx::Gfx1100, compute_units: 96, array_units: 8, vgprs: 1536 },
        Self { name: "gfx1101", gfx: Gfx::Gfx1100, compute_units: 60, array_units: 10, vgprs: 1536 },
        Self { name: "gfx1102", gfx: Gfx::Gfx1100, compute_units: 32, array_units: 8, vgprs: 1024 },
        Self { name: "gfx1103", gfx: Gfx::Gfx1100, compute_units: 12, array_units: 6, vgprs: 1024 },
        Self { name: "gfx1150", gfx: Gfx::Gfx1150, compute_units: 16, array_units: 8, vgprs: 1024 },
        Self { name: "gfx1151", gfx: Gfx::Gfx1150, compute_units: 40, array_units: 10, vgprs: 1536 },
    ];
    /// The Radeon RX 7900 XTX.
    pub const GFX1100: Self = Self::ALL[0];

    /// The chip with this name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|chip| chip.name == name)
    }

    /// What its code is decoded for.
    #[must_use]
    pub const fn target(&self, wave: WaveSize) -> Target {
        Target { gfx: self.gfx, wave }
    }

    /// Registers are given to a wave in multiples of this.
    /// Source: LLVM `AMDGPUBaseInfo.cpp`, `getVGPRAllocGranule`.
    #[must_use]
    pub const fn vgpr_granule(&self, wave: WaveSize) -> u32 {
        let narrow = if self.vgprs == 1536 { 24 } else { 16 };
        match wave {
            WaveSize::Wave32 => narrow,
            WaveSize::Wave64 => narrow / 2,
        }
    }

    /// Waves that a SIMD holds when each asks for `vgprs` registers.
    #[must_use]
    pub const fn waves(&self, wave: WaveSize, vgprs: u32) -> u32 {
        let file = match wave {
            WaveSize::Wave32 => self.vgprs,
            WaveSize::Wave64 => self.vgprs / 2,
        };
        let granule = self.vgpr_granule(wave);
        let given = if vgprs == 0 { granule } else { vgprs.div_ceil(granule) * granule };
        let waves = file / given;
        if waves < WAVES { waves } else { WAVES }
    }

    /// Workgroups that the chip holds at once: of so many waves each, with so many registers a wave and bytes of LDS.
    #[must_use]
    pub fn resident_groups(&self, wave: WaveSize, waves: u32, vgprs: u32, lds_bytes: u32) -> u32 {
        // A workgroup in WGP mode has the two halves of a WGP, one in CU mode a half alone; the sum is the same but for
        // what does not divide.
        let slots = self.waves(wave, vgprs) * SIMDS * 2 / waves.max(1);
        let by_lds = 2 * LDS_BYTES / lds_bytes.next_multiple_of(LDS_GRANULE).max(1);
        // 32 workgroups of more than one wave fit a WGP. Source: Linux `kfd_device_queue_manager`, barriers a WGP.
        slots.min(by_lds).max(1) * (self.compute_units / 2)
    }
}
