//! Packets that read and write memory.

use sparkle_pm4::registers::RegOffset;
use sparkle_vgpu::cp::{Access, Outcome, Requester};
use sparkle_vgpu::shader::Permissions;

use super::bench::{Bench, DATA};

const LO: u32 = 0x0050_0000;
const HI: u32 = 1;

fn data(words: &[u32]) -> Bench {
    Bench::compute(words)
}

#[test]
fn write_data_writes_one_dword_after_the_other() {
    let mut bench = data(&[9; 6]);
    bench.done(&[0xc005_3700, 0x0010_0500, LO + 4, HI, 0xa, 0xb, 0xc]);
    assert_eq!(bench.words(DATA, 6), [9, 0xa, 0xb, 0xc, 9, 9]);
}

#[test]
fn write_data_to_one_address_leaves_the_last() {
    let mut bench = data(&[9; 4]);
    bench.done(&[0xc005_3700, 0x0011_0500, LO + 4, HI, 0xa, 0xb, 0xc]);
    assert_eq!(bench.words(DATA, 4), [9, 0xc, 9, 9]);
}

#[test]
fn write_data_sets_a_scratch_register_and_no_other() {
    let mut bench = data(&[]);
    bench.done(&[0xc004_3700, 0x0010_0000, 0x0000_c041, 0, 0x1234_5678, 0x9abc_def0]);
    let registers = bench.processor.registers();
    assert_eq!(registers.get(RegOffset::new(0xc041)), Some(0x1234_5678));
    assert_eq!(registers.get(RegOffset::new(0xc042)), Some(0x9abc_def0));
    // GRBM_STATUS and its like are the kernel's.
    let why = data(&[]).illegal(&[0xc003_3700, 0x0010_0000, 0x0000_2004, 0, 1]);
    assert!(why.ends_with("is not a client's to write"), "{why}");
}

#[test]
fn accesses_fault_with_their_address() {
    let fault = |outcome| match outcome {
        Outcome::Fault { va, access, requester, at, .. } => (va, access, requester, at.name),
        other => panic!("{other}"),
    };
    // Nothing is mapped at 4 GiB times 3.
    let outcome = data(&[]).run(&[0xc003_3700, 0x0010_0500, 0x1000, 3, 1]);
    assert_eq!(fault(outcome), (0x3_0000_1000, Access::Write, Requester::Command, "WRITE_DATA".into()));
    // The second dword is behind the buffer's end, and the first is not written either.
    let mut bench = data(&[]);
    let outcome = bench.run(&[0xc004_3700, 0x0010_0500, LO + 0xffc, HI, 1, 2]);
    assert_eq!(fault(outcome), (0x1_0050_1000, Access::Write, Requester::Command, "WRITE_DATA".into()));
    assert_eq!(bench.word(0x1_0050_0ffc), 0);
    // A buffer that is not writable.
    let mut bench = data(&[]);
    bench.map(0x1_0060_0000, &[5; 8], Permissions::READ);
    let outcome = bench.run(&[0xc003_3700, 0x0010_0500, 0x0060_0000, HI, 1]);
    assert_eq!(fault(outcome), (0x1_0060_0000, Access::Write, Requester::Command, "WRITE_DATA".into()));
    assert_eq!(bench.word(0x1_0060_0000), 5);
    // And one that is not readable.
    let mut bench = data(&[]);
    bench.map(0x1_0060_0000, &[5; 8], Permissions { read: false, write: true, execute: false });
    let outcome = bench.run(&[0xc004_4000, 0x0010_0502, 0x0060_0000, HI, LO, HI]);
    assert_eq!(fault(outcome), (0x1_0060_0000, Access::Read, Requester::Command, "COPY_DATA".into()));
}

#[test]
fn sign_extended_addresses_are_the_same_place() {
    let mut bench = data(&[]);
    bench.map(0xffff_8000_0000_1000, &[0; 4], Permissions::ALL);
    bench.map(0x8000_0020_0000, &[0; 4], Permissions::ALL);
    bench.done(&[
        0xc003_3700,
        0x0010_0500,
        0x0000_1004,
        0x0000_8000,
        1, // as 48 bits, mapped sign-extended
        0xc003_3700,
        0x0010_0500,
        0x0020_0004,
        0xffff_8000,
        2, // and the other way round
    ]);
    assert_eq!((bench.word(0xffff_8000_0000_1004), bench.word(0x8000_0020_0004)), (1, 2));
}

#[test]
fn copy_data_copies_from_every_source() {
    let mut bench = data(&[0x11, 0x22, 0x33, 0x44]);
    bench.done(&[
        0xc004_4000,
        0x0010_0502,
        LO,
        HI,
        LO + 0x20,
        HI, // a dword of memory
        0xc004_4000,
        0x0011_0502,
        LO + 8,
        HI,
        LO + 0x28,
        HI, // two dwords of memory
        0xc004_4000,
        0x0010_0505,
        0xabcd,
        0,
        LO + 0x30,
        HI, // a constant
        0xc004_4000,
        0x0011_0505,
        0x1,
        0x2,
        LO + 0x38,
        HI, // a constant of 64 bits
        0xc004_4000,
        0x0010_0002,
        LO + 4,
        HI,
        0xc040,
        0, // memory to SCRATCH_REG0
        0xc004_4000,
        0x0010_0200,
        0xc040,
        0,
        LO + 0x40,
        HI, // and from there
    ]);
    assert_eq!(bench.words(DATA + 0x20, 9), [0x11, 0, 0x33, 0x44, 0xabcd, 0, 0x1, 0x2, 0x22]);
}

#[test]
fn copy_data_refuses_what_nobody_knows() {
    let (why, name) = data(&[]).hang(&[0xc004_4000, 0x0010_0500, 0x2e12, 0, LO, HI]);
    assert_eq!((why.as_str(), name.as_str()), ("what COMPUTE_PGM_RSRC1 holds is not modelled", "COPY_DATA"));
    let (why, _) = data(&[]).hang(&[0xc004_4000, 0x0010_0503, 0, 0, LO, HI]);
    assert_eq!(why, "COPY_DATA from GDS is not modelled");
    // The graphics ring's old way to memory.
    for (copy, name) in [
        ([0xc004_4000, 0x0010_0105, 5, 0, LO, HI], "COPY_DATA"),
        ([0xc004_3700, 0x0010_0100, LO, HI, 5, 6], "WRITE_DATA"),
    ] {
        let mut bench = Bench::gfx(&[]);
        bench.done(&copy);
        assert_eq!(bench.word(DATA), 5);
        let (why, _) = data(&[]).hang(&copy);
        assert_eq!(why, format!("{name} with DST_SEL 1, which compute rings don't have"));
    }
}

#[test]
fn clocks_only_go_forward() {
    let mut bench = data(&[]);
    bench.done(&[
        0xc004_4000,
        0x0011_0509,
        0,
        0,
        LO,
        HI, // COPY_DATA, the GPU's clock
        0xc004_4000,
        0x0011_050a,
        0,
        0,
        LO + 8,
        HI, // the system's
        0xc004_b200,
        0x0000_0003,
        LO + 0x18,
        HI,
        LO + 0x10,
        HI, // TIMESTAMP: bottom, top
        0xc006_4900,
        0x0000_0528,
        0x6300_0000,
        LO + 0x20,
        HI,
        0,
        0,
        0, // RELEASE_MEM at the bottom of the pipe
        0xc006_4900,
        0x0000_0528,
        0x8300_0000,
        LO + 0x28,
        HI,
        0,
        0,
        0, // with the system's clock
    ]);
    let times: Vec<_> = (0..6).map(|index| bench.double(DATA + index * 8)).collect();
    assert!(times[0] > 0 && times.is_sorted_by(|a, b| a < b), "{times:?}");
}

#[test]
fn release_mem_writes_32_bits_64_bits_or_adds() {
    let mut bench = data(&[0, 0, 0, 0, 40]);
    bench.done(&[
        0xc006_4900,
        0x0660_3514,
        0x2300_0000,
        LO,
        HI,
        0x1111_1111,
        0x2222_2222,
        0,
        0xc006_4900,
        0x0660_3514,
        0x4300_0000,
        LO + 8,
        HI,
        0x3333_3333,
        0x4444_4444,
        0,
        0xc006_4900,
        0x0660_3514,
        0xe300_0000,
        LO + 16,
        HI,
        2,
        0,
        0,
        0xc006_4900,
        0x0660_3514,
        0x0300_0000,
        LO + 20,
        HI,
        7,
        7,
        0,
    ]);
    assert_eq!(bench.words(DATA, 6), [0x1111_1111, 0, 0x3333_3333, 0x4444_4444, 42, 0]);
}

#[test]
fn release_mem_refuses_what_is_not_its_own() {
    // CACHE_FLUSH (6) is no event of the end of the pipe.
    let (why, _) = data(&[]).hang(&[0xc006_4900, 0x0660_3506, 0x2300_0000, LO, HI, 1, 0, 0]);
    assert_eq!(why, "RELEASE_MEM with CACHE_FLUSH, which is no event of the end of the pipe");
    let (why, _) = data(&[]).hang(&[0xc006_4900, 0x0660_3514, 0xa300_0000, LO, HI, 1, 0, 0]);
    assert_eq!(why, "RELEASE_MEM with DATA_SEL STORE_GDS_DATA_TO_MEMORY is not modelled");
    let mut bench = data(&[]);
    bench.done(&[0xc006_4900, 0x0660_3614, 0x2300_0000, LO, HI, 1, 0, 0]);
    assert_eq!(bench.log.rules(), ["cp-event-index"]);
    let mut bench = data(&[]);
    bench.done(&[0xc006_4900, 0x0660_3514, 0x4300_0000, LO + 4, HI, 1, 0, 0]);
    assert_eq!(bench.log.rules(), ["cp-align"]);
}

#[test]
fn dma_data_copies_any_bytes() {
    let mut bench = data(&[0x0403_0201, 0x0807_0605, 0x0c0b_0a09, 0x100f_0e0d]);
    // 7 bytes from byte 3 to byte 34.
    bench.done(&[0xc005_5000, 0x6030_0000, LO + 3, HI, LO + 34, HI, 7]);
    assert_eq!(bench.words(DATA + 32, 3), [0x0504_0000, 0x0908_0706, 0x0000_000a]);
}

#[test]
fn dma_data_goes_on_in_the_next_buffer() {
    let mut bench = data(&[]);
    bench.map(0x1_0050_1000, &[0; 4], Permissions::ALL);
    bench.map(0x1_0070_0000, &[0x0403_0201, 0x0807_0605], Permissions::READ);
    bench.done(&[0xc005_5000, 0x6030_0000, 0x0070_0000, HI, LO + 0xffd, HI, 8]);
    assert_eq!([0x1_0050_0ffc, 0x1_0050_1000, 0x1_0050_1004].map(|va| bench.word(va)), [0x0302_0100, 0x0706_0504, 8]);
    // And back, over the seam.
    let ib = bench.stream(0x2_0010_0000, &[0xc005_5000, 0x6030_0000, LO + 0xffd, HI, LO, HI, 8]);
    assert!(bench.job(&sparkle_vgpu::cp::Job::new(vec![ib])).is_done());
    assert_eq!(bench.words(DATA, 2), [0x0403_0201, 0x0807_0605]);
}

#[test]
fn dma_data_by_the_other_selectors_copies_too() {
    let mut bench = data(&[1, 2, 3, 4]);
    bench.done(&[0xc005_5000, 0x0000_0000, LO, HI, LO + 32, HI, 16]);
    assert_eq!(bench.words(DATA + 32, 5), [1, 2, 3, 4, 0]);
}

#[test]
fn dma_data_fills() {
    let mut bench = data(&[7; 8]);
    bench.done(&[0xc005_5000, 0x4030_0000, 0xaabb_ccdd, 0, LO + 8, HI, 12]);
    assert_eq!(bench.words(DATA, 6), [7, 7, 0xaabb_ccdd, 0xaabb_ccdd, 0xaabb_ccdd, 7]);
}

#[test]
fn dma_data_to_nowhere_is_a_prefetch() {
    let mut bench = data(&[7; 8]);
    bench.done(&[0xc005_5000, 0x6020_0000, LO, HI, LO, HI, 0x8000_0400]);
    assert_eq!(bench.words(DATA, 9), [7, 7, 7, 7, 7, 7, 7, 7, 0]);
    let outcome = data(&[]).run(&[0xc005_5000, 0x6020_0000, LO, HI, LO, HI, 0x8000_1400]);
    assert!(matches!(outcome, Outcome::Fault { va: 0x1_0050_1000, .. }), "{outcome}");
}

#[test]
fn dma_data_of_registers_is_refused() {
    let (why, _) = data(&[]).hang(&[0xc005_5000, 0x0030_0000, LO, HI, LO + 32, HI, 0x0400_0010]);
    assert_eq!(why, "DMA_DATA from SRC_ADDR_USING_SAS REGISTER is not modelled");
    let (why, _) = data(&[]).hang(&[0xc005_5000, 0x6000_0000, LO, HI, LO + 32, HI, 0x0800_0010]);
    assert_eq!(why, "DMA_DATA to DST_ADDR_USING_DAS REGISTER is not modelled");
}

#[test]
fn atomics_of_32_bits() {
    // Operation, old value, operand, new value. Numbers: PAL's TC_OP.
    let table: [(u32, u32, u32, u32); 20] = [
        (0x47, 5, 9, 9),
        (0x4f, 0xffff_ffff, 2, 1),
        (0x50, 1, 2, 0xffff_ffff),
        (0x51, 3, 0xffff_fffe, 0xffff_fffe),
        (0x52, 3, 0xffff_fffe, 3),
        (0x53, 3, 0xffff_fffe, 3),
        (0x54, 3, 0xffff_fffe, 0xffff_fffe),
        (0x55, 0xff, 0x0f0, 0xf0),
        (0x56, 0x0f, 0xf0, 0xff),
        (0x57, 0xff, 0x0f, 0xf0),
        (0x58, 6, 7, 7),
        (0x58, 7, 7, 0),
        (0x59, 0, 7, 7),
        (0x59, 8, 7, 7),
        (0x59, 7, 7, 6),
        (0x0f, 40, 2, 42),
        (0x1a, 3, 5, 0),
        (0x1b, 3, 5, 3),
        (0x1b, 5, 3, 2),
        (0x07, 1, 2, 2),
    ];
    for (op, old, operand, new) in table {
        let mut bench = data(&[1, old, 3]);
        bench.done(&[0xc007_1e00, op, LO + 4, HI, operand, 0, 0, 0, 0]);
        assert_eq!(bench.words(DATA, 3), [1, new, 3], "operation {op:#x}");
    }
}

#[test]
fn atomics_of_64_bits_and_their_answer() {
    let mut bench = data(&[0xffff_ffff, 0, 0x10, 0x20]);
    bench.done(&[
        0xc007_1e00,
        0x2f,
        LO,
        HI,
        1,
        1,
        0,
        0,
        0, // ADD_RTN_64
        0xc004_4000,
        0x0011_0506,
        0,
        0,
        LO + 0x40,
        HI, // COPY_DATA from the atomic's answer
        0xc007_1e00,
        0x28,
        LO + 8,
        HI,
        7,
        8,
        0x10,
        0x20,
        0, // CMPSWAP_RTN_64, which finds what it wants
        0xc007_1e00,
        0x28,
        LO + 8,
        HI,
        9,
        9,
        0x10,
        0x20,
        0, // and does not
    ]);
    assert_eq!(bench.words(DATA, 4), [0, 2, 7, 8]);
    assert_eq!(bench.double(DATA + 0x40), 0xffff_ffff);
}

#[test]
fn an_atomic_that_loops_for_ever_hangs() {
    let mut bench = data(&[5]);
    let (why, name) = bench.hang(&[0xc007_1e00, 0x0000_0108, LO, HI, 7, 0, 6, 0, 10]);
    assert_eq!((why.as_str(), name.as_str()), ("0x100500000 holds 0x5 and never becomes 0x6", "ATOMIC_MEM"));
    let mut bench = data(&[6]);
    bench.done(&[0xc007_1e00, 0x0000_0108, LO, HI, 7, 0, 6, 0, 10]);
    assert_eq!(bench.word(DATA), 7);
}

#[test]
fn cond_write_writes_if_the_comparison_holds() {
    // If (memory & 0xff) == 0x22, write 5.
    let stream = [0xc007_4500, 0x0010_0113, LO, HI, 0x22, 0xff, LO + 8, HI, 5];
    for (old, new) in [(0x122, 5), (0x123, 0)] {
        let mut bench = data(&[old]);
        bench.done(&stream);
        assert_eq!(bench.word(DATA + 8), new);
    }
}

#[test]
fn a_ranged_acquire_walks_its_range() {
    // GL2_INV with GL2_RANGE = RANGE over 16 units of 256 bytes: exactly the buffer.
    data(&[]).done(&acquire(0x10));
    let outcome = data(&[]).run(&acquire(0x11));
    assert!(matches!(outcome, Outcome::Fault { va: 0x1_0050_1000, access: Access::Read, .. }), "{outcome}");
}

fn acquire(units: u32) -> [u32; 8] {
    [0xc006_5800, 0, units, 0, 0x0100_5000, 0, 10, 0x0000_5000]
}
