/* items.c - the lists as people see them, and what they say of them. */
#include "today/internal.h"

#define ITEM                                                                                       \
    "SELECT i.id, i.day, i.made_at,"                                                               \
    " COALESCE((SELECT p.member FROM persona_member p WHERE p.persona = i.persona), i.persona),"   \
    " i.owner, i.rule, i.number_n, i.number_a, i.number_b, i.state, i.said_by, i.state_at, "       \
    "i.until, i.because"                                                                           \
    " FROM today_item i WHERE i.withheld = 0 AND "

static enum err broken(enum err err, struct why *why)
{
    return why_fail(why, err, MSG_INTERNAL, "", NULL);
}

static struct today_item read_item(struct sql_stmt *s, struct arena *arena)
{
    struct today_item i = {
        .id = (uint32_t)sql_int(s, 0),
        .day = (int32_t)sql_int(s, 1),
        .made_at = sql_int(s, 2),
        .member = (uint32_t)sql_int(s, 3),
        .owner = arena_str(arena, sql_str(s, 4)),
        .rule = arena_str(arena, sql_str(s, 5)),
        .state = (enum today_state)sql_int(s, 9),
        .by = arena_str(arena, sql_str(s, 10)),
        .state_at = sql_is_null(s, 11) ? TIME_NONE : sql_int(s, 11),
        .until = (int32_t)sql_int(s, 12),
        .why = (enum today_because)sql_int(s, 13),
    };
    for (int n = 0; n < TODAY_NUMBERS; n++)
        i.number[n] = sql_is_null(s, 6 + n) ? INT64_MIN : sql_int(s, 6 + n);
    return i;
}

enum err today_list(struct sql *db, struct str owner, int32_t day, struct arena *arena,
                    struct today_list *out, struct why *why)
{
    VEC(struct today_item) list = {0};
    enum err err = store_made_at(db, day, &out->made_at);
    struct sql_stmt *s = sql_use(db, ITEM "i.owner = $1 AND (i.day = $2 OR (i.state = 2 AND"
                                          " i.day < $2 AND i.day >= $3 AND i.until <= $2))"
                                          " ORDER BY i.score DESC, i.id");
    sql_bind_str(s, 1, owner);
    sql_bind_int(s, 2, day);
    sql_bind_int(s, 3, day - TODAY_SNOOZE_DAYS - TODAY_AGAIN_DAYS);
    for (bool row = true; err == ERR_OK;) {
        err = sql_step(s, &row);
        if (err != ERR_OK || !row) break;
        VEC_PUSH(&list, read_item(s, arena));
    }
    out->count = list.count;
    out->items = arena_copy(arena, list.items, list.count * sizeof(*out->items));
    VEC_FINISH(&list);
    return err == ERR_OK ? ERR_OK : broken(err, why);
}

enum err today_get(struct sql *db, uint32_t id, struct arena *arena, struct today_item *out,
                   struct why *why)
{
    bool row;
    struct sql_stmt *s = sql_use(db, ITEM "i.id = $1");
    sql_bind_int(s, 1, id);
    enum err err = sql_step(s, &row);
    if (err != ERR_OK) return broken(err, why);
    if (!row) return why_fail(why, ERR_NOT_FOUND, MSG_NOT_FOUND, "", "%s", "suggestion");
    *out = read_item(s, arena);
    sql_reset(s);
    return ERR_OK;
}

enum err today_of_member(struct sql *db, uint32_t member, struct arena *arena,
                         struct today_past **out, size_t *count, struct why *why)
{
    VEC(struct today_past) list = {0};
    enum err err;
    struct sql_stmt *s = sql_use(
        db, "SELECT day, made_at, rule, withheld, state FROM today_item WHERE (persona = $1 OR"
            " persona IN (SELECT o.persona FROM persona_member m JOIN persona_member o"
            " ON o.member = m.member WHERE m.persona = $1)) ORDER BY id DESC");
    sql_bind_int(s, 1, member);
    for (bool row = true;;) {
        err = sql_step(s, &row);
        if (err != ERR_OK || !row) break;
        VEC_PUSH(&list, ((struct today_past){(int32_t)sql_int(s, 0), sql_int(s, 1),
                                             arena_str(arena, sql_str(s, 2)), sql_int(s, 3),
                                             (enum today_state)sql_int(s, 4)}));
    }
    *out = arena_copy(arena, list.items, list.count * sizeof(**out));
    *count = list.count;
    VEC_FINISH(&list);
    return err == ERR_OK ? ERR_OK : broken(err, why);
}

/* ---- what staff say ---- */

static enum err run_set(struct tx *tx, void *arg, struct why *why)
{
    const struct today_mark *m = arg;
    struct today_item item;
    TRY(today_get(tx_sql(tx), m->id, tx_arena(tx), &item, why));
    struct sql_stmt *s =
        sql_use(tx_sql(tx), "UPDATE today_item SET state = $2, until = $3, because = $4,"
                            " said_by = $5, state_at = $6 WHERE id = $1");
    sql_bind_int(s, 1, m->id);
    sql_bind_int(s, 2, m->state);
    sql_bind_int(s, 3, m->state == TODAY_SNOOZED ? m->until : 0);
    sql_bind_int(s, 4, m->state == TODAY_USELESS ? (int64_t)m->why : 0);
    sql_bind_str(s, 5, m->by);
    sql_bind_int(s, 6, tx_now(tx));
    return sql_run(s);
}

enum err today_set(struct brand *b, const struct today_mark *mark, struct why *why)
{
    struct today_mark copy = *mark;
    return brand_call(b, run_set, &copy, false, why);
}

struct taking {
    uint32_t id;
    struct str owner;
};

/* How many are on the list of a person for the day. */
static enum err count_of(struct tx *tx, struct str owner, int32_t day, uint64_t *out)
{
    struct today_load *loads;
    size_t count;
    *out = 0;
    TRY(today_loads(tx_sql(tx), day, tx_arena(tx), &loads, &count));
    for (size_t i = 0; i < count; i++) {
        if (str_eq(loads[i].owner, owner)) *out = loads[i].count;
    }
    return ERR_OK;
}

static enum err run_take(struct tx *tx, void *arg, struct why *why)
{
    const struct taking *t = arg;
    struct today_item item = {0};
    struct today_settings settings;
    uint64_t held;
    TRY(today_get(tx_sql(tx), t->id, tx_arena(tx), &item, why));
    if (str_eq(item.owner, t->owner)) return ERR_OK;
    if (t->owner.len && item.owner.len)
        return why_fail(why, ERR_CONFLICT, MSG_TODAY_TAKEN, "", STR_FMT, STR_ARG(item.owner));
    TRY(today_get_settings(tx_sql(tx), &settings));
    TRY(count_of(tx, t->owner, zone_day(brand_zone(tx_brand(tx)), tx_now(tx)), &held));
    if (t->owner.len && held >= (uint64_t)settings.per_day)
        return why_fail(why, ERR_TOO_LARGE, MSG_TODAY_FULL, "", "%d", settings.per_day);
    struct sql_stmt *s = sql_use(tx_sql(tx), "UPDATE today_item SET owner = $2 WHERE id = $1");
    sql_bind_int(s, 1, t->id);
    sql_bind_str(s, 2, t->owner);
    return sql_run(s);
}

enum err today_take(struct brand *b, uint32_t id, struct str owner, struct why *why)
{
    struct taking t = {id, owner};
    return brand_call(b, run_take, &t, false, why);
}
