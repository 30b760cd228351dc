//! COPY_DATA.

use sparkle_pm4::Ring;
use sparkle_pm4::packets::CopyData;
use sparkle_pm4::packets::values::{CopyDataDstSel, CopyDataSrcSel, CountSel};
use sparkle_pm4::registers::RegOffset;

use crate::cp::outcome::Stop;
use crate::cp::run::Run;

impl Run<'_> {
    pub(super) fn copy_data(&mut self, copy: &CopyData) -> Result<(), Stop> {
        let wide = copy.count_sel() == CountSel::N64_BITS_OF_DATA;
        let value = self.copy_source(copy, wide)?;
        match copy.dst_sel() {
            CopyDataDstSel::MEM_MAPPED_REGISTER => {
                let register = copy.dst_reg_offset();
                self.set_register(RegOffset::new(register), value as u32)?; // CAST: the low half
                if wide {
                    self.set_register(RegOffset::new(register.wrapping_add(1)), (value >> 32) as u32)?; // CAST: the high half
                }
                Ok(())
            }
            CopyDataDstSel::MEMORY_SYNC_ACROSS_GRBM if self.ring == Ring::Compute => {
                Err(Stop::Hang("COPY_DATA with DST_SEL 1, which compute rings don't have".into()))
            }
            CopyDataDstSel::MEMORY_SYNC_ACROSS_GRBM | CopyDataDstSel::TC_L2 | CopyDataDstSel::TC_L2_OBSOLETE => {
                let va = if wide { copy.dst_64b_addr() } else { copy.dst_32b_addr() };
                self.write_value(va, wide, value)
            }
            other => Err(Stop::not_modelled(format_args!("COPY_DATA to {other:?}"))),
        }
    }

    fn copy_source(&mut self, copy: &CopyData, wide: bool) -> Result<u64, Stop> {
        match copy.src_sel() {
            CopyDataSrcSel::MEM_MAPPED_REGISTER => {
                let register = copy.src_reg_offset();
                let low = self.read_register(RegOffset::new(register))?;
                let high = if wide { self.read_register(RegOffset::new(register.wrapping_add(1)))? } else { 0 };
                Ok(u64::from(high) << 32 | u64::from(low))
            }
            CopyDataSrcSel::TC_L2_OBSOLETE | CopyDataSrcSel::TC_L2 => {
                let va = if wide { copy.src_64b_addr() } else { copy.src_32b_addr() };
                self.read_value(va, wide)
            }
            CopyDataSrcSel::IMMEDIATE_DATA => Ok(u64::from(copy.src_imm_data()) << 32 | u64::from(copy.imm_data())),
            CopyDataSrcSel::ATOMIC_RETURN_DATA => Ok(self.state.atomic_return),
            // One counter serves as both clocks.
            CopyDataSrcSel::GPU_CLOCK_COUNT | CopyDataSrcSel::SYSTEM_CLOCK_COUNT => Ok(self.device.now()),
            other => Err(Stop::not_modelled(format_args!("COPY_DATA from {other:?}"))),
        }
    }
}
