//! Shadows that go from lane to lane, and through matrices.

use sparkle_rdna3::Op;

use super::job::Job;
use super::{LANE, M0_BITS, Undefined};
use crate::shader::exec::cross::{half_of, with_half};
use crate::shader::exec::fetch::{scalar32, writers};
use crate::shader::exec::memory::active;
use crate::shader::lane::dpp::{permlane16_source, permlane64_source, permlanex16_source, swizzle_source};
use crate::shader::lane::wmma::{self, Factor, accumulator_place};
use crate::shader::step::{From, Source, flag, modifier};
use crate::shader::{Lanes, M0};

/// Bits of op_sel that `V_PERMLANE16_B32` reads otherwise. Source: guide, section 16.12.
const FETCH_INACTIVE: i32 = 1;
const BOUND_CONTROL: i32 = 2;

impl Job<'_, '_> {
    fn vector_or_scalar(&self, source: &Source, index: u8, lane: u32) -> u32 {
        if source.from == From::Vgpr {
            self.registers.lane(index, lane)
        } else {
            self.registers.source(self.wave(), source) as u32 // CAST: one dword
        }
    }

    /// Reports a lane selector with undefined bits among those that count.
    fn selector(&mut self, source: &Source, mask: u32) {
        let shadow = self.registers.source(self.event.wave, source) as u32 & mask; // CAST: one dword
        if shadow != 0 && self.basic {
            let found = Undefined::scalar(self.registers, source.index);
            found.report(&LANE, self.event, self.sink, None, || format!("undefined bits {shadow:#x} name a lane"));
        }
    }

    fn relative(&mut self) -> u32 {
        let shadow = self.registers.scalar(M0);
        if shadow != 0 && self.basic {
            let found = Undefined::scalar(self.registers, M0);
            found.report(&M0_BITS, self.event, self.sink, None, || {
                format!("undefined bits {shadow:#x} of M0 name a register")
            });
        }
        self.event.wave.scalar(M0)
    }

    /// Operations that reach into other lanes or registers.
    pub(super) fn cross(&mut self) {
        let (wave, step, pc) = (self.event.wave, self.step, self.event.pc);
        let [data, select, high, ..] = step.sources;
        let lanes = wave.lanes() - 1;
        match step.op {
            Op::V_READFIRSTLANE_B32 | Op::V_READLANE_B32 => {
                let first = step.op == Op::V_READFIRSTLANE_B32;
                if !first {
                    self.selector(&select, lanes);
                }
                let lane = if first { wave.first_lane() } else { scalar32(wave, &select) & lanes };
                let shadow = self.vector_or_scalar(&data, data.index, lane);
                self.registers.set_result(step.to, false, shadow.into(), pc);
            }
            Op::V_WRITELANE_B32 => {
                self.selector(&select, lanes);
                let shadow = self.registers.source(wave, &data) as u32; // CAST: one dword
                self.registers.set_lane(step.to, scalar32(wave, &select) & lanes, shadow, pc);
            }
            Op::V_SWAP_B32 => {
                for lane in active(wave.exec()) {
                    let (a, b) = (self.registers.lane(step.to, lane), self.registers.lane(data.index, lane));
                    self.registers.set_lane(step.to, lane, b, pc);
                    self.registers.set_lane(data.index, lane, a, pc);
                }
            }
            Op::V_SWAP_B16 => {
                let (to, from) = (step.has(flag::HIGH), data.has(modifier::HIGH));
                for lane in active(wave.exec()) {
                    let a = half_of(self.registers.lane(step.to, lane), to);
                    let b = half_of(self.registers.lane(data.index, lane), from);
                    let shadow = with_half(self.registers.lane(step.to, lane), to, b);
                    self.registers.set_lane(step.to, lane, shadow, pc);
                    let shadow = with_half(self.registers.lane(data.index, lane), from, a);
                    self.registers.set_lane(data.index, lane, shadow, pc);
                }
            }
            Op::V_PERMLANE16_B32 | Op::V_PERMLANEX16_B32 | Op::V_PERMLANE64_B32 => {
                if step.op != Op::V_PERMLANE64_B32 {
                    self.selector(&select, u32::MAX);
                    self.selector(&high, u32::MAX);
                } else if !wave.is_wide() {
                    return;
                }
                self.permute(&data, u64::from(scalar32(wave, &high)) << 32 | u64::from(scalar32(wave, &select)));
            }
            _ => self.moved(&data),
        }
    }

    fn permute(&mut self, data: &Source, selects: u64) {
        let (wave, step, pc) = (self.event.wave, self.step, self.event.pc);
        let exec = wave.exec();
        let mut old = [0; 64];
        (0..64).zip(&mut old).for_each(|(lane, shadow)| *shadow = self.registers.lane(data.index, lane));
        for lane in active(exec) {
            let from = match step.op {
                Op::V_PERMLANE16_B32 => permlane16_source(selects, lane),
                Op::V_PERMLANEX16_B32 => permlanex16_source(selects, lane),
                _ => permlane64_source(lane),
            };
            let always = step.op == Op::V_PERMLANE64_B32 || step.immediate & FETCH_INACTIVE != 0;
            if exec >> (from & 63) & 1 != 0 || always {
                let shadow = old.get(from as usize).copied().unwrap_or(0); // CAST: below 64
                self.registers.set_lane(step.to, lane, shadow, pc);
            } else if step.immediate & BOUND_CONTROL != 0 {
                self.registers.set_lane(step.to, lane, 0, pc);
            }
        }
    }

    fn moved(&mut self, data: &Source) {
        let (wave, step, pc) = (self.event.wave, self.step, self.event.pc);
        let m0 = self.relative();
        let (from, to) = match step.op {
            Op::V_MOVRELS_B32 => (m0, 0),
            Op::V_MOVRELD_B32 => (0, m0),
            Op::V_MOVRELSD_B32 => (m0, m0),
            _ => (m0 & 0x3ff, m0 >> 16 & 0x3ff),
        };
        let place = |index: u8, by: u32| u8::try_from(u32::from(index).saturating_add(by)).ok();
        let (Some(from), Some(to)) = (place(data.index, from), place(step.to, to)) else { return };
        if step.has(flag::DPP) {
            let source = Source { modifiers: modifier::DPP, ..Source::vgpr(from) };
            let moved = [0, 1].map(|half| {
                let mut room = Lanes::ZERO;
                if half < wave.halves() { *self.registers.fetch(wave, step, &source, half, &mut room) } else { room }
            });
            for (half, lanes) in moved.iter().enumerate().take(wave.halves()) {
                self.registers.write(to, half, writers(wave, step, half), lanes, pc);
            }
            return;
        }
        for lane in active(wave.exec()) {
            let shadow = self.vector_or_scalar(data, from, lane);
            if step.op == Op::V_SWAPREL_B32 {
                let other = self.registers.lane(to, lane);
                self.registers.set_lane(from, lane, other, pc);
            }
            self.registers.set_lane(to, lane, shadow, pc);
        }
    }

    /// Lanes that exchange a dword through LDS.
    pub(super) fn exchange(&mut self) {
        let (wave, step, pc) = (self.event.wave, self.step, self.event.pc);
        let exec = wave.exec();
        let [address, data, ..] = step.sources;
        let offset = step.more().memory.offset as u32; // CAST: 16 bits
        let swizzle = step.op == Op::DS_SWIZZLE_B32;
        // The lowest bits count where the offset may carry out of them.
        let counts = if offset & 3 == 0 { 0x7c } else { 0x7f };
        let mut out = [0; 64];
        for lane in active(exec) {
            let shadow = self.registers.lane(address.index, lane) & counts;
            if !swizzle && shadow != 0 && self.basic {
                let found = Undefined::vector(self.registers, address.index, lane);
                let what = || format!("undefined bits {shadow:#x} name a lane");
                found.report(&LANE, self.event, self.sink, Some(lane), what);
            }
            let pick = (wave.lane(address.index, lane).wrapping_add(offset) / 4 % 32) | (lane & 32);
            let (from, to, register) = match step.op {
                Op::DS_PERMUTE_B32 => (lane, pick, data.index),
                Op::DS_BPERMUTE_B32 => (pick, lane, data.index),
                _ => (swizzle_source(offset, lane), lane, address.index),
            };
            if exec >> from & 1 != 0
                && let Some(place) = out.get_mut(to as usize)
            {
                // CAST: below 64
                *place = self.registers.lane(register, from);
            }
        }
        for lane in active(exec) {
            let shadow = out.get(lane as usize).copied().unwrap_or(0); // CAST: below 64
            self.registers.set_lane(step.to, lane, shadow, pc);
        }
    }

    /// A matrix product: an element is undefined if anything in its row of A, its column of B or its place in C is.
    pub(super) fn matrix(&mut self) {
        let (wave, step, pc) = (self.event.wave, self.step, self.event.pc);
        let [a, b, c, ..] = step.sources;
        let factor = match step.op {
            Op::V_WMMA_I32_16X16X16_IU8 => Factor::Bits8,
            Op::V_WMMA_I32_16X16X16_IU4 => Factor::Bits4,
            _ => Factor::Bits16,
        };
        let half = matches!(step.op, Op::V_WMMA_F16_16X16X16_F16 | Op::V_WMMA_BF16_16X16X16_BF16);
        let high = step.more().packed[0] >> 2 & 1 != 0;
        let kept = match (half, high) {
            (false, _) => 0,
            (true, true) => 0xffff,
            (true, false) => 0xffff_0000,
        };
        let line = |source: &Source, at: u32| {
            (0..16).any(|k| {
                let (vgpr, slot, lane) = factor.place(at, k);
                let register = self.registers.lane(source.index.wrapping_add(vgpr as u8), lane); // CAST: below 8
                register >> (slot * factor.bits()) & (u32::MAX >> (32 - factor.bits())) != 0
            })
        };
        let rows: Vec<bool> = (0..16).map(|at| line(&a, at)).collect();
        let columns: Vec<bool> = (0..16).map(|at| line(&b, at)).collect();
        let size = if wave.is_wide() { wmma::Wave::Wave64 } else { wmma::Wave::Wave32 };
        let mut out = [[Lanes::ZERO; 2]; 8];
        for (row, row_undefined) in (0..).zip(&rows) {
            for (column, column_undefined) in (0..).zip(&columns) {
                let (vgpr, lane) = accumulator_place(size, row, column);
                let old = self.vector_or_scalar(&c, c.index.wrapping_add(vgpr as u8), lane) & !kept; // CAST: below 8
                let undefined = *row_undefined || *column_undefined || old != 0;
                let stays = self.registers.lane(step.to.wrapping_add(vgpr as u8), lane) & kept; // CAST: below 8
                let shadow = stays | if undefined { !kept } else { 0 };
                // CAST: below 8; below 64
                if let Some(halves) = out.get_mut(vgpr as usize)
                    && let Some(place) = halves.get_mut((lane / 32) as usize)
                {
                    place.0[(lane % 32) as usize] = shadow; // CAST: below 32
                }
            }
        }
        for (vgpr, halves) in (0..size.accumulator_vgprs() as u8).zip(&out) {
            // CAST: 4 or 8
            for (half, lanes) in halves.iter().enumerate().take(wave.halves()) {
                self.registers.write(step.to.wrapping_add(vgpr), half, u32::MAX, lanes, pc);
            }
        }
    }
}
