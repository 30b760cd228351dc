//! `fetch`: instructions are fetched from where no code is.
//!
//! The fetcher runs ahead of the program counter by whole cache lines and does not tell a line that is needed from one
//! that is not: it faults on an unmapped page, now and then and far from the culprit.

#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use sparkle_rdna3::Op;

use super::event::{Event, Moment};
use super::report::Sink;
use super::rule::{Rule, Sanitizer};
use crate::shader::{Cause, Fault, GlobalMemory, GroupPlace, Program, Workgroup};

const fn rule(id: &'static str, says: &'static str) -> Rule {
    Rule { id, sanitizer: Sanitizer::Fetch, says }
}

/// Source: LLVM `AMDGPUTargetStreamer.cpp`, `EmitCodeEnd`: padding to a line of 128 bytes and three more of them for
/// "prefetch mode 3"; Linux `gfx_v11_0.c`, `INITIAL_INST_PREFETCH` of `SH_MEM_CONFIG`.
pub(crate) static FETCH_AHEAD: Rule = rule(
    "fetch-ahead",
    "the code's buffer ends within three cache lines of 128 bytes behind the line of an executed instruction",
);
/// Source: Mesa `registers/gfx11.json`, `COMPUTE_PGM_RSRC3.INST_PREF_SIZE`; `ac_shader_util.c`.
pub(crate) static FETCH_START: Rule =
    rule("fetch-start", "INST_PREF_SIZE asks for more code than lies between the entry and the end of its buffer");
/// Source: guide, section 4.1 (program control).
pub(crate) static FETCH_OUTSIDE: Rule = rule("fetch-outside", "the program counter has left the code");
/// Source: guide, section 16.5, S_CODE_END: it must never be executed.
pub(crate) static FETCH_CODE_END: Rule =
    rule("fetch-code-end", "S_CODE_END is executed, which marks the end of the code");
/// Source: guide, chapter 15 (microcode formats).
pub(crate) static FETCH_ILLEGAL: Rule = rule("fetch-illegal", "what is executed is no instruction of this chip");
/// Two ways to read the same dwords cannot both be meant: a branch went wrong.
pub(crate) static FETCH_MIDDLE: Rule =
    rule("fetch-middle", "an instruction starts inside of another one that was executed too");
/// Source: Linux `amdgpu_drm.h`, `AMDGPU_VM_PAGE_EXECUTABLE`.
pub(crate) static FETCH_EXECUTE: Rule = rule("fetch-execute", "the code's buffer is not mapped as executable");

/// The rules.
pub(crate) static RULES: [&Rule; 7] =
    [&FETCH_AHEAD, &FETCH_START, &FETCH_OUTSIDE, &FETCH_CODE_END, &FETCH_ILLEGAL, &FETCH_MIDDLE, &FETCH_EXECUTE];

/// Bytes of a line of the instruction cache. Source: LLVM `AMDGPUTargetStreamer.cpp`, `EmitCodeEnd`.
const LINE: u64 = 128;
/// Lines fetched ahead at most. Source: guide, section 16.5, S_SET_INST_PREFETCH_DISTANCE.
const AHEAD: u64 = 3;

/// What a dword of the program was taken for.
mod state {
    pub(super) const UNSEEN: u8 = 0;
    pub(super) const START: u8 = 1;
    pub(super) const INSIDE: u8 = 2;
}

/// What a dispatch's workgroups share.
#[derive(Debug)]
pub(crate) struct Shared {
    /// First address behind the code's buffer.
    end: u64,
    execute: bool,
    /// First address behind what is fetched before the first instruction.
    start_end: u64,
    states: Vec<AtomicU8>,
    began: AtomicBool,
}

impl Shared {
    /// For one dispatch of `program`, started at dword `entry`, with this `COMPUTE_PGM_RSRC3.INST_PREF_SIZE`.
    ///
    /// A program that `memory` does not have is taken for all there is, and executable.
    pub(crate) fn new(program: &Program, memory: &dyn GlobalMemory, entry: usize, prefetch: u32) -> Self {
        let bytes = (program.words_from(0).len() as u64).wrapping_mul(4); // CAST: usize has at most 64 bits
        let region = memory.region(program.base());
        let end = region.map_or(program.base().saturating_add(bytes), |region| region.va.saturating_add(region.bytes));
        let start = program.base().saturating_add((entry as u64).wrapping_mul(4)); // CAST: as above
        Self {
            end,
            execute: region.is_none_or(|region| region.permissions.execute),
            start_end: start.saturating_add(u64::from(prefetch) * LINE),
            states: program.words_from(0).iter().map(|_| AtomicU8::new(state::UNSEEN)).collect(),
            began: AtomicBool::new(false),
        }
    }
}

/// One workgroup.
#[derive(Debug)]
pub(crate) struct Group<'a> {
    shared: &'a Shared,
}

impl<'a> Group<'a> {
    pub(crate) fn new(shared: &'a Shared, _group: &Workgroup, _place: &GroupPlace) -> Self {
        Self { shared }
    }

    /// Before an instruction. An instruction that was seen before costs a look into a table.
    #[inline]
    pub(crate) fn before(&mut self, event: &Event<'_>, sink: &mut Sink) {
        let Some(known) = self.shared.states.get(event.pc) else { return };
        if known.load(Ordering::Relaxed) != state::START {
            self.look(event, known, sink);
        }
    }

    #[cold]
    fn look(&self, event: &Event<'_>, known: &AtomicU8, sink: &mut Sink) {
        let shared = self.shared;
        let va = event.program.base().wrapping_add((event.pc as u64).wrapping_mul(4)); // CAST: at most 64 bits
        if !shared.began.swap(true, Ordering::Relaxed) {
            if !shared.execute {
                sink.report(&FETCH_EXECUTE, event, None, None, || format!("code at {va:#x}"));
            }
            if shared.start_end > shared.end {
                sink.report(&FETCH_START, event, None, None, || {
                    format!("code is fetched up to {:#x}, its buffer ends at {:#x}", shared.start_end, shared.end)
                });
            }
        }
        if event.instruction.op() == Op::S_CODE_END {
            sink.report(&FETCH_CODE_END, event, None, None, || format!("code end at {va:#x}"));
            return;
        }
        let last = va.wrapping_add((event.instruction.len_dwords() as u64).wrapping_mul(4) - 1); // CAST: at most 5
        let reach = (last & !(LINE - 1)).saturating_add((AHEAD + 1) * LINE);
        if reach > shared.end {
            sink.report(&FETCH_AHEAD, event, None, None, || {
                format!("code is fetched up to {reach:#x}, its buffer ends at {:#x}", shared.end)
            });
        }
        let mut middle = known.swap(state::START, Ordering::Relaxed) == state::INSIDE;
        for inside in shared.states.iter().skip(event.pc + 1).take(event.instruction.len_dwords() - 1) {
            // What starts there too keeps its mark, so that it is not looked at again.
            let before = inside.compare_exchange(state::UNSEEN, state::INSIDE, Ordering::Relaxed, Ordering::Relaxed);
            middle |= before == Err(state::START);
        }
        if middle {
            sink.report(&FETCH_MIDDLE, event, None, None, || format!("instruction at {va:#x}"));
        }
    }
}

/// Reports a fault that is this sanitizer's; whether it is.
pub(crate) fn fault(fault: &Fault, program: &Program, group: [u32; 3], sink: &mut Sink) -> bool {
    let rule = match fault.cause {
        Cause::OutsideCode { .. } => &FETCH_OUTSIDE,
        Cause::Illegal { .. } => &FETCH_ILLEGAL,
        _ => return false,
    };
    let pc = usize::try_from(fault.offset / 4).unwrap_or(usize::MAX);
    sink.at(rule, program, Moment { group, wave: fault.wave, pc }, None, None, || fault.cause.to_string());
    true
}
