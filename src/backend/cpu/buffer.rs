//! Scratch and packed operands.

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
