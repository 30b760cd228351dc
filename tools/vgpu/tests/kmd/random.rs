//! Nothing panics, whatever a client sends.

use proptest::prelude::*;
use sparkle_vgpu::kmd::{Flavour, Outcome};

use crate::harness::*;

/// Blocks with small numbers and a pointer or two in them get further than noise.
fn block(bench: &Bench) -> impl Strategy<Value = Vec<u8>> + use<> {
    let words: Vec<u32> = (0..64).collect();
    let near = bench.put(&S::words(&words).0) as u32;
    let word = prop_oneof![
        4 => 0u32..10,
        1 => Just(near),
        1 => Just(0x1_0000u32),
        1 => Just(1u32),
        1 => any::<u32>(),
    ];
    prop::collection::vec(word, 0..80).prop_map(|words| S::words(&words).0)
}

#[test]
fn random_calls() {
    for flavour in Flavour::ALL {
        let bench = Bench::with(flavour, |_| Outcome::DONE);
        let (_, bo) = bench.ready();
        bench.create(4096, GTT, ALWAYS_VALID);
        let _ = u32_at(&bench.ok(SYNCOBJ_CREATE, S::new(8)), 0);
        bench.run(1, bo).unwrap();
        let nr = prop_oneof![0x40u32..0x5c, 0xbfu32..0xd2, 0u32..0x100];
        let strategy = (nr, 0u32..4, 0u32..300, block(&bench));
        let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4000) };
        proptest!(config, |((nr, direction, size, mut bytes) in strategy)| {
            // Waits without end are right to be without end: give those calls a time that has passed.
            bytes.resize(bytes.len().max(size as usize), 0);
            if matches!(nr, 0x47 | 0x49 | 0x52 | 0xc3 | 0xca) {
                for at in [8, 16] {
                    if let Some(high) = bytes.get_mut(at + 4..at + 8) {
                        high.fill(0);
                    }
                }
            }
            let request = direction << 30 | size << 16 | u32::from(b'd') << 8 | nr;
            let _ = bench.call(request, S(bytes));
            let _ = bench.kernel.reports();
        });
        assert!(bench.call(GET_CAP, S::new(16).u64(0, 0x13)).0.is_ok());
    }
}
