/* store.c - suggestions as rows: written once, marked by staff, settled once.
 *
 * A row belongs to a persona, the root of the member when it was made: merges and unmerges take it
 * along, and erasing takes it away. */
#include "today/internal.h"

/* Of a row: the member as of now. */
#define ROOT_OF_ROW                                                                                \
    "COALESCE((SELECT p.member FROM persona_member p WHERE p.persona = i.persona), i.persona)"

/* What happened in time may come in so much later. */
#define LATE_MS (12 * TIME_HOUR)

const char *const today_state_names[TODAY_STATES] = {"open", "done", "snoozed", "useless"};
const char *const today_because_names[TODAY_BECAUSES] = {"wrong", "already", "unwelcome", "other"};

/* ---- settings ---- */

enum err today_get_settings(struct sql *db, struct today_settings *out)
{
    bool row;
    struct sql_stmt *s =
        sql_use(db, "SELECT hour, per_day, enabled FROM today_setting WHERE id = 1");
    *out = (struct today_settings){TODAY_HOUR, LIMIT_TODAY_A_DAY, true};
    TRY(sql_step(s, &row));
    if (!row) return ERR_OK;
    *out = (struct today_settings){(int)sql_int(s, 0), (int)sql_int(s, 1), sql_int(s, 2)};
    sql_reset(s);
    return ERR_OK;
}

enum err store_set_timer(struct tx *tx)
{
    struct brand *b = tx_brand(tx);
    struct today_settings s;
    TRY(today_get_settings(tx_sql(tx), &s));
    int32_t day = zone_day(brand_zone(b), tx_now(tx));
    int64_t next = day_hour(b, day, s.hour);
    if (next <= tx_now(tx)) next = day_hour(b, day + 1, s.hour);
    return timer_set(tx, &today_module, TIMER_MAKE, 0, next);
}

static enum err run_settings(struct tx *tx, void *arg, struct why *why)
{
    const struct today_settings *n = arg;
    (void)why;
    struct sql_stmt *s =
        sql_use(tx_sql(tx), "INSERT INTO today_setting (id, hour, per_day, enabled) VALUES"
                            " (1, $1, $2, $3) ON CONFLICT (id) DO UPDATE SET hour = excluded.hour,"
                            " per_day = excluded.per_day, enabled = excluded.enabled");
    sql_bind_int(s, 1, n->hour);
    sql_bind_int(s, 2, n->per_day);
    sql_bind_int(s, 3, n->enabled);
    TRY(sql_run(s));
    room_of(tx_brand(tx))->woken = true;
    return store_set_timer(tx);
}

enum err today_set_settings(struct brand *b, const struct today_settings *s, struct why *why)
{
    struct today_settings copy = *s;
    return brand_call(b, run_settings, &copy, false, why);
}

/* ---- writing ---- */

static void bind_number(struct sql_stmt *s, int index, int64_t number)
{
    if (number == INT64_MIN) {
        sql_bind_null(s, index);
    } else {
        sql_bind_int(s, index, number);
    }
}

static enum err insert(struct sql *db, const struct fresh_day *d, const struct fresh *f, int64_t id)
{
    struct sql_stmt *s = sql_use(
        db, "INSERT INTO today_item (id, day, made_at, persona, owner, rule, score, number_n,"
            " number_a, number_b,"
            " withheld, state, said_by, state_at, until, because, settled_at, back) VALUES"
            " ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0, '', NULL, 0, 0, NULL, NULL)");
    sql_bind_int(s, 1, id);
    sql_bind_int(s, 2, d->day);
    sql_bind_int(s, 3, d->made_at);
    sql_bind_int(s, 4, f->member);
    sql_bind_str(s, 5, f->owner);
    sql_bind_str(s, 6, f->rule);
    sql_bind_int(s, 7, f->score);
    for (int i = 0; i < TODAY_NUMBERS; i++)
        bind_number(s, 8 + i, f->number[i]);
    sql_bind_int(s, 11, f->withheld);
    return sql_run(s);
}

static enum err begin_day(struct tx *tx, const struct fresh_day *d, bool *there)
{
    struct sql *db = tx_sql(tx);
    int64_t made_at;
    TRY(store_made_at(db, d->day, &made_at));
    *there = made_at != TIME_NONE;
    if (*there) return ERR_OK;
    struct sql_stmt *s =
        sql_use(db, "INSERT INTO today_day (day, made_at, held) VALUES ($1, $2, $3)");
    sql_bind_int(s, 1, d->day);
    sql_bind_int(s, 2, d->made_at);
    sql_bind_int(s, 3, (int64_t)d->held);
    TRY(sql_run(s));
    s = sql_use(db, "DELETE FROM today_item WHERE day < $1");
    sql_bind_int(s, 1, d->day - TODAY_KEEP_DAYS);
    TRY(sql_run(s));
    s = sql_use(db, "DELETE FROM today_day WHERE day < $1");
    sql_bind_int(s, 1, d->day - TODAY_KEEP_DAYS);
    TRY(sql_run(s));
    return store_set_timer(tx); /* from a brand's first lists on there is one */
}

/* Somebody who was erased since they were chosen is left out. */
static enum err is_known(struct sql *db, uint32_t member, bool *known)
{
    struct sql_stmt *s = sql_use(db, "SELECT 1 FROM identity WHERE persona = $1 LIMIT 1");
    sql_bind_int(s, 1, member);
    return sql_any(s, known);
}

/* Somebody may have taken one from the pool meanwhile. */
static enum err has_room(struct tx *tx, int32_t day, const struct fresh *f, bool *fits)
{
    struct today_settings settings;
    struct today_load *loads;
    size_t count;
    TRY(today_get_settings(tx_sql(tx), &settings));
    TRY(today_loads(tx_sql(tx), day, tx_arena(tx), &loads, &count));
    uint64_t most = f->owner.len ? (uint64_t)settings.per_day : LIMIT_TODAY_POOL;
    for (size_t i = 0; i < count; i++)
        *fits &= f->withheld || !str_eq(loads[i].owner, f->owner) || loads[i].count < most;
    return ERR_OK;
}

static enum err run_add(struct tx *tx, void *arg, struct why *why)
{
    const struct fresh_day *d = arg;
    struct sql *db = tx_sql(tx);
    int64_t last;
    bool there = false;
    (void)why;
    if (d->first) TRY(begin_day(tx, d, &there));
    if (there) return ERR_OK;
    TRY(sql_number(sql_use(db, "SELECT MAX(id) FROM today_item"), 0, &last));
    for (size_t i = 0; i < d->count; i++) {
        bool fits;
        TRY(is_known(db, d->items[i].member, &fits));
        if (fits && !d->first) TRY(has_room(tx, d->day, &d->items[i], &fits));
        if (fits) TRY(insert(db, d, &d->items[i], ++last));
    }
    return ERR_OK;
}

enum err store_add(struct brand *b, const struct fresh_day *d, struct why *why)
{
    struct fresh_day copy = *d;
    return brand_call(b, run_add, &copy, false, why);
}

/* ---- settling ---- */

enum err store_unsettled(struct sql *db, int64_t now, struct arena *arena, struct unsettled *out)
{
    VEC(uint32_t) ids = {0}, members = {0};
    struct sql_stmt *s =
        sql_use(db, "SELECT i.id, " ROOT_OF_ROW " FROM today_item i WHERE i.settled_at IS NULL AND"
                    " i.made_at = $1 ORDER BY i.id");
    struct sql_stmt *first = sql_use(
        db, "SELECT MIN(made_at) FROM today_item WHERE settled_at IS NULL AND made_at <= $1");
    *out = (struct unsettled){0};
    sql_bind_int(first, 1, now - TODAY_SETTLE_DAYS * TIME_DAY - LATE_MS);
    TRY(sql_number(first, TIME_NONE, &out->made_at));
    if (out->made_at == TIME_NONE) return ERR_OK;
    sql_bind_int(s, 1, out->made_at);
    enum err err = ERR_OK;
    for (bool row = true;;) {
        err = sql_step(s, &row);
        if (err != ERR_OK || !row) break;
        VEC_PUSH(&ids, (uint32_t)sql_int(s, 0));
        VEC_PUSH(&members, (uint32_t)sql_int(s, 1));
    }
    out->count = ids.count;
    out->ids = arena_copy(arena, ids.items, ids.count * sizeof(uint32_t));
    out->members = arena_copy(arena, members.items, members.count * sizeof(uint32_t));
    out->back = arena_alloc_array(arena, ids.count + 1, sizeof(bool));
    VEC_FINISH(&ids);
    VEC_FINISH(&members);
    return err;
}

struct settling {
    const struct unsettled *u;
    int64_t now;
};

static enum err run_settle(struct tx *tx, void *arg, struct why *why)
{
    const struct settling *g = arg;
    (void)why;
    for (size_t i = 0; i < g->u->count; i++) {
        struct sql_stmt *s =
            sql_use(tx_sql(tx), "UPDATE today_item SET settled_at = $2, back = $3 WHERE id = $1");
        sql_bind_int(s, 1, g->u->ids[i]);
        sql_bind_int(s, 2, g->now);
        sql_bind_int(s, 3, g->u->back[i]);
        TRY(sql_run(s));
    }
    return ERR_OK;
}

enum err store_settle(struct brand *b, const struct unsettled *u, int64_t now, struct why *why)
{
    struct settling g = {u, now};
    return brand_call(b, run_settle, &g, false, why);
}

enum err today_results(struct sql *db, struct str code, int64_t now, struct today_result *out)
{
    bool row;
    struct sql_stmt *s =
        sql_use(db, "SELECT withheld, COUNT(*), COUNT(back), COALESCE(SUM(back), 0),"
                    " COALESCE(SUM(CASE WHEN state = 1 THEN 1 ELSE 0 END), 0),"
                    " COALESCE(SUM(CASE WHEN state = 2 THEN 1 ELSE 0 END), 0),"
                    " COALESCE(SUM(CASE WHEN state = 3 THEN 1 ELSE 0 END), 0)"
                    " FROM today_item WHERE rule = $1 AND made_at > $2 GROUP BY withheld");
    sql_bind_str(s, 1, code);
    sql_bind_int(s, 2, now - TODAY_LEARN_DAYS * TIME_DAY);
    *out = (struct today_result){0};
    for (;;) {
        TRY(sql_step(s, &row));
        if (!row) return ERR_OK;
        uint64_t settled = (uint64_t)sql_int(s, 2), back = (uint64_t)sql_int(s, 3);
        out->waiting += (uint64_t)sql_int(s, 1) - settled;
        if (sql_int(s, 0)) {
            out->withheld = settled;
            out->withheld_back = back;
            continue;
        }
        out->shown = settled;
        out->shown_back = back;
        out->done = (uint64_t)sql_int(s, 4);
        out->snoozed = (uint64_t)sql_int(s, 5);
        out->useless = (uint64_t)sql_int(s, 6);
    }
}

/* ---- reading for the maker ---- */

enum err store_made_at(struct sql *db, int32_t day, int64_t *out)
{
    struct sql_stmt *s = sql_use(db, "SELECT made_at FROM today_day WHERE day = $1");
    sql_bind_int(s, 1, day);
    return sql_number(s, TIME_NONE, out);
}

enum err store_last_day(struct sql *db, int32_t *out)
{
    int64_t day;
    TRY(sql_number(sql_use(db, "SELECT MAX(day) FROM today_day"), INT32_MIN, &day));
    *out = (int32_t)day;
    return ERR_OK;
}

enum err store_former(struct sql *db, int32_t since, struct arena *arena, struct former **out,
                      size_t *count)
{
    VEC(struct former) list = {0};
    enum err err;
    struct sql_stmt *s = sql_use(db, "SELECT persona, day, rule, state, until FROM today_item"
                                     " WHERE day >= $1 ORDER BY id");
    sql_bind_int(s, 1, since);
    for (bool row = true;;) {
        err = sql_step(s, &row);
        if (err != ERR_OK || !row) break;
        enum today_state state = (enum today_state)sql_int(s, 3);
        int32_t day = (int32_t)sql_int(s, 1), until = (int32_t)sql_int(s, 4);
        /* put off, it was last suggested when it came back */
        if (state == TODAY_SNOOZED && until > day) day = until;
        VEC_PUSH(&list, ((struct former){(uint32_t)sql_int(s, 0), day,
                                         arena_str(arena, sql_str(s, 2)), state}));
    }
    *out = arena_copy(arena, list.items, list.count * sizeof(**out));
    *count = list.count;
    VEC_FINISH(&list);
    return err;
}

enum err today_loads(struct sql *db, int32_t day, struct arena *arena, struct today_load **out,
                     size_t *count)
{
    VEC(struct today_load) list = {0};
    enum err err;
    struct sql_stmt *s =
        sql_use(db, "SELECT owner, COUNT(*) FROM today_item WHERE withheld = 0 AND (day = $1 OR"
                    " (state = 2 AND until = $1)) GROUP BY owner ORDER BY owner");
    sql_bind_int(s, 1, day);
    for (bool row = true;;) {
        err = sql_step(s, &row);
        if (err != ERR_OK || !row) break;
        VEC_PUSH(&list,
                 ((struct today_load){arena_str(arena, sql_str(s, 0)), (uint64_t)sql_int(s, 1)}));
    }
    *out = arena_copy(arena, list.items, list.count * sizeof(**out));
    *count = list.count;
    VEC_FINISH(&list);
    return err;
}
