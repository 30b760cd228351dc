// Integers of 8 to 64 bits.
#include "kernel.h"

// Products, quotients and remainders of 8 and 16 bits: 8 words a thread.
GROUP_OF(64) void narrow(IN(uint) a, IN(uint) b, OUT(int) out) {
    uint i = THREAD(64);
    // Signed divisors are odd and not -1: clang 19 divides 16 bits in 16 bits, where the least number by -1 overflows.
    char x8 = (char)a[i], y8 = (char)((b[i] & ~2u) | 1);
    uchar ux8 = (uchar)(a[i] >> 8), uy8 = (uchar)(b[i] | 1);
    short x16 = (short)(a[i] >> 16), y16 = (short)((b[i] >> 16 & ~2u) | 1);
    ushort ux16 = (ushort)a[i], uy16 = (ushort)(b[i] | 1);
    int results[8] = {
        (char)(x8 * y8), (int)x8 / y8, (int)x8 % y8, ux8 / uy8, ux8 % uy8, (short)(x16 * y16), (int)x16 / y16,
        ux16 % uy16,
    };
    for (uint n = 0; n < 8; n++)
        out[i * 8 + n] = results[n];
}

// 32 bits: 10 words a thread.
GROUP_OF(64) void word(IN(uint) a, IN(uint) b, OUT(uint) out) {
    uint i = THREAD(64);
    uint x = a[i], y = b[i] | 1;
    int sx = (int)x, sy = (int)y;
    uint results[10] = {
        x * y, (uint)(((ulong)x * y) >> 32), (uint)(((long)sx * sy) >> 32), x / y, x % y,
        // The quotient of the least number by -1 is not defined in C.
        (uint)(sy == -1 ? -(uint)sx : (uint)(sx / sy)), (uint)(sy == -1 ? 0 : sx % sy),
        x / 7, (uint)(sx % 10), (x & 0xffffff) * (y & 0xffffff) + x,
    };
    for (uint n = 0; n < 10; n++)
        out[i * 10 + n] = results[n];
}

// 64 bits: 10 results a thread.
GROUP_OF(64) void doubleword(IN(ulong) a, IN(ulong) b, OUT(ulong) out) {
    uint i = THREAD(64);
    ulong x = a[i], y = b[i] | 1;
    long sx = (long)x, sy = (long)y;
    ulong results[10] = {
        x + y, x - y, x * y, x / y, x % y, (ulong)(sx / sy), (ulong)(sx % sy), x << (y & 63), x >> (y & 63),
        (ulong)(sx >> (y & 63)),
    };
    for (uint n = 0; n < 10; n++)
        out[i * 10 + n] = results[n];
}

// Bits: 14 words a thread.
GROUP_OF(64) void bits(IN(uint) a, IN(uint) b, OUT(uint) out) {
    uint i = THREAD(64);
    uint x = a[i], y = b[i];
    ulong both = (ulong)x << 32 | y;
    uint s = y & 31;
    uint results[14] = {
        (uint)__builtin_popcount(x), (uint)__builtin_popcountl(both), (uint)(x ? __builtin_clz(x) : 32),
        (uint)(x ? __builtin_ctz(x) : 32), (uint)(both ? __builtin_clzl(both) : 64), __builtin_bitreverse32(x),
        (uint)(__builtin_bitreverse64(both) >> 32), __builtin_amdgcn_ubfe(x, s, 9),
        (uint)__builtin_amdgcn_sbfe((int)x, s, 9),
        __builtin_amdgcn_alignbit(x, y, s), __builtin_amdgcn_alignbyte(x, y, s),
        __builtin_amdgcn_perm(x, y, 0x0c060103u),
        (x & y) | (~x & 0x12345678u), __builtin_bswap32(x),
    };
    for (uint n = 0; n < 14; n++)
        out[i * 14 + n] = results[n];
}

#define MIN(x, y) __builtin_elementwise_min(x, y)
#define MAX(x, y) __builtin_elementwise_max(x, y)
#define MEDIAN(x, y, z) MAX(MIN(x, y), MIN(MAX(x, y), z))

// Saturation, carries, differences and extremes: 12 words a thread.
GROUP_OF(64) void edges(IN(uint) a, IN(uint) b, IN(uint) c, OUT(uint) out) {
    uint i = THREAD(64);
    uint x = a[i], y = b[i], z = c[i];
    int sx = (int)x, sy = (int)y, sz = (int)z, low, high;
    uint sum;
    bool carry = __builtin_add_overflow(x, y, &sum);
    bool overflow = __builtin_sub_overflow(sx, sy, &low);
    bool product = __builtin_mul_overflow(sx, sz, &high);
    uint results[12] = {
        __builtin_elementwise_add_sat(x, y), (uint)__builtin_elementwise_add_sat(sx, sy),
        __builtin_elementwise_sub_sat(x, y),
        (uint)__builtin_elementwise_sub_sat(sx, sy), sum + carry, (uint)low ^ overflow, (uint)high + product,
        x > y ? x - y : y - x, (uint)MEDIAN(sx, sy, sz), MEDIAN(x, y, z),
        __builtin_amdgcn_sad_u8(x, y, z), __builtin_amdgcn_lerp(x, y, z),
    };
    for (uint n = 0; n < 12; n++)
        out[i * 12 + n] = results[n];
}

// Arguments alone, so that scalar instructions do it: 20 words.
GROUP_OF(64) void uniform(uint x, uint y, uint z, OUT(uint) out) {
    ulong both = (ulong)x << 32 | y, other = (ulong)y << 32 | z;
    uint s = z & 31, t = z & 63;
    long sum = (long)(both + other), difference = (long)(both - other);
    uint results[20] = {
        x * y, (uint)(((ulong)x * y) >> 32), (uint)(((long)(int)x * (int)y) >> 32), x << s, (uint)((int)x >> s),
        (uint)(both << t), (uint)((both << t) >> 32), (uint)((long)both >> t), (uint)__builtin_popcountl(both),
        __builtin_bitreverse32(x), (uint)__builtin_clz(x | 1), (uint)__builtin_ctzl(both | 1ul << 63), (uint)sum,
        (uint)(sum >> 32), (uint)(difference >> 32), x & ~y, x | ~y, ~(x ^ y), (x >> 5) & 0x1ff,
        (uint)(int)(short)x + (uint)(int)(char)y + (x < y) + ((int)x < (int)y) + (both > other),
    };
    if (LOCAL() == 0)
        for (uint n = 0; n < 20; n++)
            out[n] = results[n];
}

// Bytes chosen by data, of which some selectors give signs and constants: a word a thread.
GROUP_OF(64) void choose(IN(uint) a, IN(uint) b, IN(uint) c, OUT(uint) out) {
    uint i = THREAD(64);
    out[i] = __builtin_amdgcn_perm(a[i], b[i], c[i] & 0x0f0f0f0f);
}

// Sums of distances of bytes, and pairs that saturate: 12 words a thread.
GROUP_OF(64) void distances(IN(uint) a, IN(uint) b, IN(uint) c, OUT(uint) out) {
    uint i = THREAD(64);
    uint x = a[i], y = b[i], z = c[i];
    // Sums of 16 bits start low enough not to overflow.
    ulong wide = (ulong)y << 32 | x, low = ((ulong)x << 32 | z) & 0x0fff0fff0fff0ffful;
    ulong plain = __builtin_amdgcn_qsad_pk_u16_u8(wide, z, low);
    ulong masked = __builtin_amdgcn_mqsad_pk_u16_u8(wide, z, low);
    uint results[12] = {
        __builtin_amdgcn_sad_hi_u8(x, y, z), __builtin_amdgcn_sad_u16(x, y, z), __builtin_amdgcn_msad_u8(x, y, z),
        (uint)plain, (uint)(plain >> 32), (uint)masked, (uint)(masked >> 32),
        as_uint(__builtin_amdgcn_cvt_pk_i16((int)x >> (z & 31), (int)y)),
        as_uint(__builtin_amdgcn_cvt_pk_u16(x >> (z & 31), y)),
        __builtin_amdgcn_cvt_pk_u8_f32((float)(x % 300), z & 3, y),
        __builtin_amdgcn_sad_u8(x, y, 0), __builtin_amdgcn_lerp(x, y, 0x00ff0100),
    };
    for (uint n = 0; n < 12; n++)
        out[i * 12 + n] = results[n];
}
