//! The threads that a backend computes on: the caller and a rayon pool that stays warm between calls.
#![allow(unsafe_code)]

use crate::backend::BackendError;
use crate::backend::cpu::float_env::FloatEnv;
use crate::backend::cpu::shares::{self, Pieces, Share};
use std::cell::UnsafeCell;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

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
    /// Workers look out only where each thread has a core: elsewhere they would steal the one that works.
    lookout: Duration,
}

/// How long a worker stays awake without work.
const LOOKOUT: Duration = Duration::from_micros(60);

/// How long a caller sleeps that waits for its turn: others keep their cores meanwhile.
const TURN: Duration = Duration::from_micros(20);

/// How often a waiting thread looks between two glances at the clock.
const GLANCE: u32 = 64;

/// A worker's place in the team; alone on its cache lines (two, since the neighbour is prefetched). What a worker must
/// read to begin stands on the first: handing over moves it to the worker's core and back.
#[repr(align(128))]
struct Seat {
    state: AtomicU8,
    share: Share,
    work: UnsafeCell<Work>,
}

/// A share alone on its cache lines.
#[derive(Debug, Default)]
#[repr(align(128))]
struct OwnShare(Share);

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
                lookout,
            });
        }
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads - 1)
            .thread_name(|index| format!("sparkle-cpu-{}", index + 1))
            .build()
            .map_err(|error| BackendError::Threads { threads, reason: error.to_string() })?;
        let seat = || Seat { state: AtomicU8::new(state::EMPTY), share: Share::default(), work: UnsafeCell::new(None) };
        let seats = std::iter::repeat_with(|| Arc::new(seat())).take(threads - 1).collect();
        Ok(Self { pool: Some(pool), seats, own: OwnShare::default(), busy: AtomicBool::new(false), lookout })
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
    /// the team is busy for somebody else, `work(0)` is all that is called: work must be taken, not handed out by number.
    ///
    /// # Panics
    /// Where `work` panicked on any thread.
    pub(super) fn on_each(&self, threads: usize, work: &(dyn Fn(usize) + Sync)) {
        if !self.lead(threads, false, &|_| (), work) {
            work(0);
        }
    }

    /// Calls `work` with the number of every thread, each on its own thread, and waits for all. Where the team is busy for
    /// somebody else, it is waited for.
    ///
    /// # Panics
    /// Where `work` panicked on any thread.
    pub(super) fn on_all(&self, work: &(dyn Fn(usize) + Sync)) {
        if self.seats.is_empty() {
            return work(0);
        }
        while !self.lead(self.len(), false, &|_| (), work) {
            std::thread::sleep(TURN);
        }
    }

    /// Hands the numbers below `pieces` out, each once, and waits until all are done: calls `work` on several threads with
    /// a thread's number and the pieces that it gets, numbers below [`threads_for`](Self::threads_for). A worker that comes too late for any is not waited for. Where the
    /// team is busy for somebody else, the caller gets all pieces, as thread 0.
    ///
    /// # Panics
    /// Where `work` panicked on any thread.
    pub(super) fn share_out(&self, pieces: usize, work: &(dyn Fn(usize, &mut dyn Iterator<Item = usize>) + Sync)) {
        let threads = self.threads_for(pieces);
        let shared = shares::countable(pieces).filter(|_| threads > 1).is_some_and(|pieces| {
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

impl Seat {
    /// Gives the seat's worker `work`, and the seat a worker where it has none.
    fn assign(
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
    fn wait(&self, optional: bool) -> bool {
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

/// Something of its own for each thread of a team.
#[derive(Debug)]
pub(super) struct PerThread<T>(Vec<Slot<T>>);

impl<T> Default for PerThread<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

/// Alone on its cache lines.
#[derive(Debug)]
#[repr(align(128))]
struct Slot<T>(Mutex<T>);

impl<T> PerThread<T> {
    /// One for each of `threads`.
    pub(super) fn new(threads: usize, make: impl FnMut() -> Result<T, BackendError>) -> Result<Self, BackendError> {
        let slots = std::iter::repeat_with(make).take(threads).map(|made| made.map(|own| Slot(Mutex::new(own))));
        slots.collect::<Result<_, _>>().map(Self)
    }

    /// What thread `thread` owns. A poisoned one holds nothing that a run relies on.
    pub(super) fn of(&self, thread: usize) -> MutexGuard<'_, T> {
        self.0[thread].0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a panic is how a test fails

    use super::*;
    use std::sync::atomic::AtomicUsize;

    fn numbers(team: &Team, threads: usize) -> Vec<usize> {
        let seen = Mutex::new(Vec::new());
        team.on_each(threads, &|thread| seen.lock().unwrap().push(thread));
        let mut seen = seen.into_inner().unwrap();
        seen.sort_unstable();
        seen
    }

    #[test]
    fn every_thread_works_once_hot_and_cold() {
        let team = Team::new(4).unwrap();
        for round in 0..2000 {
            assert_eq!(numbers(&team, 4), [0, 1, 2, 3]);
            assert_eq!(numbers(&team, 2), [0, 1]);
            if round % 500 == 0 {
                std::thread::sleep(LOOKOUT * 10); // all have left
            }
        }
        assert_eq!(numbers(&team, 99), [0, 1, 2, 3]);
        assert_eq!(numbers(&Team::new(1).unwrap(), 8), [0]);
    }

    #[test]
    fn pieces_are_handed_out_once_hot_cold_and_too_short_to_wait_for() {
        let team = Team::new(3).unwrap();
        for round in 0..3000_usize {
            let pieces = round % 40;
            let taken: Vec<_> = (0..pieces).map(|_| AtomicUsize::new(0)).collect();
            team.share_out(pieces, &|thread, mine| {
                assert!(thread < 3);
                mine.for_each(|piece| {
                    taken[piece].fetch_add(1, Ordering::Relaxed);
                });
            });
            assert!(taken.iter().all(|times| times.load(Ordering::Relaxed) == 1), "round {round}");
            if round % 500 == 0 {
                std::thread::sleep(LOOKOUT * 10); // all have left
            }
        }
        assert_eq!(numbers(&team, 3), [0, 1, 2], "all workers are still there");
    }

    #[test]
    fn a_worker_that_is_asleep_is_not_waited_for() {
        let team = Team::new(2).unwrap();
        // The pool's only thread is held up, so nobody can come.
        let hold = std::sync::Barrier::new(2);
        let done = std::thread::scope(|scope| {
            scope.spawn(|| team.pool.as_ref().unwrap().install(|| hold.wait()));
            std::thread::sleep(Duration::from_millis(20)); // the pool is busy before work is handed out
            let done = AtomicUsize::new(0);
            for _ in 0..3 {
                team.share_out(10, &|thread, mine| {
                    assert_eq!(thread, 0);
                    done.fetch_add(mine.count(), Ordering::Relaxed);
                });
            }
            hold.wait();
            done.into_inner()
        });
        assert_eq!(done, 30);
        assert_eq!(numbers(&team, 2), [0, 1]);
    }

    #[test]
    fn a_second_caller_computes_alone() {
        let team = Team::new(2).unwrap();
        let sums: Vec<_> = std::thread::scope(|scope| {
            let caller = || {
                (0..500).all(|_| {
                    let sum = AtomicUsize::new(0);
                    team.share_out(100, &|_, mine| {
                        sum.fetch_add(mine.sum(), Ordering::Relaxed);
                    });
                    sum.into_inner() == 4950
                })
            };
            let callers: Vec<_> = (0..3).map(|_| scope.spawn(caller)).collect();
            callers.into_iter().map(|caller| caller.join().unwrap()).collect()
        });
        assert_eq!(sums, [true; 3]);
    }

    #[test]
    fn who_needs_all_threads_waits_for_another_caller() {
        let (team, begun) = (Team::new(3).unwrap(), std::sync::Barrier::new(2));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                team.on_each(3, &|thread| {
                    if thread == 0 {
                        begun.wait();
                        std::thread::sleep(TURN * 500);
                    }
                });
            });
            begun.wait();
            let seen = Mutex::new(Vec::new());
            team.on_all(&|thread| seen.lock().unwrap().push(thread));
            let mut seen = seen.into_inner().unwrap();
            seen.sort_unstable();
            assert_eq!(seen, [0, 1, 2]);
        });
    }

    #[test]
    fn every_item_is_taken_once() {
        let team = Team::new(3).unwrap();
        for (threads, shares, len) in [(1, 1, 5), (3, 3, 40), (3, 1, 40), (2, 7, 9), (3, 0, 0)] {
            let mut items = vec![0; shares * len];
            let parts = items.chunks_mut(len.max(1)).map(<[_]>::iter_mut);
            team.take_all(threads, parts, || (), |(), item: &mut i32| *item += 1);
            assert!(items.iter().all(|taken| *taken == 1), "{threads} threads, {shares} shares of {len}");
        }
    }

    #[test]
    fn a_panic_reaches_the_caller_and_leaves_the_team_whole() {
        let team = Team::new(3).unwrap();
        for thrower in [0, 2] {
            let caught = std::panic::catch_unwind(AssertUnwindSafe(|| {
                team.on_each(3, &|thread| assert_ne!(thread, thrower, "thrown on purpose"));
            }));
            assert!(caught.is_err());
            assert_eq!(numbers(&team, 3), [0, 1, 2]);
        }
    }
}
