//! What may still be running on a card while the model has long ended it.

use super::footprint::Footprint;
use super::outcome::Place;

/// Dispatches that nothing has waited for yet.
#[derive(Debug, Default)]
pub(crate) struct Order {
    pub(crate) pending: Vec<Pending>,
    /// Dispatches so far.
    count: u64,
    /// Where end-of-pipe events write, and how many dispatches there were before: a wait for the value is a wait for
    /// them.
    released: Vec<(u64, u64)>,
    /// The same for the last event that pixel-wait-sync counts.
    counted: u64,
}

/// A dispatch that may still be running.
#[derive(Debug)]
pub(crate) struct Pending {
    pub(crate) at: Place,
    pub(crate) footprint: Option<Footprint>,
    number: u64,
}

/// Dispatches that are kept: of more, the oldest is taken as ended.
const MOST: usize = 64;

impl Order {
    /// All earlier waves have ended.
    pub(crate) fn idle(&mut self) {
        self.pending.clear();
        self.released.clear();
    }

    pub(crate) fn launched(&mut self, at: Place, footprint: Option<Footprint>) {
        if self.pending.len() >= MOST {
            self.pending.remove(0);
        }
        self.count += 1;
        self.pending.push(Pending { at, footprint, number: self.count });
    }

    /// An end-of-pipe event writes to `va` when all dispatches so far have ended.
    pub(crate) fn releases(&mut self, va: u64) {
        self.released.retain(|(other, _)| *other != va);
        self.released.push((va, self.count));
    }

    /// The value at `va` has been waited for. Whether that was an event's.
    pub(crate) fn waited(&mut self, va: u64) -> bool {
        let Some(&(_, number)) = self.released.iter().find(|(other, _)| *other == va) else { return false };
        self.pending.retain(|pending| pending.number > number);
        true
    }

    /// An end-of-pipe event counts when all dispatches so far have ended.
    pub(crate) fn counts(&mut self) {
        self.counted = self.count;
    }

    /// The last such event has been waited for.
    pub(crate) fn waited_for_count(&mut self) {
        let number = self.counted;
        self.pending.retain(|pending| pending.number > number);
    }

    /// The dispatch that may still touch some of `bytes` bytes at `va`, and where.
    pub(crate) fn touching(&self, va: u64, bytes: u64, writes: bool) -> Option<(&Place, u64)> {
        self.pending.iter().find_map(|pending| {
            let va = pending.footprint.as_ref()?.touches(va, bytes, writes)?;
            Some((&pending.at, va))
        })
    }
}
