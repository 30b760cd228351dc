//! Seeded races and what is none.
#![allow(clippy::unwrap_used)]

use super::bench::{Run, Tool, brief, hex, memory, program, without};
use super::clock::Wait;
use super::{Group, Shared};
use crate::sanitize::event::Event;
use crate::sanitize::report::{Report, Sink};
use crate::shader::{MemoryAccess, PageTable, Permissions};

impl Tool for Group<'_> {
    fn before(&mut self, event: &Event<'_>, sink: &mut Sink) {
        Group::before(self, event, sink);
    }

    fn after(&mut self, event: &Event<'_>, accesses: &[MemoryAccess], sink: &mut Sink) {
        Group::after(self, event, accesses, sink);
    }

    fn barrier(&mut self) {
        Group::barrier(self);
    }
}

fn reports(run: &Run, words: &[u32], memory: &PageTable) -> Vec<Report> {
    let program = program(words);
    let shared = Shared::new(&program);
    let (reports, fault) = run.watch(&program, memory, |group, place| Box::new(Group::new(&shared, group, place)));
    assert_eq!(fault, None);
    reports
}

fn found(run: &Run, words: &[u32]) -> Vec<(&'static str, u64, Option<u32>, Option<u64>)> {
    brief(&reports(run, words, &memory()))
}

/// Every thread stores to LDS and loads what a thread of the other wave stored.
const LDS: &[u32] = &[
    0x3002_0082, // 0: v_lshlrev_b32_e32 v1, 2, v0
    0xd834_0000, // 1: ds_store_b32 v1, v0
    0x0000_0001, //
    0xbf89_fc07, // 3: s_waitcnt lgkmcnt(0)
    0xbfbd_0000, // 4: s_barrier
    0x3a04_02ff, // 5: v_xor_b32_e32 v2, 0x80, v1
    0x0000_0080, //
    0xd8d8_0000, // 7: ds_load_b32 v3, v2
    0x0300_0002, //
    0xbf89_fc07, // 9: s_waitcnt lgkmcnt(0)
    0xbfb0_0000, // 10: s_endpgm
];

/// Every wave stores a byte behind that of the wave before.
const BYTES: &[u32] = &[
    0x3202_0085, // 0: v_lshrrev_b32_e32 v1, 5, v0
    0xd878_0000, // 1: ds_store_b8 v1, v1
    0x0000_0101, //
    0xbfb0_0000, // 3: s_endpgm
];

/// Every wave stores two bytes, the second of which is the first of the next wave.
const HALVES: &[u32] = &[
    0x3202_0085, // 0: v_lshrrev_b32_e32 v1, 5, v0
    0xd87c_0000, // 1: ds_store_b16 v1, v1
    0x0000_0101, //
    0xbfb0_0000, // 3: s_endpgm
];

/// All workgroups store to the same place.
const SAME: &[u32] = &[
    0x3002_0082, // 0: v_lshlrev_b32_e32 v1, 2, v0
    0x7e04_0204, // 1: v_mov_b32_e32 v2, s4
    0xdc6a_0000, // 2: global_store_b32 v1, v2, s[0:1]
    0x0000_0201, //
    0xbfb0_0000, // 4: s_endpgm
];

/// Each workgroup stores to a place of its own.
const APART: &[u32] = &[
    0xd656_0001, // 0: v_lshl_or_b32 v1, s4, 5, v0
    0x0401_0a04, //
    0x3002_0282, // 2: v_lshlrev_b32_e32 v1, 2, v1
    0x7e04_0204, // 3: v_mov_b32_e32 v2, s4
    0xdc6a_0000, // 4: global_store_b32 v1, v2, s[0:1]
    0x0000_0201, //
    0xbfb0_0000, // 6: s_endpgm
];

/// The second workgroup reads by a scalar load what the first has stored.
const SCALAR: &[u32] = &[
    0xbf06_8004, // 0: s_cmp_eq_u32 s4, 0
    0xbfa1_0005, // 1: s_cbranch_scc0 5
    0x7e02_0280, // 2: v_mov_b32_e32 v1, 0
    0x7e04_0287, // 3: v_mov_b32_e32 v2, 7
    0xdc6a_0008, // 4: global_store_b32 v1, v2, s[0:1] offset:8
    0x0000_0201, //
    0xbfb0_0000, // 6: s_endpgm
    0xf404_0200, // 7: s_load_b64 s[8:9], s[0:1], 0x4
    0xf800_0004, //
    0xbfb0_0000, // 9: s_endpgm
];

/// All lanes store their number to one place.
const LANES: &[u32] = &[
    0x7e02_0280, // 0: v_mov_b32_e32 v1, 0
    0xdc6a_0000, // 1: global_store_b32 v1, v0, s[0:1]
    0x0000_0001, //
    0xbfb0_0000, // 3: s_endpgm
];

/// All lanes store the same to one place.
const ALIKE: &[u32] = &[
    0x7e02_0280, // 0: v_mov_b32_e32 v1, 0
    0xdc6a_0000, // 1: global_store_b32 v1, v1, s[0:1]
    0x0000_0101, //
    0xbfb0_0000, // 3: s_endpgm
];

/// Lanes store two dwords each to LDS, the second where the next lane's first goes.
const PAIRS: &[u32] = &[
    0x3002_0082, // 0: v_lshlrev_b32_e32 v1, 2, v0
    0x7e04_0285, // 1: v_mov_b32_e32 v2, 5
    0xd838_0100, // 2: ds_store_2addr_b32 v1, v2, v0 offset1:1
    0x0000_0201, //
    0xbfb0_0000, // 4: s_endpgm
];

/// A wave stores to memory what the other loads after the barrier.
const TEAM: &[u32] = &[
    0x3002_0082, // 0: v_lshlrev_b32_e32 v1, 2, v0
    0xdc6a_0000, // 1: global_store_b32 v1, v0, s[0:1]
    0x0000_0001, //
    0xbc7c_0000, // 3: s_waitcnt_vscnt null, 0x0
    0xbfbd_0000, // 4: s_barrier
    0xe0ac_0000, // 5: buffer_gl0_inv
    0x0000_0000, //
    0x3a04_02ff, // 7: v_xor_b32_e32 v2, 0x80, v1
    0x0000_0080, //
    0xdc52_0000, // 9: global_load_b32 v3, v2, s[0:1]
    0x0300_0002, //
    0xbf89_03f7, // 11: s_waitcnt vmcnt(0)
    0xbfb0_0000, // 12: s_endpgm
];

/// A byte is stored to a counter that the other workgroups add to.
const NARROW: &[u32] = &[
    0x7e02_0280, // 0: v_mov_b32_e32 v1, 0
    0xbf06_8004, // 1: s_cmp_eq_u32 s4, 0
    0xbfa1_0003, // 2: s_cbranch_scc0 3
    0xdc62_0001, // 3: global_store_b8 v1, v1, s[0:1] offset:1
    0x0000_0101, //
    0xbfb0_0000, // 5: s_endpgm
    0x7e04_0281, // 6: v_mov_b32_e32 v2, 1
    0xdcd6_0000, // 7: global_atomic_add_u32 v1, v2, s[0:1]
    0x0000_0201, //
    0xbfb0_0000, // 9: s_endpgm
];

/// All workgroups add to a counter.
const COUNT: &[u32] = &[
    0x7e02_0280, // 0: v_mov_b32_e32 v1, 0
    0x7e04_0281, // 1: v_mov_b32_e32 v2, 1
    0xdcd6_0000, // 2: global_atomic_add_u32 v1, v2, s[0:1]
    0x0000_0201, //
    0xbfb0_0000, // 4: s_endpgm
];

/// The first workgroup stores data behind a release; the second takes the flag and loads them.
const FLAG: &[u32] = &[
    0x3002_0082, // 0: v_lshlrev_b32_e32 v1, 2, v0
    0x7e04_0280, // 1: v_mov_b32_e32 v2, 0
    0x7e06_0281, // 2: v_mov_b32_e32 v3, 1
    0xbf06_8004, // 3: s_cmp_eq_u32 s4, 0
    0xbfa1_0008, // 4: s_cbranch_scc0 8
    0xdc6a_0040, // 5: global_store_b32 v1, v0, s[0:1] offset:64
    0x0000_0001, //
    0xbf89_0007, // 7: s_waitcnt vmcnt(0) lgkmcnt(0)
    0xbc7c_0000, // 8: s_waitcnt_vscnt null, 0x0
    0xdcd6_0000, // 9: global_atomic_add_u32 v2, v3, s[0:1]
    0x0000_0302, //
    0xbfb0_0000, // 11: s_endpgm
    0xbf80_0000, // 12: s_nop 0
    0xdcd6_4000, // 13: global_atomic_add_u32 v4, v2, v3, s[0:1] glc
    0x0400_0302, //
    0xbf89_03f7, // 15: s_waitcnt vmcnt(0)
    0xe0b0_0000, // 16: buffer_gl1_inv
    0x0000_0000, //
    0xe0ac_0000, // 18: buffer_gl0_inv
    0x0000_0000, //
    0xdc52_0040, // 20: global_load_b32 v5, v1, s[0:1] offset:64
    0x0500_0001, //
    0xbfb0_0000, // 22: s_endpgm
];

/// As FLAG, but the second workgroup stores, which needs no invalidate.
const STORES: &[u32] = &[
    0x3002_0082, // 0: v_lshlrev_b32_e32 v1, 2, v0
    0x7e04_0280, // 1: v_mov_b32_e32 v2, 0
    0x7e06_0281, // 2: v_mov_b32_e32 v3, 1
    0xbf06_8004, // 3: s_cmp_eq_u32 s4, 0
    0xbfa1_0008, // 4: s_cbranch_scc0 8
    0xdc6a_0040, // 5: global_store_b32 v1, v0, s[0:1] offset:64
    0x0000_0001, //
    0xbf89_0007, // 7: s_waitcnt vmcnt(0) lgkmcnt(0)
    0xbc7c_0000, // 8: s_waitcnt_vscnt null, 0x0
    0xdcd6_0000, // 9: global_atomic_add_u32 v2, v3, s[0:1]
    0x0000_0302, //
    0xbfb0_0000, // 11: s_endpgm
    0xbf80_0000, // 12: s_nop 0
    0xdcd6_4000, // 13: global_atomic_add_u32 v4, v2, v3, s[0:1] glc
    0x0400_0302, //
    0xbf89_03f7, // 15: s_waitcnt vmcnt(0)
    0xdc6a_0040, // 16: global_store_b32 v1, v0, s[0:1] offset:64
    0x0000_0001, //
    0xbfb0_0000, // 18: s_endpgm
];

/// Two stores, of which one alone is waited for.
const PARTIAL: &[u32] = &[
    0x3002_0082, // 0: v_lshlrev_b32_e32 v1, 2, v0
    0xbf80_0000, // 1: s_nop 0
    0xbf80_0000, // 2: s_nop 0
    0xd834_0000, // 3: ds_store_b32 v1, v0
    0x0000_0001, //
    0xd834_0200, // 5: ds_store_b32 v1, v0 offset:512
    0x0000_0001, //
    0xbf89_fc17, // 7: s_waitcnt lgkmcnt(1)
    0xbfbd_0000, // 8: s_barrier
    0x3a04_02ff, // 9: v_xor_b32_e32 v2, 0x80, v1
    0x0000_0080, //
    0xd8d8_0000, // 11: ds_load_b32 v3, v2
    0x0300_0002, //
    0xd8d8_0200, // 13: ds_load_b32 v4, v2 offset:512
    0x0400_0002, //
    0xbfb0_0000, // 15: s_endpgm
];

/// The same with a scalar load under way, beside which counts say nothing.
const SCALAR_TOO: &[u32] = &[
    0x3002_0082, // 0: v_lshlrev_b32_e32 v1, 2, v0
    0xf400_0200, // 1: s_load_b32 s8, s[0:1], null
    0xf800_0000, //
    0xd834_0000, // 3: ds_store_b32 v1, v0
    0x0000_0001, //
    0xd834_0200, // 5: ds_store_b32 v1, v0 offset:512
    0x0000_0001, //
    0xbf89_fc17, // 7: s_waitcnt lgkmcnt(1)
    0xbfbd_0000, // 8: s_barrier
    0x3a04_02ff, // 9: v_xor_b32_e32 v2, 0x80, v1
    0x0000_0080, //
    0xd8d8_0000, // 11: ds_load_b32 v3, v2
    0x0300_0002, //
    0xd8d8_0200, // 13: ds_load_b32 v4, v2 offset:512
    0x0400_0002, //
    0xbfb0_0000, // 15: s_endpgm
];

#[test]
fn lds_without_a_barrier() {
    let run = Run::threads(64);
    // The first wave loads what the second then stores, and the second loads what the first has stored.
    let want = [("race-lds", 1, Some(0), Some(7)), ("race-lds", 7, Some(0), Some(1))];
    assert_eq!(found(&run, &without(LDS, &[4])), want);
    let all = reports(&run, &without(LDS, &[4]), &memory());
    assert_eq!((all[0].site.wave, all[0].count), (1, 32));
    assert_eq!(found(&run, LDS), []);
    // One wave alone is in order.
    assert_eq!(found(&Run::threads(32), &without(LDS, &[4])), []);
}

#[test]
fn lds_with_a_barrier_and_no_wait() {
    let want = [("race-lds-wait", 7, Some(0), Some(1))];
    assert_eq!(found(&Run::threads(64), &without(LDS, &[3])), want);
    // In CU mode it is enough that LDS has taken the store; `s_waitcnt_depctr depctr_vm_vsrc(0)`, as llvm-mc 19 has it.
    let mut code = LDS.to_vec();
    code[3] = 0xbf88_ffe3;
    assert_eq!(found(&Run::threads(64), &code), []);
    assert_eq!(found(&Run { wgp_mode: true, ..Run::threads(64) }, &code), want);
    // vm_vsrc(1)
    code[3] = 0xbf88_ffe7;
    assert_eq!(found(&Run::threads(64), &code), want);
}

#[test]
fn a_wait_for_some_covers_those_that_are_first() {
    let run = Run::threads(64);
    assert_eq!(found(&run, PARTIAL), [("race-lds-wait", 13, Some(0), Some(5))]);
    let want = [("race-lds-wait", 11, Some(0), Some(3)), ("race-lds-wait", 13, Some(0), Some(5))];
    assert_eq!(found(&run, SCALAR_TOO), want);
}

/// Words of llvm-mc 19 for one counter each.
#[test]
fn waits_are_taken_apart() {
    assert_eq!(Wait::of(0x03f7), Wait { loads: 0, lgkm: 63, ..Wait::NONE });
    assert_eq!(Wait::of(0xfc07), Wait { loads: 63, lgkm: 0, ..Wait::NONE });
    assert_eq!(Wait::of(0xfc17), Wait { loads: 63, lgkm: 1, ..Wait::NONE });
}

#[test]
fn bytes_are_told_apart() {
    assert_eq!(found(&Run::threads(128), BYTES), []);
    assert_eq!(found(&Run::threads(128), HALVES), [("race-lds", 1, Some(0), Some(1))]);
}

#[test]
fn workgroups_store_to_one_place() {
    assert_eq!(found(&Run::groups(2), SAME), [("race-global", 2, Some(0), Some(2))]);
    let all = reports(&Run::groups(2), SAME, &memory());
    assert_eq!((all[0].site.group, all[0].count), ([1, 0, 0], 32));
    assert_eq!(found(&Run::groups(2), APART), []);
}

#[test]
fn a_scalar_load_races_too() {
    assert_eq!(found(&Run::groups(2), SCALAR), [("race-global", 7, Some(0), Some(4))]);
    assert_eq!(found(&Run::groups(1), SCALAR), []);
}

#[test]
fn lanes_of_one_store() {
    let all = found(&Run::new(), LANES);
    assert_eq!(all, [("race-lanes", 1, Some(1), None)]);
    assert_eq!(found(&Run::new(), ALIKE), []);
    // Lane 0 stores 5 and 0; the 0 goes where lane 1 stores 5.
    assert_eq!(found(&Run::new(), PAIRS), [("race-lanes", 2, Some(1), None)]);
}

#[test]
fn waves_of_a_workgroup_through_memory() {
    let wgp = Run { wgp_mode: true, ..Run::threads(64) };
    assert_eq!(found(&wgp, TEAM), []);
    assert_eq!(found(&wgp, &without(TEAM, &[3])), [("race-release", 9, Some(0), Some(1))]);
    assert_eq!(found(&wgp, &without(TEAM, &[5, 6])), [("race-acquire", 9, Some(0), Some(1))]);
    // On one compute unit neither is needed, but the barrier is.
    let cu = Run::threads(64);
    assert_eq!(found(&cu, &without(TEAM, &[3, 5, 6])), []);
    let want = [("race-global", 1, Some(0), Some(9)), ("race-global", 9, Some(0), Some(1))];
    assert_eq!(found(&cu, &without(TEAM, &[4])), want);
}

#[test]
fn atomics_do_not_race_with_each_other() {
    assert_eq!(found(&Run::groups(4), COUNT), []);
    assert_eq!(found(&Run::groups(2), NARROW), [("race-global", 7, Some(0), Some(3))]);
}

#[test]
fn a_release_and_an_acquire_take_their_waits() {
    let run = Run::groups(2);
    assert_eq!(found(&run, FLAG), []);
    assert_eq!(found(&run, &without(FLAG, &[8])), [("race-release", 20, Some(0), Some(5))]);
    assert_eq!(found(&run, &without(FLAG, &[15])), [("race-acquire", 20, Some(0), Some(5))]);
    assert_eq!(found(&run, &without(FLAG, &[16, 17])), [("race-acquire", 20, Some(0), Some(5))]);
    assert_eq!(found(&run, &without(FLAG, &[18, 19])), [("race-acquire", 20, Some(0), Some(5))]);
    assert_eq!(found(&run, STORES), []);
    assert_eq!(found(&run, &without(STORES, &[15])), [("race-acquire", 16, Some(0), Some(5))]);
}

/// `tests/race/kernels.hex` is made of `kernels.cl` there by the command that `basic.cl` names, and has the same
/// descriptors. Byte offsets are those of its symbol table.
const KERNELS: &str = include_str!("../../../tests/race/kernels.hex");
const REDUCE: usize = 0;
const TURNS: usize = 0x300;
const LAST: usize = 0x500;
const LOCK: usize = 0x700;
const TICKET: usize = 0x800;
const WAVES: usize = 0x900;
const PASS: usize = 0xb00;

const KERNARG: u64 = 0x1000;

/// Runs a kernel with a buffer of 4 KiB for each of `buffers` and then `scalar`, with `S_NOP` in the bytes `gone`.
fn kernel(entry: usize, groups: u32, threads: u32, buffers: u32, scalar: u32, gone: &[usize]) -> Vec<Report> {
    let mut table = PageTable::default();
    let mut arguments = Vec::new();
    for number in 0..u64::from(buffers) {
        let va = 0x100_0000 * (number + 1);
        assert!(table.map(va, &[0; 4096], Permissions::ALL));
        arguments.extend(va.to_le_bytes());
    }
    arguments.extend(scalar.to_le_bytes());
    assert!(table.map(KERNARG, &arguments, Permissions::ALL));
    let gone: Vec<usize> = gone.iter().map(|byte| byte / 4).collect();
    let mut user = vec![0; 15];
    user[0] = KERNARG as u32;
    let run = Run { entry: entry / 4, groups, threads, user, wgp_mode: true, ..Run::new() };
    let words = without(&hex(KERNELS), &gone);
    reports(&run, &words, &table)
}

/// The rules that are broken, and the byte of the instruction that breaks each.
fn rules(reports: &[Report]) -> Vec<(&'static str, u64)> {
    brief(reports).into_iter().map(|(rule, at, ..)| (rule, at * 4)).collect()
}

#[test]
fn compiled_code_is_clean() {
    assert_eq!(brief(&kernel(REDUCE, 3, 128, 2, 0, &[])), []);
    assert_eq!(brief(&kernel(TURNS, 3, 128, 2, 5, &[])), []);
    assert_eq!(brief(&kernel(LAST, 5, 64, 4, 5, &[])), []);
    assert_eq!(brief(&kernel(LOCK, 6, 32, 2, 0, &[])), []);
    assert_eq!(brief(&kernel(TICKET, 6, 32, 3, 0, &[])), []);
    assert_eq!(brief(&kernel(WAVES, 2, 128, 2, 0, &[])), []);
    assert_eq!(brief(&kernel(PASS, 4, 32, 3, 0, &[])), []);
}

#[test]
fn compiled_code_without_a_barrier() {
    // The second barrier of the reduction: the second wave stores what the first has loaded.
    let all = kernel(REDUCE, 1, 128, 2, 0, &[0x94]);
    assert_eq!(brief(&all), [("race-lds", 0x7c / 4, Some(0), Some(0xa8 / 4))]);
    let all = rules(&kernel(REDUCE, 1, 128, 2, 0, &[0x90]));
    assert_eq!(all, [("race-lds-wait", 0xa8)]);
    let all = rules(&kernel(TURNS, 1, 128, 2, 5, &[0x38c]));
    assert!(all.contains(&("race-lds", 0x3cc)), "{all:?}");
}

#[test]
fn compiled_code_without_a_wait_or_an_invalidate() {
    // The last workgroup loads what the others stored; its own part it has through the barrier's invalidate.
    assert_eq!(rules(&kernel(LAST, 5, 64, 4, 5, &[0x568])), [("race-release", 0x664)]);
    assert_eq!(rules(&kernel(LAST, 5, 64, 4, 5, &[0x5b8, 0x5bc])), [("race-acquire", 0x664)]);
    assert_eq!(rules(&kernel(LAST, 5, 64, 4, 5, &[0x608, 0x60c])), [("race-acquire", 0x664)]);
    assert_eq!(rules(&kernel(LOCK, 6, 32, 2, 0, &[0x780])), [("race-release", 0x75c), ("race-release", 0x778)]);
    assert_eq!(rules(&kernel(LOCK, 6, 32, 2, 0, &[0x730, 0x734])), [("race-acquire", 0x75c)]);
    assert_eq!(rules(&kernel(LOCK, 6, 32, 2, 0, &[0x738, 0x73c])), [("race-acquire", 0x75c)]);
    assert_eq!(rules(&kernel(TICKET, 6, 32, 3, 0, &[0x8d4])), [("race-release", 0x8b4), ("race-release", 0x8cc)]);
    assert_eq!(rules(&kernel(TICKET, 6, 32, 3, 0, &[0x884, 0x888])), [("race-acquire", 0x8b4)]);
    assert_eq!(rules(&kernel(PASS, 4, 32, 3, 0, &[0xbb0])), [("race-release", 0xb50)]);
    assert_eq!(rules(&kernel(PASS, 4, 32, 3, 0, &[0xb40, 0xb44])), [("race-acquire", 0xb50)]);
}

#[test]
fn compiled_code_without_its_lock_in_lds() {
    let all = rules(&kernel(WAVES, 2, 128, 2, 0, &[0x95c, 0x960]));
    assert!(all.contains(&("race-lds", 0x9b8)), "{all:?}");
}
