//! Cache-line aligned f32 memory.
#![allow(unsafe_code)]

use crate::backend::BackendError;

/// One cache line of floats.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
struct Line([f32; 16]);

/// Zeroed, 64-byte aligned floats, allocated fallibly.
#[derive(Debug, Default)]
pub(super) struct AlignedBuffer {
    lines: Vec<Line>,
    len: usize,
}

impl AlignedBuffer {
    /// `len` zeros.
    pub(super) fn zeroed(len: usize, what: &'static str) -> Result<Self, BackendError> {
        let mut lines = Vec::new();
        let count = len.div_ceil(16);
        let out_of_memory = |_| BackendError::OutOfMemory { bytes: len.saturating_mul(size_of::<f32>()), what };
        lines.try_reserve_exact(count).map_err(out_of_memory)?;
        lines.resize(count, Line([0.0; 16]));
        Ok(Self { lines, len })
    }

    pub(super) fn as_slice(&self) -> &[f32] {
        // SAFETY: `Line` is 16 floats without padding, so `lines` holds `16 * lines.len() >= len` initialised floats
        // in one allocation that `self` borrows.
        unsafe { std::slice::from_raw_parts(self.lines.as_ptr().cast(), self.len) }
    }

    pub(super) fn as_mut_slice(&mut self) -> &mut [f32] {
        // SAFETY: as in `as_slice`, and `self` is borrowed exclusively.
        unsafe { std::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast(), self.len) }
    }
}
