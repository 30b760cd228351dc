//! What errors of tiled algorithms are proportional to.

use super::{OperandError, Operands, Reference, convolve, each_output};
use crate::conv::{ConvProblem, TensorRef, WinogradTile};
use rayon::prelude::*;

/// As [`convolve`], for results of Winograd's algorithm with `tile`: values are the same, magnitudes larger.
///
/// An output of a tile picks up rounding errors of everything in it, so its magnitude is
/// `sum over the channels of (largest |x| in any tile that the output may lie in) (sum of |w|) + |b| + |r|`, infinite
/// where such an `x` is infinite or NaN.
///
/// # Errors
/// As [`convolve`].
pub fn convolve_tiled(
    problem: &ConvProblem,
    tile: WinogradTile,
    input: TensorRef<'_>,
    weights: TensorRef<'_>,
    bias: Option<TensorRef<'_>>,
    residual: Option<TensorRef<'_>>,
) -> Result<Reference, OperandError> {
    let mut reference = convolve(problem, input, weights, bias, residual)?;
    let operands = Operands::new(problem, input, weights, bias, residual)?;
    let largest = largest_near(&operands, tile);
    let channels = problem.group_in_channels();
    let filters: Vec<f64> = operands.weights.chunks_exact(problem.taps()).map(sum_of_abs).collect();
    let [rows, columns] = problem.output();
    let magnitudes = each_output(problem, |at| {
        let first = at.channel / problem.group_out_channels() * channels;
        let pixel = (at.image * rows + at.row) * columns + at.column;
        let inputs = &largest[pixel * problem.spec().in_channels + first..][..channels];
        let sum: f64 = inputs.iter().zip(&filters[at.channel * channels..]).map(|(x, w)| (x + TINY) * (w + TINY)).sum();
        // Infinity times a filter of zeros.
        let sum = if sum.is_nan() { f64::INFINITY } else { sum };
        sum + f64::from(operands.bias(at)).abs() + f64::from(operands.residual(at)).abs()
    });
    for (element, magnitude) in reference.elements.iter_mut().zip(magnitudes) {
        element.magnitude = magnitude;
    }
    reference.tile = Some(tile);
    Ok(reference)
}

/// What rounding below the normal range may cost an operand, before the other one multiplies it.
const TINY: f64 = f32::MIN_POSITIVE as f64; // CAST: widens

fn sum_of_abs(values: &[f32]) -> f64 {
    values.iter().map(|value| f64::from(value.abs())).sum()
}

/// `[image][output pixel][input channel]`: the largest input of a channel that any tile around the pixel may hold.
fn largest_near(operands: &Operands<'_>, tile: WinogradTile) -> Vec<f64> {
    let s = operands.problem.spec();
    let [rows, columns] = operands.problem.output();
    let before = [s.padding.top, s.padding.left];
    // The first and the last output of a tile see this many inputs before and behind their own windows.
    let steps = 0..tile.inputs() + tile.outputs() - 1;
    let near = |output: usize, axis: usize, step: usize| {
        let padded = (output + step * s.dilation[axis]).checked_sub((tile.outputs() - 1) * s.dilation[axis])?;
        padded.checked_sub(before[axis]).filter(|position| *position < s.input[axis])
    };
    let of_channel = |index: usize| {
        let (pixel, channel) = (index / s.in_channels, index % s.in_channels);
        let (image, row, column) = (pixel / (rows * columns), pixel / columns % rows, pixel % columns);
        let mut largest = 0.0_f64;
        for y in steps.clone().filter_map(|step| near(row, 0, step)) {
            for x in steps.clone().filter_map(|step| near(column, 1, step)) {
                let value = f64::from(operands.input[operands.strides.at(image, channel, y, x)].abs());
                // Its transform may overflow, and infinity times a product's zero is NaN.
                let overflows = value.is_nan() || value * tile.growth() > f64::from(f32::MAX);
                largest = largest.max(if overflows { f64::INFINITY } else { value });
            }
        }
        largest
    };
    (0..s.batch * rows * columns * s.in_channels).into_par_iter().map(of_channel).collect()
}
