//! What is known of an instruction before it is executed; found once for each.

use std::sync::OnceLock;

use sparkle_rdna3::{Access, Encoding, Instruction, Op, Reg};

use super::lanes::{self, Transfer, coarse};
use super::registers::SCC;
use super::scalars;
use crate::shader::exec::packed::{Family, family};
use crate::shader::exec::shape::Half;
use crate::shader::step::{From, Source, Step, flag, modifier};
use crate::shader::{EXEC, M0, NULL, Program, VCC};

/// What to do about an instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Work {
    /// Its results are defined, or it has none.
    Nothing,
    /// It goes somewhere else by a condition: SCC or VCC.
    Branch,
    /// It goes to an address in registers.
    Jump,
    /// It sets MODE.
    Mode,
    Scalar,
    /// It reads the hardware register that has SCC and VCCZ.
    Status,
    /// It makes a new EXEC of the old one.
    Exec,
    ScalarMoved,
    /// A loop over the two halves of EXEC, of which a register keeps one.
    HalfLoop,
    /// Four sums of four dwords.
    FourSums,
    /// Quads that interpolate.
    Interpolate,
    /// Lanes for themselves, one dword or two.
    Lanes,
    Dual,
    Packed,
    Dot,
    Mix,
    Matrix,
    /// Lanes read by others, registers named by M0.
    Cross,
    /// Lanes that exchange data through LDS.
    Exchange,
    Memory,
}

/// Registers that say where memory is accessed.
#[derive(Debug, Default)]
pub(super) struct Address {
    pub(super) vectors: Box<[u8]>,
    pub(super) scalars: u128,
    /// A buffer's resource.
    pub(super) descriptor: u128,
    /// M0, where it counts.
    pub(super) m0: u128,
}

#[derive(Debug)]
pub(super) struct Facts {
    pub(super) work: Work,
    /// VGPRs.
    pub(super) reads: Box<[u8]>,
    pub(super) writes: Box<[u8]>,
    /// Scalar registers by operand number; SCC has the number of NULL.
    pub(super) scalar_reads: u128,
    pub(super) scalar_writes: u128,
    /// Lanes that are off are read too.
    pub(super) any_lane: bool,
    /// A lane that is on may keep bits of its old result, or not be written.
    pub(super) keeps: bool,
    /// Which registers are read says M0.
    pub(super) relative: bool,
    /// It matters whether no lane is on: nothing happens then.
    pub(super) is_vector: bool,
    /// Bits of each source that count.
    pub(super) masks: [u64; 3],
    /// Bits of the result.
    pub(super) width: u32,
    pub(super) transfer: Transfer,
    /// Of the Y half.
    pub(super) second: Transfer,
    /// The code of a comparison.
    pub(super) code: u32,
    pub(super) address: Address,
    pub(super) reads_scc: bool,
    /// VGPRs that are read other than to keep a part of them, each with the bits that count.
    pub(super) sources: Box<[(u8, u32)]>,
}

/// The facts of a program's instructions.
#[derive(Debug)]
pub(super) struct Table {
    words: Vec<u32>,
    base: u64,
    places: Vec<OnceLock<Option<Box<Facts>>>>,
}

impl Table {
    pub(super) fn new(program: &Program) -> Self {
        let words = program.words_from(0).to_vec();
        let places = (0..words.len()).map(|_| OnceLock::new()).collect();
        Self { words, base: program.base(), places }
    }

    /// Whether it is of this program.
    pub(super) fn is_of(&self, program: &Program) -> bool {
        self.base == program.base() && self.words == program.words_from(0)
    }

    #[inline]
    pub(super) fn get(&self, program: &Program, pc: usize, instruction: &Instruction) -> Option<&Facts> {
        self.places
            .get(pc)?
            .get_or_init(|| program.step(pc).map(|step| Box::new(Facts::new(instruction, step))))
            .as_deref()
    }
}

/// The number of a scalar register, EXEC left out.
fn scalar_number(reg: Reg) -> Option<u8> {
    Some(match reg {
        Reg::Sgpr(n) => n,
        Reg::Ttmp(n) => 108 + n,
        Reg::VccLo => VCC,
        Reg::VccHi => VCC + 1,
        Reg::M0 => M0,
        Reg::Scc => SCC,
        _ => return None,
    })
}

fn bits(first: u8, count: u8) -> u128 {
    (0..count).filter_map(|at| first.checked_add(at)).filter(|at| *at < 128).fold(0, |set, at| set | 1 << at)
}

/// Registers as two sets.
fn split(list: impl Iterator<Item = (Reg, u8)>) -> (Vec<u8>, u128) {
    let (mut vectors, mut scalars) = (Vec::new(), 0);
    for (reg, dwords) in list {
        match reg {
            Reg::Vgpr(first) => vectors.extend((0..dwords).map(|at| first.wrapping_add(at))),
            Reg::Vccz => scalars |= bits(VCC, 2),
            _ => {
                if let Some(first) = scalar_number(reg) {
                    scalars |= bits(first, dwords);
                }
            }
        }
    }
    vectors.sort_unstable();
    vectors.dedup();
    (vectors, scalars)
}

fn work(instruction: &Instruction, step: &Step) -> Work {
    let op = step.op;
    let name = op.mnemonic();
    match op {
        Op::S_SUBVECTOR_LOOP_BEGIN | Op::S_SUBVECTOR_LOOP_END => return Work::HalfLoop,
        Op::V_MQSAD_U32_U8 => return Work::FourSums,
        Op::S_CBRANCH_SCC0 | Op::S_CBRANCH_SCC1 | Op::S_CBRANCH_VCCZ | Op::S_CBRANCH_VCCNZ => return Work::Branch,
        Op::S_SETPC_B64 | Op::S_SWAPPC_B64 => return Work::Jump,
        Op::S_SETREG_B32 => return Work::Mode,
        // Source: guide, table 9 ("Hardware register values").
        Op::S_GETREG_B32 if step.immediate & 0x3f == 2 => return Work::Status,
        Op::S_GETREG_B32 | Op::S_GETPC_B64 | Op::S_CALL_B64 | Op::S_SENDMSG_RTN_B32 | Op::S_SENDMSG_RTN_B64 => {
            return Work::Nothing;
        }
        Op::V_READLANE_B32
        | Op::V_READFIRSTLANE_B32
        | Op::V_WRITELANE_B32
        | Op::V_PERMLANE16_B32
        | Op::V_PERMLANEX16_B32
        | Op::V_PERMLANE64_B32
        | Op::V_MOVRELS_B32
        | Op::V_MOVRELD_B32
        | Op::V_MOVRELSD_B32
        | Op::V_MOVRELSD_2_B32
        | Op::V_SWAPREL_B32
        | Op::V_SWAP_B32
        | Op::V_SWAP_B16 => return Work::Cross,
        Op::DS_PERMUTE_B32 | Op::DS_BPERMUTE_B32 | Op::DS_SWIZZLE_B32 => return Work::Exchange,
        _ if name.starts_with("s_movrel") => return Work::ScalarMoved,
        _ if name.ends_with("exec_b32") || name.ends_with("exec_b64") => return Work::Exec,
        _ => {}
    }
    match (instruction.encoding(), family(op)) {
        (Encoding::Vopd, _) => Work::Dual,
        (Encoding::Vinterp, _) => Work::Interpolate,
        (Encoding::LdsDir, _) => Work::Memory,
        (Encoding::Vop1 | Encoding::Vop2 | Encoding::Vop3 | Encoding::Vop3p, Some(family)) => match family {
            Family::Packed => Work::Packed,
            Family::Dot | Family::DotInteger => Work::Dot,
            Family::Mix => Work::Mix,
            Family::Matrix => Work::Matrix,
        },
        (Encoding::Vop1 | Encoding::Vop2 | Encoding::Vopc | Encoding::Vop3, None) => Work::Lanes,
        (Encoding::Sop1 | Encoding::Sop2 | Encoding::Sopc | Encoding::Sopk, _) => Work::Scalar,
        (
            Encoding::Smem
            | Encoding::Flat
            | Encoding::Global
            | Encoding::Scratch
            | Encoding::Ds
            | Encoding::Mubuf
            | Encoding::Mtbuf,
            _,
        ) => Work::Memory,
        _ => Work::Nothing,
    }
}

/// A source's registers.
fn registers(source: &Source, dwords: u8) -> (Vec<u8>, u128) {
    match source.from {
        From::Vgpr => ((0..dwords).map(|at| source.index.wrapping_add(at)).collect(), 0),
        From::Scalar if source.index != NULL => (Vec::new(), bits(source.index, dwords) & !(0b11 << EXEC)),
        From::Condition if source.index == 253 => (Vec::new(), bits(SCC, 1)),
        _ => (Vec::new(), 0),
    }
}

fn address(instruction: &Instruction, step: &Step) -> Address {
    let [first, second, third, ..] = &step.sources;
    let memory = step.more().memory;
    let mut address = Address::default();
    match instruction.encoding() {
        Encoding::Smem => {
            let name = step.op.mnemonic();
            if name.starts_with("s_buffer_load") {
                address.descriptor = registers(first, 4).1;
            } else if name.starts_with("s_load") {
                address.scalars = registers(first, 2).1;
            }
            address.scalars |= registers(second, 1).1;
        }
        encoding @ (Encoding::Global | Encoding::Flat | Encoding::Scratch) => {
            let addtid = instruction.flags().contains(sparkle_rdna3::flag::ADDTID);
            let scratch = encoding == Encoding::Scratch;
            let based = *third != Source::CONSTANT_ZERO;
            if !addtid && *first != Source::CONSTANT_ZERO {
                let short = scratch || encoding == Encoding::Global && based;
                address.vectors = registers(first, if short { 1 } else { 2 }).0.into();
            }
            if scratch || encoding == Encoding::Global {
                address.scalars = registers(third, if scratch { 1 } else { 2 }).1;
            }
        }
        Encoding::Ds => match step.op {
            Op::DS_LOAD_ADDTID_B32 | Op::DS_STORE_ADDTID_B32 | Op::DS_APPEND | Op::DS_CONSUME => {
                address.m0 = bits(M0, 1)
            }
            _ => address.vectors = registers(first, 1).0.into(),
        },
        Encoding::LdsDir => address.m0 = bits(M0, 1),
        Encoding::Mubuf | Encoding::Mtbuf => {
            let dwords = u8::from(memory.idxen) + u8::from(memory.offen);
            address.vectors = registers(first, dwords).0.into();
            address.descriptor = registers(second, 4).1;
            address.scalars = registers(third, 1).1;
        }
        _ => {}
    }
    address
}

impl Facts {
    fn new(instruction: &Instruction, step: &Step) -> Self {
        let op = step.op;
        let work = work(instruction, step);
        let (reads, mut scalar_reads) = split(instruction.reads());
        // Of the messages only some have data in M0, and those are not modelled.
        if op == Op::S_SENDMSG {
            scalar_reads = 0;
        }
        let (writes, scalar_writes) = split(instruction.writes());
        if work == Work::Status {
            scalar_reads |= bits(SCC, 1) | bits(VCC, 2);
        }
        let mut address = Address::default();
        if matches!(work, Work::Memory | Work::Exchange) {
            address = self::address(instruction, step);
            scalar_reads |= address.m0;
        }
        // What is both read and written by FMAC and its like is a source, by a load of a half it is not.
        let keeping = matches!(work, Work::Memory | Work::Cross) || op.mnemonic().starts_with("v_fma_mix");
        let operands = instruction.operands().iter().filter(|operand| match operand.access {
            Access::Read => true,
            Access::Write => false,
            Access::ReadWrite => !keeping || matches!(op, Op::V_SWAP_B32 | Op::V_SWAP_B16),
        });
        let (sources, _) = split(operands.filter_map(sparkle_rdna3::Operand::registers));
        let dpp = step.has(flag::DPP);
        let wide = step.sources.iter().any(|source| source.has(modifier::WIDE));
        let (comparison, code, bits) = match scalars::comparison(op) {
            Some((transfer, code, bits)) => (Some(transfer), code, bits),
            None => (None, 0, 0),
        };
        let width = match work {
            Work::Lanes if comparison.is_some() => bits,
            Work::Scalar | Work::Exec if step.has(flag::WIDE) || wide => 64,
            Work::Lanes if step.outcome.is_half() => 16,
            Work::Lanes if step.outcome.is_wide() => 64,
            Work::Packed => 16,
            _ => 32,
        };
        let find = |op: Op| -> Transfer {
            let table = match work {
                Work::Scalar | Work::Exec => scalars::find(op),
                _ => lanes::find(op),
            };
            table.unwrap_or(coarse)
        };
        let saturates = instruction.modifiers().clamp && !matches!(work, Work::Scalar | Work::Exec);
        let transfer = match comparison {
            Some(transfer) => transfer,
            None if saturates => coarse,
            None => find(op),
        };
        let masks = self::masks(instruction, step, work);
        let shape_keeps = step.more().shape.half != Half::Whole;
        let keeps = dpp
            || step.outcome.is_half()
                && matches!(work, Work::Lanes | Work::Dot | Work::Mix | Work::Matrix | Work::Interpolate)
            || shape_keeps
            || matches!(work, Work::Cross | Work::Matrix)
            || op.mnemonic().contains("d16")
            || matches!(op, Op::V_WMMA_F16_16X16X16_F16 | Op::V_WMMA_BF16_16X16X16_BF16);
        Self {
            work,
            reads: reads.into(),
            writes: writes.into(),
            scalar_reads,
            scalar_writes,
            any_lane: dpp || matches!(work, Work::Cross | Work::Matrix | Work::Exchange | Work::Interpolate),
            keeps,
            relative: op.mnemonic().contains("movrel") || op == Op::V_SWAPREL_B32,
            is_vector: instruction.is_vector(),
            masks,
            width,
            transfer,
            second: instruction.op_y().map_or(coarse, find),
            code,
            address,
            reads_scc: scalar_reads >> SCC & 1 != 0,
            sources: self::sources(&sources, step, work, masks).into(),
        }
    }
}

/// Which bits of VGPRs count: halves of the sources of 16 bits, the low bytes of what is stored.
fn sources(list: &[u8], step: &Step, work: Work, masks: [u64; 3]) -> Vec<(u8, u32)> {
    let whole = |source: &Source, mask: u64| match (mask, source.has(modifier::HIGH)) {
        (0xffff, false) => 0xffff,
        (0xffff, true) => 0xffff_0000,
        _ => u32::MAX,
    };
    let shape = step.more().shape;
    // The second source of a buffer operation is its resource.
    let data = match step.sources.get(1) {
        Some(source) if source.from == From::Vgpr => source.index,
        _ => step.to,
    };
    list.iter()
        .map(|&index| {
            let named = |source: &Source| source.from == From::Vgpr && source.index == index;
            let bits = match work {
                Work::Lanes if masks != [u64::MAX; 3] => {
                    let sources = step.sources.iter().zip(masks).filter(|(source, _)| named(source));
                    sources.fold(0, |bits, (source, mask)| bits | whole(source, mask))
                }
                Work::Memory if shape.store && shape.bytes < 4 && index == data => {
                    let low = u32::MAX >> (32 - 8 * u32::from(shape.bytes));
                    if shape.half == Half::High { low << 16 } else { low }
                }
                _ => u32::MAX,
            };
            (index, if bits == 0 { u32::MAX } else { bits })
        })
        .collect()
}

/// Which bits of the sources count: the low half of those of 16 bits.
fn masks(instruction: &Instruction, step: &Step, work: Work) -> [u64; 3] {
    let mut masks = [u64::MAX; 3];
    if work != Work::Lanes && work != Work::Dot {
        return masks;
    }
    let read = instruction.operands().iter().filter(|operand| operand.access == Access::Read);
    for (mask, operand) in masks.iter_mut().zip(read) {
        if crate::shader::is_half(operand) {
            *mask = 0xffff;
        }
    }
    // What FMAC adds to is as wide as its result.
    if work == Work::Lanes && step.outcome.is_half() && instruction.operands().len() < 4 {
        let adds = instruction.operands().first().is_some_and(|first| first.access == Access::ReadWrite);
        if adds && let Some(mask) = masks.get_mut(2) {
            *mask = 0xffff;
        }
    }
    masks
}
