// Every lane stores its number among all lanes: workgroup numbers, dimensions, lanes of a wave.
//
// Workgroups of 64. out[i] = i, where s[0:1] point to out: nothing is loaded.

        .include "probe.inc"

        .set I, 0                               // VGPR, the lane's number in its workgroup at first
        .set AT, 1
        .set FIRST, 2                           // SGPR, the workgroup's first lane

        begin   probe_ids
        s_lshl_b32 s[FIRST], s[GROUP], 6
        v_and_b32 v[I], 0x3ff, v[I]             // Bits above hold Y and Z.
        v_add_nc_u32 v[I], s[FIRST], v[I]
        v_lshlrev_b32 v[AT], 2, v[I]
        global_store_b32 v[AT], v[I], s[0:1]
        end_wave
        finish  probe_ids, wave32=1, vgprs=2, lds=0, kernarg=8

        .amdgpu_metadata
---
amdhsa.version: [ 1, 2 ]
amdhsa.target: amdgcn-amd-amdhsa--gfx11-generic
amdhsa.kernels:
  - .name: probe_ids
    .symbol: probe_ids.kd
    .kernarg_segment_size: 8
    .kernarg_segment_align: 8
    .group_segment_fixed_size: 0
    .private_segment_fixed_size: 0
    .wavefront_size: 32
    .sgpr_count: 16
    .vgpr_count: 2
    .max_flat_workgroup_size: 64
    .args:
      - { .name: unused, .offset: 0, .size: 8, .value_kind: global_buffer, .address_space: global }
...
        .end_amdgpu_metadata
