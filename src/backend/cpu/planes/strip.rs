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
        let (pitch, plane_len) = (self.strip.pitch, rows.input * columns.input);
        let wanted_rows = band.size[0] + rows.reach;
        // A plane's phases are copied one after the other while its lines are close; of single phases all planes' together.
        let planes = if rows.phases.len() * columns.phases.len() == 1 { band.channels } else { 1 };
        for first in (0..band.channels).step_by(planes.max(1)) {
            let mut phase_at = first * self.strip.channel_stride;
            for row_phase in 0..rows.phases.len() {
                let inside = rows.inside(band.first[0], row_phase, wanted_rows);
                let top = rows.position(band.first[0], row_phase) + signed(inside.start.wrapping_mul(rows.stride));
                for phase in 0..columns.phases.len() {
                    let (copy, left) = self.copy_of(band, phase, inside.len());
                    for plane in 0..planes {
                        let at = phase_at + plane * self.strip.channel_stride;
                        let fill = |rows: Range<usize>| at + rows.start * pitch..at + rows.end * pitch;
                        staged[fill(0..inside.start)].fill(0.0);
                        if !inside.is_empty() {
                            let row = band.start + (first + plane) * plane_len + top.unsigned_abs() * columns.input;
                            self.copy_rows(input, &copy, [row + left, at + inside.start * pitch], staged, widened);
                        }
                        staged[fill(inside.end..wanted_rows)].fill(0.0);
                    }
                    phase_at += self.strip.phase_len;
                }
            }
        }
    }

    /// How `count` rows of one phase of the columns are copied, wherever they lie, and the first column that is read.
    fn copy_of(&self, band: &Band, phase: usize, count: usize) -> (RowCopy, usize) {
        let columns = &self.window.columns;
        let len = band.size[1] + columns.reach;
        let wanted = columns.inside(band.first[1], phase, len);
        // Of a source row only the columns from the first wanted one to the last are looked at.
        let before = signed(wanted.start.wrapping_mul(columns.stride));
        let left = columns.position(band.first[1], phase).wrapping_add(before).unsigned_abs();
        let width = wanted.len().saturating_sub(1).wrapping_mul(columns.stride) + usize::from(!wanted.is_empty());
        let copy = RowCopy {
            source: std::ptr::null(),
            source_stride: self.window.rows.stride.wrapping_mul(columns.input),
            width,
            rows: count,
            column: before.wrapping_neg(),
            step: columns.stride,
            destination: std::ptr::null_mut(),
            destination_stride: self.strip.pitch,
            len,
        };
        (copy, if width > 0 { left } else { 0 })
    }

    /// Copies some rows as `copy` says, at least one, from index `from` of the input to index `to` of `staged`.
    fn copy_rows(
        &self,
        input: TensorRef<'_>,
        copy: &RowCopy,
        [from, to]: [usize; 2],
        staged: &mut [f32],
        widened: &mut [f32],
    ) {
        let RowCopy { source_stride, width, rows, destination_stride: pitch, len, .. } = *copy;
        assert!(len <= pitch && to + (rows - 1) * pitch + len + SLACK <= staged.len());
        let destination = staged[to..].as_mut_ptr();
        match input {
            TensorRef::F32(data) => {
                let source = data[from..from + (rows - 1) * source_stride + width].as_ptr();
                // SAFETY: the ISA was found available when the backend was made. The source's rows are a part of the
                // input, just sliced; the destination's rows and a vector more are in `staged`, as asserted.
                unsafe { (self.copy)(&RowCopy { source, destination, ..*copy }) };
            }
            TensorRef::F16(data) => {
                let widened = &mut widened[..width];
                for row in 0..rows {
                    data[from + row * source_stride..][..width].convert_to_f32_slice(widened);
                    let (source, destination) = (widened.as_ptr(), destination.wrapping_add(row * pitch));
                    // SAFETY: as above; the source is a widened row.
                    unsafe { (self.copy)(&RowCopy { source, destination, rows: 1, ..*copy }) };
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
