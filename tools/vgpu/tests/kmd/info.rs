//! V10 to V13: INFO.

use std::sync::Arc;

use sparkle_vgpu::kmd::{Chip, Config, ConfigError, Errno, Flavour, Kernel, Outcome};

use crate::harness::*;

#[test]
fn v10_wrong_questions() {
    for flavour in Flavour::ALL {
        let bench = Bench::new(flavour);
        let to = bench.put(&[0; 64]);
        bench.fails(Errno::EINVAL, INFO, S::new(32).u64(0, to).u32(8, 0));
        bench.fails(Errno::EINVAL, INFO, S::new(32).u64(0, 0).u32(8, 4));
        assert_eq!(bench.info(0x99, [0; 4], 4), Err(Errno::EINVAL));
        assert_eq!(bench.info(0x00, [0; 4], 4), Ok(vec![1, 0, 0, 0]));
        assert_eq!(bench.info(0x0e, [0x09, 0, 0, 0], 8), Err(Errno::EINVAL), "no such firmware");
        assert_eq!(bench.info(0x0e, [0x08, 1, 0, 0], 8), Err(Errno::EINVAL), "instance");
        assert_eq!(bench.info(0x0e, [0x08, 0, 2, 0], 8), Err(Errno::EINVAL), "index");
        assert!(bench.info(0x0e, [0x08, 0, 1, 0], 8).is_ok());
        assert_eq!(bench.info(0x02, [10, 0, 0, 0], 32), Err(Errno::EINVAL));
        assert_eq!(bench.info(0x02, [1, 1, 0, 0], 32), Err(Errno::EINVAL));
        assert_eq!(bench.info(0x03, [10, 0, 0, 0], 4), Err(Errno::EINVAL));
        assert_eq!(bench.info(0x1d, [99, 0, 0, 0], 4), Err(Errno::EINVAL));
    }
}

#[test]
fn v11_engines() {
    for flavour in Flavour::ALL {
        let bench = Bench::new(flavour);
        assert_eq!(bench.info(0x02, [3, 0, 0, 0], 32), Ok(vec![0; 32]), "no video engine");
        let row = |ip| {
            let bytes = bench.info(0x02, [ip, 0, 0, 0], 32).unwrap();
            [0, 16, 20, 24, 28].map(|at| u32_at(&bytes, at))
        };
        assert_eq!(row(GFX), [11, 32, 32, 1, 0x0b_0000]);
        assert_eq!(row(COMPUTE), [11, 32, 32, 0xf, 0x0b_0000]);
        assert_eq!(row(DMA), [6, 256, 4, 3, 0x06_0000]);
        assert_eq!(bench.info(0x03, [DMA, 0, 0, 0], 4), Ok(vec![2, 0, 0, 0]));
        let absent = if flavour == Flavour::V6_1 { Ok(vec![0; 4]) } else { Err(Errno::EINVAL) };
        assert_eq!(bench.info(0x03, [3, 0, 0, 0], 4), absent);
    }
}

#[test]
fn v12_short_and_long_answers() {
    let bench = Bench::new(Flavour::V6_1);
    let short = bench.info(0x16, [0; 4], 8).unwrap();
    assert_eq!(u32_at(&short, 0), 0x744c);
    // The older structure has 368 bytes; what is behind stays as it was.
    let long = bench.info(0x16, [0; 4], 440).unwrap();
    assert!(long[368..].iter().all(|byte| *byte == 0xcc));
    let bench = Bench::new(Flavour::V7_3);
    let long = bench.info(0x16, [0; 4], 448).unwrap();
    assert_eq!((u32_at(&long, 404), u64_at(&long, 440)), (6144, 0xcccc_cccc_cccc_cccc));
}

#[test]
fn v13_questions_that_are_too_new() {
    let old = Bench::new(Flavour::V6_1);
    assert_eq!(old.info(0x22, [0; 4], 40), Err(Errno::EINVAL));
    assert_eq!(old.info(0x23, [0; 4], 16), Err(Errno::EINVAL));
    for flavour in [Flavour::V6_12, Flavour::V7_3] {
        let bench = Bench::new(flavour);
        let most = bench.info(0x22, [0; 4], 40).unwrap();
        assert_eq!([0, 4, 8].map(|at| u32_at(&most, at)), [192, 125, 49]);
        assert_eq!(bench.info(0x23, [0; 4], 16), Ok(vec![0; 16]));
    }
    assert_eq!(Bench::new(Flavour::V6_12).info(0x24, [0; 4], 16), Err(Errno::EINVAL));
    assert_eq!(Bench::new(Flavour::V7_3).info(0x24, [0; 4], 16), Err(Errno::EOPNOTSUPP));
}

/// Numbers of a Radeon RX 7900 XTX. Source: Mesa `src/amd/drm-shim/amdgpu_devices.c`.
#[test]
fn a_known_board() {
    let bench = Bench::new(Flavour::V6_1);
    let info = bench.info(0x16, [0; 4], 368).unwrap();
    let words = [8, 12, 16, 20, 24, 28, 48, 120, 124, 128, 160, 164, 168, 176, 180, 240, 244, 248, 252, 256, 260, 264];
    let known = [
        1, 0xc8, 145, 6, 2, 100_000, 96, 0xff_ffff, 24, 8, 4096, 2_097_152, 4096, 9, 384, 32, 1536, 8, 24, 32, 1792, 32,
    ];
    assert_eq!(words.map(|at| u32_at(&info, at)), known);
    let rows: Vec<u32> = (0..16).map(|at| u32_at(&info, 56 + at * 4)).collect();
    assert_eq!(rows, [255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 0, 0, 255, 255, 0, 0]);
    let longs = [32, 40, 144, 152, 336, 344].map(|at| u64_at(&info, at));
    let high = [0xffff_8000_0000_0000, 0xffff_ffff_ffe0_0000];
    assert_eq!(longs, [2_371_000, 1_249_000, 0x20_0000, 0x8000_0000_0000, high[0], high[1]]);
    assert_eq!(bench.info(0x15, [0x263e, 1, !0, 0], 4), Ok(vec![0x45, 5, 0, 0]));
    let new = Bench::new(Flavour::V6_12).info(0x16, [0; 4], 440).unwrap();
    assert_eq!((u64_at(&new, 144), u64_at(&new, 344)), (0x1_0000, 0xffff_ffff_ffbf_0000));
    assert_eq!(u64_at(&new, 408), 100_663_296);
}

#[test]
fn registers_are_read_by_a_list() {
    let bench = Bench::new(Flavour::V6_12);
    assert_eq!(bench.info(0x15, [0x263f, 1, !0, 0], 4), Err(Errno::EFAULT));
    assert_eq!(bench.info(0x15, [0x263e, 2, !0, 0], 8), Err(Errno::EFAULT), "the second is not on it");
    assert_eq!(bench.info(0x15, [0x2004, 129, !0, 0], 4), Err(Errno::EINVAL));
    assert_eq!(bench.info(0x15, [0x2004, 3, !0, 0], 12), Ok(vec![0; 12]));
    assert_eq!(bench.info(0x15, [0x2004, 1, 0xff09, 0], 4), Err(Errno::EINVAL), "no such engine");
}

#[test]
fn every_chip_says_which_it_is() {
    // Source: LLVM target names against Linux `kfd_device.c` and `soc21.c`.
    let known = [
        ("gfx1100", 145, 0x01, 0x0b_0000),
        ("gfx1101", 145, 0x20, 0x0b_0003),
        ("gfx1102", 145, 0x10, 0x0b_0002),
        ("gfx1103", 148, 0x01, 0x0b_0001),
        ("gfx1150", 150, 0x10, 0x0b_0500),
        ("gfx1151", 150, 0xc1, 0x0b_0501),
    ];
    assert_eq!(Chip::ALL.len(), known.len());
    for (name, family, revision, version) in known {
        let chip = Chip::find(name).unwrap();
        let bench = Bench::config(Config::new(Flavour::V7_3, chip, Arc::new(Script(Box::new(|_| Outcome::DONE)))));
        let info = bench.info(0x16, [0; 4], 440).unwrap();
        let ip = bench.info(0x02, [COMPUTE, 0, 0, 0], 40).unwrap();
        assert_eq!((u32_at(&info, 16), u32_at(&info, 8), u32_at(&ip, 28)), (family, revision, version), "{name}");
        assert_eq!(u64_at(&info, 136) & 1, u64::from(family != 145), "{name} is an APU or is not");
        let units: u32 = (0..16).map(|at| u32_at(&info, 56 + at * 4).count_ones()).sum();
        assert_eq!(units, u32_at(&info, 48), "{name}");
    }
}

#[test]
fn old_kernels_do_not_know_new_chips() {
    let chip = Chip::find("gfx1150").unwrap();
    let processor = Arc::new(Script(Box::new(|_| Outcome::DONE)));
    let refused = Kernel::new(Config::new(Flavour::V6_1, chip, processor.clone())).err();
    assert_eq!(refused, Some(ConfigError::Unsupported { kernel: "6.1", chip: "gfx1150" }));
    assert!(Kernel::new(Config::new(Flavour::V6_12, chip, processor)).is_ok());
}

#[test]
fn the_counter_runs_at_its_frequency() {
    let bench = Bench::new(Flavour::V6_12);
    let ticks = || u64_at(&bench.info(0x05, [0; 4], 8).unwrap(), 0);
    let first = ticks();
    std::thread::sleep(std::time::Duration::from_millis(20));
    let passed = ticks() - first;
    assert!((2_000_000..200_000_000).contains(&passed), "{passed} ticks of 10 ns in 20 ms");
}
