//! VOP1, VOP2, VOPC, VOP3, VOP3P, VINTERP, with their DPP forms.

use super::source::{VGPR, operand, vgpr_tuple};
use super::{Fail, Result, Words, bit, bits};
use crate::instruction::{Dpp, Encoding, Instruction};
use crate::op::Op;
use crate::operand::{Operand, Reg, Value};
use crate::row::{Access, Kind, Row, Slot, find, flag};
use crate::tables;

/// Source codes that announce a lane exchange dword.
const DPP8: u32 = 0xe9;
const DPP8_FI: u32 = 0xea;
const DPP16: u32 = 0xfa;

pub(super) fn vop1(first: u32, words: &mut Words<'_>) -> Result<Instruction> {
    let row = find(tables::vop1::TABLE, bits(first, 9, 8)).ok_or(Fail::Invalid)?;
    if row.slots.is_empty() && bits(first, 17, 8) != 0 {
        return Err(Fail::Invalid);
    }
    short(Encoding::Vop1, row, first, words)
}

pub(super) fn vop2(first: u32, words: &mut Words<'_>) -> Result<Instruction> {
    let row = find(tables::vop2::TABLE, bits(first, 25, 6)).ok_or(Fail::Invalid)?;
    if row.op == Op::V_ILLEGAL && first != 0 {
        return Err(Fail::Invalid);
    }
    short(Encoding::Vop2, row, first, words)
}

pub(super) fn vopc(first: u32, words: &mut Words<'_>) -> Result<Instruction> {
    let row = find(tables::vopc::TABLE, bits(first, 17, 8)).ok_or(Fail::Invalid)?;
    short(Encoding::Vopc, row, first, words)
}

/// Whether the slot is a destination.
fn is_destination(slot: &Slot) -> bool {
    slot.access != Access::Read && !matches!(slot.kind, Kind::VgprSrc | Kind::VgprSrcTrue16)
}

/// A vector destination field of eight bits.
fn destination(slot: &Slot, code: u32, short: bool, words: &mut Words<'_>) -> Result<Operand> {
    match slot.kind {
        Kind::VgprHalf if short && code >= 128 => Err(Fail::Invalid),
        Kind::VgprTrue16 => {
            let vgpr = if short { code & 127 } else { code } as u8; // CAST: eight bits
            Ok(operand(slot, Value::Half { vgpr, high: short && code >= 128 }, 1))
        }
        Kind::Sgpr => words.source(slot, code, short),
        Kind::Mask => {
            let any = Slot { kind: Kind::ScalarReg, dwords: words.dwords(slot), ..*slot };
            words.source(&any, code, short)
        }
        _ => {
            let dwords = words.dwords(slot);
            Ok(operand(slot, vgpr_tuple(code, dwords)?, dwords))
        }
    }
}

/// The dword after the instruction's own two or one that holds a lane exchange.
fn lanes(code: u32, word: u32) -> Dpp {
    if code == DPP16 {
        Dpp::Dpp16 {
            control: bits(word, 8, 9) as u16,   // CAST: nine bits
            row_mask: bits(word, 28, 4) as u8,  // CAST: four bits
            bank_mask: bits(word, 24, 4) as u8, // CAST: four bits
            bound_control: bit(word, 19),
            fetch_inactive: bit(word, 18),
        }
    } else {
        Dpp::Dpp8 { lanes: word >> 8, fetch_inactive: code == DPP8_FI }
    }
}

/// Whether a 16-lane pattern exists on gfx11: quad permutes, shifts and rotations by 1 to 15, mirrors, shares.
///
/// Source: AMD "RDNA3 Instruction Set Architecture", table "DPP_CTRL enumeration".
const fn known_pattern(dpp: Dpp) -> bool {
    match dpp {
        Dpp::Dpp16 { control, .. } => {
            matches!(control, 0..=0xff | 0x101..=0x10f | 0x111..=0x11f | 0x121..=0x12f | 0x140..=0x141 | 0x150..=0x16f)
        }
        _ => true,
    }
}

/// The one-dword encodings: source 0 in bits [8:0], source 1 in [16:9], destination in [24:17].
fn short(encoding: Encoding, row: &'static Row, first: u32, words: &mut Words<'_>) -> Result<Instruction> {
    let mut out = Instruction::new(encoding, row, words.target);
    let code = bits(first, 0, 9);
    let mut dpp_word = None;
    if matches!(code, DPP8 | DPP8_FI | DPP16) && row.flags.contains(flag::DPP) {
        let word = words.word(1)?;
        out.modifiers.dpp = lanes(code, word);
        if !known_pattern(out.modifiers.dpp) {
            return Err(Fail::Invalid);
        }
        dpp_word = Some(word);
    }
    let mut codes = [dpp_word.map_or(code, |word| VGPR + bits(word, 0, 8)), VGPR + bits(first, 9, 8)].into_iter();
    let mut index = 0;
    for slot in row.slots {
        let found = match slot.kind {
            Kind::Mask => operand(slot, Value::Reg(Reg::VccLo), words.dwords(slot)),
            Kind::Literal => Operand { raw: true, ..operand(slot, Value::Literal(words.literal()?), 1) },
            _ if is_destination(slot) => destination(slot, bits(first, 17, 8), true, words)?,
            _ => {
                let mut found = words.source(slot, codes.next().ok_or(Fail::Invalid)?, true)?;
                if let (Some(word), Dpp::Dpp16 { .. }) = (dpp_word, out.modifiers.dpp) {
                    dpp_modifiers(&mut found, row, bits(word, 20 + 2 * index, 2), index)?;
                }
                index += 1;
                found
            }
        };
        out.push(found);
    }
    if let (Some(word), Dpp::Dpp16 { .. }, 1) = (dpp_word, out.modifiers.dpp, index)
        && bits(word, 22, 2) != 0
    {
        return Err(Fail::Invalid);
    }
    Ok(out)
}

/// The negate (bit 0) and absolute (bit 1) bits of a lane exchange dword.
fn dpp_modifiers(operand: &mut Operand, row: &Row, field: u32, index: u32) -> Result<()> {
    if field == 0 {
        return Ok(());
    }
    if row.flags.modifier_sources() >> index & 1 == 0 {
        return Err(Fail::Invalid);
    }
    if !row.flags.contains(flag::QUIET) {
        sign(operand, row.flags.extended_sources() >> index & 1 != 0, field & 1 != 0, field & 2 != 0);
    }
    Ok(())
}

/// Sets the sign modifiers of a source; `extended` sources read the sign bit as sign extension.
fn sign(operand: &mut Operand, extended: bool, neg: bool, abs: bool) {
    if extended {
        operand.sext = neg;
    } else {
        operand.neg = neg;
        operand.abs = abs;
    }
}

pub(super) fn vop3(first: u32, words: &mut Words<'_>) -> Result<Instruction> {
    let opcode = bits(first, 16, 10);
    let (table, number) = match opcode {
        0..=0xff => (tables::vopc::TABLE, opcode),
        0x100..=0x17f => (tables::vop2::TABLE, opcode - 0x100),
        0x180..=0x1ff => (tables::vop1::TABLE, opcode - 0x180),
        _ => (tables::vop3::TABLE, opcode),
    };
    let row = find(table, number).ok_or(Fail::Invalid)?;
    if opcode < 0x200 && !row.flags.contains(flag::E64) || row.slots.is_empty() && bits(first, 0, 8) != 0 {
        return Err(Fail::Invalid);
    }
    let mut long = Long::new(Encoding::Vop3, row, first, words)?;
    // VOP3SD: a second destination takes the place of op_sel and abs.
    let second_mask =
        row.slots.iter().enumerate().any(|(at, slot)| at > 0 && slot.kind == Kind::Mask && is_destination(slot));
    long.operands(second_mask, words)?;
    let neg = bits(long.second, 29, 3) as u8; // CAST: three bits
    let abs = if second_mask { 0 } else { bits(first, 8, 3) as u8 }; // CAST: three bits
    let takes = row.flags.modifier_sources();
    if (neg | abs) & !takes != 0 {
        return Err(Fail::Invalid);
    }
    // The sign bits of 16-bit integers mean something in the lane exchange forms alone.
    if !row.flags.contains(flag::QUIET) {
        let extended = if row.op == Op::V_LDEXP_F16 { 0 } else { row.flags.extended_sources() };
        long.apply(neg, abs, extended);
    } else if long.out.modifiers.dpp != Dpp::None {
        long.apply(neg, abs, takes);
    }
    let out = &mut long.out;
    out.modifiers.clamp = bit(first, 15);
    out.modifiers.omod = bits(long.second, 27, 2) as u8; // CAST: two bits
    if out.modifiers.clamp && !row.flags.contains(flag::CLAMP)
        || out.modifiers.omod != 0 && !row.flags.contains(flag::OMOD)
    {
        return Err(Fail::Invalid);
    }
    if !second_mask {
        let op_sel = bits(first, 11, 4) as u8; // CAST: four bits
        if row.flags.contains(flag::OSB) && op_sel & 4 != 0 {
            return Err(Fail::Invalid);
        }
        if row.flags.contains(flag::OPSEL) {
            out.modifiers.op_sel = op_sel;
        }
    }
    Ok(long.out)
}

/// The mixed-precision operations, whose sources have signs like those of VOP3.
const fn is_mix(op: Op) -> bool {
    matches!(op, Op::V_FMA_MIX_F32 | Op::V_FMA_MIXLO_F16 | Op::V_FMA_MIXHI_F16)
}

pub(super) fn vop3p(first: u32, words: &mut Words<'_>) -> Result<Instruction> {
    let row = find(tables::vop3p::TABLE, bits(first, 16, 7)).ok_or(Fail::Invalid)?;
    let mut long = Long::new(Encoding::Vop3p, row, first, words)?;
    long.operands(false, words)?;
    let neg = bits(long.second, 29, 3) as u8; // CAST: three bits
    let neg_hi = bits(first, 8, 3) as u8; // CAST: three bits
    let takes = row.flags.modifier_sources();
    if (neg | neg_hi) & !takes != 0 {
        return Err(Fail::Invalid);
    }
    let op_sel = bits(first, 11, 3) as u8; // CAST: three bits
    let op_sel_hi = (bits(long.second, 27, 2) | bits(first, 14, 1) << 2) as u8; // CAST: three bits
    if row.flags.contains(flag::OS8) && op_sel != 0 || row.flags.contains(flag::OSB) && op_sel & 4 != 0 {
        return Err(Fail::Invalid);
    }
    if bit(first, 15) && !row.flags.contains(flag::CLAMP) {
        return Err(Fail::Invalid);
    }
    if is_mix(row.op) {
        long.apply(neg, neg_hi, 0);
    } else {
        long.out.modifiers.neg_lo = neg;
        long.out.modifiers.neg_hi = neg_hi;
    }
    let out = &mut long.out;
    out.modifiers.clamp = bit(first, 15);
    out.modifiers.op_sel = op_sel;
    out.modifiers.op_sel_hi = op_sel_hi;
    Ok(long.out)
}

pub(super) fn vinterp(first: u32, words: &mut Words<'_>) -> Result<Instruction> {
    let row = find(tables::vinterp::TABLE, bits(first, 16, 7)).ok_or(Fail::Invalid)?;
    let mut long = Long::new(Encoding::Vinterp, row, first, words)?;
    long.operands(false, words)?;
    let neg = bits(long.second, 29, 3) as u8; // CAST: three bits
    long.apply(neg, 0, 0);
    let op_sel = bits(first, 11, 4) as u8; // CAST: four bits
    if row.flags.contains(flag::OS0) && op_sel != 0 {
        return Err(Fail::Invalid);
    }
    let out = &mut long.out;
    out.modifiers.op_sel = op_sel;
    out.modifiers.clamp = bit(first, 15);
    out.modifiers.wait = bits(first, 8, 3) as u8; // CAST: three bits
    Ok(long.out)
}

/// The two-dword encodings: three sources of nine bits in the second dword, destination in bits [7:0] of the first.
struct Long {
    out: Instruction,
    row: &'static Row,
    first: u32,
    second: u32,
    codes: [u32; 3],
    /// Operand index of each source.
    places: [Option<usize>; 3],
}

impl Long {
    fn new(encoding: Encoding, row: &'static Row, first: u32, words: &mut Words<'_>) -> Result<Self> {
        let second = words.word(1)?;
        let mut out = Instruction::new(encoding, row, words.target);
        let mut codes = [bits(second, 0, 9), bits(second, 9, 9), bits(second, 18, 9)];
        if matches!(codes[0], DPP8 | DPP8_FI | DPP16) && row.flags.contains(flag::DPP64) {
            let word = words.word(2)?;
            out.modifiers.dpp = lanes(codes[0], word);
            if !known_pattern(out.modifiers.dpp) {
                return Err(Fail::Invalid);
            }
            codes[0] = VGPR + bits(word, 0, 8);
        }
        Ok(Self { out, row, first, second, codes, places: [None; 3] })
    }

    /// Walks the slots; source fields no slot uses must be zero.
    fn operands(&mut self, second_mask: bool, words: &mut Words<'_>) -> Result<()> {
        let mut next = 0;
        for (at, slot) in self.row.slots.iter().enumerate() {
            let found = match slot.kind {
                _ if !is_destination(slot) => {
                    let code = self.codes.get(next).copied().ok_or(Fail::Invalid)?;
                    if let Some(place) = self.places.get_mut(next) {
                        *place = Some(at);
                    }
                    // LLVM 19 takes a VGPR alone here.
                    let narrow = next == 1 && self.out.modifiers.dpp != Dpp::None && is_mix(self.row.op);
                    next += 1;
                    if narrow {
                        words.source(&Slot { kind: Kind::VgprSrc, ..*slot }, code, false)?
                    } else {
                        words.source(slot, code, false)?
                    }
                }
                Kind::Mask if second_mask => destination(slot, bits(self.first, 8, 7), false, words)?,
                _ => destination(slot, bits(self.first, 0, 8), false, words)?,
            };
            self.out.push(found);
        }
        if self.codes.iter().skip(next).any(|&code| code != 0) {
            return Err(Fail::Invalid);
        }
        Ok(())
    }

    /// Sets the sign modifiers of the sources.
    fn apply(&mut self, neg: u8, abs: u8, extended: u8) {
        for (index, place) in (0..).zip(self.places) {
            if let Some(operand) = place.and_then(|at| self.out.operands.get_mut(at)) {
                sign(operand, extended >> index & 1 != 0, neg >> index & 1 != 0, abs >> index & 1 != 0);
            }
        }
    }
}
