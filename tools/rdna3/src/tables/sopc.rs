//! SOPC: scalar compares.
//!
//! Rows: opcode, operation, operand slots in text order, flags, latency class. Slots: `crate::row::slot`.
//!
//! Source: AMD "RDNA3 Instruction Set Architecture", chapter 16; operand classes as LLVM 19 decodes them for gfx1100.

/// Passes the rows on to the next macro of a chain.
macro_rules! sopc {
    ($then:ident $($rest:ident)* ; $($acc:tt)*) => {
        $then! { $($rest)* ; $($acc)*
            { 0x000 S_CMP_EQ_I32  [S32 S32] WSCC; Salu }
            { 0x001 S_CMP_LG_I32  [S32 S32] WSCC; Salu }
            { 0x002 S_CMP_GT_I32  [S32 S32] WSCC; Salu }
            { 0x003 S_CMP_GE_I32  [S32 S32] WSCC; Salu }
            { 0x004 S_CMP_LT_I32  [S32 S32] WSCC; Salu }
            { 0x005 S_CMP_LE_I32  [S32 S32] WSCC; Salu }
            { 0x006 S_CMP_EQ_U32  [S32 S32] WSCC; Salu }
            { 0x007 S_CMP_LG_U32  [S32 S32] WSCC; Salu }
            { 0x008 S_CMP_GT_U32  [S32 S32] WSCC; Salu }
            { 0x009 S_CMP_GE_U32  [S32 S32] WSCC; Salu }
            { 0x00a S_CMP_LT_U32  [S32 S32] WSCC; Salu }
            { 0x00b S_CMP_LE_U32  [S32 S32] WSCC; Salu }
            { 0x00c S_BITCMP0_B32 [S32 S32] WSCC; Salu }
            { 0x00d S_BITCMP1_B32 [S32 S32] WSCC; Salu }
            { 0x00e S_BITCMP0_B64 [S64 S32] WSCC; Salu }
            { 0x00f S_BITCMP1_B64 [S64 S32] WSCC; Salu }
            { 0x010 S_CMP_EQ_U64  [S64 S64] WSCC; Salu }
            { 0x011 S_CMP_LG_U64  [S64 S64] WSCC; Salu }
            { 0x041 S_CMP_LT_F32  [S32 S32] G1150 WSCC; SaluFloat }
            { 0x042 S_CMP_EQ_F32  [S32 S32] G1150 WSCC; SaluFloat }
            { 0x043 S_CMP_LE_F32  [S32 S32] G1150 WSCC; SaluFloat }
            { 0x044 S_CMP_GT_F32  [S32 S32] G1150 WSCC; SaluFloat }
            { 0x045 S_CMP_LG_F32  [S32 S32] G1150 WSCC; SaluFloat }
            { 0x046 S_CMP_GE_F32  [S32 S32] G1150 WSCC; SaluFloat }
            { 0x047 S_CMP_O_F32   [S32 S32] G1150 WSCC; SaluFloat }
            { 0x048 S_CMP_U_F32   [S32 S32] G1150 WSCC; SaluFloat }
            { 0x049 S_CMP_NGE_F32 [S32 S32] G1150 WSCC; SaluFloat }
            { 0x04a S_CMP_NLG_F32 [S32 S32] G1150 WSCC; SaluFloat }
            { 0x04b S_CMP_NGT_F32 [S32 S32] G1150 WSCC; SaluFloat }
            { 0x04c S_CMP_NLE_F32 [S32 S32] G1150 WSCC; SaluFloat }
            { 0x04d S_CMP_NEQ_F32 [S32 S32] G1150 WSCC; SaluFloat }
            { 0x04e S_CMP_NLT_F32 [S32 S32] G1150 WSCC; SaluFloat }
            { 0x051 S_CMP_LT_F16  [S16 S16] G1150 WSCC; SaluFloat }
            { 0x052 S_CMP_EQ_F16  [S16 S16] G1150 WSCC; SaluFloat }
            { 0x053 S_CMP_LE_F16  [S16 S16] G1150 WSCC; SaluFloat }
            { 0x054 S_CMP_GT_F16  [S16 S16] G1150 WSCC; SaluFloat }
            { 0x055 S_CMP_LG_F16  [S16 S16] G1150 WSCC; SaluFloat }
            { 0x056 S_CMP_GE_F16  [S16 S16] G1150 WSCC; SaluFloat }
            { 0x057 S_CMP_O_F16   [S16 S16] G1150 WSCC; SaluFloat }
            { 0x058 S_CMP_U_F16   [S16 S16] G1150 WSCC; SaluFloat }
            { 0x059 S_CMP_NGE_F16 [S16 S16] G1150 WSCC; SaluFloat }
            { 0x05a S_CMP_NLG_F16 [S16 S16] G1150 WSCC; SaluFloat }
            { 0x05b S_CMP_NGT_F16 [S16 S16] G1150 WSCC; SaluFloat }
            { 0x05c S_CMP_NLE_F16 [S16 S16] G1150 WSCC; SaluFloat }
            { 0x05d S_CMP_NEQ_F16 [S16 S16] G1150 WSCC; SaluFloat }
            { 0x05e S_CMP_NLT_F16 [S16 S16] G1150 WSCC; SaluFloat }
        }
    };
}

sopc! { define_table ; }
