//! Copies a piece of the input into scratch, pixel by pixel with the channels side by side, as f32.
//!
//! Needed where the microkernels can't read the input in place: planes (NCHW), f16, filter rows with padding in between.

use crate::backend::cpu::isa::Isa;
use crate::backend::cpu::microkernel::transpose_into;
use crate::conv::{ConvProblem, Layout, Strides, TensorRef};
use half::slice::HalfFloatSliceExt;
use std::ops::Range;

/// The piece of an image to copy; columns outside the image are zeros. A staged pixel holds some of its channels.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    pub image: usize,
    pub rows: Range<isize>,
    pub columns: Range<isize>,
}

impl Piece {
    pub(super) fn pixels(&self) -> usize {
        self.rows.len() * self.columns.len()
    }
}

/// Copies pieces of one problem's input.
#[derive(Debug)]
pub(super) struct Stager {
    strides: Strides,
    layout: Layout,
    width: usize,
    isa: Isa,
    /// Rows of some planes, widened from f16.
    widened: Vec<f32>,
}

/// Channels of f16 planes that are widened and then transposed together: their destinations are one cache line a pixel.
const WIDENED_CHANNELS: usize = 16;
/// Pixels of them at a time: 64 KiB in all.
const WIDENED_PIXELS: usize = 1 << 10;

impl Stager {
    pub(super) fn new(problem: &ConvProblem, isa: Isa) -> Self {
        let s = problem.spec();
        Self {
            strides: s.layout.strides(s.in_channels, s.input),
            layout: s.layout,
            width: s.input[1],
            isa,
            widened: Vec::new(),
        }
    }

    /// Fills `staged` with `piece`: `[rows][columns][len]`, a pixel's channels and zeros up to `len`.
    pub(super) fn stage(
        &mut self,
        input: TensorRef<'_>,
        piece: &Piece,
        channels: &Range<usize>,
        len: usize,
        staged: &mut [f32],
    ) {
        let row_len = piece.columns.len() * len;
        if len > channels.len() {
            staged.chunks_exact_mut(len).for_each(|pixel| pixel[channels.len()..].fill(0.0));
        }
        if self.layout == Layout::Nchw && piece.columns == (0..self.width as isize) && !piece.rows.is_empty() {
            // Whole rows of a plane are one run.
            let count = piece.rows.len() * self.width;
            let at = [piece.image, piece.rows.start as usize, 0]; // CAST: inside the image
            return self.row_of_planes(input, at, count, channels, &mut staged[..count * len]);
        }
        for (y, row) in piece.rows.clone().zip(staged.chunks_exact_mut(row_len.max(1))) {
            let inside = piece.columns.start.max(0)..piece.columns.end.min(self.width as isize);
            if inside.is_empty() {
                row.fill(0.0);
                continue;
            }
            let before = inside.start.abs_diff(piece.columns.start) * len;
            let after = before + inside.len() * len;
            row[..before].fill(0.0);
            row[after..].fill(0.0);
            let (x, y) = (inside.start as usize, y as usize); // CAST: inside the image
            let row = &mut row[before..after];
            match self.layout {
                Layout::Nhwc => self.row_of_pixels(input, [piece.image, y, x], inside.len(), channels, row),
                Layout::Nchw => self.row_of_planes(input, [piece.image, y, x], inside.len(), channels, row),
            }
        }
    }

    /// A row where each pixel's channels lie side by side already.
    fn row_of_pixels(
        &self,
        input: TensorRef<'_>,
        [image, y, x]: [usize; 3],
        count: usize,
        channels: &Range<usize>,
        row: &mut [f32],
    ) {
        let len = row.len() / count;
        // Where all channels are wanted and packed, neighbouring pixels are one run.
        let run = if channels.len() == self.strides.column && channels.len() == len { count } else { 1 };
        for (i, pixels) in row.chunks_exact_mut(run * len).enumerate() {
            let at = self.strides.at(image, channels.start, y, x + i);
            let pixels = &mut pixels[..run * channels.len()];
            let wanted = at..at + pixels.len();
            match input {
                TensorRef::F32(data) => pixels.copy_from_slice(&data[wanted]),
                TensorRef::F16(data) => data[wanted].convert_to_f32_slice(pixels),
            }
        }
    }

    /// `count` neighbouring pixels gathered from planes.
    fn row_of_planes(
        &mut self,
        input: TensorRef<'_>,
        [image, y, x]: [usize; 3],
        count: usize,
        channels: &Range<usize>,
        row: &mut [f32],
    ) {
        let (len, at) = (row.len() / count, self.strides.at(image, channels.start, y, x));
        let stride = self.strides.channel;
        match input {
            TensorRef::F32(data) => {
                transpose_into(self.isa, &data[at..], stride, [channels.len(), count], row, len);
            }
            TensorRef::F16(data) => {
                for first in (0..count).step_by(WIDENED_PIXELS) {
                    let pixels = WIDENED_PIXELS.min(count - first);
                    self.widened.resize(WIDENED_CHANNELS * pixels, 0.0);
                    let row = &mut row[first * len..];
                    for block in (0..channels.len()).step_by(WIDENED_CHANNELS) {
                        let channels = WIDENED_CHANNELS.min(channels.len() - block);
                        for (channel, widened) in self.widened.chunks_exact_mut(pixels).take(channels).enumerate() {
                            data[at + first + (block + channel) * stride..][..pixels].convert_to_f32_slice(widened);
                        }
                        transpose_into(self.isa, &self.widened, pixels, [channels, pixels], &mut row[block..], len);
                    }
                }
            }
        }
    }
}
