//! umr's decode and the logs of its test harness.

use sparkle_pm4::Ring;

use super::super::StreamKind;
use super::{auto, refused, sample_words, unpacked};
use crate::args::InputFormat;

const ANSWER: &str = "umr-phoenix-gfx11/rs_kat_phoenix_test1.answer3.txt.gz";
const LOG: &str = "umr-phoenix-gfx11/rs_kat_phoenix_test1.txt.gz";
const IB_3: &str = "umr-phoenix-gfx11/phoenix_ib_8000003d8000_vmid3.bin";
const IB_4: &str = "umr-phoenix-gfx11/phoenix_ib_800000b39800_vmid4.bin";
const RING: &str = "umr-phoenix-gfx11/phoenix_ring_gfx_0.0.0.bin";

fn differences(have: &[u32], want: &[u32]) -> Vec<usize> {
    assert_eq!(have.len(), want.len());
    (0..want.len()).filter(|at| have[*at] != want[*at]).collect()
}

#[test]
fn a_decode_gives_its_words_back() {
    let dump = auto(&unpacked(ANSWER));
    let [ring, first, second] = dump.streams.as_slice() else { panic!("{} streams", dump.streams.len()) };
    assert_eq!((ring.kind, ring.ring), (StreamKind::Ring { rptr: 0x100, wptr: 0x300 }, Some(Ring::Gfx)));
    assert_eq!(ring.words, sample_words(RING)[3 + 0x100..3 + 0x300]);
    assert_eq!((ring.va, ring.original(0), ring.original(0x1ff)), (None, 0x100, 0x2ff));
    assert_eq!((first.va, first.name.as_str()), (Some(0x8000_00b3_9800), "ib vmid 4"));
    // The register offsets, which umr doesn't print, are found; the initiator of DISPATCH_DIRECT and a NOP's body are not.
    assert_eq!(differences(&first.words, &sample_words(IB_4)), [1517, 1527]);
    assert_eq!((second.va, second.name.as_str()), (Some(0x8000_003d_8000), "ib vmid 3"));
    assert_eq!(differences(&second.words, &sample_words(IB_3)), [224]);
    assert_eq!(dump.gfx.as_deref(), Some("gfx1103"));
    let places = "dword 1517 of ib vmid 4, dword 1526 of ib vmid 4, dword 1527 of ib vmid 4, dword 224 of ib vmid 3";
    assert_eq!(dump.notes, [format!("umr left out 4 dwords, which are read as 0: {places}")]);
}

#[test]
fn colours_change_nothing() {
    let plain = unpacked(ANSWER);
    let coloured = String::from_utf8(plain.clone()).unwrap().replace("0x", "\x1b[34m0x").replace(']', "\x1b[0m]");
    assert_eq!(auto(coloured.as_bytes()).streams, auto(&plain).streams);
}

#[test]
fn older_versions_are_read_too() {
    // As in umr's doc/sphinx ring_stream page: VMID in decimal, no padding.
    let text = b"\n\tDecoding IB at 0@0x0 from 0@0x0 of 257 words (type 4)\n\
        [0@0x00000000 + 0x0000]\t[0xffff1000]\tOpcode 0x10 [PKT3_NOP] (0 words, type: 3, hdr: 0xffff1000)\n\
        [0@0x00000000 + 0x0004]\t[0xc0032200]\tOpcode 0x22 [PKT3_COND_EXEC] (4 words, type: 3, hdr: 0xc0032200)\n\
        [0@0x00000000 + 0x0008]\t[0x00400080]\t|---> GPU_ADDR_LO32=0x400080\n\
        Decoding IB at 10@0x100000000 from 0@0x8 of 1 words (type 4)\n\
        [10@0x100000000 + 0x0000]\t[0xc0053c00]\tOpcode 0x3c [PKT3_WAIT_REG_MEM]\n";
    let dump = auto(text);
    assert_eq!(dump.streams[0].words[..3], [0xffff_1000, 0xc003_2200, 0x40_0080]);
    assert_eq!(dump.streams[0].words.len(), 257);
    assert_eq!((dump.streams[1].name.as_str(), dump.streams[1].va), ("ib vmid 10", Some(0x1_0000_0000)));
}

#[test]
fn a_piece_of_a_decode_knows_where_it_is() {
    let text = b"[0x3@0x8000003d8000 + 0x30000]\t[        0xc0004600]\tOpcode 0x46 [PKT3_EVENT_WRITE]\n\
        [0x3@0x8000003d8000 + 0x30004]\t[        0x0000000e]\t|---> EVENT_TYPE=14, EVENT_INDEX=0\n\
        [0x0@0x00000400 + 0x0014]\t[        0xc0012800]\tOpcode 0x28 [PKT3_CONTEXT_CONTROL]\n";
    let dump = auto(text);
    assert_eq!(
        (dump.streams[0].va, dump.streams[0].words.as_slice()),
        (Some(0x8000_0040_8000), &[0xc000_4600, 14][..])
    );
    assert_eq!((dump.streams[1].original(0), dump.streams[1].words.len()), (0x105, 1));
}

#[test]
fn offsets_beyond_reason_take_no_memory() {
    let text = b"Decoding IB at 0x1@0x1000 from 0x0@0x8 of 4294967295 words (type 4)\n\
        [0x1@0x1000 + 0x0000]\t[        0xc0004600]\tX\n[0x1@0x1000 + 0x3ffffff0]\t[        0x0000000e]\tX\n";
    assert_eq!(auto(text).streams[0].words, [0xc000_4600]);
}

#[test]
fn streams_of_the_dma_engine_are_left_out() {
    let sdma = b"Decoding IB at 0x0@0x0 from 0x0@0x0 of 2 words (type 3)\n\
        [0x0@0x00000000 + 0x0000] [0x0000050a]\tOpcode 0xa [POLL_REGMEM] Sub-Opcode 5 (6 words, hdr: 0x50a)\n";
    assert!(refused(sdma, InputFormat::Auto).contains("packets of the DMA engine"));
    let both = [&sdma[..], b"[0x1@0x1000 + 0x0000]\t[        0xc0004600]\tX\n"].concat();
    assert_eq!(auto(&both).notes, ["left out, as they hold no PM4: 1 streams of the DMA engine"]);
}

#[test]
fn dwords_that_umr_leaves_out_are_zero_and_said() {
    let text = b"Decoding IB at 0x1@0x1000 from 0x0@0x8 of 4 words (type 4)\n\
        [0x1@0x1000 + 0x0000]\t[        0xc0021500]\tOpcode 0x15 [PKT3_DISPATCH_DIRECT]\n\
        [0x1@0x1000 + 0x0004]\t[        0x00000007]\t|---> DIM_X=7\n\
        Done decoding IB\n";
    let dump = auto(text);
    assert_eq!(dump.streams[0].words, [0xc002_1500, 7, 0, 0]);
    assert_eq!(dump.notes, ["umr left out 2 dwords, which are read as 0: dword 2 of ib vmid 1, dword 3 of ib vmid 1"]);
}

#[test]
fn a_decode_of_aql_holds_no_dwords() {
    let text = b"Decoding IB at 0@0x7fff00b4ad00 from 0@0x0 of 0 words (type 0)\n\
        [0@0x7fff00b4ad00 + 0x0002]     [            0x0000]    |---> setup_dimensions=0\n";
    assert!(refused(text, InputFormat::Auto).contains("print it with umr -RS"));
}

#[test]
fn a_harness_log_gives_the_ring_and_finds_the_indirect_buffer_through_the_page_tables() {
    let dump = auto(&unpacked(LOG));
    let [ring] = dump.streams.as_slice() else { panic!("{} streams", dump.streams.len()) };
    assert_eq!(ring.kind, StreamKind::Ring { rptr: 0x100, wptr: 0x300 });
    let want = &sample_words(RING)[3..];
    assert_eq!((&ring.words[..0x700], &ring.words[0x700..]), (&want[0x100..], &want[..0x100]));
    for (va, ib) in [(0x8000_00b3_9800, IB_4), (0x8000_003d_8000, IB_3)] {
        let memory = dump.memory.iter().find(|memory| memory.va == va).unwrap();
        assert_eq!(memory.words, sample_words(ib));
    }
    assert_eq!(dump.gfx.as_deref(), Some("gfx1103"));
    assert!(dump.notes[0].starts_with("2 of "), "{:?}", dump.notes);
}

#[test]
fn the_file_may_name_the_ring() {
    let name = std::path::Path::new("hang_comp_1.0.0.txt");
    for sample in [ANSWER, LOG] {
        let dump = super::super::parse(&unpacked(sample), name, InputFormat::Umr).unwrap();
        assert_eq!(dump.streams[0].ring, Some(Ring::Compute), "a name counts more than the packets");
    }
}

#[test]
fn a_broken_log_is_named_with_its_place() {
    assert_eq!(
        refused(b"RINGDATA = { 0x1, 0xg }\n", InputFormat::Auto),
        "dump:1:19: `0xg` is no word such as 0xc0012800"
    );
    assert_eq!(refused(b"\nVRAM@0x10 = {0}\n", InputFormat::Auto), "dump:2:14: `0` is half a byte");
    assert!(refused(b"MMIO@0x0 = { 0x0 }\n", InputFormat::Auto).contains("holds no `RINGDATA"));
}
