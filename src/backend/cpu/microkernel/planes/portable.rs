//! Planes in plain Rust: the definition of the result on every CPU.
#![allow(unsafe_code)]

use super::sweep::{NO_ROW, SweepCall, SweepKernels, sweep_kernel};
use super::{PlaneCall, PlaneKernels, PlaneTile, RowCopy, Sweeps, plane_kernels, plane_table};
use crate::conv::CHANNEL_BLOCK;
use crate::conv::epilogue::relu;

/// Floats of a "vector" here.
const LANES: usize = 4;

type Vector = [f32; LANES];

#[inline(always)]
fn zero() -> Vector {
    [0.0; LANES]
}

#[inline(always)]
fn splat(value: f32) -> Vector {
    [value; LANES]
}

#[inline(always)]
fn fma(a: Vector, b: Vector, c: Vector) -> Vector {
    std::array::from_fn(|lane| a[lane].mul_add(b[lane], c[lane]))
}

#[inline(always)]
fn add(a: Vector, b: Vector) -> Vector {
    std::array::from_fn(|lane| a[lane] + b[lane])
}

/// As the vector instruction: the second operand passes where either is NaN. The first one is zero.
#[inline(always)]
fn max(_zero: Vector, values: Vector) -> Vector {
    values.map(relu)
}

/// # Safety
/// A vector must be readable at `from`.
#[inline(always)]
unsafe fn load(from: *const f32) -> Vector {
    // SAFETY: the caller's promise is the one that is asked for.
    unsafe { from.cast::<Vector>().read_unaligned() }
}

/// # Safety
/// A vector must be writable at `to`.
#[inline(always)]
unsafe fn store(to: *mut f32, vector: Vector) {
    // SAFETY: the caller's promise is the one that is asked for.
    unsafe { to.cast::<Vector>().write_unaligned(vector) };
}

/// # Safety
/// The lanes in `lanes` must be readable.
#[inline(always)]
unsafe fn load_lanes(from: *const f32, lanes: u32) -> Vector {
    // SAFETY: one of the lanes that are readable.
    std::array::from_fn(|lane| if lanes >> lane & 1 == 1 { unsafe { *from.wrapping_add(lane) } } else { 0.0 })
}

/// # Safety
/// The lanes in `lanes` must be writable.
#[inline(always)]
unsafe fn store_lanes(to: *mut f32, lanes: u32, vector: Vector) {
    for (lane, value) in vector.into_iter().enumerate() {
        if lanes >> lane & 1 == 1 {
            // SAFETY: one of the lanes that are writable.
            unsafe { *to.wrapping_add(lane) = value };
        }
    }
}

/// # Safety
/// Float `2 * i` from `from` on must be readable for each lane `i` in `lanes`.
#[inline(always)]
unsafe fn every_second(from: *const f32, lanes: u32) -> Vector {
    // SAFETY: one of the floats that are readable.
    std::array::from_fn(|lane| if lanes >> lane & 1 == 1 { unsafe { *from.wrapping_add(2 * lane) } } else { 0.0 })
}

plane_kernels!([], LANES, zero, load, load_lanes, store, store_lanes, splat, fma, add, max, every_second);

sweep_kernel!([], LANES, zero, load, store, store_lanes, splat, fma, add, max);

plane_table! {
    LANES;
    4: 1 2;
}
