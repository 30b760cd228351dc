//! Register tiles for AVX-512F: 32 registers of 16 floats.
#![allow(unsafe_code)]

use super::{KernelRow, LeftOut, TileCall, kernel_table, tile_kernels};
use crate::plan::Family;
use core::arch::x86_64::*;

tile_kernels!(
    "avx512f",
    16,
    _mm512_setzero_ps,
    _mm512_loadu_ps,
    _mm512_storeu_ps,
    _mm512_stream_ps,
    _mm512_set1_ps,
    _mm512_fmadd_ps,
    _mm512_add_ps,
    _mm512_max_ps
);

kernel_table! {
    16;
    broadcast: 14 x 2, 12 x 2, 10 x 2, 8 x 2, 7 x 2, 9 x 3, 8 x 3, 6 x 4, 14 x 1, 7 x 1, 4 x 1, 1 x 4;
    lanewise: 8 x 1, 4 x 1, 1 x 1
}

/// Stores the first `count` lanes, or all.
///
/// # Safety
/// The CPU must have AVX-512F and `at` must hold that many floats.
#[target_feature(enable = "avx512f")]
#[inline]
unsafe fn store_first(at: *mut f32, lanes: __m512, count: usize) {
    // SAFETY: masked lanes are not accessed, and the others are inside what the caller promises.
    unsafe { _mm512_mask_storeu_ps(at, ((1_u32 << count.min(16)) - 1) as __mmask16, lanes) }; // CAST: 16 bits
}

/// Brings the line at `at` into the second level; any address will do.
#[target_feature(enable = "avx512f")]
#[inline]
fn prefetch(at: *const f32) {
    _mm_prefetch::<_MM_HINT_T1>(at.cast());
}
