//! What a ring keeps from packet to packet and from job to job.

use std::collections::HashMap;

use sparkle_pm4::Ring;
use sparkle_pm4::registers::{RegOffset, Space, offset};

#[derive(Clone, Copy, Debug)]
struct Cell {
    value: u32,
    /// The job that wrote it; 0 for the driver at start-up.
    job: u64,
}

/// Registers as they were written.
#[derive(Clone, Debug, Default)]
pub struct Registers {
    cells: HashMap<u32, Cell>,
    job: u64,
}

impl Registers {
    /// As the kernel leaves them when it makes the queue.
    ///
    /// Source: Linux `gfx_v11_0.c`, `gfx_v11_0_compute_mqd_init`: engines 0 to 3 only; on the graphics ring all are on
    /// (`gfx_v11_0_setup_rb`, `gfx_v11_0_constants_init` leave the reset value).
    #[must_use]
    pub fn new(ring: Ring) -> Self {
        let mut registers = Self::default();
        let engines = if ring == Ring::Compute { 4 } else { 8 };
        for register in THREAD_MGMT.into_iter().take(engines) {
            registers.set(register, u32::MAX);
        }
        registers
    }

    /// What a register holds; `None` where nobody has written it.
    #[must_use]
    pub fn get(&self, register: RegOffset) -> Option<u32> {
        self.cells.get(&register.dwords()).map(|cell| cell.value)
    }

    /// As [`Self::get`], with 0 for a register that nobody has written.
    #[must_use]
    pub fn value(&self, register: RegOffset) -> u32 {
        self.get(register).unwrap_or(0)
    }

    /// Whether the job that runs has written it.
    #[must_use]
    pub fn is_fresh(&self, register: RegOffset) -> bool {
        self.cells.get(&register.dwords()).is_some_and(|cell| cell.job == self.job)
    }

    pub(crate) fn set(&mut self, register: RegOffset, value: u32) {
        self.cells.insert(register.dwords(), Cell { value, job: self.job });
    }

    pub(crate) fn begin_job(&mut self) {
        self.job += 1;
    }

    /// CLEAR_STATE: context registers go back to their defaults, which are not modelled.
    pub(crate) fn clear_context(&mut self) {
        self.cells.retain(|&register, _| Space::of(RegOffset::new(register)) != Space::Context);
    }
}

/// `COMPUTE_STATIC_THREAD_MGMT_SE*` by shader engine.
pub(crate) const THREAD_MGMT: [RegOffset; 8] = [
    offset::COMPUTE_STATIC_THREAD_MGMT_SE0,
    offset::COMPUTE_STATIC_THREAD_MGMT_SE1,
    offset::COMPUTE_STATIC_THREAD_MGMT_SE2,
    offset::COMPUTE_STATIC_THREAD_MGMT_SE3,
    offset::COMPUTE_STATIC_THREAD_MGMT_SE4,
    offset::COMPUTE_STATIC_THREAD_MGMT_SE5,
    offset::COMPUTE_STATIC_THREAD_MGMT_SE6,
    offset::COMPUTE_STATIC_THREAD_MGMT_SE7,
];

/// All that a ring keeps.
#[derive(Clone, Debug)]
pub(crate) struct State {
    pub(crate) registers: Registers,
    /// Addresses that SET_BASE has set, by their index.
    pub(crate) bases: HashMap<u32, u64>,
    /// Whether packets with the predicate bit are executed.
    pub(crate) predicate: bool,
    /// What the last ATOMIC_MEM found.
    pub(crate) atomic_return: u64,
}

impl State {
    pub(crate) fn new(ring: Ring) -> Self {
        Self { registers: Registers::new(ring), bases: HashMap::new(), predicate: true, atomic_return: 0 }
    }
}
