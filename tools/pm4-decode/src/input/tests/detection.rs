//! Files that are something else, and errors of the system.

use std::path::Path;

use super::super::{InputError, read};
use super::{auto, refused, sample, sample_path};
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
