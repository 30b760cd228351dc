//! Dot products of packed values, and the fused multiply-add on mixed formats.
//!
//! Float dot products are the guide's pseudocode step by step; whether hardware rounds between the steps is not known.

use super::f16;
use super::f32;
use super::int::clamp_i32;
use super::mode::{Denorm, Mode, Round};
use super::round::{narrow_32_to_bf16, widen_16_to_32, widen_bf16_to_32};

#[inline(always)]
fn halves(x: u32) -> [u16; 2] {
    [x as u16, (x >> 16) as u16] // CAST: one half each
}

/// The products of the low and the high halves, which are exact in f32.
#[inline(always)]
fn products(mode: Mode, a: u32, b: u32, widen: impl Fn(u16) -> u32) -> [u32; 2] {
    let ([a0, a1], [b0, b1]) = (halves(a), halves(b));
    [f32::mul(mode, widen(a0), widen(b0)), f32::mul(mode, widen(a1), widen(b1))]
}

#[inline(always)]
fn from_f16(mode: Mode, x: u16) -> u32 {
    widen_16_to_32(f16::flush_input(mode, x)).to_bits()
}

/// `V_DOT2_F32_F16`: low product, high product and `c` summed in this order.
/// Source: guide, section 16.10.
#[inline(always)]
#[must_use]
pub fn dot2_f32_f16(mode: Mode, a: u32, b: u32, c: u32) -> u32 {
    let [low, high] = products(mode, a, b, |x| from_f16(mode, x));
    f32::add(mode, f32::add(mode, low, high), c)
}

/// `V_DOT2ACC_F32_F16`: `c`, low product and high product summed in this order.
/// Source: guide, section 16.7.
#[inline(always)]
#[must_use]
pub fn dot2acc_f32_f16(mode: Mode, a: u32, b: u32, c: u32) -> u32 {
    let [low, high] = products(mode, a, b, |x| from_f16(mode, x));
    f32::add(mode, f32::add(mode, c, low), high)
}

/// `V_DOT2_F32_BF16`: [`dot2_f32_f16`] on bfloat16, whose denormals are f32's and follow that mode.
#[inline(always)]
#[must_use]
pub fn dot2_f32_bf16(mode: Mode, a: u32, b: u32, c: u32) -> u32 {
    let [low, high] = products(mode, a, b, |x| widen_bf16_to_32(x).to_bits());
    f32::add(mode, f32::add(mode, low, high), c)
}

/// `V_DOT2ACC_F32_BF16`: [`dot2acc_f32_f16`] on bfloat16. A VOPD instruction only.
#[inline(always)]
#[must_use]
pub fn dot2acc_f32_bf16(mode: Mode, a: u32, b: u32, c: u32) -> u32 {
    let [low, high] = products(mode, a, b, |x| widen_bf16_to_32(x).to_bits());
    f32::add(mode, f32::add(mode, c, low), high)
}

/// `V_DOT2_F16_F16`: low product, high product and `c` summed in this order, each step in f16, to nearest even and with
/// denormals whatever MODE says.
/// Source: guide, sections 7.2.4 and 16.12.
#[inline(always)]
#[must_use]
pub fn dot2_f16_f16(mode: Mode, a: u32, b: u32, c: u16) -> u16 {
    let mode = Mode { round_f16_f64: Round::NearestEven, denorm_f16_f64: Denorm::KEEP, ..mode };
    let ([a0, a1], [b0, b1]) = (halves(a), halves(b));
    let sum = f16::add(mode, f16::mul(mode, a0, b0), f16::mul(mode, a1, b1));
    f16::add(mode, sum, c)
}

/// `V_DOT2_BF16_BF16`: the same in bfloat16, with all denormals flushed.
/// Source: guide, sections 7.2.4 and 16.12.
#[inline(always)]
#[must_use]
pub fn dot2_bf16_bf16(mode: Mode, a: u32, b: u32, c: u16) -> u16 {
    let mode = Mode { round_f32: Round::NearestEven, denorm_f32: Denorm::FLUSH, ..mode };
    // f32 has more than twice the bits of bfloat16, so that rounding a sum or product to f32 first does no harm.
    let narrow = |x: u32| f32::flush_output(mode, u32::from(narrow_32_to_bf16(x)) << 16);
    let [low, high] = products(mode, a, b, |x| widen_bf16_to_32(x).to_bits());
    let sum = narrow(f32::add(mode, narrow(low), narrow(high)));
    let sum = narrow(f32::add(mode, sum, widen_bf16_to_32(c).to_bits()));
    (sum >> 16) as u16 // CAST: the upper half
}

/// Which of the two integer inputs of a dot product are signed: NEG bits 0 and 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signed {
    /// src0.
    pub a: bool,
    /// src1.
    pub b: bool,
}

#[inline(always)]
fn field(x: u32, at: u32, width: u32, signed: bool) -> i32 {
    let up = x << (32 - width - at);
    if signed { up as i32 >> (32 - width) } else { (up >> (32 - width)) as i32 } // CAST: two's complement; 8 bits
}

#[inline(always)]
fn dot_signed(signed: Signed, a: u32, b: u32, width: u32) -> i32 {
    (0..32 / width).map(|i| field(a, i * width, width, signed.a) * field(b, i * width, width, signed.b)).sum()
}

/// `V_DOT4_I32_IU8`: four products of bytes, and the i32 `c`; wraps, or saturates with CLAMP.
#[inline(always)]
#[must_use]
pub fn dot4_i32_iu8(signed: Signed, clamp: bool, a: u32, b: u32, c: u32) -> u32 {
    accumulate(clamp, dot_signed(signed, a, b, 8), c)
}

/// `V_DOT8_I32_IU4`: eight products of nibbles, and the i32 `c`; wraps, or saturates with CLAMP.
#[inline(always)]
#[must_use]
pub fn dot8_i32_iu4(signed: Signed, clamp: bool, a: u32, b: u32, c: u32) -> u32 {
    accumulate(clamp, dot_signed(signed, a, b, 4), c)
}

#[inline(always)]
fn accumulate(clamp: bool, sum: i32, c: u32) -> u32 {
    let exact = i64::from(sum) + i64::from(c as i32); // CAST: two's complement
    if clamp { clamp_i32(exact) } else { exact as u32 } // CAST: wraps as meant
}

/// `V_DOT4_U32_U8`: four products of unsigned bytes, and the u32 `c`; wraps, or saturates with CLAMP.
#[inline(always)]
#[must_use]
pub fn dot4_u32_u8(clamp: bool, a: u32, b: u32, c: u32) -> u32 {
    accumulate_unsigned(clamp, dot_signed(Signed { a: false, b: false }, a, b, 8), c)
}

/// `V_DOT8_U32_U4`: eight products of unsigned nibbles, and the u32 `c`; wraps, or saturates with CLAMP.
#[inline(always)]
#[must_use]
pub fn dot8_u32_u4(clamp: bool, a: u32, b: u32, c: u32) -> u32 {
    accumulate_unsigned(clamp, dot_signed(Signed { a: false, b: false }, a, b, 4), c)
}

#[inline(always)]
fn accumulate_unsigned(clamp: bool, sum: i32, c: u32) -> u32 {
    let sum = sum as u32; // CAST: at most 4 * 255 * 255
    if clamp { c.saturating_add(sum) } else { c.wrapping_add(sum) }
}

/// Where an operand of `V_FMA_MIX` is: the two bits {OPSEL_HI, OPSEL}.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MixSource {
    /// The whole register, as f32.
    F32,
    /// The low half, as f16.
    Low,
    /// The high half, as f16.
    High,
}

impl MixSource {
    /// From the bits that select it; OPSEL says nothing when OPSEL_HI is clear.
    /// Source: guide, section 7.5.
    #[must_use]
    pub const fn from_bits(opsel_hi: bool, opsel: bool) -> Self {
        match (opsel_hi, opsel) {
            (false, _) => Self::F32,
            (true, false) => Self::Low,
            (true, true) => Self::High,
        }
    }

    /// The operand as f32 bits. ABS and NEG come after, as on f32.
    #[inline(always)]
    #[must_use]
    pub fn read(self, mode: Mode, x: u32) -> u32 {
        let [low, high] = halves(x);
        match self {
            Self::F32 => x,
            Self::Low => from_f16(mode, low),
            Self::High => from_f16(mode, high),
        }
    }
}

/// `V_FMA_MIX_F32`, on operands that [`MixSource::read`] gave.
#[inline(always)]
#[must_use]
pub fn fma_mix(mode: Mode, a: u32, b: u32, c: u32) -> u32 {
    f32::fma(mode, a, b, c)
}

/// `V_FMA_MIXLO_F16`, `V_FMA_MIXHI_F16`: [`fma_mix`] rounded to f32, then to f16, as the guide's pseudocode has it.
#[inline(always)]
#[must_use]
pub fn fma_mix_f16(mode: Mode, a: u32, b: u32, c: u32) -> u16 {
    super::convert::f16_from_f32(mode, fma_mix(mode, a, b, c))
}

#[cfg(test)]
mod tests;
