//! SOPK: scalar with a 16-bit immediate.
//!
//! Rows: opcode, operation, operand slots in text order, flags, latency class. Slots: `crate::row::slot`.
//!
//! Source: AMD "RDNA3 Instruction Set Architecture", chapter 16; operand classes as LLVM 19 decodes them for gfx1100.

/// Passes the rows on to the next macro of a chain.
macro_rules! sopk {
    ($then:ident $($rest:ident)* ; $($acc:tt)*) => {
        $then! { $($rest)* ; $($acc)*
            { 0x000 S_MOVK_I32             [D1 IH]    ; Salu }
            { 0x001 S_VERSION              [VER]      ; Salu }
            { 0x002 S_CMOVK_I32            [AD1 IH]    RSCC; Salu }
            { 0x003 S_CMPK_EQ_I32          [RD1 IH]    WSCC; Salu }
            { 0x004 S_CMPK_LG_I32          [RD1 IH]    WSCC; Salu }
            { 0x005 S_CMPK_GT_I32          [RD1 IH]    WSCC; Salu }
            { 0x006 S_CMPK_GE_I32          [RD1 IH]    WSCC; Salu }
            { 0x007 S_CMPK_LT_I32          [RD1 IH]    WSCC; Salu }
            { 0x008 S_CMPK_LE_I32          [RD1 IH]    WSCC; Salu }
            { 0x009 S_CMPK_EQ_U32          [RD1 IH]    WSCC; Salu }
            { 0x00a S_CMPK_LG_U32          [RD1 IH]    WSCC; Salu }
            { 0x00b S_CMPK_GT_U32          [RD1 IH]    WSCC; Salu }
            { 0x00c S_CMPK_GE_U32          [RD1 IH]    WSCC; Salu }
            { 0x00d S_CMPK_LT_U32          [RD1 IH]    WSCC; Salu }
            { 0x00e S_CMPK_LE_U32          [RD1 IH]    WSCC; Salu }
            { 0x00f S_ADDK_I32             [AD1 IH]    WSCC; Salu }
            { 0x010 S_MULK_I32             [AD1 IH]   ; Salu }
            { 0x011 S_GETREG_B32           [D1 HWREG] ; Salu }
            { 0x012 S_SETREG_B32           [HWREG RD1] WMODE; Salu }
            { 0x013 S_SETREG_IMM32_B32     [HWREG K32] WMODE; Salu }
            { 0x014 S_CALL_B64             [D2 BR]    ; Branch }
            { 0x016 S_SUBVECTOR_LOOP_BEGIN [AD1 BR]    REXEC WEXEC; Branch }
            { 0x017 S_SUBVECTOR_LOOP_END   [AD1 BR]    REXEC WEXEC; Branch }
            { 0x018 S_WAITCNT_VSCNT        [RD1 IH]   ; Wait }
            { 0x019 S_WAITCNT_VMCNT        [RD1 IH]   ; Wait }
            { 0x01a S_WAITCNT_EXPCNT       [RD1 IH]   ; Wait }
            { 0x01b S_WAITCNT_LGKMCNT      [RD1 IH]   ; Wait }
        }
    };
}

sopk! { define_table ; }
