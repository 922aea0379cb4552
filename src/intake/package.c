/* package.c - libzip reads the directory of a ZIP into memory, so what the directory says of its
 * own size is read before, from every end of it that libzip might take for the right one. */
#include "intake/package.h"

#include <unistd.h>
#include <zip.h>

#include "base/fs.h"
#include "base/limits.h"
#include "base/mem.h"

#define MIB ((uint64_t)1 << 20)
#define RATIO_FREE (16 * MIB) /* unpacked, whatever the packed size */
#define TAIL_BYTES ((size_t)65536 + 512)
#define PIECE ((size_t)1 << 16)

struct package {
    zip_t *zip;
};

struct entry {
    zip_file_t *file;
    const char *path;
    uint64_t size, packed, read;
};

static enum err damaged(const char *what, struct why *why)
{
    return why_fail(why, ERR_INVALID, MSG_XLSX_DAMAGED, "", "%s", what);
}

/* ---- the directory ---- */

static uint64_t number_at(const unsigned char *p, int bytes)
{
    uint64_t n = 0;
    while (bytes-- > 0)
        n = n << 8 | p[bytes];
    return n;
}

/* Ends of a directory are PK 5 6, and before them, of large ones, PK 6 6, which PK 6 7 tells the
 * place of. */
static enum err check_tail(const unsigned char *p, size_t len, uint64_t from, uint64_t most,
                           struct why *why)
{
    bool found = false;
    for (size_t i = 0; i + 22 <= len; i++) {
        uint64_t count = 0;
        if (memcmp(p + i, "PK\5\6", 4) == 0) {
            count = number_at(p + i + 10, 2);
            found = true;
        } else if (memcmp(p + i, "PK\6\6", 4) == 0 && i + 40 <= len) {
            count = number_at(p + i + 32, 8);
        } else if (memcmp(p + i, "PK\6\7", 4) == 0 && number_at(p + i + 8, 8) < from) {
            return damaged("its end lies apart", why);
        }
        if (count > most)
            return why_fail(why, ERR_TOO_LARGE, MSG_XLSX_ENTRIES, "", "%llu",
                            (unsigned long long)most);
    }
    return found ? ERR_OK : damaged("it has no end", why);
}

static enum err check_directory(int fd, uint64_t most, struct why *why)
{
    uint64_t size;
    TRY(fs_size(fd, &size, why));
    size_t len = size < TAIL_BYTES ? (size_t)size : TAIL_BYTES;
    unsigned char *tail = mem_alloc(len + 1);
    enum err err = fs_read_at(fd, tail, len, size - len, why);
    if (err == ERR_OK) err = check_tail(tail, len, size - len, most, why);
    mem_free(tail);
    return err;
}

enum err package_open(int fd, struct package **out, struct why *why)
{
    return package_open_of(fd, LIMIT_XLSX_ENTRIES, out, why);
}

uint64_t package_count(const struct package *p)
{
    zip_int64_t count = zip_get_num_entries(p->zip, 0);
    return count > 0 ? (uint64_t)count : 0;
}

const char *package_name(const struct package *p, uint64_t index)
{
    const char *name = zip_get_name(p->zip, index, 0);
    return name ? name : "";
}

enum err package_open_of(int fd, uint64_t entries_max, struct package **out, struct why *why)
{
    int code = 0, own;
    TRY(check_directory(fd, entries_max, why));
    own = dup(fd);
    if (own < 0) return why_fail(why, ERR_INTERNAL, MSG_INTERNAL, "", NULL);
    zip_t *zip = zip_fdopen(own, 0, &code);
    if (!zip) {
        zip_error_t error;
        fs_close(own);
        zip_error_init_with_code(&error, code);
        enum err err = damaged(zip_error_strerror(&error), why);
        zip_error_fini(&error);
        return err;
    }
    *out = mem_alloc(sizeof(**out));
    (*out)->zip = zip;
    return ERR_OK;
}

void package_close(struct package *p)
{
    if (!p) return;
    zip_discard(p->zip);
    mem_free(p);
}

bool package_has(const struct package *p, const char *path)
{
    return zip_name_locate(p->zip, path, ZIP_FL_NOCASE) >= 0;
}

/* ---- an entry ---- */

enum err entry_open(struct package *p, const char *path, struct entry **out, struct why *why)
{
    zip_int64_t at = zip_name_locate(p->zip, path, ZIP_FL_NOCASE);
    if (at < 0) return why_fail(why, ERR_INVALID, MSG_XLSX_LACKS, "", "%.100s", path);
    return entry_open_at(p, (uint64_t)at, out, why);
}

enum err entry_open_at(struct package *p, uint64_t index, struct entry **out, struct why *why)
{
    zip_stat_t st;
    const char *path = package_name(p, index);
    if (zip_stat_index(p->zip, index, 0, &st) != 0)
        return why_fail(why, ERR_INVALID, MSG_XLSX_LACKS, "", "%.100s", path);
    if (st.encryption_method != ZIP_EM_NONE)
        return why_fail(why, ERR_INVALID, MSG_XLSX_LOCKED, "", NULL);
    zip_file_t *file = zip_fopen_index(p->zip, index, 0);
    if (!file) return damaged(zip_strerror(p->zip), why);
    *out = mem_alloc(sizeof(**out));
    **out = (struct entry){file, path, st.size, st.comp_size, 0};
    return ERR_OK;
}

void entry_close(struct entry *e)
{
    if (!e) return;
    zip_fclose(e->file);
    mem_free(e);
}

/* By what comes out, whatever the directory says. */
static enum err check_size(const struct entry *e, struct why *why)
{
    if (e->read > LIMIT_XLSX_ENTRY_MIB * MIB)
        return why_fail(why, ERR_TOO_LARGE, MSG_XLSX_ENTRY, "", "%d|%.100s", LIMIT_XLSX_ENTRY_MIB,
                        e->path);
    if (e->read > RATIO_FREE && e->read / LIMIT_XLSX_RATIO > e->packed)
        return why_fail(why, ERR_TOO_LARGE, MSG_XLSX_RATIO, "", "%d|%.100s", LIMIT_XLSX_RATIO,
                        e->path);
    return ERR_OK;
}

enum err entry_read(struct entry *e, void *p, size_t size, size_t *len, struct why *why)
{
    zip_int64_t got = zip_fread(e->file, p, size);
    if (got < 0) return damaged(zip_file_strerror(e->file), why);
    *len = (size_t)got;
    e->read += *len;
    return check_size(e, why);
}

double entry_progress(const struct entry *e)
{
    return e->size && e->read < e->size ? (double)e->read / (double)e->size : 1;
}

static enum err parse(struct entry *e, struct xml *x, struct why *why)
{
    char *piece = mem_alloc(PIECE);
    enum err err = ERR_OK;
    for (size_t len = 1; err == ERR_OK && len > 0 && !xml_stopped(x);) {
        err = entry_read(e, piece, PIECE, &len, why);
        if (err == ERR_OK) err = xml_feed(x, (struct str){piece, len}, len == 0, why);
    }
    mem_free(piece);
    return err;
}

enum err entry_parse(struct package *p, const char *path, const struct xml_handlers *handlers,
                     struct xml **reader, struct why *why)
{
    struct entry *e = NULL;
    enum err err = entry_open(p, path, &e, why);
    if (!e) return err;
    *reader = xml_create(handlers);
    err = parse(e, *reader, why);
    xml_destroy(*reader);
    *reader = NULL;
    entry_close(e);
    return err;
}
