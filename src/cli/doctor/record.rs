//! What was submitted, kept for the bundle: streams, and memory before and after.

use crate::amdgpu::{PageFlags, Placement};
use sparkle_capture::{
    Buffer, CaptureWriter, Device, Domain, Error, IndirectBuffer, Ip, Role, Submission, VaFlag, Volatile,
};
use std::path::Path;

/// A submission.
#[derive(Clone, Debug)]
pub(in crate::cli) struct Recorded {
    /// `rung-8`, with a number where the rung submits more than once.
    pub(in crate::cli) name: String,
    pub(super) rung: &'static str,
    pub(super) gfx: String,
    pub(super) family: u32,
    pub(super) chip: &'static str,
    pub(super) ib_va: u64,
    pub(super) ib_dwords: u32,
    pub(super) ib_flags: u32,
    pub(super) sequence: u64,
    /// The one that holds the stream is first.
    pub(super) buffers: Vec<RecordedBuffer>,
    /// Timestamps: index of a buffer, offset, bytes.
    pub(super) volatile: Vec<(u32, u64, u64)>,
}

/// A buffer of a submission.
#[derive(Clone, Debug)]
pub(super) struct RecordedBuffer {
    pub(super) va: u64,
    pub(super) role: Role,
    pub(super) flags: PageFlags,
    pub(super) placement: Option<Placement>,
    pub(super) before: Vec<u8>,
    /// Once the submission has ended well.
    pub(super) after: Option<Vec<u8>>,
}

impl Recorded {
    /// Writes it as a capture into `folder`, which is made.
    ///
    /// # Errors
    /// As [`CaptureWriter`].
    pub(super) fn write(&self, folder: &Path) -> Result<(), Error> {
        let device = Device::new(self.gfx.as_str(), self.family, self.chip);
        let mut writer = CaptureWriter::create(folder, device)?;
        let mut ids = Vec::new();
        for (id, buffer) in (0..).zip(&self.buffers) {
            let size = buffer.before.len() as u64; // CAST: usize has at most 64 bits.
            let mut described = Buffer::new(id, buffer.va, size, buffer.role.clone());
            described.domain = match buffer.placement {
                Some(Placement::Vram) => Domain::Vram,
                Some(Placement::Gtt) | None => Domain::Gtt,
            };
            let flags = [
                (PageFlags::READ, VaFlag::Read),
                (PageFlags::WRITE, VaFlag::Write),
                (PageFlags::EXECUTE, VaFlag::Exec),
            ];
            described.va_flags =
                flags.into_iter().filter(|(flag, _)| buffer.flags.contains(*flag)).map(|(_, name)| name).collect();
            writer.add_buffer(described, buffer.before.as_slice())?;
            ids.push(id);
        }
        let mut ib = IndirectBuffer::new(0, self.ib_va, self.ib_dwords);
        ib.flags = self.ib_flags;
        let mut submission = Submission::new(Ip::Compute, 0, vec![ib], ids);
        submission.fence_seq = Some(self.sequence);
        writer.add_submission(submission);
        for (buffer, offset, bytes) in &self.volatile {
            writer.add_volatile(Volatile::new(*buffer, *offset, *bytes));
        }
        let mut completion = writer.commit()?;
        if self.buffers.iter().all(|buffer| buffer.after.is_some()) {
            for (id, buffer) in (0..).zip(&self.buffers) {
                completion.add_after(id, buffer.after.as_deref().unwrap_or_default())?;
            }
            completion.finish()?;
        }
        Ok(())
    }
}
