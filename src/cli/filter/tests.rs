#![allow(clippy::unwrap_used)] // a panic is how a test fails

use super::*;
use crate::conv::ConvProblem;

/// `filter` over one plane by the definition: valid cross-correlation of the extended plane.
fn apply(filter: Filter, plane: &[f32], [height, width]: [usize; 2]) -> Vec<f32> {
    let (margin, weights) = (filter.margin(), filter.weights(1));
    let (size, extended) = (2 * margin + 1, extend_edges(plane, [height, width], margin));
    let mut values = Vec::new();
    for (y, x) in (0..height).flat_map(|y| (0..width).map(move |x| (y, x))) {
        let taps = (0..size).flat_map(|r| (0..size).map(move |s| (r, s)));
        let at = |(r, s)| extended[(y + r) * (width + 2 * margin) + x + s] * weights[r * size + s];
        values.push(taps.map(at).sum());
    }
    values
}

#[test]
fn every_name_parses_back_and_an_unknown_one_lists_them() {
    for filter in Filter::ALL {
        assert_eq!(filter.name().parse(), Ok(filter));
    }
    let message = "blur".parse::<Filter>().unwrap_err().to_string();
    assert_eq!(
        message,
        "there is no filter \"blur\"; there are identity, box, gaussian, sharpen, sobel-x, sobel-y, edges, emboss"
    );
}

#[test]
fn the_problem_is_valid_and_keeps_the_size() {
    for filter in Filter::ALL {
        let problem = ConvProblem::new(filter.spec(3, [7, 1]).unwrap()).unwrap();
        assert_eq!(problem.output_shape(), [1, 3, 7, 1], "{filter}");
        assert_eq!(problem.weights_len(), filter.weights(3).len(), "{filter}");
        let margin = filter.margin();
        assert_eq!(problem.input_len(), extend_edges(&[0.5; 21], [7, 1], margin).len(), "{filter}");
    }
    assert_eq!(Filter::Box.spec(1, [usize::MAX, 1]), None);
}

#[test]
fn a_flat_picture_stays_flat_up_to_its_border() {
    for filter in Filter::ALL {
        let expected = match filter {
            Filter::SobelX | Filter::SobelY | Filter::Edges => 0.0,
            _ => 0.25,
        };
        for value in apply(filter, &[0.25; 12], [3, 4]) {
            assert!((value - expected).abs() < 1e-6, "{filter}: {value}");
        }
    }
}

#[test]
fn the_sobel_filters_are_positive_towards_the_light() {
    let to_the_right = [0.0, 0.5, 1.0, 0.0, 0.5, 1.0, 0.0, 0.5, 1.0];
    let downwards = [0.0, 0.0, 0.0, 0.5, 0.5, 0.5, 1.0, 1.0, 1.0];
    assert_eq!(apply(Filter::SobelX, &to_the_right, [3, 3])[4], 4.0);
    assert_eq!(apply(Filter::SobelY, &downwards, [3, 3])[4], 4.0);
    assert_eq!(apply(Filter::SobelX, &downwards, [3, 3])[4], 0.0);
}

#[test]
fn edges_are_repeated_outwards() {
    #[rustfmt::skip]
    let expected = [
        1., 1., 2., 2.,
        1., 1., 2., 2.,
        3., 3., 4., 4.,
        3., 3., 4., 4.,
    ];
    assert_eq!(extend_edges(&[1., 2., 3., 4.], [2, 2], 1), expected);
    assert_eq!(extend_edges(&[1., 2.], [1, 1], 1), [[1.0; 9], [2.0; 9]].concat());
    assert!(extend_edges(&[], [0, 3], 1).is_empty());
}

#[test]
fn gradients_show_their_magnitude_and_others_are_clamped() {
    let mut values = [-0.5, 0.5, 1.5];
    Filter::SobelX.to_pixels(&mut values);
    assert_eq!(values, [0.5, 0.5, 1.0]);
    let mut values = [-0.5, 0.5, 1.5];
    Filter::Sharpen.to_pixels(&mut values);
    assert_eq!(values, [0.0, 0.5, 1.0]);
}
