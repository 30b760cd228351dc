//! How many instructions a second a wave executes on one core.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use sparkle_rdna3::Target;
use sparkle_vgpu::shader::{Isa, NoMemory, PageTable, Permissions, Program, Silent, Wave, Workgroup};

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

/// One instruction each, as llvm-mc 19 encodes it.
const ACCESSES: [(&str, [u32; 2]); 15] = [
    ("ds_load_b32", [0xd8d8_0000, 0x0400_0000]),
    ("ds_load_b32_scattered", [0xd8d8_0000, 0x0400_0003]),
    ("ds_load_b64", [0xd9d8_0000, 0x0400_0001]),
    ("ds_load_b128", [0xdbfc_0000, 0x0400_0002]),
    ("ds_load_2addr_b64", [0xd9dc_0100, 0x0400_0002]),
    ("ds_store_b32", [0xd834_0000, 0x0000_0400]),
    ("ds_store_2addr_b64", [0xd938_0100, 0x0006_0402]),
    ("ds_store_b128", [0xdb7c_0000, 0x0000_0402]),
    ("global_load_b32", [0xdc52_0000, 0x0400_0000]),
    ("global_load_b32_scattered", [0xdc52_0000, 0x0400_0003]),
    ("global_load_b128", [0xdc5e_0000, 0x0400_0002]),
    ("global_store_b32", [0xdc6a_0000, 0x0000_0400]),
    ("global_store_b128", [0xdc76_0000, 0x0000_0402]),
    ("buffer_load_b32", [0xe050_0000, 0x8041_0400]),
    ("buffer_load_b128", [0xe05c_0000, 0x8041_0402]),
];

/// Loads and stores of full waves, 4000 of each.
fn accesses(criterion: &mut Criterion) {
    const COUNT: usize = 4000;
    let mut memory = PageTable::default();
    assert!(memory.map(0x1_0000, &[1; 0x1_0000], Permissions::ALL), "the buffer is mapped");
    let mut start = Wave::new(false, 0x3c0);
    for lane in 0..32 {
        for (register, value) in [(0, lane * 4), (1, lane * 8), (2, lane * 16), (3, lane * 132 % 4096)] {
            start.set_lane(register, lane, value);
        }
    }
    // The base for global memory, and a raw buffer of 32-bit unsigned integers.
    for (register, value) in [(0, 0x1_0000), (4, 0x1_0000), (6, 0x1_0000), (7, 3 << 28 | 20 << 12 | 0xfac)] {
        start.set_scalar(register, value);
    }
    let mut group = criterion.benchmark_group("access");
    group.throughput(Throughput::Elements(COUNT as u64)); // CAST: small
    for (name, words) in ACCESSES {
        let mut code = words.repeat(COUNT);
        code.push(0xbfb0_0000);
        let program = Program::new(&code, 0, Target::GFX1100);
        let mut work = Workgroup::new(vec![start.clone()], 0x2000);
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let mut waves = std::mem::take(&mut work.waves);
                for wave in &mut waves {
                    (wave.pc, wave.instructions) = (0, 0);
                }
                let lds = std::mem::take(&mut work.lds);
                work = Workgroup::new(waves, 0);
                work.lds = lds;
                work.run(&program, &memory, u64::MAX, &mut Silent).expect("the program ends");
            });
        });
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

criterion_group!(benches, waves, accesses);
criterion_main!(benches);
