//! Memory that the CPU and the GPU share, seen from the CPU.
//!
//! Two rules. The GPU may write it at any time, so no Rust reference to its bytes ever exists: they are copied in and
//! out, or loaded and stored one atomic word at a time. And whatever is read from it is data from outside: nobody may
//! index or branch on it unchecked.

use super::bo::BufferObject;
use super::error::Error;
use memmap2::{MmapOptions, MmapRaw};
use nix::errno::Errno;
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// Bytes that a GPU may write at any time. Writes need `&mut`, so threads of this process can't race; where a buffer is
/// mapped twice, each mapping sees the other's writes as it sees the GPU's.
///
/// ```
/// let mut memory = sparkle::amdgpu::HostMemory::new(4096)?;
/// memory.write_at(16, &[1, 2, 3, 4])?;
/// assert_eq!(memory.load_u32(16)?, 0x0403_0201);
/// assert!(memory.load_u32(4096).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct SharedBytes {
    map: MmapRaw,
    /// Bytes that may be touched; the mapping has at least as many.
    len: usize,
}

impl fmt::Debug for SharedBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedBytes").field("len", &self.len).finish_non_exhaustive()
    }
}

impl SharedBytes {
    pub(super) fn new(map: MmapRaw) -> Self {
        Self { len: map.len(), map }
    }

    /// Bytes.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The first byte, for code that brings its own proof that it stays inside and doesn't make references.
    pub fn as_ptr(&self) -> *const u8 {
        self.map.as_ptr()
    }

    /// As [`Self::as_ptr`], for writing.
    pub fn as_mut_ptr(&mut self) -> *mut u8 {
        self.map.as_mut_ptr()
    }

    /// Copies `out.len()` bytes from `offset`. Slow for VRAM, whose reads aren't cached.
    ///
    /// # Errors
    /// [`Error::OutOfBounds`].
    pub fn read_at(&self, offset: usize, out: &mut [u8]) -> Result<(), Error> {
        self.check(offset, out.len())?;
        #[allow(unsafe_code)]
        // SAFETY: `offset + out.len() <= len`, just checked, and the mapping has at least `len` bytes and lives as long as
        // `self`. `out` is a borrowed slice of Rust's memory, and no reference to the mapping's bytes exists anywhere, so
        // the two can't overlap. A device that writes meanwhile gives mixed bytes, and every byte is a valid `u8`; a
        // thread of this process can't, as that takes `&mut self`.
        unsafe {
            self.map.as_ptr().add(offset).copy_to_nonoverlapping(out.as_mut_ptr(), out.len());
        }
        Ok(())
    }

    /// Copies `bytes` to `offset`.
    ///
    /// # Errors
    /// [`Error::OutOfBounds`].
    pub fn write_at(&mut self, offset: usize, bytes: &[u8]) -> Result<(), Error> {
        self.check(offset, bytes.len())?;
        #[allow(unsafe_code)]
        // SAFETY: as in `read_at`, and the mapping is writable: `MmapRaw` maps for reading and writing.
        unsafe {
            self.map.as_mut_ptr().add(offset).copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
        }
        Ok(())
    }

    /// Sets `bytes` bytes from `offset` to `value`.
    ///
    /// # Errors
    /// [`Error::OutOfBounds`].
    pub fn fill(&mut self, offset: usize, bytes: usize, value: u8) -> Result<(), Error> {
        self.check(offset, bytes)?;
        #[allow(unsafe_code)]
        // SAFETY: as in `write_at`.
        unsafe {
            self.map.as_mut_ptr().add(offset).write_bytes(value, bytes);
        }
        Ok(())
    }

    /// One dword, whole. What the GPU wrote before it, released, can be read after it.
    ///
    /// # Errors
    /// [`Error::OutOfBounds`], [`Error::Unaligned`].
    pub fn load_u32(&self, offset: usize) -> Result<u32, Error> {
        self.check_word(offset, 4)?;
        #[allow(unsafe_code)]
        // SAFETY: inside the mapping and aligned to 4, as mappings begin at a page; alive as long as `self`. The atomic
        // lives for this expression only. All other access from this process at the same time is atomic or a read: plain
        // writes take `&mut self`.
        let word = unsafe { AtomicU32::from_ptr(self.map.as_mut_ptr().add(offset).cast()) };
        Ok(word.load(Ordering::Acquire)) // ORDERING: pairs with the GPU's write-back before its store.
    }

    /// Eight bytes, whole. What the GPU wrote before them, released, can be read after them.
    ///
    /// # Errors
    /// [`Error::OutOfBounds`], [`Error::Unaligned`].
    pub fn load_u64(&self, offset: usize) -> Result<u64, Error> {
        self.check_word(offset, 8)?;
        #[allow(unsafe_code)]
        // SAFETY: as in `load_u32`, aligned to 8.
        let word = unsafe { AtomicU64::from_ptr(self.map.as_mut_ptr().add(offset).cast()) };
        Ok(word.load(Ordering::Acquire)) // ORDERING: as above.
    }

    /// Stores one dword, whole, after everything that was written before.
    ///
    /// # Errors
    /// [`Error::OutOfBounds`], [`Error::Unaligned`].
    pub fn store_u32(&mut self, offset: usize, value: u32) -> Result<(), Error> {
        self.check_word(offset, 4)?;
        #[allow(unsafe_code)]
        // SAFETY: as in `load_u32`.
        let word = unsafe { AtomicU32::from_ptr(self.map.as_mut_ptr().add(offset).cast()) };
        word.store(value, Ordering::Release); // ORDERING: for a GPU that polls this dword.
        Ok(())
    }

    /// Stores eight bytes, whole, after everything that was written before.
    ///
    /// # Errors
    /// [`Error::OutOfBounds`], [`Error::Unaligned`].
    pub fn store_u64(&mut self, offset: usize, value: u64) -> Result<(), Error> {
        self.check_word(offset, 8)?;
        #[allow(unsafe_code)]
        // SAFETY: as in `load_u32`, aligned to 8.
        let word = unsafe { AtomicU64::from_ptr(self.map.as_mut_ptr().add(offset).cast()) };
        word.store(value, Ordering::Release); // ORDERING: as above.
        Ok(())
    }

    fn check(&self, offset: usize, bytes: usize) -> Result<(), Error> {
        if offset.checked_add(bytes).is_some_and(|end| end <= self.len) {
            return Ok(());
        }
        // CAST: usize has at most 64 bits.
        Err(Error::OutOfBounds { offset: offset as u64, bytes: bytes as u64, len: self.len as u64 })
    }

    fn check_word(&self, offset: usize, bytes: usize) -> Result<(), Error> {
        self.check(offset, bytes)?;
        if offset.is_multiple_of(bytes) {
            return Ok(());
        }
        // CAST: as above.
        Err(Error::Unaligned { what: "offset", value: offset as u64, alignment: bytes as u64 })
    }
}

/// The CPU's view of a [`BufferObject`], which it keeps.
///
/// VRAM and write-combined GTT are fast to write in order and slow to read. Touching a page of VRAM makes the kernel move
/// the buffer to where the CPU reaches it; if that fails, the process gets SIGBUS.
#[derive(Debug)]
pub struct CpuMapping {
    bytes: SharedBytes,
    buffer: Arc<BufferObject>,
}

impl CpuMapping {
    pub(super) fn new(map: MmapRaw, buffer: Arc<BufferObject>) -> Self {
        Self { bytes: SharedBytes::new(map), buffer }
    }

    /// What is mapped.
    pub const fn buffer(&self) -> &Arc<BufferObject> {
        &self.buffer
    }
}

impl Deref for CpuMapping {
    type Target = SharedBytes;

    fn deref(&self) -> &SharedBytes {
        &self.bytes
    }
}

impl DerefMut for CpuMapping {
    fn deref_mut(&mut self) -> &mut SharedBytes {
        &mut self.bytes
    }
}

/// Whole pages of the process's own memory, zeroed, that a GPU can be given as they are.
#[derive(Debug)]
pub struct HostMemory {
    bytes: SharedBytes,
}

impl HostMemory {
    /// At least `bytes` bytes, rounded up to pages.
    ///
    /// # Errors
    /// What `mmap` failed with; `EINVAL` for none.
    pub fn new(bytes: usize) -> Result<Self, Errno> {
        let len = bytes.checked_next_multiple_of(page_size()).filter(|len| *len > 0).ok_or(Errno::EINVAL)?;
        let map = MmapOptions::new().len(len).map_anon().map_err(|error| super::node::errno_of(&error))?;
        Ok(Self { bytes: SharedBytes::new(map.into()) })
    }
}

impl Deref for HostMemory {
    type Target = SharedBytes;

    fn deref(&self) -> &SharedBytes {
        &self.bytes
    }
}

impl DerefMut for HostMemory {
    fn deref_mut(&mut self) -> &mut SharedBytes {
        &mut self.bytes
    }
}

/// Bytes of the CPU's page.
pub(super) fn page_size() -> usize {
    let size = nix::unistd::sysconf(nix::unistd::SysconfVar::PAGE_SIZE).ok().flatten();
    size.and_then(|size| usize::try_from(size).ok()).unwrap_or(4096)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn copies_and_words_arrive() {
        let mut memory = HostMemory::new(5000).unwrap();
        assert_eq!(memory.len() % page_size(), 0);
        memory.write_at(100, &[1, 2, 3, 4, 5]).unwrap();
        let mut out = [9; 7];
        memory.read_at(99, &mut out).unwrap();
        assert_eq!(out, [0, 1, 2, 3, 4, 5, 0]);
        assert_eq!(memory.load_u32(100).unwrap(), 0x0403_0201);
        memory.store_u64(104, 0x1122_3344_5566_7788).unwrap();
        assert_eq!(
            (memory.load_u64(104).unwrap(), memory.load_u32(108).unwrap()),
            (0x1122_3344_5566_7788, 0x1122_3344)
        );
        memory.store_u32(4, 7).unwrap();
        memory.fill(0, 4, 0xff).unwrap();
        assert_eq!(memory.load_u64(0).unwrap(), 0x7_ffff_ffff);
    }

    #[test]
    fn nothing_outside_and_nothing_crooked_is_touched() {
        let mut memory = HostMemory::new(1).unwrap();
        let len = memory.len();
        for (offset, bytes) in [(len, 1), (len - 1, 2), (usize::MAX, 1), (1, usize::MAX)] {
            let outside = memory.fill(offset, bytes, 0).unwrap_err();
            assert!(matches!(outside, Error::OutOfBounds { .. }), "{outside}");
        }
        assert!(memory.write_at(len, &[]).is_ok() && memory.read_at(len - 1, &mut [0; 2]).is_err());
        assert!(memory.write_at(len - 1, &[0; 2]).is_err());
        assert!(matches!(memory.load_u64(4), Err(Error::Unaligned { alignment: 8, .. })));
        assert!(memory.load_u32(2).is_err() && memory.store_u32(1, 0).is_err() && memory.store_u64(12, 0).is_err());
        assert!(memory.load_u64(len - 4).is_err() && memory.store_u32(len, 0).is_err());
        assert_eq!(HostMemory::new(0).unwrap_err(), Errno::EINVAL);
        assert!(HostMemory::new(usize::MAX).is_err());
    }
}
