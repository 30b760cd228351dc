//! How long a card would take at least: what counts and published rates allow, and nothing measured.

use super::{Occupancy, Stats};
use crate::shader::Chip;

/// What a board can do in a second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rates {
    /// Compute units that work.
    pub compute_units: u32,
    /// The shader clock, in Hz.
    pub clock_hz: f64,
    /// Bytes that the L2 cache gives in a clock.
    pub gl2_bytes: f64,
}

impl Rates {
    /// Of a chip at `clock_khz` with so many channels of L2 cache, 64 bytes a clock each.
    /// Source: Mesa `ac_gpu_info.c`, `num_tcc_blocks`; AMD, "RDNA3" white paper: 64 bytes a clock and channel.
    #[must_use]
    #[allow(clippy::cast_precision_loss)] // kHz of a clock
    pub fn new(chip: &Chip, clock_khz: u64, channels: u32) -> Self {
        // CAST: as above
        Self {
            compute_units: chip.compute_units,
            clock_hz: clock_khz as f64 * 1e3,
            gl2_bytes: f64::from(channels) * 64.0,
        }
    }
}

/// What a dispatch is bound by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    /// Issue of the vector ALU.
    Valu,
    /// The banks of LDS.
    Lds,
    /// The way from the first cache to the lanes.
    Gl0,
    /// The L2 cache, if the caches before it hit nothing.
    Gl2,
    /// Starting waves.
    Launch,
}

impl Resource {
    /// Its name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Valu => "valu",
            Self::Lds => "lds",
            Self::Gl0 => "gl0",
            Self::Gl2 => "gl2",
            Self::Launch => "launch",
        }
    }
}

/// The longest of the times that single resources need. Latency and memory behind the L2 cache are left out, so that a
/// card takes at least this: modelled, not measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bound {
    /// In seconds.
    pub seconds: f64,
    /// Which resource.
    pub by: Resource,
}

/// Bytes of a line of the vector caches, and bytes that the first one gives in a clock.
/// Source: Linux `amdgpu_drm.h`, `tcp_cache_line_size` 128 on gfx11; gfx11 traces of tinygrad: 64 bytes a clock.
const LINE: f64 = 128.0;
const GL0_BYTES: f64 = 64.0;

impl Bound {
    /// Of a dispatch that did `stats`.
    #[must_use]
    #[allow(clippy::cast_precision_loss)] // counts, shown with a few digits
    pub fn of(stats: &Stats, occupancy: &Occupancy, rates: &Rates) -> Self {
        let units = f64::from(rates.compute_units.max(1));
        // A workgroup has the SIMDs of its unit, however many units are idle beside it.
        let busy = (stats.groups as f64 * f64::from(occupancy.simds) / 2.0).clamp(1.0, units); // CAST: as above
        let lines = stats.lines.touched as f64 * LINE; // CAST: as above
        let clocks = [
            (Resource::Valu, stats.valu_clocks as f64 / (busy * 2.0)), // CAST: as above
            (Resource::Lds, stats.banks.clocks as f64 / busy),         // CAST: as above
            (Resource::Gl0, lines / GL0_BYTES / busy),
            (Resource::Gl2, lines / rates.gl2_bytes.max(1.0)),
            // One workgroup a clock and shader engine of about 16 units. Source: gfx11 traces of tinygrad.
            (Resource::Launch, stats.groups as f64 / (units / 16.0).max(1.0)), // CAST: as above
        ];
        let mut most = (Resource::Launch, 0.0);
        for one in clocks {
            if one.1 > most.1 {
                most = one;
            }
        }
        Self { seconds: most.1 / rates.clock_hz.max(1.0), by: most.0 }
    }
}
