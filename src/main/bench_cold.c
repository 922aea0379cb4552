/* bench_cold.c - a part is a file that is opened again here, as its own descriptor is the engine's.
 */
#include "main/bench_cold.h"

#include <fcntl.h>

#include "base/fs.h"
#include "base/mem.h"
#include "eventlog/part.h"

#define BUFFER_BYTES (1u << 20)

static enum err forget(const char *path, struct why *why)
{
    int fd = -1;
    TRY(fs_open_read(path, &fd, why));
    int failed = posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    fs_close(fd);
    return failed ? why_fail(why, ERR_IO, MSG_INTERNAL, "", NULL) : ERR_OK;
}

static enum err read_all(const char *path, char *buffer, uint64_t *bytes, struct why *why)
{
    int fd = -1;
    uint64_t size = 0;
    TRY(fs_open_read(path, &fd, why));
    enum err err = fs_size(fd, &size, why);
    for (uint64_t at = 0; at < size && err == ERR_OK; at += BUFFER_BYTES) {
        size_t len = size - at < BUFFER_BYTES ? (size_t)(size - at) : BUFFER_BYTES;
        err = fs_read_at(fd, buffer, len, at, why);
    }
    fs_close(fd);
    *bytes += size;
    return err;
}

enum err bench_cold_forget(struct brand *b, struct why *why)
{
    struct snapshot *s = brand_snapshot(b);
    enum err err = ERR_OK;
    for (size_t i = 0; i < s->part_count && err == ERR_OK; i++)
        err = forget(part_path(s->parts[i]), why);
    brand_snapshot_release(s);
    return err;
}

enum err bench_cold_speed(struct brand *b, double *bytes_per_second, struct why *why)
{
    uint64_t bytes = 0;
    char *buffer = mem_alloc(BUFFER_BYTES);
    enum err err = bench_cold_forget(b, why);
    struct snapshot *s = brand_snapshot(b);
    uint64_t began = env_mono_ns(brand_env(b));
    for (size_t i = 0; i < s->part_count && err == ERR_OK; i++)
        err = read_all(part_path(s->parts[i]), buffer, &bytes, why);
    uint64_t ns = env_mono_ns(brand_env(b)) - began;
    if (err == ERR_OK) *bytes_per_second = (double)bytes * 1e9 / (double)(ns ? ns : 1);
    brand_snapshot_release(s);
    mem_free(buffer);
    return err;
}
