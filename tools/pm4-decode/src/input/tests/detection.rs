//! Files that are something else, and errors of the system.

use std::path::Path;

use super::super::{InputError, read};
use super::{auto, refused, sample, sample_path, words};
use crate::args::InputFormat;

#[test]
fn code_objects_and_compressed_files_are_refused_by_name() {
    let elf = refused(b"\x7fELF\x02\x01\x01\x40", InputFormat::Auto);
    assert!(elf.starts_with("dump is an ELF file (a code object), not a stream of packets: "), "{elf}");
    assert_eq!(refused(b"\x1f\x8b\x08\0", InputFormat::Auto), "dump is compressed with gzip: decompress it first");
}

#[test]
fn the_system_and_the_input_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let missing = read(&folder.path().join("nothing"), InputFormat::Auto).unwrap_err();
    assert!(missing.is_system());
    assert!(missing.to_string().starts_with("cannot read "), "{missing}");
    let missing = read(&folder.path().join("nothing"), InputFormat::Capture).unwrap_err();
    assert!(missing.is_system());
    let empty_folder = read(folder.path(), InputFormat::Auto).unwrap_err();
    assert!(matches!(empty_folder, InputError::NoCapture { .. }), "{empty_folder}");
    assert!(!empty_folder.is_system());
}

#[test]
fn a_file_is_read_by_its_path() {
    let dump = read(&sample_path("bc250-gfx10_1/ib_g1.bin"), InputFormat::Auto).unwrap();
    assert_eq!((dump.streams[0].name.as_str(), dump.streams[0].words.len()), ("ib_g1.bin", 72));
}

#[test]
fn text_of_another_kind_is_not_taken_for_a_dump() {
    let text = sample("README.md");
    let error = super::super::parse(&text, Path::new("README.md"), InputFormat::Auto).unwrap_err().to_string();
    assert!(error.starts_with("README.md:"), "{error}");
    assert_eq!(auto(b"0xc0012800").streams.len(), 1);
}

#[test]
fn text_in_utf16_is_refused_by_name() {
    for text in ["0xc0012800 0x80000000", "# note", "[0x0@0x00000400]", "\u{e9}tude 0", "\r\n7", "**** AMDGPU"] {
        let marked = || std::iter::once(0xfeff).chain(text.encode_utf16());
        let (little, big): (Vec<u8>, Vec<u8>) =
            (marked().flat_map(u16::to_le_bytes).collect(), marked().flat_map(u16::to_be_bytes).collect());
        for format in [InputFormat::Auto, InputFormat::Hex, InputFormat::Umr, InputFormat::Devcoredump] {
            assert_eq!(refused(&little, format), "dump is text in UTF-16: save it as UTF-8", "{text}");
            assert_eq!(refused(&big, format), "dump is text in UTF-16: save it as UTF-8", "{text}");
        }
    }
    // Dwords: 0xc001feff, 0x80000000.
    assert_eq!(words(&auto(b"\xff\xfe\x01\xc0\0\0\0\x80")), [0xc001_feff, 0x8000_0000]);
}

#[test]
fn json_is_refused_by_name() {
    let capture = b"\n{\n \"format\": \"sparkle-capture\", \"version\": 1}";
    for format in [InputFormat::Auto, InputFormat::Hex, InputFormat::Umr, InputFormat::Devcoredump] {
        let error = refused(capture, format);
        assert!(error.starts_with("dump is the capture.json of a capture"), "{error}");
        assert!(error.contains("name the folder of the capture or its capture.json"), "{error}");
        for text in [&b"{\"a\": 1}"[..], b"[ {\n\"a\": 1}]", b"[\"c0012800\"]"] {
            let error = refused(text, format);
            assert!(error.starts_with("dump is JSON, not a dump: "), "{error}");
        }
    }
    assert_eq!(words(&auto(b"{ 0xffff1000, 7 }")), [0xffff_1000, 7]);
}
