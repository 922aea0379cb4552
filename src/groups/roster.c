/* roster.c - one pass over joins, leaves and messages of all groups: of the one asked about they
 * are kept, of others only whether the member is in there now.
 *
 * A member's rows come in order of time, so that a stay is one state: in or out. Leaving without
 * having joined counts for nothing, joining twice once. Changes of the number of members are noted
 * by day and added up at the end. */
#include "groups/roster.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/vec.h"
#include "groups/wanted.h"

const char *const join_way_names[JOIN_WAYS] = {"unknown", "invited", "scanned", "spoke"};

/* Whether the member at hand is in another group. */
struct elsewhere {
    uint32_t group;
    bool in;
};

enum { PROP_INFERRED, PROP_TYPE, PROP_PROMOTION, PROPS };
static const struct wanted_prop props[PROPS] = {
    {"inferred", PROP_BOOL}, {"type", PROP_TEXT}, {"promotion", PROP_BOOL}};

struct pass {
    const struct roster_ask *ask;
    int kind_joined, kind_left, kind_message;
    int64_t recent_from;
    int prop[PROPS]; /* place among the columns; -1 = the brand has none */
    VEC(struct elsewhere) elsewhere;
    VEC(struct group_stay) stays;
    struct roster *out;
    struct group_day *days; /* [day_count] of out */
    int64_t before;         /* members at the end of the day before the first */
    int32_t spoke_day;      /* the day on which the member at hand was last counted */
    bool too_many;
};

static const struct prop_column *column(const struct pass *p, const struct history *h, int prop)
{
    return p->prop[prop] < 0 ? NULL : &h->props[p->prop[prop]];
}

static bool flag_of(const struct pass *p, const struct history *h, int prop, uint32_t r)
{
    const struct prop_column *c = column(p, h, prop);
    return c && c->number[r] == 1.0;
}

static bool is_link(const struct pass *p, const struct history *h, uint32_t r)
{
    const struct prop_column *c = column(p, h, PROP_TYPE);
    if (flag_of(p, h, PROP_PROMOTION, r)) return true;
    if (!c || !c->text[r]) return false;
    struct str type = c->strings[c->text[r]];
    return str_is(type, "link") || str_is(type, "card");
}

static struct group_day *day_of(struct pass *p, int64_t at)
{
    int32_t day = zone_day(brand_zone(p->ask->brand), at);
    if (day < p->ask->from_day || day > p->ask->to_day) return NULL;
    return &p->days[day - p->ask->from_day];
}

/* One more or less from then on. */
static void shift(struct pass *p, int64_t at, bool in)
{
    struct group_day *d = day_of(p, at);
    if (d) {
        d->joined += in;
        d->left += !in;
    } else if (zone_day(brand_zone(p->ask->brand), at) < p->ask->from_day) {
        p->before += in ? 1 : -1;
    }
}

static void join(struct pass *p, struct group_stay *s, const struct history *h, uint32_t r)
{
    if (!s->in) shift(p, h->at[r], true);
    if (s->in && s->joined_at != TIME_NONE) return;
    s->in = true;
    s->joined_at = h->at[r];
    s->left_at = TIME_NONE;
    s->inviter = h->other[r];
    s->touchpoint = h->dim[DIM_TOUCHPOINT][r];
    s->way = JOIN_UNKNOWN;
    if (s->touchpoint) s->way = JOIN_SCANNED;
    if (s->inviter) s->way = JOIN_INVITED;
    if (flag_of(p, h, PROP_INFERRED, r)) s->way = JOIN_SPOKE;
}

static void leave(struct pass *p, struct group_stay *s, int64_t at)
{
    if (s->in) shift(p, at, false);
    s->in = false;
    s->left_at = at;
}

static void speak(struct pass *p, struct group_stay *s, const struct history *h, uint32_t r)
{
    bool recent = h->at[r] >= p->recent_from;
    struct group_day *d = day_of(p, h->at[r]);
    s->messages++;
    s->recent_messages += recent;
    s->links += recent && is_link(p, h, r);
    s->last_message_at = h->at[r];
    if (!d) return;
    d->messages++;
    d->speakers += d->day != p->spoke_day;
    p->spoke_day = d->day;
}

static void move_elsewhere(struct pass *p, uint32_t group, bool in)
{
    for (size_t i = 0; i < p->elsewhere.count; i++) {
        if (p->elsewhere.items[i].group != group) continue;
        p->elsewhere.items[i].in = in;
        return;
    }
    VEC_PUSH(&p->elsewhere, ((struct elsewhere){group, in}));
}

static void add_row(struct pass *p, struct group_stay *s, const struct history *h, uint32_t r)
{
    int kind = h->kind[r];
    uint32_t group = h->dim[DIM_GROUP][r];
    if (h->at[r] > p->ask->now || !group) return;
    if (group != p->ask->group) {
        if (kind == p->kind_joined || kind == p->kind_left)
            move_elsewhere(p, group, kind == p->kind_joined);
        return;
    }
    if (kind == p->kind_joined) join(p, s, h, r);
    if (kind == p->kind_left) leave(p, s, h->at[r]);
    if (kind == p->kind_message) speak(p, s, h, r);
}

static void add_member(struct pass *p, const struct history *h, uint32_t i)
{
    struct group_stay s = {.member = h->member[i],
                           .joined_at = TIME_NONE,
                           .left_at = TIME_NONE,
                           .last_message_at = TIME_NONE};
    VEC_RESET(&p->elsewhere);
    p->spoke_day = INT32_MIN;
    for (uint32_t r = h->off[i]; r < h->off[i + 1]; r++)
        add_row(p, &s, h, r);
    if (s.joined_at == TIME_NONE && s.left_at == TIME_NONE && s.messages == 0) return;
    s.groups = s.in;
    for (size_t k = 0; k < p->elsewhere.count; k++)
        s.groups += p->elsewhere.items[k].in;
    VEC_PUSH(&p->stays, s);
    p->too_many = p->stays.count > LIMIT_GROUP_STAYS;
}

/* Staff have no member. */
static void add_staff(struct pass *p, const struct history *h, uint32_t i)
{
    for (uint32_t r = h->off[i]; r < h->off[i + 1]; r++) {
        if (h->kind[r] != p->kind_message || h->dim[DIM_GROUP][r] != p->ask->group) continue;
        if (h->at[r] > p->ask->now) continue;
        struct group_day *d = day_of(p, h->at[r]);
        if (d) d->messages++;
        p->out->staff_messages += h->at[r] >= p->recent_from && h->dim[DIM_STAFF][r];
    }
}

static bool add_run(void *worker, const struct history *h)
{
    struct pass *p = worker;
    for (uint32_t i = 0; i < h->member_count && !p->too_many; i++) {
        if (h->member[i]) {
            add_member(p, h, i);
        } else {
            add_staff(p, h, i);
        }
    }
    return !p->too_many;
}

/* ---- the scan ---- */

static enum err run_scan(struct pass *p, struct why *why)
{
    uint16_t kinds[3];
    size_t kind_count = 0;
    const int wanted[] = {p->kind_joined, p->kind_left, p->kind_message};
    struct columns columns = {.mask = COLUMN_OTHER | COLUMN_DIM0 << DIM_GROUP |
                                      COLUMN_DIM0 << DIM_TOUCHPOINT | COLUMN_DIM0 << DIM_STAFF};
    enum prop_type types[PROPS];
    struct budget own = {.bytes_left = LIMIT_QUERY_MEMORY};
    for (int i = 0; i < 3; i++) {
        if (wanted[i] > 0) kinds[kind_count++] = (uint16_t)wanted[i];
    }
    if (kind_count == 0) return ERR_OK;
    wanted_props(p->ask->brand, props, PROPS, &columns, types, p->prop);
    struct scan scan = {.columns = &columns,
                        .prop_types = types,
                        .to = INT64_MAX,
                        .kinds = kinds,
                        .kind_count = kind_count};
    void *worker = p;
    struct snapshot *snapshot = brand_snapshot(p->ask->brand);
    struct budget *budget = p->ask->budget ? p->ask->budget : &own;
    enum err err = eventlog_scan(snapshot, &scan, &worker, 1, add_run, budget, why);
    brand_snapshot_release(snapshot);
    if (err == ERR_CANCELLED && p->too_many)
        return why_fail(why, ERR_TOO_LARGE, MSG_TOO_MANY, "", "%d", LIMIT_GROUP_STAYS);
    return err;
}

/* ---- the result ---- */

static int by_member(const void *a, const void *b)
{
    const struct group_stay *x = a, *y = b;
    return (x->member > y->member) - (x->member < y->member);
}

static void settle(struct pass *p)
{
    struct roster *out = p->out;
    int64_t members = p->before;
    for (size_t i = 0; i < out->day_count; i++) {
        members += (int64_t)p->days[i].joined - p->days[i].left;
        p->days[i].members = (uint32_t)(members > 0 ? members : 0);
    }
    out->days = p->days;
    if (p->stays.count) qsort(p->stays.items, p->stays.count, sizeof(p->stays.items[0]), by_member);
    out->stays = arena_copy(p->ask->arena, p->stays.items, p->stays.count * sizeof(*out->stays));
    out->count = p->stays.count;
    for (size_t i = 0; i < out->count; i++) {
        const struct group_stay *s = &out->stays[i];
        out->members += s->in;
        out->silent += s->in && s->recent_messages == 0;
        out->several += s->in && s->groups > 1;
    }
}

enum err roster_read(const struct roster_ask *ask, struct roster *out, struct why *why)
{
    struct brand *b = ask->brand;
    struct pass p = {
        .ask = ask,
        .kind_joined = registry_find_kind(b, STR("group.joined")),
        .kind_left = registry_find_kind(b, STR("group.left")),
        .kind_message = registry_find_kind(b, STR("message.sent")),
        .recent_from = ask->now - GROUP_RECENT_DAYS * TIME_DAY,
        .out = out,
    };
    *out = (struct roster){0};
    int64_t days = (int64_t)ask->to_day - ask->from_day + 1;
    if (days > ROSTER_DAYS_MAX)
        return why_fail(why, ERR_TOO_LARGE, MSG_TOO_MANY, "from", "%d", ROSTER_DAYS_MAX);
    out->day_count = days > 0 ? (size_t)days : 0;
    p.days = arena_alloc_array(ask->arena, out->day_count + 1, sizeof(*p.days));
    for (size_t i = 0; i < out->day_count; i++)
        p.days[i] = (struct group_day){.day = ask->from_day + (int32_t)i};
    enum err err = run_scan(&p, why);
    if (err == ERR_OK) settle(&p);
    VEC_FINISH(&p.elsewhere);
    VEC_FINISH(&p.stays);
    return err;
}

/* ---- proposals ---- */

static uint32_t number_of(const struct group_stay *s, enum proposal_reason reason)
{
    return reason == PROPOSED_TOP ? s->recent_messages : s->links;
}

/* The highest but 'but'; 0 = there is none. */
static const struct group_stay *highest(const struct roster *r, enum proposal_reason reason,
                                        const struct group_stay *but)
{
    const struct group_stay *best = NULL;
    for (size_t i = 0; i < r->count; i++) {
        const struct group_stay *s = &r->stays[i];
        if (s == but || number_of(s, reason) == 0) continue;
        if (!best || number_of(s, reason) > number_of(best, reason)) best = s;
    }
    return best;
}

size_t roster_propose(const struct roster *r, struct role_proposal out[PROPOSALS_MAX])
{
    static const uint32_t least[] = {PROPOSED_MESSAGES, PROPOSED_LINKS_MIN};
    size_t count = 0;
    for (int reason = PROPOSED_TOP; reason <= PROPOSED_LINKS; reason++) {
        uint32_t all = 0;
        for (size_t i = 0; i < r->count; i++)
            all += number_of(&r->stays[i], (enum proposal_reason)reason);
        const struct group_stay *first = highest(r, (enum proposal_reason)reason, NULL);
        if (!first || number_of(first, (enum proposal_reason)reason) < least[reason]) continue;
        uint32_t most = number_of(first, (enum proposal_reason)reason);
        out[count++] =
            (struct role_proposal){first->member, (enum proposal_reason)reason, most, all};
        const struct group_stay *second = highest(r, (enum proposal_reason)reason, first);
        uint32_t next = second ? number_of(second, (enum proposal_reason)reason) : 0;
        if (next < least[reason] || 2 * next < most) continue;
        out[count++] =
            (struct role_proposal){second->member, (enum proposal_reason)reason, next, all};
    }
    return count;
}
