//! What the fuzz target runs, on seeded random input and on mutated samples, where no fuzzer is at hand.
#![allow(clippy::unwrap_used)]

#[path = "../fuzz/fuzz_targets/exercise.rs"]
mod exercise;

use std::fs;
use std::path::Path;

use exercise::exercise;
use proptest::prelude::*;

/// The sample streams with the four bytes before them that choose chip and ring.
fn samples() -> Vec<Vec<u8>> {
    let folders = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("data/samples")).unwrap();
    let mut samples = Vec::new();
    for folder in folders.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()) {
        for file in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if file.extension().is_some_and(|extension| extension == "bin") {
                let mut bytes = vec![2, 1, 8, 0];
                bytes.extend(fs::read(file).unwrap());
                bytes.truncate(8204);
                samples.push(bytes);
            }
        }
    }
    samples
}

#[test]
fn samples_of_every_driver() {
    let samples = samples();
    assert!(samples.len() > 20);
    for mut sample in samples {
        for (chip, ring, kind) in
            (0..6).flat_map(|chip| (0..2).flat_map(move |ring| (0..32).step_by(7).map(move |kind| (chip, ring, kind))))
        {
            sample[..3].copy_from_slice(&[chip, ring, kind]);
            exercise(&sample);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn anything(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        exercise(&bytes);
    }

    #[test]
    fn samples_with_some_bytes_changed(
        which in any::<prop::sample::Index>(), first in any::<[u8; 4]>(), changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
    ) {
        thread_local!(static SAMPLES: Vec<Vec<u8>> = samples());
        let mut bytes = SAMPLES.with(|samples| which.get(samples).clone());
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        bytes[..4].copy_from_slice(&first);
        exercise(&bytes);
    }
}
