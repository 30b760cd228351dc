//! A capture as the format's description spells it, written by hand.

#![allow(dead_code, clippy::unwrap_used, reason = "each test file uses its part, and a test may panic")]

use std::fs;
use std::path::PathBuf;

use sparkle_capture::{Capture, Error, Problem};
use tempfile::TempDir;

/// Three mappings of which two are neighbours, and one IB of two dwords.
pub(crate) const EXAMPLE: &str = r#"{
  "format": "sparkle-capture", "version": 1, "made_by": {"tool": "a later one"},
  "device": {"gfx": "gfx1100", "family": 145, "name": "Radeon RX 7900 XTX", "revision": 200},
  "buffers": [
    {"id": 0, "va": "0x0000000800000000", "size": 16, "domain": "vram", "va_flags": ["read","write","exec"],
     "role": "output", "before": "bo0.before.bin", "after": "bo0.after.bin"},
    {"id": 1, "va": "0x0000000800000010", "size": 8, "domain": "gtt", "va_flags": ["read", "mtype_uc"],
     "role": "ib", "before": "bo1.before.bin", "bo": 7, "tiling": 3},
    {"id": 2, "va": 34359742464, "size": 4096, "domain": "doorbell", "va_flags": [], "role": "residual"}
  ],
  "volatile": [{"buffer": 0, "offset": 8, "bytes": 8, "why": "timestamp"}],
  "submissions": [
    {"ip": "compute", "ring": 0, "ibs": [{"buffer": 1, "va": "0x800000010", "size_dw": 2, "flags": 0, "chain": true}],
     "buffers": [0,1,2], "fence_seq": 1, "deadline_ms": 2000}
  ]
}"#;

/// `bo0.before.bin`, `bo0.after.bin`, `bo1.before.bin` (a PM4 NOP of two dwords).
pub(crate) const FILES: [(&str, &[u8]); 3] = [
    ("bo0.before.bin", &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]),
    ("bo0.after.bin", &[101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111, 112, 113, 114, 115, 116]),
    ("bo1.before.bin", &[0x00, 0x10, 0x00, 0xc0, 0xef, 0xbe, 0xad, 0xde]),
];

/// A folder with `text` as `capture.json` and the example's files.
pub(crate) fn folder_with(text: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("capture.json"), text).unwrap();
    for (name, bytes) in FILES {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    folder
}

/// The example with `from`, which must be there, replaced by `to`.
pub(crate) fn example_with(from: &str, to: &str) -> String {
    assert_eq!(EXAMPLE.matches(from).count(), 1, "{from}");
    EXAMPLE.replace(from, to)
}

/// Reads the example changed so, which must fail.
pub(crate) fn error_with(from: &str, to: &str) -> Error {
    Capture::read(folder_with(&example_with(from, to)).path()).unwrap_err()
}

/// The entry and the problem of an [`Error::Invalid`].
pub(crate) fn problem(error: Error) -> (String, Problem) {
    match error {
        Error::Invalid { entry, problem, .. } => (entry, problem),
        other => panic!("{other:?}"),
    }
}

/// The names in a folder, sorted.
pub(crate) fn names(folder: impl Into<PathBuf>) -> Vec<String> {
    let entries = fs::read_dir(folder.into()).unwrap();
    let mut names: Vec<_> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}
