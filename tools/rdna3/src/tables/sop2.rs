//! SOP2: scalar, two sources.
//!
//! Rows: opcode, operation, operand slots in text order, flags, latency class. Slots: `crate::row::slot`.
//!
//! Source: AMD "RDNA3 Instruction Set Architecture", chapter 16; operand classes as LLVM 19 decodes them for gfx1100.

/// Passes the rows on to the next macro of a chain.
macro_rules! sop2 {
    ($then:ident $($rest:ident)* ; $($acc:tt)*) => {
        $then! { $($rest)* ; $($acc)*
            { 0x000 S_ADD_U32            [D1 S32 S32]     WSCC; Salu }
            { 0x001 S_SUB_U32            [D1 S32 S32]     WSCC; Salu }
            { 0x002 S_ADD_I32            [D1 S32 S32]     WSCC; Salu }
            { 0x003 S_SUB_I32            [D1 S32 S32]     WSCC; Salu }
            { 0x004 S_ADDC_U32           [D1 S32 S32]     RSCC WSCC; Salu }
            { 0x005 S_SUBB_U32           [D1 S32 S32]     RSCC WSCC; Salu }
            { 0x006 S_ABSDIFF_I32        [D1 S32 S32]     WSCC; Salu }
            { 0x008 S_LSHL_B32           [D1 S32 S32]     WSCC; Salu }
            { 0x009 S_LSHL_B64           [D2 S64 S32]     WSCC; Salu }
            { 0x00a S_LSHR_B32           [D1 S32 S32]     WSCC; Salu }
            { 0x00b S_LSHR_B64           [D2 S64 S32]     WSCC; Salu }
            { 0x00c S_ASHR_I32           [D1 S32 S32]     WSCC; Salu }
            { 0x00d S_ASHR_I64           [D2 S64 S32]     WSCC; Salu }
            { 0x00e S_LSHL1_ADD_U32      [D1 S32 S32]     WSCC; Salu }
            { 0x00f S_LSHL2_ADD_U32      [D1 S32 S32]     WSCC; Salu }
            { 0x010 S_LSHL3_ADD_U32      [D1 S32 S32]     WSCC; Salu }
            { 0x011 S_LSHL4_ADD_U32      [D1 S32 S32]     WSCC; Salu }
            { 0x012 S_MIN_I32            [D1 S32 S32]     WSCC; Salu }
            { 0x013 S_MIN_U32            [D1 S32 S32]     WSCC; Salu }
            { 0x014 S_MAX_I32            [D1 S32 S32]     WSCC; Salu }
            { 0x015 S_MAX_U32            [D1 S32 S32]     WSCC; Salu }
            { 0x016 S_AND_B32            [D1 S32 S32]     WSCC; Salu }
            { 0x017 S_AND_B64            [D2 S64 S64]     WSCC; Salu }
            { 0x018 S_OR_B32             [D1 S32 S32]     WSCC; Salu }
            { 0x019 S_OR_B64             [D2 S64 S64]     WSCC; Salu }
            { 0x01a S_XOR_B32            [D1 S32 S32]     WSCC; Salu }
            { 0x01b S_XOR_B64            [D2 S64 S64]     WSCC; Salu }
            { 0x01c S_NAND_B32           [D1 S32 S32]     WSCC; Salu }
            { 0x01d S_NAND_B64           [D2 S64 S64]     WSCC; Salu }
            { 0x01e S_NOR_B32            [D1 S32 S32]     WSCC; Salu }
            { 0x01f S_NOR_B64            [D2 S64 S64]     WSCC; Salu }
            { 0x020 S_XNOR_B32           [D1 S32 S32]     WSCC; Salu }
            { 0x021 S_XNOR_B64           [D2 S64 S64]     WSCC; Salu }
            { 0x022 S_AND_NOT1_B32       [D1 S32 S32]     WSCC; Salu }
            { 0x023 S_AND_NOT1_B64       [D2 S64 S64]     WSCC; Salu }
            { 0x024 S_OR_NOT1_B32        [D1 S32 S32]     WSCC; Salu }
            { 0x025 S_OR_NOT1_B64        [D2 S64 S64]     WSCC; Salu }
            { 0x026 S_BFE_U32            [D1 S32 S32]     WSCC; Salu }
            { 0x027 S_BFE_I32            [D1 S32 S32]     WSCC; Salu }
            { 0x028 S_BFE_U64            [D2 S64 S32]     WSCC; Salu }
            { 0x029 S_BFE_I64            [D2 S64 S32]     WSCC; Salu }
            { 0x02a S_BFM_B32            [D1 S32 S32]    ; Salu }
            { 0x02b S_BFM_B64            [D2 S32 S32]    ; Salu }
            { 0x02c S_MUL_I32            [D1 S32 S32]    ; Salu }
            { 0x02d S_MUL_HI_U32         [D1 S32 S32]    ; Salu }
            { 0x02e S_MUL_HI_I32         [D1 S32 S32]    ; Salu }
            { 0x030 S_CSELECT_B32        [D1 S32 S32]     RSCC; Salu }
            { 0x031 S_CSELECT_B64        [D2 S64 S64]     RSCC; Salu }
            { 0x032 S_PACK_LL_B32_B16    [D1 S32 S32]    ; Salu }
            { 0x033 S_PACK_LH_B32_B16    [D1 S32 S32]    ; Salu }
            { 0x034 S_PACK_HH_B32_B16    [D1 S32 S32]    ; Salu }
            { 0x035 S_PACK_HL_B32_B16    [D1 S32 S32]    ; Salu }
            { 0x040 S_ADD_F32            [D1 S32 S32]     G1150; SaluFloat }
            { 0x041 S_SUB_F32            [D1 S32 S32]     G1150; SaluFloat }
            { 0x042 S_MIN_F32            [D1 S32 S32]     G1150; SaluFloat }
            { 0x043 S_MAX_F32            [D1 S32 S32]     G1150; SaluFloat }
            { 0x044 S_MUL_F32            [D1 S32 S32]     G1150; SaluFloat }
            { 0x045 S_FMAAK_F32          [D1 S32 S32 K32] G1150; SaluFloat }
            { 0x046 S_FMAMK_F32          [D1 S32 K32 S32] G1150; SaluFloat }
            { 0x047 S_FMAC_F32           [AD1 S32 S32]    G1150; SaluFloat }
            { 0x048 S_CVT_PK_RTZ_F16_F32 [D1 S32 S32]     G1150; SaluFloat }
            { 0x049 S_ADD_F16            [D1 SF16 SF16]   G1150; SaluFloat }
            { 0x04a S_SUB_F16            [D1 SF16 SF16]   G1150; SaluFloat }
            { 0x04b S_MIN_F16            [D1 SF16 SF16]   G1150; SaluFloat }
            { 0x04c S_MAX_F16            [D1 SF16 SF16]   G1150; SaluFloat }
            { 0x04d S_MUL_F16            [D1 SF16 SF16]   G1150; SaluFloat }
            { 0x04e S_FMAC_F16           [AD1 SF16 SF16]  G1150; SaluFloat }
        }
    };
}

sop2! { define_table ; }
