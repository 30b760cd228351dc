//! How activations lie in memory, and what type their elements have.

use std::fmt;

/// Order of the activations' axes, outermost first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Layout {
    /// Batch, channels, height, width: one plane after the other.
    #[default]
    Nchw,
    /// Batch, height, width, channels: all channels of a pixel side by side.
    Nhwc,
}

impl Layout {
    /// The shape of an activation tensor in this order.
    pub const fn shape(self, batch: usize, channels: usize, image: [usize; 2]) -> [usize; 4] {
        match self {
            Self::Nchw => [batch, channels, image[0], image[1]],
            Self::Nhwc => [batch, image[0], image[1], channels],
        }
    }

    /// Distances in elements between neighbours along batch, channels, height and width.
    pub const fn strides(self, channels: usize, image: [usize; 2]) -> Strides {
        let image_len = channels * image[0] * image[1];
        match self {
            Self::Nchw => Strides { batch: image_len, channel: image[0] * image[1], row: image[1], column: 1 },
            Self::Nhwc => Strides { batch: image_len, channel: 1, row: image[1] * channels, column: channels },
        }
    }
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nchw => "nchw",
            Self::Nhwc => "nhwc",
        })
    }
}

/// Distances in elements between neighbours along each axis of an activation tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Strides {
    /// To the next image.
    pub batch: usize,
    /// To the next channel.
    pub channel: usize,
    /// To the pixel below.
    pub row: usize,
    /// To the pixel on the right.
    pub column: usize,
}

impl Strides {
    /// Index of an element.
    pub const fn at(&self, image: usize, channel: usize, y: usize, x: usize) -> usize {
        image * self.batch + channel * self.channel + y * self.row + x * self.column
    }
}

/// The stored type of an element. Sums are f32 for both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum DType {
    /// IEEE binary32.
    #[default]
    F32,
    /// IEEE binary16, widened on load, rounded once to nearest even on store.
    F16,
}

impl DType {
    /// Bytes of an element.
    pub const fn bytes(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F16 => 2,
        }
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
        })
    }
}
