//! `doctor` and `devices` on software devices: the real program under the real preloaded library.

use crate::{code, json, sparkle, stderr, stdout};
use serde_json::Value;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

/// The folder with `sparkle-vgpu` and its library, which tests have to build for themselves: nothing else in them
/// builds another package's program.
fn tools() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let program = std::env::current_exe().expect("this program");
        let folder = program.ancestors().nth(2).expect("target/debug/deps/cli").to_owned();
        let built = Command::new(env!("CARGO"))
            .args(["build", "--locked", "--quiet", "--profile", "test"])
            .args(["--package", "sparkle-vgpu", "--package", "sparkle-vgpu-shim", "--target-dir"])
            .arg(folder.parent().expect("target"))
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .status()
            .expect("cargo starts");
        assert!(built.success());
        folder
    })
}

/// What a run under `sparkle-vgpu run` left.
struct Ran {
    output: Output,
    /// Lines of the device, those of its log aside.
    noticed: Vec<String>,
}

/// Runs `sparkle-run` with `line` on software devices of `options`.
fn ran(options: &str, line: &str, visible: Option<&str>) -> Ran {
    let mut words = vec![sparkle().get_program().to_owned()];
    words.extend(line.split_whitespace().map(OsString::from));
    ran_command(options, &words, visible)
}

/// Runs any command on software devices of `options`.
fn ran_command(options: &str, words: &[OsString], visible: Option<&str>) -> Ran {
    let folder = tempfile::tempdir().expect("a folder");
    let report = folder.path().join("report");
    let mut command = Command::new(tools().join("sparkle-vgpu"));
    command.arg("run").args(options.split_whitespace()).arg("--report").arg(&report).arg("--");
    command.args(words);
    command.env_remove("SPARKLE_VISIBLE_DEVICES").env_remove("SPARKLE_CPU_ISA").stdin(Stdio::null());
    command.envs(visible.map(|list| ("SPARKLE_VISIBLE_DEVICES", list)));
    let output = command.output().expect("sparkle-vgpu starts");
    let text = std::fs::read_to_string(&report).unwrap_or_default();
    let noticed = text.lines().filter(|line| !line.starts_with("sparkle-vgpu: Log: ")).map(str::to_owned).collect();
    Ran { output, noticed }
}

/// The rungs without the drills, from the bottom.
const RUNGS: [&str; 23] = [
    "0", "1", "2", "3", "4", "5", "6", "7", "7b", "7c", "8", "9", "10", "11", "12", "13", "14", "15", "16", "17a",
    "17b", "17c", "17d",
];

/// The rungs of a report with their status.
fn rungs(report: &Value) -> Vec<(String, String)> {
    let rungs = report["rungs"].as_array().expect("rungs");
    let text = |value: &Value| value.as_str().expect("a string").to_owned();
    rungs.iter().map(|rung| (text(&rung["id"]), text(&rung["status"]))).collect()
}

fn rung<'a>(report: &'a Value, id: &str) -> &'a Value {
    report["rungs"].as_array().and_then(|rungs| rungs.iter().find(|rung| rung["id"] == id)).expect("the rung")
}

#[test]
fn every_rung_passes_on_every_kernel_and_chip() {
    for (kernel, chips) in
        [("6.1", ["gfx1100", "gfx1103"]), ("6.12", ["gfx1101", "gfx1150"]), ("7.3", ["gfx1102", "gfx1151"])]
    {
        for chip in chips {
            let options = format!("--gpu {chip} --kernel {kernel} --strict --sanitize all");
            let Ran { output, noticed } = ran(&options, "doctor", None);
            let text = stdout(&output);
            assert_eq!((code(&output), noticed), (0, Vec::new()), "{chip}, {kernel}: {text}{}", stderr(&output));
            let passed: Vec<&str> = text
                .lines()
                .filter(|line| line.contains("  ok      "))
                .filter_map(|line| line.split_whitespace().next())
                .collect();
            assert_eq!(passed, RUNGS, "{text}");
            assert!(text.contains(&format!("({chip})")) && text.contains("all 23 rungs passed"), "{text}");
        }
    }
}

/// Header words from outside: Linux `nvd.h` (PACKET3) with the opcodes and lengths of these packets.
#[test]
fn json_has_every_rung_with_its_values() {
    let report = json(&ran("--kernel 6.12", "doctor --json", None).output);
    assert_eq!((&report["schema"], &report["command"], &report["ok"]), (&1.into(), &"doctor".into(), &true.into()));
    let passed: Vec<_> = RUNGS.iter().map(|id| ((*id).to_owned(), "passed".to_owned())).collect();
    assert_eq!(rungs(&report), passed);
    assert_eq!(report["drills_left_out"], serde_json::json!(["fault", "hang"]));
    assert_eq!(report["device"]["gfx"], "gfx1100");
    assert_eq!(report["device"]["drm"], "3.61");
    assert_eq!(report["sysfs"]["vendor"], "0x1002");
    let stream = |id: &str| rung(&report, id)["values"]["stream"].as_str().expect("a stream").to_owned();
    assert_eq!(stream("7"), ["ffff1000"; 16].join(" "));
    assert!(stream("8").starts_with("c0033700 00100500 "), "{}", stream("8"));
    let again = &rung(&report, "8")["values"]["stream_2"];
    assert!(again.as_str().is_some_and(|text| text.starts_with("c0033700 00100500 ")), "the second one: {again}");
    assert!(stream("9").starts_with("c0064900 "), "{}", stream("9"));
    for waves in ["12", "13", "14", "15", "17a"] {
        assert!(stream(waves).starts_with("c0065800 "), "{waves}: caches first");
    }
    assert_eq!(stream("17d").matches("c0031502 ").count(), 5, "five dispatches");
    // No stream where another was: the fetch goes through GL2, and only the stream itself invalidates that.
    let places: Vec<&str> = (RUNGS.iter())
        .filter_map(|id| rung(&report, id)["values"].as_object())
        .flat_map(|values| values.iter().filter(|(key, _)| key.starts_with("stream_va")))
        .filter_map(|(_, va)| va.as_str())
        .collect();
    assert!(places.len() > 15, "{places:?}");
    assert!(places.iter().enumerate().all(|(at, place)| !places[..at].contains(place)), "{places:?}");
    // Wave32 says so in bit 15 of the initiator, wave64 doesn't.
    assert!(stream("13").contains(" 00000001 00000001 00000001 00008045"), "{}", stream("13"));
    assert!(stream("17b").contains(" 00000001 00000001 00000001 00000045"), "{}", stream("17b"));
    for id in RUNGS {
        let rung = rung(&report, id);
        assert!(rung["failure"].is_null() && rung["micros"].is_u64(), "{id}");
        assert!(["name", "did", "proves", "seen"].iter().all(|key| rung[key].as_str() != Some("")), "{id}");
    }
}

#[test]
fn drills_break_what_they_say_and_all_works_again() {
    let Ran { output, noticed } = ran("--kernel 7.3", "doctor --json --drill fault --drill hang", None);
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    // The device has seen a fault and a hang, as it should.
    assert_eq!((code(&output), &report["ok"]), (5, &true.into()), "{}", stderr(&output));
    assert!(noticed.iter().any(|line| line.contains("Fault: ")), "{noticed:?}");
    assert!(noticed.iter().any(|line| line.contains("Hang: ") && line.contains("s_sleep")), "{noticed:?}");
    let fault = &rung(&report, "18")["values"];
    let address = fault["address"].as_str().expect("an address");
    let told = fault["page_fault"].as_str().expect("a page fault");
    assert!(told.contains(&format!("{address}, write by a vector memory instruction")), "{told}");
    let hang = &rung(&report, "19")["values"];
    assert!(hang["seconds"].as_f64() > Some(1.9), "not before the kernel's timeout: {hang}");
    assert!(hang["same_context"].as_str().is_some_and(|text| text.contains("make a new context")), "{hang}");
    assert_eq!(report["drills_left_out"], serde_json::json!([]));
    let warnings = stderr(&output);
    assert!(warnings.contains("drill fault: ") && warnings.contains("drill hang: "), "{warnings}");
}

#[test]
fn a_failing_rung_stops_the_ladder_and_says_why() {
    for (fault, id, words) in [
        ("ioctl:CTX:1:ENOMEM", "4", "has no memory for"),
        ("ioctl:GEM_CREATE:2:ENOMEM", "5", "no room for"),
        ("ioctl:GEM_MMAP:3:EINVAL", "5", "refused AMDGPU_GEM_MMAP"),
        ("ioctl:GEM_VA:2:ENOMEM", "6", "not EINVAL"),
        ("ioctl:CS:1:EFAULT", "7", "refused AMDGPU_CS"),
        ("ioctl:CS:5:EINVAL", "8", "refused AMDGPU_CS"),
        ("hang:1", "12", "hung and was ended by the kernel"),
    ] {
        let Ran { output, .. } = ran(&format!("--kernel 7.3 --inject {fault}"), "doctor --json", None);
        let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!((code(&output), &report["ok"]), (1, &false.into()), "{fault}");
        let (last, before) = {
            let mut rungs = rungs(&report);
            (rungs.pop().expect("a rung"), rungs)
        };
        assert_eq!((last.0.as_str(), last.1.as_str()), (id, "failed"), "{fault}: {}", stderr(&output));
        assert!(before.iter().all(|(_, status)| status == "passed"), "{fault}");
        let failure = &rung(&report, id)["failure"];
        let what = failure["what"].as_str().expect("what");
        assert!(what.contains(words), "{fault}: {what}");
        let lists = ["causes", "next"].map(|key| failure[key].as_array().map(Vec::len));
        assert!(lists.iter().all(|length| *length > Some(0)), "{fault}: {failure}");
        assert!(stderr(&output).contains(&format!("rung {id} (")), "{}", stderr(&output));
    }
}

#[test]
fn failures_as_text_have_cause_and_advice() {
    let Ran { output, .. } = ran("--kernel 7.3 --inject ioctl:CS:1:EFAULT", "doctor", None);
    let text = stdout(&output);
    let failed = text.split("  7  FAILED  a stream of NOPs: ").nth(1).expect("rung 7 failed");
    for part in ["did ", "seen    errno EFAULT", "proves ", "cause   the chunk pointers are wrong", "next "] {
        assert!(failed.contains(part), "{part:?} is not in: {failed}");
    }
    assert!(text.ends_with("rung 7 failed; nothing above it was tried\n"), "{text}");
}

#[test]
fn nodes_that_cannot_be_used_are_named_on_their_rung() {
    for (fault, id, words) in [
        ("ioctl:VERSION:1:EACCES", "1", "VERSION"),
        ("ioctl:GET_CAP:1:EINVAL", "2", "GET_CAP"),
        ("ioctl:INFO:1:EINVAL", "2", "ACCEL_WORKING"),
        ("ioctl:INFO:2:EFAULT", "3", "AMDGPU_INFO"),
    ] {
        let Ran { output, .. } = ran(&format!("--inject {fault}"), "doctor --json", None);
        let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!(code(&output), 1, "{fault}");
        let last = report["rungs"].as_array().and_then(|rungs| rungs.last()).expect("a rung");
        assert_eq!((last["id"].as_str(), last["status"].as_str()), (Some(id), Some("failed")), "{fault}: {last}");
        assert!(last["failure"]["what"].as_str().is_some_and(|what| what.contains(words)), "{fault}: {last}");
        assert!(report["device"]["obstacle"].is_string(), "{fault}");
    }
}

#[test]
fn processes_share_a_device_and_children_of_a_shell_have_it_too() {
    let program = sparkle().get_program().to_owned().into_string().expect("a path in UTF-8");
    let home = tempfile::tempdir().expect("a folder");
    let at = |number: usize| home.path().join(number.to_string());
    for via in ["preload", "seccomp"] {
        let doctor = |number| format!("'{program}' doctor --json > '{}'", at(number).display());
        let script = format!("{} & {} & {} & wait; {}", doctor(1), doctor(2), doctor(3), doctor(4));
        let options = format!("--via {via} --strict --sanitize all");
        let Ran { output, noticed } = ran_command(&options, &["sh".into(), "-c".into(), script.into()], None);
        assert_eq!((code(&output), noticed), (0, Vec::new()), "{via}: {}", stderr(&output));
        for number in 1..=4 {
            let report = std::fs::read_to_string(at(number)).expect("its report");
            let report: Value = serde_json::from_str(&report).expect("an object");
            assert!(
                rungs(&report).iter().filter(|(_, status)| status == "passed").count() == RUNGS.len(),
                "{via}: {report}"
            );
        }
    }
}

#[test]
fn signals_change_nothing() {
    let Ran { output, noticed } = ran("--kernel 7.3 --inject eintr:0.3 --inject slow-fence:3", "doctor", None);
    assert_eq!((code(&output), noticed), (0, Vec::new()), "{}", stdout(&output));
}

#[test]
fn without_a_gpu_doctor_says_why_and_wrong_options_are_the_users() {
    let hidden = sparkle().env("SPARKLE_VISIBLE_DEVICES", "").arg("doctor").output().expect("starts");
    assert_eq!(code(&hidden), 1);
    assert!(stdout(&hidden).contains("0  FAILED  a node of amdgpu: SPARKLE_VISIBLE_DEVICES is empty"));
    let Ran { output, .. } = ran("", "doctor --device gpu:1", None);
    assert!(code(&output) == 1 && stderr(&output).contains("no GPU number 1"), "{}", stderr(&output));
    for line in ["doctor --device cpu", "doctor --device all", "doctor --drill melt", "doctor --bundle"] {
        let output = sparkle().args(line.split_whitespace()).output().expect("starts");
        assert_eq!(code(&output), 2, "{line}: {}", stderr(&output));
    }
    let folder =
        sparkle().env("SPARKLE_VISIBLE_DEVICES", "").args(["doctor", "--bundle", "/nonexistent/x.zip"]).output();
    let folder = folder.expect("starts");
    assert!(code(&folder) == 1 && stderr(&folder).contains("/nonexistent"), "{}", stderr(&folder));
}

/// The files of a zip.
fn unzip(path: &Path) -> Vec<(String, Vec<u8>)> {
    let file = std::fs::File::open(path).expect("the bundle is there");
    let mut buffer = vec![0; rawzip::RECOMMENDED_BUFFER_SIZE];
    let archive = rawzip::ZipArchive::from_file(file, &mut buffer).expect("a zip");
    let mut places = Vec::new();
    let mut entries = archive.entries(&mut buffer);
    while let Some(entry) = entries.next_entry().expect("an entry") {
        places.push((String::from_utf8_lossy(entry.file_path().as_bytes()).into_owned(), entry.wayfinder()));
    }
    let read = |(name, place)| {
        let entry = archive.get_entry(place).expect("an entry");
        let mut bytes = Vec::new();
        let inflated = flate2::read::DeflateDecoder::new(entry.reader());
        entry.verifying_reader(inflated).read_to_end(&mut bytes).expect("sound");
        (name, bytes)
    };
    places.into_iter().map(read).collect()
}

#[test]
fn the_bundle_replays_and_names_nobody() {
    let home = tempfile::Builder::new().prefix("quixotic-user").tempdir().expect("a folder");
    let bundle = home.path().join("doctor.zip");
    let report = home.path().join("report");
    let output = Command::new(tools().join("sparkle-vgpu"))
        .args(["run", "--kernel", "7.3", "--report"])
        .arg(&report)
        .arg("--")
        .arg(sparkle().get_program())
        .args(["doctor", "--json", "--bundle"])
        .arg(&bundle)
        .env("HOME", home.path())
        .env("USER", "quixotic-user")
        .env("HOSTNAME", "quixotic-host")
        .env_remove("SPARKLE_VISIBLE_DEVICES")
        .output()
        .expect("starts");
    let printed = json(&output);
    let files = unzip(&bundle);
    let document: Value = serde_json::from_slice(&files.first().expect("a file").1).expect("doctor.json");
    assert_eq!(files.first().map(|(name, _)| name.as_str()), Some("doctor.json"));
    assert_eq!(document, printed, "what is printed is what is sent");
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    for (name, bytes) in &files {
        for secret in ["quixotic", "unique_id", "serial", host.trim()].iter().filter(|secret| secret.len() > 3) {
            let found = bytes.windows(secret.len()).any(|part| part.eq_ignore_ascii_case(secret.as_bytes()));
            assert!(!found, "{name} has {secret:?} in it");
        }
    }
    // Every capture is whole, and runs to the same memory again.
    let folders: BTreeSet<&str> =
        files.iter().filter_map(|(name, _)| name.rsplit_once('/')).map(|(at, _)| at).collect();
    let of = |id: &str| folders.iter().any(|folder| *folder == format!("captures/rung-{id}"));
    assert!(
        ["7", "8", "9", "11", "12", "13", "14", "15", "16", "17a", "17b", "17c"].iter().all(|id| of(id)),
        "{folders:?}"
    );
    assert!(folders.iter().any(|folder| folder.starts_with("captures/rung-17d/")), "the library's own: {folders:?}");
    assert!(!of("7c"), "without the CPU beside it that one never ends");
    for (name, bytes) in &files {
        let path = home.path().join("unpacked").join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(path, bytes).expect("written");
    }
    for folder in folders {
        let replay = Command::new(tools().join("sparkle-vgpu"))
            .args(["replay", "--check", "--strict", "--sanitize", "all"])
            .arg(home.path().join("unpacked").join(folder))
            .output()
            .expect("starts");
        assert_eq!(code(&replay), 0, "{folder}: {}{}", stdout(&replay), stderr(&replay));
    }
}

#[test]
fn devices_lists_gpus_in_full() {
    let report = json(&ran("--count 2 --gpu gfx1102 --kernel 6.12", "devices --json", None).output);
    let gpus = report["gpus"]["visible"].as_array().expect("GPUs");
    assert_eq!(gpus.len(), 2);
    let gpu = &gpus[0];
    assert_eq!((&gpu["chip"], &gpu["gfx"]), (&"Navi 33".into(), &"gfx1102".into()));
    assert_eq!((&gpu["node"], &gpu["pci"]), (&"/dev/dri/renderD128".into(), &"0000:03:00.0".into()));
    // An RX 7600: 32 CUs, 8 GiB on 128 bits.
    assert_eq!((&gpu["compute_units"], &gpu["memory_bus_bits"]), (&32.into(), &128.into()));
    assert_eq!(gpu["memory"]["vram"]["total_bytes"].as_u64().map(|bytes| bytes >> 30), Some(8));
    assert_eq!((&gpu["rings"]["compute"], &gpu["obstacle"]), (&4.into(), &Value::Null));
    assert_eq!(gpu["link"]["speed"], "16.0 GT/s PCIe");
    assert!(gpu["firmware"]["mec"].as_u64() > Some(0) && gpu["drm"] == "3.61");
    let text = stdout(&ran("--gpu gfx1103", "devices", None).output);
    for part in ["gpu:0  Phoenix (gfx1103), /dev/dri/renderD128 (0000:", "integrated, 12 CUs", "4 compute, ", "MEC 0x"]
    {
        assert!(text.contains(part), "{part:?} is not in: {text}");
    }
}

#[test]
fn the_variable_orders_hides_and_is_checked() {
    let nodes = |list| -> Vec<String> {
        let report = json(&ran("--count 3", "devices --json", Some(list)).output);
        let gpus = report["gpus"]["visible"].as_array().expect("GPUs");
        gpus.iter().map(|gpu| gpu["node"].as_str().expect("a node").replace("/dev/dri/renderD", "")).collect()
    };
    assert_eq!(nodes("2,pci:0000:03:00.0"), ["130", "128"]);
    assert_eq!(nodes(""), [""; 0]);
    let unknown = ran("--count 3", "devices", Some("0,3")).output;
    assert_eq!(code(&unknown), 2);
    assert!(stderr(&unknown).contains("names \"3\""), "{}", stderr(&unknown));
    let second = ran("--count 2 --kernel 7.3", "doctor --json --device gpu:0", Some("1")).output;
    assert_eq!(json(&second)["device"]["node"], "/dev/dri/renderD129");
}
