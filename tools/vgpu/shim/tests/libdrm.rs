//! libdrm's amdgpu functions on the software device, under every kernel, with everything watched.
#![allow(clippy::unwrap_used)]

mod common;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use common::library;
use vgpu::host::{Ended, Engine, Fault, Watching, run};
use vgpu::kmd::{Chip, Config, Device, Flavour, Kernel, Kind};
use vgpu::sanitize::Switches;

/// The client, or `None` where the headers of libdrm are not installed (Debian: libdrm-dev).
fn client(folder: &Path) -> Option<PathBuf> {
    let flags = Command::new("pkg-config").args(["--cflags", "--libs", "libdrm_amdgpu", "libdrm"]).output();
    let flags = flags.ok().filter(|output| output.status.success());
    if flags.is_none() {
        assert!(std::env::var_os("SPARKLE_REQUIRE_LIBDRM").is_none(), "libdrm-dev is not installed");
        eprintln!("skipped: libdrm-dev is not installed");
    }
    let flags = String::from_utf8(flags?.stdout).unwrap();
    let program = folder.join("libdrm");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/libdrm.c");
    let mut cc = Command::new("cc");
    cc.args(["-Wall", "-Werror", "-pthread", "-o"]).arg(&program).arg(source).args(flags.split_whitespace());
    assert!(cc.status().unwrap().success());
    Some(program)
}

struct Bench {
    program: PathBuf,
    folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        Some(Self { program: client(folder.path())?, folder })
    }

    /// What the client printed, how it ended, and the engine that executed its work.
    fn run(&self, flavour: Flavour, chip: &str, faults: &[&str]) -> (String, Ended, Arc<Engine>) {
        let chip = Chip::find(chip).unwrap();
        let devices = vec![Device::new(chip)];
        let watching = Watching { sanitize: Switches::ALL, strict: true, counts: true, ..Watching::default() };
        let engine = Arc::new(Engine::new(&devices, &watching));
        let config = Config { timeout_scale: 0.01, ..Config::new(flavour, chip, engine.clone()) };
        let kernel = Kernel::new(config).unwrap();
        for fault in faults {
            fault.parse::<Fault>().unwrap().apply(&kernel);
        }
        let out = self.folder.path().join("out");
        let script = format!("{} > {}", self.program.display(), out.display());
        let ended = run(kernel, &library(), &["sh".into(), "-c".into(), script.into()]).unwrap();
        (std::fs::read_to_string(out).unwrap(), ended, engine)
    }
}

#[test]
fn libdrm_finds_what_it_expects_and_is_silent() {
    let Some(bench) = Bench::new() else { return };
    for (flavour, chip) in [
        (Flavour::V6_1, "gfx1100"),
        (Flavour::V6_12, "gfx1102"),
        (Flavour::V7_3, "gfx1100"),
        (Flavour::V7_3, "gfx1151"),
    ] {
        let (text, ended, engine) = bench.run(flavour, chip, &[]);
        assert_eq!((text.as_str(), ended.code), ("all hold\n", 0), "{flavour:?} {chip}");
        let wrong: Vec<_> = ended.reports.iter().filter(|report| report.kind != Kind::Log).collect();
        assert!(wrong.is_empty(), "{flavour:?} {chip}: {wrong:?}");
        assert_eq!((engine.reports(), engine.findings()), (vec![], vec![]));
        // Two heaps and eight threads of which 7 and 7 of 20 stores are of the command processors, and three of others.
        let packets = &engine.stats()["devices"][0]["packets"];
        assert_eq!(packets["WRITE_DATA"], 2 * 2 + 8 * 14 + 3, "{packets}");
        assert_eq!(packets["SDMA COPY_LINEAR"], 2, "{packets}");
    }
}

#[test]
fn interruptions_and_slow_fences_change_nothing() {
    let Some(bench) = Bench::new() else { return };
    let (text, ended, _) = bench.run(Flavour::V6_12, "gfx1100", &["eintr:0.3", "slow-fence:2"]);
    assert_eq!((text.as_str(), ended.code), ("all hold\n", 0));
}

#[test]
fn what_is_spoilt_is_seen() {
    let Some(bench) = Bench::new() else { return };
    for (fault, seen) in [("ioctl:CS:2:ENOMEM", "one dword is written"), ("vram-lost:3", "nothing was reset")] {
        let (text, ended, _) = bench.run(Flavour::V6_12, "gfx1100", &[fault]);
        assert!(text.contains(seen) && ended.code == 1, "{fault}: {text}");
    }
}
