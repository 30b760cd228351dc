//! Lane masks in wave64: an SGPR that VALU read as a mask, written, and read again.
//!
//! Source: LLVM `GCNHazardRecognizer.cpp`, `fixVALUMaskWriteHazard`. LLVM 19 knows writes by SALU and lets a VALU
//! access to another SGPR or a literal end the hazard; LLVM 21 adds writes by VALU.

use crate::operand::Reg;
use crate::registers::Scalars;

use super::facts::{Facts, Kind};
use super::rules;
use crate::rule::Rule;

/// Registers and the first instruction that put one there.
#[derive(Clone, Copy, Debug, Default)]
struct Marked {
    set: Scalars,
    pc: u32,
}

impl Marked {
    fn add(&mut self, set: Scalars, pc: u32) {
        if !set.is_empty() {
            self.pc = pc;
            self.set = self.set.or(set);
        }
    }

    fn forget(&mut self, set: Scalars) {
        self.set = self.set.minus(set);
        if self.set.is_empty() {
            self.pc = 0;
        }
    }

    fn join(&mut self, other: Self) -> bool {
        if other.set.is_empty() {
            return false;
        }
        let pc = if self.set.is_empty() { other.pc } else { self.pc.min(other.pc) };
        let moved = pc != self.pc;
        self.pc = pc;
        self.set.join(other.set) | moved
    }
}

/// The state of the rules.
#[derive(Clone, Debug, Default)]
pub(super) struct Masks {
    /// Read as a mask.
    read: Marked,
    /// Written by SALU since.
    salu: Marked,
    /// Written by VALU since.
    valu: Marked,
}

impl Masks {
    const ALL: Scalars = Scalars(u128::MAX);

    pub(super) fn wait(&mut self, facts: &Facts) {
        if facts.depctr.sa_sdst == 0 {
            self.read = Marked::default();
            self.salu = Marked::default();
        }
        if facts.depctr.va_sdst == 0 {
            self.valu.forget(Self::ALL.minus(Scalars::VCC));
        }
        if facts.depctr.va_vcc == 0 {
            self.valu.forget(Scalars::VCC);
        }
    }

    /// Checks and counts an instruction of SALU or VALU.
    pub(super) fn step(&mut self, pc: u32, facts: &Facts, mut found: impl FnMut(&'static Rule, Option<Reg>, u32)) {
        let (reads, valu) = (facts.reads.scalar, facts.kind.has(Kind::VALU));
        let hit = reads.and(self.salu.set);
        if !hit.is_empty() {
            found(&rules::VALU_MASK_WRITE, hit.first(), self.salu.pc);
            self.salu.forget(hit);
        }
        let hit = reads.and(self.valu.set);
        if valu && !hit.is_empty() {
            found(&rules::VALU_MASK_WRITE_VALU, hit.first(), self.valu.pc);
            self.valu.forget(hit);
        }
        let written = facts.writes.scalar.minus(Scalars::EXEC.or(Scalars::M0)).and(self.read.set);
        if valu {
            self.valu.add(written, pc);
            if facts.kind.has(Kind::VALU_SCALAR) {
                self.read = Marked::default();
            }
            self.read.add(facts.masks, pc);
        } else {
            self.salu.add(written, pc);
        }
    }

    pub(super) fn join(&mut self, other: &Self) -> bool {
        self.read.join(other.read) | self.salu.join(other.salu) | self.valu.join(other.valu)
    }
}
