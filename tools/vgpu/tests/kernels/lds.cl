// Workgroups that meet in LDS.
#include "kernel.h"

// A sum by halves, and a sum over all workgroups by atomics.
GROUP_OF(256) void reduce(IN(uint) x, OUT(uint) sums, __global uint *total) {
    __local uint part[256];
    uint l = LOCAL();
    part[l] = x[THREAD(256)] * 3 + l;
    for (uint step = 128; step > 0; step >>= 1) {
        barrier_all();
        if (l < step)
            part[l] += part[l + step];
    }
    if (l == 0)
        sums[GROUP()] = part[0];
    __atomic_fetch_add(total, x[THREAD(256)], __ATOMIC_RELAXED);
}

// An exclusive sum up and down a tree, two numbers a thread.
GROUP_OF(128) void scan(IN(uint) in, OUT(uint) out) {
    __local uint tree[256];
    uint l = LOCAL(), base = GROUP() * 256;
    tree[2 * l] = in[base + 2 * l];
    tree[2 * l + 1] = in[base + 2 * l + 1];
    uint offset = 1;
    for (uint left = 128; left > 0; left >>= 1, offset <<= 1) {
        barrier_all();
        if (l < left)
            tree[offset * (2 * l + 2) - 1] += tree[offset * (2 * l + 1) - 1];
    }
    barrier_all();
    if (l == 0)
        tree[255] = 0;
    for (uint left = 1; left < 256; left <<= 1) {
        offset >>= 1;
        barrier_all();
        if (l < left) {
            uint low = offset * (2 * l + 1) - 1, high = offset * (2 * l + 2) - 1;
            uint kept = tree[low];
            tree[low] = tree[high];
            tree[high] += kept;
        }
    }
    barrier_all();
    out[base + 2 * l] = tree[2 * l];
    out[base + 2 * l + 1] = tree[2 * l + 1];
}

// A matrix of 96 by 64 transposed by tiles of 32 with padded rows.
__kernel __attribute__((reqd_work_group_size(32, 8, 1)))
void transpose(IN(uint) in, OUT(uint) out) {
    __local uint tile[32][33];
    uint x = __builtin_amdgcn_workitem_id_x(), y = __builtin_amdgcn_workitem_id_y();
    uint left = __builtin_amdgcn_workgroup_id_x() * 32, top = __builtin_amdgcn_workgroup_id_y() * 32;
    for (uint row = y; row < 32; row += 8)
        tile[row][x] = in[(top + row) * 96 + left + x];
    barrier_all();
    for (uint row = y; row < 32; row += 8)
        out[(left + row) * 64 + top + x] = tile[x][row];
}

// A bitonic sort of 512 numbers by 256 threads.
GROUP_OF(256) void sort(IN(int) in, OUT(int) out) {
    __local int data[512];
    uint l = LOCAL(), base = GROUP() * 512;
    data[l] = in[base + l];
    data[l + 256] = in[base + l + 256];
    for (uint size = 2; size <= 512; size <<= 1)
        for (uint stride = size / 2; stride > 0; stride >>= 1) {
            barrier_all();
            uint low = 2 * l - (l & (stride - 1)), high = low + stride;
            int x = data[low], y = data[high];
            if ((x > y) == ((low & size) == 0)) {
                data[low] = y;
                data[high] = x;
            }
        }
    barrier_all();
    out[base + l] = data[l];
    out[base + l + 256] = data[l + 256];
}

// How often each byte occurs, counted in LDS first.
GROUP_OF(128) void histogram(IN(uchar) bytes, __global uint *counts, uint length) {
    __local uint local_counts[256];
    uint l = LOCAL();
    local_counts[l] = local_counts[l + 128] = 0;
    barrier_all();
    for (uint at = THREAD(128); at < length; at += 128 * 3)
        __atomic_fetch_add(&local_counts[bytes[at]], 1, __ATOMIC_RELAXED);
    barrier_all();
    for (uint at = l; at < 256; at += 128)
        if (local_counts[at])
            __atomic_fetch_add(&counts[at], local_counts[at], __ATOMIC_RELAXED);
}

// Bytes, halves and vectors in LDS, at addresses that other threads wrote.
GROUP_OF(64) void shapes(IN(uint4) in, OUT(uint4) out) {
    __local uint4 wide[64];
    __local ushort half_words[128];
    __local uchar bytes[64];
    __local ulong2 pair[64];
    uint l = LOCAL();
    uint4 x = in[l];
    wide[l] = x;
    half_words[l] = (ushort)x.x;
    half_words[l + 64] = (ushort)(x.y >> 16);
    bytes[l] = (uchar)x.z;
    pair[l] = (ulong2)((ulong)x.w << 32 | x.x, x.y);
    barrier_all();
    uint other = (l * 5 + 3) % 64;
    uint4 y = wide[other];
    y.x += half_words[127 - other];
    y.y ^= (uint)(int)(short)half_words[other];
    y.z -= (uint)(int)(char)bytes[other];
    ulong2 z = pair[63 - other];
    y.w += (uint)(z.x >> 16) ^ (uint)z.y;
    out[l] = y;
}
