//! Packets of the copy engine, encoded by hand from Linux `sdma_v6_0_0_pkt_open.h`.
#![allow(clippy::unwrap_used)]

use std::sync::atomic::{AtomicBool, Ordering};

use proptest::prelude::*;
use sparkle_vgpu::cp::{DeviceState, Ib, Job, Limits, Outcome, Watch};
use sparkle_vgpu::dma::execute;
use sparkle_vgpu::shader::{Chip, GlobalMemory as _, PageTable, Permissions};

const CODE: u64 = 0x1_0000_0000;
/// 0 to 255 over and over, 4 KiB.
const FROM: u64 = 0x2_0000_0000;
/// 0xee, 4 KiB.
const TO: u64 = 0x3_0000_0000;
/// May not be written.
const FIXED: u64 = 0x4_0000_0000;

struct Bench {
    memory: PageTable,
    device: DeviceState,
}

impl Bench {
    fn run(stream: &[u32]) -> (Outcome, Self) {
        let mut memory = PageTable::default();
        let code: Vec<u8> = stream.iter().flat_map(|word| word.to_le_bytes()).collect();
        let from: Vec<u8> = (0..4096).map(|at| at as u8).collect();
        assert!(memory.map(CODE, &code, Permissions::READ));
        assert!(memory.map(FROM, &from, Permissions::READ));
        assert!(memory.map(TO, &[0xee; 4096], Permissions::ALL));
        assert!(memory.map(FIXED, &[1; 4096], Permissions::READ));
        let bench = Self { memory, device: DeviceState::new(Chip::GFX1100).with_limits(Limits::default()) };
        let job = Job::new(vec![Ib { va: CODE, dwords: stream.len() as u32 }]);
        let outcome = execute(&job, &bench.memory, &bench.device, &Watch::NONE);
        (outcome, bench)
    }

    fn done(stream: &[u32]) -> Self {
        let (outcome, bench) = Self::run(stream);
        assert!(outcome.is_done(), "{outcome}");
        bench
    }

    fn byte(&self, va: u64) -> u8 {
        let region = self.memory.region(va).unwrap();
        let at = va - region.va;
        region.words[(at / 4) as usize].load(Ordering::Relaxed).to_le_bytes()[(at % 4) as usize]
    }

    fn bytes(&self, va: u64, count: u64) -> Vec<u8> {
        (va..va + count).map(|va| self.byte(va)).collect()
    }

    fn dword(&self, va: u64) -> u32 {
        u32::from_le_bytes(self.bytes(va, 4).try_into().unwrap())
    }
}

#[test]
fn bytes_are_copied_from_and_to_any_address() {
    let bench = Bench::done(&[0x0000_0001, 6, 0, 3, 2, 5, 3]);
    assert_eq!(bench.bytes(TO + 4, 9), [0xee, 3, 4, 5, 6, 7, 8, 9, 0xee]);
}

#[test]
fn a_broadcast_copies_twice() {
    let bench = Bench::done(&[0x0800_0001, 3, 0, 0x10, 2, 0x20, 3, 0x40, 3]);
    assert_eq!((bench.dword(TO + 0x20), bench.dword(TO + 0x40)), (0x1312_1110, 0x1312_1110));
}

#[test]
fn dwords_are_written_and_filled() {
    let bench = Bench::done(&[
        0x0000_0002,
        8,
        3,
        1,
        0xcafe_f00d,
        0x0bad_cafe, // WRITE of two dwords
        0x8000_000b,
        0x100,
        3,
        0xdead_beef,
        7, // CONST_FILL of dwords
        0x0000_000b,
        0x200,
        3,
        0x1234_5678,
        2, // CONST_FILL of bytes
        0x4000_000b,
        0x302,
        3,
        0x1234_5678,
        3, // CONST_FILL of halves
    ]);
    assert_eq!((bench.dword(TO + 8), bench.dword(TO + 12)), (0xcafe_f00d, 0x0bad_cafe));
    assert_eq!((bench.dword(TO + 0x100), bench.dword(TO + 0x104)), (0xdead_beef, 0xdead_beef));
    assert_eq!(bench.bytes(TO + 0x200, 4), [0x78, 0x78, 0x78, 0xee]);
    assert_eq!(bench.bytes(TO + 0x300, 8), [0xee, 0xee, 0x78, 0x56, 0x78, 0x56, 0xee, 0xee]);
    assert_eq!(bench.dword(TO + 0x108), 0xeeee_eeee);
}

#[test]
#[rustfmt::skip]
fn fences_times_and_interrupts() {
    let bench = Bench::done(&[
        0x0000_0000, // NOP
        0x0002_0000,
        0xffff_ffff,
        0xffff_ffff, // NOP with two dwords that mean nothing
        0x0000_0005,
        0x10,
        3,
        77, // FENCE
        0x0000_010d,
        0x20,
        3, // TIMESTAMP GET
        0x0000_020d,
        0x28,
        3, // TIMESTAMP GET_GLOBAL
        0x0000_0006,
        0, // TRAP
        0x0000_0011,
        0,
        0xc3b1_0000,
        0,
        0, // GCR_REQ
    ]);
    assert_eq!(bench.dword(TO + 0x10), 77);
    assert!(bench.dword(TO + 0x20) < bench.dword(TO + 0x28));
}

#[test]
fn conditions_and_polls_look_at_memory() {
    let write = |at: u32| [0x0000_0002, at, 3, 0, 5];
    // The source's first dword is 0x03020100.
    let mut stream = vec![0x0000_0009, 0, 2, 0x0302_0100, 5];
    stream.extend(write(0));
    stream.extend([0x0000_0009, 0, 2, 1, 5]);
    stream.extend(write(4));
    // Its third byte is 2: always, <, <=, ==, !=, >=, >.
    for (function, reference) in [(0, 9), (1, 3), (2, 2), (3, 2), (4, 3), (5, 2), (6, 1)] {
        stream.extend([0x8000_0008 | function << 28, 0, 2, reference << 16, 0x00ff_0000, 0x0fff_0000]);
    }
    stream.extend(write(8));
    let bench = Bench::done(&stream);
    assert_eq!((bench.dword(TO), bench.dword(TO + 4), bench.dword(TO + 8)), (5, 0xeeee_eeee, 5));
    let (outcome, _) = Bench::run(&[0xb000_0008, 0, 2, 1, 0xff, 0x0fff_0000]);
    assert!(outcome.to_string().contains("never what is waited for"), "{outcome}");
}

#[test]
fn atomics_change_memory() {
    // TC_OP_ATOMIC_ADD_RTN_32 is 15, _64 is 47. Source: AMD PAL, `TC_OP`.
    let bench = Bench::done(&[
        15 << 25 | 0x0a,
        0,
        3,
        2,
        0,
        0,
        0,
        0, //
        47 << 25 | 0x0a,
        8,
        3,
        1,
        1,
        0,
        0,
        0,
    ]);
    assert_eq!(bench.dword(TO), 0xeeee_eef0);
    assert_eq!((bench.dword(TO + 8), bench.dword(TO + 12)), (0xeeee_eeef, 0xeeee_eeef));
}

#[test]
fn what_cannot_be_done_is_said() {
    for (stream, text) in [
        (&[0x0000_0001, 3, 0, 0, 2, 0, 4][..], "page fault"),
        (&[0x0000_0001, 3, 0, 0, 9, 0, 3], "page fault"),
        (&[0x0000_0005, 0, 4, 7], "page fault"),
        (&[0x0000_0001, 3, 0, 0, 2, 0], "COPY has 7 dwords, and the stream ends after 6"),
        (&[0x0000_0002, 0, 3, 5, 1], "WRITE has 10 dwords"),
        (&[0x0000_0301, 3, 0, 0, 2, 0, 3], "COPY with sub-opcode 3 is not modelled"),
        (&[0x0000_000e, 0, 0], "SRBM_WRITE belongs to the kernel"),
        (&[0x0000_000c, 0, 0], "PTEPDE belongs to the kernel"),
        (&[0x0001_0001, 3, 0, 0, 2, 0, 3], "encryption is not modelled"),
        (&[0xffff_1000], "no packet of the copy engine"),
        (&[0x0000_0055], "no packet of the copy engine"),
        (&[0x0000_0008, 0, 2, 1, 1, 0x0fff_0000], "POLL_REGMEM with a register"),
        (&[0x0000_0005, 2, 3, 7], "not a multiple of 4"),
    ] {
        let (outcome, bench) = Bench::run(stream);
        assert!(outcome.to_string().contains(text), "{stream:x?}: {outcome}");
        assert_eq!(bench.dword(TO), 0xeeee_eeee, "{stream:x?} has changed memory");
    }
}

#[test]
fn a_job_that_nobody_waits_for_ends() {
    let mut memory = PageTable::default();
    assert!(memory.map(CODE, &[0; 64], Permissions::READ));
    let cancel = AtomicBool::new(true);
    let job = Job { cancel: Some(&cancel), ..Job::new(vec![Ib { va: CODE, dwords: 16 }]) };
    let outcome = execute(&job, &memory, &DeviceState::new(Chip::GFX1100), &Watch::NONE);
    assert!(outcome.to_string().contains("nobody waits"), "{outcome}");
}

proptest! {
    #[test]
    fn no_stream_panics(mut stream in prop::collection::vec(any::<u32>(), 1..40), op in 0u32..18) {
        stream[0] = stream[0] & !0xffff | op;
        Bench::run(&stream);
    }
}
