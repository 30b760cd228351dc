//! The threads that a backend computes on: the caller and a rayon pool that stays warm between calls.

mod per_thread;
mod seat;

pub(super) use per_thread::PerThread;
use seat::Seat;

use crate::backend::BackendError;
use crate::backend::cpu::float_env::FloatEnv;
use crate::backend::cpu::shares::{self, Pieces, Share};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// A team of a fixed size. The caller is its thread 0; the others are workers of a rayon pool.
///
/// Waking a sleeping worker costs microseconds, so after its work a worker looks out for the next one for
/// [`LOOKOUT`] before it goes back to the pool: handing over then costs a cache line or two.
#[derive(Debug)]
pub(super) struct Team {
    pool: Option<rayon::ThreadPool>,
    seats: Vec<Arc<Seat>>,
    /// The caller's share.
    own: OwnShare,
    /// One caller at a time hands out work; another one computes alone.
    busy: AtomicBool,
    /// How many wait until they can have all threads: meanwhile all others compute alone.
    awaited: AtomicUsize,
    /// Workers look out only where each thread has a core: elsewhere they would steal the one that works.
    lookout: Duration,
}

/// Somebody who waits for all threads.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// How long a worker stays awake without work.
const LOOKOUT: Duration = Duration::from_micros(60);

/// How long a caller sleeps that waits for its turn: others keep their cores meanwhile.
const TURN: Duration = Duration::from_micros(20);

/// A share alone on its cache lines.
#[derive(Debug, Default)]
#[repr(align(128))]
struct OwnShare(Share);

impl Team {
    /// A team of `threads`, at least one.
    pub(super) fn new(threads: usize) -> Result<Self, BackendError> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let lookout = if threads <= cores { LOOKOUT } else { Duration::ZERO };
        if threads <= 1 {
            return Ok(Self {
                pool: None,
                seats: Vec::new(),
                own: OwnShare::default(),
                busy: AtomicBool::new(false),
                awaited: AtomicUsize::new(0),
                lookout,
            });
        }
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads - 1)
            .thread_name(|index| format!("sparkle-cpu-{}", index + 1))
            .build()
            .map_err(|error| BackendError::Threads { threads, reason: error.to_string() })?;
        let seats = std::iter::repeat_with(|| Arc::new(Seat::empty())).take(threads - 1).collect();
        Ok(Self {
            pool: Some(pool),
            seats,
            own: OwnShare::default(),
            busy: AtomicBool::new(false),
            awaited: AtomicUsize::new(0),
            lookout,
        })
    }

    /// How many threads there are.
    pub(super) fn len(&self) -> usize {
        self.seats.len() + 1
    }

    /// How many threads [`share_out`](Self::share_out) hands `pieces` pieces to at most, at least one: the others need no
    /// scratch.
    pub(super) fn threads_for(&self, pieces: usize) -> usize {
        self.len().min(pieces).max(1)
    }

    /// Calls `work` with the numbers of the first `threads` threads, each on its own thread, and waits for all. Where
    /// the team is busy for or awaited by somebody else, `work(0)` is all that is called: work must be taken, not handed
    /// out by number.
    ///
    /// # Panics
    /// Where `work` panicked on any thread.
    pub(super) fn on_each(&self, threads: usize, work: &(dyn Fn(usize) + Sync)) {
        if self.is_awaited() || !self.lead(threads, false, &|_| (), work) {
            work(0);
        }
    }

    /// Calls `work` with the number of every thread, each on its own thread, and waits for all. Where the team is busy for
    /// somebody else, it is waited for, and nobody else gets it first.
    ///
    /// # Panics
    /// Where `work` panicked on any thread.
    pub(super) fn on_all(&self, work: &(dyn Fn(usize) + Sync)) {
        if self.seats.is_empty() {
            return work(0);
        }
        let _waiting = Waiting::new(&self.awaited);
        while !self.lead(self.len(), false, &|_| (), work) {
            std::thread::sleep(TURN);
        }
    }

    fn is_awaited(&self) -> bool {
        self.awaited.load(Ordering::Relaxed) > 0
    }

    /// Hands the numbers below `pieces` out, each once, and waits until all are done: calls `work` on several threads with
    /// a thread's number, below [`threads_for`](Self::threads_for), and the pieces that it gets. A worker that comes too
    /// late for any is not waited for. Where the team is busy for or awaited by
    /// somebody else, the caller gets all pieces, as thread 0.
    ///
    /// # Panics
    /// Where `work` panicked on any thread.
    pub(super) fn share_out(&self, pieces: usize, work: &(dyn Fn(usize, &mut dyn Iterator<Item = usize>) + Sync)) {
        let threads = self.threads_for(pieces);
        let shared = shares::countable(pieces).filter(|_| threads > 1 && !self.is_awaited()).is_some_and(|pieces| {
            let share = |thread: usize| thread.checked_sub(1).map_or(&self.own.0, |seat| &self.seats[seat].share);
            let fill = |thread: usize| share(thread).fill(&shares::run(pieces, thread, threads));
            self.lead(threads, true, &fill, &move |thread| {
                work(thread, &mut Pieces { share, pieces, thread, threads, behind: 0 });
            })
        });
        if !shared {
            work(0, &mut (0..pieces));
        }
    }

    /// Leads a round of `threads` threads, the caller one of them; false, and nothing done, where there are no others or
    /// they are busy. `prepare` is called with each thread's number before that thread can begin. With `optional` workers
    /// that have not begun when the caller is done are left out.
    fn lead(&self, threads: usize, optional: bool, prepare: &dyn Fn(usize), work: &(dyn Fn(usize) + Sync)) -> bool {
        let helpers = &self.seats[..threads.saturating_sub(1).min(self.seats.len())];
        let Some(pool) = self.pool.as_ref().filter(|_| !helpers.is_empty()) else {
            return false;
        };
        if self.busy.swap(true, Ordering::Acquire) {
            return false;
        }
        // All of them first: those that are awake may help each other at once.
        (0..=helpers.len()).for_each(prepare);
        // Dropped after all helpers are done, also where `work(0)` panics: the closure must outlive them.
        let round = Round { team: self, helpers, optional };
        for (index, seat) in helpers.iter().enumerate() {
            seat.assign(work, index + 1, pool, self.lookout);
        }
        work(0);
        drop(round);
        true
    }
}

impl Team {
    /// Takes all items of `shares` on up to `threads` threads, each in the default float environment and with something
    /// of its own from `own`: its share first, then what the others have left.
    ///
    /// # Panics
    /// Where `work` panicked on any thread.
    pub(super) fn take_all<I, T>(
        &self,
        threads: usize,
        shares: impl Iterator<Item = I>,
        own: impl Fn() -> T + Sync,
        work: impl Fn(&mut T, I::Item) + Sync,
    ) where
        I: Iterator + Send,
    {
        let shares: Vec<_> = shares.map(Mutex::new).collect();
        let next = |share: &Mutex<I>| share.lock().unwrap_or_else(PoisonError::into_inner).next();
        self.on_each(threads, &|thread| {
            let _env = FloatEnv::set_default();
            let mut own = own();
            let first = thread.min(shares.len());
            for share in shares[first..].iter().chain(&shares[..first]) {
                while let Some(item) = next(share) {
                    work(&mut own, item);
                }
            }
        });
    }
}

/// Helpers at work; dropping it waits for them.
struct Round<'a> {
    team: &'a Team,
    helpers: &'a [Arc<Seat>],
    /// Whether a helper that has not begun may be left out.
    optional: bool,
}

impl Drop for Round<'_> {
    fn drop(&mut self) {
        let panicked = self.helpers.iter().filter(|seat| seat.wait(self.optional)).count();
        self.team.busy.store(false, Ordering::Release);
        if panicked > 0 && !std::thread::panicking() {
            std::panic::resume_unwind(Box::new(format!("the work panicked on {panicked} other threads")));
        }
    }
}

#[cfg(test)]
mod tests;
