/* asking.c - one pass; who waits for an answer is found by member.
 *
 * Each asker, and each who joined, heads a chain of the questions that an answer to them answers.
 * Clocks never go back from question to question, so that those which staff answer by speaking soon
 * are always the last ones: 'soon' is the first of them that may still be. */
#include "groups/asking.h"

#include "base/map.h"
#include "base/vec.h"

#define NONE UINT32_MAX

struct asked {
    struct asking_open open;
    bool answered;
};

/* A question in the chain of who waits for its answer. */
struct waiter {
    uint32_t question, next;
};

struct pass {
    const struct asking_place *place;
    VEC(struct asked) asked;
    VEC(struct waiter) waiters;
    struct intmap *chains; /* member to waiter */
    size_t soon;
};

/* ---- hours ---- */

/* The instant at which a day is so many minutes old by the clock on the wall. */
static int64_t wall(const struct zone *z, int32_t day, int minutes)
{
    struct civil c = {.hour = minutes / 60, .minute = minutes % 60};
    if (minutes == 24 * 60) return zone_day_start(z, day + 1);
    civil_from_day(day, &c.year, &c.month, &c.day);
    return zone_instant(z, &c);
}

int64_t asking_clock(const struct asking_place *p, int64_t at)
{
    int32_t day = zone_day(p->zone, at);
    int64_t opens = wall(p->zone, day, p->hours.opens);
    if (at < opens) return opens;
    if (at < wall(p->zone, day, p->hours.closes)) return at;
    return wall(p->zone, day + 1, p->hours.opens);
}

int64_t asking_waited(const struct asking_place *p, int64_t from, int64_t to)
{
    int64_t waited = 0;
    if (from >= to) return 0;
    int32_t first = zone_day(p->zone, from), last = zone_day(p->zone, to);
    for (int32_t day = first; day <= last; day++) {
        int64_t opens = wall(p->zone, day, p->hours.opens);
        int64_t closes = wall(p->zone, day, p->hours.closes);
        if (opens < from) opens = from;
        if (closes > to) closes = to;
        if (closes > opens) waited += closes - opens;
    }
    return waited;
}

/* ---- the pass ---- */

static void wait_for(struct pass *p, uint32_t member, uint32_t question)
{
    uint64_t head = NONE;
    intmap_get(p->chains, member, &head);
    intmap_put(p->chains, member, p->waiters.count);
    VEC_PUSH(&p->waiters, ((struct waiter){question, (uint32_t)head}));
}

/* Somebody spoke to a member: what they waited for is answered. */
static void answer_member(struct pass *p, uint32_t member)
{
    uint64_t at;
    const struct waiter *waiters = p->waiters.items;
    if (!waiters || !intmap_get(p->chains, member, &at)) return;
    for (uint32_t i = (uint32_t)at; i != NONE; i = waiters[i].next)
        p->asked.items[waiters[i].question].answered = true;
    intmap_remove(p->chains, member);
}

static void answer_soon(struct pass *p, int64_t at)
{
    while (p->soon < p->asked.count && p->asked.items[p->soon].open.clock + ASKING_STAFF_MS < at)
        p->soon++;
    for (; p->soon < p->asked.count; p->soon++)
        p->asked.items[p->soon].answered = true;
}

/* The latest question of all, while it is open and somebody else's. */
static void join(struct pass *p, const struct asking_message *messages, uint32_t i)
{
    if (p->asked.count == 0) return;
    struct asked *last = &p->asked.items[p->asked.count - 1];
    const struct asking_message *q = &messages[last->open.message], *m = &messages[i];
    if (last->answered || q->member == m->member || m->at - q->at > ASKING_JOIN_MS) return;
    last->open.joined++;
    wait_for(p, m->member, (uint32_t)p->asked.count - 1);
}

static void take(struct pass *p, const struct asking_message *messages, uint32_t i)
{
    const struct asking_message *m = &messages[i];
    if (m->side == ASKING_BOT) return;
    if (m->joins) {
        if (m->side == ASKING_MEMBER && m->member) join(p, messages, i);
        return;
    }
    if (m->other && m->other != m->member) answer_member(p, m->other);
    if (m->side == ASKING_STAFF && !m->promotion) answer_soon(p, m->at);
    if (m->side != ASKING_MEMBER || !m->question || !m->member) return;
    struct asked asked = {.open = {.message = i, .clock = asking_clock(p->place, m->at)}};
    VEC_PUSH(&p->asked, asked);
    wait_for(p, m->member, (uint32_t)p->asked.count - 1);
}

size_t asking_find(const struct asking_place *place, const struct asking_message *messages,
                   size_t count, struct arena *arena, struct asking_open **out)
{
    struct pass p = {.place = place, .chains = intmap_create()};
    size_t open = 0;
    for (size_t i = 0; i < count; i++)
        take(&p, messages, (uint32_t)i);
    *out = arena_alloc_array(arena, p.asked.count + 1, sizeof(**out));
    for (size_t i = 0; i < p.asked.count; i++) {
        if (!p.asked.items[i].answered) (*out)[open++] = p.asked.items[i].open;
    }
    intmap_destroy(p.chains);
    VEC_FINISH(&p.waiters);
    VEC_FINISH(&p.asked);
    return open;
}
