//! Captures of submissions: every indirect buffer is a stream, and what it may chain to is at hand.

use std::collections::BTreeMap;
use std::path::Path;

use sparkle_capture::{Buffer, Capture, Error, Ip, Role, VaFlag};
use sparkle_pm4::{Ring, lint};

use super::error::InputError;
use super::{Dump, Memory, Stream, Submission, scan};

/// Source: Linux `include/uapi/drm/amdgpu_drm.h`, `AMDGPU_IB_FLAG_EMIT_MEM_SYNC`.
const EMIT_MEM_SYNC: u32 = 1 << 6;

/// The largest buffer of code that is read, bytes.
const LARGEST_CODE: u64 = 64 << 20;

/// Reads a capture: its folder or its `capture.json`.
pub(super) fn read(path: &Path) -> Result<Dump, InputError> {
    let system = |source| InputError::System { path: path.to_owned(), source };
    let is_folder = std::fs::metadata(path).map_err(system)?.is_dir();
    let capture = Capture::read(path).map_err(|error| match error {
        Error::NotACapture { .. } if is_folder => InputError::NoCapture { path: path.to_owned() },
        error => InputError::Capture(error),
    })?;
    let mut dump = Dump {
        gfx: Some(capture.device.gfx.clone()),
        buffers: Some(capture.buffers.iter().map(buffer).collect()),
        ..Dump::default()
    };
    streams(&capture, &mut dump)?;
    for buffer in capture.buffers.iter().filter(|buffer| is_at_hand(buffer)) {
        if buffer.role == Role::Code && buffer.size > LARGEST_CODE {
            dump.notes.push(format!("the code at {:#x} has {} bytes and is left out", buffer.va, buffer.size));
            continue;
        }
        let words = scan::dwords(&capture.before(buffer.id)?).0;
        dump.memory.push(Memory { va: buffer.va, words });
    }
    Ok(dump)
}

fn streams(capture: &Capture, dump: &mut Dump) -> Result<(), InputError> {
    let places: BTreeMap<u32, usize> =
        capture.buffers.iter().zip(0..).map(|(buffer, place)| (buffer.id, place)).collect();
    for (number, submission) in capture.submissions.iter().enumerate() {
        let ring = match &submission.ip {
            Ip::Compute => Ring::Compute,
            Ip::Gfx => Ring::Gfx,
            other => {
                dump.notes.push(format!("submission {number} is for {other}, which executes no PM4: left out"));
                continue;
            }
        };
        let listed = submission.buffers.iter();
        let buffers: Vec<usize> = listed.filter_map(|id| places.get(id).copied()).collect();
        for (index, ib) in submission.ibs.iter().enumerate() {
            let name = format!("submission {number} ib {index}");
            dump.streams.push(Stream {
                ring: Some(ring),
                submission: Some(Submission { number, buffers: buffers.clone() }),
                memory_synced: ib.flags & EMIT_MEM_SYNC != 0,
                ..Stream::ib(name, Some(ib.va), capture.ib_dwords(ib)?)
            });
        }
    }
    Ok(())
}

/// Whether packets may lead there: INDIRECT_BUFFER to streams, a dispatch to its program. Buffers without a file hold
/// zeros, and the other large ones are data.
fn is_at_hand(buffer: &Buffer) -> bool {
    buffer.before.is_some() && matches!(buffer.role, Role::Ib | Role::Code | Role::Other(_))
}

fn buffer(buffer: &Buffer) -> lint::Buffer {
    let has = |flag| buffer.va_flags.contains(&flag);
    lint::Buffer {
        va: buffer.va,
        size: buffer.size,
        readable: has(VaFlag::Read),
        writable: has(VaFlag::Write),
        executable: has(VaFlag::Exec),
        role: Some(buffer.role.to_string()),
    }
}
