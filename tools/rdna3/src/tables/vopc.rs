//! VOPC: vector compares; VOP3 takes the same operations at the same opcode.
//!
//! Rows: opcode, operation, operand slots in text order, flags, latency class. Slots: `crate::row::slot`.
//!
//! Source: AMD "RDNA3 Instruction Set Architecture", chapter 16; operand classes as LLVM 19 decodes them for gfx1100.

/// Passes the rows on to the next macro of a chain.
macro_rules! vopc {
    ($then:ident $($rest:ident)* ; $($acc:tt)*) => {
        $then! { $($rest)* ; $($acc)*
            { 0x000 V_CMP_F_F16      [DM F16 F16] E64 N3 CLAMP DPP64 DPP; Valu }
            { 0x001 V_CMP_LT_F16     [DM F16 F16] E64 N3 CLAMP DPP64 DPP; Valu }
            { 0x002 V_CMP_EQ_F16     [DM F16 F16] E64 N3 CLAMP DPP64 DPP; Valu }
            { 0x003 V_CMP_LE_F16     [DM F16 F16] E64 N3 CLAMP DPP64 DPP; Valu }
            { 0x004 V_CMP_GT_F16     [DM F16 F16] E64 N3 CLAMP DPP64 DPP; Valu }
            { 0x005 V_CMP_LG_F16     [DM F16 F16] E64 N3 CLAMP DPP64 DPP; Valu }
            { 0x006 V_CMP_GE_F16     [DM F16 F16] E64 N3 CLAMP DPP64 DPP; Valu }
            { 0x007 V_CMP_O_F16      [DM F16 F16] E64 N3 CLAMP DPP64 DPP; Valu }
            { 0x008 V_CMP_U_F16      [DM F16 F16] E64 N3 CLAMP DPP64 DPP; Valu }
            { 0x009 V_CMP_NGE_F16    [DM F16 F16] E64 N3 CLAMP DPP64 DPP; Valu }
            { 0x00a V_CMP_NLG_F16    [DM F16 F16] E64 N3 CLAMP DPP64 DPP; Valu }
            { 0x00b V_CMP_NGT_F16    [DM F16 F16] E64 N3 CLAMP DPP64 DPP; Valu }
            { 0x00c V_CMP_NLE_F16    [DM F16 F16] E64 N3 CLAMP DPP64 DPP; Valu }
            { 0x00d V_CMP_NEQ_F16    [DM F16 F16] E64 N3 CLAMP DPP64 DPP; Valu }
            { 0x00e V_CMP_NLT_F16    [DM F16 F16] E64 N3 CLAMP DPP64 DPP; Valu }
            { 0x00f V_CMP_T_F16      [DM F16 F16] E64 N3 CLAMP DPP64 DPP; Valu }
            { 0x010 V_CMP_F_F32      [DM B32 B32] E64 N3 CLAMP DPP64 DPP; Valu }
            { 0x011 V_CMP_LT_F32     [DM B32 B32] E64 N3 CLAMP DPP64 DPP; Valu }
            { 0x012 V_CMP_EQ_F32     [DM B32 B32] E64 N3 CLAMP DPP64 DPP; Valu }
            { 0x013 V_CMP_LE_F32     [DM B32 B32] E64 N3 CLAMP DPP64 DPP; Valu }
            { 0x014 V_CMP_GT_F32     [DM B32 B32] E64 N3 CLAMP DPP64 DPP; Valu }
            { 0x015 V_CMP_LG_F32     [DM B32 B32] E64 N3 CLAMP DPP64 DPP; Valu }
            { 0x016 V_CMP_GE_F32     [DM B32 B32] E64 N3 CLAMP DPP64 DPP; Valu }
            { 0x017 V_CMP_O_F32      [DM B32 B32] E64 N3 CLAMP DPP64 DPP; Valu }
            { 0x018 V_CMP_U_F32      [DM B32 B32] E64 N3 CLAMP DPP64 DPP; Valu }
            { 0x019 V_CMP_NGE_F32    [DM B32 B32] E64 N3 CLAMP DPP64 DPP; Valu }
            { 0x01a V_CMP_NLG_F32    [DM B32 B32] E64 N3 CLAMP DPP64 DPP; Valu }
            { 0x01b V_CMP_NGT_F32    [DM B32 B32] E64 N3 CLAMP DPP64 DPP; Valu }
            { 0x01c V_CMP_NLE_F32    [DM B32 B32] E64 N3 CLAMP DPP64 DPP; Valu }
            { 0x01d V_CMP_NEQ_F32    [DM B32 B32] E64 N3 CLAMP DPP64 DPP; Valu }
            { 0x01e V_CMP_NLT_F32    [DM B32 B32] E64 N3 CLAMP DPP64 DPP; Valu }
            { 0x01f V_CMP_T_F32      [DM B32 B32] E64 N3 CLAMP DPP64 DPP; Valu }
            { 0x020 V_CMP_F_F64      [DM F64 F64] E64 N3 CLAMP; ValuF64 }
            { 0x021 V_CMP_LT_F64     [DM F64 F64] E64 N3 CLAMP; ValuF64 }
            { 0x022 V_CMP_EQ_F64     [DM F64 F64] E64 N3 CLAMP; ValuF64 }
            { 0x023 V_CMP_LE_F64     [DM F64 F64] E64 N3 CLAMP; ValuF64 }
            { 0x024 V_CMP_GT_F64     [DM F64 F64] E64 N3 CLAMP; ValuF64 }
            { 0x025 V_CMP_LG_F64     [DM F64 F64] E64 N3 CLAMP; ValuF64 }
            { 0x026 V_CMP_GE_F64     [DM F64 F64] E64 N3 CLAMP; ValuF64 }
            { 0x027 V_CMP_O_F64      [DM F64 F64] E64 N3 CLAMP; ValuF64 }
            { 0x028 V_CMP_U_F64      [DM F64 F64] E64 N3 CLAMP; ValuF64 }
            { 0x029 V_CMP_NGE_F64    [DM F64 F64] E64 N3 CLAMP; ValuF64 }
            { 0x02a V_CMP_NLG_F64    [DM F64 F64] E64 N3 CLAMP; ValuF64 }
            { 0x02b V_CMP_NGT_F64    [DM F64 F64] E64 N3 CLAMP; ValuF64 }
            { 0x02c V_CMP_NLE_F64    [DM F64 F64] E64 N3 CLAMP; ValuF64 }
            { 0x02d V_CMP_NEQ_F64    [DM F64 F64] E64 N3 CLAMP; ValuF64 }
            { 0x02e V_CMP_NLT_F64    [DM F64 F64] E64 N3 CLAMP; ValuF64 }
            { 0x02f V_CMP_T_F64      [DM F64 F64] E64 N3 CLAMP; ValuF64 }
            { 0x031 V_CMP_LT_I16     [DM I16 I16] E64 DPP64 DPP; Valu }
            { 0x032 V_CMP_EQ_I16     [DM I16 I16] E64 DPP64 DPP; Valu }
            { 0x033 V_CMP_LE_I16     [DM I16 I16] E64 DPP64 DPP; Valu }
            { 0x034 V_CMP_GT_I16     [DM I16 I16] E64 DPP64 DPP; Valu }
            { 0x035 V_CMP_NE_I16     [DM I16 I16] E64 DPP64 DPP; Valu }
            { 0x036 V_CMP_GE_I16     [DM I16 I16] E64 DPP64 DPP; Valu }
            { 0x039 V_CMP_LT_U16     [DM I16 I16] E64 DPP64 DPP; Valu }
            { 0x03a V_CMP_EQ_U16     [DM I16 I16] E64 DPP64 DPP; Valu }
            { 0x03b V_CMP_LE_U16     [DM I16 I16] E64 DPP64 DPP; Valu }
            { 0x03c V_CMP_GT_U16     [DM I16 I16] E64 DPP64 DPP; Valu }
            { 0x03d V_CMP_NE_U16     [DM I16 I16] E64 DPP64 DPP; Valu }
            { 0x03e V_CMP_GE_U16     [DM I16 I16] E64 DPP64 DPP; Valu }
            { 0x040 V_CMP_F_I32      [DM B32 B32] E64 DPP64 DPP; Valu }
            { 0x041 V_CMP_LT_I32     [DM B32 B32] E64 DPP64 DPP; Valu }
            { 0x042 V_CMP_EQ_I32     [DM B32 B32] E64 DPP64 DPP; Valu }
            { 0x043 V_CMP_LE_I32     [DM B32 B32] E64 DPP64 DPP; Valu }
            { 0x044 V_CMP_GT_I32     [DM B32 B32] E64 DPP64 DPP; Valu }
            { 0x045 V_CMP_NE_I32     [DM B32 B32] E64 DPP64 DPP; Valu }
            { 0x046 V_CMP_GE_I32     [DM B32 B32] E64 DPP64 DPP; Valu }
            { 0x047 V_CMP_T_I32      [DM B32 B32] E64 DPP64 DPP; Valu }
            { 0x048 V_CMP_F_U32      [DM B32 B32] E64 DPP64 DPP; Valu }
            { 0x049 V_CMP_LT_U32     [DM B32 B32] E64 DPP64 DPP; Valu }
            { 0x04a V_CMP_EQ_U32     [DM B32 B32] E64 DPP64 DPP; Valu }
            { 0x04b V_CMP_LE_U32     [DM B32 B32] E64 DPP64 DPP; Valu }
            { 0x04c V_CMP_GT_U32     [DM B32 B32] E64 DPP64 DPP; Valu }
            { 0x04d V_CMP_NE_U32     [DM B32 B32] E64 DPP64 DPP; Valu }
            { 0x04e V_CMP_GE_U32     [DM B32 B32] E64 DPP64 DPP; Valu }
            { 0x04f V_CMP_T_U32      [DM B32 B32] E64 DPP64 DPP; Valu }
            { 0x050 V_CMP_F_I64      [DM B64 B64] E64; Valu }
            { 0x051 V_CMP_LT_I64     [DM B64 B64] E64; Valu }
            { 0x052 V_CMP_EQ_I64     [DM B64 B64] E64; Valu }
            { 0x053 V_CMP_LE_I64     [DM B64 B64] E64; Valu }
            { 0x054 V_CMP_GT_I64     [DM B64 B64] E64; Valu }
            { 0x055 V_CMP_NE_I64     [DM B64 B64] E64; Valu }
            { 0x056 V_CMP_GE_I64     [DM B64 B64] E64; Valu }
            { 0x057 V_CMP_T_I64      [DM B64 B64] E64; Valu }
            { 0x058 V_CMP_F_U64      [DM B64 B64] E64; Valu }
            { 0x059 V_CMP_LT_U64     [DM B64 B64] E64; Valu }
            { 0x05a V_CMP_EQ_U64     [DM B64 B64] E64; Valu }
            { 0x05b V_CMP_LE_U64     [DM B64 B64] E64; Valu }
            { 0x05c V_CMP_GT_U64     [DM B64 B64] E64; Valu }
            { 0x05d V_CMP_NE_U64     [DM B64 B64] E64; Valu }
            { 0x05e V_CMP_GE_U64     [DM B64 B64] E64; Valu }
            { 0x05f V_CMP_T_U64      [DM B64 B64] E64; Valu }
            { 0x07d V_CMP_CLASS_F16  [DM F16 H32] E64 N1 DPP64 DPP; Valu }
            { 0x07e V_CMP_CLASS_F32  [DM B32 B32] E64 N1 DPP64 DPP; Valu }
            { 0x07f V_CMP_CLASS_F64  [DM F64 B32] E64 N1; ValuF64 }
            { 0x080 V_CMPX_F_F16     [F16 F16]    E64 N3 CLAMP DPP64 DPP WEXEC; Valu }
            { 0x081 V_CMPX_LT_F16    [F16 F16]    E64 N3 CLAMP DPP64 DPP WEXEC; Valu }
            { 0x082 V_CMPX_EQ_F16    [F16 F16]    E64 N3 CLAMP DPP64 DPP WEXEC; Valu }
            { 0x083 V_CMPX_LE_F16    [F16 F16]    E64 N3 CLAMP DPP64 DPP WEXEC; Valu }
            { 0x084 V_CMPX_GT_F16    [F16 F16]    E64 N3 CLAMP DPP64 DPP WEXEC; Valu }
            { 0x085 V_CMPX_LG_F16    [F16 F16]    E64 N3 CLAMP DPP64 DPP WEXEC; Valu }
            { 0x086 V_CMPX_GE_F16    [F16 F16]    E64 N3 CLAMP DPP64 DPP WEXEC; Valu }
            { 0x087 V_CMPX_O_F16     [F16 F16]    E64 N3 CLAMP DPP64 DPP WEXEC; Valu }
            { 0x088 V_CMPX_U_F16     [F16 F16]    E64 N3 CLAMP DPP64 DPP WEXEC; Valu }
            { 0x089 V_CMPX_NGE_F16   [F16 F16]    E64 N3 CLAMP DPP64 DPP WEXEC; Valu }
            { 0x08a V_CMPX_NLG_F16   [F16 F16]    E64 N3 CLAMP DPP64 DPP WEXEC; Valu }
            { 0x08b V_CMPX_NGT_F16   [F16 F16]    E64 N3 CLAMP DPP64 DPP WEXEC; Valu }
            { 0x08c V_CMPX_NLE_F16   [F16 F16]    E64 N3 CLAMP DPP64 DPP WEXEC; Valu }
            { 0x08d V_CMPX_NEQ_F16   [F16 F16]    E64 N3 CLAMP DPP64 DPP WEXEC; Valu }
            { 0x08e V_CMPX_NLT_F16   [F16 F16]    E64 N3 CLAMP DPP64 DPP WEXEC; Valu }
            { 0x08f V_CMPX_T_F16     [F16 F16]    E64 N3 CLAMP DPP64 DPP WEXEC; Valu }
            { 0x090 V_CMPX_F_F32     [B32 B32]    E64 N3 CLAMP DPP64 DPP WEXEC; Valu }
            { 0x091 V_CMPX_LT_F32    [B32 B32]    E64 N3 CLAMP DPP64 DPP WEXEC; Valu }
            { 0x092 V_CMPX_EQ_F32    [B32 B32]    E64 N3 CLAMP DPP64 DPP WEXEC; Valu }
            { 0x093 V_CMPX_LE_F32    [B32 B32]    E64 N3 CLAMP DPP64 DPP WEXEC; Valu }
            { 0x094 V_CMPX_GT_F32    [B32 B32]    E64 N3 CLAMP DPP64 DPP WEXEC; Valu }
            { 0x095 V_CMPX_LG_F32    [B32 B32]    E64 N3 CLAMP DPP64 DPP WEXEC; Valu }
            { 0x096 V_CMPX_GE_F32    [B32 B32]    E64 N3 CLAMP DPP64 DPP WEXEC; Valu }
            { 0x097 V_CMPX_O_F32     [B32 B32]    E64 N3 CLAMP DPP64 DPP WEXEC; Valu }
            { 0x098 V_CMPX_U_F32     [B32 B32]    E64 N3 CLAMP DPP64 DPP WEXEC; Valu }
            { 0x099 V_CMPX_NGE_F32   [B32 B32]    E64 N3 CLAMP DPP64 DPP WEXEC; Valu }
            { 0x09a V_CMPX_NLG_F32   [B32 B32]    E64 N3 CLAMP DPP64 DPP WEXEC; Valu }
            { 0x09b V_CMPX_NGT_F32   [B32 B32]    E64 N3 CLAMP DPP64 DPP WEXEC; Valu }
            { 0x09c V_CMPX_NLE_F32   [B32 B32]    E64 N3 CLAMP DPP64 DPP WEXEC; Valu }
            { 0x09d V_CMPX_NEQ_F32   [B32 B32]    E64 N3 CLAMP DPP64 DPP WEXEC; Valu }
            { 0x09e V_CMPX_NLT_F32   [B32 B32]    E64 N3 CLAMP DPP64 DPP WEXEC; Valu }
            { 0x09f V_CMPX_T_F32     [B32 B32]    E64 N3 CLAMP DPP64 DPP WEXEC; Valu }
            { 0x0a0 V_CMPX_F_F64     [F64 F64]    E64 N3 CLAMP WEXEC; ValuF64 }
            { 0x0a1 V_CMPX_LT_F64    [F64 F64]    E64 N3 CLAMP WEXEC; ValuF64 }
            { 0x0a2 V_CMPX_EQ_F64    [F64 F64]    E64 N3 CLAMP WEXEC; ValuF64 }
            { 0x0a3 V_CMPX_LE_F64    [F64 F64]    E64 N3 CLAMP WEXEC; ValuF64 }
            { 0x0a4 V_CMPX_GT_F64    [F64 F64]    E64 N3 CLAMP WEXEC; ValuF64 }
            { 0x0a5 V_CMPX_LG_F64    [F64 F64]    E64 N3 CLAMP WEXEC; ValuF64 }
            { 0x0a6 V_CMPX_GE_F64    [F64 F64]    E64 N3 CLAMP WEXEC; ValuF64 }
            { 0x0a7 V_CMPX_O_F64     [F64 F64]    E64 N3 CLAMP WEXEC; ValuF64 }
            { 0x0a8 V_CMPX_U_F64     [F64 F64]    E64 N3 CLAMP WEXEC; ValuF64 }
            { 0x0a9 V_CMPX_NGE_F64   [F64 F64]    E64 N3 CLAMP WEXEC; ValuF64 }
            { 0x0aa V_CMPX_NLG_F64   [F64 F64]    E64 N3 CLAMP WEXEC; ValuF64 }
            { 0x0ab V_CMPX_NGT_F64   [F64 F64]    E64 N3 CLAMP WEXEC; ValuF64 }
            { 0x0ac V_CMPX_NLE_F64   [F64 F64]    E64 N3 CLAMP WEXEC; ValuF64 }
            { 0x0ad V_CMPX_NEQ_F64   [F64 F64]    E64 N3 CLAMP WEXEC; ValuF64 }
            { 0x0ae V_CMPX_NLT_F64   [F64 F64]    E64 N3 CLAMP WEXEC; ValuF64 }
            { 0x0af V_CMPX_T_F64     [F64 F64]    E64 N3 CLAMP WEXEC; ValuF64 }
            { 0x0b1 V_CMPX_LT_I16    [I16 I16]    E64 DPP64 DPP WEXEC; Valu }
            { 0x0b2 V_CMPX_EQ_I16    [I16 I16]    E64 DPP64 DPP WEXEC; Valu }
            { 0x0b3 V_CMPX_LE_I16    [I16 I16]    E64 DPP64 DPP WEXEC; Valu }
            { 0x0b4 V_CMPX_GT_I16    [I16 I16]    E64 DPP64 DPP WEXEC; Valu }
            { 0x0b5 V_CMPX_NE_I16    [I16 I16]    E64 DPP64 DPP WEXEC; Valu }
            { 0x0b6 V_CMPX_GE_I16    [I16 I16]    E64 DPP64 DPP WEXEC; Valu }
            { 0x0b9 V_CMPX_LT_U16    [I16 I16]    E64 DPP64 DPP WEXEC; Valu }
            { 0x0ba V_CMPX_EQ_U16    [I16 I16]    E64 DPP64 DPP WEXEC; Valu }
            { 0x0bb V_CMPX_LE_U16    [I16 I16]    E64 DPP64 DPP WEXEC; Valu }
            { 0x0bc V_CMPX_GT_U16    [I16 I16]    E64 DPP64 DPP WEXEC; Valu }
            { 0x0bd V_CMPX_NE_U16    [I16 I16]    E64 DPP64 DPP WEXEC; Valu }
            { 0x0be V_CMPX_GE_U16    [I16 I16]    E64 DPP64 DPP WEXEC; Valu }
            { 0x0c0 V_CMPX_F_I32     [B32 B32]    E64 DPP64 DPP WEXEC; Valu }
            { 0x0c1 V_CMPX_LT_I32    [B32 B32]    E64 DPP64 DPP WEXEC; Valu }
            { 0x0c2 V_CMPX_EQ_I32    [B32 B32]    E64 DPP64 DPP WEXEC; Valu }
            { 0x0c3 V_CMPX_LE_I32    [B32 B32]    E64 DPP64 DPP WEXEC; Valu }
            { 0x0c4 V_CMPX_GT_I32    [B32 B32]    E64 DPP64 DPP WEXEC; Valu }
            { 0x0c5 V_CMPX_NE_I32    [B32 B32]    E64 DPP64 DPP WEXEC; Valu }
            { 0x0c6 V_CMPX_GE_I32    [B32 B32]    E64 DPP64 DPP WEXEC; Valu }
            { 0x0c7 V_CMPX_T_I32     [B32 B32]    E64 DPP64 DPP WEXEC; Valu }
            { 0x0c8 V_CMPX_F_U32     [B32 B32]    E64 DPP64 DPP WEXEC; Valu }
            { 0x0c9 V_CMPX_LT_U32    [B32 B32]    E64 DPP64 DPP WEXEC; Valu }
            { 0x0ca V_CMPX_EQ_U32    [B32 B32]    E64 DPP64 DPP WEXEC; Valu }
            { 0x0cb V_CMPX_LE_U32    [B32 B32]    E64 DPP64 DPP WEXEC; Valu }
            { 0x0cc V_CMPX_GT_U32    [B32 B32]    E64 DPP64 DPP WEXEC; Valu }
            { 0x0cd V_CMPX_NE_U32    [B32 B32]    E64 DPP64 DPP WEXEC; Valu }
            { 0x0ce V_CMPX_GE_U32    [B32 B32]    E64 DPP64 DPP WEXEC; Valu }
            { 0x0cf V_CMPX_T_U32     [B32 B32]    E64 DPP64 DPP WEXEC; Valu }
            { 0x0d0 V_CMPX_F_I64     [B64 B64]    E64 WEXEC; Valu }
            { 0x0d1 V_CMPX_LT_I64    [B64 B64]    E64 WEXEC; Valu }
            { 0x0d2 V_CMPX_EQ_I64    [B64 B64]    E64 WEXEC; Valu }
            { 0x0d3 V_CMPX_LE_I64    [B64 B64]    E64 WEXEC; Valu }
            { 0x0d4 V_CMPX_GT_I64    [B64 B64]    E64 WEXEC; Valu }
            { 0x0d5 V_CMPX_NE_I64    [B64 B64]    E64 WEXEC; Valu }
            { 0x0d6 V_CMPX_GE_I64    [B64 B64]    E64 WEXEC; Valu }
            { 0x0d7 V_CMPX_T_I64     [B64 B64]    E64 WEXEC; Valu }
            { 0x0d8 V_CMPX_F_U64     [B64 B64]    E64 WEXEC; Valu }
            { 0x0d9 V_CMPX_LT_U64    [B64 B64]    E64 WEXEC; Valu }
            { 0x0da V_CMPX_EQ_U64    [B64 B64]    E64 WEXEC; Valu }
            { 0x0db V_CMPX_LE_U64    [B64 B64]    E64 WEXEC; Valu }
            { 0x0dc V_CMPX_GT_U64    [B64 B64]    E64 WEXEC; Valu }
            { 0x0dd V_CMPX_NE_U64    [B64 B64]    E64 WEXEC; Valu }
            { 0x0de V_CMPX_GE_U64    [B64 B64]    E64 WEXEC; Valu }
            { 0x0df V_CMPX_T_U64     [B64 B64]    E64 WEXEC; Valu }
            { 0x0fd V_CMPX_CLASS_F16 [F16 H32]    E64 N1 DPP64 DPP WEXEC; Valu }
            { 0x0fe V_CMPX_CLASS_F32 [B32 B32]    E64 N1 DPP64 DPP WEXEC; Valu }
            { 0x0ff V_CMPX_CLASS_F64 [F64 B32]    E64 N1 WEXEC; ValuF64 }
        }
    };
}

vopc! { define_table ; }
