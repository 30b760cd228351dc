//! From the input tensor to transformed tiles.
#![allow(unsafe_code)]

use crate::backend::cpu::microkernel::winograd::InputCall;
use crate::backend::cpu::stage::{Piece, PixelContents, Stager};
use crate::backend::cpu::winograd::WinogradConv;
use crate::backend::cpu::winograd::grid::{Run, Span};
use crate::conv::{DType, Layout, TensorRef};
use std::ops::Range;

/// Inputs along an axis of the largest tile.
const LONGEST: usize = 6;
/// Floats of the widest vector.
const MOST_LANES: usize = 16;

/// Where a run of tiles reads its pixels.
struct Source<'a> {
    data: &'a [f32],
    /// Where in `data` the row of each of the tile's input rows starts; `None` in the padding.
    rows: [Option<usize>; LONGEST],
    /// The image's columns that the rows hold.
    columns: Range<isize>,
    /// Floats between columns.
    column: usize,
    /// Channels that a pixel holds.
    channels: usize,
}

/// Copies of input rows that can't be read in place.
#[derive(Debug)]
pub(super) struct Staging {
    pub stager: Stager,
    pub floats: Vec<f32>,
}

impl WinogradConv {
    /// Whether pixels are read from the tensor: f32 with the channels side by side.
    pub(super) fn reads_in_place(layout: Layout, dtype: DType) -> bool {
        layout == Layout::Nhwc && dtype == DType::F32
    }

    /// Transforms `tiles` into rows from `row` on of the slabs at `out`.
    ///
    /// # Safety
    /// `out` must hold `self.inputs`, the rows written must exist, and nobody else may use them meanwhile.
    pub(super) unsafe fn transform_tiles(
        &self,
        tiles: Range<usize>,
        input: TensorRef<'_>,
        staging: &mut Staging,
        (out, row): (*mut f32, usize),
    ) {
        let mut row = row;
        for run in self.grid.runs(tiles) {
            let source = self.source(&run, input, staging);
            for span in &self.grid.columns[run.columns.clone()] {
                // SAFETY: the caller's promise, for one row after the other.
                unsafe { self.transform_tile(&source, span, out.add(row * self.inputs.row)) };
                row += 1;
            }
        }
    }

    /// Where `run` is read; copies it first where it can't be read in place.
    fn source<'a>(&self, run: &Run, input: TensorRef<'a>, staging: &'a mut Staging) -> Source<'a> {
        let s = self.problem.spec();
        let first = self.grid.rows[run.row].input;
        let inside = |tap: usize| {
            let y = first + (tap * s.dilation[0]) as isize; // CAST: inside the padded image
            usize::try_from(y).ok().filter(|y| tap < self.tile.inputs() && *y < s.input[0])
        };
        if let (TensorRef::F32(data), true) = (input, Self::reads_in_place(s.layout, s.dtype)) {
            let strides = s.layout.strides(s.in_channels, s.input);
            let rows = std::array::from_fn(|tap| inside(tap).map(|y| strides.at(run.image, 0, y, 0)));
            let columns = 0..s.input[1] as isize; // CAST: extents of a checked problem
            return Source { data, rows, columns, column: s.in_channels, channels: s.in_channels };
        }
        let spans = &self.grid.columns[run.columns.clone()];
        let reach = ((self.tile.inputs() - 1) * s.dilation[1]) as isize; // CAST: inside the padded image
        let left = spans.iter().map(|span| span.input).min().unwrap_or(0).max(0);
        let right = spans.iter().map(|span| span.input + reach + 1).max().unwrap_or(0).min(s.input[1] as isize);
        let columns = left..right.max(left);
        let len = self.inputs.row.min(self.padded_channels());
        let contents = PixelContents::Channels { first: 0, count: s.in_channels, len };
        let row_len = columns.len() * len;
        staging.floats.resize(row_len * LONGEST, 0.0);
        let mut rows = [None; LONGEST];
        for (tap, (row, floats)) in rows.iter_mut().zip(staging.floats.chunks_exact_mut(row_len.max(1))).enumerate() {
            if let Some(y) = inside(tap) {
                let y = y as isize; // CAST: inside the image
                let piece = Piece { image: run.image, rows: y..y + 1, columns: columns.clone() };
                staging.stager.stage(input, &piece, &contents, floats);
                *row = Some(tap * row_len);
            }
        }
        Source { data: &staging.floats, rows, columns, column: len, channels: len }
    }

    /// Transforms one tile.
    ///
    /// # Safety
    /// As [`transform_tiles`](Self::transform_tiles), for the row at `out`.
    unsafe fn transform_tile(&self, source: &Source<'_>, span: &Span, out: *mut f32) {
        let (t, lanes) = (self.tile.inputs(), self.kernels.lanes);
        let zeros = &self.zeros.as_slice()[..source.channels.next_multiple_of(lanes)];
        let mut pixels = [zeros; LONGEST * LONGEST];
        for j in 0..t {
            let x = span.input + (j * self.problem.spec().dilation[1]) as isize; // CAST: inside the padded image
            if !source.columns.contains(&x) {
                continue;
            }
            let at = (x - source.columns.start) as usize * source.column; // CAST: not negative
            for i in 0..t {
                if let Some(row) = source.rows[i] {
                    pixels[i * t + j] = &source.data[row + at..][..source.channels];
                }
            }
        }
        let pointers = pixels.map(<[f32]>::as_ptr);
        let vectors = source.channels / lanes;
        let slab = self.inputs.slab;
        let call = InputCall { pixels: pointers.as_ptr(), vectors, out, slab };
        // SAFETY: the ISA was found available when the backend was made. Each of the `t x t` pointers is to a slice of at
        // least `vectors` vectors; the caller gives a row of every slab, which holds the padded channels.
        unsafe { (self.kernels.input)(&call) };
        let done = vectors * lanes;
        if done == source.channels {
            return;
        }
        let mut tail = [[0.0_f32; MOST_LANES]; LONGEST * LONGEST];
        for (copy, pixel) in tail.iter_mut().zip(pixels) {
            copy[..source.channels - done].copy_from_slice(&pixel[done..source.channels]);
        }
        let pointers = tail.each_ref().map(|copy| copy.as_ptr());
        // SAFETY: as above, with one vector that `tail` holds; the slabs' rows have room for it, as they are padded.
        unsafe { (self.kernels.input)(&InputCall { pixels: pointers.as_ptr(), vectors: 1, out: out.add(done), slab }) };
    }
}
