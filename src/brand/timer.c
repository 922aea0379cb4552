/* timer.c - timers are rows; the writer takes those due at the start of a batch.
 *
 * A timer only says when to look again: it is removed, then its module is called, which may set it
 * anew. brand.next_due caches the earliest row so that an idle writer asks the database only when
 * something changed. */
#include "brand/internal.h"

#define TIMERS_A_BATCH 200

const struct migration timer_migrations[] = {
    {1, "CREATE TABLE timer (module {text} NOT NULL, kind {int} NOT NULL, subject {int} NOT NULL,"
        " due_at {int} NOT NULL, PRIMARY KEY (module, kind, subject));"
        "CREATE INDEX timer_due ON timer (due_at)"},
    {0, NULL},
};

enum err timer_set(struct tx *tx, const struct module *m, int kind, uint64_t subject,
                   int64_t due_at)
{
    struct sql_stmt *s =
        sql_use(tx->brand->db,
                "INSERT INTO timer (module, kind, subject, due_at) VALUES ($1, $2, $3, $4)"
                " ON CONFLICT (module, kind, subject) DO UPDATE SET due_at = excluded.due_at");
    sql_bind_text(s, 1, m->name);
    sql_bind_int(s, 2, kind);
    sql_bind_int(s, 3, (int64_t)subject);
    sql_bind_int(s, 4, due_at);
    tx->brand->due_known = false;
    return sql_run(s);
}

static enum err clear(struct sql *db, struct str module, int kind, uint64_t subject)
{
    struct sql_stmt *s =
        sql_use(db, "DELETE FROM timer WHERE module = $1 AND kind = $2 AND subject = $3");
    sql_bind_str(s, 1, module);
    sql_bind_int(s, 2, kind);
    sql_bind_int(s, 3, (int64_t)subject);
    return sql_run(s);
}

enum err timer_clear(struct tx *tx, const struct module *m, int kind, uint64_t subject)
{
    return clear(tx->brand->db, str_of(m->name), kind, subject);
}

int64_t timers_next_due(struct brand *b)
{
    if (b->due_known) return b->next_due;
    struct sql_stmt *s = sql_use(b->db, "SELECT MIN(due_at) FROM timer");
    bool row = false;
    b->next_due = TIME_NONE;
    if (sql_step(s, &row) == ERR_OK && row && !sql_is_null(s, 0)) b->next_due = sql_int(s, 0);
    sql_reset(s);
    b->due_known = true;
    return b->next_due;
}

/* One row taken from the table. */
struct taken {
    struct str module; /* its name */
    struct timer timer;
};

/* A module this build does not have has lost its timers too. */
static enum err fire(struct tx *tx, const struct taken *t)
{
    struct brand *b = tx->brand;
    for (int i = 0; i < b->module_count; i++) {
        if (!str_is(t->module, b->modules[i]->name) || !b->modules[i]->on_timer) continue;
        return b->modules[i]->on_timer(tx, b->states[i], &t->timer);
    }
    return ERR_OK;
}

static enum err take_due(struct tx *tx, struct taken *out, size_t *count)
{
    struct brand *b = tx->brand;
    struct sql_stmt *s =
        sql_use(b->db, "SELECT module, kind, subject, due_at FROM timer WHERE due_at <= $1"
                       " ORDER BY due_at, subject LIMIT $2");
    sql_bind_int(s, 1, tx->now);
    sql_bind_int(s, 2, TIMERS_A_BATCH);
    for (*count = 0;;) {
        bool row;
        TRY(sql_step(s, &row));
        if (!row) return ERR_OK;
        struct taken *t = &out[(*count)++];
        t->module = arena_str(tx->arena, sql_str(s, 0));
        t->timer = (struct timer){sql_int(s, 3), (int)sql_int(s, 1), (uint64_t)sql_int(s, 2)};
    }
}

enum err timers_run(struct tx *tx)
{
    struct brand *b = tx->brand;
    int64_t due = timers_next_due(b);
    if (due == TIME_NONE || due > tx->now) return ERR_OK;
    struct taken *taken = arena_alloc_array(tx->arena, TIMERS_A_BATCH, sizeof(*taken));
    size_t count;
    TRY(take_due(tx, taken, &count));
    b->due_known = false;
    for (size_t i = 0; i < count; i++) {
        TRY(clear(b->db, taken[i].module, taken[i].timer.kind, taken[i].timer.subject));
        TRY(fire(tx, &taken[i]));
    }
    return ERR_OK;
}
