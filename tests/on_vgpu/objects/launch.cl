// Kernels that see how they were launched.

#define IS_FIRST()                                                                                                     \
    (__builtin_amdgcn_workitem_id_x() + __builtin_amdgcn_workitem_id_y() + __builtin_amdgcn_workitem_id_z() +          \
         __builtin_amdgcn_workgroup_id_x() + __builtin_amdgcn_workgroup_id_y() + __builtin_amdgcn_workgroup_id_z() ==  \
     0)

// x *= by. What an embedder's first kernel looks like.
kernel void scale(global float *x, float by) {
    x[__builtin_amdgcn_workgroup_id_x() * 64 + __builtin_amdgcn_workitem_id_x()] *= by;
}

// Reads what a dispatch before it wrote, by vector and by scalar loads. `from` and `to` are two buffers.
kernel void step(global const uint *restrict from, global uint *restrict to, uint by) {
    uint i = __builtin_amdgcn_workgroup_id_x() * 64 + __builtin_amdgcn_workitem_id_x();
    to[i] = from[i] + from[0] + by;
}

// Arguments of all sizes.
typedef struct {
    uint a, b, c;
} triple;
kernel void mixed(uchar byte, ushort two, global ulong *out, triple three, double wide, uint4 four) {
    out[0] = byte;
    out[1] = two;
    out[2] = three.a + three.b + three.c;
    out[3] = as_ulong(wide);
    out[4] = four.x + four.y + four.z + four.w;
}

// The sizes of the own workgroup, which may be the last one, and the grid's.
kernel void sizes(global uint4 *out) {
    uint group = __builtin_amdgcn_workgroup_id_x();
    if (__builtin_amdgcn_workitem_id_x() + __builtin_amdgcn_workitem_id_y() == 0)
        out[group] = (uint4)(__builtin_amdgcn_workgroup_size_x(), __builtin_amdgcn_workgroup_size_y(),
                             __builtin_amdgcn_workgroup_size_z(), __builtin_amdgcn_grid_size_x());
}

// The AQL packet.
kernel void packet(global uint *out) {
    constant uint *packet = (constant uint *)__builtin_amdgcn_dispatch_ptr();
    if (IS_FIRST())
        for (uint at = 0; at < 16; at++)
            out[at] = packet[at];
}

// Hidden arguments: counts of workgroups, sizes, remainders, offsets, axes.
kernel void hidden(global uint *out) {
    constant uint *words = (constant uint *)__builtin_amdgcn_implicitarg_ptr();
    if (IS_FIRST())
        for (uint at = 0; at < 17; at++)
            out[at] = words[at];
}

// LDS that the launch gives, behind LDS that the kernel declares.
kernel void rotate(global uint *x, local uint *first, local ulong *second) {
    local uint fixed[3];
    uint i = __builtin_amdgcn_workitem_id_x();
    if (i < 3)
        fixed[i] = i;
    first[i] = x[i];
    second[i] = x[i] * 3ul;
    __builtin_amdgcn_fence(__ATOMIC_RELEASE, "workgroup");
    __builtin_amdgcn_s_barrier();
    __builtin_amdgcn_fence(__ATOMIC_ACQUIRE, "workgroup");
    x[i] = first[(i + 1) & 63] + (uint)second[(i + 2) & 63] + fixed[i % 3];
}

// An array in scratch, a little one and one that is larger.
#define SPILL(name, size)                                                                                              \
    kernel void name(global uint *out, uint mask) {                                                                    \
        uint i = __builtin_amdgcn_workgroup_id_x() * 64 + __builtin_amdgcn_workitem_id_x();                            \
        volatile uint array[size];                                                                                     \
        for (uint at = 0; at < size; at++)                                                                             \
            array[at] = at * 7 + i;                                                                                    \
        uint sum = 0;                                                                                                  \
        for (uint at = 0; at < size; at++)                                                                             \
            sum = sum * 31 + array[(at * 5 + i) & mask];                                                               \
        out[i] = sum;                                                                                                  \
    }
SPILL(spill_small, 16)
SPILL(spill_large, 256)

// Stores where the caller says.
kernel void poke(ulong address) { *(global uint *)address = 1; }

__attribute__((reqd_work_group_size(32, 2, 1))) kernel void fixed(global uint *out) {
    out[__builtin_amdgcn_workitem_id_y() * 32 + __builtin_amdgcn_workitem_id_x()] = 1;
}
