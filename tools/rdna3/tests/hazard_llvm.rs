//! The hazard rules against LLVM's hazard recogniser: random programs, to which it adds what they need.
//!
//! Nothing may be found in what comes out, and something in it once an instruction that LLVM added is taken out.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod common;

use std::fmt::Write as _;

use common::Random;
use common::llc::{compile, llc};
use sparkle_rdna3::{Decoder, Op, Target, WaveSize, check, decode, hazard};

/// A tuple of VGPRs as MIR writes it.
fn vgprs(first: u32, count: u32) -> String {
    let names: Vec<_> = (first..first + count).map(|n| format!("vgpr{n}")).collect();
    format!("${}", names.join("_"))
}

/// An instruction in MIR.
fn instruction(random: &mut Random, target: Target) -> String {
    let wave64 = target.wave == WaveSize::Wave64;
    let mut v = || format!("$vgpr{}", random.below(5));
    let (a, b, c, d) = (v(), v(), v(), v());
    let (exec, vcc, b64) = if wave64 { ("$exec", "$vcc", "B64") } else { ("$exec_lo", "$vcc_lo", "B32") };
    let pair = random.below(2) * 2;
    let mask = if wave64 { format!("$sgpr{pair}_sgpr{}", pair + 1) } else { format!("$sgpr{pair}") };
    let s = format!("$sgpr{}", random.below(5));
    let sdst = format!("$sgpr{}", random.below(6));
    match random.below(30) {
        0 | 1 => format!("{a} = V_RCP_F32_e32 {b}, implicit $mode, implicit $exec"),
        2 => format!("{a} = V_EXP_F32_e64 0, {b}, 0, 0, implicit $mode, implicit $exec"),
        3..=5 => format!("{a} = V_ADD_F32_e32 {b}, {c}, implicit $mode, implicit $exec"),
        6 | 7 => format!("{a} = V_FMA_F32_e64 0, {b}, 0, {c}, 0, {d}, 0, 0, implicit $mode, implicit $exec"),
        8 | 9 => format!("{a} = V_FMAC_F32_e32 {b}, {c}, {a}, implicit $mode, implicit $exec"),
        10 => format!("{a} = V_MOV_B32_e32 12345, implicit $exec"),
        11 => format!("{a} = V_MOV_B32_e32 {s}, implicit $exec"),
        12 => format!("{a} = V_MOV_B32_dpp {a}, {b}, 257, 15, 15, 0, implicit $exec"),
        13 | 14 => format!("{a} = V_CNDMASK_B32_e64 0, {b}, 0, {c}, {mask}, implicit $exec"),
        15 => format!("{a} = V_CNDMASK_B32_e32 {b}, {c}, implicit $vcc, implicit $exec"),
        16 => format!("{sdst} = S_MOV_B32 0"),
        17 => format!("{mask} = S_MOV_{b64} 0"),
        18 => format!("{vcc} = S_MOV_{b64} 0"),
        19 | 20 => format!("{exec} = S_MOV_{b64} -1"),
        21 => format!("{sdst} = S_ADD_U32 {s}, 1, implicit-def $scc"),
        22 => match random.below(4) {
            0 => format!("{a} = GLOBAL_LOAD_DWORD $vgpr6_vgpr7, 0, 0, implicit $exec"),
            1 => format!("GLOBAL_STORE_DWORD $vgpr6_vgpr7, {a}, 0, 0, implicit $exec"),
            2 => format!("{a} = DS_READ_B32_gfx9 {b}, 0, 0, implicit $exec"),
            _ => "$vgpr2_vgpr3 = FLAT_LOAD_DWORDX2 $vgpr6_vgpr7, 0, 0, implicit $exec, implicit $flat_scr".to_owned(),
        },
        23 => "S_NOP 0".to_owned(),
        24 => "V_NOP_e32 implicit $exec".to_owned(),
        25 => format!("V_CMPX_EQ_U32_nosdst_e32 {a}, {b}, implicit-def $exec, implicit $mode, implicit $exec"),
        26 => format!("{a} = V_PERMLANE16_B32_e64 0, {b}, 0, {s}, 0, {s}, {a}, 0, implicit $exec"),
        27 => format!("{a} = LDS_DIRECT_LOAD 15, implicit $m0, implicit $exec"),
        28 => format!("{a} = DS_READ_B32_gfx9 {b}, 0, 0, implicit $exec"),
        _ => {
            let (name, size) = if wave64 { ("w64", 4) } else { ("w32", 8) };
            let d = vgprs(8 * random.below(2), size);
            let (a, b) = (vgprs(8 * random.below(2) + 4, 8), vgprs(24, 8));
            if d[1..].split('_').any(|reg| a[1..].split('_').any(|other| other == reg)) {
                return "S_NOP 0".to_owned();
            }
            format!(
                "early-clobber {d} = V_WMMA_F32_16X16X16_F16_twoaddr_{name} 8, {a}, 8, {b}, 8, {d}, 0, 0, implicit $exec"
            )
        }
    }
}

/// Functions of three blocks, of which the second may be a loop. More would meet a limit of LLVM 19, whose recogniser
/// visits a block once, along the path it finds first.
fn program(random: &mut Random, target: Target, functions: u32) -> String {
    let mut text = String::new();
    for function in 0..functions {
        let looped = random.below(2) == 1;
        write!(text, "---\nname: f{function}\nbody: |\n").unwrap();
        for block in 0..3 {
            writeln!(text, "  bb.{block}:").unwrap();
            match block {
                0 => text.push_str("    successors: %bb.1\n"),
                1 if looped => text.push_str("    successors: %bb.2, %bb.1\n"),
                1 => text.push_str("    successors: %bb.2\n"),
                _ => {}
            }
            for _ in 0..5 + random.below(10) {
                writeln!(text, "    {}", instruction(random, target)).unwrap();
            }
            if block == 1 && looped {
                text.push_str("    S_CBRANCH_SCC1 %bb.1, implicit $scc\n");
            }
        }
        text.push_str("    S_ENDPGM 0\n...\n");
    }
    text
}

/// What is found of the hazard rules.
fn hazards(words: &[u32], target: Target) -> Vec<check::Finding> {
    let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    let mut found = check::code(&bytes, 0, target).findings;
    // LLVM cures v_cmpx before v_permlane by a move of the source to itself, without a look at who wrote it.
    let moves_itself = |address: u64| {
        let found = decode(&words[(address / 4) as usize..], target).unwrap();
        found.to_string().starts_with("v_mov_b32_e32") && found.operands()[0].value == found.operands()[1].value
    };
    found.retain(|finding| hazard::RULES.contains(&finding.rule) && !moves_itself(finding.address));
    found
}

fn compare(llc: &str, target: Target, seed: u64) -> Tally {
    let text = program(&mut Random(seed), target, 400);
    let code = compile(llc, &text, target, "post-RA-hazard-rec");
    let words: Vec<u32> = code.as_chunks().0.iter().copied().map(u32::from_le_bytes).collect();
    assert_eq!(hazards(&words, target), [], "{target:?}");
    let added: Vec<(usize, u16)> = Decoder::new(&words, target)
        .filter_map(|(at, found)| Some((at, found.ok()?)))
        .filter(|(_, found)| found.op() == Op::S_WAITCNT_DEPCTR)
        .map(|(at, _)| (at, words[at] as u16))
        .collect();
    let mut tally = Tally::default();
    for (imm, tally) in [(VA_VDST, &mut tally.va_vdst), (SA_SDST, &mut tally.sa_sdst), (VM_VSRC, &mut tally.vm_vsrc)] {
        for (at, _) in added.iter().filter(|(_, found)| *found == imm) {
            let mut without = words.clone();
            without[*at] = 0xbf80_0000;
            tally.0 += u32::from(!hazards(&without, target).is_empty());
            tally.1 += 1;
        }
    }
    tally
}

/// `s_waitcnt_depctr` as LLVM adds it. Source: LLVM `llvm/test/CodeGen/AMDGPU/valu-trans-use-hazard.mir`,
/// `valu-mask-write-hazard.mir` and `lds-direct-hazards-gfx11.mir`.
const VA_VDST: u16 = 0x0fff;
const SA_SDST: u16 = 0xfffe;
const VM_VSRC: u16 = 0xffe3;

/// Waits that LLVM added: how many the check notices the lack of, and how many there are.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tally {
    va_vdst: (u32, u32),
    sa_sdst: (u32, u32),
    vm_vsrc: (u32, u32),
}

// Of the waits for VALU results 3 % are not noticed: all lie in loops, and waits that LLVM added further down the loop
// after them make them superfluous. Of those for SALU results it adds one behind each write of a mask, read or not.

#[test]
fn wave32() {
    let Some(llc) = llc() else { return };
    let tally = compare(&llc, Target::GFX1100, 1);
    assert_eq!(tally, Tally { va_vdst: (651, 670), sa_sdst: (0, 0), vm_vsrc: (12, 12) });
}

#[test]
fn wave64() {
    let Some(llc) = llc() else { return };
    let tally = compare(&llc, Target::GFX1100_WAVE64, 2);
    assert_eq!(tally, Tally { va_vdst: (743, 762), sa_sdst: (83, 175), vm_vsrc: (10, 10) });
}

#[test]
fn gfx1150() {
    let Some(llc) = llc() else { return };
    let tally = compare(&llc, Target::GFX1150, 3);
    assert_eq!(tally, Tally { va_vdst: (0, 0), sa_sdst: (0, 0), vm_vsrc: (12, 12) });
}

/// More of it. Not in wave64, where joined paths can make a partial forwarding of halves of two of them.
#[test]
#[ignore = "takes minutes"]
fn many() {
    let Some(llc) = llc() else { return };
    for seed in 10..40 {
        for target in [Target::GFX1100, Target::GFX1150] {
            compare(&llc, target, seed);
        }
    }
}
