/* twin.c - a copy of a brand, to try things on while the brand goes on working.
 *
 * DIR/brands/SLUG/trial-N/ holds a copy of the database, made in one consistent piece, and second
 * names of the parts and side files that this copy's manifest names: they never change, and the
 * removal of files is held back until they are linked. The twin has the brand's keys and a writer
 * of its own, and nothing done to it reaches the brand. What a killed process left of one is
 * removed when the brand is opened next. */
#include <inttypes.h>
#include <stdio.h>

#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"
#include "brand/internal.h"

#define PREFIX "trial-"

/* Second names for the files whose numbers 's' gives. */
static enum err link_named(struct brand *b, const char *dir, struct sql_stmt *s, const char *suffix,
                           struct why *why)
{
    for (;;) {
        bool row;
        char from[600], to[600];
        TRY(sql_step(s, &row));
        if (!row) return ERR_OK;
        uint32_t file = (uint32_t)sql_int(s, 0);
        log_path(b, file, suffix, from);
        snprintf(to, sizeof(to), "%.500s/events/%06" PRIu32 ".%s", dir, file, suffix);
        TRY(fs_link(from, to, why));
    }
}

static enum err link_files(struct brand *b, const char *dir, const char *db_path, struct why *why)
{
    struct sql *copy;
    TRY(sql_open("sqlite:", db_path, b->schema, SQL_READER, &copy, why));
    enum err err = link_named(b, dir, sql_use(copy, "SELECT file FROM part"), "part", why);
    if (err == ERR_OK)
        err = link_named(b, dir, sql_use(copy, "SELECT file FROM ids_file"), "ids", why);
    sql_close(copy);
    return err;
}

static enum err fill(struct brand *b, const char *dir, struct why *why)
{
    char events[600], db_path[600];
    snprintf(events, sizeof(events), "%.500s/events", dir);
    snprintf(db_path, sizeof(db_path), "%.500s/brand.db", dir);
    TRY(fs_make_dir(dir, why));
    TRY(fs_make_dir(events, why));
    log_hold(b);
    enum err err = sql_backup(b->db_path, db_path, why);
    if (err == ERR_OK) err = link_files(b, dir, db_path, why);
    log_release(b);
    return err;
}

/* ---- removing ---- */

static void remove_dir(const char *dir)
{
    struct why why;
    if (fs_remove_tree(dir, &why) != ERR_OK) log_warn("brand", "trial_not_removed", "path=%s", dir);
}

static bool remove_if_twin(void *ctx, const char *name)
{
    const char *dir = ctx;
    char path[600];
    if (strncmp(name, PREFIX, sizeof(PREFIX) - 1) != 0) return true;
    snprintf(path, sizeof(path), "%.400s/%.100s", dir, name);
    remove_dir(path);
    return true;
}

enum err twin_sweep(const char *brand_dir, struct why *why)
{
    char dir[600];
    snprintf(dir, sizeof(dir), "%s", brand_dir);
    return fs_list(dir, remove_if_twin, dir, why);
}

/* ---- the twin ---- */

enum err brand_twin_open(struct brand *b, struct brand **twin, struct why *why)
{
    char dir[BRAND_DIR_SIZE];
    uint64_t tag;
    if (strcmp(data_store(b->data), "sqlite:") != 0)
        return why_fail(why, ERR_NOT_IMPLEMENTED, MSG_BACKUP_SQLITE, "", NULL);
    env_random(b->env, &tag, sizeof(tag));
    snprintf(dir, sizeof(dir), "%.340s/" PREFIX "%016" PRIx64, b->dir, tag);
    enum err err = fill(b, dir, why);
    if (err == ERR_OK) err = brand_open_in(b->data, &b->facts, dir, twin, why);
    if (err != ERR_OK) remove_dir(dir);
    return err;
}

void brand_twin_close(struct brand *twin)
{
    char dir[BRAND_DIR_SIZE];
    if (!twin) return;
    snprintf(dir, sizeof(dir), "%s", twin->dir);
    brand_close(twin);
    remove_dir(dir);
}
