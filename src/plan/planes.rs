//! What planes cost: vectors of pixels of one plane, and the copies that other families make of planes.

use crate::conv::{CHANNEL_BLOCK, ConvProblem, DType, Layout};
use crate::plan::machine::{Family, KernelVariant, MachineModel};

/// Filter rows that a sweep takes at most.
const MOST_FILTER_ROWS: usize = 256;
/// Pixels of an f16 plane that are widened at most.
const MOST_WIDENED: usize = 1 << 20;

/// Whether a kernel of planes can compute `problem`: its planes are contiguous, and the strip of input rows that one
/// output row needs stays in the second level.
pub(super) fn can_compute(problem: &ConvProblem, machine: &MachineModel, variant: &KernelVariant) -> bool {
    let s = problem.spec();
    // Sweeps are programmed tap by tap; f16 planes are widened a row at a time, which for 1x1 is all of it.
    let long = s.kernel[0] > MOST_FILTER_ROWS || problem.group_in_channels() > CHANNEL_BLOCK;
    let wide = s.dtype == DType::F16 && s.input[0].saturating_mul(s.input[1]) > MOST_WIDENED;
    if (variant.tile_n == 1 && long) || wide {
        return false;
    }
    let contiguous = s.layout == Layout::Nchw || (s.in_channels == 1 && s.out_channels == 1);
    let capacity = machine.levels.get(1).and_then(|level| level.capacity_bytes).unwrap_or(u64::MAX) as f64;
    let reach = (s.kernel[0] - 1) as f64 * s.dilation[0] as f64 + 1.0;
    let width = (s.input[1] + s.padding.left + s.padding.right) as f64;
    let row = if needs_no_strip(problem) { 0.0 } else { reach * width * problem.group_in_channels() as f64 * 4.0 };
    contiguous && row <= capacity / 2.0
}

/// Whether the input is read in place, a plane as one long row.
fn needs_no_strip(problem: &ConvProblem) -> bool {
    let (s, p) = (problem.spec(), problem.spec().padding);
    let plain = s.kernel == [1, 1] && s.stride == [1, 1] && [p.top, p.bottom, p.left, p.right] == [0; 4];
    plain && s.dtype == DType::F32
}

/// Vectors of a plane: they start with each row or run over row ends, whichever are fewer.
fn vectors(problem: &ConvProblem, lanes: usize, variant: &KernelVariant) -> f64 {
    let s = problem.spec();
    if variant.tile_n == 1 {
        // Sweeps compute four rows two vectors wide, or eight where one vector is enough.
        let [rows, columns] = problem.output();
        let tile_rows = if columns <= lanes { 8 } else { 4 };
        return rows.next_multiple_of(tile_rows) as f64 * columns.div_ceil(lanes * 8 / tile_rows) as f64 * 8.0
            / tile_rows as f64;
    }
    let [rows, columns] = problem.output().map(|extent| extent as f64);
    let reach = ((s.kernel[1] - 1) as f64 * s.dilation[1] as f64 / s.stride[1] as f64).floor();
    let over = ((rows * (columns + reach) - reach) / lanes as f64).ceil();
    over.min(rows * (columns / lanes as f64).ceil())
}

/// Cycles that a fused multiply-add takes until the next one of its chain.
const FMA_LATENCY: f64 = 4.0;
/// Cycles to start copying the rows of a plane's phase.
const COPY_CYCLES: f64 = 60.0;
/// Cycles to copy a vector of a row, and where columns are taken apart by the stride (measured on Zen 4).
const COPIED_VECTOR_CYCLES: [f64; 2] = [5.0, 10.0];
/// Cycles to transpose a vector, in blocks of as many vectors as lanes (measured on Zen 4: 7 in whole blocks, 13 where
/// planes are a few blocks).
const TRANSPOSED_VECTOR_CYCLES: f64 = 10.0;

/// Cycles of all units together of a kernel of [`Family::Planes`]: whole vectors, the last tile of a plane with fewer of
/// them, whose chains may be too few to hide their latency, and the strips.
pub(super) fn cycles(problem: &ConvProblem, machine: &MachineModel, variant: &KernelVariant) -> f64 {
    let (s, compute) = (problem.spec(), &machine.compute);
    let rate = compute.fma_per_cycle * variant.efficiency * variant.rate;
    let step = |vectors: f64| (vectors * variant.tile_n as f64 / rate).max(FMA_LATENCY);
    let of_tile = (variant.tile_m / compute.lanes.max(1)).max(1) as f64;
    let vectors = vectors(problem, compute.lanes, variant);
    let whole = (vectors / of_tile).floor();
    let last = vectors - whole * of_tile;
    let steps = whole * step(of_tile) + if last > 0.0 { step(last) } else { 0.0 };
    let tile = (compute.tile_cycles + variant.start_cycles) * (vectors / of_tile).ceil();
    let panels = s.groups as f64 * problem.group_out_channels().div_ceil(variant.tile_n) as f64;
    let planes = s.batch as f64 * s.in_channels as f64;
    s.batch as f64 * panels * (steps * problem.reduction_len() as f64 + tile)
        + planes * copying_cycles(problem, machine)
}

/// Cycles to copy a plane into strips, a phase of its rows and columns at a time.
fn copying_cycles(problem: &ConvProblem, machine: &MachineModel) -> f64 {
    if needs_no_strip(problem) {
        return 0.0;
    }
    let s = problem.spec();
    let phases = [0, 1].map(|axis| s.stride[axis].min(s.kernel[axis]) as f64);
    let [rows, columns] = problem.output().map(|extent| extent as f64);
    let reach = |axis: usize| (s.kernel[axis] - 1) as f64 * s.dilation[axis] as f64 / s.stride[axis] as f64;
    let vectors = ((columns + reach(1)) / machine.compute.lanes as f64).ceil();
    let vector_cycles = COPIED_VECTOR_CYCLES[usize::from(s.stride[1] > 1)];
    phases[0] * phases[1] * (COPY_CYCLES + (rows + reach(0)) * vectors * vector_cycles)
}

/// Cycles of all units together that other families spend on planes: they compute with the channels of a pixel side by
/// side, so input and output are transposed.
pub(super) fn transposing_cycles(problem: &ConvProblem, machine: &MachineModel, family: Family) -> f64 {
    let s = problem.spec();
    if family == Family::Planes || s.layout != Layout::Nchw || !machine.compute.caller_is_unit {
        return 0.0; // a GPU's kernels exist for both layouts
    }
    let elements = problem.input_len() as f64 + problem.output_len() as f64;
    elements / machine.compute.lanes as f64 * TRANSPOSED_VECTOR_CYCLES
}
