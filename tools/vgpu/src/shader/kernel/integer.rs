//! Integers and bits.

use sparkle_rdna3::Op;

use super::{carry_table, plain_table};
use crate::shader::isa::{Isa, Kernel32, Loop32};
use crate::shader::lane::{bytes, int};
use crate::shader::step::Outcome;
use crate::shader::wave::{FloatMode, Lanes};

#[inline(always)]
fn low(x: u32) -> u16 {
    x as u16 // CAST: the low half holds the value
}

plain_table! {
    /// Operations on 32 bits.
    find;
    V_MOV_B32 => B32, |a, b, c| a;
    V_NOT_B32 => B32, |a, b, c| !a;
    V_BFREV_B32 => B32, |a, b, c| int::bfrev(a);
    V_CLZ_I32_U32 => B32, |a, b, c| int::clz(a);
    V_CTZ_I32_B32 => B32, |a, b, c| int::ctz(a);
    V_CLS_I32 => B32, |a, b, c| int::cls(a);
    V_MUL_I32_I24 => B32, |a, b, c| int::mul_i24(a, b);
    V_MUL_HI_I32_I24 => B32, |a, b, c| int::mul_hi_i24(a, b);
    V_MUL_U32_U24 => B32, |a, b, c| int::mul_u24(a, b);
    V_MUL_HI_U32_U24 => B32, |a, b, c| int::mul_hi_u24(a, b);
    V_MIN_I32 => B32, |a, b, c| int::min_i32(a, b);
    V_MAX_I32 => B32, |a, b, c| int::max_i32(a, b);
    V_MIN_U32 => B32, |a, b, c| a.min(b);
    V_MAX_U32 => B32, |a, b, c| a.max(b);
    V_LSHLREV_B32 => B32, |a, b, c| int::lshlrev_b32(a, b);
    V_LSHRREV_B32 => B32, |a, b, c| int::lshrrev_b32(a, b);
    V_ASHRREV_I32 => B32, |a, b, c| int::ashrrev_i32(a, b);
    V_AND_B32 => B32, |a, b, c| a & b;
    V_OR_B32 => B32, |a, b, c| a | b;
    V_XOR_B32 => B32, |a, b, c| a ^ b;
    V_XNOR_B32 => B32, |a, b, c| !(a ^ b);
    V_ADD_NC_U32 | V_ADD_NC_I32 => B32, |a, b, c| a.wrapping_add(b);
    V_SUB_NC_U32 | V_SUB_NC_I32 => B32, |a, b, c| a.wrapping_sub(b);
    V_SUBREV_NC_U32 => B32, |a, b, c| b.wrapping_sub(a);
    V_MAD_I32_I24 => B32, |a, b, c| int::mad_i24(a, b, c);
    V_MAD_U32_U24 => B32, |a, b, c| int::mad_u24(a, b, c);
    V_BFE_U32 => B32, |a, b, c| int::bfe_u32(a, b, c);
    V_BFE_I32 => B32, |a, b, c| int::bfe_i32(a, b, c);
    V_BFI_B32 => B32, |a, b, c| int::bfi(a, b, c);
    V_LERP_U8 => B32, |a, b, c| bytes::lerp_u8(a, b, c);
    V_ALIGNBIT_B32 => B32, |a, b, c| int::alignbit(a, b, c);
    V_ALIGNBYTE_B32 => B32, |a, b, c| int::alignbyte(a, b, c);
    V_MIN3_I32 => B32, |a, b, c| int::min3_i32(a, b, c);
    V_MIN3_U32 => B32, |a, b, c| int::min3_u32(a, b, c);
    V_MAX3_I32 => B32, |a, b, c| int::max3_i32(a, b, c);
    V_MAX3_U32 => B32, |a, b, c| int::max3_u32(a, b, c);
    V_MED3_I32 => B32, |a, b, c| int::med3_i32(a, b, c);
    V_MED3_U32 => B32, |a, b, c| int::med3_u32(a, b, c);
    V_MAXMIN_I32 => B32, |a, b, c| int::maxmin_i32(a, b, c);
    V_MINMAX_I32 => B32, |a, b, c| int::minmax_i32(a, b, c);
    V_MAXMIN_U32 => B32, |a, b, c| int::maxmin_u32(a, b, c);
    V_MINMAX_U32 => B32, |a, b, c| int::minmax_u32(a, b, c);
    V_SAD_U8 => B32, |a, b, c| bytes::sad_u8(false, a, b, c);
    V_SAD_HI_U8 => B32, |a, b, c| bytes::sad_hi_u8(false, a, b, c);
    V_SAD_U16 => B32, |a, b, c| bytes::sad_u16(false, a, b, c);
    V_SAD_U32 => B32, |a, b, c| bytes::sad_u32(false, a, b, c);
    V_MSAD_U8 => B32, |a, b, c| bytes::msad_u8(false, a, b, c);
    V_XOR3_B32 => B32, |a, b, c| int::xor3(a, b, c);
    V_PERM_B32 => B32, |a, b, c| bytes::perm(a, b, c);
    V_XAD_U32 => B32, |a, b, c| int::xad(a, b, c);
    V_LSHL_ADD_U32 => B32, |a, b, c| int::lshl_add(a, b, c);
    V_ADD_LSHL_U32 => B32, |a, b, c| int::add_lshl(a, b, c);
    V_ADD3_U32 => B32, |a, b, c| int::add3(a, b, c);
    V_LSHL_OR_B32 => B32, |a, b, c| int::lshl_or(a, b, c);
    V_AND_OR_B32 => B32, |a, b, c| int::and_or(a, b, c);
    V_OR3_B32 => B32, |a, b, c| int::or3(a, b, c);
    V_BFM_B32 => B32, |a, b, c| int::bfm(a, b);
    V_BCNT_U32_B32 => B32, |a, b, c| int::bcnt(a, b);
    V_MUL_LO_U32 => B32, |a, b, c| a.wrapping_mul(b);
    V_MUL_HI_U32 => B32, |a, b, c| int::mul_hi_u32(a, b);
    V_MUL_HI_I32 => B32, |a, b, c| int::mul_hi_i32(a, b);
    V_MAD_U32_U16 => B32, |a, b, c| int::mad_u32_u16(low(a), low(b), c);
    V_MAD_I32_I16 => B32, |a, b, c| int::mad_i32_i16(low(a), low(b), c);
}

macro_rules! halves {
    ($find:ident; $($($op:ident)|+ => |$a:ident, $b:ident, $c:ident| $body:expr;)+) => {
        plain_table! {
            /// Operations on 16 bits, in the low halves of the lanes.
            $find;
            $($($op)|+ => B16, |$a, $b, $c| {
                let ($a, $b, $c) = (low($a), low($b), low($c));
                u32::from($body)
            };)+
        }
    };
}

halves! {
    find_half;
    V_MOV_B16 => |a, b, c| a;
    V_NOT_B16 => |a, b, c| !a;
    V_AND_B16 => |a, b, c| a & b;
    V_OR_B16 => |a, b, c| a | b;
    V_XOR_B16 => |a, b, c| a ^ b;
    V_ADD_NC_U16 | V_ADD_NC_I16 | V_PK_ADD_I16 | V_PK_ADD_U16 => |a, b, c| a.wrapping_add(b);
    V_SUB_NC_U16 | V_SUB_NC_I16 | V_PK_SUB_I16 | V_PK_SUB_U16 => |a, b, c| a.wrapping_sub(b);
    V_MUL_LO_U16 | V_PK_MUL_LO_U16 => |a, b, c| a.wrapping_mul(b);
    V_MAX_U16 | V_PK_MAX_U16 => |a, b, c| a.max(b);
    V_MIN_U16 | V_PK_MIN_U16 => |a, b, c| a.min(b);
    V_MAX_I16 | V_PK_MAX_I16 => |a, b, c| int::max_i16(a, b);
    V_MIN_I16 | V_PK_MIN_I16 => |a, b, c| int::min_i16(a, b);
    V_MIN3_I16 => |a, b, c| int::min3_i16(a, b, c);
    V_MIN3_U16 => |a, b, c| int::min3_u16(a, b, c);
    V_MAX3_I16 => |a, b, c| int::max3_i16(a, b, c);
    V_MAX3_U16 => |a, b, c| int::max3_u16(a, b, c);
    V_MED3_I16 => |a, b, c| int::med3_i16(a, b, c);
    V_MED3_U16 => |a, b, c| int::med3_u16(a, b, c);
    V_MAD_U16 | V_MAD_I16 | V_PK_MAD_I16 | V_PK_MAD_U16 => |a, b, c| int::mad_16(a, b, c);
    V_LSHLREV_B16 | V_PK_LSHLREV_B16 => |a, b, c| int::lshlrev_b16(a, b);
    V_LSHRREV_B16 | V_PK_LSHRREV_B16 => |a, b, c| int::lshrrev_b16(a, b);
    V_ASHRREV_I16 | V_PK_ASHRREV_I16 => |a, b, c| int::ashrrev_i16(a, b);
}

plain_table! {
    /// What the clamp bit makes of operations that saturate then.
    saturating;
    V_ADD_NC_U32 => B32, |a, b, c| int::add_sat_u32(a, b);
    V_SUB_NC_U32 => B32, |a, b, c| int::sub_sat_u32(a, b);
    V_SUBREV_NC_U32 => B32, |a, b, c| int::sub_sat_u32(b, a);
    V_ADD_NC_I32 => B32, |a, b, c| int::add_sat_i32(a, b);
    V_SUB_NC_I32 => B32, |a, b, c| int::sub_sat_i32(a, b);
    V_MAD_I32_I24 => B32, |a, b, c| int::mad_sat_i24(a, b, c);
    V_MAD_U32_U24 => B32, |a, b, c| int::mad_sat_u24(a, b, c);
    V_MUL_I32_I24 => B32, |a, b, c| int::mad_sat_i24(a, b, 0);
    V_MUL_U32_U24 => B32, |a, b, c| int::mad_sat_u24(a, b, 0);
    V_ADD_NC_U16 | V_PK_ADD_U16 => B16, |a, b, c| u32::from(int::add_sat_u16(low(a), low(b)));
    V_SUB_NC_U16 | V_PK_SUB_U16 => B16, |a, b, c| u32::from(int::sub_sat_u16(low(a), low(b)));
    V_ADD_NC_I16 | V_PK_ADD_I16 => B16, |a, b, c| u32::from(int::add_sat_i16(low(a), low(b)));
    V_SUB_NC_I16 | V_PK_SUB_I16 => B16, |a, b, c| u32::from(int::sub_sat_i16(low(a), low(b)));
    V_MAD_U32_U16 => B32, |a, b, c| int::mad_sat_u32_u16(low(a), low(b), c);
    V_MAD_I32_I16 => B32, |a, b, c| int::mad_sat_i32_i16(low(a), low(b), c);
    V_SAD_U8 => B32, |a, b, c| bytes::sad_u8(true, a, b, c);
    V_SAD_HI_U8 => B32, |a, b, c| bytes::sad_hi_u8(true, a, b, c);
    V_SAD_U16 => B32, |a, b, c| bytes::sad_u16(true, a, b, c);
    V_SAD_U32 => B32, |a, b, c| bytes::sad_u32(true, a, b, c);
    V_MSAD_U8 => B32, |a, b, c| bytes::msad_u8(true, a, b, c);
    V_PK_MUL_LO_U16 => B16, |a, b, c| u32::from(int::mul_sat_u16(low(a), low(b)));
    V_MAD_U16 | V_PK_MAD_U16 => B16, |a, b, c| u32::from(int::mad_sat_u16(low(a), low(b), low(c)));
    V_MAD_I16 | V_PK_MAD_I16 => B16, |a, b, c| u32::from(int::mad_sat_i16(low(a), low(b), low(c)));
}

carry_table! {
    /// Operations with a bit for each lane.
    find_carry;
    V_CNDMASK_B32 => B32, |a, b, c, bit| (if bit { b } else { a }, false);
    V_CNDMASK_B16 => B16, |a, b, c, bit| (if bit { b } else { a }, false);
    V_ADD_CO_U32 => B32, |a, b, c, bit| int::add_co(a, b);
    V_SUB_CO_U32 => B32, |a, b, c, bit| int::sub_co(a, b);
    V_SUBREV_CO_U32 => B32, |a, b, c, bit| int::sub_co(b, a);
    V_ADD_CO_CI_U32 => B32, |a, b, c, bit| int::add_co_ci(a, b, bit);
    V_SUB_CO_CI_U32 => B32, |a, b, c, bit| int::sub_co_ci(a, b, bit);
    V_SUBREV_CO_CI_U32 => B32, |a, b, c, bit| int::sub_co_ci(b, a, bit);
}

carry_table! {
    /// The same, clamped.
    saturating_carry;
    V_ADD_CO_U32 => B32, |a, b, c, bit| int::clamp_sum(int::add_co(a, b));
    V_SUB_CO_U32 => B32, |a, b, c, bit| int::clamp_difference(int::sub_co(a, b));
    V_SUBREV_CO_U32 => B32, |a, b, c, bit| int::clamp_difference(int::sub_co(b, a));
    V_ADD_CO_CI_U32 => B32, |a, b, c, bit| int::clamp_sum(int::add_co_ci(a, b, bit));
    V_SUB_CO_CI_U32 => B32, |a, b, c, bit| int::clamp_difference(int::sub_co_ci(a, b, bit));
    V_SUBREV_CO_CI_U32 => B32, |a, b, c, bit| int::clamp_difference(int::sub_co_ci(b, a, bit));
}

/// `V_MBCNT_*`; the mask is the number of the first lane.
pub(super) fn find_lane_count(op: Op, isa: Isa) -> Option<super::Found> {
    struct Low;
    impl Loop32 for Low {
        #[inline(always)]
        fn run(_: FloatMode, [a, b, _]: [&Lanes; 3], first: u32, out: &mut Lanes) -> u32 {
            for i in 0..32 {
                out.0[i] = int::mbcnt_lo(a.0[i], b.0[i], first + i as u32); // CAST: below 32
            }
            0
        }
    }
    struct High;
    impl Loop32 for High {
        #[inline(always)]
        fn run(_: FloatMode, [a, b, _]: [&Lanes; 3], first: u32, out: &mut Lanes) -> u32 {
            for i in 0..32 {
                out.0[i] = int::mbcnt_hi(a.0[i], b.0[i], first + i as u32); // CAST: below 32
            }
            0
        }
    }
    match op {
        Op::V_MBCNT_LO_U32_B32 => Some((Kernel32::new::<Low>(isa), Outcome::B32)),
        Op::V_MBCNT_HI_U32_B32 => Some((Kernel32::new::<High>(isa), Outcome::B32)),
        _ => None,
    }
}
