//! GPU virtual memory of one open file: what is mapped where, and what a job sees of it.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex};

use super::bo::Bo;
use super::config::Flavour;
use super::errno::Errno;
use super::fence::{Fence, Reservation};
use super::sync::lock;
use super::view::VmView;

/// Flags of `GEM_VA`. Source: Linux `include/uapi/drm/amdgpu_drm.h`, `AMDGPU_VM_PAGE_*` and its neighbours.
pub(crate) mod page {
    pub(crate) const DELAY_UPDATE: u32 = 1 << 0;
    pub(crate) const READABLE: u32 = 1 << 1;
    pub(crate) const WRITEABLE: u32 = 1 << 2;
    pub(crate) const EXECUTABLE: u32 = 1 << 3;
    pub(crate) const PRT: u32 = 1 << 4;
    pub(crate) const MTYPE_MASK: u32 = 0xf << 5;
    pub(crate) const NOALLOC: u32 = 1 << 9;
}

/// Bytes of a page of the GPU and of the CPU.
pub(crate) const PAGE: u64 = 4096;
/// The addresses that are no addresses: between the halves of a sign-extended space of 48 bits.
/// Source: Linux `amdgpu_gmc.h`, `AMDGPU_GMC_HOLE_START` and its neighbours.
pub(crate) const HOLE: std::ops::Range<u64> = 0x0000_8000_0000_0000..0xffff_8000_0000_0000;
/// What is left of an address without its sign extension.
pub(crate) const MASK: u64 = 0x0000_ffff_ffff_ffff;
/// Bytes of the whole space. Source: Linux `gmc_v11_0.c`, the default `vm_size`.
pub(crate) const SPACE: u64 = 1 << 48;

/// One mapping; keyed by its first address in [`Table`].
#[derive(Clone, Debug)]
pub(crate) struct Mapping {
    pub(crate) bytes: u64,
    /// `None` for sparse ranges without memory.
    pub(crate) bo: Option<Arc<Bo>>,
    pub(crate) offset: u64,
    /// [`page`] bits.
    pub(crate) flags: u32,
}

/// All mappings by first address, without sign extension.
pub(crate) type Table = BTreeMap<u64, Mapping>;

/// The last page fault, as `INFO` tells it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct FaultInfo {
    pub(crate) addr: u64,
    pub(crate) status: u32,
    pub(crate) hub: u32,
}

#[derive(Debug)]
struct InFlight {
    fence: Arc<Fence>,
    listed: Arc<HashSet<u64>>,
}

/// The address space of one open file.
#[derive(Debug)]
pub(crate) struct Vm {
    pub(crate) id: u64,
    table: Mutex<Arc<Table>>,
    /// Every job of the VM, and the objects that are always valid in it.
    pub(crate) reservation: Arc<Reservation>,
    pub(crate) fault: Mutex<FaultInfo>,
    in_flight: Mutex<Vec<InFlight>>,
}

/// Checks what `MAP`, `REPLACE` and newer `CLEAR` check. Source: Linux `amdgpu_vm.c`, `amdgpu_vm_verify_parameters`.
fn verify(bo: Option<&Bo>, start: u64, offset: u64, bytes: u64) -> Result<u64, Errno> {
    let aligned = [start, offset, bytes].iter().all(|value| value.is_multiple_of(PAGE));
    let end = start.checked_add(bytes).ok_or(Errno::EINVAL)?;
    let last = offset.checked_add(bytes).ok_or(Errno::EINVAL)?;
    if !aligned || bytes == 0 || end > SPACE || bo.is_some_and(|bo| last > bo.bytes) {
        return Err(Errno::EINVAL);
    }
    Ok(end)
}

/// The mapping that overlaps `start..end`, if any.
fn overlap(table: &Table, start: u64, end: u64) -> Option<(u64, u64)> {
    let (&at, mapping) = table.range(..end).next_back()?;
    (at + mapping.bytes > start).then_some((at, at + mapping.bytes))
}

/// Cuts `start..end` out; the objects that lost pages.
fn cut(table: &mut Table, start: u64, end: u64) -> Vec<Option<Arc<Bo>>> {
    let hit: Vec<u64> =
        table.range(..end).rev().take_while(|(at, mapping)| **at + mapping.bytes > start).map(|(at, _)| *at).collect();
    let mut lost = Vec::new();
    for at in hit {
        let Some(whole) = table.remove(&at) else { continue };
        let whole_end = at + whole.bytes;
        if at < start {
            table.insert(at, Mapping { bytes: start - at, ..whole.clone() });
        }
        if whole_end > end {
            let offset = if whole.bo.is_some() { whole.offset + (end - at) } else { 0 };
            table.insert(end, Mapping { bytes: whole_end - end, offset, ..whole.clone() });
        }
        lost.push(whole.bo);
    }
    lost
}

/// What an operation on the table did besides its result.
#[derive(Debug, Default)]
pub(crate) struct Effect {
    /// Objects that lost pages.
    pub(crate) lost: Vec<Option<Arc<Bo>>>,
    /// The mapping that was in the way.
    pub(crate) conflict: Option<(u64, u64)>,
}

impl Vm {
    pub(crate) fn new(id: u64) -> Self {
        Self {
            id,
            table: Mutex::default(),
            reservation: Arc::default(),
            fault: Mutex::default(),
            in_flight: Mutex::default(),
        }
    }

    /// Maps; `start` without sign extension.
    pub(crate) fn map(
        &self,
        bo: Option<Arc<Bo>>,
        start: u64,
        offset: u64,
        bytes: u64,
        flags: u32,
        effect: &mut Effect,
    ) -> Result<(), Errno> {
        let end = verify(bo.as_deref(), start, offset, bytes)?;
        let mut table = lock(&self.table);
        if let Some(conflict) = overlap(&table, start, end) {
            effect.conflict = Some(conflict);
            return Err(Errno::EINVAL);
        }
        Arc::make_mut(&mut table).insert(start, Mapping { bytes, bo, offset, flags });
        Ok(())
    }

    /// Clears the range, then maps.
    pub(crate) fn replace(
        &self,
        bo: Option<Arc<Bo>>,
        start: u64,
        offset: u64,
        bytes: u64,
        flags: u32,
        effect: &mut Effect,
    ) -> Result<(), Errno> {
        let end = verify(bo.as_deref(), start, offset, bytes)?;
        let mut table = lock(&self.table);
        let table = Arc::make_mut(&mut table);
        effect.lost = cut(table, start, end);
        table.insert(start, Mapping { bytes, bo, offset, flags });
        Ok(())
    }

    /// Removes the mapping of `bo` that starts in the page of `start`. Only the page number counts.
    /// Source: Linux `amdgpu_vm.c`, `amdgpu_vm_bo_unmap`.
    pub(crate) fn unmap(&self, bo: Option<&Arc<Bo>>, start: u64, effect: &mut Effect) -> Result<(), Errno> {
        let start = start / PAGE * PAGE;
        let mut table = lock(&self.table);
        let mapping = table.get(&start).ok_or(Errno::ENOENT)?;
        if mapping.bo.as_ref().map(|bo| bo.id) != bo.map(|bo| bo.id) {
            return Err(Errno::ENOENT);
        }
        effect.lost = Arc::make_mut(&mut table).remove(&start).map(|mapping| mapping.bo).into_iter().collect();
        Ok(())
    }

    /// Clears a range. Flavour 6.1 does not check it and takes whole pages.
    pub(crate) fn clear(&self, flavour: Flavour, start: u64, bytes: u64, effect: &mut Effect) -> Result<(), Errno> {
        let (start, end) = if flavour == Flavour::V6_1 {
            let last = start.wrapping_add(bytes).wrapping_sub(1) & MASK;
            (start / PAGE * PAGE, (last / PAGE + 1) * PAGE)
        } else {
            (start, verify(None, start, 0, bytes)?)
        };
        if start < end {
            effect.lost = cut(Arc::make_mut(&mut *lock(&self.table)), start, end);
        }
        Ok(())
    }

    /// Removes all mappings of an object whose last handle went; whether there were any.
    pub(crate) fn forget(&self, bo: &Bo) -> bool {
        let mut table = lock(&self.table);
        let is = |mapping: &Mapping| mapping.bo.as_ref().is_some_and(|of| of.id == bo.id);
        let any = table.values().any(is);
        if any {
            Arc::make_mut(&mut table).retain(|_, mapping| !is(mapping));
        }
        any
    }

    /// The mappings of one object: address, bytes, offset, flags.
    pub(crate) fn of(&self, bo: &Bo) -> Vec<(u64, u64, u64, u32)> {
        let of = |mapping: &Mapping| mapping.bo.as_ref().is_some_and(|of| of.id == bo.id);
        let row = |(at, mapping): (&u64, &Mapping)| (*at, mapping.bytes, mapping.offset, mapping.flags);
        lock(&self.table).iter().filter(|(_, mapping)| of(mapping)).map(row).collect()
    }

    /// How many mappings there are.
    pub(crate) fn len(&self) -> usize {
        lock(&self.table).len()
    }

    /// The table as it is now, for a job with these objects listed.
    pub(crate) fn view(&self, listed: Arc<HashSet<u64>>, strict: bool) -> Arc<VmView> {
        Arc::new(VmView::new(self.id, lock(&self.table).clone(), listed, strict))
    }

    /// Remembers that a job uses its listed objects until `fence`.
    pub(crate) fn uses(&self, fence: &Arc<Fence>, listed: Arc<HashSet<u64>>) {
        let mut in_flight = lock(&self.in_flight);
        in_flight.retain(|job| !job.fence.is_done());
        in_flight.push(InFlight { fence: fence.clone(), listed });
    }

    /// Whether a job that is not done may still use `bo` by its address.
    pub(crate) fn is_used(&self, bo: &Bo) -> bool {
        let mut in_flight = lock(&self.in_flight);
        in_flight.retain(|job| !job.fence.is_done());
        in_flight.iter().any(|job| bo.always_valid_in == Some(self.id) || job.listed.contains(&bo.id))
    }
}
