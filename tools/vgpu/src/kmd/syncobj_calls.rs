//! Calls on syncobjs. Source: Linux `drm_syncobj.c`.

use std::sync::Arc;

use super::bytes::Block;
use super::clock;
use super::config::Flavour;
use super::errno::Errno;
use super::fence::Fence;
use super::file::File;
use super::report::Kind;
use super::sync::{Until, lock};
use super::syncobj::Syncobj;
use super::user::{UserMemory, read_u32s, read_u64s};

const WAIT_ALL: u32 = 1;
const WAIT_FOR_SUBMIT: u32 = 2;
const WAIT_AVAILABLE: u32 = 4;
const WAIT_DEADLINE: u32 = 8;
const SYNC_FILE: u32 = 1;
const TIMELINE: u32 = 2;

/// `SYNCOBJ_CREATE`.
pub(crate) fn create(file: &File, _: &dyn UserMemory, block: &mut Block) -> Result<i32, Errno> {
    let flags = block.u32(4);
    if flags & !1 != 0 {
        return Err(Errno::EINVAL);
    }
    let syncobj = Syncobj::new(file.gpu.bell(), flags & 1 != 0);
    block.put_u32(0, lock(&file.tables).syncobjs.add(syncobj));
    Ok(0)
}

/// `SYNCOBJ_DESTROY`.
pub(crate) fn destroy(file: &File, _: &dyn UserMemory, block: &mut Block) -> Result<i32, Errno> {
    if block.u32(4) != 0 {
        return Err(Errno::EINVAL);
    }
    let removed = lock(&file.tables).syncobjs.remove(block.u32(0));
    removed.map(|_| 0).ok_or(Errno::EINVAL)
}

/// Flags and point of the two calls with descriptors; only 7.3 knows points.
fn transfer_flags(file: &File, block: &Block) -> Result<(bool, u64), Errno> {
    let new = file.gpu.flavour() == Flavour::V7_3;
    let known = if new { SYNC_FILE | TIMELINE } else { SYNC_FILE };
    let (flags, point) = (block.u32(4), if new { block.u64(16) } else { 0 });
    if block.u32(12) != 0 || flags & !known != 0 {
        return Err(Errno::EINVAL);
    }
    let sync_file = flags & SYNC_FILE != 0;
    let timeline = flags & TIMELINE != 0;
    if point != 0 && !(sync_file && timeline) {
        return if sync_file { Ok((true, 0)) } else { Err(Errno::EINVAL) };
    }
    Ok((sync_file, point))
}

/// `SYNCOBJ_HANDLE_TO_FD`.
pub(crate) fn handle_to_fd(file: &File, user: &dyn UserMemory, block: &mut Block) -> Result<i32, Errno> {
    let (sync_file, point) = transfer_flags(file, block)?;
    let syncobj = file.syncobj(block.u32(0));
    let exports = &file.gpu.shared.exports;
    let descriptor = if sync_file {
        let fence = syncobj.ok_or(Errno::ENOENT)?.find_or_wait(point, false, Until::Now)?;
        exports.fence(&fence)?
    } else {
        exports.syncobj(&syncobj.ok_or(Errno::EINVAL)?)?
    };
    block.put_u32(8, user.give(descriptor, true)?.cast_unsigned());
    Ok(0)
}

/// `SYNCOBJ_FD_TO_HANDLE`.
pub(crate) fn fd_to_handle(file: &File, user: &dyn UserMemory, block: &mut Block) -> Result<i32, Errno> {
    let (sync_file, point) = transfer_flags(file, block)?;
    let exports = &file.gpu.shared.exports;
    let descriptor = user.take(block.i32(8)).map_err(|_| if sync_file { Errno::EINVAL } else { Errno::EBADF })?;
    if !sync_file {
        let syncobj = exports.find_syncobj(&descriptor).ok_or(Errno::EINVAL)?;
        block.put_u32(0, lock(&file.tables).syncobjs.add(syncobj));
        return Ok(0);
    }
    let fence = exports.find_fence(&descriptor).ok_or(Errno::EINVAL)?;
    let syncobj = file.syncobj(block.u32(0)).ok_or(Errno::ENOENT)?;
    attach(file, &syncobj, point, fence);
    Ok(0)
}

/// Puts a fence into a syncobj: as a point, or with point 0 in place of what was there.
pub(crate) fn attach(file: &File, syncobj: &Syncobj, point: u64, fence: Arc<Fence>) {
    if point == 0 {
        syncobj.replace(Some(fence));
    } else if syncobj.add_point(point, fence) {
        file.report(Kind::Log, format!("you are adding an unorder point to timeline: {point}"));
    }
}

fn array(file: &File, user: &dyn UserMemory, addr: u64, count: u32) -> Result<Vec<Arc<Syncobj>>, Errno> {
    let handles = read_u32s(user, addr, count)?;
    handles.into_iter().map(|handle| file.syncobj(handle).ok_or(Errno::ENOENT)).collect()
}

struct Wait {
    flags: u32,
    deadline: i64,
    points: Vec<u64>,
    syncobjs: Vec<Arc<Syncobj>>,
}

/// Which is done first, or which of all. Source: Linux `drm_syncobj.c`, `drm_syncobj_array_wait_timeout`.
fn wait_for(file: &File, wait: &Wait) -> Result<u32, Errno> {
    let available = wait.flags & WAIT_AVAILABLE != 0;
    let lazy = wait.flags & (WAIT_FOR_SUBMIT | WAIT_AVAILABLE) != 0;
    let pairs = || wait.syncobjs.iter().zip(wait.points.iter().copied().chain(std::iter::repeat(0)));
    let mut fences: Vec<Option<Arc<Fence>>> = pairs().map(|(syncobj, point)| syncobj.find(point)).collect();
    if !lazy && fences.iter().any(Option::is_none) {
        return Err(Errno::EINVAL);
    }
    let mut look = || {
        if file.is_gone() {
            return Some(Err(Errno::ENODEV));
        }
        let mut first = None;
        let mut missing = 0;
        for (at, (fence, (syncobj, point))) in fences.iter_mut().zip(pairs()).enumerate() {
            *fence = fence.take().or_else(|| syncobj.find(point));
            if fence.as_ref().is_some_and(|fence| available || fence.is_done()) {
                first = first.or(u32::try_from(at).ok());
            } else {
                missing += 1;
            }
        }
        let met = if wait.flags & WAIT_ALL != 0 { missing == 0 } else { first.is_some() };
        met.then(|| Ok(first.unwrap_or(u32::MAX)))
    };
    if let Some(met) = look() {
        return met;
    }
    file.gpu.shared.inject.interruptible()?;
    let until = clock::syncobj_timeout(wait.deadline, file.gpu.shared.config.hz);
    file.gpu.bell().wait(until, look).unwrap_or(Err(Errno::ETIME))
}

fn known_wait_flags(file: &File, timeline: bool) -> u32 {
    let deadline = if file.gpu.flavour() == Flavour::V6_1 { 0 } else { WAIT_DEADLINE };
    WAIT_ALL | WAIT_FOR_SUBMIT | deadline | if timeline { WAIT_AVAILABLE } else { 0 }
}

/// `SYNCOBJ_WAIT`.
pub(crate) fn wait(file: &File, user: &dyn UserMemory, block: &mut Block) -> Result<i32, Errno> {
    let (count, flags) = (block.u32(16), block.u32(20));
    if flags & !known_wait_flags(file, false) != 0 {
        return Err(Errno::EINVAL);
    }
    if count == 0 {
        return Ok(0);
    }
    let syncobjs = array(file, user, block.u64(0), count)?;
    let deadline = block.u64(8).cast_signed();
    let first = wait_for(file, &Wait { flags, deadline, points: Vec::new(), syncobjs })?;
    block.put_u32(24, first);
    Ok(0)
}

/// `SYNCOBJ_TIMELINE_WAIT`.
pub(crate) fn timeline_wait(file: &File, user: &dyn UserMemory, block: &mut Block) -> Result<i32, Errno> {
    let (count, flags) = (block.u32(24), block.u32(28));
    if flags & !known_wait_flags(file, true) != 0 {
        return Err(Errno::EINVAL);
    }
    if count == 0 {
        return Ok(0);
    }
    let syncobjs = array(file, user, block.u64(0), count)?;
    let points = block.u64(8);
    let points = if points == 0 { Vec::new() } else { read_u64s(user, points, count)? };
    let deadline = block.u64(16).cast_signed();
    let first = wait_for(file, &Wait { flags, deadline, points, syncobjs })?;
    block.put_u32(32, first);
    Ok(0)
}

fn plain_array(file: &File, user: &dyn UserMemory, block: &Block) -> Result<Vec<Arc<Syncobj>>, Errno> {
    let count = block.u32(8);
    if block.u32(12) != 0 || count == 0 {
        return Err(Errno::EINVAL);
    }
    array(file, user, block.u64(0), count)
}

/// `SYNCOBJ_RESET`.
pub(crate) fn reset(file: &File, user: &dyn UserMemory, block: &mut Block) -> Result<i32, Errno> {
    plain_array(file, user, block)?.iter().for_each(|syncobj| syncobj.replace(None));
    Ok(0)
}

/// `SYNCOBJ_SIGNAL`.
pub(crate) fn signal(file: &File, user: &dyn UserMemory, block: &mut Block) -> Result<i32, Errno> {
    let done = || Some(Fence::stub(file.gpu.bell()));
    plain_array(file, user, block)?.iter().for_each(|syncobj| syncobj.replace(done()));
    Ok(0)
}

/// `SYNCOBJ_TIMELINE_SIGNAL`.
pub(crate) fn timeline_signal(file: &File, user: &dyn UserMemory, block: &mut Block) -> Result<i32, Errno> {
    let (points, count, flags) = (block.u64(8), block.u32(16), block.u32(20));
    if flags != 0 || count == 0 {
        return Err(Errno::EINVAL);
    }
    let syncobjs = array(file, user, block.u64(0), count)?;
    let points = if points == 0 { vec![0; syncobjs.len()] } else { read_u64s(user, points, count)? };
    for (syncobj, point) in syncobjs.iter().zip(points) {
        if syncobj.add_point(point, Fence::stub(file.gpu.bell())) {
            file.report(Kind::Log, format!("you are adding an unorder point to timeline: {point}"));
        }
    }
    Ok(0)
}

/// `SYNCOBJ_QUERY`.
pub(crate) fn query(file: &File, user: &dyn UserMemory, block: &mut Block) -> Result<i32, Errno> {
    let (count, flags) = (block.u32(16), block.u32(20));
    if flags & !1 != 0 || count == 0 {
        return Err(Errno::EINVAL);
    }
    let syncobjs = array(file, user, block.u64(0), count)?;
    let mut to = block.u64(8);
    for syncobj in syncobjs {
        user.write(to, &syncobj.query(flags & 1 != 0).to_le_bytes())?;
        to = to.wrapping_add(8);
    }
    Ok(0)
}

/// `SYNCOBJ_TRANSFER`.
pub(crate) fn transfer(file: &File, _: &dyn UserMemory, block: &mut Block) -> Result<i32, Errno> {
    let (from_point, to_point, flags) = (block.u64(8), block.u64(16), block.u32(24));
    if block.u32(28) != 0 {
        return Err(Errno::EINVAL);
    }
    let to = file.syncobj(block.u32(4)).ok_or(Errno::ENOENT)?;
    let from = file.syncobj(block.u32(0)).ok_or(Errno::ENOENT)?;
    let fence = find_fence(file, &from, from_point, flags)?;
    attach(file, &to, to_point, fence);
    Ok(0)
}

/// The fence of a point, as jobs and transfers look for it. Source: Linux `drm_syncobj.c`, `drm_syncobj_find_fence`
/// and `DRM_SYNCOBJ_WAIT_FOR_SUBMIT_TIMEOUT`.
pub(crate) fn find_fence(file: &File, syncobj: &Syncobj, point: u64, flags: u32) -> Result<Arc<Fence>, Errno> {
    const LONGEST: std::time::Duration = std::time::Duration::from_secs(5);
    if flags & !WAIT_FOR_SUBMIT != 0 {
        return Err(Errno::EINVAL);
    }
    let until = Until::after(file.gpu.shared.config.scaled(LONGEST));
    syncobj.find_or_wait(point, flags & WAIT_FOR_SUBMIT != 0, until)
}

/// `SYNCOBJ_EVENTFD`.
pub(crate) fn eventfd(file: &File, user: &dyn UserMemory, block: &mut Block) -> Result<i32, Errno> {
    let (handle, flags, point) = (block.u32(0), block.u32(4), block.u64(8));
    if flags & !WAIT_AVAILABLE != 0 || block.u32(20) != 0 {
        return Err(Errno::EINVAL);
    }
    let syncobj = file.syncobj(handle).ok_or(Errno::ENOENT)?;
    let event = user.take(block.i32(16))?;
    let link = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&event));
    let is_event = std::fs::read_link(link).is_ok_and(|to| to.as_os_str() == "anon_inode:[eventfd]");
    if !is_event {
        return Err(Errno::EINVAL);
    }
    syncobj.watch(point, flags & WAIT_AVAILABLE != 0, event);
    Ok(0)
}
