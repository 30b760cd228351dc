//! Planes: vectors of neighbouring output pixels of one plane, weights broadcast. For NCHW, and for a single channel in
//! any layout.
//!
//! Output planes are cut into bands of rows (of pixels, where the window is a single pixel). The input under a band is
//! read in place, or staged with its padding and its columns apart by stride, so that every tap reads neighbouring
//! floats (`axis`, `strip`). The pixels of a band are vectors that may run over row ends (`pixels`); all output
//! channels of a piece meet the same band.
#![allow(unsafe_code)]

mod axis;
mod bands;
mod pixels;
mod strip;
mod sweep;

use crate::backend::BackendError;
use crate::backend::cpu::buffer::AlignedBuffer;
use crate::backend::cpu::microkernel::planes::{self, PixelStore, PixelVector, PlaneCall, PlaneKernels};
use crate::backend::cpu::output::PlaneRegion;
use crate::backend::cpu::pack::PackedWeights;
use crate::backend::cpu::prepared::{Ingredients, Method, Operands};
use crate::backend::cpu::threads::PerThread;
use crate::conv::{Activation, ConvProblem, ConvSpec, DType, Layout, TensorRef};
use bands::{Piece, Pieces};
use pixels::{Pitch, PixelTable};
use strip::{Band, SLACK, Stager, Strip, Window};
use sweep::SweepConv;

/// The method of a plan whose kernel is one of planes; `Ok(None)` where the tensors are no planes, or a band is too large
/// to stage.
pub(super) fn method(ingredients: &Ingredients<'_>) -> Result<Option<Box<dyn Method>>, BackendError> {
    let s = ingredients.problem.spec();
    let are_planes = s.layout == Layout::Nchw || (s.in_channels == 1 && s.out_channels == 1);
    Ok(match ingredients.plan.variant.tile_n {
        _ if !are_planes => None,
        1 => SweepConv::new(ingredients)?.map(|conv| Box::new(conv) as _),
        _ => PlanesConv::new(ingredients)?.map(|conv| Box::new(conv) as _),
    })
}

/// A prepared problem, as the threads share it.
#[derive(Debug)]
struct PlanesConv {
    problem: ConvProblem,
    kernels: PlaneKernels,
    tile_n: usize,
    window: Window,
    in_place: bool,
    strip: Strip,
    /// Floats from a band's first position to what each tap meets.
    taps: Vec<usize>,
    packed: PackedWeights,
    pieces: Pieces,
    /// The vectors of a whole band, and of the last one of a plane.
    tables: [PixelTable; 2],
    plain_epilogue: bool,
    scratch: PerThread<Scratch>,
}

/// A thread's scratch.
#[derive(Debug)]
struct Scratch {
    staged: AlignedBuffer,
    widened: AlignedBuffer,
    /// Empty where kernels store the outputs themselves.
    sums: AlignedBuffer,
}

impl Scratch {
    fn new(staged: usize, window: &Window, dtype: DType, sums: usize) -> Result<Self, BackendError> {
        let widened = if dtype == DType::F16 { window.columns.input } else { 0 };
        Ok(Self {
            staged: AlignedBuffer::zeroed(staged, "staged planes")?,
            widened: AlignedBuffer::zeroed(widened, "a widened row")?,
            sums: AlignedBuffer::zeroed(sums, "sums of a tile")?,
        })
    }
}

/// Whether sums need nothing but a bias and perhaps a relu, so that kernels store them themselves.
fn has_plain_epilogue(s: &ConvSpec) -> bool {
    let simple = matches!(s.epilogue.activation, Activation::None | Activation::Relu);
    s.dtype == DType::F32 && !s.epilogue.residual && simple
}

impl Method for PlanesConv {
    fn pieces(&self, _phase: usize) -> usize {
        self.pieces.runs()
    }

    fn work(&self, _phase: usize, thread: usize, pieces: &mut dyn Iterator<Item = usize>, operands: &Operands<'_>) {
        let mut scratch = self.scratch.of(thread);
        for piece in pieces.flat_map(|run| self.pieces.run(run)) {
            for group in piece.groups.clone() {
                self.run_band(&piece, group, operands, &mut scratch);
            }
        }
    }
}

impl PlanesConv {
    /// Packs the weights and cuts the output. `Ok(None)` where even the smallest band is too large to stage.
    fn new(ingredients: &Ingredients<'_>) -> Result<Option<Self>, BackendError> {
        let Ingredients { problem, plan, isa, team, .. } = *ingredients;
        let (variant, s) = (&plan.variant, problem.spec());
        let kernels = planes::find(isa, variant.tile_m, variant.tile_n)
            .ok_or_else(|| BackendError::ForeignPlan { reason: format!("{isa} has no kernel {}", variant.name) })?;
        let window = Window::new(problem)?;
        let in_place = window.in_place(s.dtype);
        let Some(pieces) = Pieces::new(problem, plan, &window, kernels.lanes, in_place, team.len()) else {
            return Ok(None);
        };
        let band = pieces.band();
        let strip = if in_place { Strip::in_place(&window) } else { Strip::staged(&window, band) };
        let pitch = Pitch { input: strip.pitch, output: window.columns.output };
        let table = |band| PixelTable::new(band, pitch, kernels.lanes);
        let staged = if in_place { 0 } else { strip.len(problem.group_in_channels()).saturating_add(2 * SLACK) };
        let plain_epilogue = has_plain_epilogue(s);
        let sums = if plain_epilogue { 0 } else { variant.tile_m * variant.tile_n };
        let new_scratch = || Scratch::new(staged, &window, s.dtype, sums);
        let scratch = PerThread::new(team.threads_for(pieces.runs()), new_scratch)?;
        Ok(Some(Self {
            problem: *problem,
            kernels,
            tile_n: variant.tile_n,
            tables: [table(band)?, table(pieces.last_band())?],
            taps: strip::tap_offsets(&window, &strip)?,
            window,
            in_place,
            strip,
            packed: PackedWeights::pack(ingredients)?,
            pieces,
            plain_epilogue,
            scratch,
        }))
    }

    /// Computes the output channels of `piece` in `group` over its band.
    fn run_band(&self, piece: &Piece, group: usize, operands: &Operands<'_>, scratch: &mut Scratch) {
        let (s, group_in) = (self.problem.spec(), self.problem.group_in_channels());
        let plane_len = s.input[0] * s.input[1];
        let start = (piece.image * s.in_channels + group * group_in) * plane_len;
        let Scratch { staged, widened, sums } = scratch;
        let input = match operands.input {
            TensorRef::F32(data) if self.in_place => {
                &data[start + piece.first[0] * self.window.columns.input + piece.first[1]..]
            }
            input => {
                let band = Band { start, channels: group_in, first: piece.first, size: piece.size };
                let stager = Stager { window: &self.window, strip: &self.strip, copy: self.kernels.copy };
                stager.stage(input, &band, staged.as_mut_slice(), widened.as_mut_slice());
                staged.as_slice()
            }
        };
        let region = PlaneRegion { first: piece.first, size: piece.size, pitch: self.window.columns.output };
        let table = &self.tables[usize::from(piece.is_last_size)];
        let all_lanes = ((1_u64 << self.kernels.lanes) - 1) as u32; // CAST: at most 32 lanes
        let reach = self.taps.iter().copied().max().unwrap_or(0)
            + (group_in - 1) * self.strip.channel_stride
            + self.kernels.lanes;
        for block in self.pieces.channel_blocks(&piece.channels) {
            for vectors in table.vectors.chunks(self.kernels.tiles.len()) {
                let whole = vectors.iter().all(|vector| vector.stores == 1 && vector.lanes == all_lanes);
                let readable = vectors.last().is_some_and(|last| last.input + reach <= input.len());
                let tile = &self.kernels.tiles[vectors.len() - 1];
                let kernel = if readable { tile.whole } else { tile.masked };
                for channel in block.clone().step_by(self.tile_n) {
                    let used = self.tile_n.min(block.end - channel);
                    let first_out = group * self.problem.group_out_channels() + channel;
                    let origin = operands.output.planes(piece.image, first_out, used, &region);
                    let panel = channel / self.tile_n;
                    let call = PlaneCall {
                        input: input.as_ptr(),
                        vectors: vectors.as_ptr(),
                        stores: table.stores.as_ptr(),
                        tap_offsets: self.taps.as_ptr(),
                        taps: self.taps.len(),
                        channels: group_in,
                        channel_stride: self.strip.channel_stride,
                        weights: self.packed.panel(group, panel).as_ptr(),
                        output: origin.data,
                        output_stride: origin.channel_stride,
                        sums: if self.plain_epilogue { std::ptr::null_mut() } else { sums.as_mut_slice().as_mut_ptr() },
                        channels_used: used,
                        whole,
                        bias: self.packed.bias(group, panel..panel + 1).map_or(std::ptr::null(), <[f32]>::as_ptr),
                        relu: self.plain_epilogue && s.epilogue.activation == Activation::Relu,
                    };
                    // SAFETY: the ISA was found available when the backend was made. `vectors` are as many as the
                    // tile has, and all that it may read, to the last lane of the last channel under the last tap, is
                    // in `input` (`readable`, or only lanes that are output pixels, whose taps are in the tensor). The
                    // panel and its bias are as long as the kernel's channels ask for. The table's stores stay in the
                    // band that `planes` has checked, which is this piece's alone; `sums` holds a tile where the
                    // kernel does not store outputs itself.
                    unsafe { kernel(&call) };
                    if !self.plain_epilogue {
                        let sums = sums.as_mut_slice();
                        self.store(sums, vectors, &table.stores, used, |at, sums| {
                            operands.output.write_run(origin.at.wrapping_add_signed(at), sums);
                        });
                    }
                }
            }
        }
    }

    /// Hands each run of a tile's sums to `write`, with its distance from the band's first element in the output.
    fn store(
        &self,
        sums: &mut [f32],
        vectors: &[PixelVector],
        stores: &[PixelStore],
        channels: usize,
        write: impl Fn(isize, &mut [f32]),
    ) {
        let lanes = self.kernels.lanes;
        let plane_len = self.problem.output_pixels();
        for (channel, sums) in sums.chunks_mut(vectors.len() * lanes).take(channels).enumerate() {
            for (vector, sums) in vectors.iter().zip(sums.chunks_mut(lanes)) {
                for store in &stores[vector.first_store..][..vector.stores] {
                    let first = store.lanes.trailing_zeros() as usize;
                    let len = store.lanes.count_ones() as usize;
                    let at = (channel * plane_len + first) as isize + store.output; // CAST: in a tensor
                    write(at, &mut sums[first..first + len]);
                }
            }
        }
    }
}
