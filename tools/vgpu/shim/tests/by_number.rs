//! The client that makes its calls by number finds under the library what it finds without one.
#![allow(clippy::unwrap_used)]

mod common;
#[path = "../../tests/seccomp/expected.rs"]
mod expected;

use std::process::Command;
use std::sync::Arc;

use common::library;
use expected::EXPECTED;
use vgpu::host::{Engine, Watching, run};
use vgpu::kmd::{Chip, Config, Device, Flavour, Kernel};

#[test]
fn a_preloaded_program_finds_what_a_static_one_finds() {
    let folder = tempfile::tempdir().unwrap();
    let (program, out) = (folder.path().join("client"), folder.path().join("out"));
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/seccomp/client.c");
    let mut cc = Command::new("cc");
    assert!(cc.args(["-pthread", "-Wall", "-Werror", "-o"]).arg(&program).arg(source).status().unwrap().success());
    for (what, text) in EXPECTED {
        let devices = vec![Device::new(Chip::ALL[0])];
        let engine = Engine::new(&devices, &Watching { strict: true, ..Watching::default() });
        let config = Config::new(Flavour::V6_12, Chip::ALL[0], Arc::new(engine));
        let script = format!("{} {what} > {}", program.display(), out.display());
        let ended = run(Kernel::new(config).unwrap(), &library(), &["sh".into(), "-c".into(), script.into()]).unwrap();
        assert_eq!(std::fs::read_to_string(&out).unwrap(), *text, "{what}");
        assert_eq!((ended.code, ended.reports), (0, Vec::new()), "{what}");
    }
}
