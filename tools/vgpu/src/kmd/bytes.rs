//! The argument block of an ioctl, read and written by the offsets of the kernel's header.

/// A block of bytes, little endian. What lies outside of it reads as zero and is not written: handlers use offsets of
/// the kernel's own structure, and the block is never shorter than that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Block(pub(crate) Vec<u8>);

impl Block {
    pub(crate) fn zeroed(size: usize) -> Self {
        Self(vec![0; size])
    }

    fn get<const N: usize>(&self, at: usize) -> [u8; N] {
        self.0.get(at..).and_then(<[u8]>::first_chunk).copied().unwrap_or([0; N])
    }

    pub(crate) fn u32(&self, at: usize) -> u32 {
        u32::from_le_bytes(self.get(at))
    }

    pub(crate) fn i32(&self, at: usize) -> i32 {
        i32::from_le_bytes(self.get(at))
    }

    pub(crate) fn u64(&self, at: usize) -> u64 {
        u64::from_le_bytes(self.get(at))
    }

    pub(crate) fn put(&mut self, at: usize, bytes: &[u8]) {
        if let Some(to) = self.0.get_mut(at..).and_then(|rest| rest.get_mut(..bytes.len())) {
            to.copy_from_slice(bytes);
        }
    }

    pub(crate) fn put_u32(&mut self, at: usize, value: u32) {
        self.put(at, &value.to_le_bytes());
    }

    pub(crate) fn put_u64(&mut self, at: usize, value: u64) {
        self.put(at, &value.to_le_bytes());
    }

    /// Zeroes the first `size` bytes, as handlers do before they write the answer over the question.
    pub(crate) fn clear(&mut self, size: usize) {
        self.0.iter_mut().take(size).for_each(|byte| *byte = 0);
    }
}
