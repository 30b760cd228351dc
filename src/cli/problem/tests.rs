#![allow(clippy::expect_used)] // a panic is how a test fails

use super::*;
use crate::conv::text::options::PaddingOption;

fn array(dims: &[usize]) -> Option<ArrayShape> {
    Some(ArrayShape { source: "a.npy".to_owned(), dims: dims.to_vec(), dtype: DType::F32 })
}

fn spec(shape: &ShapeArgs, arrays: &ArrayShapes) -> Result<ConvSpec, String> {
    resolve(None, shape, arrays).map(|(problem, _)| *problem.spec()).map_err(|failure| failure.to_string())
}

fn arrays(input: &[usize], weights: &[usize]) -> ArrayShapes {
    ArrayShapes { input: array(input), weights: array(weights), ..ArrayShapes::default() }
}

#[test]
fn nothing_said_is_resnet50s_layer_without_a_note() {
    let (problem, notes) = resolve(None, &ShapeArgs::default(), &ArrayShapes::default()).expect("the default");
    assert_eq!((*problem.spec(), notes.len()), (ConvSpec::default(), 0));
}

#[test]
fn shapes_say_the_problem_and_groups_follow_from_the_weights() {
    let depthwise = spec(&ShapeArgs::default(), &arrays(&[2, 8, 10, 12], &[16, 1, 3, 5])).expect("fits");
    assert_eq!((depthwise.batch, depthwise.in_channels, depthwise.out_channels, depthwise.groups), (2, 8, 16, 8));
    assert_eq!((depthwise.input, depthwise.kernel, depthwise.padding), ([10, 12], [3, 5], Padding::default()));
    let nhwc = ShapeArgs { layout: Some(Layout::Nhwc), ..ShapeArgs::default() };
    let nhwc = spec(&nhwc, &arrays(&[2, 10, 12, 8], &[16, 8, 3, 5])).expect("fits");
    assert_eq!((nhwc.in_channels, nhwc.input, nhwc.groups), (8, [10, 12], 1));
    let alone = ArrayShapes { weights: array(&[16, 4, 1, 1]), ..ArrayShapes::default() };
    let grouped = spec(&ShapeArgs { groups: Some(2), ..ShapeArgs::default() }, &alone).expect("fits");
    assert_eq!((grouped.in_channels, grouped.groups), (8, 2));
}

#[test]
fn same_padding_counts_the_kernel_of_the_weights() {
    let shape = ShapeArgs { padding: Some(PaddingOption::Same), stride: Some([2, 2]), ..ShapeArgs::default() };
    let spec = spec(&shape, &arrays(&[1, 1, 8, 8], &[1, 1, 3, 3])).expect("fits");
    assert_eq!(spec.padding, Padding { top: 0, left: 0, bottom: 1, right: 1 });
}

#[test]
fn contradictions_name_both_sides() {
    let shape = ShapeArgs { batch: Some(3), ..ShapeArgs::default() };
    let message = spec(&shape, &arrays(&[2, 8, 10, 12], &[16, 8, 3, 3])).expect_err("3 is not 2");
    assert!(message.contains("3 by --batch") && message.contains("2 by a.npy"), "{message}");
    let channels =
        spec(&ShapeArgs::default(), &arrays(&[1, 8, 9, 9], &[4, 3, 3, 3])).expect_err("8 is no multiple of 3");
    assert!(channels.contains("input channels is 8"), "{channels}");
    let half = ArrayShapes {
        weights: array(&[1, 1, 3, 3]).map(|weights| ArrayShape { dtype: DType::F16, ..weights }),
        ..arrays(&[1, 1, 8, 8], &[])
    };
    assert!(spec(&ShapeArgs::default(), &half).expect_err("two types").contains("the type is f32"));
    let residual = ArrayShapes { residual: array(&[1, 1, 7, 7]), ..arrays(&[1, 1, 8, 8], &[1, 1, 3, 3]) };
    assert!(spec(&ShapeArgs::default(), &residual).expect_err("6x6").contains("[1, 1, 6, 6]"));
}

#[test]
fn wrong_ranks_and_empty_axes_are_refused() {
    for (input, weights) in
        [(&[8, 8][..], &[1, 1, 3, 3][..]), (&[1, 1, 8, 8], &[3, 3]), (&[1, 1, 8, 8, 1], &[1, 1, 3, 3])]
    {
        assert!(spec(&ShapeArgs::default(), &arrays(input, weights)).expect_err("rank").contains("axes"));
    }
    for (input, weights) in [([1, 0, 8, 8], [1, 1, 3, 3]), ([1, 1, 8, 8], [1, 0, 3, 3]), ([0, 1, 8, 8], [1, 1, 3, 3])] {
        assert!(spec(&ShapeArgs::default(), &arrays(&input, &weights)).is_err());
    }
}

#[test]
fn options_beside_a_problem_must_agree_with_it() {
    let stated = state(None, Some("mb2ic8ih10oc16kh3ph1")).expect("a descriptor");
    let with = |shape: ShapeArgs| resolve(stated.as_ref(), &shape, &ArrayShapes::default());
    let half = with(ShapeArgs { batch: Some(2), dtype: Some(DType::F16), ..ShapeArgs::default() });
    assert_eq!(half.map(|(problem, _)| problem.spec().dtype).ok(), Some(DType::F16));
    assert!(with(ShapeArgs { batch: Some(1), ..ShapeArgs::default() }).is_err());
    assert!(with(ShapeArgs { padding: Some(PaddingOption::Valid), ..ShapeArgs::default() }).is_err());
    assert!(state(None, Some("what")).is_err());
}

#[test]
fn what_is_assumed_is_said() {
    let shape = ShapeArgs { height: Some(28), width: Some(28), ..ShapeArgs::default() };
    let (problem, notes) = resolve(None, &shape, &ArrayShapes::default()).expect("the default layer, smaller");
    assert_eq!((problem.spec().input, problem.output()), ([28, 28], [28, 28]));
    assert!(
        notes.iter().any(|note| note.contains("number of input channels") && !note.contains("input height")),
        "{notes:?}"
    );
}
