/* upload_sweep.c - files that go: their time is over, no row wants them, or a member was erased
 * whom they may name.
 *
 * An erasure changes the rows in its transaction and removes the files behind it; whoever uses one
 * meanwhile looks at its row once more when they are done, and removes what they have left. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"
#include "intake/upload_internal.h"

#define DAY_MS INT64_C(86400000)

/* ---- when a member is erased ---- */

static bool remove_any(void *ctx, const char *name)
{
    struct brand *b = ctx;
    char path[2 * UPLOAD_PATH_SIZE];
    upload_dir(b, path);
    size_t len = strlen(path);
    snprintf(path + len, sizeof(path) - len, "/%.255s", name);
    upload_remove_file(path);
    return true;
}

void upload_remove_all(struct brand *b)
{
    char dir[UPLOAD_PATH_SIZE];
    struct why why;
    upload_dir(b, dir);
    if (fs_exists(dir) && fs_list(dir, remove_any, b, &why) != ERR_OK)
        log_warn("intake", "uploads_not_removed", "brand=%s", brand_slug(b));
}

static enum err is_wanted(struct brand *b, uint32_t id, bool *out)
{
    struct sql *db;
    struct upload_row row;
    struct why why;
    TRY(brand_reader(b, &db, &why));
    struct arena *arena = arena_create(0);
    enum err err = upload_read(db, arena, id, &row, &why);
    *out = err == ERR_OK && row.kept;
    arena_destroy(arena);
    sql_close(db);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

void upload_leave(struct brand *b, uint32_t id)
{
    const struct upload_change change = {.kind = CHANGE_EXPIRE, .id = id};
    struct why why;
    bool wanted = true;
    enum err err = is_wanted(b, id, &wanted);
    if (err == ERR_OK && wanted) return;
    if (err == ERR_OK) err = upload_change(b, &change, &why);
    if (err != ERR_OK) log_warn("intake", "upload_not_left", "import=%" PRIu32, id);
    upload_remove_files(b, id);
}

/* ---- what goes by itself ---- */

static void expire(struct uploads *u, struct brand *b, uint32_t id)
{
    const struct upload_change change = {.kind = CHANGE_EXPIRE, .id = id};
    struct why why;
    struct upload_live *live = upload_hold(u, b, id);
    if (!live) return;
    if (upload_change(b, &change, &why) == ERR_OK) upload_remove_files(b, id);
    upload_let_go(u, live);
}

static bool is_over(const struct upload_row *row, int64_t now)
{
    int64_t since =
        row->seen.finished_at == TIME_NONE ? row->seen.created_at : row->seen.finished_at;
    return row->kept && row->mark != MARK_WORKING && now - since >= LIMIT_UPLOAD_DAYS * DAY_MS;
}

struct orphans {
    struct brand *brand;
    struct upload_rows rows;
};

/* A file that no row wants. */
static bool remove_orphan(void *ctx, const char *name)
{
    const struct orphans *o = ctx;
    struct str rest = str_of(name);
    uint64_t id = 0;
    bool wanted = false, number = str_to_u64(str_cut(&rest, '.'), &id);
    for (size_t i = 0; number && i < o->rows.count && !wanted; i++)
        wanted = o->rows.items[i].seen.id == id && o->rows.items[i].kept;
    if (wanted || !number || id > UINT32_MAX) return true;
    upload_remove_files(o->brand, (uint32_t)id);
    return true;
}

/* 'start': what was at work has stopped, and files that no row wants go, too. */
static enum err sweep_rows(struct uploads *u, struct brand *b, struct sql *db, bool start,
                           struct arena *arena, struct why *why)
{
    struct orphans o = {.brand = b};
    const struct upload_change recover = {.kind = CHANGE_RECOVER};
    char dir[UPLOAD_PATH_SIZE];
    bool cut = false;
    const struct upload_page all = {.limit = 2 * LIMIT_UPLOADS};
    TRY(upload_read_list(db, arena, &all, &o.rows, why));
    for (size_t i = 0; i < o.rows.count; i++) {
        const struct upload_row *row = &o.rows.items[i];
        cut |= row->mark == MARK_WORKING;
        if (!start && is_over(row, env_now(u->env))) expire(u, b, row->seen.id);
    }
    upload_dir(b, dir);
    if (!start) return ERR_OK;
    if (fs_exists(dir)) TRY(fs_list(dir, remove_orphan, &o, why));
    return cut ? upload_change(b, &recover, why) : ERR_OK;
}

enum err upload_sweep_brand(struct uploads *u, struct brand *b, bool start, struct why *why)
{
    struct sql *db;
    TRY(brand_reader(b, &db, why));
    struct arena *arena = arena_create(0);
    enum err err = sweep_rows(u, b, db, start, arena, why);
    arena_destroy(arena);
    sql_close(db);
    return err;
}

void uploads_sweep(struct uploads *u)
{
    for (size_t i = 0; i < data_brand_count(u->data); i++) {
        struct brand *b = data_brand_if_open(u->data, i);
        struct why why;
        if (b && upload_sweep_brand(u, b, false, &why) != ERR_OK)
            log_warn("intake", "uploads_not_swept", "brand=%s", brand_slug(b));
    }
}
