//! One wave's recent past, as far as hazards depend on it.

use crate::operand::Reg;
use crate::registers::Vgprs;
use crate::rule::Rule;
use crate::target::{Target, WaveSize};

use super::facts::{Facts, Kind};
use super::forwarding::Forwarding;
use super::masks::Masks;
use super::window::{Slot, Transcendental, Used};
use super::{Finding, rules};

/// Follows the instructions of one wave, or of every path to a place in the code.
///
/// A step allocates nothing.
#[derive(Clone, Debug)]
pub struct Tracker {
    target: Target,
    strict: bool,
    transcendental: Transcendental,
    forwarding: Forwarding,
    masks: Masks,
    /// Kept for LDS-direct loads.
    used: Used,
    /// VGPRs that memory instructions use, kept for LDS-direct loads.
    memory: Slot,
    /// The result of the WMMA before.
    wmma: Slot,
    cmpx: Option<u32>,
    export: Option<u32>,
    dealloc: Option<u32>,
    /// The instruction before was `s_nop`.
    after_nop: bool,
}

impl Tracker {
    /// The start of a wave: nothing has happened.
    #[must_use]
    pub fn new(target: Target) -> Self {
        Self {
            target,
            strict: false,
            transcendental: Transcendental::default(),
            forwarding: Forwarding::default(),
            masks: Masks::default(),
            used: Used::default(),
            memory: Slot::default(),
            wmma: Slot::default(),
            cmpx: None,
            export: None,
            dealloc: None,
            after_nop: false,
        }
    }

    /// Checks the rules marked [`Rule::strict`] too.
    #[must_use]
    pub const fn strict(mut self) -> Self {
        self.strict = true;
        self
    }

    /// Shows the next instruction; `found` is told what is wrong with it. `pc` names it in findings, in a unit of the
    /// caller's choice.
    pub fn step(&mut self, pc: u32, facts: &Facts, mut found: impl FnMut(Finding)) {
        let (strict, target) = (self.strict, self.target);
        let mut say = |rule: &'static Rule, register: Option<Reg>, earlier: Option<u32>| {
            if rule.scope.has(target) && (strict || !rule.strict) {
                found(Finding { rule, pc, register, earlier });
            }
        };
        let kind = facts.kind;
        if let Some((rule, register)) = facts.broken {
            say(rule, register, None);
        }
        if kind.has(Kind::VALU) {
            self.valu(pc, facts, &mut say);
        } else {
            self.other(pc, facts, &mut say);
        }
        if let Some(earlier) = self.export.take()
            && !kind.has(Kind::EXPORT)
            && !kind.has(Kind::LOWERS_PRIORITY)
        {
            say(&rules::EXPORT_PRIORITY, None, Some(earlier));
        }
        if kind.has(Kind::EXPORT) {
            self.export = Some(pc);
        }
        if let (Some(earlier), Some(reg)) = (self.dealloc, facts.reads.vector.or(facts.writes.vector).first()) {
            say(&rules::DEALLOC_USE, Some(reg), Some(earlier));
        }
        if kind.has(Kind::DEALLOC) {
            if !self.after_nop {
                say(&rules::DEALLOC_NOP, None, None);
            }
            self.dealloc = Some(pc);
        }
        self.after_nop = kind.has(Kind::S_NOP);
    }

    fn valu(&mut self, pc: u32, facts: &Facts, say: &mut impl FnMut(&'static Rule, Option<Reg>, Option<u32>)) {
        let (kind, reads, writes) = (facts.kind, facts.reads.vector, facts.writes.vector);
        let transcendental = kind.has(Kind::TRANS);
        if rules::VALU_TRANS_USE.scope.has(self.target) {
            if let Some((reg, earlier)) = self.transcendental.check(reads) {
                say(&rules::VALU_TRANS_USE, Some(reg), Some(earlier));
                self.transcendental.clear();
            }
            self.transcendental.advance(transcendental.then_some(Slot { set: writes, pc }));
        }
        if self.target.wave == WaveSize::Wave64 {
            if let Some((reg, earlier)) = self.forwarding.check(facts) {
                say(&rules::VALU_PARTIAL_FORWARDING, Some(reg), Some(earlier));
                self.forwarding.clear();
            }
            self.forwarding.advance(Slot { set: writes, pc });
            self.masks.step(pc, facts, |rule, reg, earlier| say(rule, reg, Some(earlier)));
        }
        if kind.has(Kind::PERMLANE)
            && let Some(earlier) = self.cmpx
        {
            say(&rules::VCMPX_PERMLANE, None, Some(earlier));
        }
        // LLVM does not count v_nop, which the ISA guide asks for and Mesa inserts.
        if !(self.strict && kind.has(Kind::V_NOP)) {
            self.cmpx = kind.has(Kind::CMPX).then_some(pc);
        }
        if kind.has(Kind::WMMA)
            && let Some((reg, earlier)) = self.wmma.hit(facts.matrices)
        {
            say(&rules::WMMA, Some(reg), Some(earlier));
        }
        self.wmma = if kind.has(Kind::WMMA) { Slot { set: writes, pc } } else { Slot::default() };
        self.memory = Slot::default();
        self.used.push(Slot { set: reads.or(writes), pc }, transcendental);
    }

    fn other(&mut self, pc: u32, facts: &Facts, say: &mut impl FnMut(&'static Rule, Option<Reg>, Option<u32>)) {
        let (kind, vgprs) = (facts.kind, facts.reads.vector.or(facts.writes.vector));
        if kind.has(Kind::LDS_DIRECT) {
            self.lds_direct(facts, vgprs, say);
        }
        if kind.has(Kind::DRAINS_VALU) || (kind.has(Kind::DEPCTR) && facts.depctr.va_vdst == 0) {
            self.transcendental.clear();
            self.forwarding.clear();
            self.used.clear();
        }
        if kind.has(Kind::MEMORY) {
            self.memory.join(Slot { set: vgprs, pc });
        }
        let drained = kind.has(Kind::EXPORT) || kind.has(Kind::WAITS_FOR_ALL);
        if drained || (kind.has(Kind::DEPCTR) && facts.depctr.vm_vsrc == 0) {
            self.memory = Slot::default();
        }
        if self.target.wave == WaveSize::Wave64 {
            if kind.has(Kind::SALU_EXEC) {
                self.forwarding.change_exec();
            }
            if kind.has(Kind::SALU) {
                self.masks.step(pc, facts, |rule, reg, earlier| say(rule, reg, Some(earlier)));
            }
            if kind.has(Kind::DEPCTR) {
                self.masks.wait(facts);
            }
        }
    }

    fn lds_direct(&self, facts: &Facts, set: Vgprs, say: &mut impl FnMut(&'static Rule, Option<Reg>, Option<u32>)) {
        if let Some((most, reg, earlier)) = self.used.limit(set)
            && facts.wait_vdst > most
        {
            say(&rules::LDS_DIRECT_VALU, Some(reg), Some(earlier));
        }
        if let Some((reg, earlier)) = self.memory.hit(set) {
            say(&rules::LDS_DIRECT_VMEM, Some(reg), Some(earlier));
        }
    }

    /// Takes in what may have happened on another path to the same place; says whether that was more.
    pub fn join(&mut self, other: &Self) -> bool {
        let mut changed = self.transcendental.join(&other.transcendental);
        changed |= self.forwarding.join(&other.forwarding);
        changed |= self.masks.join(&other.masks);
        changed |= self.used.join(&other.used);
        changed |= self.memory.join(other.memory);
        changed |= self.wmma.join(other.wmma);
        for (mine, other) in
            [(&mut self.cmpx, other.cmpx), (&mut self.export, other.export), (&mut self.dealloc, other.dealloc)]
        {
            let first = [*mine, other].into_iter().flatten().min();
            changed |= first != *mine;
            *mine = first;
        }
        changed |= self.after_nop && !other.after_nop;
        self.after_nop &= other.after_nop;
        changed
    }
}
