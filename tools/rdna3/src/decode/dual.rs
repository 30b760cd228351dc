//! VOPD: two vector operations in one instruction.

use super::source::{VGPR, operand, vgpr_tuple};
use super::{Fail, Result, Words, bits};
use crate::instruction::{Encoding, Instruction};
use crate::operand::{Operand, Reg, Value};
use crate::row::{Kind, Row, Slot, Ty, find};
use crate::tables;
use crate::tables::vopd::{Half, TABLE};
use crate::target::WaveSize;

/// The row of an operation that VOPD numbers `number`; some exist in the Y half alone.
fn row(number: u32, y: bool) -> Result<&'static Row> {
    let entry = TABLE.iter().find(|entry| u32::from(entry.opcode) == number).ok_or(Fail::Invalid)?;
    if entry.half == Half::Y && !y {
        return Err(Fail::Invalid);
    }
    find(if entry.vop1 { tables::vop1::TABLE } else { tables::vop2::TABLE }, u32::from(entry.short))
        .ok_or(Fail::Invalid)
}

pub(super) fn vopd(first: u32, words: &mut Words<'_>) -> Result<Instruction> {
    if words.target.wave == WaveSize::Wave64 {
        return Err(Fail::Invalid);
    }
    let second = words.word(1)?;
    let x = row(bits(first, 22, 4), false)?;
    let y = row(bits(first, 17, 5), true)?;
    let mut out = Instruction::new(Encoding::Vopd, x, words.target);
    out.row_y = Some(y);
    let vdst_x = bits(second, 24, 8);
    let plain = [x, y].iter().any(|row| row.slots.iter().any(|slot| slot.kind == Kind::Literal));
    let fields = Fields { dst: vdst_x, src0: bits(first, 0, 9), src1: bits(first, 9, 8), plain };
    half(&mut out, x, &fields, words)?;
    out.split = out.count;
    // The destinations differ in their lowest bit, so Y's is not stored.
    let vdst_y = bits(second, 17, 7) << 1 | (vdst_x & 1 ^ 1);
    let fields = Fields { dst: vdst_y, src0: bits(second, 0, 9), src1: bits(second, 9, 8), plain };
    half(&mut out, y, &fields, words)?;
    Ok(out)
}

/// The fields of one half.
struct Fields {
    dst: u32,
    src0: u32,
    src1: u32,
    /// Constants have 32 bits whatever the operation makes of them.
    plain: bool,
}

fn half(out: &mut Instruction, row: &'static Row, fields: &Fields, words: &mut Words<'_>) -> Result<()> {
    let &Fields { dst, src0, src1, plain } = fields;
    let mut codes = [src0, VGPR + src1].into_iter();
    for slot in row.slots {
        let found = match slot.kind {
            Kind::Vgpr => operand(slot, vgpr_tuple(dst, 1)?, 1),
            Kind::Mask => Operand { implied: true, ..operand(slot, Value::Reg(Reg::VccLo), words.dwords(slot)) },
            Kind::Literal => Operand { raw: true, ..operand(slot, Value::Literal(words.literal()?), 1) },
            // Beside a literal of its own, either half reads the literal as 32 bits.
            _ if plain => words.source(&Slot { ty: Ty::B32, ..*slot }, codes.next().ok_or(Fail::Invalid)?, false)?,
            _ => words.source(slot, codes.next().ok_or(Fail::Invalid)?, false)?,
        };
        out.push(found);
    }
    // `v_dual_mov_b32` leaves the second source field zero.
    if codes.any(|code| code != VGPR) { Err(Fail::Invalid) } else { Ok(()) }
}
