//! What atomics make of the old value. The same names serve LDS, buffers and global memory.

use sparkle_rdna3::Op;

use crate::shader::lane::{Mode, f32, f64};

/// An operation without its width.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Atom {
    Swap,
    CompareSwap,
    CompareSwapFloat,
    Add,
    Sub,
    ReverseSub,
    SubClamp,
    MinSigned,
    MinUnsigned,
    MaxSigned,
    MaxUnsigned,
    And,
    Or,
    Xor,
    Increment,
    Decrement,
    MaskOr,
    Wrap,
    AddFloat,
    MinFloat,
    MaxFloat,
}

impl Atom {
    /// The operation of an opcode, and whether it has 64 bits.
    pub(crate) fn find(op: Op) -> Option<(Self, bool)> {
        let name = op.mnemonic();
        let rest = ["global_atomic_", "flat_atomic_", "buffer_atomic_", "ds_"]
            .iter()
            .find_map(|prefix| name.strip_prefix(prefix))?
            .replace("rtn_", "");
        let (verb, ty) = rest.rsplit_once('_')?;
        let (kind, bits) = ty.split_at_checked(1)?;
        let wide = match bits {
            "32" => false,
            "64" => true,
            _ => return None,
        };
        let atom = match (verb, kind) {
            ("swap" | "storexchg" | "storexchg_2addr" | "storexchg_2addr_stride64", "b") => Self::Swap,
            ("cmpswap" | "cmpstore", "b") => Self::CompareSwap,
            ("cmpswap" | "cmpstore", "f") => Self::CompareSwapFloat,
            ("add", "u") => Self::Add,
            ("sub", "u") => Self::Sub,
            ("rsub", "u") => Self::ReverseSub,
            ("csub", "u") => Self::SubClamp,
            ("min", "i") => Self::MinSigned,
            ("min", "u") => Self::MinUnsigned,
            ("max", "i") => Self::MaxSigned,
            ("max", "u") => Self::MaxUnsigned,
            ("and", "b") => Self::And,
            ("or", "b") => Self::Or,
            ("xor", "b") => Self::Xor,
            ("inc", "u") => Self::Increment,
            ("dec", "u") => Self::Decrement,
            ("mskor", "b") => Self::MaskOr,
            ("wrap", "b") => Self::Wrap,
            ("add", "f") => Self::AddFloat,
            ("min", "f") => Self::MinFloat,
            ("max", "f") => Self::MaxFloat,
            _ => return None,
        };
        Some((atom, wide))
    }

    /// The new value of 32 bits. `other` is the value to compare with, or the second datum of the LDS operations.
    /// Source: guide, sections 16.15 and 16.19.
    pub(crate) fn update32(self, mode: Mode, old: u32, data: u32, other: u32) -> u32 {
        let number = core::primitive::f32::from_bits;
        match self {
            Self::AddFloat => f32::add(mode, old, data),
            Self::MinFloat if number(data) < number(old) => data,
            Self::MaxFloat if number(data) > number(old) => data,
            Self::CompareSwapFloat if number(old) == number(other) => data,
            Self::MinSigned => (old as i32).min(data as i32) as u32, // CAST: two's complement
            Self::MaxSigned => (old as i32).max(data as i32) as u32, // CAST: two's complement
            _ => self.update(old.into(), data.into(), other.into()) as u32, // CAST: what carries out is dropped
        }
    }

    /// The new value of 64 bits.
    pub(crate) fn update64(self, mode: Mode, old: u64, data: u64, other: u64) -> u64 {
        let number = core::primitive::f64::from_bits;
        match self {
            Self::AddFloat => f64::add(mode, old, data),
            Self::MinFloat if number(data) < number(old) => data,
            Self::MaxFloat if number(data) > number(old) => data,
            Self::CompareSwapFloat if number(old) == number(other) => data,
            Self::MinSigned => (old as i64).min(data as i64) as u64, // CAST: two's complement
            Self::MaxSigned => (old as i64).max(data as i64) as u64, // CAST: two's complement
            _ => self.update(old, data, other),
        }
    }

    /// What does not depend on the width: the low bits of 64 are those of 32.
    const fn update(self, old: u64, data: u64, other: u64) -> u64 {
        match self {
            Self::Swap => data,
            Self::CompareSwap if old == other => data,
            Self::Add => old.wrapping_add(data),
            Self::Sub => old.wrapping_sub(data),
            Self::ReverseSub => data.wrapping_sub(old),
            Self::SubClamp => old.saturating_sub(data),
            Self::MinUnsigned if data < old => data,
            Self::MaxUnsigned if data > old => data,
            Self::And => old & data,
            Self::Or => old | data,
            Self::Xor => old ^ data,
            Self::Increment if old >= data => 0,
            Self::Increment => old.wrapping_add(1),
            Self::Decrement if old == 0 || old > data => data,
            Self::Decrement => old.wrapping_sub(1),
            Self::MaskOr => old & !data | other,
            Self::Wrap if old >= data => old.wrapping_sub(data),
            Self::Wrap => old.wrapping_add(other),
            _ => old,
        }
    }
}
