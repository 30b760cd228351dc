//! Single precision.

use super::common::{FloatCompare, float_format};
use super::mode::{Mode, OutputModifier, Round};
use super::round::{narrow_64_to_32, sum_64};

float_format! {
    u32, i32, bits 32, mantissa 23, bias 127,
    mode round_f32, denorm_f32, division underflows under -150
}

#[inline(always)]
fn float(x: u32) -> f32 {
    f32::from_bits(x)
}

#[inline(always)]
fn double(x: u32) -> f64 {
    f64::from(float(x))
}

/// `a + b`.
#[inline(always)]
#[must_use]
pub fn add(mode: Mode, a: u32, b: u32) -> u32 {
    let (a, b) = (flush_input(mode, a), flush_input(mode, b));
    let sum = match mode.round_f32 {
        Round::NearestEven => (float(a) + float(b)).to_bits(),
        round => narrow_64_to_32(sum_64(double(a), double(b), round), round),
    };
    finish(mode, [a, b], sum)
}

/// `a - b`.
#[inline(always)]
#[must_use]
pub fn sub(mode: Mode, a: u32, b: u32) -> u32 {
    // The sign of a NaN in `b` is not part of the subtraction.
    add(mode, a, if is_nan(b) { b } else { neg(b) })
}

/// `a * b`.
#[inline(always)]
#[must_use]
pub fn mul(mode: Mode, a: u32, b: u32) -> u32 {
    let (a, b) = (flush_input(mode, a), flush_input(mode, b));
    let product = match mode.round_f32 {
        Round::NearestEven => (float(a) * float(b)).to_bits(),
        round => narrow_64_to_32(double(a) * double(b), round), // the product is exact in f64
    };
    finish(mode, [a, b], product)
}

/// `V_MUL_DX9_ZERO_F32`: as [`mul`], but +0 if either is zero, whatever the other.
#[inline(always)]
#[must_use]
pub fn mul_dx9_zero(mode: Mode, a: u32, b: u32) -> u32 {
    let product = mul(mode, a, b);
    if is_zero(flush_input(mode, a)) | is_zero(flush_input(mode, b)) { 0 } else { product }
}

/// `a * b + c`, rounded once. Needs the FMA of the target to be fast; see [`fma_through_f64`].
#[inline(always)]
#[must_use]
pub fn fma(mode: Mode, a: u32, b: u32, c: u32) -> u32 {
    if mode.round_f32 != Round::NearestEven {
        return fma_through_f64(mode, a, b, c);
    }
    let (a, b, c) = (flush_input(mode, a), flush_input(mode, b), flush_input(mode, c));
    finish(mode, [a, b, c], float(a).mul_add(float(b), float(c)).to_bits())
}

/// [`fma`] by f64 arithmetic, bit for bit the same: for copies of a loop that are compiled without FMA, where `mul_add`
/// would be a call.
#[inline(always)]
#[must_use]
pub fn fma_through_f64(mode: Mode, a: u32, b: u32, c: u32) -> u32 {
    let (a, b, c) = (flush_input(mode, a), flush_input(mode, b), flush_input(mode, c));
    let sum = sum_64(double(a) * double(b), double(c), mode.round_f32);
    finish(mode, [a, b, c], narrow_64_to_32(sum, mode.round_f32))
}

/// `V_FMA_DX9_ZERO_F32`, `V_FMAC_DX9_ZERO_F32`: `c` if either factor is zero, else [`fma`].
#[inline(always)]
#[must_use]
pub fn fma_dx9_zero(mode: Mode, a: u32, b: u32, c: u32) -> u32 {
    let sum = fma(mode, a, b, c);
    let addend = finish(mode, [flush_input(mode, c)], flush_input(mode, c));
    if is_zero(flush_input(mode, a)) | is_zero(flush_input(mode, b)) { addend } else { sum }
}

/// `V_MULLIT_F32`: `a * b` with DX9's zero, unless `b` or `c` make it the least finite value.
/// Source: guide, section 16.12. Its text has 0 times anything be 0, its pseudocode does not; the text is followed.
#[inline(always)]
#[must_use]
pub fn mullit(mode: Mode, a: u32, b: u32, c: u32) -> u32 {
    const LEAST: u32 = SIGN | (EXPONENT - 1);
    let (exponent, base) = (flush_input(mode, c), flush_input(mode, b));
    let least = base == LEAST || base == SIGN | EXPONENT || is_nan(base);
    let least = least || is_nan(exponent) || ieee_order(exponent) <= 0;
    if least { LEAST } else { mul_dx9_zero(mode, a, b) }
}

macro_rules! to_integral {
    ($($(#[$doc:meta])* $name:ident $(-> $std:ident)?;)+) => { $(
        $(#[$doc])*
        #[inline(always)]
        #[must_use]
        pub fn $name(mode: Mode, x: u32) -> u32 {
            let x = flush_input(mode, x);
            finish(mode, [x], float(x).$name().to_bits())
        }
    )+ };
}
to_integral! {
    /// Towards zero, keeping the sign of a zero.
    trunc;
    /// Towards plus infinity.
    ceil;
    /// Towards minus infinity.
    floor;
}

/// To the nearest integer, ties to even; the sign is kept, as `roundeven` of C, which compilers make this instruction
/// from, has it (the guide's pseudocode would give +0 for -0.25).
#[inline(always)]
#[must_use]
pub fn rndne(mode: Mode, x: u32) -> u32 {
    let x = flush_input(mode, x);
    finish(mode, [x], float(x).round_ties_even().to_bits())
}

/// `x - floor(x)`, at most 0x3f7fffff.
#[inline(always)]
#[must_use]
pub fn fract(mode: Mode, x: u32) -> u32 {
    let fraction = sub(mode, x, floor(mode, x));
    if (ONE..EXPONENT).contains(&fraction) { ONE - 1 } else { fraction }
}

/// `V_FREXP_EXP_I32_F32`: the power of two that [`frexp_mant`] took out, as i32.
#[inline(always)]
#[must_use]
pub fn frexp_exp(mode: Mode, x: u32) -> u32 {
    frexp_exponent(mode, x) as u32 // CAST: two's complement
}

/// 2 to the power of `exponent`, which is within f64's normal range.
#[inline(always)]
pub(super) fn power_of_two(exponent: i32) -> f64 {
    f64::from_bits(((exponent + 1023) as u64) << 52) // CAST: not negative within that range
}

/// `V_LDEXP_F32`: `x` times two to the i32 `exponent`, rounded once.
#[inline(always)]
#[must_use]
pub fn ldexp(mode: Mode, x: u32, exponent: u32) -> u32 {
    let x = flush_input(mode, x);
    // Beyond 300 either way every finite value overflows or underflows all the same.
    let exponent = (exponent as i32).clamp(-300, 300); // CAST: two's complement
    finish(mode, [x], narrow_64_to_32(double(x) * power_of_two(exponent), mode.round_f32))
}

/// `V_DIV_SCALE_F32`: `x`, which is one of the other two, scaled so that no step of the division is denormal; and VCC,
/// which tells [`div_fmas`] to scale the quotient back.
///
/// "Denormal" of a quotient or reciprocal is meant in f32, although the guide writes one of them with f64. Where
/// reciprocal and quotient are both denormal the guide scales the denominator *up* by 2^64, to infinity; down is meant.
/// Hardware sets VCC for a zero and for 2^-126 / 1 as well, which the guide does not: a quotient counts as denormal
/// already if the exponents leave it open.
/// Source: guide, section 16.12, V_DIV_SCALE_F32; tinygrad `test/amd/hw/test_vop3.py`, `TestDivScale`, run on gfx1100.
#[inline]
#[must_use]
pub fn div_scale(mode: Mode, x: u32, denominator: u32, numerator: u32) -> (u32, bool) {
    let (x, d, n) = (flush_input(mode, x), flush_input(mode, denominator), flush_input(mode, numerator));
    let exponent = |x: u32| (x & EXPONENT) >> 23;
    let denormal = |x: f64| {
        let narrow = (x as f32).to_bits(); // CAST: rounds to nearest
        narrow & EXPONENT == 0 && !is_zero(narrow)
    };
    let up = ldexp(Mode { denorm_f32: super::Denorm::KEEP, ..mode }, x, 64);
    let down = ldexp(mode, x, 64u32.wrapping_neg());
    let (is_d, is_n) = (float(x) == float(d), float(x) == float(n));
    let reciprocal = denormal(1.0 / double(d));
    let quotient = denormal(double(n) / double(d)) || exponent(n) + 126 == exponent(d);
    if is_zero(n) || is_zero(d) {
        (DEFAULT_NAN, true)
    } else if exponent(n) >= exponent(d) + 96 {
        (if is_d { up } else { x }, true)
    } else if d & EXPONENT == 0 {
        (up, false)
    } else if reciprocal && quotient {
        (if is_d { down } else { x }, true)
    } else if reciprocal {
        (down, false)
    } else if quotient {
        (if is_n { up } else { x }, true)
    } else if exponent(n) <= 23 {
        (up, false)
    } else {
        (x, false)
    }
}

/// `V_DIV_FMAS_F32`: [`fma`] of unflushed inputs, scaled back by 2^64 if VCC is set: up when the quotient is large, for
/// then [`div_scale`] scaled the denominator up, else down. Rounded once.
///
/// The guide writes a factor of 2^32 in either case, which cannot undo what V_DIV_SCALE_F32 does: LLVM's division
/// (`LowerFDIV32` in `SIISelLowering.cpp`) is right to the last bit only with these two.
#[inline(always)]
#[must_use]
pub fn div_fmas(mode: Mode, a: u32, b: u32, c: u32, vcc: bool) -> u32 {
    let large = (c & EXPONENT) >> 23 > 127;
    let scale = power_of_two(if !vcc {
        0
    } else if large {
        64
    } else {
        -64
    });
    let sum = sum_64(double(a) * double(b), double(c), mode.round_f32) * scale;
    finish(mode, [a, b, c], narrow_64_to_32(sum, mode.round_f32))
}

/// The axis with the largest magnitude: z wins over y over x.
#[inline(always)]
fn cube_axis(x: u32, y: u32, z: u32) -> (bool, bool) {
    let ge = |a: u32, b: u32| float(abs(a)) >= float(abs(b));
    (ge(z, x) && ge(z, y), ge(y, x))
}

#[inline(always)]
fn is_negative(x: u32) -> bool {
    float(x) < 0.0
}

/// `V_CUBEID_F32`: the face that (x, y, z) points to, 0.0 to 5.0 for +x, -x, +y, -y, +z, -z.
#[inline(always)]
#[must_use]
pub fn cubeid(mode: Mode, x: u32, y: u32, z: u32) -> u32 {
    let (x, y, z) = (flush_input(mode, x), flush_input(mode, y), flush_input(mode, z));
    let (is_z, is_y) = cube_axis(x, y, z);
    let face = |positive: f32, v: u32| if is_negative(v) { positive + 1.0 } else { positive };
    let id = if is_y { face(2.0, y) } else { face(0.0, x) };
    (if is_z { face(4.0, z) } else { id }).to_bits()
}

/// `V_CUBESC_F32`: the s coordinate on that face, not yet divided by the major axis.
#[inline(always)]
#[must_use]
pub fn cubesc(mode: Mode, x: u32, y: u32, z: u32) -> u32 {
    let (x, y, z) = (flush_input(mode, x), flush_input(mode, y), flush_input(mode, z));
    let (is_z, is_y) = cube_axis(x, y, z);
    let on_x = if is_negative(x) { z } else { neg(z) };
    let s = if is_y { x } else { on_x };
    if is_z { if is_negative(z) { neg(x) } else { x } } else { s }
}

/// `V_CUBETC_F32`: the t coordinate on that face, not yet divided by the major axis.
#[inline(always)]
#[must_use]
pub fn cubetc(mode: Mode, x: u32, y: u32, z: u32) -> u32 {
    let (x, y, z) = (flush_input(mode, x), flush_input(mode, y), flush_input(mode, z));
    let (is_z, is_y) = cube_axis(x, y, z);
    let on_y = if is_negative(y) { neg(z) } else { z };
    if is_y && !is_z { on_y } else { neg(y) }
}

/// `V_CUBEMA_F32`: twice the major axis.
#[inline(always)]
#[must_use]
pub fn cubema(mode: Mode, x: u32, y: u32, z: u32) -> u32 {
    let (is_z, is_y) = cube_axis(flush_input(mode, x), flush_input(mode, y), flush_input(mode, z));
    let axis = if is_y { y } else { x };
    mul(mode, if is_z { z } else { axis }, 2.0f32.to_bits())
}

#[cfg(test)]
mod tests;
