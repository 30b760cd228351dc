//! Asks `llc` to run the last passes of LLVM's back end on programs in its machine representation.

use std::process::Command;

use sparkle_rdna3::{Gfx, Target, WaveSize};

/// The program, or `None` (after saying so).
pub fn llc() -> Option<String> {
    let program = std::env::var("LLC").unwrap_or_else(|_| "llc-19".to_owned());
    if Command::new(&program).arg("--version").output().is_ok_and(|found| found.status.success()) {
        return Some(program);
    }
    assert!(std::env::var_os("SPARKLE_REQUIRE_LLVM").is_none(), "{program} does not run: install llvm-19 or set LLC");
    eprintln!("SKIPPED: {program} does not run; install llvm-19 or set LLC to compare with LLVM");
    None
}

/// The machine code of a program after `pass` and those behind it.
pub fn compile(llc: &str, text: &str, target: Target, pass: &str) -> Vec<u8> {
    let folder = std::env::temp_dir().join(format!("sparkle-{pass}-{}-{target:?}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (source, object) = (folder.join("program.mir"), folder.join("program.o"));
    std::fs::write(&source, text).unwrap();
    let cpu = if target.gfx == Gfx::Gfx1150 { "-mcpu=gfx1150" } else { "-mcpu=gfx1100" };
    let wave = match target.wave {
        WaveSize::Wave32 => "-mattr=+wavefrontsize32,-wavefrontsize64",
        WaveSize::Wave64 => "-mattr=-wavefrontsize32,+wavefrontsize64",
    };
    let done = Command::new(llc)
        .args(["-mtriple=amdgcn-amd-amdhsa", cpu, wave, "-x", "mir", "-start-before", pass])
        .args(["-filetype=obj", "-o"])
        .args([&object, &source])
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let bytes = std::fs::read(&object).unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    text_section(&bytes)
}

/// The `.text` section of a little-endian 64-bit ELF file: the first that holds code.
fn text_section(elf: &[u8]) -> Vec<u8> {
    let number =
        |at: usize, bytes: usize| elf[at..at + bytes].iter().rev().fold(0, |sum, &byte| sum << 8 | usize::from(byte));
    let (headers, size, count) = (number(0x28, 8), number(0x3a, 2), number(0x3c, 2));
    let sections = (0..count).map(|index| headers + index * size);
    // Source: the ELF specification: flag SHF_EXECINSTR is 4.
    let text = sections.into_iter().find(|&at| number(at + 8, 8) & 4 != 0).unwrap();
    let (start, length) = (number(text + 0x18, 8), number(text + 0x20, 8));
    elf[start..start + length].to_vec()
}
