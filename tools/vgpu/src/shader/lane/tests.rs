//! What holds for all functions: they return for any bits, in any mode.

use super::dot::{MixSource, Signed};
use super::oracle::Stream;
use super::*;

/// Bits with many special values among them.
fn bits(stream: &mut Stream) -> u64 {
    let x = stream.next();
    match x & 7 {
        0 => x & 0x8000_0000_8000_8000,
        1 => x | 0x7ff0_0000_7f80_7c00,
        2 => x & !0x7ff0_0000_7f80_7c00,
        3 => (x & 0x8000_0000_8000_8000) | 0x7ff0_0000_7f80_7c00,
        _ => x,
    }
}

macro_rules! call {
    ($module:ident $name:ident $mode:ident($($arg:expr),*)) => {
        std::hint::black_box($module::$name($mode, $($arg),*))
    };
}

macro_rules! call_all {
    ($mode:ident; $($module:ident $args:tt: $($name:ident)+;)+) => {
        $($(call!($module $name $mode $args);)+)+
    };
}

#[test]
fn floats_return_for_any_bits_in_any_mode() {
    let mut stream = Stream(14);
    for _ in 0..100_000 {
        let mode = Mode::from_bits(stream.next_u32());
        let [a, b, c] = [(); 3].map(|()| bits(&mut stream));
        let [x, y, z] = [a, b, c].map(|x| (x >> 16) as u32);
        let [p, q, r] = [a, b, c].map(|x| x as u16);
        call_all! { mode;
            f32(x): trunc ceil floor rndne fract frexp_exp frexp_mant;
            f32(x, y): add sub mul mul_dx9_zero min max ldexp;
            f32(x, y, z): fma fma_through_f64 fma_dx9_zero mullit min3 max3 med3 minmax maxmin div_fixup div_scale;
            f32(x, y, z): cubeid cubesc cubetc cubema;
            f64(a): trunc ceil floor rndne fract frexp_exp frexp_mant;
            f64(a, b): add sub mul min max;
            f64(a, y): ldexp;
            f64(a, b, c): fma min3 max3 med3 minmax maxmin div_fixup div_scale;
            f16(p): trunc ceil floor rndne fract frexp_exp frexp_mant;
            f16(p, q): add sub mul min max ldexp;
            f16(p, q, r): fma min3 max3 med3 minmax maxmin div_fixup;
            dot(x, y, z): dot2_f32_f16 dot2acc_f32_f16 dot2_f32_bf16 dot2acc_f32_bf16 fma_mix fma_mix_f16;
            dot(x, y, r): dot2_f16_f16 dot2_bf16_bf16;
            convert(x): f16_from_f32 f64_from_f32 f32_from_i32 f32_from_u32;
            convert(p): f32_from_f16 f16_from_i16 f16_from_u16;
            convert(a): f32_from_f64;
            convert(x, y): pk_rtz_f16_f32;
            trans(x): rcp_f32 rsq_f32 sqrt_f32 exp_f32 log_f32 sin_f32 cos_f32;
            trans(p): rcp_f16 rsq_f16 sqrt_f16 exp_f16 log_f16 sin_f16 cos_f16;
            trans(a): rcp_f64 rsq_f64 sqrt_f64;
        }
        let vcc = a & 1 != 0;
        std::hint::black_box((f32::div_fmas(mode, x, y, z, vcc), f64::div_fmas(mode, a, b, c, vcc)));
        std::hint::black_box((trig_preop(mode, a, y), MixSource::High.read(mode, x)));
        let omod = OutputModifier::from_bits(y);
        assert!(f32::clamp(Mode { dx10_clamp: true, ..mode }, f32::output_modifier(mode, omod, x)) <= 0x3f80_0000);
        assert!(f16::clamp(Mode { dx10_clamp: true, ..mode }, f16::output_modifier(mode, omod, p)) <= 0x3c00);
        assert!(f64::clamp(Mode { dx10_clamp: true, ..mode }, f64::output_modifier(mode, omod, a)) <= 0x3ff << 52);
    }
}

#[test]
fn integers_return_for_any_bits() {
    let mut stream = Stream(15);
    for _ in 0..100_000 {
        let [a, b, c] = [(); 3].map(|()| bits(&mut stream));
        let [x, y, z] = [a, b, c].map(|x| (x >> 16) as u32);
        for op in [bytes::perm, bytes::lerp_u8] {
            std::hint::black_box(op(x, y, z));
        }
        for op in [bytes::sad_u8, bytes::sad_hi_u8, bytes::sad_u16, bytes::sad_u32, bytes::msad_u8] {
            std::hint::black_box((op(false, x, y, z), op(true, x, y, z)));
        }
        for op in [int::add3, int::lshl_add, int::add_lshl, int::lshl_or, int::bfe_u32, int::bfe_i32, int::alignbyte] {
            std::hint::black_box(op(x, y, z));
        }
        std::hint::black_box((bytes::qsad_pk_u16_u8(false, a, y, c), bytes::mqsad_u32_u8(false, a, y, [x, y, z, x])));
        std::hint::black_box((int::mbcnt_lo(x, y, z & 63), int::mbcnt_hi(x, y, z & 63), int::bfm(x, y)));
        let signed = Signed { a: a & 1 != 0, b: b & 1 != 0 };
        for clamp in [false, true] {
            std::hint::black_box((
                dot::dot4_i32_iu8(signed, clamp, x, y, z),
                dot::dot8_i32_iu4(signed, clamp, x, y, z),
            ));
        }
        std::hint::black_box((scalar::bfe_i32(x, y), scalar::bfe_i64(a, y), scalar::bfm_b64(x, y)));
        std::hint::black_box((scalar::lshl_add_u32(y, x, z), scalar::ashr_i64(a, y), scalar::absdiff_i32(x, y)));
        assert!(dpp::swizzle_source(x, y & 63) < 64 && dpp::dpp8_source(x, y & 63) < 64);
        std::hint::black_box((convert::i32_from_f32(x), convert::pk_norm_i16_f32(x, y), convert::pk_u8_f32(x, y, z)));
    }
}

/// The host compares as IEEE 754 does; these see the bits alone.
#[test]
fn order_is_the_hosts() {
    let mode = Mode { denorm_f32: Denorm::KEEP, ..Mode::BENCH };
    let mut stream = Stream(16);
    for _ in 0..200_000 {
        let [a, b] = [(); 2].map(|()| bits(&mut stream));
        let (x, y) = (core::primitive::f64::from_bits(a), core::primitive::f64::from_bits(b));
        assert_eq!(f64::compare(mode, FloatCompare::Le, a, b), x <= y);
        let differ = x.partial_cmp(&y).is_some_and(|order| order.is_ne());
        assert_eq!(f64::compare(mode, FloatCompare::Lg, a, b), differ);
        let (s, t) = ((a >> 16) as u32, (b >> 16) as u32);
        let (x, y) = (core::primitive::f32::from_bits(s), core::primitive::f32::from_bits(t));
        assert_eq!(f32::compare(mode, FloatCompare::Ge, s, t), x >= y);
        assert_eq!(f32::compare(mode, FloatCompare::Neq, s, t), x != y);
        if x < y {
            assert_eq!((f32::min(mode, t, s), f32::max(mode, s, t)), (s, t));
            assert_eq!(f32::med3(mode, s, t, t), t);
        }
    }
}
