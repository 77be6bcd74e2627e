/* Preloaded into a process, lets its Nth write under a folder fail.

   FAULT_ROOT   the folder; FAULT_AT  the number N, 0 for none; FAULT_ERRNO  the error;
   FAULT_STAYS  1 if every later write fails as well, as on a full disk;
   FAULT_COUNT  a file that gets the number of writes when fault_tell is called. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

static atomic_long count;

static long number(const char *name) {
    const char *said = getenv(name);
    return said ? atol(said) : 0;
}

static int ours(const char *path) {
    const char *root = getenv("FAULT_ROOT");
    return root && path && strncmp(path, root, strlen(root)) == 0;
}

static int of(int fd) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return ours(path);
}

static int fails(void) {
    long now = atomic_fetch_add(&count, 1) + 1, at = number("FAULT_AT");
    if (!at || now < at || (now > at && !number("FAULT_STAYS"))) return 0;
    errno = (int)number("FAULT_ERRNO");
    return 1;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define FAILING(type, name, parameters, arguments)          \
    type name parameters {                                  \
        if (of(fd) && fails()) return -1;                   \
        return REAL(name) arguments;                        \
    }

FAILING(ssize_t, write, (int fd, const void *b, size_t n), (fd, b, n))
FAILING(ssize_t, pwrite, (int fd, const void *b, size_t n, off_t o), (fd, b, n, o))
FAILING(ssize_t, pwrite64, (int fd, const void *b, size_t n, off64_t o), (fd, b, n, o))
FAILING(ssize_t, writev, (int fd, const struct iovec *v, int n), (fd, v, n))
FAILING(int, fsync, (int fd), (fd))
FAILING(int, fdatasync, (int fd), (fd))
FAILING(int, ftruncate, (int fd, off_t o), (fd, o))
FAILING(int, ftruncate64, (int fd, off64_t o), (fd, o))

int rename(const char *old, const char *new) {
    if (ours(new) && fails()) return -1;
    return REAL(rename)(old, new);
}

#define OPENING(name)                                       \
    int name(const char *path, int flags, ...) {            \
        va_list rest;                                       \
        va_start(rest, flags);                              \
        int mode = flags & O_CREAT ? va_arg(rest, int) : 0; \
        va_end(rest);                                       \
        if ((flags & O_CREAT) && ours(path) && fails()) return -1; \
        return REAL(name)(path, flags, mode);               \
    }
OPENING(open)
OPENING(open64)

void fault_tell(void) {
    const char *path = getenv("FAULT_COUNT");
    if (!path) return;
    FILE *file = fopen(path, "w");
    if (file) fprintf(file, "%ld", (long)atomic_load(&count)), fclose(file);
}
