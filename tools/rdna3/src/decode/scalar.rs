//! SOP1, SOP2, SOPC, SOPK, SOPP, SMEM.

use super::source::{operand, scalar_tuple};
use super::{Fail, Result, Words, bit, bits};
use crate::instruction::{Encoding, Instruction};
use crate::operand::{Operand, Reg, Value};
use crate::print::delay_is_known;
use crate::row::{Imm, Kind, Row, Slot, find, flag};
use crate::tables;
use crate::target::Gfx;

/// The row with this opcode, if the target has it.
fn known(table: &'static [Row], opcode: u32, words: &Words<'_>) -> Result<&'static Row> {
    let row = find(table, opcode).ok_or(Fail::Invalid)?;
    if row.flags.contains(flag::G1150) && words.target.gfx != Gfx::Gfx1150 {
        return Err(Fail::Invalid);
    }
    Ok(row)
}

pub(super) fn sop2(first: u32, words: &mut Words<'_>) -> Result<Instruction> {
    let row = known(tables::sop2::TABLE, bits(first, 23, 7), words)?;
    sources(Encoding::Sop2, row, first, words)
}

pub(super) fn sop1(first: u32, words: &mut Words<'_>) -> Result<Instruction> {
    let row = known(tables::sop1::TABLE, bits(first, 8, 8), words)?;
    sources(Encoding::Sop1, row, first, words)
}

pub(super) fn sopc(first: u32, words: &mut Words<'_>) -> Result<Instruction> {
    let row = known(tables::sopc::TABLE, bits(first, 16, 7), words)?;
    sources(Encoding::Sopc, row, first, words)
}

/// The three encodings with source fields in bits [15:0] and the destination in bits [22:16].
fn sources(encoding: Encoding, row: &'static Row, first: u32, words: &mut Words<'_>) -> Result<Instruction> {
    let mut out = Instruction::new(encoding, row, words.target);
    let mut next = 0;
    for slot in row.slots {
        out.push(match slot.kind {
            Kind::Sgpr => destination(slot, bits(first, 16, 7))?,
            Kind::Literal => Operand { raw: true, ..operand(slot, Value::Literal(words.literal()?), 1) },
            Kind::Imm(kind) => Operand::imm(kind, bits(first, 0, 8) as i32), // CAST: eight bits
            _ => {
                next += 8;
                words.source(slot, bits(first, next - 8, 8), true)?
            }
        });
    }
    Ok(out)
}

fn destination(slot: &Slot, code: u32) -> Result<Operand> {
    Ok(operand(slot, Value::Reg(scalar_tuple(code, slot.dwords)?), slot.dwords))
}

pub(super) fn sopk(first: u32, words: &mut Words<'_>) -> Result<Instruction> {
    let row = known(tables::sopk::TABLE, bits(first, 23, 5), words)?;
    immediate(Encoding::Sopk, row, first, words)
}

pub(super) fn sopp(first: u32, words: &mut Words<'_>) -> Result<Instruction> {
    let row = known(tables::sopp::TABLE, bits(first, 16, 7), words)?;
    if row.flags.contains(flag::ZIMM) && bits(first, 0, 16) != 0 {
        return Err(Fail::Invalid);
    }
    immediate(Encoding::Sopp, row, first, words)
}

/// The two encodings with an immediate in bits [15:0].
fn immediate(encoding: Encoding, row: &'static Row, first: u32, words: &mut Words<'_>) -> Result<Instruction> {
    let mut out = Instruction::new(encoding, row, words.target);
    for slot in row.slots {
        out.push(match slot.kind {
            Kind::Sgpr => destination(slot, bits(first, 16, 7))?,
            Kind::Literal => operand(slot, Value::Literal(words.literal()?), 1),
            Kind::Imm(kind @ Imm::Branch) => Operand::imm(kind, i32::from(first as u16 as i16)), // CAST: sign of 16 bits
            Kind::Imm(Imm::Delay) if !delay_is_known(first) => return Err(Fail::Invalid),
            Kind::Imm(kind) => Operand::imm(kind, bits(first, 0, 16) as i32), // CAST: sixteen bits
            _ => return Err(Fail::Invalid),
        });
    }
    Ok(out)
}

pub(super) fn smem(first: u32, words: &mut Words<'_>) -> Result<Instruction> {
    let row = known(tables::smem::TABLE, bits(first, 18, 8), words)?;
    let second = words.word(1)?;
    let mut out = Instruction::new(Encoding::Smem, row, words.target);
    out.modifiers.glc = bit(first, 14);
    out.modifiers.dlc = bit(first, 13);
    // Only loads have cache bits.
    let loads = row.slots.first().is_some_and(|slot| slot.kind == Kind::Sgpr);
    if !loads && bits(first, 13, 2) != 0 {
        return Err(Fail::Invalid);
    }
    for slot in row.slots {
        match slot.kind {
            Kind::Sgpr => {
                let data = destination(slot, bits(first, 6, 7))?;
                if matches!(data.value, Value::Reg(Reg::M0 | Reg::ExecLo | Reg::ExecHi)) {
                    return Err(Fail::Invalid);
                }
                out.push(data);
            }
            Kind::SmemBase => {
                let base = scalar_tuple(bits(first, 0, 6) << 1, slot.dwords)?;
                out.push(operand(slot, Value::Reg(base), slot.dwords));
            }
            Kind::SmemOffset => {
                let offset = (second << 11) as i32 >> 11; // CAST: sign of 21 bits
                let soffset = scalar_tuple(bits(second, 25, 7), 1)?;
                if soffset == Reg::Null && offset != 0 {
                    out.push(Operand::imm(Imm::SmemOffset, offset));
                } else {
                    out.push(operand(slot, Value::Reg(soffset), 1));
                    out.modifiers.offset = offset;
                }
            }
            Kind::Imm(kind) => out.push(Operand::imm(kind, bits(first, 6, 7) as i32)), // CAST: seven bits
            _ => return Err(Fail::Invalid),
        }
    }
    Ok(out)
}
