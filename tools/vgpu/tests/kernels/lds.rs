//! `lds.cl`.

use sparkle_vgpu::shader::Grid;

use super::device::{Arg, Device, everywhere, line, words};

const VARIANTS: [&str; 3] = ["w32", "w64", "w32wgp"];

#[test]
fn waves_reduce() {
    let x = words(131, 1024);
    let total = x.iter().fold(5u32, |sum, x| sum.wrapping_add(*x));
    let sum = |group: &[u32]| {
        (0u32..).zip(group).fold(0u32, |sum, (l, x)| sum.wrapping_add(x.wrapping_mul(3)).wrapping_add(l))
    };
    let want: Vec<u32> = x.chunks(256).map(sum).collect();
    for variant in everywhere(&VARIANTS) {
        let mut device = Device::new(&format!("lds.{variant}"));
        let args = [device.buffer(&x), device.buffer(&[0u32; 4]), device.buffer(&[5u32])];
        device.run("reduce", line(4, 256), &args.map(Arg::At));
        assert_eq!(device.read::<u32>(args[1], 4), want, "{variant}");
        assert_eq!(device.read::<u32>(args[2], 1), [total], "{variant}");
    }
}

#[test]
fn sums_run_up_and_down_a_tree() {
    let x = words(132, 512);
    let want: Vec<u32> = x
        .chunks(256)
        .flat_map(|group| {
            group.iter().scan(0u32, |sum, x| {
                let before = *sum;
                *sum = sum.wrapping_add(*x);
                Some(before)
            })
        })
        .collect();
    for variant in everywhere(&VARIANTS) {
        let mut device = Device::new(&format!("lds.{variant}"));
        let args = [device.buffer(&x), device.buffer(&[0u32; 512])];
        device.run("scan", line(2, 128), &args.map(Arg::At));
        assert_eq!(device.read::<u32>(args[1], 512), want, "{variant}");
    }
}

#[test]
fn tiles_are_transposed() {
    let x = words(133, 96 * 64);
    let want: Vec<u32> = (0..96 * 64).map(|at| x[at % 64 * 96 + at / 64]).collect();
    for variant in everywhere(&VARIANTS) {
        let mut device = Device::new(&format!("lds.{variant}"));
        let args = [device.buffer(&x), device.buffer(&[0u32; 96 * 64])];
        device.run("transpose", Grid::new([3, 2, 1], [32, 8, 1]), &args.map(Arg::At));
        assert_eq!(device.read::<u32>(args[1], 96 * 64), want, "{variant}");
    }
}

#[test]
fn numbers_are_sorted() {
    let x: Vec<i32> = words(134, 1024).iter().map(|&x| x as i32 >> (x & 31)).collect();
    let mut want = x.clone();
    want.chunks_mut(512).for_each(<[i32]>::sort_unstable);
    for variant in everywhere(&VARIANTS) {
        let mut device = Device::new(&format!("lds.{variant}"));
        let args = [device.buffer(&x), device.buffer(&[0i32; 1024])];
        device.run("sort", line(2, 256), &args.map(Arg::At));
        assert_eq!(device.read::<i32>(args[1], 1024), want, "{variant}");
    }
}

#[test]
fn bytes_are_counted() {
    let x: Vec<u8> = words(135, 5000).iter().map(|&x| (x as u8).min((x >> 8) as u8)).collect();
    let mut want = [10u32; 256];
    x.iter().for_each(|&byte| want[usize::from(byte)] += 1);
    for variant in everywhere(&VARIANTS) {
        let mut device = Device::new(&format!("lds.{variant}"));
        let args = [device.buffer(&x), device.buffer(&[10u32; 256])].map(Arg::At);
        device.run("histogram", line(3, 128), &[args[0], args[1], Arg::Word(5000)]);
        let Arg::At(counts) = args[1] else { panic!("not a buffer") };
        assert_eq!(device.read::<u32>(counts, 256), want, "{variant}");
    }
}

#[test]
fn lds_holds_every_shape() {
    let x = words(136, 256);
    let want: Vec<u32> = (0..64usize)
        .flat_map(|l| {
            let other = (l * 5 + 3) % 64;
            let row = |l: usize| &x[l * 4..l * 4 + 4];
            let half_word = |at: usize| if at < 64 { row(at)[0] as u16 } else { (row(at - 64)[1] >> 16) as u16 };
            let (r, pair) = (row(other), row(63 - other));
            let (low, high) = (u64::from(pair[3]) << 32 | u64::from(pair[0]), u64::from(pair[1]));
            [
                r[0].wrapping_add(half_word(127 - other).into()),
                r[1] ^ i32::from(half_word(other) as i16) as u32,
                r[2].wrapping_sub(i32::from(r[2] as i8) as u32),
                r[3].wrapping_add((low >> 16) as u32 ^ high as u32),
            ]
        })
        .collect();
    for variant in everywhere(&VARIANTS) {
        let mut device = Device::new(&format!("lds.{variant}"));
        let args = [device.buffer(&x), device.buffer(&[0u32; 256])];
        device.run("shapes", line(1, 64), &args.map(Arg::At));
        assert_eq!(device.read::<u32>(args[1], 256), want, "{variant}");
    }
}
