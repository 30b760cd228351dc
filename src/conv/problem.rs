//! The convolution problem: its sizes, checked once and then trusted everywhere.
//!
//! [`ConvSpec`] is what a caller writes down; [`ConvProblem::new`] turns it into a problem that can be computed,
//! or says in one sentence with the numbers why it can't. Every size that anybody derives later (elements, bytes,
//! FLOPs) fits its type, because it was computed with overflow checks here.

use crate::conv::epilogue::Epilogue;
use crate::conv::{DType, Layout};

/// Zero padding around the input, in pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Padding {
    /// Rows above.
    pub top: usize,
    /// Columns to the left.
    pub left: usize,
    /// Rows below.
    pub bottom: usize,
    /// Columns to the right.
    pub right: usize,
}

impl Padding {
    /// The same padding on opposite sides.
    pub const fn symmetric(height: usize, width: usize) -> Self {
        Self { top: height, left: width, bottom: height, right: width }
    }

    /// ONNX `SAME_UPPER`: the output is `ceil(input / stride)`, the odd pixel goes to the bottom and the right.
    /// `None` where the sizes overflow.
    pub fn same_upper(input: [usize; 2], kernel: [usize; 2], stride: [usize; 2], dilation: [usize; 2]) -> Option<Self> {
        let total = |axis: usize| -> Option<usize> {
            let out = input[axis].div_ceil(stride[axis].max(1));
            let reach = kernel[axis].checked_sub(1)?.checked_mul(dilation[axis])?.checked_add(1)?;
            let needed = out.checked_sub(1)?.checked_mul(stride[axis])?.checked_add(reach)?;
            Some(needed.saturating_sub(input[axis]))
        };
        let (rows, columns) = (total(0)?, total(1)?);
        Some(Self { top: rows / 2, left: columns / 2, bottom: rows - rows / 2, right: columns - columns / 2 })
    }
}

/// A convolution as a caller states it, unchecked. Pairs are `[height, width]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ConvSpec {
    /// Images in the batch.
    pub batch: usize,
    /// Input channels, over all groups.
    pub in_channels: usize,
    /// Input height and width, pixels.
    pub input: [usize; 2],
    /// Output channels, over all groups.
    pub out_channels: usize,
    /// Filter height and width, taps.
    pub kernel: [usize; 2],
    /// Step between outputs, pixels.
    pub stride: [usize; 2],
    /// Zero padding, pixels.
    pub padding: Padding,
    /// Step between taps, pixels; 1 = dense.
    pub dilation: [usize; 2],
    /// Channel groups; `in_channels` = depthwise.
    pub groups: usize,
    /// Order of the activations in memory.
    pub layout: Layout,
    /// Stored type of input, weights and output. Accumulation is always f32.
    pub dtype: DType,
    /// What follows the sum.
    pub epilogue: Epilogue,
}

impl Default for ConvSpec {
    /// ResNet-50's 64-channel 3x3 layer on 56x56, the problem that `sparkle-run conv2d` computes when told nothing.
    fn default() -> Self {
        Self {
            batch: 1,
            in_channels: 64,
            input: [56, 56],
            out_channels: 64,
            kernel: [3, 3],
            stride: [1, 1],
            padding: Padding::symmetric(1, 1),
            dilation: [1, 1],
            groups: 1,
            layout: Layout::Nchw,
            dtype: DType::F32,
            epilogue: Epilogue::default(),
        }
    }
}

/// Why a [`ConvSpec`] is no convolution.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProblemError {
    /// An extent that must be positive is zero.
    #[error("{what} is 0; it must be at least 1")]
    Zero {
        /// The extent's name.
        what: &'static str,
    },
    /// Channels don't divide into the groups.
    #[error("{channels} {what} channels do not divide into {groups} groups; give a multiple of {groups}")]
    Groups {
        /// `input` or `output`.
        what: &'static str,
        /// How many channels there are.
        channels: usize,
        /// How many groups there are.
        groups: usize,
    },
    /// The dilated filter is larger than the padded input.
    #[error(
        "the filter reaches over {reach} pixels of {axis} (kernel {kernel}, dilation {dilation}) but the padded input has only {padded} ({extent} + padding {before} + {after})"
    )]
    KernelTooLarge {
        /// `height` or `width`.
        axis: &'static str,
        /// `(kernel - 1) * dilation + 1`.
        reach: usize,
        /// Taps.
        kernel: usize,
        /// Step between taps.
        dilation: usize,
        /// Input plus padding.
        padded: usize,
        /// Input.
        extent: usize,
        /// Padding at the top or left.
        before: usize,
        /// Padding at the bottom or right.
        after: usize,
    },
    /// A given output size is not the one that follows.
    #[error("output {axis} {given} contradicts the {computed} that follows from the input, padding, kernel and stride")]
    OutputSize {
        /// `height` or `width`.
        axis: &'static str,
        /// What was given.
        given: usize,
        /// What follows.
        computed: usize,
    },
    /// A size does not fit the address space.
    #[error("the {what} is too large: its size overflows; the limit is {limit} bytes a tensor")]
    TooLarge {
        /// Which size.
        what: &'static str,
        /// The largest size of one tensor, bytes.
        limit: usize,
    },
}

/// A convolution that can be computed. Sizes are consistent, positive, and fit the address space.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ConvProblem {
    spec: ConvSpec,
    output: [usize; 2],
}

/// The largest tensor in bytes: what one Rust allocation may hold.
const TENSOR_LIMIT: usize = isize::MAX as usize;

impl ConvProblem {
    /// Checks `spec`.
    ///
    /// # Errors
    /// [`ProblemError`] for zero extents, channels that the groups don't divide, a filter larger than the padded
    /// input, and sizes that overflow.
    pub fn new(spec: ConvSpec) -> Result<Self, ProblemError> {
        let extents = [
            ("batch", spec.batch),
            ("the number of input channels", spec.in_channels),
            ("input height", spec.input[0]),
            ("input width", spec.input[1]),
            ("the number of output channels", spec.out_channels),
            ("filter height", spec.kernel[0]),
            ("filter width", spec.kernel[1]),
            ("stride (height)", spec.stride[0]),
            ("stride (width)", spec.stride[1]),
            ("dilation (height)", spec.dilation[0]),
            ("dilation (width)", spec.dilation[1]),
            ("the number of groups", spec.groups),
        ];
        if let Some((what, _)) = extents.into_iter().find(|(_, extent)| *extent == 0) {
            return Err(ProblemError::Zero { what });
        }
        for (what, channels) in [("input", spec.in_channels), ("output", spec.out_channels)] {
            if !channels.is_multiple_of(spec.groups) {
                return Err(ProblemError::Groups { what, channels, groups: spec.groups });
            }
        }
        let p = spec.padding;
        let height = output_extent("height", &spec, 0, [p.top, p.bottom])?;
        let width = output_extent("width", &spec, 1, [p.left, p.right])?;
        let problem = Self { spec, output: [height, width] };
        problem.check_sizes()?;
        Ok(problem)
    }

    /// Checks `spec` and that it has the output size that somebody states.
    ///
    /// # Errors
    /// As [`ConvProblem::new`], and [`ProblemError::OutputSize`] on a contradiction.
    pub fn with_output(spec: ConvSpec, height: Option<usize>, width: Option<usize>) -> Result<Self, ProblemError> {
        let problem = Self::new(spec)?;
        let stated = [("height", height, problem.output[0]), ("width", width, problem.output[1])];
        for (axis, given, computed) in stated {
            if let Some(given) = given.filter(|given| *given != computed) {
                return Err(ProblemError::OutputSize { axis, given, computed });
            }
        }
        Ok(problem)
    }

    fn check_sizes(&self) -> Result<(), ProblemError> {
        let s = &self.spec;
        let padded = |axis: usize, pad: [usize; 2]| s.input[axis] + pad[0] + pad[1]; // checked by `output_extent`
        let padded = [padded(0, [s.padding.top, s.padding.bottom]), padded(1, [s.padding.left, s.padding.right])];
        let tensors: [(&'static str, [usize; 4]); 4] = [
            ("input", [s.batch, s.in_channels, s.input[0], s.input[1]]),
            ("padded input", [s.batch, s.in_channels, padded[0], padded[1]]),
            ("weights", [s.out_channels, s.in_channels / s.groups, s.kernel[0], s.kernel[1]]),
            ("output", [s.batch, s.out_channels, self.output[0], self.output[1]]),
        ];
        for (what, shape) in tensors {
            // Counted at four bytes an element even for f16: the accumulators are f32.
            let bytes = shape.iter().try_fold(size_of::<f32>(), |bytes, extent| bytes.checked_mul(*extent));
            if bytes.is_none_or(|bytes| bytes > TENSOR_LIMIT) {
                return Err(ProblemError::TooLarge { what, limit: TENSOR_LIMIT });
            }
        }
        let macs = [self.output_len(), s.in_channels / s.groups, s.kernel[0], s.kernel[1]];
        macs.iter()
            .try_fold(2_u64, |flops, factor| flops.checked_mul(*factor as u64))
            .map(|_| ())
            .ok_or(ProblemError::TooLarge { what: "number of operations", limit: TENSOR_LIMIT })
    }

    /// The problem as it was stated.
    pub const fn spec(&self) -> &ConvSpec {
        &self.spec
    }

    /// Output height and width, pixels.
    pub const fn output(&self) -> [usize; 2] {
        self.output
    }

    /// Input channels of one group.
    pub const fn group_in_channels(&self) -> usize {
        self.spec.in_channels / self.spec.groups
    }

    /// Output channels of one group.
    pub const fn group_out_channels(&self) -> usize {
        self.spec.out_channels / self.spec.groups
    }

    /// Taps of one filter: its height times its width.
    pub const fn taps(&self) -> usize {
        self.spec.kernel[0] * self.spec.kernel[1]
    }

    /// Length of one output element's sum: taps times input channels of its group.
    pub const fn reduction_len(&self) -> usize {
        self.taps() * self.group_in_channels()
    }

    /// Pixels of one output image.
    pub const fn output_pixels(&self) -> usize {
        self.output[0] * self.output[1]
    }

    /// Elements of the input.
    pub const fn input_len(&self) -> usize {
        self.spec.batch * self.spec.in_channels * self.spec.input[0] * self.spec.input[1]
    }

    /// Elements of the weights, KCRS `[out][in/groups][kh][kw]`.
    pub const fn weights_len(&self) -> usize {
        self.spec.out_channels * self.reduction_len()
    }

    /// Elements of the output.
    pub const fn output_len(&self) -> usize {
        self.spec.batch * self.spec.out_channels * self.output_pixels()
    }

    /// 2 x multiply-accumulates of the direct algorithm, padded taps counted.
    pub const fn flops(&self) -> u64 {
        2 * self.output_len() as u64 * self.reduction_len() as u64
    }

    /// Whether every group has one input channel and there is more than one channel or group to tell.
    pub const fn is_depthwise(&self) -> bool {
        self.group_in_channels() == 1 && self.spec.groups > 1
    }

    /// The input's shape in its layout's order.
    pub const fn input_shape(&self) -> [usize; 4] {
        self.spec.layout.shape(self.spec.batch, self.spec.in_channels, self.spec.input)
    }

    /// The output's shape in its layout's order.
    pub const fn output_shape(&self) -> [usize; 4] {
        self.spec.layout.shape(self.spec.batch, self.spec.out_channels, self.output)
    }

    /// The weights' shape, `[out][in/groups][kh][kw]`.
    pub const fn weights_shape(&self) -> [usize; 4] {
        [self.spec.out_channels, self.group_in_channels(), self.spec.kernel[0], self.spec.kernel[1]]
    }

    /// The same problem with another batch, layout, type or epilogue.
    ///
    /// # Errors
    /// As [`ConvProblem::new`].
    pub fn respecify(&self, change: impl FnOnce(&mut ConvSpec)) -> Result<Self, ProblemError> {
        let mut spec = self.spec;
        change(&mut spec);
        Self::new(spec)
    }
}

fn output_extent(axis: &'static str, spec: &ConvSpec, i: usize, pad: [usize; 2]) -> Result<usize, ProblemError> {
    let too_large = ProblemError::TooLarge { what: "padded input", limit: TENSOR_LIMIT };
    let (extent, kernel, dilation) = (spec.input[i], spec.kernel[i], spec.dilation[i]);
    let padded = extent.checked_add(pad[0]).and_then(|sum| sum.checked_add(pad[1])).ok_or(too_large.clone())?;
    let reach = (kernel - 1).checked_mul(dilation).and_then(|span| span.checked_add(1)).ok_or(too_large)?;
    let Some(room) = padded.checked_sub(reach) else {
        return Err(ProblemError::KernelTooLarge {
            axis,
            reach,
            kernel,
            dilation,
            padded,
            extent,
            before: pad[0],
            after: pad[1],
        });
    };
    Ok(room / spec.stride[i] + 1)
}
