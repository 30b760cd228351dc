//! Who has which GPU addresses. Pure bookkeeping: nothing here calls the kernel.

use super::{GPU_PAGE_BYTES, GpuVa};
use std::collections::BTreeMap;

/// Fragments of the page table that are worth aligning to, largest first: of this size, and of the next.
const LARGE_FRAGMENT_BYTES: u64 = 2 << 20;
const SMALL_FRAGMENT_BYTES: u64 = 64 << 10;
/// Left free after each range, so that a kernel that runs past the end of a buffer faults.
const GUARD_BYTES: u64 = 64 << 10;

/// Addresses that belong together: `start`, and `bytes` from there, with the guard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::amdgpu) struct VaRange {
    /// First address.
    pub(in crate::amdgpu) start: GpuVa,
    /// Bytes, a multiple of the GPU's page.
    pub(in crate::amdgpu) bytes: u64,
}

impl VaRange {
    /// The address after the last.
    pub(in crate::amdgpu) const fn end(self) -> u64 {
        self.start.get() + self.bytes
    }
}

/// Free addresses of an arena, first fit.
#[derive(Debug)]
pub(in crate::amdgpu) struct VaAllocator {
    /// End of each free range by its start. Neighbours are always joined.
    free: BTreeMap<u64, u64>,
    /// Least alignment, bytes.
    alignment: u64,
}

impl VaAllocator {
    /// All of `start..end` is free. `alignment` in bytes is the least that ranges get; other than powers of two above
    /// the GPU's page are taken up to the next one.
    pub(in crate::amdgpu) fn new(start: u64, end: u64, alignment: u64) -> Self {
        let alignment = alignment.max(GPU_PAGE_BYTES).checked_next_power_of_two().unwrap_or(LARGE_FRAGMENT_BYTES);
        let free = if start < end { BTreeMap::from([(start, end)]) } else { BTreeMap::new() };
        Self { free, alignment }
    }

    /// Addresses for `bytes` bytes, aligned to the fragment that the size fills, or `None` if there are none.
    pub(in crate::amdgpu) fn allocate(&mut self, bytes: u64) -> Option<VaRange> {
        let alignment = self.alignment.max(match bytes {
            LARGE_FRAGMENT_BYTES.. => LARGE_FRAGMENT_BYTES,
            SMALL_FRAGMENT_BYTES.. => SMALL_FRAGMENT_BYTES,
            _ => GPU_PAGE_BYTES,
        });
        if bytes == 0 {
            return None;
        }
        let bytes = bytes.checked_next_multiple_of(GPU_PAGE_BYTES)?.checked_add(GUARD_BYTES)?;
        let fit = |(&from, &to): (&u64, &u64)| {
            let start = from.checked_next_multiple_of(alignment)?;
            let end = start.checked_add(bytes)?;
            (end <= to).then_some((from, to, start, end))
        };
        let (from, to, start, end) = self.free.iter().find_map(fit)?;
        self.free.remove(&from);
        if from < start {
            self.free.insert(from, start);
        }
        if end < to {
            self.free.insert(end, to);
        }
        Some(VaRange { start: GpuVa::new(start), bytes })
    }

    /// Gives back what [`Self::allocate`] gave. A range that is free already, in part or whole, changes nothing.
    pub(in crate::amdgpu) fn free(&mut self, range: VaRange) {
        let (mut start, mut end) = (range.start.get(), range.end());
        if self.free.range(..end).next_back().is_some_and(|(_, &to)| to > start) {
            return;
        }
        if let Some((&from, &to)) = self.free.range(..=start).next_back()
            && to == start
        {
            self.free.remove(&from);
            start = from;
        }
        if let Some(to) = self.free.remove(&end) {
            end = to;
        }
        self.free.insert(start, end);
    }

    /// Bytes that are free.
    #[cfg(test)]
    fn free_bytes(&self) -> u64 {
        self.free.iter().map(|(from, to)| to - from).sum()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const START: u64 = 1 << 32;
    const END: u64 = START + (64 << 20);

    #[test]
    fn sizes_choose_their_alignment() {
        let mut allocator = VaAllocator::new(START + 4096, 1 << 47, 4096);
        let at = |range: Option<VaRange>| range.unwrap().start.get();
        assert_eq!(at(allocator.allocate(4096)), START + 0x1000);
        assert_eq!(at(allocator.allocate(1 << 16)), START + 0x2_0000);
        assert_eq!(at(allocator.allocate(5 << 20)), START + 0x20_0000);
        // A small one fits into the hole before the large one.
        assert_eq!(at(allocator.allocate(8192)), START + 0x4_0000);
        let coarse = VaAllocator::new(START + 4096, 1 << 47, 1 << 16).allocate(1);
        assert_eq!(at(coarse), START + (1 << 16));
    }

    #[test]
    fn a_full_arena_says_so_and_recovers() {
        let mut allocator = VaAllocator::new(START, START + (4 << 20), 4096);
        let all = allocator.allocate((4 << 20) - GUARD_BYTES).unwrap();
        assert_eq!(allocator.allocate(4096), None);
        allocator.free(all);
        assert_eq!(allocator.allocate((4 << 20) - GUARD_BYTES), Some(all));
        assert_eq!(allocator.allocate(0), None);
        assert_eq!(allocator.allocate(u64::MAX), None);
        assert_eq!(VaAllocator::new(9, 9, 0).allocate(1), None);
    }

    #[test]
    fn freeing_twice_changes_nothing() {
        let mut allocator = VaAllocator::new(START, END, 4096);
        let range = allocator.allocate(1 << 20).unwrap();
        let _other = allocator.allocate(1 << 20).unwrap();
        allocator.free(range);
        let before = allocator.free_bytes();
        allocator.free(range);
        assert_eq!(allocator.free_bytes(), before);
    }

    proptest! {
        /// Against a list of what is out: ranges lie in the arena, are aligned, never overlap, and once all are back the
        /// arena is one piece again.
        #[test]
        fn ranges_never_overlap_and_come_back(steps in prop::collection::vec((any::<bool>(), 1_u64..6 << 20, any::<prop::sample::Index>()), 1..200)) {
            let mut allocator = VaAllocator::new(START, END, 4096);
            let mut out: Vec<VaRange> = Vec::new();
            for (give_back, bytes, which) in steps {
                if give_back && !out.is_empty() {
                    allocator.free(out.swap_remove(which.index(out.len())));
                } else if let Some(range) = allocator.allocate(bytes) {
                    let start = range.start.get();
                    prop_assert!(start >= START && range.end() <= END && range.bytes >= bytes + 4096);
                    let fragment = if bytes >= 2 << 20 { 2 << 20 } else if bytes >= 1 << 16 { 1 << 16 } else { 4096 };
                    prop_assert_eq!(start % fragment, 0);
                    prop_assert!(out.iter().all(|other| range.end() <= other.start.get() || other.end() <= start));
                    out.push(range);
                }
                let taken: u64 = out.iter().map(|range| range.bytes).sum();
                prop_assert_eq!(allocator.free_bytes() + taken, END - START);
            }
            out.into_iter().for_each(|range| allocator.free(range));
            prop_assert_eq!(allocator.free, BTreeMap::from([(START, END)]));
        }
    }
}
