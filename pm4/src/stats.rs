//! What a stream is made of, counted.

use alloc::collections::BTreeMap;

use crate::decode::walk::Step;
use crate::decode::{Item, ItemKind};
use crate::opcode::Opcode;
use crate::state::{Dispatch, RegisterState};

/// Counts over one or more streams.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Streams that were entered.
    pub streams: usize,
    /// Streams that are called and were not followed.
    pub not_followed: usize,
    /// Dwords of all streams.
    pub dwords: usize,
    /// Packets and their dwords, by opcode.
    pub packets: BTreeMap<Opcode, Count>,
    /// Dwords of padding: NOPs and type-2 fillers.
    pub padding_dwords: usize,
    /// Dwords that are no packet.
    pub stray_dwords: usize,
    /// Compute dispatches.
    pub dispatches: usize,
    /// Registers set.
    pub register_writes: usize,
    /// Writes that changed nothing, by the register's absolute dword offset.
    pub redundant_by_register: BTreeMap<u32, usize>,
    state: RegisterState,
}

/// How many packets, and how long they are together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Packets.
    pub packets: usize,
    /// Their dwords, headers included.
    pub dwords: usize,
}

impl Stats {
    /// Counts one step of a walk.
    pub fn step(&mut self, step: &Step<'_>) {
        match step {
            Step::Enter { words, .. } => {
                self.streams += 1;
                self.dwords += words.len();
            }
            Step::Item { item, .. } => self.item(item),
            Step::Dead { words, .. } => self.stray_dwords += words.len(),
            Step::NotFollowed { .. } => self.not_followed += 1,
            Step::Leave { .. } => {}
        }
    }

    fn item(&mut self, item: &Item<'_>) {
        let (header, packet) = match &item.kind {
            ItemKind::Packet { header, packet } => (header, packet),
            ItemKind::Filler => {
                self.padding_dwords += 1;
                return;
            }
            ItemKind::Stray(_) => {
                self.stray_dwords += item.words.len();
                return;
            }
        };
        let count = self.packets.entry(header.opcode()).or_default();
        count.packets += 1;
        count.dwords += item.words.len();
        if header.opcode() == Opcode::NOP {
            self.padding_dwords += item.words.len();
        }
        let (writes, redundant) = (&mut self.register_writes, &mut self.redundant_by_register);
        self.state.apply_each(packet, |write, changed| {
            *writes += 1;
            if !changed {
                *redundant.entry(write.register.dwords()).or_default() += 1;
            }
        });
        self.dispatches += usize::from(Dispatch::of(packet).is_some());
    }

    /// Writes that set a register to the value that it held already.
    pub fn redundant_writes(&self) -> usize {
        self.redundant_by_register.values().sum()
    }

    /// Packets of all opcodes.
    pub fn packet_count(&self) -> usize {
        self.packets.values().map(|count| count.packets).sum()
    }
}
