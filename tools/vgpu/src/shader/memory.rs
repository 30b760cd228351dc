//! Global memory: from a virtual address to the words of a buffer.
//!
//! Words are atomics because workgroups run on several threads and their kernels may race, as on the device. All plain
//! accesses are relaxed; the order between threads comes from how workgroups are started and joined. Atomics of 64 bits
//! are atomic among themselves alone, under a lock: a plain load beside one may see half of it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

use super::fault::{AccessKind, Cause};

/// Held by atomics of 64 bits.
static ATOMIC_64: Mutex<()> = Mutex::new(());

/// What a mapping allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permissions {
    /// Loads.
    pub read: bool,
    /// Stores.
    pub write: bool,
    /// Instruction fetches. The engine does not ask for it; the sanitizer of fetches does.
    pub execute: bool,
}

impl Permissions {
    /// Everything.
    pub const ALL: Self = Self { read: true, write: true, execute: true };
    /// Loads alone.
    pub const READ: Self = Self { read: true, write: false, execute: false };

    const fn allow(self, kind: AccessKind) -> bool {
        match kind {
            AccessKind::Load => self.read,
            AccessKind::Store => self.write,
            AccessKind::Atomic => self.read && self.write,
        }
    }
}

/// An address of 48 bits as the page tables take it: with bit 47 copied upwards.
///
/// Source: Linux `amdgpu_gmc.h`, `amdgpu_gmc_sign_extend`; Mesa's drivers allocate from the upper half
/// (`radv_amdgpu_bo.c`, `AMDGPU_VA_RANGE_HIGH`).
pub(crate) const fn sign_extended(va: u64) -> u64 {
    const LOW: u64 = 0xffff_ffff_ffff;
    if va >> 47 & 1 != 0 { va | !LOW } else { va & LOW }
}

/// A mapped buffer.
#[derive(Clone, Copy, Debug)]
pub struct Region<'a> {
    /// First address, a multiple of 4.
    pub va: u64,
    /// Size in bytes, at most that of the words.
    pub bytes: u64,
    /// The contents, little endian.
    pub words: &'a [AtomicU32],
    /// What the mapping allows.
    pub permissions: Permissions,
}

/// The memory behind an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backing {
    /// Which buffer object: no two ever have the same number, and one has it wherever it is mapped.
    pub object: u64,
    /// Where in it, in bytes. Lines of the caches begin at multiples of 128 of it as they do of addresses.
    pub offset: u64,
    /// Whether GL2 keeps lines of it that the host may change. Unlike L0 and GL1, it passes uncached memory by.
    pub cached: bool,
}

/// Global memory as waves see it.
pub trait GlobalMemory: Sync {
    /// The buffer that `va` lies in.
    fn region(&self, va: u64) -> Option<Region<'_>>;

    /// What is behind `va`, for who follows memory from job to job; `None` where addresses alone tell memory apart.
    fn backing(&self, _va: u64) -> Option<Backing> {
        None
    }
}

/// No memory at all.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoMemory;

impl GlobalMemory for NoMemory {
    fn region(&self, _: u64) -> Option<Region<'_>> {
        None
    }
}

#[derive(Debug)]
struct Buffer {
    bytes: u64,
    words: Box<[AtomicU32]>,
    permissions: Permissions,
}

/// Buffers that the page table owns.
#[derive(Debug, Default)]
pub struct PageTable {
    buffers: BTreeMap<u64, Buffer>,
}

impl PageTable {
    /// Maps `contents` at `va`. `false`, and nothing happens, if `va` is no multiple of 4, the end is beyond 2^64 or
    /// another buffer is in the way.
    pub fn map(&mut self, va: u64, contents: &[u8], permissions: Permissions) -> bool {
        let bytes = contents.len() as u64; // CAST: usize has at most 64 bits
        let Some(end) = va.checked_add(bytes) else { return false };
        let below = self.buffers.range(..end).next_back().is_some_and(|(&start, other)| start + other.bytes > va);
        if below || !va.is_multiple_of(4) {
            return false;
        }
        let words = contents
            .chunks(4)
            .map(|chunk| {
                let mut word = [0; 4];
                word.iter_mut().zip(chunk).for_each(|(to, from)| *to = *from);
                AtomicU32::new(u32::from_le_bytes(word))
            })
            .collect();
        self.buffers.insert(va, Buffer { bytes, words, permissions });
        true
    }

    /// A copy of `size` bytes from `va`, whatever the permissions; `None` where they are not all of one buffer.
    #[must_use]
    pub fn read(&self, va: u64, size: usize) -> Option<Vec<u8>> {
        let region = self.region(va)?;
        let offset = va - region.va;
        if size as u64 > region.bytes - offset {
            // CAST: as in `map`
            return None;
        }
        (offset..offset + size as u64).map(|at| region.byte(at)).collect() // CAST: as in `map`
    }
}

impl GlobalMemory for PageTable {
    fn region(&self, va: u64) -> Option<Region<'_>> {
        let (&start, buffer) = self.buffers.range(..=va).next_back()?;
        (va - start < buffer.bytes).then_some(Region {
            va: start,
            bytes: buffer.bytes,
            words: &buffer.words,
            permissions: buffer.permissions,
        })
    }
}

impl Region<'_> {
    fn byte(&self, offset: u64) -> Option<u8> {
        let word = self.words.get(usize::try_from(offset / 4).ok()?)?.load(Ordering::Relaxed);
        Some((word >> (offset % 4 * 8)) as u8) // CAST: the byte that was shifted down
    }

    fn contains(&self, va: u64, size: u32) -> bool {
        va >= self.va && va - self.va <= self.bytes && u64::from(size) <= self.bytes - (va - self.va)
    }
}

/// A buffer kept between the lanes of one instruction.
pub(crate) struct Window<'a> {
    memory: &'a dyn GlobalMemory,
    kind: AccessKind,
    region: Option<Region<'a>>,
}

impl<'a> Window<'a> {
    pub(crate) fn new(memory: &'a dyn GlobalMemory, kind: AccessKind) -> Self {
        Self { memory, kind, region: None }
    }

    /// The words of a checked access: those from the one that holds `va`, and how many bytes `va` is into it.
    #[inline]
    pub(crate) fn words(&mut self, va: u64, size: u32) -> Result<(&'a [AtomicU32], u32), Cause> {
        let kind = self.kind;
        let region = match self.region {
            Some(region) if region.contains(va, size) => region,
            _ => {
                let region = self.memory.region(va).ok_or(Cause::Unmapped { va, size, kind })?;
                if !region.permissions.allow(kind) {
                    return Err(Cause::Denied { va, size, kind });
                }
                if !region.contains(va, size) {
                    return Err(Cause::PastEnd { va, size, kind, end: region.va.saturating_add(region.bytes) });
                }
                self.region = Some(region);
                region
            }
        };
        let offset = va - region.va;
        let first = usize::try_from(offset / 4).unwrap_or(usize::MAX);
        let words = region.words.get(first..).ok_or(Cause::Unmapped { va, size, kind })?;
        Ok((words, (offset % 4) as u32)) // CAST: below 4
    }

    /// Loads `out.len()` dwords at any byte address.
    #[inline]
    pub(crate) fn load(&mut self, va: u64, out: &mut [u32]) -> Result<(), Cause> {
        let (words, shift) = self.words(va, out.len() as u32 * 4)?; // CAST: at most 16
        if shift == 0 {
            for (to, from) in out.iter_mut().zip(words) {
                *to = from.load(Ordering::Relaxed);
            }
        } else {
            for (to, pair) in out.iter_mut().zip(words.windows(2)) {
                if let [low, high] = pair {
                    let both = u64::from(high.load(Ordering::Relaxed)) << 32 | u64::from(low.load(Ordering::Relaxed));
                    *to = (both >> (shift * 8)) as u32; // CAST: the low half is wanted
                }
            }
        }
        Ok(())
    }

    /// Loads 1 or 2 bytes, zero-extended.
    #[inline]
    pub(crate) fn load_small(&mut self, va: u64, size: u32) -> Result<u32, Cause> {
        let (words, shift) = self.words(va, size)?;
        let word = |at: usize| words.get(at).map_or(0, |word| word.load(Ordering::Relaxed));
        let both = u64::from(word(0)) | if shift + size > 4 { u64::from(word(1)) << 32 } else { 0 };
        Ok((both >> (shift * 8)) as u32 & ((1 << (size * 8)) - 1)) // CAST: at most 16 bits are wanted
    }

    /// Stores dwords at any byte address.
    #[inline]
    pub(crate) fn store(&mut self, va: u64, data: &[u32]) -> Result<(), Cause> {
        let (words, shift) = self.words(va, data.len() as u32 * 4)?; // CAST: at most 4
        if shift == 0 {
            for (from, to) in data.iter().zip(words) {
                to.store(*from, Ordering::Relaxed);
            }
            return Ok(());
        }
        for (index, &value) in data.iter().enumerate() {
            blend(words, index, shift, u64::from(value), 0xffff_ffff);
        }
        Ok(())
    }

    /// Stores the low 1 or 2 bytes of `value`.
    #[inline]
    pub(crate) fn store_small(&mut self, va: u64, size: u32, value: u32) -> Result<(), Cause> {
        let (words, shift) = self.words(va, size)?;
        let mask = (1u64 << (size * 8)) - 1;
        blend(words, 0, shift, u64::from(value) & mask, mask);
        Ok(())
    }

    /// Replaces a dword by what `update` makes of it; the old one.
    pub(crate) fn atomic32(&mut self, va: u64, update: impl Fn(u32) -> u32) -> Result<u32, Cause> {
        if !va.is_multiple_of(4) {
            return Err(Cause::Misaligned { va, size: 4 });
        }
        let (words, _) = self.words(va, 4)?;
        let Some(word) = words.first() else { return Err(Cause::Unmapped { va, size: 4, kind: self.kind }) };
        Ok(word.fetch_update(Ordering::AcqRel, Ordering::Acquire, |old| Some(update(old))).unwrap_or_else(|old| old))
    }

    /// Replaces 64 bits by what `update` makes of them; the old ones.
    pub(crate) fn atomic64(&mut self, va: u64, update: impl Fn(u64) -> u64) -> Result<u64, Cause> {
        if !va.is_multiple_of(8) {
            return Err(Cause::Misaligned { va, size: 8 });
        }
        let (words, _) = self.words(va, 8)?;
        let [low, high, ..] = words else { return Err(Cause::Unmapped { va, size: 8, kind: self.kind }) };
        let _held = ATOMIC_64.lock().unwrap_or_else(PoisonError::into_inner);
        let old = u64::from(high.load(Ordering::Acquire)) << 32 | u64::from(low.load(Ordering::Acquire));
        let new = update(old);
        low.store(new as u32, Ordering::Release); // CAST: the low half
        high.store((new >> 32) as u32, Ordering::Release); // CAST: the high half
        Ok(old)
    }
}

/// Replaces the bits under `mask`, moved up by `shift` bytes, in word `index` and, where they reach it, the next.
fn blend(words: &[AtomicU32], index: usize, shift: u32, value: u64, mask: u64) {
    let (value, mask) = (value << (shift * 8), mask << (shift * 8));
    for (word, at) in words.iter().skip(index).zip([0, 32]) {
        let (value, mask) = ((value >> at) as u32, (mask >> at) as u32); // CAST: one word's share
        if mask != 0 {
            // A neighbour's bytes in the same word must not be lost.
            let _ = word.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |old| Some(old & !mask | value));
        }
    }
}
