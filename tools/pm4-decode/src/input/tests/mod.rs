//! Tests of the readers: what each form of a dump says, against the same words in binary.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod captures;
mod core_dumps;
mod detection;
mod hexadecimal;
mod random;
mod rings;
mod umr;

use std::io::Read;
use std::path::{Path, PathBuf};

use super::{Dump, InputError, parse};
use crate::args::InputFormat;

/// A file of this crate's test data.
fn data(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)).unwrap()
}

fn sample_path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../pm4/data/samples").join(name)
}

/// A file of the samples of `sparkle-pm4`.
fn sample(name: &str) -> Vec<u8> {
    std::fs::read(sample_path(name)).unwrap()
}

/// A compressed file of the samples.
fn unpacked(name: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(sample(name).as_slice()).read_to_end(&mut bytes).unwrap();
    bytes
}

fn sample_words(name: &str) -> Vec<u32> {
    sample(name).as_chunks().0.iter().map(|dword| u32::from_le_bytes(*dword)).collect()
}

fn auto(bytes: &[u8]) -> Dump {
    parse(bytes, Path::new("dump"), InputFormat::Auto).unwrap()
}

fn refused(bytes: &[u8], format: InputFormat) -> String {
    let error: InputError = parse(bytes, Path::new("dump"), format).unwrap_err();
    assert!(!error.is_system(), "{error}");
    error.to_string()
}

/// The words of the only stream.
fn words(dump: &Dump) -> &[u32] {
    assert_eq!(dump.streams.len(), 1, "{:?}", dump.notes);
    &dump.streams[0].words
}
