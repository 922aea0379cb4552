/* retention.c - classes and what the brand says of them: rows of table retention, which are there
 * for classes that somebody has said something of. */
#include "people/retention_internal.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

#define SLACK_SHARE 10
#define SLACK_MAX 30
#define NIGHT_MS (TIME_HOUR * 7 / 2) /* half past three */

/* An entry of the ledger behind which another decides, for whoever asks. */
#define OUTDONE                                                                                    \
    "EXISTS (SELECT 1 FROM consent_entry l WHERE l.persona = e.persona"                            \
    " AND l.purpose = e.purpose AND l.list = e.list"                                               \
    " AND (l.channel = e.channel OR l.channel = '*')"                                              \
    " AND (l.at > e.at OR (l.at = e.at AND l.id > e.id))"                                          \
    " AND (l.granted = 0 OR l.guardian = 1 OR (e.granted = 1 AND e.guardian = 0)))"

/* The newest merge stays, so that its number is not given again. Birthdays stay, for they tell who
 * is a child. */
#define OLD_MERGE "undone_at < $1 AND id < (SELECT MAX(id) FROM merge_log)"
#define OLD_TRAIT "at < $1 AND name <> 'birthday'"

const struct row_class row_classes[] = {
    {"notes", "note", 1, "SELECT COUNT(*) FROM note WHERE changed_at < $1",
     "DELETE FROM note WHERE id IN (SELECT id FROM note WHERE changed_at < $1 ORDER BY id"
     " LIMIT 200) RETURNING id"},
    {"traits", "trait", 30, "SELECT COUNT(*) FROM trait WHERE type <> 0 AND " OLD_TRAIT, NULL},
    {"consents", "consent_entry", 365,
     "SELECT COUNT(*) FROM consent_entry e WHERE e.at < $1 AND " OUTDONE,
     "DELETE FROM consent_entry WHERE id IN (SELECT e.id FROM consent_entry e WHERE e.at < $1"
     " AND " OUTDONE " ORDER BY e.id LIMIT 200) RETURNING id"},
    {"conflicts", "identity_conflict", 30,
     "SELECT COUNT(*) FROM identity_conflict WHERE state >= 2 AND judged_at < $1",
     "DELETE FROM identity_conflict WHERE id IN (SELECT id FROM identity_conflict WHERE state >= 2"
     " AND judged_at < $1 ORDER BY id LIMIT 200) RETURNING id"},
    {"merges", "merge_log", 30, "SELECT COUNT(*) FROM merge_log WHERE " OLD_MERGE,
     "DELETE FROM merge_log WHERE id IN (SELECT id FROM merge_log WHERE " OLD_MERGE " ORDER BY id"
     " LIMIT 200) RETURNING id"},
    {0},
};

static bool is_built_in(struct str prop)
{
    static const char *const names[] = {"order",    "question", "known", "template",
                                        "inferred", "from",     "to"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (str_is(prop, names[i])) return true;
    }
    return false;
}

int64_t retention_cutoff(const struct brand *b, int64_t now, int days)
{
    const struct zone *z = brand_zone(b);
    return zone_day_start(z, zone_day(z, now) - days);
}

int retention_slack(const struct retention_class *c, int days)
{
    if (!c->prop || days < SLACK_SHARE) return 1;
    return days / SLACK_SHARE < SLACK_MAX ? days / SLACK_SHARE : SLACK_MAX;
}

size_t retention_columns(struct brand *b, struct str prop, uint32_t out[3])
{
    static const enum prop_type types[] = {PROP_TEXT, PROP_NUMBER, PROP_BOOL};
    size_t count = 0;
    for (int i = 0; i < 3; i++) {
        uint32_t id = registry_find_prop(b, prop, types[i]);
        if (id) out[count++] = id;
    }
    return count;
}

/* ---- stores of other rooms ---- */

void retention_add_store(struct brand *b, const struct retention_store *s)
{
    struct people *p = brand_module_state(b, &people_module);
    assert(p->store_count < RETENTION_STORES_MAX);
    p->stores[p->store_count++] = s;
}

const struct retention_store *retention_store_of(const struct people *p, struct str name)
{
    for (size_t i = 0; i < p->store_count; i++) {
        if (str_is(name, p->stores[i]->name)) return p->stores[i];
    }
    return NULL;
}

enum err retention_wake(struct tx *tx)
{
    return retention_arm(brand_module_state(tx_brand(tx), &people_module), tx, false);
}

/* ---- reading ---- */

static int by_name(const void *a, const void *b)
{
    const struct retention_class *x = a, *y = b;
    if (x->prop != y->prop) return x->prop ? 1 : -1;
    return x->prop ? str_cmp(x->name, y->name) : 0;
}

static struct str prop_of(const struct retention_class *c)
{
    size_t skip = sizeof(RETENTION_PROPS) - 1;
    return (struct str){c->name.p + skip, c->name.len - skip};
}

/* Every class as nobody has said anything of it, in order. */
static size_t bare_classes(struct brand *b, struct arena *arena, struct retention_class **out)
{
    size_t count = 0, kept = 0;
    uint32_t props = registry_prop_count(b);
    struct retention_class *list = arena_alloc_array(
        arena, props + RETENTION_STORES_MAX + sizeof(row_classes) / sizeof(row_classes[0]),
        sizeof(*list));
    const struct people *p = brand_module_state(b, &people_module);
    const struct retention_class bare = {.purpose = STR(""),
                                         .days_min = 1,
                                         .cleared_to = TIME_NONE,
                                         .changed_at = TIME_NONE,
                                         .changed_by = {NULL, 0}};
    for (const struct row_class *r = row_classes; r->name; r++) {
        list[count] = bare;
        list[count].name = str_of(r->name);
        list[count].table = r->table;
        list[count].days_min = r->days_min;
        list[count++].personal = true;
    }
    for (size_t i = 0; i < p->store_count; i++) {
        list[count] = bare;
        list[count].name = str_of(p->stores[i]->name);
        list[count].table = p->stores[i]->table;
        list[count].days_min = p->stores[i]->days_min;
        list[count].days = p->stores[i]->days;
        list[count++].personal = true;
    }
    size_t rows = count;
    for (uint32_t id = 1; id <= props; id++) {
        enum prop_type type;
        struct str name = registry_prop_name(b, id, &type);
        list[count] = bare;
        list[count].prop = true;
        list[count].built_in = is_built_in(name);
        list[count++].name = str_of(arena_printf(arena, RETENTION_PROPS STR_FMT, STR_ARG(name)));
    }
    qsort(list + rows, count - rows, sizeof(*list), by_name);
    for (size_t i = 0; i < count; i++) { /* a name may be of several types */
        if (kept && str_eq(list[kept - 1].name, list[i].name)) continue;
        list[kept++] = list[i];
    }
    *out = list;
    return kept;
}

static struct retention_class *find(struct retention_class *list, size_t count, struct str name)
{
    for (size_t i = 0; i < count; i++) {
        if (str_eq(list[i].name, name)) return &list[i];
    }
    return NULL;
}

enum err retention_list(struct brand *b, struct sql *db, struct arena *arena,
                        struct retention_class **out, size_t *count)
{
    *count = bare_classes(b, arena, out);
    struct sql_stmt *s = sql_use(db, "SELECT class, days, purpose, personal, cleared_to,"
                                     " changed_at, changed_by FROM retention");
    for (bool row = true;;) {
        TRY(sql_step(s, &row));
        if (!row) return ERR_OK;
        struct retention_class *c = find(*out, *count, sql_str(s, 0));
        if (!c) continue;
        c->days = sql_is_null(s, 1) ? 0 : (int)sql_int(s, 1);
        c->purpose = arena_str(arena, sql_str(s, 2));
        if (c->prop) c->personal = sql_int(s, 3) != 0;
        c->cleared_to = sql_is_null(s, 4) ? TIME_NONE : sql_int(s, 4);
        c->changed_at = sql_int(s, 5);
        c->changed_by = arena_str(arena, sql_str(s, 6));
    }
}

enum err retention_get(struct brand *b, struct sql *db, struct str name, struct arena *arena,
                       struct retention_class *out, struct why *why)
{
    struct retention_class *list, *found;
    size_t count;
    TRY(retention_list(b, db, arena, &list, &count));
    found = find(list, count, name);
    if (!found)
        return why_fail(why, ERR_NOT_FOUND, MSG_NO_RETENTION, "class", STR_FMT, STR_ARG(name));
    *out = *found;
    return ERR_OK;
}

/* ---- what would go ---- */

static enum err count_rows(struct brand *b, struct sql *db, struct str name,
                           struct retention_preview *out)
{
    const struct people *p = brand_module_state(b, &people_module);
    const struct retention_store *store = retention_store_of(p, name);
    if (store) return store->count(b, out->before, &out->values);
    for (const struct row_class *r = row_classes; r->name; r++) {
        if (!str_is(name, r->name)) continue;
        struct sql_stmt *s = sql_use(db, r->count);
        int64_t number;
        sql_bind_int(s, 1, out->before);
        TRY(sql_number(s, 0, &number));
        out->values = (uint64_t)number;
    }
    return ERR_OK;
}

static int by_prop(const void *a, const void *b)
{
    const struct prop_expiry *x = a, *y = b;
    return (x->prop > y->prop) - (x->prop < y->prop);
}

enum err retention_look(struct brand *b, struct sql *db, struct retention_class *c, int days,
                        struct retention_preview *out, struct why *why)
{
    uint32_t ids[3];
    struct prop_expiry items[3];
    uint64_t values[3] = {0};
    struct expired found = {.values = values};
    *out = (struct retention_preview){.before = retention_cutoff(b, env_now(brand_env(b)), days)};
    if (days == 0) return ERR_OK;
    if (!c->prop) return count_rows(b, db, c->name, out);
    struct expiry e = {items, retention_columns(b, prop_of(c), ids)};
    for (size_t i = 0; i < e.count; i++)
        items[i] = (struct prop_expiry){ids[i], out->before};
    if (e.count) qsort(items, e.count, sizeof(items[0]), by_prop);
    TRY(brand_expired(b, &e, NULL, &found, why));
    for (size_t i = 0; i < e.count; i++)
        out->values += values[i];
    out->parts = found.parts;
    return ERR_OK;
}

/* ---- setting ---- */

enum err retention_next(struct sql *db, int64_t *at)
{
    struct sql_stmt *s =
        sql_use(db, "SELECT due_at FROM timer WHERE module = 'people' AND kind = $1");
    sql_bind_int(s, 1, TIMER_PURGE);
    return sql_number(s, TIME_NONE, at);
}

enum err retention_arm(struct people *p, struct tx *tx, bool anew)
{
    const struct zone *z = brand_zone(p->brand);
    int64_t set, at = zone_day_start(z, zone_day(z, tx_now(tx))) + NIGHT_MS;
    bool limited;
    struct sql_stmt *s =
        sql_use(tx_sql(tx), "SELECT 1 FROM retention WHERE days IS NOT NULL LIMIT 1");
    TRY(sql_step(s, &limited));
    if (limited) sql_reset(s);
    for (size_t i = 0; i < p->store_count; i++)
        limited |= p->stores[i]->any(p->brand);
    if (!limited) return timer_clear(tx, &people_module, TIMER_PURGE, 0);
    TRY(retention_next(tx_sql(tx), &set));
    if (set != TIME_NONE && !anew) return ERR_OK;
    if (at <= tx_now(tx)) at = zone_day_start(z, zone_day(z, tx_now(tx)) + 1) + NIGHT_MS;
    return timer_set(tx, &people_module, TIMER_PURGE, 0, at);
}

static enum err check(const struct retention_class *known, const struct retention_class *wanted,
                      struct why *why)
{
    if (wanted->days == 0) return ERR_OK;
    if (known->built_in)
        return why_fail(why, ERR_INVALID, MSG_RETENTION_FOLDED, "days", STR_FMT,
                        STR_ARG(known->name));
    if (wanted->days >= known->days_min && wanted->days <= LIMIT_RETENTION_DAYS) return ERR_OK;
    return why_fail(why, ERR_INVALID, MSG_OUT_OF_RANGE, "days", "%d|%d|%d", wanted->days,
                    known->days_min, LIMIT_RETENTION_DAYS);
}

static enum err run_set(struct tx *tx, void *arg, struct why *why)
{
    const struct retention_class *wanted = arg;
    struct people *p = brand_module_state(tx_brand(tx), &people_module);
    struct retention_class known = {.days = 0};
    TRY(retention_get(p->brand, tx_sql(tx), wanted->name, tx_arena(tx), &known, why));
    TRY(check(&known, wanted, why));
    struct sql_stmt *s = sql_use(
        tx_sql(tx), "INSERT INTO retention (class, days, purpose, personal, cleared_to, changed_at,"
                    " changed_by) VALUES ($1, $2, $3, $4, NULL, $5, $6) ON CONFLICT (class)"
                    " DO UPDATE SET days = excluded.days, purpose = excluded.purpose,"
                    " personal = excluded.personal, cleared_to = NULL,"
                    " changed_at = excluded.changed_at, changed_by = excluded.changed_by");
    sql_bind_str(s, 1, wanted->name);
    if (wanted->days) sql_bind_int(s, 2, wanted->days);
    if (!wanted->days) sql_bind_null(s, 2);
    sql_bind_str(s, 3, known.prop && wanted->purpose.p ? wanted->purpose : STR(""));
    sql_bind_int(s, 4, known.prop ? wanted->personal : 1);
    sql_bind_int(s, 5, tx_now(tx));
    sql_bind_str(s, 6, wanted->changed_by);
    TRY(sql_run(s));
    return retention_arm(p, tx, false);
}

enum err retention_set(struct brand *b, const struct retention_class *c, struct why *why)
{
    struct retention_class copy = *c;
    return brand_call(b, run_set, &copy, false, why);
}
