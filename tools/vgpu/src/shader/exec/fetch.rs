//! Reading sources and writing results of vector operations.

use sparkle_rdna3::Dpp;

use crate::shader::isa::Wide;
use crate::shader::lane::dpp::{Dpp16, Fetch, FetchControl, dpp8_source, dpp16_writes};
use crate::shader::lane::{OutputModifier, f16, f32, f64};
use crate::shader::step::{From, Outcome, Source, Step, flag, modifier};
use crate::shader::wave::{EXEC, Lanes, VCC, Wave};

/// The 32 bits of a scalar source, before modifiers.
#[inline(always)]
pub(crate) fn scalar32(wave: &Wave, source: &Source) -> u32 {
    match source.from {
        From::Scalar => wave.scalar(source.index),
        From::Condition => u32::from(condition(wave, source.index)),
        From::Constant | From::Unsigned => source.value,
        From::Vgpr | From::HighHalf | From::InvTwoPi | From::Aperture => 0,
    }
}

/// The 64 bits of a scalar source, before modifiers.
#[inline(always)]
pub(crate) fn scalar64(wave: &Wave, source: &Source) -> u64 {
    match source.from {
        From::Scalar => wave.scalar64(source.index),
        From::Condition => u64::from(condition(wave, source.index)),
        From::Constant => i64::from(source.value as i32) as u64, // CAST: sign extension
        From::Unsigned => source.value.into(),
        From::HighHalf | From::Aperture => u64::from(source.value) << 32,
        From::InvTwoPi => 0x3fc4_5f30_6dc9_c882,
        From::Vgpr => 0,
    }
}

/// SCC, VCCZ, EXECZ by operand number. Source: guide, table 17 ("Scalar operands").
fn condition(wave: &Wave, index: u8) -> bool {
    match index {
        251 => wave.mask(VCC) == 0,
        252 => wave.exec() == 0,
        _ => wave.scc,
    }
}

/// 32 lanes of a source of one dword: the register itself where nothing is to be done to it.
#[inline(always)]
pub(crate) fn fetch<'a>(wave: &'a Wave, step: &Step, source: &Source, half: usize, room: &'a mut Lanes) -> &'a Lanes {
    if source.from == From::Vgpr && source.modifiers == 0 {
        return wave.vgpr(half, source.index);
    }
    other(wave, step, source, half, room);
    room
}

/// What [`fetch`] can't point to.
#[inline(never)]
fn other(wave: &Wave, step: &Step, source: &Source, half: usize, room: &mut Lanes) {
    if source.modifiers == 0 {
        room.0 = [scalar32(wave, source); 32];
    } else {
        modified(wave, step, source, half, room);
    }
}

fn modified(wave: &Wave, step: &Step, source: &Source, half: usize, room: &mut Lanes) {
    if source.has(modifier::DPP) {
        exchanged(wave, step.more().dpp, source.index, half, room);
    } else if source.from == From::Vgpr {
        *room = *wave.vgpr(half, source.index);
    } else {
        room.0 = [scalar32(wave, source); 32];
    }
    if source.has(modifier::HIGH) {
        room.0.iter_mut().for_each(|x| *x >>= 16);
    }
    let sign = if source.has(modifier::SIGN16) { 1 << 15 } else { 1 << 31 };
    let keep = if source.has(modifier::ABS) { !sign } else { !0 };
    let flip = if source.has(modifier::NEG) { sign } else { 0 };
    room.0.iter_mut().for_each(|x| *x = *x & keep ^ flip);
}

/// 32 lanes of a source of one or two dwords; one is zero-extended.
pub(crate) fn fetch_wide(wave: &Wave, step: &Step, source: &Source, half: usize, narrow: &mut Lanes, room: &mut Wide) {
    if !source.has(modifier::WIDE) {
        let lanes = fetch(wave, step, source, half, narrow);
        room.iter_mut().zip(lanes.0).for_each(|(to, from)| *to = from.into());
        return;
    }
    if source.from == From::Vgpr {
        let (low, high) = (wave.vgpr(half, source.index), wave.vgpr(half, source.index.wrapping_add(1)));
        for ((to, low), high) in room.iter_mut().zip(low.0).zip(high.0) {
            *to = u64::from(high) << 32 | u64::from(low);
        }
    } else {
        *room = [scalar64(wave, source); 32];
    }
    if source.has(modifier::ABS) {
        room.iter_mut().for_each(|x| *x = f64::abs(*x));
    }
    if source.has(modifier::NEG) {
        room.iter_mut().for_each(|x| *x = f64::neg(*x));
    }
}

fn controls(dpp: Dpp) -> FetchControl {
    match dpp {
        // DPP8 has no bound control; it is taken as 1. Source: guide, section 7.7.2.
        Dpp::Dpp8 { fetch_inactive, .. } => FetchControl { bound_control: true, fetch_inactive },
        Dpp::Dpp16 { bound_control, fetch_inactive, .. } => FetchControl { bound_control, fetch_inactive },
        Dpp::None => FetchControl { bound_control: true, fetch_inactive: true },
    }
}

fn feeder(dpp: Dpp, lane: u32) -> Option<u32> {
    match dpp {
        Dpp::None => Some(lane),
        Dpp::Dpp8 { lanes, .. } => Some(dpp8_source(lanes, lane)),
        Dpp::Dpp16 { control, .. } => Dpp16::from_bits(control.into())?.source(lane),
    }
}

/// The lanes of VGPR `index` as lane exchange has them.
pub(crate) fn exchanged(wave: &Wave, dpp: Dpp, index: u8, half: usize, room: &mut Lanes) {
    let (exec, controls) = (wave.exec(), controls(dpp));
    let first = half as u32 * 32; // CAST: 0 or 1
    for (lane, to) in (first..).zip(&mut room.0) {
        *to = match controls.fetch(feeder(dpp, lane), exec) {
            Fetch::Lane(from) => wave.lane(index, from),
            Fetch::Zero | Fetch::Skip => 0,
        };
    }
}

/// The lanes that may write under a lane exchange.
#[inline(never)]
fn exchange_mask(wave: &Wave, dpp: Dpp, half: usize) -> u32 {
    let (exec, controls) = (wave.exec(), controls(dpp));
    let first = half as u32 * 32; // CAST: 0 or 1
    (0..32)
        .filter(|&bit| {
            let lane = first + bit;
            let enabled = match dpp {
                Dpp::Dpp16 { row_mask, bank_mask, .. } => dpp16_writes(row_mask.into(), bank_mask.into(), lane),
                _ => true,
            };
            enabled && controls.fetch(feeder(dpp, lane), exec) != Fetch::Skip
        })
        .fold(0, |mask, bit| mask | 1 << bit)
}

/// The lanes that write: EXEC, and what a lane exchange leaves of it.
#[inline(always)]
pub(crate) fn writers(wave: &Wave, step: &Step, half: usize) -> u32 {
    let exec = wave.mask_half(EXEC, half);
    if step.has(flag::DPP) { exec & exchange_mask(wave, step.more().dpp, half) } else { exec }
}

/// Writes a result of one dword, after output scale and clamp.
#[inline(always)]
pub(crate) fn write(wave: &mut Wave, step: &Step, to: u8, half: usize, writers: u32, out: &mut Lanes) {
    if step.has(flag::FINISH) {
        finish(wave, step, to, half, out);
    }
    store(wave, to, half, writers, out);
}

/// Copies into a register what `writers` have.
#[inline(always)]
pub(crate) fn store(wave: &mut Wave, to: u8, half: usize, writers: u32, out: &Lanes) {
    let register = wave.vgpr_mut(half, to);
    if writers == u32::MAX {
        *register = *out;
    } else {
        for i in 0..32 {
            register.0[i] = if writers >> i & 1 != 0 { out.0[i] } else { register.0[i] };
        }
    }
}

#[inline(never)]
fn finish(wave: &Wave, step: &Step, to: u8, half: usize, out: &mut Lanes) {
    let mode = wave.float().mode;
    let omod = OutputModifier::from_bits(step.omod.into());
    let clamp = step.has(flag::CLAMP);
    for x in &mut out.0 {
        match step.outcome {
            Outcome::F32 => {
                *x = f32::output_modifier(mode, omod, *x);
                if clamp {
                    *x = f32::clamp(mode, *x);
                }
            }
            Outcome::F16 => *x = finish16(mode, omod, clamp, *x as u16).into(), // CAST: the low half holds the value
            Outcome::B16 | Outcome::B32 | Outcome::B64 | Outcome::F64 => {}
        }
    }
    if step.outcome.is_half() {
        let old = wave.vgpr(half, to);
        for (x, old) in out.0.iter_mut().zip(old.0) {
            *x = if step.has(flag::HIGH) { old & 0xffff | *x << 16 } else { old & 0xffff_0000 | *x & 0xffff };
        }
    }
}

/// Output scale and clamp of half precision.
pub(crate) fn finish16(mode: crate::shader::lane::Mode, omod: OutputModifier, clamp: bool, x: u16) -> u16 {
    let x = f16::output_modifier(mode, omod, x);
    if clamp { f16::clamp(mode, x) } else { x }
}

/// Writes a result of two dwords, after output scale and clamp.
pub(crate) fn write_wide(wave: &mut Wave, step: &Step, half: usize, writers: u32, out: &mut Wide) {
    if step.outcome == Outcome::F64 && step.has(flag::FINISH) {
        let mode = wave.float().mode;
        let omod = OutputModifier::from_bits(step.omod.into());
        for x in out.iter_mut() {
            *x = f64::output_modifier(mode, omod, *x);
            if step.has(flag::CLAMP) {
                *x = f64::clamp(mode, *x);
            }
        }
    }
    store(wave, step.to, half, writers, &Lanes(out.map(|x| x as u32))); // CAST: the low half
    store(wave, step.to.wrapping_add(1), half, writers, &Lanes(out.map(|x| (x >> 32) as u32))); // CAST: the high half
}
