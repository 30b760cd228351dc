//! Arrays and pictures through whole runs.

use crate::{assert_refused, code, json, names, npy, npy_f32, read_f32, run_in, sparkle, stderr};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs;
use std::process::Stdio;
use std::time::Duration;

/// 1 2 3 / 4 5 6 / 7 8 9 and a kernel of 1 2 / 3 4: four sums that are easy to do by hand.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let x: Vec<f32> = (1..=9_u8).map(f32::from).collect();
    fs::write(folder.path().join("x.npy"), npy_f32(&[1, 1, 3, 3], &x)).expect("x.npy");
    fs::write(folder.path().join("w.npy"), npy_f32(&[1, 1, 2, 2], &[1.0, 2.0, 3.0, 4.0])).expect("w.npy");
    fs::write(folder.path().join("b.npy"), npy_f32(&[1], &[-70.0])).expect("b.npy");
    fs::write(folder.path().join("r.npy"), npy_f32(&[1, 1, 2, 2], &[0.0, 1.0, 2.0, 3.0])).expect("r.npy");
    folder
}

#[test]
fn arrays_in_and_out_with_the_sums_done_by_hand() {
    let folder = folder();
    let line = "conv2d --input x.npy --weights w.npy --output y.npy --verify";
    let report = json(&run_in(folder.path(), &format!("{line} --json")));
    assert_eq!(report["output_shape"], serde_json::json!([1, 1, 2, 2]));
    assert_eq!(report["verify"]["ok"], true);
    assert_eq!(read_f32(&folder.path().join("y.npy")), [37.0, 47.0, 67.0, 77.0]);
    let all = format!("{line} --bias b.npy --residual r.npy --activation relu");
    assert_eq!(code(&run_in(folder.path(), &all)), 0);
    assert_eq!(read_f32(&folder.path().join("y.npy")), [0.0, 0.0, 0.0, 10.0]);
    assert_eq!(code(&run_in(folder.path(), &format!("{line} --stride 2 --padding same"))), 0);
    assert_eq!(read_f32(&folder.path().join("y.npy")), [37.0, 21.0, 23.0, 9.0]);
    assert_eq!(names(folder.path()), ["b.npy", "r.npy", "w.npy", "x.npy", "y.npy"]);
}

#[test]
fn an_npz_goes_in_and_out_and_options_override_it() {
    let folder = folder();
    let first = "conv2d --input x.npy --weights w.npy --output y.npz";
    assert_eq!(code(&run_in(folder.path(), first)), 0);
    let bytes = fs::read(folder.path().join("y.npz")).expect("y.npz");
    assert!(bytes.starts_with(b"PK"));
    let missing = run_in(folder.path(), "conv2d --input x.npy --weights y.npz --output z.npy");
    assert_refused(&missing, 2, "no array w");
}

#[test]
fn nan_and_infinity_flow_through_and_verify() {
    let folder = folder();
    let mut x = [1.0_f32; 16];
    (x[0], x[15]) = (f32::NAN, f32::INFINITY);
    fs::write(folder.path().join("x.npy"), npy_f32(&[1, 1, 4, 4], &x)).expect("x.npy");
    let output =
        run_in(folder.path(), "conv2d --input x.npy --weights w.npy --output y.npy --verify --activation relu");
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let y = read_f32(&folder.path().join("y.npy"));
    assert!(y[0].is_nan() && y[8] == f32::INFINITY && y[1..8].iter().all(|value| *value == 10.0), "{y:?}");
    fs::write(folder.path().join("w.npy"), npy_f32(&[1, 1, 2, 2], &[f32::NAN; 4])).expect("w.npy");
    let output = run_in(folder.path(), "conv2d --input x.npy --weights w.npy --output y.npy --verify --padding 1");
    assert_eq!(code(&output), 0, "{}", stderr(&output));
}

#[test]
fn half_precision_in_is_half_precision_out() {
    let folder = folder();
    let half = |shape: &str| format!("{{'descr': '<f2', 'fortran_order': False, 'shape': {shape}, }}");
    let one = 0x3c00_u16.to_le_bytes();
    fs::write(folder.path().join("x.npy"), npy(&half("(1, 1, 2, 2)"), &one.repeat(4))).expect("x.npy");
    fs::write(folder.path().join("w.npy"), npy(&half("(1, 1, 2, 2)"), &one.repeat(4))).expect("w.npy");
    let output = run_in(folder.path(), "conv2d --input x.npy --weights w.npy --output y.npy --verify --json");
    assert_eq!(json(&output)["dtype"], "f16");
    let bytes = fs::read(folder.path().join("y.npy")).expect("y.npy");
    assert_eq!(bytes[bytes.len() - 2..], 0x4400_u16.to_le_bytes()); // 4
}

#[test]
fn an_identity_filter_keeps_the_picture_and_leaves_one_file() {
    let folder = folder();
    fs::write(folder.path().join("in.png"), crate::bad_input::PIXEL).expect("in.png");
    let output = run_in(folder.path(), "conv2d --image in.png --filter identity --output out.png --verify");
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let again = run_in(folder.path(), "conv2d --image out.png --filter box --output again.png");
    assert_eq!(code(&again), 0, "{}", stderr(&again));
    let read = |name| fs::read(folder.path().join(name)).expect("a picture");
    assert_eq!(read("out.png"), read("again.png"), "the mean of one grey is that grey");
    let beside = run_in(folder.path(), "conv2d mb1ic1ih4oc1kh3 --image in.png --filter box --output out.png");
    assert_refused(&beside, 2, "--image");
}

#[test]
fn an_interrupt_leaves_the_old_output_and_nothing_else() {
    let folder = folder();
    fs::write(folder.path().join("y.npy"), "an old result").expect("y.npy");
    let before = names(folder.path());
    let mut child = sparkle()
        .current_dir(folder.path())
        .args(["conv2d", "--iters", "100000000", "--output", "y.npy", "--trace", "t.json"])
        .stdout(Stdio::null())
        .spawn()
        .expect("sparkle-run starts");
    std::thread::sleep(Duration::from_millis(300));
    assert!(child.try_wait().expect("a child").is_none(), "it should be computing still");
    // Not SIGINT, which is ignored by what a script runs in the background; both end the process the same way.
    kill(Pid::from_raw(i32::try_from(child.id()).expect("a pid")), Signal::SIGTERM).expect("it can be interrupted");
    assert!(!child.wait().expect("a child").success());
    assert_eq!(fs::read(folder.path().join("y.npy")).expect("y.npy"), b"an old result");
    assert_eq!(names(folder.path()), before);
}
