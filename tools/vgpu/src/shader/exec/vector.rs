//! Vector operations that compute each lane for itself.

use super::fetch::{fetch, fetch_wide, store, write, write_wide, writers};
use crate::shader::isa::Handler;
use crate::shader::lane::bytes;
use crate::shader::run::{Context, Flow};
use crate::shader::step::{Step, flag, mask};
use crate::shader::wave::{EXEC, Lanes, Wave};

/// The mask that a loop is called with.
#[inline(always)]
fn mask_in(wave: &Wave, step: &Step, half: usize) -> u32 {
    match step.mask_from {
        mask::NONE => 0,
        mask::FIRST_LANE => half as u32 * 32,     // CAST: 0 or 1
        mask::IMMEDIATE => step.immediate as u32, // CAST: the same bits
        register => wave.mask_half(register, half),
    }
}

/// Operations whose sources and result have one dword or half of one.
pub(crate) struct Narrow;

impl Handler for Narrow {
    #[inline(always)]
    fn run(context: &mut Context<'_>, step: &Step) -> Flow {
        let (wave, room) = (&mut *context.wave, &mut *context.temporaries);
        let float = wave.float();
        let mut masks = 0;
        for half in 0..wave.halves() {
            let [a, b, c, ..] = &mut room.sources;
            let sources = [
                fetch(wave, step, &step.sources[0], half, a),
                fetch(wave, step, &step.sources[1], half, b),
                fetch(wave, step, &step.sources[2], half, c),
            ];
            let result = step.kernel.call(float, sources, mask_in(wave, step, half), &mut room.out);
            let writers = writers(wave, step, half);
            if !step.has(flag::NO_VGPR) {
                write(wave, step, step.to, half, writers, &mut room.out);
            }
            masks |= u64::from(result & writers) << (half * 32);
        }
        if step.mask_to != mask::NONE {
            wave.set_mask(step.mask_to, masks);
        }
        Flow::Next
    }
}

/// Operations with a source or result of two dwords.
pub(crate) struct Double;

impl Handler for Double {
    #[inline(always)]
    fn run(context: &mut Context<'_>, step: &Step) -> Flow {
        let (wave, room) = (&mut *context.wave, &mut *context.temporaries);
        let Some(kernel) = step.more().wide else { return Flow::Next };
        let mode = wave.float().mode;
        let mut masks = 0;
        for half in 0..wave.halves() {
            let [narrow, ..] = &mut room.sources;
            for (source, to) in step.sources.iter().zip(&mut room.wide) {
                fetch_wide(wave, step, source, half, narrow, to);
            }
            let [a, b, c] = &room.wide;
            let result = kernel.call(mode, [a, b, c], mask_in(wave, step, half), &mut room.wide_out);
            let writers = writers(wave, step, half);
            if step.has(flag::NO_VGPR) {
            } else if step.outcome.is_wide() {
                write_wide(wave, step, half, writers, &mut room.wide_out);
            } else {
                let mut out = Lanes(room.wide_out.map(|x| x as u32)); // CAST: the low half holds the value
                write(wave, step, step.to, half, writers, &mut out);
            }
            masks |= u64::from(result & writers) << (half * 32);
        }
        if step.mask_to != mask::NONE {
            wave.set_mask(step.mask_to, masks);
        }
        Flow::Next
    }
}

/// `V_MQSAD_U32_U8`, whose addend and result have four dwords.
pub(crate) struct FourSums;

impl Handler for FourSums {
    fn run(context: &mut Context<'_>, step: &Step) -> Flow {
        let (wave, room) = (&mut *context.wave, &mut *context.temporaries);
        let [a, b, c, ..] = &step.sources;
        for half in 0..wave.halves() {
            let [narrow, ..] = &mut room.sources;
            let [wide, reference, _] = &mut room.wide;
            fetch_wide(wave, step, a, half, narrow, wide);
            fetch_wide(wave, step, b, half, narrow, reference);
            let addends: [Lanes; 4] = [0, 1, 2, 3].map(|at| *wave.vgpr(half, c.index.wrapping_add(at)));
            let mut out = [Lanes::ZERO; 4];
            for i in 0..32 {
                let sums = bytes::mqsad_u32_u8(
                    step.has(flag::CLAMP),
                    wide[i],
                    reference[i] as u32, // CAST: the source has one dword
                    [0, 1, 2, 3].map(|at: usize| addends[at].0[i]),
                );
                out.iter_mut().zip(sums).for_each(|(lanes, sum)| lanes.0[i] = sum);
            }
            let writers = writers(wave, step, half);
            for (at, lanes) in (0u8..).zip(&out) {
                store(wave, step.to.wrapping_add(at), half, writers, lanes);
            }
        }
        Flow::Next
    }
}

/// VOPD: both halves read before either writes. Wave32 only.
/// Source: guide, section 7.6.
pub(crate) struct Dual;

impl Handler for Dual {
    #[inline(always)]
    fn run(context: &mut Context<'_>, step: &Step) -> Flow {
        let (wave, room) = (&mut *context.wave, &mut *context.temporaries);
        let float = wave.float();
        let [a, b, c, d, e, f] = &mut room.sources;
        let sources = [
            fetch(wave, step, &step.sources[0], 0, a),
            fetch(wave, step, &step.sources[1], 0, b),
            fetch(wave, step, &step.sources[2], 0, c),
        ];
        // Only V_DUAL_CNDMASK_B32 has a use for it.
        let vcc = wave.mask_half(step.mask_from, 0);
        step.kernel.call(float, sources, vcc, &mut room.out);
        let sources = [
            fetch(wave, step, &step.sources[3], 0, d),
            fetch(wave, step, &step.sources[4], 0, e),
            fetch(wave, step, &step.sources[5], 0, f),
        ];
        step.second.call(float, sources, vcc, &mut room.second);
        let exec = wave.mask_half(EXEC, 0);
        store(wave, step.to, 0, exec, &room.out);
        store(wave, step.second_to, 0, exec, &room.second);
        Flow::Next
    }
}
