//! MTBUF: typed buffers.
//!
//! Rows: opcode, operation, operand slots in text order, flags, latency class. Slots: `crate::row::slot`.
//!
//! Source: AMD "RDNA3 Instruction Set Architecture", chapter 16; operand classes as LLVM 19 decodes them for gfx1100.

/// Passes the rows on to the next macro of a chain.
macro_rules! mtbuf {
    ($then:ident $($rest:ident)* ; $($acc:tt)*) => {
        $then! { $($rest)* ; $($acc)*
            { 0x000 TBUFFER_LOAD_FORMAT_X         [BV1 VA RS SO] LOAD; VmemLoad }
            { 0x001 TBUFFER_LOAD_FORMAT_XY        [BV2 VA RS SO] LOAD; VmemLoad }
            { 0x002 TBUFFER_LOAD_FORMAT_XYZ       [BV3 VA RS SO] LOAD; VmemLoad }
            { 0x003 TBUFFER_LOAD_FORMAT_XYZW      [BV4 VA RS SO] LOAD; VmemLoad }
            { 0x004 TBUFFER_STORE_FORMAT_X        [X1 VA RS SO]  STORE; VmemStore }
            { 0x005 TBUFFER_STORE_FORMAT_XY       [X2 VA RS SO]  STORE; VmemStore }
            { 0x006 TBUFFER_STORE_FORMAT_XYZ      [X3 VA RS SO]  STORE; VmemStore }
            { 0x007 TBUFFER_STORE_FORMAT_XYZW     [X4 VA RS SO]  STORE; VmemStore }
            { 0x008 TBUFFER_LOAD_D16_FORMAT_X     [BV1 VA RS SO] LOAD; VmemLoad }
            { 0x009 TBUFFER_LOAD_D16_FORMAT_XY    [BV1 VA RS SO] LOAD; VmemLoad }
            { 0x00a TBUFFER_LOAD_D16_FORMAT_XYZ   [BV2 VA RS SO] LOAD; VmemLoad }
            { 0x00b TBUFFER_LOAD_D16_FORMAT_XYZW  [BV2 VA RS SO] LOAD; VmemLoad }
            { 0x00c TBUFFER_STORE_D16_FORMAT_X    [X1 VA RS SO]  STORE; VmemStore }
            { 0x00d TBUFFER_STORE_D16_FORMAT_XY   [X1 VA RS SO]  STORE; VmemStore }
            { 0x00e TBUFFER_STORE_D16_FORMAT_XYZ  [X2 VA RS SO]  STORE; VmemStore }
            { 0x00f TBUFFER_STORE_D16_FORMAT_XYZW [X2 VA RS SO]  STORE; VmemStore }
        }
    };
}

mtbuf! { define_table ; }
