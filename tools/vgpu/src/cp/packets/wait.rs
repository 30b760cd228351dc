//! WAIT_REG_MEM and WAIT_REG_MEM64.

use std::time::Instant;

use sparkle_pm4::packets::values::{Function, MemSpace, WaitRegMemOperation};
use sparkle_pm4::packets::{WaitRegMem, WaitRegMem64};
use sparkle_pm4::registers::RegOffset;

use super::atomic::POLL;
use crate::cp::memory::canonical;
use crate::cp::outcome::Stop;
use crate::cp::run::Run;

/// A comparison of unsigned numbers.
pub(super) fn compare(function: Function, value: u64, reference: u64) -> Result<bool, Stop> {
    Ok(match function {
        Function::ALWAYS_PASS => true,
        Function::LESS_THAN_REF_VALUE => value < reference,
        Function::LESS_THAN_EQUAL_TO_THE_REF_VALUE => value <= reference,
        Function::EQUAL_TO_THE_REFERENCE_VALUE => value == reference,
        Function::NOT_EQUAL_REFERENCE_VALUE => value != reference,
        Function::GREATER_THAN_OR_EQUAL_REFERENCE_VALUE => value >= reference,
        Function::GREATER_THAN_REFERENCE_VALUE => value > reference,
        other => return Err(Stop::not_modelled(format_args!("comparison {other:?}"))),
    })
}

/// What to wait for.
struct Wait {
    function: Function,
    space: MemSpace,
    operation: WaitRegMemOperation,
    /// In memory.
    va: u64,
    /// Registers: the one to poll, or the one to write and the one to poll.
    registers: [u32; 2],
    reference: u64,
    mask: u64,
    wide: bool,
}

impl Run<'_> {
    pub(super) fn wait_reg_mem(&mut self, wait: &WaitRegMem) -> Result<(), Stop> {
        self.wait(&Wait {
            function: wait.function(),
            space: wait.mem_space(),
            operation: wait.operation(),
            va: wait.mem_poll_addr(),
            registers: [wait.reg_poll_addr(), wait.reg_write_addr2()],
            reference: wait.reference().into(),
            mask: wait.mask().into(),
            wide: false,
        })
    }

    pub(super) fn wait_reg_mem64(&mut self, wait: &WaitRegMem64) -> Result<(), Stop> {
        self.wait(&Wait {
            function: wait.function(),
            space: wait.mem_space(),
            operation: wait.operation(),
            va: wait.mem_poll_addr(),
            registers: [wait.reg_poll_addr(), wait.reg_write_addr2()],
            reference: u64::from(wait.reference_hi()) << 32 | u64::from(wait.reference()),
            mask: u64::from(wait.mask_hi()) << 32 | u64::from(wait.mask()),
            wide: true,
        })
    }

    fn wait(&mut self, wait: &Wait) -> Result<(), Stop> {
        match (wait.operation, wait.space) {
            (WaitRegMemOperation::WR_WAIT_WR_REG, _) => self.write_and_wait(wait),
            (WaitRegMemOperation::WAIT_REG_MEM | WaitRegMemOperation::WAIT_MEM_PREEMPTABLE, MemSpace::MEMORY_SPACE) => {
                self.wait_memory(wait)
            }
            (WaitRegMemOperation::WAIT_REG_MEM, MemSpace::REGISTER_SPACE) => {
                let [register, _] = wait.registers;
                // The kernel waits for blocks that answer by themselves.
                if self.is_kernel() && self.state.registers.get(RegOffset::new(register)).is_none() {
                    return Ok(());
                }
                let value = u64::from(self.read_register(RegOffset::new(register))?);
                if compare(wait.function, value & wait.mask, wait.reference)? {
                    return Ok(());
                }
                Err(Stop::Hang(format!(
                    "register {register:#x} holds {value:#x}, and nobody changes it: {}",
                    goal(wait)
                )))
            }
            (operation, space) => Err(Stop::not_modelled(format_args!("waiting with {operation:?} for {space:?}"))),
        }
    }

    /// The kernel asks another block by a register and waits for its answer in another: page tables, host data path.
    /// Those blocks are not modelled; they have always answered.
    ///
    /// Source: Linux `gmc_v11_0.c`, `gmc_v11_0_emit_flush_gpu_tlb`; `gfx_v11_0.c`, `gfx_v11_0_ring_emit_hdp_flush`.
    fn write_and_wait(&mut self, wait: &Wait) -> Result<(), Stop> {
        let [write, _] = wait.registers;
        if !self.is_kernel() {
            return Err(Stop::Illegal(format!("register {write:#x} is not a client's to write and wait for")));
        }
        self.set_register(RegOffset::new(write), wait.reference as u32) // CAST: the packet's dword
    }

    fn wait_memory(&mut self, wait: &Wait) -> Result<(), Stop> {
        let begin = Instant::now();
        loop {
            let value = if wait.wide { self.memory.read_u64(wait.va)? } else { self.memory.read_u32(wait.va)?.into() };
            if compare(wait.function, value & wait.mask, wait.reference)? {
                // What an end-of-pipe event writes comes when the waves before it have ended.
                if self.order.waited(canonical(wait.va)) && self.order.pending.is_empty() {
                    self.watch.coherence.idle();
                }
                return Ok(());
            }
            if self.job.gives_up(begin, &self.device.limits()) {
                let va = canonical(wait.va);
                return Err(Stop::Hang(format!("{va:#x} holds {value:#x}, and nobody changes it: {}", goal(wait))));
            }
            std::thread::sleep(POLL);
        }
    }
}

fn goal(wait: &Wait) -> String {
    let sign = match wait.function {
        Function::LESS_THAN_REF_VALUE => "<",
        Function::LESS_THAN_EQUAL_TO_THE_REF_VALUE => "<=",
        Function::EQUAL_TO_THE_REFERENCE_VALUE => "==",
        Function::NOT_EQUAL_REFERENCE_VALUE => "!=",
        Function::GREATER_THAN_OR_EQUAL_REFERENCE_VALUE => ">=",
        _ => ">",
    };
    format!("the wait is for (value & {:#x}) {sign} {:#x}", wait.mask, wait.reference)
}
