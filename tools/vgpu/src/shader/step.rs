//! An instruction as it is executed: what to call, and operands resolved to registers and constants.

use sparkle_rdna3::{Dpp, Op};

use super::exec::atomic::Atom;
use super::exec::lds::Kind;
use super::exec::shape::{Half, Shape};
use super::isa::{Kernel32, Kernel64, Run};

/// Where a source comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum From {
    /// VGPR `index`, and for 64 bits the next.
    Vgpr,
    /// Scalar register `index`, and for 64 bits the next.
    Scalar,
    /// `value`; sign-extended where 64 bits are read.
    Constant,
    /// `value`; zero-extended where 64 bits are read.
    Unsigned,
    /// `value` as the high half of 64 bits.
    HighHalf,
    /// 1 / (2 pi) in double precision, whose low half is not zero.
    InvTwoPi,
    /// SCC, VCCZ or EXECZ, by the `index` of their operand numbers.
    Condition,
    /// Zero in 32 bits, `value` in the high half of 64 bits.
    Aperture,
}

/// Modifiers of a source, as bits.
pub(crate) mod modifier {
    /// The sign is dropped.
    pub(crate) const ABS: u8 = 1;
    /// The sign is flipped.
    pub(crate) const NEG: u8 = 2;
    /// The high half is read rather than the low one.
    pub(crate) const HIGH: u8 = 4;
    /// The sign is bit 15.
    pub(crate) const SIGN16: u8 = 8;
    /// Lanes are exchanged.
    pub(crate) const DPP: u8 = 16;
    /// Two dwords are read.
    pub(crate) const WIDE: u8 = 32;
}

/// A source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Source {
    pub(crate) from: From,
    pub(crate) index: u8,
    pub(crate) modifiers: u8,
    pub(crate) value: u32,
}

impl Source {
    /// A source that the operation does not have.
    pub(crate) const NONE: Self = Self { from: From::Vgpr, index: 0, modifiers: 0, value: 0 };

    pub(crate) const fn vgpr(index: u8) -> Self {
        Self { index, ..Self::NONE }
    }

    pub(crate) const fn scalar(index: u8) -> Self {
        Self { from: From::Scalar, index, ..Self::NONE }
    }

    pub(crate) const fn constant(value: u32) -> Self {
        Self { from: From::Constant, value, ..Self::NONE }
    }

    pub(crate) const fn has(self, modifier: u8) -> bool {
        self.modifiers & modifier != 0
    }
}

/// What a result is, as far as clamp, output scale and halves matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// 32 bits with no float modifiers.
    B32,
    /// 64 bits with no float modifiers.
    B64,
    /// Half a register.
    B16,
    /// Single precision.
    F32,
    /// Double precision.
    F64,
    /// Half precision in half a register.
    F16,
}

impl Outcome {
    pub(crate) const fn is_half(self) -> bool {
        matches!(self, Self::B16 | Self::F16)
    }

    pub(crate) const fn is_wide(self) -> bool {
        matches!(self, Self::B64 | Self::F64)
    }
}

/// The numbers of a memory operation's fields that no source holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct MemoryBits {
    pub(crate) offset: i32,
    /// Byte offsets of LDS operations, the second of those with two addresses.
    pub(crate) lds: [u32; 2],
    pub(crate) format: u8,
    pub(crate) offen: bool,
    pub(crate) idxen: bool,
    pub(crate) glc: bool,
    pub(crate) tfe: bool,
}

/// Values of [`Step::mask_from`] and [`Step::mask_to`] that are no scalar register.
pub(crate) mod mask {
    /// There is none.
    pub(crate) const NONE: u8 = 255;
    /// The number of the first lane of the 32.
    pub(crate) const FIRST_LANE: u8 = 254;
    /// The immediate of the step.
    pub(crate) const IMMEDIATE: u8 = 253;
}

/// What an instruction does to a VGPR result beyond writing it; bits of [`Step::flags`].
pub(crate) mod flag {
    /// The result is clamped.
    pub(crate) const CLAMP: u8 = 1;
    /// The half that is written is the high one.
    pub(crate) const HIGH: u8 = 2;
    /// SCC is written.
    pub(crate) const SCC: u8 = 4;
    /// No VGPR is written.
    pub(crate) const NO_VGPR: u8 = 8;
    /// Something about the result needs more than a copy into a register.
    pub(crate) const FINISH: u8 = 16;
    /// The destination has two dwords.
    pub(crate) const WIDE: u8 = 32;
    /// Lanes are exchanged.
    pub(crate) const DPP: u8 = 64;
    /// The instruction names the buffer's format.
    pub(crate) const OWN_FORMAT: u8 = 128;
}

/// One instruction.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) run: Run,
    pub(crate) kernel: Kernel32,
    /// The Y half's of VOPD.
    pub(crate) second: Kernel32,
    /// The sources; from 3 on the Y half's of VOPD.
    pub(crate) sources: [Source; 6],
    /// VGPR or scalar register written.
    pub(crate) to: u8,
    /// The Y half's of VOPD.
    pub(crate) second_to: u8,
    /// Lane mask read and written, or a value of [`mask`].
    pub(crate) mask_from: u8,
    pub(crate) mask_to: u8,
    pub(crate) flags: u8,
    pub(crate) omod: u8,
    pub(crate) outcome: Outcome,
    /// Length in dwords.
    pub(crate) len: u8,
    pub(crate) immediate: i32,
    pub(crate) op: Op,
    /// What few instructions have.
    pub(crate) more: Option<Box<More>>,
}

/// What few instructions have.
#[derive(Clone, Debug)]
pub(crate) struct More {
    pub(crate) wide: Option<Kernel64>,
    pub(crate) dpp: Dpp,
    pub(crate) memory: MemoryBits,
    pub(crate) shape: Shape,
    pub(crate) lds: Option<Kind>,
    /// The atomic and whether it has 64 bits.
    pub(crate) atom: Option<(Atom, bool)>,
    /// Halves chosen and negated for each result of packed operations: op_sel, op_sel_hi, neg_lo, neg_hi.
    pub(crate) packed: [u8; 4],
    /// Dwords that a scalar load fetches.
    pub(crate) dwords: u8,
    /// What is not modelled, of steps that fail.
    pub(crate) missing: &'static str,
}

impl More {
    pub(crate) const NONE: Self = Self {
        wide: None,
        dpp: Dpp::None,
        memory: MemoryBits { offset: 0, lds: [0; 2], format: 0, offen: false, idxen: false, glc: false, tfe: false },
        shape: Shape { bytes: 0, signed: false, half: Half::Whole, store: false },
        lds: None,
        atom: None,
        packed: [0; 4],
        dwords: 0,
        missing: "",
    };
}

impl Step {
    pub(crate) const fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    #[inline(always)]
    pub(crate) fn more(&self) -> &More {
        static NONE: More = More::NONE;
        self.more.as_deref().unwrap_or(&NONE)
    }
}
