/* tracer.c - preloaded into the program under test: writes down every change it makes to its files, and fails one.
 *
 * TRACE_FILE gets a record for each change under TRACE_DIR, in the order in which they took effect (one lock is held
 * around the call and its record). TRACE_FAIL="N ERRNO": the N-th change, and every later one, fails with ERRNO; a
 * write that fails writes half. Changes through mmap (SQLite's -shm) are not seen: that file holds nothing of worth.
 * cut_test.py reads the records. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum op { OP_OPEN, OP_WRITE, OP_TRUNCATE, OP_SYNC, OP_SYNC_DIR, OP_RENAME, OP_UNLINK, OP_MKDIR };

struct record {
    uint32_t op;
    uint32_t path_len;
    uint32_t other_len; /* the new path of a rename */
    uint32_t truncates; /* of an open: O_TRUNC */
    uint64_t inode;
    uint64_t offset; /* of a write; the length of a truncation */
    uint64_t len;    /* bytes that follow the paths */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const char *dir;
static int trace = -1;
static long calls, fail_at = LONG_MAX;
static int fail_errno;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void start(void)
{
    const char *file = getenv("TRACE_FILE"), *fail = getenv("TRACE_FAIL");
    dir = getenv("TRACE_DIR");
    if (!file || !dir) return;
    trace = REAL(open)(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (trace < 0) abort();
    if (fail && sscanf(fail, "%ld %d", &fail_at, &fail_errno) != 2) abort();
}

static int watched(const char *path)
{
    return trace >= 0 && strncmp(path, dir, strlen(dir)) == 0;
}

/* The path and inode behind a descriptor, when it is a file or folder that is watched. */
static int watched_fd(int fd, char path[PATH_MAX], struct stat *st)
{
    char link[64];
    if (trace < 0 || fstat(fd, st) != 0 || !(S_ISREG(st->st_mode) || S_ISDIR(st->st_mode))) return 0;
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, PATH_MAX - 1);
    if (n < 0) return 0;
    path[n] = 0;
    return watched(path);
}

static int fails(void)
{
    if (++calls < fail_at) return 0;
    errno = fail_errno;
    return 1;
}

static void put(const void *p, size_t len)
{
    if (REAL(write)(trace, p, len) != (ssize_t)len) abort();
}

static void note(struct record r, const char *path, const char *other, const void *data)
{
    r.path_len = (uint32_t)strlen(path);
    r.other_len = other ? (uint32_t)strlen(other) : 0;
    put(&r, sizeof(r));
    put(path, r.path_len);
    if (other) put(other, r.other_len);
    if (r.len) put(data, r.len);
}

static int traced_open(const char *path, int flags, mode_t mode)
{
    struct stat st;
    if (!watched(path)) return REAL(open)(path, flags, mode);
    pthread_mutex_lock(&lock);
    int creates = (flags & O_CREAT) && stat(path, &st) != 0;
    int fd = creates && fails() ? -1 : REAL(open)(path, flags, mode), saved = errno;
    if (fd >= 0 && (flags & O_ACCMODE) != O_RDONLY && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
        note((struct record){.op = OP_OPEN, .truncates = (flags & O_TRUNC) != 0, .inode = st.st_ino}, path, NULL, NULL);
    pthread_mutex_unlock(&lock);
    errno = saved;
    return fd;
}

#define OPEN(name)                                                 \
    int name(const char *path, int flags, ...)                     \
    {                                                              \
        va_list args;                                              \
        va_start(args, flags);                                     \
        mode_t mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;  \
        va_end(args);                                              \
        return traced_open(path, flags, mode);                     \
    }
OPEN(open)
OPEN(open64)

static ssize_t traced_write(int fd, const void *p, size_t len, off64_t offset)
{
    char path[PATH_MAX];
    struct stat st;
    if (!watched_fd(fd, path, &st)) return offset < 0 ? REAL(write)(fd, p, len) : REAL(pwrite64)(fd, p, len, offset);
    pthread_mutex_lock(&lock);
    int failed = fails();
    size_t want = failed ? len / 2 : len;
    ssize_t n = offset < 0 ? REAL(write)(fd, p, want) : REAL(pwrite64)(fd, p, want, offset);
    if (n > 0) {
        off64_t at = offset < 0 ? lseek64(fd, 0, SEEK_CUR) - n : offset;
        note((struct record){.op = OP_WRITE, .inode = st.st_ino, .offset = (uint64_t)at, .len = (uint64_t)n}, path, NULL, p);
    }
    pthread_mutex_unlock(&lock);
    if (!failed) return n;
    errno = fail_errno;
    return -1;
}

ssize_t write(int fd, const void *p, size_t len)
{
    return traced_write(fd, p, len, -1);
}

ssize_t pwrite64(int fd, const void *p, size_t len, off64_t offset)
{
    return traced_write(fd, p, len, offset);
}

/* A call on a descriptor that changes one thing: run, then written down when it went well. */
#define ON_FD(name, params, call, record)                                \
    int name params                                                      \
    {                                                                    \
        char path[PATH_MAX];                                             \
        struct stat st;                                                  \
        if (!watched_fd(fd, path, &st)) return call;                     \
        pthread_mutex_lock(&lock);                                       \
        int result = fails() ? -1 : call, saved = errno;                 \
        if (result == 0) note(record, path, NULL, NULL);                 \
        pthread_mutex_unlock(&lock);                                     \
        errno = saved;                                                   \
        return result;                                                   \
    }
#define SYNCED ((struct record){.op = S_ISDIR(st.st_mode) ? OP_SYNC_DIR : OP_SYNC, .inode = st.st_ino})
#define CUT ((struct record){.op = OP_TRUNCATE, .inode = st.st_ino, .offset = (uint64_t)len})
ON_FD(fsync, (int fd), REAL(fsync)(fd), SYNCED)
ON_FD(fdatasync, (int fd), REAL(fdatasync)(fd), SYNCED)
ON_FD(ftruncate64, (int fd, off64_t len), REAL(ftruncate64)(fd, len), CUT)

static int named(int result, enum op op, const char *path, const char *other)
{
    int saved = errno;
    if (result == 0) note((struct record){.op = op}, path, other, NULL);
    pthread_mutex_unlock(&lock);
    errno = saved;
    return result;
}

int rename(const char *from, const char *to)
{
    if (!watched(to)) return REAL(rename)(from, to);
    pthread_mutex_lock(&lock);
    return named(fails() ? -1 : REAL(rename)(from, to), OP_RENAME, from, to);
}

int unlink(const char *path)
{
    if (!watched(path)) return REAL(unlink)(path);
    pthread_mutex_lock(&lock);
    return named(fails() ? -1 : REAL(unlink)(path), OP_UNLINK, path, NULL);
}

int mkdir(const char *path, mode_t mode)
{
    if (!watched(path)) return REAL(mkdir)(path, mode);
    pthread_mutex_lock(&lock);
    return named(fails() ? -1 : REAL(mkdir)(path, mode), OP_MKDIR, path, NULL);
}
