//! One output channel of few input channels at a time: depthwise layers and single planes.
#![allow(unsafe_code)]

use crate::backend::BackendError;
use crate::backend::cpu::buffer::table;
use crate::backend::cpu::microkernel::planes::sweep::{
    MOST_ROWS, MOST_VECTORS, NO_ROW, SweepCall, SweepKernel, SweepRow,
};
use crate::backend::cpu::microkernel::planes::{RowCopy, find_sweep};
use crate::backend::cpu::output::PlaneRegion;
use crate::backend::cpu::pack::PackedWeights;
use crate::backend::cpu::planes::bands::{Piece, Pieces};
use crate::backend::cpu::planes::strip::{Band, SLACK, Stager, Strip, Window};
use crate::backend::cpu::planes::{Scratch, has_plain_epilogue};
use crate::backend::cpu::prepared::{Ingredients, Method, Operands};
use crate::backend::cpu::threads::PerThread;
use crate::conv::{Activation, CHANNEL_BLOCK, ConvProblem};

/// A prepared problem, as the threads share it.
#[derive(Debug)]
pub(super) struct SweepConv {
    problem: ConvProblem,
    kernel: SweepKernel,
    copy: unsafe fn(&RowCopy),
    /// Output rows of a tile.
    tile_rows: usize,
    window: Window,
    strip: Strip,
    program: Vec<SweepRow>,
    /// Offsets of each column tap and channel, floats.
    steps: Vec<usize>,
    packed: PackedWeights,
    pieces: Pieces,
    plain_epilogue: bool,
    scratch: PerThread<Scratch>,
}

impl Method for SweepConv {
    fn pieces(&self, _phase: usize) -> usize {
        self.pieces.runs()
    }

    fn work(&self, _phase: usize, thread: usize, pieces: &mut dyn Iterator<Item = usize>, operands: &Operands<'_>) {
        let mut scratch = self.scratch.of(thread);
        for piece in pieces.flat_map(|run| self.pieces.run(run)) {
            self.run_piece(&piece, operands, &mut scratch);
        }
    }
}

impl SweepConv {
    /// Packs the weights and cuts the output. `Ok(None)` where a filter row takes channels of several blocks, and where
    /// even the smallest band is too large to stage.
    pub(super) fn new(ingredients: &Ingredients<'_>) -> Result<Option<Self>, BackendError> {
        let Ingredients { problem, plan, isa, team, .. } = *ingredients;
        let (s, group_in) = (problem.spec(), problem.group_in_channels());
        let sweeps = find_sweep(isa, plan.variant.tile_m).ok_or_else(|| BackendError::ForeignPlan {
            reason: format!("{isa} has no kernel {}", plan.variant.name),
        })?;
        if group_in > CHANNEL_BLOCK {
            return Ok(None);
        }
        let window = Window::new(problem)?;
        let Some(pieces) = Pieces::new(problem, plan, &window, sweeps.lanes, false, team.len()) else {
            return Ok(None);
        };
        let kernels = if pieces.band()[1] <= sweeps.lanes { sweeps.narrow } else { sweeps.wide };
        let tile_rows = kernels.rows;
        // A sweep reads whole rows of a last, smaller tile, and whole vectors.
        let rows = pieces.band()[0].next_multiple_of(tile_rows);
        let strip = Strip::staged_in_lines(&window, [rows, pieces.band()[1]]);
        let staged = strip.len(group_in * pieces.groups_a_piece()).saturating_add((MOST_VECTORS + 1) * SLACK);
        let steps = steps(&window, &strip, group_in)?;
        let plain_epilogue = has_plain_epilogue(s);
        let sums = if plain_epilogue { 0 } else { tile_rows * pieces.band()[1] };
        let new_scratch = || Scratch::new(staged, &window, s.dtype, sums);
        Ok(Some(Self {
            problem: *problem,
            kernel: kernels.find(s.kernel, s.stride[0], s.dilation[0], group_in),
            copy: sweeps.copy,
            tile_rows,
            program: program(&window, &strip, tile_rows, group_in),
            steps,
            packed: PackedWeights::pack(ingredients)?,
            plain_epilogue,
            scratch: PerThread::new(team.threads_for(pieces.runs()), new_scratch)?,
            window,
            strip,
            pieces,
        }))
    }

    /// Computes the output channels of a piece.
    fn run_piece(&self, piece: &Piece, operands: &Operands<'_>, scratch: &mut Scratch) {
        let (s, group_in) = (self.problem.spec(), self.problem.group_in_channels());
        let start = (piece.image * s.in_channels + piece.groups.start * group_in) * s.input[0] * s.input[1];
        // All groups are staged before the first one is computed: what was stored a moment ago can't be read at another
        // offset before it has reached the cache.
        let channels = piece.groups.len() * group_in;
        let band = Band { start, channels, first: piece.first, size: piece.size };
        let stager = Stager { window: &self.window, strip: &self.strip, copy: self.copy };
        stager.stage(operands.input, &band, scratch.staged.as_mut_slice(), scratch.widened.as_mut_slice());
        for group in piece.groups.clone() {
            let at = (group - piece.groups.start) * group_in * self.strip.channel_stride;
            self.run_group(piece, group, at, operands, scratch);
        }
    }

    /// Computes the output channels of `piece` in `group`, whose strip starts at float `at`.
    fn run_group(&self, piece: &Piece, group: usize, at: usize, operands: &Operands<'_>, scratch: &mut Scratch) {
        let s = self.problem.spec();
        let Scratch { staged, sums, .. } = scratch;
        let [rows, columns] = piece.size;
        let pitch = self.window.columns.output;
        for channel in piece.channels.clone() {
            let out = group * self.problem.group_out_channels() + channel;
            let region = PlaneRegion { first: piece.first, size: piece.size, pitch };
            let origin = operands.output.planes(piece.image, out, 1, &region);
            let bias = self.packed.bias(group, channel..channel + 1);
            for row in (0..rows).step_by(self.tile_rows) {
                let output_rows = self.tile_rows.min(rows - row);
                let sums = sums.as_mut_slice();
                let (output, output_stride) = if self.plain_epilogue {
                    (origin.data.wrapping_add(row * pitch), pitch)
                } else {
                    (sums.as_mut_ptr(), columns)
                };
                let call = SweepCall {
                    input: staged.as_slice()[at + row * self.strip.pitch..].as_ptr(),
                    program: self.program.as_ptr(),
                    rows: self.program.len(),
                    steps: self.steps.as_ptr(),
                    step_count: self.steps.len(),
                    weights: self.packed.panel(group, channel).as_ptr(),
                    output,
                    output_stride,
                    output_rows,
                    columns,
                    bias: bias.and_then(|bias| bias.first()).copied().unwrap_or(0.0),
                    has_bias: bias.is_some(),
                    relu: self.plain_epilogue && s.epilogue.activation == Activation::Relu,
                };
                // SAFETY: the ISA was found available when the backend was made. The strip was made for whole tiles of
                // rows, so the program's rows under the last one are in it; past its end `staged` has two vectors
                // more, as many floats as the columns of a last pair reach past the row. The panel holds each filter
                // row's steps. The output's rows are in the region that `planes` has checked, which is this piece's
                // alone, or in `sums`, which hold a tile of the widest band.
                unsafe { (self.kernel)(&call) };
                if !self.plain_epilogue {
                    for (i, sums) in sums.chunks_mut(columns).take(output_rows).enumerate() {
                        operands.output.write_run(origin.at + (row + i) * pitch, sums);
                    }
                }
            }
        }
    }
}

/// The input rows under `tile_rows` output rows, from the top, and the filter rows that meet them.
fn program(window: &Window, strip: &Strip, tile_rows: usize, group_in: usize) -> Vec<SweepRow> {
    let axis = &window.rows;
    let row_len = window.columns.taps.len() * group_in;
    let mut program = Vec::new();
    for row in 0..tile_rows + axis.reach {
        for phase in 0..axis.phases.len() {
            let filter_row = |output: usize| {
                let tap = axis
                    .taps
                    .iter()
                    .position(|tap| output < tile_rows && output <= row && *tap == (phase, row - output));
                tap.map_or(NO_ROW, |tap| tap * row_len)
            };
            let weights: [usize; MOST_ROWS] = std::array::from_fn(filter_row);
            if weights.iter().any(|row| *row != NO_ROW) {
                program.push(SweepRow { input: strip.row_offset(window, phase, row), weights });
            }
        }
    }
    program
}

/// What a filter row's weights meet, from the start of an input row: column taps, for each the channels.
fn steps(window: &Window, strip: &Strip, group_in: usize) -> Result<Vec<usize>, BackendError> {
    let taps = window.columns.taps.iter().map(|tap| strip.column_offset(*tap));
    let steps = taps.flat_map(|tap| (0..group_in).map(move |channel| tap + channel * strip.channel_stride));
    table(window.columns.taps.len().saturating_mul(group_in), steps, "steps of a filter row")
}
