//! Counts as JSON and as text.

use std::fmt;

use serde_json::{Map, Value, json};

use super::{Banks, Lines, Occupancy, Stats, Traffic, share};

impl Stats {
    /// All counts, by name.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let classes: Map<_, _> =
            self.classes.iter().map(|(class, count)| (class.name().into(), json!(count))).collect();
        json!({
            "groups": self.groups,
            "instructions": self.instructions(),
            "classes": classes,
            "opcodes": self.opcodes,
            "valu_slots": self.valu_slots,
            "valu_clocks": self.valu_clocks,
            "dual_share": self.dual_share(),
            "lanes_active": self.lanes_active,
            "lanes_issued": self.lanes_issued,
            "active_share": self.active_share(),
            "partly_active": self.partly_active,
            "idle": self.idle,
            "flops": self.work.flops,
            "flops_issued": self.work.flops_issued,
            "dot_ops": self.work.dot_ops,
            "dot_ops_issued": self.work.dot_ops_issued,
            "branches": {
                "conditional": self.branches.conditional,
                "taken": self.branches.taken,
                "vector": self.branches.vector,
                "divergent": self.branches.divergent,
            },
            "lds": self.lds.to_json(),
            "global": self.global.to_json(),
            "scratch": self.scratch.to_json(),
            "scalar": self.scalar.to_json(),
            "banks": self.banks.to_json(),
            "lines": self.lines.to_json(),
        })
    }
}

impl Traffic {
    fn to_json(self) -> Value {
        json!({
            "loads": self.loads,
            "load_bytes": self.load_bytes,
            "stores": self.stores,
            "store_bytes": self.store_bytes,
            "atomics": self.atomics,
            "atomic_bytes": self.atomic_bytes,
        })
    }
}

impl Banks {
    fn to_json(self) -> Value {
        json!({
            "instructions": self.instructions,
            "conflicting": self.conflicting,
            "clocks": self.clocks,
            "conflict_clocks": self.conflict_clocks,
        })
    }
}

impl Lines {
    fn to_json(self) -> Value {
        json!({ "instructions": self.instructions, "touched": self.touched, "needed": self.needed })
    }
}

impl Occupancy {
    /// All of it, by name.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "groups": self.groups,
            "waves": self.waves,
            "simds": self.simds,
            "waves_per_simd": self.waves_per_simd(),
            "limit": self.limit.name(),
        })
    }
}

impl fmt::Display for Occupancy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.1} waves a SIMD, limited by {}", self.waves_per_simd(), self.limit.name())
    }
}

/// A table: what, how many, and what share of the whole.
impl fmt::Display for Stats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = self.instructions();
        let percent = |part, whole| format!("{:.1} %", 100.0 * share(part, whole));
        let mut row = |name: &str, count: u64, note: &str| {
            let line = format!("{name:<28}{count:>16}  {note}");
            writeln!(f, "{}", line.trim_end())
        };
        row("workgroups", self.groups, "")?;
        row("instructions", all, "")?;
        for (class, count) in &self.classes {
            row(&format!("  {}", class.name()), *count, &percent(*count, all))?;
        }
        row("vector ALU slots", self.valu_slots, &format!("{:.1} % pairs", 100.0 * self.dual_share()))?;
        row("vector ALU clocks, modelled", self.valu_clocks, "")?;
        row("lanes active", self.lanes_active, &percent(self.lanes_active, self.lanes_issued))?;
        row("partly active instructions", self.partly_active, "")?;
        row("floating-point operations", self.work.flops, &percent(self.work.flops, self.work.flops_issued))?;
        row("integer dot operations", self.work.dot_ops, &percent(self.work.dot_ops, self.work.dot_ops_issued))?;
        row(
            "conditional branches",
            self.branches.conditional,
            &percent(self.branches.taken, self.branches.conditional),
        )?;
        row("  divergent", self.branches.divergent, &percent(self.branches.divergent, self.branches.vector))?;
        for (name, traffic) in
            [("LDS", self.lds), ("global", self.global), ("scratch", self.scratch), ("scalar", self.scalar)]
        {
            row(&format!("{name} bytes loaded"), traffic.load_bytes, "")?;
            row(&format!("{name} bytes stored"), traffic.store_bytes, "")?;
            row(&format!("{name} bytes of atomics"), traffic.atomic_bytes, "")?;
        }
        row("LDS clocks, modelled", self.banks.clocks, "")?;
        row("  of conflicts", self.banks.conflict_clocks, &percent(self.banks.conflict_clocks, self.banks.clocks))?;
        row("lines of 128 bytes touched", self.lines.touched, "")?;
        row("  needed", self.lines.needed, &percent(self.lines.needed, self.lines.touched))
    }
}
