//! Winograd's kernels for AVX-512F: 32 registers of 16 floats.
#![allow(unsafe_code)]

use super::{InputCall, OutputCall, ProductCall, ProductKernel, WinogradKernels, winograd_kernels, winograd_table};
use crate::conv::WinogradTile;
use core::arch::x86_64::*;

/// Brings the line at `address` into the first-level cache; any address will do.
#[target_feature(enable = "avx512f")]
#[inline]
fn prefetch(address: *const f32) {
    _mm_prefetch::<_MM_HINT_T0>(address.cast());
}

/// Brings the line at `address` into the second-level cache; any address will do.
#[target_feature(enable = "avx512f")]
#[inline]
fn prefetch_l2(address: *const f32) {
    _mm_prefetch::<_MM_HINT_T1>(address.cast());
}

/// Brings the line at `address` into the first-level cache to write it; any address will do.
#[target_feature(enable = "avx512f")]
#[inline]
fn prefetch_write(address: *const f32) {
    _mm_prefetch::<_MM_HINT_ET0>(address.cast());
}

winograd_kernels!(
    [#[target_feature(enable = "avx512f")]],
    __m512,
    16,
    _mm512_setzero_ps,
    _mm512_loadu_ps,
    _mm512_storeu_ps,
    _mm512_set1_ps,
    _mm512_fmadd_ps,
    _mm512_mul_ps,
    _mm512_add_ps,
    _mm512_sub_ps,
    _mm512_max_ps,
    prefetch,
    prefetch_l2,
    prefetch_write
);

winograd_table! {
    16;
    1: 1 2 3 4 5 6 7 8 9 10 11 12 13 14;
    2: 1 2 3 4 5 6 7 8 9 10 11 12 13 14;
    3: 1 2 3 4 5 6 7 8 9;
    4: 1 2 3 4 5 6;
}
