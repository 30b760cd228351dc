//! Buffer objects.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use super::errno::Errno;
use super::fence::Reservation;
use super::heap::{Heap, Place};
use super::memory::Pages;
use super::sync::lock;
use super::user::UserMemory;

/// Creation flags. Source: Linux `include/uapi/drm/amdgpu_drm.h`, `AMDGPU_GEM_CREATE_*`.
pub(crate) mod create {
    pub(crate) const CPU_ACCESS_REQUIRED: u64 = 1 << 0;
    pub(crate) const NO_CPU_ACCESS: u64 = 1 << 1;
    pub(crate) const CPU_GTT_USWC: u64 = 1 << 2;
    pub(crate) const VRAM_CLEARED: u64 = 1 << 3;
    pub(crate) const VM_ALWAYS_VALID: u64 = 1 << 6;
    pub(crate) const EXPLICIT_SYNC: u64 = 1 << 7;
    pub(crate) const VRAM_WIPE_ON_RELEASE: u64 = 1 << 9;
    pub(crate) const ENCRYPTED: u64 = 1 << 10;
    pub(crate) const DISCARDABLE: u64 = 1 << 12;
    pub(crate) const COHERENT: u64 = 1 << 13;
    pub(crate) const UNCACHED: u64 = 1 << 14;
    pub(crate) const EXT_COHERENT: u64 = 1 << 15;
    pub(crate) const GFX12_DCC: u64 = 1 << 16;
}

/// What is in memory that nobody cleared.
pub(crate) const POISON: u32 = 0xdead_beef;

/// Tiling and other data that clients leave for each other.
#[derive(Clone, Debug, Default)]
pub(crate) struct Metadata {
    pub(crate) flags: u64,
    pub(crate) tiling: u64,
    pub(crate) data: Vec<u8>,
}

/// Pages of the client. They are copied to the object when a job is submitted, and what the job changed is copied back
/// before its fence signals, word by word: the client may be another process, whose pages cannot be shared.
pub(crate) struct UserPages {
    pub(crate) addr: u64,
    pub(crate) read_only: bool,
    pub(crate) address_space: u64,
    pub(crate) memory: Arc<dyn UserMemory>,
    copied: Mutex<Vec<u8>>,
}

impl std::fmt::Debug for UserPages {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UserPages")
            .field("addr", &self.addr)
            .field("read_only", &self.read_only)
            .finish_non_exhaustive()
    }
}

impl UserPages {
    pub(crate) fn new(addr: u64, read_only: bool, memory: Arc<dyn UserMemory>) -> Self {
        let address_space = memory.address_space();
        Self { addr, read_only, address_space, memory, copied: Mutex::default() }
    }
}

/// A buffer object, as long as a handle, a mapping or a job needs it.
#[derive(Debug)]
pub(crate) struct Bo {
    pub(crate) id: u64,
    pub(crate) device: usize,
    pub(crate) bytes: u64,
    /// In pages; 0 for whatever suits.
    pub(crate) alignment_pages: u32,
    /// Domains as `GEM_OP` has them.
    pub(crate) preferred: AtomicU32,
    pub(crate) flags: u64,
    pub(crate) place: Mutex<Place>,
    pub(crate) pages: Pages,
    pub(crate) reservation: Arc<Reservation>,
    /// The VM in which it is always valid.
    pub(crate) always_valid_in: Option<u64>,
    pub(crate) user: Option<UserPages>,
    /// Where `mmap` finds it.
    pub(crate) fake_offset: u64,
    pub(crate) metadata: Mutex<Metadata>,
    pub(crate) heap: Arc<Heap>,
}

impl Drop for Bo {
    fn drop(&mut self) {
        self.heap.release(self.bytes, *lock(&self.place));
    }
}

impl Bo {
    /// Whether the GPU can reach it.
    pub(crate) fn reachable(&self) -> bool {
        *lock(&self.place) != Place::System
    }

    pub(crate) fn preferred(&self) -> u32 {
        self.preferred.load(Ordering::Relaxed)
    }

    /// Fills the first `most` bytes with the pattern of memory that nobody cleared.
    pub(crate) fn poison(&self, most: u64) {
        let words = usize::try_from(most.min(self.bytes) / 4).unwrap_or(usize::MAX);
        if let Ok(all) = self.pages.words() {
            all.iter().take(words).for_each(|word| word.store(POISON, Ordering::Relaxed));
        }
    }

    /// Copies the client's pages to the object.
    ///
    /// # Errors
    /// `EFAULT` where the client has no memory.
    pub(crate) fn pull(&self) -> Result<(), Errno> {
        let Some(user) = &self.user else { return Ok(()) };
        let bytes = super::user::read_bytes(user.memory.as_ref(), user.addr, self.bytes)?;
        for (word, from) in self.pages.words()?.iter().zip(bytes.as_chunks().0) {
            word.store(u32::from_le_bytes(*from), Ordering::Relaxed);
        }
        *lock(&user.copied) = bytes;
        Ok(())
    }

    /// Copies to the client what jobs changed since the copy.
    ///
    /// # Errors
    /// `EFAULT` where the client has no memory any more.
    pub(crate) fn push(&self) -> Result<(), Errno> {
        let Some(user) = self.user.as_ref().filter(|user| !user.read_only) else { return Ok(()) };
        let mut copied = lock(&user.copied);
        let mut addr = user.addr;
        for (word, old) in self.pages.words()?.iter().zip(copied.as_chunks_mut().0) {
            let now = word.load(Ordering::Relaxed).to_le_bytes();
            if now != *old {
                user.memory.write(addr, &now)?;
                *old = now;
            }
            addr = addr.wrapping_add(4);
        }
        Ok(())
    }
}
