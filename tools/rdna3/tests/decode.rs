//! Decoding and text without LLVM: committed answers of LLVM 19, instructions from elsewhere, and any words at all.

#![allow(clippy::unwrap_used)]

mod common;

use common::{Random, corpus, ours};
use proptest::prelude::*;
use sparkle_rdna3::{DecodeError, Decoder, Encoding, Latency, Op, Reg, Target, decode};

/// `target | dwords | text`, written by LLVM (the ignored test `bless_golden` of `tests/llvm.rs`).
const GOLDEN: &str = include_str!("data/golden.txt");

#[test]
fn golden_answers_of_llvm() {
    let mut count = 0;
    for line in GOLDEN.lines() {
        let mut parts = line.splitn(3, " | ");
        let target = match parts.next().unwrap() {
            "wave32" => Target::GFX1100,
            "wave64" => Target::GFX1100_WAVE64,
            "gfx1150" => Target::GFX1150,
            other => panic!("unknown target {other}"),
        };
        let words: Vec<_> =
            parts.next().unwrap().split(' ').map(|word| u32::from_str_radix(word, 16).unwrap()).collect();
        assert_eq!(ours(&words, target), Some((words.len(), parts.next().unwrap().to_owned())), "{line}");
        count += 1;
    }
    assert!(count > 2000, "{count} lines");
}

/// A kernel that adds a constant to an array. Assembled by llvm-mc 19 for gfx1100.
#[test]
fn a_small_kernel() {
    let code = [
        0x8407_8806,
        0x3600_00ff,
        0x0000_03ff,
        0x4a00_0007,
        0x7d98_0004,
        0xbfa5_0007,
        0x3002_0082,
        0xdc52_0000,
        0x0202_0001,
        0xbf89_03f7,
        0x4a04_0405,
        0xdc6a_0000,
        0x0000_0201,
        0xbf80_0000,
        0xbfb6_0003,
        0xbfb0_0000,
    ];
    let text: Vec<_> =
        Decoder::new(&code, Target::GFX1100_WAVE64).map(|(_, found)| found.unwrap().to_string()).collect();
    assert_eq!(
        text,
        [
            "s_lshl_b32 s7, s6, 8",
            "v_and_b32_e32 v0, 0x3ff, v0",
            "v_add_nc_u32_e32 v0, s7, v0",
            "v_cmpx_gt_u32_e32 s4, v0",
            "s_cbranch_execz 7",
            "v_lshlrev_b32_e32 v1, 2, v0",
            "global_load_b32 v2, v1, s[2:3]",
            "s_waitcnt vmcnt(0)",
            "v_add_nc_u32_e32 v2, s5, v2",
            "global_store_b32 v1, v2, s[0:1]",
            "s_nop 0",
            "s_sendmsg sendmsg(MSG_DEALLOC_VGPRS)",
            "s_endpgm",
        ]
    );
}

/// The ends of kernels and the waits, as llvm-mc 19 encodes them for gfx11.
#[test]
fn program_control() {
    for (words, text) in [
        (&[0xbfb0_0000][..], "s_endpgm"),
        (&[0xbf81_0000], "s_setkill 0"),
        (&[0xbf9f_0000], "s_code_end"),
        (&[0xbf89_0007], "s_waitcnt vmcnt(0) lgkmcnt(0)"),
        (&[0xbc7c_0000], "s_waitcnt_vscnt null, 0x0"),
        (&[0xbfbd_0000], "s_barrier"),
        (&[0xbfbc_0000], "s_icache_inv"),
        (&[0xbf84_0003], "s_set_inst_prefetch_distance 0x3"),
    ] {
        assert_eq!(ours(words, Target::GFX1100), Some((words.len(), text.to_owned())));
    }
}

#[test]
fn invalid_and_truncated_say_so() {
    assert_eq!(decode(&[], Target::GFX1100), Err(DecodeError::Truncated { word: 0, need: 1, have: 0 }));
    let literal = [0x3600_00ff];
    assert_eq!(
        decode(&literal, Target::GFX1100).unwrap_err(),
        DecodeError::Truncated { word: 0x3600_00ff, need: 2, have: 1 }
    );
    assert_eq!(decode(&[0xffff_ffff; 5], Target::GFX1100).unwrap_err(), DecodeError::Invalid { word: 0xffff_ffff });
    // s_add_f32 came with gfx1150.
    assert_eq!(decode(&[0xa004_080c], Target::GFX1100).unwrap_err(), DecodeError::Invalid { word: 0xa004_080c });
    assert_eq!(decode(&[0xa004_080c], Target::GFX1150).unwrap().op(), Op::S_ADD_F32);
    // VOPD needs wave32.
    assert!(decode(&[0xc8c6_0501, 0x0408_0c04], Target::GFX1100).is_ok());
    assert!(decode(&[0xc8c6_0501, 0x0408_0c04], Target::GFX1100_WAVE64).is_err());
}

fn reads(words: &[u32], target: Target) -> Vec<(Reg, u8)> {
    decode(words, target).unwrap().reads().collect()
}

fn writes(words: &[u32], target: Target) -> Vec<(Reg, u8)> {
    decode(words, target).unwrap().writes().collect()
}

#[test]
fn registers_read_and_written() {
    let (wave32, wave64) = (Target::GFX1100, Target::GFX1100_WAVE64);
    // s_and_saveexec_b64 s[4:5], vcc
    let saveexec = [0xbe84_216a];
    assert_eq!(reads(&saveexec, wave64), [(Reg::VccLo, 2), (Reg::ExecLo, 2)]);
    assert_eq!(writes(&saveexec, wave64), [(Reg::Sgpr(4), 2), (Reg::Scc, 1), (Reg::ExecLo, 2)]);
    // v_fmac_f32_e32 v8, v4, v12: the accumulator is read.
    assert_eq!(
        reads(&[0x5610_1904], wave32),
        [(Reg::Vgpr(8), 1), (Reg::Vgpr(4), 1), (Reg::Vgpr(12), 1), (Reg::ExecLo, 1)]
    );
    // v_add_co_ci_u32_e32 v8, vcc_lo, v4, v12, vcc_lo
    assert_eq!(writes(&[0x4010_1904], wave32), [(Reg::Vgpr(8), 1), (Reg::VccLo, 1)]);
    assert_eq!(writes(&[0x4010_1904], wave64), [(Reg::Vgpr(8), 1), (Reg::VccLo, 2)]);
    // v_cmpx_gt_u32_e32 s4, v0
    assert_eq!(writes(&[0x7d98_0004], wave64), [(Reg::ExecLo, 2)]);
    // s_load_b128 s[8:11], s[4:5], 0x10
    assert_eq!(writes(&[0xf408_0202, 0xf800_0010], wave32), [(Reg::Sgpr(8), 4)]);
    assert_eq!(reads(&[0xf408_0202, 0xf800_0010], wave32), [(Reg::Sgpr(4), 2)]);
    // global_store_b32 v1, v2, s[0:1]
    assert_eq!(writes(&[0xdc6a_0000, 0x0000_0201], wave32), []);
    assert_eq!(
        reads(&[0xdc6a_0000, 0x0000_0201], wave32),
        [(Reg::Vgpr(1), 1), (Reg::Vgpr(2), 1), (Reg::Sgpr(0), 2), (Reg::ExecLo, 1)]
    );
    // v_wmma_f32_16x16x16_f16 v[8:15], v[4:11], v[12:19], v[20:27]: half the accumulator in wave64.
    let wmma = [0xcc40_4008, 0x1c52_1904];
    assert_eq!(writes(&wmma, wave32), [(Reg::Vgpr(8), 8)]);
    assert_eq!(writes(&wmma, wave64), [(Reg::Vgpr(8), 4)]);
    // An atomic writes only if GLC asks for the old value: global_atomic_add_u32 v8, v7, v5, s[2:3] glc.
    assert_eq!(writes(&[0xdcd6_4000, 0x0802_0507], wave32), [(Reg::Vgpr(8), 1)]);
    assert_eq!(writes(&[0xdcd6_0000, 0x0002_0507], wave32), []);
    // v_dual_cndmask_b32 v4, v1, v2 :: v_dual_mov_b32 v19, v4: VCC is read though the text leaves it out.
    let dual = [0xca50_0501, 0x0412_0104];
    let found = decode(&dual, wave32).unwrap();
    assert_eq!(found.to_string(), "v_dual_cndmask_b32 v4, v1, v2 :: v_dual_mov_b32 v19, v4");
    assert_eq!((found.op(), found.op_y()), (Op::V_CNDMASK_B32, Some(Op::V_MOV_B32)));
    assert!(found.reads().any(|read| read == (Reg::VccLo, 1)));
}

#[test]
fn forms_share_an_operation() {
    // v_add_f32: e32, e64, DPP, half of VOPD.
    for words in
        [&[0x0610_1904][..], &[0xd503_0008, 0x0002_1904], &[0x0610_18fa, 0xff00_e404], &[0xc906_0501, 0x0412_0c04]]
    {
        assert_eq!(decode(words, Target::GFX1100).unwrap().op(), Op::V_ADD_F32, "{words:08x?}");
    }
    assert_eq!(Op::V_ADD_F32.mnemonic(), "v_add_f32");
    let rcp = decode(&[0x7e10_5504], Target::GFX1100).unwrap();
    assert_eq!((rcp.op(), rcp.latency(), rcp.encoding()), (Op::V_RCP_F32, Latency::Trans, Encoding::Vop1));
}

#[test]
fn seeded_words_decode_to_what_fits() {
    let mut random = Random(42);
    for _ in 0..200_000 {
        let words = corpus::random(&mut random);
        for target in [Target::GFX1100, Target::GFX1100_WAVE64, Target::GFX1150] {
            let Ok(found) = decode(&words, target) else { continue };
            let length = found.len_dwords();
            assert!((1..=5).contains(&length));
            // The words used suffice; one fewer never does.
            assert_eq!(decode(&words[..length], target).unwrap().to_string(), found.to_string());
            assert!(matches!(decode(&words[..length - 1], target), Err(DecodeError::Truncated { .. })), "{words:08x?}");
            for operand in found.operands() {
                if let Some((Reg::Vgpr(first), dwords)) = operand.registers() {
                    assert!(u16::from(first) + u16::from(dwords) <= 256, "{found}");
                }
            }
        }
    }
}

proptest! {
    #[test]
    fn any_words_give_an_answer(words in proptest::collection::vec(any::<u32>(), 0..8)) {
        for target in [Target::GFX1100, Target::GFX1100_WAVE64, Target::GFX1150] {
            let mut at = 0;
            for (offset, found) in Decoder::new(&words, target) {
                prop_assert_eq!(offset, at);
                at += found.map_or(1, |found| {
                    let _ = (found.to_string(), found.reads().count(), found.writes().count());
                    found.len_dwords()
                });
            }
            prop_assert_eq!(at, words.len());
        }
    }
}
