//! `atomics.cl`. Threads come in any order, so only what does not depend on it is compared.

use super::device::{Arg, Device, everywhere, line, words};

const VARIANTS: [&str; 3] = ["w32", "w64", "w64cu"];

/// Applies `f` for each number.
fn all<T: Copy>(x: &[u32], start: T, f: impl Fn(T, u32) -> T) -> T {
    x.iter().fold(start, |value, &x| f(value, x))
}

fn wide(x: u32) -> u64 {
    u64::from(x) << 20 | u64::from(x)
}

#[test]
fn atomics_reach_global_memory() {
    let x = words(141, 256);
    let start: [u32; 14] = [7, 7, u32::MAX, 0, 0xaaaa, 1, 1, 0x7000_0000, 1, 93, 3, 0, 0, 0];
    let start64: [u64; 10] = [7, 7, u64::MAX, 0, 0xaaaa, 1, 1, 999_900, 1, u64::MAX];
    // INC and DEC wrap at 100 and 1000000. Source: guide, section 16.16, GLOBAL_ATOMIC_INC_U32, GLOBAL_ATOMIC_DEC_U32.
    let want = [
        all(&x, 7, u32::wrapping_add),
        all(&x, 7, u32::wrapping_sub),
        all(&x, u32::MAX, |value, x| value & (x | 0xff00_ff00)),
        all(&x, 0, |value, x| value | x & 0x1111_1111),
        all(&x, 0xaaaa, |value, x| value ^ x),
        all(&x, 1, |value: i32, x| value.min(x as i32)) as u32,
        all(&x, 1, |value: i32, x| value.max(x as i32)) as u32,
        all(&x, 0x7000_0000, u32::min),
        all(&x, 1, u32::max),
        all(&x, 93, |value, _| if value >= 100 { 0 } else { value + 1 }),
        all(&x, 3, |value, _| if value == 0 || value > 100 { 100 } else { value - 1 }),
        (all(&x, 0, |value, x| value + x % 1000) as f32).to_bits(),
        all(&x, 0.0, |value: f32, x| value.min(x as i32 as f32)).to_bits(),
        all(&x, 0.0, |value: f32, x| value.max(x as i32 as f32)).to_bits(),
    ];
    let want64 = [
        all(&x, 7, |value: u64, x| value.wrapping_add(wide(x))),
        all(&x, 7, |value: u64, x| value.wrapping_sub(wide(x))),
        all(&x, u64::MAX, |value, x| value & (wide(x) | 0xff00_ff00_ff00_ff00)),
        all(&x, 0, |value, x| value | wide(x) & 0x1111_1111_1111_1111),
        all(&x, 0xaaaa, |value, x| value ^ wide(x)),
        all(&x, 1, |value: i64, x| value.min((wide(x) << 24) as i64)) as u64,
        all(&x, 1, |value: u64, x| value.max(wide(x))),
        all(&x, 999_900, |value: u64, _| if value >= 1_000_000 { 0 } else { value + 1 }),
        all(&x, 1, |value: i64, x| value.max((wide(x) << 24) as i64)) as u64,
        all(&x, u64::MAX, |value: u64, x| value.min(wide(x))),
    ];
    for variant in everywhere(&VARIANTS) {
        let mut device = Device::new(&format!("atomics.{variant}"));
        let args = [device.buffer(&x), device.buffer(&start), device.buffer(&start64)];
        device.run("without_return", line(4, 64), &args.map(Arg::At));
        assert_eq!(device.read::<u32>(args[1], 14), want, "{variant}");
        assert_eq!(device.read::<u64>(args[2], 10), want64, "{variant}");
    }
}

#[test]
fn atomics_return_what_was_there() {
    let keys: Vec<u32> = words(142, 256).iter().map(|x| x % 400 + 1).collect();
    for variant in everywhere(&VARIANTS) {
        let mut device = Device::new(&format!("atomics.{variant}"));
        let args = [
            device.buffer(&keys),
            device.buffer(&[0u32]),
            device.buffer(&[999u32; 256]),
            device.buffer(&[0u32; 512]),
            device.buffer(&[0u64]),
            device.buffer(&[999u64; 256]),
            device.buffer(&[0u32]),
            device.buffer(&[999u32; 256]),
        ];
        device.run("with_return", line(4, 64), &args.map(Arg::At));
        let everyone: Vec<u32> = (0..256).collect();
        let wide_order = device.read::<u64>(args[5], 256).into_iter().map(|i| i as u32).collect();
        for mut found in [device.read::<u32>(args[2], 256), wide_order] {
            found.sort_unstable();
            assert_eq!(found, everyone, "{variant}");
        }
        assert_eq!(device.read::<u32>(args[1], 1), [256], "{variant}");
        assert_eq!(device.read::<u64>(args[4], 1), [0x100_0000_0100], "{variant}");
        // The chain of exchanges visits everyone once.
        let (mut at, links) = (device.read::<u32>(args[6], 1)[0], device.read::<u32>(args[7], 256));
        let mut seen = Vec::new();
        while at != 0 && seen.len() <= 256 {
            seen.push(at - 1);
            at = links[at as usize - 1];
        }
        seen.sort_unstable();
        assert_eq!(seen, everyone, "{variant}");
        // Each key is in the table once, at or behind its place with nothing free between.
        let table = device.read::<u32>(args[3], 512);
        let (mut found, mut want): (Vec<u32>, Vec<u32>) =
            (table.iter().copied().filter(|&key| key != 0).collect(), keys.clone());
        found.sort_unstable();
        want.sort_unstable();
        want.dedup();
        assert_eq!(found, want, "{variant}");
        for &key in &keys {
            let place = (0..512).map(|n| table[(key as usize + n) % 512]).take_while(|&at| at != 0);
            assert!(place.into_iter().any(|at| at == key), "{variant}: {key}");
        }
    }
}

#[test]
fn loops_of_compare_and_swap_end() {
    for variant in everywhere(&VARIANTS) {
        let mut device = Device::new(&format!("atomics.{variant}"));
        let args = [device.buffer(&[3f32]), device.buffer(&[0.5f64]), device.buffer(&[u64::MAX])];
        device.run("loops", line(2, 64), &args.map(Arg::At));
        // As many factors of 2 as of 1/2; the sum of 0 to 127.
        assert_eq!(device.read::<f32>(args[0], 1), [3.0], "{variant}");
        assert_eq!(device.read::<f64>(args[1], 1), [8128.5], "{variant}");
        assert_eq!(device.read::<u64>(args[2], 1), [873 << 33], "{variant}");
    }
}

#[test]
fn atomics_reach_lds() {
    let x = words(143, 256);
    let start: [u32; 14] = [7, 7, u32::MAX, 0, 0xaaaa, 1, 1, 0x7000_0000, 1, 93, 3, 0, 0, 0];
    let want = [
        263,
        all(&x, 7, u32::wrapping_sub),
        all(&x, u32::MAX, |value, x| value & (x | 0xff00_ff00)),
        all(&x, 0, |value, x| value | x & 0x1111_1111),
        all(&x, 0xaaaa, |value, x| value ^ x),
        all(&x, 1, |value: i32, x| value.min(x as i32)) as u32,
        all(&x, 1, |value: i32, x| value.max(x as i32)) as u32,
        all(&x, 0x7000_0000, u32::min),
        all(&x, 1, u32::max),
        all(&x, 93, |value, _| if value >= 100 { 0 } else { value + 1 }),
        all(&x, 3, |value, _| if value == 0 || value > 100 { 100 } else { value - 1 }),
        (all(&x, 0, |value, x| value + x % 1000) as f32).to_bits(),
        all(&x, 0.0, |value: f32, x| value.min(x as i32 as f32)).to_bits(),
        all(&x, 0.0, |value: f32, x| value.max(x as i32 as f32)).to_bits(),
    ];
    let want64 = [
        all(&x, 7, |value: u64, x| value.wrapping_add(wide(x))),
        all(&x, 0xaaaa, |value, x| value ^ wide(x)),
        all(&x, 1, |value: u64, x| value.max(wide(x))),
        all(&x, 1, |value: u64, _| value.wrapping_mul(3)),
    ];
    for variant in everywhere(&VARIANTS) {
        let mut device = Device::new(&format!("atomics.{variant}"));
        let args = [
            device.buffer(&x),
            device.buffer(&start),
            device.buffer(&[7u64, 0xaaaa, 1, 1]),
            device.buffer(&[0u32; 256]),
        ];
        device.run("in_lds", line(1, 256), &args.map(Arg::At));
        assert_eq!(device.read::<u32>(args[1], 14), want, "{variant}");
        assert_eq!(device.read::<u64>(args[2], 4), want64, "{variant}");
        let mut old = device.read::<u32>(args[3], 256);
        old.sort_unstable();
        assert_eq!(old, (7..263).collect::<Vec<u32>>(), "{variant}");
    }
}
