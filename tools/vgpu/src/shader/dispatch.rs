//! A grid of workgroups: their registers at the start, and running them on the host's threads.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use rayon::prelude::*;
use sparkle_rdna3::WaveSize;
use thiserror::Error;

use super::chip::{Chip, LDS_BYTES, MOST_THREADS};
use super::fault::Fault;
use super::memory::GlobalMemory;
use super::program::Program;
use super::run::{Engine, Observer, Progress, Silent, Workgroup};
use super::wave::Wave;

/// Which workgroups there are. The order of the axes is x, y, z.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    /// First workgroup of each axis.
    pub first: [u32; 3],
    /// Behind the last workgroup of each axis.
    pub end: [u32; 3],
    /// Threads of a workgroup.
    pub threads: [u32; 3],
    /// Threads of the last workgroup of each axis, as a rule the same.
    pub last_threads: [u32; 3],
}

impl Grid {
    /// So many workgroups of so many threads.
    #[must_use]
    pub const fn new(groups: [u32; 3], threads: [u32; 3]) -> Self {
        Self { first: [0; 3], end: groups, threads, last_threads: threads }
    }

    fn axis(&self, axis: usize) -> u64 {
        let [first, end] = [self.first, self.end].map(|ends| ends.get(axis).copied().unwrap_or(0));
        u64::from(end.saturating_sub(first))
    }

    /// How many workgroups; `None` beyond 2^64.
    #[must_use]
    pub fn groups(&self) -> Option<u64> {
        self.axis(0).checked_mul(self.axis(1))?.checked_mul(self.axis(2))
    }

    fn group(&self, linear: u64) -> [u32; 3] {
        let (x, y) = (self.axis(0).max(1), self.axis(1).max(1));
        let [x0, y0, z0] = self.first;
        // CAST: what was counted along an axis fits it
        [x0 + (linear % x) as u32, y0 + (linear / x % y) as u32, z0 + (linear / x / y) as u32]
    }

    fn threads_of(&self, group: [u32; 3]) -> [u32; 3] {
        let mut threads = self.threads;
        for (axis, place) in threads.iter_mut().enumerate() {
            let [at, end, last] = [group, self.end, self.last_threads].map(|of| of.get(axis).copied().unwrap_or(0));
            if at + 1 == end {
                *place = last;
            }
        }
        threads
    }
}

/// What the registers of a wave hold at its start. Source: guide, sections 3.5.3.4 and 3.5.4.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inputs {
    /// `COMPUTE_USER_DATA_*`: the first SGPRs, at most 16.
    pub user: Vec<u32>,
    /// Which of the workgroup's numbers follow: TGID_X_EN, TGID_Y_EN, TGID_Z_EN.
    pub group_ids: [bool; 3],
    /// Whether a word about the workgroup's waves follows: TG_SIZE_EN.
    pub group_info: bool,
    /// TIDIG_COMP_CNT: how many thread numbers beyond x v0 holds, 10 bits each.
    pub thread_ids: u8,
    /// MODE.
    pub mode: u32,
}

/// A launch of a grid.
#[derive(Clone, Copy)]
pub struct Dispatch<'a> {
    /// The code.
    pub program: &'a Program,
    /// Where waves start, in dwords from the program's start.
    pub entry: usize,
    /// Memory.
    pub memory: &'a dyn GlobalMemory,
    /// The chip it runs on.
    pub chip: Chip,
    /// The workgroups.
    pub grid: Grid,
    /// Registers at the start.
    pub inputs: &'a Inputs,
    /// VGPRs that a wave may use, at most 256.
    pub vgprs: u32,
    /// LDS of a workgroup.
    pub lds_bytes: u32,
    /// Scratch of a lane.
    pub scratch_bytes: u32,
    /// WGP mode rather than CU mode: the waves of a workgroup are on both compute units of a WGP.
    pub wgp_mode: bool,
    /// Most instructions of a wave.
    pub limit: u64,
}

/// Where a workgroup runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GroupPlace {
    /// Its number on each axis.
    pub id: [u32; 3],
    /// Its place in the order of launch.
    pub linear: u64,
    /// The compute unit; in WGP mode the first of the two.
    pub compute_unit: u32,
    /// Whether its waves are on both compute units of the WGP.
    pub wgp_mode: bool,
}

/// Makes an observer for each workgroup of a dispatch.
pub trait Watcher: Sync {
    /// Watches one workgroup.
    type Observer<'a>: Observer
    where
        Self: 'a;

    /// The observer of a workgroup that is about to start.
    fn watch<'a>(&'a self, group: &Workgroup, place: GroupPlace) -> Self::Observer<'a>;
}

impl Watcher for Silent {
    type Observer<'a> = Self;

    fn watch(&self, _: &Workgroup, _: GroupPlace) -> Self {
        Self
    }
}

/// Why a dispatch did not end.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DispatchFault {
    /// No chip would start it.
    #[error("{what} is {value}, which must be {must}")]
    Impossible {
        /// What.
        what: &'static str,
        /// How much was asked for.
        value: u64,
        /// What is possible.
        must: &'static str,
    },
    /// Its waves were made to run for ever.
    #[error("its waves never end, as was asked for")]
    Stuck,
    /// A wave failed.
    #[error("workgroup ({}, {}, {}), {fault}", group[0], group[1], group[2])]
    Wave {
        /// Its workgroup.
        group: [u32; 3],
        /// What happened.
        fault: Fault,
    },
}

/// What a dispatch amounted to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Workgroups.
    pub groups: u64,
    /// Waves.
    pub waves: u64,
    /// Instructions of all waves.
    pub instructions: u64,
}

/// Instructions of a workgroup before another one may have the thread: workgroups may wait for each other.
const SLICE: u64 = 1 << 18;

/// A workgroup on its way.
struct Resident<O> {
    group: Workgroup,
    place: GroupPlace,
    observer: O,
}

impl Dispatch<'_> {
    fn wave_size(&self) -> WaveSize {
        self.program.target().wave
    }

    fn lanes(&self) -> u32 {
        match self.wave_size() {
            WaveSize::Wave32 => 32,
            WaveSize::Wave64 => 64,
        }
    }

    fn check(&self) -> Result<u64, DispatchFault> {
        let impossible = |what, value: u64, must| Err(DispatchFault::Impossible { what, value, must });
        for [threads, last] in [0, 1, 2]
            .map(|axis| [self.grid.threads, self.grid.last_threads].map(|of| of.get(axis).copied().unwrap_or(0)))
        {
            if !(1..=MOST_THREADS).contains(&threads) {
                return impossible("a workgroup's size along an axis", threads.into(), "1 to 1024 threads");
            }
            if !(1..=threads).contains(&last) {
                return impossible(
                    "the last workgroup's size along an axis",
                    last.into(),
                    "1 to the size of the others",
                );
            }
        }
        let threads: u64 = self.grid.threads.iter().map(|&n| u64::from(n)).product();
        if threads > MOST_THREADS.into() {
            return impossible("a workgroup's size", threads, "at most 1024 threads");
        }
        if self.lds_bytes > LDS_BYTES {
            return impossible("a workgroup's LDS", self.lds_bytes.into(), "at most 65536 bytes");
        }
        if self.vgprs > 256 {
            return impossible("the number of VGPRs", self.vgprs.into(), "at most 256");
        }
        if self.inputs.user.len() > 16 {
            return impossible("the number of user SGPRs", self.inputs.user.len() as u64, "at most 16"); // CAST: widening
        }
        let waves = threads.div_ceil(self.lanes().into());
        let room =
            self.chip.waves(self.wave_size(), self.vgprs) * super::chip::SIMDS * if self.wgp_mode { 2 } else { 1 };
        if waves > room.into() {
            return impossible("the waves of a workgroup", waves, "so few that their VGPRs fit the compute unit");
        }
        match self.grid.groups() {
            Some(groups) => Ok(groups),
            None => impossible("the number of workgroups", u64::MAX, "below 2^64"),
        }
    }

    /// Runs all workgroups, on the threads of the current rayon pool, watched by `watcher`.
    ///
    /// Workgroups start in their order and take turns, as many as the chip would hold, so that one may wait for another
    /// that has started.
    ///
    /// # Errors
    /// If no chip would start it, or the fault of the first workgroup in order that was found to have one; the others
    /// may have run in part.
    pub fn run<W: Watcher>(&self, watcher: &W) -> Result<Totals, DispatchFault> {
        let groups = self.check()?;
        let next = AtomicU64::new(0);
        let stop = AtomicBool::new(false);
        let workers = rayon::current_num_threads();
        let outcomes: Vec<_> = (0..workers)
            .into_par_iter()
            .with_max_len(1)
            .map(|_| self.work(watcher, groups, &next, &stop, workers))
            .collect();
        let mut totals = Totals::default();
        let mut first: Option<(u64, DispatchFault)> = None;
        for (sum, fault) in outcomes {
            totals.groups += sum.groups;
            totals.waves += sum.waves;
            totals.instructions += sum.instructions;
            first = match (first, fault) {
                (Some(a), Some(b)) => Some(if a.0 < b.0 { a } else { b }),
                (a, b) => a.or(b),
            };
        }
        first.map_or(Ok(totals), |(_, fault)| Err(fault))
    }

    /// Takes workgroups until there are no more.
    fn work<'w, W: Watcher>(
        &self,
        watcher: &'w W,
        groups: u64,
        next: &AtomicU64,
        stop: &AtomicBool,
        workers: usize,
    ) -> (Totals, Option<(u64, DispatchFault)>) {
        let mut totals = Totals::default();
        let mut engine = Engine::new();
        let mut spare: Option<Workgroup> = None;
        let mut resident: VecDeque<Resident<W::Observer<'w>>> = VecDeque::new();
        let waves = self.grid.threads.iter().product::<u32>().div_ceil(self.lanes());
        let held = self.chip.resident_groups(self.wave_size(), waves, self.vgprs, self.lds_bytes);
        let most = (held as usize / workers).max(2); // CAST: usize has at least 32 bits
        while !stop.load(Ordering::Relaxed) {
            let begin = resident.len() < most;
            let linear = if begin { next.fetch_add(1, Ordering::Relaxed) } else { groups };
            let current = if linear < groups {
                let place = self.place(linear);
                let group = self.group(place.id, spare.take());
                let observer = watcher.watch(&group, place);
                Some(Resident { group, place, observer })
            } else {
                resident.pop_front()
            };
            let Some(mut current) = current else { break };
            let Resident { group, place, observer } = &mut current;
            // Alone until nothing else can be done, or for its slice.
            match group.advance(self.program, self.memory, self.limit, SLICE, observer, &mut engine) {
                Ok(Progress::Runs) => resident.push_back(current),
                Ok(Progress::Ended) => {
                    totals.groups += 1;
                    totals.waves += group.waves.len() as u64; // CAST: widening
                    totals.instructions += group.waves.iter().map(|wave| wave.instructions).sum::<u64>();
                    spare = Some(current.group);
                }
                Err(fault) => {
                    stop.store(true, Ordering::Relaxed);
                    return (totals, Some((place.linear, DispatchFault::Wave { group: place.id, fault })));
                }
            }
        }
        (totals, None)
    }

    fn place(&self, linear: u64) -> GroupPlace {
        // Workgroups go round the WGPs. Source: traces of a gfx1100, the first of each wave.
        let units = u64::from(self.chip.compute_units.max(2));
        let slot = linear * 2 % units + if self.wgp_mode { 0 } else { linear * 2 / units % 2 };
        GroupPlace {
            id: self.grid.group(linear),
            linear,
            compute_unit: slot as u32, // CAST: below the number of units
            wgp_mode: self.wgp_mode,
        }
    }

    /// A workgroup before its first instruction, in the place of one that has ended.
    fn group(&self, id: [u32; 3], old: Option<Workgroup>) -> Workgroup {
        let [x, y, z] = self.grid.threads_of(id);
        let (threads, lanes) = (x * y * z, self.lanes());
        let count = threads.div_ceil(lanes);
        let mut waves = old.map(|group| group.waves).unwrap_or_default();
        waves.truncate(count as usize); // CAST: at most 32
        waves.iter_mut().for_each(|wave| wave.restart(self.inputs.mode));
        while waves.len() < count as usize {
            // CAST: as above
            waves.push(Wave::new(lanes == 64, self.inputs.mode));
        }
        for (index, wave) in (0u32..).zip(&mut waves) {
            wave.id = index;
            wave.pc = self.entry;
            wave.scratch.clear();
            wave.scratch.resize(self.scratch_bytes as usize * lanes as usize, 0); // CAST: usize has at least 32 bits
            let here = (threads - index * lanes).min(lanes);
            wave.set_exec(u64::MAX >> (64 - here));
            self.scalars(wave, id, count);
            for lane in 0..here {
                let thread = index * lanes + lane;
                let y_bits = if self.inputs.thread_ids >= 1 { thread / x % y } else { 0 };
                let z_bits = if self.inputs.thread_ids >= 2 { thread / x / y } else { 0 };
                wave.set_lane(0, lane, (thread % x) | (y_bits << 10) | (z_bits << 20));
            }
        }
        Workgroup::new(waves, self.lds_bytes as usize) // CAST: usize has at least 32 bits
    }

    fn scalars(&self, wave: &mut Wave, id: [u32; 3], count: u32) {
        let ids = id.into_iter().zip(self.inputs.group_ids).filter(|(_, enabled)| *enabled).map(|(number, _)| number);
        // First wave in bit 31, the wave's number in bits 24:20, waves in bits 5:0.
        let info = u32::from(wave.id == 0) << 31 | wave.id << 20 | count;
        let words = self.inputs.user.iter().copied().chain(ids).chain(self.inputs.group_info.then_some(info));
        for (index, word) in (0u8..).zip(words) {
            wave.set_scalar(index, word);
        }
    }
}
