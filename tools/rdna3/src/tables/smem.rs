//! SMEM: scalar memory.
//!
//! Rows: opcode, operation, operand slots in text order, flags, latency class. Slots: `crate::row::slot`.
//!
//! Source: AMD "RDNA3 Instruction Set Architecture", chapter 16; operand classes as LLVM 19 decodes them for gfx1100.

/// Passes the rows on to the next macro of a chain.
macro_rules! smem {
    ($then:ident $($rest:ident)* ; $($acc:tt)*) => {
        $then! { $($rest)* ; $($acc)*
            { 0x000 S_LOAD_B32         [D1 SB2 SOFF]    ; Smem }
            { 0x001 S_LOAD_B64         [D2 SB2 SOFF]    ; Smem }
            { 0x002 S_LOAD_B128        [D4 SB2 SOFF]    ; Smem }
            { 0x003 S_LOAD_B256        [D8 SB2 SOFF]    ; Smem }
            { 0x004 S_LOAD_B512        [D16 SB2 SOFF]   ; Smem }
            { 0x008 S_BUFFER_LOAD_B32  [D1 SB4 SOFF]    ; Smem }
            { 0x009 S_BUFFER_LOAD_B64  [D2 SB4 SOFF]    ; Smem }
            { 0x00a S_BUFFER_LOAD_B128 [D4 SB4 SOFF]    ; Smem }
            { 0x00b S_BUFFER_LOAD_B256 [D8 SB4 SOFF]    ; Smem }
            { 0x00c S_BUFFER_LOAD_B512 [D16 SB4 SOFF]   ; Smem }
            { 0x020 S_GL1_INV          []               ; Smem }
            { 0x021 S_DCACHE_INV       []               ; Smem }
            { 0x022 S_ATC_PROBE        [IPROBE SB2 SOFF]; Smem }
            { 0x023 S_ATC_PROBE_BUFFER [IPROBE SB4 SOFF]; Smem }
        }
    };
}

smem! { define_table ; }
