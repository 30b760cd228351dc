//! Packets with which the command processor itself reads, writes and polls memory. Addresses are in bytes.

use super::macros::fixed;
use super::values::{
    CopyDataDstSel, CopyDataSrcSel, CopyDataWrConfirm, CountSel, DstSel, Function, MemSpace, WrConfirm,
};
use super::{CopyData, WaitRegMem, WaitRegMem64, WriteData};
use crate::BuildError;
use crate::field::AddressError;

/// Clocks between two looks at the value. Source: Mesa `radv_cs.c`, `radv_cp_wait_mem`.
const POLL_INTERVAL: u32 = 4;

impl<'a> WriteData<'a> {
    /// Writes `data` from `va` on, a multiple of 4, and goes on when the writes have been confirmed.
    ///
    /// # Errors
    /// Where the address is not one that the packet can hold.
    pub fn memory(va: u64, data: &'a [u32]) -> Result<Self, BuildError> {
        Ok(Self::new(data)
            .with_dst_sel(DstSel::MEMORY)?
            .with_wr_confirm(WrConfirm::WAIT_FOR_WRITE_CONFIRMATION)?
            .with_dst_mem_addr(va)?)
    }
}

impl CopyData {
    /// Writes the GPU clock, 64 bits, to `va`, a multiple of 8, at the top of the pipe: earlier work may still run.
    ///
    /// # Errors
    /// Where the address is not one that the packet can hold.
    ///
    /// Source: PAL `CmdUtil::BuildCopyData`; the destination as Mesa sends it, `COPY_DATA_DST_MEM`.
    pub const fn gpu_clock(va: u64) -> Result<Self, AddressError> {
        fixed!(CopyData {
            src_sel: CopyDataSrcSel::GPU_CLOCK_COUNT,
            dst_sel: CopyDataDstSel::TC_L2_OBSOLETE,
            count_sel: CountSel::N64_BITS_OF_DATA,
            wr_confirm: CopyDataWrConfirm::WAIT_FOR_CONFIRMATION,
        })
        .with_dst_64b_addr(va)
    }
}

impl WaitRegMem {
    /// Waits until the dword at `va`, a multiple of 4, masked, compares with `reference` as `function` says.
    ///
    /// # Errors
    /// Where the address or the function is not one that the packet can hold.
    pub fn memory(va: u64, function: Function, reference: u32, mask: u32) -> Result<Self, BuildError> {
        Ok(fixed!(WaitRegMem { mem_space: MemSpace::MEMORY_SPACE, poll_interval: POLL_INTERVAL })
            .with_function(function)?
            .with_mem_poll_addr(va)?
            .with_reference(reference)?
            .with_mask(mask)?)
    }
}

impl WaitRegMem64 {
    /// Waits until the 64 bits at `va`, a multiple of 8, masked, compare with `reference` as `function` says.
    ///
    /// # Errors
    /// Where the address or the function is not one that the packet can hold.
    pub fn memory(va: u64, function: Function, reference: u64, mask: u64) -> Result<Self, BuildError> {
        Ok(fixed!(WaitRegMem64 { mem_space: MemSpace::MEMORY_SPACE, poll_interval: POLL_INTERVAL })
            .with_function(function)?
            .with_mem_poll_addr(va)?
            .with_reference(reference as u32)? // CAST: the low half
            .with_reference_hi((reference >> 32) as u32)? // CAST: the high half
            .with_mask(mask as u32)? // CAST: the low half
            .with_mask_hi((mask >> 32) as u32)?) // CAST: the high half
    }
}
