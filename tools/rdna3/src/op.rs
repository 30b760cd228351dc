//! Every gfx11 operation, whatever its encoding.

/// Ends a chain of table macros: the rows become the list of operations.
macro_rules! define_ops {
    (; $({ $opcode:literal $name:ident [$($slot:ident)*] $($flag:ident)*; $latency:ident })*) => {
        /// An operation. The short, VOP3, DPP and VOPD forms of one operation share a variant.
        ///
        /// Names are AMD's, in capitals. Source: AMD "RDNA3 Instruction Set Architecture", chapter 16.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[allow(non_camel_case_types)]
        #[non_exhaustive]
        #[repr(u16)]
        pub enum Op {
            $(#[doc = concat!("`", stringify!($name), "`.")] $name,)*
        }

        impl Op {
            /// Every operation, in the order of the tables.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The name in assembly text, without a suffix for the encoding.
            #[must_use]
            pub const fn mnemonic(self) -> &'static str {
                pastey::paste! {
                    match self {
                        $(Self::$name => stringify!([<$name:lower>]),)*
                    }
                }
            }
        }
    };
}

sop2! { sop1 sopc sopk sopp smem vop1 vop2 vopc vop3 vop3p vinterp ldsdir ds flat global scratch mubuf mtbuf mimg exp define_ops ; }
