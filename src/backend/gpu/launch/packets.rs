//! The packets of a list: what it begins with, what a dispatch is, what stands between two.
//!
//! Source: Mesa `radv_queue.c` (`radv_emit_compute` and the preamble's flush), `ac_cmdbuf.c`
//! (`gfx10_init_compute_preamble_state`), `radv_cmd_buffer.c` (dispatches); PAL `gfx9ComputeCmdBuffer.cpp`
//! (`ValidateDispatchHsaAbi`).

use super::super::module::KernelProperties;
use super::dispatch::Dispatch;
use super::kernarg::lds_bytes;
use super::scratch::Scratch;
use crate::amdgpu::GpuInfo;
use sparkle_pm4::packets::values::GcrCntl;
use sparkle_pm4::packets::{AcquireMem, DispatchDirect, EventWrite, ReleaseMem};
use sparkle_pm4::registers::{
    ComputeDispatchInitiator, ComputeDispatchInterleave, ComputeNumThread, ComputeResourceLimits, ComputeTmpringSize,
    offset,
};
use sparkle_pm4::{BuildError, CommandBuffer};

/// User SGPRs that a dispatch has at most.
const USER_SGPRS: usize = 16;
/// Bytes of a unit of LDS_SIZE. Source: LLVM `AMDGPUUsage.rst`, GRANULATED_LDS_SIZE of gfx7 to gfx11: 128 dwords.
const LDS_UNIT_BYTES: u32 = 512;

/// What a list begins with.
///
/// SH registers hold what the last stream on the hardware queue wrote, which may be another process's, so all that a
/// dispatch depends on is set. Waves of earlier submissions may still run: they end first, and then what they and the CPU
/// wrote becomes visible.
pub(super) fn preamble(stream: &mut CommandBuffer, info: &GpuInfo) -> Result<(), BuildError> {
    const ALL: u32 = u32::MAX;
    let masks: [u32; 8] = std::array::from_fn(|engine| {
        if (engine as u64) < u64::from(info.shader_engines) { ALL } else { 0 } // CAST: below 8.
    });
    let [se0, se1, se2, se3, upper @ ..] = masks;
    stream.push(&EventWrite::cs_partial_flush())?;
    stream.push(&AcquireMem::whole_memory(GcrCntl::INVALIDATE_ALL)?)?;
    // COMPUTE_TMPRING_SIZE lies between the masks of engines 1 and 2: no scratch until a kernel has some.
    stream.set_registers(offset::COMPUTE_STATIC_THREAD_MGMT_SE0, &[se0, se1, 0, se2, se3])?;
    stream.set_registers(offset::COMPUTE_USER_ACCUM_0, &[0; 4])?;
    // The kernel sets engines 0 to 3 only, and Navi 31 has six.
    let interleave = ComputeDispatchInterleave::default().with_interleave(64)?;
    let [se4, se5, se6, se7] = upper;
    stream.set_registers(offset::COMPUTE_STATIC_THREAD_MGMT_SE4, &[se4, se5, se6, se7, interleave.0])?;
    stream.set_register(offset::COMPUTE_DISPATCH_TUNNEL, 0)?;
    stream.set_registers(offset::COMPUTE_START_X, &[0; 3])?;
    Ok(())
}

/// What stands between a dispatch and one that reads or overwrites its results: the waves end, and no compute unit keeps
/// an old line. GL2 is shared by all of them.
pub(super) fn barrier(stream: &mut CommandBuffer) -> Result<(), BuildError> {
    stream.push(&EventWrite::cs_partial_flush())?;
    stream.push(&AcquireMem::whole_memory(GcrCntl::SHADER_READ)?)?;
    Ok(())
}

/// Waits for the waves, and nothing else.
pub(super) fn drain(stream: &mut CommandBuffer) -> Result<(), BuildError> {
    stream.push(&EventWrite::cs_partial_flush())?;
    Ok(())
}

/// Scratch for the dispatches that follow. No wave with other scratch may run.
pub(super) fn scratch(stream: &mut CommandBuffer, scratch: &Scratch) -> Result<(), BuildError> {
    let size = ComputeTmpringSize::default().with_waves(scratch.waves_per_engine)?.with_wavesize(scratch.wave_units)?;
    let (low, high) = shifted(scratch.mapping.address().get());
    stream.set_registers(offset::COMPUTE_DISPATCH_SCRATCH_BASE_LO, &[low, high])?;
    stream.set_register(offset::COMPUTE_TMPRING_SIZE, size.0)?;
    Ok(())
}

/// Writes the GPU's clock to `va` when all work before has ended.
pub(super) fn timestamp(stream: &mut CommandBuffer, va: u64) -> Result<(), BuildError> {
    stream.push(&ReleaseMem::timestamp(va)?)?;
    Ok(())
}

/// Writes `value` to `va` when all work before has ended and the CPU sees its results.
pub(super) fn signal(stream: &mut CommandBuffer, va: u64, value: u32) -> Result<(), BuildError> {
    stream.push(&ReleaseMem::signal32(va, value)?)?;
    Ok(())
}

/// Where a dispatch's arguments are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Places {
    /// Of the arguments.
    pub(super) kernarg: u64,
    /// Of the AQL packet.
    pub(super) aql: u64,
    /// The dispatch's number in its list.
    pub(super) id: u64,
}

/// A dispatch, checked before: its registers, user SGPRs and grid.
pub(super) fn dispatch(
    stream: &mut CommandBuffer,
    info: &GpuInfo,
    dispatch: &Dispatch<'_>,
    places: Places,
) -> Result<(), BuildError> {
    let descriptor = dispatch.kernel.descriptor();
    let grid = &dispatch.grid;
    let rsrc2 = descriptor.rsrc2.with_lds_size(lds_bytes(dispatch).div_ceil(LDS_UNIT_BYTES))?;
    let (low, high) = shifted(dispatch.kernel.code_address().get());
    stream.set_registers(offset::COMPUTE_PGM_LO, &[low, high])?;
    stream.set_registers(offset::COMPUTE_PGM_RSRC1, &[descriptor.rsrc1.0, rsrc2.0])?;
    stream.set_register(offset::COMPUTE_PGM_RSRC3, descriptor.rsrc3.0)?;
    let lanes = descriptor.wave_lanes();
    let waves = grid.workgroup_items().div_ceil(lanes.into());
    stream.set_register(offset::COMPUTE_RESOURCE_LIMITS, limits(info, waves)?.0)?;
    let mut threads = [0; 3];
    for ((threads, size), rest) in threads.iter_mut().zip(grid.size).zip(grid.remainder) {
        let last = if rest == 0 { size } else { rest };
        *threads = ComputeNumThread::default().with_full(size)?.with_partial(last)?.0;
    }
    if !grid.is_partial() {
        threads = grid.size;
    }
    stream.set_registers(offset::COMPUTE_NUM_THREAD_X, &threads)?;
    let mut user = [0; USER_SGPRS];
    let count = user_data(&mut user, dispatch, places);
    if let Some(user) = user.get(..count).filter(|user| !user.is_empty()) {
        stream.set_registers(offset::COMPUTE_USER_DATA_0, user)?;
    }
    let initiator = ComputeDispatchInitiator::default()
        .with_compute_shader_en(1)?
        .with_partial_tg_en(grid.is_partial().into())?
        .with_force_start_at_000(1)?
        .with_order_mode(1)?
        .with_cs_w32_en((lanes == 32).into())?;
    stream.push(&DispatchDirect::groups(grid.groups, initiator))?;
    Ok(())
}

/// Fills the user SGPRs in the order of the ABI, and returns how many the kernel has; those that nothing asks for are 0.
///
/// Source: LLVM `AMDGPUUsage.rst`, "SGPR Register Set Up Order".
fn user_data(user: &mut [u32; USER_SGPRS], dispatch: &Dispatch<'_>, places: Places) -> usize {
    let descriptor = dispatch.kernel.descriptor();
    let mut free = user.iter_mut();
    for (bit, value) in [
        (KernelProperties::DISPATCH_PTR, places.aql),
        (KernelProperties::QUEUE_PTR, 0),
        (KernelProperties::KERNARG_SEGMENT_PTR, places.kernarg),
        (KernelProperties::DISPATCH_ID, places.id),
    ] {
        if descriptor.properties.contains(bit)
            && let (Some(low), Some(high)) = (free.next(), free.next())
        {
            (*low, *high) = (value as u32, (value >> 32) as u32); // CAST: the two halves.
        }
    }
    if descriptor.properties.contains(KernelProperties::PRIVATE_SEGMENT_SIZE)
        && let Some(size) = free.next()
    {
        *size = dispatch.kernel.scratch_bytes();
    }
    descriptor.rsrc2.user_sgpr() as usize // CAST: 5 bits.
}

/// How workgroups spread over SIMDs.
///
/// Source: Mesa `ac_shader_util.c`, `ac_get_compute_resource_limits`.
fn limits(info: &GpuInfo, waves: u64) -> Result<ComputeResourceLimits, BuildError> {
    let units = info.compute_units / info.shader_engines.max(1);
    let limits = ComputeResourceLimits::default().with_simd_dest_cntl(waves.is_multiple_of(4).into())?;
    Ok(limits.with_force_simd_dist((waves == 1 && !units.is_multiple_of(4)).into())?)
}

/// An address in units of 256 bytes, low and high.
const fn shifted(va: u64) -> (u32, u32) {
    ((va >> 8) as u32, (va >> 40) as u32 & 0xff) // CAST: bits 39:8 and 47:40.
}
