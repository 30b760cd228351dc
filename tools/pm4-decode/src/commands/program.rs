//! The programs that a stream dispatches, as far as their bytes are in the dump.

use std::collections::BTreeSet;

use serde::Serialize;
use sparkle_pm4::decode::ItemKind;
use sparkle_pm4::decode::walk::{Memory, Step, canonical};
use sparkle_pm4::lint::{self, ProgramUse};
use sparkle_pm4::registers::offset;
use sparkle_pm4::state::{Dispatch, RegisterState};
use sparkle_rdna3::{Encoding, Instruction, Reg, Target};

use super::{Opened, disasm};
use crate::report;

/// The longest program that is shown, dwords.
const LONGEST: usize = 1 << 16;

/// Follows the state of a dump's streams up to each dispatch.
pub(super) struct Programs<'a> {
    opened: &'a Opened,
    state: RegisterState,
    shown: BTreeSet<(u64, bool)>,
}

/// A program that a dispatch runs.
pub(super) struct Program {
    va: u64,
    target: Target,
    /// Empty where the bytes are not at hand.
    words: Vec<u32>,
    again: bool,
}

/// A program as JSON.
#[derive(Serialize)]
pub(super) struct ProgramReport {
    va: String,
    wave_size: u32,
    /// The text of each instruction.
    instructions: Vec<String>,
}

impl<'a> Programs<'a> {
    pub(super) fn new(opened: &'a Opened) -> Self {
        Self { opened, state: RegisterState::new(), shown: BTreeSet::new() }
    }

    /// The program that a step dispatches; `None` where it dispatches none, or the chip's code is not known here.
    pub(super) fn step(&mut self, step: &Step<'_>) -> Option<Program> {
        let item = match step {
            Step::Enter { from: None, .. } => {
                self.state.clear();
                return None;
            }
            Step::Item { item, .. } => item,
            _ => return None,
        };
        let ItemKind::Packet { packet, .. } = &item.kind else { return None };
        self.state.apply(packet);
        let dispatch = Dispatch::of(packet)?;
        let half = |register| self.state.value(register).map(u64::from);
        let va = canonical((half(offset::COMPUTE_PGM_HI)? << 32 | half(offset::COMPUTE_PGM_LO)?) << 8);
        let wave64 = dispatch.initiator.cs_w32_en() == 0;
        let target = disasm::target(self.opened.gfx, wave64).ok()?;
        let again = !self.shown.insert((va, wave64));
        let words = if again { Vec::new() } else { program(&self.opened.dump, va) };
        Some(Program { va, target, words, again })
    }
}

/// The dwords from `va` on: up to the filler behind a program, or as far as the bytes are at hand.
fn program(memory: &(impl Memory + ?Sized), va: u64) -> Vec<u32> {
    /// `s_code_end`, with which compilers fill what the instruction prefetch may touch. Source: LLVM `SOPInstructions.td`.
    const CODE_END: u32 = 0xBF9F_0000;
    let mut words = Vec::new();
    while words.len() < LONGEST {
        match memory.words(va + 4 * words.len() as u64, 1) {
            Some(&[word]) if word != CODE_END => words.push(word),
            _ => break,
        }
    }
    words
}

/// The linter's reader of programs.
#[derive(Debug)]
pub(super) struct Reader<'a>(pub(super) &'a Opened);

impl lint::Programs for Reader<'_> {
    fn program(&self, va: u64, wave64: bool) -> Option<ProgramUse> {
        let words = program(&self.0.dump, va);
        let target = disasm::target(self.0.gfx, wave64).ok().filter(|_| !words.is_empty())?;
        let mut used = ProgramUse { vgprs: 0, lds: false };
        for instruction in disasm::instructions(&words, target).filter_map(|(_, _, instruction)| instruction) {
            for (register, dwords) in instruction.reads().chain(instruction.writes()) {
                if let Reg::Vgpr(first) = register {
                    used.vgprs = used.vgprs.max(u32::from(first) + u32::from(dwords));
                }
            }
            used.lds |= accesses_lds(&instruction);
        }
        Some(used)
    }
}

/// Whether an instruction needs LDS that is allocated. Lanes are exchanged through the LDS hardware without any, and the
/// GDS is another memory.
fn accesses_lds(instruction: &Instruction) -> bool {
    let name = instruction.op().mnemonic();
    let needs_none = ["permute", "swizzle", "gws"].iter().any(|part| name.contains(part));
    instruction.encoding() == Encoding::Ds && !instruction.modifiers().gds && !needs_none
}

impl Program {
    /// What is shown after the dispatch.
    pub(super) fn lines(&self) -> Vec<String> {
        let va = report::va(self.va);
        if self.again {
            return vec![format!("#  runs the program at {va}, shown above")];
        }
        if self.words.is_empty() {
            return vec![format!("#  runs the program at {va}: its bytes are not in the dump")];
        }
        let mut lines = vec![format!("#  runs the program at {va}:")];
        for (at, dwords, instruction) in disasm::instructions(&self.words, self.target) {
            lines.push(disasm::line(self.va + 4 * at as u64, dwords, instruction));
        }
        lines
    }

    pub(super) fn report(&self) -> ProgramReport {
        let instructions = disasm::instructions(&self.words, self.target);
        let text = instructions.map(|(_, dwords, instruction)| disasm::text(dwords, instruction)).collect();
        let wave_size = if self.target.wave == sparkle_rdna3::WaveSize::Wave64 { 64 } else { 32 };
        ProgramReport { va: report::va(self.va), wave_size, instructions: text }
    }
}
