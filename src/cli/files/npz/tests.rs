#![allow(clippy::unwrap_used)] // a panic is how a test fails

use super::*;
use crate::cli::files::ArrayData;
use proptest::prelude::*;
use std::error::Error;
use std::io::Cursor;

/// The `.npy` of `count` zeros.
fn zeros(count: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    npy::write(&mut bytes, &[count], TensorRef::F32(&vec![0.0; count])).unwrap();
    bytes
}

fn zip(entries: &[(&str, CompressionMethod, &[u8])]) -> Vec<u8> {
    let mut archive = ZipArchiveWriter::new(Vec::new());
    for (name, method, content) in entries {
        let (mut entry, config) = archive.new_file(*name).compression_method(*method).start().unwrap();
        let descriptor = if *method == CompressionMethod::DEFLATE {
            let encoder = flate2::write::DeflateEncoder::new(&mut entry, flate2::Compression::default());
            let mut writer = config.wrap(encoder);
            writer.write_all(content).unwrap();
            let (encoder, descriptor) = writer.finish().unwrap();
            encoder.finish().unwrap();
            descriptor
        } else {
            let mut writer = config.wrap(&mut entry);
            writer.write_all(content).unwrap();
            writer.finish().unwrap().1
        };
        entry.finish(descriptor).unwrap();
    }
    archive.finish().unwrap()
}

fn read_all(bytes: &[u8]) -> Result<Archive, NpzError> {
    read(Cursor::new(bytes), &["x", "y"])
}

fn chain(error: &dyn Error) -> String {
    error.source().map_or(error.to_string(), |source| format!("{error}: {}", chain(source)))
}

#[test]
fn only_the_wanted_arrays_are_read() {
    let data = zeros(3);
    let bytes = zip(&[
        ("x.npy", CompressionMethod::STORE, &data),
        ("y.npy", CompressionMethod::DEFLATE, &data),
        ("labels.npy", CompressionMethod::STORE, b"no array"),
        ("readme.txt", CompressionMethod::STORE, b"no array"),
    ]);
    let archive = read_all(&bytes).unwrap();
    assert_eq!(archive.arrays.keys().collect::<Vec<_>>(), ["x", "y"]);
    assert!(archive.arrays.values().all(|array| array.shape() == [3]));
    assert_eq!(archive.skipped, ["labels"]);
}

#[test]
fn damage_is_found_by_the_checksum() {
    for method in [CompressionMethod::STORE, CompressionMethod::DEFLATE] {
        let mut bytes = zip(&[("x.npy", method, &zeros(100))]);
        // The stored data lie at 35..563; of a deflated stream the middle is hit.
        let at = if method == CompressionMethod::STORE { 300 } else { 70 };
        bytes[at] ^= 1;
        let error = read_all(&bytes).unwrap_err();
        assert!(matches!(error, NpzError::Array { .. }) && !error.is_system(), "{}", chain(&error));
    }
}

#[test]
fn a_header_that_contradicts_the_entry_is_refused() {
    let mut lying = zeros(1000);
    let at = lying.windows(6).position(|window| window == b"(1000,").unwrap();
    lying[at..at + 6].copy_from_slice(b"(1,   ");
    for method in [CompressionMethod::STORE, CompressionMethod::DEFLATE] {
        let error = chain(&read_all(&zip(&[("x.npy", method, &lying)])).unwrap_err());
        assert!(error.contains("its array \"x\" cannot be read: its shape [1] needs 4 bytes"), "{error}");
    }
}

#[test]
fn duplicates_and_other_methods_are_refused() {
    let data = zeros(1);
    let twice = [("x.npy", CompressionMethod::STORE, &data[..]); 2];
    assert!(matches!(read_all(&zip(&twice)), Err(NpzError::Duplicate { .. })));
    let bytes = zip(&[("x.npy", CompressionMethod::from(12_u16), &data)]);
    assert!(read_all(&bytes).unwrap_err().to_string().contains("compression method 12"));
}

#[test]
fn a_reader_that_fails_is_the_systems_fault() {
    struct Failing;
    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::from(nix::errno::Errno::EIO))
        }
    }
    impl Seek for Failing {
        fn seek(&mut self, _: SeekFrom) -> io::Result<u64> {
            Ok(1000)
        }
    }
    assert!(read(Failing, &[]).unwrap_err().is_system());
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(data in prop::collection::vec(-1e9_f32..1e9, 1..50)) {
        let mut bytes = Vec::new();
        write(&mut bytes, "y", &[1, data.len()], TensorRef::F32(&data)).unwrap();
        let array = read_all(&bytes).unwrap().arrays.remove("y").unwrap();
        prop_assert_eq!(array.shape(), [1, data.len()]);
        prop_assert_eq!(array.into_data(), ArrayData::F32(data));
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = read_all(&bytes);
        let _ = read_all(&zip(&[("x.npy", CompressionMethod::STORE, &bytes)]));
    }

    #[test]
    fn no_damage_panics(hits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6), cut: prop::sample::Index) {
        let data = zeros(3);
        let mut bytes = zip(&[("x.npy", CompressionMethod::DEFLATE, &data), ("y.npy", CompressionMethod::STORE, &data)]);
        for (at, byte) in hits {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let _ = read_all(&bytes);
        let _ = read_all(&bytes[..cut.index(bytes.len())]);
    }
}
