/* bundle.c - the list of files is made once; one is open at a time. */
#include "intake/bundle.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/fs.h"
#include "base/limits.h"
#include "base/str.h"
#include "base/vec.h"
#include "intake/json_feed.h"
#include "intake/package.h"

#define RATIO_FREE ((uint64_t)1 << 30) /* unpacked in all, whatever the packed size */

struct file {
    struct str path; /* within the export */
    uint64_t index;  /* in the ZIP */
    const char *at;  /* on the disk */
};

struct bundle {
    struct package *package; /* NULL = a folder */
    struct arena *arena;     /* of paths */
    VEC(struct file) files;
    uint64_t packed, read; /* bytes: of the ZIP, and unpacked so far */
    size_t next;           /* file to be opened */
    struct entry *entry;   /* that is open */
    int fd;                /* the same in a folder; -1 = none */
    uint64_t offset, size; /* of it */
    struct strbuf head;    /* its line, of which so much is out: */
    size_t head_at;
};

/* ---- the list ---- */

/* users.json stands first: names are known before they are needed. */
static int rank(struct str path)
{
    if (str_is(path, "users.json")) return 0;
    if (str_is(path, "channels.json")) return 1;
    return str_find_char(path, '/') == SIZE_MAX ? 2 : 3;
}

static int in_order(const void *a, const void *b)
{
    const struct file *x = a, *y = b;
    int order = rank(x->path) - rank(y->path);
    return order ? order : str_cmp(x->path, y->path);
}

static void add_file(struct bundle *b, const char *path, uint64_t index, const char *at)
{
    struct file f = {arena_str(b->arena, str_of(path)), index, NULL};
    if (!str_ends(f.path, STR(".json"))) return;
    if (at) f.at = arena_str(b->arena, str_of(at)).p;
    VEC_PUSH(&b->files, f);
}

/* Where the export's root is: the folder of its list of channels, or of its people. */
static bool find_root(const struct bundle *b, size_t *root)
{
    static const char *const names[] = {"channels.json", "users.json", "groups.json"};
    for (size_t i = 0; i < b->files.count; i++) {
        struct str path = b->files.items[i].path;
        for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++) {
            struct str name = str_of(names[k]);
            if (!str_ends(path, name)) continue;
            *root = path.len - name.len;
            size_t slash = str_find_char(path, '/');
            bool shallow = *root == 0 || slash + 1 == *root;
            if (shallow) return true;
        }
    }
    return false;
}

/* Paths from the root; what lies outside of it is left out. */
static bool settle(struct bundle *b)
{
    size_t root, kept = 0;
    if (!find_root(b, &root)) return false;
    for (size_t i = 0; i < b->files.count; i++) {
        struct file f = b->files.items[i];
        if (root && (f.path.len < root || f.path.p[root - 1] != '/')) continue;
        f.path = (struct str){f.path.p + root, f.path.len - root};
        b->files.items[kept++] = f;
    }
    b->files.count = kept;
    if (kept) qsort(b->files.items, kept, sizeof(b->files.items[0]), in_order);
    return true;
}

static struct bundle *create(void)
{
    struct bundle *b = mem_alloc(sizeof(*b));
    b->arena = arena_create(0);
    b->fd = -1;
    return b;
}

void bundle_close(struct bundle *b)
{
    if (!b) return;
    bundle_rewind(b);
    package_close(b->package);
    arena_destroy(b->arena);
    VEC_FINISH(&b->files);
    strbuf_finish(&b->head);
    mem_free(b);
}

static enum err damaged(const struct why *of, struct why *why)
{
    if (of->err == ERR_TOO_LARGE)
        return why_fail(why, ERR_TOO_LARGE, MSG_ARCHIVE_LARGE, "", "%d|%d", LIMIT_ARCHIVE_FILES,
                        LIMIT_XLSX_RATIO);
    return why_fail(why, ERR_INVALID, MSG_ARCHIVE_DAMAGED, "", NULL);
}

enum err bundle_open_zip(int fd, struct bundle **out, struct why *why)
{
    struct why own = {0};
    struct bundle *b = create();
    enum err err = fs_size(fd, &b->packed, &own);
    if (err == ERR_OK) err = package_open_of(fd, LIMIT_ARCHIVE_FILES, &b->package, &own);
    for (uint64_t i = 0; err == ERR_OK && i < package_count(b->package); i++)
        add_file(b, package_name(b->package, i), i, NULL);
    *out = err == ERR_OK && settle(b) ? b : NULL;
    if (!*out) bundle_close(b);
    return err == ERR_OK ? ERR_OK : damaged(&own, why);
}

struct listing {
    struct bundle *b;
    const char *folder;
    const char *name; /* of the folder below the root; NULL = the root */
};

static bool list_name(void *ctx, const char *name)
{
    struct listing *l = ctx;
    struct stat st;
    const char *at = arena_printf(l->b->arena, "%s/%s", l->folder, name);
    const char *path = l->name ? arena_printf(l->b->arena, "%s/%s", l->name, name) : name;
    if (lstat(at, &st) != 0) return true;
    if (S_ISREG(st.st_mode)) add_file(l->b, path, 0, at);
    if (S_ISDIR(st.st_mode) && !l->name) {
        struct listing inner = {l->b, at, name};
        if (fs_list(at, list_name, &inner, NULL) != ERR_OK) return true;
    }
    return l->b->files.count < LIMIT_ARCHIVE_FILES;
}

enum err bundle_open_folder(const char *path, struct bundle **out, struct why *why)
{
    struct bundle *b = create();
    struct listing l = {b, path, NULL};
    size_t root = SIZE_MAX;
    enum err err = fs_list(path, list_name, &l, why);
    if (err == ERR_OK && b->files.count >= LIMIT_ARCHIVE_FILES)
        err = why_fail(why, ERR_TOO_LARGE, MSG_ARCHIVE_LARGE, "", "%d|%d", LIMIT_ARCHIVE_FILES,
                       LIMIT_XLSX_RATIO);
    if (err == ERR_OK && (!find_root(b, &root) || root != 0))
        err = why_fail(why, ERR_INVALID, MSG_ARCHIVE_WANTED, "", NULL);
    if (err == ERR_OK) (void)settle(b);
    if (err != ERR_OK) {
        bundle_close(b);
        return err;
    }
    *out = b;
    return ERR_OK;
}

/* ---- reading ---- */

void bundle_rewind(struct bundle *b)
{
    entry_close(b->entry);
    b->entry = NULL;
    fs_close(b->fd);
    b->fd = -1;
    b->next = 0;
    b->read = 0;
    b->head_at = 0;
    strbuf_reset(&b->head);
}

/* A control character in a path would end its line, or begin another file. */
static void add_head(struct bundle *b, struct str path)
{
    strbuf_reset(&b->head);
    b->head_at = 0;
    strbuf_add_char(&b->head, FEED_END);
    for (size_t i = 0; i < path.len; i++) {
        unsigned char c = (unsigned char)path.p[i];
        strbuf_add_char(&b->head, c < 0x20 || c == 0x7F ? '?' : path.p[i]);
    }
    strbuf_add_char(&b->head, '\n');
}

static enum err open_next(struct bundle *b, struct why *why)
{
    const struct file *f = &b->files.items[b->next++];
    struct why own = {0};
    add_head(b, f->path);
    b->offset = 0;
    if (!b->package) {
        TRY(fs_open_read(f->at, &b->fd, why));
        return fs_size(b->fd, &b->size, why);
    }
    if (entry_open_at(b->package, f->index, &b->entry, &own) != ERR_OK) return damaged(&own, why);
    return ERR_OK;
}

static enum err read_open(struct bundle *b, void *p, size_t size, size_t *len, struct why *why)
{
    struct why own = {0};
    *len = 0;
    if (b->entry) {
        if (entry_read(b->entry, p, size, len, &own) != ERR_OK) return damaged(&own, why);
        b->read += *len;
        own.err = ERR_TOO_LARGE;
        bool bomb = b->read > RATIO_FREE && b->read / LIMIT_XLSX_RATIO > b->packed;
        return bomb ? damaged(&own, why) : ERR_OK;
    }
    if (b->fd < 0) return ERR_OK;
    uint64_t left = b->size - b->offset;
    size_t n = left < size ? (size_t)left : size;
    if (n) TRY(fs_read_at(b->fd, p, n, b->offset, why));
    b->offset += n;
    *len = n;
    return ERR_OK;
}

enum err bundle_read(struct bundle *b, void *p, size_t size, size_t *len, struct why *why)
{
    for (;;) {
        *len = b->head.len - b->head_at;
        if (*len > size) *len = size;
        if (*len) {
            memcpy(p, b->head.p + b->head_at, *len);
            b->head_at += *len;
            return ERR_OK;
        }
        TRY(read_open(b, p, size, len, why));
        if (*len) return ERR_OK;
        entry_close(b->entry);
        b->entry = NULL;
        fs_close(b->fd);
        b->fd = -1;
        if (b->next == b->files.count) return ERR_OK;
        TRY(open_next(b, why));
    }
}

double bundle_progress(const struct bundle *b)
{
    return b->files.count ? (double)b->next / (double)b->files.count : 1;
}
