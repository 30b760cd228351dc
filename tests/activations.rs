//! silu and gelu against f64, and their bits under every vector width that the CPU has.

use rayon::prelude::*;
use sparkle::conv::Activation;

const SMOOTH: [Activation; 2] = [Activation::Silu, Activation::Gelu];

/// Distance from `y` to `expected` in ulps of `expected` as f32; a unit is at least 2^-149.
fn ulps(y: f32, expected: f64) -> f64 {
    let exponent = (expected.abs().to_bits() >> 52) as i32 - 1023; // CAST: eleven bits
    let ulp = 2.0_f64.powi((exponent - 23).max(-149));
    (f64::from(y) - expected).abs() / ulp
}

/// The largest error over some bit patterns and where it is; NaN and infinities are checked on the way.
fn worst(activation: Activation, patterns: impl Iterator<Item = u32>) -> (f64, f32) {
    let mut worst = (0.0, 0.0);
    for x in patterns.map(f32::from_bits) {
        let (y, expected) = (activation.apply(x), activation.apply_f64(x.into()));
        if x.is_finite() {
            let error = ulps(y, expected);
            assert!(error <= 4.0, "{activation:?}({x:e}) = {y:e}, {expected:e} in f64: {error} ulp");
            worst = if error > worst.0 { (error, x) } else { worst };
        } else {
            assert!(y.is_nan() && expected.is_nan() || f64::from(y) == expected, "{activation:?}({x}) = {y}");
        }
    }
    worst
}

/// `count` bit patterns of a xorshift generator: all magnitudes, both signs, some NaN.
fn random_patterns(count: usize) -> impl Iterator<Item = u32> {
    let mut state = 0x9e37_79b9_u32;
    std::iter::repeat_with(move || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state
    })
    .take(count)
}

/// Random patterns, arguments where the functions bend, and each power of two with its neighbours.
fn sample(count: usize) -> Vec<u32> {
    let edges = (0..=u32::from(u8::MAX)).flat_map(|exponent| {
        let power = exponent << 23;
        [power, power + 1, power.wrapping_sub(1) & 0x7fff_ffff].into_iter().flat_map(|p| [p, p | 1 << 31])
    });
    let bends = [14.35_f32, 14.36, 14.5, 14.6, 87.3, 88.7, 103.9, 108.5, 110.0, 111.0];
    let bends = bends.into_iter().flat_map(|x| [x.to_bits(), (-x).to_bits()]);
    let dense = random_patterns(count).map(|p| ((p >> 8) as f32 / (1 << 20) as f32 - 8.0) * 2.0).map(f32::to_bits);
    edges.chain(bends).chain(random_patterns(count)).chain(dense).collect()
}

#[test]
fn a_sample_is_within_four_ulps() {
    let patterns = sample(1_000_000);
    for activation in SMOOTH {
        let (error, _) = worst(activation, patterns.iter().copied());
        assert!(error > 0.5, "{activation:?}: only {error} ulp; the measure is broken");
    }
}

/// Minutes; run with `cargo test --release --test activations -- --ignored --nocapture` after changing a coefficient,
/// and write the result into the function's documentation.
#[test]
#[ignore = "all 2^32 arguments take minutes"]
#[allow(clippy::print_stdout)] // the result is for the documentation
fn every_argument_is_within_four_ulps() {
    for activation in SMOOTH {
        let (error, x) = (0..1_u32 << 12)
            .into_par_iter()
            .map(|block| worst(activation, block << 20..=block << 20 | 0xf_ffff))
            .reduce(|| (0.0, 0.0), |a, b| if b.0 > a.0 { b } else { a });
        println!("{activation:?}: {error:.3} ulp at {x:e}");
    }
}

#[cfg(target_arch = "x86_64")]
mod vector {
    #![allow(unsafe_code)]

    use super::*;

    fn apply(activation: Activation, values: &mut [f32]) {
        values.iter_mut().for_each(|x| *x = activation.apply(*x));
    }

    #[target_feature(enable = "avx2,fma")]
    fn apply_avx2(activation: Activation, values: &mut [f32]) {
        match activation {
            Activation::Silu => values.iter_mut().for_each(|x| *x = Activation::Silu.apply(*x)),
            _ => values.iter_mut().for_each(|x| *x = Activation::Gelu.apply(*x)),
        }
    }

    #[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,fma")]
    fn apply_avx512(activation: Activation, values: &mut [f32]) {
        match activation {
            Activation::Silu => values.iter_mut().for_each(|x| *x = Activation::Silu.apply(*x)),
            _ => values.iter_mut().for_each(|x| *x = Activation::Gelu.apply(*x)),
        }
    }

    #[test]
    fn vector_loops_give_the_scalar_bits() {
        let arguments: Vec<f32> = sample(200_000).into_iter().map(f32::from_bits).collect();
        let same = |a: &f32, b: &f32| a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan();
        for activation in SMOOTH {
            let mut scalar = arguments.clone();
            apply(activation, &mut scalar);
            let check = |isa: &str, vector: &[f32]| {
                let at = scalar.iter().zip(vector).position(|(a, b)| !same(a, b));
                assert_eq!(at.map(|i| arguments[i]), None, "{activation:?} differs under {isa}");
            };
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                let mut vector = arguments.clone();
                // SAFETY: the CPU has AVX2 and FMA, checked in the line above.
                unsafe { apply_avx2(activation, &mut vector) };
                check("AVX2", &vector);
            }
            let avx512 = is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512vl")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("fma");
            if avx512 {
                let mut vector = arguments.clone();
                // SAFETY: the CPU has every feature that the function enables, checked in the lines above.
                unsafe { apply_avx512(activation, &mut vector) };
                check("AVX-512", &vector);
            }
        }
    }
}
