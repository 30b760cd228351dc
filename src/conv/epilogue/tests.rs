use super::*;

const ALL: [Activation; 6] = [
    Activation::None,
    Activation::Relu,
    Activation::Relu6,
    Activation::LeakyRelu(0.01),
    Activation::Silu,
    Activation::Gelu,
];

#[test]
fn known_values() {
    let cases = [
        // 2 / (1 + e^-2), -1 / (1 + e)
        (Activation::Silu, 2.0, 1.761_594_2),
        (Activation::Silu, -1.0, -0.268_941_43),
        // x times the normal distribution's 0.841344746 and 0.158655254
        (Activation::Gelu, 1.0, 0.841_344_8),
        (Activation::Gelu, -1.0, -0.158_655_26),
        (Activation::Relu, -3.0, 0.0),
        (Activation::Relu6, 7.5, 6.0),
        (Activation::LeakyRelu(0.25), -8.0, -2.0),
    ];
    for (activation, x, expected) in cases {
        let y = activation.apply(x);
        assert!((y - expected).abs() <= 4.0 * f32::EPSILON * expected.abs(), "{activation:?}({x}) = {y}");
        let y = activation.apply_f64(x.into());
        assert!((y - f64::from(expected)).abs() < 1e-7, "{activation:?}({x}) = {y} in f64");
    }
}

#[test]
fn limits_and_nan() {
    for activation in ALL {
        assert!(activation.apply(f32::NAN).is_nan() && activation.apply_f64(f64::NAN).is_nan(), "{activation:?}");
        let top = if activation == Activation::Relu6 { 6.0 } else { f32::INFINITY };
        assert_eq!(activation.apply(f32::INFINITY), top, "{activation:?}");
        assert_eq!(activation.apply_f64(f64::INFINITY), f64::from(top), "{activation:?}");
    }
    for activation in [Activation::Silu, Activation::Gelu] {
        for x in [f32::NEG_INFINITY, f32::MIN, -200.0, -0.0] {
            assert_eq!(activation.apply(x).to_bits(), (-0.0_f32).to_bits(), "{activation:?}({x})");
        }
        assert_eq!(activation.apply_f64(f64::NEG_INFINITY).to_bits(), (-0.0_f64).to_bits());
        assert_eq!(activation.apply(0.0).to_bits(), 0);
        assert_eq!(activation.apply(f32::MAX), f32::MAX);
    }
    // The last arguments whose result is not zero.
    assert_eq!(gelu(-14.35), -f32::from_bits(1));
    assert_eq!(silu(-108.5), -f32::from_bits(1));
}

#[test]
fn no_slope_exceeds_the_lipschitz_constant() {
    for activation in [Activation::Silu, Activation::Gelu, Activation::LeakyRelu(-3.0), Activation::Relu6] {
        let slope = |i: i32| {
            let (x, step) = (f64::from(i) * 1e-3, 1e-4);
            ((activation.apply_f64(x + step) - activation.apply_f64(x)) / step).abs()
        };
        let steepest = (-20_000..20_000).map(slope).fold(0.0, f64::max);
        let bound = activation.lipschitz();
        assert!(steepest <= bound * (1.0 + 1e-9) && steepest > 0.99 * bound, "{activation:?}: {steepest}, {bound}");
    }
}
