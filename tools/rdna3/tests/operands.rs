//! What instructions read and write beyond their text.
//!
//! Where LLVM ties a destination to a source, `llvm-mc-19 -disassemble -show-inst` lists the register twice; M0 is from
//! the `Uses` of LLVM's `DSInstructions.td`, `SOPInstructions.td` and `EXPInstructions.td`.
#![allow(clippy::unwrap_used)]

use sparkle_rdna3::{Reg, Target, decode};

fn reads(words: &[u32], reg: Reg) -> bool {
    decode(words, Target::GFX1150).unwrap().reads().any(|(first, count)| (0..count).any(|at| first.nth(at) == reg))
}

fn writes(words: &[u32], reg: Reg) -> bool {
    decode(words, Target::GFX1150).unwrap().writes().any(|(first, count)| (0..count).any(|at| first.nth(at) == reg))
}

#[test]
fn a_destination_that_keeps_a_part_is_read() {
    let vector: &[&[u32]] = &[
        // buffer_load_d16_hi_i8 v5, off, s[8:11], s4
        &[0xe088_0000, 0x0402_0500],
        // buffer_load_d16_u8 v5, off, s[8:11], s4
        &[0xe078_0000, 0x0402_0500],
        // buffer_load_d16_hi_format_x v5, off, s[8:11], s4
        &[0xe098_0000, 0x0402_0500],
        // global_load_d16_b16 v5, v[0:1], off
        &[0xdc82_0000, 0x057c_0000],
        // global_load_d16_hi_u8 v5, v[0:1], off
        &[0xdc86_0000, 0x057c_0000],
        // scratch_load_d16_i8 v5, off, s4
        &[0xdc7d_0000, 0x0504_0000],
        // flat_load_d16_b16 v5, v[0:1]
        &[0xdc80_0000, 0x057c_0000],
        // ds_load_u16_d16 v5, v0
        &[0xda98_0000, 0x0500_0000],
        // ds_load_i8_d16_hi v5, v0
        &[0xda94_0000, 0x0500_0000],
        // v_dot2acc_f32_f16 v5, v0, v1
        &[0x040a_0300],
        // v_fmac_f32 v5, v0, v1
        &[0x560a_0300],
        // v_fmac_f16 v5, v0, v1
        &[0x6c0a_0300],
        // v_fmac_dx9_zero_f32 v5, v0, v1
        &[0x0c0a_0300],
        // v_pk_fmac_f16 v5, v0, v1
        &[0x780a_0300],
        // v_fma_mixlo_f16 v5, v0, v1, v2
        &[0xcc21_0005, 0x040a_0300],
        // v_fma_mixhi_f16 v5, v0, v1, v2
        &[0xcc22_0005, 0x040a_0300],
        // v_swap_b32 v5, v0
        &[0x7e0a_cb00],
        // v_writelane_b32 v5, s0, s1
        &[0xd761_0005, 0x0000_0200],
        // image_atomic_add v5, v7, s[8:15] dmask:0x1 dim:SQ_RSRC_IMG_1D glc
        &[0xf030_4100, 0x0002_0507],
        // buffer_atomic_add_u32 v5, off, s[8:11], s4 glc
        &[0xe0d4_4000, 0x0402_0500],
        // v_dual_fmac_f32 v5, v0, v1 :: v_dual_mov_b32 v2, v3
        &[0xc810_0300, 0x0502_0103],
    ];
    for words in vector {
        assert!(reads(words, Reg::Vgpr(5)) && writes(words, Reg::Vgpr(5)), "{words:x?}");
    }
    let scalar: &[&[u32]] = &[
        // s_addk_i32 s5, 2
        &[0xb785_0002],
        // s_mulk_i32 s5, 2
        &[0xb805_0002],
        // s_fmac_f32 s5, s0, s1
        &[0xa385_0100],
        // s_cmov_b32 s5, s0
        &[0xbe85_0200],
        // s_bitset0_b32 s5, s0
        &[0xbe85_1000],
        // s_cmovk_i32 s5, 2
        &[0xb105_0002],
    ];
    for words in scalar {
        assert!(reads(words, Reg::Sgpr(5)) && writes(words, Reg::Sgpr(5)), "{words:x?}");
    }
    // ds_bvh_stack_rtn_b32 v0, v5, v1, v[8:11]: the address is the stack's, and moves on.
    let stack = [0xdab4_0000, 0x0008_0105];
    assert!(reads(&stack, Reg::Vgpr(5)) && writes(&stack, Reg::Vgpr(5)) && writes(&stack, Reg::Vgpr(0)));
}

#[test]
fn m0_is_read_where_llvm_says_so() {
    let with: &[&[u32]] = &[
        // ds_append v5
        &[0xd8f8_0000, 0x0500_0000],
        // ds_consume v5
        &[0xd8f4_0000, 0x0500_0000],
        // ds_load_addtid_b32 v5
        &[0xdac4_0000, 0x0500_0000],
        // ds_gws_barrier v0 gds
        &[0xd876_0000, 0x0000_0000],
        // ds_gws_sema_v gds
        &[0xd86a_0000, 0x0000_0000],
        // ds_gws_init v0 gds
        &[0xd866_0000, 0x0000_0000],
        // ds_ordered_count v5, v0 gds
        &[0xd8fe_0000, 0x0500_0000],
        // ds_add_gs_reg_rtn v[5:6], v0 gds
        &[0xd9ea_0000, 0x0500_0000],
        // s_ttracedata
        &[0xbfba_0000],
        // s_sendmsg sendmsg(MSG_INTERRUPT)
        &[0xbfb6_0001],
        // s_movrels_b32 s0, s1
        &[0xbe80_4001],
        // v_movreld_b32 v0, v1
        &[0x7e00_8501],
        // lds_direct_load v0 wait_vdst:0
        &[0xce10_0000],
        // exp mrt0 v0, v1, v2, v3 done row_en
        &[0xf800_280f, 0x0302_0100],
    ];
    for words in with {
        assert!(reads(words, Reg::M0), "{words:x?}");
    }
    let without: &[&[u32]] = &[
        // ds_load_b32 v5, v0
        &[0xd8d8_0000, 0x0500_0000],
        // ds_store_b32 v5, v0
        &[0xd834_0000, 0x0000_0005],
        // ds_add_u32 v5, v0
        &[0xd800_0000, 0x0000_0005],
        // exp mrt0 v0, v1, v2, v3 done
        &[0xf800_080f, 0x0302_0100],
        // global_load_b32 v5, v[0:1], off
        &[0xdc52_0000, 0x057c_0000],
        // s_load_b32 s0, s[2:3], 0
        &[0xf400_0001, 0xf800_0000],
    ];
    for words in without {
        assert!(!reads(words, Reg::M0), "{words:x?}");
    }
}
