//! Copies a piece of the input into scratch, pixel by pixel with the channels side by side, as f32.
//!
//! Needed where the microkernels can't read the input in place: planes (NCHW), f16, filter rows with padding in between,
//! and groups whose channels are spread over the lanes.

use crate::conv::{ConvProblem, Layout, Strides, TensorRef};
use half::slice::HalfFloatSliceExt;
use std::ops::Range;

/// What a staged pixel holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PixelContents {
    /// `count` channels from `first` on, then zeros up to `len` floats.
    Channels { first: usize, count: usize, len: usize },
    /// For each reduction step (channel of a group) `lanes` floats: lane `l` holds the step's channel of the group
    /// that output channel `first_out + l` belongs to, zeros past the last output channel.
    Lanes { first_out: usize, lanes: usize },
}

/// The piece of an image to copy; columns outside the image are zeros.
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
    in_channels: usize,
    group_in: usize,
    group_out: usize,
    out_channels: usize,
    /// One row or pixel of the input, widened from f16.
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
            in_channels: s.in_channels,
            group_in: problem.group_in_channels(),
            group_out: problem.group_out_channels(),
            out_channels: s.out_channels,
            widened: Vec::new(),
        }
    }

    /// Floats of one staged pixel.
    pub(super) fn pixel_len(&self, contents: &PixelContents) -> usize {
        match contents {
            PixelContents::Channels { len, .. } => *len,
            PixelContents::Lanes { lanes, .. } => self.group_in * lanes,
        }
    }

    /// Fills `staged` with `piece`: `[rows][columns][pixel_len]`.
    pub(super) fn stage(&mut self, input: TensorRef<'_>, piece: &Piece, contents: &PixelContents, staged: &mut [f32]) {
        let len = self.pixel_len(contents);
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
                Layout::Nhwc => self.row_of_pixels(input, [piece.image, y, x], inside.len(), contents, row),
                Layout::Nchw => self.row_of_planes(input, [piece.image, y, x], inside.len(), contents, row),
            }
        }
    }

    /// A row where each pixel's channels lie side by side already.
    fn row_of_pixels(
        &mut self,
        input: TensorRef<'_>,
        [image, y, x]: [usize; 3],
        count: usize,
        contents: &PixelContents,
        row: &mut [f32],
    ) {
        let len = row.len() / count;
        for (i, pixel) in row.chunks_exact_mut(len).enumerate() {
            let at = self.strides.at(image, 0, y, x + i);
            let source = match input {
                TensorRef::F32(data) => &data[at..at + self.in_channels],
                TensorRef::F16(data) => {
                    self.widened.resize(self.in_channels, 0.0);
                    data[at..at + self.in_channels].convert_to_f32_slice(&mut self.widened);
                    &self.widened
                }
            };
            match *contents {
                PixelContents::Channels { first, count, .. } => {
                    pixel[..count].copy_from_slice(&source[first..first + count]);
                    pixel[count..].fill(0.0);
                }
                PixelContents::Lanes { first_out, lanes } => {
                    for (step, slots) in pixel.chunks_exact_mut(lanes).enumerate() {
                        let mut rest = slots;
                        let mut out = first_out;
                        while !rest.is_empty() && out < self.out_channels {
                            let group = out / self.group_out;
                            let run = ((group + 1) * self.group_out - out).min(rest.len());
                            let (run, next) = rest.split_at_mut(run);
                            run.fill(source[group * self.group_in + step]);
                            out += run.len();
                            rest = next;
                        }
                        rest.fill(0.0);
                    }
                }
            }
        }
    }

    /// A row gathered from planes: 16 channels at a time, so that each destination line is filled while it is close.
    fn row_of_planes(
        &mut self,
        input: TensorRef<'_>,
        [image, y, x]: [usize; 3],
        count: usize,
        contents: &PixelContents,
        row: &mut [f32],
    ) {
        let len = row.len() / count;
        match *contents {
            PixelContents::Channels { first, count: channels, .. } => {
                if channels < len {
                    row.chunks_exact_mut(len).for_each(|pixel| pixel[channels..].fill(0.0));
                }
                for block in (0..channels).step_by(TRANSPOSED_CHANNELS) {
                    for channel in block..(block + TRANSPOSED_CHANNELS).min(channels) {
                        let source = self.plane_row(input, [image, first + channel, y, x], count);
                        for (pixel, value) in row.chunks_exact_mut(len).zip(source) {
                            pixel[channel] = *value;
                        }
                    }
                }
            }
            PixelContents::Lanes { first_out, lanes } => {
                let last_out = (first_out + lanes).min(self.out_channels);
                row.chunks_exact_mut(lanes).for_each(|slots| slots[last_out - first_out..].fill(0.0));
                for step in 0..self.group_in {
                    let mut out = first_out;
                    while out < last_out {
                        let group = out / self.group_out;
                        let end = ((group + 1) * self.group_out).min(last_out);
                        let source = self.plane_row(input, [image, group * self.group_in + step, y, x], count);
                        let slots = step * lanes + out - first_out..step * lanes + end - first_out;
                        for (pixel, value) in row.chunks_exact_mut(len).zip(source) {
                            pixel[slots.clone()].fill(*value);
                        }
                        out = end;
                    }
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
