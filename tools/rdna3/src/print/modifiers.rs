//! What stands after the operands.

use std::fmt;

use crate::instruction::{Dpp, Encoding, Instruction, Modifiers};
use crate::op::Op;
use crate::row::{Access, Kind, flag};

pub(super) fn write(f: &mut fmt::Formatter<'_>, instruction: &Instruction) -> fmt::Result {
    let modifiers = instruction.modifiers();
    match instruction.encoding() {
        Encoding::Smem => {
            if modifiers.offset != 0 {
                f.write_str(" offset:")?;
                signed_hex(f, modifiers.offset)?;
            }
            switch(f, modifiers.glc, "glc")?;
            switch(f, modifiers.dlc, "dlc")
        }
        Encoding::Vop1 | Encoding::Vop2 | Encoding::Vopc => lanes(f, modifiers.dpp),
        Encoding::Vop3 => {
            if instruction.flags().contains(flag::OPSEL) && modifiers.op_sel != 0 {
                op_sel(f, instruction)?;
            }
            result(f, modifiers)?;
            lanes(f, modifiers.dpp)
        }
        Encoding::Vop3p => {
            packed(f, instruction)?;
            result(f, modifiers)?;
            lanes(f, modifiers.dpp)
        }
        Encoding::Vinterp => {
            switch(f, modifiers.clamp, "clamp")?;
            if modifiers.op_sel != 0 {
                op_sel(f, instruction)?;
            }
            write!(f, " wait_exp:{}", modifiers.wait)
        }
        _ => super::memory::write(f, instruction),
    }
}

/// A signed number in hexadecimal: `0x10`, `-0x10`.
pub(super) fn signed_hex(f: &mut fmt::Formatter<'_>, value: i32) -> fmt::Result {
    if value < 0 { write!(f, "-{:#x}", value.unsigned_abs()) } else { write!(f, "{value:#x}") }
}

pub(super) fn switch(f: &mut fmt::Formatter<'_>, on: bool, name: &str) -> fmt::Result {
    if on { write!(f, " {name}") } else { Ok(()) }
}

/// Sources of a row.
fn source_count(instruction: &Instruction) -> usize {
    instruction
        .row
        .slots
        .iter()
        .filter(|slot| {
            !matches!(slot.kind, Kind::Vgpr | Kind::Accumulator | Kind::VgprHalf | Kind::VgprTrue16 | Kind::Sgpr)
        })
        .count()
}

fn list(f: &mut fmt::Formatter<'_>, name: &str, bits: impl Iterator<Item = bool>) -> fmt::Result {
    write!(f, " {name}:[")?;
    for (at, bit) in bits.enumerate() {
        write!(f, "{}{}", if at == 0 { "" } else { "," }, u8::from(bit))?;
    }
    f.write_str("]")
}

/// Source bits, then the destination bit.
fn op_sel(f: &mut fmt::Formatter<'_>, instruction: &Instruction) -> fmt::Result {
    let bits = instruction.modifiers.op_sel;
    // The lane permutations use two of the bits as switches.
    if matches!(instruction.op(), Op::V_PERMLANE16_B32 | Op::V_PERMLANEX16_B32) {
        return if bits & 3 == 0 { Ok(()) } else { list(f, "op_sel", (0..2).map(|at| bits >> at & 1 != 0)) };
    }
    // An accumulator counts as a source.
    let accumulates = instruction.row.slots.first().is_some_and(|slot| slot.access == Access::ReadWrite);
    let sources = source_count(instruction) + usize::from(accumulates);
    // The dot products ignore the bits of the packed sources.
    let bits = match instruction.op() {
        Op::V_DOT2_F16_F16 | Op::V_DOT2_BF16_BF16 => bits & 12,
        _ => bits,
    };
    if bits == 0 {
        return Ok(());
    }
    list(f, "op_sel", (0..sources).chain(std::iter::once(3)).map(|at| bits >> at & 1 != 0))
}

fn packed(f: &mut fmt::Formatter<'_>, instruction: &Instruction) -> fmt::Result {
    let modifiers = instruction.modifiers();
    let sources = source_count(instruction);
    let mask = (1u8 << sources.min(3)) - 1;
    let mut write = |name: &str, bits: u8, usual: u8| {
        if bits & mask == usual & mask { Ok(()) } else { list(f, name, (0..sources).map(|at| bits >> at & 1 != 0)) }
    };
    let mix = matches!(instruction.op(), Op::V_FMA_MIX_F32 | Op::V_FMA_MIXLO_F16 | Op::V_FMA_MIXHI_F16);
    write("op_sel", modifiers.op_sel, 0)?;
    if !instruction.flags().contains(flag::OS8) {
        write("op_sel_hi", modifiers.op_sel_hi, if mix { 0 } else { mask })?;
    }
    write("neg_lo", modifiers.neg_lo, 0)?;
    write("neg_hi", modifiers.neg_hi, 0)
}

fn result(f: &mut fmt::Formatter<'_>, modifiers: &Modifiers) -> fmt::Result {
    switch(f, modifiers.clamp, "clamp")?;
    match modifiers.omod {
        0 => Ok(()),
        1 => f.write_str(" mul:2"),
        2 => f.write_str(" mul:4"),
        _ => f.write_str(" div:2"),
    }
}

fn lanes(f: &mut fmt::Formatter<'_>, dpp: Dpp) -> fmt::Result {
    match dpp {
        Dpp::None => Ok(()),
        Dpp::Dpp8 { lanes, fetch_inactive } => {
            f.write_str(" dpp8:[")?;
            for lane in 0..8 {
                write!(f, "{}{}", if lane == 0 { "" } else { "," }, lanes >> (3 * lane) & 7)?;
            }
            f.write_str("]")?;
            switch(f, fetch_inactive, "fi:1")
        }
        Dpp::Dpp16 { control, row_mask, bank_mask, bound_control, fetch_inactive } => {
            pattern(f, control)?;
            write!(f, " row_mask:{row_mask:#x} bank_mask:{bank_mask:#x}")?;
            switch(f, bound_control, "bound_ctrl:1")?;
            switch(f, fetch_inactive, "fi:1")
        }
    }
}

/// Source: AMD "RDNA3 Instruction Set Architecture", table "DPP_CTRL enumeration".
fn pattern(f: &mut fmt::Formatter<'_>, control: u16) -> fmt::Result {
    let low = control & 15;
    match control {
        0..=0xff => {
            write!(f, " quad_perm:[{},{},{},{}]", control & 3, control >> 2 & 3, control >> 4 & 3, control >> 6 & 3)
        }
        0x100..=0x10f => write!(f, " row_shl:{low}"),
        0x110..=0x11f => write!(f, " row_shr:{low}"),
        0x120..=0x12f => write!(f, " row_ror:{low}"),
        0x140 => f.write_str(" row_mirror"),
        0x141 => f.write_str(" row_half_mirror"),
        0x150..=0x15f => write!(f, " row_share:{low}"),
        _ => write!(f, " row_xmask:{low}"),
    }
}
