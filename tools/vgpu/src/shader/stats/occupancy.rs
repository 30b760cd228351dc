//! How many waves a SIMD can hold.

use sparkle_rdna3::WaveSize;

use crate::shader::chip::{Chip, LDS_BYTES, LDS_GRANULE, SIMDS, WAVES};

/// What keeps more waves out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// The places for waves.
    Waves,
    /// VGPRs.
    Vgprs,
    /// LDS.
    Lds,
    /// The places for barriers.
    Barriers,
    /// Not even one workgroup fits.
    Impossible,
}

impl Limit {
    /// Its name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waves => "waves",
            Self::Vgprs => "vgprs",
            Self::Lds => "lds",
            Self::Barriers => "barriers",
            Self::Impossible => "impossible",
        }
    }
}

/// Waves that fit a SIMD at once, if all workgroups are alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Occupancy {
    /// Workgroups that fit a compute unit in CU mode, a WGP in WGP mode.
    pub groups: u32,
    /// Waves of all SIMDs there.
    pub waves: u32,
    /// SIMDs there.
    pub simds: u32,
    /// What keeps more out.
    pub limit: Limit,
}

impl Occupancy {
    /// Of workgroups of so many threads with so many bytes of LDS, whose waves have so many VGPRs.
    #[must_use]
    pub fn of(chip: &Chip, wave: WaveSize, threads: u32, vgprs: u32, lds_bytes: u32, wgp_mode: bool) -> Self {
        let units = if wgp_mode { 2 } else { 1 };
        let lanes = match wave {
            WaveSize::Wave32 => 32,
            WaveSize::Wave64 => 64,
        };
        let waves = threads.div_ceil(lanes).max(1);
        let simds = SIMDS * units;
        let lds = lds_bytes.next_multiple_of(LDS_GRANULE);
        // A workgroup of one wave needs no barrier. Source: LLVM `AMDGPUBaseInfo.cpp`, `getMaxWorkGroupsPerCU`.
        let barriers = if waves == 1 { u32::MAX } else { 16 * units };
        let limits = [
            (WAVES * simds / waves, Limit::Waves),
            (chip.waves(wave, vgprs) * simds / waves, Limit::Vgprs),
            ((LDS_BYTES * units).checked_div(lds).unwrap_or(u32::MAX), Limit::Lds),
            (barriers, Limit::Barriers),
        ];
        let mut least = (u32::MAX, Limit::Waves);
        for limit in limits {
            if limit.0 < least.0 {
                least = limit;
            }
        }
        let (groups, limit) = least;
        Self { groups, waves: groups * waves, simds, limit: if groups == 0 { Limit::Impossible } else { limit } }
    }

    /// Waves of a SIMD, on average.
    #[must_use]
    pub fn waves_per_simd(&self) -> f64 {
        f64::from(self.waves) / f64::from(self.simds)
    }
}
