//! `uninit` and `uninit-strict`: bits that nothing has defined.
//!
//! Every bit of every register and of memory has a shadow bit, which is 1 while it is undefined. Moves and arithmetic
//! carry shadows along, so that an undefined bit may be copied, stored, masked away or computed with; `uninit` reports
//! it where it decides something: an address, a descriptor, a lane selector, EXEC, a branch, MODE, or a byte of a
//! result. `uninit-strict` reports every read of a register with an undefined bit by a lane that is on.
//!
//! `bits` is the arithmetic, `lanes` and `scalars` are the tables of operations, `job` and `cross` apply them
//! to registers, `access` moves shadows to and from memory. While all that an instruction reads is defined, none of
//! these is asked.

mod access;
mod bits;
mod cross;
mod facts;
mod findings;
mod job;
mod lanes;
mod memory;
mod registers;
mod scalars;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

pub(crate) use findings::RULES;
pub use findings::{ADDRESS, BRANCH, DESCRIPTOR, EXEC_BITS, JUMP, LANE, M0_BITS, MODE_BITS, READ, RESULT};
pub use memory::Defined;

use self::access::{Memories, Mover};
use self::facts::{Table, Work};
use self::findings::Undefined;
use self::job::Job;
use self::memory::Memory;
use self::registers::Registers;
use super::event::Event;
use super::report::{Report, Sink};
use super::rule::{Sanitizer, Switches};
use crate::shader::{Inputs, MemoryAccess, Program, Workgroup};

/// What is defined when a wave starts. EXEC and the trap handler's registers always are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Start {
    /// Scalar registers by operand number: SGPRs, VCC (106, 107), M0 (125).
    pub scalars: u128,
    /// Whether SCC is.
    pub scc: bool,
    /// VGPRs, each with a bit for every lane in which it is.
    pub vectors: Vec<(u8, u64)>,
    /// How many bytes from the start of LDS are.
    pub lds_bytes: usize,
}

impl Start {
    /// What the launcher of a dispatch sets: the SGPRs of its inputs and the thread's numbers in v0.
    #[must_use]
    pub fn of(inputs: &Inputs) -> Self {
        let ids = inputs.group_ids.iter().filter(|enabled| **enabled).count();
        let count = inputs.user.len() + ids + usize::from(inputs.group_info);
        let scalars = 1u128.checked_shl(count as u32).unwrap_or(0).wrapping_sub(1); // CAST: at most 20
        Self { scalars, vectors: vec![(0, u64::MAX)], ..Self::default() }
    }
}

/// What all workgroups share: memory, and what is known of programs.
#[derive(Debug, Default)]
pub struct Shared {
    switches: Switches,
    memory: Memory,
    results: Mutex<Vec<(u64, u64)>>,
    tables: Mutex<Vec<Arc<Table>>>,
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    /// For the sanitizers among `switches` that are of this module.
    #[must_use]
    pub fn new(switches: Switches) -> Self {
        Self { switches, ..Self::default() }
    }

    /// Whether there is something to watch for.
    #[must_use]
    pub const fn is_on(&self) -> bool {
        self.switches.has(Sanitizer::Uninit) || self.switches.has(Sanitizer::UninitStrict)
    }

    /// Says which of `bytes` bytes from address `va` are defined, whatever was said or stored before. Memory that
    /// nobody tells of counts as defined.
    pub fn region(&self, va: u64, bytes: u64, defined: Defined<'_>) {
        self.memory.set(va, bytes, defined);
    }

    /// Says that `bytes` bytes from address `va` are a result, all of which must be defined in the end.
    pub fn result(&self, va: u64, bytes: u64) {
        lock(&self.results).push((va, bytes));
    }

    /// Whether `bytes` bytes from address `va` are defined.
    #[must_use]
    pub fn is_defined(&self, va: u64, bytes: u64) -> bool {
        self.memory.undefined(va, bytes).is_empty()
    }

    /// Undefined bytes of the results, by the instructions that stored them. Ask when all work is done.
    #[must_use]
    pub fn results(&self) -> Vec<Report> {
        if !self.switches.has(Sanitizer::Uninit) {
            return Vec::new();
        }
        let results = lock(&self.results).clone();
        findings::of_results(&self.memory, &results)
    }

    /// What is known of a program.
    fn table(&self, program: &Program) -> Arc<Table> {
        /// Most programs that are remembered.
        const MOST: usize = 64;
        let mut tables = lock(&self.tables);
        if let Some(known) = tables.iter().find(|table| table.is_of(program)) {
            return Arc::clone(known);
        }
        if tables.len() >= MOST {
            tables.clear();
        }
        let table = Arc::new(Table::new(program));
        tables.push(Arc::clone(&table));
        table
    }
}

/// The shadows of a workgroup.
pub(crate) struct Group<'a> {
    shared: &'a Shared,
    waves: Vec<Registers>,
    lds: Vec<u8>,
    /// Address of the program that the table is of.
    program: usize,
    table: Option<Arc<Table>>,
    basic: bool,
    strict: bool,
}

impl fmt::Debug for Group<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Group").field("waves", &self.waves.len()).finish_non_exhaustive()
    }
}

impl<'a> Group<'a> {
    pub(crate) fn new(shared: &'a Shared, start: &Start, group: &Workgroup) -> Self {
        let mut lds = vec![0xff; group.lds.len()];
        lds.iter_mut().take(start.lds_bytes).for_each(|byte| *byte = 0);
        Self {
            shared,
            waves: group.waves.iter().map(|wave| Registers::new(wave, start)).collect(),
            lds,
            program: 0,
            table: None,
            basic: shared.switches.has(Sanitizer::Uninit),
            strict: shared.switches.has(Sanitizer::UninitStrict),
        }
    }

    /// The registers of the event's wave.
    #[cfg(test)]
    fn registers(&mut self, wave: usize) -> Option<&mut Registers> {
        self.waves.get_mut(wave)
    }

    /// Arithmetic on shadows, and every check, before the instruction is executed.
    pub(crate) fn before(&mut self, event: &Event<'_>, sink: &mut Sink) {
        let program = std::ptr::from_ref(event.program).addr();
        if self.program != program {
            self.table = Some(self.shared.table(event.program));
            self.program = program;
        }
        let Some(facts) = self.table.as_ref().and_then(|table| table.get(event.program, event.pc, event.instruction))
        else {
            return;
        };
        let Some(registers) = self.waves.get_mut(event.wave.id as usize) else { return }; // CAST: at most 32
        let exec = event.wave.exec();
        let lanes = if facts.any_lane { u64::MAX } else { exec };
        let mut dirty = facts.scalar_reads & registers.scalar_dirt != 0;
        for &index in &facts.reads {
            dirty |= registers.dirt(index) & lanes != 0;
        }
        if facts.keeps || facts.relative {
            dirty |= facts.relative || facts.writes.iter().any(|&index| registers.dirt(index) & exec != 0);
        }
        if !dirty {
            if facts.work != Work::Memory {
                facts.writes.iter().for_each(|&index| registers.define(index, exec));
                registers.define_scalars(facts.scalar_writes);
            }
            return;
        }
        let Some(step) = event.program.step(event.pc) else { return };
        if self.strict {
            findings::strict(event, facts, registers, step, sink);
        }
        if self.basic {
            findings::control(event, facts, registers, sink);
            access::check(event, facts, registers, sink);
        }
        match facts.work {
            Work::Nothing | Work::Jump | Work::Branch | Work::Mode => {
                facts.writes.iter().for_each(|&index| registers.define(index, exec));
                registers.define_scalars(facts.scalar_writes);
            }
            Work::Memory => {}
            _ => Job { event, step, facts, registers, sink, basic: self.basic }.run(),
        }
    }

    /// Shadows to and from memory, when the instruction has been executed.
    pub(crate) fn after(&mut self, event: &Event<'_>, accesses: &[MemoryAccess]) {
        let Some(table) = &self.table else { return };
        let Some(facts) = table.get(event.program, event.pc, event.instruction) else { return };
        if facts.work != Work::Memory {
            return;
        }
        let (Some(step), Some(registers)) = (event.program.step(event.pc), self.waves.get_mut(event.wave.id as usize))
        // CAST: at most 32
        else {
            return;
        };
        let memories = Memories { global: &self.shared.memory, lds: &mut self.lds };
        Mover::new(event, step, facts, registers, memories).run(accesses);
    }
}
