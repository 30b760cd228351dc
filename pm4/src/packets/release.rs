//! RELEASE_MEM's forms: what is written once earlier work has ended. Addresses are in bytes.

use super::ReleaseMem;
use super::macros::fixed;
use super::values::{CachePolicy, DataSel, EventIndex, EventType, GcrSeq, IntSel};
use crate::BuildError;
use crate::field::AddressError;

/// Earlier work has ended and what it wrote is in memory, then the data follow, past the caches. The metadata cache is
/// written back and dropped in one, as it cannot be written back alone.
///
/// Source: DW1 is the kernel's, Linux `gfx_v11_0.c`, `gfx_v11_0_ring_emit_fence`; no interrupt but the write's
/// confirmation as Mesa `ac_cmdbuf.c`, `EOP_INT_SEL_SEND_DATA_AFTER_WR_CONFIRM`.
const SIGNAL: ReleaseMem = fixed!(ReleaseMem {
    event_type: EventType::CACHE_FLUSH_AND_INV_TS_EVENT,
    event_index: EventIndex::END_OF_PIPE,
    seq: GcrSeq::FORWARD,
    cache_policy: CachePolicy::BYPASS,
    int_sel: IntSel::SEND_DATA_AND_WRITE_CONFIRM;
    glm_wb, glm_inv, gl2_wb
});

impl ReleaseMem {
    /// Writes `value` to `va`, a multiple of 4, when all earlier work has ended and the CPU can see what it wrote.
    ///
    /// # Errors
    /// Where the address is not one that the packet can hold.
    pub fn signal32(va: u64, value: u32) -> Result<Self, BuildError> {
        Ok(SIGNAL.with_data_sel(DataSel::SEND_32_BIT_LOW)?.with_address_32b(va)?.with_data_lo(value)?)
    }

    /// Writes `value` to `va`, a multiple of 8, when all earlier work has ended and the CPU can see what it wrote.
    ///
    /// # Errors
    /// Where the address is not one that the packet can hold.
    pub fn signal64(va: u64, value: u64) -> Result<Self, BuildError> {
        Ok(SIGNAL
            .with_data_sel(DataSel::SEND_64_BIT_DATA)?
            .with_address_64b(va)?
            .with_data_lo(value as u32)? // CAST: the low half
            .with_data_hi((value >> 32) as u32)?) // CAST: the high half
    }

    /// Writes the GPU clock, 64 bits, to `va`, a multiple of 8, when all earlier work has ended. No cache operation.
    ///
    /// # Errors
    /// Where the address is not one that the packet can hold.
    pub const fn timestamp(va: u64) -> Result<Self, AddressError> {
        fixed!(ReleaseMem {
            event_type: EventType::BOTTOM_OF_PIPE_TS,
            event_index: EventIndex::END_OF_PIPE,
            int_sel: IntSel::SEND_DATA_AND_WRITE_CONFIRM,
            data_sel: DataSel::SEND_GPU_CLOCK_COUNTER,
        })
        .with_address_64b(va)
    }
}
