// Waves of 64 lanes: whether the dispatch and the code agree about it.
//
// Workgroups of 64. Argument: out. out[i] = i + 65536 n, where i is the lane's number in its wave and n the number of
// lanes in EXEC: 64, and 32 where the wave has started with 32 lanes.

        .include "probe.inc"

        .set OUT, 4                             // SGPRs, 2
        .set LANES, 6
        .set I, 0                               // VGPRs
        .set AT, 1

        begin   probe_wave64
        s_load_b64 s[OUT:OUT+1], s[0:1], 0
        s_bcnt1_i32_b64 s[LANES], exec
        s_lshl_b32 s[LANES], s[LANES], 16
        v_mbcnt_lo_u32_b32 v[I], -1, 0
        v_mbcnt_hi_u32_b32 v[I], -1, v[I]
        v_lshlrev_b32 v[AT], 2, v[I]
        v_add_nc_u32 v[I], s[LANES], v[I]
        s_waitcnt lgkmcnt(0)
        global_store_b32 v[AT], v[I], s[OUT:OUT+1]
        end_wave
        finish  probe_wave64, wave32=0, vgprs=2, lds=0, kernarg=8

        .amdgpu_metadata
---
amdhsa.version: [ 1, 2 ]
amdhsa.target: amdgcn-amd-amdhsa--gfx11-generic
amdhsa.kernels:
  - .name: probe_wave64
    .symbol: probe_wave64.kd
    .kernarg_segment_size: 8
    .kernarg_segment_align: 8
    .group_segment_fixed_size: 0
    .private_segment_fixed_size: 0
    .wavefront_size: 64
    .sgpr_count: 16
    .vgpr_count: 2
    .max_flat_workgroup_size: 64
    .args:
      - { .name: out, .offset: 0, .size: 8, .value_kind: global_buffer, .address_space: global }
...
        .end_amdgpu_metadata
