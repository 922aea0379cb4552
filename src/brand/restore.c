/* restore.c - a backup unpacked into a new data directory.
 *
 * Only names that a backup writes are accepted, so nothing can land outside the directory.
 * Everything is unpacked into DIR.restoring and renamed at the end, when the sum at the end of the
 * backup was right: a directory under its own name is whole. */
#include <archive.h>
#include <archive_entry.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/fs.h"
#include "base/hash.h"
#include "brand/backup.h"
#include "brand/internal.h"

struct restore {
    struct archive *archive;
    char dir[600]; /* where it is unpacked */
    struct backup_counts *counts;
    struct sha256_state sum;
};

static bool is_word(struct str s, const char *allowed, size_t most)
{
    for (size_t i = 0; i < s.len; i++) {
        if (!strchr(allowed, s.p[i])) return false;
    }
    return s.len >= 1 && s.len <= most;
}

/* "store", "server.db", "brands/SLUG/brand.db" or "text.db", "brands/SLUG/events/NNNNNN.part" or
 * ".ids". */
static bool name_is_known(const char *name)
{
    struct str rest = str_of(name);
    if (str_is(rest, "store") || str_is(rest, "server.db")) return true;
    if (!str_is(str_cut(&rest, '/'), "brands")) return false;
    if (!is_word(str_cut(&rest, '/'), "abcdefghijklmnopqrstuvwxyz0123456789-_", LIMIT_SLUG_BYTES))
        return false;
    if (str_is(rest, "brand.db") || str_is(rest, "text.db")) return true;
    if (!str_is(str_cut(&rest, '/'), "events")) return false;
    if (!is_word(str_cut(&rest, '.'), "0123456789", 10)) return false;
    return str_is(rest, "part") || str_is(rest, "ids");
}

/* The library's words, or what was wrong with what it read. */
static enum err damaged(struct restore *r, const char *wrong, struct why *why)
{
    const char *text = archive_error_string(r->archive);
    return why_fail(why, ERR_CORRUPT, MSG_BACKUP_DAMAGED, "", "%s", text ? text : wrong);
}

static enum err make_parents(struct restore *r, const char *name, struct why *why)
{
    char path[1300];
    for (const char *slash = strchr(name, '/'); slash; slash = strchr(slash + 1, '/')) {
        snprintf(path, sizeof(path), "%s/%.*s", r->dir, (int)(slash - name), name);
        TRY(fs_make_dir(path, why));
    }
    return ERR_OK;
}

static enum err copy_entry(struct restore *r, int fd, struct why *why)
{
    const void *bytes;
    size_t len;
    la_int64_t offset, expected = 0;
    for (;;) {
        int status = archive_read_data_block(r->archive, &bytes, &len, &offset);
        if (status == ARCHIVE_EOF) return ERR_OK;
        if (status != ARCHIVE_OK || offset != expected) return damaged(r, "a hole inside", why);
        TRY(fs_write(fd, bytes, len, why));
        sha256_add(&r->sum, bytes, len);
        expected += (la_int64_t)len;
        r->counts->bytes += len;
    }
}

static enum err unpack_one(struct restore *r, const char *name, struct why *why)
{
    char path[1300];
    int fd;
    if (!name || strlen(name) > 200 || !name_is_known(name))
        return damaged(r, "unknown name inside", why);
    TRY(make_parents(r, name, why));
    snprintf(path, sizeof(path), "%s/%s", r->dir, name);
    if (fs_exists(path)) return damaged(r, "a name twice", why);
    sha256_add(&r->sum, name, strlen(name));
    TRY(fs_create(path, &fd, why));
    enum err err = copy_entry(r, fd, why);
    if (err == ERR_OK) err = fs_sync(fd, why);
    fs_close(fd);
    *strrchr(path, '/') = '\0';
    if (err == ERR_OK) err = fs_sync_dir(path, why);
    r->counts->files++;
    return err;
}

/* The entry "sum" ends a backup. */
static enum err check_sum(struct restore *r, struct why *why)
{
    struct archive_entry *entry;
    struct sha256 sum = sha256_finish(&r->sum);
    char hex[65], stored[65] = "";
    hex_encode(sum.bytes, sizeof(sum.bytes), hex);
    la_ssize_t len = archive_read_data(r->archive, stored, sizeof(stored));
    if (len != 64 || memcmp(stored, hex, 64) != 0) return damaged(r, "its sum is wrong", why);
    if (archive_read_next_header(r->archive, &entry) == ARCHIVE_EOF) return ERR_OK;
    return damaged(r, "something after its end", why);
}

static enum err unpack(struct restore *r, struct why *why)
{
    for (;;) {
        struct archive_entry *entry;
        int status = archive_read_next_header(r->archive, &entry);
        if (status == ARCHIVE_EOF) return damaged(r, "it is cut short", why);
        if (status != ARCHIVE_OK || archive_entry_filetype(entry) != AE_IFREG)
            return damaged(r, "not a file inside", why);
        const char *name = archive_entry_pathname(entry);
        if (name && strcmp(name, "sum") == 0) return check_sum(r, why);
        TRY(unpack_one(r, name, why));
    }
}

static bool saw_name(void *ctx, const char *name)
{
    (void)name;
    *(bool *)ctx = true;
    return false;
}

/* A new name, or an empty directory. */
static enum err check_target(const char *dir, struct why *why)
{
    bool any = false;
    if (!fs_exists(dir)) return ERR_OK;
    TRY(fs_list(dir, saw_name, &any, why));
    return any ? why_fail(why, ERR_CONFLICT, MSG_EXISTS, "--data", "%.200s", dir) : ERR_OK;
}

enum err backup_restore(const char *path, const char *dir, struct backup_counts *counts,
                        struct why *why)
{
    const struct backup_restoring o = {.path = path, .dir = dir};
    return backup_restore_with(&o, counts, why);
}

/* Get it ready, and only then give it its name. */
static enum err place(const struct backup_restoring *o, const char *unpacked, const char *target,
                      struct why *why)
{
    struct why lost;
    enum err err = o->prepare ? o->prepare(o->ctx, unpacked, why) : ERR_OK;
    if (err == ERR_OK) return backup_place(unpacked, target, why);
    (void)!fs_remove_tree(unpacked, &lost);
    return err;
}

enum err backup_restore_with(const struct backup_restoring *o, struct backup_counts *counts,
                             struct why *why)
{
    const char *path = o->path, *dir = o->dir;
    struct restore r = {.counts = counts};
    char target[512];
    int fd;
    size_t dir_len = strlen(dir);
    while (dir_len > 1 && dir[dir_len - 1] == '/')
        dir_len--;
    if (dir_len > 500) return why_fail(why, ERR_INVALID, MSG_TOO_LONG, "--data", "%d", 500);
    snprintf(target, sizeof(target), "%.*s", (int)dir_len, dir);
    TRY(check_target(target, why));
    snprintf(r.dir, sizeof(r.dir), "%s.restoring", target);
    sha256_init(&r.sum);
    if (fs_exists(r.dir)) return why_fail(why, ERR_CONFLICT, MSG_EXISTS, "--data", "%.300s", r.dir);
    TRY(fs_open_read(path, &fd, why));
    r.archive = archive_read_new();
    archive_read_support_format_tar(r.archive);
    archive_read_support_filter_zstd(r.archive);
    enum err err = fs_make_dir(r.dir, why);
    if (err == ERR_OK && archive_read_open_fd(r.archive, fd, 262144) != ARCHIVE_OK)
        err = damaged(&r, "unreadable", why);
    if (err == ERR_OK) err = unpack(&r, why);
    archive_read_free(r.archive);
    fs_close(fd);
    return err == ERR_OK ? place(o, r.dir, target, why) : err;
}
