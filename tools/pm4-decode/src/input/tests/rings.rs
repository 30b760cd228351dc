//! Ring files: recognised, turned so that what waits comes first, and named.

use std::path::Path;

use sparkle_pm4::Ring;

use super::super::{StreamKind, parse, ring};
use super::{auto, refused, sample, sample_words, words};
use crate::args::InputFormat;

#[test]
fn a_debugfs_ring_begins_at_its_read_pointer() {
    let file = sample("umr-phoenix-gfx11/phoenix_ring_gfx_0.0.0.bin");
    let dump = parse(&file, Path::new("/sys/kernel/debug/dri/0/amdgpu_ring_gfx_0.0.0"), InputFormat::Auto).unwrap();
    let stream = &dump.streams[0];
    assert_eq!(stream.kind, StreamKind::Ring { rptr: 0x100, wptr: 0x300 });
    assert_eq!(stream.ring, Some(Ring::Gfx));
    assert_eq!((stream.words.len(), stream.wrap), (2048, Some(2048)));
    let ring = &sample_words("umr-phoenix-gfx11/phoenix_ring_gfx_0.0.0.bin")[3..];
    assert_eq!(stream.words[..0x200], ring[0x100..0x300], "what waits comes first");
    assert_eq!(stream.words[0x200..0x700], ring[0x300..], "then the oldest");
    assert_eq!(stream.words[0x700..], ring[..0x100], "and the newest that is done at the end");
    assert_eq!([stream.original(0), stream.original(0x6ff), stream.original(0x700)], [0x100, 2047, 0]);
}

#[test]
fn a_ring_that_is_done_begins_with_its_oldest_word() {
    let dump = auto(&sample("bc250-gfx10_1/ring_comp_1.1.0.bin"));
    let ring = &sample_words("bc250-gfx10_1/ring_comp_1.1.0.bin")[3..];
    assert_eq!(dump.streams[0].kind, StreamKind::Ring { rptr: 0x600, wptr: 0x600 });
    assert_eq!(dump.streams[0].words[..0x200], ring[0x600..]);
    assert_eq!(dump.streams[0].words[0x200..], ring[..0x600]);
}

#[test]
fn a_ring_file_named_bin_is_read_as_it_stands() {
    let file = sample("bc250-gfx10_1/ring_comp_1.1.0.bin");
    let dump = parse(&file, Path::new("dump"), InputFormat::Bin).unwrap();
    assert_eq!(words(&dump)[..4], [0x600, 0x600, 0x600, 0xc001_7900]);
    assert_eq!(dump.streams[0].kind, StreamKind::Ib);
}

#[test]
fn a_ring_file_that_was_cut_is_said_to_be() {
    let file = sample("sparkle-raphael-gfx10_3/amdgpu_ring_kiq_0.2.1.0.first4096.bin");
    let dump = parse(&file, Path::new("amdgpu_ring_kiq_0.2.1.0"), InputFormat::Auto).unwrap();
    assert_eq!(words(&dump).len(), 1024);
    assert_eq!(dump.streams[0].ring, Some(Ring::Compute));
    assert!(dump.notes[0].contains("cut short: its pointers are 1536 and 1536"), "{:?}", dump.notes);
}

#[test]
fn an_indirect_buffer_is_no_ring() {
    let dump = auto(&sample("bc250-gfx10_1/ib_g1.bin"));
    assert_eq!(words(&dump)[..3], [0xc003_7602, 0x204, 0]);
    assert_eq!(dump.streams[0].kind, StreamKind::Ib);
    assert!(dump.notes.is_empty());
}

#[test]
fn all_three_pointers_must_lie_in_the_ring() {
    let ring = [0xffff_1000; 64];
    let file = |pointers: [u32; 3]| [&pointers[..], &ring].concat();
    assert_eq!(ring::debugfs(&file([1, 63, 0])), Some((1, 63, &ring[..])));
    for pointers in [[64, 0, 0], [0, 64, 0], [0, 0, 64]] {
        assert_eq!(ring::debugfs(&file(pointers)), None);
    }
    assert_eq!(ring::debugfs(&file([0; 3])[..66]), None, "63 dwords are no ring");
    assert_eq!(ring::debugfs(&[0; 3 + 32]), None, "nor is one as small as 32");
}

#[test]
fn a_tail_of_bytes_is_kept_out_and_said() {
    let dump = auto(&[0x00, 0x10, 0xff, 0xff, 1, 2, 3]);
    assert_eq!(words(&dump), [0xffff_1000]);
    assert_eq!(dump.notes, ["the last 3 bytes make no whole dword and are left out"]);
    assert_eq!(refused(&[1, 2, 0], InputFormat::Auto), "dump: holds less than a dword, 4 bytes: dump the stream again");
}

#[test]
fn names_of_rings_say_the_engine() {
    for name in ["comp_1.0.0", "amdgpu_ring_comp_1.1.0", "kiq_0.2.1.0", "mes_kiq_3.1.0", "hang/amdgpu_ring_kiq"] {
        assert_eq!(ring::kind(name), Some(Ring::Compute), "{name}");
    }
    for name in ["gfx_0.0.0", "gfx", "amdgpu_ring_gfx_0.1.0.bin", "cezanne_ring_gfx.bin"] {
        assert_eq!(ring::kind(name), Some(Ring::Gfx), "{name}");
    }
    for name in ["sdma0", "gfx1100.bin", "decomp_1.bin", "names_1.txt", "comp.bin", "vcn_unified_0", ""] {
        assert_eq!(ring::kind(name), None, "{name}");
    }
}

#[test]
fn packets_tell_a_graphics_ring_where_the_name_does_not() {
    let ring = |name| auto(&sample(name)).streams[0].ring;
    assert_eq!(ring("umr-phoenix-gfx11/phoenix_ring_gfx_0.0.0.bin"), Some(Ring::Gfx));
    assert_eq!(ring("umr-navi10-gfx10/navi10_ring_gfx_0.0.0.bin"), Some(Ring::Gfx));
    assert_eq!(ring("bc250-gfx10_1/ring_comp_1.1.0.bin"), None);
    assert_eq!(ring("sparkle-raphael-gfx10_3/amdgpu_ring_comp_1.0.0.bin"), None);
}

#[test]
fn nothing_is_nothing() {
    assert_eq!(refused(&[], InputFormat::Auto), "dump is empty: dump the stream again");
    assert_eq!(refused(&[], InputFormat::Bin), "dump is empty: dump the stream again");
}
