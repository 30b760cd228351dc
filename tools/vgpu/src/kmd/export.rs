//! What was given out as a descriptor, found again by the file behind it.
//!
//! Buffers are their own files, or have tokens where one file has them all. Syncobjs and fences get a pipe each: the client has the reading end, so its end can be
//! polled, and this end tells when the last copy of the client's was closed.

use std::collections::HashMap;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Mutex, Weak};

use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::{pipe2, write};

use super::arena::{Stretch, Token};
use super::bo::Bo;
use super::errno::Errno;
use super::fence::Fence;
use super::memory::{FileId, file_id};
use super::sync::lock;
use super::syncobj::Syncobj;

/// A buffer that was exported. Its file outlives the object when a client keeps nothing but the descriptor.
#[derive(Clone, Debug)]
pub(crate) struct Buffer {
    pub(crate) device: usize,
    pub(crate) bo: Weak<Bo>,
    pub(crate) bytes: u64,
    pub(crate) flags: u64,
    pub(crate) preferred: u32,
    pub(crate) alignment_pages: u32,
    /// Its pages and what was given out for them, if they are in the file of all buffers.
    pub(crate) lent: Option<Arc<(Arc<Stretch>, Token)>>,
}

#[derive(Debug)]
enum Export {
    Buffer(Buffer),
    Syncobj(Arc<Syncobj>, OwnedFd),
    Fence(Arc<Fence>, Arc<OwnedFd>),
}

/// All that was given out.
#[derive(Debug, Default)]
pub(crate) struct Exports(Mutex<HashMap<FileId, Export>>);

/// Whether no reader of a pipe is left.
fn is_abandoned(writer: impl AsFd) -> bool {
    let mut polled = [PollFd::new(writer.as_fd(), PollFlags::empty())];
    let _ = poll(&mut polled, PollTimeout::ZERO);
    polled.iter().any(|fd| fd.revents().is_some_and(|events| events.contains(PollFlags::POLLERR)))
}

impl Exports {
    fn add(&self, id: FileId, export: Export) {
        let mut exports = lock(&self.0);
        exports.retain(|_, export| match export {
            Export::Buffer(buffer) => buffer.lent.as_ref().is_none_or(|lent| !lent.1.is_abandoned()),
            Export::Syncobj(_, writer) => !is_abandoned(writer),
            Export::Fence(_, writer) => !is_abandoned(writer.as_ref()),
        });
        exports.insert(id, export);
    }

    /// Gives out a buffer.
    pub(crate) fn buffer(&self, bo: &Arc<Bo>) -> Result<OwnedFd, Errno> {
        let lent = bo.pages.stretch().map(|stretch| self.token(stretch)).transpose()?;
        let (id, descriptor) = match &lent {
            Some(lent) => (file_id(lent.1.file())?, lent.1.lend()?),
            None => (file_id(bo.pages.place().0)?, bo.pages.descriptor()?),
        };
        let buffer = Buffer {
            device: bo.device,
            bo: Arc::downgrade(bo),
            bytes: bo.bytes,
            flags: bo.flags,
            preferred: bo.preferred(),
            alignment_pages: bo.alignment_pages,
            lent,
        };
        self.add(id, Export::Buffer(buffer));
        Ok(descriptor)
    }

    /// The token of pages, so that all descriptors of a buffer are of one file.
    fn token(&self, stretch: &Arc<Stretch>) -> Result<Arc<(Arc<Stretch>, Token)>, Errno> {
        let exports = lock(&self.0);
        let known = exports.values().find_map(|export| match export {
            Export::Buffer(Buffer { lent: Some(lent), .. }) if Arc::ptr_eq(&lent.0, stretch) => Some(lent.clone()),
            _ => None,
        });
        match known {
            Some(lent) => Ok(lent),
            None => Ok(Arc::new((stretch.clone(), Token::new(stretch.bytes())?))),
        }
    }

    /// Whether a file is a buffer that was given out.
    pub(crate) fn is_buffer(&self, id: FileId) -> bool {
        matches!(lock(&self.0).get(&id), Some(Export::Buffer(_)))
    }

    /// The buffer of a file.
    pub(crate) fn find_buffer(&self, file: impl AsFd) -> Option<Buffer> {
        match lock(&self.0).get(&file_id(file).ok()?)? {
            Export::Buffer(buffer) => Some(buffer.clone()),
            _ => None,
        }
    }

    /// Gives out a syncobj.
    pub(crate) fn syncobj(&self, syncobj: &Arc<Syncobj>) -> Result<OwnedFd, Errno> {
        let (reader, writer) = pipe2(OFlag::O_CLOEXEC | OFlag::O_NONBLOCK)?;
        self.add(file_id(&reader)?, Export::Syncobj(syncobj.clone(), writer));
        Ok(reader)
    }

    /// The syncobj of a file.
    pub(crate) fn find_syncobj(&self, file: impl AsFd) -> Option<Arc<Syncobj>> {
        match lock(&self.0).get(&file_id(file).ok()?)? {
            Export::Syncobj(syncobj, _) => Some(syncobj.clone()),
            _ => None,
        }
    }

    /// Gives out a fence as a sync file, which becomes readable when the fence is done.
    pub(crate) fn fence(&self, fence: &Arc<Fence>) -> Result<OwnedFd, Errno> {
        let (reader, writer) = pipe2(OFlag::O_CLOEXEC | OFlag::O_NONBLOCK)?;
        let writer = Arc::new(writer);
        self.add(file_id(&reader)?, Export::Fence(fence.clone(), writer.clone()));
        fence.on_done(move |_| {
            let _ = write(writer.as_ref(), &[1]); // nobody may be left to read it
        });
        Ok(reader)
    }

    /// The fence of a sync file.
    pub(crate) fn find_fence(&self, file: impl AsFd) -> Option<Arc<Fence>> {
        match lock(&self.0).get(&file_id(file).ok()?)? {
            Export::Fence(fence, _) => Some(fence.clone()),
            _ => None,
        }
    }
}
