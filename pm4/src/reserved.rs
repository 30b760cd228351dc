//! Registers that SET packets reach but that a user's stream must leave alone.

use crate::gfx::Generation;
use crate::registers::RegOffset;

/// Whether the SH register holds state of the kernel or of the firmware: the VMID, the relaunch and wave-restore state of
/// preempted dispatches, and MISC_RESERVED.
///
/// gfx10.3 has the relaunch state where gfx11 has the thread masks of the shader engines 4 to 7.
/// Source: Mesa `gfx11.json`, `gfx103.json`; Linux `gfx_v11_0.c`, which loads them from the queue's MQD.
pub fn is_reserved(generation: Generation, register: RegOffset) -> bool {
    const SH: u32 = 0x2C00;
    let Some(offset) = register.dwords().checked_sub(SH) else { return false };
    match offset {
        0x214 | 0x21F => true,
        0x22B..=0x22E => generation <= Generation::Gfx10_3,
        0x230..=0x233 => generation >= Generation::Gfx11,
        _ => false,
    }
}
