//! The loops around the lanewise kernels: depthwise convolutions and small groups.
//!
//! A block is taken row by row and a row in tiles of output columns; one call of the kernel then walks all vectors of
//! channels in the block, so that pixels are read and written whole, as they lie in memory. Input rows come again for
//! every filter row, from the caches. Inputs that don't lie as f32 pixels are staged, some output rows at a time.
#![allow(unsafe_code)]

use crate::backend::BackendError;
use crate::backend::cpu::buffer::AlignedBuffer;
use crate::backend::cpu::microkernel::{self, StripCall, StripKernel};
use crate::backend::cpu::output::Tile;
use crate::backend::cpu::pack::PackedWeights;
use crate::backend::cpu::prepared::{Ingredients, Method, Operands};
use crate::backend::cpu::stage::{Piece, Stager};
use crate::backend::cpu::threads::PerThread;
use crate::backend::cpu::tiled::MOST_BLOCKS;
use crate::backend::cpu::window::Window;
use crate::conv::{Activation, ConvProblem, DType, Layout, TensorRef};
use crate::plan::{OutputBlock, Stores};
use std::ops::Range;

/// Floats of staged input that a thread aims at, to find them in its L2: 256 KiB.
const STAGE_AIM: usize = 1 << 16;
/// Floats of staged input that a thread may hold, where a tile needs that much: 4 MiB.
const STAGE_BUDGET: usize = 1 << 20;

/// A prepared problem, as the threads share it.
#[derive(Debug)]
pub(super) struct LanewiseConv {
    problem: ConvProblem,
    kernel: StripKernel,
    tile_m: usize,
    /// Output and input channels of a vector: whole groups.
    vector_out: usize,
    vector_in: usize,
    window: Window,
    packed: PackedWeights,
    /// `[channel of a group][lanes]`: the input lane that an output lane reads.
    spread: Vec<u32>,
    blocks: Vec<OutputBlock>,
    /// f32 pixels are read where they are.
    in_place: bool,
    /// Bounds of the activation; `None` where a tile has to leave through `write_tile`.
    fused: Option<Option<[f32; 2]>>,
    stores: Stores,
    prefetch: bool,
    /// Floats between the output columns of a tile in scratch.
    sums_stride: usize,
    scratch: PerThread<Scratch>,
}

/// A thread's scratch.
#[derive(Debug)]
struct Scratch {
    stager: Stager,
    staged: AlignedBuffer,
    sums: AlignedBuffer,
}

/// Where input pixels lie: pixel (`y`, `x`) starts at `data + (y - top) * row + (x - left) * column` floats, for those of a
/// tile's window that lie in the image.
#[derive(Clone, Copy, Debug)]
struct View {
    data: *const f32,
    top: isize,
    left: isize,
    row: isize,
    column: isize,
}

impl View {
    fn at(&self, y: isize, x: isize) -> *const f32 {
        let offset = (y - self.top).wrapping_mul(self.row).wrapping_add((x - self.left).wrapping_mul(self.column));
        self.data.wrapping_offset(offset)
    }
}

impl Method for LanewiseConv {
    fn pieces(&self, _phase: usize) -> usize {
        self.blocks.len()
    }

    fn work(&self, _phase: usize, thread: usize, pieces: &mut dyn Iterator<Item = usize>, operands: &Operands<'_>) {
        let mut scratch = self.scratch.of(thread);
        for block in pieces.filter_map(|piece| self.blocks.get(piece)) {
            self.run_block(block, operands, &mut scratch);
        }
        if self.stores == Stores::Streaming {
            microkernel::fence_streams();
        }
    }
}

impl LanewiseConv {
    /// Packs the weights and allocates every thread's scratch. `Ok(None)` where a vector holds no whole group, or a
    /// window is too large to stage.
    pub(super) fn new(ingredients: &Ingredients<'_>) -> Result<Option<Self>, BackendError> {
        let Ingredients { problem, plan, isa, team, .. } = *ingredients;
        let variant = &plan.variant;
        let kernel = microkernel::find_strip(isa, variant.tile_m, variant.window)
            .ok_or_else(|| BackendError::ForeignPlan { reason: format!("{isa} has no kernel {}", variant.name) })?;
        if variant.tile_n != microkernel::strip_lanes(isa) {
            let lanes = variant.tile_n;
            return Err(BackendError::ForeignPlan { reason: format!("{isa} has no lanewise kernel of {lanes} lanes") });
        }
        if !variant.can_compute(problem) || plan.block_count() > MOST_BLOCKS {
            return Ok(None);
        }
        let (s, group_in, group_out) = (problem.spec(), problem.group_in_channels(), problem.group_out_channels());
        let vector_out = variant.panel_channels(problem);
        let source = |channel: usize, lane: usize| (lane % vector_out / group_out * group_in + channel) as u32; // CAST: a lane
        let mut conv = Self {
            problem: *problem,
            kernel,
            tile_m: variant.tile_m,
            vector_out,
            vector_in: vector_out / group_out * group_in,
            window: Window::per_tap(problem),
            packed: PackedWeights::pack(ingredients)?,
            spread: (0..group_in).flat_map(|c| (0..variant.tile_n).map(move |lane| source(c, lane))).collect(),
            blocks: (0..plan.block_count()).map(|index| plan.block(index)).collect(),
            in_place: s.layout == Layout::Nhwc && s.dtype == DType::F32,
            fused: (!s.epilogue.residual).then(|| bounds(s.epilogue.activation)).flatten(),
            stores: plan.stores,
            prefetch: plan.prefetch,
            sums_stride: 0,
            scratch: PerThread::default(),
        };
        let Some(staged) = conv.staged_len() else {
            return Ok(None);
        };
        conv.sums_stride = conv.widest_block();
        conv.scratch = PerThread::new(team.threads_for(conv.blocks.len()), || {
            Ok(Scratch {
                stager: Stager::new(problem, isa),
                staged: AlignedBuffer::zeroed(staged, "staged input")?,
                sums: AlignedBuffer::zeroed(conv.tile_m * conv.sums_stride, "accumulators")?,
            })
        })?;
        Ok(Some(conv))
    }

    /// The most channels of a block, in whole cache lines.
    fn widest_block(&self) -> usize {
        let widest = self.blocks.iter().map(|block| self.channels(&self.vectors(block)).len()).max();
        widest.unwrap_or(0).next_multiple_of(16)
    }

    /// Floats that staging takes at most; `None` where a tile's window exceeds the budget.
    fn staged_len(&self) -> Option<usize> {
        if self.in_place {
            return Some(0);
        }
        let mut longest = 0;
        for block in &self.blocks {
            let channels = self.input_channels(&self.vectors(block)).len();
            let mut pixel = block.m.start;
            while pixel < block.m.end {
                let (pixels, piece) = self.staged_chunk(pixel..block.m.end, channels);
                longest = longest.max(piece.pixels().saturating_mul(channels));
                pixel = pixels.end;
            }
            if longest > STAGE_BUDGET {
                return None;
            }
        }
        Some(longest)
    }

    /// Vectors whose first channel lies in `block`: together, the blocks cover each once.
    fn vectors(&self, block: &OutputBlock) -> Range<usize> {
        block.n.start.div_ceil(self.vector_out)..block.n.end.div_ceil(self.vector_out)
    }

    /// Output channels of `vectors`.
    fn channels(&self, vectors: &Range<usize>) -> Range<usize> {
        let all = self.problem.spec().out_channels;
        (vectors.start * self.vector_out).min(all)..(vectors.end * self.vector_out).min(all)
    }

    /// Input channels of `vectors`.
    fn input_channels(&self, vectors: &Range<usize>) -> Range<usize> {
        let all = self.problem.spec().in_channels;
        (vectors.start * self.vector_in).min(all)..(vectors.end * self.vector_in).min(all)
    }

    fn run_block(&self, block: &OutputBlock, operands: &Operands<'_>, scratch: &mut Scratch) {
        let s = self.problem.spec();
        let vectors = self.vectors(block);
        if vectors.is_empty() {
            return;
        }
        let inputs = self.input_channels(&vectors);
        let strides = s.layout.strides(s.in_channels, s.input);
        let mut pixel = block.m.start;
        while pixel < block.m.end {
            let (pixels, view) = match operands.input {
                TensorRef::F32(data) if self.in_place => {
                    let image = pixel / self.problem.output_pixels();
                    let end = ((image + 1) * self.problem.output_pixels()).min(block.m.end);
                    let data = data.as_ptr().wrapping_add(strides.at(image, inputs.start, 0, 0));
                    let (row, column) = (strides.row as isize, strides.column as isize); // CAST: in a tensor
                    (pixel..end, View { data, top: 0, left: 0, row, column })
                }
                input => {
                    let (pixels, piece) = self.staged_chunk(pixel..block.m.end, inputs.len());
                    let staged = &mut scratch.staged.as_mut_slice()[..piece.pixels() * inputs.len()];
                    scratch.stager.stage(input, &piece, &inputs, inputs.len(), staged);
                    let (data, column) = (staged.as_ptr(), inputs.len() as isize); // CAST: in the scratch
                    let row = piece.columns.len() as isize * column; // CAST: likewise
                    (pixels, View { data, top: piece.rows.start, left: piece.columns.start, row, column })
                }
            };
            let columns = self.problem.output()[1];
            pixel = pixels.start;
            while pixel < pixels.end {
                let row_end = (pixel / columns + 1) * columns;
                self.run_row(pixel..row_end.min(pixels.end), &vectors, view, operands, &mut scratch.sums);
                pixel = row_end.min(pixels.end);
            }
        }
    }

    /// Pixels of one image from the start of `pixels`, and the input piece under them: as many whole rows as fit the
    /// aim, or what is left of a row, in halves where that exceeds it.
    fn staged_chunk(&self, pixels: Range<usize>, channels: usize) -> (Range<usize>, Piece) {
        let [image_rows, columns] = self.problem.output();
        let (row, x) = (pixels.start / columns, pixels.start % columns);
        let (image, y) = (row / image_rows, row % image_rows);
        let piece = |rows: usize, width: usize| {
            let [top, bottom] = self.window.input_rows(y, y + rows - 1);
            let [left, right] = self.window.input_columns(x, x + width - 1);
            Piece { image, rows: top..bottom, columns: left..right }
        };
        let fits = |piece: &Piece| piece.pixels().saturating_mul(channels) <= STAGE_AIM;
        let mut rows = if x == 0 { (pixels.len() / columns).min(image_rows - y) } else { 0 };
        while rows > 1 && !fits(&piece(rows, columns)) {
            rows /= 2;
        }
        if rows > 0 && fits(&piece(rows, columns)) {
            return (pixels.start..pixels.start + rows * columns, piece(rows, columns));
        }
        let mut width = pixels.len().min(columns - x);
        while width > self.tile_m && !fits(&piece(1, width)) {
            width = (width / 2).next_multiple_of(self.tile_m);
        }
        (pixels.start..pixels.start + width, piece(1, width))
    }

    /// Computes `pixels`, all of one output row, for `vectors`.
    fn run_row(
        &self,
        pixels: Range<usize>,
        vectors: &Range<usize>,
        view: View,
        operands: &Operands<'_>,
        sums: &mut AlignedBuffer,
    ) {
        let (s, group_in) = (self.problem.spec(), self.problem.group_in_channels());
        let [image_rows, columns] = self.problem.output();
        let y = signed(pixels.start / columns % image_rows * s.stride[0]) - signed(s.padding.top);
        let left = signed(pixels.start % columns * s.stride[1]) - signed(s.padding.left);
        // Filter rows inside the image.
        let rows_before = |end: isize| end.max(0).cast_unsigned().div_ceil(s.dilation[0]).min(s.kernel[0]);
        let filter_rows = rows_before(-y)..rows_before(signed(s.input[0]) - y);
        let first_row = filter_rows.start.min(s.kernel[0] - 1);
        let next_row = y.wrapping_add(signed(filter_rows.end.wrapping_mul(s.dilation[0])));

        let (channels, inputs) = (self.channels(vectors), self.input_channels(vectors));
        let last = vectors.len() - 1;
        let lanes = |all: &Range<usize>, vector: usize| [vector, all.len() - last * vector];
        let output_lanes = lanes(&channels, self.vector_out);
        let direct = match self.fused {
            Some(_) => operands.output.rows(pixels.start, channels.start, pixels.len(), channels.len()),
            None => None,
        };
        let (output, output_stride) = direct.unwrap_or((sums.as_mut_slice().as_mut_ptr(), self.sums_stride));
        let aligned = output.align_offset(64) == 0 && output_stride.is_multiple_of(16);
        let whole = output_lanes == [self.tile_n(); 2];
        let skipped = first_row * s.kernel[1] * group_in * self.tile_n();
        // Tiles are as even as can be.
        let tile = pixels.len().div_ceil(pixels.len().div_ceil(self.tile_m));
        let mut call = StripCall {
            input: view.at(y + signed(first_row.wrapping_mul(s.dilation[0])), left),
            // Wraps where there is one row or column, and nothing to step to.
            row_stride: view.row.unsigned_abs().wrapping_mul(s.dilation[0]),
            column_stride: view.column.unsigned_abs(),
            filter_rows: filter_rows.len(),
            left,
            width: signed(s.input[1]),
            filter_columns: s.kernel[1],
            stride: s.stride[1],
            dilation: s.dilation[1],
            channels: group_in,
            spread: self.spread.as_ptr(),
            vectors: vectors.len(),
            input_lanes: lanes(&inputs, self.vector_in),
            output_lanes,
            weights: self.packed.panel(0, vectors.start)[skipped..].as_ptr(),
            weights_stride: self.packed.panel_len(),
            used: tile,
            output,
            output_stride,
            bias: self.packed.bias(0, vectors.clone()).map_or(std::ptr::null(), <[f32]>::as_ptr),
            clamp: self.fused.filter(|_| direct.is_some()).flatten(),
            streaming: self.stores == Stores::Streaming && direct.is_some() && aligned && whole,
            prefetch_rows: if self.prefetch && self.in_place && (0..signed(s.input[0])).contains(&next_row) {
                s.stride[0].min(s.input[0] - next_row.unsigned_abs())
            } else {
                0
            },
        };
        for pixel in pixels.clone().step_by(tile) {
            call.used = tile.min(pixels.end - pixel);
            if direct.is_none() {
                call.output = sums.as_mut_slice().as_mut_ptr();
            }
            // SAFETY: the ISA was found available when the backend was made, and `can_compute` checked the kernel's
            // window. `input` is the pixel under the tile's corner: the kernel reads `filter_rows` rows, all inside the
            // image, and of them the columns in `0..width`; both lie in the input, whose length was checked, or in the
            // staged piece, which covers every window of its pixels. Lanes are the channels of `vectors`, cut at the last
            // one. The panels of `vectors` follow each other, as do their biases, and `skipped` leaves out the filter
            // rows above the image. `output` is `used` columns of these channels: of the output, checked by
            // `output.rows` and this block's alone, or of this thread's scratch, which has `tile_m` columns of the widest
            // block.
            unsafe { (self.kernel)(&call) };
            if direct.is_some() {
                call.output = call.output.wrapping_add(tile * output_stride);
            } else {
                let sums = &mut sums.as_mut_slice()[..call.used * self.sums_stride];
                let (stride, rows, columns, channel) = (self.sums_stride, call.used, channels.len(), channels.start);
                operands.output.write_tile(&mut Tile { sums, stride, rows, columns, pixel, channel });
            }
            call.left = call.left.wrapping_add(signed(tile.wrapping_mul(s.stride[1])));
            call.input = call.input.wrapping_add(tile.wrapping_mul(s.stride[1]).wrapping_mul(call.column_stride));
        }
    }

    /// Lanes of a vector.
    fn tile_n(&self) -> usize {
        self.spread.len() / self.problem.group_in_channels()
    }
}

fn signed(extent: usize) -> isize {
    extent as isize // CAST: a checked extent of a tensor that fits the address space
}

/// The bounds that clamping does `activation` with, if any; `None` where it takes more than that.
fn bounds(activation: Activation) -> Option<Option<[f32; 2]>> {
    match activation {
        Activation::None => Some(None),
        Activation::Relu => Some(Some([0.0, f32::INFINITY])),
        Activation::Relu6 => Some(Some([0.0, 6.0])),
        Activation::LeakyRelu(_) | Activation::Silu | Activation::Gelu => None,
    }
}
