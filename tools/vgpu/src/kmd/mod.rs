//! The amdgpu kernel driver of a render node, as a library: what a client sees behind `ioctl` and `mmap`.
//!
//! A [`Kernel`] is a machine with its devices; [`Kernel::open`] gives a [`File`], which answers calls from any number of
//! threads. Command streams are checked as the kernel checks them and handed to a [`Processor`], which belongs to
//! somebody else. The driver shares no code with the runtime that it tests: its structures are byte offsets of the
//! kernel's header, and it decides by the number of an ioctl as `drm_ioctl` does.
//!
//! What the kernel accepts and a device does not survive is a hang or a page fault here too, and a [`Report`] says why.
//! What this driver does not model it refuses or reports by name.
//!
//! Three releases differ in what they check and how they recover, see [`Flavour`].
//!
//! Sources: Linux 6.1.176, 6.12.107 and 7.3.4, `drivers/gpu/drm` with `amd/amdgpu`, `include/uapi/drm/amdgpu_drm.h` and
//! `drm.h`. Files named below are of the first directory.

mod arena;
mod bo;
mod bo_list;
mod bytes;
mod clock;
mod config;
mod context;
mod context_calls;
mod core;
mod cs;
mod errno;
mod export;
mod fence;
mod file;
mod gem;
mod gem_va;
mod gpu;
mod heap;
mod info;
mod inject;
mod ioctl;
mod job;
pub(crate) mod lent;
mod memory;
mod prime;
mod report;
mod reset;
mod ring;
mod run;
mod sync;
mod syncobj;
mod syncobj_calls;
mod table;
mod user;
mod view;
mod vm;
mod wait;

use std::ops::Range;
use std::os::fd::BorrowedFd;
use std::sync::Arc;
use std::sync::atomic::Ordering;

pub use config::{Config, ConfigError, Device, Flavour, Recovery};
pub use errno::{Errno, UnknownErrno};
pub use file::{Client, File, MapGrant, MapRequest};
pub use info::Chip;
pub use inject::Inject;
pub use ioctl::ioctl_number;
pub use job::{Access, Ib, Ip, Job, Outcome, Processor, Requester, Shadow, ib_flags};
pub use report::{Collected, Kind, Report, Sink};
pub use user::{Buffer, Process, UserMemory};
pub use view::{Miss, PageFlags, VmView};

use arena::Arena;
use gpu::{Gpu, Shared};

/// The devices, stopped when the last file and the kernel are gone.
#[derive(Debug)]
pub(crate) struct Machine {
    shared: Arc<Shared>,
    gpus: Vec<Arc<Gpu>>,
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.gpus.iter().for_each(|gpu| gpu.halt());
    }
}

/// A machine that runs the driver.
#[derive(Debug)]
pub struct Kernel {
    machine: Arc<Machine>,
}

impl Kernel {
    /// Starts one.
    ///
    /// # Errors
    /// [`ConfigError`] for a machine that cannot be.
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        config.check()?;
        let devices = config.devices.clone();
        let arena = config.one_file.then(Arena::new).transpose().map_err(|errno| ConfigError::OneFile { errno })?;
        let shared = Arc::new(Shared::new(config, arena));
        let gpu = |(index, device)| Arc::new(Gpu::new(index, device, shared.clone()));
        let gpus = devices.into_iter().enumerate().map(gpu).collect();
        Ok(Self { machine: Arc::new(Machine { shared, gpus }) })
    }

    fn gpu(&self, device: usize) -> Result<&Arc<Gpu>, Errno> {
        self.machine.gpus.get(device).ok_or(Errno::ENODEV)
    }

    /// Opens the node of a device for a client.
    ///
    /// # Errors
    /// `ENODEV` if there is no such device, or not any more.
    pub fn open(&self, device: usize, client: Client) -> Result<File, Errno> {
        let file = File::new(self.machine.clone(), self.gpu(device)?.clone(), client);
        file.alive()?;
        Ok(file)
    }

    /// The devices.
    #[must_use]
    pub fn devices(&self) -> Vec<Device> {
        self.machine.gpus.iter().map(|gpu| gpu.device.clone()).collect()
    }

    /// How many files are open, those included that are still being closed.
    #[must_use]
    pub fn open_files(&self) -> usize {
        self.machine.shared.files.load(Ordering::Acquire)
    }

    /// Which kernel it is.
    #[must_use]
    pub fn flavour(&self) -> Flavour {
        self.machine.shared.config.flavour
    }

    /// What to spoil.
    #[must_use]
    pub fn inject(&self) -> &Inject {
        &self.machine.shared.inject
    }

    /// Takes the reports since the last call.
    #[must_use]
    pub fn reports(&self) -> Vec<Report> {
        self.machine.shared.collected.drain()
    }

    /// The file that has the pages of all buffers, if there is one ([`Config::one_file`]).
    #[must_use]
    pub fn one_file(&self) -> Option<BorrowedFd<'_>> {
        self.machine.shared.arena.as_deref().map(Arena::file)
    }

    /// Gives back pages of buffers that are gone, unless clients have mapped them: `mapped` says what they have of the
    /// file, and is asked only if something waits. Pages go at the second call that does not find them mapped. How many
    /// bytes wait still.
    pub fn reclaim(&self, mapped: impl FnOnce() -> Vec<Range<u64>>) -> u64 {
        self.machine.shared.arena.as_ref().map_or(0, |arena| arena.reclaim(mapped))
    }

    /// Whether the file of this device and inode number is a buffer that was exported.
    #[must_use]
    pub fn is_exported_buffer(&self, device: u64, inode: u64) -> bool {
        self.machine.shared.exports.is_buffer((device, inode))
    }

    /// Adds a report of whoever shows the devices to clients.
    pub fn report(&self, report: Report) {
        self.machine.shared.report(report);
    }

    /// Resets a device as if somebody else had hung it; its video memory is lost.
    ///
    /// # Errors
    /// `ENODEV` if there is no such device.
    pub fn lose_vram(&self, device: usize) -> Result<(), Errno> {
        self.gpu(device)?.lose();
        Ok(())
    }

    /// Pulls a device out: every call and every wait ends with `ENODEV`.
    ///
    /// # Errors
    /// `ENODEV` if there is no such device.
    pub fn unplug(&self, device: usize) -> Result<(), Errno> {
        let gpu = self.gpu(device)?;
        gpu.unplugged.store(true, Ordering::Release);
        gpu.bell().ring();
        Ok(())
    }

    /// Says whether the driver's own test at start found the rings working; if not, submissions end with `EBUSY`.
    ///
    /// # Errors
    /// `ENODEV` if there is no such device.
    pub fn set_accel_working(&self, device: usize, works: bool) -> Result<(), Errno> {
        self.gpu(device)?.accel_working.store(works, Ordering::Release);
        Ok(())
    }
}
