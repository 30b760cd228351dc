//! LDSDIR: reads of LDS into a VGPR for pixel shaders.
//!
//! Rows: opcode, operation, operand slots in text order, flags, latency class. Slots: `crate::row::slot`.
//!
//! Source: AMD "RDNA3 Instruction Set Architecture", chapter 16; operand classes as LLVM 19 decodes them for gfx1100.

/// Passes the rows on to the next macro of a chain.
macro_rules! ldsdir {
    ($then:ident $($rest:ident)* ; $($acc:tt)*) => {
        $then! { $($rest)* ; $($acc)*
            { 0x000 LDS_PARAM_LOAD  [V1 ATTR] RM0; LdsDirect }
            { 0x001 LDS_DIRECT_LOAD [V1]      RM0; LdsDirect }
        }
    };
}

ldsdir! { define_table ; }
