//! What may still be running on a card while the model has long ended it.

use super::footprint::Footprint;
use super::outcome::Place;

/// Dispatches that nothing has waited for yet.
#[derive(Debug, Default)]
pub(crate) struct Order {
    pub(crate) pending: Vec<Pending>,
    /// Where end-of-pipe events write, since the last wait: a wait for one of them is a wait for the work before it.
    pub(crate) released: Vec<u64>,
}

/// A dispatch that may still be running.
#[derive(Debug)]
pub(crate) struct Pending {
    pub(crate) at: Place,
    pub(crate) footprint: Option<Footprint>,
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
        self.pending.push(Pending { at, footprint });
        self.released.clear();
    }

    /// The dispatch that may still touch some of `bytes` bytes at `va`, and where.
    pub(crate) fn touching(&self, va: u64, bytes: u64, writes: bool) -> Option<(&Place, u64)> {
        self.pending.iter().find_map(|pending| {
            let va = pending.footprint.as_ref()?.touches(va, bytes, writes)?;
            Some((&pending.at, va))
        })
    }
}
