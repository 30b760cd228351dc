//! VOP2: vector, two sources; VOP3 takes the same operations at 0x100 + opcode.
//!
//! Rows: opcode, operation, operand slots in text order, flags, latency class. Slots: `crate::row::slot`.
//!
//! Source: AMD "RDNA3 Instruction Set Architecture", chapter 16; operand classes as LLVM 19 decodes them for gfx1100.

/// Passes the rows on to the next macro of a chain.
macro_rules! vop2 {
    ($then:ident $($rest:ident)* ; $($acc:tt)*) => {
        $then! { $($rest)* ; $($acc)*
            { 0x000 V_ILLEGAL            []               ; Valu }
            { 0x001 V_CNDMASK_B32        [V1 B32 B32 M]    E64 N3 DPP64 DPP; Valu }
            { 0x002 V_DOT2ACC_F32_F16    [A1 P16 P16]      N3 DPP; Valu }
            { 0x003 V_ADD_F32            [V1 B32 B32]      E64 N3 CLAMP OMOD DPP64 DPP; Valu }
            { 0x004 V_SUB_F32            [V1 B32 B32]      E64 N3 CLAMP OMOD DPP64 DPP; Valu }
            { 0x005 V_SUBREV_F32         [V1 B32 B32]      E64 N3 CLAMP OMOD DPP64 DPP; Valu }
            { 0x006 V_FMAC_DX9_ZERO_F32  [A1 B32 B32]      E64 N3 CLAMP OMOD; Valu }
            { 0x007 V_MUL_DX9_ZERO_F32   [V1 B32 B32]      E64 N3 CLAMP OMOD DPP64 DPP; Valu }
            { 0x008 V_MUL_F32            [V1 B32 B32]      E64 N3 CLAMP OMOD DPP64 DPP; Valu }
            { 0x009 V_MUL_I32_I24        [V1 B32 B32]      E64 CLAMP DPP64 DPP; Valu }
            { 0x00a V_MUL_HI_I32_I24     [V1 B32 B32]      E64 DPP64 DPP; Valu }
            { 0x00b V_MUL_U32_U24        [V1 B32 B32]      E64 CLAMP DPP64 DPP; Valu }
            { 0x00c V_MUL_HI_U32_U24     [V1 B32 B32]      E64 DPP64 DPP; Valu }
            { 0x00f V_MIN_F32            [V1 B32 B32]      E64 N3 CLAMP OMOD DPP64 DPP; Valu }
            { 0x010 V_MAX_F32            [V1 B32 B32]      E64 N3 CLAMP OMOD DPP64 DPP; Valu }
            { 0x011 V_MIN_I32            [V1 B32 B32]      E64 DPP64 DPP; Valu }
            { 0x012 V_MAX_I32            [V1 B32 B32]      E64 DPP64 DPP; Valu }
            { 0x013 V_MIN_U32            [V1 B32 B32]      E64 DPP64 DPP; Valu }
            { 0x014 V_MAX_U32            [V1 B32 B32]      E64 DPP64 DPP; Valu }
            { 0x018 V_LSHLREV_B32        [V1 B32 B32]      E64 DPP64 DPP; Valu }
            { 0x019 V_LSHRREV_B32        [V1 B32 B32]      E64 DPP64 DPP; Valu }
            { 0x01a V_ASHRREV_I32        [V1 B32 B32]      E64 DPP64 DPP; Valu }
            { 0x01b V_AND_B32            [V1 B32 B32]      E64 DPP64 DPP; Valu }
            { 0x01c V_OR_B32             [V1 B32 B32]      E64 DPP64 DPP; Valu }
            { 0x01d V_XOR_B32            [V1 B32 B32]      E64 DPP64 DPP; Valu }
            { 0x01e V_XNOR_B32           [V1 B32 B32]      E64 DPP64 DPP; Valu }
            { 0x020 V_ADD_CO_CI_U32      [V1 DM B32 B32 M] E64 CLAMP DPP64 DPP; Valu }
            { 0x021 V_SUB_CO_CI_U32      [V1 DM B32 B32 M] E64 CLAMP DPP64 DPP; Valu }
            { 0x022 V_SUBREV_CO_CI_U32   [V1 DM B32 B32 M] E64 CLAMP DPP64 DPP; Valu }
            { 0x025 V_ADD_NC_U32         [V1 B32 B32]      E64 CLAMP DPP64 DPP; Valu }
            { 0x026 V_SUB_NC_U32         [V1 B32 B32]      E64 CLAMP DPP64 DPP; Valu }
            { 0x027 V_SUBREV_NC_U32      [V1 B32 B32]      E64 CLAMP DPP64 DPP; Valu }
            { 0x02b V_FMAC_F32           [A1 B32 B32]      E64 N3 CLAMP OMOD DPP64 DPP; Valu }
            { 0x02c V_FMAMK_F32          [V1 B32 K32 B32] ; Valu }
            { 0x02d V_FMAAK_F32          [V1 B32 B32 K32] ; Valu }
            { 0x02f V_CVT_PK_RTZ_F16_F32 [V1 B32 B32]      E64 N3 CLAMP OMOD DPP64 DPP; Valu }
            { 0x032 V_ADD_F16            [VH F16 F16]      E64 N3 CLAMP OMOD DPP64 DPP; Valu }
            { 0x033 V_SUB_F16            [VH F16 F16]      E64 N3 CLAMP OMOD DPP64 DPP; Valu }
            { 0x034 V_SUBREV_F16         [VH F16 F16]      E64 N3 CLAMP OMOD DPP64 DPP; Valu }
            { 0x035 V_MUL_F16            [VH F16 F16]      E64 N3 CLAMP OMOD DPP64 DPP; Valu }
            { 0x036 V_FMAC_F16           [AH F16 F16]      E64 N3 CLAMP OMOD OPSEL OSB DPP64 DPP; Valu }
            { 0x037 V_FMAMK_F16          [VH F16 K32 F16] ; Valu }
            { 0x038 V_FMAAK_F16          [VH F16 F16 K32] ; Valu }
            { 0x039 V_MAX_F16            [VH F16 F16]      E64 N3 CLAMP OMOD DPP64 DPP; Valu }
            { 0x03a V_MIN_F16            [VH F16 F16]      E64 N3 CLAMP OMOD DPP64 DPP; Valu }
            { 0x03b V_LDEXP_F16          [VH F16 F16]      E64 N3 CLAMP OMOD DPP64 DPP SX2; Valu }
            { 0x03c V_PK_FMAC_F16        [A1 P16 P16]      N3 DPP; Valu }
        }
    };
}

vop2! { define_table ; }
