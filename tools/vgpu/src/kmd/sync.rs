//! Locks that outlive a panic, and the one bell that every blocking wait listens to.
//!
//! One bell for a whole kernel wakes more threads than it must, but a wait may then be for anything: one of several
//! fences, a fence that is not there yet, a free place in a queue. Conditions are looked at with no lock of the bell held.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Takes a lock; what a panicking thread left behind is used as it is.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How long to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Until {
    /// Look once.
    Now,
    /// To this moment.
    At(Instant),
    /// For ever.
    Forever,
}

impl Until {
    /// A time from now.
    pub(crate) fn after(duration: Duration) -> Self {
        if duration.is_zero() {
            return Self::Now;
        }
        Instant::now().checked_add(duration).map_or(Self::Forever, Self::At)
    }
}

/// Rings whenever something changed that a wait may be for.
#[derive(Debug, Default)]
pub(crate) struct Bell {
    rings: Mutex<u64>,
    changed: Condvar,
}

impl Bell {
    /// Wakes all waits. Call it after the change, with no lock held that a condition takes.
    pub(crate) fn ring(&self) {
        *lock(&self.rings) += 1;
        self.changed.notify_all();
    }

    /// Waits until `look` finds something; `None` when the time is over.
    pub(crate) fn wait<T>(&self, until: Until, mut look: impl FnMut() -> Option<T>) -> Option<T> {
        loop {
            let seen = *lock(&self.rings);
            if let Some(found) = look() {
                return Some(found);
            }
            let mut rings = lock(&self.rings);
            while *rings == seen {
                match until {
                    Until::Now => return None,
                    Until::Forever => rings = self.changed.wait(rings).unwrap_or_else(PoisonError::into_inner),
                    Until::At(end) => {
                        let left = end.saturating_duration_since(Instant::now());
                        if left.is_zero() {
                            drop(rings);
                            return look();
                        }
                        rings = self.changed.wait_timeout(rings, left).unwrap_or_else(PoisonError::into_inner).0;
                    }
                }
            }
        }
    }
}
