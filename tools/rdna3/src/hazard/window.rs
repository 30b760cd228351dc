//! VALU instructions of the recent past, by how many instructions lie between.

use crate::operand::Reg;
use crate::registers::Vgprs;

/// VGPRs that instructions at one distance wrote, and the first of those instructions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Slot {
    pub(super) set: Vgprs,
    pub(super) pc: u32,
}

impl Slot {
    pub(super) fn join(&mut self, other: Self) -> bool {
        if other.set.is_empty() {
            return false;
        }
        let pc = if self.set.is_empty() { other.pc } else { self.pc.min(other.pc) };
        let moved = pc != self.pc;
        self.pc = pc;
        self.set.join(other.set) | moved
    }

    /// Forgets registers that were written anew.
    pub(super) fn forget(&mut self, set: Vgprs) {
        self.set = self.set.minus(set);
        if self.set.is_empty() {
            self.pc = 0;
        }
    }

    /// The lowest register in common, and the instruction.
    pub(super) fn hit(&self, set: Vgprs) -> Option<(Reg, u32)> {
        self.set.and(set).first().map(|reg| (reg, self.pc))
    }
}

/// Results of transcendental instructions, by VALU (0 to 5) and by transcendental instructions (0 and 1) in between.
///
/// Source: LLVM `GCNHazardRecognizer.cpp`, `fixVALUTransUseHazard`: the hazard is over after more than 5 VALU or more
/// than 1 transcendental instructions.
#[derive(Clone, Debug, Default)]
pub(super) struct Transcendental {
    /// Slots that are not empty, bit `6 * transcendental + valu`.
    live: u16,
    slots: [Slot; 2 * Self::VALU],
}

impl Transcendental {
    const VALU: usize = 6;

    pub(super) fn clear(&mut self) {
        if self.live != 0 {
            *self = Self::default();
        }
    }

    pub(super) fn check(&self, reads: Vgprs) -> Option<(Reg, u32)> {
        if self.live == 0 {
            return None;
        }
        self.slots.iter().find_map(|slot| slot.hit(reads))
    }

    /// Counts a VALU instruction, which is transcendental if it has a result here.
    pub(super) fn advance(&mut self, result: Option<Slot>) {
        if self.live != 0 {
            self.age(result.is_some());
        }
        if let (Some(slot), Some(place)) = (result, self.slots.first_mut()) {
            *place = slot;
            self.live |= 1;
        }
    }

    fn age(&mut self, transcendental: bool) {
        let old = std::mem::take(self);
        for (at, slot) in old.slots.into_iter().enumerate().filter(|(at, _)| old.live >> at & 1 != 0) {
            let (outer, inner) = (at / Self::VALU + usize::from(transcendental), at % Self::VALU + 1);
            let to = outer * Self::VALU + inner;
            if let (true, true, Some(place)) = (outer < 2, inner < Self::VALU, self.slots.get_mut(to)) {
                *place = slot;
                self.live |= 1 << to;
            }
        }
    }

    pub(super) fn join(&mut self, other: &Self) -> bool {
        self.live |= other.live;
        let pairs = self.slots.iter_mut().zip(other.slots);
        pairs.fold(false, |changed, (slot, other)| slot.join(other) | changed)
    }
}

/// VGPRs that the last 15 VALU instructions use.
///
/// Source: LLVM `GCNHazardRecognizer.cpp`, `fixLdsDirectVALUHazard`: 15 VALU instructions are looked at, which is what
/// `wait_vdst` can hold; with a transcendental instruction among them the wait must be 0.
#[derive(Clone, Debug)]
pub(super) struct Used {
    slots: [Slot; Self::LEN],
    /// Transcendental instructions, bit 0 for the last one.
    transcendental: u16,
    /// Place of the last instruction.
    head: u8,
    empty: bool,
}

impl Default for Used {
    fn default() -> Self {
        Self { slots: [Slot::default(); Self::LEN], transcendental: 0, head: 0, empty: true }
    }
}

impl Used {
    const LEN: usize = 15;

    pub(super) fn clear(&mut self) {
        if !self.empty {
            *self = Self::default();
        }
    }

    pub(super) fn push(&mut self, slot: Slot, transcendental: bool) {
        self.head = self.head.checked_sub(1).unwrap_or(Self::LEN as u8 - 1); // CAST: 15
        if let Some(place) = self.slots.get_mut(usize::from(self.head)) {
            *place = slot;
        }
        self.transcendental = self.transcendental << 1 | u16::from(transcendental);
        self.empty = false;
    }

    /// The most that `wait_vdst` may be for a load into `set`, with the register and the instruction that say so.
    pub(super) fn limit(&self, set: Vgprs) -> Option<(u8, Reg, u32)> {
        if self.empty {
            return None;
        }
        let ages = (0..Self::LEN as u8).map(|age| (age, (usize::from(self.head) + usize::from(age)) % Self::LEN)); // CAST: 15
        let mut slots = ages.filter_map(|(age, at)| Some((age, self.slots.get(at)?)));
        slots.find_map(|(age, slot)| {
            let (reg, pc) = slot.hit(set)?;
            let mixed = self.transcendental & ((2 << age) - 1) != 0;
            Some((if mixed { 0 } else { age }, reg, pc))
        })
    }

    /// Puts the last instruction at place 0.
    fn turn(&mut self) {
        self.slots.rotate_left(usize::from(self.head));
        self.head = 0;
        self.transcendental &= 0x7fff;
    }

    pub(super) fn join(&mut self, other: &Self) -> bool {
        let mut other = other.clone();
        other.turn();
        self.turn();
        let before = self.transcendental;
        self.transcendental |= other.transcendental;
        self.empty &= other.empty;
        let pairs = self.slots.iter_mut().zip(other.slots);
        pairs.fold(before != self.transcendental, |changed, (slot, other)| slot.join(other) | changed)
    }
}
