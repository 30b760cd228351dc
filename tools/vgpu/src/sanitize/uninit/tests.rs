//! Shadows against brute force: instructions are executed with many fillings of the undefined bits. Whatever differs
//! between two fillings must be undefined in the shadow, and of operations that move bits about nothing else may be.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::precedence)]

use std::collections::{BTreeMap, BTreeSet};

use sparkle_rdna3::{Access, Op, Reg, Target, Value, WaveSize};

use super::access::combine;
use super::{Group, Shared, Start};
use crate::sanitize::event::Event;
use crate::sanitize::report::Sink;
use crate::sanitize::rule::Switches;
use crate::shader::exec::atomic::Atom;
use crate::shader::lane::Mode;
use crate::shader::{EXEC, M0, NoMemory, Program, Silent, VCC, Wave, Workgroup};

/// VGPRs that instructions of the test may name, with room for tuples.
const VGPRS: u8 = 40;
const ENDPGM: u32 = 0xbfb0_0000;

/// A sequence without pattern.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as u32
    }

    fn below(&mut self, end: u32) -> u32 {
        self.next() % end
    }

    fn value(&mut self) -> u32 {
        let x = self.next();
        match self.below(8) {
            0 => 0,
            1 => u32::MAX,
            2 => x & 31,
            3 => x & 0xff,
            4 => x & 0xffff,
            5 => x & 0x0707_0707,
            _ => x,
        }
    }

    /// A shadow; `none` in eight have no bit.
    fn shadow(&mut self, none: u32) -> u32 {
        let x = self.next();
        if self.below(8) < none {
            return 0;
        }
        match self.below(8) {
            0 => u32::MAX,
            1 => x & self.next() & self.next(),
            2 => 1 << (x & 31),
            3 => 0xff << (x & 24),
            4 => 0xffff << (x & 16),
            5 => u32::MAX << (x & 31),
            6 => u32::MAX >> (x & 31),
            _ => x,
        }
    }

    /// A scalar source operand's number.
    fn scalar(&mut self) -> u32 {
        match self.below(8) {
            0 => 128 + self.below(81),
            1 => 240 + self.below(9),
            2 => [VCC.into(), M0.into(), EXEC.into(), 124, 253, 255][self.below(6) as usize],
            _ => self.below(8) * 2,
        }
    }

    /// A source operand's number.
    fn source(&mut self) -> u32 {
        if self.below(4) == 0 { self.scalar() } else { 256 + self.vgpr() }
    }

    fn vgpr(&mut self) -> u32 {
        self.below(8)
    }
}

/// An instruction of a kind, other fields random.
fn instruction(kind: u32, op: u32, n: &mut Noise) -> Vec<u32> {
    let dst = 8 + n.vgpr();
    let dst = if n.below(4) == 0 { n.vgpr() } else { dst };
    let sdst = if n.below(4) == 0 { u32::from(VCC) } else { n.below(8) * 2 };
    let high = |n: &mut Noise| if n.below(3) == 0 { 128 } else { 0 };
    let dpp = |n: &mut Noise| {
        let rows = if n.below(2) == 0 { 0xff << 24 } else { n.next() & 0xff << 24 };
        let control = [
            0x1b,
            0x101 + n.below(15),
            0x111 + n.below(15),
            0x121 + n.below(15),
            0x140,
            0x141,
            0x150 | n.below(16),
            0x160 | n.below(16),
        ][n.below(8) as usize];
        n.vgpr() | control << 8 | (n.next() & 3) << 18 | rows
    };
    let literal = n.value();
    match kind {
        0 => vec![dst << 17 | n.vgpr() << 9 | n.source() | op << 25, literal],
        1 => vec![0x7e00_0000 | dst << 17 | op << 9 | n.source(), literal],
        2 => vec![0x7c00_0000 | op << 17 | n.vgpr() << 9 | n.source(), literal],
        3 => {
            let clamp = if n.below(6) == 0 { 1 << 15 } else { 0 };
            let op_sel = if n.below(3) == 0 { (n.next() & 15) << 11 } else { 0 };
            let abs = if n.below(4) == 0 { (n.next() & 7) << 8 } else { 0 };
            let neg = if n.below(4) == 0 { n.next() & 7 << 29 } else { 0 };
            let third = if n.below(2) == 0 { 0 } else { n.source() << 18 };
            let second = neg | third | n.source() << 9 | n.source();
            // Compares and operations with a carry have a scalar destination, some instead of op_sel.
            let op_sel = if matches!(op, 0x120..=0x122 | 0x2fc..=0x302) { 0 } else { op_sel };
            let (dst, abs) = match op {
                0..0x100 => (sdst, abs),
                0x120..=0x122 | 0x2fc..=0x302 => (dst, sdst << 8),
                0x360 | 0x182 => (sdst, abs),
                _ => (dst, abs),
            };
            vec![0xd400_0000 | op << 16 | clamp | op_sel | abs | dst, second, literal]
        }
        4 => {
            let halves = if n.below(3) == 0 { 3 << 27 } else { n.next() };
            let (dst, a, b, c) = match op {
                0x40.. => (32, 256, 264, [272, 272, 280, 128 + n.below(64)][n.below(4) as usize]),
                _ => (dst, n.source(), n.source(), if n.below(2) == 0 { 0 } else { n.source() }),
            };
            let neg = if n.below(4) == 0 { n.next() } else { 0 };
            let first = 0xcc00_0000 | op << 16 | halves & 0x7800 | neg & 0x700 | dst;
            vec![
                first | if n.below(2) == 0 { 1 << 14 } else { 0 },
                neg & 7 << 29 | halves & 3 << 27 | c << 18 | b << 9 | a,
                literal,
            ]
        }
        5 => vec![0x8000_0000 | op << 23 | sdst << 16 | n.scalar() << 8 | n.scalar(), literal],
        6 => vec![0xbe80_0000 | sdst << 16 | op << 8 | n.scalar(), literal],
        7 => vec![0xbf00_0000 | op << 16 | n.scalar() << 8 | n.scalar(), literal],
        8 => vec![0xb000_0000 | op << 23 | sdst << 16 | n.next() & 0xffff],
        9 => vec![dst << 17 | n.vgpr() << 9 | op << 25 | 0xfa, dpp(n)],
        10 => vec![0x7e00_0000 | dst << 17 | op << 9 | 0xfa, dpp(n)],
        11 => vec![0x7c00_0000 | op << 17 | n.vgpr() << 9 | 0xfa, dpp(n)],
        12 => vec![dst << 17 | n.vgpr() << 9 | op << 25 | (0xe9 + n.below(2)), n.next() & !0xff | n.vgpr()],
        // Halves of the short encodings.
        13 => vec![(dst | high(n)) << 17 | (n.vgpr() | high(n)) << 9 | 256 | n.vgpr() | high(n) | op << 25],
        14 => vec![0x7e00_0000 | (dst | high(n)) << 17 | op << 9 | 256 | n.vgpr() | high(n)],
        15 => vec![0x7c00_0000 | op << 17 | (n.vgpr() | high(n)) << 9 | 256 | n.vgpr() | high(n)],
        16 => {
            let (x, y) = (op & 15, op >> 4);
            let first = 0xc800_0000 | x << 22 | y << 17 | n.vgpr() << 9 | n.source();
            vec![first, (8 + n.vgpr()) << 24 | n.vgpr() << 17 | n.vgpr() << 9 | n.source(), literal]
        }
        // Interpolation, whose sources are all VGPRs.
        18 => {
            let first = 0xcd00_0000 | op << 16 | n.next() & 0x8000 | (n.next() & 15) << 11 | dst;
            let [a, b, c] = [(); 3].map(|()| 256 + n.vgpr());
            vec![first, n.next() & 7 << 29 | c << 18 | b << 9 | a]
        }
        // Lanes through LDS.
        _ => {
            let op = [0x35, 0xb2, 0xb3][op as usize % 3];
            let offset = if n.below(2) == 0 { 0 } else { n.next() & 0xffff };
            vec![0xd800_0000 | op << 18 | offset, dst << 24 | n.vgpr() << 8 | n.vgpr()]
        }
    }
}

/// How many opcodes a kind has.
const KINDS: [u32; 19] = [64, 128, 256, 1024, 128, 128, 128, 128, 32, 64, 128, 256, 64, 64, 128, 256, 512, 3, 6];

/// Where undefined bits get their values from.
#[derive(Clone, Copy)]
enum Filling {
    Zeros,
    Ones,
    Flipped,
    Random,
    /// Those of another register, so that comparisons find them equal.
    Like(u8),
}

struct Case {
    program: Program,
    wave: Wave,
    vectors: Vec<[u32; 64]>,
    scalars: [u32; 128],
    scc: bool,
}

impl Case {
    fn new(words: &[u32], wide: bool, n: &mut Noise) -> Option<Self> {
        let target = Target { wave: if wide { WaveSize::Wave64 } else { WaveSize::Wave32 }, ..Target::GFX1100 };
        let length = Program::new(words, 0, target).instruction(0)?.len_dwords();
        let mut code = words.get(..length)?.to_vec();
        code.extend([ENDPGM; 4]);
        let program = Program::new(&code, 0x1000, target);
        let mut wave = Wave::new(wide, 0x3f0);
        let none = n.below(8);
        let lanes = u64::from(wave.lanes());
        let mut vectors = vec![[0; 64]; usize::from(VGPRS)];
        for index in 0..VGPRS {
            let same = n.below(4) == 0;
            let (value, shadow) = (n.value(), n.shadow(none));
            for lane in 0..lanes as u32 {
                wave.set_lane(index, lane, if same { value } else { n.value() });
                vectors[usize::from(index)][lane as usize] = if same { shadow } else { n.shadow(none) };
            }
        }
        let mut scalars = [0; 128];
        for index in (0..24).chain([VCC, VCC + 1, M0]) {
            wave.set_scalar(index, n.value());
            scalars[usize::from(index)] = n.shadow(none);
        }
        // Registers that M0 names must be among those that are set.
        wave.set_scalar(M0, n.below(8) | n.below(8) << 16);
        scalars[usize::from(M0)] = 0;
        wave.scc = n.below(2) == 0;
        let exec = match n.below(3) {
            0 => u64::MAX,
            1 => u64::from(n.next()) << 32 | u64::from(n.next()),
            _ => u64::MAX >> (64 - lanes / 2),
        };
        wave.set_exec(exec);
        let scc = n.below(8) >= none;
        Some(Self { program, wave, vectors, scalars, scc })
    }

    /// Makes registers defined.
    fn define(&mut self, registers: Option<(Reg, u8)>) {
        match registers {
            Some((Reg::Vgpr(first), dwords)) => {
                (first..first + dwords).for_each(|index| self.vectors[usize::from(index)] = [0; 64]);
            }
            Some((Reg::Scc, _)) => self.scc = false,
            _ => self.scalars = [0; 128],
        }
    }

    fn filled(&self, filling: Filling, n: &mut Noise) -> Wave {
        let mut wave = self.wave.clone();
        let fill = |value: u32, shadow: u32, like: u32, n: &mut Noise| {
            let bits = match filling {
                Filling::Zeros => 0,
                Filling::Ones => u32::MAX,
                Filling::Flipped => !value,
                Filling::Random => n.next(),
                Filling::Like(_) => like,
            };
            value & !shadow | bits & shadow
        };
        let other = if let Filling::Like(index) = filling { index } else { 0 };
        for index in 0..VGPRS {
            for lane in 0..wave.lanes() {
                let shadow = self.vectors[usize::from(index)][lane as usize];
                if shadow != 0 {
                    let value = fill(self.wave.lane(index, lane), shadow, self.wave.lane(other, lane), n);
                    wave.set_lane(index, lane, value);
                }
            }
        }
        for index in 0..126 {
            let shadow = self.scalars[usize::from(index)];
            if shadow != 0 {
                wave.set_scalar(index, fill(self.wave.scalar(index), shadow, self.wave.scalar(other), n));
            }
        }
        if self.scc {
            wave.scc = match filling {
                Filling::Zeros => false,
                Filling::Ones => true,
                Filling::Flipped => !wave.scc,
                _ => n.below(2) == 0,
            };
        }
        wave
    }

    fn execute(&self, wave: Wave) -> Option<Wave> {
        let mut group = Workgroup::new(vec![wave], 0);
        group.run(&self.program, &NoMemory, 3, &mut Silent).ok()?;
        group.waves.pop()
    }

    /// What differs between fillings, and what the shadows say: by register and lane, EXEC left out.
    fn compare(&self, fillings: usize, n: &mut Noise) -> Option<(Vec<(u32, u32)>, usize)> {
        let first = self.execute(self.wave.clone())?;
        let shared = Shared::new(Switches::ALL);
        let start = Start { scalars: u128::MAX, scc: true, ..Start::default() };
        let workgroup = Workgroup::new(vec![self.wave.clone()], 0);
        let mut group = Group::new(&shared, &start, &workgroup);
        let registers = group.registers(0).unwrap();
        for index in 0..VGPRS {
            for lane in 0..self.wave.lanes() {
                registers.set_lane(index, lane, self.vectors[usize::from(index)][lane as usize], 7);
            }
        }
        for index in 0..126 {
            if self.scalars[usize::from(index)] != 0 {
                registers.set_scalar(index, self.scalars[usize::from(index)], 7);
            }
        }
        registers.set_scalar(super::registers::SCC, self.scc.into(), 7);
        let instruction = self.program.instruction(0)?;
        let event = Event { program: &self.program, wave: &self.wave, group: [0; 3], pc: 0, instruction };
        let mut sink = Sink::default();
        group.before(&event, &mut sink);
        let found = sink.found.sorted();
        let reported = found.iter().filter(|report| report.rule.id != "uninit-strict-read").count();
        let registers = group.registers(0).unwrap();
        let mut pairs: Vec<(u32, u32)> = Vec::new();
        for index in 0..VGPRS {
            pairs.extend((0..self.wave.lanes()).map(|lane| (0, registers.lane(index, lane))));
        }
        pairs.extend((0..124).chain([M0]).map(|index| (0, registers.scalar(index))));
        pairs.push((0, registers.condition().into()));
        let kinds = [Filling::Zeros, Filling::Ones, Filling::Flipped].into_iter().chain((0..8).map(Filling::Like));
        for filling in kinds.chain((0..).map(|_| Filling::Random)).take(fillings) {
            let other = self.execute(self.filled(filling, n))?;
            let mut at = pairs.iter_mut();
            for index in 0..VGPRS {
                for lane in 0..self.wave.lanes() {
                    at.next().unwrap().0 |= first.lane(index, lane) ^ other.lane(index, lane);
                }
            }
            for index in (0..124).chain([M0]) {
                at.next().unwrap().0 |= first.scalar(index) ^ other.scalar(index);
            }
            at.next().unwrap().0 |= u32::from(first.scc ^ other.scc);
            assert!(first.exec() == other.exec() || reported != 0, "{}: EXEC differs", self.program.text(0));
        }
        Some((pairs, reported))
    }
}

fn place(at: usize, lanes: usize) -> String {
    let vectors = usize::from(VGPRS) * lanes;
    match at.checked_sub(vectors) {
        None => format!("v{} lane {}", at / lanes, at % lanes),
        Some(index) => format!("scalar {index}"),
    }
}

/// Runs `trials` of every opcode of a kind; says which operations were executed.
fn sound(kind: u32, trials: u32, seen: &mut BTreeSet<Op>) {
    let mut n = Noise(0x9e37_79b9_7f4a_7c15 ^ u64::from(kind) << 40);
    let mut wrong: BTreeMap<String, String> = BTreeMap::new();
    for op in 0..KINDS[kind as usize] {
        for trial in 0..trials {
            let wide = trial % 4 == 3 && kind != 16;
            let words = instruction(kind, op, &mut n);
            let Some(case) = Case::new(&words, wide, &mut n) else { continue };
            let lanes = case.wave.lanes() as usize;
            let Some((pairs, reported)) = case.compare(14, &mut n) else { continue };
            let op = case.program.instruction(0).unwrap().op();
            seen.insert(op);
            if reported != 0 {
                continue;
            }
            if let Some((at, (differ, shadow))) = pairs.iter().enumerate().find(|(_, (a, b))| a & !b != 0) {
                wrong.entry(format!("{op:?}")).or_insert_with(|| {
                    format!(
                        "{}: {} differs in {differ:#x}, undefined are {shadow:#x}",
                        case.program.text(0),
                        place(at, lanes)
                    )
                });
            }
        }
    }
    assert!(wrong.is_empty(), "kind {kind}: {wrong:#?}");
}

/// Operations that move bits or combine each with its like: nothing is undefined that need not be, as long as what
/// controls the movement is defined.
const EXACT: [Op; 41] = [
    Op::V_MOV_B32,
    Op::V_NOT_B32,
    Op::V_BFREV_B32,
    Op::V_AND_B32,
    Op::V_OR_B32,
    Op::V_XOR_B32,
    Op::V_XNOR_B32,
    Op::V_AND_B16,
    Op::V_OR_B16,
    Op::V_XOR_B16,
    Op::V_NOT_B16,
    Op::V_XOR3_B32,
    Op::V_OR3_B32,
    Op::V_AND_OR_B32,
    Op::V_BFI_B32,
    Op::V_CVT_U32_U16,
    Op::V_CVT_I32_I16,
    Op::V_PACK_B32_F16,
    Op::V_CNDMASK_B32,
    Op::V_CNDMASK_B16,
    Op::V_READFIRSTLANE_B32,
    Op::V_SWAP_B32,
    Op::V_SWAP_B16,
    Op::S_MOV_B32,
    Op::S_MOV_B64,
    Op::S_NOT_B64,
    Op::S_AND_B32,
    Op::S_AND_B64,
    Op::S_OR_B32,
    Op::S_OR_B64,
    Op::S_XOR_B32,
    Op::S_NAND_B32,
    Op::S_NOR_B32,
    Op::S_XNOR_B64,
    Op::S_AND_NOT1_B32,
    Op::S_OR_NOT1_B64,
    Op::S_BREV_B64,
    Op::S_SEXT_I32_I8,
    Op::S_PACK_LH_B32_B16,
    Op::S_CSELECT_B32,
    Op::S_BITREPLICATE_B64_B32,
];

/// The same where the sources beside the first, or beside the second, are defined.
const EXACT_IF_CONTROLLED: [Op; 18] = [
    Op::V_PERMLANE16_B32,
    Op::V_PERMLANEX16_B32,
    Op::V_READLANE_B32,
    Op::V_WRITELANE_B32,
    Op::V_BFE_U32,
    Op::V_BFE_I32,
    Op::V_ALIGNBIT_B32,
    Op::V_ALIGNBYTE_B32,
    Op::V_PERM_B32,
    Op::V_LSHLREV_B32,
    Op::V_LSHRREV_B32,
    Op::V_ASHRREV_I32,
    Op::V_LSHLREV_B16,
    Op::V_LSHRREV_B64,
    Op::V_ASHRREV_I64,
    Op::S_LSHL_B64,
    Op::S_ASHR_I32,
    Op::S_BFE_I32,
];

#[test]
fn movements_are_exact() {
    let mut n = Noise(0x1234_5678_9abc_def1);
    let mut seen = BTreeSet::new();
    for kind in [0, 1, 3, 5, 6, 9, 10] {
        for op in 0..KINDS[kind as usize] {
            // Operands that are scalar do not come up often.
            let scalar = kind == 3 && matches!(op, 0x25b | 0x25c | 0x360 | 0x361);
            for trial in 0..if scalar { 400 } else { 16 } {
                let words = instruction(kind, op, &mut n);
                let Some(mut case) = Case::new(&words, trial % 4 == 3, &mut n) else { continue };
                let instruction = *case.program.instruction(0).unwrap();
                // Only a VGPR can be permuted.
                let odd =
                    matches!(instruction.operands(), [_, data, ..] if !matches!(data.value, Value::Reg(Reg::Vgpr(_))));
                if odd && instruction.op().mnemonic().starts_with("v_permlane") {
                    continue;
                }
                let controlled = EXACT_IF_CONTROLLED.contains(&instruction.op());
                if !controlled && !EXACT.contains(&instruction.op()) {
                    continue;
                }
                // Two sources that are one register know more of each other than shadows tell.
                let mut read: Vec<Reg> = instruction
                    .reads()
                    .filter(|(reg, _)| !matches!(reg, Reg::ExecLo | Reg::ExecHi))
                    .flat_map(|(reg, dwords)| (0..dwords).map(move |at| reg.nth(at)))
                    .collect();
                let count = read.len();
                read.sort_unstable();
                read.dedup();
                if read.len() != count {
                    continue;
                }
                let op = instruction.op();
                let name = op.mnemonic();
                if controlled {
                    // The register that is moved about is the first source, or the second where the name says so.
                    let moved = if name.contains("rev") { 1 } else { 0 };
                    let pair = name.contains("align") || name.starts_with("v_perm_");
                    let sources: Vec<_> =
                        instruction.operands().iter().filter(|operand| operand.access == Access::Read).collect();
                    for (at, operand) in sources.iter().enumerate() {
                        if at != moved && !(pair && at == 1) {
                            case.define(operand.registers());
                        }
                    }
                }
                let Some((pairs, reported)) = case.compare(70, &mut n) else { continue };
                if reported != 0 {
                    continue;
                }
                seen.insert(op);
                let text = case.program.text(0);
                let lanes = case.wave.lanes() as usize;
                // SCC, the last, says whether any of many bits is 1, which random fillings do not decide.
                for (at, (differ, shadow)) in pairs.iter().enumerate().take(pairs.len() - 1) {
                    assert!(
                        differ == shadow,
                        "{text}: {} differs in {differ:#x}, undefined are {shadow:#x}",
                        place(at, lanes)
                    );
                }
            }
        }
    }
    let all: BTreeSet<Op> = EXACT.into_iter().chain(EXACT_IF_CONTROLLED).collect();
    assert!(all.is_subset(&seen), "not executed: {:?}", all.difference(&seen).collect::<Vec<_>>());
}

macro_rules! soundness {
    ($($name:ident: $kinds:expr, $trials:expr, $least:expr;)+) => { $(
        #[test]
        fn $name() {
            let mut seen = BTreeSet::new();
            for kind in $kinds {
                sound(kind, $trials, &mut seen);
            }
            assert!(seen.len() >= $least, "{} operations: {seen:?}", seen.len());
        }
    )+ };
}

soundness! {
    short_encodings_are_sound: [0, 1], 24, 100;
    comparisons_are_sound: [2], 12, 150;
    long_encodings_are_sound: [3], 24, 350;
    packed_operations_are_sound: [4], 24, 25;
    scalar_operations_are_sound: [5, 6, 7, 8], 60, 120;
    lane_exchanges_are_sound: [9, 10, 11, 12], 12, 150;
    named_halves_are_sound: [13, 14, 15], 12, 80;
    pairs_are_sound: [16], 8, 12;
    exchanges_through_lds_are_sound: [17], 60, 3;
    interpolation_is_sound: [18], 60, 6;
}

#[test]
fn atomics_are_sound() {
    const ALL: [Atom; 21] = [
        Atom::Swap,
        Atom::CompareSwap,
        Atom::CompareSwapFloat,
        Atom::Add,
        Atom::Sub,
        Atom::ReverseSub,
        Atom::SubClamp,
        Atom::MinSigned,
        Atom::MinUnsigned,
        Atom::MaxSigned,
        Atom::MaxUnsigned,
        Atom::And,
        Atom::Or,
        Atom::Xor,
        Atom::Increment,
        Atom::Decrement,
        Atom::MaskOr,
        Atom::Wrap,
        Atom::AddFloat,
        Atom::MinFloat,
        Atom::MaxFloat,
    ];
    let mut n = Noise(0x0bad_5eed_0bad_5eed);
    for atom in ALL {
        for _ in 0..2000 {
            let values = [(); 3].map(|()| n.value());
            let shadows = [(); 3].map(|()| n.shadow(3));
            let [old, data, other] = values;
            let real = atom.update32(Mode::BENCH, old, data, other);
            // An operation with two data has the one to compare with, or to add, second.
            let shadow = combine(atom, shadows[0].into(), shadows[1].into(), shadows[2].into(), 32) as u32;
            for round in 0..12 {
                let fill = |at: usize, n: &mut Noise| {
                    let bits = [0, u32::MAX, !values[at], values[(at + 1) % 3]].get(round).copied();
                    values[at] & !shadows[at] | bits.unwrap_or_else(|| n.next()) & shadows[at]
                };
                let [old, data, other] = [0, 1, 2].map(|at| fill(at, &mut n));
                let found = real ^ atom.update32(Mode::BENCH, old, data, other);
                assert_eq!(found & !shadow, 0, "{atom:?} of {values:x?}, undefined {shadows:x?}");
            }
        }
    }
}
