//! The loops over lanes: one for each operation, made of the functions of [`super::lane`].
//!
//! A table maps operations to a body with the sources named; a macro makes the loop around it. Loops whose body depends
//! on MODE are compiled for [`ModeClass::Bench`] and for any other.

mod compare;
mod convert;
mod dot;
mod fast;
mod float;
mod half;
mod integer;
mod wide;

use sparkle_rdna3::Op;

pub(crate) use compare::float_code;
pub(crate) use dot::bit as dot_bit;
pub(crate) use fast::numbers;

use super::isa::{Isa, Kernel32, Kernel64, Loop32, Wide};
use super::lane::Mode;
use super::step::Outcome;
use super::wave::{FloatMode, Lanes, ModeClass};

/// Runs `lane` in 32 lanes with MODE as a constant where it is the usual one.
#[inline(always)]
fn each(float: FloatMode, [a, b, c]: [&Lanes; 3], out: &mut Lanes, lane: impl Fn(Mode, u32, u32, u32) -> u32) {
    if float.class == ModeClass::Bench {
        for i in 0..32 {
            out.0[i] = lane(Mode::BENCH, a.0[i], b.0[i], c.0[i]);
        }
    } else {
        for i in 0..32 {
            out.0[i] = lane(float.mode, a.0[i], b.0[i], c.0[i]);
        }
    }
}

/// As [`each`], for bodies that have no use for MODE.
#[inline(always)]
fn each_plain([a, b, c]: [&Lanes; 3], out: &mut Lanes, lane: impl Fn(u32, u32, u32) -> u32) {
    for i in 0..32 {
        out.0[i] = lane(a.0[i], b.0[i], c.0[i]);
    }
}

/// As [`each_plain`], with a bit in and out for each lane.
#[inline(always)]
fn each_carry(
    [a, b, c]: [&Lanes; 3],
    mask: u32,
    out: &mut Lanes,
    lane: impl Fn(u32, u32, u32, bool) -> (u32, bool),
) -> u32 {
    let mut result = 0;
    for i in 0..32 {
        let (value, bit) = lane(a.0[i], b.0[i], c.0[i], mask >> i & 1 != 0);
        out.0[i] = value;
        result |= u32::from(bit) << i;
    }
    result
}

/// A bit for each lane.
#[inline(always)]
fn each_test([a, b, _]: [&Lanes; 3], test: impl Fn(u32, u32) -> bool) -> u32 {
    let mut result = 0;
    for i in 0..32 {
        result |= u32::from(test(a.0[i], b.0[i])) << i;
    }
    result
}

/// As [`each`], for 64 bits.
#[inline(always)]
fn each_wide(mode: Mode, [a, b, c]: [&Wide; 3], out: &mut Wide, lane: impl Fn(Mode, u64, u64, u64) -> u64) {
    if mode == Mode::BENCH {
        for i in 0..32 {
            out[i] = lane(Mode::BENCH, a[i], b[i], c[i]);
        }
    } else {
        for i in 0..32 {
            out[i] = lane(mode, a[i], b[i], c[i]);
        }
    }
}

/// Makes a function that finds the loop of an operation from rows `OP | OP => Outcome, |mode, a, b, c| body`.
macro_rules! table {
    ($(#[$doc:meta])* $find:ident; $($($op:ident)|+ => $outcome:ident, |$m:ident, $a:ident, $b:ident, $c:ident| $body:expr;)+) => {
        $(#[$doc])*
        pub(super) fn $find(op: sparkle_rdna3::Op, isa: crate::shader::isa::Isa) -> Option<super::Found> {
            use crate::shader::{isa::{Kernel32, Loop32}, lane::Mode, step::Outcome, wave::{FloatMode, Lanes}};
            match op {
                $($(sparkle_rdna3::Op::$op)|+ => {
                    struct Row;
                    impl Loop32 for Row {
                        #[inline(always)]
                        fn run(float: FloatMode, sources: [&Lanes; 3], _: u32, out: &mut Lanes) -> u32 {
                            #[inline(always)]
                            #[allow(unused_variables)] // not every operation has three sources
                            fn lane($m: Mode, $a: u32, $b: u32, $c: u32) -> u32 {
                                $body
                            }
                            super::each(float, sources, out, lane);
                            0
                        }
                    }
                    Some((Kernel32::new::<Row>(isa), Outcome::$outcome))
                })+
                _ => None,
            }
        }
    };
}
use table;

/// As [`table`], for rows that have no use for MODE: `|a, b, c| body`.
macro_rules! plain_table {
    ($(#[$doc:meta])* $find:ident; $($($op:ident)|+ => $outcome:ident, |$a:ident, $b:ident, $c:ident| $body:expr;)+) => {
        $(#[$doc])*
        pub(super) fn $find(op: sparkle_rdna3::Op, isa: crate::shader::isa::Isa) -> Option<super::Found> {
            use crate::shader::{isa::{Kernel32, Loop32}, step::Outcome, wave::{FloatMode, Lanes}};
            match op {
                $($(sparkle_rdna3::Op::$op)|+ => {
                    struct Row;
                    impl Loop32 for Row {
                        #[inline(always)]
                        fn run(_: FloatMode, sources: [&Lanes; 3], _: u32, out: &mut Lanes) -> u32 {
                            #[inline(always)]
                            #[allow(unused_variables)] // not every operation has three sources
                            fn lane($a: u32, $b: u32, $c: u32) -> u32 {
                                $body
                            }
                            super::each_plain(sources, out, lane);
                            0
                        }
                    }
                    Some((Kernel32::new::<Row>(isa), Outcome::$outcome))
                })+
                _ => None,
            }
        }
    };
}
use plain_table;

/// As [`plain_table`], with a bit in and out: `|a, b, c, bit| (value, bit)`.
macro_rules! carry_table {
    ($(#[$doc:meta])* $find:ident; $($($op:ident)|+ => $outcome:ident, |$a:ident, $b:ident, $c:ident, $bit:ident| $body:expr;)+) => {
        $(#[$doc])*
        pub(super) fn $find(op: sparkle_rdna3::Op, isa: crate::shader::isa::Isa) -> Option<super::Found> {
            use crate::shader::{isa::{Kernel32, Loop32}, step::Outcome, wave::{FloatMode, Lanes}};
            match op {
                $($(sparkle_rdna3::Op::$op)|+ => {
                    struct Row;
                    impl Loop32 for Row {
                        #[inline(always)]
                        fn run(_: FloatMode, sources: [&Lanes; 3], mask: u32, out: &mut Lanes) -> u32 {
                            #[inline(always)]
                            #[allow(unused_variables)] // not every operation has three sources and a bit
                            fn lane($a: u32, $b: u32, $c: u32, $bit: bool) -> (u32, bool) {
                                $body
                            }
                            super::each_carry(sources, mask, out, lane)
                        }
                    }
                    Some((Kernel32::new::<Row>(isa), Outcome::$outcome))
                })+
                _ => None,
            }
        }
    };
}
use carry_table;

/// A loop and what it makes.
pub(crate) type Found = (Kernel32, Outcome);

/// Does nothing; the loop of steps that have none.
pub(crate) struct Idle;

impl Loop32 for Idle {
    #[inline(always)]
    fn run(_: FloatMode, _: [&Lanes; 3], _: u32, _: &mut Lanes) -> u32 {
        0
    }
}

/// The loop of an operation on 32 or 16 bits.
pub(crate) fn find(op: Op, clamp: bool, isa: Isa) -> Option<Found> {
    if clamp && let Some(found) = integer::saturating(op, isa).or_else(|| integer::saturating_carry(op, isa)) {
        return Some(found);
    }
    fast::find(op, isa)
        .or_else(|| float::find(op, isa))
        .or_else(|| half::find(op, isa))
        .or_else(|| convert::find(op, isa))
        .or_else(|| integer::find(op, isa))
        .or_else(|| integer::find_carry(op, isa))
        .or_else(|| integer::find_half(op, isa))
        .or_else(|| integer::find_lane_count(op, isa))
        .or_else(|| float::find_division(op, isa))
        .or_else(|| dot::find(op, isa))
        .or_else(|| dot::find_integer(op, isa))
}

/// Whether an operation on integers has a form that saturates.
pub(crate) fn saturates(op: Op) -> bool {
    let isa = Isa::PORTABLE;
    integer::saturating(op, isa).or_else(|| integer::saturating_carry(op, isa)).is_some()
        || wide::saturating(op, isa).or_else(|| wide::saturating_with_mask(op, isa)).is_some()
}

/// The loop of an operation with a source or result of 64 bits.
pub(crate) fn find_wide(op: Op, clamp: bool, isa: Isa) -> Option<(Kernel64, Outcome)> {
    if clamp && let Some(found) = wide::saturating(op, isa).or_else(|| wide::saturating_with_mask(op, isa)) {
        return Some(found);
    }
    wide::find(op, isa).or_else(|| wide::find_with_mask(op, isa))
}

/// The loop of a comparison, which makes a mask alone. What it compares for comes in as its mask.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Comparison {
    /// Of 32 or 16 bits.
    Narrow(Kernel32),
    /// Of 64 bits.
    Wide(Kernel64),
}

/// The loop of a comparison, and the mask to call it with.
pub(crate) fn find_comparison(op: Op, isa: Isa) -> Option<(Comparison, u32)> {
    compare::find(op, isa)
}
