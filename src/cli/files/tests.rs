//! Files that numpy wrote, and the way to and from the file system.

#![allow(clippy::unwrap_used)] // a panic is how a test fails

use super::*;
use crate::conv::TensorRef;
use std::fs;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

/// `numpy.arange(24) / 8 - 1`, what all fixtures hold in the shape [1, 2, 3, 4].
fn values() -> Vec<f32> {
    (0..24_u8).map(|i| f32::from(i) / 8.0 - 1.0).collect()
}

fn assert_holds_values(array: &Array, name: &str) {
    assert_eq!(array.shape(), [1, 2, 3, 4], "{name}");
    let read: Vec<f32> = (0..24).map(|i| array.as_tensor().get(i)).collect();
    assert_eq!(read, values(), "{name}");
}

#[test]
fn arrays_that_numpy_wrote_are_read() {
    for name in ["v1_f32.npy", "v2_f32.npy", "v3_f32.npy", "v1_f16.npy", "fortran_f32.npy"] {
        let ArrayFile::Single(array) = read_arrays(&fixture(name), &[]).unwrap() else { panic!("{name}") };
        assert_holds_values(&array, name);
    }
    for name in ["stored.npz", "deflated.npz", "zip64.npz", "streamed.npz"] {
        let ArrayFile::Named(archive) = read_arrays(&fixture(name), &["x", "w"]).unwrap() else { panic!("{name}") };
        assert!(archive.arrays.contains_key("x"), "{name}");
        archive.arrays.values().for_each(|array| assert_holds_values(array, name));
    }
}

#[test]
fn arrays_that_are_not_understood_are_the_users_fault() {
    for (name, expected) in [
        ("big_endian_f32.npy", "\">f4\" is big-endian"),
        ("f64.npy", "\"<f8\" is not supported"),
        ("structured.npy", "records"),
        ("empty.npy", "[1, 0, 3, 4] has a zero"),
    ] {
        let error = read_arrays(&fixture(name), &[]).unwrap_err();
        assert!(error.is_user_fault(), "{name}");
        assert!(format!("{:#}", anyhow::Error::new(error)).contains(expected), "{name}");
    }
    let error = read_arrays(&fixture("missing.npy"), &[]).unwrap_err();
    assert!(!error.is_user_fault());
    assert!(read_arrays(&fixture("../../Cargo.toml"), &[]).unwrap_err().is_user_fault());
    assert!(!read_arrays(&fixture(""), &[]).unwrap_err().is_user_fault());
}

#[test]
fn a_npy_is_written_byte_for_byte_as_numpy_does() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.npy");
    write_array(&path, &[1, 2, 3, 4], TensorRef::F32(&values())).unwrap();
    assert_eq!(fs::read(&path).unwrap(), fs::read(fixture("v1_f32.npy")).unwrap());
    write_array(&path, &[], TensorRef::F32(&[1.5])).unwrap();
    assert_eq!(fs::read(&path).unwrap(), fs::read(fixture("scalar_f32.npy")).unwrap());
}

#[test]
fn a_npz_is_chosen_by_the_extension() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.npz");
    write_array(&path, &[1, 2, 3, 4], TensorRef::F32(&values())).unwrap();
    let ArrayFile::Named(archive) = read_arrays(&path, &["y"]).unwrap() else { panic!("no .npz") };
    assert_holds_values(&archive.arrays["y"], "y");
}

#[test]
fn the_shipped_picture_survives_a_round_trip() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/images/still-life.png");
    let picture = read_picture(&path).unwrap();
    assert_eq!((picture.channels(), picture.size()), (3, [240, 320]));
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy.png");
    write_picture(&copy, &picture).unwrap();
    assert_eq!(read_picture(&copy).unwrap().planes, picture.planes);
}

#[test]
fn an_interlaced_picture_is_put_in_order() {
    let picture = read_picture(&fixture("interlaced.png")).unwrap();
    assert_eq!(picture.size(), [5, 7]);
    let expected: Vec<f32> = (0..35_u8).map(|i| f32::from(i * 7) / 255.0).collect();
    assert_eq!(picture.planes, expected);
}
