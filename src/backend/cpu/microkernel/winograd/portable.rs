//! Winograd's kernels in plain Rust: the definition of the result on every CPU.
#![allow(unsafe_code)]

use super::{InputCall, OutputCall, ProductCall, ProductKernel, WinogradKernels, winograd_kernels, winograd_table};
use crate::conv::WinogradTile;

/// Floats of a "vector" here.
const LANES: usize = 16;

/// Lanes that are computed one like the other.
type Vector = [f32; LANES];

fn zero() -> Vector {
    [0.0; LANES]
}

fn splat(value: f32) -> Vector {
    [value; LANES]
}

/// # Safety
/// `from` must hold a vector.
unsafe fn load(from: *const f32) -> Vector {
    // SAFETY: the caller's promise; a `Vector` is nothing but floats.
    unsafe { from.cast::<Vector>().read_unaligned() }
}

/// # Safety
/// `to` must have room for a vector.
unsafe fn store(to: *mut f32, vector: Vector) {
    // SAFETY: as in `load`.
    unsafe { to.cast::<Vector>().write_unaligned(vector) };
}

fn fma(a: Vector, b: Vector, c: Vector) -> Vector {
    std::array::from_fn(|lane| a[lane].mul_add(b[lane], c[lane]))
}

fn mul(a: Vector, b: Vector) -> Vector {
    std::array::from_fn(|lane| a[lane] * b[lane])
}

fn add(a: Vector, b: Vector) -> Vector {
    std::array::from_fn(|lane| a[lane] + b[lane])
}

fn sub(a: Vector, b: Vector) -> Vector {
    std::array::from_fn(|lane| a[lane] - b[lane])
}

/// The larger one, and `b` where either is NaN or they are equal, as x86 has it.
fn max(a: Vector, b: Vector) -> Vector {
    std::array::from_fn(|lane| if a[lane] > b[lane] { a[lane] } else { b[lane] })
}

/// There is no portable way to prefetch.
fn prefetch(_address: *const f32) {}

winograd_kernels!([], Vector, LANES, zero, load, store, splat, fma, mul, add, sub, max, prefetch, prefetch, prefetch);

winograd_table! {
    LANES;
    1: 1 2 3 4;
}
