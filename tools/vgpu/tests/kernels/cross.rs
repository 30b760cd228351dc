//! `cross.cl`.

use super::BOTH;
use super::device::{Arg, Device, everywhere, line, words};

/// Runs a kernel of one wave on all variants: `N` words a lane.
fn check<const N: usize>(
    kernel: &str,
    to: Option<&[u32]>,
    last: Option<u32>,
    want: impl Fn(&[u32], usize) -> [u32; N],
) {
    for variant in everywhere(&BOTH) {
        let lanes = if variant.starts_with("w64") { 64usize } else { 32 };
        let x = words(121, lanes);
        let mut device = Device::new(&format!("cross.{variant}"));
        let mut args = vec![Arg::At(device.buffer(&x))];
        args.extend(to.map(|to| Arg::At(device.buffer(&to[..lanes]))));
        let out = device.buffer(&vec![0u32; lanes * N]);
        args.push(Arg::At(out));
        args.extend(last.map(Arg::Word));
        device.run(kernel, line(1, lanes as u32), &args);
        for (lane, found) in device.read::<u32>(out, lanes * N).chunks(N).enumerate() {
            assert_eq!(found, want(&x, lane), "{variant}, lane {lane}");
        }
    }
}

#[test]
fn lanes_vote() {
    check("votes", None, Some(19), |x, lane| {
        let mask = |of: &dyn Fn(u32) -> bool| (0..).zip(x).fold(0u64, |mask, (n, &x)| mask | u64::from(of(x)) << n);
        let odd = mask(&|x| x & 1 != 0);
        let below = odd & ((1u64 << lane) - 1);
        let mut want = [odd as u32, (odd >> 32) as u32, x[19], below.count_ones() + 5, 0, 0, 0];
        if x[lane] % 3 == 0 {
            let here = mask(&|x| x % 3 == 0 && x & 2 != 0);
            let first = *x.iter().find(|&&x| x % 3 == 0).unwrap();
            want[4..].copy_from_slice(&[first, here as u32, (here >> 32) as u32]);
        }
        want
    });
}

#[test]
fn lanes_move_within_rows() {
    check("moves", None, None, |x, lane| {
        let (row, at) = (lane & !15, lane & 15);
        let quad = |order: [usize; 4]| x[lane & !3 | order[lane & 3]];
        let left = |by: usize| if at + by < 16 { x[lane + by] } else { u32::MAX };
        let right = |by: usize, other: u32| if at >= by { x[lane - by] } else { other };
        let around = |by: usize| x[row + (at + 16 - by) % 16];
        [
            quad([3, 2, 1, 0]),
            quad([2, 0, 3, 1]),
            left(1),
            left(15),
            right(3, u32::MAX),
            around(5),
            x[row + 15 - at],
            x[lane & !7 | (7 - (lane & 7))],
            x[row + 6],
            x[lane ^ 3],
            if lane / 16 % 2 == 0 { around(1) } else { 7 },
            if (4..12).contains(&at) { around(1) } else { 7 },
            right(2, 0),
            x[lane & !7 | [7, 0, 2, 1, 5, 3, 6, 4][lane & 7]],
        ]
    });
}

#[test]
fn rows_are_summed() {
    check("row_sums", None, None, |x, lane| [x[lane & !15..=lane].iter().fold(0, |sum, x| sum.wrapping_add(*x))]);
}

/// Targets stay within 32 lanes, which is as far as the LDS permutes of one pass reach.
#[test]
fn lanes_are_permuted() {
    let to: Vec<u32> = (0..64).map(|lane| lane & 32 | (lane * 7 + 3) & 31).collect();
    check("permutations", Some(&to), None, |x, lane| {
        let (row, at) = (lane & !15, lane & 15);
        let nibble =
            |low: u32, high: u32| (if at < 8 { low >> (4 * at) } else { high >> (4 * (at - 8)) } & 15) as usize;
        let source = to.iter().position(|&t| t == lane as u32).unwrap();
        [
            x[row + nibble(0x7654_3210, 0x0123_4567)],
            x[(row ^ 16) + nibble(0xfedc_ba98, 0x1357_9bdf)],
            if x.len() == 64 { x[lane ^ 32] } else { x[lane] },
            x[to[lane] as usize],
            x[source],
            x[lane ^ 1],
            x[lane ^ 1],
        ]
    });
}

/// Sources: guide, section 7.7.2 (DPP with lanes that are off), DS_BPERMUTE_B32, DS_SWIZZLE_B32, V_PERMLANE16_B32.
#[test]
fn lanes_that_are_off_give_nothing() {
    check("inactive", None, Some(6), |x, lane| {
        if x[lane] & 1 == 0 {
            return [0; 9];
        }
        let on = |from: usize, other: u32| if x[from] & 1 != 0 { x[from] } else { other };
        let (row, at) = (lane & !15, lane & 15);
        let before = row + (at + 15) % 16;
        let permuted = row + if at < 8 { at } else { 15 - at };
        let first = *x.iter().find(|&&x| x & 1 != 0).unwrap();
        [
            on(before, 7),
            on(before, 0),
            on(lane ^ 5, 0),
            on(lane ^ 1, 0),
            on(permuted, 9),
            on(permuted, 0),
            x[permuted],
            x[6],
            first,
        ]
    });
}
