//! Who may know whom: the arrows between modules, read from the sources themselves.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// What a module may use of the others; what is not listed is not allowed.
const ARROWS: &[(&str, &[&str])] = &[
    ("amdgpu", &[]),
    ("conv", &[]),
    ("memory", &[]),
    ("plan", &["conv"]),
    ("backend", &["plan", "conv", "memory", "amdgpu"]),
    ("cli", &["backend", "plan", "conv", "memory", "amdgpu"]),
    ("bin", &["cli"]),
];

/// Crates that belong to the command line alone, so that embedders don't build them.
const CLI_CRATES: &[&str] = &[
    "anyhow",
    "clap",
    "clap_complete",
    "csv",
    "flate2",
    "png",
    "rawzip",
    "regex_lite",
    "serde",
    "serde_json",
    "tempfile",
];

/// What a package of the workspace may use of the others; what is not listed is not allowed.
const PACKAGES: &[(&str, &[&str])] = &[
    (".", &["sparkle-pm4", "sparkle-kernels", "sparkle-capture"]),
    ("kernels", &[]),
    ("pm4", &[]),
    ("tools/capture", &[]),
    ("tools/pm4-decode", &["sparkle-pm4", "sparkle-rdna3", "sparkle-capture"]),
    ("tools/rdna3", &[]),
    ("tools/vgpu", &["sparkle-pm4", "sparkle-rdna3", "sparkle-capture"]),
    ("tools/vgpu/shim", &["sparkle-vgpu"]),
];

/// What would make a pure module impure.
const IMPURE: &[&str] = &["std::fs", "std::env", "std::time", "std::net", "std::process", "std::io"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// The sources of a top-level module, which is a folder or a file.
fn sources(module: &str) -> Vec<(PathBuf, String)> {
    let file = root().join(module).with_extension("rs");
    if let Ok(text) = fs::read_to_string(&file) {
        return vec![(file, code(&text))];
    }
    let mut found = Vec::new();
    let mut folders = vec![root().join(module)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path, code(&text)));
            }
        }
    }
    assert!(!found.is_empty(), "{module} has no sources");
    found
}

/// A source without its comments.
fn code(text: &str) -> String {
    text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// Top-level modules that `text` names behind `crate::` or `sparkle::`, single or in braces.
fn named(text: &str) -> BTreeSet<String> {
    let mut modules = BTreeSet::new();
    for prefix in ["crate::", "sparkle::"] {
        for (at, _) in text.match_indices(prefix) {
            let rest = &text[at + prefix.len()..];
            let names = match rest.strip_prefix('{') {
                Some(list) => list.split('}').next().unwrap_or_default(),
                None => rest.split([';', ' ', '(', '<', ',', '\n', ')']).next().unwrap_or_default(),
            };
            let word = |name: &str| name.trim().split("::").next().unwrap_or_default().to_owned();
            modules.extend(names.split(',').map(word).filter(|name| !name.is_empty()));
        }
    }
    modules
}

#[test]
fn modules_use_only_what_the_architecture_allows() {
    for (module, allowed) in ARROWS {
        for (path, text) in sources(module) {
            for used in named(&text) {
                let known = ARROWS.iter().any(|(name, _)| *name == used);
                let fine = !known || used == *module || allowed.contains(&used.as_str());
                assert!(fine, "{} uses {used}; {module} may use only {allowed:?}", path.display());
            }
        }
    }
}

#[test]
fn every_module_is_in_the_table() {
    for entry in fs::read_dir(root()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            assert!(ARROWS.iter().any(|(module, _)| *module == name), "{name} has no row in ARROWS");
        }
    }
}

#[test]
fn the_library_does_not_use_the_command_lines_crates() {
    for module in ["amdgpu", "conv", "plan", "backend"] {
        for (path, text) in sources(module) {
            for name in CLI_CRATES {
                assert!(!text.contains(&format!("{name}::")), "{} uses {name}", path.display());
            }
        }
    }
}

#[test]
fn conv_and_plan_are_pure() {
    for module in ["conv", "plan"] {
        for (path, text) in sources(module) {
            for name in IMPURE {
                assert!(!text.contains(name), "{} uses {name}", path.display());
            }
        }
    }
}

/// `unsafe` only where the architecture wants it: in files that say so at their top.
#[test]
fn unsafe_stays_in_thin_layers() {
    for module in ["conv", "plan", "cli", "bin"] {
        for (path, text) in sources(module) {
            assert!(!text.contains("unsafe {") && !text.contains("allow(unsafe_code)"), "{}", path.display());
        }
    }
    let amdgpu = root().join("amdgpu");
    for (path, text) in sources("amdgpu") {
        let thin = ["node.rs", "ioctl.rs", "ioctl", "map.rs"].iter().any(|name| path.starts_with(amdgpu.join(name)));
        assert!(thin || !text.contains("unsafe_code"), "{}", path.display());
    }
}

#[test]
fn the_reader_of_arrows_sees_them() {
    let seen = named("use crate::{plan, conv::Layout};\nlet x: crate::backend::cpu::Isa = sparkle::cli::main();");
    let seen: Vec<_> = seen.iter().map(String::as_str).collect();
    assert_eq!(seen, ["backend", "cli", "conv", "plan"]);
}

/// The lines of a manifest that name packages of the workspace as dependencies of the finished program.
fn dependencies(manifest: &str) -> Vec<&str> {
    let mut inside = false;
    let mut found = Vec::new();
    for line in manifest.lines() {
        match line.strip_prefix('[') {
            Some(section) => {
                inside =
                    section.ends_with("dependencies]") && !section.contains("dev-") && !section.contains("workspace")
            }
            None if inside && line.starts_with("sparkle") => found.extend(line.split(['.', ' ', '=']).next()),
            None => {}
        }
    }
    found
}

#[test]
fn packages_use_only_what_the_architecture_allows() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let workspace = fs::read_to_string(root.join("Cargo.toml")).unwrap();
    let members = workspace.lines().find_map(|line| line.strip_prefix("members = ")).unwrap();
    let members: Vec<_> = members.split('"').skip(1).step_by(2).collect();
    let known: Vec<_> = PACKAGES.iter().map(|(package, _)| *package).collect();
    assert_eq!(members, known, "every member of the workspace has a row in PACKAGES, in the same order");
    for (package, allowed) in PACKAGES {
        let manifest = fs::read_to_string(root.join(package).join("Cargo.toml")).unwrap();
        for used in dependencies(&manifest) {
            assert!(allowed.contains(&used), "{package} uses {used}; it may use only {allowed:?}");
        }
    }
}

#[test]
fn the_reader_of_manifests_sees_dependencies() {
    let manifest = "[workspace.dependencies]\nsparkle-a = 1\n[dependencies]\nserde = \"1\"\nsparkle-pm4.workspace = true\n\
                    [dev-dependencies]\nsparkle-b = 1\n[target.x.dependencies]\nsparkle = { path = \"..\" }\n";
    assert_eq!(dependencies(manifest), ["sparkle-pm4", "sparkle"]);
}

/// The crate that kernels' and drivers' code may embed needs nothing of an operating system.
#[test]
fn pm4_needs_no_standard_library() {
    let library = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("pm4/src/lib.rs")).unwrap();
    assert!(library.contains("#![no_std]") && library.contains("#![forbid(unsafe_code)]"));
}
