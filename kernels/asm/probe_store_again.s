// probe_store with another constant: whether the GPU sees that code was replaced.
//
// One lane stores a constant to where s[0:1] point: the address comes in user SGPRs, and nothing is loaded.
// To a loader s[0:1] is the kernarg segment, so under one it writes there.

        .include "probe.inc"

        .set ZERO, 1
        .set VALUE, 2

        begin   probe_store_again
        s_mov_b32 exec_lo, 1
        v_mov_b32 v[ZERO], 0
        v_mov_b32 v[VALUE], 0x600d0016
        global_store_b32 v[ZERO], v[VALUE], s[0:1]
        end_wave
        finish  probe_store_again, wave32=1, vgprs=3, lds=0, kernarg=8

        .amdgpu_metadata
---
amdhsa.version: [ 1, 2 ]
amdhsa.target: amdgcn-amd-amdhsa--gfx11-generic
amdhsa.kernels:
  - .name: probe_store_again
    .symbol: probe_store_again.kd
    .kernarg_segment_size: 8
    .kernarg_segment_align: 8
    .group_segment_fixed_size: 0
    .private_segment_fixed_size: 0
    .wavefront_size: 32
    .sgpr_count: 16
    .vgpr_count: 3
    .max_flat_workgroup_size: 1024
    .args:
      - { .name: unused, .offset: 0, .size: 8, .value_kind: global_buffer, .address_space: global }
...
        .end_amdgpu_metadata
