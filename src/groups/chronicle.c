/* chronicle.c - one pass over joins, leaves, acts and losses, members in turn.
 *
 * A member's rows come in order of time, so that being in the group is one state. Leaving without
 * having joined and joining twice count for nothing. What comes of the pass is sorted at its end,
 * so that the answer does not depend on the order of runs. */
#include "groups/chronicle.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/vec.h"
#include "groups/role.h"
#include "people/fold.h"

static const char *const loss_names[LOSS_KINDS] = {"left", "deleted", "unsubscribed"};

const char *loss_name(enum loss_kind k)
{
    return loss_names[k];
}

/* What a kind is to a group. */
enum deed { DEED_NONE, DEED_JOIN, DEED_LEAVE, DEED_DELETE, DEED_UNSUBSCRIBE, DEED_ACT };

struct pass {
    const struct chronicle_ask *ask;
    const struct zone *zone;
    uint8_t *deed_of; /* [kind_count + 1] enum deed */
    uint32_t kind_count;
    const uint32_t *others; /* staff and bots, by member */
    size_t other_count;
    VEC(struct move) moves;
    VEC(struct loss) losses;
    VEC(struct acted) acted;
    int64_t born;
    bool full; /* over the limit */
};

/* ---- the pass ---- */

static bool is_other(const struct pass *p, uint32_t member)
{
    for (size_t i = 0; i < p->other_count; i++) {
        if (p->others[i] == member) return true;
    }
    return false;
}

/* The member at hand. */
struct stay {
    uint32_t member;
    uint32_t moves;
    bool in;
    int32_t day; /* that was noted last */
};

static void lose(struct pass *p, const struct stay *s, int64_t at, enum loss_kind kind)
{
    VEC_PUSH(&p->losses, ((struct loss){at, s->member, (uint8_t)kind}));
}

static void move(struct pass *p, struct stay *s, int64_t at, bool in)
{
    if (s->in == in) return;
    s->in = in;
    VEC_PUSH(&p->moves, ((struct move){at, s->member, s->moves++, in}));
    if (!in) lose(p, s, at, LOSS_LEFT);
}

static void act(struct pass *p, struct stay *s, int64_t at)
{
    int32_t day = zone_day(p->zone, at);
    if (day == s->day) return;
    s->day = day;
    VEC_PUSH(&p->acted, ((struct acted){day, s->member}));
}

static void add_row(struct pass *p, struct stay *s, const struct history *h, uint32_t r)
{
    int64_t at = h->at[r];
    bool here = h->dim[DIM_GROUP][r] == p->ask->group;
    enum deed deed = h->kind[r] <= p->kind_count ? (enum deed)p->deed_of[h->kind[r]] : DEED_NONE;
    if (at > p->ask->now || deed == DEED_NONE) return;
    if (here && deed != DEED_LEAVE && (p->born == TIME_NONE || at < p->born)) p->born = at;
    if (here && (deed == DEED_JOIN || deed == DEED_LEAVE)) move(p, s, at, deed == DEED_JOIN);
    if (here && deed == DEED_ACT) act(p, s, at);
    if (s->in && deed == DEED_DELETE) lose(p, s, at, LOSS_DELETED);
    if (s->in && deed == DEED_UNSUBSCRIBE) lose(p, s, at, LOSS_UNSUBSCRIBED);
}

static bool add_run(void *worker, const struct history *h)
{
    struct pass *p = worker;
    for (uint32_t i = 0; i < h->member_count && !p->full; i++) {
        struct stay s = {.member = h->member[i], .day = INT32_MIN};
        if (is_other(p, s.member)) continue;
        for (uint32_t r = h->off[i]; r < h->off[i + 1]; r++)
            add_row(p, &s, h, r);
        p->full = p->moves.count + p->losses.count + p->acted.count > LIMIT_TALK_MESSAGES;
    }
    return !p->full;
}

/* ---- what is read ---- */

static enum deed deed_of(struct str kind)
{
    uint32_t roles = fold_kind_roles(kind);
    if (roles & ROLE_JOIN_GROUP) return DEED_JOIN;
    if (roles & ROLE_LEAVE_GROUP) return DEED_LEAVE;
    if (roles & ROLE_LEAVE_CONTACT) return DEED_DELETE;
    if (str_is(kind, "touch.unsubscribed") || str_is(kind, "member.revoked"))
        return DEED_UNSUBSCRIBE;
    return roles & ROLE_ACT ? DEED_ACT : DEED_NONE;
}

static size_t choose_kinds(struct pass *p, struct arena *arena, uint16_t **out)
{
    size_t count = 0;
    p->kind_count = registry_kind_count(p->ask->brand);
    p->deed_of = arena_alloc_array(arena, p->kind_count + 1, sizeof(p->deed_of[0]));
    *out = arena_alloc_array(arena, p->kind_count + 1, sizeof(**out));
    for (uint32_t k = 1; k <= p->kind_count; k++) {
        p->deed_of[k] = (uint8_t)deed_of(registry_kind_name(p->ask->brand, (int)k));
        if (p->deed_of[k] != DEED_NONE) (*out)[count++] = (uint16_t)k;
    }
    return count;
}

static enum err read_others(struct pass *p, const struct persona_map *map, struct arena *arena)
{
    struct group_role *roles;
    size_t count;
    TRY(groups_roles(p->ask->db, p->ask->group, arena, &roles, &count));
    uint32_t *others = arena_alloc_array(arena, count + 1, sizeof(*others));
    for (size_t i = 0; i < count; i++) {
        if (roles[i].role == ACCOUNT_STAFF || roles[i].role == ACCOUNT_BOT)
            others[p->other_count++] = persona_map_member(map, roles[i].persona);
    }
    p->others = others;
    return ERR_OK;
}

static enum err scan(struct pass *p, struct arena *arena, struct why *why)
{
    uint16_t *kinds;
    size_t count = choose_kinds(p, arena, &kinds);
    struct columns columns = {.mask = COLUMN_DIM0 << DIM_GROUP};
    struct budget own = {.bytes_left = LIMIT_QUERY_MEMORY};
    struct budget *budget = p->ask->budget ? p->ask->budget : &own;
    struct scan s = {.columns = &columns,
                     .to = INT64_MAX,
                     .kinds = kinds,
                     .kind_count = count,
                     .members_only = true};
    void *worker = p;
    struct snapshot *snapshot = brand_snapshot(p->ask->brand);
    enum err err = read_others(p, snapshot->personas, arena);
    if (err != ERR_OK) err = why_fail(why, err, MSG_INTERNAL, "", NULL);
    if (err == ERR_OK && count) err = eventlog_scan(snapshot, &s, &worker, 1, add_run, budget, why);
    brand_snapshot_release(snapshot);
    if (!p->full) return err;
    return why_fail(why, ERR_TOO_LARGE, MSG_TOO_MANY, "", "%d", LIMIT_TALK_MESSAGES);
}

/* ---- the result ---- */

static int by_member_order(const void *a, const void *b)
{
    const struct move *x = a, *y = b;
    if (x->member != y->member) return x->member < y->member ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

static int by_time(const void *a, const void *b)
{
    const struct loss *x = a, *y = b;
    if (x->at != y->at) return x->at < y->at ? -1 : 1;
    if (x->member != y->member) return x->member < y->member ? -1 : 1;
    return x->kind < y->kind ? -1 : x->kind > y->kind;
}

static int by_member_day(const void *a, const void *b)
{
    const struct acted *x = a, *y = b;
    if (x->member != y->member) return x->member < y->member ? -1 : 1;
    return x->day < y->day ? -1 : x->day > y->day;
}

enum err chronicle_read(const struct chronicle_ask *ask, struct arena *arena, struct chronicle *out,
                        struct why *why)
{
    struct pass p = {.ask = ask, .zone = brand_zone(ask->brand), .born = TIME_NONE};
    enum err err = scan(&p, arena, why);
    if (err == ERR_OK) {
        if (p.moves.count)
            qsort(p.moves.items, p.moves.count, sizeof(p.moves.items[0]), by_member_order);
        if (p.losses.count)
            qsort(p.losses.items, p.losses.count, sizeof(p.losses.items[0]), by_time);
        if (p.acted.count)
            qsort(p.acted.items, p.acted.count, sizeof(p.acted.items[0]), by_member_day);
        *out = (struct chronicle){
            .born = p.born,
            .now = ask->now,
            .zone = p.zone,
            .moves = arena_copy(arena, p.moves.items, p.moves.count * sizeof(struct move)),
            .move_count = (uint32_t)p.moves.count,
            .losses = arena_copy(arena, p.losses.items, p.losses.count * sizeof(struct loss)),
            .loss_count = (uint32_t)p.losses.count,
            .acted = arena_copy(arena, p.acted.items, p.acted.count * sizeof(struct acted)),
            .acted_count = (uint32_t)p.acted.count};
    }
    VEC_FINISH(&p.moves);
    VEC_FINISH(&p.losses);
    VEC_FINISH(&p.acted);
    return err;
}
