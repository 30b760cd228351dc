//! What the decoder must know of the device: the member of the gfx11 family and the wave size.

/// A chip of the gfx11 family, as far as its instructions differ.
///
/// Source: LLVM `llvm/lib/Target/AMDGPU/AMDGPU.td`, `FeatureISAVersion11_0_0` and `FeatureISAVersion11_5_0`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Gfx {
    /// gfx1100 to gfx1103 (RDNA3), which share one instruction set.
    #[default]
    Gfx1100,
    /// gfx1150 to gfx1152 (RDNA3.5), which add scalar floating-point operations among others.
    Gfx1150,
}

/// Lanes of a wave; decides how wide lane masks are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum WaveSize {
    /// 32 lanes: masks take one SGPR.
    #[default]
    Wave32,
    /// 64 lanes: masks take two SGPRs.
    Wave64,
}

impl WaveSize {
    /// SGPRs of a lane mask.
    #[must_use]
    pub const fn mask_dwords(self) -> u8 {
        match self {
            Self::Wave32 => 1,
            Self::Wave64 => 2,
        }
    }
}

/// The machine code is decoded for this chip and wave size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Target {
    /// The chip.
    pub gfx: Gfx,
    /// The wave size.
    pub wave: WaveSize,
}

impl Target {
    /// gfx1100, wave32: what LLVM assumes for `-mcpu=gfx1100`.
    pub const GFX1100: Self = Self { gfx: Gfx::Gfx1100, wave: WaveSize::Wave32 };
    /// gfx1100, wave64.
    pub const GFX1100_WAVE64: Self = Self { gfx: Gfx::Gfx1100, wave: WaveSize::Wave64 };
    /// gfx1150, wave32.
    pub const GFX1150: Self = Self { gfx: Gfx::Gfx1150, wave: WaveSize::Wave32 };
}
