//! Submissions of clients on disk, as captures that can be replayed.
//!
//! Each is a folder `0001`, `0002`, ... with all that the submission's address space holds before and after it. What is
//! zero before and after has no file, so that large buffers with little in them stay small: a mapping is cut into runs
//! of pages that hold something and runs that don't. An object that is mapped twice is two buffers here.

use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use sparkle_capture::{Buffer, CaptureWriter, Device, Error, IndirectBuffer, Ip, Role, Submission, VaFlag};

use crate::kmd::{self, Job, VmView};
use crate::shader::Permissions;

/// Dwords of a page.
const PAGE: usize = 1024;
/// Bits of an address that count; captures have no sign extension.
const ADDRESS: u64 = 0xffff_ffff_ffff;
/// `AMDGPU_IB_FLAG_EMIT_MEM_SYNC`. Source: Linux `include/uapi/drm/amdgpu_drm.h`.
const EMIT_MEM_SYNC: u32 = 1 << 6;

/// Where captures go.
#[derive(Debug)]
pub(super) struct Captures {
    folder: PathBuf,
    count: AtomicU64,
}

/// What a mapping held before a submission.
pub(super) struct Held {
    va: u64,
    permissions: Permissions,
    words: Vec<u32>,
}

/// Pages of a mapping of which all or none are of interest.
struct Run<'a> {
    va: u64,
    permissions: Permissions,
    before: &'a [u32],
    after: &'a [u32],
}

impl Run<'_> {
    fn is_empty(&self) -> bool {
        is_empty(self.before, self.after)
    }

    const fn bytes(&self) -> u64 {
        self.before.len() as u64 * 4 // CAST: usize has at most 64 bits
    }
}

fn is_empty(before: &[u32], after: &[u32]) -> bool {
    before.iter().chain(after).all(|word| *word == 0)
}

fn bytes(words: &[u32]) -> Cursor<Vec<u8>> {
    Cursor::new(words.iter().flat_map(|word| word.to_le_bytes()).collect())
}

fn copy(view: &VmView) -> Vec<Held> {
    view.mappings()
        .map(|region| Held {
            va: region.va,
            permissions: region.permissions,
            words: region.words.iter().map(|word| word.load(Ordering::Acquire)).collect(),
        })
        .collect()
}

/// Cuts a mapping.
fn runs<'a>(before: &'a Held, after: &'a Held) -> Vec<Run<'a>> {
    let mut runs: Vec<Run<'a>> = Vec::new();
    let length = before.words.len().min(after.words.len());
    let mut start = 0;
    let page = |words: &'a [u32], from: usize, to: usize| words.get(from..to).unwrap_or(&[]);
    let empty_at = |at: usize| {
        let end = (at + PAGE).min(length);
        is_empty(page(&before.words, at, end), page(&after.words, at, end))
    };
    while start < length {
        let empty = empty_at(start);
        let next = (start + PAGE..length).step_by(PAGE).find(|at| empty_at(*at) != empty);
        let end = next.unwrap_or(length);
        runs.push(Run {
            va: before.va.wrapping_add(start as u64 * 4) & ADDRESS, // CAST: usize has at most 64 bits
            permissions: before.permissions,
            before: page(&before.words, start, end),
            after: page(&after.words, start, end),
        });
        start = end;
    }
    runs
}

impl Captures {
    pub(super) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), count: AtomicU64::new(0) }
    }

    /// What is there before a submission.
    pub(super) fn before(job: &Job) -> Vec<Held> {
        copy(&job.vm)
    }

    /// Writes a submission down that has come to its end, and what is there after it.
    ///
    /// # Errors
    /// What the file system says.
    pub(super) fn after(&self, job: &Job, before: &[Held]) -> Result<(), Error> {
        let ip = match job.ip {
            kmd::Ip::Gfx => Ip::Gfx,
            kmd::Ip::Compute => Ip::Compute,
            // Captures have no copy engine.
            kmd::Ip::Dma => return Ok(()),
        };
        let after = copy(&job.vm);
        let pairs = before.iter().zip(&after).filter(|(before, after)| before.va == after.va);
        let runs: Vec<Run<'_>> = pairs.flat_map(|(before, after)| runs(before, after)).collect();
        let number = self.count.fetch_add(1, Ordering::Relaxed) + 1;
        let device = Device::new(job.chip.name, job.chip.family, job.chip.board);
        let mut writer = CaptureWriter::create(self.folder.join(format!("{number:04}")), device)?;
        let mut streams = Vec::new();
        for (id, run) in (0..).zip(&runs) {
            let has = |va: u64| (va & ADDRESS).wrapping_sub(run.va) < run.bytes();
            let here: Vec<_> = job.ibs.iter().enumerate().filter(|(_, ib)| has(ib.va)).collect();
            let role = match run.permissions.execute {
                _ if !here.is_empty() => Role::Ib,
                true => Role::Code,
                false => Role::Input,
            };
            streams.extend(here.iter().map(|(at, ib)| (*at, IndirectBuffer::new(id, ib.va & ADDRESS, ib.size_dw))));
            let mut buffer = Buffer::new(id, run.va, run.bytes(), role);
            let flags = [
                (run.permissions.read, VaFlag::Read),
                (run.permissions.write, VaFlag::Write),
                (run.permissions.execute, VaFlag::Exec),
            ];
            buffer.va_flags = flags.into_iter().filter(|(on, _)| *on).map(|(_, flag)| flag).collect();
            if run.is_empty() || run.before.iter().all(|word| *word == 0) {
                writer.add_zeroed(buffer)?;
            } else {
                writer.add_buffer(buffer, bytes(run.before))?;
            }
        }
        streams.sort_unstable_by_key(|(at, _)| *at);
        if let Some((_, first)) = streams.first_mut().filter(|_| job.sync_before) {
            first.flags = EMIT_MEM_SYNC;
        }
        let ibs = streams.into_iter().map(|(_, ib)| ib).collect();
        writer.add_submission(Submission::new(ip, job.ring, ibs, (0..).take(runs.len()).collect()));
        let mut completion = writer.commit()?;
        for (id, run) in (0..).zip(&runs).filter(|(_, run)| run.before != run.after) {
            completion.add_after(id, bytes(run.after))?;
        }
        completion.finish().map(|_| ())
    }
}
