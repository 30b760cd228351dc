//! SOP1: scalar, one source.
//!
//! Rows: opcode, operation, operand slots in text order, flags, latency class. Slots: `crate::row::slot`.
//!
//! Source: AMD "RDNA3 Instruction Set Architecture", chapter 16; operand classes as LLVM 19 decodes them for gfx1100.

/// Passes the rows on to the next macro of a chain.
macro_rules! sop1 {
    ($then:ident $($rest:ident)* ; $($acc:tt)*) => {
        $then! { $($rest)* ; $($acc)*
            { 0x000 S_MOV_B32               [D1 S32] ; Salu }
            { 0x001 S_MOV_B64               [D2 S64] ; Salu }
            { 0x002 S_CMOV_B32              [AD1 S32] RSCC; Salu }
            { 0x003 S_CMOV_B64              [AD2 S64] RSCC; Salu }
            { 0x004 S_BREV_B32              [D1 S32] ; Salu }
            { 0x005 S_BREV_B64              [D2 S64] ; Salu }
            { 0x008 S_CTZ_I32_B32           [D1 S32] ; Salu }
            { 0x009 S_CTZ_I32_B64           [D1 S64] ; Salu }
            { 0x00a S_CLZ_I32_U32           [D1 S32] ; Salu }
            { 0x00b S_CLZ_I32_U64           [D1 S64] ; Salu }
            { 0x00c S_CLS_I32               [D1 S32] ; Salu }
            { 0x00d S_CLS_I32_I64           [D1 S64] ; Salu }
            { 0x00e S_SEXT_I32_I8           [D1 S32] ; Salu }
            { 0x00f S_SEXT_I32_I16          [D1 S32] ; Salu }
            { 0x010 S_BITSET0_B32           [AD1 S32]; Salu }
            { 0x011 S_BITSET0_B64           [AD2 S32]; Salu }
            { 0x012 S_BITSET1_B32           [AD1 S32]; Salu }
            { 0x013 S_BITSET1_B64           [AD2 S32]; Salu }
            { 0x014 S_BITREPLICATE_B64_B32  [D2 S32] ; Salu }
            { 0x015 S_ABS_I32               [D1 S32]  WSCC; Salu }
            { 0x016 S_BCNT0_I32_B32         [D1 S32] ; Salu }
            { 0x017 S_BCNT0_I32_B64         [D1 S64] ; Salu }
            { 0x018 S_BCNT1_I32_B32         [D1 S32] ; Salu }
            { 0x019 S_BCNT1_I32_B64         [D1 S64] ; Salu }
            { 0x01a S_QUADMASK_B32          [D1 S32]  WSCC; Salu }
            { 0x01b S_QUADMASK_B64          [D2 S64]  WSCC; Salu }
            { 0x01c S_WQM_B32               [D1 S32]  WSCC; Salu }
            { 0x01d S_WQM_B64               [D2 S64]  WSCC; Salu }
            { 0x01e S_NOT_B32               [D1 S32]  WSCC; Salu }
            { 0x01f S_NOT_B64               [D2 S64]  WSCC; Salu }
            { 0x020 S_AND_SAVEEXEC_B32      [D1 S32]  WSCC REXEC WEXEC; Salu }
            { 0x021 S_AND_SAVEEXEC_B64      [D2 S64]  WSCC REXEC WEXEC; Salu }
            { 0x022 S_OR_SAVEEXEC_B32       [D1 S32]  WSCC REXEC WEXEC; Salu }
            { 0x023 S_OR_SAVEEXEC_B64       [D2 S64]  WSCC REXEC WEXEC; Salu }
            { 0x024 S_XOR_SAVEEXEC_B32      [D1 S32]  WSCC REXEC WEXEC; Salu }
            { 0x025 S_XOR_SAVEEXEC_B64      [D2 S64]  WSCC REXEC WEXEC; Salu }
            { 0x026 S_NAND_SAVEEXEC_B32     [D1 S32]  WSCC REXEC WEXEC; Salu }
            { 0x027 S_NAND_SAVEEXEC_B64     [D2 S64]  WSCC REXEC WEXEC; Salu }
            { 0x028 S_NOR_SAVEEXEC_B32      [D1 S32]  WSCC REXEC WEXEC; Salu }
            { 0x029 S_NOR_SAVEEXEC_B64      [D2 S64]  WSCC REXEC WEXEC; Salu }
            { 0x02a S_XNOR_SAVEEXEC_B32     [D1 S32]  WSCC REXEC WEXEC; Salu }
            { 0x02b S_XNOR_SAVEEXEC_B64     [D2 S64]  WSCC REXEC WEXEC; Salu }
            { 0x02c S_AND_NOT0_SAVEEXEC_B32 [D1 S32]  WSCC REXEC WEXEC; Salu }
            { 0x02d S_AND_NOT0_SAVEEXEC_B64 [D2 S64]  WSCC REXEC WEXEC; Salu }
            { 0x02e S_OR_NOT0_SAVEEXEC_B32  [D1 S32]  WSCC REXEC WEXEC; Salu }
            { 0x02f S_OR_NOT0_SAVEEXEC_B64  [D2 S64]  WSCC REXEC WEXEC; Salu }
            { 0x030 S_AND_NOT1_SAVEEXEC_B32 [D1 S32]  WSCC REXEC WEXEC; Salu }
            { 0x031 S_AND_NOT1_SAVEEXEC_B64 [D2 S64]  WSCC REXEC WEXEC; Salu }
            { 0x032 S_OR_NOT1_SAVEEXEC_B32  [D1 S32]  WSCC REXEC WEXEC; Salu }
            { 0x033 S_OR_NOT1_SAVEEXEC_B64  [D2 S64]  WSCC REXEC WEXEC; Salu }
            { 0x034 S_AND_NOT0_WREXEC_B32   [D1 S32]  WSCC REXEC WEXEC; Salu }
            { 0x035 S_AND_NOT0_WREXEC_B64   [D2 S64]  WSCC REXEC WEXEC; Salu }
            { 0x036 S_AND_NOT1_WREXEC_B32   [D1 S32]  WSCC REXEC WEXEC; Salu }
            { 0x037 S_AND_NOT1_WREXEC_B64   [D2 S64]  WSCC REXEC WEXEC; Salu }
            { 0x040 S_MOVRELS_B32           [D1 R32]  RM0; Salu }
            { 0x041 S_MOVRELS_B64           [D2 R64]  RM0; Salu }
            { 0x042 S_MOVRELD_B32           [D1 S32]  RM0; Salu }
            { 0x043 S_MOVRELD_B64           [D2 S64]  RM0; Salu }
            { 0x044 S_MOVRELSD_2_B32        [D1 S32]  RM0; Salu }
            { 0x047 S_GETPC_B64             [D2]     ; Salu }
            { 0x048 S_SETPC_B64             [R64]    ; Branch }
            { 0x049 S_SWAPPC_B64            [D2 S64] ; Branch }
            { 0x04a S_RFE_B64               [R64]    ; Branch }
            { 0x04c S_SENDMSG_RTN_B32       [D1 MSG] ; Message }
            { 0x04d S_SENDMSG_RTN_B64       [D2 MSG] ; Message }
            { 0x060 S_CEIL_F32              [D1 S32]  G1150; SaluFloat }
            { 0x061 S_FLOOR_F32             [D1 S32]  G1150; SaluFloat }
            { 0x062 S_TRUNC_F32             [D1 S32]  G1150; SaluFloat }
            { 0x063 S_RNDNE_F32             [D1 S32]  G1150; SaluFloat }
            { 0x064 S_CVT_F32_I32           [D1 S32]  G1150; SaluFloat }
            { 0x065 S_CVT_F32_U32           [D1 S32]  G1150; SaluFloat }
            { 0x066 S_CVT_I32_F32           [D1 S32]  G1150; SaluFloat }
            { 0x067 S_CVT_U32_F32           [D1 S32]  G1150; SaluFloat }
            { 0x068 S_CVT_F16_F32           [D1 S32]  G1150; SaluFloat }
            { 0x069 S_CVT_F32_F16           [D1 S32]  G1150; SaluFloat }
            { 0x06a S_CVT_HI_F32_F16        [D1 S32]  G1150; SaluFloat }
            { 0x06b S_CEIL_F16              [D1 S32]  G1150; SaluFloat }
            { 0x06c S_FLOOR_F16             [D1 S32]  G1150; SaluFloat }
            { 0x06d S_TRUNC_F16             [D1 S32]  G1150; SaluFloat }
            { 0x06e S_RNDNE_F16             [D1 S32]  G1150; SaluFloat }
        }
    };
}

sop1! { define_table ; }
