//! `wait` and `hazard`: the rules of `sparkle_rdna3`, over what waves really execute.

use std::collections::HashMap;
use std::sync::{LazyLock, OnceLock};

use sparkle_rdna3::{Op, Reg, flag, hazard, wait};

use super::event::{Event, Moment};
use super::report::Sink;
use super::rule::{Rule, Sanitizer, Switches};
use crate::shader::{Program, Workgroup};

static WAITS: LazyLock<Vec<Rule>> = LazyLock::new(|| rules(wait::RULES, Sanitizer::Wait));
static HAZARDS: LazyLock<Vec<Rule>> = LazyLock::new(|| rules(hazard::RULES, Sanitizer::Hazard));

fn rules(list: &[&sparkle_rdna3::Rule], sanitizer: Sanitizer) -> Vec<Rule> {
    list.iter().map(|rule| Rule { id: rule.id, sanitizer, says: rule.statement }).collect()
}

/// The rules of both.
pub(super) fn all() -> impl Iterator<Item = &'static Rule> {
    WAITS.iter().chain(HAZARDS.iter())
}

fn find(rule: &sparkle_rdna3::Rule) -> Option<&'static Rule> {
    all().find(|known| known.id == rule.id)
}

struct Facts {
    hazard: hazard::Facts,
    wait: wait::Facts,
}

/// What is known of a program.
pub(super) struct Shared {
    switches: Switches,
    facts: Box<[OnceLock<Box<Facts>>]>,
}

impl Shared {
    pub(super) fn new(program: &Program, switches: Switches) -> Self {
        let facts = program.words_from(0).iter().map(|_| OnceLock::new()).collect();
        Self { switches, facts }
    }
}

/// What is known of the waves of a workgroup.
pub(super) struct Group<'a> {
    shared: &'a Shared,
    waves: Vec<(hazard::Tracker, wait::Tracker)>,
    /// Lanes for which waves have executed vector loads, by wave and place.
    loaded: HashMap<(u32, u32), u64>,
}

impl<'a> Group<'a> {
    pub(super) fn new(shared: &'a Shared, program: &Program, group: &Workgroup) -> Self {
        let trackers = || (hazard::Tracker::new(program.target()), wait::Tracker::new());
        Self { shared, waves: group.waves.iter().map(|_| trackers()).collect(), loaded: HashMap::new() }
    }

    pub(super) fn before(&mut self, event: &Event<'_>, sink: &mut Sink) {
        let Some(place) = self.shared.facts.get(event.pc) else { return };
        let facts = place.get_or_init(|| {
            let (hazard, wait) = (hazard::Facts::of(event.instruction), wait::Facts::of(event.instruction));
            Box::new(Facts { hazard, wait })
        });
        let Some((hazards, waits)) = self.waves.get_mut(event.wave.id as usize) else { return }; // CAST: at most 32
        let pc = event.pc as u32; // CAST: code has less than 2^32 dwords
        let moment = |pc: u32| Moment { pc: pc as usize, ..event.moment() }; // CAST: usize has at least 32 bits
        if self.shared.switches.has(Sanitizer::Wait) {
            let exec = event.wave.exec();
            let loaded = &mut self.loaded;
            if event.instruction.is_vector() && event.instruction.flags().contains(flag::LOAD) {
                *loaded.entry((event.wave.id, pc)).or_default() |= exec;
            }
            waits.step(pc, &facts.wait, |finding| {
                let Some(rule) = find(finding.rule) else { return };
                // A load gives its own lanes back. The two sides of a branch may share a register: Mesa's
                // `aco_insert_waitcnt.cpp` follows the lanes' control flow, not the wave's.
                let lanes = loaded.get(&(event.wave.id, finding.earlier)).copied().unwrap_or(u64::MAX);
                if rule.id == "load-overwrite" && matches!(finding.register, Some(Reg::Vgpr(_))) && lanes & exec == 0 {
                    return;
                }
                sink.report(rule, event, None, Some(moment(finding.earlier)), || match finding.register {
                    Some(register) => format!("{register} without `{}`", finding.wait),
                    None => format!("without `{}`", finding.wait),
                });
            });
        }
        // LLVM looks at one function at a time, and a jump to another takes longer than any hazard lasts.
        if matches!(event.instruction.op(), Op::S_SETPC_B64 | Op::S_SWAPPC_B64 | Op::S_CALL_B64) {
            *hazards = hazard::Tracker::new(event.program.target());
        }
        if self.shared.switches.has(Sanitizer::Hazard) {
            hazards.step(pc, &facts.hazard, |finding| {
                let Some(rule) = find(finding.rule) else { return };
                sink.report(rule, event, None, finding.earlier.map(moment), || match finding.register {
                    Some(register) => format!("{register}: {}; cure: {}", finding.rule.statement, finding.rule.cure),
                    None => format!("{}; cure: {}", finding.rule.statement, finding.rule.cure),
                });
            });
        }
    }
}
