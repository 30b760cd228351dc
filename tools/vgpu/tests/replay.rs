//! Captures written by hand, replayed by the command line.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

const CODE: u64 = 0x1_0000_0000;
const DST: u64 = 0x1_0020_0000;
const SRC: u64 = 0x1_0030_0000;
const SIGNAL: u64 = 0x1_0040_0000;
const IB: u64 = 0x2_0000_0000;

/// `dst[i] = src[i] + s5` for i below s4 in waves of 64, the workgroup's number in s6. Source: llvm-mc 19, gfx1100.
const ADDK: [u32; 16] = [
    0x8407_8806,
    0x3600_00ff,
    0x0000_03ff,
    0x4a00_0007,
    0x7d98_0004,
    0xbfa5_0007,
    0x3002_0082,
    0xdc52_0000,
    0x0202_0001,
    0xbf89_03f7,
    0x4a04_0405,
    0xdc6a_0000,
    0x0000_0201,
    0xbf80_0000,
    0xbfb6_0003,
    0xbfb0_0000,
];

fn bytes(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

fn sample(name: &str) -> Vec<u32> {
    let path = format!("{}/../../pm4/data/samples/examples-gfx11/{name}.bin", env!("CARGO_MANIFEST_DIR"));
    let bytes = fs::read(path).unwrap();
    bytes.chunks_exact(4).map(|word| u32::from_le_bytes(word.try_into().unwrap())).collect()
}

/// A capture of the worked dispatch.
struct Case {
    folder: TempDir,
    manifest: Value,
}

impl Case {
    fn new(stream: &[u32]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, words: &[u32]| fs::write(folder.path().join(name), bytes(words)).unwrap();
        let mut code = ADDK.to_vec();
        code.resize(128, 0xbf9f_0000);
        file("code.bin", &code);
        file("ib.bin", stream);
        file("src.bin", &(0..1000).map(|i| i * 3).collect::<Vec<_>>());
        file("dst.bin", &(0..1000).map(|i| i * 3 + 7).collect::<Vec<_>>());
        file("signal.bin", &[1, 0, 0, 0, 0, 0, 0, 0]);
        let buffer = |id: u32, va: u64, size: usize, flags: Value, role: &str| json!({"id": id, "va": format!("{va:#x}"), "size": size, "domain": "vram", "va_flags": flags, "role": role});
        let mut buffers = json!([
            buffer(0, CODE, 512, json!(["read", "exec"]), "code"),
            buffer(1, IB, stream.len() * 4, json!(["read", "exec"]), "ib"),
            buffer(2, SRC, 4000, json!(["read"]), "input"),
            buffer(3, DST, 4000, json!(["read", "write"]), "output"),
            buffer(4, SIGNAL, 32, json!(["read", "write"]), "fence"),
        ]);
        for (id, name) in [(0, "code.bin"), (1, "ib.bin"), (2, "src.bin")] {
            buffers[id]["before"] = json!(name);
        }
        for (id, name) in [(3, "dst.bin"), (4, "signal.bin")] {
            buffers[id]["after"] = json!(name);
        }
        let manifest = json!({
            "format": "sparkle-capture", "version": 1,
            "device": {"gfx": "gfx1100", "family": 145, "name": "Radeon RX 7900 XTX"},
            "buffers": buffers, "volatile": [],
            "submissions": [{
                "ip": "compute", "ring": 0, "buffers": [0, 1, 2, 3, 4], "fence_seq": 1,
                "ibs": [{"buffer": 1, "va": format!("{IB:#x}"), "size_dw": stream.len(), "flags": 0}],
            }],
        });
        Self { folder, manifest }
    }

    fn dispatch() -> Self {
        Self::new(&sample("c_dispatch_wave64_user6"))
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Exit code, standard output, standard error.
    fn replay(&self, options: &[&str]) -> (i32, String, String) {
        fs::write(self.path().join("capture.json"), self.manifest.to_string()).unwrap();
        replay(self.path(), options)
    }
}

fn replay(path: &Path, options: &[&str]) -> (i32, String, String) {
    let output =
        Command::new(env!("CARGO_BIN_EXE_sparkle-vgpu")).arg("replay").arg(path).args(options).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn the_worked_dispatch_arrives_at_its_after() {
    let case = Case::dispatch();
    let (code, out, err) = case.replay(&["--check"]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(out.starts_with("gfx1100: 1 submissions, 16 packets, 1 dispatches, 4 workgroups, 16 waves"), "{out}");
    assert!(out.ends_with("; all 4032 bytes are as they were\n"), "{out}");
    // And by the manifest's own name.
    assert_eq!(replay(&case.path().join("capture.json"), &["--check"]).0, 0);
}

#[test]
fn every_sanitizer_and_a_strict_device_are_content_with_it() {
    let case = Case::dispatch();
    let (code, _, err) = case.replay(&["--check", "--sanitize", "all", "--strict"]);
    assert_eq!((code, err.as_str()), (0, ""));
}

#[test]
fn what_differs_is_named() {
    let case = Case::dispatch();
    let mut wrong: Vec<u32> = (0..1000).map(|i| i * 3 + 7).collect();
    (wrong[5], wrong[900]) = (0x3f80_0000, 0xffff_ffff);
    fs::write(case.path().join("dst.bin"), bytes(&wrong)).unwrap();
    let (code, out, err) = case.replay(&["--check"]);
    assert_eq!(code, 5);
    let lines: Vec<_> = err.lines().collect();
    assert_eq!(
        lines,
        [
            "buffer 3 + 0x14 (0x100200014): 0x00000016 (3.1e-44), expected 0x3f800000 (1e0)",
            "buffer 3 + 0xe10 (0x100200e10): 0x00000a93 (3.793e-42), expected 0xffffffff (NaN)",
        ]
    );
    assert!(out.ends_with("; 7 of 4032 bytes differ\n"), "{out}");
    // Without --check nobody looks.
    assert_eq!(case.replay(&[]).0, 0);
}

#[test]
fn volatile_ranges_may_differ() {
    let mut case = Case::new(&sample("e_timestamps"));
    assert_eq!(case.replay(&["--check"]).0, 5);
    case.manifest["volatile"] = json!([{"buffer": 4, "offset": 8, "bytes": 16}]);
    let (code, _, err) = case.replay(&["--check"]);
    assert_eq!(code, 0, "{err}");
    assert!(
        err.starts_with("cp [cp-stale-state]: this submission has not set COMPUTE_STATIC_THREAD_MGMT_SE0"),
        "{err}"
    );
    // With sanitizers on, that counts.
    assert_eq!(case.replay(&["--check", "--sanitize", "wait"]).0, 5);
    let (code, _, err) = case.replay(&["--check", "--strict"]);
    assert_eq!(code, 5);
    assert!(err.contains("hang: this submission has not set COMPUTE_TMPRING_SIZE"), "{err}");
}

#[test]
fn mistakes_of_streams_count_under_sanitizers() {
    // CS_PARTIAL_FLUSH with EVENT_INDEX 0, where it has 4.
    let stream = [&[0xc000_4600, 7], &sample("e_timestamps")[..]].concat();
    let mut case = Case::new(&stream);
    case.manifest["volatile"] = json!([{"buffer": 4, "offset": 8, "bytes": 16}]);
    let (code, _, err) = case.replay(&["--check"]);
    assert_eq!(code, 0, "{err}");
    assert!(err.contains("[cp-event-index]"), "{err}");
    assert_eq!(case.replay(&["--check", "--sanitize", "wait"]).0, 5);
}

#[test]
fn buffers_that_are_not_listed_are_not_there() {
    let mut case = Case::dispatch();
    case.manifest["submissions"][0]["buffers"] = json!([0, 1, 2, 4]);
    let (code, _, err) = case.replay(&[]);
    assert_eq!(code, 5);
    assert!(err.starts_with("submission 0: page fault: write at 0x100200000: workgroup ("), "{err}");
    assert!(err.contains("where no buffer is mapped; DISPATCH_DIRECT at 0x2000000fc"), "{err}");
    assert!(err.contains("dim_x=4"), "the packet as text: {err}");
}

#[test]
fn permissions_are_those_of_the_mapping() {
    let mut case = Case::dispatch();
    case.manifest["buffers"][3]["va_flags"] = json!(["read"]);
    let (code, _, err) = case.replay(&[]);
    assert_eq!(code, 5);
    assert!(err.contains("page fault: write at 0x100200000") && err.contains("not mapped for it"), "{err}");
    case.manifest["buffers"][3]["va_flags"] = json!(["read", "write"]);
    case.manifest["buffers"][0]["va_flags"] = json!(["read"]);
    let (_, _, err) = case.replay(&[]);
    assert!(
        err.contains("instruction fetch at 0x100000000: COMPUTE_PGM: the buffer is not mapped executable"),
        "{err}"
    );
}

#[test]
fn mappings_of_one_object_share_their_bytes() {
    // WRITE_DATA by one address, COPY_DATA by the other.
    let stream =
        [0xc003_3700, 0x0010_0500, 0x0020_0000, 1, 0x1234, 0xc004_4000, 0x0010_0502, 0x0060_0000, 1, 0x0040_0000, 1];
    let mut case = Case::new(&stream);
    let buffers = case.manifest["buffers"].as_array_mut().unwrap();
    let mut twin = buffers[3].clone();
    (twin["id"], twin["va"], twin["bo"]) = (json!(5), json!("0x100600000"), json!(77));
    twin.as_object_mut().unwrap().remove("after");
    buffers[3].as_object_mut().unwrap().remove("after");
    buffers[3]["bo"] = json!(77);
    buffers.push(twin);
    case.manifest["submissions"][0]["buffers"] = json!([0, 1, 2, 3, 4, 5]);
    fs::write(case.path().join("signal.bin"), bytes(&[0x1234, 0, 0, 0, 0, 0, 0, 0])).unwrap();
    let (code, _, err) = case.replay(&["--check"]);
    assert_eq!((code, err.as_str()), (0, ""));
}

#[test]
fn submissions_run_in_order_on_their_rings() {
    // The graphics ring waits for what the compute ring has written before.
    let mut case = Case::new(&[0xc003_3700, 0x0010_0500, 0x0040_0000, 1, 1]);
    fs::write(case.path().join("wait.bin"), bytes(&[0xc005_3c00, 0x13, 0x0040_0000, 1, 1, u32::MAX, 4])).unwrap();
    let buffers = case.manifest["buffers"].as_array_mut().unwrap();
    buffers[3].as_object_mut().unwrap().remove("after");
    buffers.push(json!({
        "id": 5, "va": "0x300000000", "size": 28, "domain": "gtt", "va_flags": ["read"], "role": "ib", "before": "wait.bin",
    }));
    let first = case.manifest["submissions"][0].clone();
    let second = json!({
        "ip": "gfx", "ring": 0, "buffers": [4, 5], "ibs": [{"buffer": 5, "va": "0x300000000", "size_dw": 7, "flags": 0}],
    });
    case.manifest["submissions"] = json!([first, second]);
    let (code, out, err) = case.replay(&["--check"]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(out.starts_with("gfx1100: 2 submissions, 2 packets"), "{out}");
    case.manifest["submissions"] = json!([second, first]);
    let (code, out, err) = case.replay(&[]);
    assert_eq!(code, 5);
    assert!(err.starts_with("submission 0: hang: 0x100400000 holds 0x0, and nobody changes it"), "{err}");
    assert!(out.starts_with("gfx1100: 1 submissions"), "the rest does not run: {out}");
}

#[test]
fn stats_and_traces_are_written() {
    let case = Case::dispatch();
    let (stats, trace) = (case.path().join("stats.json"), case.path().join("trace.json"));
    let options = ["--stats", stats.to_str().unwrap(), "--trace", trace.to_str().unwrap()];
    assert_eq!(case.replay(&options).0, 0);
    let stats: Value = serde_json::from_slice(&fs::read(&stats).unwrap()).unwrap();
    assert_eq!(stats["schema"], 1);
    assert_eq!(stats["packets"]["SET_SH_REG"], 11);
    assert_eq!(stats["packets"]["DISPATCH_DIRECT"], 1);
    assert_eq!((&stats["workgroups"], &stats["waves"]), (&json!(4), &json!(16)));
    // No wave branches over the 13 instructions: the last one has 40 lanes below 1000.
    assert_eq!(stats["instructions"], 16 * 13);
    assert_eq!(stats["shader"]["instructions"], stats["instructions"]);
    assert_eq!(stats["launches"][0]["code"], "0x100000000");
    let trace: Value = serde_json::from_slice(&fs::read(&trace).unwrap()).unwrap();
    let events = trace["traceEvents"].as_array().unwrap();
    let dispatch = events.iter().find(|event| event["cat"] == "dispatch").unwrap();
    assert_eq!((&dispatch["ph"], &dispatch["args"]["workgroups"]), (&json!("X"), &json!(4)));
    assert_eq!(events.iter().filter(|event| event["cat"] == "packet").count(), 16);
    let [name, timed @ ..] = &events[..] else { panic!() };
    assert_eq!((&name["ph"], &name["pid"], &name["args"]["name"]), (&json!("M"), &json!(0), &json!("compute ring 0")));
    let starts: Vec<f64> = timed.iter().map(|event| event["ts"].as_f64().unwrap()).collect();
    assert_eq!(starts.len(), 17);
    assert!(timed.iter().all(|event| event["dur"].as_f64().unwrap() > 0.0 && event["pid"] == 0));
}

#[test]
fn the_chip_can_be_chosen() {
    let case = Case::dispatch();
    let (code, out, _) = case.replay(&["--check", "--gpu", "gfx1103"]);
    assert_eq!(code, 0);
    assert!(out.starts_with("gfx1103: "), "{out}");
    let (code, _, err) = case.replay(&["--gpu", "gfx900"]);
    assert_eq!(code, 2);
    assert!(err.contains("\"gfx900\" is no chip that this device can be; it can be gfx1100, gfx1101"), "{err}");
}

#[test]
fn what_is_no_capture_is_refused() {
    let empty = tempfile::tempdir().unwrap();
    assert_eq!(replay(&empty.path().join("nowhere"), &[]).0, 2);
    let mut case = Case::dispatch();
    for id in [3, 4] {
        case.manifest["buffers"][id].as_object_mut().unwrap().remove("after");
    }
    assert_eq!(case.replay(&[]).0, 0);
    assert_eq!(case.replay(&["--check"]).0, 2, "nothing to compare with");
    case.manifest["submissions"][0]["ip"] = json!("dma");
    let (code, _, err) = case.replay(&[]);
    assert_eq!(code, 2);
    assert!(err.contains("submission 0 is for the engine \"dma\", and only compute and gfx are modelled"), "{err}");
}
