//! Planes with AVX2 and FMA: 16 registers of 8 floats.
#![allow(unsafe_code)]

use super::sweep::{NO_ROW, SweepCall, SweepKernels, sweep_kernel};
use super::{PlaneCall, PlaneKernels, PlaneTile, RowCopy, Sweeps, plane_kernels, plane_table, spread};
use crate::conv::CHANNEL_BLOCK;
use core::arch::x86_64::*;

/// The floats at `from` in `lanes`, zeros in the others, which are not read.
///
/// # Safety
/// The lanes in `lanes` must be readable.
#[target_feature(enable = "avx2,fma")]
#[inline]
unsafe fn load_lanes(from: *const f32, lanes: u32) -> __m256 {
    let bits = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
    let wanted = _mm256_and_si256(_mm256_set1_epi32(lanes as i32), bits); // CAST: a bit for each of 8 lanes
    // SAFETY: a masked load touches no other lanes.
    unsafe { _mm256_maskload_ps(from, _mm256_cmpeq_epi32(wanted, bits)) }
}

/// Stores `lanes` of `vector`, which are neighbours. By way of the stack: a masked store takes longer.
///
/// # Safety
/// The lanes in `lanes` must be writable.
#[target_feature(enable = "avx2,fma")]
#[inline]
unsafe fn store_lanes(to: *mut f32, lanes: u32, vector: __m256) {
    let mut values = [0.0_f32; 8];
    // SAFETY: the array holds a vector.
    unsafe { _mm256_storeu_ps(values.as_mut_ptr(), vector) };
    for (lane, value) in values.into_iter().enumerate() {
        if lanes >> lane & 1 == 1 {
            // SAFETY: one of the lanes that are writable.
            unsafe { *to.wrapping_add(lane) = value };
        }
    }
}

/// In lane `i` float `2 * i` from `from` on for the lanes in `lanes`, zeros in the others, which are not read.
///
/// # Safety
/// The floats that are taken must be readable.
#[target_feature(enable = "avx2,fma")]
#[inline]
unsafe fn every_second(from: *const f32, lanes: u32) -> __m256 {
    let wanted = spread(lanes);
    // SAFETY: a bit of `wanted` for each float that is taken, 8 of them in each of the two vectors.
    let [low, high] = unsafe { [load_lanes(from, wanted & 0xFF), load_lanes(from.wrapping_add(8), wanted >> 8)] };
    // Within each half: two of `low`, two of `high`; then the pairs in order.
    let pairs = _mm256_castps_pd(_mm256_shuffle_ps::<0b10_00_10_00>(low, high));
    _mm256_castpd_ps(_mm256_permute4x64_pd::<0b11_01_10_00>(pairs))
}

plane_kernels!(
    [#[target_feature(enable = "avx2,fma")]],
    8,
    _mm256_setzero_ps,
    _mm256_loadu_ps,
    load_lanes,
    _mm256_storeu_ps,
    store_lanes,
    _mm256_set1_ps,
    _mm256_fmadd_ps,
    _mm256_add_ps,
    _mm256_max_ps,
    every_second
);

sweep_kernel!(
    [#[target_feature(enable = "avx2,fma")]],
    8,
    _mm256_setzero_ps,
    _mm256_loadu_ps,
    _mm256_storeu_ps,
    store_lanes,
    _mm256_set1_ps,
    _mm256_fmadd_ps,
    _mm256_add_ps,
    _mm256_max_ps
);

plane_table! {
    8;
    2: 1 2 3 4;
    3: 1 2 3;
    4: 1 2;
    5: 1 2;
}
