//! Captures, as the capture crate writes them.

use std::path::Path;

use sparkle_capture::{Buffer, CaptureWriter, Device, IndirectBuffer, Ip, Role, Submission, VaFlag};
use sparkle_pm4::Ring;

use super::super::{Memory, read};
use crate::args::InputFormat;

fn bytes(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

fn write(folder: &Path) {
    let mut writer = CaptureWriter::create(folder, Device::new("gfx1151", 150, "Radeon 8060S")).unwrap();
    let mut ib = Buffer::new(1, 0x8_0000_0000, 16, Role::Ib);
    ib.va_flags = vec![VaFlag::Read, VaFlag::Exec];
    writer.add_buffer(ib, bytes(&[7, 0xffff_1000, 0xffff_1000, 9]).as_slice()).unwrap();
    writer.add_buffer(Buffer::new(2, 0x8_0001_0000, 8, Role::Input), bytes(&[1, 2]).as_slice()).unwrap();
    let mut synced = IndirectBuffer::new(1, 0x8_0000_0004, 2);
    synced.flags = 1 << 6;
    writer.add_submission(Submission::new(Ip::Compute, 0, vec![synced], vec![1, 2]));
    writer.add_submission(Submission::new(
        Ip::from("sdma"),
        0,
        vec![IndirectBuffer::new(1, 0x8_0000_0000, 1)],
        vec![1],
    ));
    writer.add_submission(Submission::new(Ip::Gfx, 0, vec![IndirectBuffer::new(1, 0x8_0000_000c, 1)], vec![1]));
    writer.commit().unwrap();
}

#[test]
fn a_capture_gives_its_indirect_buffers_and_all_that_it_lists() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("submission");
    write(&folder);
    for path in [folder.clone(), folder.join("capture.json")] {
        let dump = read(&path, InputFormat::Auto).unwrap();
        let [compute, gfx] = dump.streams.as_slice() else { panic!("{} streams", dump.streams.len()) };
        assert_eq!(compute.words, [0xffff_1000, 0xffff_1000]);
        assert_eq!((compute.va, compute.ring, compute.memory_synced), (Some(0x8_0000_0004), Some(Ring::Compute), true));
        assert_eq!((gfx.words.as_slice(), gfx.ring, gfx.memory_synced), (&[9][..], Some(Ring::Gfx), false));
        assert_eq!(dump.memory, [Memory { va: 0x8_0000_0000, words: vec![7, 0xffff_1000, 0xffff_1000, 9] }]);
        assert_eq!(dump.gfx.as_deref(), Some("gfx1151"));
        let buffers = dump.buffers.unwrap();
        let ib = &buffers[0];
        assert_eq!((ib.va, ib.size, ib.role.as_deref()), (0x8_0000_0000, 16, Some("ib")));
        assert_eq!((ib.readable, ib.writable, ib.executable), (true, false, true));
        assert_eq!(dump.notes, ["submission 1 is for sdma, which executes no PM4: left out"]);
    }
}

#[test]
fn a_broken_capture_is_wrong_input() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("capture.json"), "{ \"format\": \"sparkle-capture\"").unwrap();
    let error = read(home.path(), InputFormat::Auto).unwrap_err();
    assert!(!error.is_system(), "{error}");
}
