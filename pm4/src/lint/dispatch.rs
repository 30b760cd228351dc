//! Rules about the values that a dispatch has: its initiator, workgroup, grid and resources.

use alloc::format;

use super::{Linter, Rule};
use crate::Generation;
use crate::decode::walk::Memory;
use crate::registers::{
    ComputeNumThread, ComputePgmRsrc1, ComputePgmRsrc2, ComputePgmRsrc3, ComputeResourceLimits, ComputeTmpringSize,
    RegOffset, offset,
};
use crate::state::Dispatch;

const MAX_THREADS: u64 = 1024;
const AXES: [char; 3] = ['X', 'Y', 'Z'];

/// Bits of COMPUTE_DISPATCH_INITIATOR that a generation reserves. Source: Mesa `gfx{103,11,12}.json`.
const fn reserved_initiator_bits(generation: Generation) -> u32 {
    match generation {
        Generation::Gfx10 | Generation::Gfx10_3 => 0xFFFF_1380,
        Generation::Gfx11 => 0xFFFC_1380,
        Generation::Gfx12 => 0x1FF8_0380,
    }
}

/// What a workgroup is, as far as the stream shows it.
struct Workgroup {
    axes: [ComputeNumThread; 3],
    /// Threads along each axis.
    full: [u32; 3],
}

impl Workgroup {
    fn threads(&self) -> u64 {
        self.full.iter().fold(1, |product: u64, &size| product.saturating_mul(size.into()))
    }
}

impl<M: Memory + ?Sized> Linter<'_, M> {
    fn workgroup(&self) -> Option<Workgroup> {
        let first = offset::COMPUTE_NUM_THREAD_X.dwords();
        let value = |axis: u32| self.value(RegOffset::new(first + axis)).map(ComputeNumThread);
        let axes = [value(0)?, value(1)?, value(2)?];
        // gfx12 keeps INTERLEAVE_BITS above bit 12.
        let mask = if self.generation >= Generation::Gfx12 { 0x1FFF } else { 0xFFFF };
        Some(Workgroup { axes, full: axes.map(|axis| axis.full() & mask) })
    }

    pub(super) fn check_initiator(&mut self, at: usize, dispatch: &Dispatch) {
        let initiator = dispatch.initiator;
        if initiator.compute_shader_en() == 0 {
            let message = format!("the initiator is {:#x}: set COMPUTE_SHADER_EN, bit 0", initiator.0);
            self.report(Rule::ShaderDisabled, at, message);
        }
        let reserved = initiator.0 & reserved_initiator_bits(self.generation);
        if reserved != 0 {
            let message = format!("the initiator is {:#x}: clear {reserved:#x}", initiator.0);
            self.report(Rule::InitiatorBits, at, message);
        }
    }

    pub(super) fn check_workgroup(&mut self, at: usize, dispatch: &Dispatch) {
        let Some(group) = self.workgroup() else { return };
        let [x, y, z] = group.full;
        let threads = group.threads();
        if threads == 0 {
            self.report(Rule::EmptyWorkgroup, at, format!("NUM_THREAD is {x}, {y}, {z}: each is at least 1"));
        } else if threads > MAX_THREADS {
            let message = format!("NUM_THREAD is {x}, {y}, {z}: {threads} threads, at most {MAX_THREADS}");
            self.report(Rule::LargeWorkgroup, at, message);
        }
        if let Some(size) = group.full.into_iter().find(|&size| size >= 31 && (size + 1).is_power_of_two()) {
            self.report(Rule::SizeMinusOne, at, format!("NUM_THREAD has {size}: is it meant to be {}?", size + 1));
        }
        if dispatch.initiator.partial_tg_en() != 0 {
            let bad =
                group.axes.into_iter().zip(AXES).find(|(axis, _)| axis.partial() == 0 || axis.partial() > axis.full());
            if let Some((axis, name)) = bad {
                let message = format!(
                    "NUM_THREAD_{name} has PARTIAL {} and FULL {}: give 1 to FULL",
                    axis.partial(),
                    axis.full()
                );
                self.report(Rule::PartialSize, at, message);
            }
        }
        if let Some(tidig) = self.value(offset::COMPUTE_PGM_RSRC2).map(|value| ComputePgmRsrc2(value).tidig_comp_cnt())
        {
            let last = (0..3).rev().zip([z, y, x]).find(|(_, size)| *size > 1).map_or(0, |(axis, _)| axis);
            if last > tidig {
                let message = format!("NUM_THREAD is {x}, {y}, {z} and TIDIG_COMP_CNT {tidig}: set it to {last}");
                self.report(Rule::TidigMissing, at, message);
            }
        }
    }

    pub(super) fn check_grid(&mut self, at: usize, dispatch: &Dispatch) {
        let Some(dims) = dispatch.dims else { return };
        let [x, y, z] = dims;
        if dims.contains(&0) {
            self.report(Rule::EmptyGrid, at, format!("the dimensions are {x}, {y}, {z}: leave the dispatch out"));
            return;
        }
        self.check_start(at, dispatch, dims);
        let group = self.workgroup();
        let in_threads = dispatch.initiator.use_thread_dimensions() != 0;
        let mut groups = dims;
        if let Some(group) = group.filter(|_| in_threads) {
            groups = core::array::from_fn(|axis| {
                let (dim, size) = (dims.get(axis).copied().unwrap_or(1), group.full.get(axis).copied().unwrap_or(1));
                dim.div_ceil(size.max(1))
            });
            let small = dims.iter().zip(group.full).position(|(&dim, size)| dim < size);
            if let Some(axis) = small.filter(|_| groups == [1, 1, 1]) {
                let (dim, size) = (dims.get(axis).copied().unwrap_or(0), group.full.get(axis).copied().unwrap_or(0));
                let message = format!(
                    "{dim} threads along an axis where a workgroup has {size}: clear bit 5 if they are workgroups"
                );
                self.report(Rule::ThreadDimensions, at, message);
            }
        }
        let Some(rsrc2) = self.value(offset::COMPUTE_PGM_RSRC2).map(ComputePgmRsrc2) else { return };
        let enabled = [rsrc2.tgid_x_en(), rsrc2.tgid_y_en(), rsrc2.tgid_z_en()];
        let missing =
            groups.into_iter().zip(enabled).zip(AXES).find(|((groups, enabled), _)| *groups > 1 && *enabled == 0);
        if let Some(((groups, _), axis)) = missing {
            let message =
                format!("{groups} workgroups along {axis} and TGID_{axis}_EN is 0 (RSRC2 {:#010x}): set it", rsrc2.0);
            self.report(Rule::TgidMissing, at, message);
        }
    }

    fn check_start(&mut self, at: usize, dispatch: &Dispatch, dims: [u32; 3]) {
        if dispatch.initiator.force_start_at_000() != 0 {
            return;
        }
        let first = offset::COMPUTE_START_X.dwords();
        let start = [first, first + 1, first + 2].map(RegOffset::new);
        if start.iter().any(|&register| !self.is_set(register)) {
            let message = format!(
                "the initiator is {:#x}: set FORCE_START_AT_000, bit 2, or the three registers",
                dispatch.initiator.0
            );
            self.report(Rule::StartUnset, at, message);
        }
        let start = start.map(|register| self.value(register));
        let past = start
            .into_iter()
            .zip(dims)
            .zip(AXES)
            .find(|((start, dim), _)| start.is_some_and(|start| start > 0 && start >= *dim));
        if let Some(((start, dim), axis)) = past {
            let message =
                format!("COMPUTE_START_{axis} is {} and the dimension {dim}: it is an end value", start.unwrap_or(0));
            self.report(Rule::StartPastEnd, at, message);
        }
    }

    pub(super) fn check_resources(&mut self, at: usize, dispatch: &Dispatch) {
        let wave32 = dispatch.initiator.cs_w32_en() != 0;
        if let Some(rsrc1) = self.value(offset::COMPUTE_PGM_RSRC1).map(ComputePgmRsrc1) {
            if wave32 && rsrc1.vgprs() > 31 {
                let message = format!("VGPRS is {} in wave32: at most 31, and 8 VGPRs a unit", rsrc1.vgprs());
                self.report(Rule::ManyVgprs, at, message);
            }
            if rsrc1.privileged() != 0 {
                self.report(Rule::Privileged, at, format!("RSRC1 is {:#010x}: clear bit 20", rsrc1.0));
            }
        }
        if let Some(rsrc2) = self.value(offset::COMPUTE_PGM_RSRC2).map(ComputePgmRsrc2) {
            self.check_rsrc2(at, rsrc2, wave32);
        }
        self.check_traps(at);
        let limits = self.value(offset::COMPUTE_RESOURCE_LIMITS).map(ComputeResourceLimits);
        if let (Some(limits), Some(group)) = (limits, self.workgroup()) {
            let waves = group.threads().div_ceil(if wave32 { 32 } else { 64 });
            let limit = u64::from(limits.waves_per_sh());
            if limit != 0 && limit < waves {
                let message =
                    format!("WAVES_PER_SH is {limit} and a workgroup has {waves} waves: write 0 for no limit");
                self.report(Rule::WavesPerSh, at, message);
            }
        }
    }

    fn check_rsrc2(&mut self, at: usize, rsrc2: ComputePgmRsrc2, wave32: bool) {
        let system = rsrc2.tgid_x_en() + rsrc2.tgid_y_en() + rsrc2.tgid_z_en() + rsrc2.tg_size_en();
        let sgprs = rsrc2.user_sgpr() + system;
        if wave32 && self.options.gfx.needs_16_sgprs() && sgprs < 16 {
            let message = format!(
                "{} user and {system} system SGPRs on {} in wave32: set USER_SGPR to {}, and read the ids after them",
                rsrc2.user_sgpr(),
                self.options.gfx,
                16 - system.min(16)
            );
            self.report(Rule::FewSgprs, at, message);
        }
        if rsrc2.lds_size() > 128 {
            let message = format!("LDS_SIZE is {}: {} bytes, at most 65536", rsrc2.lds_size(), rsrc2.lds_size() * 512);
            self.report(Rule::LdsTooLarge, at, message);
        }
    }

    fn check_traps(&mut self, at: usize) {
        let gfx12 = self.generation >= Generation::Gfx12; // DYNAMIC_VGPR in the place of TRAP_PRESENT
        let rsrc2 = ComputePgmRsrc2(self.value(offset::COMPUTE_PGM_RSRC2).unwrap_or(0));
        let rsrc3 = ComputePgmRsrc3(self.value(offset::COMPUTE_PGM_RSRC3).unwrap_or(0));
        let in_rsrc2 = (!gfx12 && rsrc2.trap_present() != 0) || rsrc2.excp_en() != 0 || rsrc2.excp_en_msb() != 0;
        let in_rsrc3 = self.generation == Generation::Gfx11 && (rsrc3.trap_on_start() != 0 || rsrc3.trap_on_end() != 0);
        if in_rsrc2 || in_rsrc3 {
            let message = format!(
                "RSRC2 {:#010x}, RSRC3 {:#x}: clear TRAP_PRESENT, EXCP_EN and TRAP_ON_START and END",
                rsrc2.0, rsrc3.0
            );
            self.report(Rule::TrapEnabled, at, message);
        }
    }

    pub(super) fn check_scratch(&mut self, at: usize) {
        let enabled =
            self.value(offset::COMPUTE_PGM_RSRC2).is_some_and(|value| ComputePgmRsrc2(value).scratch_en() != 0);
        if !enabled {
            return;
        }
        let size = match self.value(offset::COMPUTE_TMPRING_SIZE).map(ComputeTmpringSize) {
            Some(size) => (size.waves() != 0 && size.wavesize() != 0).then_some(size),
            None if self.is_set(offset::COMPUTE_TMPRING_SIZE) || self.is_continuation => return,
            None => None,
        };
        let Some(size) = size else {
            let message = format!(
                "COMPUTE_TMPRING_SIZE is {:?}: set WAVES and WAVESIZE",
                self.value(offset::COMPUTE_TMPRING_SIZE)
            );
            self.report(Rule::ScratchUnset, at, message);
            return;
        };
        // Before gfx11 the base is in user SGPRs.
        if self.generation < Generation::Gfx11 {
            return;
        }
        let (low, high) = (offset::COMPUTE_DISPATCH_SCRATCH_BASE_LO, offset::COMPUTE_DISPATCH_SCRATCH_BASE_HI);
        let base = (self.value(low), self.value(high));
        let unset = !self.is_set(low) || !self.is_set(high);
        if (unset && !self.is_continuation) || base == (Some(0), Some(0)) {
            self.report(
                Rule::ScratchUnset,
                at,
                "COMPUTE_DISPATCH_SCRATCH_BASE is not set: give the ring's address >> 8".into(),
            );
        } else if let (Some(low), Some(high)) = base {
            self.check_scratch_buffer(at, u64::from(high & 0xFF) << 40 | u64::from(low) << 8, size);
        }
    }
}
