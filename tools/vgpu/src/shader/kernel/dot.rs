//! Dot products and mixed precision. Halves and signs of the sources are chosen before.

use sparkle_rdna3::Op;

use super::{each_plain, table};
use crate::shader::isa::{Isa, Kernel32, Loop32};
use crate::shader::lane::dot::{self, Signed};
use crate::shader::step::Outcome;
use crate::shader::wave::{FloatMode, Lanes};

#[inline(always)]
fn low(x: u32) -> u16 {
    x as u16 // CAST: the low half holds the value
}

table! {
    /// Products of floats.
    find;
    V_DOT2_F32_F16 => F32, |m, a, b, c| dot::dot2_f32_f16(m, a, b, c);
    V_DOT2ACC_F32_F16 => F32, |m, a, b, c| dot::dot2acc_f32_f16(m, a, b, c);
    V_DOT2_F32_BF16 => F32, |m, a, b, c| dot::dot2_f32_bf16(m, a, b, c);
    V_DOT2_F16_F16 => F16, |m, a, b, c| u32::from(dot::dot2_f16_f16(m, a, b, low(c)));
    V_DOT2_BF16_BF16 => B16, |m, a, b, c| u32::from(dot::dot2_bf16_bf16(m, a, b, low(c)));
    V_FMA_MIX_F32 => F32, |m, a, b, c| dot::fma_mix(m, a, b, c);
    V_FMA_MIXLO_F16 | V_FMA_MIXHI_F16 => F16, |m, a, b, c| u32::from(dot::fma_mix_f16(m, a, b, c));
}

/// Bits of the mask that integer products are called with.
pub(crate) mod bit {
    /// The first source is signed.
    pub(crate) const SIGNED_A: u32 = 1;
    /// The second source is signed.
    pub(crate) const SIGNED_B: u32 = 2;
    /// The result is clamped.
    pub(crate) const CLAMP: u32 = 4;
}

macro_rules! integers {
    ($($op:ident => |$signed:ident, $clamp:ident, $a:ident, $b:ident, $c:ident| $body:expr;)+) => {
        /// Products of integers; the mask has the bits of [`bit`].
        pub(super) fn find_integer(op: Op, isa: Isa) -> Option<super::Found> {
            match op {
                $(Op::$op => {
                    struct Row;
                    impl Loop32 for Row {
                        #[inline(always)]
                        fn run(_: FloatMode, sources: [&Lanes; 3], mask: u32, out: &mut Lanes) -> u32 {
                            let $signed = Signed { a: mask & bit::SIGNED_A != 0, b: mask & bit::SIGNED_B != 0 };
                            let $clamp = mask & bit::CLAMP != 0;
                            let _ = $signed;
                            each_plain(sources, out, |$a, $b, $c| $body);
                            0
                        }
                    }
                    Some((Kernel32::new::<Row>(isa), Outcome::B32))
                })+
                _ => None,
            }
        }
    };
}

integers! {
    V_DOT4_I32_IU8 => |signed, clamp, a, b, c| dot::dot4_i32_iu8(signed, clamp, a, b, c);
    V_DOT4_U32_U8 => |signed, clamp, a, b, c| dot::dot4_u32_u8(clamp, a, b, c);
    V_DOT8_I32_IU4 => |signed, clamp, a, b, c| dot::dot8_i32_iu4(signed, clamp, a, b, c);
    V_DOT8_U32_U4 => |signed, clamp, a, b, c| dot::dot8_u32_u4(clamp, a, b, c);
}
