//! The slow, obvious references. [`convolve`] sums in f64 and is what every backend is verified against;
//! [`convolve_exact`] is the exact maths, one rounding at a time, and is what microkernels are equal to.
//!
//! Both walk the taps of one output element at a time. Output rows are computed in parallel, which no element can tell.

mod tiled;

pub use tiled::convolve_tiled;

use crate::conv::{CHANNEL_BLOCK, ConvProblem, DType, Strides, TensorRef, WinogradTile};
use half::f16;
use rayon::prelude::*;

/// Why tensors are not a problem's operands.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OperandError {
    /// A tensor is not as large as the problem says.
    #[error("{what}: {given} elements given, the problem needs {needed}")]
    Length {
        /// Which tensor.
        what: &'static str,
        /// Its elements.
        given: usize,
        /// What the problem needs.
        needed: usize,
    },
    /// A tensor's type is not the problem's.
    #[error("{what}: the type is {given}, the problem's is {needed}; convert one of them")]
    Type {
        /// Which tensor.
        what: &'static str,
        /// Its type.
        given: DType,
        /// The problem's.
        needed: DType,
    },
    /// The problem has a tensor that was not given.
    #[error("the problem has a {what} and none was given")]
    Missing {
        /// Which tensor.
        what: &'static str,
    },
    /// A tensor was given that the problem does not have.
    #[error("a {what} was given and the problem has none; leave it out")]
    Unwanted {
        /// Which tensor.
        what: &'static str,
    },
}

/// One output element in f64.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Element {
    /// Sum, bias and residual, before the activation.
    pub preactivation: f64,
    /// After the activation.
    pub value: f64,
    /// `sum of |x||w| + |b| + |r|`, which rounding errors are proportional to; larger in [`convolve_tiled`].
    pub magnitude: f64,
}

/// A convolution in f64, its elements in the output's order.
#[derive(Clone, Debug, PartialEq)]
pub struct Reference {
    /// One for each output element.
    pub elements: Vec<Element>,
    /// The tiles that the results to be compared may come from; `None` for sums in a plain order.
    pub tile: Option<WinogradTile>,
}

/// Convolves in f64: weights `[out][in/groups][kh][kw]`, bias `[out]`, input and residual in the problem's layout, each
/// of the problem's type. Taps in the padding add nothing, not even a NaN weight times zero.
///
/// # Errors
/// [`OperandError`] for tensors that are not the problem's.
pub fn convolve(
    problem: &ConvProblem,
    input: TensorRef<'_>,
    weights: TensorRef<'_>,
    bias: Option<TensorRef<'_>>,
    residual: Option<TensorRef<'_>>,
) -> Result<Reference, OperandError> {
    let operands = Operands::new(problem, input, weights, bias, residual)?;
    let activation = problem.spec().epilogue.activation;
    let elements = each_output(problem, |at| {
        let (mut sum, mut magnitude) = (0.0, 0.0);
        operands.for_each_tap(at, 0..problem.group_in_channels(), |x, w| {
            let product = f64::from(x) * f64::from(w); // exact: 24 + 24 bits
            sum += product;
            magnitude += product.abs();
        });
        let (bias, residual) = (f64::from(operands.bias(at)), f64::from(operands.residual(at)));
        let preactivation = sum + bias + residual;
        let value = activation.apply_f64(preactivation);
        Element { preactivation, value, magnitude: magnitude + bias.abs() + residual.abs() }
    });
    Ok(Reference { elements, tile: None })
}

/// Convolves by the exact maths: in f32, blocks of [`CHANNEL_BLOCK`] input channels outermost, then filter rows, columns
/// and the block's channels, one fused multiply-add each; then bias, residual and activation. For f16 the result is
/// rounded once to f16 and widened again.
/// Operands are as for [`convolve`].
///
/// # Errors
/// [`OperandError`] for tensors that are not the problem's.
pub fn convolve_exact(
    problem: &ConvProblem,
    input: TensorRef<'_>,
    weights: TensorRef<'_>,
    bias: Option<TensorRef<'_>>,
    residual: Option<TensorRef<'_>>,
) -> Result<Vec<f32>, OperandError> {
    let operands = Operands::new(problem, input, weights, bias, residual)?;
    let epilogue = problem.spec().epilogue;
    let channels = problem.group_in_channels();
    Ok(each_output(problem, |at| {
        let mut y = 0.0_f32;
        for first in (0..channels).step_by(CHANNEL_BLOCK) {
            operands.for_each_tap(at, first..channels.min(first + CHANNEL_BLOCK), |x, w| y = x.mul_add(w, y));
        }
        if epilogue.bias {
            y += operands.bias(at);
        }
        if epilogue.residual {
            y += operands.residual(at);
        }
        let y = epilogue.activation.apply(y);
        match problem.spec().dtype {
            DType::F32 => y,
            DType::F16 => f16::from_f32(y).to_f32(),
        }
    }))
}

/// Whether two results are the same value: +0 equals -0, any NaN equals any NaN, all others have one bit pattern.
/// f16 values are compared by widening them, which keeps them apart.
pub fn same_value(a: f32, b: f32) -> bool {
    a == b || (a.is_nan() && b.is_nan())
}

/// Checks a tensor's type and length against the problem.
pub(super) fn check_operand(
    problem: &ConvProblem,
    what: &'static str,
    tensor: TensorRef<'_>,
    needed: usize,
) -> Result<(), OperandError> {
    if tensor.dtype() != problem.spec().dtype {
        return Err(OperandError::Type { what, given: tensor.dtype(), needed: problem.spec().dtype });
    }
    if tensor.len() != needed {
        return Err(OperandError::Length { what, given: tensor.len(), needed });
    }
    Ok(())
}

/// Where an output element is.
#[derive(Clone, Copy)]
struct Output {
    image: usize,
    channel: usize,
    row: usize,
    column: usize,
    /// Its index in memory.
    index: usize,
}

/// Calls `element` for every output element, in parallel, and collects the results in the output's order.
fn each_output<T: Send>(problem: &ConvProblem, element: impl Fn(Output) -> T + Sync) -> Vec<T> {
    let shape = problem.output_shape();
    let strides = problem.spec().layout.strides(problem.spec().out_channels, problem.output());
    let coordinate = |index: usize, stride: usize, extent: usize| index / stride % extent;
    let [height, width] = problem.output();
    (0..shape.iter().product())
        .into_par_iter()
        .with_min_len(shape[3])
        .map(|index| {
            element(Output {
                image: index / strides.batch,
                channel: coordinate(index, strides.channel, problem.spec().out_channels),
                row: coordinate(index, strides.row, height),
                column: coordinate(index, strides.column, width),
                index,
            })
        })
        .collect()
}

/// A problem's operands, checked and widened to f32.
struct Operands<'a> {
    problem: &'a ConvProblem,
    strides: Strides,
    input: Vec<f32>,
    weights: Vec<f32>,
    bias: Option<Vec<f32>>,
    residual: Option<Vec<f32>>,
}

impl<'a> Operands<'a> {
    fn new(
        problem: &'a ConvProblem,
        input: TensorRef<'_>,
        weights: TensorRef<'_>,
        bias: Option<TensorRef<'_>>,
        residual: Option<TensorRef<'_>>,
    ) -> Result<Self, OperandError> {
        let spec = problem.spec();
        let required = |what, tensor: TensorRef<'_>, needed: usize| {
            check_operand(problem, what, tensor, needed)?;
            Ok((0..needed).map(|index| tensor.get(index)).collect::<Vec<_>>())
        };
        let optional = |what, tensor: Option<TensorRef<'_>>, wanted: bool, needed: usize| match (tensor, wanted) {
            (Some(tensor), true) => required(what, tensor, needed).map(Some),
            (None, true) => Err(OperandError::Missing { what }),
            (Some(_), false) => Err(OperandError::Unwanted { what }),
            (None, false) => Ok(None),
        };
        Ok(Self {
            problem,
            strides: spec.layout.strides(spec.in_channels, spec.input),
            input: required("input", input, problem.input_len())?,
            weights: required("weights", weights, problem.weights_len())?,
            bias: optional("bias", bias, spec.epilogue.bias, spec.out_channels)?,
            residual: optional("residual", residual, spec.epilogue.residual, problem.output_len())?,
        })
    }

    /// The bias of an output element; 0 where the problem has none.
    fn bias(&self, at: Output) -> f32 {
        self.bias.as_ref().map_or(0.0, |bias| bias[at.channel])
    }

    /// The residual of an output element; 0 where the problem has none.
    fn residual(&self, at: Output) -> f32 {
        self.residual.as_ref().map_or(0.0, |residual| residual[at.index])
    }

    /// Calls `tap` with an input element and its weight for the given channels of the output's group: filter rows
    /// outermost, then filter columns, then channels. Taps in the padding are skipped.
    fn for_each_tap(&self, at: Output, channels: std::ops::Range<usize>, mut tap: impl FnMut(f32, f32)) {
        let spec = self.problem.spec();
        let group_in = self.problem.group_in_channels();
        let first_channel = at.channel / self.problem.group_out_channels() * group_in;
        let position = |output: usize, axis: usize, tap: usize, before: usize| {
            let padded = output * spec.stride[axis] + tap * spec.dilation[axis];
            padded.checked_sub(before).filter(|position| *position < spec.input[axis])
        };
        for r in 0..spec.kernel[0] {
            let Some(y) = position(at.row, 0, r, spec.padding.top) else {
                continue;
            };
            for s in 0..spec.kernel[1] {
                let Some(x) = position(at.column, 1, s, spec.padding.left) else {
                    continue;
                };
                let input = self.strides.at(at.image, first_channel, y, x);
                let weights = (at.channel * group_in * spec.kernel[0] + r) * spec.kernel[1] + s;
                for c in channels.clone() {
                    let x = self.input[input + c * self.strides.channel];
                    tap(x, self.weights[weights + c * self.problem.taps()]);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
