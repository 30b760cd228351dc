// Two 16-bit numbers in a register, and dot products.
#include "kernel.h"

// 16-bit integers in pairs: 12 words a thread.
GROUP_OF(64) void pairs(IN(short2) a, IN(short2) b, IN(short2) c, OUT(uint) out) {
    uint i = THREAD(64);
    short2 x = a[i], y = b[i], z = c[i];
    ushort2 ux = as_ushort2(x), uy = as_ushort2(y), shift = as_ushort2(z) & (ushort2)(15);
    uint results[12] = {
        as_uint(x + y), as_uint(x - y), as_uint(x * y), as_uint(x * y + z), as_uint(__builtin_elementwise_max(x, y)),
        as_uint(__builtin_elementwise_min(ux, uy)), as_uint(ux << shift), as_uint(ux >> shift),
        as_uint(x >> as_short2(shift)), as_uint(__builtin_elementwise_add_sat(x, y)),
        as_uint(__builtin_elementwise_sub_sat(ux, uy)), as_uint((short2)(y.y, x.x) + z),
    };
    for (uint n = 0; n < 12; n++)
        out[i * 12 + n] = results[n];
}

// Halves in pairs, with the signs and halves that modifiers give: 8 words a thread.
GROUP_OF(64) void half_pairs(IN(half2) a, IN(half2) b, IN(half2) c, OUT(uint) out) {
    uint i = THREAD(64);
    half2 x = a[i], y = b[i], z = c[i];
    uint results[8] = {
        as_uint(x + y), as_uint(x * y), as_uint(__builtin_elementwise_fma(x, y, z)),
        as_uint(__builtin_elementwise_fma(-x, y.yx, z)), as_uint(x.yy - z), as_uint(__builtin_elementwise_max(x, y)),
        as_uint(__builtin_elementwise_min(x.yx, -y)),
        as_uint(__builtin_amdgcn_cvt_pkrtz((float)x.x * (float)y.x, (float)x.y * (float)y.y)),
    };
    for (uint n = 0; n < 8; n++)
        out[i * 8 + n] = results[n];
}

// Dot products of 8-bit, 4-bit and 16-bit numbers: 10 words a thread.
GROUP_OF(64) void dots(IN(uint) a, IN(uint) b, IN(uint) c, OUT(uint) out) {
    uint i = THREAD(64);
    uint x = a[i], y = b[i], z = c[i];
    uint results[10] = {
        (uint)__builtin_amdgcn_sudot4(true, (int)x, true, (int)y, (int)z, false),
        (uint)__builtin_amdgcn_sudot4(false, (int)x, true, (int)y, (int)z, false),
        (uint)__builtin_amdgcn_sudot4(true, (int)x, false, (int)y, (int)z, true),
        __builtin_amdgcn_udot4(x, y, z, false),
        __builtin_amdgcn_udot4(x, y, z | 0xffff0000u, true),
        (uint)__builtin_amdgcn_sudot8(true, (int)x, true, (int)y, (int)z, false),
        (uint)__builtin_amdgcn_sudot8(true, (int)x, false, (int)y, (int)z, false),
        __builtin_amdgcn_udot8(x, y, z, false),
        __builtin_amdgcn_udot8(x, y, z | 0xffffff00u, true),
        (uint)__builtin_amdgcn_sudot4(false, (int)x, false, (int)y, (int)z, false),
    };
    for (uint n = 0; n < 10; n++)
        out[i * 10 + n] = results[n];
}

// Dot products of halves and bfloat16: 4 words a thread.
GROUP_OF(64) void float_dots(IN(uint) a, IN(uint) b, IN(uint) wide_a, IN(uint) wide_b, IN(float) c, OUT(uint) out) {
    uint i = THREAD(64);
    half2 x = as_half2(a[i]), y = as_half2(b[i]);
    short2 p = as_short2(wide_a[i]), q = as_short2(wide_b[i]);
    float z = c[i];
    out[i * 4 + 0] = as_uint(__builtin_amdgcn_fdot2(x, y, z, false));
    out[i * 4 + 1] = as_uint(__builtin_amdgcn_fdot2_f32_bf16(p, q, z, false));
    out[i * 4 + 2] = as_ushort(__builtin_amdgcn_fdot2_f16_f16(x, y, (half)z));
    out[i * 4 + 3] = (ushort)__builtin_amdgcn_fdot2_bf16_bf16(p, q, (short)(as_uint(z) >> 16));
}
