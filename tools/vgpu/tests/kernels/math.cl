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

// Halves as operands of single precision, and parts of numbers: 12 words a thread.
GROUP_OF(64) void parts(IN(half) a, IN(half) b, IN(float) c, IN(double) d, OUT(uint) out) {
    uint i = THREAD(64);
    half x = a[i], y = b[i];
    float z = c[i];
    double w = d[i];
    ulong mantissa = as_ulong(__builtin_amdgcn_frexp_mant(w));
    uint results[12] = {
        as_uint(__builtin_fmaf((float)x, (float)y, z)),
        as_uint(__builtin_fmaf(-(float)x, (float)y, (float)x)),
        as_ushort((half)__builtin_fmaf((float)x, (float)y, (float)y)),
        as_uint(__builtin_amdgcn_frexp_mantf(z)),
        (uint)__builtin_amdgcn_frexp_expf(z),
        (uint)mantissa,
        (uint)(mantissa >> 32),
        (uint)__builtin_amdgcn_frexp_exp(w),
        as_uint(__builtin_amdgcn_fractf(z)),
        __builtin_amdgcn_classf(z, 0x1f8), // finite
        __builtin_amdgcn_class(w, 0x0f0),  // denormals and zeros
        __builtin_amdgcn_classh(x, 0x204), // infinite
    };
    for (uint n = 0; n < 12; n++)
        out[i * 12 + n] = results[n];
}

// Half precision: a quotient and what instructions approximate: 8 results a thread.
GROUP_OF(64) void half_functions(IN(half) a, IN(half) b, OUT(half) out) {
    uint i = THREAD(64);
    half x = a[i], y = b[i], positive = __builtin_elementwise_abs(x);
    half results[8] = {
        x / y, __builtin_amdgcn_rcph(x), __builtin_amdgcn_rsqh(positive), __builtin_amdgcn_sqrth(positive),
        __builtin_elementwise_exp2(y), __builtin_elementwise_log2(positive), __builtin_amdgcn_sinh(y),
        __builtin_amdgcn_cosh(y),
    };
    for (uint n = 0; n < 8; n++)
        out[i * 8 + n] = results[n];
}

// Four polynomials and four selections side by side, which the compiler pairs: 8 results a thread.
GROUP_OF(64) void side_by_side(IN(float4) a, IN(float4) b, OUT(float) out) {
    uint i = THREAD(64);
    float4 x = a[i], y = b[i], sum = y;
    for (uint n = 0; n < 5; n++) {
        sum = __builtin_elementwise_fma(sum, x, (float4)(1.7f));
        sum = __builtin_elementwise_fma(sum, (float4)(0.3f), x);
        sum = __builtin_elementwise_max(sum - y, x * y);
        sum = __builtin_elementwise_min(sum, (float4)(1.5f)) + (float4)(0.625f);
    }
    for (uint n = 0; n < 4; n++) {
        out[i * 8 + n] = sum[n];
        out[i * 8 + 4 + n] = x[n] > y[3 - n] ? sum[n] : y[n] * 3.0f;
    }
}

// Conversions out of range, which C does not define and the instructions do: 6 words a thread.
GROUP_OF(64) void saturate(IN(float) a, IN(double) b, IN(half) c, OUT(uint) out) {
    uint i = THREAD(64);
    float x = a[i];
    double y = b[i];
    half z = c[i];
    uint results[6] = {(uint)(int)x, (uint)x, (uint)(int)y, (uint)y, (ushort)(short)z, (ushort)z};
    for (uint n = 0; n < 6; n++)
        out[i * 6 + n] = results[n];
}

// Extremes, of which a NaN is never one, and clamps: 7 results a thread.
GROUP_OF(64) void extremes(IN(float) a, IN(float) b, IN(float) c, OUT(float) out) {
    uint i = THREAD(64);
    float x = a[i], y = b[i], z = c[i];
    float results[7] = {
        __builtin_fmaxf(x, y), __builtin_fminf(x, y), __builtin_fmaxf(__builtin_fmaxf(x, y), z),
        __builtin_fminf(__builtin_fminf(x, y), z), __builtin_amdgcn_fmed3f(x + y, 0.0f, 1.0f),
        __builtin_fmaxf(-__builtin_fabsf(x), -y), (float)__builtin_fmax((double)x, (double)z),
    };
    for (uint n = 0; n < 7; n++)
        out[i * 7 + n] = results[n];
}
