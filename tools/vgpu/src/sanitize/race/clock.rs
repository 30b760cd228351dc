//! What is ordered before what: sparse vector clocks of waves, and the counters that say when an access is complete.
//!
//! A wave's clock counts its memory instructions. The idea, an epoch for each access and clocks that are joined where
//! waves synchronise, is that of Flanagan and Freund, "FastTrack" (PLDI 2009). Here a release carries nothing until the
//! wave has waited for its accesses, and an acquire gives nothing until it has waited and thrown away cached lines.
//! Source: LLVM `AMDGPUUsage.rst`, "Memory Model GFX10-GFX11"; `SIMemoryLegalizer.cpp`, `SIGfx10CacheControl`.
//!
//! In CU mode a barrier alone lets the waves of a workgroup see each other's stores, since they go through one cache; but
//! no wave can release another's stores that were not waited for before the barrier. Source: LLVM pull request 161638.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// How far a wave's memory instructions are known to be in the past.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Marks {
    /// Begun.
    pub(super) issued: u32,
    /// Loads that have returned.
    pub(super) loads: u32,
    /// Stores and atomics that have reached the caches all waves share.
    pub(super) stores: u32,
    /// LDS operations that are over.
    pub(super) lds: u32,
}

impl Marks {
    fn raise(&mut self, other: &Self) {
        self.issued = self.issued.max(other.issued);
        self.loads = self.loads.max(other.loads);
        self.stores = self.stores.max(other.stores);
        self.lds = self.lds.max(other.lds);
    }
}

/// The marks of a workgroup's waves.
pub(super) type Team = Vec<Marks>;

fn join_team(into: &mut Arc<Team>, from: &Arc<Team>) {
    if !Arc::ptr_eq(into, from) {
        for (place, marks) in Arc::make_mut(into).iter_mut().zip(from.iter()) {
            place.raise(marks);
        }
    }
}

/// What is known of other workgroups, those that synchronised alone.
#[derive(Clone, Debug, Default)]
pub(super) struct Known(HashMap<u32, Arc<Team>>);

impl Known {
    pub(super) fn marks(&self, group: u32, wave: u32) -> Option<&Marks> {
        self.0.get(&group)?.get(wave as usize) // CAST: below 32
    }

    fn join_group(&mut self, group: u32, team: &Arc<Team>) {
        self.0.entry(group).and_modify(|known| join_team(known, team)).or_insert_with(|| Arc::clone(team));
    }
}

pub(super) fn join_known(into: &mut Arc<Known>, from: &Arc<Known>) {
    if Arc::ptr_eq(into, from) || from.0.is_empty() {
        return;
    }
    if into.0.is_empty() {
        *into = Arc::clone(from);
        return;
    }
    let known = Arc::make_mut(into);
    from.0.iter().for_each(|(&group, team)| known.join_group(group, team));
}

/// What a release hands on.
#[derive(Clone, Debug)]
pub(super) struct Snapshot {
    pub(super) group: u32,
    pub(super) wave: u32,
    /// How many releases began before it.
    pub(super) begun: u64,
    team: Arc<Team>,
    ordered: Arc<Known>,
    fresh: Arc<Known>,
}

impl Snapshot {
    /// Whether they are copies of one.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.team, &other.team)
    }
}

/// Which counter an instruction is counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Counter {
    /// VMcnt; whether it is an atomic.
    Load { atomic: bool },
    /// VScnt.
    Store,
    /// LGKMcnt, by LDS.
    Lds,
    /// LGKMcnt, by scalar loads, counted so often.
    Scalar(u8),
    /// VMcnt and LGKMcnt.
    FlatLoad { atomic: bool },
    /// VScnt and LGKMcnt.
    FlatStore,
}

/// What an `S_WAITCNT` waits for: how many may be left of each counter, `u32::MAX` for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wait {
    pub(super) loads: u32,
    pub(super) stores: u32,
    pub(super) lgkm: u32,
}

impl Wait {
    pub(super) const NONE: Self = Self { loads: u32::MAX, stores: u32::MAX, lgkm: u32::MAX };
    pub(super) const ALL: Self = Self { loads: 0, stores: 0, lgkm: 0 };

    /// Fields of `S_WAITCNT`: VMcnt in bits 15:10, LGKMcnt in bits 9:4. Source: guide, section 16.5, S_WAITCNT.
    pub(super) const fn of(bits: u32) -> Self {
        Self { loads: bits >> 10 & 63, stores: u32::MAX, lgkm: bits >> 4 & 63 }
    }
}

/// A counter has six bits; a wave does not issue more. Source: guide, table 15 ("S_WAITCNT").
const MOST: usize = 63;

/// What a wave has begun and not waited for.
#[derive(Clone, Debug, Default)]
struct Outstanding {
    loads: VecDeque<(u32, bool)>,
    stores: VecDeque<u32>,
    /// Whether it is LDS's, and as how many it counts.
    lgkm: VecDeque<(u32, bool, u8)>,
}

impl Outstanding {
    fn begin(&mut self, clock: u32, counter: Counter) {
        match counter {
            Counter::Load { atomic } | Counter::FlatLoad { atomic } => self.loads.push_back((clock, atomic)),
            Counter::Store | Counter::FlatStore => self.stores.push_back(clock),
            Counter::Lds | Counter::Scalar(_) => {}
        }
        match counter {
            Counter::Lds | Counter::FlatLoad { .. } | Counter::FlatStore => self.lgkm.push_back((clock, true, 1)),
            Counter::Scalar(count) => self.lgkm.push_back((clock, false, count)),
            Counter::Load { .. } | Counter::Store => {}
        }
        if self.loads.len() > MOST {
            self.loads.pop_front();
        }
        if self.stores.len() > MOST {
            self.stores.pop_front();
        }
        if self.lgkm.len() > MOST {
            self.lgkm.pop_front();
        }
    }

    fn wait(&mut self, wait: Wait) {
        while self.loads.len() as u64 > u64::from(wait.loads) {
            // CAST: at most 64
            self.loads.pop_front();
        }
        while self.stores.len() as u64 > u64::from(wait.stores) {
            // CAST: at most 64
            self.stores.pop_front();
        }
        // Scalar loads come back in any order, so that with one of them nothing is known before all are back.
        if wait.lgkm == 0 {
            self.lgkm.clear();
        } else if self.lgkm.iter().all(|(_, lds, _)| *lds) {
            while self.lgkm.len() as u64 > u64::from(wait.lgkm) {
                // CAST: at most 64
                self.lgkm.pop_front();
            }
        }
    }

    /// Up to where everything is over, of a wave that has begun `issued` memory instructions.
    fn done(&self, issued: u32) -> Marks {
        let before = |first: Option<u32>| first.map_or(issued, |clock| clock.saturating_sub(1));
        let scalar = self.lgkm.iter().find(|(_, lds, _)| !lds).map(|entry| entry.0);
        let atomic = self.loads.iter().find(|(_, atomic)| *atomic).map(|entry| entry.0);
        Marks {
            issued,
            loads: before(self.loads.front().map(|entry| entry.0)).min(before(scalar)),
            stores: before(self.stores.front().copied()).min(before(atomic)),
            lds: before(self.lgkm.iter().find(|(_, lds, _)| *lds).map(|entry| entry.0)),
        }
    }
}

/// What an acquire has read and not yet made use of.
#[derive(Clone, Debug)]
struct Pending {
    clock: u32,
    lds: bool,
    from: Arc<Vec<Snapshot>>,
}

/// The clock of one wave and what it knows of the others.
#[derive(Clone, Debug)]
pub(super) struct WaveClock {
    group: u32,
    wave: u32,
    wgp_mode: bool,
    /// Memory instructions begun.
    pub(super) now: u32,
    done: Marks,
    outstanding: Outstanding,
    /// What happened before anything this wave does from now on.
    ordered: Arc<Known>,
    /// The part of it that GL1 holds nothing older than.
    inner: Arc<Known>,
    /// The part of it that no cache on the way holds anything older than.
    fresh: Arc<Known>,
    team: Arc<Team>,
    team_fresh: Arc<Team>,
    pending: Vec<Pending>,
}

/// How an earlier access of another wave stands to what a wave does now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// It is in the past.
    Before,
    /// It would be if its wave had waited for it.
    NotWaited,
    /// It would be if this wave had waited for what it acquired by, or invalidated its caches.
    NotAcquired,
    /// Nothing orders them.
    Nothing,
}

/// Which mark an access is under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Under {
    Loads,
    Stores,
    Lds,
}

impl Marks {
    const fn get(&self, under: Under) -> u32 {
        match under {
            Under::Loads => self.loads,
            Under::Stores => self.stores,
            Under::Lds => self.lds,
        }
    }
}

impl WaveClock {
    pub(super) fn new(group: u32, wave: u32, waves: usize, wgp_mode: bool) -> Self {
        let team = Arc::new(vec![Marks::default(); waves]);
        let known = Arc::new(Known::default());
        Self {
            group,
            wave,
            wgp_mode,
            now: 0,
            done: Marks::default(),
            outstanding: Outstanding::default(),
            ordered: Arc::clone(&known),
            inner: Arc::clone(&known),
            fresh: known,
            team_fresh: Arc::clone(&team),
            team,
            pending: Vec::new(),
        }
    }

    /// A memory instruction begins.
    pub(super) fn begin(&mut self, counter: Counter) {
        self.now = self.now.saturating_add(1);
        self.outstanding.begin(self.now, counter);
    }

    pub(super) fn wait(&mut self, wait: Wait) {
        self.outstanding.wait(wait);
        let done = self.outstanding.done(self.now);
        self.done.raise(&done);
        if !self.pending.is_empty() {
            self.settle();
        }
    }

    /// VM_VSRC is 0: all memory operations have left the wave. In CU mode LDS takes those of all waves as they come, so
    /// that a barrier then orders them. Source: Mesa 26, `aco_insert_waitcnt.cpp`; LLVM pull request 160501.
    pub(super) fn handed_over(&mut self) {
        if !self.wgp_mode {
            self.done.lds = self.now;
        }
    }

    /// Takes what acquires whose value is there have read.
    fn settle(&mut self) {
        let outstanding = &self.outstanding;
        let (ready, left): (Vec<_>, Vec<_>) = std::mem::take(&mut self.pending).into_iter().partition(|pending| {
            if pending.lds {
                outstanding.lgkm.iter().all(|(clock, ..)| *clock != pending.clock)
            } else {
                outstanding.loads.iter().all(|(clock, _)| *clock != pending.clock)
            }
        });
        self.pending = left;
        for snapshot in ready.iter().flat_map(|pending| pending.from.iter()) {
            join_known(&mut self.ordered, &snapshot.ordered);
            if snapshot.group == self.group {
                join_team(&mut self.team, &snapshot.team);
                if !self.wgp_mode {
                    join_team(&mut self.team_fresh, &snapshot.team);
                    join_known(&mut self.fresh, &snapshot.fresh);
                }
            } else {
                Arc::make_mut(&mut self.ordered).join_group(snapshot.group, &snapshot.team);
            }
        }
    }

    pub(super) fn gl1_inv(&mut self) {
        self.inner = Arc::clone(&self.ordered);
    }

    pub(super) fn gl0_inv(&mut self) {
        self.fresh = Arc::clone(&self.inner);
        self.team_fresh = Arc::clone(&self.team);
    }

    /// What a release that begins now hands on; through LDS, whose operations stay in order, all LDS operations too.
    pub(super) fn snapshot(&self, begun: u64, through_lds: bool) -> Snapshot {
        let mut team = Arc::clone(&self.team);
        let lds = if through_lds { self.now } else { self.done.lds };
        if let Some(own) = Arc::make_mut(&mut team).get_mut(self.wave as usize) {
            // CAST: below 32
            *own = Marks { issued: self.now, lds, ..self.done };
        }
        let (ordered, fresh) = (Arc::clone(&self.ordered), Arc::clone(&self.fresh));
        Snapshot { group: self.group, wave: self.wave, begun, team, ordered, fresh }
    }

    /// Reads what was released; it takes effect once the value is there.
    pub(super) fn acquire(&mut self, from: &Arc<Vec<Snapshot>>, lds: bool) {
        let clock = self.now;
        if !self.pending.iter().any(|pending| pending.clock == clock && Arc::ptr_eq(&pending.from, from)) {
            self.pending.push(Pending { clock, lds, from: Arc::clone(from) });
        }
    }

    /// How access `clock` of `wave` of `group` stands to an access now. `cached`: now's is a load through the caches.
    pub(super) fn order(&self, group: u32, wave: u32, clock: u32, under: Under, cached: bool) -> Order {
        let index = wave as usize; // CAST: below 32
        let (known, ordered) = if group == self.group {
            let team = if cached { &self.team_fresh } else { &self.team };
            (team.get(index), self.team.get(index))
        } else {
            let known = if cached { &self.fresh } else { &self.ordered };
            (known.marks(group, wave), self.ordered.marks(group, wave))
        };
        // In CU mode the waves of a workgroup reach the cache one after the other.
        let at_issue = group == self.group && !self.wgp_mode && under != Under::Lds;
        let reached = |marks: Option<&Marks>| {
            marks.is_some_and(|marks| clock <= if at_issue { marks.issued } else { marks.get(under) })
        };
        if reached(known) {
            return Order::Before;
        }
        if reached(ordered) {
            return Order::NotAcquired;
        }
        let pending = self.pending.iter().flat_map(|pending| pending.from.iter()).filter_map(|snapshot| {
            if snapshot.group == group { snapshot.team.get(index) } else { snapshot.ordered.marks(group, wave) }
        });
        for marks in pending.chain(ordered) {
            if reached(Some(marks)) {
                return Order::NotAcquired;
            }
            if clock <= marks.issued {
                return Order::NotWaited;
            }
        }
        Order::Nothing
    }
}

/// All waves of a workgroup pass a barrier.
pub(super) fn barrier(waves: &mut [WaveClock]) {
    let Some(first) = waves.first() else { return };
    let (mut team, mut ordered) = (Arc::clone(&first.team), Arc::clone(&first.ordered));
    let (mut inner, mut fresh) = (Arc::clone(&first.inner), Arc::clone(&first.fresh));
    for wave in waves.iter() {
        join_team(&mut team, &wave.team);
        join_known(&mut ordered, &wave.ordered);
        join_known(&mut inner, &wave.inner);
        join_known(&mut fresh, &wave.fresh);
    }
    for (place, wave) in Arc::make_mut(&mut team).iter_mut().zip(waves.iter()) {
        place.raise(&Marks { issued: wave.now, ..wave.done });
    }
    for wave in waves {
        wave.team = Arc::clone(&team);
        wave.ordered = Arc::clone(&ordered);
        wave.inner = Arc::clone(&inner);
        if !wave.wgp_mode {
            wave.team_fresh = Arc::clone(&team);
            wave.fresh = Arc::clone(&fresh);
        }
    }
}
