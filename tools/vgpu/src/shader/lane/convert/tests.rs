use super::super::Denorm;
use super::super::oracle::{Exact, ROUNDS, Stream, assert_rounded};
use super::super::round::tests::value_of_f16 as value;
use super::*;
use core::primitive::{f32 as Single, f64 as Double};

const PLAIN: Mode = Mode { denorm_f32: Denorm::KEEP, ..Mode::BENCH };

fn s(x: Single) -> u32 {
    x.to_bits()
}

#[test]
fn f16_to_f32_and_back_for_all() {
    for x in 0..=u16::MAX {
        let wide = f32_from_f16(PLAIN, x);
        if value(x).is_nan() {
            assert_eq!(f16_from_f32(PLAIN, wide), x | 0x200);
        } else {
            assert_eq!(Double::from(Single::from_bits(wide)), value(x));
            assert_eq!(f16_from_f32(PLAIN, wide), x);
            assert_eq!(pk_rtz_f16_f32(PLAIN, wide, wide), u32::from(x) << 16 | u32::from(x));
        }
    }
}

#[test]
fn f32_to_f16_follows_the_f16_fields_of_mode() {
    // 1 + 2^-11 is half way from 1 to the next.
    let half_way = s(1.0 + 2f32.powi(-11));
    let by = |round| Mode { round_f16_f64: round, ..PLAIN };
    assert_eq!(ROUNDS.map(|r| f16_from_f32(by(r), half_way)), [0x3c00, 0x3c01, 0x3c00, 0x3c00]);
    assert_eq!(f16_from_f32(Mode { round_f32: Round::Up, ..PLAIN }, half_way), 0x3c00);
    assert_eq!(pk_rtz_f16_f32(by(Round::Up), s(65519.0), s(-1e9)), 0xfbff_7bff);
    // 2^-15 is an f16 denormal.
    let flush = Mode { denorm_f16_f64: Denorm::FLUSH, ..PLAIN };
    assert_eq!((f16_from_f32(PLAIN, s(-2f32.powi(-15))), f16_from_f32(flush, s(-2f32.powi(-15)))), (0x8200, 0x8000));
    assert_eq!((f32_from_f16(PLAIN, 0x0200), f32_from_f16(flush, 0x8200)), (s(2f32.powi(-15)), 0x8000_0000));
    assert_eq!((f16_from_f32(PLAIN, 0x7f80_0001), f16_from_f32(PLAIN, 0xff80_2000)), (0x7e00, 0xfe01));
}

#[test]
fn f64_to_f32_and_back() {
    let by = |round| Mode { round_f16_f64: round, ..PLAIN };
    let d = Double::to_bits;
    assert_eq!(
        ROUNDS.map(|r| f32_from_f64(by(r), d(1.0 + 2f64.powi(-24)))),
        [0x3f80_0000, 0x3f80_0001, 0x3f80_0000, 0x3f80_0000]
    );
    assert_eq!(f32_from_f64(PLAIN, d(1e300)), 0x7f80_0000);
    assert_eq!(f32_from_f64(PLAIN, d(-2f64.powi(-149))), 0x8000_0001);
    assert_eq!(f32_from_f64(Mode::BENCH, d(-2f64.powi(-149))), 0x8000_0000);
    assert_eq!(f32_from_f64(PLAIN, 0xfff0_0000_2000_0000), 0xffc0_0001);
    assert_eq!(f64_from_f32(PLAIN, 1), d(2f64.powi(-149)));
    assert_eq!(f64_from_f32(Mode::BENCH, 1), 0);
    assert_eq!(f64_from_f32(PLAIN, 0x7f80_0001), 0x7ff8_0000_2000_0000);
}

#[test]
fn to_integers_truncates_and_saturates() {
    let inf = Single::INFINITY;
    let cases = [1.9, -1.9, 3e9, -3e9, 5e9, inf, -inf, Single::NAN].map(s);
    assert_eq!(cases.map(i32_from_f32), [1, -1, i32::MAX, i32::MIN, i32::MAX, i32::MAX, i32::MIN, 0].map(|x| x as u32));
    assert_eq!(cases.map(u32_from_f32), [1, 0, 3_000_000_000, 0, u32::MAX, u32::MAX, 0, 0]);
    let cases = [1.9, -1.9, 3e9, -3e9, Double::NAN].map(Double::to_bits);
    assert_eq!(cases.map(i32_from_f64), [1, -1, i32::MAX, i32::MIN, 0].map(|x| x as u32));
    assert_eq!(cases.map(u32_from_f64), [1, 0, 3_000_000_000, 0, 0]);
    // f16: 1.5, -1.5, 65504, -65504, infinity, NaN
    let cases = [0x3e00, 0xbe00, 0x7bff, 0xfbff, 0x7c00, 0x7e00];
    assert_eq!(cases.map(i16_from_f16), [1, 0xffff, 0x7fff, 0x8000, 0x7fff, 0]);
    assert_eq!(cases.map(u16_from_f16), [1, 0, 65504, 0, 65535, 0]);
    assert_eq!(pk_i16_f32(s(-40000.0), s(1.9)), 0x0001_8000);
    assert_eq!(pk_u16_f32(s(70000.9), s(-5.0)), 0x0000_ffff);
    assert_eq!((pk_u8_f32(s(300.0), 1, 0x1111_1111), pk_u8_f32(s(2.9), 3, 0)), (0x1111_ff11, 0x0200_0000));
}

#[test]
fn nearest_and_floor() {
    let just_below_half = s(0.5).wrapping_sub(1);
    let nearest = [s(0.5), just_below_half, s(-0.5), s(2.5), s(-1.5), s(-1.6), s(8388609.0)].map(nearest_i32_from_f32);
    assert_eq!(nearest, [1, 0, 0, 3, -1, -2, 8_388_609].map(|x: i32| x as u32));
    assert_eq!([-0.1, 2.9, -1e20].map(|x| floor_i32_from_f32(s(x))), [-1, 2, i32::MIN].map(|x| x as u32));
}

#[test]
fn from_integers_rounds_by_mode() {
    let mut stream = Stream(11);
    for _ in 0..50_000 {
        let x = stream.next_u32() >> (stream.next() & 15);
        for round in ROUNDS {
            let mode = Mode { round_f32: round, ..PLAIN };
            for (exact, got) in [(f64::from(x), f32_from_u32(mode, x)), (f64::from(x as i32), f32_from_i32(mode, x))] {
                let r = Single::from_bits(got);
                let around = [r.next_down(), r, r.next_up()].map(Double::from);
                assert_rounded(Exact::of(exact), round, around, got & 1 == 0);
            }
        }
    }
    assert_eq!(
        (f16_from_u16(PLAIN, 2049), f16_from_u16(PLAIN, 2051), f16_from_u16(PLAIN, 65535)),
        (0x6800, 0x6802, 0x7c00)
    );
    assert_eq!((f16_from_i16(PLAIN, 0xffff), f16_from_i16(PLAIN, 0x8000)), (0xbc00, 0xf800));
    assert_eq!(
        (f64_from_i32(0x8000_0000), f64_from_u32(u32::MAX)),
        ((-2147483648f64).to_bits(), 4294967295f64.to_bits())
    );
    assert_eq!((i32_from_i16(0x8000), u32_from_u16(0x8000)), (0xffff_8000, 0x8000));
    assert_eq!([0, 1, 2, 3].map(|byte| f32_from_ubyte(0xff80_0102, byte)), [2.0, 1.0, 128.0, 255.0].map(s));
}

#[test]
fn off_f32_i4_is_the_guides_table() {
    let table = [
        0.0, 0.0625, 0.125, 0.1875, 0.25, 0.3125, 0.375, 0.4375, -0.5, -0.4375, -0.375, -0.3125, -0.25, -0.1875,
        -0.125, -0.0625,
    ];
    for (x, expected) in table.into_iter().enumerate() {
        assert_eq!(off_f32_i4(x as u32 | 0xabc0), s(expected));
    }
}

#[test]
fn normalised_and_saturated_packing() {
    // Direct3D 11.3 functional specification, section 3.2.3: 1 and -1 are the ends, out of range clamps, NaN is 0.
    assert_eq!(pk_norm_i16_f32(s(1.0), s(-1.0)), 0x8001_7fff);
    assert_eq!(pk_norm_i16_f32(s(7.0), s(Single::NAN)), 0x0000_7fff);
    assert_eq!(pk_norm_i16_f32(s(0.5), s(-0.25)), 0xe000_4000); // 16383.5 to even, -8191.75
    assert_eq!(pk_norm_u16_f32(s(1.0), s(-3.0)), 0x0000_ffff);
    assert_eq!(pk_norm_u16_f32(s(0.5), s(0.25)), 0x4000_8000); // 32767.5 to even, 16383.75
    assert_eq!((pk_norm_i16_f16(0x3c00, 0xbc00), pk_norm_u16_f16(0x3800, 0xfc00)), (0x8001_7fff, 0x0000_8000));
    assert_eq!(pack_b32_f16(0x1234, 0x5678), 0x5678_1234);
    assert_eq!((pk_i16_i32(0x8000, 0xffff_0000), pk_i16_i32(5, u32::MAX)), (0x8000_7fff, 0xffff_0005));
    assert_eq!(pk_u16_u32(0x1_0000, 7), 0x0007_ffff);
    assert_eq!((sat_pk_u8_i16(0xffff_0100), sat_pk_u8_i16(0x007f_0080)), (0x00ff, 0x7f80));
}
