//! The wave matrix multiply-accumulate, D = A * B + C on 16x16 matrices: the arithmetic on whole matrices, and which
//! register of which lane holds which element.
//!
//! Not known is in which order hardware sums the sixteen products and where it rounds: the guide says only that it
//! "internally uses the DOT instructions" and rounds to nearest even. Chosen, as the *ascending* order: from C, with k
//! going up, one product at a time, each step rounded to f32; results of 16 bits are rounded once more, at the end.
//! Denormals are kept. Integers have no such question but for where CLAMP saturates: at the end.
//!
//! NEG on A and B, and ABS and NEG on C, are sign bits that the executor flips before.
//! Source: guide, section 7.9.

use super::dot::Signed;
use super::int::clamp_i32;
use super::mode::{Denorm, Mode, Round};
use super::round::{narrow_32_to_bf16, widen_16_to_32, widen_bf16_to_32};
use super::{convert, f32};

/// Rows of columns: `a[i][k]`, `b[k][j]`, `c[i][j]`.
pub type Matrix<T> = [[T; 16]; 16];

/// WMMA's own: to nearest even, denormals kept, NaNs quieted.
const MODE: Mode = Mode {
    round_f32: Round::NearestEven,
    round_f16_f64: Round::NearestEven,
    denorm_f32: Denorm::KEEP,
    denorm_f16_f64: Denorm::KEEP,
    fp16_ovfl: false,
    ..Mode::BENCH
};

/// The ascending order: applies `step(sum, a, b)` for each k to a row of D at a time, which vectorises over the
/// columns.
#[inline(always)]
fn ascending<T: Copy, S: Copy>(a: &Matrix<T>, b: &Matrix<T>, c: &Matrix<S>, step: impl Fn(S, T, T) -> S) -> Matrix<S> {
    let mut d = *c;
    for (row, sums) in a.iter().zip(&mut d) {
        for (&left, right) in row.iter().zip(b) {
            for (sum, &right) in sums.iter_mut().zip(right) {
                *sum = step(*sum, left, right);
            }
        }
    }
    d
}

#[inline(always)]
fn map<T: Copy, S>(matrix: &Matrix<T>, function: impl Fn(T) -> S) -> Matrix<S> {
    matrix.map(|row| row.map(&function))
}

#[inline(always)]
fn step_f16(sum: u32, a: u32, b: u32) -> u32 {
    // The product of two f16 is exact in f32, so this is the fused step without the need of an FMA.
    f32::add(MODE, sum, f32::mul(MODE, a, b))
}

#[inline(always)]
fn step_bf16(sum: u32, a: u32, b: u32) -> u32 {
    f32::fma(MODE, a, b, sum)
}

#[inline(always)]
fn from_f16(x: u16) -> u32 {
    f32::quiet(MODE, widen_16_to_32(x).to_bits())
}

#[inline(always)]
fn from_bf16(x: u16) -> u32 {
    widen_bf16_to_32(x).to_bits()
}

/// `V_WMMA_F32_16X16X16_F16`.
#[inline]
#[must_use]
pub fn f32_f16(a: &Matrix<u16>, b: &Matrix<u16>, c: &Matrix<u32>) -> Matrix<u32> {
    ascending(&map(a, from_f16), &map(b, from_f16), c, step_f16)
}

/// `V_WMMA_F32_16X16X16_BF16`.
#[inline]
#[must_use]
pub fn f32_bf16(a: &Matrix<u16>, b: &Matrix<u16>, c: &Matrix<u32>) -> Matrix<u32> {
    ascending(&map(a, from_bf16), &map(b, from_bf16), c, step_bf16)
}

/// `V_WMMA_F16_16X16X16_F16`.
#[inline]
#[must_use]
pub fn f16_f16(a: &Matrix<u16>, b: &Matrix<u16>, c: &Matrix<u16>) -> Matrix<u16> {
    map(&f32_f16(a, b, &map(c, from_f16)), |x| convert::f16_from_f32(MODE, x))
}

/// `V_WMMA_BF16_16X16X16_BF16`.
#[inline]
#[must_use]
pub fn bf16_bf16(a: &Matrix<u16>, b: &Matrix<u16>, c: &Matrix<u16>) -> Matrix<u16> {
    map(&f32_bf16(a, b, &map(c, from_bf16)), narrow_32_to_bf16)
}

/// `V_WMMA_I32_16X16X16_IU8`. C and D are i32; sums wrap, or saturate with CLAMP.
#[inline]
#[must_use]
pub fn i32_iu8(signed: Signed, clamp: bool, a: &Matrix<u8>, b: &Matrix<u8>, c: &Matrix<u32>) -> Matrix<u32> {
    integers(clamp, &map(a, |x| extend(x, 8, signed.a)), &map(b, |x| extend(x, 8, signed.b)), c)
}

/// `V_WMMA_I32_16X16X16_IU4`: elements of A and B are the low four bits. See [`i32_iu8`].
#[inline]
#[must_use]
pub fn i32_iu4(signed: Signed, clamp: bool, a: &Matrix<u8>, b: &Matrix<u8>, c: &Matrix<u32>) -> Matrix<u32> {
    integers(clamp, &map(a, |x| extend(x, 4, signed.a)), &map(b, |x| extend(x, 4, signed.b)), c)
}

#[inline(always)]
fn extend(x: u8, width: u32, signed: bool) -> i32 {
    let up = u32::from(x) << (32 - width);
    if signed { up as i32 >> (32 - width) } else { (up >> (32 - width)) as i32 } // CAST: two's complement; eight bits
}

#[inline(always)]
fn integers(clamp: bool, a: &Matrix<i32>, b: &Matrix<i32>, c: &Matrix<u32>) -> Matrix<u32> {
    // Sixteen products of bytes are far from i32's ends; only adding C can reach them.
    let products = ascending(a, b, &[[0; 16]; 16], |sum: i32, x, y| sum + x * y);
    let mut d = *c;
    for (sums, row) in d.iter_mut().zip(&products) {
        for (sum, &product) in sums.iter_mut().zip(row) {
            let exact = i64::from(*sum as i32) + i64::from(product); // CAST: two's complement
            *sum = if clamp { clamp_i32(exact) } else { exact as u32 }; // CAST: wraps as meant
        }
    }
    d
}

/// How many lanes a wave has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wave {
    /// 32 lanes.
    Wave32,
    /// 64 lanes.
    Wave64,
}

impl Wave {
    /// The number of lanes.
    #[must_use]
    pub const fn lanes(self) -> u32 {
        match self {
            Self::Wave32 => 32,
            Self::Wave64 => 64,
        }
    }

    /// How many registers C and D take: 8 or 4, also where their elements have 16 bits.
    #[must_use]
    pub const fn accumulator_vgprs(self) -> u32 {
        256 / self.lanes()
    }
}

/// The element formats of A and B.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Factor {
    /// f16 or bfloat16, two to a register.
    Bits16,
    /// Bytes, four to a register.
    Bits8,
    /// Nibbles, eight to a register.
    Bits4,
}

impl Factor {
    /// Width of an element in bits.
    #[must_use]
    pub const fn bits(self) -> u32 {
        match self {
            Self::Bits16 => 16,
            Self::Bits8 => 8,
            Self::Bits4 => 4,
        }
    }

    /// How many registers A or B takes, in waves of either size.
    #[must_use]
    pub const fn vgprs(self) -> u32 {
        self.bits() / 2
    }

    /// The element of A, as (row, k), in register `vgpr` of `lane`, at `slot` from the low bits. Of B it is (column,
    /// k).
    ///
    /// Lanes from 16 up hold what lane modulo 16 does; if they do not, which one counts is not known.
    /// Source: guide, section 7.9; AMD matrix instruction calculator.
    #[must_use]
    pub const fn element(self, vgpr: u32, slot: u32, lane: u32) -> (u32, u32) {
        (lane % 16, vgpr * (32 / self.bits()) + slot)
    }

    /// The inverse of [`Factor::element`] for the lowest lane: (register, slot, lane) of (row or column, k).
    #[must_use]
    pub const fn place(self, row: u32, k: u32) -> (u32, u32, u32) {
        let per_vgpr = 32 / self.bits();
        (k / per_vgpr, k % per_vgpr, row % 16)
    }
}

/// The element of C and D, as (row, column), in register `vgpr` of `lane`.
/// Source: guide, section 7.9; AMD matrix instruction calculator.
#[must_use]
pub const fn accumulator_element(wave: Wave, vgpr: u32, lane: u32) -> (u32, u32) {
    (vgpr * (wave.lanes() / 16) + lane / 16, lane % 16)
}

/// The inverse of [`accumulator_element`]: (register, lane) of (row, column).
#[must_use]
pub const fn accumulator_place(wave: Wave, row: u32, column: u32) -> (u32, u32) {
    let rows = wave.lanes() / 16;
    (row / rows, row % rows * 16 + column % 16)
}

/// The 16-bit element of C in a register: OPSEL bit 2 selects the high half.
#[inline(always)]
#[must_use]
pub const fn half(register: u32, high: bool) -> u16 {
    (if high { register >> 16 } else { register }) as u16 // CAST: one half
}

/// A register of D with a 16-bit element put into the half that OPSEL bit 2 selects. The other half stays as it was in
/// D.
/// Source: LLVM `IntrinsicsAMDGPU.td`, whose "tied" WMMA intrinsics rely on it.
#[inline(always)]
#[must_use]
pub const fn with_half(register: u32, high: bool, element: u16) -> u32 {
    if high { register & 0xffff | (element as u32) << 16 } else { register & 0xffff_0000 | element as u32 }
}

#[cfg(test)]
mod tests;
