//! The table of run addresses of a tile.
//!
//! Tiles in the midst of the rows meet the same taps under the same columns, so their tables differ by a distance alone:
//! where a table was built for such a tile, it slides to the next one, and so does any table to the tensor of the next run.
//! That is why it holds addresses, of memory whose provenance is exposed before they are followed.

use super::{Origin, Pixels, Window, signed};
use crate::backend::cpu::microkernel::{ActiveTap, LeftOut};
use std::ops::Range;

/// The runs of one tile, `[active tap][height]` addresses, and which taps are active.
#[derive(Debug, Default)]
pub(in crate::backend::cpu) struct RunTable {
    rows: Vec<usize>,
    active: Vec<ActiveTap>,
    /// Pixels of the tile's kernel.
    height: usize,
    segments: Vec<Segment>,
    ahead: isize,
    /// Whether every active tap meets data for all pixels, in one row.
    uniform: bool,
    /// `[active tap][height]` runs that reach over an edge, zeros beyond it.
    patches: Vec<f32>,
    /// Which of them the tile has, and which entries lead to zeros.
    patched: Vec<Patched>,
    padded: Vec<usize>,
    /// The input that runs lie in.
    data: usize,
    /// Where the tile lies, if the table may slide from there to other tiles.
    within: Option<WithinRows>,
}

/// An entry that leads to a patch.
#[derive(Debug)]
struct Patched {
    entry: usize,
    /// Where the run starts, floats from the start of the input and columns.
    offset: isize,
    x: isize,
}

/// A tile in one row whose window meets rows of data under all taps.
#[derive(Clone, Copy, Debug)]
struct WithinRows {
    /// Floats between the pixels of the input.
    pitch: [isize; 2],
    used: usize,
    height: usize,
    /// Where the first pixel's window starts, floats and columns.
    offset: isize,
    x: isize,
}

/// The output pixels of a tile: `used` of them from the one at `[image, row, column]` on, for a kernel of `height` pixels.
#[derive(Clone, Copy, Debug)]
pub(in crate::backend::cpu) struct TilePixels {
    pub first: [usize; 3],
    pub used: usize,
    pub height: usize,
}

/// Bytes of a float.
const FLOAT: isize = size_of::<f32>() as isize; // CAST: 4

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

impl RunTable {
    /// Room for tiles of `tile_m` pixels at most.
    pub(in crate::backend::cpu) fn new(window: &Window, tile_m: usize) -> Self {
        Self {
            rows: vec![0; window.runs() * tile_m],
            active: Vec::with_capacity(window.runs()),
            segments: Vec::with_capacity(tile_m),
            patches: vec![0.0; window.runs() * tile_m * window.patch_len],
            ..Self::default()
        }
    }

    /// `[active tap][height]` addresses.
    pub(in crate::backend::cpu) fn rows(&self) -> &[usize] {
        &self.rows
    }

    /// The active taps, ascending.
    pub(in crate::backend::cpu) fn active(&self) -> &[ActiveTap] {
        &self.active
    }

    /// How many tiles, this one counted, read alike, each `ahead` floats after the one before: at most `most` of them, and
    /// of `left` pixels.
    pub(in crate::backend::cpu) fn alike(&self, window: &Window, most: usize, left: usize) -> usize {
        if !self.uniform || most <= 1 {
            return 1;
        }
        let Some(segment) = self.segments.first() else {
            return most.min(left / self.height).max(1); // pixels one after the other, over rows and images
        };
        let stride = window.stride[1];
        let last = segment.x + (signed(self.height) - 1) * stride + window.span;
        let inside = (window.columns[1] - last).max(0).unsigned_abs();
        let inside = if stride == 1 { inside } else { inside / stride.unsigned_abs() };
        let in_row = window.output[1] - segment.column - self.height;
        most.min(1 + inside.min(in_row).min(left.saturating_sub(self.height)) / self.height)
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
        if window.is_pointwise() {
            return self.build_pointwise(window, pixels, tile, zeros);
        }
        self.cut(window, pixels, tile);
        let within = self.within_rows(window, pixels, tile);
        // Known again when the table is whole.
        if let (Some(from), Some(to)) = (self.within.take(), within)
            && (from.pitch, from.used, from.height) == (to.pitch, to.used, to.height)
            && (from.x == to.x || self.uniform && self.is_inside(window))
        {
            self.slide(window, pixels, to.offset.wrapping_sub(from.offset), zeros);
            self.within = within;
            return;
        }
        let height = tile.height;
        self.start(pixels, height);
        self.uniform = self.segments.len() == 1;
        for (id, tap) in window.taps.iter().enumerate() {
            let at = self.active.len() * height;
            let rows = &mut self.rows[at..at + height];
            let (mut inside, mut whole) = (0..0, 0..0);
            let padded = self.padded.len();
            for segment in &self.segments {
                let [met, in_place] = segment.inside(window, *tap);
                let rows = &mut rows[segment.first..segment.first + segment.count];
                let entry = at + segment.first;
                if met.len() < segment.count {
                    self.padded.extend((entry..entry + met.start).chain(entry + met.end..entry + segment.count));
                }
                let step = window.stride[1].wrapping_mul(pixels.column);
                let start = segment.offset.wrapping_add(window.tap_offset(pixels, *tap));
                let run = |index: usize| start.wrapping_add(signed(index).wrapping_mul(step));
                let mut address = self.data.wrapping_add_signed(run(in_place.start).wrapping_mul(FLOAT));
                for row in &mut rows[in_place.clone()] {
                    *row = address;
                    address = address.wrapping_add_signed(step.wrapping_mul(FLOAT));
                }
                for index in (met.start..in_place.start).chain(in_place.end..met.end) {
                    let x = segment.x + tap[1] + signed(index) * window.stride[1];
                    self.patched.push(Patched { entry: entry + index, offset: run(index), x });
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
            if tile.used < height {
                self.padded.extend(at + tile.used..at + height);
            }
            self.uniform &= whole == (0..height);
            let left_out = LeftOut::of(&inside, height);
            self.active.push(ActiveTap { id: id as u32, fresh: window.fresh[id], left_out }); // CAST: taps of a filter
        }
        for Patched { entry, .. } in &self.patched {
            self.patches[entry * window.patch_len..][..window.patch_len].fill(0.0);
        }
        self.lead_elsewhere(window, pixels, zeros);
        self.within = within;
    }

    /// Points the table at the same tile of another run's `pixels`.
    pub(in crate::backend::cpu) fn renew(&mut self, window: &Window, pixels: &Pixels<'_>, zeros: *const f32) {
        self.slide(window, pixels, 0, zeros);
    }

    /// Begins a table of runs in `pixels`.
    fn start(&mut self, pixels: &Pixels<'_>, height: usize) {
        (self.data, self.height) = (pixels.data.as_ptr().expose_provenance(), height);
        self.active.clear();
        self.patched.clear();
        self.padded.clear();
    }

    /// Moves all runs by `distance` floats and to the input of `pixels`; what lies over the edges stays there.
    fn slide(&mut self, window: &Window, pixels: &Pixels<'_>, distance: isize, zeros: *const f32) {
        let data = pixels.data.as_ptr().expose_provenance();
        let bytes = data.wrapping_sub(self.data).wrapping_add_signed(distance.wrapping_mul(FLOAT));
        self.data = data;
        if bytes != 0 {
            for row in &mut self.rows[..self.active.len() * self.height] {
                *row = row.wrapping_add(bytes);
            }
        }
        for patched in &mut self.patched {
            patched.offset = patched.offset.wrapping_add(distance);
        }
        self.lead_elsewhere(window, pixels, zeros);
    }

    /// Fills what patches meet of the input; leads entries there, and to zeros.
    fn lead_elsewhere(&mut self, window: &Window, pixels: &Pixels<'_>, zeros: *const f32) {
        if !self.padded.is_empty() {
            let zeros = zeros.expose_provenance();
            for entry in &self.padded {
                self.rows[*entry] = zeros;
            }
        }
        for Patched { entry, offset, x } in &self.patched {
            window.patch(pixels, *offset, *x, &mut self.patches[entry * window.patch_len..][..window.patch_len]);
        }
        // Only now: borrowing the patches again would take back what was exposed.
        if !self.patched.is_empty() {
            let patches = self.patches.as_ptr().expose_provenance();
            for Patched { entry, .. } in &self.patched {
                self.rows[*entry] = patches + entry * window.patch_len * size_of::<f32>();
            }
        }
    }

    /// Where the tile lies that `cut` has cut: `None` unless it is in one row, and its window within rows of data.
    fn within_rows(&self, window: &Window, pixels: &Pixels<'_>, tile: &TilePixels) -> Option<WithinRows> {
        let [Segment { offset, y, x, .. }] = self.segments[..] else {
            return None;
        };
        let is_within = y >= window.rows[0] && y + window.reach[0] <= window.rows[1];
        let pitch = [pixels.row, pixels.column];
        is_within.then_some(WithinRows { pitch, used: tile.used, height: tile.height, offset, x })
    }

    /// Whether all columns under the tile, which lies in one row, hold data.
    fn is_inside(&self, window: &Window) -> bool {
        self.segments.first().is_some_and(|segment| {
            let last = segment.x + (signed(segment.count) - 1) * window.stride[1] + window.span;
            segment.x >= window.columns[0] && last <= window.columns[1]
        })
    }

    /// Cuts a tile into pieces of output rows.
    fn cut(&mut self, window: &Window, pixels: &Pixels<'_>, tile: &TilePixels) {
        let [out_rows, out_columns] = window.output;
        let TilePixels { first: [mut image, mut row, mut column], used, .. } = *tile;
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
        let TilePixels { first: [image, row, column], used, height } = *tile;
        self.start(pixels, height);
        let base = pixels.bases.get(image - pixels.first_image).copied().unwrap_or(0);
        let start = base + signed(row) * pixels.row + signed(column) * pixels.column;
        let mut address = self.data.wrapping_add_signed(start.wrapping_mul(FLOAT));
        for row in &mut self.rows[..used] {
            *row = address;
            address = address.wrapping_add_signed(pixels.column.wrapping_mul(FLOAT));
        }
        if used < height {
            self.padded.extend(used..height);
            self.lead_elsewhere(window, pixels, zeros);
        }
        self.ahead = signed(used) * pixels.column;
        self.segments.clear();
        self.uniform = used == height;
        self.active.push(ActiveTap { id: 0, fresh: true, left_out: LeftOut::Nothing });
    }
}
