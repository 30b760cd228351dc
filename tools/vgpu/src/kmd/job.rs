//! The seam to what executes command streams.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::info::Chip;
use super::view::VmView;

/// A kind of engine. Source: Linux `include/uapi/drm/amdgpu_drm.h`, `AMDGPU_HW_IP_*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ip {
    /// Graphics, which computes too.
    Gfx,
    /// Compute.
    Compute,
    /// Copies (SDMA).
    Dma,
}

impl Ip {
    pub(crate) const fn from_raw(raw: u32) -> Option<Self> {
        match raw {
            0 => Some(Self::Gfx),
            1 => Some(Self::Compute),
            2 => Some(Self::Dma),
            _ => None,
        }
    }

    /// Rings of a context. Source: Linux `amdgpu_ctx.c`, `amdgpu_ctx_num_entities`.
    pub(crate) const fn entities(self) -> u32 {
        match self {
            Self::Gfx => 1,
            Self::Compute => 4,
            Self::Dma => 2,
        }
    }

    /// What addresses and sizes of IBs are multiples of, in bytes. Source: Linux `amdgpu_kms.c`,
    /// `amdgpu_hw_ip_info`.
    pub(crate) const fn ib_alignment(self) -> (u32, u32) {
        match self {
            Self::Gfx | Self::Compute => (32, 32),
            Self::Dma => (256, 4),
        }
    }
}

/// Flags of an IB. Source: Linux `include/uapi/drm/amdgpu_drm.h`, `AMDGPU_IB_FLAG_*`.
pub mod ib_flags {
    /// For the constant engine, which this generation does not have.
    pub const CE: u32 = 1 << 0;
    /// May be left out if the ring's context did not change.
    pub const PREAMBLE: u32 = 1 << 1;
    /// May be preempted.
    pub const PREEMPT: u32 = 1 << 2;
    /// In trusted memory.
    pub const SECURE: u32 = 1 << 5;
    /// All caches are invalidated before the job. Only the flag of its first IB counts.
    pub const EMIT_MEM_SYNC: u32 = 1 << 6;
}

/// A command stream in GPU memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ib {
    /// Where it begins.
    pub va: u64,
    /// Its length in dwords.
    pub size_dw: u32,
    /// [`ib_flags`] bits.
    pub flags: u32,
}

/// Areas of a client that saves its own registers on the graphics ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shadow {
    /// Where registers are kept.
    pub shadow_va: u64,
    /// Where state is saved at preemption.
    pub csa_va: u64,
    /// Where the global data share is saved.
    pub gds_va: u64,
    /// Whether the area must be initialised first.
    pub init: bool,
}

/// The IBs that one submission puts on one ring, in order.
#[derive(Debug)]
pub struct Job {
    /// Index of the device in the configuration.
    pub device: usize,
    /// The chip.
    pub chip: Chip,
    /// Which kind of engine.
    pub ip: Ip,
    /// The hardware ring of that kind.
    pub ring: u32,
    /// The ring that the client named; the driver may move work between hardware rings.
    pub client_ring: u32,
    /// The client's process.
    pub pid: i32,
    /// The client's context.
    pub context: u32,
    /// Sequence number that the client was given; 0 for the followers of a gang.
    pub sequence: u64,
    /// The address space.
    pub vm: Arc<VmView>,
    /// The command streams, without the preambles that the driver leaves out.
    pub ibs: Vec<Ib>,
    /// Whether another context ran on the ring before, or none.
    pub context_switch: bool,
    /// Whether the driver invalidates all caches before the job (`EMIT_MEM_SYNC` of the first IB).
    pub sync_before: bool,
    /// Whether the fence at the end invalidates the caches and not only writes them back.
    pub invalidate_after: bool,
    /// Register shadowing, if the client asked for it.
    pub shadow: Option<Shadow>,
    /// How long the driver leaves it on its ring before it takes the ring for hung.
    pub lockup: Duration,
    pub(crate) cancel: Arc<AtomicBool>,
    /// When the device was started.
    pub(crate) started: Instant,
}

impl Job {
    /// The device's counter now, as AMDGPU_INFO_TIMESTAMP gives it to clients.
    #[must_use]
    pub fn counter(&self) -> u64 {
        self.chip.counter(self.started)
    }

    /// Whether nobody waits for the job any more: its client is gone or the GPU was reset. Long work should look from
    /// time to time and end with any outcome.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.cancel.load(Ordering::Relaxed)
    }
}

/// What an access to memory was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Data was read.
    Read,
    /// Data was written.
    Write,
    /// Instructions were fetched.
    Execute,
}

/// Which block of the GPU made an access. Source: Linux `gfxhub_v3_0.c`, `gfxhub_client_ids`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requester {
    /// The fetcher of command streams.
    CommandFetch,
    /// The compute command processor.
    ComputeCommand,
    /// The graphics command processor.
    GraphicsCommand,
    /// Vector memory of shaders.
    Vector,
    /// Instructions of shaders.
    Instruction,
    /// Scalar memory of shaders.
    Scalar,
    /// The copy engine.
    Dma,
}

impl Requester {
    pub(crate) const fn id(self) -> u32 {
        match self {
            Self::CommandFetch => 4,
            Self::ComputeCommand => 5,
            Self::GraphicsCommand => 6,
            Self::Vector => 8,
            Self::Instruction => 9,
            Self::Scalar => 10,
            Self::Dma => 13,
        }
    }
}

/// How a job ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// All of it was executed.
    Done {
        /// How long the device would have taken; longer than the lockup timeout and it counts as hung. Zero if unknown.
        gpu_time: Duration,
    },
    /// It would never end.
    Hang {
        /// The facts, in words.
        why: String,
    },
    /// A page was not there or not for this. The device stalls, then the lockup timeout comes.
    Fault {
        /// The address.
        va: u64,
        /// What for.
        access: Access,
        /// By whom.
        requester: Requester,
        /// The facts, in words.
        why: String,
    },
    /// The command processor raised an interrupt: no such opcode, or a register that is not the client's to write.
    Illegal {
        /// The facts, in words.
        why: String,
    },
}

impl Outcome {
    /// Done in no time worth counting.
    pub const DONE: Self = Self::Done { gpu_time: Duration::ZERO };
}

/// What executes jobs: the command processor and all behind it.
pub trait Processor: Send + Sync {
    /// Executes one job to its end. Called from one thread for each hardware ring, so for several jobs at once.
    fn execute(&self, job: &Job) -> Outcome;

    /// Forgets the state of a ring, or of all, as a reset does.
    fn reset(&self, _device: usize, _ring: Option<(Ip, u32)>) {}
}
