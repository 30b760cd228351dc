//! What can go wrong with a capture, each error with its file, its entry and what to do.

use std::io;
use std::path::PathBuf;

use crate::document::MANIFEST_LIMIT_BYTES;

/// Why a capture can't be read, written or compared.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The system refused; the cause is in `source`.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was tried, such as "open".
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The path holds no capture.
    #[error("{} is not there: name a capture's folder or its capture.json (a capture that was never finished has none)", path.display())]
    NotACapture {
        /// The `capture.json` looked for.
        path: PathBuf,
    },
    /// A `capture.json` beyond the limit.
    #[error("{} is longer than {MANIFEST_LIMIT_BYTES} bytes: write a capture with fewer entries", path.display())]
    ManifestTooLong {
        /// The file.
        path: PathBuf,
    },
    /// Not JSON.
    #[error("{} is not JSON: restore the file or write the capture again", path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// The cause, with line and column.
        source: serde_json::Error,
    },
    /// Some other kind of JSON.
    #[error("{}: `format` is {found}, not \"sparkle-capture\": name a capture's folder", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What it says, as JSON; `null` where it says nothing.
        found: String,
    },
    /// A version that this crate doesn't know.
    #[error("{}: `version` is {found}, and only 1 is known: use the release of the tools that wrote it", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// What it says, as JSON; `null` where it says nothing.
        found: String,
    },
    /// An entry has not the form that the format asks for.
    #[error("{}: {entry} is malformed: correct the entry", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Which entry, such as `buffers[3]`.
        entry: String,
        /// The cause, with the name of the field.
        source: serde_json::Error,
    },
    /// An entry is well formed but can't be true.
    #[error("{}: {entry} {problem}", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// Which entry, such as `buffers[3]`.
        entry: String,
        /// What is wrong with it.
        problem: Problem,
    },
    /// No buffer has this id.
    #[error("{} has no buffer {id}: take an id from its `buffers`", path.display())]
    NoSuchBuffer {
        /// The file.
        path: PathBuf,
        /// The id asked for.
        id: u32,
    },
    /// No buffer is mapped at an address.
    #[error("{} maps nothing at {va:#018x}: take an address from its `buffers`", path.display())]
    Unmapped {
        /// The file.
        path: PathBuf,
        /// The first address without memory.
        va: u64,
    },
    /// More bytes at once than the call gives, or than the system has memory for.
    #[error("{}: {bytes} bytes at once are too many (limit {limit}): read them in parts", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The bytes asked for.
        bytes: u64,
        /// The most that the call gives, in bytes.
        limit: u64,
    },
    /// No submission has this index.
    #[error("{} has no submission {index}: it has {count}", path.display())]
    NoSuchSubmission {
        /// The file.
        path: PathBuf,
        /// The index asked for.
        index: usize,
        /// How many there are.
        count: usize,
    },
    /// There is a capture where one was to be written.
    #[error("{} exists: write the capture to another folder or remove the old one", path.display())]
    Exists {
        /// The file that is in the way.
        path: PathBuf,
    },
    /// Someone else writes there, or a writer died there.
    #[error("{} exists: another program is writing this capture, or one died; if none runs, remove the file", path.display())]
    Busy {
        /// The file that is in the way.
        path: PathBuf,
    },
    /// Two buffers with one id were added to a capture.
    #[error("{}: buffer {id} was added already: give each mapping its own id", path.display())]
    IdTaken {
        /// The file being written.
        path: PathBuf,
        /// The id.
        id: u32,
    },
    /// A buffer has its `after` already.
    #[error("{}: buffer {id} has its contents after the submission already: give them once", path.display())]
    AfterTaken {
        /// The file being written.
        path: PathBuf,
        /// The id.
        id: u32,
    },
    /// The contents of a buffer could not be obtained; the cause is in `source`.
    #[error("cannot get the contents of buffer {id} from byte {offset} on")]
    Source {
        /// The buffer.
        id: u32,
        /// Up to where it went well, in bytes.
        offset: u64,
        /// The cause.
        source: io::Error,
    },
    /// The contents given for a buffer have the wrong length.
    #[error("buffer {id} has {size} bytes, and its contents are {}: hand in exactly its size", length(*found))]
    SourceLength {
        /// The buffer.
        id: u32,
        /// Its size in bytes.
        size: u64,
        /// The bytes that there were; `None` where there were more than `size`.
        found: Option<u64>,
    },
    /// An unknown key that the caller set hides one of the format's own.
    #[error("{} would read back differently: take the format's own keys out of `extra`", path.display())]
    Shadowed {
        /// The file being written.
        path: PathBuf,
    },
    /// There is nothing to compare with.
    #[error("{}: no buffer has an `after`, so the submission did not complete: compare with one that did", path.display())]
    NotCompleted {
        /// The file.
        path: PathBuf,
    },
}

fn length(found: Option<u64>) -> String {
    found.map_or_else(|| "longer".to_owned(), |n| format!("{n} bytes"))
}

/// What is wrong with an entry of `capture.json`. The text goes on after the entry's name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// Two buffers with one id.
    #[error("has id {id}, as buffers[{other}] has: give each mapping its own id")]
    DuplicateId {
        /// The id.
        id: u32,
        /// The index of the buffer that had it first.
        other: usize,
    },
    /// A mapping of no bytes, which the kernel refuses too.
    /// Source: Linux `drivers/gpu/drm/amd/amdgpu/amdgpu_vm.c`, `amdgpu_vm_verify_parameters`.
    #[error("has size 0: leave it out")]
    Empty,
    /// A mapping past the end of the address space.
    #[error("runs past the end of the address space ({size} bytes at {va:#018x}): correct `va` or `size`")]
    Wraps {
        /// The first address.
        va: u64,
        /// Bytes.
        size: u64,
    },
    /// Two mappings share addresses.
    #[error("overlaps buffers[{other}] at {va:#018x}: correct `va` or `size` of one")]
    Overlaps {
        /// The index of the other buffer.
        other: usize,
        /// The first address that both have.
        va: u64,
    },
    /// A file name that could lead out of the folder.
    #[error("names the file {name:?}: use a plain file name without a folder, for a file beside capture.json")]
    FileName {
        /// The name.
        name: String,
    },
    /// A file that is not there.
    #[error("names the file {name:?}, which is missing: restore it beside capture.json")]
    FileMissing {
        /// The name.
        name: String,
    },
    /// A link, a folder, a device.
    #[error("names {name:?}, which is not a regular file: put the file itself beside capture.json")]
    FileKind {
        /// The name.
        name: String,
    },
    /// A file of the wrong length.
    #[error("has size {size}, and its file {name:?} has {found} bytes: restore the file or correct `size`")]
    FileSize {
        /// The name.
        name: String,
        /// The file's length in bytes.
        found: u64,
        /// The buffer's size in bytes.
        size: u64,
    },
    /// An id that no buffer has.
    #[error("names buffer {id}, which is not there: add it to `buffers` or correct the id")]
    NoSuchBuffer {
        /// The id.
        id: u32,
    },
    /// A range past the end of its buffer.
    #[error("ends {bytes} bytes after byte {offset} of buffer {id}, which has {size} bytes: correct the range")]
    VolatileOutside {
        /// The buffer.
        id: u32,
        /// The range's first byte.
        offset: u64,
        /// The range's length in bytes.
        bytes: u64,
        /// The buffer's size in bytes.
        size: u64,
    },
    /// An indirect buffer that doesn't start at a dword.
    #[error("starts at {va:#018x}, which is not a multiple of 4 bytes: correct `va`")]
    IbUnaligned {
        /// The address.
        va: u64,
    },
    /// An indirect buffer that is not within its buffer.
    #[error("({size_dw} dwords at {va:#018x}) is not within buffer {id}: correct `va`, `size_dw` or `buffer`")]
    IbOutside {
        /// The buffer.
        id: u32,
        /// The first address.
        va: u64,
        /// The length in dwords.
        size_dw: u32,
    },
}
