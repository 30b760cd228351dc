//! Seeded fetches of what is no code, and what is none.
#![allow(clippy::unwrap_used)]

use super::{Group, Shared, fault};
use crate::sanitize::event::Event;
use crate::sanitize::race::bench::{CODE, Run, Tool, brief, hex, program};
use crate::sanitize::report::Sink;
use crate::shader::{PageTable, Permissions};

impl Tool for Group<'_> {
    fn before(&mut self, event: &Event<'_>, sink: &mut Sink) {
        Group::before(self, event, sink);
    }
}

/// Runs `words`, which lie at the start of a buffer of `bytes` if there are any.
fn found(
    words: &[u32],
    bytes: usize,
    permissions: Permissions,
    prefetch: u32,
) -> Vec<(&'static str, u64, Option<u32>, Option<u64>)> {
    let program = program(words);
    let mut memory = PageTable::default();
    if bytes != 0 {
        assert!(memory.map(CODE, &vec![0; bytes], permissions));
    }
    let shared = Shared::new(&program, &memory, 0, prefetch);
    let make = |group: &_, place: &_| Box::new(Group::new(&shared, group, place)) as Box<_>;
    let (reports, stop) = Run::new().watch(&program, &memory, make);
    let mut all = brief(&reports);
    if let Some(stop) = stop {
        let mut sink = Sink::default();
        if fault(&stop, &program, [0; 3], &mut sink) {
            all.extend(brief(&sink.found.sorted()));
        }
    }
    all
}

/// `s_endpgm`.
const END: &[u32] = &[0xbfb0_0000];

/// `s_nop 0` and `s_code_end`.
const CODE_END: &[u32] = &[0xbf80_0000, 0xbf9f_0000];

/// `s_nop 0` and what is no instruction.
const DATA: &[u32] = &[0xbf80_0000, 0xffff_ffff];

const AWAY: &[u32] = &[
    0xbf80_0000, // 0: s_nop 0
    0xbfa0_0064, // 1: s_branch 100
];

/// Goes back once, into the literal, which is a S_NOP.
const MIDDLE: &[u32] = &[
    0x7e02_02ff, // 0: v_mov_b32_e32 v1, 0xbf800001
    0xbf80_0001, //
    0x8005_8105, // 2: s_add_u32 s5, s5, 1
    0xbf0a_8205, // 3: s_cmp_lt_u32 s5, 2
    0xbfa2_fffc, // 4: s_cbranch_scc1 65532
    0xbfb0_0000, // 5: s_endpgm
];

#[test]
fn the_fetcher_runs_ahead() {
    // A line of 128 bytes and three behind it: what clang makes of a kernel that is one S_ENDPGM.
    assert_eq!(found(END, 512, Permissions::ALL, 0), []);
    assert_eq!(found(END, 508, Permissions::ALL, 0), [("fetch-ahead", 0, None, None)]);
    // Without a mapping the program is all there is.
    assert_eq!(found(END, 0, Permissions::ALL, 0), [("fetch-ahead", 0, None, None)]);
    // The last instruction is in the second line.
    let words: Vec<u32> = [[0xbf80_0000; 32].as_slice(), END].concat();
    assert_eq!(found(&words, 640, Permissions::ALL, 0), []);
    assert_eq!(found(&words, 636, Permissions::ALL, 0), [("fetch-ahead", 32, None, None)]);
}

#[test]
fn more_is_asked_for_at_the_start_than_there_is() {
    assert_eq!(found(END, 512, Permissions::ALL, 4), []);
    assert_eq!(found(END, 512, Permissions::ALL, 5), [("fetch-start", 0, None, None)]);
}

#[test]
fn code_must_be_executable() {
    assert_eq!(found(END, 512, Permissions::READ, 0), [("fetch-execute", 0, None, None)]);
}

#[test]
fn what_is_no_code_is_executed() {
    assert_eq!(found(CODE_END, 1024, Permissions::ALL, 0), [("fetch-code-end", 1, None, None)]);
    assert_eq!(found(DATA, 1024, Permissions::ALL, 0), [("fetch-illegal", 1, None, None)]);
    // Two dwords and a hundred.
    assert_eq!(found(AWAY, 1024, Permissions::ALL, 0), [("fetch-outside", 102, None, None)]);
}

#[test]
fn a_branch_into_an_instruction() {
    assert_eq!(found(MIDDLE, 1024, Permissions::ALL, 0), [("fetch-middle", 1, None, None)]);
    let mut whole = MIDDLE.to_vec();
    // s_cbranch_scc1 -5, to the start.
    whole[4] = 0xbfa2_fffb;
    assert_eq!(found(&whole, 1024, Permissions::ALL, 0), []);
}

/// What clang puts behind its code is enough: the last kernel of `tests/race/kernels.cl`, its first workgroup.
#[test]
fn compiled_code_is_clean() {
    let program = program(&hex(include_str!("../../../tests/race/kernels.hex")));
    let mut memory = PageTable::default();
    let arguments: Vec<u8> = [0x100_0000u64; 3].iter().flat_map(|va| va.to_le_bytes()).collect();
    assert!(memory.map(0x1000, &arguments, Permissions::READ));
    assert!(memory.map(0x100_0000, &[0; 4096], Permissions::ALL));
    let mut user = vec![0; 15];
    user[0] = 0x1000;
    let run = Run { entry: 0xb00 / 4, user, ..Run::new() };
    let shared = Shared::new(&program, &memory, run.entry, 0);
    let make = |group: &_, place: &_| Box::new(Group::new(&shared, group, place)) as Box<_>;
    let (reports, fault) = run.watch(&program, &memory, make);
    assert_eq!((brief(&reports), fault), (vec![], None));
}
