//! Writing: whole or not at all.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::fs;
use std::io::{self, Read};
use std::path::Path;

use common::{EXAMPLE, FILES, folder_with, names, problem};
use sparkle_capture::{
    Buffer, Capture, CaptureWriter, Completion, Device, Error, IndirectBuffer, Ip, Problem, Role, Submission, Volatile,
};

fn device() -> Device {
    Device::new("gfx1103", 148, "Radeon 780M")
}

/// A writer with an IB of one dword and an output of 4 KiB.
fn writer(folder: &Path) -> CaptureWriter {
    let mut writer = CaptureWriter::create(folder, device()).unwrap();
    writer.add_buffer(Buffer::new(3, 0x10_0000, 4, Role::Ib), [0x00, 0x10, 0xff, 0xff].as_slice()).unwrap();
    writer.add_zeroed(Buffer::new(4, 0x20_0000, 4096, Role::Output)).unwrap();
    writer.add_volatile(Volatile::new(4, 0, 8));
    let ibs = vec![IndirectBuffer::new(3, 0x10_0000, 1)];
    writer.add_submission(Submission::new(Ip::Compute, 1, ibs, vec![3, 4]));
    writer
}

#[test]
fn the_text_is_the_formats() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("c");
    drop(writer(&folder).commit().unwrap());
    assert_eq!(names(&folder), ["bo3.before.bin", "capture.json"]);
    let text = fs::read_to_string(folder.join("capture.json")).unwrap();
    let want = serde_json::json!({
        "format": "sparkle-capture", "version": 1,
        "device": {"gfx": "gfx1103", "family": 148, "name": "Radeon 780M"},
        "buffers": [
            {"id": 3, "va": "0x0000000000100000", "size": 4, "domain": "vram", "va_flags": ["read", "write"],
             "role": "ib", "before": "bo3.before.bin"},
            {"id": 4, "va": "0x0000000000200000", "size": 4096, "domain": "vram", "va_flags": ["read", "write"],
             "role": "output"}
        ],
        "volatile": [{"buffer": 4, "offset": 0, "bytes": 8}],
        "submissions": [{"ip": "compute", "ring": 1, "buffers": [3, 4],
             "ibs": [{"buffer": 3, "va": "0x0000000000100000", "size_dw": 1, "flags": 0}]}]
    });
    assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), want);
    assert!(text.starts_with("{\n  \"format\": \"sparkle-capture\",\n  \"version\": 1,\n") && text.ends_with("}\n"));
    assert_eq!(fs::read(folder.join("bo3.before.bin")).unwrap(), [0x00, 0x10, 0xff, 0xff]);
}

#[test]
fn after_comes_later() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("c");
    let mut completion = writer(&folder).commit().unwrap();
    assert_eq!(Capture::read(&folder).unwrap().submissions[0].fence_seq, None);
    completion.add_after(4, [9; 4096].as_slice()).unwrap();
    assert!(matches!(completion.add_after(4, io::empty()), Err(Error::AfterTaken { id: 4, .. })));
    assert!(matches!(completion.add_after(5, io::empty()), Err(Error::NoSuchBuffer { id: 5, .. })));
    let lost = completion.set_fence_seq(1, 77);
    assert!(matches!(lost, Err(Error::NoSuchSubmission { index: 1, count: 1, .. })));
    completion.set_fence_seq(0, 77).unwrap();
    assert_eq!(Capture::read(&folder).unwrap().buffers[1].after, None); // not before `finish`
    completion.finish().unwrap();
    assert_eq!(names(&folder), ["bo3.before.bin", "bo4.after.bin", "capture.json"]);
    let capture = Capture::read(&folder).unwrap();
    assert_eq!(capture.submissions[0].fence_seq, Some(77));
    assert_eq!(capture.after(4).unwrap(), Some(vec![9; 4096]));
}

#[test]
fn an_unfinished_completion_leaves_the_capture_as_it_was() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("c");
    let mut completion = writer(&folder).commit().unwrap();
    let text = fs::read(folder.join("capture.json")).unwrap();
    completion.add_after(4, [9; 4096].as_slice()).unwrap();
    drop(completion);
    assert_eq!(names(&folder), ["bo3.before.bin", "capture.json"]);
    assert_eq!(fs::read(folder.join("capture.json")).unwrap(), text);

    let mut completion = Completion::of(Capture::read(&folder).unwrap());
    completion.add_after(4, [9; 4096].as_slice()).unwrap();
    fs::write(folder.join("capture.json.part"), "someone else's").unwrap();
    assert!(matches!(completion.finish(), Err(Error::Busy { .. })));
    assert_eq!(names(&folder), ["bo3.before.bin", "capture.json", "capture.json.part"]);
}

#[test]
fn an_unfinished_capture_leaves_nothing() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("c");
    let unfinished = writer(&folder);
    assert!(matches!(Capture::read(&folder), Err(Error::NotACapture { .. })));
    drop(unfinished);
    assert_eq!(names(home.path()), [""; 0]);

    let there = tempfile::tempdir().unwrap(); // a folder that was there stays, with what it held
    fs::write(there.path().join("notes.txt"), "mine").unwrap();
    drop(writer(there.path()));
    assert_eq!(names(there.path()), ["notes.txt"]);
}

#[test]
fn a_capture_that_can_not_be_true_leaves_nothing() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("c");
    let mut wrong = writer(&folder);
    wrong.add_volatile(Volatile::new(4, 4095, 2));
    let want = Problem::VolatileOutside { id: 4, offset: 4095, bytes: 2, size: 4096 };
    assert_eq!(problem(wrong.commit().unwrap_err()), ("volatile[1]".to_owned(), want));
    assert_eq!(names(home.path()), [""; 0]);

    let mut shadowed = writer(&folder);
    let mut range = Volatile::new(4, 0, 1);
    range.extra.insert("offset".to_owned(), 5.into());
    shadowed.add_volatile(range);
    assert!(matches!(shadowed.commit(), Err(Error::Shadowed { .. })));
    assert_eq!(names(home.path()), [""; 0]);
}

#[test]
fn an_existing_capture_stays() {
    let folder = folder_with(EXAMPLE);
    let before = names(folder.path());
    assert!(matches!(CaptureWriter::create(folder.path(), device()), Err(Error::Exists { .. })));
    assert_eq!(names(folder.path()), before);
    assert_eq!(fs::read_to_string(folder.path().join("capture.json")).unwrap(), EXAMPLE);
}

#[test]
fn one_writer_at_a_time() {
    let home = tempfile::tempdir().unwrap();
    let first = writer(home.path());
    assert!(matches!(CaptureWriter::create(home.path(), device()), Err(Error::Busy { .. })));
    first.commit().unwrap();
    Capture::read(home.path()).unwrap();
}

#[test]
fn files_in_the_way_stay() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("bo8.before.bin"), "mine").unwrap();
    let mut writer = CaptureWriter::create(home.path(), device()).unwrap();
    let added = writer.add_buffer(Buffer::new(8, 0, 1, Role::Input), [0].as_slice());
    assert!(matches!(added, Err(Error::Exists { .. })));
    drop(writer);
    assert_eq!(fs::read_to_string(home.path().join("bo8.before.bin")).unwrap(), "mine");
    let missing = CaptureWriter::create(home.path().join("no/parent"), device());
    assert!(matches!(missing, Err(Error::Io { action: "make the folder", .. })));
}

/// Gives some bytes in odd parts, then fails.
struct Failing(u32);

impl Read for Failing {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.0 += 1;
        match self.0 {
            1 => Err(io::ErrorKind::Interrupted.into()),
            2 => {
                out[..3].fill(1);
                Ok(3)
            }
            _ => Err(io::Error::other("gone")),
        }
    }
}

#[test]
fn contents_of_the_wrong_length_are_not_added() {
    let home = tempfile::tempdir().unwrap();
    let mut writer = writer(home.path());
    let buffer = || Buffer::new(9, 0x30_0000, 5, Role::Input);
    let wrong = |e, want| matches!(e, Error::SourceLength { id: 9, size: 5, found } if found == want);
    assert!(wrong(writer.add_buffer(buffer(), [0; 4].as_slice()).unwrap_err(), Some(4)));
    assert!(wrong(writer.add_buffer(buffer(), io::repeat(0)).unwrap_err(), None));
    let failed = writer.add_buffer(buffer(), Failing(0)).unwrap_err();
    assert!(matches!(failed, Error::Source { id: 9, offset: 3, .. }), "{failed:?}");
    assert_eq!(names(home.path()), ["bo3.before.bin", "capture.json.part"]);
    writer.add_buffer(buffer(), [7; 5].as_slice()).unwrap(); // and it can go on
    assert!(matches!(writer.add_buffer(buffer(), io::empty()), Err(Error::IdTaken { id: 9, .. })));
    assert!(matches!(writer.add_zeroed(buffer()), Err(Error::IdTaken { id: 9, .. })));
    writer.commit().unwrap();
    assert_eq!(Capture::read(home.path()).unwrap().before(9).unwrap(), [7; 5]);
}

#[test]
fn contents_are_streamed_in_parts() {
    let home = tempfile::tempdir().unwrap();
    let mut writer = CaptureWriter::create(home.path().join("c"), device()).unwrap();
    let size = 3 * 262_144 + 5; // several parts and a rest
    writer.add_buffer(Buffer::new(0, 0, size, Role::Weights), io::repeat(6).take(size)).unwrap();
    writer.commit().unwrap();
    let bytes = fs::read(home.path().join("c/bo0.before.bin")).unwrap();
    assert_eq!(bytes, vec![6; 786_437]);
}

#[test]
fn unknown_keys_and_words_survive() {
    let folder = folder_with(EXAMPLE);
    let mut completion = Completion::of(Capture::read(folder.path()).unwrap());
    completion.add_after(1, FILES[2].1).unwrap();
    completion.finish().unwrap();
    let text = fs::read_to_string(folder.path().join("capture.json")).unwrap();
    let mut want: serde_json::Value = serde_json::from_str(EXAMPLE).unwrap();
    want["buffers"][1]["after"] = "bo1.after.bin".into();
    want["buffers"][2]["va"] = "0x0000000800001000".into();
    want["submissions"][0]["ibs"][0]["va"] = "0x0000000800000010".into();
    assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), want);
}
