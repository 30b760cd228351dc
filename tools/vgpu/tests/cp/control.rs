//! Packets that say where the stream goes on, and streams that go nowhere.

use std::sync::atomic::Ordering;
use std::time::Duration;

use sparkle_pm4::Ring;
use sparkle_vgpu::cp::{Access, DeviceState, Ib, Job, Limits, Outcome, Requester, Rings, Watch};
use sparkle_vgpu::shader::{Chip, GlobalMemory, Permissions};

use super::bench::{Bench, DATA, IB, limits};

const LO: u32 = 0x0050_0000;
const HI: u32 = 1;

/// WRITE_DATA of one dword to dword `index` of the data.
fn write(index: u32, value: u32) -> [u32; 5] {
    [0xc003_3700, 0x0010_0500, LO + index * 4, HI, value]
}

fn streams(parts: &[&[u32]]) -> Vec<u32> {
    parts.concat()
}

#[test]
fn cond_exec_skips_if_the_dword_is_zero() {
    for (value, first) in [(0, 0), (1, 11), (0x100, 11)] {
        let mut bench = Bench::compute(&[0, 0, value]);
        bench.done(&streams(&[&[0xc003_2200, LO + 8, HI, 0, 5], &write(0, 11), &write(1, 22)]));
        assert_eq!(bench.words(DATA, 2), [first, 22], "{value}");
    }
}

#[test]
fn cond_exec_past_the_end_ends_the_stream() {
    let mut bench = Bench::compute(&[0]);
    bench.done(&streams(&[&[0xc003_2200, LO, HI, 0, 6], &write(1, 11)]));
    assert_eq!((bench.word(DATA + 4), bench.log.rules()), (0, vec!["cp-skip-end"]));
}

#[test]
fn pred_exec_asks_for_device_0() {
    for (devices, value) in [(1, 11), (2, 0), (3, 11)] {
        let mut bench = Bench::gfx(&[]);
        bench.done(&streams(&[&[0xc000_2300, devices << 24 | 5], &write(0, 11)]));
        assert_eq!(bench.word(DATA), value, "{devices}");
    }
}

#[test]
fn predication_hides_packets_that_have_the_bit() {
    // 32-bit bool; DRAW_VISIBLE: packets run if it is not zero.
    for (visible, value, written) in [(1, 1, 11), (1, 0, 0), (0, 1, 0), (0, 0, 11)] {
        let mut bench = Bench::gfx(&[0, 0, 0, 0, value]);
        let mut predicated = write(0, 11);
        predicated[0] |= 1;
        let set = [0xc002_2000, 0x0004_0000 | visible << 8, LO + 16, HI];
        bench.done(&streams(&[&set, &predicated, &write(1, 22)]));
        assert_eq!(bench.words(DATA, 2), [written, 22], "{visible} {value}");
    }
    // 64-bit bool, and the predicate is gone after a clear.
    let mut bench = Bench::gfx(&[0, 0, 0, 0, 0, 1]);
    let (mut first, mut second) = (write(0, 11), write(1, 22));
    (first[0], second[0]) = (first[0] | 1, second[0] | 1);
    bench.done(&streams(&[&[0xc002_2000, 0x0003_0000, LO + 16, HI], &first, &[0xc002_2000, 0, 0, 0], &second]));
    assert_eq!(bench.words(DATA, 2), [0, 22]);
    let (why, _) = Bench::gfx(&[]).hang(&[0xc002_2000, 0x0001_0000, LO, HI]);
    assert_eq!(why, "SET_PREDICATION with SET_ZPASS_PREDICATE is not modelled");
}

#[test]
fn waits_that_are_over_go_on() {
    // function, value, mask, reference
    let table: [(u32, u32, u32, u32); 8] = [
        (0, 0, 0, 1),
        (1, 4, u32::MAX, 5),
        (2, 5, u32::MAX, 5),
        (3, 0x1ff, 0xff, 0xff),
        (4, 4, u32::MAX, 5),
        (5, 5, u32::MAX, 5),
        (5, 0xffff_fffe, u32::MAX, 5),
        (6, 6, u32::MAX, 5),
    ];
    for (function, value, mask, reference) in table {
        let wait = [0xc005_3c00, 0x10 | function, LO, HI, reference, mask, 4];
        let mut bench = Bench::compute(&[value]);
        bench.done(&streams(&[&wait, &write(1, 1)]));
        assert_eq!(bench.word(DATA + 4), 1);
    }
}

#[test]
fn a_wait_that_never_ends_hangs_with_its_reason() {
    let mut bench = Bench::compute(&[4]);
    let (why, name) = bench.hang(&streams(&[&[0xc005_3c00, 0x13, LO, HI, 5, 0xff, 4], &write(1, 1)]));
    let wanted = "0x100500000 holds 0x4, and nobody changes it: the wait is for (value & 0xff) == 0x5";
    assert_eq!((why.as_str(), name.as_str()), (wanted, "WAIT_REG_MEM"));
    assert_eq!(bench.word(DATA + 4), 0);
    let outcome = Bench::compute(&[4]).run(&[0xc005_3c00, 0x13, LO, HI, 5, 0xff, 4]);
    let place = outcome.place().unwrap();
    assert_eq!((place.va(), place.at), (IB, 0));
    assert!(place.text.contains("function=EQUAL_TO_THE_REFERENCE_VALUE"), "{}", place.text);
}

#[test]
fn waits_for_registers_look_at_them_once() {
    // SCRATCH_REG1 is 0x1ff.
    let set = [0xc001_7900, 0x0041, 0x1ff];
    Bench::compute(&[]).done(&streams(&[&set, &[0xc005_3c00, 0x03, 0xc041, 0, 0xff, 0xff, 4]]));
    let (why, _) = Bench::compute(&[]).hang(&streams(&[&set, &[0xc005_3c00, 0x03, 0xc041, 0, 0xff, 0x1ff, 4]]));
    assert!(why.starts_with("register 0xc041 holds 0x1ff, and nobody changes it"), "{why}");
    let (why, _) = Bench::compute(&[]).hang(&[0xc005_3c00, 0x83, 0xc041, 0, 0xff, 0xff, 4]);
    assert_eq!(why, "waiting with WAIT_REG_MEM_COND for REGISTER_SPACE is not modelled");
}

#[test]
fn waits_of_64_bits_compare_both_halves() {
    let wait = [0xc007_9300, 0x13, LO, HI, 1, 2, u32::MAX, u32::MAX, 4];
    Bench::compute(&[1, 2]).done(&wait);
    let (why, _) = Bench::compute(&[1, 3]).hang(&wait);
    assert!(why.starts_with("0x100500000 holds 0x300000001"), "{why}");
}

#[test]
fn a_wait_sees_what_another_thread_writes() {
    // Either the device or the job has the patience.
    for (device, job) in [(20, 0), (0, 20)].map(|(device, job)| (Duration::from_secs(device), Duration::from_secs(job)))
    {
        let mut bench = Bench::compute(&[0]);
        let patient = Limits { patience: device, ..limits() };
        bench.device = DeviceState::new(Chip::GFX1100).with_limits(patient);
        let ib = bench.stream(IB, &streams(&[&[0xc005_3c00, 0x15, LO, HI, 3, u32::MAX, 4], &write(1, 1)]));
        let Bench { memory, device, processor, .. } = &mut bench;
        let memory = &*memory;
        let outcome = std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(Duration::from_millis(20));
                memory.region(DATA).unwrap().words[0].store(3, Ordering::Release);
            });
            let job = Job { patience: job, ..Job::new(vec![ib]) };
            processor.execute(&job, memory, device, &sparkle_vgpu::cp::Watch::NONE)
        });
        assert!(outcome.is_done(), "{outcome}");
        assert_eq!(bench.word(DATA + 4), 1);
    }
}

#[test]
fn a_chain_never_comes_back() {
    let mut bench = Bench::compute(&[]);
    let next = bench.stream(0x2_0010_0000, &write(1, 22));
    let chain = [0xc002_3f00, 0x0010_0000, 2, 0x0090_0000 | next.dwords];
    bench.done(&streams(&[&write(0, 11), &chain, &write(2, 33)]));
    assert_eq!(bench.words(DATA, 3), [11, 22, 0]);
    assert_eq!(bench.log.rules(), ["cp-dead"]);
}

#[test]
fn a_chain_to_itself_is_a_hang() {
    let mut bench = Bench::compute(&[]);
    let (why, _) = bench.hang(&[0xffff_1000, 0xc002_3f00, 0, 2, 0x0090_0005]);
    assert!(why.starts_with("still running after 655"), "{why}");
}

#[test]
fn streams_that_chain_in_a_circle_hang_soon() {
    let mut bench = Bench::compute(&[]);
    bench.device = DeviceState::new(Chip::GFX1100);
    bench.stream(0x2_0010_0000, &[0xc002_3f00, 0, 2, 0x0090_0004]);
    let (why, name) = bench.hang(&[0xc002_3f00, 0x0010_0000, 2, 0x0090_0004]);
    assert_eq!(
        (why.as_str(), name.as_str()),
        ("streams have chained 262144 times: they go round in a circle", "INDIRECT_BUFFER")
    );
}

#[test]
fn compute_rings_don_t_call() {
    let mut bench = Bench::compute(&[]);
    bench.stream(0x2_0010_0000, &write(1, 22));
    let (why, _) = bench.hang(&[0xc002_3f00, 0x0010_0000, 2, 0x0080_0005]);
    assert!(why.starts_with("compute rings have no second level of streams"), "{why}");
}

#[test]
fn the_graphics_ring_calls_one_level_deep() {
    let mut bench = Bench::gfx(&[]);
    bench.stream(0x2_0010_0000, &write(1, 22));
    bench.done(&streams(&[&[0xc002_3f00, 0x0010_0000, 2, 5], &write(0, 11)]));
    assert_eq!(bench.words(DATA, 2), [11, 22]);

    let mut bench = Bench::gfx(&[]);
    bench.stream(0x2_0010_0000, &[0xc002_3f00, 0x0020_0000, 2, 5]);
    bench.stream(0x2_0020_0000, &write(1, 22));
    let (why, _) = bench.hang(&[0xc002_3f00, 0x0010_0000, 2, 4]);
    assert!(why.ends_with("there is no third level"), "{why}");
}

#[test]
fn a_stream_of_another_address_space_is_the_kernel_s() {
    let mut bench = Bench::gfx(&[]);
    bench.stream(0x2_0010_0000, &write(1, 22));
    let why = bench.illegal(&[0xc002_3f00, 0x0010_0000, 2, 0x0300_0005]);
    assert_eq!(why, "INDIRECT_BUFFER with VMID 3: address spaces are the kernel's");
}

#[test]
fn a_conditional_call_chooses() {
    // If the 64 bits, masked, equal 0x7_00000005, the first stream, else the second.
    let call = |mode: u32| {
        [0xc00c_3f00, 0x0000_0300 | mode, LO, HI, u32::MAX, 0xf, 5, 7, 0x0010_0000, 2, 5, 0x0020_0000, 2, 5]
    };
    for (high, mode, wanted) in [(0x17, 2, [22, 0]), (0x16, 2, [0, 33]), (0x17, 1, [22, 0]), (0x16, 1, [0, 0])] {
        let mut bench = Bench::gfx(&[5, high]);
        bench.stream(0x2_0010_0000, &write(2, 22));
        bench.stream(0x2_0020_0000, &write(3, 33));
        bench.done(&call(mode));
        assert_eq!(bench.words(DATA + 8, 2), wanted, "{high:#x} {mode}");
    }
}

#[test]
fn rewind_waits_for_its_own_dword() {
    Bench::compute(&[]).done(&[0xc000_5900, 0x8000_0000]);
    let (why, name) = Bench::compute(&[]).hang(&[0xc000_5900, 0, 0xffff_1000]);
    assert_eq!((why.as_str(), name.as_str()), ("nobody sets VALID of REWIND at 0x200000004", "REWIND"));
    // What was written before it is read anew: the NOP becomes the header of a NOP of two.
    let mut bench = Bench::compute(&[]);
    let stream = streams(&[
        &[0xc004_3700, 0x0010_0500, 0x20, 2, 0xc000_1000, 0x1234], // over the last two dwords
        &[0xc000_5900, 0x8000_0000],
        &[0xdead_beef, 0xdead_beef],
    ]);
    bench.done(&stream);
    assert_eq!(*bench.log.names.lock().unwrap(), ["WRITE_DATA", "REWIND", "NOP"]);
}

#[test]
fn broken_streams_are_illegal() {
    let table: [(&[u32], &str); 7] = [
        (&[0, 0], "the dword is 0: nobody wrote the stream, or its length is wrong"),
        (&[0x0001_2e12, 1], "0x00012e12 is a type-0 header, which gfx11 streams don't have"),
        (&[0x4000_0000], "0x40000000 is a type-1 header, which is reserved"),
        (&[0x8000_0001], "0x80000001 is a type-2 header with other bits set"),
        (&[0xc003_1502, 1, 1], "DISPATCH_DIRECT has 4 dwords behind its header, and the stream ends after 2"),
        (&[0xc000_0000, 0], "opcode 0x00 (unknown(0x00)) is none of gfx11"),
        (&[0xc003_a702, 1, 1, 1, 1], "opcode 0xa7 (DISPATCH_DIRECT_INTERLEAVED) is none of gfx11"),
    ];
    for (words, wanted) in table {
        assert_eq!(Bench::compute(&[]).illegal(words), wanted);
    }
    // WRITE_DATA without data, and an ACQUIRE_MEM of gfx9's length.
    let (why, _) = Bench::compute(&[]).hang(&[0xc002_3700, 0x0010_0500, LO, HI]);
    assert_eq!(why, "WRITE_DATA with 3 dwords behind the header, where it has 3 and its data");
    let (why, _) = Bench::compute(&[]).hang(&[0xc005_5800, 0, u32::MAX, 0xff, 0, 0, 10]);
    assert_eq!(why, "ACQUIRE_MEM with 6 dwords behind the header, where it has 7");
}

#[test]
fn fillers_do_nothing() {
    let mut bench = Bench::compute(&[]);
    bench.done(&streams(&[&[0x8000_0000, 0xffff_1000, 0xc001_1000, 0xcafe_0001, 0], &write(0, 1)]));
    assert_eq!(bench.word(DATA), 1);
    assert_eq!(*bench.log.names.lock().unwrap(), ["type-2 filler", "NOP", "NOP", "WRITE_DATA"]);
}

#[test]
fn streams_must_be_mapped() {
    let mut bench = Bench::compute(&[]);
    let outcome = bench.job(&Job::new(vec![Ib { va: 0x7_0000_0000, dwords: 8 }]));
    let Outcome::Fault { va, access, requester, .. } = outcome else { panic!("{outcome}") };
    assert_eq!((va, access, requester), (0x7_0000_0000, Access::Read, Requester::CommandFetch));
    // One dword longer than its buffer.
    let ib = bench.stream(IB, &[0xffff_1000; 8]);
    let outcome = bench.job(&Job::new(vec![Ib { dwords: 9, ..ib }]));
    assert!(matches!(outcome, Outcome::Fault { va: 0x2_0000_0020, .. }), "{outcome}");
    bench.map(0x2_0030_0000, &[0xffff_1000; 8], Permissions { read: false, write: true, execute: true });
    let outcome = bench.job(&Job::new(vec![Ib { va: 0x2_0030_0000, dwords: 8 }]));
    assert!(matches!(outcome, Outcome::Fault { va: 0x2_0030_0000, .. }), "{outcome}");
    let outcome = bench.job(&Job::new(vec![Ib { dwords: 0, ..ib }]));
    assert!(matches!(outcome, Outcome::Hang { .. }), "{outcome}");
}

#[test]
fn draws_are_refused_by_name() {
    for (words, name) in [
        (&[0xc001_2d00, 3, 2][..], "DRAW_INDEX_AUTO"),
        (&[0xc004_2700, 3, 0, 0, 3, 0], "DRAW_INDEX_2"),
        (&[0xc003_2400, 0, 0, 0, 2], "DRAW_INDIRECT"),
        (&[0xc003_4e00, 1, 1, 1, 0], "DISPATCH_MESH_DIRECT"),
        (&[0xc004_3400, 0, 0, 0, 0, 0], "STRMOUT_BUFFER_UPDATE"),
    ] {
        let (why, at) = Bench::gfx(&[]).hang(words);
        assert_eq!((why, at.as_str()), (format!("{name} is not modelled"), name));
    }
    // On a compute ring they are no packets at all.
    let (why, _) = Bench::compute(&[]).hang(&[0xc001_2d00, 3, 2]);
    assert_eq!(why, "DRAW_INDEX_AUTO is no packet of compute rings");
}

#[test]
fn rings_have_registers_of_their_own() {
    let mut bench = Bench::compute(&[]);
    let set = bench.stream(IB, &[0xc001_7900, 0x0040, 5]);
    let store = bench.stream(0x2_0010_0000, &[0xc004_4000, 0x0010_0500, 0xc040, 0, LO, HI]);
    let (rings, none) = (Rings::default(), Watch::NONE);
    let run = |ring, ib| {
        let outcome = rings.execute((Ring::Compute, ring), &Job::new(vec![ib]), &bench.memory, &bench.device, &none);
        assert!(outcome.is_done(), "{outcome}");
        bench.word(DATA)
    };
    run(0, set);
    assert_eq!((run(1, store), run(0, store)), (0, 5));
    rings.reset(None);
    assert_eq!(run(0, store), 0);
}

#[test]
fn pfp_sync_me_is_for_the_graphics_ring() {
    Bench::gfx(&[]).done(&[0xc000_4200, 0]);
    let (why, _) = Bench::compute(&[]).hang(&[0xc000_4200, 0]);
    assert_eq!(why, "PFP_SYNC_ME is no packet of compute rings");
}

#[test]
fn events_of_the_end_of_the_pipe_are_not_event_write_s() {
    Bench::compute(&[]).done(&[0xc000_4600, 0x0000_0407]);
    let (why, _) = Bench::compute(&[]).hang(&[0xc000_4600, 0x0000_0528]);
    assert_eq!(why, "BOTTOM_OF_PIPE_TS by EVENT_WRITE: events of the end of the pipe are RELEASE_MEM's");
    let (why, _) = Bench::compute(&[]).hang(&[0xc002_4600, 0x0000_021e, LO, HI]);
    assert_eq!(why, "EVENT_WRITE with SAMPLE_PIPELINESTAT is not modelled");
    let mut bench = Bench::compute(&[]);
    bench.done(&[0xc000_4600, 0x0000_0007]);
    assert_eq!(bench.log.rules(), ["cp-event-index"]);
}

#[test]
fn the_kernel_s_packets_are_not_a_client_s() {
    for words in [[0xc000_9000, 0], [0xc000_9800, 0]] {
        let why = Bench::gfx(&[]).illegal(&words);
        assert!(why.ends_with("is the kernel's"), "{why}");
    }
    assert_eq!(Bench::compute(&[]).illegal(&[0xc000_9500, 0]), "HDP_FLUSH is the kernel's");
    assert_eq!(Bench::compute(&[]).illegal(&[0xc001_6800, 0, 0]), "SET_CONFIG_REG is the kernel's");
}
