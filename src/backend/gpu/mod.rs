//! The GPU: code objects, buffers, command lists and streams over [`crate::amdgpu`], for whoever embeds this crate.
//!
//! A [`Gpu`] is opened on a device. [`Module::load`] loads a code object as LLVM makes it, [`Gpu::buffer`] allocates,
//! a [`CommandList`] records dispatches, a [`Stream`] runs lists in order, and [`Pending::wait`] says when one is done.
//!
//! ```no_run
//! use sparkle::amdgpu::{Deadline, Device};
//! use sparkle::backend::gpu::{Dispatch, Gpu, Grid, Memory, Module};
//! use std::time::Duration;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // Open.
//! let gpu = Gpu::open(Device::open("/dev/dri/renderD128".as_ref())?)?;
//! // Load: clang -x cl -target amdgcn-amd-amdhsa -mcpu=gfx1100 -nogpulib scale.cl -o scale.co
//! let module = Module::load(&gpu, &std::fs::read("scale.co")?)?;
//! let scale = module.kernel("scale")?; // kernel void scale(global float *x, float by)
//! // Allocate and upload.
//! let mut x = gpu.buffer(Memory::Device, 4096)?;
//! x.write(0, &[1.5_f32; 1024])?;
//! // Launch: 1024 work-items in workgroups of 256.
//! let mut stream = gpu.stream()?;
//! let args = [(&x).into(), 2.0_f32.into()];
//! let mut pending = stream.launch(&Dispatch::new(&scale, Grid::workgroups([4, 1, 1], [256, 1, 1]), &args))?;
//! // Wait, and read back.
//! pending.wait(Deadline::after(Duration::from_secs(5)))?;
//! let mut out = [0.0_f32; 1024];
//! x.read(0, &mut out)?;
//! # Ok(())
//! # }
//! ```
//!
//! What to know:
//! - A stream is in order: a dispatch sees what the ones before it wrote, also those of earlier submissions. Work of two
//!   streams is ordered by [`Stream::wait_for`] alone.
//! - Recording costs CPU time once; a recorded list can be sent again and again, also while it still runs.
//! - Kernels of Linux end work that takes too long, the newest after 2 s: see [`SUBMISSION_LIMIT`].
//! - An error that [`Error::loses_context`] ends its stream: make a new one. Where VRAM was lost with it, modules upload
//!   their code again by themselves; what was in buffers of [`Memory::Device`] is gone.

mod buffer;
mod copies;
mod error;
pub mod launch;
pub mod module;

pub use buffer::{Buffer, Memory, Role};
pub use error::Error;
pub use launch::{Arg, Capacity, CommandList, Dispatch, Grid, Pending, SUBMISSION_LIMIT, Stream, Timestamp};
pub use module::{Kernel, LoadOptions, Module, ModuleError, Unprovided};

use crate::amdgpu::{Device, GpuInfo};
use copies::Copies;
use sparkle_pm4::Gfx;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Which streams the PM4 linter looks through before they are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lint {
    /// Every recorded list, once. It costs some hundred microseconds a list, and allocates.
    Always,
    /// None.
    Never,
}

impl Default for Lint {
    /// [`Lint::Always`] in builds with debug assertions, [`Lint::Never`] in others.
    fn default() -> Self {
        if cfg!(debug_assertions) { Self::Always } else { Self::Never }
    }
}

/// How a [`Gpu`] works.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// Checks before submission.
    pub lint: Lint,
}

impl Options {
    /// The same with other checks.
    pub const fn lint(mut self, lint: Lint) -> Self {
        self.lint = lint;
        self
    }
}

/// What everything on a GPU shares.
#[derive(Debug)]
pub(crate) struct Core {
    device: Arc<Device>,
    gfx: Gfx,
    options: Options,
    /// Streams made so far: they take the compute rings in turn.
    streams: AtomicU32,
    /// How often VRAM was lost, as far as anybody here knows: asked whenever a stream is made.
    vram_losses: AtomicU32,
}

impl Core {
    /// Asks again how often VRAM was lost, which may have taken the code of modules with it.
    fn look_for_losses(&self) -> Result<(), Error> {
        self.vram_losses.store(self.device.vram_losses()?, Ordering::Release);
        Ok(())
    }
}

/// A device with what its streams share. Clones are the same GPU.
#[derive(Clone, Debug)]
pub struct Gpu {
    core: Arc<Core>,
    copies: Arc<Mutex<Option<Copies>>>,
}

impl Gpu {
    /// Uses an open device.
    ///
    /// # Errors
    /// [`Error::UnsupportedChip`].
    pub fn open(device: Arc<Device>) -> Result<Self, Error> {
        Self::with_options(device, Options::default())
    }

    /// The same with options.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn with_options(device: Arc<Device>, options: Options) -> Result<Self, Error> {
        let gfx = device.info().gfx;
        let known = gfx.to_string().parse::<Gfx>().ok().filter(|_| gfx.major == 11);
        let Some(known) = known else { return Err(Error::UnsupportedChip { gfx }) };
        let vram_losses = AtomicU32::new(device.vram_losses()?);
        let core = Core { device, gfx: known, options, streams: AtomicU32::new(0), vram_losses };
        Ok(Self { core: Arc::new(core), copies: Arc::default() })
    }

    /// The device.
    pub fn device(&self) -> &Arc<Device> {
        &self.core.device
    }

    /// What the device is.
    pub fn info(&self) -> &GpuInfo {
        self.core.device.info()
    }

    /// Allocates `bytes` bytes.
    ///
    /// # Errors
    /// [`Error::Driver`].
    pub fn buffer(&self, memory: Memory, bytes: u64) -> Result<Buffer, Error> {
        Buffer::new(self, memory, bytes)
    }

    /// Makes a stream on the next of the device's compute rings.
    ///
    /// # Errors
    /// [`Error::Driver`].
    pub fn stream(&self) -> Result<Stream, Error> {
        let number = self.core.streams.fetch_add(1, Ordering::Relaxed);
        self.stream_on(number % self.info().compute.count.max(1))
    }

    /// Makes a stream on compute ring `ring`, with a context of its own.
    ///
    /// # Errors
    /// [`Error::Driver`].
    pub fn stream_on(&self, ring: u32) -> Result<Stream, Error> {
        Stream::new(&self.core, ring)
    }

    /// The time between two readings of the GPU's clock.
    pub fn duration_of(&self, ticks: u64) -> Duration {
        let nanoseconds = u128::from(ticks) * 1_000_000 / u128::from(self.info().counter_khz.max(1));
        Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX))
    }

    /// Whether this is the same GPU as `other`'s.
    fn must_be(core: &Arc<Core>, other: &Arc<Core>, what: &'static str) -> Result<(), Error> {
        if Arc::ptr_eq(core, other) { Ok(()) } else { Err(Error::Foreign { what, of: "GPU" }) }
    }
}
