//! Streams: queues that run command lists in order.

use super::super::module::Kernel;
use super::super::{Core, Error, Gpu};
use super::block::Pool;
use super::capture::Recorder;
use super::dispatch::Dispatch;
use super::list::{Capacity, CommandList};
use super::pending::Pending;
use super::scratch::{Need, Scratch};
use crate::amdgpu::{Context, IbFlags, Priority, Queue, ResetState, Submission};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// What a stream shares with its lists.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) core: Arc<Core>,
    pub(super) pool: Pool,
    /// The largest so far. Lists that were recorded with a smaller one keep it.
    scratch: Mutex<Option<Arc<Scratch>>>,
}

impl Shared {
    /// Scratch for `need`, which is `kernel`'s.
    pub(super) fn scratch(&self, kernel: &Kernel, need: Need) -> Result<Arc<Scratch>, Error> {
        let mut scratch = self.scratch.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(scratch) = scratch.as_ref().filter(|scratch| scratch.serves(need)) {
            return Ok(scratch.clone());
        }
        let larger = Scratch::new(&self.core, kernel, need)?;
        *scratch = Some(larger.clone());
        Ok(larger)
    }
}

/// A compute ring in a context of its own: work runs in the order in which it is sent.
///
/// After an error that [`Error::loses_context`], drop it and make another one.
#[derive(Debug)]
pub struct Stream {
    shared: Arc<Shared>,
    context: Arc<Context>,
    queue: Queue,
    submission: Submission,
    /// For [`Self::launch`].
    single: Option<CommandList>,
    recorder: Option<Recorder>,
}

impl Stream {
    pub(in super::super) fn new(core: &Arc<Core>, ring: u32) -> Result<Self, Error> {
        let context = Context::new(&core.device, Priority::Normal)?;
        core.look_for_losses()?;
        let queue = Queue::compute(ring);
        let submission = Submission::new(&context, queue)?;
        let shared = Shared { core: core.clone(), pool: Pool::default(), scratch: Mutex::default() };
        Ok(Self { shared: Arc::new(shared), context, queue, submission, single: None, recorder: None })
    }

    /// An empty list of the usual capacity.
    ///
    /// # Errors
    /// [`Error::Driver`] where there is no memory.
    pub fn list(&self) -> Result<CommandList, Error> {
        self.list_with(Capacity::default())
    }

    /// An empty list.
    ///
    /// # Errors
    /// [`Error::Driver`] where there is no memory, [`Error::ListFull`] for a capacity that holds nothing.
    pub fn list_with(&self, capacity: Capacity) -> Result<CommandList, Error> {
        CommandList::new(&self.shared, capacity)
    }

    /// Sends a list, which is closed by that. It may be sent again at once; each time it runs after all before it.
    ///
    /// # Errors
    /// [`Error::Lint`] where the list is checked for the first time, [`Error::Foreign`] for another stream's list;
    /// [`Error::Driver`]: a lost context, memory, a device that is gone.
    pub fn submit(&mut self, list: &mut CommandList) -> Result<Pending, Error> {
        if !Arc::ptr_eq(&self.shared, list.shared()) {
            return Err(Error::Foreign { what: "the command list", of: "stream" });
        }
        list.close()?;
        let recording = self.recorder.as_mut().map(|recorder| recorder.begin(list, self.queue)).transpose()?;
        let sent = self.send(list);
        match &sent {
            Ok(_) => self.submission.clear(),
            // What was to be waited for is still to be waited for when it is sent again.
            Err(_) => self.submission.clear_work(),
        }
        let mut pending = sent?;
        if let Some(recording) = recording {
            recording.end(&mut pending)?;
        }
        Ok(pending)
    }

    /// Writes every submission from now on as a capture, in a folder of its own under `folder`, which is made where it is
    /// missing; `None` ends that. Each submission is then waited for before [`Self::submit`] returns. One that hangs
    /// leaves its capture without the contents afterwards.
    ///
    /// # Errors
    /// [`Error::CaptureFolder`], [`Error::Foreign`].
    pub fn record(&mut self, gpu: &Gpu, folder: Option<&Path>) -> Result<(), Error> {
        Gpu::must_be(&self.shared.core, &gpu.core, "the GPU")?;
        self.recorder = folder.map(|folder| Recorder::new(gpu, folder)).transpose()?;
        Ok(())
    }

    fn send(&mut self, list: &CommandList) -> Result<Pending, Error> {
        let Some((va, bytes, residency)) = list.sealed() else { return Err(Error::ListClosed) };
        self.submission.residency(residency)?;
        // The packets themselves may be where older ones were: the kernel invalidates the caches before it starts them.
        self.submission.ib(va, bytes, IbFlags::INVALIDATE_CACHES)?;
        Ok(Pending::new(self.submission.submit()?))
    }

    /// Records one dispatch and sends it.
    ///
    /// # Errors
    /// As [`CommandList::dispatch`] and [`Self::submit`].
    pub fn launch(&mut self, dispatch: &Dispatch<'_>) -> Result<Pending, Error> {
        let mut list = match self.single.take() {
            Some(mut list) => {
                list.reset()?;
                list
            }
            None => self.list_with(Capacity { dwords: 1024, argument_bytes: 4096 })?,
        };
        let sent = list.dispatch(dispatch).map(|_| ()).and_then(|()| self.submit(&mut list));
        self.single = Some(list);
        sent
    }

    /// Lets the next list that is sent start only when `pending`, of any stream of this GPU, is done.
    ///
    /// # Errors
    /// [`Error::Driver`] for another device's work.
    pub fn wait_for(&mut self, pending: &Pending) -> Result<&mut Self, Error> {
        if let Some(fence) = pending.fence() {
            self.submission.after(fence)?;
        }
        Ok(self)
    }

    /// Its ring.
    pub const fn queue(&self) -> Queue {
        self.queue
    }

    /// Its context.
    pub const fn context(&self) -> &Arc<Context> {
        &self.context
    }

    /// What happened to its context since it was made.
    ///
    /// # Errors
    /// [`Error::Driver`].
    pub fn state(&self) -> Result<ResetState, Error> {
        Ok(self.context.state()?)
    }
}
