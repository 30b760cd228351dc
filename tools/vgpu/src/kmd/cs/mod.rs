//! `CS`: submitting work. The checks are in the kernel's order, so that of two mistakes the same one is told.
//!
//! Source: Linux `amdgpu_cs.c`.

mod chunks;
mod depend;
mod submit;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::bo::Bo;
use super::bytes::Block;
use super::config::Flavour;
use super::context::{Context, Entity};
use super::errno::Errno;
use super::file::File;
use super::job::{Ib, Shadow};
use super::ring::Dependency;
use super::syncobj::Syncobj;
use super::user::{UserMemory, read_block, read_u64s};
use chunks::Chunk;
pub(crate) use chunks::most_ibs;

/// The IBs of one submission for one ring.
#[derive(Debug)]
struct Member {
    entity: Arc<Entity>,
    ibs: Vec<Ib>,
    /// IBs that the first pass counted for it.
    count: u32,
    preempt: u32,
}

/// A syncobj that the job is to signal.
#[derive(Debug)]
struct Signal {
    syncobj: Arc<Syncobj>,
    point: u64,
}

/// A submission on its way through the checks.
struct Parser<'a> {
    file: &'a File,
    user: &'a dyn UserMemory,
    context: Arc<Context>,
    chunks: Vec<Chunk>,
    /// One for each ring, in the order of their first IB.
    gang: Vec<Member>,
    /// The member of the last IB.
    leader: usize,
    user_fence: Option<(Arc<Bo>, u32)>,
    list: Option<Vec<Arc<Bo>>>,
    dependencies: Vec<Dependency>,
    /// Set by the first chunk that signals, even an empty one.
    signals: Option<Vec<Signal>>,
    shadow: Option<Shadow>,
}

/// `CS`.
pub(crate) fn cs(file: &File, user: &dyn UserMemory, block: &mut Block) -> Result<i32, Errno> {
    if !file.gpu.accel_working.load(Ordering::Acquire) {
        return Err(Errno::EBUSY);
    }
    if file.gpu.shared.inject.submission_loses_vram() {
        file.gpu.lose();
    }
    let (id, list, count, addr) = (block.u32(0), block.u32(4), block.u32(8), block.u64(16));
    if count == 0 {
        return Err(Errno::EINVAL);
    }
    let context = file.context(id)?;
    if file.gpu.flavour() != Flavour::V7_3 && context.is_guilty() {
        return Err(Errno::ECANCELED);
    }
    let mut parser = Parser {
        file,
        user,
        context,
        chunks: Vec::new(),
        gang: Vec::new(),
        leader: 0,
        user_fence: None,
        list: None,
        dependencies: Vec::new(),
        signals: None,
        shadow: None,
    };
    parser.first_pass(addr, count)?;
    parser.second_pass()?;
    let objects = parser.objects(list)?;
    let sequence = parser.submit(objects)?;
    block.put_u64(0, sequence);
    Ok(0)
}

impl Parser<'_> {
    fn flavour(&self) -> Flavour {
        self.file.gpu.flavour()
    }

    /// Copies of more than this fail in the kernel, whatever the memory.
    fn absurd(&self, bytes: u64) -> Result<(), Errno> {
        if bytes <= i32::MAX.unsigned_abs().into() {
            return Ok(());
        }
        Err(if self.flavour() == Flavour::V7_3 { Errno::EINVAL } else { Errno::ENOMEM })
    }

    fn first_pass(&mut self, addr: u64, count: u32) -> Result<(), Errno> {
        self.absurd(u64::from(count) * 8)?;
        for pointer in read_u64s(self.user, addr, count)? {
            let header = read_block(self.user, pointer, 16)?;
            let bytes = u64::from(header.u32(4)) * 4;
            self.absurd(bytes)?;
            let data = read_block(self.user, header.u64(8), bytes)?;
            let chunk = Chunk { id: header.u32(0), data };
            self.look(&chunk)?;
            self.chunks.push(chunk);
        }
        if self.gang.is_empty() {
            return Err(Errno::EINVAL);
        }
        if self.file.gpu.vram_lost.load(Ordering::Acquire) != self.context.vram_lost_at_start {
            return Err(Errno::ECANCELED);
        }
        Ok(())
    }

    fn second_pass(&mut self) -> Result<(), Errno> {
        for chunk in std::mem::take(&mut self.chunks) {
            self.take(&chunk)?;
        }
        Ok(())
    }
}
