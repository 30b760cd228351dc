//! Seeded uses of what was not asked for, and what is none.
#![allow(clippy::unwrap_used)]

use sparkle_rdna3::{Target, WaveSize};

use super::{Allocation, Group, Shared};
use crate::sanitize::race::bench::{CODE, Run, brief, hex, memory, program, tool};
use crate::shader::{Chip, Program};

tool!(Group<'_>);

fn found(run: &Run, words: &[u32], allocation: Allocation) -> Vec<(&'static str, u64, Option<u32>, Option<u64>)> {
    let program = Program::new(words, CODE, run.target);
    let shared = Shared::new(&program, allocation);
    let make = |group: &_, place: &_| Box::new(Group::new(&shared, group, place)) as Box<_>;
    let (reports, fault) = run.watch(&program, &memory(), make);
    assert_eq!(fault, None);
    brief(&reports)
}

/// 20 VGPRs, of which the chip makes 24, and so much LDS and scratch.
fn given(lds_bytes: u32, scratch_bytes: u32) -> Allocation {
    Allocation::new(Chip::GFX1100, WaveSize::Wave32, 20, lds_bytes, scratch_bytes)
}

const VGPRS: &[u32] = &[
    0x7e26_0280, // 0: v_mov_b32_e32 v19, 0
    0x7e2e_0280, // 1: v_mov_b32_e32 v23, 0
    0x7e30_0280, // 2: v_mov_b32_e32 v24, 0
    0xbfb0_0000, // 3: s_endpgm
];

/// A tuple that begins below the limit.
const PAIR: &[u32] = &[
    0x7e00_0280, // 0: v_mov_b32_e32 v0, 0
    0xdc56_0000, // 1: global_load_b64 v[23:24], v0, s[0:1]
    0x1700_0000, //
    0xbfb0_0000, // 3: s_endpgm
];

const TTMP: &[u32] = &[
    0xbeec_0080, // 0: s_mov_b32 ttmp0, 0
    0xbfb0_0000, // 1: s_endpgm
];

const LDS: &[u32] = &[
    0x3002_0082, // 0: v_lshlrev_b32_e32 v1, 2, v0
    0xd834_0000, // 1: ds_store_b32 v1, v0
    0x0000_0001, //
    0xbfb0_0000, // 3: s_endpgm
];

const SCRATCH: &[u32] = &[
    0xdc69_0000, // 0: scratch_store_b32 off, v0, off
    0x007c_0000, //
    0xbfb0_0000, // 2: s_endpgm
];

const DEALLOC: &[u32] = &[
    0xbf80_0000, // 0: s_nop 0
    0xbfb6_0003, // 1: s_sendmsg sendmsg(MSG_DEALLOC_VGPRS)
    0x7e02_0280, // 2: v_mov_b32_e32 v1, 0
    0xbfb0_0000, // 3: s_endpgm
];

const KEPT: &[u32] = &[
    0x7e02_0280, // 0: v_mov_b32_e32 v1, 0
    0xbf80_0000, // 1: s_nop 0
    0xbfb6_0003, // 2: s_sendmsg sendmsg(MSG_DEALLOC_VGPRS)
    0xbfb0_0000, // 3: s_endpgm
];

/// `s_mov_b64 s[1:2], 0`, which assemblers refuse, and `s_mov_b64 s[2:3], 0`.
const ODD: &[u32] = &[
    0xbe81_0180, // 0: s_mov_b64
    0xbe82_0180, // 1: s_mov_b64 s[2:3], 0
    0xbfb0_0000, // 2: s_endpgm
];

#[test]
fn registers_beyond_those_given() {
    let want = [("descriptor-vgpr-granule", 1, None, None), ("descriptor-vgpr", 2, None, None)];
    assert_eq!(found(&Run::new(), VGPRS, given(0, 0)), want);
    assert_eq!(found(&Run::new(), PAIR, given(0, 0)), [("descriptor-vgpr", 1, None, None)]);
    let enough = Allocation::new(Chip::GFX1100, WaveSize::Wave32, 25, 0, 0);
    assert_eq!(found(&Run::new(), VGPRS, enough), []);
    assert_eq!(found(&Run::new(), PAIR, enough), []);
    // In wave64 half as many are given at a time; 24 too.
    let wide = Run { target: Target::GFX1100_WAVE64, threads: 64, ..Run::new() };
    let given = Allocation::new(Chip::GFX1100, WaveSize::Wave64, 13, 0, 0);
    let want = [
        ("descriptor-vgpr-granule", 0, None, None),
        ("descriptor-vgpr-granule", 1, None, None),
        ("descriptor-vgpr", 2, None, None),
    ];
    assert_eq!(found(&wide, VGPRS, given), want);
}

#[test]
fn granules_are_those_of_the_chip() {
    let given = |chip: &str, wave, vgprs| Allocation::new(Chip::find(chip).unwrap(), wave, vgprs, 1, 0).vgprs_given;
    assert_eq!(given("gfx1100", WaveSize::Wave32, 97), 120);
    assert_eq!(given("gfx1100", WaveSize::Wave64, 97), 108);
    assert_eq!(given("gfx1102", WaveSize::Wave32, 97), 112);
    assert_eq!(given("gfx1102", WaveSize::Wave64, 97), 104);
    assert_eq!(given("gfx1100", WaveSize::Wave32, 256), 256);
    // A kernel of 16 by 16 threads with 1088 bytes of LDS, as clang 19 and the launcher make its registers.
    let found = Allocation::of_registers(Chip::GFX1100, WaveSize::Wave32, 0x60af_0080, 0x0001_889e, 64);
    let want = Allocation { vgprs: 8, vgprs_given: 24, lds_bytes: 1536, lds_given: 2048, scratch_bytes: 0 };
    assert_eq!(found, want);
    let found = Allocation::of_registers(Chip::GFX1100, WaveSize::Wave64, 0x60ac_0024, 0x8d, 64);
    assert_eq!((found.vgprs, found.vgprs_given, found.scratch_bytes), (148, 156, 64));
}

#[test]
fn scalar_registers_that_nobody_has() {
    assert_eq!(found(&Run::new(), ODD, given(0, 0)), [("descriptor-sgpr-align", 0, None, None)]);
    assert_eq!(found(&Run::new(), TTMP, given(0, 0)), [("descriptor-ttmp", 0, None, None)]);
}

#[test]
fn memory_that_was_not_asked_for() {
    assert_eq!(found(&Run::new(), LDS, given(0, 0)), [("descriptor-lds", 1, Some(0), None)]);
    assert_eq!(found(&Run::new(), LDS, given(100, 0)), [("descriptor-lds-granule", 1, Some(25), None)]);
    assert_eq!(found(&Run::new(), LDS, given(128, 0)), []);
    let scratch = Run { scratch_bytes: 64, ..Run::new() };
    assert_eq!(found(&scratch, SCRATCH, given(0, 0)), [("descriptor-scratch", 0, None, None)]);
    assert_eq!(found(&scratch, SCRATCH, given(0, 64)), []);
}

#[test]
fn registers_given_back() {
    assert_eq!(found(&Run::new(), DEALLOC, given(0, 0)), [("descriptor-dealloc", 2, None, None)]);
    assert_eq!(found(&Run::new(), KEPT, given(0, 0)), []);
}

/// The reduction of `tests/race/kernels.cl`, which asks for 4 VGPRs and 512 bytes.
#[test]
fn compiled_code_is_clean() {
    let words = hex(include_str!("../../../tests/race/kernels.hex"));
    let mut table = crate::shader::PageTable::default();
    let arguments: Vec<u8> = [0x100_0000u64, 0x200_0000].iter().flat_map(|va| va.to_le_bytes()).collect();
    for (va, bytes) in [(0x1000, &arguments[..]), (0x100_0000, &[0; 4096]), (0x200_0000, &[0; 4096])] {
        assert!(table.map(va, bytes, crate::shader::Permissions::ALL));
    }
    let mut user = vec![0; 15];
    user[0] = 0x1000;
    let run = Run { threads: 128, user, ..Run::new() };
    let program = program(&words);
    let shared = Shared::new(&program, Allocation::new(Chip::GFX1100, WaveSize::Wave32, 4, 512, 0));
    let make = |group: &_, place: &_| Box::new(Group::new(&shared, group, place)) as Box<_>;
    let (reports, fault) = run.watch(&program, &table, make);
    assert_eq!((brief(&reports), fault), (vec![], None));
}
