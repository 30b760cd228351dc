//! Rules about addresses: what packets read and write, against the buffers that the submission may touch.

use alloc::format;
use alloc::vec::Vec;

use super::launch::shader_engines;
use super::registers::RegisterName;
use super::structure::OpcodeName;
use super::{At, Buffer, Linter, Rule};
use crate::Generation;
use crate::decode::walk::{Memory, canonical};
use crate::field::Access;
use crate::packets::Packet;
use crate::registers::{ComputeTmpringSize, RegOffset, Space};

/// What a buffer must be mapped for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    Mapped,
    Read,
    Write,
    Update,
}

/// The buffers by their addresses.
pub(super) struct Buffers {
    /// The address of each buffer and its place in the caller's list.
    by_va: Vec<(u64, usize)>,
}

impl Buffers {
    pub(super) fn new(buffers: Option<&[Buffer]>) -> Self {
        let list = buffers.unwrap_or_default().iter().enumerate();
        let mut by_va: Vec<_> = list.map(|(index, buffer)| (canonical(buffer.va), index)).collect();
        by_va.sort_unstable();
        Self { by_va }
    }

    /// The place of the last buffer that begins at or before an address.
    fn before(&self, va: u64) -> Option<usize> {
        let after = self.by_va.partition_point(|(first, _)| *first <= va);
        self.by_va.get(after.checked_sub(1)?).map(|(_, index)| *index)
    }
}

impl<M: Memory + ?Sized> Linter<'_, M> {
    /// The buffer that an address is in. Buffers don't overlap.
    pub(super) fn buffer_at(&self, va: u64) -> Option<&Buffer> {
        let buffer = self.options.buffers?.get(self.buffers.before(va)?)?;
        va.checked_sub(canonical(buffer.va)).is_some_and(|into| into < buffer.size).then_some(buffer)
    }

    pub(super) fn check_addresses(&mut self, at: &At<'_>) {
        self.check_register_destination(at);
        if self.options.buffers.is_none() {
            return;
        }
        if let Packet::DmaData(_) = at.packet {
            self.check_dma(at);
            return;
        }
        let packet = at.packet;
        for (layout, va) in packet.addresses(self.generation, self.options.ring) {
            let (bytes, need) = match layout.access {
                Access::Read(bytes) => (bytes.into(), Need::Read),
                Access::Write(bytes) => (bytes.into(), Need::Write),
                Access::Update(bytes) => (bytes.into(), Need::Update),
                Access::WriteTail => (4 * packet.tail().len() as u64, Need::Write),
                Access::Fetch => (4 * u64::from(fetched(&packet, layout.low.dword)), Need::Read),
                Access::Other => (1, Need::Mapped),
            };
            if let Packet::AcquireMem(_) = packet {
                self.check_acquired(at, va);
            } else {
                self.check_range_of(at.at, layout.name, va, bytes, need);
            }
        }
    }

    /// A ranged cache operation walks the translations of its whole range.
    fn check_acquired(&mut self, at: &At<'_>, base: u64) {
        let size = u64::from(at.dword(3) & 0xFF) << 40 | u64::from(at.dword(2)) << 8;
        if at.dword(2) != u32::MAX && size != 0 && at.dword(6) >> 31 == 0 {
            self.check_range_of(at.at, "range", base, size, Need::Mapped);
        }
    }

    fn check_dma(&mut self, at: &At<'_>) {
        let (control, command) = (at.dword(1), at.dword(6));
        let bytes = u64::from(command & 0x03FF_FFFF);
        let at_dword = |low: usize| u64::from(at.dword(low + 1)) << 32 | u64::from(at.dword(low));
        let (source, destination) = (control >> 29 & 3, control >> 20 & 3);
        if source == 3 || (source == 0 && command >> 26 & 1 == 0) {
            self.check_range_of(at.at, "src_addr", at_dword(2), bytes, Need::Read);
        }
        if destination == 3 || (destination == 0 && command >> 27 & 1 == 0) {
            self.check_range_of(at.at, "dst_addr", at_dword(4), bytes, Need::Write);
        }
    }

    pub(super) fn check_range_of(&mut self, at: usize, what: &str, va: u64, bytes: u64, need: Need) {
        if bytes == 0 || self.options.buffers.is_none() {
            return;
        }
        let va = canonical(va);
        let Some(buffer) = self.buffer_at(va) else {
            self.report(Rule::Unmapped, at, format!("{what} is {va:#x}, in no buffer of the submission"));
            return;
        };
        let (first, left) = (canonical(buffer.va), buffer.size - (va - canonical(buffer.va)));
        let (readable, writable) = (buffer.readable, buffer.writable);
        if bytes > left {
            let message =
                format!("{what} is {va:#x}: {bytes} bytes from there, and the buffer at {first:#x} has {left} left");
            self.report(Rule::PastEnd, at, message);
        }
        if matches!(need, Need::Write | Need::Update) && !writable {
            let message = format!("{what} is {va:#x}: the buffer at {first:#x} is not mapped writable");
            self.report(Rule::NotWritable, at, message);
        }
        if matches!(need, Need::Read | Need::Update) && !readable {
            let message = format!("{what} is {va:#x}: the buffer at {first:#x} is not mapped readable");
            self.report(Rule::NotReadable, at, message);
        }
    }

    /// The buffer that the stream itself is in.
    pub(super) fn check_stream_buffer(&mut self, va: u64, words: usize) {
        let va = canonical(va);
        self.check_range_of(0, "the stream", va, 4 * words as u64, Need::Read);
        if self.buffer_at(va).is_some_and(|buffer| !buffer.executable) {
            let message = format!("the stream at {va:#x}: map its buffer with AMDGPU_VM_PAGE_EXECUTABLE");
            self.report(Rule::StreamNotExecutable, 0, message);
        }
    }

    fn check_register_destination(&mut self, at: &At<'_>) {
        let Some(register) = register_destination(at, self.generation) else { return };
        let name = RegisterName(self.generation, RegOffset::new(register));
        let packet = OpcodeName(at.header.opcode(), self.generation);
        if matches!(Space::of(RegOffset::new(register)), Space::Config | Space::Other) {
            let message = format!(
                "{packet} writes {name}, dword {register:#x}: for memory take DST_SEL 5, or clear DAS of DMA_DATA"
            );
            self.report(Rule::RegisterDestination, at.at, message);
        } else if !matches!(at.packet, Packet::CopyData(_)) {
            self.report(Rule::DataToRegister, at.at, format!("{packet} writes {name}: set it by a SET packet"));
        }
    }

    pub(super) fn check_scratch_buffer(&mut self, at: usize, base: u64, size: ComputeTmpringSize) {
        if self.generation < Generation::Gfx11 {
            return;
        }
        let per_engine = u64::from(size.waves()) * u64::from(size.wavesize()) * 256;
        let bytes = per_engine * shader_engines(self.options.gfx).unwrap_or(1) as u64;
        let left = match self.buffer_at(canonical(base)) {
            Some(buffer) => buffer.size - (canonical(base) - canonical(buffer.va)),
            None => {
                self.check_range_of(at, "the scratch ring", base, bytes, Need::Update);
                return;
            }
        };
        if bytes > left {
            let message = format!(
                "WAVES {} and WAVESIZE {} are {bytes} bytes, and the buffer has {left} from {base:#x} on",
                size.waves(),
                size.wavesize()
            );
            self.report(Rule::ScratchTooSmall, at, message);
        }
    }
}

/// The register that a packet writes as data, if it writes one.
fn register_destination(at: &At<'_>, generation: Generation) -> Option<u32> {
    let mask = if generation >= Generation::Gfx12 { u32::MAX } else { 0x3_FFFF };
    match &at.packet {
        Packet::WriteData(_) if at.dword(1) >> 8 & 0xF == 0 => Some(at.dword(2) & mask),
        Packet::CopyData(_) if at.dword(1) >> 8 & 0xF == 0 => Some(at.dword(4) & mask),
        Packet::DmaData(_) if at.dword(1) >> 20 & 3 == 0 && at.dword(6) >> 27 & 1 == 1 => Some(at.dword(4) >> 2),
        _ => None,
    }
}

/// The dwords of the stream whose address begins in dword `low` of a packet.
fn fetched(packet: &Packet<'_>, low: u8) -> u32 {
    match packet {
        Packet::IndirectBuffer(call) => call.ib_size(),
        Packet::IndirectBufferPasid(call) => call.ib_size(),
        Packet::CondIndirectBuffer(call) if low == 8 => call.ib_size1(),
        Packet::CondIndirectBuffer(call) => call.ib_size2(),
        _ => 1,
    }
}
