//! MUBUF: untyped buffers.
//!
//! Rows: opcode, operation, operand slots in text order, flags, latency class. Slots: `crate::row::slot`.
//!
//! Source: AMD "RDNA3 Instruction Set Architecture", chapter 16; operand classes as LLVM 19 decodes them for gfx1100.

/// Passes the rows on to the next macro of a chain.
macro_rules! mubuf {
    ($then:ident $($rest:ident)* ; $($acc:tt)*) => {
        $then! { $($rest)* ; $($acc)*
            { 0x000 BUFFER_LOAD_FORMAT_X         [BV1 VA RS SO] LOAD TFE; VmemLoad }
            { 0x001 BUFFER_LOAD_FORMAT_XY        [BV2 VA RS SO] LOAD TFE; VmemLoad }
            { 0x002 BUFFER_LOAD_FORMAT_XYZ       [BV3 VA RS SO] LOAD TFE; VmemLoad }
            { 0x003 BUFFER_LOAD_FORMAT_XYZW      [BV4 VA RS SO] LOAD TFE; VmemLoad }
            { 0x004 BUFFER_STORE_FORMAT_X        [X1 VA RS SO]  STORE TFE; VmemStore }
            { 0x005 BUFFER_STORE_FORMAT_XY       [X2 VA RS SO]  STORE TFE; VmemStore }
            { 0x006 BUFFER_STORE_FORMAT_XYZ      [X3 VA RS SO]  STORE TFE; VmemStore }
            { 0x007 BUFFER_STORE_FORMAT_XYZW     [X4 VA RS SO]  STORE TFE; VmemStore }
            { 0x008 BUFFER_LOAD_D16_FORMAT_X     [BV1 VA RS SO] LOAD TFE; VmemLoad }
            { 0x009 BUFFER_LOAD_D16_FORMAT_XY    [BV1 VA RS SO] LOAD TFE; VmemLoad }
            { 0x00a BUFFER_LOAD_D16_FORMAT_XYZ   [BV2 VA RS SO] LOAD TFE; VmemLoad }
            { 0x00b BUFFER_LOAD_D16_FORMAT_XYZW  [BV2 VA RS SO] LOAD TFE; VmemLoad }
            { 0x00c BUFFER_STORE_D16_FORMAT_X    [X1 VA RS SO]  STORE TFE; VmemStore }
            { 0x00d BUFFER_STORE_D16_FORMAT_XY   [X1 VA RS SO]  STORE TFE; VmemStore }
            { 0x00e BUFFER_STORE_D16_FORMAT_XYZ  [X2 VA RS SO]  STORE TFE; VmemStore }
            { 0x00f BUFFER_STORE_D16_FORMAT_XYZW [X2 VA RS SO]  STORE TFE; VmemStore }
            { 0x010 BUFFER_LOAD_U8               [BV1 VA RS SO] LOAD TFE; VmemLoad }
            { 0x011 BUFFER_LOAD_I8               [BV1 VA RS SO] LOAD TFE; VmemLoad }
            { 0x012 BUFFER_LOAD_U16              [BV1 VA RS SO] LOAD TFE; VmemLoad }
            { 0x013 BUFFER_LOAD_I16              [BV1 VA RS SO] LOAD TFE; VmemLoad }
            { 0x014 BUFFER_LOAD_B32              [BV1 VA RS SO] LOAD TFE; VmemLoad }
            { 0x015 BUFFER_LOAD_B64              [BV2 VA RS SO] LOAD TFE; VmemLoad }
            { 0x016 BUFFER_LOAD_B96              [BV3 VA RS SO] LOAD TFE; VmemLoad }
            { 0x017 BUFFER_LOAD_B128             [BV4 VA RS SO] LOAD TFE; VmemLoad }
            { 0x018 BUFFER_STORE_B8              [X1 VA RS SO]  STORE TFE; VmemStore }
            { 0x019 BUFFER_STORE_B16             [X1 VA RS SO]  STORE TFE; VmemStore }
            { 0x01a BUFFER_STORE_B32             [X1 VA RS SO]  STORE TFE; VmemStore }
            { 0x01b BUFFER_STORE_B64             [X2 VA RS SO]  STORE TFE; VmemStore }
            { 0x01c BUFFER_STORE_B96             [X3 VA RS SO]  STORE TFE; VmemStore }
            { 0x01d BUFFER_STORE_B128            [X4 VA RS SO]  STORE TFE; VmemStore }
            { 0x01e BUFFER_LOAD_D16_U8           [BW1 VA RS SO] LOAD TFE; VmemLoad }
            { 0x01f BUFFER_LOAD_D16_I8           [BW1 VA RS SO] LOAD TFE; VmemLoad }
            { 0x020 BUFFER_LOAD_D16_B16          [BW1 VA RS SO] LOAD TFE; VmemLoad }
            { 0x021 BUFFER_LOAD_D16_HI_U8        [BW1 VA RS SO] LOAD TFE; VmemLoad }
            { 0x022 BUFFER_LOAD_D16_HI_I8        [BW1 VA RS SO] LOAD TFE; VmemLoad }
            { 0x023 BUFFER_LOAD_D16_HI_B16       [BW1 VA RS SO] LOAD TFE; VmemLoad }
            { 0x024 BUFFER_STORE_D16_HI_B8       [X1 VA RS SO]  STORE TFE; VmemStore }
            { 0x025 BUFFER_STORE_D16_HI_B16      [X1 VA RS SO]  STORE TFE; VmemStore }
            { 0x026 BUFFER_LOAD_D16_HI_FORMAT_X  [BW1 VA RS SO] LOAD TFE; VmemLoad }
            { 0x027 BUFFER_STORE_D16_HI_FORMAT_X [X1 VA RS SO]  STORE TFE; VmemStore }
            { 0x02b BUFFER_GL0_INV               []            ; VmemLoad }
            { 0x02c BUFFER_GL1_INV               []            ; VmemLoad }
            { 0x02d BUFFER_LOAD_LDS_U8           [VA RS SO]     LOAD RM0; VmemLoad }
            { 0x02e BUFFER_LOAD_LDS_I8           [VA RS SO]     LOAD RM0; VmemLoad }
            { 0x02f BUFFER_LOAD_LDS_U16          [VA RS SO]     LOAD RM0; VmemLoad }
            { 0x030 BUFFER_LOAD_LDS_I16          [VA RS SO]     LOAD RM0; VmemLoad }
            { 0x031 BUFFER_LOAD_LDS_B32          [VA RS SO]     LOAD RM0; VmemLoad }
            { 0x032 BUFFER_LOAD_LDS_FORMAT_X     [VA RS SO]     LOAD RM0; VmemLoad }
            { 0x033 BUFFER_ATOMIC_SWAP_B32       [BA1 VA RS SO] ATOMIC RTN; VmemStore }
            { 0x034 BUFFER_ATOMIC_CMPSWAP_B32    [BA2 VA RS SO] ATOMIC RTN; VmemStore }
            { 0x035 BUFFER_ATOMIC_ADD_U32        [BA1 VA RS SO] ATOMIC RTN; VmemStore }
            { 0x036 BUFFER_ATOMIC_SUB_U32        [BA1 VA RS SO] ATOMIC RTN; VmemStore }
            { 0x037 BUFFER_ATOMIC_CSUB_U32       [BA1 VA RS SO] ATOMIC RTN; VmemStore }
            { 0x038 BUFFER_ATOMIC_MIN_I32        [BA1 VA RS SO] ATOMIC RTN; VmemStore }
            { 0x039 BUFFER_ATOMIC_MIN_U32        [BA1 VA RS SO] ATOMIC RTN; VmemStore }
            { 0x03a BUFFER_ATOMIC_MAX_I32        [BA1 VA RS SO] ATOMIC RTN; VmemStore }
            { 0x03b BUFFER_ATOMIC_MAX_U32        [BA1 VA RS SO] ATOMIC RTN; VmemStore }
            { 0x03c BUFFER_ATOMIC_AND_B32        [BA1 VA RS SO] ATOMIC RTN; VmemStore }
            { 0x03d BUFFER_ATOMIC_OR_B32         [BA1 VA RS SO] ATOMIC RTN; VmemStore }
            { 0x03e BUFFER_ATOMIC_XOR_B32        [BA1 VA RS SO] ATOMIC RTN; VmemStore }
            { 0x03f BUFFER_ATOMIC_INC_U32        [BA1 VA RS SO] ATOMIC RTN; VmemStore }
            { 0x040 BUFFER_ATOMIC_DEC_U32        [BA1 VA RS SO] ATOMIC RTN; VmemStore }
            { 0x041 BUFFER_ATOMIC_SWAP_B64       [BA2 VA RS SO] ATOMIC RTN; VmemStore }
            { 0x042 BUFFER_ATOMIC_CMPSWAP_B64    [BA4 VA RS SO] ATOMIC RTN; VmemStore }
            { 0x043 BUFFER_ATOMIC_ADD_U64        [BA2 VA RS SO] ATOMIC RTN; VmemStore }
            { 0x044 BUFFER_ATOMIC_SUB_U64        [BA2 VA RS SO] ATOMIC RTN; VmemStore }
            { 0x045 BUFFER_ATOMIC_MIN_I64        [BA2 VA RS SO] ATOMIC RTN; VmemStore }
            { 0x046 BUFFER_ATOMIC_MIN_U64        [BA2 VA RS SO] ATOMIC RTN; VmemStore }
            { 0x047 BUFFER_ATOMIC_MAX_I64        [BA2 VA RS SO] ATOMIC RTN; VmemStore }
            { 0x048 BUFFER_ATOMIC_MAX_U64        [BA2 VA RS SO] ATOMIC RTN; VmemStore }
            { 0x049 BUFFER_ATOMIC_AND_B64        [BA2 VA RS SO] ATOMIC RTN; VmemStore }
            { 0x04a BUFFER_ATOMIC_OR_B64         [BA2 VA RS SO] ATOMIC RTN; VmemStore }
            { 0x04b BUFFER_ATOMIC_XOR_B64        [BA2 VA RS SO] ATOMIC RTN; VmemStore }
            { 0x04c BUFFER_ATOMIC_INC_U64        [BA2 VA RS SO] ATOMIC RTN; VmemStore }
            { 0x04d BUFFER_ATOMIC_DEC_U64        [BA2 VA RS SO] ATOMIC RTN; VmemStore }
            { 0x050 BUFFER_ATOMIC_CMPSWAP_F32    [BA2 VA RS SO] ATOMIC RTN; VmemStore }
            { 0x051 BUFFER_ATOMIC_MIN_F32        [BA1 VA RS SO] ATOMIC RTN; VmemStore }
            { 0x052 BUFFER_ATOMIC_MAX_F32        [BA1 VA RS SO] ATOMIC RTN; VmemStore }
            { 0x056 BUFFER_ATOMIC_ADD_F32        [BA1 VA RS SO] ATOMIC RTN; VmemStore }
        }
    };
}

mubuf! { define_table ; }
