//! A machine with one strict GPU under all sanitizers, and what it says at the end.

use super::common::{complaints, kernel_with, open};
use sparkle::amdgpu::{Deadline, Device};
use sparkle::backend::gpu::{Gpu, Lint, Options};
use sparkle_vgpu::host::{Engine, Watching};
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

    /// One whose shaders nobody watches, for runs that are about the driver.
    pub fn quiet(flavour: Flavour, chip: &str) -> Self {
        Self::watched(flavour, chip, Switches::NONE, |_| {})
    }

    /// The first, changed before it starts.
    pub fn with(flavour: Flavour, chip: &str, change: impl FnOnce(&mut Config)) -> Self {
        Self::watched(flavour, chip, Switches::ALL.without(Sanitizer::UninitStrict), change)
    }

    fn watched(flavour: Flavour, chip: &str, switches: Switches, change: impl FnOnce(&mut Config)) -> Self {
        let device = kmd::Device::new(Chip::find(chip).unwrap());
        let engine =
            Arc::new(Engine::new(&[device], &Watching { sanitize: switches, strict: true, ..Watching::default() }));
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
        self.engine.reports().into_iter().chain(self.engine.findings()).chain(complaints(&self.kernel)).collect()
    }
}

pub fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(60))
}
