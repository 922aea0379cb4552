/* life.c - counts over moves, acts and losses, each in its own order. */
#include "groups/life.h"

#include <stdlib.h>

/* ---- life curve ---- */

double life_rate(const struct life_month *m)
{
    return m->members ? (double)m->active / m->members : 0;
}

/* One member's moves and days, as they are walked month by month. */
struct walk {
    const struct chronicle *c;
    uint32_t member;
    uint32_t move, acted; /* the next of each */
    bool in;
};

/* To the end of a month: is the member in, and has acted since the last call? */
static void step(struct walk *w, int32_t end, struct life_month *month)
{
    const struct chronicle *c = w->c;
    bool acted = false;
    for (; w->move < c->move_count && c->moves[w->move].member == w->member; w->move++) {
        if (zone_day(c->zone, c->moves[w->move].at) >= end) break;
        w->in = c->moves[w->move].in;
    }
    while (w->acted < c->acted_count && c->acted[w->acted].member < w->member)
        w->acted++;
    for (; w->acted < c->acted_count && c->acted[w->acted].member == w->member; w->acted++) {
        if (c->acted[w->acted].day >= end) break;
        acted = true;
    }
    month->members += w->in;
    month->active += w->in && acted;
}

/* Half-life and cliff, months counted from 1. */
static void find_marks(struct life *out)
{
    const struct life_month *m = out->months;
    for (uint32_t k = 2; k <= out->month_count; k++) {
        double rate = life_rate(&m[k - 1]), before = life_rate(&m[k - 2]);
        if (!out->half_life && life_rate(&m[0]) > 0 && rate <= life_rate(&m[0]) / 2)
            out->half_life = k;
        if (k < LIFE_CLIFF_FROM || k > LIFE_CLIFF_TO || before - rate <= out->fall) continue;
        out->fall = before - rate;
        out->cliff = k;
    }
}

void life_make(const struct chronicle *c, struct arena *arena, struct life *out)
{
    *out = (struct life){0};
    if (c->born == TIME_NONE) return;
    struct walk w = {.c = c};
    struct life_month running = {0};
    int32_t today = zone_day(c->zone, c->now);
    out->born_day = zone_day(c->zone, c->born);
    out->month_count = (uint32_t)(today - out->born_day) / LIFE_MONTH;
    if (out->month_count > LIFE_MONTHS) out->month_count = LIFE_MONTHS;
    out->months = arena_alloc_array(arena, out->month_count + 1, sizeof(*out->months));
    while (w.move < c->move_count) {
        w.member = c->moves[w.move].member;
        w.in = false;
        for (uint32_t k = 0; k < out->month_count; k++)
            step(&w, out->born_day + (int32_t)(k + 1) * LIFE_MONTH, &out->months[k]);
        step(&w, today + 1, &running);
        while (w.move < c->move_count && c->moves[w.move].member == w.member)
            w.move++;
    }
    out->running_members = running.members;
    out->running_active = running.active;
    find_marks(out);
}

/* ---- push cost ---- */

uint32_t push_first_loss(const struct chronicle *c, int64_t at)
{
    uint32_t low = 0, high = c->loss_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (c->losses[middle].at <= at) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static uint32_t losses_after(const struct chronicle *c, int64_t at)
{
    return push_first_loss(c, at + PUSH_TIME) - push_first_loss(c, at);
}

/* The same time of day so many weeks before. */
static int64_t weeks_before(const struct chronicle *c, int64_t at, int weeks)
{
    struct civil t = zone_civil(c->zone, at);
    civil_from_day(civil_day(t.year, t.month, t.day) - 7 * weeks, &t.year, &t.month, &t.day);
    return zone_instant(c->zone, &t);
}

static void find_usual(const struct chronicle *c, struct push *p)
{
    uint32_t n[PUSH_WEEKS];
    for (int w = 1; w <= PUSH_WEEKS; w++) {
        int64_t at = weeks_before(c, p->at, w);
        if (at < c->born) break;
        uint32_t lost = losses_after(c, at), k = p->weeks++;
        for (; k > 0 && n[k - 1] > lost; k--)
            n[k] = n[k - 1];
        n[k] = lost;
    }
    if (p->weeks == 0) return;
    uint32_t low = n[(p->weeks - 1) / 2], high = n[p->weeks / 2];
    p->usual = (low + high) / 2.0;
}

static int by_at(const void *a, const void *b)
{
    const struct move *x = a, *y = b;
    return (x->at > y->at) - (x->at < y->at);
}

/* How many were in the group after each of the moves; these are put in order of time. */
static uint32_t *count_members(struct move *moves, uint32_t count, struct arena *arena)
{
    uint32_t *members = arena_alloc_array(arena, count + 1, sizeof(*members));
    if (count) qsort(moves, count, sizeof(*moves), by_at);
    int64_t in = 0;
    for (uint32_t i = 0; i < count; i++) {
        in += moves[i].in ? 1 : -1;
        members[i] = (uint32_t)(in > 0 ? in : 0);
    }
    return members;
}

/* How many moves are not after 'at'. */
static uint32_t moves_until(const struct move *moves, uint32_t count, int64_t at)
{
    uint32_t low = 0, high = count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (moves[middle].at <= at) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

void push_measure(const struct chronicle *c, struct push *pushes, uint32_t count,
                  struct arena *arena)
{
    struct move *moves = arena_copy(arena, c->moves, c->move_count * sizeof(*moves));
    const uint32_t *members = count_members(moves, c->move_count, arena);
    for (uint32_t i = 0; i < count; i++) {
        struct push *p = &pushes[i];
        uint32_t until = moves_until(moves, c->move_count, p->at);
        p->reached = until ? members[until - 1] : 0;
        for (uint32_t k = push_first_loss(c, p->at);
             k < c->loss_count && c->losses[k].at <= p->at + PUSH_TIME; k++)
            p->lost[c->losses[k].kind]++;
        find_usual(c, p);
        p->known = p->reached > 0 && p->at + PUSH_TIME <= c->now;
        if (p->known) p->cost = (push_lost(p) - p->usual) / p->reached * 1000;
    }
}

struct push_sum push_add_up(const struct push *pushes, uint32_t count, uint32_t wording)
{
    struct push_sum s = {0};
    for (uint32_t i = 0; i < count; i++) {
        const struct push *p = &pushes[i];
        if (!p->known || (wording != PUSH_ANY && p->wording != wording)) continue;
        s.posts++;
        s.lost += push_lost(p);
        s.reached += p->reached;
        s.usual += p->usual;
    }
    if (s.reached) s.cost = (s.lost - s.usual) / (double)s.reached * 1000;
    return s;
}
