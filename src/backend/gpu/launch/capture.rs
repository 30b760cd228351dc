//! Submissions as captures: what they touch, before and after.

use super::super::buffer::Role;
use super::super::{Error, Gpu};
use super::list::{CommandList, Use};
use super::pending::Pending;
use crate::amdgpu::{CpuMapping, Deadline, PageFlags, Placement, Queue, VaMapping};
use sparkle_capture::{
    Buffer, Capture, CaptureWriter, Completion, Device, Domain, IndirectBuffer, Ip, Submission, VaFlag, Volatile,
};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// How long a recorded submission is waited for: longer than any kernel lets it run.
///
/// Source: Linux 6.12 `amdgpu_drv.c`, `lockup_timeout`: 60 s on compute rings.
const PATIENCE: Duration = Duration::from_secs(120);

/// Writes a stream's submissions.
#[derive(Debug)]
pub(super) struct Recorder {
    gpu: Gpu,
    folder: PathBuf,
    /// Submissions so far.
    count: u64,
}

impl Recorder {
    pub(super) fn new(gpu: &Gpu, folder: &Path) -> Result<Self, Error> {
        std::fs::create_dir_all(folder).map_err(|source| Error::CaptureFolder { path: folder.to_owned(), source })?;
        Ok(Self { gpu: gpu.clone(), folder: folder.to_owned(), count: 0 })
    }

    /// Writes what a closed list touches as it is now, when nothing uses it any more.
    pub(super) fn begin(&mut self, list: &CommandList, queue: Queue) -> Result<Recording, Error> {
        let Some((va, bytes, _)) = list.sealed() else { return Err(Error::ListClosed) };
        let info = self.gpu.info();
        self.count += 1;
        let folder = loop {
            let folder = self.folder.join(format!("ring{}-{:06}", queue.ring, self.count));
            if !folder.exists() {
                break folder;
            }
            self.count += 1;
        };
        let mut writer = CaptureWriter::create(folder, Device::new(info.gfx.to_string(), info.family, info.chip))?;
        let mut written = Vec::new();
        for (id, used) in (0..).zip(list.used()) {
            used.mapping.buffer().wait_idle(Deadline::after(PATIENCE))?;
            let buffer = describe(id, used);
            if used.role == Role::Scratch {
                // Waves begin with whatever is there.
                writer.add_volatile(Volatile::new(id, 0, buffer.size));
                writer.add_zeroed(buffer)?;
                continue;
            }
            if used.mapping.flags().contains(PageFlags::WRITE) {
                written.push((id, used.mapping.clone()));
            }
            writer.add_buffer(buffer, Contents::new(&self.gpu, &used.mapping))?;
            if let Some((clocks, bytes)) = list.clock_bytes().filter(|(clocks, _)| *clocks == used.mapping.address()) {
                writer.add_volatile(Volatile::new(id, clocks.get() - used.mapping.address().get(), bytes));
            }
        }
        // CAST: a list has at most 2^20 dwords.
        let mut ib = IndirectBuffer::new(0, va.get(), (bytes / 4) as u32);
        ib.flags = crate::amdgpu::IbFlags::INVALIDATE_CACHES.bits();
        let ids = (0..).zip(list.used()).map(|(id, _)| id).collect();
        writer.add_submission(Submission::new(Ip::Compute, queue.ring, vec![ib], ids));
        Ok(Recording { gpu: self.gpu.clone(), completion: writer.commit()?, written })
    }
}

/// A capture whose submission is under way.
#[derive(Debug)]
pub(super) struct Recording {
    gpu: Gpu,
    completion: Completion,
    written: Vec<(u32, Arc<VaMapping>)>,
}

impl Recording {
    /// Waits for the work, and adds what it wrote. Work that fails leaves the capture as it is, and says so to whoever
    /// waits for it.
    pub(super) fn end(mut self, pending: &mut Pending) -> Result<Option<Capture>, Error> {
        self.completion.set_fence_seq(0, pending.seq())?;
        if pending.wait(Deadline::after(PATIENCE)).is_err() {
            return Ok(None);
        }
        for (id, mapping) in &self.written {
            self.completion.add_after(*id, Contents::new(&self.gpu, mapping))?;
        }
        Ok(Some(self.completion.finish()?))
    }
}

fn describe(id: u32, used: &Use) -> Buffer {
    let mapping = &used.mapping;
    let mut buffer = Buffer::new(id, mapping.address().get(), mapping.bytes(), used.role.of_capture());
    buffer.domain = match mapping.buffer().placement() {
        Some(Placement::Vram) => Domain::Vram,
        Some(Placement::Gtt) | None => Domain::Gtt,
    };
    let flags =
        [(PageFlags::READ, VaFlag::Read), (PageFlags::WRITE, VaFlag::Write), (PageFlags::EXECUTE, VaFlag::Exec)];
    buffer.va_flags =
        flags.into_iter().filter(|(flag, _)| mapping.flags().contains(*flag)).map(|(_, word)| word).collect();
    buffer
}

/// The bytes of a mapping, read by the CPU where it can and else through the GPU.
struct Contents<'a> {
    gpu: &'a Gpu,
    mapping: &'a Arc<VaMapping>,
    cpu: Option<CpuMapping>,
    at: u64,
}

impl<'a> Contents<'a> {
    fn new(gpu: &'a Gpu, mapping: &'a Arc<VaMapping>) -> Self {
        let whole = mapping.bytes() == mapping.buffer().bytes();
        let cpu = if whole { mapping.buffer().map().ok() } else { None };
        Self { gpu, mapping, cpu, at: 0 }
    }
}

impl Read for Contents<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.mapping.bytes() - self.at).unwrap_or(usize::MAX);
        let count = left.min(out.len());
        let Some(out) = out.get_mut(..count).filter(|out| !out.is_empty()) else { return Ok(0) };
        match &self.cpu {
            Some(cpu) => {
                let at = usize::try_from(self.at).map_err(io::Error::other)?;
                cpu.read_at(at, out).map_err(io::Error::other)?;
            }
            None => self.gpu.copy_out(self.mapping, self.at, out).map_err(io::Error::other)?,
        }
        self.at += count as u64; // CAST: usize has at most 64 bits.
        Ok(count)
    }
}
