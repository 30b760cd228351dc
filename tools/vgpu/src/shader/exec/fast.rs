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
use crate::shader::step::Step;
use crate::shader::wave::{EXEC, Lanes, ModeClass};

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

/// One operation.
struct Single<L>(L);

impl<L: Lane> Handler for Single<L> {
    #[inline(always)]
    fn run(context: &mut Context<'_>, step: &Step) -> Flow {
        let (wave, room) = (&mut *context.wave, &mut *context.temporaries);
        if !wave.is_wide() && wave.scalar(EXEC) == u32::MAX {
            let class = wave.float().class;
            let [a, b, c, ..] = &mut room.sources;
            let sources = [
                fetch(wave, step, &step.sources[0], 0, a),
                fetch(wave, step, &step.sources[1], 0, b),
                fetch(wave, step, &step.sources[2], 0, c),
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
struct Pair<X, Y>(X, Y);

impl<X: Lane, Y: Lane> Handler for Pair<X, Y> {
    #[inline(always)]
    fn run(context: &mut Context<'_>, step: &Step) -> Flow {
        let (wave, room) = (&mut *context.wave, &mut *context.temporaries);
        if wave.scalar(EXEC) == u32::MAX {
            let class = wave.float().class;
            let [a, b, c, d, e, f] = &mut room.sources;
            let x = [
                fetch(wave, step, &step.sources[0], 0, a),
                fetch(wave, step, &step.sources[1], 0, b),
                fetch(wave, step, &step.sources[2], 0, c),
            ];
            let y = [
                fetch(wave, step, &step.sources[3], 0, d),
                fetch(wave, step, &step.sources[4], 0, e),
                fetch(wave, step, &step.sources[5], 0, f),
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

/// A handler for the operation alone, if nothing is to be done to its result and no lanes are exchanged.
pub(crate) fn single(op: Op, isa: Isa) -> Option<Run> {
    Some(match kind(op)? {
        0 => Run::new::<Single<Add>>(isa),
        1 => Run::new::<Single<Sub>>(isa),
        2 => Run::new::<Single<Mul>>(isa),
        _ => Run::new::<Single<Fma>>(isa),
    })
}

/// A handler for two.
pub(crate) fn pair(x: Op, y: Op, isa: Isa) -> Option<Run> {
    Some(match (kind(x)?, kind(y)?) {
        (0, 0) => Run::new::<Pair<Add, Add>>(isa),
        (0, 1) => Run::new::<Pair<Add, Sub>>(isa),
        (0, 2) => Run::new::<Pair<Add, Mul>>(isa),
        (0, _) => Run::new::<Pair<Add, Fma>>(isa),
        (1, 0) => Run::new::<Pair<Sub, Add>>(isa),
        (1, 1) => Run::new::<Pair<Sub, Sub>>(isa),
        (1, 2) => Run::new::<Pair<Sub, Mul>>(isa),
        (1, _) => Run::new::<Pair<Sub, Fma>>(isa),
        (2, 0) => Run::new::<Pair<Mul, Add>>(isa),
        (2, 1) => Run::new::<Pair<Mul, Sub>>(isa),
        (2, 2) => Run::new::<Pair<Mul, Mul>>(isa),
        (2, _) => Run::new::<Pair<Mul, Fma>>(isa),
        (_, 0) => Run::new::<Pair<Fma, Add>>(isa),
        (_, 1) => Run::new::<Pair<Fma, Sub>>(isa),
        (_, 2) => Run::new::<Pair<Fma, Mul>>(isa),
        (_, _) => Run::new::<Pair<Fma, Fma>>(isa),
    })
}
