//! Contexts: the kernel's unit of scheduling and of blame.

use super::bo::{BufferObject, BufferRequest};
use super::deadline::Deadline;
use super::device::{Device, lock};
use super::error::Error;
use super::fence::Unfinished;
use super::ioctl;
use super::map::{CpuMapping, page_size};
use super::submit::Queue;
use super::uapi::context as uapi;
use nix::errno::Errno;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

bitflags::bitflags! {
    /// What the kernel says about resets since a context was made.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct ResetState: u64 {
        /// A queue or the whole GPU was reset, by whoever's fault.
        const RESET = uapi::QUERY2_RESET;
        /// The contents of VRAM are gone, and so is this context.
        const VRAM_LOST = uapi::QUERY2_VRAMLOST;
        /// Work of this context hung.
        const GUILTY = uapi::QUERY2_GUILTY;
        /// Memory errors that were corrected.
        const CORRECTED = uapi::QUERY2_RAS_CE;
        /// Memory errors that were not.
        const UNCORRECTED = uapi::QUERY2_RAS_UE;
        /// A reset is going on.
        const IN_PROGRESS = uapi::QUERY2_RESET_IN_PROGRESS;
    }
}

impl fmt::Display for ResetState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let says = [
            (Self::GUILTY, "this context is guilty"),
            (Self::VRAM_LOST, "VRAM was lost"),
            (Self::RESET, "there was a reset"),
            (Self::IN_PROGRESS, "a reset is going on"),
            (Self::UNCORRECTED, "memory errors were not corrected"),
            (Self::CORRECTED, "memory errors were corrected"),
        ];
        let mut separator = "";
        for (_, text) in says.into_iter().filter(|(flag, _)| self.contains(*flag)) {
            write!(f, "{separator}{text}")?;
            separator = ", ";
        }
        if separator.is_empty() { f.write_str("the kernel reports no reset") } else { Ok(()) }
    }
}

/// Who comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Priority {
    /// After everybody else.
    Low,
    /// As everybody else.
    #[default]
    Normal,
    /// Before everybody else; needs `CAP_SYS_NICE`.
    High,
}

/// How the GPU's clocks behave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StableClocks {
    /// As load and temperature ask.
    Off,
    /// Steady, for benchmarks.
    Standard,
    /// As high as they go.
    Peak,
}

/// How long a context that is dropped waits for work whose fence was dropped before it was done.
const PATIENCE: Duration = Duration::from_secs(2);

/// A context of a device. It is freed when it is dropped; fences keep it with an [`Arc`].
///
/// After an error that [`Error::loses_context`], drop it and make another one.
#[derive(Debug)]
pub struct Context {
    id: u32,
    /// Work whose fence was dropped early: its buffers wait here.
    unfinished: Mutex<Vec<Unfinished>>,
    /// A page in which the GPU counts finished work, 8 bytes a queue. After `unfinished`, which is polled through it.
    counters: Option<CpuMapping>,
    device: Arc<Device>,
}

impl Context {
    /// Makes a context.
    ///
    /// # Errors
    /// [`Error::Permission`] for a high priority, [`Error::OutOfMemory`], [`Error::Call`].
    pub fn new(device: &Arc<Device>, priority: Priority) -> Result<Arc<Self>, Error> {
        let priority = match priority {
            Priority::Low => uapi::PRIORITY_LOW,
            Priority::Normal => uapi::PRIORITY_NORMAL,
            Priority::High => uapi::PRIORITY_HIGH,
        };
        // Exactly one page of the CPU in GTT, and it needs no GPU address: the kernel maps it for itself.
        // Source: Linux `amdgpu_cs.c`, `amdgpu_cs_p1_user_fence`.
        let counters = BufferObject::new(device, &BufferRequest::gtt(page_size() as u64))?; // CAST: fits.
        let counters = counters.map()?;
        let id = ioctl::ctx_alloc(device.node(), uapi::CTX_OP_ALLOC, priority)
            .map_err(|errno| Error::call(device.name(), "AMDGPU_CTX ALLOC", errno))?;
        Ok(Arc::new(Self { id, unfinished: Mutex::default(), counters: Some(counters), device: device.clone() }))
    }

    /// Its device.
    pub const fn device(&self) -> &Arc<Device> {
        &self.device
    }

    /// What happened since it was made. [`ResetState::RESET`] alone is somebody else's hang.
    ///
    /// # Errors
    /// [`Error::Call`], [`Error::Gone`].
    pub fn state(&self) -> Result<ResetState, Error> {
        ioctl::ctx_state(self.device.node(), uapi::CTX_OP_QUERY_STATE2, self.id)
            .map(|state| ResetState::from_bits_truncate(state.flags))
            .map_err(|errno| Error::call(self.device.name(), "AMDGPU_CTX QUERY_STATE2", errno))
    }

    /// Holds the clocks, until this is called with [`StableClocks::Off`] or the context is freed.
    ///
    /// # Errors
    /// [`Error::Call`]: `EBUSY` while another context holds them.
    pub fn hold_clocks(&self, clocks: StableClocks) -> Result<(), Error> {
        let flags = match clocks {
            StableClocks::Off => uapi::PSTATE_NONE,
            StableClocks::Standard => uapi::PSTATE_STANDARD,
            StableClocks::Peak => uapi::PSTATE_PEAK,
        };
        ioctl::ctx_do(self.device.node(), uapi::CTX_OP_SET_STABLE_PSTATE, self.id, flags)
            .map_err(|errno| Error::call(self.device.name(), "AMDGPU_CTX SET_STABLE_PSTATE", errno))
    }

    /// Whether somebody holds the clocks.
    ///
    /// # Errors
    /// [`Error::Call`], [`Error::Gone`].
    pub fn clocks_are_held(&self) -> Result<bool, Error> {
        ioctl::ctx_pstate(self.device.node(), uapi::CTX_OP_GET_STABLE_PSTATE, self.id)
            .map(|state| state != uapi::PSTATE_NONE)
            .map_err(|errno| Error::call(self.device.name(), "AMDGPU_CTX GET_STABLE_PSTATE", errno))
    }

    pub(super) const fn id(&self) -> u32 {
        self.id
    }

    /// The handle of the page of counters and a queue's place in it.
    pub(super) fn counter(&self, queue: Queue) -> Option<(u32, u32)> {
        self.counters.as_ref().map(|counters| (counters.buffer().handle(), queue.slot()))
    }

    /// The sequence number that the GPU wrote last for a queue; 0 before the first.
    pub fn counted(&self, queue: Queue) -> u64 {
        let slot = queue.slot() as usize; // CAST: u32 fits.
        self.counters.as_ref().and_then(|counters| counters.load_u64(slot).ok()).unwrap_or(0)
    }

    /// What became of a submission or a wait that failed with one of the codes of work that was [`super::fence::ended`]:
    /// the context's state says by whose fault.
    pub(super) fn lost(&self, queue: Queue, errno: Errno) -> Error {
        let device = self.device.name().clone();
        let state = self.state().unwrap_or_default();
        let others = state.intersects(ResetState::RESET | ResetState::VRAM_LOST) && errno == Errno::ECANCELED;
        if others && !state.contains(ResetState::GUILTY) {
            return Error::ContextLost { device, state };
        }
        Error::Hang { device, queue, errno, state, fault: self.device.last_fault() }
    }

    /// Keeps what unfinished work uses.
    pub(super) fn adopt(&self, unfinished: Unfinished) {
        lock(&self.unfinished).push(unfinished);
    }

    /// Lets go of what is done by now.
    pub(super) fn reap(&self) {
        let done: Vec<Unfinished> = {
            let mut unfinished = lock(&self.unfinished);
            if unfinished.is_empty() {
                return;
            }
            unfinished.extract_if(.., |work| work.is_done(self, Deadline::NOW)).collect()
        };
        drop(done); // Outside of the lock: dropping buffers calls the kernel.
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        // Addresses must not be given to others while work still uses them. Work that doesn't end in time is the
        // kernel's to end; it holds the memory itself until then, and orders unmapping after the work.
        let deadline = Deadline::after(PATIENCE);
        for work in std::mem::take(&mut *lock(&self.unfinished)) {
            work.is_done(self, deadline);
        }
        // A context that the kernel doesn't free goes with the descriptor.
        let _ = ioctl::ctx_do(self.device.node(), uapi::CTX_OP_FREE, self.id, 0);
    }
}
