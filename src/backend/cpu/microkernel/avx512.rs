//! Register tiles for AVX-512F: 32 registers of 16 floats.
#![allow(unsafe_code)]

use super::groups::{one_group_kernel, quarters_kernel};
use super::lanewise::{StripCall, StripRow, any_window_kernel, sliding_kernel, strip_frame, strip_table, unrolled};
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
quarters_kernel!(16, #[target_feature(enable = "avx512f")]);

strip_table! {
    16;
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
    quarters 3 stride 1 channels 8 x 7;
    quarters 3 stride 2 channels 8 x 7;
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

/// Four channels of each of four groups of eight, a group a quarter: the first ones or the last. Read again for each half,
/// or the compiler would keep both vectors and spill.
///
/// # Safety
/// Two vectors may be read.
#[inline]
#[target_feature(enable = "avx512f")]
unsafe fn half_of_groups(half: usize, at: *const f32) -> __m512 {
    macro_rules! gather {
        ($quarters:literal) => {{
            let x;
            // SAFETY: reads what the caller grants and writes a register.
            unsafe {
                asm!(
                    "vmovups {x:z}, [{at}]",
                    concat!("vshuff32x4 {x:z}, {x:z}, [{at} + 64], ", $quarters),
                    x = out(zmm_reg) x, at = in(reg) at,
                    options(readonly, nostack, preserves_flags),
                );
            }
            x
        }};
    }
    if half == 0 { gather!("0x88") } else { gather!("0xdd") }
}

/// [`half_of_groups`] of fewer groups.
///
/// # Safety
/// The lanes of `read` in two vectors may be read.
#[inline]
#[target_feature(enable = "avx512f")]
unsafe fn half_of_groups_masked(half: usize, at: *const f32, read: [__mmask16; 2]) -> __m512 {
    // SAFETY: the caller's promise; masked lanes are not touched.
    let [x, y] = unsafe { [load_masked(at, read[0]), load_masked(at.wrapping_add(16), read[1])] };
    if half == 0 { _mm512_shuffle_f32x4::<0x88>(x, y) } else { _mm512_shuffle_f32x4::<0xdd>(x, y) }
}

/// Adds `factors` times lane `c` of each quarter to two sums.
#[inline]
#[target_feature(enable = "avx512f")]
fn spread_fma(value: __m512, c: usize, factors: [__m512; 2], sums: [__m512; 2]) -> [__m512; 2] {
    let [mut sum0, mut sum1] = sums;
    // The compiler would merge shuffles into dearer ones, and spill.
    macro_rules! step {
        ($lanes:literal) => {
            // SAFETY: registers alone.
            unsafe {
                asm!(
                    concat!("vpermilps {x:z}, {value:z}, ", $lanes),
                    "vfmadd231ps {sum0:z}, {x:z}, {factor0:z}",
                    "vfmadd231ps {sum1:z}, {x:z}, {factor1:z}",
                    x = out(zmm_reg) _, value = in(zmm_reg) value,
                    factor0 = in(zmm_reg) factors[0], factor1 = in(zmm_reg) factors[1],
                    sum0 = inout(zmm_reg) sum0, sum1 = inout(zmm_reg) sum1,
                    options(nomem, nostack, preserves_flags),
                );
            }
        };
    }
    match c {
        0 => step!("0x00"),
        1 => step!("0x55"),
        2 => step!("0xaa"),
        _ => step!("0xff"),
    }
    [sum0, sum1]
}

/// Sums of four groups, half a group a quarter, to whole groups.
#[inline]
#[target_feature(enable = "avx512f")]
fn groups_in_order([first, last]: [__m512; 2]) -> [__m512; 2] {
    let low = _mm512_setr_epi32(0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23);
    let high = _mm512_setr_epi32(8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31);
    [_mm512_permutex2var_ps(first, low, last), _mm512_permutex2var_ps(first, high, last)]
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

/// Brings the line at `at` into the second level; any address will do.
#[inline]
#[target_feature(enable = "avx512f")]
fn prefetch_row(at: *const f32) {
    _mm_prefetch::<_MM_HINT_T1>(at.cast());
}
