//! Copies a piece of the input into scratch, pixel by pixel with the channels side by side, as f32.
//!
//! Needed where the microkernels can't read the input in place: planes (NCHW), f16, filter rows with padding in between.

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
    /// A row of a plane, widened from f16.
    widened: Vec<f32>,
}

/// Channels of a plane-major input that are transposed together: their destinations are one cache line a pixel.
const TRANSPOSED_CHANNELS: usize = 16;

impl Stager {
    pub(super) fn new(problem: &ConvProblem) -> Self {
        let s = problem.spec();
        Self {
            strides: s.layout.strides(s.in_channels, s.input),
            layout: s.layout,
            width: s.input[1],
            widened: Vec::new(),
        }
    }

    /// Fills `staged` with `piece`: `[rows][columns][channels]`.
    pub(super) fn stage(&mut self, input: TensorRef<'_>, piece: &Piece, channels: &Range<usize>, staged: &mut [f32]) {
        let len = channels.len();
        let row_len = piece.columns.len() * len;
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
        // Where all channels are wanted, neighbouring pixels are one run.
        let run = if channels.len() == self.strides.column { count } else { 1 };
        for (i, pixels) in row.chunks_exact_mut(run * channels.len()).enumerate().take(count / run) {
            let at = self.strides.at(image, channels.start, y, x + i);
            let wanted = at..at + pixels.len();
            match input {
                TensorRef::F32(data) => pixels.copy_from_slice(&data[wanted]),
                TensorRef::F16(data) => data[wanted].convert_to_f32_slice(pixels),
            }
        }
    }

    /// A row gathered from planes: 16 channels at a time, so that each destination line is filled while it is close.
    fn row_of_planes(
        &mut self,
        input: TensorRef<'_>,
        [image, y, x]: [usize; 3],
        count: usize,
        channels: &Range<usize>,
        row: &mut [f32],
    ) {
        for block in (0..channels.len()).step_by(TRANSPOSED_CHANNELS) {
            for channel in block..(block + TRANSPOSED_CHANNELS).min(channels.len()) {
                let source = self.plane_row(input, [image, channels.start + channel, y, x], count);
                for (pixel, value) in row.chunks_exact_mut(channels.len()).zip(source) {
                    pixel[channel] = *value;
                }
            }
        }
    }

    /// `count` floats of a plane's row.
    fn plane_row<'a>(
        &'a mut self,
        input: TensorRef<'a>,
        [image, channel, y, x]: [usize; 4],
        count: usize,
    ) -> &'a [f32] {
        let at = self.strides.at(image, channel, y, x);
        match input {
            TensorRef::F32(data) => &data[at..at + count],
            TensorRef::F16(data) => {
                self.widened.resize(count, 0.0);
                data[at..at + count].convert_to_f32_slice(&mut self.widened);
                &self.widened
            }
        }
    }
}
