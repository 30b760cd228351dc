//! VINTERP: attribute interpolation.
//!
//! Rows: opcode, operation, operand slots in text order, flags, latency class. Slots: `crate::row::slot`.
//!
//! Source: AMD "RDNA3 Instruction Set Architecture", chapter 16; operand classes as LLVM 19 decodes them for gfx1100.

/// Passes the rows on to the next macro of a chain.
macro_rules! vinterp {
    ($then:ident $($rest:ident)* ; $($acc:tt)*) => {
        $then! { $($rest)* ; $($acc)*
            { 0x000 V_INTERP_P10_F32         [V1 G1 G1 G1] N7 CLAMP OS0; Valu }
            { 0x001 V_INTERP_P2_F32          [V1 G1 G1 G1] N7 CLAMP OS0; Valu }
            { 0x002 V_INTERP_P10_F16_F32     [V1 G1 G1 G1] N7 CLAMP OPSEL; Valu }
            { 0x003 V_INTERP_P2_F16_F32      [V1 G1 G1 G1] N7 CLAMP OPSEL; Valu }
            { 0x004 V_INTERP_P10_RTZ_F16_F32 [V1 G1 G1 G1] N7 CLAMP OPSEL; Valu }
            { 0x005 V_INTERP_P2_RTZ_F16_F32  [V1 G1 G1 G1] N7 CLAMP OPSEL; Valu }
        }
    };
}

vinterp! { define_table ; }
