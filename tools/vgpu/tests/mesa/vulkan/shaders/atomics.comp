#version 460
#extension GL_EXT_shader_explicit_arithmetic_types_int64 : require
#extension GL_EXT_shader_atomic_int64 : require
layout(local_size_x = 128) in;
layout(set = 0, binding = 0) readonly buffer In { uint data[]; };
layout(set = 0, binding = 1) buffer Out {
    uint bins[16];
    uint sum;
    uint least;
    int most;
    uint all_bits;
    uint any_bits;
    uint odd_bits;
    uint tickets;
    uint seen;
};
layout(set = 0, binding = 2) buffer Wide { uint64_t wide_sum; uint64_t wide_most; };
layout(set = 0, binding = 3) buffer Tickets { uint taken[]; };

shared uint local_bins[16];

void main() {
    uint lane = gl_LocalInvocationID.x;
    if (lane < 16) {
        local_bins[lane] = 0;
    }
    barrier();
    uint value = data[gl_GlobalInvocationID.x];
    atomicAdd(local_bins[value & 15], 1);
    barrier();
    if (lane < 16) {
        atomicAdd(bins[lane], local_bins[lane]);
    }
    atomicAdd(sum, value);
    atomicMin(least, value);
    atomicMax(most, int(value) - 0x40000000);
    atomicAnd(all_bits, value | 0xff00u);
    atomicOr(any_bits, value & 0xff0ff0u);
    atomicXor(odd_bits, value);
    taken[atomicAdd(tickets, 1)] = 1;
    // A lock-free maximum by compare and swap.
    uint old = 0;
    for (;;) {
        uint was = atomicCompSwap(seen, old, max(old, value));
        if (was == old) {
            break;
        }
        old = was;
    }
    atomicAdd(wide_sum, uint64_t(value) << 8);
    atomicMax(wide_most, uint64_t(value) << 20 | 5ul);
}
