//! Copies by the GPU, for memory that the CPU can't reach or reads too slowly.
//!
//! A kernel does them, not the command processor's own copier: it is ordered and cached like everything else on the queue.

use super::launch::{CommandList, Pending, Stream};
use super::module::{Kernel, Module};
use super::{Arg, Dispatch, Error, Gpu, Grid};
use crate::amdgpu::{BufferObject, BufferRequest, CpuMapping, Deadline, GpuVa, PageFlags, VaMapping};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

/// `copy/copy.cl` for gfx11-generic.
const CODE: &[u8] = include_bytes!("copy/copy.co");
/// Work-items of a workgroup.
const LANES: u32 = 256;
/// Bytes of a work-item of the wide kernel.
const WIDE_BYTES: u64 = 16;
/// Staging memory, bytes.
const STAGING_BYTES: u64 = 4 << 20;
/// How long a copy of that much may take: far more than any link needs.
const PATIENCE: Duration = Duration::from_secs(20);

/// The kernels that copy.
#[derive(Clone, Debug)]
pub(super) struct CopyKernels {
    wide: Kernel,
    bytes: Kernel,
}

impl CopyKernels {
    fn load(gpu: &Gpu) -> Result<Self, Error> {
        let module = Module::load(gpu, CODE)?;
        Ok(Self { wide: module.kernel("copy_wide")?, bytes: module.kernel("copy_bytes")? })
    }

    /// Records a copy.
    fn record(&self, list: &mut CommandList, from: GpuVa, to: GpuVa, bytes: u64) -> Result<(), Error> {
        let wide = if from.is_aligned(WIDE_BYTES) && to.is_aligned(WIDE_BYTES) { bytes / WIDE_BYTES } else { 0 };
        let done = wide * WIDE_BYTES;
        for (kernel, from, to, count) in
            [(&self.wide, from.get(), to.get(), wide), (&self.bytes, from.get() + done, to.get() + done, bytes - done)]
        {
            let Ok(count) = u32::try_from(count) else { return Err(Error::ListFull { what: "a copy of 4 GiB" }) };
            if count > 0 {
                let args = [Arg::Address(GpuVa::new(from)), Arg::Address(GpuVa::new(to)), count.into()];
                let grid = Grid::workgroups([count.div_ceil(LANES), 1, 1], [LANES, 1, 1]);
                list.dispatch(&Dispatch::new(kernel, grid, &args))?;
            }
        }
        Ok(())
    }
}

/// A stream of its own, and staging memory.
#[derive(Debug)]
pub(super) struct Copies {
    kernels: CopyKernels,
    stream: Stream,
    list: CommandList,
    staging: CpuMapping,
    staging_at: Arc<VaMapping>,
}

impl Copies {
    fn new(gpu: &Gpu) -> Result<Self, Error> {
        let buffer = BufferObject::new(gpu.device(), &BufferRequest::gtt(STAGING_BYTES))?;
        let (staging, staging_at) = (buffer.map()?, VaMapping::new(&buffer, PageFlags::DATA)?);
        let stream = gpu.stream()?;
        Ok(Self { kernels: CopyKernels::load(gpu)?, list: stream.list()?, stream, staging, staging_at })
    }

    fn run(&mut self, other: &Arc<VaMapping>, from: GpuVa, to: GpuVa, bytes: u64) -> Result<(), Error> {
        self.list.reset()?;
        self.list.uses(&self.staging_at)?.uses(other)?;
        self.kernels.record(&mut self.list, from, to, bytes)?;
        let mut pending: Pending = self.stream.submit(&mut self.list)?;
        pending.wait(Deadline::after(PATIENCE))
    }

    fn copy_in(&mut self, to: &Arc<VaMapping>, offset: u64, data: &[u8]) -> Result<(), Error> {
        let mut at = to.address().get() + offset;
        for piece in data.chunks(STAGING_BYTES as usize) {
            // CAST: 4 MiB fit; usize has at most 64 bits.
            self.staging.write_at(0, piece)?;
            self.run(to, self.staging_at.address(), GpuVa::new(at), piece.len() as u64)?;
            at += piece.len() as u64; // CAST: as above.
        }
        Ok(())
    }

    fn copy_out(&mut self, from: &Arc<VaMapping>, offset: u64, out: &mut [u8]) -> Result<(), Error> {
        let mut at = from.address().get() + offset;
        for piece in out.chunks_mut(STAGING_BYTES as usize) {
            // CAST: as in `copy_in`.
            self.run(from, GpuVa::new(at), self.staging_at.address(), piece.len() as u64)?;
            self.staging.read_at(0, piece)?;
            at += piece.len() as u64; // CAST: as above.
        }
        Ok(())
    }
}

impl Gpu {
    /// Runs `work`, which may run twice, with the GPU's copies. Their stream is made anew after an error: others' work may
    /// have cost it its context.
    fn with_copies(&self, mut work: impl FnMut(&mut Copies) -> Result<(), Error>) -> Result<(), Error> {
        let mut copies = self.copies.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(mut ready) = copies.take() {
            match work(&mut ready) {
                Ok(()) => {
                    *copies = Some(ready);
                    return Ok(());
                }
                Err(error) if error.loses_context() => {}
                Err(error) => return Err(error),
            }
        }
        let mut ready = Copies::new(self)?;
        work(&mut ready)?;
        *copies = Some(ready);
        Ok(())
    }

    /// Copies `data` to byte `offset` of a mapping, which has room for it.
    pub(super) fn copy_in(&self, to: &Arc<VaMapping>, offset: u64, data: &[u8]) -> Result<(), Error> {
        self.with_copies(|copies| copies.copy_in(to, offset, data))
    }

    /// Fills `out` from byte `offset` of a mapping, which has as many bytes.
    pub(super) fn copy_out(&self, from: &Arc<VaMapping>, offset: u64, out: &mut [u8]) -> Result<(), Error> {
        self.with_copies(|copies| copies.copy_out(from, offset, out))
    }
}
