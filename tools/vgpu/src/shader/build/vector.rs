//! Steps of vector operations.

use sparkle_rdna3::{Access, Dpp, Encoding, Op, Operand, Reg, Ty, Value};

use super::{Parts, Unmodelled, is_half, is_signed, scalar_index, source};
use crate::shader::exec::packed::{Family, family};
use crate::shader::exec::{self};
use crate::shader::isa::Run;
use crate::shader::kernel::{self, Comparison, dot_bit};
use crate::shader::step::{From, More, Outcome, Source, Step, flag, mask, modifier};
use crate::shader::wave::{EXEC, VCC};

fn reads_mask(op: Op) -> bool {
    matches!(
        op,
        Op::V_CNDMASK_B32 | Op::V_CNDMASK_B16 | Op::V_ADD_CO_CI_U32 | Op::V_SUB_CO_CI_U32 | Op::V_SUBREV_CO_CI_U32
    )
}

fn writes_mask(op: Op) -> bool {
    matches!(
        op,
        Op::V_ADD_CO_U32
            | Op::V_SUB_CO_U32
            | Op::V_SUBREV_CO_U32
            | Op::V_ADD_CO_CI_U32
            | Op::V_SUB_CO_CI_U32
            | Op::V_SUBREV_CO_CI_U32
            | Op::V_DIV_SCALE_F32
            | Op::V_DIV_SCALE_F64
            | Op::V_MAD_U64_U32
            | Op::V_MAD_I64_I32
    )
}

fn mask_index(operand: Option<&Operand>) -> Result<u8, Unmodelled> {
    match operand.map(|operand| operand.value) {
        Some(Value::Reg(reg)) => scalar_index(reg).ok_or("this lane mask"),
        _ => Err("this lane mask"),
    }
}

/// Sources, destination and masks of an operation on lanes, in the order that loops have them.
fn vector_operands(operands: &[Operand], op: Op, step_sources: &mut [Source]) -> Result<Masks, Unmodelled> {
    let compare = op.mnemonic().starts_with("v_cmp");
    let mut masks = Masks { from: mask::NONE, to: mask::NONE, vgpr: None };
    let mut rest = operands;
    if compare {
        let writes_exec = op.mnemonic().starts_with("v_cmpx");
        masks.to = if writes_exec { EXEC } else { mask_index(operands.first())? };
        rest = if writes_exec { operands } else { operands.get(1..).unwrap_or(&[]) };
    } else {
        if let Some((first, others)) = operands.split_first() {
            masks.vgpr = match first.value {
                Value::Reg(Reg::Vgpr(index)) | Value::Half { vgpr: index, .. } => Some(index),
                _ => return Err("this destination"),
            };
            rest = others;
        }
        if writes_mask(op) {
            masks.to = mask_index(rest.first())?;
            rest = rest.get(1..).unwrap_or(&[]);
        }
        if reads_mask(op) {
            masks.from = mask_index(rest.last())?;
            rest = rest.get(..rest.len().saturating_sub(1)).unwrap_or(&[]);
        }
    }
    let mut places = step_sources.iter_mut();
    for operand in rest {
        if let Some(place) = places.next() {
            *place = source(operand, is_signed(op))?;
        }
    }
    // FMAC and its like add to what the destination holds.
    if let Some(first) = operands.first().filter(|first| first.access == Access::ReadWrite)
        && rest.len() == 2
        && let Some(place) = places.next()
    {
        let mut old = *first;
        old.ty = rest.first().map_or(first.ty, |other| other.ty);
        *place = source(&old, false)?;
    }
    match op {
        Op::V_DIV_FMAS_F32 | Op::V_DIV_FMAS_F64 => masks.from = VCC,
        Op::V_MBCNT_LO_U32_B32 | Op::V_MBCNT_HI_U32_B32 => masks.from = mask::FIRST_LANE,
        _ => {}
    }
    Ok(masks)
}

/// What [`vector_operands`] finds beside sources.
struct Masks {
    from: u8,
    to: u8,
    /// The VGPR written.
    vgpr: Option<u8>,
}

pub(super) fn plain(parts: &Parts<'_>, step: &mut Step) -> Result<(), Unmodelled> {
    let (instruction, op) = (parts.instruction, step.op);
    let modifiers = instruction.modifiers();
    let masks = vector_operands(instruction.operands(), op, &mut step.sources)?;
    step.mask_from = masks.from;
    step.mask_to = masks.to;
    match masks.vgpr {
        Some(index) => step.to = index,
        None => step.flags |= flag::NO_VGPR,
    }
    signs_of_integers(parts, step);
    constants(op, instruction.operands(), step);
    if op == Op::V_MQSAD_U32_U8 {
        if step.sources[2].from != From::Vgpr {
            return Err("this operand");
        }
        step.run = Run::new::<exec::vector::FourSums>(parts.isa);
        step.flags |= if modifiers.clamp { flag::CLAMP } else { 0 };
        return Ok(());
    }
    let mut more = More { dpp: modifiers.dpp, ..More::NONE };
    if let Some((comparison, code)) = kernel::find_comparison(op, parts.isa) {
        step.mask_from = mask::IMMEDIATE;
        step.immediate = code as i32; // CAST: four bits
        match comparison {
            Comparison::Narrow(kernel) => step.kernel = kernel,
            Comparison::Wide(kernel) => more.wide = Some(kernel),
        }
    } else if let Some((kernel, outcome)) = kernel::find_wide(op, modifiers.clamp, parts.isa) {
        more.wide = Some(kernel);
        step.outcome = outcome;
    } else if let Some((kernel, outcome)) = kernel::find(op, modifiers.clamp, parts.isa) {
        step.kernel = kernel;
        step.outcome = outcome;
    } else {
        return Err("");
    }
    step.run = if more.wide.is_some() {
        Run::new::<exec::vector::Double>(parts.isa)
    } else {
        Run::new::<exec::vector::Narrow>(parts.isa)
    };
    results(parts, step, &mut more)?;
    if let (0, Some(run)) = (step.flags, exec::fast::single(op, &step.sources, parts.isa)) {
        step.run = run;
    }
    if more.wide.is_some() || more.dpp != Dpp::None {
        step.more = Some(Box::new(more));
    }
    Ok(())
}

/// VINTERP.
pub(super) fn interpolation(parts: &Parts<'_>, step: &mut Step) -> Result<(), Unmodelled> {
    let (instruction, op) = (parts.instruction, step.op);
    let modifiers = instruction.modifiers();
    let masks = vector_operands(instruction.operands(), op, &mut step.sources)?;
    step.to = masks.vgpr.ok_or("")?;
    step.outcome = exec::interp::outcome(op);
    for (at, (source, half)) in step.sources.iter_mut().zip(exec::interp::has_halves(op)).enumerate() {
        if half && modifiers.op_sel >> at & 1 != 0 {
            source.modifiers |= modifier::HIGH;
        }
    }
    for (set, bit) in [
        (modifiers.clamp, flag::CLAMP | flag::FINISH),
        (step.outcome.is_half(), flag::FINISH),
        (step.outcome.is_half() && modifiers.op_sel & 8 != 0, flag::HIGH),
    ] {
        step.flags |= if set { bit } else { 0 };
    }
    step.run = Run::new::<exec::interp::Interpolate>(parts.isa);
    Ok(())
}

/// The sign bits of VOP3 on integers of 16 bits, which the decoder shows as LLVM does: only as far as LLVM prints them.
/// Source: tinygrad `test_vop3.py`, `test_mad_i16_clamp_sat_max`, on gfx1100.
fn signs_of_integers(parts: &Parts<'_>, step: &mut Step) {
    let (Encoding::Vop3, &[first, second, ..]) = (parts.instruction.encoding(), parts.words) else { return };
    // Where a second destination takes the place of the absolute bits there are none.
    if step.mask_to != mask::NONE && !step.has(flag::NO_VGPR) {
        return;
    }
    let sources = parts.instruction.operands().iter().filter(|operand| operand.access == Access::Read);
    for (at, (operand, source)) in sources.zip(&mut step.sources).enumerate().take(3) {
        for (set, bit) in [(second >> (29 + at) & 1, modifier::NEG), (first >> (8 + at) & 1, modifier::ABS)] {
            if operand.ty == Ty::I16 && set != 0 {
                source.modifiers |= bit | modifier::SIGN16;
            }
        }
    }
}

/// Halves, output scale, clamp and lane exchange.
fn results(parts: &Parts<'_>, step: &mut Step, more: &mut More) -> Result<(), Unmodelled> {
    let instruction = parts.instruction;
    let modifiers = instruction.modifiers();
    let op_sel = match (instruction.encoding(), parts.words.first()) {
        // The decoder shows op_sel as LLVM 19 does, which leaves it out of most operations that have it.
        (Encoding::Vop3, Some(first)) if step.mask_to == mask::NONE || step.has(flag::NO_VGPR) => {
            (first >> 11 & 15) as u8
        } // CAST: four bits
        _ => parts.high,
    };
    let halves: Vec<bool> =
        instruction.operands().iter().filter(|operand| operand.access == Access::Read).map(is_half).collect();
    for (at, (source, half)) in step.sources.iter_mut().zip(halves).enumerate() {
        if half && op_sel >> at & 1 != 0 {
            source.modifiers |= modifier::HIGH;
        }
    }
    let true16 =
        matches!(instruction.operands().first().map(|first| first.value), Some(Value::Half { high: true, .. }));
    if step.outcome.is_half() && !step.has(flag::NO_VGPR) {
        step.flags |= flag::FINISH;
        if op_sel & 8 != 0 || true16 {
            step.flags |= flag::HIGH;
            // What FMAC adds to is the half that it writes.
            if matches!(step.op, Op::V_FMAC_F16) {
                step.sources[2].modifiers |= modifier::HIGH;
            }
        }
    }
    let float = matches!(step.outcome, Outcome::F16 | Outcome::F32 | Outcome::F64);
    if float && (modifiers.omod != 0 || modifiers.clamp) {
        step.flags |= flag::FINISH;
        step.omod = modifiers.omod;
        if modifiers.clamp {
            step.flags |= flag::CLAMP;
        }
    } else if modifiers.clamp && !step.has(flag::NO_VGPR) && !clamps(step.op) {
        return Err("clamping of this operation");
    }
    if more.dpp != Dpp::None {
        exchange(step);
    }
    Ok(())
}

/// Marks the source whose lanes are exchanged: the first.
fn exchange(step: &mut Step) {
    step.flags |= flag::DPP;
    if let Some(first) = step.sources.first_mut().filter(|first| first.from == From::Vgpr) {
        first.modifiers |= modifier::DPP;
    }
}

/// Whether it is known what clamping does to an integer result: those with a form that saturates, conversions, which
/// saturate anyway, and what can't leave the range of its type.
/// Source: guide, section 7.2.3.1.
fn clamps(op: Op) -> bool {
    const IN_RANGE: [&str; 10] = [
        "v_cvt_",
        "v_frexp_exp_",
        "v_min3_",
        "v_max3_",
        "v_med3_",
        "v_pk_min_",
        "v_pk_max_",
        "v_pk_lshlrev_",
        "v_pk_lshrrev_",
        "v_pk_ashrrev_",
    ];
    IN_RANGE.iter().any(|prefix| op.mnemonic().starts_with(prefix)) || kernel::saturates(op)
}

pub(super) fn dual(parts: &Parts<'_>, step: &mut Step) -> Result<(), Unmodelled> {
    let (x, y) = parts.instruction.halves();
    let op_y = parts.instruction.op_y().ok_or("")?;
    let (first, second) = step.sources.split_at_mut(3);
    let masks = vector_operands(x, step.op, first)?;
    let masks_y = vector_operands(y, op_y, second)?;
    for (op, operands, sources) in [(step.op, x, first), (op_y, y, second)] {
        let reads = operands.iter().filter(|operand| operand.access == Access::Read);
        for (operand, source) in reads.zip(sources) {
            if replicates(op) && matches!(operand.value, Value::Int(_) | Value::Float(_)) {
                source.value = source.value & 0xffff | source.value << 16;
            }
        }
    }
    step.to = masks.vgpr.ok_or("")?;
    step.second_to = masks_y.vgpr.ok_or("")?;
    step.mask_from = VCC;
    step.kernel = kernel::find(step.op, false, parts.isa).ok_or("")?.0;
    step.second = kernel::find(op_y, false, parts.isa).ok_or("")?.0;
    step.run = exec::fast::pair(step.op, op_y, &step.sources, parts.isa)
        .unwrap_or_else(|| Run::new::<exec::vector::Dual>(parts.isa));
    Ok(())
}

/// Operations that reach into other lanes or registers.
pub(super) fn cross(parts: &Parts<'_>, step: &mut Step) -> Result<(), Unmodelled> {
    let dpp = parts.instruction.modifiers().dpp;
    let mut places = step.sources.iter_mut();
    for (at, operand) in parts.instruction.operands().iter().enumerate() {
        match (at, operand.value) {
            (0, Value::Reg(Reg::Vgpr(index))) => step.to = index,
            (0, Value::Reg(reg)) => step.to = scalar_index(reg).ok_or("this destination")?,
            (0, Value::Half { vgpr, high }) => {
                step.to = vgpr;
                step.flags |= if high { flag::HIGH } else { 0 };
            }
            _ => {
                if let Some(place) = places.next() {
                    *place = source(operand, false)?;
                }
            }
        }
    }
    step.immediate = op_sel(parts).into();
    step.run = exec::cross::find(step.op, parts.isa).ok_or("")?;
    if dpp != Dpp::None {
        step.flags |= flag::DPP;
        step.more = Some(Box::new(More { dpp, ..More::NONE }));
    }
    Ok(())
}

/// The op_sel bits of VOP3, which the decoder shows as LLVM 19 does: not where its operations leave them out.
fn op_sel(parts: &Parts<'_>) -> u8 {
    parts.words.first().map_or(0, |first| (first >> 11 & 15) as u8) // CAST: four bits
}

/// What inline constants are as packed sources, where it is not the constant in the low half alone.
/// Source: guide, section 7.2.1 ("Inline constants with DOT2_F16_F16 and DOT2_BF16_BF16") and table in 7.5.1; for
/// `V_PK_FMAC_F16` LLVM `AMDGPUBaseInfo.cpp`, `getPKFMACF16InlineEncoding`.
fn constants(op: Op, operands: &[Operand], step: &mut Step) {
    let reads = operands.iter().filter(|operand| operand.access == Access::Read).take(2);
    for (operand, source) in reads.zip(&mut step.sources) {
        let Value::Float(float) = operand.value else {
            if let (Value::Int(_), true) = (operand.value, replicates(op)) {
                source.value = source.value & 0xffff | source.value << 16;
            }
            continue;
        };
        source.value = match op {
            Op::V_DOT2_F32_F16 => float.f32_bits(),
            _ if replicates(op) => source.value & 0xffff | source.value << 16,
            _ => source.value,
        };
    }
}

/// Whether inline constants are in both halves of the first two sources.
fn replicates(op: Op) -> bool {
    matches!(
        op,
        Op::V_DOT2_F16_F16 | Op::V_DOT2_BF16_BF16 | Op::V_DOT2_F32_BF16 | Op::V_DOT2ACC_F32_F16 | Op::V_PK_FMAC_F16
    )
}

/// Packed halves, dot products, mixed precision and matrices.
pub(super) fn packed(parts: &Parts<'_>, step: &mut Step) -> Result<(), Unmodelled> {
    let (instruction, op) = (parts.instruction, step.op);
    let modifiers = instruction.modifiers();
    let family = family(op).ok_or("")?;
    let mut operands = instruction.operands().to_vec();
    if family == Family::Matrix {
        // The decoder types constants of C as LLVM prints them, not as the matrix's elements.
        let ty = match op {
            Op::V_WMMA_F16_16X16X16_F16 => Ty::F16,
            Op::V_WMMA_BF16_16X16X16_BF16 => Ty::Bf16,
            _ => Ty::B32,
        };
        operands.iter_mut().for_each(|operand| operand.ty = ty);
    }
    if family == Family::Mix {
        // Constants are as wide as the selection says. Source: Mesa `aco_optimizer.cpp`, `get_operand_type`.
        let whole = |at: usize| modifiers.op_sel_hi >> at & 1 == 0;
        operands.iter_mut().skip(1).enumerate().filter(|(at, _)| whole(*at)).for_each(|(_, one)| one.ty = Ty::B32);
    }
    let masks = vector_operands(&operands, op, &mut step.sources)?;
    step.to = masks.vgpr.ok_or("")?;
    let mut more = More { dpp: modifiers.dpp, ..More::NONE };
    let long = instruction.encoding() == Encoding::Vop3p;
    // The short encodings take each half from its place.
    more.packed =
        if long { [modifiers.op_sel, modifiers.op_sel_hi, modifiers.neg_lo, modifiers.neg_hi] } else { [0, 7, 0, 0] };
    if !long && step.sources.iter().any(|source| source.modifiers & (modifier::NEG | modifier::ABS) != 0) {
        return Err("signs of this operation's sources");
    }
    // Products of floats ignore the bit. Source: guide, section 7.2.3.1.
    if modifiers.clamp && family != Family::Dot {
        step.flags |= flag::CLAMP;
    }
    constants(op, &operands, step);
    step.run = match family {
        Family::Packed => Run::new::<exec::packed::Packed>(parts.isa),
        Family::Dot | Family::DotInteger => Run::new::<exec::packed::Dot>(parts.isa),
        Family::Mix => Run::new::<exec::packed::Mix>(parts.isa),
        Family::Matrix => Run::new::<exec::matrix::Multiply>(parts.isa),
    };
    if family != Family::Matrix {
        let (kernel, outcome) = kernel::find(op, modifiers.clamp, parts.isa).ok_or("")?;
        step.kernel = kernel;
        step.outcome = outcome;
        if family == Family::Packed && outcome == Outcome::B16 && modifiers.clamp && !clamps(op) {
            return Err("clamping of this operation");
        }
    }
    match family {
        Family::DotInteger => {
            step.mask_from = mask::IMMEDIATE;
            let bits = [
                (modifiers.neg_lo & 1 != 0, dot_bit::SIGNED_A),
                (modifiers.neg_lo & 2 != 0, dot_bit::SIGNED_B),
                (modifiers.clamp, dot_bit::CLAMP),
            ];
            step.immediate = bits.iter().filter(|(set, _)| *set).fold(0, |all, (_, bit)| all | *bit as i32); // CAST: small
            step.flags &= !flag::CLAMP;
        }
        Family::Dot if modifiers.neg_hi & 4 != 0 => return Err("the high negation of an addend"),
        // These are VOP3 but for their packed sources: op_sel is that of the addend and the destination.
        Family::Dot if matches!(op, Op::V_DOT2_F16_F16 | Op::V_DOT2_BF16_BF16) => {
            if step.sources.iter().any(|source| source.modifiers & (modifier::NEG | modifier::ABS) != 0) {
                return Err("signs of this operation's sources");
            }
            let chosen = op_sel(parts);
            if chosen & 4 != 0 {
                step.sources[2].modifiers |= modifier::HIGH;
            }
            if chosen & 8 != 0 {
                step.flags |= flag::HIGH;
            }
        }
        _ => {}
    }
    if op == Op::V_FMA_MIXHI_F16 {
        step.flags |= flag::HIGH;
    }
    if family != Family::Packed && (step.outcome.is_half() || step.has(flag::CLAMP)) {
        step.flags |= flag::FINISH;
    }
    if more.dpp != Dpp::None {
        exchange(step);
    }
    step.more = Some(Box::new(more));
    Ok(())
}
