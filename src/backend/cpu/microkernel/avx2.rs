//! Register tiles for AVX2 with FMA: 16 registers of 8 floats.
#![allow(unsafe_code)]

use super::{KernelRow, TileCall, kernel_table, tile_kernels};
use crate::plan::Family;
use core::arch::x86_64::*;

tile_kernels!(
    "avx2,fma",
    8,
    _mm256_setzero_ps,
    _mm256_loadu_ps,
    _mm256_storeu_ps,
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
