/* groups.c - one pass over the log, members in turn: for each group a member was ever in, the
 * latest of joining and leaving decides. */
#include "groups/groups.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/vec.h"
#include "groups/internal.h"

#define KEEP_MS TIME_MINUTE        /* a kept list is as of a clock that is this much behind */
#define LONG_NS UINT64_C(20000000) /* what is made in less is not kept */

/* One member's stay in one group. */
struct stay {
    uint32_t group;
    bool in;
    bool spoke; /* in the recent days */
};

struct pass {
    int kind_joined, kind_left, kind_message;
    const struct zone *zone;
    int64_t now, recent_from;
    int32_t today;
    struct group_row *rows; /* by group code */
    uint32_t row_count;
    VEC(struct stay) stays; /* of the member at hand */
};

static struct stay *stay_of(struct pass *p, uint32_t group)
{
    for (size_t i = 0; i < p->stays.count; i++) {
        if (p->stays.items[i].group == group) return &p->stays.items[i];
    }
    struct stay stay = {group, false, false};
    VEC_PUSH(&p->stays, stay);
    return &p->stays.items[p->stays.count - 1];
}

static void add_message(struct pass *p, struct group_row *row, int64_t at)
{
    row->messages++;
    if (row->last_message_at == TIME_NONE || at > row->last_message_at) row->last_message_at = at;
    if (at < p->recent_from || at > p->now) return;
    row->recent_messages++;
    int32_t age = p->today - zone_day(p->zone, at);
    if (age >= 0 && age < GROUP_RECENT_DAYS) row->daily[GROUP_RECENT_DAYS - 1 - age]++;
}

/* A member comes or goes; who is in cannot come again. */
static void turn(struct pass *p, uint32_t group, bool in, int64_t at)
{
    struct stay *s = stay_of(p, group);
    bool recent = at >= p->recent_from;
    bool came = in && !s->in;
    p->rows[group].joined += recent && came;
    p->rows[group].joined_week += came && at > p->now - 7 * TIME_DAY;
    p->rows[group].joined_day += came && at > p->now - TIME_DAY;
    p->rows[group].left += recent && !in && s->in;
    s->in = in;
}

static void add_row(struct pass *p, const struct history *h, uint32_t r, bool has_member)
{
    uint32_t group = h->dim[DIM_GROUP][r];
    int kind = h->kind[r];
    if (group == 0 || group >= p->row_count || h->at[r] > p->now) return;
    if (kind == p->kind_message) add_message(p, &p->rows[group], h->at[r]);
    if (!has_member) return;
    if (kind == p->kind_joined || kind == p->kind_left)
        turn(p, group, kind == p->kind_joined, h->at[r]);
    if (kind == p->kind_message && h->at[r] >= p->recent_from) stay_of(p, group)->spoke = true;
}

static bool add_run(void *worker, const struct history *h)
{
    struct pass *p = worker;
    for (uint32_t i = 0; i < h->member_count; i++) {
        VEC_RESET(&p->stays);
        for (uint32_t r = h->off[i]; r < h->off[i + 1]; r++)
            add_row(p, h, r, h->member[i] != 0);
        for (size_t k = 0; k < p->stays.count; k++) {
            p->rows[p->stays.items[k].group].members += p->stays.items[k].in;
            p->rows[p->stays.items[k].group].speakers += p->stays.items[k].spoke;
        }
    }
    return true;
}

static enum err scan(struct snapshot *snapshot, struct pass *p, struct why *why)
{
    uint16_t kinds[3];
    size_t kind_count = 0;
    const int wanted[] = {p->kind_joined, p->kind_left, p->kind_message};
    for (int i = 0; i < 3; i++) {
        if (wanted[i] > 0) kinds[kind_count++] = (uint16_t)wanted[i];
    }
    if (kind_count == 0) return ERR_OK;
    struct columns columns = {.mask = COLUMN_DIM0 << DIM_GROUP};
    struct scan s = {
        .columns = &columns, .from = 0, .to = INT64_MAX, .kinds = kinds, .kind_count = kind_count};
    struct budget budget = {.bytes_left = LIMIT_QUERY_MEMORY};
    void *worker = p;
    return eventlog_scan(snapshot, &s, &worker, 1, add_run, &budget, why);
}

static int livelier_first(const void *a, const void *b)
{
    const struct group_row *x = a, *y = b;
    if (x->recent_messages != y->recent_messages)
        return x->recent_messages > y->recent_messages ? -1 : 1;
    return str_cmp(x->name, y->name);
}

/* ---- lists that are kept ---- */

/* A list of this place in the log, made less than KEEP_MS ago; in 'arena'. */
static bool take_kept(struct room *r, uint64_t seq, int64_t now, struct arena *arena,
                      struct group_row **rows, size_t *count)
{
    struct list_cache *c = &r->list;
    pthread_mutex_lock(&c->lock);
    bool good = c->rows && c->seq == seq && c->erased == c->erasures && now >= c->at &&
                now - c->at < KEEP_MS;
    if (good) {
        *rows = arena_copy(arena, c->rows, c->count * sizeof(**rows));
        *count = c->count;
    }
    pthread_mutex_unlock(&c->lock);
    return good;
}

static uint64_t erasures(struct room *r)
{
    pthread_mutex_lock(&r->list.lock);
    uint64_t n = r->list.erasures;
    pthread_mutex_unlock(&r->list.lock);
    return n;
}

static void keep_list(struct room *r, const struct list_cache *made)
{
    struct list_cache *c = &r->list;
    struct group_row *rows = mem_alloc_array(made->count + 1, sizeof(*rows));
    if (made->count) memcpy(rows, made->rows, made->count * sizeof(*rows));
    pthread_mutex_lock(&c->lock);
    mem_free(c->rows);
    c->rows = rows;
    c->count = made->count;
    c->seq = made->seq;
    c->erased = made->erased;
    c->at = made->at;
    pthread_mutex_unlock(&c->lock);
}

/* ---- the list ---- */

/* Of a snapshot; made->rows and made->count in 'arena'. */
static enum err make_list(struct brand *b, struct snapshot *snapshot, struct arena *arena,
                          struct list_cache *made, struct why *why)
{
    int64_t now = made->at;
    struct pass p = {
        .kind_joined = registry_find_kind(b, STR("group.joined")),
        .kind_left = registry_find_kind(b, STR("group.left")),
        .kind_message = registry_find_kind(b, STR("message.sent")),
        .zone = brand_zone(b),
        .now = now,
        .recent_from = now - GROUP_RECENT_DAYS * TIME_DAY,
        .today = zone_day(brand_zone(b), now),
        .row_count = registry_code_count(b, DIM_GROUP) + 1,
    };
    p.rows = arena_alloc_array(arena, p.row_count, sizeof(*p.rows));
    for (uint32_t i = 0; i < p.row_count; i++)
        p.rows[i].last_message_at = TIME_NONE;
    enum err err = scan(snapshot, &p, why);
    VEC_FINISH(&p.stays);
    if (err != ERR_OK) return err;
    size_t kept = 0;
    for (uint32_t code = 1; code < p.row_count; code++) {
        if (p.rows[code].members == 0 && p.rows[code].messages == 0) continue;
        p.rows[kept] = p.rows[code];
        p.rows[kept].code = code;
        p.rows[kept++].name = registry_code_text(b, DIM_GROUP, code);
    }
    qsort(p.rows, kept, sizeof(p.rows[0]), livelier_first);
    made->rows = p.rows;
    made->count = kept;
    return ERR_OK;
}

enum err groups_list(struct brand *b, int64_t now, struct arena *arena, struct group_row **rows,
                     size_t *count, struct why *why)
{
    struct room *r = room_of(b);
    struct list_cache made = {.at = now, .erased = r ? erasures(r) : 0};
    struct snapshot *snapshot = brand_snapshot(b);
    uint64_t began = env_mono_ns(brand_env(b));
    enum err err = ERR_OK;
    made.seq = snapshot->seq;
    if (!r || !take_kept(r, made.seq, now, arena, rows, count)) {
        err = make_list(b, snapshot, arena, &made, why);
        uint64_t took = env_mono_ns(brand_env(b)) - began;
        if (err == ERR_OK && r && took >= LONG_NS) keep_list(r, &made);
        *rows = made.rows;
        *count = made.count;
    }
    brand_snapshot_release(snapshot);
    return err;
}
