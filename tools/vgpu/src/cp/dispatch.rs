//! From registers to a dispatch of the shader engine.

use sparkle_pm4::Ring;
use sparkle_pm4::registers::{
    ComputeDispatchInitiator, ComputeNumThread, ComputePgmRsrc1, ComputePgmRsrc2, ComputePgmRsrc3,
    ComputeResourceLimits, ComputeTmpringSize, RegOffset, offset,
};
use sparkle_rdna3::WaveSize;

use super::footprint::Footprint;
use super::memory::{locate, nth};
use super::order::Order;
use super::outcome::{Access, Requester, Stop};
use super::program::{Fetched, read_first};
use super::run::Run;
use super::state::THREAD_MGMT;
use crate::sanitize::uninit::Start;
use crate::sanitize::{Allocation, Launch};
use crate::shader::{Cause, Chip, Dispatch, DispatchFault, Fault, Grid, Inputs};

/// What a dispatch depends on: stale values of it come from whoever used the queue before.
///
/// Source: Mesa `radv_cmd_buffer.c`, `radv_emit_compute_pipeline` and `radv_queue.c`: all set once a stream or a dispatch.
const NEEDED: [RegOffset; 10] = [
    offset::COMPUTE_PGM_LO,
    offset::COMPUTE_PGM_HI,
    offset::COMPUTE_PGM_RSRC1,
    offset::COMPUTE_PGM_RSRC2,
    offset::COMPUTE_PGM_RSRC3,
    offset::COMPUTE_NUM_THREAD_X,
    offset::COMPUTE_NUM_THREAD_Y,
    offset::COMPUTE_NUM_THREAD_Z,
    offset::COMPUTE_RESOURCE_LIMITS,
    offset::COMPUTE_TMPRING_SIZE,
];

/// DX10_CLAMP, IEEE and FP16_OVFL in MODE. Source: RDNA3 ISA, table 8 ("MODE").
const MODE_DX10_CLAMP: u32 = 8;
const MODE_IEEE: u32 = 9;
const MODE_FP16_OVFL: u32 = 23;

/// A register of a group, by its number there.
const fn nth_register(first: RegOffset, index: u32) -> RegOffset {
    RegOffset::new(first.dwords() + index)
}

impl Run<'_> {
    /// DISPATCH_INDIRECT: sizes are in memory.
    pub(super) fn dispatch_at(&mut self, va: u64, initiator: ComputeDispatchInitiator) -> Result<(), Stop> {
        if let Some((at, touched)) = self.order.touching(super::memory::canonical(va), 12, false) {
            let what = || format!("the sizes at {touched:#x} are read while waves of the {at} may still write them");
            self.finding("cp-order", false, what)?;
        }
        self.check_fresh_data(va, 12)?;
        let sizes = self.memory.read(va, 3)?;
        self.dispatch([nth(&sizes, 0), nth(&sizes, 1), nth(&sizes, 2)], initiator)
    }

    /// Starts what the registers say, with these sizes.
    pub(super) fn dispatch(&mut self, dims: [u32; 3], initiator: ComputeDispatchInitiator) -> Result<(), Stop> {
        let registers = &mut self.state.registers;
        registers.set(offset::COMPUTE_DISPATCH_INITIATOR, initiator.0);
        for (index, dim) in (0..).zip(dims) {
            registers.set(nth_register(offset::COMPUTE_DIM_X, index), dim);
        }
        if initiator.compute_shader_en() == 0 {
            return self.finding("cp-no-shader", true, || "COMPUTE_SHADER_EN is 0: nothing is launched".into());
        }
        self.check_initiator(initiator)?;
        let grid = self.grid(dims, initiator)?;
        let most = self.device.limits().groups;
        if grid.groups().is_none_or(|groups| groups > most) {
            return Err(Stop::Hang(format!("{dims:?} is more than the {most} workgroups that would end in time")));
        }
        if grid.groups() == Some(0) {
            return self.finding("cp-empty", false, || "the dispatch has no workgroup".into());
        }
        self.check_fresh(initiator)?;
        self.check_limits(&grid, initiator)?;
        self.launch(grid, initiator)
    }

    fn check_initiator(&self, initiator: ComputeDispatchInitiator) -> Result<(), Stop> {
        let refused = [
            ("ORDERED_APPEND_ENBL", initiator.ordered_append_enbl()),
            ("RESTORE", initiator.restore()),
            ("AMP_SHADER_EN", initiator.amp_shader_en()),
        ];
        match refused.into_iter().find(|(_, set)| *set != 0) {
            Some((name, _)) => Err(Stop::not_modelled(format_args!("a dispatch with {name}"))),
            None => Ok(()),
        }
    }

    /// The workgroups.
    ///
    /// Source: Mesa `radv_cmd_buffer.c`, `radv_emit_dispatch_packets` (sizes are ends where START is not 0, partial
    /// workgroups); HSA's AQL, whose sizes count threads and need not divide.
    fn grid(&self, dims: [u32; 3], initiator: ComputeDispatchInitiator) -> Result<Grid, Stop> {
        let value = |first: RegOffset, axis: u32| self.state.registers.value(nth_register(first, axis));
        let mut grid = Grid::new(dims, [1; 3]);
        for (axis, dim) in (0u32..).zip(dims) {
            let threads = ComputeNumThread(value(offset::COMPUTE_NUM_THREAD_X, axis));
            let (full, mut last) = (threads.full(), threads.full());
            let start = if initiator.force_start_at_000() != 0 { 0 } else { value(offset::COMPUTE_START_X, axis) };
            let mut end = dim;
            if initiator.partial_tg_en() != 0 {
                last = threads.partial();
                if last == 0 || last > full {
                    let what = format!("PARTIAL_TG_EN with a last workgroup of {last} threads on an axis of {full}");
                    return Err(Stop::Hang(what));
                }
            }
            if initiator.use_thread_dimensions() != 0 {
                if start != 0 || initiator.partial_tg_en() != 0 {
                    return Err(Stop::not_modelled("USE_THREAD_DIMENSIONS with START or PARTIAL_TG_EN"));
                }
                end = dim.div_ceil(full.max(1));
                last = match dim % full.max(1) {
                    0 => full,
                    rest => rest,
                };
            }
            let axis = axis as usize; // CAST: below 3
            for (to, from) in [
                (&mut grid.first, start),
                (&mut grid.end, end),
                (&mut grid.threads, full),
                (&mut grid.last_threads, last),
            ] {
                if let Some(place) = to.get_mut(axis) {
                    *place = from;
                }
            }
        }
        Ok(grid)
    }

    /// Tells of registers that this job has not set.
    ///
    /// The kernel leaves the masks of shader engines 0 to 3 set on a compute queue, but its last user may not have.
    /// Source: Linux `gfx_v11_0.c`, `gfx_v11_0_compute_mqd_init`.
    fn check_fresh(&self, initiator: ComputeDispatchInitiator) -> Result<(), Stop> {
        let registers = &self.state.registers;
        let two = ComputePgmRsrc2(registers.value(offset::COMPUTE_PGM_RSRC2));
        let group = |first, count| (0..count).map(move |index| nth_register(first, index));
        let engines = if self.ring == Ring::Compute { self.device.shader_engines() } else { 0 };
        let stale: Vec<_> = NEEDED
            .into_iter()
            .chain(group(offset::COMPUTE_USER_DATA_0, two.user_sgpr().min(16)))
            .chain(group(offset::COMPUTE_START_X, if initiator.force_start_at_000() != 0 { 0 } else { 3 }))
            .chain(group(offset::COMPUTE_DISPATCH_SCRATCH_BASE_LO, two.scratch_en() * 2))
            .chain(THREAD_MGMT.into_iter().take(engines))
            .filter(|register| !registers.is_fresh(*register))
            .collect();
        if stale.is_empty() {
            return Ok(());
        }
        let used = self.used(&stale, initiator)?;
        let matters = !used.is_empty();
        let name =
            |register: &RegOffset| offset::ALL.iter().find(|(_, known)| known == register).map(|(name, _)| *name);
        let names: Vec<_> = if matters { &used } else { &stale }.iter().filter_map(name).collect();
        let what =
            || format!("this submission has not set {}: what the last one on the ring left is used", names.join(", "));
        if matters { self.finding("cp-stale-state", true, what) } else { self.advice("cp-stale-state", what) }
    }

    /// Those of the registers that make a difference. Drivers leave the scratch ring unset where no kernel has scratch,
    /// and user data that no kernel reads. A strict device does not ask.
    ///
    /// Source: Mesa `radv_queue.c`, `radv_emit_compute_scratch`; `radv_shader_args.c`, `ac.ring_offsets`.
    fn used(&self, stale: &[RegOffset], initiator: ComputeDispatchInitiator) -> Result<Vec<RegOffset>, Stop> {
        if self.device.is_strict() {
            return Ok(stale.to_vec());
        }
        let two = ComputePgmRsrc2(self.state.registers.value(offset::COMPUTE_PGM_RSRC2));
        let users = offset::COMPUTE_USER_DATA_0.dwords()..offset::COMPUTE_USER_DATA_0.dwords() + 16;
        let mut read = 0;
        if stale.iter().any(|register| users.contains(&register.dwords())) {
            let wave = if initiator.cs_w32_en() != 0 { WaveSize::Wave32 } else { WaveSize::Wave64 };
            let Fetched { program, entry, .. } = self.fetch(self.chip()?, wave)?;
            read = read_first(&program, entry);
        }
        let matters = |register: &RegOffset| match register.dwords() {
            user if users.contains(&user) => read >> (user - users.start) & 1 != 0,
            _ => *register != offset::COMPUTE_TMPRING_SIZE || two.scratch_en() != 0,
        };
        Ok(stale.iter().copied().filter(matters).collect())
    }

    /// Tells of limits that no workgroup fits. What a card does then is not known, so that they limit nothing here.
    fn check_limits(&self, grid: &Grid, initiator: ComputeDispatchInitiator) -> Result<(), Stop> {
        let limits = ComputeResourceLimits(self.state.registers.value(offset::COMPUTE_RESOURCE_LIMITS));
        let threads = grid.threads.iter().map(|&threads| u64::from(threads)).product::<u64>();
        let waves = threads.div_ceil(if initiator.cs_w32_en() != 0 { 32 } else { 64 });
        let most = u64::from(limits.waves_per_sh());
        if most == 0 || most >= waves {
            return Ok(());
        }
        let what = || format!("WAVES_PER_SH is {most}, and a workgroup has {waves} waves: it may never start");
        self.finding("cp-limits", false, what)
    }

    /// The chip with the compute units that are on.
    fn chip(&self) -> Result<Chip, Stop> {
        let chip = self.device.chip();
        let array = u32::MAX >> (32 - chip.array_units.clamp(1, 16));
        let on: u32 = THREAD_MGMT
            .into_iter()
            .take(self.device.shader_engines())
            .map(|register| self.state.registers.value(register) & (array << 16 | array))
            .map(u32::count_ones)
            .sum();
        if on == 0 {
            return Err(Stop::Hang("no compute unit takes waves: COMPUTE_STATIC_THREAD_MGMT_SE* are 0".into()));
        }
        Ok(Chip { compute_units: on.min(chip.compute_units), ..chip })
    }

    fn launch(&mut self, grid: Grid, initiator: ComputeDispatchInitiator) -> Result<(), Stop> {
        let value = |register| self.state.registers.value(register);
        let (rsrc1, rsrc2) = (value(offset::COMPUTE_PGM_RSRC1), value(offset::COMPUTE_PGM_RSRC2));
        let (one, two) = (ComputePgmRsrc1(rsrc1), ComputePgmRsrc2(rsrc2));
        let three = ComputePgmRsrc3(value(offset::COMPUTE_PGM_RSRC3));
        let wave = if initiator.cs_w32_en() != 0 { WaveSize::Wave32 } else { WaveSize::Wave64 };
        let (chip, lanes) = (self.chip()?, if wave == WaveSize::Wave32 { 32 } else { 64 });
        check_modes(rsrc1, two, three)?;
        let inputs = self.inputs(one, two, wave)?;
        let scratch_bytes = self.scratch(two)? / lanes;
        let Fetched { program, entry, stale } = self.fetch(chip, wave)?;
        if let Some(va) = stale {
            let what =
                || format!("the code at {va:#x} was written since it was fetched, without GLI_INV: the old code runs");
            self.finding("cp-stale-code", false, what)?;
        }
        let allocation = Allocation::of_registers(chip, wave, rsrc1, rsrc2, scratch_bytes);
        let start = Start::of(&inputs);
        let launch = Launch {
            program: &program,
            memory: self.memory.global,
            entry,
            prefetch: three.inst_pref_size(),
            allocation,
            start: &start,
        };
        let dispatch = Dispatch {
            program: &program,
            entry,
            memory: self.memory.global,
            chip,
            grid,
            inputs: &inputs,
            vgprs: allocation.vgprs,
            lds_bytes: allocation.lds_bytes,
            scratch_bytes: allocation.scratch_bytes,
            wgp_mode: one.wgp_mode() != 0,
            limit: self.device.limits().instructions,
        };
        self.start(&dispatch, &launch)
    }

    fn start(&mut self, dispatch: &Dispatch<'_>, launch: &Launch<'_>) -> Result<(), Stop> {
        let at = self.place();
        let footprint = self.watch.shader.wants_footprint().then(Footprint::default);
        let begin = self.device.now();
        self.watch.coherence.dispatch_begins(&at);
        let result = self.watch.shader.run(dispatch, launch, footprint.as_ref());
        let totals = result.map_err(|fault| stop(fault, launch.program.base()))?;
        self.watch.coherence.dispatch_ends(&at);
        // So much time, for want of better: each SIMD one instruction a tick.
        let simds = u64::from(dispatch.chip.compute_units.max(1) * crate::shader::chip::SIMDS);
        let end = self.device.advance(totals.instructions / simds + 1);
        self.watch.events.dispatch(&at, &totals, begin..end);
        if let Some(footprint) = &footprint {
            self.check_order(footprint)?;
        }
        self.order.launched(at, footprint);
        Ok(())
    }

    /// Tells of earlier dispatches that may still run and touch what this one does.
    fn check_order(&self, footprint: &Footprint) -> Result<(), Stop> {
        let Order { pending, .. } = &self.order;
        for (at, conflict) in
            pending.iter().filter_map(|earlier| Some((&earlier.at, earlier.footprint.as_ref()?.conflict(footprint)?)))
        {
            let verb = |writes| if writes { "writes" } else { "reads" };
            let (before, now) = (verb(conflict.written_before), verb(conflict.written_after));
            let what = || {
                format!(
                    "{:#x}, which this dispatch {now}, the {at} {before}, and no CS_PARTIAL_FLUSH is between",
                    conflict.va
                )
            };
            self.finding("cp-order", false, what)?;
        }
        Ok(())
    }

    /// The code at COMPUTE_PGM.
    fn fetch(&self, chip: Chip, wave: WaveSize) -> Result<Fetched, Stop> {
        let value = |register| u64::from(self.state.registers.value(register));
        let va = (value(offset::COMPUTE_PGM_HI) & 0xff) << 40 | value(offset::COMPUTE_PGM_LO) << 8;
        let fault = |why: &str| Stop::Fault {
            va,
            access: Access::Execute,
            requester: Requester::Instruction,
            why: format!("COMPUTE_PGM: {why}"),
        };
        let (region, entry) = locate(self.memory.global, va).ok_or_else(|| fault("no buffer is mapped there"))?;
        if !region.permissions.execute {
            return Err(fault("the buffer is not mapped executable"));
        }
        Ok(self.device.code.fetch(self.job.space, &region, entry, chip.target(wave)))
    }

    fn inputs(&self, one: ComputePgmRsrc1, two: ComputePgmRsrc2, wave: WaveSize) -> Result<Inputs, Stop> {
        let users = two.user_sgpr();
        if users > 16 {
            return Err(Stop::Hang(format!("USER_SGPR is {users}, at most 16 exist")));
        }
        let group_ids = [two.tgid_x_en(), two.tgid_y_en(), two.tgid_z_en()].map(|on| on != 0);
        let count = users + group_ids.iter().map(|on| u32::from(*on)).sum::<u32>() + two.tg_size_en();
        // Source: LLVM `AMDGPU.td`, `FeatureUserSGPRInit16Bug`.
        if wave == WaveSize::Wave32 && self.device.gfx().needs_16_sgprs() && count < 16 {
            let what = || format!("a wave32 kernel with {count} initialised SGPRs, where this chip must have 16");
            // Mesa has no cure for it.
            self.advice("cp-sgpr-16", what)?;
        }
        let user = (0..users)
            .map(|index| self.state.registers.value(nth_register(offset::COMPUTE_USER_DATA_0, index)))
            .collect();
        let mode = one.float_mode()
            | one.dx10_clamp() << MODE_DX10_CLAMP
            | one.ieee_mode() << MODE_IEEE
            | one.fp16_ovfl() << MODE_FP16_OVFL;
        let thread_ids = two.tidig_comp_cnt().min(2) as u8; // CAST: at most 2
        Ok(Inputs { user, group_ids, group_info: two.tg_size_en() != 0, thread_ids, mode })
    }

    /// Scratch of a wave, in bytes. Its contents are the wave's own and not those of the buffer, which must be there.
    ///
    /// Source: Mesa `ac_shader_util.c`, `ac_get_scratch_tmpring_size`: units of 256 bytes, waves of a shader engine.
    fn scratch(&self, two: ComputePgmRsrc2) -> Result<u32, Stop> {
        if two.scratch_en() == 0 {
            return Ok(0);
        }
        let value = |register| self.state.registers.value(register);
        let size = ComputeTmpringSize(value(offset::COMPUTE_TMPRING_SIZE));
        if size.waves() == 0 || size.wavesize() == 0 {
            let (waves, bytes) = (size.waves(), size.wavesize());
            let why =
                format!("SCRATCH_EN with a ring of {waves} waves of {bytes} times 256 bytes: no wave gets a place");
            return Err(Stop::Hang(why));
        }
        let base = u64::from(value(offset::COMPUTE_DISPATCH_SCRATCH_BASE_HI) & 0xff) << 40
            | u64::from(value(offset::COMPUTE_DISPATCH_SCRATCH_BASE_LO)) << 8;
        let engines = self.device.shader_engines() as u64; // CAST: widening
        let bytes = u64::from(size.waves()) * u64::from(size.wavesize()) * 256 * engines;
        self.memory.check(base, bytes, Access::Write).map_err(|stop| match stop {
            Stop::Fault { va, access, why, .. } => {
                let why = format!("the scratch ring of {bytes:#x} bytes at {base:#x}: {why}");
                Stop::Fault { va, access, requester: Requester::Vector, why }
            }
            other => other,
        })?;
        Ok(size.wavesize() * 256)
    }
}

/// Refuses modes of a wave that are not modelled.
fn check_modes(rsrc1: u32, two: ComputePgmRsrc2, three: ComputePgmRsrc3) -> Result<(), Stop> {
    let refused = [
        ("DEBUG_MODE", rsrc1 >> 22 & 1),
        ("TRAP_PRESENT", two.trap_present()),
        ("EXCP_EN", two.excp_en() | two.excp_en_msb()),
        ("SHARED_VGPR_CNT", three.shared_vgpr_cnt()),
        ("TRAP_ON_START", three.trap_on_start()),
        ("TRAP_ON_END", three.trap_on_end()),
    ];
    match refused.into_iter().find(|(_, value)| *value != 0) {
        Some((name, _)) => Err(Stop::not_modelled(format_args!("a dispatch with {name}"))),
        None => Ok(()),
    }
}

/// What a fault of a wave is to the queue.
fn stop(fault: DispatchFault, base: u64) -> Stop {
    let why = fault.to_string();
    let DispatchFault::Wave { fault: Fault { cause, instruction, .. }, .. } = fault else {
        return Stop::Hang(why);
    };
    let requester = if instruction.starts_with("s_") { Requester::Scalar } else { Requester::Vector };
    match cause {
        Cause::Illegal { .. } => Stop::Illegal(why),
        Cause::OutsideCode { offset } => {
            let va = base.wrapping_add(offset);
            Stop::Fault { va, access: Access::Execute, requester: Requester::Instruction, why }
        }
        Cause::Unmapped { va, kind, .. } | Cause::PastEnd { va, kind, .. } | Cause::Denied { va, kind, .. } => {
            Stop::Fault { va, access: kind.into(), requester, why }
        }
        _ => Stop::Hang(why),
    }
}
