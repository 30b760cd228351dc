//! Half precision. Packed instructions call these once for each half.

use super::common::{FloatCompare, float_format};
use super::mode::{Mode, OutputModifier, Round};
use super::round::{narrow_32_to_16_by_mode, sum_32, widen_16_to_32};

float_format! {
    u16, i16, bits 16, mantissa 10, bias 15,
    mode round_f16_f64, denorm_f16_f64, division underflows under i32::MIN
}

#[inline(always)]
fn float(x: u16) -> f32 {
    widen_16_to_32(x)
}

/// `a + b`.
#[inline(always)]
#[must_use]
pub fn add(mode: Mode, a: u16, b: u16) -> u16 {
    let (a, b) = (flush_input(mode, a), flush_input(mode, b));
    let sum = sum_32(float(a), float(b), mode.round_f16_f64);
    finish(mode, [a, b], narrow(mode, sum))
}

/// `a - b`.
#[inline(always)]
#[must_use]
pub fn sub(mode: Mode, a: u16, b: u16) -> u16 {
    add(mode, a, if is_nan(b) { b } else { neg(b) })
}

/// `a * b`.
#[inline(always)]
#[must_use]
pub fn mul(mode: Mode, a: u16, b: u16) -> u16 {
    let (a, b) = (flush_input(mode, a), flush_input(mode, b));
    finish(mode, [a, b], narrow(mode, float(a) * float(b))) // the product is exact in f32
}

/// `a * b + c`, rounded once.
#[inline(always)]
#[must_use]
pub fn fma(mode: Mode, a: u16, b: u16, c: u16) -> u16 {
    let (a, b, c) = (flush_input(mode, a), flush_input(mode, b), flush_input(mode, c));
    let sum = sum_32(float(a) * float(b), float(c), mode.round_f16_f64);
    finish(mode, [a, b, c], narrow(mode, sum))
}

/// [`narrow_32_to_16_by_mode`], with any NaN becoming [`DEFAULT_NAN`].
#[inline(always)]
fn narrow(mode: Mode, x: f32) -> u16 {
    if x.is_nan() { DEFAULT_NAN } else { narrow_32_to_16_by_mode(x, mode) }
}

macro_rules! to_integral {
    ($($(#[$doc:meta])* $name:ident = $std:ident;)+) => { $(
        $(#[$doc])*
        #[inline(always)]
        #[must_use]
        pub fn $name(mode: Mode, x: u16) -> u16 {
            let x = flush_input(mode, x);
            finish(mode, [x], narrow(mode, float(x).$std()))
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

/// `x - floor(x)`, at most 0x3bff as the f32 form is at most the value below 1 (the guide does not say so for f16).
#[inline(always)]
#[must_use]
pub fn fract(mode: Mode, x: u16) -> u16 {
    let fraction = sub(mode, x, floor(mode, x));
    if (ONE..EXPONENT).contains(&fraction) { ONE - 1 } else { fraction }
}

/// `V_FREXP_EXP_I16_F16`: the power of two that [`frexp_mant`] took out, as i16.
#[inline(always)]
#[must_use]
pub fn frexp_exp(mode: Mode, x: u16) -> u16 {
    frexp_exponent(mode, x) as u16 // CAST: two's complement
}

/// `V_LDEXP_F16`: `x` times two to the i16 `exponent`, rounded once.
#[inline(always)]
#[must_use]
pub fn ldexp(mode: Mode, x: u16, exponent: u16) -> u16 {
    let x = flush_input(mode, x);
    // Beyond 60 either way every finite value overflows or underflows all the same.
    let exponent = i32::from(exponent as i16).clamp(-60, 60); // CAST: two's complement
    let scale = f32::from_bits(((exponent + 127) as u32) << 23); // CAST: positive
    finish(mode, [x], narrow(mode, float(x) * scale))
}

#[cfg(test)]
mod tests;
