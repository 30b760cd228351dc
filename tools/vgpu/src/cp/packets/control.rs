//! Packets that say where the stream goes on.

use std::sync::Arc;
use std::time::Instant;

use sparkle_pm4::Ring;
use sparkle_pm4::packets::values::{CondIndirectBufferMode, ContinueBit, PredBool, PredOp};
use sparkle_pm4::packets::{CondExec, CondIndirectBuffer, IndirectBuffer, PredExec, Rewind, SetPredication};

use super::atomic::POLL;
use super::wait::compare;
use crate::cp::job::Ib;
use crate::cp::outcome::Stop;
use crate::cp::run::Run;

impl Run<'_> {
    pub(super) fn indirect_buffer(&mut self, ib: &IndirectBuffer) -> Result<(), Stop> {
        let target = Ib { va: ib.ib_base(), dwords: ib.ib_size() };
        if ib.vmid() != 0 && !self.is_kernel() {
            return Err(Stop::Illegal(format!(
                "INDIRECT_BUFFER with VMID {}: address spaces are the kernel's",
                ib.vmid()
            )));
        }
        if !ib.chain() {
            return self.call(target);
        }
        if self.ring == Ring::Compute && !ib.valid() {
            self.finding("cp-chain", true, || "a chain without VALID, which compute rings ask for".into())?;
        }
        let left = self.frames.last().map_or(0, |frame| frame.words.len().saturating_sub(frame.at));
        if left > 0 {
            self.finding("cp-dead", false, || format!("{left} dwords behind the chain never run"))?;
        }
        self.chain(target)
    }

    pub(super) fn cond_indirect_buffer(&mut self, ib: &CondIndirectBuffer) -> Result<(), Stop> {
        let mask = u64::from(ib.mask_hi()) << 32 | u64::from(ib.mask_lo());
        let reference = u64::from(ib.reference_hi()) << 32 | u64::from(ib.reference_lo());
        let value = self.read_value(ib.compare_addr(), true)?;
        match (compare(ib.function(), value & mask, reference)?, ib.mode()) {
            (true, CondIndirectBufferMode::IF_THEN | CondIndirectBufferMode::IF_THEN_ELSE) => {
                self.call(Ib { va: ib.ib_base1(), dwords: ib.ib_size1() })
            }
            (false, CondIndirectBufferMode::IF_THEN_ELSE) => self.call(Ib { va: ib.ib_base2(), dwords: ib.ib_size2() }),
            (false, CondIndirectBufferMode::IF_THEN) => Ok(()),
            (_, mode) => Err(Stop::not_modelled(format_args!("INDIRECT_BUFFER with mode {mode:?}"))),
        }
    }

    pub(super) fn cond_exec(&mut self, cond: &CondExec) -> Result<(), Stop> {
        if self.read_value(cond.addr(), false)? == 0 {
            self.skip(cond.exec_count());
        }
        Ok(())
    }

    /// The one device is number 0.
    pub(super) fn pred_exec(&mut self, pred: &PredExec) -> Result<(), Stop> {
        if pred.device_select() & 1 == 0 {
            self.skip(pred.exec_count());
        }
        Ok(())
    }

    /// Source: Mesa `radv_cmd_buffer.c`, `radv_emit_set_predication_state`; `sid.h`, `PREDICATION_DRAW_VISIBLE`.
    pub(super) fn set_predication(&mut self, predication: &SetPredication) -> Result<(), Stop> {
        if predication.continue_bit() != ContinueBit::NEW_SET_PREDICATION {
            return Err(Stop::not_modelled("SET_PREDICATION that continues"));
        }
        let va = predication.start_addr();
        let value = match predication.pred_op() {
            PredOp::CLEAR_PREDICATE => {
                self.state.predicate = true;
                return Ok(());
            }
            PredOp::DX12 => self.read_value(va, true)?,
            PredOp::VULKAN => self.read_value(va, false)?,
            other => return Err(Stop::not_modelled(format_args!("SET_PREDICATION with {other:?}"))),
        };
        let wanted = predication.pred_bool() == PredBool::DRAW_IF_VISIBLE_OR_NO_OVERFLOW;
        self.state.predicate = (value != 0) == wanted;
        Ok(())
    }

    /// The stream waits for its own dword and is then read anew.
    pub(super) fn rewind(&mut self, rewind: &Rewind) -> Result<(), Stop> {
        let Some(frame) = self.frames.last() else { return Ok(()) };
        let (va, at, length) = (frame.va, frame.at, frame.words.len());
        // Its operand is the dword before the next packet.
        let operand = va.wrapping_add((at as u64).wrapping_sub(1).wrapping_mul(4)); // CAST: usize has at most 64 bits
        let begin = Instant::now();
        let mut valid = rewind.valid();
        while !valid {
            valid = self.memory.read_u32(operand)? >> 31 != 0;
            if !valid && self.job.gives_up(begin, &self.device.limits()) {
                return Err(Stop::Hang(format!("nobody sets VALID of REWIND at {operand:#x}")));
            }
            if !valid {
                std::thread::sleep(POLL);
            }
        }
        let words = self.memory.fetch(va, length as u64)?; // CAST: as above
        if let Some(frame) = self.frames.last_mut() {
            frame.words = Arc::from(words);
        }
        Ok(())
    }
}
