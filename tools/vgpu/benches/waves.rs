//! How many instructions a second a wave executes on one core.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use sparkle_rdna3::Target;
use sparkle_vgpu::shader::{Isa, NoMemory, Program, Silent, Wave, Workgroup};

/// 10000 rounds of 32 VOPD and three scalar instructions; see `tests/programs/vopd_loop.s`.
const LOOP: &str = include_str!("../tests/programs/vopd_loop.hex");

fn words(hex: &str) -> Vec<u32> {
    let digits: String = hex.split_whitespace().collect();
    (0..digits.len() / 8)
        .map(|at| u32::from_str_radix(&digits[at * 8..at * 8 + 8], 16).expect("hexadecimal digits").swap_bytes())
        .collect()
}

fn waves(criterion: &mut Criterion) {
    let code = words(LOOP);
    let mut group = criterion.benchmark_group("vopd_fmac_loop");
    for isa in Isa::available() {
        let program = Program::for_isa(&code, 0, Target::GFX1100, isa);
        for (name, mode) in [("denormals_flushed", 0x3c0), ("denormals_kept", 0x3f0)] {
            let start = wave(mode);
            let mut done = Workgroup::new(vec![start.clone()], 0);
            done.run(&program, &NoMemory, u64::MAX, &mut Silent).expect("the loop ends");
            group.throughput(Throughput::Elements(done.waves[0].instructions));
            group.bench_function(format!("{isa:?}/{name}"), |bencher| {
                bencher.iter(|| {
                    let mut work = Workgroup::new(vec![start.clone()], 0);
                    work.run(&program, &NoMemory, u64::MAX, &mut Silent).expect("the loop ends");
                    work
                });
            });
        }
    }
    group.finish();
}

fn wave(mode: u32) -> Wave {
    let mut wave = Wave::new(false, mode);
    for lane in 0..32 {
        for register in 0..4 {
            wave.set_lane(register, lane, 1.0f32.to_bits() + lane * 1000 + u32::from(register));
        }
    }
    wave
}

criterion_group!(benches, waves);
criterion_main!(benches);
