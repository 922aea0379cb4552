/* daily.c - a member's stays are one set of places: groups, and staff whom they are a contact of.
 *
 * The first pass leaves a row for each who ever joined, by member, so that the second finds when
 * they came. Posts and leaves of the time are compared at the end, group by group. */
#include "groups/daily.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/vec.h"
#include "groups/role.h"
#include "people/fold.h"

/* Where the member at hand is. */
struct place {
    bool group; /* else a contact */
    uint32_t code;
};
/* Who ever joined. */
struct known {
    uint32_t member;
    int64_t first; /* join of any kind */
    bool in;       /* at the end */
};
struct post {
    int64_t at;
    uint32_t group, member; /* 0: by a staff code */
};
struct left {
    int64_t at;
    uint32_t group;
};

struct pass {
    const struct daily_ask *ask;
    struct daily *out;
    uint32_t *roles; /* [kind_count + 1] ROLE_* by kind */
    uint32_t kind_count;
    const uint32_t *others; /* staff and bots, by member */
    size_t other_count;
    bool deeds; /* the second pass */
    VEC(struct place) places;
    VEC(struct known) known;
    VEC(struct post) posts;
    VEC(struct left) lefts;
    VEC(struct daily_source) sources;
    bool full;
};

static bool is_other(const struct pass *p, uint32_t member)
{
    for (size_t i = 0; i < p->other_count; i++) {
        if (p->others[i] == member) return true;
    }
    return false;
}

static bool is_of(const struct pass *p, const struct history *h, uint32_t r)
{
    return p->ask->group == 0 || h->dim[DIM_GROUP][r] == p->ask->group;
}

static bool in_time(const struct pass *p, int64_t at)
{
    return at >= p->ask->from && at < p->ask->to;
}

/* ---- the first pass ---- */

/* Come to a place, or go; did that change anything? */
static bool move(struct pass *p, struct place place, bool in)
{
    for (size_t i = 0; i < p->places.count; i++) {
        struct place *x = &p->places.items[i];
        if (x->group != place.group || x->code != place.code) continue;
        if (!in) *x = p->places.items[--p->places.count];
        return !in;
    }
    if (in) VEC_PUSH(&p->places, place);
    return in;
}

static void count_source(struct pass *p, uint32_t touchpoint)
{
    if (!touchpoint) return;
    for (size_t i = 0; i < p->sources.count; i++) {
        if (p->sources.items[i].touchpoint != touchpoint) continue;
        p->sources.items[i].count++;
        return;
    }
    VEC_PUSH(&p->sources, ((struct daily_source){touchpoint, 1}));
}

static void add_move(struct pass *p, struct known *k, const struct history *h, uint32_t r)
{
    uint32_t role = p->roles[h->kind[r]];
    bool group = role & (ROLE_JOIN_GROUP | ROLE_LEAVE_GROUP);
    bool in = role & (ROLE_JOIN_GROUP | ROLE_JOIN_CONTACT);
    bool here = is_of(p, h, r) && (group || p->ask->group == 0);
    if (in && k->first == TIME_NONE) k->first = h->at[r];
    if (!here) return;
    bool first = p->ask->group || (k->first == h->at[r] && p->places.count == 0);
    struct place place = {group, h->dim[group ? DIM_GROUP : DIM_STAFF][r]};
    if (!move(p, place, in) || !in_time(p, h->at[r])) return;
    if (in && first) {
        p->out->joined++;
        count_source(p, h->dim[DIM_TOUCHPOINT][r]);
    }
    if (!in && group) VEC_PUSH(&p->lefts, ((struct left){h->at[r], place.code}));
}

static void add_mover(struct pass *p, const struct history *h, uint32_t i)
{
    struct known k = {.member = h->member[i], .first = TIME_NONE};
    VEC_RESET(&p->places);
    for (uint32_t r = h->off[i]; r < h->off[i + 1]; r++) {
        if (h->at[r] < p->ask->to && h->kind[r] <= p->kind_count) add_move(p, &k, h, r);
    }
    k.in = p->places.count > 0;
    if (k.first != TIME_NONE) VEC_PUSH(&p->known, k);
}

/* ---- the second ---- */

static int by_member(const void *a, const void *b)
{
    const struct known *x = a, *y = b;
    return (x->member > y->member) - (x->member < y->member);
}

static const struct known *find(const struct pass *p, uint32_t member)
{
    const struct known wanted = {.member = member};
    if (!member || !p->known.count) return NULL;
    return bsearch(&wanted, p->known.items, p->known.count, sizeof(wanted), by_member);
}

static void pay(struct pass *p, const struct known *k, const struct history *h, uint32_t r)
{
    int64_t amount = h->amount[r] == HISTORY_NO_AMOUNT ? 0 : h->amount[r];
    p->out->orders++;
    p->out->amount += amount;
    if (k && k->first <= h->at[r] - DAILY_OLD) p->out->amount_old += amount;
}

static void add_doer(struct pass *p, const struct history *h, uint32_t i)
{
    const struct known *k = find(p, h->member[i]);
    bool acted = false, looked = false;
    for (uint32_t r = h->off[i]; r < h->off[i + 1]; r++) {
        uint32_t role = h->kind[r] <= p->kind_count ? p->roles[h->kind[r]] : 0;
        uint32_t group = h->dim[DIM_GROUP][r];
        bool now = in_time(p, h->at[r]);
        bool by_somebody = h->member[i] || h->dim[DIM_STAFF][r];
        if (role & ROLE_MESSAGE && group && by_somebody && h->at[r] < p->ask->to && is_of(p, h, r))
            VEC_PUSH(&p->posts, ((struct post){h->at[r], group, h->member[i]}));
        if (!now || !h->member[i] || is_other(p, h->member[i])) continue;
        if (role & ROLE_ORDER_PAID && (p->ask->group == 0 || (k && k->in))) pay(p, k, h, r);
        acted |= is_of(p, h, r) && role & ROLE_ACT;
        looked |= is_of(p, h, r) && role & (ROLE_ACT | ROLE_LOOK);
    }
    if (!k || !k->in) return;
    p->out->active += acted;
    p->out->opened += looked;
}

static bool add_run(void *worker, const struct history *h)
{
    struct pass *p = worker;
    for (uint32_t i = 0; i < h->member_count; i++) {
        if (p->deeds) {
            add_doer(p, h, i);
        } else if (h->member[i] && !is_other(p, h->member[i])) {
            add_mover(p, h, i);
        }
        p->full = p->known.count > LIMIT_TALK_MESSAGES || p->posts.count > LIMIT_TALK_MESSAGES;
        if (p->full) return false;
    }
    return true;
}

static enum err scan(struct pass *p, int64_t from, struct arena *arena, struct why *why)
{
    static const uint32_t moves =
        ROLE_JOIN_GROUP | ROLE_LEAVE_GROUP | ROLE_JOIN_CONTACT | ROLE_LEAVE_CONTACT;
    uint32_t wanted = p->deeds ? ROLE_ACT | ROLE_LOOK | ROLE_ORDER_PAID | ROLE_MESSAGE : moves;
    uint16_t *kinds = arena_alloc_array(arena, p->kind_count + 1, sizeof(*kinds));
    size_t count = 0;
    struct columns columns = {.mask = COLUMN_AMOUNT | COLUMN_DIM0 << DIM_GROUP |
                                      COLUMN_DIM0 << DIM_STAFF | COLUMN_DIM0 << DIM_TOUCHPOINT};
    struct budget own = {.bytes_left = LIMIT_QUERY_MEMORY};
    void *worker = p;
    for (uint32_t k = 1; k <= p->kind_count; k++) {
        uint32_t role = fold_kind_roles(registry_kind_name(p->ask->brand, (int)k));
        p->roles[k] = role & wanted;
        if (p->roles[k]) kinds[count++] = (uint16_t)k;
    }
    if (count == 0) return ERR_OK;
    struct scan s = {
        .columns = &columns, .from = from, .to = p->ask->to, .kinds = kinds, .kind_count = count};
    struct snapshot *snapshot = brand_snapshot(p->ask->brand);
    enum err err = eventlog_scan(snapshot, &s, &worker, 1, add_run,
                                 p->ask->budget ? p->ask->budget : &own, why);
    brand_snapshot_release(snapshot);
    if (!p->full) return err;
    return why_fail(why, ERR_TOO_LARGE, MSG_TOO_MANY, "", "%d", LIMIT_TALK_MESSAGES);
}

/* ---- the result ---- */

/* Accounts of staff, and of bots if asked for, in a group; of all groups: 0. */
static enum err read_roles(const struct daily_ask *ask, uint32_t group, bool bots,
                           struct arena *arena, uint32_t **out, size_t *out_count)
{
    struct group_role *roles;
    size_t count;
    TRY(groups_roles(ask->db, group, arena, &roles, &count));
    struct snapshot *snapshot = brand_snapshot(ask->brand);
    *out = arena_alloc_array(arena, count + 1, sizeof(**out));
    *out_count = 0;
    for (size_t i = 0; i < count; i++) {
        if (roles[i].role == ACCOUNT_STAFF || (bots && roles[i].role == ACCOUNT_BOT))
            (*out)[(*out_count)++] = persona_map_member(snapshot->personas, roles[i].persona);
    }
    brand_snapshot_release(snapshot);
    return ERR_OK;
}

static int by_group_time(const void *a, const void *b)
{
    const struct post *x = a, *y = b;
    if (x->group != y->group) return x->group < y->group ? -1 : 1;
    return (x->at > y->at) - (x->at < y->at);
}

static int by_group(const void *a, const void *b)
{
    const struct left *x = a, *y = b;
    if (x->group != y->group) return x->group < y->group ? -1 : 1;
    return (x->at > y->at) - (x->at < y->at);
}

static bool is_by_staff(const struct post *post, const uint32_t *staff, size_t count)
{
    if (!post->member) return true;
    for (size_t i = 0; i < count; i++) {
        if (staff[i] == post->member) return true;
    }
    return false;
}

/* Each leave looks back for a post of staff. */
static enum err blame(struct pass *p, struct arena *arena)
{
    uint32_t *staff = NULL, group = 0;
    size_t staff_count = 0, k = 0;
    if (p->posts.count)
        qsort(p->posts.items, p->posts.count, sizeof(p->posts.items[0]), by_group_time);
    if (p->lefts.count) qsort(p->lefts.items, p->lefts.count, sizeof(p->lefts.items[0]), by_group);
    for (size_t i = 0; i < p->lefts.count; i++) {
        const struct left *l = &p->lefts.items[i];
        if (l->group != group)
            TRY(read_roles(p->ask, l->group, false, arena, &staff, &staff_count));
        group = l->group;
        while (k < p->posts.count && (p->posts.items[k].group < group ||
                                      (p->posts.items[k].group == group &&
                                       p->posts.items[k].at < l->at - DAILY_AFTER_POST)))
            k++;
        bool after = false;
        for (size_t n = k; n < p->posts.count && !after; n++) {
            const struct post *post = &p->posts.items[n];
            if (post->group != group || post->at >= l->at) break;
            after = is_by_staff(post, staff, staff_count);
        }
        p->out->left_after_post += after;
    }
    p->out->left = (uint32_t)p->lefts.count;
    return ERR_OK;
}

static void settle(struct pass *p, struct arena *arena)
{
    struct daily *out = p->out;
    uint32_t *in = arena_alloc_array(arena, p->known.count + 1, sizeof(*in));
    for (size_t i = 0; i < p->known.count; i++) {
        if (p->known.items[i].in) in[out->members++] = p->known.items[i].member;
    }
    out->in = in;
    while (out->source_count < DAILY_SOURCES && out->source_count < p->sources.count) {
        struct daily_source *best = &p->sources.items[out->source_count];
        for (size_t i = out->source_count; i < p->sources.count; i++) {
            struct daily_source *x = &p->sources.items[i];
            bool more = x->count > best->count;
            if (more || (x->count == best->count && x->touchpoint < best->touchpoint)) best = x;
        }
        struct daily_source top = *best;
        *best = p->sources.items[out->source_count];
        p->sources.items[out->source_count] = top;
        out->sources[out->source_count++] = top;
    }
}

static enum err read_passes(struct pass *p, struct arena *arena, struct why *why)
{
    uint32_t *others;
    if (read_roles(p->ask, p->ask->group, true, arena, &others, &p->other_count) != ERR_OK)
        return why_fail(why, ERR_STORE, MSG_INTERNAL, "", NULL);
    p->others = others;
    TRY(scan(p, 0, arena, why));
    if (p->known.count) qsort(p->known.items, p->known.count, sizeof(p->known.items[0]), by_member);
    p->deeds = true;
    TRY(scan(p, p->ask->from - DAILY_AFTER_POST, arena, why));
    if (blame(p, arena) != ERR_OK) return why_fail(why, ERR_STORE, MSG_INTERNAL, "", NULL);
    settle(p, arena);
    return ERR_OK;
}

enum err daily_read(const struct daily_ask *ask, struct arena *arena, struct daily *out,
                    struct why *why)
{
    struct pass p = {.ask = ask, .out = out, .kind_count = registry_kind_count(ask->brand)};
    *out = (struct daily){0};
    p.roles = arena_alloc_array(arena, p.kind_count + 1, sizeof(*p.roles));
    enum err err = read_passes(&p, arena, why);
    VEC_FINISH(&p.places);
    VEC_FINISH(&p.known);
    VEC_FINISH(&p.posts);
    VEC_FINISH(&p.lefts);
    VEC_FINISH(&p.sources);
    return err;
}
