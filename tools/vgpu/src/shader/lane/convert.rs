//! Conversions between formats: `V_CVT_*` and the packing instructions.
//!
//! To integers they truncate unless a name says otherwise, saturate, and make 0 of NaN.

use super::mode::{Mode, Round};
use super::round::{narrow_32_to_16, narrow_32_to_16_by_mode, narrow_64_to_32, widen_16_to_32};
use super::{f16, f32, f64};

#[inline(always)]
fn pack(low: u16, high: u16) -> u32 {
    u32::from(high) << 16 | u32::from(low)
}

/// A NaN narrowed keeps its sign and the top of its payload, and becomes quiet in either mode, for it might else become
/// an infinity.
#[inline(always)]
fn nan_16_from_32(x: u32) -> u16 {
    (x >> 16 & 0x8000 | x >> 13 & 0x3ff | 0x7e00) as u16 // CAST: 16 bits
}

/// `V_CVT_F16_F32`. Rounding and denormals of the result are those of f16, those of the input f32's.
/// Source: guide, section 16.8.
#[inline(always)]
#[must_use]
pub fn f16_from_f32(mode: Mode, x: u32) -> u16 {
    let x = f32::flush_input(mode, x);
    let number = f16::flush_output(mode, narrow_32_to_16_by_mode(float(x), mode));
    if f32::is_nan(x) { nan_16_from_32(x) } else { number }
}

#[inline(always)]
fn float(x: u32) -> core::primitive::f32 {
    core::primitive::f32::from_bits(x)
}

#[inline(always)]
fn double(x: u64) -> core::primitive::f64 {
    core::primitive::f64::from_bits(x)
}

/// `V_CVT_F32_F16`. Denormals follow the f16 mode.
#[inline(always)]
#[must_use]
pub fn f32_from_f16(mode: Mode, x: u16) -> u32 {
    f32::quiet(mode, widen_16_to_32(f16::flush_input(mode, x)).to_bits())
}

/// `V_CVT_PK_RTZ_F16_F32`: two f32 to f16 in one word, towards zero whatever MODE says.
#[inline(always)]
#[must_use]
pub fn pk_rtz_f16_f32(mode: Mode, a: u32, b: u32) -> u32 {
    let one = |x: u32| {
        let x = f32::flush_input(mode, x);
        let number = f16::flush_output(mode, narrow_32_to_16(float(x), Round::Zero));
        if f32::is_nan(x) { nan_16_from_32(x) } else { number }
    };
    pack(one(a), one(b))
}

/// `V_PACK_B32_F16`. Denormals and NaNs pass as they are.
#[inline(always)]
#[must_use]
pub fn pack_b32_f16(a: u16, b: u16) -> u32 {
    pack(a, b)
}

/// `V_CVT_F32_F64`. Rounded by the f64 field of MODE.
/// Source: LLVM `SIModeRegister.cpp`, which sets that field for `V_CVT_F32_F64`; the guide does not say.
#[inline(always)]
#[must_use]
pub fn f32_from_f64(mode: Mode, x: u64) -> u32 {
    let x = f64::flush_input(mode, x);
    let number = f32::flush_output(mode, narrow_64_to_32(double(x), mode.round_f16_f64));
    // CAST: sign, and the top 23 bits of the payload
    let nan = (x >> 32) as u32 & 0x8000_0000 | (x >> 29) as u32 & 0x7f_ffff | 0x7fc0_0000;
    if f64::is_nan(x) { nan } else { number }
}

/// `V_CVT_F64_F32`.
#[inline(always)]
#[must_use]
pub fn f64_from_f32(mode: Mode, x: u32) -> u64 {
    let x = f32::flush_input(mode, x);
    let nan = u64::from(x & 0x8000_0000) << 32 | 0x7ff0_0000_0000_0000 | u64::from(x & 0x7f_ffff) << 29;
    let number = core::primitive::f64::from(float(x)).to_bits();
    if f32::is_nan(x) { f64::quiet(mode, nan) } else { number }
}

/// `x` cut to an integer within the bounds, as the low bits of a two's complement number; NaN is 0.
///
/// The same as a saturating `as`, which the compiler does not vectorise: 1.5 * 2^52 has an f64 with a last place of 1,
/// so that an integer added to it shows in the low bits.
#[inline(always)]
fn integer(x: core::primitive::f64, low: core::primitive::f64, high: core::primitive::f64) -> u32 {
    let whole = if x.is_nan() { 0.0 } else { x.trunc().clamp(low, high) };
    (whole + 6_755_399_441_055_744.0).to_bits() as u32 // CAST: the low bits are wanted
}

const I32: [core::primitive::f64; 2] = [-2_147_483_648.0, 2_147_483_647.0];
const U32: [core::primitive::f64; 2] = [0.0, 4_294_967_295.0];
const I16: [core::primitive::f64; 2] = [-32_768.0, 32_767.0];
const U16: [core::primitive::f64; 2] = [0.0, 65_535.0];

/// [`integer`] of f32 bits.
#[inline(always)]
fn from_single(x: u32, [low, high]: [core::primitive::f64; 2]) -> u32 {
    integer(float(x).into(), low, high)
}

/// [`integer`] of f16 bits, to one of 16 bits.
#[inline(always)]
fn from_half(x: u16, [low, high]: [core::primitive::f64; 2]) -> u16 {
    integer(widen_16_to_32(x).into(), low, high) as u16 // CAST: within 16 bits
}

/// `V_CVT_I32_F32`.
#[inline(always)]
#[must_use]
pub fn i32_from_f32(x: u32) -> u32 {
    from_single(x, I32)
}

/// `V_CVT_U32_F32`.
#[inline(always)]
#[must_use]
pub fn u32_from_f32(x: u32) -> u32 {
    from_single(x, U32)
}

/// `V_CVT_I32_F64`.
#[inline(always)]
#[must_use]
pub fn i32_from_f64(x: u64) -> u32 {
    integer(double(x), I32[0], I32[1])
}

/// `V_CVT_U32_F64`.
#[inline(always)]
#[must_use]
pub fn u32_from_f64(x: u64) -> u32 {
    integer(double(x), U32[0], U32[1])
}

/// `V_CVT_NEAREST_I32_F32`: to the nearest integer, halves upwards. The half is added exactly; in f32, as the guide
/// writes it, the value just below 0.5 would become 1.
#[inline(always)]
#[must_use]
pub fn nearest_i32_from_f32(x: u32) -> u32 {
    integer((core::primitive::f64::from(float(x)) + 0.5).floor(), I32[0], I32[1])
}

/// `V_CVT_FLOOR_I32_F32`.
#[inline(always)]
#[must_use]
pub fn floor_i32_from_f32(x: u32) -> u32 {
    integer(core::primitive::f64::from(float(x)).floor(), I32[0], I32[1])
}

/// `V_CVT_F32_I32`.
#[inline(always)]
#[must_use]
pub fn f32_from_i32(mode: Mode, x: u32) -> u32 {
    narrow_64_to_32((x as i32).into(), mode.round_f32) // CAST: two's complement
}

/// `V_CVT_F32_U32`.
#[inline(always)]
#[must_use]
pub fn f32_from_u32(mode: Mode, x: u32) -> u32 {
    narrow_64_to_32(x.into(), mode.round_f32)
}

/// `V_CVT_F64_I32`, exact.
#[inline(always)]
#[must_use]
pub fn f64_from_i32(x: u32) -> u64 {
    core::primitive::f64::from(x as i32).to_bits() // CAST: two's complement
}

/// `V_CVT_F64_U32`, exact.
#[inline(always)]
#[must_use]
pub fn f64_from_u32(x: u32) -> u64 {
    core::primitive::f64::from(x).to_bits()
}

/// `V_CVT_F32_UBYTE0` to `3`: one byte of `x`, exact.
#[inline(always)]
#[must_use]
pub fn f32_from_ubyte(x: u32, byte: u32) -> u32 {
    ((x >> ((byte & 3) * 8) & 0xff) as core::primitive::f32).to_bits() // CAST: exact
}

/// `V_CVT_OFF_F32_I4`: the low four bits, signed, in sixteenths.
#[inline(always)]
#[must_use]
pub fn off_f32_i4(x: u32) -> u32 {
    let sixteenths = (x << 28) as i32 >> 28; // CAST: two's complement
    (sixteenths as core::primitive::f32 / 16.0).to_bits() // CAST: exact
}

/// `V_CVT_I16_F16`.
#[inline(always)]
#[must_use]
pub fn i16_from_f16(x: u16) -> u16 {
    from_half(x, I16)
}

/// `V_CVT_U16_F16`.
#[inline(always)]
#[must_use]
pub fn u16_from_f16(x: u16) -> u16 {
    from_half(x, U16)
}

/// `V_CVT_F16_I16`.
#[inline(always)]
#[must_use]
pub fn f16_from_i16(mode: Mode, x: u16) -> u16 {
    narrow_32_to_16_by_mode((x as i16).into(), mode) // CAST: two's complement
}

/// `V_CVT_F16_U16`.
#[inline(always)]
#[must_use]
pub fn f16_from_u16(mode: Mode, x: u16) -> u16 {
    narrow_32_to_16_by_mode(x.into(), mode)
}

/// `V_CVT_I32_I16`: sign-extends.
#[inline(always)]
#[must_use]
pub fn i32_from_i16(x: u16) -> u32 {
    i32::from(x as i16) as u32 // CAST: two's complement
}

/// `V_CVT_U32_U16`: zero-extends.
#[inline(always)]
#[must_use]
pub fn u32_from_u16(x: u16) -> u32 {
    x.into()
}

/// `x` of [-1, 1] in 32767ths, to nearest even. The guide defines neither `f32_to_snorm` nor its rounding ("0.5 ULP");
/// the scale, the ends and NaN are Direct3D's.
/// Source: Direct3D 11.3 functional specification, section 3.2.3.
#[inline(always)]
fn snorm(x: core::primitive::f32) -> u16 {
    let scaled = core::primitive::f64::from(x) * 32767.0; // exact
    integer(scaled.round_ties_even(), -32767.0, 32767.0) as u16 // CAST: within 16 bits
}

/// `x` of [0, 1] in 65535ths, to nearest even.
#[inline(always)]
fn unorm(x: core::primitive::f32) -> u16 {
    let scaled = core::primitive::f64::from(x) * 65535.0; // exact
    integer(scaled.round_ties_even(), 0.0, 65535.0) as u16 // CAST: within 16 bits
}

/// `V_CVT_NORM_I16_F16`: [-1, 1] to the range of i16, less its least value.
#[inline(always)]
#[must_use]
pub fn norm_i16_from_f16(x: u16) -> u16 {
    snorm(widen_16_to_32(x))
}

/// `V_CVT_NORM_U16_F16`: [0, 1] to the range of u16.
#[inline(always)]
#[must_use]
pub fn norm_u16_from_f16(x: u16) -> u16 {
    unorm(widen_16_to_32(x))
}

/// `V_CVT_PK_NORM_I16_F16`.
#[inline(always)]
#[must_use]
pub fn pk_norm_i16_f16(a: u16, b: u16) -> u32 {
    pack(norm_i16_from_f16(a), norm_i16_from_f16(b))
}

/// `V_CVT_PK_NORM_U16_F16`.
#[inline(always)]
#[must_use]
pub fn pk_norm_u16_f16(a: u16, b: u16) -> u32 {
    pack(norm_u16_from_f16(a), norm_u16_from_f16(b))
}

/// `V_CVT_PK_NORM_I16_F32`.
#[inline(always)]
#[must_use]
pub fn pk_norm_i16_f32(a: u32, b: u32) -> u32 {
    pack(snorm(float(a)), snorm(float(b)))
}

/// `V_CVT_PK_NORM_U16_F32`.
#[inline(always)]
#[must_use]
pub fn pk_norm_u16_f32(a: u32, b: u32) -> u32 {
    pack(unorm(float(a)), unorm(float(b)))
}

/// `V_CVT_PK_I16_F32`.
#[inline(always)]
#[must_use]
pub fn pk_i16_f32(a: u32, b: u32) -> u32 {
    pack(from_single(a, I16) as u16, from_single(b, I16) as u16) // CAST: within 16 bits
}

/// `V_CVT_PK_U16_F32`.
#[inline(always)]
#[must_use]
pub fn pk_u16_f32(a: u32, b: u32) -> u32 {
    pack(from_single(a, U16) as u16, from_single(b, U16) as u16) // CAST: within 16 bits
}

/// `V_CVT_PK_U8_F32`: `x` as a byte, put into byte `index` of `into`. Truncated as [`u32_from_f32`] is; the guide does
/// not say.
#[inline(always)]
#[must_use]
pub fn pk_u8_f32(x: u32, index: u32, into: u32) -> u32 {
    let at = (index & 3) * 8;
    into & !(0xff << at) | from_single(x, [0.0, 255.0]) << at
}

/// `V_CVT_PK_I16_I32`: both saturated.
/// Source: LLVM `AMDGPUPreLegalizerCombiner.cpp`, which makes this instruction of a clamp to i16.
#[inline(always)]
#[must_use]
pub fn pk_i16_i32(a: u32, b: u32) -> u32 {
    let one = |x: u32| (x as i32).clamp(-0x8000, 0x7fff) as u16; // CAST: two's complement; just clamped
    pack(one(a), one(b))
}

/// `V_CVT_PK_U16_U32`: both saturated, as [`pk_i16_i32`] is.
#[inline(always)]
#[must_use]
pub fn pk_u16_u32(a: u32, b: u32) -> u32 {
    let one = |x: u32| x.min(0xffff) as u16; // CAST: just clamped
    pack(one(a), one(b))
}

/// `V_SAT_PK_U8_I16`: the two halves, signed, saturated to unsigned bytes in a 16-bit result.
#[inline(always)]
#[must_use]
pub fn sat_pk_u8_i16(x: u32) -> u16 {
    let one = |x: u32| (x as i16).clamp(0, 0xff) as u16; // CAST: one half, two's complement; just clamped
    one(x >> 16) << 8 | one(x)
}

#[cfg(test)]
mod tests;
