//! `devices`, `completions` and the help.

use crate::{code, json, run, sparkle, stdout};

#[test]
fn devices_names_the_cpu_and_why_there_is_no_gpu() {
    let report = json(&run("devices --json"));
    assert_eq!((&report["schema"], &report["command"]), (&1.into(), &"devices".into()));
    assert!(report["cpu"]["cores"].as_u64() >= Some(1));
    let isa = report["cpu"]["isa"].as_str().expect("an ISA");
    assert!(stdout(&run("devices")).contains(isa));
    let hidden = sparkle().env("SPARKLE_VISIBLE_DEVICES", "").arg("devices").output().expect("starts");
    assert!(stdout(&hidden).contains("none: SPARKLE_VISIBLE_DEVICES is empty"), "{}", stdout(&hidden));
}

#[test]
fn completions_and_help_name_the_commands() {
    for shell in ["bash", "zsh", "fish"] {
        let script = run(&format!("completions {shell}"));
        assert!(code(&script) == 0 && stdout(&script).contains("no-fallback"), "{shell}");
    }
    let help = stdout(&run("--help"));
    assert!(
        ["conv2d", "bench", "plan", "devices", "doctor", "completions"].iter().all(|name| help.contains(name)),
        "{help}"
    );
    assert!(stdout(&run("conv2d --help")).contains("Examples:"));
}
