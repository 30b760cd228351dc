//! The kernel's device core dumps, in the words of `amdgpu_dev_coredump.c`.

use sparkle_pm4::Ring;

use super::super::{Stream, StreamKind};
use super::{auto, refused};
use crate::args::InputFormat;

/// A dump of Linux 6.12, with rings of 4 dwords.
const DUMP: &str = "**** AMDGPU Device Coredump ****\nversion: 1\nkernel: 6.12.8-arch1-1\nmodule: amdgpu\n\
    time: 45.084775181\nprocess_name: vkcube PID: 1780\n\nSOC Information\nSOC Device id: 5567\n\n\
    HW IP Version Information\nHWIP: GC[1][0]: v11.0.1.0.0\nHWIP: HDP[2][0]: v5.2.1.0.0\n\nIP Firmwares\n\
    VCE feature version: 0, fw version: 0x00000000\n\nRing timed out details\nIP Type: 1 Ring Name: comp_1.0.0\n\n\
    [gfxhub] Page fault observed\nFaulty page starting at address: 0x0000800000123000\n\
    Protection fault status register: 0x701031\n\nIP Dump\nIP: gfx_v11_0\n\
    regGRBM_STATUS                                     \t 0xa0003028\n\
    regCP_IB1_BASE_LO                                  \t 0x00000000\n\
    regCP_IB1_BASE_HI                                  \t 0x00000000\n\
    \nnum_mec: 1 num_pipe: 1 num_queue: 1\n\nmec 0, pipe 0, queue 0\n\
    regCP_HQD_IB_BASE_ADDR                             \t 0x00b39800\n\
    regCP_HQD_IB_BASE_ADDR_HI                          \t 0x00008000\n\
    regCP_HQD_IB_RPTR                                  \t 0x00000030\n\n\
    Ring buffer information\nring name: gfx_0.0.0\nRptr: 0x100 Wptr: 0x100 RB mask: 3\nRing size in dwords: 4\n\
    Ring contents\nOffset \t Value\n0x0 \t 0x1\n0x4 \t 0x2\n0x8 \t 0x3\n0xc \t 0x4\n\
    ring name: comp_1.0.0\nRptr: 0x1001 Wptr: 0x1003 RB mask: 3\nRing size in dwords: 4\n\
    Ring contents\nOffset \t Value\n0x0 \t 0xc0023f00\n0x4 \t 0xb39800\n0x8 \t 0xffff8000\n0xc \t 0xa800000\n\
    ring name: sdma0\nRptr: 0x0 Wptr: 0x0 RB mask: 3\nRing size in dwords: 4\n\
    Ring contents\nOffset \t Value\n0x0 \t 0x0\n0x4 \t 0x0\n0x8 \t 0x0\n0xc \t 0x0\n\
    ring name: mes_3.0.0\nRptr: 0x0 Wptr: 0x0 RB mask: 0\nRing size in dwords: 1\nRing contents\nOffset \t Value\n\
    0x0 \t 0x0\nVRAM is lost due to GPU reset!\n";

#[test]
fn rings_come_out_with_the_one_that_hung_first() {
    let dump = auto(DUMP.as_bytes());
    let [compute, gfx] = dump.streams.as_slice() else { panic!("{} streams", dump.streams.len()) };
    assert_eq!((compute.name.as_str(), compute.ring), ("comp_1.0.0", Some(Ring::Compute)));
    assert_eq!(compute.kind, StreamKind::Ring { rptr: 1, wptr: 3 }, "the kernel's pointers are not masked");
    assert_eq!(compute.words, [0x00b3_9800, 0xffff_8000, 0x0a80_0000, 0xc002_3f00]);
    assert_eq!(compute.original(3), 0);
    assert_eq!((gfx.name.as_str(), gfx.ring, gfx.words.as_slice()), ("gfx_0.0.0", Some(Ring::Gfx), &[1, 2, 3, 4][..]));
    assert_eq!(dump.gfx.as_deref(), Some("gfx1103"));
}

#[test]
fn what_helps_is_kept_as_notes() {
    assert_eq!(
        auto(DUMP.as_bytes()).notes,
        [
            "kernel: 6.12.8-arch1-1",
            "process_name: vkcube PID: 1780",
            "ring comp_1.0.0 timed out",
            "page fault in gfxhub: page 0x800000123000, status 0x701031",
            "mec 0, pipe 0, queue 0: indirect buffer at 0x800000b39800, 48 dwords consumed",
            "VRAM is lost due to GPU reset!",
            "left out, as they hold no PM4: sdma0, mes_3.0.0",
        ]
    );
}

#[test]
fn indirect_buffers_of_newer_kernels_are_streams() {
    let text = DUMP.to_owned() + "\nIB #0 0x800000b39800 2 dw\n0xffff1000\n0x00000000\n\nIB #1 0x800000b3a000 8 dw\n";
    let dump = auto(text.as_bytes());
    let want = Stream {
        ring: Some(Ring::Compute),
        ..Stream::ib("IB #0".into(), Some(0x8000_00b3_9800), vec![0xffff_1000, 0])
    };
    assert_eq!(dump.streams[2], want);
    assert!(dump.notes.contains(&"IB #1 at 0x800000b3a000 of 8 dwords: its contents were not dumped".to_owned()));
}

#[test]
fn no_page_fault_is_no_note() {
    let text = DUMP.replace("0x0000800000123000", "0x0000000000000000").replace("0x701031", "0x0");
    assert!(!auto(text.as_bytes()).notes.iter().any(|note| note.contains("page fault")));
}

#[test]
fn a_ring_that_was_cut_is_said_to_be() {
    let cut = DUMP.find("0x8 \t 0xffff8000").unwrap();
    let dump = auto(&DUMP.as_bytes()[..cut]);
    assert_eq!(dump.streams[0].words, [0xc002_3f00, 0x00b3_9800]);
    assert_eq!(dump.streams[0].kind, StreamKind::Ring { rptr: 1, wptr: 3 });
    assert!(dump.notes.contains(&"comp_1.0.0 is cut short: 2 of 4 dwords, read from the first".to_owned()));
}

#[test]
fn a_dump_without_rings_is_refused() {
    let head = DUMP.find("Ring buffer information").unwrap();
    assert!(refused(&DUMP.as_bytes()[..head], InputFormat::Auto).contains("holds no graphics or compute ring"));
    assert!(refused(b"0xc0012800\n", InputFormat::Devcoredump).contains("holds no graphics or compute ring"));
}

#[test]
fn a_line_that_cannot_be_read_ends_a_rings_contents() {
    // The third dword of the first ring stands on line 46 of the dump; where it lacks, the fourth does.
    let cases = [("0x8 \t zz\n", "line 46, column 7: "), ("", "line 46, column 1: "), ("0x8\n", "line 46, column 4: ")];
    for (bad, place) in cases {
        let good = "0x8 \t 0x3\n";
        let dump = auto(DUMP.replacen(good, bad, 1).as_bytes());
        let ring = dump.streams.iter().find(|stream| stream.name == "gfx_0.0.0").unwrap();
        // What is behind the gap has no place; the ring stays a ring.
        assert_eq!(ring.words, [1, 2]);
        assert!(matches!(ring.kind, StreamKind::Ring { .. }));
        let note = format!("{place}the contents of ring gfx_0.0.0 break off before byte 0x8");
        assert!(dump.notes.contains(&note), "{note}: {:?}", dump.notes);
    }
}

#[test]
fn a_line_that_cannot_be_read_ends_an_indirect_buffers_contents() {
    let ib = "\nIB #0 0x800000b39800 4 dw\n0xc0012800\nzz\n0x80000000\n0x00000001\nVRAM is lost due to GPU reset!\n";
    let dump = auto((DUMP.to_owned() + ib).as_bytes());
    assert_eq!(dump.streams[2].words, [0xc001_2800]);
    let line = DUMP.lines().count() + 4;
    let note = format!("line {line}, column 1: `zz` is no dword: the contents of IB #0 break off before dword 1");
    assert!(dump.notes.contains(&note), "{:?}", dump.notes);
    // What follows dwords that are all there is none of them.
    let whole = "\nIB #0 0x800000b39800 2 dw\n0xc0012800\n0x80000000\nA new block\n0x7\n";
    let dump = auto((DUMP.to_owned() + whole).as_bytes());
    assert_eq!(dump.streams[2].words, [0xc001_2800, 0x8000_0000]);
    assert!(!dump.notes.iter().any(|note| note.contains("is no dword")), "{:?}", dump.notes);
}
