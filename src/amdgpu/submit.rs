//! Submissions. They are handed addresses of indirect buffers and know nothing of what these hold.
//!
//! In the steady state nothing here allocates: a [`Submission`] keeps its memory, and a [`Residency`] is made once.

use super::bo::BufferObject;
use super::context::Context;
use super::deadline::now;
use super::error::Error;
use super::fence::{Fence, ended};
use super::ioctl::{self, Chunk, ChunkBuffers};
use super::syncobj::SyncObj;
use super::uapi::submit::{
    BoListEntry, CsChunkDep, CsChunkFence, CsChunkIb, CsChunkSem, CsChunkSyncobj, HW_IP_COMPUTE, HW_IP_DMA, HW_IP_GFX,
    IB_EMIT_MEM_SYNC, IB_PREAMBLE, IB_PREEMPT,
};
use super::vm::{GpuVa, VaMapping};
use nix::errno::Errno;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{Ordering, fence};
use std::time::Duration;

/// A block of the GPU that takes command streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ip {
    /// Graphics, which computes too.
    Graphics,
    /// Compute.
    Compute,
    /// Copies.
    Dma,
}

impl Ip {
    /// `HW_IP_*`.
    pub(super) const fn number(self) -> u32 {
        match self {
            Self::Graphics => HW_IP_GFX,
            Self::Compute => HW_IP_COMPUTE,
            Self::Dma => HW_IP_DMA,
        }
    }

    /// Indirect buffers of a submission. Source: Linux `amdgpu_ring.c`, `amdgpu_ring_max_ibs`.
    const fn max_ibs(self) -> usize {
        match self {
            Self::Graphics => 192,
            Self::Compute => 125,
            Self::Dma => 49,
        }
    }
}

/// A ring: a software queue that the kernel keeps for each context. Work on one starts in order, and may overlap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Queue {
    /// Block.
    pub ip: Ip,
    /// Ring, from 0.
    pub ring: u32,
}

impl Queue {
    /// Compute ring `ring`.
    pub const fn compute(ring: u32) -> Self {
        Self { ip: Ip::Compute, ring }
    }

    /// Bytes into the page of counters. Rings are checked against the device, which has at most 32.
    pub(super) const fn slot(self) -> u32 {
        (self.ip.number() * 32 + self.ring % 32) * 8
    }
}

impl fmt::Display for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ip = match self.ip {
            Ip::Graphics => "graphics",
            Ip::Compute => "compute",
            Ip::Dma => "DMA",
        };
        write!(f, "{ip} ring {}", self.ring)
    }
}

bitflags::bitflags! {
    /// How an indirect buffer is run.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct IbFlags: u32 {
        /// Invalidate all caches of the GPU before it. Of the first buffer of a submission alone.
        const INVALIDATE_CACHES = IB_EMIT_MEM_SYNC;
        /// May be skipped where the context stays the same; graphics alone.
        const PREAMBLE = IB_PREAMBLE;
        /// May be preempted; graphics alone.
        const PREEMPTIBLE = IB_PREEMPT;
    }
}

/// The largest indirect buffer: its size has 20 bits in the packet that starts it. Kernels before late 6.12 don't check.
const MAX_IB_DWORDS: u32 = 0xf_ffff;
/// Address and size of an indirect buffer are multiples of at least this on graphics and compute rings of gfx11.
const LEAST_IB_ALIGNMENT: u32 = 32;
/// Pauses while the kernel can't make all buffers resident, as Mesa's `radv_amdgpu_cs.c` does: a second in all.
const MEMORY_TRIES: u32 = 1000;
const MEMORY_PAUSE: Duration = Duration::from_millis(1);

/// Everything that a submission touches: mappings, and buffers without one. The kernel makes them resident together.
///
/// It must name every buffer that isn't always valid: one that is missing works until memory gets scarce.
#[derive(Debug, Default)]
pub struct Residency {
    entries: Vec<BoListEntry>,
    mappings: Vec<Arc<VaMapping>>,
    buffers: Vec<Arc<BufferObject>>,
}

impl Residency {
    /// Of these mappings and the buffers behind them.
    pub fn new(mappings: impl IntoIterator<Item = Arc<VaMapping>>) -> Arc<Self> {
        Self::with_buffers(mappings, [])
    }

    /// Of these mappings, the buffers behind them, and more buffers.
    pub fn with_buffers(
        mappings: impl IntoIterator<Item = Arc<VaMapping>>,
        buffers: impl IntoIterator<Item = Arc<BufferObject>>,
    ) -> Arc<Self> {
        let mappings: Vec<_> = mappings.into_iter().collect();
        let buffers: Vec<_> = buffers.into_iter().collect();
        let all = mappings.iter().map(|mapping| mapping.buffer()).chain(&buffers);
        let mut handles: Vec<u32> =
            all.filter(|buffer| !buffer.is_always_valid()).map(|buffer| buffer.handle()).collect();
        handles.sort_unstable();
        handles.dedup();
        let entries = handles.into_iter().map(|bo_handle| BoListEntry { bo_handle, bo_priority: 0 }).collect();
        Arc::new(Self { entries, mappings, buffers })
    }

    /// The mappings.
    pub fn mappings(&self) -> &[Arc<VaMapping>] {
        &self.mappings
    }

    /// An error unless all of it is `context`'s device's.
    fn check(&self, context: &Context) -> Result<(), Error> {
        let all = self.mappings.iter().map(|mapping| mapping.buffer()).chain(&self.buffers);
        all.map(|buffer| buffer.device()).try_for_each(|device| context.device().must_be(device))
    }
}

/// A submission in the making. It can be sent any number of times; [`Self::clear`] empties it and keeps its memory.
///
/// ```no_run
/// use sparkle::amdgpu::{
///     BufferObject, BufferRequest, Context, Deadline, Device, IbFlags, PageFlags, Priority, Queue, Residency, Submission,
///     VaMapping,
/// };
/// use std::time::Duration;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let device = Device::open("/dev/dri/renderD128".as_ref())?;
/// let context = Context::new(&device, Priority::Normal)?;
/// let buffer = BufferObject::new(&device, &BufferRequest::gtt(4096))?;
/// let mut stream = buffer.map()?;
/// for dword in 0..8 {
///     stream.store_u32(dword * 4, 0xffff_1000)?; // a NOP of one dword
/// }
/// let mapping = VaMapping::new(&buffer, PageFlags::CODE)?;
///
/// let mut submission = Submission::new(&context, Queue::compute(0))?;
/// submission.residency(&Residency::new([mapping.clone()]))?;
/// submission.ib(mapping.address(), 32, IbFlags::INVALIDATE_CACHES)?;
/// submission.submit()?.wait(Deadline::after(Duration::from_secs(1)))?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Submission {
    context: Arc<Context>,
    queue: Queue,
    /// Bytes, of an indirect buffer's address.
    ib_alignment: u32,
    /// Bytes, of its size.
    ib_size_alignment: u32,
    residency: Option<Arc<Residency>>,
    ibs: Vec<CsChunkIb>,
    after: Vec<CsChunkDep>,
    after_start: Vec<CsChunkDep>,
    /// Keeps the numbers of the contexts in `after` and `after_start` until they are cleared.
    contexts: Vec<Arc<Context>>,
    wait: Vec<CsChunkSem>,
    wait_points: Vec<CsChunkSyncobj>,
    signal: Vec<CsChunkSem>,
    signal_points: Vec<CsChunkSyncobj>,
    /// Keeps the sync objects' handles until they are cleared.
    syncobjs: Vec<Arc<SyncObj>>,
    memory: ChunkBuffers,
}

impl Submission {
    /// An empty one for a queue of a context.
    ///
    /// # Errors
    /// [`Error::NoSuchRing`].
    pub fn new(context: &Arc<Context>, queue: Queue) -> Result<Self, Error> {
        let rings = context.device().info().rings(queue.ip);
        if queue.ring >= rings.count {
            let device = context.device().name().clone();
            return Err(Error::NoSuchRing { device, queue, rings: rings.count });
        }
        Ok(Self {
            context: context.clone(),
            queue,
            ib_alignment: rings.ib_alignment.max(LEAST_IB_ALIGNMENT),
            ib_size_alignment: rings.ib_size_alignment.max(match queue.ip {
                Ip::Graphics | Ip::Compute => LEAST_IB_ALIGNMENT,
                Ip::Dma => 4,
            }),
            residency: None,
            ibs: Vec::new(),
            after: Vec::new(),
            after_start: Vec::new(),
            contexts: Vec::new(),
            wait: Vec::new(),
            wait_points: Vec::new(),
            signal: Vec::new(),
            signal_points: Vec::new(),
            syncobjs: Vec::new(),
            memory: ChunkBuffers::default(),
        })
    }

    /// Takes its indirect buffers and what they touch away, and keeps what it waits for and signals: for another try after
    /// an error.
    pub fn clear_work(&mut self) {
        self.residency = None;
        self.ibs.clear();
    }

    /// Empties it for another use.
    pub fn clear(&mut self) {
        self.clear_work();
        self.after.clear();
        self.after_start.clear();
        self.contexts.clear();
        self.wait.clear();
        self.wait_points.clear();
        self.signal.clear();
        self.signal_points.clear();
        self.syncobjs.clear();
    }

    /// Sets what it touches.
    ///
    /// # Errors
    /// [`Error::OtherDevice`].
    pub fn residency(&mut self, residency: &Arc<Residency>) -> Result<&mut Self, Error> {
        residency.check(&self.context)?;
        self.residency = Some(residency.clone());
        Ok(self)
    }

    /// Adds an indirect buffer of `bytes` bytes at `va`, after the others.
    ///
    /// # Errors
    /// [`Error::IndirectBuffer`]: the kernel doesn't check address and size, and the hardware hangs.
    /// [`Error::TooManyIbs`].
    pub fn ib(&mut self, va: GpuVa, bytes: u64, flags: IbFlags) -> Result<&mut Self, Error> {
        let limit = self.queue.ip.max_ibs();
        if self.ibs.len() >= limit {
            return Err(Error::TooManyIbs { queue: self.queue, limit });
        }
        let (alignment, size_alignment) = (self.ib_alignment, self.ib_size_alignment);
        let fits = bytes > 0 && bytes / 4 <= MAX_IB_DWORDS.into();
        match u32::try_from(bytes) {
            Ok(ib_bytes) if fits && va.is_aligned(alignment.into()) && ib_bytes.is_multiple_of(size_alignment) => {
                let Queue { ip, ring } = self.queue;
                let (flags, va_start, ip_type) = (flags.bits(), va.get(), ip.number());
                self.ibs.push(CsChunkIb { pad: 0, flags, va_start, ib_bytes, ip_type, ip_instance: 0, ring });
                Ok(self)
            }
            _ => Err(Error::IndirectBuffer { va, bytes, max: MAX_IB_DWORDS, alignment, size_alignment }),
        }
    }

    /// Starts only when `fence`'s work is done.
    ///
    /// # Errors
    /// [`Error::OtherDevice`].
    pub fn after(&mut self, fence: &Fence) -> Result<&mut Self, Error> {
        let dependency = self.dependency(fence)?;
        self.after.push(dependency);
        Ok(self)
    }

    /// Starts only when `fence`'s work was handed to the hardware.
    ///
    /// # Errors
    /// [`Error::OtherDevice`].
    pub fn after_start(&mut self, fence: &Fence) -> Result<&mut Self, Error> {
        let dependency = self.dependency(fence)?;
        self.after_start.push(dependency);
        Ok(self)
    }

    fn dependency(&mut self, fence: &Fence) -> Result<CsChunkDep, Error> {
        self.context.device().must_be(fence.context().device())?;
        self.contexts.push(fence.context().clone());
        let fence = fence.fence();
        Ok(CsChunkDep {
            ip_type: fence.ip_type,
            ip_instance: fence.ip_instance,
            ring: fence.ring,
            ctx_id: fence.ctx_id,
            handle: fence.seq_no,
        })
    }

    /// Starts only when `syncobj` is signalled, at `point` of a timeline or (0) as it is. The fence must exist already.
    ///
    /// # Errors
    /// [`Error::OtherDevice`].
    pub fn wait_for(&mut self, syncobj: &Arc<SyncObj>, point: u64) -> Result<&mut Self, Error> {
        self.context.device().must_be(syncobj.device())?;
        match point {
            0 => self.wait.push(CsChunkSem { handle: syncobj.handle() }),
            point => self.wait_points.push(CsChunkSyncobj { handle: syncobj.handle(), flags: 0, point }),
        }
        self.syncobjs.push(syncobj.clone());
        Ok(self)
    }

    /// Signals `syncobj` when it is done, at `point` of a timeline or (0) as it is.
    ///
    /// # Errors
    /// [`Error::OtherDevice`].
    pub fn signal(&mut self, syncobj: &Arc<SyncObj>, point: u64) -> Result<&mut Self, Error> {
        self.context.device().must_be(syncobj.device())?;
        // The kernel takes one kind of list in a submission; that of points expresses both, with point 0.
        let handle = syncobj.handle();
        self.signal.push(CsChunkSem { handle });
        self.signal_points.push(CsChunkSyncobj { handle, flags: 0, point });
        self.syncobjs.push(syncobj.clone());
        Ok(self)
    }

    /// Sends it. What the CPU wrote before is visible to the GPU.
    ///
    /// # Errors
    /// [`Error::EmptySubmission`]; [`Error::WorkingSet`] where the buffers don't fit together; [`Error::Hang`] and
    /// [`Error::ContextLost`] for a context that earlier work lost; [`Error::Gone`], [`Error::Hardware`], [`Error::Call`].
    pub fn submit(&mut self) -> Result<Fence, Error> {
        let device = self.context.device();
        if self.ibs.is_empty() {
            return Err(Error::EmptySubmission { device: device.name().clone() });
        }
        self.context.reap();
        // ORDERING: drains write-combining buffers (x86: MFENCE or a locked instruction does), which the kernel's own
        // barriers for ordinary memory need not do.
        fence(Ordering::SeqCst);
        let buffers = self.residency.as_ref().map_or(&[][..], |residency| &residency.entries);
        let counter = self.context.counter(self.queue).map(|(handle, offset)| CsChunkFence { handle, offset });
        let binary = self.signal_points.iter().all(|signal| signal.point == 0);
        let signal = if binary { Chunk::SyncobjOut(&self.signal) } else { Chunk::TimelineSignal(&self.signal_points) };
        let mut tries = 0;
        let seq = loop {
            let chunks = self.ibs.iter().map(Chunk::Ib).chain(counter.as_ref().map(Chunk::Fence)).chain([
                Chunk::Dependencies(&self.after),
                Chunk::Scheduled(&self.after_start),
                Chunk::SyncobjIn(&self.wait),
                Chunk::TimelineWait(&self.wait_points),
                signal,
            ]);
            match ioctl::cs(device.node(), self.context.id(), buffers, chunks, &mut self.memory) {
                Ok(seq) => break seq,
                Err(Errno::ENOMEM) if tries < MEMORY_TRIES => {
                    tries += 1;
                    std::thread::sleep(MEMORY_PAUSE); // TIMEOUT: a second in all.
                }
                Err(Errno::ENOMEM) => {
                    return Err(Error::WorkingSet { device: device.name().clone(), buffers: buffers.len() });
                }
                Err(errno) if ended(errno) => return Err(self.context.lost(self.queue, errno)),
                Err(errno) => return Err(Error::call(device.name(), "AMDGPU_CS", errno)),
            }
        };
        Ok(Fence::new(self.context.clone(), self.queue, seq, now(), self.residency.clone()))
    }
}
