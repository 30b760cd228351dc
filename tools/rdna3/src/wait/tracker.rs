//! One wave's memory operations that have not provably returned.

use crate::registers::Registers;
use crate::rule::Rule;

use super::facts::{Class, Facts, Order};
use super::{Finding, Wait, rules};

/// An operation that will write registers, or still reads some.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Pending {
    pc: u32,
    class: Class,
    order: Order,
    /// Operations of the same class issued since; more than the counter holds count as that.
    since: u8,
    registers: Registers,
}

impl Pending {
    /// The wait that proves it has returned.
    fn wait(&self) -> Wait {
        let counter = self.class.counter();
        let count = if self.class == Class::Scalar { 0 } else { self.since.min(counter.most() - 1) };
        Wait { counter, count }
    }
}

/// Follows the memory operations of one wave, or of every path to a place in the code.
///
/// A step allocates nothing once the list of pending operations has its size.
#[derive(Clone, Debug, Default)]
pub struct Tracker {
    pending: Vec<Pending>,
    /// Registers that will be written.
    results: Registers,
    /// Registers that are still read, EXEC among them.
    locked: Registers,
    /// The last store to scratch and the stores since.
    scratch: Option<(u32, u8)>,
}

impl Tracker {
    /// The start of a wave: nothing is under way.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Shows the next instruction; `found` is told which waits are missing before it. `pc` names it in findings, in a
    /// unit of the caller's choice. What was reported counts as waited for.
    pub fn step(&mut self, pc: u32, facts: &Facts, mut found: impl FnMut(Finding)) {
        if !facts.limits.is_none() {
            self.wait(facts);
        }
        let touched = facts.reads.or(facts.writes);
        if touched.meets(self.results) || facts.writes.meets(self.locked) {
            self.check(pc, facts, &mut found);
        }
        if facts.writes_exec && !self.locked.is_empty() {
            self.check_exec(pc, &mut found);
        }
        if facts.releases
            && let Some((earlier, since)) = self.scratch
        {
            let wait = Wait { counter: Class::Store.counter(), count: since };
            found(Finding { rule: &rules::DEALLOC_SCRATCH, pc, register: None, earlier, wait });
        }
        if facts.classes[0].is_some() {
            self.issue(pc, facts);
        }
    }

    fn wait(&mut self, facts: &Facts) {
        let limits = facts.limits;
        let before = self.pending.len();
        self.pending.retain(|pending| {
            let limit = limits.of(pending.class.counter());
            if pending.class == Class::Scalar { limit != 0 } else { limit > pending.since }
        });
        if self.pending.len() != before {
            self.summarize();
        }
        if self.scratch.is_some_and(|(_, since)| limits.of(Class::Store.counter()) <= since) {
            self.scratch = None;
        }
    }

    fn summarize(&mut self) {
        self.results = Registers::default();
        self.locked = Registers::default();
        for pending in &self.pending {
            let set = if pending.class.locks() { &mut self.locked } else { &mut self.results };
            *set = set.or(pending.registers);
        }
    }

    fn check(&mut self, pc: u32, facts: &Facts, found: &mut impl FnMut(Finding)) {
        for pending in &mut self.pending {
            let read = pending.registers.and(facts.reads);
            let written = pending.registers.and(facts.writes);
            let mut say = |rule: &'static Rule, hit: Registers| {
                found(Finding { rule, pc, register: hit.first(), earlier: pending.pc, wait: pending.wait() });
            };
            let in_order = facts.order.follows(pending.order);
            if pending.class.locks() {
                if !written.is_empty() {
                    say(&rules::EXPORT_OVERWRITE, written);
                    pending.registers = Registers::default();
                }
            } else if !read.is_empty() {
                say(&rules::LOAD_READ, read);
                pending.registers = Registers::default();
            } else if in_order {
                // The later result comes later, and is what is waited for from now on.
                pending.registers = pending.registers.minus(written);
            } else if !written.is_empty() {
                say(&rules::LOAD_OVERWRITE, written);
                pending.registers = Registers::default();
            }
        }
        self.pending.retain(|pending| !pending.registers.is_empty());
        self.summarize();
    }

    fn check_exec(&mut self, pc: u32, found: &mut impl FnMut(Finding)) {
        for pending in self.pending.iter().filter(|pending| pending.class.locks()) {
            let wait = Wait { counter: pending.class.counter(), count: 0 };
            found(Finding { rule: &rules::EXPORT_EXEC, pc, register: None, earlier: pending.pc, wait });
        }
        self.pending.retain(|pending| !pending.class.locks());
        self.summarize();
    }

    fn issue(&mut self, pc: u32, facts: &Facts) {
        for class in facts.classes.into_iter().flatten() {
            if class == Class::Store {
                self.store(pc, facts);
                continue;
            }
            let registers = if class.locks() { facts.locked } else { facts.writes };
            // The same instruction in a loop: the later one stands for both.
            self.pending.retain_mut(|pending| {
                if pending.class == class {
                    pending.since = pending.since.saturating_add(1).min(class.counter().most());
                }
                pending.pc != pc || pending.class != class
            });
            if registers.is_empty() {
                continue;
            }
            let set = if class.locks() { &mut self.locked } else { &mut self.results };
            *set = set.or(registers);
            self.pending.push(Pending { pc, class, order: facts.order.behind(class), since: 0, registers });
        }
    }

    fn store(&mut self, pc: u32, facts: &Facts) {
        if facts.stores_scratch {
            self.scratch = Some((pc, 0));
        } else if let Some((_, since)) = &mut self.scratch {
            *since = since.saturating_add(1).min(Class::Store.counter().most() - 1);
        }
    }

    /// Takes in what may be under way on another path to the same place; says whether that was more.
    pub fn join(&mut self, other: &Self) -> bool {
        let mut changed = false;
        for theirs in &other.pending {
            let same = |mine: &&mut Pending| mine.pc == theirs.pc && mine.class == theirs.class;
            if let Some(mine) = self.pending.iter_mut().find(same) {
                let before = *mine;
                mine.since = mine.since.min(theirs.since);
                mine.order = mine.order.or(theirs.order);
                mine.registers = mine.registers.or(theirs.registers);
                changed |= *mine != before;
            } else {
                self.pending.push(*theirs);
                changed = true;
            }
        }
        if let Some((pc, since)) = other.scratch {
            let joined = self.scratch.map_or((pc, since), |(mine, count)| (mine.min(pc), count.min(since)));
            changed |= self.scratch != Some(joined);
            self.scratch = Some(joined);
        }
        if changed {
            self.summarize();
        }
        changed
    }
}
