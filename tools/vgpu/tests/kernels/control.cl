// Calls, tables, loops, and arrays in scratch.
#include "kernel.h"

__attribute__((noinline)) static uint mix(uint x, uint y) { return (x ^ y) * 0x9e3779b1u + (x >> 7); }
__attribute__((noinline)) static uint spread(uint x, uint y) { return mix(x + 1, y) ^ mix(y, x); }
__attribute__((noinline)) static uint gather(uint x, uint y) { return x > y ? x - y : spread(x, y); }
typedef uint (*step)(uint, uint);

// Functions by their addresses, chosen by data, different in each lane.
GROUP_OF(64) void calls(IN(uint) a, IN(uint) which, OUT(uint) out) {
    uint i = THREAD(64), x = a[i], sum = i;
    for (uint n = 0; n < 4; n++) {
        uint kind = which[(i + n) & 63] % 3;
        step function = kind == 0 ? mix : kind == 1 ? spread : gather;
        sum = function(sum, x + n);
    }
    out[i] = sum;
}

// A wide switch, some cases of which fall through; the compiler makes a tree or a table of it.
GROUP_OF(64) void cases(IN(uchar) program, OUT(uint) out, uint length) {
    uint i = THREAD(64), x = i * 77 + 1, y = i;
    for (uint n = 0; n < length; n++) {
        switch (program[(n + i * 3) % length] % 12) {
        case 0: x += y; break;
        case 1: x ^= y << 3; break;
        case 2: y = x * 5;
        case 3: x -= 9; break;
        case 4: y = ~y; break;
        case 5: x = y ? x / (y | 1) : 1; break;
        case 6: x = x << 7 | x >> 25; break;
        case 7: y += n;
        case 8: y ^= x;
        case 9: x++; break;
        case 10: n += x & 1; break;
        default: y = y * y + x;
        }
    }
    out[i] = x ^ y * 31;
}

// Collatz sequences, and loops in loops with breaks and continues.
GROUP_OF(64) void diverge(IN(uchar) bytes, OUT(uint) out, uint count) {
    uint l = THREAD(64), n = l + 1, steps = 0;
    while (n != 1) {
        n = n & 1 ? 3 * n + 1 : n >> 1;
        steps++;
    }
    uint sum = 1;
    for (uint i = 0; i < count; i += (bytes[i] & 3) + 1) {
        for (uint j = i; j < count; j += l + 1) {
            if (bytes[j] == l)
                break;
            if ((bytes[j] + l) % 5 == 0)
                continue;
            sum = sum * 31 + bytes[(i + j) % count];
            if (sum % 97 == 0) {
                do {
                    sum ^= sum >> 3;
                } while (sum & 4);
                break;
            }
        }
    }
    out[l] = sum + (steps << 24);
}

struct frame {
    uint low, high;
};
__attribute__((noinline)) static void push(struct frame *stack, uint at, uint low, uint high) {
    stack[at].low = low;
    stack[at].high = high;
}

// Quicksort of 24 numbers in a private array with a stack of its own.
GROUP_OF(64) void private_sort(IN(uint) in, OUT(uint) out) {
    uint i = THREAD(64);
    uint data[24];
    struct frame stack[26];
    uint depth = 1;
    for (uint n = 0; n < 24; n++)
        data[n] = in[i * 24 + n];
    push(stack, 0, 0, 24);
    while (depth) {
        struct frame part = stack[--depth];
        if (part.high - part.low < 2)
            continue;
        uint pivot = data[part.high - 1], kept = part.low;
        for (uint n = part.low; n < part.high - 1; n++)
            if (data[n] < pivot) {
                uint swap = data[n];
                data[n] = data[kept];
                data[kept++] = swap;
            }
        data[part.high - 1] = data[kept];
        data[kept] = pivot;
        push(stack, depth++, part.low, kept);
        push(stack, depth++, kept + 1, part.high);
    }
    for (uint n = 0; n < 24; n++)
        out[i * 24 + n] = data[n];
}

// Bytes, halves and doubles in a private array and words of three memories by one pointer.
__attribute__((noinline)) static uint bump(uint *at, uchar *byte) {
    *byte += 7;
    return (*at)++ + *byte;
}
GROUP_OF(64) void pointers(__global uint *counters, OUT(uint) out) {
    __local uint shared[64];
    uint i = THREAD(64), own[4] = {i, i * 2, i * 3, i * 4};
    uchar bytes[5] = {1, 2, 3, 4, (uchar)i};
    shared[LOCAL()] = i * 5;
    uint sum = 0;
    for (uint n = 0; n < 9; n++) {
        uint *at = n % 3 == 0 ? &own[(n + i) & 3] : n % 3 == 1 ? &shared[LOCAL()] : (uint *)&counters[i];
        sum = sum * 7 + bump(at, &bytes[(n * i) % 5]);
    }
    out[i] = sum + own[i & 3] + shared[LOCAL()] + bytes[i % 5];
}

// Tables of constants beside the code, and an index into registers that is the same for all lanes.
__constant const uint squares[16] = {0, 1, 4, 9, 16, 25, 36, 49, 64, 81, 100, 121, 144, 169, 196, 225};
__constant const short signs[7] = {-1, 1, -2, 300, -4000, 5, -6};
GROUP_OF(64) void tables(IN(uint) a, IN(uint16) rows, OUT(uint) out, uint start) {
    uint i = THREAD(64), sum = squares[a[i] & 15] + (uint)(int)signs[a[i] % 7];
    uint16 row = rows[i];
    for (uint n = 0; n < 9; n++) {
        uint at = (start + n * 5) & 15;
        sum = sum * 3 + row[at];
        row[at ^ 1] = sum;
    }
    out[i] = sum ^ row[3];
}
