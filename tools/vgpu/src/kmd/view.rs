//! The address space as one job sees it: frozen when the job was submitted.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::shader::{Backing, GlobalMemory, Permissions, Region};

use super::vm::{HOLE, MASK, Mapping, Table, page};

/// Why an address leads to no memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Miss {
    /// It is between the two halves of the address space.
    Hole,
    /// Nothing is mapped there.
    Unmapped,
    /// The object is mapped, but neither in the job's list nor always valid: it may have been moved away.
    Unlisted,
    /// The range is sparse and without memory.
    Sparse,
    /// The object is in memory that the GPU does not reach.
    Unreachable,
    /// The object's pages could not be mapped into this process.
    NoPages,
}

impl std::fmt::Display for Miss {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Hole => "the address lies in the hole between the halves of the address space",
            Self::Unmapped => "nothing is mapped there",
            Self::Unlisted => "its buffer is mapped but neither in the submission's list nor always valid",
            Self::Sparse => "the range is sparse and without memory, which is not modelled",
            Self::Unreachable => "its buffer is in a domain that the GPU does not reach",
            Self::NoPages => "its pages could not be mapped into the device's process",
        })
    }
}

/// What a page table entry says besides where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageFlags {
    /// Loads are allowed.
    pub read: bool,
    /// Stores are allowed.
    pub write: bool,
    /// Instructions may be fetched.
    pub execute: bool,
    /// Memory type as the client gave it, 0 to 15. Source: Linux `amdgpu_drm.h`, `AMDGPU_VM_MTYPE_*` shifted down by 5.
    pub mtype: u32,
    /// The object asked for uncached memory, whatever the mapping says.
    pub uncached: bool,
}

/// The address space of one job. Mappings that were removed after the submission are still in it, as the driver orders
/// their removal behind the job.
#[derive(Debug)]
pub struct VmView {
    vm: u64,
    table: Arc<Table>,
    listed: Arc<HashSet<u64>>,
    strict: bool,
}

/// The address with its upper bits as bit 47 is.
const fn extended(va: u64) -> u64 {
    if va >> 47 & 1 == 1 { va | !MASK } else { va }
}

impl VmView {
    pub(crate) const fn new(vm: u64, table: Arc<Table>, listed: Arc<HashSet<u64>>, strict: bool) -> Self {
        Self { vm, table, listed, strict }
    }

    /// Tells address spaces apart.
    #[must_use]
    pub const fn id(&self) -> u64 {
        self.vm
    }

    fn find(&self, va: u64) -> Result<(u64, &Mapping), Miss> {
        if HOLE.contains(&va) {
            return Err(Miss::Hole);
        }
        let va = va & MASK;
        let (&start, mapping) = self.table.range(..=va).next_back().ok_or(Miss::Unmapped)?;
        if va - start >= mapping.bytes {
            return Err(Miss::Unmapped);
        }
        Ok((start, mapping))
    }

    fn lookup(&self, va: u64) -> Result<Region<'_>, Miss> {
        let (start, mapping) = self.find(va)?;
        let bo = mapping.bo.as_ref().ok_or(Miss::Sparse)?;
        if self.strict && bo.always_valid_in != Some(self.vm) && !self.listed.contains(&bo.id) {
            return Err(Miss::Unlisted);
        }
        if !bo.reachable() {
            return Err(Miss::Unreachable);
        }
        let words = bo.pages.words().map_err(|_| Miss::NoPages)?;
        let first = usize::try_from(mapping.offset / 4).map_err(|_| Miss::NoPages)?;
        let count = usize::try_from(mapping.bytes / 4).map_err(|_| Miss::NoPages)?;
        let words = words.get(first..).and_then(|rest| rest.get(..count)).ok_or(Miss::NoPages)?;
        let flags = mapping.flags;
        let permissions = Permissions {
            read: flags & page::READABLE != 0,
            write: flags & page::WRITEABLE != 0,
            execute: flags & page::EXECUTABLE != 0,
        };
        Ok(Region { va: extended(start), bytes: mapping.bytes, words, permissions })
    }

    /// All memory that the job reaches.
    pub fn mappings(&self) -> impl Iterator<Item = Region<'_>> {
        self.table.keys().filter_map(|start| self.lookup(extended(*start)).ok())
    }

    /// Why `va` leads to no memory; `None` if it does.
    #[must_use]
    pub fn miss(&self, va: u64) -> Option<Miss> {
        self.lookup(va).err()
    }

    /// What the page table entry of `va` allows, mapped memory or not.
    #[must_use]
    pub fn flags(&self, va: u64) -> Option<PageFlags> {
        use super::bo::create::{COHERENT, EXT_COHERENT, UNCACHED};
        let (_, mapping) = self.find(va).ok()?;
        let flags = mapping.flags;
        Some(PageFlags {
            read: flags & page::READABLE != 0,
            write: flags & page::WRITEABLE != 0,
            execute: flags & page::EXECUTABLE != 0,
            mtype: (flags & page::MTYPE_MASK) >> 5,
            uncached: mapping.bo.as_ref().is_some_and(|bo| bo.flags & (COHERENT | EXT_COHERENT | UNCACHED) != 0),
        })
    }

    /// A name for the object behind `va` and the offset in it, for reports: objects are numbered as they are created.
    #[must_use]
    pub fn object(&self, va: u64) -> Option<(u64, u64)> {
        let (start, mapping) = self.find(va).ok()?;
        mapping.bo.as_ref().map(|bo| (bo.id, mapping.offset + ((va & MASK) - start)))
    }

    /// The dword at `va`, a multiple of 4; ranges of different objects may follow each other. `None` where a load is
    /// not possible.
    #[must_use]
    pub fn dword(&self, va: u64) -> Option<u32> {
        self.word(va, |permissions| permissions.read).map(|word| word.load(Ordering::Acquire))
    }

    /// Stores a dword at `va`, a multiple of 4. `false` where a store is not possible.
    #[must_use]
    pub fn store_dword(&self, va: u64, value: u32) -> bool {
        self.word(va, |permissions| permissions.write).map(|word| word.store(value, Ordering::Release)).is_some()
    }

    fn word(&self, va: u64, allowed: impl Fn(Permissions) -> bool) -> Option<&AtomicU32> {
        let region = self.lookup(va).ok()?;
        let offset = va.checked_sub(region.va)?;
        if !va.is_multiple_of(4) || !allowed(region.permissions) {
            return None;
        }
        region.words.get(usize::try_from(offset / 4).ok()?)
    }
}

impl GlobalMemory for VmView {
    fn region(&self, va: u64) -> Option<Region<'_>> {
        self.lookup(va).ok()
    }

    /// Memory types that GL2 may keep: the default, which is NC, and NC and RW themselves. Of the others it is not known
    /// that it does. Source: Linux `gmc_v11_0.c`, `gmc_v11_0_map_mtype` and `gmc_v11_0_get_vm_pte`; `amdgpu_drm.h`,
    /// `AMDGPU_VM_MTYPE_*`.
    fn backing(&self, va: u64) -> Option<Backing> {
        let ((object, offset), flags) = (self.object(va)?, self.flags(va)?);
        let cached = !flags.uncached && matches!(flags.mtype, 0 | 1 | 5);
        Some(Backing { object, offset, cached })
    }
}
