//! Planes with AVX-512F: 32 registers of 16 floats.
#![allow(unsafe_code)]

use super::sweep::{NO_ROW, SweepCall, SweepKernels, sweep_kernel};
use super::{PlaneCall, PlaneKernels, PlaneTile, RowCopy, Sweeps, plane_kernels, plane_table, spread};
use crate::conv::CHANNEL_BLOCK;
use core::arch::x86_64::*;

/// The floats at `from` in `lanes`, zeros in the others, which are not read.
///
/// # Safety
/// The lanes in `lanes` must be readable.
#[target_feature(enable = "avx512f")]
#[inline]
unsafe fn load_lanes(from: *const f32, lanes: u32) -> __m512 {
    // SAFETY: a masked load touches no other lanes. CAST: one bit for each of 16 lanes.
    unsafe { _mm512_maskz_loadu_ps(lanes as __mmask16, from) }
}

/// Stores `lanes` of `vector`.
///
/// # Safety
/// The lanes in `lanes` must be writable.
#[target_feature(enable = "avx512f")]
#[inline]
unsafe fn store_lanes(to: *mut f32, lanes: u32, vector: __m512) {
    // SAFETY: a masked store touches no other lanes. CAST: one bit for each of 16 lanes.
    unsafe { _mm512_mask_storeu_ps(to, lanes as __mmask16, vector) };
}

/// In lane `i` float `2 * i` from `from` on for the lanes in `lanes`, zeros in the others, which are not read.
///
/// # Safety
/// The floats that are taken must be readable.
#[target_feature(enable = "avx512f")]
#[inline]
unsafe fn every_second(from: *const f32, lanes: u32) -> __m512 {
    let even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    let wanted = spread(lanes);
    // SAFETY: a bit of `wanted` for each float that is taken, 16 of them in each of the two vectors.
    unsafe {
        let [low, high] = [load_lanes(from, wanted & 0xFFFF), load_lanes(from.wrapping_add(16), wanted >> 16)];
        _mm512_permutex2var_ps(low, even, high)
    }
}

plane_kernels!(
    [#[target_feature(enable = "avx512f")]],
    16,
    _mm512_setzero_ps,
    _mm512_loadu_ps,
    load_lanes,
    _mm512_storeu_ps,
    store_lanes,
    _mm512_set1_ps,
    _mm512_fmadd_ps,
    _mm512_add_ps,
    _mm512_max_ps,
    every_second
);

sweep_kernel!(
    [#[target_feature(enable = "avx512f")]],
    16,
    _mm512_setzero_ps,
    _mm512_loadu_ps,
    _mm512_storeu_ps,
    store_lanes,
    _mm512_set1_ps,
    _mm512_fmadd_ps,
    _mm512_add_ps,
    _mm512_max_ps
);

plane_table! {
    16;
    4: 1 2 3 4 5 6;
    6: 1 2 3 4;
    8: 1 2 3;
    10: 1 2;
    12: 1 2;
    14: 1 2;
}
