// Kernels whose machine code the static check must find nothing wrong with. Ours; compile.sh makes the blobs.
#pragma OPENCL EXTENSION cl_khr_fp64 : enable
#pragma OPENCL EXTENSION cl_khr_fp16 : enable
#pragma OPENCL EXTENSION cl_khr_int64_base_atomics : enable

typedef half half16 __attribute__((ext_vector_type(16)));
typedef short short16v __attribute__((ext_vector_type(16)));
typedef float float8v __attribute__((ext_vector_type(8)));
typedef float float4v __attribute__((ext_vector_type(4)));
typedef int int8v __attribute__((ext_vector_type(8)));
typedef int int4v __attribute__((ext_vector_type(4)));
typedef int int2v __attribute__((ext_vector_type(2)));

#define ID ((int)(__builtin_amdgcn_workgroup_id_x() * 64 + __builtin_amdgcn_workitem_id_x()))
#define LANE ((int)__builtin_amdgcn_workitem_id_x())
#define BARRIER() do { __builtin_amdgcn_fence(__ATOMIC_RELEASE, "workgroup"); __builtin_amdgcn_s_barrier(); \
                       __builtin_amdgcn_fence(__ATOMIC_ACQUIRE, "workgroup"); } while (0)

kernel void copy(global float *o, global const float *a) { o[ID] = a[ID]; }

kernel void saxpy(global float *o, global const float *a, float k) { o[ID] += k * a[ID]; }

kernel void wide(global float4 *o, global const float4 *a, global const float4 *b) { o[ID] = a[ID] * b[ID] + o[ID]; }

kernel void scalars(global int *o, constant int *t, int n) {
    int sum = 0;
    for (int i = 0; i < n; i++) sum += t[i] * t[i + 17] ^ t[2 * i];
    o[ID] = sum;
}

kernel void dot_loop(global float *o, global const float *a, global const float *b, int n) {
    float sum = 0;
    for (int i = 0; i < n; i++) sum += a[ID * n + i] * b[i];
    o[ID] = sum;
}

kernel void unrolled(global float *o, global const float *a, int n) {
    float s0 = 0, s1 = 0, s2 = 0, s3 = 0;
    for (int i = 0; i < n; i += 4) {
        s0 += a[ID + i]; s1 += a[ID + 64 * i]; s2 -= a[ID + 128 * i]; s3 *= a[ID + 4096 * i];
    }
    o[ID] = s0 + s1 * s2 - s3;
}

kernel void tile(global float *o, global const float *a, global const float *b, int n) {
    local float ta[16][17], tb[16][17];
    int x = LANE & 15, y = LANE >> 4;
    float sum[4] = {0, 0, 0, 0};
    for (int k = 0; k < n; k += 16) {
        for (int j = 0; j < 4; j++) {
            ta[y + 4 * j][x] = a[(y + 4 * j) * n + k + x];
            tb[y + 4 * j][x] = b[(k + y + 4 * j) * n + x];
        }
        BARRIER();
        for (int i = 0; i < 16; i++)
            for (int j = 0; j < 4; j++) sum[j] += ta[y + 4 * j][i] * tb[i][x];
        BARRIER();
    }
    for (int j = 0; j < 4; j++) o[(y + 4 * j) * 16 + x] = sum[j];
}

kernel void reduce(global float *o, global const float *a) {
    local float t[64];
    t[LANE] = a[ID];
    BARRIER();
    for (int step = 32; step > 0; step >>= 1) {
        if (LANE < step) t[LANE] += t[LANE + step];
        BARRIER();
    }
    if (LANE == 0) o[__builtin_amdgcn_workgroup_id_x()] = t[0];
}

kernel void histogram(global int *o, global const uchar *a, int n) {
    local int bins[256];
    for (int i = LANE; i < 256; i += 64) bins[i] = 0;
    BARRIER();
    for (int i = LANE; i < n; i += 64) __atomic_fetch_add(&bins[a[i]], 1, __ATOMIC_RELAXED);
    BARRIER();
    for (int i = LANE; i < 256; i += 64) __atomic_fetch_add(&o[i], bins[i], __ATOMIC_RELAXED);
}

kernel void ticket(global int *o, global int *next) {
    int mine = __atomic_fetch_add(next, 1, __ATOMIC_RELAXED);
    o[mine] = ID;
}

kernel void spin(global int *lock, global int *data) {
    int want = 0;
    while (!__atomic_compare_exchange_n(lock, &want, 1, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) want = 0;
    data[0] += ID;
    __atomic_store_n(lock, 0, __ATOMIC_RELEASE);
}

kernel void atomic64(global ulong *o, global const ulong *a) { __atomic_fetch_max(&o[ID & 3], a[ID], __ATOMIC_RELAXED); }

kernel void sigmoid(global float *o, global const float *a) {
    float x = a[ID];
    o[ID] = __builtin_amdgcn_rcpf(1.0f + __builtin_amdgcn_exp2f(-1.442695f * x));
}

kernel void transcendental(global float *o, global const float *a) {
    float x = a[ID];
    float s = __builtin_amdgcn_sinf(x), c = __builtin_amdgcn_cosf(x);
    float l = __builtin_amdgcn_logf(x * x + 1.0f), r = __builtin_amdgcn_rsqf(x + 3.0f), q = __builtin_amdgcn_sqrtf(l);
    o[ID] = s * c + l * r - q * s;
    o[ID + 4096] = q + s;
}

kernel void norm(global float *o, global const float *a, int n) {
    float sum = 0;
    for (int i = 0; i < n; i++) { float v = a[ID * n + i]; sum += v * v; }
    float scale = __builtin_amdgcn_rsqf(sum + 1e-5f);
    for (int i = 0; i < n; i++) o[ID * n + i] = a[ID * n + i] * scale;
}

kernel void divide(global float *o, global const float *a, global const float *b) { o[ID] = a[ID] / b[ID]; }

kernel void doubles(global double *o, global const double *a, global const double *b) {
    double x = a[ID], y = b[ID];
    o[ID] = x * y + __builtin_fma(x, x, y) - (x > y ? x / y : y);
}

kernel void double_root(global double *o, global const double *a) { o[ID] = __builtin_amdgcn_sqrt(a[ID]) * __builtin_amdgcn_rcp(a[ID + 1]) + 1.0; }

kernel void halves(global half *o, global const half *a, global const half *b) {
    half x = a[ID], y = b[ID];
    o[ID] = x * y + a[ID + 1] - b[2 * ID];
}

kernel void packed(global half2 *o, global const half2 *a, global const half2 *b, int n) {
    half2 sum = (half2)(0, 0);
    for (int i = 0; i < n; i++) sum = sum * a[ID + i] + b[ID + 64 * i];
    o[ID] = sum;
}

kernel void bytes(global uchar *o, global const uchar *a, global const short *s) {
    o[ID] = a[ID] + (a[ID + 1] ^ (uchar)s[ID]);
    ((global short *)o)[ID + 999] = s[ID * 2] * a[ID];
}

kernel void integer(global long *o, global const int *a, global const int *b) {
    long x = (long)a[ID] * b[ID] + o[ID];
    o[ID] = (x ^ (b[ID] / (a[ID] + 1))) + ((long)a[ID] << (b[ID] & 63));
}

kernel void divergent(global int *o, global const int *a, int n) {
    int x = a[ID];
    for (int i = 0; i < n; i++) {
        if (x & 1) { if (x > 100) x = a[x & 1023]; else x = 3 * x + 1; }
        else if (x & 2) x = o[x & 255] >> 1;
        else { x >>= 1; if (x == 7) break; if (x == 9) continue; x += a[i]; }
    }
    o[ID] = x;
}

kernel void select_many(global float *o, global const float *a, global const float *b, float t) {
    float x = a[ID], y = b[ID];
    float p = x > t ? y : x, q = y < t ? p : x, r = p != q ? q * x : p + y;
    o[ID] = (x > y && p < q) || (r > t) ? r : (q > 3.0f ? p : x);
    o[ID + 512] = (x > y) != (p > r) ? q : r;
}

kernel void early(global int *o, global const int *a) {
    int x = a[ID];
    if (x < 0) return;
    if (x > 10) { o[ID] = a[x]; return; }
    o[ID] = a[x + 1] + a[x + 2];
}

__attribute__((noinline)) float helper(global const float *a, int i, float x) { return a[i] * x + a[i + 1]; }
__attribute__((noinline)) float deep(global const float *a, int i) {
    float v = 0;
    for (int k = 0; k < i; k++) v += helper(a, k, v) * a[k];
    return v;
}

kernel void calls(global float *o, global const float *a) {
    float x = a[ID];
    x = helper(a, ID, x) + deep(a, 5) * x;
    o[ID] = x;
}

kernel void generic_pointer(global float *o, global const float *a, int which) {
    local float t[64];
    t[LANE] = a[ID];
    BARRIER();
    generic float *p = which ? (generic float *)&t[63 - LANE] : (generic float *)&o[ID + 64];
    float v = *p;
    *p = v + 1.0f;
    o[ID] = v + a[ID + 7];
}

kernel void private_array(global int *o, global const int *a, int n) {
    int t[40];
    for (int i = 0; i < 40; i++) t[i] = a[ID + i];
    for (int i = 0; i < n; i++) t[(i * 7 + t[i & 31]) & 31] += t[i & 15];
    o[ID] = t[n & 31];
}

kernel void lanes(global int *o, global const int *a) {
    int x = a[ID];
    int y = __builtin_amdgcn_ds_bpermute(4 * (LANE ^ 5), x);
    int z = __builtin_amdgcn_update_dpp(x, y, 0x101, 15, 15, false);
    int w = __builtin_amdgcn_permlane16(x, y, 0x76543210, 0xfedcba98, false, false);
    int f = __builtin_amdgcn_readfirstlane(z);
    o[ID] = y + z * w + f + __builtin_amdgcn_ds_swizzle(w, 0x1f);
}

kernel void ticks(global ulong *o) {
    ulong start = __builtin_amdgcn_s_sendmsg_rtnl(0x83);
    o[ID] = __builtin_amdgcn_s_sendmsg_rtnl(0x83) - start;
}

kernel void fences(global int *flag, global int *data) {
    data[ID] = ID;
    __atomic_store_n(&flag[ID], 1, __ATOMIC_RELEASE);
    while (__atomic_load_n(&flag[ID + 1], __ATOMIC_ACQUIRE) == 0) __builtin_amdgcn_s_sleep(1);
    data[ID + 1024] = data[ID + 1];
}

kernel void dots(global int *o, global const int *a, global const int *b) {
    o[ID] = __builtin_amdgcn_sudot4(true, a[ID], false, b[ID], o[ID], false) + __builtin_amdgcn_sudot8(true, a[ID + 1], true, b[ID], 3, false);
}

#ifdef WAVE64
#define WMMA_F32 __builtin_amdgcn_wmma_f32_16x16x16_f16_w64
#define WMMA_I32 __builtin_amdgcn_wmma_i32_16x16x16_iu8_w64
typedef float4v acc_f;
typedef int4v acc_i;
#else
#define WMMA_F32 __builtin_amdgcn_wmma_f32_16x16x16_f16_w32
#define WMMA_I32 __builtin_amdgcn_wmma_i32_16x16x16_iu8_w32
typedef float8v acc_f;
typedef int8v acc_i;
#endif

kernel void matrix(global acc_f *o, global const half16 *a, global const half16 *b, int n) {
    acc_f sum = (acc_f)(0.0f), other = sum;
    for (int k = 0; k < n; k++) {
        sum = WMMA_F32(a[64 * k + LANE], b[64 * k + LANE], sum);
        other = WMMA_F32(b[64 * k + LANE], a[64 * k + LANE + 1], other);
    }
    o[ID] = sum + other * sum;
}

kernel void matrix_int(global acc_i *o, global const int4v *a, global const int4v *b, int n) {
    acc_i sum = (acc_i)(0);
    for (int k = 0; k < n; k++) {
        sum = WMMA_I32(true, a[64 * k + LANE], true, b[64 * k + LANE], sum, false);
#ifdef WAVE64
        sum = WMMA_I32(true, sum, true, b[64 * k + LANE + 5], sum, false);
#else
        sum = WMMA_I32(true, sum.lo, true, b[64 * k + LANE + 5], sum, false);
#endif
    }
    o[ID] = sum;
}

kernel void exec_mix(global float *o, global const float *a, int n) {
    float x = a[ID], y = a[ID + 1];
    for (int i = 0; i < n; i++) {
        float u = x * y;
        if (u > 3.0f) y = u + 1.0f;
        x = u * y;
        if (x > y) x = x - u;
        y = y * x + u;
    }
    o[ID] = x + y;
}
