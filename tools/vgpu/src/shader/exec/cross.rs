//! Operations that reach into other lanes, or into registers that M0 names.

use sparkle_rdna3::Op;

use super::fetch::{exchanged, scalar32, store, writers};
use super::memory::active;
use crate::shader::fault::Cause;
use crate::shader::isa::{Handler, Isa, Run};
use crate::shader::lane::dpp::{permlane16_source, permlane64_source, permlanex16_source};
use crate::shader::run::{Context, Flow};
use crate::shader::step::{From, Source, Step, flag, modifier};
use crate::shader::wave::{Lanes, M0, Wave};

/// The lane that a scalar source names, modulo the wave's lanes.
fn named_lane(wave: &Wave, source: &Source) -> u32 {
    scalar32(wave, source) & (wave.lanes() - 1)
}

/// `V_READLANE_B32`, `V_READFIRSTLANE_B32`: EXEC does not matter to the first.
struct ReadLane;

impl Handler for ReadLane {
    fn run(context: &mut Context<'_>, step: &Step) -> Flow {
        let wave = &mut *context.wave;
        let [data, select, ..] = &step.sources;
        let lane = if step.op == Op::V_READFIRSTLANE_B32 { wave.first_lane() } else { named_lane(wave, select) };
        let value = if data.from == From::Vgpr { wave.lane(data.index, lane) } else { scalar32(wave, data) };
        wave.set_scalar(step.to, value);
        Flow::Next
    }
}

/// `V_WRITELANE_B32`: EXEC does not matter.
struct WriteLane;

impl Handler for WriteLane {
    fn run(context: &mut Context<'_>, step: &Step) -> Flow {
        let wave = &mut *context.wave;
        let [data, select, ..] = &step.sources;
        let (lane, value) = (named_lane(wave, select), scalar32(wave, data));
        wave.set_lane(step.to, lane, value);
        Flow::Next
    }
}

/// Bits of op_sel that `V_PERMLANE16_B32` reads otherwise. Source: guide, section 16.12.
const FETCH_INACTIVE: i32 = 1;
const BOUND_CONTROL: i32 = 2;

/// `V_PERMLANE*`: a lane that is off feeds 0 with bound control, its own value with fetch-inactive; with neither the
/// lane that it feeds keeps its result.
struct Permute;

impl Handler for Permute {
    fn run(context: &mut Context<'_>, step: &Step) -> Flow {
        let wave = &mut *context.wave;
        let exec = wave.exec();
        let [data, low, high, ..] = &step.sources;
        if step.op == Op::V_PERMLANE64_B32 && !wave.is_wide() {
            return Flow::Next;
        }
        let selects = u64::from(scalar32(wave, high)) << 32 | u64::from(scalar32(wave, low));
        let mut old = [0; 64];
        for (lane, value) in (0..wave.lanes()).zip(&mut old) {
            *value = wave.lane(data.index, lane);
        }
        for lane in active(exec) {
            let from = match step.op {
                Op::V_PERMLANE16_B32 => permlane16_source(selects, lane),
                Op::V_PERMLANEX16_B32 => permlanex16_source(selects, lane),
                _ => permlane64_source(lane),
            };
            let on = exec >> (from & 63) & 1 != 0;
            let always = step.op == Op::V_PERMLANE64_B32 || step.immediate & FETCH_INACTIVE != 0;
            let value = old.get(from as usize).copied().unwrap_or(0); // CAST: below 64
            if on || always {
                wave.set_lane(step.to, lane, value);
            } else if step.immediate & BOUND_CONTROL != 0 {
                wave.set_lane(step.to, lane, 0);
            }
        }
        Flow::Next
    }
}

/// `V_MOVREL*`, `V_SWAPREL_B32`: the source or destination moved by M0, or each by a field of it of ten bits.
/// Source: guide, section 16.8.
struct Moved;

impl Handler for Moved {
    fn run(context: &mut Context<'_>, step: &Step) -> Flow {
        let wave = &mut *context.wave;
        let m0 = wave.scalar(M0);
        let (from, to) = match step.op {
            Op::V_MOVRELS_B32 => (m0, 0),
            Op::V_MOVRELD_B32 => (0, m0),
            Op::V_MOVRELSD_B32 => (m0, m0),
            _ => (m0 & 0x3ff, m0 >> 16 & 0x3ff),
        };
        let [data, ..] = step.sources;
        let from = u32::from(data.index).checked_add(from).and_then(|index| u8::try_from(index).ok());
        let to = u32::from(step.to).checked_add(to).and_then(|index| u8::try_from(index).ok());
        let (Some(from), Some(to)) = (from, to) else {
            return context.fail(Cause::NotModelled { what: "a moved register behind v255" });
        };
        if step.has(flag::DPP) {
            return moved_lanes(wave, step, from, to);
        }
        for lane in active(wave.exec()) {
            let value = if data.from == From::Vgpr { wave.lane(from, lane) } else { scalar32(wave, &data) };
            if step.op == Op::V_SWAPREL_B32 {
                let other = wave.lane(to, lane);
                wave.set_lane(from, lane, other);
            }
            wave.set_lane(to, lane, value);
        }
        Flow::Next
    }
}

/// A move with its lanes exchanged.
fn moved_lanes(wave: &mut Wave, step: &Step, from: u8, to: u8) -> Flow {
    let mut moved = [Lanes::ZERO; 2];
    for (half, lanes) in moved.iter_mut().enumerate().take(wave.halves()) {
        exchanged(wave, step.more().dpp, from, half, lanes);
    }
    for (half, lanes) in moved.iter().enumerate().take(wave.halves()) {
        let writers = writers(wave, step, half);
        store(wave, to, half, writers, lanes);
    }
    Flow::Next
}

/// `V_SWAP_B32`.
struct Swap;

impl Handler for Swap {
    fn run(context: &mut Context<'_>, step: &Step) -> Flow {
        let wave = &mut *context.wave;
        let [data, ..] = step.sources;
        for lane in active(wave.exec()) {
            let (a, b) = (wave.lane(step.to, lane), wave.lane(data.index, lane));
            wave.set_lane(step.to, lane, b);
            wave.set_lane(data.index, lane, a);
        }
        Flow::Next
    }
}

/// Half of a register, and the register with another half.
pub(crate) const fn half_of(register: u32, high: bool) -> u32 {
    if high { register >> 16 } else { register & 0xffff }
}

pub(crate) const fn with_half(register: u32, high: bool, half: u32) -> u32 {
    if high { register & 0xffff | half << 16 } else { register & 0xffff_0000 | half & 0xffff }
}

/// `V_SWAP_B16`, also of the halves of one register. Source: LLVM `VOP1Instructions.td`, `V_SWAP_B16`.
struct SwapHalves;

impl Handler for SwapHalves {
    fn run(context: &mut Context<'_>, step: &Step) -> Flow {
        let wave = &mut *context.wave;
        let [data, ..] = step.sources;
        let (high, data_high) = (step.has(flag::HIGH), data.has(modifier::HIGH));
        for lane in active(wave.exec()) {
            let (a, b) = (half_of(wave.lane(step.to, lane), high), half_of(wave.lane(data.index, lane), data_high));
            wave.set_lane(step.to, lane, with_half(wave.lane(step.to, lane), high, b));
            wave.set_lane(data.index, lane, with_half(wave.lane(data.index, lane), data_high, a));
        }
        Flow::Next
    }
}

/// The handler of an operation.
pub(crate) fn find(op: Op, isa: Isa) -> Option<Run> {
    Some(match op {
        Op::V_READLANE_B32 | Op::V_READFIRSTLANE_B32 => Run::new::<ReadLane>(isa),
        Op::V_WRITELANE_B32 => Run::new::<WriteLane>(isa),
        Op::V_PERMLANE16_B32 | Op::V_PERMLANEX16_B32 | Op::V_PERMLANE64_B32 => Run::new::<Permute>(isa),
        Op::V_MOVRELS_B32 | Op::V_MOVRELD_B32 | Op::V_MOVRELSD_B32 | Op::V_MOVRELSD_2_B32 | Op::V_SWAPREL_B32 => {
            Run::new::<Moved>(isa)
        }
        Op::V_SWAP_B32 => Run::new::<Swap>(isa),
        Op::V_SWAP_B16 => Run::new::<SwapHalves>(isa),
        _ => return None,
    })
}
