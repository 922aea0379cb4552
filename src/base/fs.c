/* fs.c - thin over the system calls: EINTR and short counts are finished here, and every failure
 * becomes a sentence that names the file.
 *
 * A descriptor's path for such a sentence is asked of /proc/self/fd, on failure only. */
#include "base/fs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/vec.h"

#define CALL_MAX ((size_t)1 << 30) /* bytes of one read or write */
#define READ_STEP ((size_t)64 * 1024)

static enum err fail_path(struct why *why, const char *verb, const char *path)
{
    int code = errno;
    const char *text = strerrordesc_np(code);
    enum err err = code == ENOSPC || code == EDQUOT ? ERR_NO_SPACE : ERR_IO;
    why_fail(why, err, MSG_IO, "", "%s|%s|%s", verb, path, text ? text : "unknown error");
    errno = code; /* callers may look closer */
    return err;
}

static void path_of(int fd, char *out, size_t size)
{
    char link[64];
    int saved = errno;
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, out, size - 1);
    out[n > 0 ? n : 0] = '\0';
    errno = saved;
}

static enum err fail_fd(struct why *why, const char *verb, int fd)
{
    char path[PATH_MAX];
    path_of(fd, path, sizeof(path));
    return fail_path(why, verb, path);
}

static enum err open_file(const char *path, int flags, const char *verb, int *fd, struct why *why)
{
    int got;
    do {
        got = open(path, flags | O_CLOEXEC, 0600);
    } while (got < 0 && errno == EINTR);
    if (got < 0) return fail_path(why, verb, path);
    *fd = got;
    return ERR_OK;
}

enum err fs_open_read(const char *path, int *fd, struct why *why)
{
    enum err err = open_file(path, O_RDONLY, "open", fd, why);
    if (err == ERR_OK || errno != ENOENT) return err;
    if (why) why->err = ERR_NOT_FOUND;
    return ERR_NOT_FOUND;
}

enum err fs_create(const char *path, int *fd, struct why *why)
{
    return open_file(path, O_WRONLY | O_CREAT | O_TRUNC, "create", fd, why);
}

enum err fs_open_append(const char *path, int *fd, struct why *why)
{
    return open_file(path, O_WRONLY | O_CREAT | O_APPEND, "open", fd, why);
}

void fs_close(int fd)
{
    if (fd >= 0) close(fd); /* on Linux the descriptor is gone even after EINTR */
}

enum err fs_write(int fd, const void *p, size_t len, struct why *why)
{
    const char *bytes = p;
    while (len) {
        ssize_t n = write(fd, bytes, len < CALL_MAX ? len : CALL_MAX);
        if (n < 0 && errno == EINTR) continue;
        if (n == 0) errno = EIO; /* no progress and no reason */
        if (n <= 0) return fail_fd(why, "write", fd);
        bytes += n;
        len -= (size_t)n;
    }
    return ERR_OK;
}

static enum err fail_short(struct why *why, int fd, uint64_t offset)
{
    char path[PATH_MAX];
    path_of(fd, path, sizeof(path));
    return why_fail(why, ERR_CORRUPT, MSG_CORRUPT, "", "%s|%llu|%s", path,
                    (unsigned long long)offset, "the file ends too early");
}

enum err fs_read_at(int fd, void *p, size_t len, uint64_t offset, struct why *why)
{
    char *bytes = p;
    if (offset > INT64_MAX - (uint64_t)CALL_MAX) return fail_short(why, fd, offset);
    while (len) {
        ssize_t n = pread(fd, bytes, len < CALL_MAX ? len : CALL_MAX, (off_t)offset);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return fail_fd(why, "read", fd);
        if (n == 0) return fail_short(why, fd, offset);
        bytes += n;
        len -= (size_t)n;
        offset += (uint64_t)n;
    }
    return ERR_OK;
}

enum err fs_size(int fd, uint64_t *size, struct why *why)
{
    struct stat st;
    if (fstat(fd, &st) != 0) return fail_fd(why, "read the size of", fd);
    *size = (uint64_t)st.st_size;
    return ERR_OK;
}

enum err fs_truncate(int fd, uint64_t size, struct why *why)
{
    return ftruncate(fd, (off_t)size) == 0 ? ERR_OK : fail_fd(why, "ftruncate", fd);
}

enum err fs_sync(int fd, struct why *why)
{
    int result;
    do {
        result = fsync(fd);
    } while (result != 0 && errno == EINTR);
    if (result == 0) return ERR_OK;
    /* Also for want of space: what was written before may be lost, so nothing may go on. */
    (void)fail_fd(why, "sync", fd);
    if (why) why->err = ERR_IO;
    return ERR_IO;
}

enum err fs_sync_dir(const char *path, struct why *why)
{
    int fd = -1;
    TRY(open_file(path, O_RDONLY | O_DIRECTORY, "open", &fd, why));
    enum err err = fs_sync(fd, why);
    fs_close(fd);
    return err;
}

enum err fs_rename(const char *from, const char *to, struct why *why)
{
    return rename(from, to) == 0 ? ERR_OK : fail_path(why, "rename", from);
}

enum err fs_remove(const char *path, struct why *why)
{
    if (unlink(path) == 0 || errno == ENOENT) return ERR_OK;
    return fail_path(why, "remove", path);
}

enum err fs_scratch(const char *path, int *write_fd, int *read_fd, struct why *why)
{
    *write_fd = *read_fd = -1;
    enum err err = fs_create(path, write_fd, why);
    if (err == ERR_OK) err = fs_open_read(path, read_fd, why);
    if (err == ERR_OK) err = fs_remove(path, why);
    if (err == ERR_OK) return ERR_OK;
    if (*write_fd >= 0) unlink(path);
    fs_close(*write_fd);
    fs_close(*read_fd);
    *write_fd = *read_fd = -1;
    return err;
}

enum err fs_memory(const void *p, size_t len, int *fd, struct why *why)
{
    int made = memfd_create("wellfield", MFD_CLOEXEC);
    if (made < 0) return fail_path(why, "memfd_create", "memory");
    enum err err = fs_write(made, p, len, why);
    if (err == ERR_OK) {
        *fd = made;
    } else {
        fs_close(made);
    }
    return err;
}

enum err fs_link(const char *from, const char *to, struct why *why)
{
    return link(from, to) == 0 ? ERR_OK : fail_path(why, "link", from);
}

static bool is_directory(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

enum err fs_make_dir(const char *path, struct why *why)
{
    if (mkdir(path, 0700) == 0) return ERR_OK;
    int code = errno;
    if (code == EEXIST && is_directory(path)) return ERR_OK;
    errno = code;
    return fail_path(why, "create", path);
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

enum err fs_remove_tree(const char *path, struct why *why)
{
    if (nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS) == 0 || errno == ENOENT) return ERR_OK;
    return fail_path(why, "remove", path);
}

bool fs_exists(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0;
}

static enum err read_all(int fd, const char *path, size_t size_max, struct strbuf *out,
                         struct why *why)
{
    size_t start = out->len;
    for (;;) {
        strbuf_reserve(out, READ_STEP);
        ssize_t n = read(fd, out->p + out->len, READ_STEP);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return fail_path(why, "read", path);
        if (n == 0) return ERR_OK;
        out->len += (size_t)n;
        out->p[out->len] = '\0';
        if (out->len - start > size_max) {
            return why_fail(why, ERR_TOO_LARGE, MSG_TOO_LONG, path, "%zu", size_max);
        }
    }
}

enum err fs_read_file(const char *path, size_t size_max, struct strbuf *out, struct why *why)
{
    int fd = -1;
    size_t start = out->len;
    TRY(fs_open_read(path, &fd, why));
    enum err err = read_all(fd, path, size_max, out, why);
    fs_close(fd);
    if (err != ERR_OK && out->p) {
        out->len = start;
        out->p[start] = '\0';
    }
    return err;
}

static enum err write_whole(const char *path, const void *p, size_t len, struct why *why)
{
    int fd = -1;
    TRY(fs_create(path, &fd, why));
    enum err err = fs_write(fd, p, len, why);
    if (err == ERR_OK) err = fs_sync(fd, why);
    fs_close(fd);
    return err;
}

/* Sync the directory that holds 'path'. */
static enum err sync_parent(const char *path, struct why *why)
{
    const char *slash = strrchr(path, '/');
    if (!slash) return fs_sync_dir(".", why);
    if (slash == path) return fs_sync_dir("/", why);
    struct strbuf parent = {0};
    strbuf_add(&parent, path, (size_t)(slash - path));
    enum err err = fs_sync_dir(parent.p, why);
    strbuf_finish(&parent);
    return err;
}

enum err fs_publish(const char *path, const void *p, size_t len, struct why *why)
{
    struct strbuf draft = {0};
    strbuf_addf(&draft, "%s.tmp", path);
    enum err err = write_whole(draft.p, p, len, why);
    if (err == ERR_OK) err = fs_rename(draft.p, path, why);
    if (err != ERR_OK) unlink(draft.p);
    strbuf_finish(&draft);
    return err == ERR_OK ? sync_parent(path, why) : err;
}

struct names {
    VEC(char *) list; /* each owned */
};

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void add_name(struct names *names, const char *name)
{
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) return;
    VEC_PUSH(&names->list, mem_strdup(name));
}

/* The reason for a null entry is in errno, so it is cleared before each. */
static enum err read_names(DIR *dir, const char *path, struct names *names, struct why *why)
{
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(dir);
        if (!entry) return errno ? fail_path(why, "list", path) : ERR_OK;
        add_name(names, entry->d_name);
    }
}

enum err fs_list(const char *path, bool (*fn)(void *ctx, const char *name), void *ctx,
                 struct why *why)
{
    struct names names = {0};
    DIR *dir = opendir(path);
    if (!dir) return fail_path(why, "list", path);
    enum err err = read_names(dir, path, &names, why);
    closedir(dir);
    if (names.list.count) qsort(names.list.items, names.list.count, sizeof(char *), by_name);
    bool more = err == ERR_OK;
    for (size_t i = 0; i < names.list.count; i++) {
        if (more) more = fn(ctx, names.list.items[i]);
        mem_free(names.list.items[i]);
    }
    VEC_FINISH(&names.list);
    return err;
}

enum err fs_lock(const char *path, int *fd, struct why *why)
{
    int got = -1;
    TRY(open_file(path, O_RDWR | O_CREAT, "open", &got, why));
    int result;
    do {
        result = flock(got, LOCK_EX | LOCK_NB);
    } while (result != 0 && errno == EINTR);
    if (result == 0) {
        *fd = got;
        return ERR_OK;
    }
    enum err err = errno == EWOULDBLOCK ? why_fail(why, ERR_LOCKED, MSG_LOCKED, "", "%s", path)
                                        : fail_path(why, "lock", path);
    fs_close(got);
    return err;
}
