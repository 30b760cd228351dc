//! Everything that can be wrong with what the user hands in: the exit code, the sentence, and nothing lost.

use crate::{assert_refused, names, npy, npy_f32, run, run_in};
use std::fs;
use std::path::Path;

const OLD: &[u8] = b"an old result";

/// A folder with an old output, a good input and good weights.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("y.npy"), OLD).expect("y.npy");
    fs::write(folder.path().join("x.npy"), npy_f32(&[1, 1, 4, 4], &[1.0; 16])).expect("x.npy");
    fs::write(folder.path().join("w.npy"), npy_f32(&[1, 1, 3, 3], &[1.0; 9])).expect("w.npy");
    folder
}

/// Asserts that `line` is refused, leaves the old output as it was, and leaves nothing else behind.
fn assert_nothing_lost(folder: &Path, line: &str, exit: i32, words: &str) {
    let before = names(folder);
    assert_refused(&run_in(folder, line), exit, words);
    assert_eq!(fs::read(folder.join("y.npy")).expect("y.npy"), OLD, "{line}");
    assert_eq!(names(folder), before, "{line}");
}

#[test]
fn broken_and_lying_arrays_are_the_users_fault() {
    let good = npy_f32(&[1, 1, 4, 4], &[1.0; 16]);
    let header =
        |descr: &str, shape: &str| format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}");
    let cases: [(&str, Vec<u8>); 10] = [
        ("truncated data", good[..good.len() - 5].to_vec()),
        ("truncated header", good[..40].to_vec()),
        ("nothing", Vec::new()),
        ("no array", b"hello, world, this is text".to_vec()),
        ("big-endian", npy(&header(">f4", "(1, 1, 4, 4)"), &[0; 64])),
        ("f64", npy(&header("<f8", "(1, 1, 4, 4)"), &[0; 128])),
        ("a lying shape", npy(&header("<f4", "(1, 1, 4, 5)"), &[0; 64])),
        ("2^40 rows", npy(&header("<f4", "(1, 1, 1099511627776, 4)"), &[0; 64])),
        ("an overflowing shape", npy(&header("<f4", "(4294967296, 4294967296, 4294967296, 4)"), &[0; 64])),
        ("rank 3", npy_f32(&[1, 4, 4], &[1.0; 16])),
    ];
    for (what, bytes) in cases {
        let folder = folder();
        fs::write(folder.path().join("bad.npy"), bytes).expect("bad.npy");
        println!("{what}");
        assert_nothing_lost(folder.path(), "conv2d --input bad.npy --weights w.npy --output y.npy", 2, "bad.npy");
    }
}

#[test]
fn weights_of_another_type_are_refused() {
    let folder = folder();
    let header = "{'descr': '<f2', 'fortran_order': False, 'shape': (1, 1, 3, 3), }";
    fs::write(folder.path().join("half.npy"), npy(header, &[0; 18])).expect("half.npy");
    assert_nothing_lost(folder.path(), "conv2d --input x.npy --weights half.npy --output y.npy", 2, "f16 by half.npy");
    assert_nothing_lost(folder.path(), "conv2d --input x.npy --dtype f16 --output y.npy", 2, "f16 by --dtype");
}

#[test]
fn contradictions_between_words_and_files_are_refused() {
    let folder = folder();
    for (line, words) in [
        ("conv2d mb1ic3ih4oc1kh3 --input x.npy --output y.npy", "3 by PROBLEM and 1 by x.npy"),
        ("conv2d --input x.npy --height 5 --output y.npy", "5 by --height and 4 by x.npy"),
        ("conv2d --input x.npy --bias x.npy --output y.npy", "must have 1"),
        ("conv2d --input x.npy --weights w.npy --residual x.npy --output y.npy", "[1, 1, 2, 2]"),
        ("conv2d mb1ic64ih56oc64kh3ph1 --batch 2 --output y.npy", "2 by --batch"),
    ] {
        assert_nothing_lost(folder.path(), line, 2, words);
    }
}

#[test]
fn what_the_system_refuses_is_exit_1() {
    let folder = folder();
    for (line, words) in [
        ("conv2d --input missing.npy --output y.npy", "missing.npy"),
        ("conv2d --input x.npy --weights missing.npy --output y.npy", "missing.npy"),
        ("conv2d --output missing/y.npy", "no folder missing"),
        ("conv2d --output .", "folder"),
        ("conv2d --output /dev/full", "No space left"),
        ("conv2d --trace missing/t.json --output y.npy", "no folder missing"),
        ("conv2d mb1099511627776ic1ih1oc1kh1 --output y.npy", "no memory"),
        ("bench --layers missing.csv", "missing.csv"),
    ] {
        assert_nothing_lost(folder.path(), line, 1, words);
    }
}

#[test]
fn words_that_make_no_sense_are_exit_2() {
    for (line, words) in [
        ("conv2d --threads 0", "at least 1"),
        ("conv2d --threads 1000000", "at most 1024"),
        ("conv2d --threads many", "--threads"),
        ("conv2d --iters 0", "at least 1"),
        ("conv2d --device tpu", "gpu:N"),
        ("conv2d --padding -1", "--padding"),
        ("conv2d --padding 1,2,3", "TOP,LEFT,BOTTOM,RIGHT"),
        ("conv2d --stride 0", "at least 1"),
        ("conv2d --kernel 3x", "--kernel"),
        ("conv2d --kernel 99x99 --padding 0", "99"),
        ("conv2d --activation tanh", "--activation"),
        ("conv2d --layout chwn", "nchw or nhwc"),
        ("conv2d --math wild", "--math"),
        ("conv2d --groups 7", "7 groups"),
        ("conv2d --batch 99999999999999999999999", "--batch"),
        ("conv2d --batch 4611686018427387904", "overflows"),
        ("conv2d nonsense", "nonsense"),
        ("conv2d mb1ic64ih56", "add it"),
        ("conv2d --filter box", "--image"),
        ("bench --only [", "regular expression"),
        ("bench --only no_such_layer", "no layer"),
        ("bench --budget -1", "seconds"),
        ("plan nonsense", "nonsense"),
        ("plan --device gpu:gfx9", "gfx9"),
        ("completions tcsh", "tcsh"),
        ("nonsense", "nonsense"),
    ] {
        println!("{line}");
        assert_refused(&run(line), 2, words);
    }
}

#[test]
fn an_unknown_filter_lists_the_known_ones_and_a_text_is_no_picture() {
    let folder = folder();
    fs::write(folder.path().join("text.png"), "this is no picture").expect("text.png");
    fs::write(folder.path().join("cut.png"), &PIXEL[..40]).expect("cut.png");
    fs::write(folder.path().join("in.png"), PIXEL).expect("in.png");
    let path = folder.path();
    assert_nothing_lost(path, "conv2d --image in.png --filter blurr --output y.npy", 2, "gaussian");
    for name in ["text.png", "cut.png"] {
        assert_nothing_lost(path, &format!("conv2d --image {name} --filter box --output y.npy"), 2, name);
    }
    assert_nothing_lost(path, "conv2d --image missing.png --filter box --output y.npy", 1, "missing.png");
}

#[test]
fn layer_files_that_are_none_are_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let header = "name,n,c,h,w,k,r,s,stride_h,stride_w,pad_h,pad_w,dil_h,dil_w,groups,flops,source_network";
    for (text, words) in [
        (String::new(), "no rows"),
        ("a,b\n1,2\n".to_owned(), "missing field"),
        (format!("{header}\na,1,1,4,4,1,3,3,1,1,0,0,1,1,1\n"), "line: 2"),
        (format!("{header}\na,1,1,4,4,x,3,3,1,1,0,0,1,1,1,0,net\n"), "line: 2"),
        (format!("{header}\nbig,1,1,2,2,1,3,3,1,1,0,0,1,1,1,0,net\n"), "big"),
    ] {
        fs::write(folder.path().join("l.csv"), text).expect("l.csv");
        assert_refused(&run_in(folder.path(), "bench --format json --layers l.csv"), 2, words);
    }
}

/// A picture of one grey pixel.
pub(crate) const PIXEL: &[u8] = include_bytes!("../data/pixel.png");
