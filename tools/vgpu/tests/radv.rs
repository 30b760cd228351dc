//! Submissions of Mesa's RADV, recorded by `run --capture` from the programs of `tests/mesa`: replayed, they leave what
//! they left, and no sanitizer speaks.
//!
//! `data/README.md` says what they are.
#![allow(clippy::unwrap_used)]

use std::path::PathBuf;
use std::process::Command;

/// All but the reading of registers of which no used bit is undefined, which compilers do.
const SANITIZERS: &str = "uninit,wait,race,bounds,hazard,cache,fetch,descriptor";

fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

fn replay(name: &str, options: &[&str]) -> (i32, String, String) {
    let program = env!("CARGO_BIN_EXE_sparkle-vgpu");
    let output = Command::new(program).arg("replay").args(options).arg(folder(name)).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn as_it_was(name: &str, dispatches: &str) {
    for options in [&["--check"][..], &["--check", "--sanitize", SANITIZERS]] {
        let (code, out, err) = replay(name, options);
        assert_eq!(code, 0, "{name} {options:?}: {out}{err}");
        assert!(out.contains(dispatches) && out.ends_with(" bytes are as they were\n"), "{out}");
        assert!(!out.contains("all 0 bytes"), "{out}");
    }
}

#[test]
fn sums_in_shared_memory() {
    as_it_was("radv-reduce-compute", " 1 dispatches, 62 workgroups, ");
}

#[test]
fn subgroup_operations_on_a_graphics_ring() {
    as_it_was("radv-subgroup32-gfx", " 1 dispatches, 6 workgroups, 24 waves, ");
}

#[test]
fn another_chip_gives_the_same() {
    let (code, out, err) = replay("radv-reduce-compute", &["--check", "--gpu", "gfx1102"]);
    assert_eq!(code, 0, "{out}{err}");
}

/// RADV leaves registers unset that a strict device asks for.
#[test]
fn a_strict_device_asks_for_more() {
    let (code, _, err) = replay("radv-reduce-compute", &["--check", "--strict"]);
    assert_eq!(code, 5);
    assert!(err.contains("COMPUTE_TMPRING_SIZE"), "{err}");
}
