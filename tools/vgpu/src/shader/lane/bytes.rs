//! Bytes within words: permutation, interpolation and sums of absolute differences.

/// `V_PERM_B32`: each byte of `select` picks one of the eight bytes of the pair (`a` high, `b` low): 0 to 7 that byte;
/// 8 to 11 the sign of byte 1, 3, 5, 7; 12 zeros; above ones.
#[inline(always)]
#[must_use]
pub fn perm(a: u32, b: u32, select: u32) -> u32 {
    let data = u64::from(a) << 32 | u64::from(b);
    let pick = |at: u32| {
        let s = select >> at & 0xff;
        let byte = (data >> ((s & 7) * 8)) as u32 & 0xff; // CAST: one byte is wanted
        let sign = if data >> ((s & 3) * 16 + 15) & 1 != 0 { 0xff } else { 0 };
        let constant = if s == 12 { 0 } else { 0xff };
        let special = if s < 12 { sign } else { constant };
        (if s < 8 { byte } else { special }) << at
    };
    pick(0) | pick(8) | pick(16) | pick(24)
}

/// `V_LERP_U8`: the means of the bytes of `a` and `b`, where bit 0 of each byte of `round` has halves go up.
#[inline(always)]
#[must_use]
pub fn lerp_u8(a: u32, b: u32, round: u32) -> u32 {
    let mean = |at: u32| ((a >> at & 0xff) + (b >> at & 0xff) + (round >> at & 1)) >> 1 << at;
    mean(0) | mean(8) | mean(16) | mean(24)
}

/// `V_SAD_U8`: `c` plus the distances of the bytes. With CLAMP this and all sums here saturate.
/// Source: guide, section 7.2.3.1.
#[inline(always)]
#[must_use]
pub fn sad_u8(clamp: bool, a: u32, b: u32, c: u32) -> u32 {
    let distance = |at: u32| (a >> at & 0xff).abs_diff(b >> at & 0xff);
    sum(clamp, distance(0) + distance(8) + distance(16) + distance(24), c)
}

/// `V_SAD_HI_U8`: the distances of the bytes added to `c` from bit 16.
#[inline(always)]
#[must_use]
pub fn sad_hi_u8(clamp: bool, a: u32, b: u32, c: u32) -> u32 {
    sum(clamp, sad_u8(false, a, b, 0) << 16, c)
}

/// `V_SAD_U16`: `c` plus the distances of the halves.
#[inline(always)]
#[must_use]
pub fn sad_u16(clamp: bool, a: u32, b: u32, c: u32) -> u32 {
    sum(clamp, (a & 0xffff).abs_diff(b & 0xffff) + (a >> 16).abs_diff(b >> 16), c)
}

/// `V_SAD_U32`: `c` plus the distance.
#[inline(always)]
#[must_use]
pub fn sad_u32(clamp: bool, a: u32, b: u32, c: u32) -> u32 {
    sum(clamp, a.abs_diff(b), c)
}

#[inline(always)]
fn sum(clamp: bool, distance: u32, c: u32) -> u32 {
    if clamp { distance.saturating_add(c) } else { distance.wrapping_add(c) }
}

/// `V_MSAD_U8`: [`sad_u8`] without the bytes that are zero in the reference `b`.
#[inline(always)]
#[must_use]
pub fn msad_u8(clamp: bool, a: u32, b: u32, c: u32) -> u32 {
    let distance = |at: u32| {
        let reference = b >> at & 0xff;
        if reference == 0 { 0 } else { (a >> at & 0xff).abs_diff(reference) }
    };
    sum(clamp, distance(0) + distance(8) + distance(16) + distance(24), c)
}

/// The four words that start at bytes 0 to 3 of `a`.
#[inline(always)]
fn windows(a: u64) -> [u32; 4] {
    [0, 8, 16, 24].map(|at| (a >> at) as u32) // CAST: one word is wanted
}

#[inline(always)]
fn four_halves(clamp: bool, a: u64, b: u32, c: u64, sad: impl Fn(bool, u32, u32, u32) -> u32) -> u64 {
    let [w0, w1, w2, w3] = windows(a);
    let one = |window: u32, at: u32| {
        let sum = sad(false, window, b, (c >> at) as u32 & 0xffff); // CAST: one half
        u64::from(if clamp { sum.min(0xffff) } else { sum & 0xffff }) << at
    };
    one(w0, 0) | one(w1, 16) | one(w2, 32) | one(w3, 48)
}

/// `V_QSAD_PK_U16_U8`: [`sad_u8`] of four overlapping words of `a` with `b`, each added to one half of `c` and cut to
/// 16 bits, or saturated with CLAMP.
/// Source: guide, section 16.12; that the sum is cut and not saturated is spelt out in AMD's RDNA4 guide.
#[inline(always)]
#[must_use]
pub fn qsad_pk_u16_u8(clamp: bool, a: u64, b: u32, c: u64) -> u64 {
    four_halves(clamp, a, b, c, sad_u8)
}

/// `V_MQSAD_PK_U16_U8`: [`qsad_pk_u16_u8`] with [`msad_u8`].
#[inline(always)]
#[must_use]
pub fn mqsad_pk_u16_u8(clamp: bool, a: u64, b: u32, c: u64) -> u64 {
    four_halves(clamp, a, b, c, msad_u8)
}

/// `V_MQSAD_U32_U8`: [`msad_u8`] of four overlapping words of `a` with `b`, each added to one word of `c`.
#[inline(always)]
#[must_use]
pub fn mqsad_u32_u8(clamp: bool, a: u64, b: u32, c: [u32; 4]) -> [u32; 4] {
    let ([w0, w1, w2, w3], [c0, c1, c2, c3]) = (windows(a), c);
    [msad_u8(clamp, w0, b, c0), msad_u8(clamp, w1, b, c1), msad_u8(clamp, w2, b, c2), msad_u8(clamp, w3, b, c3)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn perm_takes_bytes_signs_and_constants() {
        let (a, b) = (0x8876_5443, 0x3221_90ff);
        assert_eq!(perm(a, b, 0x0706_0504), a);
        assert_eq!(perm(a, b, 0x0302_0100), b);
        // Bytes from 0: ff 90 21 32 43 54 76 88; signs of 1, 3, 5, 7: set, clear, clear, set.
        assert_eq!(perm(a, b, 0x0b0a_0908), 0xff00_00ff);
        assert_eq!(perm(a, b, 0xff0d_0c07), 0xffff_0088);
        assert_eq!(perm(a, b, 0x0801_0400), 0xff90_43ff);
    }

    #[test]
    fn lerp_rounds_each_byte_by_its_bit() {
        assert_eq!(lerp_u8(0xff01_0300, 0xff02_0401, 0x0000_0000), 0xff01_0300);
        assert_eq!(lerp_u8(0xff01_0300, 0xff02_0401, 0x0101_0101), 0xff02_0401);
        assert_eq!(lerp_u8(0x0000_0001, 0, 0x0000_00fe), 0);
    }

    #[test]
    fn sums_of_absolute_differences() {
        assert_eq!(sad_u8(false, 0x10_20_30_40, 0x11_1e_33_3c, 5), 15);
        assert_eq!(sad_u8(false, u32::MAX, 0, u32::MAX), 1019);
        assert_eq!(sad_hi_u8(false, 0x0000_0102, 0, 7), 0x0003_0007);
        assert_eq!(sad_u16(false, 0x0001_ffff, 0x0003_0000, 1), 0x1_0002);
        assert_eq!(msad_u8(false, 0x10_20_30_40, 0x11_00_33_00, 5), 9);
    }

    #[test]
    fn clamped_sums_stop_at_the_top() {
        assert_eq!(sad_u8(true, u32::MAX, 0, u32::MAX - 1019), u32::MAX);
        assert_eq!(sad_u8(true, 2, 0, u32::MAX - 1), u32::MAX);
        assert_eq!(sad_u32(true, 0, 9, u32::MAX - 8), u32::MAX);
        assert_eq!(sad_u32(false, 0, 9, u32::MAX - 8), 0);
        assert_eq!(sad_hi_u8(true, 0xff, 0, 0xffff_0000), u32::MAX);
        assert_eq!(mqsad_u32_u8(true, 3, 1, [u32::MAX, 1, 1, 1]), [u32::MAX, 2, 2, 2]);
        assert_eq!(qsad_pk_u16_u8(true, 0x0706_0504_0302_0100, 0, 0xfffc), 0x0012_000e_000a_ffff);
    }

    #[test]
    fn quads_slide_by_a_byte() {
        let a = 0x0706_0504_0302_0100;
        assert_eq!(qsad_pk_u16_u8(false, a, 0, 0x0004_0003_0002_ffff), 0x0016_0011_000c_0005);
        assert_eq!(mqsad_pk_u16_u8(false, a, 1, 0), 0x0002_0001_0000_0001);
        assert_eq!(mqsad_u32_u8(false, a, 0x0100, [u32::MAX, 0, 0, 9]), [u32::MAX, 1, 2, 12]);
    }
}
