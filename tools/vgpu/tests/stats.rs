//! Counts against counts by hand. Encodings are llvm-mc's (LLVM 19, gfx1100).
#![allow(clippy::unwrap_used)]

use serde_json::json;
use sparkle_rdna3::{Target, WaveSize};
use sparkle_vgpu::shader::stats::{Class, Collector, Counter, Limit, Occupancy, Stats};
use sparkle_vgpu::shader::{Chip, Dispatch, Grid, Inputs, PageTable, Permissions, Program, Wave, Workgroup};

/// A bit of everything.
const CODE: [u32; 43] = [
    0x3002_0082, // v_lshlrev_b32 v1, 2, v0
    0xd834_0000, // ds_store_b32 v1, v0
    0x0000_0001, //
    0xbf89_fc07, // s_waitcnt lgkmcnt(0)
    0x3004_0087, // v_lshlrev_b32 v2, 7, v0
    0xd8d8_0000, // ds_load_b32 v3, v2
    0x0300_0002, //
    0x3010_0084, // v_lshlrev_b32 v8, 4, v0
    0xdbfc_0000, // ds_load_b128 v[4:7], v8
    0x0400_0008, //
    0xd800_0000, // ds_add_u32 v11, v0
    0x0000_000b, //
    0xdc52_0000, // global_load_b32 v9, v1, s[0:1]
    0x0900_0001, //
    0xdc52_0000, // global_load_b32 v9, v2, s[0:1]
    0x0900_0002, //
    0xdc6e_0000, // global_store_b64 v8, v[4:5], s[0:1]
    0x0000_0408, //
    0xf404_0100, // s_load_b64 s[4:5], s[0:1], 0x0
    0xf800_0000, //
    0xd613_000a, // v_fma_f32 v10, v9, v9, v9
    0x0426_1309, //
    0xcc0e_400a, // v_pk_fma_f16 v10, v9, v9, v9
    0x1c26_1309, //
    0xc806_1509, // v_dual_fmac_f32 v12, v9, v10 :: v_dual_mul_f32 v13, v10, v11
    0x0c0c_170a, //
    0xbefe_00ff, // s_mov_b32 exec_lo, 0xff
    0x0000_00ff, //
    0x0614_150a, // v_add_f32 v10, v10, v10
    0x7e14_550a, // v_rcp_f32 v10, v10
    0x7c92_0083, // v_cmp_lt_u32 vcc_lo, 3, v0
    0xbfa3_0001, // s_cbranch_vccz 1
    0xbf80_0000, // s_nop 0
    0xbefe_00c1, // s_mov_b32 exec_lo, -1
    0xbfa6_0001, // s_cbranch_execnz 1
    0xbf80_0000, // s_nop 0
    0xcc40_4010, // v_wmma_f32_16x16x16_f16 v[16:23], v[32:39], v[40:47], v[48:55]
    0x1cc2_5120, //
    0xcc17_400a, // v_dot4_u32_u8 v10, v9, v9, v9
    0x1c26_1309, //
    0xbfbd_0000, // s_barrier
    0xbfb0_0000, // s_endpgm
    0xbf9f_0000, // s_code_end
];

const DATA: u64 = 0x1_0000;

fn memory() -> PageTable {
    let mut memory = PageTable::default();
    assert!(memory.map(DATA, &[0; 8192], Permissions::ALL));
    memory
}

fn counted() -> Stats {
    let program = Program::new(&CODE, 0x8000, Target::GFX1100);
    let mut wave = Wave::new(false, 0x3f0);
    wave.set_scalar(0, DATA as u32);
    for lane in 0..32 {
        wave.set_lane(0, lane, lane);
    }
    let mut counter = Counter::default();
    Workgroup::new(vec![wave], 4096).run(&program, &memory(), 100, &mut counter).unwrap();
    counter.stats()
}

#[test]
fn every_instruction_is_of_its_class() {
    let stats = counted();
    let want = [
        (Class::Salu, 2),
        (Class::Smem, 1),
        (Class::Valu, 8),
        (Class::Trans, 1),
        (Class::Vopd, 1),
        (Class::Wmma, 1),
        (Class::LdsLoad, 2),
        (Class::LdsStore, 1),
        (Class::LdsAtomic, 1),
        (Class::GlobalLoad, 2),
        (Class::GlobalStore, 1),
        (Class::Branch, 3),
        (Class::Barrier, 1),
        (Class::Wait, 2),
    ];
    assert_eq!(stats.classes, want.into_iter().collect());
    assert_eq!((stats.instructions(), stats.groups), (27, 1));
    let opcodes = ["v_lshlrev_b32", "v_dual_fmac_f32", "v_dual_mul_f32", "v_fmac_f32", "s_nop"];
    assert_eq!(opcodes.map(|name| stats.opcodes.get(name).copied()), [Some(3), Some(1), Some(1), None, Some(1)]);
}

#[test]
fn arithmetic_counts_lanes() {
    let stats = counted();
    // 2 * 32 + 4 * 32 + 3 * 32, eight lanes of the addition, 2 * 16^3.
    assert_eq!((stats.work.flops, stats.work.flops_issued), (288 + 8 + 8192, 288 + 32 + 8192));
    assert_eq!((stats.work.dot_ops, stats.work.dot_ops_issued), (256, 256));
    // 18 vector instructions, three with eight lanes.
    assert_eq!((stats.lanes_active, stats.lanes_issued, stats.partly_active, stats.idle), (504, 576, 3, 0));
    // Of 11: the transcendental one takes 4 clocks, the matrix product 32.
    assert_eq!((stats.valu_slots, stats.valu_clocks), (11, 9 + 4 + 32));
    assert!((stats.dual_share() - 1.0 / 11.0).abs() < 1e-12);
    let branches = stats.branches;
    assert_eq!((branches.conditional, branches.taken, branches.vector, branches.divergent), (2, 1, 2, 1));
}

#[test]
fn memory_counts_bytes_banks_and_lines() {
    let stats = counted();
    let lds = stats.lds;
    assert_eq!((lds.loads, lds.load_bytes, lds.stores, lds.store_bytes), (64, 640, 32, 128));
    assert_eq!((lds.atomics, lds.atomic_bytes), (32, 128));
    // In a row: 1 clock; all in one bank: 32; 16 bytes a lane in a row: 4; all on one dword, atomic: 32.
    let banks = stats.banks;
    assert_eq!((banks.instructions, banks.conflicting, banks.clocks, banks.conflict_clocks), (4, 2, 69, 62));
    let global = stats.global;
    assert_eq!((global.loads, global.load_bytes, global.stores, global.store_bytes), (64, 256, 32, 256));
    // In a row: 1 line of 1; 128 bytes apart: 32 of 1; 8 of 16 bytes: 4 of 2.
    assert_eq!((stats.lines.instructions, stats.lines.touched, stats.lines.needed), (3, 37, 4));
    assert_eq!((stats.scalar.loads, stats.scalar.load_bytes), (1, 8));
    assert_eq!(stats.scratch.loads, 0);
}

#[test]
fn a_dispatch_is_the_sum_of_its_workgroups() {
    let code = [
        0x3002_0083, // v_lshlrev_b32 v1, 3, v0
        0xd8dc_0100, // ds_load_2addr_b32 v[2:3], v1 offset1:1
        0x0200_0001, //
        0x0608_0702, // v_add_f32 v4, v2, v3
        0xbfb0_0000, // s_endpgm
    ];
    let program = Program::new(&code, 0x8000, Target::GFX1100_WAVE64);
    let memory = memory();
    let inputs = Inputs { mode: 0x3f0, ..Inputs::default() };
    let dispatch = Dispatch {
        program: &program,
        entry: 0,
        memory: &memory,
        chip: Chip::GFX1100,
        grid: Grid::new([3, 2, 1], [100, 1, 1]),
        inputs: &inputs,
        vgprs: 8,
        lds_bytes: 1024,
        scratch_bytes: 0,
        wgp_mode: false,
        limit: 1000,
    };
    let collector = Collector::default();
    dispatch.run(&collector).unwrap();
    let stats = collector.into_stats();
    assert_eq!((stats.groups, stats.instructions(), stats.class(Class::Valu)), (6, 6 * 8, 6 * 4));
    // Waves of 64 and of 36 lanes.
    assert_eq!((stats.lanes_active, stats.lanes_issued, stats.partly_active), (6 * 300, 6 * 384, 6 * 3));
    assert_eq!((stats.valu_slots, stats.work.flops, stats.work.flops_issued), (6 * 8, 600, 768));
    assert_eq!((stats.lds.loads, stats.lds.load_bytes), (6 * 200, 6 * 800));
    // 8 bytes apart, 32 lanes at once fall twice on every second bank: 2 clocks for each half of the wave and each of
    // the two addresses, 1 for the last four lanes.
    assert_eq!((stats.banks.clocks, stats.banks.conflict_clocks), (6 * (8 + 4 + 2), 6 * (4 + 2)));
    let mut twice = stats.clone();
    twice.merge(&stats);
    assert_eq!((twice.opcodes["v_add_f32"], twice.groups, twice.banks.instructions), (24, 12, 24));
}

#[test]
fn reports_name_what_they_count() {
    let stats = counted();
    let report = stats.to_json();
    assert_eq!(report["classes"]["lds_load"], json!(2));
    assert_eq!(report["opcodes"]["v_dual_mul_f32"], json!(1));
    assert_eq!(report["flops"], json!(8488));
    assert_eq!(report["lines"], json!({"instructions": 3, "touched": 37, "needed": 4}));
    let text = stats.to_string();
    assert!(text.contains("\n  lds_load                                 2  7.4 %\n"), "{text}");
    assert!(text.lines().all(|line| line.len() < 80), "{text}");
}

#[test]
fn occupancy_is_what_a_compiler_says() {
    // LLVM 19, "Occupancy" of empty kernels with so many VGPRs: steps at 96 and 120 with a granule of 24, at 64 and 80
    // with one of 16.
    let find = |name| Chip::find(name).unwrap();
    let of = |name, vgprs| {
        let occupancy = Occupancy::of(&find(name), WaveSize::Wave32, 32, vgprs, 0, false);
        (occupancy.waves_per_simd(), occupancy.limit)
    };
    assert_eq!(of("gfx1100", 96), (16.0, Limit::Waves));
    assert_eq!(of("gfx1100", 97), (12.0, Limit::Vgprs));
    assert_eq!(of("gfx1100", 121), (10.0, Limit::Vgprs));
    assert_eq!(of("gfx1100", 256), (5.0, Limit::Vgprs));
    assert_eq!(of("gfx1102", 64), (16.0, Limit::Waves));
    assert_eq!(of("gfx1102", 65), (12.0, Limit::Vgprs));
    assert_eq!(of("gfx1102", 256), (4.0, Limit::Vgprs));
    let chip = find("gfx1100");
    let lds = Occupancy::of(&chip, WaveSize::Wave32, 256, 32, 24 << 10, false);
    assert_eq!((lds.groups, lds.waves, lds.limit), (2, 16, Limit::Lds));
    let wgp = Occupancy::of(&chip, WaveSize::Wave32, 256, 32, 24 << 10, true);
    assert_eq!((wgp.groups, wgp.waves_per_simd(), wgp.limit), (5, 10.0, Limit::Lds));
    let none = Occupancy::of(&chip, WaveSize::Wave32, 1024, 256, 0, false);
    assert_eq!((none.waves, none.limit), (0, Limit::Impossible));
}
