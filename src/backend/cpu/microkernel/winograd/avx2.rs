//! Winograd's kernels for AVX2 with FMA: 16 registers of 8 floats.
#![allow(unsafe_code)]

use super::{InputCall, OutputCall, ProductCall, ProductKernel, WinogradKernels, winograd_kernels, winograd_table};
use crate::conv::WinogradTile;
use core::arch::x86_64::*;

/// Brings the line at `address` into the first-level cache; any address will do.
#[target_feature(enable = "avx2,fma")]
#[inline]
fn prefetch(address: *const f32) {
    _mm_prefetch::<_MM_HINT_T0>(address.cast());
}

/// Brings the line at `address` into the second-level cache; any address will do.
#[target_feature(enable = "avx2,fma")]
#[inline]
fn prefetch_l2(address: *const f32) {
    _mm_prefetch::<_MM_HINT_T1>(address.cast());
}

/// Brings the line at `address` into the first-level cache to write it; any address will do.
#[target_feature(enable = "avx2,fma")]
#[inline]
fn prefetch_write(address: *const f32) {
    _mm_prefetch::<_MM_HINT_ET0>(address.cast());
}

winograd_kernels!(
    [#[target_feature(enable = "avx2,fma")]],
    __m256,
    8,
    _mm256_setzero_ps,
    _mm256_loadu_ps,
    _mm256_storeu_ps,
    _mm256_set1_ps,
    _mm256_fmadd_ps,
    _mm256_mul_ps,
    _mm256_add_ps,
    _mm256_sub_ps,
    _mm256_max_ps,
    prefetch,
    prefetch_l2,
    prefetch_write
);

winograd_table! {
    8;
    1: 1 2 3 4 5 6;
    2: 1 2 3 4 5 6;
}
