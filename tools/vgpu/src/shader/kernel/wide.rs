//! Operations with a source or a result of 64 bits.

use sparkle_rdna3::Op;

use super::each_wide;
use crate::shader::isa::{Isa, Kernel64, Loop64, Wide};
use crate::shader::lane::{Mode, bytes, convert, f64, int, trans, trig_preop};
use crate::shader::step::Outcome;

#[inline(always)]
fn word(x: u64) -> u32 {
    x as u32 // CAST: the low half holds the value
}

macro_rules! wide_table {
    ($(#[$doc:meta])* $find:ident; $($($op:ident)|+ => $outcome:ident, |$m:ident, $a:ident, $b:ident, $c:ident| $body:expr;)+) => {
        $(#[$doc])*
        pub(super) fn $find(op: Op, isa: Isa) -> Option<(Kernel64, Outcome)> {
            match op {
                $($(Op::$op)|+ => {
                    struct Row;
                    impl Loop64 for Row {
                        #[inline(always)]
                        fn run(mode: Mode, sources: [&Wide; 3], _: u32, out: &mut Wide) -> u32 {
                            #[inline(always)]
                            #[allow(unused_variables)] // not every operation has three sources
                            fn lane($m: Mode, $a: u64, $b: u64, $c: u64) -> u64 {
                                $body
                            }
                            each_wide(mode, sources, out, lane);
                            0
                        }
                    }
                    Some((Kernel64::new::<Row>(isa), Outcome::$outcome))
                })+
                _ => None,
            }
        }
    };
}

wide_table! {
    /// Operations without masks.
    find;
    V_ADD_F64 => F64, |m, a, b, c| f64::add(m, a, b);
    V_MUL_F64 => F64, |m, a, b, c| f64::mul(m, a, b);
    V_MIN_F64 => F64, |m, a, b, c| f64::min(m, a, b);
    V_MAX_F64 => F64, |m, a, b, c| f64::max(m, a, b);
    V_FMA_F64 => F64, |m, a, b, c| f64::fma(m, a, b, c);
    V_DIV_FIXUP_F64 => F64, |m, a, b, c| f64::div_fixup(m, a, b, c);
    V_LDEXP_F64 => F64, |m, a, b, c| f64::ldexp(m, a, word(b));
    V_TRIG_PREOP_F64 => F64, |m, a, b, c| trig_preop(m, a, word(b));
    V_RCP_F64 => F64, |m, a, b, c| trans::rcp_f64(m, a);
    V_RSQ_F64 => F64, |m, a, b, c| trans::rsq_f64(m, a);
    V_SQRT_F64 => F64, |m, a, b, c| trans::sqrt_f64(m, a);
    V_TRUNC_F64 => F64, |m, a, b, c| f64::trunc(m, a);
    V_CEIL_F64 => F64, |m, a, b, c| f64::ceil(m, a);
    V_RNDNE_F64 => F64, |m, a, b, c| f64::rndne(m, a);
    V_FLOOR_F64 => F64, |m, a, b, c| f64::floor(m, a);
    V_FRACT_F64 => F64, |m, a, b, c| f64::fract(m, a);
    V_FREXP_MANT_F64 => F64, |m, a, b, c| f64::frexp_mant(m, a);
    V_FREXP_EXP_I32_F64 => B32, |m, a, b, c| f64::frexp_exp(m, a).into();
    V_CVT_I32_F64 => B32, |m, a, b, c| convert::i32_from_f64(a).into();
    V_CVT_U32_F64 => B32, |m, a, b, c| convert::u32_from_f64(a).into();
    V_CVT_F64_I32 => F64, |m, a, b, c| convert::f64_from_i32(word(a));
    V_CVT_F64_U32 => F64, |m, a, b, c| convert::f64_from_u32(word(a));
    V_CVT_F32_F64 => F32, |m, a, b, c| convert::f32_from_f64(m, a).into();
    V_CVT_F64_F32 => F64, |m, a, b, c| convert::f64_from_f32(m, word(a));
    V_LSHLREV_B64 => B64, |m, a, b, c| int::lshlrev_b64(word(a), b);
    V_LSHRREV_B64 => B64, |m, a, b, c| int::lshrrev_b64(word(a), b);
    V_ASHRREV_I64 => B64, |m, a, b, c| int::ashrrev_i64(word(a), b);
    V_QSAD_PK_U16_U8 => B64, |m, a, b, c| bytes::qsad_pk_u16_u8(false, a, word(b), c);
    V_MQSAD_PK_U16_U8 => B64, |m, a, b, c| bytes::mqsad_pk_u16_u8(false, a, word(b), c);
}

wide_table! {
    /// What the clamp bit makes of operations that saturate then.
    saturating;
    V_QSAD_PK_U16_U8 => B64, |m, a, b, c| bytes::qsad_pk_u16_u8(true, a, word(b), c);
    V_MQSAD_PK_U16_U8 => B64, |m, a, b, c| bytes::mqsad_pk_u16_u8(true, a, word(b), c);
}

macro_rules! masked {
    ($(#[$doc:meta])* $find:ident; $($op:ident => $outcome:ident, |$m:ident, $a:ident, $b:ident, $c:ident, $bit:ident| $body:expr;)+) => {
        $(#[$doc])*
        pub(super) fn $find(op: Op, isa: Isa) -> Option<(Kernel64, Outcome)> {
            match op {
                $(Op::$op => {
                    struct Row;
                    impl Loop64 for Row {
                        #[inline(always)]
                        #[allow(unused_variables)] // not every operation reads MODE and a bit
                        fn run($m: Mode, [a, b, c]: [&Wide; 3], mask: u32, out: &mut Wide) -> u32 {
                            let mut bits = 0;
                            for i in 0..32 {
                                let ($a, $b, $c, $bit) = (a[i], b[i], c[i], mask >> i & 1 != 0);
                                let (value, bit): (u64, bool) = $body;
                                out[i] = value;
                                bits |= u32::from(bit) << i;
                            }
                            bits
                        }
                    }
                    Some((Kernel64::new::<Row>(isa), Outcome::$outcome))
                })+
                _ => None,
            }
        }
    };
}

masked! {
    /// Operations with a bit for each lane in or out.
    find_with_mask;
    V_MAD_U64_U32 => B64, |m, a, b, c, bit| int::mad_u64_u32(word(a), word(b), c);
    V_MAD_I64_I32 => B64, |m, a, b, c, bit| int::mad_i64_i32(word(a), word(b), c);
    V_DIV_SCALE_F64 => F64, |m, a, b, c, bit| f64::div_scale(m, a, b, c);
    V_DIV_FMAS_F64 => F64, |m, a, b, c, bit| (f64::div_fmas(m, a, b, c, bit), false);
}

masked! {
    /// The same, clamped.
    saturating_with_mask;
    V_MAD_U64_U32 => B64, |m, a, b, c, bit| int::mad_sat_u64_u32(word(a), word(b), c);
    V_MAD_I64_I32 => B64, |m, a, b, c, bit| int::mad_sat_i64_i32(word(a), word(b), c);
}
