//! Arithmetic on shadows: an instruction that reads something undefined, before it is executed.

use sparkle_rdna3::Op;

use super::bits::{Bits, ones};
use super::facts::{Facts, Work};
use super::lanes::{In, Transfer};
use super::registers::{Registers, SCC};
use super::{EXEC_BITS, Undefined};
use crate::sanitize::event::Event;
use crate::sanitize::report::Sink;
use crate::shader::exec::fetch::{fetch, fetch_wide, writers};
use crate::shader::exec::scalar::read;
use crate::shader::step::{Source, Step, flag, mask};
use crate::shader::{EXEC, Lanes, VCC, Wave};

/// 32 lanes of three sources.
type Sources = [[u64; 32]; 3];

/// An instruction and the shadows that it changes.
pub(super) struct Job<'a, 'e> {
    pub(super) event: &'a Event<'e>,
    pub(super) step: &'a Step,
    pub(super) facts: &'a Facts,
    pub(super) registers: &'a mut Registers,
    pub(super) sink: &'a mut Sink,
    pub(super) basic: bool,
}

impl Job<'_, '_> {
    pub(super) fn wave(&self) -> &Wave {
        self.event.wave
    }

    pub(super) fn run(&mut self) {
        self.registers.follow(self.event.wave);
        match self.facts.work {
            Work::Scalar => self.scalar(),
            Work::Status => self.status(),
            Work::Exec => self.exec(),
            Work::ScalarMoved => self.scalar_moved(),
            Work::Lanes => self.lanes(),
            Work::Dual => self.dual(),
            Work::Packed => self.packed(),
            Work::Dot | Work::Mix => self.mixed(),
            Work::Matrix => self.matrix(),
            Work::Cross => self.cross(),
            Work::Exchange => self.exchange(),
            Work::HalfLoop => self.half_loop(),
            Work::FourSums => self.four_sums(),
            Work::Interpolate => self.interpolate(),
            Work::Branch | Work::Jump | Work::Mode | Work::Memory | Work::Nothing => {}
        }
    }

    /// Says that EXEC gets undefined bits.
    fn undefined_exec(&mut self, shadow: u64) {
        let wave = self.event.wave;
        let shadow = shadow & (u64::MAX >> (64 - wave.lanes()));
        if shadow != 0 && self.basic {
            let found = Undefined::source(self.registers, self.facts, u64::MAX);
            let lane = Some(shadow.trailing_zeros());
            found.report(&EXEC_BITS, self.event, self.sink, lane, || format!("EXEC gets undefined bits {shadow:#x}"));
        }
    }

    fn scalar_input(&self) -> In {
        let wave = self.event.wave;
        let operand = |source: &Source| Bits::new(read(wave, source), self.registers.source(wave, source));
        let [a, b, c, ..] = &self.step.sources;
        let reads = self.facts.reads_scc;
        In {
            a: operand(a),
            b: operand(b),
            c: operand(c),
            bit: if reads { Bits::bit(wave.scc, self.registers.condition()) } else { Bits::default() },
            width: self.facts.width,
            // CAST: two's complement; a comparison's code is in its place
            number: if self.facts.code != 0 { self.facts.code } else { self.step.immediate as u32 },
        }
    }

    fn scalar(&mut self) {
        let (result, condition) = (self.facts.transfer)(&self.scalar_input());
        let (to, wide, pc) = (self.step.to, self.step.has(flag::WIDE), self.event.pc);
        let compares = self.facts.scalar_writes == 1 << SCC && self.facts.code != 0
            || self.step.op.mnemonic().starts_with("s_cmp")
            || self.step.op.mnemonic().starts_with("s_bitcmp");
        if !compares {
            if to & 126 == EXEC {
                let shift = if to == EXEC { 0 } else { 32 };
                self.undefined_exec(result.shadow << shift);
            } else {
                self.registers.set_result(to, wide, result.shadow, pc);
            }
        }
        if self.step.has(flag::SCC) {
            self.registers.set_scalar(SCC, condition.shadow as u32, pc); // CAST: one bit
        }
    }

    /// A field of STATUS: SCC is its bit 0, VCCZ its bit 10.
    fn status(&mut self) {
        let zero = self.registers.zero_undefined(VCC, self.event.wave.vcc());
        let shadow = u64::from(self.registers.condition()) | u64::from(zero) << 10;
        let field = self.step.immediate as u32; // CAST: an immediate of 16 bits
        let (from, width) = (field >> 6 & 31, (field >> 11 & 31) + 1);
        self.registers.set_result(self.step.to, false, Bits::new(0, shadow).field(from, width).shadow, self.event.pc);
    }

    fn exec(&mut self) {
        let wave = self.event.wave;
        let wide = self.step.has(flag::WIDE);
        let old = if wide { wave.scalar64(EXEC) } else { wave.scalar(EXEC).into() };
        let mut input = self.scalar_input();
        input.b = Bits::known(old);
        input.width = if wide { 64 } else { 32 };
        let (result, condition) = (self.facts.transfer)(&input);
        self.undefined_exec(result.shadow);
        // The old EXEC is defined, and the new one is taken as such, what no lane belongs to excepted.
        let new = self.step.op.mnemonic().contains("wrexec");
        let lanes = u64::MAX >> (64 - wave.lanes());
        let shadow = if new { result.shadow & !lanes } else { 0 };
        self.registers.set_result(self.step.to, wide, shadow, self.event.pc);
        self.registers.set_scalar(SCC, condition.shadow as u32, self.event.pc); // CAST: one bit
    }

    /// Values and shadows of the sources of 32 lanes.
    fn fetch(&self, sources: &[Source], half: usize) -> (Sources, Sources) {
        let (wave, step) = (self.event.wave, self.step);
        let (mut values, mut shadows): (Sources, Sources) = ([[0; 32]; 3], [[0; 32]; 3]);
        let mut room = Lanes::ZERO;
        let wide = step.more().wide.is_some();
        for (source, (value, shadow)) in sources.iter().zip(values.iter_mut().zip(&mut shadows)) {
            if wide {
                fetch_wide(wave, step, source, half, &mut room, value);
                self.registers.fetch_wide(wave, step, source, half, shadow);
            } else {
                let lanes = fetch(wave, step, source, half, &mut room);
                value.iter_mut().zip(lanes.0).for_each(|(to, from)| *to = from.into());
                let lanes = self.registers.fetch(wave, step, source, half, &mut room);
                shadow.iter_mut().zip(lanes.0).for_each(|(to, from)| *to = from.into());
            }
        }
        for ((value, shadow), mask) in values.iter_mut().zip(&mut shadows).zip(self.facts.masks) {
            value.iter_mut().chain(shadow).for_each(|x| *x &= mask);
        }
        (values, shadows)
    }

    /// The lane mask that is read: values and shadows of 32 lanes.
    fn mask(&self, half: usize) -> (u32, u32) {
        match self.step.mask_from {
            mask::NONE | mask::FIRST_LANE | mask::IMMEDIATE => (0, 0),
            index => (self.event.wave.mask_half(index, half), self.registers.mask_half(index, half)),
        }
    }

    /// What lanes make of their sources: the results' shadows, and those of a mask.
    fn compute(&self, transfer: Transfer, sources: &[Source], half: usize, on: u32) -> ([u64; 32], u32) {
        let (values, shadows) = self.fetch(sources, half);
        let (mask, mask_shadow) = self.mask(half);
        let (mut out, mut bits) = ([0; 32], 0);
        for lane in (0..32).filter(|lane| on >> lane & 1 != 0) {
            let [a, b, c] = [0, 1, 2].map(|at| Bits::new(values[at][lane], shadows[at][lane]));
            let bit = Bits::bit(mask >> lane & 1 != 0, mask_shadow >> lane & 1 != 0);
            if a.shadow | b.shadow | c.shadow | bit.shadow == 0 {
                continue;
            }
            let number = match self.step.mask_from {
                mask::FIRST_LANE => (half * 32 + lane) as u32, // CAST: below 64
                _ => self.facts.code,
            };
            let (result, condition) = transfer(&In { a, b, c, bit, width: self.facts.width, number });
            out[lane] = result.shadow;
            bits |= (condition.shadow as u32 & 1) << lane; // CAST: one bit
        }
        (out, bits)
    }

    /// The low dwords, or halves put beside what the register keeps.
    fn merge(&self, to: u8, half: usize, out: &[u64; 32]) -> Lanes {
        let mut merged = Lanes(out.map(|x| x as u32)); // CAST: the low dword
        if self.step.outcome.is_half() {
            for (lane, x) in (half as u32 * 32..).zip(&mut merged.0) {
                // CAST: 0 or 1
                let old = self.registers.lane(to, lane);
                *x = if self.step.has(flag::HIGH) { old & 0xffff | *x << 16 } else { old & 0xffff_0000 | *x & 0xffff };
            }
        }
        merged
    }

    fn lanes(&mut self) {
        let (wave, step, pc) = (self.event.wave, self.step, self.event.pc);
        let mut masks = 0;
        for half in 0..wave.halves() {
            let on = writers(wave, step, half);
            let (out, bits) = self.compute(self.facts.transfer, &step.sources[..3], half, on);
            if !step.has(flag::NO_VGPR) {
                let low = self.merge(step.to, half, &out);
                self.registers.write(step.to, half, on, &low, pc);
                if step.outcome.is_wide() {
                    let high = Lanes(out.map(|x| (x >> 32) as u32)); // CAST: the high dword
                    self.registers.write(step.to.wrapping_add(1), half, on, &high, pc);
                }
            }
            masks |= u64::from(bits) << (half * 32);
        }
        match step.mask_to {
            mask::NONE => {}
            EXEC => self.undefined_exec(masks),
            to => self.registers.set_result(to, wave.is_wide(), masks, pc),
        }
    }

    fn dual(&mut self) {
        let (wave, step, pc) = (self.event.wave, self.step, self.event.pc);
        let on = wave.mask_half(EXEC, 0);
        debug_assert!(step.mask_from == VCC);
        let (x, _) = self.compute(self.facts.transfer, &step.sources[..3], 0, on);
        let (y, _) = self.compute(self.facts.second, &step.sources[3..], 0, on);
        for (to, out) in [(step.to, x), (step.second_to, y)] {
            self.registers.write(to, 0, on, &Lanes(out.map(|x| x as u32)), pc); // CAST: one dword
        }
    }

    fn packed(&mut self) {
        let (wave, step, pc) = (self.event.wave, self.step, self.event.pc);
        let [op_sel, op_sel_hi, neg_lo, neg_hi] = step.more().packed;
        for half in 0..wave.halves() {
            let (values, shadows) = self.fetch(&step.sources[..3], half);
            let on = writers(wave, step, half);
            let mut out = Lanes::ZERO;
            for (lane, out) in out.0.iter_mut().enumerate() {
                for (select, negate, at) in [(op_sel, neg_lo, 0), (op_sel_hi, neg_hi, 16)] {
                    let [a, b, c] = [0, 1, 2].map(|source: usize| {
                        let from = if select >> source & 1 != 0 { 16 } else { 0 };
                        let half = Bits::new(values[source][lane], shadows[source][lane]).field(from, 16);
                        if negate >> source & 1 != 0 { half.biased(16) } else { half }
                    });
                    let (result, _) = (self.facts.transfer)(&In { a, b, c, width: 16, ..In::default() });
                    *out |= (result.shadow as u32) << at; // CAST: 16 bits
                }
            }
            self.registers.write(step.to, half, on, &out, pc);
        }
    }

    /// Dot products, and those of mixed precision, whose sources count whole or by half.
    fn mixed(&mut self) {
        let (wave, step, pc) = (self.event.wave, self.step, self.event.pc);
        let [op_sel, op_sel_hi, ..] = step.more().packed;
        for half in 0..wave.halves() {
            let (_, shadows) = self.fetch(&step.sources[..3], half);
            let on = writers(wave, step, half);
            let mut out = [0; 32];
            for (lane, out) in out.iter_mut().enumerate() {
                let mut any = 0;
                for (source, lanes) in shadows.iter().enumerate() {
                    any |= match (self.facts.work, op_sel_hi >> source & 1 != 0, op_sel >> source & 1 != 0) {
                        (Work::Mix, true, high) => lanes[lane] >> if high { 16 } else { 0 } & 0xffff,
                        _ => lanes[lane],
                    };
                }
                *out = if any == 0 { 0 } else { ones(32) };
            }
            let merged = self.merge(step.to, half, &out);
            self.registers.write(step.to, half, on, &merged, pc);
        }
    }

    /// Sums of bytes' distances, each with a dword of its own added.
    fn four_sums(&mut self) {
        let (wave, step, pc) = (self.event.wave, self.step, self.event.pc);
        let [a, b, c, ..] = &step.sources;
        for half in 0..wave.halves() {
            let (mut wide, mut reference) = ([0; 32], [0; 32]);
            self.registers.fetch_wide(wave, step, a, half, &mut wide);
            self.registers.fetch_wide(wave, step, b, half, &mut reference);
            let lanes = half as u32 * 32..; // CAST: 0 or 1
            let sums = [0, 1, 2, 3].map(|at| {
                let mut out = Lanes::ZERO;
                for ((lane, out), (a, b)) in lanes.clone().zip(&mut out.0).zip(wide.iter().zip(&reference)) {
                    let addend = self.registers.lane(c.index.wrapping_add(at), lane);
                    *out = if a | b | u64::from(addend) == 0 { 0 } else { u32::MAX };
                }
                out
            });
            let on = writers(wave, step, half);
            for (at, lanes) in (0u8..).zip(&sums) {
                self.registers.write(step.to.wrapping_add(at), half, on, lanes, pc);
            }
        }
    }

    /// A lane's result depends on its sources, and on those of its quad.
    fn interpolate(&mut self) {
        let (wave, step, pc) = (self.event.wave, self.step, self.event.pc);
        for half in 0..wave.halves() {
            let (_, shadows) = self.fetch(&step.sources[..3], half);
            let [first, second, third] = &shadows;
            let mut out = [0; 32];
            for (lane, out) in out.iter_mut().enumerate() {
                let quad = lane & !3..(lane & !3) + 4;
                let shared = first[quad.clone()].iter().chain(&third[quad]).fold(second[lane], |any, x| any | x);
                *out = if shared == 0 { 0 } else { ones(32) };
            }
            let merged = self.merge(step.to, half, &out);
            let on = writers(wave, step, half);
            self.registers.write(step.to, half, on, &merged, pc);
        }
    }

    /// The half that waits becomes EXEC at the end of the loop; what is put in its place is defined.
    fn half_loop(&mut self) {
        let (wave, to) = (self.event.wave, self.step.to);
        let [low, high] = [0, 1].map(|half| wave.mask_half(EXEC, half));
        let writes = if self.step.op == Op::S_SUBVECTOR_LOOP_END {
            self.undefined_exec(self.registers.scalar(to).into());
            high == 0 && wave.scalar(to) != 0
        } else {
            low | high != 0
        };
        if writes {
            self.registers.set_scalar(to, 0, self.event.pc);
        }
    }

    fn scalar_moved(&mut self) {
        let (wave, step) = (self.event.wave, self.step);
        let m0 = wave.scalar(crate::shader::M0);
        let (from, to) = match step.op {
            Op::S_MOVRELS_B32 | Op::S_MOVRELS_B64 => (m0, 0),
            Op::S_MOVRELD_B32 | Op::S_MOVRELD_B64 => (0, m0),
            _ => (m0 & 0x3ff, m0 >> 16 & 0x3ff),
        };
        let mut source = step.sources[0];
        let place = |index: u8, by: u32| u8::try_from(u32::from(index).saturating_add(by)).ok();
        if let (Some(index), Some(to)) = (place(source.index, from), place(step.to, to)) {
            source.index = index;
            let shadow = self.registers.source(wave, &source);
            self.registers.set_result(to & 127, step.has(flag::WIDE), shadow, self.event.pc);
        }
    }
}
