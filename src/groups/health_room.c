/* health_room.c - which groups have news, and their days made.
 *
 * The writer notes groups as their events become visible; a load, which does not pass through the
 * rooms, makes all of them new, at any time. The days that are kept of a group follow each other
 * without a gap: forward from the newest to today, and back from the first towards the group's
 * beginning. A day that has a successor is final: when the first look of a new day comes, yesterday
 * is looked at once more as of its end, and news of the past makes the days since anew. */
#include <pthread.h>
#include <stdlib.h>

#include "base/vec.h"
#include "groups/health_internal.h"
#include "segments/segments.h"

#define FOLLOWED_MS (10 * TIME_MINUTE) /* segments are never so far behind what they are told */

struct room {
    struct brand *brand;
    VEC(struct health_news) pending; /* of the batch under way; a group may come more than once */
    uint64_t noted;                  /* its events */
    uint64_t seq_seen;               /* of the newest event committed */
    pthread_mutex_t lock;
    VEC(struct health_news) changed; /* under the lock; each group once */
    bool all;                        /* under the lock: every group has news */
    bool loaded;                     /* under the lock: of any time */
};

/* What segments were told last may not have reached their rows before the end. */
static enum err tell_again(struct tx *tx)
{
    uint32_t *members;
    size_t count;
    TRY(circles_lately(tx_sql(tx), FOLLOWED_MS, tx_arena(tx), &members, &count));
    segments_touch(tx_brand(tx), members, count);
    return ERR_OK;
}

static enum err room_open(struct tx *tx, void **state, struct why *why)
{
    struct room *r = mem_alloc(sizeof(*r));
    (void)why;
    r->brand = tx_brand(tx);
    r->seq_seen = brand_stats(r->brand).seq;
    r->all = true;
    pthread_mutex_init(&r->lock, NULL);
    *state = r;
    return tell_again(tx);
}

static void room_close(void *state)
{
    struct room *r = state;
    pthread_mutex_destroy(&r->lock);
    VEC_FINISH(&r->pending);
    VEC_FINISH(&r->changed);
    mem_free(r);
}

static bool is_merge(struct brand *b, uint16_t kind)
{
    struct str name = registry_kind_name(b, kind);
    return str_is(name, "member.merged") || str_is(name, "member.unmerged");
}

/* Who they are has changed, and with that who is in which circle. */
static void note_groups_of(struct room *r, struct tx *tx, uint32_t persona)
{
    struct circle_place *places;
    size_t count = circles_of(r->brand, persona, tx_arena(tx), &places);
    for (size_t i = 0; i < count; i++)
        VEC_PUSH(&r->pending, ((struct health_news){places[i].group, INT64_MAX}));
}

static enum err room_on_event(struct tx *tx, void *state, const struct event *ev, uint64_t seq)
{
    struct room *r = state;
    uint32_t group = ev->dim[DIM_GROUP];
    (void)seq;
    if (tx_replaying(tx)) return ERR_OK;
    r->noted++;
    struct health_news *last = r->pending.count ? &r->pending.items[r->pending.count - 1] : NULL;
    if (group && (!last || last->group != group)) {
        VEC_PUSH(&r->pending, ((struct health_news){group, ev->at}));
    } else if (group && ev->at < last->since) {
        last->since = ev->at;
    }
    if (ev->other && !group && is_merge(r->brand, ev->kind)) {
        note_groups_of(r, tx, ev->persona);
        note_groups_of(r, tx, ev->other);
    }
    return ERR_OK;
}

static void add_news(struct room *r, const struct health_news *n)
{
    for (size_t k = 0; k < r->changed.count; k++) {
        struct health_news *old = &r->changed.items[k];
        if (old->group != n->group) continue;
        if (n->since < old->since) old->since = n->since;
        return;
    }
    VEC_PUSH(&r->changed, *n);
}

static void room_on_visible(void *state)
{
    struct room *r = state;
    uint64_t seq = brand_stats(r->brand).seq;
    bool missed = seq != r->seq_seen + r->noted;
    if (missed || r->pending.count) {
        pthread_mutex_lock(&r->lock);
        r->all |= missed;
        r->loaded |= missed;
        for (size_t i = 0; i < r->pending.count; i++)
            add_news(r, &r->pending.items[i]);
        pthread_mutex_unlock(&r->lock);
    }
    r->seq_seen = seq;
    r->noted = 0;
    VEC_RESET(&r->pending);
}

static void room_on_rollback(void *state)
{
    struct room *r = state;
    r->noted = 0;
    VEC_RESET(&r->pending);
}

static enum err room_on_erase(struct tx *tx, void *state, struct erasure *e)
{
    (void)state;
    return verdict_erase(tx, e);
}

const struct module health_module = {
    .name = "health",
    .migrations = health_migrations,
    .open = room_open,
    .close = room_close,
    .on_event = room_on_event,
    .on_visible = room_on_visible,
    .on_rollback = room_on_rollback,
    .on_erase = room_on_erase,
};

/* ---- what has changed ---- */

size_t health_changed(struct brand *b, struct arena *arena, struct health_news **out)
{
    struct room *r = brand_module_state(b, &health_module);
    uint32_t groups = registry_code_count(b, DIM_GROUP);
    pthread_mutex_lock(&r->lock);
    size_t count = r->all ? groups : r->changed.count;
    *out = arena_alloc_array(arena, count + 1, sizeof(**out));
    for (size_t i = 0; r->all && i < count; i++)
        (*out)[i] = (struct health_news){(uint32_t)i + 1, r->loaded ? INT64_MIN : INT64_MAX};
    for (size_t i = 0; i < r->changed.count; i++) {
        const struct health_news *n = &r->changed.items[i];
        if (!r->all) (*out)[i] = *n;
        if (r->all && !r->loaded && n->group <= count) (*out)[n->group - 1] = *n;
    }
    r->all = r->loaded = false;
    VEC_RESET(&r->changed);
    pthread_mutex_unlock(&r->lock);
    return count;
}

/* ---- days ---- */

static int by_member(const void *a, const void *b)
{
    const struct circle_place *x = a, *y = b;
    return (x->member > y->member) - (x->member < y->member);
}

/* Segments that ask for circles look at whoever changed theirs. */
static enum err keep_circles(const struct checkup_ask *ask, const struct checkup *c,
                             struct arena *arena, struct why *why)
{
    struct circle_look look = {.group = ask->group, .at = ask->to, .arena = arena};
    struct circle_place *places =
        arena_alloc_array(arena, c->graph.node_count + 1, sizeof(*places));
    for (uint32_t i = 0; i < c->graph.node_count; i++) {
        const struct graph_node *n = &c->graph.nodes[i];
        uint32_t member = c->talk.accounts[n->account].persona;
        if (member) places[look.count++] = (struct circle_place){ask->group, member, n->circle};
    }
    if (look.count) qsort(places, look.count, sizeof(*places), by_member);
    look.places = places;
    TRY(circles_keep(ask->brand, &look, why));
    segments_touch(ask->brand, look.changed, look.changed_count);
    return ERR_OK;
}

static enum err first_or_last(struct sql *db, const char *text, uint32_t group, int32_t *day)
{
    int64_t number;
    struct sql_stmt *s = sql_use(db, text);
    sql_bind_int(s, 1, group);
    TRY(sql_number(s, INT32_MIN, &number));
    *day = (int32_t)number;
    return ERR_OK;
}

enum err health_due(struct brand *b, struct sql *db, const struct health_news *news,
                    struct health_days *out, struct why *why)
{
    int32_t today = zone_day(brand_zone(b), env_now(brand_env(b))), newest;
    enum err err = first_or_last(db, "SELECT MAX(day) FROM group_health WHERE of_group = $1",
                                 news->group, &newest);
    if (err != ERR_OK) return why_fail(why, err, MSG_INTERNAL, "", NULL);
    int32_t first = today - HEALTH_BACK_DAYS;
    *out = (struct health_days){first, today, newest};
    if (newest == INT32_MIN) return ERR_OK;
    if (newest < first) return health_forget(b, news->group, today, why);
    int32_t since = news->since == INT64_MAX   ? newest
                    : news->since == INT64_MIN ? INT32_MIN
                                               : zone_day(brand_zone(b), news->since);
    out->from = since < first ? today : since < newest ? since : newest;
    return since < first ? health_forget(b, news->group, today, why) : ERR_OK;
}

enum err health_back(struct brand *b, struct sql *db, uint32_t group, int32_t *day)
{
    int32_t today = zone_day(brand_zone(b), env_now(brand_env(b)));
    TRY(first_or_last(db, "SELECT MIN(day) FROM group_health WHERE of_group = $1", group, day));
    if (*day != INT32_MIN) (*day)--;
    if (*day <= today - HEALTH_KEEP_DAYS) *day = INT32_MIN;
    return ERR_OK;
}

enum err health_make_day(const struct checkup_ask *ask, int32_t day, bool past, bool *empty,
                         struct why *why)
{
    struct checkup_ask then = *ask;
    struct checkup c;
    int64_t now = env_now(brand_env(ask->brand));
    int64_t end = zone_day_start(brand_zone(ask->brand), day + 1) - 1;
    then.to = end < now ? end : now;
    struct arena *arena = arena_create(0);
    enum err err = checkup_make(&then, arena, &c, why);
    if (err == ERR_OK && !past) err = keep_circles(&then, &c, arena, why);
    *empty = err == ERR_OK && c.talk.account_count == 0 && c.health.messages == 0;
    if (err == ERR_OK && !*empty) {
        struct health_day d = health_day_of(&c, ask->group, day, then.to);
        err = health_save(ask->brand, &d, why);
    }
    arena_destroy(arena);
    return err;
}
