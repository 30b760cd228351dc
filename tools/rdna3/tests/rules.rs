//! Each rule: code that breaks it, and code that just does not. The words are `llvm-mc-19`'s; what LLVM does about them
//! is from its tests under `llvm/test/CodeGen/AMDGPU`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use proptest::prelude::*;
use sparkle_rdna3::{Decoder, Gfx, Target, WaveSize, check};

const WAVE64: Target = Target::GFX1100_WAVE64;
const GFX1150_WAVE64: Target = Target { gfx: Gfx::Gfx1150, wave: WaveSize::Wave64 };

fn bytes(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

/// The rules that code breaks, each with register, and distance in dwords to the earlier instruction.
fn broken(words: &[u32], target: Target) -> Vec<String> {
    for (at, found) in Decoder::new(words, target) {
        assert!(found.is_ok(), "dword {at}");
    }
    let text = |finding: &check::Finding| {
        let register = finding.register.map_or_else(String::new, |reg| format!(" {reg}"));
        let back = finding.earlier.map_or_else(String::new, |earlier| format!(" -{}", (finding.address - earlier) / 4));
        let wait = finding.wait.map_or_else(String::new, |wait| format!(" {wait}"));
        format!("{}{register}{back}{wait}", finding.rule.id)
    };
    check::code_strict(&bytes(words), 0, target).findings.iter().map(text).collect()
}

const ENDPGM: u32 = 0xbfb0_0000;

/// LLVM: `valu-trans-use-hazard.mir`.
#[test]
fn valu_trans_use() {
    // v_exp_f32 v0, v1; v_mov_b32 v9, 0; v_mov_b32 v9, 0; v_mov_b32 v9, 0; v_mov_b32 v9, 0; v_mov_b32 v9, 0; v_add_f32 v2, v0, v3
    assert_eq!(
        broken(
            &[0x7e00_4b01, 0x7e12_0280, 0x7e12_0280, 0x7e12_0280, 0x7e12_0280, 0x7e12_0280, 0x0604_0700, ENDPGM],
            Target::GFX1100
        ),
        ["valu-trans-use v0 -6"]
    );
    // v_exp_f32 v0, v1; v_mov_b32 v9, 0; v_mov_b32 v9, 0; v_mov_b32 v9, 0; v_mov_b32 v9, 0; v_mov_b32 v9, 0; v_mov_b32 v9, 0; v_add_f32 v2, v0, v3
    assert_eq!(
        broken(
            &[
                0x7e00_4b01,
                0x7e12_0280,
                0x7e12_0280,
                0x7e12_0280,
                0x7e12_0280,
                0x7e12_0280,
                0x7e12_0280,
                0x0604_0700,
                ENDPGM
            ],
            Target::GFX1100
        ),
        [] as [&str; 0]
    );
    // v_exp_f32 v0, v1; v_rcp_f32 v4, v1; v_add_f32 v2, v0, v3
    assert_eq!(broken(&[0x7e00_4b01, 0x7e08_5501, 0x0604_0700, ENDPGM], Target::GFX1100), ["valu-trans-use v0 -2"]);
    // v_exp_f32 v0, v1; v_rcp_f32 v4, v1; v_rcp_f32 v5, v1; v_add_f32 v2, v0, v3
    assert_eq!(broken(&[0x7e00_4b01, 0x7e08_5501, 0x7e0a_5501, 0x0604_0700, ENDPGM], Target::GFX1100), [] as [&str; 0]);
    // v_exp_f32 v0, v1; s_waitcnt_depctr 0xfff; v_add_f32 v2, v0, v3
    assert_eq!(broken(&[0x7e00_4b01, 0xbf88_0fff, 0x0604_0700, ENDPGM], Target::GFX1100), [] as [&str; 0]);
    // v_exp_f32 v0, v1; s_waitcnt_depctr 0x1fff; v_add_f32 v2, v0, v3
    assert_eq!(broken(&[0x7e00_4b01, 0xbf88_1fff, 0x0604_0700, ENDPGM], Target::GFX1100), ["valu-trans-use v0 -2"]);
    // v_exp_f32 v0, v1; ds_store_b32 v8, v9; v_add_f32 v2, v0, v3
    assert_eq!(broken(&[0x7e00_4b01, 0xd834_0000, 0x0000_0908, 0x0604_0700, ENDPGM], Target::GFX1100), [] as [&str; 0]);
    // v_rcp_f64 v[0:1], v[2:3]; v_mov_b32 v4, v1
    assert_eq!(broken(&[0x7e00_5f02, 0x7e08_0301, ENDPGM], Target::GFX1100), ["valu-trans-use v1 -1"]);
    // v_exp_f32 v0, v1; v_add_f32 v2, v0, v3
    assert_eq!(broken(&[0x7e00_4b01, 0x0604_0700, ENDPGM], Target::GFX1150), [] as [&str; 0]);
    // v_exp_f32 v0, v1; v_add_f32 v2, v0, v3
    assert_eq!(broken(&[0x7e00_4b01, 0x0604_0700, ENDPGM], WAVE64), ["valu-trans-use v0 -1"]);
}

/// LLVM: `partial-forwarding-hazards.mir`.
#[test]
fn valu_partial_forwarding() {
    // v_mov_b32 v0, 0; s_mov_b64 exec, -1; v_mov_b32 v1, 0; v_add_f32 v2, v0, v1
    assert_eq!(
        broken(&[0x7e00_0280, 0xbefe_01c1, 0x7e02_0280, 0x0604_0300, ENDPGM], WAVE64),
        ["valu-partial-forwarding v0 -3"]
    );
    // v_mov_b32 v0, 0; s_mov_b64 exec, -1; v_mov_b32 v1, 0; v_add_f32 v2, v0, v1
    assert_eq!(
        broken(&[0x7e00_0280, 0xbefe_01c1, 0x7e02_0280, 0x0604_0300, ENDPGM], GFX1150_WAVE64),
        ["valu-partial-forwarding v0 -3"]
    );
    // v_mov_b32 v0, 0; s_mov_b32 exec_lo, -1; v_mov_b32 v1, 0; v_add_f32 v2, v0, v1
    assert_eq!(broken(&[0x7e00_0280, 0xbefe_00c1, 0x7e02_0280, 0x0604_0300, ENDPGM], Target::GFX1100), [] as [&str; 0]);
    // v_mov_b32 v0, 0; v_mov_b32 v1, 0; v_add_f32 v2, v0, v1
    assert_eq!(broken(&[0x7e00_0280, 0x7e02_0280, 0x0604_0300, ENDPGM], WAVE64), [] as [&str; 0]);
    // v_mov_b32 v0, 0; v_mov_b32 v9, 0; s_mov_b64 exec, -1; v_mov_b32 v9, 0; v_mov_b32 v1, 0; v_add_f32 v2, v0, v1
    assert_eq!(
        broken(&[0x7e00_0280, 0x7e12_0280, 0xbefe_01c1, 0x7e12_0280, 0x7e02_0280, 0x0604_0300, ENDPGM], WAVE64),
        ["valu-partial-forwarding v0 -5"]
    );
    // v_mov_b32 v0, 0; v_mov_b32 v9, 0; s_mov_b64 exec, -1; v_mov_b32 v9, 0; v_mov_b32 v9, 0; v_mov_b32 v1, 0; v_add_f32 v2, v0, v1
    assert_eq!(
        broken(
            &[0x7e00_0280, 0x7e12_0280, 0xbefe_01c1, 0x7e12_0280, 0x7e12_0280, 0x7e02_0280, 0x0604_0300, ENDPGM],
            WAVE64
        ),
        [] as [&str; 0]
    );
    // v_mov_b32 v0, 0; s_mov_b64 exec, -1; v_mov_b32 v1, 0; v_mov_b32 v9, 0; v_mov_b32 v9, 0; v_mov_b32 v9, 0; v_mov_b32 v9, 0; v_add_f32 v2, v0, v1
    assert_eq!(
        broken(
            &[
                0x7e00_0280,
                0xbefe_01c1,
                0x7e02_0280,
                0x7e12_0280,
                0x7e12_0280,
                0x7e12_0280,
                0x7e12_0280,
                0x0604_0300,
                ENDPGM
            ],
            WAVE64
        ),
        ["valu-partial-forwarding v0 -7"]
    );
    // v_mov_b32 v0, 0; s_mov_b64 exec, -1; v_mov_b32 v1, 0; v_mov_b32 v9, 0; v_mov_b32 v9, 0; v_mov_b32 v9, 0; v_mov_b32 v9, 0; v_mov_b32 v9, 0; v_add_f32 v2, v0, v1
    assert_eq!(
        broken(
            &[
                0x7e00_0280,
                0xbefe_01c1,
                0x7e02_0280,
                0x7e12_0280,
                0x7e12_0280,
                0x7e12_0280,
                0x7e12_0280,
                0x7e12_0280,
                0x0604_0300,
                ENDPGM
            ],
            WAVE64
        ),
        [] as [&str; 0]
    );
    // v_mov_b32 v0, 0; s_mov_b64 exec, -1; v_mov_b32 v1, 0; s_waitcnt_depctr 0xfff; v_add_f32 v2, v0, v1
    assert_eq!(
        broken(&[0x7e00_0280, 0xbefe_01c1, 0x7e02_0280, 0xbf88_0fff, 0x0604_0300, ENDPGM], WAVE64),
        [] as [&str; 0]
    );
}

/// LLVM: `valu-mask-write-hazard.mir`.
#[test]
fn valu_mask_write() {
    // v_cndmask_b32 v1, v2, v3, s[2:3]; s_mov_b64 s[2:3], 0; s_mov_b64 s[4:5], s[2:3]
    assert_eq!(
        broken(&[0xd501_0001, 0x000a_0702, 0xbe82_0180, 0xbe84_0102, ENDPGM], WAVE64),
        ["valu-mask-write s2 -1"]
    );
    // v_cndmask_b32 v1, v2, v3, s[2:3]; s_mov_b32 s3, 0; v_mov_b32 v4, s3
    assert_eq!(
        broken(&[0xd501_0001, 0x000a_0702, 0xbe83_0080, 0x7e08_0203, ENDPGM], WAVE64),
        ["valu-mask-write s3 -1"]
    );
    // v_cndmask_b32 v1, v2, v3, vcc; s_mov_b64 vcc, 0; s_cbranch_vccz 0
    assert_eq!(broken(&[0x0202_0702, 0xbeea_0180, 0xbfa3_0000, ENDPGM], WAVE64), ["valu-mask-write vcc_lo -1"]);
    // v_cndmask_b32 v1, v2, v3, s[2:3]; s_mov_b64 s[2:3], 0; s_waitcnt_depctr 0xfffe; s_mov_b64 s[4:5], s[2:3]
    assert_eq!(
        broken(&[0xd501_0001, 0x000a_0702, 0xbe82_0180, 0xbf88_fffe, 0xbe84_0102, ENDPGM], WAVE64),
        [] as [&str; 0]
    );
    // v_cndmask_b32 v1, v2, v3, s[2:3]; v_mov_b32 v9, s8; s_mov_b64 s[2:3], 0; s_mov_b64 s[4:5], s[2:3]
    assert_eq!(
        broken(&[0xd501_0001, 0x000a_0702, 0x7e12_0208, 0xbe82_0180, 0xbe84_0102, ENDPGM], WAVE64),
        [] as [&str; 0]
    );
    // v_cndmask_b32 v1, v2, v3, s[2:3]; s_mov_b64 s[6:7], 0; s_mov_b64 s[4:5], s[6:7]
    assert_eq!(broken(&[0xd501_0001, 0x000a_0702, 0xbe86_0180, 0xbe84_0106, ENDPGM], WAVE64), [] as [&str; 0]);
    // v_cndmask_b32 v1, v2, v3, s2; s_mov_b32 s2, 0; s_mov_b32 s4, s2
    assert_eq!(broken(&[0xd501_0001, 0x000a_0702, 0xbe82_0080, 0xbe84_0002, ENDPGM], Target::GFX1100), [] as [&str; 0]);
    // v_cndmask_b32 v1, v2, v3, s[2:3]; v_cmp_eq_u32 s[2:3], v4, v5; v_cndmask_b32 v6, v2, v3, s[2:3]
    assert_eq!(
        broken(&[0xd501_0001, 0x000a_0702, 0xd44a_0002, 0x0002_0b04, 0xd501_0006, 0x000a_0702, ENDPGM], WAVE64),
        ["valu-mask-write-valu s2 -2"]
    );
    // v_cndmask_b32 v1, v2, v3, s[2:3]; v_cmp_eq_u32 s[2:3], v4, v5; s_waitcnt_depctr 0xf1ff; v_cndmask_b32 v6, v2, v3, s[2:3]
    assert_eq!(
        broken(
            &[0xd501_0001, 0x000a_0702, 0xd44a_0002, 0x0002_0b04, 0xbf88_f1ff, 0xd501_0006, 0x000a_0702, ENDPGM],
            WAVE64
        ),
        [] as [&str; 0]
    );
    // v_cndmask_b32 v1, v2, v3, vcc; v_cmp_eq_u32 vcc, v4, v5; v_cndmask_b32 v6, v2, v3, vcc
    assert_eq!(broken(&[0x0202_0702, 0x7c94_0b04, 0x020c_0702, ENDPGM], WAVE64), ["valu-mask-write-valu vcc_lo -1"]);
    // v_cndmask_b32 v1, v2, v3, vcc; v_cmp_eq_u32 vcc, v4, v5; s_waitcnt_depctr 0xfffd; v_cndmask_b32 v6, v2, v3, vcc
    assert_eq!(broken(&[0x0202_0702, 0x7c94_0b04, 0xbf88_fffd, 0x020c_0702, ENDPGM], WAVE64), [] as [&str; 0]);
}

/// LLVM: `vcmpx-permlane-hazard.mir`.
#[test]
fn vcmpx_permlane() {
    // v_cmpx_eq_u32 v0, v1; v_permlane16_b32 v2, v3, s2, s3
    assert_eq!(broken(&[0x7d94_0300, 0xd65b_0002, 0x000c_0503, ENDPGM], Target::GFX1100), ["vcmpx-permlane -1"]);
    // v_cmpx_eq_u32 v0, v1; v_permlane64_b32 v2, v3
    assert_eq!(broken(&[0x7d94_0300, 0x7e04_cf03, ENDPGM], Target::GFX1100), ["vcmpx-permlane -1"]);
    // v_cmpx_eq_u32 v0, v1; s_nop 0; v_permlanex16_b32 v2, v3, s2, s3, and the same with v_nop between
    assert_eq!(
        broken(&[0x7d94_0300, 0xbf80_0000, 0xd65c_0002, 0x000c_0503, ENDPGM], Target::GFX1100),
        ["vcmpx-permlane -2"]
    );
    // LLVM does not count v_nop.
    let with_nop = [0x7d94_0300, 0x7e00_0000, 0xd65c_0002, 0x000c_0503, ENDPGM];
    assert_eq!(broken(&with_nop, Target::GFX1100), ["vcmpx-permlane -2"]);
    let bytes: Vec<u8> = with_nop.iter().flat_map(|word: &u32| word.to_le_bytes()).collect();
    assert!(check::code(&bytes, 0, Target::GFX1100).findings.is_empty());
    // v_cmpx_eq_u32 v0, v1; v_mov_b32 v3, v3; v_permlane16_b32 v2, v3, s2, s3
    assert_eq!(broken(&[0x7d94_0300, 0x7e06_0303, 0xd65b_0002, 0x000c_0503, ENDPGM], Target::GFX1150), [] as [&str; 0]);
    // v_cmp_eq_u32 vcc_lo, v0, v1; v_permlane16_b32 v2, v3, s2, s3
    assert_eq!(broken(&[0x7c94_0300, 0xd65b_0002, 0x000c_0503, ENDPGM], Target::GFX1100), [] as [&str; 0]);
}

/// LLVM: `lds-direct-hazards-gfx11.mir`.
#[test]
fn lds_direct() {
    // v_add_f32 v0, v1, v2; v_mov_b32 v9, 0; lds_direct_load v1 wait_vdst:2
    assert_eq!(broken(&[0x0600_0501, 0x7e12_0280, 0xce12_0001, ENDPGM], Target::GFX1100), ["lds-direct-valu v1 -2"]);
    // v_add_f32 v0, v1, v2; v_mov_b32 v9, 0; lds_direct_load v1 wait_vdst:1
    assert_eq!(broken(&[0x0600_0501, 0x7e12_0280, 0xce11_0001, ENDPGM], Target::GFX1100), [] as [&str; 0]);
    // v_exp_f32 v1, v2; v_mov_b32 v9, 0; lds_direct_load v1 wait_vdst:1
    assert_eq!(broken(&[0x7e02_4b02, 0x7e12_0280, 0xce11_0001, ENDPGM], Target::GFX1100), ["lds-direct-valu v1 -2"]);
    // v_add_f32 v0, v1, v2; v_mov_b32 v9, 0; v_mov_b32 v9, 0; v_mov_b32 v9, 0; v_mov_b32 v9, 0; v_mov_b32 v9, 0; v_mov_b32 v9, 0; v_mov_b32 v9, 0; v_mov_b32 v9, 0; v_mov_b32 v9, 0; v_mov_b32 v9, 0; v_mov_b32 v9, 0; v_mov_b32 v9, 0; v_mov_b32 v9, 0; v_mov_b32 v9, 0; v_mov_b32 v9, 0; lds_direct_load v1 wait_vdst:15
    assert_eq!(
        broken(
            &[
                0x0600_0501,
                0x7e12_0280,
                0x7e12_0280,
                0x7e12_0280,
                0x7e12_0280,
                0x7e12_0280,
                0x7e12_0280,
                0x7e12_0280,
                0x7e12_0280,
                0x7e12_0280,
                0x7e12_0280,
                0x7e12_0280,
                0x7e12_0280,
                0x7e12_0280,
                0x7e12_0280,
                0x7e12_0280,
                0xce1f_0001,
                ENDPGM
            ],
            Target::GFX1100
        ),
        [] as [&str; 0]
    );
    // ds_load_b32 v3, v1; lds_direct_load v1 wait_vdst:15
    assert_eq!(broken(&[0xd8d8_0000, 0x0300_0001, 0xce1f_0001, ENDPGM], Target::GFX1100), ["lds-direct-vmem v1 -2"]);
    // global_store_b32 v[2:3], v1, off; v_mov_b32 v9, 0; lds_direct_load v1 wait_vdst:0
    assert_eq!(broken(&[0xdc6a_0000, 0x007c_0102, 0x7e12_0280, 0xce10_0001, ENDPGM], Target::GFX1100), [] as [&str; 0]);
    // ds_load_b32 v3, v1; s_waitcnt_depctr 0xffe3; lds_direct_load v1 wait_vdst:15
    assert_eq!(broken(&[0xd8d8_0000, 0x0300_0001, 0xbf88_ffe3, 0xce1f_0001, ENDPGM], Target::GFX1100), [] as [&str; 0]);
}

/// LLVM: `wmma-hazards.mir`.
#[test]
fn wmma() {
    // v_wmma_f32_16x16x16_f16 v[0:7], v[8:15], v[16:23], v[0:7]; v_wmma_f32_16x16x16_f16 v[24:31], v[0:7], v[16:23], v[24:31]
    assert_eq!(broken(&[0xcc40_4000, 0x1c02_2108, 0xcc40_4018, 0x1c62_2100, ENDPGM], Target::GFX1100), ["wmma v0 -2"]);
    // v_wmma_f32_16x16x16_f16 v[0:7], v[8:15], v[16:23], v[0:7]; v_wmma_f32_16x16x16_f16 v[24:31], v[8:15], v[4:11], v[24:31]
    assert_eq!(broken(&[0xcc40_4000, 0x1c02_2108, 0xcc40_4018, 0x1c62_0908, ENDPGM], Target::GFX1150), ["wmma v4 -2"]);
    // v_wmma_f32_16x16x16_f16 v[0:7], v[8:15], v[16:23], v[0:7]; v_wmma_f32_16x16x16_f16 v[0:7], v[8:15], v[16:23], v[0:7]
    assert_eq!(broken(&[0xcc40_4000, 0x1c02_2108, 0xcc40_4000, 0x1c02_2108, ENDPGM], Target::GFX1100), [] as [&str; 0]);
    // v_wmma_f32_16x16x16_f16 v[0:7], v[8:15], v[16:23], v[0:7]; s_nop 0; v_wmma_f32_16x16x16_f16 v[24:31], v[0:7], v[16:23], v[24:31]
    assert_eq!(
        broken(&[0xcc40_4000, 0x1c02_2108, 0xbf80_0000, 0xcc40_4018, 0x1c62_2100, ENDPGM], Target::GFX1100),
        ["wmma v0 -3"]
    );
    // v_wmma_f32_16x16x16_f16 v[0:7], v[8:15], v[16:23], v[0:7]; v_nop; v_wmma_f32_16x16x16_f16 v[24:31], v[0:7], v[16:23], v[24:31]
    assert_eq!(
        broken(&[0xcc40_4000, 0x1c02_2108, 0x7e00_0000, 0xcc40_4018, 0x1c62_2100, ENDPGM], Target::GFX1100),
        [] as [&str; 0]
    );
    // v_wmma_f32_16x16x16_f16 v[0:7], v[4:11], v[16:23], v[0:7]
    assert_eq!(broken(&[0xcc40_4000, 0x1c02_2104, ENDPGM], Target::GFX1100), ["wmma-overlap v4"]);
    // v_wmma_f32_16x16x16_f16 v[0:7], v[8:15], v[16:23], v[4:11]
    assert_eq!(broken(&[0xcc40_4000, 0x1c12_2108, ENDPGM], Target::GFX1100), ["wmma-overlap v4"]);
}

/// LLVM: `mad_64_32.ll`.
#[test]
fn single_instructions() {
    // v_mad_u64_u32 v[0:1], null, v0, v3, v[4:5]
    assert_eq!(broken(&[0xd6fe_7c00, 0x0412_0700, ENDPGM], Target::GFX1100), ["mad64-overlap v0"]);
    // v_mad_i64_i32 v[4:5], null, v2, v3, v[4:5]
    assert_eq!(broken(&[0xd6ff_7c04, 0x0412_0702, ENDPGM], Target::GFX1100), ["mad64-overlap v4"]);
    // v_mad_u64_u32 v[5:6], null, v2, v3, v[4:5]
    assert_eq!(broken(&[0xd6fe_7c05, 0x0412_0702, ENDPGM], Target::GFX1100), ["mad64-overlap-high v5"]);
    // v_mad_u64_u32 v[0:1], null, v2, v3, v[4:5]
    assert_eq!(broken(&[0xd6fe_7c00, 0x0412_0702, ENDPGM], Target::GFX1100), [] as [&str; 0]);
    // v_mad_u64_u32 v[0:1], null, v0, v3, v[4:5]
    assert_eq!(broken(&[0xd6fe_7c00, 0x0412_0700, ENDPGM], Target::GFX1150), [] as [&str; 0]);
    // v_dot2_f32_f16 v0, v1, v2, v3 op_sel:[1,0,0]
    assert_eq!(broken(&[0xcc13_4800, 0x1c0e_0501, ENDPGM], Target::GFX1100), ["dot-op-sel"]);
    // v_dot4_i32_iu8 v0, v1, v2, v3
    assert_eq!(broken(&[0xcc16_4000, 0x1c0e_0501, ENDPGM], Target::GFX1100), [] as [&str; 0]);
}

/// LLVM: `required-export-priority.ll and release-vgprs.mir`.
#[test]
fn ends() {
    // s_setprio 2; exp mrt0 v0, v1, v2, v3 done
    assert_eq!(broken(&[0xbfb5_0002, 0xf800_080f, 0x0302_0100, ENDPGM], Target::GFX1150), ["export-priority -2"]);
    // s_setprio 2; exp mrt0 v0, v1, v2, v3 done; s_setprio 0; s_nop 0; s_nop 0
    assert_eq!(
        broken(
            &[0xbfb5_0002, 0xf800_080f, 0x0302_0100, 0xbfb5_0000, 0xbf80_0000, 0xbf80_0000, ENDPGM],
            Target::GFX1150
        ),
        [] as [&str; 0]
    );
    // exp pos0 v0, v1, v2, v3; exp pos1 v0, v1, v2, v3 done; s_setprio 0
    assert_eq!(
        broken(&[0xf800_00cf, 0x0302_0100, 0xf800_08df, 0x0302_0100, 0xbfb5_0000, ENDPGM], Target::GFX1150),
        [] as [&str; 0]
    );
    // exp mrt0 v0, v1, v2, v3 done
    assert_eq!(broken(&[0xf800_080f, 0x0302_0100, ENDPGM], Target::GFX1100), [] as [&str; 0]);
    // global_store_b32 v[2:3], v1, off; s_sendmsg sendmsg(MSG_DEALLOC_VGPRS)
    assert_eq!(broken(&[0xdc6a_0000, 0x007c_0102, 0xbfb6_0003, ENDPGM], Target::GFX1100), ["dealloc-nop"]);
    // global_store_b32 v[2:3], v1, off; s_nop 0; s_sendmsg sendmsg(MSG_DEALLOC_VGPRS)
    assert_eq!(broken(&[0xdc6a_0000, 0x007c_0102, 0xbf80_0000, 0xbfb6_0003, ENDPGM], Target::GFX1100), [] as [&str; 0]);
    // s_nop 0; s_sendmsg sendmsg(MSG_DEALLOC_VGPRS); v_mov_b32 v0, 0
    assert_eq!(broken(&[0xbf80_0000, 0xbfb6_0003, 0x7e00_0280, ENDPGM], Target::GFX1100), ["dealloc-use v0 -1"]);
    // scratch_store_b32 v0, v1, off; s_nop 0; s_sendmsg sendmsg(MSG_DEALLOC_VGPRS)
    assert_eq!(
        broken(&[0xdc69_0000, 0x00fc_0100, 0xbf80_0000, 0xbfb6_0003, ENDPGM], Target::GFX1100),
        ["dealloc-scratch -3 s_waitcnt_vscnt null, 0x0"]
    );
    // scratch_store_b32 v0, v1, off; s_waitcnt_vscnt null, 0; s_nop 0; s_sendmsg sendmsg(MSG_DEALLOC_VGPRS)
    assert_eq!(
        broken(&[0xdc69_0000, 0x00fc_0100, 0xbc7c_0000, 0xbf80_0000, 0xbfb6_0003, ENDPGM], Target::GFX1100),
        [] as [&str; 0]
    );
}

/// LLVM: `vmcnt rows: waitcnt-vmem-waw.mir and vmcnt.mir`.
#[test]
fn vector_memory() {
    // global_load_b32 v0, v[2:3], off; v_mov_b32 v1, v0
    assert_eq!(
        broken(&[0xdc52_0000, 0x007c_0002, 0x7e02_0300, ENDPGM], Target::GFX1100),
        ["load-read v0 -2 s_waitcnt vmcnt(0)"]
    );
    // global_load_b32 v0, v[2:3], off; s_waitcnt vmcnt(0); v_mov_b32 v1, v0
    assert_eq!(broken(&[0xdc52_0000, 0x007c_0002, 0xbf89_03f7, 0x7e02_0300, ENDPGM], Target::GFX1100), [] as [&str; 0]);
    // global_load_b32 v0, v[2:3], off; s_waitcnt_vmcnt null, 0; v_mov_b32 v1, v0
    assert_eq!(broken(&[0xdc52_0000, 0x007c_0002, 0xbcfc_0000, 0x7e02_0300, ENDPGM], Target::GFX1100), [] as [&str; 0]);
    // global_load_b32 v0, v[2:3], off; s_waitcnt lgkmcnt(0); v_mov_b32 v1, v0
    assert_eq!(
        broken(&[0xdc52_0000, 0x007c_0002, 0xbf89_fc07, 0x7e02_0300, ENDPGM], Target::GFX1100),
        ["load-read v0 -3 s_waitcnt vmcnt(0)"]
    );
    // global_load_b32 v0, v[2:3], off; global_load_b32 v4, v[2:3], off; s_waitcnt vmcnt(1); v_mov_b32 v1, v0; v_mov_b32 v1, v4
    assert_eq!(
        broken(
            &[0xdc52_0000, 0x007c_0002, 0xdc52_0000, 0x047c_0002, 0xbf89_07f7, 0x7e02_0300, 0x7e02_0304, ENDPGM],
            Target::GFX1100
        ),
        ["load-read v4 -4 s_waitcnt vmcnt(0)"]
    );
    // global_load_b32 v0, v[2:3], off; v_mov_b32 v0, 0
    assert_eq!(
        broken(&[0xdc52_0000, 0x007c_0002, 0x7e00_0280, ENDPGM], Target::GFX1100),
        ["load-overwrite v0 -2 s_waitcnt vmcnt(0)"]
    );
    // global_load_b32 v0, v[2:3], off; global_load_b32 v0, v[4:5], off
    assert_eq!(broken(&[0xdc52_0000, 0x007c_0002, 0xdc52_0000, 0x007c_0004, ENDPGM], Target::GFX1100), [] as [&str; 0]);
    // global_load_b32 v0, v[2:3], off; image_sample v0, v4, s[0:7], s[8:11] dmask:0x1 dim:SQ_RSRC_IMG_1D
    assert_eq!(
        broken(&[0xdc52_0000, 0x007c_0002, 0xf06c_0100, 0x0800_0004, ENDPGM], Target::GFX1100),
        ["load-overwrite v0 -2 s_waitcnt vmcnt(0)"]
    );
    // image_load v0, v4, s[0:7] dmask:0x1 dim:SQ_RSRC_IMG_1D; buffer_load_b32 v0, off, s[0:3], 0
    assert_eq!(broken(&[0xf000_0100, 0x0000_0004, 0xe050_0000, 0x8000_0000, ENDPGM], Target::GFX1100), [] as [&str; 0]);
    // global_load_d16_b16 v0, v[2:3], off; global_load_d16_hi_b16 v0, v[2:3], off; s_waitcnt vmcnt(0); v_mov_b32 v1, v0
    assert_eq!(
        broken(
            &[0xdc82_0000, 0x007c_0002, 0xdc8e_0000, 0x007c_0002, 0xbf89_03f7, 0x7e02_0300, ENDPGM],
            Target::GFX1100
        ),
        [] as [&str; 0]
    );
    // global_store_b32 v[2:3], v0, off; v_mov_b32 v0, 0
    assert_eq!(broken(&[0xdc6a_0000, 0x007c_0002, 0x7e00_0280, ENDPGM], Target::GFX1100), [] as [&str; 0]);
    // global_load_b32 v0, v[2:3], off; global_store_b32 v[2:3], v0, off
    assert_eq!(
        broken(&[0xdc52_0000, 0x007c_0002, 0xdc6a_0000, 0x007c_0002, ENDPGM], Target::GFX1100),
        ["load-read v0 -2 s_waitcnt vmcnt(0)"]
    );
    // global_atomic_add_u32 v0, v[2:3], v1, off glc; v_mov_b32 v1, v0
    assert_eq!(
        broken(&[0xdcd6_4000, 0x007c_0102, 0x7e02_0300, ENDPGM], Target::GFX1100),
        ["load-read v0 -2 s_waitcnt vmcnt(0)"]
    );
    // global_atomic_add_u32 v[2:3], v1, off; v_mov_b32 v1, v0
    assert_eq!(broken(&[0xdcd6_0000, 0x007c_0102, 0x7e02_0300, ENDPGM], Target::GFX1100), [] as [&str; 0]);
    // buffer_atomic_swap_b32 v0, off, s[0:3], 0 glc; v_mov_b32 v1, v0
    assert_eq!(
        broken(&[0xe0cc_4000, 0x8000_0000, 0x7e02_0300, ENDPGM], Target::GFX1100),
        ["load-read v0 -2 s_waitcnt vmcnt(0)"]
    );
    // flat_load_b32 v0, v[2:3]; s_waitcnt vmcnt(0); v_mov_b32 v1, v0
    assert_eq!(
        broken(&[0xdc50_0000, 0x007c_0002, 0xbf89_03f7, 0x7e02_0300, ENDPGM], Target::GFX1100),
        ["load-read v0 -3 s_waitcnt lgkmcnt(0)"]
    );
    // flat_load_b32 v0, v[2:3]; s_waitcnt vmcnt(0) lgkmcnt(0); v_mov_b32 v1, v0
    assert_eq!(broken(&[0xdc50_0000, 0x007c_0002, 0xbf89_0007, 0x7e02_0300, ENDPGM], Target::GFX1100), [] as [&str; 0]);
}

/// LLVM: `lgkmcnt rows: smem and lds tests of si-insert-waitcnts`.
#[test]
fn scalar_and_lds() {
    // s_load_b32 s0, s[2:3], 0; s_load_b32 s1, s[2:3], 4; s_waitcnt lgkmcnt(1); s_mov_b32 s4, s0
    assert_eq!(
        broken(
            &[0xf400_0001, 0xf800_0000, 0xf400_0041, 0xf800_0004, 0xbf89_fc17, 0xbe84_0000, ENDPGM],
            Target::GFX1100
        ),
        ["load-read s0 -5 s_waitcnt lgkmcnt(0)"]
    );
    // s_load_b32 s0, s[2:3], 0; s_waitcnt lgkmcnt(0); s_mov_b32 s4, s0
    assert_eq!(broken(&[0xf400_0001, 0xf800_0000, 0xbf89_fc07, 0xbe84_0000, ENDPGM], Target::GFX1100), [] as [&str; 0]);
    // s_load_b64 s[2:3], s[2:3], 0; s_mov_b32 s3, 0
    assert_eq!(
        broken(&[0xf404_0081, 0xf800_0000, 0xbe83_0080, ENDPGM], Target::GFX1100),
        ["load-overwrite s3 -2 s_waitcnt lgkmcnt(0)"]
    );
    // s_load_b32 vcc_lo, s[2:3], 0; s_cbranch_vccz 0
    assert_eq!(
        broken(&[0xf400_1a81, 0xf800_0000, 0xbfa3_0000, ENDPGM], Target::GFX1100),
        ["load-read vcc_lo -2 s_waitcnt lgkmcnt(0)"]
    );
    // ds_load_b32 v0, v1; ds_load_b32 v2, v1; s_waitcnt lgkmcnt(1); v_mov_b32 v3, v0; v_mov_b32 v3, v2
    assert_eq!(
        broken(
            &[0xd8d8_0000, 0x0000_0001, 0xd8d8_0000, 0x0200_0001, 0xbf89_fc17, 0x7e06_0300, 0x7e06_0302, ENDPGM],
            Target::GFX1100
        ),
        ["load-read v2 -4 s_waitcnt lgkmcnt(0)"]
    );
    // s_load_b32 s0, s[2:3], 0; ds_load_b32 v2, v1; ds_load_b32 v0, v1; s_waitcnt lgkmcnt(1); v_mov_b32 v3, v2
    assert_eq!(
        broken(
            &[
                0xf400_0001,
                0xf800_0000,
                0xd8d8_0000,
                0x0200_0001,
                0xd8d8_0000,
                0x0000_0001,
                0xbf89_fc17,
                0x7e06_0302,
                ENDPGM
            ],
            Target::GFX1100
        ),
        [] as [&str; 0]
    );
    // ds_load_b32 v2, v1; s_load_b32 s0, s[2:3], 0; s_waitcnt lgkmcnt(1); v_mov_b32 v3, v2
    assert_eq!(
        broken(
            &[0xd8d8_0000, 0x0200_0001, 0xf400_0001, 0xf800_0000, 0xbf89_fc17, 0x7e06_0302, ENDPGM],
            Target::GFX1100
        ),
        ["load-read v2 -5 s_waitcnt lgkmcnt(0)"]
    );
    // ds_add_rtn_u32 v0, v1, v2; v_mov_b32 v3, v0
    assert_eq!(
        broken(&[0xd880_0000, 0x0000_0201, 0x7e06_0300, ENDPGM], Target::GFX1100),
        ["load-read v0 -2 s_waitcnt lgkmcnt(0)"]
    );
    // s_sendmsg_rtn_b32 s0, sendmsg(MSG_RTN_GET_DOORBELL); s_mov_b32 s1, s0
    assert_eq!(broken(&[0xbe80_4c80, 0xbe81_0000, ENDPGM], Target::GFX1100), ["load-read s0 -1 s_waitcnt lgkmcnt(0)"]);
    // s_sendmsg_rtn_b32 s0, sendmsg(MSG_RTN_GET_DOORBELL); s_waitcnt_lgkmcnt null, 0; s_mov_b32 s1, s0
    assert_eq!(broken(&[0xbe80_4c80, 0xbdfc_0000, 0xbe81_0000, ENDPGM], Target::GFX1100), [] as [&str; 0]);
}

/// LLVM: `expcnt rows: expcnt tests of si-insert-waitcnts and lds-direct`.
#[test]
fn exports() {
    // exp mrt0 v0, v1, v2, v3 done; v_mov_b32 v2, 0
    assert_eq!(
        broken(&[0xf800_080f, 0x0302_0100, 0x7e04_0280, ENDPGM], Target::GFX1100),
        ["export-overwrite v2 -2 s_waitcnt expcnt(0)"]
    );
    // exp mrt0 v0, v1, v2, v3 done; s_waitcnt expcnt(0); v_mov_b32 v2, 0
    assert_eq!(broken(&[0xf800_080f, 0x0302_0100, 0xbf89_fff0, 0x7e04_0280, ENDPGM], Target::GFX1100), [] as [&str; 0]);
    // exp pos0 v0, v1, v2, v3; exp pos1 v4, v4, v4, v4; s_waitcnt expcnt(1); v_mov_b32 v2, 0
    assert_eq!(
        broken(
            &[0xf800_00cf, 0x0302_0100, 0xf800_00df, 0x0404_0404, 0xbf89_fff1, 0x7e04_0280, ENDPGM],
            Target::GFX1100
        ),
        [] as [&str; 0]
    );
    // exp pos0 v0, v1, v2, v3; exp mrt0 v4, v4, v4, v4; s_waitcnt expcnt(1); v_mov_b32 v2, 0
    assert_eq!(
        broken(
            &[0xf800_00cf, 0x0302_0100, 0xf800_000f, 0x0404_0404, 0xbf89_fff1, 0x7e04_0280, ENDPGM],
            Target::GFX1100
        ),
        ["export-overwrite v2 -5 s_waitcnt expcnt(0)"]
    );
    // exp mrt0 v0, v1, v2, v3 done; s_mov_b32 exec_lo, 0
    assert_eq!(
        broken(&[0xf800_080f, 0x0302_0100, 0xbefe_0080, ENDPGM], Target::GFX1100),
        ["export-exec -2 s_waitcnt expcnt(0)"]
    );
    // lds_param_load v0, attr0.x wait_vdst:0; v_interp_p10_f32 v1, v0, v2, v0 wait_exp:7
    assert_eq!(
        broken(&[0xce00_0000, 0xcd00_0701, 0x0402_0500, ENDPGM], Target::GFX1100),
        ["load-read v0 -1 s_waitcnt expcnt(0)"]
    );
    // lds_param_load v0, attr0.x wait_vdst:0; v_interp_p10_f32 v1, v0, v2, v0 wait_exp:0
    assert_eq!(broken(&[0xce00_0000, 0xcd00_0001, 0x0402_0500, ENDPGM], Target::GFX1100), [] as [&str; 0]);
}

/// A load in one arm of a branch, read behind the join; and a load at the end of a loop, read at its start.
#[test]
fn paths_join() {
    // s_cbranch_scc1 +2; global_load_b32 v0, v[2:3], off; v_mov_b32 v1, v0
    let arm = [0xbfa2_0002, 0xdc52_0000, 0x007c_0002, 0x7e02_0300, ENDPGM];
    assert_eq!(broken(&arm, Target::GFX1100), ["load-read v0 -2 s_waitcnt vmcnt(0)"]);
    // v_mov_b32 v1, v0; v_exp_f32 v4, v5; global_load_b32 v0, v[2:3], off; s_cbranch_scc1 -5
    let around = [0x7e02_0300, 0x7e08_4b05, 0xdc52_0000, 0x007c_0002, 0xbfa2_fffb, ENDPGM];
    let report = check::code(&bytes(&around), 0x100, Target::GFX1100);
    assert_eq!(report.findings.len(), 1);
    assert_eq!((report.findings[0].address, report.findings[0].earlier), (0x100, Some(0x108)));
    // v_add_f32 v1, v4, v4; v_exp_f32 v4, v5; s_cbranch_scc1 -3: the result meets the start of the loop.
    let hazard = [0x0602_0904, 0x7e08_4b05, 0xbfa2_fffd, ENDPGM];
    let report = check::code(&bytes(&hazard), 0, Target::GFX1100);
    assert_eq!(report.findings.len(), 1);
    assert_eq!((report.findings[0].rule.id, report.findings[0].address), ("valu-trans-use", 0));
    // A second load in one arm: vmcnt(1) is enough behind that one alone.
    // global_load_b32 v0; s_cbranch_scc1 +2; global_load_b32 v6; s_waitcnt vmcnt(1); v_mov_b32 v1, v0
    let shorter = [0xdc52_0000, 0x007c_0002, 0xbfa2_0002, 0xdc52_0000, 0x067c_0002, 0xbf89_07f7, 0x7e02_0300, ENDPGM];
    assert_eq!(broken(&shorter, Target::GFX1100), ["load-read v0 -6 s_waitcnt vmcnt(0)"]);
    // Two loads later in the loop, vmcnt(1) is enough around it once, and on the way in there is none to wait for:
    // s_waitcnt vmcnt(1); v_mov_b32 v1, v0; global_load_b32 v0; global_load_b32 v6; s_cbranch_scc1 -7
    let enough = [0xbf89_07f7, 0x7e02_0300, 0xdc52_0000, 0x007c_0002, 0xdc52_0000, 0x067c_0002, 0xbfa2_fff9, ENDPGM];
    assert_eq!(broken(&enough, Target::GFX1100), [] as [&str; 0]);
}

#[test]
fn the_way_is_lost_visibly() {
    let unknown = |words: &[u32]| check::code(&bytes(words), 0, Target::GFX1100).unknown;
    // s_setpc_b64 s[0:1]
    assert_eq!(unknown(&[0xbe80_4800]), [(0, check::Unknown::Jump)]);
    // s_swappc_b64 s[2:3], s[0:1]
    assert_eq!(unknown(&[0xbe82_4900, ENDPGM]), [(0, check::Unknown::Call)]);
    // s_branch +9
    assert_eq!(unknown(&[0xbfa0_0009, ENDPGM]), [(0, check::Unknown::Target)]);
    assert_eq!(unknown(&[0xffff_ffff, 0xffff_ffff, ENDPGM]), [(0, check::Unknown::Code)]);
    // s_nop 0
    assert_eq!(unknown(&[0xbf80_0000]), [(0, check::Unknown::End)]);
    assert_eq!(unknown(&[]), []);
}

proptest! {
    #[test]
    fn random_bytes_are_no_trouble(bytes in prop::collection::vec(any::<u8>(), 0..4000), wave64: bool, gfx1150: bool) {
        let target = Target {
            gfx: if gfx1150 { Gfx::Gfx1150 } else { Gfx::Gfx1100 },
            wave: if wave64 { WaveSize::Wave64 } else { WaveSize::Wave32 },
        };
        let report = check::code_strict(&bytes, u64::MAX - 100, target);
        prop_assert!(report.instructions <= bytes.len() / 4);
    }

    /// Words that are branches or memory instructions more often than not: many paths, much under way.
    #[test]
    fn wild_branches_end(seeds in prop::collection::vec((0_u8..4, any::<u32>(), any::<u32>()), 1..400), wave64: bool) {
        let words: Vec<u32> = seeds.into_iter().flat_map(|(kind, a, b)| match kind {
            0 => [0xbfa2_0000 | a & 0xff, 0xbfa2_ff00 | b & 0xff],
            1 => [0xdc52_0000, b & 0xff7f_ffff],
            2 => [0x7e00_4b00 | a & 0x001f_00ff, 0x0600_0100 | b & 0x001f_1f1f],
            _ => [a, b],
        }).collect();
        let target = if wave64 { Target::GFX1100_WAVE64 } else { Target::GFX1100 };
        let report = check::code_strict(&bytes(&words), 0, target);
        let mut sorted = report.findings.clone();
        sorted.sort_by_key(|finding| finding.address);
        prop_assert_eq!(&sorted, &report.findings);
    }
}
