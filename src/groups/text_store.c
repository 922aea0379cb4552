/* text_store.c - text.db as the writer keeps it.
 *
 * A batch that says something has a transaction of text.db beside its own: begun with the first
 * message, committed right before the batch's own commit. So there are these states of the two:
 *   idle --said--> open --gathered, prepare--> ahead --commit--> idle
 * and a rollback undoes 'open', and leaves behind 'ahead' rows above the brand's seq, which go
 * before the next are written, or when the brand is opened.
 *
 * Rows and words are put in by growing id, as a batch tells them: FTS5 keeps what comes in order in
 * memory and writes it once; for each id that is not above the last it writes all it has. So what
 * changes or takes back words waits for the end of the batch ('later').
 *
 * Both are put in by another thread (scribe.h) while the writer goes on with the batch. The
 * connection is used here where the scribe has nothing: with no transaction open, or behind
 * take_back(), with which settle() begins. */
#include "groups/internal.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/fs.h"
#include "base/limits.h"
#include "base/log.h"
#include "people/retention.h"

#define CHECKPOINT_PAGES 4000
#define SLICE_ROWS 1000 /* that one slice of a purge removes */

/* Of SQLite alone: it is on both stores. */
static const struct migration text_migrations[] = {
    {1, "CREATE TABLE said (id {int} PRIMARY KEY NOT NULL, of_group {int} NOT NULL,"
        " at {int} NOT NULL, persona {int} NOT NULL, staff {int} NOT NULL, origin {int} NOT NULL,"
        " message {text} NOT NULL, reply_to {text} NOT NULL, type {text} NOT NULL,"
        " text {text} NOT NULL, edited_at {int}, recalled_at {int});"
        "CREATE INDEX said_group ON said (of_group, at);"
        "CREATE INDEX said_persona ON said (persona) WHERE persona > 0;"
        "CREATE INDEX said_message ON said (of_group, message) WHERE message <> '';"
        "CREATE VIRTUAL TABLE said_index USING fts5(words, content='')"},
    /* of a bulk load as much is held in memory as makes one run of the index, not dozens to merge
     */
    {2, "INSERT INTO said_index (said_index, rank) VALUES ('hashsize', 67108864)"},
    {0, NULL},
};

void text_store_path(struct brand *b, char out[STORE_PATH_SIZE])
{
    snprintf(out, STORE_PATH_SIZE, "%s/text.db", brand_dir(b));
}

/* ---- the file ---- */

static enum err make(struct tx *tx, struct text_store *t)
{
    char path[STORE_PATH_SIZE];
    struct why why = {0};
    text_store_path(tx_brand(tx), path);
    TRY(sql_open("sqlite:", path, "", SQL_WRITER, &t->db, &why));
    /* seqs of a bulk load come in any order: its rows are to be in memory until they are written */
    enum err err = sql_exec(t->db, "PRAGMA cache_size=-65536");
    if (err == ERR_OK) err = sql_migrate(t->db, "text", text_migrations, &why);
    if (err == ERR_OK) return ERR_OK;
    sql_close(t->db);
    t->db = NULL;
    return err;
}

/* ---- rows and their words ---- */

static enum err index_words(struct arena *arena, struct text_store *t, uint64_t id, struct str text,
                            bool removed)
{
    struct arena_mark mark = arena_mark(arena);
    struct str words = messages_words(arena, text);
    enum err err = ERR_OK;
    if (str_trim(words).len > 0) {
        if (removed) t->gone_words += messages_count_words(words);
        struct sql_stmt *s =
            removed ? sql_use(t->db, "INSERT INTO said_index (said_index, rowid, words)"
                                     " VALUES ('delete', $1, $2)")
                    : sql_use(t->db, "INSERT INTO said_index (rowid, words) VALUES ($1, $2)");
        sql_bind_int(s, 1, (int64_t)id);
        sql_bind_str(s, 2, words);
        err = sql_run(s);
    }
    arena_rewind(arena, mark);
    return err;
}

/* Rows that a statement gives as (id, text) are forgotten. */
typedef VEC(struct doomed {
    uint64_t id;
    struct str text;
}) doomed_list;

static enum err read_doomed(struct tx *tx, struct sql_stmt *s, doomed_list *out)
{
    for (;;) {
        bool row;
        TRY(sql_step(s, &row));
        if (!row) return ERR_OK;
        struct doomed d = {(uint64_t)sql_int(s, 0), arena_str(tx_arena(tx), sql_str(s, 1))};
        VEC_PUSH(out, d);
    }
}

static enum err drop_rows(struct tx *tx, struct text_store *t, const doomed_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        TRY(index_words(tx_arena(tx), t, list->items[i].id, list->items[i].text, true));
        struct sql_stmt *s = sql_use(t->db, "DELETE FROM said WHERE id = $1");
        sql_bind_int(s, 1, (int64_t)list->items[i].id);
        TRY(sql_run(s));
    }
    return ERR_OK;
}

static enum err drop(struct tx *tx, struct text_store *t, struct sql_stmt *s, uint64_t *count)
{
    doomed_list list = {0};
    enum err err = read_doomed(tx, s, &list);
    if (err == ERR_OK) err = drop_rows(tx, t, &list);
    *count = list.count;
    VEC_FINISH(&list);
    return err;
}

/* What a batch left that never came to be. */
static enum err trim(struct tx *tx, struct text_store *t)
{
    uint64_t count;
    struct sql_stmt *s = sql_use(t->db, "SELECT id, text FROM said WHERE id > $1");
    sql_bind_int(s, 1, (int64_t)brand_stats(tx_brand(tx)).seq);
    TRY(drop(tx, t, s, &count));
    t->ahead = false;
    return ERR_OK;
}

static enum err begin(struct tx *tx, struct text_store *t)
{
    if (!t->db) {
        TRY(make(tx, t));
        TRY(retention_wake(tx));
    }
    assert(!t->ending); /* all was said */
    if (t->open) return ERR_OK;
    TRY(sql_begin(t->db));
    t->open = true;
    return t->ahead ? trim(tx, t) : ERR_OK;
}

static bool is_there(struct brand *b)
{
    char path[STORE_PATH_SIZE];
    text_store_path(b, path);
    return fs_exists(path);
}

void text_store_close(struct text_store *t)
{
    scribe_destroy(t->scribe);
    sql_close(t->db);
    VEC_FINISH(&t->later);
}

/* ---- what is said ---- */

static struct str type_of(struct brand *b, struct text_store *t, const struct event *ev)
{
    if (!t->type_id) t->type_id = registry_find_prop(b, STR("type"), PROP_TEXT);
    for (uint16_t i = 0; t->type_id && i < ev->prop_count; i++) {
        if (ev->props[i].id == t->type_id) return ev->props[i].text;
    }
    return STR("text");
}

static struct str text_or_empty(struct str s)
{
    return s.p ? s : STR("");
}

static void bind_time(struct sql_stmt *s, int index, bool is_there, int64_t at)
{
    if (is_there) {
        sql_bind_int(s, index, at);
    } else {
        sql_bind_null(s, index);
    }
}

/* On the scribe's thread, or on the writer's where there is none. */
static enum err insert(void *store, struct arena *arena, const struct said_line *l)
{
    struct text_store *t = store;
    struct sql_stmt *s =
        sql_use(t->db, "INSERT INTO said (id, of_group, at, persona, staff, origin, message,"
                       " reply_to, type, text, edited_at, recalled_at) VALUES ($1, $2, $3, $4, $5,"
                       " $6, $7, $8, $9, $10, $11, $12)");
    sql_bind_int(s, 1, (int64_t)l->seq);
    sql_bind_int(s, 2, l->group);
    sql_bind_int(s, 3, l->at);
    sql_bind_int(s, 4, l->persona);
    sql_bind_int(s, 5, l->staff);
    sql_bind_int(s, 6, l->origin);
    sql_bind_str(s, 7, l->message);
    sql_bind_str(s, 8, l->reply_to);
    sql_bind_str(s, 9, l->type);
    sql_bind_str(s, 10, l->text);
    bind_time(s, 11, l->edited, l->at);
    bind_time(s, 12, l->recalled, l->at);
    TRY(sql_run(s));
    return index_words(arena, t, l->seq, l->text, false);
}

static enum err say(struct tx *tx, struct text_store *t, const struct event *ev, uint64_t seq,
                    const struct said *said)
{
    const struct said_line line = {
        .seq = seq,
        .at = ev->at,
        .group = ev->dim[DIM_GROUP],
        .persona = ev->persona,
        .staff = ev->dim[DIM_STAFF],
        .origin = ev->dim[DIM_ORIGIN],
        .edited = said->edited,
        .recalled = said->recalled,
        .message = text_or_empty(said->message),
        .reply_to = text_or_empty(said->reply_to),
        .type = type_of(tx_brand(tx), t, ev),
        .text = said->recalled ? STR("") : text_or_empty(said->text),
    };
    if (!t->scribe) t->scribe = scribe_create(insert, t);
    if (!t->scribe) return insert(t, tx_arena(tx), &line);
    t->writing = true;
    scribe_add(t->scribe, &line);
    return ERR_OK;
}

/* The connection is the writer's again. */
static enum err take_back(struct text_store *t)
{
    if (!t->writing) return ERR_OK;
    t->writing = false;
    return scribe_wait(t->scribe);
}

/* The row that the channel's id names; id 0 = there is none. */
struct former {
    uint64_t id;
    int64_t edited_at; /* INT64_MIN = never */
    bool recalled;
    struct str text;
};

static enum err find(struct tx *tx, struct text_store *t, uint32_t group, struct str message,
                     struct former *out)
{
    bool row;
    *out = (struct former){.edited_at = INT64_MIN};
    if (message.len == 0) return ERR_OK;
    struct sql_stmt *s =
        sql_use(t->db, "SELECT id, edited_at, recalled_at, text FROM said WHERE of_group = $1 AND"
                       " message = $2 AND message <> '' ORDER BY id DESC LIMIT 1");
    sql_bind_int(s, 1, group);
    sql_bind_str(s, 2, message);
    TRY(sql_step(s, &row));
    if (!row) return ERR_OK;
    *out = (struct former){.id = (uint64_t)sql_int(s, 0),
                           .edited_at = sql_is_null(s, 1) ? INT64_MIN : sql_int(s, 1),
                           .recalled = !sql_is_null(s, 2),
                           .text = arena_str(tx_arena(tx), sql_str(s, 3))};
    sql_reset(s);
    return ERR_OK;
}

static enum err recall(struct tx *tx, struct text_store *t, const struct former *f, int64_t at)
{
    TRY(index_words(tx_arena(tx), t, f->id, f->text, true));
    struct sql_stmt *s =
        sql_use(t->db, "UPDATE said SET text = '', recalled_at = $2 WHERE id = $1");
    sql_bind_int(s, 1, (int64_t)f->id);
    sql_bind_int(s, 2, at);
    return sql_run(s);
}

static enum err edit(struct tx *tx, struct text_store *t, const struct former *f, int64_t at,
                     struct str text)
{
    if (f->recalled || at < f->edited_at) return ERR_OK; /* a later word stands */
    TRY(index_words(tx_arena(tx), t, f->id, f->text, true));
    struct sql_stmt *s = sql_use(t->db, "UPDATE said SET text = $3, edited_at = $2 WHERE id = $1");
    sql_bind_int(s, 1, (int64_t)f->id);
    sql_bind_int(s, 2, at);
    sql_bind_str(s, 3, text_or_empty(text));
    TRY(sql_run(s));
    return index_words(tx_arena(tx), t, f->id, text_or_empty(text), false);
}

/* ---- what changes it ---- */

static int by_time(const void *a, const void *b)
{
    const struct later *x = a, *y = b;
    if (x->at != y->at) return x->at < y->at ? -1 : 1;
    return x->seq < y->seq ? -1 : x->seq > y->seq;
}

static enum err change(struct tx *tx, struct text_store *t, const struct later *l)
{
    struct former f;
    TRY(find(tx, t, l->group, l->message, &f));
    if (f.id == 0) return ERR_OK; /* of a message that was never told, or is past its days */
    return l->recalled ? recall(tx, t, &f, l->at) : edit(tx, t, &f, l->at, l->text);
}

/* What the batch said so far is changed by what it said later. */
static enum err settle(struct tx *tx, struct text_store *t)
{
    enum err err = take_back(t);
    if (t->later.count) qsort(t->later.items, t->later.count, sizeof(struct later), by_time);
    for (size_t i = 0; i < t->later.count && err == ERR_OK; i++)
        err = change(tx, t, &t->later.items[i]);
    VEC_RESET(&t->later);
    return err;
}

static void wait_for_end(struct tx *tx, struct text_store *t, const struct event *ev, uint64_t seq,
                         const struct said *said, bool recalled)
{
    struct later l = {.seq = seq,
                      .at = ev->at,
                      .group = ev->dim[DIM_GROUP],
                      .recalled = recalled,
                      .message = arena_str(tx_arena(tx), said->message),
                      .text = recalled ? STR("") : arena_str(tx_arena(tx), said->text)};
    if (said->message.len) VEC_PUSH(&t->later, l);
}

enum err text_store_said(struct tx *tx, struct text_store *t, const struct event *ev, uint64_t seq,
                         const struct said *said)
{
    if (ev->dim[DIM_GROUP] == 0) return ERR_OK;
    struct str kind = {NULL, 0};
    if (ev->kind != t->sent) kind = registry_kind_name(tx_brand(tx), ev->kind);
    if (str_is(kind, "message.sent")) t->sent = ev->kind;
    bool edited = str_is(kind, "message.edited"), recalled = str_is(kind, "message.recalled");
    if (!edited && !recalled && ev->kind != t->sent) return ERR_OK;
    TRY(begin(tx, t));
    if (ev->kind == t->sent) return say(tx, t, ev, seq, said);
    wait_for_end(tx, t, ev, seq, said, recalled);
    return ERR_OK;
}

/* ---- the batch ---- */

static enum err end(void *store)
{
    return sql_commit(((const struct text_store *)store)->db);
}

/* Changes need the writer: where there are some, all waits for text_store_prepare(). */
void text_store_gathered(struct text_store *t)
{
    if (!t->writing || t->later.count) return;
    t->ending = true;
    scribe_end(t->scribe, end);
}

/* Committed by the scribe; or undone, where a line or the commit failed. */
static enum err take_end(struct text_store *t)
{
    enum err err = take_back(t);
    t->open = t->ending = false;
    t->ahead = true;
    if (err != ERR_OK) sql_rollback(t->db);
    return err;
}

enum err text_store_prepare(struct tx *tx, struct text_store *t)
{
    if (t->ending) return take_end(t);
    if (!t->open) return ERR_OK;
    TRY(settle(tx, t));
    t->open = false;
    t->ahead = true;
    return sql_commit(t->db);
}

void text_store_commit(struct text_store *t)
{
    if (!t->ahead) return;
    t->ahead = false;
    enum err err =
        t->wal_due ? sql_checkpoint(t->db, 0) : sql_checkpoint_beside(t->db, CHECKPOINT_PAGES);
    if (err == ERR_OK) t->wal_due = false;
    if (err != ERR_OK && err != ERR_BUSY)
        log_warn("groups", "checkpoint_failed", "error=%s", err_code(err));
}

void text_store_rollback(struct text_store *t)
{
    enum err lost = t->ending ? take_end(t) : take_back(t); /* with the rest of the batch */
    (void)lost;
    if (t->open) sql_rollback(t->db);
    t->open = false;
    t->sent = 0; /* names of the batch may have gone with it */
    t->type_id = 0;
    VEC_RESET(&t->later);
}

/* ---- forgetting ---- */

/* Words that went are in the index until its parts are merged. */
static enum err sweep(struct text_store *t)
{
    t->wal_due = true;
    return sql_run(sql_use(t->db, "INSERT INTO said_index (said_index) VALUES ('optimize')"));
}

static enum err erase(struct tx *tx, struct text_store *t, const struct erasure *e, uint64_t *all)
{
    uint64_t count;
    TRY(begin(tx, t));
    TRY(settle(tx, t));
    t->gone_words = 0; /* what the batch took back before is another's */
    for (size_t i = 0; i < e->gone.count; i++) {
        struct sql_stmt *s =
            sql_use(t->db, "SELECT id, text FROM said WHERE persona = $1 AND persona > 0");
        sql_bind_int(s, 1, e->gone.ids[i]);
        TRY(drop(tx, t, s, &count));
        *all += count;
    }
    if (e->origin) {
        struct sql_stmt *s = sql_use(t->db, "SELECT id, text FROM said WHERE origin = $1");
        sql_bind_int(s, 1, e->origin);
        TRY(drop(tx, t, s, &count));
        *all += count;
    }
    return *all ? sweep(t) : ERR_OK;
}

enum err text_store_erase(struct tx *tx, struct text_store *t, struct erasure *e)
{
    uint64_t all = 0;
    t->gone_words = 0;
    if (t->db) TRY(erase(tx, t, e, &all));
    erasure_note(e, "said", all);
    erasure_note(e, "said_index", t->gone_words);
    return ERR_OK;
}

static enum err count_before(struct brand *b, int64_t before, uint64_t *out)
{
    char path[STORE_PATH_SIZE];
    struct sql *db;
    struct why why;
    bool row;
    *out = 0;
    if (!is_there(b)) return ERR_OK;
    text_store_path(b, path);
    TRY(sql_open("sqlite:", path, "", SQL_READER, &db, &why));
    struct sql_stmt *s = sql_use(db, "SELECT COUNT(*) FROM said WHERE at < $1");
    sql_bind_int(s, 1, before);
    enum err err = sql_step(s, &row);
    if (err == ERR_OK) *out = (uint64_t)sql_int(s, 0);
    sql_close(db);
    return err;
}

static enum err remove_before(struct tx *tx, int64_t before, uint64_t *removed)
{
    struct text_store *t = &room_of(tx_brand(tx))->text;
    uint32_t groups = registry_code_count(tx_brand(tx), DIM_GROUP);
    *removed = 0;
    if (!t->db) return ERR_OK;
    TRY(begin(tx, t));
    TRY(settle(tx, t));
    for (uint32_t group = 1; group <= groups && *removed == 0; group++) {
        struct sql_stmt *s = sql_use(t->db, "SELECT id, text FROM said WHERE of_group = $1 AND"
                                            " at < $2 ORDER BY at LIMIT $3");
        sql_bind_int(s, 1, group);
        sql_bind_int(s, 2, before);
        sql_bind_int(s, 3, SLICE_ROWS);
        TRY(drop(tx, t, s, removed));
    }
    t->purged += *removed;
    if (*removed || !t->purged) return ERR_OK;
    t->purged = 0; /* the last slice found none left */
    return sweep(t);
}

static const struct retention_store kept = {.name = "messages",
                                            .table = "said",
                                            .days_min = 1,
                                            .days = MESSAGES_DAYS,
                                            .any = is_there,
                                            .count = count_before,
                                            .remove = remove_before};

enum err text_store_open(struct tx *tx, struct text_store *t)
{
    retention_add_store(tx_brand(tx), &kept);
    if (!is_there(tx_brand(tx))) return ERR_OK;
    TRY(retention_wake(tx));
    TRY(make(tx, t));
    t->ahead = true;
    TRY(begin(tx, t));
    TRY(sql_commit(t->db));
    t->open = false;
    return ERR_OK;
}
