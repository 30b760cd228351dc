//! The threads that a backend computes on.

use crate::backend::BackendError;

/// A team of a fixed size: the caller alone, or a rayon pool.
#[derive(Debug)]
pub(super) struct Team {
    pool: Option<rayon::ThreadPool>,
}

impl Team {
    /// A team of `threads`, at least one.
    pub(super) fn new(threads: usize) -> Result<Self, BackendError> {
        if threads <= 1 {
            return Ok(Self { pool: None });
        }
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .thread_name(|index| format!("sparkle-cpu-{index}"))
            .build()
            .map_err(|error| BackendError::Threads { threads, reason: error.to_string() })?;
        Ok(Self { pool: Some(pool) })
    }

    /// How many threads there are.
    pub(super) fn len(&self) -> usize {
        self.pool.as_ref().map_or(1, rayon::ThreadPool::current_num_threads)
    }

    /// Calls `work` on every thread with the thread's number and waits for all.
    pub(super) fn on_each(&self, work: impl Fn(usize) + Sync) {
        match &self.pool {
            None => work(0),
            Some(pool) => {
                pool.broadcast(|context| work(context.index()));
            }
        }
    }
}
