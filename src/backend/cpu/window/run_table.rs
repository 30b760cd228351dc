//! The table of run pointers of a tile.
//!
//! Tiles in the midst of the rows meet the same taps under the same columns, so their tables differ by a distance alone: where
//! a table was built for such a tile, it slides to the next one.

use super::{Origin, Pixels, Window, signed};
use crate::backend::cpu::microkernel::{ActiveTap, LeftOut};
use std::ops::Range;

/// The pointers of one tile, `[active tap][height]`, and which taps are active.
#[derive(Debug, Default)]
pub(in crate::backend::cpu) struct RunTable {
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
    /// Which of them the tile has, and which pointers lead to zeros.
    patched: Vec<usize>,
    padded: Vec<usize>,
    /// What the table was built for, if it may slide.
    place: Option<Place>,
}

/// Where a tile lies whose window meets rows of data under all its taps.
#[derive(Clone, Copy, Debug)]
struct Place {
    data: *const f32,
    /// Floats between the pixels of `data`.
    pitch: [isize; 2],
    used: usize,
    height: usize,
    /// Where the first pixel's window starts, floats and columns.
    offset: isize,
    x: isize,
}

/// The output pixels of a tile: `used` of them from folded pixel `first` on, for a kernel of `height` pixels.
#[derive(Clone, Copy, Debug)]
pub(in crate::backend::cpu) struct TilePixels {
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

// SAFETY: the pointers are rebuilt before each use from data that the using thread borrows, or `forget` is called between
// data and data; moving the empty or stale table between threads reads none of them.
#[allow(unsafe_code)]
unsafe impl Send for RunTable {}

impl RunTable {
    /// Room for tiles of `tile_m` pixels at most.
    pub(in crate::backend::cpu) fn new(window: &Window, tile_m: usize) -> Self {
        Self {
            rows: vec![std::ptr::null(); window.runs() * tile_m],
            active: Vec::with_capacity(window.runs()),
            height: tile_m,
            segments: Vec::with_capacity(tile_m),
            ahead: 0,
            uniform: false,
            patches: vec![0.0; window.runs() * tile_m * window.patch_len],
            patched: Vec::new(),
            padded: Vec::new(),
            place: None,
        }
    }

    /// `[active tap][height]` pointers.
    pub(in crate::backend::cpu) fn rows(&self) -> &[*const f32] {
        &self.rows
    }

    /// The active taps, ascending.
    pub(in crate::backend::cpu) fn active(&self) -> &[ActiveTap] {
        &self.active
    }

    /// How many of the next `most` tiles, this one counted, read alike: each `ahead` floats after the one before.
    pub(in crate::backend::cpu) fn alike(&self, window: &Window, most: usize) -> usize {
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
    pub(in crate::backend::cpu) fn ahead(&self) -> isize {
        self.ahead
    }

    /// Points the table at the pixels of `tile`. Taps that lie in the padding for all of them are left out. Where they do
    /// for some, those read `zeros`, and so do the rows past the tile's pixels; a kernel need not read those at an end.
    pub(in crate::backend::cpu) fn build(
        &mut self,
        window: &Window,
        pixels: &Pixels<'_>,
        tile: &TilePixels,
        zeros: *const f32,
    ) {
        let TilePixels { first, used, height } = *tile;
        if window.is_pointwise() {
            return self.build_pointwise(window, pixels, tile, zeros);
        }
        self.cut(window, pixels, first, used);
        let place = self.place(window, pixels, tile);
        if let (Some(from), Some(to)) = (self.place, place)
            && (from.data, from.pitch, from.used, from.height) == (to.data, to.pitch, to.used, to.height)
            && (from.x == to.x || self.uniform && self.is_inside(window))
        {
            self.place = place;
            return self.slide(window, pixels, to.offset.wrapping_sub(from.offset), zeros);
        }
        (self.place, self.height) = (place, height);
        self.active.clear();
        self.patched.clear();
        self.padded.clear();
        self.uniform = self.segments.len() == 1;
        for (id, tap) in window.taps.iter().enumerate() {
            let at = self.active.len() * height;
            let rows = &mut self.rows[at..at + height];
            let (mut inside, mut whole) = (0..0, 0..0);
            let padded = self.padded.len();
            for segment in &self.segments {
                let [met, in_place] = segment.inside(window, *tap);
                let rows = &mut rows[segment.first..segment.first + segment.count];
                let place = at + segment.first;
                if met.len() < segment.count {
                    self.padded.extend((place..place + met.start).chain(place + met.end..place + segment.count));
                }
                let step = window.stride[1].wrapping_mul(pixels.column);
                let start = segment.offset.wrapping_add(window.tap_offset(pixels, *tap));
                let mut offset = start.wrapping_add(signed(in_place.start).wrapping_mul(step));
                for pointer in &mut rows[in_place.clone()] {
                    *pointer = pixels.data.as_ptr().wrapping_offset(offset);
                    offset = offset.wrapping_add(step);
                }
                for index in (met.start..in_place.start).chain(in_place.end..met.end) {
                    let patch = &mut self.patches[(place + index) * window.patch_len..][..window.patch_len];
                    let run = start.wrapping_add(signed(index).wrapping_mul(step));
                    patch.fill(0.0);
                    window.patch(pixels, run, segment.x + signed(index) * window.stride[1], patch);
                    self.patched.push(place + index);
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
                self.padded.truncate(padded);
                continue;
            }
            if used < height {
                self.padded.extend(at + used..at + height);
            }
            self.uniform &= whole == (0..height);
            let left_out = LeftOut::of(&inside, height);
            self.active.push(ActiveTap { id: id as u32, fresh: window.fresh[id], left_out }); // CAST: taps of a filter
        }
        self.point_elsewhere(window, zeros);
    }

    /// Points at zeros and patches what leads there.
    fn point_elsewhere(&mut self, window: &Window, zeros: *const f32) {
        for place in &self.padded {
            self.rows[*place] = zeros;
        }
        for place in &self.patched {
            self.rows[*place] = self.patches[place * window.patch_len..].as_ptr();
        }
    }

    /// Where the tile lies that `cut` has cut: `None` unless it is in one row, and its window within rows of data.
    fn place(&self, window: &Window, pixels: &Pixels<'_>, tile: &TilePixels) -> Option<Place> {
        let [Segment { offset, y, x, .. }] = self.segments[..] else {
            return None;
        };
        (y >= window.rows[0] && y + window.reach[0] <= window.rows[1]).then(|| Place {
            data: pixels.data.as_ptr(),
            pitch: [pixels.row, pixels.column],
            used: tile.used,
            height: tile.height,
            offset,
            x,
        })
    }

    /// Whether all columns under the tile, which lies in one row, hold data.
    fn is_inside(&self, window: &Window) -> bool {
        self.segments.first().is_some_and(|segment| {
            let last = segment.x + (signed(segment.count) - 1) * window.stride[1] + window.span;
            segment.x >= window.columns[0] && last <= window.columns[1]
        })
    }

    /// Moves all runs by `distance` floats; what lies over the edges stays there.
    fn slide(&mut self, window: &Window, pixels: &Pixels<'_>, distance: isize, zeros: *const f32) {
        for pointer in &mut self.rows[..self.active.len() * self.height] {
            *pointer = pointer.wrapping_offset(distance);
        }
        if let Some(segment) = self.segments.first() {
            for place in &self.patched {
                let (tap, index) = (&self.active[place / self.height], signed(place % self.height));
                let run = window.tap_offset(pixels, window.taps[tap.id as usize]);
                let run = run.wrapping_add(index.wrapping_mul(window.stride[1].wrapping_mul(pixels.column)));
                let patch = &mut self.patches[place * window.patch_len..][..window.patch_len];
                window.patch(pixels, segment.offset.wrapping_add(run), segment.x + index * window.stride[1], patch);
            }
        }
        self.point_elsewhere(window, zeros);
    }

    /// Lets the table be built anew: the next tensors lie elsewhere.
    pub(in crate::backend::cpu) fn forget(&mut self) {
        self.place = None;
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
        self.height = height;
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
