// Kernels on the first GPU of the first OpenCL platform that has one, compared with what the CPU computes.
//
//     compute [NAME...]
//
// prints a line for each test and exits with 1 if a number is wrong, with 2 if OpenCL says no.
#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define SHOWN 4

static const char *source =
    "kernel void add(global const float *a, global const float *b, global float *c, float scale, uint n)\n"
    "{\n"
    "    uint i = get_global_id(0);\n"
    "    if (i < n)\n"
    "        c[i] = a[i] * scale + b[i];\n"
    "}\n"
    "kernel void reduce(global const uint *in, global uint *sums, local uint *part)\n"
    "{\n"
    "    uint lane = get_local_id(0);\n"
    "    part[lane] = in[get_global_id(0)];\n"
    "    barrier(CLK_LOCAL_MEM_FENCE);\n"
    "    for (uint step = get_local_size(0) / 2; step > 0; step /= 2) {\n"
    "        if (lane < step)\n"
    "            part[lane] += part[lane + step];\n"
    "        barrier(CLK_LOCAL_MEM_FENCE);\n"
    "    }\n"
    "    if (lane == 0)\n"
    "        sums[get_group_id(0)] = part[0];\n"
    "}\n"
    "kernel void histogram(global const uint *in, global uint *bins)\n"
    "{\n"
    "    local uint mine[16];\n"
    "    if (get_local_id(0) < 16)\n"
    "        mine[get_local_id(0)] = 0;\n"
    "    barrier(CLK_LOCAL_MEM_FENCE);\n"
    "    atomic_inc(&mine[in[get_global_id(0)] & 15]);\n"
    "    barrier(CLK_LOCAL_MEM_FENCE);\n"
    "    if (get_local_id(0) < 16)\n"
    "        atomic_add(&bins[get_local_id(0)], mine[get_local_id(0)]);\n"
    "}\n"
    "kernel void grid(global uint *out)\n"
    "{\n"
    "    size_t x = get_global_id(0), y = get_global_id(1), z = get_global_id(2);\n"
    "    out[(z * get_global_size(1) + y) * get_global_size(0) + x] =\n"
    "        get_group_id(0) + 100 * get_group_id(1) + 10000 * get_group_id(2)\n"
    "        + 1000000 * (get_local_id(0) + 10 * get_local_id(1) + 20 * get_local_id(2));\n"
    "}\n"
    "kernel void collatz(global ulong *out)\n"
    "{\n"
    "    ulong value = get_global_id(0) + 1, sum = 0;\n"
    "    while (value != 1) {\n"
    "        value = value & 1 ? 3 * value + 1 : value / 2;\n"
    "        sum += value * value;\n"
    "    }\n"
    "    out[get_global_id(0)] = sum;\n"
    "}\n"
    "kernel void matmul(global const float *a, global const float *b, global float *c, uint n)\n"
    "{\n"
    "    local float left[16][16], right[16][16];\n"
    "    uint x = get_local_id(0), y = get_local_id(1), column = get_global_id(0), row = get_global_id(1);\n"
    "    float sum = 0;\n"
    "    for (uint k = 0; k < n; k += 16) {\n"
    "        left[y][x] = a[row * n + k + x];\n"
    "        right[y][x] = b[(k + y) * n + column];\n"
    "        barrier(CLK_LOCAL_MEM_FENCE);\n"
    "        for (uint i = 0; i < 16; i++)\n"
    "            sum += left[y][i] * right[i][x];\n"
    "        barrier(CLK_LOCAL_MEM_FENCE);\n"
    "    }\n"
    "    c[row * n + column] = sum;\n"
    "}\n";

static unsigned wrong; // of the test that runs

#define EXPECT(ok, ...)                 \
    do {                                \
        if (!(ok) && wrong++ < SHOWN) { \
            printf("    " __VA_ARGS__); \
            printf("\n");               \
        }                               \
    } while (0)

static void check(cl_int result, const char *what)
{
    if (result != CL_SUCCESS) {
        fprintf(stderr, "%s: %d\n", what, result);
        exit(2);
    }
}

struct device {
    cl_context context;
    cl_command_queue queue;
    cl_program program;
};

static cl_mem make(struct device *device, size_t bytes, const void *data)
{
    cl_int result;
    cl_mem_flags flags = CL_MEM_READ_WRITE | (data ? CL_MEM_COPY_HOST_PTR : 0);
    cl_mem made = clCreateBuffer(device->context, flags, bytes, (void *)data, &result);
    check(result, "clCreateBuffer");
    return made;
}

struct argument {
    size_t bytes;
    const void *value;
};

static void run(struct device *device, const char *name, const struct argument *arguments, cl_uint count, cl_uint axes,
                const size_t *global, const size_t *local)
{
    cl_int result;
    cl_kernel kernel = clCreateKernel(device->program, name, &result);
    check(result, "clCreateKernel");
    for (cl_uint i = 0; i < count; i++)
        check(clSetKernelArg(kernel, i, arguments[i].bytes, arguments[i].value), "clSetKernelArg");
    check(clEnqueueNDRangeKernel(device->queue, kernel, axes, NULL, global, local, 0, NULL, NULL),
          "clEnqueueNDRangeKernel");
    check(clReleaseKernel(kernel), "clReleaseKernel");
}

static void read_back(struct device *device, cl_mem memory, size_t bytes, void *out)
{
    check(clEnqueueReadBuffer(device->queue, memory, CL_TRUE, 0, bytes, out, 0, NULL, NULL), "clEnqueueReadBuffer");
    check(clReleaseMemObject(memory), "clReleaseMemObject");
}

static void test_add(struct device *device)
{
    enum { N = 10000 };
    static float a[N], b[N], c[N];
    for (int i = 0; i < N; i++) {
        a[i] = i % 1000;
        b[i] = 3 * i;
        c[i] = -1;
    }
    cl_mem x = make(device, sizeof a, a), y = make(device, sizeof b, b), z = make(device, sizeof c, c);
    cl_float scale = 4;
    cl_uint n = N - 5;
    struct argument arguments[] = { { sizeof x, &x }, { sizeof y, &y }, { sizeof z, &z }, { 4, &scale }, { 4, &n } };
    size_t global = 10048, local = 64;
    run(device, "add", arguments, COUNT(arguments), 1, &global, &local);
    read_back(device, z, sizeof c, c);
    for (int i = 0; i < N; i++) {
        float want = i < N - 5 ? a[i] * 4 + b[i] : -1;
        EXPECT(c[i] == want, "element %d is %g, not %g", i, c[i], want);
    }
    clReleaseMemObject(x);
    clReleaseMemObject(y);
}

static void test_reduce(struct device *device)
{
    enum { GROUPS = 50, SIZE = 256, N = GROUPS * SIZE };
    static cl_uint in[N];
    cl_uint sums[GROUPS], bins[16] = { 0 }, want_bins[16] = { 0 };
    for (int i = 0; i < N; i++)
        in[i] = (cl_uint)i * 2654435761u;
    cl_mem from = make(device, sizeof in, in), to = make(device, sizeof sums, NULL), counts = make(device, 64, bins);
    size_t global = N, local = SIZE;
    struct argument arguments[] = { { sizeof from, &from }, { sizeof to, &to }, { SIZE * 4, NULL } };
    run(device, "reduce", arguments, 3, 1, &global, &local);
    struct argument others[] = { { sizeof from, &from }, { sizeof counts, &counts } };
    run(device, "histogram", others, 2, 1, &global, &local);
    read_back(device, to, sizeof sums, sums);
    read_back(device, counts, sizeof bins, bins);
    for (int group = 0; group < GROUPS; group++) {
        cl_uint want = 0;
        for (int i = group * SIZE; i < (group + 1) * SIZE; i++) {
            want += in[i];
            want_bins[in[i] & 15]++;
        }
        EXPECT(sums[group] == want, "sum %d is %u, not %u", group, sums[group], want);
    }
    for (int i = 0; i < 16; i++)
        EXPECT(bins[i] == want_bins[i], "bin %d has %u, not %u", i, bins[i], want_bins[i]);
    clReleaseMemObject(from);
}

static void test_grid(struct device *device)
{
    enum { X = 40, Y = 6, Z = 4 };
    static cl_uint out[X * Y * Z];
    cl_mem to = make(device, sizeof out, NULL);
    size_t global[3] = { X, Y, Z }, local[3] = { 10, 2, 2 };
    struct argument argument = { sizeof to, &to };
    run(device, "grid", &argument, 1, 3, global, local);
    read_back(device, to, sizeof out, out);
    for (int i = 0; i < X * Y * Z; i++) {
        int x = i % X, y = i / X % Y, z = i / X / Y;
        cl_uint want = x / 10 + 100 * (y / 2) + 10000 * (z / 2) + 1000000 * (x % 10 + 10 * (y % 2) + 20 * (z % 2));
        EXPECT(out[i] == want, "element %d is %u, not %u", i, out[i], want);
    }
}

static void test_collatz(struct device *device)
{
    enum { N = 2048 };
    static cl_ulong out[N];
    cl_mem to = make(device, sizeof out, NULL);
    size_t global = N;
    struct argument argument = { sizeof to, &to };
    run(device, "collatz", &argument, 1, 1, &global, NULL);
    read_back(device, to, sizeof out, out);
    for (int i = 0; i < N; i++) {
        cl_ulong value = i + 1, sum = 0;
        while (value != 1) {
            value = value & 1 ? 3 * value + 1 : value / 2;
            sum += value * value;
        }
        EXPECT(out[i] == sum, "sum %d is %lu, not %lu", i, out[i], sum);
    }
}

static void test_matmul(struct device *device)
{
    enum { N = 64 };
    static float a[N * N], b[N * N], c[N * N];
    for (int i = 0; i < N * N; i++) {
        a[i] = i * 7 % 17 - 8;
        b[i] = i * 5 % 13 - 6;
    }
    cl_mem x = make(device, sizeof a, a), y = make(device, sizeof b, b), z = make(device, sizeof c, NULL);
    cl_uint n = N;
    struct argument arguments[] = { { sizeof x, &x }, { sizeof y, &y }, { sizeof z, &z }, { 4, &n } };
    size_t global[2] = { N, N }, local[2] = { 16, 16 };
    run(device, "matmul", arguments, 4, 2, global, local);
    read_back(device, z, sizeof c, c);
    for (int i = 0; i < N * N; i++) {
        float want = 0;
        for (int k = 0; k < N; k++)
            want += a[i / N * N + k] * b[k * N + i % N];
        EXPECT(c[i] == want, "element %d is %g, not %g", i, c[i], want);
    }
    clReleaseMemObject(x);
    clReleaseMemObject(y);
}

// Fills and copies of buffers, and a mapped one.
static void test_copies(struct device *device)
{
    enum { N = 100000 };
    static cl_uint from[N], to[N];
    for (int i = 0; i < N; i++)
        from[i] = (cl_uint)i * 40503u;
    cl_mem a = make(device, sizeof from, from), b = make(device, sizeof to, NULL);
    cl_uint pattern = 0x5a5a1234;
    check(clEnqueueFillBuffer(device->queue, b, &pattern, 4, 0, sizeof to, 0, NULL, NULL), "clEnqueueFillBuffer");
    check(clEnqueueCopyBuffer(device->queue, a, b, 400, 20000, 160000, 0, NULL, NULL), "clEnqueueCopyBuffer");
    cl_int result;
    cl_uint *mapped = clEnqueueMapBuffer(device->queue, b, CL_TRUE, CL_MAP_READ | CL_MAP_WRITE, 0, sizeof to, 0, NULL,
                                         NULL, &result);
    check(result, "clEnqueueMapBuffer");
    mapped[3] = 77;
    check(clEnqueueUnmapMemObject(device->queue, b, mapped, 0, NULL, NULL), "clEnqueueUnmapMemObject");
    read_back(device, b, sizeof to, to);
    for (int i = 0; i < N; i++) {
        cl_uint want = i == 3 ? 77 : i >= 5000 && i < 45000 ? from[i - 5000 + 100] : pattern;
        EXPECT(to[i] == want, "element %d is %#x, not %#x", i, to[i], want);
    }
    clReleaseMemObject(a);
}

static const struct {
    const char *name;
    void (*run)(struct device *);
} tests[] = {
    { "add", test_add },         { "reduce", test_reduce }, { "grid", test_grid },
    { "collatz", test_collatz }, { "matmul", test_matmul }, { "copies", test_copies },
};

int main(int argc, char **argv)
{
    cl_platform_id platforms[8];
    cl_uint platform_count = 0;
    check(clGetPlatformIDs(COUNT(platforms), platforms, &platform_count), "clGetPlatformIDs");
    cl_device_id id = NULL;
    for (cl_uint i = 0; i < platform_count && i < COUNT(platforms) && !id; i++)
        clGetDeviceIDs(platforms[i], CL_DEVICE_TYPE_GPU, 1, &id, NULL);
    if (!id) {
        fprintf(stderr, "there is no OpenCL GPU\n");
        return 2;
    }
    char name[256];
    check(clGetDeviceInfo(id, CL_DEVICE_NAME, sizeof name, name, NULL), "clGetDeviceInfo");
    printf("%s\n", name);
    struct device device;
    cl_int result;
    device.context = clCreateContext(NULL, 1, &id, NULL, NULL, &result);
    check(result, "clCreateContext");
    device.queue = clCreateCommandQueue(device.context, id, 0, &result);
    check(result, "clCreateCommandQueue");
    device.program = clCreateProgramWithSource(device.context, 1, &source, NULL, &result);
    check(result, "clCreateProgramWithSource");
    if (clBuildProgram(device.program, 1, &id, "", NULL, NULL) != CL_SUCCESS) {
        static char log[1 << 14];
        clGetProgramBuildInfo(device.program, id, CL_PROGRAM_BUILD_LOG, sizeof log - 1, log, NULL);
        fprintf(stderr, "%s\n", log);
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    int failed = 0;
    for (unsigned i = 0; i < COUNT(tests); i++) {
        int wanted = argc == 1;
        for (int k = 1; k < argc; k++)
            wanted |= strcmp(argv[k], tests[i].name) == 0;
        if (!wanted)
            continue;
        wrong = 0;
        tests[i].run(&device);
        if (wrong)
            printf("  WRONG %s: %u numbers\n", tests[i].name, wrong);
        else
            printf("  right %s\n", tests[i].name);
        failed += wrong != 0;
    }
    clReleaseProgram(device.program);
    clReleaseCommandQueue(device.queue);
    clReleaseContext(device.context);
    return failed != 0;
}
