//! Memory as the command processor reads and writes it: whole dwords, with the checks of the page tables.

use std::sync::atomic::Ordering;

use super::coherence::Coherence;
use super::outcome::{Access, Requester, Stop};
use crate::shader::{GlobalMemory, Region};

/// Bits of an address that the page tables look at. Source: Linux `amdgpu_vm.h`, `AMDGPU_GMC_HOLE_MASK`.
const ADDRESS: u64 = 0xffff_ffff_ffff;

/// The low 48 bits: streams hold sign-extended addresses too.
pub(crate) const fn canonical(va: u64) -> u64 {
    va & ADDRESS
}

/// With bit 47 copied upwards.
const fn extended(va: u64) -> u64 {
    if va >> 47 & 1 != 0 { va | !ADDRESS } else { va & ADDRESS }
}

/// The region that holds an address in either of its spellings, and the address as the region spells it.
pub(crate) fn locate(memory: &dyn GlobalMemory, va: u64) -> Option<(Region<'_>, u64)> {
    [canonical(va), extended(va)].into_iter().find_map(|va| memory.region(va).map(|region| (region, va)))
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

    /// The parts of `bytes` bytes from `va` on, each within one region: its words from the one with the first byte.
    /// Neighbouring buffers count as one range.
    fn parts(
        self,
        va: u64,
        bytes: u64,
        access: Access,
        requester: Requester,
        mut each: impl FnMut(&'a [std::sync::atomic::AtomicU32], u64),
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
            let offset = here - region.va;
            let part = left.min(region.bytes - offset);
            let first = usize::try_from(offset / 4).unwrap_or(usize::MAX);
            each(region.words.get(first..).unwrap_or_default(), part);
            at = at.wrapping_add(part);
            left -= part;
        }
        Ok(())
    }

    /// Whether `bytes` bytes are mapped for `access`.
    pub(crate) fn check(self, va: u64, bytes: u64, access: Access) -> Result<(), Stop> {
        self.parts(va, bytes, access, Requester::Command, |_, _| {})
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
        self.parts(va, dwords * 4, access, requester, |words, bytes| {
            let count = usize::try_from(bytes / 4).unwrap_or(usize::MAX);
            out.extend(words.iter().take(count).map(|word| word.load(Ordering::Acquire)));
        })?;
        Ok(out)
    }

    /// `dwords` dwords from `va` on, a multiple of 4.
    pub(crate) fn read(self, va: u64, dwords: u64) -> Result<Vec<u32>, Stop> {
        Self::aligned(va, 4)?;
        self.coherence.processor_reads(canonical(va), dwords * 4);
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
        self.parts(va, bytes, Access::Write, Requester::Command, |words, part| {
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
        use crate::shader::{AccessKind, Cause, Window};
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
        let old = old.map_err(|cause: Cause| Self::fault(va, Access::Write, Requester::Command, cause.to_string()))?;
        self.coherence.processor_wrote(canonical(va), if wide { 8 } else { 4 });
        Ok(old)
    }

    /// `bytes` bytes from any address.
    pub(crate) fn read_bytes(self, va: u64, bytes: u64) -> Result<Vec<u8>, Stop> {
        self.coherence.processor_reads(canonical(va), bytes);
        let start = va & !3;
        let dwords = (va - start + bytes).div_ceil(4);
        self.check(va, bytes, Access::Read)?;
        let mut out = Vec::new();
        let skip = (va - start) as usize; // CAST: below 4
        // The first and the last dword may reach out of the range, within their buffer's words.
        let words = self.padded(start, dwords);
        out.extend(
            words.iter().flat_map(|word| word.to_le_bytes()).skip(skip).take(usize::try_from(bytes).unwrap_or(0)),
        );
        Ok(out)
    }

    fn padded(self, va: u64, dwords: u64) -> Vec<u32> {
        let mut out = Vec::new();
        for index in 0..dwords {
            let at = va.wrapping_add(index * 4);
            let word = locate(self.global, at).and_then(|(region, here)| {
                region.words.get(usize::try_from((here - region.va) / 4).ok()?).map(|word| word.load(Ordering::Acquire))
            });
            out.push(word.unwrap_or(0));
        }
        out
    }

    /// Writes bytes from any address on.
    pub(crate) fn write_bytes(self, va: u64, data: &[u8]) -> Result<(), Stop> {
        let bytes = data.len() as u64; // CAST: usize has at most 64 bits
        self.check(va, bytes, Access::Write)?;
        let mut window = crate::shader::Window::new(self.global, crate::shader::AccessKind::Store);
        let (mut at, mut rest) = (locate(self.global, va).map_or(va, |(_, here)| here), data);
        while let Some((&byte, tail)) = rest.split_first() {
            let stored = match rest {
                [a, b, c, d, ..] if at.is_multiple_of(4) => {
                    let stored = window.store(at, &[u32::from_le_bytes([*a, *b, *c, *d])]);
                    rest = rest.get(4..).unwrap_or_default();
                    at += 4;
                    stored
                }
                _ => {
                    let stored = window.store_small(at, 1, byte.into());
                    rest = tail;
                    at += 1;
                    stored
                }
            };
            stored.map_err(|cause| Self::fault(at, Access::Write, Requester::Command, cause.to_string()))?;
        }
        Ok(())
    }
}

/// Element `index`, or 0 where there is none.
pub(crate) fn nth(words: &[u32], index: usize) -> u32 {
    words.get(index).copied().unwrap_or(0)
}
