//! Double precision. Directed rounding is exact but slow; to nearest it is the host's arithmetic.

use super::common::{FloatCompare, float_format};
use super::mode::{Mode, OutputModifier, Round};
use super::round::{fma_f64, pack_f64};

float_format! {
    u64, i64, bits 64, mantissa 52, bias 1023,
    mode round_f16_f64, denorm_f16_f64, division underflows under -1075
}

#[inline(always)]
fn float(x: u64) -> f64 {
    f64::from_bits(x)
}

/// `nearest`, or in another rounding mode `a * b + c` by integers. Infinities and NaNs are the same in all modes.
#[inline(always)]
fn by_mode(mode: Mode, [a, b, c]: [u64; 3], nearest: f64) -> u64 {
    let finite = |x: u64| x & EXPONENT != EXPONENT;
    if mode.round_f16_f64 != Round::NearestEven && finite(a) && finite(b) && finite(c) {
        fma_f64([a, b, c].map(float), 0, mode.round_f16_f64)
    } else {
        nearest.to_bits()
    }
}

/// `a + b`.
#[inline(always)]
#[must_use]
pub fn add(mode: Mode, a: u64, b: u64) -> u64 {
    let (a, b) = (flush_input(mode, a), flush_input(mode, b));
    finish(mode, [a, b], by_mode(mode, [a, ONE, b], float(a) + float(b)))
}

/// `a - b`.
#[inline(always)]
#[must_use]
pub fn sub(mode: Mode, a: u64, b: u64) -> u64 {
    add(mode, a, if is_nan(b) { b } else { neg(b) })
}

/// `a * b`.
#[inline(always)]
#[must_use]
pub fn mul(mode: Mode, a: u64, b: u64) -> u64 {
    let (a, b) = (flush_input(mode, a), flush_input(mode, b));
    // Adding a zero of the product's sign changes nothing.
    finish(mode, [a, b], by_mode(mode, [a, b, (a ^ b) & SIGN], float(a) * float(b)))
}

/// `a * b + c`, rounded once.
#[inline(always)]
#[must_use]
pub fn fma(mode: Mode, a: u64, b: u64, c: u64) -> u64 {
    let (a, b, c) = (flush_input(mode, a), flush_input(mode, b), flush_input(mode, c));
    finish(mode, [a, b, c], by_mode(mode, [a, b, c], float(a).mul_add(float(b), float(c))))
}

macro_rules! to_integral {
    ($($(#[$doc:meta])* $name:ident = $std:ident;)+) => { $(
        $(#[$doc])*
        #[inline(always)]
        #[must_use]
        pub fn $name(mode: Mode, x: u64) -> u64 {
            let x = flush_input(mode, x);
            finish(mode, [x], float(x).$std().to_bits())
        }
    )+ };
}
to_integral! {
    /// Towards zero, keeping the sign of a zero.
    trunc = trunc;
    /// Towards plus infinity.
    ceil = ceil;
    /// Towards minus infinity.
    floor = floor;
    /// To the nearest integer, ties to even. See [`super::f32::rndne`] for the sign of zero.
    rndne = round_ties_even;
}

/// `x - floor(x)`, at most 0x3fefffffffffffff.
#[inline(always)]
#[must_use]
pub fn fract(mode: Mode, x: u64) -> u64 {
    let fraction = sub(mode, x, floor(mode, x));
    if (ONE..EXPONENT).contains(&fraction) { ONE - 1 } else { fraction }
}

/// `V_FREXP_EXP_I32_F64`: the power of two that [`frexp_mant`] took out, as i32.
#[inline(always)]
#[must_use]
pub fn frexp_exp(mode: Mode, x: u64) -> u32 {
    frexp_exponent(mode, x) as u32 // CAST: two's complement
}

/// `V_LDEXP_F64`: `x` times two to the i32 `exponent`, rounded once.
#[inline]
#[must_use]
pub fn ldexp(mode: Mode, x: u64, exponent: u32) -> u64 {
    let x = flush_input(mode, x);
    finish(mode, [x], scale(x, (exponent as i32).clamp(-5000, 5000), mode.round_f16_f64)) // CAST: two's complement
}

/// `x` times a power of two.
fn scale(x: u64, exponent: i32, round: Round) -> u64 {
    let field = (x & EXPONENT) >> 52;
    let fraction = x & FRACTION;
    if x & EXPONENT == EXPONENT || is_zero(x) {
        return x;
    }
    let mantissa = if field == 0 { fraction } else { fraction | (FRACTION + 1) };
    let last = field.max(1) as i32 - 1075; // CAST: 11 bits
    pack_f64(x & SIGN != 0, u128::from(mantissa), last + exponent, false, round)
}

/// `V_DIV_SCALE_F64`: `x`, which is one of the other two, scaled so that no step of the division is denormal; and VCC,
/// which tells [`div_fmas`] to scale the quotient back. Where reciprocal and quotient are both denormal the guide
/// scales the denominator *up* by 2^128, to infinity; down is meant. For VCC see [`super::f32::div_scale`].
/// Source: guide, section 16.12, V_DIV_SCALE_F64; tinygrad `test/amd/hw/test_vop3.py`, `TestDivScaleF64`.
#[inline]
#[must_use]
pub fn div_scale(mode: Mode, x: u64, denominator: u64, numerator: u64) -> (u64, bool) {
    let (x, d, n) = (flush_input(mode, x), flush_input(mode, denominator), flush_input(mode, numerator));
    let exponent = |x: u64| (x & EXPONENT) >> 52;
    let denormal = |x: f64| x.is_subnormal();
    let up = finish(mode, [x], scale(x, 128, mode.round_f16_f64));
    let down = finish(mode, [x], scale(x, -128, mode.round_f16_f64));
    let (is_d, is_n) = (float(x) == float(d), float(x) == float(n));
    let reciprocal = denormal(1.0 / float(d));
    let quotient = denormal(float(n) / float(d)) || exponent(n) + 1022 == exponent(d);
    if is_zero(n) || is_zero(d) {
        (DEFAULT_NAN, true)
    } else if exponent(n) >= exponent(d) + 768 {
        (if is_d { up } else { x }, true)
    } else if d & EXPONENT == 0 {
        (up, false)
    } else if reciprocal && quotient {
        (if is_d { down } else { x }, true)
    } else if reciprocal {
        (down, false)
    } else if quotient {
        (if is_n { up } else { x }, true)
    } else if exponent(n) <= 53 {
        (up, false)
    } else {
        (x, false)
    }
}

/// `V_DIV_FMAS_F64`: [`fma`] of unflushed inputs, scaled back by 2^128 if VCC is set: up when the quotient is large,
/// else down.
///
/// Rounded once. The guide writes a factor of 2^64; see [`super::f32::div_fmas`].
#[inline]
#[must_use]
pub fn div_fmas(mode: Mode, a: u64, b: u64, c: u64, vcc: bool) -> u64 {
    let finite = [a, b, c].iter().all(|x| x & EXPONENT != EXPONENT);
    let sum = if vcc && finite {
        let large = (c & EXPONENT) >> 52 > 1023;
        fma_f64([a, b, c].map(float), if large { 128 } else { -128 }, mode.round_f16_f64)
    } else {
        by_mode(mode, [a, b, c], float(a).mul_add(float(b), float(c)))
    };
    finish(mode, [a, b, c], sum)
}

#[cfg(test)]
mod tests;
