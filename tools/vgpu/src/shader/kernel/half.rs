//! Half precision: values in the low halves of the lanes.

use super::table;
use crate::shader::lane::{f16, trans};

#[inline(always)]
fn low(x: u32) -> u16 {
    x as u16 // CAST: the low half holds the value
}

macro_rules! halves {
    ($($($op:ident)|+ => $outcome:ident, |$m:ident, $a:ident, $b:ident, $c:ident| $body:expr;)+) => {
        table! {
            /// Operations on f16.
            find;
            $($($op)|+ => $outcome, |$m, $a, $b, $c| {
                let ($a, $b, $c) = (low($a), low($b), low($c));
                u32::from($body)
            };)+
        }
    };
}

halves! {
    V_ADD_F16 | V_PK_ADD_F16 => F16, |m, a, b, c| f16::add(m, a, b);
    V_SUB_F16 => F16, |m, a, b, c| f16::sub(m, a, b);
    V_SUBREV_F16 => F16, |m, a, b, c| f16::sub(m, b, a);
    V_MUL_F16 | V_PK_MUL_F16 => F16, |m, a, b, c| f16::mul(m, a, b);
    V_FMA_F16 | V_FMAC_F16 | V_FMAAK_F16 | V_FMAMK_F16 | V_PK_FMA_F16 | V_PK_FMAC_F16 => F16, |m, a, b, c| f16::fma(m, a, b, c);
    V_MIN_F16 | V_PK_MIN_F16 => F16, |m, a, b, c| f16::min(m, a, b);
    V_MAX_F16 | V_PK_MAX_F16 => F16, |m, a, b, c| f16::max(m, a, b);
    V_MIN3_F16 => F16, |m, a, b, c| f16::min3(m, a, b, c);
    V_MAX3_F16 => F16, |m, a, b, c| f16::max3(m, a, b, c);
    V_MED3_F16 => F16, |m, a, b, c| f16::med3(m, a, b, c);
    V_MINMAX_F16 => F16, |m, a, b, c| f16::minmax(m, a, b, c);
    V_MAXMIN_F16 => F16, |m, a, b, c| f16::maxmin(m, a, b, c);
    V_TRUNC_F16 => F16, |m, a, b, c| f16::trunc(m, a);
    V_CEIL_F16 => F16, |m, a, b, c| f16::ceil(m, a);
    V_RNDNE_F16 => F16, |m, a, b, c| f16::rndne(m, a);
    V_FLOOR_F16 => F16, |m, a, b, c| f16::floor(m, a);
    V_FRACT_F16 => F16, |m, a, b, c| f16::fract(m, a);
    V_FREXP_MANT_F16 => F16, |m, a, b, c| f16::frexp_mant(m, a);
    V_FREXP_EXP_I16_F16 => B16, |m, a, b, c| f16::frexp_exp(m, a);
    V_LDEXP_F16 => F16, |m, a, b, c| f16::ldexp(m, a, b);
    V_DIV_FIXUP_F16 => F16, |m, a, b, c| f16::div_fixup(m, a, b, c);
    V_EXP_F16 => F16, |m, a, b, c| trans::exp_f16(m, a);
    V_LOG_F16 => F16, |m, a, b, c| trans::log_f16(m, a);
    V_RCP_F16 => F16, |m, a, b, c| trans::rcp_f16(m, a);
    V_RSQ_F16 => F16, |m, a, b, c| trans::rsq_f16(m, a);
    V_SQRT_F16 => F16, |m, a, b, c| trans::sqrt_f16(m, a);
    V_SIN_F16 => F16, |m, a, b, c| trans::sin_f16(m, a);
    V_COS_F16 => F16, |m, a, b, c| trans::cos_f16(m, a);
}
