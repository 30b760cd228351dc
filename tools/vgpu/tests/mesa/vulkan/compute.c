// Compute programs on the first Vulkan device, compared with what the CPU computes.
//
//     compute SHADERS [-f FAMILY] [NAME...]
//
// prints a line for each test and exits with 1 if a number is wrong, with 2 if Vulkan says no.
#include "device.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define SHOWN 4

static unsigned wrong; // of the test that runs

// Says what is wrong, for the first few.
#define EXPECT(ok, ...)                  \
    do {                                 \
        if (!(ok) && wrong++ < SHOWN) {  \
            printf("    " __VA_ARGS__);  \
            printf("\n");                \
        }                                \
    } while (0)

static uint32_t random_state;

// xorshift32
static uint32_t next_random(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return random_state;
}

enum { HOST = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT,
       CACHED = HOST | VK_MEMORY_PROPERTY_HOST_CACHED_BIT,
       VISIBLE = HOST | VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT,
       LOCAL = VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT };

#define STORAGE(number, memory) \
    { .buffer = &(memory), .type = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, .first = (number) }

static void fill_random(struct buffer *buffer)
{
    uint32_t *words = buffer->data;
    for (VkDeviceSize i = 0; i < buffer->size / 4; i++)
        words[i] = next_random();
}

// One dispatch of a program that is made for it.
static void dispatch(struct device *device, const struct program_options *options, const void *push, uint32_t x,
                     uint32_t y, uint32_t z)
{
    struct program program = make_program(device, options);
    VkCommandBuffer commands = begin_commands(device);
    bind(commands, &program, push, options->push_bytes);
    vkCmdDispatch(commands, x, y, z);
    run_commands(device, commands);
    free_program(device, &program);
}

#define OPTIONS(name, list, ...) \
    &(struct program_options){ .shader = (name), .bindings = (list), .binding_count = COUNT(list), __VA_ARGS__ }

static void test_add(struct device *device)
{
    enum { N = 10000 };
    struct buffer a = make_buffer(device, N * 4, VISIBLE), b = make_buffer(device, N * 4, HOST);
    struct buffer c = make_buffer(device, N * 4, CACHED);
    float *x = a.data, *y = b.data, *z = c.data;
    for (int i = 0; i < N; i++) {
        x[i] = i % 1000;
        y[i] = 3 * i;
        z[i] = -1;
    }
    struct binding list[] = { STORAGE(0, a), STORAGE(1, b), STORAGE(2, c) };
    struct { uint32_t count; float scale; } push = { N - 5, 4 };
    dispatch(device, OPTIONS("add", list, .push_bytes = sizeof push), &push, (N + 63) / 64, 1, 1);
    for (int i = 0; i < N; i++) {
        float want = i < N - 5 ? x[i] * 4 + y[i] : -1;
        EXPECT(z[i] == want, "element %d is %g, not %g", i, z[i], want);
    }
    free_buffer(device, &a);
    free_buffer(device, &b);
    free_buffer(device, &c);
}

static void test_reduce(struct device *device)
{
    enum { N = 256 * 61 + 17, GROUPS = 62 };
    struct buffer in = make_buffer(device, N * 4, HOST), out = make_buffer(device, GROUPS * 4, CACHED);
    fill_random(&in);
    struct binding list[] = { STORAGE(0, in), STORAGE(1, out) };
    uint32_t count = N, *from = in.data, *sums = out.data;
    dispatch(device, OPTIONS("reduce", list, .push_bytes = 4), &count, GROUPS, 1, 1);
    for (int group = 0; group < GROUPS; group++) {
        uint32_t want = 0;
        for (int i = group * 256; i < N && i < (group + 1) * 256; i++)
            want += from[i];
        EXPECT(sums[group] == want, "sum %d is %u, not %u", group, sums[group], want);
    }
    free_buffer(device, &in);
    free_buffer(device, &out);
}

static void test_atomics(struct device *device)
{
    enum { N = 128 * 40 };
    if (!device->features12.shaderBufferInt64Atomics) {
        printf("    not announced: 64-bit atomics\n");
        return;
    }
    struct out {
        uint32_t bins[16], sum, least;
        int32_t most;
        uint32_t all, any, odd, tickets, seen;
    } want = { .least = UINT32_MAX, .most = INT32_MIN, .all = UINT32_MAX };
    struct buffer in = make_buffer(device, N * 4, HOST), out = make_buffer(device, sizeof want, CACHED);
    struct buffer wide = make_buffer(device, 16, CACHED), taken = make_buffer(device, N * 4, CACHED);
    fill_random(&in);
    *(struct out *)out.data = want;
    memset(wide.data, 0, 16);
    memset(taken.data, 0, N * 4);
    uint64_t wide_sum = 0, wide_most = 0;
    for (int i = 0; i < N; i++) {
        uint32_t value = ((uint32_t *)in.data)[i];
        int32_t shifted = (int32_t)(value - 0x40000000);
        uint64_t high = (uint64_t)value << 20 | 5;
        want.bins[value & 15]++;
        want.sum += value;
        want.least = value < want.least ? value : want.least;
        want.most = shifted > want.most ? shifted : want.most;
        want.all &= value | 0xff00;
        want.any |= value & 0xff0ff0;
        want.odd ^= value;
        want.tickets++;
        want.seen = value > want.seen ? value : want.seen;
        wide_sum += (uint64_t)value << 8;
        wide_most = high > wide_most ? high : wide_most;
    }
    struct binding list[] = { STORAGE(0, in), STORAGE(1, out), STORAGE(2, wide), STORAGE(3, taken) };
    dispatch(device, OPTIONS("atomics", list, 0), NULL, N / 128, 1, 1);
    for (unsigned i = 0; i < sizeof want / 4; i++) {
        uint32_t is = ((uint32_t *)out.data)[i], should = ((uint32_t *)&want)[i];
        EXPECT(is == should, "word %u is %#x, not %#x", i, is, should);
    }
    uint64_t *got = wide.data;
    EXPECT(got[0] == wide_sum, "the wide sum is %#lx, not %#lx", got[0], wide_sum);
    EXPECT(got[1] == wide_most, "the wide maximum is %#lx, not %#lx", got[1], wide_most);
    for (int i = 0; i < N; i++)
        EXPECT(((uint32_t *)taken.data)[i] == 1, "nobody took ticket %d", i);
    free_buffer(device, &in);
    free_buffer(device, &out);
    free_buffer(device, &wide);
    free_buffer(device, &taken);
}

static void test_wide(struct device *device)
{
    enum { N = 256 };
    if (!device->features.features.shaderInt64 || !device->features.features.shaderFloat64) {
        printf("    not announced: 64-bit numbers\n");
        return;
    }
    struct pair { int64_t integer; double real; };
    struct buffer in = make_buffer(device, N * sizeof(struct pair), HOST), out = make_buffer(device, N * 64, CACHED);
    struct pair *from = in.data;
    for (int i = 0; i < N; i++) {
        from[i].integer = (int64_t)((uint64_t)next_random() << 32 | next_random()) >> (i % 40);
        from[i].real = (int32_t)next_random() / 1024.0 + 0.125;
    }
    struct binding list[] = { STORAGE(0, in), STORAGE(1, out) };
    dispatch(device, OPTIONS("wide", list, 0), NULL, N / 64, 1, 1);
    int64_t *integers = out.data;
    double *reals = (double *)(integers + 4 * N);
    for (int i = 0; i < N; i++) {
        int64_t x = from[i].integer;
        double y = from[i].real;
        int64_t whole[4] = { (int64_t)((uint64_t)x * (uint64_t)x + 3), x / 1000003,
                             (x >> 7) ^ (int64_t)((uint64_t)x << 11), (x < 0 ? -x : x) % 4093 };
        double real[4] = { fma(y, y, 0.25), 1 / y, sqrt(fabs(y)), floor(y) + (double)x };
        for (int k = 0; k < 4; k++) {
            int64_t is = integers[4 * i + k];
            double value = reals[4 * i + k];
            EXPECT(is == whole[k], "integer %d of %ld is %ld, not %ld", k, x, is, whole[k]);
            // Division and root may be off by a few units in the last place.
            EXPECT(fabs(value - real[k]) <= fabs(real[k]) * 1e-15, "real %d of %g is %.17g, not %.17g", k, y, value,
                   real[k]);
        }
    }
    free_buffer(device, &in);
    free_buffer(device, &out);
}

static void test_small(struct device *device)
{
    enum { N = 1024 };
    if (!device->features12.shaderInt8 || !device->features12.shaderFloat16 || !device->features.features.shaderInt16
        || !device->features12.storageBuffer8BitAccess || !device->features11.storageBuffer16BitAccess) {
        printf("    not announced: 8- and 16-bit numbers\n");
        return;
    }
    struct buffer bytes = make_buffer(device, N, HOST), halves = make_buffer(device, N * 2, HOST);
    struct buffer bytes2 = make_buffer(device, N, CACHED), shorts2 = make_buffer(device, N * 2, CACHED);
    struct buffer halves2 = make_buffer(device, N * 2, CACHED), vectors = make_buffer(device, N * 8, CACHED);
    fill_random(&bytes);
    _Float16 *from = halves.data;
    int8_t *small = bytes.data;
    for (int i = 0; i < N; i++)
        from[i] = (_Float16)((int)(next_random() % 512) - 256);
    struct binding list[] = { STORAGE(0, bytes),   STORAGE(1, halves),  STORAGE(2, bytes2),
                              STORAGE(3, shorts2), STORAGE(4, halves2), STORAGE(5, vectors) };
    dispatch(device, OPTIONS("small", list, 0), NULL, N / 64, 1, 1);
    for (int i = 0; i < N; i++) {
        int b = small[i];
        float h = from[i];
        int8_t byte = ((int8_t *)bytes2.data)[i];
        int16_t whole = ((int16_t *)shorts2.data)[i];
        float half = ((_Float16 *)halves2.data)[i];
        EXPECT(byte == (int8_t)(b * 3 + 7), "byte %d is %d, not %d", i, byte, (int8_t)(b * 3 + 7));
        EXPECT(whole == (int16_t)(b * b - i), "short %d is %d, not %d", i, whole, (int16_t)(b * b - i));
        EXPECT(half == h * 0.5f + b, "half %d is %g, not %g", i, half, h * 0.5f + b);
        float want[4] = { h * 2, -h * 4, h > 2 ? h : 2, (i & 7) * 0.5f };
        for (int k = 0; k < 4; k++) {
            float is = ((_Float16 *)vectors.data)[4 * i + k];
            EXPECT(is == want[k], "vector %d, part %d is %g, not %g", i, k, is, want[k]);
        }
    }
    struct buffer *all[] = { &bytes, &halves, &bytes2, &shorts2, &halves2, &vectors };
    for (unsigned i = 0; i < COUNT(all); i++)
        free_buffer(device, all[i]);
}

static void test_diverge(struct device *device)
{
    enum { N = 64 * 50 };
    struct buffer out = make_buffer(device, N * 8, CACHED);
    struct binding list[] = { STORAGE(0, out) };
    dispatch(device, OPTIONS("diverge", list, 0), NULL, N / 64, 1, 1);
    uint32_t *results = out.data;
    for (uint32_t i = 0; i < N; i++) {
        uint32_t value = i + 1, steps = 0, highest = value;
        while (value != 1) {
            value = value & 1 ? 3 * value + 1 : value / 2;
            highest = value > highest ? value : highest;
            if (++steps > 300)
                break;
        }
        uint32_t ends[4] = { highest + 1, highest ^ 0x55, highest * 3 - 2, highest - 2 };
        EXPECT(results[2 * i] == steps, "%u takes %u steps, not %u", i + 1, results[2 * i], steps);
        EXPECT(results[2 * i + 1] == ends[steps & 3], "%u ends with %u, not %u", i + 1, results[2 * i + 1],
               ends[steps & 3]);
    }
    free_buffer(device, &out);
}

// What each lane of a subgroup must have, by the words of the Vulkan and GLSL specifications.
static uint32_t subgroup_result(const uint32_t *x, uint32_t size, uint32_t lane, int which, bool *defined)
{
    uint32_t sum = 0, exclusive = 0, inclusive_max = 0, least = UINT32_MAX, most = 0, odd = 0, votes = 0, before = 0;
    uint32_t with_bit = 0, without_bit = 0, cluster_sum = 0, cluster_least = UINT32_MAX, above = 0;
    float real = 0;
    for (uint32_t i = 0; i < size; i++) {
        sum += x[i];
        exclusive += i < lane ? x[i] : 0;
        inclusive_max = i <= lane && x[i] > inclusive_max ? x[i] : inclusive_max;
        least = x[i] < least ? x[i] : least;
        most = x[i] > most ? x[i] : most;
        odd ^= x[i];
        votes += x[i] & 1;
        before += i < lane ? x[i] & 1 : 0;
        cluster_sum += i / 8 == lane / 8 ? x[i] : 0;
        cluster_least = i / 16 == lane / 16 && x[i] < cluster_least ? x[i] : cluster_least;
        above |= x[i] > 0xfff00000u;
        real += (float)(x[i] & 0xff);
        if (x[i] & 2)
            with_bit += x[i];
        else
            without_bit = x[i] > without_bit ? x[i] : without_bit;
    }
    uint32_t real_bits;
    memcpy(&real_bits, &real, 4);
    *defined = !(which == 11 && lane < 1) && !(which == 12 && lane + 3 >= size);
    uint32_t results[] = { sum, exclusive + x[lane], exclusive, least, most, odd, inclusive_max, cluster_sum,
                           cluster_least, x[(lane * 7 + 3) % size], x[lane ^ 17], x[lane - (lane >= 1)],
                           x[(lane + 3) % size], x[5], x[0], votes, before, x[lane ^ 3], x[(lane & ~3u) + 2],
                           x[(lane + 5) % size], above, real_bits, lane == 0,
                           x[lane] & 2 ? with_bit : without_bit };
    return results[which];
}

static void subgroup_of(struct device *device, uint32_t wanted)
{
    enum { N = 128 * 6, WORDS = 24 };
    struct buffer in = make_buffer(device, N * 4, HOST), out = make_buffer(device, N * WORDS * 4, CACHED);
    struct buffer size_out = make_buffer(device, 4, CACHED);
    fill_random(&in);
    struct binding list[] = { STORAGE(0, in), STORAGE(1, out), STORAGE(2, size_out) };
    dispatch(device, OPTIONS("subgroup", list, .subgroup = wanted), NULL, N / 128, 1, 1);
    uint32_t size = *(uint32_t *)size_out.data, *from = in.data, *results = out.data;
    EXPECT(size == wanted || wanted == 0, "the size is %u, not %u", size, wanted);
    if (size != 32 && size != 64) {
        EXPECT(false, "the size is %u", size);
        return;
    }
    for (uint32_t i = 0; i < N; i++) {
        for (int k = 0; k < WORDS; k++) {
            bool defined;
            uint32_t want = subgroup_result(from + i / size * size, size, i % size, k, &defined);
            uint32_t is = results[i * WORDS + k];
            EXPECT(!defined || is == want, "size %u, lane %u, result %d is %#x, not %#x", size, i, k, is, want);
        }
    }
    free_buffer(device, &in);
    free_buffer(device, &out);
    free_buffer(device, &size_out);
}

static void test_subgroup(struct device *device)
{
    subgroup_of(device, 0);
    subgroup_of(device, 32);
    subgroup_of(device, 64);
}

// Groups in three dimensions, started with numbers that another shader has written.
static void test_indirect(struct device *device)
{
    uint32_t groups[3] = { 5, 4, 3 }, size[3] = { 20, 12, 6 };
    uint32_t count = size[0] * size[1] * size[2];
    struct buffer arguments = make_buffer(device, 12, LOCAL), out = make_buffer(device, count * 4, CACHED);
    memset(out.data, 0, count * 4);
    struct binding first[] = { STORAGE(0, arguments) }, second[] = { STORAGE(0, out) };
    struct program writer = make_program(device, OPTIONS("indirect", first, .push_bytes = 12));
    struct program ids = make_program(device, OPTIONS("ids", second, .push_bytes = 12));
    VkCommandBuffer commands = begin_commands(device);
    bind(commands, &writer, groups, 12);
    vkCmdDispatch(commands, 1, 1, 1);
    barrier(commands);
    bind(commands, &ids, size, 12);
    vkCmdDispatchIndirect(commands, arguments.buffer, 0);
    barrier(commands);
    vkCmdDispatch(commands, groups[0], groups[1], groups[2]);
    run_commands(device, commands);
    uint32_t *visits = out.data;
    for (uint32_t z = 0; z < size[2]; z++)
        for (uint32_t y = 0; y < size[1]; y++)
            for (uint32_t x = 0; x < size[0]; x++) {
                uint32_t local = (z % 2 * 3 + y % 3) * 4 + x % 4;
                uint32_t once = x / 4 + 100 * (y / 3) + 10000 * (z / 2) + local * 1000000 + groups[0] * 100000000;
                uint32_t is = visits[(z * size[1] + y) * size[0] + x];
                EXPECT(is == 2 * once, "%u,%u,%u has %u, not %u", x, y, z, is, 2 * once);
            }
    free_program(device, &writer);
    free_program(device, &ids);
    free_buffer(device, &arguments);
    free_buffer(device, &out);
}

static void test_math(struct device *device)
{
    enum { N = 1024, RESULTS = 16 };
    struct buffer in = make_buffer(device, N * 4, HOST), out = make_buffer(device, N * RESULTS * 4, CACHED);
    float *from = in.data;
    for (int i = 0; i < N; i++)
        from[i] = 0.03125f + (float)(next_random() % 40000) / 512;
    struct binding list[] = { STORAGE(0, in), STORAGE(1, out) };
    dispatch(device, OPTIONS("math", list, 0), NULL, N / 64, 1, 1);
    float *results = out.data;
    for (int i = 0; i < N; i++) {
        float x = from[i];
        uint32_t bits;
        memcpy(&bits, &x, 4);
        int msb = 31 - __builtin_clz((uint32_t)x + 1);
        int field = (int)((uint32_t)(i >> 1 & 7) << 29) >> 29;
        double want[RESULTS] = { sqrt(x), 1 / sqrt(x), 1.0 / x, exp2(x / 8), log2(x), sin(x), cos(x),
                                 floor(x) + (x - floor(x)) * 4, (float)(_Float16)-x, pow(x, 1.5), atan2(x, 2), x * 8,
                                 rint(x), x * 0.75 + 2.5, __builtin_popcount(bits) + msb + field, x / 7.0 };
        for (int k = 0; k < RESULTS; k++) {
            float is = results[i * RESULTS + k];
            // Vulkan asks for 2^-11 of sin, cos; 3 units and more of the others.
            double slack = k == 5 || k == 6 ? 0x1p-11 : k == 10 ? 0.01 : fabs(want[k]) * 3e-6 + 1e-6;
            if (k == 8) // either rounding is allowed
                slack = fabs(want[k]) * 0x1p-10;
            EXPECT(fabs(is - want[k]) <= slack, "function %d of %g is %g, not %g", k, x, is, want[k]);
        }
    }
    free_buffer(device, &in);
    free_buffer(device, &out);
}

static void test_scratch(struct device *device)
{
    enum { N = 1024 };
    struct buffer in = make_buffer(device, N * 4, HOST), out = make_buffer(device, N * 4, CACHED);
    fill_random(&in);
    struct binding list[] = { STORAGE(0, in), STORAGE(1, out) };
    dispatch(device, OPTIONS("scratch", list, 0), NULL, N / 64, 1, 1);
    for (uint32_t i = 0; i < N; i++) {
        uint32_t stack[200];
        for (uint32_t k = 0; k < 200; k++)
            stack[k] = ((uint32_t *)in.data)[(i + k) % 1024];
        uint32_t at = i % 200, sum = 0;
        for (uint32_t k = 0; k < 300; k++) {
            uint32_t next = stack[at] % 200;
            stack[at] += k;
            sum = sum * 31 + stack[at];
            at = next;
        }
        EXPECT(((uint32_t *)out.data)[i] == sum, "sum %u is %u, not %u", i, ((uint32_t *)out.data)[i], sum);
    }
    free_buffer(device, &in);
    free_buffer(device, &out);
}

static void test_uniform(struct device *device)
{
    enum { N = 256, FACTOR = 3 };
    struct uniform { float table[16][4]; uint32_t offset, pad[3]; };
    struct buffer uniform0 = make_buffer(device, sizeof(struct uniform), VISIBLE);
    struct buffer uniform1 = make_buffer(device, sizeof(struct uniform), HOST);
    struct buffer texels = make_buffer(device, (N + 8) * 2, HOST), colours = make_buffer(device, N * 4, HOST);
    struct buffer image = make_buffer(device, N * 4, CACHED), out = make_buffer(device, N * 16, CACHED);
    struct uniform *u0 = uniform0.data, *u1 = uniform1.data;
    for (int row = 0; row < 16; row++)
        for (int k = 0; k < 4; k++) {
            u0->table[row][k] = row * 4 + k;
            u1->table[row][k] = 1000 - row - k;
        }
    u0->offset = 2;
    u1->offset = 7;
    for (int i = 0; i < N + 8; i++)
        ((uint16_t *)texels.data)[i] = next_random();
    for (int i = 0; i < N * 4; i++)
        ((uint8_t *)colours.data)[i] = i % 2 ? 255 : 0;
    struct binding list[] = {
        { &uniform0, VK_DESCRIPTOR_TYPE_UNIFORM_BUFFER, .first = 0 },
        { &uniform1, VK_DESCRIPTOR_TYPE_UNIFORM_BUFFER, .first = 0 },
        { &texels, VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER, VK_FORMAT_R16_UINT, .first = 2 },
        { &colours, VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER, VK_FORMAT_R8G8B8A8_UNORM, .first = 3 },
        { &image, VK_DESCRIPTOR_TYPE_STORAGE_TEXEL_BUFFER, VK_FORMAT_R32_UINT, .first = 4 },
        STORAGE(5, out),
    };
    dispatch(device, OPTIONS("uniform", list, .constant = FACTOR), NULL, N / 64, 1, 1);
    for (int i = 0; i < N; i++) {
        for (int k = 0; k < 4; k++) {
            float want = (u0->table[i & 15][k] + u1->table[i >> 4 & 15][k]) * FACTOR + (k % 2);
            float is = ((float *)out.data)[4 * i + k];
            EXPECT(is == want, "element %d, part %d is %g, not %g", i, k, is, want);
        }
        uint32_t want = ((uint16_t *)texels.data)[i + (i / 64 & 1 ? u1->offset : u0->offset)] + FACTOR;
        uint32_t is = ((uint32_t *)image.data)[i];
        EXPECT(is == want, "texel %d is %u, not %u", i, is, want);
    }
    struct buffer *all[] = { &uniform0, &uniform1, &texels, &colours, &image, &out };
    for (unsigned i = 0; i < COUNT(all); i++)
        free_buffer(device, all[i]);
}

static void test_address(struct device *device)
{
    enum { N = 256, NODES = 20 };
    struct node { uint64_t next; uint32_t value, pad; };
    struct buffer nodes = make_buffer(device, NODES * sizeof(struct node), HOST), out = make_buffer(device, N * 4, CACHED);
    struct node *all = nodes.data;
    uint64_t base = address_of(device, &nodes);
    for (int i = 0; i < NODES; i++)
        all[i] = (struct node){ .next = base + (i * 7 + 3) % NODES * sizeof(struct node), .value = next_random() };
    struct { uint64_t head, out; uint32_t count; } push = { base, address_of(device, &out), 13 };
    struct program_options options = { .shader = "address", .push_bytes = 20 };
    dispatch(device, &options, &push, N / 64, 1, 1);
    for (uint32_t i = 0; i < N; i++) {
        uint32_t at = 0, sum = 0;
        for (uint32_t k = 0; k <= i % 13; k++) {
            sum += all[at].value * (k + 1);
            at = (at * 7 + 3) % NODES;
        }
        EXPECT(((uint32_t *)out.data)[i] == sum, "sum %u is %u, not %u", i, ((uint32_t *)out.data)[i], sum);
    }
    free_buffer(device, &nodes);
    free_buffer(device, &out);
}

static void matrix_of(struct device *device, uint32_t subgroup)
{
    enum { N = 48 };
    struct buffer a = make_buffer(device, N * N * 2, HOST), b = make_buffer(device, N * N * 2, HOST);
    struct buffer c = make_buffer(device, N * N * 4, CACHED);
    _Float16 *left = a.data, *right = b.data;
    float *product = c.data;
    for (int i = 0; i < N * N; i++) {
        left[i] = (_Float16)((int)(next_random() % 17) - 8);
        right[i] = (_Float16)((int)(next_random() % 17) - 8);
    }
    struct binding list[] = { STORAGE(0, a), STORAGE(1, b), STORAGE(2, c) };
    uint32_t size = N;
    dispatch(device, OPTIONS("matrix", list, .push_bytes = 4, .constant = subgroup, .subgroup = subgroup), &size, N / 16,
             N / 16, 1);
    for (int row = 0; row < N; row++)
        for (int column = 0; column < N; column++) {
            float want = 0.5f;
            for (int k = 0; k < N; k++)
                want += (float)left[row * N + k] * (float)right[k * N + column];
            float is = product[row * N + column];
            EXPECT(is == want, "subgroup %u, element %d,%d is %g, not %g", subgroup, row, column, is, want);
        }
    free_buffer(device, &a);
    free_buffer(device, &b);
    free_buffer(device, &c);
}

static void test_matrix(struct device *device)
{
    if (!device->has_matrices) {
        printf("    not announced: matrices\n");
        return;
    }
    matrix_of(device, 32);
    matrix_of(device, 64);
}

// Fills, updates and copies, of all sizes and at odd places, small ones and such as take a shader.
static void test_copies(struct device *device)
{
    enum { SIZE = 1 << 18 };
    struct buffer from = make_buffer(device, SIZE, HOST), middle = make_buffer(device, SIZE, LOCAL);
    struct buffer to = make_buffer(device, SIZE, CACHED);
    fill_random(&from);
    static uint8_t want[SIZE];
    uint32_t words[16];
    for (int i = 0; i < 16; i++)
        words[i] = next_random();
    VkBufferCopy parts[] = { { 0, 1, 3 }, { 13, 100, 77 }, { 1000, 3004, 64 }, { 5000, 8191, 4099 },
                             { 40000, 30000, 100001 } };
    VkBufferCopy whole = { .size = SIZE };
    VkCommandBuffer commands = begin_commands(device);
    vkCmdFillBuffer(commands, middle.buffer, 0, VK_WHOLE_SIZE, 0xa5a5a5a5);
    barrier(commands);
    vkCmdFillBuffer(commands, middle.buffer, 20000, 4, 0x11223344);
    vkCmdFillBuffer(commands, middle.buffer, 200000, 60004, 0x55667788);
    vkCmdUpdateBuffer(commands, middle.buffer, 24000, sizeof words, words);
    barrier(commands);
    vkCmdCopyBuffer(commands, from.buffer, middle.buffer, COUNT(parts), parts);
    barrier(commands);
    vkCmdCopyBuffer(commands, middle.buffer, to.buffer, 1, &whole);
    run_commands(device, commands);

    memset(want, 0xa5, SIZE);
    for (int i = 0; i < 60004 / 4 + 1; i++) {
        uint32_t value = i == 0 ? 0x11223344 : 0x55667788;
        memcpy(want + (i == 0 ? 20000 : 200000 + 4 * (i - 1)), &value, 4);
    }
    memcpy(want + 24000, words, sizeof words);
    for (unsigned i = 0; i < COUNT(parts); i++)
        memcpy(want + parts[i].dstOffset, (uint8_t *)from.data + parts[i].srcOffset, parts[i].size);
    for (int i = 0; i < SIZE; i++)
        EXPECT(((uint8_t *)to.data)[i] == want[i], "byte %d is %#x, not %#x", i, ((uint8_t *)to.data)[i], want[i]);
    free_buffer(device, &from);
    free_buffer(device, &middle);
    free_buffer(device, &to);
}

static void test_timestamps(struct device *device)
{
    enum { N = 4 };
    if (device->timestamp_bits == 0) {
        printf("    not announced: timestamps\n");
        return;
    }
    VkQueryPoolCreateInfo create = {
        .sType = VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO,
        .queryType = VK_QUERY_TYPE_TIMESTAMP,
        .queryCount = N,
    };
    VkQueryPool pool;
    CHECK(vkCreateQueryPool(device->device, &create, NULL, &pool));
    struct buffer out = make_buffer(device, 2048 * 4, CACHED), copied = make_buffer(device, N * 16, CACHED);
    memset(copied.data, 0, N * 16);
    struct binding list[] = { STORAGE(0, out) };
    struct program program = make_program(device, OPTIONS("diverge", list, 0));
    VkCommandBuffer commands = begin_commands(device);
    vkCmdResetQueryPool(commands, pool, 0, N);
    vkCmdWriteTimestamp(commands, VK_PIPELINE_STAGE_TOP_OF_PIPE_BIT, pool, 0);
    for (int i = 1; i < N; i++) {
        bind(commands, &program, NULL, 0);
        vkCmdDispatch(commands, 16, 1, 1);
        vkCmdWriteTimestamp(commands, i == 2 ? VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT : VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT,
                            pool, i);
        barrier(commands);
    }
    vkCmdCopyQueryPoolResults(commands, pool, 0, N, copied.buffer, 0, 16,
                              VK_QUERY_RESULT_64_BIT | VK_QUERY_RESULT_WAIT_BIT | VK_QUERY_RESULT_WITH_AVAILABILITY_BIT);
    run_commands(device, commands);
    uint64_t times[N];
    CHECK(vkGetQueryPoolResults(device->device, pool, 0, N, sizeof times, times, 8,
                                VK_QUERY_RESULT_64_BIT | VK_QUERY_RESULT_WAIT_BIT));
    uint64_t *copy = copied.data;
    for (int i = 0; i < N; i++) {
        EXPECT(times[i] != 0 && (i == 0 || times[i] > times[i - 1]), "time %d is %lu", i, times[i]);
        EXPECT(copy[2 * i] == times[i] && copy[2 * i + 1] == 1, "time %d was copied as %lu, %lu", i, copy[2 * i],
               copy[2 * i + 1]);
    }
    free_program(device, &program);
    free_buffer(device, &out);
    free_buffer(device, &copied);
    vkDestroyQueryPool(device->device, pool, NULL);
}

// Dispatches that a condition in memory turns off, and events.
static void test_conditions(struct device *device)
{
    if (!device->has_conditions) {
        printf("    not announced: conditions\n");
        return;
    }
    PFN_vkCmdBeginConditionalRenderingEXT begin =
        (PFN_vkCmdBeginConditionalRenderingEXT)vkGetDeviceProcAddr(device->device, "vkCmdBeginConditionalRenderingEXT");
    PFN_vkCmdEndConditionalRenderingEXT end =
        (PFN_vkCmdEndConditionalRenderingEXT)vkGetDeviceProcAddr(device->device, "vkCmdEndConditionalRenderingEXT");
    struct buffer flags = make_buffer(device, 8, HOST), out = make_buffer(device, 24 * 4, CACHED);
    uint32_t *flag = flags.data, size[3] = { 4, 3, 2 };
    flag[0] = 0;
    flag[1] = 7;
    memset(out.data, 0, 24 * 4);
    struct binding list[] = { STORAGE(0, out) };
    struct program program = make_program(device, OPTIONS("ids", list, .push_bytes = 12));
    VkEventCreateInfo event_create = { .sType = VK_STRUCTURE_TYPE_EVENT_CREATE_INFO };
    VkEvent event;
    CHECK(vkCreateEvent(device->device, &event_create, NULL, &event));
    VkCommandBuffer commands = begin_commands(device);
    bind(commands, &program, size, 12);
    for (int i = 0; i < 4; i++) {
        VkConditionalRenderingBeginInfoEXT condition = {
            .sType = VK_STRUCTURE_TYPE_CONDITIONAL_RENDERING_BEGIN_INFO_EXT,
            .buffer = flags.buffer,
            .offset = i % 2 * 4,
            .flags = i / 2 ? VK_CONDITIONAL_RENDERING_INVERTED_BIT_EXT : 0,
        };
        begin(commands, &condition);
        vkCmdDispatch(commands, 1, 1, 1);
        end(commands);
        vkCmdSetEvent(commands, event, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT);
        VkMemoryBarrier all = {
            .sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
            .srcAccessMask = VK_ACCESS_SHADER_WRITE_BIT,
            .dstAccessMask = VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT,
        };
        vkCmdWaitEvents(commands, 1, &event, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT,
                        1, &all, 0, NULL, 0, NULL);
        vkCmdResetEvent(commands, event, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT);
        barrier(commands);
    }
    run_commands(device, commands);
    for (uint32_t i = 0; i < 24; i++) {
        uint32_t want = 2 * (i * 1000000 + 100000000), is = ((uint32_t *)out.data)[i];
        EXPECT(is == want, "element %u is %u, not %u", i, is, want);
    }
    vkDestroyEvent(device->device, event, NULL);
    free_program(device, &program);
    free_buffer(device, &flags);
    free_buffer(device, &out);
}

// A chain of submissions that wait for each other through a timeline, the first of them for the host.
static void test_timeline(struct device *device)
{
    enum { STEPS = 20 };
    struct buffer out = make_buffer(device, 24 * 4, CACHED);
    memset(out.data, 0, 24 * 4);
    uint32_t size[3] = { 4, 3, 2 };
    struct binding list[] = { STORAGE(0, out) };
    struct program program = make_program(device, OPTIONS("ids", list, .push_bytes = 12));
    VkSemaphoreTypeCreateInfo type = {
        .sType = VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO,
        .semaphoreType = VK_SEMAPHORE_TYPE_TIMELINE,
    };
    VkSemaphoreCreateInfo create = { .sType = VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO, .pNext = &type };
    VkSemaphore semaphore;
    CHECK(vkCreateSemaphore(device->device, &create, NULL, &semaphore));
    VkCommandBuffer commands[STEPS];
    for (uint64_t i = 0; i < STEPS; i++) {
        commands[i] = begin_commands(device);
        bind(commands[i], &program, size, 12);
        vkCmdDispatch(commands[i], 1, 1, 1);
        barrier(commands[i]);
        CHECK(vkEndCommandBuffer(commands[i]));
        uint64_t before = i + 1, after = i + 2;
        VkTimelineSemaphoreSubmitInfo values = {
            .sType = VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO,
            .waitSemaphoreValueCount = 1,
            .pWaitSemaphoreValues = &before,
            .signalSemaphoreValueCount = 1,
            .pSignalSemaphoreValues = &after,
        };
        VkPipelineStageFlags stage = VK_PIPELINE_STAGE_ALL_COMMANDS_BIT;
        VkSubmitInfo submit = {
            .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
            .pNext = &values,
            .waitSemaphoreCount = 1,
            .pWaitSemaphores = &semaphore,
            .pWaitDstStageMask = &stage,
            .commandBufferCount = 1,
            .pCommandBuffers = &commands[i],
            .signalSemaphoreCount = 1,
            .pSignalSemaphores = &semaphore,
        };
        CHECK(vkQueueSubmit(device->queue, 1, &submit, VK_NULL_HANDLE));
    }
    VkSemaphoreSignalInfo signal = { .sType = VK_STRUCTURE_TYPE_SEMAPHORE_SIGNAL_INFO, .semaphore = semaphore, .value = 1 };
    CHECK(vkSignalSemaphore(device->device, &signal));
    uint64_t last = STEPS + 1;
    VkSemaphoreWaitInfo wait = {
        .sType = VK_STRUCTURE_TYPE_SEMAPHORE_WAIT_INFO,
        .semaphoreCount = 1,
        .pSemaphores = &semaphore,
        .pValues = &last,
    };
    CHECK(vkWaitSemaphores(device->device, &wait, 60000000000ull));
    for (uint32_t i = 0; i < 24; i++) {
        uint32_t want = STEPS * (i * 1000000 + 100000000), is = ((uint32_t *)out.data)[i];
        EXPECT(is == want, "element %u is %u, not %u", i, is, want);
    }
    CHECK(vkDeviceWaitIdle(device->device));
    vkFreeCommandBuffers(device->device, device->pool, STEPS, commands);
    vkDestroySemaphore(device->device, semaphore, NULL);
    free_program(device, &program);
    free_buffer(device, &out);
}

// Not right: waves read what others write and nothing orders them. It is for sanitizers, and runs by its name alone.
static void seed_race(struct device *device)
{
    struct buffer in = make_buffer(device, 256 * 4, HOST), out = make_buffer(device, 4, CACHED);
    fill_random(&in);
    struct binding list[] = { STORAGE(0, in), STORAGE(1, out) };
    uint32_t count = 256;
    dispatch(device, OPTIONS("racy", list, .push_bytes = 4), &count, 1, 1, 1);
    free_buffer(device, &in);
    free_buffer(device, &out);
}

// Not right: the second dispatch reads what the first writes, without a barrier.
static void seed_order(struct device *device)
{
    struct buffer out = make_buffer(device, 24 * 4, CACHED);
    memset(out.data, 0, 24 * 4);
    uint32_t size[3] = { 4, 3, 2 };
    struct binding list[] = { STORAGE(0, out) };
    struct program program = make_program(device, OPTIONS("ids", list, .push_bytes = 12));
    VkCommandBuffer commands = begin_commands(device);
    bind(commands, &program, size, 12);
    vkCmdDispatch(commands, 1, 1, 1);
    vkCmdDispatch(commands, 1, 1, 1);
    run_commands(device, commands);
    free_program(device, &program);
    free_buffer(device, &out);
}

static const struct {
    const char *name;
    void (*run)(struct device *);
} tests[] = {
    { "add", test_add },           { "reduce", test_reduce },         { "atomics", test_atomics },
    { "wide", test_wide },         { "small", test_small },           { "diverge", test_diverge },
    { "subgroup", test_subgroup }, { "indirect", test_indirect },     { "math", test_math },
    { "scratch", test_scratch },   { "uniform", test_uniform },       { "address", test_address },
    { "matrix", test_matrix },     { "copies", test_copies },         { "timestamps", test_timestamps },
    { "conditions", test_conditions }, { "timeline", test_timeline },
    { "seed-race", seed_race },    { "seed-order", seed_order },
};

static bool is_wanted(const char *name, char **names, int count)
{
    for (int i = 0; i < count; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return count == 0 && strncmp(name, "seed-", 5) != 0;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: compute SHADERS [-f FAMILY] [NAME...]\n");
        return 2;
    }
    int first = 2;
    uint32_t family = 0;
    if (argc > 3 && strcmp(argv[2], "-f") == 0) {
        family = (uint32_t)atoi(argv[3]);
        first = 4;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    struct device device;
    open_device(&device, family, argv[1]);
    printf("%s, queue family %u\n", device.properties.deviceName, family);
    int failed = 0;
    for (unsigned i = 0; i < COUNT(tests); i++) {
        if (!is_wanted(tests[i].name, argv + first, argc - first))
            continue;
        if (!device.computes && tests[i].run != test_copies)
            continue;
        random_state = 0x2545f491;
        wrong = 0;
        tests[i].run(&device);
        if (wrong)
            printf("  WRONG %s: %u numbers\n", tests[i].name, wrong);
        else
            printf("  right %s\n", tests[i].name);
        failed += wrong != 0;
    }
    close_device(&device);
    return failed != 0;
}
