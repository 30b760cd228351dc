//! GLOBAL: global addresses (FLAT segment 2).
//!
//! Rows: opcode, operation, operand slots in text order, flags, latency class. Slots: `crate::row::slot`.
//!
//! Source: AMD "RDNA3 Instruction Set Architecture", chapter 16; operand classes as LLVM 19 decodes them for gfx1100.

/// Passes the rows on to the next macro of a chain.
macro_rules! global {
    ($then:ident $($rest:ident)* ; $($acc:tt)*) => {
        $then! { $($rest)* ; $($acc)*
            { 0x010 GLOBAL_LOAD_U8            [V1 VA SA]    LOAD; VmemLoad }
            { 0x011 GLOBAL_LOAD_I8            [V1 VA SA]    LOAD; VmemLoad }
            { 0x012 GLOBAL_LOAD_U16           [V1 VA SA]    LOAD; VmemLoad }
            { 0x013 GLOBAL_LOAD_I16           [V1 VA SA]    LOAD; VmemLoad }
            { 0x014 GLOBAL_LOAD_B32           [V1 VA SA]    LOAD; VmemLoad }
            { 0x015 GLOBAL_LOAD_B64           [V2 VA SA]    LOAD; VmemLoad }
            { 0x016 GLOBAL_LOAD_B96           [V3 VA SA]    LOAD; VmemLoad }
            { 0x017 GLOBAL_LOAD_B128          [V4 VA SA]    LOAD; VmemLoad }
            { 0x018 GLOBAL_STORE_B8           [VA X1 SA]    STORE; VmemStore }
            { 0x019 GLOBAL_STORE_B16          [VA X1 SA]    STORE; VmemStore }
            { 0x01a GLOBAL_STORE_B32          [VA X1 SA]    STORE; VmemStore }
            { 0x01b GLOBAL_STORE_B64          [VA X2 SA]    STORE; VmemStore }
            { 0x01c GLOBAL_STORE_B96          [VA X3 SA]    STORE; VmemStore }
            { 0x01d GLOBAL_STORE_B128         [VA X4 SA]    STORE; VmemStore }
            { 0x01e GLOBAL_LOAD_D16_U8        [A1 VA SA]    LOAD; VmemLoad }
            { 0x01f GLOBAL_LOAD_D16_I8        [A1 VA SA]    LOAD; VmemLoad }
            { 0x020 GLOBAL_LOAD_D16_B16       [A1 VA SA]    LOAD; VmemLoad }
            { 0x021 GLOBAL_LOAD_D16_HI_U8     [A1 VA SA]    LOAD; VmemLoad }
            { 0x022 GLOBAL_LOAD_D16_HI_I8     [A1 VA SA]    LOAD; VmemLoad }
            { 0x023 GLOBAL_LOAD_D16_HI_B16    [A1 VA SA]    LOAD; VmemLoad }
            { 0x024 GLOBAL_STORE_D16_HI_B8    [VA X1 SA]    STORE; VmemStore }
            { 0x025 GLOBAL_STORE_D16_HI_B16   [VA X1 SA]    STORE; VmemStore }
            { 0x028 GLOBAL_LOAD_ADDTID_B32    [V1 SA]       LOAD ADDTID; VmemLoad }
            { 0x029 GLOBAL_STORE_ADDTID_B32   [X1 SA]       STORE ADDTID; VmemStore }
            { 0x033 GLOBAL_ATOMIC_SWAP_B32    [O1 VA X1 SA] ATOMIC RTN; VmemStore }
            { 0x034 GLOBAL_ATOMIC_CMPSWAP_B32 [O1 VA X2 SA] ATOMIC RTN; VmemStore }
            { 0x035 GLOBAL_ATOMIC_ADD_U32     [O1 VA X1 SA] ATOMIC RTN; VmemStore }
            { 0x036 GLOBAL_ATOMIC_SUB_U32     [O1 VA X1 SA] ATOMIC RTN; VmemStore }
            { 0x037 GLOBAL_ATOMIC_CSUB_U32    [O1 VA X1 SA] ATOMIC RTN; VmemStore }
            { 0x038 GLOBAL_ATOMIC_MIN_I32     [O1 VA X1 SA] ATOMIC RTN; VmemStore }
            { 0x039 GLOBAL_ATOMIC_MIN_U32     [O1 VA X1 SA] ATOMIC RTN; VmemStore }
            { 0x03a GLOBAL_ATOMIC_MAX_I32     [O1 VA X1 SA] ATOMIC RTN; VmemStore }
            { 0x03b GLOBAL_ATOMIC_MAX_U32     [O1 VA X1 SA] ATOMIC RTN; VmemStore }
            { 0x03c GLOBAL_ATOMIC_AND_B32     [O1 VA X1 SA] ATOMIC RTN; VmemStore }
            { 0x03d GLOBAL_ATOMIC_OR_B32      [O1 VA X1 SA] ATOMIC RTN; VmemStore }
            { 0x03e GLOBAL_ATOMIC_XOR_B32     [O1 VA X1 SA] ATOMIC RTN; VmemStore }
            { 0x03f GLOBAL_ATOMIC_INC_U32     [O1 VA X1 SA] ATOMIC RTN; VmemStore }
            { 0x040 GLOBAL_ATOMIC_DEC_U32     [O1 VA X1 SA] ATOMIC RTN; VmemStore }
            { 0x041 GLOBAL_ATOMIC_SWAP_B64    [O2 VA X2 SA] ATOMIC RTN; VmemStore }
            { 0x042 GLOBAL_ATOMIC_CMPSWAP_B64 [O2 VA X4 SA] ATOMIC RTN; VmemStore }
            { 0x043 GLOBAL_ATOMIC_ADD_U64     [O2 VA X2 SA] ATOMIC RTN; VmemStore }
            { 0x044 GLOBAL_ATOMIC_SUB_U64     [O2 VA X2 SA] ATOMIC RTN; VmemStore }
            { 0x045 GLOBAL_ATOMIC_MIN_I64     [O2 VA X2 SA] ATOMIC RTN; VmemStore }
            { 0x046 GLOBAL_ATOMIC_MIN_U64     [O2 VA X2 SA] ATOMIC RTN; VmemStore }
            { 0x047 GLOBAL_ATOMIC_MAX_I64     [O2 VA X2 SA] ATOMIC RTN; VmemStore }
            { 0x048 GLOBAL_ATOMIC_MAX_U64     [O2 VA X2 SA] ATOMIC RTN; VmemStore }
            { 0x049 GLOBAL_ATOMIC_AND_B64     [O2 VA X2 SA] ATOMIC RTN; VmemStore }
            { 0x04a GLOBAL_ATOMIC_OR_B64      [O2 VA X2 SA] ATOMIC RTN; VmemStore }
            { 0x04b GLOBAL_ATOMIC_XOR_B64     [O2 VA X2 SA] ATOMIC RTN; VmemStore }
            { 0x04c GLOBAL_ATOMIC_INC_U64     [O2 VA X2 SA] ATOMIC RTN; VmemStore }
            { 0x04d GLOBAL_ATOMIC_DEC_U64     [O2 VA X2 SA] ATOMIC RTN; VmemStore }
            { 0x050 GLOBAL_ATOMIC_CMPSWAP_F32 [O1 VA X2 SA] ATOMIC RTN; VmemStore }
            { 0x051 GLOBAL_ATOMIC_MIN_F32     [O1 VA X1 SA] ATOMIC RTN; VmemStore }
            { 0x052 GLOBAL_ATOMIC_MAX_F32     [O1 VA X1 SA] ATOMIC RTN; VmemStore }
            { 0x056 GLOBAL_ATOMIC_ADD_F32     [O1 VA X1 SA] ATOMIC RTN; VmemStore }
        }
    };
}

global! { define_table ; }
