//! One output element after the other, straight from the tensors: slow, needs no scratch, and never multiplies by the
//! padding's zeros. For weights that are not finite, and for windows too large to stage.

use crate::backend::cpu::prepared::{Ingredients, Method, Operands};
use crate::conv::{CHANNEL_BLOCK, ConvProblem, TensorRef};
use crate::plan::{OutputBlock, TilePlan};

/// A prepared problem.
#[derive(Debug)]
pub(super) struct ScalarConv {
    problem: ConvProblem,
    /// KCRS.
    weights: Vec<f32>,
    bias: Option<Vec<f32>>,
    plan: TilePlan,
}

impl Method for ScalarConv {
    fn pieces(&self, _phase: usize) -> usize {
        self.plan.block_count()
    }

    fn work(&self, _phase: usize, _thread: usize, pieces: &mut dyn Iterator<Item = usize>, operands: &Operands<'_>) {
        for piece in pieces {
            self.run_block(&self.plan.block(piece), operands);
        }
    }
}

impl ScalarConv {
    /// Widens the operands.
    pub(super) fn new(ingredients: &Ingredients<'_>) -> Self {
        let Ingredients { problem, plan, weights, bias, .. } = *ingredients;
        let widen = |tensor: TensorRef<'_>| (0..tensor.len()).map(|i| tensor.get(i)).collect();
        Self { problem: *problem, weights: widen(weights), bias: bias.map(widen), plan: plan.clone() }
    }

    fn run_block(&self, block: &OutputBlock, operands: &Operands<'_>) {
        for pixel in block.m.clone() {
            for n in block.n.clone() {
                let channel = block.group * self.plan.gemm.n + n;
                let sum = self.chain(pixel, channel, operands.input);
                let sum = self.bias.as_ref().map_or(sum, |bias| sum + bias[channel]);
                operands.output.write(pixel, channel, sum);
            }
        }
    }

    /// The chain of the exact maths for one output element.
    fn chain(&self, pixel: usize, out: usize, input: TensorRef<'_>) -> f32 {
        let problem = &self.problem;
        let s = problem.spec();
        let strides = s.layout.strides(s.in_channels, s.input);
        let [rows, columns] = problem.output();
        let (image, oy, ox) = (pixel / (rows * columns), pixel / columns % rows, pixel % columns);
        let channels = problem.group_in_channels();
        let first = out / problem.group_out_channels() * channels;
        let mut acc = 0.0_f32;
        for block in (0..channels).step_by(CHANNEL_BLOCK) {
            for r in 0..s.kernel[0] {
                let Some(y) = (oy * s.stride[0] + r * s.dilation[0]).checked_sub(s.padding.top) else {
                    continue;
                };
                for c in 0..s.kernel[1] {
                    let Some(x) = (ox * s.stride[1] + c * s.dilation[1]).checked_sub(s.padding.left) else {
                        continue;
                    };
                    if y >= s.input[0] || x >= s.input[1] {
                        continue;
                    }
                    for channel in block..(block + CHANNEL_BLOCK).min(channels) {
                        let value = input.get(strides.at(image, first + channel, y, x));
                        let weight = self.weights[((out * channels + channel) * s.kernel[0] + r) * s.kernel[1] + c];
                        acc = value.mul_add(weight, acc);
                    }
                }
            }
        }
        acc
    }
}
