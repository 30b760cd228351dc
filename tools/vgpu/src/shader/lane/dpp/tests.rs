#![allow(clippy::unwrap_used)]

use super::*;

fn row(control: u32) -> [Option<u32>; 16] {
    let dpp = Dpp16::from_bits(control).unwrap();
    std::array::from_fn(|lane| dpp.source(lane as u32))
}

#[test]
fn rows_shift_rotate_and_mirror() {
    let shl = row(0x103);
    assert_eq!((shl[0], shl[12], shl[13], shl[15]), (Some(3), Some(15), None, None));
    let shr = row(0x111);
    assert_eq!((shr[0], shr[1], shr[15]), (None, Some(0), Some(14)));
    let ror = row(0x121);
    assert_eq!((ror[0], ror[1]), (Some(15), Some(0)));
    assert_eq!((row(0x140)[0], row(0x140)[15], row(0x140)[5]), (Some(15), Some(0), Some(10)));
    assert_eq!((row(0x141)[0], row(0x141)[7], row(0x141)[8], row(0x141)[15]), (Some(7), Some(0), Some(15), Some(8)));
    assert!(row(0x157).iter().all(|&from| from == Some(7)));
    assert_eq!((row(0x165)[0], row(0x165)[15]), (Some(5), Some(10)));
    // quad_perm:[3,2,1,0] is 0x1b.
    assert_eq!(row(0x01b)[..8], [3, 2, 1, 0, 7, 6, 5, 4].map(Some));
}

#[test]
fn rows_keep_to_themselves() {
    for control in 0..0x200 {
        let Some(dpp) = Dpp16::from_bits(control) else { continue };
        for lane in 0..64 {
            let low = dpp.source(lane % 16);
            assert_eq!(dpp.source(lane), low.map(|from| from + (lane & !15)), "{control:x} {lane}");
            assert!(low.is_none_or(|from| from < 16));
        }
    }
    let unused = [0x100, 0x110, 0x120, 0x130, 0x138, 0x142, 0x143, 0x170, 0x1ff];
    assert!(unused.iter().all(|&control| Dpp16::from_bits(control).is_none()));
}

#[test]
fn dpp8_picks_within_eight() {
    // dpp8:[7,6,5,4,3,2,1,0]
    let selects = [7, 6, 5, 4, 3, 2, 1, 0].iter().rev().fold(0, |word, s| word << 3 | s);
    assert_eq!((dpp8_source(selects, 0), dpp8_source(selects, 7), dpp8_source(selects, 10)), (7, 0, 13));
}

#[test]
fn bound_control_and_fetch_inactive() {
    let of = |bc, fi| FetchControl { bound_control: bc, fetch_inactive: fi };
    let exec = 0b0010;
    // Table 31, rows BC FI; columns out of range, inactive, active. The first column of the last two by the text.
    for (control, expected) in [
        (of(false, false), [Fetch::Skip, Fetch::Skip, Fetch::Lane(1)]),
        (of(true, false), [Fetch::Zero, Fetch::Zero, Fetch::Lane(1)]),
        (of(false, true), [Fetch::Skip, Fetch::Lane(0), Fetch::Lane(1)]),
        (of(true, true), [Fetch::Zero, Fetch::Lane(0), Fetch::Lane(1)]),
    ] {
        assert_eq!([None, Some(0), Some(1)].map(|source| control.fetch(source, exec)), expected);
    }
}

#[test]
fn masks_of_rows_and_banks() {
    let lanes = |rows, banks| (0..64).filter(|&lane| dpp16_writes(rows, banks, lane)).collect::<Vec<_>>();
    assert_eq!(lanes(0b0001, 0b0001), [0, 1, 2, 3]);
    assert_eq!(lanes(0b0010, 0b1000), [28, 29, 30, 31]);
    assert_eq!(lanes(0b1111, 0b0100)[..5], [8, 9, 10, 11, 24]);
    assert_eq!(lanes(15, 15).len(), 64);
}

#[test]
fn permlane_examples() {
    // The guide's rotation: s0 = 0x87654321, s1 = 0x0fedcba9.
    let selects = 0x0fed_cba9_8765_4321;
    assert_eq!(
        (permlane16_source(selects, 0), permlane16_source(selects, 15), permlane16_source(selects, 31)),
        (1, 0, 16)
    );
    assert_eq!(
        (permlanex16_source(selects, 15), permlanex16_source(selects, 31), permlanex16_source(selects, 47)),
        (16, 0, 48)
    );
}

#[test]
fn permlane64_swaps_the_halves() {
    assert_eq!([0, 31, 32, 63].map(permlane64_source), [32, 63, 0, 31]);
}

/// The sequences in section 16.15, DS_SWIZZLE_B32, where the input of lane n is n + 1.
#[test]
fn swizzle_examples() {
    let swizzle = |offset| -> [u32; 32] { std::array::from_fn(|lane| swizzle_source(offset, lane as u32) + 1) };
    assert_eq!(swizzle(0xe000)[..10], [0x1, 0x11, 0x9, 0x19, 0x5, 0x15, 0xd, 0x1d, 0x3, 0x13]);
    assert_eq!(swizzle(0xe010)[..4], [0x1, 0x9, 0x5, 0xd]);
    assert_eq!(swizzle(0xe010)[16..20], [0x11, 0x19, 0x15, 0x1d]);
    assert_eq!(swizzle(0xe01f), std::array::from_fn(|lane| lane as u32 + 1));
    let (left, right) = (0xc000 | 1 << 5, 0xc000 | 1 << 5 | 1 << 10);
    assert_eq!((swizzle(left)[0], swizzle(left)[31]), (2, 1));
    assert_eq!((swizzle(right)[0], swizzle(right)[31]), (0x20, 0x1f));
    // By the pseudocode, which the sequences for a mask of 1 do not follow: odd lanes rotate among themselves.
    assert_eq!(swizzle(left | 1)[..4], [1, 4, 3, 6]);
    assert_eq!(swizzle(right | 1)[..4], [0x1f, 2, 1, 4]);
    // Quads reversed; a broadcast of lane 5 in each 8; SWAPX16; REVERSEX32.
    assert_eq!(swizzle(0x801b)[..8], [4, 3, 2, 1, 8, 7, 6, 5]);
    assert_eq!((swizzle(0x18 | 5 << 5)[0], swizzle(0x18 | 5 << 5)[9]), (6, 14));
    assert_eq!((swizzle(0x1f | 0x10 << 10)[3], swizzle(0x1f | 0x1f << 10)[0]), (20, 32));
    assert_eq!((swizzle_source(0x1f | 0x1f << 10, 32), swizzle_source(0x801b, 63)), (63, 60));
}
