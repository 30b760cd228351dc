//! What packets do to caches, told to whoever keeps track of them.

use std::ops::Range;

use super::Place;
use crate::sanitize::uninit::Defined;
use crate::sanitize::{CacheSet, Caches, Sanitizer, Sanitizers};
use crate::shader::{GlobalMemory, NoMemory, sign_extended};

/// Is told what the command processor does to caches and memory, in the order of execution.
pub trait Coherence: Sync {
    /// A dispatch is about to start its waves.
    fn dispatch_begins(&self, _at: &Place) {}

    /// The waves of a dispatch have ended. On a card they might run on until [`Coherence::idle`].
    fn dispatch_ends(&self, _at: &Place) {}

    /// All earlier waves of the queue have ended: CS_PARTIAL_FLUSH, or a wait for an end-of-pipe event.
    fn idle(&self) {}

    /// Caches are invalidated and written back, for all of memory or a range.
    fn caches(&self, _set: CacheSet, _range: Option<Range<u64>>) {}

    /// The command processor reads through GL2, where it finds what may be old of this address, if of any. Of polls this
    /// is not asked: their packets choose a policy that may pass GL2 by.
    fn processor_reads(&self, _va: u64, _bytes: u64) -> Option<u64> {
        None
    }

    /// The command processor has written through GL2.
    fn processor_wrote(&self, _va: u64, _bytes: u64) {}

    /// The command processor has copied through GL2.
    fn processor_copied(&self, _from: u64, to: u64, bytes: u64) {
        self.processor_wrote(to, bytes);
    }
}

/// Keeps track of nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Incoherent;

impl Coherence for Incoherent {}

impl Coherence for Caches {
    fn caches(&self, set: CacheSet, _range: Option<Range<u64>>) {
        self.apply(set);
    }

    fn processor_wrote(&self, va: u64, bytes: u64) {
        // Waves spell addresses with their sign.
        Self::processor_wrote(self, &NoMemory, sign_extended(va), bytes);
    }
}

/// Addresses tell memory apart; jobs of several address spaces are shown by [`JobCoherence`].
impl Coherence for Sanitizers {
    fn caches(&self, set: CacheSet, range: Option<Range<u64>>) {
        Coherence::caches(Self::caches(self), set, range);
    }

    fn processor_wrote(&self, va: u64, bytes: u64) {
        wrote(self, &NoMemory, va, bytes, || Defined::All);
    }

    fn processor_copied(&self, from: u64, to: u64, bytes: u64) {
        copied(self, &NoMemory, from, to, bytes);
    }
}

fn wrote(
    sanitizers: &Sanitizers,
    memory: &dyn GlobalMemory,
    va: u64,
    bytes: u64,
    defined: impl FnOnce() -> Defined<'static>,
) {
    let va = sign_extended(va);
    if sanitizers.switches().has(Sanitizer::Cache) {
        sanitizers.caches().processor_wrote(memory, va, bytes);
    }
    if sanitizers.uninit().is_on() {
        sanitizers.uninit().region(va, bytes, defined());
    }
}

fn copied(sanitizers: &Sanitizers, memory: &dyn GlobalMemory, from: u64, to: u64, bytes: u64) {
    let defined =
        || if sanitizers.uninit().is_defined(sign_extended(from), bytes) { Defined::All } else { Defined::None };
    wrote(sanitizers, memory, to, bytes, defined);
}

/// A device's sanitizers while one job runs, which tells them what is behind its addresses and when it begins and ends.
pub struct JobCoherence<'a> {
    sanitizers: &'a Sanitizers,
    memory: &'a dyn GlobalMemory,
    done: bool,
}

impl<'a> JobCoherence<'a> {
    /// A job begins: what the host has written since the last one is found out.
    #[must_use]
    pub fn begin(sanitizers: &'a Sanitizers, memory: &'a dyn GlobalMemory) -> Self {
        if sanitizers.switches().has(Sanitizer::Cache) {
            sanitizers.caches().job_begins(memory);
        }
        Self { sanitizers, memory, done: false }
    }

    /// It came to its end. If this is never called, it did not.
    pub fn done(mut self) {
        self.done = true;
    }
}

impl Drop for JobCoherence<'_> {
    fn drop(&mut self) {
        if self.sanitizers.switches().has(Sanitizer::Cache) {
            self.sanitizers.caches().job_ends(self.memory, self.done);
        }
    }
}

impl Coherence for JobCoherence<'_> {
    fn caches(&self, set: CacheSet, range: Option<Range<u64>>) {
        Coherence::caches(self.sanitizers, set, range);
    }

    fn processor_reads(&self, va: u64, bytes: u64) -> Option<u64> {
        if !self.sanitizers.switches().has(Sanitizer::Cache) {
            return None;
        }
        self.sanitizers.caches().processor_reads(self.memory, sign_extended(va), bytes)
    }

    fn processor_wrote(&self, va: u64, bytes: u64) {
        wrote(self.sanitizers, self.memory, va, bytes, || Defined::All);
    }

    fn processor_copied(&self, from: u64, to: u64, bytes: u64) {
        copied(self.sanitizers, self.memory, from, to, bytes);
    }
}
