//! A dispatch by hand: every register that the hardware looks at, and nothing that finds out anything.
//!
//! The launcher derives these registers from a code object; here they are the least that works, so that what fails is the
//! hardware's or the driver's part. Source: Mesa `radv_cmd_buffer.c` and `radv_queue.c`, libdrm
//! `tests/amdgpu/shader_test_util.c`; 16 SGPRs: LLVM `AMDGPU.td`, `FeatureUserSGPRInit16Bug`.

use sparkle_kernels::Kernel;
use sparkle_pm4::packets::values::GcrCntl;
use sparkle_pm4::packets::{AcquireMem, DispatchDirect, EventWrite};
use sparkle_pm4::registers::{ComputeDispatchInitiator, ComputePgmRsrc2, offset};
use sparkle_pm4::{BuildError, CommandBuffer};

/// Bytes of a unit of LDS in `COMPUTE_PGM_RSRC2`.
const LDS_UNIT_BYTES: u32 = 512;

/// All compute units, of all shader engines: the kernel sets the first four engines alone.
const ALL_UNITS: u32 = u32::MAX;

/// A kernel at an address, with its first user SGPRs.
#[derive(Clone, Copy, Debug)]
pub(super) struct RawDispatch {
    pub(super) kernel: Kernel,
    /// Of the first instruction, a multiple of 256.
    pub(super) code: u64,
    /// Workgroups along X.
    pub(super) groups: u32,
    /// Threads of each along X.
    pub(super) threads: u32,
    /// s[0:1]; the other user SGPRs are 0.
    pub(super) pointer: u64,
}

/// How a stream with dispatches begins: caches without anything old, and the registers that all of them share.
pub(super) fn begin(stream: &mut CommandBuffer) -> Result<(), BuildError> {
    stream.push(&AcquireMem::whole_memory(GcrCntl::INVALIDATE_ALL)?)?;
    stream.set_registers(
        offset::COMPUTE_STATIC_THREAD_MGMT_SE0,
        &[ALL_UNITS, ALL_UNITS, 0, ALL_UNITS, ALL_UNITS], // The third is COMPUTE_TMPRING_SIZE: no scratch.
    )?;
    stream.set_registers(offset::COMPUTE_USER_ACCUM_0, &[0; 4])?;
    // Engines 4 to 7, and COMPUTE_DISPATCH_INTERLEAVE.
    stream.set_registers(offset::COMPUTE_STATIC_THREAD_MGMT_SE4, &[ALL_UNITS, ALL_UNITS, ALL_UNITS, ALL_UNITS, 64])?;
    stream.set_register(offset::COMPUTE_DISPATCH_TUNNEL, 0)?;
    stream.set_registers(offset::COMPUTE_START_X, &[0; 3])?;
    Ok(())
}

/// What dispatches wait for that read what the one before wrote.
pub(super) fn barrier(stream: &mut CommandBuffer) -> Result<(), BuildError> {
    stream.push(&EventWrite::cs_partial_flush())?.push(&AcquireMem::whole_memory(GcrCntl::SHADER_READ)?)?;
    Ok(())
}

impl RawDispatch {
    /// Appends the registers and the dispatch.
    pub(super) fn push(&self, stream: &mut CommandBuffer) -> Result<(), BuildError> {
        let Kernel { lanes, rsrc: [rsrc1, rsrc2, rsrc3], lds_bytes, .. } = self.kernel;
        let rsrc2 = ComputePgmRsrc2(rsrc2).with_lds_size(lds_bytes.div_ceil(LDS_UNIT_BYTES))?;
        // CAST: halves of an address, on purpose.
        let (low, high) = ((self.code >> 8) as u32, (self.code >> 40) as u32);
        stream.set_registers(offset::COMPUTE_PGM_LO, &[low, high])?;
        stream.set_registers(offset::COMPUTE_PGM_RSRC1, &[rsrc1, rsrc2.0])?;
        stream.set_register(offset::COMPUTE_PGM_RSRC3, rsrc3)?;
        stream.set_register(offset::COMPUTE_RESOURCE_LIMITS, 0)?;
        stream.set_registers(offset::COMPUTE_NUM_THREAD_X, &[self.threads, 1, 1])?;
        let mut user = [0; 15];
        [user[0], user[1]] = [self.pointer as u32, (self.pointer >> 32) as u32]; // CAST: as above.
        stream.set_registers(offset::COMPUTE_USER_DATA_0, &user)?;
        let initiator = ComputeDispatchInitiator::default()
            .with_compute_shader_en(1)?
            .with_force_start_at_000(1)?
            .with_order_mode(1)?
            .with_cs_w32_en(u32::from(lanes == 32))?;
        stream.push(&DispatchDirect::groups([self.groups, 1, 1], initiator))?;
        Ok(())
    }
}
