//! Transcendental functions, in f64 and rounded once to the result's format, to nearest even.
//!
//! The guide bounds the errors (f32 1 ULP, f16 0.51 ULP, f64 2^29 ULP) but does not say what hardware returns within
//! them; here it is the nearest value, or for exp, log, sin and cos in f32 within a few 2^-20 of half an ULP of it. The
//! polynomials are plain multiplications and additions, so that all hosts agree and loops vectorise.
//!
//! f32 exp, log, rcp, rsq and sqrt flush denormal inputs and results whatever MODE says ("denormals are flushed",
//! section 16.8); sin and cos of f32 and all of f16 and f64 follow MODE.

use super::mode::{Denorm, Mode, Round};
use super::round::{narrow_64_to_16, narrow_64_to_32, widen_16_to_32};
use super::{f16, f32, f64};
use core::primitive::{f32 as Single, f64 as Double};

/// An f32 function that flushes.
#[inline(always)]
fn flushing(mode: Mode, x: u32, function: impl Fn(Double) -> Double) -> u32 {
    single(Mode { denorm_f32: Denorm::FLUSH, ..mode }, x, function)
}

#[inline(always)]
fn single(mode: Mode, x: u32, function: impl Fn(Double) -> Double) -> u32 {
    let x = f32::flush_input(mode, x);
    let result = function(Double::from(Single::from_bits(x)));
    f32::finish(mode, [x], narrow_64_to_32(result, Round::NearestEven))
}

#[inline(always)]
fn half(mode: Mode, x: u16, function: impl Fn(Double) -> Double) -> u16 {
    let x = f16::flush_input(mode, x);
    let result = function(Double::from(widen_16_to_32(x)));
    let rounded = if result.is_nan() { f16::DEFAULT_NAN } else { narrow_64_to_16(result) };
    // FP16_OVFL leaves the infinities that are not overflow: those of infinite inputs and of division by zero.
    let overflow = mode.fp16_ovfl && result.is_finite() && rounded & 0x7fff == 0x7c00;
    f16::finish(mode, [x], if overflow { rounded - 1 } else { rounded })
}

#[inline(always)]
fn double(mode: Mode, x: u64, function: impl Fn(Double) -> Double) -> u64 {
    let x = f64::flush_input(mode, x);
    f64::finish(mode, [x], function(Double::from_bits(x)).to_bits())
}

macro_rules! functions {
    ($($(#[$doc:meta])* $name:ident($mode:ident, $type:ty) = $wrap:ident($function:expr);)+) => { $(
        $(#[$doc])*
        #[inline(always)]
        #[must_use]
        pub fn $name($mode: Mode, x: $type) -> $type {
            $wrap($mode, x, $function)
        }
    )+ };
}
functions! {
    /// `V_RCP_F32`, and `V_RCP_IFLAG_F32`, which differs in the exceptions only.
    rcp_f32(mode, u32) = flushing(|x| 1.0 / x);
    /// `V_RSQ_F32`. Of -0 it is -infinity.
    rsq_f32(mode, u32) = flushing(|x| 1.0 / x.sqrt());
    /// `V_SQRT_F32`.
    sqrt_f32(mode, u32) = flushing(Double::sqrt);
    /// `V_EXP_F32`: 2 to the power of `x`.
    exp_f32(mode, u32) = flushing(exp2);
    /// `V_LOG_F32`: the logarithm to base 2.
    log_f32(mode, u32) = flushing(log2);
    /// `V_SIN_F32`: of `x` revolutions.
    sin_f32(mode, u32) = single(sin_revolutions);
    /// `V_COS_F32`: of `x` revolutions.
    cos_f32(mode, u32) = single(cos_revolutions);
    /// `V_RCP_F16`.
    rcp_f16(mode, u16) = half(|x| 1.0 / x);
    /// `V_RSQ_F16`.
    rsq_f16(mode, u16) = half(|x| 1.0 / x.sqrt());
    /// `V_SQRT_F16`.
    sqrt_f16(mode, u16) = half(Double::sqrt);
    /// `V_EXP_F16`: 2 to the power of `x`.
    exp_f16(mode, u16) = half(exp2);
    /// `V_LOG_F16`: the logarithm to base 2.
    log_f16(mode, u16) = half(log2);
    /// `V_SIN_F16`: of `x` revolutions.
    sin_f16(mode, u16) = half(sin_revolutions);
    /// `V_COS_F16`: of `x` revolutions.
    cos_f16(mode, u16) = half(cos_revolutions);
    /// `V_RCP_F64`. Hardware may be off by 2^29 ULP, so software refines it; this is the nearest value.
    rcp_f64(mode, u64) = double(|x| 1.0 / x);
    /// `V_RSQ_F64`; see [`rcp_f64`].
    rsq_f64(mode, u64) = double(|x| 1.0 / x.sqrt());
    /// `V_SQRT_F64`; see [`rcp_f64`].
    sqrt_f64(mode, u64) = double(Double::sqrt);
}

/// Evaluates a polynomial whose coefficients come highest first.
#[inline(always)]
fn polynomial<const N: usize>(x: Double, coefficients: [Double; N]) -> Double {
    coefficients.iter().fold(0.0, |sum, c| sum * x + c)
}

/// 2^x for x of an f32, within 2^-45 of the value.
#[inline(always)]
fn exp2(x: Double) -> Double {
    // Beyond 300 either way every result overflows or underflows f32 and f16.
    let x = x.clamp(-300.0, 300.0);
    let whole = x.round_ties_even();
    let t = (x - whole) * std::f64::consts::LN_2; // at most 0.35 in magnitude
    // The series of e^t, 1/n! from n = 13.
    let fraction = polynomial(
        t,
        [
            1.0 / 6_227_020_800.0,
            1.0 / 479_001_600.0,
            1.0 / 39_916_800.0,
            1.0 / 3_628_800.0,
            1.0 / 362_880.0,
            1.0 / 40_320.0,
            1.0 / 5_040.0,
            1.0 / 720.0,
            1.0 / 120.0,
            1.0 / 24.0,
            1.0 / 6.0,
            0.5,
            1.0,
            1.0,
        ],
    );
    // 2^52 has a last place of 1, so the biased exponent ends up in the low bits; a NaN is in `fraction` as well.
    let scale = Double::from_bits((whole + (4_503_599_627_370_496.0 + 1023.0)).to_bits() << 52);
    fraction * scale
}

/// log2(x) for x an f32, within 2^-45 of the value, relative.
#[inline(always)]
fn log2(x: Double) -> Double {
    let bits = x.to_bits();
    // Split into a power of two and m in [sqrt(1/2), sqrt(2)), so that near 1 the result is all series and keeps its
    // digits.
    let offset = bits.wrapping_sub(0x3fe6_a09e_667f_3bcd); // sqrt(1/2)
    let exponent = (offset as i64 >> 52) as Double; // CAST: the exponent's difference, small
    let m = Double::from_bits(bits.wrapping_sub(offset & 0xfff0_0000_0000_0000));
    // ln(m) = 2 artanh(s), s at most 0.172 in magnitude.
    let s = (m - 1.0) / (m + 1.0);
    let odd =
        [1.0 / 19.0, 1.0 / 17.0, 1.0 / 15.0, 1.0 / 13.0, 1.0 / 11.0, 1.0 / 9.0, 1.0 / 7.0, 1.0 / 5.0, 1.0 / 3.0, 1.0];
    let finite = exponent + s * polynomial(s * s, odd) * (2.0 * std::f64::consts::LOG2_E);
    let positive = if x == Double::INFINITY { x } else { finite };
    let number = if x == 0.0 { Double::NEG_INFINITY } else { positive };
    if x < 0.0 || x.is_nan() { Double::NAN } else { number }
}

/// sin(2 pi r) for r within a quarter.
#[inline(always)]
fn sin_quarter(r: Double) -> Double {
    let t = r * std::f64::consts::TAU;
    // The series, (-1)^k / (2k + 1)! from k = 10: at pi/2 the next term is below 2^-60.
    let even = [
        1.0 / 51_090_942_171_709_440_000.0,
        -1.0 / 121_645_100_408_832_000.0,
        1.0 / 355_687_428_096_000.0,
        -1.0 / 1_307_674_368_000.0,
        1.0 / 6_227_020_800.0,
        -1.0 / 39_916_800.0,
        1.0 / 362_880.0,
        -1.0 / 5_040.0,
        1.0 / 120.0,
        -1.0 / 6.0,
        1.0,
    ];
    t * polynomial(t * t, even)
}

/// The part of `x` beyond the nearest whole number of revolutions, exact; NaN for infinities.
#[inline(always)]
fn turn(x: Double) -> Double {
    x - x.round_ties_even()
}

/// A sum or product that is exactly zero is +0 except for an input of -0, as the guide's examples have it for the
/// largest floats.
#[inline(always)]
fn sin_revolutions(x: Double) -> Double {
    let r = turn(x);
    let half = if r < 0.0 { -0.5 } else { 0.5 };
    let folded = if r.abs() > 0.25 { half - r } else { r };
    if x == 0.0 { x } else { sin_quarter(folded) }
}

#[inline(always)]
fn cos_revolutions(x: Double) -> Double {
    sin_quarter(0.25 - turn(x).abs())
}

#[cfg(test)]
mod tests;
