// Across the lanes of a wave.
#include "kernel.h"
#if __AMDGCN_WAVEFRONT_SIZE__ == 64
#define WIDTH 64
#define BALLOT(x) __builtin_amdgcn_ballot_w64(x)
#define HALVES_SWAPPED(x) __builtin_amdgcn_permlane64(x)
#else
#define WIDTH 32
#define BALLOT(x) ((ulong)__builtin_amdgcn_ballot_w32(x))
#define HALVES_SWAPPED(x) (x)
#endif
#define WAVE __kernel __attribute__((reqd_work_group_size(WIDTH, 1, 1)))
// DPP of all rows and banks; lanes without a source keep -1.
#define DPP(x, control) ((uint)__builtin_amdgcn_update_dpp(-1, (int)(x), control, 0xf, 0xf, false))

// Votes and single lanes, in all lanes and in a third of them: 7 words a lane.
WAVE void votes(IN(uint) a, OUT(uint) out, uint which) {
    uint lane = LOCAL(), x = a[lane];
    ulong odd = BALLOT(x & 1);
    out[lane * 7] = (uint)odd;
    out[lane * 7 + 1] = (uint)(odd >> 32);
    out[lane * 7 + 2] = __builtin_amdgcn_readlane(x, which);
    out[lane * 7 + 3] = __builtin_amdgcn_mbcnt_hi((uint)(odd >> 32), __builtin_amdgcn_mbcnt_lo((uint)odd, 5));
    out[lane * 7 + 4] = out[lane * 7 + 5] = out[lane * 7 + 6] = 0;
    if (x % 3 == 0) {
        ulong here = BALLOT(x & 2);
        out[lane * 7 + 4] = __builtin_amdgcn_readfirstlane(x);
        out[lane * 7 + 5] = (uint)here;
        out[lane * 7 + 6] = (uint)(here >> 32);
    }
}

// Every kind of DPP move that this generation has: 14 words a lane.
WAVE void moves(IN(uint) a, OUT(uint) out) {
    uint lane = LOCAL(), x = a[lane];
    uint results[14] = {
        DPP(x, 0x1b),  // quad_perm:[3,2,1,0]
        DPP(x, 0x72),  // quad_perm:[2,0,3,1]
        DPP(x, 0x101), // row_shl:1
        DPP(x, 0x10f), // row_shl:15
        DPP(x, 0x113), // row_shr:3
        DPP(x, 0x125), // row_ror:5
        DPP(x, 0x140), // row_mirror
        DPP(x, 0x141), // row_half_mirror
        DPP(x, 0x156), // row_share:6
        DPP(x, 0x163), // row_xmask:3
        (uint)__builtin_amdgcn_update_dpp(7, (int)x, 0x121, 0x5, 0xf, false), // rows 0 and 2 alone
        (uint)__builtin_amdgcn_update_dpp(7, (int)x, 0x121, 0xf, 0x6, false), // banks 1 and 2 alone
        (uint)__builtin_amdgcn_update_dpp(7, (int)x, 0x112, 0xf, 0xf, true),  // row_shr:2, else 0
        __builtin_amdgcn_mov_dpp8(x, 0x99d287), // dpp8:[7,0,2,1,5,3,6,4]
    };
    for (uint n = 0; n < 14; n++)
        out[lane * 14 + n] = results[n];
}

// An inclusive sum of each row of 16 lanes, with DPP in the adds.
WAVE void row_sums(IN(uint) a, OUT(uint) out) {
    uint lane = LOCAL(), x = a[lane];
    x += (uint)__builtin_amdgcn_update_dpp(0, (int)x, 0x111, 0xf, 0xf, true);
    x += (uint)__builtin_amdgcn_update_dpp(0, (int)x, 0x112, 0xf, 0xf, true);
    x += (uint)__builtin_amdgcn_update_dpp(0, (int)x, 0x114, 0xf, 0xf, true);
    x += (uint)__builtin_amdgcn_update_dpp(0, (int)x, 0x118, 0xf, 0xf, true);
    out[lane] = x;
}

// Permutations: 7 words a lane.
WAVE void permutations(IN(uint) a, IN(uint) to, OUT(uint) out) {
    uint lane = LOCAL(), x = a[lane];
    uint results[7] = {
        __builtin_amdgcn_permlane16(x, x, 0x76543210, 0x01234567, true, false),
        __builtin_amdgcn_permlanex16(x, x, 0xfedcba98, 0x13579bdf, true, false),
        HALVES_SWAPPED(x),
        (uint)__builtin_amdgcn_ds_bpermute((int)(to[lane] * 4), (int)x),
        (uint)__builtin_amdgcn_ds_permute((int)(to[lane] * 4), (int)x),
        (uint)__builtin_amdgcn_ds_swizzle((int)x, 0x041f), // and 31, or 0, xor 1
        (uint)__builtin_amdgcn_ds_swizzle((int)x, 0x80b1), // quads: 1, 0, 3, 2
    };
    for (uint n = 0; n < 7; n++)
        out[lane * 7 + n] = results[n];
}

// With odd numbers alone: lanes that are off give nothing. 9 words a lane.
WAVE void inactive(IN(uint) a, OUT(uint) out, uint which) {
    uint lane = LOCAL(), x = a[lane];
    for (uint n = 0; n < 9; n++)
        out[lane * 9 + n] = 0;
    if (x & 1) {
        out[lane * 9] = (uint)__builtin_amdgcn_update_dpp(7, (int)x, 0x121, 0xf, 0xf, false); // row_ror:1
        out[lane * 9 + 1] = (uint)__builtin_amdgcn_update_dpp(7, (int)x, 0x121, 0xf, 0xf, true);
        out[lane * 9 + 2] = (uint)__builtin_amdgcn_ds_bpermute((int)((lane ^ 5) * 4), (int)x);
        out[lane * 9 + 3] = (uint)__builtin_amdgcn_ds_swizzle((int)x, 0x041f); // xor 1
        out[lane * 9 + 4] = __builtin_amdgcn_permlane16(9, x, 0x76543210, 0x01234567, false, false);
        out[lane * 9 + 5] = __builtin_amdgcn_permlane16(9, x, 0x76543210, 0x01234567, false, true);
        out[lane * 9 + 6] = __builtin_amdgcn_permlane16(9, x, 0x76543210, 0x01234567, true, false);
        out[lane * 9 + 7] = __builtin_amdgcn_readlane(x, which);
        out[lane * 9 + 8] = __builtin_amdgcn_readfirstlane(x);
    }
}
