// Loads and stores of every shape.
#include "kernel.h"

struct inner {
    char tag;
    short value;
    uchar tail;
};
struct record {
    uchar kind;
    double number;
    struct inner inner[2];
    ushort id;
    float3 vector;
    ulong link;
};

// Structures with padding, read and written field by field and as a whole.
GROUP_OF(64) void records(IN(struct record) in, OUT(struct record) out) {
    uint i = THREAD(64);
    struct record r = in[i];
    r.kind += 3;
    r.number *= 2;
    r.inner[i & 1].value -= r.inner[~i & 1].tag;
    r.inner[1].tail ^= r.inner[0].tail;
    r.id = (ushort)(r.id << 3 | r.id >> 13);
    r.vector = r.vector.zxy;
    r.link += (ulong)r.id << 30;
    out[i ^ 1] = r;
}

// Bytes and 16-bit numbers, signed and unsigned, at odd places: halves of registers are loaded and stored.
GROUP_OF(64) void small(IN(char) a, IN(uchar) b, IN(short) c, IN(ushort) d, OUT(char) x, OUT(short) y, OUT(uint) z) {
    uint i = THREAD(64);
    short2 pair = (short2)(c[3 * i + 1], c[3 * i]);
    uchar2 bytes = (uchar2)(b[i * 2 + 1], b[i * 2]);
    short2 sum = pair + (short2)(a[i], (short)(d[i] >> 4));
    x[2 * i + 1] = (char)(a[i] + bytes.x);
    x[2 * i] = (char)(sum.y - bytes.y);
    y[2 * i] = sum.y;
    y[2 * i + 1] = sum.x;
    z[i] = (uint)(int)a[i] * (uint)d[i] + (uint)(int)c[i] + b[i];
}

// Unaligned words through pointers to packed structures.
struct __attribute__((packed)) loose {
    uchar lead;
    uint word;
    ulong wide;
};
GROUP_OF(64) void unaligned(IN(struct loose) in, OUT(struct loose) out) {
    uint i = THREAD(64);
    struct loose x = in[i];
    out[63 - i] = (struct loose){(uchar)(x.lead + 1), x.word ^ (uint)x.wide, x.wide + x.word};
}

// A list through memory by addresses, forwards and with negative strides.
struct node {
    __global const struct node *next;
    long step;
};
GROUP_OF(64) void chase(__global const struct node *nodes, IN(long) middle, OUT(long) out, uint hops) {
    uint i = THREAD(64);
    __global const struct node *at = nodes + i;
    long sum = 0;
    for (uint n = 0; n < hops; n++) {
        sum = sum * 3 + at->step;
        sum += middle[at->step];
        at = at->next;
    }
    out[i] = sum + (at - nodes);
}

// Buffer resources: what is out of range reads 0 and is not stored. 6 words a thread, and stores into `marks`.
GROUP_OF(64) void resources(__global uint *data, uint bytes, OUT(uint) out, __global uint *marks, uint mark_bytes) {
    uint i = THREAD(64);
    __amdgpu_buffer_rsrc_t from = __builtin_amdgcn_make_buffer_rsrc(data, 0, (int)bytes, 0x30016fac);
    __amdgpu_buffer_rsrc_t to = __builtin_amdgcn_make_buffer_rsrc(marks, 0, (int)mark_bytes, 0x30016fac);
    out[i * 6] = __builtin_amdgcn_raw_buffer_load_b32(from, (int)(i * 12), 0, 0);
    out[i * 6 + 1] = __builtin_amdgcn_raw_buffer_load_b8(from, (int)(i * 9 + 1), 0, 0);
    out[i * 6 + 2] = __builtin_amdgcn_raw_buffer_load_b16(from, (int)(i * 10 + 2), 16, 0);
    uint4 wide = __builtin_amdgcn_raw_buffer_load_b128(from, (int)(i * 8), 8, 0);
    uint2 pair = __builtin_amdgcn_raw_buffer_load_b64(from, (int)(0x80000000u * (i % 3 == 0) + i * 8), 0, 0);
    out[i * 6 + 3] = wide.x + wide.y * 3 + wide.z * 5 + wide.w * 7;
    out[i * 6 + 4] = pair.x;
    out[i * 6 + 5] = pair.y;
    __builtin_amdgcn_raw_buffer_store_b32(i + 1, to, (int)(i * 8), 0, 0);
    __builtin_amdgcn_raw_buffer_store_b8((uchar)(i + 100), to, (int)(i * 8 + 5), 0, 0);
}
