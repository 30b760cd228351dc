//! The packet table: every layout that this crate knows, in the order of the opcodes.
//!
//! Sources: AMD PAL `src/core/hw/gfxip/{gfx9/chip/gfx9_plus_merged,gfx12/chip/gfx12_merged}_f32_{mec,me,pfp}_pm4_packets.h`;
//! where PAL is silent, Mesa `src/amd/common/sid.h` and Linux `amdgpu/nvd.h`, named at the row.

use super::macros::*;

packets! {
    /// Does nothing; its payload is for people and tools.
    Nop = NOP "NOP" [0] tail(Payload) {
    }

    /// Launches `dim_x * dim_y * dim_z` workgroups; the state is in the COMPUTE registers.
    DispatchDirect = DISPATCH_DIRECT "DISPATCH_DIRECT" [4] flags(crate::Header::SHADER_TYPE) {
        dim_x 1[31:0] count;
        dim_y 2[31:0] count;
        dim_z 3[31:0] count;
        dispatch_initiator 4[31:0] initiator;
    }

    /// Writes dwords to memory or registers.
    WriteData = WRITE_DATA "WRITE_DATA" [3] tail(Data) {
        dst_sel 1[11:8] WriteDst;
        addr_incr 1[16:16] flag;
        wr_confirm 1[20:20] flag;
        cache_policy 1[26:25] CachePolicy on(TO_GFX11);
        temporal 1[26:25] Temporal on(GFX12);
        engine_sel 1[31:30] Engine on(GFX_RING);
        dst_mmreg_addr 2[17:0] register on(TO_GFX11) when(1[11:8] = 0);
        @address dst_mem_addr (dst_mem_addr_lo 2[31:2], dst_mem_addr_hi 3[31:0]) WriteTail when(1[11:8] = 1 | 2 | 5);
    }

    /// Sets consecutive SH registers.
    SetShReg = SET_SH_REG "SET_SH_REG" [1] tail(Registers Sh) {
        reg_offset 1[15:0] register_in(Sh);
        vmid_shift 1[27:23] count;
        index 1[31:28] count;
    }
}
