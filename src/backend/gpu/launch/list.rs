//! Command lists: recorded once, sent any number of times.

use super::super::buffer::{Buffer, Role};
use super::super::module::{KernelProperties, Loaded};
use super::super::{Error, Gpu, Lint};
use super::block::{Block, CLOCKS, Retired};
use super::dispatch::{Arg, Dispatch};
use super::kernarg::{AQL_BYTES, aql_packet, lds_bytes, pack, refuse};
use super::packets::{self, Places};
use super::scratch::{Need, Scratch};
use super::stream::Shared;
use super::{SUBMISSION_LIMIT, lint};
use crate::amdgpu::{GPU_PAGE_BYTES, GpuVa, Residency, VaMapping};
use sparkle_pm4::{CommandBuffer, Ring};
use std::sync::Arc;
use std::time::Duration;
use zerocopy::IntoBytes;

/// Largest workgroup, work-items.
const MOST_ITEMS: u64 = 1024;
/// LDS of a workgroup at most, bytes.
const MOST_LDS_BYTES: u32 = 64 << 10;
/// What arguments and AQL packets are aligned to, bytes: a cache line of system memory.
const ARGUMENT_ALIGNMENT: u64 = 64;

/// How much a list holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Capacity {
    /// Dwords of packets; a dispatch takes about 50.
    pub dwords: u32,
    /// Bytes of arguments, of which each dispatch takes at least 64.
    pub argument_bytes: u32,
}

impl Default for Capacity {
    /// About 160 dispatches.
    fn default() -> Self {
        Self { dwords: 8 << 10, argument_bytes: 32 << 10 }
    }
}

impl Capacity {
    /// Whole pages of packets.
    pub(super) fn packet_bytes(self) -> u64 {
        (u64::from(self.dwords) * 4).next_multiple_of(GPU_PAGE_BYTES)
    }

    /// Whole pages of arguments.
    pub(super) fn argument_bytes(self) -> u64 {
        u64::from(self.argument_bytes).next_multiple_of(GPU_PAGE_BYTES)
    }
}

/// A reading of the GPU's clock in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Timestamp(u32);

/// Something that a list touches.
#[derive(Clone, Debug)]
pub(super) struct Use {
    pub(super) mapping: Arc<VaMapping>,
    pub(super) role: Role,
}

/// Dispatches in order, recorded for one stream.
///
/// It keeps everything that it touches until it is [`reset`](Self::reset) or dropped, and so does work that was sent.
#[derive(Debug)]
pub struct CommandList {
    shared: Arc<Shared>,
    words: CommandBuffer,
    /// Taken in `drop` alone.
    memory: Option<Retired>,
    /// Bytes of arguments so far.
    arguments: u64,
    packed: Vec<u8>,
    uses: Vec<Use>,
    modules: Vec<Arc<Loaded>>,
    scratch: Option<Arc<Scratch>>,
    closed: bool,
    /// Whether waves of a dispatch may run when the next packet comes.
    running: bool,
    dispatches: u64,
    clocks: u32,
    estimate: Duration,
}

impl CommandList {
    pub(super) fn new(shared: &Arc<Shared>, capacity: Capacity) -> Result<Self, Error> {
        let core = &shared.core;
        let memory = shared.pool.take(core, capacity)?;
        let limit = usize::try_from(capacity.packet_bytes() / 4).unwrap_or(usize::MAX);
        let mut list = Self {
            shared: shared.clone(),
            words: CommandBuffer::with_limit(core.gfx, Ring::Compute, limit),
            memory: Some(memory),
            arguments: 0,
            packed: Vec::new(),
            uses: Vec::new(),
            modules: Vec::new(),
            scratch: None,
            closed: false,
            running: false,
            dispatches: 0,
            clocks: 0,
            estimate: Duration::ZERO,
        };
        list.begin()?;
        Ok(list)
    }

    /// Empties it to record anew, in other memory where the old one is in flight.
    ///
    /// # Errors
    /// [`Error::Driver`] where there is no memory.
    pub fn reset(&mut self) -> Result<(), Error> {
        if let Some(mut memory) = self.memory.take() {
            if memory.is_free() {
                self.memory = Some(memory);
            } else {
                let capacity = memory.block.capacity;
                self.shared.pool.give(memory);
                self.memory = Some(self.shared.pool.take(&self.shared.core, capacity)?);
            }
        }
        self.begin()
    }

    fn begin(&mut self) -> Result<(), Error> {
        self.words.clear();
        self.uses.clear();
        self.modules.clear();
        self.scratch = None;
        (self.arguments, self.dispatches, self.clocks) = (0, 0, 0);
        (self.closed, self.running, self.estimate) = (false, false, Duration::ZERO);
        packets::preamble(&mut self.words, self.shared.core.device.info())?;
        let mapping = self.block()?.mapping.clone();
        self.uses.push(Use { mapping, role: Role::CommandStream });
        Ok(())
    }

    fn block(&mut self) -> Result<&mut Block, Error> {
        self.memory.as_mut().map(|memory| &mut memory.block).ok_or(Error::ListClosed)
    }

    const fn open(&self) -> Result<(), Error> {
        if self.closed { Err(Error::ListClosed) } else { Ok(()) }
    }

    /// Records a dispatch. Arguments are copied; buffers in them are kept.
    ///
    /// # Errors
    /// [`Error::Launch`] for what the kernel or the device can't do, [`Error::TooLong`], [`Error::ListFull`],
    /// [`Error::ListClosed`], [`Error::Foreign`]; [`Error::Driver`] where there is no memory for scratch.
    pub fn dispatch(&mut self, dispatch: &Dispatch<'_>) -> Result<&mut Self, Error> {
        self.open()?;
        check(dispatch)?;
        Gpu::must_be(&self.shared.core, &dispatch.kernel.module().core, "the kernel")?;
        let estimate = self.estimate.saturating_add(dispatch.estimate);
        if estimate > SUBMISSION_LIMIT {
            return Err(Error::TooLong { estimate, limit: SUBMISSION_LIMIT });
        }
        for arg in dispatch.args {
            if let Arg::Buffer(buffer) = arg {
                self.keep(buffer)?;
            }
        }
        self.keep_module(dispatch.kernel.module())?;
        let places = self.place_arguments(dispatch)?;
        if self.running && !dispatch.concurrent {
            packets::barrier(&mut self.words)?;
            self.running = false;
        }
        self.provide_scratch(dispatch)?;
        packets::dispatch(&mut self.words, self.shared.core.device.info(), dispatch, places)?;
        self.running = true;
        self.dispatches += 1;
        self.estimate = estimate;
        Ok(self)
    }

    /// Names memory that kernels reach by [`Arg::Address`] or by pointers in other memory.
    ///
    /// # Errors
    /// [`Error::ListClosed`].
    pub fn uses(&mut self, mapping: &Arc<VaMapping>) -> Result<&mut Self, Error> {
        self.open()?;
        self.add(mapping, Role::Output);
        Ok(self)
    }

    /// Has the GPU's clock read when all work before has ended. [`Self::ticks`] gives it.
    ///
    /// # Errors
    /// [`Error::ListFull`] after 512, [`Error::ListClosed`], [`Error::Driver`].
    pub fn timestamp(&mut self) -> Result<Timestamp, Error> {
        self.open()?;
        if self.clocks >= CLOCKS {
            return Err(Error::ListFull { what: "timestamps" });
        }
        let shared = self.shared.clone();
        let mapping = self.block()?.clocks(&shared.core)?.mapping.clone();
        packets::timestamp(&mut self.words, mapping.address().get() + u64::from(self.clocks) * 8)?;
        self.add(&mapping, Role::Fence);
        self.clocks += 1;
        Ok(Timestamp(self.clocks - 1))
    }

    /// What the clock was, in ticks of [`crate::amdgpu::GpuInfo::counter_khz`], when the list last ran to its end.
    ///
    /// # Errors
    /// [`Error::ListFull`] for a timestamp that this list hasn't got.
    pub fn ticks(&self, timestamp: Timestamp) -> Result<u64, Error> {
        let clocks = self.memory.as_ref().and_then(|memory| memory.block.clocks.as_ref());
        match clocks {
            Some(clocks) if timestamp.0 < self.clocks => Ok(clocks.cpu.load_u64(timestamp.0 as usize * 8)?), // CAST: fits.
            _ => Err(Error::ListFull { what: "timestamps" }),
        }
    }

    /// Writes `value` to byte `offset` of `buffer`, a multiple of 4, when all work before has ended and the CPU can see
    /// its results: a sign of progress in the middle of a list. Waiting for the whole list needs none.
    ///
    /// # Errors
    /// [`Error::Driver`] for an offset outside of the buffer, [`Error::Packet`] for a crooked one, [`Error::ListFull`],
    /// [`Error::ListClosed`], [`Error::Foreign`].
    pub fn signal(&mut self, buffer: &Buffer, offset: u64, value: u32) -> Result<&mut Self, Error> {
        self.open()?;
        let len = buffer.bytes();
        if offset.checked_add(4).is_none_or(|end| end > len) {
            return Err(crate::amdgpu::Error::OutOfBounds { offset, bytes: 4, len }.into());
        }
        self.keep(buffer)?;
        packets::signal(&mut self.words, buffer.address().get() + offset, value)?;
        Ok(self)
    }

    /// Dispatches so far.
    pub const fn dispatches(&self) -> u64 {
        self.dispatches
    }

    /// The packets so far, for tools.
    pub fn packets(&self) -> &[u32] {
        self.words.words()
    }

    fn keep(&mut self, buffer: &Buffer) -> Result<(), Error> {
        Gpu::must_be(&self.shared.core, &buffer.gpu().core, "the buffer")?;
        self.add(buffer.mapping(), buffer.role());
        Ok(())
    }

    fn keep_module(&mut self, module: &Arc<Loaded>) -> Result<(), Error> {
        if !self.modules.iter().any(|known| Arc::ptr_eq(known, module)) {
            module.restore()?;
            self.modules.push(module.clone());
            self.add(&module.mapping, Role::Code);
        }
        Ok(())
    }

    fn add(&mut self, mapping: &Arc<VaMapping>, role: Role) {
        if !self.uses.iter().any(|known| Arc::ptr_eq(&known.mapping, mapping)) {
            self.uses.push(Use { mapping: mapping.clone(), role });
        }
    }

    /// Writes the arguments, and the AQL packet behind them where the kernel asks for it.
    fn place_arguments(&mut self, dispatch: &Dispatch<'_>) -> Result<Places, Error> {
        let mut packed = std::mem::take(&mut self.packed);
        let result = pack(&mut packed, dispatch).and_then(|()| self.write_arguments(&mut packed, dispatch));
        self.packed = packed;
        result
    }

    fn write_arguments(&mut self, packed: &mut Vec<u8>, dispatch: &Dispatch<'_>) -> Result<Places, Error> {
        let align = dispatch.kernel.metadata().map_or(0, |metadata| metadata.kernarg_segment_align);
        let align = u64::from(align).max(ARGUMENT_ALIGNMENT);
        if align > GPU_PAGE_BYTES || !align.is_power_of_two() {
            return Err(refuse(dispatch.kernel, format!("its arguments want an alignment of {align} bytes")));
        }
        let start = self.arguments.next_multiple_of(align);
        let (id, wants_packet) =
            (self.dispatches, dispatch.kernel.descriptor().properties.contains(KernelProperties::DISPATCH_PTR));
        let block = self.block()?;
        let first = block.capacity.packet_bytes();
        let kernarg = block.mapping.address().get() + first + start;
        let mut aql = 0;
        if wants_packet {
            packed.resize(packed.len().next_multiple_of(AQL_BYTES), 0);
            aql = kernarg + packed.len() as u64; // CAST: usize has at most 64 bits.
            packed.extend_from_slice(&aql_packet(dispatch, kernarg));
        }
        let end = start + packed.len() as u64; // CAST: as above.
        if end > block.capacity.argument_bytes() {
            return Err(Error::ListFull { what: "arguments" });
        }
        let at = usize::try_from(first + start).map_err(|_| Error::ListFull { what: "arguments" })?;
        block.cpu.write_at(at, packed)?;
        self.arguments = end;
        Ok(Places { kernarg, aql, id })
    }

    /// Sets scratch up for a dispatch that needs more than the ones before it. Waves with other scratch end first.
    fn provide_scratch(&mut self, dispatch: &Dispatch<'_>) -> Result<(), Error> {
        let Some(need) = Need::of(dispatch.kernel, &dispatch.grid) else { return Ok(()) };
        if self.scratch.as_ref().is_some_and(|scratch| scratch.serves(need)) {
            return Ok(());
        }
        let scratch = self.shared.scratch(dispatch.kernel, need)?;
        if self.running {
            packets::drain(&mut self.words)?;
            self.running = false;
        }
        packets::scratch(&mut self.words, &scratch)?;
        self.add(&scratch.mapping, Role::Scratch);
        self.scratch = Some(scratch);
        Ok(())
    }

    /// Ends the recording: pads the packets, checks them, copies them to where the GPU reads them.
    pub(super) fn close(&mut self) -> Result<(), Error> {
        if self.closed {
            return Ok(());
        }
        self.words.pad()?;
        let core = &self.shared.core;
        let Some(memory) = &mut self.memory else { return Err(Error::ListClosed) };
        if core.options.lint == Lint::Always {
            lint::check(core.gfx, self.words.words(), memory.block.mapping.address(), &self.uses, &self.modules)?;
        }
        memory.block.cpu.write_at(0, self.words.words().as_bytes())?;
        let same = memory.residency.as_ref().is_some_and(|residency| {
            let known = residency.mappings();
            known.len() == self.uses.len() && known.iter().zip(&self.uses).all(|(a, b)| Arc::ptr_eq(a, &b.mapping))
        });
        if !same {
            memory.residency = Some(Residency::new(self.uses.iter().map(|used| used.mapping.clone())));
        }
        self.closed = true;
        Ok(())
    }

    /// Of a closed list: where its packets are, their bytes, and what it touches.
    pub(super) fn sealed(&self) -> Option<(GpuVa, u64, &Arc<Residency>)> {
        let memory = self.memory.as_ref().filter(|_| self.closed)?;
        let bytes = self.words.len() as u64 * 4; // CAST: usize has at most 64 bits.
        Some((memory.block.mapping.address(), bytes, memory.residency.as_ref()?))
    }

    /// What it touches, with what that is for.
    pub(super) fn used(&self) -> &[Use] {
        &self.uses
    }

    /// Where its clocks are, and their bytes.
    pub(super) fn clock_bytes(&self) -> Option<(GpuVa, u64)> {
        let clocks = self.memory.as_ref()?.block.clocks.as_ref()?;
        Some((clocks.mapping.address(), u64::from(self.clocks) * 8))
    }

    pub(super) const fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }
}

impl Drop for CommandList {
    fn drop(&mut self) {
        if let Some(memory) = self.memory.take() {
            self.shared.pool.give(memory);
        }
    }
}

/// Refuses what the hardware or the kernel can't do.
fn check(dispatch: &Dispatch<'_>) -> Result<(), Error> {
    let Dispatch { kernel, grid, .. } = dispatch;
    let (items, size) = (grid.workgroup_items(), grid.size);
    let refuse = |reason: String| Err(refuse(kernel, reason));
    if items == 0 || grid.groups.contains(&0) {
        return refuse(format!("a grid of {:?} workgroups of {size:?}; leave the launch out", grid.groups));
    }
    if grid.items().is_none() {
        return refuse(format!("a grid of {:?} workgroups of {size:?}; an axis has at most 2^32 - 1", grid.groups));
    }
    let most = u64::from(kernel.max_workgroup_lanes()).min(MOST_ITEMS);
    if items > most {
        return refuse(format!("workgroups of {items} work-items; it runs with at most {most} on this device"));
    }
    let required = kernel.metadata().and_then(|metadata| metadata.reqd_workgroup_size);
    if let Some(required) = required.filter(|required| *required != size) {
        return refuse(format!("workgroups of {size:?}; it was compiled for {required:?} alone"));
    }
    let lds = lds_bytes(dispatch);
    if lds > MOST_LDS_BYTES {
        return refuse(format!("{lds} bytes of LDS; a workgroup has at most {MOST_LDS_BYTES}"));
    }
    Ok(())
}
