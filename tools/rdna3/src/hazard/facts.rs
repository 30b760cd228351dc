//! What the hazard rules must know of an instruction, found once when it is decoded.

use crate::counters::DepCtr;
use crate::instruction::{Dpp, Encoding, Instruction};
use crate::op::Op;
use crate::operand::{Operand, Reg, Value};
use crate::registers::{Registers, Scalars, Vgprs};
use crate::row::{Access, Latency, flag};

use super::rules;
use crate::rule::Rule;

/// Message number of `MSG_DEALLOC_VGPRS`. Source: LLVM `SIDefines.h`, `ID_DEALLOC_VGPRS_GFX11Plus`.
pub(crate) const DEALLOC_VGPRS: i32 = 3;

/// VGPR sources of a VALU instruction outside VOPD, the kept destination among them.
const SOURCES: usize = 4;

/// Properties of an instruction, one bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Kind(u32);

impl Kind {
    pub(super) const VALU: Self = Self(1);
    pub(super) const TRANS: Self = Self(1 << 1);
    /// Scalar ALU and control flow.
    pub(super) const SALU: Self = Self(1 << 2);
    /// VMEM, FLAT, DS, EXP: issued when VALU has written every VGPR.
    pub(super) const DRAINS_VALU: Self = Self(1 << 3);
    /// VMEM, FLAT, DS.
    pub(super) const MEMORY: Self = Self(1 << 4);
    pub(super) const EXPORT: Self = Self(1 << 5);
    pub(super) const LDS_DIRECT: Self = Self(1 << 6);
    pub(super) const WMMA: Self = Self(1 << 7);
    pub(super) const CMPX: Self = Self(1 << 8);
    pub(super) const PERMLANE: Self = Self(1 << 9);
    pub(super) const V_NOP: Self = Self(1 << 10);
    pub(super) const S_NOP: Self = Self(1 << 11);
    pub(super) const DEALLOC: Self = Self(1 << 12);
    pub(super) const LOWERS_PRIORITY: Self = Self(1 << 13);
    pub(super) const WAITS_FOR_ALL: Self = Self(1 << 14);
    pub(super) const DEPCTR: Self = Self(1 << 15);
    /// SALU that writes EXEC.
    pub(super) const SALU_EXEC: Self = Self(1 << 16);
    /// VALU that reads an SGPR, VCC or a literal.
    pub(super) const VALU_SCALAR: Self = Self(1 << 17);

    pub(super) const fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    fn set(&mut self, other: Self, is: bool) {
        if is {
            self.0 |= other.0;
        }
    }
}

/// What the hazard rules must know of an instruction.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    pub(super) kind: Kind,
    pub(super) reads: Registers,
    pub(super) writes: Registers,
    /// SGPRs that VALU reads as a lane mask.
    pub(super) masks: Scalars,
    /// VGPR sources, each the first and how many.
    pub(super) sources: [(u8, u8); SOURCES],
    /// Matrix A and B.
    pub(super) matrices: Vgprs,
    pub(super) depctr: DepCtr,
    pub(super) wait_vdst: u8,
    /// A rule the instruction breaks alone.
    pub(super) broken: Option<(&'static Rule, Option<Reg>)>,
}

impl Facts {
    /// The facts of `instruction`.
    #[must_use]
    pub fn of(instruction: &Instruction) -> Self {
        let mut facts = Self {
            kind: kind(instruction),
            reads: instruction.reads().collect(),
            writes: instruction.writes().collect(),
            masks: Scalars::default(),
            sources: [(0, 0); SOURCES],
            matrices: Vgprs::default(),
            depctr: DepCtr::NONE,
            wait_vdst: instruction.modifiers().wait,
            broken: None,
        };
        if instruction.op() == Op::S_WAITCNT_DEPCTR {
            facts.depctr = DepCtr::decode(immediate(instruction) as u16); // CAST: sixteen bits
        }
        if facts.kind.has(Kind::VALU) {
            facts.vector(instruction);
        }
        facts.broken = broken(instruction).filter(|(rule, _)| rule.scope.has(instruction.target()));
        facts
    }

    fn vector(&mut self, instruction: &Instruction) {
        let keeps = keeps_destination(instruction);
        if keeps {
            self.reads.vector = self.reads.vector.or(self.writes.vector);
        }
        let sources = instruction.operands().iter().filter(|operand| operand.access != Access::Write || keeps);
        let vgprs = sources.filter_map(|operand| match operand.registers() {
            Some((Reg::Vgpr(first), count)) => Some((first, count)),
            _ => None,
        });
        for (place, span) in self.sources.iter_mut().zip(vgprs) {
            *place = span;
        }
        self.masks = masks(instruction);
        let scalar = !self.reads.scalar.minus(Scalars::EXEC.or(Scalars::M0)).is_empty();
        let literal = instruction.operands().iter().any(|operand| matches!(operand.value, Value::Literal(_)));
        self.kind.set(Kind::VALU_SCALAR, scalar || literal);
        if self.kind.has(Kind::WMMA) {
            self.matrices =
                instruction.operands().iter().skip(1).take(2).map(vgprs_of).fold(Vgprs::default(), Vgprs::or);
        }
    }
}

/// The VGPRs of an operand.
fn vgprs_of(operand: &Operand) -> Vgprs {
    match operand.registers() {
        Some((Reg::Vgpr(first), count)) => Vgprs::span((first, count)),
        _ => Vgprs::default(),
    }
}

/// The first immediate operand, 0 without one.
pub(crate) fn immediate(instruction: &Instruction) -> i32 {
    let mut immediates = instruction.operands().iter().filter_map(|operand| match operand.value {
        Value::Imm { bits, .. } => Some(bits),
        _ => None,
    });
    immediates.next().unwrap_or(0)
}

/// Whether the operation runs on the vector ALU.
const fn is_valu(latency: Latency) -> bool {
    matches!(latency, Latency::Valu | Latency::Trans | Latency::ValuF64 | Latency::TransF64 | Latency::Wmma)
}

fn kind(instruction: &Instruction) -> Kind {
    let (op, latency, encoding) = (instruction.op(), instruction.latency(), instruction.encoding());
    let valu = is_valu(latency);
    let memory = matches!(
        encoding,
        Encoding::Ds
            | Encoding::Flat
            | Encoding::Global
            | Encoding::Scratch
            | Encoding::Mubuf
            | Encoding::Mtbuf
            | Encoding::Mimg
    );
    let scalar = !instruction.is_vector() && encoding != Encoding::Smem;
    let salu = scalar && !matches!(latency, Latency::Wait);
    let imm = immediate(instruction);
    let mut kind = Kind::default();
    kind.set(Kind::VALU, valu);
    kind.set(Kind::TRANS, matches!(latency, Latency::Trans | Latency::TransF64));
    kind.set(Kind::SALU, salu);
    kind.set(Kind::MEMORY, memory);
    kind.set(Kind::EXPORT, encoding == Encoding::Exp);
    kind.set(Kind::DRAINS_VALU, memory || encoding == Encoding::Exp);
    kind.set(Kind::LDS_DIRECT, encoding == Encoding::LdsDir);
    kind.set(Kind::WMMA, latency == Latency::Wmma);
    kind.set(Kind::CMPX, valu && instruction.flags().contains(flag::WEXEC));
    kind.set(Kind::PERMLANE, matches!(op, Op::V_PERMLANE16_B32 | Op::V_PERMLANEX16_B32 | Op::V_PERMLANE64_B32));
    kind.set(Kind::V_NOP, op == Op::V_NOP);
    kind.set(Kind::S_NOP, op == Op::S_NOP);
    kind.set(Kind::DEALLOC, op == Op::S_SENDMSG && imm == DEALLOC_VGPRS);
    kind.set(Kind::LOWERS_PRIORITY, op == Op::S_SETPRIO && imm == 0);
    kind.set(Kind::WAITS_FOR_ALL, op == Op::S_WAITCNT && imm == 0);
    kind.set(Kind::DEPCTR, op == Op::S_WAITCNT_DEPCTR);
    let exec = instruction.writes().any(|(reg, _)| matches!(reg, Reg::ExecLo | Reg::ExecHi));
    kind.set(Kind::SALU_EXEC, salu && exec);
    kind
}

/// Whether lanes or halves of the destination may keep their value, for which LLVM ties it to a source.
fn keeps_destination(instruction: &Instruction) -> bool {
    let kept_by_dpp = match instruction.modifiers().dpp {
        Dpp::None => false,
        Dpp::Dpp8 { fetch_inactive, .. } => !fetch_inactive,
        Dpp::Dpp16 { row_mask, bank_mask, bound_control, .. } => !bound_control || row_mask != 15 || bank_mask != 15,
    };
    kept_by_dpp || matches!(instruction.op(), Op::V_PERMLANE16_B32 | Op::V_PERMLANEX16_B32)
}

/// SGPRs an instruction reads as a lane mask.
///
/// Source: LLVM `GCNHazardRecognizer.cpp`, `fixVALUMaskWriteHazard`: the select, the additions with carry in, VCC of
/// `v_div_fmas`.
fn masks(instruction: &Instruction) -> Scalars {
    let mut set = Scalars::default();
    match instruction.op() {
        Op::V_CNDMASK_B32 | Op::V_CNDMASK_B16 | Op::V_ADD_CO_CI_U32 | Op::V_SUB_CO_CI_U32 | Op::V_SUBREV_CO_CI_U32 => {
            if let Some((reg, count)) = instruction.operands().last().and_then(Operand::registers) {
                set.add(reg, count);
            }
        }
        Op::V_DIV_FMAS_F32 | Op::V_DIV_FMAS_F64 => set = Scalars::VCC,
        _ => {}
    }
    set
}

/// The rule that an instruction breaks by itself.
fn broken(instruction: &Instruction) -> Option<(&'static Rule, Option<Reg>)> {
    let [result, rest @ ..] = instruction.operands() else {
        return None;
    };
    let written = vgprs_of(result);
    match instruction.op() {
        Op::V_MAD_U64_U32 | Op::V_MAD_I64_I32 => {
            let read = rest.iter().skip(1).map(vgprs_of).fold(Vgprs::default(), Vgprs::or);
            let first = |operand: Option<&Operand>| operand.and_then(Operand::registers).map(|(reg, _)| reg);
            // LLVM lets them meet so where the high half of the addend is undefined.
            let high = first(rest.get(3)).map(|addend| addend.nth(1)) == first(Some(result));
            let rule = if high { &rules::MAD64_OVERLAP_HIGH } else { &rules::MAD64_OVERLAP };
            written.and(read).first().map(|reg| (rule, Some(reg)))
        }
        Op::V_DOT2_F32_F16
        | Op::V_DOT2_F32_BF16
        | Op::V_DOT4_I32_IU8
        | Op::V_DOT4_U32_U8
        | Op::V_DOT8_I32_IU4
        | Op::V_DOT8_U32_U4 => {
            let modifiers = instruction.modifiers();
            let plain = modifiers.op_sel == 0 && modifiers.op_sel_hi == 7;
            (!plain).then_some((&rules::DOT_OP_SEL, None))
        }
        _ if instruction.latency() == Latency::Wmma => {
            let matrices = rest.iter().take(2).map(vgprs_of).fold(Vgprs::default(), Vgprs::or);
            let sum = rest.get(2).map(vgprs_of).unwrap_or_default();
            let partly = if sum == written { Vgprs::default() } else { sum };
            written.and(matrices.or(partly)).first().map(|reg| (&rules::WMMA_OVERLAP, Some(reg)))
        }
        _ => None,
    }
}
