//! A decoded instruction: operation, operands, modifiers, and what it reads and writes.

use crate::op::Op;
use crate::operand::{Operand, Reg};
use crate::row::{Access, Flags, Latency, Row, flag};
use crate::target::Target;

/// Most operands of one instruction: an image operation with a list of five addresses, or two VOPD halves.
pub(crate) const MAX_OPERANDS: usize = 10;

/// The encoding family.
///
/// Source: AMD "RDNA3 Instruction Set Architecture", chapter 15 (microcode formats).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // the names are AMD's
#[non_exhaustive]
pub enum Encoding {
    Sop1,
    Sop2,
    Sopc,
    Sopk,
    Sopp,
    Smem,
    Vop1,
    Vop2,
    Vopc,
    Vop3,
    Vop3p,
    Vopd,
    Vinterp,
    LdsDir,
    Ds,
    Flat,
    Global,
    Scratch,
    Mubuf,
    Mtbuf,
    Mimg,
    Exp,
}

/// How lanes are exchanged before the operation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Dpp {
    /// They are not.
    #[default]
    None,
    /// Within groups of eight.
    Dpp8 {
        /// Eight lane numbers of three bits, lane 0 in the lowest.
        lanes: u32,
        /// Lanes switched off are read too.
        fetch_inactive: bool,
    },
    /// Within rows of 16.
    Dpp16 {
        /// The pattern, `dpp_ctrl`.
        control: u16,
        /// Rows that take part.
        row_mask: u8,
        /// Banks that take part.
        bank_mask: u8,
        /// Lanes read from outside give 0.
        bound_control: bool,
        /// Lanes switched off are read too.
        fetch_inactive: bool,
    },
}

/// Everything of an instruction that is neither operation nor operand. Fields that do not belong to the encoding are 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[allow(clippy::struct_excessive_bools)] // bits of the encoding
pub struct Modifiers {
    /// Lane exchange.
    pub dpp: Dpp,
    /// The result is clamped to 0..1 or to the integer range.
    pub clamp: bool,
    /// Output scale: 1 times 2, 2 times 4, 3 half.
    pub omod: u8,
    /// High halves chosen, bit 0 for the first source, bit 3 for the destination.
    pub op_sel: u8,
    /// High halves chosen for the high result (VOP3P), bit 0 for the first source.
    pub op_sel_hi: u8,
    /// Negated in the low result (VOP3P).
    pub neg_lo: u8,
    /// Negated in the high result (VOP3P).
    pub neg_hi: u8,
    /// Export counter to wait for (VINTERP), or VALU writes to wait for (LDSDIR).
    pub wait: u8,
    /// Byte offset; element offset 0 for two-address DS operations.
    pub offset: i32,
    /// Element offset 1 of two-address DS operations.
    pub offset1: u8,
    /// Globally coherent; atomics return the old value.
    pub glc: bool,
    /// System level coherent.
    pub slc: bool,
    /// Device level coherent.
    pub dlc: bool,
    /// GDS rather than LDS.
    pub gds: bool,
    /// A VGPR holds a byte offset.
    pub offen: bool,
    /// A VGPR holds an index.
    pub idxen: bool,
    /// Texture fail enable: one more dword is returned.
    pub tfe: bool,
    /// Level-of-detail warning enable.
    pub lwe: bool,
    /// Buffer format (MTBUF).
    pub format: u8,
    /// Channels (MIMG), or components (EXP).
    pub mask: u8,
    /// Dimension (MIMG).
    pub dim: u8,
    /// Addresses are not normalised.
    pub unorm: bool,
    /// 128-bit resource.
    pub r128: bool,
    /// 16-bit addresses.
    pub a16: bool,
    /// 16-bit data.
    pub d16: bool,
    /// The addresses are a list (MIMG).
    pub nsa: bool,
    /// Last export of its kind.
    pub done: bool,
    /// M0 holds a row (EXP).
    pub row_en: bool,
}

/// One instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instruction {
    pub(crate) encoding: Encoding,
    pub(crate) row: &'static Row,
    pub(crate) row_y: Option<&'static Row>,
    pub(crate) len: u8,
    pub(crate) count: u8,
    pub(crate) split: u8,
    pub(crate) operands: [Operand; MAX_OPERANDS],
    pub(crate) modifiers: Modifiers,
    pub(crate) target: Target,
}

impl Instruction {
    pub(crate) const fn new(encoding: Encoding, row: &'static Row, target: Target) -> Self {
        Self {
            encoding,
            row,
            row_y: None,
            len: 1,
            count: 0,
            split: 0,
            operands: [Operand::NONE; MAX_OPERANDS],
            modifiers: Modifiers {
                dpp: Dpp::None,
                clamp: false,
                omod: 0,
                op_sel: 0,
                op_sel_hi: 0,
                neg_lo: 0,
                neg_hi: 0,
                wait: 0,
                offset: 0,
                offset1: 0,
                glc: false,
                slc: false,
                dlc: false,
                gds: false,
                offen: false,
                idxen: false,
                tfe: false,
                lwe: false,
                format: 0,
                mask: 0,
                dim: 0,
                unorm: false,
                r128: false,
                a16: false,
                d16: false,
                nsa: false,
                done: false,
                row_en: false,
            },
            target,
        }
    }

    /// Adds an operand; one too many is dropped, which the tables rule out.
    pub(crate) fn push(&mut self, operand: Operand) {
        if let Some(place) = self.operands.get_mut(usize::from(self.count)) {
            *place = operand;
            self.count += 1;
        }
    }

    /// The encoding family.
    #[must_use]
    pub const fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// The operation; of VOPD the X half.
    #[must_use]
    pub const fn op(&self) -> Op {
        self.row.op
    }

    /// The Y half of VOPD.
    #[must_use]
    pub fn op_y(&self) -> Option<Op> {
        self.row_y.map(|row| row.op)
    }

    /// Properties of the operation.
    #[must_use]
    pub const fn flags(&self) -> Flags {
        self.row.flags
    }

    /// How the operation is executed.
    #[must_use]
    pub const fn latency(&self) -> Latency {
        self.row.latency
    }

    /// Length in dwords, literal included.
    #[must_use]
    pub const fn len_dwords(&self) -> usize {
        self.len as usize
    }

    /// The operands in the order of the text; of VOPD both halves.
    #[must_use]
    pub fn operands(&self) -> &[Operand] {
        self.operands.get(..usize::from(self.count)).unwrap_or(&[])
    }

    /// The operands of the X and of the Y half; Y is empty unless this is VOPD.
    #[must_use]
    pub fn halves(&self) -> (&[Operand], &[Operand]) {
        let all = self.operands();
        if self.row_y.is_some() {
            all.split_at_checked(usize::from(self.split)).unwrap_or((all, &[]))
        } else {
            (all, &[])
        }
    }

    /// Everything that is neither operation nor operand.
    #[must_use]
    pub const fn modifiers(&self) -> &Modifiers {
        &self.modifiers
    }

    /// The target it was decoded for.
    #[must_use]
    pub const fn target(&self) -> Target {
        self.target
    }

    /// Whether it runs on the vector ALU, memory or export units, so that EXEC decides which lanes take part.
    #[must_use]
    pub const fn is_vector(&self) -> bool {
        !matches!(
            self.encoding,
            Encoding::Sop1 | Encoding::Sop2 | Encoding::Sopc | Encoding::Sopk | Encoding::Sopp | Encoding::Smem
        )
    }

    /// Registers read: explicit operands first, then the implied ones. Each is the first of a tuple and its dwords.
    pub fn reads(&self) -> impl Iterator<Item = (Reg, u8)> + '_ {
        self.explicit(Access::Read)
            .chain(self.implied(&[
                (flag::RSCC, Reg::Scc),
                (flag::RVCC, Reg::VccLo),
                (flag::RM0, Reg::M0),
                (flag::REXEC, Reg::ExecLo),
            ]))
            .chain(self.modifiers.row_en.then_some((Reg::M0, 1)))
            .chain(self.is_vector().then(|| (Reg::ExecLo, self.target.wave.mask_dwords())))
    }

    /// Registers written: explicit operands first, then the implied ones.
    pub fn writes(&self) -> impl Iterator<Item = (Reg, u8)> + '_ {
        self.explicit(Access::Write).chain(self.implied(&[(flag::WSCC, Reg::Scc), (flag::WEXEC, Reg::ExecLo)]))
    }

    fn explicit(&self, access: Access) -> impl Iterator<Item = (Reg, u8)> + '_ {
        self.operands()
            .iter()
            .filter(move |operand| operand.access == access || operand.access == Access::ReadWrite)
            .filter_map(Operand::registers)
            .filter(|(reg, _)| *reg != Reg::Null)
    }

    fn implied(&self, list: &'static [(Flags, Reg)]) -> impl Iterator<Item = (Reg, u8)> + use<> {
        let flags = self.row.flags;
        let mask = self.target.wave.mask_dwords();
        list.iter().copied().filter(move |(flag, _)| flags.contains(*flag)).map(move |(_, reg)| match reg {
            Reg::VccLo | Reg::ExecLo => (reg, mask),
            _ => (reg, 1),
        })
    }
}
