//! No stream makes it panic, and every stream ends.

use proptest::prelude::*;
use sparkle_pm4::Ring;
use sparkle_vgpu::cp::{DeviceState, Job, Limits};
use sparkle_vgpu::shader::Chip;

use super::bench::{Bench, DATA, IB};

/// Opcodes of gfx11 that do something here, and some that don't.
const OPCODES: [u32; 46] = [
    0x10, 0x11, 0x12, 0x15, 0x16, 0x1e, 0x20, 0x21, 0x22, 0x23, 0x27, 0x28, 0x2d, 0x34, 0x37, 0x3c, 0x3f, 0x40, 0x42,
    0x45, 0x46, 0x49, 0x4a, 0x50, 0x51, 0x58, 0x59, 0x5d, 0x5f, 0x63, 0x64, 0x68, 0x69, 0x76, 0x77, 0x79, 0x7a, 0x90,
    0x93, 0x95, 0x9a, 0x9b, 0xb2, 0xb8, 0xbb, 0xbd,
];

/// A header of a likely opcode with a short body.
fn header() -> impl Strategy<Value = u32> {
    (prop::sample::select(&OPCODES[..]), 0..14u32, prop::sample::select(&[0u32, 1, 2, 4][..]))
        .prop_map(|(opcode, count, flags)| 0xc000_0000 | count << 16 | opcode << 8 | flags)
}

/// Dwords that mean something in many places.
fn dword() -> impl Strategy<Value = u32> {
    prop_oneof![
        any::<u32>(),
        header(),
        Just(DATA as u32),
        Just((DATA >> 32) as u32),
        Just(IB as u32),
        0..0x300u32,
        (0..4096u32).prop_map(|offset| DATA as u32 + offset),
    ]
}

fn run(ring: Ring, strict: bool, words: &[u32]) {
    let limits = Limits { dwords: 1 << 12, groups: 64, instructions: 1 << 10, ..Limits::default() };
    let mut bench = Bench::new(ring, &[0xbfb0_0000, 3, 2, 1]);
    bench.device = DeviceState::new(Chip::GFX1100).with_limits(limits).with_strict(strict);
    let ib = bench.stream(IB, words);
    let outcome = bench.job(&Job::new(vec![ib]));
    assert!(!outcome.to_string().is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn noise_ends(ring in prop::sample::select(&[Ring::Compute, Ring::Gfx][..]), strict: bool,
                  words in prop::collection::vec(any::<u32>(), 1..64)) {
        run(ring, strict, &words);
    }

    #[test]
    fn likely_packets_end(ring in prop::sample::select(&[Ring::Compute, Ring::Gfx][..]), strict: bool,
                          packets in prop::collection::vec((header(), prop::collection::vec(dword(), 14)), 1..16)) {
        let mut words = vec![];
        for (header, body) in packets {
            words.push(header);
            let count = (header >> 16 & 0x3fff) as usize + 1;
            words.extend(body.iter().take(count));
        }
        run(ring, strict, &words);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// The worked dispatch with some dwords replaced.
    #[test]
    fn broken_dispatches_end(changes in prop::collection::vec((0..88usize, dword()), 1..6), strict: bool) {
        let mut words = super::bench::sample("examples-gfx11/c_dispatch_wave32_user15.bin");
        for (at, word) in changes {
            words[at] = word;
        }
        let limits = Limits { dwords: 1 << 12, groups: 64, instructions: 1 << 10, ..Limits::default() };
        let mut bench = super::examples::bench(Ring::Compute, &super::examples::addk_wave32());
        bench.device = DeviceState::new(Chip::GFX1100).with_limits(limits).with_strict(strict);
        let ib = bench.stream(IB, &words);
        let outcome = bench.job(&Job::new(vec![ib]));
        prop_assert!(!outcome.to_string().is_empty());
    }
}
