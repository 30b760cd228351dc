//! A matrix for each product of a tile: transformed inputs, or sums.
#![allow(unsafe_code)]

use crate::backend::BackendError;
use crate::backend::cpu::buffer::AlignedBuffer;

/// Floats of a cache line.
const LINE: usize = 16;
/// Rows this many floats apart fall into few sets of a first-level cache.
const COLLIDING_PITCH: usize = 512;

/// How `count` matrices of `rows x columns` lie.
///
/// A tile writes or reads the same place of every matrix, so their distance is an odd count of cache lines: no two of
/// them then share a set of a cache with a power of two of sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slabs {
    pub count: usize,
    pub rows: usize,
    /// Floats between rows.
    pub row: usize,
    /// Floats between matrices.
    pub slab: usize,
}

impl Slabs {
    /// `columns` is a multiple of the vector's lanes.
    pub(super) fn new(count: usize, rows: usize, columns: usize) -> Self {
        let row = if columns.is_multiple_of(COLLIDING_PITCH) { columns + LINE } else { columns };
        let lines = rows.saturating_mul(row).div_ceil(LINE) | 1;
        Self { count, rows, row, slab: lines.saturating_mul(LINE) }
    }

    /// Floats of all.
    pub(super) fn len(&self) -> usize {
        self.count.saturating_mul(self.slab)
    }
}

/// Slabs that several threads fill, each its own rows, and then all read.
#[derive(Debug)]
pub(super) struct SharedSlabs {
    /// Into `_memory`.
    data: *mut f32,
    len: usize,
    _memory: AlignedBuffer,
}

// SAFETY: `data` points into memory that `self` owns and reaches only through it. `pointer` hands it out under the promise
// that threads write disjoint rows and read only what was written before their phase began.
unsafe impl Sync for SharedSlabs {}
// SAFETY: as above; nothing in it belongs to a thread.
unsafe impl Send for SharedSlabs {}

impl SharedSlabs {
    pub(super) fn new(slabs: &Slabs) -> Result<Self, BackendError> {
        let mut memory = AlignedBuffer::zeroed(slabs.len(), "transformed input")?;
        let floats = memory.as_mut_slice();
        let (data, len) = (floats.as_mut_ptr(), floats.len());
        Ok(Self { data, len, _memory: memory })
    }

    /// The first float, from which `len` may be used as the type says.
    pub(super) fn pointer(&self) -> (*mut f32, usize) {
        (self.data, self.len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matrices_start_in_different_sets() {
        for (rows, columns) in [(14, 64), (28, 256), (16, 512), (1, 16), (64, 1024), (49, 16)] {
            let slabs = Slabs::new(36, rows, columns);
            assert!(slabs.row >= columns && slabs.slab >= rows * slabs.row && slabs.slab.is_multiple_of(LINE));
            let mut sets: Vec<_> = (0..36).map(|i| i * slabs.slab / LINE % 64).collect();
            sets.sort_unstable();
            sets.dedup();
            assert_eq!(sets.len(), 36, "{rows} x {columns}");
        }
    }
}
