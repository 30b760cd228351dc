//! VOP3: operations that have no short form, VOP3SD among them.
//!
//! Rows: opcode, operation, operand slots in text order, flags, latency class. Slots: `crate::row::slot`.
//!
//! Source: AMD "RDNA3 Instruction Set Architecture", chapter 16; operand classes as LLVM 19 decodes them for gfx1100.

/// Passes the rows on to the next macro of a chain.
macro_rules! vop3 {
    ($then:ident $($rest:ident)* ; $($acc:tt)*) => {
        $then! { $($rest)* ; $($acc)*
            { 0x209 V_FMA_DX9_ZERO_F32    [V1 B32 B32 B32]    N7 CLAMP OMOD; Valu }
            { 0x20a V_MAD_I32_I24         [V1 B32 B32 B32]    CLAMP DPP64; Valu }
            { 0x20b V_MAD_U32_U24         [V1 B32 B32 B32]    CLAMP DPP64; Valu }
            { 0x20c V_CUBEID_F32          [V1 B32 B32 B32]    N7 CLAMP OMOD DPP64; Valu }
            { 0x20d V_CUBESC_F32          [V1 B32 B32 B32]    N7 CLAMP OMOD DPP64; Valu }
            { 0x20e V_CUBETC_F32          [V1 B32 B32 B32]    N7 CLAMP OMOD DPP64; Valu }
            { 0x20f V_CUBEMA_F32          [V1 B32 B32 B32]    N7 CLAMP OMOD DPP64; Valu }
            { 0x210 V_BFE_U32             [V1 B32 B32 B32]    DPP64; Valu }
            { 0x211 V_BFE_I32             [V1 B32 B32 B32]    DPP64; Valu }
            { 0x212 V_BFI_B32             [V1 B32 B32 B32]    DPP64; Valu }
            { 0x213 V_FMA_F32             [V1 B32 B32 B32]    N7 CLAMP OMOD DPP64; Valu }
            { 0x214 V_FMA_F64             [V2 F64 F64 F64]    N7 CLAMP OMOD; ValuF64 }
            { 0x215 V_LERP_U8             [V1 B32 B32 B32]    DPP64; Valu }
            { 0x216 V_ALIGNBIT_B32        [V1 B32 B32 B32]    DPP64; Valu }
            { 0x217 V_ALIGNBYTE_B32       [V1 B32 B32 B32]    DPP64; Valu }
            { 0x218 V_MULLIT_F32          [V1 B32 B32 B32]    N7 CLAMP OMOD DPP64; Valu }
            { 0x219 V_MIN3_F32            [V1 B32 B32 B32]    N7 CLAMP OMOD DPP64; Valu }
            { 0x21a V_MIN3_I32            [V1 B32 B32 B32]    DPP64; Valu }
            { 0x21b V_MIN3_U32            [V1 B32 B32 B32]    DPP64; Valu }
            { 0x21c V_MAX3_F32            [V1 B32 B32 B32]    N7 CLAMP OMOD DPP64; Valu }
            { 0x21d V_MAX3_I32            [V1 B32 B32 B32]    DPP64; Valu }
            { 0x21e V_MAX3_U32            [V1 B32 B32 B32]    DPP64; Valu }
            { 0x21f V_MED3_F32            [V1 B32 B32 B32]    N7 CLAMP OMOD DPP64; Valu }
            { 0x220 V_MED3_I32            [V1 B32 B32 B32]    DPP64; Valu }
            { 0x221 V_MED3_U32            [V1 B32 B32 B32]    DPP64; Valu }
            { 0x222 V_SAD_U8              [V1 B32 B32 B32]    CLAMP DPP64; Valu }
            { 0x223 V_SAD_HI_U8           [V1 B32 B32 B32]    CLAMP DPP64; Valu }
            { 0x224 V_SAD_U16             [V1 B32 B32 B32]    CLAMP DPP64; Valu }
            { 0x225 V_SAD_U32             [V1 B32 B32 B32]    CLAMP DPP64; Valu }
            { 0x226 V_CVT_PK_U8_F32       [V1 B32 B32 B32]    N7 CLAMP DPP64 SX6; Valu }
            { 0x227 V_DIV_FIXUP_F32       [V1 B32 B32 B32]    N7 CLAMP OMOD; Valu }
            { 0x228 V_DIV_FIXUP_F64       [V2 F64 F64 F64]    N7 CLAMP OMOD; ValuF64 }
            { 0x237 V_DIV_FMAS_F32        [V1 B32 B32 B32]    N7 CLAMP OMOD RVCC; Valu }
            { 0x238 V_DIV_FMAS_F64        [V2 F64 F64 F64]    N7 CLAMP OMOD RVCC; ValuF64 }
            { 0x239 V_MSAD_U8             [V1 B32 B32 B32]    CLAMP DPP64; Valu }
            { 0x23a V_QSAD_PK_U16_U8      [V2 B64 B32 B64]    CLAMP; Valu }
            { 0x23b V_MQSAD_PK_U16_U8     [V2 B64 B32 B64]    CLAMP; Valu }
            { 0x23d V_MQSAD_U32_U8        [V4 B64 B32 G4]     CLAMP; Valu }
            { 0x240 V_XOR3_B32            [V1 B32 B32 B32]    DPP64; Valu }
            { 0x241 V_MAD_U16             [V1 I16 I16 I16]    N7 QUIET CLAMP OPSEL DPP64; Valu }
            { 0x244 V_PERM_B32            [V1 B32 B32 B32]    DPP64; Valu }
            { 0x245 V_XAD_U32             [V1 B32 B32 B32]    DPP64; Valu }
            { 0x246 V_LSHL_ADD_U32        [V1 B32 B32 B32]    DPP64; Valu }
            { 0x247 V_ADD_LSHL_U32        [V1 B32 B32 B32]    DPP64; Valu }
            { 0x248 V_FMA_F16             [V1 F16 F16 F16]    N7 CLAMP OMOD OPSEL DPP64; Valu }
            { 0x249 V_MIN3_F16            [V1 F16 F16 F16]    N7 CLAMP OMOD OPSEL DPP64; Valu }
            { 0x24a V_MIN3_I16            [V1 I16 I16 I16]    N7 QUIET CLAMP OPSEL DPP64; Valu }
            { 0x24b V_MIN3_U16            [V1 I16 I16 I16]    N7 QUIET CLAMP OPSEL DPP64; Valu }
            { 0x24c V_MAX3_F16            [V1 F16 F16 F16]    N7 CLAMP OMOD OPSEL DPP64; Valu }
            { 0x24d V_MAX3_I16            [V1 I16 I16 I16]    N7 QUIET CLAMP OPSEL DPP64; Valu }
            { 0x24e V_MAX3_U16            [V1 I16 I16 I16]    N7 QUIET CLAMP OPSEL DPP64; Valu }
            { 0x24f V_MED3_F16            [V1 F16 F16 F16]    N7 CLAMP OMOD OPSEL DPP64; Valu }
            { 0x250 V_MED3_I16            [V1 I16 I16 I16]    N7 QUIET CLAMP OPSEL DPP64; Valu }
            { 0x251 V_MED3_U16            [V1 I16 I16 I16]    N7 QUIET CLAMP OPSEL DPP64; Valu }
            { 0x253 V_MAD_I16             [V1 I16 I16 I16]    N7 QUIET CLAMP OPSEL DPP64; Valu }
            { 0x254 V_DIV_FIXUP_F16       [V1 F16 F16 F16]    N7 CLAMP OMOD OPSEL DPP64; Valu }
            { 0x255 V_ADD3_U32            [V1 B32 B32 B32]    DPP64; Valu }
            { 0x256 V_LSHL_OR_B32         [V1 B32 B32 B32]    DPP64; Valu }
            { 0x257 V_AND_OR_B32          [V1 B32 B32 B32]    DPP64; Valu }
            { 0x258 V_OR3_B32             [V1 B32 B32 B32]    DPP64; Valu }
            { 0x259 V_MAD_U32_U16         [V1 I16 I16 B32]    N7 QUIET CLAMP OPSEL DPP64; Valu }
            { 0x25a V_MAD_I32_I16         [V1 I16 I16 B32]    N7 QUIET CLAMP OPSEL DPP64; Valu }
            { 0x25b V_PERMLANE16_B32      [V1 G1 S32 S32]     N7 QUIET OPSEL; Valu }
            { 0x25c V_PERMLANEX16_B32     [V1 G1 S32 S32]     N7 QUIET OPSEL; Valu }
            { 0x25d V_CNDMASK_B16         [V1 I16 I16 M]      N3 DPP64; Valu }
            { 0x25e V_MAXMIN_F32          [V1 B32 B32 B32]    N7 CLAMP OMOD DPP64; Valu }
            { 0x25f V_MINMAX_F32          [V1 B32 B32 B32]    N7 CLAMP OMOD DPP64; Valu }
            { 0x260 V_MAXMIN_F16          [V1 F16 F16 F16]    N7 CLAMP OMOD DPP64; Valu }
            { 0x261 V_MINMAX_F16          [V1 F16 F16 F16]    N7 CLAMP OMOD DPP64; Valu }
            { 0x262 V_MAXMIN_U32          [V1 B32 B32 B32]    DPP64; Valu }
            { 0x263 V_MINMAX_U32          [V1 B32 B32 B32]    DPP64; Valu }
            { 0x264 V_MAXMIN_I32          [V1 B32 B32 B32]    DPP64; Valu }
            { 0x265 V_MINMAX_I32          [V1 B32 B32 B32]    DPP64; Valu }
            { 0x266 V_DOT2_F16_F16        [V1 P16 P16 F16]    N7 OPSEL DPP64; Valu }
            { 0x267 V_DOT2_BF16_BF16      [V1 PB PB BF]       N7 OPSEL DPP64; Valu }
            { 0x2fc V_DIV_SCALE_F32       [V1 DM B32 B32 B32] N7 CLAMP OMOD; Valu }
            { 0x2fd V_DIV_SCALE_F64       [V2 DM F64 F64 F64] N7 CLAMP OMOD; ValuF64 }
            { 0x2fe V_MAD_U64_U32         [V2 DM B32 B32 B64] CLAMP; Valu }
            { 0x2ff V_MAD_I64_I32         [V2 DM B32 B32 B64] CLAMP; Valu }
            { 0x300 V_ADD_CO_U32          [V1 DM B32 B32]     CLAMP DPP64; Valu }
            { 0x301 V_SUB_CO_U32          [V1 DM B32 B32]     CLAMP DPP64; Valu }
            { 0x302 V_SUBREV_CO_U32       [V1 DM B32 B32]     CLAMP DPP64; Valu }
            { 0x303 V_ADD_NC_U16          [V1 I16 I16]        N3 QUIET CLAMP OPSEL OSB DPP64; Valu }
            { 0x304 V_SUB_NC_U16          [V1 I16 I16]        N3 QUIET CLAMP OPSEL OSB DPP64; Valu }
            { 0x305 V_MUL_LO_U16          [V1 I16 I16]        DPP64; Valu }
            { 0x306 V_CVT_PK_I16_F32      [V1 B32 B32]        N3 CLAMP DPP64; Valu }
            { 0x307 V_CVT_PK_U16_F32      [V1 B32 B32]        N3 CLAMP DPP64; Valu }
            { 0x309 V_MAX_U16             [V1 I16 I16]        DPP64; Valu }
            { 0x30a V_MAX_I16             [V1 I16 I16]        DPP64; Valu }
            { 0x30b V_MIN_U16             [V1 I16 I16]        DPP64; Valu }
            { 0x30c V_MIN_I16             [V1 I16 I16]        DPP64; Valu }
            { 0x30d V_ADD_NC_I16          [V1 I16 I16]        N3 QUIET CLAMP OPSEL OSB DPP64; Valu }
            { 0x30e V_SUB_NC_I16          [V1 I16 I16]        N3 QUIET CLAMP OPSEL OSB DPP64; Valu }
            { 0x311 V_PACK_B32_F16        [V1 F16 F16]        N3 CLAMP OPSEL OSB DPP64; Valu }
            { 0x312 V_CVT_PK_NORM_I16_F16 [V1 F16 F16]        N3 CLAMP OPSEL OSB DPP64; Valu }
            { 0x313 V_CVT_PK_NORM_U16_F16 [V1 F16 F16]        N3 CLAMP OPSEL OSB DPP64; Valu }
            { 0x31c V_LDEXP_F32           [V1 B32 B32]        N3 CLAMP OMOD DPP64 SX2; Valu }
            { 0x31d V_BFM_B32             [V1 B32 B32]        DPP64; Valu }
            { 0x31e V_BCNT_U32_B32        [V1 B32 B32]        DPP64; Valu }
            { 0x31f V_MBCNT_LO_U32_B32    [V1 B32 B32]        DPP64; Valu }
            { 0x320 V_MBCNT_HI_U32_B32    [V1 B32 B32]        DPP64; Valu }
            { 0x321 V_CVT_PK_NORM_I16_F32 [V1 B32 B32]        N3 CLAMP DPP64; Valu }
            { 0x322 V_CVT_PK_NORM_U16_F32 [V1 B32 B32]        N3 CLAMP DPP64; Valu }
            { 0x323 V_CVT_PK_U16_U32      [V1 B32 B32]        DPP64; Valu }
            { 0x324 V_CVT_PK_I16_I32      [V1 B32 B32]        DPP64; Valu }
            { 0x325 V_SUB_NC_I32          [V1 B32 B32]        CLAMP DPP64; Valu }
            { 0x326 V_ADD_NC_I32          [V1 B32 B32]        CLAMP DPP64; Valu }
            { 0x327 V_ADD_F64             [V2 F64 F64]        N3 CLAMP OMOD; ValuF64 }
            { 0x328 V_MUL_F64             [V2 F64 F64]        N3 CLAMP OMOD; ValuF64 }
            { 0x329 V_MIN_F64             [V2 F64 F64]        N3 CLAMP OMOD; ValuF64 }
            { 0x32a V_MAX_F64             [V2 F64 F64]        N3 CLAMP OMOD; ValuF64 }
            { 0x32b V_LDEXP_F64           [V2 F64 B32]        N3 CLAMP OMOD SX2; ValuF64 }
            { 0x32c V_MUL_LO_U32          [V1 B32 B32]       ; Valu }
            { 0x32d V_MUL_HI_U32          [V1 B32 B32]       ; Valu }
            { 0x32e V_MUL_HI_I32          [V1 B32 B32]       ; Valu }
            { 0x32f V_TRIG_PREOP_F64      [V2 F64 B32]        N3 CLAMP OMOD SX2; ValuF64 }
            { 0x338 V_LSHLREV_B16         [V1 I16 I16]        DPP64; Valu }
            { 0x339 V_LSHRREV_B16         [V1 I16 I16]        DPP64; Valu }
            { 0x33a V_ASHRREV_I16         [V1 I16 I16]        DPP64; Valu }
            { 0x33c V_LSHLREV_B64         [V2 B32 B64]       ; Valu }
            { 0x33d V_LSHRREV_B64         [V2 B32 B64]       ; Valu }
            { 0x33e V_ASHRREV_I64         [V2 B32 B64]       ; Valu }
            { 0x360 V_READLANE_B32        [D1 L32 S32]       ; Valu }
            { 0x361 V_WRITELANE_B32       [A1 W32 S32]       ; Valu }
            { 0x362 V_AND_B16             [V1 I16 I16]        DPP64; Valu }
            { 0x363 V_OR_B16              [V1 I16 I16]        DPP64; Valu }
            { 0x364 V_XOR_B16             [V1 I16 I16]        DPP64; Valu }
        }
    };
}

vop3! { define_table ; }
