//! What packets do to caches, told to whoever keeps track of them.

use std::ops::Range;

use super::Place;
use crate::sanitize::uninit::Defined;
use crate::sanitize::{CacheSet, Caches, Sanitizers};

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

    /// The command processor reads through GL2.
    fn processor_reads(&self, _va: u64, _bytes: u64) {}

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
        Self::processor_wrote(self, va, bytes);
    }
}

impl Coherence for Sanitizers {
    fn caches(&self, set: CacheSet, range: Option<Range<u64>>) {
        Coherence::caches(Self::caches(self), set, range);
    }

    fn processor_wrote(&self, va: u64, bytes: u64) {
        Self::caches(self).processor_wrote(va, bytes);
        if self.uninit().is_on() {
            self.uninit().region(va, bytes, Defined::All);
        }
    }

    fn processor_copied(&self, from: u64, to: u64, bytes: u64) {
        Self::caches(self).processor_wrote(to, bytes);
        let uninit = self.uninit();
        if uninit.is_on() {
            let defined = if uninit.is_defined(from, bytes) { Defined::All } else { Defined::None };
            uninit.region(to, bytes, defined);
        }
    }
}
