// Copies for memory that the CPU does not reach. A work-item copies one piece.

kernel void copy_wide(global const uint4 *restrict from, global uint4 *restrict to, uint count) {
    uint i = __builtin_amdgcn_workgroup_id_x() * 256 + __builtin_amdgcn_workitem_id_x();
    if (i < count)
        to[i] = from[i];
}

kernel void copy_bytes(global const uchar *restrict from, global uchar *restrict to, uint count) {
    uint i = __builtin_amdgcn_workgroup_id_x() * 256 + __builtin_amdgcn_workitem_id_x();
    if (i < count)
        to[i] = from[i];
}
