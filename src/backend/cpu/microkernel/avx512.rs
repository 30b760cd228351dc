//! Register tiles for AVX-512F: 32 registers of 16 floats.
#![allow(unsafe_code)]

use super::lanewise::{
    StripCall, StripRow, any_window_kernel, one_group_kernel, sliding_kernel, strip_frame, strip_table, unrolled,
};
use super::{LINE, LeftOut, TileCall, TileRow, run_at, tile_kernels, tile_table};
use core::arch::asm;
use core::arch::x86_64::*;

/// The compiler keeps the accumulators of every tile in registers.
macro_rules! by_hand {
    ($acc:ident, $len:ident, $run:ident, $w:ident, $mr:expr, $nv:expr, $first:expr, $end:expr, $compiled:block) => {
        $compiled
    };
}

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
    _mm512_max_ps,
    by_hand
);

tile_table! {
    16; 14 x 2, 13 x 2, 12 x 2, 11 x 2, 10 x 2, 9 x 2, 8 x 2, 7 x 2, 9 x 3, 8 x 3, 7 x 3, 6 x 4, 5 x 4, 14 x 1, 7 x 1, 4 x 1, 1 x 4
}

any_window_kernel!(16, #[target_feature(enable = "avx512f")]);
sliding_kernel!(16, 12, #[target_feature(enable = "avx512f")]);
one_group_kernel!(16, #[target_feature(enable = "avx512f")]);

strip_table! {
    any 8;
    sliding 3 stride 1 channels 1 x 14;
    sliding 3 stride 1 channels 1 x 7;
    sliding 3 stride 2 channels 1 x 14;
    sliding 3 stride 2 channels 1 x 7;
    sliding 5 stride 1 channels 1 x 14;
    sliding 5 stride 1 channels 1 x 7;
    sliding 5 stride 2 channels 1 x 14;
    sliding 5 stride 2 channels 1 x 7;
    sliding 7 stride 1 channels 1 x 14;
    sliding 7 stride 1 channels 1 x 7;
    sliding 7 stride 2 channels 1 x 7;
    sliding 3 stride 1 channels 2 x 14;
    sliding 3 stride 2 channels 2 x 14;
    sliding 3 stride 1 channels 4 x 14;
    sliding 3 stride 2 channels 4 x 14;
    sliding 3 stride 1 channels 8 x 14;
    sliding 3 stride 2 channels 8 x 14;
    one_group 3 stride 1 channels 16 x 14;
    one_group 3 stride 1 channels 16 x 7;
    one_group 3 stride 2 channels 16 x 7;
}

// The operations of the lanewise kernels.

#[inline]
#[target_feature(enable = "avx512f")]
fn zero() -> __m512 {
    _mm512_setzero_ps()
}

#[inline]
#[target_feature(enable = "avx512f")]
fn splat(value: f32) -> __m512 {
    _mm512_set1_ps(value)
}

/// The first `lanes`, at most 16.
#[inline]
#[target_feature(enable = "avx512f")]
fn mask(lanes: usize) -> __mmask16 {
    ((1_u32 << lanes) - 1) as __mmask16 // CAST: 16 bits are set at most
}

/// # Safety
/// A vector may be read.
#[inline]
#[target_feature(enable = "avx512f")]
unsafe fn load(at: *const f32) -> __m512 {
    // SAFETY: the caller's promise.
    unsafe { _mm512_loadu_ps(at) }
}

/// # Safety
/// The lanes of `mask` may be read.
#[inline]
#[target_feature(enable = "avx512f")]
unsafe fn load_masked(at: *const f32, mask: __mmask16) -> __m512 {
    // SAFETY: the caller's promise; masked lanes are not touched.
    unsafe { _mm512_maskz_loadu_ps(mask, at) }
}

/// A zero that is made where it is needed, rather than kept in a register that accumulators need.
#[inline]
#[target_feature(enable = "avx512f")]
fn fresh_zero() -> __m512 {
    let zero;
    // SAFETY: writes one register.
    unsafe { asm!("vpxord {0:z}, {0:z}, {0:z}", out(zmm_reg) zero, options(nomem, nostack, preserves_flags)) };
    zero
}

/// # Safety
/// The first `lanes` may be written.
#[inline]
#[target_feature(enable = "avx512f")]
unsafe fn store_masked(at: *mut f32, lanes: usize, value: __m512) {
    // SAFETY: the caller's promise; masked lanes are not touched.
    unsafe { _mm512_mask_storeu_ps(at, mask(lanes), value) }
}

/// # Safety
/// A vector may be written, at an address aligned to it.
#[inline]
#[target_feature(enable = "avx512f")]
unsafe fn stream(at: *mut f32, value: __m512) {
    // SAFETY: the caller's promise.
    unsafe { _mm512_stream_ps(at, value) }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn fma(a: __m512, b: __m512, c: __m512) -> __m512 {
    _mm512_fmadd_ps(a, b, c)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn add(a: __m512, b: __m512) -> __m512 {
    _mm512_add_ps(a, b)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn min(a: __m512, b: __m512) -> __m512 {
    _mm512_min_ps(a, b)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn max(a: __m512, b: __m512) -> __m512 {
    _mm512_max_ps(a, b)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn lane_numbers_of_nothing() -> __m512i {
    _mm512_setzero_si512()
}

/// # Safety
/// A vector of lane numbers may be read.
#[inline]
#[target_feature(enable = "avx512f")]
unsafe fn lane_numbers(at: *const u32) -> __m512i {
    // SAFETY: the caller's promise.
    unsafe { _mm512_loadu_si512(at.cast()) }
}

/// Lane `l` of the result is lane `numbers[l]` of `value`.
#[inline]
#[target_feature(enable = "avx512f")]
fn spread(value: __m512, numbers: __m512i) -> __m512 {
    _mm512_permutexvar_ps(numbers, value)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn prefetch(at: *const f32) {
    _mm_prefetch::<_MM_HINT_T0>(at.cast());
}

/// Brings the line at `at` into the second level; any address will do.
#[target_feature(enable = "avx512f")]
#[inline]
fn prefetch_outer(at: *const f32) {
    _mm_prefetch::<_MM_HINT_T1>(at.cast());
}

/// Nothing: fetching weights ahead took an eighth off 512 to 512 channels at 7x7.
#[inline(always)]
fn prefetch_weights(_at: *const f32) {}
