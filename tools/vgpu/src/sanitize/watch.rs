//! The sanitizers of a dispatch together.

use std::sync::{Mutex, PoisonError};

use super::event::Event;
use super::report::{Report, Reports, Sink};
use super::rule::Switches;
use super::uninit;
use crate::shader::{Fault, GroupPlace, MemoryAccess, Observer, Program, Watcher, Wave, Workgroup};

/// Sanitizers that are on, and what they found.
#[derive(Debug, Default)]
pub struct Sanitizers {
    switches: Switches,
    reports: Mutex<Reports>,
    uninit: uninit::Shared,
}

impl Sanitizers {
    /// Those that `switches` turns on.
    #[must_use]
    pub fn new(switches: Switches) -> Self {
        Self { switches, reports: Mutex::default(), uninit: uninit::Shared::new(switches) }
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
}

impl Watcher for Sanitizers {
    type Observer<'a> = Watched<'a>;

    fn watch<'a>(&'a self, group: &Workgroup, place: GroupPlace) -> Watched<'a> {
        let uninit = self.uninit.is_on().then(|| uninit::Group::new(&self.uninit, group, &place));
        Watched { all: self, place, sink: Sink::default(), uninit }
    }
}

/// The sanitizers at one workgroup.
#[derive(Debug)]
pub struct Watched<'a> {
    all: &'a Sanitizers,
    place: GroupPlace,
    sink: Sink,
    uninit: Option<uninit::Group<'a>>,
}

impl Watched<'_> {
    fn event<'e>(&self, program: &'e Program, wave: &'e Wave, pc: usize) -> Option<Event<'e>> {
        let (instruction, high_halves) = program.instruction(pc)?;
        Some(Event { program, wave, group: self.place.id, pc, instruction, high_halves })
    }
}

impl Observer for Watched<'_> {
    const RECORD: bool = true;

    fn before(&mut self, program: &Program, wave: &Wave) {
        let Some(event) = self.event(program, wave, wave.pc) else { return };
        if let Some(uninit) = &mut self.uninit {
            uninit.before(&event, &mut self.sink);
        }
    }

    fn after(&mut self, program: &Program, wave: &Wave, pc: usize, accesses: &[MemoryAccess]) {
        let Some(event) = self.event(program, wave, pc) else { return };
        if let Some(uninit) = &mut self.uninit {
            uninit.after(&event, accesses);
        }
    }

    fn barrier(&mut self) {}

    fn end(&mut self) {}

    fn fault(&mut self, _fault: &Fault) {}
}

impl Drop for Watched<'_> {
    /// Hands over what was found, also where the workgroup did not end.
    fn drop(&mut self) {
        let found = std::mem::take(&mut self.sink.found);
        self.all.reports.lock().unwrap_or_else(PoisonError::into_inner).merge(found);
    }
}
