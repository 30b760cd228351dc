//! Memory of command lists: packets and arguments, and clocks.
//!
//! A block is free when nothing but its pool keeps its residency: a fence in flight keeps one, whoever dropped what.

use super::super::{Core, Error};
use super::list::Capacity;
use crate::amdgpu::{
    BufferObject, BufferRequest, CpuAccess, CpuMapping, GPU_PAGE_BYTES, PageFlags, Residency, VaMapping,
};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Packets and arguments of one list: the packets first.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) capacity: Capacity,
    pub(super) cpu: CpuMapping,
    pub(super) mapping: Arc<VaMapping>,
    /// Where clocks are written; made with the first.
    pub(super) clocks: Option<Clocks>,
}

/// A page of clocks.
#[derive(Debug)]
pub(super) struct Clocks {
    pub(super) cpu: CpuMapping,
    pub(super) mapping: Arc<VaMapping>,
}

/// Clocks that a page holds.
pub(super) const CLOCKS: u32 = (GPU_PAGE_BYTES / 8) as u32; // CAST: 512.

impl Block {
    fn new(core: &Core, capacity: Capacity) -> Result<Self, Error> {
        let bytes = capacity.packet_bytes() + capacity.argument_bytes();
        // Written in order and read by the GPU alone.
        let request = BufferRequest::gtt(bytes).access(CpuAccess::Write);
        let buffer = BufferObject::new(&core.device, &request)?;
        Ok(Self { capacity, cpu: buffer.map()?, mapping: VaMapping::new(&buffer, PageFlags::CODE)?, clocks: None })
    }

    /// The page of clocks, made where it is missing.
    pub(super) fn clocks(&mut self, core: &Core) -> Result<&Clocks, Error> {
        if self.clocks.is_none() {
            let buffer = BufferObject::new(&core.device, &BufferRequest::gtt(GPU_PAGE_BYTES))?;
            let mapping = VaMapping::new(&buffer, PageFlags::DATA)?;
            self.clocks = Some(Clocks { cpu: buffer.map()?, mapping });
        }
        self.clocks.as_ref().ok_or(Error::ListFull { what: "clocks" })
    }
}

/// A block with the residency of the list that had it: the next list that touches the same takes it over.
#[derive(Debug)]
pub(super) struct Retired {
    pub(super) block: Block,
    pub(super) residency: Option<Arc<Residency>>,
}

impl Retired {
    /// Whether no work in flight uses it.
    pub(super) fn is_free(&mut self) -> bool {
        self.residency.as_mut().is_none_or(|residency| Arc::get_mut(residency).is_some())
    }
}

/// Blocks that lists gave back.
#[derive(Debug, Default)]
pub(super) struct Pool(Mutex<Vec<Retired>>);

impl Pool {
    fn lock(&self) -> MutexGuard<'_, Vec<Retired>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A block that nothing uses.
    pub(super) fn take(&self, core: &Core, capacity: Capacity) -> Result<Retired, Error> {
        let free = {
            let mut retired = self.lock();
            let at = retired.iter_mut().position(|one| one.block.capacity == capacity && one.is_free());
            at.map(|at| retired.swap_remove(at))
        };
        match free {
            Some(free) => Ok(free),
            None => Ok(Retired { block: Block::new(core, capacity)?, residency: None }),
        }
    }

    pub(super) fn give(&self, retired: Retired) {
        self.lock().push(retired);
    }
}
