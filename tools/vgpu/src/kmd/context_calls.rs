//! `CTX` and `VM`. Source: Linux `amdgpu_ctx.c` and `amdgpu_vm.c`.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::bytes::Block;
use super::config::Flavour;
use super::context::{Context, priority};
use super::errno::Errno;
use super::file::File;
use super::sync::lock;
use super::user::UserMemory;

/// Most contexts of a file before 7.3. Source: Linux `amdgpu.h`, `AMDGPU_VM_MAX_NUM_CTX`.
const MOST_CONTEXTS: usize = 4095;

/// `CTX`.
pub(crate) fn ctx(file: &File, _: &dyn UserMemory, block: &mut Block) -> Result<i32, Errno> {
    const STABLE_PSTATE: u32 = 0xf;
    let (op, flags, id) = (block.u32(0), block.u32(4), block.u32(8));
    let priority = priority(block.i32(12));
    match op {
        1 => {
            if flags != 0 {
                return Err(Errno::EINVAL);
            }
            let made = allocate(file, priority);
            // The kernel writes over the operation even if it has nothing to write but what was given.
            block.put_u32(0, *made.as_ref().unwrap_or(&id));
            made.map(|_| 0)
        }
        2..=6 if flags & !(if op == 6 { STABLE_PSTATE } else { 0 }) != 0 => Err(Errno::EINVAL),
        2 => {
            let context = lock(&file.tables).contexts.remove(id).ok_or(Errno::EINVAL)?;
            let mut owner = lock(&file.gpu.pstate);
            if owner.is_some_and(|(serial, _)| serial == context.serial) {
                *owner = None;
            }
            Ok(0)
        }
        3 => query(file, &*file.context(id)?, block),
        4 => query2(file, &*file.context(id)?, block),
        5 => {
            let context = file.context(id)?;
            let state = context.pstate.load(Ordering::Relaxed);
            block.clear(16);
            block.put_u32(0, state);
            Ok(0)
        }
        6 => set_pstate(file, &*file.context(id)?, flags),
        _ => Err(Errno::EINVAL),
    }
}

fn allocate(file: &File, priority: i32) -> Result<u32, Errno> {
    if priority > 0 && !file.client.privileged {
        return Err(Errno::EACCES);
    }
    let gpu = &file.gpu;
    let mut tables = lock(&file.tables);
    if gpu.flavour() != Flavour::V7_3 && tables.contexts.len() >= MOST_CONTEXTS {
        return Err(Errno::ENOSPC);
    }
    let (resets, vram_lost) = (gpu.resets.load(Ordering::Acquire), gpu.vram_lost.load(Ordering::Acquire));
    let serial = gpu.shared.number();
    // The context does not know its own handle before it has it.
    let handle = tables.contexts.add(Arc::new(Context::new(0, serial, priority, resets, vram_lost)));
    if let Some(context) = tables.contexts.get_mut(handle) {
        *context = Arc::new(Context::new(handle, serial, priority, resets, vram_lost));
    }
    Ok(handle)
}

/// `QUERY_STATE`: whether there was a reset since the last call.
fn query(file: &File, context: &Context, block: &mut Block) -> Result<i32, Errno> {
    const UNKNOWN: u32 = 3;
    let resets = file.gpu.resets.load(Ordering::Acquire);
    let seen = context.resets_seen.swap(resets, Ordering::AcqRel);
    block.clear(16);
    block.put_u32(12, if seen == resets { 0 } else { UNKNOWN });
    Ok(0)
}

/// `QUERY_STATE2`: what happened since the context was made.
fn query2(file: &File, context: &Context, block: &mut Block) -> Result<i32, Errno> {
    let gpu = &file.gpu;
    let guilty = match gpu.flavour() {
        Flavour::V7_3 => context.has_hung(),
        _ => context.is_guilty(),
    };
    let resetting = gpu.flavour() != Flavour::V6_1 && gpu.resetting.load(Ordering::Acquire);
    let flags = [
        gpu.resets.load(Ordering::Acquire) != context.resets_at_start,
        gpu.vram_lost.load(Ordering::Acquire) != context.vram_lost_at_start,
        guilty,
        false,
        false,
        resetting,
    ];
    let flags = flags.iter().enumerate().map(|(bit, on)| u64::from(*on) << bit).sum();
    block.clear(16);
    block.put_u64(0, flags);
    Ok(0)
}

/// `SET_STABLE_PSTATE`: one context of the device at a time.
fn set_pstate(file: &File, context: &Context, state: u32) -> Result<i32, Errno> {
    const PEAK: u32 = 4;
    let mut owner = lock(&file.gpu.pstate);
    if owner.is_some_and(|(serial, _)| serial != context.serial) {
        return Err(Errno::EBUSY);
    }
    if state > PEAK {
        return Err(Errno::EINVAL);
    }
    *owner = (state != 0).then_some((context.serial, state));
    context.pstate.store(state, Ordering::Relaxed);
    Ok(0)
}

/// `VM`: reserves a VMID for the file, or gives it back.
pub(crate) fn vm(file: &File, _: &dyn UserMemory, block: &mut Block) -> Result<i32, Errno> {
    let (op, flags) = (block.u32(0), block.u32(4));
    if flags != 0 {
        return Err(Errno::EINVAL);
    }
    let mut vmid = lock(&file.gpu.vmid);
    match op {
        1 if vmid.is_some_and(|vm| vm != file.vm.id) => Err(Errno::ENOENT),
        1 => {
            *vmid = Some(file.vm.id);
            Ok(0)
        }
        2 => {
            if *vmid == Some(file.vm.id) {
                *vmid = None;
            }
            Ok(0)
        }
        _ => Err(Errno::EINVAL),
    }
}
