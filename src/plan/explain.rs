//! Plans in words, for people.

use crate::plan::candidates::Cut;
use crate::plan::cost::Hold;
use crate::plan::machine::{KernelVariant, MemoryLevel};
use crate::plan::tile::{LoopOrder, TilePlan};
use std::fmt;

/// One sentence: what `level` keeps and why that much.
pub(super) fn reason(
    level: &MemoryLevel,
    hold: Hold,
    footprint: u64,
    cut: &Cut,
    variant: &KernelVariant,
) -> String {
    let held = Bytes(footprint);
    let Some(capacity) = level.capacity_bytes else {
        return format!("holds all operands, {held}");
    };
    let of = format!("{held} of {}", Bytes(capacity));
    let (m, n) = (cut.block_m, cut.block_n);
    match hold {
        Hold::Step if variant.stage_k > 0 => format!(
            "two stages of {} reduction steps for the {}x{} tiles at work, {of}",
            variant.stage_k, variant.tile_m, variant.tile_n
        ),
        Hold::Step => format!(
            "one step of the tile at a time, {of}: a panel of {} channels does not fit",
            variant.tile_n
        ),
        Hold::Tile => format!(
            "the weight panel and the input of one {}x{} tile, {of}",
            variant.tile_m, variant.tile_n
        ),
        Hold::Panel => format!(
            "the input of {m} pixels beside one panel of {} channels, {of}",
            variant.tile_n
        ),
        Hold::Block => {
            format!("the input of {m} pixels and the weights of {n} channels of each block at work, {of}")
        }
        Hold::Streamed => match cut.order {
            LoopOrder::WeightsOuter => {
                format!("all input beside the weights of the {n} channels at work, {of}")
            }
            LoopOrder::PixelsOuter => format!("all weights beside the input of the {m} pixels at work, {of}"),
        },
        Hold::Everything => {
            format!("input, weights and output of the whole problem, {of}: nothing comes from outside")
        }
    }
}

impl TilePlan {
    /// The plan in lines of text: the kernel, the blocks, each level with its reason, the prediction.
    pub fn explain(&self) -> Vec<String> {
        let mut lines = vec![
            format!(
                "{}: {} ({} candidates)",
                self.machine, self.variant.name, self.candidates
            ),
            format!(
                "{} pixels x {} channels x {} steps, {} products",
                self.gemm.m, self.gemm.n, self.gemm.k, self.gemm.groups
            ),
            format!(
                "blocks of {} pixels x {} channels, {} input channels a pass, {}, {} blocks",
                self.block_m,
                self.block_n,
                self.block_channels,
                self.order,
                self.block_count()
            ),
        ];
        lines.extend(self.levels.iter().map(|level| {
            format!(
                "{}: {}; moves {}, {}",
                level.name,
                level.reason,
                Bytes(level.moved_bytes as u64),
                Time(level.seconds)
            )
        }));
        lines.push(format!(
            "{} predicted, bound by {}; arithmetic {}",
            Time(self.seconds),
            self.bound,
            Time(self.compute_seconds)
        ));
        lines
    }
}

impl fmt::Display for TilePlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.explain().join("\n"))
    }
}

impl fmt::Display for LoopOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::WeightsOuter => "weights stay, pixels pass",
            Self::PixelsOuter => "pixels stay, weights pass",
        })
    }
}

/// Plans of one problem as a table, a column each: the cut, the prediction, and per level what it keeps and moves.
/// Levels stand in one line by their distance from the registers.
pub fn render_side_by_side(plans: &[TilePlan]) -> String {
    let levels = plans.iter().map(|plan| plan.levels.len()).max().unwrap_or(0);
    let mut rows: Vec<(String, Vec<String>)> = Vec::new();
    let mut row = |title: &str, cell: &dyn Fn(&TilePlan) -> String| {
        rows.push((title.to_owned(), plans.iter().map(cell).collect()));
    };
    row("machine", &|p| p.machine.clone());
    row("kernel", &|p| p.variant.name.to_owned());
    row("m x n x k", &|p| {
        format!("{} x {} x {}", p.gemm.m, p.gemm.n, p.gemm.k)
    });
    row("products", &|p| p.gemm.groups.to_string());
    row("tile", &|p| {
        format!("{} x {}", p.variant.tile_m, p.variant.tile_n)
    });
    row("block", &|p| {
        format!("{} x {}, {} channels", p.block_m, p.block_n, p.block_channels)
    });
    row("blocks", &|p| p.block_count().to_string());
    row("order", &|p| p.order.to_string());
    for level in 0..levels {
        row(&format!("level {level}"), &|p| {
            p.levels.get(level).map_or_else(String::new, |l| {
                let capacity = l
                    .capacity_bytes
                    .map_or_else(String::new, |bytes| format!(" of {}", Bytes(bytes)));
                format!("{}: keeps {}{capacity}", l.name, Bytes(l.footprint_bytes))
            })
        });
        row("", &|p| {
            p.levels.get(level).map_or_else(String::new, |l| {
                format!("moves {} in {}", Bytes(l.moved_bytes as u64), Time(l.seconds))
            })
        });
    }
    row("arithmetic", &|p| Time(p.compute_seconds).to_string());
    row("predicted", &|p| Time(p.seconds).to_string());
    row("bound by", &|p| p.bound.to_owned());
    table(&rows)
}

/// Lines up titled rows of cells.
fn table(rows: &[(String, Vec<String>)]) -> String {
    let columns = rows.first().map_or(0, |(_, cells)| cells.len());
    let width = |column: usize| {
        rows.iter()
            .map(|(_, cells)| cells[column].chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let titles = rows
        .iter()
        .map(|(title, _)| title.chars().count())
        .max()
        .unwrap_or(0);
    let mut text = String::new();
    for (title, cells) in rows {
        let mut line = format!("{title:titles$}");
        for (cell, width) in cells.iter().zip(&widths) {
            line.push_str(&format!("  {cell:width$}"));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// Bytes in the largest binary unit that keeps them above one.
struct Bytes(u64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut value, mut unit) = (self.0 as f64, "B");
        for next in ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"] {
            if value < 1024.0 {
                break;
            }
            (value, unit) = (value / 1024.0, next);
        }
        if unit == "B" {
            write!(f, "{value} B")
        } else {
            write!(f, "{value:.1} {unit}")
        }
    }
}

/// Seconds in a unit that suits them.
struct Time(f64);

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            t if t < 1e-3 => write!(f, "{:.2} us", t * 1e6),
            t if t < 1.0 => write!(f, "{:.3} ms", t * 1e3),
            t => write!(f, "{t:.3} s"),
        }
    }
}
