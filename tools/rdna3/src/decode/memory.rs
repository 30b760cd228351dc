//! DS, FLAT, GLOBAL, SCRATCH, MUBUF, MTBUF, LDSDIR, EXP.

use super::source::{operand, scalar_tuple, vgpr_tuple};
use super::{Fail, Result, Words, bit, bits};
use crate::instruction::{Encoding, Instruction};
use crate::operand::{Operand, Reg, Value};
use crate::row::{Access, Imm, Kind, Row, Slot, find, flag};
use crate::tables;

/// A VGPR operand of `dwords` registers.
pub(super) fn vgpr(slot: &Slot, first: u32, dwords: u8) -> Result<Operand> {
    Ok(operand(slot, vgpr_tuple(first, dwords)?, dwords))
}

pub(super) fn ds(first: u32, words: &mut Words<'_>) -> Result<Instruction> {
    let row = find(tables::ds::TABLE, bits(first, 18, 8)).ok_or(Fail::Invalid)?;
    let second = words.word(1)?;
    let gds = bit(first, 17);
    if gds && row.flags.contains(flag::NOGDS) || !gds && row.flags.contains(flag::GDSONLY) {
        return Err(Fail::Invalid);
    }
    if row.flags.contains(flag::ZIMM) && bits(first, 0, 16) != 0 {
        return Err(Fail::Invalid);
    }
    let mut out = Instruction::new(Encoding::Ds, row, words.target);
    let mut used = 0;
    for slot in row.slots {
        let low = match slot.kind {
            Kind::DsAddr => 0,
            Kind::Data => 8,
            Kind::Data1 => 16,
            _ => 24,
        };
        used |= 0xff << low;
        out.push(vgpr(slot, bits(second, low, 8), slot.dwords)?);
    }
    if second & !used != 0 {
        return Err(Fail::Invalid);
    }
    out.modifiers.gds = gds;
    if row.flags.contains(flag::TWO) {
        out.modifiers.offset = bits(first, 0, 8) as i32; // CAST: eight bits
        out.modifiers.offset1 = bits(first, 8, 8) as u8; // CAST: eight bits
    } else {
        out.modifiers.offset = bits(first, 0, 16) as i32; // CAST: sixteen bits
    }
    Ok(out)
}

pub(super) fn flat(first: u32, words: &mut Words<'_>) -> Result<Instruction> {
    let (encoding, table) = match bits(first, 16, 2) {
        0 => (Encoding::Flat, tables::flat::TABLE),
        1 => (Encoding::Scratch, tables::scratch::TABLE),
        2 => (Encoding::Global, tables::global::TABLE),
        _ => return Err(Fail::Invalid),
    };
    let row = find(table, bits(first, 18, 7)).ok_or(Fail::Invalid)?;
    let second = words.word(1)?;
    let mut out = Instruction::new(encoding, row, words.target);
    let (vaddr, data) = (bits(second, 0, 8), bits(second, 8, 8));
    let saddr = scalar_tuple(bits(second, 16, 7), 1)?;
    // The bit says that scratch has a VGPR offset; the other segments leave it clear.
    let has_vaddr = bit(second, 23);
    // LLVM keeps EXEC_HI from scratch.
    if encoding == Encoding::Scratch && saddr == Reg::ExecHi {
        return Err(Fail::Invalid);
    }
    if has_vaddr && encoding != Encoding::Scratch || encoding == Encoding::Flat && saddr != Reg::Null {
        return Err(Fail::Invalid);
    }
    let glc = bit(first, 14);
    for slot in row.slots {
        match slot.kind {
            Kind::Returned if !glc => {}
            Kind::Returned | Kind::Vgpr => out.push(vgpr(slot, bits(second, 24, 8), slot.dwords)?),
            Kind::Data => out.push(vgpr(slot, data, slot.dwords)?),
            Kind::VAddr if encoding == Encoding::Scratch && !has_vaddr => out.push(operand(slot, Value::Off, 0)),
            Kind::VAddr => {
                let wide = encoding != Encoding::Scratch && saddr == Reg::Null;
                out.push(vgpr(slot, vaddr, if wide { 2 } else { 1 })?);
            }
            _ if saddr == Reg::Null => out.push(operand(slot, Value::Off, 0)),
            _ => {
                let dwords = if encoding == Encoding::Scratch { 1 } else { 2 };
                let saddr = scalar_tuple(bits(second, 16, 7), dwords)?;
                out.push(operand(slot, Value::Reg(saddr), dwords));
            }
        }
    }
    let offset = bits(first, 0, 13) as i32; // CAST: thirteen bits
    out.modifiers.offset = if encoding == Encoding::Flat { offset } else { offset << 19 >> 19 };
    out.modifiers.glc = glc;
    out.modifiers.slc = bit(first, 15);
    out.modifiers.dlc = bit(first, 13);
    Ok(out)
}

pub(super) fn mubuf(first: u32, words: &mut Words<'_>) -> Result<Instruction> {
    let row = find(tables::mubuf::TABLE, bits(first, 18, 8)).ok_or(Fail::Invalid)?;
    buffer(Encoding::Mubuf, row, first, words)
}

pub(super) fn mtbuf(first: u32, words: &mut Words<'_>) -> Result<Instruction> {
    let row = find(tables::mtbuf::TABLE, bits(first, 15, 4)).ok_or(Fail::Invalid)?;
    let mut out = buffer(Encoding::Mtbuf, row, first, words)?;
    out.modifiers.format = bits(first, 19, 7) as u8; // CAST: seven bits
    Ok(out)
}

fn buffer(encoding: Encoding, row: &'static Row, first: u32, words: &mut Words<'_>) -> Result<Instruction> {
    let second = words.word(1)?;
    let mut out = Instruction::new(encoding, row, words.target);
    let modifiers = &mut out.modifiers;
    modifiers.tfe = bit(second, 21);
    modifiers.offen = bit(second, 22);
    modifiers.idxen = bit(second, 23);
    modifiers.slc = bit(first, 12);
    modifiers.dlc = bit(first, 13);
    modifiers.glc = bit(first, 14);
    modifiers.offset = bits(first, 0, 12) as i32; // CAST: twelve bits
    if modifiers.tfe && !row.flags.contains(flag::TFE) {
        return Err(Fail::Invalid);
    }
    if row.slots.is_empty() {
        if modifiers.offen || modifiers.idxen || modifiers.glc || modifiers.dlc {
            return Err(Fail::Invalid);
        }
        modifiers.slc = false;
        modifiers.offset = 0;
    }
    let (tfe, glc) = (modifiers.tfe, modifiers.glc);
    let addresses = u8::from(modifiers.offen) + u8::from(modifiers.idxen);
    for slot in row.slots {
        out.push(match slot.kind {
            Kind::AtomicData => {
                let access = if glc { Access::ReadWrite } else { Access::Read };
                vgpr(&Slot { access, ..*slot }, bits(second, 8, 8), slot.dwords)?
            }
            Kind::BufferData | Kind::Data => vgpr(slot, bits(second, 8, 8), slot.dwords + u8::from(tfe))?,
            Kind::VAddr if addresses == 0 => operand(slot, Value::Off, 0),
            Kind::VAddr => vgpr(slot, bits(second, 0, 8), addresses)?,
            Kind::Resource => resource(slot, second)?,
            _ => words.source(slot, bits(second, 24, 8), false)?,
        });
    }
    Ok(out)
}

/// The resource field of the buffer and image encodings, in units of four SGPRs.
pub(super) fn resource(slot: &Slot, second: u32) -> Result<Operand> {
    let reg = scalar_tuple(bits(second, 16, 5) << 2, slot.dwords)?;
    Ok(operand(slot, Value::Reg(reg), slot.dwords))
}

pub(super) fn lds_direct(first: u32, words: &mut Words<'_>) -> Result<Instruction> {
    let row = find(tables::ldsdir::TABLE, bits(first, 20, 4)).ok_or(Fail::Invalid)?;
    let mut out = Instruction::new(Encoding::LdsDir, row, words.target);
    for slot in row.slots {
        out.push(match slot.kind {
            Kind::Imm(kind) => Operand::imm(kind, bits(first, 8, 8) as i32), // CAST: eight bits
            _ => vgpr(slot, bits(first, 0, 8), slot.dwords)?,
        });
    }
    out.modifiers.wait = bits(first, 16, 4) as u8; // CAST: four bits
    Ok(out)
}

pub(super) fn export(first: u32, words: &mut Words<'_>) -> Result<Instruction> {
    let row = find(tables::exp::TABLE, 0).ok_or(Fail::Invalid)?;
    let second = words.word(1)?;
    let target = bits(first, 4, 6);
    let mut out = Instruction::new(Encoding::Exp, row, words.target);
    out.push(Operand::imm(Imm::ExportTarget, target as i32)); // CAST: six bits
    let enabled = bits(first, 0, 4);
    for (at, slot) in (0..).zip(row.slots) {
        out.push(if enabled >> at & 1 == 0 {
            operand(slot, Value::Off, 0)
        } else {
            vgpr(slot, bits(second, 8 * at, 8), 1)?
        });
    }
    out.modifiers.mask = enabled as u8; // CAST: four bits
    out.modifiers.done = bit(first, 11);
    out.modifiers.row_en = bit(first, 13);
    Ok(out)
}
