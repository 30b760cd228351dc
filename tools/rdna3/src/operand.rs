//! The operand model: registers, constants and immediates, with widths and direction.

use crate::row::{Access, Imm, Ty};

/// A register, or the first of a tuple.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reg {
    /// Scalar register 0 to 105.
    Sgpr(u8),
    /// Trap handler register 0 to 15.
    Ttmp(u8),
    /// Vector register 0 to 255.
    Vgpr(u8),
    /// Vector condition code, lanes 0 to 31.
    VccLo,
    /// Vector condition code, lanes 32 to 63.
    VccHi,
    /// Lane mask, lanes 0 to 31.
    ExecLo,
    /// Lane mask, lanes 32 to 63.
    ExecHi,
    /// Memory register.
    M0,
    /// Reads 0, drops what is written.
    Null,
    /// Scalar condition code.
    Scc,
    /// 1 if VCC is zero.
    Vccz,
    /// 1 if EXEC is zero.
    Execz,
    /// First address of the LDS aperture.
    SharedBase,
    /// Last address of the LDS aperture.
    SharedLimit,
    /// First address of the scratch aperture.
    PrivateBase,
    /// Last address of the scratch aperture.
    PrivateLimit,
    /// Wave id for primitive-ordered pixel shaders.
    PopsExitingWaveId,
    /// The dword of LDS that M0 names.
    LdsDirect,
}

impl Reg {
    /// The register `offset` dwords after this one in a tuple.
    #[must_use]
    pub fn nth(self, offset: u8) -> Self {
        match (self, offset) {
            (Self::Sgpr(n), _) => Self::Sgpr(n.saturating_add(offset)),
            (Self::Ttmp(n), _) => Self::Ttmp(n.saturating_add(offset)),
            (Self::Vgpr(n), _) => Self::Vgpr(n.saturating_add(offset)),
            (Self::VccLo, 1) => Self::VccHi,
            (Self::ExecLo, 1) => Self::ExecHi,
            (other, _) => other,
        }
    }

    /// The register with this number in a scalar operand field, 0 to 127 and 235 to 254.
    ///
    /// Source: AMD "RDNA3 Instruction Set Architecture", table "Scalar operands" of chapter 5.
    pub(crate) const fn scalar(code: u32) -> Option<Self> {
        Some(match code {
            0..=105 => Self::Sgpr(code as u8), // CAST: below 106
            106 => Self::VccLo,
            107 => Self::VccHi,
            108..=123 => Self::Ttmp((code - 108) as u8), // CAST: below 16
            124 => Self::Null,
            125 => Self::M0,
            126 => Self::ExecLo,
            127 => Self::ExecHi,
            235 => Self::SharedBase,
            236 => Self::SharedLimit,
            237 => Self::PrivateBase,
            238 => Self::PrivateLimit,
            239 => Self::PopsExitingWaveId,
            251 => Self::Vccz,
            252 => Self::Execz,
            253 => Self::Scc,
            254 => Self::LdsDirect,
            _ => return None,
        })
    }
}

/// A floating-point constant that needs no literal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum InlineFloat {
    /// 0.5.
    Half,
    /// -0.5.
    MinusHalf,
    /// 1.0.
    One,
    /// -1.0.
    MinusOne,
    /// 2.0.
    Two,
    /// -2.0.
    MinusTwo,
    /// 4.0.
    Four,
    /// -4.0.
    MinusFour,
    /// 1 / (2 * pi).
    InvTwoPi,
}

impl InlineFloat {
    pub(crate) const ALL: [Self; 9] = [
        Self::Half,
        Self::MinusHalf,
        Self::One,
        Self::MinusOne,
        Self::Two,
        Self::MinusTwo,
        Self::Four,
        Self::MinusFour,
        Self::InvTwoPi,
    ];

    /// The bits of the constant in half precision.
    #[must_use]
    pub const fn f16_bits(self) -> u16 {
        match self {
            Self::Half => 0x3800,
            Self::MinusHalf => 0xb800,
            Self::One => 0x3c00,
            Self::MinusOne => 0xbc00,
            Self::Two => 0x4000,
            Self::MinusTwo => 0xc000,
            Self::Four => 0x4400,
            Self::MinusFour => 0xc400,
            Self::InvTwoPi => 0x3118,
        }
    }

    /// The bits of the constant in bfloat16: the high half of single precision, rounded down.
    #[must_use]
    pub const fn bf16_bits(self) -> u16 {
        (self.f32_bits() >> 16) as u16 // CAST: the high half
    }

    /// The bits of the constant in single precision.
    #[must_use]
    pub const fn f32_bits(self) -> u32 {
        match self {
            Self::Half => 0x3f00_0000,
            Self::MinusHalf => 0xbf00_0000,
            Self::One => 0x3f80_0000,
            Self::MinusOne => 0xbf80_0000,
            Self::Two => 0x4000_0000,
            Self::MinusTwo => 0xc000_0000,
            Self::Four => 0x4080_0000,
            Self::MinusFour => 0xc080_0000,
            Self::InvTwoPi => 0x3e22_f983,
        }
    }

    /// The bits of the constant in double precision.
    #[must_use]
    pub const fn f64_bits(self) -> u64 {
        match self {
            Self::Half => 0x3fe0_0000_0000_0000,
            Self::MinusHalf => 0xbfe0_0000_0000_0000,
            Self::One => 0x3ff0_0000_0000_0000,
            Self::MinusOne => 0xbff0_0000_0000_0000,
            Self::Two => 0x4000_0000_0000_0000,
            Self::MinusTwo => 0xc000_0000_0000_0000,
            Self::Four => 0x4010_0000_0000_0000,
            Self::MinusFour => 0xc010_0000_0000_0000,
            Self::InvTwoPi => 0x3fc4_5f30_6dc9_c882,
        }
    }
}

/// What an operand is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Value {
    /// A register or the first of a tuple.
    Reg(Reg),
    /// One half of a VGPR.
    Half {
        /// The VGPR.
        vgpr: u8,
        /// The high half rather than the low one.
        high: bool,
    },
    /// An integer constant, -16 to 64.
    Int(i8),
    /// A floating-point constant.
    Float(InlineFloat),
    /// The dword after the instruction; [`Operand::ty`] says how it is widened.
    Literal(u32),
    /// An immediate field.
    Imm {
        /// How it is read.
        kind: Imm,
        /// The field, sign-extended where the kind is signed.
        bits: i32,
    },
    /// No register: an address part that is left out.
    Off,
}

/// One operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Operand {
    /// What it is.
    pub value: Value,
    /// Dwords, 0 for immediates.
    pub dwords: u8,
    /// Width and meaning of constants.
    pub ty: Ty,
    /// Direction.
    pub access: Access,
    /// The sign is flipped after `abs`.
    pub neg: bool,
    /// The sign is dropped.
    pub abs: bool,
    /// The value is sign-extended from its half (16-bit integer DPP forms).
    pub sext: bool,
    /// The literal belongs to the operation rather than to a source field.
    pub(crate) raw: bool,
    /// The text leaves it out.
    pub(crate) implied: bool,
}

impl Operand {
    pub(crate) const NONE: Self = Self {
        value: Value::Off,
        dwords: 0,
        ty: Ty::B32,
        access: Access::Read,
        neg: false,
        abs: false,
        sext: false,
        raw: false,
        implied: false,
    };

    pub(crate) const fn imm(kind: Imm, bits: i32) -> Self {
        Self { value: Value::Imm { kind, bits }, ..Self::NONE }
    }

    /// The registers it covers: the first and how many dwords, or `None` for constants and immediates.
    #[must_use]
    pub const fn registers(&self) -> Option<(Reg, u8)> {
        match self.value {
            Value::Reg(reg) => Some((reg, self.dwords)),
            Value::Half { vgpr, .. } => Some((Reg::Vgpr(vgpr), 1)),
            _ => None,
        }
    }
}
