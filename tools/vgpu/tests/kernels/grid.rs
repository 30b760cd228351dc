//! `grid.cl`.

use sparkle_vgpu::shader::Grid;

use super::device::{Arg, Device, everywhere, line, words};

const VARIANTS: [&str; 3] = ["w32", "w64", "w32wgp"];

#[test]
fn threads_know_where_they_are() {
    let ([sx, sy, sz], [nx, ny, nz]) = ([5u32, 3, 7], [3u32, 4, 2]);
    for variant in everywhere(&VARIANTS) {
        let mut device = Device::new(&format!("grid.{variant}"));
        let count = sx * sy * sz * nx * ny * nz;
        let out = device.buffer(&vec![0u32; count as usize]);
        let totals = device.run("places", Grid::new([nx, ny, nz], [sx, sy, sz]), &[Arg::At(out)]);
        assert_eq!(totals.groups, 24, "{variant}");
        for (at, found) in (0..).zip(device.read::<u32>(out, count as usize)) {
            let (x, y, z) = (at % (sx * nx), at / (sx * nx) % (sy * ny), at / (sx * nx) / (sy * ny));
            let want = [x % sx, y % sy, z % sz, x / sx, y / sy, z / sz, sx, sz]
                .iter()
                .rfold(0, |word, nibble| word << 4 | nibble);
            assert_eq!(found, want, "{variant}: {x}, {y}, {z}");
        }
    }
}

#[test]
fn workgroups_hand_on_their_sums() {
    let x = words(171, 64 * 100);
    let want: Vec<u32> = x
        .iter()
        .scan(0u32, |sum, x| {
            *sum = sum.wrapping_add(*x);
            Some(*sum)
        })
        .collect();
    for variant in everywhere(&VARIANTS) {
        let mut device = Device::new(&format!("grid.{variant}"));
        let args = [device.buffer(&x), device.buffer(&vec![0u32; 6400]), device.buffer(&[0u32; 200])];
        device.run("chain", line(100, 64), &args.map(Arg::At));
        assert_eq!(device.read::<u32>(args[1], 6400), want, "{variant}");
    }
}

#[test]
fn the_last_workgroup_sees_what_the_others_did() {
    let x = words(172, 64 * 20);
    let want = (1u32..).zip(x.chunks(64)).fold(0u32, |total, (n, group)| {
        let sum = group.iter().fold(0u32, |sum, x| sum.wrapping_add(*x));
        total.wrapping_add(sum.wrapping_mul(n))
    });
    for variant in everywhere(&VARIANTS) {
        let mut device = Device::new(&format!("grid.{variant}"));
        let args = [device.buffer(&x), device.buffer(&[0u32; 20]), device.buffer(&[0u32]), device.buffer(&[0u32])];
        let mut launch: Vec<Arg> = args.map(Arg::At).to_vec();
        launch.push(Arg::Word(20));
        device.run("last_one", line(20, 64), &launch);
        assert_eq!(device.read::<u32>(args[3], 1), [want], "{variant}");
    }
}

#[test]
fn clocks_go_forwards() {
    for variant in everywhere(&VARIANTS) {
        let mut device = Device::new(&format!("grid.{variant}"));
        let args = [device.buffer(&[0u64; 4]), device.buffer(&[0u32])];
        // One wave, because all threads store to the same place.
        device.run("clocks", line(1, 32), &args.map(Arg::At));
        let clocks = device.read::<u64>(args[0], 4);
        assert!(clocks[1] > clocks[0] && clocks[3] >= clocks[2], "{variant}: {clocks:?}");
        // Round to nearest even, denormals kept, DX10_CLAMP and IEEE, as the descriptor has them.
        assert_eq!(device.read::<u32>(args[1], 1), [0x3f0], "{variant}");
    }
}
