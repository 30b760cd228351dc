#![allow(clippy::unwrap_used)] // a panic is how a test fails

use super::*;
use crate::conv::{Activation, ConvSpec, Epilogue, Layout, Padding};

fn problem(change: impl FnOnce(&mut ConvSpec)) -> ConvProblem {
    let mut spec = ConvSpec {
        in_channels: 1,
        input: [3, 3],
        out_channels: 1,
        kernel: [2, 2],
        padding: Padding::default(),
        ..ConvSpec::default()
    };
    change(&mut spec);
    ConvProblem::new(spec).unwrap()
}

/// Both references, which agree on small integers.
fn integers(problem: &ConvProblem, input: &[f32], weights: &[f32]) -> Vec<f32> {
    let (input, weights) = (TensorRef::F32(input), TensorRef::F32(weights));
    let exact = convolve_exact(problem, input, weights, None, None).unwrap();
    let reference = convolve(problem, input, weights, None, None).unwrap();
    assert_eq!(reference.elements.iter().map(|e| e.value as f32).collect::<Vec<_>>(), exact);
    exact
}

const COUNT: [f32; 9] = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0];

#[test]
fn dense_filter() {
    let y = integers(&problem(|_| ()), &COUNT, &[1.0, 10.0, 100.0, 1000.0]);
    assert_eq!(y, [5421.0, 6532.0, 8754.0, 9865.0]);
}

#[test]
fn padding_stride_and_dilation() {
    // One row above and one column on the right; the taps two apart.
    let p = problem(|s| {
        s.padding = Padding { top: 1, left: 0, bottom: 0, right: 1 };
        s.dilation = [2, 2];
        s.stride = [1, 1];
    });
    assert_eq!(integers(&p, &COUNT, &[1.0, 10.0, 100.0, 1000.0]), [6400.0, 500.0, 9731.0, 802.0]);
    let p = problem(|s| {
        s.padding = Padding::symmetric(1, 1);
        s.stride = [2, 3];
    });
    assert_eq!(integers(&p, &COUNT, &[1.0, 10.0, 100.0, 1000.0]), [1000.0, 300.0, 7040.0, 906.0]);
}

#[test]
fn groups_in_both_layouts() {
    // Two images of one pixel with four channels; two groups, each two channels in and one out.
    for layout in [Layout::Nchw, Layout::Nhwc] {
        let p = problem(|s| {
            (s.batch, s.in_channels, s.out_channels, s.groups) = (2, 4, 2, 2);
            (s.input, s.kernel, s.layout) = ([1, 1], [1, 1], layout);
        });
        let y = integers(&p, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0], &[1.0, 10.0, 100.0, 1000.0]);
        assert_eq!(y, [21.0, 4300.0, 65.0, 8700.0]);
    }
}

#[test]
fn layouts_are_permutations() {
    let nchw = problem(|s| (s.in_channels, s.out_channels, s.input, s.kernel) = (2, 2, [1, 2], [1, 1]));
    let nhwc = nchw.respecify(|s| s.layout = Layout::Nhwc).unwrap();
    let weights = [1.0, 10.0, 100.0, 1000.0];
    // Channel 0 is 1 2, channel 1 is 3 4.
    assert_eq!(integers(&nchw, &[1.0, 2.0, 3.0, 4.0], &weights), [31.0, 42.0, 3100.0, 4200.0]);
    assert_eq!(integers(&nhwc, &[1.0, 3.0, 2.0, 4.0], &weights), [31.0, 3100.0, 42.0, 4200.0]);
}

#[test]
fn epilogue_and_magnitude() {
    let p = problem(|s| {
        s.epilogue = Epilogue { bias: true, residual: true, activation: Activation::LeakyRelu(0.5) };
        (s.input, s.kernel) = ([1, 2], [1, 2]);
    });
    let (x, w) = (TensorRef::F32(&[1.0, -2.0]), TensorRef::F32(&[3.0, 4.0]));
    let (b, r) = (Some(TensorRef::F32(&[-6.0])), Some(TensorRef::F32(&[1.0])));
    // 3 - 8 = -5; -5 - 6 + 1 = -10; halved. Magnitude 3 + 8 + 6 + 1.
    let reference = convolve(&p, x, w, b, r).unwrap();
    assert_eq!(reference.elements, [Element { preactivation: -10.0, value: -5.0, magnitude: 18.0 }]);
    assert_eq!(convolve_exact(&p, x, w, b, r).unwrap(), [-5.0]);
}

#[test]
fn channel_blocks_come_before_taps() {
    // Two taps of 17 channels. Channel 0 of tap 0 adds 2^24 and channel 0 of tap 1 takes it away; then channel 16 of
    // tap 0 adds 1, which would be lost had it come before the second tap.
    let p = problem(|s| (s.in_channels, s.input, s.kernel) = (17, [1, 2], [1, 2]));
    let mut input = [0.0; 34];
    (input[0], input[1], input[32]) = (16_777_216.0, -16_777_216.0, 1.0);
    let weights = [1.0; 34];
    let y = convolve_exact(&p, TensorRef::F32(&input), TensorRef::F32(&weights), None, None).unwrap();
    assert_eq!(y, [1.0]);
    // In channel 15, the same block, it comes before the second tap: 2^24 + 1 is a tie and rounds to 2^24.
    (input[30], input[32]) = (1.0, 0.0);
    let y = convolve_exact(&p, TensorRef::F32(&input), TensorRef::F32(&weights), None, None).unwrap();
    assert_eq!(y, [0.0]);
}

#[test]
fn products_are_fused_and_bias_comes_before_residual() {
    let p = problem(|s| (s.in_channels, s.input, s.kernel) = (2, [1, 1], [1, 1]));
    let e = f32::EPSILON;
    // -1 + (1 + e)(1 - e) = -e^2, which a rounded product would lose.
    let (x, w) = ([1.0, 1.0 + e], [-1.0, 1.0 - e]);
    let y = convolve_exact(&p, TensorRef::F32(&x), TensorRef::F32(&w), None, None).unwrap();
    assert_eq!(y, [-e * e]);

    let epilogue = Epilogue { bias: true, residual: true, activation: Activation::None };
    let p = p.respecify(|s| s.epilogue = epilogue).unwrap();
    let (x, w) = (TensorRef::F32(&[1.0, 0.0]), TensorRef::F32(&[1.0, 0.0]));
    let (b, r) = (Some(TensorRef::F32(&[16_777_216.0])), Some(TensorRef::F32(&[-16_777_216.0])));
    assert_eq!(convolve_exact(&p, x, w, b, r).unwrap(), [0.0]);
    assert_eq!(convolve_exact(&p, x, w, r, b).unwrap(), [1.0]); // -2^24 + 1 is a number
}

#[test]
fn padding_hides_non_finite_weights() {
    let p = problem(|s| {
        (s.input, s.kernel, s.padding) = ([1, 1], [1, 2], Padding { right: 1, ..Padding::default() });
    });
    assert_eq!(integers(&p, &[2.0], &[3.0, f32::NAN]), [6.0]);
    assert_eq!(integers(&p, &[2.0], &[3.0, f32::INFINITY]), [6.0]);
}

#[test]
fn f16_is_rounded_once() {
    let p = problem(|s| (s.in_channels, s.input, s.kernel, s.dtype) = (2, [1, 1], [1, 1], DType::F16));
    let f16s = |values: [f32; 2]| values.map(f16::from_f32);
    // 2048 + 1 is a tie and goes to the even 2048; 2048 + 1.0009765625 is above it.
    for (addend, expected) in [(1.0, 2048.0), (1.000_976_6, 2050.0)] {
        let (x, w) = (f16s([2048.0, addend]), f16s([1.0, 1.0]));
        let y = convolve_exact(&p, TensorRef::F16(&x), TensorRef::F16(&w), None, None).unwrap();
        assert_eq!(y, [expected]);
    }
}

#[test]
fn wrong_operands_are_errors() {
    let p = problem(|s| s.epilogue.bias = true);
    let (x, w) = (TensorRef::F32(&COUNT), TensorRef::F32(&COUNT[..4]));
    let b = Some(TensorRef::F32(&COUNT[..1]));
    let message = |x, w, b, r| convolve(&p, x, w, b, r).unwrap_err().to_string();
    assert_eq!(message(w, w, b, None), "input: 4 elements given, the problem needs 9");
    assert_eq!(message(x, w, None, None), "the problem has a bias and none was given");
    assert_eq!(message(x, w, b, b), "a residual was given and the problem has none; leave it out");
    let half = TensorRef::F16(&[f16::ONE; 4]);
    assert_eq!(message(x, half, b, None), "weights: the type is f16, the problem's is f32; convert one of them");
    assert!(convolve(&p, x, w, b, None).is_ok());
}

#[test]
fn values_are_compared_not_signs_of_zero() {
    assert!(same_value(0.0, -0.0) && same_value(f32::NAN, -f32::NAN) && same_value(1.5, 1.5));
    assert!(!same_value(1.0, 1.0 + f32::EPSILON) && !same_value(f32::NAN, 0.0));
    assert!(!same_value(f32::INFINITY, f32::NEG_INFINITY) && !same_value(0.0, f32::from_bits(1)));
}
