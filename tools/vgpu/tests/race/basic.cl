// Kernels whose `.text` is `basic.hex`, made by
// `clang-19 -x cl -cl-std=CL2.0 -Xclang -finclude-default-header -target amdgcn-amd-amdhsa -mcpu=gfx1100 -nogpulib -O2
// -cl-fp32-correctly-rounded-divide-sqrt -mcode-object-version=5 -c`. Their descriptors ask for 15 user SGPRs with the
// kernel arguments' address in s[0:1], so that the workgroup's number is in s15, and for kept denormals.
#pragma OPENCL EXTENSION cl_khr_fp16 : enable
// Small kernels whose results the tests compute again. One row of the objects each.
typedef unsigned int uint32;
typedef unsigned long uint64;

#define LOCAL_ID() __builtin_amdgcn_workitem_id_x()
#define GROUP_ID() __builtin_amdgcn_workgroup_id_x()

// IEEE division and square root in single and double precision.
__kernel void divide(__global const float *a, __global const float *b, __global float *q, __global double *r) {
    uint32 i = GROUP_ID() * 64 + LOCAL_ID();
    q[i] = a[i] / b[i];
    r[i] = (double)a[i] / (double)b[i] + __builtin_elementwise_sqrt(__builtin_elementwise_abs((double)b[i]));
}

// Division of 64-bit integers, which the compiler makes a long program of.
__kernel void divide_u64(__global const uint64 *a, __global const uint64 *b, __global uint64 *q, __global long *s) {
    uint32 i = LOCAL_ID();
    q[i] = a[i] / b[i] ^ a[i] % b[i];
    s[i] = (long)a[i] / (long)(b[i] | 1);
}

// A sum through LDS with barriers, and an atomic.
__kernel __attribute__((reqd_work_group_size(64, 1, 1)))
void reduce(__global const uint32 *x, __global uint32 *sums, __global uint32 *total) {
    __local uint32 part[64];
    uint32 l = LOCAL_ID();
    part[l] = x[GROUP_ID() * 64 + l] * 3 + l;
    for (uint32 step = 32; step > 0; step >>= 1) {
        __builtin_amdgcn_fence(__ATOMIC_RELEASE, "workgroup");
        __builtin_amdgcn_s_barrier();
        __builtin_amdgcn_fence(__ATOMIC_ACQUIRE, "workgroup");
        if (l < step)
            part[l] += part[l + step];
    }
    if (l == 0)
        sums[GROUP_ID()] = part[0];
    __atomic_fetch_add(total, x[GROUP_ID() * 64 + l], __ATOMIC_RELAXED);
}

// Divergent loops and bytes: the length of the Collatz sequence, and a checksum with table lookups.
__kernel void diverge(__global const uchar *bytes, __global uint32 *out, uint32 count) {
    uint32 l = LOCAL_ID();
    uint32 n = l + 1, steps = 0;
    while (n != 1) {
        n = n & 1 ? 3 * n + 1 : n >> 1;
        steps++;
    }
    uint32 sum = 1;
    for (uint32 i = 0; i < count; i += (bytes[i] & 3) + 1) {
        switch (bytes[(i + l) % count] & 3) {
        case 0: sum = sum * 31 + l; break;
        case 1: sum ^= sum << 5; break;
        case 2: sum -= bytes[(sum + i) % count]; break;
        default: sum = (sum >> 3) | (sum << 29); break;
        }
    }
    out[l] = sum + (steps << 24);
}

// Half precision vectors and a private array that is indexed by data, so that it lives in scratch.
__kernel void halves(__global const half4 *a, __global const half4 *b, __global half4 *c, __global const uint32 *order) {
    uint32 l = LOCAL_ID();
    volatile float private_copy[8];
    for (uint32 i = 0; i < 8; i++)
        private_copy[(order[i] + l) & 7] = (float)i;
    half4 x = a[l] * b[l] + (half4)((half)private_copy[order[l & 7] & 7]);
    c[l] = __builtin_elementwise_max(x, (half4)(-2.0h));
}
