//! What vector operations make of undefined bits in one lane.
//!
//! A row for each operation that leaves some of its result defined; every other one (floats, conversions, dot products)
//! makes all of its result undefined if anything that it reads is.

use sparkle_rdna3::Op;

use super::bits::{Bits, ones};
use crate::shader::lane::{bytes, int};

/// What an operation works on: sources after lane exchange and choice of halves.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct In {
    pub(super) a: Bits,
    pub(super) b: Bits,
    pub(super) c: Bits,
    /// The lane's bit of the mask that is read, or SCC.
    pub(super) bit: Bits,
    /// Bits of the result.
    pub(super) width: u32,
    /// The code of a comparison, the lane's number, or the immediate of a scalar operation.
    pub(super) number: u32,
}

impl In {
    /// Undefined in all bits if any source is in any.
    pub(super) const fn any(&self) -> Bits {
        let all = self.a.shadow | self.b.shadow | self.c.shadow | self.bit.shadow;
        Bits::new(0, if all == 0 { 0 } else { ones(self.width) })
    }
}

/// A result and the bit beside it: of a mask, or SCC.
pub(super) type Out = (Bits, Bits);

/// From sources to result.
pub(super) type Transfer = fn(&In) -> Out;

fn word(x: u64) -> u32 {
    x as u32 // CAST: the value has at most 32 bits
}

fn alone(result: Bits) -> Out {
    (result, Bits::default())
}

/// What is not in the table.
pub(super) fn coarse(i: &In) -> Out {
    let all = i.any();
    (all, Bits::bit(false, all.is_undefined()))
}

/// Halves of a result that depend on a source each.
fn pair(low: Bits, high: Bits) -> Out {
    alone(high.all(0, 16).above(low.all(0, 16), 16))
}

/// The product of two signed or unsigned factors, whose low `factor` bits count, and what is added.
fn mad(i: &In, factor: u32, signed: bool, addend: Bits) -> Bits {
    product(i, factor, signed).truncate(i.width).add(addend, i.width)
}

fn product(i: &In, factor: u32, signed: bool) -> Bits {
    let (a, b) = (i.a.truncate(factor), i.b.truncate(factor));
    if signed { a.mul_signed(b, factor) } else { a.mul(b, 64) }
}

/// Bits `c` (modulo 32) of `a` from bit `b`.
fn extract(i: &In, signed: bool) -> Out {
    let (from, count) = (i.b.field(0, 5), i.c.field(0, 5));
    let take = if signed { int::bfe_i32 } else { int::bfe_u32 };
    if from.is_undefined() || count.is_undefined() {
        return alone(Bits::new(take(word(i.a.value), word(from.value), word(count.value)).into(), ones(32)));
    }
    alone(i.a.moved(|x| take(word(x), word(from.value), word(count.value)).into()))
}

fn permute(i: &In) -> Out {
    let select = word(i.c.value);
    let move_bytes = |a: u64, b: u64| bytes::perm(word(a), word(b), select);
    let mut shadow = move_bytes(i.a.shadow, i.b.shadow);
    for at in [0, 8, 16, 24] {
        if i.c.field(at, 8).is_undefined() {
            shadow |= 0xff << at;
        } else if select >> at & 0xff >= 12 {
            shadow &= !(0xff << at);
        }
    }
    alone(Bits::new(move_bytes(i.a.value, i.b.value).into(), shadow.into()))
}

/// A byte put into a word: `a` as a byte to byte `b` of `c`.
fn put_byte(i: &In) -> Out {
    let at = i.b.field(0, 2);
    if at.is_undefined() {
        return alone(at.all(0, 32));
    }
    let mask = 0xff << (word(at.value) * 8);
    let byte = if i.a.is_undefined() { mask } else { 0 };
    alone(Bits::new(0, i.c.shadow & !mask | byte))
}

fn ubyte(i: &In, at: u32) -> Out {
    alone(i.a.field(at * 8, 8).all(0, 32))
}

fn align(i: &In, by: Bits, unit: u32) -> Out {
    if by.is_undefined() {
        return alone(by.all(0, 32));
    }
    let both = i.a.above(i.b, 32);
    alone(both.moved(|x| x >> (word(by.value) * unit) & ones(32)))
}

/// The middle one of three, made of the least and the most of two of them.
fn median(least: Bits, most: Bits, other: impl Fn(Bits) -> Bits, max: impl Fn(Bits, Bits) -> Bits) -> Out {
    alone(max(least, other(most)))
}

/// Bits of the lanes below this one in a mask of 32, counted and added.
fn count_below(i: &In, high: bool) -> Out {
    let lane = i.number;
    let below = match (high, lane) {
        (false, 0..32) => ones(lane),
        (false, _) => ones(32),
        (true, 33..) => ones(lane - 32),
        (true, _) => 0,
    };
    alone(i.a.and(Bits::known(below)).count_ones().add(i.b, 32))
}

/// Equal sign bits at the top, less one; coarse where they are undefined.
fn signs(i: &In) -> Out {
    alone(if i.a.is_undefined() { i.any() } else { Bits::default() })
}

fn high_product(a: Bits, b: Bits) -> Bits {
    let (value, shadow) = a.product(b);
    Bits::new((value >> 32) as u64, (shadow >> 32) as u64).truncate(32) // CAST: the high word is wanted
}

fn wide_mad(i: &In, signed: bool) -> Out {
    let product = if signed { i.a.mul_signed(i.b, 32) } else { i.a.mul(i.b, 64) };
    let (sum, out) = product.add_carry(i.c, Bits::default(), 64);
    // The sign of the addend counts too.
    if signed {
        (sum, Bits::bit(false, i.a.is_undefined() || i.b.is_undefined() || i.c.is_undefined()))
    } else {
        (sum, out)
    }
}

macro_rules! rows {
    ($($($op:ident)|+ => |$i:ident| $body:expr;)+) => {
        /// The row of an operation.
        pub(super) fn find(op: Op) -> Option<Transfer> {
            match op {
                $($(Op::$op)|+ => {
                    fn row($i: &In) -> Out {
                        $body
                    }
                    Some(row)
                })+
                _ => None,
            }
        }
    };
}

rows! {
    V_MOV_B32 | V_MOV_B16 | V_CVT_U32_U16 => |i| alone(i.a);
    V_NOT_B32 | V_NOT_B16 => |i| alone(i.a.not(i.width));
    V_BFREV_B32 => |i| alone(i.a.moved(|x| word(x).reverse_bits().into()));
    V_CLZ_I32_U32 => |i| alone(i.a.leading_zeros(32));
    V_CTZ_I32_B32 => |i| alone(i.a.trailing_zeros(32));
    V_CLS_I32 => |i| signs(i);
    V_AND_B32 | V_AND_B16 => |i| alone(i.a.and(i.b));
    V_OR_B32 | V_OR_B16 => |i| alone(i.a.or(i.b));
    V_XOR_B32 | V_XOR_B16 => |i| alone(i.a.xor(i.b));
    V_XNOR_B32 => |i| alone(i.a.xor(i.b).not(32));
    V_XOR3_B32 => |i| alone(i.a.xor(i.b).xor(i.c));
    V_OR3_B32 => |i| alone(i.a.or(i.b).or(i.c));
    V_AND_OR_B32 => |i| alone(i.a.and(i.b).or(i.c));
    V_BFI_B32 => |i| alone(i.a.blend(i.b, i.c));
    V_LSHLREV_B32 | V_LSHLREV_B16 | V_PK_LSHLREV_B16 | V_LSHLREV_B64 => |i| alone(i.b.shl(i.a, i.width));
    V_LSHRREV_B32 | V_LSHRREV_B16 | V_PK_LSHRREV_B16 | V_LSHRREV_B64 => |i| alone(i.b.shr(i.a, i.width));
    V_ASHRREV_I32 | V_ASHRREV_I16 | V_PK_ASHRREV_I16 | V_ASHRREV_I64 => |i| alone(i.b.sar(i.a, i.width));
    V_LSHL_OR_B32 => |i| alone(i.a.shl(i.b, 32).or(i.c));
    V_LSHL_ADD_U32 => |i| alone(i.a.shl(i.b, 32).add(i.c, 32));
    V_ADD_LSHL_U32 => |i| alone(i.a.add(i.b, 32).shl(i.c, 32));
    V_ADD3_U32 => |i| alone(i.a.add(i.b, 32).add(i.c, 32));
    V_XAD_U32 => |i| alone(i.a.xor(i.b).add(i.c, 32));
    V_ADD_NC_U32 | V_ADD_NC_I32 | V_ADD_NC_U16 | V_ADD_NC_I16 | V_PK_ADD_U16 | V_PK_ADD_I16 => |i| alone(i.a.add(i.b, i.width));
    V_SUB_NC_U32 | V_SUB_NC_I32 | V_SUB_NC_U16 | V_SUB_NC_I16 | V_PK_SUB_U16 | V_PK_SUB_I16 => |i| alone(i.a.sub(i.b, i.width));
    V_SUBREV_NC_U32 => |i| alone(i.b.sub(i.a, 32));
    V_ADD_CO_U32 => |i| i.a.add_carry(i.b, Bits::default(), 32);
    V_SUB_CO_U32 => |i| i.a.sub_borrow(i.b, Bits::default(), 32);
    V_SUBREV_CO_U32 => |i| i.b.sub_borrow(i.a, Bits::default(), 32);
    V_ADD_CO_CI_U32 => |i| i.a.add_carry(i.b, i.bit, 32);
    V_SUB_CO_CI_U32 => |i| i.a.sub_borrow(i.b, i.bit, 32);
    V_SUBREV_CO_CI_U32 => |i| i.b.sub_borrow(i.a, i.bit, 32);
    V_CNDMASK_B32 | V_CNDMASK_B16 => |i| alone(i.bit.choose(i.b, i.a));
    V_MUL_LO_U32 | V_MUL_LO_U16 | V_PK_MUL_LO_U16 => |i| alone(i.a.mul(i.b, i.width));
    V_MUL_U32_U24 => |i| alone(product(i, 24, false).truncate(32));
    V_MUL_I32_I24 => |i| alone(product(i, 24, true).truncate(32));
    V_MUL_HI_U32_U24 => |i| alone(product(i, 24, false).field(32, 16));
    V_MUL_HI_I32_I24 => |i| alone(product(i, 24, true).field(32, 32));
    V_MUL_HI_U32 => |i| alone(high_product(i.a, i.b));
    V_MUL_HI_I32 => |i| alone(i.a.mul_signed(i.b, 32).field(32, 32));
    V_MAD_U32_U24 => |i| alone(mad(i, 24, false, i.c));
    V_MAD_I32_I24 => |i| alone(mad(i, 24, true, i.c));
    V_MAD_U32_U16 => |i| alone(mad(i, 16, false, i.c));
    V_MAD_I32_I16 => |i| alone(mad(i, 16, true, i.c));
    V_MAD_U16 | V_MAD_I16 | V_PK_MAD_U16 | V_PK_MAD_I16 => |i| alone(mad(i, 16, false, i.c));
    V_MAD_U64_U32 => |i| wide_mad(i, false);
    V_MAD_I64_I32 => |i| wide_mad(i, true);
    V_MIN_U32 | V_MIN_U16 | V_PK_MIN_U16 => |i| alone(i.a.min(i.b));
    V_MAX_U32 | V_MAX_U16 | V_PK_MAX_U16 => |i| alone(i.a.max(i.b));
    V_MIN_I32 | V_MIN_I16 | V_PK_MIN_I16 => |i| alone(i.a.min_signed(i.b, i.width));
    V_MAX_I32 | V_MAX_I16 | V_PK_MAX_I16 => |i| alone(i.a.max_signed(i.b, i.width));
    V_MIN3_U32 | V_MIN3_U16 => |i| alone(i.a.min(i.b).min(i.c));
    V_MAX3_U32 | V_MAX3_U16 => |i| alone(i.a.max(i.b).max(i.c));
    V_MIN3_I32 | V_MIN3_I16 => |i| alone(i.a.min_signed(i.b, i.width).min_signed(i.c, i.width));
    V_MAX3_I32 | V_MAX3_I16 => |i| alone(i.a.max_signed(i.b, i.width).max_signed(i.c, i.width));
    V_MED3_U32 | V_MED3_U16 => |i| median(i.a.min(i.b), i.a.max(i.b), |x| x.min(i.c), Bits::max);
    V_MED3_I32 | V_MED3_I16 => |i| median(
        i.a.min_signed(i.b, i.width),
        i.a.max_signed(i.b, i.width),
        |x| x.min_signed(i.c, i.width),
        |x, y| x.max_signed(y, i.width),
    );
    V_MAXMIN_U32 => |i| alone(i.a.max(i.b).min(i.c));
    V_MINMAX_U32 => |i| alone(i.a.min(i.b).max(i.c));
    V_MAXMIN_I32 => |i| alone(i.a.max_signed(i.b, 32).min_signed(i.c, 32));
    V_MINMAX_I32 => |i| alone(i.a.min_signed(i.b, 32).max_signed(i.c, 32));
    V_BFE_U32 => |i| extract(i, false);
    V_BFE_I32 => |i| extract(i, true);
    V_BFM_B32 => |i| alone(Bits::new(0, i.a.field(0, 5).shadow | i.b.field(0, 5).shadow).all(0, 32));
    V_ALIGNBIT_B32 => |i| align(i, i.c.field(0, 5), 1);
    V_ALIGNBYTE_B32 => |i| align(i, i.c.field(0, 2), 8);
    V_PERM_B32 => |i| permute(i);
    V_BCNT_U32_B32 => |i| alone(i.a.count_ones().add(i.b, 32));
    V_MBCNT_LO_U32_B32 => |i| count_below(i, false);
    V_MBCNT_HI_U32_B32 => |i| count_below(i, true);
    V_CVT_I32_I16 => |i| alone(i.a.extended(16, 32));
    V_CVT_F32_UBYTE0 => |i| ubyte(i, 0);
    V_CVT_F32_UBYTE1 => |i| ubyte(i, 1);
    V_CVT_F32_UBYTE2 => |i| ubyte(i, 2);
    V_CVT_F32_UBYTE3 => |i| ubyte(i, 3);
    V_CVT_OFF_F32_I4 => |i| alone(i.a.field(0, 4).all(0, 32));
    V_CVT_PK_U8_F32 => |i| put_byte(i);
    V_PACK_B32_F16 => |i| alone(i.b.above(i.a, 16));
    V_CVT_PK_RTZ_F16_F32 | V_CVT_PK_NORM_I16_F16 | V_CVT_PK_NORM_U16_F16 | V_CVT_PK_NORM_I16_F32
        | V_CVT_PK_NORM_U16_F32 | V_CVT_PK_I16_F32 | V_CVT_PK_U16_F32 | V_CVT_PK_I16_I32 | V_CVT_PK_U16_U32 => |i| pair(i.a, i.b);
    V_SAT_PK_U8_I16 => |i| alone(i.a.field(16, 16).all(0, 8).above(i.a.field(0, 16).all(0, 8), 8));
}
