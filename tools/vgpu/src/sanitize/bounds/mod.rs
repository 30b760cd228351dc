//! `bounds`: accesses outside of what they belong to.
//!
//! The engine stops at what no buffer or no lane's scratch holds ([`fault`] makes a report of it). What it goes on after,
//! as the chip does, is reported here: LDS out of range, an address that left the buffer its base points into for
//! another one, and descriptors and offsets the guide does not define.

#[cfg(test)]
mod tests;

use std::fmt;
use std::ops::Range;

use sparkle_rdna3::{Encoding, Op, Reg, Value};

use super::event::{Event, Moment};
use super::report::Sink;
use super::rule::{Rule, Sanitizer};
use crate::shader::sign_extended;
use crate::shader::{
    Cause, EXEC, Fault, GlobalMemory, GroupPlace, M0, MemoryAccess, NULL, Program, Space, VCC, Workgroup,
};

const fn rule(id: &'static str, says: &'static str) -> Rule {
    Rule { id, sanitizer: Sanitizer::Bounds, says }
}

/// Source: guide, section 4.1.2 (memory violations).
pub(crate) static BOUNDS_UNMAPPED: Rule = rule("bounds-unmapped", "no buffer is mapped where memory is accessed");
/// Source: as for an unmapped page, which what follows a buffer may be.
pub(crate) static BOUNDS_PAST_END: Rule = rule("bounds-past-end", "an access begins in a buffer and ends behind it");
/// Source: Linux `amdgpu_drm.h`, `AMDGPU_VM_PAGE_READABLE` and `AMDGPU_VM_PAGE_WRITEABLE`.
pub(crate) static BOUNDS_DENIED: Rule = rule("bounds-denied", "the buffer's mapping does not allow the access");
/// Source: guide, section 12.1 and chapter 11: atomics are aligned to their size in every alignment mode.
pub(crate) static BOUNDS_MISALIGNED: Rule = rule("bounds-misaligned", "an atomic is not aligned to its size");
/// Source: LLVM `AMDGPUUsage.rst`, "Private Segment".
pub(crate) static BOUNDS_SCRATCH: Rule = rule("bounds-scratch", "scratch is accessed beyond what a lane has");
/// Source: guide, section 12.1: out of range a store is dropped and a load is 0.
pub(crate) static BOUNDS_LDS: Rule = rule("bounds-lds", "LDS is accessed beyond what the workgroup has");
/// A scalar base that points into a buffer is taken for that buffer's.
pub(crate) static BOUNDS_OBJECT: Rule =
    rule("bounds-object", "an access lies in another buffer than the one its scalar base points into");
/// Source: guide, section 6.2: the two lowest bits are ignored.
pub(crate) static BOUNDS_SCALAR_ALIGN: Rule =
    rule("bounds-scalar-align", "base or offset of a scalar load is no multiple of 4, and the low bits are dropped");
/// Source: guide, table 34 ("Buffer resource descriptor"), FORMAT 0.
pub(crate) static BOUNDS_FORMAT: Rule =
    rule("bounds-format", "a buffer descriptor's FORMAT is INVALID, so that loads give 0 and stores are dropped");
/// Source: guide, table 34 ("Buffer resource descriptor"), TYPE.
pub(crate) static BOUNDS_TYPE: Rule = rule("bounds-type", "a descriptor is used as a buffer's and its TYPE is another");
/// Source: guide, section 9.1.5.3 ("Range checking") takes SOFFSET from NUM_RECORDS and does not say what is below 0.
pub(crate) static BOUNDS_SOFFSET: Rule =
    rule("bounds-soffset", "SOFFSET is beyond the end of the buffer, where the range check is not defined");
/// Source: guide, section 9.1.5: the offsets have 32 bits and the guide does not say that their sum has more.
pub(crate) static BOUNDS_WRAP: Rule =
    rule("bounds-wrap", "the sum of a buffer access's offsets does not fit 32 bits, and may wrap into range");

/// The rules.
pub(crate) static RULES: [&Rule; 12] = [
    &BOUNDS_UNMAPPED,
    &BOUNDS_PAST_END,
    &BOUNDS_DENIED,
    &BOUNDS_MISALIGNED,
    &BOUNDS_SCRATCH,
    &BOUNDS_LDS,
    &BOUNDS_OBJECT,
    &BOUNDS_SCALAR_ALIGN,
    &BOUNDS_FORMAT,
    &BOUNDS_TYPE,
    &BOUNDS_SOFFSET,
    &BOUNDS_WRAP,
];

/// What a dispatch's workgroups share.
#[derive(Clone, Copy)]
pub(crate) struct Shared<'m> {
    memory: &'m dyn GlobalMemory,
}

impl<'m> Shared<'m> {
    /// For one dispatch with this memory.
    pub(crate) const fn new(memory: &'m dyn GlobalMemory) -> Self {
        Self { memory }
    }
}

impl fmt::Debug for Shared<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

/// One workgroup.
pub(crate) struct Group<'a> {
    memory: &'a dyn GlobalMemory,
    lds_bytes: u64,
    /// The buffer that the base of the instruction being executed points into.
    object: Option<Range<u64>>,
    /// The buffer that was found last.
    last: Range<u64>,
}

impl fmt::Debug for Group<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Group")
            .field("lds_bytes", &self.lds_bytes)
            .field("object", &self.object)
            .finish_non_exhaustive()
    }
}

impl<'a> Group<'a> {
    pub(crate) fn new(shared: &'a Shared<'_>, group: &Workgroup, _place: &GroupPlace) -> Self {
        let lds_bytes = group.lds.len() as u64; // CAST: usize has at most 64 bits
        Self { memory: shared.memory, lds_bytes, object: None, last: 0..0 }
    }

    /// Before an instruction, whose results may overwrite its address.
    #[inline]
    pub(crate) fn before(&mut self, event: &Event<'_>, sink: &mut Sink) {
        match event.instruction.encoding() {
            Encoding::Smem => self.scalar(event, sink),
            Encoding::Global => {
                self.object = scalar_operand(event, 2).and_then(|at| self.object_at(event.wave.scalar64(at)));
            }
            Encoding::Mubuf | Encoding::Mtbuf => self.buffer(event, sink),
            _ => {}
        }
    }

    /// After an instruction.
    pub(crate) fn after(&mut self, event: &Event<'_>, accesses: &[MemoryAccess], sink: &mut Sink) {
        let object = self.object.take();
        for access in accesses {
            let end = access.address.saturating_add(access.bytes.into());
            match access.space {
                Space::Lds if end > self.lds_bytes => sink.report(&BOUNDS_LDS, event, Some(access.lane), None, || {
                    format!(
                        "{} of {} bytes at LDS offset {:#x} of {} bytes",
                        access.kind, access.bytes, access.address, self.lds_bytes
                    )
                }),
                Space::Global => {
                    let Some(object) = &object else { continue };
                    if access.address < object.start || end > object.end {
                        sink.report(&BOUNDS_OBJECT, event, Some(access.lane), None, || {
                            format!(
                                "{} of {} bytes at {:#x}, the base is in the buffer from {:#x} to {:#x}",
                                access.kind, access.bytes, access.address, object.start, object.end
                            )
                        });
                    }
                }
                Space::Lds | Space::Scratch => {}
            }
        }
    }

    fn object_at(&mut self, va: u64) -> Option<Range<u64>> {
        if !self.last.contains(&va) {
            let region = self.memory.region(va)?;
            self.last = region.va..region.va.saturating_add(region.bytes);
        }
        Some(self.last.clone())
    }

    fn scalar(&mut self, event: &Event<'_>, sink: &mut Sink) {
        let [_, base, offsets @ ..] = event.instruction.operands() else { return };
        let Value::Reg(reg) = base.value else { return };
        let Some(index) = number(reg) else { return };
        let wave = event.wave;
        let buffer = base.dwords == 4;
        let address = wave.scalar64(index) & if buffer { 0xffff_ffff_ffff } else { u64::MAX };
        let offset = offsets.iter().fold(0u32, |sum, operand| match operand.value {
            Value::Imm { bits, .. } => sum.wrapping_add(bits as u32), // CAST: two's complement
            Value::Reg(reg) => sum.wrapping_add(number(reg).map_or(0, |at| wave.scalar(at))),
            _ => sum,
        });
        if (address as u32 | offset) & 3 != 0 {
            // CAST: the low bits are looked at
            sink.report(&BOUNDS_SCALAR_ALIGN, event, None, None, || format!("base {address:#x}, offset {offset:#x}"));
        }
        self.object = self.object_at(address);
    }

    fn buffer(&mut self, event: &Event<'_>, sink: &mut Sink) {
        if matches!(event.instruction.op(), Op::BUFFER_GL0_INV | Op::BUFFER_GL1_INV) {
            return;
        }
        let wave = event.wave;
        let Some(at) = scalar_operand(event, 4) else { return };
        let [low, high, records, flags] = [0, 1, 2, 3].map(|word| wave.scalar(at.wrapping_add(word)));
        let base = sign_extended(u64::from(high & 0xffff) << 32 | u64::from(low));
        self.object = self.object_at(base);
        if wave.exec() == 0 {
            return;
        }
        // All zeros are a descriptor of nothing, which is a way to say so.
        if flags >> 12 & 63 == 0 && (base, records, flags) != (0, 0, 0) {
            sink.report(&BOUNDS_FORMAT, event, None, None, || {
                format!("descriptor {low:#x} {high:#x} {records:#x} {flags:#x}")
            });
        }
        if flags >> 30 != 0 {
            sink.report(&BOUNDS_TYPE, event, None, None, || format!("descriptor's last dword {flags:#x}"));
        }
        let raw = flags >> 28 & 3 == 3 && (high >> 16 & 0x3fff == 0 || high >> 30 == 0);
        let soffset = event.instruction.operands().last().map_or(0, |operand| match operand.value {
            Value::Reg(reg) => number(reg).map_or(0, |at| wave.scalar(at)),
            Value::Int(value) => value as u32, // CAST: two's complement
            _ => 0,
        });
        if raw && soffset > records {
            sink.report(&BOUNDS_SOFFSET, event, None, None, || format!("SOFFSET {soffset:#x} of {records:#x} bytes"));
        }
        let modifiers = event.instruction.modifiers();
        if modifiers.offen {
            let vaddr = event.instruction.operands().get(1).and_then(|operand| operand.registers());
            let Some((Reg::Vgpr(first), _)) = vaddr else { return };
            let register = first.wrapping_add(modifiers.idxen.into());
            let fits = u32::MAX - modifiers.offset as u32; // CAST: twelve bits
            let lanes = (0..wave.lanes()).filter(|lane| wave.exec() >> lane & 1 != 0);
            for lane in lanes.filter(|lane| wave.lane(register, *lane) > fits) {
                sink.report(&BOUNDS_WRAP, event, Some(lane), None, || {
                    format!("offset {:#x} plus {:#x}", wave.lane(register, lane), modifiers.offset)
                });
            }
        }
    }
}

/// The operand number of a scalar register; `None` if it holds no address.
const fn number(reg: Reg) -> Option<u8> {
    Some(match reg {
        Reg::Sgpr(index) => index,
        Reg::VccLo => VCC,
        Reg::VccHi => VCC + 1,
        Reg::Ttmp(index) => VCC + 2 + index,
        Reg::M0 => M0,
        Reg::ExecLo => EXEC,
        Reg::ExecHi => EXEC + 1,
        Reg::Null => NULL,
        _ => return None,
    })
}

/// The scalar operand of so many dwords.
fn scalar_operand(event: &Event<'_>, dwords: u8) -> Option<u8> {
    event.instruction.operands().iter().find_map(|operand| match operand.value {
        Value::Reg(reg) if operand.dwords == dwords && !matches!(reg, Reg::Vgpr(_) | Reg::Null) => number(reg),
        _ => None,
    })
}

/// Reports a fault that is this sanitizer's; whether it is.
pub(crate) fn fault(fault: &Fault, program: &Program, group: [u32; 3], sink: &mut Sink) -> bool {
    let rule = match fault.cause {
        Cause::Unmapped { .. } => &BOUNDS_UNMAPPED,
        Cause::PastEnd { .. } => &BOUNDS_PAST_END,
        Cause::Denied { .. } => &BOUNDS_DENIED,
        Cause::Misaligned { .. } => &BOUNDS_MISALIGNED,
        Cause::Scratch { .. } => &BOUNDS_SCRATCH,
        _ => return false,
    };
    let pc = usize::try_from(fault.offset / 4).unwrap_or(usize::MAX);
    sink.at(rule, program, Moment { group, wave: fault.wave, pc }, None, None, || fault.cause.to_string());
    true
}
