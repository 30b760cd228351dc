//! FLAT: flat addresses (segment 0).
//!
//! Rows: opcode, operation, operand slots in text order, flags, latency class. Slots: `crate::row::slot`.
//!
//! Source: AMD "RDNA3 Instruction Set Architecture", chapter 16; operand classes as LLVM 19 decodes them for gfx1100.

/// Passes the rows on to the next macro of a chain.
macro_rules! flat {
    ($then:ident $($rest:ident)* ; $($acc:tt)*) => {
        $then! { $($rest)* ; $($acc)*
            { 0x010 FLAT_LOAD_U8            [V1 VA]    LOAD; FlatLoad }
            { 0x011 FLAT_LOAD_I8            [V1 VA]    LOAD; FlatLoad }
            { 0x012 FLAT_LOAD_U16           [V1 VA]    LOAD; FlatLoad }
            { 0x013 FLAT_LOAD_I16           [V1 VA]    LOAD; FlatLoad }
            { 0x014 FLAT_LOAD_B32           [V1 VA]    LOAD; FlatLoad }
            { 0x015 FLAT_LOAD_B64           [V2 VA]    LOAD; FlatLoad }
            { 0x016 FLAT_LOAD_B96           [V3 VA]    LOAD; FlatLoad }
            { 0x017 FLAT_LOAD_B128          [V4 VA]    LOAD; FlatLoad }
            { 0x018 FLAT_STORE_B8           [VA X1]    STORE; FlatStore }
            { 0x019 FLAT_STORE_B16          [VA X1]    STORE; FlatStore }
            { 0x01a FLAT_STORE_B32          [VA X1]    STORE; FlatStore }
            { 0x01b FLAT_STORE_B64          [VA X2]    STORE; FlatStore }
            { 0x01c FLAT_STORE_B96          [VA X3]    STORE; FlatStore }
            { 0x01d FLAT_STORE_B128         [VA X4]    STORE; FlatStore }
            { 0x01e FLAT_LOAD_D16_U8        [A1 VA]    LOAD; FlatLoad }
            { 0x01f FLAT_LOAD_D16_I8        [A1 VA]    LOAD; FlatLoad }
            { 0x020 FLAT_LOAD_D16_B16       [A1 VA]    LOAD; FlatLoad }
            { 0x021 FLAT_LOAD_D16_HI_U8     [A1 VA]    LOAD; FlatLoad }
            { 0x022 FLAT_LOAD_D16_HI_I8     [A1 VA]    LOAD; FlatLoad }
            { 0x023 FLAT_LOAD_D16_HI_B16    [A1 VA]    LOAD; FlatLoad }
            { 0x024 FLAT_STORE_D16_HI_B8    [VA X1]    STORE; FlatStore }
            { 0x025 FLAT_STORE_D16_HI_B16   [VA X1]    STORE; FlatStore }
            { 0x033 FLAT_ATOMIC_SWAP_B32    [O1 VA X1] ATOMIC RTN; FlatStore }
            { 0x034 FLAT_ATOMIC_CMPSWAP_B32 [O1 VA X2] ATOMIC RTN; FlatStore }
            { 0x035 FLAT_ATOMIC_ADD_U32     [O1 VA X1] ATOMIC RTN; FlatStore }
            { 0x036 FLAT_ATOMIC_SUB_U32     [O1 VA X1] ATOMIC RTN; FlatStore }
            { 0x038 FLAT_ATOMIC_MIN_I32     [O1 VA X1] ATOMIC RTN; FlatStore }
            { 0x039 FLAT_ATOMIC_MIN_U32     [O1 VA X1] ATOMIC RTN; FlatStore }
            { 0x03a FLAT_ATOMIC_MAX_I32     [O1 VA X1] ATOMIC RTN; FlatStore }
            { 0x03b FLAT_ATOMIC_MAX_U32     [O1 VA X1] ATOMIC RTN; FlatStore }
            { 0x03c FLAT_ATOMIC_AND_B32     [O1 VA X1] ATOMIC RTN; FlatStore }
            { 0x03d FLAT_ATOMIC_OR_B32      [O1 VA X1] ATOMIC RTN; FlatStore }
            { 0x03e FLAT_ATOMIC_XOR_B32     [O1 VA X1] ATOMIC RTN; FlatStore }
            { 0x03f FLAT_ATOMIC_INC_U32     [O1 VA X1] ATOMIC RTN; FlatStore }
            { 0x040 FLAT_ATOMIC_DEC_U32     [O1 VA X1] ATOMIC RTN; FlatStore }
            { 0x041 FLAT_ATOMIC_SWAP_B64    [O2 VA X2] ATOMIC RTN; FlatStore }
            { 0x042 FLAT_ATOMIC_CMPSWAP_B64 [O2 VA X4] ATOMIC RTN; FlatStore }
            { 0x043 FLAT_ATOMIC_ADD_U64     [O2 VA X2] ATOMIC RTN; FlatStore }
            { 0x044 FLAT_ATOMIC_SUB_U64     [O2 VA X2] ATOMIC RTN; FlatStore }
            { 0x045 FLAT_ATOMIC_MIN_I64     [O2 VA X2] ATOMIC RTN; FlatStore }
            { 0x046 FLAT_ATOMIC_MIN_U64     [O2 VA X2] ATOMIC RTN; FlatStore }
            { 0x047 FLAT_ATOMIC_MAX_I64     [O2 VA X2] ATOMIC RTN; FlatStore }
            { 0x048 FLAT_ATOMIC_MAX_U64     [O2 VA X2] ATOMIC RTN; FlatStore }
            { 0x049 FLAT_ATOMIC_AND_B64     [O2 VA X2] ATOMIC RTN; FlatStore }
            { 0x04a FLAT_ATOMIC_OR_B64      [O2 VA X2] ATOMIC RTN; FlatStore }
            { 0x04b FLAT_ATOMIC_XOR_B64     [O2 VA X2] ATOMIC RTN; FlatStore }
            { 0x04c FLAT_ATOMIC_INC_U64     [O2 VA X2] ATOMIC RTN; FlatStore }
            { 0x04d FLAT_ATOMIC_DEC_U64     [O2 VA X2] ATOMIC RTN; FlatStore }
            { 0x050 FLAT_ATOMIC_CMPSWAP_F32 [O1 VA X2] ATOMIC RTN; FlatStore }
            { 0x051 FLAT_ATOMIC_MIN_F32     [O1 VA X1] ATOMIC RTN; FlatStore }
            { 0x052 FLAT_ATOMIC_MAX_F32     [O1 VA X1] ATOMIC RTN; FlatStore }
            { 0x056 FLAT_ATOMIC_ADD_F32     [O1 VA X1] ATOMIC RTN; FlatStore }
        }
    };
}

flat! { define_table ; }
