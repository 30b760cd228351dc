//! Where the filter window meets the input, and the run pointers that a microkernel walks.

mod run_table;

pub(super) use run_table::{RunTable, TilePixels};

use crate::conv::ConvProblem;

/// What the filter window touches, as numbers. Positions are pixels of the unpadded input, so they may be negative.
#[derive(Clone, Debug)]
pub(super) struct Window {
    stride: [isize; 2],
    pad: [isize; 2],
    /// Offset of each run under the window, pixels.
    taps: Vec<[isize; 2]>,
    /// Which runs bring pixels that no other run of the window brought before, where windows slide by rows.
    fresh: Vec<bool>,
    /// From the first to one past the last tap, pixels.
    reach: [isize; 2],
    /// Columns from the start of the first run to the end of the last, as far as they must hold data.
    span: isize,
    /// Columns of a run that must hold data for it to be read where it lies; otherwise it is patched.
    run: isize,
    /// Floats of a run that may have to be patched, 0 where none has.
    patch_len: usize,
    /// Rows and columns that hold data: others are padding, which adds nothing.
    rows: [isize; 2],
    columns: [isize; 2],
    output: [usize; 2],
}

impl Window {
    /// A run for every tap.
    pub(super) fn per_tap(problem: &ConvProblem) -> Self {
        let s = problem.spec();
        let taps = (0..s.kernel[0])
            .flat_map(|r| (0..s.kernel[1]).map(move |c| [signed(r * s.dilation[0]), signed(c * s.dilation[1])]))
            .collect();
        // Sliding down by a stride, the last rows of the window are new; sliding right, its last columns are.
        let is_fresh = |r: usize, c: usize| {
            r.saturating_add(s.stride[0]) >= s.kernel[0] && c.saturating_add(s.stride[1]) >= s.kernel[1]
        };
        let fresh = (0..s.kernel[0]).flat_map(|r| (0..s.kernel[1]).map(move |c| is_fresh(r, c))).collect();
        Self {
            fresh,
            stride: s.stride.map(signed),
            pad: [signed(s.padding.top), signed(s.padding.left)],
            taps,
            reach: [0, 1].map(|axis| signed((s.kernel[axis] - 1) * s.dilation[axis] + 1)),
            span: signed((s.kernel[1] - 1) * s.dilation[1] + 1),
            run: 1,
            patch_len: 0,
            rows: [0, signed(s.input[0])],
            columns: [0, signed(s.input[1])],
            output: problem.output(),
        }
    }

    /// A run for every filter row, over all its columns and channels: for few channels, whose padded columns are
    /// staged as zeros.
    pub(super) fn per_row(problem: &ConvProblem) -> Self {
        let s = problem.spec();
        let mut window = Self::per_tap(problem);
        window.taps = (0..s.kernel[0]).map(|r| [signed(r * s.dilation[0]), 0]).collect();
        window.fresh = vec![false; window.taps.len()]; // rows are streams
        window.columns = [-signed(s.padding.left), signed(s.input[1] + s.padding.right)];
        window
    }

    /// The same for pixels that are read in place: runs that reach over the edges are patched with zeros.
    pub(super) fn per_row_in_place(problem: &ConvProblem) -> Self {
        let s = problem.spec();
        let mut window = Self::per_row(problem);
        window.columns = [0, signed(s.input[1])];
        window.run = signed(s.kernel[1]);
        window.patch_len = s.kernel[1] * s.in_channels;
        window
    }

    /// Where the window of output pixel `[image, row, column]` starts; `None` past the images in `pixels`.
    fn origin(&self, pixels: &Pixels<'_>, [image, row, column]: [usize; 3]) -> Option<Origin> {
        let base = *pixels.bases.get(image - pixels.first_image)?;
        let y = signed(row) * self.stride[0] - self.pad[0];
        let x = signed(column) * self.stride[1] - self.pad[1];
        let offset = base.wrapping_add(y.wrapping_mul(pixels.row)).wrapping_add(x.wrapping_mul(pixels.column));
        Some(Origin { offset, y, x })
    }

    /// Floats from where the window starts to the run of `tap`.
    fn tap_offset(&self, pixels: &Pixels<'_>, tap: [isize; 2]) -> isize {
        tap[0].wrapping_mul(pixels.row).wrapping_add(tap[1].wrapping_mul(pixels.column))
    }

    /// Copies what a run at `offset`, which starts at column `x`, meets of its row, and leaves the rest.
    fn patch(&self, pixels: &Pixels<'_>, offset: isize, x: isize, patch: &mut [f32]) {
        let [from, to] = [self.columns[0] - x, self.columns[1] - x].map(|edge| edge.clamp(0, self.run) * pixels.column);
        let (start, len) = ((offset + from).unsigned_abs(), (to - from).unsigned_abs());
        if let (Some(source), Some(met)) =
            (pixels.data.get(start..start + len), patch.get_mut(from.unsigned_abs()..to.unsigned_abs()))
        {
            met.copy_from_slice(source);
        }
    }

    /// Whether it is a single tap that meets every input pixel once.
    fn is_pointwise(&self) -> bool {
        self.taps.len() == 1 && self.reach == [1, 1] && self.stride == [1, 1] && self.pad == [0, 0] && {
            signed(self.output[0]) == self.rows[1] && signed(self.output[1]) == self.columns[1]
        }
    }

    /// Runs under the window.
    pub(super) fn runs(&self) -> usize {
        self.taps.len()
    }

    /// Addresses that an entry of a run table takes, with its patch.
    pub(super) fn entry_len(&self) -> usize {
        1 + self.patch_len.div_ceil(size_of::<usize>() / size_of::<f32>())
    }

    /// Columns that hold data, also where padding is staged.
    pub(super) fn columns(&self) -> [isize; 2] {
        self.columns
    }

    /// Input rows that output rows `first..=last` read, clipped to those that hold data.
    pub(super) fn input_rows(&self, first: usize, last: usize) -> [isize; 2] {
        self.span(0, first, last, self.rows)
    }

    /// Input columns that output columns `first..=last` read, clipped likewise.
    pub(super) fn input_columns(&self, first: usize, last: usize) -> [isize; 2] {
        self.span(1, first, last, self.columns)
    }

    fn span(&self, axis: usize, first: usize, last: usize, bounds: [isize; 2]) -> [isize; 2] {
        let start = signed(first) * self.stride[axis] - self.pad[axis];
        let end = signed(last) * self.stride[axis] - self.pad[axis] + self.reach[axis];
        let start = start.clamp(bounds[0], bounds[1]);
        [start, end.clamp(start, bounds[1])]
    }
}

fn signed(extent: usize) -> isize {
    extent as isize // CAST: a checked extent of a tensor that fits the address space
}

/// Input pixels in memory: pixel `(image, y, x)` starts at `base(image) + y * row + x * column` of `data`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pixels<'a> {
    pub data: &'a [f32],
    /// Floats from a pixel to the one below.
    pub row: isize,
    /// Floats from a pixel to the one on the right.
    pub column: isize,
    /// The image that `bases` starts with.
    pub first_image: usize,
    /// Where pixel (0, 0) of each image would be, floats.
    pub bases: &'a [isize],
}

/// Where a pixel's window starts.
#[derive(Clone, Copy, Debug, Default)]
struct Origin {
    offset: isize,
    y: isize,
    x: isize,
}
