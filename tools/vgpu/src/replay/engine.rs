//! Runs dispatches under everything that a replay watches with.

use std::sync::{Mutex, PoisonError};

use crate::cp::{Footprint, Pair, ShaderEngine};
use crate::sanitize::{Launch, Sanitizers, uninit};
use crate::shader::stats::{Collector, Occupancy, Stats};
use crate::shader::{Dispatch, DispatchFault, Totals};

/// A launch and how well it fills the chip.
#[derive(Clone, Debug)]
pub(super) struct Launched {
    pub(super) code: u64,
    pub(super) totals: Totals,
    pub(super) occupancy: Occupancy,
}

/// Counts, where somebody wants them.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) stats: Stats,
    pub(super) launches: Vec<Launched>,
}

/// The sanitizers, and a counter.
pub(super) struct Bench<'a> {
    pub(super) sanitizers: &'a Sanitizers,
    pub(super) counts: Option<&'a Mutex<Counts>>,
}

impl ShaderEngine for Bench<'_> {
    fn wants_footprint(&self) -> bool {
        self.sanitizers.wants_footprint()
    }

    fn run(
        &self,
        dispatch: &Dispatch<'_>,
        launch: &Launch<'_>,
        footprint: Option<&Footprint>,
    ) -> Result<Totals, DispatchFault> {
        let Some(counts) = self.counts else { return ShaderEngine::run(self.sanitizers, dispatch, launch, footprint) };
        let collector = Collector::default();
        let totals = if self.sanitizers.switches().is_empty() {
            dispatch.run(&collector)
        } else {
            self.sanitizers.uninit().start(uninit::Start::of(dispatch.inputs));
            let watching = self.sanitizers.over(launch);
            match footprint {
                Some(footprint) => dispatch.run(&Pair(&Pair(&watching, footprint), &collector)),
                None => dispatch.run(&Pair(&watching, &collector)),
            }
        };
        let mut counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.stats.merge(&collector.into_stats());
        let totals = totals?;
        let threads = dispatch.grid.threads.iter().product();
        let wave = dispatch.program.target().wave;
        let Dispatch { chip, vgprs, lds_bytes, wgp_mode, .. } = *dispatch;
        counts.launches.push(Launched {
            code: dispatch.program.base().wrapping_add(dispatch.entry as u64 * 4), // CAST: usize has at most 64 bits
            totals,
            occupancy: Occupancy::of(&chip, wave, threads, vgprs, lds_bytes, wgp_mode),
        });
        Ok(totals)
    }
}
