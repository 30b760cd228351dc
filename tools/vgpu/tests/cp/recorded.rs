//! Streams of other drivers: a radeonsi submission on a Phoenix with the kernel's ring around it (umr's known answers),
//! and a compute ring of a BC-250 with three submissions that ran.

use std::io::Read;

use sparkle_pm4::registers::{RegOffset, Registers};
use sparkle_pm4::{Generation, Ring};
use sparkle_vgpu::cp::{Author, CommandProcessor, DeviceState, Ib, Job, Outcome};
use sparkle_vgpu::shader::{Chip, Permissions};

use super::bench::{Bench, limits, sample};

const S_ENDPGM: u32 = 0xbfb0_0000;
const PHOENIX: &str = "umr-phoenix-gfx11";
/// Where the kernel's fences and its switch for COND_EXEC are.
const WRITE_BACK: u64 = 0x7fff_0040_1000;

fn unzip(name: &str) -> String {
    let path = format!("{}/../../pm4/data/samples/{name}", env!("CARGO_MANIFEST_DIR"));
    let mut text = String::new();
    flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap()).read_to_string(&mut text).unwrap();
    text
}

/// With the ring's 2048 dwords at 0x10_0000_0000.
fn phoenix() -> Bench {
    let mut bench = Bench::gfx(&[]);
    bench.device = DeviceState::new(Chip::find("gfx1103").unwrap()).with_limits(limits());
    let ring = sample(&format!("{PHOENIX}/phoenix_ring_gfx_0.0.0.bin"));
    bench.map(0x10_0000_0000, &ring[3..], Permissions::READ);
    let mut switch = vec![0; 1024];
    switch[0xc0 / 4] = 1;
    bench.map(WRITE_BACK, &switch, Permissions::ALL);
    bench.map(0x7fff_0066_e000, &[0; 1024], Permissions::ALL);
    bench.map(0x7fff_0067_0000, &[0; 1024], Permissions::ALL);
    for (va, name) in [(0x8000_003d_8000, "8000003d8000_vmid3"), (0x8000_00b3_9800, "800000b39800_vmid4")] {
        bench.map(va, &sample(&format!("{PHOENIX}/phoenix_ib_{name}.bin")), Permissions::ALL);
    }
    // The compute shader, whose bytes are not in the record: one that ends at once.
    bench.map(0x8000_0040_0000, &[S_ENDPGM; 2048], Permissions::ALL);
    bench
}

fn ring_job(first: u64, dwords: u32) -> Job<'static> {
    let ibs = vec![Ib { va: 0x10_0000_0000 + first * 4, dwords }];
    Job { author: Author::Kernel, fence: None, ..Job::new(ibs) }
}

#[test]
fn a_submission_of_radeonsi_runs_within_the_kernel_s_frame() {
    let mut bench = phoenix();
    let outcome = bench.job(&ring_job(512, 256));
    assert!(outcome.is_done(), "{outcome}");
    // The user's fence and the kernel's: the ring's own dwords.
    assert_eq!(bench.double(0x7fff_0066_e000), 0x67_6318);
    assert_eq!(bench.word(WRITE_BACK + 0x80), 0xc4_cc89);
    let totals = bench.log.dispatches.lock().unwrap();
    assert_eq!(totals.iter().map(|totals| totals.groups).collect::<Vec<_>>(), [30 * 1053]);
    // One wave of 64 each, the last of a row with 16 lanes; one instruction.
    assert_eq!((totals[0].waves, totals[0].instructions), (31590, 31590));
}

#[test]
fn its_registers_are_what_umr_says() {
    let mut bench = phoenix();
    assert!(bench.job(&ring_job(512, 256)).is_done());
    let answer = unzip(&format!("{PHOENIX}/rs_kat_phoenix_test1.answer3.txt.gz"));
    let mut wanted = std::collections::HashMap::new();
    for line in answer.lines().filter(|line| line.starts_with("[0x3@0x8000003d8000")) {
        if let Some((name, value)) = line.split_once("|---> gfx1101.reg").and_then(|(_, rest)| rest.split_once('=')) {
            let value = u32::from_str_radix(value.trim().trim_start_matches("0x"), 16).unwrap();
            wanted.insert(name.to_owned(), value);
        }
    }
    assert!(wanted.len() > 70, "{}", wanted.len());
    let registers = Registers::of(Generation::Gfx11);
    for (name, value) in wanted {
        let register = registers.named(&name).unwrap_or_else(|| panic!("{name}"));
        assert_eq!(bench.processor.registers().get(register.offset()), Some(value), "{name}");
    }
}

#[test]
fn a_submission_with_draws_stops_at_the_first() {
    let mut bench = phoenix();
    for (va, words) in [(0x8000_00e0_0000, 4096), (0x8000_0080_0000, 4096), (0x8000_00c0_0000, 4096)] {
        bench.map(va, &vec![0; words], Permissions::ALL);
    }
    let outcome = bench.job(&ring_job(256, 256));
    let Outcome::Hang { why, at } = outcome else { panic!("{outcome}") };
    assert_eq!((why.as_str(), at.at, at.stream), ("DRAW_INDEX_AUTO is not modelled", 445, 0x8000_00b3_9800));
    assert_eq!(bench.word(WRITE_BACK + 0x80), 0, "no fence");
}

#[test]
fn cond_exec_of_the_kernel_skips_a_preempted_frame() {
    let mut bench = phoenix();
    bench.processor = CommandProcessor::new(Ring::Gfx);
    let switch_off = bench.stream(0x2_0000_0000, &[0xc003_3700, 0x0010_0500, 0x0040_10c0, 0x7fff, 0]);
    assert!(bench.job(&Job::new(vec![switch_off])).is_done());
    assert!(bench.job(&ring_job(512, 256)).is_done());
    assert_eq!((bench.word(WRITE_BACK + 0x80), bench.log.dispatches.lock().unwrap().len()), (0, 0));
}

#[test]
fn a_compute_ring_with_its_tests_and_three_submissions_runs() {
    let mut bench = Bench::compute(&[]);
    let ring = sample("bc250-gfx10_1/ring_comp_1.1.0.bin");
    bench.map(0x10_0000_0000, &ring[3..], Permissions::READ);
    bench.map(0x40_1000, &[0; 1024], Permissions::ALL);
    // The kernel's own test of streams, of 5 dwords: its bytes are gone, and this is what it does.
    bench.map(0xb0_0000, &[0xc003_3700, 0x0010_0500, 0x0040_1800, 0, 0xdead_beef], Permissions::ALL);
    let user = sample("bc250-gfx10_1/ib_g1.bin");
    assert_eq!(user.len(), 72);
    bench.map(0x1_0010_0000, &user, Permissions::ALL);
    // gfx10's code is not this chip's: one that ends at once.
    bench.map(0x1_0000_0000, &[S_ENDPGM; 64], Permissions::ALL);
    let outcome = bench.job(&ring_job(0, 1536));
    assert!(outcome.is_done(), "{outcome}");
    // 8 fences, the last of value 8.
    assert_eq!((bench.word(0x40_11c0), bench.word(0x40_1800)), (8, 0xdead_beef));
    assert_eq!(bench.log.dispatches.lock().unwrap().len(), 3);
    let registers = bench.processor.registers();
    assert_eq!(registers.get(RegOffset::new(0xc040)), Some(0xdead_beef), "SCRATCH_REG0 of the ring test");
    assert_eq!(registers.get(RegOffset::new(0x2e43)), Some(0x1104_bfac), "COMPUTE_USER_DATA_3");
}

#[test]
fn the_same_packets_from_a_client_are_refused() {
    let mut bench = Bench::compute(&[]);
    let ring = sample("bc250-gfx10_1/ring_comp_1.1.0.bin");
    bench.map(0x10_0000_0000, &ring[3..], Permissions::READ);
    bench.map(0x40_1000, &[0; 1024], Permissions::ALL);
    // WRITE_DATA to a page table's register.
    let outcome = bench.job(&Job::new(vec![Ib { va: 0x10_0000_0000 + 775 * 4, dwords: 5 }]));
    let Outcome::Illegal { why, .. } = outcome else { panic!("{outcome}") };
    assert!(why.starts_with("GCVM_") && why.ends_with("is not a client's to write"), "{why}");
    let outcome = bench.job(&Job::new(vec![Ib { va: 0x10_0000_0000 + 785 * 4, dwords: 7 }]));
    assert!(matches!(outcome, Outcome::Illegal { .. }), "{outcome}");
}
