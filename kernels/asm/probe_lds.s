// Two waves exchange values through LDS: its allocation, and the barrier.
//
// Workgroups of 64. Argument: out. With i = the lane's number in its workgroup g,
// out[64 g + i] = 1000 g + 3 (63 - i): what the mirrored lane, of the other wave, has left in LDS.

        .include "probe.inc"

        .set OUT, 4                             // SGPRs, 2
        .set SEED, 6
        .set FIRST, 7
        .set I, 0                               // VGPRs
        .set VALUE, 1
        .set AT, 2

        begin   probe_lds
        s_load_b64 s[OUT:OUT+1], s[0:1], 0
        s_mul_i32 s[SEED], s[GROUP], 1000
        s_lshl_b32 s[FIRST], s[GROUP], 6
        v_and_b32 v[I], 0x3ff, v[I]
        v_mul_u32_u24 v[VALUE], 3, v[I]
        v_add_nc_u32 v[VALUE], s[SEED], v[VALUE]
        v_lshlrev_b32 v[AT], 2, v[I]
        ds_store_b32 v[AT], v[VALUE]
        s_waitcnt lgkmcnt(0)                    // The store is done before the barrier says so.
        s_barrier
        v_sub_nc_u32 v[AT], 63*4, v[AT]
        ds_load_b32 v[VALUE], v[AT]
        v_add_nc_u32 v[AT], s[FIRST], v[I]
        v_lshlrev_b32 v[AT], 2, v[AT]
        s_waitcnt lgkmcnt(0)
        global_store_b32 v[AT], v[VALUE], s[OUT:OUT+1]
        end_wave
        finish  probe_lds, wave32=1, vgprs=3, lds=256, kernarg=8

        .amdgpu_metadata
---
amdhsa.version: [ 1, 2 ]
amdhsa.target: amdgcn-amd-amdhsa--gfx11-generic
amdhsa.kernels:
  - .name: probe_lds
    .symbol: probe_lds.kd
    .kernarg_segment_size: 8
    .kernarg_segment_align: 8
    .group_segment_fixed_size: 256
    .private_segment_fixed_size: 0
    .wavefront_size: 32
    .sgpr_count: 16
    .vgpr_count: 3
    .max_flat_workgroup_size: 64
    .args:
      - { .name: out, .offset: 0, .size: 8, .value_kind: global_buffer, .address_space: global }
...
        .end_amdgpu_metadata
