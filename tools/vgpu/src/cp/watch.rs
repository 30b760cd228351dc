//! The seams of a command processor: who runs its dispatches, who hears of caches, packets and mistakes.

use super::coherence::{Coherence, Incoherent};
use super::footprint::Footprint;
use super::outcome::Place;
use crate::sanitize::{Launch, Sanitizers};
use crate::shader::{
    Dispatch, DispatchFault, Fault, GroupPlace, MemoryAccess, Observer, Program, Silent, Totals, Watcher, Wave,
    Workgroup,
};

/// Runs the dispatches that a command processor makes.
pub trait ShaderEngine: Sync {
    /// Whether [`ShaderEngine::run`] is to be given a footprint, so that missing waits between dispatches are found.
    fn wants_footprint(&self) -> bool {
        false
    }

    /// Runs a dispatch to its end; `launch` says what sanitizers want to know of it.
    ///
    /// # Errors
    /// As [`Dispatch::run`].
    fn run(
        &self,
        dispatch: &Dispatch<'_>,
        launch: &Launch<'_>,
        footprint: Option<&Footprint>,
    ) -> Result<Totals, DispatchFault>;
}

/// Runs dispatches and watches nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unwatched;

impl ShaderEngine for Unwatched {
    fn run(
        &self,
        dispatch: &Dispatch<'_>,
        _: &Launch<'_>,
        footprint: Option<&Footprint>,
    ) -> Result<Totals, DispatchFault> {
        match footprint {
            Some(footprint) => dispatch.run(footprint),
            None => dispatch.run(&Silent),
        }
    }
}

impl ShaderEngine for Sanitizers {
    fn wants_footprint(&self) -> bool {
        use crate::sanitize::Sanitizer;
        self.switches().has(Sanitizer::Race) || self.switches().has(Sanitizer::Cache)
    }

    fn run(
        &self,
        dispatch: &Dispatch<'_>,
        launch: &Launch<'_>,
        footprint: Option<&Footprint>,
    ) -> Result<Totals, DispatchFault> {
        if self.switches().is_empty() {
            return Unwatched.run(dispatch, launch, footprint);
        }
        let watching = self.over(launch);
        match footprint {
            Some(footprint) => dispatch.run(&Pair(&watching, footprint)),
            None => dispatch.run(&watching),
        }
    }
}

/// Two watchers, each of which sees everything.
#[derive(Clone, Copy, Debug)]
pub struct Pair<'w, A, B>(pub &'w A, pub &'w B);

impl<A: Watcher, B: Watcher> Watcher for Pair<'_, A, B> {
    type Observer<'a>
        = Both<A::Observer<'a>, B::Observer<'a>>
    where
        Self: 'a;

    fn watch<'a>(&'a self, group: &Workgroup, place: GroupPlace) -> Self::Observer<'a> {
        Both(self.0.watch(group, place), self.1.watch(group, place))
    }
}

/// Two observers, each of which sees everything.
#[derive(Clone, Copy, Debug)]
pub struct Both<A, B>(A, B);

impl<A: Observer, B: Observer> Observer for Both<A, B> {
    const RECORD: bool = A::RECORD || B::RECORD;

    fn before(&mut self, program: &Program, wave: &Wave) {
        self.0.before(program, wave);
        self.1.before(program, wave);
    }

    fn after(&mut self, program: &Program, wave: &Wave, pc: usize, accesses: &[MemoryAccess]) {
        self.0.after(program, wave, pc, accesses);
        self.1.after(program, wave, pc, accesses);
    }

    fn barrier(&mut self) {
        self.0.barrier();
        self.1.barrier();
    }

    fn end(&mut self) {
        self.0.end();
        self.1.end();
    }

    fn fault(&mut self, program: &Program, fault: &Fault) {
        self.0.fault(program, fault);
        self.1.fault(program, fault);
    }
}

/// Something that is wrong with a stream and that a card may survive. On a strict device it is a hang.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Its stable name.
    pub rule: &'static str,
    /// What is wrong.
    pub what: String,
    /// Drivers of others do it too, on cards that live with it.
    pub advice: bool,
    /// The packet.
    pub at: Place,
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "cp [{}]: {}: {}", self.rule, self.what, self.at)
    }
}

/// Hears what a command processor does.
pub trait Events: Sync {
    /// A packet was executed, between two ticks of the clock; `name` is AMD's, `va` its address.
    fn packet(&self, _name: &'static str, _va: u64, _ticks: std::ops::Range<u64>) {}

    /// A dispatch was executed.
    fn dispatch(&self, _at: &Place, _totals: &Totals, _ticks: std::ops::Range<u64>) {}

    /// A stream has a mistake that did not stop it.
    fn finding(&self, _finding: Finding) {}
}

/// Hears nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Deaf;

impl Events for Deaf {}

/// The seams together.
#[derive(Clone, Copy)]
pub struct Watch<'a> {
    /// Who runs dispatches.
    pub shader: &'a dyn ShaderEngine,
    /// Who is told of caches.
    pub coherence: &'a dyn Coherence,
    /// Who hears of packets and mistakes.
    pub events: &'a dyn Events,
}

impl Watch<'static> {
    /// Dispatches run, and nobody watches.
    pub const NONE: Self = Self { shader: &Unwatched, coherence: &Incoherent, events: &Deaf };
}
