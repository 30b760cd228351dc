//! Checks raw machine code against the hazard and wait rules: `check FILE [wave64] [gfx1150] [strict]`.
#![allow(clippy::print_stdout)]

use sparkle_rdna3::{Gfx, Target, WaveSize, check};

fn main() -> std::io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |word: &str| arguments.iter().any(|argument| argument == word);
    let target = Target {
        gfx: if has("gfx1150") { Gfx::Gfx1150 } else { Gfx::Gfx1100 },
        wave: if has("wave64") { WaveSize::Wave64 } else { WaveSize::Wave32 },
    };
    let bytes = std::fs::read(arguments.first().map_or("/dev/stdin", String::as_str))?;
    let report = if has("strict") { check::code_strict(&bytes, 0, target) } else { check::code(&bytes, 0, target) };
    for finding in &report.findings {
        println!("{:#x}: {finding}", finding.address);
    }
    for (address, unknown) in &report.unknown {
        println!("{address:#x}: {unknown}");
    }
    println!("{} findings in {} instructions", report.findings.len(), report.instructions);
    Ok(())
}
