// A convolution of 64 channels into 64, 3 by 3, stride 1, padding 1, 56 by 56, single precision: layer conv2_x of
// ResNet-50.
//
// Input and output are NCHW. A workgroup of 4 waves makes a tile of 8 by 8 outputs; a lane has 2 of them, 4 rows apart,
// and a wave 16 of the output channels, so that a weight is one SGPR for the wave. Input channels go in blocks of 16: a
// block's tile with its border of 1 is staged in LDS, in two buffers by turns, while the block before is worked on.
// Weights are packed as [output channels / 16][input channels / 16][9 taps][16 input channels][16 output channels].
//
// Each sum begins at +0 and goes through blocks of 16 input channels, rows and columns of the filter, and the block's
// channels, with one rounding for each product. In the padding the input is 0, so weights must be finite.

        .amdgcn_target "amdgcn-amd-amdhsa--gfx1100"
        .amdhsa_code_object_version 5

        .set WIDTH, 56
        .set CHANNELS, 64
        .set PLANE, WIDTH * WIDTH * 4           // bytes of a channel
        .set TAPS, 9
        .set TAP_WEIGHTS, 16 * 16 * 4           // bytes of a wave's weights for a tap and a block
        .set WAVE_WEIGHTS, CHANNELS / 16 * TAPS * TAP_WEIGHTS

// LDS: a row has 10 inputs and is 24 dwords long, so that 8 columns of 4 rows are in 32 banks. A channel is 256 dwords,
// 4 units of the stride-64 instructions.
        .set EDGE, 10
        .set LDS_ROW, 24 * 4
        .set LDS_CHANNEL, 1024
        .set LDS_BUFFER, 16 * LDS_CHANNEL

// SGPRs
        .set KERNARG, 0                         // 2
        .set WEIGHTS, 2                         // 2: the next tap's
        .set INPUT, 4                           // 4: resource
        .set OUTPUT, 8                          // 4: resource
        .set PLANE_AT, 12                       // offset of the channel to stage next
        .set TAP, 13
        .set TILE_X, 14                         // workgroup's numbers
        .set TILE_Y, 15
        .set STAGING, 16                        // lanes that stage
        .set BLOCKS, 17                         // blocks to stage yet
        .set SCRAP, 18                          // 2
        .set OFFSETS, 20                        // 8: offsets of channels
        .set W, 32                              // 2 by 2 by 16: weights of two channels, twice

// VGPRs. VOPD wants the two sums in registers of different parity, the two inputs in different banks of 4.
        .set SUM, 0                             // 16 by 2: output channel, pixel
        .set X, 32                              // 2 by 2 by 2: buffer, pixel, channel
        .set STAGED, 40                         // 16: inputs on their way to LDS
        .set FROM, 56                           // offset of the input to stage, out of range in the padding
        .set TO, 57                             // where in LDS it goes
        .set READ, 58                           // first tap of the first pixel in LDS
        .set NEAR, 59                           // the tap at hand, first pixel
        .set FAR, 60                            // and second pixel
        .set T0, 61
        .set T1, 62
        .set T2, 63

// The weights of channels 2 pair and 2 pair + 1, `ahead` taps on, into half `half`.
        .macro load_weights half, pair, ahead
        s_clause 0x1
        s_load_b512 s[W+32*(\half) : W+32*(\half)+15], s[WEIGHTS:WEIGHTS+1], \ahead*TAP_WEIGHTS+128*(\pair)
        s_load_b512 s[W+32*(\half)+16 : W+32*(\half)+31], s[WEIGHTS:WEIGHTS+1], \ahead*TAP_WEIGHTS+128*(\pair)+64
        .endm

// The inputs of the same channels for both pixels.
        .macro load_inputs half, pair
        s_clause 0x1
        ds_load_2addr_stride64_b32 v[X+4*(\half) : X+4*(\half)+1], v[NEAR] offset0:8*(\pair) offset1:8*(\pair)+4
        ds_load_2addr_stride64_b32 v[X+4*(\half)+2 : X+4*(\half)+3], v[FAR] offset0:8*(\pair) offset1:8*(\pair)+4
        .endm

// 2 channels into 32 sums.
        .macro multiply half
        .set channel, 0
        .rept 2
        .set output, 0
        .rept 16
        .set sum, SUM + 2*output
        .set weight, W + 32*(\half) + 16*channel + output
        .set input, X + 4*(\half) + channel
        v_dual_fmac_f32 v[sum], s[weight], v[input] :: v_dual_fmac_f32 v[sum+1], s[weight], v[input+2]
        .set output, output + 1
        .endr
        .set channel, channel + 1
        .endr
        .endm

// Starts the loads of the next block's inputs.
        .macro fetch_block
        s_mov_b32 exec_lo, s[STAGING]
        .set batch, 0
        .rept 2
        .set n, 0
        .rept 8
        s_mov_b32 s[OFFSETS+n], s[PLANE_AT]
        s_add_i32 s[PLANE_AT], s[PLANE_AT], PLANE
        .set n, n + 1
        .endr
        s_clause 0x7
        .set n, 0
        .rept 8
        buffer_load_b32 v[STAGED+8*batch+n], v[FROM], s[INPUT:INPUT+3], s[OFFSETS+n] offen
        .set n, n + 1
        .endr
        .set batch, batch + 1
        .endr
        s_mov_b32 exec_lo, -1
        .endm

// Stores them to the other buffer of LDS.
        .macro stage_block
        v_xor_b32 v[TO], LDS_BUFFER, v[TO]
        s_waitcnt vmcnt(0)
        s_mov_b32 exec_lo, s[STAGING]
        s_clause 0x7
        .set n, 0
        .rept 8
        ds_store_2addr_stride64_b32 v[TO], v[STAGED+2*n], v[STAGED+2*n+1] offset0:8*n offset1:8*n+4
        .set n, n + 1
        .endr
        s_mov_b32 exec_lo, -1
        .endm

        .text
        .globl conv3x3
        .p2align 8
        .type conv3x3,@function
conv3x3:
        s_clause 0x1
        s_load_b128 s[20:23], s[KERNARG:KERNARG+1], 0       // input, weights
        s_load_b64 s[24:25], s[KERNARG:KERNARG+1], 16       // output

        // Thread q < 100 stages row q / 10 and column q mod 10 of the tile with its border.
        v_mul_u32_u24 v[T0], 6554, v0
        v_cmp_gt_u32 s[STAGING], EDGE * EDGE, v0
        v_lshrrev_b32 v[T0], 16, v[T0]                      // row
        v_mul_u32_u24 v[T1], EDGE, v[T0]
        v_sub_nc_u32 v[T1], v0, v[T1]                       // column
        v_mul_u32_u24 v[TO], LDS_ROW / 4, v[T0]
        v_add_lshl_u32 v[TO], v[TO], v[T1], 2
        v_or_b32 v[TO], LDS_BUFFER, v[TO]                   // the first store goes to buffer 0
        s_lshl_b32 s[SCRAP], s[TILE_Y], 3
        s_lshl_b32 s[SCRAP+1], s[TILE_X], 3
        v_add3_u32 v[T0], v[T0], s[SCRAP], -1
        v_add3_u32 v[T1], v[T1], s[SCRAP+1], -1
        v_mul_i32_i24 v[T2], WIDTH, v[T0]
        v_cmp_gt_u32 vcc_lo, WIDTH, v[T0]
        v_cmp_gt_u32 s[TAP], WIDTH, v[T1]
        v_add_lshl_u32 v[T2], v[T2], v[T1], 2
        s_and_b32 vcc_lo, vcc_lo, s[TAP]
        v_cndmask_b32 v[FROM], 0x80000000, v[T2], vcc_lo

        // Lane l has column l mod 8 and rows l / 8 and l / 8 + 4.
        v_and_b32 v[T0], 7, v0
        v_bfe_u32 v[T1], v0, 3, 2
        v_readfirstlane_b32 s[TAP], v0
        v_mul_u32_u24 v[READ], LDS_ROW / 4, v[T1]
        v_add_lshl_u32 v[READ], v[READ], v[T0], 2
        // T2: offset of its first output.
        v_add_nc_u32 v[T1], s[SCRAP], v[T1]
        v_add_nc_u32 v[T0], s[SCRAP+1], v[T0]
        v_mul_u32_u24 v[T1], WIDTH, v[T1]
        v_add_lshl_u32 v[T2], v[T1], v[T0], 2

        s_lshr_b32 s[TAP], s[TAP], 5                        // wave
        s_mul_i32 s[SCRAP], s[TAP], WAVE_WEIGHTS
        s_waitcnt lgkmcnt(0)
        s_add_u32 s[WEIGHTS], s22, s[SCRAP]
        s_addc_u32 s[WEIGHTS+1], s23, 0
        s_mov_b32 s[INPUT], s20
        s_and_b32 s[INPUT+1], s21, 0xffff
        s_mov_b32 s[INPUT+2], CHANNELS * PLANE
        s_mov_b32 s[INPUT+3], 0x30016fac                    // raw, checked by the byte, 32-bit floats
        s_mov_b32 s[OUTPUT], s24
        s_and_b32 s[OUTPUT+1], s25, 0xffff
        s_mov_b32 s[OUTPUT+2], CHANNELS * PLANE
        s_mov_b32 s[OUTPUT+3], 0x30016fac
        s_mul_i32 s[SCRAP+1], s[TAP], 16 * PLANE            // the wave's first output channel

        s_mov_b32 s[PLANE_AT], 0
        s_mov_b32 s[BLOCKS], CHANNELS / 16 - 1
        fetch_block
        .set n, 0
        .rept 16
        v_dual_mov_b32 v[SUM+n], 0 :: v_dual_mov_b32 v[SUM+16+n+1-2*(n&1)], 0
        .set n, n + 1
        .endr
        stage_block

block:
        load_weights 0, 0, 0
        v_mov_b32 v[NEAR], v[READ]
        v_add_nc_u32 v[FAR], 4 * LDS_ROW, v[READ]
        v_xor_b32 v[READ], LDS_BUFFER, v[READ]
        s_mov_b32 s[TAP], 0
        // Everyone's inputs are in LDS, and no one reads the other buffer any more.
        s_waitcnt lgkmcnt(0)
        s_barrier
        load_inputs 0, 0
        s_cmp_eq_u32 s[BLOCKS], 0
        s_cbranch_scc1 tap
        fetch_block

        .p2align 6
tap:
        .set pair, 0
        .rept 7
        s_waitcnt lgkmcnt(0)
        load_weights (pair+1)&1, (pair+1), 0
        load_inputs (pair+1)&1, (pair+1)
        multiply pair&1
        .set pair, pair + 1
        .endr
        s_waitcnt lgkmcnt(0)
        // The next tap is a column on, or from the third column two back and a row on.
        s_add_i32 s[TAP], s[TAP], 1
        s_cmp_eq_u32 s[TAP], TAPS
        s_cbranch_scc1 last_pair
        s_bitcmp1_b32 0x48, s[TAP]
        s_cselect_b32 s[SCRAP], LDS_ROW - 8, 4
        v_add_nc_u32 v[NEAR], s[SCRAP], v[NEAR]
        v_add_nc_u32 v[FAR], s[SCRAP], v[FAR]
        load_weights 0, 0, 1
        load_inputs 0, 0
last_pair:
        s_add_u32 s[WEIGHTS], s[WEIGHTS], TAP_WEIGHTS
        s_addc_u32 s[WEIGHTS+1], s[WEIGHTS+1], 0
        multiply 1
        s_cmp_lg_u32 s[TAP], TAPS
        s_cbranch_scc1 tap

        s_cmp_eq_u32 s[BLOCKS], 0
        s_cbranch_scc1 done
        s_sub_i32 s[BLOCKS], s[BLOCKS], 1
        stage_block
        s_branch block

done:
        .set output, 0
        .rept 16
        s_clause 0x1
        buffer_store_b32 v[SUM+2*output], v[T2], s[OUTPUT:OUTPUT+3], s[SCRAP+1] offen
        buffer_store_b32 v[SUM+2*output+1], v[T2], s[OUTPUT:OUTPUT+3], s[SCRAP+1] offen offset:4*WIDTH*4
        s_add_i32 s[SCRAP+1], s[SCRAP+1], PLANE
        .set output, output + 1
        .endr
        s_nop 0
        s_sendmsg sendmsg(MSG_DEALLOC_VGPRS)
        s_endpgm
.Lend:
        .size conv3x3, .Lend-conv3x3
        // What the instruction fetch may run into. Source: LLVM `AMDGPUAsmPrinter.cpp`, code end.
        .p2alignl 7, 0xbf9f0000
        .fill 96, 4, 0xbf9f0000

        .section .rodata,"a",@progbits
        .p2align 6
        .amdhsa_kernel conv3x3
                .amdhsa_group_segment_fixed_size 2 * LDS_BUFFER
                .amdhsa_kernarg_size 24
                .amdhsa_user_sgpr_kernarg_segment_ptr 1
                .amdhsa_user_sgpr_count 14
                .amdhsa_system_sgpr_workgroup_id_x 1
                .amdhsa_system_sgpr_workgroup_id_y 1
                .amdhsa_system_vgpr_workitem_id 0
                .amdhsa_next_free_vgpr 64
                .amdhsa_next_free_sgpr 96
                .amdhsa_reserve_vcc 1
                .amdhsa_wavefront_size32 1
                .amdhsa_workgroup_processor_mode 1
                .amdhsa_memory_ordered 1
                .amdhsa_float_denorm_mode_32 3
                .amdhsa_float_denorm_mode_16_64 3
                .amdhsa_ieee_mode 1
                .amdhsa_dx10_clamp 1
        .end_amdhsa_kernel
