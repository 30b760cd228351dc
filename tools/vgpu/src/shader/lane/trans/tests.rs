use super::super::oracle::Stream;
use super::super::round::tests::value_of_f16 as value;
use super::*;

type Examples<T> = [(fn(Mode, T) -> T, &'static [(T, T)])];

const PLAIN: Mode = Mode { denorm_f32: Denorm::KEEP, ..Mode::BENCH };

#[test]
fn special_values_are_the_guides_examples() {
    // Section 16.12, "functional examples" of each instruction.
    let examples: &Examples<u32> = &[
        (exp_f32, &[(0xff80_0000, 0), (0x8000_0000, 0x3f80_0000), (0x7f80_0000, 0x7f80_0000)]),
        (
            log_f32,
            &[
                (0xff80_0000, 0xffc0_0000),
                (0xbf80_0000, 0xffc0_0000),
                (0x8000_0000, 0xff80_0000),
                (0, 0xff80_0000),
                (0x3f80_0000, 0),
                (0x7f80_0000, 0x7f80_0000),
            ],
        ),
        (
            rcp_f32,
            &[
                (0xff80_0000, 0x8000_0000),
                (0xc000_0000, 0xbf00_0000),
                (0x8000_0000, 0xff80_0000),
                (0, 0x7f80_0000),
                (0x7f80_0000, 0),
            ],
        ),
        (
            rsq_f32,
            &[
                (0xff80_0000, 0xffc0_0000),
                (0x8000_0000, 0xff80_0000),
                (0, 0x7f80_0000),
                (0x4080_0000, 0x3f00_0000),
                (0x7f80_0000, 0),
            ],
        ),
        (
            sqrt_f32,
            &[
                (0xff80_0000, 0xffc0_0000),
                (0x8000_0000, 0x8000_0000),
                (0, 0),
                (0x4080_0000, 0x4000_0000),
                (0x7f80_0000, 0x7f80_0000),
            ],
        ),
        (
            sin_f32,
            &[
                (0xff80_0000, 0xffc0_0000),
                (0xff7f_ffff, 0),
                (0x8000_0000, 0x8000_0000),
                (0x3e80_0000, 0x3f80_0000),
                (0x7f80_0000, 0xffc0_0000),
            ],
        ),
        (
            cos_f32,
            &[
                (0xff80_0000, 0xffc0_0000),
                (0xff7f_ffff, 0x3f80_0000),
                (0x8000_0000, 0x3f80_0000),
                (0x3e80_0000, 0),
                (0x7f80_0000, 0xffc0_0000),
            ],
        ),
    ];
    for (function, pairs) in examples {
        for &(x, expected) in *pairs {
            assert_eq!(function(Mode::BENCH, x), expected, "{x:08x}");
        }
    }
    let examples: &Examples<u16> = &[
        (rcp_f16, &[(0xfc00, 0x8000), (0xc000, 0xb800), (0x8000, 0xfc00), (0, 0x7c00), (0x7c00, 0)]),
        (sqrt_f16, &[(0xfc00, 0xfe00), (0x8000, 0x8000), (0, 0), (0x4400, 0x4000), (0x7c00, 0x7c00)]),
        (rsq_f16, &[(0xfc00, 0xfe00), (0x8000, 0xfc00), (0, 0x7c00), (0x4400, 0x3800), (0x7c00, 0)]),
        (log_f16, &[(0xfc00, 0xfe00), (0xbc00, 0xfe00), (0x8000, 0xfc00), (0, 0xfc00), (0x3c00, 0), (0x7c00, 0x7c00)]),
        (exp_f16, &[(0xfc00, 0), (0x8000, 0x3c00), (0x7c00, 0x7c00)]),
        (sin_f16, &[(0xfc00, 0xfe00), (0xfbff, 0), (0x8000, 0x8000), (0x3400, 0x3c00), (0x7bff, 0), (0x7c00, 0xfe00)]),
        (
            cos_f16,
            &[(0xfc00, 0xfe00), (0xfbff, 0x3c00), (0x8000, 0x3c00), (0x3400, 0), (0x7bff, 0x3c00), (0x7c00, 0xfe00)],
        ),
    ];
    for (function, pairs) in examples {
        for &(x, expected) in *pairs {
            assert_eq!(function(Mode::BENCH, x), expected, "{x:04x}");
        }
    }
}

/// The error of an f32 result in units of its last place.
fn ulps(got: u32, expected: Double) -> Double {
    let got = Single::from_bits(got);
    if !got.is_finite() || expected.abs() < Double::from(Single::MIN_POSITIVE) {
        // Overflow, and results that are flushed.
        let to_infinity = got.is_infinite() && expected.abs() > Double::from(Single::MAX);
        return if to_infinity || got == 0.0 { 0.0 } else { Double::INFINITY };
    }
    let place = Double::from(got.abs().next_up()) - Double::from(got.abs());
    (Double::from(got) - expected).abs() / place
}

/// The host's mathematical library as another opinion.
#[test]
fn f32_results_are_within_half_a_place() {
    let mut stream = Stream(12);
    let mut worst = [0.0f64; 4];
    for _ in 0..300_000 {
        let bits = stream.next();
        let any = (bits & 0x7fff_ffff) as u32;
        let normal = any.clamp(0x0080_0000, 0x7f7f_ffff);
        let x = Double::from(Single::from_bits(normal));
        // Exponents that give finite results, of both signs and all sizes down to 2^-20.
        let small = (((bits >> 32) as u32 & 0x803f_ffff) | (107 + (bits >> 54) as u32 % 27) << 23).min(0xc2ff_ffff);
        let y = Double::from(Single::from_bits(small));
        worst[0] = worst[0].max(ulps(log_f32(PLAIN, normal), x.log2()));
        if (-126.0..128.0).contains(&y) {
            worst[1] = worst[1].max(ulps(exp_f32(PLAIN, small), y.exp2()));
        }
        let turn = (y - y.round()) * std::f64::consts::TAU;
        worst[2] = worst[2].max(ulps(sin_f32(PLAIN, small), turn.sin()));
        if turn.cos().abs() > 1e-3 {
            worst[3] = worst[3].max(ulps(cos_f32(PLAIN, small), turn.cos()));
        }
        assert!(ulps(rcp_f32(PLAIN, normal), 1.0 / x) <= 0.5 && ulps(rsq_f32(PLAIN, normal), 1.0 / x.sqrt()) <= 0.5);
        assert!(ulps(sqrt_f32(PLAIN, normal), x.sqrt()) <= 0.5);
    }
    assert!(worst.iter().all(|&w| w > 0.4 && w <= 0.500_01), "log, exp, sin, cos: {worst:?}");
}

#[test]
fn log_keeps_its_digits_near_one() {
    for steps in 1..2000 {
        for bits in [0x3f80_0000 + steps, 0x3f80_0000 - steps] {
            let expected = Double::from(Single::from_bits(bits)).log2();
            assert!(ulps(log_f32(PLAIN, bits), expected) <= 0.500_01, "{bits:x}");
        }
    }
}

#[test]
fn f16_results_of_all_inputs_are_within_the_guides_bound() {
    type Pair = (fn(Mode, u16) -> u16, fn(Double) -> Double);
    let functions: [Pair; 7] = [
        (rcp_f16, |x| 1.0 / x),
        (rsq_f16, |x| 1.0 / x.sqrt()),
        (sqrt_f16, Double::sqrt),
        (exp_f16, Double::exp2),
        (log_f16, Double::log2),
        (sin_f16, |x| ((x - x.round()) * std::f64::consts::TAU).sin()),
        (cos_f16, |x| ((x - x.round()) * std::f64::consts::TAU).cos()),
    ];
    for (index, (function, reference)) in functions.into_iter().enumerate() {
        for x in 0..=u16::MAX {
            let (got, expected) = (function(Mode::BENCH, x), reference(value(x)));
            let v = value(got);
            if expected.is_nan() {
                assert!(v.is_nan(), "{index} {x:x}");
            } else if v.is_infinite() {
                assert!(expected.abs() >= 65520.0 && v.signum() == expected.signum(), "{index} {x:x}");
            } else {
                let place = 2f64.powi((i32::from(got >> 10 & 31)).max(1) - 25);
                assert!((v - expected).abs() <= 0.5001 * place, "{index} {x:x}: {v} for {expected}");
            }
        }
    }
}

#[test]
fn f32_flushes_denormals_whatever_mode_says_but_not_in_sin() {
    assert_eq!(rcp_f32(PLAIN, 0x8000_0001), 0xff80_0000);
    assert_eq!(rcp_f32(PLAIN, 0x7f00_0000), 0); // 2^-127
    assert_eq!(sqrt_f32(PLAIN, 1), 0);
    assert_eq!(log_f32(PLAIN, 0x007f_ffff), 0xff80_0000);
    assert_eq!(exp_f32(PLAIN, (-127f32).to_bits()), 0);
    assert_eq!(exp_f32(PLAIN, (-126f32).to_bits()), 0x0080_0000);
    assert_eq!(sin_f32(PLAIN, 0x0010_0000), 0x0064_87ed); // 2^-129 * 2 pi = 2^-126 * 0.785398
    assert_eq!(sin_f32(Mode::BENCH, 0x0010_0000), 0);
    assert_eq!(rcp_f16(Mode::BENCH, 0x0200), 0x7800); // of 2^-15
    assert_eq!(rcp_f16(Mode { denorm_f16_f64: Denorm::FLUSH, ..PLAIN }, 0x0200), 0x7c00);
    assert_eq!(rcp_f16(Mode { fp16_ovfl: true, ..PLAIN }, 0x0001), 0x7bff);
    assert_eq!(rcp_f16(Mode { fp16_ovfl: true, ..PLAIN }, 0), 0x7c00);
}

#[test]
fn f64_forms_and_nans() {
    let d = Double::to_bits;
    assert_eq!((rcp_f64(PLAIN, d(-4.0)), rsq_f64(PLAIN, d(4.0)), sqrt_f64(PLAIN, d(2.25))), (d(-0.25), d(0.5), d(1.5)));
    assert_eq!(rsq_f64(PLAIN, d(-1.0)), 0xfff8_0000_0000_0000);
    assert_eq!(rcp_f32(PLAIN, 0x7f80_0001), 0x7fc0_0001);
    assert_eq!(rcp_f32(Mode { ieee: false, ..PLAIN }, 0x7f80_0001), 0x7f80_0001);
    assert_eq!(exp_f16(PLAIN, 0xfd23), 0xff23);
}
