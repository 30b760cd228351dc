//! Packets that say where the stream goes on.

use super::{CondExec, IndirectBuffer};
use crate::BuildError;

impl IndirectBuffer {
    /// A jump to the `dwords` dwords at `va` that does not return.
    ///
    /// # Errors
    /// Where the address or the length cannot be held.
    pub fn chain_to(va: u64, dwords: u32) -> Result<Self, BuildError> {
        Ok(Self::call(va, dwords)?.with_chain(true).with_valid(true))
    }

    /// A call of the `dwords` dwords at `va`, as it is on a graphics ring. On compute rings, where only the kernel
    /// calls, it is `valid` too and says in which `vmid` the stream runs.
    ///
    /// # Errors
    /// Where the address or the length cannot be held.
    pub fn call(va: u64, dwords: u32) -> Result<Self, BuildError> {
        Ok(Self::new().with_ib_base(va)?.with_ib_size(dwords)?)
    }
}

impl CondExec {
    /// Skips the next `dwords` dwords if the dword at `va` is zero.
    ///
    /// # Errors
    /// Where the address or the count cannot be held.
    pub fn unless_zero(va: u64, dwords: u32) -> Result<Self, BuildError> {
        Ok(Self::new().with_addr(va)?.with_exec_count(dwords)?)
    }
}
