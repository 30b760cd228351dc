//! The shadows of a wave's registers.

use super::Start;
use crate::shader::exec::fetch::{fetch, fetch_wide};
use crate::shader::isa::Wide;
use crate::shader::step::{From, Source, Step, modifier};
use crate::shader::{EXEC, Lanes, NULL, VCC, Wave};

/// The bit of SCC in sets of scalar registers, which NULL has no use for.
pub(super) const SCC: u8 = NULL;

/// Scalar registers that are always defined: EXEC and the trap handler's.
const ALWAYS: u128 = 0b11 << EXEC | 0xffff << 108;

/// No instruction has written it.
pub(super) const NEVER: u32 = u32::MAX;

/// Shadows of registers, which are registers themselves: a bit is 1 where the real one is undefined.
pub(super) struct Registers {
    /// SGPRs, VGPRs and SCC. EXEC in it is the real one, for lane exchanges.
    wave: Wave,
    /// Lanes of each VGPR with an undefined bit.
    dirt: Box<[u64; 256]>,
    /// Scalar registers with an undefined bit.
    pub(super) scalar_dirt: u128,
    /// The dword of the last instruction that left undefined bits in each VGPR, then in each scalar register.
    origins: Box<[u32; 256]>,
    scalar_origins: [u32; 128],
    /// Of scratch memory, one lane after the other; made at its first use.
    pub(super) scratch: Vec<u8>,
}

impl Registers {
    pub(super) fn new(real: &Wave, start: &Start) -> Self {
        let mut wave = Wave::new(real.is_wide(), 0);
        let all = u64::MAX >> (64 - real.lanes());
        let mut dirt = Box::new([all; 256]);
        for &(index, lanes) in &start.vectors {
            if let Some(dirt) = dirt.get_mut(usize::from(index)) {
                *dirt &= !lanes;
            }
        }
        for half in 0..real.halves() {
            for (index, dirt) in (0..=u8::MAX).zip(dirt.iter()) {
                let dirty = (dirt >> (half * 32)) as u32; // CAST: one half
                let lanes = &mut wave.vgpr_mut(half, index).0;
                if dirty == u32::MAX {
                    lanes.fill(u32::MAX);
                } else {
                    lanes.iter_mut().enumerate().filter(|(lane, _)| dirty >> lane & 1 != 0).for_each(|(_, x)| *x = !0);
                }
            }
        }
        let defined = start.scalars & !(1 << SCC) | ALWAYS | u128::from(start.scc) << SCC;
        for (index, place) in wave.sgpr.iter_mut().enumerate() {
            *place = if defined >> index & 1 != 0 { 0 } else { u32::MAX };
        }
        wave.sgpr[usize::from(NULL)] = 0;
        wave.scc = !start.scc;
        Self {
            wave,
            dirt,
            scalar_dirt: !defined,
            origins: Box::new([NEVER; 256]),
            scalar_origins: [NEVER; 128],
            scratch: Vec::new(),
        }
    }

    /// Lanes of a VGPR with an undefined bit.
    #[inline(always)]
    pub(super) fn dirt(&self, index: u8) -> u64 {
        self.dirt[usize::from(index)]
    }

    pub(super) fn origin(&self, index: u8) -> u32 {
        self.origins[usize::from(index)]
    }

    pub(super) fn scalar_origin(&self, index: u8) -> u32 {
        self.scalar_origins.get(usize::from(index)).copied().unwrap_or(NEVER)
    }

    /// What lane exchanges go by.
    pub(super) fn follow(&mut self, real: &Wave) {
        self.wave.set_exec(real.exec());
    }

    pub(super) fn lane(&self, index: u8, lane: u32) -> u32 {
        self.wave.lane(index, lane)
    }

    /// The shadow of a scalar register; SCC has the number of NULL.
    pub(super) fn scalar(&self, index: u8) -> u32 {
        match index {
            SCC => self.wave.scc.into(),
            EXEC | 127 => 0,
            _ => self.wave.scalar(index),
        }
    }

    /// The shadows of two of them.
    pub(super) fn scalar64(&self, index: u8) -> u64 {
        match index {
            NULL | EXEC => 0,
            _ => u64::from(self.scalar(index.wrapping_add(1))) << 32 | u64::from(self.scalar(index)),
        }
    }

    pub(super) fn mask_half(&self, index: u8, half: usize) -> u32 {
        match index {
            NULL | EXEC => 0,
            _ => self.scalar(index.wrapping_add(half as u8)), // CAST: 0 or 1
        }
    }

    pub(super) const fn condition(&self) -> bool {
        self.wave.scc
    }

    /// The shadow of a lane mask.
    pub(super) fn mask(&self, index: u8) -> u64 {
        let high = if self.wave.is_wide() { u64::from(self.mask_half(index, 1)) << 32 } else { 0 };
        high | u64::from(self.mask_half(index, 0))
    }

    /// Whether it is undefined if a lane mask of `value` is zero.
    pub(super) fn zero_undefined(&self, index: u8, value: u64) -> bool {
        let shadow = self.mask(index);
        shadow != 0 && value & !shadow == 0
    }

    /// The shadow of a scalar source, of one dword or two.
    pub(super) fn source(&self, real: &Wave, source: &Source) -> u64 {
        match source.from {
            From::Scalar if source.has(modifier::WIDE) => self.scalar64(source.index),
            From::Scalar if source.index != NULL => self.scalar(source.index).into(),
            From::Condition => match source.index {
                251 => self.zero_undefined(VCC, real.vcc()).into(),
                252 => 0,
                _ => self.wave.scc.into(),
            },
            _ => 0,
        }
    }

    /// The shadows of 32 lanes of a source of one dword.
    pub(super) fn fetch<'a>(
        &'a self,
        real: &Wave,
        step: &Step,
        source: &Source,
        half: usize,
        room: &'a mut Lanes,
    ) -> &'a Lanes {
        // Flipping the sign moves no undefined bit, dropping it defines it.
        let source = Source { modifiers: source.modifiers & !modifier::NEG, ..*source };
        if source.from == From::Vgpr {
            return fetch(&self.wave, step, &source, half, room);
        }
        let bits = self.source(real, &Source { modifiers: 0, ..source }) as u32; // CAST: one dword
        let sign = if source.has(modifier::SIGN16) { 1 << 15 } else { 1 << 31 };
        let bits = if source.has(modifier::HIGH) { bits >> 16 } else { bits };
        room.0 = [if source.has(modifier::ABS) { bits & !sign } else { bits }; 32];
        room
    }

    /// The same of one dword or two.
    pub(super) fn fetch_wide(&self, real: &Wave, step: &Step, source: &Source, half: usize, room: &mut Wide) {
        let source = Source { modifiers: source.modifiers & !modifier::NEG, ..*source };
        if source.from == From::Vgpr {
            fetch_wide(&self.wave, step, &source, half, &mut { Lanes::ZERO }, room);
            return;
        }
        let bits = self.source(real, &source);
        *room = [if source.has(modifier::ABS) { bits & !(1 << 63) } else { bits }; 32];
    }

    /// What `writers` of 32 lanes get.
    pub(super) fn write(&mut self, index: u8, half: usize, writers: u32, shadow: &Lanes, pc: usize) {
        let mut dirty = 0;
        for (lane, (place, &new)) in self.wave.vgpr_mut(half, index).0.iter_mut().zip(&shadow.0).enumerate() {
            if writers >> lane & 1 != 0 {
                *place = new;
            }
            dirty |= u32::from(*place != 0) << lane;
        }
        let at = half * 32;
        let place = &mut self.dirt[usize::from(index)];
        *place = *place & !(0xffff_ffff << at) | u64::from(dirty) << at;
        if dirty & writers != 0 {
            self.origins[usize::from(index)] = pc as u32; // CAST: code has less than 2^32 dwords
        }
    }

    pub(super) fn set_lane(&mut self, index: u8, lane: u32, shadow: u32, pc: usize) {
        self.wave.set_lane(index, lane, shadow);
        let place = &mut self.dirt[usize::from(index)];
        *place = *place & !(1 << lane) | u64::from(shadow != 0) << lane;
        if shadow != 0 {
            self.origins[usize::from(index)] = pc as u32; // CAST: as above
        }
    }

    /// A VGPR is defined in these lanes.
    #[inline]
    pub(super) fn define(&mut self, index: u8, lanes: u64) {
        if self.dirt[usize::from(index)] & lanes != 0 {
            self.clean(index, lanes);
        }
    }

    #[inline(never)]
    fn clean(&mut self, index: u8, lanes: u64) {
        self.dirt[usize::from(index)] &= !lanes;
        for half in 0..self.wave.halves() {
            let lanes = (lanes >> (half * 32)) as u32; // CAST: one half
            for (lane, place) in self.wave.vgpr_mut(half, index).0.iter_mut().enumerate() {
                *place &= (lanes >> lane & 1).wrapping_sub(1);
            }
        }
    }

    /// The shadow of a scalar register; of SCC by its number here.
    pub(super) fn set_scalar(&mut self, index: u8, shadow: u32, pc: usize) {
        if ALWAYS >> index & 1 != 0 {
            return;
        }
        if index == SCC {
            self.wave.scc = shadow != 0;
        } else {
            self.wave.set_scalar(index, shadow);
        }
        self.scalar_dirt = self.scalar_dirt & !(1 << index) | u128::from(shadow != 0) << index;
        if let (true, Some(origin)) = (shadow != 0, self.scalar_origins.get_mut(usize::from(index))) {
            *origin = pc as u32; // CAST: as above
        }
    }

    /// The shadow of an operation's scalar result; NULL drops it.
    pub(super) fn set_result(&mut self, index: u8, wide: bool, shadow: u64, pc: usize) {
        if index != NULL {
            self.set_scalar(index, shadow as u32, pc); // CAST: the low half
            if wide {
                self.set_scalar(index.wrapping_add(1) & 127, (shadow >> 32) as u32, pc); // CAST: the high half
            }
        }
    }

    /// These scalar registers are defined.
    #[inline]
    pub(super) fn define_scalars(&mut self, set: u128) {
        let mut left = set & self.scalar_dirt;
        while left != 0 {
            let index = left.trailing_zeros() as u8; // CAST: below 128
            left &= left - 1;
            self.set_scalar(index, 0, 0);
        }
    }
}
