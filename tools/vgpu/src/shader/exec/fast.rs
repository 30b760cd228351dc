//! The f32 operations that kernels are made of, alone and in pairs, without a detour over temporaries.
//!
//! They work where all lanes are on, results are rounded to nearest and no NaN comes out; everything else goes the long
//! way of [`super::vector`], which starts afresh because nothing was written.

use sparkle_rdna3::Op;

use super::fetch::fetch;
use super::vector::{Dual, Narrow};
use crate::shader::isa::{Handler, Isa, Run};
use crate::shader::kernel::numbers;
use crate::shader::run::{Context, Flow};
use crate::shader::step::{From, Source, Step};
use crate::shader::wave::{EXEC, Lanes, ModeClass, Wave};

/// An operation on one lane.
pub(crate) trait Lane {
    fn of(a: f32, b: f32, c: f32) -> f32;
}

macro_rules! lanes {
    ($($name:ident: |$a:ident, $b:ident, $c:ident| $body:expr;)+) => { $(
        struct $name;
        impl Lane for $name {
            #[inline(always)]
            fn of($a: f32, $b: f32, $c: f32) -> f32 {
                $body
            }
        }
    )+ };
}

lanes! {
    Add: |a, b, _c| a + b;
    Sub: |a, b, _c| a - b;
    Mul: |a, b, _c| a * b;
    Fma: |a, b, c| a.mul_add(b, c);
}

/// Computes `out`; whether it is right.
#[inline(always)]
fn compute<L: Lane>(class: ModeClass, sources: [&Lanes; 3], out: &mut Lanes) -> bool {
    match class {
        ModeClass::Bench => numbers::<true>(sources, out, L::of),
        ModeClass::Keep => numbers::<false>(sources, out, L::of),
        ModeClass::Other => false,
    }
}

/// The long way; not inlined, so that the short one needs few registers.
#[inline(never)]
fn careful_single(context: &mut Context<'_>, step: &Step) -> Flow {
    Narrow::run(context, step)
}

#[inline(never)]
fn careful_pair(context: &mut Context<'_>, step: &Step) -> Flow {
    Dual::run(context, step)
}

/// A source. Where all of a step's are plain registers it is known to be one.
#[inline(always)]
fn source<'a, const PLAIN: bool>(wave: &'a Wave, step: &Step, at: usize, room: &'a mut Lanes) -> &'a Lanes {
    let source = &step.sources[at];
    if PLAIN { wave.vgpr(0, source.index) } else { fetch(wave, step, source, 0, room) }
}

/// One operation.
struct Single<L, const PLAIN: bool>(L);

impl<L: Lane, const PLAIN: bool> Handler for Single<L, PLAIN> {
    #[inline(always)]
    fn run(context: &mut Context<'_>, step: &Step) -> Flow {
        let (wave, room) = (&mut *context.wave, &mut *context.temporaries);
        if !wave.is_wide() && wave.scalar(EXEC) == u32::MAX {
            let class = wave.float().class;
            let [a, b, c, ..] = &mut room.sources;
            let sources = [
                source::<PLAIN>(wave, step, 0, a),
                source::<PLAIN>(wave, step, 1, b),
                source::<PLAIN>(wave, step, 2, c),
            ];
            let mut out = Lanes::ZERO;
            if compute::<L>(class, sources, &mut out) {
                *wave.vgpr_mut(0, step.to) = out;
                return Flow::Next;
            }
        }
        careful_single(context, step)
    }
}

/// The two halves of VOPD.
struct Pair<X, Y, const PLAIN: bool>(X, Y);

impl<X: Lane, Y: Lane, const PLAIN: bool> Handler for Pair<X, Y, PLAIN> {
    #[inline(always)]
    fn run(context: &mut Context<'_>, step: &Step) -> Flow {
        let (wave, room) = (&mut *context.wave, &mut *context.temporaries);
        if wave.scalar(EXEC) == u32::MAX {
            let class = wave.float().class;
            let [a, b, c, d, e, f] = &mut room.sources;
            let x = [
                source::<PLAIN>(wave, step, 0, a),
                source::<PLAIN>(wave, step, 1, b),
                source::<PLAIN>(wave, step, 2, c),
            ];
            let y = [
                source::<PLAIN>(wave, step, 3, d),
                source::<PLAIN>(wave, step, 4, e),
                source::<PLAIN>(wave, step, 5, f),
            ];
            let (mut first, mut second) = (Lanes::ZERO, Lanes::ZERO);
            if compute::<X>(class, x, &mut first) & compute::<Y>(class, y, &mut second) {
                *wave.vgpr_mut(0, step.to) = first;
                *wave.vgpr_mut(0, step.second_to) = second;
                return Flow::Next;
            }
        }
        careful_pair(context, step)
    }
}

/// The operation's kind among those here.
fn kind(op: Op) -> Option<usize> {
    match op {
        Op::V_ADD_F32 => Some(0),
        Op::V_SUB_F32 => Some(1),
        Op::V_MUL_F32 => Some(2),
        Op::V_FMA_F32 | Op::V_FMAC_F32 | Op::V_FMAAK_F32 | Op::V_FMAMK_F32 => Some(3),
        _ => None,
    }
}

/// Whether all of these are registers with nothing to be done to them.
fn are_plain(sources: &[Source]) -> bool {
    sources.iter().all(|source| source.from == From::Vgpr && source.modifiers == 0)
}

fn of_one<L: Lane>(plain: bool, isa: Isa) -> Run {
    if plain { Run::new::<Single<L, true>>(isa) } else { Run::new::<Single<L, false>>(isa) }
}

fn of_two<X: Lane, Y: Lane>(plain: bool, isa: Isa) -> Run {
    if plain { Run::new::<Pair<X, Y, true>>(isa) } else { Run::new::<Pair<X, Y, false>>(isa) }
}

fn of_first<X: Lane>(y: usize, plain: bool, isa: Isa) -> Run {
    match y {
        0 => of_two::<X, Add>(plain, isa),
        1 => of_two::<X, Sub>(plain, isa),
        2 => of_two::<X, Mul>(plain, isa),
        _ => of_two::<X, Fma>(plain, isa),
    }
}

/// A handler for the operation alone, if nothing is to be done to its result and no lanes are exchanged.
pub(crate) fn single(op: Op, sources: &[Source; 6], isa: Isa) -> Option<Run> {
    let kind = kind(op)?;
    let [a, b, c, ..] = *sources;
    let plain = are_plain(&[a, b, c]);
    Some(match kind {
        0 => of_one::<Add>(plain, isa),
        1 => of_one::<Sub>(plain, isa),
        2 => of_one::<Mul>(plain, isa),
        _ => of_one::<Fma>(plain, isa),
    })
}

/// A handler for two.
pub(crate) fn pair(x: Op, y: Op, sources: &[Source; 6], isa: Isa) -> Option<Run> {
    let (x, y) = (kind(x)?, kind(y)?);
    let plain = are_plain(sources);
    Some(match x {
        0 => of_first::<Add>(y, plain, isa),
        1 => of_first::<Sub>(y, plain, isa),
        2 => of_first::<Mul>(y, plain, isa),
        _ => of_first::<Fma>(y, plain, isa),
    })
}
