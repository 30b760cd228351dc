/* A client of render nodes that makes its system calls by number, as programs without libc do. Its first argument says what
 * to do; it prints what it finds, the same however the node is shown to it. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Sources: Linux include/uapi/drm/drm.h and amdgpu_drm.h. */
#define VERSION 0xc0406400UL
#define GEM_CLOSE 0x40086409UL
#define PRIME_HANDLE_TO_FD 0xc00c642dUL
#define PRIME_FD_TO_HANDLE 0xc00c642eUL
#define SYNCOBJ_CREATE 0xc00864bfUL
#define SYNCOBJ_DESTROY 0xc00864c0UL
#define SYNCOBJ_HANDLE_TO_FD 0xc01064c1UL
#define SYNCOBJ_FD_TO_HANDLE 0xc01064c2UL
#define SYNCOBJ_SIGNAL 0xc01064c5UL
#define SYNCOBJ_WAIT 0xc02064c3UL
#define GEM_CREATE 0xc0206440UL
#define GEM_MMAP 0xc0086441UL
#define CTX 0xc0106442UL
#define CS 0xc0186444UL
#define INFO 0x40206445UL
#define GEM_VA 0x40286448UL
#define WAIT_CS 0xc0206449UL
#define GTT_USAGE 0x11
#define COMPUTE 1
#define RWX 0xe
#define BYTES 65536UL
#define VA 0x100000000UL

static const char *node = "/dev/dri/renderD128";

static int raw_open(const char *path) { return (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC, 0); }
static int call(int fd, unsigned long request, void *block) { return (int)syscall(SYS_ioctl, fd, request, block); }
static volatile uint32_t *map(int fd, uint64_t offset, int flags) {
    return (void *)syscall(SYS_mmap, NULL, BYTES, PROT_READ | PROT_WRITE, flags, fd, offset);
}
static const char *word(int failed) { return failed ? strerrorname_np(errno) : "ok"; }
static void must(int failed, const char *what) {
    if (failed) printf("%s: %s\n", what, strerror(errno)), exit(1);
}

static uint32_t create(int fd) {
    uint64_t block[4] = {BYTES, 4096, 2, 0};
    must(call(fd, GEM_CREATE, block), "create");
    return (uint32_t)block[0];
}
static void drop(int fd, uint32_t handle) {
    uint64_t block = handle;
    must(call(fd, GEM_CLOSE, &block), "close");
}
static uint64_t offset_of(int fd, uint32_t handle) {
    uint64_t block = handle;
    must(call(fd, GEM_MMAP, &block), "offset");
    return block;
}
static uint32_t context(int fd) {
    uint32_t block[4] = {1};
    must(call(fd, CTX, block), "context");
    return block[0];
}
static void end_context(int fd, uint32_t context) {
    uint32_t block[4] = {2, 0, context};
    must(call(fd, CTX, block), "end of context");
}
static int gpu_map(int fd, uint32_t handle, uint32_t operation, uint64_t va) {
    uint64_t block[5] = {handle, operation | (uint64_t)RWX << 32, va, 0, BYTES};
    return call(fd, GEM_VA, block);
}

/* Has the device write `value` to the last dword of a buffer whose first dwords become the commands, and waits for it. */
static uint32_t submit(int fd, uint32_t context, uint32_t handle, uint64_t va, volatile uint32_t *pages, uint32_t value) {
    uint64_t to = va + BYTES - 4;
    /* WRITE_DATA to memory with confirmation; then one NOP of the rest. Source: Linux amdgpu soc15d.h. */
    uint32_t commands[16] = {0xc0033700, 5 << 8 | 1 << 20, (uint32_t)to, to >> 32, value, 0xc0091000};
    for (int i = 0; i < 16; i++) pages[i] = commands[i];
    uint32_t entry[2] = {handle, 0};
    uint64_t list[3] = {0xffffffffffffffff, 1 | 8UL << 32, (uintptr_t)entry};
    uint64_t ib[4] = {0, va, sizeof commands | (uint64_t)COMPUTE << 32, 0};
    uint64_t chunks[2][2] = {{6 | 6UL << 32, (uintptr_t)list}, {1 | 8UL << 32, (uintptr_t)ib}};
    uint64_t pointers[2] = {(uintptr_t)chunks[0], (uintptr_t)chunks[1]};
    uint64_t block[3] = {context, 2, (uintptr_t)pointers};
    must(call(fd, CS, block), "submission");
    uint64_t wait[4] = {block[0], 0x7fffffffffffffff, COMPUTE, (uint64_t)context << 32};
    must(call(fd, WAIT_CS, wait), "wait");
    must(wait[0] != 0, "status");
    return pages[BYTES / 4 - 1];
}

static int whole_job(int fd, uint64_t va, uint32_t value) {
    uint32_t handle = create(fd), ctx = context(fd);
    volatile uint32_t *pages = map(fd, offset_of(fd, handle), MAP_SHARED);
    must(pages == MAP_FAILED, "map");
    must(gpu_map(fd, handle, 1, va), "GPU map");
    int good = submit(fd, ctx, handle, va, pages, value) == value;
    must(gpu_map(fd, handle, 2, va), "GPU unmap");
    munmap((void *)pages, BYTES);
    end_context(fd, ctx);
    drop(fd, handle);
    return good;
}

static void work(void) {
    struct stat s;
    char text[64] = "", link[32];
    int fd = raw_open(node);
    must(fd < 0, "open");
    must(syscall(SYS_fstat, fd, &s), "fstat");
    printf("fstat %d %u:%u\n", S_ISCHR(s.st_mode), major(s.st_rdev), minor(s.st_rdev));
    must(syscall(SYS_newfstatat, fd, "", &s, AT_EMPTY_PATH), "fstatat");
    printf("fstatat %d %u:%u\n", S_ISCHR(s.st_mode), major(s.st_rdev), minor(s.st_rdev));
    struct statx x;
    must(syscall(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &x), "statx");
    printf("statx %d %u:%u %llu\n", S_ISCHR(x.stx_mode), x.stx_rdev_major, x.stx_rdev_minor, (unsigned long long)x.stx_size);
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    must(syscall(SYS_readlinkat, AT_FDCWD, link, text, sizeof text - 1) < 0, "readlink");
    printf("link %s\n", text);
    printf("access %s", word(syscall(SYS_faccessat, AT_FDCWD, node, W_OK)));
    printf(" %s\n", word(syscall(SYS_faccessat, AT_FDCWD, "/dev/dri/renderD200", F_OK)));
    printf("open %s\n", word(syscall(SYS_openat, AT_FDCWD, node, O_RDWR | O_DIRECTORY, 0) < 0));
    int file = (int)syscall(SYS_openat, AT_FDCWD, "/sys/class/drm/renderD128/device/vendor", O_RDONLY, 0);
    must(file < 0 || read(file, text, 7) != 7, "vendor");
    printf("vendor %.6s\n", text);
    close(file);

    char name[16] = "";
    uint64_t version[8] = {[2] = sizeof name, [3] = (uintptr_t)name};
    must(call(fd, VERSION, version), "version");
    uint32_t working = 7;
    uint64_t info[4] = {(uintptr_t)&working, sizeof working};
    must(call(fd, INFO, info), "info");
    printf("version %s %u.%u, working %u\n", name, (uint32_t)version[0], (uint32_t)(version[0] >> 32), working);
    printf("job %d\n", whole_job(fd, VA, 0xcafe));

    uint32_t handle = create(fd);
    uint64_t offset = offset_of(fd, handle);
    int other = raw_open(node);
    printf("foreign %s\n", word(map(other, offset, MAP_SHARED) == MAP_FAILED));
    printf("unknown %s\n", word(map(fd, 4096, MAP_SHARED) == MAP_FAILED));
    printf("private %s\n", word(map(fd, offset, MAP_PRIVATE) == MAP_FAILED));
    printf("pointer %s\n", word(call(fd, VERSION, (void *)8)));
    printf("terminal %s\n", word(call(fd, 0x5401, text)));
    printf("handle %s\n", word(call(other, GEM_CLOSE, &(uint64_t){handle})));

    /* A descriptor is known whatever its number. */
    int copy = dup(fd), high = dup2(fd, 300), third = fcntl(fd, F_DUPFD_CLOEXEC, 50);
    printf("copies %d%d%d\n", call(copy, VERSION, version), call(high, VERSION, version), call(third, VERSION, version));
    close(fd);
    /* A mapping outlives its descriptor and its handle. */
    volatile uint32_t *pages = map(high, offset, MAP_SHARED);
    must(pages == MAP_FAILED, "map");
    pages[5] = 77;
    drop(copy, handle);
    printf("kept %u\n", pages[5]);
    munmap((void *)pages, BYTES);
    printf("gone %s\n", word(map(copy, offset, MAP_SHARED) == MAP_FAILED));
}

static int shared_fd;
static void *thread(void *number) {
    uintptr_t n = (uintptr_t)number;
    int good = 0;
    for (int i = 0; i < 4; i++) good += whole_job(shared_fd, VA + n * BYTES, (uint32_t)(n * 100 + i));
    return (void *)(uintptr_t)good;
}
static void threads(void) {
    pthread_t all[64];
    uintptr_t good = 0;
    shared_fd = raw_open(node);
    for (uintptr_t i = 0; i < 64; i++) must(pthread_create(&all[i], 0, thread, (void *)i) != 0, "thread");
    for (int i = 0; i < 64; i++) {
        void *result;
        pthread_join(all[i], &result);
        good += (uintptr_t)result;
    }
    printf("threads %lu\n", (unsigned long)good);
}

static void family(void) {
    int fd = (int)syscall(SYS_openat, AT_FDCWD, node, O_RDWR, 0), status;
    uint32_t handle = create(fd);
    volatile uint32_t *pages = map(fd, offset_of(fd, handle), MAP_SHARED);
    pages[0] = 1;
    fflush(stdout);
    if (!fork()) {
        pages[0] += (uint32_t)whole_job(fd, VA, 5);
        char number[16];
        snprintf(number, sizeof number, "%d", fd);
        execl("/proc/self/exe", "client", "heir", number, NULL);
        _exit(9);
    }
    wait(&status);
    printf("family %d %u\n", WEXITSTATUS(status), pages[0]);
    munmap((void *)pages, BYTES);
    drop(fd, handle);
}

static void send_fd(int socket, int fd) {
    char byte = 0, control[CMSG_SPACE(sizeof fd)] = {0};
    struct iovec part = {&byte, 1};
    struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    *c = (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof fd)};
    memcpy(CMSG_DATA(c), &fd, sizeof fd);
    must(sendmsg(socket, &m, 0) != 1, "send");
}
static int receive_fd(int socket) {
    int fd = -1;
    char byte, control[CMSG_SPACE(sizeof fd)] = {0};
    struct iovec part = {&byte, 1};
    struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    must(recvmsg(socket, &m, 0) != 1, "receive");
    memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof fd);
    return fd;
}

static void share(void) {
    int pair[2], status;
    must(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), "socketpair");
    fflush(stdout);
    if (!fork()) {
        int fd = raw_open(node), buffer = receive_fd(pair[1]), their_node = receive_fd(pair[1]);
        uint32_t import[3] = {0, 0, (uint32_t)buffer};
        must(call(fd, PRIME_FD_TO_HANDLE, import), "import");
        volatile uint32_t *pages = map(fd, offset_of(fd, import[0]), MAP_SHARED);
        must(pages == MAP_FAILED, "map");
        int right = pages[3] == 333 && lseek(buffer, 0, SEEK_END) == (off_t)BYTES;
        right += whole_job(their_node, VA, 6);
        pages[4] = 444;
        munmap((void *)pages, BYTES);
        drop(fd, import[0]);
        exit(right);
    }
    int fd = raw_open(node);
    uint32_t handle = create(fd), prime[3] = {handle, O_RDWR | O_CLOEXEC};
    volatile uint32_t *pages = map(fd, offset_of(fd, handle), MAP_SHARED);
    pages[3] = 333;
    must(call(fd, PRIME_HANDLE_TO_FD, prime), "export");
    uint32_t again[3] = {0, 0, prime[2]};
    must(call(fd, PRIME_FD_TO_HANDLE, again), "import");
    send_fd(pair[0], (int)prime[2]);
    send_fd(pair[0], fd);
    close((int)prime[2]);
    wait(&status);
    printf("share %d %d %u\n", again[0] == handle, WEXITSTATUS(status), pages[4]);
    munmap((void *)pages, BYTES);
    drop(fd, handle);
    uint32_t bad[3] = {0, 0, (uint32_t)pair[0]};
    printf("no buffer %s\n", word(call(fd, PRIME_FD_TO_HANDLE, bad)));
    bad[2] = 999;
    printf("no descriptor %s\n", word(call(fd, PRIME_FD_TO_HANDLE, bad)));
}

/* The descriptor of a buffer keeps its contents, whatever becomes of its handle and node. */
static void heirloom(void) {
    int first = raw_open(node), second = raw_open(node);
    uint32_t handle = create(first), prime[3] = {handle, O_RDWR};
    volatile uint32_t *pages = map(first, offset_of(first, handle), MAP_SHARED);
    pages[9] = 999;
    must(call(first, PRIME_HANDLE_TO_FD, prime), "export");
    munmap((void *)pages, BYTES);
    drop(first, handle);
    close(first);
    usleep(1700000);
    uint32_t import[3] = {0, 0, prime[2]};
    must(call(second, PRIME_FD_TO_HANDLE, import), "import");
    pages = map(second, offset_of(second, import[0]), MAP_SHARED);
    printf("heirloom %u\n", pages == MAP_FAILED ? 0 : pages[9]);
    munmap((void *)pages, BYTES);
    drop(second, import[0]);
}

static void sync_objects(void) {
    int fd = raw_open(node), other = raw_open(node);
    uint32_t created[2] = {0, 0};
    must(call(fd, SYNCOBJ_CREATE, created), "syncobj");
    uint32_t out[4] = {created[0], 0, 0xffffffff};
    must(call(fd, SYNCOBJ_HANDLE_TO_FD, out), "export");
    uint32_t in[4] = {0, 0, out[2]};
    must(call(other, SYNCOBJ_FD_TO_HANDLE, in), "import");
    uint64_t signal[2] = {(uintptr_t)&in[0], 1};
    must(call(other, SYNCOBJ_SIGNAL, signal), "signal");
    uint64_t wait[4] = {(uintptr_t)&created[0], 0, 1, 0};
    printf("syncobj %s", word(call(fd, SYNCOBJ_WAIT, wait)));
    uint32_t file[4] = {created[0], 1, 0xffffffff};
    must(call(fd, SYNCOBJ_HANDLE_TO_FD, file), "sync file");
    struct pollfd ready = {(int)file[2], POLLIN, 0};
    printf(" %d", poll(&ready, 1, 2000));
    uint32_t own[4] = {in[0], 1, file[2]};
    printf(" %s\n", word(call(other, SYNCOBJ_FD_TO_HANDLE, own)));
    must(call(fd, SYNCOBJ_DESTROY, created), "destroy");
    must(call(other, SYNCOBJ_DESTROY, (uint32_t[2]){in[0], 0}), "destroy");
}

/* One file's memory is given back when its last descriptor goes, while the process goes on. */
static uint64_t usage(int fd) {
    uint64_t bytes = 0, info[4] = {(uintptr_t)&bytes, sizeof bytes | (uint64_t)GTT_USAGE << 32};
    must(call(fd, INFO, info), "usage");
    return bytes;
}
static void closing(void) {
    int watcher = raw_open(node), fd = raw_open(node);
    uint64_t before = usage(watcher);
    create(fd);
    uint64_t with = usage(watcher);
    int copy = dup(fd);
    close(fd);
    usleep(300000);
    uint64_t held = usage(watcher);
    close(copy);
    uint64_t after = held;
    for (int i = 0; i < 200 && after != before; i++) usleep(10000), after = usage(watcher);
    printf("closing %d %d %d\n", with == before + BYTES, held == with, after == before);
}

static void bomb(void) {
    int good = 0, status;
    for (int i = 0; i < 20; i++) {
        for (int j = 0; j < 10; j++)
            if (!fork()) {
                int fd = raw_open(node);
                uint64_t version[8] = {0};
                _exit(fd >= 0 && !call(fd, VERSION, version) && version[2] == 6 ? 3 : 4);
            }
        for (int j = 0; j < 10; j++) wait(&status), good += WIFEXITED(status) && WEXITSTATUS(status) == 3;
    }
    printf("bomb %d\n", good);
}

/* A process that is killed while it waits, and a signal that comes while another does. */
static volatile int alarms;
static void on_alarm(int number) { (void)number, alarms++; }
static void signals(void) {
    int fd = raw_open(node), status;
    uint32_t created[2] = {0, 0};
    must(call(fd, SYNCOBJ_CREATE, created), "syncobj");
    fflush(stdout);
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    /* For a fence that nobody submits. */
    uint64_t late = (uint64_t)(now.tv_sec + 1000) * 1000000000, forever[4] = {(uintptr_t)&created[0], late, 1 | 2UL << 32, 0};
    pid_t pid = fork();
    if (!pid) _exit(call(fd, SYNCOBJ_WAIT, forever) ? 1 : 0);
    usleep(100000);
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    printf("killed %d\n", WIFSIGNALED(status) ? WTERMSIG(status) : 0);
    struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
    sigaction(SIGALRM, &action, NULL);
    ualarm(50000, 0);
    uint64_t soon[4] = {(uintptr_t)&created[0], (uint64_t)now.tv_sec * 1000000000 + now.tv_nsec + 600000000, 1 | 2UL << 32, 0};
    int failed = call(fd, SYNCOBJ_WAIT, soon);
    printf("waited %s, signals %d\n", word(failed), alarms);
    must(call(fd, SYNCOBJ_DESTROY, created), "destroy");
}

struct entry {
    uint64_t inode, offset;
    uint16_t length;
    uint8_t kind;
    char name[];
};
static void list(void) {
    char room[4096];
    int folder = (int)syscall(SYS_openat, AT_FDCWD, "/dev/dri", O_RDONLY | O_DIRECTORY, 0);
    long bytes = syscall(SYS_getdents64, folder, room, sizeof room);
    for (long at = 0; at < bytes; at += ((struct entry *)(room + at))->length) {
        struct entry *e = (void *)(room + at);
        if (!strncmp(e->name, "renderD", 7)) printf("entry %s %d\n", e->name, e->kind);
    }
    struct stat s;
    must(syscall(SYS_newfstatat, folder, "by-path/pci-0000:03:00.0-render", &s, 0), "by path");
    printf("by path %u:%u\n", major(s.st_rdev), minor(s.st_rdev));
    must(syscall(SYS_newfstatat, folder, "by-path/pci-0000:03:00.0-render", &s, AT_SYMLINK_NOFOLLOW), "link");
    printf("link %d\n", S_ISLNK(s.st_mode));
    printf("path %s\n", word(syscall(SYS_openat, AT_FDCWD, (void *)8, O_RDONLY, 0) < 0));
    must(chdir("/"), "chdir");
    int fd = raw_open("dev/./dri//renderD128");
    uint64_t version[8] = {0};
    printf("relative %s\n", word(call(fd, VERSION, version)));
    char self[32];
    snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
    printf("again %s\n", word(call(raw_open(self), VERSION, version)));
    struct {
        uint64_t flags, mode, resolve;
    } how = {O_RDWR, 0, 0};
    printf("openat2 %s\n", word(call((int)syscall(SYS_openat2, AT_FDCWD, node, &how, sizeof how), VERSION, version)));
    uint32_t handle = create(fd), prime[3] = {handle, O_RDWR};
    must(call(fd, PRIME_HANDLE_TO_FD, prime), "export");
    printf("buffer's descriptor %s\n", word(map((int)prime[2], 0, MAP_SHARED) == MAP_FAILED));
    drop(fd, handle);
}

/* Buffers that come and go, and some time for their pages to do so too. */
static void churn(void) {
    int fd = raw_open(node);
    for (int i = 0; i < 100; i++) {
        uint32_t handle = create(fd);
        volatile uint32_t *pages = map(fd, offset_of(fd, handle), MAP_SHARED);
        for (size_t at = 0; at < BYTES / 4; at += 1024) pages[at] = 1;
        munmap((void *)pages, BYTES);
        drop(fd, handle);
    }
    usleep(2000000);
    puts("churn");
}

/* Nothing about devices: standard input to standard output, then a signal. */
static void plain(void) {
    char room[64];
    for (ssize_t bytes; (bytes = read(0, room, sizeof room)) > 0;) must(write(1, room, bytes) != bytes, "write");
    kill(getpid(), SIGTERM);
}

int main(int count, char **arguments) {
    const char *what = count > 1 ? arguments[1] : "";
    if (!strcmp(what, "heir")) return whole_job(atoi(arguments[2]), VA, 8) ? 4 : 5;
    struct {
        const char *name;
        void (*run)(void);
    } all[] = {{"work", work}, {"threads", threads}, {"family", family}, {"share", share}, {"heirloom", heirloom},
               {"sync", sync_objects}, {"closing", closing}, {"bomb", bomb}, {"signals", signals}, {"list", list},
               {"churn", churn}, {"plain", plain}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (!strcmp(what, all[i].name)) return all[i].run(), 0;
    return 2;
}
