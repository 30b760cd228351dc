//! Dispatches.

use super::macros::fixed;
use super::values::BaseIndex;
use super::{DispatchDirect, DispatchIndirect, SetBase};
use crate::field::AddressError;
use crate::registers::ComputeDispatchInitiator;

impl DispatchDirect {
    /// Launches so many workgroups along x, y and z.
    pub const fn groups([x, y, z]: [u32; 3], initiator: ComputeDispatchInitiator) -> Self {
        Self::from_head([x, y, z, initiator.0])
    }
}

impl DispatchIndirect {
    /// Launches as many workgroups along x, y and z as the three dwords at `va` say. Compute rings.
    ///
    /// # Errors
    /// Where the packet cannot hold the address.
    pub const fn groups_at(va: u64, initiator: ComputeDispatchInitiator) -> Result<Self, AddressError> {
        Self::from_head([0, 0, initiator.0]).with_addr(va)
    }
}

impl SetBase {
    /// The base of the offsets in [`DispatchIndirectOffset`](super::DispatchIndirectOffset) and in indirect draws.
    /// `va` is in bytes, a multiple of 8.
    ///
    /// # Errors
    /// Where the address is not one that the packet can hold.
    ///
    /// Source: Mesa `radv_cmd_buffer.c`, SET_BASE with index 1 before indirect draws and dispatches.
    pub const fn indirect(va: u64) -> Result<Self, AddressError> {
        fixed!(SetBase { base_index: BaseIndex::PATCH_TABLE_BASE }).with_address(va)
    }
}
