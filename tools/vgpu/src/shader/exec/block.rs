//! Loads and stores of 32 lanes at once, for whole dwords where every lane is on.
//!
//! The range of all lanes is checked once. Each function says `None` or `false` before it has done anything where that
//! does not work out, and its caller goes lane by lane; so nothing here can fault. `N` is the dwords of a lane, 1 to 4.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::shader::isa::Wide;
use crate::shader::memory::Window;
use crate::shader::wave::{Lanes, Wave};

/// The registers of `N` dwords.
pub(crate) type Data<const N: usize> = [Lanes; N];

/// Whether all lanes of the wave are on.
#[inline(always)]
pub(crate) fn is_full(wave: &Wave) -> bool {
    wave.exec() == if wave.is_wide() { u64::MAX } else { u32::MAX.into() }
}

/// The registers from `first`.
#[inline(always)]
pub(crate) fn registers<const N: usize>(wave: &Wave, half: usize, first: u8) -> Data<N> {
    let mut data = [Lanes::ZERO; N];
    for (at, lanes) in (0u8..).zip(&mut data) {
        *lanes = *wave.vgpr(half, first.wrapping_add(at));
    }
    data
}

/// Sets the registers from `first`.
#[inline(always)]
pub(crate) fn set_registers<const N: usize>(wave: &mut Wave, half: usize, first: u8, data: &Data<N>) {
    for (at, lanes) in (0u8..).zip(data) {
        *wave.vgpr_mut(half, first.wrapping_add(at)) = *lanes;
    }
}

/// Whether the lanes follow each other, `step` bytes apart.
#[inline(always)]
fn are_in_row(at: &Lanes, step: u32) -> bool {
    let first = at.0[0];
    let mut wrong = 0;
    for (i, at) in (0u32..).zip(&at.0) {
        wrong |= at.wrapping_sub(first) ^ (step * i);
    }
    wrong == 0
}

/// As [`are_in_row`], of 64 bits.
#[inline(always)]
fn are_in_row_wide(at: &Wide, step: u64) -> bool {
    let first = at[0];
    let mut wrong = 0;
    for (i, at) in (0u64..).zip(at) {
        wrong |= at.wrapping_sub(first) ^ (step * i);
    }
    wrong == 0
}

/// Calls `function::<N>` for the dwords that a lane has; `false` for any other number.
macro_rules! by_dwords {
    ($dwords:expr, $function:ident($($argument:expr),*)) => {
        match $dwords {
            1 => $function::<1>($($argument),*),
            2 => $function::<2>($($argument),*),
            3 => $function::<3>($($argument),*),
            4 => $function::<4>($($argument),*),
            _ => false,
        }
    };
}
pub(crate) use by_dwords;

/// What LDS has at each lane's byte address.
#[inline(always)]
pub(crate) fn load_lds<const N: usize>(lds: &[u8], at: &Lanes) -> Option<Data<N>> {
    let step = N * 4;
    let mut out = [Lanes::ZERO; N];
    if are_in_row(at, step as u32) {
        // CAST: at most 16
        let first = at.0[0] as usize; // CAST: usize has at least 32 bits
        let bytes = lds.get(first..first.saturating_add(32 * step))?;
        let (words, _) = bytes.as_chunks::<4>();
        let (words, _) = words.as_chunks::<N>();
        let words: &[[[u8; 4]; N]; 32] = words.try_into().ok()?;
        for (i, words) in words.iter().enumerate() {
            for (lanes, bytes) in out.iter_mut().zip(words) {
                lanes.0[i] = u32::from_le_bytes(*bytes);
            }
        }
        return Some(out);
    }
    let last = at.0.iter().fold(0, |last, &at| last.max(at)) as usize; // CAST: as above
    if last.saturating_add(step) > lds.len() {
        return None;
    }
    for i in 0..32 {
        let first = at.0[i] as usize; // CAST: as above
        let (words, _) = lds.get(first..first + step)?.as_chunks::<4>();
        for (lanes, bytes) in out.iter_mut().zip(words) {
            lanes.0[i] = u32::from_le_bytes(*bytes);
        }
    }
    Some(out)
}

/// Stores at each lane's byte address in LDS, lane after lane.
#[inline(always)]
pub(crate) fn store_lds<const N: usize>(lds: &mut [u8], at: &Lanes, data: &Data<N>) -> bool {
    let step = N * 4;
    if are_in_row(at, step as u32) {
        // CAST: at most 16
        let first = at.0[0] as usize; // CAST: usize has at least 32 bits
        let Some(bytes) = lds.get_mut(first..first.saturating_add(32 * step)) else { return false };
        let (words, _) = bytes.as_chunks_mut::<4>();
        let (words, _) = words.as_chunks_mut::<N>();
        for (i, words) in words.iter_mut().enumerate().take(32) {
            for (lanes, bytes) in data.iter().zip(words) {
                *bytes = lanes.0[i].to_le_bytes();
            }
        }
        return true;
    }
    let last = at.0.iter().fold(0, |last, &at| last.max(at)) as usize; // CAST: as above
    if last.saturating_add(step) > lds.len() {
        return false;
    }
    for i in 0..32 {
        let first = at.0[i] as usize; // CAST: as above
        let (words, _) = lds.get_mut(first..first + step).unwrap_or(&mut []).as_chunks_mut::<4>();
        for (lanes, bytes) in data.iter().zip(words) {
            *bytes = lanes.0[i].to_le_bytes();
        }
    }
    true
}

/// The words that all lanes' ranges lie in, and each lane's first of them. Only of addresses that are multiples of 4.
#[inline(always)]
fn span<'a>(window: &mut Window<'a>, at: &Wide, step: u64) -> Option<(&'a [AtomicU32], u64)> {
    let (mut first, mut last, mut all) = (u64::MAX, 0, 0);
    for &at in at {
        first = first.min(at);
        last = last.max(at);
        all |= at;
    }
    let size = u32::try_from(last.checked_sub(first)?.checked_add(step)?).ok()?;
    if !all.is_multiple_of(4) {
        return None;
    }
    let (words, _) = window.words(first, size).ok()?;
    Some((words, first))
}

/// Loads what global memory has at each lane's address, into the registers from `to`. There are 32 addresses for each
/// half of the wave.
#[inline(always)]
pub(crate) fn load_global<const N: usize>(window: &mut Window<'_>, wave: &mut Wave, at: &[Wide], to: u8) -> bool {
    let step = N as u64 * 4; // CAST: at most 4
    let mut spans = [None; 2];
    for (span_of, at) in spans.iter_mut().zip(at) {
        *span_of = span(window, at, step);
        if span_of.is_none() {
            return false;
        }
    }
    for (half, (at, span)) in at.iter().zip(spans).enumerate() {
        let Some((words, first)) = span else { continue };
        if are_in_row_wide(at, step) {
            let (words, _) = words.as_chunks::<N>();
            for register in 0..N {
                let lanes = wave.vgpr_mut(half, to.wrapping_add(register as u8)); // CAST: at most 4
                for (lane, words) in lanes.0.iter_mut().zip(words) {
                    *lane = words[register].load(Ordering::Relaxed);
                }
            }
            continue;
        }
        let indices = at.map(|at| ((at - first) / 4) as usize); // CAST: below 2^30
        for register in 0..N {
            let lanes = wave.vgpr_mut(half, to.wrapping_add(register as u8)); // CAST: at most 4
            for (lane, index) in lanes.0.iter_mut().zip(indices) {
                *lane = words.get(index + register).map_or(0, |word| word.load(Ordering::Relaxed));
            }
        }
    }
    true
}

/// Stores at each lane's address in global memory, lane after lane.
#[inline(always)]
pub(crate) fn store_global<const N: usize>(window: &mut Window<'_>, at: &Wide, data: &Data<N>) -> bool {
    let step = N as u64 * 4; // CAST: at most 4
    let Some((words, first)) = span(window, at, step) else { return false };
    if are_in_row_wide(at, step) {
        let (words, _) = words.as_chunks::<N>();
        for (i, words) in words.iter().enumerate().take(32) {
            for (lanes, word) in data.iter().zip(words) {
                word.store(lanes.0[i], Ordering::Relaxed);
            }
        }
        return true;
    }
    for (i, at) in at.iter().enumerate() {
        let index = ((at - first) / 4) as usize; // CAST: below 2^30
        for (lanes, word) in data.iter().zip(words.get(index..index + N).unwrap_or(&[])) {
            word.store(lanes.0[i], Ordering::Relaxed);
        }
    }
    true
}
