//! Exact rounding: sums that keep what they lose, and narrowing in all four modes.
//!
//! The one idea: a sum rounded *to odd* in a format with more than twice the bits can be rounded again, in any mode,
//! with the result that rounding the exact sum once would give. So f32 arithmetic goes through f64 and f16 arithmetic
//! through f32, by a handful of operations that vectorise.
//! Source: Boldo and Melquiond, "Emulation of FMA and correctly rounded sums: proved algorithms using rounding to odd",
//! IEEE Transactions on Computers 57(4), 2008.

use super::mode::{Mode, Round};

macro_rules! sum_to_odd {
    ($(#[$doc:meta])* $name:ident, $float:ty) => {
        $(#[$doc])*
        #[inline(always)]
        pub(super) fn $name(a: $float, b: $float, round: Round) -> $float {
            let sum = a + b;
            let zero_is_negative = round == Round::Down && (a.is_sign_negative() || b.is_sign_negative());
            // Knuth's two-sum: `lost` is exactly the difference between a + b and `sum`, NaN if one of them is
            // infinite.
            let of_b = sum - a;
            let lost = (a - (sum - of_b)) + (b - of_b);
            let bits = sum.to_bits();
            let outward = (lost > 0.0) == (sum > 0.0);
            let neighbour = if outward { bits.wrapping_add(1) } else { bits.wrapping_sub(1) };
            let inexact = lost.abs() > 0.0; // not so for NaN
            let odd = <$float>::from_bits(if inexact && bits & 1 == 0 { neighbour } else { bits });
            if zero_is_negative && sum == 0.0 { -0.0 } else { odd }
        }
    };
}

sum_to_odd! {
    /// `a + b` in f64, rounded to odd; a zero has the sign that `round` asks for. Neither operand may be NaN, nor the
    /// sum overflow, for the result to mean anything.
    sum_64, f64
}
sum_to_odd! {
    /// [`sum_64`] in f32.
    sum_32, f32
}

macro_rules! redirect {
    ($(#[$doc:meta])* $name:ident, $uint:ty) => {
        $(#[$doc])*
        #[inline(always)]
        pub(super) fn $name(nearest: $uint, negative: bool, too_large: bool, too_small: bool, round: Round) -> $uint {
            let inward = match round {
                Round::NearestEven => return nearest,
                Round::Up => negative,
                Round::Down => !negative,
                Round::Zero => true,
            };
            if too_large & inward {
                nearest.wrapping_sub(1)
            } else if too_small & !inward {
                nearest.wrapping_add(1)
            } else {
                nearest
            }
        }
    };
}

redirect! {
    /// From the result of rounding to nearest to that of another mode: `too_large` and `too_small` say how the
    /// magnitude of `nearest` compares with that of the exact value. One step of the bit pattern is one step of
    /// magnitude, up to and from infinity, and away from zero.
    redirect_32, u32
}
redirect! {
    /// [`redirect_32`] for f16.
    redirect_16, u16
}

/// Rounds an f64 that is not NaN to f32 bits.
#[inline(always)]
pub(super) fn narrow_64_to_32(x: f64, round: Round) -> u32 {
    let nearest = x as f32; // CAST: rounds to nearest even, and overflows to infinity
    let back = f64::from(nearest).abs();
    redirect_32(nearest.to_bits(), x.is_sign_negative(), back > x.abs(), back < x.abs(), round)
}

/// Rounds an f32 that is not NaN to f16 bits.
#[inline(always)]
pub(super) fn narrow_32_to_16(x: f32, round: Round) -> u16 {
    let bits = x.to_bits();
    let magnitude = bits & 0x7fff_ffff;
    // Normal results: move the exponent's bias from 127 to 15, add half of the last place, less a little if that is
    // even.
    let normal = magnitude.wrapping_add(0xc800_0fff).wrapping_add(magnitude >> 13 & 1) >> 13;
    // Denormal results: 0.5 has the f32 whose last place is that of f16's denormals, so that adding it rounds.
    let denormal = (f32::from_bits(magnitude) + 0.5).to_bits().wrapping_sub(0x3f00_0000);
    let nearest = if magnitude >= 0x477f_f000 {
        0x7c00 // 65520, half way between the largest finite value and the next, and above
    } else if magnitude < 0x3880_0000 {
        denormal // below 2^-14
    } else {
        normal
    } as u16; // CAST: at most 0x7c00
    let back = widen_16_to_32(nearest);
    let exact = f32::from_bits(magnitude);
    let rounded = redirect_16(nearest, x.is_sign_negative(), back > exact, back < exact, round);
    rounded | (bits >> 16) as u16 & 0x8000 // CAST: the sign
}

/// [`narrow_32_to_16`] with MODE's rounding and FP16_OVFL: an infinity from a finite value becomes the largest finite
/// one.
#[inline(always)]
pub(super) fn narrow_32_to_16_by_mode(x: f32, mode: Mode) -> u16 {
    let rounded = narrow_32_to_16(x, mode.round_f16_f64);
    if mode.fp16_ovfl && rounded & 0x7fff == 0x7c00 && x.is_finite() { rounded - 1 } else { rounded }
}

/// The value of f16 bits, exactly. NaNs keep sign and payload as far as the caller keeps them.
#[inline(always)]
pub(super) fn widen_16_to_32(x: u16) -> f32 {
    let magnitude = u32::from(x & 0x7fff) << 13;
    // Denormals: put the fraction under an implied one at 2^-14, then take that away.
    let denormal = (f32::from_bits(magnitude + 0x3880_0000) - f32::from_bits(0x3880_0000)).to_bits();
    let bits = if magnitude >= 0x0f80_0000 {
        magnitude | 0x7f80_0000 // infinity and NaN
    } else if magnitude < 0x0080_0000 {
        denormal
    } else {
        magnitude + 0x3800_0000
    };
    f32::from_bits(bits | u32::from(x & 0x8000) << 16)
}

/// Rounds an f64 that is not NaN to f16 bits, to nearest even.
#[inline(always)]
pub(super) fn narrow_64_to_16(x: f64) -> u16 {
    // To odd in f32, then to f16: f32 has more than two bits over f16 everywhere in f16's range.
    let nearest = x as f32; // CAST: corrected below
    let back = f64::from(nearest).abs();
    let bits = nearest.to_bits();
    let odd = if bits & 1 != 0 || back == x.abs() {
        bits
    } else if back > x.abs() {
        bits.wrapping_sub(1)
    } else {
        bits.wrapping_add(1)
    };
    narrow_32_to_16(f32::from_bits(odd), Round::NearestEven)
}

/// The value of bfloat16 bits: f32 with the lower half of the bits zero.
#[inline(always)]
pub(super) fn widen_bf16_to_32(x: u16) -> f32 {
    f32::from_bits(u32::from(x) << 16)
}

/// Rounds f32 bits to bfloat16, to nearest even. NaNs are quieted.
#[inline(always)]
pub(super) fn narrow_32_to_bf16(x: u32) -> u16 {
    let nearest = x.wrapping_add(0x7fff).wrapping_add(x >> 16 & 1);
    let bits = if x & 0x7fff_ffff > 0x7f80_0000 { x | 0x40_0000 } else { nearest };
    (bits >> 16) as u16 // CAST: the upper half
}

/// Magnitude (a `mantissa` times two to the `exponent`, plus a little more if `sticky`) to f64 bits of the given sign.
pub(super) fn pack_f64(negative: bool, mantissa: u128, exponent: i32, sticky: bool, round: Round) -> u64 {
    let sign = u64::from(negative) << 63;
    if mantissa == 0 {
        // Nothing but a remainder: below half of the smallest denormal.
        let outward = matches!(round, Round::Up if !negative) || matches!(round, Round::Down if negative);
        return sign | u64::from(sticky && outward);
    }
    let top = 127 - mantissa.leading_zeros() as i32; // CAST: at most 127
    // The weight of the last place: 53 bits under the top one, but never below the denormals'.
    let last = (top + exponent - 52).max(-1074);
    let drop = last - exponent;
    let (kept, remainder, half) = if drop <= 0 {
        (mantissa << -drop, u128::from(sticky), 2)
    } else if drop > 127 {
        (0, 1, 2)
    } else {
        let low = mantissa & ((1 << drop) - 1);
        // Doubled, so that a sticky bit is less than any whole difference from one half.
        (mantissa >> drop, low << 1 | u128::from(sticky), 1u128 << drop)
    };
    let up = match round {
        Round::NearestEven => remainder > half || remainder == half && kept & 1 != 0,
        Round::Up => !negative && remainder != 0,
        Round::Down => negative && remainder != 0,
        Round::Zero => false,
    };
    let kept = kept as u64 + u64::from(up); // CAST: at most 53 bits
    let exponent_field = (last + 1074) as u64; // CAST: `last` is at least -1074
    // A mantissa with its top bit set adds one to the exponent field by itself, as does a carry out of it.
    let magnitude = kept.checked_add(exponent_field.saturating_mul(1 << 52));
    let magnitude =
        magnitude.filter(|&bits| bits < 0x7ff0_0000_0000_0000 && exponent_field < 2047).unwrap_or_else(|| {
            let inward = match round {
                Round::NearestEven => false,
                Round::Up => negative,
                Round::Down => !negative,
                Round::Zero => true,
            };
            0x7ff0_0000_0000_0000 - u64::from(inward)
        });
    sign | magnitude
}

/// `a * b + c` on finite f64, times two to the power of `scale`, rounded once in any mode.
pub(super) fn fma_f64([a, b, c]: [f64; 3], scale: i32, round: Round) -> u64 {
    let (a_sign, a_mantissa, a_exponent) = unpack_f64(a);
    let (b_sign, b_mantissa, b_exponent) = unpack_f64(b);
    let (c_sign, c_mantissa, c_exponent) = unpack_f64(c);
    let product_sign = a_sign != b_sign;
    let product = u128::from(a_mantissa) * u128::from(b_mantissa);
    if product == 0 && c_mantissa == 0 {
        // Zeros of different signs sum to +0, except when rounding down.
        let negative = if product_sign == c_sign { c_sign } else { round == Round::Down };
        return u64::from(negative) << 63;
    }
    let (product, product_exponent) = normalise(product, a_exponent + b_exponent + scale);
    let (addend, addend_exponent) = normalise(u128::from(c_mantissa), c_exponent + scale);
    // The operand with the greater exponent keeps its place; the other shifts right, what falls off is sticky. Both are
    // below 2^126, so a sum fits. Bits fall off the product only when it cannot cancel by more than one place, and it
    // then has at least 20 places more than the result.
    let (big, big_sign, big_exponent, small, small_sign, distance) =
        if addend == 0 || product_exponent >= addend_exponent && product != 0 {
            (product, product_sign, product_exponent, addend, c_sign, product_exponent - addend_exponent)
        } else {
            (addend, c_sign, addend_exponent, product, product_sign, addend_exponent - product_exponent)
        };
    let (shifted, sticky) = match u32::try_from(distance) {
        Ok(distance @ 0..=127) => (small >> distance, small & ((1 << distance) - 1) != 0),
        _ => (0, small != 0),
    };
    if big_sign == small_sign {
        return pack_f64(big_sign, big + shifted, big_exponent, sticky, round);
    }
    // A remainder under the smaller operand takes one off the difference and stands for what is then too much.
    match (big.checked_sub(shifted), sticky) {
        (Some(0), false) => u64::from(round == Round::Down) << 63,
        (Some(difference), false) => pack_f64(big_sign, difference, big_exponent, false, round),
        (Some(difference), true) => pack_f64(big_sign, difference.saturating_sub(1), big_exponent, true, round),
        (None, _) => pack_f64(small_sign, shifted - big, big_exponent, sticky, round),
    }
}

/// Sign, integer mantissa and exponent of its last place.
fn unpack_f64(x: f64) -> (bool, u64, i32) {
    let bits = x.to_bits();
    let field = (bits >> 52 & 0x7ff) as i32; // CAST: 11 bits
    let fraction = bits & 0x000f_ffff_ffff_ffff;
    let mantissa = if field == 0 { fraction } else { fraction | 1 << 52 };
    (x.is_sign_negative(), mantissa, field.max(1) - 1075)
}

/// Moves the top bit of the mantissa to bit 125.
fn normalise(mantissa: u128, exponent: i32) -> (u128, i32) {
    if mantissa == 0 {
        return (0, exponent);
    }
    let shift = mantissa.leading_zeros() as i32 - 2; // CAST: at most 127; both products and mantissas are below 2^126
    (mantissa << shift, exponent - shift)
}

#[cfg(test)]
pub(super) mod tests;
