//! What differs between a capture's `after` and some memory, the volatile ranges aside.

use std::collections::HashMap;
use std::io;
use std::ops::Range;

use crate::capture::Capture;
use crate::error::Error;
use crate::manifest::{Buffer, Manifest};

/// Bytes compared at once.
const CHUNK: usize = 64 << 10;

/// The outcome of [`Capture::compare`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Comparison {
    /// The first byte that differs, in the order of `buffers` and then of offsets.
    pub first: Option<Difference>,
    /// How many bytes differ.
    pub differing_bytes: u64,
    /// How many bytes were compared, so without those of volatile ranges and of buffers that have no `after`.
    pub compared_bytes: u64,
}

/// A byte that is not what `after` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Difference {
    /// The buffer's id.
    pub buffer: u32,
    /// The byte, counted from the buffer's start.
    pub offset: u64,
    /// What `after` says.
    pub expected: u8,
    /// What the memory holds.
    pub found: u8,
}

impl Capture {
    /// Compares `after` with other memory: `memory(buffer, offset, out)` fills `out` from byte `offset` of `buffer` on.
    ///
    /// A volatile range counts for every mapping of its buffer object.
    ///
    /// # Errors
    /// [`Error::NotCompleted`] where no buffer has an `after`, [`Error::Source`] with what `memory` returned,
    /// [`Error::Io`].
    pub fn compare<F>(&self, mut memory: F) -> Result<Comparison, Error>
    where
        F: FnMut(&Buffer, u64, &mut [u8]) -> io::Result<()>,
    {
        let volatile = volatile_ranges(self);
        let mut result = Comparison::default();
        let (mut expected, mut found) = (vec![0; CHUNK], vec![0; CHUNK]);
        let mut completed = false;
        for buffer in &self.buffers {
            let (Some(name), Some(mut after)) = (&buffer.after, self.after_reader(buffer.id)?) else { continue };
            completed = true;
            let skip = volatile.get(&Object::of(buffer)).map_or(&[][..], Vec::as_slice);
            let mut offset = 0;
            while offset < buffer.size {
                let len = usize::try_from(buffer.size - offset).map_or(CHUNK, |left| left.min(CHUNK));
                let (expected, found) = (expected.split_at_mut(len).0, found.split_at_mut(len).0);
                after.read_exact(expected).map_err(|source| Error::Io {
                    action: "read",
                    path: self.folder().join(name),
                    source,
                })?;
                memory(buffer, offset, found).map_err(|source| Error::Source { id: buffer.id, offset, source })?;
                result.add_chunk(buffer.id, offset, expected, found, skip);
                offset += len as u64; // at most the buffer's size
            }
        }
        if completed { Ok(result) } else { Err(Error::NotCompleted { path: self.path() }) }
    }
}

impl Comparison {
    /// Whether nothing differs.
    pub fn is_equal(&self) -> bool {
        self.differing_bytes == 0
    }

    fn add_chunk(&mut self, buffer: u32, start: u64, expected: &[u8], found: &[u8], skip: &[Range<u64>]) {
        // The ranges are sorted and apart, so one pass over both will do.
        let mut skip = skip.iter().skip(skip.partition_point(|r| r.end <= start)).peekable();
        let end = start + expected.len() as u64; // within the buffer
        if expected == found && skip.peek().is_none_or(|r| r.start >= end) {
            self.compared_bytes += expected.len() as u64;
            return;
        }
        for (offset, (expected, found)) in (start..).zip(expected.iter().copied().zip(found.iter().copied())) {
            while skip.next_if(|r| r.end <= offset).is_some() {}
            if skip.peek().is_some_and(|r| r.contains(&offset)) {
                continue;
            }
            self.compared_bytes += 1;
            if expected != found {
                self.differing_bytes += 1;
                self.first.get_or_insert(Difference { buffer, offset, expected, found });
            }
        }
    }
}

/// What two mappings have in common when they show the same memory.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Object {
    Bo(u32),
    Buffer(u32),
}

impl Object {
    fn of(buffer: &Buffer) -> Self {
        buffer.bo.map_or(Self::Buffer(buffer.id), Self::Bo)
    }
}

/// The volatile ranges of each object, sorted and merged.
fn volatile_ranges(manifest: &Manifest) -> HashMap<Object, Vec<Range<u64>>> {
    let objects: HashMap<u32, Object> = manifest.buffers.iter().map(|b| (b.id, Object::of(b))).collect();
    let mut all: HashMap<Object, Vec<Range<u64>>> = HashMap::new();
    for range in &manifest.volatile {
        if let Some(object) = objects.get(&range.buffer) {
            let end = range.offset.saturating_add(range.bytes);
            all.entry(*object).or_default().push(range.offset..end);
        }
    }
    for ranges in all.values_mut() {
        ranges.sort_unstable_by_key(|r| (r.start, r.end));
        ranges.dedup_by(|next, kept| {
            let joined = next.start <= kept.end;
            if joined {
                kept.end = kept.end.max(next.end);
            }
            joined
        });
    }
    all
}
