//! Plans in words: why each block has its size, and plans side by side.

use crate::conv::ConvProblem;
use crate::plan::candidates::{Cut, resident_bytes};
use crate::plan::cost::Cost;
use crate::plan::machine::{Family, MachineModel};
use crate::plan::tile::{Algorithm, LevelUse, LoopOrder, Stores, TilePlan};
use crate::plan::winograd::WinogradCut;
use std::fmt;

/// The use of each level under `cut`.
pub(super) fn level_uses(problem: &ConvProblem, machine: &MachineModel, cut: &Cut<'_>, cost: &Cost) -> Vec<LevelUse> {
    let tensors = problem.input_len() as f64 + problem.weights_len() as f64 + problem.output_len() as f64;
    let tensors = tensors * cut.variant.dtype.bytes() as f64;
    let wanted = |index| match index {
        0 => tile_bytes(cut),
        1 => resident_bytes(problem, machine, cut),
        _ => tensors,
    };
    uses(machine, cost, wanted)
}

/// The use of each level under a cut of Winograd's algorithm.
pub(super) fn winograd_level_uses(
    problem: &ConvProblem,
    machine: &MachineModel,
    cut: &WinogradCut,
    cost: &Cost,
) -> Vec<LevelUse> {
    let products = cut.tile.products();
    let channels = problem.spec().in_channels;
    let matrices = |rows: usize, columns: usize| 4.0 * products as f64 * rows as f64 * columns as f64;
    let wanted = |index| match index {
        0 => 4.0 * (cut.variant.tile_m * channels) as f64,
        1 => matrices(cut.strip, channels + cut.block_n),
        _ => matrices(channels, problem.spec().out_channels),
    };
    uses(machine, cost, wanted)
}

/// The use of each level, of which `wanted` says how many bytes it should hold.
fn uses(machine: &MachineModel, cost: &Cost, wanted: impl Fn(usize) -> f64) -> Vec<LevelUse> {
    let levels = machine.levels.iter().zip(&cost.levels).enumerate();
    let uses = levels.map(|(index, (level, (moved_bytes, seconds)))| LevelUse {
        name: level.name,
        wanted_bytes: wanted(index),
        capacity_bytes: level.capacity_bytes,
        moved_bytes: *moved_bytes,
        seconds: *seconds,
    });
    uses.collect()
}

/// Bytes of operands that a tile works on at a time: two stages on a GPU, a channel block's lines on a CPU.
fn tile_bytes(cut: &Cut<'_>) -> f64 {
    let variant = cut.variant;
    let (stages, steps) = if variant.stage_k > 0 { (2, variant.stage_k) } else { (1, crate::conv::CHANNEL_BLOCK) };
    ((variant.tile_m + variant.tile_n) * steps * stages * variant.dtype.bytes()) as f64
}

impl TilePlan {
    /// Why this kernel and these blocks, a line each.
    pub fn explain(&self) -> Vec<String> {
        self.rows().into_iter().map(|(label, value)| format!("{label:<11} {value}")).collect()
    }

    /// Why the block at a level has its size: the level's place in [`levels`](Self::levels), and what it holds.
    pub fn reason(&self, index: usize, level: &LevelUse) -> String {
        match self.algorithm {
            Algorithm::Direct => self.direct_reason(index, level),
            Algorithm::Winograd(_) => winograd_reason(index, level),
        }
    }

    fn direct_reason(&self, index: usize, level: &LevelUse) -> String {
        let Self { variant, block_m, block_n, block_channels, .. } = self;
        let wanted = level.wanted_bytes;
        let share = |capacity: u64| 100.0 * wanted / capacity as f64;
        match (index, level.capacity_bytes) {
            (0, _) => {
                let (m, n) = (variant.tile_m, variant.tile_n);
                let steps = if variant.stage_k > 0 {
                    format!("{} steps staged twice", variant.stage_k)
                } else {
                    "a channel block".to_owned()
                };
                format!("tile of {m} pixels x {n} channels, {steps}: {}", bytes(wanted))
            }
            (1, Some(capacity)) if wanted <= capacity as f64 => format!(
                "block of {block_m} pixels x {block_n} channels over {block_channels} input channels: {} of {} ({:.0} %)",
                bytes(wanted),
                bytes(capacity as f64),
                share(capacity)
            ),
            (1, Some(capacity)) => {
                format!("even the smallest block needs {} of {}: it streams", bytes(wanted), bytes(capacity as f64))
            }
            (_, Some(capacity)) if wanted <= capacity as f64 => {
                format!("all tensors fit: {} of {}", bytes(wanted), bytes(capacity as f64))
            }
            (_, Some(capacity)) => {
                let outer = match self.order {
                    LoopOrder::PixelsOuter => "weights are read again for each block of pixels",
                    LoopOrder::WeightsOuter => "the input is read again for each block of channels",
                };
                format!("tensors of {} pass through {}: {outer}", bytes(wanted), bytes(capacity as f64))
            }
            (_, None) => format!("holds the tensors: {}", bytes(wanted)),
        }
    }

    /// The plan as (label, value) rows.
    pub fn rows(&self) -> Vec<(String, String)> {
        let row = |label: &str, value: String| (label.to_owned(), value);
        let gemm = &self.gemm;
        let family = match self.variant.family {
            Family::Broadcast => "broadcast: an input value meets a vector of output channels",
            Family::Lanewise => "lanewise: output channels side by side meet their own inputs",
            Family::Planes => "planes: neighbouring pixels of a plane meet a weight that is broadcast",
        };
        let order = match self.order {
            LoopOrder::PixelsOuter => "pixels outer: weights stream past each block of pixels",
            LoopOrder::WeightsOuter => "weights outer: pixels stream past each block of channels",
        };
        let stores = match self.stores {
            Stores::Cached => "through the caches",
            Stores::Streaming => "past the caches: the output takes more than a quarter of the last one",
        };
        let [along_m, along_n] = self.grid();
        let mut rows = vec![row("machine", self.machine.clone()), row("kernel", self.kernel().name.to_owned())];
        match self.algorithm {
            Algorithm::Direct => {
                if let Some(shorter) = &self.shorter {
                    rows.push(row("tiles", format!("end with the output row, the last ones with {}", shorter.name)));
                }
                rows.extend([
                    row("family", family.to_owned()),
                    row("product", format!("{} x (m {} x n {} x k {})", gemm.groups, gemm.m, gemm.n, gemm.k)),
                    row(
                        "blocks",
                        format!("{} ({along_m} of pixels x {along_n} of channels a group)", self.block_count()),
                    ),
                    row("order", order.to_owned()),
                    row("stores", stores.to_owned()),
                ]);
                let lanewise = self.variant.family == Family::Lanewise;
                if lanewise {
                    rows.push(row("walk", self.walk.to_string()));
                }
                if self.prefetch {
                    let ahead = if lanewise {
                        "fetched a row ahead: it is too large to wait in the last cache"
                    } else {
                        "fetched a tile ahead: it is larger than the cache of the blocks"
                    };
                    rows.push(row("input", ahead.to_owned()));
                }
            }
            Algorithm::Winograd(WinogradCut { tile, tiles, strip, block_n, shared, .. }) => {
                let (products, depth) = (tile.products(), gemm.k / 9);
                let of = if shared { "shared by all threads" } else { "of a strip, by each thread" };
                rows.extend([
                    row("algorithm", format!("Winograd {tile}: {products} products a tile and pair of channels")),
                    row("product", format!("{products} x (m {tiles} x n {} x k {depth})", gemm.n)),
                    row("blocks", format!("strips of {strip} tiles x {block_n} channels")),
                    row("inputs", format!("transformed inputs {of}")),
                ]);
            }
        }
        for (index, level) in self.levels.iter().enumerate() {
            rows.push(row(level.name, self.reason(index, level)));
            rows.push(row("", format!("moves {} in {}", bytes(level.moved_bytes), duration(level.seconds))));
        }
        rows.push(row("arithmetic", duration(self.compute_seconds)));
        rows.push(row("predicted", format!("{}, bound by {}", duration(self.seconds), self.bound)));
        rows.push(row("considered", format!("{} candidates", self.candidates)));
        rows
    }
}

fn winograd_reason(index: usize, level: &LevelUse) -> String {
    let what = match index {
        0 => "rows of a product",
        1 => "transformed inputs and sums of a strip and a block of channels",
        _ => "transformed filters",
    };
    let fits = level.capacity_bytes.is_none_or(|capacity| level.wanted_bytes <= capacity as f64);
    format!("{what}: {}{}", bytes(level.wanted_bytes), if fits { "" } else { ", which pass through" })
}

impl fmt::Display for TilePlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.explain().join("\n"))
    }
}

/// Width of a plan's column, characters.
const COLUMN: usize = 54;

/// Plans as a table, one column a plan.
pub fn side_by_side(plans: &[TilePlan]) -> String {
    let columns: Vec<_> = plans.iter().map(sections).collect();
    let mut text = String::new();
    for section in 0..columns.iter().map(Vec::len).max().unwrap_or(0) {
        let cells: Vec<_> = columns.iter().map(|column| column.get(section).map_or(&[][..], Vec::as_slice)).collect();
        for line in 0..cells.iter().map(|cell| cell.len()).max().unwrap_or(0) {
            let lines = cells.iter().map(|cell| cell.get(line).map_or("", String::as_str));
            let row: Vec<_> = lines.map(|line| format!("{line:<COLUMN$}")).collect();
            text.push_str(row.join("  ").trim_end());
            text.push('\n');
        }
    }
    text
}

/// A plan's rows, each folded to the column's width.
fn sections(plan: &TilePlan) -> Vec<Vec<String>> {
    let fold = |(label, value): (String, String)| {
        let mut lines = Vec::new();
        let mut line = format!("{label:<11}");
        for word in value.split(' ') {
            if line.chars().count() + 1 + word.chars().count() > COLUMN && line.len() > 11 {
                lines.push(std::mem::replace(&mut line, " ".repeat(11)));
            }
            line.push(' ');
            line.push_str(word);
        }
        lines.push(line);
        lines
    };
    plan.rows().into_iter().map(fold).collect()
}

/// `73.7 KiB`.
fn bytes(count: f64) -> String {
    let units = [("GiB", 30), ("MiB", 20), ("KiB", 10)];
    let unit = units.into_iter().find(|(_, power)| count >= f64::from(1 << power));
    unit.map_or_else(|| format!("{count:.0} B"), |(unit, power)| format!("{:.1} {unit}", count / f64::from(1 << power)))
}

/// `12.3 us`.
fn duration(seconds: f64) -> String {
    let units = [("s", 1.0), ("ms", 1e-3), ("us", 1e-6)];
    let unit = units.into_iter().find(|(_, size)| seconds >= *size).unwrap_or(("ns", 1e-9));
    format!("{:.1} {}", seconds / unit.1, unit.0)
}
