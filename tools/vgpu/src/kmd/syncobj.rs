//! Syncobjs: a place for a fence, or for a chain of fences with numbers.

use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex};

use nix::unistd::write;

use super::errno::Errno;
use super::fence::Fence;
use super::sync::{Bell, lock};

/// One point of a chain. It is reached when its fence and all before it are done.
#[derive(Clone, Debug)]
struct Link {
    seqno: u64,
    prev_seqno: u64,
    /// Points of one context have rising numbers.
    context: u64,
    fence: Arc<Fence>,
}

#[derive(Clone, Debug)]
enum Payload {
    Fence(Arc<Fence>),
    Chain(Vec<Link>),
}

#[derive(Debug)]
struct Watch {
    point: u64,
    available: bool,
    event: OwnedFd,
}

#[derive(Debug, Default)]
struct State {
    payload: Option<Payload>,
    watches: Vec<Watch>,
    contexts: u64,
}

/// A syncobj.
#[derive(Debug)]
pub(crate) struct Syncobj {
    bell: Arc<Bell>,
    state: Mutex<State>,
}

fn notify(event: &OwnedFd) {
    let _ = write(event, &1u64.to_ne_bytes()); // a full counter is readable already
}

impl Payload {
    /// The fence of a point. Source: Linux `dma-fence-chain.c`, `dma_fence_chain_find_seqno`.
    fn find(&self, bell: &Arc<Bell>, point: u64) -> Option<Arc<Fence>> {
        match (self, point) {
            (Self::Fence(fence), 0) => Some(fence.clone()),
            (Self::Fence(_), _) => None,
            (Self::Chain(links), 0) => Some(sum(bell, links)),
            (Self::Chain(links), point) => {
                let last = links.last().filter(|last| last.seqno >= point)?;
                let at = links.iter().rposition(|link| link.context != last.context || link.prev_seqno < point);
                // Where the chain no longer reaches back to the point, all of it up to there is done.
                Some(at.and_then(|at| links.get(..=at)).map_or_else(|| Fence::stub(bell), |links| sum(bell, links)))
            }
        }
    }
}

fn sum(bell: &Arc<Bell>, links: &[Link]) -> Arc<Fence> {
    Fence::all(bell, links.iter().map(|link| link.fence.clone()).collect())
}

impl Syncobj {
    pub(crate) fn new(bell: &Arc<Bell>, signalled: bool) -> Arc<Self> {
        let payload = signalled.then(|| Payload::Fence(Fence::stub(bell)));
        Arc::new(Self { bell: bell.clone(), state: Mutex::new(State { payload, ..State::default() }) })
    }

    /// The fence of `point`, 0 for whatever is there.
    pub(crate) fn find(&self, point: u64) -> Option<Arc<Fence>> {
        lock(&self.state).payload.as_ref()?.find(&self.bell, point)
    }

    /// Puts another fence in its place, or none.
    pub(crate) fn replace(&self, fence: Option<Arc<Fence>>) {
        let mut state = lock(&self.state);
        state.payload = fence.map(Payload::Fence);
        self.changed(state);
    }

    /// Adds a point; whether it is out of order. Source: Linux `drm_syncobj.c`, `drm_syncobj_add_point`, and
    /// `dma-fence-chain.c`, `dma_fence_chain_init`.
    pub(crate) fn add_point(&self, point: u64, fence: Arc<Fence>) -> bool {
        let mut state = lock(&self.state);
        state.contexts += 1;
        let fresh = state.contexts;
        let mut links = match state.payload.take() {
            None => Vec::new(),
            Some(Payload::Fence(fence)) => vec![Link { seqno: 0, prev_seqno: 0, context: 0, fence }],
            Some(Payload::Chain(links)) => links,
        };
        let head = links.last().filter(|head| head.context != 0).map(|head| (head.seqno, head.context));
        let (seqno, prev_seqno, context) = match head {
            Some((seqno, context)) if point > seqno => (point, seqno, context),
            Some((seqno, _)) => (seqno.max(point), 0, fresh),
            None => (point, 0, fresh),
        };
        // What is done at the front does not hold anything back.
        let done = links.iter().take_while(|link| link.fence.is_done()).count();
        links.drain(..done);
        links.push(Link { seqno, prev_seqno, context, fence });
        state.payload = Some(Payload::Chain(links));
        self.changed(state);
        head.is_some_and(|(seqno, _)| point <= seqno)
    }

    fn changed(&self, mut state: std::sync::MutexGuard<'_, State>) {
        let watches = std::mem::take(&mut state.watches);
        let mut met = Vec::new();
        for watch in watches {
            match state.payload.as_ref().and_then(|payload| payload.find(&self.bell, watch.point)) {
                Some(fence) => met.push((fence, watch)),
                None => state.watches.push(watch),
            }
        }
        drop(state);
        for (fence, watch) in met {
            if watch.available {
                notify(&watch.event);
            } else {
                fence.on_done(move |_| notify(&watch.event));
            }
        }
        self.bell.ring();
    }

    /// Signals `event` when the point is there (`available`) or done.
    pub(crate) fn watch(&self, point: u64, available: bool, event: OwnedFd) {
        let mut state = lock(&self.state);
        state.watches.push(Watch { point, available, event });
        self.changed(state);
    }

    /// The point that is reached, or with `submitted` the last that is there. Source: Linux `drm_syncobj.c`,
    /// `drm_syncobj_query_ioctl`.
    pub(crate) fn query(&self, submitted: bool) -> u64 {
        let state = lock(&self.state);
        let Some(Payload::Chain(links)) = &state.payload else { return 0 };
        let Some(head) = links.last() else { return 0 };
        if submitted {
            return head.seqno;
        }
        let pending = links.iter().position(|link| !link.fence.is_done());
        let Some(pending) = pending.and_then(|at| links.get(at..)) else { return head.seqno };
        // The oldest of the head's context that is not reached.
        let same = pending.iter().rev().take_while(|link| link.context == head.context);
        same.last().map_or(0, |link| link.prev_seqno)
    }

    /// The fence of `point`, waiting for it to be there if `wait_for_submit`.
    ///
    /// # Errors
    /// `EINVAL` if it is not there, `ETIME` if it does not come in time. Source: Linux `drm_syncobj.c`,
    /// `drm_syncobj_find_fence`.
    pub(crate) fn find_or_wait(
        &self,
        point: u64,
        wait_for_submit: bool,
        until: super::sync::Until,
    ) -> Result<Arc<Fence>, Errno> {
        if let Some(fence) = self.find(point) {
            return Ok(fence);
        }
        if !wait_for_submit {
            return Err(Errno::EINVAL);
        }
        self.bell.wait(until, || self.find(point)).ok_or(Errno::ETIME)
    }
}
