//! Code that clang 19 emitted: nothing is found in it, and a wait taken out is found.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use std::collections::BTreeMap;

use sparkle_rdna3::{Decoder, Gfx, Op, Target, WaveSize, check};

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

#[test]
fn a_wait_taken_out_is_found() {
    let mut table: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for (name, bytes) in BLOBS {
        let target = target(name);
        let words = words(bytes);
        let all: Vec<_> = Decoder::new(&words, target).filter_map(|(at, found)| Some((at, found.ok()?))).collect();
        for (index, (at, instruction)) in all.iter().enumerate() {
            let op = instruction.op();
            if !matches!(op, Op::S_WAITCNT | Op::S_WAITCNT_DEPCTR | Op::S_WAITCNT_VSCNT | Op::S_NOP | Op::V_NOP) {
                continue;
            }
            let mut without = words.clone();
            without[*at] = 0xbf80_0000;
            let bytes: Vec<u8> = without.into_iter().flat_map(u32::to_le_bytes).collect();
            let found = !check::code(&bytes, 0, target).findings.is_empty();
            let next = all.get(index + 1).map_or("", |(_, next)| next.op().mnemonic());
            let before = if index == 0 { "" } else { all[index - 1].1.op().mnemonic() };
            let key = format!("{} / {before} / {next} {}", op.mnemonic(), instruction);
            let entry = table.entry(if found { op.mnemonic().to_owned() } else { key }).or_default();
            entry.0 += usize::from(found);
            entry.1 += 1;
        }
    }
    for (key, (found, all)) in &table {
        println!("{found:5} {all:5} {key}");
    }
}
