//! Programs without libraries under `sparkle-vgpu run --via seccomp`.
//!
//! Where a sandbox forbids seccomp's notifications these tests fail: they would prove nothing.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

mod expected;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use expected::EXPECTED;
use sparkle_vgpu::host::{Engine, Watching, run_watched};
use sparkle_vgpu::kmd::{Chip, Config, Device, Flavour, Kernel};

/// The client, without a loader and a libc that could be replaced.
fn client() -> &'static Path {
    static BUILT: OnceLock<(PathBuf, tempfile::TempDir)> = OnceLock::new();
    let build = || {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("client");
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/seccomp/client.c");
        let mut cc = Command::new("cc");
        cc.args(["-static", "-pthread", "-Wall", "-Werror", "-o"]).arg(&program).arg(source);
        assert!(cc.status().unwrap().success());
        (program, folder)
    };
    &BUILT.get_or_init(build).0
}

fn command(options: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sparkle-vgpu"));
    command.args(["run", "--via", "seccomp"]).args(options).arg("--");
    command
}

/// The client under the command line's own program.
fn run(options: &[&str], what: &str) -> Output {
    command(options).arg(client()).arg(what).output().unwrap()
}

fn shell(script: &str) -> Output {
    command(&[]).args(["sh", "-c"]).arg(script.replace("CLIENT", client().to_str().unwrap())).output().unwrap()
}

/// Exit code, standard output, and standard error output.
fn ended(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[track_caller]
fn expect(output: &Output, code: i32, text: &str) {
    assert_eq!(ended(output), (Some(code), text.to_owned(), String::new()));
}

#[test]
fn a_static_program_finds_what_a_preloaded_one_finds() {
    for (what, text) in EXPECTED {
        expect(&run(&["--strict"], what), 0, text);
    }
}

#[test]
fn folders_links_and_other_ways_to_a_node() {
    let (code, text, reports) = ended(&run(&[], "list"));
    let found = "entry renderD128 2\nby path 226:128\nlink 1\npath EFAULT\nrelative ok\nagain ok\nopenat2 ok\nbuffer's descriptor ENODEV\n";
    assert_eq!(text, found);
    // What is not modelled is told, and makes the exit code.
    assert_eq!(code, Some(5));
    assert!(reports.contains("NotModelled") && reports.contains("import it and map the buffer"), "{reports}");
}

#[test]
fn a_closed_file_is_cleaned_up_while_its_process_goes_on() {
    let (code, text, reports) = ended(&run(&[], "closing"));
    assert_eq!((code, text.as_str()), (Some(5), "closing 1 1 1\n"));
    assert_eq!(reports.matches("the file was closed with 1 buffers of 65536 bytes left").count(), 1, "{reports}");
}

#[test]
fn the_devices_are_those_of_the_options() {
    let output = command(&["--count", "3", "--kernel", "7.3"])
        .args([
            "sh",
            "-c",
            "ls /dev/dri; cat /sys/class/drm/renderD130/device/uevent | grep SLOT; ls -l /dev/dri/renderD129",
        ])
        .output()
        .unwrap();
    let (code, text, errors) = ended(&output);
    assert_eq!((code, errors.as_str()), (Some(0), ""));
    assert!(
        text.starts_with("by-path\nrenderD128\nrenderD129\nrenderD130\nPCI_SLOT_NAME=0000:05:00.0\ncrw-rw-rw-"),
        "{text}"
    );
    assert!(text.contains("226, 129"), "{text}");
    expect(&run(&["--kernel", "6.1"], "sync"), 0, "syncobj ok 1 ok\n");
}

#[test]
fn a_program_that_has_nothing_to_do_with_devices_is_left_alone() {
    let mut child =
        command(&[]).arg(client()).arg("plain").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"from here to there").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.stdout, b"from here to there");
    // 128 and SIGTERM.
    assert_eq!(output.status.code(), Some(143));
    expect(&shell("exit 42"), 42, "");
    expect(
        &shell("cd /; stat -c %F etc/passwd dev/null; readlink /proc/self/fd/0 < /dev/null"),
        0,
        "regular file\ncharacter special file\n/dev/null\n",
    );
    let (code, text, error) = ended(&command(&[]).arg("/nowhere/at/all").output().unwrap());
    assert_eq!((code, text.as_str()), (Some(127), ""));
    assert!(error.contains("No such file or directory"), "{error}");
}

#[test]
fn the_commands_code_comes_back_and_its_last_process_is_awaited() {
    let out = tempfile::NamedTempFile::new().unwrap();
    let path = out.path().display();
    expect(&shell(&format!("(sleep 0.3; CLIENT sync > {path}) & exit 3")), 3, "");
    assert_eq!(std::fs::read_to_string(out.path()).unwrap(), "syncobj ok 1 ok\n");
    let (code, _, reports) = ended(&shell("CLIENT closing; exit 7"));
    assert_eq!(code, Some(7));
    assert!(reports.contains("Leak"), "{reports}");
}

#[test]
fn a_filter_in_a_filter_is_refused_by_name() {
    let inner = env!("CARGO_BIN_EXE_sparkle-vgpu");
    let (code, _, error) = ended(&shell(&format!("{inner} run --via seccomp -- true")));
    assert_eq!(code, Some(1));
    assert!(error.contains("this process is under such a filter already (EBUSY"), "{error}");
}

#[test]
fn pages_of_buffers_that_are_gone_go_too() {
    let devices = vec![Device::new(Chip::ALL[0])];
    let engine = Engine::new(&devices, &Watching::default());
    let config = Config { one_file: true, ..Config::new(Flavour::V6_12, Chip::ALL[0], Arc::new(engine)) };
    let kernel = Kernel::new(config).unwrap();
    let pages = std::fs::File::from(kernel.one_file().unwrap().try_clone_to_owned().unwrap());
    let blocks = || std::os::unix::fs::MetadataExt::blocks(&pages.metadata().unwrap());
    let running = AtomicBool::new(true);
    let most = std::thread::scope(|scope| {
        let most = scope.spawn(|| {
            let mut most = 0;
            while running.load(Ordering::Relaxed) {
                most = most.max(blocks());
                std::thread::sleep(std::time::Duration::from_millis(5));
            }
            most
        });
        let ended = run_watched(kernel, &[client().into(), "churn".into()]).unwrap();
        running.store(false, Ordering::Relaxed);
        assert_eq!((ended.code, ended.reports), (0, Vec::new()));
        most.join().unwrap()
    });
    // In units of 512 bytes.
    assert!(most >= 128, "{most}");
    assert_eq!(std::os::unix::fs::MetadataExt::blocks(&pages.metadata().unwrap()), 0);
}

#[test]
fn buffers_of_their_own_files_are_no_use() {
    let devices = vec![Device::new(Chip::ALL[0])];
    let engine = Engine::new(&devices, &Watching::default());
    let kernel = Kernel::new(Config::new(Flavour::V6_12, Chip::ALL[0], Arc::new(engine))).unwrap();
    let error = run_watched(kernel, &["true".into()]).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
}

#[test]
fn a_command_that_is_not_started_is_named_and_has_the_code_of_shells() {
    let folder = tempfile::tempdir().unwrap();
    for (program, code, why) in
        [(folder.path().join("none"), 127, "No such file"), (folder.path().to_owned(), 126, "Permission denied")]
    {
        let (found, _, text) = ended(&command(&[]).arg(&program).output().unwrap());
        assert_eq!(found, Some(code), "{text}");
        assert!(text.contains(program.to_str().unwrap()) && text.contains(why), "{text}");
    }
    let (code, _, text) = ended(&command(&[]).arg("true").env("TMPDIR", folder.path().join("none")).output().unwrap());
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("let TMPDIR name another"), "{text}");
}

#[test]
fn who_asks_the_run_to_end_asks_the_command() {
    let folder = tempfile::tempdir().unwrap();
    let script = "trap 'exit 9' TERM; echo ready; while :; do sleep 0.01; done";
    let mut command = command(&[]);
    command.args(["sh", "-c", script]).env("TMPDIR", folder.path()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut ready = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(child.stdout.as_mut().unwrap()), &mut ready).unwrap();
    assert_eq!(ready, "ready\n");
    assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(9));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "the folder is left behind");
}
