//! Scratch and packed operands.

use crate::backend::BackendError;
use crate::memory::Buffer;

/// Zeroed, 64-byte aligned floats.
#[derive(Debug)]
pub(super) struct AlignedBuffer(Buffer<f32>);

impl AlignedBuffer {
    /// `len` zeros; `what` names them where memory runs out.
    pub(super) fn zeroed(len: usize, what: &'static str) -> Result<Self, BackendError> {
        let out_of_memory = |_| BackendError::OutOfMemory { bytes: len.saturating_mul(size_of::<f32>()), what };
        Buffer::zeroed(len).map(Self).map_err(out_of_memory)
    }

    pub(super) fn as_slice(&self) -> &[f32] {
        &self.0
    }

    pub(super) fn as_mut_slice(&mut self) -> &mut [f32] {
        &mut self.0
    }
}
