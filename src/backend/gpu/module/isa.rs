//! Instruction sets of gfx11: which code runs where, and how many registers a SIMD has.

use super::ModuleError;
use crate::amdgpu::GfxVersion;
use std::fmt;

/// `EF_AMDGPU_MACH`: the bits of `e_flags` with the processor.
const MACH_MASK: u32 = 0xff;
/// `EF_AMDGPU_GENERIC_VERSION_OFFSET`.
const GENERIC_VERSION_SHIFT: u32 = 24;
/// The version of gfx11-generic that compilers make. Source: LLVM `AMDGPUBaseInfo.h`, `GenericVersion::GFX11`.
const GENERIC_VERSION: u32 = 1;
/// `EF_AMDGPU_MACH_AMDGCN_GFX11_GENERIC`.
const GFX11_GENERIC: u32 = 0x54;

/// Processors by `EF_AMDGPU_MACH`. Source: LLVM `AMDGPUUsage.rst`, "AMDGPU ELF Header `e_flags` for Code Object V4".
#[rustfmt::skip]
const PROCESSORS: &[(u32, GfxVersion)] = &[
    (0x41, GfxVersion::new(11, 0, 0)),
    (0x43, GfxVersion::new(11, 5, 0)),
    (0x44, GfxVersion::new(11, 0, 3)),
    (0x46, GfxVersion::new(11, 0, 1)),
    (0x47, GfxVersion::new(11, 0, 2)),
    (0x4a, GfxVersion::new(11, 5, 1)),
    (0x55, GfxVersion::new(11, 5, 2)),
    (0x58, GfxVersion::new(11, 5, 3)),
];

/// What a code object was compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Isa {
    /// One instruction set, `gfx1100`.
    Processor(GfxVersion),
    /// `gfx11-generic`: what all of gfx1100 to gfx1153 have.
    Gfx11Generic,
}

impl Isa {
    /// Reads `e_flags`.
    pub(super) fn of_flags(flags: u32) -> Result<Self, ModuleError> {
        let mach = flags & MACH_MASK;
        if mach == GFX11_GENERIC {
            let version = flags >> GENERIC_VERSION_SHIFT;
            return match version {
                GENERIC_VERSION => Ok(Self::Gfx11Generic),
                _ => Err(ModuleError::GenericVersion { found: version, known: GENERIC_VERSION }),
            };
        }
        let found = PROCESSORS.iter().find(|(number, _)| *number == mach);
        found.map(|(_, gfx)| Self::Processor(*gfx)).ok_or(ModuleError::Processor { mach })
    }

    /// Whether a device of this instruction set runs it.
    pub fn runs_on(self, device: GfxVersion) -> bool {
        match self {
            Self::Processor(gfx) => gfx == device,
            Self::Gfx11Generic => PROCESSORS.iter().any(|(_, gfx)| *gfx == device),
        }
    }
}

impl fmt::Display for Isa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Processor(gfx) => gfx.fmt(f),
            Self::Gfx11Generic => f.write_str("gfx11-generic"),
        }
    }
}

/// Vector registers of a SIMD for each lane of a wave32; half as many for each lane of a wave64.
///
/// Source: LLVM `AMDGPU.td`, `FeatureGFX11FullVGPRs` (gfx1100, gfx1101, gfx1151) and `AMDGPUBaseInfo.cpp`,
/// `getTotalNumVGPRs`, `getVGPRAllocGranule`; Mesa `ac_gpu_info.c`, `num_physical_wave64_vgprs_per_simd`.
const fn simd_vgprs(gfx: GfxVersion) -> (u32, u32) {
    match (gfx.minor, gfx.stepping) {
        (0, 0 | 1) | (5, 1) => (1536, 24),
        _ => (1024, 16),
    }
}

/// Waves that a SIMD has at most. Source: LLVM `AMDGPUBaseInfo.cpp`, `getMaxWavesPerEU`.
const SIMD_WAVES: u32 = 16;

/// Waves of so many registers and lanes that fit one workgroup's share of the GPU at a time: the 4 SIMDs of a WGP, or
/// the 2 of a compute unit. A larger workgroup never starts, and the queue waits for ever.
pub(super) const fn waves_that_fit(gfx: GfxVersion, vgprs: u32, lanes: u32, wgp_mode: bool) -> u32 {
    let (total, granule) = simd_vgprs(gfx);
    let (total, granule) = if lanes == 64 { (total / 2, granule / 2) } else { (total, granule) };
    let allocated = vgprs.next_multiple_of(granule);
    let of_simd = total / allocated;
    let of_simd = if of_simd < SIMD_WAVES { of_simd } else { SIMD_WAVES };
    of_simd * if wgp_mode { 4 } else { 2 }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const GFX1100: GfxVersion = GfxVersion::new(11, 0, 0);
    const GFX1102: GfxVersion = GfxVersion::new(11, 0, 2);

    #[test]
    fn flags_name_processors() {
        assert_eq!(Isa::of_flags(0x41).unwrap().to_string(), "gfx1100");
        assert_eq!(Isa::of_flags(0x47).unwrap().to_string(), "gfx1102");
        assert_eq!(Isa::of_flags(0x44).unwrap().to_string(), "gfx1103");
        assert_eq!(Isa::of_flags(0x0100_0054).unwrap(), Isa::Gfx11Generic);
        assert!(matches!(Isa::of_flags(0x0200_0054), Err(ModuleError::GenericVersion { found: 2, known: 1 })));
        assert!(matches!(Isa::of_flags(0x36), Err(ModuleError::Processor { mach: 0x36 })));
    }

    #[test]
    fn generic_code_runs_everywhere_and_other_code_on_its_own() {
        for gfx in [GFX1100, GFX1102, GfxVersion::new(11, 5, 3)] {
            assert!(Isa::Gfx11Generic.runs_on(gfx));
        }
        assert!(
            !Isa::Gfx11Generic.runs_on(GfxVersion::new(12, 0, 1))
                && !Isa::Gfx11Generic.runs_on(GfxVersion::new(11, 7, 0))
        );
        assert!(Isa::Processor(GFX1100).runs_on(GFX1100) && !Isa::Processor(GFX1100).runs_on(GFX1102));
    }

    /// Waves of a SIMD as LLVM's occupancy tables have them.
    #[test]
    fn registers_limit_waves() {
        let of_simd = |gfx, vgprs, lanes| waves_that_fit(gfx, vgprs, lanes, true) / 4;
        assert_eq!([96, 97, 120, 128, 192, 256].map(|vgprs| of_simd(GFX1100, vgprs, 32)), [16, 12, 12, 10, 8, 5]);
        assert_eq!([64, 65, 128, 256].map(|vgprs| of_simd(GFX1102, vgprs, 32)), [16, 12, 8, 4]);
        assert_eq!([48, 49, 256].map(|vgprs| of_simd(GFX1100, vgprs, 64)), [16, 12, 2]);
        assert_eq!(waves_that_fit(GFX1102, 256, 64, false), 4);
    }
}
