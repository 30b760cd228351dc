/* A client on libdrm's amdgpu functions, which nobody here wrote. Prints a line for each thing that does not hold, and how
   many things were tried. Packets by hand: AMD's PM4 and SDMA formats. */
#include <amdgpu.h>
#include <amdgpu_drm.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <xf86drm.h>

static int tried, failed;
#define CHECK(what, holds) \
    do { \
        tried++; \
        if (!(holds)) failed++, printf("%s: line %d\n", what, __LINE__); \
    } while (0)
#define ZERO(call) CHECK(#call, (call) == 0)

/* A buffer that both sides see. */
struct buffer {
    amdgpu_bo_handle bo;
    amdgpu_va_handle range;
    uint64_t va, size;
    uint32_t *words;
};

static struct buffer make(amdgpu_device_handle device, uint64_t size, uint32_t heap) {
    struct buffer b = {.size = size};
    struct amdgpu_bo_alloc_request request = {.alloc_size = size, .phys_alignment = 4096, .preferred_heap = heap};
    ZERO(amdgpu_bo_alloc(device, &request, &b.bo));
    ZERO(amdgpu_va_range_alloc(device, amdgpu_gpu_va_range_general, size, 4096, 0, &b.va, &b.range, 0));
    ZERO(amdgpu_bo_va_op(b.bo, 0, size, b.va, 0, AMDGPU_VA_OP_MAP));
    ZERO(amdgpu_bo_cpu_map(b.bo, (void **)&b.words));
    return b;
}

static void release(struct buffer *b) {
    ZERO(amdgpu_bo_cpu_unmap(b->bo));
    ZERO(amdgpu_bo_va_op(b->bo, 0, b->size, b->va, 0, AMDGPU_VA_OP_UNMAP));
    ZERO(amdgpu_va_range_free(b->range));
    ZERO(amdgpu_bo_free(b->bo));
}

static uint32_t low(uint64_t value) { return (uint32_t)value; }
static uint32_t high(uint64_t value) { return (uint32_t)(value >> 32); }

/* Writes `value` at `to` on an engine of either kind; dwords of the stream. */
static unsigned store(uint32_t *ib, unsigned ip, uint64_t to, uint32_t value) {
    unsigned n = 0;
    if (ip == AMDGPU_HW_IP_DMA) {
        ib[n++] = 0x00000002, ib[n++] = low(to), ib[n++] = high(to), ib[n++] = 0, ib[n++] = value;
        while (n % 8) ib[n++] = 0;
    } else {
        ib[n++] = 0xc0033700, ib[n++] = 0x00100500, ib[n++] = low(to), ib[n++] = high(to), ib[n++] = value;
        while (n % 8) ib[n++] = 0xffff1000;
    }
    return n;
}

/* Submits `dwords` of `ib` with these buffers, waits, and says how it went. */
static int run(amdgpu_device_handle device, amdgpu_context_handle context, unsigned ip, unsigned ring, struct buffer *ib,
               unsigned dwords, struct buffer *data) {
    amdgpu_bo_handle handles[] = {ib->bo, data->bo};
    amdgpu_bo_list_handle list;
    int error = amdgpu_bo_list_create(device, 2, handles, NULL, &list);
    if (error) return error;
    struct amdgpu_cs_ib_info info = {.ib_mc_address = ib->va, .size = dwords};
    struct amdgpu_cs_request request = {
        .ip_type = ip, .ring = ring, .resources = list, .number_of_ibs = 1, .ibs = &info};
    error = amdgpu_cs_submit(context, 0, &request, 1);
    if (!error) {
        struct amdgpu_cs_fence fence = {.context = context, .ip_type = ip, .ring = ring, .fence = request.seq_no};
        uint32_t expired = 0;
        error = amdgpu_cs_query_fence_status(&fence, AMDGPU_TIMEOUT_INFINITE, 0, &expired);
        if (!error && !expired) error = -ETIME;
    }
    amdgpu_bo_list_destroy(list);
    return error;
}

static void queries(amdgpu_device_handle device) {
    struct amdgpu_gpu_info gpu;
    ZERO(amdgpu_query_gpu_info(device, &gpu));
    CHECK("family is gfx11's", gpu.family_id == 145 || gpu.family_id == 148 || gpu.family_id == 150);
    CHECK("some engine", gpu.num_shader_engines > 0 && gpu.cu_active_number > 0);
    for (unsigned ip = AMDGPU_HW_IP_GFX; ip <= AMDGPU_HW_IP_DMA; ip++) {
        struct drm_amdgpu_info_hw_ip block;
        uint32_t count = 0;
        ZERO(amdgpu_query_hw_ip_info(device, ip, 0, &block));
        ZERO(amdgpu_query_hw_ip_count(device, ip, &count));
        CHECK("rings", count > 0 && block.available_rings != 0 && block.ib_start_alignment > 0);
    }
    struct amdgpu_heap_info vram, gtt;
    ZERO(amdgpu_query_heap_info(device, AMDGPU_GEM_DOMAIN_VRAM, 0, &vram));
    ZERO(amdgpu_query_heap_info(device, AMDGPU_GEM_DOMAIN_GTT, 0, &gtt));
    CHECK("heaps", vram.heap_size > 0 && gtt.heap_size > 0 && vram.heap_usage <= vram.heap_size);
    uint32_t version, feature, value;
    ZERO(amdgpu_query_firmware_version(device, AMDGPU_INFO_FW_GFX_MEC, 0, 0, &version, &feature));
    uint64_t size;
    ZERO(amdgpu_query_info(device, AMDGPU_INFO_VRAM_USAGE, sizeof size, &size));
    ZERO(amdgpu_query_info(device, AMDGPU_INFO_ACCEL_WORKING, sizeof value, &value));
    CHECK("works", value == 1);
    ZERO(amdgpu_query_sensor_info(device, AMDGPU_INFO_SENSOR_GFX_SCLK, sizeof value, &value));
    uint64_t start, end;
    ZERO(amdgpu_va_range_query(device, amdgpu_gpu_va_range_general, &start, &end));
    CHECK("a range", start < end);
    CHECK("a name", amdgpu_get_marketing_name(device) != NULL || 1);
}

static void engines(amdgpu_device_handle device, amdgpu_context_handle context) {
    struct buffer ib = make(device, 4096, AMDGPU_GEM_DOMAIN_GTT);
    static const uint32_t heaps[] = {AMDGPU_GEM_DOMAIN_GTT, AMDGPU_GEM_DOMAIN_VRAM};
    for (unsigned heap = 0; heap < 2; heap++) {
        struct buffer data = make(device, 8192, heaps[heap]);
        for (unsigned ip = AMDGPU_HW_IP_GFX; ip <= AMDGPU_HW_IP_DMA; ip++) {
            memset(data.words, 0, 64);
            unsigned dwords = store(ib.words, ip, data.va + 8, 0x600df00d + ip);
            ZERO(run(device, context, ip, 0, &ib, dwords, &data));
            CHECK("one dword is written", data.words[2] == 0x600df00d + ip && !data.words[1] && !data.words[3]);
        }
        /* A copy and a fill of the copy engine, as libdrm's own tests have them. */
        for (unsigned i = 0; i < 1024; i++) data.words[i] = i * 0x01010101u;
        const uint32_t dma[] = {1,  4095, 0, low(data.va), high(data.va), low(data.va + 4096), high(data.va + 4096),
                                0x8000000b, low(data.va), high(data.va), 0xdeadbeef, 4095};
        memcpy(ib.words, dma, sizeof dma);
        ZERO(run(device, context, AMDGPU_HW_IP_DMA, 0, &ib, 12, &data));
        int equal = 1;
        for (unsigned i = 0; i < 1024; i++) equal &= data.words[1024 + i] == i * 0x01010101u && data.words[i] == 0xdeadbeef;
        CHECK("copied and filled", equal);
        ZERO(amdgpu_bo_wait_for_idle(data.bo, AMDGPU_TIMEOUT_INFINITE, &(bool){0}));
        release(&data);
    }
    release(&ib);
}

static void user_memory(amdgpu_device_handle device, amdgpu_context_handle context) {
    struct buffer ib = make(device, 4096, AMDGPU_GEM_DOMAIN_GTT), data = {.size = 4096};
    void *pages = NULL;
    CHECK("pages", posix_memalign(&pages, 4096, 4096) == 0);
    memset(pages, 0, 4096);
    data.words = pages;
    ZERO(amdgpu_create_bo_from_user_mem(device, pages, 4096, &data.bo));
    ZERO(amdgpu_va_range_alloc(device, amdgpu_gpu_va_range_general, 4096, 4096, 0, &data.va, &data.range, 0));
    ZERO(amdgpu_bo_va_op(data.bo, 0, 4096, data.va, 0, AMDGPU_VA_OP_MAP));
    unsigned dwords = store(ib.words, AMDGPU_HW_IP_COMPUTE, data.va + 16, 41);
    ZERO(run(device, context, AMDGPU_HW_IP_COMPUTE, 0, &ib, dwords, &data));
    CHECK("the client's page", data.words[4] == 41);
    ZERO(amdgpu_bo_va_op(data.bo, 0, 4096, data.va, 0, AMDGPU_VA_OP_UNMAP));
    ZERO(amdgpu_va_range_free(data.range));
    ZERO(amdgpu_bo_free(data.bo));
    free(pages);
    release(&ib);
}

static void sharing(amdgpu_device_handle device) {
    struct buffer one = make(device, 4096, AMDGPU_GEM_DOMAIN_VRAM);
    uint32_t descriptor, *words;
    ZERO(amdgpu_bo_export(one.bo, amdgpu_bo_handle_type_dma_buf_fd, &descriptor));
    /* A second open file is a second device to the kernel; libdrm gives the same device for the same node. */
    struct amdgpu_bo_import_result other;
    ZERO(amdgpu_bo_import(device, amdgpu_bo_handle_type_dma_buf_fd, descriptor, &other));
    CHECK("its size", other.alloc_size == 4096);
    ZERO(amdgpu_bo_cpu_map(other.buf_handle, (void **)&words));
    one.words[5] = 99;
    CHECK("the same memory", words[5] == 99);
    ZERO(amdgpu_bo_cpu_unmap(other.buf_handle));
    ZERO(amdgpu_bo_free(other.buf_handle));
    struct amdgpu_bo_metadata metadata = {.tiling_info = 0x123, .size_metadata = 8, .umd_metadata = {7, 8}};
    struct amdgpu_bo_info info = {0};
    ZERO(amdgpu_bo_set_metadata(one.bo, &metadata));
    ZERO(amdgpu_bo_query_info(one.bo, &info));
    CHECK("metadata", info.metadata.umd_metadata[1] == 8 && info.alloc_size == 4096);
    close((int)descriptor);
    release(&one);
}

static uint64_t soon(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec + 5000000000u;
}

static void synchronisation(amdgpu_device_handle device, amdgpu_context_handle context) {
    struct buffer ib = make(device, 4096, AMDGPU_GEM_DOMAIN_GTT), data = make(device, 4096, AMDGPU_GEM_DOMAIN_GTT);
    uint32_t binary, timeline;
    ZERO(amdgpu_cs_create_syncobj(device, &binary));
    ZERO(amdgpu_cs_create_syncobj2(device, 0, &timeline));
    struct drm_amdgpu_bo_list_entry entries[2];
    ZERO(amdgpu_bo_export(ib.bo, amdgpu_bo_handle_type_kms, &entries[0].bo_handle));
    ZERO(amdgpu_bo_export(data.bo, amdgpu_bo_handle_type_kms, &entries[1].bo_handle));
    entries[0].bo_priority = entries[1].bo_priority = 0;
    struct drm_amdgpu_bo_list_in list = {~0u, ~0u, 2, sizeof *entries, (uint64_t)(uintptr_t)entries};
    struct drm_amdgpu_cs_chunk_ib stream = {.va_start = ib.va, .ip_type = AMDGPU_HW_IP_COMPUTE};
    stream.ib_bytes = store(ib.words, AMDGPU_HW_IP_COMPUTE, data.va, 1234) * 4;
    struct drm_amdgpu_cs_chunk_sem out = {binary};
    struct drm_amdgpu_cs_chunk_syncobj point = {timeline, 0, 3};
    struct drm_amdgpu_cs_chunk chunks[] = {
        {AMDGPU_CHUNK_ID_BO_HANDLES, sizeof list / 4, (uint64_t)(uintptr_t)&list},
        {AMDGPU_CHUNK_ID_IB, sizeof stream / 4, (uint64_t)(uintptr_t)&stream},
        {AMDGPU_CHUNK_ID_SYNCOBJ_OUT, sizeof out / 4, (uint64_t)(uintptr_t)&out},
    };
    uint64_t sequence;
    ZERO(amdgpu_cs_submit_raw2(device, context, 0, 3, chunks, &sequence));
    ZERO(amdgpu_cs_syncobj_wait(device, &binary, 1, (int64_t)soon(), 0, NULL));
    CHECK("written", data.words[0] == 1234);
    chunks[2] = (struct drm_amdgpu_cs_chunk){
        AMDGPU_CHUNK_ID_SYNCOBJ_TIMELINE_SIGNAL, sizeof point / 4, (uint64_t)(uintptr_t)&point};
    ZERO(amdgpu_cs_submit_raw2(device, context, 0, 3, chunks, &sequence));
    uint64_t at = 3, value = 0;
    ZERO(amdgpu_cs_syncobj_timeline_wait(device, &timeline, &at, 1, (int64_t)soon(), 0, NULL));
    ZERO(amdgpu_cs_syncobj_query(device, &timeline, &value, 1));
    CHECK("the point", value == 3);
    at = 9;
    ZERO(amdgpu_cs_syncobj_timeline_signal(device, &timeline, &at, 1));
    int file;
    struct amdgpu_cs_fence fence = {.context = context, .ip_type = AMDGPU_HW_IP_COMPUTE, .fence = sequence};
    uint32_t handle;
    ZERO(amdgpu_cs_fence_to_handle(device, &fence, AMDGPU_FENCE_TO_HANDLE_GET_SYNC_FILE_FD, &handle));
    close((int)handle);
    ZERO(amdgpu_cs_syncobj_export_sync_file(device, binary, &file));
    uint32_t other;
    ZERO(amdgpu_cs_create_syncobj(device, &other));
    ZERO(amdgpu_cs_syncobj_import_sync_file(device, other, file));
    ZERO(amdgpu_cs_syncobj_wait(device, &other, 1, (int64_t)soon(), 0, NULL));
    close(file);
    uint32_t expired = 0, first;
    ZERO(amdgpu_cs_wait_fences(&fence, 1, true, 5000000000u, &expired, &first));
    CHECK("all", expired == 1);
    ZERO(amdgpu_cs_destroy_syncobj(device, other));
    ZERO(amdgpu_cs_destroy_syncobj(device, binary));
    ZERO(amdgpu_cs_destroy_syncobj(device, timeline));
    release(&data);
    release(&ib);
}

static amdgpu_device_handle shared;

static void *submits(void *argument) {
    amdgpu_context_handle context;
    ZERO(amdgpu_cs_ctx_create(shared, &context));
    struct buffer ib = make(shared, 4096, AMDGPU_GEM_DOMAIN_GTT), data = make(shared, 4096, AMDGPU_GEM_DOMAIN_GTT);
    for (uint32_t i = 0; i < 20; i++) {
        unsigned ip = i % 3, dwords = store(ib.words, ip, data.va + 4 * i, i + 1);
        ZERO(run(shared, context, ip, 0, &ib, dwords, &data));
        CHECK("a thread's dword", data.words[i] == i + 1);
    }
    release(&data);
    release(&ib);
    ZERO(amdgpu_cs_ctx_free(context));
    return argument;
}

int main(void) {
    drmDevicePtr nodes[8];
    int count = drmGetDevices2(0, nodes, 8);
    CHECK("a device", count > 0);
    if (count <= 0) return 1;
    int fd = open(nodes[0]->nodes[DRM_NODE_RENDER], O_RDWR | O_CLOEXEC);
    CHECK("it opens", fd >= 0);
    uint32_t major, minor;
    amdgpu_device_handle device;
    ZERO(amdgpu_device_initialize(fd, &major, &minor, &device));
    amdgpu_context_handle context;
    ZERO(amdgpu_cs_ctx_create2(device, AMDGPU_CTX_PRIORITY_NORMAL, &context));
    queries(device);
    engines(device, context);
    user_memory(device, context);
    sharing(device);
    synchronisation(device, context);
    shared = device;
    pthread_t threads[8];
    for (int i = 0; i < 8; i++) pthread_create(&threads[i], NULL, submits, NULL);
    for (int i = 0; i < 8; i++) pthread_join(threads[i], NULL);
    uint64_t flags = ~0u;
    ZERO(amdgpu_cs_query_reset_state2(context, &flags));
    CHECK("nothing was reset", flags == 0);
    ZERO(amdgpu_cs_ctx_free(context));
    ZERO(amdgpu_device_deinitialize(device));
    close(fd);
    drmFreeDevices(nodes, count);
    printf("%s\n", failed ? "some do not hold" : "all hold");
    return failed != 0;
}
