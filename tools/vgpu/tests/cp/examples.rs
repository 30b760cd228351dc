//! The worked streams: no driver's, but checked with Mesa's own parser.

use sparkle_pm4::Ring;
use sparkle_vgpu::cp::{Job, Outcome};
use sparkle_vgpu::shader::Permissions;

use super::bench::{Bench, IB, sample};

const CODE: u64 = 0x1_0000_0000;
const DST: u64 = 0x1_0020_0000;
const SRC: u64 = 0x1_0030_0000;
const SIGNAL: u64 = 0x1_0040_0000;

/// `dst[i] = src[i] + s5` for i below s4, dst in s[0:1], src in s[2:3]. Source: llvm-mc 19, gfx1100.
const ADDK: [u32; 16] = [
    0x8407_8806, // s_lshl_b32 s7, s6, 8
    0x3600_00ff,
    0x0000_03ff, // v_and_b32 v0, 0x3ff, v0
    0x4a00_0007, // v_add_nc_u32 v0, s7, v0
    0x7d98_0004, // v_cmpx_gt_u32 s4, v0
    0xbfa5_0007, // s_cbranch_execz end
    0x3002_0082, // v_lshlrev_b32 v1, 2, v0
    0xdc52_0000,
    0x0202_0001, // global_load_b32 v2, v1, s[2:3]
    0xbf89_03f7, // s_waitcnt vmcnt(0)
    0x4a04_0405, // v_add_nc_u32 v2, s5, v2
    0xdc6a_0000,
    0x0000_0201, // global_store_b32 v1, v2, s[0:1]
    0xbf80_0000, // end: s_nop 0
    0xbfb6_0003, // s_sendmsg dealloc_vgprs
    0xbfb0_0000, // s_endpgm
];

/// The kernel for waves of 32 lanes, whose workgroup number is in s15.
pub fn addk_wave32() -> [u32; 16] {
    let mut code = ADDK;
    (code[0], code[3]) = (0x8406_880f, 0x4a00_0006);
    code
}

/// The memory of the examples: 1024 dwords each, dst 0xdeadbeef, src i * 3.
pub fn bench(ring: Ring, code: &[u32; 16]) -> Bench {
    let mut bench = Bench::new(ring, &[]);
    let mut program = code.to_vec();
    program.resize(128, 0xbf9f_0000);
    bench.map(CODE, &program, Permissions { read: true, write: false, execute: true });
    bench.map(DST, &[0xdead_beef; 1024], Permissions::ALL);
    let src: Vec<_> = (0..1024).map(|i| i * 3).collect();
    bench.map(SRC, &src, Permissions::READ);
    bench.map(SIGNAL, &[0; 16], Permissions::ALL);
    bench
}

fn check_addk(bench: &Bench) {
    let dst = bench.words(DST, 1024);
    for (i, &word) in dst.iter().enumerate() {
        let wanted = if i < 1000 { i as u32 * 3 + 7 } else { 0xdead_beef };
        assert_eq!(word, wanted, "element {i}");
    }
    assert_eq!(bench.word(SIGNAL), 1);
    let totals = bench.log.dispatches.lock().unwrap();
    assert_eq!((totals.len(), totals[0].groups), (1, 4));
}

#[test]
fn nothing_but_nops_does_nothing() {
    for name in ["a_nop8", "a_nop8_single_packet"] {
        for ring in [Ring::Compute, Ring::Gfx] {
            let mut bench = Bench::new(ring, &[1, 2, 3]);
            let before = bench.words(super::bench::DATA, 1024);
            bench.done(&sample(&format!("examples-gfx11/{name}.bin")));
            assert_eq!(bench.words(super::bench::DATA, 1024), before);
            assert!(bench.log.names.lock().unwrap().iter().all(|name| *name == "NOP"));
        }
    }
}

#[test]
fn write_data_and_release_mem_write() {
    let mut bench = bench(Ring::Compute, &ADDK);
    bench.done(&sample("examples-gfx11/b_write_release.bin"));
    assert_eq!((bench.word(DST), bench.word(SIGNAL)), (0xcafe_babe, 1));
}

#[test]
fn the_dispatch_adds_in_waves_of_64() {
    let mut bench = bench(Ring::Compute, &ADDK);
    bench.done(&sample("examples-gfx11/c_dispatch_wave64_user6.bin"));
    check_addk(&bench);
    assert_eq!(bench.log.dispatches.lock().unwrap()[0].waves, 16);
    assert_eq!(bench.log.rules(), [""; 0]);
}

#[test]
fn the_dispatch_adds_in_waves_of_32() {
    let mut bench = bench(Ring::Compute, &addk_wave32());
    bench.done(&sample("examples-gfx11/c_dispatch_wave32_user15.bin"));
    check_addk(&bench);
    assert_eq!(bench.log.dispatches.lock().unwrap()[0].waves, 32);
    assert_eq!(bench.log.rules(), [""; 0]);
}

#[test]
fn the_dispatch_adds_on_the_graphics_ring() {
    let mut bench = bench(Ring::Gfx, &ADDK);
    bench.done(&sample("examples-gfx11/d_gfxring_wave64_user6.bin"));
    check_addk(&bench);
    // Compute rings have neither of its two packets more.
    let mut bench = super::examples::bench(Ring::Compute, &ADDK);
    let (why, name) = bench.hang(&sample("examples-gfx11/d_gfxring_wave64_user6.bin"));
    assert_eq!((why.as_str(), name.as_str()), ("CONTEXT_CONTROL is no packet of compute rings", "CONTEXT_CONTROL"));
}

#[test]
fn time_passes_between_stamps() {
    let mut bench = bench(Ring::Compute, &ADDK);
    // What the stream takes as set: all compute units of the first engines are the kernel's doing.
    bench.done(&sample("examples-gfx11/e_timestamps.bin"));
    let (begin, end) = (bench.double(SIGNAL + 8), bench.double(SIGNAL + 16));
    assert!(0 < begin && begin < end, "{begin} {end}");
    assert_eq!(bench.word(SIGNAL), 1);
    assert_eq!(bench.log.rules(), ["cp-stale-state"], "masks of engines are not set");
    let what = &bench.log.findings.lock().unwrap()[0].what;
    // Nor is TMPRING_SIZE, which does not matter without scratch.
    assert!(what.contains("COMPUTE_STATIC_THREAD_MGMT_SE0") && !what.contains("TMPRING"), "{what}");
}

#[test]
fn a_second_job_sees_later_times() {
    let mut bench = bench(Ring::Compute, &ADDK);
    let words = sample("examples-gfx11/e_timestamps.bin");
    let ib = bench.stream(IB, &words);
    assert!(bench.job(&Job::new(vec![ib])).is_done());
    let first = bench.double(SIGNAL + 16);
    assert!(bench.job(&Job::new(vec![ib, ib])).is_done());
    assert!(bench.double(SIGNAL + 8) > first);
}

#[test]
fn an_opcode_in_the_low_bits_is_illegal() {
    for name in ["form_a_opcode_in_low_bits", "form_b_count_in_low_bits", "form_b_write_data_count4"] {
        let mut bench = bench(Ring::Compute, &ADDK);
        let outcome = bench.run(&sample(&format!("predecessor-broken/{name}.bin")));
        assert!(matches!(outcome, Outcome::Illegal { .. } | Outcome::Hang { .. }), "{name}: {outcome}");
        assert!(bench.log.dispatches.lock().unwrap().is_empty());
    }
}
