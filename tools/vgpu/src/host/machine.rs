//! The machine that clients find.

use std::sync::Arc;

use super::tree::PciDevice;
use crate::kmd::{Chip, Config, ConfigError, Flavour, Job, Kernel, Outcome, Processor};

/// Executes nothing: every job ends as one whose first packet no command processor knows.
#[derive(Debug)]
pub struct NoProcessor;

impl Processor for NoProcessor {
    fn execute(&self, job: &Job) -> Outcome {
        Outcome::Illegal { why: format!("{:?} ring {}: command streams are not executed yet", job.ip, job.ring) }
    }
}

/// One gfx1100 under a kernel of the 6.12 flavour.
///
/// # Errors
/// As [`Kernel::new`].
pub fn standard_kernel() -> Result<Kernel, ConfigError> {
    let chip = Chip::ALL[0];
    Kernel::new(Config {
        strict: false,
        timeout_scale: 1.0,
        ..Config::new(Flavour::V6_12, chip, Arc::new(NoProcessor))
    })
}

/// What /sys says about the devices of a kernel.
#[must_use]
pub fn pci_devices(kernel: &Kernel) -> Vec<PciDevice> {
    let small = |version: u32| u8::try_from(version).unwrap_or(u8::MAX);
    kernel
        .devices()
        .iter()
        .map(|device| PciDevice {
            device: u16::try_from(device.chip.device_id).unwrap_or(0),
            revision: small(device.chip.pci_rev),
            graphics_core: [small(device.chip.gc.0), small(device.chip.gc.1), small(device.chip.gc.2)],
            memory: [device.vram_bytes, device.visible_vram_bytes, device.gtt_bytes],
        })
        .collect()
}
