//! Where a tile's inputs are: the table of run pointers that a microkernel walks.

use crate::backend::cpu::microkernel::{ActiveTap, LeftOut};
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
        // Sliding down by a stride, the last rows of the window are new; sliding right, that many of its columns are.
        let is_fresh = |r: usize, c: usize| r + s.stride[0] >= s.kernel[0] && c < s.stride[1];
        let fresh = (0..s.kernel[0]).flat_map(|r| (0..s.kernel[1]).map(move |c| is_fresh(r, c))).collect();
        Self {
            fresh,
            stride: s.stride.map(signed),
            pad: [signed(s.padding.top), signed(s.padding.left)],
            taps,
            reach: [0, 1].map(|axis| signed((s.kernel[axis] - 1) * s.dilation[axis] + 1)),
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
        window.fresh = vec![false; window.taps.len()]; // staged, so close already
        window.columns = [-signed(s.padding.left), signed(s.input[1] + s.padding.right)];
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

/// Input pixels in memory: pixel `(image, y, x)` starts at `base(image) + y * row + x * column` floats from `data`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pixels<'a> {
    /// Start of the memory.
    pub data: *const f32,
    /// Floats from a pixel to the one below.
    pub row: isize,
    /// Floats from a pixel to the one on the right.
    pub column: isize,
    /// The image that `bases` starts with.
    pub first_image: usize,
    /// Where pixel (0, 0) of each image would be, floats.
    pub bases: &'a [isize],
}

/// The pointers of one tile, `[active tap][tile_m]`, and which taps are active.
#[derive(Debug, Default)]
pub(super) struct RunTable {
    rows: Vec<*const f32>,
    active: Vec<ActiveTap>,
    origins: Vec<Origin>,
    ahead: isize,
}

/// Where a pixel's window starts.
#[derive(Clone, Copy, Debug, Default)]
struct Origin {
    offset: isize,
    y: isize,
    x: isize,
}

// SAFETY: the pointers are rebuilt before each use from data that the using thread borrows; moving the empty or stale
// table between threads reads none of them.
#[allow(unsafe_code)]
unsafe impl Send for RunTable {}

impl RunTable {
    /// Room for tiles of `tile_m` pixels.
    pub(super) fn new(window: &Window, tile_m: usize) -> Self {
        Self {
            rows: vec![std::ptr::null(); window.runs() * tile_m],
            active: Vec::with_capacity(window.runs()),
            origins: vec![Origin::default(); tile_m],
            ahead: 0,
        }
    }

    /// `[active tap][tile_m]` pointers.
    pub(super) fn rows(&self) -> &[*const f32] {
        &self.rows
    }

    /// The active taps, ascending.
    pub(super) fn active(&self) -> &[ActiveTap] {
        &self.active
    }

    /// Floats from the runs of this tile to those of the tile that follows it; 0 where none does.
    pub(super) fn ahead(&self) -> isize {
        self.ahead
    }

    /// Points the table at the `used` pixels from folded output pixel `first`. Taps that lie in the padding for all
    /// of them are left out. Where they do for some, those read `zeros`, and so do the rows past `used`; a kernel need
    /// not read the first or last pixel of a tile where that is the only one.
    pub(super) fn build(&mut self, window: &Window, pixels: &Pixels<'_>, first: usize, used: usize, zeros: *const f32) {
        let tile_m = self.origins.len();
        if window.is_pointwise() {
            return self.build_pointwise(window, pixels, first, used, zeros);
        }
        let [out_rows, out_columns] = window.output;
        let (mut image, mut oy, mut ox) =
            (first / (out_rows * out_columns), first / out_columns % out_rows, first % out_columns);
        let mut interior = used == tile_m;
        for origin in &mut self.origins[..used] {
            *origin = window.origin(pixels, [image, oy, ox]).unwrap_or_default();
            let Origin { y, x, .. } = *origin;
            interior &= y >= window.rows[0]
                && y + window.reach[0] <= window.rows[1]
                && x >= window.columns[0]
                && x + window.reach[1] <= window.columns[1];
            ox += 1;
            if ox == out_columns {
                (ox, oy) = (0, oy + 1);
                if oy == out_rows {
                    (oy, image) = (0, image + 1);
                }
            }
        }
        let next = window.origin(pixels, [image, oy, ox]);
        self.ahead = next.map_or(0, |next| next.offset.wrapping_sub(self.origins[0].offset));
        self.active.clear();
        if interior {
            for (id, (tap, row)) in window.taps.iter().zip(self.rows.chunks_exact_mut(tile_m)).enumerate() {
                let step = tap[0].wrapping_mul(pixels.row).wrapping_add(tap[1].wrapping_mul(pixels.column));
                for (pointer, origin) in row.iter_mut().zip(&self.origins) {
                    *pointer = pixels.data.wrapping_offset(origin.offset.wrapping_add(step));
                }
                let fresh = window.fresh[id];
                self.active.push(ActiveTap { id: id as u32, fresh, left_out: LeftOut::Nothing }); // CAST: taps of a filter
            }
            return;
        }
        for (id, tap) in window.taps.iter().enumerate() {
            let step = tap[0].wrapping_mul(pixels.row).wrapping_add(tap[1].wrapping_mul(pixels.column));
            let at = self.active.len() * tile_m;
            let row = &mut self.rows[at..at + tile_m];
            row.fill(zeros);
            let mut inside = 0;
            for (pointer, origin) in row.iter_mut().zip(&self.origins[..used]) {
                let (y, x) = (origin.y + tap[0], origin.x + tap[1]);
                // In a run per row the columns are all staged, so only the window's start has to be inside.
                if y >= window.rows[0] && y < window.rows[1] && x >= window.columns[0] && x < window.columns[1] {
                    *pointer = pixels.data.wrapping_offset(origin.offset.wrapping_add(step));
                    inside += 1;
                }
            }
            if inside > 0 {
                let left_out = match row {
                    [first, .., last] if inside == tile_m - 1 && *first == zeros && *last != zeros => LeftOut::First,
                    [first, .., last] if inside == tile_m - 1 && *first != zeros && *last == zeros => LeftOut::Last,
                    _ => LeftOut::Nothing,
                };
                self.active.push(ActiveTap { id: id as u32, fresh: window.fresh[id], left_out }); // CAST: taps of a filter
            }
        }
    }

    /// As `build` where output pixels are input pixels: they lie one after the other, over rows and images.
    fn build_pointwise(&mut self, window: &Window, pixels: &Pixels<'_>, first: usize, used: usize, zeros: *const f32) {
        let [out_rows, out_columns] = window.output;
        let image = first / (out_rows * out_columns);
        let (y, x) = (signed(first / out_columns % out_rows), signed(first % out_columns));
        let base = pixels.bases.get(image - pixels.first_image).copied().unwrap_or(0);
        let start = base + y * pixels.row + x * pixels.column;
        let mut at = start;
        for pointer in &mut self.rows[..used] {
            *pointer = pixels.data.wrapping_offset(at);
            at += pixels.column;
        }
        self.rows[used..].fill(zeros);
        self.ahead = at - start;
        self.active.clear();
        self.active.push(ActiveTap { id: 0, fresh: true, left_out: LeftOut::Nothing });
    }
}
