//! What sanitizers say.

use std::collections::HashMap;
use std::fmt;

use super::event::{Event, Moment};
use super::rule::Rule;
use crate::shader::Program;

/// An instruction that a wave executed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// The workgroup.
    pub group: [u32; 3],
    /// The wave's place in it.
    pub wave: u32,
    /// The instruction's address.
    pub va: u64,
    /// Its text.
    pub instruction: String,
}

impl Site {
    /// What `moment` was in `program`.
    #[must_use]
    pub(crate) fn of(program: &Program, moment: Moment) -> Self {
        let va = program.base().wrapping_add((moment.pc as u64).wrapping_mul(4)); // CAST: usize has at most 64 bits
        let instruction = program.text(moment.pc);
        Self { group: moment.group, wave: moment.wave, va, instruction }
    }
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [x, y, z] = self.group;
        write!(f, "`{}` at {:#x}, workgroup ({x}, {y}, {z}), wave {}", self.instruction, self.va, self.wave)
    }
}

/// What a report refers back to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Earlier {
    /// An instruction of the same program.
    Instruction(Site),
    /// Something that is no instruction.
    Event(String),
}

impl fmt::Display for Earlier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Instruction(site) => site.fmt(f),
            Self::Event(text) => f.write_str(text),
        }
    }
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The rule that it breaks.
    pub rule: &'static Rule,
    /// Which register, address or bits.
    pub what: String,
    /// Where.
    pub site: Site,
    /// The lane, where it is one lane's doing.
    pub lane: Option<u32>,
    /// What it conflicts with.
    pub earlier: Option<Earlier>,
    /// How often the same happened.
    pub count: u64,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} [{}]: {}: {}", self.rule.sanitizer.name(), self.rule.id, self.what, self.site)?;
        if let Some(lane) = self.lane {
            write!(f, ", lane {lane}")?;
        }
        if let Some(earlier) = &self.earlier {
            write!(f, "; after {earlier}")?;
        }
        if self.count > 1 {
            write!(f, " ({} times)", self.count)?;
        }
        Ok(())
    }
}

/// What makes two findings the same: rule, instruction, and the instruction before.
type Key = (&'static str, u64, Option<u64>);

/// Reports, each kind once.
#[derive(Debug, Default)]
pub(crate) struct Reports {
    places: HashMap<Key, usize>,
    list: Vec<Report>,
}

impl Reports {
    fn add(&mut self, key: Key, report: impl FnOnce() -> Report) {
        match self.places.get(&key).and_then(|&at| self.list.get_mut(at)) {
            Some(known) => known.count += 1,
            None => {
                self.places.insert(key, self.list.len());
                self.list.push(report());
            }
        }
    }

    /// Takes in what a workgroup found.
    pub(crate) fn merge(&mut self, other: Self) {
        for (key, at) in other.places {
            let Some(report) = other.list.get(at) else { continue };
            match self.places.get(&key).and_then(|&at| self.list.get_mut(at)) {
                Some(known) => known.count += report.count,
                None => {
                    self.places.insert(key, self.list.len());
                    self.list.push(report.clone());
                }
            }
        }
    }

    /// In the order of rule and address.
    pub(crate) fn sorted(&self) -> Vec<Report> {
        let mut list = self.list.clone();
        list.sort_by(|a, b| (a.rule.sanitizer, a.site.va, a.rule.id).cmp(&(b.rule.sanitizer, b.site.va, b.rule.id)));
        list
    }
}

/// Where the sanitizers of a workgroup say what they find.
#[derive(Debug, Default)]
pub(crate) struct Sink {
    pub(crate) found: Reports,
}

impl Sink {
    /// Something is wrong with the instruction of `event`; `what` is made up only for the first of its kind.
    pub(crate) fn report(
        &mut self,
        rule: &'static Rule,
        event: &Event<'_>,
        lane: Option<u32>,
        earlier: Option<Moment>,
        what: impl FnOnce() -> String,
    ) {
        self.at(rule, event.program, event.moment(), lane, earlier, what);
    }

    /// As [`Sink::report`], for an instruction that is past.
    pub(crate) fn at(
        &mut self,
        rule: &'static Rule,
        program: &Program,
        moment: Moment,
        lane: Option<u32>,
        earlier: Option<Moment>,
        what: impl FnOnce() -> String,
    ) {
        let before = earlier.map(|moment| moment.pc as u64); // CAST: usize has at most 64 bits
        self.found.add((rule.id, moment.pc as u64, before), || Report {
            // CAST: as above
            rule,
            what: what(),
            site: Site::of(program, moment),
            lane,
            earlier: earlier.map(|moment| Earlier::Instruction(Site::of(program, moment))),
            count: 1,
        });
    }

    /// As [`Sink::report`], where what it conflicts with is no instruction.
    pub(crate) fn after_event(
        &mut self,
        rule: &'static Rule,
        event: &Event<'_>,
        lane: Option<u32>,
        earlier: impl FnOnce() -> String,
        what: impl FnOnce() -> String,
    ) {
        self.found.add((rule.id, event.pc as u64, None), || Report {
            // CAST: usize has at most 64 bits
            rule,
            what: what(),
            site: Site::of(event.program, event.moment()),
            lane,
            earlier: Some(Earlier::Event(earlier())),
            count: 1,
        });
    }
}
