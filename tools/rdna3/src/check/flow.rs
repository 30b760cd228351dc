//! A program's instructions and basic blocks.

use crate::decode::Decoder;
use crate::hazard::{self, immediate};
use crate::instruction::Instruction;
use crate::op::Op;
use crate::target::Target;
use crate::wait;

use super::Unknown;

/// What the check keeps of an instruction.
pub(super) struct Checked {
    /// Dwords from the start.
    pub(super) pc: u32,
    pub(super) hazard: hazard::Facts,
    pub(super) wait: wait::Facts,
    dwords: u32,
    flow: Flow,
}

/// Where an instruction goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    /// To the next one.
    Next,
    /// To a place alone.
    Always(i64),
    /// To a place or to the next one.
    Maybe(i64),
    /// Nowhere.
    End,
    /// To a place not known.
    Jump,
    /// To a place, known or not, and later to the next one.
    Call(Option<i64>),
}

/// Instructions that are entered at the first and left at the last.
pub(super) struct Block {
    first: usize,
    end: usize,
    /// The blocks that follow.
    pub(super) next: Vec<usize>,
}

/// A block that execution may begin with.
pub(super) struct Root {
    pub(super) block: usize,
    /// A call returns to it.
    pub(super) returned: bool,
}

/// The program.
pub(super) struct Program {
    instructions: Vec<Checked>,
    pub(super) blocks: Vec<Block>,
    /// Blocks that calls return to.
    returned: Vec<usize>,
    /// Where the way is lost.
    pub(super) unknown: Vec<(u32, Unknown)>,
}

impl Program {
    pub(super) fn new(words: &[u32], target: Target) -> Self {
        let mut program =
            Self { instructions: Vec::new(), blocks: Vec::new(), returned: Vec::new(), unknown: Vec::new() };
        // The instruction that starts at a dword.
        let mut starts = vec![None; words.len()];
        // Instructions that begin a block.
        let mut leaders = vec![true];
        let mut invalid = false;
        for (at, found) in Decoder::new(words, target) {
            let pc = u32::try_from(at).unwrap_or(u32::MAX);
            let Ok(instruction) = found else {
                // Of a row of such dwords the first is named.
                if !invalid {
                    program.unknown.push((pc, Unknown::Code));
                }
                invalid = true;
                continue;
            };
            let index = program.instructions.len();
            if let Some(place) = starts.get_mut(at) {
                *place = Some(index);
            }
            leaders.resize(index + 1, false);
            if let (true, Some(leader)) = (invalid, leaders.get_mut(index)) {
                *leader = true;
            }
            invalid = false;
            let flow = flow(&instruction, at);
            let (hazard, wait) = (hazard::Facts::of(&instruction), wait::Facts::of(&instruction));
            let dwords = instruction.len_dwords() as u32; // CAST: at most 5
            program.instructions.push(Checked { pc, hazard, wait, dwords, flow });
            leaders.push(flow != Flow::Next);
        }
        let start_of = |at: i64| usize::try_from(at).ok().and_then(|at| starts.get(at).copied().flatten());
        for checked in &program.instructions {
            let (Flow::Always(to) | Flow::Maybe(to) | Flow::Call(Some(to))) = checked.flow else { continue };
            match start_of(to).and_then(|index| leaders.get_mut(index)) {
                Some(leader) => *leader = true,
                None => program.unknown.push((checked.pc, Unknown::Target)),
            }
        }
        program.cut(&leaders, start_of);
        program.unknown.sort_unstable();
        program
    }

    /// Makes the blocks.
    fn cut(&mut self, leaders: &[bool], start_of: impl Fn(i64) -> Option<usize>) {
        let count = self.instructions.len();
        let firsts: Vec<usize> = (0..count).filter(|&index| leaders.get(index).copied().unwrap_or(true)).collect();
        let block_at = |index: usize| firsts.binary_search(&index).ok();
        for (at, &first) in firsts.iter().enumerate() {
            let end = firsts.get(at + 1).copied().unwrap_or(count);
            let Some(last) = self.instructions.get(end.saturating_sub(1)) else { continue };
            let mut next = Vec::new();
            if let Flow::Always(to) | Flow::Maybe(to) | Flow::Call(Some(to)) = last.flow {
                next.extend(start_of(to).and_then(block_at));
            }
            let goes_on = self.instructions.get(end).is_some_and(|next| next.pc == last.pc + last.dwords);
            match last.flow {
                Flow::Next | Flow::Maybe(_) if goes_on => next.extend(block_at(end)),
                Flow::Next | Flow::Maybe(_) if end == count => self.unknown.push((last.pc, Unknown::End)),
                Flow::Jump => self.unknown.push((last.pc, Unknown::Jump)),
                Flow::Call(_) => {
                    self.unknown.push((last.pc, Unknown::Call));
                    if goes_on {
                        self.returned.extend(block_at(end));
                    }
                }
                _ => {}
            }
            self.blocks.push(Block { first, end, next });
        }
    }

    pub(super) fn len(&self) -> usize {
        self.instructions.len()
    }

    pub(super) fn instructions(&self, block: &Block) -> &[Checked] {
        self.instructions.get(block.first..block.end).unwrap_or(&[])
    }

    /// The start, what calls return to, and then every block, for those nothing else reaches.
    pub(super) fn roots(&self) -> impl Iterator<Item = Root> + '_ {
        let start = (!self.blocks.is_empty()).then_some(Root { block: 0, returned: false });
        let returned = self.returned.iter().map(|&block| Root { block, returned: true });
        start.into_iter().chain(returned).chain((0..self.blocks.len()).map(|block| Root { block, returned: false }))
    }
}

/// Where `instruction`, at dword `at`, goes.
fn flow(instruction: &Instruction, at: usize) -> Flow {
    let next = i64::try_from(at + instruction.len_dwords()).unwrap_or(i64::MAX);
    // The distance is a signed number of sixteen bits.
    let to = next.saturating_add(i64::from(immediate(instruction) as i16)); // CAST: sixteen bits
    match instruction.op() {
        Op::S_BRANCH => Flow::Always(to),
        Op::S_CBRANCH_SCC0
        | Op::S_CBRANCH_SCC1
        | Op::S_CBRANCH_VCCZ
        | Op::S_CBRANCH_VCCNZ
        | Op::S_CBRANCH_EXECZ
        | Op::S_CBRANCH_EXECNZ
        | Op::S_CBRANCH_CDBGSYS
        | Op::S_CBRANCH_CDBGUSER
        | Op::S_CBRANCH_CDBGSYS_OR_USER
        | Op::S_CBRANCH_CDBGSYS_AND_USER
        | Op::S_SUBVECTOR_LOOP_BEGIN
        | Op::S_SUBVECTOR_LOOP_END => Flow::Maybe(to),
        Op::S_ENDPGM | Op::S_ENDPGM_SAVED | Op::S_CODE_END => Flow::End,
        Op::S_SETPC_B64 | Op::S_RFE_B64 => Flow::Jump,
        Op::S_SWAPPC_B64 => Flow::Call(None),
        Op::S_CALL_B64 => Flow::Call(Some(to)),
        _ => Flow::Next,
    }
}
