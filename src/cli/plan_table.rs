//! Plans for people: a column a machine, a row a decision.

use crate::plan::{LoopOrder, TilePlan};
use std::fmt;

/// Plans of one problem, side by side.
#[derive(Clone, Debug)]
pub(super) struct PlanTable {
    /// The first cell of a row says what the row is.
    rows: Vec<Vec<String>>,
    /// Why the blocks have their sizes, a line each.
    reasons: Vec<String>,
}

impl PlanTable {
    /// The table of `plans`.
    pub(super) fn new(plans: &[TilePlan]) -> Self {
        let mut rows = Vec::new();
        let mut row = |what: &str, cell: &dyn Fn(&TilePlan) -> String| {
            rows.push(
                std::iter::once(what.to_owned())
                    .chain(plans.iter().map(cell))
                    .collect(),
            );
        };
        row("machine", &|plan| plan.machine.clone());
        row("kernel", &|plan| plan.variant.name.to_owned());
        row("register tile", &|plan| {
            format!(
                "{} pixels x {} channels",
                plan.variant.tile_m, plan.variant.tile_n
            )
        });
        row("product", &|plan| {
            let gemm = plan.gemm;
            format!("{} x ({} x {} x {})", gemm.groups, gemm.m, gemm.n, gemm.k)
        });
        row("block", &|plan| {
            format!("{} pixels x {} channels", plan.block_m, plan.block_n)
        });
        row("channels a pass", &|plan| plan.block_channels.to_string());
        row("stays close", &|plan| match plan.order {
            LoopOrder::WeightsOuter => "weights".to_owned(),
            LoopOrder::PixelsOuter => "pixels".to_owned(),
        });
        row("blocks", &|plan| plan.block_count().to_string());
        let depth = plans.iter().map(|plan| plan.levels.len()).max().unwrap_or(0);
        for level in 0..depth {
            row(
                &format!("level {}", level + 1),
                &|plan| match plan.levels.get(level) {
                    Some(used) => {
                        let moved = used.moved_bytes / 1e6;
                        format!(
                            "{}: {} KiB kept, {moved:.2} MB moved",
                            used.name,
                            used.footprint_bytes / 1024
                        )
                    }
                    None => "-".to_owned(),
                },
            );
        }
        row("predicted", &|plan| {
            format!("{:.1} us, bound by {}", plan.seconds * 1e6, plan.bound)
        });
        row("candidates", &|plan| plan.candidates.to_string());
        let reasons = plans
            .iter()
            .flat_map(|plan| {
                plan.levels
                    .iter()
                    .map(|level| format!("{}, {}: {}", plan.machine, level.name, level.reason))
            })
            .collect();
        Self { rows, reasons }
    }
}

impl fmt::Display for PlanTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = self.rows.first().map_or(0, Vec::len);
        let width = |column: usize| {
            self.rows
                .iter()
                .map(|row| row[column].chars().count())
                .max()
                .unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        for row in &self.rows {
            let line: Vec<String> = row
                .iter()
                .zip(&widths)
                .map(|(cell, width)| format!("{cell:<width$}"))
                .collect();
            writeln!(f, "{}", line.join("  ").trim_end())?;
        }
        self.reasons.iter().try_for_each(|reason| writeln!(f, "{reason}"))
    }
}
