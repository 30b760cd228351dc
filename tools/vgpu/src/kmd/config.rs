//! What kernel it is, and on what machine.

use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;

use super::errno::Errno;
use super::info::Chip;
use super::job::Processor;
use super::report::Sink;

/// Which kernel's behaviour. Each stands for the release that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Flavour {
    /// Linux 6.1.176.
    V6_1,
    /// Linux 6.12.107.
    V6_12,
    /// Linux 7.3.4.
    V7_3,
}

impl Flavour {
    /// All of them, oldest first.
    pub const ALL: [Self; 3] = [Self::V6_1, Self::V6_12, Self::V7_3];

    /// The driver's minor version; the major one is 3. Source: Linux `amdgpu_drv.c`, `KMS_DRIVER_MINOR`.
    #[must_use]
    pub const fn minor(self) -> u32 {
        match self {
            Self::V6_1 => 49,
            Self::V6_12 => 61,
            Self::V7_3 => 64,
        }
    }

    /// The flavour that `--kernel` names so.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|flavour| flavour.name() == name)
    }

    /// Its release.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::V6_1 => "6.1",
            Self::V6_12 => "6.12",
            Self::V7_3 => "7.3",
        }
    }

    /// How long a job may run before it counts as hung. Source: Linux `amdgpu_device.c`,
    /// `amdgpu_device_get_job_timeout_settings`.
    #[must_use]
    pub(crate) const fn lockup(self, compute: bool) -> Duration {
        match (self, compute) {
            (Self::V7_3, _) => Duration::from_secs(2),
            (_, true) => Duration::from_secs(60),
            (_, false) => Duration::from_secs(10),
        }
    }

    /// First address that clients may map. Source: Linux `amdgpu_vm.h`, `AMDGPU_VA_RESERVED_BOTTOM` (before 6.12
    /// `AMDGPU_VA_RESERVED_SIZE`).
    pub(crate) const fn va_start(self) -> u64 {
        match self {
            Self::V6_1 => 2 << 20,
            Self::V6_12 | Self::V7_3 => 64 << 10,
        }
    }

    /// Bytes at the top of the address space that clients may not map. Source: Linux `amdgpu_vm.h`,
    /// `AMDGPU_VA_RESERVED_TOP`.
    pub(crate) const fn va_reserved_top(self) -> u64 {
        match self {
            Self::V6_1 => 2 << 20,
            Self::V6_12 | Self::V7_3 => (4 << 20) + (64 << 10),
        }
    }
}

/// How the driver gets a hung ring back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovery {
    /// The waves are killed; the job ends with `ENODATA`.
    Soft,
    /// The queue alone is reset.
    Queue,
    /// The whole GPU is reset; on a board with its own memory that memory is lost.
    Full,
}

/// One device.
#[derive(Clone, Debug)]
pub struct Device {
    /// The chip and its board.
    pub chip: Chip,
    /// Bytes of video memory, on an APU the carve-out.
    pub vram_bytes: u64,
    /// Bytes of video memory that the CPU can reach.
    pub visible_vram_bytes: u64,
    /// Bytes of system memory that the GPU may use.
    pub gtt_bytes: u64,
}

impl Device {
    /// A board as sold, all of its memory visible. `gtt_bytes` is that of a machine with 32 GiB.
    #[must_use]
    pub fn new(chip: Chip) -> Self {
        Self { chip, vram_bytes: chip.vram_bytes, visible_vram_bytes: chip.vram_bytes, gtt_bytes: 16 << 30 }
    }
}

/// A machine with its devices.
#[derive(Clone)]
pub struct Config {
    /// Which kernel.
    pub flavour: Flavour,
    /// The devices, in the order of their nodes.
    pub devices: Vec<Device>,
    /// What executes command streams.
    pub processor: Arc<dyn Processor>,
    /// Where reports go besides the kernel's own list.
    pub sink: Option<Arc<dyn Sink>>,
    /// Timer interrupts in a second; amdgpu's waits round down to them.
    pub hz: u32,
    /// By what the lockup timeouts and the 5 s wait for a submit are multiplied. 1 is the real time.
    pub timeout_scale: f64,
    /// How hung rings are got back; `None` for what the flavour does first.
    pub recovery: Option<Recovery>,
    /// Whether what silicon would forgive by luck counts as a hang or fault: unlisted buffers, misaligned IBs.
    pub strict: bool,
    /// Most bytes of new video memory that flavour 6.1, and a loss of it, fill with a pattern.
    pub poison_bytes: u64,
    /// Whether one file has the pages of all buffers, each at the offset that `GEM_MMAP` gives; else each has its own.
    pub one_file: bool,
}

/// A configuration that no kernel would come up with.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The release knows nothing of the chip.
    #[error("linux {kernel} does not support {chip}; take a newer kernel")]
    Unsupported {
        /// The flavour.
        kernel: &'static str,
        /// The chip.
        chip: &'static str,
    },
    /// More memory is visible than exists.
    #[error("{visible} bytes of video memory are visible of {total}; give at most all")]
    Visible {
        /// Visible bytes.
        visible: u64,
        /// All bytes.
        total: u64,
    },
    /// A size that is not whole pages.
    #[error("{bytes} bytes of memory are not whole pages of 4096 bytes")]
    Pages {
        /// The size.
        bytes: u64,
    },
    /// The system has no file for buffers.
    #[error("a file for all buffers cannot be made: {errno}; look at the limits on memory and file size")]
    OneFile {
        /// What it says.
        errno: Errno,
    },
    /// No timer.
    #[error("the timer has {hz} interrupts in a second; linux has 100 to 1000")]
    Timer {
        /// What was given.
        hz: u32,
    },
}

impl Config {
    /// One board of `chip` under `flavour`, with short timeouts and strict checks.
    #[must_use]
    pub fn new(flavour: Flavour, chip: Chip, processor: Arc<dyn Processor>) -> Self {
        Self {
            flavour,
            devices: vec![Device::new(chip)],
            processor,
            sink: None,
            hz: 250,
            timeout_scale: 0.01,
            recovery: None,
            strict: true,
            poison_bytes: 16 << 20,
            one_file: false,
        }
    }

    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        if !(100..=1000).contains(&self.hz) {
            return Err(ConfigError::Timer { hz: self.hz });
        }
        for device in &self.devices {
            let Device { chip, vram_bytes, visible_vram_bytes, gtt_bytes } = *device;
            if self.flavour == Flavour::V6_1 && chip.gc.1 == 5 {
                return Err(ConfigError::Unsupported { kernel: self.flavour.name(), chip: chip.name });
            }
            if visible_vram_bytes > vram_bytes {
                return Err(ConfigError::Visible { visible: visible_vram_bytes, total: vram_bytes });
            }
            if let Some(bytes) =
                [vram_bytes, visible_vram_bytes, gtt_bytes].into_iter().find(|b| !b.is_multiple_of(4096))
            {
                return Err(ConfigError::Pages { bytes });
            }
        }
        Ok(())
    }

    /// A time of the real kernel, scaled.
    pub(crate) fn scaled(&self, real: Duration) -> Duration {
        if self.timeout_scale.is_finite() && self.timeout_scale > 0.0 {
            real.mul_f64(self.timeout_scale.min(1.0e3))
        } else {
            Duration::ZERO
        }
    }

    /// How a hung ring is got back first. Source: Linux `amdgpu_job.c`, `amdgpu_job_timedout`.
    pub(crate) fn recovery(&self) -> Recovery {
        self.recovery.unwrap_or(match self.flavour {
            Flavour::V6_1 => Recovery::Full,
            Flavour::V6_12 => Recovery::Soft,
            Flavour::V7_3 => Recovery::Queue,
        })
    }
}

impl std::fmt::Debug for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Config").field("flavour", &self.flavour).field("devices", &self.devices).finish_non_exhaustive()
    }
}
