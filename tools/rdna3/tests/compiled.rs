//! Code that clang 19 emitted: nothing is found in it, and a wait taken out is found.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use std::collections::BTreeMap;

use sparkle_rdna3::{Decoder, Gfx, Instruction, Op, Target, Value, WaveSize, check};

macro_rules! blobs {
    ($($name:literal),+) => { &[$(($name, include_bytes!(concat!("data/compiled/", $name, ".bin")))),+] };
}

/// Made from `data/compiled/kernels.cl` by `data/compiled/compile.sh`.
const BLOBS: &[(&str, &[u8])] = blobs![
    "gfx1100-wave32-O0",
    "gfx1100-wave32-O1",
    "gfx1100-wave32-O3",
    "gfx1100-wave64-O0",
    "gfx1100-wave64-O1",
    "gfx1100-wave64-O3",
    "gfx1150-wave32-O0",
    "gfx1150-wave32-O1",
    "gfx1150-wave32-O3",
    "gfx1150-wave64-O0",
    "gfx1150-wave64-O1",
    "gfx1150-wave64-O3"
];

fn target(name: &str) -> Target {
    Target {
        gfx: if name.contains("gfx1150") { Gfx::Gfx1150 } else { Gfx::Gfx1100 },
        wave: if name.contains("wave64") { WaveSize::Wave64 } else { WaveSize::Wave32 },
    }
}

fn words(bytes: &[u8]) -> Vec<u32> {
    bytes.as_chunks().0.iter().copied().map(u32::from_le_bytes).collect()
}

#[test]
fn nothing_is_found_in_what_clang_emits() {
    for (name, bytes) in BLOBS {
        let report = check::code(bytes, 0, target(name));
        assert!(report.instructions > 2000, "{name}");
        let lost = report.unknown.iter().filter(|(_, why)| !matches!(why, check::Unknown::Call | check::Unknown::Jump));
        assert_eq!(lost.count(), 0, "{name}");
        assert_eq!(report.findings, [], "{name}");
    }
}

/// What was changed in the code, and how often the check saw it.
#[derive(Default)]
struct Tally {
    found: usize,
    all: usize,
    /// The places it did not see, by the instruction before, the wait and the instruction after.
    missed: BTreeMap<String, usize>,
}

impl Tally {
    fn try_each(&mut self, bytes: &[u8], target: Target, variants: impl Fn(&Instruction, Option<Op>) -> Vec<u32>) {
        let words = words(bytes);
        let all: Vec<_> = Decoder::new(&words, target).filter_map(|(at, found)| Some((at, found.ok()?))).collect();
        for (index, (at, instruction)) in all.iter().enumerate() {
            let next = all.get(index + 1).map(|(_, next)| next.op());
            for word in variants(instruction, next) {
                let mut changed = words.clone();
                changed[*at] = word;
                let bytes: Vec<u8> = changed.into_iter().flat_map(u32::to_le_bytes).collect();
                self.all += 1;
                if check::code(&bytes, 0, target).findings.is_empty() {
                    let before = index.checked_sub(1).map_or("start", |index| all[index].1.op().mnemonic());
                    let next = next.map_or("end", Op::mnemonic);
                    *self.missed.entry(format!("{before} | {instruction} | {next}")).or_default() += 1;
                } else {
                    self.found += 1;
                }
            }
        }
    }

    /// Takes out of the missed places those that `why` explains; their number.
    fn explain(&mut self, why: impl Fn(&str, &str, &str) -> bool) -> usize {
        let mut explained = 0;
        self.missed.retain(|place, count| {
            let mut parts = place.split(" | ");
            let mut part = || parts.next().unwrap();
            let keep = !why(part(), part(), part());
            explained += if keep { 0 } else { *count };
            keep
        });
        explained
    }
}

const S_NOP: u32 = 0xbf80_0000;
/// `s_delay_alu 0`.
const S_DELAY_ALU: u32 = 0xbf87_0000;

#[test]
fn a_wait_taken_out_is_found() {
    let mut tally = Tally::default();
    for (name, bytes) in BLOBS {
        tally.try_each(bytes, target(name), |instruction, _| match instruction.op() {
            Op::S_WAITCNT => vec![S_NOP],
            _ => vec![],
        });
    }
    assert_eq!((tally.found, tally.all), (3449, 3605), "95.7 %");
    // Data that other waves read, and not registers, is what these are for.
    assert_eq!(tally.explain(|_, _, next| matches!(next, "s_barrier" | "s_waitcnt_vscnt")), 116);
    // A function waits for what its caller may have left, and has returned what it promises.
    assert_eq!(tally.explain(|_, wait, _| wait == "s_waitcnt vmcnt(0) expcnt(0) lgkmcnt(0)"), 24);
    assert_eq!(tally.explain(|_, _, next| next == "s_setpc_b64"), 12);
    // A load over a load of the same kind: LLVM waits at -O0, the results come in order.
    assert_eq!(tally.explain(|before, _, next| before == "scratch_load_b32" && next == before), 4);
    assert_eq!(tally.missed, BTreeMap::new());
}

#[test]
fn a_wait_for_one_less_is_found() {
    let mut tally = Tally::default();
    for (name, bytes) in BLOBS.iter().filter(|(name, _)| !name.ends_with("O0")) {
        tally.try_each(bytes, target(name), |instruction, _| {
            let Some(Value::Imm { bits, .. }) = instruction.operands().first().map(|operand| operand.value) else {
                return vec![];
            };
            let word = 0xbf89_0000 | bits as u32;
            // vmcnt lies in bits 15:10, lgkmcnt in 9:4.
            let fields = [10, 4].into_iter().filter(|low| word >> low & 63 < 63);
            if instruction.op() == Op::S_WAITCNT { fields.map(|low| word + (1 << low)).collect() } else { vec![] }
        });
    }
    assert_eq!((tally.found, tally.all), (1070, 1170), "91.5 %");
    assert_eq!(tally.explain(|_, _, next| next == "s_barrier"), 60);
    assert_eq!(tally.explain(|_, wait, _| wait == "s_waitcnt vmcnt(0) expcnt(0) lgkmcnt(0)"), 32);
    assert_eq!(tally.explain(|_, _, next| next == "s_setpc_b64"), 8);
    assert_eq!(tally.missed, BTreeMap::new());
}

#[test]
fn a_cure_of_a_hazard_taken_out_is_found() {
    let mut tally = Tally::default();
    for (name, bytes) in BLOBS {
        tally.try_each(bytes, target(name), |instruction, next| match instruction.op() {
            Op::S_WAITCNT_DEPCTR | Op::V_NOP => vec![S_NOP],
            Op::S_NOP if next == Some(Op::S_SENDMSG) => vec![S_DELAY_ALU],
            _ => vec![],
        });
    }
    assert_eq!(tally.missed, BTreeMap::new());
    assert_eq!((tally.found, tally.all), (364, 364));
}
