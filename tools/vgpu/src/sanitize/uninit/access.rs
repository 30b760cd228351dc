//! Memory operations on shadows: what is checked before, and what is moved after.

use sparkle_rdna3::{Encoding, Op};

use super::bits::ones;
use super::facts::{Facts, Work};
use super::memory::{Memory, Window, load_bytes, store_bytes};
use super::registers::Registers;
use super::{ADDRESS, DESCRIPTOR, M0_BITS, Undefined};
use crate::sanitize::event::Event;
use crate::sanitize::report::Sink;
use crate::sanitize::rule::Rule;
use crate::shader::exec::atomic::Atom;
use crate::shader::exec::lds::Kind;
use crate::shader::exec::memory::active;
use crate::shader::exec::shape::Shape;
use crate::shader::step::{Step, flag};
use crate::shader::{MemoryAccess, Space};

/// Reports undefined bits in what says where memory is.
pub(super) fn check(event: &Event<'_>, facts: &Facts, registers: &Registers, sink: &mut Sink) {
    let exec = event.wave.exec();
    if facts.is_vector && exec == 0 {
        return;
    }
    let address = &facts.address;
    for &index in &address.vectors {
        let lanes = registers.dirt(index) & exec;
        if lanes != 0 && facts.work == Work::Memory {
            let lane = lanes.trailing_zeros();
            let found = Undefined::vector(registers, index, lane);
            found.report(&ADDRESS, event, sink, Some(lane), || "an address".to_owned());
            break;
        }
    }
    let sets: [(u128, &'static Rule, &str); 3] = [
        (address.scalars, &ADDRESS, "an address"),
        (address.descriptor, &DESCRIPTOR, "a buffer's descriptor"),
        (address.m0, &M0_BITS, "an address"),
    ];
    for (set, rule, what) in sets {
        let dirty = set & registers.scalar_dirt;
        if dirty != 0 {
            let index = dirty.trailing_zeros() as u8; // CAST: below 128
            Undefined::scalar(registers, index).report(rule, event, sink, None, || what.to_owned());
        }
    }
}

/// The shadows of all memories that a wave reaches.
pub(super) struct Memories<'a> {
    pub(super) global: &'a Memory,
    pub(super) lds: &'a mut [u8],
}

/// One instruction's accesses.
pub(super) struct Mover<'a, 'e> {
    pub(super) event: &'a Event<'e>,
    pub(super) step: &'a Step,
    pub(super) facts: &'a Facts,
    pub(super) registers: &'a mut Registers,
    lds: &'a mut [u8],
    global: &'a Memory,
    window: Window<'a>,
    /// Bytes of a lane's scratch.
    scratch: usize,
}

impl<'a, 'e> Mover<'a, 'e> {
    pub(super) fn new(
        event: &'a Event<'e>,
        step: &'a Step,
        facts: &'a Facts,
        registers: &'a mut Registers,
        memories: Memories<'a>,
    ) -> Self {
        let scratch = event.wave.scratch_bytes();
        let global = memories.global;
        Self { event, step, facts, registers, lds: memories.lds, global, window: Window::new(global), scratch }
    }

    fn load(&mut self, access: &MemoryAccess, out: &mut [u32]) {
        match access.space {
            Space::Global => self.window.load(access.address, access.bytes, out),
            Space::Lds => load_bytes(self.lds, place(access.address), access.bytes, out),
            Space::Scratch => {
                let at = self.scratch_place(access);
                if self.registers.scratch.is_empty() {
                    out.fill(u32::MAX);
                    if access.bytes < 4 {
                        out.fill((1 << (access.bytes * 8)) - 1);
                    }
                } else {
                    load_bytes(&self.registers.scratch, at, access.bytes, out);
                }
            }
        }
    }

    fn store(&mut self, access: &MemoryAccess, shadows: &[u32]) {
        match access.space {
            Space::Global => {
                self.window.store(access.address, access.bytes, shadows);
                let counts = if access.bytes < 4 { (1 << (access.bytes * 8)) - 1 } else { u32::MAX };
                if shadows.iter().any(|shadow| shadow & counts != 0) {
                    self.global.blame(access.address, access.bytes, self.event);
                }
            }
            Space::Lds => store_bytes(self.lds, place(access.address), access.bytes, shadows),
            Space::Scratch => {
                let at = self.scratch_place(access);
                if self.registers.scratch.is_empty() {
                    self.registers.scratch = vec![0xff; self.event.wave.scratch.len()];
                }
                store_bytes(&mut self.registers.scratch, at, access.bytes, shadows);
            }
        }
    }

    fn scratch_place(&self, access: &MemoryAccess) -> usize {
        (access.lane as usize).saturating_mul(self.scratch).saturating_add(place(access.address)) // CAST: below 64
    }

    pub(super) fn run(&mut self, accesses: &[MemoryAccess]) {
        let step = self.step;
        let name = step.op.mnemonic();
        match step.op {
            Op::DS_APPEND | Op::DS_CONSUME => self.append(accesses),
            Op::LDS_DIRECT_LOAD => self.direct(accesses),
            Op::DS_CONDXCHG32_RTN_B64 => self.exchange_on_condition(accesses),
            _ if name.starts_with("s_") => self.scalar(accesses),
            _ if name.contains("_format_") => self.formatted(accesses),
            _ if step.more().atom.is_some() => self.atomics(accesses),
            _ => {
                let shape = crate::shader::exec::memory::shape(step.op).unwrap_or_else(|| Shape {
                    // The two-address operations and those by lane number have no shape of their own.
                    bytes: 4,
                    store: name.contains("store"),
                    ..Shape::default()
                });
                if shape.store { self.stores(shape, accesses) } else { self.loads(shape, accesses) }
            }
        }
    }

    fn scalar(&mut self, accesses: &[MemoryAccess]) {
        let mut shadows = [0; 16];
        let mut at = 0;
        for access in accesses {
            let dwords = (access.bytes / 4) as usize; // CAST: at most 16
            if let Some(out) = shadows.get_mut(at..at + dwords) {
                self.window.load(access.address, access.bytes, out);
            }
            at += dwords;
        }
        let to = self.step.to;
        if to != crate::shader::NULL {
            for (index, shadow) in (to..128).zip(shadows).take(self.step.more().dwords.into()) {
                self.registers.set_scalar(index, shadow, self.event.pc);
            }
        }
    }

    /// Loads: what is out of range reads as zeros, which are defined.
    fn loads(&mut self, shape: Shape, accesses: &[MemoryAccess]) {
        let (to, pc) = (self.step.to, self.event.pc);
        let count = self.facts.writes.len();
        let mut left = accesses.iter().peekable();
        for lane in active(self.event.wave.exec()) {
            // The fifth is the status that a buffer load may return.
            let mut shadows = [0; 5];
            let mut at = 0;
            while let Some(access) = left.next_if(|access| access.lane == lane) {
                let dwords = access.bytes.div_ceil(4) as usize; // CAST: at most 4
                if let Some(out) = shadows.get_mut(at..at + dwords) {
                    self.load(access, out);
                }
                at += dwords;
            }
            for (register, shadow) in (0u8..).zip(shadows).take(count) {
                let index = to.wrapping_add(register);
                let dirty = self.registers.dirt(index) >> lane & 1 != 0;
                if shadow != 0 || dirty {
                    let old = self.registers.lane(index, lane);
                    self.registers.set_lane(index, lane, shape.loaded(shadow, old), pc);
                }
            }
        }
    }

    /// The registers that hold data to store: of buffer operations what others load into.
    fn data(&self) -> [u8; 2] {
        let [_, first, second, ..] = self.step.sources;
        match self.facts_encoding() {
            Encoding::Mubuf | Encoding::Mtbuf => [self.step.to, self.step.to],
            _ => [first.index, second.index],
        }
    }

    fn facts_encoding(&self) -> Encoding {
        self.event.instruction.encoding()
    }

    fn stores(&mut self, shape: Shape, accesses: &[MemoryAccess]) {
        let [first, second] = self.data();
        let two = self.step.more().lds == Some(Kind::Store2);
        let (mut lane, mut at) = (u32::MAX, 0);
        for access in accesses {
            at = if access.lane == lane { at + 1 } else { 0 };
            lane = access.lane;
            let dwords = access.bytes.div_ceil(4) as u8; // CAST: at most 16
            let from = match (two, at) {
                (true, 1) => second,
                (true, _) => first,
                (false, at) => first.wrapping_add(at),
            };
            let mut shadows = [0; 4];
            for (register, shadow) in (0..dwords).zip(&mut shadows) {
                *shadow = self.registers.lane(from.wrapping_add(register), lane);
            }
            shadows[0] = shape.stored(shadows[0]);
            if let Some(shadows) = shadows.get(..dwords.into()) {
                self.store(access, shadows);
            }
        }
    }

    /// Accesses with a format, all or nothing of an element.
    fn formatted(&mut self, accesses: &[MemoryAccess]) {
        let (to, pc) = (self.step.to, self.event.pc);
        let name = self.step.op.mnemonic();
        let (half, high) = (name.contains("d16"), name.contains("d16_hi"));
        let registers = self.event.instruction.operands().first().map_or(1, |data| data.dwords);
        let odd = half && (name.ends_with("_x") || name.ends_with("_xyz"));
        let mut left = accesses.iter().peekable();
        for lane in active(self.event.wave.exec()) {
            let access = left.next_if(|access| access.lane == lane);
            if name.contains("store") {
                let counts = |register: u8| match (high, odd && register + 1 == registers) {
                    (true, _) => 0xffff_0000,
                    (_, true) => 0xffff,
                    _ => u32::MAX,
                };
                let any = (0..registers).any(|at| self.registers.lane(to.wrapping_add(at), lane) & counts(at) != 0);
                if let Some(access) = access {
                    let shadow = [if any { u32::MAX } else { 0 }; 4];
                    let dwords = access.bytes.div_ceil(4) as usize; // CAST: at most 4
                    self.store(access, shadow.get(..dwords).unwrap_or(&[]));
                }
                continue;
            }
            let mut raw = [0; 4];
            if let (Some(access), Some(raw)) =
                (access, access.and_then(|a| raw.get_mut(..a.bytes.div_ceil(4) as usize)))
            {
                self.load(access, raw);
            }
            let any = if raw == [0; 4] { 0 } else { u32::MAX };
            for register in 0..registers {
                let index = to.wrapping_add(register);
                let kept = match (high, odd && register + 1 == registers) {
                    (true, _) => 0xffff,
                    (_, true) => 0xffff_0000,
                    _ => 0,
                };
                let shadow = self.registers.lane(index, lane) & kept | any & !kept;
                self.registers.set_lane(index, lane, shadow, pc);
            }
        }
    }

    fn atomics(&mut self, accesses: &[MemoryAccess]) {
        let Some((atom, wide)) = self.step.more().atom else { return };
        let step = self.step;
        let (to, pc) = (step.to, self.event.pc);
        let dwords: u8 = if wide { 2 } else { 1 };
        let buffer = matches!(self.facts_encoding(), Encoding::Mubuf | Encoding::Mtbuf);
        let returns = if buffer { step.more().memory.glc } else { !step.has(flag::NO_VGPR) };
        let [first, second] = self.data();
        let exchange2 = step.more().lds == Some(Kind::Exchange2);
        let lds = self.facts_encoding() == Encoding::Ds;
        let mut left = accesses.iter().peekable();
        for lane in active(self.event.wave.exec()) {
            // The data is read before the old value is written where it was.
            let registers = &*self.registers;
            let value = |index: u8| {
                let part = |at: u8| u64::from(registers.lane(index.wrapping_add(at), lane));
                if wide { part(1) << 32 | part(0) } else { part(0) }
            };
            let one = value(first);
            let other = if lds { value(second) } else { value(first.wrapping_add(dwords)) };
            let mut olds = [0; 2];
            let mut count = 0;
            while let Some(access) = left.next_if(|access| access.lane == lane) {
                let mut raw = [0; 2];
                let Some(raw) = raw.get_mut(..dwords.into()) else { break };
                self.load(access, raw);
                let [low, high] = [0, 1].map(|at| u64::from(raw.get(at).copied().unwrap_or(0)));
                let old = high << 32 | low;
                let new = match (exchange2, count) {
                    (true, 0) => one,
                    (true, _) => other,
                    _ => combine(atom, old, one, other, if wide { 64 } else { 32 }),
                };
                let shadows = [new as u32, (new >> 32) as u32]; // CAST: the two halves
                self.store(access, shadows.get(..dwords.into()).unwrap_or(&[]));
                if let Some(place) = olds.get_mut(count) {
                    *place = old;
                }
                count += 1;
            }
            if returns {
                let results = if exchange2 { 2 } else { 1 };
                for (at, old) in (0u8..).zip(olds).take(results) {
                    let index = to.wrapping_add(at * dwords);
                    self.registers.set_lane(index, lane, old as u32, pc); // CAST: the low half
                    if wide {
                        self.registers.set_lane(index.wrapping_add(1), lane, (old >> 32) as u32, pc); // CAST: the high
                    }
                }
            }
        }
    }

    /// A dword of LDS, or a part of it, that all lanes of quads with a lane that is on get.
    fn direct(&mut self, accesses: &[MemoryAccess]) {
        let Some(access) = accesses.first() else { return };
        let mut raw = [0];
        self.load(access, &mut raw);
        let m0 = self.event.wave.scalar(crate::shader::M0);
        let shape = |bytes, signed| Shape { bytes, signed, ..Shape::default() };
        let shadow = match m0 >> 16 & 7 {
            0 => raw[0] & 0xff,
            1 => raw[0] & 0xffff,
            4 => shape(1, true).loaded(raw[0], 0),
            5 => shape(2, true).loaded(raw[0], 0),
            _ => raw[0],
        };
        let exec = self.event.wave.exec();
        let quads = (exec | exec >> 1 | exec >> 2 | exec >> 3) & 0x1111_1111_1111_1111;
        for lane in active(quads * 15) {
            self.registers.set_lane(self.step.to, lane, shadow, self.event.pc);
        }
    }

    /// Two dwords, each of which is exchanged if the highest bit of its datum is set.
    fn exchange_on_condition(&mut self, accesses: &[MemoryAccess]) {
        let (to, data, pc) = (self.step.to, self.step.sources[1].index, self.event.pc);
        for access in accesses {
            let lane = access.lane;
            let mut old = [0; 2];
            self.load(access, &mut old);
            let data = [0, 1].map(|at| self.registers.lane(data.wrapping_add(at), lane));
            // Without the data's values either may be what is left.
            let new = [0, 1].map(|at: usize| if data[at] >> 31 != 0 { u32::MAX } else { old[at] | data[at] });
            self.store(access, &new);
            for (at, old) in (0u8..).zip(old) {
                self.registers.set_lane(to.wrapping_add(at), lane, old, pc);
            }
        }
    }

    /// A counter in LDS that all lanes read.
    fn append(&mut self, accesses: &[MemoryAccess]) {
        let Some(access) = accesses.first() else { return };
        let mut raw = [0];
        self.load(access, &mut raw);
        let spread = if raw[0] == 0 { 0 } else { u32::MAX << raw[0].trailing_zeros() };
        self.store(access, &[spread]);
        for lane in active(self.event.wave.exec()) {
            self.registers.set_lane(self.step.to, lane, raw[0], self.event.pc);
        }
    }
}

/// An address within what the host can index.
fn place(address: u64) -> usize {
    usize::try_from(address).unwrap_or(usize::MAX)
}

/// The shadow of what an atomic leaves. The values are not known here, so it is what they may be at worst.
fn combine(atom: Atom, old: u64, data: u64, other: u64, width: u32) -> u64 {
    let any = |bits: u64| if bits == 0 { 0 } else { ones(width) };
    match atom {
        Atom::Swap => data,
        Atom::And | Atom::Or | Atom::Xor => old | data,
        Atom::MaskOr => old | data | other,
        Atom::Add | Atom::Sub | Atom::ReverseSub => match old | data {
            0 => 0,
            bits => u64::MAX << bits.trailing_zeros() & ones(width),
        },
        Atom::CompareSwap | Atom::CompareSwapFloat | Atom::Wrap => any(old | data | other),
        _ => any(old | data),
    }
}
