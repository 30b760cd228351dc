//! The checks that turn a [`Manifest`] into something to rely on.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::io;
use std::path::{Component, Path};

use crate::document::MANIFEST_NAME;
use crate::error::{Error, Problem};
use crate::manifest::{Buffer, IndirectBuffer, Manifest, Volatile};

/// Ways to find a buffer, by index into `Manifest::buffers`. Holding one proves that the manifest was checked.
#[derive(Debug)]
pub(crate) struct Index {
    pub(crate) by_id: HashMap<u32, usize>,
    /// Indices in the order of their addresses.
    pub(crate) by_va: Vec<usize>,
}

/// Checks all of `manifest` against itself and against the files in `folder`.
pub(crate) fn check(folder: &Path, manifest: &Manifest) -> Result<Index, Error> {
    let path = folder.join(MANIFEST_NAME);
    let invalid = |entry: String, problem| Error::Invalid { path: path.clone(), entry, problem };
    let by_id = index_ids(&manifest.buffers).map_err(|(i, p)| invalid(format!("buffers[{i}]"), p))?;
    let by_va = order_by_va(&manifest.buffers).map_err(|(i, p)| invalid(format!("buffers[{i}]"), p))?;

    for (i, buffer) in manifest.buffers.iter().enumerate() {
        for name in [&buffer.before, &buffer.after].into_iter().flatten() {
            let problem = check_file(folder, name, buffer.size).map_err(|source| Error::Io {
                action: "look at",
                path: folder.join(name),
                source,
            })?;
            if let Some(problem) = problem {
                return Err(invalid(format!("buffers[{i}]"), problem));
            }
        }
    }

    let buffer = |id| by_id.get(&id).and_then(|i| manifest.buffers.get(*i)).ok_or(Problem::NoSuchBuffer { id });
    for (i, range) in manifest.volatile.iter().enumerate() {
        buffer(range.buffer)
            .and_then(|b| check_volatile(b, range))
            .map_err(|p| invalid(format!("volatile[{i}]"), p))?;
    }
    for (i, submission) in manifest.submissions.iter().enumerate() {
        for id in &submission.buffers {
            buffer(*id).map_err(|p| invalid(format!("submissions[{i}].buffers"), p))?;
        }
        for (j, ib) in submission.ibs.iter().enumerate() {
            buffer(ib.buffer)
                .and_then(|b| check_ib(b, ib))
                .map_err(|p| invalid(format!("submissions[{i}].ibs[{j}]"), p))?;
        }
    }
    Ok(Index { by_id, by_va })
}

fn index_ids(buffers: &[Buffer]) -> Result<HashMap<u32, usize>, (usize, Problem)> {
    let mut by_id = HashMap::new();
    for (i, buffer) in buffers.iter().enumerate() {
        match by_id.entry(buffer.id) {
            Entry::Occupied(other) => return Err((i, Problem::DuplicateId { id: buffer.id, other: *other.get() })),
            Entry::Vacant(place) => place.insert(i),
        };
    }
    Ok(by_id)
}

fn order_by_va(buffers: &[Buffer]) -> Result<Vec<usize>, (usize, Problem)> {
    let mut ranges = Vec::new();
    for (i, Buffer { va, size, .. }) in buffers.iter().enumerate() {
        let end = va.checked_add(*size).ok_or((i, Problem::Wraps { va: *va, size: *size }))?;
        if end == *va {
            return Err((i, Problem::Empty));
        }
        ranges.push((*va, end, i));
    }
    ranges.sort_unstable();
    for ((_, end, i), (va, _, j)) in ranges.iter().zip(ranges.iter().skip(1)) {
        if va < end {
            let (first, second) = (*i.min(j), *i.max(j)); // blame the later entry
            return Err((second, Problem::Overlaps { other: first, va: *va }));
        }
    }
    Ok(ranges.into_iter().map(|(_, _, i)| i).collect())
}

/// `Ok(Some)` is what is wrong with the file, `Err` that the system would not say.
fn check_file(folder: &Path, name: &str, size: u64) -> io::Result<Option<Problem>> {
    let name = name.to_owned();
    if !is_plain(&name) {
        return Ok(Some(Problem::FileName { name }));
    }
    // The link itself, not its target: a link leads out of the folder.
    let found = match folder.join(&name).symlink_metadata() {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Some(Problem::FileMissing { name })),
        other => other?,
    };
    if !found.is_file() {
        return Ok(Some(Problem::FileKind { name }));
    }
    Ok((found.len() != size).then_some(Problem::FileSize { name, found: found.len(), size }))
}

/// Whether `name` is one file name on every system: no folder, no drive, no parent.
fn is_plain(name: &str) -> bool {
    let mut parts = Path::new(name).components();
    matches!((parts.next(), parts.next()), (Some(Component::Normal(part)), None) if part == name)
        && !name.contains(['/', '\\', ':', '\0'])
}

fn check_volatile(buffer: &Buffer, range: &Volatile) -> Result<(), Problem> {
    let Volatile { buffer: id, offset, bytes, .. } = *range;
    if offset.checked_add(bytes).is_some_and(|end| end <= buffer.size) {
        return Ok(());
    }
    Err(Problem::VolatileOutside { id, offset, bytes, size: buffer.size })
}

fn check_ib(buffer: &Buffer, ib: &IndirectBuffer) -> Result<(), Problem> {
    let IndirectBuffer { buffer: id, va, size_dw, .. } = *ib;
    if !va.is_multiple_of(4) {
        return Err(Problem::IbUnaligned { va });
    }
    let end = va.checked_sub(buffer.va).and_then(|offset| offset.checked_add(u64::from(size_dw) * 4));
    if end.is_some_and(|end| end <= buffer.size) {
        return Ok(());
    }
    Err(Problem::IbOutside { id, va, size_dw })
}
