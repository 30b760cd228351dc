//! Reading a capture that was written by hand.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::io::Read;

use common::{EXAMPLE, example_with, folder_with};
use sparkle_capture::{Capture, Domain, Error, Ip, Role, VaFlag};

#[test]
fn reads_every_field() {
    let folder = folder_with(EXAMPLE);
    let capture = Capture::read(folder.path()).unwrap();
    assert_eq!(capture.folder(), folder.path());
    assert_eq!((capture.device.gfx.as_str(), capture.device.family), ("gfx1100", 145));
    assert_eq!(capture.device.name, "Radeon RX 7900 XTX");
    let [output, ib, residual] = capture.buffers.as_slice() else { panic!("{:?}", capture.buffers) };
    assert_eq!((output.id, output.bo, output.va, output.size), (0, None, 0x8_0000_0000, 16));
    assert_eq!((&output.domain, &output.role), (&Domain::Vram, &Role::Output));
    assert_eq!(output.va_flags, [VaFlag::Read, VaFlag::Write, VaFlag::Exec]);
    assert_eq!((output.before.as_deref(), output.after.as_deref()), (Some("bo0.before.bin"), Some("bo0.after.bin")));
    assert_eq!((ib.bo, ib.va, &ib.domain, &ib.role), (Some(7), 0x8_0000_0010, &Domain::Gtt, &Role::Ib));
    assert!(matches!(&ib.va_flags[1], VaFlag::Other(flag) if flag == "mtype_uc"));
    assert_eq!(residual.va, 0x8_0000_1000); // a plain number in the file
    assert!(matches!(&residual.role, Role::Other(role) if role == "residual"));
    assert!(matches!(&residual.domain, Domain::Other(domain) if domain == "doorbell"));
    assert_eq!((residual.before.as_deref(), residual.after.as_deref()), (None, None));
    let volatile = &capture.volatile[0];
    assert_eq!((volatile.buffer, volatile.offset, volatile.bytes), (0, 8, 8));
    let submission = &capture.submissions[0];
    assert_eq!((&submission.ip, submission.ring, submission.fence_seq), (&Ip::Compute, 0, Some(1)));
    assert_eq!(submission.buffers, [0, 1, 2]);
    let ib = &submission.ibs[0];
    assert_eq!((ib.buffer, ib.va, ib.size_dw, ib.flags), (1, 0x8_0000_0010, 2, 0));
    assert_eq!(capture.ib_dwords(ib).unwrap(), [0xc000_1000, 0xdead_beef]);
}

#[test]
fn takes_the_json_file_too() {
    let folder = folder_with(EXAMPLE);
    let capture = Capture::read(folder.path().join("capture.json")).unwrap();
    assert_eq!(capture.folder(), folder.path());
}

#[test]
fn volatile_may_be_missing() {
    let text = example_with(r#""volatile": [{"buffer": 0, "offset": 8, "bytes": 8, "why": "timestamp"}],"#, "");
    assert_eq!(Capture::read(folder_with(&text).path()).unwrap().volatile, []);
}

#[test]
fn gives_contents_whole_streamed_and_by_address() {
    let folder = folder_with(EXAMPLE);
    let capture = Capture::read(folder.path()).unwrap();
    assert_eq!(capture.before(1).unwrap(), [0x00, 0x10, 0x00, 0xc0, 0xef, 0xbe, 0xad, 0xde]);
    assert_eq!(capture.before(2).unwrap(), [0; 4096]);
    assert_eq!(capture.after(0).unwrap().unwrap()[..4], [101, 102, 103, 104]);
    assert_eq!(capture.after(1).unwrap(), None);
    let mut streamed = Vec::new();
    capture.before_reader(2).unwrap().read_to_end(&mut streamed).unwrap();
    capture.before_reader(0).unwrap().read_to_end(&mut streamed).unwrap();
    assert_eq!((streamed.len(), &streamed[4095..4098]), (4112, &[0, 1, 2][..]));
    assert!(capture.after_reader(2).unwrap().is_none());

    let mut across = [0; 6]; // the end of one mapping and the start of its neighbour
    capture.read_before(0x8_0000_000e, &mut across).unwrap();
    assert_eq!(across, [15, 16, 0x00, 0x10, 0x00, 0xc0]);
    assert_eq!(capture.before_dwords(0x8_0000_000c, 2).unwrap(), [0x100f_0e0d, 0xc000_1000]);
    assert_eq!(capture.before_dwords(0x8_0000_1ffc, 1).unwrap(), [0]);
    assert_eq!(capture.before_dwords(0, 0).unwrap(), [0_u32; 0]);

    assert_eq!(capture.buffer_at(0x8_0000_0017).map(|b| b.id), Some(1));
    for outside in [0, 0x7_ffff_ffff, 0x8_0000_0018, 0x8_0000_2000, u64::MAX] {
        assert_eq!(capture.buffer_at(outside).map(|b| b.id), None, "{outside:#x}");
    }
    let unmapped = |e| matches!(e, Error::Unmapped { va: 0x8_0000_0018, .. });
    assert!(unmapped(capture.read_before(0x8_0000_0014, &mut across).unwrap_err()));
    assert!(unmapped(capture.before_dwords(0x8_0000_0014, 2).unwrap_err()));
    assert!(matches!(capture.before(9), Err(Error::NoSuchBuffer { id: 9, .. })));
}

#[test]
fn an_absurd_size_is_an_error_only_when_asked_for() {
    let text = example_with(r#""size": 4096"#, r#""size": 1152921504606846976"#); // 2^60
    let folder = folder_with(&text);
    let capture = Capture::read(folder.path()).unwrap();
    assert!(matches!(
        capture.before(2),
        Err(Error::TooLarge { bytes: 1_152_921_504_606_846_976, limit: 1_073_741_824, .. })
    ));
    for count in [0x0100_0001, u32::MAX] {
        assert!(matches!(capture.before_dwords(0x8_0000_1000, count), Err(Error::TooLarge { limit: 0x400_0000, .. })));
    }
    assert_eq!(capture.before_dwords(0x8_0000_1000, 0x0100_0000).unwrap().len(), 0x0100_0000);
    assert_eq!(capture.before_dwords(0x0fff_ffff_ffff_fff0, 2).unwrap(), [0, 0]);
    let mut some = [1; 3];
    capture.before_reader(2).unwrap().read_exact(&mut some).unwrap();
    assert_eq!(some, [0; 3]);
}

#[test]
fn a_file_that_shrinks_later_is_an_error() {
    let folder = folder_with(EXAMPLE);
    let capture = Capture::read(folder.path()).unwrap();
    std::fs::write(folder.path().join("bo0.before.bin"), [1, 2, 3]).unwrap();
    assert!(matches!(capture.before(0), Err(Error::Io { action: "read", .. })));
    std::fs::remove_file(folder.path().join("bo0.before.bin")).unwrap();
    assert!(matches!(capture.before(0), Err(Error::Io { action: "open", .. })));
}
