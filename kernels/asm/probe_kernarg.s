// Copies two dwords of the arguments to memory: the scalar cache and the kernarg segment.
//
// Arguments: out, a, b. out[0] = a, out[1] = b, by one lane.

        .include "probe.inc"

        .set OUT, 4                             // SGPRs, 2
        .set A, 6                               // and b behind it
        .set ZERO, 1
        .set PAIR, 2                            // VGPRs, 2

        begin   probe_kernarg
        s_load_b128 s[OUT:OUT+3], s[0:1], 0
        s_mov_b32 exec_lo, 1
        v_mov_b32 v[ZERO], 0
        s_waitcnt lgkmcnt(0)
        v_mov_b32 v[PAIR], s[A]
        v_mov_b32 v[PAIR+1], s[A+1]
        global_store_b64 v[ZERO], v[PAIR:PAIR+1], s[OUT:OUT+1]
        end_wave
        finish  probe_kernarg, wave32=1, vgprs=4, lds=0, kernarg=16

        .amdgpu_metadata
---
amdhsa.version: [ 1, 2 ]
amdhsa.target: amdgcn-amd-amdhsa--gfx11-generic
amdhsa.kernels:
  - .name: probe_kernarg
    .symbol: probe_kernarg.kd
    .kernarg_segment_size: 16
    .kernarg_segment_align: 8
    .group_segment_fixed_size: 0
    .private_segment_fixed_size: 0
    .wavefront_size: 32
    .sgpr_count: 16
    .vgpr_count: 4
    .max_flat_workgroup_size: 1024
    .args:
      - { .name: out, .offset: 0, .size: 8, .value_kind: global_buffer, .address_space: global }
      - { .name: a, .offset: 8, .size: 4, .value_kind: by_value }
      - { .name: b, .offset: 12, .size: 4, .value_kind: by_value }
...
        .end_amdgpu_metadata
