// Workgroups among each other, and what a thread knows of where it is.
#include "kernel.h"

// Three axes: each thread stores its numbers at its place. The sizes come from behind the arguments.
__kernel void places(OUT(uint) out) {
    uint x = __builtin_amdgcn_workitem_id_x(), y = __builtin_amdgcn_workitem_id_y(),
         z = __builtin_amdgcn_workitem_id_z();
    uint gx = __builtin_amdgcn_workgroup_id_x(), gy = __builtin_amdgcn_workgroup_id_y(),
         gz = __builtin_amdgcn_workgroup_id_z();
    uint sx = __builtin_amdgcn_workgroup_size_x(), sy = __builtin_amdgcn_workgroup_size_y(),
         sz = __builtin_amdgcn_workgroup_size_z();
    uint wide = __builtin_amdgcn_grid_size_x(), high = __builtin_amdgcn_grid_size_y();
    uint at = ((gz * sz + z) * high + gy * sy + y) * wide + gx * sx + x;
    out[at] = x | y << 4 | z << 8 | gx << 12 | gy << 16 | gz << 20 | sx << 24 | sz << 28;
}

struct part {
    uint flag, sum;
};
// A sum over all numbers in one pass: each workgroup waits for what the one before it hands on.
GROUP_OF(64) void chain(IN(uint) in, OUT(uint) out, __global struct part *parts) {
    __local uint sums[64];
    __local uint before;
    uint l = LOCAL(), group = GROUP();
    sums[l] = in[THREAD(64)];
    for (uint step = 1; step < 64; step <<= 1) {
        barrier_all();
        uint other = l >= step ? sums[l - step] : 0;
        barrier_all();
        sums[l] += other;
    }
    if (l == 63) {
        uint sum = 0;
        if (group > 0) {
            while (__opencl_atomic_load((__global atomic_uint *)&parts[group - 1].flag, __ATOMIC_ACQUIRE,
                                        __OPENCL_MEMORY_SCOPE_DEVICE) == 0)
                __builtin_amdgcn_s_sleep(1);
            sum = parts[group - 1].sum;
        }
        before = sum;
        parts[group].sum = sum + sums[63];
        __opencl_atomic_store((__global atomic_uint *)&parts[group].flag, 1, __ATOMIC_RELEASE,
                              __OPENCL_MEMORY_SCOPE_DEVICE);
    }
    barrier_all();
    out[THREAD(64)] = before + sums[l];
}

// The last workgroup to end sums what the others left.
GROUP_OF(64) void last_one(IN(uint) in, __global uint *partial, __global uint *done, OUT(uint) total, uint groups) {
    __local uint is_last;
    uint l = LOCAL();
    __atomic_fetch_add(&partial[GROUP()], in[THREAD(64)], __ATOMIC_RELAXED);
    barrier_all();
    if (l == 0)
        is_last = __opencl_atomic_fetch_add((__global atomic_uint *)done, 1, __ATOMIC_ACQ_REL,
                                            __OPENCL_MEMORY_SCOPE_DEVICE) == groups - 1;
    barrier_all();
    if (is_last && l == 0) {
        uint sum = 0;
        for (uint n = 0; n < groups; n++)
            sum += __atomic_load_n(&partial[n], __ATOMIC_RELAXED) * (n + 1);
        *total = sum;
    }
}

// Clocks that don't run backwards, and MODE.
GROUP_OF(64) void clocks(OUT(ulong) out, OUT(uint) mode) {
    ulong first = __builtin_readcyclecounter();
    ulong real = __builtin_readsteadycounter();
    for (uint n = 0; n < 10; n++)
        __builtin_amdgcn_s_sleep(2);
    out[0] = first;
    out[1] = __builtin_readcyclecounter();
    out[2] = real;
    out[3] = __builtin_readsteadycounter();
    *mode = __builtin_amdgcn_s_getreg(1 | 0 << 6 | 31 << 11);
}
