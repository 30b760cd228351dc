//! Cache-line aligned f32 memory.
#![allow(unsafe_code)]

use crate::backend::BackendError;

/// One cache line of floats.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
struct Line([f32; 16]);

/// Zeroed, 64-byte aligned floats, allocated fallibly.
#[derive(Debug)]
pub(super) struct AlignedBuffer {
    memory: Memory,
    len: usize,
}

/// What holds the floats.
#[derive(Debug)]
enum Memory {
    Lines(Vec<Line>),
    /// From byte `start` on.
    #[cfg(target_os = "linux")]
    Pages {
        map: memmap2::MmapMut,
        start: usize,
    },
}

/// Bytes of a huge page on x86-64 and most others.
#[cfg(target_os = "linux")]
const HUGE_PAGE: usize = 2 << 20;

impl Default for AlignedBuffer {
    fn default() -> Self {
        Self { memory: Memory::Lines(Vec::new()), len: 0 }
    }
}

impl AlignedBuffer {
    /// `len` zeros.
    pub(super) fn zeroed(len: usize, what: &'static str) -> Result<Self, BackendError> {
        #[cfg(target_os = "linux")]
        if let Some(memory) = Memory::huge(len) {
            return Ok(Self { memory, len });
        }
        let mut lines = Vec::new();
        let count = len.div_ceil(16);
        let out_of_memory = |_| BackendError::OutOfMemory { bytes: len.saturating_mul(size_of::<f32>()), what };
        lines.try_reserve_exact(count).map_err(out_of_memory)?;
        lines.resize(count, Line([0.0; 16]));
        Ok(Self { memory: Memory::Lines(lines), len })
    }

    pub(super) fn as_slice(&self) -> &[f32] {
        match &self.memory {
            // SAFETY: `Line` is 16 floats without padding, so `lines` holds `16 * lines.len() >= len` initialised floats in
            // one allocation that `self` borrows.
            Memory::Lines(lines) => unsafe { std::slice::from_raw_parts(lines.as_ptr().cast(), self.len) },
            // SAFETY: `huge` mapped `start` + 4 `len` bytes, and `start` makes the address a multiple of a page. They are
            // zeros or what was written since, both of which are floats; the mapping is private and `self` borrows it.
            #[cfg(target_os = "linux")]
            Memory::Pages { map, start } => unsafe {
                std::slice::from_raw_parts(map[*start..].as_ptr().cast(), self.len)
            },
        }
    }

    pub(super) fn as_mut_slice(&mut self) -> &mut [f32] {
        match &mut self.memory {
            // SAFETY: as in `as_slice`, and `self` is borrowed exclusively.
            Memory::Lines(lines) => unsafe { std::slice::from_raw_parts_mut(lines.as_mut_ptr().cast(), self.len) },
            // SAFETY: likewise.
            #[cfg(target_os = "linux")]
            Memory::Pages { map, start } => unsafe {
                std::slice::from_raw_parts_mut(map[*start..].as_mut_ptr().cast(), self.len)
            },
        }
    }
}

#[cfg(target_os = "linux")]
impl Memory {
    /// Memory that the kernel backs with huge pages if it can: weights that are read once a run, and slabs that are read
    /// far apart, would otherwise spend their time on page tables. `None` for less than a huge page, and where the
    /// kernel gives none.
    fn huge(len: usize) -> Option<Self> {
        let bytes = len.checked_mul(size_of::<f32>()).filter(|bytes| *bytes >= HUGE_PAGE)?;
        let map = memmap2::MmapMut::map_anon(bytes.checked_add(HUGE_PAGE)?).ok()?;
        let start = map.as_ptr().align_offset(HUGE_PAGE);
        // Only advice: without huge pages the mapping works all the same.
        let _ = map.advise_range(memmap2::Advice::HugePage, start, bytes);
        (start < HUGE_PAGE).then_some(Self::Pages { map, start })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a panic is how a test fails

    use super::*;

    #[test]
    fn buffers_of_every_size_are_aligned_zeros_that_can_be_written() {
        for len in [0, 1, 17, 4096, (1 << 19) - 1, 1 << 19, (1 << 20) + 3] {
            let mut buffer = AlignedBuffer::zeroed(len, "a test").unwrap();
            assert_eq!(buffer.as_slice().len(), len);
            assert!(buffer.as_slice().iter().all(|x| *x == 0.0));
            assert!(len == 0 || buffer.as_slice().as_ptr().addr().is_multiple_of(64));
            buffer.as_mut_slice().fill(1.5);
            assert_eq!(buffer.as_slice().iter().filter(|x| **x == 1.5).count(), len);
        }
        assert!(AlignedBuffer::zeroed(usize::MAX / 8, "a test").is_err());
    }
}
