//! From the input tensor to transformed tiles.
#![allow(unsafe_code)]

use crate::backend::cpu::buffer::AlignedBuffer;
use crate::backend::cpu::microkernel::winograd::InputCall;
use crate::backend::cpu::stage::{Piece, Stager};
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
    /// The tile's input rows: `columns` pixels, `None` in the padding.
    rows: [Option<&'a [f32]>; LONGEST],
    /// The image's columns that the rows hold.
    columns: Range<isize>,
    /// Channels of a pixel, which are also the floats between columns.
    channels: usize,
}

/// The pixels of a tile, row by row: each points to a pixel's channels, or to as many zeros.
type Pixels = [*const f32; LONGEST * LONGEST];

/// Copies of input rows that can't be read in place.
#[derive(Debug)]
pub(super) struct Staging {
    pub stager: Stager,
    /// The input rows of the longest run.
    pub floats: AlignedBuffer,
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
            let spans = &self.grid.columns[run.columns.clone()];
            let mut next = spans.first().map(|span| self.pixels(&source, span));
            for index in 0..spans.len() {
                let Some(pixels) = next else { break };
                next = spans.get(index + 1).map(|span| self.pixels(&source, span));
                let ahead = next.as_ref().unwrap_or(&pixels);
                // SAFETY: `pixels` are as long as the source says; the caller's promise, for one row after the other.
                unsafe { self.transform_tile(&pixels, ahead, source.channels, out.add(row * self.inputs.row)) };
                row += 1;
            }
        }
    }

    /// Floats that the copies of a run of at most `tiles` tiles take.
    pub(super) fn staged_len(&self, tiles: usize) -> usize {
        let s = self.problem.spec();
        if Self::reads_in_place(s.layout, s.dtype) {
            return 0;
        }
        // Tiles of several phases lie all over the row.
        let apart = if s.dilation[1] == 1 { tiles.saturating_mul(self.tile.outputs()) + 2 } else { usize::MAX };
        self.tile.inputs().saturating_mul(apart.min(s.input[1])).saturating_mul(self.padded_channels())
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
            let row = |y: usize| &data[strides.at(run.image, 0, y, 0)..][..strides.row];
            let columns = 0..s.input[1] as isize; // CAST: extents of a checked problem
            return Source { rows: std::array::from_fn(|tap| inside(tap).map(row)), columns, channels: s.in_channels };
        }
        let spans = &self.grid.columns[run.columns.clone()];
        let reach = ((self.tile.inputs() - 1) * s.dilation[1]) as isize; // CAST: inside the padded image
        let left = spans.iter().map(|span| span.input).min().unwrap_or(0).max(0);
        let right = spans.iter().map(|span| span.input + reach + 1).max().unwrap_or(0).min(s.input[1] as isize);
        let columns = left..right.max(left);
        let len = self.padded_channels();
        let row_len = columns.len() * len;
        let mut rows = [None; LONGEST];
        let floats = staging.floats.as_mut_slice().chunks_exact_mut(row_len.max(1));
        for (tap, (row, floats)) in rows.iter_mut().zip(floats).enumerate() {
            if let Some(y) = inside(tap) {
                let y = y as isize; // CAST: inside the image
                let piece = Piece { image: run.image, rows: y..y + 1, columns: columns.clone() };
                staging.stager.stage(input, &piece, &(0..s.in_channels), len, floats);
                *row = Some(&*floats);
            }
        }
        Source { rows, columns, channels: len }
    }

    /// The pixels of the tile in the columns of `span`.
    fn pixels(&self, source: &Source<'_>, span: &Span) -> Pixels {
        let t = self.tile.inputs();
        let mut pixels = [self.zeros.as_slice()[..source.channels].as_ptr(); LONGEST * LONGEST];
        for j in 0..t {
            let x = span.input + (j * self.problem.spec().dilation[1]) as isize; // CAST: inside the padded image
            if !source.columns.contains(&x) {
                continue;
            }
            let at = (x - source.columns.start) as usize * source.channels; // CAST: not negative
            for i in 0..t {
                if let Some(row) = source.rows[i] {
                    // A pixel of the row, which holds one for each of the columns.
                    pixels[i * t + j] = row.as_ptr().wrapping_add(at);
                }
            }
        }
        pixels
    }

    /// Transforms one tile; the one `ahead` comes next.
    ///
    /// # Safety
    /// Each of `pixels` must hold `channels` floats. As [`transform_tiles`](Self::transform_tiles) for the row at `out`.
    unsafe fn transform_tile(&self, pixels: &Pixels, ahead: &Pixels, channels: usize, out: *mut f32) {
        let lanes = self.kernels.lanes;
        let vectors = channels / lanes;
        let slab = self.inputs.slab;
        let call = InputCall { pixels: pixels.as_ptr(), ahead: ahead.as_ptr(), vectors, out, slab };
        // SAFETY: the ISA was found available when the backend was made. Each of the `t x t` pointers is to at least
        // `vectors` vectors; the caller gives a row of every slab, which holds the padded channels.
        unsafe { (self.kernels.input)(&call) };
        let done = vectors * lanes;
        if done == channels {
            return;
        }
        let mut tail = [[0.0_f32; MOST_LANES]; LONGEST * LONGEST];
        for (copy, pixel) in tail.iter_mut().zip(pixels) {
            // SAFETY: the pixel holds `channels` floats, of which `done` are skipped.
            let rest = unsafe { std::slice::from_raw_parts(pixel.add(done), channels - done) };
            copy[..channels - done].copy_from_slice(rest);
        }
        let pointers = tail.each_ref().map(|copy| copy.as_ptr());
        // SAFETY: as above, with one vector that `tail` holds; the slabs' rows have room for it, as they are padded.
        unsafe {
            (self.kernels.input)(&InputCall { pixels: pointers.as_ptr(), vectors: 1, out: out.add(done), ..call })
        };
    }
}
