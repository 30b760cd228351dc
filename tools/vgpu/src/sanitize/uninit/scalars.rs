//! What scalar operations make of undefined bits, and comparisons, scalar or of lanes.
//!
//! As in [`super::lanes`]; the bit beside the result is SCC, the third source what the destination held.

use sparkle_rdna3::Op;

use super::bits::{Bits, ones};
use super::lanes::{In, Out, Transfer, coarse};
use crate::shader::lane::scalar as unit;

fn word(x: u64) -> u32 {
    x as u32 // CAST: the value has at most 32 bits
}

/// An operation that leaves SCC alone.
fn alone(result: Bits) -> Out {
    (result, Bits::default())
}

/// One that sets SCC where its result is not zero.
fn tested(result: Bits) -> Out {
    (result, result.is_set())
}

/// A field of `a` that `b` names: offset in its low bits, width in bits 22:16.
fn extract(i: &In, signed: bool) -> Out {
    let wide = i.width == 64;
    let field = i.b.value & if wide { 0x7f_003f } else { 0x7f_001f };
    let take = |x: u64| match (wide, signed) {
        (false, false) => unit::bfe_u32(word(x), word(field)).0.into(),
        (false, true) => unit::bfe_i32(word(x), word(field)).0.into(),
        (true, false) => unit::bfe_u64(x, word(field)).0,
        (true, true) => unit::bfe_i64(x, word(field)).0,
    };
    if i.b.shadow & if wide { 0x7f_003f } else { 0x7f_001f } != 0 {
        return (Bits::new(take(i.a.value), ones(i.width)), Bits::bit(false, true));
    }
    tested(i.a.moved(take))
}

/// The sum of `a` moved up and `b`, and whether it has more than 32 bits.
fn shift_add(i: &In, by: u32) -> Out {
    let sum = i.a.moved(|x| x << by).add(i.b, 64);
    (sum.truncate(32), sum.field(32, 32).is_set())
}

fn signed_sum(i: &In, a: Bits, b: Bits) -> Out {
    (a.add(b, i.width), a.overflows(b, i.width, false))
}

/// One bit of `d` set or cleared.
fn set_bit(i: &In, value: bool) -> Out {
    let at = i.a.field(0, i.width.trailing_zeros());
    if at.is_undefined() {
        // Any of them may be the one, unless it has the value already.
        let same = if value { i.c.value & !i.c.shadow } else { !(i.c.value | i.c.shadow) };
        return alone(Bits::new(0, ones(i.width) & !same));
    }
    let bit = Bits::known(1 << at.value);
    alone(if value { i.c.or(bit) } else { i.c.and(bit.not(i.width)) })
}

fn test_bit(i: &In, value: bool) -> Out {
    let at = i.b.field(0, i.width.trailing_zeros());
    let bit = i.a.moved(|x| x >> at.value & 1);
    let undefined = bit.is_undefined() || at.is_undefined();
    (Bits::default(), Bits::bit((bit.value != 0) == value, undefined))
}

/// The least or the most, and whether it is the first.
fn extreme(i: &In, signed: bool, least: bool) -> Out {
    let key = |x: Bits| if signed { x.biased(32) } else { x };
    let first = if least { key(i.a).below(key(i.b)) } else { key(i.b).below(key(i.a)) };
    (first.choose(i.a, i.b), first)
}

/// Any 1 in each group of four bits.
fn quads(i: &In, spread: bool) -> Out {
    let any = (0..i.width / 4).map(|quad| (quad, i.a.field(quad * 4, 4).is_set()));
    tested(any.fold(Bits::default(), |sum, (quad, any)| {
        let place = |x: u64| if spread { (x * 15) << (quad * 4) } else { x << quad };
        let moved = any.moved(place);
        Bits::new(sum.value | moved.value, sum.shadow | moved.shadow)
    }))
}

/// `if condition { a } else { b }`, both of which have all bits.
fn when(i: &In, a: Bits, b: Bits) -> Out {
    alone(i.bit.choose(a, b))
}

fn magnitude(x: Bits) -> Bits {
    let sign = x.field(31, 1);
    sign.choose(Bits::default().sub(x, 32), x)
}

macro_rules! rows {
    ($($($op:ident)|+ => |$i:ident| $body:expr;)+) => {
        /// The row of a scalar operation.
        pub(super) fn find(op: Op) -> Option<Transfer> {
            match op {
                $($(Op::$op)|+ => {
                    fn row($i: &In) -> Out {
                        $body
                    }
                    Some(row)
                })+
                _ => comparison(op).map(|(transfer, _, _)| transfer),
            }
        }
    };
}

rows! {
    S_MOV_B32 | S_MOV_B64 => |i| alone(i.a);
    S_MOVK_I32 => |i| alone(Bits::known(u64::from(i.number)));
    S_CMOV_B32 | S_CMOV_B64 => |i| when(i, i.a, i.c);
    S_CMOVK_I32 => |i| when(i, Bits::known(u64::from(i.number)), i.c);
    S_CSELECT_B32 | S_CSELECT_B64 => |i| when(i, i.a, i.b);
    S_NOT_B32 | S_NOT_B64 => |i| tested(i.a.not(i.width));
    S_AND_B32 | S_AND_B64 | S_AND_SAVEEXEC_B32 | S_AND_SAVEEXEC_B64 => |i| tested(i.a.and(i.b));
    S_OR_B32 | S_OR_B64 | S_OR_SAVEEXEC_B32 | S_OR_SAVEEXEC_B64 => |i| tested(i.a.or(i.b));
    S_XOR_B32 | S_XOR_B64 | S_XOR_SAVEEXEC_B32 | S_XOR_SAVEEXEC_B64 => |i| tested(i.a.xor(i.b));
    S_NAND_B32 | S_NAND_B64 | S_NAND_SAVEEXEC_B32 | S_NAND_SAVEEXEC_B64 => |i| tested(i.a.and(i.b).not(i.width));
    S_NOR_B32 | S_NOR_B64 | S_NOR_SAVEEXEC_B32 | S_NOR_SAVEEXEC_B64 => |i| tested(i.a.or(i.b).not(i.width));
    S_XNOR_B32 | S_XNOR_B64 | S_XNOR_SAVEEXEC_B32 | S_XNOR_SAVEEXEC_B64 => |i| tested(i.a.xor(i.b).not(i.width));
    S_AND_NOT1_B32 | S_AND_NOT1_B64 | S_AND_NOT1_SAVEEXEC_B32 | S_AND_NOT1_SAVEEXEC_B64 | S_AND_NOT1_WREXEC_B32
        | S_AND_NOT1_WREXEC_B64 => |i| tested(i.a.and(i.b.not(i.width)));
    S_OR_NOT1_B32 | S_OR_NOT1_B64 | S_OR_NOT1_SAVEEXEC_B32 | S_OR_NOT1_SAVEEXEC_B64 => |i| tested(i.a.or(i.b.not(i.width)));
    S_AND_NOT0_SAVEEXEC_B32 | S_AND_NOT0_SAVEEXEC_B64 | S_AND_NOT0_WREXEC_B32 | S_AND_NOT0_WREXEC_B64 => |i| tested(i.a.not(i.width).and(i.b));
    S_OR_NOT0_SAVEEXEC_B32 | S_OR_NOT0_SAVEEXEC_B64 => |i| tested(i.a.not(i.width).or(i.b));
    S_LSHL_B32 | S_LSHL_B64 => |i| tested(i.a.shl(i.b, i.width));
    S_LSHR_B32 | S_LSHR_B64 => |i| tested(i.a.shr(i.b, i.width));
    S_ASHR_I32 | S_ASHR_I64 => |i| tested(i.a.sar(i.b, i.width));
    S_BFE_U32 | S_BFE_U64 => |i| extract(i, false);
    S_BFE_I32 | S_BFE_I64 => |i| extract(i, true);
    S_BREV_B32 | S_BREV_B64 => |i| alone(i.a.moved(|x| x.reverse_bits() >> (64 - i.width)));
    S_CTZ_I32_B32 | S_CTZ_I32_B64 => |i| alone(i.a.trailing_zeros(i.width));
    S_CLZ_I32_U32 | S_CLZ_I32_U64 => |i| alone(i.a.leading_zeros(i.width));
    S_SEXT_I32_I8 => |i| alone(i.a.extended(8, 32));
    S_SEXT_I32_I16 => |i| alone(i.a.extended(16, 32));
    S_BITSET0_B32 | S_BITSET0_B64 => |i| set_bit(i, false);
    S_BITSET1_B32 | S_BITSET1_B64 => |i| set_bit(i, true);
    S_BITREPLICATE_B64_B32 => |i| alone(i.a.moved(|x| unit::bitreplicate_b64(word(x))));
    S_ABS_I32 => |i| tested(magnitude(i.a));
    S_ABSDIFF_I32 => |i| tested(magnitude(i.a.sub(i.b, 32)));
    S_BCNT0_I32_B32 | S_BCNT0_I32_B64 => |i| tested(i.a.not(i.width).count_ones());
    S_BCNT1_I32_B32 | S_BCNT1_I32_B64 => |i| tested(i.a.count_ones());
    S_QUADMASK_B32 | S_QUADMASK_B64 => |i| quads(i, false);
    S_WQM_B32 | S_WQM_B64 => |i| quads(i, true);
    S_ADD_U32 => |i| i.a.add_carry(i.b, Bits::default(), 32);
    S_SUB_U32 => |i| i.a.sub_borrow(i.b, Bits::default(), 32);
    S_ADDC_U32 => |i| i.a.add_carry(i.b, i.bit, 32);
    S_SUBB_U32 => |i| i.a.sub_borrow(i.b, i.bit, 32);
    S_ADD_I32 => |i| signed_sum(i, i.a, i.b);
    S_ADDK_I32 => |i| signed_sum(i, i.c, Bits::known(u64::from(i.number)));
    S_SUB_I32 => |i| (i.a.sub(i.b, 32), i.a.overflows(i.b, 32, true));
    S_LSHL1_ADD_U32 => |i| shift_add(i, 1);
    S_LSHL2_ADD_U32 => |i| shift_add(i, 2);
    S_LSHL3_ADD_U32 => |i| shift_add(i, 3);
    S_LSHL4_ADD_U32 => |i| shift_add(i, 4);
    S_MIN_I32 => |i| extreme(i, true, true);
    S_MIN_U32 => |i| extreme(i, false, true);
    S_MAX_I32 => |i| extreme(i, true, false);
    S_MAX_U32 => |i| extreme(i, false, false);
    S_MUL_I32 => |i| alone(i.a.mul(i.b, 32));
    S_MULK_I32 => |i| alone(i.c.mul(Bits::known(u64::from(i.number)), 32));
    S_MUL_HI_U32 => |i| alone(i.a.mul(i.b, 64).field(32, 32));
    S_MUL_HI_I32 => |i| alone(i.a.mul_signed(i.b, 32).field(32, 32));
    S_PACK_LL_B32_B16 => |i| alone(i.b.field(0, 16).above(i.a.field(0, 16), 16));
    S_PACK_LH_B32_B16 => |i| alone(i.b.field(16, 16).above(i.a.field(0, 16), 16));
    S_PACK_HH_B32_B16 => |i| alone(i.b.field(16, 16).above(i.a.field(16, 16), 16));
    S_PACK_HL_B32_B16 => |i| alone(i.b.field(0, 16).above(i.a.field(16, 16), 16));
    S_BITCMP0_B32 | S_BITCMP0_B64 => |i| test_bit(i, false);
    S_BITCMP1_B32 | S_BITCMP1_B64 => |i| test_bit(i, true);
}

fn unsigned(i: &In) -> Out {
    (Bits::default(), i.a.compare(i.b, i.number))
}

fn signed(i: &In) -> Out {
    (Bits::default(), i.a.biased(i.width).compare(i.b.biased(i.width), i.number))
}

/// Never true, or always.
fn constant(_: &In) -> Out {
    (Bits::default(), Bits::default())
}

/// A comparison, of lanes or scalar: its transfer, its code and its width in bits.
pub(super) fn comparison(op: Op) -> Option<(Transfer, u32, u32)> {
    let name = op.mnemonic();
    let (test, ty) = ["v_cmpx_", "v_cmp_", "s_cmpk_", "s_cmp_"]
        .iter()
        .find_map(|prefix| name.strip_prefix(prefix))?
        .rsplit_once('_')?;
    let width = ty.get(1..)?.parse().ok()?;
    let code = ["f", "lt", "eq", "le", "gt", "ne", "ge", "t"].iter().zip(0..).find(|(name, _)| **name == test);
    let code = match (test, code) {
        ("lg", _) => 5,
        (_, Some((_, code))) => code,
        _ => 0,
    };
    let transfer: Transfer = match ty.as_bytes().first() {
        Some(b'f') if matches!(test, "f" | "t") => constant,
        Some(b'i') => signed,
        Some(b'u') => unsigned,
        _ => coarse,
    };
    Some((transfer, code, width))
}
