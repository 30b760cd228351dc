//! VOP3P: packed and dot-product operations, matrix operations.
//!
//! Rows: opcode, operation, operand slots in text order, flags, latency class. Slots: `crate::row::slot`.
//!
//! Source: AMD "RDNA3 Instruction Set Architecture", chapter 16; operand classes as LLVM 19 decodes them for gfx1100.

/// Passes the rows on to the next macro of a chain.
macro_rules! vop3p {
    ($then:ident $($rest:ident)* ; $($acc:tt)*) => {
        $then! { $($rest)* ; $($acc)*
            { 0x000 V_PK_MAD_I16              [V1 B32 B32 B32] N7 CLAMP OPSEL; Valu }
            { 0x001 V_PK_MUL_LO_U16           [V1 B32 B32]     N3 CLAMP OPSEL OSB; Valu }
            { 0x002 V_PK_ADD_I16              [V1 B32 B32]     N3 CLAMP OPSEL OSB; Valu }
            { 0x003 V_PK_SUB_I16              [V1 B32 B32]     N3 CLAMP OPSEL OSB; Valu }
            { 0x004 V_PK_LSHLREV_B16          [V1 B32 B32]     N3 CLAMP OPSEL OSB; Valu }
            { 0x005 V_PK_LSHRREV_B16          [V1 B32 B32]     N3 CLAMP OPSEL OSB; Valu }
            { 0x006 V_PK_ASHRREV_I16          [V1 B32 B32]     N3 CLAMP OPSEL OSB; Valu }
            { 0x007 V_PK_MAX_I16              [V1 B32 B32]     N3 CLAMP OPSEL OSB; Valu }
            { 0x008 V_PK_MIN_I16              [V1 B32 B32]     N3 CLAMP OPSEL OSB; Valu }
            { 0x009 V_PK_MAD_U16              [V1 B32 B32 B32] N7 CLAMP OPSEL; Valu }
            { 0x00a V_PK_ADD_U16              [V1 B32 B32]     N3 CLAMP OPSEL OSB; Valu }
            { 0x00b V_PK_SUB_U16              [V1 B32 B32]     N3 CLAMP OPSEL OSB; Valu }
            { 0x00c V_PK_MAX_U16              [V1 B32 B32]     N3 CLAMP OPSEL OSB; Valu }
            { 0x00d V_PK_MIN_U16              [V1 B32 B32]     N3 CLAMP OPSEL OSB; Valu }
            { 0x00e V_PK_FMA_F16              [V1 P16 P16 P16] N7 CLAMP OPSEL; Valu }
            { 0x00f V_PK_ADD_F16              [V1 P16 P16]     N3 CLAMP OPSEL OSB; Valu }
            { 0x010 V_PK_MUL_F16              [V1 P16 P16]     N3 CLAMP OPSEL OSB; Valu }
            { 0x011 V_PK_MIN_F16              [V1 P16 P16]     N3 CLAMP OPSEL OSB; Valu }
            { 0x012 V_PK_MAX_F16              [V1 P16 P16]     N3 CLAMP OPSEL OSB; Valu }
            { 0x013 V_DOT2_F32_F16            [V1 P16 P16 B32] N7 CLAMP OPSEL DPP64; Valu }
            { 0x016 V_DOT4_I32_IU8            [V1 B32 B32 B32] N7 CLAMP OPSEL; Valu }
            { 0x017 V_DOT4_U32_U8             [V1 B32 B32 B32] N7 CLAMP OPSEL; Valu }
            { 0x018 V_DOT8_I32_IU4            [V1 B32 B32 B32] N7 CLAMP OPSEL; Valu }
            { 0x019 V_DOT8_U32_U4             [V1 B32 B32 B32] N7 CLAMP OPSEL; Valu }
            { 0x01a V_DOT2_F32_BF16           [V1 PB PB B32]   N7 CLAMP OPSEL; Valu }
            { 0x020 V_FMA_MIX_F32             [V1 F16 F16 F16] N7 CLAMP OPSEL DPP64; Valu }
            { 0x021 V_FMA_MIXLO_F16           [A1 F16 F16 F16] N7 CLAMP OPSEL DPP64; Valu }
            { 0x022 V_FMA_MIXHI_F16           [A1 F16 F16 F16] N7 CLAMP OPSEL DPP64; Valu }
            { 0x040 V_WMMA_F32_16X16X16_F16   [W8 G8 G8 X8]    N7 OS8; Wmma }
            { 0x041 V_WMMA_F32_16X16X16_BF16  [W8 G8 G8 X8]    N7 OS8; Wmma }
            { 0x042 V_WMMA_F16_16X16X16_F16   [W8 G8 G8 X8]    N7 OPSEL; Wmma }
            { 0x043 V_WMMA_BF16_16X16X16_BF16 [W8 G8 G8 X8]    N7 OPSEL; Wmma }
            { 0x044 V_WMMA_I32_16X16X16_IU8   [W8 G4 G4 X8]    N7 CLAMP OS8; Wmma }
            { 0x045 V_WMMA_I32_16X16X16_IU4   [W8 G2 G2 X8]    N7 CLAMP OS8; Wmma }
        }
    };
}

vop3p! { define_table ; }
