// Floating point. Every result is exact by IEEE 754 but those of `approximate`.
#include "kernel.h"

// Division and square root, correctly rounded, and in double precision both together.
GROUP_OF(64) void divide(IN(float) a, IN(float) b, OUT(float) quotient, OUT(float) root, OUT(double) both) {
    uint i = THREAD(64);
    quotient[i] = a[i] / b[i];
    root[i] = __builtin_elementwise_sqrt(__builtin_elementwise_abs(a[i]));
    both[i] = (double)a[i] / (double)b[i] + __builtin_elementwise_sqrt(__builtin_elementwise_abs((double)b[i]));
}

// Single precision: 10 results a thread.
GROUP_OF(64) void single(IN(float) a, IN(float) b, IN(float) c, OUT(float) out) {
    uint i = THREAD(64);
    float x = a[i], y = b[i], z = c[i];
    float results[10] = {
        x + y, x - z, x * y, __builtin_fmaf(x, y, z), __builtin_floorf(x), __builtin_ceilf(y), __builtin_truncf(z),
        __builtin_rintf(x), __builtin_ldexpf(y, (int)(i % 300) - 150), __builtin_amdgcn_fmed3f(x, y, z),
    };
    for (uint n = 0; n < 10; n++)
        out[i * 10 + n] = results[n];
}

// Double precision: 11 results a thread.
GROUP_OF(64) void twofold(IN(double) a, IN(double) b, IN(double) c, OUT(double) out) {
    uint i = THREAD(64);
    double x = a[i], y = b[i], z = c[i];
    double results[11] = {
        x + y, x - z, x * y, __builtin_fma(x, y, z), x / y, __builtin_elementwise_sqrt(__builtin_elementwise_abs(z)),
        __builtin_floor(x), __builtin_rint(y), __builtin_ldexp(z, (int)(i * 16) - 1024), __builtin_trunc(z),
        __builtin_ceil(x),
    };
    for (uint n = 0; n < 11; n++)
        out[i * 11 + n] = results[n];
}

// Half precision: 8 results a thread.
GROUP_OF(64) void half_width(IN(half) a, IN(half) b, IN(half) c, OUT(half) out) {
    uint i = THREAD(64);
    half x = a[i], y = b[i], z = c[i];
    half results[8] = {
        x + y, x - z, x * y, __builtin_fmaf16(x, y, z), __builtin_elementwise_floor(x), __builtin_elementwise_trunc(y),
        __builtin_elementwise_roundeven(z), x < y ? z : -z,
    };
    for (uint n = 0; n < 8; n++)
        out[i * 8 + n] = results[n];
}

// Conversions between floating point and integers, in range: 12 words a thread.
GROUP_OF(64) void convert(IN(float) a, IN(double) b, IN(int) c, OUT(uint) out) {
    uint i = THREAD(64);
    float x = a[i];
    double y = b[i];
    int n = c[i];
    ulong wide = (ulong)(y < 0 ? -y : y);
    uint results[12] = {
        (uint)(int)x, (uint)(x < 0 ? -x : x), (uint)(int)y, as_uint((float)n), as_uint((float)(uint)n),
        as_uint((float)y), as_ushort((half)x), (uint)wide, (uint)(wide >> 32), as_uint((float)(((long)n << 20) | 5)),
        as_uint((float)as_half((ushort)n)), (uint)(uchar)(x < 0 ? -x : x),
    };
    for (uint k = 0; k < 12; k++)
        out[i * 12 + k] = results[k];
}

// Instructions that approximate: 7 results a thread.
GROUP_OF(64) void approximate(IN(float) a, OUT(float) out) {
    uint i = THREAD(64);
    float x = a[i];
    float positive = __builtin_fabsf(x);
    float results[7] = {
        __builtin_amdgcn_rcpf(x), __builtin_amdgcn_rsqf(positive), __builtin_amdgcn_sqrtf(positive),
        __builtin_amdgcn_exp2f(x), __builtin_amdgcn_logf(positive), __builtin_amdgcn_sinf(x), __builtin_amdgcn_cosf(x),
    };
    for (uint n = 0; n < 7; n++)
        out[i * 7 + n] = results[n];
}
