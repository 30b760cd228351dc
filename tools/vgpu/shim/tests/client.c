/* A client of render nodes as C programs are: libc's functions, the kernel's numbers. Prints what it finds. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

/* Sources: Linux include/uapi/drm/drm.h and amdgpu_drm.h. */
#define VERSION 0xc0406400UL
#define GEM_CLOSE 0x40086409UL
#define GEM_CREATE 0xc0206440UL
#define GEM_MMAP 0xc0086441UL
#define SYNCOBJ_CREATE 0xc00864bfUL
#define SYNCOBJ_WAIT 0xc02064c3UL /* flag 2: for a submit, too */

static void stat_line(const char *what, const struct stat *s) {
    printf("%s %s %u:%u\n", what, S_ISCHR(s->st_mode) ? "char" : "other", major(s->st_rdev), minor(s->st_rdev));
}

int main(void) {
    DIR *dir = opendir("/dev/dri");
    for (struct dirent *e; dir && (e = readdir(dir));)
        if (!strncmp(e->d_name, "renderD", 7)) printf("node %s %s\n", e->d_name, e->d_type == DT_CHR ? "char" : "other");
    if (dir) closedir(dir);

    struct stat s;
    if (!stat("/dev/dri/renderD128", &s)) stat_line("stat", &s);
    char text[256] = "", path[4096];
    FILE *file = fopen("/sys/dev/char/226:128/device/vendor", "r");
    if (file && fgets(text, sizeof text, file)) printf("vendor %s", text);
    if (file) fclose(file);
    if (realpath("/sys/dev/char/226:128/device/subsystem", path)) printf("realpath %s\n", path);

    int fd = open("/dev/dri/renderD128", O_RDWR | O_CLOEXEC);
    if (fd < 0) return perror("open"), 1;
    if (!fstat(fd, &s)) stat_line("fstat", &s);
    char name[16] = "";
    uint64_t version[8] = {[2] = sizeof name, [3] = (uint64_t)(uintptr_t)name};
    /* There are no events to read. */
    int hasty = open("/dev/dri/renderD128", O_RDWR | O_NONBLOCK);
    ssize_t events = read(hasty, path, sizeof path);
    printf("read %zd %s\n", events, strerror(errno));
    close(hasty);
    int copy = dup(fd);
    printf("version %d %s\n", ioctl(copy, VERSION, version), name);
    close(copy);

    if (getenv("WAIT")) {
        uint32_t syncobj[2] = {0};
        ioctl(fd, SYNCOBJ_CREATE, syncobj);
        uint64_t wait[4] = {(uint64_t)(uintptr_t)syncobj, INT64_MAX, 1 | 2ull << 32};
        puts("waits"), fflush(stdout);
        return ioctl(fd, SYNCOBJ_WAIT, wait);
    }

    uint64_t create[4] = {1 << 20, 4096, 2, 0};
    printf("create %d\n", ioctl(fd, GEM_CREATE, create));
    uint64_t handle = (uint32_t)create[0], where = handle;
    printf("offset %d\n", (int)syscall(SYS_ioctl, fd, GEM_MMAP, &where));
    void *private = mmap(0, 4096, PROT_READ, MAP_PRIVATE, fd, where);
    printf("private %s\n", private == MAP_FAILED ? strerror(errno) : "ok");
    volatile uint32_t *pages = mmap(0, 1 << 20, PROT_READ | PROT_WRITE, MAP_SHARED, fd, where);
    if (pages == MAP_FAILED) return perror("mmap"), 1;
    pages[5] = 77;
    int bad = ioctl(fd, VERSION, (void *)8);
    printf("bad pointer %d %s\n", bad, strerror(errno));
    fflush(stdout);
    if (!fork()) {
        where = handle;
        int found = ioctl(fd, GEM_MMAP, &where);
        printf("child %s %u\n", found ? strerror(errno) : "ok", pages[5]);
        return 0;
    }
    wait(0);
    munmap((void *)pages, 1 << 20);
    uint64_t gone = handle;
    if (getenv("LEAK") == NULL) printf("close %d\n", ioctl(fd, GEM_CLOSE, &gone));
    return 0;
}
