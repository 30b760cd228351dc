//! Winograd's algorithm as a cut: which tiles, how many of them together, and what that costs.

use crate::conv::{ConvProblem, DType, Layout, WinogradTile};
use crate::plan::candidates::distinct;
use crate::plan::cost::{Cost, KEPT_SHARE, Overlap};
use crate::plan::least::Least;
use crate::plan::machine::{Compute, KernelVariant, MachineModel, MemoryLevel};

/// How Winograd's algorithm is cut.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WinogradCut {
    /// The size of the tiles.
    pub tile: WinogradTile,
    /// The kernel of the products: `tile_m` is the most tiles that it takes at a time.
    pub variant: KernelVariant,
    /// Tiles of all images.
    pub tiles: usize,
    /// Tiles that are multiplied together.
    pub strip: usize,
    /// Output channels that are multiplied together: whole panels of the kernel's `tile_n`.
    pub block_n: usize,
    /// Whether all threads share the transformed input of all tiles; otherwise each thread has a strip's.
    pub shared: bool,
}

/// Bytes that a thread may hold, and all together where they share.
const OWN_LIMIT: f64 = 64e6;
const SHARED_LIMIT: f64 = 256e6;

/// Cycles from one fused multiply-add to the next of its chain.
const FMA_LATENCY: f64 = 4.0;
/// Operands that a unit loads in a cycle: whole vectors at one, broadcast values at two.
const BROADCASTS_A_CYCLE: f64 = 2.0;
/// Cycles that a register tile of a product costs beside its steps, for each of its accumulators.
const STORE_CYCLES: f64 = 2.0;
/// Cycles for the pointers of a tile.
const TILE_CYCLES: f64 = 100.0;
/// Cycles to copy a float from or to another layout or type.
const COPY_CYCLES: f64 = 0.6;

impl WinogradTile {
    /// Vector operations and stores of the two transforms of a tile, as cycles of a unit with one of each a cycle.
    const fn transform_cycles(self) -> [f64; 2] {
        match self {
            Self::F2 => [64.0, 48.0],
            Self::F4 => [190.0, 150.0],
        }
    }
}

/// Fewer channels than this spend their time in the transforms.
const FEWEST_CHANNELS: usize = 16;

/// Whether the algorithm applies and may win.
pub(super) fn applies(problem: &ConvProblem) -> bool {
    let s = problem.spec();
    let narrowest = s.in_channels.min(s.out_channels);
    s.kernel == [3, 3] && s.stride == [1, 1] && s.groups == 1 && narrowest >= FEWEST_CHANNELS
}

/// The cheapest cut.
#[derive(Debug)]
pub(super) struct Cheapest {
    pub cut: WinogradCut,
    pub seconds: f64,
    /// How many cuts were in the running.
    pub considered: usize,
}

/// The cheapest cut of those that cost less than `limit` seconds, the first of equals.
pub(super) fn cheapest(
    problem: &ConvProblem,
    machine: &MachineModel,
    tile: WinogradTile,
    limit: f64,
) -> Option<Cheapest> {
    let (mut best, mut least, mut considered) = (None, limit, 0);
    each(problem, machine, tile, |cut, cycles| {
        considered += 1;
        let sizes = Sizes::new(problem, cut);
        if sizes.fit()
            && let Some(seconds) = seconds_within(least, problem, machine, cut, &sizes, cycles)
            && seconds < least
        {
            (best, least) = (Some(*cut), seconds);
        }
    });
    best.map(|cut| Cheapest { cut, seconds: least, considered })
}

/// Every cut, with the cycles of its arithmetic on a unit: by capacities alone, like those of the direct method.
fn each(problem: &ConvProblem, machine: &MachineModel, tile: WinogradTile, mut visit: impl FnMut(&WinogradCut, f64)) {
    let tiles = tiles(problem, tile);
    let channels = problem.spec().out_channels;
    let padded = |variant: &KernelVariant| {
        channels.next_multiple_of(variant.tile_n) as f64 / (variant.efficiency * variant.rate)
    };
    let mut variants = Least::<_, VARIANTS_TRIED>::new();
    machine.winograd.iter().for_each(|variant| variants.add(padded(variant), variant));
    let transforms = transform_cycles(problem, &machine.compute, tile, tiles);
    for (_, variant) in variants.iter() {
        let panels = channels.div_ceil(variant.tile_n);
        let blocks = [1, 2, 4, 8, panels].map(|count| count.min(panels));
        let mut strips = strips(tiles, machine.compute.units, variant.tile_m);
        strips.sort_unstable();
        let mut cut = WinogradCut { tile, variant: *variant, tiles, strip: 0, block_n: 0, shared: false };
        let cycles = strips.map(|strip| {
            cut.strip = strip;
            transforms + products_cycles(problem, &machine.compute, &cut)
        });
        for block_n in distinct(&blocks).map(|count| count * variant.tile_n) {
            for shared in [false, true] {
                (cut.block_n, cut.shared) = (block_n, shared);
                let mut last = 0;
                for (strip, cycles) in strips.into_iter().zip(cycles) {
                    if std::mem::replace(&mut last, strip) != strip {
                        cut.strip = strip;
                        visit(&cut, cycles);
                    }
                }
            }
        }
    }
}

/// Lengths of strips: shares of each unit, and runs of register tiles, evened out.
fn strips(tiles: usize, units: usize, tile_m: usize) -> [usize; 11] {
    let even = |strip: usize| tiles.div_ceil(tiles.div_ceil(strip));
    std::array::from_fn(|index| match index {
        0..4 => even(tiles.div_ceil((index + 1).saturating_mul(units))),
        _ => even([1, 2, 3, 4, 6, 8, 12][index - 4] * tile_m),
    })
}

/// Kernels that are tried with all strips and blocks.
const VARIANTS_TRIED: usize = 2;

/// Tiles of all images: phase by phase where the filter is dilated.
fn tiles(problem: &ConvProblem, tile: WinogradTile) -> usize {
    let s = problem.spec();
    let along = |axis: usize| {
        let (extent, dilation) = (problem.output()[axis], s.dilation[axis]);
        let (each, longer) = (extent / dilation, extent % dilation);
        longer * (each + 1).div_ceil(tile.outputs()) + (dilation - longer).min(extent) * each.div_ceil(tile.outputs())
    };
    s.batch * along(0) * along(1)
}

/// Sizes in bytes and counts of a cut.
struct Sizes {
    products: f64,
    strips: f64,
    blocks: f64,
    /// Transformed input of all tiles and of a strip.
    inputs: f64,
    strip_inputs: f64,
    /// Sums of all tiles, and of a strip and block.
    sums: f64,
    strip_sums: f64,
    /// All filters, and those of a block.
    filters: f64,
    block_filters: f64,
    shared: bool,
}

impl Sizes {
    fn new(problem: &ConvProblem, cut: &WinogradCut) -> Self {
        let s = problem.spec();
        let products = cut.tile.products() as f64;
        let (tiles, strip) = (cut.tiles as f64, cut.strip as f64);
        let (ins, outs) = (s.in_channels as f64, s.out_channels.next_multiple_of(cut.variant.tile_n) as f64);
        let matrix = |rows: f64, columns: f64| 4.0 * products * rows * columns;
        Self {
            products,
            strips: (tiles / strip).ceil(),
            blocks: (outs / cut.block_n as f64).ceil(),
            inputs: matrix(tiles, ins),
            strip_inputs: matrix(strip, ins),
            sums: matrix(tiles, outs),
            strip_sums: matrix(strip, cut.block_n as f64),
            filters: matrix(ins, outs),
            block_filters: matrix(ins, cut.block_n as f64),
            shared: cut.shared,
        }
    }

    /// Pieces of work that units take.
    fn pieces(&self) -> f64 {
        if self.shared { self.blocks * self.strips } else { self.strips }
    }

    /// Whether the scratch is of a size that is worth having.
    fn fit(&self) -> bool {
        match self.shared {
            true => self.inputs <= SHARED_LIMIT && self.strip_sums <= OWN_LIMIT,
            false => self.strip_inputs + self.strip_sums <= OWN_LIMIT,
        }
    }
}

/// What a cut costs.
pub(super) fn price(problem: &ConvProblem, machine: &MachineModel, cut: &WinogradCut) -> Cost {
    let sizes = Sizes::new(problem, cut);
    let cycles = transform_cycles(problem, &machine.compute, cut.tile, cut.tiles)
        + products_cycles(problem, &machine.compute, cut);
    let compute = compute_seconds(machine, cut, &sizes, cycles);
    let levels = levels(problem, machine, cut, &sizes).collect();
    Cost::new(machine, compute, levels, dispatch_seconds(machine, &sizes))
}

/// [`price`]'s seconds unless they pass `limit`, where a unit would take `cycles` for all the arithmetic.
fn seconds_within(
    limit: f64,
    problem: &ConvProblem,
    machine: &MachineModel,
    cut: &WinogradCut,
    sizes: &Sizes,
    cycles: f64,
) -> Option<f64> {
    let mut sum = Overlap::within(limit, dispatch_seconds(machine, sizes));
    sum.add(compute_seconds(machine, cut, sizes, cycles))?;
    for (_, seconds) in levels(problem, machine, cut, sizes) {
        sum.add(seconds)?;
    }
    Some(sum.seconds())
}

/// Seconds of `cycles` of arithmetic, unevenly shared, and those for which the transforms wait.
fn compute_seconds(machine: &MachineModel, cut: &WinogradCut, sizes: &Sizes, cycles: f64) -> f64 {
    let Compute { units, clock_hz, .. } = machine.compute;
    // Strips are of equal length, but for the last one.
    let all = cut.tiles as f64 * sizes.pieces() / sizes.strips;
    let longest = ((sizes.pieces() / units as f64).ceil() * cut.strip as f64).min(all);
    let imbalance = longest * units as f64 / all;
    cycles * imbalance / (units as f64 * clock_hz) + exposed_seconds(machine, sizes)
}

fn dispatch_seconds(machine: &MachineModel, sizes: &Sizes) -> f64 {
    let phases = if sizes.shared { 2.0 } else { 1.0 };
    if sizes.pieces() <= 1.0 { 0.0 } else { phases * machine.compute.dispatch_ns * 1e-9 }
}

/// Bytes that each level delivers, and the seconds that takes.
fn levels(
    problem: &ConvProblem,
    machine: &MachineModel,
    cut: &WinogradCut,
    sizes: &Sizes,
) -> impl Iterator<Item = (f64, f64)> {
    let mut asked_for = f64::INFINITY;
    machine.levels.iter().zip(moved_bytes(problem, machine, cut, sizes)).map(move |(level, bytes)| {
        asked_for = bytes.min(asked_for);
        let instances = (machine.compute.units as f64 / level.shared_by.max(1) as f64).max(1.0);
        (asked_for, asked_for / (level.bandwidth * instances))
    })
}

/// Seconds for which the transforms wait: they write and read many matrices at once, which no prefetcher follows, and
/// what another core wrote comes from its cache.
fn exposed_seconds(machine: &MachineModel, sizes: &Sizes) -> f64 {
    let Compute { units, clock_hz, .. } = machine.compute;
    let kept =
        |level: &MemoryLevel, bytes: f64| level.capacity_bytes.is_none_or(|most| bytes <= most as f64 * KEPT_SHARE);
    let wait = |bytes: f64, together: f64| {
        let level = machine.levels.iter().skip(1).find(|level| kept(level, together)).or(machine.levels.last());
        level.map_or(0.0, |level| {
            let instances = (units as f64 / level.shared_by.max(1) as f64).max(1.0);
            EXPOSED * bytes / (level.bandwidth * instances)
        })
    };
    if !sizes.shared {
        return wait(sizes.inputs + 2.0 * sizes.sums, sizes.strip_inputs + sizes.strip_sums);
    }
    let from_others = if units > 1 { sizes.inputs / (CROSS_CORE_BYTES_PER_CYCLE * clock_hz) } else { 0.0 };
    wait(sizes.inputs * (1.0 + sizes.blocks), sizes.inputs) + wait(2.0 * sizes.sums, sizes.strip_sums) + from_others
}

/// How much longer than at full bandwidth a transform waits for its matrices.
const EXPOSED: f64 = 2.5;

/// What a core gets of lines that another one has written (measured on Zen 4).
const CROSS_CORE_BYTES_PER_CYCLE: f64 = 2.0;

/// Cycles of the products of all tiles.
fn products_cycles(problem: &ConvProblem, compute: &Compute, cut: &WinogradCut) -> f64 {
    let s = problem.spec();
    let variant = &cut.variant;
    let panels = s.out_channels.div_ceil(variant.tile_n) as f64;
    let vectors = (variant.tile_n / compute.lanes).max(1) as f64;
    let of_strip = |rows: usize| {
        let register_tiles = rows.div_ceil(variant.tile_m);
        let longest = rows.div_ceil(register_tiles.max(1)) as f64;
        let arithmetic = longest * vectors / (compute.fma_per_cycle * variant.rate * variant.efficiency);
        let step = arithmetic.max(FMA_LATENCY).max(vectors + longest / BROADCASTS_A_CYCLE);
        register_tiles as f64 * (s.in_channels as f64 * step + STORE_CYCLES * longest * vectors)
    };
    let (whole, rest) = (cut.tiles / cut.strip, cut.tiles % cut.strip);
    let rows = whole as f64 * of_strip(cut.strip) + of_strip(rest);
    cut.tile.products() as f64 * panels * rows
}

/// Cycles of the transforms of all tiles, copies to and from other layouts and types counted.
fn transform_cycles(problem: &ConvProblem, compute: &Compute, tile: WinogradTile, tiles: usize) -> f64 {
    let s = problem.spec();
    let vectors = |channels: usize| channels.div_ceil(compute.lanes) as f64;
    let [forward, inverse] = tile.transform_cycles();
    let tiles = tiles as f64;
    let transforms = tiles * (vectors(s.in_channels) * forward + vectors(s.out_channels) * inverse + TILE_CYCLES);
    let in_place = s.layout == Layout::Nhwc && s.dtype == DType::F32;
    let copied = if in_place { 0.0 } else { problem.input_len() as f64 * 1.5 };
    let plain = in_place && s.out_channels.is_multiple_of(compute.lanes) && !s.epilogue.residual;
    let written = if plain { 0.0 } else { problem.output_len() as f64 };
    transforms + COPY_CYCLES * (copied + written)
}

/// Bytes that each level delivers inwards.
fn moved_bytes(
    problem: &ConvProblem,
    machine: &MachineModel,
    cut: &WinogradCut,
    sizes: &Sizes,
) -> impl Iterator<Item = f64> {
    let variant = &cut.variant;
    let register_tiles = cut.strip.div_ceil(variant.tile_m) as f64 * sizes.strips;
    let panels = problem.spec().out_channels.div_ceil(variant.tile_n) as f64;
    let operands = (cut.strip as f64 / cut.strip.div_ceil(variant.tile_m) as f64) + variant.tile_n as f64;
    let steps = sizes.products * problem.spec().in_channels as f64 * panels * register_tiles;
    let registers = 4.0 * steps * operands + sizes.inputs + sizes.sums;

    let strip = sizes.strip_inputs + sizes.strip_sums;
    let tensors = (problem.input_len() + problem.output_len()) as f64 * problem.spec().dtype.bytes() as f64;
    // Each with the bytes that must stay somewhere for it. Threads that work side by side read the same filters, which main
    // memory delivers to a shared cache once.
    let rounds = (sizes.strips / machine.compute.units as f64).ceil();
    let streams = match cut.shared {
        false => [
            (rounds * sizes.filters, sizes.filters),
            (sizes.inputs * (1.0 + sizes.blocks) + 2.0 * sizes.sums, strip),
            (tensors, tensors),
            (0.0, 0.0),
            (0.0, 0.0),
        ],
        true => [
            (sizes.filters, sizes.filters),
            ((sizes.strips - 1.0) * sizes.filters, sizes.block_filters),
            (sizes.inputs * (1.0 + sizes.blocks), sizes.inputs),
            (2.0 * sizes.sums, sizes.strip_sums),
            (tensors, tensors),
        ],
    };
    let levels = machine.levels.iter().enumerate();
    let again = if cut.shared { 0.0 } else { (sizes.strips - rounds) * sizes.filters };
    let (filters, all_levels) = (sizes.filters, &machine.levels);
    let moved = move |index: usize, level: &MemoryLevel| {
        let own = if level.capacity_bytes.is_some() { again } else { 0.0 };
        let kept_inside = index > 1 && fits_inside(all_levels, index, filters);
        from_level(&streams, all_levels, index) + if kept_inside { 0.0 } else { own }
    };
    levels.map(move |(index, level)| if index == 0 { registers } else { moved(index, level) })
}

/// Bytes of the streams that no level inside `index` keeps.
fn from_level(streams: &[(f64, f64)], levels: &[MemoryLevel], index: usize) -> f64 {
    let passing = streams.iter().filter(|(_, home)| !fits_inside(levels, index, *home));
    passing.fold(0.0, |sum, (bytes, _)| sum + bytes)
}

/// Whether a level inside `index` keeps `bytes`. The first one keeps nothing: there is always another product's matrix in
/// between.
fn fits_inside(levels: &[MemoryLevel], index: usize, bytes: f64) -> bool {
    let inner = levels[index - 1].capacity_bytes.map_or(f64::INFINITY, |capacity| capacity as f64);
    index > 1 && bytes <= inner * KEPT_SHARE
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a panic is how a test fails

    use super::*;
    use crate::conv::text::benchdnn;
    use crate::plan::cpu_machine;

    #[test]
    fn giving_up_early_finds_what_pricing_everything_finds() {
        let level = |name, capacity_bytes, bandwidth| MemoryLevel {
            name,
            capacity_bytes,
            bandwidth,
            line_bytes: 64,
            shared_by: 1,
            ways: 8,
        };
        let levels = [level("L1", Some(32 << 10), 2e11), level("L2", Some(1 << 20), 1e11), level("DRAM", None, 2e10)];
        for line in ["ic32ih8oc32kh3ph1", "ic64ih56oc64kh3ph1", "mb16ic512ih14oc512kh3ph1", "ic100ih30oc45kh3ph2dh1"] {
            let problem = benchdnn::parse(line).unwrap().problem;
            for (isa, lanes, threads) in [("avx512", 16, 1), ("avx512", 16, 2), ("avx2", 8, 16), ("portable", 4, 3)] {
                let machine = cpu_machine("test".to_owned(), isa, lanes, 1.0, threads, 3e9, levels.to_vec());
                for tile in [WinogradTile::F2, WinogradTile::F4] {
                    let (mut least, mut count) = (f64::INFINITY, 0);
                    each(&problem, &machine, tile, |cut, _| {
                        count += 1;
                        if Sizes::new(&problem, cut).fit() {
                            least = price(&problem, &machine, cut).seconds.min(least);
                        }
                    });
                    let found = cheapest(&problem, &machine, tile, f64::INFINITY).unwrap();
                    assert_eq!((found.seconds, found.considered), (least, count), "{line} {tile} {isa}");
                    assert!(cheapest(&problem, &machine, tile, least).is_none(), "{line} {tile} {isa}");
                }
            }
        }
    }
}
