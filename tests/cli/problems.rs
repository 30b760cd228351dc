//! The ways to say a problem.

use crate::{assert_refused, code, json, run, sparkle, stderr, stdout};

/// The problem of the JSON report.
fn problem(line: &str) -> String {
    json(&run(&format!("conv2d {line} --json")))["problem"].as_str().expect("a string").to_owned()
}

const SMALL: &str = "mb2ic8ih9iw10oc16oh9ow10kh3kw3sh1sw1ph1pw1dh0dw0g1";

#[test]
fn every_form_says_the_same_problem() {
    let miopen = "conv -n 2 -c 8 -H 9 -W 10 -k 16 -y 3 -x 3 -p 1 -q 1 -u 1 -v 1 -l 1 -j 1 -g 1";
    let options =
        "--batch 2 --in-channels 8 --height 9 --width 10 --out-channels 16 --kernel 3x3 --padding 1,1 --stride 1,1";
    for line in [
        "mb2ic8ih9iw10oc16kh3ph1",
        "mb2_ic8_ih9iw10_oc16oh9ow10_kh3ph1nsmall",
        options,
        miopen,
        &format!("./bin/MIOpenDriver {miopen} -F 1 -t 1"),
        "MIOpenDriver conv -n 2 -c 8 -H 9 -W 10 -k 16 -y 3 -x 3 -z same",
    ] {
        assert_eq!(problem(line), SMALL, "{line}");
    }
}

#[test]
fn a_quoted_line_and_our_options_around_it() {
    let line = "./MIOpenDriver convfp16 --batchsize 2 -c 8 -H 9 -W 10 -k 16 -p 1 -q 1 -I NHWC -i 3 -V 1";
    let output = sparkle().args(["conv2d", "--threads", "1", line, "--json"]).output().expect("starts");
    let report = json(&output);
    assert_eq!(report["problem"], SMALL);
    assert_eq!((&report["dtype"], &report["layout"]), (&"f16".into(), &"nhwc".into()));
    assert_eq!((&report["iters"], &report["threads"]), (&3.into(), &1.into()));
    assert_eq!(report["verify"]["ok"], true);
    let ours = json(&run("conv2d conv -n 1 -c 4 -H 6 -W 6 -k 4 --verify --json"));
    assert_eq!(ours["verify"]["ok"], true);
    let miopens = json(&run("conv2d conv -n 1 -c 4 -H 6 -W 6 -k 4 --verify 0 --json"));
    assert_eq!(miopens["verify"], serde_json::Value::Null);
}

#[test]
fn what_is_no_forward_convolution_is_refused() {
    for (line, words) in [
        ("conv2d conv -n 1 -F 2", "-F"),
        ("conv2d conv -n 1 -F 4", "-F"),
        ("conv2d conv -m trans", "trans"),
        ("conv2d conv -_ 3", "3"),
        ("conv2d convbfp16 -n 1", "convbfp16"),
        ("conv2d convint8 -n 1", "convint8"),
        ("conv2d conv -n", "-n"),
        ("conv2d conv -n 1 extra", "extra"),
        ("conv2d mb1ic4ih6oc4kh3 conv -n 1", "one problem"),
        ("conv2d mb1ic4ih5oh1oc4kh3sh2ph0", "padding"),
        ("plan convbfp16", "convbfp16"),
    ] {
        println!("{line}");
        assert_refused(&run(line), 2, words);
    }
}

#[test]
fn a_missing_batch_and_meaningless_flags_are_noted() {
    let output = run("conv2d ic4ih6oc4kh3");
    assert!(code(&output) == 0 && stderr(&output).contains("note: "), "{}", stderr(&output));
    let output = run("conv2d conv -n 1 -c 4 -H 6 -W 6 -k 4 -s 1");
    assert!(code(&output) == 0 && stderr(&output).contains("-s"), "{}", stderr(&output));
}

#[test]
fn nothing_at_all_is_resnet50s_layer_and_the_same_twice() {
    assert!(problem("--threads 1").starts_with("mb1ic64ih56iw56oc64"));
    let folder = tempfile::tempdir().expect("a temporary folder");
    let write = |name: &str, seed: &str| {
        let path = folder.path().join(name);
        let line = ["conv2d", "mb1ic4ih6oc4kh3", "--seed", seed, "--output"];
        assert!(sparkle().args(line).arg(&path).status().expect("starts").success());
        std::fs::read(path).expect("the output")
    };
    assert_eq!(write("a.npy", "1"), write("b.npy", "1"));
    assert_ne!(write("a.npy", "1"), write("c.npy", "2"));
}

#[test]
fn plan_takes_the_same_forms() {
    let output = run("plan MIOpenDriver conv -n 2 -c 8 -H 9 -W 10 -k 16 -y 3 -x 3 -p 1 -q 1 --json");
    assert_eq!(json(&output)["problem"], SMALL);
    let side_by_side = json(&run("plan mb2ic8ih9iw10oc16kh3ph1 --json"));
    assert_eq!(side_by_side["plans"].as_array().map(Vec::len), Some(2));
    let one = json(&run("plan mb2ic8ih9iw10oc16kh3ph1 --device gpu:gfx1102 --json"));
    assert!(one["plans"][0]["machine"].as_str().is_some_and(|name| name.contains("gfx1102")), "{one}");
    let output = run("plan mb2ic8ih9iw10oc16kh3ph1");
    assert!(code(&output) == 0 && stdout(&output).contains(SMALL), "{}", stderr(&output));
}
