//! Rules about which packets a ring takes, and the calls between streams.

use alloc::format;

use super::structure::OpcodeName;
use super::{At, Linter, Rule};
use crate::decode::walk::Memory;
use crate::decode::{Decoder, Item, ItemKind};
use crate::packets::{Packet, PacketLayout};
use crate::{Generation, Header, Opcode, Ring};

/// Packets that the kernel keeps for itself.
///
/// Source: Linux `gfx_v11_0.c`, `kfd_pm4_headers_ai.h`, `nvd.h`.
const KERNEL: &[Opcode] = &[
    Opcode::INDIRECT_BUFFER_PRIV,
    Opcode::ME_INITIALIZE,
    Opcode::INTERRUPT,
    Opcode::GEN_PDEPTE,
    Opcode::INDIRECT_BUFFER_PASID,
    Opcode::LOAD_CONFIG_REG,
    Opcode::SET_CONFIG_REG,
    Opcode::SET_QUEUE_REG,
    Opcode::FRAME_CONTROL,
    Opcode::HDP_FLUSH,
    Opcode::INVALIDATE_TLBS,
    Opcode::SET_RESOURCES,
    Opcode::MAP_PROCESS,
    Opcode::MAP_QUEUES,
    Opcode::UNMAP_QUEUES,
    Opcode::QUERY_STATUS,
    Opcode::RUN_LIST,
    Opcode::MAP_PROCESS_VM,
    Opcode::RUN_CLEANER_SHADER,
    Opcode::SET_Q_PREEMPTION_MODE,
];

/// The bits of dword `dword` of a packet that mean something on a ring.
fn covered(layout: &PacketLayout, head: &[u32], dword: u8, generation: Generation, ring: Ring) -> u32 {
    let mut covered = 0;
    for field in layout.fields.iter().filter(|field| field.dword == dword && field.on.has(generation, ring)) {
        if field.when.is_none_or(|when| when.holds(head)) {
            covered |= (u32::MAX >> (31 - (field.hi - field.lo).min(31) as u32)) << field.lo;
        }
    }
    covered
}

/// Whether a dword of a packet holds part of an address: its spare bits are the address rules'.
fn holds_address(layout: &PacketLayout, dword: u8) -> bool {
    layout.addresses.iter().any(|address| address.low.dword == dword || address.high.dword == dword)
}

impl<M: Memory + ?Sized> Linter<'_, M> {
    pub(super) fn check_ring(&mut self, at: &At<'_>) {
        self.check_engine(at);
        self.check_flags(at);
        self.check_reserved_bits(at);
        self.check_pixel_wait_sync(at);
        match &at.packet {
            Packet::IndirectBuffer(call) => self.check_call(at, call.chain(), call.valid(), call.vmid()),
            Packet::CondIndirectBuffer(_) if self.on_compute() => self.check_call(at, false, true, 0),
            Packet::CondExec(skip) => self.note_skip(at, skip.exec_count()),
            Packet::PredExec(skip) => self.note_skip(at, skip.exec_count()),
            _ => {}
        }
    }

    fn check_engine(&mut self, at: &At<'_>) {
        let opcode = at.header.opcode();
        if !opcode.is_defined(self.generation) {
            return;
        }
        let name = OpcodeName(opcode, self.generation);
        let (gfx, compute) = (self.options.gfx, self.on_compute());
        if KERNEL.contains(&opcode) {
            self.report(Rule::KernelPacket, at.at, format!("{name} is the kernel's: leave it out"));
        } else if !opcode.has_engine_data(self.generation) {
            let message = format!("{name} ({:#04x}) has no published form on {gfx}", opcode.0);
            self.report(Rule::UnpublishedPacket, at.at, message);
        } else if !opcode.runs_on(self.options.ring, self.generation) {
            let ring = if compute { "compute" } else { "graphics" };
            let effect = if opcode == Opcode::PFP_SYNC_ME { ", which it would hang" } else { "" };
            let message = format!("{name} is no packet of a {ring} ring of {gfx}{effect}: leave it out");
            self.report(Rule::NotOnRing, at.at, message);
        }
    }

    fn check_flags(&mut self, at: &At<'_>) {
        let flags = at.header.flags();
        if at.header.reserved() != 0 {
            return; // the low byte is no flags then
        }
        let name = OpcodeName(at.header.opcode(), self.generation);
        if flags & Header::PREDICATE != 0 && self.on_compute() {
            let message = format!("{name} ({:#010x}) has bit 0 set: clear it", at.header.0);
            self.report(Rule::PredicateOnCompute, at.at, message);
        }
        let Some(layout) = at.packet.layout() else { return };
        let (has, needs) = (flags & Header::RESET_FILTER_CAM != 0, layout.flags & Header::RESET_FILTER_CAM != 0);
        // Mesa forces writes of counter registers with it: the filter forgets GRBM_GFX_INDEX (`ac_cmdbuf.h`).
        let forced = matches!(at.packet, Packet::SetUconfigReg(_)) && !self.on_compute();
        if has != needs && !forced {
            let message = format!(
                "{name} ({:#010x}) has bit 2 {}",
                at.header.0,
                if has { "set: clear it" } else { "clear: set it" }
            );
            self.report(Rule::FilterCamBit, at.at, message);
        }
    }

    fn check_reserved_bits(&mut self, at: &At<'_>) {
        let head = at.packet.head();
        let Some(layout) = at.packet.layout().filter(|_| !matches!(at.packet, Packet::Opaque(_))) else { return };
        for (dword, &word) in (1..=u8::MAX).zip(head) {
            let covered = covered(layout, head, dword, self.generation, self.options.ring);
            let known = tolerated(at, dword) | pixel_wait_sync(at, dword);
            // A dword without any field is an operand that this form does not use.
            if covered != 0 && word & !covered & !known != 0 && !holds_address(layout, dword) {
                let message = format!(
                    "{} has bits {:#x} set in dword {dword} ({word:#010x}), where this ring's packet has no field",
                    layout.name,
                    word & !covered & !known
                );
                self.report(Rule::ReservedBits, at.at, message);
            }
        }
    }

    fn check_pixel_wait_sync(&mut self, at: &At<'_>) {
        let enabled = (1..=6).any(|dword| at.dword(dword.into()) & pixel_wait_sync(at, dword) != 0);
        if enabled && (self.on_compute() || self.generation < Generation::Gfx11) {
            let name = OpcodeName(at.header.opcode(), self.generation);
            let message = format!("{name} has its PWS bit set: clear it, and wait with CS_PARTIAL_FLUSH");
            self.report(Rule::PwsOnCompute, at.at, message);
        }
    }

    fn check_call(&mut self, at: &At<'_>, chain: bool, valid: bool, vmid: u32) {
        let compute = self.on_compute();
        if compute && !chain {
            let message = format!(
                "dword 3 is {:#010x}: set CHAIN, bit 20, and VALID, bit 23, and make it the last packet",
                at.dword(3)
            );
            self.report(Rule::CallOnCompute, at.at, message);
        } else if compute && !valid {
            let message = format!("dword 3 is {:#010x}: set VALID, bit 23", at.dword(3));
            self.report(Rule::ChainNotValid, at.at, message);
        }
        if vmid != 0 {
            self.report(Rule::VmidInIb, at.at, format!("the VMID is {vmid}: clear bits [27:24] of dword 3"));
        }
        let words = self.frames.last().map_or(&[][..], |frame| frame.words);
        let rest = words.get(at.at + 1 + at.header.body_dwords()..).unwrap_or_default();
        let runs = |item: Item<'_>| !matches!(item.kind, ItemKind::Packet { packet: Packet::Nop(_), .. });
        if chain && Decoder::new(rest).any(runs) {
            let message = format!("{} dwords follow the chain packet: move it to the end", rest.len());
            self.report(Rule::DeadCode, at.at, message);
        }
    }

    fn note_skip(&mut self, at: &At<'_>, dwords: u32) {
        let to = (at.at + 1 + at.header.body_dwords()).saturating_add(dwords as usize);
        if let Some(frame) = self.frames.last_mut() {
            frame.skips.insert((to, at.at));
        }
    }

    pub(super) fn cycle(&mut self, va: u64) {
        let at = self.frames.last().map_or(0, |frame| frame.words.len().saturating_sub(1));
        self.report(Rule::Loop, at, format!("the stream calls or chains to {va:#x}, which is open already"));
    }
}

/// Bits that drivers set though the ring's engine has no field there, and real streams hold: VALID in a graphics ring's
/// INDIRECT_BUFFER, the index of SET packets, a size of all ones in ACQUIRE_MEM. Source: Mesa `radv_amdgpu_cs.c`; umr
/// `test/kat/rs_kat_navi10_test2`; tinygrad `ops_amd.py`.
fn tolerated(at: &At<'_>, dword: u8) -> u32 {
    match (&at.packet, dword) {
        (Packet::IndirectBuffer(_), 3) => 1 << 23,
        (Packet::AcquireMem(_), 3) => 0xFF << 24,
        (Packet::SetContextReg(_) | Packet::SetShReg(_) | Packet::SetUconfigReg(_), 1) => 0xF << 28,
        _ => 0,
    }
}

/// The bit of a dword that selects the pixel-wait-sync form.
fn pixel_wait_sync(at: &At<'_>, dword: u8) -> u32 {
    match (&at.packet, dword) {
        (Packet::ReleaseMem(_), 1) | (Packet::AcquireMem(_), 6) => 1 << 31,
        _ => 0,
    }
}
