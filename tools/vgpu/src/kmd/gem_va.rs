//! `GEM_VA`: the client's page table. Source: Linux `amdgpu_gem.c`, `amdgpu_gem_va_ioctl`.

use std::sync::Arc;

use super::bytes::Block;
use super::config::Flavour;
use super::errno::Errno;
use super::fence::Fence;
use super::file::File;
use super::report::Kind;
use super::sync::Until;
use super::syncobj::Syncobj;
use super::user::{UserMemory, read_u32s};
use super::vm::{Effect, HOLE, MASK, SPACE, page};

const MAP: u32 = 1;
const UNMAP: u32 = 2;
const CLEAR: u32 = 3;
const REPLACE: u32 = 4;

/// Checks the range and the flags; the address without its sign extension.
fn check(flavour: Flavour, operation: u32, flags: u32, va: u64, bytes: u64) -> Result<u64, Errno> {
    const NORMAL: u32 =
        page::DELAY_UPDATE | page::READABLE | page::WRITEABLE | page::EXECUTABLE | page::MTYPE_MASK | page::NOALLOC;
    const SPARSE: u32 = page::DELAY_UPDATE | page::PRT;
    if va < flavour.va_start() || HOLE.contains(&va) {
        return Err(Errno::EINVAL);
    }
    let va = va & MASK;
    // A sum that wraps passes here and fails later.
    if va.wrapping_add(bytes) > SPACE - flavour.va_reserved_top() {
        return Err(Errno::EINVAL);
    }
    if flags & !NORMAL != 0 && flags & !SPARSE != 0 {
        return Err(Errno::EINVAL);
    }
    if !(MAP..=REPLACE).contains(&operation) {
        return Err(Errno::EINVAL);
    }
    Ok(va)
}

/// Waits for the syncobjs that must be done before.
fn wait_inputs(file: &File, user: &dyn UserMemory, handles: u64, count: u32) -> Result<(), Errno> {
    if count == 0 {
        return Ok(());
    }
    for handle in read_u32s(user, handles, count)? {
        if handle == 0 {
            return Err(Errno::EINVAL);
        }
        let syncobj = file.syncobj(handle).ok_or(Errno::ENOENT)?;
        let fence = syncobj.find_or_wait(0, false, Until::Now)?;
        file.gpu.bell().wait(Until::Forever, || {
            let gone = file.is_gone() || file.gpu.stop.load(std::sync::atomic::Ordering::Acquire);
            (fence.is_done() || gone).then_some(())
        });
    }
    Ok(())
}

/// `GEM_VA`.
pub(crate) fn gem_va(file: &File, user: &dyn UserMemory, block: &mut Block) -> Result<i32, Errno> {
    let flavour = file.gpu.flavour();
    let (handle, operation, flags) = (block.u32(0), block.u32(8), block.u32(12));
    let (va, offset, bytes) = (block.u64(16), block.u64(24), block.u64(32));
    let start = check(flavour, operation, flags, va, bytes)?;
    // Older kernels do not see the last fields, even if they are sent.
    let new = flavour == Flavour::V7_3;
    let (point, out) = if new { (block.u64(40), block.u32(48)) } else { (0, 0) };
    if new && out != 0 && flags & page::DELAY_UPDATE != 0 {
        return Err(Errno::EINVAL);
    }
    let bo =
        if operation == CLEAR || flags & page::PRT != 0 { None } else { Some(file.bo(handle).ok_or(Errno::ENOENT)?) };
    if bo.as_ref().is_some_and(|bo| bo.always_valid_in.is_some_and(|vm| vm != file.vm.id)) {
        return Err(Errno::ENOENT);
    }
    if new {
        wait_inputs(file, user, block.u64(56), block.u32(52))?;
    }
    file.gpu.shared.inject.interruptible()?;
    let timeline = if out == 0 { None } else { Some(file.syncobj(out).ok_or(Errno::ENOENT)?) };
    let mut effect = Effect::default();
    let result = match operation {
        MAP => file.vm.map(bo, start, offset, bytes, flags, &mut effect),
        UNMAP => file.vm.unmap(bo.as_ref(), start, &mut effect),
        CLEAR => file.vm.clear(flavour, start, bytes, &mut effect),
        _ => file.vm.replace(bo, start, offset, bytes, flags, &mut effect),
    };
    if let Some((from, to)) = effect.conflict {
        let end = start.wrapping_add(bytes);
        file.report(Kind::Log, format!("va {start:#x}..{end:#x} in conflict with {from:#x}..{to:#x}"));
    }
    for bo in effect.lost.iter().flatten().filter(|bo| file.vm.is_used(bo)) {
        file.report(Kind::Race, format!("buffer {} loses its address {start:#x} while a job may use it", bo.id));
    }
    result?;
    if let Some(timeline) = timeline {
        publish(file, &timeline, point);
    }
    Ok(0)
}

/// Page tables of this device are written at once, so the update is done when it is asked for.
fn publish(file: &File, timeline: &Arc<Syncobj>, point: u64) {
    let done = Fence::stub(file.gpu.bell());
    if point == 0 {
        timeline.replace(Some(done));
    } else {
        timeline.add_point(point, done);
    }
}
