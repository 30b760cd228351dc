//! The arithmetic of RDNA3 instructions, for one lane (or, in [`scalar`], for one wave's scalar unit).
//!
//! Everything here is a pure function from bit patterns to bit patterns: no state, no registers, no memory. Operand
//! selection (`op_sel`, `neg_lo`, literals, inline constants), EXEC and the writing of results are the executor's. Bit
//! patterns rather than floats, because a NaN keeps its payload only as an integer.
//!
//! How the functions are meant to be called: from a loop over 32 lanes that the compiler vectorises. So nearly all are
//! `#[inline(always)]` and choose by selects on lane values; they branch only on [`Mode`] and on arguments that are the
//! same in all lanes. A caller that passes a constant `Mode` pays nothing for the others; one that has it at run time
//! does best to test once, outside its loop, whether it equals [`Mode::BENCH`].
//!
//! Slow, and not meant for such loops: directed rounding of f64, `LDEXP`, `DIV_SCALE` and `DIV_FMAS` of f64, which take
//! wide integers. In copies of a loop that are compiled without FMA, [`f32::fma_through_f64`] stands in for
//! [`f32::fma`]; without SSE4.1 the roundings to integral values are calls.
//!
//! Names are AMD's without the `V_` and the type suffix, which is the module: `V_MIN3_F16` is [`f16::min3`]. The `REV`
//! forms of subtraction and the `FMAC`, `FMAAK` and `FMAMK` forms of `FMA` have no functions; they only order operands.
//!
//! Source, here and below unless another is named: AMD, "RDNA3" Instruction Set Architecture, Reference Guide, 15
//! August 2023; "guide" for short.

pub mod bytes;
mod common;
pub mod convert;
pub mod dot;
pub mod dpp;
pub mod f16;
pub mod f32;
pub mod f64;
pub mod int;
pub mod mode;
#[cfg(test)]
mod oracle;
mod round;
pub mod scalar;
pub mod trans;
mod trig_preop;
pub mod wmma;

#[cfg(test)]
mod tests;

pub use common::{FloatCompare, IntCompare};
pub use mode::{Denorm, Mode, OutputModifier, Round};
pub use trig_preop::trig_preop;
