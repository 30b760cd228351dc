//! A machine with one strict GPU under all sanitizers, and what it says at the end.

use super::common::{complaints, kernel_with, open};
use sparkle::amdgpu::{Deadline, Device};
use sparkle::backend::gpu::{Gpu, Lint, Options};
use sparkle_vgpu::host::Engine;
use sparkle_vgpu::kmd::{self, Chip, Config, Flavour, Kernel};
use sparkle_vgpu::sanitize::{Sanitizer, Switches};
use std::sync::Arc;
use std::time::Duration;

pub struct Machine {
    pub kernel: Kernel,
    engine: Arc<Engine>,
}

impl Machine {
    pub fn new(flavour: Flavour, chip: &str) -> Self {
        Self::with(flavour, chip, |_| {})
    }

    /// The same, changed before it starts.
    pub fn with(flavour: Flavour, chip: &str, change: impl FnOnce(&mut Config)) -> Self {
        let device = kmd::Device::new(Chip::find(chip).unwrap());
        let switches = Switches::ALL.without(Sanitizer::UninitStrict);
        let engine = Arc::new(Engine::new(&[device], switches, true));
        let kernel = kernel_with(flavour, chip, engine.clone(), |config| {
            config.strict = true;
            change(config);
        });
        Self { kernel, engine }
    }

    pub fn device(&self) -> Arc<Device> {
        open(&self.kernel)
    }

    /// Its GPU, with every list checked.
    pub fn gpu(&self) -> Gpu {
        Gpu::with_options(self.device(), Options::default().lint(Lint::Always)).unwrap()
    }

    /// What sanitizers, command processor and driver have said.
    pub fn findings(&self) -> Vec<String> {
        self.engine.reports().into_iter().chain(complaints(&self.kernel)).collect()
    }
}

pub fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(60))
}
