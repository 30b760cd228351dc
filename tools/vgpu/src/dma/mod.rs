//! The copy engine (SDMA 6), which executes streams of its own packets.
//!
//! Sources: Linux `sdma_v6_0_0_pkt_open.h` (fields) and `sdma_v6_0.c` (use); Mesa `radv_sdma.c` (units of counts). Copies
//! of images, page-table packets and what belongs to the kernel are refused by name.

mod packet;

use std::time::{Duration, Instant};

use packet::{Compare, Packet, parse};

use crate::cp::{
    Access, DeviceState, Job, Memory, Outcome, Place, Stop, Watch, atomic_operation, canonical_address as canonical,
};
use crate::sanitize::CacheSet;
use crate::shader::GlobalMemory;

/// How often a packet looks at memory that others write.
const POLL: Duration = Duration::from_micros(50);
/// Bytes that are copied at once.
const CHUNK: u64 = 1 << 20;
/// GCR control with which the kernel invalidates everything. Source: Linux `sdma_v6_0.c`, `sdma_v6_0_ring_emit_mem_sync`.
const SYNC: u32 = 0xc3b1;

/// Executes the streams of a job, one after the other. The engine has no state that outlives a job.
pub fn execute(job: &Job<'_>, memory: &dyn GlobalMemory, device: &DeviceState, watch: &Watch<'_>) -> Outcome {
    let mut run = Run {
        job,
        memory: Memory { global: memory, coherence: watch.coherence },
        device,
        watch,
        here: Place::default(),
    };
    let begin = device.now();
    match run.streams() {
        Ok(()) => Outcome::Done { ticks: device.now().wrapping_sub(begin) },
        Err(stop) => stop.at(run.here),
    }
}

/// A job on its way.
struct Run<'a> {
    job: &'a Job<'a>,
    memory: Memory<'a>,
    device: &'a DeviceState,
    watch: &'a Watch<'a>,
    /// The packet that is executed.
    here: Place,
}

impl Run<'_> {
    fn streams(&mut self) -> Result<(), Stop> {
        if self.job.sync_before {
            self.watch.coherence.caches(CacheSet::of_acquire(SYNC), None);
        }
        for ib in &self.job.ibs {
            self.here = Place { stream: canonical(ib.va), ..Place::default() };
            if ib.dwords == 0 {
                return Err(Stop::Hang(format!("the stream at {:#x} is empty", ib.va)));
            }
            let words = self.memory.fetch(ib.va, ib.dwords.into())?;
            self.stream(&words)?;
        }
        Ok(())
    }

    fn stream(&mut self, words: &[u32]) -> Result<(), Stop> {
        let mut at = 0;
        while let Some(rest) = words.get(at..).filter(|rest| !rest.is_empty()) {
            if self.job.is_cancelled() {
                return Err(Stop::Hang("nobody waits for it any more".into()));
            }
            (self.here.at, self.here.name) = (at, packet::name(rest));
            let (packet, length) = parse(rest)?;
            let begin = self.device.now();
            let skip = self.packet(packet)?;
            self.watch.events.packet(packet.name(), self.here.va(), begin..self.device.now());
            at += length + skip;
        }
        Ok(())
    }

    /// Executes a packet; how many dwords are skipped after it.
    fn packet(&self, packet: Packet<'_>) -> Result<usize, Stop> {
        match packet {
            Packet::Nop | Packet::Trap => {}
            Packet::Copy { from, to, second, bytes } => {
                for to in std::iter::once(to).chain(second) {
                    self.copy(from, to, bytes)?;
                }
            }
            Packet::Write { to, data } => self.memory.write(to, data)?,
            Packet::Fill { to, value, element, bytes } => self.fill(to, value, element, bytes)?,
            Packet::Fence { to, value } => self.memory.write(to, &[value])?,
            Packet::Poll { at, compare, reference, mask, retries } => {
                self.poll(at, compare, reference, mask, retries)?
            }
            Packet::Condition { at, reference, dwords } => {
                // The dwords are executed where memory holds the reference.
                return Ok(if self.memory.read_u32(at)? == reference { 0 } else { dwords });
            }
            Packet::Atomic { at, operation, source, compare, loops } => {
                self.atomic(at, operation, source, compare, loops)?;
            }
            Packet::Timestamp { to } => self.memory.write_u64(to, self.device.now())?,
            Packet::Caches { control } => self.watch.coherence.caches(CacheSet::of_acquire(control), None),
        }
        Ok(0)
    }

    fn copy(&self, from: u64, to: u64, bytes: u64) -> Result<(), Stop> {
        self.memory.check(from, bytes, Access::Read)?;
        self.memory.check(to, bytes, Access::Write)?;
        let mut done = 0;
        while done < bytes {
            let part = CHUNK.min(bytes - done);
            let data = self.memory.read_bytes(from.wrapping_add(done), part)?;
            self.memory.write_bytes(to.wrapping_add(done), &data)?;
            done += part;
        }
        self.watch.coherence.processor_copied(canonical(from), canonical(to), bytes);
        self.device.advance(bytes / 64);
        Ok(())
    }

    fn fill(&self, to: u64, value: u32, element: usize, bytes: u64) -> Result<(), Stop> {
        self.memory.check(to, bytes, Access::Write)?;
        let value = value.to_le_bytes();
        let pattern: Vec<u8> = value.iter().copied().take(element).collect();
        let mut done = 0;
        while done < bytes {
            let part = CHUNK.min(bytes - done);
            let count = usize::try_from(part).unwrap_or(usize::MAX);
            let data: Vec<u8> = pattern.iter().copied().cycle().take(count).collect();
            self.memory.write_bytes(to.wrapping_add(done), &data)?;
            done += part;
        }
        self.watch.coherence.processor_wrote(canonical(to), bytes);
        self.device.advance(bytes / 64);
        Ok(())
    }

    fn poll(&self, at: u64, compare: Compare, reference: u32, mask: u32, retries: Option<u32>) -> Result<(), Stop> {
        let (begin, mut tries) = (Instant::now(), 0);
        loop {
            let value = self.memory.read_u32(at)? & mask;
            if compare.holds(value, reference) {
                return Ok(());
            }
            tries += 1;
            if retries.is_some_and(|most| tries > most) {
                return Err(Stop::not_modelled("what follows when the retries of POLL_REGMEM run out"));
            }
            if self.job.gives_up(begin, &self.device.limits()) {
                return Err(Stop::Hang(format!(
                    "{at:#x} holds {value:#x} under its mask, and never what is waited for"
                )));
            }
            std::thread::sleep(POLL);
        }
    }

    fn atomic(&self, at: u64, operation: u32, source: u64, compare: u64, loops: bool) -> Result<(), Stop> {
        let wide = operation >> 5 & 1 != 0;
        let update = atomic_operation(operation & 31, wide, source, compare)
            .ok_or_else(|| Stop::not_modelled(format_args!("ATOMIC with operation {operation}")))?;
        let wanted = if wide { compare } else { compare & u64::from(u32::MAX) };
        let begin = Instant::now();
        loop {
            let old = self.memory.update(at, wide, &update)?;
            if !loops || old == wanted {
                return Ok(());
            }
            if self.job.gives_up(begin, &self.device.limits()) {
                return Err(Stop::Hang(format!("{at:#x} holds {old:#x} and never becomes {wanted:#x}")));
            }
            std::thread::sleep(POLL);
        }
    }
}
