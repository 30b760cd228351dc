//! `conv.cl`.

use sparkle_vgpu::shader::Grid;

use super::BOTH;
use super::device::{Arg, Device, everywhere, words};

#[test]
fn a_convolution_has_every_bit() {
    let (channels, height, width, outputs) = (20usize, 7usize, 37usize, 3usize);
    let numbers = |seed, count| -> Vec<f32> { words(seed, count).iter().map(|&x| x as i32 as f32 / 1e9).collect() };
    let (x, w) = (numbers(181, channels * height * width), numbers(182, outputs * channels * 9));
    let mut want = vec![0f32; outputs * height * width];
    for (at, sum) in want.iter_mut().enumerate() {
        let (k, row, column) = (at / (height * width), at / width % height, at % width);
        for block in [0..16, 16..20] {
            for (r, s) in (0..3).flat_map(|r| (0..3).map(move |s| (r, s))) {
                let (i, j) = (row + r, column + s);
                if !(1..=height).contains(&i) || !(1..=width).contains(&j) {
                    continue;
                }
                for c in block.clone() {
                    *sum = x[(c * height + i - 1) * width + j - 1].mul_add(w[(k * channels + c) * 9 + r * 3 + s], *sum);
                }
            }
        }
    }
    for variant in everywhere(&BOTH) {
        let mut device = Device::new(&format!("conv.{variant}"));
        let out = device.buffer(&vec![0f32; want.len()]);
        let args = [
            Arg::At(device.buffer(&x)),
            Arg::At(device.buffer(&w)),
            Arg::At(out),
            Arg::Word(channels as u32),
            Arg::Word(height as u32),
            Arg::Word(width as u32),
        ];
        device.run("direct", Grid::new([2, 4, outputs as u32], [32, 2, 1]), &args);
        for (at, (found, want)) in device.read::<f32>(out, want.len()).iter().zip(&want).enumerate() {
            assert_eq!(found.to_bits(), want.to_bits(), "{variant}, element {at}");
        }
    }
}
