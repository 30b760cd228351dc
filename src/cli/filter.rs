//! Named picture filters as depthwise convolutions.
//!
//! A filter is cross-correlation, as everywhere in deep learning: the weights are not flipped, so `sobel-x` is positive
//! where a picture gets brighter to the right, `sobel-y` where it gets brighter downwards, and `emboss` lights from the
//! top left. Zero padding would darken a picture's border; instead the border pixels are repeated outwards
//! ([`extend_edges`]) and the convolution itself has no padding, so the result has the picture's size.

#[cfg(test)]
mod tests;

use crate::conv::{ConvSpec, DType, Epilogue, Layout, Padding};
use std::fmt;
use std::str::FromStr;

/// A named filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filter {
    /// The picture as it is.
    Identity,
    /// The mean of 3x3 pixels.
    Box,
    /// A 5x5 binomial blur, standard deviation 1.
    Gaussian,
    /// Each pixel's difference to its four neighbours added to it.
    Sharpen,
    /// The horizontal gradient's magnitude: vertical edges, bright on black.
    SobelX,
    /// The vertical gradient's magnitude: horizontal edges, bright on black.
    SobelY,
    /// The Laplacian's magnitude: edges of every direction, bright on black.
    Edges,
    /// A relief lit from the top left, in the picture's colours.
    Emboss,
}

/// What a filter's weights are.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Kernel {
    /// Height and width, taps; odd.
    size: usize,
    /// `[size][size]`, before division.
    taps: &'static [f32],
    /// What the taps are divided by: a power of two, or the box's 9.
    divisor: f32,
}

/// No filter has this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no filter {name:?}; there are {}", names())]
pub struct UnknownFilter {
    /// What was asked for.
    pub name: String,
}

impl Filter {
    /// Every filter.
    pub const ALL: [Self; 8] = [
        Self::Identity,
        Self::Box,
        Self::Gaussian,
        Self::Sharpen,
        Self::SobelX,
        Self::SobelY,
        Self::Edges,
        Self::Emboss,
    ];

    /// Its name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Box => "box",
            Self::Gaussian => "gaussian",
            Self::Sharpen => "sharpen",
            Self::SobelX => "sobel-x",
            Self::SobelY => "sobel-y",
            Self::Edges => "edges",
            Self::Emboss => "emboss",
        }
    }

    #[rustfmt::skip]
    const fn kernel(self) -> Kernel {
        let (size, taps, divisor): (usize, &[f32], f32) = match self {
            Self::Identity => (3, &[ 0.,  0.,  0.,   0.,  1.,  0.,   0.,  0.,  0.], 1.),
            Self::Box      => (3, &[ 1.,  1.,  1.,   1.,  1.,  1.,   1.,  1.,  1.], 9.),
            Self::Sharpen  => (3, &[ 0., -1.,  0.,  -1.,  5., -1.,   0., -1.,  0.], 1.),
            Self::SobelX   => (3, &[-1.,  0.,  1.,  -2.,  0.,  2.,  -1.,  0.,  1.], 1.),
            Self::SobelY   => (3, &[-1., -2., -1.,   0.,  0.,  0.,   1.,  2.,  1.], 1.),
            Self::Edges    => (3, &[-1., -1., -1.,  -1.,  8., -1.,  -1., -1., -1.], 1.),
            Self::Emboss   => (3, &[-2., -1.,  0.,  -1.,  1.,  1.,   0.,  1.,  2.], 1.),
            Self::Gaussian => (5, &[
                1.,  4.,  6.,  4., 1.,
                4., 16., 24., 16., 4.,
                6., 24., 36., 24., 6.,
                4., 16., 24., 16., 4.,
                1.,  4.,  6.,  4., 1.,
            ], 256.),
        };
        Kernel { size, taps, divisor }
    }

    /// Pixels that the filter reaches beyond the one it computes: the margin that [`extend_edges`] must add.
    pub const fn margin(self) -> usize {
        self.kernel().size / 2
    }

    /// The convolution of a `[channels][height][width]` picture: one group a channel, the input already extended by
    /// [`Filter::margin`], the output of the picture's size. `None` where the extended size overflows.
    pub fn spec(self, channels: usize, [height, width]: [usize; 2]) -> Option<ConvSpec> {
        let extend = |extent: usize| extent.checked_add(2 * self.margin());
        Some(ConvSpec {
            batch: 1,
            in_channels: channels,
            input: [extend(height)?, extend(width)?],
            out_channels: channels,
            kernel: [self.kernel().size; 2],
            stride: [1, 1],
            padding: Padding::default(),
            dilation: [1, 1],
            groups: channels,
            layout: Layout::Nchw,
            dtype: DType::F32,
            epilogue: Epilogue::default(),
        })
    }

    /// The weights, `[channels][1][size][size]`: the same kernel for every channel.
    pub fn weights(self, channels: usize) -> Vec<f32> {
        let Kernel { taps, divisor, .. } = self.kernel();
        let kernel: Vec<f32> = taps.iter().map(|tap| tap / divisor).collect();
        kernel.repeat(channels)
    }

    /// Turns the convolution's results into pixels. Where the sign is a direction (`sobel-x`, `sobel-y`, `edges`) the
    /// magnitude is shown; everything is clamped to 0..1.
    pub fn to_pixels(self, values: &mut [f32]) {
        let signed = matches!(self, Self::SobelX | Self::SobelY | Self::Edges);
        for value in values {
            *value = if signed { value.abs() } else { *value }.clamp(0.0, 1.0);
        }
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Filter {
    type Err = UnknownFilter;

    fn from_str(name: &str) -> Result<Self, UnknownFilter> {
        let found = Self::ALL.into_iter().find(|filter| filter.name() == name);
        found.ok_or_else(|| UnknownFilter { name: name.to_owned() })
    }
}

fn names() -> String {
    Filter::ALL.map(Filter::name).join(", ")
}

/// `[channels][height][width]` planes with `margin` more pixels on every side, copies of the nearest one.
pub fn extend_edges(planes: &[f32], [height, width]: [usize; 2], margin: usize) -> Vec<f32> {
    let mut extended = Vec::with_capacity(planes.len());
    for plane in planes.chunks_exact((height * width).max(1)) {
        for y in 0..height + 2 * margin {
            let y = y.saturating_sub(margin).min(height - 1);
            let row = &plane[y * width..][..width];
            extended.extend(std::iter::repeat_n(row[0], margin));
            extended.extend_from_slice(row);
            extended.extend(std::iter::repeat_n(row[width - 1], margin));
        }
    }
    extended
}
