//! A hand-written kernel for a layer of ResNet-50, launched by its descriptor, against the host's `f32::mul_add`.
//!
//! `build.sh` assembles it.
#![allow(clippy::unwrap_used)]

#[allow(dead_code)]
#[path = "../kernels/code_object.rs"]
mod code_object;
#[allow(dead_code)]
#[path = "../kernels/device.rs"]
mod device;
mod layer;

use layer::{CHANNELS, EDGE, Layer};
use sparkle_vgpu::sanitize::Switches;
use sparkle_vgpu::shader::Totals;

/// Each sum begins at +0 and goes through blocks of 16 channels, rows, columns and channels, and leaves padding out.
fn want(x: &[f32], w: &[f32], k: usize, row: usize, column: usize) -> f32 {
    let mut sum = 0f32;
    for block in (0..CHANNELS).step_by(16) {
        for (r, s) in (0..3).flat_map(|r| (0..3).map(move |s| (r, s))) {
            let (i, j) = (row + r, column + s);
            if (1..=EDGE).contains(&i) && (1..=EDGE).contains(&j) {
                for c in block..block + 16 {
                    let tap = w[(k * CHANNELS + c) * 9 + r * 3 + s];
                    sum = x[(c * EDGE + i - 1) * EDGE + j - 1].mul_add(tap, sum);
                }
            }
        }
    }
    sum
}

#[test]
fn a_layer_of_resnet_has_every_bit() {
    let mut layer = Layer::new();
    let totals = layer.run();
    for (at, found) in layer.output().into_iter().enumerate() {
        let (k, row, column) = (at / EDGE / EDGE, at / EDGE % EDGE, at % EDGE);
        let want = want(&layer.x, &layer.w, k, row, column);
        // +0 and -0 are the same number.
        assert!(found == want, "channel {k}, {row}, {column}: {found:e}, not {want:e}");
    }
    // 12074 instructions of a wave, counted in the disassembly of llvm-objdump; 9216 of them are pairs of FMAs.
    assert_eq!(totals, Totals { groups: 49, waves: 196, instructions: 196 * 12074 });
}

#[test]
fn no_sanitizer_has_anything_to_say_about_it() {
    let mut layer = Layer::new();
    layer.watch(Switches::ALL);
    // The launch fails if there is a report.
    assert_eq!(layer.run().groups, 49);
}
