//! Halves in exact arithmetic: numbers are integers in units of a power of 2.

/// A half's value.
pub(crate) fn value(half: u16) -> f64 {
    let (exponent, fraction) = (i32::from(half >> 10 & 31), f64::from(half & 0x3ff));
    let magnitude = match exponent {
        0 => fraction * 2f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1024.0 + fraction) * 2f64.powi(exponent - 25),
    };
    if half >> 15 != 0 { -magnitude } else { magnitude }
}

pub(crate) fn is_nan(half: u16) -> bool {
    half & 0x7fff > 0x7c00
}

/// The half nearest to `integer / 2^unit`, ties to even; `integer` is not 0.
fn nearest(integer: i128, unit: u32) -> u16 {
    let magnitude = integer.unsigned_abs();
    let least = unit - 24;
    let shift = least.max((127 - magnitude.leading_zeros()).saturating_sub(10));
    let (kept, rest, half) = (magnitude >> shift, magnitude & ((1 << shift) - 1), 1u128 << (shift - 1));
    let up = rest > half || rest == half && kept & 1 != 0;
    let bits = (u128::from(shift - least) << 10) + kept + u128::from(up);
    (if integer < 0 { 0x8000 } else { 0 }) | bits.min(0x7c00) as u16
}

/// The half nearest to `x`, ties to even.
pub(crate) fn rounded(x: f64) -> u16 {
    let sign = if x.is_sign_negative() { 0x8000 } else { 0 };
    if x.is_nan() {
        return 0x7e00;
    }
    if x.abs() >= 65536.0 {
        return sign | 0x7c00;
    }
    let scaled = x * 2f64.powi(60);
    // Anything below a unit only says that it is not a tie.
    let integer = scaled as i128 | i128::from(scaled.fract() != 0.0);
    if integer == 0 || x.abs() < 2f64.powi(-40) { sign } else { nearest(integer, 60) }
}

/// The half next to `x` towards 0; finite numbers stay finite.
pub(crate) fn towards_zero(x: f64) -> u16 {
    let near = rounded(x);
    if x.is_finite() && (near & 0x7fff == 0x7c00 || value(near).abs() > x.abs()) { near - 1 } else { near }
}

/// `a * b + c` rounded once.
pub(crate) fn fma(a: u16, b: u16, c: u16) -> u16 {
    let [x, y, z] = [a, b, c].map(value);
    // Products of halves are exact in f64; where the sum is not, it is not 0.
    let plain = x * y + z;
    if !plain.is_finite() || plain == 0.0 {
        return rounded(plain);
    }
    let units = |value: f64| (value * 2f64.powi(24)) as i128;
    nearest(units(x) * units(y) + (units(z) << 24), 48)
}

#[test]
fn halves_of_known_value() {
    // From the tables of IEEE 754 binary16: 1, the largest, the least normal, the least, and ties.
    for (bits, number) in [(0x3c00u16, 1.0), (0x7bff, 65504.0), (0x0400, 2f64.powi(-14)), (0x0001, 2f64.powi(-24))] {
        assert_eq!((value(bits), rounded(number)), (number, bits));
    }
    assert_eq!(rounded(1.0 + 2f64.powi(-11)), 0x3c00);
    assert_eq!(rounded(1.0 + 3.0 * 2f64.powi(-11)), 0x3c02);
    assert_eq!((rounded(65519.9), rounded(65520.0), towards_zero(70000.0)), (0x7bff, 0x7c00, 0x7bff));
    assert_eq!((rounded(-2f64.powi(-25)), rounded(1.01 * 2f64.powi(-25))), (0x8000, 1));
    assert_eq!(fma(0x3c01, 0x3c01, 0xbc02), 0x0010);
}
