/* unanswered.c - messages of the last days, by group and time; then asking.c group by group. */
#include "groups/unanswered.h"

#include <math.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/map.h"
#include "base/vec.h"
#include "groups/asking.h"
#include "groups/role.h"
#include "groups/wanted.h"

enum prop { PROP_QUESTION, PROP_PROMOTION, PROP_JOINS, PROPS };
static const struct wanted_prop props[PROPS] = {
    {"question", PROP_BOOL}, {"promotion", PROP_BOOL}, {"joins", PROP_BOOL}};

struct row {
    uint32_t group;
    uint32_t order; /* as it came: of one member at one moment the order of the log */
    struct asking_message said;
};

struct pass {
    const struct unanswered_ask *ask;
    int kind_message;
    int64_t from;
    struct columns columns;
    enum prop_type types[PROPS];
    int column_of[PROPS]; /* place among the run's properties; -1 = no such property */
    VEC(struct row) rows;
    bool full;
};

/* ---- the log ---- */

static bool is_set(const struct pass *p, const struct history *h, enum prop prop, uint32_t r)
{
    int at = p->column_of[prop];
    if (at < 0) return false;
    double v = h->props[at].number[r];
    return !isnan(v) && v != 0;
}

static void add_row(struct pass *p, const struct history *h, uint32_t member, uint32_t r)
{
    uint32_t group = h->dim[DIM_GROUP][r];
    if (h->kind[r] != p->kind_message || group == 0) return;
    if (h->at[r] < p->from || h->at[r] > p->ask->now) return;
    if (p->ask->group && group != p->ask->group) return;
    if (p->rows.count == UNANSWERED_MESSAGES) {
        p->full = true;
        return;
    }
    bool staff = h->dim[DIM_STAFF][r] != 0;
    struct row row = {.group = group,
                      .order = (uint32_t)p->rows.count,
                      .said = {.at = h->at[r],
                               .member = member,
                               .other = h->other[r],
                               .side = staff ? ASKING_STAFF : ASKING_MEMBER,
                               .question = is_set(p, h, PROP_QUESTION, r),
                               .promotion = is_set(p, h, PROP_PROMOTION, r),
                               .joins = is_set(p, h, PROP_JOINS, r)}};
    VEC_PUSH(&p->rows, row);
}

static bool add_run(void *worker, const struct history *h)
{
    struct pass *p = worker;
    for (uint32_t i = 0; i < h->member_count && !p->full; i++) {
        for (uint32_t r = h->off[i]; r < h->off[i + 1]; r++)
            add_row(p, h, h->member[i], r);
    }
    return !p->full;
}

static enum err read_rows(struct pass *p, struct why *why)
{
    const struct unanswered_ask *ask = p->ask;
    uint16_t kind = (uint16_t)p->kind_message;
    if (p->kind_message <= 0) return ERR_OK; /* nobody ever said anything */
    p->columns.mask = COLUMN_DIM0 << DIM_GROUP | COLUMN_DIM0 << DIM_STAFF | COLUMN_OTHER;
    wanted_props(ask->brand, props, PROPS, &p->columns, p->types, p->column_of);
    struct scan s = {.columns = &p->columns,
                     .prop_types = p->types,
                     .from = p->from,
                     .to = ask->now + 1,
                     .kinds = &kind,
                     .kind_count = 1};
    struct budget own = {.bytes_left = LIMIT_QUERY_MEMORY};
    void *worker = p;
    struct snapshot *snapshot = brand_snapshot(ask->brand);
    enum err err =
        eventlog_scan(snapshot, &s, &worker, 1, add_run, ask->budget ? ask->budget : &own, why);
    brand_snapshot_release(snapshot);
    if (p->full) return why_fail(why, ERR_TOO_LARGE, MSG_TOO_MANY, "", "%d", UNANSWERED_MESSAGES);
    return err;
}

static int by_group_and_time(const void *a, const void *b)
{
    const struct row *x = a, *y = b;
    if (x->group != y->group) return x->group < y->group ? -1 : 1;
    if (x->said.at != y->said.at) return x->said.at < y->said.at ? -1 : 1;
    if (x->said.member != y->said.member) return x->said.member < y->said.member ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

/* ---- one group ---- */

struct answers {
    struct arena *arena;
    const struct persona_map *personas;
    VEC(struct unanswered) found;
};

/* What people have said of the accounts. */
static enum err set_sides(const struct pass *p, struct answers *x, uint32_t group,
                          struct asking_message *messages, size_t count)
{
    struct group_role *roles;
    size_t role_count;
    uint64_t side;
    TRY(groups_roles(p->ask->db, group, x->arena, &roles, &role_count));
    struct intmap *sides = intmap_create();
    for (size_t i = 0; i < role_count; i++) {
        uint32_t member = persona_map_member(x->personas, roles[i].persona);
        if (roles[i].role == ACCOUNT_STAFF) intmap_put(sides, member, ASKING_STAFF);
        if (roles[i].role == ACCOUNT_BOT) intmap_put(sides, member, ASKING_BOT);
    }
    for (size_t i = 0; i < count; i++) {
        if (intmap_get(sides, messages[i].member, &side)) messages[i].side = (uint8_t)side;
    }
    intmap_destroy(sides);
    return ERR_OK;
}

static void keep(const struct pass *p, struct answers *x, uint32_t group,
                 const struct asking_message *messages, const struct asking_open *open)
{
    const struct asking_place place = {brand_zone(p->ask->brand), brand_hours(p->ask->brand)};
    const struct asking_message *m = &messages[open->message];
    int64_t waited = asking_waited(&place, open->clock, p->ask->now);
    if (waited < p->ask->waited_ms) return;
    if (p->ask->only && !idset_has(p->ask->only, m->member)) return;
    struct unanswered u = {.group = group,
                           .member = m->member,
                           .at = m->at,
                           .clock = open->clock,
                           .waited_ms = waited,
                           .joined = open->joined};
    VEC_PUSH(&x->found, u);
}

static enum err look_at_group(const struct pass *p, struct answers *x, size_t from, size_t to)
{
    const struct asking_place place = {brand_zone(p->ask->brand), brand_hours(p->ask->brand)};
    uint32_t group = p->rows.items[from].group;
    struct asking_message *messages = arena_alloc_array(x->arena, to - from, sizeof(*messages));
    struct asking_open *open;
    for (size_t i = from; i < to; i++)
        messages[i - from] = p->rows.items[i].said;
    TRY(set_sides(p, x, group, messages, to - from));
    size_t count = asking_find(&place, messages, to - from, x->arena, &open);
    for (size_t i = 0; i < count; i++)
        keep(p, x, group, messages, &open[i]);
    return ERR_OK;
}

static int longest_first(const void *a, const void *b)
{
    const struct unanswered *x = a, *y = b;
    if (x->clock != y->clock) return x->clock < y->clock ? -1 : 1;
    if (x->at != y->at) return x->at < y->at ? -1 : 1;
    if (x->group != y->group) return x->group < y->group ? -1 : 1;
    return x->member < y->member ? -1 : x->member > y->member;
}

static enum err look_at_groups(const struct pass *p, struct answers *x, struct why *why)
{
    const struct row *rows = p->rows.items;
    for (size_t from = 0, to; from < p->rows.count; from = to) {
        for (to = from; to < p->rows.count && rows[to].group == rows[from].group;)
            to++;
        struct arena_mark mark = arena_mark(x->arena);
        enum err err = look_at_group(p, x, from, to);
        arena_rewind(x->arena, mark);
        if (err != ERR_OK) return why_fail(why, err, MSG_INTERNAL, "", NULL);
    }
    return ERR_OK;
}

enum err unanswered_read(const struct unanswered_ask *ask, struct arena *arena,
                         struct unanswered **out, size_t *count, struct why *why)
{
    struct pass p = {.ask = ask,
                     .kind_message = registry_find_kind(ask->brand, STR("message.sent")),
                     .from = ask->now - UNANSWERED_DAYS * TIME_DAY};
    struct answers x = {.arena = arena};
    enum err err = read_rows(&p, why);
    if (err == ERR_OK && p.rows.count) {
        qsort(p.rows.items, p.rows.count, sizeof(p.rows.items[0]), by_group_and_time);
        struct snapshot *s = brand_snapshot(ask->brand);
        x.personas = s->personas;
        err = look_at_groups(&p, &x, why);
        brand_snapshot_release(s);
    }
    if (err == ERR_OK) {
        *count = x.found.count;
        *out = arena_alloc_array(arena, *count + 1, sizeof(**out));
        if (*count) memcpy(*out, x.found.items, *count * sizeof(**out));
        if (*count) qsort(*out, *count, sizeof(**out), longest_first);
    }
    VEC_FINISH(&x.found);
    VEC_FINISH(&p.rows);
    return err;
}
