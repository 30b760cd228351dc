//! What the engine does not model, in full: every instruction form of the decoder's corpus is executed once.
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

/// What is not modelled, and of which operations.
fn missing(target: Target) -> BTreeMap<String, BTreeSet<&'static str>> {
    let mut memory = PageTable::default();
    assert!(memory.map(0, &[0; 0x1_0000], Permissions::ALL));
    let mut found: BTreeMap<String, BTreeSet<&'static str>> = BTreeMap::new();
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
    found
}

#[test]
fn list() {
    for (gfx, wave) in
        [(Gfx::Gfx1100, WaveSize::Wave32), (Gfx::Gfx1100, WaveSize::Wave64), (Gfx::Gfx1150, WaveSize::Wave32)]
    {
        println!("{gfx:?} {wave:?}");
        for (what, ops) in missing(Target { gfx, wave }) {
            println!("  {what}: {ops:?}");
        }
    }
}
