//! VINTERP: parameter interpolation in quads. Lanes that are off feed their quad all the same.
//! Source: guide, sections 12.3 and 16.13.

use sparkle_rdna3::Op;

use super::fetch::{fetch, write, writers};
use crate::shader::isa::Handler;
use crate::shader::lane::{Mode, Round, convert, f32};
use crate::shader::run::{Context, Flow};
use crate::shader::step::{Outcome, Source, Step, modifier};
use crate::shader::wave::Lanes;

/// What an instruction does with its sources.
struct Shape {
    /// The lane of each quad that feeds the first source to all four, and the third if it is not their own.
    feeders: [Option<usize>; 3],
    /// Sources of 16 bits.
    halves: [bool; 3],
    /// Rounds towards zero.
    cut: bool,
}

impl Shape {
    const fn of(op: Op) -> Self {
        let cut = matches!(op, Op::V_INTERP_P10_RTZ_F16_F32 | Op::V_INTERP_P2_RTZ_F16_F32);
        match op {
            Op::V_INTERP_P10_F32 => Self { feeders: [Some(1), None, Some(0)], halves: [false; 3], cut },
            Op::V_INTERP_P2_F32 => Self { feeders: [Some(2), None, None], halves: [false; 3], cut },
            Op::V_INTERP_P2_F16_F32 | Op::V_INTERP_P2_RTZ_F16_F32 => {
                Self { feeders: [Some(2), None, None], halves: [true, false, false], cut }
            }
            _ => Self { feeders: [Some(1), None, Some(0)], halves: [true, false, true], cut },
        }
    }
}

/// What the result of an operation is.
pub(crate) const fn outcome(op: Op) -> Outcome {
    match op {
        Op::V_INTERP_P2_F16_F32 | Op::V_INTERP_P2_RTZ_F16_F32 => Outcome::F16,
        _ => Outcome::F32,
    }
}

/// Which sources op_sel chooses the half of.
pub(crate) const fn has_halves(op: Op) -> [bool; 3] {
    Shape::of(op).halves
}

/// All of them: a product and a sum, rounded once in single precision.
pub(crate) struct Interpolate;

impl Handler for Interpolate {
    fn run(context: &mut Context<'_>, step: &Step) -> Flow {
        let (wave, room) = (&mut *context.wave, &mut *context.temporaries);
        let shape = Shape::of(step.op);
        let mode = wave.float().mode;
        let mode = if shape.cut { Mode { round_f32: Round::Zero, round_f16_f64: Round::Zero, ..mode } } else { mode };
        for half in 0..wave.halves() {
            let mut sources = [Lanes::ZERO; 3];
            for (at, to) in sources.iter_mut().enumerate() {
                let source = step.sources[at];
                let [register, ..] = &mut room.sources;
                // The sign changes after the halves are widened.
                let bare = Source { modifiers: source.modifiers & modifier::HIGH, ..source };
                *to = *fetch(wave, step, &bare, half, register);
                if let Some(feeder) = shape.feeders[at] {
                    for quad in to.0.as_chunks_mut::<4>().0 {
                        *quad = [quad[feeder]; 4];
                    }
                }
                for x in &mut to.0 {
                    if shape.halves[at] {
                        *x = convert::f32_from_f16(mode, *x as u16); // CAST: the low half
                    }
                    if source.has(modifier::NEG) {
                        *x = f32::neg(*x);
                    }
                }
            }
            let [a, b, c] = &sources;
            for (i, to) in room.out.0.iter_mut().enumerate() {
                let sum = f32::fma(mode, a.0[i], b.0[i], c.0[i]);
                *to = if step.outcome.is_half() { convert::f16_from_f32(mode, sum).into() } else { sum };
            }
            let writers = writers(wave, step, half);
            write(wave, step, step.to, half, writers, &mut room.out);
        }
        Flow::Next
    }
}
