//! Counts of accesses to memory.

use crate::shader::{AccessKind, MemoryAccess};

/// Accesses of lanes and their bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Loads.
    pub loads: u64,
    /// Bytes loaded.
    pub load_bytes: u64,
    /// Stores.
    pub stores: u64,
    /// Bytes stored.
    pub store_bytes: u64,
    /// Atomics.
    pub atomics: u64,
    /// Bytes that atomics work on.
    pub atomic_bytes: u64,
}

impl Traffic {
    pub(super) fn add(&mut self, access: &MemoryAccess) {
        let (count, bytes) = match access.kind {
            AccessKind::Load => (&mut self.loads, &mut self.load_bytes),
            AccessKind::Store => (&mut self.stores, &mut self.store_bytes),
            AccessKind::Atomic => (&mut self.atomics, &mut self.atomic_bytes),
        };
        *count += 1;
        *bytes += u64::from(access.bytes);
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.loads += other.loads;
        self.load_bytes += other.load_bytes;
        self.stores += other.stores;
        self.store_bytes += other.store_bytes;
        self.atomics += other.atomics;
        self.atomic_bytes += other.atomic_bytes;
    }
}

/// How instructions fall on the banks of LDS: 32 banks of a dword each, which serve one dword a clock.
/// Source: guide, section 12.1.
///
/// A model of one instruction at a time. Lanes are served in their order, as many at once as have 128 bytes; lanes that
/// load the same dword share it, atomics don't.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Banks {
    /// Instructions with an access.
    pub instructions: u64,
    /// Those that take longer than they had to.
    pub conflicting: u64,
    /// Clocks of all.
    pub clocks: u64,
    /// Clocks by which they take longer.
    pub conflict_clocks: u64,
}

const BANKS: usize = 32;

impl Banks {
    /// Adds the accesses of one instruction to LDS, in the order of lanes.
    pub(super) fn add(&mut self, accesses: &[MemoryAccess]) {
        // The lane's first accesses, then its second ones, where the instruction has two addresses.
        let mut sets: [Vec<&MemoryAccess>; 2] = [Vec::new(), Vec::new()];
        for access in accesses {
            let [first, second] = &mut sets;
            let repeated = first.last().is_some_and(|last| last.lane == access.lane);
            if repeated { second.push(access) } else { first.push(access) }
        }
        let (mut clocks, mut conflicts) = (0, 0);
        for set in sets {
            let Some(bytes) = set.first().map(|access| access.bytes) else { continue };
            let lanes = 32 / bytes.div_ceil(4).next_power_of_two().clamp(1, 32);
            for group in set.chunk_by(|a, b| a.lane / lanes == b.lane / lanes) {
                let took = clocks_of(group);
                clocks += took;
                conflicts += took - 1;
            }
        }
        self.instructions += u64::from(clocks != 0);
        self.conflicting += u64::from(conflicts != 0);
        self.clocks += clocks;
        self.conflict_clocks += conflicts;
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.instructions += other.instructions;
        self.conflicting += other.conflicting;
        self.clocks += other.clocks;
        self.conflict_clocks += other.conflict_clocks;
    }
}

/// Clocks for lanes that are served at once: as many as the busiest bank has dwords.
fn clocks_of(group: &[&MemoryAccess]) -> u64 {
    let mut dwords: Vec<u64> = Vec::with_capacity(BANKS);
    let mut shared = true;
    for access in group {
        shared &= access.kind != AccessKind::Atomic;
        let last = access.address.saturating_add(u64::from(access.bytes.max(1)) - 1);
        dwords.extend(access.address / 4..=last / 4);
    }
    if shared {
        dwords.sort_unstable();
        dwords.dedup();
    }
    let mut banks = [0u64; BANKS];
    for dword in dwords {
        // CAST: below 32
        if let Some(bank) = banks.get_mut((dword % BANKS as u64) as usize) {
            *bank += 1;
        }
    }
    banks.into_iter().max().unwrap_or(0).max(1)
}

/// How instructions fall on the lines of global memory, 128 bytes each.
/// Source: Linux `kfd_crat.c`, `gc_tcp_cache_line_size`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lines {
    /// Vector instructions with an access.
    pub instructions: u64,
    /// Lines that they touch, summed; a line counts once for an instruction.
    pub touched: u64,
    /// Lines that their bytes need at least: distinct bytes, packed.
    pub needed: u64,
}

/// Bytes of a line.
pub(super) const LINE: u64 = 128;

impl Lines {
    /// Adds the accesses of one instruction to global memory.
    pub(super) fn add(&mut self, accesses: &[MemoryAccess]) {
        if accesses.is_empty() {
            return;
        }
        let mut ranges: Vec<(u64, u64)> = accesses
            .iter()
            .map(|access| (access.address, access.address.saturating_add(u64::from(access.bytes.max(1)))))
            .collect();
        ranges.sort_unstable();
        let (mut bytes, mut lines) = (0, 0);
        let (mut behind, mut next_line) = (0, 0);
        for (first, end) in ranges {
            bytes += end.max(behind) - first.max(behind);
            behind = behind.max(end);
            let (first, last) = (first / LINE, (end - 1) / LINE);
            lines += (last + 1).saturating_sub(first.max(next_line));
            next_line = next_line.max(last + 1);
        }
        self.instructions += 1;
        self.touched += lines;
        self.needed += bytes.div_ceil(LINE);
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.instructions += other.instructions;
        self.touched += other.touched;
        self.needed += other.needed;
    }
}
