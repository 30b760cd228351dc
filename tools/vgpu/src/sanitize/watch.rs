//! The sanitizers together.

use std::sync::{Mutex, PoisonError};

use super::descriptor::Allocation;
use super::event::Event;
use super::report::{Report, Reports, Sink};
use super::rule::{Sanitizer, Switches};
use super::{bounds, cache, descriptor, fetch, race, schedule, uninit};
use crate::shader::{
    Chip, Dispatch, DispatchFault, Fault, GlobalMemory, GroupPlace, MemoryAccess, Observer, Program, Totals, Watcher,
    Wave, Workgroup,
};

/// The sanitizers of a device that are on, what they know of its memory and caches, and what they found.
#[derive(Debug)]
pub struct Sanitizers {
    switches: Switches,
    reports: Mutex<Reports>,
    uninit: uninit::Shared,
    caches: cache::Caches,
}

impl Sanitizers {
    /// Those that `switches` turns on, for this chip.
    #[must_use]
    pub fn new(switches: Switches, chip: Chip) -> Self {
        let (uninit, caches) = (uninit::Shared::new(switches), cache::Caches::new(chip));
        Self { switches, reports: Mutex::default(), uninit, caches }
    }

    /// Which are on.
    #[must_use]
    pub const fn switches(&self) -> Switches {
        self.switches
    }

    /// What was found until now in workgroups that are over.
    #[must_use]
    pub fn reports(&self) -> Vec<Report> {
        let mut all = self.reports.lock().unwrap_or_else(PoisonError::into_inner).sorted();
        all.extend(self.uninit.results());
        all
    }

    /// What `uninit` is told of memory and of what waves start with.
    #[must_use]
    pub const fn uninit(&self) -> &uninit::Shared {
        &self.uninit
    }

    /// The caches, whose owner says what the host and the command processor do.
    #[must_use]
    pub const fn caches(&self) -> &cache::Caches {
        &self.caches
    }

    /// Runs a dispatch under them. Its waves start with what its inputs set.
    ///
    /// # Errors
    /// As [`Dispatch::run`].
    pub fn run(&self, dispatch: &Dispatch<'_>) -> Result<Totals, DispatchFault> {
        let start = uninit::Start::of(dispatch.inputs);
        let wave = dispatch.program.target().wave;
        let Dispatch { chip, vgprs, lds_bytes, scratch_bytes, .. } = *dispatch;
        dispatch.run(&self.over(&Launch {
            program: dispatch.program,
            memory: dispatch.memory,
            entry: dispatch.entry,
            prefetch: 0,
            allocation: Allocation::new(chip, wave, vgprs, lds_bytes, scratch_bytes),
            start: &start,
        }))
    }

    /// What watches the workgroups of one launch.
    #[must_use]
    pub fn over<'a>(&'a self, launch: &Launch<'a>) -> Watching<'a> {
        let has = |one| self.switches.has(one);
        let Launch { program, memory, entry, prefetch, allocation, start } = *launch;
        let schedule = has(Sanitizer::Wait) || has(Sanitizer::Hazard);
        Watching {
            all: self,
            program,
            start,
            schedule: schedule.then(|| schedule::Shared::new(program, self.switches)),
            race: has(Sanitizer::Race).then(|| race::Shared::new(program)),
            cache: has(Sanitizer::Cache).then(|| cache::Shared::new(&self.caches, memory)),
            bounds: has(Sanitizer::Bounds).then(|| bounds::Shared::new(memory)),
            fetch: has(Sanitizer::Fetch).then(|| fetch::Shared::new(program, memory, entry, prefetch)),
            descriptor: has(Sanitizer::Descriptor).then(|| descriptor::Shared::new(program, allocation)),
        }
    }
}

/// What sanitizers have to know of a launch.
#[derive(Clone, Copy)]
pub struct Launch<'a> {
    /// The code.
    pub program: &'a Program,
    /// Memory.
    pub memory: &'a dyn GlobalMemory,
    /// Where waves start, in dwords from the program's start.
    pub entry: usize,
    /// INST_PREF_SIZE: lines of code that are fetched when a wave starts.
    pub prefetch: u32,
    /// What a wave and a workgroup have been given.
    pub allocation: Allocation,
    /// What is defined when a wave starts.
    pub start: &'a uninit::Start,
}

/// The sanitizers over one launch.
pub struct Watching<'a> {
    all: &'a Sanitizers,
    program: &'a Program,
    start: &'a uninit::Start,
    schedule: Option<schedule::Shared>,
    race: Option<race::Shared>,
    cache: Option<cache::Shared<'a>>,
    bounds: Option<bounds::Shared<'a>>,
    fetch: Option<fetch::Shared>,
    descriptor: Option<descriptor::Shared>,
}

impl Watcher for Watching<'_> {
    type Observer<'a>
        = Watched<'a>
    where
        Self: 'a;

    fn watch<'a>(&'a self, group: &Workgroup, place: GroupPlace) -> Watched<'a> {
        Watched {
            all: self.all,
            place,
            sink: Sink::default(),
            schedule: self.schedule.as_ref().map(|shared| schedule::Group::new(shared, self.program, group)),
            uninit: self.all.uninit.is_on().then(|| uninit::Group::new(&self.all.uninit, self.start, group)),
            race: self.race.as_ref().map(|shared| race::Group::new(shared, group, &place)),
            cache: self.cache.as_ref().map(|shared| cache::Group::new(shared, group, &place)),
            bounds: self.bounds.as_ref().map(|shared| bounds::Group::new(shared, group, &place)),
            fetch: self.fetch.as_ref().map(|shared| fetch::Group::new(shared, group, &place)),
            descriptor: self.descriptor.as_ref().map(|shared| descriptor::Group::new(shared, group, &place)),
        }
    }
}

/// The sanitizers at one workgroup.
pub struct Watched<'a> {
    all: &'a Sanitizers,
    place: GroupPlace,
    sink: Sink,
    schedule: Option<schedule::Group<'a>>,
    uninit: Option<uninit::Group<'a>>,
    race: Option<race::Group<'a>>,
    cache: Option<cache::Group<'a>>,
    bounds: Option<bounds::Group<'a>>,
    fetch: Option<fetch::Group<'a>>,
    descriptor: Option<descriptor::Group<'a>>,
}

impl Watched<'_> {
    fn event<'e>(&self, program: &'e Program, wave: &'e Wave, pc: usize) -> Option<Event<'e>> {
        let instruction = program.instruction(pc)?;
        Some(Event { program, wave, group: self.place.id, pc, instruction })
    }
}

impl Observer for Watched<'_> {
    const RECORD: bool = true;

    fn before(&mut self, program: &Program, wave: &Wave) {
        let Some(event) = self.event(program, wave, wave.pc) else { return };
        let Self { sink, schedule, uninit, race, cache, bounds, fetch, descriptor, .. } = self;
        macro_rules! show {
            ($($tool:ident)+) => { $(if let Some(tool) = $tool { tool.before(&event, sink); })+ };
        }
        show!(fetch descriptor schedule uninit bounds cache race);
    }

    fn after(&mut self, program: &Program, wave: &Wave, pc: usize, accesses: &[MemoryAccess]) {
        let Some(event) = self.event(program, wave, pc) else { return };
        let Self { sink, uninit, race, cache, bounds, descriptor, .. } = self;
        if let Some(uninit) = uninit {
            uninit.after(&event, accesses);
        }
        macro_rules! show {
            ($($tool:ident)+) => { $(if let Some(tool) = $tool { tool.after(&event, accesses, sink); })+ };
        }
        show!(descriptor bounds cache race);
    }

    fn barrier(&mut self) {
        if let Some(race) = &mut self.race {
            race.barrier();
        }
    }

    fn fault(&mut self, program: &Program, fault: &Fault) {
        let Self { place, sink, bounds, fetch, .. } = self;
        let told = bounds.is_some() && bounds::fault(fault, program, place.id, sink);
        if !told && fetch.is_some() {
            fetch::fault(fault, program, place.id, sink);
        }
    }
}

impl Drop for Watched<'_> {
    /// Hands over what was found, also where the workgroup did not end.
    fn drop(&mut self) {
        let found = std::mem::take(&mut self.sink.found);
        self.all.reports.lock().unwrap_or_else(PoisonError::into_inner).merge(found);
    }
}
