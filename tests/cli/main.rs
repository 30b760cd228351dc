//! `sparkle-run` from the outside: exit codes, files, streams.

#![allow(clippy::expect_used, clippy::print_stdout)] // a test that can't go on should say so and stop

mod bad_input;
mod bench;
mod devices;
mod files;
mod gpu;
mod problems;
mod run;

use std::path::Path;
use std::process::{Command, Output, Stdio};

/// `sparkle-run` with an environment that names no devices.
fn sparkle() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sparkle-run"));
    command.env_remove("SPARKLE_VISIBLE_DEVICES").env_remove("SPARKLE_CPU_ISA").stdin(Stdio::null());
    command
}

/// Runs it in `folder`, one word of `line` an argument.
fn run_in(folder: &Path, line: &str) -> Output {
    sparkle().current_dir(folder).args(line.split_whitespace()).output().expect("sparkle-run starts")
}

/// Runs it where files don't matter.
fn run(line: &str) -> Output {
    run_in(&std::env::temp_dir(), line)
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap_or(-1)
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The JSON object on stdout, after a run that ended with 0.
fn json(output: &Output) -> serde_json::Value {
    assert_eq!(code(output), 0, "{}", stderr(output));
    serde_json::from_slice(&output.stdout).expect("one JSON object on stdout")
}

/// Asserts the exit code, one sentence that has `words` in it on stderr, and nothing on stdout.
fn assert_refused(output: &Output, exit: i32, words: &str) {
    let message = stderr(output);
    assert_eq!(code(output), exit, "{message}");
    assert!(message.contains("error: ") && message.contains(words), "{words:?} is not in: {message}");
    assert!(!message.contains("panicked"), "{message}");
    assert!(output.stdout.is_empty(), "{}", stdout(output));
}

/// Names of the files in `folder`, sorted.
fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("the folder is there");
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// A `.npy` of version 1.0 with this header dictionary and these bytes.
fn npy(header: &str, data: &[u8]) -> Vec<u8> {
    let mut header = header.to_owned();
    while !(header.len() + 11).is_multiple_of(64) {
        header.push(' ');
    }
    header.push('\n');
    let length = u16::try_from(header.len()).expect("a short header");
    [&b"\x93NUMPY\x01\x00"[..], &length.to_le_bytes(), header.as_bytes(), data].concat()
}

/// A `.npy` of f32 elements.
fn npy_f32(shape: &[usize], data: &[f32]) -> Vec<u8> {
    let dims: String = shape.iter().map(|extent| format!("{extent}, ")).collect();
    let header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({dims}), }}");
    npy(&header, &data.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>())
}

/// The elements of a f32 `.npy` file.
fn read_f32(path: &Path) -> Vec<f32> {
    let bytes = std::fs::read(path).expect("the file is there");
    let start = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    bytes[start..].chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect()
}
