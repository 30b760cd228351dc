use super::super::IntCompare;
use super::*;

const MIN: u32 = 0x8000_0000;

#[test]
fn sums_and_their_two_kinds_of_scc() {
    assert_eq!(addc_u32(u32::MAX, 0, true), (0, true));
    assert_eq!(addc_u32(0x7fff_ffff, 1, false), (MIN, false));
    assert_eq!(subb_u32(0, 0, true), (u32::MAX, true));
    assert_eq!(subb_u32(5, 5, false), (0, false));
    assert_eq!(add_i32(0x7fff_ffff, 1), (MIN, true));
    assert_eq!(add_i32(u32::MAX, 1), (0, false));
    assert_eq!(sub_i32(MIN, 1), (0x7fff_ffff, true));
    assert_eq!(sub_i32(0, 1), (u32::MAX, false));
    assert_eq!((lshl_add_u32(1, MIN, 5), lshl_add_u32(4, 1, 5)), ((5, true), (21, false)));
    assert_eq!(lshl_add_u32(3, 0x1fff_ffff, 8), (0, true));
}

#[test]
fn examples_of_the_guide() {
    // S_ABSDIFF_I32, section 16.1.
    for (a, b, expected) in [
        (2, 5, 3),
        (u32::MAX, 0, 1),
        (MIN, 0, MIN),
        (MIN, 1, 0x7fff_ffff),
        (MIN, u32::MAX, 0x7fff_ffff),
        (MIN, 0xffff_fffe, 0x7fff_fffe),
    ] {
        assert_eq!(absdiff_i32(a, b), (expected, true));
    }
    assert_eq!(absdiff_i32(7, 7), (0, false));
    // Section 16.3.
    let abs = [1, 0x7fff_ffff, MIN, 0x8000_0001, 0x8000_0002, u32::MAX].map(|x| abs_i32(x).0);
    assert_eq!(abs, [1, 0x7fff_ffff, MIN, 0x7fff_ffff, 0x7fff_fffe, 1]);
    assert_eq!([0xaaaa_aaaa, 0x5555_5555, 0, u32::MAX, 0x0001_0000].map(ctz_b32), [1, 0, u32::MAX, 0, 16]);
    assert_eq!([0, 0xcccc, 0xffff_3333, 0x7fff_ffff, MIN, u32::MAX].map(clz_u32), [u32::MAX, 16, 0, 1, 0, 0]);
    let cls = [0, 0xcccc, 0xffff_3333, 0x7fff_ffff, MIN, u32::MAX].map(cls_i32);
    assert_eq!(cls, [u32::MAX, 16, 16, 1, 1, u32::MAX]);
    assert_eq!([0, 0xcccc_cccc, u32::MAX].map(bcnt0_b32), [(32, true), (16, true), (0, false)]);
    assert_eq!([0, 0xcccc_cccc, u32::MAX].map(bcnt1_b32), [(0, false), (16, true), (32, true)]);
    // S_BITREPLICATE: twice makes a pixel mask of a quad mask.
    assert_eq!(bitreplicate_b64(0x8000_0005), 0xc000_0000_0000_0033);
    assert_eq!(bitreplicate_b64(bitreplicate_b64(0b1001) as u32), 0xf00f);
}

#[test]
fn sixty_four_bit_counts() {
    assert_eq!((ctz_b64(1 << 40), ctz_b64(0), clz_u64(1 << 40), clz_u64(0)), (40, u32::MAX, 23, u32::MAX));
    assert_eq!((cls_i64(u64::MAX << 40), cls_i64(u64::MAX), cls_i64(1)), (24, u32::MAX, 63));
    assert_eq!((bcnt0_b64(u64::MAX), bcnt1_b64(u64::MAX)), ((0, false), (64, true)));
    assert_eq!((brev_b32(1), brev_b64(1)), (MIN, 1 << 63));
}

#[test]
fn minima_tell_which_was_chosen() {
    assert_eq!((min_i32(u32::MAX, 0), min_u32(u32::MAX, 0)), ((u32::MAX, true), (0, false)));
    assert_eq!((max_i32(u32::MAX, 0), max_u32(u32::MAX, 0)), ((0, false), (u32::MAX, true)));
    assert_eq!((min_i32(3, 3), max_u32(3, 3)), ((3, false), (3, false)));
}

#[test]
fn bit_fields_have_seven_bits_of_width() {
    let field = |offset: u32, width: u32| width << 16 | offset;
    assert_eq!(bfe_u32(0x1234_5678, field(8, 12)), (0x456, true));
    assert_eq!(bfe_u32(0x1234_5678, field(0, 32)), (0x1234_5678, true));
    assert_eq!(bfe_u32(0x1234_5678, field(4, 0)), (0, false));
    assert_eq!(bfe_u32(u32::MAX, field(36, 100)), (0x0fff_ffff, true));
    assert_eq!(bfe_i32(0x0000_0f00, field(8, 4)), (u32::MAX, true));
    assert_eq!(bfe_i32(0x0000_0700, field(8, 4)), (7, true));
    assert_eq!(bfe_i32(0x8000_0000, field(28, 10)), (0xffff_fff8, true));
    assert_eq!(bfe_i32(u32::MAX, field(0, 0)), (0, false));
    assert_eq!(bfe_u64(u64::MAX, field(60, 127)), (15, true));
    assert_eq!(bfe_i64(1 << 40, field(33, 8)), ((-128i64) as u64, true));
    assert_eq!((bfm_b32(4, 8), bfm_b32(32, 0), bfm_b64(40, 8), bfm_b64(64, 0)), (0xf00, 0, 0xffff_ffff_ff00, 0));
}

#[test]
fn bitwise_and_shifts() {
    let (a, b) = (0b1100u32, 0b1010u32);
    let narrow =
        [and_b32, or_b32, xor_b32, nand_b32, nor_b32, xnor_b32, and_not1_b32, or_not1_b32, and_not0_b32, or_not0_b32];
    let low = narrow.map(|op| op(a, b).0 & 15);
    assert_eq!(low, [0b1000, 0b1110, 0b0110, 0b0111, 0b0001, 0b1001, 0b0100, 0b1101, 0b0010, 0b1011]);
    assert_eq!((and_b32(1, 2), xnor_b32(0, u32::MAX), not_b64(u64::MAX)), ((0, false), (0, false), (0, false)));
    assert_eq!((lshl_b32(1, 33), lshr_b32(4, 34), ashr_i32(MIN, 63)), ((2, true), (1, true), (u32::MAX, true)));
    assert_eq!((lshl_b64(1, 64), lshr_b64(1, 1), ashr_i64(1 << 63, 127)), ((1, true), (0, false), (u64::MAX, true)));
    assert_eq!((cselect_b32(1, 2, true), cselect_b64(1, 2, false)), (1, 2));
    assert_eq!((mul_i32(u32::MAX, 3), mul_hi_u32(u32::MAX, 3), mul_hi_i32(u32::MAX, 3)), (0xffff_fffd, 2, u32::MAX));
}

#[test]
fn quads() {
    assert_eq!(wqm_b32(0x8000_0120), (0xf000_0ff0, true));
    assert_eq!(wqm_b64(0x1000_0000_0000_0000), (0xf000_0000_0000_0000, true));
    assert_eq!(quadmask_b32(0x8000_0120), (0b1000_0110, true));
    assert_eq!(quadmask_b64(0x8000_0000_0000_0001), (0x8001, true));
    assert_eq!((wqm_b32(0), quadmask_b64(0)), ((0, false), (0, false)));
}

#[test]
fn packing_extending_and_single_bits() {
    let (a, b) = (0x1111_2222, 0x3333_4444);
    let packed = [pack_ll, pack_lh, pack_hh, pack_hl].map(|op| op(a, b));
    assert_eq!(packed, [0x4444_2222, 0x3333_2222, 0x3333_1111, 0x4444_1111]);
    assert_eq!((sext_i8(0x180), sext_i8(0x17f), sext_i16(0x1_8000)), (0xffff_ff80, 0x7f, 0xffff_8000));
    assert_eq!((bitset0_b32(u32::MAX, 35), bitset1_b32(0, 35)), (0xffff_fff7, 8));
    assert_eq!((bitset0_b64(u64::MAX, 67), bitset1_b64(0, 63)), (!8, 1 << 63));
    assert_eq!((bitcmp0_b32(4, 34), bitcmp0_b32(4, 3), bitcmp0_b64(1 << 40, 40)), (false, true, false));
    assert!(cmp_i32(IntCompare::Lt, u32::MAX, 0) && cmp_u32(IntCompare::Gt, u32::MAX, 0));
}
