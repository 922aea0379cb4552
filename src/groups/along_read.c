/* along_read.c - two passes over the log: what was promoted and said of a thing that has a name;
 * and who paid for that, and who was where it was promoted.
 *
 * Orders are the brand's many, what is said of named things is little: the second pass keeps the
 * orders of things that the first has seen. Who is of staff or a bot in a group is left out at the
 * end, when the groups are known. */
#include <stdlib.h>

#include "base/limits.h"
#include "base/vec.h"
#include "groups/along.h"
#include "groups/role.h"
#include "groups/wanted.h"

enum {
    KIND_MESSAGE,
    KIND_SHARE,
    KIND_TESTIMONIAL,
    KIND_PAID,
    KIND_CAMPAIGN,
    KIND_JOIN,
    KIND_LEAVE
};
static const char *const kind_names[] = {"message.sent", "content.shared",  "testimonial.submitted",
                                         "order.paid",   "campaign.joined", "group.joined",
                                         "group.left"};
enum { KINDS = sizeof(kind_names) / sizeof(kind_names[0]), FIRST_PASS = KIND_PAID };

enum prop { PROP_PRODUCT, PROP_PROMOTION, PROP_SIGNUP, PROPS };
static const struct wanted_prop props[PROPS] = {
    {"product", PROP_TEXT}, {"promotion", PROP_BOOL}, {"signup", PROP_BOOL}};

/* Account of a group that is no member of it. */
struct other {
    uint32_t group, member;
    bool staff; /* else a bot */
};

struct pass {
    struct brand *brand;
    struct sql *db;
    uint32_t group;
    int64_t from, to;
    int kinds[KINDS]; /* <= 0 = the brand has none of it */
    struct columns columns;
    enum prop_type types[PROPS];
    int column_of[PROPS]; /* place among the run's; -1 = the brand has no such property */
    struct arena *arena;
    bool *offered;        /* [group codes + 1] the asked one, and where something was promoted */
    uint32_t group_count; /* codes there are */
    VEC(struct along_act) acts;
    VEC(struct along_offer) offers;
    VEC(struct along_deal) deals;
    VEC(struct along_move) moves;
    VEC(struct along_thing) things; /* that were promoted or spoken of, each once, in order */
    VEC(struct other) others;       /* by group, member */
    bool second;
    bool full; /* over the limit */
};

/* ---- rows ---- */

static bool says(const struct pass *p, const struct history *h, enum prop prop, uint32_t r)
{
    int at = p->column_of[prop];
    return at >= 0 && h->props[at].number[r] == 1;
}

/* Borrowed from the run. */
static struct along_thing thing_of(const struct pass *p, const struct history *h, uint32_t r)
{
    struct along_thing t = {.campaign = h->dim[DIM_CAMPAIGN][r]};
    int at = p->column_of[PROP_PRODUCT];
    if (at >= 0 && h->props[at].text[r]) t.product = h->props[at].strings[h->props[at].text[r]];
    return t;
}

static int by_thing(const void *a, const void *b)
{
    const struct along_thing *x = a, *y = b;
    if (x->campaign != y->campaign) return x->campaign < y->campaign ? -1 : 1;
    return str_cmp(x->product, y->product);
}

/* A campaign and a product are two things to look for. */
static bool is_known(const struct pass *p, const struct along_thing *t)
{
    const struct along_thing halves[] = {{.campaign = t->campaign}, {.product = t->product}};
    for (int i = 0; i < 2 && p->things.count; i++) {
        if (!halves[i].campaign && !halves[i].product.len) continue;
        if (bsearch(&halves[i], p->things.items, p->things.count, sizeof(halves[i]), by_thing))
            return true;
    }
    return false;
}

/* Either is told of something that has a name. */
static void add_said(struct pass *p, const struct history *h, uint32_t member, uint32_t r)
{
    struct along_thing about = thing_of(p, h, r);
    uint32_t group = h->dim[DIM_GROUP][r];
    bool message = h->kind[r] == p->kinds[KIND_MESSAGE];
    bool offer = message && says(p, h, PROP_PROMOTION, r);
    if (!group || (!about.campaign && !about.product.len) || (!member && !offer)) return;
    about.product = arena_str(p->arena, about.product);
    if (offer) VEC_PUSH(&p->offers, ((struct along_offer){h->at[r], group, member, about}));
    if (!member) return;
    enum along_what what = h->kind[r] == p->kinds[KIND_SHARE]         ? ALONG_SHARE
                           : h->kind[r] == p->kinds[KIND_TESTIMONIAL] ? ALONG_TESTIMONIAL
                           : says(p, h, PROP_SIGNUP, r)               ? ALONG_SIGNUP
                                                                      : ALONG_MESSAGE;
    VEC_PUSH(&p->acts, ((struct along_act){h->at[r], member, group, about, (uint8_t)what}));
}

static void add_deal(struct pass *p, const struct history *h, uint32_t member, uint32_t r)
{
    struct along_deal d = {.at = h->at[r],
                           .member = member,
                           .group = h->dim[DIM_GROUP][r],
                           .joined = h->kind[r] == p->kinds[KIND_CAMPAIGN],
                           .about = thing_of(p, h, r)};
    if (!member || !is_known(p, &d.about)) return;
    d.about.product = arena_str(p->arena, d.about.product);
    VEC_PUSH(&p->deals, d);
}

static void add_row(struct pass *p, const struct history *h, uint32_t member, uint32_t r)
{
    int kind = h->kind[r];
    int64_t at = h->at[r];
    uint32_t group = h->dim[DIM_GROUP][r];
    bool moves = kind == p->kinds[KIND_JOIN] || kind == p->kinds[KIND_LEAVE];
    if (at >= p->to || (!moves && at < p->from - ALONG_TIME)) return;
    if (!p->second) {
        for (int k = 0; k < FIRST_PASS; k++) {
            if (kind == p->kinds[k]) add_said(p, h, member, r);
        }
    } else if (moves) {
        if (member && group <= p->group_count && p->offered[group])
            VEC_PUSH(&p->moves,
                     ((struct along_move){at, member, group, r, kind == p->kinds[KIND_JOIN]}));
    } else if (kind == p->kinds[KIND_PAID] || kind == p->kinds[KIND_CAMPAIGN]) {
        add_deal(p, h, member, r);
    }
}

static bool add_run(void *worker, const struct history *h)
{
    struct pass *p = worker;
    for (uint32_t i = 0; i < h->member_count && !p->full; i++) {
        for (uint32_t r = h->off[i]; r < h->off[i + 1]; r++)
            add_row(p, h, h->member[i], r);
        p->full =
            p->acts.count + p->offers.count + p->deals.count + p->moves.count > LIMIT_TALK_MESSAGES;
    }
    return !p->full;
}

/* ---- the passes ---- */

static enum err scan(struct snapshot *snapshot, struct pass *p, struct why *why)
{
    uint16_t kinds[KINDS];
    size_t count = 0;
    for (int k = p->second ? FIRST_PASS : 0; k < (p->second ? KINDS : FIRST_PASS); k++) {
        if (p->kinds[k] > 0) kinds[count++] = (uint16_t)p->kinds[k];
    }
    struct scan s = {.columns = &p->columns,
                     .prop_types = p->types,
                     .from = p->second ? 0 : p->from - ALONG_TIME,
                     .to = p->to,
                     .kinds = kinds,
                     .kind_count = count,
                     .members_only = p->second};
    struct budget budget = {.bytes_left = LIMIT_QUERY_MEMORY};
    void *worker = p;
    if (count == 0) return ERR_OK;
    enum err err = eventlog_scan(snapshot, &s, &worker, 1, add_run, &budget, why);
    if (!p->full) return err;
    return why_fail(why, ERR_TOO_LARGE, MSG_TOO_MANY, "messages", "%d", LIMIT_TALK_MESSAGES);
}

static void know(struct pass *p, const struct along_thing *t)
{
    if (t->campaign) VEC_PUSH(&p->things, ((struct along_thing){.campaign = t->campaign}));
    if (t->product.len) VEC_PUSH(&p->things, ((struct along_thing){.product = t->product}));
}

/* What the second pass keeps: things of which something was said, groups in which. */
static void look_for(struct pass *p)
{
    size_t kept = 0;
    for (size_t i = 0; i < p->acts.count; i++)
        know(p, &p->acts.items[i].about);
    for (size_t i = 0; i < p->offers.count; i++)
        know(p, &p->offers.items[i].about);
    if (p->things.count)
        qsort(p->things.items, p->things.count, sizeof(p->things.items[0]), by_thing);
    for (size_t i = 0; i < p->things.count; i++) {
        if (kept && by_thing(&p->things.items[kept - 1], &p->things.items[i]) == 0) continue;
        p->things.items[kept++] = p->things.items[i];
    }
    p->things.count = kept;
    p->group_count = registry_code_count(p->brand, DIM_GROUP);
    p->offered = arena_alloc_array(p->arena, p->group_count + 1, sizeof(*p->offered));
    p->offered[p->group] = true;
    for (size_t i = 0; i < p->offers.count; i++) {
        if (p->offers.items[i].group <= p->group_count) p->offered[p->offers.items[i].group] = true;
    }
}

/* ---- staff and bots ---- */

static int by_group_member(const void *a, const void *b)
{
    const struct other *x = a, *y = b;
    if (x->group != y->group) return x->group < y->group ? -1 : 1;
    return x->member < y->member ? -1 : x->member > y->member;
}

static enum err read_others(struct pass *p, const struct persona_map *map)
{
    for (uint32_t g = 1; g <= p->group_count; g++) {
        struct group_role *roles;
        size_t count;
        if (!p->offered[g]) continue;
        TRY(groups_roles(p->db, g, p->arena, &roles, &count));
        for (size_t i = 0; i < count; i++) {
            if (roles[i].role != ACCOUNT_STAFF && roles[i].role != ACCOUNT_BOT) continue;
            struct other o = {g, persona_map_member(map, roles[i].persona),
                              roles[i].role == ACCOUNT_STAFF};
            VEC_PUSH(&p->others, o);
        }
    }
    if (p->others.count)
        qsort(p->others.items, p->others.count, sizeof(p->others.items[0]), by_group_member);
    return ERR_OK;
}

static const struct other *find_other(const struct pass *p, uint32_t group, uint32_t member)
{
    const struct other key = {.group = group, .member = member};
    if (!p->others.count) return NULL;
    return bsearch(&key, p->others.items, p->others.count, sizeof(key), by_group_member);
}

/* They are in no group, so that what they buy counts for nothing; and nobody else promotes. */
static void leave_out_others(struct pass *p)
{
    size_t acts = 0, moves = 0, offers = 0;
    for (size_t i = 0; i < p->acts.count; i++) {
        const struct along_act *a = &p->acts.items[i];
        if (!find_other(p, a->group, a->member)) p->acts.items[acts++] = *a;
    }
    for (size_t i = 0; i < p->moves.count; i++) {
        const struct along_move *m = &p->moves.items[i];
        if (!find_other(p, m->group, m->member)) p->moves.items[moves++] = *m;
    }
    for (size_t i = 0; i < p->offers.count; i++) {
        const struct along_offer *o = &p->offers.items[i];
        const struct other *who = o->member ? find_other(p, o->group, o->member) : NULL;
        if (!o->member || (who && who->staff)) p->offers.items[offers++] = *o;
    }
    p->offers.count = offers;
    p->acts.count = acts;
    p->moves.count = moves;
}

/* ---- the result ---- */

static int act_by_time(const void *a, const void *b)
{
    const struct along_act *x = a, *y = b;
    if (x->at != y->at) return x->at < y->at ? -1 : 1;
    return x->member < y->member ? -1 : x->member > y->member;
}

static int deal_by_time(const void *a, const void *b)
{
    const struct along_deal *x = a, *y = b;
    if (x->at != y->at) return x->at < y->at ? -1 : 1;
    return x->member < y->member ? -1 : x->member > y->member;
}

static int offer_by_time(const void *a, const void *b)
{
    const struct along_offer *x = a, *y = b;
    if (x->at != y->at) return x->at < y->at ? -1 : 1;
    return x->group < y->group ? -1 : x->group > y->group;
}

static int move_by_place(const void *a, const void *b)
{
    const struct along_move *x = a, *y = b;
    if (x->group != y->group) return x->group < y->group ? -1 : 1;
    if (x->member != y->member) return x->member < y->member ? -1 : 1;
    if (x->at != y->at) return x->at < y->at ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

static void *sorted(struct pass *p, void *items, size_t count, size_t size,
                    int (*compare)(const void *, const void *))
{
    if (count) qsort(items, count, size, compare);
    return arena_copy(p->arena, items, count * size);
}

static void hand_out(struct pass *p, struct along_ask *out)
{
    *out = (struct along_ask){.group = p->group,
                              .from = p->from,
                              .to = p->to,
                              .act_count = (uint32_t)p->acts.count,
                              .deal_count = (uint32_t)p->deals.count,
                              .offer_count = (uint32_t)p->offers.count,
                              .move_count = (uint32_t)p->moves.count};
    out->acts = sorted(p, p->acts.items, p->acts.count, sizeof(p->acts.items[0]), act_by_time);
    out->deals = sorted(p, p->deals.items, p->deals.count, sizeof(p->deals.items[0]), deal_by_time);
    out->offers =
        sorted(p, p->offers.items, p->offers.count, sizeof(p->offers.items[0]), offer_by_time);
    out->moves =
        sorted(p, p->moves.items, p->moves.count, sizeof(p->moves.items[0]), move_by_place);
}

static enum err read(struct pass *p, struct why *why)
{
    struct snapshot *snapshot = brand_snapshot(p->brand);
    enum err err = scan(snapshot, p, why);
    if (err == ERR_OK) {
        look_for(p);
        p->second = true;
        err = scan(snapshot, p, why);
    }
    if (err == ERR_OK && read_others(p, snapshot->personas) != ERR_OK)
        err = why_fail(why, ERR_STORE, MSG_INTERNAL, "", NULL);
    brand_snapshot_release(snapshot);
    return err;
}

enum err along_read(const struct along_of *of, struct arena *arena, struct along_ask *out,
                    struct why *why)
{
    struct pass p = {.brand = of->brand,
                     .db = of->db,
                     .group = of->group,
                     .from = of->to - ALONG_DAYS * TIME_DAY,
                     .to = of->to,
                     .arena = arena};
    for (int k = 0; k < KINDS; k++)
        p.kinds[k] = registry_find_kind(p.brand, str_of(kind_names[k]));
    p.columns.mask = COLUMN_DIM0 << DIM_GROUP | COLUMN_DIM0 << DIM_CAMPAIGN;
    wanted_props(p.brand, props, PROPS, &p.columns, p.types, p.column_of);
    enum err err = read(&p, why);
    if (err == ERR_OK) {
        leave_out_others(&p);
        hand_out(&p, out);
    }
    VEC_FINISH(&p.acts);
    VEC_FINISH(&p.offers);
    VEC_FINISH(&p.deals);
    VEC_FINISH(&p.moves);
    VEC_FINISH(&p.things);
    VEC_FINISH(&p.others);
    return err;
}
