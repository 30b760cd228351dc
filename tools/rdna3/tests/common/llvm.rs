//! Asks `llvm-mc` what it makes of many word sequences at once.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use sparkle_rdna3::{Gfx, Target, WaveSize};

use super::Words;

/// The program, or `None` (after saying so) if it is not installed and the environment does not insist.
pub fn program() -> Option<String> {
    let program = std::env::var("LLVM_MC").unwrap_or_else(|_| "llvm-mc-19".to_owned());
    if Command::new(&program).arg("--version").output().is_ok_and(|found| found.status.success()) {
        return Some(program);
    }
    assert!(
        std::env::var_os("SPARKLE_REQUIRE_LLVM").is_none(),
        "{program} does not run and SPARKLE_REQUIRE_LLVM is set: install llvm-19 or set LLVM_MC"
    );
    eprintln!("SKIPPED: {program} does not run; install llvm-19 or set LLVM_MC to compare with LLVM");
    None
}

fn arguments(target: Target) -> Vec<&'static str> {
    let cpu = if target.gfx == Gfx::Gfx1150 { "-mcpu=gfx1150" } else { "-mcpu=gfx1100" };
    let wave = match target.wave {
        WaveSize::Wave32 => "-mattr=+wavefrontsize32,-wavefrontsize64",
        WaveSize::Wave64 => "-mattr=-wavefrontsize32,+wavefrontsize64",
    };
    vec!["-triple=amdgcn", cpu, wave]
}

/// What LLVM says of one sequence.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    /// One instruction that uses all dwords given.
    Text(String),
    /// Not an instruction, or one with an operand LLVM itself marks as invalid in a comment.
    Invalid,
    /// Anything else: several instructions, or a rest.
    Other(String),
}

/// Marks the end of each sequence; `s_nop` with a number.
fn marker(index: usize) -> (u32, String) {
    let number = 0x100 + (index & 0x7fff) as u32;
    (0xbf80_0000 | number, format!("s_nop {number:#x}"))
}

/// Brackets keep `llvm-mc` from joining a rest with the next line.
fn bytes(line: &mut String, words: &[u32]) {
    line.push('[');
    for (at, byte) in words.iter().flat_map(|word| word.to_le_bytes()).enumerate() {
        write!(line, "{}{byte:#04x}", if at == 0 { "" } else { "," }).unwrap();
    }
    line.push_str("]\n");
}

/// Disassembles each sequence. `lengths` cuts it to the dwords we use; 0 gives LLVM all five.
pub fn disassemble(program: &str, target: Target, cases: &[(Words, usize)], name: &str) -> Vec<Verdict> {
    let mut input = String::new();
    for (index, (words, length)) in cases.iter().enumerate() {
        bytes(&mut input, if *length == 0 { words } else { &words[..*length] });
        bytes(&mut input, &[marker(index).0]);
    }
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, input).unwrap();
    let output = Command::new(program).args(arguments(target)).arg("-disassemble").arg(&path).output().unwrap();
    // "file:line:column: warning: invalid instruction encoding"
    let complaints = String::from_utf8_lossy(&output.stderr);
    let prefix = format!("{}:", path.display());
    let mut bad_start = HashSet::new();
    let mut bad = HashSet::new();
    for (line, column) in complaints.lines().filter_map(|text| {
        let mut parts = text.strip_prefix(&prefix)?.split(':');
        Some((parts.next()?.parse::<usize>().ok()?, parts.next()?.parse::<usize>().ok()?))
    }) {
        bad.insert(line);
        if column == 2 {
            bad_start.insert(line);
        }
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let mut lines = text.lines().filter_map(|line| line.strip_prefix('\t')).filter(|line| !line.starts_with('.'));
    let mut verdicts = Vec::with_capacity(cases.len());
    for index in 0..cases.len() {
        let (_, end) = marker(index);
        let mut found = Vec::new();
        // The first line may look like the marker if the sequence itself is that instruction.
        for line in lines.by_ref() {
            let line = line.split(" ;").next().unwrap_or(line).trim_end();
            if line == end {
                break;
            }
            found.push(line.to_owned());
        }
        let line = 2 * index + 1;
        verdicts.push(match found.first() {
            _ if bad_start.contains(&line) => Verdict::Invalid,
            Some(first) if first.contains("/*") => Verdict::Invalid,
            Some(first) if found.len() == 1 && !bad.contains(&line) => Verdict::Text(first.clone()),
            _ => Verdict::Other(format!("{found:?}")),
        });
    }
    verdicts
}

/// Assembles each text; `None` where LLVM refuses it.
pub fn assemble(program: &str, target: Target, texts: &[String], name: &str) -> Vec<Option<Vec<u32>>> {
    let mut input = String::new();
    for text in texts {
        writeln!(input, "{text}").unwrap();
    }
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, input).unwrap();
    let output = Command::new(program).args(arguments(target)).arg("-show-encoding").arg(&path).output().unwrap();
    let complaints = String::from_utf8_lossy(&output.stderr);
    let prefix = format!("{}:", path.display());
    let refused: HashSet<usize> = complaints
        .lines()
        .filter(|text| text.contains(": error:"))
        .filter_map(|text| text.strip_prefix(&prefix)?.split(':').next()?.parse().ok())
        .collect();
    let text = String::from_utf8_lossy(&output.stdout);
    let mut encodings = text.lines().filter_map(|line| line.split_once("encoding: [")).map(|(_, rest)| {
        let bytes: Vec<u8> = rest
            .trim_end_matches(']')
            .split(',')
            .filter_map(|byte| u8::from_str_radix(byte.trim_start_matches("0x"), 16).ok())
            .collect();
        bytes.chunks_exact(4).map(|four| u32::from_le_bytes(four.try_into().unwrap())).collect()
    });
    (1..=texts.len()).map(|line| if refused.contains(&line) { None } else { encodings.next() }).collect()
}
