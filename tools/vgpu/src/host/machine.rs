//! The machine that clients find.

use std::sync::Arc;

use super::engine::{Engine, Watching};
use super::tree::PciDevice;
use crate::kmd::{Chip, Config, ConfigError, Device, Flavour, Kernel};

/// One gfx1100 under a kernel of the 6.12 flavour.
///
/// # Errors
/// As [`Kernel::new`].
pub fn standard_kernel() -> Result<Kernel, ConfigError> {
    let chip = Chip::ALL[0];
    let engine = Engine::new(&[Device::new(chip)], &Watching::default());
    Kernel::new(Config { strict: false, timeout_scale: 1.0, ..Config::new(Flavour::V6_12, chip, Arc::new(engine)) })
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
