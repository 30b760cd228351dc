//! Instructions with bits set in fields that they have no use for.
//!
//! Hardware ignores such fields: it executes `V_DUAL_MOV_B32` with a second source, a store with a destination,
//! `V_MAD_I32_I24` with an output scale. The decoder refuses them, as LLVM's does.
//! Source: tinygrad `test/amd/hw`, which runs all three on gfx1100; guide, section 7.6 ("Ignored for V_MOV_B32").

use sparkle_rdna3::{Instruction, Target, decode};

/// Dword, lowest bit and width of a field.
type Field = (usize, u32, u32);

const VOP3: [Field; 14] = [
    (1, 18, 9),
    (1, 9, 9),
    (0, 15, 1),
    (1, 27, 2),
    (0, 11, 1),
    (0, 12, 1),
    (0, 13, 1),
    (0, 14, 1),
    (1, 29, 1),
    (1, 30, 1),
    (1, 31, 1),
    (0, 8, 1),
    (0, 9, 1),
    (0, 10, 1),
];
/// Those of VOP3P that are not needed to tell one operation from another, without the halves of high results, which
/// are never refused.
const VOP3P: [Field; 11] = [
    (1, 18, 9),
    (0, 15, 1),
    (0, 11, 1),
    (0, 12, 1),
    (0, 13, 1),
    (1, 29, 1),
    (1, 30, 1),
    (1, 31, 1),
    (0, 8, 1),
    (0, 9, 1),
    (0, 10, 1),
];
const VOPD: [Field; 2] = [(0, 9, 8), (1, 9, 8)];
const DS: [Field; 4] = [(1, 0, 8), (1, 8, 8), (1, 16, 8), (1, 24, 8)];
const FLAT: [Field; 2] = [(1, 8, 8), (1, 24, 8)];
const SOPP: [Field; 1] = [(0, 0, 16)];

fn fields(first: u32) -> &'static [Field] {
    match first >> 24 {
        0xd4..=0xd7 => &VOP3,
        0xcc => &VOP3P,
        0xc8..=0xcb => &VOPD,
        0xd8..=0xdb => &DS,
        0xdc..=0xdf => &FLAT,
        0xbf if first >> 23 == 0x17f => &SOPP,
        _ => &[],
    }
}

const fn mask(at: u32, width: u32) -> u32 {
    ((1 << width) - 1) << at
}

fn cleared(words: &[u32], (dword, at, width): Field) -> Vec<u32> {
    let mut words = words.to_vec();
    if let Some(word) = words.get_mut(dword) {
        *word &= !mask(at, width);
    }
    words
}

/// The instruction without what it has no use for, and its words.
pub(super) fn decode_ignoring(words: &[u32], target: Target) -> Option<(Instruction, Vec<u32>)> {
    let fields = fields(*words.first()?);
    let mut used: Vec<u32> = words.iter().copied().take(5).collect();
    // Without one field after the other until it decodes, then with those again that it does decode with.
    let mut dropped = Vec::new();
    for &field in fields {
        if decode(&used, target).is_ok() {
            break;
        }
        used = cleared(&used, field);
        dropped.push(field);
    }
    for field in dropped {
        let mut with = used.clone();
        if let (Some(to), Some(from)) = (with.get_mut(field.0), words.get(field.0)) {
            let mask = mask(field.1, field.2);
            *to = *to & !mask | from & mask;
        }
        if decode(&with, target).is_ok() {
            used = with;
        }
    }
    Some((decode(&used, target).ok()?, used))
}
