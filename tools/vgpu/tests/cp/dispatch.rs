//! From registers to waves.

use sparkle_vgpu::cp::{Access, Outcome, Requester};
use sparkle_vgpu::sanitize::{Sanitizer, Sanitizers, Switches};
use sparkle_vgpu::shader::{Chip, Permissions};

use super::bench::{Bench, DATA};

const LO: u32 = 0x0050_0000;
const HI: u32 = 1;
const CODE: u64 = 0x1_0000_0000;

/// Every thread takes the next 16 bytes behind the counter at s[0:1] and stores v0, s2, s3 and s4 there.
/// Encodings: llvm-mc (LLVM 19, gfx1100), as all code here.
const IDS: [u32; 13] = [
    0x7e02_0281, // v_mov_b32 v1, 1
    0x7e06_0280, // v_mov_b32 v3, 0
    0xdcd6_4000,
    0x0100_0103, // global_atomic_add_u32 v1, v3, v1, s[0:1] glc
    0xbf89_03f7, // s_waitcnt vmcnt(0)
    0x3002_0284, // v_lshlrev_b32 v1, 4, v1
    0x7e04_0300, // v_mov_b32 v2, v0
    0x7e06_0202, // v_mov_b32 v3, s2
    0x7e08_0203, // v_mov_b32 v4, s3
    0x7e0a_0204, // v_mov_b32 v5, s4
    0xdc76_0010,
    0x0000_0201, // global_store_b128 v1, v[2:5], s[0:1] offset:16
    0xbfb0_0000, // s_endpgm
];

/// Stores MODE, s2 and s3 at s[0:1].
const MODE: [u32; 8] = [
    0xb888_f801, // s_getreg_b32 s8, hwreg(HW_REG_MODE)
    0x7e00_0280, // v_mov_b32 v0, 0
    0x7e02_0208, // v_mov_b32 v1, s8
    0x7e04_0202, // v_mov_b32 v2, s2
    0x7e06_0203, // v_mov_b32 v3, s3
    0xdc72_0000,
    0x0000_0100, // global_store_b96 v0, v[1:3], s[0:1]
    0xbfb0_0000, // s_endpgm
];

/// Stores 0x55 at byte 60 of its scratch, loads it and stores it at s[0:1].
const SCRATCH: [u32; 11] = [
    0x7e02_02ff,
    0x0000_0055, // v_mov_b32 v1, 0x55
    0xdc69_003c,
    0x007c_0100, // scratch_store_b32 off, v1, off offset:60
    0xdc51_003c,
    0x027c_0000, // scratch_load_b32 v2, off, off offset:60
    0xbf89_03f7, // s_waitcnt vmcnt(0)
    0x7e00_0280, // v_mov_b32 v0, 0
    0xdc6a_0000,
    0x0000_0200, // global_store_b32 v0, v2, s[0:1]
    0xbfb0_0000, // s_endpgm
];

/// Stores 0x55 at byte 1020 of the LDS, loads it and stores it at s[0:1].
const LDS: [u32; 15] = [
    0x7e00_02ff,
    0x0000_03fc, // v_mov_b32 v0, 0x3fc
    0x7e02_02ff,
    0x0000_0055, // v_mov_b32 v1, 0x55
    0xd834_0000,
    0x0000_0100, // ds_store_b32 v0, v1
    0xbf89_fc07, // s_waitcnt lgkmcnt(0)
    0xd8d8_0000,
    0x0200_0000, // ds_load_b32 v2, v0
    0xbf89_fc07, // s_waitcnt lgkmcnt(0)
    0x7e00_0280, // v_mov_b32 v0, 0
    0xdc6a_0000,
    0x0000_0200, // global_store_b32 v0, v2, s[0:1]
    0xbfb0_0000, // s_endpgm
    0xbf9f_0000, // s_code_end
];

/// What a launch is made of; each becomes a packet.
struct Launch {
    rsrc1: u32,
    rsrc2: u32,
    threads: [u32; 3],
    user: Vec<u32>,
    extra: Vec<u32>,
}

impl Launch {
    /// Wave64, VGPRs 8, nearest even, f16 and f64 denormals kept, DX10_CLAMP, IEEE. Two user SGPRs, the workgroup's
    /// three numbers, the thread's three numbers.
    fn new(threads: [u32; 3]) -> Self {
        Self { rsrc1: 0x00ac_0001, rsrc2: 0x0000_1384, threads, user: vec![LO, HI], extra: vec![] }
    }

    /// All of it, and then the packet that launches.
    fn stream(&self, packet: &[u32]) -> Vec<u32> {
        let [x, y, z] = self.threads;
        let mut words = vec![
            0xc005_7600,
            0x0216,
            u32::MAX,
            u32::MAX,
            0,
            u32::MAX,
            u32::MAX, // STATIC_THREAD_MGMT, TMPRING_SIZE
            0xc002_7600,
            0x022b,
            u32::MAX,
            u32::MAX, // STATIC_THREAD_MGMT of engines 4 and 5
            0xc003_7600,
            0x0204,
            0,
            0,
            0, // START
            0xc002_7600,
            0x020c,
            0x0100_0000,
            0, // PGM
            0xc002_7600,
            0x0212,
            self.rsrc1,
            self.rsrc2, // RSRC1, 2
            0xc001_7600,
            0x0228,
            0, // RSRC3
            0xc001_7600,
            0x0215,
            0, // RESOURCE_LIMITS
            0xc003_7600,
            0x0207,
            x,
            y,
            z, // NUM_THREAD
        ];
        words.extend([0xc000_7600 | (self.user.len() as u32) << 16, 0x0240]);
        words.extend(&self.user);
        words.extend(&self.extra);
        words.extend(packet);
        words
    }

    fn direct(&self, [x, y, z]: [u32; 3], initiator: u32) -> Vec<u32> {
        self.stream(&[0xc003_1502, x, y, z, initiator])
    }
}

fn bench_on(mut bench: Bench, code: &[u32]) -> Bench {
    let mut program = code.to_vec();
    program.resize(128, 0xbf9f_0000);
    bench.map(CODE, &program, Permissions { read: true, write: false, execute: true });
    bench
}

fn bench(code: &[u32]) -> Bench {
    bench_on(Bench::compute(&[]), code)
}

/// What the threads of [`IDS`] have stored, sorted: v0, s2, s3, s4.
fn ids(bench: &Bench) -> Vec<[u32; 4]> {
    let count = bench.word(DATA) as usize;
    let words = bench.words(DATA + 16, count * 4);
    let mut ids: Vec<[u32; 4]> = words.chunks(4).map(|four| four.try_into().unwrap()).collect();
    ids.sort();
    ids
}

/// Workgroups by their numbers, and how many threads each had.
fn groups(bench: &Bench) -> Vec<([u32; 3], usize)> {
    let mut groups: Vec<([u32; 3], usize)> = vec![];
    let mut all: Vec<[u32; 3]> = ids(bench).into_iter().map(|[_, x, y, z]| [x, y, z]).collect();
    all.sort();
    for id in all {
        match groups.last_mut() {
            Some((last, count)) if *last == id => *count += 1,
            _ => groups.push((id, 1)),
        }
    }
    groups
}

#[test]
fn threads_and_workgroups_have_their_numbers() {
    let mut bench = bench(&IDS);
    bench.done(&Launch::new([2, 2, 2]).direct([1, 2, 1], 0x45));
    let threads = [0, 1, 1 << 10, 1 << 10 | 1, 1 << 20, 1 << 20 | 1, 1 << 20 | 1 << 10, 1 << 20 | 1 << 10 | 1];
    let mut wanted = vec![];
    for v0 in threads {
        wanted.extend([[v0, 0, 0, 0], [v0, 0, 1, 0]]);
    }
    assert_eq!(ids(&bench), wanted);
}

#[test]
fn thread_numbers_that_nobody_asked_for_are_0() {
    let mut bench = bench(&IDS);
    // TIDIG_COMP_CNT 0: x alone.
    let launch = Launch { rsrc2: 0x0000_0384, ..Launch::new([2, 2, 1]) };
    bench.done(&launch.direct([1, 1, 1], 0x45));
    assert_eq!(ids(&bench), [[0, 0, 0, 0], [0, 0, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0]]);
}

#[test]
fn the_last_workgroup_may_be_smaller() {
    let mut bench = bench(&IDS);
    // 4 threads, and 3 in the last one along x.
    bench.done(&Launch::new([0x0003_0004, 0x0001_0001, 0x0001_0001]).direct([2, 1, 1], 0x47));
    assert_eq!(groups(&bench), [([0, 0, 0], 4), ([1, 0, 0], 3)]);
    // Without PARTIAL_TG_EN the upper half says nothing.
    let mut bench = super::dispatch::bench(&IDS);
    bench.done(&Launch::new([0x0003_0004, 1, 1]).direct([2, 1, 1], 0x45));
    assert_eq!(groups(&bench), [([0, 0, 0], 4), ([1, 0, 0], 4)]);
    // A partial size of 0 would be an empty workgroup.
    let (why, _) = super::dispatch::bench(&IDS).hang(&Launch::new([0x0003_0004, 1, 1]).direct([2, 1, 1], 0x47));
    assert_eq!(why, "PARTIAL_TG_EN with a last workgroup of 0 threads on an axis of 1");
}

#[test]
fn sizes_may_count_threads() {
    let mut bench = bench(&IDS);
    bench.done(&Launch::new([4, 1, 1]).direct([10, 1, 1], 0x65));
    assert_eq!(groups(&bench), [([0, 0, 0], 4), ([1, 0, 0], 4), ([2, 0, 0], 2)]);
    let mut bench = super::dispatch::bench(&IDS);
    bench.done(&Launch::new([4, 1, 1]).direct([8, 1, 1], 0x65));
    assert_eq!(groups(&bench), [([0, 0, 0], 4), ([1, 0, 0], 4)]);
}

#[test]
fn sizes_are_ends_where_a_start_is_set() {
    let start = [0xc003_7600, 0x0204, 3, 0, 0];
    let launch = Launch { extra: start.to_vec(), ..Launch::new([1, 1, 1]) };
    let mut bench = bench(&IDS);
    bench.done(&launch.direct([5, 1, 1], 0x41));
    assert_eq!(groups(&bench), [([3, 0, 0], 1), ([4, 0, 0], 1)]);
    // FORCE_START_AT_000 ignores it.
    let mut bench = super::dispatch::bench(&IDS);
    bench.done(&launch.direct([2, 1, 1], 0x45));
    assert_eq!(groups(&bench), [([0, 0, 0], 1), ([1, 0, 0], 1)]);
}

#[test]
fn sizes_come_from_memory() {
    let mut bench = bench(&IDS);
    bench.map(0x1_0070_0000, &[9, 2, 1, 1], Permissions::READ);
    bench.done(&Launch::new([1, 1, 1]).stream(&[0xc002_1602, 0x0070_0004, HI, 0x45]));
    assert_eq!(groups(&bench), [([0, 0, 0], 1), ([1, 0, 0], 1)]);
    // On the graphics ring they are counted from the base with index 1.
    let mut bench = bench_on(Bench::gfx(&[]), &IDS);
    bench.map(0x1_0070_0000, &[9, 9, 1, 2, 1], Permissions::READ);
    bench.done(&Launch::new([1, 1, 1]).stream(&[0xc002_1102, 1, 0x0070_0000, HI, 0xc001_1602, 8, 0x45]));
    assert_eq!(groups(&bench), [([0, 0, 0], 1), ([0, 1, 0], 1)]);
    let (why, _) = bench_on(Bench::gfx(&[]), &IDS).hang(&Launch::new([1, 1, 1]).stream(&[0xc001_1602, 8, 0x45]));
    assert_eq!(why, "DISPATCH_INDIRECT counts from the base with index 1, which no SET_BASE has set");
    let outcome = super::dispatch::bench(&IDS).run(&Launch::new([1, 1, 1]).stream(&[0xc002_1602, 0, 9, 0x45]));
    assert!(matches!(outcome, Outcome::Fault { va: 0x9_0000_0000, .. }), "{outcome}");
}

#[test]
fn the_mode_is_the_descriptor_s() {
    // MODE: rounding 3:0, denormals 7:4, DX10_CLAMP 8, IEEE 9, FP16_OVFL 23. Source: RDNA3 ISA, table 8.
    for (rsrc1, mode) in
        [(0x00ac_0001, 0x0000_03c0), (0x002f_0001, 0x0000_01f0), (0x0081_2001, 0x0000_0212), (0x0400_0001, 0x0080_0000)]
    {
        let mut bench = bench(&MODE);
        let launch = Launch { rsrc1, rsrc2: 0x0000_0088, user: vec![LO, HI, 0x77, 0x88], ..Launch::new([1, 1, 1]) };
        bench.done(&launch.direct([1, 1, 1], 0x45));
        assert_eq!(bench.words(DATA, 3), [mode, 0x77, 0x88], "{rsrc1:#x}");
    }
}

#[test]
fn the_wave_s_place_follows_the_workgroup_s_numbers() {
    // USER_SGPR 2, no number of the workgroup, TG_SIZE_EN: s2 is first wave, wave 0 of 1.
    let mut bench = bench(&MODE);
    let launch = Launch { rsrc2: 0x0000_0404, ..Launch::new([1, 1, 1]) };
    bench.done(&launch.direct([1, 1, 1], 0x45));
    assert_eq!(bench.word(DATA + 4), 0x8000_0001);
}

#[test]
fn scratch_is_what_the_ring_gives() {
    // 16 waves of 16 * 256 bytes in each of 6 engines at 0x1_0080_0000: a lane of 64 has 64 bytes.
    let ring = |wavesize: u32| vec![0xc001_7600, 0x0218, wavesize << 12 | 16, 0xc002_7600, 0x0210, 0x0100_8000, 0];
    let launch = |wavesize| Launch { rsrc2: 0x0000_0085, extra: ring(wavesize), ..Launch::new([1, 1, 1]) };
    let with_ring = |bytes: usize| {
        let mut bench = bench(&SCRATCH);
        bench.map(0x1_0080_0000, &vec![0; bytes / 4], Permissions::ALL);
        bench
    };
    let mut bench = with_ring(16 * 16 * 256 * 6);
    bench.done(&launch(16).direct([1, 1, 1], 0x45));
    assert_eq!(bench.word(DATA), 0x55);
    // Half of that and byte 60 is not the lane's.
    let (why, _) = with_ring(16 * 16 * 256 * 6).hang(&launch(8).direct([1, 1, 1], 0x45));
    assert!(why.contains("scratch offset 0x3c of a lane, which has 32 bytes"), "{why}");
    // The ring does not fit its buffer.
    let outcome = with_ring(16 * 16 * 256 * 6 - 4).run(&launch(16).direct([1, 1, 1], 0x45));
    let Outcome::Fault { va, access: Access::Write, requester: Requester::Vector, .. } = outcome else {
        panic!("{outcome}")
    };
    assert_eq!(va, 0x1_0080_0000 + 16 * 16 * 256 * 6 - 4);
    // No size at all.
    let (why, _) = with_ring(64).hang(&launch(0).direct([1, 1, 1], 0x45));
    assert!(why.ends_with("no wave gets a place"), "{why}");
}

#[test]
fn no_compute_unit_no_wave() {
    let off = vec![0xc002_7600, 0x0216, 0, 0, 0xc002_7600, 0x0219, 0, 0, 0xc002_7600, 0x022b, 0, 0];
    let launch = Launch { extra: off, ..Launch::new([1, 1, 1]) };
    let (why, _) = bench(&IDS).hang(&launch.direct([1, 1, 1], 0x45));
    assert_eq!(why, "no compute unit takes waves: COMPUTE_STATIC_THREAD_MGMT_SE* are 0");
    // A shader array of a gfx1100 has 8 units: bits 8 to 15 and 24 to 31 stand for none.
    let mut beyond = launch.extra.clone();
    beyond.extend([0xc001_7600, 0x0216, 0xff00_ff00]);
    let (why, _) = bench(&IDS).hang(&Launch { extra: beyond, ..Launch::new([1, 1, 1]) }.direct([1, 1, 1], 0x45));
    assert!(why.starts_with("no compute unit"), "{why}");
    // Engine 4, which a gfx1100 has, is enough.
    let mut with_engine_4 = launch.extra.clone();
    with_engine_4.extend([0xc001_7600, 0x022b, 3]);
    let mut bench = bench(&IDS);
    bench.done(&Launch { extra: with_engine_4, ..Launch::new([1, 1, 1]) }.direct([1, 1, 1], 0x45));
    assert_eq!(groups(&bench).len(), 1);
    // Engine 6, which it has not, is none.
    let mut with_engine_6 = launch.extra.clone();
    with_engine_6.extend([0xc001_7600, 0x022d, 3]);
    let (why, _) = super::dispatch::bench(&IDS)
        .hang(&Launch { extra: with_engine_6, ..Launch::new([1, 1, 1]) }.direct([1, 1, 1], 0x45));
    assert!(why.starts_with("no compute unit"), "{why}");
}

#[test]
fn dispatches_that_launch_nothing() {
    let mut bench = bench(&IDS);
    bench.done(&Launch::new([1, 1, 1]).direct([1, 1, 1], 0x44));
    assert_eq!((bench.word(DATA), bench.log.rules()), (0, vec!["cp-no-shader"]));
    let mut bench = super::dispatch::bench(&IDS);
    bench.done(&Launch::new([1, 1, 1]).direct([4, 0, 1], 0x45));
    assert_eq!((bench.word(DATA), bench.log.rules()), (0, vec!["cp-empty"]));
}

#[test]
fn what_is_not_modelled_is_refused() {
    let dispatch = |initiator| Launch::new([1, 1, 1]).direct([1, 1, 1], initiator);
    for (initiator, name) in [(0x4d, "ORDERED_APPEND_ENBL"), (0x4045, "RESTORE"), (0x1_0045, "AMP_SHADER_EN")] {
        let (why, _) = bench(&IDS).hang(&dispatch(initiator));
        assert_eq!(why, format!("a dispatch with {name} is not modelled"));
    }
    // DISABLE_DISP_PREMPT_EN, TUNNEL_ENABLE and the bit that ROCm sets change nothing.
    bench(&IDS).done(&dispatch(0x2_3045));
    for (rsrc2, name) in [(0x0000_13c4, "TRAP_PRESENT"), (0x0100_1384, "EXCP_EN"), (0x0000_3384, "EXCP_EN")] {
        let launch = Launch { rsrc2, ..Launch::new([1, 1, 1]) };
        let (why, _) = bench(&IDS).hang(&launch.direct([1, 1, 1], 0x45));
        assert_eq!(why, format!("a dispatch with {name} is not modelled"));
    }
    let launch = Launch { rsrc1: 0x00ec_0001, ..Launch::new([1, 1, 1]) };
    let (why, _) = bench(&IDS).hang(&launch.direct([1, 1, 1], 0x45));
    assert_eq!(why, "a dispatch with DEBUG_MODE is not modelled");
}

#[test]
fn what_no_chip_starts_hangs() {
    for (launch, part) in [
        (Launch::new([1025, 1, 1]), "1 to 1024 threads"),
        (Launch::new([0, 1, 1]), "1 to 1024 threads"),
        (Launch::new([64, 64, 1]), "at most 1024 threads"),
        (Launch { rsrc2: 0x0040_9384, ..Launch::new([1, 1, 1]) }, "at most 65536 bytes"),
        (Launch { rsrc2: 0x0000_13a2, ..Launch::new([1, 1, 1]) }, "USER_SGPR is 17, at most 16 exist"),
    ] {
        let (why, name) = bench(&IDS).hang(&launch.direct([1, 1, 1], 0x45));
        assert!(why.contains(part) && name == "DISPATCH_DIRECT", "{why}");
    }
}

#[test]
fn faults_of_waves_stop_the_queue() {
    // Nothing is mapped at 0x9_0000_0000.
    let launch = Launch { user: vec![0, 9], ..Launch::new([1, 1, 1]) };
    let outcome = bench(&IDS).run(&launch.direct([1, 1, 1], 0x45));
    let Outcome::Fault { va, access, requester, why, at } = outcome else { panic!("{outcome}") };
    assert_eq!((va, access, requester), (0x9_0000_0000, Access::Write, Requester::Vector));
    assert!(why.contains("`global_atomic_add_u32 v1, v3, v1, s[0:1] glc`"), "{why}");
    assert_eq!(at.name, "DISPATCH_DIRECT");
    // No instruction.
    let outcome = bench(&[0xffff_ffff]).run(&Launch::new([1, 1, 1]).direct([1, 1, 1], 0x45));
    assert!(matches!(outcome, Outcome::Illegal { .. }), "{outcome}");
    // s_branch to itself.
    let (why, _) = bench(&[0xbfa0_ffff]).hang(&Launch::new([1, 1, 1]).direct([1, 1, 1], 0x45));
    assert!(why.contains("still running after 1048576 instructions"), "{why}");
}

#[test]
fn code_must_be_mapped_and_executable() {
    let stream = Launch::new([1, 1, 1]).direct([1, 1, 1], 0x45);
    let outcome = Bench::compute(&[]).run(&stream);
    let fault = |outcome| match outcome {
        Outcome::Fault { va, access: Access::Execute, requester: Requester::Instruction, why, .. } => (va, why),
        other => panic!("{other}"),
    };
    assert_eq!(fault(outcome), (CODE, "COMPUTE_PGM: no buffer is mapped there".into()));
    let mut bench = Bench::compute(&[]);
    bench.map(CODE, &IDS, Permissions { read: true, write: true, execute: false });
    assert_eq!(fault(bench.run(&stream)), (CODE, "COMPUTE_PGM: the buffer is not mapped executable".into()));
    // Code that has no end runs out of its buffer.
    let mut bench = Bench::compute(&[]);
    bench.map(CODE, &[0xbf80_0000; 4], Permissions { read: true, write: true, execute: true });
    assert_eq!(fault(bench.run(&stream)).0, CODE + 16);
}

#[test]
fn stale_registers_are_told() {
    let mut bench = bench(&IDS);
    let stream = Launch::new([1, 1, 1]).direct([1, 1, 1], 0x45);
    let first = bench.stream(super::bench::IB, &stream);
    let second = bench.stream(0x2_0010_0000, &[0xc003_1502, 1, 1, 1, 0x45]);
    assert!(bench.job(&sparkle_vgpu::cp::Job::new(vec![first])).is_done());
    assert_eq!(bench.log.rules(), [""; 0]);
    assert!(bench.job(&sparkle_vgpu::cp::Job::new(vec![second])).is_done());
    assert_eq!(bench.log.rules(), ["cp-stale-state"]);
    assert_eq!(bench.word(DATA), 2, "it runs with what the first job left");
    let finding = &bench.log.findings.lock().unwrap()[0];
    let what = &finding.what;
    assert!(!finding.advice);
    assert!(what.contains("COMPUTE_PGM_LO") && what.contains("COMPUTE_USER_DATA_1"), "{what}");
    assert!(what.contains("COMPUTE_STATIC_THREAD_MGMT_SE5") && !what.contains("COMPUTE_START_X"), "{what}");
}

#[test]
fn waves_of_32_need_16_registers_on_navi31() {
    let mut bench = bench(&IDS);
    bench.done(&Launch::new([1, 1, 1]).direct([1, 1, 1], 0x8045));
    assert_eq!(bench.log.rules(), ["cp-sgpr-16"]);
}

#[test]
fn limits_that_no_workgroup_fits_are_told() {
    for (limit, rules) in [(0, vec![]), (1, vec!["cp-limits"]), (2, vec![])] {
        let mut bench = bench(&IDS);
        let launch = Launch { extra: vec![0xc001_7600, 0x0215, limit], ..Launch::new([128, 1, 1]) };
        bench.done(&launch.direct([1, 1, 1], 0x45));
        assert_eq!((bench.log.rules(), bench.word(DATA)), (rules, 128));
    }
}

#[test]
fn too_many_workgroups_would_never_end() {
    let (why, _) = bench(&IDS).hang(&Launch::new([1, 1, 1]).direct([65536, 65536, 65536], 0x45));
    assert_eq!(why, "[65536, 65536, 65536] is more than the 65536 workgroups that would end in time");
}

#[test]
fn the_lds_has_units_of_512_bytes() {
    for (size, wanted) in [(2, 0x55), (1, 0), (3, 0x55)] {
        let mut bench = bench(&LDS);
        bench.done(&Launch { rsrc2: 0x0000_0004 | size << 15, ..Launch::new([1, 1, 1]) }.direct([1, 1, 1], 0x45));
        assert_eq!(bench.word(DATA), wanted, "{size}");
    }
}

/// What the sanitizers say of a launch of [`IDS`], by their rules.
fn reports(one: Sanitizer, rsrc1: u32, extra: &[u32]) -> Vec<&'static str> {
    let mut bench = bench(&IDS);
    let launch = Launch { rsrc1, extra: extra.to_vec(), ..Launch::new([1, 1, 1]) };
    let ib = bench.stream(super::bench::IB, &launch.direct([1, 1, 1], 0x45));
    let sanitizers = Sanitizers::new(Switches::of(&[one]), Chip::GFX1100);
    let outcome = bench.job_on(&sparkle_vgpu::cp::Job::new(vec![ib]), &sanitizers);
    assert!(outcome.is_done(), "{outcome}");
    let mut rules: Vec<_> = sanitizers.reports().iter().map(|report| report.rule.id).collect();
    rules.dedup();
    rules
}

#[test]
fn sanitizers_know_what_the_registers_allocate() {
    // Up to v5 in waves of 64: VGPRS 1 gives 8, VGPRS 0 gives 4.
    assert_eq!(reports(Sanitizer::Descriptor, 0x00ac_0001, &[]), [""; 0]);
    assert_eq!(reports(Sanitizer::Descriptor, 0x00ac_0000, &[]), ["descriptor-vgpr-granule"]);
    // INST_PREF_SIZE: the buffer has 512 bytes, which are 4 lines and not 5.
    let prefetch = |lines: u32| [0xc001_7600, 0x0228, lines << 4];
    assert_eq!(reports(Sanitizer::Fetch, 0x00ac_0001, &prefetch(4)), [""; 0]);
    assert_eq!(reports(Sanitizer::Fetch, 0x00ac_0001, &prefetch(5)), ["fetch-start"]);
}

#[test]
fn dispatches_that_only_count_together_need_no_wait() {
    let mut bench = bench(&IDS);
    let twice = [Launch::new([1, 1, 1]).direct([2, 1, 1], 0x45), vec![0xc003_1502, 2, 1, 1, 0x45]].concat();
    let ib = bench.stream(super::bench::IB, &twice);
    let sanitizers = Sanitizers::new(Switches::of(&[Sanitizer::Race]), Chip::GFX1100);
    assert!(bench.job_on(&sparkle_vgpu::cp::Job::new(vec![ib]), &sanitizers).is_done());
    assert_eq!((bench.word(DATA), bench.log.rules()), (4, vec![]));
}

#[test]
fn what_a_dispatch_needs_depends_on_it() {
    // Without FORCE_START_AT_000 the start counts, with SCRATCH_EN the ring's address, and on the graphics ring nobody
    // but the kernel sets the masks.
    let mut bench = bench_on(Bench::gfx(&[]), &IDS);
    bench.map(0, &[0; 64], Permissions::ALL);
    let stream = [0xc001_7600, 0x0213, 0x0000_0085, 0xc001_7600, 0x0218, 0x1001, 0xc003_1502, 1, 1, 1, 0x41];
    bench.run(&stream);
    let what = bench.log.findings.lock().unwrap()[0].what.clone();
    for name in
        ["COMPUTE_START_X", "COMPUTE_START_Z", "COMPUTE_DISPATCH_SCRATCH_BASE_LO", "COMPUTE_DISPATCH_SCRATCH_BASE_HI"]
    {
        assert!(what.contains(name), "{what}");
    }
    assert!(!what.contains("COMPUTE_STATIC_THREAD_MGMT") && !what.contains("COMPUTE_TMPRING_SIZE"), "{what}");
}
