//! Single precision.

use sparkle_rdna3::Op;

use super::table;
use crate::shader::isa::{Isa, Kernel32, Loop32};
use crate::shader::lane::{f32, trans};
use crate::shader::step::Outcome;
use crate::shader::wave::{FloatMode, Lanes};

table! {
    /// Operations on f32.
    find;
    V_MUL_DX9_ZERO_F32 => F32, |m, a, b, c| f32::mul_dx9_zero(m, a, b);
    V_FMA_DX9_ZERO_F32 | V_FMAC_DX9_ZERO_F32 => F32, |m, a, b, c| f32::fma_dx9_zero(m, a, b, c);
    V_MIN_F32 => F32, |m, a, b, c| f32::min(m, a, b);
    V_MAX_F32 => F32, |m, a, b, c| f32::max(m, a, b);
    V_MIN3_F32 => F32, |m, a, b, c| f32::min3(m, a, b, c);
    V_MAX3_F32 => F32, |m, a, b, c| f32::max3(m, a, b, c);
    V_MED3_F32 => F32, |m, a, b, c| f32::med3(m, a, b, c);
    V_MINMAX_F32 => F32, |m, a, b, c| f32::minmax(m, a, b, c);
    V_MAXMIN_F32 => F32, |m, a, b, c| f32::maxmin(m, a, b, c);
    V_MULLIT_F32 => F32, |m, a, b, c| f32::mullit(m, a, b, c);
    V_CUBEID_F32 => F32, |m, a, b, c| f32::cubeid(m, a, b, c);
    V_CUBESC_F32 => F32, |m, a, b, c| f32::cubesc(m, a, b, c);
    V_CUBETC_F32 => F32, |m, a, b, c| f32::cubetc(m, a, b, c);
    V_CUBEMA_F32 => F32, |m, a, b, c| f32::cubema(m, a, b, c);
    V_TRUNC_F32 => F32, |m, a, b, c| f32::trunc(m, a);
    V_CEIL_F32 => F32, |m, a, b, c| f32::ceil(m, a);
    V_RNDNE_F32 => F32, |m, a, b, c| f32::rndne(m, a);
    V_FLOOR_F32 => F32, |m, a, b, c| f32::floor(m, a);
    V_FRACT_F32 => F32, |m, a, b, c| f32::fract(m, a);
    V_FREXP_MANT_F32 => F32, |m, a, b, c| f32::frexp_mant(m, a);
    V_FREXP_EXP_I32_F32 => B32, |m, a, b, c| f32::frexp_exp(m, a);
    V_LDEXP_F32 => F32, |m, a, b, c| f32::ldexp(m, a, b);
    V_DIV_FIXUP_F32 => F32, |m, a, b, c| f32::div_fixup(m, a, b, c);
    V_EXP_F32 => F32, |m, a, b, c| trans::exp_f32(m, a);
    V_LOG_F32 => F32, |m, a, b, c| trans::log_f32(m, a);
    V_RCP_F32 | V_RCP_IFLAG_F32 => F32, |m, a, b, c| trans::rcp_f32(m, a);
    V_RSQ_F32 => F32, |m, a, b, c| trans::rsq_f32(m, a);
    V_SQRT_F32 => F32, |m, a, b, c| trans::sqrt_f32(m, a);
    V_SIN_F32 => F32, |m, a, b, c| trans::sin_f32(m, a);
    V_COS_F32 => F32, |m, a, b, c| trans::cos_f32(m, a);
}

/// The steps of a division that write or read a bit for each lane.
pub(super) fn find_division(op: Op, isa: Isa) -> Option<super::Found> {
    struct Scale;
    impl Loop32 for Scale {
        #[inline(always)]
        fn run(float: FloatMode, [a, b, c]: [&Lanes; 3], _: u32, out: &mut Lanes) -> u32 {
            let mut bits = 0;
            for i in 0..32 {
                let (value, bit) = f32::div_scale(float.mode, a.0[i], b.0[i], c.0[i]);
                out.0[i] = value;
                bits |= u32::from(bit) << i;
            }
            bits
        }
    }
    struct Fmas;
    impl Loop32 for Fmas {
        #[inline(always)]
        fn run(float: FloatMode, [a, b, c]: [&Lanes; 3], mask: u32, out: &mut Lanes) -> u32 {
            for i in 0..32 {
                out.0[i] = f32::div_fmas(float.mode, a.0[i], b.0[i], c.0[i], mask >> i & 1 != 0);
            }
            0
        }
    }
    match op {
        Op::V_DIV_SCALE_F32 => Some((Kernel32::new::<Scale>(isa), Outcome::F32)),
        Op::V_DIV_FMAS_F32 => Some((Kernel32::new::<Fmas>(isa), Outcome::F32)),
        _ => None,
    }
}
