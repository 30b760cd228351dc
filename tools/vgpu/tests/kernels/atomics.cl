// Every kind of atomic that this generation has, on global memory and on LDS.
#include "kernel.h"
#define ADD(at, x) __atomic_fetch_add(at, x, __ATOMIC_RELAXED)
// Over the whole system the compiler does not trust these.
#define MIN(at, x) __scoped_atomic_fetch_min(at, x, __ATOMIC_RELAXED, __MEMORY_SCOPE_DEVICE)
#define MAX(at, x) __scoped_atomic_fetch_max(at, x, __ATOMIC_RELAXED, __MEMORY_SCOPE_DEVICE)

// One place each; the old value is dropped. 14 words and 10 doublewords.
GROUP_OF(64) void without_return(IN(uint) x, __global uint *words, __global ulong *wide) {
    uint a = x[THREAD(64)];
    ulong b = (ulong)a << 20 | a;
    ADD(&words[0], a);
    __atomic_fetch_sub(&words[1], a, __ATOMIC_RELAXED);
    __atomic_fetch_and(&words[2], a | 0xff00ff00, __ATOMIC_RELAXED);
    __atomic_fetch_or(&words[3], a & 0x11111111, __ATOMIC_RELAXED);
    __atomic_fetch_xor(&words[4], a, __ATOMIC_RELAXED);
    MIN((__global int *)&words[5], (int)a);
    MAX((__global int *)&words[6], (int)a);
    MIN(&words[7], a);
    MAX(&words[8], a);
    __builtin_amdgcn_atomic_inc32(&words[9], 100, __ATOMIC_RELAXED, "agent");
    __builtin_amdgcn_atomic_dec32(&words[10], 100, __ATOMIC_RELAXED, "agent");
    __builtin_amdgcn_global_atomic_fadd_f32((__global float *)&words[11], (float)(a % 1000));
    MIN((__global float *)&words[12], (float)(int)a);
    MAX((__global float *)&words[13], (float)(int)a);
    ADD(&wide[0], b);
    __atomic_fetch_sub(&wide[1], b, __ATOMIC_RELAXED);
    __atomic_fetch_and(&wide[2], b | 0xff00ff00ff00ff00, __ATOMIC_RELAXED);
    __atomic_fetch_or(&wide[3], b & 0x1111111111111111, __ATOMIC_RELAXED);
    __atomic_fetch_xor(&wide[4], b, __ATOMIC_RELAXED);
    MIN((__global long *)&wide[5], (long)(b << 24));
    MAX(&wide[6], b);
    __builtin_amdgcn_atomic_inc64(&wide[7], 1000000, __ATOMIC_RELAXED, "agent");
    MAX((__global long *)&wide[8], (long)(b << 24));
    MIN(&wide[9], b);
}

// Each thread takes a ticket, and a slot in a table by compare and swap; the last to change a word hands it on.
GROUP_OF(64) void with_return(IN(uint) x, __global uint *ticket, OUT(uint) order, __global uint *table,
                              __global ulong *wide_ticket, OUT(ulong) wide_order, __global uint *chain,
                              OUT(uint) links) {
    uint i = THREAD(64), key = x[i];
    order[ADD(ticket, 1)] = i;
    wide_order[ADD(wide_ticket, 0x100000001ul) & 0xffffffff] = i;
    links[i] = __atomic_exchange_n(chain, i + 1, __ATOMIC_RELAXED);
    // Open addressing in 512 slots; 0 is free.
    for (uint at = key % 512;; at = (at + 1) % 512) {
        uint expected = 0;
        if (__atomic_compare_exchange_n(&table[at], &expected, key, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED) ||
            expected == key)
            break;
    }
}

// A product of floats and a sum of doubles by compare and swap, whose order does not matter with these numbers.
GROUP_OF(64) void loops(__global float *product, __global double *sum, __global ulong *smallest) {
    uint i = THREAD(64);
    uint expected = *(volatile __global uint *)product, wanted;
    do
        wanted = as_uint(as_float(expected) * (i % 2 ? 2.0f : 0.5f));
    while (!__atomic_compare_exchange_n((__global uint *)product, &expected, wanted, false, __ATOMIC_RELAXED,
                                        __ATOMIC_RELAXED));
    ulong before = *(volatile __global ulong *)sum;
    while (!__atomic_compare_exchange_n((__global ulong *)sum, &before, as_ulong(as_double(before) + i), false,
                                        __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        ;
    __atomic_fetch_min(smallest, (ulong)(1000 - i) << 33, __ATOMIC_RELAXED);
}

// The same kinds on LDS: 14 words and 4 doublewords, and old values that sum to a known number.
GROUP_OF(256) void in_lds(IN(uint) x, OUT(uint) words, OUT(ulong) wide, OUT(uint) old) {
    __local uint place[14];
    __local ulong wide_place[4];
    uint l = LOCAL(), a = x[l];
    ulong b = (ulong)a << 20 | a;
    if (l < 14)
        place[l] = words[l];
    if (l < 4)
        wide_place[l] = wide[l];
    barrier_all();
    old[l] = ADD(&place[0], 1);
    __atomic_fetch_sub(&place[1], a, __ATOMIC_RELAXED);
    __atomic_fetch_and(&place[2], a | 0xff00ff00, __ATOMIC_RELAXED);
    __atomic_fetch_or(&place[3], a & 0x11111111, __ATOMIC_RELAXED);
    __atomic_fetch_xor(&place[4], a, __ATOMIC_RELAXED);
    __atomic_fetch_min((__local int *)&place[5], (int)a, __ATOMIC_RELAXED);
    __atomic_fetch_max((__local int *)&place[6], (int)a, __ATOMIC_RELAXED);
    __atomic_fetch_min(&place[7], a, __ATOMIC_RELAXED);
    __atomic_fetch_max(&place[8], a, __ATOMIC_RELAXED);
    __builtin_amdgcn_atomic_inc32(&place[9], 100, __ATOMIC_RELAXED, "workgroup");
    __builtin_amdgcn_atomic_dec32(&place[10], 100, __ATOMIC_RELAXED, "workgroup");
    __builtin_amdgcn_ds_faddf((__local float *)&place[11], (float)(a % 1000), __ATOMIC_RELAXED, 0, false);
    __builtin_amdgcn_ds_fminf((__local float *)&place[12], (float)(int)a, __ATOMIC_RELAXED, 0, false);
    __builtin_amdgcn_ds_fmaxf((__local float *)&place[13], (float)(int)a, __ATOMIC_RELAXED, 0, false);
    ADD(&wide_place[0], b);
    __atomic_fetch_xor(&wide_place[1], b, __ATOMIC_RELAXED);
    __atomic_fetch_max(&wide_place[2], b, __ATOMIC_RELAXED);
    ulong before = *(volatile __local ulong *)&wide_place[3];
    while (!__atomic_compare_exchange_n(&wide_place[3], &before, before * 3, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        ;
    barrier_all();
    if (l < 14)
        words[l] = place[l];
    if (l < 4)
        wide[l] = wide_place[l];
}
