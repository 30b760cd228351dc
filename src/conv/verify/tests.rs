#![allow(clippy::unwrap_used)] // a panic is how a test fails

use super::*;
use crate::conv::{ConvSpec, Padding};
use Activation::{Gelu, LeakyRelu, None, Relu6, Silu};

/// One output of one channel and one tap: nine roundings allowed.
fn problem(activation: Activation, dtype: DType) -> ConvProblem {
    let mut spec = ConvSpec {
        in_channels: 1,
        input: [1, 1],
        out_channels: 1,
        kernel: [1, 1],
        padding: Padding::default(),
        dtype,
        ..ConvSpec::default()
    };
    spec.epilogue.activation = activation;
    ConvProblem::new(spec).unwrap()
}

fn element(activation: Activation, preactivation: f64, magnitude: f64) -> Reference {
    let value = activation.apply_f64(preactivation);
    Reference { elements: vec![Element { preactivation, value, magnitude }], tile: Option::None }
}

fn verdict(activation: Activation, preactivation: f64, magnitude: f64, output: f32) -> Verdict {
    let problem = problem(activation, DType::F32);
    verify(&problem, TensorRef::F32(&[output]), &element(activation, preactivation, magnitude)).unwrap()
}

fn verdict_f16(preactivation: f64, output: f32) -> Verdict {
    let problem = problem(None, DType::F16);
    let output = [f16::from_f32(output)];
    verify(&problem, TensorRef::F16(&output), &element(None, preactivation, preactivation.abs())).unwrap()
}

#[test]
fn the_bound_is_the_documented_one() {
    // 9 roundings of a magnitude of 4 and half an ulp of 1.
    let v = verdict(None, 1.0, 4.0, 1.0);
    let expected = 36.0 * 2.0_f64.powi(-24) + 2.0_f64.powi(-24);
    assert!((v.worst.bound / expected - 1.0).abs() < 1e-9, "{v:?}");
    // Times 1.13 for gelu, and four ulps of its 0.84, and half of one.
    let v = verdict(Gelu, 1.0, 4.0, 0.841_344_8);
    let expected = 1.13 * 36.0 * 2.0_f64.powi(-24) + 4.5 * 2.0_f64.powi(-24);
    assert!((v.worst.bound / expected - 1.0).abs() < 1e-9, "{v:?}");
    // f16: half an ulp of 1 is 2^-11.
    let v = verdict_f16(1.0, 1.0);
    let expected = 9.0 * 2.0_f64.powi(-24) + 2.0_f64.powi(-11);
    assert!((v.worst.bound / expected - 1.0).abs() < 1e-9, "{v:?}");
}

#[test]
fn errors_within_the_bound_pass_and_others_fail() {
    // The bound is 10 * 2^-24, five ulps of 1.
    let ulps = |n: i32| 1.0 + n as f32 * f32::EPSILON;
    assert!(verdict(None, 1.0, 1.0, ulps(5)).ok && verdict(None, 1.0, 1.0, ulps(-5)).ok);
    let v = verdict(None, 1.0, 1.0, ulps(6));
    assert!(!v.ok && v.failures == 1 && v.max_abs_error == 6.0 * f64::from(f32::EPSILON), "{v:?}");
    assert!(verdict_f16(1.0, 1.0).ok && !verdict_f16(1.0, 1.001).ok);
    assert!(verdict(LeakyRelu(-8.0), 1.0, 1.0, ulps(37)).ok && !verdict(LeakyRelu(-8.0), 1.0, 1.0, ulps(38)).ok);
    assert!(verdict(Silu, -20.0, 20.0, -4.122_307e-8).ok);
}

#[test]
fn nan_and_infinities_must_agree() {
    let (inf, nan) = (f64::INFINITY, f64::NAN);
    assert!(verdict(None, nan, nan, f32::NAN).ok && verdict(None, inf, inf, f32::INFINITY).ok);
    for (expected, output) in
        [(nan, 0.0), (inf, f32::NAN), (inf, f32::NEG_INFINITY), (inf, f32::MAX), (1.0, f32::NAN), (1.0, f32::INFINITY)]
    {
        let v = verdict(None, expected, expected, output);
        assert!(!v.ok && v.max_abs_error == f64::INFINITY, "{expected} {output}: {v:?}");
    }
    // A finite result of an infinite sum is exact.
    assert!(verdict(Relu6, inf, inf, 6.0).ok && !verdict(Relu6, inf, inf, 5.999_999_5).ok);
    assert!(verdict(Gelu, -inf, inf, -0.0).ok && !verdict(Gelu, -inf, inf, f32::NAN).ok);
}

#[test]
fn overflow_of_the_stored_type_is_right() {
    let max = f64::from(f32::MAX);
    assert!(verdict(None, max, max, f32::INFINITY).ok && verdict(None, max, max, f32::MAX).ok);
    assert!(!verdict(None, max, max, f32::NEG_INFINITY).ok && !verdict(None, 0.5 * max, max, f32::INFINITY).ok);
    assert!(verdict(None, -2.0 * max, 2.0 * max, f32::NEG_INFINITY).ok);
    // The terms cancel, but the partial sum overflowed.
    assert!(verdict(None, 0.0, 2.0 * max, f32::NAN).ok);

    assert!(verdict_f16(70_000.0, 70_000.0).ok && verdict_f16(65_519.0, 65_504.0).ok);
    assert!(!verdict_f16(-70_000.0, 70_000.0).ok && !verdict_f16(70_000.0, 65_504.0).ok);
    assert!(!verdict_f16(60_000.0, 70_000.0).ok);
}

#[test]
fn denormal_sums_have_room() {
    let smallest = f64::from(f32::from_bits(1));
    // Nine roundings of at most half a smallest denormal each, and half of one.
    assert!(verdict(None, smallest, smallest, f32::from_bits(6)).ok);
    assert!(!verdict(None, smallest, smallest, f32::from_bits(7)).ok);
}

#[test]
fn the_worst_element_is_named() {
    let problem = problem(None, DType::F32).respecify(|s| s.input = [1, 3]).unwrap();
    let values = [1000.0, 1.0, 1.0];
    let elements = values.map(|v| Element { preactivation: v, value: v, magnitude: v }).to_vec();
    let v =
        verify(&problem, TensorRef::F32(&[1_000.000_1, 1.0, 1.000_01]), &Reference { elements, tile: Option::None })
            .unwrap();
    assert!(!v.ok && v.failures == 1 && v.worst.index == 2, "{v:?}");
    assert!(v.max_abs_error > 4e-5 && v.worst.error < 2e-5 && v.worst.output == 1.000_01, "{v:?}");
}

#[test]
fn foreign_outputs_are_errors() {
    let problem = problem(None, DType::F32);
    let reference = element(None, 1.0, 1.0);
    let message = |output, reference| verify(&problem, output, reference).unwrap_err().to_string();
    assert_eq!(message(TensorRef::F32(&[]), &reference), "output: 0 elements given, the problem needs 1");
    let half = [f16::ONE];
    assert_eq!(
        message(TensorRef::F16(&half), &reference),
        "output: the type is f16, the problem's is f32; convert one of them"
    );
    let empty = Reference { elements: Vec::new(), tile: Option::None };
    assert_eq!(message(TensorRef::F32(&[1.0]), &empty), "reference: 0 elements given, the problem needs 1");
}
