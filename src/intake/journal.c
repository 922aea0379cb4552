/* journal.c - one row a file; ids are never reused, since events name them in their origin. */
#include "intake/journal.h"

#include "base/mem.h"
#include "intake/upload_internal.h"

static const struct migration migrations[] = {
    {1, "CREATE TABLE import_file (id {int} PRIMARY KEY, key {blob} NOT NULL UNIQUE,"
        " began_at {int} NOT NULL, changed_at {int} NOT NULL, row_offset {int} NOT NULL,"
        " done {int} NOT NULL, stored {int} NOT NULL, members_created {int} NOT NULL,"
        " merged {int} NOT NULL)"},
    {2, "ALTER TABLE import_file ADD COLUMN by_time {int} NOT NULL DEFAULT 0"},
    {3, upload_table},
    {4, upload_files},
    {5, "ALTER TABLE import_file ADD COLUMN undone_at {int}"},
    {6, upload_samples},
    {0, NULL},
};

struct import_room {
    struct brand *brand;
    bool gone; /* uploaded files have no use any more, once this batch is committed */
};

static enum err room_open(struct tx *tx, void **state, struct why *why)
{
    struct import_room *r = mem_alloc(sizeof(*r));
    (void)why;
    r->brand = tx_brand(tx);
    *state = r;
    return ERR_OK;
}

static void room_close(void *state)
{
    mem_free(state);
}

/* Rows that a dry run has shown may be of who leaves; and when a member does, any file may name
 * them, in a form of its own. */
static enum err on_erase(struct tx *tx, void *state, struct erasure *e)
{
    struct import_room *r = state;
    if (e->origin) return upload_forget_samples(tx);
    if (e->gone.count == 0) return ERR_OK;
    r->gone = true;
    return upload_expire_all(tx, &e->files);
}

static void on_visible(void *state)
{
    struct import_room *r = state;
    if (r->gone) upload_remove_all(r->brand);
    r->gone = false;
}

static void on_rollback(void *state)
{
    struct import_room *r = state;
    r->gone = false;
}

const struct module import_module = {.name = "import",
                                     .migrations = migrations,
                                     .open = room_open,
                                     .close = room_close,
                                     .on_erase = on_erase,
                                     .on_visible = on_visible,
                                     .on_rollback = on_rollback};

static enum err next_id(struct tx *tx, int64_t *id)
{
    struct sql_stmt *s = sql_use(tx_sql(tx), "SELECT COALESCE(MAX(id), 0) + 1 FROM import_file");
    return sql_number(s, 0, id);
}

static enum err insert(struct tx *tx, struct journal_entry *e)
{
    TRY(next_id(tx, &e->id));
    struct sql_stmt *s =
        sql_use(tx_sql(tx), "INSERT INTO import_file (id, key, began_at, changed_at, row_offset,"
                            " done, stored, members_created, merged)"
                            " VALUES ($1, $2, $3, $3, 0, 0, 0, 0, 0)");
    sql_bind_int(s, 1, e->id);
    sql_bind_blob(s, 2, e->key.bytes, sizeof(e->key.bytes));
    sql_bind_int(s, 3, tx_now(tx));
    return sql_run(s);
}

enum err journal_open(struct tx *tx, const struct sha256 *key, struct journal_entry *out)
{
    bool row;
    struct sql_stmt *s =
        sql_use(tx_sql(tx), "SELECT id, row_offset, done, by_time FROM import_file WHERE key = $1");
    sql_bind_blob(s, 1, key->bytes, sizeof(key->bytes));
    TRY(sql_step(s, &row));
    *out = (struct journal_entry){.key = *key};
    if (!row) return insert(tx, out);
    out->id = sql_int(s, 0);
    out->row_offset = (uint64_t)sql_int(s, 1);
    out->done = sql_int(s, 2) != 0;
    out->by_time = sql_int(s, 3) != 0;
    sql_reset(s);
    return ERR_OK;
}

enum err journal_save(struct tx *tx, const struct journal_entry *e,
                      const struct import_counts *counts)
{
    struct sql_stmt *s =
        sql_use(tx_sql(tx), "UPDATE import_file SET changed_at = $2, row_offset = $3, done = $4,"
                            " stored = stored + $5, members_created = members_created + $6,"
                            " merged = merged + $7, by_time = $8 WHERE id = $1");
    sql_bind_int(s, 1, e->id);
    sql_bind_int(s, 2, tx_now(tx));
    sql_bind_int(s, 3, (int64_t)e->row_offset);
    sql_bind_int(s, 4, e->done);
    sql_bind_int(s, 5, (int64_t)counts->stored);
    sql_bind_int(s, 6, (int64_t)counts->members_created);
    sql_bind_int(s, 7, (int64_t)counts->merged);
    sql_bind_int(s, 8, e->by_time);
    return sql_run(s);
}

enum err journal_is_undone(struct sql *db, int64_t id, bool *undone)
{
    bool row;
    struct sql_stmt *s =
        sql_use(db, "SELECT 1 FROM import_file WHERE id = $1 AND undone_at IS NOT NULL");
    sql_bind_int(s, 1, id);
    TRY(sql_step(s, &row));
    sql_reset(s);
    *undone = row;
    return ERR_OK;
}

enum err journal_undo(struct tx *tx, int64_t id)
{
    /* another key than any file has: the same file is a new one from here on */
    struct sha256_state state;
    sha256_init(&state);
    sha256_add(&state, "undone", 6);
    sha256_add(&state, &id, sizeof(id));
    struct sha256 key = sha256_finish(&state);
    struct sql_stmt *s =
        sql_use(tx_sql(tx), "UPDATE import_file SET key = $2, undone_at = $3 WHERE id = $1");
    sql_bind_int(s, 1, id);
    sql_bind_blob(s, 2, key.bytes, sizeof(key.bytes));
    sql_bind_int(s, 3, tx_now(tx));
    return sql_run(s);
}
