//! Runs dispatches under everything that watches, and counts.

use std::sync::{Mutex, PoisonError};

use crate::cp::{Footprint, Pair, ShaderEngine};
use crate::sanitize::{Launch, Sanitizers};
use crate::shader::stats::{Bound, Collector, Occupancy, Rates, Stats};
use crate::shader::{Dispatch, DispatchFault, Totals};

/// A launch and how well it fills the chip.
#[derive(Clone, Debug)]
pub(crate) struct Launched {
    pub(crate) code: u64,
    pub(crate) totals: Totals,
    pub(crate) occupancy: Occupancy,
    pub(crate) bound: Bound,
}

/// Launches that are kept one by one; a soak has millions.
const MOST: usize = 1 << 16;

/// Counts of all dispatches.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) stats: Stats,
    pub(crate) launches: Vec<Launched>,
}

/// The sanitizers, and a counter where one is wanted.
pub(crate) struct Tallied<'a> {
    pub(crate) sanitizers: &'a Sanitizers,
    pub(crate) counts: Option<&'a Mutex<Counts>>,
    pub(crate) rates: Rates,
}

impl ShaderEngine for Tallied<'_> {
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
            match footprint {
                Some(footprint) => dispatch.run(&Pair(footprint, &collector)),
                None => dispatch.run(&collector),
            }
        } else {
            let watching = self.sanitizers.over(launch);
            match footprint {
                Some(footprint) => dispatch.run(&Pair(&Pair(&watching, footprint), &collector)),
                None => dispatch.run(&Pair(&watching, &collector)),
            }
        };
        let stats = collector.into_stats();
        let mut counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.stats.merge(&stats);
        let totals = totals?;
        if counts.launches.len() < MOST {
            let threads = dispatch.grid.threads.iter().product();
            let wave = dispatch.program.target().wave;
            let Dispatch { chip, vgprs, lds_bytes, wgp_mode, .. } = *dispatch;
            let occupancy = Occupancy::of(&chip, wave, threads, vgprs, lds_bytes, wgp_mode);
            counts.launches.push(Launched {
                code: dispatch.program.base().wrapping_add(dispatch.entry as u64 * 4), // CAST: usize has at most 64 bits
                totals,
                bound: Bound::of(&stats, &occupancy, &self.rates),
                occupancy,
            });
        }
        Ok(totals)
    }
}
