/* log.c - which parts, side files and blocks make up the log, and how they change.
 *
 * Invariants:
 * 1. Every committed event is in exactly one place: one block row, or one part of the manifest. A
 * part appears in the transaction that deletes its blocks.
 * 2. The ranges of seq of parts, then blocks, follow each other from 1 on without a gap. Parts are
 * kept in that order; the tail comes last.
 * 3. Memory (parts, tail, seq) changes only after the commit, under set_lock, all at once.
 * 4. A block is deleted only when folded_seq has passed it; folded_seq never passes seq.
 * 5. log_mark has folded_seq, the number of ids in all side files and the number of registered
 * names: a row of those tables that is lost is missed at the next opening. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/fs.h"
#include "base/limits.h"
#include "base/log.h"
#include "brand/internal.h"
#include "eventlog/block.h"

const struct migration log_migrations[] = {
    {1,
     "CREATE TABLE event_block (first_seq {int} PRIMARY KEY, count {int} NOT NULL, bytes {blob} "
     "NOT NULL);"
     "CREATE TABLE part (file {int} PRIMARY KEY, first_seq {int} NOT NULL, last_seq {int} NOT NULL,"
     " rows {int} NOT NULL, size_bytes {int} NOT NULL, checksum {int} NOT NULL, at_min {int} NOT "
     "NULL,"
     " at_max {int} NOT NULL);"
     "CREATE TABLE ids_file (file {int} PRIMARY KEY, count {int} NOT NULL, newest_at {int} NOT "
     "NULL);"
     "CREATE TABLE log_mark (name {text} PRIMARY KEY, seq {int} NOT NULL)"},
    {2, "INSERT INTO log_mark (name, seq) VALUES ('folded', 0) ON CONFLICT (name) DO NOTHING;"
        "INSERT INTO log_mark (name, seq)"
        " SELECT 'ids', CAST(COALESCE(SUM(count), 0) AS {int}) FROM ids_file;"
        "INSERT INTO log_mark (name, seq) SELECT 'names', COUNT(*) FROM registry"},
    {0, NULL},
};

void log_path(const struct brand *b, uint32_t file, const char *suffix, char out[600])
{
    snprintf(out, 600, "%s/%06" PRIu32 ".%s", b->log.dir, file, suffix);
}

uint32_t log_new_file(struct brand *b)
{
    pthread_mutex_lock(&b->log.set_lock);
    uint32_t file = b->log.next_file++;
    pthread_mutex_unlock(&b->log.set_lock);
    return file;
}

enum err log_append(struct tx *tx)
{
    if (tx->events.count == 0) return ERR_OK;
    struct brand *b = tx->brand;
    struct strbuf bytes = {0};
    uint64_t first_seq = b->log.seq + 1;
    block_encode(tx->events.items, tx->events.count, first_seq, &bytes);
    struct sql_stmt *s =
        sql_use(b->db, "INSERT INTO event_block (first_seq, count, bytes) VALUES ($1, $2, $3)");
    sql_bind_int(s, 1, (int64_t)first_seq);
    sql_bind_int(s, 2, (int64_t)tx->events.count);
    sql_bind_blob(s, 3, bytes.p, bytes.len);
    enum err err = sql_run(s);
    strbuf_finish(&bytes);
    return err;
}

/* ---- changes of the manifest ---- */

enum err log_add_part(struct tx *tx, uint32_t file, uint64_t first_seq, uint64_t last_seq,
                      const struct part_info *info, struct why *why)
{
    struct brand *b = tx->brand;
    struct log_part added = {.first_seq = first_seq, .last_seq = last_seq, .file = file};
    char path[600];
    log_path(b, file, "part", path);
    TRY(part_open(path, &added.part, why));
    VEC_PUSH(&tx->change.added, added);
    struct sql_stmt *s =
        sql_use(b->db, "INSERT INTO part (file, first_seq, last_seq, rows, size_bytes,"
                       " checksum, at_min, at_max) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)");
    sql_bind_int(s, 1, file);
    sql_bind_int(s, 2, (int64_t)first_seq);
    sql_bind_int(s, 3, (int64_t)last_seq);
    sql_bind_int(s, 4, (int64_t)info->rows);
    sql_bind_int(s, 5, (int64_t)info->size_bytes);
    sql_bind_int(s, 6, (int64_t)info->checksum);
    sql_bind_int(s, 7, info->at_min);
    sql_bind_int(s, 8, info->at_max);
    return sql_run(s);
}

enum err log_remove_part(struct tx *tx, uint32_t file)
{
    VEC_PUSH(&tx->change.removed, file);
    struct sql_stmt *s = sql_use(tx->brand->db, "DELETE FROM part WHERE file = $1");
    sql_bind_int(s, 1, file);
    return sql_run(s);
}

void log_wrote(struct tx *tx, uint32_t file, const char *suffix)
{
    struct log_removal removal = {file, suffix};
    if (file) VEC_PUSH(&tx->change.written, removal);
}

enum err log_add_ids(struct tx *tx, uint32_t file, uint64_t count, int64_t newest_at)
{
    struct log_ids ids = {file, count, newest_at};
    VEC_PUSH(&tx->change.ids_added, ids);
    struct sql_stmt *s =
        sql_use(tx->brand->db, "UPDATE log_mark SET seq = seq + $1 WHERE name = 'ids'");
    sql_bind_int(s, 1, (int64_t)count);
    TRY(sql_run(s));
    s = sql_use(tx->brand->db, "INSERT INTO ids_file (file, count, newest_at) VALUES ($1, $2, $3)");
    sql_bind_int(s, 1, file);
    sql_bind_int(s, 2, (int64_t)count);
    sql_bind_int(s, 3, newest_at);
    return sql_run(s);
}

enum err log_remove_ids(struct tx *tx, uint32_t file)
{
    VEC_PUSH(&tx->change.ids_removed, file);
    struct sql_stmt *s =
        sql_use(tx->brand->db, "UPDATE log_mark SET seq = seq - (SELECT count FROM ids_file"
                               " WHERE file = $1) WHERE name = 'ids'");
    sql_bind_int(s, 1, file);
    TRY(sql_run(s));
    s = sql_use(tx->brand->db, "DELETE FROM ids_file WHERE file = $1");
    sql_bind_int(s, 1, file);
    return sql_run(s);
}

enum err log_set_mark(struct sql *db, const char *name, uint64_t value)
{
    struct sql_stmt *s = sql_use(db, "UPDATE log_mark SET seq = $2 WHERE name = $1");
    sql_bind_text(s, 1, name);
    sql_bind_int(s, 2, (int64_t)value);
    return sql_run(s);
}

enum err log_get_mark(struct sql *db, const char *name, uint64_t *value)
{
    struct sql_stmt *s = sql_use(db, "SELECT seq FROM log_mark WHERE name = $1");
    sql_bind_text(s, 1, name);
    bool row;
    TRY(sql_step(s, &row));
    if (!row) return ERR_CORRUPT;
    *value = (uint64_t)sql_int(s, 0);
    sql_reset(s);
    return ERR_OK;
}

/* ---- after the commit ---- */

static int by_seq(const void *a, const void *b)
{
    const struct log_part *x = a, *y = b;
    return x->first_seq < y->first_seq ? -1 : x->first_seq > y->first_seq;
}

static void remove_now(const struct brand *b, uint32_t file, const char *suffix)
{
    char path[600];
    struct why why;
    log_path(b, file, suffix, path);
    if (fs_remove(path, &why) != ERR_OK) log_warn("brand", "file_not_removed", "file=%u", file);
}

static void remove_file(struct brand *b, uint32_t file, const char *suffix)
{
    struct log_removal removal = {file, suffix};
    pthread_mutex_lock(&b->log.set_lock);
    bool held = b->log.holds > 0;
    if (held) VEC_PUSH(&b->log.held, removal);
    pthread_mutex_unlock(&b->log.set_lock);
    if (!held) remove_now(b, file, suffix);
}

void log_hold(struct brand *b)
{
    pthread_mutex_lock(&b->log.set_lock);
    b->log.holds++;
    pthread_mutex_unlock(&b->log.set_lock);
}

void log_release(struct brand *b)
{
    pthread_mutex_lock(&b->log.set_lock);
    b->log.holds--;
    for (size_t i = 0; b->log.holds == 0 && i < b->log.held.count; i++) {
        remove_now(b, b->log.held.items[i].file, b->log.held.items[i].suffix);
    }
    if (b->log.holds == 0) VEC_RESET(&b->log.held);
    pthread_mutex_unlock(&b->log.set_lock);
}

static void change_parts(struct brand *b, struct log_change *change)
{
    struct log *log = &b->log;
    for (size_t i = 0; i < change->removed.count; i++) {
        for (size_t k = 0; k < log->parts.count; k++) {
            if (log->parts.items[k].file != change->removed.items[i]) continue;
            part_unref(log->parts.items[k].part);
            log->parts.items[k] = log->parts.items[--log->parts.count];
            break;
        }
    }
    for (size_t i = 0; i < change->added.count; i++)
        VEC_PUSH(&log->parts, change->added.items[i]);
    if (log->parts.count)
        qsort(log->parts.items, log->parts.count, sizeof(log->parts.items[0]), by_seq);
    if (change->dropped_seq) tail_drop(log->tail, change->dropped_seq);
}

static void change_ids(struct brand *b, struct log_change *change)
{
    struct log *log = &b->log;
    char path[600];
    struct why why = {0};
    for (size_t i = 0; i < change->ids_added.count; i++) {
        log_path(b, change->ids_added.items[i].file, "ids", path);
        if (dedupe_attach(log->dedupe, path, &why) != ERR_OK) {
            /* the file was written and synced a moment ago: without it duplicates would pass */
            log_error("brand", "ids_not_attached", "file=%u", change->ids_added.items[i].file);
            b->poisoned = true;
        }
        VEC_PUSH(&log->ids, change->ids_added.items[i]);
    }
    if (change->dropped_seq) dedupe_sealed(log->dedupe, change->dropped_seq);
    for (size_t i = 0; i < change->ids_removed.count; i++) {
        log_path(b, change->ids_removed.items[i], "ids", path);
        dedupe_detach(log->dedupe, path);
        for (size_t k = 0; k < log->ids.count; k++) {
            if (log->ids.items[k].file != change->ids_removed.items[i]) continue;
            log->ids.items[k] = log->ids.items[--log->ids.count];
            break;
        }
        remove_file(b, change->ids_removed.items[i], "ids");
    }
}

static void reset_change(struct log_change *change)
{
    VEC_RESET(&change->added);
    VEC_RESET(&change->removed);
    VEC_RESET(&change->ids_added);
    VEC_RESET(&change->ids_removed);
    VEC_RESET(&change->written);
    change->dropped_seq = 0;
}

void log_publish(struct tx *tx)
{
    struct brand *b = tx->brand;
    struct log *log = &b->log;
    pthread_mutex_lock(&log->set_lock);
    change_parts(b, &tx->change);
    if (tx->events.count) tail_append(log->tail, tx->events.items, tx->events.count, log->seq + 1);
    log->seq += tx->events.count + tx->bulk_rows;
    pthread_mutex_unlock(&log->set_lock);
    if (tx->bulk_rows)
        tx->change.dropped_seq = log->seq; /* the tail was sealed first: all ids are in files */
    change_ids(b, &tx->change);
    for (size_t i = 0; i < tx->change.removed.count; i++)
        remove_file(b, tx->change.removed.items[i], "part");
    reset_change(&tx->change);
    /* a bulk load's parts are merged when it ends, all at once, or else when they are many */
    if (tx->bulk_rows && log->parts.count >= TIERS_MERGE_MAX) compactor_wake(b);
}

void log_forget(struct tx *tx)
{
    struct brand *b = tx->brand;
    for (size_t i = 0; i < tx->change.added.count; i++) {
        part_unref(tx->change.added.items[i].part);
    }
    /* a commit whose sync failed may be found whole by the next opening: it decides what goes */
    for (size_t i = 0; !b->poisoned && i < tx->change.written.count; i++) {
        remove_file(b, tx->change.written.items[i].file, tx->change.written.items[i].suffix);
    }
    for (size_t i = 0; i < tx->ids.count; i++)
        dedupe_remove(b->log.dedupe, tx->ids.items[i]);
    reset_change(&tx->change);
}

/* ---- opening ---- */

static enum err corrupt(const char *path, const char *text, struct why *why)
{
    return why_fail(why, ERR_CORRUPT, MSG_CORRUPT, "", "%s|0|%s", path, text);
}

/* Is the open file the one that the row at hand describes? */
static bool is_described(const struct part_info *info, struct sql_stmt *s)
{
    return info->checksum == (uint64_t)sql_int(s, 3) && info->rows == (uint64_t)sql_int(s, 4) &&
           info->size_bytes == (uint64_t)sql_int(s, 5) && info->at_min == sql_int(s, 6) &&
           info->at_max == sql_int(s, 7);
}

static enum err load_parts(struct brand *b, struct why *why)
{
    struct sql_stmt *s = sql_use(b->db, "SELECT file, first_seq, last_seq, checksum, rows, "
                                        "size_bytes, at_min, at_max FROM part ORDER BY first_seq");
    for (;;) {
        bool row;
        TRY(sql_step(s, &row));
        if (!row) return ERR_OK;
        struct log_part p = {.first_seq = (uint64_t)sql_int(s, 1),
                             .last_seq = (uint64_t)sql_int(s, 2),
                             .file = (uint32_t)sql_int(s, 0)};
        char path[600];
        log_path(b, p.file, "part", path);
        if (p.first_seq != b->log.seq + 1 || p.last_seq < p.first_seq)
            return corrupt(path, "the manifest does not continue with this part", why);
        TRY(part_open(path, &p.part, why));
        VEC_PUSH(&b->log.parts, p);
        if (!is_described(part_get_info(p.part), s))
            return corrupt(path, "it is not the file the manifest names", why);
        b->log.seq = p.last_seq;
        if (p.file >= b->log.next_file) b->log.next_file = p.file + 1;
    }
}

static enum err load_ids(struct brand *b, struct why *why)
{
    uint64_t expected, found = 0;
    TRY(log_get_mark(b->db, "ids", &expected));
    struct sql_stmt *s =
        sql_use(b->db, "SELECT file, count, newest_at FROM ids_file ORDER BY file");
    for (;;) {
        bool row;
        TRY(sql_step(s, &row));
        if (!row) break;
        struct log_ids ids = {(uint32_t)sql_int(s, 0), (uint64_t)sql_int(s, 1), sql_int(s, 2)};
        char path[600];
        log_path(b, ids.file, "ids", path);
        TRY(dedupe_attach(b->log.dedupe, path, why));
        VEC_PUSH(&b->log.ids, ids);
        found += ids.count;
        if (ids.file >= b->log.next_file) b->log.next_file = ids.file + 1;
    }
    if (found == expected) return ERR_OK;
    return corrupt(b->db_path, "rows of ids_file are missing or changed", why);
}

/* 's' stands on a block's row. */
static enum err load_block(struct brand *b, struct sql_stmt *s, struct arena *a, struct why *why)
{
    struct block block;
    TRY(block_decode(sql_blob(s, 2), b->db_path, a, &block, why));
    bool described = block.first_seq == (uint64_t)sql_int(s, 0) &&
                     block.count == (uint64_t)sql_int(s, 1) && block.count > 0;
    if (!described || block.first_seq != b->log.seq + 1) {
        return why_fail(why, ERR_CORRUPT, MSG_CORRUPT, "",
                        "%s|0|event block %" PRIu64 " does not follow what is before it",
                        b->db_path, block.first_seq);
    }
    tail_append(b->log.tail, block.events, block.count, block.first_seq);
    for (size_t i = 0; i < block.count; i++) {
        if (block.events[i].id.lo | block.events[i].id.hi) {
            dedupe_add(b->log.dedupe, block.events[i].id, block.first_seq + i);
        }
    }
    b->log.seq = block.first_seq + block.count - 1;
    return ERR_OK;
}

static enum err load_blocks(struct brand *b, struct why *why)
{
    struct sql_stmt *s =
        sql_use(b->db, "SELECT first_seq, count, bytes FROM event_block ORDER BY first_seq");
    struct arena *a = arena_create(0);
    enum err err = ERR_OK;
    for (bool row = true; err == ERR_OK;) {
        err = sql_step(s, &row);
        if (err != ERR_OK || !row) break;
        err = load_block(b, s, a, why);
        arena_reset(a);
    }
    sql_reset(s);
    arena_destroy(a);
    return err;
}

static enum err load_folded(struct brand *b, struct why *why)
{
    uint64_t folded;
    TRY(log_get_mark(b->db, "folded", &folded));
    b->log.folded_seq = folded;
    if (b->log.folded_seq <= b->log.seq) return ERR_OK;
    return corrupt(b->db_path, "events at the end of the log are missing", why);
}

/* Files that no row names are left over from a crash between writing and committing. */
static bool remove_orphan(void *ctx, const char *name)
{
    struct brand *b = ctx;
    unsigned file;
    char suffix[16];
    bool wanted = false;
    if (sscanf(name, "%6u.%15s", &file, suffix) == 2) {
        if (strcmp(suffix, "part") == 0) {
            for (size_t i = 0; i < b->log.parts.count; i++)
                wanted |= b->log.parts.items[i].file == file;
        } else if (strcmp(suffix, "ids") == 0) {
            for (size_t i = 0; i < b->log.ids.count; i++)
                wanted |= b->log.ids.items[i].file == file;
        }
        if (file >= b->log.next_file) b->log.next_file = file + 1;
    }
    if (wanted) return true;
    char path[600];
    struct why why;
    snprintf(path, sizeof(path), "%s/%s", b->log.dir, name);
    log_info("brand", "orphan_removed", "file=%s", name);
    if (fs_remove(path, &why) != ERR_OK) log_warn("brand", "orphan_stays", "file=%s", name);
    return true;
}

enum err log_open(struct brand *b, struct why *why)
{
    struct log *log = &b->log;
    pthread_mutex_init(&log->set_lock, NULL);
    log->tail = tail_create();
    log->tail_max = LIMIT_TAIL_EVENTS;
    log->dedupe = dedupe_create();
    log->next_file = 1;
    TRY(load_parts(b, why));
    TRY(load_ids(b, why));
    TRY(load_blocks(b, why));
    TRY(load_folded(b, why));
    return fs_list(log->dir, remove_orphan, b, why);
}

void log_close(struct brand *b)
{
    struct log *log = &b->log;
    for (size_t i = 0; i < log->parts.count; i++)
        part_unref(log->parts.items[i].part);
    VEC_FINISH(&log->parts);
    VEC_FINISH(&log->ids);
    VEC_FINISH(&log->held);
    if (log->tail) tail_destroy(log->tail);
    if (log->dedupe) dedupe_destroy(log->dedupe);
    personas_unref(log->personas);
}
