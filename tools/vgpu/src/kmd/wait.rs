//! Waits for jobs and for objects, and fences as handles. Source: Linux `amdgpu_cs.c` and `amdgpu_gem.c`.

use std::sync::Arc;

use super::bytes::Block;
use super::clock;
use super::config::Flavour;
use super::context::Entity;
use super::errno::Errno;
use super::fence::{Done, Fence};
use super::file::File;
use super::report::Kind;
use super::sync::{Until, lock};
use super::syncobj::Syncobj;
use super::user::{UserMemory, read_bytes};

/// The entity that a call names, unless a job that hung has spoilt it.
pub(crate) fn entity(file: &File, context: u32, ip: u32, instance: u32, ring: u32) -> Result<Arc<Entity>, Errno> {
    let context = file.context(context)?;
    let gpu = &file.gpu;
    let entity = context.entity(ip, instance, ring, |ip| gpu.ring_count(ip), || gpu.shared.number())?;
    let error = *lock(&entity.error);
    error.map_or(Ok(entity), Err)
}

/// The fence that a `drm_amdgpu_fence` at `at` names; none if it is done for long.
fn named(file: &File, block: &Block, at: usize) -> Result<Option<Arc<Fence>>, Errno> {
    let (context, ip, instance, ring) = (block.u32(at), block.u32(at + 4), block.u32(at + 8), block.u32(at + 12));
    let entity = entity(file, context, ip, instance, ring)?;
    let sequences = lock(&entity.sequences);
    sequences.get(block.u64(at + 16))
}

impl File {
    /// Waits with no lock held, and ends when the device goes.
    fn wait<T>(&self, until: Until, mut look: impl FnMut() -> Option<T>) -> Result<Option<T>, Errno> {
        if let Some(found) = look() {
            return Ok(Some(found));
        }
        self.gpu.shared.inject.interruptible()?;
        let look = || look().map(Ok).or_else(|| self.is_gone().then_some(Err(Errno::ENODEV)));
        self.gpu.bell().wait(until, look).transpose()
    }

    fn deadline(&self, deadline: u64, call: &str) -> Until {
        if clock::looks_relative(deadline) {
            let text = format!("{call} with deadline {deadline} ns, long past: a time span instead of a time?");
            self.report(Kind::Lint, text);
        }
        clock::amdgpu_timeout(deadline, self.gpu.shared.config.hz)
    }
}

/// `WAIT_CS`. In the answer status 1 is "still running"; the call succeeds either way.
pub(crate) fn wait_cs(file: &File, _: &dyn UserMemory, block: &mut Block) -> Result<i32, Errno> {
    let (handle, deadline) = (block.u64(0), block.u64(8));
    let entity = entity(file, block.u32(28), block.u32(16), block.u32(20), block.u32(24))?;
    let fence = lock(&entity.sequences).get(handle)?;
    let done: Option<Done> = match fence {
        None => Some(Ok(())),
        Some(fence) => {
            let until = file.deadline(deadline, "WAIT_CS");
            file.wait(until, || fence.result())?
        }
    };
    if let Some(Err(errno)) = done {
        return Err(errno);
    }
    block.clear(32);
    block.put_u64(0, u64::from(done.is_none()));
    Ok(0)
}

/// `WAIT_FENCES`. In the answer status 1 is "done", the other way round than in `WAIT_CS`.
pub(crate) fn wait_fences(file: &File, user: &dyn UserMemory, block: &mut Block) -> Result<i32, Errno> {
    const ENTRY: usize = 24;
    let (addr, count, all, deadline) = (block.u64(0), block.u32(8), block.u32(12) != 0, block.u64(16));
    if count == 0 && (file.gpu.flavour() == Flavour::V7_3 || !all) {
        return Err(Errno::EINVAL);
    }
    let array = Block(read_bytes(user, addr, u64::from(count) * 24)?);
    let until = file.deadline(deadline, "WAIT_FENCES");
    let answer = |block: &mut Block, status: bool, first: u32| {
        block.clear(24);
        block.put_u32(0, u32::from(status));
        block.put_u32(4, first);
        Ok(0)
    };
    if all {
        for at in 0..array.0.len() / ENTRY {
            let Some(fence) = named(file, &array, at * ENTRY)? else { continue };
            match file.wait(until, || fence.result())? {
                None => return answer(block, false, 0),
                Some(Err(errno)) => return Err(errno),
                Some(Ok(())) => {}
            }
        }
        return answer(block, true, 0);
    }
    let mut fences = Vec::new();
    for at in 0..array.0.len() / ENTRY {
        match named(file, &array, at * ENTRY)? {
            Some(fence) => fences.push(fence),
            None => return answer(block, true, at as u32), // CAST: below `count`
        }
    }
    let look = || {
        let done = |(at, fence): (usize, &Arc<Fence>)| fence.result().map(|done| (at, done));
        fences.iter().enumerate().find_map(done)
    };
    match file.wait(until, look)? {
        None => answer(block, false, 0),
        Some((_, Err(errno))) => Err(errno),
        Some((at, Ok(()))) => answer(block, true, at as u32), // CAST: below `count`
    }
}

/// `GEM_WAIT_IDLE`. Objects that are always valid wait for the whole address space; errors are not told.
pub(crate) fn gem_wait_idle(file: &File, _: &dyn UserMemory, block: &mut Block) -> Result<i32, Errno> {
    let bo = file.bo(block.u32(0)).ok_or(Errno::ENOENT)?;
    let fences = bo.reservation.pending();
    let until = file.deadline(block.u64(8), "GEM_WAIT_IDLE");
    let idle = file.wait(until, || fences.iter().all(|fence| fence.is_done()).then_some(()))?;
    block.clear(16);
    block.put_u32(0, u32::from(idle.is_none()));
    Ok(0)
}

/// `FENCE_TO_HANDLE`.
pub(crate) fn fence_to_handle(file: &File, user: &dyn UserMemory, block: &mut Block) -> Result<i32, Errno> {
    let fence = named(file, block, 0)?.unwrap_or_else(|| Fence::stub(file.gpu.bell()));
    let exports = &file.gpu.shared.exports;
    let syncobj = || {
        let syncobj = Syncobj::new(file.gpu.bell(), false);
        syncobj.replace(Some(fence.clone()));
        syncobj
    };
    let handle = match block.u32(24) {
        0 => lock(&file.tables).syncobjs.add(syncobj()),
        1 => user.give(exports.syncobj(&syncobj())?, true)?.cast_unsigned(),
        2 => user.give(exports.fence(&fence)?, true)?.cast_unsigned(),
        _ => return Err(Errno::EINVAL),
    };
    block.put_u32(0, handle);
    Ok(0)
}
