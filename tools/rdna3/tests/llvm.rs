//! Decodes and prints as LLVM 19 does: the whole corpus, a million seeded sequences, and back through the assembler.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod common;

use std::collections::BTreeSet;

use common::llvm::{self, Verdict};
use common::{Random, Words, corpus, ours};
use sparkle_rdna3::{Op, Target, decode};

/// Sequences a call of `llvm-mc`.
const BATCH: usize = 50_000;

/// Compares every case; returns how many are valid.
fn compare(program: &str, target: Target, cases: &[Words], name: &str) -> usize {
    let mut valid = 0;
    let mut wrong = Vec::new();
    for (batch, words) in cases.chunks(BATCH).enumerate() {
        let our: Vec<_> = words.iter().map(|words| ours(words, target)).collect();
        let asked: Vec<_> = words
            .iter()
            .zip(&our)
            .map(|(words, our)| (*words, our.as_ref().map_or(0, |(length, _)| *length)))
            .collect();
        let their = llvm::disassemble(program, target, &asked, &format!("{name}{batch}.txt"));
        for ((words, our), their) in words.iter().zip(our).zip(their) {
            match (our, their) {
                (Some((_, text)), Verdict::Text(wanted)) if text == wanted => valid += 1,
                (None, Verdict::Invalid) => {}
                // LLVM knows it since version 20.
                (Some((_, text)), Verdict::Invalid) if text.starts_with("v_swap_b16") => {}
                (our, their) => wrong.push(format!("{words:08x?}: ours {our:?}, LLVM {their:?}")),
            }
        }
    }
    let sample: Vec<_> = wrong.iter().take(20).collect();
    assert!(wrong.is_empty(), "{} of {} differ, {sample:#?}", wrong.len(), cases.len());
    valid
}

#[test]
fn corpus_equals_llvm() {
    let Some(program) = llvm::program() else { return };
    let cases = corpus::all();
    // The other targets differ in few places, so a seventh of the corpus will do.
    for (target, step, name) in [
        (Target::GFX1100, 1, "corpus-wave32-"),
        (Target::GFX1100_WAVE64, 7, "corpus-wave64-"),
        (Target::GFX1150, 7, "corpus-gfx1150-"),
    ] {
        let cases: Vec<_> = cases.iter().copied().step_by(step).collect();
        let valid = compare(&program, target, &cases, name);
        println!("{name}: {} sequences, {valid} valid, 0 differ", cases.len());
        assert!(valid * 8 > cases.len(), "{valid} of {} valid: the corpus has lost its aim", cases.len());
    }
}

#[test]
fn a_million_seeded_sequences_equal_llvm() {
    let Some(program) = llvm::program() else { return };
    let mut random = Random(0x5eed_0011_5a4d_2024);
    for (target, count, name) in [
        (Target::GFX1100, 800_000, "random-wave32-"),
        (Target::GFX1100_WAVE64, 100_000, "random-wave64-"),
        (Target::GFX1150, 100_000, "random-gfx1150-"),
    ] {
        let cases: Vec<_> = (0..count).map(|_| corpus::random(&mut random)).collect();
        let valid = compare(&program, target, &cases, name);
        println!("{name}: {count} sequences, {valid} valid, 0 differ");
        assert!(valid * 5 > count, "{valid} of {count} valid: too few to mean much");
    }
}

/// What LLVM's assembler makes of the corpus's texts is read as LLVM reads it.
///
/// The text may differ from the one assembled: `0x40` as a double is a literal when printed, a constant when read.
#[test]
fn assembled_corpus_equals_llvm() {
    let Some(program) = llvm::program() else { return };
    let texts: BTreeSet<String> =
        corpus::all().iter().filter_map(|words| ours(words, Target::GFX1100)).map(|(_, text)| text).collect();
    let texts: Vec<_> = texts.into_iter().collect();
    let assembled = llvm::assemble(&program, Target::GFX1100, &texts, "assemble.s");
    let cases: Vec<Words> = assembled
        .into_iter()
        .flatten()
        .map(|words| std::array::from_fn(|at| words.get(at).copied().unwrap_or(0)))
        .collect();
    let valid = compare(&program, Target::GFX1100, &cases, "assembled-");
    println!("{} texts, {} assembled, {valid} read as LLVM does", texts.len(), cases.len());
    assert_eq!(valid, cases.len());
    assert!(valid * 10 > texts.len() * 7, "{valid} of {} assemble", texts.len());
}

/// Writes `tests/data/golden.txt` from LLVM's answers: each operation in each form once, where targets differ once more.
#[test]
#[ignore = "changes a committed file; run it when the corpus or the set of operations changes"]
fn bless_golden() {
    let program = llvm::program().unwrap();
    let mut seen = BTreeSet::new();
    let mut lines = Vec::new();
    for (target, name) in
        [(Target::GFX1100, "wave32"), (Target::GFX1100_WAVE64, "wave64"), (Target::GFX1150, "gfx1150")]
    {
        let mut cases = Vec::new();
        for words in corpus::all() {
            let Ok(found) = decode(&words, target) else { continue };
            let differs = target != Target::GFX1100 && ours(&words, Target::GFX1100) != ours(&words, target);
            let dpp = std::mem::discriminant(&found.modifiers().dpp);
            let form = format!("{:?} {:?} {} {dpp:?} {differs}", found.encoding(), found.op(), found.modifiers().nsa);
            if (target == Target::GFX1100 || differs) && seen.insert(form) {
                cases.push((words, found.len_dwords()));
            }
        }
        for ((words, length), verdict) in cases.iter().zip(llvm::disassemble(&program, target, &cases, "bless.txt")) {
            let Verdict::Text(text) = verdict else { panic!("{words:08x?}: {verdict:?}") };
            let words: Vec<_> = words[..*length].iter().map(|word| format!("{word:08x}")).collect();
            lines.push(format!("{name} | {} | {text}\n", words.join(" ")));
        }
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/golden.txt");
    std::fs::write(path, lines.concat()).unwrap();
    println!("{} lines", lines.len());
}

#[test]
fn corpus_reaches_every_operation() {
    let mut missing: BTreeSet<Op> = Op::ALL.iter().copied().collect();
    for words in corpus::all() {
        for target in [Target::GFX1100, Target::GFX1150] {
            if let Ok(found) = decode(&words, target) {
                missing.remove(&found.op());
            }
        }
    }
    assert!(missing.is_empty(), "{missing:?}");
}
