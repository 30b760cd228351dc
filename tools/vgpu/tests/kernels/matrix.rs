//! `matrix.cl`.

use sparkle_vgpu::shader::Grid;

use super::device::{Arg, Device, everywhere, line, noise, words};
use super::{BOTH, half};

/// 16 rows of 16 small integers, so that no format rounds a sum.
fn small(seed: u64, most: i32) -> Vec<i32> {
    noise(seed, 256).iter().map(|&x| (x >> 20) as i32 % (most + 1)).collect()
}

/// A Bᵀ + C: both matrices are in rows of k.
fn product(a: &[i32], b: &[i32], c: &[i32]) -> Vec<i32> {
    (0..256)
        .map(|at| {
            let (i, j) = (at / 16 * 16, at % 16 * 16);
            (0..16).fold(c[at], |sum, k| sum.wrapping_add(a[i + k].wrapping_mul(b[j + k])))
        })
        .collect()
}

fn lanes(variant: &str) -> u32 {
    if variant.starts_with("w64") { 64 } else { 32 }
}

fn halves(values: &[i32]) -> Vec<u16> {
    values.iter().map(|&x| half::rounded(x.into())).collect()
}

fn bfloats(values: &[i32]) -> Vec<u16> {
    values.iter().map(|&x| ((x as f32).to_bits() >> 16) as u16).collect()
}

#[test]
fn wmma_into_single_precision() {
    let (a, b, c) = (small(101, 100), small(102, 120), small(103, 1 << 20));
    let want: Vec<f32> = product(&a, &b, &c).iter().map(|&x| x as f32).collect();
    let from: Vec<f32> = c.iter().map(|&x| x as f32).collect();
    for variant in everywhere(&BOTH) {
        for (kernel, format) in
            [("wmma_f32_f16", halves as fn(&[i32]) -> Vec<u16>), ("wmma_f32_bf16", bfloats as fn(&[i32]) -> Vec<u16>)]
        {
            let mut device = Device::new(&format!("matrix.{variant}"));
            let args = [
                device.buffer(&format(&a)),
                device.buffer(&format(&b)),
                device.buffer(&from),
                device.buffer(&[0f32; 256]),
            ];
            device.run(kernel, line(1, lanes(&variant)), &args.map(Arg::At));
            assert_eq!(device.read::<f32>(args[3], 256), want, "{variant}, {kernel}");
        }
    }
}

#[test]
fn wmma_into_halves() {
    let (a, b, c) = (small(104, 5), small(105, 6), small(106, 300));
    let next: Vec<i32> = c.iter().map(|x| x + 1).collect();
    let want = [halves(&product(&a, &b, &c)), halves(&product(&b, &a, &next))].concat();
    for variant in everywhere(&BOTH) {
        let mut device = Device::new(&format!("matrix.{variant}"));
        let args = [
            device.buffer(&halves(&a)),
            device.buffer(&halves(&b)),
            device.buffer(&halves(&c)),
            device.buffer(&[0u16; 512]),
        ];
        device.run("wmma_f16", line(1, lanes(&variant)), &args.map(Arg::At));
        assert_eq!(device.read::<u16>(args[3], 512), want, "{variant}");
    }
}

#[test]
fn wmma_into_bfloat16() {
    let (a, b, c) = (small(107, 3), small(108, 3), small(109, 60));
    // The high halves are the product, the low ones are kept.
    let want = [bfloats(&c), bfloats(&product(&a, &b, &c))].concat();
    for variant in everywhere(&BOTH) {
        let mut device = Device::new(&format!("matrix.{variant}"));
        let args = [
            device.buffer(&bfloats(&a)),
            device.buffer(&bfloats(&b)),
            device.buffer(&bfloats(&c)),
            device.buffer(&[0u16; 512]),
        ];
        device.run("wmma_bf16", line(1, lanes(&variant)), &args.map(Arg::At));
        assert_eq!(device.read::<u16>(args[3], 512), want, "{variant}");
    }
}

#[test]
fn wmma_of_integers() {
    let bytes: [Vec<u8>; 2] = [111, 112].map(|seed| noise(seed, 256).iter().map(|&x| x as u8).collect());
    let nibbles: [Vec<u8>; 2] = [113, 114].map(|seed| noise(seed, 128).iter().map(|&x| x as u8).collect());
    let c: Vec<i32> = words(115, 256).iter().map(|&x| x as i32).collect();
    let of_byte = |signed: bool, x: u8| if signed { i32::from(x as i8) } else { i32::from(x) };
    let of_nibble = |signed: bool, x: u8| i32::from(x & 15) - if signed && x & 8 != 0 { 16 } else { 0 };
    let mut want = Vec::new();
    for (left, right) in [(true, true), (true, false), (false, true), (false, false)] {
        let [a, b] = [(&bytes[0], left), (&bytes[1], right)]
            .map(|(values, signed)| values.iter().map(|&x| of_byte(signed, x)).collect::<Vec<_>>());
        want.extend(product(&a, &b, &c));
    }
    for (left, right) in [(true, true), (true, false), (false, true), (false, false)] {
        let [a, b] = [(&nibbles[0], left), (&nibbles[1], right)].map(|(values, signed)| {
            values.iter().flat_map(|&x| [of_nibble(signed, x), of_nibble(signed, x >> 4)]).collect::<Vec<_>>()
        });
        want.extend(product(&a, &b, &c));
    }
    for variant in everywhere(&BOTH) {
        let mut device = Device::new(&format!("matrix.{variant}"));
        let args = [
            device.buffer(&bytes[0]),
            device.buffer(&bytes[1]),
            device.buffer(&nibbles[0]),
            device.buffer(&nibbles[1]),
            device.buffer(&c),
            device.buffer(&[0i32; 2048]),
        ];
        device.run("wmma_integers", line(1, lanes(&variant)), &args.map(Arg::At));
        assert_eq!(device.read::<i32>(args[5], 2048), want, "{variant}");
    }
}

#[test]
fn matrices_are_multiplied_through_lds() {
    let numbers = |seed| -> Vec<f32> { words(seed, 4096).iter().map(|&x| x as i32 as f32 / 1e9).collect() };
    let (a, b) = (numbers(116), numbers(117));
    for variant in everywhere(&BOTH) {
        let mut device = Device::new(&format!("matrix.{variant}"));
        let args = [device.buffer(&a), device.buffer(&b), device.buffer(&[0f32; 4096])];
        device.run("matmul", Grid::new([4, 4, 1], [16, 16, 1]), &args.map(Arg::At));
        for (at, found) in device.read::<f32>(args[2], 4096).into_iter().enumerate() {
            let want = (0..64).fold(0f32, |sum, k| a[at / 64 * 64 + k].mul_add(b[k * 64 + at % 64], sum));
            assert_eq!(found.to_bits(), want.to_bits(), "{variant}, element {at}");
        }
    }
}
