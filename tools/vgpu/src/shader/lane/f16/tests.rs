use super::super::oracle::{Exact, ROUNDS, Stream, assert_rounded};
use super::super::round::tests::value_of_f16 as value;
use super::*;
use std::collections::HashMap;

fn rounding(round: Round) -> Mode {
    Mode { round_f16_f64: round, ..Mode::BENCH }
}

fn is_a_nan(x: u16) -> bool {
    x & 0x7fff > 0x7c00
}

/// That `result` is `exact` rounded, with overflow to infinity or the largest value as IEEE 754-2019, section 7.4, has
/// it.
fn check(exact: Exact, approximate: f64, round: Round, result: u16) {
    let magnitude = result & 0x7fff;
    if approximate.abs() >= 65520.0 || magnitude >= 0x7bff {
        return; // see `overflow`
    }
    let negative = result & 0x8000 != 0;
    let step = |by: i32| {
        let signed = i32::from(magnitude) * if negative { -1 } else { 1 } + by;
        value(signed.unsigned_abs() as u16) * f64::from(signed.signum())
    };
    assert_rounded(exact, round, [step(-1), step(0), step(1)], result & 1 == 0);
}

#[test]
fn sums_products_and_fmas_are_the_exact_ones_rounded() {
    let mut stream = Stream(7);
    for _ in 0..200_000 {
        let bits = stream.next();
        let [a, b, c] = [bits as u16, (bits >> 16) as u16, (bits >> 32) as u16];
        if [a, b, c].iter().any(|x| x & 0x7c00 == 0x7c00) {
            continue;
        }
        let [x, y, z] = [a, b, c].map(|x| Exact::of(value(x)));
        for round in ROUNDS {
            let mode = rounding(round);
            check(x.add(y), value(a) + value(b), round, add(mode, a, b));
            check(x.mul(y), value(a) * value(b), round, mul(mode, a, b));
            check(x.mul(y).add(z), value(a) * value(b) + value(c), round, fma(mode, a, b, c));
        }
    }
}

#[test]
fn fma_rounds_once() {
    // (1 + 2^-10) * (1 + 2^-10) + 2^-24: the product is 1 + 2^-9 + 2^-20; alone it rounds down, with 2^-11 added it is
    // just over half a place, which a product rounded first would lose.
    let one_and = 0x3c01;
    assert_eq!(fma(Mode::BENCH, one_and, one_and, 0x1000), 0x3c03); // 2^-11
    assert_eq!(add(Mode::BENCH, mul(Mode::BENCH, one_and, one_and), 0x1000), 0x3c02);
    // 2^15 * 2^-9 - (64 + 2^-24) would be lost in f32 as well: the exact difference is -2^-24.
    assert_eq!(fma(Mode::BENCH, 0x7800, 0x7800, 0x0001), 0x7c00);
}

#[test]
fn overflow() {
    let (max, inf) = (0x7bff, 0x7c00);
    assert_eq!(ROUNDS.map(|r| add(rounding(r), max, max)), [inf, inf, max, max]);
    assert_eq!(ROUNDS.map(|r| mul(rounding(r), max | SIGN, max)), [inf, max, inf, max].map(|x| x | SIGN));
    // 65504 + 15.99 rounds back, 65504 + 16 does not.
    assert_eq!(add(Mode::BENCH, max, 0x4bff), max);
    assert_eq!(add(Mode::BENCH, max, 0x4c00), inf);
    assert_eq!(add(Mode { fp16_ovfl: true, ..Mode::BENCH }, max, 0x4c00), max);
    assert_eq!(ROUNDS.map(|r| mul(rounding(r), 1, 1)), [0, 1, 0, 0]);
    assert_eq!(ROUNDS.map(|r| sub(rounding(r), ONE, ONE)), [0, 0, SIGN, 0]);
    assert_eq!(ROUNDS.map(|r| fma(rounding(r), 1, 1, SIGN)), [0, 1, 0, 0]);
}

#[test]
fn nans() {
    let mode = Mode::BENCH;
    assert_eq!(add(mode, 0x7c01, ONE), 0x7e01);
    assert_eq!(add(Mode { ieee: false, ..mode }, ONE, 0xfc01), 0xfc01);
    assert_eq!(add(mode, 0x7c00, 0xfc00), 0xfe00);
    assert_eq!(fma(mode, 0x7c00, 0, ONE), 0xfe00);
    assert_eq!(min(mode, ONE, 0x7c01), 0x7e01);
    assert_eq!(max(mode, 0x7e00, ONE), ONE);
}

/// Every f16 through every unary operation, against f64's mathematics.
#[test]
fn unary_operations_on_all_inputs() {
    let mode = Mode::BENCH;
    let bits: HashMap<u64, u16> = (0..=u16::MAX).filter(|&x| !is_a_nan(x)).map(|x| (value(x).to_bits(), x)).collect();
    let find = |x: f64| bits[&x.to_bits()];
    for x in 0..=u16::MAX {
        let v = value(x);
        let ops = [trunc(mode, x), ceil(mode, x), floor(mode, x), rndne(mode, x), frexp_mant(mode, x)];
        if v.is_nan() {
            assert_eq!(ops, [x | 0x200; 5]);
            assert_eq!(frexp_exp(mode, x), 0);
            continue;
        }
        assert_eq!(ops[..4], [v.trunc(), v.ceil(), v.floor(), v.round_ties_even()].map(find));
        if v == 0.0 || v.is_infinite() {
            assert_eq!((ops[4], frexp_exp(mode, x)), (x, 0));
            assert_eq!(fract(mode, x), if v == 0.0 { 0 } else { 0xfe00 });
            continue;
        }
        let (mut fraction, mut exponent) = (v, 0i16);
        while fraction.abs() >= 1.0 {
            (fraction, exponent) = (fraction / 2.0, exponent + 1);
        }
        while fraction.abs() < 0.5 {
            (fraction, exponent) = (fraction * 2.0, exponent - 1);
        }
        assert_eq!((ops[4], frexp_exp(mode, x)), (find(fraction), exponent as u16));
        assert_eq!(ldexp(mode, ops[4], frexp_exp(mode, x)), x);
        let fractional = v - v.floor(); // exact in f64
        let got = value(fract(mode, x));
        if fractional > 1.0 - 2f64.powi(-11) {
            assert_eq!(got, 1.0 - 2f64.powi(-11)); // 0x3bff, although 1 may be nearer
        } else {
            assert!((got - fractional).abs() <= 2f64.powi(-12), "{x:x}");
        }
        assert_eq!(neg(x), find(-v));
        assert_eq!(abs(x), find(v.abs()));
        assert_eq!(clamp(mode, x), find(v.clamp(0.0, 1.0) + 0.0));
    }
}

#[test]
fn classes_of_all_inputs() {
    for x in 0..=u16::MAX {
        let v = value(x);
        let negative = x & 0x8000 != 0;
        let expected = match v {
            _ if v.is_nan() => u32::from(x & 0x200 != 0),
            _ if v.is_infinite() => {
                if negative {
                    2
                } else {
                    9
                }
            }
            _ if v == 0.0 => {
                if negative {
                    5
                } else {
                    6
                }
            }
            _ if v.abs() < 2f64.powi(-14) => {
                if negative {
                    4
                } else {
                    7
                }
            }
            _ => {
                if negative {
                    3
                } else {
                    8
                }
            }
        };
        let found: Vec<u32> = (0..10).filter(|&bit| class(x, 1 << bit)).collect();
        assert_eq!(found, [expected], "{x:x}");
    }
}

#[test]
fn order_is_that_of_the_values() {
    let mut stream = Stream(8);
    for _ in 0..200_000 {
        let bits = stream.next_u32();
        let (a, b) = (bits as u16, (bits >> 16) as u16);
        let (x, y) = (value(a), value(b));
        let mode = Mode::BENCH;
        assert_eq!(compare(mode, FloatCompare::Lt, a, b), x < y);
        assert_eq!(compare(mode, FloatCompare::Eq, a, b), x == y);
        assert_eq!(compare(mode, FloatCompare::Nle, a, b), x > y || x.is_nan() || y.is_nan());
        assert_eq!(compare(mode, FloatCompare::U, a, b), x.is_nan() || y.is_nan());
        if x < y {
            assert_eq!((min(mode, a, b), min(mode, b, a), max(mode, a, b)), (a, a, b));
        }
    }
}

#[test]
fn division_fixup_has_no_underflow_case() {
    let mode = Mode::BENCH;
    assert_eq!(div_fixup(mode, 0x0001, 0x7800, 0x8001), 0x8001);
    assert_eq!(div_fixup(mode, 0x1234, 0, 0x8001), 0xfc00);
    assert_eq!(div_fixup(mode, 0x1234, 0, 0), 0xfe00);
    assert_eq!(div_fixup(mode, 0x1234, 0x7c00, ONE), 0);
}
