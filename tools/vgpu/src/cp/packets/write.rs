//! WRITE_DATA, COND_WRITE, TIMESTAMP.

use sparkle_pm4::Ring;
use sparkle_pm4::packets::values::{AddrIncr, DstSel, PollSpace, WriteSpace};
use sparkle_pm4::packets::{CondWrite, Timestamp, WriteData};
use sparkle_pm4::registers::RegOffset;

use super::wait::compare;
use crate::cp::outcome::Stop;
use crate::cp::run::Run;

impl Run<'_> {
    pub(super) fn write_data(&mut self, write: &WriteData<'_>) -> Result<(), Stop> {
        let stays = write.addr_incr() == AddrIncr::DO_NOT_INCREMENT_ADDRESS;
        match write.dst_sel() {
            DstSel::MEM_MAPPED_REGISTER => {
                for (index, value) in (0u32..).zip(write.tail) {
                    let index = if stays { 0 } else { index };
                    self.set_register(RegOffset::new(write.dst_mmreg_addr().wrapping_add(index)), *value)?;
                }
                Ok(())
            }
            // The graphics ring's ME has an old way to memory.
            DstSel::MEMORY_SYNC_ACROSS_GRBM if self.ring == Ring::Compute => {
                Err(Stop::Hang("WRITE_DATA with DST_SEL 1, which compute rings don't have".into()))
            }
            DstSel::MEMORY_SYNC_ACROSS_GRBM | DstSel::TC_L2 | DstSel::MEMORY => {
                let va = write.dst_mem_addr();
                let data = match write.tail {
                    [.., last] if stays => std::slice::from_ref(last),
                    data => data,
                };
                self.race(va, data.len() as u64 * 4, true)?; // CAST: widening
                self.memory.write(va, data)
            }
            other => Err(Stop::not_modelled(format_args!("WRITE_DATA with DST_SEL {other:?}"))),
        }
    }

    pub(super) fn cond_write(&mut self, write: &CondWrite) -> Result<(), Stop> {
        let polled = match write.poll_space() {
            PollSpace::MEMORY => self.read_value(write.poll_address(), false)?,
            _ => self.read_register(RegOffset::new(write.poll_address_lo()))?.into(),
        };
        let (mask, reference) = (u64::from(write.mask()), u64::from(write.reference()));
        if !compare(write.function(), polled & mask, reference)? {
            return Ok(());
        }
        match write.write_space() {
            WriteSpace::MEMORY => self.write_value(write.write_address(), false, write.write_data().into()),
            WriteSpace::REGISTER => self.set_register(RegOffset::new(write.write_address_lo()), write.write_data()),
            other => Err(Stop::not_modelled(format_args!("COND_WRITE to {other:?}"))),
        }
    }

    pub(super) fn timestamp(&mut self, stamp: &Timestamp) -> Result<(), Stop> {
        if stamp.enable_top() {
            self.write_value(stamp.pipe_top_addr(), true, self.device.now())?;
        }
        if stamp.enable_bottom() {
            self.write_value(stamp.pipe_bot_addr(), true, self.device.now())?;
        }
        Ok(())
    }
}
