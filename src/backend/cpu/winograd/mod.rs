//! Winograd's algorithm: fewer products for dense 3 x 3 filters with stride 1, dilated or not.
//!
//! Tiles of the input are transformed into one matrix `[tiles][input channels]` for each of a tile's `t x t` products,
//! each meets its matrix of transformed filters, and the sums are transformed back into outputs. A piece of work is a
//! strip of tiles; either each thread transforms the strips that it takes, or, where strips are too few, all threads
//! share one set of matrices: they transform all tiles first and then take blocks of output channels.
#![allow(unsafe_code)]

mod grid;
mod input;
mod output;
mod slabs;
mod weights;

use crate::backend::BackendError;
use crate::backend::cpu::buffer::AlignedBuffer;
use crate::backend::cpu::isa::Isa;
use crate::backend::cpu::microkernel::winograd::{self as kernels, ProductCall, WinogradKernels};
use crate::backend::cpu::prepared::{Ingredients, Method, Operands};
use crate::backend::cpu::stage::Stager;
use crate::backend::cpu::threads::PerThread;
use crate::conv::{Activation, ConvProblem, WinogradTile};
use crate::plan::WinogradCut;
use grid::Grid;
use input::Staging;
use slabs::{SharedSlabs, Slabs};
use std::ops::Range;
use weights::TransformedWeights;

/// Chunks of tiles a thread that transform a shared input: a few, for balance.
const CHUNKS_A_THREAD: usize = 4;

/// A prepared problem, as the threads share it.
#[derive(Debug)]
pub(super) struct WinogradConv {
    problem: ConvProblem,
    tile: WinogradTile,
    kernels: WinogradKernels,
    grid: Grid,
    /// Tiles of a strip.
    strip: usize,
    /// Tiles of a chunk of the shared input.
    chunk: usize,
    tile_n: usize,
    /// Output channels of a block, padded to whole panels.
    block_n: usize,
    weights: TransformedWeights,
    /// A thread's or everybody's transformed input.
    inputs: Slabs,
    /// A thread's sums.
    sums: Slabs,
    shared: Option<SharedSlabs>,
    /// A pixel in the padding.
    zeros: AlignedBuffer,
    /// Outputs need nothing but a bias and perhaps a relu, so kernels store them where the layout allows it.
    plain_epilogue: bool,
    scratch: PerThread<Scratch>,
}

/// A thread's scratch.
#[derive(Debug)]
struct Scratch {
    staging: Staging,
    /// Empty where the threads share them.
    inputs: AlignedBuffer,
    sums: AlignedBuffer,
    /// Outputs of a run of tiles.
    outputs: AlignedBuffer,
}

impl Method for WinogradConv {
    fn phases(&self) -> usize {
        if self.shared.is_some() { 2 } else { 1 }
    }

    fn pieces(&self, phase: usize) -> usize {
        match (&self.shared, phase) {
            (None, _) => self.strips(),
            (Some(_), 0) => self.grid.tiles().div_ceil(self.chunk),
            (Some(_), _) => self.blocks() * self.strips(),
        }
    }

    fn work(&self, phase: usize, thread: usize, pieces: &mut dyn Iterator<Item = usize>, operands: &Operands<'_>) {
        let mut scratch = self.scratch.of(thread);
        for piece in pieces {
            match (&self.shared, phase) {
                (None, _) => self.whole_strip(piece, operands, &mut scratch),
                (Some(shared), 0) => {
                    let tiles = self.tiles(piece, self.chunk);
                    let row = tiles.start;
                    // SAFETY: `shared` holds `inputs` with a row for every tile. Chunks are disjoint, each is taken by one
                    // thread, and nobody reads before this phase has ended.
                    unsafe {
                        self.transform_tiles(tiles, operands.input, &mut scratch.staging, (shared.pointer().0, row));
                    }
                }
                (Some(shared), _) => {
                    let (block, tiles) = (piece / self.strips(), self.tiles(piece % self.strips(), self.strip));
                    let (data, len) = shared.pointer();
                    // SAFETY: `data` is `len` floats that only the phase before this one wrote.
                    let inputs = unsafe { std::slice::from_raw_parts(data, len) };
                    self.multiply(&inputs[tiles.start * self.inputs.row..], block, tiles.len(), &mut scratch.sums);
                    self.store_tiles(tiles, block, &mut scratch, &operands.output);
                }
            }
        }
    }
}

impl WinogradConv {
    /// Transforms the weights and allocates every thread's scratch. `Ok(None)` where weights are not finite, or
    /// overflow when they are transformed.
    pub(super) fn new(ingredients: &Ingredients<'_>, cut: &WinogradCut) -> Result<Option<Self>, BackendError> {
        let Ingredients { problem, isa, team, .. } = *ingredients;
        let WinogradCut { tile, variant, strip, block_n, shared, .. } = *cut;
        let foreign = |reason: String| BackendError::ForeignPlan { reason };
        let tile_n = variant.tile_n;
        let kernels = kernels::find(isa, tile, tile_n)
            .ok_or_else(|| foreign(format!("{isa} has no kernel {} for {tile}", variant.name)))?;
        let s = problem.spec();
        let fits = s.kernel == [3, 3] && s.stride == [1, 1] && s.groups == 1;
        if !fits || strip == 0 || block_n == 0 || !block_n.is_multiple_of(tile_n) {
            return Err(foreign(format!("{tile} in strips of {strip} tiles x {block_n} channels")));
        }
        let Some(weights) = TransformedWeights::new(ingredients, tile, tile_n, block_n / tile_n)? else {
            return Ok(None);
        };
        let grid = Grid::new(problem, tile)?;
        let strip = strip.min(grid.tiles());
        let padded = s.in_channels.next_multiple_of(kernels.lanes);
        let input_rows = if shared { grid.tiles() } else { strip };
        let inputs = Slabs::new(tile.products(), input_rows, padded);
        let mut conv = Self {
            problem: *problem,
            tile,
            kernels,
            strip,
            chunk: grid.tiles().div_ceil(team.len() * CHUNKS_A_THREAD),
            grid,
            tile_n,
            block_n,
            weights,
            inputs,
            sums: Slabs::new(tile.products(), strip, block_n),
            shared: shared.then(|| SharedSlabs::new(&inputs)).transpose()?,
            zeros: AlignedBuffer::zeroed(padded, "zeros for the padding")?,
            plain_epilogue: !s.epilogue.residual
                && matches!(s.epilogue.activation, Activation::None | Activation::Relu),
            scratch: PerThread::default(),
        };
        let most_pieces = (0..conv.phases()).map(|phase| conv.pieces(phase)).max().unwrap_or(1);
        conv.scratch = PerThread::new(team.threads_for(most_pieces), || conv.new_scratch(isa))?;
        Ok(Some(conv))
    }

    fn new_scratch(&self, isa: Isa) -> Result<Scratch, BackendError> {
        let inputs = if self.shared.is_some() { 0 } else { self.inputs.len() };
        let columns = self.grid.columns.len();
        let longest_run = self.strip.max(if self.shared.is_some() { self.chunk } else { 0 }).min(columns);
        let outputs = self.tile.outputs() * self.tile.outputs() * self.strip.min(columns);
        Ok(Scratch {
            staging: Staging {
                stager: Stager::new(&self.problem, isa),
                floats: AlignedBuffer::zeroed(self.staged_len(longest_run), "staged input")?,
            },
            inputs: AlignedBuffer::zeroed(inputs, "transformed input")?,
            sums: AlignedBuffer::zeroed(self.sums.len(), "sums of products")?,
            outputs: AlignedBuffer::zeroed(outputs.saturating_mul(self.block_n), "outputs of tiles")?,
        })
    }

    /// Input channels, padded to whole vectors.
    fn padded_channels(&self) -> usize {
        self.problem.spec().in_channels.next_multiple_of(self.kernels.lanes)
    }

    fn strips(&self) -> usize {
        self.grid.tiles().div_ceil(self.strip)
    }

    /// Blocks of output channels.
    fn blocks(&self) -> usize {
        self.problem.spec().out_channels.div_ceil(self.block_n)
    }

    /// Part `index` of all tiles, in parts of `len`.
    fn tiles(&self, index: usize, len: usize) -> Range<usize> {
        index * len..((index + 1) * len).min(self.grid.tiles())
    }

    /// All of a strip, by one thread.
    fn whole_strip(&self, strip: usize, operands: &Operands<'_>, scratch: &mut Scratch) {
        let tiles = self.tiles(strip, self.strip);
        let out = scratch.inputs.as_mut_slice().as_mut_ptr();
        // SAFETY: the scratch holds `inputs` with a row for each tile of a strip, and is this thread's alone.
        unsafe { self.transform_tiles(tiles.clone(), operands.input, &mut scratch.staging, (out, 0)) };
        for block in 0..self.blocks() {
            self.multiply(scratch.inputs.as_slice(), block, tiles.len(), &mut scratch.sums);
            self.store_tiles(tiles.clone(), block, scratch, &operands.output);
        }
    }

    /// The products of `rows` transformed tiles, the first of which is at the start of `inputs`, with the filters of
    /// `block`.
    fn multiply(&self, inputs: &[f32], block: usize, rows: usize, sums: &mut AlignedBuffer) {
        let sums = sums.as_mut_slice();
        let (depth, panels) = (self.problem.spec().in_channels, self.block_n / self.tile_n);
        let used = self.problem.spec().out_channels - block * self.block_n;
        let panels = panels.min(used.div_ceil(self.tile_n));
        let split = RowSplit::new(rows, self.kernels.products.len());
        for product in 0..self.tile.products() {
            for panel in 0..panels {
                let weights = self.weights.panel(block, product, panel);
                let next = if panel + 1 < panels { (product, panel + 1) } else { (product + 1, 0) };
                let mut prefetch = self.weights.panel(block, next.0, next.1).as_ptr();
                for tile in 0..split.tiles {
                    let part = split.rows(tile);
                    let at = product * self.inputs.slab + part.start * self.inputs.row;
                    let to = product * self.sums.slab + part.start * self.sums.row + panel * self.tile_n;
                    let a = &inputs[at..][..(part.len() - 1) * self.inputs.row + depth];
                    let out = &mut sums[to..][..(part.len() - 1) * self.sums.row + self.tile_n];
                    let call = ProductCall {
                        a: a.as_ptr(),
                        a_stride: self.inputs.row,
                        depth,
                        b: weights[..depth * self.tile_n].as_ptr(),
                        out: out.as_mut_ptr(),
                        out_stride: self.sums.row,
                        prefetch,
                    };
                    // SAFETY: the ISA was found available when the backend was made; `a`, `weights` and `out` are sliced to
                    // what the kernel of `part.len()` rows reads and writes, and are three different buffers.
                    unsafe { (self.kernels.products[part.len() - 1])(&call) };
                    prefetch = weights.as_ptr(); // close already: the next panel is asked for once
                }
            }
        }
    }
}

/// Rows split into tiles of nearly the same count.
#[derive(Clone, Copy, Debug)]
struct RowSplit {
    tiles: usize,
    each: usize,
    /// So many tiles have one more.
    longer: usize,
}

impl RowSplit {
    fn new(rows: usize, most: usize) -> Self {
        let tiles = rows.div_ceil(most);
        Self { tiles, each: rows / tiles.max(1), longer: rows % tiles.max(1) }
    }

    fn rows(self, tile: usize) -> Range<usize> {
        let start = tile * self.each + tile.min(self.longer);
        start..start + self.each + usize::from(tile < self.longer)
    }
}
