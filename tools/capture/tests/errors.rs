//! Every way in which a capture can be refused, each as one change to the example.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::error::Error as _;
use std::fs;

use common::{EXAMPLE, error_with, folder_with, problem};
use sparkle_capture::{Capture, Error, MANIFEST_LIMIT_BYTES, Problem};

fn malformed(from: &str, to: &str, want_entry: &str, want_cause: &str) {
    let error = error_with(from, to);
    let text = error.to_string();
    let Error::Malformed { entry, .. } = &error else { panic!("{error:?}") };
    let cause = error.source().unwrap().to_string();
    assert_eq!(entry, want_entry);
    assert!(cause.contains(want_cause), "{cause}");
    assert!(text.contains("capture.json: ") && text.contains(want_entry), "{text}");
}

fn invalid(from: &str, to: &str, want_entry: &str, want: Problem) {
    let error = error_with(from, to);
    let text = error.to_string();
    assert!(text.contains(&format!("capture.json: {want_entry} ")), "{text}");
    assert_eq!(problem(error), (want_entry.to_owned(), want));
}

#[test]
fn another_format_or_version() {
    let error = error_with(r#""sparkle-capture""#, r#""umr""#);
    assert!(matches!(&error, Error::Format { found, .. } if found == "\"umr\""), "{error:?}");
    assert!(error.to_string().ends_with(r#"`format` is "umr", not "sparkle-capture": name a capture's folder"#));
    assert!(matches!(error_with(r#""format": "sparkle-capture","#, ""), Error::Format { .. }));
    let error = error_with(r#""version": 1"#, r#""version": 2"#);
    assert!(matches!(&error, Error::Version { found, .. } if found == "2"), "{error:?}");
    assert!(error.to_string().contains("`version` is 2, and only 1 is known"), "{error}");
    assert!(matches!(error_with(r#""version": 1,"#, ""), Error::Version { .. }));
    let list = Capture::read(folder_with("[1]").path());
    assert!(matches!(list, Err(Error::Format { .. })));
}

#[test]
fn another_version_is_told_before_its_other_form() {
    let folder = folder_with(r#"{"format": "sparkle-capture", "version": 2, "buffers": {}}"#);
    assert!(matches!(Capture::read(folder.path()), Err(Error::Version { .. })));
}

#[test]
fn no_json() {
    assert!(matches!(error_with(r#""version": 1,"#, r#""version": 1"#), Error::Json { .. }));
    assert!(matches!(Capture::read(folder_with("").path()), Err(Error::Json { .. })));
    assert!(matches!(Capture::read(folder_with(&"[".repeat(100_000)).path()), Err(Error::Json { .. })));
    let long = " ".repeat(usize::try_from(MANIFEST_LIMIT_BYTES).unwrap()) + EXAMPLE;
    assert!(matches!(Capture::read(folder_with(&long).path()), Err(Error::ManifestTooLong { .. })));
}

#[test]
fn no_capture() {
    let folder = tempfile::tempdir().unwrap();
    let none = |path| matches!(Capture::read(path), Err(Error::NotACapture { .. }));
    assert!(none(folder.path().to_owned()));
    assert!(none(folder.path().join("missing")));
    fs::write(folder.path().join("file.bin"), []).unwrap();
    assert!(none(folder.path().join("file.bin")));
    fs::create_dir(folder.path().join("capture.json")).unwrap();
    assert!(none(folder.path().to_owned()));
}

#[test]
fn malformed_entries() {
    malformed(r#""gfx": "gfx1100", "#, "", "device", "missing field `gfx`");
    malformed(r#""device": {"#, r#""devices": {"#, "device", "null");
    malformed("\"buffers\": [\n", "\"buffer\": [\n", "buffers", "null");
    malformed(r#""submissions": ["#, r#""submission": ["#, "submissions", "null");
    malformed(r#""id": 2, "#, "", "buffers[2]", "missing field `id`");
    malformed(r#""id": 2, "#, r#""id": -2, "#, "buffers[2]", "-2");
    malformed(r#""size": 4096"#, r#""size": 1e60"#, "buffers[2]", "floating point");
    malformed(r#""offset": 8, "#, "", "volatile[0]", "missing field `offset`");
    malformed(r#""size_dw": 2"#, r#""size_dw": 4294967296"#, "submissions[0]", "4294967296");
}

#[test]
fn malformed_addresses() {
    for text in
        ["\"\"", "\"0x\"", "\"34359738368\"", "\"0x+1\"", "\"0x10000000000000000\"", "\"0xg\"", "-1", "1.5", "null"]
    {
        malformed("34359742464", text, "buffers[2]", "an address such as \"0x0000000800000000\"");
    }
}

#[test]
fn ids_and_addresses() {
    invalid(r#""id": 2"#, r#""id": 0"#, "buffers[2]", Problem::DuplicateId { id: 0, other: 0 });
    invalid(r#""size": 4096"#, r#""size": 0"#, "buffers[2]", Problem::Empty);
    let (va, size) = (0xffff_ffff_ffff_f001, 4096);
    invalid("34359742464", "\"0xfffffffffffff001\"", "buffers[2]", Problem::Wraps { va, size });
    invalid("34359742464", "34359738391", "buffers[2]", Problem::Overlaps { other: 1, va: 0x8_0000_0017 });
    invalid("34359742464", "34359734273", "buffers[2]", Problem::Overlaps { other: 0, va: 0x8_0000_0000 });
}

#[test]
fn file_names() {
    let name = "bo1.before.bin";
    for bad in ["../x.bin", "/etc/passwd", "a/b.bin", ".", "..", "", "a\\\\b.bin", "C:x.bin", "x\\u0000", "./x", "x/"] {
        let error = error_with(name, bad);
        assert!(matches!(problem(error), (entry, Problem::FileName { .. }) if entry == "buffers[1]"), "{bad}");
    }
    invalid(name, "gone.bin", "buffers[1]", Problem::FileMissing { name: "gone.bin".to_owned() });
    let short = Problem::FileSize { name: name.to_owned(), found: 8, size: 9 };
    invalid(r#""size": 8"#, r#""size": 9"#, "buffers[1]", short);
    invalid("bo0.after.bin", name, "buffers[0]", Problem::FileSize { name: name.to_owned(), found: 8, size: 16 });
}

#[cfg(unix)]
#[test]
fn files_that_are_links_or_folders() {
    let folder = folder_with(EXAMPLE);
    let file = folder.path().join("bo1.before.bin");
    let outside = tempfile::NamedTempFile::new().unwrap();
    fs::write(outside.path(), [0; 8]).unwrap();
    let want = ("buffers[1]".to_owned(), Problem::FileKind { name: "bo1.before.bin".to_owned() });
    fs::remove_file(&file).unwrap();
    std::os::unix::fs::symlink(outside.path(), &file).unwrap();
    assert_eq!(problem(Capture::read(folder.path()).unwrap_err()), want);
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    assert_eq!(problem(Capture::read(folder.path()).unwrap_err()), want);
}

#[test]
fn volatile_ranges() {
    let from = r#""offset": 8, "bytes": 8"#;
    let outside = |offset, bytes| Problem::VolatileOutside { id: 0, offset, bytes, size: 16 };
    invalid(from, r#""offset": 8, "bytes": 9"#, "volatile[0]", outside(8, 9));
    invalid(from, r#""offset": 17, "bytes": 0"#, "volatile[0]", outside(17, 0));
    let to = r#""offset": 1, "bytes": 18446744073709551615"#;
    invalid(from, to, "volatile[0]", outside(1, 18_446_744_073_709_551_615));
    let from = r#"{"buffer": 0, "offset": 8"#;
    invalid(from, r#"{"buffer": 5, "offset": 8"#, "volatile[0]", Problem::NoSuchBuffer { id: 5 });
}

#[test]
fn submissions() {
    invalid("[0,1,2]", "[0,1,3]", "submissions[0].buffers", Problem::NoSuchBuffer { id: 3 });
    let ib = "submissions[0].ibs[0]";
    invalid(r#"{"buffer": 1,"#, r#"{"buffer": 4,"#, ib, Problem::NoSuchBuffer { id: 4 });
    invalid("\"0x800000010\"", "\"0x800000012\"", ib, Problem::IbUnaligned { va: 0x8_0000_0012 });
    let outside = |va, size_dw| Problem::IbOutside { id: 1, va, size_dw };
    invalid("\"0x800000010\"", "\"0x800000014\"", ib, outside(0x8_0000_0014, 2));
    invalid("\"0x800000010\"", "\"0x80000000c\"", ib, outside(0x8_0000_000c, 2));
    invalid("\"0x800000010\"", "\"0xfffffffffffffffc\"", ib, outside(0xffff_ffff_ffff_fffc, 2));
    invalid(r#""size_dw": 2"#, r#""size_dw": 4294967295"#, ib, outside(0x8_0000_0010, 0xffff_ffff));
}
