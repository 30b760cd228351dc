//! Integers of 16, 32 and 64 bits.
//!
//! Operands and results are bit patterns; a name's `_i32` or `_u32` says how they are read where that matters. The
//! forms that wrap and those that CLAMP makes saturate are separate. Packed instructions call the 16-bit functions once
//! for each half. What is a Rust operator on the bits (`V_AND_B32`, `V_NOT_B32`, `V_ADD_NC_U32` and their like) has no
//! function here.

/// `V_ADD_CO_U32`: the sum and the carry out.
#[inline(always)]
#[must_use]
pub fn add_co(a: u32, b: u32) -> (u32, bool) {
    a.overflowing_add(b)
}

/// `V_ADD_CO_CI_U32`: [`add_co`] with a carry in.
#[inline(always)]
#[must_use]
pub fn add_co_ci(a: u32, b: u32, carry: bool) -> (u32, bool) {
    let (sum, first) = a.overflowing_add(b);
    let (sum, second) = sum.overflowing_add(u32::from(carry));
    (sum, first | second)
}

/// `V_SUB_CO_U32`: the difference and the borrow out. `V_SUBREV_CO_U32` swaps the operands.
#[inline(always)]
#[must_use]
pub fn sub_co(a: u32, b: u32) -> (u32, bool) {
    a.overflowing_sub(b)
}

/// `V_SUB_CO_CI_U32`: [`sub_co`] with a borrow in. `V_SUBREV_CO_CI_U32` swaps the operands; the guide forgets to in its
/// borrow.
#[inline(always)]
#[must_use]
pub fn sub_co_ci(a: u32, b: u32, borrow: bool) -> (u32, bool) {
    let (difference, first) = a.overflowing_sub(b);
    let (difference, second) = difference.overflowing_sub(u32::from(borrow));
    (difference, first | second)
}

/// CLAMP on a sum with a carry out.
#[inline(always)]
#[must_use]
pub fn clamp_sum((sum, carry): (u32, bool)) -> (u32, bool) {
    (if carry { u32::MAX } else { sum }, carry)
}

/// CLAMP on a difference with a borrow out.
#[inline(always)]
#[must_use]
pub fn clamp_difference((difference, borrow): (u32, bool)) -> (u32, bool) {
    (if borrow { 0 } else { difference }, borrow)
}

macro_rules! saturating {
    ($($(#[$doc:meta])* $name:ident = $unsigned:ty, $int:ty, $method:ident;)+) => { $(
        $(#[$doc])*
        #[inline(always)]
        #[must_use]
        pub fn $name(a: $unsigned, b: $unsigned) -> $unsigned {
            (a as $int).$method(b as $int) as $unsigned // CAST: the bits read as the type of the name
        }
    )+ };
}
saturating! {
    /// `V_ADD_NC_U32` with CLAMP.
    add_sat_u32 = u32, u32, saturating_add;
    /// `V_SUB_NC_U32` with CLAMP.
    sub_sat_u32 = u32, u32, saturating_sub;
    /// `V_ADD_NC_I32` with CLAMP.
    add_sat_i32 = u32, i32, saturating_add;
    /// `V_SUB_NC_I32` with CLAMP.
    sub_sat_i32 = u32, i32, saturating_sub;
    /// `V_ADD_NC_U16` with CLAMP.
    add_sat_u16 = u16, u16, saturating_add;
    /// `V_SUB_NC_U16` with CLAMP.
    sub_sat_u16 = u16, u16, saturating_sub;
    /// `V_ADD_NC_I16` with CLAMP.
    add_sat_i16 = u16, i16, saturating_add;
    /// `V_SUB_NC_I16` with CLAMP.
    sub_sat_i16 = u16, i16, saturating_sub;
    /// `V_MUL_LO_U16` with CLAMP.
    mul_sat_u16 = u16, u16, saturating_mul;
}

/// `V_MUL_HI_U32`.
#[inline(always)]
#[must_use]
pub fn mul_hi_u32(a: u32, b: u32) -> u32 {
    ((u64::from(a) * u64::from(b)) >> 32) as u32 // CAST: the upper half
}

/// `V_MUL_HI_I32`.
#[inline(always)]
#[must_use]
pub fn mul_hi_i32(a: u32, b: u32) -> u32 {
    ((i64::from(a as i32) * i64::from(b as i32)) >> 32) as u32 // CAST: two's complement; the upper half
}

#[inline(always)]
fn u24(x: u32) -> u32 {
    x & 0xff_ffff
}

#[inline(always)]
fn i24(x: u32) -> i32 {
    (x << 8) as i32 >> 8 // CAST: two's complement, extends bit 23
}

/// `V_MUL_U32_U24`: the low 32 bits of the product of the low 24 bits.
#[inline(always)]
#[must_use]
pub fn mul_u24(a: u32, b: u32) -> u32 {
    u24(a).wrapping_mul(u24(b))
}

/// `V_MUL_HI_U32_U24`: the bits of the same product from bit 32 up.
#[inline(always)]
#[must_use]
pub fn mul_hi_u24(a: u32, b: u32) -> u32 {
    mul_hi_u32(u24(a), u24(b))
}

/// `V_MUL_I32_I24`.
#[inline(always)]
#[must_use]
pub fn mul_i24(a: u32, b: u32) -> u32 {
    i24(a).wrapping_mul(i24(b)) as u32 // CAST: two's complement
}

/// `V_MUL_HI_I32_I24`.
#[inline(always)]
#[must_use]
pub fn mul_hi_i24(a: u32, b: u32) -> u32 {
    mul_hi_i32(i24(a) as u32, i24(b) as u32) // CAST: two's complement
}

/// `V_MAD_U32_U24`.
#[inline(always)]
#[must_use]
pub fn mad_u24(a: u32, b: u32, c: u32) -> u32 {
    mul_u24(a, b).wrapping_add(c)
}

/// `V_MAD_I32_I24`.
#[inline(always)]
#[must_use]
pub fn mad_i24(a: u32, b: u32, c: u32) -> u32 {
    mul_i24(a, b).wrapping_add(c)
}

/// `V_MAD_U32_U24` with CLAMP, which LLVM lets the instruction have (`VOP3Instructions.td`): the exact result,
/// saturated.
#[inline(always)]
#[must_use]
pub fn mad_sat_u24(a: u32, b: u32, c: u32) -> u32 {
    let exact = u64::from(u24(a)) * u64::from(u24(b)) + u64::from(c);
    exact.min(u64::from(u32::MAX)) as u32 // CAST: just clamped
}

/// `V_MAD_I32_I24` with CLAMP; see [`mad_sat_u24`].
#[inline(always)]
#[must_use]
pub fn mad_sat_i24(a: u32, b: u32, c: u32) -> u32 {
    clamp_i32(i64::from(i24(a)) * i64::from(i24(b)) + i64::from(c as i32)) // CAST: two's complement
}

/// An i64 saturated to i32, as bits.
#[inline(always)]
pub(super) fn clamp_i32(x: i64) -> u32 {
    x.clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32 as u32 // CAST: just clamped; two's complement
}

/// `V_MAD_U32_U16`.
#[inline(always)]
#[must_use]
pub fn mad_u32_u16(a: u16, b: u16, c: u32) -> u32 {
    (u32::from(a) * u32::from(b)).wrapping_add(c)
}

/// `V_MAD_I32_I16`.
#[inline(always)]
#[must_use]
pub fn mad_i32_i16(a: u16, b: u16, c: u32) -> u32 {
    let product = i32::from(a as i16) * i32::from(b as i16); // CAST: two's complement
    (product as u32).wrapping_add(c) // CAST: two's complement
}

/// `V_MAD_U32_U16` with CLAMP: the exact result, saturated.
#[inline(always)]
#[must_use]
pub fn mad_sat_u32_u16(a: u16, b: u16, c: u32) -> u32 {
    (u32::from(a) * u32::from(b)).saturating_add(c)
}

/// `V_MAD_I32_I16` with CLAMP: the exact result, saturated.
#[inline(always)]
#[must_use]
pub fn mad_sat_i32_i16(a: u16, b: u16, c: u32) -> u32 {
    let product = i64::from(a as i16) * i64::from(b as i16); // CAST: two's complement
    clamp_i32(product + i64::from(c as i32)) // CAST: two's complement
}

/// `V_MAD_U16`, `V_MAD_I16`, `V_PK_MAD_U16`, `V_PK_MAD_I16`, wrapping.
#[inline(always)]
#[must_use]
pub fn mad_16(a: u16, b: u16, c: u16) -> u16 {
    a.wrapping_mul(b).wrapping_add(c)
}

/// `V_MAD_U16` and `V_PK_MAD_U16` with CLAMP: the exact result, saturated.
#[inline(always)]
#[must_use]
pub fn mad_sat_u16(a: u16, b: u16, c: u16) -> u16 {
    (u32::from(a) * u32::from(b) + u32::from(c)).min(0xffff) as u16 // CAST: just clamped
}

/// `V_MAD_I16` and `V_PK_MAD_I16` with CLAMP: the exact result, saturated.
#[inline(always)]
#[must_use]
pub fn mad_sat_i16(a: u16, b: u16, c: u16) -> u16 {
    let [a, b, c] = [a, b, c].map(|x| i32::from(x as i16)); // CAST: two's complement
    (a * b + c).clamp(-0x8000, 0x7fff) as u16 // CAST: just clamped
}

/// `V_MAD_U64_U32`: `a * b + c` and the carry out of bit 63.
#[inline(always)]
#[must_use]
pub fn mad_u64_u32(a: u32, b: u32, c: u64) -> (u64, bool) {
    (u64::from(a) * u64::from(b)).overflowing_add(c)
}

/// `V_MAD_I64_I32`: `a * b + c` and bit 64 of the 65-bit sum, which is its sign and not whether it overflowed.
/// Source: guide, section 16.12.
#[inline(always)]
#[must_use]
pub fn mad_i64_i32(a: u32, b: u32, c: u64) -> (u64, bool) {
    let product = i64::from(a as i32) * i64::from(b as i32); // CAST: two's complement
    let (sum, overflow) = product.overflowing_add(c as i64); // CAST: two's complement
    (sum as u64, (sum < 0) != overflow) // CAST: two's complement
}

/// [`mad_u64_u32`] with CLAMP: the exact result, saturated; the carry stays.
#[inline(always)]
#[must_use]
pub fn mad_sat_u64_u32(a: u32, b: u32, c: u64) -> (u64, bool) {
    let (sum, carry) = mad_u64_u32(a, b, c);
    (if carry { u64::MAX } else { sum }, carry)
}

/// [`mad_i64_i32`] with CLAMP: the exact result, saturated; bit 64 stays.
#[inline(always)]
#[must_use]
pub fn mad_sat_i64_i32(a: u32, b: u32, c: u64) -> (u64, bool) {
    let product = i64::from(a as i32) * i64::from(b as i32); // CAST: two's complement
    let (_, sign) = mad_i64_i32(a, b, c);
    (product.saturating_add(c as i64) as u64, sign) // CAST: two's complement
}

macro_rules! shifts {
    ($($(#[$doc:meta])* $name:ident($count:ident: $count_type:ty, $value:ident: $type:ty) = $result:expr;)+) => { $(
        $(#[$doc])*
        #[inline(always)]
        #[must_use]
        pub fn $name($count: $count_type, $value: $type) -> $type {
            $result
        }
    )+ };
}
shifts! {
    /// `V_LSHLREV_B32`. Like all shifts it looks at as many low bits of the count as the width needs.
    lshlrev_b32(count: u32, value: u32) = value.wrapping_shl(count);
    /// `V_LSHRREV_B32`.
    lshrrev_b32(count: u32, value: u32) = value.wrapping_shr(count);
    /// `V_ASHRREV_I32`.
    ashrrev_i32(count: u32, value: u32) = (value as i32).wrapping_shr(count) as u32; // CAST: two's complement
    /// `V_LSHLREV_B16`, `V_PK_LSHLREV_B16`.
    lshlrev_b16(count: u16, value: u16) = value.wrapping_shl(u32::from(count));
    /// `V_LSHRREV_B16`, `V_PK_LSHRREV_B16`.
    lshrrev_b16(count: u16, value: u16) = value.wrapping_shr(u32::from(count));
    /// `V_ASHRREV_I16`, `V_PK_ASHRREV_I16`.
    ashrrev_i16(count: u16, value: u16) = (value as i16).wrapping_shr(count.into()) as u16; // CAST: two's complement
    /// `V_LSHLREV_B64`.
    lshlrev_b64(count: u32, value: u64) = value.wrapping_shl(count);
    /// `V_LSHRREV_B64`.
    lshrrev_b64(count: u32, value: u64) = value.wrapping_shr(count);
    /// `V_ASHRREV_I64`.
    ashrrev_i64(count: u32, value: u64) = (value as i64).wrapping_shr(count) as u64; // CAST: two's complement
}

macro_rules! ternary {
    ($($(#[$doc:meta])* $name:ident($a:ident, $b:ident, $c:ident) = $result:expr;)+) => { $(
        $(#[$doc])*
        #[inline(always)]
        #[must_use]
        pub fn $name($a: u32, $b: u32, $c: u32) -> u32 {
            $result
        }
    )+ };
}
ternary! {
    /// `V_ADD3_U32`.
    add3(a, b, c) = a.wrapping_add(b).wrapping_add(c);
    /// `V_LSHL_ADD_U32`.
    lshl_add(a, b, c) = a.wrapping_shl(b).wrapping_add(c);
    /// `V_ADD_LSHL_U32`.
    add_lshl(a, b, c) = a.wrapping_add(b).wrapping_shl(c);
    /// `V_LSHL_OR_B32`.
    lshl_or(a, b, c) = a.wrapping_shl(b) | c;
    /// `V_AND_OR_B32`.
    and_or(a, b, c) = a & b | c;
    /// `V_OR3_B32`.
    or3(a, b, c) = a | b | c;
    /// `V_XOR3_B32`.
    xor3(a, b, c) = a ^ b ^ c;
    /// `V_XAD_U32`.
    xad(a, b, c) = (a ^ b).wrapping_add(c);
    /// `V_BFI_B32`: bits of `b` where the mask `a` is set, else of `c`.
    bfi(a, b, c) = a & b | !a & c;
    /// `V_BFE_U32`: `c` bits (modulo 32, so 0 gives 0) of `a` from bit `b`.
    bfe_u32(a, b, c) = a.wrapping_shr(b) & low_bits(c);
    /// `V_BFE_I32`: the same, sign-extended.
    bfe_i32(a, b, c) = {
        // The shift is arithmetic: bits beyond the highest are copies of it.
        let field = (a as i32).wrapping_shr(b) as u32 & low_bits(c); // CAST: two's complement
        let sign = low_bits(c) & !(low_bits(c) >> 1);
        (field ^ sign).wrapping_sub(sign)
    };
    /// `V_ALIGNBIT_B32`: 32 bits of the pair (`a` high, `b` low) from bit `c`.
    alignbit(a, b, c) = (pair(a, b) >> (c & 31)) as u32; // CAST: the low half is wanted
    /// `V_ALIGNBYTE_B32`: 4 bytes of the pair (`a` high, `b` low) from byte `c`.
    alignbyte(a, b, c) = (pair(a, b) >> ((c & 3) * 8)) as u32; // CAST: the low half is wanted
}

#[inline(always)]
fn pair(high: u32, low: u32) -> u64 {
    u64::from(high) << 32 | u64::from(low)
}

#[inline(always)]
fn low_bits(count: u32) -> u32 {
    1u32.wrapping_shl(count).wrapping_sub(1)
}

/// `V_BFM_B32`: `width` ones (modulo 32) from bit `offset`.
#[inline(always)]
#[must_use]
pub fn bfm(width: u32, offset: u32) -> u32 {
    low_bits(width).wrapping_shl(offset)
}

/// `V_CLZ_I32_U32`: zeros above the first one, all ones for 0.
#[inline(always)]
#[must_use]
pub fn clz(x: u32) -> u32 {
    if x == 0 { u32::MAX } else { x.leading_zeros() }
}

/// `V_CTZ_I32_B32`: zeros below the last one, all ones for 0.
#[inline(always)]
#[must_use]
pub fn ctz(x: u32) -> u32 {
    if x == 0 { u32::MAX } else { x.trailing_zeros() }
}

/// `V_CLS_I32`: how many bits from the top equal the sign, all ones if all do.
#[inline(always)]
#[must_use]
pub fn cls(x: u32) -> u32 {
    clz(x ^ ashrrev_i32(31, x))
}

/// `V_BFREV_B32`.
#[inline(always)]
#[must_use]
pub fn bfrev(x: u32) -> u32 {
    x.reverse_bits()
}

/// `V_BCNT_U32_B32`: ones in `a`, plus `b`.
#[inline(always)]
#[must_use]
pub fn bcnt(a: u32, b: u32) -> u32 {
    a.count_ones().wrapping_add(b)
}

/// `V_MBCNT_LO_U32_B32`: ones in `mask` that belong to lanes 0 to 31 below `lane` (0 to 63), plus `base`.
#[inline(always)]
#[must_use]
pub fn mbcnt_lo(mask: u32, base: u32, lane: u32) -> u32 {
    let below = if lane >= 32 { u32::MAX } else { low_bits(lane) };
    bcnt(mask & below, base)
}

/// `V_MBCNT_HI_U32_B32`: the same for lanes 32 to 63.
#[inline(always)]
#[must_use]
pub fn mbcnt_hi(mask: u32, base: u32, lane: u32) -> u32 {
    let below = if lane >= 32 { low_bits(lane) } else { 0 };
    bcnt(mask & below, base)
}

macro_rules! ordered {
    (
        $unsigned:ty, $int:ty:
        $min:ident, $max:ident, $min3:ident, $max3:ident, $med3:ident, $minmax:ident, $maxmin:ident
    ) => {
        /// The lesser.
        #[inline(always)]
        #[must_use]
        pub fn $min(a: $unsigned, b: $unsigned) -> $unsigned {
            (a as $int).min(b as $int) as $unsigned // CAST: the bits read as the type of the name
        }

        /// The greater.
        #[inline(always)]
        #[must_use]
        pub fn $max(a: $unsigned, b: $unsigned) -> $unsigned {
            (a as $int).max(b as $int) as $unsigned // CAST: the bits read as the type of the name
        }

        /// The least of three.
        #[inline(always)]
        #[must_use]
        pub fn $min3(a: $unsigned, b: $unsigned, c: $unsigned) -> $unsigned {
            $min($min(a, b), c)
        }

        /// The greatest of three.
        #[inline(always)]
        #[must_use]
        pub fn $max3(a: $unsigned, b: $unsigned, c: $unsigned) -> $unsigned {
            $max($max(a, b), c)
        }

        /// The middle one of three.
        #[inline(always)]
        #[must_use]
        pub fn $med3(a: $unsigned, b: $unsigned, c: $unsigned) -> $unsigned {
            $max($min(a, b), $min($max(a, b), c))
        }

        /// `max(min(a, b), c)`.
        #[inline(always)]
        #[must_use]
        pub fn $minmax(a: $unsigned, b: $unsigned, c: $unsigned) -> $unsigned {
            $max($min(a, b), c)
        }

        /// `min(max(a, b), c)`.
        #[inline(always)]
        #[must_use]
        pub fn $maxmin(a: $unsigned, b: $unsigned, c: $unsigned) -> $unsigned {
            $min($max(a, b), c)
        }
    };
}
ordered! { u32, i32: min_i32, max_i32, min3_i32, max3_i32, med3_i32, minmax_i32, maxmin_i32 }
ordered! { u32, u32: min_u32, max_u32, min3_u32, max3_u32, med3_u32, minmax_u32, maxmin_u32 }
ordered! { u16, i16: min_i16, max_i16, min3_i16, max3_i16, med3_i16, minmax_i16, maxmin_i16 }
ordered! { u16, u16: min_u16, max_u16, min3_u16, max3_u16, med3_u16, minmax_u16, maxmin_u16 }

#[cfg(test)]
mod tests;
