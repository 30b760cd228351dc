//! Reads lines of hexadecimal dwords, prints `dwords used | text` for the instruction each line starts with.
use std::io::{BufRead, Write};

use sparkle_rdna3::{Target, decode};

fn main() -> std::io::Result<()> {
    let target = match std::env::args().nth(1).as_deref() {
        Some("wave64") => Target::GFX1100_WAVE64,
        Some("gfx1150") => Target::GFX1150,
        _ => Target::GFX1100,
    };
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for line in std::io::stdin().lock().lines() {
        let words: Vec<u32> = line?.split_whitespace().filter_map(|word| u32::from_str_radix(word, 16).ok()).collect();
        match decode(&words, target) {
            Ok(found) => writeln!(out, "{} | {found}", found.len_dwords())?,
            Err(_) => writeln!(out, "0 |")?,
        }
    }
    out.flush()
}
