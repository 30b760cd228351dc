//! `bench`: rows, tables and the conversation of `--serve`.

use crate::{code, json, run, run_in, sparkle, stderr, stdout};
use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

const HEADER: &str = "name,n,c,h,w,k,r,s,stride_h,stride_w,pad_h,pad_w,dil_h,dil_w,groups,flops,source_network\n";

/// A folder with a layer file: two small layers and one that is no convolution.
fn folder(rows: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("l.csv"), format!("{HEADER}{rows}")).expect("l.csv");
    folder
}

const GOOD: &str = "a,1,4,6,6,8,3,3,1,1,1,1,1,1,1,20736,net\nb,1,4,6,6,4,1,1,1,1,0,0,1,1,4,288,net\n";
const BAD: &str = "big,1,1,2,2,1,3,3,1,1,0,0,1,1,1,0,net\n";

#[test]
fn csv_has_the_header_and_a_row_a_layer() {
    let folder = folder(GOOD);
    let output = run_in(folder.path(), "bench --layers l.csv --format csv --threads 1 --budget 0.01");
    let text = stdout(&output);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!((code(&output), lines.len()), (0, 3), "{text}{}", stderr(&output));
    assert_eq!(lines[0], "runner,layer,threads,min_us,median_us,gflops");
    assert!(lines[1].starts_with("sparkle-cpu,a,1,") && lines[2].starts_with("sparkle-cpu,b,1,"), "{text}");
    let numbers: Vec<f64> = lines[1].split(',').skip(3).map(|field| field.parse().expect("a number")).collect();
    assert!(numbers[0] > 0.0 && numbers[0] <= numbers[1], "{text}");
    assert!((numbers[2] - 20736.0 / numbers[0] / 1e3).abs() < 0.01 * numbers[2] + 0.01, "{text}");
}

#[test]
fn table_and_json_show_the_peak_and_the_geometric_mean() {
    let folder = folder(GOOD);
    let table = stdout(&run_in(folder.path(), "bench --layers l.csv --budget 0.01"));
    assert!(table.contains("of peak") && table.contains("geometric mean of net (2 layers)"), "{table}");
    let report = json(&run_in(folder.path(), "bench --layers l.csv --budget 0.01 --io nchw --only ^a$ --format json"));
    assert_eq!((&report["schema"], &report["command"]), (&1.into(), &"bench".into()));
    let layers = report["layers"].as_array().expect("layers");
    assert_eq!(layers.len(), 1);
    assert!(layers[0]["peak_gflops"].as_f64() > Some(0.0), "{report}");
    assert_eq!(report["geomeans"][0]["source_network"], "net");
}

#[test]
fn the_built_in_set_is_there_without_a_file() {
    let output = run("bench --only ^rn50_s2_1x1_64_64_b1$ --budget 0 --format csv");
    assert_eq!((code(&output), stdout(&output).lines().count()), (0, 2), "{}", stderr(&output));
}

#[test]
fn serve_answers_every_line_until_the_end_of_input() {
    let folder = folder(&format!("{GOOD}{BAD}"));
    let mut command = sparkle();
    command
        .current_dir(folder.path())
        .args(["bench", "--layers", "l.csv", "--serve", "--format", "csv", "--budget", "0.005"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("starts");
    let mut stdin = child.stdin.take().expect("stdin");
    let mut answers = BufReader::new(child.stdout.take().expect("stdout")).lines();
    let mut next = || answers.next().expect("an answer").expect("UTF-8");
    assert_eq!(next(), "READY");
    for (name, answer) in [
        (&b"a"[..], "sparkle-cpu,a,"),
        (b"b\r", "sparkle-cpu,b,"),
        (b"peak", "peak,"),
        (b"nobody", "ERR,"),
        (b"big", "ERR,"),
        (b"\xff\xfe", "ERR,"),
        (b"", "ERR,"),
        (b"a", "sparkle-cpu,a,"),
    ] {
        // One answer a line, before the next line is sent: nothing may wait in a buffer.
        stdin.write_all(&[name, b"\n"].concat()).expect("it reads");
        let line = next();
        assert!(line.starts_with(answer), "{name:?}: {line}");
    }
    drop(stdin);
    assert!(answers.next().is_none());
    assert!(child.wait().expect("ends").success());
}

#[test]
fn serve_tells_the_peak_unless_a_layer_has_that_name() {
    let ask = |rows: &str| {
        let folder = folder(rows);
        let mut command = sparkle();
        command.current_dir(folder.path()).args(["bench", "--layers", "l.csv", "--serve", "--budget", "0.005"]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("starts");
        child.stdin.take().expect("stdin").write_all(b"peak\n").expect("it reads");
        stdout(&child.wait_with_output().expect("ends"))
    };
    let text = ask(GOOD);
    let peak = text.strip_prefix("READY\npeak,").expect("a peak").trim_end();
    assert!(peak.parse::<f64>().is_ok_and(|gflops| gflops > 0.0), "{text}");
    let text = ask(&GOOD.replace("a,1", "peak,1"));
    assert!(text.starts_with("READY\nsparkle-cpu,peak,"), "{text}");
}
