//! What a step of the trackers costs: `steps FILE... ` runs each file's code from its first instruction to its last, many
//! times, and prints nanoseconds a step. The files are raw gfx1100 code, of wave64 if their names say so.
#![allow(clippy::print_stdout)]

use std::hint::black_box;
use std::time::Instant;

use sparkle_rdna3::{Decoder, Target, hazard, wait};

const ROUNDS: u32 = 200;

/// Nanoseconds of one of `steps` times the rounds.
fn measure(steps: usize, mut round: impl FnMut()) -> f64 {
    round();
    let start = Instant::now();
    for _ in 0..ROUNDS {
        round();
    }
    start.elapsed().as_secs_f64() * 1e9 / f64::from(ROUNDS) / steps as f64
}

fn main() -> std::io::Result<()> {
    for path in std::env::args().skip(1) {
        let bytes = std::fs::read(&path)?;
        let words: Vec<u32> = bytes.as_chunks().0.iter().copied().map(u32::from_le_bytes).collect();
        let target = if path.contains("wave64") { Target::GFX1100_WAVE64 } else { Target::GFX1100 };
        let all: Vec<_> = Decoder::new(&words, target).filter_map(|(_, found)| found.ok()).collect();
        let facts = measure(all.len(), || {
            for instruction in &all {
                black_box((hazard::Facts::of(instruction), wait::Facts::of(instruction)));
            }
        });
        let facts_of: Vec<_> = all.iter().map(|one| (hazard::Facts::of(one), wait::Facts::of(one))).collect();
        let mut found = 0_u32;
        let hazards = measure(all.len(), || {
            let mut tracker = hazard::Tracker::new(target);
            for (pc, (facts, _)) in (0..).zip(&facts_of) {
                tracker.step(pc, facts, |_| found += 1);
            }
            black_box(&tracker);
        });
        let waits = measure(all.len(), || {
            let mut tracker = wait::Tracker::new();
            for (pc, (_, facts)) in (0..).zip(&facts_of) {
                tracker.step(pc, facts, |_| found += 1);
            }
            black_box(&tracker);
        });
        println!(
            "{path}: facts {facts:.1} ns, hazard step {hazards:.1} ns, wait step {waits:.1} ns ({found} findings)"
        );
    }
    Ok(())
}
