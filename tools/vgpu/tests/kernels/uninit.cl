#pragma OPENCL EXTENSION cl_khr_fp16 : enable
// Kernels that carry undefined bits about without harm: halves of registers, lanes that are off, spills, LDS that is
// filled in part. Nothing in them may be reported; see ../uninit.rs. All take (x, y, out, n) and write a dword a thread.
typedef unsigned int uint32;
typedef unsigned long uint64;
#define LOCAL_ID() __builtin_amdgcn_workitem_id_x()
#define GROUP_ID() __builtin_amdgcn_workgroup_id_x()
#define ARGS __global const uint32 *x, __global const uint32 *y, __global uint32 *out, uint32 n
#define KERNEL(name) __kernel __attribute__((reqd_work_group_size(64, 1, 1))) void name(ARGS)
#define I (GROUP_ID() * 64 + LOCAL_ID())
#define BARRIER() \
    __builtin_amdgcn_fence(__ATOMIC_RELEASE, "workgroup"); \
    __builtin_amdgcn_s_barrier(); \
    __builtin_amdgcn_fence(__ATOMIC_ACQUIRE, "workgroup")

// 16-bit loads, packed arithmetic, halves taken apart and put together.
KERNEL(packed) {
    __global const short *s = (__global const short *)x;
    __global const half *h = (__global const half *)y;
    short2 a = (short2)(s[I * 2], s[I * 2 + 1]);
    short2 b = a.yx * (short2)(3, 5) + (short2)(s[I], 7);
    half2 c = (half2)(h[I], h[I + 1]);
    half2 d = __builtin_elementwise_max(c * c.yx + c, (half2)(0.5h));
    short lone = s[I] < 0 ? (short)(b.x >> 3) : b.y;
    out[I] = (uint32)(ushort)b.x << 16 ^ (uint32)(ushort)lone ^ (uint32)(ushort)as_short2(d).x ^ (uint32)as_short2(d).y << 7;
}

// Structures of which a part is set, copied whole.
typedef struct { uchar tag; uint32 value; ushort small; uint64 wide; } record;
KERNEL(records) {
    record r[3];
    uint32 v = x[I];
    for (uint32 k = 0; k < 3; k++) {
        r[k].tag = (uchar)(v + k);
        if (v & (1 << k)) {
            r[k].value = v * k;
            r[k].small = (ushort)(v >> k);
        } else {
            r[k].wide = (uint64)v << k;
        }
    }
    volatile record copy = r[v % 3];
    uint32 k = v % 3;
    out[I] = copy.tag + (v & (1 << k) ? copy.value ^ copy.small : (uint32)copy.wide);
}

// Loops that lanes leave at different times, with values that only some of them have.
KERNEL(loops) {
    uint32 v = x[I] % 97 + 1, last, sum = 0;
    int found = 0;
    for (uint32 k = 0; k < v; k++) {
        uint32 w = y[(I + k) % n];
        if (w % 5 == 0) {
            if (found)
                sum += last ^ k;
            last = w;
            found = 1;
        } else if (w % 7 == 0 && found) {
            for (uint32 j = last % 9; j != 0; j--) {
                sum = sum * 3 + j;
                if (sum % 11 == 0)
                    break;
            }
        }
        if (sum > 0xf0000000)
            break;
    }
    out[I] = found ? sum + last : 0xffffffff;
}

// More values than registers, so that they are spilled, and an array that data index.
__kernel __attribute__((reqd_work_group_size(64, 1, 1), amdgpu_num_vgpr(24))) void spills(ARGS) {
    uint32 v[48];
    uint32 table[16];
    uint32 known = 0;
    for (uint32 k = 0; k < 48; k++)
        v[k] = x[(I + k * k) % n];
    for (uint32 k = 0; k < 16; k += 2)
        table[(v[k] + k) & 15] = v[k + 1], known |= 1 << ((v[k] + k) & 15);
    uint32 sum = 0;
    for (uint32 round = 0; round < 3; round++)
#pragma unroll
        for (uint32 k = 0; k < 48; k++)
            v[k] = v[k] * v[(k + 7) % 48] + v[(k + 31) % 48] + (sum ^= v[k]);
    for (uint32 k = 0; k < 48; k++)
        sum += v[k] >> (k & 7);
    out[I] = sum + (known >> (sum & 15) & 1 ? table[sum & 15] : 1);
}

#ifndef W64
// Booleans in vectors, ballots, first lanes.
KERNEL(ballots) {
    uint32 v = x[I], w = y[I];
    bool even = !(v & 1), big = v > w;
    uint32 votes = __builtin_amdgcn_ballot_w32(even && big);
    uint32 leader = 0;
    if (even) {
        leader = __builtin_amdgcn_readfirstlane(v);
        if (__builtin_amdgcn_ballot_w32(w % 3 == 0) & 0xff00ff)
            leader += __builtin_popcount(votes);
    } else if (big) {
        leader = __builtin_amdgcn_readfirstlane(w) ^ __builtin_amdgcn_mbcnt_lo(votes, 0);
    }
    int4 flags = (int4)(even, big, v == w, even != big);
    int4 mixed = flags ? (int4)(v) : (int4)(w, 1, 2, 3);
    out[I] = leader + mixed.x + mixed.y * 3 + mixed.z + mixed.w;
}

#endif
// Bytes and halfwords.
KERNEL(bytes) {
    __global const uchar *b = (__global const uchar *)x;
    __global const char *c = (__global const char *)y;
    __global ushort *o = (__global ushort *)out;
    uchar4 v = (uchar4)(b[I], b[I + 3], b[I * 2], b[I * 4 + 1]);
    char4 w = *(__global const char4 *)(c + I * 4);
    uchar4 sum = v + as_uchar4(w);
    short p = (short)(w.x * w.y) / (short)(v.z | 1);
    uchar q = (uchar)(v.x << (v.y & 7)) | (uchar)(v.w >> 3);
    o[I * 2] = (ushort)(p + sum.x * sum.y);
    o[I * 2 + 1] = (ushort)(q << 8 | sum.z);
}

// 64-bit integers: products, shifts, quotients.
KERNEL(longs) {
    uint64 a = (uint64)x[I] << 32 | y[I];
    uint64 b = a * 0x9e3779b97f4a7c15ul;
    long c = (long)(b ^ a) >> (x[I] & 63);
    uint64 d = c < 0 ? b / (a | 1) : b % (a | 3);
    uint64 e = (uint64)x[I] * y[I] + d;
    out[I] = (uint32)(e >> 17) ^ (uint32)c ^ __builtin_popcountl(d) ^ __builtin_clzl(e | 1);
}

// LDS of which a part is filled, and read no further.
KERNEL(shares) {
    __local uint32 part[128];
    __local ushort small[64];
    __local uchar tags[256];
    uint32 l = LOCAL_ID();
    if (x[I] & 1)
        part[l * 2 & 127] = x[I];
    else
        part[l * 2 & 127] = y[I] * 3;
    if (l < 32)
        small[l] = (ushort)x[I];
    tags[l * 4 + (l & 3)] = (uchar)l;
    BARRIER();
    uint32 sum = part[(l ^ 1) * 2] + small[l & 31] + tags[(63 - l) * 4 + (~l & 3)];
    uint32 whole = *(__local uint32 *)&tags[l * 4];
    out[I] = sum + (whole >> (l & 3) * 8 & 0xff);
}

// Atomics on LDS and on memory.
KERNEL(atomics) {
    __local uint32 counts[16];
    uint32 l = LOCAL_ID();
    if (l < 16)
        counts[l] = 0;
    BARRIER();
    uint32 old = __atomic_fetch_add(&counts[x[I] & 15], 1, __ATOMIC_RELAXED);
    __atomic_fetch_max(&counts[y[I] & 15], old & 3, __ATOMIC_RELAXED);
    __atomic_fetch_or(&counts[15 - (l & 7)], 0x100, __ATOMIC_RELAXED);
    BARRIER();
    uint32 sum = counts[l & 15];
    out[I] = 0;
    __atomic_fetch_add(&out[I], sum & 0xffff, __ATOMIC_RELAXED);
    uint32 seen = __atomic_exchange_n(&out[I], l, __ATOMIC_RELAXED);
    __atomic_fetch_xor(&out[I], seen != 0, __ATOMIC_RELAXED);
}

// A switch with values set in some cases only.
KERNEL(cases) {
    uint32 v = x[I], a, b = 7;
    switch (v % 11) {
    case 0: a = v; break;
    case 1: a = b = v >> 3; break;
    case 2: a = y[v % n]; break;
    case 3: b = y[I] & 0xff; a = b * b; break;
    case 4: a = 4; b = v; break;
    case 7: a = __builtin_bitreverse32(v); break;
    case 9: a = v / (y[I] | 1); break;
    default: b = 0;
    }
    out[I] = v % 11 == 5 || v % 11 == 6 || v % 11 == 8 || v % 11 == 10 ? b : a + b;
}

// Lanes that exchange values, with and without all of them on.
KERNEL(swaps) {
    uint32 v = x[I];
    uint32 a = __builtin_amdgcn_ds_bpermute((int)(((LOCAL_ID() * 7) & 31) << 2), (int)v);
    uint32 b = __builtin_amdgcn_update_dpp(0, (int)v, 0x111, 0xf, 0xf, true);
    uint32 c = __builtin_amdgcn_permlane16(v, v, 0x76543210, 0xfedcba98, false, false);
    uint32 d = 0;
    if (v & 1)
        d = __builtin_amdgcn_update_dpp(v, (int)(v + 1), 0x123, 0xa, 0xf, false);
    uint32 sum = v;
    for (uint32 row = 1; row < 16; row *= 2)
        sum += __builtin_amdgcn_ds_bpermute((int)((LOCAL_ID() ^ row) << 2), (int)sum);
    out[I] = a + b * 3 + c + d + sum + __builtin_amdgcn_readlane(v, n & 31);
}

// Floats of which some are chosen away, a function with results through pointers.
__attribute__((noinline)) static float parts(float v, float *rest, int *exponent) {
    uint32 bits = as_uint(v);
    *exponent = (int)(bits >> 23 & 0xff) - 127;
    if (bits & 0x40)
        *rest = as_float(bits & 0x807fffff | 0x3f800000);
    return v * 0.5f;
}
KERNEL(calls) {
    float rest;
    int exponent;
    float v = as_float(x[I] & 0x3fffffff);
    float h = parts(v, &rest, &exponent);
    if (as_uint(v) & 0x40)
        h += rest;
    float4 w = (float4)(h, v, (float)exponent, 1.0f);
    w = w.wzyx * w + w.yyyy;
    out[I] = as_uint(w.x + w.y) ^ as_uint(w.z * w.w);
}

#ifndef W64
// Three quarters of a vector, and a product of matrices.
typedef half half16 __attribute__((ext_vector_type(16)));
typedef float float8v __attribute__((ext_vector_type(8)));
KERNEL(matrices) {
    half16 a, b;
    for (int k = 0; k < 16; k++) {
        a[k] = (half)(float)(x[(I + k) % n] & 7);
        b[k] = (half)(float)(y[(I * 3 + k) % n] & 3);
    }
    float8v c = 0;
    c = __builtin_amdgcn_wmma_f32_16x16x16_f16_w32(a, b, c);
    uint3 t = *(__global const uint3 *)(x + (I & ~3u));
    out[I] = (uint32)(c[0] + c[3] * 2 + c[7]) + t.x + t.z;
}
#endif
