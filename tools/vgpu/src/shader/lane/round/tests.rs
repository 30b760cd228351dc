use super::super::oracle::{Exact, ROUNDS, Stream, assert_rounded};
use super::*;

/// The value of f16 bits by the definition in IEEE 754-2019, section 3.4.
pub(crate) fn value_of_f16(x: u16) -> f64 {
    let sign = if x & 0x8000 == 0 { 1.0 } else { -1.0 };
    let (field, fraction) = (i32::from(x >> 10 & 31), f64::from(x & 0x3ff));
    match field {
        0 => sign * fraction * 2f64.powi(-24),
        31 if fraction == 0.0 => sign * f64::INFINITY,
        31 => f64::NAN,
        _ => sign * (1.0 + fraction / 1024.0) * 2f64.powi(field - 15),
    }
}

#[test]
fn widening_f16_is_exact_for_all() {
    for x in 0..=u16::MAX {
        let (got, expected) = (widen_16_to_32(x), value_of_f16(x));
        if expected.is_nan() {
            assert_eq!(got.to_bits(), 0x7f80_0000 | u32::from(x & 0x3ff) << 13 | u32::from(x & 0x8000) << 16);
        } else {
            assert_eq!(f64::from(got).to_bits(), expected.to_bits());
        }
    }
}

/// What lies at, just beside and half way between all f16 neighbours, in both formats.
#[test]
fn narrowing_to_f16_is_right_around_every_value() {
    let infinity_as_number = 65536.0; // what the exponent after the largest would be
    let value = |x: u16| if x == 0x7c00 { infinity_as_number } else { value_of_f16(x) };
    for low in 0..0x7bffu16 {
        let (a, b) = (value(low), value(low + 1));
        let half = (a + b) / 2.0;
        for (x, nearest) in [
            (a, low),
            (half.next_down(), low),
            (half, if low & 1 == 0 { low } else { low + 1 }),
            (half.next_up(), low + 1),
        ] {
            assert_eq!(narrow_64_to_16(x), nearest);
            assert_eq!(narrow_64_to_16(-x), nearest | 0x8000);
        }
        for x in [half as f32, (half as f32).next_down(), (half as f32).next_up(), (a as f32).next_up()] {
            let inside = f64::from(x) > a && f64::from(x) < b;
            assert!(inside);
            assert_eq!(ROUNDS.map(|r| narrow_32_to_16(x, r))[1..], [low + 1, low, low]);
            assert_eq!(ROUNDS.map(|r| narrow_32_to_16(-x, r))[1..], [low, low + 1, low].map(|x| x | 0x8000));
            let nearest = narrow_32_to_16(x, Round::NearestEven);
            assert_rounded(Exact::of(f64::from(x)), Round::NearestEven, around(nearest, value), nearest & 1 == 0);
        }
    }
    // 65504 is the largest; 65520 is half way to 65536.
    assert_eq!(narrow_32_to_16(65519.996, Round::NearestEven), 0x7bff);
    assert_eq!(ROUNDS.map(|r| narrow_32_to_16(65520.0, r)), [0x7c00, 0x7c00, 0x7bff, 0x7bff]);
    assert_eq!(ROUNDS.map(|r| narrow_32_to_16(-1e30, r)), [0xfc00, 0xfbff, 0xfc00, 0xfbff]);
    assert_eq!(ROUNDS.map(|r| narrow_32_to_16(f32::INFINITY, r)), [0x7c00; 4]);
    assert_eq!(ROUNDS.map(|r| narrow_32_to_16(f32::from_bits(1), r)), [0, 1, 0, 0]);
}

fn around(x: u16, value: impl Fn(u16) -> f64) -> [f64; 3] {
    let below = if x == 0 { -value(1) } else { value(x - 1) };
    [below, value(x), value(x + 1)]
}

#[test]
fn fp16_ovfl_stops_at_the_largest_but_keeps_infinity() {
    let mode = Mode { fp16_ovfl: true, ..Mode::BENCH };
    assert_eq!(narrow_32_to_16_by_mode(1e30, mode), 0x7bff);
    assert_eq!(narrow_32_to_16_by_mode(-65520.0, mode), 0xfbff);
    assert_eq!(narrow_32_to_16_by_mode(f32::NEG_INFINITY, mode), 0xfc00);
    assert_eq!(narrow_32_to_16_by_mode(1e30, Mode::BENCH), 0x7c00);
}

#[test]
fn bf16_rounds_to_even_and_keeps_nan() {
    assert_eq!(narrow_32_to_bf16(0x3f80_8000), 0x3f80);
    assert_eq!(narrow_32_to_bf16(0x3f81_8000), 0x3f82);
    assert_eq!(narrow_32_to_bf16(0x3f80_8001), 0x3f81);
    assert_eq!(narrow_32_to_bf16(0x7f7f_ffff), 0x7f80);
    assert_eq!(narrow_32_to_bf16(0x7f80_0001), 0x7fc0);
    assert_eq!(widen_bf16_to_32(0xbf80).to_bits(), 0xbf80_0000);
}

/// The soft path against the host, which rounds to nearest in hardware, on every kind of number.
#[test]
fn soft_fma_is_the_hosts_fma() {
    let mut stream = Stream(4);
    for i in 0..400_000u32 {
        let [mut a, b, mut c] = [(); 3].map(|()| f64::from_bits(stream.next()));
        match i % 4 {
            0 => c = -(a * b),                                                                  // cancellation
            1 => a = f64::from_bits(a.to_bits() & 0x800f_ffff_ffff_ffff),                       // a denormal factor
            2 => c = a * b * f64::from_bits(0x3fe0_0000_0000_0000 | (stream.next() & 7) << 54), // like magnitudes
            _ => {}
        }
        if a.is_finite() && b.is_finite() && c.is_finite() {
            let (got, expected) = (fma_f64([a, b, c], 0, Round::NearestEven), a.mul_add(b, c).to_bits());
            assert_eq!(got, expected, "{:x} {:x} {:x}", a.to_bits(), b.to_bits(), c.to_bits());
        }
    }
}
