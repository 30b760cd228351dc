//! The scalar unit: results and the SCC bit.
//!
//! A pair is the result and the new SCC. Where the guide leaves SCC alone a function returns the result only. The K
//! forms take their immediate extended by the executor; the `SAVEEXEC` and `WREXEC` forms are the bitwise functions on
//! EXEC.
//! Source: guide, sections 16.1 to 16.4.

use super::int;

macro_rules! with_scc {
    ($($(#[$doc:meta])* $name:ident($($arg:ident: $type:ty),+) -> $result_type:ty = $result:expr, $scc:expr;)+) => { $(
        $(#[$doc])*
        #[inline(always)]
        #[must_use]
        pub fn $name($($arg: $type),+) -> ($result_type, bool) {
            let result: $result_type = $result;
            (result, ($scc)(result))
        }
    )+ };
}

#[inline(always)]
fn overflow_add(a: u32, b: u32) -> bool {
    (a as i32).overflowing_add(b as i32).1 // CAST: two's complement
}

#[inline(always)]
fn overflow_sub(a: u32, b: u32) -> bool {
    (a as i32).overflowing_sub(b as i32).1 // CAST: two's complement
}

/// `S_ADDC_U32`: the sum with SCC as carry, and the carry out. `S_ADD_U32` is this without a carry in.
#[inline(always)]
#[must_use]
pub fn addc_u32(a: u32, b: u32, scc: bool) -> (u32, bool) {
    int::add_co_ci(a, b, scc)
}

/// `S_SUBB_U32`: the difference with SCC as borrow, and the borrow out. `S_SUB_U32` is this without a borrow in.
#[inline(always)]
#[must_use]
pub fn subb_u32(a: u32, b: u32, scc: bool) -> (u32, bool) {
    int::sub_co_ci(a, b, scc)
}

/// `S_LSHL1_ADD_U32` to `S_LSHL4_ADD_U32`: `(a << shift) + b`, and whether that is 2^32 or more. `shift` is 1 to 4.
#[inline(always)]
#[must_use]
pub fn lshl_add_u32(shift: u32, a: u32, b: u32) -> (u32, bool) {
    let exact = (u64::from(a) << (shift & 7)) + u64::from(b);
    (exact as u32, exact >> 32 != 0) // CAST: wraps as meant
}

with_scc! {
    /// `S_ADD_I32`, `S_ADDK_I32`; SCC is signed overflow.
    add_i32(a: u32, b: u32) -> u32 = a.wrapping_add(b), |_| overflow_add(a, b);
    /// `S_SUB_I32`; SCC is signed overflow.
    sub_i32(a: u32, b: u32) -> u32 = a.wrapping_sub(b), |_| overflow_sub(a, b);
    /// `S_MIN_I32`; SCC tells that the first is the lesser.
    min_i32(a: u32, b: u32) -> u32 = int::min_i32(a, b), |_| (a as i32) < b as i32; // CAST: two's complement
    /// `S_MIN_U32`; SCC tells that the first is the lesser.
    min_u32(a: u32, b: u32) -> u32 = a.min(b), |_| a < b;
    /// `S_MAX_I32`; SCC tells that the first is the greater.
    max_i32(a: u32, b: u32) -> u32 = int::max_i32(a, b), |_| a as i32 > b as i32; // CAST: two's complement
    /// `S_MAX_U32`; SCC tells that the first is the greater.
    max_u32(a: u32, b: u32) -> u32 = a.max(b), |_| a > b;
    /// `S_ABS_I32`. The least integer stays as it is.
    abs_i32(a: u32) -> u32 = (a as i32).unsigned_abs(), |r| r != 0; // CAST: two's complement
    /// `S_ABSDIFF_I32`: the magnitude of the wrapped difference.
    absdiff_i32(a: u32, b: u32) -> u32 = abs_i32(a.wrapping_sub(b)).0, |r| r != 0;
    /// `S_BCNT0_I32_B32`.
    bcnt0_b32(a: u32) -> u32 = a.count_zeros(), |r| r != 0;
    /// `S_BCNT0_I32_B64`.
    bcnt0_b64(a: u64) -> u32 = a.count_zeros(), |r| r != 0;
    /// `S_BCNT1_I32_B32`.
    bcnt1_b32(a: u32) -> u32 = a.count_ones(), |r| r != 0;
    /// `S_BCNT1_I32_B64`.
    bcnt1_b64(a: u64) -> u32 = a.count_ones(), |r| r != 0;
    /// `S_BFE_U32`: as many bits of `a` as bits 22:16 of `field` say, from the bit that bits 4:0 say.
    bfe_u32(a: u32, field: u32) -> u32 = {
        let width = field >> 16 & 0x7f;
        (u64::from(a.wrapping_shr(field)) & low_bits(width)) as u32 // CAST: the value has 32 bits
    }, |r| r != 0;
    /// `S_BFE_I32`: the same, sign-extended.
    bfe_i32(a: u32, field: u32) -> u32 = {
        let shifted = i64::from((a as i32).wrapping_shr(field)) as u64; // CAST: two's complement
        sign_extend(shifted, field >> 16 & 0x7f) as u32 // CAST: the low half is wanted
    }, |r| r != 0;
    /// `S_BFE_U64`: the offset is bits 5:0.
    bfe_u64(a: u64, field: u32) -> u64 = a.wrapping_shr(field) & low_bits(field >> 16 & 0x7f), |r| r != 0;
    /// `S_BFE_I64`.
    bfe_i64(a: u64, field: u32) -> u64 = {
        let shifted = (a as i64).wrapping_shr(field) as u64; // CAST: two's complement
        sign_extend(shifted, field >> 16 & 0x7f)
    }, |r| r != 0;
}

/// As many ones as `width`, which may be over 64.
#[inline(always)]
fn low_bits(width: u32) -> u64 {
    if width >= 64 { u64::MAX } else { (1 << width) - 1 }
}

/// The low `width` bits of `x` as a signed number, 0 for no bits.
#[inline(always)]
fn sign_extend(x: u64, width: u32) -> u64 {
    let mask = low_bits(width);
    let sign = mask & !(mask >> 1);
    ((x & mask) ^ sign).wrapping_sub(sign)
}

macro_rules! both_widths {
    ($type:ty: $($(#[$doc:meta])* $name:ident($($arg:ident: $arg_type:ty),+) = $result:expr;)+) => { $(
        $(#[$doc])*
        #[inline(always)]
        #[must_use]
        pub fn $name($($arg: $arg_type),+) -> ($type, bool) {
            let result: $type = $result;
            (result, result != 0)
        }
    )+ };
}

macro_rules! bitwise {
    (
        $type:ty, $signed:ty: $and:ident $or:ident $xor:ident $nand:ident $nor:ident $xnor:ident $and_not1:ident
        $or_not1:ident $and_not0:ident $or_not0:ident $not:ident
        $lshl:ident $lshr:ident $ashr:ident $wqm:ident $quadmask:ident
    ) => {
        both_widths! { $type:
            /// Both.
            $and(a: $type, b: $type) = a & b;
            /// Either.
            $or(a: $type, b: $type) = a | b;
            /// One but not both.
            $xor(a: $type, b: $type) = a ^ b;
            /// Not both.
            $nand(a: $type, b: $type) = !(a & b);
            /// Neither.
            $nor(a: $type, b: $type) = !(a | b);
            /// Both or neither.
            $xnor(a: $type, b: $type) = !(a ^ b);
            /// The first without the second.
            $and_not1(a: $type, b: $type) = a & !b;
            /// The first or what is not in the second.
            $or_not1(a: $type, b: $type) = a | !b;
            /// The second without the first: of the `SAVEEXEC` and `WREXEC` forms.
            $and_not0(a: $type, b: $type) = !a & b;
            /// The second or what is not in the first: of the `SAVEEXEC` forms.
            $or_not0(a: $type, b: $type) = !a | b;
            /// Not.
            $not(a: $type) = !a;
            /// Shift left, by the count modulo the width.
            $lshl(a: $type, count: u32) = a.wrapping_shl(count);
            /// Shift right, by the count modulo the width.
            $lshr(a: $type, count: u32) = a.wrapping_shr(count);
            /// Shift right with the sign, by the count modulo the width.
            $ashr(a: $type, count: u32) = (a as $signed).wrapping_shr(count) as $type; // CAST: two's complement
            /// Whole quad mode: all four bits of each quad that has one.
            $wqm(a: $type) = {
                let any = a | a >> 1 | (a | a >> 1) >> 2;
                (any & <$type>::MAX / 15) * 15 // MAX / 15 is the lowest bit of each quad
            };
            /// One bit for each quad of four.
            $quadmask(a: $type) = {
                let any = a | a >> 1 | (a | a >> 1) >> 2;
                (0..<$type>::BITS / 4).fold(0, |mask, quad| mask | (any >> (quad * 4) & 1) << quad)
            };
        }
    };
}
bitwise! {
    u32, i32: and_b32 or_b32 xor_b32 nand_b32 nor_b32 xnor_b32 and_not1_b32 or_not1_b32
    and_not0_b32 or_not0_b32 not_b32 lshl_b32 lshr_b32 ashr_i32 wqm_b32 quadmask_b32
}
bitwise! {
    u64, i64: and_b64 or_b64 xor_b64 nand_b64 nor_b64 xnor_b64 and_not1_b64 or_not1_b64
    and_not0_b64 or_not0_b64 not_b64 lshl_b64 lshr_b64 ashr_i64 wqm_b64 quadmask_b64
}

macro_rules! plain {
    ($($(#[$doc:meta])* $name:ident($($arg:ident: $type:ty),+) -> $result_type:ty = $result:expr;)+) => { $(
        $(#[$doc])*
        #[inline(always)]
        #[must_use]
        pub fn $name($($arg: $type),+) -> $result_type {
            $result
        }
    )+ };
}
plain! {
    /// `S_MUL_I32`, `S_MULK_I32`.
    mul_i32(a: u32, b: u32) -> u32 = a.wrapping_mul(b);
    /// `S_MUL_HI_U32`.
    mul_hi_u32(a: u32, b: u32) -> u32 = int::mul_hi_u32(a, b);
    /// `S_MUL_HI_I32`.
    mul_hi_i32(a: u32, b: u32) -> u32 = int::mul_hi_i32(a, b);
    /// `S_BFM_B32`: `width` ones (modulo 32) from bit `offset`.
    bfm_b32(width: u32, offset: u32) -> u32 = int::bfm(width, offset);
    /// `S_BFM_B64`: `width` ones (modulo 64) from bit `offset`.
    bfm_b64(width: u32, offset: u32) -> u64 = low_bits(width & 63).wrapping_shl(offset);
    /// `S_CSELECT_B32`.
    cselect_b32(a: u32, b: u32, scc: bool) -> u32 = if scc { a } else { b };
    /// `S_CSELECT_B64`.
    cselect_b64(a: u64, b: u64, scc: bool) -> u64 = if scc { a } else { b };
    /// `S_PACK_LL_B32_B16`: low half of `a` below low half of `b`.
    pack_ll(a: u32, b: u32) -> u32 = b << 16 | a & 0xffff;
    /// `S_PACK_LH_B32_B16`: low half of `a` below high half of `b`.
    pack_lh(a: u32, b: u32) -> u32 = b & 0xffff_0000 | a & 0xffff;
    /// `S_PACK_HH_B32_B16`: high half of `a` below high half of `b`.
    pack_hh(a: u32, b: u32) -> u32 = b & 0xffff_0000 | a >> 16;
    /// `S_PACK_HL_B32_B16`: high half of `a` below low half of `b`.
    pack_hl(a: u32, b: u32) -> u32 = b << 16 | a >> 16;
    /// `S_BREV_B32`.
    brev_b32(a: u32) -> u32 = a.reverse_bits();
    /// `S_BREV_B64`.
    brev_b64(a: u64) -> u64 = a.reverse_bits();
    /// `S_CTZ_I32_B32`, all ones for 0.
    ctz_b32(a: u32) -> u32 = int::ctz(a);
    /// `S_CTZ_I32_B64`, all ones for 0.
    ctz_b64(a: u64) -> u32 = if a == 0 { u32::MAX } else { a.trailing_zeros() };
    /// `S_CLZ_I32_U32`, all ones for 0.
    clz_u32(a: u32) -> u32 = int::clz(a);
    /// `S_CLZ_I32_U64`, all ones for 0.
    clz_u64(a: u64) -> u32 = if a == 0 { u32::MAX } else { a.leading_zeros() };
    /// `S_CLS_I32`: how many bits from the top equal the sign, all ones if all do.
    cls_i32(a: u32) -> u32 = int::cls(a);
    /// `S_CLS_I32_I64`.
    cls_i64(a: u64) -> u32 = clz_u64(a ^ (a as i64 >> 63) as u64); // CAST: two's complement
    /// `S_SEXT_I32_I8`.
    sext_i8(a: u32) -> u32 = i32::from(a as i8) as u32; // CAST: the low byte; two's complement
    /// `S_SEXT_I32_I16`, `S_MOVK_I32`.
    sext_i16(a: u32) -> u32 = i32::from(a as i16) as u32; // CAST: the low half; two's complement
    /// `S_BITSET0_B32`: `into` with the bit cleared.
    bitset0_b32(into: u32, bit: u32) -> u32 = into & !1u32.wrapping_shl(bit);
    /// `S_BITSET0_B64`: `into` with the bit cleared.
    bitset0_b64(into: u64, bit: u32) -> u64 = into & !1u64.wrapping_shl(bit);
    /// `S_BITSET1_B32`: `into` with the bit set.
    bitset1_b32(into: u32, bit: u32) -> u32 = into | 1u32.wrapping_shl(bit);
    /// `S_BITSET1_B64`: `into` with the bit set.
    bitset1_b64(into: u64, bit: u32) -> u64 = into | 1u64.wrapping_shl(bit);
    /// `S_BITREPLICATE_B64_B32`: each bit twice.
    bitreplicate_b64(a: u32) -> u64 = {
        let spread = |x: u64, by: u32, mask: u64| (x | x << by) & mask;
        let x = spread(a.into(), 16, 0x0000_ffff_0000_ffff);
        let x = spread(x, 8, 0x00ff_00ff_00ff_00ff);
        let x = spread(x, 4, 0x0f0f_0f0f_0f0f_0f0f);
        let x = spread(x, 2, 0x3333_3333_3333_3333);
        spread(x, 1, 0x5555_5555_5555_5555) * 3
    };
    /// `S_BITCMP0_B32`: SCC of it. `S_BITCMP1_B32` is the opposite.
    bitcmp0_b32(a: u32, bit: u32) -> bool = a.wrapping_shr(bit) & 1 == 0;
    /// `S_BITCMP0_B64`: SCC of it. `S_BITCMP1_B64` is the opposite.
    bitcmp0_b64(a: u64, bit: u32) -> bool = a.wrapping_shr(bit) & 1 == 0;
}

/// `S_CMP_*`, the six comparisons: the SCC.
#[inline(always)]
#[must_use]
pub fn cmp_i32(op: super::IntCompare, a: u32, b: u32) -> bool {
    op.holds(a as i32, b as i32) // CAST: two's complement
}

/// `S_CMP_*_U32`: the SCC. `S_CMP_EQ_U64` and `S_CMP_LG_U64` are [`super::IntCompare::holds`] itself.
#[inline(always)]
#[must_use]
pub fn cmp_u32(op: super::IntCompare, a: u32, b: u32) -> bool {
    op.holds(a, b)
}

#[cfg(test)]
mod tests;
