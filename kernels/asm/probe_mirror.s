// A map from one array of 4096 to another, mirrored: two of them in a row need a barrier between, as each reads what
// other workgroups of the one before have written.
//
// 64 workgroups of 64. Arguments: to, from, factor, addend. to[4095 - i] = from[i] * factor + addend.

        .include "probe.inc"

        .set TO, 4                              // SGPRs, 2
        .set FROM, 6                            // 2
        .set FACTOR, 8
        .set ADDEND, 9
        .set FIRST, 10
        .set AT, 0                              // VGPRs
        .set VALUE, 1

        begin   probe_mirror
        s_clause 0x1
        s_load_b128 s[TO:TO+3], s[0:1], 0
        s_load_b64 s[FACTOR:FACTOR+1], s[0:1], 16
        s_lshl_b32 s[FIRST], s[GROUP], 6
        v_and_b32 v[AT], 0x3ff, v[AT]
        v_add_lshl_u32 v[AT], s[FIRST], v[AT], 2
        s_waitcnt lgkmcnt(0)
        global_load_b32 v[VALUE], v[AT], s[FROM:FROM+1]
        v_sub_nc_u32 v[AT], 4095*4, v[AT]
        s_waitcnt vmcnt(0)
        v_mul_lo_u32 v[VALUE], v[VALUE], s[FACTOR]
        v_add_nc_u32 v[VALUE], s[ADDEND], v[VALUE]
        global_store_b32 v[AT], v[VALUE], s[TO:TO+1]
        end_wave
        finish  probe_mirror, wave32=1, vgprs=2, lds=0, kernarg=24

        .amdgpu_metadata
---
amdhsa.version: [ 1, 2 ]
amdhsa.target: amdgcn-amd-amdhsa--gfx11-generic
amdhsa.kernels:
  - .name: probe_mirror
    .symbol: probe_mirror.kd
    .kernarg_segment_size: 24
    .kernarg_segment_align: 8
    .group_segment_fixed_size: 0
    .private_segment_fixed_size: 0
    .wavefront_size: 32
    .sgpr_count: 16
    .vgpr_count: 2
    .max_flat_workgroup_size: 64
    .args:
      - { .name: to, .offset: 0, .size: 8, .value_kind: global_buffer, .address_space: global }
      - { .name: from, .offset: 8, .size: 8, .value_kind: global_buffer, .address_space: global }
      - { .name: factor, .offset: 16, .size: 4, .value_kind: by_value }
      - { .name: addend, .offset: 20, .size: 4, .value_kind: by_value }
...
        .end_amdgpu_metadata
