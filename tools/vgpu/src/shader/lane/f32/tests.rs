use super::super::oracle::{Exact, ROUNDS, Stream, assert_rounded};
use super::super::{Denorm, FloatCompare};
use super::*;

/// Nothing flushed, IEEE mode on.
const PLAIN: Mode = Mode { denorm_f32: Denorm::KEEP, ..Mode::BENCH };
const INF: u32 = 0x7f80_0000;
const MAX: u32 = 0x7f7f_ffff;
const LEAST: u32 = 1;
const SNAN: u32 = 0x7f80_0001;

fn rounding(round: Round) -> Mode {
    Mode { round_f32: round, ..PLAIN }
}

fn check(exact: Exact, round: Round, result: u32) {
    let x = f32::from_bits(result);
    let around = [x.next_down(), x, x.next_up()].map(f64::from);
    assert_rounded(exact, round, around, result & 1 == 0);
}

/// f32 values within 2^12 of each other in magnitude, of either sign.
fn near(stream: &mut Stream) -> u32 {
    let bits = stream.next_u32();
    bits & 0x807f_ffff | (121 + (bits >> 23) % 12) << 23
}

#[test]
fn sums_products_and_fmas_are_the_exact_ones_rounded() {
    let mut stream = Stream(1);
    for _ in 0..30_000 {
        let [a, b, c] = [(); 3].map(|()| near(&mut stream));
        let [x, y, z] = [a, b, c].map(|x| Exact::of(f64::from(f32::from_bits(x))));
        for round in ROUNDS {
            let mode = rounding(round);
            check(x.add(y), round, add(mode, a, b));
            check(x.mul(y), round, mul(mode, a, b));
            check(x.mul(y).add(z), round, fma(mode, a, b, c));
            check(x.mul(y).add(z), round, fma_through_f64(mode, a, b, c));
        }
    }
}

#[test]
fn fma_through_f64_is_the_hosts_fma_for_any_bits() {
    let mut stream = Stream(2);
    for _ in 0..300_000 {
        let [a, b, c] = [(); 3].map(|()| stream.next_u32());
        // Half of the time make the sum cancel or be tiny.
        let c = if stream.next() & 1 == 0 { c } else { mul(PLAIN, a, b) ^ 0x8000_0000 ^ (c & 3) };
        let expected = f32::from_bits(a).mul_add(f32::from_bits(b), f32::from_bits(c));
        let result = f32::from_bits(fma_through_f64(PLAIN, a, b, c));
        assert!(result.to_bits() == expected.to_bits() || result.is_nan() && expected.is_nan(), "{a:x} {b:x} {c:x}");
    }
}

#[test]
fn overflow_and_underflow_follow_the_rounding_mode() {
    // IEEE 754-2019, sections 7.4 and 4.3: overflow goes to infinity only in the directions that lead there.
    let double = |round, x| add(rounding(round), x, x);
    assert_eq!(ROUNDS.map(|r| double(r, MAX)), [INF, INF, MAX, MAX]);
    assert_eq!(ROUNDS.map(|r| double(r, MAX | SIGN)), [INF | SIGN, MAX | SIGN, INF | SIGN, MAX | SIGN]);
    // 2^-149 * 2^-149 is below half of the least denormal.
    assert_eq!(ROUNDS.map(|r| mul(rounding(r), LEAST, LEAST)), [0, 1, 0, 0]);
    assert_eq!(ROUNDS.map(|r| mul(rounding(r), LEAST, LEAST | SIGN)), [SIGN, SIGN, SIGN | 1, SIGN]);
    assert_eq!(ROUNDS.map(|r| fma(rounding(r), LEAST, LEAST, SIGN)), [0, 1, 0, 0]);
}

#[test]
fn exact_zero_sums_are_negative_only_when_rounding_down() {
    // IEEE 754-2019, section 6.3.
    let one = 0x3f80_0000;
    assert_eq!(ROUNDS.map(|r| sub(rounding(r), one, one)), [0, 0, SIGN, 0]);
    assert_eq!(ROUNDS.map(|r| fma(rounding(r), one, one, one | SIGN)), [0, 0, SIGN, 0]);
    assert_eq!(ROUNDS.map(|r| add(rounding(r), 0, 0)), [0; 4]);
    assert_eq!(ROUNDS.map(|r| add(rounding(r), SIGN, SIGN)), [SIGN; 4]);
}

#[test]
fn denormals_are_flushed_on_the_side_that_mode_names() {
    let tiny = 0x0000_1234;
    let with = |input, output| Mode { denorm_f32: Denorm { input, output }, ..Mode::BENCH };
    // tiny + 0
    assert_eq!(add(with(true, true), tiny, 0), tiny);
    assert_eq!(add(with(false, true), tiny, 0), 0);
    assert_eq!(add(with(true, false), tiny, 0), 0);
    // 2^-126 / 2 is a denormal that only the output side sees.
    assert_eq!(mul(with(false, true), 0x0080_0000, 0x3f00_0000), 0x0040_0000);
    assert_eq!(mul(with(true, false), 0x8080_0000, 0x3f00_0000), 0x8000_0000);
    // Min and max look at the input side alone (guide, V_MIN_F32).
    assert_eq!(min(with(true, false), tiny, 0x3f80_0000), tiny);
    assert_eq!(min(with(false, true), tiny, 0x3f80_0000), 0);
    // A flushed denormal compares equal to zero; a class test sees it.
    assert!(compare(with(false, false), FloatCompare::Eq, tiny, SIGN));
    assert!(!compare(with(true, false), FloatCompare::Eq, tiny, SIGN));
    assert!(class(tiny, 1 << 7));
}

#[test]
fn nans_are_kept_quieted_or_made() {
    let legacy = Mode { ieee: false, ..PLAIN };
    let one = 0x3f80_0000;
    assert_eq!(add(PLAIN, SNAN, one), 0x7fc0_0001);
    assert_eq!(add(legacy, SNAN, one), SNAN);
    assert_eq!(sub(PLAIN, one, 0x7fc0_1234), 0x7fc0_1234);
    assert_eq!(fma(PLAIN, one, 0xffc0_0002, 0x7fc0_0003), 0xffc0_0002);
    assert_eq!(add(PLAIN, INF, INF | SIGN), 0xffc0_0000);
    assert_eq!(mul(PLAIN, INF, 0), 0xffc0_0000);
    assert_eq!(ROUNDS.map(|r| fma(rounding(r), INF, one, INF | SIGN)), [0xffc0_0000; 4]);
    assert_eq!(ROUNDS.map(|r| add(rounding(r), INF, one)), [INF; 4]);
}

#[test]
fn dx9_zero_wins_over_infinity_and_nan() {
    assert_eq!(mul_dx9_zero(PLAIN, SIGN, INF), 0);
    assert_eq!(mul_dx9_zero(PLAIN, SNAN, 0), 0);
    assert_eq!(mul_dx9_zero(PLAIN, 0x4000_0000, 0x4040_0000), 0x40c0_0000); // 2 * 3
    assert_eq!(fma_dx9_zero(PLAIN, 0, INF, 0xc120_0000), 0xc120_0000);
    assert_eq!(fma_dx9_zero(PLAIN, 0x4000_0000, 0x4040_0000, 0x3f80_0000), 0x40e0_0000); // 7
    // V_MULLIT_F32
    let two = 0x4000_0000;
    assert_eq!(mullit(PLAIN, two, two, 0x3f80_0000), 0x4080_0000);
    assert_eq!(mullit(PLAIN, two, two, 0), 0xff7f_ffff);
    assert_eq!(mullit(PLAIN, two, INF | SIGN, two), 0xff7f_ffff);
}

#[test]
fn min_and_max_follow_ieee_mode() {
    let legacy = Mode { ieee: false, ..PLAIN };
    let (one, qnan) = (0x3f80_0000, 0x7fc0_0007);
    for mode in [PLAIN, legacy] {
        assert_eq!((min(mode, 0, SIGN), min(mode, SIGN, 0)), (SIGN, SIGN));
        assert_eq!((max(mode, 0, SIGN), max(mode, SIGN, 0)), (0, 0));
        assert_eq!((min(mode, one, qnan), min(mode, qnan, one)), (one, one));
        assert_eq!((max(mode, one | SIGN, 0xc000_0000), min(mode, one | SIGN, 0xc000_0000)), (one | SIGN, 0xc000_0000));
        assert_eq!(min(mode, qnan, 0x7fc0_0008), qnan);
    }
    assert_eq!(min(PLAIN, one, SNAN), 0x7fc0_0001);
    assert_eq!(min(legacy, one, SNAN), one);
    assert_eq!(max(PLAIN, SNAN, SNAN + 1), 0x7fc0_0001);
}

#[test]
fn three_operand_forms() {
    let [one, two, three] = [0x3f80_0000, 0x4000_0000, 0x4040_0000];
    for [a, b, c] in [[one, two, three], [three, one, two], [two, three, one], [one, three, two]] {
        assert_eq!(min3(PLAIN, a, b, c), one);
        assert_eq!(med3(PLAIN, a, b, c), two);
        assert_eq!(max3(PLAIN, a, b, c), three);
    }
    // A NaN turns med3 into min3 (guide, V_MED3_F32).
    assert_eq!(med3(PLAIN, three, 0x7fc0_0000, two), two);
    assert_eq!(minmax(PLAIN, one, three, two), two);
    assert_eq!(maxmin(PLAIN, one, three, two), two);
    assert_eq!(minmax(PLAIN, two, three, one), two);
    assert_eq!(maxmin(PLAIN, two, three, one), one);
}

#[test]
fn compares_are_ieee_relations() {
    let (one, two, nan) = (0x3f80_0000, 0x4000_0000, 0x7fc0_0000);
    // Rows: less, equal, greater, unordered; columns by opcode. From the expressions in section 16.9.
    let expected = [0b1110_1010_1010_1010, 0b1100_1100_1100_1100, 0b1111_0000_1111_0000, 0b1111_1111_0000_0000u32];
    let less: u32 = (0..16).filter(|op| op & 1 != 0).map(|op| 1 << op).sum();
    for (row, (a, b)) in [(one, two), (SIGN, 0), (one, two | SIGN), (nan, one)].into_iter().enumerate() {
        let got =
            (0..16).filter(|&op| compare(PLAIN, FloatCompare::from_bits(op), a, b)).map(|op| 1 << op).sum::<u32>();
        assert_eq!(got, if row == 0 { less } else { expected[row] }, "row {row}");
    }
    assert!(compare(PLAIN, FloatCompare::Nge, nan, one) && compare(PLAIN, FloatCompare::U, one, SNAN));
    assert!(compare(PLAIN, FloatCompare::Lt, INF | SIGN, MAX | SIGN));
    assert!(compare(PLAIN, FloatCompare::Lt, 0xc000_0000, 0xbf80_0000));
}

#[test]
fn integral_values() {
    let f = f32::to_bits;
    // columns: trunc, ceil, floor, rndne
    for (x, expected) in [
        (2.5, [2.0, 3.0, 2.0, 2.0]),
        (3.5, [3.0, 4.0, 3.0, 4.0]),
        (-2.5, [-2.0, -2.0, -3.0, -2.0]),
        (-0.25, [-0.0, -0.0, -1.0, -0.0]),
        (0.75, [0.0, 1.0, 0.0, 1.0]),
        (-0.0, [-0.0; 4]),
        (8388609.0, [8388609.0; 4]),
        (f32::INFINITY, [f32::INFINITY; 4]),
    ] {
        let x = f(x);
        assert_eq!([trunc(PLAIN, x), ceil(PLAIN, x), floor(PLAIN, x), rndne(PLAIN, x)], expected.map(f));
    }
    assert_eq!(ceil(Mode::BENCH, 0x8000_0001), SIGN);
    assert_eq!(ceil(PLAIN, 1), f(1.0));
    assert_eq!(fract(PLAIN, f(-1.25)), f(0.75));
    assert_eq!(fract(PLAIN, f(-1e-10)), 0x3f7f_ffff); // would round to 1
    assert_eq!(fract(PLAIN, INF), DEFAULT_NAN);
}

#[test]
fn frexp_and_ldexp() {
    let f = f32::to_bits;
    assert_eq!((frexp_mant(PLAIN, f(-6.0)), frexp_exp(PLAIN, f(-6.0))), (f(-0.75), 3));
    assert_eq!((frexp_mant(PLAIN, 1), frexp_exp(PLAIN, 1)), (f(0.5), (-148i32) as u32));
    assert_eq!((frexp_mant(PLAIN, 0x007f_ffff), frexp_exp(PLAIN, 0x007f_ffff)), (0x3f7f_fffe, (-126i32) as u32));
    assert_eq!((frexp_mant(PLAIN, SIGN), frexp_exp(PLAIN, SIGN)), (SIGN, 0));
    assert_eq!((frexp_mant(PLAIN, INF), frexp_exp(PLAIN, INF)), (INF, 0));
    assert_eq!(frexp_exp(Mode::BENCH, 1), 0);
    assert_eq!(ldexp(PLAIN, f(-0.75), 3), f(-6.0));
    assert_eq!(ldexp(PLAIN, f(1.0), (-149i32) as u32), 1);
    assert_eq!(ldexp(PLAIN, f(1.5), (-149i32) as u32), 2); // a tie, to even
    assert_eq!(ldexp(PLAIN, f(1.0), (-150i32) as u32), 0);
    assert_eq!(ldexp(rounding(Round::Up), f(1.0), i32::MIN as u32), 1);
    assert_eq!(ldexp(PLAIN, 1, 276), f(2f32.powi(127)));
    assert_eq!(ldexp(PLAIN, f(-1.0), 0x7fff_ffff), INF | SIGN);
}

/// The sequence that LLVM makes of a division, `LowerFDIV32` in `SIISelLowering.cpp`, with denormals on.
fn divide(n: u32, d: u32) -> u32 {
    let one = 0x3f80_0000;
    let (den, _) = div_scale(PLAIN, d, d, n);
    let (num, vcc) = div_scale(PLAIN, n, d, n);
    let rcp = (1.0 / f32::from_bits(den)).to_bits();
    let minus = neg(den);
    let fma = |a, b, c| fma(PLAIN, a, b, c);
    let e = fma(minus, rcp, one);
    let rcp = fma(e, rcp, rcp);
    let q = mul(PLAIN, num, rcp);
    let q = fma(fma(minus, q, num), rcp, q);
    div_fixup(PLAIN, div_fmas(PLAIN, fma(minus, q, num), rcp, q, vcc), d, n)
}

#[test]
fn the_division_sequence_divides() {
    let mut stream = Stream(3);
    for i in 0..400_000u32 {
        let [n, d] = [(); 2].map(|()| stream.next_u32());
        // Every fourth pair at the ends of the exponent range.
        let d = if i % 4 == 0 { d & 0x80ff_ffff | 0x7e00_0000 } else { d };
        let n = if i % 8 == 0 { n & 0x80ff_ffff } else { n };
        let expected = f32::from_bits(n) / f32::from_bits(d);
        let got = f32::from_bits(divide(n, d));
        assert!(got.to_bits() == expected.to_bits() || got.is_nan() && expected.is_nan(), "{n:08x} / {d:08x}: {got:e}");
    }
    let f = f32::to_bits;
    for (n, d) in
        [(1.0, 0.0), (-1.0, 0.0), (0.0, -2.0), (1.0, f32::INFINITY), (f32::NEG_INFINITY, 2.0), (f32::MAX, 1e-40)]
    {
        assert_eq!(divide(f(n), f(d)), f(n / d));
    }
    assert_eq!(divide(0, 0), 0xffc0_0000);
    assert_eq!(divide(INF, INF), 0xffc0_0000);
    assert_eq!(divide(0x7fc0_0005, SNAN), 0x7fc0_0005);
}

#[test]
fn cube_faces() {
    let f = f32::to_bits;
    // columns: x y z, id, sc, tc, ma; the cube map table of the OpenGL specification, section 8.13, with AMD's numbers.
    for ([x, y, z], expected) in [
        ([3.0, 1.0, 2.0], [0.0, -2.0, -1.0, 6.0]),
        ([-3.0, 1.0, 2.0], [1.0, 2.0, -1.0, -6.0]),
        ([1.0, 3.0, 2.0], [2.0, 1.0, 2.0, 6.0]),
        ([1.0, -3.0, 2.0], [3.0, 1.0, -2.0, -6.0]),
        ([1.0, 2.0, 3.0], [4.0, 1.0, -2.0, 6.0]),
        ([1.0, 2.0, -3.0], [5.0, -1.0, -2.0, -6.0]),
        ([1.0, 1.0, 1.0], [4.0, 1.0, -1.0, 2.0]),
    ] {
        let [x, y, z] = [x, y, z].map(f);
        let got = [cubeid, cubesc, cubetc, cubema].map(|op| op(PLAIN, x, y, z));
        assert_eq!(got, expected.map(f));
    }
}

#[test]
fn output_modifiers() {
    let f = f32::to_bits;
    let scaling = Mode { ieee: false, denorm_f32: Denorm::FLUSH, ..Mode::BENCH };
    let apply = |omod, x| output_modifier(scaling, OutputModifier::from_bits(omod), x);
    assert_eq!([0, 1, 2, 3].map(|omod| apply(omod, f(3.0))), [3.0, 6.0, 12.0, 1.5].map(f));
    assert_eq!((apply(1, SIGN), apply(3, 0x8080_0000)), (0, 0));
    assert_eq!((apply(1, MAX), apply(2, INF | SIGN)), (INF, INF | SIGN));
    assert_eq!(output_modifier(Mode { round_f32: Round::Zero, ..scaling }, OutputModifier::Double, MAX), MAX);
    // Ignored in IEEE mode and with output denormals.
    assert_eq!(output_modifier(Mode::BENCH, OutputModifier::Double, f(3.0)), f(3.0));
    assert_eq!(output_modifier(Mode { ieee: false, ..PLAIN }, OutputModifier::Double, f(3.0)), f(3.0));

    assert_eq!([1.5, 0.25, -0.0, -3.0].map(|x: f32| clamp(PLAIN, f(x))), [1.0, 0.25, 0.0, 0.0].map(f));
    assert_eq!((clamp(PLAIN, INF), clamp(PLAIN, 0x7fc0_0001)), (f(1.0), 0));
    assert_eq!(clamp(Mode { dx10_clamp: false, ..PLAIN }, 0x7fc0_0001), 0x7fc0_0001);
    assert_eq!((neg(f(1.0)), abs(f(-1.0)), abs(neg(SNAN))), (f(-1.0), f(1.0), SNAN));
}
