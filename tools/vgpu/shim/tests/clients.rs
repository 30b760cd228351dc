//! A C program under the preloaded library, alone and under a host.
#![allow(clippy::unwrap_used)]

mod common;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use common::library;
use vgpu::host::{Engine, Watching, run};
use vgpu::kmd::{Chip, Config, Device, Flavour, Kernel, Kind};

/// Compiles the client.
fn client(folder: &Path) -> PathBuf {
    let program = folder.join("client");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/client.c");
    assert!(Command::new("cc").args(["-Wall", "-o"]).arg(&program).arg(source).status().unwrap().success());
    program
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

const FOUND: &str = "stat char 226:128
vendor 0x1002
realpath /sys/bus/pci
fstat char 226:128
read -1 Resource temporarily unavailable
version 0 amdgpu
create 0
offset 0
private Invalid argument
bad pointer -1 Bad address
";

#[test]
fn the_library_alone_has_one_device_and_refuses_a_fork() {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(client(folder.path())).env("LD_PRELOAD", library()).output().unwrap();
    let found = text(&output);
    assert_eq!(found, format!("node renderD128 char\n{FOUND}child No such device 77\nclose 0\n"));
    assert!(String::from_utf8_lossy(&output.stderr).contains("held in the process that forked this one"));
    assert!(output.status.success());
}

#[test]
fn a_hosts_devices_are_those_of_all_processes() {
    let folder = tempfile::tempdir().unwrap();
    let (program, out) = (client(folder.path()), folder.path().join("out"));
    let start = |script: &str| {
        let devices = vec![Device::new(Chip::ALL[0]); 2];
        let engine = Engine::new(&devices, &Watching { strict: true, ..Watching::default() });
        let mut config = Config::new(Flavour::V7_3, Chip::ALL[0], std::sync::Arc::new(engine));
        config.devices = devices;
        let script = script.replace("OUT", out.to_str().unwrap());
        let script = script.replace("CLIENT", &format!("{} > {}", program.display(), out.display()));
        run(Kernel::new(config).unwrap(), &library(), &["sh".into(), "-c".into(), script.into()]).unwrap()
    };
    let ended = start("CLIENT");
    let mut lines: Vec<String> = std::fs::read_to_string(&out).unwrap().lines().map(str::to_owned).collect();
    let mut nodes: Vec<String> = lines.drain(..2).collect();
    nodes.sort();
    assert_eq!(nodes, ["node renderD128 char", "node renderD129 char"]);
    assert_eq!(lines.join("\n"), format!("{FOUND}child ok 77\nclose 0"));
    assert_eq!((ended.code, ended.reports.len()), (0, 0), "{:?}", ended.reports);
    // A client that is killed in a call that would never return is closed like any other.
    let ended = start("WAIT=1 CLIENT & until grep -q waits OUT; do sleep 0.01; done; sleep 0.2; kill -9 $!");
    let leak = |left: &str| ended.reports.iter().any(|report| report.kind == Kind::Leak && report.text.contains(left));
    assert!(leak("1 syncobjs left"), "{:?}", ended.reports);
    // What is left behind is told, and the command's code comes back.
    let ended = start("LEAK=1 CLIENT; exit 7");
    assert_eq!(ended.code, 7);
    assert!(ended.reports.iter().any(|report| report.kind == Kind::Leak), "{:?}", ended.reports);
}
