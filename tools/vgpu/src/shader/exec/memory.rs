//! Scalar loads, and GLOBAL, FLAT and SCRATCH.

use sparkle_rdna3::Op;

use super::atomic::Atom;
use super::block;
use super::fetch::scalar32;
use super::lds;
use super::shape::Shape;
use crate::shader::build::{PRIVATE_APERTURE, SHARED_APERTURE};
use crate::shader::fault::{AccessKind, Cause};
use crate::shader::isa::{Handler, Wide};
use crate::shader::lane::{Denorm, Mode, Round};
use crate::shader::memory::Window;
use crate::shader::run::{Context, Flow, Space};
use crate::shader::step::{Source, Step, flag, modifier};
use crate::shader::wave::Wave;

/// Float atomics in the caches round to nearest even and keep denormals.
pub(crate) const CACHE_MODE: Mode = Mode { round_f32: Round::NearestEven, denorm_f32: Denorm::KEEP, ..Mode::BENCH };

/// `S_LOAD_*`. The two lowest bits of the address are ignored. Source: guide, section 6.2.
pub(crate) struct ScalarLoad;

impl Handler for ScalarLoad {
    fn run(context: &mut Context<'_>, step: &Step) -> Flow {
        let offset = scalar_offset(context.wave, step);
        let base = context.wave.scalar64(step.sources[0].index) & !3;
        let address = base.wrapping_add_signed(offset) & !3;
        let mut out = [0; 16];
        let Some(out) = out.get_mut(..step.more().dwords.into()) else { return Flow::Next };
        let result = Window::new(context.memory, AccessKind::Load).load(address, out);
        context.record(Space::Global, AccessKind::Load, 0, address, out.len() as u32 * 4); // CAST: at most 16
        if result.is_ok() {
            context.wave.set_scalars(step.to, out);
        }
        context.settle(result)
    }
}

/// The immediate and the register of a scalar load's offset.
fn scalar_offset(wave: &Wave, step: &Step) -> i64 {
    i64::from(step.more().memory.offset) + i64::from(scalar32(wave, &step.sources[1]))
}

/// `S_BUFFER_LOAD_*`: dwords out of range read 0. Source: guide, section 6.2.1.
pub(crate) struct ScalarBufferLoad;

impl Handler for ScalarBufferLoad {
    fn run(context: &mut Context<'_>, step: &Step) -> Flow {
        let resource = super::buffer::Resource::read(context.wave, step.sources[0].index);
        let offset = (scalar_offset(context.wave, step) & !3) as u64; // CAST: two's complement
        let mut window = Window::new(context.memory, AccessKind::Load);
        let mut out = [0; 16];
        let Some(out) = out.get_mut(..step.more().dwords.into()) else { return Flow::Next };
        for (at, word) in (0u64..).zip(out.iter_mut()) {
            let offset = offset.wrapping_add(at * 4);
            if offset < resource.scalar_bytes() {
                let address = resource.base.wrapping_add(offset) & !3;
                if let Err(cause) = window.load(address, std::slice::from_mut(word)) {
                    return context.fail(cause);
                }
                context.record(Space::Global, AccessKind::Load, 0, address, 4);
            }
        }
        context.wave.set_scalars(step.to, out);
        Flow::Next
    }
}

/// A place in one of the memories.
#[derive(Clone, Copy, Debug)]
enum Place {
    Global(u64),
    Lds(u32),
    Scratch(u64),
}

/// The lanes that are on.
pub(crate) fn active(exec: u64) -> impl Iterator<Item = u32> {
    let mut left = exec;
    std::iter::from_fn(move || {
        let lane = left.trailing_zeros();
        (lane < 64).then(|| {
            left &= left - 1;
            lane
        })
    })
}

/// The address of a lane. Source: guide, section 11.2 ("Addressing").
#[inline(always)]
fn place(wave: &Wave, step: &Step, lane: u32) -> Place {
    let [vaddr, _, saddr, ..] = &step.sources;
    let offset = i64::from(step.more().memory.offset);
    match step.immediate {
        segment::SCRATCH => {
            let vector = if *vaddr == Source::CONSTANT_ZERO { 0 } else { wave.lane(vaddr.index, lane) };
            let scalar = scalar32(wave, saddr);
            Place::Scratch((u64::from(vector) + u64::from(scalar)).wrapping_add_signed(offset))
        }
        segment::ADDTID => {
            let base = wave.scalar64(saddr.index);
            Place::Global(base.wrapping_add_signed(offset).wrapping_add(u64::from(lane) * 4))
        }
        segment::GLOBAL if *saddr != Source::CONSTANT_ZERO => {
            let base = wave.scalar64(saddr.index);
            Place::Global(base.wrapping_add(wave.lane(vaddr.index, lane).into()).wrapping_add_signed(offset))
        }
        segment => {
            let high = wave.lane(vaddr.index.wrapping_add(1), lane);
            let address = u64::from(high) << 32 | u64::from(wave.lane(vaddr.index, lane));
            let address = address.wrapping_add_signed(offset);
            match (address >> 32) as u32 {
                // CAST: the high half
                SHARED_APERTURE if segment == segment::FLAT => Place::Lds(address as u32), // CAST: the low half
                PRIVATE_APERTURE if segment == segment::FLAT => Place::Scratch(address & 0xffff_ffff),
                _ => Place::Global(address),
            }
        }
    }
}

/// Values of the step's immediate: which instructions it belongs to.
pub(crate) mod segment {
    pub(crate) const FLAT: i32 = 0;
    pub(crate) const GLOBAL: i32 = 1;
    pub(crate) const SCRATCH: i32 = 2;
    pub(crate) const ADDTID: i32 = 3;
}

/// The bytes of a lane's scratch.
fn scratch(wave: &mut Wave, lane: u32, offset: u64, size: u32, kind: AccessKind) -> Result<&mut [u8], Cause> {
    let limit = wave.scratch_bytes();
    let fault = Cause::Scratch { offset, size, kind, limit };
    let Ok(from) = usize::try_from(offset) else { return Err(fault) };
    let size = size as usize; // CAST: at most 16
    if from.checked_add(size).is_none_or(|end| end > limit) {
        return Err(fault);
    }
    let first = lane as usize * limit + from; // CAST: below 64
    wave.scratch.get_mut(first..first + size).ok_or(fault)
}

/// The addresses of 32 lanes, if all are on, whole dwords are meant and they are global.
#[inline(always)]
fn all_places(context: &Context<'_>, step: &Step, half: usize) -> Option<Wide> {
    let wave = &*context.wave;
    if context.log.is_some() || !block::is_full(wave) || !step.more().shape.bytes.is_multiple_of(4) {
        return None;
    }
    let [vaddr, _, saddr, ..] = &step.sources;
    let offset = step.more().memory.offset as i64 as u64; // CAST: sign extension
    let low = wave.vgpr(half, vaddr.index);
    let mut out = [0; 32];
    if step.immediate == segment::GLOBAL && *saddr != Source::CONSTANT_ZERO {
        let base = wave.scalar64(saddr.index).wrapping_add(offset);
        out.iter_mut().zip(low.0).for_each(|(to, low)| *to = base.wrapping_add(low.into()));
    } else if matches!(step.immediate, segment::GLOBAL | segment::FLAT) {
        let high = wave.vgpr(half, vaddr.index.wrapping_add(1));
        for ((to, low), high) in out.iter_mut().zip(low.0).zip(high.0) {
            *to = (u64::from(high) << 32 | u64::from(low)).wrapping_add(offset);
        }
        // Those into an aperture are not global.
        if step.immediate == segment::FLAT
            && out.iter().any(|at| [SHARED_APERTURE.into(), PRIVATE_APERTURE.into()].contains(&(at >> 32)))
        {
            return None;
        }
    } else {
        return None;
    }
    Some(out)
}

/// Loads of whole dwords by all lanes; whether that was possible.
#[inline(always)]
fn load_at_once<const N: usize>(context: &mut Context<'_>, step: &Step) -> bool {
    let mut window = Window::new(context.memory, AccessKind::Load);
    let Some(low) = all_places(context, step, 0) else { return false };
    if !context.wave.is_wide() {
        return block::load_global::<N>(&mut window, context.wave, &[low], step.to);
    }
    let Some(high) = all_places(context, step, 1) else { return false };
    block::load_global::<N>(&mut window, context.wave, &[low, high], step.to)
}

/// Stores of whole dwords by all lanes; whether that was possible. What was stored before it turned out not to be is
/// stored once more.
#[inline(always)]
fn store_at_once<const N: usize>(context: &mut Context<'_>, step: &Step) -> bool {
    let mut window = Window::new(context.memory, AccessKind::Store);
    (0..context.wave.halves()).all(|half| {
        let Some(at) = all_places(context, step, half) else { return false };
        let data: block::Data<N> = block::registers(context.wave, half, step.sources[1].index);
        block::store_global(&mut window, &at, &data)
    })
}

/// Loads.
pub(crate) struct Load;

impl Handler for Load {
    #[inline(always)]
    fn run(context: &mut Context<'_>, step: &Step) -> Flow {
        if block::by_dwords!(step.more().shape.dwords(), load_at_once(context, step)) {
            Flow::Next
        } else {
            load_lanes(context, step)
        }
    }
}

#[inline(never)]
fn load_lanes(context: &mut Context<'_>, step: &Step) -> Flow {
    let shape = step.more().shape;
    let size = u32::from(shape.bytes);
    let mut window = Window::new(context.memory, AccessKind::Load);
    for lane in active(context.wave.exec()) {
        let place = place(context.wave, step, lane);
        let mut raw = [0; 4];
        let raw = raw.get_mut(..shape.dwords()).unwrap_or(&mut []);
        let result = match place {
            Place::Global(va) if size < 4 => window.load_small(va, size).map(|value| raw.fill(value)),
            Place::Global(va) => window.load(va, raw),
            Place::Lds(offset) => {
                lds::load(context.lds, offset, size, raw);
                Ok(())
            }
            Place::Scratch(offset) => {
                scratch(context.wave, lane, offset, size, AccessKind::Load).map(|bytes| lds::gather(bytes, raw))
            }
        };
        if let Err(cause) = result {
            return context.fail(cause);
        }
        log(context, place, AccessKind::Load, lane, size);
        for (register, &value) in (0u8..).zip(raw.iter()) {
            let index = step.to.wrapping_add(register);
            let value = shape.loaded(value, context.wave.lane(index, lane));
            context.wave.set_lane(index, lane, value);
        }
    }
    Flow::Next
}

fn log(context: &mut Context<'_>, place: Place, kind: AccessKind, lane: u32, size: u32) {
    let (space, address) = match place {
        Place::Global(va) => (Space::Global, va),
        Place::Lds(offset) => (Space::Lds, offset.into()),
        Place::Scratch(offset) => (Space::Scratch, offset),
    };
    context.record(space, kind, lane, address, size);
}

/// The dwords of a lane's data.
pub(crate) fn data(wave: &Wave, first: u8, lane: u32) -> [u32; 4] {
    [0, 1, 2, 3].map(|at| wave.lane(first.wrapping_add(at), lane))
}

/// Stores.
pub(crate) struct Store;

impl Handler for Store {
    #[inline(always)]
    fn run(context: &mut Context<'_>, step: &Step) -> Flow {
        if block::by_dwords!(step.more().shape.dwords(), store_at_once(context, step)) {
            Flow::Next
        } else {
            store_lanes(context, step)
        }
    }
}

#[inline(never)]
fn store_lanes(context: &mut Context<'_>, step: &Step) -> Flow {
    let shape = step.more().shape;
    let size = u32::from(shape.bytes);
    let mut window = Window::new(context.memory, AccessKind::Store);
    for lane in active(context.wave.exec()) {
        let place = place(context.wave, step, lane);
        let mut values = data(context.wave, step.sources[1].index, lane);
        values[0] = shape.stored(values[0]);
        let values = values.get(..shape.dwords()).unwrap_or(&[]);
        let first = values.first().copied().unwrap_or(0);
        let result = match place {
            Place::Global(va) if size < 4 => window.store_small(va, size, first),
            Place::Global(va) => window.store(va, values),
            Place::Lds(offset) => {
                lds::store(context.lds, offset, size, values);
                Ok(())
            }
            Place::Scratch(offset) => {
                scratch(context.wave, lane, offset, size, AccessKind::Store).map(|bytes| lds::scatter(bytes, values))
            }
        };
        if let Err(cause) = result {
            return context.fail(cause);
        }
        log(context, place, AccessKind::Store, lane, size);
    }
    Flow::Next
}

/// One lane's atomic on global memory: the old value.
pub(crate) fn global_atomic(
    window: &mut Window<'_>,
    va: u64,
    atom: Atom,
    wide: bool,
    values: [u32; 4],
) -> Result<[u32; 2], Cause> {
    let [a, b, c, d] = values;
    if wide {
        let pair = |low: u32, high: u32| u64::from(high) << 32 | u64::from(low);
        let old = window.atomic64(va, |old| atom.update64(CACHE_MODE, old, pair(a, b), pair(c, d)))?;
        Ok([old as u32, (old >> 32) as u32]) // CAST: the two halves
    } else {
        window.atomic32(va, |old| atom.update32(CACHE_MODE, old, a, b)).map(|old| [old, 0])
    }
}

/// Atomics. They return the old value if GLC is set.
pub(crate) struct Atomic;

impl Handler for Atomic {
    fn run(context: &mut Context<'_>, step: &Step) -> Flow {
        let Some((atom, wide)) = step.more().atom else { return Flow::Next };
        let size = if wide { 8 } else { 4 };
        let mut window = Window::new(context.memory, AccessKind::Atomic);
        for lane in active(context.wave.exec()) {
            let place = place(context.wave, step, lane);
            let values = data(context.wave, step.sources[1].index, lane);
            let result = match place {
                Place::Global(va) => global_atomic(&mut window, va, atom, wide, values),
                Place::Lds(offset) => lds::atomic(context.lds, offset, context.wave.float().mode, atom, wide, values),
                Place::Scratch(_) => Err(Cause::NotModelled { what: "an atomic on scratch" }),
            };
            match result {
                Ok(old) => {
                    log(context, place, AccessKind::Atomic, lane, size);
                    if !step.has(flag::NO_VGPR) {
                        for (register, value) in (0..size as u8 / 4).zip(old) {
                            // CAST: 4 or 8
                            context.wave.set_lane(step.to.wrapping_add(register), lane, value);
                        }
                    }
                }
                Err(cause) => return context.fail(cause),
            }
        }
        Flow::Next
    }
}

/// Whether the operation is one of those here.
pub(crate) fn is_scalar_load(op: Op) -> Option<bool> {
    let name = op.mnemonic();
    if name.starts_with("s_load_") {
        Some(false)
    } else if name.starts_with("s_buffer_load_") {
        Some(true)
    } else {
        None
    }
}

impl Source {
    /// What an address part that is left out becomes.
    pub(crate) const CONSTANT_ZERO: Self = Self::constant(0);

    pub(crate) const fn without_width(self) -> Self {
        Self { modifiers: self.modifiers & !modifier::WIDE, ..self }
    }
}

/// The shape of a load or store, of all but formats.
pub(crate) fn shape(op: Op) -> Option<Shape> {
    match op {
        Op::GLOBAL_LOAD_ADDTID_B32 => Some(Shape { bytes: 4, ..Shape::default() }),
        Op::GLOBAL_STORE_ADDTID_B32 => Some(Shape { bytes: 4, store: true, ..Shape::default() }),
        _ => Shape::find(op),
    }
}
