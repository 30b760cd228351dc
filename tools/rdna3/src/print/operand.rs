//! Registers and constants.

use std::fmt;

use super::immediate;
use crate::operand::{InlineFloat, Operand, Reg, Value};
use crate::row::{Imm, Ty};

impl fmt::Display for Operand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.sext {
            f.write_str("sext(")?;
        }
        // `-1` could be read as the constant, so constants take the long form.
        let constant = matches!(self.value, Value::Int(_) | Value::Float(_) | Value::Literal(_));
        let long = self.neg && !self.abs && constant;
        if self.neg {
            f.write_str(if long { "neg(" } else { "-" })?;
        }
        if self.abs {
            f.write_str("|")?;
        }
        match self.value {
            Value::Reg(reg) => register(f, reg, self.dwords)?,
            Value::Half { vgpr, high } => write!(f, "v{vgpr}.{}", if high { 'h' } else { 'l' })?,
            Value::Int(value) => write!(f, "{value}")?,
            Value::Float(value) => float(f, value, self.ty)?,
            Value::Literal(bits) if self.raw => write!(f, "{bits:#x}")?,
            Value::Literal(bits) => literal(f, bits, self.ty)?,
            Value::Imm { kind, bits } => immediate::write(f, kind, bits)?,
            Value::Off => f.write_str("off")?,
        }
        if self.abs {
            f.write_str("|")?;
        }
        if self.sext || long {
            f.write_str(")")?;
        }
        Ok(())
    }
}

impl Operand {
    /// Whether the text leaves it out.
    pub(super) const fn is_hidden(&self) -> bool {
        self.implied || matches!(self.value, Value::Imm { kind: Imm::Optional, bits: 0 })
    }
}

fn register(f: &mut fmt::Formatter<'_>, reg: Reg, dwords: u8) -> fmt::Result {
    let mut indexed = |letters: &str, first: u8| {
        if dwords <= 1 {
            write!(f, "{letters}{first}")
        } else {
            write!(f, "{letters}[{first}:{}]", u16::from(first) + u16::from(dwords) - 1)
        }
    };
    let name = match reg {
        Reg::Sgpr(n) => return indexed("s", n),
        Reg::Ttmp(n) => return indexed("ttmp", n),
        Reg::Vgpr(n) => return indexed("v", n),
        Reg::VccLo if dwords == 2 => "vcc",
        Reg::ExecLo if dwords == 2 => "exec",
        Reg::VccLo => "vcc_lo",
        Reg::VccHi => "vcc_hi",
        Reg::ExecLo => "exec_lo",
        Reg::ExecHi => "exec_hi",
        Reg::M0 => "m0",
        Reg::Null => "null",
        Reg::Scc => "src_scc",
        Reg::Vccz => "src_vccz",
        Reg::Execz => "src_execz",
        Reg::SharedBase => "src_shared_base",
        Reg::SharedLimit => "src_shared_limit",
        Reg::PrivateBase => "src_private_base",
        Reg::PrivateLimit => "src_private_limit",
        Reg::PopsExitingWaveId => "src_pops_exiting_wave_id",
        Reg::LdsDirect => "src_lds_direct",
    };
    f.write_str(name)
}

/// A floating-point constant; integer types show its bits.
fn float(f: &mut fmt::Formatter<'_>, value: InlineFloat, ty: Ty) -> fmt::Result {
    let text = match value {
        _ if ty == Ty::I16 => return write!(f, "{:#x}", value.f16_bits()),
        InlineFloat::Half => "0.5",
        InlineFloat::MinusHalf => "-0.5",
        InlineFloat::One => "1.0",
        InlineFloat::MinusOne => "-1.0",
        InlineFloat::Two => "2.0",
        InlineFloat::MinusTwo => "-2.0",
        InlineFloat::Four => "4.0",
        InlineFloat::MinusFour => "-4.0",
        InlineFloat::InvTwoPi if matches!(ty, Ty::B64 | Ty::F64) => "0.15915494309189532",
        InlineFloat::InvTwoPi => "0.15915494",
    };
    f.write_str(text)
}

/// A literal, shown as the constant it equals if there is one.
fn literal(f: &mut fmt::Formatter<'_>, bits: u32, ty: Ty) -> fmt::Result {
    let half = bits as u16; // CAST: 16-bit operands take the low half
    let signed = bits as i32; // CAST: the same bits
    let small = match ty {
        Ty::B32 | Ty::V2F16 | Ty::V2Bf16 | Ty::I16 => i64::from(signed),
        Ty::B64 => i64::from(bits),
        Ty::F64 => i64::from(signed) << 32,
        Ty::F16 | Ty::Bf16 => i64::from(half as i16), // CAST: the same bits
    };
    if (-16..=64).contains(&small) {
        return write!(f, "{small}");
    }
    let equal = InlineFloat::ALL.into_iter().find(|known| match ty {
        // LLVM matches literals of 16-bit integers as if they had 32 bits.
        Ty::B32 | Ty::I16 => known.f32_bits() == bits,
        Ty::F16 => known.f16_bits() == half,
        Ty::Bf16 => known.bf16_bits() == half,
        Ty::V2Bf16 => u32::from(known.bf16_bits()) == bits,
        Ty::V2F16 => u32::from(known.f16_bits()) == bits,
        Ty::F64 => known.f64_bits() == u64::from(bits) << 32,
        Ty::B64 => false,
    });
    match equal {
        Some(known) => float(f, known, if ty == Ty::I16 { Ty::B32 } else { ty }),
        None if matches!(ty, Ty::F16 | Ty::I16) => write!(f, "{half:#x}"),
        None => write!(f, "{bits:#x}"),
    }
}

impl fmt::Display for Reg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        register(f, *self, 1)
    }
}
