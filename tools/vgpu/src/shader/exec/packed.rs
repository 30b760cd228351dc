//! VOP3P: packed halves, dot products and mixed precision.

use sparkle_rdna3::Op;

use super::fetch::{fetch, finish16, store, write, writers};
use crate::shader::isa::Handler;
use crate::shader::lane::OutputModifier;
use crate::shader::lane::dot::MixSource;
use crate::shader::lane::{f32, int};
use crate::shader::run::{Context, Flow};
use crate::shader::step::{From, Outcome, Source, Step, flag, mask, modifier};
use crate::shader::wave::{Lanes, Wave};

/// A half of each lane, perhaps negated.
fn half_of(lanes: &Lanes, high: bool, negate: bool, out: &mut Lanes) {
    let (shift, flip) = (if high { 16 } else { 0 }, if negate { 0x8000 } else { 0 });
    for (to, from) in out.0.iter_mut().zip(lanes.0) {
        *to = from >> shift & 0xffff ^ flip;
    }
}

/// Operations on both halves, each with its own choice of the sources' halves and signs.
pub(crate) struct Packed;

impl Handler for Packed {
    #[inline(always)]
    fn run(context: &mut Context<'_>, step: &Step) -> Flow {
        let (wave, room) = (&mut *context.wave, &mut *context.temporaries);
        let float = wave.float();
        let [op_sel, op_sel_hi, neg_lo, neg_hi] = step.more().packed;
        for half in 0..wave.halves() {
            let mut results = [Lanes::ZERO; 2];
            for (result, (select, negate)) in results.iter_mut().zip([(op_sel, neg_lo), (op_sel_hi, neg_hi)]) {
                let mut sources = [Lanes::ZERO; 3];
                for (at, (source, to)) in step.sources.iter().zip(&mut sources).enumerate() {
                    let [register, ..] = &mut room.sources;
                    let lanes = fetch(wave, step, source, half, register);
                    half_of(lanes, select >> at & 1 != 0, negate >> at & 1 != 0, to);
                }
                let [a, b, c] = &sources;
                step.kernel.call(float, [a, b, c], 0, result);
                if step.outcome == Outcome::F16 && step.has(flag::CLAMP) {
                    for x in &mut result.0 {
                        *x = finish16(float.mode, OutputModifier::None, true, *x as u16).into(); // CAST: the low half
                    }
                }
            }
            let [low, high] = results;
            for ((to, low), high) in room.out.0.iter_mut().zip(low.0).zip(high.0) {
                *to = high << 16 | low & 0xffff;
            }
            let writers = writers(wave, step, half);
            store(wave, step.to, half, writers, &room.out);
        }
        Flow::Next
    }
}

/// Dot products: the halves of the first two sources are put in place first; the third is a whole register, negated by
/// its low bit.
pub(crate) struct Dot;

impl Handler for Dot {
    #[inline(always)]
    fn run(context: &mut Context<'_>, step: &Step) -> Flow {
        let (wave, room) = (&mut *context.wave, &mut *context.temporaries);
        let float = wave.float();
        let [op_sel, op_sel_hi, neg_lo, neg_hi] = step.more().packed;
        let integers = step.mask_from == mask::IMMEDIATE;
        for half in 0..wave.halves() {
            let mut sources = [Lanes::ZERO; 3];
            for (at, (source, to)) in step.sources.iter().zip(&mut sources).enumerate() {
                let [register, low, high, ..] = &mut room.sources;
                let lanes = fetch(wave, step, source, half, register);
                if at == 2 {
                    *to = *lanes;
                    if neg_lo >> 2 & 1 != 0 && !integers {
                        to.0.iter_mut().for_each(|x| *x = f32::neg(*x));
                    }
                } else if integers && matches!(source.from, From::Constant) {
                    // Inline constants have 32 bits whatever the selection. Source: guide, table in section 7.5.1.
                    *to = *lanes;
                } else if integers {
                    half_of(lanes, op_sel >> at & 1 != 0, false, low);
                    half_of(lanes, op_sel_hi >> at & 1 != 0, false, high);
                    for ((to, low), high) in to.0.iter_mut().zip(low.0).zip(high.0) {
                        *to = int::lshl_or(high, 16, low);
                    }
                } else {
                    half_of(lanes, op_sel >> at & 1 != 0, neg_lo >> at & 1 != 0, low);
                    half_of(lanes, op_sel_hi >> at & 1 != 0, neg_hi >> at & 1 != 0, high);
                    for ((to, low), high) in to.0.iter_mut().zip(low.0).zip(high.0) {
                        *to = int::lshl_or(high, 16, low);
                    }
                }
            }
            let [a, b, c] = &sources;
            let given = if integers { step.immediate as u32 } else { 0 }; // CAST: the same bits
            step.kernel.call(float, [a, b, c], given, &mut room.out);
            let writers = writers(wave, step, half);
            write(wave, step, step.to, half, writers, &mut room.out);
        }
        Flow::Next
    }
}

/// A source of `V_FMA_MIX*`: f32, or a half widened; sign changes come after.
fn mixed(wave: &Wave, step: &Step, source: &Source, at: usize, half: usize, room: &mut Lanes, out: &mut Lanes) {
    let [op_sel, op_sel_hi, ..] = step.more().packed;
    let bare = Source { modifiers: source.modifiers & modifier::DPP, ..*source };
    let mode = wave.float().mode;
    let kind = MixSource::from_bits(op_sel_hi >> at & 1 != 0, op_sel >> at & 1 != 0);
    let lanes = fetch(wave, step, &bare, half, room);
    for (to, &from) in out.0.iter_mut().zip(&lanes.0) {
        let value = kind.read(mode, from);
        let value = if source.has(modifier::ABS) { f32::abs(value) } else { value };
        *to = if source.has(modifier::NEG) { f32::neg(value) } else { value };
    }
}

/// `V_FMA_MIX_F32`, `V_FMA_MIXLO_F16`, `V_FMA_MIXHI_F16`.
pub(crate) struct Mix;

impl Handler for Mix {
    fn run(context: &mut Context<'_>, step: &Step) -> Flow {
        let (wave, room) = (&mut *context.wave, &mut *context.temporaries);
        let float = wave.float();
        for half in 0..wave.halves() {
            let mut sources = [Lanes::ZERO; 3];
            for (at, (source, to)) in step.sources.iter().zip(&mut sources).enumerate() {
                let [register, ..] = &mut room.sources;
                mixed(wave, step, source, at, half, register, to);
            }
            let [a, b, c] = &sources;
            step.kernel.call(float, [a, b, c], 0, &mut room.out);
            let writers = writers(wave, step, half);
            write(wave, step, step.to, half, writers, &mut room.out);
        }
        Flow::Next
    }
}

/// What kind of VOP3P operation it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    Packed,
    /// Float dot products.
    Dot,
    /// Integer dot products.
    DotInteger,
    Mix,
    Matrix,
}

/// The family of an operation, of VOP3P or of those few of VOP2 and VOP3 that work alike.
pub(crate) fn family(op: Op) -> Option<Family> {
    let name = op.mnemonic();
    Some(match name {
        _ if name.starts_with("v_pk_") => Family::Packed,
        _ if name.starts_with("v_dot4") || name.starts_with("v_dot8") => Family::DotInteger,
        _ if name.starts_with("v_dot2_") => Family::Dot,
        _ if name.starts_with("v_fma_mix") => Family::Mix,
        _ if name.starts_with("v_wmma_") => Family::Matrix,
        _ => return None,
    })
}
