//! Register tiles for AVX2 with FMA: 16 registers of 8 floats.
#![allow(unsafe_code)]

use super::{KernelRow, LeftOut, TileCall, kernel_table, tile_kernels};
use crate::plan::Family;
use core::arch::x86_64::*;

tile_kernels!(
    "avx2,fma",
    8,
    _mm256_setzero_ps,
    _mm256_loadu_ps,
    _mm256_storeu_ps,
    _mm256_stream_ps,
    _mm256_set1_ps,
    _mm256_fmadd_ps,
    _mm256_add_ps,
    _mm256_max_ps
);

kernel_table! {
    8;
    broadcast: 6 x 2, 5 x 2, 4 x 2, 2 x 2, 6 x 1, 1 x 4;
    lanewise: 8 x 1, 4 x 1, 1 x 1
}

/// Stores the first `count` lanes, or all.
///
/// # Safety
/// The CPU must have AVX2 and `at` must hold that many floats.
#[target_feature(enable = "avx2,fma")]
#[inline]
unsafe fn store_first(at: *mut f32, lanes: __m256, count: usize) {
    let numbers = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    let stored = _mm256_cmpgt_epi32(_mm256_set1_epi32(count.min(8) as i32), numbers); // CAST: at most 8
    // SAFETY: masked lanes are not accessed, and the others are inside what the caller promises.
    unsafe { _mm256_maskstore_ps(at, stored, lanes) };
}

/// Brings the line at `at` into the second level; any address will do.
#[target_feature(enable = "avx2,fma")]
#[inline]
fn prefetch(at: *const f32) {
    _mm_prefetch::<_MM_HINT_T1>(at.cast());
}
