//! The cuts worth pricing: kernels x block sizes x loop orders, by the capacities alone.

use crate::conv::{CHANNEL_BLOCK, ConvProblem, Layout};
use crate::plan::cost::{self, window_pixels};
use crate::plan::kernels::{self, Tried};
use crate::plan::least::Least;
use crate::plan::machine::{Family, KernelVariant, MachineModel};
use crate::plan::rows::filled_pixels;
use crate::plan::tile::{GemmShape, LoopOrder};
use crate::plan::walk::Walk;

/// One way to cut a problem; the fields up to `order` as in [`TilePlan`](crate::plan::TilePlan), then what follows from them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cut<'a> {
    pub variant: &'a KernelVariant,
    /// The kernel of the shorter tiles, where tiles end with the row.
    pub shorter: Option<&'a KernelVariant>,
    pub gemm: GemmShape,
    pub block_m: usize,
    pub block_n: usize,
    pub block_channels: usize,
    pub order: LoopOrder,
    pub walk: Walk,
    /// Seconds of the kernel's arithmetic, as [`arithmetic`](super::cost::arithmetic) counts them.
    pub arithmetic: f64,
    /// Tiles along the pixels of a product, and in all.
    pub tiles_along_m: f64,
    pub tiles: f64,
    /// Bytes that a tile reads, and those of all sums that move.
    pub operands: f64,
    pub sums: f64,
    /// Input and output channels of a group.
    pub group_channels: [f64; 2],
    /// Blocks along pixels and channels of a product.
    pub along_m: usize,
    pub along_n: usize,
    /// Input pixels under a tile, a block and an image of outputs, as [`window_pixels`] counts them.
    pub tile_window: f64,
    pub block_window: f64,
    pub image_window: f64,
}

/// The cheapest cut.
#[derive(Debug)]
pub(super) struct Cheapest<'a> {
    pub cut: Cut<'a>,
    pub seconds: f64,
    /// How many cuts were in the running: blocks and loop orders of all kernels tried.
    pub considered: usize,
}

/// The cheapest cut that fits the block cache, the first of equals; `None` where there is no kernel. Few cuts are priced in
/// full: most pass the cheapest so far by a part of their price.
pub(super) fn cheapest<'a>(problem: &ConvProblem, machine: &'a MachineModel) -> Option<Cheapest<'a>> {
    let kernels = kernels::tried(problem, machine);
    let capacity = room_for_blocks(machine);
    let mut best = Best { cut: None, seconds: f64::INFINITY };
    let (mut smallest, mut considered) = (f64::INFINITY, 0);
    each(problem, machine, &kernels, |cut| {
        considered += 1;
        if cost::surely_above(best.seconds, cut.arithmetic) {
            return; // and so are all cuts of this kernel
        }
        let bytes = resident_bytes(problem, machine, cut);
        smallest = bytes.min(smallest);
        if bytes <= capacity {
            best.offer(problem, machine, cut);
        }
    });
    if best.cut.is_none() {
        // Nothing fits: the smallest blocks stream through the cache.
        each(problem, machine, &kernels, |cut| {
            if resident_bytes(problem, machine, cut) <= smallest {
                best.offer(problem, machine, cut);
            }
        });
    }
    best.cut.map(|cut| Cheapest { cut, seconds: best.seconds, considered })
}

/// Share of a CPU's block cache that input and weights may fill; outputs, and what meets in few of the sets, take the rest.
/// On Zen 4 blocks that filled 96 % and more of it were up to 6 % slower on one thread.
const FILLED_SHARE: f64 = 0.9;

/// Bytes that the blocks running together may keep in one instance of the block cache.
fn room_for_blocks(machine: &MachineModel) -> f64 {
    let share = if machine.compute.caller_is_unit { FILLED_SHARE } else { 1.0 };
    let capacity = machine.levels.get(1).and_then(|level| level.capacity_bytes);
    capacity.map_or(f64::INFINITY, |bytes| bytes as f64 * share)
}

/// The best cut so far.
struct Best<'a> {
    cut: Option<Cut<'a>>,
    seconds: f64,
}

impl<'a> Best<'a> {
    /// Takes `cut` if it is better: cheaper, or of equals of a kernel the one with the fewest pixels.
    fn offer(&mut self, problem: &ConvProblem, machine: &MachineModel, cut: &Cut<'a>) {
        let Some(seconds) = cost::seconds_within(self.seconds, problem, machine, cut) else {
            return;
        };
        let alike = |other: &Cut<'_>| {
            std::ptr::eq(cut.variant, other.variant) && cut.shorter.is_some() == other.shorter.is_some()
        };
        let fewer_pixels = |other: &Cut<'_>| alike(other) && cut.block_m < other.block_m;
        if seconds < self.seconds || seconds == self.seconds && self.cut.as_ref().is_some_and(fewer_pixels) {
            *self = Self { cut: Some(*cut), seconds };
        }
    }
}

/// Every cut for `problem`, of all sizes: a few hundred at most, none where no kernel fits. Of each kernel, those come first
/// that are likely to be cheap: large blocks.
fn each<'a, const N: usize>(
    problem: &ConvProblem,
    machine: &MachineModel,
    kernels: &Least<Tried<'a>, N>,
    mut visit: impl FnMut(&Cut<'a>),
) {
    let group_channels = [problem.group_in_channels(), problem.group_out_channels()].map(|count| count as f64);
    let image_window = window_pixels(problem, problem.output_pixels());
    for (arithmetic, tried) in kernels.iter() {
        let Tried { variant, shorter } = tried;
        let gemm = GemmShape::new(problem, variant.family);
        let tiles_along_m = cost::tiles_along_m(problem, &gemm, &tried);
        let panels = gemm.n.div_ceil(variant.panel_channels(problem).max(1));
        let block_channels = block_channels(problem, machine, variant);
        let walk = Walk::new(problem, machine, variant);
        let mut cut = Cut {
            variant,
            shorter,
            gemm,
            block_m: 0,
            block_n: 0,
            block_channels,
            order: LoopOrder::PixelsOuter,
            walk,
            arithmetic,
            tiles_along_m,
            tiles: gemm.groups as f64 * tiles_along_m * panels as f64,
            operands: cost::operand_bytes(problem, variant),
            sums: cost::sum_bytes(problem, &gemm, block_channels),
            group_channels,
            along_m: 0,
            along_n: 0,
            tile_window: window_pixels(problem, variant.tile_m),
            block_window: 0.0,
            image_window,
        };
        let channel_blocks = channel_blocks(problem, machine, &gemm, variant);
        let mut pixel_blocks = pixel_blocks(problem, machine, &gemm, &tried, walk);
        pixel_blocks.reverse();
        for block_m in distinct(&pixel_blocks) {
            (cut.block_m, cut.along_m) = (block_m, gemm.m.div_ceil(block_m));
            cut.block_window = window_pixels(problem, block_m);
            for block_n in distinct(&channel_blocks) {
                (cut.block_n, cut.along_n) = (block_n, gemm.n.div_ceil(block_n));
                for order in [LoopOrder::PixelsOuter, LoopOrder::WeightsOuter] {
                    cut.order = order;
                    if keeps_pixels_whole(problem, &cut) {
                        visit(&cut);
                    }
                }
            }
        }
    }
}

/// Sizes without those that repeat the one before.
pub(super) fn distinct(sizes: &[usize]) -> impl Iterator<Item = usize> {
    let mut last = None;
    sizes.iter().copied().filter(move |size| last.replace(*size) != Some(*size))
}

/// All channels in one pass, so that accumulators never leave the registers, unless a panel of weights would fill more
/// than three quarters of the block cache.
fn block_channels(problem: &ConvProblem, machine: &MachineModel, variant: &KernelVariant) -> usize {
    let all = problem.group_in_channels();
    if variant.family != Family::Broadcast {
        return all;
    }
    let Some(capacity) = machine.levels.get(1).and_then(|level| level.capacity_bytes) else {
        return all;
    };
    let channel_bytes =
        (variant.tile_n as u64).saturating_mul(problem.taps() as u64).saturating_mul(variant.dtype.bytes() as u64);
    let fitting = usize::try_from(capacity * 3 / 4 / channel_bytes.max(1)).unwrap_or(usize::MAX);
    if fitting >= all { all } else { (fitting / CHANNEL_BLOCK * CHANNEL_BLOCK).max(CHANNEL_BLOCK).min(all) }
}

/// Doubling runs of tiles, whole output rows, images included, and even shares of the threads in halves and quarters (of a
/// single thread whole and in halves), in rising order. Only whole rows where tiles end with them, and only even shares of them where lanewise kernels go down the
/// columns.
fn pixel_blocks(
    problem: &ConvProblem,
    machine: &MachineModel,
    gemm: &GemmShape,
    tried: &Tried<'_>,
    walk: Walk,
) -> [usize; 14] {
    let Tried { variant, shorter } = tried;
    // A GPU's hardware hands out tiles.
    let units = if machine.compute.caller_is_unit { machine.compute.units.max(1) } else { usize::MAX };
    let share = |parts: usize, unit: usize| gemm.m.div_ceil(unit).div_ceil(units.saturating_mul(parts)) * unit;
    // Of several threads one may begin late: then the others can take a block of its share.
    let least = if units > 1 { 2 } else { 1 };
    if walk != Walk::AlongRows {
        let columns = problem.output()[1];
        let mut blocks = std::array::from_fn(|index| share(1 << (2 - index.min(2)), columns).min(gemm.m));
        blocks.sort_unstable();
        return blocks;
    }
    let columns = if shorter.is_some() { filled_pixels(problem) } else { problem.output()[1] };
    let whole_tiles = |pixels: usize| pixels.max(1).next_multiple_of(variant.tile_m).min(gemm.m);
    let mut blocks = if variant.family == Family::Lanewise {
        std::array::from_fn(|power| columns.saturating_mul(1 << power.min(7)).min(gemm.m))
    } else if shorter.is_some() {
        std::array::from_fn(|index| match index {
            12 | 13 => share(least * (index - 11), columns).min(gemm.m),
            power => columns.saturating_mul(1 << power.min(7)).min(gemm.m),
        })
    } else {
        let rows = [1, 2, 4, 8].map(|rows| columns.saturating_mul(rows));
        std::array::from_fn(|index| match index {
            0..8 => whole_tiles(variant.tile_m.saturating_mul(1 << index)),
            8..12 if rows[index - 8].is_multiple_of(variant.tile_m) => whole_tiles(rows[index - 8]),
            8..12 => whole_tiles(variant.tile_m),
            _ => share(least * (index - 11), variant.tile_m).min(gemm.m),
        })
    };
    blocks.sort_unstable();
    blocks
}

/// Imbalance from which on lanewise blocks are split by channels too.
const UNEVEN: f64 = 1.05;

/// All output channels, then halves down to a tile. Lane by lane there is nothing to reuse between blocks of channels, and
/// whole pixels stream best: they are split only where the rows don't share out evenly.
fn channel_blocks(
    problem: &ConvProblem,
    machine: &MachineModel,
    gemm: &GemmShape,
    variant: &KernelVariant,
) -> [usize; 8] {
    if variant.family == Family::Lanewise {
        let (rows, units) = (gemm.m / problem.output()[1], machine.compute.units.max(1));
        if (rows.div_ceil(units) * units) as f64 <= UNEVEN * rows as f64 {
            return [gemm.n; 8];
        }
    }
    let mut panels = gemm.n.div_ceil(variant.tile_n);
    let mut blocks = [variant.tile_n.min(gemm.n); 8];
    for block in &mut blocks[..7] {
        *block = panels.saturating_mul(variant.tile_n).min(gemm.n);
        panels = panels.div_ceil(2);
    }
    blocks
}

/// Lane by lane the pixels that are split by channels must be few, where they lie whole in memory: both sides write the
/// lines in between, and read on into the other's. So a row is split, and neighbours in the loop order are its halves.
fn keeps_pixels_whole(problem: &ConvProblem, cut: &Cut<'_>) -> bool {
    let row_by_row = cut.block_m == problem.output()[1] && cut.order == LoopOrder::PixelsOuter;
    cut.variant.family != Family::Lanewise
        || problem.spec().layout == Layout::Nchw
        || cut.block_n == cut.gemm.n
        || row_by_row
}

/// Bytes that the blocks running together keep in one instance of the block cache: their input and their weights of one
/// pass. Neighbours in the loop order share an operand; sums stay in registers.
pub(super) fn resident_bytes(problem: &ConvProblem, machine: &MachineModel, cut: &Cut<'_>) -> f64 {
    let sharers = machine.levels.get(1).map_or(1, |level| level.shared_by.min(machine.compute.units));
    let together = (sharers / cut.variant.units_per_tile.max(1)).max(1);
    let (blocks_m, blocks_n) = match cut.order {
        LoopOrder::PixelsOuter => (together.div_ceil(cut.along_n), cut.along_n.min(together)),
        LoopOrder::WeightsOuter => (cut.along_m.min(together), together.div_ceil(cut.along_m)),
    };
    // A kernel that stages its steps needs no more than a stage of the reduction at a time.
    let (channels, taps) = match cut.variant.stage_k {
        0 => (cut.block_channels, problem.taps()),
        steps => (steps.min(cut.block_channels), 1),
    };
    let input_channels = match cut.variant.family {
        Family::Broadcast | Family::Planes => channels,
        Family::Lanewise => cut.block_n.saturating_mul(problem.group_in_channels()) / problem.group_out_channels(),
    };
    let element = cut.variant.dtype.bytes() as f64;
    // Down the columns, nothing is kept but the windows and weights of a few panels.
    let (window, input_channels, block_n) = match cut.walk {
        Walk::AlongRows => (cut.block_window, input_channels, cut.block_n),
        Walk::DownColumns { panels } => {
            let together = panels.saturating_mul(cut.variant.panel_channels(problem)).min(cut.block_n);
            let input_channels = together.saturating_mul(problem.group_in_channels()) / problem.group_out_channels();
            (cut.tile_window, input_channels, together)
        }
    };
    let input = window * input_channels as f64 * element;
    let weights = block_n as f64 * channels as f64 * taps as f64 * element;
    input * blocks_m as f64 + weights * blocks_n as f64
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a panic is how a test fails

    use super::*;
    use crate::conv::text::benchdnn;
    use crate::plan::machine::MemoryLevel;
    use crate::plan::{cpu_machine, gpu_models};

    fn machines() -> impl Iterator<Item = MachineModel> {
        let level = |name, capacity_bytes, bandwidth, shared_by| MemoryLevel {
            name,
            capacity_bytes,
            bandwidth,
            line_bytes: 64,
            shared_by,
            ways: 8,
        };
        let levels = move |threads, kib: u64| {
            vec![
                level("L1", Some(32 << 10), 200e9, 1),
                level("L2", Some(kib << 10), 100e9, 1),
                level("L3", Some(16 << 20), 50e9 * threads as f64, threads),
                level("DRAM", None, 20e9, threads),
            ]
        };
        // Nothing fits 8 KiB.
        let cpus = [("avx512", 16, 1, 1024), ("avx512", 16, 6, 1024), ("avx2", 8, 2, 8), ("portable", 4, 64, 256)];
        let cpu = move |(isa, lanes, threads, kib)| {
            cpu_machine("test".to_owned(), isa, lanes, 1.0, threads, 3e9, levels(threads, kib))
        };
        cpus.into_iter().map(cpu).chain(gpu_models())
    }

    #[test]
    fn giving_up_early_finds_what_pricing_everything_finds() {
        let lines =
            ["mb2ic64ih28oc96kh3ph1", "ic3ih67oc24kh7sh2ph3", "g32ic32ih19oc32kh3ph1", "g8ic64ih14oc128kh3sh2ph1"];
        let lines = lines.into_iter().chain(["ic2048ih7oc512kh1ph0", "mb16ic40ih9oc1000kh1ph0", "ic9000ih5oc70kh5ph2"]);
        let layouts = [Layout::Nhwc, Layout::Nchw];
        let (mut streamed, mut compared) = (0, 0);
        for (line, layout) in lines.flat_map(|line| layouts.map(|layout| (line, layout))) {
            let problem = benchdnn::parse(line).unwrap().problem.respecify(|spec| spec.layout = layout).unwrap();
            for machine in machines() {
                let mut cuts = Vec::new();
                each(&problem, &machine, &kernels::tried(&problem, &machine), |cut| {
                    let bytes = resident_bytes(&problem, &machine, cut);
                    cuts.push((bytes, cost::price(&problem, &machine, cut).seconds));
                });
                let capacity = room_for_blocks(&machine);
                let smallest = cuts.iter().map(|(bytes, _)| *bytes).fold(f64::INFINITY, f64::min);
                let most = capacity.max(smallest);
                let fitting = cuts.iter().filter(|(bytes, _)| *bytes <= most);
                let want = fitting.map(|(_, seconds)| *seconds).fold(f64::INFINITY, f64::min);
                let found = cheapest(&problem, &machine).unwrap();
                assert_eq!(found.seconds, want, "{line} {layout} on {}", machine.name);
                assert_eq!(found.considered, cuts.len(), "{line} {layout} on {}", machine.name);
                compared += 1;
                streamed += usize::from(smallest > capacity);
            }
        }
        assert!(streamed > 0 && streamed < compared, "{streamed} of {compared}");
    }
}
