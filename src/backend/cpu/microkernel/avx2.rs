//! Register tiles for AVX2 with FMA: 16 registers of 8 floats.
#![allow(unsafe_code)]

use super::groups::one_group_kernel;
use super::lanewise::{StripCall, StripRow, any_window_kernel, sliding_kernel, strip_frame, strip_table, unrolled};
use super::{LINE, LeftOut, TileCall, TileRow, run_at, tile_kernels, tile_table};
use core::arch::asm;
use core::arch::x86_64::*;

/// The steps of a run for 4 or 3 pixels of a tile of 4 x 24: with all 16 registers in use, the compiler would move
/// accumulators about in every step. Others are left to it.
macro_rules! by_hand {
    ($acc:ident, $len:ident, $run:ident, $w:ident, $mr:expr, $nv:expr, $first:expr, $end:expr, $compiled:block) => {
        match ($mr, $nv, $first, $end) {
            (4, 3, 0, 4) => steps_of_24!($acc, $len, $run, $w, [0 p0 a0 b0 c0] [1 p1 a1 b1 c1] [2 p2 a2 b2 c2] [3 p3 a3 b3 c3]),
            (4, 3, 0, 3) => steps_of_24!($acc, $len, $run, $w, [0 p0 a0 b0 c0] [1 p1 a1 b1 c1] [2 p2 a2 b2 c2]),
            (4, 3, 1, 4) => steps_of_24!($acc, $len, $run, $w, [1 p1 a1 b1 c1] [2 p2 a2 b2 c2] [3 p3 a3 b3 c3]),
            _ => $compiled,
        }
    };
}

/// The pixels are given by number, with names for the run and the three accumulators of each. Weights are fetched 16 steps
/// of 96 bytes ahead, from addresses 48 bytes apart, so that no line is missed.
macro_rules! steps_of_24 {
    ($acc:ident, $len:ident, $run:ident, $w:ident, $([$i:literal $p:ident $a:ident $b:ident $c:ident])+) => {{
        let bytes = ($len * size_of::<f32>()) as isize; // CAST: in a run
        // SAFETY: the runs hold `len` floats and the panel 24 for each of as many steps (contract), and `len` is not 0;
        // `at` counts up to 0 from the ends of the runs. A prefetch may name any address. Nothing is written but the
        // registers that are named.
        unsafe {
            asm!(
                "2:",
                "prefetcht0 [{w} + 1536]",
                "prefetcht0 [{w} + 1584]",
                "vmovups {x}, [{w}]",
                "vmovups {y}, [{w} + 32]",
                "vmovups {z}, [{w} + 64]",
                $(
                    concat!("vbroadcastss {t}, [{", stringify!($p), "} + {at}]"),
                    concat!("vfmadd231ps {", stringify!($a), "}, {t}, {x}"),
                    concat!("vfmadd231ps {", stringify!($b), "}, {t}, {y}"),
                    concat!("vfmadd231ps {", stringify!($c), "}, {t}, {z}"),
                )+
                "add {w}, 96",
                "add {at}, 4",
                "jnz 2b",
                $(
                    $p = in(reg) $run[$i].wrapping_byte_offset(bytes),
                    $a = inout(ymm_reg) $acc[$i][0],
                    $b = inout(ymm_reg) $acc[$i][1],
                    $c = inout(ymm_reg) $acc[$i][2],
                )+
                w = inout(reg) $w,
                at = inout(reg) -bytes => _,
                x = out(ymm_reg) _,
                y = out(ymm_reg) _,
                z = out(ymm_reg) _,
                t = out(ymm_reg) _,
                options(nostack, readonly),
            );
        }
    }};
}

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
    _mm256_max_ps,
    by_hand
);

tile_table! {
    8; 6 x 2, 5 x 2, 4 x 2, 4 x 3, 3 x 3, 2 x 2, 6 x 1, 1 x 4
}

any_window_kernel!(8, #[target_feature(enable = "avx2,fma")]);
sliding_kernel!(8, 7, #[target_feature(enable = "avx2,fma")]);
one_group_kernel!(8, #[target_feature(enable = "avx2,fma")]);

strip_table! {
    8;
    any 6;
    sliding 3 stride 1 channels 1 x 7;
    sliding 3 stride 2 channels 1 x 7;
    sliding 5 stride 1 channels 1 x 7;
    sliding 5 stride 2 channels 1 x 7;
    sliding 7 stride 1 channels 1 x 7;
    sliding 7 stride 2 channels 1 x 7;
    sliding 3 stride 1 channels 2 x 7;
    sliding 3 stride 2 channels 2 x 7;
    sliding 3 stride 1 channels 4 x 7;
    sliding 3 stride 2 channels 4 x 7;
    one_group 3 stride 1 channels 8 x 7;
    one_group 3 stride 2 channels 8 x 7;
}

// The operations of the lanewise kernels.

#[inline]
#[target_feature(enable = "avx2,fma")]
fn zero() -> __m256 {
    _mm256_setzero_ps()
}

#[inline]
#[target_feature(enable = "avx2,fma")]
fn splat(value: f32) -> __m256 {
    _mm256_set1_ps(value)
}

/// The first `lanes`, at most 8.
#[inline]
#[target_feature(enable = "avx2,fma")]
fn mask(lanes: usize) -> __m256i {
    _mm256_cmpgt_epi32(_mm256_set1_epi32(lanes as i32), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7)) // CAST: at most 8
}

/// # Safety
/// A vector may be read.
#[inline]
#[target_feature(enable = "avx2,fma")]
unsafe fn load(at: *const f32) -> __m256 {
    // SAFETY: the caller's promise.
    unsafe { _mm256_loadu_ps(at) }
}

/// # Safety
/// The lanes of `mask` may be read.
#[inline]
#[target_feature(enable = "avx2,fma")]
unsafe fn load_masked(at: *const f32, mask: __m256i) -> __m256 {
    // SAFETY: the caller's promise; masked lanes are not touched.
    unsafe { _mm256_maskload_ps(at, mask) }
}

/// A zero that is made where it is needed, rather than kept in a register that accumulators need.
#[inline]
#[target_feature(enable = "avx2,fma")]
fn fresh_zero() -> __m256 {
    let zero;
    // SAFETY: writes one register.
    unsafe { asm!("vxorps {0:x}, {0:x}, {0:x}", out(ymm_reg) zero, options(nomem, nostack, preserves_flags)) };
    zero
}

/// # Safety
/// The first `lanes` may be written.
#[inline]
#[target_feature(enable = "avx2,fma")]
unsafe fn store_masked(at: *mut f32, lanes: usize, value: __m256) {
    // SAFETY: the caller's promise; masked lanes are not touched. A masked store is slow on some CPUs, so whole vectors
    // don't take one.
    unsafe { if lanes == 8 { _mm256_storeu_ps(at, value) } else { _mm256_maskstore_ps(at, mask(lanes), value) } }
}

/// # Safety
/// A vector may be written, at an address aligned to it.
#[inline]
#[target_feature(enable = "avx2,fma")]
unsafe fn stream(at: *mut f32, value: __m256) {
    // SAFETY: the caller's promise.
    unsafe { _mm256_stream_ps(at, value) }
}

#[inline]
#[target_feature(enable = "avx2,fma")]
fn fma(a: __m256, b: __m256, c: __m256) -> __m256 {
    _mm256_fmadd_ps(a, b, c)
}

#[inline]
#[target_feature(enable = "avx2,fma")]
fn add(a: __m256, b: __m256) -> __m256 {
    _mm256_add_ps(a, b)
}

#[inline]
#[target_feature(enable = "avx2,fma")]
fn min(a: __m256, b: __m256) -> __m256 {
    _mm256_min_ps(a, b)
}

#[inline]
#[target_feature(enable = "avx2,fma")]
fn max(a: __m256, b: __m256) -> __m256 {
    _mm256_max_ps(a, b)
}

#[inline]
#[target_feature(enable = "avx2,fma")]
fn lane_numbers_of_nothing() -> __m256i {
    _mm256_setzero_si256()
}

/// # Safety
/// A vector of lane numbers may be read.
#[inline]
#[target_feature(enable = "avx2,fma")]
unsafe fn lane_numbers(at: *const u32) -> __m256i {
    // SAFETY: the caller's promise.
    unsafe { _mm256_loadu_si256(at.cast()) }
}

/// Lane `l` of the result is lane `numbers[l]` of `value`.
#[inline]
#[target_feature(enable = "avx2,fma")]
fn spread(value: __m256, numbers: __m256i) -> __m256 {
    _mm256_permutevar8x32_ps(value, numbers)
}

/// Brings the line at `at` in from the outer levels; any address will do. Into the first level: on Zen 4 a fetch into the
/// second one gained less than half as much.
#[target_feature(enable = "avx2,fma")]
#[inline]
fn prefetch_outer(at: *const f32) {
    _mm_prefetch::<_MM_HINT_T0>(at.cast());
}

/// Brings in the line of weights that is used 16 steps of a 16-wide panel after the one at `at`: while inputs stream
/// through the second level, some weights have left it.
#[inline]
#[target_feature(enable = "avx2,fma")]
fn prefetch_weights(at: *const f32) {
    _mm_prefetch::<_MM_HINT_T0>(at.wrapping_add(256).cast());
}

/// Brings the line at `at` into the second level; any address will do.
#[inline]
#[target_feature(enable = "avx2,fma")]
fn prefetch_row(at: *const f32) {
    _mm_prefetch::<_MM_HINT_T1>(at.cast());
}
