//! The Gaussian error linear unit, with erf itself and not the tanh formula.

use super::exp::{exp, scale};

/// Beyond this |x| the tail is below half the smallest denormal.
const TAIL_END: f32 = 14.5;
/// The pole of the variable that the tail's polynomial is in.
const POLE: f32 = 3.0;
/// Where in that variable the polynomial is centred.
const CENTRE: f32 = 0.25;

/// `x/2 * (1 + erf(x / sqrt 2))`, within 3.45 ulp for every x (4 is the promise).
///
/// With the upper tail T(a) = a/2 erfc(a / sqrt 2) of a = |x|, it is `x - T` for x >= 0 and `-T` for x < 0: nothing
/// cancels, and the negative tail keeps its relative accuracy down to the smallest denormal, near x = -14.36.
/// T(a) = q F(q) e^(-a^2 / 2) with q = a / (a + 3) and F(q) = (a + 3)/2 erfcx(a / sqrt 2), which varies slowly (1.5 to
/// 0.48). The exponent is a^2 with its rounding error carried along, and the power of two comes last, so that a
/// denormal result is rounded once.
///
/// F is a polynomial of degree 10 in q - 1/4 over a in [0, 14.5]: the minimax fit in relative error (Lawson's
/// iteration on 3000 Chebyshev nodes), its coefficients rounded to f32 one after the other from the constant upwards,
/// the others refitted after each. It leaves a relative error of 2^-28.5. The centre is what makes the sum well
/// conditioned at both ends.
///
/// NaN gives NaN, infinity gives infinity, and minus infinity gives -0, the limit.
#[inline(always)]
pub fn gelu(x: f32) -> f32 {
    let a = if x.abs() > TAIL_END { TAIL_END } else { x.abs() };
    let square = a * a;
    let square_error = a.mul_add(a, -square);
    let e = exp(-0.5 * square, -0.5 * square_error);

    let q = a / (a + POLE);
    let t = q - CENTRE;
    let f = 0.052953094_f32;
    let f = f.mul_add(t, -0.06799425);
    let f = f.mul_add(t, -0.058440447);
    let f = f.mul_add(t, 0.039179422);
    let f = f.mul_add(t, 0.14515948);
    let f = f.mul_add(t, 0.025352214);
    let f = f.mul_add(t, -0.33497852);
    let f = f.mul_add(t, -0.1054817);
    let f = f.mul_add(t, 1.1120415);
    let f = f.mul_add(t, -1.5353476);
    let f = f.mul_add(t, 1.0463132);

    let product = q * f;
    let tail = scale(product.mul_add(e.fraction, product), e.exponent);
    (if x < 0.0 { -0.0 } else { x }) - tail
}
