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
/// Distances of the reader.
const READERS: usize = 5;

/// What one VALU instruction wrote.
#[derive(Clone, Copy, Debug, Default)]
struct Written {
    /// EXEC has not changed since.
    same: Slot,
    /// EXEC has changed since.
    before: Slot,
}

/// Registers written before and after a change of EXEC.
#[derive(Clone, Copy, Debug, Default)]
struct Pair {
    before: Slot,
    after: Slot,
}

/// The state of the rule.
#[derive(Clone, Debug, Default)]
pub(super) struct Forwarding {
    /// By VALU in between.
    history: [Written; HISTORY],
    pairs: [Pair; READERS],
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
        let mut younger = Vgprs::default();
        for (pair, written) in self.pairs.iter().zip(self.history.iter().map(Some).chain([None])) {
            if pair.before.set.meets(reads) && pair.after.set.meets(reads) && !younger.meets(reads) {
                let sources = facts.sources.map(Vgprs::span);
                let after = sources.iter().any(|source| source.meets(pair.after.set));
                let mut before = sources.iter().filter(|source| !source.meets(pair.after.set));
                let hit = before.find_map(|source| pair.before.hit(*source));
                if let (true, Some(hit)) = (after, hit) {
                    return Some(hit);
                }
            }
            if let Some(Written { same, before }) = written {
                younger = younger.or(same.set).or(before.set);
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
        self.pairs.rotate_right(1);
        self.history.rotate_right(1);
        for pair in &mut self.pairs {
            pair.before.forget(written.set);
            pair.after.forget(written.set);
        }
        for earlier in &mut self.history {
            earlier.same.forget(written.set);
            earlier.before.forget(written.set);
        }
        if let Some(first) = self.pairs.first_mut() {
            *first = Pair { before, after: written };
        }
        if let Some(first) = self.history.first_mut() {
            *first = Written { same: written, before: Slot::default() };
        }
        self.live = true;
    }

    pub(super) fn join(&mut self, other: &Self) -> bool {
        let mut changed = false;
        for (pair, other) in self.pairs.iter_mut().zip(other.pairs) {
            changed |= pair.before.join(other.before) | pair.after.join(other.after);
        }
        for (written, other) in self.history.iter_mut().zip(other.history) {
            changed |= written.same.join(other.same) | written.before.join(other.before);
        }
        self.live |= other.live;
        changed
    }
}
