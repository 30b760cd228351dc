//! Lists of buffers. Source: Linux `amdgpu_bo_list.c`.

use std::sync::Arc;

use super::bo::Bo;
use super::bytes::Block;
use super::config::Flavour;
use super::errno::Errno;
use super::file::File;
use super::report::Kind;
use super::sync::lock;
use super::user::{UserMemory, read_bytes};

/// Most entries. Source: Linux `amdgpu_bo_list.c`, `AMDGPU_BO_LIST_MAX_ENTRIES`.
const MOST: u32 = 128 * 1024;
/// Bytes of an entry.
const ENTRY: u32 = 8;

/// Reads a list as a `drm_amdgpu_bo_list_in` describes it.
pub(crate) fn read(file: &File, user: &dyn UserMemory, description: &Block) -> Result<Vec<u32>, Errno> {
    let (count, stride, addr) = (description.u32(8), description.u32(12), description.u64(16));
    if count > MOST {
        return Err(Errno::EINVAL);
    }
    // A list that is destroyed has no entries, and libdrm says no size.
    if stride != ENTRY && count != 0 {
        if file.gpu.flavour() == Flavour::V7_3 {
            return Err(Errno::EINVAL);
        }
        file.report(Kind::Lint, format!("buffer list with entries of {stride} bytes, which newer kernels refuse"));
    }
    // Older kernels read entries of any size, at most as much as they know.
    let known = stride.min(ENTRY);
    let mut handles = Vec::new();
    if stride == ENTRY {
        let bytes = read_bytes(user, addr, u64::from(count) * u64::from(ENTRY))?;
        handles.extend(bytes.as_chunks::<8>().0.iter().map(|entry| Block(entry.to_vec()).u32(0)));
        return Ok(handles);
    }
    for at in 0..u64::from(count) {
        let from = addr.wrapping_add(at * u64::from(stride));
        let mut entry = Block(read_bytes(user, from, u64::from(known))?);
        entry.0.resize(ENTRY as usize, 0); // CAST: 8
        handles.push(entry.u32(0));
    }
    Ok(handles)
}

/// The objects of a list.
///
/// # Errors
/// `ENOENT` for a handle that is none, `EPERM` for pages of another process.
pub(crate) fn objects(file: &File, user: &dyn UserMemory, handles: &[u32]) -> Result<Vec<Arc<Bo>>, Errno> {
    let find = |handle: &u32| {
        let bo = file.bo(*handle).ok_or(Errno::ENOENT)?;
        let foreign = bo.user.as_ref().is_some_and(|pages| pages.address_space != user.address_space());
        if foreign { Err(Errno::EPERM) } else { Ok(bo) }
    };
    handles.iter().map(find).collect()
}

/// `BO_LIST`.
pub(crate) fn bo_list(file: &File, user: &dyn UserMemory, block: &mut Block) -> Result<i32, Errno> {
    let (operation, handle) = (block.u32(0), block.u32(4));
    // Before 7.3 the entries are read even for an operation that does not need them.
    let early = file.gpu.flavour() != Flavour::V7_3;
    let entries = if early || matches!(operation, 0 | 2) { read(file, user, block)? } else { Vec::new() };
    match operation {
        0 => {
            let list = Arc::new(objects(file, user, &entries)?);
            let handle = lock(&file.tables).lists.add(list);
            block.clear(24);
            block.put_u32(0, handle);
        }
        1 => {
            let removed = lock(&file.tables).lists.remove(handle);
            drop(removed);
            block.clear(24);
            block.put_u32(0, handle);
        }
        2 => {
            let list = Arc::new(objects(file, user, &entries)?);
            let mut tables = lock(&file.tables);
            let old = std::mem::replace(tables.lists.get_mut(handle).ok_or(Errno::ENOENT)?, list);
            drop(tables);
            drop(old);
            block.clear(24);
            block.put_u32(0, handle);
        }
        _ => return Err(Errno::EINVAL),
    }
    Ok(0)
}
