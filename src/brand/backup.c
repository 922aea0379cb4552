/* backup.c - a tar of copies and immutable files, compressed by zstd.
 *
 * Order matters: first the removal of files is held back (log_hold), then a brand's database is
 * copied in one consistent piece, then the files that this copy's manifest names are added: they
 * are all still there, and they never change. server.db is copied before the brands, so every brand
 * it names exists. The last entry, "sum", is the SHA-256 of the names and bytes before it, in hex:
 * without it a backup is cut short. */
#include "brand/backup.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "base/hash.h"
#include "base/mem.h"
#include "brand/internal.h"

#define CHUNK_BYTES 262144

struct backup {
    struct data *data;
    struct archive *archive;
    struct backup_counts *counts;
    char copy[600]; /* the database copy at hand */
    struct sha256_state sum;
};

/* Two backups at once would use the same names for their copies. */
static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;

static enum err archive_fail(struct backup *k, struct why *why)
{
    const char *text = archive_error_string(k->archive);
    return why_fail(why, archive_errno(k->archive) == ENOSPC ? ERR_NO_SPACE : ERR_IO, MSG_IO, "",
                    "write|backup|%s", text ? text : "unknown");
}

static enum err check_cancel(const struct backup *k, struct why *why)
{
    const struct backup_progress *p = k->counts->progress;
    if (!p || !atomic_load(&p->cancel)) return ERR_OK;
    return why_fail(why, ERR_CANCELLED, MSG_BACKUP_STOPPED, "", NULL);
}

static enum err add_bytes(struct backup *k, int fd, uint64_t size, struct why *why)
{
    char *chunk = mem_alloc(CHUNK_BYTES);
    enum err err = ERR_OK;
    for (uint64_t at = 0; at < size && err == ERR_OK;) {
        size_t len = size - at < CHUNK_BYTES ? (size_t)(size - at) : CHUNK_BYTES;
        err = fs_read_at(fd, chunk, len, at, why);
        if (err == ERR_OK && archive_write_data(k->archive, chunk, len) != (la_ssize_t)len)
            err = archive_fail(k, why);
        sha256_add(&k->sum, chunk, len);
        at += len;
        if (k->counts->progress) atomic_fetch_add(&k->counts->progress->bytes, len);
        if (err == ERR_OK) err = check_cancel(k, why);
    }
    mem_free(chunk);
    k->counts->bytes += size;
    return err;
}

static enum err add_header(struct backup *k, const char *name, uint64_t size, struct why *why)
{
    struct archive_entry *entry = archive_entry_new();
    archive_entry_set_pathname(entry, name);
    archive_entry_set_size(entry, (la_int64_t)size);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0600);
    enum err err =
        archive_write_header(k->archive, entry) == ARCHIVE_OK ? ERR_OK : archive_fail(k, why);
    archive_entry_free(entry);
    return err;
}

static enum err add_file(struct backup *k, const char *path, const char *name, struct why *why)
{
    int fd;
    uint64_t size;
    TRY(fs_open_read(path, &fd, why));
    enum err err = fs_size(fd, &size, why);
    if (err == ERR_OK) err = add_header(k, name, size, why);
    sha256_add(&k->sum, name, strlen(name));
    if (err == ERR_OK) err = add_bytes(k, fd, size, why);
    fs_close(fd);
    k->counts->files++;
    return err;
}

/* A database is copied beside itself, added under its own name, and the copy removed. */
static enum err add_database(struct backup *k, const char *path, const char *name, struct why *why)
{
    TRY(check_cancel(k, why));
    snprintf(k->copy, sizeof(k->copy), "%s.backup", path);
    TRY(fs_remove(k->copy, why));
    TRY(sql_backup(path, k->copy, why));
    return add_file(k, k->copy, name, why);
}

static enum err remove_copy(struct backup *k, enum err err)
{
    struct why why;
    enum err removed = k->copy[0] ? fs_remove(k->copy, &why) : ERR_OK;
    k->copy[0] = '\0';
    return err != ERR_OK ? err : removed;
}

/* Every file a manifest table names. */
static enum err add_named(struct backup *k, struct brand *b, struct sql_stmt *s, const char *suffix,
                          struct why *why)
{
    for (;;) {
        bool row;
        char path[600], name[128];
        TRY(sql_step(s, &row));
        if (!row) return ERR_OK;
        uint32_t file = (uint32_t)sql_int(s, 0);
        log_path(b, file, suffix, path);
        snprintf(name, sizeof(name), "brands/%s/events/%06" PRIu32 ".%s", brand_slug(b), file,
                 suffix);
        TRY(add_file(k, path, name, why));
    }
}

static enum err add_events(struct backup *k, struct brand *b, struct why *why)
{
    struct sql *copy;
    TRY(sql_open("sqlite:", k->copy, b->schema, SQL_READER, &copy, why));
    enum err err =
        add_named(k, b, sql_use(copy, "SELECT file FROM part ORDER BY file"), "part", why);
    if (err == ERR_OK)
        err = add_named(k, b, sql_use(copy, "SELECT file FROM ids_file ORDER BY file"), "ids", why);
    sql_close(copy);
    return err;
}

/* What was said; copied behind the database, so that no message of it is without its words: rows of
 * later ones go when the copy is opened. A brand in which nobody has said anything has no file. */
static enum err add_texts(struct backup *k, struct brand *b, struct why *why)
{
    char path[600], name[128];
    snprintf(path, sizeof(path), "%s/text.db", b->dir);
    snprintf(name, sizeof(name), "brands/%s/text.db", brand_slug(b));
    return fs_exists(path) ? add_database(k, path, name, why) : ERR_OK;
}

static enum err add_brand(struct backup *k, const char *slug, struct why *why)
{
    struct brand *b;
    char name[128];
    TRY(data_brand(k->data, slug, &b, why));
    snprintf(name, sizeof(name), "brands/%s/brand.db", slug);
    log_hold(b);
    enum err err = add_database(k, b->db_path, name, why);
    if (err == ERR_OK) err = add_events(k, b, why);
    err = remove_copy(k, err);
    if (err == ERR_OK) err = remove_copy(k, add_texts(k, b, why));
    log_release(b);
    return err;
}

static enum err add_sum(struct backup *k, struct why *why)
{
    struct sha256 sum = sha256_finish(&k->sum);
    char hex[65];
    hex_encode(sum.bytes, sizeof(sum.bytes), hex);
    TRY(add_header(k, "sum", 64, why));
    return archive_write_data(k->archive, hex, 64) == 64 ? ERR_OK : archive_fail(k, why);
}

static enum err add_all(struct backup *k, struct why *why)
{
    char path[600];
    snprintf(path, sizeof(path), "%s/store", data_dir(k->data));
    TRY(add_file(k, path, "store", why));
    snprintf(path, sizeof(path), "%s/server.db", data_dir(k->data));
    TRY(remove_copy(k, add_database(k, path, "server.db", why)));
    for (size_t i = 0; i < data_brand_count(k->data); i++) {
        struct brand_facts f = data_brand_facts(k->data, i);
        TRY(add_brand(k, f.slug, why));
    }
    return add_sum(k, why);
}

/* ---- how much it will be ---- */

static uint64_t size_of(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
}

/* Files of a folder, added up. */
struct adding {
    const char *folder;
    uint64_t bytes;
};

static bool add_size(void *ctx, const char *name)
{
    struct adding *a = ctx;
    char path[900];
    snprintf(path, sizeof(path), "%s/%s", a->folder, name);
    a->bytes += size_of(path);
    return true;
}

uint64_t backup_size(struct data *d)
{
    char path[600];
    snprintf(path, sizeof(path), "%s/server.db", data_dir(d));
    struct adding a = {.folder = path, .bytes = size_of(path)};
    for (size_t i = 0; i < data_brand_count(d); i++) {
        struct brand_facts f = data_brand_facts(d, i);
        snprintf(path, sizeof(path), "%s/brands/%s/brand.db", data_dir(d), f.slug);
        a.bytes += size_of(path);
        snprintf(path, sizeof(path), "%s/brands/%s/text.db", data_dir(d), f.slug);
        a.bytes += size_of(path);
        snprintf(path, sizeof(path), "%s/brands/%s/events", data_dir(d), f.slug);
        struct why why; /* a brand without events yet has no folder */
        if (fs_list(path, add_size, &a, &why) != ERR_OK) continue;
    }
    return a.bytes;
}

/* ---- the archive ---- */

/* The whole archive into an open file. */
static enum err write_archive(struct backup *k, int fd, struct why *why)
{
    sha256_init(&k->sum);
    k->archive = archive_write_new();
    archive_write_set_format_pax_restricted(k->archive);
    archive_write_add_filter_zstd(k->archive);
    pthread_mutex_lock(&one_at_a_time);
    enum err err = archive_write_open_fd(k->archive, fd) == ARCHIVE_OK ? add_all(k, why)
                                                                       : archive_fail(k, why);
    pthread_mutex_unlock(&one_at_a_time);
    if (archive_write_close(k->archive) != ARCHIVE_OK && err == ERR_OK) err = archive_fail(k, why);
    archive_write_free(k->archive);
    return err;
}

enum err backup_place(const char *from, const char *to, struct why *why)
{
    char parent[4200];
    TRY(fs_rename(from, to, why));
    snprintf(parent, sizeof(parent), "%s", to);
    char *slash = strrchr(parent, '/');
    if (!slash) return fs_sync_dir(".", why);
    slash[slash == parent] = '\0';
    return fs_sync_dir(parent, why);
}

enum err backup_write(struct data *d, const char *path, struct backup_counts *counts,
                      struct why *why)
{
    char unfinished[4200];
    struct backup k = {.data = d, .counts = counts};
    if (strcmp(data_store(d), "sqlite:") != 0)
        return why_fail(why, ERR_NOT_IMPLEMENTED, MSG_BACKUP_SQLITE, "", NULL);
    if (snprintf(unfinished, sizeof(unfinished), "%s.tmp", path) >= (int)sizeof(unfinished)) {
        return why_fail(why, ERR_INVALID, MSG_TOO_LONG, "OUT", "%d", 4096);
    }
    int fd;
    TRY(fs_create(unfinished, &fd, why));
    enum err err = write_archive(&k, fd, why);
    if (err == ERR_OK) err = fs_sync(fd, why);
    if (err == ERR_OK) err = fs_size(fd, &counts->written, why);
    fs_close(fd);
    if (err == ERR_OK) return backup_place(unfinished, path, why);
    struct why ignored;
    if (fs_remove(unfinished, &ignored) != ERR_OK) return err;
    return err;
}
