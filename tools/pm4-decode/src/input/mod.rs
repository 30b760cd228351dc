//! Reading dumps: whatever a file holds becomes streams of dwords.
//!
//! Under `auto` the content decides, in this order:
//! 1. a folder, or JSON that names the capture format: a capture;
//! 2. binary (a byte that no text holds in the first 64 KiB): a debugfs ring file by its size and pointers, else dwords;
//! 3. `AMDGPU Device Coredump`, or `Ring buffer information` on a line: a device core dump;
//! 4. `RINGDATA = `, `SYSRAM@`, `VRAM@` or `MMIO@` at a line's start: a log of umr's test harness;
//! 5. `Decoding IB at` at a line's start, or a line as `[0x0@0x400 + 0x0]`: umr's decode;
//! 6. else hexadecimal text; its words may be a debugfs ring file again.
//!
//! Code objects, compressed files, UTF-16, JSON and AQL packets are refused by name.

mod aql;
mod bin;
mod capture;
mod chip;
mod coredump;
mod detect;
mod error;
mod harness;
mod hex;
mod page_table;
mod ring;
mod scan;
#[cfg(test)]
mod tests;
mod umr;

use std::io::Read;
use std::path::Path;

use sparkle_pm4::Ring;
use sparkle_pm4::lint::Buffer;

use crate::args::InputFormat;
use detect::Content;
use error::Fault;
pub(crate) use error::InputError;

/// What a file holds.
#[derive(Debug, Default)]
pub(crate) struct Dump {
    /// The streams, those first that a reader wants first.
    pub(crate) streams: Vec<Stream>,
    /// Memory that isn't a stream by itself, into which INDIRECT_BUFFER packets may be followed.
    pub(crate) memory: Vec<Memory>,
    /// The chip, as `gfx1103`, where the dump says it.
    pub(crate) gfx: Option<String>,
    /// What a reader should know about the dump, a line each.
    pub(crate) notes: Vec<String>,
    /// All buffers that the GPU may touch, where the dump lists them.
    pub(crate) buffers: Option<Vec<Buffer>>,
}

/// What a stream is; the pointers are dwords of the whole ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StreamKind {
    Ib,
    Ring { rptr: usize, wptr: usize },
}

/// A stream of dwords.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Stream {
    pub(crate) name: String,
    /// The ring that executes it, where the dump says it.
    pub(crate) ring: Option<Ring>,
    /// The GPU address of the first dword, in bytes.
    pub(crate) va: Option<u64>,
    pub(crate) words: Vec<u32>,
    pub(crate) kind: StreamKind,
    /// The dword of the dump that `words` begins with.
    pub(crate) first: usize,
    /// The dwords after which the numbering begins again at 0: the size of a ring that is all there.
    pub(crate) wrap: Option<usize>,
    /// The submission that the stream is part of, where the dump says it; streams of one submission run one after the other.
    pub(crate) submission: Option<Submission>,
    /// Whether the kernel was asked to invalidate the caches before it (`AMDGPU_IB_FLAG_EMIT_MEM_SYNC`).
    pub(crate) memory_synced: bool,
}

/// A submission of a capture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Submission {
    /// Its place in the capture.
    pub(crate) number: usize,
    /// The buffers that it names: their places in [`Dump::buffers`].
    pub(crate) buffers: Vec<usize>,
}

impl Stream {
    fn ib(name: String, va: Option<u64>, words: Vec<u32>) -> Self {
        Self {
            name,
            ring: None,
            va,
            words,
            kind: StreamKind::Ib,
            first: 0,
            wrap: None,
            submission: None,
            memory_synced: false,
        }
    }

    /// Where the dword `at` of `words` stood in the dump.
    pub(crate) fn original(&self, at: usize) -> usize {
        let place = self.first.saturating_add(at);
        self.wrap.map_or(place, |wrap| place % wrap.max(1))
    }
}

/// A piece of GPU memory.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Memory {
    /// The address of the first dword, in bytes.
    pub(crate) va: u64,
    pub(crate) words: Vec<u32>,
}

/// Reads a dump; `-` is standard input.
///
/// # Errors
/// [`InputError::System`] where the system refused; else what is wrong with the content.
pub(crate) fn read(path: &Path, format: InputFormat) -> Result<Dump, InputError> {
    let system = |source| InputError::System { path: path.to_owned(), source };
    if path.as_os_str() == "-" {
        let mut bytes = Vec::new();
        std::io::stdin().lock().read_to_end(&mut bytes).map_err(system)?;
        return parse(&bytes, Path::new("standard input"), format);
    }
    if format == InputFormat::Capture || path.is_dir() {
        return capture::read(path);
    }
    let bytes = std::fs::read(path).map_err(system)?;
    if format == InputFormat::Auto && detect::is_capture(&bytes) {
        return capture::read(path);
    }
    parse(&bytes, path, format)
}

/// Reads hexadecimal text that holds anything but PM4.
pub(crate) fn parse_hex(bytes: &[u8], path: &Path) -> Result<Dump, InputError> {
    parse(bytes, path, InputFormat::Hex)
}

/// Reads the content of a file.
fn parse(bytes: &[u8], path: &Path, format: InputFormat) -> Result<Dump, InputError> {
    if bytes.is_empty() {
        return Err(InputError::Empty { path: path.to_owned() });
    }
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
    parse_content(bytes, &name, format).map_err(|fault| fault.at(path.to_owned()))
}

fn parse_content(bytes: &[u8], name: &str, format: InputFormat) -> Result<Dump, Fault> {
    // Some editors put the mark of UTF-8 before a text. Dwords that begin so are no header.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if matches!(format, InputFormat::Hex | InputFormat::Umr | InputFormat::Devcoredump) {
        detect::other_text(bytes)?;
    }
    match format {
        InputFormat::Bin => bin::read(bytes, name, false),
        InputFormat::Hex => hex::read(bytes, name, false),
        InputFormat::Umr if detect::is_harness(bytes) => harness::read(bytes, name),
        InputFormat::Umr => umr::read(bytes, name),
        InputFormat::Devcoredump => coredump::read(bytes),
        InputFormat::Capture => Err(Fault::OtherContent {
            what: "not a folder",
            advice: "name the folder of a capture or its capture.json",
        }),
        InputFormat::Auto => match detect::content(bytes)? {
            Content::Binary => bin::read(bytes, name, true),
            Content::Coredump => coredump::read(bytes),
            Content::Harness => harness::read(bytes, name),
            Content::Umr => umr::read(bytes, name),
            Content::Hex => hex::read(bytes, name, true),
        },
    }
}
