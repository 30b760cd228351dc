//! Conversions.

use super::table;
use crate::shader::lane::convert;

#[inline(always)]
fn low(x: u32) -> u16 {
    x as u16 // CAST: the low half holds the value
}

table! {
    /// `V_CVT_*` and packing.
    find;
    V_CVT_F32_I32 => F32, |m, a, b, c| convert::f32_from_i32(m, a);
    V_CVT_F32_U32 => F32, |m, a, b, c| convert::f32_from_u32(m, a);
    V_CVT_U32_F32 => B32, |m, a, b, c| convert::u32_from_f32(a);
    V_CVT_I32_F32 => B32, |m, a, b, c| convert::i32_from_f32(a);
    V_CVT_NEAREST_I32_F32 => B32, |m, a, b, c| convert::nearest_i32_from_f32(a);
    V_CVT_FLOOR_I32_F32 => B32, |m, a, b, c| convert::floor_i32_from_f32(a);
    V_CVT_F16_F32 => F16, |m, a, b, c| u32::from(convert::f16_from_f32(m, a));
    V_CVT_F32_F16 => F32, |m, a, b, c| convert::f32_from_f16(m, low(a));
    V_CVT_OFF_F32_I4 => F32, |m, a, b, c| convert::off_f32_i4(a);
    V_CVT_F32_UBYTE0 => F32, |m, a, b, c| convert::f32_from_ubyte(a, 0);
    V_CVT_F32_UBYTE1 => F32, |m, a, b, c| convert::f32_from_ubyte(a, 1);
    V_CVT_F32_UBYTE2 => F32, |m, a, b, c| convert::f32_from_ubyte(a, 2);
    V_CVT_F32_UBYTE3 => F32, |m, a, b, c| convert::f32_from_ubyte(a, 3);
    V_CVT_F16_U16 => F16, |m, a, b, c| u32::from(convert::f16_from_u16(m, low(a)));
    V_CVT_F16_I16 => F16, |m, a, b, c| u32::from(convert::f16_from_i16(m, low(a)));
    V_CVT_U16_F16 => B16, |m, a, b, c| u32::from(convert::u16_from_f16(low(a)));
    V_CVT_I16_F16 => B16, |m, a, b, c| u32::from(convert::i16_from_f16(low(a)));
    V_CVT_NORM_I16_F16 => B16, |m, a, b, c| u32::from(convert::norm_i16_from_f16(low(a)));
    V_CVT_NORM_U16_F16 => B16, |m, a, b, c| u32::from(convert::norm_u16_from_f16(low(a)));
    V_CVT_I32_I16 => B32, |m, a, b, c| convert::i32_from_i16(low(a));
    V_CVT_U32_U16 => B32, |m, a, b, c| convert::u32_from_u16(low(a));
    V_SAT_PK_U8_I16 => B16, |m, a, b, c| u32::from(convert::sat_pk_u8_i16(a));
    V_CVT_PK_RTZ_F16_F32 => B32, |m, a, b, c| convert::pk_rtz_f16_f32(m, a, b);
    V_PACK_B32_F16 => B32, |m, a, b, c| convert::pack_b32_f16(low(a), low(b));
    V_CVT_PK_NORM_I16_F16 => B32, |m, a, b, c| convert::pk_norm_i16_f16(low(a), low(b));
    V_CVT_PK_NORM_U16_F16 => B32, |m, a, b, c| convert::pk_norm_u16_f16(low(a), low(b));
    V_CVT_PK_NORM_I16_F32 => B32, |m, a, b, c| convert::pk_norm_i16_f32(a, b);
    V_CVT_PK_NORM_U16_F32 => B32, |m, a, b, c| convert::pk_norm_u16_f32(a, b);
    V_CVT_PK_I16_F32 => B32, |m, a, b, c| convert::pk_i16_f32(a, b);
    V_CVT_PK_U16_F32 => B32, |m, a, b, c| convert::pk_u16_f32(a, b);
    V_CVT_PK_U8_F32 => B32, |m, a, b, c| convert::pk_u8_f32(a, b, c);
    V_CVT_PK_I16_I32 => B32, |m, a, b, c| convert::pk_i16_i32(a, b);
    V_CVT_PK_U16_U32 => B32, |m, a, b, c| convert::pk_u16_u32(a, b);
}
