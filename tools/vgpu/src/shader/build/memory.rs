//! Steps of memory operations.

use sparkle_rdna3::{Access, Encoding, Op, Operand, Reg, Value};

use super::{Parts, Unmodelled, scalar_index, source};
use crate::shader::exec::atomic::Atom;
use crate::shader::exec::memory::{is_scalar_load, segment, shape};
use crate::shader::exec::shape::Shape;
use crate::shader::exec::{self, buffer, lds as shared, memory as global};
use crate::shader::isa::Run;
use crate::shader::step::{MemoryBits, More, Source, Step, flag};

fn bits(parts: &Parts<'_>) -> More {
    let modifiers = parts.instruction.modifiers();
    let memory = MemoryBits {
        offset: modifiers.offset,
        lds: [0; 2],
        format: modifiers.format,
        offen: modifiers.offen,
        idxen: modifiers.idxen,
        glc: modifiers.glc,
        tfe: modifiers.tfe,
    };
    More { memory, ..More::NONE }
}

/// A register's number, vector or scalar.
fn index(operand: &Operand) -> Result<u8, Unmodelled> {
    match operand.value {
        Value::Reg(Reg::Vgpr(index)) => Ok(index),
        Value::Reg(reg) => scalar_index(reg).ok_or("this operand"),
        _ => Err("this operand"),
    }
}

/// An address part; one that is left out is the constant 0.
fn part(operand: Option<&Operand>) -> Result<Source, Unmodelled> {
    match operand {
        None => Ok(Source::CONSTANT_ZERO),
        Some(operand) if operand.value == Value::Off => Ok(Source::CONSTANT_ZERO),
        Some(operand) => source(operand, false).map(Source::without_width),
    }
}

/// `S_LOAD_*`, `S_BUFFER_LOAD_*`.
pub(super) fn scalar(parts: &Parts<'_>, step: &mut Step) -> Result<(), Unmodelled> {
    let buffer = is_scalar_load(step.op).ok_or("")?;
    let [data, base, offset] = parts.instruction.operands() else { return Err("") };
    let mut more = bits(parts);
    step.to = index(data)?;
    more.dwords = data.dwords;
    step.sources[0] = Source::scalar(index(base)?);
    step.sources[1] = match offset.value {
        Value::Imm { bits, .. } => {
            more.memory.offset = bits;
            Source::CONSTANT_ZERO
        }
        _ => source(offset, false)?,
    };
    step.run = if buffer {
        Run::new::<global::ScalarBufferLoad>(parts.isa)
    } else {
        Run::new::<global::ScalarLoad>(parts.isa)
    };
    step.more = Some(Box::new(more));
    Ok(())
}

/// GLOBAL, FLAT, SCRATCH.
pub(super) fn flat(parts: &Parts<'_>, step: &mut Step) -> Result<(), Unmodelled> {
    let op = step.op;
    let mut more = bits(parts);
    let mut operands = parts.instruction.operands().iter().peekable();
    // The destination comes first where there is one: loads, and atomics that return.
    step.flags |= flag::NO_VGPR;
    if let Some(first) = operands.next_if(|first| first.access != Access::Read) {
        step.to = index(first)?;
        step.flags &= !flag::NO_VGPR;
    }
    let addtid = matches!(op, Op::GLOBAL_LOAD_ADDTID_B32 | Op::GLOBAL_STORE_ADDTID_B32);
    if !addtid {
        step.sources[0] = part(operands.next())?;
    }
    more.atom = Atom::find(op);
    let store = match shape(op) {
        Some(shape) => {
            more.shape = shape;
            shape.store
        }
        None if more.atom.is_some() => true,
        None => return Err(""),
    };
    if store {
        step.sources[1] = Source::vgpr(index(operands.next().ok_or("")?)?);
    }
    step.sources[2] = part(operands.next())?;
    step.immediate = match parts.instruction.encoding() {
        _ if addtid => segment::ADDTID,
        Encoding::Global => segment::GLOBAL,
        Encoding::Scratch => segment::SCRATCH,
        _ => segment::FLAT,
    };
    step.run = if more.atom.is_some() {
        Run::new::<global::Atomic>(parts.isa)
    } else if store {
        Run::new::<global::Store>(parts.isa)
    } else {
        Run::new::<global::Load>(parts.isa)
    };
    step.more = Some(Box::new(more));
    Ok(())
}

/// `LDS_DIRECT_LOAD`.
pub(super) fn direct(parts: &Parts<'_>, step: &mut Step) -> Result<(), Unmodelled> {
    step.to = index(parts.instruction.operands().first().ok_or("")?)?;
    step.run = Run::new::<shared::DirectLoad>(parts.isa);
    Ok(())
}

/// DS.
pub(super) fn lds(parts: &Parts<'_>, step: &mut Step) -> Result<(), Unmodelled> {
    let op = step.op;
    if parts.instruction.modifiers().gds {
        return Err("GDS");
    }
    let mut more = bits(parts);
    let mut operands = parts.instruction.operands().iter().peekable();
    step.flags |= flag::NO_VGPR;
    if let Some(first) = operands.next_if(|first| first.access != Access::Read) {
        step.to = index(first)?;
        step.flags &= !flag::NO_VGPR;
    }
    // Without an address there is data at most.
    let skip = usize::from(matches!(op, Op::DS_STORE_ADDTID_B32));
    for (place, operand) in step.sources.iter_mut().skip(skip).zip(operands) {
        *place = Source::vgpr(index(operand)?);
    }
    step.run = match op {
        Op::DS_LOAD_ADDTID_B32 | Op::DS_STORE_ADDTID_B32 => Run::new::<shared::AddThreadId>(parts.isa),
        Op::DS_CONDXCHG32_RTN_B64 => Run::new::<shared::ConditionalExchange>(parts.isa),
        Op::DS_APPEND | Op::DS_CONSUME => Run::new::<shared::Append>(parts.isa),
        Op::DS_PERMUTE_B32 | Op::DS_BPERMUTE_B32 | Op::DS_SWIZZLE_B32 => Run::new::<shared::Exchange>(parts.isa),
        _ => {
            let modifiers = parts.instruction.modifiers();
            more.memory.lds = shared::offsets(op, modifiers.offset, modifiers.offset1);
            more.lds = Some(shared::kind(op).ok_or("")?);
            more.shape = Shape::find(op).unwrap_or_default();
            more.atom = Atom::find(op);
            Run::new::<shared::Access>(parts.isa)
        }
    };
    step.more = Some(Box::new(more));
    Ok(())
}

/// MUBUF, MTBUF.
pub(super) fn buffer(parts: &Parts<'_>, step: &mut Step) -> Result<(), Unmodelled> {
    let op = step.op;
    let [data, vaddr, resource, soffset] = parts.instruction.operands() else { return Err("") };
    let mut more = bits(parts);
    step.to = index(data)?;
    step.sources[0] = part(Some(vaddr))?;
    step.sources[1] = Source::scalar(index(resource)?);
    step.sources[2] = source(soffset, false)?;
    more.atom = Atom::find(op);
    let formatted = op.mnemonic().contains("_format_");
    step.run = if more.atom.is_some() {
        Run::new::<buffer::Atomic>(parts.isa)
    } else if formatted {
        if parts.instruction.encoding() == Encoding::Mtbuf {
            step.flags |= flag::OWN_FORMAT;
        }
        Run::new::<exec::buffer::Formatted>(parts.isa)
    } else {
        more.shape = Shape::find(op).ok_or("")?;
        Run::new::<buffer::Access>(parts.isa)
    };
    step.more = Some(Box::new(more));
    Ok(())
}
