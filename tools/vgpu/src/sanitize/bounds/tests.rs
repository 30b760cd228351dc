//! Seeded accesses out of bounds, and what is none.
#![allow(clippy::unwrap_used)]

use super::{Group, Shared, fault};
use crate::sanitize::race::bench::{NEXT, OUT, Run, brief, memory, program, tool};
use crate::sanitize::report::Sink;
use crate::shader::{PageTable, Permissions};

tool!(Group<'_>);

fn found_in(run: &Run, words: &[u32], memory: &PageTable) -> Vec<(&'static str, u64, Option<u32>, Option<u64>)> {
    let program = program(words);
    let shared = Shared::new(memory);
    let make = |group: &_, place: &_| Box::new(Group::new(&shared, group, place)) as Box<_>;
    let (reports, stop) = run.watch(&program, memory, make);
    let mut all = brief(&reports);
    if let Some(stop) = stop {
        let mut sink = Sink::default();
        assert!(fault(&stop, &program, [0; 3], &mut sink), "{stop}");
        all.extend(brief(&sink.found.sorted()));
    }
    all
}

fn found(words: &[u32]) -> Vec<(&'static str, u64, Option<u32>, Option<u64>)> {
    found_in(&Run::new(), words, &memory())
}

/// With a descriptor whose last dword is `flags`, and the scalar offset.
fn buffer(words: &[u32], flags: u32, soffset: u32) -> Vec<(&'static str, u64, Option<u32>, Option<u64>)> {
    found_in(&Run { user: vec![OUT as u32, 0, flags, soffset], ..Run::new() }, words, &memory())
}

/// FORMAT 22 (32_FLOAT), OOB_SELECT 3 (raw). Source: Mesa `ac_descriptors.c`, `ac_build_raw_buffer_descriptor`.
const RAW: u32 = 0x3001_6fac;

const LDS: &[u32] = &[
    0xd8d8_03fc, // 0: ds_load_b32 v1, v0 offset:1020
    0x0100_0000, //
    0xbfb0_0000, // 2: s_endpgm
];

const LDS_INSIDE: &[u32] = &[
    0xd8d8_03dd, // 0: ds_load_b32 v1, v0 offset:989
    0x0100_0000, //
    0xbfb0_0000, // 2: s_endpgm
];

const OBJECT: &[u32] = &[
    0x7e02_02ff, // 0: v_mov_b32_e32 v1, 0x1000
    0x0000_1000, //
    0xdc6a_0000, // 2: global_store_b32 v1, v1, s[0:1]
    0x0000_0101, //
    0xbfb0_0000, // 4: s_endpgm
];

const OBJECT_INSIDE: &[u32] = &[
    0x7e02_02ff, // 0: v_mov_b32_e32 v1, 0xffc
    0x0000_0ffc, //
    0xdc6a_0000, // 2: global_store_b32 v1, v1, s[0:1]
    0x0000_0101, //
    0xbfb0_0000, // 4: s_endpgm
];

/// The base is overwritten by what is loaded.
const SCALAR_OBJECT: &[u32] = &[
    0xf404_0000, // 0: s_load_b64 s[0:1], s[0:1], 0x1000
    0xf800_1000, //
    0xbfb0_0000, // 2: s_endpgm
];

const SCALAR_ALIGN: &[u32] = &[
    0xf400_0200, // 0: s_load_b32 s8, s[0:1], 0x2
    0xf800_0002, //
    0xf400_0200, // 2: s_load_b32 s8, s[0:1], 0x4
    0xf800_0004, //
    0xbfb0_0000, // 4: s_endpgm
];

/// A raw buffer of 64 bytes; its last dword is in s2.
const BUFFER: &[u32] = &[
    0xbe88_0000, // 0: s_mov_b32 s8, s0
    0xbe89_0080, // 1: s_mov_b32 s9, 0
    0xbe8a_00c0, // 2: s_mov_b32 s10, 64
    0xbe8b_0002, // 3: s_mov_b32 s11, s2
    0xe050_0000, // 4: buffer_load_b32 v1, v0, s[8:11], 0 offen
    0x8042_0100, //
    0xbfb0_0000, // 6: s_endpgm
];

const SOFFSET: &[u32] = &[
    0xbe88_0000, // 0: s_mov_b32 s8, s0
    0xbe89_0080, // 1: s_mov_b32 s9, 0
    0xbe8a_00c0, // 2: s_mov_b32 s10, 64
    0xbe8b_0002, // 3: s_mov_b32 s11, s2
    0xbe8c_0003, // 4: s_mov_b32 s12, s3
    0xe050_0000, // 5: buffer_load_b32 v1, v0, s[8:11], s12 offen
    0x0c42_0100, //
    0xbfb0_0000, // 7: s_endpgm
];

/// The offset of lane 0 is 33 below 2^32, that of lane 31 two.
const WRAP: &[u32] = &[
    0xbe88_0000, // 0: s_mov_b32 s8, s0
    0xbe89_0080, // 1: s_mov_b32 s9, 0
    0xbe8a_00c0, // 2: s_mov_b32 s10, 64
    0xbe8b_0002, // 3: s_mov_b32 s11, s2
    0xd526_0001, // 4: v_sub_nc_u32_e64 v1, v0, 33
    0x0001_4300, //
    0xe050_0004, // 6: buffer_load_b32 v1, v1, s[8:11], 0 offen offset:4
    0x8042_0101, //
    0xbfb0_0000, // 8: s_endpgm
];

const UNMAPPED: &[u32] = &[
    0x7e02_0280, // 0: v_mov_b32_e32 v1, 0
    0xdc52_1ffc, // 1: global_load_b32 v2, v1, s[0:1] offset:-4
    0x0200_0001, //
    0xbfb0_0000, // 3: s_endpgm
];

const PAST_END: &[u32] = &[
    0x7e02_02ff, // 0: v_mov_b32_e32 v1, 0xffc
    0x0000_0ffc, //
    0xdc56_0000, // 2: global_load_b64 v[2:3], v1, s[2:3]
    0x0202_0001, //
    0xbfb0_0000, // 4: s_endpgm
];

const STORE: &[u32] = &[
    0x7e02_0280, // 0: v_mov_b32_e32 v1, 0
    0xdc6a_0000, // 1: global_store_b32 v1, v1, s[0:1]
    0x0000_0101, //
    0xbfb0_0000, // 3: s_endpgm
];

const MISALIGNED: &[u32] = &[
    0x7e02_0282, // 0: v_mov_b32_e32 v1, 2
    0xdcd6_0000, // 1: global_atomic_add_u32 v1, v0, s[0:1]
    0x0000_0001, //
    0xbfb0_0000, // 3: s_endpgm
];

const SCRATCH: &[u32] = &[
    0xdc69_0040, // 0: scratch_store_b32 off, v0, off offset:64
    0x007c_0000, //
    0xbfb0_0000, // 2: s_endpgm
];

#[test]
fn lds_beyond_the_workgroups() {
    assert_eq!(found(LDS), [("bounds-lds", 0, Some(1), None)]);
    assert_eq!(found(LDS_INSIDE), []);
}

#[test]
fn another_buffer_than_the_bases() {
    assert_eq!(NEXT, OUT + 0x1000);
    assert_eq!(found(OBJECT), [("bounds-object", 2, Some(0), None)]);
    assert_eq!(found(OBJECT_INSIDE), []);
    assert_eq!(found(SCALAR_OBJECT), [("bounds-object", 0, Some(0), None)]);
    // A base that is in no buffer belongs to none.
    let run = Run { user: vec![OUT as u32 - 0x1000, 0, 0, 0], ..Run::new() };
    assert_eq!(found_in(&run, OBJECT, &memory()), []);
}

#[test]
fn scalar_loads_drop_two_bits() {
    assert_eq!(found(SCALAR_ALIGN), [("bounds-scalar-align", 0, None, None)]);
}

#[test]
fn descriptors_and_offsets_that_mean_nothing() {
    assert_eq!(buffer(BUFFER, RAW, 0), []);
    assert_eq!(buffer(BUFFER, RAW & !0x0003_f000, 0), [("bounds-format", 4, None, None)]);
    assert_eq!(buffer(BUFFER, RAW | 0x4000_0000, 0), [("bounds-type", 4, None, None)]);
    assert_eq!(buffer(SOFFSET, RAW, 64), []);
    assert_eq!(buffer(SOFFSET, RAW, 68), [("bounds-soffset", 5, None, None)]);
    assert_eq!(buffer(WRAP, RAW, 0), [("bounds-wrap", 6, Some(29), None)]);
}

#[test]
fn faults_are_reported() {
    assert_eq!(found(UNMAPPED), [("bounds-unmapped", 1, None, None)]);
    assert_eq!(found(PAST_END), [("bounds-past-end", 2, None, None)]);
    assert_eq!(found(MISALIGNED), [("bounds-misaligned", 1, None, None)]);
    assert_eq!(found(STORE), []);
    let mut sealed = PageTable::default();
    assert!(sealed.map(OUT, &[0; 64], Permissions::READ));
    assert_eq!(found_in(&Run::new(), STORE, &sealed), [("bounds-denied", 1, None, None)]);
    let scratch = |bytes| found_in(&Run { scratch_bytes: bytes, ..Run::new() }, SCRATCH, &memory());
    assert_eq!(scratch(64), [("bounds-scratch", 0, None, None)]);
    assert_eq!(scratch(68), []);
}
