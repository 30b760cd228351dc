//! Memory as the command processor reads and writes it: whole dwords, with the checks of the page tables.

use std::sync::atomic::{AtomicU32, Ordering};

use super::coherence::Coherence;
use super::outcome::{Access, Requester, Stop};
use crate::shader::{AccessKind, GlobalMemory, Region, Window, sign_extended};

/// Bits of an address that the page tables look at. Source: Linux `amdgpu_vm.h`, `AMDGPU_GMC_HOLE_MASK`.
const ADDRESS: u64 = 0xffff_ffff_ffff;

/// The low 48 bits: streams hold sign-extended addresses too.
pub(crate) const fn canonical(va: u64) -> u64 {
    va & ADDRESS
}

/// The region that holds an address in either of its spellings, and the address as the region spells it.
pub(crate) fn locate(memory: &dyn GlobalMemory, va: u64) -> Option<(Region<'_>, u64)> {
    [sign_extended(va), canonical(va)].into_iter().find_map(|va| memory.region(va).map(|region| (region, va)))
}

/// Memory, and who is told of accesses.
#[derive(Clone, Copy)]
pub(crate) struct Memory<'a> {
    pub(crate) global: &'a dyn GlobalMemory,
    pub(crate) coherence: &'a dyn Coherence,
}

impl<'a> Memory<'a> {
    fn fault(va: u64, access: Access, requester: Requester, why: impl Into<String>) -> Stop {
        Stop::Fault { va: canonical(va), access, requester, why: why.into() }
    }

    /// The parts of `bytes` bytes from `va` on, each within one region: its words from the one with the first byte, how
    /// many bytes that is into its word, and how many bytes the part has. Neighbouring buffers count as one range.
    fn parts(
        self,
        va: u64,
        bytes: u64,
        access: Access,
        requester: Requester,
        mut each: impl FnMut(&'a [AtomicU32], usize, u64),
    ) -> Result<(), Stop> {
        let (mut at, mut left) = (va, bytes);
        while left > 0 {
            let Some((region, here)) = locate(self.global, at) else {
                let why = if at == va { "no buffer is mapped there" } else { "it runs over the end of its buffer" };
                return Err(Self::fault(at, access, requester, why));
            };
            let allowed = match access {
                Access::Read => region.permissions.read,
                Access::Write => region.permissions.write,
                Access::Execute => region.permissions.execute,
            };
            if !allowed {
                return Err(Self::fault(at, access, requester, "the buffer is not mapped for it"));
            }
            let offset = here.saturating_sub(region.va);
            let part = left.min(region.bytes.saturating_sub(offset));
            if part == 0 {
                return Err(Self::fault(at, access, requester, "no buffer is mapped there"));
            }
            let first = usize::try_from(offset / 4).unwrap_or(usize::MAX);
            each(region.words.get(first..).unwrap_or_default(), (offset % 4) as usize, part); // CAST: below 4
            at = at.wrapping_add(part);
            left -= part;
        }
        Ok(())
    }

    /// Whether `bytes` bytes are mapped for `access`.
    pub(crate) fn check(self, va: u64, bytes: u64, access: Access) -> Result<(), Stop> {
        self.parts(va, bytes, access, Requester::Command, |_, _, _| {})
    }

    fn aligned(va: u64, to: u64) -> Result<(), Stop> {
        if va.is_multiple_of(to) {
            return Ok(());
        }
        Err(Stop::Hang(format!("the address {:#x} is not a multiple of {to}", canonical(va))))
    }

    /// A stream of dwords.
    pub(crate) fn fetch(self, va: u64, dwords: u64) -> Result<Vec<u32>, Stop> {
        Self::aligned(va, 4)?;
        self.copy_out(va, dwords, Access::Read, Requester::CommandFetch)
    }

    fn copy_out(self, va: u64, dwords: u64, access: Access, requester: Requester) -> Result<Vec<u32>, Stop> {
        let mut out = Vec::new();
        self.parts(va, dwords * 4, access, requester, |words, _, bytes| {
            let count = usize::try_from(bytes / 4).unwrap_or(usize::MAX);
            out.extend(words.iter().take(count).map(|word| word.load(Ordering::Acquire)));
        })?;
        Ok(out)
    }

    /// `dwords` dwords from `va` on, a multiple of 4.
    pub(crate) fn read(self, va: u64, dwords: u64) -> Result<Vec<u32>, Stop> {
        Self::aligned(va, 4)?;
        self.copy_out(va, dwords, Access::Read, Requester::Command)
    }

    pub(crate) fn read_u32(self, va: u64) -> Result<u32, Stop> {
        self.read(va, 1).map(|words| words.first().copied().unwrap_or(0))
    }

    /// Two dwords as one value, at a multiple of 8.
    pub(crate) fn read_u64(self, va: u64) -> Result<u64, Stop> {
        Self::aligned(va, 8)?;
        self.read(va, 2).map(|words| u64::from(nth(&words, 1)) << 32 | u64::from(nth(&words, 0)))
    }

    /// Writes dwords from `va` on, a multiple of 4. Nothing is written where any of them can't be.
    pub(crate) fn write(self, va: u64, data: &[u32]) -> Result<(), Stop> {
        Self::aligned(va, 4)?;
        let bytes = data.len() as u64 * 4; // CAST: usize has at most 64 bits
        self.check(va, bytes, Access::Write)?;
        let mut data = data.iter();
        self.parts(va, bytes, Access::Write, Requester::Command, |words, _, part| {
            let count = usize::try_from(part / 4).unwrap_or(usize::MAX);
            for (word, value) in words.iter().take(count).zip(data.by_ref()) {
                word.store(*value, Ordering::Release);
            }
        })?;
        self.coherence.processor_wrote(canonical(va), bytes);
        Ok(())
    }

    /// Writes a value of 64 bits to a multiple of 8.
    pub(crate) fn write_u64(self, va: u64, value: u64) -> Result<(), Stop> {
        Self::aligned(va, 8)?;
        self.write(va, &[value as u32, (value >> 32) as u32]) // CAST: its halves
    }

    /// Replaces 32 or 64 bits by what `update` makes of them; the old ones.
    pub(crate) fn update(self, va: u64, wide: bool, update: impl Fn(u64) -> u64) -> Result<u64, Stop> {
        Self::aligned(va, if wide { 8 } else { 4 })?;
        self.check(va, if wide { 8 } else { 4 }, Access::Read)?;
        self.check(va, if wide { 8 } else { 4 }, Access::Write)?;
        let here = locate(self.global, va).map_or(va, |(_, here)| here);
        let mut window = Window::new(self.global, AccessKind::Atomic);
        let old = if wide {
            window.atomic64(here, update)
        } else {
            window.atomic32(here, |old| update(old.into()) as u32).map(u64::from) // CAST: a 32-bit operation
        };
        let old = old.map_err(|cause| Self::fault(va, Access::Write, Requester::Command, cause.to_string()))?;
        self.coherence.processor_wrote(canonical(va), if wide { 8 } else { 4 });
        Ok(old)
    }

    /// `bytes` bytes from any address.
    pub(crate) fn read_bytes(self, va: u64, bytes: u64) -> Result<Vec<u8>, Stop> {
        let mut out = Vec::new();
        self.parts(va, bytes, Access::Read, Requester::Command, |words, skip, part| {
            let count = usize::try_from(part).unwrap_or(usize::MAX);
            let all = words.iter().flat_map(|word| word.load(Ordering::Acquire).to_le_bytes());
            out.extend(all.skip(skip).take(count));
        })?;
        Ok(out)
    }

    /// Writes bytes from any address on. Who keeps track is not told; nothing is written where any of them can't be.
    pub(crate) fn write_bytes(self, va: u64, data: &[u8]) -> Result<(), Stop> {
        let bytes = data.len() as u64; // CAST: usize has at most 64 bits
        self.check(va, bytes, Access::Write)?;
        let mut rest = data;
        self.parts(va, bytes, Access::Write, Requester::Command, |words, skip, part| {
            let count = usize::try_from(part).unwrap_or(usize::MAX).min(rest.len());
            let (mut here, after) = rest.split_at(count);
            rest = after;
            let mut at = skip;
            for word in words {
                let (now, then) = here.split_at(here.len().min(4 - at));
                store_bytes(word, at, now);
                (here, at) = (then, 0);
                if here.is_empty() {
                    break;
                }
            }
        })
    }
}

/// Replaces the bytes of a word from byte `at` on; its others may be somebody else's.
fn store_bytes(word: &AtomicU32, at: usize, bytes: &[u8]) {
    if let Ok(whole) = bytes.try_into() {
        return word.store(u32::from_le_bytes(whole), Ordering::Release);
    }
    let update = |old: u32| {
        let mut new = old.to_le_bytes();
        new.iter_mut().skip(at).zip(bytes).for_each(|(to, from)| *to = *from);
        Some(u32::from_le_bytes(new))
    };
    let _ = word.fetch_update(Ordering::AcqRel, Ordering::Acquire, update);
}

/// Element `index`, or 0 where there is none.
pub(crate) fn nth(words: &[u32], index: usize) -> u32 {
    words.get(index).copied().unwrap_or(0)
}
