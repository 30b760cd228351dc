// Nothing: whether waves start and end.

        .include "probe.inc"

        begin   probe_endpgm
        s_endpgm
        finish  probe_endpgm, wave32=1, vgprs=1, lds=0, kernarg=0

        .amdgpu_metadata
---
amdhsa.version: [ 1, 2 ]
amdhsa.target: amdgcn-amd-amdhsa--gfx11-generic
amdhsa.kernels:
  - .name: probe_endpgm
    .symbol: probe_endpgm.kd
    .kernarg_segment_size: 0
    .kernarg_segment_align: 8
    .group_segment_fixed_size: 0
    .private_segment_fixed_size: 0
    .wavefront_size: 32
    .sgpr_count: 16
    .vgpr_count: 1
    .max_flat_workgroup_size: 1024
...
        .end_amdgpu_metadata
