//! Programs as the instruction caches hold them.
//!
//! A kernel is decoded once. Code that changes after it was fetched runs in its old form until an instruction cache is
//! invalidated, as on a card, and that is told. What counts as a kernel's code is the stretch from its entry to the
//! S_ENDPGM that no branch before it jumps over.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use sparkle_rdna3::{Op, Reg, Target, WaveSize, decode};

use crate::shader::{Program, Region};

/// Code around an entry that is decoded: calls may go to other functions of the same buffer.
const AROUND: u64 = 1 << 20;
/// Dwords of a kernel that are compared.
const LONGEST: usize = 1 << 16;

/// Address space, address, whether waves have 64 lanes.
type Key = (u64, u64, bool);

#[derive(Debug, Default)]
struct Inner {
    /// By their first address.
    programs: HashMap<Key, Arc<Program>>,
    /// What the caches hold, by entry.
    fetched: HashMap<Key, Arc<Program>>,
}

/// The instruction caches of a device.
#[derive(Debug, Default)]
pub(crate) struct Code {
    inner: Mutex<Inner>,
}

/// What a dispatch runs.
pub(crate) struct Fetched {
    pub(crate) program: Arc<Program>,
    /// Dwords from the program's start.
    pub(crate) entry: usize,
    /// The first dword of the kernel that was written since it was fetched.
    pub(crate) stale: Option<u64>,
}

impl Code {
    /// GLI_INV.
    pub(crate) fn invalidate(&self) {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).fetched.clear();
    }

    /// Fetches the code at `entry`, a multiple of 4 in `region`.
    pub(crate) fn fetch(&self, space: u64, region: &Region<'_>, entry: u64, target: Target) -> Fetched {
        let wide = target.wave == WaveSize::Wave64;
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let mut stale = None;
        if let Some(program) = inner.fetched.get(&(space, entry, wide)) {
            let place = dwords(entry, program.base());
            stale = changed(program, place, region, entry);
            // A new kernel at the place of an old one that was never fetched in between is old code, too.
            return Fetched { program: Arc::clone(program), entry: place, stale };
        }
        let (base, words) = window(region, entry);
        let known = inner.programs.get(&(space, base, wide)).filter(|known| known.words_from(0) == words.as_slice());
        let program = known.map_or_else(|| Arc::new(Program::new(&words, base, target)), Arc::clone);
        inner.programs.insert((space, base, wide), Arc::clone(&program));
        inner.fetched.insert((space, entry, wide), Arc::clone(&program));
        Fetched { program, entry: dwords(entry, base), stale: stale.take() }
    }
}

fn dwords(va: u64, base: u64) -> usize {
    usize::try_from(va.wrapping_sub(base) / 4).unwrap_or(usize::MAX)
}

/// Code around `entry`, without the zeros at its end, and where it begins.
fn window(region: &Region<'_>, entry: u64) -> (u64, Vec<u32>) {
    let (mut start, mut end) = (region.va, region.va.saturating_add(region.bytes));
    if region.bytes > 2 * AROUND {
        start = start.max(entry.saturating_sub(AROUND));
        end = end.min(entry.saturating_add(AROUND));
    }
    let (from, to) = (dwords(start, region.va), dwords(end, region.va));
    let mut words: Vec<_> = region.words.iter().take(to).skip(from).map(|word| word.load(Ordering::Acquire)).collect();
    let used = words.iter().rposition(|word| *word != 0).map_or(0, |last| last + 1);
    words.truncate(used.max(dwords(entry, start) + 1));
    (start, words)
}

/// The first address of the kernel at `entry` whose dword is not what `program` has.
fn changed(program: &Program, place: usize, region: &Region<'_>, entry: u64) -> Option<u64> {
    let code = program.words_from(place);
    let length = length(code, program.target());
    let now = region.words.iter().skip(dwords(entry, region.va));
    let first = code.iter().take(length).zip(now).position(|(old, now)| *old != now.load(Ordering::Acquire))?;
    Some(entry + first as u64 * 4) // CAST: usize has at most 64 bits
}

/// The scalar registers below 16 that the kernel at dword `entry` may read before it writes them, a bit for each. Calls
/// and jumps to a register's address may read all.
pub(crate) fn read_first(program: &Program, entry: usize) -> u16 {
    let mut unwritten: HashMap<usize, u16> = HashMap::new();
    let mut open = vec![(entry, u16::MAX)];
    let mut read = 0;
    while let Some((pc, arrives)) = open.pop() {
        let known = unwritten.entry(pc).or_insert(0);
        if arrives & !*known == 0 {
            continue;
        }
        *known |= arrives;
        let mut left = *known;
        let Some(instruction) = program.instruction(pc) else { continue };
        instruction.reads().for_each(|(reg, dwords)| read |= left & scalar_bits(reg, dwords));
        // Where a register is written under a mask of lanes it is no scalar register.
        instruction.writes().for_each(|(reg, dwords)| left &= !scalar_bits(reg, dwords));
        let next = pc + instruction.len_dwords();
        let word = program.words_from(pc).first().copied().unwrap_or(0);
        let target = next.checked_add_signed(isize::from(word as u16 as i16)); // CAST: the low half, signed
        match instruction.op() {
            Op::S_ENDPGM => {}
            Op::S_BRANCH => open.extend(target.map(|target| (target, left))),
            Op::S_SETPC_B64 | Op::S_SWAPPC_B64 | Op::S_CALL_B64 => read |= left,
            _ if word >> 16 >= 0xbfa1 && word >> 16 <= 0xbfaa => {
                open.extend(target.map(|target| (target, left)));
                open.push((next, left));
            }
            _ => open.push((next, left)),
        }
    }
    read
}

fn scalar_bits(reg: Reg, dwords: u8) -> u16 {
    match reg {
        Reg::Sgpr(first) => {
            (first..first.saturating_add(dwords)).filter(|at| *at < 16).fold(0, |bits, at| bits | 1 << at)
        }
        _ => 0,
    }
}

/// Dwords of the kernel at the start of `code`: up to the S_ENDPGM that no branch jumps over.
fn length(code: &[u32], target: Target) -> usize {
    let (mut at, mut furthest) = (0, 0);
    while let Some(&word) = code.get(at).filter(|_| at < LONGEST) {
        let Ok(instruction) = decode(code.get(at..).unwrap_or_default(), target) else { break };
        let next = at + instruction.len_dwords();
        match word >> 16 {
            // S_BRANCH and S_CBRANCH_*; the offset is signed. Source: RDNA3 ISA, section 15.1.5 (SOPP).
            0xbfa0..=0xbfaa => {
                let offset = isize::from(word as u16 as i16); // CAST: the low half, signed
                furthest = furthest.max(next.saturating_add_signed(offset));
            }
            // S_ENDPGM
            0xbfb0 if next > furthest => return next,
            _ => {}
        }
        at = next;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_before_it_is_written() {
        // llvm-mc 19, gfx1100: s_mov_b32 s0, 0; s_add_u32 s1, s0, s2; s_cbranch_scc0 1; s_mov_b32 s3, s4;
        // s_mov_b32 s5, s3; s_endpgm
        let words = [0xbe80_0080, 0x8001_0200, 0xbfa1_0001, 0xbe83_0004, 0xbe85_0003, 0xbfb0_0000];
        let program = Program::new(&words, 0x1000, Target::GFX1100);
        // s3 is written on one of the ways to where it is read.
        assert_eq!(read_first(&program, 0), 0b1_1100);
        assert_eq!(read_first(&program, 3), 0b1_0000);
        assert_eq!(read_first(&program, 5), 0);
        // What is called may read all but what the call writes: s_swappc_b64 s[0:1], s[2:3].
        let program = Program::new(&[0xbe80_4902, 0xbfb0_0000], 0x1000, Target::GFX1100);
        assert_eq!(read_first(&program, 0), 0xfffc);
    }
}
