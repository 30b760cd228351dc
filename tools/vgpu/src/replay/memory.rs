//! A capture's buffers in memory.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use sparkle_capture::{Buffer, Capture, VaFlag};
use sparkle_pm4::lint;

use super::ReplayError;
use crate::shader::{GlobalMemory, Permissions, Region};

/// One mapping.
#[derive(Debug)]
struct Mapping {
    id: u32,
    bytes: u64,
    words: Arc<[AtomicU32]>,
    permissions: Permissions,
}

/// All mappings, by their addresses. Those of one buffer object share their words.
#[derive(Debug)]
pub(super) struct Mappings(BTreeMap<u64, Mapping>);

/// Bits that addresses with bit 47 set have above it, in the spelling that hardware has them.
const SIGN: u64 = 0xffff << 48;

fn is(buffer: &Buffer, flag: &VaFlag) -> bool {
    buffer.va_flags.contains(flag)
}

impl Mappings {
    /// Loads what the buffers held before.
    pub(super) fn load(capture: &Capture) -> Result<Self, ReplayError> {
        let mut objects: HashMap<u32, Arc<[AtomicU32]>> = HashMap::new();
        let mut all = BTreeMap::new();
        for buffer in &capture.buffers {
            if !buffer.va.is_multiple_of(4) {
                return Err(ReplayError::Unaligned { id: buffer.id, va: buffer.va });
            }
            let shared = buffer.bo.and_then(|object| objects.get(&object).cloned());
            let words = match shared {
                Some(words) => words,
                None => {
                    let words = load(capture, buffer)?;
                    if let Some(object) = buffer.bo {
                        objects.insert(object, Arc::clone(&words));
                    }
                    words
                }
            };
            let permissions = Permissions {
                read: is(buffer, &VaFlag::Read),
                write: is(buffer, &VaFlag::Write),
                execute: is(buffer, &VaFlag::Exec),
            };
            let bytes = buffer.size.min(words.len() as u64 * 4); // CAST: usize has at most 64 bits
            all.insert(buffer.va & !SIGN, Mapping { id: buffer.id, bytes, words, permissions });
        }
        Ok(Self(all))
    }

    /// The mappings with these ids: those on the buffer list of a submission.
    pub(super) fn listed<'a>(&'a self, ids: &[u32]) -> Listed<'a> {
        Listed { all: self, ids: ids.iter().copied().collect() }
    }

    /// Copies out of a mapping.
    pub(super) fn read(&self, buffer: &Buffer, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let missing = || io::Error::other("the buffer is not mapped");
        let mapping = self.0.get(&(buffer.va & !SIGN)).ok_or_else(missing)?;
        for (at, byte) in (offset..).zip(out) {
            let index = usize::try_from(at / 4).unwrap_or(usize::MAX);
            let word = mapping.words.get(index).ok_or_else(missing)?.load(Ordering::Relaxed);
            *byte = (word >> (at % 4 * 8)) as u8; // CAST: the byte that was shifted down
        }
        Ok(())
    }
}

/// The words of a buffer object: as many as its largest mapping has.
fn load(capture: &Capture, buffer: &Buffer) -> Result<Arc<[AtomicU32]>, ReplayError> {
    let same = |other: &&Buffer| other.id == buffer.id || buffer.bo.is_some() && other.bo == buffer.bo;
    let mappings: Vec<_> = capture.buffers.iter().filter(same).collect();
    let largest = mappings.iter().map(|mapping| mapping.size).max().unwrap_or(buffer.size);
    let with_file = mappings.iter().filter(|mapping| mapping.before.is_some()).max_by_key(|mapping| mapping.size);
    // Also where there is no file: it refuses sizes that are too large.
    let source = with_file.copied().or_else(|| mappings.iter().max_by_key(|mapping| mapping.size).copied());
    let mut bytes = capture.before(source.map_or(buffer.id, |source| source.id))?;
    let largest = usize::try_from(largest).unwrap_or(usize::MAX).min(sparkle_capture::LOAD_LIMIT_BYTES as usize); // CAST: 2^30
    bytes.resize(bytes.len().max(largest).next_multiple_of(4), 0);
    let (chunks, _) = bytes.as_chunks();
    Ok(chunks.iter().map(|word| AtomicU32::new(u32::from_le_bytes(*word))).collect())
}

/// The mappings that a submission may touch.
pub(super) struct Listed<'a> {
    all: &'a Mappings,
    ids: HashSet<u32>,
}

impl GlobalMemory for Listed<'_> {
    fn region(&self, va: u64) -> Option<Region<'_>> {
        let high = va & SIGN;
        let is_extended = high == SIGN && va >> 47 & 1 != 0;
        if high != 0 && !is_extended {
            return None;
        }
        let (start, mapping) = self.all.0.range(..=va & !SIGN).next_back()?;
        let inside = (va & !SIGN) - start < mapping.bytes && self.ids.contains(&mapping.id);
        inside.then_some(Region {
            va: start | high,
            bytes: mapping.bytes,
            words: &mapping.words,
            permissions: mapping.permissions,
        })
    }
}

/// The listed buffers, as the linter wants them.
pub(super) fn for_lint(capture: &Capture, ids: &[u32]) -> Vec<lint::Buffer> {
    let listed = capture.buffers.iter().filter(|buffer| ids.contains(&buffer.id));
    listed
        .map(|buffer| lint::Buffer {
            va: buffer.va & !SIGN,
            size: buffer.size,
            readable: is(buffer, &VaFlag::Read),
            writable: is(buffer, &VaFlag::Write),
            executable: is(buffer, &VaFlag::Exec),
            role: Some(buffer.role.to_string()),
        })
        .collect()
}
