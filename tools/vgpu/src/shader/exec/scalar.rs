//! The scalar unit's arithmetic.

use sparkle_rdna3::Op;

use super::fetch::{scalar32, scalar64};
use crate::shader::isa::{Handler, Isa, Run};
use crate::shader::lane::{FloatCompare, IntCompare, convert, f16, f32, scalar as unit};
use crate::shader::run::{Context, Flow};
use crate::shader::step::{Source, Step, flag, modifier};
use crate::shader::wave::{M0, Wave};

/// A source of one or two dwords.
#[inline(always)]
pub(crate) fn read(wave: &Wave, source: &Source) -> u64 {
    if source.has(modifier::WIDE) { scalar64(wave, source) } else { scalar32(wave, source).into() }
}

/// Writes the destination.
#[inline(always)]
pub(crate) fn write(wave: &mut Wave, step: &Step, value: u64) {
    if step.has(flag::WIDE) {
        wave.set_scalar64(step.to, value);
    } else {
        wave.set_scalar(step.to, value as u32); // CAST: the destination has one dword
    }
}

/// What an operation computes from.
struct In {
    /// The sources.
    a: u64,
    b: u64,
    /// The third source, or what the destination held.
    d: u64,
    scc: bool,
    mode: crate::shader::lane::Mode,
    /// The 16-bit immediate, sign-extended.
    k: u32,
    exec: u64,
}

impl In {
    fn a32(&self) -> u32 {
        self.a as u32 // CAST: the source has one dword
    }

    fn b32(&self) -> u32 {
        self.b as u32 // CAST: the source has one dword
    }

    fn d32(&self) -> u32 {
        self.d as u32 // CAST: the operand has one dword
    }

    fn a16(&self) -> u16 {
        self.a as u16 // CAST: the low half holds the value
    }

    fn b16(&self) -> u16 {
        self.b as u16 // CAST: the low half holds the value
    }
}

fn input(wave: &Wave, step: &Step) -> In {
    let [a, b, c, ..] = &step.sources;
    In {
        a: read(wave, a),
        b: read(wave, b),
        d: read(wave, c),
        scc: wave.scc,
        mode: wave.float().mode,
        k: step.immediate as u32, // CAST: two's complement
        exec: wave.exec(),
    }
}

/// Rows: operation, result and SCC of the inputs. A row's SCC counts where the operation writes it.
macro_rules! operations {
    ($($($op:ident)|+ => |$in:ident| $body:expr;)+) => {
        /// The handler of an operation with a result.
        fn operation(op: Op, isa: Isa) -> Option<Run> {
            match op {
                $($(Op::$op)|+ => {
                    struct Row;
                    impl Handler for Row {
                        fn run(context: &mut Context<'_>, step: &Step) -> Flow {
                            let $in = input(context.wave, step);
                            let (value, scc): (u64, bool) = $body;
                            write(context.wave, step, value);
                            if step.has(flag::SCC) {
                                context.wave.scc = scc;
                            }
                            Flow::Next
                        }
                    }
                    Some(Run::new::<Row>(isa))
                })+
                _ => None,
            }
        }
    };
}

/// A dword and SCC.
fn pair((value, scc): (u32, bool)) -> (u64, bool) {
    (value.into(), scc)
}

/// A dword of an operation that leaves SCC alone.
fn plain(value: u32) -> (u64, bool) {
    (value.into(), false)
}

/// The same of two dwords.
fn plain64(value: u64) -> (u64, bool) {
    (value, false)
}

operations! {
    S_MOV_B32 | S_MOV_B64 => |i| plain64(i.a);
    S_CMOV_B32 | S_CMOV_B64 => |i| plain64(if i.scc { i.a } else { i.d });
    S_BREV_B32 => |i| plain(unit::brev_b32(i.a32()));
    S_BREV_B64 => |i| plain64(unit::brev_b64(i.a));
    S_CTZ_I32_B32 => |i| plain(unit::ctz_b32(i.a32()));
    S_CTZ_I32_B64 => |i| plain(unit::ctz_b64(i.a));
    S_CLZ_I32_U32 => |i| plain(unit::clz_u32(i.a32()));
    S_CLZ_I32_U64 => |i| plain(unit::clz_u64(i.a));
    S_CLS_I32 => |i| plain(unit::cls_i32(i.a32()));
    S_CLS_I32_I64 => |i| plain(unit::cls_i64(i.a));
    S_SEXT_I32_I8 => |i| plain(unit::sext_i8(i.a32()));
    S_SEXT_I32_I16 => |i| plain(unit::sext_i16(i.a32()));
    S_BITSET0_B32 => |i| plain(unit::bitset0_b32(i.d32(), i.a32()));
    S_BITSET0_B64 => |i| plain64(unit::bitset0_b64(i.d, i.a32()));
    S_BITSET1_B32 => |i| plain(unit::bitset1_b32(i.d32(), i.a32()));
    S_BITSET1_B64 => |i| plain64(unit::bitset1_b64(i.d, i.a32()));
    S_BITREPLICATE_B64_B32 => |i| plain64(unit::bitreplicate_b64(i.a32()));
    S_ABS_I32 => |i| pair(unit::abs_i32(i.a32()));
    S_BCNT0_I32_B32 => |i| pair(unit::bcnt0_b32(i.a32()));
    S_BCNT0_I32_B64 => |i| pair(unit::bcnt0_b64(i.a));
    S_BCNT1_I32_B32 => |i| pair(unit::bcnt1_b32(i.a32()));
    S_BCNT1_I32_B64 => |i| pair(unit::bcnt1_b64(i.a));
    S_QUADMASK_B32 => |i| pair(unit::quadmask_b32(i.a32()));
    S_QUADMASK_B64 => |i| unit::quadmask_b64(i.a);
    S_WQM_B32 => |i| pair(unit::wqm_b32(i.a32()));
    S_WQM_B64 => |i| unit::wqm_b64(i.a);
    S_NOT_B32 => |i| pair(unit::not_b32(i.a32()));
    S_NOT_B64 => |i| unit::not_b64(i.a);
    S_ADD_U32 => |i| pair(unit::addc_u32(i.a32(), i.b32(), false));
    S_SUB_U32 => |i| pair(unit::subb_u32(i.a32(), i.b32(), false));
    S_ADD_I32 => |i| pair(unit::add_i32(i.a32(), i.b32()));
    S_SUB_I32 => |i| pair(unit::sub_i32(i.a32(), i.b32()));
    S_ADDC_U32 => |i| pair(unit::addc_u32(i.a32(), i.b32(), i.scc));
    S_SUBB_U32 => |i| pair(unit::subb_u32(i.a32(), i.b32(), i.scc));
    S_ABSDIFF_I32 => |i| pair(unit::absdiff_i32(i.a32(), i.b32()));
    S_LSHL_B32 => |i| pair(unit::lshl_b32(i.a32(), i.b32()));
    S_LSHL_B64 => |i| unit::lshl_b64(i.a, i.b32());
    S_LSHR_B32 => |i| pair(unit::lshr_b32(i.a32(), i.b32()));
    S_LSHR_B64 => |i| unit::lshr_b64(i.a, i.b32());
    S_ASHR_I32 => |i| pair(unit::ashr_i32(i.a32(), i.b32()));
    S_ASHR_I64 => |i| unit::ashr_i64(i.a, i.b32());
    S_LSHL1_ADD_U32 => |i| pair(unit::lshl_add_u32(1, i.a32(), i.b32()));
    S_LSHL2_ADD_U32 => |i| pair(unit::lshl_add_u32(2, i.a32(), i.b32()));
    S_LSHL3_ADD_U32 => |i| pair(unit::lshl_add_u32(3, i.a32(), i.b32()));
    S_LSHL4_ADD_U32 => |i| pair(unit::lshl_add_u32(4, i.a32(), i.b32()));
    S_MIN_I32 => |i| pair(unit::min_i32(i.a32(), i.b32()));
    S_MIN_U32 => |i| pair(unit::min_u32(i.a32(), i.b32()));
    S_MAX_I32 => |i| pair(unit::max_i32(i.a32(), i.b32()));
    S_MAX_U32 => |i| pair(unit::max_u32(i.a32(), i.b32()));
    S_AND_B32 => |i| pair(unit::and_b32(i.a32(), i.b32()));
    S_AND_B64 => |i| unit::and_b64(i.a, i.b);
    S_OR_B32 => |i| pair(unit::or_b32(i.a32(), i.b32()));
    S_OR_B64 => |i| unit::or_b64(i.a, i.b);
    S_XOR_B32 => |i| pair(unit::xor_b32(i.a32(), i.b32()));
    S_XOR_B64 => |i| unit::xor_b64(i.a, i.b);
    S_NAND_B32 => |i| pair(unit::nand_b32(i.a32(), i.b32()));
    S_NAND_B64 => |i| unit::nand_b64(i.a, i.b);
    S_NOR_B32 => |i| pair(unit::nor_b32(i.a32(), i.b32()));
    S_NOR_B64 => |i| unit::nor_b64(i.a, i.b);
    S_XNOR_B32 => |i| pair(unit::xnor_b32(i.a32(), i.b32()));
    S_XNOR_B64 => |i| unit::xnor_b64(i.a, i.b);
    S_AND_NOT1_B32 => |i| pair(unit::and_not1_b32(i.a32(), i.b32()));
    S_AND_NOT1_B64 => |i| unit::and_not1_b64(i.a, i.b);
    S_OR_NOT1_B32 => |i| pair(unit::or_not1_b32(i.a32(), i.b32()));
    S_OR_NOT1_B64 => |i| unit::or_not1_b64(i.a, i.b);
    S_BFE_U32 => |i| pair(unit::bfe_u32(i.a32(), i.b32()));
    S_BFE_I32 => |i| pair(unit::bfe_i32(i.a32(), i.b32()));
    S_BFE_U64 => |i| unit::bfe_u64(i.a, i.b32());
    S_BFE_I64 => |i| unit::bfe_i64(i.a, i.b32());
    S_BFM_B32 => |i| plain(unit::bfm_b32(i.a32(), i.b32()));
    S_BFM_B64 => |i| plain64(unit::bfm_b64(i.a32(), i.b32()));
    S_MUL_I32 => |i| plain(unit::mul_i32(i.a32(), i.b32()));
    S_MUL_HI_U32 => |i| plain(unit::mul_hi_u32(i.a32(), i.b32()));
    S_MUL_HI_I32 => |i| plain(unit::mul_hi_i32(i.a32(), i.b32()));
    S_CSELECT_B32 | S_CSELECT_B64 => |i| plain64(if i.scc { i.a } else { i.b });
    S_PACK_LL_B32_B16 => |i| plain(unit::pack_ll(i.a32(), i.b32()));
    S_PACK_LH_B32_B16 => |i| plain(unit::pack_lh(i.a32(), i.b32()));
    S_PACK_HH_B32_B16 => |i| plain(unit::pack_hh(i.a32(), i.b32()));
    S_PACK_HL_B32_B16 => |i| plain(unit::pack_hl(i.a32(), i.b32()));
    S_MOVK_I32 => |i| plain(i.k);
    S_CMOVK_I32 => |i| plain(if i.scc { i.k } else { i.d32() });
    S_ADDK_I32 => |i| pair(unit::add_i32(i.d32(), i.k));
    S_MULK_I32 => |i| plain(unit::mul_i32(i.d32(), i.k));
    S_CEIL_F32 => |i| plain(f32::ceil(i.mode, i.a32()));
    S_FLOOR_F32 => |i| plain(f32::floor(i.mode, i.a32()));
    S_TRUNC_F32 => |i| plain(f32::trunc(i.mode, i.a32()));
    S_RNDNE_F32 => |i| plain(f32::rndne(i.mode, i.a32()));
    S_CVT_F32_I32 => |i| plain(convert::f32_from_i32(i.mode, i.a32()));
    S_CVT_F32_U32 => |i| plain(convert::f32_from_u32(i.mode, i.a32()));
    S_CVT_I32_F32 => |i| plain(convert::i32_from_f32(i.a32()));
    S_CVT_U32_F32 => |i| plain(convert::u32_from_f32(i.a32()));
    S_CVT_F16_F32 => |i| plain(convert::f16_from_f32(i.mode, i.a32()).into());
    S_CVT_F32_F16 => |i| plain(convert::f32_from_f16(i.mode, i.a16()));
    S_CVT_HI_F32_F16 => |i| plain(convert::f32_from_f16(i.mode, (i.a >> 16) as u16)); // CAST: the high half
    S_CEIL_F16 => |i| plain(f16::ceil(i.mode, i.a16()).into());
    S_FLOOR_F16 => |i| plain(f16::floor(i.mode, i.a16()).into());
    S_TRUNC_F16 => |i| plain(f16::trunc(i.mode, i.a16()).into());
    S_RNDNE_F16 => |i| plain(f16::rndne(i.mode, i.a16()).into());
    S_ADD_F32 => |i| plain(f32::add(i.mode, i.a32(), i.b32()));
    S_SUB_F32 => |i| plain(f32::sub(i.mode, i.a32(), i.b32()));
    S_MIN_F32 => |i| plain(f32::min(i.mode, i.a32(), i.b32()));
    S_MAX_F32 => |i| plain(f32::max(i.mode, i.a32(), i.b32()));
    S_MUL_F32 => |i| plain(f32::mul(i.mode, i.a32(), i.b32()));
    S_FMAAK_F32 | S_FMAMK_F32 | S_FMAC_F32 => |i| plain(f32::fma(i.mode, i.a32(), i.b32(), i.d32()));
    S_CVT_PK_RTZ_F16_F32 => |i| plain(convert::pk_rtz_f16_f32(i.mode, i.a32(), i.b32()));
    S_ADD_F16 => |i| plain(f16::add(i.mode, i.a16(), i.b16()).into());
    S_SUB_F16 => |i| plain(f16::sub(i.mode, i.a16(), i.b16()).into());
    S_MIN_F16 => |i| plain(f16::min(i.mode, i.a16(), i.b16()).into());
    S_MAX_F16 => |i| plain(f16::max(i.mode, i.a16(), i.b16()).into());
    S_MUL_F16 => |i| plain(f16::mul(i.mode, i.a16(), i.b16()).into());
    S_FMAC_F16 => |i| plain(f16::fma(i.mode, i.a16(), i.b16(), i.d as u16).into()); // CAST: the low half
}

/// Rows: operation and the new EXEC of the source and the old one. The destination gets the old EXEC (`SAVEEXEC`) or
/// the new one (`WREXEC`). Source: guide, section 16.3.
macro_rules! exec_operations {
    ($($($op:ident)|+ => $new:ident $wide:ident, $writes_old:literal;)+) => {
        fn exec_operation(op: Op, isa: Isa) -> Option<Run> {
            match op {
                $($(Op::$op)|+ => {
                    struct Row;
                    impl Handler for Row {
                        fn run(context: &mut Context<'_>, step: &Step) -> Flow {
                            let i = input(context.wave, step);
                            let wide = step.has(flag::WIDE);
                            // The forms of one dword work on EXEC_LO whatever the wave.
                            let old = if wide { context.wave.scalar64(crate::shader::wave::EXEC) } else { i.exec };
                            let (new, scc) = if wide {
                                unit::$wide(i.a, old)
                            } else {
                                pair(unit::$new(i.a32(), old as u32)) // CAST: one dword is meant
                            };
                            write(context.wave, step, if $writes_old { old } else { new });
                            if wide {
                                context.wave.set_scalar64(crate::shader::wave::EXEC, new);
                            } else {
                                context.wave.set_scalar(crate::shader::wave::EXEC, new as u32); // CAST: one dword
                            }
                            context.wave.scc = scc;
                            Flow::Next
                        }
                    }
                    Some(Run::new::<Row>(isa))
                })+
                _ => None,
            }
        }
    };
}

exec_operations! {
    S_AND_SAVEEXEC_B32 | S_AND_SAVEEXEC_B64 => and_b32 and_b64, true;
    S_OR_SAVEEXEC_B32 | S_OR_SAVEEXEC_B64 => or_b32 or_b64, true;
    S_XOR_SAVEEXEC_B32 | S_XOR_SAVEEXEC_B64 => xor_b32 xor_b64, true;
    S_NAND_SAVEEXEC_B32 | S_NAND_SAVEEXEC_B64 => nand_b32 nand_b64, true;
    S_NOR_SAVEEXEC_B32 | S_NOR_SAVEEXEC_B64 => nor_b32 nor_b64, true;
    S_XNOR_SAVEEXEC_B32 | S_XNOR_SAVEEXEC_B64 => xnor_b32 xnor_b64, true;
    S_AND_NOT0_SAVEEXEC_B32 | S_AND_NOT0_SAVEEXEC_B64 => and_not0_b32 and_not0_b64, true;
    S_OR_NOT0_SAVEEXEC_B32 | S_OR_NOT0_SAVEEXEC_B64 => or_not0_b32 or_not0_b64, true;
    S_AND_NOT1_SAVEEXEC_B32 | S_AND_NOT1_SAVEEXEC_B64 => and_not1_b32 and_not1_b64, true;
    S_OR_NOT1_SAVEEXEC_B32 | S_OR_NOT1_SAVEEXEC_B64 => or_not1_b32 or_not1_b64, true;
    S_AND_NOT0_WREXEC_B32 | S_AND_NOT0_WREXEC_B64 => and_not0_b32 and_not0_b64, false;
    S_AND_NOT1_WREXEC_B32 | S_AND_NOT1_WREXEC_B64 => and_not1_b32 and_not1_b64, false;
}

/// Comparisons, which write SCC alone. What they test for is the low four bits of the step's immediate, their type the
/// rest; `S_CMPK_*` compare with the immediate operand, which is the second source.
struct Compare;

/// Types of [`Compare`], above the four bits of the test.
mod kind {
    pub(super) const I32: i32 = 0;
    pub(super) const U32: i32 = 16;
    pub(super) const U64: i32 = 32;
    pub(super) const F32: i32 = 48;
    pub(super) const F16: i32 = 64;
    pub(super) const BIT: i32 = 80;
}

impl Handler for Compare {
    fn run(context: &mut Context<'_>, step: &Step) -> Flow {
        let i = input(context.wave, step);
        let code = (step.immediate & 15) as u32; // CAST: four bits
        context.wave.scc = match step.immediate & !15 {
            kind::I32 => unit::cmp_i32(IntCompare::from_bits(code), i.a32(), i.b32()),
            kind::U32 => unit::cmp_u32(IntCompare::from_bits(code), i.a32(), i.b32()),
            kind::U64 => IntCompare::from_bits(code).holds(i.a, i.b),
            kind::F32 => f32::compare(i.mode, FloatCompare::from_bits(code), i.a32(), i.b32()),
            kind::F16 => f16::compare(i.mode, FloatCompare::from_bits(code), i.a16(), i.b16()),
            _ if step.sources[0].has(modifier::WIDE) => unit::bitcmp0_b64(i.a, i.b32()) == (code == 0),
            _ => unit::bitcmp0_b32(i.a32(), i.b32()) == (code == 0),
        };
        Flow::Next
    }
}

/// The number of a comparison in [`Compare`].
fn comparison(op: Op) -> Option<i32> {
    let name = op.mnemonic();
    match name {
        "s_bitcmp0_b32" | "s_bitcmp0_b64" => return Some(kind::BIT),
        "s_bitcmp1_b32" | "s_bitcmp1_b64" => return Some(kind::BIT | 1),
        _ => {}
    }
    let (test, ty) = name.strip_prefix("s_cmp_").or_else(|| name.strip_prefix("s_cmpk_"))?.rsplit_once('_')?;
    let kind = match ty {
        "i32" => kind::I32,
        "u32" => kind::U32,
        "u64" => kind::U64,
        "f32" => kind::F32,
        "f16" => kind::F16,
        _ => return None,
    };
    let code = if kind >= kind::F32 {
        crate::shader::kernel::float_code(test)?
    } else {
        // The set of less, equal, greater; LG is what V_CMP calls NE.
        match test {
            "lt" => 1,
            "eq" => 2,
            "le" => 3,
            "gt" => 4,
            "lg" => 5,
            "ge" => 6,
            _ => return None,
        }
    };
    Some(kind | code as i32) // CAST: four bits
}

/// `S_MOVREL*`: registers moved by M0, or by its fields of ten bits. Source: guide, section 16.3.
struct Moved;

impl Handler for Moved {
    fn run(context: &mut Context<'_>, step: &Step) -> Flow {
        let wave = &mut *context.wave;
        let m0 = wave.scalar(M0);
        let (from, to) = match step.op {
            Op::S_MOVRELS_B32 | Op::S_MOVRELS_B64 => (m0, 0),
            Op::S_MOVRELD_B32 | Op::S_MOVRELD_B64 => (0, m0),
            _ => (m0 & 0x3ff, m0 >> 16 & 0x3ff),
        };
        let last = if step.has(flag::WIDE) { 104 } else { 105 };
        let mut source = step.sources[0];
        let source_index = u32::from(source.index).saturating_add(from);
        let target = u32::from(step.to).saturating_add(to);
        // What lies behind the SGPRs is no place to move to or from.
        if (from != 0 && source_index > last) || (to != 0 && target > last) {
            return context
                .fail(crate::shader::fault::Cause::NotModelled { what: "a moved register behind the SGPRs" });
        }
        source.index = source_index as u8; // CAST: at most 105, or as it was
        let value = read(wave, &source);
        let step = Step { to: target as u8, ..step.clone() }; // CAST: as above
        write(wave, &step, value);
        Flow::Next
    }
}

/// The handler of a scalar operation, and the immediate that the step must have where it is not the operand.
pub(crate) fn find(op: Op, isa: Isa) -> Option<(Run, Option<i32>)> {
    if let Some(run) = operation(op, isa).or_else(|| exec_operation(op, isa)) {
        return Some((run, None));
    }
    if let Some(code) = comparison(op) {
        return Some((Run::new::<Compare>(isa), Some(code)));
    }
    match op {
        Op::S_MOVRELS_B32 | Op::S_MOVRELS_B64 | Op::S_MOVRELD_B32 | Op::S_MOVRELD_B64 | Op::S_MOVRELSD_2_B32 => {
            Some((Run::new::<Moved>(isa), None))
        }
        _ => None,
    }
}
