//! `integer.cl`.

use super::BOTH;
use super::device::{Arg, Device, everywhere, line, noise, words};

const COUNT: usize = 256;

/// Runs a kernel of two or three inputs on all variants and compares each thread's numbers.
fn check<const N: usize>(kernel: &str, inputs: &[&[u32]], want: impl Fn(&[u32]) -> [u32; N]) {
    for variant in everywhere(&BOTH) {
        let mut device = Device::new(&format!("integer.{variant}"));
        let mut args: Vec<u64> = inputs.iter().map(|values| device.buffer(values)).collect();
        args.push(device.buffer(&vec![0u32; COUNT * N]));
        let args: Vec<Arg> = args.into_iter().map(Arg::At).collect();
        device.run(kernel, line(4, 64), &args);
        let Some(Arg::At(out)) = args.last() else { panic!("no output") };
        for (at, found) in device.read::<u32>(*out, COUNT * N).chunks(N).enumerate() {
            let numbers: Vec<u32> = inputs.iter().map(|values| values[at]).collect();
            assert_eq!(found, want(&numbers), "{variant}: {numbers:x?}");
        }
    }
}

/// Any words, the first of them 0, 1, -1 and the extremes in turn.
fn mixed(seed: u64, step: usize) -> Vec<u32> {
    let mut values = words(seed, COUNT);
    let special = [0, 1, u32::MAX, 0x8000_0000, 0x7fff_ffff, 0xffff_0000, 0x0080_8000, 7];
    for at in 0..64 {
        values[at] = special[at / step % 8];
    }
    for value in &mut values[128..192] {
        *value >>= 20;
    }
    values
}

#[test]
fn narrow_numbers_are_multiplied_and_divided() {
    check("narrow", &[&mixed(61, 1), &mixed(62, 8)], |inputs| {
        let (a, b) = (inputs[0], inputs[1]);
        let (x8, y8) = (i32::from(a as i8), i32::from((b & !2 | 1) as i8));
        let (ux8, uy8) = (u32::from((a >> 8) as u8), u32::from((b | 1) as u8));
        let (x16, y16) = (i32::from((a >> 16) as i16), i32::from((b >> 16 & !2 | 1) as i16));
        let (ux16, uy16) = (a & 0xffff, (b | 1) & 0xffff);
        [
            i32::from((x8 * y8) as i8) as u32,
            (x8 / y8) as u32,
            (x8 % y8) as u32,
            ux8 / uy8,
            ux8 % uy8,
            i32::from((x16 * y16) as i16) as u32,
            (x16 / y16) as u32,
            ux16 % uy16,
        ]
    });
}

#[test]
fn words_are_multiplied_and_divided() {
    check("word", &[&mixed(63, 1), &mixed(64, 8)], |inputs| {
        let (x, y) = (inputs[0], inputs[1] | 1);
        let (sx, sy) = (x as i32, y as i32);
        [
            x.wrapping_mul(y),
            ((u64::from(x) * u64::from(y)) >> 32) as u32,
            ((i64::from(sx) * i64::from(sy)) >> 32) as u32,
            x / y,
            x % y,
            sx.wrapping_div(sy) as u32,
            sx.wrapping_rem(sy) as u32,
            x / 7,
            (sx % 10) as u32,
            (x & 0xff_ffff).wrapping_mul(y & 0xff_ffff).wrapping_add(x),
        ]
    });
}

#[test]
fn doublewords_are_multiplied_and_divided() {
    // Some both below 2^32, which the compiler divides in another way.
    let a: Vec<u64> = noise(65, COUNT).iter().zip(0u32..).map(|(x, at)| x >> (at % 3 * 20)).collect();
    let b: Vec<u64> = noise(66, COUNT).iter().zip(0u32..).map(|(x, at)| x >> (at % 62)).collect();
    for variant in everywhere(&BOTH) {
        let mut device = Device::new(&format!("integer.{variant}"));
        let args = [device.buffer(&a), device.buffer(&b), device.buffer(&[0u64; COUNT * 10])];
        device.run("doubleword", line(4, 64), &args.map(Arg::At));
        for (at, found) in device.read::<u64>(args[2], COUNT * 10).chunks(10).enumerate() {
            let (x, y) = (a[at], b[at] | 1);
            let (sx, sy) = (x as i64, y as i64);
            let want = [
                x.wrapping_add(y),
                x.wrapping_sub(y),
                x.wrapping_mul(y),
                x / y,
                x % y,
                sx.wrapping_div(sy) as u64,
                sx.wrapping_rem(sy) as u64,
                x << (y & 63),
                x >> (y & 63),
                (sx >> (y & 63)) as u64,
            ];
            assert_eq!(found, want, "{variant}: {x:#x}, {y:#x}");
        }
    }
}

#[test]
fn bits_are_counted_and_moved() {
    // The offset of a field is in the low bits of the second word; here no field reaches over bit 31.
    let y: Vec<u32> = mixed(68, 8).iter().map(|y| y & !(y >> 1 & 8)).collect();
    check("bits", &[&mixed(67, 1), &y], |inputs| {
        let (x, y) = (inputs[0], inputs[1]);
        let (both, s) = (u64::from(x) << 32 | u64::from(y), y & 31);
        let field = x >> s & 0x1ff;
        [
            x.count_ones(),
            both.count_ones(),
            x.leading_zeros(),
            x.trailing_zeros(),
            both.leading_zeros(),
            x.reverse_bits(),
            (both.reverse_bits() >> 32) as u32,
            field,
            ((field << 23) as i32 >> 23) as u32,
            (both >> s) as u32,
            (both >> (8 * (y & 3))) as u32,
            // Selectors 3, 1, 6 and 12 from the low end: byte 3 and 1 of y, byte 2 of x, 0.
            (y >> 24) | (y >> 8 & 0xff) << 8 | (x >> 16 & 0xff) << 16,
            (x & y) | (!x & 0x1234_5678),
            x.swap_bytes(),
        ]
    });
}

/// The field comes from an arithmetic shift, so that one which reaches over bit 31 is filled with the sign.
/// Sources: guide, V_BFE_I32; LLVM `AMDGPUInstCombineIntrinsic.cpp`, `amdgcn_sbfe`, which makes it a shift.
#[test]
fn a_signed_field_over_bit_31_is_filled_with_the_sign() {
    let x = mixed(72, 1);
    for variant in everywhere(&BOTH) {
        let mut device = Device::new(&format!("integer.{variant}"));
        let y: Vec<u32> = (0..COUNT as u32).map(|at| at % 9 + 23).collect();
        let args = [device.buffer(&x), device.buffer(&y), device.buffer(&[0u32; COUNT * 14])];
        device.run("bits", line(4, 64), &args.map(Arg::At));
        for (at, found) in device.read::<u32>(args[2], COUNT * 14).chunks(14).enumerate() {
            let want = (x[at] as i32 >> y[at] << 23 >> 23) as u32;
            assert_eq!(found[8], want, "{variant}: V_BFE_I32 of {:#x} from bit {}, 9 bits", x[at], y[at]);
        }
    }
}

#[test]
fn sums_saturate_and_carry() {
    check("edges", &[&mixed(69, 1), &mixed(70, 8), &mixed(71, 3)], |inputs| {
        let (x, y, z) = (inputs[0], inputs[1], inputs[2]);
        let (sx, sy, sz) = (x as i32, y as i32, z as i32);
        let (sum, carry) = x.overflowing_add(y);
        let (difference, overflow) = sx.overflowing_sub(sy);
        let (product, over) = sx.overflowing_mul(sz);
        let (mut signed, mut unsigned) = ([sx, sy, sz], [x, y, z]);
        signed.sort_unstable();
        unsigned.sort_unstable();
        let bytes = x.to_le_bytes().into_iter().zip(y.to_le_bytes()).zip(z.to_le_bytes());
        let differences = bytes.clone().fold(z, |sum, ((a, b), _)| sum.wrapping_add(a.abs_diff(b).into()));
        let means: Vec<u8> =
            bytes.map(|((a, b), c)| ((u32::from(a) + u32::from(b) + u32::from(c & 1)) >> 1) as u8).collect();
        [
            x.saturating_add(y),
            sx.saturating_add(sy) as u32,
            x.saturating_sub(y),
            sx.saturating_sub(sy) as u32,
            sum.wrapping_add(carry.into()),
            difference as u32 ^ u32::from(overflow),
            (product as u32).wrapping_add(over.into()),
            x.abs_diff(y),
            signed[1] as u32,
            unsigned[1],
            differences,
            u32::from_le_bytes(means.try_into().unwrap()),
        ]
    });
}

#[test]
fn scalar_instructions_compute() {
    for (x, y, z) in
        [(0x1234_5678u32, 0x9abc_def0u32, 37u32), (u32::MAX, 1, 0), (0x8000_0000, 0x7fff_ffff, 63), (0, 0, 9)]
    {
        let (both, other) = (u64::from(x) << 32 | u64::from(y), u64::from(y) << 32 | u64::from(z));
        let (s, t) = (z & 31, z & 63);
        let (sum, difference) = (both.wrapping_add(other), both.wrapping_sub(other));
        let (sx, sy) = (x as i32, y as i32);
        let want = [
            x.wrapping_mul(y),
            ((u64::from(x) * u64::from(y)) >> 32) as u32,
            ((i64::from(sx) * i64::from(sy)) >> 32) as u32,
            x << s,
            (sx >> s) as u32,
            (both << t) as u32,
            ((both << t) >> 32) as u32,
            (both as i64 >> t) as u32,
            both.count_ones(),
            x.reverse_bits(),
            (x | 1).leading_zeros(),
            (both | 1 << 63).trailing_zeros(),
            sum as u32,
            (sum >> 32) as u32,
            (difference >> 32) as u32,
            x & !y,
            x | !y,
            !(x ^ y),
            x >> 5 & 0x1ff,
            (i32::from(x as i16) as u32)
                .wrapping_add(i32::from(y as i8) as u32)
                .wrapping_add([x < y, sx < sy, both > other].into_iter().map(u32::from).sum()),
        ];
        for variant in everywhere(&BOTH) {
            let mut device = Device::new(&format!("integer.{variant}"));
            let out = device.buffer(&[0u32; 20]);
            device.run("uniform", line(1, 64), &[Arg::Word(x), Arg::Word(y), Arg::Word(z), Arg::At(out)]);
            assert_eq!(device.read::<u32>(out, 20), want, "{variant}: {x:#x}, {y:#x}, {z}");
        }
    }
}

/// Source: guide, V_PERM_B32.
#[test]
fn bytes_are_chosen() {
    check("choose", &[&mixed(73, 1), &mixed(74, 8), &words(75, COUNT)], |inputs| {
        let both = u64::from(inputs[0]) << 32 | u64::from(inputs[1]);
        let byte = |at: u32| match inputs[2] >> (8 * at) & 15 {
            selector @ 0..8 => (both >> (8 * selector)) as u8,
            selector @ 8..12 => (both >> (16 * (selector - 8) + 15) & 1) as u8 * 0xff,
            12 => 0,
            _ => 0xff,
        };
        [u32::from_le_bytes([0, 1, 2, 3].map(byte))]
    });
}

/// Sources: guide, V_SAD_HI_U8, V_SAD_U16, V_MSAD_U8, V_QSAD_PK_U16_U8, V_MQSAD_PK_U16_U8,
/// V_CVT_PK_I16_I32, V_CVT_PK_U16_U32, V_CVT_PK_U8_F32.
#[test]
fn distances_of_bytes_are_summed() {
    // The masked sums leave out where the reference's byte is 0.
    let mut z = mixed(78, 3);
    z.iter_mut().step_by(3).for_each(|z| *z &= 0xff00_ff00);
    let y: Vec<u32> =
        mixed(77, 8).iter().zip(0u32..).map(|(y, at)| if at % 2 == 0 { y & 0x00ff_00ff } else { *y }).collect();
    check("distances", &[&mixed(76, 1), &y, &z], |inputs| {
        let (x, y, z) = (inputs[0], inputs[1], inputs[2]);
        let sum = |a: u32, b: u32, masked: bool| -> u32 {
            let bytes = a.to_le_bytes().into_iter().zip(b.to_le_bytes());
            bytes.filter(|(_, b)| !masked || *b != 0).map(|(a, b)| u32::from(a.abs_diff(b))).sum()
        };
        let wide = u64::from(y) << 32 | u64::from(x);
        let low = (u64::from(x) << 32 | u64::from(z)) & 0x0fff_0fff_0fff_0fff;
        let quad = |masked: bool| {
            (0..4).fold(0u64, |all, n| {
                let start = (low >> (16 * n)) as u32 & 0xffff;
                all | u64::from(start + sum((wide >> (8 * n)) as u32, z, masked)) << (16 * n)
            })
        };
        let signed = |x: i32| u32::from(x.clamp(-0x8000, 0x7fff) as u16);
        let byte = 8 * (z & 3);
        let halves = [0, 16].map(|at| (x >> at & 0xffff).abs_diff(y >> at & 0xffff));
        let mean = |at: u32, up: u32| (((x >> at & 0xff) + (y >> at & 0xff) + up) >> 1) << at;
        [
            (sum(x, y, false) << 16).wrapping_add(z),
            halves[0].wrapping_add(halves[1]).wrapping_add(z),
            sum(x, y, true).wrapping_add(z),
            quad(false) as u32,
            (quad(false) >> 32) as u32,
            quad(true) as u32,
            (quad(true) >> 32) as u32,
            signed(x as i32 >> (z & 31)) | signed(y as i32) << 16,
            (x >> (z & 31)).min(0xffff) | y.min(0xffff) << 16,
            y & !(0xff << byte) | (x % 300).min(255) << byte,
            sum(x, y, false),
            mean(0, 0) | mean(8, 1) | mean(16, 1) | mean(24, 0),
        ]
    });
}
