//! MUBUF and MTBUF: memory through a buffer resource.
//! Source: guide, chapter 9.

use super::block;
use super::format::{self, Format};
use super::memory::{active, data, global_atomic};
use crate::shader::fault::AccessKind;
use crate::shader::isa::{Handler, Wide};
use crate::shader::memory::{Window, sign_extended};
use crate::shader::run::{Context, Flow, Space};
use crate::shader::step::{Step, flag};
use crate::shader::wave::Wave;

/// A buffer resource. Source: guide, table 34 ("Buffer resource descriptor").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Resource {
    pub(crate) base: u64,
    stride: u64,
    /// Bytes of an element that swizzling keeps together, 0 without swizzling.
    element: u64,
    records: u64,
    /// Selectors of four channels, three bits each.
    selects: u32,
    format: u32,
    index_stride: u64,
    add_thread_id: bool,
    check: u32,
}

impl Resource {
    /// From the four registers at `index`.
    pub(crate) fn read(wave: &Wave, index: u8) -> Self {
        let [a, b, c, d] = [0, 1, 2, 3].map(|at| wave.scalar(index.wrapping_add(at)));
        let swizzle = b >> 30;
        Self {
            base: sign_extended(u64::from(b & 0xffff) << 32 | u64::from(a)),
            stride: u64::from(b >> 16 & 0x3fff),
            element: if swizzle == 0 { 0 } else { 2 << swizzle },
            records: c.into(),
            selects: d & 0xfff,
            format: d >> 12 & 0x3f,
            index_stride: 8 << (d >> 21 & 3),
            add_thread_id: d >> 23 & 1 != 0,
            check: d >> 28 & 3,
        }
    }

    /// Bytes that scalar loads reach.
    pub(crate) const fn scalar_bytes(&self) -> u64 {
        self.records * if self.stride == 0 { 1 } else { self.stride }
    }

    /// Whether it is no buffer at all: what is loaded is 0, what is stored is dropped.
    /// Source: guide, section 9.6 ("Unbound Resources").
    const fn is_unbound(&self) -> bool {
        self.format == 0 && !self.add_thread_id
    }

    /// Whether `payload` bytes at `offset` of record `index` are out of range.
    /// Source: guide, section 9.1.5.3 ("Range checking").
    const fn is_outside(&self, index: u64, offset: u64, soffset: u64, payload: u64) -> bool {
        let structured = index >= self.records || offset + payload > self.stride;
        match self.check {
            0 => structured,
            1 => index >= self.records,
            2 => self.records == 0,
            _ if self.element != 0 && self.stride != 0 => structured,
            _ => offset + payload > self.records.saturating_sub(soffset),
        }
    }

    /// Where `offset` of record `index` lies from the base.
    const fn place(&self, index: u64, offset: u64) -> u64 {
        if self.element == 0 {
            return offset + self.stride * index;
        }
        let (index_high, index_low) = (index / self.index_stride, index % self.index_stride);
        let (offset_high, offset_low) = (offset / self.element, offset % self.element);
        (index_high * self.stride + offset_high * self.element) * self.index_stride
            + index_low * self.element
            + offset_low
    }
}

/// A lane's place in the buffer.
struct Spot {
    index: u64,
    offset: u64,
}

fn spot(wave: &Wave, step: &Step, resource: &Resource, lane: u32) -> Spot {
    let memory = step.more().memory;
    let vaddr = step.sources[0].index;
    let index = if memory.idxen { wave.lane(vaddr, lane) } else { 0 };
    let offset = if memory.offen { wave.lane(vaddr.wrapping_add(memory.idxen.into()), lane) } else { 0 };
    let thread = if resource.add_thread_id { lane } else { 0 };
    Spot {
        index: u64::from(index) + u64::from(thread),
        offset: u64::from(offset) + memory.offset as u64, // CAST: twelve bits
    }
}

/// The scalar offset.
fn soffset(wave: &Wave, step: &Step) -> u64 {
    super::fetch::scalar32(wave, &step.sources[2]).into()
}

/// The addresses of 32 lanes of a raw buffer, if all are on and none is out of range.
#[inline(always)]
fn all_places(context: &Context<'_>, step: &Step, half: usize) -> Option<Wide> {
    let wave = &*context.wave;
    let (shape, memory) = (step.more().shape, step.more().memory);
    if context.log.is_some() || !block::is_full(wave) || !shape.bytes.is_multiple_of(4) || memory.idxen || memory.tfe {
        return None;
    }
    let resource = Resource::read(wave, step.sources[1].index);
    if resource.element != 0 || resource.add_thread_id || resource.format == 0 || resource.check != 3 {
        return None;
    }
    let soffset = soffset(wave, step);
    let mut at = [memory.offset as u64; 32]; // CAST: twelve bits
    if memory.offen {
        at.iter_mut().zip(wave.vgpr(half, step.sources[0].index).0).for_each(|(at, offset)| *at += u64::from(offset));
    }
    let last = at.iter().fold(0, |last, &at| last.max(at));
    if last + u64::from(shape.bytes) > resource.records.saturating_sub(soffset) {
        return None;
    }
    let base = resource.base.wrapping_add(soffset);
    at.iter_mut().for_each(|at| *at = base.wrapping_add(*at));
    Some(at)
}

/// Loads and stores of whole dwords by all lanes; whether that was possible. What was stored before it turned out not to
/// be is stored once more.
#[inline(always)]
fn all_at_once<const N: usize>(context: &mut Context<'_>, step: &Step) -> bool {
    if step.more().shape.store {
        let mut window = Window::new(context.memory, AccessKind::Store);
        return (0..context.wave.halves()).all(|half| {
            let Some(at) = all_places(context, step, half) else { return false };
            let data: block::Data<N> = block::registers(context.wave, half, step.to);
            block::store_global(&mut window, &at, &data)
        });
    }
    let mut window = Window::new(context.memory, AccessKind::Load);
    let Some(low) = all_places(context, step, 0) else { return false };
    if !context.wave.is_wide() {
        return block::load_global::<N>(&mut window, context.wave, &[low], step.to);
    }
    let Some(high) = all_places(context, step, 1) else { return false };
    block::load_global::<N>(&mut window, context.wave, &[low, high], step.to)
}

/// Loads and stores without a format: each dword is checked alone.
pub(crate) struct Access;

impl Handler for Access {
    #[inline(always)]
    fn run(context: &mut Context<'_>, step: &Step) -> Flow {
        if block::by_dwords!(step.more().shape.dwords(), all_at_once(context, step)) {
            Flow::Next
        } else {
            lane_by_lane(context, step)
        }
    }
}

#[inline(never)]
fn lane_by_lane(context: &mut Context<'_>, step: &Step) -> Flow {
    let shape = step.more().shape;
    let resource = Resource::read(context.wave, step.sources[1].index);
    let soffset = soffset(context.wave, step);
    let kind = if shape.store { AccessKind::Store } else { AccessKind::Load };
    let mut window = Window::new(context.memory, kind);
    let size = u32::from(shape.bytes).min(4);
    let unbound = resource.is_unbound();
    for lane in active(context.wave.exec()) {
        let spot = spot(context.wave, step, &resource, lane);
        for register in 0..shape.dwords() as u8 {
            // CAST: at most 4
            let index = step.to.wrapping_add(register);
            let offset = spot.offset + u64::from(register) * 4;
            let outside = unbound || resource.is_outside(spot.index, offset, soffset, size.into());
            let va = resource.base.wrapping_add(soffset).wrapping_add(resource.place(spot.index, offset));
            let held = context.wave.lane(index, lane);
            let result = match (outside, shape.store, size) {
                (true, true, _) => continue,
                (true, false, _) => Ok(0),
                (false, true, 4) => window.store(va, &[held]).map(|()| 0),
                (false, true, _) => window.store_small(va, size, shape.stored(held)).map(|()| 0),
                (false, false, 4) => {
                    let mut raw = [0];
                    window.load(va, &mut raw).map(|()| raw[0])
                }
                (false, false, _) => window.load_small(va, size),
            };
            match result {
                Ok(raw) if !shape.store => context.wave.set_lane(index, lane, shape.loaded(raw, held)),
                Ok(_) => {}
                Err(cause) => return context.fail(cause),
            }
            if !outside {
                context.record(Space::Global, kind, lane, va, size);
            }
        }
        if !shape.store {
            status(context.wave, step, shape.dwords() as u8, lane); // CAST: at most 4
        }
    }
    Flow::Next
}

/// The dword behind the data that a load with TFE returns. It tells of pages that are not resident, which all are.
/// Source: guide, section 9.1, "TFE".
fn status(wave: &mut Wave, step: &Step, dwords: u8, lane: u32) {
    if step.more().memory.tfe {
        wave.set_lane(step.to.wrapping_add(dwords), lane, 0);
    }
}

/// Atomics, which are dropped whole where out of range, and return 0.
pub(crate) struct Atomic;

impl Handler for Atomic {
    fn run(context: &mut Context<'_>, step: &Step) -> Flow {
        let Some((atom, wide)) = step.more().atom else { return Flow::Next };
        let size: u32 = if wide { 8 } else { 4 };
        let resource = Resource::read(context.wave, step.sources[1].index);
        let soffset = soffset(context.wave, step);
        let mut window = Window::new(context.memory, AccessKind::Atomic);
        for lane in active(context.wave.exec()) {
            let spot = spot(context.wave, step, &resource, lane);
            let values = data(context.wave, step.to, lane);
            let mut old = [0; 2];
            if !resource.is_unbound() && !resource.is_outside(spot.index, spot.offset, soffset, size.into()) {
                let va = resource.base.wrapping_add(soffset).wrapping_add(resource.place(spot.index, spot.offset));
                match global_atomic(&mut window, va, atom, wide, values) {
                    Ok(found) => old = found,
                    Err(cause) => return context.fail(cause),
                }
                context.record(Space::Global, AccessKind::Atomic, lane, va, size);
            }
            if step.more().memory.glc {
                for (register, value) in (0..size as u8 / 4).zip(old) {
                    // CAST: 4 or 8
                    context.wave.set_lane(step.to.wrapping_add(register), lane, value);
                }
            }
        }
        Flow::Next
    }
}

/// Loads and stores with a format, of the resource or of the instruction: all of an element or nothing.
pub(crate) struct Formatted;

impl Handler for Formatted {
    fn run(context: &mut Context<'_>, step: &Step) -> Flow {
        let resource = Resource::read(context.wave, step.sources[1].index);
        let soffset = soffset(context.wave, step);
        let number = if step.has(flag::OWN_FORMAT) { u32::from(step.more().memory.format) } else { resource.format };
        let transfer = format::Transfer::of(step.op);
        let kind = if transfer.store { AccessKind::Store } else { AccessKind::Load };
        let found = match Format::find(number) {
            Ok(found) => found,
            Err(what) => return context.fail(crate::shader::fault::Cause::NotModelled { what }),
        };
        let mut window = Window::new(context.memory, kind);
        for lane in active(context.wave.exec()) {
            let spot = spot(context.wave, step, &resource, lane);
            let size = found.as_ref().map_or(0, Format::bytes);
            // A resource without a format is none, whatever the instruction's.
            let outside = found.is_none()
                || resource.is_unbound()
                || resource.is_outside(spot.index, spot.offset, soffset, size.into());
            let va = resource.base.wrapping_add(soffset).wrapping_add(resource.place(spot.index, spot.offset));
            let channels = usize::from(transfer.channels);
            let selects =
                found.as_ref().filter(|_| step.has(flag::OWN_FORMAT)).map_or(resource.selects, Format::identity);
            if transfer.store {
                let (Some(found), false) = (&found, outside) else { continue };
                let values = transfer.gather(data(context.wave, step.to, lane));
                let bytes = found.encode(values, selects, transfer.half);
                for (at, byte) in (0u64..).zip(bytes.iter().take(size as usize)) {
                    // CAST: at most 16
                    if let Err(cause) = window.store_small(va.wrapping_add(at), 1, u32::from(*byte)) {
                        return context.fail(cause);
                    }
                }
            } else {
                let mut values = found.as_ref().map_or([0; 4], |found| found.decode(None, selects, transfer.half));
                if let (Some(found), false) = (&found, outside) {
                    let mut bytes = [0; 16];
                    for (at, byte) in (0u64..).zip(bytes.iter_mut().take(size as usize)) {
                        // CAST: at most 16
                        match window.load_small(va.wrapping_add(at), 1) {
                            Ok(value) => *byte = value as u8, // CAST: one byte
                            Err(cause) => return context.fail(cause),
                        }
                    }
                    values = found.decode(Some(&bytes), selects, transfer.half);
                }
                let old = data(context.wave, step.to, lane);
                for (register, value) in transfer.scatter(values, old, channels) {
                    context.wave.set_lane(step.to.wrapping_add(register), lane, value);
                }
                status(context.wave, step, transfer.dwords(), lane);
            }
            if !outside {
                context.record(Space::Global, kind, lane, va, size);
            }
        }
        Flow::Next
    }
}
