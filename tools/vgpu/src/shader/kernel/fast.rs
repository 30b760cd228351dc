//! The f32 operations that kernels are made of, with NaNs taken out of the loop.
//!
//! A NaN among the inputs makes the result one, so that a loop without any test for NaN tells in the end whether it was
//! right; if there was a NaN in any lane the careful functions do it again. Only to nearest even.

use sparkle_rdna3::Op;

use crate::shader::isa::{Isa, Kernel32, Loop32};
use crate::shader::lane::{Mode, f32 as single};
use crate::shader::step::Outcome;
use crate::shader::wave::{FloatMode, Lanes, ModeClass};

const SIGN: u32 = 1 << 31;
const EXPONENT: u32 = 0x7f80_0000;

#[inline(always)]
fn flush<const FLUSH: bool>(x: u32) -> u32 {
    if FLUSH && x & EXPONENT == 0 { x & SIGN } else { x }
}

/// Computes `out` by host arithmetic; whether all of it is right.
#[inline(always)]
pub(crate) fn numbers<const FLUSH: bool>(
    [a, b, c]: [&Lanes; 3],
    out: &mut Lanes,
    lane: impl Fn(f32, f32, f32) -> f32,
) -> bool {
    let mut wrong = 0;
    for i in 0..32 {
        let [a, b, c] = [a.0[i], b.0[i], c.0[i]].map(|x| f32::from_bits(flush::<FLUSH>(x)));
        let result = lane(a, b, c);
        wrong |= u32::from(result.is_nan());
        out.0[i] = flush::<FLUSH>(result.to_bits());
    }
    wrong == 0
}

#[inline(always)]
fn run(
    float: FloatMode,
    sources: [&Lanes; 3],
    out: &mut Lanes,
    lane: impl Fn(f32, f32, f32) -> f32 + Copy,
    careful: impl Fn(Mode, u32, u32, u32) -> u32,
) {
    let right = match float.class {
        ModeClass::Bench => numbers::<true>(sources, out, lane),
        ModeClass::Keep => numbers::<false>(sources, out, lane),
        ModeClass::Other => false,
    };
    if !right {
        let [a, b, c] = sources;
        for i in 0..32 {
            out.0[i] = careful(float.mode, a.0[i], b.0[i], c.0[i]);
        }
    }
}

macro_rules! fast {
    ($($($op:ident)|+ => $fast:expr, $careful:expr;)+) => {
        pub(super) fn find(op: Op, isa: Isa) -> Option<super::Found> {
            match op {
                $($(Op::$op)|+ => {
                    struct Row;
                    impl Loop32 for Row {
                        #[inline(always)]
                        fn run(float: FloatMode, sources: [&Lanes; 3], _: u32, out: &mut Lanes) -> u32 {
                            run(float, sources, out, $fast, $careful);
                            0
                        }
                    }
                    Some((Kernel32::new::<Row>(isa), Outcome::F32))
                })+
                _ => None,
            }
        }
    };
}

fast! {
    V_ADD_F32 => |a, b, _| a + b, |mode, a, b, _| single::add(mode, a, b);
    V_SUB_F32 => |a, b, _| a - b, |mode, a, b, _| single::sub(mode, a, b);
    V_SUBREV_F32 => |a, b, _| b - a, |mode, a, b, _| single::sub(mode, b, a);
    V_MUL_F32 => |a, b, _| a * b, |mode, a, b, _| single::mul(mode, a, b);
    V_FMA_F32 | V_FMAC_F32 | V_FMAAK_F32 | V_FMAMK_F32 => |a, b, c| a.mul_add(b, c), single::fma;
}
