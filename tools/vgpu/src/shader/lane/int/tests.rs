use super::super::IntCompare;
use super::super::oracle::Stream;
use super::*;
use proptest::prelude::*;

const MIN: u32 = 0x8000_0000;

proptest! {
    #[test]
    fn carries_are_those_of_wide_sums(a: u32, b: u32, carry: bool) {
        let sum = u64::from(a) + u64::from(b) + u64::from(carry);
        prop_assert_eq!(add_co_ci(a, b, carry), (sum as u32, sum >> 32 != 0));
        let difference = i64::from(a) - i64::from(b) - i64::from(carry);
        prop_assert_eq!(sub_co_ci(a, b, carry), (difference as u32, difference < 0));
        prop_assert_eq!(add_co(a, b), add_co_ci(a, b, false));
        prop_assert_eq!(sub_co(a, b), sub_co_ci(a, b, false));
        prop_assert_eq!(clamp_sum(add_co(a, b)).0, (u64::from(a) + u64::from(b)).min(0xffff_ffff) as u32);
        prop_assert_eq!(clamp_difference(sub_co(a, b)).0, (i64::from(a) - i64::from(b)).max(0) as u32);
    }

    #[test]
    fn products_are_those_of_wide_ones(a: u32, b: u32, c: u64) {
        let signed = |x: u32| i128::from(x as i32);
        prop_assert_eq!(mul_hi_u32(a, b), ((u128::from(a) * u128::from(b)) >> 32) as u32);
        prop_assert_eq!(mul_hi_i32(a, b), ((signed(a) * signed(b)) >> 32) as u32);
        let exact = u128::from(a) * u128::from(b) + u128::from(c);
        prop_assert_eq!(mad_u64_u32(a, b, c), (exact as u64, exact >> 64 != 0));
        let exact = signed(a) * signed(b) + i128::from(c as i64);
        prop_assert_eq!(mad_i64_i32(a, b, c), (exact as u64, exact >> 64 & 1 != 0));
        // 24 bits, the signed ones by remainder.
        let (ua, ub) = (i128::from(a % (1 << 24)), i128::from(b % (1 << 24)));
        let wrap = |x: i128| if x >= 1 << 23 { x - (1 << 24) } else { x };
        let (ia, ib) = (wrap(ua), wrap(ub));
        let c = c as u32;
        prop_assert_eq!((mul_u24(a, b), mul_hi_u24(a, b)), ((ua * ub) as u32, ((ua * ub) >> 32) as u32));
        prop_assert_eq!((mul_i24(a, b), mul_hi_i24(a, b)), ((ia * ib) as u32, ((ia * ib) >> 32) as u32));
        prop_assert_eq!(mad_u24(a, b, c), (ua * ub + i128::from(c)) as u32);
        prop_assert_eq!(mad_i24(a, b, c), (ia * ib + signed(c)) as u32);
        prop_assert_eq!(mad_sat_u24(a, b, c), (ua * ub + i128::from(c)).min(0xffff_ffff) as u32);
        let clamped = (ia * ib + signed(c)).clamp(-(1 << 31), (1 << 31) - 1);
        prop_assert_eq!(mad_sat_i24(a, b, c), clamped as u32);
    }

    #[test]
    fn sixteen_bits(a: u16, b: u16, c: u16, d: u32) {
        let [ua, ub, uc] = [a, b, c].map(i64::from);
        let [ia, ib, ic] = [a, b, c].map(|x| i64::from(x as i16));
        prop_assert_eq!(mad_16(a, b, c), (ua * ub + uc) as u16);
        prop_assert_eq!(mad_sat_u16(a, b, c), (ua * ub + uc).min(65535) as u16);
        prop_assert_eq!(mad_sat_i16(a, b, c), (ia * ib + ic).clamp(-32768, 32767) as u16);
        prop_assert_eq!(mad_u32_u16(a, b, d), (ua * ub + i64::from(d)) as u32);
        prop_assert_eq!(mad_i32_i16(a, b, d), (ia * ib + i64::from(d)) as u32);
        prop_assert_eq!(add_sat_u16(a, b), (ua + ub).min(65535) as u16);
        prop_assert_eq!(sub_sat_u16(a, b), (ua - ub).max(0) as u16);
        prop_assert_eq!(add_sat_i16(a, b), (ia + ib).clamp(-32768, 32767) as u16);
        prop_assert_eq!(sub_sat_i16(a, b), (ia - ib).clamp(-32768, 32767) as u16);
        prop_assert_eq!(mul_sat_u16(a, b), (ua * ub).min(65535) as u16);
        prop_assert_eq!(ashrrev_i16(a, b), (ib >> (a % 16)) as u16);
        prop_assert_eq!(lshlrev_b16(a, b), (ub << (a % 16)) as u16);
        prop_assert_eq!(lshrrev_b16(a, b), (ub >> (a % 16)) as u16);
    }

    #[test]
    fn medians_are_the_middle_of_the_sorted(a: u32, b: u32, c: u32) {
        let mut signed = [a as i32, b as i32, c as i32];
        signed.sort_unstable();
        let [low, middle, high] = signed.map(|x| x as u32);
        prop_assert_eq!((min3_i32(a, b, c), med3_i32(a, b, c), max3_i32(a, b, c)), (low, middle, high));
        let mut unsigned = [a as u16, b as u16, c as u16];
        unsigned.sort_unstable();
        prop_assert_eq!(med3_u16(a as u16, b as u16, c as u16), unsigned[1]);
    }

    #[test]
    fn bit_fields_are_their_bits(a: u32, b: u32, c: u32) {
        let (offset, width) = (b % 32, c % 32);
        let bits: Vec<bool> = (0..width).map(|i| offset + i < 32 && a >> (offset + i) & 1 != 0).collect();
        let unsigned: u64 = bits.iter().rev().fold(0, |n, &bit| n << 1 | u64::from(bit));
        prop_assert_eq!(u64::from(bfe_u32(a, b, c)), unsigned);
        // Beyond bit 31 there are copies of it, and the last bit is the sign.
        let bits: Vec<bool> = (0..width).map(|i| a >> (offset + i).min(31) & 1 != 0).collect();
        let field = bits.iter().rev().fold(0, |n, &bit| n << 1 | i64::from(bit));
        let signed = field - if bits.last() == Some(&true) { 1i64 << width } else { 0 };
        prop_assert_eq!(bfe_i32(a, b, c), signed as u32);
        let pair = u128::from(a) << 32 | u128::from(b);
        prop_assert_eq!(alignbit(a, b, c), (pair >> (c % 32)) as u32);
        prop_assert_eq!(alignbyte(a, b, c), alignbit(a, b, c % 4 * 8));
        prop_assert_eq!(u64::from(bfm(b, c)), ((1u64 << (b % 32)) - 1) << (c % 32) & 0xffff_ffff);
    }
}

#[test]
fn saturation_at_the_ends() {
    assert_eq!((add_sat_u32(u32::MAX, 1), sub_sat_u32(1, 2)), (u32::MAX, 0));
    assert_eq!((add_sat_i32(0x7fff_ffff, 1), add_sat_i32(MIN, u32::MAX)), (0x7fff_ffff, MIN));
    assert_eq!((sub_sat_i32(MIN, 1), sub_sat_i32(0, MIN)), (MIN, 0x7fff_ffff));
    assert_eq!(mad_i64_i32(1, 1, i64::MAX as u64), (i64::MIN as u64, false));
    assert_eq!(mad_i64_i32(u32::MAX, 1, i64::MIN as u64), (i64::MAX as u64, true));
}

#[test]
fn counts_follow_the_guides_examples() {
    // Section 16.12, V_CLZ_I32_U32, V_CTZ_I32_B32, V_CLS_I32.
    assert_eq!([0, 0x8000_00ff, 0x1000_00ff, 0xffff, 1].map(clz), [u32::MAX, 0, 3, 16, 31]);
    assert_eq!([0, 0xff00_0001, 0xff00_0008, 0xffff_0000, MIN].map(ctz), [u32::MAX, 0, 3, 16, 31]);
    let cls_of = [0, 0x4000_0000, MIN, 0x0fff_ffff, 0xffff_0000, 0xffff_fffe, u32::MAX].map(cls);
    assert_eq!(cls_of, [u32::MAX, 1, 1, 4, 16, 31, u32::MAX]);
    assert_eq!(bfrev(0x0000_0005), 0xa000_0000);
    assert_eq!(bcnt(0xf0f0, u32::MAX), 7);
    // Each lane's index, as section 16.12 computes it: both counts over an all-ones mask.
    for lane in 0..64 {
        assert_eq!(mbcnt_hi(u32::MAX, mbcnt_lo(u32::MAX, 0, lane), lane), lane);
    }
    assert_eq!((mbcnt_lo(0b1011, 10, 3), mbcnt_hi(0b1011, 10, 35), mbcnt_hi(u32::MAX, 4, 31)), (12, 12, 4));
}

#[test]
fn shifts_look_at_the_low_bits_of_the_count() {
    assert_eq!((lshlrev_b32(33, 3), lshrrev_b32(33, 6), ashrrev_i32(63, MIN)), (6, 3, u32::MAX));
    assert_eq!((lshlrev_b64(65, 3), lshrrev_b64(66, 12), ashrrev_i64(127, 1 << 63)), (6, 3, u64::MAX));
    assert_eq!(ashrrev_i16(17, 0x8000), 0xc000);
}

#[test]
fn three_operand_logic() {
    let (a, b, c) = (0b1100, 0b1010, 0b0001);
    assert_eq!((and_or(a, b, c), or3(a, b, c), xor3(a, b, c), bfi(a, b, 0b0101)), (0b1001, 0b1111, 0b0111, 0b1001));
    assert_eq!((lshl_add(3, 34, 1), add_lshl(1, 2, 33), lshl_or(1, 4, 1), xad(5, 3, u32::MAX)), (13, 6, 17, 5));
    assert_eq!(add3(u32::MAX, 2, 3), 4);
    assert_eq!((minmax_i32(5, 9, u32::MAX), maxmin_i32(5, u32::MAX, 3), minmax_u32(5, 9, u32::MAX)), (5, 3, u32::MAX));
    assert_eq!((min_i16(0xffff, 1), max_i16(0xffff, 1), min_u16(0xffff, 1)), (0xffff, 1, 1));
}

#[test]
fn compares_of_all_codes() {
    let mut stream = Stream(9);
    for _ in 0..1000 {
        let (a, b) = (stream.next_u32() as i32 >> 28, stream.next_u32() as i32 >> 28);
        let got = [0, 1, 2, 3, 4, 5, 6, 7].map(|op| IntCompare::from_bits(op).holds(a, b));
        assert_eq!(got, [false, a < b, a == b, a <= b, a > b, a != b, a >= b, true]);
    }
    assert!(IntCompare::Lt.holds(-1i64, 0) && IntCompare::Gt.holds(u64::MAX, 0));
}
