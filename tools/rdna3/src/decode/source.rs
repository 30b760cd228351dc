//! Register tuples and source operands.

use super::{Fail, Result, Words};
use crate::operand::{InlineFloat, Operand, Reg, Value};
use crate::row::{Kind, Slot, Ty};
use crate::target::WaveSize;

/// First VGPR code of a 9-bit source field.
pub(super) const VGPR: u32 = 256;

/// What a slot's field may hold beside the registers every slot takes (null, the apertures, VCCZ, EXECZ, SCC).
struct Allowed {
    vgpr: bool,
    /// SGPRs, trap registers, VCC, M0.
    sgpr: bool,
    exec: bool,
    constant: bool,
    lds: bool,
}

const fn allowed(kind: Kind) -> Allowed {
    const NONE: Allowed = Allowed { vgpr: false, sgpr: false, exec: false, constant: false, lds: false };
    match kind {
        Kind::Any | Kind::AnyHalf | Kind::AnyTrue16 => {
            Allowed { vgpr: true, sgpr: true, exec: true, constant: true, lds: true }
        }
        Kind::Scalar => Allowed { sgpr: true, exec: true, constant: true, ..NONE },
        Kind::ScalarOrLds => Allowed { sgpr: true, exec: true, constant: true, lds: true, ..NONE },
        Kind::ScalarReg | Kind::Sgpr => Allowed { sgpr: true, exec: true, ..NONE },
        Kind::Mask => Allowed { sgpr: true, ..NONE },
        Kind::VgprSrc | Kind::VgprSrcTrue16 => Allowed { vgpr: true, ..NONE },
        Kind::VgprOrLds => Allowed { vgpr: true, lds: true, ..NONE },
        Kind::VgprOrConst => Allowed { vgpr: true, constant: true, ..NONE },
        _ => NONE,
    }
}

/// The tuple of `dwords` registers that scalar code `code` names.
///
/// Pairs start at even numbers, longer tuples at multiples of four; LLVM rounds other starts down.
pub(super) fn scalar_tuple(code: u32, dwords: u8) -> Result<Reg> {
    let reg = Reg::scalar(code).ok_or(Fail::Invalid)?;
    let align = |n: u8| if dwords == 2 { n & !1 } else { n & !3 };
    match (reg, dwords) {
        (_, 1) => Ok(reg),
        (Reg::Sgpr(n), 2) => Ok(Reg::Sgpr(align(n))),
        (Reg::Sgpr(n), _) if u32::from(align(n)) + u32::from(dwords) <= 104 => Ok(Reg::Sgpr(align(n))),
        (Reg::Ttmp(n), _) if align(n) + dwords <= 16 => Ok(Reg::Ttmp(align(n))),
        (Reg::VccLo | Reg::ExecLo, 2) | (Reg::Null, _) => Ok(reg),
        (
            Reg::SharedBase
            | Reg::SharedLimit
            | Reg::PrivateBase
            | Reg::PrivateLimit
            | Reg::PopsExitingWaveId
            | Reg::Vccz
            | Reg::Execz
            | Reg::Scc,
            _,
        ) => Ok(reg),
        _ => Err(Fail::Invalid),
    }
}

/// The tuple of `dwords` VGPRs from `first`.
pub(super) fn vgpr_tuple(first: u32, dwords: u8) -> Result<Value> {
    if first + u32::from(dwords) > 256 {
        return Err(Fail::Invalid);
    }
    Ok(Value::Reg(Reg::Vgpr(first as u8))) // CAST: below 256
}

/// An operand of a slot that holds `value`.
pub(super) const fn operand(slot: &Slot, value: Value, dwords: u8) -> Operand {
    Operand {
        value,
        dwords,
        ty: slot.ty,
        access: slot.access,
        neg: false,
        abs: false,
        sext: false,
        raw: false,
        implied: false,
    }
}

impl Words<'_> {
    /// Dwords of `slot` for this target.
    pub(super) const fn dwords(&self, slot: &Slot) -> u8 {
        match slot.kind {
            Kind::Mask => self.target.wave.mask_dwords(),
            // Twice the lanes share the same matrix.
            Kind::Accumulator | Kind::VgprOrConst => slot.dwords / self.target.wave.mask_dwords(),
            _ => slot.dwords,
        }
    }

    /// Reads a source field of up to 9 bits. `short` marks the encodings that reach the first 128 VGPRs alone with
    /// 16-bit operands.
    pub(super) fn source(&mut self, slot: &Slot, code: u32, short: bool) -> Result<Operand> {
        let allow = allowed(slot.kind);
        let dwords = self.dwords(slot);
        let value = match code {
            VGPR..=511 if allow.vgpr => match slot.kind {
                Kind::AnyHalf if short && code >= VGPR + 128 => return Err(Fail::Invalid),
                Kind::AnyTrue16 | Kind::VgprSrcTrue16 => Value::Half {
                    vgpr: if short { code & 127 } else { code & 255 } as u8, // CAST: below 256
                    high: short && code >= VGPR + 128,
                },
                _ => vgpr_tuple(code - VGPR, dwords)?,
            },
            128..=192 if allow.constant => Value::Int((code - 128) as i8), // CAST: 0 to 64
            193..=208 if allow.constant => Value::Int((192 - code as i32) as i8), // CAST: -16 to -1
            240..=248 if allow.constant => {
                Value::Float(InlineFloat::ALL.get(code as usize - 240).copied().ok_or(Fail::Invalid)?)
            }
            255 if allow.constant => Value::Literal(self.literal()?),
            126..=127 if !allow.exec => return Err(Fail::Invalid),
            0..=123 | 125..=127 if allow.sgpr => Value::Reg(scalar_tuple(code, dwords)?),
            124 | 235..=239 | 251..=253 => Value::Reg(scalar_tuple(code, dwords)?),
            254 if allow.lds && dwords == 1 => Value::Reg(Reg::LdsDirect),
            _ => return Err(Fail::Invalid),
        };
        let ty = match (slot.kind, self.target.wave) {
            // LLVM prints constants by the width of the accumulator.
            (Kind::VgprOrConst, WaveSize::Wave64) => Ty::B32,
            _ => slot.ty,
        };
        Ok(Operand { ty, ..operand(slot, value, dwords) })
    }
}
