//! What a command processor is given: the streams of a submission.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use sparkle_pm4::lint::Buffer;

use super::device::Limits;

/// A command stream in GPU memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ib {
    /// Address of the first packet, in bytes, a multiple of 4.
    pub va: u64,
    /// Length in dwords.
    pub dwords: u32,
}

/// Who wrote the streams of a job.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Author {
    /// A client: its streams may not touch what is the kernel's.
    #[default]
    Client,
    /// The kernel: the stream is a stretch of a ring, which calls clients' streams.
    Kernel,
}

/// The streams that one submission puts on one ring, in order.
#[derive(Clone, Debug, Default)]
pub struct Job<'a> {
    /// The streams.
    pub ibs: Vec<Ib>,
    /// Who wrote them.
    pub author: Author,
    /// The address space: two jobs with the same number see the same memory at an address.
    pub space: u64,
    /// Whether the kernel invalidates all caches before it (`AMDGPU_IB_FLAG_EMIT_MEM_SYNC` of the first stream).
    pub sync_before: bool,
    /// Dword 1 of the RELEASE_MEM with which the kernel ends the job; `None` where nothing follows.
    /// Source: Linux `gfx_v11_0.c`, `gfx_v11_0_ring_emit_fence`: 0x06603514, up to 6.1 0x0671f514.
    pub fence: Option<u32>,
    /// The buffers that are mapped, where somebody knows: strict devices check addresses before they run.
    pub buffers: Option<&'a [Buffer]>,
    /// Set when nobody waits for the job any more.
    pub cancel: Option<&'a AtomicBool>,
    /// How long a packet waits for memory that others write, if that is longer than the device's own limit.
    pub patience: Duration,
}

impl Job<'_> {
    /// The kernel's fence of Linux 6.12 and later.
    pub const FENCE: u32 = 0x0660_3514;

    /// A client's job of these streams, with the kernel's fence behind.
    #[must_use]
    pub fn new(ibs: Vec<Ib>) -> Self {
        Self { ibs, fence: Some(Self::FENCE), ..Self::default() }
    }

    /// Whether a packet that waits since `begun` is to give up.
    pub(crate) fn gives_up(&self, begun: Instant, limits: &Limits) -> bool {
        self.is_cancelled() || begun.elapsed() >= self.patience.max(limits.patience)
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancel.is_some_and(|cancel| cancel.load(Ordering::Relaxed))
    }
}
