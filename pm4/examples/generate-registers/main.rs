//! Packs the register files of `pm4/data/` into the tables that the crate includes: run it after changing either.
//!
//! `cargo run -p sparkle-pm4 --example generate-registers`

mod pack;

use std::error::Error;
use std::fs;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (name, bytes) in pack::pack(&root.join("data"))? {
        fs::write(root.join("src/registers").join(name), bytes)?;
    }
    Ok(())
}
