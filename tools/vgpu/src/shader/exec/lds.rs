//! LDS: DS operations, and lanes exchanged through it.
//!
//! Accesses need no alignment (the kernel sets SH_MEM_CONFIG so), atomics that of their size. Out of range a store is
//! dropped and a load is 0, all of it. Source: guide, section 12.1.

use sparkle_rdna3::Op;

use super::atomic::Atom;
use super::block;
use super::memory::{active, data};
use crate::shader::fault::{AccessKind, Cause};
use crate::shader::isa::Handler;
use crate::shader::lane::dpp::swizzle_source;
use crate::shader::lane::{Mode, Round};
use crate::shader::run::{Context, Flow, Space};
use crate::shader::step::{Step, flag};
use crate::shader::wave::{Lanes, M0, Wave};

/// Bytes to dwords; the last may be cut short.
#[inline]
pub(crate) fn gather(bytes: &[u8], out: &mut [u32]) {
    for (to, chunk) in out.iter_mut().zip(bytes.chunks(4)) {
        *to = match chunk.try_into() {
            Ok(four) => u32::from_le_bytes(four),
            Err(_) => chunk.iter().rev().fold(0, |value, &byte| value << 8 | u32::from(byte)),
        };
    }
}

/// Dwords to bytes; the last may be cut short.
#[inline]
pub(crate) fn scatter(bytes: &mut [u8], values: &[u32]) {
    for (chunk, value) in bytes.chunks_mut(4).zip(values) {
        chunk.iter_mut().zip(value.to_le_bytes()).for_each(|(to, from)| *to = from);
    }
}

fn range(offset: u32, size: u32) -> std::ops::Range<usize> {
    let from = offset as usize; // CAST: usize has at least 32 bits
    from..from.saturating_add(size as usize) // CAST: at most 16
}

/// Loads `size` bytes.
#[inline]
pub(crate) fn load(lds: &[u8], offset: u32, size: u32, out: &mut [u32]) {
    match lds.get(range(offset, size)) {
        Some(bytes) => gather(bytes, out),
        None => out.fill(0),
    }
}

/// Stores `size` bytes.
#[inline]
pub(crate) fn store(lds: &mut [u8], offset: u32, size: u32, values: &[u32]) {
    if let Some(bytes) = lds.get_mut(range(offset, size)) {
        scatter(bytes, values);
    }
}

/// One lane's atomic: the old value. Of MODE it follows the treatment of denormals, not the rounding.
/// Source: guide, section 3.4.2, table 6.
pub(crate) fn atomic(
    lds: &mut [u8],
    offset: u32,
    mode: Mode,
    atom: Atom,
    wide: bool,
    [a, b, c, d]: [u32; 4],
) -> Result<[u32; 2], Cause> {
    let size = if wide { 8 } else { 4 };
    let mode = Mode { round_f32: Round::NearestEven, round_f16_f64: Round::NearestEven, ..mode };
    if !offset.is_multiple_of(size) {
        return Err(Cause::Misaligned { va: offset.into(), size });
    }
    let mut old = [0; 2];
    load(lds, offset, size, &mut old);
    let [low, high] = old;
    if wide {
        let pair = |low: u32, high: u32| u64::from(high) << 32 | u64::from(low);
        let new = atom.update64(mode, pair(low, high), pair(a, b), pair(c, d));
        store(lds, offset, size, &[new as u32, (new >> 32) as u32]); // CAST: the two halves
    } else {
        store(lds, offset, size, &[atom.update32(mode, low, a, b)]);
    }
    Ok(old)
}

/// The two offsets of an operation in bytes; of those with one address the first alone counts.
pub(crate) fn offsets(op: Op, offset: i32, offset1: u8) -> [u32; 2] {
    let name = op.mnemonic();
    let first = offset as u32; // CAST: at most 16 bits
    if !name.contains("2addr") {
        return [first, first];
    }
    let unit = if name.ends_with("64") && !name.ends_with("stride64") { 8 } else { 4 };
    let unit = if name.contains("stride64") { unit * 64 } else { unit };
    [first * unit, u32::from(offset1) * unit]
}

/// What LDS operations do, and with how much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Load,
    Store,
    Load2,
    Store2,
    Atomic,
    Exchange2,
}

/// The kind of an operation.
pub(crate) fn kind(op: Op) -> Option<Kind> {
    let name = op.mnemonic();
    Some(match name {
        _ if name.contains("addtid") => return None,
        _ if name.starts_with("ds_load_2addr") => Kind::Load2,
        _ if name.starts_with("ds_store_2addr") => Kind::Store2,
        _ if name.starts_with("ds_storexchg_2addr") => Kind::Exchange2,
        _ if name.starts_with("ds_load_") => Kind::Load,
        _ if name.starts_with("ds_store_") => Kind::Store,
        _ => {
            Atom::find(op)?;
            Kind::Atomic
        }
    })
}

/// The byte addresses of 32 lanes.
#[inline(always)]
fn places(wave: &Wave, step: &Step, half: usize, offset: u32) -> Lanes {
    Lanes(wave.vgpr(half, step.sources[0].index).0.map(|at| at.wrapping_add(offset)))
}

/// Loads from one place, or from two: into the registers from `to`.
#[inline(always)]
fn load_n<const N: usize>(context: &mut Context<'_>, step: &Step, offsets: &[u32]) -> bool {
    let wave = &mut *context.wave;
    let mut out = [[[Lanes::ZERO; N]; 2]; 2];
    for (half, out) in out.iter_mut().enumerate().take(wave.halves()) {
        for (out, &offset) in out.iter_mut().zip(offsets) {
            match block::load_lds(context.lds, &places(wave, step, half, offset)) {
                Some(data) => *out = data,
                None => return false,
            }
        }
    }
    for (half, out) in out.iter().enumerate().take(wave.halves()) {
        let mut to = step.to;
        for (data, _) in out.iter().zip(offsets) {
            block::set_registers(wave, half, to, data);
            to = to.wrapping_add(N as u8); // CAST: at most 4
        }
    }
    true
}

/// The same of a wave32 and one place, which needs no room for what may fail later.
#[inline(always)]
fn load_one<const N: usize>(context: &mut Context<'_>, step: &Step, offset: u32) -> bool {
    match block::load_lds::<N>(context.lds, &places(context.wave, step, 0, offset)) {
        Some(data) => block::set_registers(context.wave, 0, step.to, &data),
        None => return false,
    }
    true
}

/// The same of two places.
#[inline(always)]
fn load_two<const N: usize>(context: &mut Context<'_>, step: &Step, [one, two]: [u32; 2]) -> bool {
    let first = block::load_lds::<N>(context.lds, &places(context.wave, step, 0, one));
    let second = block::load_lds::<N>(context.lds, &places(context.wave, step, 0, two));
    let (Some(first), Some(second)) = (first, second) else { return false };
    block::set_registers(context.wave, 0, step.to, &first);
    block::set_registers(context.wave, 0, step.to.wrapping_add(N as u8), &second); // CAST: at most 2
    true
}

/// Stores to two places that follow each other: `N` dwords, half of them from each source.
#[inline(always)]
fn store_pair<const N: usize>(context: &mut Context<'_>, step: &Step, offset: u32) -> bool {
    let [_, first, second, ..] = &step.sources;
    (0..context.wave.halves()).all(|half| {
        let mut data: block::Data<N> = block::registers(context.wave, half, first.index);
        for (at, lanes) in (0u8..).zip(data.iter_mut().skip(N / 2)) {
            *lanes = *context.wave.vgpr(half, second.index.wrapping_add(at));
        }
        block::store_lds(context.lds, &places(context.wave, step, half, offset), &data)
    })
}

/// Stores. What was stored before a store that can't be done at once is stored once more.
#[inline(always)]
fn store_n<const N: usize>(context: &mut Context<'_>, step: &Step, offset: u32) -> bool {
    (0..context.wave.halves()).all(|half| {
        let data: block::Data<N> = block::registers(context.wave, half, step.sources[1].index);
        block::store_lds(context.lds, &places(context.wave, step, half, offset), &data)
    })
}

/// Loads and stores of whole dwords by all lanes; whether that was possible.
#[inline(always)]
fn all_at_once(context: &mut Context<'_>, step: &Step, kind: Kind, [one, two]: [u32; 2]) -> bool {
    let shape = step.more().shape;
    if context.log.is_some() || !block::is_full(context.wave) || !shape.bytes.is_multiple_of(4) {
        return false;
    }
    let narrow = !context.wave.is_wide();
    let follows = one.saturating_add(shape.bytes.into()) == two;
    match kind {
        Kind::Load if narrow => block::by_dwords!(shape.dwords(), load_one(context, step, one)),
        Kind::Load => block::by_dwords!(shape.dwords(), load_n(context, step, &[one])),
        Kind::Load2 if narrow && follows => block::by_dwords!(2 * shape.dwords(), load_one(context, step, one)),
        Kind::Load2 if narrow => block::by_dwords!(shape.dwords(), load_two(context, step, [one, two])),
        Kind::Load2 => block::by_dwords!(shape.dwords(), load_n(context, step, &[one, two])),
        Kind::Store => block::by_dwords!(shape.dwords(), store_n(context, step, one)),
        Kind::Store2 if follows => block::by_dwords!(2 * shape.dwords(), store_pair(context, step, one)),
        Kind::Store2 | Kind::Atomic | Kind::Exchange2 => false,
    }
}

/// Loads, stores and atomics.
pub(crate) struct Access;

impl Handler for Access {
    #[inline(always)]
    fn run(context: &mut Context<'_>, step: &Step) -> Flow {
        let Some(kind) = step.more().lds else { return Flow::Next };
        let [one, two] = step.more().memory.lds;
        if all_at_once(context, step, kind, [one, two]) {
            Flow::Next
        } else {
            lane_by_lane(context, step, kind, [one, two])
        }
    }
}

#[inline(never)]
fn lane_by_lane(context: &mut Context<'_>, step: &Step, kind: Kind, offsets: [u32; 2]) -> Flow {
    let shape = step.more().shape;
    let [address, first, second, ..] = &step.sources;
    let mode = context.wave.float().mode;
    for lane in active(context.wave.exec()) {
        let base = context.wave.lane(address.index, lane);
        // The sum wraps: compilers put negative numbers into the base. Source: LLVM `AMDGPUISelDAGToDAG.cpp`,
        // `isDSOffsetLegal`, which minds them on gfx6 alone (`hasUsableDSOffset`).
        let [at, other] = offsets.map(|offset| base.wrapping_add(offset));
        let size = u32::from(shape.bytes);
        match kind {
            Kind::Load => {
                let mut raw = [0; 4];
                let raw = raw.get_mut(..shape.dwords()).unwrap_or(&mut []);
                load(context.lds, at, size, raw);
                context.record(Space::Lds, AccessKind::Load, lane, at.into(), size);
                for (register, &value) in (0u8..).zip(raw.iter()) {
                    let index = step.to.wrapping_add(register);
                    let value = shape.loaded(value, context.wave.lane(index, lane));
                    context.wave.set_lane(index, lane, value);
                }
            }
            Kind::Store => {
                let mut values = data(context.wave, first.index, lane);
                values[0] = shape.stored(values[0]);
                store(context.lds, at, size, values.get(..shape.dwords()).unwrap_or(&[]));
                context.record(Space::Lds, AccessKind::Store, lane, at.into(), size);
            }
            Kind::Load2 => {
                let dwords = (size / 4) as u8; // CAST: 1 or 2
                let mut to = step.to;
                for at in [at, other] {
                    let mut raw = [0; 2];
                    load(context.lds, at, size, &mut raw);
                    context.record(Space::Lds, AccessKind::Load, lane, at.into(), size);
                    for (register, value) in (0..dwords).zip(raw) {
                        context.wave.set_lane(to.wrapping_add(register), lane, value);
                    }
                    to = to.wrapping_add(dwords);
                }
            }
            Kind::Store2 => {
                for (at, source) in [(at, first), (other, second)] {
                    let values = data(context.wave, source.index, lane);
                    store(context.lds, at, size, values.get(..shape.dwords()).unwrap_or(&[]));
                    context.record(Space::Lds, AccessKind::Store, lane, at.into(), size);
                }
            }
            Kind::Atomic | Kind::Exchange2 => {
                let Some((atom, wide)) = step.more().atom else { continue };
                let width = if wide { 2 } else { 1 };
                let [a, b, ..] = data(context.wave, first.index, lane);
                let [c, d, ..] = data(context.wave, second.index, lane);
                let places: &[(u32, [u32; 4])] = match (kind, wide) {
                    (Kind::Exchange2, true) => &[(at, [a, b, 0, 0]), (other, [c, d, 0, 0])],
                    (Kind::Exchange2, false) => &[(at, [a, 0, 0, 0]), (other, [c, 0, 0, 0])],
                    (_, true) => &[(at, [a, b, c, d])],
                    (_, false) => &[(at, [a, c, 0, 0])],
                };
                let mut to = step.to;
                for &(at, values) in places {
                    let old = match atomic(context.lds, at, mode, atom, wide, values) {
                        Ok(old) => old,
                        Err(cause) => return context.fail(cause),
                    };
                    context.record(Space::Lds, AccessKind::Atomic, lane, at.into(), u32::from(width) * 4);
                    if !step.has(flag::NO_VGPR) {
                        for (register, value) in (0..width).zip(old) {
                            context.wave.set_lane(to.wrapping_add(register), lane, value);
                        }
                    }
                    to = to.wrapping_add(width);
                }
            }
        }
    }
    Flow::Next
}

/// `DS_LOAD_ADDTID_B32`, `DS_STORE_ADDTID_B32`: at the offset plus M0 bits 15:0 plus four times the lane.
/// Source: guide, section 16.15.
pub(crate) struct AddThreadId;

impl Handler for AddThreadId {
    fn run(context: &mut Context<'_>, step: &Step) -> Flow {
        let base = step.more().memory.offset as u32 + (context.wave.scalar(M0) & 0xffff); // CAST: 16 bits
        for lane in active(context.wave.exec()) {
            let at = base + lane * 4;
            if step.op == Op::DS_LOAD_ADDTID_B32 {
                let mut raw = [0];
                load(context.lds, at, 4, &mut raw);
                context.record(Space::Lds, AccessKind::Load, lane, at.into(), 4);
                context.wave.set_lane(step.to, lane, raw[0]);
            } else {
                let value = context.wave.lane(step.sources[1].index, lane);
                store(context.lds, at, 4, &[value]);
                context.record(Space::Lds, AccessKind::Store, lane, at.into(), 4);
            }
        }
        Flow::Next
    }
}

/// `DS_CONDXCHG32_RTN_B64`: of each of two dwords the old value; the low 31 bits of the datum take its place if the
/// datum's highest bit is set.
/// Source: guide, section 16.15.
pub(crate) struct ConditionalExchange;

impl Handler for ConditionalExchange {
    fn run(context: &mut Context<'_>, step: &Step) -> Flow {
        let offset = step.more().memory.offset as u32; // CAST: 16 bits
        let [address, data, ..] = &step.sources;
        for lane in active(context.wave.exec()) {
            let at = context.wave.lane(address.index, lane).wrapping_add(offset) & 0xfff8;
            let mut old = [0; 2];
            load(context.lds, at, 8, &mut old);
            for (place, register) in [(at, 0u8), (at + 4, 1)] {
                let value = context.wave.lane(data.index.wrapping_add(register), lane);
                if value >> 31 != 0 {
                    store(context.lds, place, 4, &[value & (u32::MAX >> 1)]);
                }
            }
            context.record(Space::Lds, AccessKind::Atomic, lane, at.into(), 8);
            for (register, value) in (0u8..).zip(old) {
                context.wave.set_lane(step.to.wrapping_add(register), lane, value);
            }
        }
        Flow::Next
    }
}

/// `LDS_DIRECT_LOAD`: one value to all lanes of quads with a lane that is on. M0 has the address in bits 15:0 and the
/// type in bits 18:16.
/// Source: guide, section 12.4.
pub(crate) struct DirectLoad;

impl Handler for DirectLoad {
    fn run(context: &mut Context<'_>, step: &Step) -> Flow {
        let m0 = context.wave.scalar(M0);
        let at = m0 & 0xfffc;
        let mut raw = [0];
        load(context.lds, at, 4, &mut raw);
        let [raw] = raw;
        let value = match m0 >> 16 & 7 {
            0 => raw & 0xff,
            1 => raw & 0xffff,
            2 => raw,
            4 => raw as u8 as i8 as i32 as u32,   // CAST: sign extension
            5 => raw as u16 as i16 as i32 as u32, // CAST: sign extension
            _ => return context.fail(Cause::NotModelled { what: "this type of a direct load" }),
        };
        context.record(Space::Lds, AccessKind::Load, context.wave.first_lane(), at.into(), 4);
        let exec = context.wave.exec();
        // The lowest bit of each nibble is the quad's.
        let quads = (exec | exec >> 1 | exec >> 2 | exec >> 3) & 0x1111_1111_1111_1111;
        for lane in active(quads * 15) {
            context.wave.set_lane(step.to, lane, value);
        }
        Flow::Next
    }
}

/// `DS_APPEND`, `DS_CONSUME`: adds or subtracts the number of active lanes once; all get the old value. The address is
/// M0 plus the offset. Source: guide, section 16.15; M0 as LLVM `AMDGPUISelDAGToDAG.cpp`, `SelectDSAppendConsume`, sets it.
pub(crate) struct Append;

impl Handler for Append {
    fn run(context: &mut Context<'_>, step: &Step) -> Flow {
        let exec = context.wave.exec();
        let at = (context.wave.scalar(M0) & 0xffff) + step.more().memory.offset as u32; // CAST: 16 bits
        let atom = if step.op == Op::DS_APPEND { Atom::Add } else { Atom::Sub };
        let values = [exec.count_ones(), 0, 0, 0];
        match atomic(context.lds, at, context.wave.float().mode, atom, false, values) {
            Ok([old, _]) => {
                context.record(Space::Lds, AccessKind::Atomic, context.wave.first_lane(), at.into(), 4);
                for lane in active(exec) {
                    context.wave.set_lane(step.to, lane, old);
                }
                Flow::Next
            }
            Err(cause) => context.fail(cause),
        }
    }
}

/// `DS_PERMUTE_B32`, `DS_BPERMUTE_B32`, `DS_SWIZZLE_B32`: lanes exchange a dword, within 32 of them also in wave64. A lane
/// that is off feeds 0, and one that nobody feeds gets 0.
/// Source: guide, section 16.15; LLVM `GCNSubtarget.h`, `supportsWaveWideBPermute`.
pub(crate) struct Exchange;

impl Handler for Exchange {
    fn run(context: &mut Context<'_>, step: &Step) -> Flow {
        let wave = &mut *context.wave;
        let exec = wave.exec();
        let [address, data, ..] = &step.sources;
        let offset = step.more().memory.offset as u32; // CAST: 16 bits
        let mut out = [0; 64];
        for lane in active(exec) {
            let pick = |index: u8| (wave.lane(index, lane).wrapping_add(offset) / 4 % 32) | (lane & 32);
            let (from, to, register) = match step.op {
                Op::DS_PERMUTE_B32 => (lane, pick(address.index), data.index),
                Op::DS_BPERMUTE_B32 => (pick(address.index), lane, data.index),
                _ => (swizzle_source(offset, lane), lane, address.index),
            };
            if exec >> from & 1 != 0
                && let Some(place) = out.get_mut(to as usize)
            {
                // CAST: below 64
                *place = wave.lane(register, from);
            }
        }
        for lane in active(exec) {
            let value = out.get(lane as usize).copied().unwrap_or(0); // CAST: below 64
            wave.set_lane(step.to, lane, value);
        }
        Flow::Next
    }
}
