//! Counts of what a dispatch did: instructions, arithmetic, bytes, bank conflicts, divergence.
//!
//! [`Counter`] watches one workgroup, [`Collector`] all of a dispatch. Counts are exact where they count what the code
//! did; [`Stats::valu_clocks`] and the clocks of [`Banks`] apply a model and say so.

mod bound;
mod cost;
mod counter;
mod memory;
mod occupancy;
mod report;

use std::collections::BTreeMap;

pub use bound::{Bound, Rates, Resource};
pub use cost::Class;
pub use counter::{Collector, Counter};
pub use memory::{Banks, Lines, Traffic};
pub use occupancy::{Limit, Occupancy};

/// Arithmetic of the vector ALU, by lanes.
///
/// An addition or a multiplication is one operation, a fused pair two, as in a roofline; conversions, comparisons,
/// minima and transcendentals are none. Matrix operations don't look at EXEC, all their lanes are active.
/// Source: guide, section 7.9.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Floating-point operations of lanes that were on.
    pub flops: u64,
    /// Floating-point operations had all lanes been on.
    pub flops_issued: u64,
    /// Integer operations of dot products and matrix operations, of lanes that were on.
    pub dot_ops: u64,
    /// The same had all lanes been on.
    pub dot_ops_issued: u64,
}

/// Branches that depend on something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Branches {
    /// All of them.
    pub conditional: u64,
    /// Those taken.
    pub taken: u64,
    /// Those on VCC or EXEC.
    pub vector: u64,
    /// Of these, where lanes disagree: VCC differs between lanes that are on; or some lanes of the wave are on and some
    /// off, where EXEC is tested.
    pub divergent: u64,
}

/// What waves did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Workgroups.
    pub groups: u64,
    /// Instructions by class; a VOPD pair is one.
    pub classes: BTreeMap<Class, u64>,
    /// Instructions by name; the halves of a VOPD pair count each on its own, as `v_dual_...`.
    pub opcodes: BTreeMap<String, u64>,
    /// Times that the vector ALU takes 32 lanes: two for an instruction of a wave64.
    pub valu_slots: u64,
    /// Clocks that the vector ALU of a SIMD is taken by these at least. A model: see `cost`.
    pub valu_clocks: u64,
    /// Lanes that were on, summed over vector instructions (ALU and memory).
    pub lanes_active: u64,
    /// Lanes of the wave, summed likewise.
    pub lanes_issued: u64,
    /// Vector instructions with some lanes on and some off.
    pub partly_active: u64,
    /// Vector instructions with no lane on.
    pub idle: u64,
    /// Arithmetic.
    pub work: Work,
    /// Branches.
    pub branches: Branches,
    /// Accesses to LDS.
    pub lds: Traffic,
    /// Accesses of lanes to global memory.
    pub global: Traffic,
    /// Accesses to scratch.
    pub scratch: Traffic,
    /// Scalar loads.
    pub scalar: Traffic,
    /// Banks of LDS.
    pub banks: Banks,
    /// Lines of global memory.
    pub lines: Lines,
}

impl Stats {
    /// Adds what others did.
    pub fn merge(&mut self, other: &Self) {
        for (class, count) in &other.classes {
            *self.classes.entry(*class).or_default() += count;
        }
        for (name, count) in &other.opcodes {
            // Names are as a rule there already.
            if let Some(sum) = self.opcodes.get_mut(name) {
                *sum += count;
            } else {
                self.opcodes.insert(name.clone(), *count);
            }
        }
        self.groups += other.groups;
        self.valu_slots += other.valu_slots;
        self.valu_clocks += other.valu_clocks;
        self.lanes_active += other.lanes_active;
        self.lanes_issued += other.lanes_issued;
        self.partly_active += other.partly_active;
        self.idle += other.idle;
        self.work.flops += other.work.flops;
        self.work.flops_issued += other.work.flops_issued;
        self.work.dot_ops += other.work.dot_ops;
        self.work.dot_ops_issued += other.work.dot_ops_issued;
        self.branches.conditional += other.branches.conditional;
        self.branches.taken += other.branches.taken;
        self.branches.vector += other.branches.vector;
        self.branches.divergent += other.branches.divergent;
        self.lds.merge(&other.lds);
        self.global.merge(&other.global);
        self.scratch.merge(&other.scratch);
        self.scalar.merge(&other.scalar);
        self.banks.merge(&other.banks);
        self.lines.merge(&other.lines);
    }

    /// Instructions of a class.
    #[must_use]
    pub fn class(&self, class: Class) -> u64 {
        self.classes.get(&class).copied().unwrap_or(0)
    }

    /// All instructions.
    #[must_use]
    pub fn instructions(&self) -> u64 {
        self.classes.values().sum()
    }

    /// Lanes that were on in a vector instruction, on average; 0 without any.
    #[must_use]
    pub fn active_share(&self) -> f64 {
        share(self.lanes_active, self.lanes_issued)
    }

    /// Of the vector ALU's instructions, those that are two.
    #[must_use]
    pub fn dual_share(&self) -> f64 {
        let valu = [Class::Valu, Class::ValuF64, Class::Trans, Class::Wmma].map(|class| self.class(class));
        let dual = self.class(Class::Vopd);
        share(dual, dual + valu.iter().sum::<u64>())
    }
}

/// A part of a whole; 0 of nothing.
#[allow(clippy::cast_precision_loss)] // shown with a few digits
fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 } // CAST: as above
}
