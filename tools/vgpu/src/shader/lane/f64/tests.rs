use super::super::oracle::{Exact, ROUNDS, Stream, assert_rounded};
use super::*;

const INF: u64 = 0x7ff0_0000_0000_0000;
const MAX: u64 = INF - 1;

fn rounding(round: Round) -> Mode {
    Mode { round_f16_f64: round, ..Mode::BENCH }
}

fn check(exact: Exact, round: Round, result: u64) {
    let x = f64::from_bits(result);
    assert_rounded(exact, round, [x.next_down(), x, x.next_up()], result & 1 == 0);
}

#[test]
fn sums_products_and_fmas_are_the_exact_ones_rounded() {
    let mut stream = Stream(5);
    for _ in 0..30_000 {
        // Magnitudes within 2^4 of each other, so that a product and an addend fit 127 bits.
        let [a, b, c] = [(); 3].map(|()| {
            let bits = stream.next();
            bits & 0x800f_ffff_ffff_ffff | (1021 + (bits >> 52) % 4) << 52
        });
        let [x, y, z] = [a, b, c].map(|x| Exact::of(f64::from_bits(x)));
        for round in ROUNDS {
            let mode = rounding(round);
            check(x.add(y), round, add(mode, a, b));
            check(x.mul(y), round, mul(mode, a, b));
            check(x.mul(y).add(z), round, fma(mode, a, b, c));
        }
    }
}

#[test]
fn overflow_underflow_and_zeros_follow_the_rounding_mode() {
    // IEEE 754-2019, sections 4.3, 6.3 and 7.4.
    assert_eq!(ROUNDS.map(|r| add(rounding(r), MAX, MAX)), [INF, INF, MAX, MAX]);
    assert_eq!(ROUNDS.map(|r| mul(rounding(r), MAX | SIGN, MAX)), [INF, MAX, INF, MAX].map(|x| x | SIGN));
    assert_eq!(ROUNDS.map(|r| mul(rounding(r), 1, 1)), [0, 1, 0, 0]);
    assert_eq!(ROUNDS.map(|r| mul(rounding(r), 1, 1 | SIGN)), [SIGN, SIGN, SIGN | 1, SIGN]);
    assert_eq!(ROUNDS.map(|r| sub(rounding(r), ONE, ONE)), [0, 0, SIGN, 0]);
    // 1 - 2^-1074 and 1 + 2^-1074
    let below = ONE - 1;
    assert_eq!(ROUNDS.map(|r| sub(rounding(r), ONE, 1)), [ONE, ONE, below, below]);
    assert_eq!(ROUNDS.map(|r| add(rounding(r), ONE, 1)), [ONE, ONE + 1, ONE, ONE]);
    assert_eq!(ROUNDS.map(|r| add(rounding(r), INF, ONE)), [INF; 4]);
    assert_eq!(ROUNDS.map(|r| mul(rounding(r), 0, ONE | SIGN)), [SIGN; 4]);
}

#[test]
fn scaling_and_parts() {
    let f = f64::to_bits;
    let mode = Mode::BENCH;
    assert_eq!(ldexp(mode, f(1.0), (-1074i32) as u32), 1);
    assert_eq!(ldexp(mode, f(1.5), (-1074i32) as u32), 2);
    assert_eq!(ldexp(mode, 1, 2097), f(2f64.powi(1023)));
    assert_eq!(ldexp(mode, f(-1.0), 0x7fff_ffff), INF | SIGN);
    assert_eq!(ldexp(rounding(Round::Up), f(1.0), i32::MIN as u32), 1);
    assert_eq!((frexp_mant(mode, f(-6.0)), frexp_exp(mode, f(-6.0))), (f(-0.75), 3));
    assert_eq!((frexp_mant(mode, 1), frexp_exp(mode, 1)), (f(0.5), (-1073i32) as u32));
    assert_eq!(fract(mode, f(-1e-20)), 0x3fef_ffff_ffff_ffff);
    assert_eq!([trunc, ceil, floor, rndne].map(|op| op(mode, f(-2.5))), [-2.0, -2.0, -3.0, -2.0].map(f));
    assert!(class(INF | SIGN, 1 << 2) && class(f(1.0), 1 << 8) && class(1, 1 << 7) && !class(INF, 1 << 8));
    assert_eq!(min(mode, 0, SIGN), SIGN);
    assert_eq!(max(mode, f(-1.0), f(-2.0)), f(-1.0));
    assert!(compare(mode, FloatCompare::Lt, f(-2.0), f(1.0)));
}

/// The sequence that LLVM makes of a division, `LowerFDIV64` in `SIISelLowering.cpp`.
fn divide(n: u64, d: u64) -> u64 {
    let mode = Mode::BENCH;
    let (den, _) = div_scale(mode, d, d, n);
    let (num, vcc) = div_scale(mode, n, d, n);
    let minus = neg(den);
    let fma = |a, b, c| fma(mode, a, b, c);
    let rcp = (1.0 / f64::from_bits(den)).to_bits();
    let rcp = fma(rcp, fma(minus, rcp, ONE), rcp);
    let rcp = fma(rcp, fma(minus, rcp, ONE), rcp);
    let q = mul(mode, num, rcp);
    div_fixup(mode, div_fmas(mode, fma(minus, q, num), rcp, q, vcc), d, n)
}

#[test]
fn the_division_sequence_divides() {
    let mut stream = Stream(6);
    for i in 0..200_000u32 {
        let [n, d] = [(); 2].map(|()| stream.next());
        let d = if i % 4 == 0 { d & 0x801f_ffff_ffff_ffff | 0x7fc0_0000_0000_0000 } else { d };
        let expected = f64::from_bits(n) / f64::from_bits(d);
        let got = f64::from_bits(divide(n, d));
        assert!(got.to_bits() == expected.to_bits() || got.is_nan() && expected.is_nan(), "{n:x} / {d:x}: {got:e}");
    }
    assert_eq!(divide(ONE, 0), INF);
    assert_eq!(divide(0, 0), 0xfff8_0000_0000_0000);
}
