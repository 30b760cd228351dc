//! Scratch and packed operands, and tables whose size the problem decides: all of them may find no memory.

use crate::backend::BackendError;
use crate::backend::cpu::threads::Team;
use crate::memory::{Buffer, HUGE_PAGE};

/// Zeroed, 64-byte aligned floats.
#[derive(Debug)]
pub(super) struct AlignedBuffer(Buffer<f32>);

impl AlignedBuffer {
    /// `len` zeros; `what` names them where memory runs out.
    pub(super) fn zeroed(len: usize, what: &'static str) -> Result<Self, BackendError> {
        let out_of_memory = |_| BackendError::OutOfMemory { bytes: len.saturating_mul(size_of::<f32>()), what };
        Buffer::zeroed(len).map(Self).map_err(out_of_memory)
    }

    /// Touches every huge page for the first time, each on one of `threads` threads: two that touched it together would both
    /// wait for the system to clear it.
    pub(super) fn touch(&mut self, threads: usize, team: &Team) {
        const PAGE: usize = HUGE_PAGE / size_of::<f32>();
        let floats = self.as_mut_slice();
        let share = floats.len().div_ceil(PAGE).div_ceil(threads).max(1) * PAGE;
        let shares = floats.chunks_mut(share).map(|share| share.chunks_mut(PAGE));
        team.take_all(threads, shares, || (), |(), page| page[0] = 0.0);
    }

    pub(super) fn as_slice(&self) -> &[f32] {
        &self.0
    }

    pub(super) fn as_mut_slice(&mut self) -> &mut [f32] {
        &mut self.0
    }
}

/// Room for `more` items in `table`; `what` names them where memory runs out.
pub(super) fn make_room<T>(table: &mut Vec<T>, more: usize, what: &'static str) -> Result<(), BackendError> {
    let out_of_memory = |_| BackendError::OutOfMemory { bytes: more.saturating_mul(size_of::<T>()), what };
    table.try_reserve(more).map_err(out_of_memory)
}

/// The `items`, of which there are `len`.
pub(super) fn table<T>(len: usize, items: impl Iterator<Item = T>, what: &'static str) -> Result<Vec<T>, BackendError> {
    let mut table = Vec::new();
    make_room(&mut table, len, what)?;
    table.extend(items);
    Ok(table)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_an_error() {
        let what = "whole numbers";
        let error = table(usize::MAX / 4, 0..9_u64, what);
        assert_eq!(error, Err(BackendError::OutOfMemory { bytes: usize::MAX, what }));
        let mut some = vec![1_u8; 4];
        let error = make_room(&mut some, usize::MAX - 2, what);
        assert_eq!(error, Err(BackendError::OutOfMemory { bytes: usize::MAX - 2, what }));
        assert_eq!(table(3, 4..7, what), Ok(vec![4, 5, 6]));
    }
}
