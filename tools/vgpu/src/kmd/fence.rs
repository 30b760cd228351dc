//! Fences: something that will be done, and with what result.

use std::fmt;
use std::sync::{Arc, Mutex};

use super::errno::Errno;
use super::sync::{Bell, lock};

/// How the work of a fence ended.
pub(crate) type Done = Result<(), Errno>;
type Callback = Box<dyn FnOnce(Done) + Send>;

#[derive(Default)]
struct State {
    scheduled: bool,
    done: Option<Done>,
    callbacks: Vec<Callback>,
}

/// One fence: of a job, or the sum of others.
pub(crate) struct Fence {
    /// The VM whose work it is; within one VM nothing is synchronised implicitly.
    pub(crate) owner: u64,
    parts: Vec<Arc<Fence>>,
    state: Mutex<State>,
    bell: Arc<Bell>,
}

impl Fence {
    /// A fence of work that is still to do, for the VM `owner`.
    pub(crate) fn pending(bell: &Arc<Bell>, owner: u64) -> Arc<Self> {
        Arc::new(Self { owner, parts: Vec::new(), state: Mutex::default(), bell: bell.clone() })
    }

    /// A fence that is done, such as the kernel hands out when there is nothing to wait for.
    pub(crate) fn stub(bell: &Arc<Bell>) -> Arc<Self> {
        let fence = Self::pending(bell, 0);
        fence.signal(Ok(()));
        fence
    }

    /// A fence that is done when all of `parts` are, with the first error among them.
    pub(crate) fn all(bell: &Arc<Bell>, mut parts: Vec<Arc<Self>>) -> Arc<Self> {
        parts.retain(|part| part.result() != Some(Ok(())));
        match parts.pop() {
            None => Self::stub(bell),
            Some(one) if parts.is_empty() => one,
            Some(one) => {
                parts.push(one);
                Arc::new(Self { owner: 0, parts, state: Mutex::default(), bell: bell.clone() })
            }
        }
    }

    /// How it ended, if it did.
    pub(crate) fn result(&self) -> Option<Done> {
        if self.parts.is_empty() {
            return lock(&self.state).done;
        }
        let mut sum = Ok(());
        for part in &self.parts {
            sum = sum.and(part.result()?);
        }
        Some(sum)
    }

    /// Whether it is done.
    pub(crate) fn is_done(&self) -> bool {
        self.result().is_some()
    }

    /// Whether the hardware has the work, or is done with it.
    pub(crate) fn is_scheduled(&self) -> bool {
        if self.parts.is_empty() {
            let state = lock(&self.state);
            return state.scheduled || state.done.is_some();
        }
        self.parts.iter().all(|part| part.is_scheduled())
    }

    /// Says that the hardware has the work.
    pub(crate) fn schedule(&self) {
        lock(&self.state).scheduled = true;
        self.bell.ring();
    }

    /// Ends it. Only the first end counts.
    pub(crate) fn signal(&self, done: Done) {
        let callbacks = {
            let mut state = lock(&self.state);
            if state.done.is_some() {
                return;
            }
            state.done = Some(done);
            std::mem::take(&mut state.callbacks)
        };
        callbacks.into_iter().for_each(|callback| callback(done));
        self.bell.ring();
    }

    /// Calls `then` when it is done, at once if it is.
    pub(crate) fn on_done(self: &Arc<Self>, then: impl FnOnce(Done) + Send + 'static) {
        self.call_back(Box::new(then));
    }

    fn call_back(self: &Arc<Self>, then: Callback) {
        if let Some(part) = self.parts.iter().find(|part| !part.is_done()) {
            // One part after the other; in the end all are done and the state below is not used.
            let this = self.clone();
            part.call_back(Box::new(move |_| this.call_back(then)));
            return;
        }
        if !self.parts.is_empty() {
            return then(self.result().unwrap_or(Ok(())));
        }
        let mut state = lock(&self.state);
        match state.done {
            None => state.callbacks.push(then),
            Some(done) => {
                drop(state);
                then(done);
            }
        }
    }
}

impl fmt::Debug for Fence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fence").field("owner", &self.owner).field("result", &self.result()).finish_non_exhaustive()
    }
}

/// The fences of the jobs that use an object; objects that are always valid share one with their VM.
#[derive(Debug, Default)]
pub(crate) struct Reservation(Mutex<Vec<Arc<Fence>>>);

impl Reservation {
    /// Adds the fence of a job.
    pub(crate) fn add(&self, fence: &Arc<Fence>) {
        let mut fences = lock(&self.0);
        fences.retain(|old| !old.is_done());
        fences.push(fence.clone());
    }

    /// Those that are not done.
    pub(crate) fn pending(&self) -> Vec<Arc<Fence>> {
        let mut fences = lock(&self.0);
        fences.retain(|fence| !fence.is_done());
        fences.clone()
    }
}
