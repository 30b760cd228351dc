//! `packed.cl`.

use super::device::{Arg, Device, everywhere, line, noise, words};
use super::{BOTH, half};

const COUNT: usize = 256;

fn pair(word: u32) -> [i16; 2] {
    [word as i16, (word >> 16) as i16]
}

fn halves(word: u32) -> [u16; 2] {
    [word as u16, (word >> 16) as u16]
}

fn join(low: u16, high: u16) -> u32 {
    u32::from(low) | u32::from(high) << 16
}

/// Runs a kernel whose inputs and outputs are words on all variants; `want` has each thread's inputs.
fn check<const N: usize>(kernel: &str, inputs: &[Vec<u32>], want: impl Fn(&[u32], &[u32; N]) -> [u32; N]) {
    for variant in everywhere(&BOTH) {
        let mut device = Device::new(&format!("packed.{variant}"));
        let mut args: Vec<Arg> = inputs.iter().map(|values| Arg::At(device.buffer(values))).collect();
        let out = device.buffer(&vec![0u32; COUNT * N]);
        args.push(Arg::At(out));
        device.run(kernel, line(4, 64), &args);
        for (at, found) in device.read::<u32>(out, COUNT * N).as_chunks::<N>().0.iter().enumerate() {
            let numbers: Vec<u32> = inputs.iter().map(|values| values[at]).collect();
            let want = want(&numbers, found);
            assert_eq!(*found, want, "{variant}: of {numbers:x?} {found:x?}, not {want:x?}");
        }
    }
}

#[test]
fn pairs_of_integers() {
    check("pairs", &[words(81, COUNT), words(82, COUNT), words(83, COUNT)], |inputs, _| {
        let (x, y, z) = (pair(inputs[0]), pair(inputs[1]), pair(inputs[2]));
        let each = |f: &dyn Fn(i16, i16, i16) -> i16| join(f(x[0], y[0], z[0]) as u16, f(x[1], y[1], z[1]) as u16);
        [
            each(&|x, y, _| x.wrapping_add(y)),
            each(&|x, y, _| x.wrapping_sub(y)),
            each(&|x, y, _| x.wrapping_mul(y)),
            each(&|x, y, z| x.wrapping_mul(y).wrapping_add(z)),
            each(&|x, y, _| x.max(y)),
            each(&|x, y, _| (x as u16).min(y as u16) as i16),
            each(&|x, _, z| x << (z & 15)),
            each(&|x, _, z| (x as u16 >> (z & 15)) as i16),
            each(&|x, _, z| x >> (z & 15)),
            each(&|x, y, _| x.saturating_add(y)),
            each(&|x, y, _| (x as u16).saturating_sub(y as u16) as i16),
            join(y[1].wrapping_add(z[0]) as u16, x[0].wrapping_add(z[1]) as u16),
        ]
    });
}

#[test]
fn pairs_of_halves() {
    // No NaN and no infinity: exponents from 0 (denormals) to 23.
    let finite =
        |seed| -> Vec<u32> { words(seed, COUNT).iter().map(|x| x & 0xbfff_bfff & !(x >> 1 & 0x2000_2000)).collect() };
    check("half_pairs", &[finite(84), finite(85), finite(86)], |inputs, found| {
        let (x, y, z) = (halves(inputs[0]), halves(inputs[1]), halves(inputs[2]));
        let [a, b, c] = [x, y, z].map(|pair| pair.map(half::value));
        let rounded = |low: f64, high: f64| join(half::rounded(low), half::rounded(high));
        let product = |n: usize| (a[n] as f32 * b[n] as f32).into();
        let mut want = [
            rounded(a[0] + b[0], a[1] + b[1]),
            rounded(a[0] * b[0], a[1] * b[1]),
            join(half::fma(x[0], y[0], z[0]), half::fma(x[1], y[1], z[1])),
            join(half::fma(x[0] ^ 0x8000, y[1], z[0]), half::fma(x[1] ^ 0x8000, y[0], z[1])),
            rounded(a[1] - c[0], a[1] - c[1]),
            rounded(a[0].max(b[0]), a[1].max(b[1])),
            rounded(a[1].min(-b[0]), a[0].min(-b[1])),
            join(half::towards_zero(product(0)), half::towards_zero(product(1))),
        ];
        // Which of two zeros is greater is not IEEE's business.
        for n in [5, 6] {
            if (want[n] ^ found[n]) & 0x7fff_7fff == 0 && (found[n] & 0x7fff == 0 || found[n] >> 16 & 0x7fff == 0) {
                want[n] = found[n];
            }
        }
        want
    });
}

fn bytes(word: u32, signed: bool) -> [i64; 4] {
    word.to_le_bytes().map(|byte| if signed { i64::from(byte as i8) } else { i64::from(byte) })
}

fn nibbles(word: u32, signed: bool) -> [i64; 8] {
    [0, 1, 2, 3, 4, 5, 6, 7].map(|n| {
        let nibble = i64::from(word >> (4 * n) & 15);
        if signed && nibble >= 8 { nibble - 16 } else { nibble }
    })
}

fn dot<const N: usize>(a: [i64; N], b: [i64; N]) -> i64 {
    a.into_iter().zip(b).map(|(a, b)| a * b).sum()
}

#[test]
fn dot_products_of_integers() {
    let mut c = words(89, COUNT);
    for (at, value) in c.iter_mut().enumerate().take(64) {
        *value = if at % 2 == 0 { 0x7fff_fff0 } else { 0x8000_0010 };
    }
    check("dots", &[words(87, COUNT), words(88, COUNT), c], |inputs, _| {
        let (x, y, z) = (inputs[0], inputs[1], inputs[2]);
        let (sz, uz) = (i64::from(z as i32), i64::from(z));
        let signed = |sum: i64| sum.clamp(i32::MIN.into(), i32::MAX.into()) as u32;
        let unsigned = |sum: i64| sum.clamp(0, u32::MAX.into()) as u32;
        [
            (dot(bytes(x, true), bytes(y, true)) + sz) as u32,
            (dot(bytes(x, false), bytes(y, true)) + sz) as u32,
            signed(dot(bytes(x, true), bytes(y, false)) + sz),
            (dot(bytes(x, false), bytes(y, false)) + uz) as u32,
            unsigned(dot(bytes(x, false), bytes(y, false)) + (uz | 0xffff_0000)),
            (dot(nibbles(x, true), nibbles(y, true)) + sz) as u32,
            (dot(nibbles(x, true), nibbles(y, false)) + sz) as u32,
            (dot(nibbles(x, false), nibbles(y, false)) + uz) as u32,
            unsigned(dot(nibbles(x, false), nibbles(y, false)) + (uz | 0xffff_ff00)),
            (dot(bytes(x, false), bytes(y, false)) + sz) as u32,
        ]
    });
}

/// Quarters from -8 to 8, for bfloat16 factors from -2 to 2: their products and the sums of two and a third are exact.
#[test]
fn dot_products_of_halves() {
    let quarters = |seed| -> Vec<[f64; 2]> {
        let number = |x: u64| (x % 65) as f64 / 4.0 - 8.0;
        noise(seed, COUNT).iter().map(|&x| [number(x), number(x >> 32)]).collect()
    };
    let (a, b) = (quarters(91), quarters(92));
    let c: Vec<f32> = quarters(93).iter().map(|x| x[0] as f32).collect();
    let as_halves = |values: &[[f64; 2]]| -> Vec<u32> {
        values.iter().map(|x| join(half::rounded(x[0]), half::rounded(x[1]))).collect()
    };
    let as_bfloats = |values: &[[f64; 2]]| -> Vec<u32> {
        let bits = |x: f64| ((x / 4.0).trunc() as f32).to_bits();
        values.iter().map(|x| bits(x[0]) >> 16 | bits(x[1]) & 0xffff_0000).collect()
    };
    for variant in everywhere(&BOTH) {
        let mut device = Device::new(&format!("packed.{variant}"));
        let args = [
            device.buffer(&as_halves(&a)),
            device.buffer(&as_halves(&b)),
            device.buffer(&as_bfloats(&a)),
            device.buffer(&as_bfloats(&b)),
            device.buffer(&c),
            device.buffer(&[0u32; COUNT * 4]),
        ];
        device.run("float_dots", line(4, 64), &args.map(Arg::At));
        for (at, found) in device.read::<u32>(args[5], COUNT * 4).chunks(4).enumerate() {
            let sum = a[at][0] * b[at][0] + a[at][1] * b[at][1] + f64::from(c[at]);
            let [p, q] = [a[at], b[at]].map(|x| x.map(|x| (x / 4.0).trunc()));
            let narrow = (p[0] * q[0] + p[1] * q[1] + f64::from(c[at])) as f32;
            let want = [(sum as f32).to_bits(), narrow.to_bits(), half::rounded(sum).into(), narrow.to_bits() >> 16];
            // The sign of a sum of 0 is left out.
            let signless: Vec<u32> = found.iter().map(|x| if x & 0x7fff_7fff == 0 { 0 } else { *x }).collect();
            assert_eq!(signless, want, "{variant}: {:?} {:?} {}", a[at], b[at], c[at]);
        }
    }
}
