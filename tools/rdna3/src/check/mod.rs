//! A static check of a program: both sets of rules along every path.

mod flow;

use std::fmt;

use flow::{Block, Program};

use crate::hazard;
use crate::operand::Reg;
use crate::rule::Rule;
use crate::target::Target;
use crate::wait::{self, Wait};

/// Something that is wrong. Its `Display` is one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule that is broken.
    pub rule: &'static Rule,
    /// Address of the instruction that breaks it.
    pub address: u64,
    /// The register it is about.
    pub register: Option<Reg>,
    /// Address of the earlier instruction.
    pub earlier: Option<u64>,
    /// The wait that is missing; of a hazard [`Rule::cure`] says what helps.
    pub wait: Option<Wait>,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.rule.id, self.rule.statement)?;
        if let Some(reg) = self.register {
            write!(f, "; {reg}")?;
        }
        if let Some(earlier) = self.earlier {
            write!(f, "; after {earlier:#x}")?;
        }
        match self.wait {
            Some(wait) => write!(f, "; needs {wait}"),
            None => write!(f, "; needs {}", self.rule.cure),
        }
    }
}

/// Why the check does not know what follows an instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Unknown {
    /// `s_setpc_b64` or `s_rfe_b64`: nothing is assumed of where it goes.
    Jump,
    /// `s_swappc_b64` or `s_call_b64`: what follows is checked as if the callee had waited for everything.
    Call,
    /// A branch out of the code, or into the middle of an instruction.
    Target,
    /// A dword that starts no instruction.
    Code,
    /// The end of the code is reached.
    End,
    /// The program's paths are too many; findings may be missing.
    TooComplex,
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Jump => "jumps to an address that is not known; the path ends here",
            Self::Call => "calls code that is not followed; what comes after starts with nothing under way",
            Self::Target => "branches to what is no instruction of the code; that path ends here",
            Self::Code => "is no instruction; the path ends here",
            Self::End => "is the last instruction and goes on; the path ends here",
            Self::TooComplex => "lies on too many paths; findings may be missing",
        })
    }
}

/// What a check found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// What is wrong, by address, without duplicates.
    pub findings: Vec<Finding>,
    /// Addresses where the check lost the way, in order.
    pub unknown: Vec<(u64, Unknown)>,
    /// Instructions looked at.
    pub instructions: usize,
}

/// The trackers at one place in the code.
#[derive(Clone)]
struct State {
    hazard: hazard::Tracker,
    wait: wait::Tracker,
}

impl State {
    fn new(target: Target, strict: bool) -> Self {
        let hazard = hazard::Tracker::new(target);
        Self { hazard: if strict { hazard.strict() } else { hazard }, wait: wait::Tracker::new() }
    }

    fn join(&mut self, other: &Self) -> bool {
        self.hazard.join(&other.hazard) | self.wait.join(&other.wait)
    }

    fn run(&mut self, program: &Program, block: &Block, mut found: impl FnMut(u32, Found)) {
        for instruction in program.instructions(block) {
            let pc = instruction.pc;
            self.hazard.step(pc, &instruction.hazard, |finding| found(pc, Found::Hazard(finding)));
            self.wait.step(pc, &instruction.wait, |finding| found(pc, Found::Wait(finding)));
        }
    }
}

enum Found {
    Hazard(hazard::Finding),
    Wait(wait::Finding),
}

/// Joins of one block with its predecessors before the check gives up.
const MOST_VISITS: usize = 200;

/// Checks code that begins at address `base`. The first instruction, what follows a call, and what nothing seen branches
/// to start with nothing under way.
///
/// ```
/// use sparkle_rdna3::{Target, check};
///
/// // s_load_b32 s0, s[2:3], null; s_mov_b32 s1, s0; s_endpgm
/// let words = [0xf400_0001_u32, 0xf800_0000, 0xbe81_0000, 0xbfb0_0000];
/// let bytes: Vec<u8> = words.into_iter().flat_map(u32::to_le_bytes).collect();
/// let report = check::code(&bytes, 0x1000, Target::GFX1100);
/// assert_eq!(report.findings[0].rule.id, "load-read");
/// assert_eq!(report.findings[0].address, 0x1008);
/// assert_eq!(report.findings[0].wait.unwrap().to_string(), "s_waitcnt lgkmcnt(0)");
/// ```
#[must_use]
pub fn code(bytes: &[u8], base: u64, target: Target) -> Report {
    check(bytes, base, target, false)
}

/// As [`code`], with the rules marked [`Rule::strict`].
#[must_use]
pub fn code_strict(bytes: &[u8], base: u64, target: Target) -> Report {
    check(bytes, base, target, true)
}

fn check(bytes: &[u8], base: u64, target: Target, strict: bool) -> Report {
    let words: Vec<u32> = bytes.as_chunks().0.iter().copied().map(u32::from_le_bytes).collect();
    let program = Program::new(&words, target);
    let (states, complete) = solve(&program, target, strict);
    let address = |pc: u32| base.wrapping_add(4 * u64::from(pc));
    let mut report = Report { instructions: program.len(), ..Report::default() };
    for (block, state) in program.blocks.iter().zip(states) {
        let Some(mut state) = state else { continue };
        state.run(&program, block, |pc, found| {
            report.findings.push(match found {
                Found::Hazard(hazard::Finding { rule, register, earlier, .. }) => {
                    Finding { rule, address: address(pc), register, earlier: earlier.map(address), wait: None }
                }
                Found::Wait(wait::Finding { rule, register, earlier, wait, .. }) => {
                    Finding { rule, address: address(pc), register, earlier: Some(address(earlier)), wait: Some(wait) }
                }
            });
        });
    }
    report.findings.sort_by_key(|finding| (finding.address, finding.rule.id, finding.earlier));
    report.findings.dedup();
    report.unknown = program.unknown.iter().map(|&(pc, unknown)| (address(pc), unknown)).collect();
    if let Some(pc) = complete {
        report.unknown.push((address(pc), Unknown::TooComplex));
    }
    report.unknown.sort_unstable();
    report
}

/// The state at the start of each block, and where it was given up.
fn solve(program: &Program, target: Target, strict: bool) -> (Vec<Option<State>>, Option<u32>) {
    let fresh = State::new(target, strict);
    let mut states: Vec<Option<State>> = vec![None; program.blocks.len()];
    let mut visits = vec![0_usize; program.blocks.len()];
    let mut given_up = None;
    let mut work = std::collections::BTreeSet::new();
    for root in program.roots() {
        // A block that is reached already needs no start of its own, unless a call returns to it.
        match states.get_mut(root.block) {
            Some(state @ None) => *state = Some(fresh.clone()),
            Some(Some(state)) if root.returned => {
                state.join(&fresh);
            }
            _ => continue,
        }
        work.insert(root.block);
        while let Some(at) = work.pop_first() {
            let (Some(block), Some(Some(state))) = (program.blocks.get(at), states.get(at)) else { continue };
            if let Some(visits) = visits.get_mut(at) {
                *visits += 1;
                if *visits > MOST_VISITS {
                    given_up = given_up.or(program.instructions(block).first().map(|first| first.pc));
                    continue;
                }
            }
            let mut state = state.clone();
            state.run(program, block, |_, _| {});
            for &next in &block.next {
                let changed = match states.get_mut(next) {
                    Some(Some(before)) => before.join(&state),
                    Some(place) => {
                        *place = Some(state.clone());
                        true
                    }
                    None => false,
                };
                if changed {
                    work.insert(next);
                }
            }
        }
    }
    (states, given_up)
}
