/* purge.c - what has passed its days goes: rows in slices of the writer's, values by brand_purge.
 *
 * 1. A record is opened first, and each slice is counted in the transaction in which it goes: after
 *    a kill the record tells of what has gone, and the next call goes on with it.
 * 2. Up to where a class is cleared is noted at the very end. So a purge that was cut off is due at
 *    the next opening.
 * 3. When values of one property are worth writing parts anew, those of all are taken along. */
#include "people/retention_internal.h"

#include <inttypes.h>
#include <stdlib.h>

#define SLICE_TRAITS 100
#define RECORDS_MAX 1000

/* One class of this purge. */
struct job {
    char *name;                          /* owned; of the class */
    const struct row_class *rows;        /* NULL = a property's, or a store's */
    const struct retention_store *store; /* of another room's rows */
    int64_t before;
};

struct run {
    const struct purge_order *order;
    struct brand *brand;
    uint64_t id;           /* of the record; 0 = nothing is due */
    VEC(struct job) jobs;  /* that are due */
    const struct job *now; /* rows are taken of it */
    uint64_t slice;        /* rows that the slice has taken */
    uint64_t removed;      /* rows and values ever */
    struct purge purge;    /* of values */
    size_t *job_of;        /* [purge.expiry.count] places in jobs */
};

/* ---- planning ---- */

static const struct row_class *rows_of(struct str name)
{
    for (const struct row_class *r = row_classes; r->name; r++) {
        if (str_is(name, r->name)) return r;
    }
    return NULL;
}

static void drop_jobs(struct run *r)
{
    for (size_t i = 0; i < r->jobs.count; i++)
        mem_free(r->jobs.items[i].name);
    VEC_RESET(&r->jobs);
}

/* Whole days since it was cleared, beyond which it may go again. */
static bool is_worth(const struct run *r, const struct retention_class *c, int64_t before)
{
    const struct zone *z = brand_zone(r->brand);
    if (c->cleared_to == TIME_NONE) return true;
    int days = zone_day(z, before) - zone_day(z, c->cleared_to);
    return days >= (r->order->forced ? 1 : retention_slack(c, c->days));
}

static void add_job(struct run *r, const struct retention_class *c, int64_t before)
{
    const struct people *p = brand_module_state(r->brand, &people_module);
    struct job j = {mem_alloc(c->name.len + 1), rows_of(c->name), retention_store_of(p, c->name),
                    before};
    if (j.store && !j.store->any(r->brand)) {
        mem_free(j.name);
        return;
    }
    memcpy(j.name, c->name.p, c->name.len);
    VEC_PUSH(&r->jobs, j);
}

static void plan_jobs(struct run *r, int64_t now, const struct retention_class *list, size_t count)
{
    bool values = false;
    drop_jobs(r);
    for (size_t i = 0; i < count; i++) {
        int64_t before = retention_cutoff(r->brand, now, list[i].days);
        if (list[i].days && list[i].prop) values |= is_worth(r, &list[i], before);
    }
    for (size_t i = 0; i < count; i++) {
        const struct retention_class *c = &list[i];
        int64_t before = retention_cutoff(r->brand, now, c->days);
        if (c->days == 0) continue;
        bool later = c->cleared_to == TIME_NONE || before > c->cleared_to;
        if (c->prop ? values && later : is_worth(r, c, before)) add_job(r, c, before);
    }
}

/* The one that was cut off, or a new one. */
static enum err open_record(struct tx *tx, struct run *r)
{
    struct sql *db = tx_sql(tx);
    int64_t id;
    TRY(sql_number(sql_use(db, "SELECT MAX(id) FROM purge WHERE ended_at IS NULL"), 0, &id));
    r->id = (uint64_t)id;
    if (id) return ERR_OK;
    TRY(sql_number(sql_use(db, "SELECT MAX(id) FROM purge"), 0, &id));
    r->id = (uint64_t)id + 1;
    struct sql_stmt *s =
        sql_use(db, "INSERT INTO purge (id, began_at, who, parts) VALUES ($1, $2, $3, 0)");
    sql_bind_int(s, 1, id + 1);
    sql_bind_int(s, 2, tx_now(tx));
    sql_bind_str(s, 3, r->order->who);
    return sql_run(s);
}

static enum err run_plan(struct tx *tx, void *arg, struct why *why)
{
    struct run *r = arg;
    struct retention_class *list;
    size_t count;
    (void)why;
    r->id = 0;
    TRY(retention_list(r->brand, tx_sql(tx), tx_arena(tx), &list, &count));
    plan_jobs(r, tx_now(tx), list, count);
    return r->jobs.count || r->order->forced ? open_record(tx, r) : ERR_OK;
}

/* ---- counting ---- */

static enum err note(struct tx *tx, const struct run *r, const struct job *j, uint64_t removed)
{
    if (removed == 0) return ERR_OK;
    struct sql_stmt *s =
        sql_use(tx_sql(tx), "INSERT INTO purge_count (purge, class, before_at, removed)"
                            " VALUES ($1, $2, $3, $4) ON CONFLICT (purge, class) DO UPDATE SET"
                            " before_at = excluded.before_at,"
                            " removed = purge_count.removed + excluded.removed");
    sql_bind_int(s, 1, (int64_t)r->id);
    sql_bind_text(s, 2, j->name);
    sql_bind_int(s, 3, j->before);
    sql_bind_int(s, 4, (int64_t)removed);
    return sql_run(s);
}

/* ---- rows ---- */

/* A trait of a persona that has passed its days. */
struct old_trait {
    uint32_t persona;
    struct str name;
};

static enum err list_traits(struct tx *tx, int64_t before, struct old_trait *out, size_t *count)
{
    struct sql_stmt *s = sql_use(tx_sql(tx), "SELECT persona, name FROM trait WHERE at < $1"
                                             " AND name <> 'birthday' ORDER BY persona, name"
                                             " LIMIT $2");
    sql_bind_int(s, 1, before);
    sql_bind_int(s, 2, SLICE_TRAITS);
    for (*count = 0;;) {
        bool row;
        TRY(sql_step(s, &row));
        if (!row) return ERR_OK;
        out[(*count)++] =
            (struct old_trait){(uint32_t)sql_int(s, 0), arena_str(tx_arena(tx), sql_str(s, 1))};
    }
}

/* Has the member said it since, by another of their personas? Then nothing of theirs changes. */
static enum err is_said_since(struct tx *tx, const struct old_trait *t, int64_t before, bool *out)
{
    struct sql_stmt *s =
        sql_use(tx_sql(tx), "SELECT 1 FROM trait t WHERE " OF_MEMBER(
                                "t.persona") " AND t.name = $2 AND t.at >= $3 LIMIT 1");
    sql_bind_int(s, 1, t->persona);
    sql_bind_str(s, 2, t->name);
    sql_bind_int(s, 3, before);
    TRY(sql_step(s, out));
    if (*out) sql_reset(s);
    return ERR_OK;
}

static enum err take_trait(struct people *p, struct tx *tx, const struct old_trait *t,
                           int64_t before)
{
    const struct trait_removal r = {identity_member(p, t->persona), t->name, STR("retention")};
    bool since, there;
    TRY(is_said_since(tx, t, before, &since));
    if (!since) TRY(trait_take(p, tx, &r, &there));
    struct sql_stmt *s = sql_use(tx_sql(tx), "DELETE FROM trait WHERE persona = $1 AND name = $2");
    sql_bind_int(s, 1, t->persona);
    sql_bind_str(s, 2, t->name);
    p->traits_changed = true;
    name_index_note(p, t->persona);
    return sql_run(s);
}

static enum err take_traits(struct people *p, struct tx *tx, const struct job *j, uint64_t *removed)
{
    struct old_trait *list = arena_alloc_array(tx_arena(tx), SLICE_TRAITS, sizeof(*list));
    size_t count;
    TRY(list_traits(tx, j->before, list, &count));
    for (size_t i = 0; i < count; i++)
        TRY(take_trait(p, tx, &list[i], j->before));
    *removed = count;
    return ERR_OK;
}

static enum err run_slice(struct tx *tx, void *arg, struct why *why)
{
    struct run *r = arg;
    struct people *p = brand_module_state(tx_brand(tx), &people_module);
    const struct job *j = r->now;
    (void)why;
    r->slice = 0;
    if (j->store) {
        TRY(j->store->remove(tx, j->before, &r->slice));
        return note(tx, r, j, r->slice);
    }
    if (!j->rows->remove) {
        TRY(take_traits(p, tx, j, &r->slice));
        return note(tx, r, j, r->slice);
    }
    struct sql_stmt *s = sql_use(tx_sql(tx), j->rows->remove);
    sql_bind_int(s, 1, j->before);
    for (bool row = true;;) {
        TRY(sql_step(s, &row));
        if (!row) break;
        r->slice++;
    }
    if (r->slice && strcmp(j->rows->name, "conflicts") == 0) TRY(conflict_open(p, tx_sql(tx)));
    return note(tx, r, j, r->slice);
}

static bool is_stopped(const struct run *r)
{
    return r->order->stop && atomic_load(r->order->stop);
}

static enum err purge_rows(struct run *r, struct why *why)
{
    for (size_t i = 0; i < r->jobs.count; i++) {
        r->now = &r->jobs.items[i];
        if (!r->now->rows && !r->now->store) continue;
        do {
            if (is_stopped(r)) return ERR_UNAVAILABLE;
            TRY(brand_call(r->brand, run_slice, r, false, why));
            r->removed += r->slice;
        } while (r->slice);
    }
    return ERR_OK;
}

/* ---- values ---- */

static enum err note_values(struct tx *tx, void *arg, const uint64_t *values)
{
    const struct run *r = arg;
    for (size_t i = 0; i < r->purge.expiry.count; i++)
        TRY(note(tx, r, &r->jobs.items[r->job_of[i]], values[i]));
    struct sql_stmt *s = sql_use(tx_sql(tx), "UPDATE purge SET parts = parts + 1 WHERE id = $1");
    sql_bind_int(s, 1, (int64_t)r->id);
    return sql_run(s);
}

/* One typed column and whose it is. */
struct column {
    struct prop_expiry expiry;
    size_t job;
};

static int by_prop(const void *a, const void *b)
{
    const struct column *x = a, *y = b;
    return (x->expiry.prop > y->expiry.prop) - (x->expiry.prop < y->expiry.prop);
}

static size_t find_columns(const struct run *r, struct column *out)
{
    size_t count = 0, skip = sizeof(RETENTION_PROPS) - 1;
    for (size_t i = 0; i < r->jobs.count; i++) {
        const struct job *j = &r->jobs.items[i];
        uint32_t ids[3];
        if (j->rows || j->store) continue;
        size_t types = retention_columns(r->brand, str_of(j->name + skip), ids);
        for (size_t k = 0; k < types; k++)
            out[count++] = (struct column){{ids[k], j->before}, i};
    }
    if (count) qsort(out, count, sizeof(out[0]), by_prop);
    return count;
}

static enum err purge_values(struct run *r, struct why *why)
{
    struct column *columns = mem_alloc_array(3 * r->jobs.count + 1, sizeof(*columns));
    size_t count = find_columns(r, columns);
    struct prop_expiry *items = mem_alloc_array(count + 1, sizeof(*items));
    r->job_of = mem_alloc_array(count + 1, sizeof(r->job_of[0]));
    for (size_t i = 0; i < count; i++) {
        items[i] = columns[i].expiry;
        r->job_of[i] = columns[i].job;
    }
    r->purge = (struct purge){
        .expiry = {items, count}, .written = note_values, .arg = r, .stop = r->order->stop};
    enum err err = count ? brand_purge(r->brand, &r->purge, why) : ERR_OK;
    r->removed += r->purge.values;
    mem_free(columns);
    mem_free(items);
    mem_free(r->job_of);
    return err;
}

/* ---- the end ---- */

static enum err note_cleared(struct tx *tx, const struct job *j)
{
    struct sql_stmt *s =
        sql_use(tx_sql(tx), "UPDATE retention SET cleared_to = $2 WHERE class = $1");
    sql_bind_text(s, 1, j->name);
    sql_bind_int(s, 2, j->before);
    return sql_run(s);
}

/* A night in which nothing went leaves no record. */
static enum err close_record(struct tx *tx, const struct run *r)
{
    struct sql *db = tx_sql(tx);
    int64_t counts;
    struct sql_stmt *s = sql_use(db, "SELECT COUNT(*) FROM purge_count WHERE purge = $1");
    sql_bind_int(s, 1, (int64_t)r->id);
    TRY(sql_number(s, 0, &counts));
    bool keep = counts || r->order->forced;
    s = keep ? sql_use(db, "UPDATE purge SET ended_at = $2 WHERE id = $1")
             : sql_use(db, "DELETE FROM purge WHERE id = $1");
    sql_bind_int(s, 1, (int64_t)r->id);
    if (keep) sql_bind_int(s, 2, tx_now(tx));
    TRY(sql_run(s));
    s = sql_use(db, "DELETE FROM purge_count WHERE purge <= CAST($1 AS bigint)");
    sql_bind_int(s, 1, (int64_t)r->id - RECORDS_MAX);
    TRY(sql_run(s));
    s = sql_use(db, "DELETE FROM purge WHERE id <= CAST($1 AS bigint)");
    sql_bind_int(s, 1, (int64_t)r->id - RECORDS_MAX);
    return sql_run(s);
}

static enum err run_finish(struct tx *tx, void *arg, struct why *why)
{
    const struct run *r = arg;
    (void)why;
    for (size_t i = 0; i < r->jobs.count; i++)
        TRY(note_cleared(tx, &r->jobs.items[i]));
    return close_record(tx, r);
}

static enum err purge_all(struct run *r, struct why *why)
{
    TRY(brand_call(r->brand, run_plan, r, false, why));
    if (!r->id) return ERR_OK;
    TRY(purge_rows(r, why));
    TRY(purge_values(r, why));
    return brand_call(r->brand, run_finish, r, false, why);
}

enum err people_purge(struct brand *b, const struct purge_order *order, struct purged *out,
                      struct why *why)
{
    struct run r = {.order = order, .brand = b};
    enum err err = purge_all(&r, why);
    *out = (struct purged){r.removed || order->forced ? r.id : 0, r.removed, r.purge.parts};
    drop_jobs(&r);
    VEC_FINISH(&r.jobs);
    return err;
}

/* ---- asking ---- */

enum purge_wish people_purge_asked(struct brand *b)
{
    struct people *p = brand_module_state(b, &people_module);
    return (enum purge_wish)atomic_exchange(&p->purge_asked, PURGE_NONE);
}

void people_ask_purge(struct brand *b)
{
    struct people *p = brand_module_state(b, &people_module);
    atomic_store(&p->purge_asked, PURGE_FORCED);
}

/* ---- records ---- */

static enum err read_counts(struct sql *db, struct purge_record *r, struct arena *arena)
{
    VEC(struct purge_count) list = {0};
    enum err err;
    struct sql_stmt *s = sql_use(db, "SELECT class, before_at, removed FROM purge_count"
                                     " WHERE purge = $1 ORDER BY class");
    sql_bind_int(s, 1, (int64_t)r->id);
    for (bool row = true;;) {
        err = sql_step(s, &row);
        if (err != ERR_OK || !row) break;
        struct purge_count c = {arena_str(arena, sql_str(s, 0)), sql_int(s, 1),
                                (uint64_t)sql_int(s, 2)};
        VEC_PUSH(&list, c);
    }
    r->counts = arena_copy(arena, list.items, list.count * sizeof(list.items[0]));
    r->count = list.count;
    VEC_FINISH(&list);
    return err;
}

enum err purge_list(struct sql *db, uint64_t below, size_t limit, struct arena *arena,
                    struct purge_record **out, size_t *count)
{
    struct purge_record *list = arena_alloc_array(arena, limit, sizeof(*list));
    struct sql_stmt *s = sql_use(db, "SELECT id, began_at, ended_at, who, parts FROM purge"
                                     " WHERE id < $1 ORDER BY id DESC LIMIT $2");
    sql_bind_int(s, 1, below && below <= INT64_MAX ? (int64_t)below : INT64_MAX);
    sql_bind_int(s, 2, (int64_t)limit);
    *count = 0;
    for (bool row = true;;) {
        TRY(sql_step(s, &row));
        if (!row) break;
        list[(*count)++] = (struct purge_record){
            .id = (uint64_t)sql_int(s, 0),
            .began_at = sql_int(s, 1),
            .ended_at = sql_is_null(s, 2) ? TIME_NONE : sql_int(s, 2),
            .who = arena_str(arena, sql_str(s, 3)),
            .parts = (uint32_t)sql_int(s, 4),
        };
    }
    for (size_t i = 0; i < *count; i++)
        TRY(read_counts(db, &list[i], arena));
    *out = list;
    return ERR_OK;
}
