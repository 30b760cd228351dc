//! Shadows of memory against one byte for each bit.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use proptest::prelude::*;

use super::{Defined, Memory, PAGE, Window, load_bytes, store_bytes};

const BASE: u64 = 0x10_0000;
/// More than two pages.
const SIZE: u64 = PAGE * 4 * 2 + 100;

fn load(memory: &Memory, va: u64, bytes: u32) -> Vec<u32> {
    let mut out = vec![0; bytes.div_ceil(4) as usize];
    Window::new(memory).load(va, bytes, &mut out);
    out
}

#[derive(Clone, Debug)]
enum Step {
    Store { at: u64, bytes: u32, shadows: [u32; 4] },
    Say { at: u64, bytes: u64, undefined: bool },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let bytes = prop_oneof![Just(1u32), Just(2), Just(4), Just(8), Just(12), Just(16)];
    let shadow = prop_oneof![Just(0u32), Just(u32::MAX), any::<u32>()];
    let store = (0..SIZE - 16, bytes, prop::array::uniform4(shadow)).prop_map(|(at, bytes, shadows)| Step::Store {
        at,
        bytes,
        shadows,
    });
    let say = (0..SIZE, 1..SIZE, any::<bool>()).prop_map(|(at, bytes, undefined)| Step::Say {
        at,
        bytes: bytes.min(SIZE - at),
        undefined,
    });
    prop::collection::vec(prop_oneof![4 => store, 1 => say], 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_stored_is_loaded(steps in steps(), reads in prop::collection::vec((0..SIZE - 16, 1u32..=4), 20)) {
        let memory = Memory::default();
        memory.set(BASE, SIZE, Defined::None);
        let mut model = vec![0xffu8; SIZE as usize];
        for step in steps {
            match step {
                Step::Store { at, bytes, shadows } => {
                    let dwords = bytes.div_ceil(4) as usize;
                    Window::new(&memory).store(BASE + at, bytes, &shadows[..dwords]);
                    let flat: Vec<u8> = shadows.iter().flat_map(|shadow| shadow.to_le_bytes()).collect();
                    model[at as usize..][..bytes as usize].copy_from_slice(&flat[..bytes as usize]);
                }
                Step::Say { at, bytes, undefined } => {
                    memory.set(BASE + at, bytes, if undefined { Defined::None } else { Defined::All });
                    model[at as usize..][..bytes as usize].fill(if undefined { 0xff } else { 0 });
                }
            }
        }
        for (at, dwords) in reads {
            let want: Vec<u32> = model[at as usize..][..dwords as usize * 4]
                .as_chunks::<4>().0.iter().map(|four| u32::from_le_bytes(*four)).collect();
            prop_assert_eq!(load(&memory, BASE + at, dwords * 4), want);
            prop_assert_eq!(load(&memory, BASE + at, 1), [u32::from(model[at as usize])]);
        }
        let undefined: u32 = memory.undefined(BASE, SIZE).iter().map(|(_, shadow, _)| shadow.count_ones()).sum();
        prop_assert_eq!(undefined, model.iter().map(|byte| byte.count_ones()).sum::<u32>());
    }
}

#[test]
fn masks_say_which_bytes_are_defined() {
    let memory = Memory::default();
    memory.set(BASE + 2, 12, Defined::Mask(&[0b1110_0101, 0b1]));
    // What lies before and behind is not said to be anything, and so is defined.
    assert_eq!(load(&memory, BASE, 16), [0xff00_0000, 0x00ff_ff00, 0xff00_0000, 0x0000_ffff]);
}

#[test]
fn regions_that_overlap_keep_what_is_beside_them() {
    let memory = Memory::default();
    memory.set(BASE, 16, Defined::None);
    memory.set(BASE + 32, 16, Defined::None);
    // Over the end of the one, the gap and the start of the other.
    memory.set(BASE + 12, 24, Defined::All);
    assert_eq!(load(&memory, BASE, 16), [u32::MAX, u32::MAX, u32::MAX, 0]);
    assert_eq!(load(&memory, BASE + 32, 16), [0, u32::MAX, u32::MAX, u32::MAX]);
    // Never said to be anything.
    assert_eq!(load(&memory, BASE + 4096, 4), [0]);
    // Nothing happens at the end of the address space.
    memory.set(u64::MAX - 8, 100, Defined::None);
    memory.set(BASE, 0, Defined::All);
    assert_eq!(load(&memory, BASE, 4), [u32::MAX]);
}

#[test]
fn lds_has_no_shadow_outside() {
    let mut lds = [0xff; 16];
    store_bytes(&mut lds, 4, 2, &[0x1234_0000]);
    store_bytes(&mut lds, 14, 4, &[0]);
    let mut out = [7; 2];
    load_bytes(&lds, 4, 8, &mut out);
    assert_eq!(out, [0xffff_0000, u32::MAX]);
    load_bytes(&lds, 12, 8, &mut out);
    assert_eq!(out, [0; 2]);
}
