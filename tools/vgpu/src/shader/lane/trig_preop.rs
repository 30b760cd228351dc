//! `V_TRIG_PREOP_F64`, the table of 2/pi for argument reduction.

use super::f64;
use super::mode::{Mode, Round};
use super::round::pack_f64;

/// The first 1216 bits of 2/pi after the binary point, from the top; the instruction knows 1201 of them.
const TWO_OVER_PI: [u64; 19] = [
    0xa2f9_836e_4e44_1529,
    0xfc27_57d1_f534_ddc0,
    0xdb62_9599_3c43_9041,
    0xfe51_63ab_debb_c561,
    0xb724_6e3a_424d_d2e0,
    0x0649_2eea_09d1_921c,
    0xfe1d_eb1c_b129_a73e,
    0xe882_35f5_2ebb_4484,
    0xe99c_7026_b45f_7e41,
    0x3991_d639_8353_39f4,
    0x9c84_5f8b_bdf9_283b,
    0x1ff8_97ff_de05_980f,
    0xef2f_118b_5a0a_6d1f,
    0x6d36_7ecf_27cb_09b7,
    0x4f46_3f66_9e5f_ea2d,
    0x7527_bac7_ebe5_f17b,
    0x3d07_39f7_8a52_92ea,
    0x6bfb_5fb1_1f8d_5d08,
    0x5603_3046_fc7b_6bab,
];
const KNOWN_BITS: u32 = 1201;

/// 53 bits of 2/pi: segment `segment` (modulo 32) of it, further down for a large `x`, so that its product with `x` is
/// what matters of `x` * 2/pi.
///
/// The guide's pseudocode masks the low end of the shifted fraction, where its comment says that the whole part is
/// kept; the comment is followed.
/// Source: guide, section 16.12.
#[inline]
#[must_use]
pub fn trig_preop(mode: Mode, x: u64, segment: u32) -> u64 {
    let x = f64::flush_input(mode, x);
    let exponent = (x >> 52 & 0x7ff) as u32; // CAST: 11 bits
    let shift = (segment & 31) * 53 + exponent.saturating_sub(1077);
    let bits = (0..53).fold(0, |bits, i| bits << 1 | bit(shift + i));
    let scale = -53 - shift as i32 + if exponent >= 1968 { 128 } else { 0 }; // CAST: at most 2612
    pack_f64(false, bits, scale, false, Round::Zero)
}

/// The bit of 2/pi with weight 2^-(index + 1).
fn bit(index: u32) -> u128 {
    let word = TWO_OVER_PI.get((index / 64) as usize).copied().unwrap_or(0); // CAST: small
    if index < KNOWN_BITS { u128::from(word >> (63 - index % 64) & 1) } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_add_up_to_two_over_pi() {
        let one = 1f64.to_bits();
        let part = |segment| core::primitive::f64::from_bits(trig_preop(Mode::BENCH, one, segment));
        // 2/pi is 0.a2f9836e4e441529fc2757d1f534dd... in hexadecimal.
        assert_eq!(trig_preop(Mode::BENCH, one, 0), 0x3fe4_5f30_6dc9_c882);
        assert_eq!(part(0) + part(1), std::f64::consts::FRAC_2_PI);
        // The next 53 bits: 0x529fc2757d1f53 starts at bit 52 and has three too many.
        assert_eq!(part(1), (0x0014_a7f0_9d5f_47d4u64 as core::primitive::f64) * 2f64.powi(-106));
        assert_eq!(part(32), part(0));
        assert_eq!(part(23), 0.0); // from bit 1219
    }

    #[test]
    fn large_arguments_move_the_segment_and_scale() {
        let at = |exponent: u64| core::primitive::f64::from_bits(trig_preop(Mode::BENCH, exponent << 52, 0));
        assert_eq!(at(1077), at(1023));
        // One more: the leading bit is dropped, another comes in below: 0.a2f9... less 0.5.
        assert_eq!(at(1078), core::primitive::f64::from_bits(0x3fe4_5f30_6dc9_c883 - 1) - 0.5 + 2f64.powi(-54));
        assert!(at(1968) > at(1967) * 2f64.powi(100));
    }
}
