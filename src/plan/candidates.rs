//! The cuts worth pricing: kernels x block sizes x loop orders, by the capacities alone.

use crate::conv::{CHANNEL_BLOCK, ConvProblem, Layout, Padding};
use crate::plan::cost::window_pixels;
use crate::plan::machine::{Family, KernelVariant, MachineModel};
use crate::plan::rows::RowTiles;
use crate::plan::tile::{GemmShape, LoopOrder};
use crate::plan::walk::Walk;

/// One way to cut a problem; fields as in [`TilePlan`](crate::plan::TilePlan).
#[derive(Clone, Debug)]
pub(super) struct Cut {
    pub variant: KernelVariant,
    /// Seconds of the kernel's arithmetic, as [`arithmetic`](super::cost::arithmetic) counts them.
    pub arithmetic: f64,
    /// The kernel of the shorter tiles, where tiles end with the row.
    pub shorter: Option<KernelVariant>,
    pub gemm: GemmShape,
    pub block_m: usize,
    pub block_n: usize,
    pub block_channels: usize,
    pub order: LoopOrder,
}

/// Kernels that are tried with all their blockings; the others lose on arithmetic alone.
const KERNELS_TRIED: usize = 3;

/// Every candidate for `problem`: a few hundred at most, none where no kernel fits.
pub(super) fn all(problem: &ConvProblem, machine: &MachineModel) -> Vec<Cut> {
    let mut cuts = Vec::new();
    for Tried { arithmetic, variant, shorter } in kernels(problem, machine) {
        let gemm = GemmShape::new(problem, variant.family);
        let block_channels = block_channels(problem, machine, &variant);
        for block_m in pixel_blocks(problem, machine, &gemm, &variant, shorter.is_some()) {
            for block_n in channel_blocks(problem, machine, &gemm, &variant) {
                for order in [LoopOrder::PixelsOuter, LoopOrder::WeightsOuter] {
                    let cut = Cut { variant, arithmetic, shorter, gemm, block_m, block_n, block_channels, order };
                    if keeps_pixels_whole(problem, &cut) {
                        cuts.push(cut);
                    }
                }
            }
        }
    }
    let (fitting, mut cuts): (Vec<_>, Vec<_>) = cuts.into_iter().partition(|cut| fits(problem, machine, cut));
    if !fitting.is_empty() {
        return fitting;
    }
    // Nothing fits the block cache: the smallest blocks stream through it.
    let bytes = |cut: &Cut| resident_bytes(problem, machine, cut);
    let smallest = cuts.iter().map(bytes).fold(f64::INFINITY, f64::min);
    cuts.retain(|cut| bytes(cut) <= smallest);
    cuts
}

/// A kernel that is tried, with the one that takes the shorter tiles where tiles end with the row.
struct Tried {
    /// Seconds, as [`arithmetic`](super::cost::arithmetic) counts them.
    arithmetic: f64,
    variant: KernelVariant,
    shorter: Option<KernelVariant>,
}

/// The kernels with the least arithmetic for this problem, tails and idle lanes counted.
fn kernels(problem: &ConvProblem, machine: &MachineModel) -> Vec<Tried> {
    let dtype = problem.spec().dtype;
    let has_own = machine.variants.iter().any(|variant| variant.dtype == dtype);
    let widened = |variant: &KernelVariant| !has_own && variant.dtype.bytes() > dtype.bytes();
    let usable =
        |variant: &&KernelVariant| (variant.dtype == dtype || widened(variant)) && variant.can_compute(problem);
    let fit: Vec<_> = machine.variants.iter().filter(usable).copied().collect();
    // Lane by lane, each group costs its own lanes: only worth it where a vector has no room for more of one group.
    let narrow = problem.spec().groups > 1;
    let wanted = |variant: &&KernelVariant| match variant.family {
        Family::Broadcast => true,
        Family::Lanewise => narrow,
        Family::Planes => super::planes::can_compute(problem, machine, variant),
    };
    let mut chosen: Vec<_> = fit.iter().filter(wanted).collect();
    if chosen.is_empty() {
        chosen = fit.iter().collect();
    }
    let work = |variant: &KernelVariant, shorter: Option<KernelVariant>| Tried {
        arithmetic: super::cost::arithmetic(problem, machine, variant, shorter.as_ref()),
        variant: *variant,
        shorter,
    };
    let in_rows =
        |variant: &&KernelVariant| shorter(problem, machine, variant).map(|shorter| work(variant, Some(shorter)));
    let in_rows: Vec<_> = chosen.iter().filter_map(in_rows).collect();
    let mut tried: Vec<_> = chosen.into_iter().map(|variant| work(variant, None)).chain(in_rows).collect();
    tried.sort_by(|a, b| a.arithmetic.total_cmp(&b.arithmetic));
    tried.truncate(KERNELS_TRIED);
    tried
}

/// The kernel that is like `variant` but for a pixel less, where tiles of the two end with the output rows and leave out
/// padding. A GPU's kernels leave out none.
fn shorter(problem: &ConvProblem, machine: &MachineModel, variant: &KernelVariant) -> Option<KernelVariant> {
    if variant.family != Family::Broadcast
        || !machine.compute.caller_is_unit
        || problem.spec().padding == Padding::default()
    {
        return None;
    }
    RowTiles::new(problem.output()[1], variant.tile_m)?;
    let is_shorter = |other: &&KernelVariant| {
        (other.family, other.dtype, other.tile_n, other.tile_m + 1)
            == (variant.family, variant.dtype, variant.tile_n, variant.tile_m)
    };
    machine.variants.iter().find(is_shorter).copied()
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

/// Doubling runs of tiles, and whole output rows, images included. Only whole rows where tiles end with them, and as many
/// as the units can share evenly where lanewise kernels go down them.
fn pixel_blocks(
    problem: &ConvProblem,
    machine: &MachineModel,
    gemm: &GemmShape,
    variant: &KernelVariant,
    in_rows: bool,
) -> Vec<usize> {
    let columns = problem.output()[1];
    if Walk::new(problem, machine, variant) != Walk::AlongRows {
        let shares = [4, 2, 1].map(|shares| machine.compute.units.saturating_mul(shares));
        let mut blocks = shares.map(|shares| (gemm.m / columns).div_ceil(shares) * columns).to_vec();
        blocks.dedup();
        return blocks;
    }
    if in_rows || variant.family == Family::Lanewise {
        let mut rows: Vec<_> = (0..8).map(|power| columns.saturating_mul(1 << power).min(gemm.m)).collect();
        rows.dedup();
        return rows;
    }
    let whole_tiles = |pixels: usize| pixels.max(1).next_multiple_of(variant.tile_m).min(gemm.m);
    let tiles = (0..8).map(|power| whole_tiles(variant.tile_m.saturating_mul(1 << power)));
    let rows = [1, 2, 4, 8].map(|rows| columns.saturating_mul(rows));
    let rows = rows.into_iter().filter(|pixels| pixels.is_multiple_of(variant.tile_m)).map(whole_tiles);
    let mut blocks: Vec<_> = tiles.chain(rows).collect();
    blocks.sort_unstable();
    blocks.dedup();
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
) -> Vec<usize> {
    if variant.family == Family::Lanewise {
        let (rows, units) = (gemm.m / problem.output()[1], machine.compute.units);
        if (rows.div_ceil(units) * units) as f64 <= UNEVEN * rows as f64 {
            return vec![gemm.n];
        }
    }
    let panels = gemm.n.div_ceil(variant.tile_n);
    let mut blocks: Vec<_> = std::iter::successors(Some(panels), |panels| (*panels > 1).then(|| panels.div_ceil(2)))
        .take(7)
        .chain([1])
        .map(|panels| panels.saturating_mul(variant.tile_n).min(gemm.n))
        .collect();
    blocks.dedup();
    blocks
}

/// Lane by lane the pixels that are split by channels must be few, where they lie whole in memory: both sides write the
/// lines in between, and read on into the other's. So a row is split, and neighbours in the loop order are its halves.
fn keeps_pixels_whole(problem: &ConvProblem, cut: &Cut) -> bool {
    let row_by_row = cut.block_m == problem.output()[1] && cut.order == LoopOrder::PixelsOuter;
    cut.variant.family != Family::Lanewise
        || problem.spec().layout == Layout::Nchw
        || cut.block_n == cut.gemm.n
        || row_by_row
}

/// Bytes that the blocks running together keep in one instance of the block cache: their input and their weights of one
/// pass. Neighbours in the loop order share an operand; sums stay in registers.
pub(super) fn resident_bytes(problem: &ConvProblem, machine: &MachineModel, cut: &Cut) -> f64 {
    let sharers = machine.levels.get(1).map_or(1, |level| level.shared_by.min(machine.compute.units));
    let together = (sharers / cut.variant.units_per_tile.max(1)).max(1);
    let (along_m, along_n) = (cut.gemm.m.div_ceil(cut.block_m), cut.gemm.n.div_ceil(cut.block_n));
    let (blocks_m, blocks_n) = match cut.order {
        LoopOrder::PixelsOuter => (together.div_ceil(along_n), along_n.min(together)),
        LoopOrder::WeightsOuter => (along_m.min(together), together.div_ceil(along_m)),
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
    let (block_m, input_channels, block_n) = match Walk::new(problem, machine, &cut.variant) {
        Walk::AlongRows => (cut.block_m, input_channels, cut.block_n),
        Walk::DownColumns { panels } => {
            let together = panels.saturating_mul(cut.variant.panel_channels(problem)).min(cut.block_n);
            (
                cut.variant.tile_m,
                together.saturating_mul(problem.group_in_channels()) / problem.group_out_channels(),
                together,
            )
        }
    };
    let input = window_pixels(problem, block_m) * input_channels as f64 * element;
    let weights = block_n as f64 * channels as f64 * taps as f64 * element;
    input * blocks_m as f64 + weights * blocks_n as f64
}

fn fits(problem: &ConvProblem, machine: &MachineModel, cut: &Cut) -> bool {
    let capacity = machine.levels.get(1).and_then(|level| level.capacity_bytes);
    capacity.is_none_or(|capacity| resident_bytes(problem, machine, cut) <= capacity as f64)
}
