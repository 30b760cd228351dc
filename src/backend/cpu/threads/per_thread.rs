//! What each thread has for itself.

use crate::backend::BackendError;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Something of its own for each thread of a team.
#[derive(Debug)]
pub(in crate::backend::cpu) struct PerThread<T>(Vec<Slot<T>>);

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
    pub(in crate::backend::cpu) fn new(
        threads: usize,
        make: impl FnMut() -> Result<T, BackendError>,
    ) -> Result<Self, BackendError> {
        let slots = std::iter::repeat_with(make).take(threads).map(|made| made.map(|own| Slot(Mutex::new(own))));
        slots.collect::<Result<_, _>>().map(Self)
    }

    /// What thread `thread` owns. In a poisoned one nothing half made is taken for whole.
    pub(in crate::backend::cpu) fn of(&self, thread: usize) -> MutexGuard<'_, T> {
        self.0[thread].0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
