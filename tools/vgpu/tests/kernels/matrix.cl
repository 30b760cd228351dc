// Matrices of 16 by 16: the WMMA instructions, and a product through tiles in LDS.
#include "kernel.h"

#ifdef __AMDGCN_WAVEFRONT_SIZE__
#if __AMDGCN_WAVEFRONT_SIZE__ == 64
#define WIDTH 64
#define WMMA(kind) __builtin_amdgcn_wmma_##kind##_w64
typedef float accumulator __attribute__((ext_vector_type(4)));
typedef int int_accumulator __attribute__((ext_vector_type(4)));
typedef half half_accumulator __attribute__((ext_vector_type(8)));
typedef short short_accumulator __attribute__((ext_vector_type(8)));
#else
#define WIDTH 32
#define WMMA(kind) __builtin_amdgcn_wmma_##kind##_w32
typedef float accumulator __attribute__((ext_vector_type(8)));
typedef int int_accumulator __attribute__((ext_vector_type(8)));
typedef half half_accumulator __attribute__((ext_vector_type(16)));
typedef short short_accumulator __attribute__((ext_vector_type(16)));
#endif
#endif
// Elements of the accumulator in a lane, and the row of the n-th.
#define HELD (256 / WIDTH)
#define ROW(n, lane) ((WIDTH / 16) * (n) + (lane) / 16)

typedef half half_row __attribute__((ext_vector_type(16)));
typedef short short_row __attribute__((ext_vector_type(16)));

// D = A B + C. A and B are rows of 16 consecutive k; C and D are in rows.
__kernel __attribute__((reqd_work_group_size(WIDTH, 1, 1)))
void wmma_f32_f16(IN(half_row) a, IN(half_row) b, IN(float) c, OUT(float) d) {
    uint lane = LOCAL();
    accumulator sum;
    for (uint n = 0; n < HELD; n++)
        sum[n] = c[ROW(n, lane) * 16 + lane % 16];
    sum = WMMA(f32_16x16x16_f16)(a[lane % 16], b[lane % 16], sum);
    for (uint n = 0; n < HELD; n++)
        d[ROW(n, lane) * 16 + lane % 16] = sum[n];
}

__kernel __attribute__((reqd_work_group_size(WIDTH, 1, 1)))
void wmma_f32_bf16(IN(short_row) a, IN(short_row) b, IN(float) c, OUT(float) d) {
    uint lane = LOCAL();
    accumulator sum;
    for (uint n = 0; n < HELD; n++)
        sum[n] = c[ROW(n, lane) * 16 + lane % 16];
    sum = WMMA(f32_16x16x16_bf16)(a[lane % 16], b[lane % 16], sum);
    for (uint n = 0; n < HELD; n++)
        d[ROW(n, lane) * 16 + lane % 16] = sum[n];
}

// The low halves of the accumulator, then the high ones.
__kernel __attribute__((reqd_work_group_size(WIDTH, 1, 1)))
void wmma_f16(IN(half_row) a, IN(half_row) b, IN(half) c, OUT(half) d) {
    uint lane = LOCAL();
    half_accumulator sum;
    for (uint n = 0; n < HELD; n++) {
        sum[2 * n] = c[ROW(n, lane) * 16 + lane % 16];
        sum[2 * n + 1] = c[ROW(n, lane) * 16 + lane % 16] + 1.0h;
    }
    sum = WMMA(f16_16x16x16_f16_tied)(a[lane % 16], b[lane % 16], sum, false);
    sum = WMMA(f16_16x16x16_f16_tied)(b[lane % 16], a[lane % 16], sum, true);
    for (uint n = 0; n < HELD; n++) {
        d[ROW(n, lane) * 16 + lane % 16] = sum[2 * n];
        d[256 + ROW(n, lane) * 16 + lane % 16] = sum[2 * n + 1];
    }
}

__kernel __attribute__((reqd_work_group_size(WIDTH, 1, 1)))
void wmma_bf16(IN(short_row) a, IN(short_row) b, IN(short) c, OUT(short) d) {
    uint lane = LOCAL();
    short_accumulator sum;
    for (uint n = 0; n < HELD; n++)
        sum[2 * n] = sum[2 * n + 1] = c[ROW(n, lane) * 16 + lane % 16];
    sum = WMMA(bf16_16x16x16_bf16_tied)(a[lane % 16], b[lane % 16], sum, true);
    for (uint n = 0; n < HELD; n++) {
        d[ROW(n, lane) * 16 + lane % 16] = sum[2 * n];
        d[256 + ROW(n, lane) * 16 + lane % 16] = sum[2 * n + 1];
    }
}

// Bytes: both signed, A alone, B alone, neither. Then 4 bits likewise.
__kernel __attribute__((reqd_work_group_size(WIDTH, 1, 1)))
void wmma_integers(IN(int4) a, IN(int4) b, IN(int2) a4, IN(int2) b4, IN(int) c, OUT(int) d) {
    uint lane = LOCAL();
    int_accumulator from, sums[8];
    for (uint n = 0; n < HELD; n++)
        from[n] = c[ROW(n, lane) * 16 + lane % 16];
    int4 x = a[lane % 16], y = b[lane % 16];
    int2 x4 = a4[lane % 16], y4 = b4[lane % 16];
    sums[0] = WMMA(i32_16x16x16_iu8)(true, x, true, y, from, false);
    sums[1] = WMMA(i32_16x16x16_iu8)(true, x, false, y, from, false);
    sums[2] = WMMA(i32_16x16x16_iu8)(false, x, true, y, from, false);
    sums[3] = WMMA(i32_16x16x16_iu8)(false, x, false, y, from, false);
    sums[4] = WMMA(i32_16x16x16_iu4)(true, x4, true, y4, from, false);
    sums[5] = WMMA(i32_16x16x16_iu4)(true, x4, false, y4, from, false);
    sums[6] = WMMA(i32_16x16x16_iu4)(false, x4, true, y4, from, false);
    sums[7] = WMMA(i32_16x16x16_iu4)(false, x4, false, y4, from, false);
    for (uint kind = 0; kind < 8; kind++)
        for (uint n = 0; n < HELD; n++)
            d[kind * 256 + ROW(n, lane) * 16 + lane % 16] = sums[kind][n];
}

// C = A B for 64 by 64 matrices; each workgroup of 16 by 16 threads makes a tile, in steps of 16 k.
__kernel __attribute__((reqd_work_group_size(16, 16, 1)))
void matmul(IN(float) a, IN(float) b, OUT(float) c) {
    __local float left[16][17], right[16][17];
    uint x = __builtin_amdgcn_workitem_id_x(), y = __builtin_amdgcn_workitem_id_y();
    uint column = __builtin_amdgcn_workgroup_id_x() * 16 + x, row = __builtin_amdgcn_workgroup_id_y() * 16 + y;
    float sum = 0;
    for (uint k = 0; k < 64; k += 16) {
        left[y][x] = a[row * 64 + k + x];
        right[y][x] = b[(k + y) * 64 + column];
        barrier_all();
        for (uint n = 0; n < 16; n++)
            sum = __builtin_fmaf(left[y][n], right[n][x], sum);
        barrier_all();
    }
    c[row * 64 + column] = sum;
}
