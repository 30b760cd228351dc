//! The wait rules against LLVM's insertion of waits: random programs, to which it adds what they need.
//!
//! Nothing may be found in what comes out, and something once a wait is taken out or made weaker by one.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod common;

use std::fmt::Write as _;

use common::Random;
use common::llc::{compile, llc};
use sparkle_rdna3::{Decoder, Gfx, Op, Target, WaveSize, check, wait};

/// An instruction in MIR.
fn instruction(random: &mut Random, target: Target) -> String {
    let (exec, b64) = if target.wave == WaveSize::Wave64 { ("$exec", "B64") } else { ("$exec_lo", "B32") };
    let mut v = || format!("$vgpr{}", random.below(6));
    let (a, b, c) = (v(), v(), v());
    let pair = random.below(3) * 2;
    let (vv, ss) = (format!("$vgpr{pair}_vgpr{}", pair + 1), format!("$sgpr{pair}_sgpr{}", pair + 1));
    let s = format!("$sgpr{}", random.below(6));
    let address = "$vgpr8_vgpr9, 0, 0, implicit $exec";
    match random.below(30) {
        0..=3 => format!("{a} = V_ADD_F32_e32 {b}, {c}, implicit $mode, implicit $exec"),
        4 => format!("{a} = V_MOV_B32_e32 {s}, implicit $exec"),
        5 => format!("{s} = S_MOV_B32 0"),
        6 => format!("$sgpr9 = S_ADD_U32 {s}, 1, implicit-def $scc"),
        7 | 8 => format!("{a} = GLOBAL_LOAD_DWORD {address}"),
        9 => format!("{vv} = GLOBAL_LOAD_DWORDX2 {address}"),
        10 => format!("GLOBAL_STORE_DWORD $vgpr8_vgpr9, {a}, 0, 0, implicit $exec"),
        11 => format!("{a} = GLOBAL_ATOMIC_ADD_RTN $vgpr8_vgpr9, {b}, 0, 1, implicit $exec"),
        12 => format!("GLOBAL_ATOMIC_ADD $vgpr8_vgpr9, {b}, 0, 0, implicit $exec"),
        13 | 14 => format!("{a} = BUFFER_LOAD_DWORD_OFFSET $sgpr16_sgpr17_sgpr18_sgpr19, 0, 0, 0, 0, implicit $exec"),
        15 => format!("{a} = SCRATCH_LOAD_DWORD_SADDR $sgpr32, 0, 0, implicit $exec, implicit $flat_scr"),
        16 => format!("{a} = FLAT_LOAD_DWORD {address}, implicit $flat_scr"),
        17 => format!("FLAT_STORE_DWORD $vgpr8_vgpr9, {a}, 0, 0, implicit $exec, implicit $flat_scr"),
        18..=20 => format!("{a} = DS_READ_B32_gfx9 {b}, 0, 0, implicit $exec"),
        21 => format!("DS_WRITE_B32_gfx9 {a}, {b}, 0, 0, implicit $exec"),
        22 => format!("{a} = DS_ADD_RTN_U32_gfx9 {b}, {c}, 0, 0, implicit $exec"),
        23 | 24 => format!("{s} = S_LOAD_DWORD_IMM $sgpr20_sgpr21, 0, 0"),
        25 => format!("{ss} = S_LOAD_DWORDX2_IMM $sgpr20_sgpr21, 0, 0"),
        26 => format!("{s} = S_SENDMSG_RTN_B32 128, implicit-def dead $m0, implicit $m0")
            .replace("implicit-def dead $m0, ", ""),
        // On gfx1150 exports bring waits of their own.
        27 if target.gfx == Gfx::Gfx1150 => "S_NOP 0".to_owned(),
        27 => format!("EXP_DONE {}, {a}, {b}, {c}, {a}, -1, 0, 15, implicit $exec", [0, 12, 13][pair as usize / 2]),
        28 => format!("{a} = LDS_DIRECT_LOAD 0, implicit $m0, implicit $exec"),
        _ => format!("{exec} = S_MOV_{b64} -1"),
    }
}

fn program(random: &mut Random, target: Target, functions: u32) -> String {
    let mut text = String::new();
    for function in 0..functions {
        write!(text, "---\nname: f{function}\nbody: |\n").unwrap();
        for block in 0..4 {
            writeln!(text, "  bb.{block}:").unwrap();
            let to = random.below(4);
            match block {
                3 => {}
                _ if to == block + 1 || to == 0 => writeln!(text, "    successors: %bb.{}", block + 1).unwrap(),
                _ => writeln!(text, "    successors: %bb.{}, %bb.{to}", block + 1).unwrap(),
            }
            for _ in 0..3 + random.below(8) {
                writeln!(text, "    {}", instruction(random, target)).unwrap();
            }
            if block < 3 && to != block + 1 && to != 0 {
                writeln!(text, "    S_CBRANCH_SCC1 %bb.{to}, implicit $scc").unwrap();
            }
        }
        text.push_str("    S_ENDPGM 0\n...\n");
    }
    text
}

/// What is found of the wait rules.
fn missing(words: &[u32], target: Target) -> Vec<check::Finding> {
    let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    let mut found = check::code(&bytes, 0, target).findings;
    found.retain(|finding| wait::RULES.contains(&finding.rule));
    found
}

/// Waits of which the check notices the lack, and all of them; the same of counts raised by one.
fn compare(llc: &str, target: Target, seed: u64, functions: u32) -> [(u32, u32); 2] {
    let text = program(&mut Random(seed), target, functions);
    let code = compile(llc, &text, target, "si-insert-waitcnts");
    let words: Vec<u32> = code.as_chunks().0.iter().copied().map(u32::from_le_bytes).collect();
    assert_eq!(missing(&words, target), [], "{target:?}");
    let mut tally = [(0, 0); 2];
    let try_word = |at: usize, word: u32, tally: &mut (u32, u32)| {
        let mut changed = words.clone();
        changed[at] = word;
        tally.0 += u32::from(!missing(&changed, target).is_empty());
        tally.1 += 1;
    };
    for (at, found) in Decoder::new(&words, target) {
        // LLVM waits for everything at the start of a function, for what its caller may have left.
        if !found.is_ok_and(|found| found.op() == Op::S_WAITCNT) || words[at] == 0xbf89_0000 {
            continue;
        }
        try_word(at, 0xbf80_0000, &mut tally[0]);
        // vmcnt lies in bits 15:10, lgkmcnt in 9:4, expcnt in 2:0.
        for (low, most) in [(10, 63), (4, 63), (0, 7)] {
            if words[at] >> low & most < most {
                try_word(at, words[at] + (1 << low), &mut tally[1]);
            }
        }
    }
    tally
}

// Not noticed is the lack of waits between two LDS results for one register, which come in order; before an LDS result
// that scalar loads overtake; and of those that waits added later, further down a loop, make superfluous.

#[test]
fn wave32() {
    let Some(llc) = llc() else { return };
    assert_eq!(compare(&llc, Target::GFX1100, 1, 100), [(751, 762), (820, 852)]);
}

#[test]
fn wave64() {
    let Some(llc) = llc() else { return };
    assert_eq!(compare(&llc, Target::GFX1100_WAVE64, 2, 100), [(762, 776), (855, 889)]);
}

#[test]
fn gfx1150() {
    let Some(llc) = llc() else { return };
    assert_eq!(compare(&llc, Target::GFX1150, 3, 100), [(678, 704), (743, 794)]);
}

/// More of it; nothing is found in what LLVM makes.
#[test]
#[ignore = "takes minutes"]
fn many() {
    let Some(llc) = llc() else { return };
    for seed in 10..30 {
        for target in [Target::GFX1100, Target::GFX1100_WAVE64, Target::GFX1150] {
            compare(&llc, target, seed, 150);
        }
    }
}
