//! The input of a band as the kernels read it: in place, or copied into scratch phase by phase with its padding.
#![allow(unsafe_code)]

use crate::backend::BackendError;
use crate::backend::cpu::buffer::table;
use crate::backend::cpu::microkernel::planes::RowCopy;
use crate::backend::cpu::planes::axis::Axis;
use crate::conv::{ConvProblem, DType, TensorRef};
use half::slice::HalfFloatSliceExt;
use std::ops::Range;

/// The window over a plane. Layers whose window is a single pixel see a plane as one long row.
#[derive(Clone, Debug)]
pub(super) struct Window {
    pub rows: Axis,
    pub columns: Axis,
    /// Whether no tap of any output lies in the padding and neighbouring outputs meet neighbouring inputs.
    plain: bool,
}

impl Window {
    /// # Errors
    /// No memory for the taps.
    pub(super) fn new(problem: &ConvProblem) -> Result<Self, BackendError> {
        let (s, output) = (problem.spec(), problem.output());
        let p = s.padding;
        let plain = s.stride == [1, 1] && [p.top, p.bottom, p.left, p.right] == [0; 4];
        if plain && s.kernel == [1, 1] {
            let pixels = problem.output_pixels();
            let row = |extent| Axis::new([extent; 2], 1, 0, 1, 1);
            return Ok(Self { rows: row(1)?, columns: row(pixels)?, plain });
        }
        let axis = |axis: usize, pad| {
            let extents = [s.input[axis], output[axis]];
            Axis::new(extents, s.stride[axis], pad, s.kernel[axis], s.dilation[axis])
        };
        Ok(Self { rows: axis(0, p.top)?, columns: axis(1, p.left)?, plain })
    }

    /// Whether kernels can read a tensor of `dtype` in place.
    pub(super) fn in_place(&self, dtype: DType) -> bool {
        self.plain && dtype == DType::F32
    }
}

/// Where a band's inputs are, in floats from the start of its first channel.
#[derive(Clone, Copy, Debug)]
pub(super) struct Strip {
    /// From a pixel to the one below.
    pub pitch: usize,
    /// From a channel to the next.
    pub channel_stride: usize,
    /// Floats of a phase.
    phase_len: usize,
}

/// Distances between channels that are a multiple of this many floats map all of them to few sets of a cache.
const COLLIDING_FLOATS: usize = 256;
/// Floats of a cache line.
const LINE: usize = 16;

impl Strip {
    /// In the tensor itself.
    pub(super) fn in_place(window: &Window) -> Self {
        let (rows, columns) = (&window.rows, &window.columns);
        let pitch = columns.input;
        Self { pitch, channel_stride: rows.input * pitch, phase_len: 0 }
    }

    /// Staged: `[channel][row phase][column phase][rows][pitch]` for bands of `band` output rows and columns.
    pub(super) fn staged(window: &Window, band: [usize; 2]) -> Self {
        Self::with_pitch(window, band, band[1] + window.columns.reach)
    }

    /// As `staged`, each row at the start of a cache line.
    pub(super) fn staged_in_lines(window: &Window, band: [usize; 2]) -> Self {
        Self::with_pitch(window, band, (band[1] + window.columns.reach).next_multiple_of(LINE))
    }

    fn with_pitch(window: &Window, band: [usize; 2], pitch: usize) -> Self {
        let rows = band[0] + window.rows.reach;
        let phase_len = rows.saturating_mul(pitch);
        let phases = window.rows.phases.len().saturating_mul(window.columns.phases.len());
        let mut channel_stride = phase_len.saturating_mul(phases);
        if channel_stride.is_multiple_of(COLLIDING_FLOATS) {
            channel_stride = channel_stride.saturating_add(LINE);
        }
        Self { pitch, channel_stride, phase_len }
    }

    /// Floats that `channels` take.
    pub(super) fn len(&self, channels: usize) -> usize {
        self.channel_stride.saturating_mul(channels)
    }

    /// Where row `row` of a row phase starts, floats.
    pub(super) fn row_offset(&self, window: &Window, phase: usize, row: usize) -> usize {
        phase * window.columns.phases.len() * self.phase_len + row * self.pitch
    }

    /// What a column tap, a phase and an offset, adds to that.
    pub(super) fn column_offset(&self, (phase, offset): (usize, usize)) -> usize {
        phase * self.phase_len + offset
    }
}

/// Floats from the first position under a band to what each tap meets.
pub(super) fn tap_offsets(window: &Window, strip: &Strip) -> Result<Vec<usize>, BackendError> {
    let row = |(phase, offset): &(usize, usize)| strip.row_offset(window, *phase, *offset);
    let columns = || window.columns.taps.iter().map(|tap| strip.column_offset(*tap));
    let offsets = window.rows.taps.iter().flat_map(|tap| columns().map(move |column| row(tap) + column));
    table(window.rows.taps.len().saturating_mul(window.columns.taps.len()), offsets, "taps of a window")
}

/// A band to stage: planes of one image and the output pixels that they are for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Band {
    /// Index of the first plane's first element.
    pub start: usize,
    pub channels: usize,
    /// First output row and column.
    pub first: [usize; 2],
    /// Output rows and columns, at most those that the strip was made for.
    pub size: [usize; 2],
}

/// `count` rows of one phase of the columns, from index `from` of the input to index `to` of the staged floats.
#[derive(Clone, Copy, Debug)]
struct Rows {
    phase: usize,
    from: usize,
    to: usize,
    count: usize,
}

/// Copies bands of one problem's input.
#[derive(Debug)]
pub(super) struct Stager<'a> {
    pub window: &'a Window,
    pub strip: &'a Strip,
    /// Copies rows as [`RowCopy`] says.
    pub copy: unsafe fn(&RowCopy),
}

impl Stager<'_> {
    /// Fills `staged` with a band, zeros for the padding. It holds the strip and [`SLACK`] floats more; `widened` holds
    /// a row of the input where that is f16.
    pub(super) fn stage(&self, input: TensorRef<'_>, band: &Band, staged: &mut [f32], widened: &mut [f32]) {
        let (rows, columns) = (&self.window.rows, &self.window.columns);
        let wanted_rows = band.size[0] + rows.reach;
        for channel in 0..band.channels {
            let plane = band.start + channel * rows.input * columns.input;
            let mut at = channel * self.strip.channel_stride;
            for row_phase in 0..rows.phases.len() {
                let inside = rows.inside(band.first[0], row_phase, wanted_rows);
                let top = rows.position(band.first[0], row_phase) + signed(inside.start.wrapping_mul(rows.stride));
                for phase in 0..columns.phases.len() {
                    let fill =
                        |rows: Range<usize>| at + rows.start * self.strip.pitch..at + rows.end * self.strip.pitch;
                    staged[fill(0..inside.start)].fill(0.0);
                    if !inside.is_empty() {
                        let from = plane + top.unsigned_abs() * columns.input;
                        let rows = Rows { phase, from, to: fill(inside.clone()).start, count: inside.len() };
                        self.copy_rows(input, band, &rows, staged, widened);
                    }
                    staged[fill(inside.end..wanted_rows)].fill(0.0);
                    at += self.strip.phase_len;
                }
            }
        }
    }

    /// Copies some rows of a band into `staged`.
    fn copy_rows(&self, input: TensorRef<'_>, band: &Band, rows: &Rows, staged: &mut [f32], widened: &mut [f32]) {
        let Rows { phase, from, to, count } = *rows;
        let (columns, pitch) = (&self.window.columns, self.strip.pitch);
        let source_stride = self.window.rows.stride.wrapping_mul(columns.input);
        let len = band.size[1] + columns.reach;
        let wanted = columns.inside(band.first[1], phase, len);
        // Of a source row only the columns from the first wanted one to the last are looked at.
        let before = signed(wanted.start.wrapping_mul(columns.stride));
        let left = columns.position(band.first[1], phase).wrapping_add(before).unsigned_abs();
        let width = wanted.len().saturating_sub(1).wrapping_mul(columns.stride) + usize::from(!wanted.is_empty());
        let first = if width > 0 { from + left } else { from };
        assert!(len <= pitch && to + (count - 1) * pitch + len + SLACK <= staged.len());
        let destination = staged[to..].as_mut_ptr();
        let call = |source, rows, destination| RowCopy {
            source,
            source_stride,
            width,
            rows,
            column: before.wrapping_neg(),
            step: columns.stride,
            destination,
            destination_stride: pitch,
            len,
        };
        match input {
            TensorRef::F32(data) => {
                let source = data[first..first + (count - 1) * source_stride + width].as_ptr();
                // SAFETY: the ISA was found available when the backend was made. The source's rows are a part of the
                // input, just sliced; the destination's rows and a vector more are in `staged`, as asserted.
                unsafe { (self.copy)(&call(source, count, destination)) };
            }
            TensorRef::F16(data) => {
                let widened = &mut widened[..width];
                for row in 0..count {
                    data[first + row * source_stride..][..width].convert_to_f32_slice(widened);
                    // SAFETY: as above; the source is a widened row.
                    unsafe { (self.copy)(&call(widened.as_ptr(), 1, destination.wrapping_add(row * pitch))) };
                }
            }
        }
    }
}

/// Floats past a strip that a copy may overwrite and a kernel may read: the longest vector.
pub(super) const SLACK: usize = 16;

fn signed(extent: usize) -> isize {
    extent as isize // CAST: an extent of a tensor with its padding
}
