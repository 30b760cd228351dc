//! A strict device hangs where a card may survive.

use sparkle_pm4::Ring;
use sparkle_pm4::lint::Buffer;
use sparkle_vgpu::cp::{DeviceState, Job, Outcome};
use sparkle_vgpu::shader::Chip;

use super::bench::{Bench, IB, limits, sample};
use super::examples::{addk_wave32, bench};

fn strict(ring: Ring) -> Bench {
    let mut bench = bench(ring, &addk_wave32());
    bench.device = DeviceState::new(Chip::GFX1100).with_limits(limits()).with_strict(true);
    bench
}

/// The buffers of the worked examples.
fn buffers() -> Vec<Buffer> {
    let buffer = |va, size, writable, executable| Buffer { va, size, readable: true, writable, executable, role: None };
    vec![
        buffer(0x1_0000_0000, 512, false, true),
        buffer(0x1_0020_0000, 4096, true, false),
        buffer(0x1_0030_0000, 4096, false, false),
        buffer(0x1_0040_0000, 64, true, false),
        buffer(IB, 4096, true, true),
    ]
}

#[test]
fn the_worked_dispatch_is_good_enough() {
    let mut bench = strict(Ring::Compute);
    let ib = bench.stream(IB, &sample("examples-gfx11/c_dispatch_wave32_user15.bin"));
    let buffers = buffers();
    let outcome = bench.job(&Job { buffers: Some(&buffers), ..Job::new(vec![ib]) });
    assert!(outcome.is_done(), "{outcome}");
    assert_eq!(bench.word(0x1_0020_0000), 7);
}

#[test]
fn a_buffer_that_is_not_listed_is_found_before_anything_runs() {
    let mut bench = strict(Ring::Compute);
    let ib = bench.stream(IB, &sample("examples-gfx11/c_dispatch_wave32_user15.bin"));
    let mut buffers = buffers();
    buffers.remove(3);
    let outcome = bench.job(&Job { buffers: Some(&buffers), ..Job::new(vec![ib]) });
    let Outcome::Hang { why, .. } = outcome else { panic!("{outcome}") };
    assert!(why.contains("[PM4-089]"), "{why}");
    assert_eq!(bench.word(0x1_0020_0000), 0xdead_beef);
}

#[test]
fn stale_state_is_a_hang() {
    // The stream of the timestamps alone sets no TMPRING_SIZE.
    let stream = sample("examples-gfx11/e_timestamps.bin");
    let outcome = strict(Ring::Compute).run(&stream);
    let Outcome::Hang { why, .. } = outcome else { panic!("{outcome}") };
    assert!(why.contains("has not set COMPUTE_TMPRING_SIZE") && why.ends_with("[cp-stale-state]"), "{why}");
    // A forgiving device runs it.
    let mut forgiving = strict(Ring::Compute);
    forgiving.device = DeviceState::new(Chip::GFX1100).with_limits(limits());
    assert!(forgiving.run(&stream).is_done());
}

#[test]
fn chains_are_followed_before_they_run() {
    // The second stream has a header with bits that must be 0.
    let mut bench = strict(Ring::Compute);
    bench.stream(
        0x2_0010_0000,
        &[0xc001_7610, 0x0240, 1, 0xffff_1000, 0xffff_1000, 0xffff_1000, 0xffff_1000, 0xffff_1000],
    );
    let chain = [0xffff_1000, 0xffff_1000, 0xffff_1000, 0xffff_1000, 0xc002_3f00, 0x0010_0000, 2, 0x0090_0008];
    let outcome = bench.run(&chain);
    let Outcome::Hang { why, .. } = outcome else { panic!("{outcome}") };
    assert!(why.contains("SET_SH_REG at 0x200100000 (dword 0 of the stream at 0x200100000)"), "{why}");
}
