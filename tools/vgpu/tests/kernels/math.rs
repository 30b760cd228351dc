//! `math.cl`.

use super::device::{Arg, Device, everywhere, line, noise, words};
use super::{BOTH, half};

const COUNT: usize = 256;
const SPECIAL: [f32; 12] =
    [0.0, -0.0, 1.0, 3.0, f32::INFINITY, f32::MIN_POSITIVE, 1e-45, f32::MAX, -7.0, f32::NAN, -2.5, 8388607.5];

/// Any floats; the first are pairs of special ones if `special` says with what step.
fn floats(seed: u64, special: usize) -> Vec<f32> {
    let mut values: Vec<f32> = words(seed, COUNT).into_iter().map(f32::from_bits).collect();
    for (at, value) in values.iter_mut().enumerate().take(144) {
        *value = SPECIAL[at / special % 12];
    }
    // Some whose sums and quotients are ordinary.
    for (value, bits) in values[160..].iter_mut().zip(words(seed + 1, 96)) {
        *value = f32::from_bits(bits & 0x83ff_ffff | 0x3e00_0000);
    }
    values
}

fn same(found: f32, want: f32) -> bool {
    found.to_bits() == want.to_bits() || found.is_nan() && want.is_nan()
}

fn same_wide(found: f64, want: f64) -> bool {
    found.to_bits() == want.to_bits() || found.is_nan() && want.is_nan()
}

#[test]
fn quotients_and_roots_are_exact_to_the_last_bit() {
    let (a, b) = (floats(1, 1), floats(3, 12));
    for variant in everywhere(&BOTH) {
        let mut device = Device::new(&format!("math.{variant}"));
        let args = [device.buffer(&a), device.buffer(&b), device.buffer(&[0f32; COUNT]), device.buffer(&[0f32; COUNT])];
        let both = device.buffer(&[0f64; COUNT]);
        device.run("divide", line(4, 64), &[args[0], args[1], args[2], args[3], both].map(Arg::At));
        let (quotients, roots) = (device.read::<f32>(args[2], COUNT), device.read::<f32>(args[3], COUNT));
        for (at, found) in device.read::<f64>(both, COUNT).into_iter().enumerate() {
            let (x, y) = (a[at], b[at]);
            assert!(same(quotients[at], x / y), "{variant}: {x:e} / {y:e} = {:e}", quotients[at]);
            assert!(same(roots[at], x.abs().sqrt()), "{variant}: root of {x:e} = {:e}", roots[at]);
            let want = f64::from(x) / f64::from(y) + f64::from(y).abs().sqrt();
            assert!(same_wide(found, want), "{variant}: {x:e}, {y:e}: {found:e}, not {want:e}");
        }
    }
}

#[test]
fn single_precision_is_exact() {
    let (a, b, c) = (floats(11, 1), floats(13, 12), floats(15, 5));
    for variant in everywhere(&BOTH) {
        let mut device = Device::new(&format!("math.{variant}"));
        let args = [device.buffer(&a), device.buffer(&b), device.buffer(&c), device.buffer(&[0f32; COUNT * 10])];
        device.run("single", line(4, 64), &args.map(Arg::At));
        for (at, found) in device.read::<f32>(args[3], COUNT * 10).chunks(10).enumerate() {
            let (x, y, z) = (a[at], b[at], c[at]);
            let scaled = (f64::from(y) * 2f64.powi(at as i32 % 300 - 150)) as f32;
            let mut sorted = [x, y, z];
            sorted.sort_by(f32::total_cmp);
            let want = [
                x + y,
                x - z,
                x * y,
                x.mul_add(y, z),
                x.floor(),
                y.ceil(),
                z.trunc(),
                x.round_ties_even(),
                scaled,
                sorted[1],
            ];
            for (n, (&found, want)) in found.iter().zip(want).enumerate() {
                // Which NaN and which zero is the middle is not IEEE's business.
                let free = n == 9 && (sorted.iter().any(|x| x.is_nan()) || found == 0.0 && want == 0.0);
                assert!(free || same(found, want), "{variant}, {n}: {x:e}, {y:e}, {z:e}: {found:e}, not {want:e}");
            }
        }
    }
}

#[test]
fn double_precision_is_exact() {
    let wide = |seed| {
        let mut values: Vec<f64> = noise(seed, COUNT).into_iter().map(f64::from_bits).collect();
        for (value, bits) in values.iter_mut().zip(noise(seed + 1, 160)) {
            *value = f64::from_bits(bits & 0x801f_ffff_ffff_ffff | 0x3fe0_0000_0000_0000);
        }
        for (value, special) in values.iter_mut().zip(SPECIAL) {
            *value = special.into();
        }
        values
    };
    let (a, b, c) = (wide(21), wide(23), wide(25));
    for variant in everywhere(&BOTH) {
        let mut device = Device::new(&format!("math.{variant}"));
        let args = [device.buffer(&a), device.buffer(&b), device.buffer(&c), device.buffer(&[0f64; COUNT * 11])];
        device.run("twofold", line(4, 64), &args.map(Arg::At));
        for (at, found) in device.read::<f64>(args[3], COUNT * 11).chunks(11).enumerate() {
            let (x, y, z) = (a[at], b[at], c[at]);
            // Two steps, so that no factor is out of range; the first is exact unless the second overflows too.
            let power = at as i32 * 16 - 1024;
            let scaled = if power < -500 && z.abs() < 2f64.powi(-400) {
                0.0f64.copysign(z)
            } else {
                z * 2f64.powi(power / 2) * 2f64.powi(power - power / 2)
            };
            let want = [
                x + y,
                x - z,
                x * y,
                x.mul_add(y, z),
                x / y,
                z.abs().sqrt(),
                x.floor(),
                y.round_ties_even(),
                scaled,
                z.trunc(),
                x.ceil(),
            ];
            for (n, (&found, want)) in found.iter().zip(want).enumerate() {
                // The factors of the host's scaling may round twice to a denormal.
                let free = n == 8 && want.abs() < f64::MIN_POSITIVE * 2.0;
                assert!(free || same_wide(found, want), "{variant}, {n}: {x:e}, {y:e}, {z:e}: {found:e}, not {want:e}");
            }
        }
    }
}

#[test]
fn half_precision_is_exact() {
    let halves = |seed| {
        let mut values: Vec<u16> = noise(seed, COUNT).into_iter().map(|x| x as u16).collect();
        for value in &mut values[100..] {
            *value = *value & 0x8fff | 0x3000;
        }
        values
    };
    let (a, b, c) = (halves(31), halves(32), halves(33));
    for variant in everywhere(&BOTH) {
        let mut device = Device::new(&format!("math.{variant}"));
        let args = [device.buffer(&a), device.buffer(&b), device.buffer(&c), device.buffer(&[0u16; COUNT * 8])];
        device.run("half_width", line(4, 64), &args.map(Arg::At));
        for (at, found) in device.read::<u16>(args[3], COUNT * 8).chunks(8).enumerate() {
            let (x, y, z) = (half::value(a[at]), half::value(b[at]), half::value(c[at]));
            let want = [
                half::rounded(x + y),
                half::rounded(x - z),
                half::rounded(x * y),
                half::fma(a[at], b[at], c[at]),
                half::rounded(x.floor()),
                half::rounded(y.trunc()),
                half::rounded(z.round_ties_even()),
                if x < y { c[at] } else { c[at] ^ 0x8000 },
            ];
            for (n, (&found, want)) in found.iter().zip(want).enumerate() {
                assert!(
                    found == want || half::is_nan(found) && half::is_nan(want),
                    "{variant}, {n}: {x}, {y}, {z}: {found:#x}, not {want:#x}"
                );
            }
        }
    }
}

#[test]
fn conversions_are_exact() {
    let a: Vec<f32> = words(41, COUNT).iter().map(|&x| (x as i32) as f32 / (1u32 << (x & 31)) as f32).collect();
    let b: Vec<f64> =
        noise(42, COUNT).iter().map(|&x| (x as i32) as f64 / 1024.0 / (1u32 << (x & 15)) as f64).collect();
    let c: Vec<i32> = words(43, COUNT).iter().map(|&x| x as i32 >> (x & 15)).collect();
    for variant in everywhere(&BOTH) {
        let mut device = Device::new(&format!("math.{variant}"));
        let args = [device.buffer(&a), device.buffer(&b), device.buffer(&c), device.buffer(&[0u32; COUNT * 12])];
        device.run("convert", line(4, 64), &args.map(Arg::At));
        for (at, found) in device.read::<u32>(args[3], COUNT * 12).chunks(12).enumerate() {
            let (x, y, n) = (a[at], b[at], c[at]);
            let wide = y.abs() as u64;
            let want = [
                x as i32 as u32,
                x.abs() as u32,
                y as i32 as u32,
                (n as f32).to_bits(),
                (n as u32 as f32).to_bits(),
                (y as f32).to_bits(),
                half::rounded(x.into()).into(),
                wide as u32,
                (wide >> 32) as u32,
                ((i64::from(n) << 20 | 5) as f32).to_bits(),
                (half::value(n as u16) as f32).to_bits(),
                x.abs() as u32 & 0xff,
            ];
            for (k, (&found, want)) in found.iter().zip(want).enumerate() {
                let free = k == 10 && half::is_nan(n as u16) && f32::from_bits(found).is_nan();
                // Converting to a type that the number does not fit is not defined.
                let free = free || k == 11 && x.abs() >= 256.0 || k == 1 && x.abs() >= 4294967296.0;
                assert!(free || found == want, "{variant}, {k}: {x}, {y}, {n}: {found:#x}, not {want:#x}");
            }
        }
    }
}

/// Half a unit in the last place more than what the guide promises (1 unit) covers the rounding of its result.
/// Source: guide, `V_RCP_F32`, `V_RSQ_F32`, `V_SQRT_F32`, `V_EXP_F32`, `V_LOG_F32`.
#[test]
fn approximations_keep_their_bounds() {
    // Magnitudes from 2^-7 to 2^6: nothing overflows.
    let a: Vec<f32> =
        words(51, COUNT).iter().map(|&x| f32::from_bits(x & 0x807f_ffff | (120 + (x >> 8) % 13) << 23)).collect();
    for variant in everywhere(&BOTH) {
        let mut device = Device::new(&format!("math.{variant}"));
        let args = [device.buffer(&a), device.buffer(&[0f32; COUNT * 7])];
        device.run("approximate", line(4, 64), &args.map(Arg::At));
        for (at, found) in device.read::<f32>(args[1], COUNT * 7).chunks(7).enumerate() {
            let x = f64::from(a[at]);
            let turn = x * std::f64::consts::TAU;
            let want =
                [1.0 / x, 1.0 / x.abs().sqrt(), x.abs().sqrt(), x.exp2(), x.abs().log2(), turn.sin(), turn.cos()];
            for (n, (&found, want)) in found.iter().zip(want).enumerate() {
                let error = (f64::from(found) - want).abs();
                // Near a zero of the logarithm and the circular functions the bound is absolute.
                let size = if n >= 4 { want.abs().max(1.0) } else { want.abs() };
                let unit = 2f64.powi(size.log2().floor() as i32 - 23);
                assert!(error <= 1.5 * unit, "{variant}, {n}: of {x}: {found}, not {want}");
            }
        }
    }
}

/// Mantissa from 1/2 to 1 and exponent of a finite number that is not 0.
fn split(x: f64) -> (f64, i32) {
    // Denormals first become normal.
    let (scaled, more) = if x.abs() < f64::MIN_POSITIVE { (x * 2f64.powi(64), 64) } else { (x, 0) };
    let bits = scaled.to_bits();
    let mantissa = f64::from_bits(bits & 0x800f_ffff_ffff_ffff | 1022 << 52);
    (mantissa, (bits >> 52 & 0x7ff) as i32 - 1022 - more)
}

#[test]
fn numbers_are_mixed_and_taken_apart() {
    // Multiples of 1/8 below 4, so that no product of halves is rounded before the sum is.
    let eighths = |seed| -> Vec<f64> { words(seed, COUNT).iter().map(|&x| f64::from(x as i32 >> 26) / 8.0).collect() };
    let (x, y) = (eighths(53), eighths(54));
    let [mut a, b] = [&x, &y].map(|values| values.iter().map(|&x| half::rounded(x)).collect::<Vec<u16>>());
    (a[250], a[251]) = (0x7c00, 0xfc00);
    let z = floats(55, 1);
    let mut w: Vec<f64> = noise(57, COUNT).into_iter().map(f64::from_bits).collect();
    w[..4].copy_from_slice(&[0.0, 5e-324, -1e-310, 1.0]);
    for variant in everywhere(&BOTH) {
        let mut device = Device::new(&format!("math.{variant}"));
        let args = [
            device.buffer(&a),
            device.buffer(&b),
            device.buffer(&z),
            device.buffer(&w),
            device.buffer(&[0u32; COUNT * 12]),
        ];
        device.run("parts", line(4, 64), &args.map(Arg::At));
        for (at, found) in device.read::<u32>(args[4], COUNT * 12).chunks(12).enumerate() {
            let (x, y) = (half::value(a[at]), y[at]);
            let (z, w) = (z[at], w[at]);
            let float = |n: usize| f32::from_bits(found[n]);
            let name = format!("{variant}: {x}, {y}, {z:e}, {w:e}: {found:x?}");
            if x.is_finite() {
                assert!(same(float(0), (x as f32).mul_add(y as f32, z)), "{name}");
                assert!(
                    float(1) == (x - x * y) as f32 && found[2] == u32::from(half::rounded(x * y + y))
                        || x * y + y == 0.0
                );
            }
            if z.is_finite() && z != 0.0 {
                let (mantissa, exponent) = split(z.into());
                assert_eq!((float(3), found[4]), (mantissa as f32, exponent as u32), "{name}");
                // Just below an integer the difference rounds up to 1, which is left out.
                assert!(float(8) == z - z.floor() || z - z.floor() == 1.0, "{name}");
            }
            if w.is_finite() {
                let (mantissa, exponent) = if w == 0.0 { (w, 0) } else { split(w) };
                let bits = u64::from(found[6]) << 32 | u64::from(found[5]);
                assert_eq!((bits, found[7]), (mantissa.to_bits(), exponent as u32), "{name}");
            }
            let classes = [z.is_finite(), w.abs() < f64::MIN_POSITIVE, x.is_infinite()].map(u32::from);
            assert_eq!(found[9..], classes, "{name}");
        }
    }
}

/// Within a unit in the last place of a half, which is what the guide says of these instructions.
#[test]
fn approximations_in_half_precision_keep_their_bounds() {
    // Magnitudes from 2^-7 to 2^4.
    let numbers = |seed| -> Vec<u16> {
        words(seed, COUNT).iter().map(|&x| (x as u16) & 0x83ff | ((8 + (x >> 16) % 11) << 10) as u16).collect()
    };
    let (a, b) = (numbers(58), numbers(59));
    for variant in everywhere(&BOTH) {
        let mut device = Device::new(&format!("math.{variant}"));
        let args = [device.buffer(&a), device.buffer(&b), device.buffer(&[0u16; COUNT * 8])];
        device.run("half_functions", line(4, 64), &args.map(Arg::At));
        for (at, found) in device.read::<u16>(args[2], COUNT * 8).chunks(8).enumerate() {
            let (x, y) = (half::value(a[at]), half::value(b[at]));
            let turn = y * std::f64::consts::TAU;
            let want = [
                x / y,
                1.0 / x,
                1.0 / x.abs().sqrt(),
                x.abs().sqrt(),
                y.exp2(),
                x.abs().log2(),
                turn.sin(),
                turn.cos(),
            ];
            for (n, (&found, want)) in found.iter().zip(want).enumerate() {
                let size = if n >= 5 { want.abs().max(1.0) } else { want.abs() };
                let unit = 2f64.powi((size.log2().floor() as i32).max(-14) - 10);
                let found = half::value(found);
                assert!((found - want).abs() <= unit, "{variant}, {n}: of {x}, {y}: {found}, not {want}");
            }
        }
    }
}

#[test]
fn pairs_of_operations_are_exact() {
    let numbers =
        |seed| -> Vec<f32> { words(seed, COUNT * 4).iter().map(|&x| x as i32 as f32 / (1u32 << 30) as f32).collect() };
    let (a, b) = (numbers(44), numbers(45));
    for variant in everywhere(&BOTH) {
        let mut device = Device::new(&format!("math.{variant}"));
        let args = [device.buffer(&a), device.buffer(&b), device.buffer(&[0f32; COUNT * 8])];
        device.run("side_by_side", line(4, 64), &args.map(Arg::At));
        for (at, found) in device.read::<f32>(args[2], COUNT * 8).chunks(8).enumerate() {
            for n in 0..4 {
                let (x, y) = (a[at * 4 + n], b[at * 4 + n]);
                let sum = (0..5).fold(y, |sum, _| {
                    let sum = sum.mul_add(x, 1.7).mul_add(0.3, x);
                    (sum - y).max(x * y).min(1.5) + 0.625
                });
                let other = if x > b[at * 4 + 3 - n] { sum } else { y * 3.0 };
                assert_eq!([found[n], found[n + 4]], [sum, other], "{variant}, thread {at}, {n}");
            }
        }
    }
}

#[test]
fn conversions_saturate() {
    let a = floats(46, 1);
    let mut b: Vec<f64> = noise(48, COUNT).into_iter().map(f64::from_bits).collect();
    for (wide, value) in b.iter_mut().zip(SPECIAL) {
        *wide = value.into();
    }
    for (at, wide) in b.iter_mut().enumerate().skip(100).take(100) {
        *wide = (at as f64 - 150.0) * 9e7 + 0.75;
    }
    let c: Vec<u16> = noise(49, COUNT).into_iter().map(|x| x as u16).collect();
    for variant in everywhere(&BOTH) {
        let mut device = Device::new(&format!("math.{variant}"));
        let args = [device.buffer(&a), device.buffer(&b), device.buffer(&c), device.buffer(&[0u32; COUNT * 6])];
        device.run("saturate", line(4, 64), &args.map(Arg::At));
        for (at, found) in device.read::<u32>(args[3], COUNT * 6).chunks(6).enumerate() {
            let (x, y, z) = (a[at], b[at], half::value(c[at]));
            // Rust's conversions saturate, and make 0 of NaN, as the guide says of V_CVT_I32_F32 and its neighbours.
            let want =
                [x as i32 as u32, x as u32, y as i32 as u32, y as u32, (z as i16 as u16).into(), (z as u16).into()];
            assert_eq!(found, want, "{variant}: {x:e}, {y:e}, {z:e}");
        }
    }
}

#[test]
fn extremes_leave_nan_out() {
    let (a, b, c) = (floats(91, 1), floats(93, 12), floats(95, 5));
    for variant in everywhere(&BOTH) {
        let mut device = Device::new(&format!("math.{variant}"));
        let args = [device.buffer(&a), device.buffer(&b), device.buffer(&c), device.buffer(&[0f32; COUNT * 7])];
        device.run("extremes", line(4, 64), &args.map(Arg::At));
        for (at, found) in device.read::<f32>(args[3], COUNT * 7).chunks(7).enumerate() {
            let (x, y, z) = (a[at], b[at], c[at]);
            let clamped = if x + y >= 1.0 { 1.0 } else { (x + y).max(0.0) };
            let want = [x.max(y), x.min(y), x.max(y).max(z), x.min(y).min(z), clamped, (-x.abs()).max(-y), x.max(z)];
            for (n, (&found, want)) in found.iter().zip(want).enumerate() {
                assert!(
                    found == want || same(found, want),
                    "{variant}, {n}: {x:e}, {y:e}, {z:e}: {found:e}, not {want:e}"
                );
            }
        }
    }
}
