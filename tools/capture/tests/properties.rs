//! Random captures survive a round trip; random damage never panics.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::fs;

use common::{EXAMPLE, folder_with};
use proptest::prelude::*;
use serde_json::Value;
use sparkle_capture::{
    Buffer, Capture, CaptureWriter, Device, Domain, IndirectBuffer, Ip, Role, Submission, VaFlag, Volatile,
};

/// A buffer's gap to its predecessor, its contents before (none: zeros) and after, and words for it.
type Spec = (u64, Vec<u8>, bool, bool, Option<u32>, String, Vec<String>);

fn specs() -> impl Strategy<Value = Vec<Spec>> {
    let gap = prop_oneof![Just(0), 1_u64..1 << 40];
    let contents = prop::collection::vec(any::<u8>(), 4..64);
    let spec =
        (gap, contents, any::<bool>(), any::<bool>(), any::<Option<u32>>(), ".*", prop::collection::vec(".*", 0..3));
    prop::collection::vec(spec, 1..6)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn round_trip(specs in specs(), extra in ".*", fence in any::<u64>()) {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("c");
        let mut device = Device::new("gfx1100", 145, extra.as_str());
        device.extra.insert("note".to_owned(), extra.into());
        let mut writer = CaptureWriter::create(&folder, device.clone()).unwrap();
        let (mut va, mut want) = (0, Vec::new());
        for (id, (gap, contents, has_before, has_after, bo, word, words)) in (0..).zip(specs) {
            va += gap;
            let mut buffer = Buffer::new(id, va, contents.len() as u64, Role::from(word.as_str()));
            buffer.bo = bo;
            buffer.domain = Domain::from(word);
            buffer.va_flags = words.into_iter().map(VaFlag::from).collect();
            if has_before {
                writer.add_buffer(buffer.clone(), contents.as_slice()).unwrap();
            } else {
                writer.add_zeroed(buffer.clone()).unwrap();
            }
            writer.add_volatile(Volatile::new(id, 1, buffer.size - 1));
            let ib = IndirectBuffer::new(id, va.next_multiple_of(4), 0);
            writer.add_submission(Submission::new(Ip::Gfx, id, vec![ib], vec![id, 0]));
            va += buffer.size;
            want.push((buffer, contents, has_before, has_after));
        }
        let mut completion = writer.commit().unwrap();
        for (buffer, contents, _, has_after) in &want {
            completion.set_fence_seq(buffer.id as usize, fence).unwrap();
            if *has_after {
                completion.add_after(buffer.id, contents.as_slice()).unwrap();
            }
        }
        completion.finish().unwrap();

        let capture = Capture::read(&folder).unwrap();
        prop_assert_eq!(&capture.device, &device);
        prop_assert_eq!(capture.buffers.len(), want.len());
        for (found, (mut buffer, contents, has_before, has_after)) in capture.buffers.iter().zip(want) {
            let before = if has_before { contents.clone() } else { vec![0; contents.len()] };
            let mut at = vec![1; before.len()];
            capture.read_before(buffer.va, &mut at).unwrap();
            prop_assert_eq!(&at, &before);
            prop_assert_eq!(capture.before(buffer.id).unwrap(), before);
            prop_assert_eq!(capture.after(buffer.id).unwrap(), has_after.then_some(contents));
            prop_assert_eq!(capture.buffer_at(buffer.va).unwrap(), found);
            prop_assert_eq!(capture.submissions[buffer.id as usize].fence_seq, Some(fence));
            prop_assert_eq!(capture.volatile[buffer.id as usize].bytes, buffer.size - 1);
            prop_assert_eq!((found.before.is_some(), found.after.is_some()), (has_before, has_after));
            (buffer.before, buffer.after) = (found.before.clone(), found.after.clone());
            prop_assert_eq!(found, &buffer);
        }
    }
}

/// Does all that can be done with a capture that may be hostile, short of loading what is large.
fn use_all(capture: &Capture) {
    for buffer in &capture.buffers {
        let _ = capture.before(buffer.id);
        let _ = capture.after(buffer.id);
        let _ = capture.before_dwords(buffer.va, 64);
        let _ = capture.read_before(buffer.va.wrapping_add(buffer.size).wrapping_sub(2), &mut [0; 4]);
    }
    for ib in capture.submissions.iter().flat_map(|s| &s.ibs) {
        let _ = capture.ib_dwords(ib);
    }
    let _ = capture.compare(|_, _, _| Ok(()));
}

/// Every value inside `value`, itself included, by its JSON pointer.
fn pointers(value: &Value, at: String, out: &mut Vec<String>) {
    match value {
        Value::Object(keys) => keys.iter().for_each(|(k, v)| pointers(v, format!("{at}/{k}"), out)),
        Value::Array(items) => items.iter().enumerate().for_each(|(i, v)| pointers(v, format!("{at}/{i}"), out)),
        _ => {}
    }
    out.push(at);
}

fn odd_values() -> impl Strategy<Value = Value> {
    let numbers = prop_oneof![
        Just(0),
        Just(1),
        Just(3),
        Just(4),
        Just(u64::MAX),
        Just(1 << 60),
        Just(0x8_0000_0010),
        any::<u64>(),
        0_u64..20
    ];
    let words = prop_oneof![Just("bo1.before.bin".to_owned()), Just("..".to_owned()), "0x[0-9a-f]{1,17}", ".*"];
    prop_oneof![
        Just(Value::Null),
        numbers.prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        words.prop_map(Value::from),
        Just(serde_json::json!([])),
        Just(serde_json::json!({})),
        Just(serde_json::json!([[1], {"id": 0}])),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn other_values_never_panic(changes in prop::collection::vec((any::<prop::sample::Index>(), odd_values()), 1..4)) {
        let mut value: Value = serde_json::from_str(EXAMPLE).unwrap();
        for (which, new) in changes {
            let mut all = Vec::new();
            pointers(&value, String::new(), &mut all);
            *value.pointer_mut(which.get::<String>(&all)).unwrap() = new;
        }
        if let Ok(capture) = Capture::read(folder_with(&value.to_string()).path()) {
            use_all(&capture);
        }
    }

    #[test]
    fn other_bytes_never_panic(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let folder = folder_with(EXAMPLE);
        let mut text = EXAMPLE.as_bytes().to_vec();
        for (which, byte) in changes {
            let at = which.index(text.len());
            text[at] = byte;
        }
        fs::write(folder.path().join("capture.json"), text).unwrap();
        if let Ok(capture) = Capture::read(folder.path()) {
            use_all(&capture);
        }
    }
}
