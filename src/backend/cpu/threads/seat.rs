//! A worker's place in the team: how work is handed over to it.
#![allow(unsafe_code)]

use crate::backend::cpu::shares::Share;
use std::cell::UnsafeCell;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

/// How often a waiting thread looks between two glances at the clock.
const GLANCE: u32 = 64;

/// A worker's place in the team; alone on its cache lines (two, since the neighbour is prefetched). What a worker must
/// read to begin stands on the first: handing over moves it to the worker's core and back.
#[repr(align(128))]
pub(super) struct Seat {
    state: AtomicU8,
    pub(super) share: Share,
    work: UnsafeCell<Work>,
}

/// What the worker of a seat does.
mod state {
    /// Nobody is there: a task must be sent to the pool.
    pub(super) const EMPTY: u8 = 0;
    /// A worker looks out for work, or is on its way from the pool.
    pub(super) const WAITING: u8 = 1;
    /// `work` is set; whoever changes this state first decides whether the worker does it.
    pub(super) const ASSIGNED: u8 = 2;
    /// The worker does it.
    pub(super) const WORKING: u8 = 3;
    /// As `WORKING` before, but the work panicked.
    pub(super) const PANICKED: u8 = 4;
}

/// A borrowed closure; `None` before the first work.
type Work = Option<*const (dyn Fn(usize) + Sync)>;

impl std::fmt::Debug for Seat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Seat").field("state", &self.state).finish_non_exhaustive()
    }
}

// SAFETY: `work` is written by the caller only while `state` is EMPTY, WAITING or PANICKED, when no worker reads it, and
// read by the worker only after it changed ASSIGNED to WORKING with acquire ordering; the caller stored ASSIGNED with
// release ordering after writing. The closure it points to is `Sync` and outlives both: the caller waits for the end of
// WORKING, and takes ASSIGNED back.
unsafe impl Sync for Seat {}
// SAFETY: as above; the pointer is only followed while its closure is alive.
unsafe impl Send for Seat {}

impl Seat {
    /// Nobody's.
    pub(super) fn empty() -> Self {
        Self { state: AtomicU8::new(state::EMPTY), share: Share::default(), work: UnsafeCell::new(None) }
    }

    /// Gives the seat's worker `work`, and the seat a worker where it has none.
    pub(super) fn assign(
        self: &Arc<Self>,
        work: &(dyn Fn(usize) + Sync),
        thread: usize,
        pool: &rayon::ThreadPool,
        lookout: Duration,
    ) {
        let work: *const (dyn Fn(usize) + Sync + '_) = work;
        // SAFETY: only the lifetime changes. The pointer is followed in `serve` alone, while the state is WORKING, and
        // `Round` waits for the end of that, and takes back what is ASSIGNED, before the closure's borrow ends.
        let work: *const (dyn Fn(usize) + Sync + 'static) = unsafe { std::mem::transmute(work) };
        // SAFETY: `busy` gives this thread the seats alone, and the round before it left the state neither ASSIGNED nor
        // WORKING, so nobody reads `work`.
        unsafe { *self.work.get() = Some(work) };
        // ORDERING: release publishes `work` and the share; acquire takes over what the worker that left did.
        if self.state.swap(state::ASSIGNED, Ordering::AcqRel) != state::WAITING {
            let seat = Arc::clone(self);
            pool.spawn(move || seat.serve(thread, lookout));
        }
    }

    /// Changes the state, unless somebody else did.
    fn change(&self, from: u8, to: u8) -> bool {
        self.state.compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// Works and looks out until there has been nothing to do for `lookout`.
    fn serve(&self, thread: usize, lookout: Duration) {
        while self.look_out(lookout) {
            // SAFETY: this thread changed the state from ASSIGNED to WORKING with acquire ordering, so the caller has
            // written `work` and waits: the closure is alive.
            let done = unsafe { *self.work.get() }.is_none_or(|work| {
                // SAFETY: as above.
                let work = unsafe { &*work };
                std::panic::catch_unwind(AssertUnwindSafe(|| work(thread))).is_ok()
            });
            if !done {
                self.state.store(state::PANICKED, Ordering::Release);
                return;
            }
            self.state.store(state::WAITING, Ordering::Release);
        }
    }

    /// Waits for work and takes it; false where none came for `lookout`, and the seat has been left.
    fn look_out(&self, lookout: Duration) -> bool {
        let mut since = None;
        let mut looks = 0_u32;
        loop {
            if self.state.load(Ordering::Acquire) == state::ASSIGNED && self.change(state::ASSIGNED, state::WORKING) {
                return true;
            }
            std::hint::spin_loop();
            looks = looks.wrapping_add(1);
            if looks.is_multiple_of(GLANCE)
                && since.get_or_insert_with(Instant::now).elapsed() >= lookout
                && self.change(state::WAITING, state::EMPTY)
            {
                return false;
            }
        }
    }

    /// Waits until the seat's work is done; whether it panicked. With `optional`, work that has not begun is taken back.
    pub(super) fn wait(&self, optional: bool) -> bool {
        let mut looks = 0_u32;
        loop {
            match self.state.load(Ordering::Acquire) {
                // The worker stays on the lookout, or finds itself on it when it comes.
                state::ASSIGNED if optional && self.change(state::ASSIGNED, state::WAITING) => return false,
                state::ASSIGNED | state::WORKING => {
                    looks = looks.saturating_add(1);
                    if looks < PATIENCE {
                        std::hint::spin_loop();
                    } else {
                        std::thread::yield_now(); // the worker may need this very core
                    }
                }
                found => return found == state::PANICKED,
            }
        }
    }
}

/// Looks after which a waiting caller offers its core.
const PATIENCE: u32 = 1 << 12;
