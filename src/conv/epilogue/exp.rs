//! e^x as a mantissa and a power of two, so that a caller can multiply first and round into the denormals last.

/// 1.5 * 2^23: a sum with it rounds to an integer, which the sum's low bits then hold.
const ROUND_TO_INTEGER: f32 = 12_582_912.0;
/// The upper bits of ln 2, few enough that the product with any exponent used here is exact.
const LN_2_HI: f32 = 0.69314575;
/// ln 2 - [`LN_2_HI`].
const LN_2_LO: f32 = 1.4286068e-6;

/// `(1 + fraction) * 2^exponent`, the fraction within [-0.3, 0.42].
#[derive(Clone, Copy)]
pub(super) struct ScaledExp {
    pub(super) fraction: f32,
    pub(super) exponent: i32,
}

/// e^(x + correction) for |x| < 200 and a correction below an ulp or two of x. NaN gives a NaN fraction.
///
/// `exponent` is x / ln 2 rounded, and the fraction is `r * (1 + r * q(r))` of the rest r, |r| <= ln 2 / 2. The
/// polynomial q has degree 4; it is the weighted minimax fit to (e^r - 1 - r) / r^2 (Lawson's iteration, weight
/// r^2 / e^r, on 3000 Chebyshev nodes), its coefficients rounded to f32 one after the other from the constant upwards,
/// the others refitted after each. It leaves a relative error of 2^-28.2 in e^r.
#[inline(always)]
pub(super) fn exp(x: f32, correction: f32) -> ScaledExp {
    let shifted = x.mul_add(std::f32::consts::LOG2_E, ROUND_TO_INTEGER);
    // CAST: both patterns are below 2^31 in magnitude for numbers; for a NaN any exponent will do.
    let exponent = (shifted.to_bits() as i32).wrapping_sub(ROUND_TO_INTEGER.to_bits() as i32);
    let n = shifted - ROUND_TO_INTEGER;
    let r = n.mul_add(-LN_2_LO, n.mul_add(-LN_2_HI, x)) + correction;
    let q = 0.0013821468_f32;
    let q = q.mul_add(r, 0.008368663);
    let q = q.mul_add(r, 0.041668255);
    let q = q.mul_add(r, 0.16666521);
    let q = q.mul_add(r, 0.49999994);
    ScaledExp { fraction: q.mul_add(r, 1.0) * r, exponent }
}

/// `x * 2^exponent` for |exponent| < 250, rounded once as long as `x * 2^(exponent / 2)` is normal.
#[inline(always)]
pub(super) fn scale(x: f32, exponent: i32) -> f32 {
    let half = exponent >> 1;
    x * power_of_two(half) * power_of_two(exponent.wrapping_sub(half))
}

/// 2^n for -127 < n < 128.
#[inline(always)]
fn power_of_two(n: i32) -> f32 {
    f32::from_bits((n.wrapping_add(127) as u32) << 23) // CAST: the biased exponent is positive
}
