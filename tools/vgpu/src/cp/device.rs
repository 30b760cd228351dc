//! What the rings of a device share: the chip, its clock, its instruction caches.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sparkle_pm4::Gfx;

use super::program::Code;
use crate::shader::Chip;

/// How much a job may do before it counts as hung.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Dwords of packets of a job, called and chained streams included.
    pub dwords: u64,
    /// Workgroups of a dispatch.
    pub groups: u64,
    /// Instructions of a wave. The default is about a second of a card's time and half a minute of the model's.
    pub instructions: u64,
    /// How long a packet waits for memory that others write. Zero where nobody else runs.
    pub patience: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { dwords: 1 << 28, groups: 1 << 36, instructions: 1 << 30, patience: Duration::ZERO }
    }
}

/// A device, as its command processors see it.
#[derive(Debug)]
pub struct DeviceState {
    chip: Chip,
    gfx: Gfx,
    strict: bool,
    limits: Limits,
    clock: AtomicU64,
    pub(crate) code: Code,
}

/// Ticks a second of the GPU's clock: `gpu_counter_freq` is 100 MHz on cards. Source: Linux `amdgpu_kms.c`,
/// `dev_info->gpu_counter_freq`; `amdgpu_atomfirmware.c` for the reference.
pub const TICKS_PER_SECOND: u64 = 100_000_000;

impl DeviceState {
    /// A device with this chip.
    #[must_use]
    pub fn new(chip: Chip) -> Self {
        let gfx = chip.name.parse().unwrap_or(Gfx::GFX1100);
        let limits = Limits::default();
        // Not 0, so that a time that was never written shows.
        Self { chip, gfx, strict: false, limits, clock: AtomicU64::new(1 << 20), code: Code::default() }
    }

    /// With `strict`, what a card may survive is a hang too.
    #[must_use]
    pub fn with_strict(self, strict: bool) -> Self {
        Self { strict, ..self }
    }

    /// With other limits.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// The chip.
    #[must_use]
    pub const fn chip(&self) -> Chip {
        self.chip
    }

    /// The chip, as packets know it.
    #[must_use]
    pub const fn gfx(&self) -> Gfx {
        self.gfx
    }

    /// Whether what a card may survive is a hang.
    #[must_use]
    pub const fn is_strict(&self) -> bool {
        self.strict
    }

    /// How much a job may do.
    #[must_use]
    pub const fn limits(&self) -> Limits {
        self.limits
    }

    /// The clock, in ticks. It goes forward by the work that is done, never back, and no two readings are the same.
    #[must_use]
    pub fn now(&self) -> u64 {
        self.advance(1)
    }

    /// Lets time pass; the time after it.
    pub fn advance(&self, ticks: u64) -> u64 {
        self.clock.fetch_add(ticks, Ordering::AcqRel).wrapping_add(ticks)
    }

    /// Sets the clock forward to at least `ticks`: for a device whose clients read a clock that runs by itself.
    pub fn catch_up(&self, ticks: u64) {
        self.clock.fetch_max(ticks, Ordering::AcqRel);
    }

    /// Shader engines. They have two shader arrays each. Source: Linux `gfx_v11_0.c`, `max_sh_per_se`.
    #[must_use]
    pub fn shader_engines(&self) -> usize {
        (self.chip.compute_units / self.chip.array_units.max(1) / 2).max(1) as usize // CAST: widening
    }
}
