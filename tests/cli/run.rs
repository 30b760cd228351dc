//! Reports, streams and the choice of a device.

use crate::{assert_refused, code, json, run, run_in, sparkle, stderr, stdout};
use std::fs::File;
use std::process::Stdio;

const SMALL: &str = "conv2d mb1ic4ih6oc4kh3ph1";

#[test]
fn the_json_has_the_contracts_keys() {
    let report = json(&run(&format!("{SMALL} --json --verify --iters 3 --warmup 1 --threads 1")));
    for key in [
        "schema",
        "command",
        "problem",
        "device",
        "isa",
        "threads",
        "dtype",
        "math",
        "min_us",
        "median_us",
        "gflops",
        "fallback",
        "verify",
    ] {
        assert!(report.get(key).is_some(), "{key} is missing in {report}");
    }
    assert_eq!((&report["schema"], &report["command"]), (&1.into(), &"conv2d".into()));
    assert_eq!((&report["device"], &report["fallback"]), (&"cpu".into(), &serde_json::Value::Null));
    assert_eq!(report["verify"]["ok"], true);
    assert!(report["verify"]["max_abs_error"].is_f64() && report["verify"]["bound"].is_f64());
    assert!(report["min_us"].as_f64() <= report["median_us"].as_f64());
}

#[test]
fn text_and_json_say_the_same() {
    let text = stdout(&run(&format!("{SMALL} --explain --verify")));
    let report = json(&run(&format!("{SMALL} --explain --verify --json")));
    for key in ["problem", "isa", "dtype", "kernel"] {
        let value = report[key].as_str().expect("a string");
        assert!(text.contains(value), "{key} {value} is not in {text}");
    }
    assert!(report["explain"].as_str().is_some_and(|explain| explain.contains("device: ")), "{report}");
}

#[test]
fn a_gpu_that_is_not_there_falls_back_with_its_reason() {
    let hidden = |line: &str| {
        let mut command = sparkle();
        command.env("SPARKLE_VISIBLE_DEVICES", "").args(line.split_whitespace());
        command.output().expect("starts")
    };
    let output = hidden(&format!("{SMALL} --device gpu --json"));
    let report = json(&output);
    assert_eq!((&report["device"], &report["fallback"]["from"]), (&"cpu".into(), &"gpu".into()));
    let reason = report["fallback"]["reason"].as_str().expect("a reason");
    assert!(reason.contains("SPARKLE_VISIBLE_DEVICES is empty") && stderr(&output).contains(reason));
    assert_refused(&hidden(&format!("{SMALL} --device gpu:1 --no-fallback")), 1, "gpu:1 can't compute");
    assert_refused(&hidden("bench --device gpu --no-fallback --only nothing_else|1x1_64_64"), 1, "gpu can't compute");
    let all = hidden(&format!("{SMALL} --device all"));
    assert!(code(&all) == 0 && stderr(&all).contains("the CPU alone"), "{}", stderr(&all));
    assert!(code(&hidden(&format!("{SMALL} --no-fallback"))) == 0, "auto may choose the CPU");
}

#[test]
fn environment_variables_that_name_nothing_are_exit_2() {
    for (variable, value) in [("SPARKLE_VISIBLE_DEVICES", "pci:ffff:ff:1f.7"), ("SPARKLE_CPU_ISA", "avx1024")] {
        let output = sparkle().env(variable, value).args(SMALL.split_whitespace()).output().expect("starts");
        assert_refused(&output, 2, value);
    }
}

#[test]
fn a_closed_stdout_ends_quietly() {
    for line in [SMALL, "bench --only 1x1_64 --budget 0", "devices", "completions bash", "conv2d --help", "--version"] {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let mut command = sparkle();
        let child = command.args(line.split_whitespace()).stdout(writer).stderr(Stdio::piped()).spawn();
        let output = child.expect("starts").wait_with_output().expect("ends");
        assert_eq!((code(&output), stderr(&output).as_str()), (0, ""), "{line}");
    }
}

#[test]
fn a_full_stdout_is_the_systems_fault() {
    for line in [SMALL, "devices", "completions fish"] {
        let full = File::options().write(true).open("/dev/full").expect("/dev/full");
        let output = sparkle().args(line.split_whitespace()).stdout(full).output().expect("starts");
        assert_refused(&output, 1, "stdout");
    }
}

#[test]
fn a_trace_holds_the_spans_of_the_run() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let output = run_in(folder.path(), &format!("{SMALL} --iters 2 --trace t.json"));
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let text = std::fs::read(folder.path().join("t.json")).expect("t.json");
    let trace: serde_json::Value = serde_json::from_slice(&text).expect("JSON");
    let names: Vec<_> = trace["traceEvents"].as_array().expect("events").iter().map(|e| e["name"].clone()).collect();
    assert_eq!(names, ["plan", "prepare", "run", "run"]);
}

#[test]
fn options_without_an_effect_here_are_noted() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let output = run_in(folder.path(), &format!("{SMALL} --dump-pm4 d"));
    let notes = stderr(&output);
    assert!(code(&output) == 0 && notes.contains("--dump-pm4"), "{notes}");
}
