//! The packet table: every layout that this crate knows, in the order of the opcodes.
//!
//! Source, where a row names no other: AMD PAL, `gfx9_plus_merged_f32_{mec,me,pfp}_pm4_packets.h` in
//! `src/core/hw/gfxip/gfx9/chip` and `gfx12_merged_f32_{mec,me,pfp}_pm4_packets.h` in `src/core/hw/gfxip/gfx12/chip`.
//!
//! A packet has the form that a stream has: the MEC's on compute rings, the PFP's on the graphics ring, with the ME's
//! fields where both take the packet. The short forms of DRAW_*, DISPATCH_*_INTERLEAVED and SET_SH_REG_OFFSET that the
//! PFP hands to the ME are left out, as no stream has them. So are AQL_PACKET, DRAW_MULTI_PREAMBLE and others whose
//! number is known and whose layout is not.
//!
//! Where generations or engines differ only in the width of a field, the row has the widest. `on` is left out where the
//! packet itself exists nowhere else.

use super::macros::*;
#[cfg(test)]
use super::setter_tests::*;
use crate::header::Header;

packets! {
    /// Does nothing. The body means nothing to the command processor; drivers keep trace points and strings in it.
    Nop = NOP "NOP" [0] tail(Payload) {
    }

    /// Sets a base address that later packets count their offsets from. Compute rings have it from gfx12 on.
    SetBase = SET_BASE "SET_BASE" [3] {
        base_index 1[3:0] BaseIndex;
        @address address (address_lo 2[31:3], address_hi 3[31:0]) Other;
    }

    /// Sets the context registers to their defaults.
    ClearState = CLEAR_STATE "CLEAR_STATE" [1] {
        cmd 1[3:0] ClearStateCmd;
    }

    /// The number of indices that the index buffer has.
    IndexBufferSize = INDEX_BUFFER_SIZE "INDEX_BUFFER_SIZE" [1] {
        index_buffer_size 1[31:0] count;
    }

    /// Launches `dim_x * dim_y * dim_z` workgroups; the dimensions are end values if the start registers are not zero,
    /// and threads with USE_THREAD_DIMENSIONS.
    DispatchDirect = DISPATCH_DIRECT "DISPATCH_DIRECT" [4] flags(Header::SHADER_TYPE) {
        dim_x              1[31:0] count;
        dim_y              2[31:0] count;
        dim_z              3[31:0] count;
        dispatch_initiator 4[31:0] initiator;
    }

    /// DISPATCH_INDIRECT of the graphics ring: launches workgroups, whose three numbers are `data_offset` bytes after
    /// the base that SET_BASE sets with index 1.
    DispatchIndirectOffset = DISPATCH_INDIRECT "DISPATCH_INDIRECT" [2] flags(Header::SHADER_TYPE) {
        data_offset        1[31:0] count;
        dispatch_initiator 2[31:0] initiator;
    }

    /// DISPATCH_INDIRECT of compute rings: launches workgroups, whose three numbers are at `addr`.
    DispatchIndirect = DISPATCH_INDIRECT "DISPATCH_INDIRECT" [3] flags(Header::SHADER_TYPE) {
        dispatch_initiator 3[31:0] initiator;
        @address addr (addr_lo 1[31:0], addr_hi 2[31:0]) Read(12);
    }

    /// An atomic operation in the GDS. gfx12 has no GDS.
    AtomicGds = ATOMIC_GDS "ATOMIC_GDS" [10] {
        atom_op        1[7:0]   bits;
        atom_cmp_swap  1[16:16] AtomCmpSwap;
        atom_complete  1[17:17] AtomComplete;
        atom_read      1[18:18] AtomRead;
        atom_rd_cntl   1[20:19] AtomRdCntl;
        engine_sel     1[31:30] EngineSel    on(GFX_RING);
        auto_inc_bytes 2[5:0]   count;
        dmode          2[8:8]   flag;
        atom_base      3[15:0]  bits;
        atom_size      4[15:0]  count;
        atom_offset0   5[7:0]   bits;
        atom_offset1   5[23:16] bits;
        atom_dst       6[31:0]  bits;
        atom_src0      7[31:0]  bits;
        atom_src0_u    8[31:0]  bits;
        atom_src1      9[31:0]  bits;
        atom_src1_u    10[31:0] bits;
    }

    /// An atomic operation in memory. `addr` is of a 32-bit operation, `addr_64b` of a 64-bit one.
    AtomicMem = ATOMIC_MEM "ATOMIC_MEM" [8] {
        atomic        1[6:0]   AtomicOp;
        command       1[11:8]  AtomicCommand;
        cache_policy  1[26:25] CachePolicy   on(TO_GFX11);
        temporal      1[26:25] Temporal      on(GFX12);
        engine_sel    1[31:30] EngineSel     on(GFX_RING);
        src_data_lo   4[31:0]  bits;
        src_data_hi   5[31:0]  bits;
        cmp_data_lo   6[31:0]  bits;
        cmp_data_hi   7[31:0]  bits;
        loop_interval 8[12:0]  count;
        @address addr (addr_lo 2[31:0], addr_hi 3[31:0]) Update(4) when(1[5:5] = 0);
        @address addr_64b (addr_lo 2[31:0], addr_hi 3[31:0]) Update(8) when(1[5:5] = 1);
    }

    /// Adds up the results of a query from `start_addr` on and writes the sum to `query_addr`.
    OcclusionQuery = OCCLUSION_QUERY "OCCLUSION_QUERY" [4] {
        @address start_addr (start_addr_lo 1[31:4], start_addr_hi 2[31:0]) Other;
        @address query_addr (query_addr_lo 3[31:2], query_addr_hi 4[31:0]) Other;
    }

    /// Sets the predicate, which lets predicated packets through or not.
    SetPredication = SET_PREDICATION "SET_PREDICATION" [3] {
        pred_bool    1[8:8]   PredBool;
        hint         1[12:12] Hint;
        pred_op      1[18:16] PredOp;
        continue_bit 1[31:31] ContinueBit;
        @address start_addr (start_addr_lo 2[31:4], start_addr_hi 3[31:0]) Other when(1[18:16] = 1 | 2 | 3 | 4);
    }

    /// Sets a register to `(value & AND mask) | OR mask`.
    RegRmw = REG_RMW "REG_RMW" [3] {
        mod_addr        1[17:0]  register;
        shadow_base_sel 1[25:24] ShadowBaseSel;
        or_mask_src     1[30:30] OrMaskSrc;
        and_mask_src    1[31:31] AndMaskSrc;
        and_mask        2[31:0]  bits          when(1[31:31] = 0);
        and_addr        2[17:0]  register      when(1[31:31] = 1);
        or_mask         3[31:0]  bits          when(1[30:30] = 0);
        or_addr         3[17:0]  register      when(1[30:30] = 1);
    }

    /// Skips the next `exec_count` dwords if the dword at `addr` is zero.
    CondExec = COND_EXEC "COND_EXEC" [4] {
        cache_policy 3[26:25] CachePolicy on(TO_GFX11 MEC);
        temporal     3[26:25] Temporal    on(GFX12 MEC);
        exec_count   4[13:0]  count;
        @address addr (addr_lo 1[31:2], addr_hi 2[31:0]) Read(4);
    }

    /// Skips the next `exec_count` dwords on devices that `device_select` does not have.
    PredExec = PRED_EXEC "PRED_EXEC" [1] {
        exec_count    1[13:0]  count;
        device_select 1[31:24] bits;
    }

    /// A draw whose arguments are in memory.
    DrawIndirect = DRAW_INDIRECT "DRAW_INDIRECT" [4] {
        data_offset    1[31:0] count;
        start_vtx_loc  2[15:0] register_in(Sh);
        start_inst_loc 3[15:0] register_in(Sh);
        draw_initiator 4[31:0] bits;
    }

    /// An indexed draw whose arguments are in memory.
    DrawIndexIndirect = DRAW_INDEX_INDIRECT "DRAW_INDEX_INDIRECT" [4] {
        data_offset         1[31:0]  count;
        base_vtx_loc        2[15:0]  register_in(Sh);
        start_indx_loc      2[31:16] register_in(Sh);
        start_inst_loc      3[15:0]  register_in(Sh);
        disable_cpvgtdma_sm 3[26:26] flag            on(GFX10);
        start_indx_enable   3[28:28] flag;
        draw_initiator      4[31:0]  bits;
    }

    /// Where the indices are.
    IndexBase = INDEX_BASE "INDEX_BASE" [2] {
        @address index_base (index_base_lo 1[31:1], index_base_hi 2[31:0]) Other;
    }

    /// An indexed draw with the index buffer in the packet.
    DrawIndex2 = DRAW_INDEX_2 "DRAW_INDEX_2" [5] {
        max_size       1[31:0] count;
        index_count    4[31:0] count;
        draw_initiator 5[31:0] bits;
        @address index_base (index_base_lo 2[31:0], index_base_hi 3[31:0]) Other;
    }

    /// Which register groups are loaded from their shadows when the context comes, and which are shadowed.
    ContextControl = CONTEXT_CONTROL "CONTEXT_CONTROL" [2] {
        load_global_config       1[0:0]   flag;
        load_per_context_state   1[1:1]   flag;
        load_global_uconfig      1[15:15] flag;
        load_gfx_sh_regs         1[16:16] flag;
        load_cs_sh_regs          1[24:24] flag;
        load_ce_ram              1[28:28] flag on(TO_GFX11);
        update_load_enables      1[31:31] flag;
        shadow_global_config     2[0:0]   flag;
        shadow_per_context_state 2[1:1]   flag;
        shadow_global_uconfig    2[15:15] flag;
        shadow_gfx_sh_regs       2[16:16] flag;
        shadow_cs_sh_regs        2[24:24] flag;
        update_shadow_enables    2[31:31] flag;
    }

    /// Draws whose arguments are in memory, `stride` bytes apart.
    DrawIndirectMulti = DRAW_INDIRECT_MULTI "DRAW_INDIRECT_MULTI" [9] {
        data_offset                  1[31:0]  count;
        start_vtx_loc                2[15:0]  register_in(Sh);
        start_inst_loc               3[15:0]  register_in(Sh);
        draw_index_loc               4[15:0]  register_in(Sh);
        bottom_of_pipe_ts_after_draw 4[26:26] flag            on(GFX12);
        use_vgprs                    4[27:27] flag;
        thread_trace_marker_enable   4[29:29] flag;
        count_indirect_enable        4[30:30] flag;
        draw_index_enable            4[31:31] flag;
        count                        5[31:0]  count;
        stride                       8[31:0]  count;
        draw_initiator               9[31:0]  bits;
        @address count_addr (count_addr_lo 6[31:2], count_addr_hi 7[31:0]) Read(4) when(4[30:30] = 1);
    }

    /// A draw without an index buffer.
    DrawIndexAuto = DRAW_INDEX_AUTO "DRAW_INDEX_AUTO" [2] {
        index_count    1[31:0] count;
        draw_initiator 2[31:0] bits;
    }

    /// The number of instances of the next draws.
    NumInstances = NUM_INSTANCES "NUM_INSTANCES" [1] {
        num_instances 1[31:0] count;
    }

    /// Draws without index buffers, several at once.
    DrawIndexMultiAuto = DRAW_INDEX_MULTI_AUTO "DRAW_INDEX_MULTI_AUTO" [3] {
        prim_count     1[31:0]  count;
        draw_initiator 2[31:0]  bits;
        index_offset   3[15:0]  count;
        prim_type      3[20:16] bits;
        index_count    3[31:21] count;
    }

    /// DRAW_INDEX_MULTI_AUTO of gfx12, one dword longer.
    DrawIndexMultiAutoGfx12 = DRAW_INDEX_MULTI_AUTO "DRAW_INDEX_MULTI_AUTO" [4] {
        prim_count        1[31:0]  count;
        draw_initiator    2[31:0]  bits;
        num_input_cp      3[11:6]  count;
        prim_per_subgroup 3[20:12] count;
        index_offset      4[15:0]  count;
        prim_type         4[20:16] bits;
        index_count       4[31:21] count;
    }

    /// Reads or sets how far a streamout buffer is filled. gfx12 has other packets for it. On gfx10 the source address
    /// is in dwords 4 and 5; the row names its high half alone, as PAL does.
    StrmoutBufferUpdate = STRMOUT_BUFFER_UPDATE "STRMOUT_BUFFER_UPDATE" [5] {
        update_memory        1[0:0]  UpdateMemory;
        source_select        1[2:1]  SourceSelect;
        data_type            1[7:7]  DataType;
        buffer_select        1[9:8]  BufferSelect;
        offset               2[31:0] count        when(1[2:1] = 0 && 1[0:0] = 0);
        offset_or_address_lo 4[31:0] bits;
        src_address_hi       5[31:0] bits;
        @address dst_address (dst_address_lo 2[31:2], dst_address_hi 3[31:0]) Write(4) when(1[0:0] = 1);
        @address src_address (src_address_lo 2[31:2], src_address_hi 3[31:0]) Read(4)
            on(FROM_GFX11) when(1[0:0] = 0 && 1[2:1] = 2);
        @address control_address (control_address_lo 4[31:2], control_address_hi 5[31:0]) Other on(FROM_GFX11);
    }

    /// An indexed draw that begins at an offset in the index buffer.
    DrawIndexOffset2 = DRAW_INDEX_OFFSET_2 "DRAW_INDEX_OFFSET_2" [4] {
        max_size       1[31:0] count;
        index_offset   2[31:0] count;
        index_count    3[31:0] count;
        draw_initiator 4[31:0] bits;
    }

    /// Writes dwords to memory or registers.
    WriteData = WRITE_DATA "WRITE_DATA" [3] tail(Data) {
        dst_sel           1[11:8]  DstSel;
        addr_incr         1[16:16] AddrIncr;
        wr_confirm        1[20:20] WrConfirm;
        mode              1[21:21] AidMode     on(GFX12);
        aid_id            1[24:23] count       on(GFX12);
        cache_policy      1[26:25] CachePolicy on(TO_GFX11);
        temporal          1[26:25] Temporal    on(GFX12);
        engine_sel        1[31:30] EngineSel   on(GFX_RING);
        dst_mmreg_addr_lo 2[31:0]  register    on(GFX12) when(1[11:8] = 0);
        dst_mmreg_addr    2[17:0]  register    on(TO_GFX11) when(1[11:8] = 0);
        dst_gds_addr      2[15:0]  bits        on(TO_GFX11) when(1[11:8] = 3);
        dst_mmreg_addr_hi 3[5:0]   bits        on(GFX12) when(1[11:8] = 0);
        @address dst_mem_addr (dst_mem_addr_lo 2[31:2], dst_mem_addr_hi 3[31:0]) WriteTail
            when(1[11:8] = 1 | 2 | 5 | 8 && 1[16:16] = 0);
        @address dst_fifo_addr (dst_mem_addr_lo 2[31:2], dst_mem_addr_hi 3[31:0]) Write(4)
            when(1[11:8] = 1 | 2 | 5 | 8 && 1[16:16] = 1);
    }

    /// Indexed draws whose arguments are in memory, `stride` bytes apart.
    DrawIndexIndirectMulti = DRAW_INDEX_INDIRECT_MULTI "DRAW_INDEX_INDIRECT_MULTI" [9] {
        data_offset                  1[31:0]  count;
        base_vtx_loc                 2[15:0]  register_in(Sh);
        start_indx_loc               2[31:16] register_in(Sh);
        start_inst_loc               3[15:0]  register_in(Sh);
        draw_index_loc               4[15:0]  register_in(Sh);
        task_shader_mode             4[25:25] flag            on(FROM_GFX11);
        disable_cpvgtdma_sm          4[26:26] flag            on(GFX10);
        bottom_of_pipe_ts_after_draw 4[26:26] flag            on(GFX12);
        use_vgprs                    4[27:27] flag;
        start_indx_enable            4[28:28] flag;
        thread_trace_marker_enable   4[29:29] flag;
        count_indirect_enable        4[30:30] flag;
        draw_index_enable            4[31:31] flag;
        count                        5[31:0]  count;
        stride                       8[31:0]  count;
        draw_initiator               9[31:0]  bits;
        @address count_addr (count_addr_lo 6[31:2], count_addr_hi 7[31:0]) Read(4) when(4[30:30] = 1);
    }

    /// Signals or waits for a semaphore in memory. gfx10 only.
    MemSemaphore = MEM_SEMAPHORE "MEM_SEMAPHORE" [3] {
        use_mailbox 3[16:16] UseMailbox;
        signal_type 3[20:20] SignalType;
        sem_sel     3[31:29] SemSel;
        @address address (address_lo 1[31:3], address_hi 2[31:0]) Update(8);
    }

    /// Waits until a masked register or dword compares with the reference as `function` says. Operation 1 writes
    /// `reference` to one register and waits for another one, as Linux does for page-table updates.
    WaitRegMem = WAIT_REG_MEM "WAIT_REG_MEM" [6] {
        function                  1[2:0]   Function;
        mem_space                 1[5:4]   MemSpace;
        operation                 1[7:6]   WaitRegMemOperation;
        engine_sel                1[9:8]   EngineSel           on(GFX_RING);
        mes_intr_pipe             1[23:22] bits;
        mes_action                1[24:24] flag;
        cache_policy              1[26:25] CachePolicy         on(TO_GFX11);
        temporal                  1[26:25] Temporal            on(GFX12);
        reg_poll_addr             2[17:0]  register            when(1[7:4] = 0 | 8 | 12);
        reg_write_addr1           2[17:0]  register            when(1[7:6] = 1);
        reg_write_addr2           3[17:0]  register            when(1[7:6] = 1);
        reference                 4[31:0]  bits;
        mask                      5[31:0]  bits;
        poll_interval             6[15:0]  count;
        optimize_ace_offload_mode 6[31:31] flag                on(MEC);
        @address mem_poll_addr (mem_poll_addr_lo 2[31:2], mem_poll_addr_hi 3[31:0]) Read(4) when(1[7:4] = 1 | 9 | 13);
    }

    /// Starts and stops the window of the performance counters. From gfx11 on; gfx11's `op` has two bits.
    PerfCounterWindow = PERF_COUNTER_WINDOW "PERF_COUNTER_WINDOW" [1] {
        op       1[2:0] PerfCounterWindowOp on(GFX12);
        op_gfx11 1[1:0] bits_as(op)         on(GFX11);
    }

    /// Calls another stream, or goes on there and does not return (`chain`).
    ///
    /// Source: PAL, which has `valid` on compute rings only; Mesa `radv_amdgpu_cs.c` sets it wherever it chains.
    IndirectBuffer = INDIRECT_BUFFER "INDIRECT_BUFFER" [3] {
        ib_size         3[19:0]  count;
        chain           3[20:20] flag;
        offload_polling 3[21:21] flag        on(MEC);
        pre_ena         3[21:21] flag        on(GFX_RING);
        valid           3[23:23] flag;
        vmid            3[27:24] count;
        cache_policy    3[29:28] CachePolicy on(TO_GFX11);
        temporal        3[29:28] Temporal    on(GFX12);
        pre_resume      3[30:30] flag        on(GFX_RING);
        @address ib_base (ib_base_lo 1[31:2], ib_base_hi 2[31:0]) Fetch;
    }

    /// INDIRECT_BUFFER in its conditional form: calls the first stream if the masked 64-bit value at `compare_addr`
    /// compares with the reference as `function` says, else the second one if `mode` has one.
    CondIndirectBuffer = INDIRECT_BUFFER "COND_INDIRECT_BUFFER" [13] {
        mode          1[1:0]    CondIndirectBufferMode;
        function      1[10:8]   Function;
        mask_lo       4[31:0]   bits;
        mask_hi       5[31:0]   bits;
        reference_lo  6[31:0]   bits;
        reference_hi  7[31:0]   bits;
        ib_size1      10[19:0]  count;
        cache_policy1 10[29:28] CachePolicy            on(TO_GFX11);
        temporal1     10[29:28] Temporal               on(GFX12);
        ib_size2      13[19:0]  count;
        cache_policy2 13[29:28] CachePolicy            on(TO_GFX11);
        temporal2     13[29:28] Temporal               on(GFX12);
        @address compare_addr (compare_addr_lo 2[31:3], compare_addr_hi 3[31:0]) Read(8);
        @address ib_base1 (ib_base1_lo 8[31:2], ib_base1_hi 9[31:0]) Fetch;
        @address ib_base2 (ib_base2_lo 11[31:2], ib_base2_hi 12[31:0]) Fetch when(1[1:0] = 2);
    }

    /// Copies a dword or two: from a register, memory, the packet or a clock to a register or memory.
    CopyData = COPY_DATA "COPY_DATA" [5] {
        src_sel           1[3:0]   CopyDataSrcSel;
        dst_sel           1[11:8]  CopyDataDstSel;
        src_cache_policy  1[14:13] CachePolicy       on(TO_GFX11);
        src_temporal      1[14:13] Temporal          on(GFX12);
        count_sel         1[16:16] CountSel;
        wr_confirm        1[20:20] CopyDataWrConfirm;
        mode              1[21:21] AidMode           on(GFX12);
        aid_id            1[24:23] count             on(GFX12);
        dst_cache_policy  1[26:25] CachePolicy       on(TO_GFX11);
        dst_temporal      1[26:25] Temporal          on(GFX12);
        pq_exe_status     1[29:29] PqExeStatus       on(MEC);
        engine_sel        1[31:30] EngineSel         on(GFX_RING);
        imm_data          2[31:0]  bits              when(1[3:0] = 5);
        src_reg_offset_lo 2[31:0]  register          on(GFX12) when(1[3:0] = 0 | 4);
        src_reg_offset    2[17:0]  register          on(TO_GFX11) when(1[3:0] = 0 | 4);
        src_gds_addr_lo   2[15:0]  bits              on(TO_GFX11) when(1[3:0] = 3);
        src_imm_data      3[31:0]  bits              when(1[3:0] = 5);
        src_reg_offset_hi 3[5:0]   bits              on(GFX12) when(1[3:0] = 0 | 4);
        dst_reg_offset_lo 4[31:0]  register          on(GFX12) when(1[11:8] = 0 | 4 | 6);
        dst_reg_offset    4[17:0]  register          on(TO_GFX11) when(1[11:8] = 0 | 4 | 6);
        dst_gds_addr_lo   4[15:0]  bits              on(TO_GFX11) when(1[11:8] = 3);
        dst_reg_offset_hi 5[5:0]   bits              on(GFX12) when(1[11:8] = 0 | 4 | 6);
        @address src_32b_addr (src_32b_addr_lo 2[31:2], src_memtc_addr_hi 3[31:0]) Read(4)
            when(1[3:0] = 1 | 2 && 1[16:16] = 0);
        @address src_64b_addr (src_64b_addr_lo 2[31:3], src_memtc_addr_hi 3[31:0]) Read(8)
            when(1[3:0] = 1 | 2 && 1[16:16] = 1);
        @address dst_32b_addr (dst_32b_addr_lo 4[31:2], dst_addr_hi 5[31:0]) Write(4)
            when(1[11:8] = 1 | 2 | 5 && 1[16:16] = 0);
        @address dst_64b_addr (dst_64b_addr_lo 4[31:3], dst_addr_hi 5[31:0]) Write(8)
            when(1[11:8] = 1 | 2 | 5 && 1[16:16] = 1);
    }

    /// The PFP waits until the ME has caught up.
    PfpSyncMe = PFP_SYNC_ME "PFP_SYNC_ME" [1] {
        dummy_data 1[31:0] bits;
    }

    /// Writes a dword if another one, masked, compares with the reference as `function` says.
    CondWrite = COND_WRITE "COND_WRITE" [8] {
        function         1[2:0]   Function;
        poll_space       1[4:4]   PollSpace;
        write_space      1[9:8]   WriteSpace;
        wr_confirm       1[20:20] WrConfirm;
        poll_address_lo  2[31:0]  register   when(1[4:4] = 0);
        reference        4[31:0]  bits;
        mask             5[31:0]  bits;
        write_address_lo 6[31:0]  register   when(1[9:8] = 0);
        write_data       8[31:0]  bits;
        @address poll_address (poll_address_lo 2[31:0], poll_address_hi 3[31:0]) Read(4) when(1[4:4] = 1);
        @address write_address (write_address_lo 6[31:0], write_address_hi 7[31:0]) Write(4) when(1[9:8] = 1);
    }

    /// Sends an event that writes nothing to memory. Never one whose name ends in TS: those are RELEASE_MEM's, and
    /// here they may hang the ring (PAL `gfx9CmdUtil.cpp`).
    EventWrite = EVENT_WRITE "EVENT_WRITE" [1] {
        event_type          1[5:0]   EventType;
        event_index         1[11:8]  EventIndex;
        samp_plst_cntr_mode 1[30:29] SampPlstCntrMode on(FROM_GFX11 MEC);
        offload_enable      1[31:31] flag             on(MEC);
    }

    /// EVENT_WRITE with an event that writes to memory or, PIXEL_PIPE_STAT_CONTROL, has parameters.
    EventWriteMemory = EVENT_WRITE "EVENT_WRITE" [3] {
        event_type          1[5:0]   EventType;
        event_index         1[11:8]  EventIndex;
        samp_plst_cntr_mode 1[30:29] SampPlstCntrMode on(FROM_GFX11 MEC);
        offload_enable      1[31:31] flag             on(MEC);
        counter_id          2[8:3]   CounterId        on(GFX_RING) when(1[5:0] = 56);
        stride              2[10:9]  count            on(GFX_RING) when(1[5:0] = 56);
        instance_enable     2[26:11] bits             on(GFX_RING) when(1[5:0] = 56);
        @address address (address_lo 2[31:3], address_hi 3[31:0]) Other when(1[5:0] = 1 | 2 | 3 | 21 | 30 | 32 | 57);
    }

    /// Sends an event that comes when earlier work has left the pipeline, then does cache operations, then writes to
    /// memory, raises an interrupt or counts in a pixel-wait-sync counter.
    ///
    /// Source: PAL; the single bits of `gcr_cntl` from Mesa `sid.h`, `S_490_*`.
    ReleaseMem = RELEASE_MEM "RELEASE_MEM" [7] {
        event_type    1[5:0]   EventType;
        wait_sync     1[7:7]   flag             on(FROM_GFX11);
        wait_dma      1[7:7]   flag             on(GFX10 GFX_RING);
        event_index   1[11:8]  EventIndex;
        gcr_cntl      1[24:12] bits             on(FROM_GFX11);
        gcr_cntl_gfx10 1[23:12] bits_as(gcr_cntl) on(GFX10);
        glm_wb        1[12:12] flag             on(TO_GFX11);
        glm_inv       1[13:13] flag             on(TO_GFX11);
        glv_inv       1[14:14] flag;
        gl1_inv       1[15:15] flag;
        gl2_us        1[16:16] flag;
        gl2_range     1[18:17] GcrRange;
        gl2_discard   1[19:19] flag;
        gl2_inv       1[20:20] flag;
        gl2_wb        1[21:21] flag;
        seq           1[23:22] GcrSeq;
        glk_wb        1[24:24] flag             on(FROM_GFX11);
        cache_policy  1[26:25] CachePolicy      on(TO_GFX11);
        temporal      1[26:25] Temporal         on(GFX12);
        execute       1[29:28] bits             on(GFX_RING);
        pq_exe_status 1[28:28] PqExeStatus      on(MEC);
        glk_inv       1[30:30] flag             on(FROM_GFX11);
        pws_enable    1[31:31] flag             on(FROM_GFX11 GFX_RING);
        dst_sel       2[17:16] ReleaseMemDstSel;
        mes_intr_pipe 2[21:20] bits;
        mes_action_id 2[23:22] MesActionId;
        int_sel       2[26:24] IntSel;
        data_sel      2[31:29] DataSel;
        data_lo       5[31:0]  bits             when(2[31:29] = 0 | 1 | 2 | 3 | 4 | 6 | 7);
        cmp_data_lo   5[31:0]  bits             when(2[26:24] = 5 | 6);
        dw_offset     5[15:0]  count            on(TO_GFX11) when(2[31:29] = 5);
        num_dwords    5[31:16] count            on(TO_GFX11) when(2[31:29] = 5);
        data_hi       6[31:0]  bits;
        cmp_data_hi   6[31:0]  bits             when(2[26:24] = 6);
        int_ctxid     7[31:0]  bits             on(MEC);
        int_ctxid_gfx 7[27:0]  bits_as(int_ctxid) on(GFX_RING);
        @address address_32b (address_lo_32b 3[31:2], address_hi 4[31:0]) Write(4)
            when(2[31:29] = 1 && 2[17:16] = 0 | 1);
        @address address_64b (address_lo_64b 3[31:3], address_hi 4[31:0]) Write(8)
            when(2[31:29] = 2 | 3 | 4 | 6 && 2[17:16] = 0 | 1);
        @address address_gds (address_lo_32b 3[31:2], address_hi 4[31:0]) Other on(TO_GFX11) when(2[31:29] = 5);
        @address address_add (address_lo_32b 3[31:2], address_hi 4[31:0]) Update(4)
            on(MEC) when(2[31:29] = 7 && 2[17:16] = 0 | 1);
    }

    /// Marks the ends of the parts of a stream that set the initial state. Kernel.
    PreambleCntl = PREAMBLE_CNTL "PREAMBLE_CNTL" [1] {
        command 1[31:28] PreambleCntlCommand;
    }

    /// Mesh dispatches whose sizes are in memory, `stride` bytes apart.
    DispatchMeshIndirectMulti = DISPATCH_MESH_INDIRECT_MULTI "DISPATCH_MESH_INDIRECT_MULTI" [8] {
        data_offset                1[31:0]  count;
        xyz_dim_loc                2[15:0]  register_in(Sh);
        draw_index_loc             2[31:16] register_in(Sh);
        mode1_enable               3[27:27] flag            on(FROM_GFX11);
        use_vgprs                  3[28:28] flag            on(GFX10);
        xyz_dim_enable             3[28:28] flag            on(FROM_GFX11);
        thread_trace_marker_enable 3[29:29] flag;
        count_indirect_enable      3[30:30] flag;
        draw_index_enable          3[31:31] flag;
        count                      4[31:0]  count;
        stride                     7[31:0]  count;
        draw_initiator             8[31:0]  bits;
        @address count_addr (count_addr_lo 5[31:2], count_addr_hi 6[31:0]) Read(4) when(3[30:30] = 1);
    }

    /// Mesh dispatches that a task shader on a compute ring asks for.
    ///
    /// Source: PAL; RESET_FILTER_CAM from Mesa `radv_cmd_buffer.c`.
    DispatchTaskmeshGfx = DISPATCH_TASKMESH_GFX "DISPATCH_TASKMESH_GFX" [3] flags(Header::RESET_FILTER_CAM) {
        xyz_dim_loc                  1[15:0]  register_in(Sh);
        ring_entry_loc               1[31:16] register_in(Sh);
        bottom_of_pipe_ts_after_draw 2[27:27] flag            on(GFX12);
        linear_dispatch_enable       2[28:28] flag            on(FROM_GFX11);
        mode1_enable                 2[29:29] flag            on(FROM_GFX11);
        xyz_dim_enable               2[30:30] flag            on(FROM_GFX11);
        thread_trace_marker_enable   2[31:31] flag;
        draw_initiator               3[31:0]  bits;
    }

    /// Launches mesh workgroups. From gfx11 on.
    DispatchMeshDirect = DISPATCH_MESH_DIRECT "DISPATCH_MESH_DIRECT" [4] {
        dim_x          1[31:0] count;
        dim_y          2[31:0] count;
        dim_z          3[31:0] count;
        draw_initiator 4[31:0] bits;
    }

    /// Copies or fills memory, or fetches it into GL2. Lengths are in bytes.
    DmaData = DMA_DATA "DMA_DATA" [6] {
        engine_sel          1[0:0]   EngineSel        on(GFX_RING);
        src_indirect        1[1:1]   flag             on(GFX_RING);
        dst_indirect        1[2:2]   flag             on(GFX_RING);
        src_cache_policy    1[14:13] CachePolicy      on(TO_GFX11);
        src_temporal        1[14:13] Temporal         on(GFX12);
        dst_sel             1[21:20] DmaDataDstSel;
        dst_cache_policy    1[26:25] CachePolicy      on(TO_GFX11);
        dst_temporal        1[26:25] Temporal         on(GFX12);
        src_sel             1[30:29] DmaDataSrcSel;
        cp_sync             1[31:31] flag             on(GFX_RING);
        src_addr_lo_or_data 2[31:0]  bits             when(1[30:29] = 1 | 2);
        dst_addr_lo         4[31:0]  bits             when(1[21:20] = 1 | 2);
        dst_addr_hi         5[31:0]  bits             when(1[21:20] = 1 | 2);
        byte_count          6[25:0]  count;
        sas                 6[26:26] AddressSpace;
        das                 6[27:27] AddressSpace;
        saic                6[28:28] AddressIncrement;
        daic                6[29:29] AddressIncrement;
        raw_wait            6[30:30] flag;
        dis_wc              6[31:31] flag;
        @address src_addr (src_addr_lo_or_data 2[31:0], src_addr_hi 3[31:0]) Other when(1[30:29] = 0 | 3);
        @address dst_addr (dst_addr_lo 4[31:0], dst_addr_hi 5[31:0]) Other when(1[21:20] = 0 | 3);
    }

    /// Replaces the bits of a context register that `reg_mask` has.
    ContextRegRmw = CONTEXT_REG_RMW "CONTEXT_REG_RMW" [3] {
        reg_offset 1[15:0] register_in(Context);
        reg_mask   2[31:0] bits;
        reg_data   3[31:0] bits;
    }

    /// Sets up a performance counter. From gfx10.3 on.
    PerfmonControl = PERFMON_CONTROL "PERFMON_CONTROL" [2] {
        pmc_id        1[2:0]   count;
        pmc_en        1[15:15] PmcEn;
        pmc_unit_mask 1[23:16] bits;
        pmc_event     2[13:0]  bits;
    }

    /// Does cache operations on a range of memory and waits for them. It does not wait for shaders: that is
    /// CS_PARTIAL_FLUSH. Sizes are in units of 256 bytes. In its pixel-wait-sync form (`pws_ena`, graphics ring, gfx11
    /// on) it waits for a counter that RELEASE_MEM counts, and sizes are in units of 128 bytes.
    ///
    /// Source: PAL; the single bits of `gcr_cntl` from Mesa `sid.h`, `S_586_*`; 24 bits of `coher_size_hi` on every
    /// ring as Linux `gfx_v11_0.c` and Mesa send them, where PAL's header for compute rings has 8.
    AcquireMem = ACQUIRE_MEM "ACQUIRE_MEM" [7] {
        coher_cntl      1[30:0]  bits                on(GFX_RING) when(6[31:31] = 0);
        pws_stage_sel   1[13:11] PwsStageSel         on(FROM_GFX11 GFX_RING) when(6[31:31] = 1);
        pws_counter_sel 1[15:14] PwsCounterSel       on(FROM_GFX11 GFX_RING) when(6[31:31] = 1);
        pws_ena2        1[17:17] PwsEna              on(FROM_GFX11 GFX_RING) when(6[31:31] = 1);
        pws_count       1[23:18] count               on(FROM_GFX11 GFX_RING) when(6[31:31] = 1);
        engine_sel      1[31:31] AcquireMemEngineSel on(GFX_RING) when(6[31:31] = 0);
        coher_size      2[31:0]  bits                when(6[31:31] = 0);
        gcr_size        2[31:0]  bits                on(FROM_GFX11 GFX_RING) when(6[31:31] = 1);
        gcr_size_hi     3[24:0]  bits                on(FROM_GFX11 GFX_RING) when(6[31:31] = 1);
        coher_size_hi   3[23:0]  bits                when(6[31:31] = 0);
        poll_interval   6[15:0]  count               when(6[31:31] = 0);
        pws_ena         6[31:31] PwsEna              on(FROM_GFX11 GFX_RING);
        gcr_cntl        7[18:0]  gcr;
        gli_inv         7[1:0]   GliInv;
        gl1_range       7[3:2]   GcrRange;
        glm_wb          7[4:4]   flag                on(TO_GFX11);
        glm_inv         7[5:5]   flag                on(TO_GFX11);
        glk_wb          7[6:6]   flag;
        glk_inv         7[7:7]   flag;
        glv_inv         7[8:8]   flag;
        gl1_inv         7[9:9]   flag;
        gl2_us          7[10:10] flag;
        gl2_range       7[12:11] GcrRange;
        gl2_discard     7[13:13] flag;
        gl2_inv         7[14:14] flag;
        gl2_wb          7[15:15] flag;
        seq             7[17:16] GcrSeq;
        range_is_pa     7[18:18] flag;
        @address coher_base (coher_base_lo 4[31:0], coher_base_hi 5[23:0]) << 8 Other when(6[31:31] = 0);
        @address gcr_base (gcr_base_lo 4[31:0], gcr_base_hi 5[24:0]) << 7 Other
            on(FROM_GFX11 GFX_RING) when(6[31:31] = 1);
    }

    /// The stream stops here until `valid` is set in memory; what follows may be written meanwhile.
    Rewind = REWIND "REWIND" [1] {
        offload_enable 1[24:24] flag on(MEC);
        valid          1[31:31] flag;
    }

    /// Writes page-table entries. gfx10 only.
    GenPdepte = GEN_PDEPTE "GEN_PDEPTE" [9] {
        mask_lo       3[31:0] bits;
        mask_hi       4[31:0] bits;
        init_value_lo 5[31:0] bits;
        init_value_hi 6[31:0] bits;
        incr_lo       7[31:0] bits;
        incr_hi       8[31:0] bits;
        loop_count    9[31:0] count;
        @address dst_addr (dst_addr_lo 1[31:0], dst_addr_hi 2[31:0]) Other;
    }

    /// INDIRECT_BUFFER in the address space of a process.
    IndirectBufferPasid = INDIRECT_BUFFER_PASID "INDIRECT_BUFFER_PASID" [4] {
        ib_size         3[19:0]  count;
        chain           3[20:20] flag;
        offload_polling 3[21:21] flag;
        valid           3[23:23] flag;
        cache_policy    3[29:28] CachePolicy on(TO_GFX11);
        temporal        3[29:28] Temporal    on(GFX12);
        pasid           4[15:0]  count;
        @address ib_base (ib_base_lo 1[31:2], ib_base_hi 2[31:0]) Fetch;
    }

    /// Fetches address translations before they are needed.
    PrimeUtcl2 = PRIME_UTCL2 "PRIME_UTCL2" [4] {
        cache_perm      1[2:0]   bits;
        prime_mode      1[3:3]   PrimeMode;
        engine_sel      1[31:30] EngineSel on(GFX_RING);
        requested_pages 4[13:0]  count;
        @address addr (addr_lo 2[31:0], addr_hi 3[31:0]) Other;
    }

    /// Loads consecutive UCONFIG registers from memory.
    LoadUconfigReg = LOAD_UCONFIG_REG "LOAD_UCONFIG_REG" [4] {
        reg_offset 3[15:0] register_in(Uconfig);
        num_dwords 4[13:0] count;
        @address base_address (base_address_lo 1[31:2], base_address_hi 2[31:0]) Other;
    }

    /// Loads consecutive SH registers from memory.
    LoadShReg = LOAD_SH_REG "LOAD_SH_REG" [4] {
        reg_offset 3[15:0] register_in(Sh);
        num_dword  4[13:0] count;
        @address base_address (base_address_lo 1[31:2], base_address_hi 2[31:0]) Other;
    }

    /// Loads consecutive CONFIG registers from memory.
    LoadConfigReg = LOAD_CONFIG_REG "LOAD_CONFIG_REG" [4] {
        reg_offset 3[15:0] register_in(Config);
        num_dwords 4[13:0] count;
        @address base_addr (base_addr_lo 1[31:2], base_addr_hi 2[31:0]) Other;
    }

    /// Loads consecutive context registers from memory.
    LoadContextReg = LOAD_CONTEXT_REG "LOAD_CONTEXT_REG" [4] {
        reg_offset 3[15:0] register_in(Context);
        num_dwords 4[13:0] count;
        @address base_addr (base_addr_lo 1[31:2], base_addr_hi 2[31:0]) Other;
    }

    /// Loads SH registers from memory: at an address, at an offset from SET_BASE, or at an address that is in memory
    /// itself. Compute rings have it from gfx10.3 on; gfx10.1's `index` has one bit.
    LoadShRegIndex = LOAD_SH_REG_INDEX "LOAD_SH_REG_INDEX" [4] {
        index       1[1:0]   LoadRegIndex;
        addr_offset 2[31:0]  count           on(GFX_RING) when(1[1:0] = 1);
        reg_offset  3[15:0]  register_in(Sh);
        data_format 3[31:31] DataFormat;
        num_dwords  4[13:0]  count;
        @address mem_addr (mem_addr_lo 1[31:2], mem_addr_hi 2[31:0]) Other when(1[1:0] = 0 | 2);
    }

    /// Loads UCONFIG registers from memory: at an address, or at an offset from SET_BASE.
    LoadUconfigRegIndex = LOAD_UCONFIG_REG_INDEX "LOAD_UCONFIG_REG_INDEX" [4] {
        index       1[0:0]   LoadRegIndex;
        addr_offset 2[31:0]  count                when(1[0:0] = 1);
        reg_offset  3[15:0]  register_in(Uconfig);
        data_format 3[31:31] DataFormat;
        num_dwords  4[13:0]  count;
        @address mem_addr (mem_addr_lo 1[31:2], mem_addr_hi 2[31:0]) Other when(1[0:0] = 0);
    }

    /// Sets consecutive CONFIG registers. Kernel.
    SetConfigReg = SET_CONFIG_REG "SET_CONFIG_REG" [1] tail(Registers Config) {
        reg_offset 1[15:0]  register_in(Config);
        vmid_shift 1[27:23] count               on(MEC) when(1[31:28] = 1);
        index      1[31:28] SetShRegIndexIndex  on(MEC);
    }

    /// Sets consecutive context registers.
    ///
    /// Source: PAL; `index` from Mesa, `radeon_set_context_reg_idx`, which has 2 for VGT_LS_HS_CONFIG.
    SetContextReg = SET_CONTEXT_REG "SET_CONTEXT_REG" [1] tail(Registers Context) {
        reg_offset 1[15:0]  register_in(Context);
        index      1[31:28] bits;
    }

    /// Locks the graphics pipe. Up to gfx11.
    GfxPipeLock = GFX_PIPE_LOCK "GFX_PIPE_LOCK" [1] {
        sync_ssu_cntx_mgr 1[0:0] flag;
        sync_dma          1[1:1] flag;
    }

    /// Sets consecutive SH registers: those of shaders, COMPUTE_* among them.
    SetShReg = SET_SH_REG "SET_SH_REG" [1] tail(Registers Sh) {
        reg_offset 1[15:0]  register_in(Sh);
        vmid_shift 1[27:23] count              on(MEC) when(1[31:28] = 1);
        index      1[31:28] SetShRegIndexIndex on(MEC);
    }

    /// Sets an SH register, or two, from an address: of the stream or of the indirect data. The form of the PFP, which
    /// streams have; the ME gets the calculated value.
    SetShRegOffset = SET_SH_REG_OFFSET "SET_SH_REG_OFFSET" [3] {
        reg_offset  1[15:0]  register_in(Sh);
        index       1[31:30] SetShRegOffsetIndex;
        ib_offset   2[31:0]  count               when(1[31:30] = 0);
        data_offset 2[31:0]  count               when(1[31:30] = 1 | 2);
        dummy       3[31:0]  bits;
        driver_data 3[31:16] bits;
    }

    /// Sets a register of a hardware queue.
    SetQueueReg = SET_QUEUE_REG "SET_QUEUE_REG" [1] tail(Data) {
        reg_offset 1[7:0]   bits;
        defer_exec 1[15:15] flag;
        vqid       1[25:16] count;
    }

    /// Sets consecutive UCONFIG registers.
    SetUconfigReg = SET_UCONFIG_REG "SET_UCONFIG_REG" [1] tail(Registers Uconfig) {
        reg_offset 1[15:0] register_in(Uconfig);
    }

    /// Sets the UCONFIG registers that need a packet of their own: index type and number of instances.
    SetUconfigRegIndex = SET_UCONFIG_REG_INDEX "SET_UCONFIG_REG_INDEX" [1] tail(Registers Uconfig) {
        reg_offset 1[15:0]  register_in(Uconfig);
        index      1[31:28] SetUconfigRegIndexIndex;
    }

    /// Counts for the constant engine, which gfx11 has no more.
    IncrementDeCounter = INCREMENT_DE_COUNTER "INCREMENT_DE_COUNTER" [1] {
        dummy_data 1[31:0] bits;
    }

    /// Waits for the constant engine, which gfx11 has no more.
    WaitOnCeCounter = WAIT_ON_CE_COUNTER "WAIT_ON_CE_COUNTER" [1] {
        cond_acquire_mem  1[0:0] flag on(MEC);
        cond_surface_sync 1[0:0] flag on(GFX_RING);
        force_sync        1[1:1] flag;
    }

    /// Switches the constant engine's buffers. gfx10; older kernels emit it after every submission.
    SwitchBuffer = SWITCH_BUFFER "SWITCH_BUFFER" [1] {
        dummy 1[31:0] bits;
    }

    /// DISPATCH_DRAW_PREAMBLE of compute rings. gfx10 only.
    DispatchDrawPreambleAce = DISPATCH_DRAW_PREAMBLE "DISPATCH_DRAW_PREAMBLE" [1] {
        krb_size        1[9:0]   count;
        krb_free_offset 1[19:10] count;
        krb_offset      1[29:20] count;
    }

    /// The buffers between a culling compute shader and the draws. gfx10 only.
    DispatchDrawPreamble = DISPATCH_DRAW_PREAMBLE "DISPATCH_DRAW_PREAMBLE" [5] {
        krb_size        1[9:0]   count;
        krb_free_offset 1[19:10] count;
        krb_offset      1[29:20] count;
        buf_type        2[5:4]   bits;
        not_eop         2[9:9]   NotEop;
        irb_wrap_size   5[31:0]  count;
        @address irb_addr (irb_addr_lo 3[31:0], irb_addr_hi 4[31:0]) Other;
    }

    /// A draw whose indices a compute shader makes; on compute rings the shader's dispatch. gfx10 only.
    DispatchDraw = DISPATCH_DRAW "DISPATCH_DRAW" [5] {
        index_offset                        1[31:0]  count     on(GFX_RING);
        krb_loc_sgpr                        1[3:0]   bits      on(MEC);
        dim_x                               2[31:0]  count     on(MEC);
        prim_type                           2[20:16] bits      on(GFX_RING);
        index_count                         3[31:0]  count     on(GFX_RING);
        dim_y                               3[31:0]  count     on(MEC);
        dim_z                               4[31:0]  count     on(MEC);
        vrb_loc_sgpr                        4[3:0]   bits      on(GFX_RING);
        use_vrb                             4[4:4]   flag      on(GFX_RING);
        max_index_multiple_minus_1          4[15:5]  count     on(GFX_RING);
        min_poll_intervals_for_partial_draw 4[31:16] count     on(GFX_RING);
        draw_initiator                      5[31:0]  bits      on(GFX_RING);
        dispatch_initiator                  5[31:0]  initiator on(MEC);
    }

    /// Reads or resets the statistics of texture detail. Up to gfx11.
    GetLodStats = GET_LOD_STATS "GET_LOD_STATS" [4] {
        bu_size          1[31:0]  count;
        interval         4[9:2]   count;
        reset_cnt        4[17:10] count;
        reset_force      4[18:18] flag;
        report_and_reset 4[19:19] flag;
        cache_policy     4[29:28] CachePolicy;
        @address base (base_lo 2[31:6], base_hi 3[31:0]) Other;
    }

    /// Marks the ends of a frame. Kernel; PAL has it for gfx10 only, Linux `gfx_v11_0.c` emits it on gfx11 too.
    FrameControl = FRAME_CONTROL "FRAME_CONTROL" [1] {
        tmz     1[0:0]   Tmz;
        command 1[31:28] FrameControlCommand;
    }

    /// Takes the index buffer's address, size and type from memory.
    IndexAttributesIndirect = INDEX_ATTRIBUTES_INDIRECT "INDEX_ATTRIBUTES_INDIRECT" [3] {
        indirect_mode   1[0:0]  flag;
        addr_offset     2[31:0] count when(1[0:0] = 1);
        attribute_index 3[15:0] count;
        @address attribute_base (attribute_base_lo 1[31:4], attribute_base_hi 2[31:0]) Other when(1[0:0] = 0);
    }

    /// WAIT_REG_MEM for a value of 64 bits.
    WaitRegMem64 = WAIT_REG_MEM64 "WAIT_REG_MEM64" [8] {
        function                  1[2:0]   Function;
        mem_space                 1[5:4]   MemSpace;
        operation                 1[7:6]   WaitRegMemOperation;
        engine_sel                1[9:8]   EngineSel           on(GFX_RING);
        mes_intr_pipe             1[23:22] bits;
        mes_action                1[24:24] flag;
        cache_policy              1[26:25] CachePolicy         on(TO_GFX11);
        temporal                  1[26:25] Temporal            on(GFX12);
        reg_poll_addr             2[17:0]  register            when(1[7:4] = 0 | 8 | 12);
        reg_write_addr1           2[17:0]  register            when(1[7:6] = 1);
        reg_write_addr2           3[17:0]  register            when(1[7:6] = 1);
        reference                 4[31:0]  bits;
        reference_hi              5[31:0]  bits;
        mask                      6[31:0]  bits;
        mask_hi                   7[31:0]  bits;
        poll_interval             8[15:0]  count;
        optimize_ace_offload_mode 8[31:31] flag                on(MEC);
        @address mem_poll_addr (mem_poll_addr_lo 2[31:3], mem_poll_addr_hi 3[31:0]) Read(8) when(1[7:4] = 1 | 9 | 13);
    }

    /// Flushes the host data path. Kernel.
    HdpFlush = HDP_FLUSH "HDP_FLUSH" [1] {
        dummy 1[31:0] bits;
    }

    /// Drops address translations. Kernel.
    InvalidateTlbs = INVALIDATE_TLBS "INVALIDATE_TLBS" [1] {
        invalidate_sel       1[2:0]   InvalidateSel;
        mmhub_invalidate_sel 1[4:3]   MmhubInvalidateSel;
        pasid                1[20:5]  count              on(MEC) when(1[2:0] = 1);
        mmhub_flush_type     1[27:25] bits;
        gfx_flush_type       1[31:29] bits;
    }

    /// Fills `dma_count` blocks of memory that are `byte_stride` bytes apart.
    DmaDataFillMulti = DMA_DATA_FILL_MULTI "DMA_DATA_FILL_MULTI" [6] {
        engine_sel       1[0:0]   EngineSel     on(GFX_RING);
        memlog_clear     1[10:10] flag;
        dst_sel          1[21:20] DmaDataDstSel;
        dst_cache_policy 1[26:25] CachePolicy   on(TO_GFX11);
        dst_temporal     1[26:25] Temporal      on(GFX12);
        src_sel          1[30:29] DmaDataSrcSel;
        cp_sync          1[31:31] flag          on(GFX_RING);
        byte_stride      2[31:0]  count;
        dma_count        3[31:0]  count;
        byte_count       6[25:0]  count;
        @address dst_addr (dst_addr_lo 4[31:0], dst_addr_hi 5[31:0]) Other;
    }

    /// SET_SH_REG for registers that share their bits with the kernel.
    SetShRegIndex = SET_SH_REG_INDEX "SET_SH_REG_INDEX" [1] tail(Registers Sh) {
        reg_offset 1[15:0]  register_in(Sh);
        vmid_shift 1[27:23] count              on(MEC) when(1[31:28] = 1);
        index      1[31:28] SetShRegIndexIndex;
    }

    /// Loads context registers from memory: at an address, or at an offset from SET_BASE.
    LoadContextRegIndex = LOAD_CONTEXT_REG_INDEX "LOAD_CONTEXT_REG_INDEX" [4] {
        index       1[0:0]   LoadRegIndex;
        addr_offset 2[31:0]  count                when(1[0:0] = 1);
        reg_offset  3[15:0]  register_in(Context);
        data_format 3[31:31] DataFormat;
        num_dwords  4[13:0]  count;
        @address mem_addr (mem_addr_lo 1[31:2], mem_addr_hi 2[31:0]) Other when(1[0:0] = 0);
    }

    /// What a scheduling queue may give to other queues. Kernel.
    ///
    /// Source: Linux `kfd_pm4_headers_ai.h`, `pm4_mes_set_resources`.
    SetResources = SET_RESOURCES "SET_RESOURCES" [7] {
        vmid_mask     1[15:0]  bits;
        unmap_latency 1[23:16] count;
        queue_type    1[31:29] SetResourcesQueueType;
        queue_mask_lo 2[31:0]  bits;
        queue_mask_hi 3[31:0]  bits;
        gws_mask_lo   4[31:0]  bits;
        gws_mask_hi   5[31:0]  bits;
        oac_mask      6[15:0]  bits;
        gds_heap_base 7[5:0]   bits;
        gds_heap_size 7[16:11] count;
    }

    /// The address space and trap handler of a process whose queues MAP_QUEUES maps. Kernel.
    ///
    /// Source: Linux `kfd_pm4_headers_ai.h`, `pm4_mes_map_process`. `trap_en` from `kfd_packet_manager_v9.c`,
    /// `pm_map_process_v9`.
    MapProcess = MAP_PROCESS "MAP_PROCESS" [15] {
        pasid                                1[15:0]   count;
        diq_enable                           1[24:24]  flag;
        process_quantum                      1[31:25]  count;
        vm_context_page_table_base_addr_lo32 2[31:0]   bits;
        vm_context_page_table_base_addr_hi32 3[31:0]   bits;
        sh_mem_bases                         4[31:0]   bits;
        sh_mem_config                        5[31:0]   bits;
        trap_en                              7[31:31]  flag;
        num_gws                              13[5:0]   count;
        sdma_enable                          13[7:7]   flag;
        num_oac                              13[11:8]  count;
        gds_size                             13[21:16] count;
        num_queues                           13[31:22] count;
        @address sq_shader_tba (sq_shader_tba_lo 6[31:0], sq_shader_tba_hi 7[23:0]) << 8 Other;
        @address sq_shader_tma (sq_shader_tma_lo 8[31:0], sq_shader_tma_hi 9[23:0]) << 8 Other;
        @address gds_addr (gds_addr_lo 11[31:0], gds_addr_hi 12[31:0]) Other;
        @address completion_signal (completion_signal_lo 14[31:0], completion_signal_hi 15[31:0]) Other;
    }

    /// Connects a queue to the hardware. Kernel.
    ///
    /// Source: Linux `kfd_pm4_headers_ai.h`, `pm4_mes_map_queues`. The slot of the queue (`vmid` to `me`) and
    /// `alloc_format` from Linux `nvd.h`, `PACKET3_MAP_QUEUES`.
    MapQueues = MAP_QUEUES "MAP_QUEUES" [6] {
        queue_sel       1[5:4]   MapQueuesQueueSel;
        vmid            1[11:8]  count;
        queue           1[15:13] count;
        pipe            1[17:16] count;
        me              1[19:18] count;
        queue_type      1[23:21] MapQueuesQueueType;
        alloc_format    1[25:24] bits;
        engine_sel      1[28:26] QueueEngine;
        num_queues      1[31:29] count;
        check_disable   2[1:1]   flag;
        doorbell_offset 2[27:2]  bits;
        @address mqd_addr (mqd_addr_lo 3[31:0], mqd_addr_hi 4[31:0]) Other;
        @address wptr_addr (wptr_addr_lo 5[31:0], wptr_addr_hi 6[31:0]) Other;
    }

    /// Takes queues off the hardware. Kernel.
    ///
    /// Source: Linux `kfd_pm4_headers_ai.h`, `pm4_mes_unmap_queues`. The fence of PREEMPT_QUEUES_NO_UNMAP from Linux
    /// `gfx_v11_0.c`, `gfx11_kiq_unmap_queues`.
    UnmapQueues = UNMAP_QUEUES "UNMAP_QUEUES" [5] {
        action           1[1:0]   UnmapQueuesAction;
        queue_sel        1[5:4]   UnmapQueuesQueueSel;
        engine_sel       1[28:26] QueueEngine;
        num_queues       1[31:29] count;
        pasid            2[15:0]  count               when(1[5:4] = 1);
        doorbell_offset0 2[27:2]  bits                when(1[5:4] = 0);
        doorbell_offset1 3[27:2]  bits                when(1[5:4] = 0 && 1[1:0] = 0 | 1 | 2);
        doorbell_offset2 4[27:2]  bits                when(1[5:4] = 0 && 1[1:0] = 0 | 1 | 2);
        fence_data       5[31:0]  bits                when(1[1:0] = 3);
        doorbell_offset3 5[27:2]  bits                when(1[5:4] = 0 && 1[1:0] = 0 | 1 | 2);
        @address fence_addr (fence_addr_lo 3[31:0], fence_addr_hi 4[31:0]) Write(4) when(1[1:0] = 3);
    }

    /// Asks for a fence or an interrupt once earlier scheduling packets are done. Kernel.
    ///
    /// Source: Linux `kfd_pm4_headers_ai.h`, `pm4_mes_query_status`.
    QueryStatus = QUERY_STATUS "QUERY_STATUS" [6] {
        context_id      1[27:0]  bits;
        interrupt_sel   1[29:28] QueryStatusInterruptSel;
        command         1[31:30] QueryStatusCommand;
        pasid           2[15:0]  count                   when(1[29:28] = 1);
        doorbell_offset 2[27:2]  bits                    when(1[29:28] = 0 | 2);
        engine_sel      2[30:28] QueueEngine             when(1[29:28] = 0 | 2);
        data_lo         5[31:0]  bits;
        data_hi         6[31:0]  bits;
        @address addr (addr_lo 3[31:0], addr_hi 4[31:0]) Write(8) when(1[31:30] = 1 | 2 | 3);
    }

    /// A stream of MAP_PROCESS and MAP_QUEUES for the scheduler. Kernel.
    ///
    /// Source: Linux `kfd_pm4_headers_ai.h`, `pm4_mes_runlist`.
    RunList = RUN_LIST "RUN_LIST" [3] {
        ib_size         3[19:0]  count;
        chain           3[20:20] flag;
        offload_polling 3[21:21] flag;
        valid           3[23:23] flag;
        process_cnt     3[27:24] count;
        @address ib_base (ib_base_lo 1[31:2], ib_base_hi 2[31:0]) Fetch;
    }

    /// The page-table range of a process. Kernel.
    ///
    /// Source: Linux `kfd_pm4_headers_ai.h`, `PM4_MES_MAP_PROCESS_VM`.
    MapProcessVm = MAP_PROCESS_VM "MAP_PROCESS_VM" [15] {
        vm_context_cntl                       2[31:0] bits;
        vm_context_page_table_end_addr_lo32   4[31:0] bits;
        vm_context_page_table_end_addr_hi32   5[31:0] bits;
        vm_context_page_table_start_addr_lo32 6[31:0] bits;
        vm_context_page_table_start_addr_hi32 7[31:0] bits;
        @address completion_signal (completion_signal_lo32 14[31:0], completion_signal_hi32 15[31:0]) Other;
    }

    /// DISPATCH_DIRECT whose workgroups are spread over the shader engines. gfx12.
    DispatchDirectInterleaved = DISPATCH_DIRECT_INTERLEAVED "DISPATCH_DIRECT_INTERLEAVED" [4]
        flags(Header::SHADER_TYPE) {
        dim_x              1[31:0] count;
        dim_y              2[31:0] count;
        dim_z              3[31:0] count;
        dispatch_initiator 4[31:0] initiator;
    }

    /// DISPATCH_INDIRECT whose workgroups are spread over the shader engines. gfx12.
    DispatchIndirectInterleaved = DISPATCH_INDIRECT_INTERLEAVED "DISPATCH_INDIRECT_INTERLEAVED" [2]
        flags(Header::SHADER_TYPE) {
        data_offset        1[31:0] count;
        dispatch_initiator 2[31:0] initiator;
    }

    /// Where the ring between task and mesh shaders is described.
    DispatchTaskStateInit = DISPATCH_TASK_STATE_INIT "DISPATCH_TASK_STATE_INIT" [2] flags(Header::SHADER_TYPE) {
        @address control_buf_addr (control_buf_addr_lo 1[31:8], control_buf_addr_hi 2[31:0]) Other;
    }

    /// Launches task workgroups on a compute ring.
    DispatchTaskmeshDirectAce = DISPATCH_TASKMESH_DIRECT_ACE "DISPATCH_TASKMESH_DIRECT_ACE" [5]
        flags(Header::SHADER_TYPE) {
        x_dim              1[31:0] count;
        y_dim              2[31:0] count;
        z_dim              3[31:0] count;
        dispatch_initiator 4[31:0] initiator;
        ring_entry_loc     5[15:0] register_in(Sh);
    }

    /// Launches task workgroups on a compute ring, whose numbers are in memory, `stride` bytes apart.
    DispatchTaskmeshIndirectMultiAce = DISPATCH_TASKMESH_INDIRECT_MULTI_ACE "DISPATCH_TASKMESH_INDIRECT_MULTI_ACE" [10]
        flags(Header::SHADER_TYPE) {
        ring_entry_loc             3[15:0]  register_in(Sh);
        thread_trace_marker_enable 4[0:0]   flag;
        count_indirect_enable      4[1:1]   flag;
        draw_index_enable          4[2:2]   flag;
        compute_xyz_dim_enable     4[3:3]   flag;
        dispatch_index_loc         4[31:16] register_in(Sh);
        compute_xyz_dim_loc        5[15:0]  register_in(Sh);
        count                      6[31:0]  count;
        stride                     9[31:0]  count;
        dispatch_initiator         10[31:0] initiator;
        @address data_addr (data_addr_lo 1[31:2], data_addr_hi 2[31:0]) Other;
        @address count_addr (count_addr_lo 7[31:2], count_addr_hi 8[31:0]) Read(4) when(4[1:1] = 1);
    }

    /// Runs a stream once for each record in memory. From gfx10.3 on.
    ExecuteIndirect = EXECUTE_INDIRECT "EXECUTE_INDIRECT" [14] {
        ib_size                    3[19:0]   count;
        chain                      3[20:20]  flag;
        pre_ena                    3[21:21]  flag;
        count_indirect_enable      3[23:23]  flag;
        vmid                       3[27:24]  count;
        cache_policy               3[29:28]  CachePolicy on(TO_GFX11);
        temporal                   3[29:28]  Temporal    on(GFX12);
        pre_resume                 3[30:30]  flag;
        max_count                  4[31:0]   count;
        stride                     7[31:0]   count;
        spill_table_stride         9[31:16]  count;
        spill_table_reg_offset0    11[31:16] bits;
        spill_table_reg_offset1    12[15:0]  bits;
        spill_table_reg_offset2    12[31:16] bits;
        spill_table_reg_offset3    13[15:0]  bits;
        spill_table_instance_count 13[31:16] count;
        vb_table_reg_offset        14[15:0]  bits;
        vb_table_size              14[31:16] count;
        @address cmd_base (cmd_base_lo 1[31:2], cmd_base_hi 2[31:0]) Fetch;
        @address count_addr (count_addr_lo 5[31:2], count_addr_hi 6[31:0]) Read(4) when(3[23:23] = 1);
        @address data_addr (data_addr_lo 8[31:2], data_addr_hi 9[15:0]) Other;
        @address spill_table_addr (spill_table_addr_lo 10[31:2], spill_table_addr_hi 11[15:0]) Other;
    }

    /// Makes a buffer descriptor out of an address and a size in memory.
    BuildUntypedSrd = BUILD_UNTYPED_SRD "BUILD_UNTYPED_SRD" [7] {
        index                      1[0:0]  BuildUntypedSrdIndex;
        vertex_offset_mode_enabled 1[1:1]  flag                 on(GFX12);
        src_offset                 3[31:0] count;
        dst_offset                 6[31:0] count;
        dword3                     7[31:0] bits;
        @address src_addr (src_addr_lo 1[31:4], src_addr_hi 2[31:0]) Other;
        @address dst_addr (dst_addr_lo 4[31:2], dst_addr_hi 5[31:0]) Write(16);
    }

    /// Writes the occlusion counters. From gfx11 on.
    EventWriteZpass = EVENT_WRITE_ZPASS "EVENT_WRITE_ZPASS" [2] {
        @address address (address_lo 1[31:3], address_hi 2[31:0]) Other;
    }

    /// Writes a clock at the top, at the bottom of the pipe, or at both. From gfx11 on.
    Timestamp = TIMESTAMP "TIMESTAMP" [5] {
        enable_bottom 1[0:0] flag;
        enable_top    1[1:1] flag;
        clock_sel     1[2:2] ClockSel;
        @address pipe_bot_addr (pipe_bot_addr_lo 2[31:3], pipe_bot_addr_hi 3[31:0]) Write(8) when(1[0:0] = 1);
        @address pipe_top_addr (pipe_top_addr_lo 4[31:3], pipe_top_addr_hi 5[31:0]) Write(8) when(1[1:1] = 1);
    }

    /// Draws or dispatches once for each record in memory. From gfx11 on; compute rings have it from gfx12 on.
    ExecuteIndirectV2 = EXECUTE_INDIRECT_V2 "EXECUTE_INDIRECT_V2" [12] {
        count_indirect_enable        1[0:0]    flag;
        userdata_dw_count            1[5:1]    count;
        command_index_enable         1[6:6]    flag;
        userdata_gfx_register_enable 1[7:7]    flag                       on(GFX_RING);
        num_spill_regs               1[9:8]    count;
        init_mem_copy_count          1[12:10]  count;
        build_srd_count              1[15:13]  count                      on(GFX_RING);
        update_mem_copy_count        1[18:16]  count;
        operation                    1[21:19]  ExecuteIndirectV2Operation;
        fetch_index_attributes       1[22:22]  flag                       on(GFX_RING);
        userdata_scatter_mode        1[25:23]  UserdataScatterMode;
        bottom_of_pipe_ts_after_draw 1[26:26]  flag                       on(GFX12 GFX_RING);
        vertex_offset_mode_enabled   1[29:29]  flag                       on(GFX12 GFX_RING);
        vertex_bounds_check_enable   1[30:30]  flag                       on(GFX_RING);
        thread_trace_enable          1[31:31]  flag;
        max_count                    4[31:0]   count;
        stride                       5[31:0]   count;
        index_attributes_offset      7[31:16]  count                      on(GFX_RING);
        userdata_gfx_register        8[7:0]    bits                       on(GFX_RING);
        userdata_offset              8[31:16]  count;
        vb_table_size                11[15:0]  count                      on(GFX_RING);
        spill_table_stride           11[31:16] count;
        spill_compute_reg0           12[15:0]  bits                       when(1[21:19] = 2 | 4 | 5);
        spill_graphics_reg0          12[7:0]   bits                       on(GFX_RING) when(1[21:19] = 0 | 1 | 3);
        spill_graphics_reg1          12[15:8]  bits                       on(GFX_RING) when(1[21:19] = 0 | 1 | 3);
        spill_compute_reg1           12[31:16] bits                       when(1[21:19] = 2 | 4 | 5);
        spill_graphics_reg2          12[23:16] bits                       on(GFX_RING) when(1[21:19] = 0 | 1 | 3);
        @address count_addr (count_addr_lo 2[31:2], count_addr_hi 3[15:0]) Read(4) when(1[0:0] = 1);
        @address data_addr (data_addr_lo 6[31:2], data_addr_hi 7[15:0]) Other;
        @address spill_table_addr (spill_table_addr_lo 9[31:2], spill_table_addr_hi 10[15:0]) Other;
    }

    /// Sets context registers, each with its offset. From gfx11 on.
    ///
    /// Source: PAL; RESET_FILTER_CAM from Mesa `ac_cmdbuf.h`.
    SetContextRegPairs = SET_CONTEXT_REG_PAIRS "SET_CONTEXT_REG_PAIRS" [0]
        flags(Header::RESET_FILTER_CAM) tail(Pairs Context) {
    }

    /// Sets context registers, two offsets in a dword. `reg_writes_count` is even; drivers repeat the first register
    /// to make it so. gfx11.
    SetContextRegPairsPacked = SET_CONTEXT_REG_PAIRS_PACKED "SET_CONTEXT_REG_PAIRS_PACKED" [1]
        flags(Header::RESET_FILTER_CAM) tail(PackedPairs Context) {
        reg_writes_count 1[15:0] count;
    }

    /// Sets SH registers, each with its offset. From gfx11 on.
    ///
    /// Source: PAL; RESET_FILTER_CAM from Mesa `ac_cmdbuf.h`.
    SetShRegPairs = SET_SH_REG_PAIRS "SET_SH_REG_PAIRS" [0] flags(Header::RESET_FILTER_CAM) tail(Pairs Sh) {
    }

    /// Sets SH registers, two offsets in a dword. `reg_writes_count` is even. gfx11.
    SetShRegPairsPacked = SET_SH_REG_PAIRS_PACKED "SET_SH_REG_PAIRS_PACKED" [1]
        flags(Header::RESET_FILTER_CAM) tail(PackedPairs Sh) {
        reg_writes_count 1[15:0] count;
    }

    /// SET_SH_REG_PAIRS_PACKED of gfx12, whose number is another one.
    SetShRegPairsPackedGfx12 = SET_SH_REG_PAIRS_PACKED_GFX12 "SET_SH_REG_PAIRS_PACKED" [1]
        flags(Header::RESET_FILTER_CAM) tail(PackedPairs Sh) {
        reg_writes_count 1[15:0] count;
    }

    /// SET_SH_REG_PAIRS_PACKED for at most 14 registers, which is faster. From gfx11 on.
    SetShRegPairsPackedN = SET_SH_REG_PAIRS_PACKED_N "SET_SH_REG_PAIRS_PACKED_N" [1]
        flags(Header::RESET_FILTER_CAM) tail(PackedPairs Sh) {
        reg_writes_count 1[15:0] count;
    }

    /// Sets UCONFIG registers, each with its offset. gfx12.
    ///
    /// Source: PAL; RESET_FILTER_CAM from Mesa `ac_cmdbuf.h`.
    SetUconfigRegPairs = SET_UCONFIG_REG_PAIRS "SET_UCONFIG_REG_PAIRS" [0]
        flags(Header::RESET_FILTER_CAM) tail(Pairs Uconfig) {
    }

    /// Loads how far the streamout buffers are filled. gfx12.
    LoadBufferFilledSize = LOAD_BUFFER_FILLED_SIZE "LOAD_BUFFER_FILLED_SIZE" [10] {
        @address streamout_ctrl_buf (streamout_ctrl_buf_lo 1[31:3], streamout_ctrl_buf_hi 2[31:0]) Other;
        @address streamout_target0 (streamout_target0_lo 3[31:2], streamout_target0_hi 4[31:0]) Other;
        @address streamout_target1 (streamout_target1_lo 5[31:2], streamout_target1_hi 6[31:0]) Other;
        @address streamout_target2 (streamout_target2_lo 7[31:2], streamout_target2_hi 8[31:0]) Other;
        @address streamout_target3 (streamout_target3_lo 9[31:2], streamout_target3_hi 10[31:0]) Other;
    }

    /// Sets how far a streamout buffer is filled. gfx12.
    SetBufferFilledSize = SET_BUFFER_FILLED_SIZE "SET_BUFFER_FILLED_SIZE" [4] {
        buffer_id     3[1:0]  count;
        buffer_offset 4[31:0] count;
        @address streamout_ctrl_buf (streamout_ctrl_buf_lo 1[31:3], streamout_ctrl_buf_hi 2[31:0]) Other;
    }

    /// Saves how far the streamout buffers are filled. gfx12.
    SaveBufferFilledSize = SAVE_BUFFER_FILLED_SIZE "SAVE_BUFFER_FILLED_SIZE" [10] {
        @address streamout_ctrl_buf (streamout_ctrl_buf_lo 1[31:3], streamout_ctrl_buf_hi 2[31:0]) Other;
        @address streamout_target0 (streamout_target0_lo 3[31:2], streamout_target0_hi 4[31:0]) Other;
        @address streamout_target1 (streamout_target1_lo 5[31:2], streamout_target1_hi 6[31:0]) Other;
        @address streamout_target2 (streamout_target2_lo 7[31:2], streamout_target2_hi 8[31:0]) Other;
        @address streamout_target3 (streamout_target3_lo 9[31:2], streamout_target3_hi 10[31:0]) Other;
    }

    /// Writes the counters of a stream. gfx12.
    StrmoutStatsQuery = STRMOUT_STATS_QUERY "STRMOUT_STATS_QUERY" [5] {
        stream_index 3[1:0] count;
        @address streamout_ctrl_buf (streamout_ctrl_buf_lo 1[31:3], streamout_ctrl_buf_hi 2[31:0]) Other;
        @address streamout_dst (streamout_dst_lo 4[31:3], streamout_dst_hi 5[31:0]) Other;
    }

    /// Runs the shader that clears registers and LDS between processes. gfx12; the body is reserved.
    RunCleanerShader = RUN_CLEANER_SHADER "RUN_CLEANER_SHADER" [1] {
    }

    /// Sets the timeouts of the depth block. gfx12.
    UpdateDbSummarizerTimeout = UPDATE_DB_SUMMARIZER_TIMEOUT "UPDATE_DB_SUMMARIZER_TIMEOUT" [1] {
        reg_value 1[31:0] bits;
    }

    /// Where a preempted queue keeps its state. Kernel. gfx11.
    SetQPreemptionMode = SET_Q_PREEMPTION_MODE "SET_Q_PREEMPTION_MODE" [8] {
        ib_vmid         7[3:0] count;
        init_shadow_mem 8[0:0] flag;
        @address shadow_base_addr (shadow_base_addr_lo 1[31:8], shadow_base_addr_hi 2[31:0]) Other;
        @address gds_save_addr (gds_save_addr_lo 3[31:8], gds_save_addr_hi 4[31:0]) Other;
        @address csa_save_addr (csa_save_addr_lo 5[31:8], csa_save_addr_hi 6[31:0]) Other;
    }
}
