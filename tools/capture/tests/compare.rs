//! Memory against a capture's `after`.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::io;

use common::{EXAMPLE, FILES, example_with, folder_with};
use sparkle_capture::{Capture, Comparison, Error};

/// Compares the example with its own `after`, changed so at single bytes.
fn compare(text: &str, changes: &[(usize, u8)]) -> Comparison {
    let mut memory = FILES[1].1.to_vec();
    for (at, byte) in changes {
        memory[*at] = *byte;
    }
    let folder = folder_with(text);
    let capture = Capture::read(folder.path()).unwrap();
    let compare = capture.compare(|buffer, offset, out| {
        assert_eq!(buffer.id, 0, "only buffer 0 has an `after`");
        let from = usize::try_from(offset).unwrap();
        out.copy_from_slice(&memory[from..from + out.len()]);
        Ok(())
    });
    compare.unwrap()
}

#[test]
fn equal_memory() {
    let same = compare(EXAMPLE, &[]);
    assert!(same.is_equal());
    assert_eq!((same.first, same.differing_bytes, same.compared_bytes), (None, 0, 8));
}

#[test]
fn volatile_bytes_do_not_count() {
    assert!(compare(EXAMPLE, &[(8, 0), (15, 0)]).is_equal());
}

#[test]
fn tells_the_first_difference_and_their_number() {
    let different = compare(EXAMPLE, &[(7, 9), (3, 8), (8, 0)]);
    let first = different.first.unwrap();
    assert_eq!((first.buffer, first.offset, first.expected, first.found), (0, 3, 104, 8));
    assert_eq!((different.differing_bytes, different.compared_bytes), (2, 8));
}

#[test]
fn overlapping_ranges_and_the_bytes_between() {
    let ranges = r#"{"buffer": 0, "offset": 12, "bytes": 2}, {"buffer": 0, "offset": 2, "bytes": 6},
        {"buffer": 0, "offset": 3, "bytes": 1}, {"buffer": 0, "offset": 10, "bytes": 0}"#;
    let text = example_with(r#"{"buffer": 0, "offset": 8, "bytes": 8, "why": "timestamp"}"#, ranges);
    let all: Vec<(usize, u8)> = (0..16).map(|i| (i, 0)).collect();
    let different = compare(&text, &all);
    assert_eq!((different.differing_bytes, different.compared_bytes), (8, 8));
    assert!(compare(&text, &[(2, 0), (7, 0), (12, 0), (13, 0)]).is_equal());
    assert_eq!(compare(&text, &[(14, 0)]).first.unwrap().offset, 14);
    assert_eq!(compare(&text, &[(8, 0)]).first.unwrap().offset, 8);
}

#[test]
fn a_range_counts_for_every_mapping_of_the_object() {
    let text = example_with(r#""id": 0, "#, r#""id": 0, "bo": 7, "#)
        .replace(r#"{"buffer": 0, "offset": 8, "bytes": 8"#, r#"{"buffer": 1, "offset": 4, "bytes": 4"#);
    assert!(compare(&text, &[(4, 0), (7, 0)]).is_equal());
    assert_eq!(compare(&text, &[(8, 0)]).differing_bytes, 1);
}

#[test]
fn no_after_is_nothing_to_compare_with() {
    let text = example_with(r#", "after": "bo0.after.bin""#, "");
    let folder = folder_with(&text);
    let result = Capture::read(folder.path()).unwrap().compare(|_, _, _| Ok(()));
    assert!(matches!(result, Err(Error::NotCompleted { .. })));
}

#[test]
fn memory_that_can_not_be_read() {
    let folder = folder_with(EXAMPLE);
    let capture = Capture::read(folder.path()).unwrap();
    let result = capture.compare(|_, _, _| Err(io::Error::other("bus")));
    assert!(matches!(result, Err(Error::Source { id: 0, offset: 0, .. })));
}

#[test]
fn large_buffers_go_in_parts() {
    let text = example_with(r#""size": 4096, "#, r#""size": 200001, "after": "big.bin", "#)
        .replace(r#"{"buffer": 0, "offset": 8, "bytes": 8"#, r#"{"buffer": 2, "offset": 65530, "bytes": 10"#);
    let folder = folder_with(&text);
    let mut big = vec![0; 200_001];
    (big[65_529], big[65_535], big[65_539], big[65_540], big[200_000]) = (1, 2, 3, 4, 5);
    std::fs::write(folder.path().join("big.bin"), big).unwrap();
    let capture = Capture::read(folder.path()).unwrap();
    let result = capture.compare(|buffer, _, out| {
        match buffer.id {
            0 => out.copy_from_slice(FILES[1].1),
            _ => out.fill(0),
        }
        Ok(())
    });
    let result = result.unwrap();
    let first = result.first.unwrap();
    assert_eq!((first.buffer, first.offset, first.expected, first.found), (2, 65_529, 1, 0));
    assert_eq!((result.differing_bytes, result.compared_bytes), (3, 16 + 200_001 - 10));
}
