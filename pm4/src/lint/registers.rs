//! Rules about the registers that packets set.

use alloc::format;
use core::fmt;

use super::structure::{OpcodeName, fits};
use super::{At, Linter, Rule};
use crate::decode::walk::Memory;
use crate::packets::{Packet, RegisterWrite, Tail};
use crate::registers::{RegOffset, Registers, Space, offset};
use crate::{Generation, Header};

/// A register's name, or where it is.
#[derive(Clone, Copy)]
pub(super) struct RegisterName(pub(super) Generation, pub(super) RegOffset);

impl fmt::Display for RegisterName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Registers::of(self.0).at(self.1) {
            Some(found) => f.write_str(found.name()),
            None => write!(f, "the register at dword {:#x}", self.1.dwords()),
        }
    }
}

/// The bits of a register that its fields leave out; none where the register has no fields.
fn spare_bits(generation: Generation, register: RegOffset) -> u32 {
    let Some(found) = Registers::of(generation).at(register) else { return 0 };
    let fields = found.described().fields();
    let covered = fields.fold(0, |bits, field| bits | (u32::MAX >> (31 - (field.hi() - field.lo()))) << field.lo());
    if covered == 0 { 0 } else { !covered }
}

impl<M: Memory + ?Sized> Linter<'_, M> {
    pub(super) fn check_registers(&mut self, at: &At<'_>) {
        let Some(layout) = at.packet.layout() else { return };
        match layout.tail {
            Tail::Registers(space) => {
                if self.check_swallowed(at) {
                    return;
                }
                let first = at.dword(1) & 0xFFFF;
                let count = at.packet.tail().len() as u32; // CAST: at most 2^14
                if !self.check_range(at.at, space, first, count) {
                    return;
                }
            }
            Tail::Pairs(space) | Tail::PackedPairs(space) => {
                self.check_pairs(at);
                for write in at.packet.register_writes() {
                    let offset = write.register.dwords().wrapping_sub(space.base().dwords());
                    if !self.check_range(at.at, space, offset, 1) {
                        return;
                    }
                }
            }
            _ => return,
        }
        for write in at.packet.register_writes() {
            self.check_write(at.at, write);
        }
    }

    /// Whether the last values are the first dwords of the packet that should follow: one looks like its header, and what
    /// comes after them is no packet but the rest of just that one.
    fn check_swallowed(&mut self, at: &At<'_>) -> bool {
        /// The most dwords that a count is believed to be too large by.
        const MOST: usize = 4;
        let tail = at.packet.tail();
        let end = at.at + 1 + at.header.body_dwords();
        let Some(frame) = self.frames.last() else { return false };
        let words = frame.words;
        let begins_packet = |at: usize| words.get(at).is_some_and(|&word| Header(word).is_plausible());
        if end >= words.len() || begins_packet(end) {
            return false;
        }
        let swallowed = (1..=MOST.min(tail.len().saturating_sub(1))).find_map(|surplus| {
            let header = Header(*tail.get(tail.len() - surplus)?);
            let resumes = end - surplus + 1 + header.body_dwords();
            let ends_well = resumes > end && (begins_packet(resumes) || resumes == words.len());
            let fits = header.is_plausible() && fits(header.opcode(), header.body_dwords());
            (fits && ends_well).then_some((surplus, header, resumes))
        });
        let Some((surplus, header, resumes)) = swallowed else { return false };
        let name = OpcodeName(header.opcode(), self.generation);
        let message =
            format!("{:#010x} among its values is the header of {name}: lower the count by {surplus}", header.0);
        self.report(Rule::SwallowedPacket, at.at, message);
        if let Some(frame) = self.frames.last_mut() {
            frame.muted_until = frame.muted_until.max(resumes);
        }
        // What its author meant counts for what follows, so that one mistake is told of once.
        let body = words.get(end - surplus + 1..resumes).unwrap_or_default();
        let meant = Packet::parse(header.opcode(), body);
        self.state.apply(&meant);
        self.work.note_registers(&meant);
        true
    }

    /// Whether `count` registers from `first` on, counted from the base of `space`, are in it.
    fn check_range(&mut self, at: usize, space: Space, first: u32, count: u32) -> bool {
        let (base, end) = (space.base().dwords(), space.end().dwords());
        if first.saturating_add(count) <= end - base {
            return true;
        }
        let absolute = [first, first / 4].into_iter().find(|dword| (base..end).contains(dword));
        match absolute.filter(|dword| *dword == first || first.is_multiple_of(4)) {
            Some(dword) => {
                let name = RegisterName(self.generation, RegOffset::new(dword));
                let unit = if dword == first { "dword" } else { "byte" };
                let message =
                    format!("{first:#x} is the {unit} address of {name}: the packet wants {:#x}", dword - base);
                self.report(Rule::AbsoluteOffset, at, message);
            }
            None => {
                let message = format!("{count} registers from {first:#x} on; the space has {:#x}", end - base);
                self.report(Rule::OutsideSpace, at, message);
            }
        }
        false
    }

    fn check_write(&mut self, at: usize, write: RegisterWrite) {
        let RegisterWrite { register, value, .. } = write;
        let name = RegisterName(self.generation, register);
        if crate::is_reserved(self.generation, register) {
            let message = format!("{name} at {:#x} = {value:#x}: leave it alone", register.dwords());
            self.report(Rule::ReservedRegister, at, message);
            return;
        }
        let Some(found) = Registers::of(self.generation).at(register) else {
            let message = format!("{name} does not exist on {}, and is set to {value:#x}", self.options.gfx);
            self.report(Rule::UnknownRegister, at, message);
            return;
        };
        if found.kernel_only() {
            self.report(Rule::KernelRegister, at, format!("{name} = {value:#x}: it is the driver's or the firmware's"));
        } else if (offset::COMPUTE_DISPATCH_INITIATOR..=offset::COMPUTE_DIM_Z).contains(&register) {
            let message = format!("{name} = {value:#x}: give it in the dispatch packet");
            self.report(Rule::DispatchRegister, at, message);
        } else if is_compute(register) {
            self.check_value(at, register, value);
        }
    }

    fn check_value(&mut self, at: usize, register: RegOffset, value: u32) {
        let name = RegisterName(self.generation, register);
        let spare = value & spare_bits(self.generation, register);
        if spare != 0 {
            let message = format!("{name} = {value:#x} has {spare:#x} where {} has no field", self.options.gfx);
            self.report(Rule::RegisterBits, at, message);
        }
        let threads = value & 0x3FF;
        if register == offset::COMPUTE_DISPATCH_INTERLEAVE
            && self.generation >= Generation::Gfx11
            && !matches!(threads, 0 | 64 | 128 | 256 | 512)
        {
            self.report(Rule::DispatchInterleave, at, format!("{name} = {threads}: take 64 or 256"));
        }
    }

    fn check_pairs(&mut self, at: &At<'_>) {
        let shadowed = matches!(at.packet, Packet::SetShRegPairsPacked(_) | Packet::SetShRegPairsPackedN(_));
        let plain = matches!(at.packet, Packet::SetShRegPairs(_) | Packet::SetContextRegPairs(_));
        if self.generation == Generation::Gfx11 && (shadowed || plain) {
            let name = OpcodeName(at.header.opcode(), self.generation);
            self.report(Rule::PairsUnused, at.at, format!("{name}: SET_SH_REG or SET_CONTEXT_REG do the same"));
        }
        if !matches!(at.packet.layout().map(|layout| layout.tail), Some(Tail::PackedPairs(_))) {
            return;
        }
        let (said, have) = (at.dword(1), at.packet.tail().len() / 3 * 2);
        let limit = if matches!(at.packet, Packet::SetShRegPairsPackedN(_)) { 14 } else { usize::MAX };
        if said as usize != have || have > limit {
            let message =
                format!("dword 1 says {said} registers and {have} follow: repeat one to make the number even");
            self.report(Rule::PackedPairsCount, at.at, message);
        }
    }
}

fn is_compute(register: RegOffset) -> bool {
    (offset::COMPUTE_DISPATCH_INITIATOR..=offset::COMPUTE_NOWHERE).contains(&register)
}
