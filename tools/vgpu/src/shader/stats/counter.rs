//! Watching waves.

use std::sync::{Mutex, PoisonError};

use super::Stats;
use super::cost::{Class, Condition, Cost};
use crate::shader::{GroupPlace, MemoryAccess, Observer, Program, Space, VCC, Watcher, Wave, Workgroup};

/// How often an instruction of the program came, and with how many lanes.
#[derive(Clone, Copy, Debug)]
struct Row {
    cost: Cost,
    count: u64,
    active: u64,
    partly: u64,
    idle: u64,
}

/// Watches the waves of a workgroup, or any others that run one program at a time.
#[derive(Debug, Default)]
pub struct Counter<'a> {
    /// By dword of the program.
    rows: Vec<Option<Row>>,
    base: u64,
    lanes: u32,
    /// What depends on more than how often an instruction came.
    stats: Stats,
    /// Lanes that were on before the current instruction.
    active: u32,
    /// Whether they disagree about the current branch.
    divergent: bool,
    sink: Option<&'a Collector>,
}

impl Counter<'_> {
    /// What was seen so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let mut stats = self.stats.clone();
        self.rows.iter().flatten().for_each(|row| row.add_to(&mut stats, self.lanes));
        stats
    }

    fn row(&mut self, program: &Program, wave: &Wave, pc: usize) -> Option<&mut Row> {
        if self.base != program.base() || self.lanes != wave.lanes() {
            self.stats = self.stats();
            self.rows.clear();
            (self.base, self.lanes) = (program.base(), wave.lanes());
        }
        if self.rows.len() <= pc {
            self.rows.resize(pc + 1, None);
        }
        let row = self.rows.get_mut(pc)?;
        if row.is_none() {
            let cost = Cost::of(program.instruction(pc)?);
            *row = Some(Row { cost, count: 0, active: 0, partly: 0, idle: 0 });
        }
        row.as_mut()
    }
}

impl Row {
    fn add_to(&self, stats: &mut Stats, lanes: u32) {
        let Cost { class, op, op_y, flops, dot_ops, matrix: [matrix_flops, matrix_ops], clocks, .. } = self.cost;
        *stats.classes.entry(class).or_default() += self.count;
        let name = op.mnemonic();
        if let Some(op_y) = op_y {
            for name in [name, op_y.mnemonic()] {
                let name = format!("v_dual_{}", name.trim_start_matches("v_"));
                *stats.opcodes.entry(name).or_default() += self.count;
            }
        } else {
            *stats.opcodes.entry(name.to_owned()).or_default() += self.count;
        }
        if !class.is_vector() {
            return;
        }
        let lanes = u64::from(lanes);
        stats.lanes_active += self.active;
        stats.lanes_issued += self.count * lanes;
        stats.partly_active += self.partly;
        stats.idle += self.idle;
        let passes = if class == Class::Wmma { 1 } else { lanes / 32 };
        if class.is_valu() {
            stats.valu_slots += self.count * lanes / 32;
            stats.valu_clocks += self.count * passes * clocks;
        }
        let work = &mut stats.work;
        work.flops += flops * self.active + matrix_flops * self.count;
        work.flops_issued += (flops * lanes + matrix_flops) * self.count;
        work.dot_ops += dot_ops * self.active + matrix_ops * self.count;
        work.dot_ops_issued += (dot_ops * lanes + matrix_ops) * self.count;
    }
}

impl Observer for Counter<'_> {
    const RECORD: bool = true;

    fn before(&mut self, program: &Program, wave: &Wave) {
        let exec = wave.exec();
        self.active = exec.count_ones();
        let active = self.active;
        self.divergent = match self.row(program, wave, wave.pc).and_then(|row| row.cost.condition) {
            Some(Condition::Vcc) => {
                let vcc = wave.mask(VCC) & exec;
                vcc != 0 && vcc != exec
            }
            Some(Condition::Exec) => active != 0 && active != wave.lanes(),
            Some(Condition::Scalar) | None => false,
        };
    }

    fn after(&mut self, program: &Program, wave: &Wave, pc: usize, accesses: &[MemoryAccess]) {
        let (active, lanes) = (self.active, wave.lanes());
        let Some(row) = self.row(program, wave, pc) else { return };
        row.count += 1;
        row.active += u64::from(active);
        row.partly += u64::from(active != 0 && active != lanes);
        row.idle += u64::from(active == 0);
        let cost = row.cost;
        if let Some(condition) = cost.condition {
            let branches = &mut self.stats.branches;
            branches.conditional += 1;
            branches.taken += u64::from(wave.pc != pc + cost.dwords);
            branches.vector += u64::from(condition != Condition::Scalar);
            branches.divergent += u64::from(self.divergent);
        }
        if accesses.is_empty() {
            return;
        }
        let stats = &mut self.stats;
        for access in accesses {
            let traffic = match access.space {
                Space::Global if cost.is_scalar => &mut stats.scalar,
                Space::Global => &mut stats.global,
                Space::Lds => &mut stats.lds,
                Space::Scratch => &mut stats.scratch,
            };
            traffic.add(access);
        }
        let of = |space| accesses.iter().filter(move |access| access.space == space).copied();
        let in_lds: Vec<_> = of(Space::Lds).collect();
        stats.banks.add(&in_lds);
        if !cost.is_scalar {
            let global: Vec<_> = of(Space::Global).collect();
            stats.lines.add(&global);
        }
    }

    fn end(&mut self) {
        self.stats.groups += 1;
    }
}

impl Drop for Counter<'_> {
    fn drop(&mut self) {
        if let Some(sink) = self.sink {
            let stats = self.stats();
            sink.0.lock().unwrap_or_else(PoisonError::into_inner).merge(&stats);
        }
    }
}

/// Watches all workgroups of a dispatch, on any number of threads.
#[derive(Debug, Default)]
pub struct Collector(Mutex<Stats>);

impl Collector {
    /// What workgroups did whose watching is over; once the dispatch is done, all of it.
    #[must_use]
    pub fn into_stats(self) -> Stats {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watcher for Collector {
    type Observer<'a> = Counter<'a>;

    fn watch<'a>(&'a self, _: &Workgroup, _: GroupPlace) -> Counter<'a> {
        let mut counter = Counter::default();
        counter.sink = Some(self);
        counter
    }
}
