//! `control.cl`, optimized, and without optimization, when everything is in scratch and nothing is inlined.

use super::device::{Arg, Device, everywhere, line, words};

const VARIANTS: [&str; 4] = ["w32", "w64", "w32o0", "w64o0"];

fn mix(x: u32, y: u32) -> u32 {
    (x ^ y).wrapping_mul(0x9e37_79b1).wrapping_add(x >> 7)
}

fn spread(x: u32, y: u32) -> u32 {
    mix(x.wrapping_add(1), y) ^ mix(y, x)
}

fn gather(x: u32, y: u32) -> u32 {
    if x > y { x - y } else { spread(x, y) }
}

#[test]
fn functions_are_called_by_address() {
    let (a, which) = (words(161, 128), words(162, 64));
    for variant in everywhere(&VARIANTS) {
        let mut device = Device::new(&format!("control.{variant}"));
        let args = [device.buffer(&a), device.buffer(&which), device.buffer(&[0u32; 128])];
        device.run("calls", line(2, 64), &args.map(Arg::At));
        for (i, found) in device.read::<u32>(args[2], 128).into_iter().enumerate() {
            let want = (0..4).fold(i as u32, |sum, n| {
                let function = [mix, spread, gather][which[(i + n) & 63] as usize % 3];
                function(sum, a[i].wrapping_add(n as u32))
            });
            assert_eq!(found, want, "{variant}, thread {i}");
        }
    }
}

#[test]
fn cases_are_told_apart() {
    let program: Vec<u8> = words(163, 61).iter().map(|&x| x as u8).collect();
    let length = program.len();
    for variant in everywhere(&VARIANTS) {
        let mut device = Device::new(&format!("control.{variant}"));
        let args = [device.buffer(&program), device.buffer(&[0u32; 128])];
        device.run("cases", line(2, 64), &[Arg::At(args[0]), Arg::At(args[1]), Arg::Word(length as u32)]);
        for (i, found) in (0u32..).zip(device.read::<u32>(args[1], 128)) {
            let (mut x, mut y, mut n) = (i * 77 + 1, i, 0u32);
            while n < length as u32 {
                match program[(n + i * 3) as usize % length] % 12 {
                    0 => x = x.wrapping_add(y),
                    1 => x ^= y << 3,
                    2 => {
                        y = x.wrapping_mul(5);
                        x = x.wrapping_sub(9);
                    }
                    3 => x = x.wrapping_sub(9),
                    4 => y = !y,
                    5 => x = if y == 0 { 1 } else { x / (y | 1) },
                    6 => x = x.rotate_left(7),
                    7 => {
                        y = y.wrapping_add(n) ^ x;
                        x = x.wrapping_add(1);
                    }
                    8 => {
                        y ^= x;
                        x = x.wrapping_add(1);
                    }
                    9 => x = x.wrapping_add(1),
                    10 => n += x & 1,
                    _ => y = y.wrapping_mul(y).wrapping_add(x),
                }
                n += 1;
            }
            assert_eq!(found, x ^ y.wrapping_mul(31), "{variant}, thread {i}");
        }
    }
}

#[test]
fn lanes_diverge_and_meet() {
    let bytes: Vec<u8> = words(164, 50).iter().map(|&x| (x >> 9) as u8).collect();
    let count = bytes.len();
    for variant in everywhere(&VARIANTS) {
        let mut device = Device::new(&format!("control.{variant}"));
        let args = [device.buffer(&bytes), device.buffer(&[0u32; 128])];
        device.run("diverge", line(2, 64), &[Arg::At(args[0]), Arg::At(args[1]), Arg::Word(count as u32)]);
        for (l, found) in (0u32..).zip(device.read::<u32>(args[1], 128)) {
            let (mut n, mut steps) = (l + 1, 0u32);
            while n != 1 {
                n = if n & 1 != 0 { 3 * n + 1 } else { n / 2 };
                steps += 1;
            }
            let (mut sum, mut i) = (1u32, 0);
            while i < count {
                for j in (i..count).step_by(l as usize + 1) {
                    if u32::from(bytes[j]) == l {
                        break;
                    }
                    if (u32::from(bytes[j]) + l).is_multiple_of(5) {
                        continue;
                    }
                    sum = sum.wrapping_mul(31).wrapping_add(bytes[(i + j) % count].into());
                    if sum.is_multiple_of(97) {
                        sum ^= sum >> 3;
                        while sum & 4 != 0 {
                            sum ^= sum >> 3;
                        }
                        break;
                    }
                }
                i += usize::from(bytes[i] & 3) + 1;
            }
            assert_eq!(found, sum.wrapping_add(steps << 24), "{variant}, thread {l}");
        }
    }
}

#[test]
fn private_arrays_are_sorted() {
    let x: Vec<u32> = words(165, 64 * 24).iter().map(|x| x % 50).collect();
    let mut want = x.clone();
    want.chunks_mut(24).for_each(<[u32]>::sort_unstable);
    for variant in everywhere(&VARIANTS) {
        let mut device = Device::new(&format!("control.{variant}"));
        let args = [device.buffer(&x), device.buffer(&[0u32; 64 * 24])];
        device.run("private_sort", line(1, 64), &args.map(Arg::At));
        assert_eq!(device.read::<u32>(args[1], 64 * 24), want, "{variant}");
    }
}

#[test]
fn pointers_reach_three_memories() {
    let start = words(166, 128);
    for variant in everywhere(&VARIANTS) {
        let mut device = Device::new(&format!("control.{variant}"));
        let args = [device.buffer(&start), device.buffer(&[0u32; 128])];
        device.run("pointers", line(2, 64), &args.map(Arg::At));
        let counters = device.read::<u32>(args[0], 128);
        for (i, found) in device.read::<u32>(args[1], 128).into_iter().enumerate() {
            let w = i as u32;
            let (mut own, mut bytes) = ([w, w * 2, w * 3, w * 4], [1, 2, 3, 4, i as u8]);
            let (mut shared, mut counter, mut sum) = (w * 5, start[i], 0u32);
            for n in 0..9 {
                let byte = &mut bytes[n * i % 5];
                *byte = byte.wrapping_add(7);
                let at = match n % 3 {
                    0 => &mut own[(n + i) & 3],
                    1 => &mut shared,
                    _ => &mut counter,
                };
                sum = sum.wrapping_mul(7).wrapping_add(at.wrapping_add(u32::from(*byte)));
                *at = at.wrapping_add(1);
            }
            let want = sum.wrapping_add(own[i & 3]).wrapping_add(shared).wrapping_add(bytes[i % 5].into());
            assert_eq!((found, counters[i]), (want, counter), "{variant}, thread {i}");
        }
    }
}

#[test]
fn tables_are_looked_up() {
    let (a, rows) = (words(167, 128), words(168, 128 * 16));
    let signs = [-1i32, 1, -2, 300, -4000, 5, -6];
    for variant in everywhere(&VARIANTS) {
        let mut device = Device::new(&format!("control.{variant}"));
        let args = [device.buffer(&a), device.buffer(&rows), device.buffer(&[0u32; 128])].map(Arg::At);
        device.run("tables", line(2, 64), &[args[0], args[1], args[2], Arg::Word(11)]);
        let Arg::At(out) = args[2] else { panic!("not a buffer") };
        for (i, found) in device.read::<u32>(out, 128).into_iter().enumerate() {
            let mut sum = (a[i] & 15).pow(2).wrapping_add(signs[a[i] as usize % 7] as u32);
            let mut row = rows[i * 16..i * 16 + 16].to_vec();
            for n in 0..9 {
                let at = (11 + n * 5) & 15;
                sum = sum.wrapping_mul(3).wrapping_add(row[at]);
                row[at ^ 1] = sum;
            }
            assert_eq!(found, sum ^ row[3], "{variant}, thread {i}");
        }
    }
}
