//! What the engine does not model, in full: every instruction form of the decoder's corpus is executed once, on both
//! chips and in both wave sizes.
//!
//! `coverage.txt` has a line for each reason, with the operations that it stops. A new line there is a decision.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};

use sparkle_rdna3::{Gfx, Target, WaveSize, decode};
use sparkle_vgpu::shader::{Cause, PageTable, Permissions, Program, Silent, Wave, Workgroup};

#[allow(dead_code, unreachable_pub, clippy::indexing_slicing)]
#[path = "../../rdna3/tests/common/corpus.rs"]
mod corpus;

/// Five dwords: enough for any instruction.
type Words = [u32; 5];

/// What the corpus makes random words with, which is not used here.
struct Random;

#[allow(clippy::unused_self)]
impl Random {
    fn next(&mut self) -> u32 {
        0
    }

    fn below(&mut self, _: u32) -> u32 {
        0
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[0]
    }
}

/// Reasons and the operations that they stop.
type Missing = BTreeMap<String, BTreeSet<&'static str>>;

fn add_missing(target: Target, found: &mut Missing) {
    let mut memory = PageTable::default();
    assert!(memory.map(0, &[0; 0x1_0000], Permissions::ALL));
    let mut wave = Wave::new(target.wave == WaveSize::Wave64, 0x3f0);
    for words in corpus::all() {
        let Ok(instruction) = decode(&words, target) else { continue };
        let length = instruction.len_dwords();
        let program = Program::new(&[&words[..length], &[0xbfb0_0000]].concat(), 0, target);
        wave.pc = 0;
        wave.sgpr = [0; 128];
        wave.set_exec(1);
        wave.instructions = 0;
        wave.scratch = vec![0; 0x40];
        let mut group = Workgroup::new(vec![wave], 64);
        if let Err(fault) = group.run(&program, &memory, 2, &mut Silent)
            && let Cause::NotModelled { what } = fault.cause
        {
            let name = instruction.op().mnemonic();
            let what = if what == name { "the operation" } else { what };
            found.entry(what.to_owned()).or_default().insert(name);
        }
        wave = group.waves.pop().unwrap();
    }
}

#[test]
fn what_is_not_modelled_is_what_is_listed() {
    let mut found = Missing::new();
    for gfx in [Gfx::Gfx1100, Gfx::Gfx1150] {
        for wave in [WaveSize::Wave32, WaveSize::Wave64] {
            add_missing(Target { gfx, wave }, &mut found);
        }
    }
    let list =
        |(what, ops): (String, BTreeSet<&str>)| format!("{what}: {}\n", ops.into_iter().collect::<Vec<_>>().join(" "));
    let found: Vec<String> = found.into_iter().map(list).collect();
    let listed: Vec<String> = include_str!("coverage.txt").lines().map(|line| format!("{line}\n")).collect();
    let new: String = found.iter().filter(|line| !listed.contains(line)).cloned().collect();
    let gone: String = listed.iter().filter(|line| !found.contains(line)).cloned().collect();
    assert!(new.is_empty() && gone.is_empty(), "not listed:\n{new}listed, but not so:\n{gone}");
}
