use super::super::oracle::Stream;
use super::super::round::tests::value_of_f16 as value;
use super::*;

const PLAIN: Mode = Mode { denorm_f32: Denorm::KEEP, ..Mode::BENCH };

fn f(x: core::primitive::f32) -> u32 {
    x.to_bits()
}

#[test]
fn float_dots_sum_in_the_guides_order() {
    // (2, 3) . (4, 5) + 1; f16 2, 3, 4, 5 are 4000 4200 4400 4500.
    assert_eq!(dot2_f32_f16(PLAIN, 0x4200_4000, 0x4500_4400, f(1.0)), f(24.0));
    assert_eq!(dot2acc_f32_f16(PLAIN, 0x4200_4000, 0x4500_4400, f(1.0)), f(24.0));
    assert_eq!(dot2_f16_f16(PLAIN, 0x4200_4000, 0x4500_4400, 0x3c00), 0x4e00);
    // bfloat16 is the upper half of f32: 2 = 4000, 3 = 4040, 4 = 4080, 5 = 40a0, 24 = 41c0.
    assert_eq!(dot2_f32_bf16(PLAIN, 0x4040_4000, 0x40a0_4080, f(1.0)), f(24.0));
    assert_eq!(dot2acc_f32_bf16(PLAIN, 0x4040_4000, 0x40a0_4080, f(1.0)), f(24.0));
    assert_eq!(dot2_bf16_bf16(PLAIN, 0x4040_4000, 0x40a0_4080, 0x3f80), 0x41c0);
    // 2^24 + 1 - 2^24: lost if 2^24 takes the 1 first. 256 is 5c00, -256 dc00, 1 3c00.
    let (a, b) = (0x5c00_3c00, 0xdc00_3c00); // low 1 * 1, high 256 * -256
    let big = f(16_777_216.0);
    assert_eq!(dot2acc_f32_f16(PLAIN, a, b, big), f(16_777_216.0 - 65536.0));
    assert_eq!(dot2_f32_f16(PLAIN, a, b, big), f(16_777_216.0 - 65535.0));
}

#[test]
fn fixed_modes_of_the_16_bit_dots() {
    let odd = Mode { round_f16_f64: Round::Zero, denorm_f16_f64: Denorm::FLUSH, round_f32: Round::Zero, ..Mode::BENCH };
    // 1 * 1 + 2^-11 * 1.5 is nearer to 1 + 2^-10; 2^-11 is 1000, 1.5 3e00.
    assert_eq!(dot2_f16_f16(odd, 0x1000_3c00, 0x3e00_3c00, 0), 0x3c01);
    // 2^-24 * 1 is a denormal and kept.
    assert_eq!(dot2_f16_f16(odd, 0x0000_0001, 0x0000_3c00, 0), 0x0001);
    // bfloat16 denormals are not.
    assert_eq!(dot2_bf16_bf16(odd, 0x0000_0001, 0x0000_3f80, 0), 0);
    // 1 + 2^-8 * 1.5 to bfloat16's 2^-7 places: 1 + 2^-7.
    assert_eq!(dot2_bf16_bf16(odd, 0x3b80_3f80, 0x3fc0_3f80, 0), 0x3f81);
}

#[test]
fn integer_dots_read_each_field_by_its_sign() {
    let (both, none) = (Signed { a: true, b: true }, Signed { a: false, b: false });
    assert_eq!(dot4_i32_iu8(both, false, 0xff02_03fc, 0x0102_03ff, 10), (-1 + 4 + 9 + 4 + 10) as u32);
    assert_eq!(dot4_i32_iu8(none, false, u32::MAX, u32::MAX, 0), 4 * 255 * 255);
    assert_eq!(dot4_i32_iu8(Signed { a: true, b: false }, false, u32::MAX, u32::MAX, 0), (-4i32 * 255) as u32);
    assert_eq!(dot4_i32_iu8(Signed { a: false, b: true }, false, 0x0000_00ff, 0x0000_0080, 0), (-255i32 * 128) as u32);
    assert_eq!(dot8_i32_iu4(both, false, 0x8888_8888, 0x8888_8888, 0), 8 * 64);
    assert_eq!(dot8_i32_iu4(Signed { a: false, b: true }, false, 0xffff_ffff, 0xffff_ffff, 0), (-8i32 * 15) as u32);
    assert_eq!(dot4_u32_u8(false, 0x0102_0304, 0x0506_0708, 1), 5 + 12 + 21 + 32 + 1);
    assert_eq!(dot8_u32_u4(false, 0x1234_5678, 0x1111_1111, 0), 36);
    // CLAMP
    assert_eq!(dot4_i32_iu8(none, true, 1, 1, 0x7fff_ffff), 0x7fff_ffff);
    assert_eq!(dot4_i32_iu8(none, false, 1, 1, 0x7fff_ffff), 0x8000_0000);
    assert_eq!(dot4_i32_iu8(both, true, 0xff, 1, 0x8000_0000), 0x8000_0000);
    assert_eq!((dot4_u32_u8(true, 1, 2, u32::MAX), dot4_u32_u8(false, 1, 2, u32::MAX)), (u32::MAX, 1));
    assert_eq!(dot8_u32_u4(true, 1, 2, u32::MAX - 1), u32::MAX);
}

#[test]
fn mixed_fma_reads_where_the_two_bits_say() {
    let x = 0x4200_4000; // f16 3 over 2; as f32 32.0625
    assert_eq!(MixSource::from_bits(false, true).read(PLAIN, x), x);
    assert_eq!(MixSource::from_bits(true, false).read(PLAIN, x), f(2.0));
    assert_eq!(MixSource::from_bits(true, true).read(PLAIN, x), f(3.0));
    let mut stream = Stream(10);
    for _ in 0..20_000 {
        let a = stream.next() as u16;
        let exact = value(a);
        if exact.is_finite() {
            assert_eq!(
                core::primitive::f32::from_bits(MixSource::Low.read(PLAIN, a.into())),
                exact as core::primitive::f32
            );
        }
    }
    assert_eq!(fma_mix(PLAIN, f(2.0), f(3.0), f(0.5)), f(6.5));
    assert_eq!(fma_mix_f16(PLAIN, f(2.0), f(3.0), f(0.5)), 0x4680);
}
