//! Where a tile's inputs are: the table of run pointers that a microkernel walks.

use crate::backend::cpu::microkernel::{ActiveTap, LeftOut};
use crate::conv::ConvProblem;
use std::ops::Range;

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
        // Sliding down by a stride, the last rows of the window are new; sliding right, that many of its columns are.
        let is_fresh = |r: usize, c: usize| r.saturating_add(s.stride[0]) >= s.kernel[0] && c < s.stride[1];
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

    /// Copies what a run at `offset`, which starts at column `x`, meets of its row, and zeros for the rest.
    fn patch(&self, pixels: &Pixels<'_>, offset: isize, x: isize, patch: &mut [f32]) {
        patch.fill(0.0);
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

/// The pointers of one tile, `[active tap][height]`, and which taps are active.
#[derive(Debug, Default)]
pub(super) struct RunTable {
    rows: Vec<*const f32>,
    active: Vec<ActiveTap>,
    /// Pixels of the tile's kernel.
    height: usize,
    segments: Vec<Segment>,
    ahead: isize,
    /// Whether every active tap meets data for all pixels, in one row.
    uniform: bool,
    /// `[active tap][height]` runs that reach over an edge, zeros beyond it.
    patches: Vec<f32>,
    /// Which of them the tile has.
    patched: Vec<usize>,
}

/// The output pixels of a tile: `used` of them from folded pixel `first` on, for a kernel of `height` pixels.
#[derive(Clone, Copy, Debug)]
pub(super) struct TilePixels {
    pub first: usize,
    pub used: usize,
    pub height: usize,
}

/// Neighbouring pixels of a tile that lie in one output row.
#[derive(Debug)]
struct Segment {
    /// Its first pixel in the tile.
    first: usize,
    count: usize,
    /// Its first output column.
    column: usize,
    /// Where the first pixel's window starts, floats and pixels.
    offset: isize,
    y: isize,
    x: isize,
}

impl Segment {
    /// Whether `tap` meets a row of data.
    fn meets_row(&self, window: &Window, tap: [isize; 2]) -> bool {
        (window.rows[0]..window.rows[1]).contains(&(self.y + tap[0]))
    }

    /// Those of its pixels for which the run of `tap` meets data, and those for which it can be read where it lies.
    fn inside(&self, window: &Window, tap: [isize; 2]) -> [Range<usize>; 2] {
        if !self.meets_row(window, tap) {
            return [0..0, 0..0];
        }
        let x = self.x + tap[1];
        let ([left, right], beyond) = (window.columns, window.run - 1);
        let met = self.between(x, [left - beyond, right], window.stride[1]);
        let whole = self.between(x, [left, right - beyond], window.stride[1]);
        [met.clone(), whole.start.clamp(met.start, met.end)..whole.end.clamp(met.start, met.end)]
    }

    /// Those of its pixels that start at a column within `bounds`, if the first starts at `x`.
    fn between(&self, x: isize, [left, right]: [isize; 2], stride: isize) -> Range<usize> {
        let last = x + (signed(self.count) - 1) * stride;
        let before = |edge: isize| if edge > x { (edge - x).unsigned_abs().div_ceil(stride.unsigned_abs()) } else { 0 };
        let end = if last < right { self.count } else { before(right).min(self.count) };
        let start = if x >= left { 0 } else { before(left).min(end) };
        start..end
    }
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
    /// Room for tiles of `tile_m` pixels at most.
    pub(super) fn new(window: &Window, tile_m: usize) -> Self {
        Self {
            rows: vec![std::ptr::null(); window.runs() * tile_m],
            active: Vec::with_capacity(window.runs()),
            height: tile_m,
            segments: Vec::with_capacity(tile_m),
            ahead: 0,
            uniform: false,
            patches: vec![0.0; window.runs() * tile_m * window.patch_len],
            patched: Vec::new(),
        }
    }

    /// `[active tap][height]` pointers.
    pub(super) fn rows(&self) -> &[*const f32] {
        &self.rows
    }

    /// The active taps, ascending.
    pub(super) fn active(&self) -> &[ActiveTap] {
        &self.active
    }

    /// How many of the next `most` tiles, this one counted, read alike: each `ahead` floats after the one before.
    pub(super) fn alike(&self, window: &Window, most: usize) -> usize {
        if !self.uniform {
            return 1;
        }
        let Some(segment) = self.segments.first() else {
            return most; // pixels one after the other, over rows and images
        };
        let pixels = |columns: isize, step: isize| columns.max(0).unsigned_abs() / step.unsigned_abs();
        let last = segment.x + (signed(self.height) - 1) * window.stride[1] + window.span;
        let inside = pixels(window.columns[1] - last, window.stride[1]);
        let in_row = window.output[1] - segment.column - self.height;
        most.min(1 + inside.min(in_row) / self.height)
    }

    /// Floats from the runs of this tile to those of the tile that follows it; 0 where none does.
    pub(super) fn ahead(&self) -> isize {
        self.ahead
    }

    /// Points the table at the pixels of `tile`. Taps that lie in the padding for all of them are left out. Where they do
    /// for some, those read `zeros`, and so do the rows past the tile's pixels; a kernel need not read those at an end.
    pub(super) fn build(&mut self, window: &Window, pixels: &Pixels<'_>, tile: &TilePixels, zeros: *const f32) {
        let TilePixels { first, used, height } = *tile;
        self.height = height;
        if window.is_pointwise() {
            return self.build_pointwise(window, pixels, tile, zeros);
        }
        self.cut(window, pixels, first, used);
        self.active.clear();
        self.patched.clear();
        self.uniform = self.segments.len() == 1;
        for (id, tap) in window.taps.iter().enumerate() {
            let at = self.active.len() * height;
            let rows = &mut self.rows[at..at + height];
            let (mut inside, mut whole) = (0..0, 0..0);
            for segment in &self.segments {
                let [met, in_place] = segment.inside(window, *tap);
                let rows = &mut rows[segment.first..segment.first + segment.count];
                rows[..met.start].fill(zeros);
                rows[met.end..].fill(zeros);
                let step = window.stride[1].wrapping_mul(pixels.column);
                let start = tap[0].wrapping_mul(pixels.row).wrapping_add(tap[1].wrapping_mul(pixels.column));
                let start = segment.offset.wrapping_add(start);
                let mut offset = start.wrapping_add(signed(in_place.start).wrapping_mul(step));
                for pointer in &mut rows[in_place.clone()] {
                    *pointer = pixels.data.as_ptr().wrapping_offset(offset);
                    offset = offset.wrapping_add(step);
                }
                for index in (met.start..in_place.start).chain(in_place.end..met.end) {
                    let place = at + segment.first + index;
                    let patch = &mut self.patches[place * window.patch_len..][..window.patch_len];
                    let run = start.wrapping_add(signed(index).wrapping_mul(step));
                    let x = segment.x + signed(index) * window.stride[1];
                    window.patch(pixels, run, x, patch);
                    self.patched.push(place);
                }
                if !met.is_empty() {
                    let first = if inside.is_empty() { segment.first + met.start } else { inside.start };
                    inside = first..segment.first + met.end;
                }
                whole = in_place;
            }
            if inside.is_empty() {
                // Left out for all pixels: for those of the row's other tiles too, unless it is for the columns.
                self.uniform &= !self.segments.iter().any(|segment| segment.meets_row(window, *tap));
                continue;
            }
            rows[used..].fill(zeros);
            self.uniform &= whole == (0..height);
            let left_out = LeftOut::of(&inside, height);
            self.active.push(ActiveTap { id: id as u32, fresh: window.fresh[id], left_out }); // CAST: taps of a filter
        }
        for place in &self.patched {
            self.rows[*place] = self.patches[place * window.patch_len..].as_ptr();
        }
    }

    /// Cuts a tile into pieces of output rows.
    fn cut(&mut self, window: &Window, pixels: &Pixels<'_>, first: usize, used: usize) {
        let [out_rows, out_columns] = window.output;
        let (mut image, mut row, mut column) =
            (first / (out_rows * out_columns), first / out_columns % out_rows, first % out_columns);
        self.segments.clear();
        let mut done = 0;
        while done < used {
            let count = (out_columns - column).min(used - done);
            let Origin { offset, y, x } = window.origin(pixels, [image, row, column]).unwrap_or_default();
            self.segments.push(Segment { first: done, count, column, offset, y, x });
            done += count;
            column += count;
            if column == out_columns {
                (column, row) = (0, row + 1);
                if row == out_rows {
                    (row, image) = (0, image + 1);
                }
            }
        }
        let next = window.origin(pixels, [image, row, column]);
        let start = self.segments.first().map_or(0, |segment| segment.offset);
        self.ahead = next.map_or(0, |next| next.offset.wrapping_sub(start));
    }

    /// As `build` where output pixels are input pixels: they lie one after the other, over rows and images.
    fn build_pointwise(&mut self, window: &Window, pixels: &Pixels<'_>, tile: &TilePixels, zeros: *const f32) {
        let TilePixels { first, used, height } = *tile;
        let [out_rows, out_columns] = window.output;
        let image = first / (out_rows * out_columns);
        let (y, x) = (signed(first / out_columns % out_rows), signed(first % out_columns));
        let base = pixels.bases.get(image - pixels.first_image).copied().unwrap_or(0);
        let start = base + y * pixels.row + x * pixels.column;
        let mut at = start;
        for pointer in &mut self.rows[..used] {
            *pointer = pixels.data.as_ptr().wrapping_offset(at);
            at += pixels.column;
        }
        self.rows[used..height].fill(zeros);
        self.ahead = at - start;
        self.segments.clear();
        self.uniform = used == height;
        self.active.clear();
        self.active.push(ActiveTap { id: 0, fresh: true, left_out: LeftOut::Nothing });
    }
}
