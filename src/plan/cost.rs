//! The price of a cut: arithmetic, and how often each operand crosses each memory level.
//!
//! All in f64: extents may reach 2^40, and a price needs no more than a few digits. The equations stand in
//! `docs/planner.md`.

use crate::conv::{ConvProblem, DType, Layout};
use crate::plan::candidates::Cut;
use crate::plan::kernels::Tried;
use crate::plan::machine::{Family, KernelVariant, MachineModel, MemoryLevel};
use crate::plan::rows::{RowTiles, filled_pixels};
use crate::plan::tile::{GemmShape, LoopOrder};

/// What a cut costs.
#[derive(Clone, Debug)]
pub(super) struct Cost {
    pub compute_seconds: f64,
    /// Bytes delivered inwards by each level, all instances together, and the seconds that takes.
    pub levels: Vec<(f64, f64)>,
    pub seconds: f64,
    pub bound: &'static str,
}

/// Share of the hidden times that shows all the same: levels and arithmetic overlap, but not perfectly. Also breaks
/// ties between cuts that are bound alike.
const IMPERFECT_OVERLAP: f64 = 0.05;

/// Share of a cache that one operand may fill and still be there when it comes again.
pub(super) const KEPT_SHARE: f64 = 0.5;

pub(super) fn price(problem: &ConvProblem, machine: &MachineModel, cut: &Cut<'_>) -> Cost {
    let imbalance = imbalance(machine, cut);
    let compute_seconds = compute_seconds(problem, machine, cut, imbalance);
    let levels = levels(problem, machine, cut, imbalance).collect();
    Cost::new(machine, compute_seconds, levels, dispatch_seconds(machine, cut))
}

/// [`price`]'s seconds unless they pass `limit`; a cut that passes it early is not priced to the end.
pub(super) fn seconds_within(limit: f64, problem: &ConvProblem, machine: &MachineModel, cut: &Cut<'_>) -> Option<f64> {
    let imbalance = imbalance(machine, cut);
    let mut sum = Overlap::within(limit, dispatch_seconds(machine, cut));
    sum.add(compute_seconds(problem, machine, cut, imbalance))?;
    for (_, seconds) in levels(problem, machine, cut, imbalance) {
        sum.add(seconds)?;
    }
    Some(sum.seconds())
}

/// Bytes that each level delivers, and the seconds that takes.
fn levels(
    problem: &ConvProblem,
    machine: &MachineModel,
    cut: &Cut<'_>,
    imbalance: f64,
) -> impl Iterator<Item = (f64, f64)> {
    // Threads without work leave their share of the bandwidth unused; what a GPU's tiles leave, others take.
    let unshared = if machine.compute.caller_is_unit { imbalance } else { 1.0 };
    let mut asked_for = f64::INFINITY;
    machine.levels.iter().enumerate().map(move |(index, level)| {
        // A level delivers no more than the one inside it asked for.
        asked_for = delivered_bytes(problem, machine, cut, index).min(asked_for);
        let instances = (machine.compute.units as f64 / level.shared_by.max(1) as f64).max(1.0);
        (asked_for, asked_for / (level.bandwidth * instances) * unshared)
    })
}

/// Times that hide each other, but not perfectly, and one that shows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Overlap {
    longest: f64,
    sum: f64,
    shown: f64,
    limit: f64,
}

/// A limit is passed where it is passed by more than roundings can explain.
const ROUNDINGS: f64 = 1e-12;

/// Whether `seconds` pass `limit`, whatever is added to them.
pub(super) fn surely_above(limit: f64, seconds: f64) -> bool {
    Overlap::within(limit, 0.0).add(seconds).is_none()
}

impl Overlap {
    /// Nothing but `shown`, to be given up above `limit`.
    pub(super) fn within(limit: f64, shown: f64) -> Self {
        Self { longest: 0.0, sum: 0.0, shown, limit: limit * (1.0 + ROUNDINGS) }
    }

    /// `None` if that passes the limit: more only takes longer.
    pub(super) fn add(&mut self, seconds: f64) -> Option<()> {
        self.longest = self.longest.max(seconds);
        self.sum += seconds;
        (self.seconds() <= self.limit).then_some(())
    }

    pub(super) fn seconds(&self) -> f64 {
        self.longest + IMPERFECT_OVERLAP * (self.sum - self.longest) + self.shown
    }
}

/// Seconds of arithmetic and of what blocks cost beside it.
fn compute_seconds(problem: &ConvProblem, machine: &MachineModel, cut: &Cut<'_>, imbalance: f64) -> f64 {
    let compute = &machine.compute;
    let starts = blocks(cut) * compute.block_cycles / (compute.units as f64 * compute.clock_hz);
    (cut.arithmetic + starts + pointers(problem, machine, cut) + contested_lines(problem, machine, cut)) * imbalance
}

fn dispatch_seconds(machine: &MachineModel, cut: &Cut<'_>) -> f64 {
    let on_caller = machine.compute.caller_is_unit && blocks(cut) <= 1.0;
    if on_caller { 0.0 } else { machine.compute.dispatch_ns * 1e-9 }
}

/// Cycles that a tap costs for each tile that a block begins, and each pointer to a pixel under it. Cautious: on Zen 4 a 5x5
/// layer in tiles of 7 pixels lost twice as much by a second block of its channels.
const TAP_CYCLES: f64 = 16.0;
const POINTER_CYCLES: f64 = 1.0;

/// Seconds that CPU threads take to point tiles at their input again, for each further block of the same pixels.
fn pointers(problem: &ConvProblem, machine: &MachineModel, cut: &Cut<'_>) -> f64 {
    if !machine.compute.caller_is_unit || cut.variant.family != Family::Broadcast {
        return 0.0;
    }
    let tiles = cut.gemm.groups as f64 * cut.tiles_along_m;
    let tile = problem.taps() as f64 * (TAP_CYCLES + cut.variant.tile_m as f64 * POINTER_CYCLES);
    (cut.along_n as f64 - 1.0) * tiles * tile / (machine.compute.units as f64 * machine.compute.clock_hz)
}

/// Cycles that a line of the output costs a thread while others write its neighbours. Cautious: it is believed that each
/// core fetches lines ahead that another one writes; on two threads of Zen 4 a 1x1 layer of 32 channels lost 13 cycles a
/// line in some processes and none in others.
const CONTESTED_LINE_CYCLES: f64 = 1.0;
const LINE_BYTES: f64 = 64.0;

/// Seconds that CPU threads take longer where they write different channels of the same pixels at the same time.
fn contested_lines(problem: &ConvProblem, machine: &MachineModel, cut: &Cut<'_>) -> f64 {
    let (s, compute) = (problem.spec(), &machine.compute);
    // Each thread has pixels, or several blocks of channels, to itself.
    let own_pixels = cut.order == LoopOrder::PixelsOuter && cut.along_m >= compute.units;
    let apart = own_pixels || cut.along_n > compute.units;
    let alone = !compute.caller_is_unit || compute.units == 1 || cut.along_n == 1 || apart;
    if alone || s.layout != Layout::Nhwc || cut.variant.family != Family::Broadcast {
        return 0.0;
    }
    let lines = problem.output_len() as f64 * s.dtype.bytes() as f64 / LINE_BYTES;
    lines * CONTESTED_LINE_CYCLES / (compute.units as f64 * compute.clock_hz)
}

impl Cost {
    /// From the seconds of arithmetic, the levels' bytes and seconds, and those of handing out the work.
    pub(super) fn new(machine: &MachineModel, compute_seconds: f64, levels: Vec<(f64, f64)>, dispatch: f64) -> Self {
        let mut sum = Overlap::within(f64::INFINITY, 0.0);
        let mut longest = "FMA";
        let times = std::iter::once(("FMA", compute_seconds))
            .chain(machine.levels.iter().zip(&levels).map(|(level, (_, seconds))| (level.name, *seconds)));
        for (name, seconds) in times {
            if seconds > sum.longest {
                longest = name;
            }
            let _unlimited = sum.add(seconds);
        }
        let work = sum.seconds();
        let bound = if dispatch > work { "dispatch" } else { longest };
        Self { compute_seconds, levels, seconds: work + dispatch, bound }
    }
}

/// Seconds of arithmetic if all units share it evenly: whole tiles, idle lanes and all, and what each tile costs to
/// start and finish. `met` is the share of the multiplications that padding leaves.
pub(super) fn arithmetic(problem: &ConvProblem, machine: &MachineModel, tried: &Tried<'_>, met: f64) -> f64 {
    let Tried { variant, shorter } = *tried;
    let gemm = GemmShape::new(problem, variant.family);
    let compute = &machine.compute;
    let shared = |cycles: f64| cycles / (compute.units as f64 * compute.clock_hz);
    if variant.family == Family::Planes {
        return shared(super::planes::cycles(problem, machine, variant));
    }
    let transposing = super::planes::transposing_cycles(problem, machine, variant.family);
    let along_n = gemm.groups as f64 * gemm.n.div_ceil(variant.panel_channels(problem).max(1)) as f64;
    let calls_along_n = match variant.family {
        Family::Lanewise => 1.0, // a call walks all vectors of its pixels
        Family::Broadcast | Family::Planes => along_n,
    };
    let conflicts = rate_with_conflicts(problem, machine, variant);
    let cycles_of = |kernel: &KernelVariant, tiles: f64| {
        let steps = met * gemm.k as f64 * (kernel.tile_m * kernel.tile_n) as f64;
        let rate = compute.lanes as f64 * compute.fma_per_cycle * kernel.rate * kernel.units_per_tile as f64;
        tiles
            * (along_n * steps / (rate * kernel.efficiency * conflicts)
                + calls_along_n * (compute.tile_cycles + kernel.start_cycles))
    };
    let cycles = match (shorter, RowTiles::new(filled_pixels(problem), variant.tile_m)) {
        (Some(shorter), Some(row)) => {
            let rows = (gemm.m / filled_pixels(problem)) as f64;
            cycles_of(variant, rows * row.tall as f64) + cycles_of(shorter, rows * row.short as f64)
        }
        _ => cycles_of(variant, tiles_along_m(problem, &gemm, &Tried { variant, shorter: None })),
    };
    shared(cycles * variant.units_per_tile as f64 + transposing)
}

/// Rate that is left where the input rows of a tile evict each other (measured on Zen 4: 0.70 to 0.75 with 14 rows a
/// page apart in an 8-way cache), and where they leave little room for the weights: with 7 rows a set, 0.81 to 0.95 under a
/// single tap and 0.98 under nine, which share what they read.
const COLLIDING_RATE: f64 = 0.75;
const CROWDED_RATE: [f64; 2] = [0.88, 0.98];

/// The rate for pixels whose pitch shares factors with the cache's way size, so that they meet in few of its sets.
fn rate_with_conflicts(problem: &ConvProblem, machine: &MachineModel, variant: &KernelVariant) -> f64 {
    let s = problem.spec();
    let Some(&MemoryLevel { capacity_bytes: Some(capacity), ways, .. }) = machine.levels.first() else {
        return 1.0;
    };
    // Planes and f16 are copied into scratch, with a pitch of the backend's choice.
    let copied = s.layout == Layout::Nchw || machine.compute.caller_is_unit && s.dtype == DType::F16;
    if ways == 0 || variant.family != Family::Broadcast || copied {
        return 1.0;
    }
    // Multiples of a power of two: the largest one that the pitch holds decides where pixels meet.
    let factors = [s.in_channels, s.stride[1], variant.dtype.bytes()];
    let power = factors.into_iter().map(usize::trailing_zeros).sum::<u32>();
    let (ways, way) = (u64::from(ways), (capacity / u64::from(ways)).max(1));
    let pixels_a_set = ((variant.tile_m as u64) << power.min(way.trailing_zeros())) / way;
    match pixels_a_set {
        pixels if pixels > ways => COLLIDING_RATE,
        pixels if pixels * 4 > ways * 3 => CROWDED_RATE[usize::from(problem.taps() > 1)],
        _ => 1.0,
    }
}

/// Tiles along the pixels of a product: lane by lane, and where there are shorter tiles, they end with the row.
pub(super) fn tiles_along_m(problem: &ConvProblem, gemm: &GemmShape, tried: &Tried<'_>) -> f64 {
    let Tried { variant, shorter } = tried;
    if variant.family == Family::Lanewise || shorter.is_some() {
        let columns = if shorter.is_some() { filled_pixels(problem) } else { problem.output()[1] };
        (gemm.m / columns) as f64 * columns.div_ceil(variant.tile_m) as f64
    } else {
        gemm.m.div_ceil(variant.tile_m) as f64
    }
}

/// How much longer the slowest unit works than the average one. Threads take whole blocks; a GPU's hardware hands out
/// tiles, whose order alone the blocks decide.
fn imbalance(machine: &MachineModel, cut: &Cut<'_>) -> f64 {
    let pieces = if machine.compute.caller_is_unit { blocks(cut) } else { cut.tiles };
    let teams = (machine.compute.units / cut.variant.units_per_tile.max(1)).max(1) as f64;
    if machine.compute.caller_is_unit && teams <= 1.0 {
        return 1.0;
    }
    // The last block along an axis may be much smaller than the others, so the busiest unit's are larger than the mean.
    let largest = if machine.compute.caller_is_unit {
        let mean = (cut.gemm.m as f64 / cut.along_m as f64) * (cut.gemm.n as f64 / cut.along_n as f64);
        cut.block_m as f64 * cut.block_n as f64 / mean
    } else {
        1.0
    };
    (pieces / teams).ceil() * teams / pieces * largest
}

fn blocks(cut: &Cut<'_>) -> f64 {
    cut.gemm.groups as f64 * cut.along_m as f64 * cut.along_n as f64
}

/// Input pixels under the windows of `pixels` consecutive output pixels: overlapping windows share theirs.
pub(super) fn window_pixels(problem: &ConvProblem, pixels: usize) -> f64 {
    let s = problem.spec();
    let [rows, columns] = problem.output();
    let reach = |axis: usize| (s.kernel[axis] - 1) as f64 * s.dilation[axis] as f64 + 1.0;
    let span =
        |axis: usize, count: f64| ((count - 1.0) * s.stride[axis] as f64 + reach(axis)).min(s.input[axis] as f64);
    let image = rows as f64 * columns as f64;
    let (images, in_image) = ((pixels as f64 / image).max(1.0), (pixels as f64).min(image));
    let whole_rows = (in_image / columns as f64).ceil();
    let width = if in_image < columns as f64 { in_image } else { columns as f64 };
    let rectangle = span(0, whole_rows) * span(1, width);
    images * rectangle.min(in_image * problem.taps() as f64)
}

/// Bytes of the sums of `gemm` that leave the registers, or pass through them between passes over `block_channels` each.
pub(super) fn sum_bytes(problem: &ConvProblem, gemm: &GemmShape, block_channels: usize) -> f64 {
    let passes = problem.group_in_channels().div_ceil(block_channels) as f64;
    gemm.groups as f64 * gemm.m as f64 * gemm.n as f64 * (2.0 * passes - 1.0) * 4.0
}

/// Bytes that go to the registers, sums aside, for each tile: every step reads a vector of weights, and an input value a
/// pixel or, lane by lane, a vector of them, which a sliding window keeps for the outputs that see it.
pub(super) fn operand_bytes(problem: &ConvProblem, variant: &KernelVariant) -> f64 {
    let k = problem.reduction_len() as f64;
    let inputs = match (variant.family, variant.window) {
        (Family::Broadcast | Family::Planes, _) => k * variant.tile_m as f64,
        (Family::Lanewise, None) => k * (variant.tile_m * variant.tile_n) as f64,
        (Family::Lanewise, Some(window)) => {
            let columns = (variant.tile_m - 1) * window.stride + window.columns;
            problem.spec().kernel[0] as f64 * (columns * variant.tile_n) as f64
        }
    };
    (inputs + k * variant.tile_n as f64) * variant.dtype.bytes() as f64
}

/// Bytes that level `index` delivers inwards over the whole problem.
fn delivered_bytes(problem: &ConvProblem, machine: &MachineModel, cut: &Cut<'_>, index: usize) -> f64 {
    let &Cut { variant, tiles, sums, .. } = cut;
    if index == 0 {
        return tiles * cut.operands + sums;
    }
    let element = variant.dtype.bytes() as f64;
    let (k, n, groups) = (cut.gemm.k as f64, cut.gemm.n as f64, cut.gemm.groups as f64);
    let inner = machine.levels.get(index - 1).and_then(|level| level.capacity_bytes).unwrap_or(0) as f64;
    let kept = |bytes: f64| bytes <= inner * KEPT_SHARE;
    let input_channels = match variant.family {
        Family::Broadcast | Family::Planes => cut.group_channels[0],
        Family::Lanewise => cut.block_n as f64 * cut.group_channels[0] / cut.group_channels[1],
    };
    if index == 1 {
        // Into the operand store: a tile's window and panel, unless they stay from tile to tile.
        let panel = variant.tile_n as f64 * k * element;
        let block_weights = cut.block_n as f64 * k * element;
        let weights = if kept(block_weights) { blocks(cut) * block_weights } else { tiles * panel };
        let tile_rows = groups * cut.tiles_along_m;
        let window = cut.tile_window * input_channels * element;
        let panels_a_visit = match variant.family {
            Family::Lanewise => cut.along_n as f64, // each block reads its own channels
            Family::Broadcast | Family::Planes if kept(window) => cut.along_n as f64,
            Family::Broadcast | Family::Planes => cut.gemm.n.div_ceil(variant.tile_n) as f64,
        };
        return weights + tile_rows * window * panels_a_visit + sums;
    }
    // Into a cache that holds blocks: the operand of the outer loop comes once, the other one again and again.
    let all_weights = groups * n * k * element;
    let sharers = (machine.compute.units as f64 / machine.levels[index - 1].shared_by.max(1) as f64).max(1.0);
    let weight_visits = match cut.order {
        _ if kept(all_weights) => sharers,
        LoopOrder::WeightsOuter => sharers.min(cut.along_m as f64),
        LoopOrder::PixelsOuter => cut.along_m as f64,
    };
    let all_input = problem.input_len() as f64 * element;
    let input_visits = match cut.order {
        _ if kept(all_input) => 1.0,
        _ if variant.family == Family::Lanewise => 1.0, // each block of channels reads its own
        LoopOrder::PixelsOuter => 1.0,
        LoopOrder::WeightsOuter => cut.along_n as f64,
    };
    let halo = cut.block_window * cut.along_m as f64;
    let whole = problem.spec().batch as f64 * cut.image_window;
    let halo = if kept(all_input) { 1.0 } else { (halo / whole).max(1.0) };
    all_weights * weight_visits + all_input * input_visits * halo + sums
}
