//! VOP1: vector, one source; VOP3 takes the same operations at 0x180 + opcode.
//!
//! Rows: opcode, operation, operand slots in text order, flags, latency class. Slots: `crate::row::slot`.
//!
//! Source: AMD "RDNA3 Instruction Set Architecture", chapter 16; operand classes as LLVM 19 decodes them for gfx1100;
//! V_SWAP_B16, which it lacks, as LLVM 20 has it (`VOP1Instructions.td`).

/// Passes the rows on to the next macro of a chain.
macro_rules! vop1 {
    ($then:ident $($rest:ident)* ; $($acc:tt)*) => {
        $then! { $($rest)* ; $($acc)*
            { 0x000 V_NOP                 []       E64; Valu }
            { 0x001 V_MOV_B32             [V1 B32] E64 DPP64 DPP; Valu }
            { 0x002 V_READFIRSTLANE_B32   [D1 L32]; Valu }
            { 0x003 V_CVT_I32_F64         [V1 F64] E64 N1 CLAMP OMOD; ValuF64 }
            { 0x004 V_CVT_F64_I32         [V2 B32] E64 CLAMP OMOD; ValuF64 }
            { 0x005 V_CVT_F32_I32         [V1 B32] E64 CLAMP OMOD DPP64 DPP; Valu }
            { 0x006 V_CVT_F32_U32         [V1 B32] E64 CLAMP OMOD DPP64 DPP; Valu }
            { 0x007 V_CVT_U32_F32         [V1 B32] E64 N1 CLAMP OMOD DPP64 DPP; Valu }
            { 0x008 V_CVT_I32_F32         [V1 B32] E64 N1 CLAMP OMOD DPP64 DPP; Valu }
            { 0x00a V_CVT_F16_F32         [VH B32] E64 N1 CLAMP OMOD DPP64 DPP; Valu }
            { 0x00b V_CVT_F32_F16         [V1 F16] E64 N1 CLAMP OMOD DPP64 DPP; Valu }
            { 0x00c V_CVT_NEAREST_I32_F32 [V1 B32] E64 N1 CLAMP DPP64 DPP; Valu }
            { 0x00d V_CVT_FLOOR_I32_F32   [V1 B32] E64 N1 CLAMP DPP64 DPP; Valu }
            { 0x00e V_CVT_OFF_F32_I4      [V1 B32] E64 CLAMP OMOD DPP64 DPP; Valu }
            { 0x00f V_CVT_F32_F64         [V1 F64] E64 N1 CLAMP OMOD; ValuF64 }
            { 0x010 V_CVT_F64_F32         [V2 B32] E64 N1 CLAMP OMOD; ValuF64 }
            { 0x011 V_CVT_F32_UBYTE0      [V1 B32] E64 CLAMP OMOD DPP64 DPP; Valu }
            { 0x012 V_CVT_F32_UBYTE1      [V1 B32] E64 CLAMP OMOD DPP64 DPP; Valu }
            { 0x013 V_CVT_F32_UBYTE2      [V1 B32] E64 CLAMP OMOD DPP64 DPP; Valu }
            { 0x014 V_CVT_F32_UBYTE3      [V1 B32] E64 CLAMP OMOD DPP64 DPP; Valu }
            { 0x015 V_CVT_U32_F64         [V1 F64] E64 N1 CLAMP OMOD; ValuF64 }
            { 0x016 V_CVT_F64_U32         [V2 B32] E64 CLAMP OMOD; ValuF64 }
            { 0x017 V_TRUNC_F64           [V2 F64] E64 N1 CLAMP OMOD; ValuF64 }
            { 0x018 V_CEIL_F64            [V2 F64] E64 N1 CLAMP OMOD; ValuF64 }
            { 0x019 V_RNDNE_F64           [V2 F64] E64 N1 CLAMP OMOD; ValuF64 }
            { 0x01a V_FLOOR_F64           [V2 F64] E64 N1 CLAMP OMOD; ValuF64 }
            { 0x01b V_PIPEFLUSH           []       E64; Valu }
            { 0x01c V_MOV_B16             [VT T16] DPP N1 SX1; Valu }
            { 0x020 V_FRACT_F32           [V1 B32] E64 N1 CLAMP OMOD DPP64 DPP; Valu }
            { 0x021 V_TRUNC_F32           [V1 B32] E64 N1 CLAMP OMOD DPP64 DPP; Valu }
            { 0x022 V_CEIL_F32            [V1 B32] E64 N1 CLAMP OMOD DPP64 DPP; Valu }
            { 0x023 V_RNDNE_F32           [V1 B32] E64 N1 CLAMP OMOD DPP64 DPP; Valu }
            { 0x024 V_FLOOR_F32           [V1 B32] E64 N1 CLAMP OMOD DPP64 DPP; Valu }
            { 0x025 V_EXP_F32             [V1 B32] E64 N1 CLAMP OMOD DPP64 DPP; Trans }
            { 0x027 V_LOG_F32             [V1 B32] E64 N1 CLAMP OMOD DPP64 DPP; Trans }
            { 0x02a V_RCP_F32             [V1 B32] E64 N1 CLAMP OMOD DPP64 DPP; Trans }
            { 0x02b V_RCP_IFLAG_F32       [V1 B32] E64 N1 CLAMP OMOD DPP64 DPP; Trans }
            { 0x02e V_RSQ_F32             [V1 B32] E64 N1 CLAMP OMOD DPP64 DPP; Trans }
            { 0x02f V_RCP_F64             [V2 F64] E64 N1 CLAMP OMOD; TransF64 }
            { 0x031 V_RSQ_F64             [V2 F64] E64 N1 CLAMP OMOD; TransF64 }
            { 0x033 V_SQRT_F32            [V1 B32] E64 N1 CLAMP OMOD DPP64 DPP; Trans }
            { 0x034 V_SQRT_F64            [V2 F64] E64 N1 CLAMP OMOD; TransF64 }
            { 0x035 V_SIN_F32             [V1 B32] E64 N1 CLAMP OMOD DPP64 DPP; Trans }
            { 0x036 V_COS_F32             [V1 B32] E64 N1 CLAMP OMOD DPP64 DPP; Trans }
            { 0x037 V_NOT_B32             [V1 B32] E64 DPP64 DPP; Valu }
            { 0x038 V_BFREV_B32           [V1 B32] E64 DPP64 DPP; Valu }
            { 0x039 V_CLZ_I32_U32         [V1 B32] E64 DPP64 DPP; Valu }
            { 0x03a V_CTZ_I32_B32         [V1 B32] E64 DPP64 DPP; Valu }
            { 0x03b V_CLS_I32             [V1 B32] E64 DPP64 DPP; Valu }
            { 0x03c V_FREXP_EXP_I32_F64   [V1 F64] E64 N1 CLAMP OMOD; ValuF64 }
            { 0x03d V_FREXP_MANT_F64      [V2 F64] E64 N1 CLAMP OMOD; ValuF64 }
            { 0x03e V_FRACT_F64           [V2 F64] E64 N1 CLAMP OMOD; ValuF64 }
            { 0x03f V_FREXP_EXP_I32_F32   [V1 B32] E64 N1 CLAMP DPP64 DPP; Valu }
            { 0x040 V_FREXP_MANT_F32      [V1 B32] E64 N1 CLAMP OMOD DPP64 DPP; Valu }
            { 0x042 V_MOVRELD_B32         [V1 B32] RM0 E64 DPP64 DPP; Valu }
            { 0x043 V_MOVRELS_B32         [V1 G1]  RM0 E64 DPP64 DPP; Valu }
            { 0x044 V_MOVRELSD_B32        [V1 G1]  RM0 E64 DPP64 DPP; Valu }
            { 0x048 V_MOVRELSD_2_B32      [V1 G1]  RM0 E64 DPP64 DPP; Valu }
            { 0x050 V_CVT_F16_U16         [VH I16] E64 CLAMP OMOD DPP64 DPP; Valu }
            { 0x051 V_CVT_F16_I16         [VH I16] E64 CLAMP OMOD DPP64 DPP; Valu }
            { 0x052 V_CVT_U16_F16         [VH F16] E64 N1 CLAMP OMOD DPP64 DPP; Valu }
            { 0x053 V_CVT_I16_F16         [VH F16] E64 N1 CLAMP OMOD DPP64 DPP; Valu }
            { 0x054 V_RCP_F16             [VH F16] E64 N1 CLAMP OMOD DPP64 DPP; Trans }
            { 0x055 V_SQRT_F16            [VH F16] E64 N1 CLAMP OMOD DPP64 DPP; Trans }
            { 0x056 V_RSQ_F16             [VH F16] E64 N1 CLAMP OMOD DPP64 DPP; Trans }
            { 0x057 V_LOG_F16             [VH F16] E64 N1 CLAMP OMOD DPP64 DPP; Trans }
            { 0x058 V_EXP_F16             [VH F16] E64 N1 CLAMP OMOD DPP64 DPP; Trans }
            { 0x059 V_FREXP_MANT_F16      [VH F16] E64 N1 CLAMP OMOD DPP64 DPP; Valu }
            { 0x05a V_FREXP_EXP_I16_F16   [VH F16] E64 N1 CLAMP OMOD DPP64 DPP; Valu }
            { 0x05b V_FLOOR_F16           [VH F16] E64 N1 CLAMP OMOD DPP64 DPP; Valu }
            { 0x05c V_CEIL_F16            [VH F16] E64 N1 CLAMP OMOD DPP64 DPP; Valu }
            { 0x05d V_TRUNC_F16           [VH F16] E64 N1 CLAMP OMOD DPP64 DPP; Valu }
            { 0x05e V_RNDNE_F16           [VH F16] E64 N1 CLAMP OMOD DPP64 DPP; Valu }
            { 0x05f V_FRACT_F16           [VH F16] E64 N1 CLAMP OMOD DPP64 DPP; Valu }
            { 0x060 V_SIN_F16             [VH F16] E64 N1 CLAMP OMOD DPP64 DPP; Trans }
            { 0x061 V_COS_F16             [VH F16] E64 N1 CLAMP OMOD DPP64 DPP; Trans }
            { 0x062 V_SAT_PK_U8_I16       [VH B32] E64 DPP64 DPP; Valu }
            { 0x063 V_CVT_NORM_I16_F16    [VH F16] E64 N1 CLAMP OMOD DPP64 DPP; Valu }
            { 0x064 V_CVT_NORM_U16_F16    [VH F16] E64 N1 CLAMP OMOD DPP64 DPP; Valu }
            { 0x065 V_SWAP_B32            [A1 AG1]; Valu }
            { 0x066 V_SWAP_B16            [AT AGT]; Valu }
            { 0x067 V_PERMLANE64_B32      [V1 G1] ; Valu }
            { 0x068 V_SWAPREL_B32         [A1 AG1] RM0; Valu }
            { 0x069 V_NOT_B16             [VH I16] E64 DPP64 DPP; Valu }
            { 0x06a V_CVT_I32_I16         [V1 I16] E64 DPP64 DPP; Valu }
            { 0x06b V_CVT_U32_U16         [V1 I16] E64 DPP64 DPP; Valu }
        }
    };
}

vop1! { define_table ; }
