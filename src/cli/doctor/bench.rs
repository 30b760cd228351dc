//! The bench of the ladder: one context, a few buffers, and the way of a stream to the ring and back.
//!
//! Every stream is linted first. Waits are the kernel's alone: a counter that the GPU writes is what one of the rungs is
//! about.

use super::diagnosis::{self, Advice};
use super::record::{Recorded, RecordedBuffer};
use super::{Failed, Subject, Values};
use crate::amdgpu::{
    BufferObject, BufferRequest, Context, CpuMapping, Deadline, Device, Error, Fence, IbFlags, PageFlags, Priority,
    Queue, Residency, Submission, VaMapping,
};
use sparkle_capture::Role;
use sparkle_pm4::lint::{Buffer, Options, RootKind, Severity, lint};
use sparkle_pm4::{CommandBuffer, Gfx, Ring};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// How long a rung waits for the GPU. Everything here takes microseconds; the shortest timeout of a kernel is 2 s.
const PATIENCE: Duration = Duration::from_secs(4);

/// What a buffer is for, and so what the GPU may do with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// Words that the CPU polls or sets while the GPU works: the GPU doesn't cache them.
    Signal,
    /// What kernels read and write.
    Data,
    /// Indirect buffers.
    Stream,
    /// Programs.
    Code,
}

impl Use {
    /// In the order of [`Bench::buffers`].
    pub(super) const ALL: [Self; 4] = [Self::Signal, Self::Data, Self::Stream, Self::Code];

    pub(super) const fn flags(self) -> PageFlags {
        match self {
            Self::Signal => PageFlags::DATA.union(PageFlags::UNCACHED),
            Self::Data => PageFlags::DATA,
            Self::Stream | Self::Code => PageFlags::CODE,
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Signal => "signal",
            Self::Data => "data",
            Self::Stream => "stream",
            Self::Code => "code",
        }
    }

    const fn role(self) -> Role {
        match self {
            Self::Signal => Role::Fence,
            Self::Data => Role::Output,
            Self::Stream => Role::Ib,
            Self::Code => Role::Code,
        }
    }
}

/// Bytes of each buffer.
pub(super) const BUFFER_BYTES: u64 = 64 << 10;

/// What the address of a stream is a multiple of, bytes. Source: Mesa `radv_amdgpu_cs.c`.
const STREAM_ALIGNMENT: u64 = 256;

/// Where timestamps go in the signal buffer, bytes: never the same, so no comparison looks at them.
pub(super) const TIMESTAMPS: u64 = 0x100;
const TIMESTAMPS_BYTES: u64 = 0x40;

/// A buffer of the bench.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) purpose: Use,
    pub(super) map: CpuMapping,
    pub(super) mapping: Option<Arc<VaMapping>>,
}

/// Work that was submitted.
pub(super) struct Job {
    pub(super) fence: Fence,
    /// Its place in the records.
    record: Option<usize>,
}

/// See the module.
pub(super) struct Bench {
    pub(super) device: Arc<Device>,
    pub(super) gfx: Gfx,
    pub(super) context: Option<Arc<Context>>,
    pub(super) buffers: Vec<Place>,
    rung: &'static str,
    recorded: Vec<Recorded>,
    /// Whether the next submission is kept for the bundle.
    pub(super) keep: bool,
    /// Where captures go, if anybody wants them.
    pub(super) captures: Option<PathBuf>,
    /// Where the next stream goes in its buffer, bytes.
    next_stream: u64,
}

impl Bench {
    pub(super) fn new(device: Arc<Device>, gfx: Gfx, captures: Option<PathBuf>) -> Self {
        let (context, buffers, recorded) = (None, Vec::new(), Vec::new());
        Self { device, gfx, context, buffers, rung: "", recorded, keep: true, captures, next_stream: 0 }
    }

    pub(super) fn take_recorded(&mut self) -> Vec<Recorded> {
        std::mem::take(&mut self.recorded)
    }

    /// A context of normal priority in place of the one before.
    pub(super) fn renew_context(&mut self) -> Result<Arc<Context>, Error> {
        let context = Context::new(&self.device, Priority::Normal)?;
        self.context = Some(context.clone());
        Ok(context)
    }

    pub(super) fn context(&self) -> Result<&Arc<Context>, Failed> {
        self.context.as_ref().ok_or_else(|| Failed::new("there is no context yet"))
    }

    /// Adds a buffer.
    pub(super) fn add(&mut self, purpose: Use, request: &BufferRequest) -> Result<(), Error> {
        let map = BufferObject::new(&self.device, request)?.map()?;
        self.buffers.push(Place { purpose, map, mapping: None });
        Ok(())
    }

    pub(super) fn place(&mut self, purpose: Use) -> Result<&mut Place, Failed> {
        let found = self.buffers.iter_mut().find(|place| place.purpose == purpose);
        found.ok_or_else(|| Failed::new(format!("there is no {} buffer yet", purpose.name())))
    }

    /// Address of byte `offset` of a buffer.
    pub(super) fn va(&mut self, purpose: Use, offset: u64) -> Result<u64, Failed> {
        let place = self.place(purpose)?;
        let mapping = place.mapping.as_ref().ok_or_else(|| Failed::new("the buffer has no address yet"))?;
        Ok(mapping.address().get() + offset)
    }

    pub(super) fn load_wide(&mut self, purpose: Use, offset: usize) -> Result<u64, Failed> {
        Ok(self.place(purpose)?.map.load_u64(offset)?)
    }

    pub(super) fn store(&mut self, purpose: Use, offset: usize, value: u32) -> Result<(), Failed> {
        Ok(self.place(purpose)?.map.store_u32(offset, value)?)
    }

    /// `count` dwords from `offset` on.
    pub(super) fn words(&mut self, purpose: Use, offset: usize, count: usize) -> Result<Vec<u32>, Failed> {
        let mut bytes = vec![0; count * 4];
        self.place(purpose)?.map.read_at(offset, &mut bytes)?;
        Ok(bytes.as_chunks::<4>().0.iter().map(|word| u32::from_le_bytes(*word)).collect())
    }

    /// Sets the whole buffer to bytes `value`.
    pub(super) fn fill(&mut self, purpose: Use, value: u8) -> Result<(), Failed> {
        let map = &mut self.place(purpose)?.map;
        let bytes = map.len();
        Ok(map.fill(0, bytes, value)?)
    }

    /// An empty stream.
    pub(super) fn stream(&self) -> CommandBuffer {
        CommandBuffer::new(self.gfx, Ring::Compute)
    }

    /// Where a stream of so many bytes goes: where none was before. The command processor fetches streams through GL2, which
    /// nobody invalidates before the stream itself does, so that over an old one the GPU might run the old one again.
    ///
    /// Source: Linux `gfx_v11_0.c`, `gfx_v11_0_ring_emit_fence`: the end of a job writes GL2 back and invalidates nothing.
    fn place_stream(&mut self, bytes: u64) -> Result<u64, Failed> {
        let offset = self.next_stream;
        let end = offset.saturating_add(bytes);
        if end > BUFFER_BYTES {
            return Err(Failed::new("the buffer of streams is full"));
        }
        self.next_stream = end.next_multiple_of(STREAM_ALIGNMENT);
        Ok(offset)
    }

    /// Lints, writes and submits a stream.
    pub(super) fn submit(
        &mut self,
        values: &mut Values,
        mut stream: CommandBuffer,
        flags: IbFlags,
    ) -> Result<Job, Failed> {
        stream.pad()?;
        let words = stream.words();
        let text: Vec<String> = words.iter().map(|word| format!("{word:08x}")).collect();
        values.set("stream", text.join(" "));
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        let length = bytes.len() as u64; // CAST: usize has at most 64 bits.
        let offset = self.place_stream(length)?;
        let va = self.va(Use::Stream, offset)?;
        values.hex("stream_va", va);
        self.lint(values, words, va, flags)?;
        self.place(Use::Stream)?.map.write_at(offset as usize, &bytes)?; // CAST: below 64 KiB.
        let record = self.record(va, words.len(), flags)?;
        let context = self.context()?.clone();
        let mappings: Vec<_> = self.buffers.iter().filter_map(|place| place.mapping.clone()).collect();
        let residency = Residency::new(mappings);
        let mut submission = Submission::new(&context, Queue::compute(0))?;
        submission.residency(&residency)?.ib(crate::amdgpu::GpuVa::new(va), length, flags)?;
        let fence = submission.submit()?;
        values.set("sequence", fence.seq());
        if let Some(recorded) = record.and_then(|index| self.recorded.get_mut(index)) {
            recorded.sequence = fence.seq();
        }
        Ok(Job { fence, record })
    }

    /// Waits for it as long as a rung may.
    pub(super) fn finish(&mut self, job: &Job) -> Result<(), Failed> {
        self.finish_within(job, PATIENCE)
    }

    /// Waits for it.
    pub(super) fn finish_within(&mut self, job: &Job, patience: Duration) -> Result<(), Failed> {
        if !job.fence.wait_in_kernel(Deadline::after(patience))? {
            // The typed error, with what the wait knows.
            job.fence.wait(Deadline::NOW)?;
        }
        let Some(index) = job.record else { return Ok(()) };
        let after: Vec<Vec<u8>> = self.contents()?;
        if let Some(recorded) = self.recorded.get_mut(index) {
            recorded.buffers.iter_mut().zip(after).for_each(|(buffer, after)| buffer.after = Some(after));
        }
        Ok(())
    }

    /// [`Self::submit`] and [`Self::finish`].
    pub(super) fn run(&mut self, values: &mut Values, stream: CommandBuffer, flags: IbFlags) -> Result<Job, Failed> {
        let job = self.submit(values, stream, flags)?;
        self.finish(&job)?;
        Ok(job)
    }

    /// An error where the linter has one; its warnings are values.
    fn lint(&mut self, values: &mut Values, words: &[u32], va: u64, flags: IbFlags) -> Result<(), Failed> {
        let mapped = self.buffers.iter().filter_map(|place| Some((place.purpose, place.mapping.as_ref()?)));
        let buffers: Vec<Buffer> = mapped
            .map(|(purpose, mapping)| Buffer {
                va: mapping.address().get(),
                size: mapping.bytes(),
                readable: mapping.flags().contains(PageFlags::READ),
                writable: mapping.flags().contains(PageFlags::WRITE),
                executable: mapping.flags().contains(PageFlags::EXECUTE),
                role: Some(purpose.name().to_owned()),
            })
            .collect();
        let options = Options {
            gfx: self.gfx,
            ring: Ring::Compute,
            root: RootKind::Ib,
            buffers: Some(&buffers),
            memory_synced: flags.contains(IbFlags::INVALIDATE_CACHES),
            partial: false,
            programs: None,
        };
        let findings = lint(words, Some(va), &(), &options);
        let lines: Vec<String> = findings
            .iter()
            .map(|finding| format!("{} at dword {}: {}", finding.rule.code(), finding.at, finding.message))
            .collect();
        if lines.is_empty() {
            return Ok(());
        }
        values.set("lint", lines.join("; "));
        if findings.iter().any(|finding| finding.rule.severity() == Severity::Error) {
            return Err(Failed::new(format!("the linter refuses the stream: {}", lines.join("; "))));
        }
        Ok(())
    }

    /// Keeps the memory as it is before a submission.
    fn record(&mut self, ib_va: u64, ib_dwords: usize, flags: IbFlags) -> Result<Option<usize>, Failed> {
        if !std::mem::replace(&mut self.keep, true) || self.captures.is_none() {
            return Ok(None);
        }
        let contents = self.contents()?;
        let mut buffers = Vec::new();
        let mut volatile = Vec::new();
        for ((index, place), before) in (0..).zip(self.in_order()).zip(contents) {
            let Some(mapping) = &place.mapping else { continue };
            if place.purpose == Use::Signal {
                volatile.push((index, TIMESTAMPS, TIMESTAMPS_BYTES));
            }
            buffers.push(RecordedBuffer {
                va: mapping.address().get(),
                role: place.purpose.role(),
                flags: mapping.flags(),
                placement: mapping.buffer().placement(),
                before,
                after: None,
            });
        }
        let info = self.device.info();
        let same = self.recorded.iter().filter(|recorded| recorded.rung == self.rung).count();
        let name = if same == 0 { format!("rung-{}", self.rung) } else { format!("rung-{}-{}", self.rung, same + 1) };
        let recorded = Recorded {
            name,
            rung: self.rung,
            gfx: info.gfx.to_string(),
            family: info.family,
            chip: info.chip,
            ib_va,
            ib_dwords: u32::try_from(ib_dwords).unwrap_or(u32::MAX),
            ib_flags: flags.bits(),
            sequence: 0,
            buffers,
            volatile,
        };
        self.recorded.push(recorded);
        Ok(Some(self.recorded.len() - 1))
    }

    /// The buffers, that of the streams first.
    fn in_order(&self) -> impl Iterator<Item = &Place> {
        let is_stream = |place: &&Place| place.purpose == Use::Stream;
        self.buffers.iter().filter(is_stream).chain(self.buffers.iter().filter(move |place| !is_stream(place)))
    }

    fn contents(&self) -> Result<Vec<Vec<u8>>, Failed> {
        let read = |place: &Place| {
            let mut bytes = vec![0; place.map.len()];
            place.map.read_at(0, &mut bytes).map(|()| bytes)
        };
        Ok(self.in_order().map(read).collect::<Result<_, _>>()?)
    }

    /// What an address is, for people.
    pub(super) fn explain(&self, address: u64) -> String {
        let inside = self.buffers.iter().find_map(|place| {
            let mapping = place.mapping.as_ref()?;
            let offset = address.checked_sub(mapping.address().get()).filter(|offset| *offset < mapping.bytes())?;
            Some(format!("{} buffer + {offset:#x}", place.purpose.name()))
        });
        inside.unwrap_or_else(|| "in none of this program's buffers".to_owned())
    }
}

impl Subject for Bench {
    fn begin(&mut self, rung: &'static str) {
        self.rung = rung;
    }

    fn diagnose(&self, failed: &Failed, values: &mut Values) -> Advice {
        let mut advice = diagnosis::of_error(failed, values);
        if let Some(Ok(state)) = self.context.as_ref().map(|context| context.state()) {
            values.set("context_state", state.to_string());
        }
        if let Some(fault) = self.device.last_fault() {
            values.set("last_page_fault", format!("{fault}; {}", self.explain(fault.address.get())));
            if !advice.causes.iter().any(|cause| cause.contains("page fault")) {
                advice.causes.insert(0, fault.to_string());
            }
        }
        if let Ok(losses) = self.device.vram_losses() {
            values.set("vram_losses", losses);
        }
        advice
    }
}
