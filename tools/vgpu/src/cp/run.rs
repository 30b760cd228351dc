//! One job: its streams, from packet to packet.

use std::sync::Arc;

use sparkle_pm4::decode::{Item, ItemKind, Stray};
use sparkle_pm4::{Decoder, Header, Opcode, Ring};

use super::job::{Author, Ib, Job};
use super::memory::Memory;
use super::order::Order;
use super::outcome::{Outcome, Place, Stop};
use super::state::State;
use super::watch::{Finding, Watch};
use super::{DeviceState, lint};
use crate::sanitize::CacheSet;
use crate::shader::GlobalMemory;

/// Streams that may be open one in the other: ring, IB1, IB2. Source: Mesa `radv_cmd_buffer.c`; AMD PAL `cmdBuffer.h`.
const LEVELS: u8 = 3;

/// Jumps from stream to stream that no job needs.
const CHAINS: u64 = 1 << 18;

/// GCR_CNTL with which the kernel invalidates everything. Source: Linux `gfx_v11_0.c`, `gfx_v11_0_emit_mem_sync`.
const SYNC: u32 = 0xc3b1;

/// A stream that is open.
pub(crate) struct Frame {
    pub(crate) words: Arc<[u32]>,
    pub(crate) va: u64,
    /// The next packet.
    pub(crate) at: usize,
    /// 0 for a ring.
    level: u8,
}

/// A job on its way.
pub(crate) struct Run<'a> {
    pub(crate) ring: Ring,
    pub(crate) state: &'a mut State,
    pub(crate) job: &'a Job<'a>,
    pub(crate) memory: Memory<'a>,
    pub(crate) device: &'a DeviceState,
    pub(crate) watch: &'a Watch<'a>,
    pub(crate) order: Order,
    pub(crate) frames: Vec<Frame>,
    /// The packet that is executed.
    pub(crate) here: Here,
    visited: u64,
    chains: u64,
}

/// The packet that is executed, as it stands.
#[derive(Clone)]
pub(crate) struct Here {
    words: Arc<[u32]>,
    stream: u64,
    at: usize,
    name: &'static str,
}

impl<'a> Run<'a> {
    pub(crate) fn new(
        ring: Ring,
        state: &'a mut State,
        job: &'a Job<'a>,
        memory: &'a dyn GlobalMemory,
        device: &'a DeviceState,
        watch: &'a Watch<'a>,
    ) -> Self {
        let memory = Memory { global: memory, coherence: watch.coherence };
        let here = Here { words: Arc::from([]), stream: 0, at: 0, name: "" };
        let (order, frames) = (Order::default(), Vec::new());
        Self { ring, state, job, memory, device, watch, order, frames, here, visited: 0, chains: 0 }
    }

    /// Runs it to its end.
    pub(crate) fn job(mut self) -> Outcome {
        let begin = self.device.now();
        match self.streams() {
            Ok(()) => Outcome::Done { ticks: self.device.now().wrapping_sub(begin) },
            Err(stop) => stop.at(self.place()),
        }
    }

    fn streams(&mut self) -> Result<(), Stop> {
        if self.device.is_strict() {
            lint::check(self)?;
        }
        if self.job.sync_before {
            self.caches(CacheSet::of_acquire(SYNC), None);
        }
        let level = u8::from(self.job.author == Author::Client);
        for ib in &self.job.ibs {
            self.here = Here { words: Arc::from([]), stream: ib.va, at: 0, name: "" };
            self.enter(*ib, level)?;
            while !self.frames.is_empty() {
                self.step()?;
            }
        }
        if let Some(fence) = self.job.fence {
            self.order.idle();
            self.watch.coherence.idle();
            self.caches(CacheSet::of_release(fence), None);
        }
        Ok(())
    }

    /// Opens a stream.
    fn enter(&mut self, ib: Ib, level: u8) -> Result<(), Stop> {
        if ib.dwords == 0 {
            return Err(Stop::Hang(format!("the stream at {:#x} is empty", ib.va)));
        }
        let words = self.memory.fetch(ib.va, ib.dwords.into())?;
        self.frames.push(Frame { words: words.into(), va: super::memory::canonical(ib.va), at: 0, level });
        Ok(())
    }

    /// Calls a stream: execution returns.
    pub(crate) fn call(&mut self, ib: Ib) -> Result<(), Stop> {
        let level = self.frames.last().map_or(1, |frame| frame.level + 1);
        if level > 1 && self.ring == Ring::Compute {
            let why = "compute rings have no second level of streams: INDIRECT_BUFFER may only chain (CHAIN and VALID)";
            return Err(Stop::Hang(why.into()));
        }
        if level >= LEVELS {
            return Err(Stop::Hang("a stream of the second level calls another one: there is no third level".into()));
        }
        self.enter(ib, level)
    }

    /// Goes on in another stream, and never comes back to this one.
    pub(crate) fn chain(&mut self, ib: Ib) -> Result<(), Stop> {
        self.chains += 1;
        if self.chains > CHAINS {
            return Err(Stop::Hang(format!("streams have chained {CHAINS} times: they go round in a circle")));
        }
        let level = self.frames.pop().map_or(1, |frame| frame.level);
        self.enter(ib, level)
    }

    /// Whether the stream that runs is the kernel's.
    pub(crate) fn is_kernel(&self) -> bool {
        self.frames.last().is_some_and(|frame| frame.level == 0)
    }

    /// Skips dwords of the stream.
    pub(crate) fn skip(&mut self, dwords: u32) {
        let Some(frame) = self.frames.last_mut() else { return };
        let left = frame.words.len().saturating_sub(frame.at);
        let skip = dwords as usize; // CAST: usize has at least 32 bits
        frame.at += skip.min(left);
        if skip > left {
            self.finding("cp-skip-end", false, || format!("{dwords} dwords are to be skipped, and {left} are left"))
                .ok();
        }
    }

    /// One packet.
    fn step(&mut self) -> Result<(), Stop> {
        let Some(frame) = self.frames.last() else { return Ok(()) };
        let (words, at, va) = (Arc::clone(&frame.words), frame.at, frame.va);
        let Some(item) = item_at(&words, at) else {
            self.frames.pop();
            return Ok(());
        };
        self.here = Here { words: Arc::clone(&words), stream: va, at, name: "" };
        if self.job.is_cancelled() {
            return Err(Stop::Hang("nobody waits for it any more".into()));
        }
        self.visited += item.words.len() as u64; // CAST: usize has at most 64 bits
        if self.visited > self.device.limits().dwords {
            return Err(Stop::Hang(format!("still running after {} dwords of packets", self.visited)));
        }
        if let Some(frame) = self.frames.last_mut() {
            frame.at = at + item.words.len();
        }
        let begin = self.device.now();
        self.item(&item)?;
        self.watch.events.packet(self.here.name, va.wrapping_add(at as u64 * 4), begin..self.device.now()); // CAST: as above
        Ok(())
    }

    fn item(&mut self, item: &Item<'_>) -> Result<(), Stop> {
        let first = item.words.first().copied().unwrap_or(0);
        match item.kind {
            ItemKind::Filler => {
                self.here.name = "type-2 filler";
                Ok(())
            }
            ItemKind::Stray(stray) => Err(Stop::Illegal(match stray {
                Stray::Zeros => "the dword is 0: nobody wrote the stream, or its length is wrong".into(),
                Stray::Type0 => format!("{first:#010x} is a type-0 header, which gfx11 streams don't have"),
                Stray::Type1 => format!("{first:#010x} is a type-1 header, which is reserved"),
                Stray::BadFiller => format!("{first:#010x} is a type-2 header with other bits set"),
                Stray::Truncated { header, need, have } => {
                    let name = header.opcode();
                    format!("{name} has {need} dwords behind its header, and the stream ends after {have}")
                }
            })),
            ItemKind::Packet { header, packet } => {
                let generation = self.device.gfx().generation();
                let opcode = header.opcode();
                self.here.name = packet.name(generation).unwrap_or("unknown packet");
                if !opcode.is_named() || opcode.name(generation).is_none() {
                    return Err(Stop::Illegal(format!("opcode {:#04x} ({opcode}) is none of gfx11", opcode.0)));
                }
                if header.count() == 0x3fff && opcode != Opcode::NOP {
                    return Err(Stop::Illegal(format!("{opcode} with a count of -1, which only NOP may have")));
                }
                if header.reserved() != 0 {
                    let bits = header.reserved();
                    self.finding("cp-header", true, || format!("the header's reserved bits are {bits:#04x}"))?;
                }
                if header.flags() & Header::PREDICATE != 0 {
                    if self.ring == Ring::Compute {
                        // Their firmware does not look at it. Mesa's RADV leaves it set (`radv_cp_dma.c`).
                        self.advice("cp-predicate", || "compute rings have no predicate".into())?;
                    } else if !self.state.predicate {
                        return Ok(());
                    }
                }
                self.packet(opcode, &packet)
            }
        }
    }

    /// Cache operations, here and for who keeps track.
    pub(crate) fn caches(&mut self, set: CacheSet, range: Option<std::ops::Range<u64>>) {
        if set.instruction {
            self.device.code.invalidate();
        }
        self.watch.coherence.caches(set, range);
    }

    /// The packet that is executed.
    pub(crate) fn place(&self) -> Place {
        let here = &self.here;
        let gfx = self.device.gfx();
        let name = here.name;
        match item_at(&here.words, here.at) {
            Some(item) => Place::of(&item, here.stream, name, gfx, self.ring),
            None => Place { stream: here.stream, at: here.at, name: name.to_owned(), text: String::new() },
        }
    }

    /// Tells of a mistake; it is a hang where the device is strict and a card would not survive it (`fatal`).
    pub(crate) fn finding(&self, rule: &'static str, fatal: bool, what: impl FnOnce() -> String) -> Result<(), Stop> {
        self.tell(rule, fatal, false, what())
    }

    /// Tells of what drivers of others do as well: a hang where the device is strict.
    pub(crate) fn advice(&self, rule: &'static str, what: impl FnOnce() -> String) -> Result<(), Stop> {
        self.tell(rule, true, true, what())
    }

    fn tell(&self, rule: &'static str, fatal: bool, advice: bool, what: String) -> Result<(), Stop> {
        if fatal && self.device.is_strict() {
            return Err(Stop::Hang(format!("{what} [{rule}]")));
        }
        self.watch.events.finding(Finding { rule, what, advice, at: self.place() });
        Ok(())
    }
}

/// The item at a dword of a stream.
pub(crate) fn item_at(words: &[u32], at: usize) -> Option<Item<'_>> {
    let item = Decoder::new(words.get(at..)?).next()?;
    Some(Item { at, ..item })
}
