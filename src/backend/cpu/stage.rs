//! Copies a piece of the input into scratch, pixel by pixel with the channels side by side, as f32.
//!
//! Needed where the microkernels can't read the input in place: planes (NCHW), f16, filter rows with padding in between,
//! and groups whose channels are spread over the lanes.
#![allow(unsafe_code)]

use crate::backend::cpu::isa::Isa;
use crate::backend::cpu::microkernel::{Transposition, transpose};
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
    groups: Groups,
    isa: Isa,
    /// Rows of some planes, widened from f16.
    widened: Vec<f32>,
}

/// Channels of f16 planes that are widened and then transposed together: their destinations are one cache line a pixel.
const WIDENED_CHANNELS: usize = 16;

impl Stager {
    pub(super) fn new(problem: &ConvProblem, isa: Isa) -> Self {
        let s = problem.spec();
        Self {
            strides: s.layout.strides(s.in_channels, s.input),
            layout: s.layout,
            width: s.input[1],
            groups: Groups {
                inputs: problem.group_in_channels(),
                outputs: problem.group_out_channels(),
                count: s.groups,
            },
            isa,
            widened: Vec::new(),
        }
    }

    /// Floats of one staged pixel.
    pub(super) fn pixel_len(&self, contents: &PixelContents) -> usize {
        match contents {
            PixelContents::Channels { len, .. } => *len,
            PixelContents::Lanes { lanes, .. } => self.groups.inputs * lanes,
        }
    }

    /// Fills `staged` with `piece`: `[rows][columns][pixel_len]`.
    pub(super) fn stage(&mut self, input: TensorRef<'_>, piece: &Piece, contents: &PixelContents, staged: &mut [f32]) {
        let len = self.pixel_len(contents);
        let row_len = piece.columns.len() * len;
        if self.layout == Layout::Nchw && piece.columns == (0..self.width as isize) && !piece.rows.is_empty() {
            // Whole rows of a plane are one run.
            let count = piece.rows.len() * self.width;
            let at = [piece.image, piece.rows.start as usize, 0]; // CAST: inside the image
            return self.row_of_planes(input, at, count, contents, &mut staged[..count * len]);
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
                Layout::Nhwc => self.row_of_pixels(input, [piece.image, y, x], inside.len(), contents, row),
                Layout::Nchw => self.row_of_planes(input, [piece.image, y, x], inside.len(), contents, row),
            }
        }
    }

    /// A row where each pixel's channels lie side by side already.
    fn row_of_pixels(
        &self,
        input: TensorRef<'_>,
        [image, y, x]: [usize; 3],
        count: usize,
        contents: &PixelContents,
        row: &mut [f32],
    ) {
        let len = row.len() / count;
        for (i, pixel) in row.chunks_exact_mut(len).enumerate() {
            let at = self.strides.at(image, 0, y, x + i);
            match *contents {
                PixelContents::Channels { first, count, .. } => {
                    let wanted = at + first..at + first + count;
                    match input {
                        TensorRef::F32(data) => pixel[..count].copy_from_slice(&data[wanted]),
                        TensorRef::F16(data) => data[wanted].convert_to_f32_slice(&mut pixel[..count]),
                    }
                    pixel[count..].fill(0.0);
                }
                PixelContents::Lanes { first_out, lanes } => {
                    for (step, slots) in pixel.chunks_exact_mut(lanes).enumerate() {
                        let first = at + step;
                        self.groups.spread(first_out, slots, |group| input.get(first + group * self.groups.inputs));
                    }
                }
            }
        }
    }

    /// `count` neighbouring pixels gathered from planes.
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
                let (at, stride) = (self.strides.at(image, first, y, x), self.strides.channel);
                match input {
                    TensorRef::F32(data) => transpose_into(self.isa, &data[at..], stride, [channels, count], row, len),
                    TensorRef::F16(data) => {
                        self.widened.resize(WIDENED_CHANNELS * count, 0.0);
                        for block in (0..channels).step_by(WIDENED_CHANNELS) {
                            let channels = WIDENED_CHANNELS.min(channels - block);
                            for (channel, widened) in self.widened.chunks_exact_mut(count).take(channels).enumerate() {
                                data[at + (block + channel) * stride..][..count].convert_to_f32_slice(widened);
                            }
                            transpose_into(self.isa, &self.widened, count, [channels, count], &mut row[block..], len);
                        }
                    }
                }
            }
            PixelContents::Lanes { first_out, lanes } => {
                for (i, pixel) in row.chunks_exact_mut(len).enumerate() {
                    for (step, slots) in pixel.chunks_exact_mut(lanes).enumerate() {
                        let first = self.strides.at(image, step, y, x + i);
                        let next = self.groups.inputs * self.strides.channel;
                        self.groups.spread(first_out, slots, |group| input.get(first + group * next));
                    }
                }
            }
        }
    }
}

/// Transposes `rows` x `columns` floats of `source`, whose rows are `source_stride` apart, into `destination`, whose rows
/// are `destination_stride` apart.
fn transpose_into(
    isa: Isa,
    source: &[f32],
    source_stride: usize,
    [rows, columns]: [usize; 2],
    destination: &mut [f32],
    destination_stride: usize,
) {
    if rows == 0 || columns == 0 {
        return;
    }
    assert!(columns <= source_stride && (rows - 1) * source_stride + columns <= source.len());
    assert!(rows <= destination_stride && (columns - 1) * destination_stride + rows <= destination.len());
    let (source, destination) = (source.as_ptr(), destination.as_mut_ptr());
    let call = Transposition { source, source_stride, rows, columns, destination, destination_stride };
    // SAFETY: the ISA in use was found available, and both slices hold their matrix, as asserted; they can't overlap.
    unsafe { transpose(isa, &call) };
}

/// Channels of the groups.
#[derive(Clone, Copy, Debug)]
struct Groups {
    /// Input channels of one.
    inputs: usize,
    /// Output channels of one.
    outputs: usize,
    count: usize,
}

impl Groups {
    /// Gives each lane its group's value; lane 0 is output channel `first_out`, lanes past the last channel get zero.
    #[inline(always)]
    fn spread(&self, first_out: usize, lanes: &mut [f32], value: impl Fn(usize) -> f32) {
        let first = first_out / self.outputs;
        match self.outputs {
            // Sizes known to the compiler become one broadcast store a group.
            1 => self.spread_whole::<1>(first, lanes, value),
            2 if first_out.is_multiple_of(2) => self.spread_whole::<2>(first, lanes, value),
            4 if first_out.is_multiple_of(4) => self.spread_whole::<4>(first, lanes, value),
            8 if first_out.is_multiple_of(8) => self.spread_whole::<8>(first, lanes, value),
            outputs => {
                for (out, lane) in (first_out..).zip(lanes) {
                    let group = out / outputs;
                    *lane = if group < self.count { value(group) } else { 0.0 };
                }
            }
        }
    }

    /// As `spread`, from the first channel of group `first`, `OUT` channels a group and a multiple of them in `lanes`.
    #[inline(always)]
    fn spread_whole<const OUT: usize>(&self, first: usize, lanes: &mut [f32], value: impl Fn(usize) -> f32) {
        let (groups, _) = lanes.as_chunks_mut::<OUT>();
        let used = groups.len().min(self.count - first);
        for (group, slots) in groups[..used].iter_mut().enumerate() {
            *slots = [value(first + group); OUT];
        }
        groups[used..].as_flattened_mut().fill(0.0);
    }
}
