//! Partial forwarding in wave64: a result from before and one from after a change of EXEC, read together.
//!
//! Source: LLVM `GCNHazardRecognizer.cpp`, `fixVALUPartialForwardingHazard`: at most 2 VALU between the two writes in
//! sum, at most 4 between the second and the reader; what counts of a register is its last write.

use crate::operand::Reg;
use crate::registers::Vgprs;

use super::facts::Facts;
use super::window::Slot;

/// VALU results that are looked back on: 4 behind the second write, of which 3 may lie before it.
const HISTORY: usize = 4;
/// VALU between the two writes.
const BETWEEN: usize = 3;
/// VALU between the second write and the reader.
const READER: u8 = 4;
/// Pairs of all paths.
const PAIRS: usize = 12;

/// What one VALU instruction wrote.
#[derive(Clone, Copy, Debug, Default)]
struct Written {
    /// EXEC has not changed since.
    same: Slot,
    /// EXEC has changed since.
    before: Slot,
}

/// Registers written before and after a change of EXEC, the latter by one instruction.
#[derive(Clone, Copy, Debug, Default)]
struct Pair {
    before: Slot,
    after: Slot,
    /// VALU since.
    age: u8,
}

impl Pair {
    fn is_empty(&self) -> bool {
        self.before.set.is_empty() || self.after.set.is_empty()
    }
}

/// The state of the rule.
#[derive(Clone, Debug, Default)]
pub(super) struct Forwarding {
    /// By VALU in between.
    history: [Written; HISTORY],
    /// Those of different paths are kept apart, as far as there is room; on one path there are five.
    pairs: [Pair; PAIRS],
    count: u8,
    live: bool,
}

impl Forwarding {
    pub(super) fn clear(&mut self) {
        if self.live {
            *self = Self::default();
        }
    }

    /// SALU writes EXEC.
    pub(super) fn change_exec(&mut self) {
        for Written { same, before } in &mut self.history {
            before.join(std::mem::take(same));
        }
    }

    /// A register of each side that the instruction reads: the one written before, and its writer.
    pub(super) fn check(&self, facts: &Facts) -> Option<(Reg, u32)> {
        if !self.live {
            return None;
        }
        let reads = facts.reads.vector;
        let pairs = self.pairs.iter().take(usize::from(self.count));
        for pair in pairs.filter(|pair| pair.before.set.meets(reads) && pair.after.set.meets(reads)) {
            let since = self.history.iter().take(usize::from(pair.age));
            let younger = since.fold(Vgprs::default(), |set, earlier| set.or(earlier.same.set).or(earlier.before.set));
            let sources = facts.sources.map(Vgprs::span);
            let after = sources.iter().any(|source| source.meets(pair.after.set));
            // Of a tuple too the last write counts.
            let last =
                pair.after.set.or(self.history.iter().fold(Vgprs::default(), |set, earlier| set.or(earlier.same.set)));
            let mut before = sources.iter().filter(|source| !source.meets(last));
            let hit = before.find_map(|source| pair.before.hit(*source));
            if after && hit.is_some() && !younger.meets(reads) {
                return hit;
            }
        }
        None
    }

    /// Counts a VALU instruction.
    pub(super) fn advance(&mut self, written: Slot) {
        let mut before = Slot::default();
        for earlier in self.history.iter().take(BETWEEN) {
            before.join(earlier.before);
        }
        before.forget(written.set);
        self.history.rotate_right(1);
        let old = (self.pairs, usize::from(std::mem::take(&mut self.count)));
        for mut pair in old.0.into_iter().take(old.1).filter(|pair| pair.age < READER) {
            pair.age += 1;
            pair.before.forget(written.set);
            pair.after.forget(written.set);
            self.add(pair);
        }
        for earlier in &mut self.history {
            earlier.same.forget(written.set);
            earlier.before.forget(written.set);
        }
        self.add(Pair { before, after: written, age: 0 });
        if let Some(first) = self.history.first_mut() {
            *first = Written { same: written, before: Slot::default() };
        }
        self.live = true;
    }

    /// Adds a pair; says whether it is new.
    fn add(&mut self, pair: Pair) -> bool {
        if pair.is_empty() {
            return false;
        }
        let count = usize::from(self.count);
        let known = self.pairs.iter().take(count);
        let same = known.enumerate().find(|(_, known)| known.after.pc == pair.after.pc && known.age == pair.age);
        let at = same.map(|(at, _)| at).or((count == PAIRS).then_some(PAIRS - 1));
        if let Some(known) = at.and_then(|at| self.pairs.get_mut(at)) {
            return known.before.join(pair.before) | known.after.join(pair.after);
        }
        if let Some(place) = self.pairs.get_mut(count) {
            *place = pair;
            self.count += 1;
        }
        true
    }

    pub(super) fn join(&mut self, other: &Self) -> bool {
        let pairs = other.pairs.iter().take(usize::from(other.count));
        let mut changed = pairs.fold(false, |changed, pair| self.add(*pair) | changed);
        for (written, other) in self.history.iter_mut().zip(other.history) {
            changed |= written.same.join(other.same) | written.before.join(other.before);
        }
        self.live |= other.live;
        changed
    }
}
