/* bulk.c - many facts at once: sorted by time, planned one by one, sorted by persona, written as a
 * part.
 *
 * Nothing is folded on the way. The members touched are remembered, and people_bulk_end folds them
 * in one pass over the log; bulk_pending in the database says that this is still to come, so that
 * an opening after a crash does it. Who is in which group is kept in memory meanwhile, read from a
 * member's row on first need, and folded again after a merge. */
#include <stdlib.h>

#include "people/standing.h"

#define STOP_FACTS 4096 /* between two looks whether to stop */
#define AHEAD 16        /* facts whose identities are fetched together */
#define RETAIN_BYTES                                                                               \
    ((size_t)96 << 20) /* of one load for the next: the lists of its properties                    \
                        */

/* What one of the events says. */
struct spoken {
    size_t event; /* its place */
    const struct said *said;
};

/* What lasts from the first people_bulk to people_bulk_end. */
struct bulk {
    struct idset touched; /* members */
    struct standing *standing;
    /* of the load at hand; the memory serves the next */
    struct arena *arena;       /* NULL before the first */
    VEC(struct event) events;  /* in order of time */
    VEC(struct hash128) ids;   /* of events that have one */
    VEC(struct spoken) spoken; /* in the order of their events */
};

struct load {
    struct people *p;
    struct tx *tx;
    struct bulk *bulk;
    struct plan plan; /* of the fact at hand */
};

static struct bulk *bulk_of(struct people *p)
{
    if (p->bulk) return p->bulk;
    p->bulk = mem_alloc(sizeof(*p->bulk));
    p->bulk->standing = standing_create();
    return p->bulk;
}

static void drop_buffers(struct bulk *b)
{
    arena_destroy(b->arena);
    b->arena = NULL;
    VEC_FINISH(&b->events);
    VEC_FINISH(&b->ids);
    VEC_FINISH(&b->spoken);
}

/* Empty, and with room for what so many facts become. */
static void make_buffers(struct bulk *b, size_t facts)
{
    if (!b->arena) {
        b->arena = arena_create(0);
        arena_retain(b->arena, RETAIN_BYTES);
    }
    arena_reset(b->arena);
    VEC_RESET(&b->events);
    VEC_RESET(&b->ids);
    VEC_RESET(&b->spoken);
    VEC_RESERVE(&b->events, facts + facts / 2); /* with what they imply */
}

void bulk_close(struct people *p)
{
    if (!p->bulk) return;
    idset_finish(&p->bulk->touched);
    standing_destroy(p->bulk->standing);
    drop_buffers(p->bulk);
    mem_free(p->bulk);
    p->bulk = NULL;
}

void bulk_forget(struct people *p)
{
    if (p->bulk) standing_forget(p->bulk->standing);
}

/* ---- planning ---- */

static void add_event(struct load *l, const struct event *ev)
{
    VEC_PUSH(&l->bulk->events, *ev);
    if (ev->persona) idset_add(&l->bulk->touched, identity_member(l->p, ev->persona));
    if (ev->id.lo | ev->id.hi) VEC_PUSH(&l->bulk->ids, ev->id);
}

static enum err plan_one(struct load *l, const struct sender *sender, const struct fact *fact,
                         struct people_result *result, struct why *why)
{
    struct plan *plan = &l->plan;
    TRY(plan_fact(plan, sender, fact, result, why));
    if (result->created) standing_meet(l->bulk->standing, result->member);
    if (result->other_created) standing_meet(l->bulk->standing, result->other);
    for (size_t i = 0; i < plan->count; i++) {
        struct bulk *b = l->bulk;
        struct implied implied; /* its events are large, and seldom wanted */
        implied.plan = plan;
        implied.before = b->events.items;
        implied.before_count = b->events.count;
        TRY(standing_follow(b->standing, &plan->events[i], &implied));
        for (size_t k = 0; k < implied.count; k++)
            add_event(l, &implied.events[k]);
        if (i == plan->own && fact->said) {
            struct spoken spoken = {b->events.count, fact->said};
            VEC_PUSH(&b->spoken, spoken);
        }
        add_event(l, &plan->events[i]);
    }
    return ERR_OK;
}

/* Errors of the store end the load; those of one fact are its own. */
static bool is_own(enum err err)
{
    return err == ERR_INVALID || err == ERR_TOO_LARGE || err == ERR_KIND_NOT_ALLOWED ||
           err == ERR_CONFLICT;
}

/* The members of the facts from place 'i' of the order on. */
static void look_ahead(const struct load *l, const struct people_load *load,
                       const struct fact_place *order, size_t i)
{
    for (size_t k = 0; k < AHEAD && i + k < load->count; k++) {
        const struct fact *f = &load->facts[order[i + k].place];
        if (f->who_count == 1) identity_prefetch(l->p, f->who_key);
    }
}

static enum err plan_all(struct load *l, const struct sender *sender,
                         const struct people_load *load)
{
    struct fact_place *order = fact_time_order(load->facts, load->count);
    enum err err = ERR_OK;
    for (size_t i = 0; i < load->count && err == ERR_OK; i++) {
        uint32_t at = order[i].place;
        if (i % STOP_FACTS == 0 && load->stop && atomic_load(load->stop)) {
            tx_discard(l->tx);
            err = ERR_CANCELLED;
            break;
        }
        if (i % AHEAD == 0) look_ahead(l, load, order, i);
        err = plan_one(l, sender, &load->facts[at], &load->results[at], &load->errors[at]);
        if (!is_own(err)) continue;
        load->results[at].refused = true;
        err = ERR_OK;
    }
    mem_free(order);
    return err;
}

/* ---- writing ---- */

/* Stable counting sort by persona: events are in order of time already, and stay so within one. */
static const struct event **persona_order(const struct event *events, size_t count)
{
    uint32_t top = 0;
    for (size_t i = 0; i < count; i++)
        top = events[i].persona > top ? events[i].persona : top;
    uint32_t *start = mem_alloc_array((size_t)top + 2, sizeof(*start));
    const struct event **sorted = mem_alloc_array(count + 1, sizeof(*sorted));
    for (size_t i = 0; i < count; i++)
        start[events[i].persona + 1]++;
    for (size_t v = 0; v <= top; v++)
        start[v + 1] += start[v];
    for (size_t i = 0; i < count; i++)
        sorted[start[events[i].persona]++] = &events[i];
    mem_free(start);
    return sorted;
}

/* 'sorted' are the events as rows of the part that begins at 'first'. They are told in its order:
 * an index of words takes what comes with growing numbers several times faster. */
static enum err tell_spoken(struct tx *tx, const struct bulk *b, const struct event *const *sorted,
                            uint64_t first, struct why *why)
{
    if (b->spoken.count == 0) return ERR_OK;
    const struct said **said = mem_alloc_array(b->events.count, sizeof(const struct said *));
    enum err err = ERR_OK;
    for (size_t i = 0; i < b->spoken.count; i++)
        said[b->spoken.items[i].event] = b->spoken.items[i].said;
    for (size_t i = 0; i < b->events.count && err == ERR_OK; i++) {
        const struct said *s = said[sorted[i] - b->events.items];
        if (s) err = tx_bulk_said(tx, sorted[i], first + i, s, why);
    }
    mem_free(said);
    return err;
}

static enum err write_part(struct tx *tx, struct bulk *b, struct why *why)
{
    const struct event **sorted = persona_order(b->events.items, b->events.count);
    uint64_t first = tx_seq(tx) + 1;
    enum err err = tx_bulk_part(tx, sorted, b->events.count, b->ids.items, b->ids.count, why);
    if (err == ERR_OK) err = tell_spoken(tx, b, sorted, first, why);
    mem_free(sorted);
    return err;
}

static enum err mark_pending(struct tx *tx)
{
    return sql_run(sql_use(tx_sql(tx),
                           "INSERT INTO bulk_pending (id) VALUES (1) ON CONFLICT (id) DO NOTHING"));
}

enum err people_bulk(struct tx *tx, const struct sender *sender, const struct people_load *load,
                     struct why *why)
{
    struct people *p = brand_module_state(tx_brand(tx), &people_module);
    struct bulk *b = bulk_of(p);
    make_buffers(b, load->count);
    struct load l = {.p = p, .tx = tx, .bulk = b};
    l.plan = (struct plan){.p = p, .tx = tx, .arena = b->arena};
    l.plan.known = arena_alloc_array(b->arena, (size_t)1 << PLAN_KNOWN_BITS, sizeof(*l.plan.known));
    l.plan.tags = map_create();
    enum err err = tx_bulk_begin(tx, why);
    if (err == ERR_OK) err = sql_cache(tx_sql(tx), LIMIT_SQL_CACHE_BULK);
    if (err == ERR_OK) err = mark_pending(tx);
    if (err == ERR_OK) err = identity_load_all(p, tx_sql(tx));
    identity_rows_begin(p);
    sql_later_begin(tx_sql(tx));
    if (err == ERR_OK) err = plan_all(&l, sender, load);
    if (err == ERR_OK) err = identity_rows_write(p, tx_sql(tx));
    identity_rows_end(p);
    if (err == ERR_OK) err = write_part(tx, b, why);
    enum err put = sql_later_end(tx_sql(tx));
    if (put != ERR_OK && err != ERR_CANCELLED) err = put; /* what came after it is its echo */
    map_destroy(l.plan.tags);
    return err;
}

enum err people_bulk_end(struct tx *tx, struct why *why)
{
    struct people *p = brand_module_state(tx_brand(tx), &people_module);
    if (!p->bulk) return ERR_OK;
    drop_buffers(p->bulk);
    /* merges on the way: what was touched under an old id is its root's now */
    struct idset members = {0};
    for (uint32_t id = 1; id < p->next_persona; id++) {
        if (idset_has(&p->bulk->touched, id)) idset_add(&members, identity_member(p, id));
    }
    enum err err = tx_bulk_begin(tx, why);
    names_refresh(p); /* tags have kinds of their own */
    if (err == ERR_OK) err = refold_scan(p, tx, &members, why);
    if (err == ERR_OK) err = sql_run(sql_use(tx_sql(tx), "DELETE FROM bulk_pending"));
    idset_finish(&members);
    if (err == ERR_OK) err = sql_cache(tx_sql(tx), 0);
    if (err == ERR_OK) bulk_close(p);
    members_shed(p);
    identity_shed(p);
    mem_trim();
    return err;
}
