//! The loops around the lanewise kernels: depthwise convolutions and small groups.
//!
//! A block is taken in tiles of output columns, in the order of the plan's [`Walk`]: along the rows one call of the kernel
//! takes all vectors of channels, so that pixels are read and written whole, as they lie in memory; down the columns it
//! takes some vectors and all rows of a tile, so that the first-level cache still has the rows that windows share. Inputs
//! that don't lie as f32 pixels are staged, some output rows at a time.

mod strips;

use crate::backend::BackendError;
use crate::backend::cpu::buffer::AlignedBuffer;
use crate::backend::cpu::microkernel::{self, StripRow};
use crate::backend::cpu::pack::PackedWeights;
use crate::backend::cpu::prepared::{Ingredients, Method, Operands};
use crate::backend::cpu::stage::{Piece, Stager};
use crate::backend::cpu::threads::PerThread;
use crate::backend::cpu::tiled::MOST_BLOCKS;
use crate::backend::cpu::window::Window;
use crate::conv::{Activation, ConvProblem, DType, Layout, TensorRef};
use crate::plan::{OutputBlock, Stores, Walk};
use std::ops::Range;

/// Floats of staged input that a thread aims at, to find them in its L2: 256 KiB.
const STAGE_AIM: usize = 1 << 16;
/// Floats of staged input that a thread may hold, where a tile needs that much: 4 MiB.
const STAGE_BUDGET: usize = 1 << 20;

/// A prepared problem, as the threads share it.
#[derive(Debug)]
pub(super) struct LanewiseConv {
    problem: ConvProblem,
    kernel: StripRow,
    /// Output and input channels of a vector, or of the vectors that the kernel takes together: whole groups.
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
    walk: Walk,
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
        let kernel = *microkernel::find_strip(isa, [variant.tile_m, variant.tile_n], variant.window)
            .ok_or_else(|| BackendError::ForeignPlan { reason: format!("{isa} has no kernel {}", variant.name) })?;
        if !variant.can_compute(problem) || plan.block_count() > MOST_BLOCKS {
            return Ok(None);
        }
        let (s, group_in, group_out) = (problem.spec(), problem.group_in_channels(), problem.group_out_channels());
        let vector_out = variant.panel_channels(problem);
        let source = |channel: usize, lane: usize| (lane % vector_out / group_out * group_in + channel) as u32; // CAST: a lane
        let mut packed = PackedWeights::pack(ingredients)?;
        if let Some(lanes) = kernel.lanes() {
            packed.reorder_lanes(&lanes);
        }
        let mut conv = Self {
            problem: *problem,
            kernel,
            vector_out,
            vector_in: vector_out / group_out * group_in,
            window: Window::per_tap(problem),
            packed,
            spread: (0..group_in).flat_map(|c| (0..variant.tile_n).map(move |lane| source(c, lane))).collect(),
            blocks: (0..plan.block_count()).map(|index| plan.block(index)).collect(),
            in_place: s.layout == Layout::Nhwc && s.dtype == DType::F32,
            fused: (!s.epilogue.residual).then(|| bounds(s.epilogue.activation)).flatten(),
            stores: plan.stores,
            walk: plan.walk,
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
                sums: AlignedBuffer::zeroed(conv.kernel.tile_m * conv.sums_stride, "accumulators")?,
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
            for rectangle in strips::rectangles(pixels.clone(), self.problem.output()[1]) {
                self.run_rectangle(&rectangle, &vectors, view, operands, &mut scratch.sums);
            }
            pixel = pixels.end;
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
        while width > self.kernel.tile_m && !fits(&piece(1, width)) {
            width = (width / 2).next_multiple_of(self.kernel.tile_m);
        }
        (pixels.start..pixels.start + width, piece(1, width))
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
