//! What is reported, and where an undefined bit came from.

use sparkle_rdna3::Op;

use super::facts::{Facts, Work};
use super::memory::Memory;
use super::registers::{NEVER, Registers, SCC};
use crate::sanitize::event::{Event, Moment};
use crate::sanitize::report::{Earlier, Report, Sink, Site};
use crate::sanitize::rule::{Rule, Sanitizer};
use crate::shader::VCC;
use crate::shader::exec::fetch::scalar32;
use crate::shader::exec::memory::active;
use crate::shader::step::Step;

macro_rules! rules {
    ($($(#[$doc:meta])* $name:ident = $id:literal, $sanitizer:ident, $says:literal;)+) => { $(
        $(#[$doc])*
        pub static $name: Rule = Rule { id: $id, sanitizer: Sanitizer::$sanitizer, says: $says };
    )+
        /// The rules of both forms.
        pub(crate) static RULES: [&Rule; 10] = [$(&$name),+];
    };
}

rules! {
    /// A vector, scalar or LDS address.
    ADDRESS = "uninit-address", Uninit, "an address has undefined bits";
    /// A buffer resource.
    DESCRIPTOR = "uninit-descriptor", Uninit, "a buffer's descriptor has undefined bits";
    /// M0, where it is part of an address or names a register.
    M0_BITS = "uninit-m0", Uninit, "M0 has undefined bits where it counts";
    /// `V_READLANE_B32` and its like.
    LANE = "uninit-lane", Uninit, "the number of a lane has undefined bits";
    /// EXEC.
    EXEC_BITS = "uninit-exec", Uninit, "undefined bits decide which lanes are on";
    /// A conditional branch.
    BRANCH = "uninit-branch", Uninit, "an undefined bit decides a branch";
    /// `S_SETPC_B64`, `S_SWAPPC_B64`.
    JUMP = "uninit-jump", Uninit, "the address of a jump has undefined bits";
    /// `S_SETREG_B32`.
    MODE_BITS = "uninit-mode", Uninit, "a hardware register gets undefined bits";
    /// A byte of a result, when all is over.
    RESULT = "uninit-result", Uninit, "a result has undefined bits";
    /// Any read.
    READ = "uninit-strict-read", UninitStrict, "a register with undefined bits is read";
}

/// A register with undefined bits, and the dword of the last instruction that left them there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Undefined {
    name: String,
    origin: u32,
}

impl Undefined {
    pub(super) fn vector(registers: &Registers, index: u8, lane: u32) -> Self {
        let bits = registers.lane(index, lane);
        Self { name: format!("v{index} bits {bits:#x}"), origin: registers.origin(index) }
    }

    pub(super) fn scalar(registers: &Registers, index: u8) -> Self {
        let name = match index {
            SCC => "SCC".to_owned(),
            VCC => "vcc_lo".to_owned(),
            107 => "vcc_hi".to_owned(),
            125 => "M0".to_owned(),
            _ => format!("s{index}"),
        };
        let bits = registers.scalar(index);
        Self { name: format!("{name} bits {bits:#x}"), origin: registers.scalar_origin(index) }
    }

    /// The first of those that an instruction reads.
    pub(super) fn source(registers: &Registers, facts: &Facts, lanes: u64) -> Self {
        let vector = facts.reads.iter().find_map(|&index| {
            let dirty = registers.dirt(index) & lanes;
            (dirty != 0).then(|| Self::vector(registers, index, dirty.trailing_zeros()))
        });
        vector.unwrap_or_else(|| {
            let dirty = facts.scalar_reads & registers.scalar_dirt;
            Self::scalar(registers, dirty.trailing_zeros().min(127) as u8) // CAST: below 128
        })
    }

    /// Reports it; `what` says what it decides.
    pub(super) fn report(
        &self,
        rule: &'static Rule,
        event: &Event<'_>,
        sink: &mut Sink,
        lane: Option<u32>,
        what: impl FnOnce() -> String,
    ) {
        // CAST: widening
        let earlier = (self.origin != NEVER).then_some(Moment { pc: self.origin as usize, ..event.moment() });
        sink.report(rule, event, lane, earlier, || {
            let from = if earlier.is_some() { "" } else { ", which nothing has written," };
            format!("{}{from} in {}", self.name, what())
        });
    }
}

/// Reports undefined bits that decide where the program goes.
pub(super) fn control(event: &Event<'_>, facts: &Facts, registers: &Registers, sink: &mut Sink) {
    let wave = event.wave;
    match facts.work {
        Work::Branch if facts.reads_scc && registers.condition() => {
            Undefined::scalar(registers, SCC).report(&BRANCH, event, sink, None, || "a branch".to_owned());
        }
        Work::Branch if !facts.reads_scc && registers.zero_undefined(VCC, wave.vcc()) => {
            let found = Undefined::source(registers, facts, 0);
            found.report(&BRANCH, event, sink, None, || "a branch".to_owned());
        }
        Work::Jump | Work::Mode => {
            let rule = if facts.work == Work::Jump { &JUMP } else { &MODE_BITS };
            let what = if facts.work == Work::Jump { "the address of a jump" } else { "a hardware register's value" };
            Undefined::source(registers, facts, 0).report(rule, event, sink, None, || what.to_owned());
        }
        _ => {}
    }
}

/// Reports undefined bits of any register that is read.
pub(super) fn strict(event: &Event<'_>, facts: &Facts, registers: &Registers, step: &Step, sink: &mut Sink) {
    let exec = event.wave.exec();
    let lanes = match step.op {
        Op::V_READLANE_B32 => 1 << (scalar32(event.wave, &step.sources[1]) & (event.wave.lanes() - 1)),
        Op::V_READFIRSTLANE_B32 => 1 << event.wave.first_lane(),
        _ => exec,
    };
    for &(index, bits) in &facts.sources {
        let dirty = registers.dirt(index) & lanes;
        if let Some(lane) = active(dirty).find(|&lane| registers.lane(index, lane) & bits != 0) {
            let found = Undefined::vector(registers, index, lane);
            found.report(&READ, event, sink, Some(lane), || "a source".to_owned());
        }
    }
    let mut left = facts.scalar_reads & registers.scalar_dirt;
    while left != 0 && !(facts.is_vector && exec == 0) {
        let index = left.trailing_zeros() as u8; // CAST: below 128
        left &= left - 1;
        Undefined::scalar(registers, index).report(&READ, event, sink, None, || "a source".to_owned());
    }
}

/// Undefined bytes of results, a report for each instruction that stored some.
pub(super) fn of_results(memory: &Memory, results: &[(u64, u64)]) -> Vec<Report> {
    let mut reports: Vec<Report> = Vec::new();
    for &(va, bytes) in results {
        for (word, shadow, site) in memory.undefined(va, bytes) {
            let nowhere = || Site { group: [0; 3], wave: 0, va: word, instruction: "no store".to_owned() };
            let earlier = site.is_none().then(|| Earlier::Event("nothing was stored there".to_owned()));
            let known = reports.iter_mut().find(|report| match &site {
                Some(site) => report.site.va == site.va && report.earlier.is_none(),
                None => report.earlier.is_some(),
            });
            match known {
                Some(report) => report.count += 1,
                None => reports.push(Report {
                    rule: &RESULT,
                    what: format!("bits {shadow:#x} of the result's dword at {word:#x} are undefined"),
                    site: site.unwrap_or_else(nowhere),
                    lane: None,
                    earlier,
                    count: 1,
                }),
            }
        }
    }
    reports
}
