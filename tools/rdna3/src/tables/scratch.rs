//! SCRATCH: scratch addresses (FLAT segment 1).
//!
//! Rows: opcode, operation, operand slots in text order, flags, latency class. Slots: `crate::row::slot`.
//!
//! Source: AMD "RDNA3 Instruction Set Architecture", chapter 16; operand classes as LLVM 19 decodes them for gfx1100.

/// Passes the rows on to the next macro of a chain.
macro_rules! scratch {
    ($then:ident $($rest:ident)* ; $($acc:tt)*) => {
        $then! { $($rest)* ; $($acc)*
            { 0x010 SCRATCH_LOAD_U8          [V1 VA SA] LOAD; VmemLoad }
            { 0x011 SCRATCH_LOAD_I8          [V1 VA SA] LOAD; VmemLoad }
            { 0x012 SCRATCH_LOAD_U16         [V1 VA SA] LOAD; VmemLoad }
            { 0x013 SCRATCH_LOAD_I16         [V1 VA SA] LOAD; VmemLoad }
            { 0x014 SCRATCH_LOAD_B32         [V1 VA SA] LOAD; VmemLoad }
            { 0x015 SCRATCH_LOAD_B64         [V2 VA SA] LOAD; VmemLoad }
            { 0x016 SCRATCH_LOAD_B96         [V3 VA SA] LOAD; VmemLoad }
            { 0x017 SCRATCH_LOAD_B128        [V4 VA SA] LOAD; VmemLoad }
            { 0x018 SCRATCH_STORE_B8         [VA X1 SA] STORE; VmemStore }
            { 0x019 SCRATCH_STORE_B16        [VA X1 SA] STORE; VmemStore }
            { 0x01a SCRATCH_STORE_B32        [VA X1 SA] STORE; VmemStore }
            { 0x01b SCRATCH_STORE_B64        [VA X2 SA] STORE; VmemStore }
            { 0x01c SCRATCH_STORE_B96        [VA X3 SA] STORE; VmemStore }
            { 0x01d SCRATCH_STORE_B128       [VA X4 SA] STORE; VmemStore }
            { 0x01e SCRATCH_LOAD_D16_U8      [A1 VA SA] LOAD; VmemLoad }
            { 0x01f SCRATCH_LOAD_D16_I8      [A1 VA SA] LOAD; VmemLoad }
            { 0x020 SCRATCH_LOAD_D16_B16     [A1 VA SA] LOAD; VmemLoad }
            { 0x021 SCRATCH_LOAD_D16_HI_U8   [A1 VA SA] LOAD; VmemLoad }
            { 0x022 SCRATCH_LOAD_D16_HI_I8   [A1 VA SA] LOAD; VmemLoad }
            { 0x023 SCRATCH_LOAD_D16_HI_B16  [A1 VA SA] LOAD; VmemLoad }
            { 0x024 SCRATCH_STORE_D16_HI_B8  [VA X1 SA] STORE; VmemStore }
            { 0x025 SCRATCH_STORE_D16_HI_B16 [VA X1 SA] STORE; VmemStore }
        }
    };
}

scratch! { define_table ; }
