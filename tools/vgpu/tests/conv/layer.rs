//! The layer that `conv3x3.s` computes, and how it is launched.

use sparkle_vgpu::sanitize::Switches;
use sparkle_vgpu::shader::{Grid, Isa, Totals};

use super::device::{Arg, Device, words};

/// Input and output channels.
pub(crate) const CHANNELS: usize = 64;
/// Rows and columns.
pub(crate) const EDGE: usize = 56;
const PLANE: usize = EDGE * EDGE;
const TAPS: usize = 9;

const OBJECT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/conv/conv3x3.co");

/// Numbers from -2 to 2, most with all bits of their fractions.
fn numbers(seed: u64, count: usize) -> Vec<f32> {
    words(seed, count).iter().map(|&x| x as i32 as f32 / (1u32 << 30) as f32).collect()
}

/// The layer on a device.
pub(crate) struct Layer {
    device: Device,
    args: [Arg; 3],
    output: u64,
    /// NCHW.
    pub(crate) x: Vec<f32>,
    /// KCRS.
    pub(crate) w: Vec<f32>,
}

impl Layer {
    /// A layer with numbers of its own.
    pub(crate) fn new() -> Self {
        let (x, w) = (numbers(191, CHANNELS * PLANE), numbers(192, CHANNELS * CHANNELS * TAPS));
        let mut device = Device::of("conv3x3", &std::fs::read(OBJECT).unwrap(), Isa::best());
        let input = device.buffer(&x);
        let weights = device.buffer(&packed(&w));
        let output = device.buffer(&vec![f32::NAN; CHANNELS * PLANE]);
        Self { device, args: [input, weights, output].map(Arg::At), output, x, w }
    }

    /// Launches it under these sanitizers from now on.
    pub(crate) fn watch(&mut self, switches: Switches) {
        self.device.switches = switches;
    }

    /// Launches the kernel: 7 by 7 tiles of 8 by 8, 4 waves each.
    pub(crate) fn run(&mut self) -> Totals {
        self.device.run("conv3x3", Grid::new([7, 7, 1], [128, 1, 1]), &self.args)
    }

    /// The output, NCHW.
    pub(crate) fn output(&self) -> Vec<f32> {
        self.device.read(self.output, CHANNELS * PLANE)
    }
}

/// Weights as `[output channels / 16][input channels / 16][taps][16 input channels][16 output channels]`.
fn packed(w: &[f32]) -> Vec<f32> {
    let mut packed = Vec::with_capacity(w.len());
    for (outputs, block) in (0..4).flat_map(|outputs| (0..4).map(move |block| (outputs * 16, block * 16))) {
        for tap in 0..TAPS {
            for c in block..block + 16 {
                packed.extend((outputs..outputs + 16).map(|k| w[(k * CHANNELS + c) * TAPS + tap]));
            }
        }
    }
    packed
}
