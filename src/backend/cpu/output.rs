//! Where results go: residual, activation, rounding to the stored type, and the layout's strides.
#![allow(unsafe_code)]

use crate::backend::cpu::isa::Isa;
use crate::backend::cpu::microkernel::{self, Transposition};
use crate::conv::{Activation, ConvProblem, Layout, Strides, TensorMut, TensorRef};
use half::f16;
use half::slice::HalfFloatSliceExt;
use std::marker::PhantomData;
use std::ops::Range;

/// An output tensor that several threads write, each its own elements.
#[derive(Debug)]
pub(super) struct SharedOutput<'a> {
    data: Elements,
    len: usize,
    strides: Strides,
    /// Whether the next folded pixel, also of the next image, is a pixel's channels further on.
    pixels_adjacent: bool,
    pixels: usize,
    columns: usize,
    activation: Activation,
    residual: Option<TensorRef<'a>>,
    isa: Isa,
    _borrow: PhantomData<&'a mut ()>,
}

#[derive(Clone, Copy, Debug)]
enum Elements {
    F32(*mut f32),
    F16(*mut f16),
}

// SAFETY: the pointer comes from an exclusive borrow that lasts as long as `self`. Threads write through it in
// `write_tile` (and the kernels through `rows`), each only the outputs of its own blocks, and the blocks of a plan are
// disjoint; nobody reads before the borrow ends, except a thread its own elements.
unsafe impl Sync for SharedOutput<'_> {}
// SAFETY: as above; nothing in it belongs to a thread.
unsafe impl Send for SharedOutput<'_> {}

/// A finished tile: `rows` rows of `columns` sums with their bias, `stride` floats apart.
#[derive(Debug)]
pub(super) struct Tile<'a> {
    pub sums: &'a mut [f32],
    pub stride: usize,
    pub rows: usize,
    pub columns: usize,
    /// Folded output pixel of the first row.
    pub pixel: usize,
    /// Output channel of the first column, over all groups.
    pub channel: usize,
}

/// A rectangle of an output plane.
#[derive(Clone, Copy, Debug)]
pub(super) struct PlaneRegion {
    /// First row and column.
    pub first: [usize; 2],
    /// Rows and columns.
    pub size: [usize; 2],
    /// Elements from a row to the next.
    pub pitch: usize,
}

/// Where a rectangle of output planes starts.
#[derive(Clone, Copy, Debug)]
pub(super) struct PlaneOrigin {
    /// Its first element; null where elements are not f32.
    pub data: *mut f32,
    /// That element's index.
    pub at: usize,
    /// Elements from a plane to the next.
    pub channel_stride: usize,
}

impl<'a> SharedOutput<'a> {
    pub(super) fn new(problem: &ConvProblem, output: TensorMut<'a>, residual: Option<TensorRef<'a>>, isa: Isa) -> Self {
        let s = problem.spec();
        let len = output.len();
        let data = match output {
            TensorMut::F32(data) => Elements::F32(data.as_mut_ptr()),
            TensorMut::F16(data) => Elements::F16(data.as_mut_ptr()),
        };
        Self {
            data,
            len,
            strides: s.layout.strides(s.out_channels, problem.output()),
            pixels_adjacent: s.layout == Layout::Nhwc,
            pixels: problem.output_pixels(),
            columns: problem.output()[1],
            activation: s.epilogue.activation,
            residual,
            isa,
            _borrow: PhantomData,
        }
    }

    /// Where a kernel may store a tile's rows itself, and their distance: f32 with the channels side by side. `None`
    /// otherwise, and where `rows x columns` from there would leave the tensor.
    pub(super) fn rows(&self, pixel: usize, channel: usize, rows: usize, columns: usize) -> Option<(*mut f32, usize)> {
        let Elements::F32(data) = self.data else {
            return None;
        };
        if !self.pixels_adjacent {
            return None;
        }
        let start = pixel * self.strides.column + channel;
        let end = start + (rows - 1) * self.strides.column + columns;
        // The pointer stays in the tensor: `start < end <= len`.
        (end <= self.len).then(|| (data.wrapping_add(start), self.strides.column))
    }

    /// Where `channels` planes from `channel` on have their pixels `first .. first + size`. With the planes of a single
    /// pixel's window seen as one row, rows and columns are that row's.
    ///
    /// # Panics
    /// Where they would leave the tensor.
    pub(super) fn planes(&self, image: usize, channel: usize, channels: usize, region: &PlaneRegion) -> PlaneOrigin {
        let channel_stride = self.pixels;
        let at =
            image * self.strides.batch + channel * channel_stride + region.first[0] * region.pitch + region.first[1];
        let end = at + (channels - 1) * channel_stride + (region.size[0] - 1) * region.pitch + region.size[1];
        assert!(end <= self.len);
        let data = match self.data {
            Elements::F32(data) => data.wrapping_add(at),
            Elements::F16(_) => std::ptr::null_mut(),
        };
        PlaneOrigin { data, at, channel_stride }
    }

    /// Applies residual and activation to the sums of neighbouring elements from index `at` on, and stores them.
    pub(super) fn write_run(&self, at: usize, sums: &mut [f32]) {
        match self.residual {
            None => {}
            Some(TensorRef::F32(residual)) => {
                let residual = &residual[at..at + sums.len()];
                sums.iter_mut().zip(residual).for_each(|(sum, residual)| *sum += residual);
            }
            Some(residual) => sums.iter_mut().zip(at..).for_each(|(sum, at)| *sum += residual.get(at)),
        }
        microkernel::activate(self.isa, self.activation, sums);
        self.store(at, sums);
    }

    /// Applies residual and activation to a tile's sums and stores them.
    pub(super) fn write_tile(&self, tile: &mut Tile<'_>) {
        if self.strides.channel == 1 {
            for row in 0..tile.rows {
                let at = self.at(tile.pixel + row, tile.channel);
                self.write_run(at, &mut tile.sums[row * tile.stride..][..tile.columns]);
            }
            return;
        }
        // Pixels of one image are neighbours in its plane.
        let mut row = 0;
        while row < tile.rows {
            let image_end = (tile.pixel + row) / self.pixels * self.pixels + self.pixels - tile.pixel;
            let end = image_end.min(tile.rows).min(row + PLANE_RUN);
            self.write_planes(tile, row..end);
            row = end;
        }
    }

    /// Stores some rows of a tile, pixels of one image, into the planes of its channels.
    fn write_planes(&self, tile: &Tile<'_>, rows: Range<usize>) {
        let at = self.at(tile.pixel + rows.start, tile.channel);
        let mut block = [0.0; PLANE_RUN * PLANE_RUN];
        for first in (0..tile.columns).step_by(PLANE_RUN) {
            let columns = PLANE_RUN.min(tile.columns - first);
            let source = &tile.sums[rows.start * tile.stride + first..];
            assert!(rows.len() <= PLANE_RUN && (rows.len() - 1) * tile.stride + columns <= source.len());
            let mut call = Transposition {
                source: source.as_ptr(),
                source_stride: tile.stride,
                rows: rows.len(),
                columns,
                destination: block.as_mut_ptr(),
                destination_stride: PLANE_RUN,
            };
            let at = at + first * self.strides.channel;
            let direct = self.residual.is_none() && self.activation == Activation::None;
            match self.data {
                Elements::F32(data) if direct => {
                    assert!(at + (columns - 1) * self.strides.channel + rows.len() <= self.len);
                    call.destination = data.wrapping_add(at);
                    call.destination_stride = self.strides.channel;
                    // SAFETY: the ISA in use was found available. The source is a part of `sums`, which is scratch, and
                    // the destination's elements are in the tensor, both asserted, and belong to a block of the
                    // calling thread.
                    unsafe { microkernel::transpose(self.isa, &call) };
                }
                _ => {
                    // SAFETY: as above; `block` holds any block's transpose.
                    unsafe { microkernel::transpose(self.isa, &call) };
                    for (column, run) in block.chunks_exact_mut(PLANE_RUN).take(columns).enumerate() {
                        self.write_run(at + column * self.strides.channel, &mut run[..rows.len()]);
                    }
                }
            }
        }
    }

    /// Stores one finished value.
    pub(super) fn write(&self, pixel: usize, channel: usize, sum: f32) {
        let at = self.at(pixel, channel);
        let sum = self.residual.map_or(sum, |residual| sum + residual.get(at));
        self.store(at, &[self.activation.apply(sum)]);
    }

    fn at(&self, pixel: usize, channel: usize) -> usize {
        let (image, rest) = (pixel / self.pixels, pixel % self.pixels);
        self.strides.at(image, channel, rest / self.columns, rest % self.columns)
    }

    /// Stores neighbouring elements from index `at` on.
    fn store(&self, at: usize, values: &[f32]) {
        assert!(at <= self.len && values.len() <= self.len - at);
        match self.data {
            // SAFETY: inside the tensor (asserted); these elements belong to a block of the calling thread, and
            // `values` is that thread's scratch, so the two don't overlap.
            Elements::F32(data) => unsafe { data.add(at).copy_from_nonoverlapping(values.as_ptr(), values.len()) },
            Elements::F16(data) => {
                // SAFETY: inside the tensor (asserted), initialised, and no other thread touches these elements.
                let stored = unsafe { std::slice::from_raw_parts_mut(data.add(at), values.len()) };
                stored.convert_from_f32_slice(values);
            }
        }
    }
}

/// Pixels and planes that are transposed together.
const PLANE_RUN: usize = 16;
