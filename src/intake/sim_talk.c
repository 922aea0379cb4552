/* sim_talk.c - the day's messages put into conversation.
 *
 * Members said when and where they speak, not to whom. In order of time, a message soon after
 * another in its group may reply to that one; an open question is answered by the next who speaks,
 * or by staff later. */
#include <stdlib.h>

#include "intake/sim.h"

#define REPLY_MS (10 * TIME_MINUTE)
#define ANSWER_MS (30 * TIME_MINUTE)

static int by_time(const void *a, const void *b)
{
    const struct deed *x = a, *y = b;
    if (x->at != y->at) return x->at < y->at ? -1 : 1;
    if (x->person != y->person) return x->person < y->person ? -1 : 1;
    return x->kind < y->kind ? -1 : x->kind > y->kind;
}

static void staff_answers(struct sim *s, size_t group)
{
    struct group *g = &s->groups.items[group - 1];
    struct deed d = sim_deed(DEED_MESSAGE, 0, g->asked_at + TIME_MINUTE);
    d.at += (int64_t)sim_exponential(s, 45.0 * TIME_MINUTE);
    d.group = (uint16_t)group;
    d.staff = g->staff;
    d.other = g->asker;
    d.length = (uint16_t)(8 + sim_times(s, 30));
    sim_do(s, &d);
    g->asker = 0;
}

static void hear(struct sim *s, struct deed *d)
{
    uint16_t group = d->group;
    struct group *g = &s->groups.items[group - 1];
    bool open = g->asker && g->asker != d->person;
    if (open && d->at - g->asked_at < ANSWER_MS && sim_chance(s, 0.6)) {
        d->other = g->asker;
        g->asker = 0;
    } else if (open && sim_chance(s, 0.75)) {
        staff_answers(s, group);
    } else if (g->last && g->last != d->person && d->at - g->last_at < REPLY_MS) {
        if (sim_chance(s, 0.4)) d->other = g->last;
    }
    if (d->flags & DEED_QUESTION) {
        g->asker = d->person;
        g->asked_at = d->at;
    }
    g->last = d->person;
    g->last_at = d->at;
}

static void close_day(struct sim *s)
{
    for (size_t n = 1; n <= s->groups.count; n++) {
        struct group *g = &s->groups.items[n - 1];
        if (g->asker && sim_chance(s, 0.7)) staff_answers(s, n);
        g->asker = g->last = 0;
    }
}

void sim_weave(struct sim *s)
{
    size_t said = s->deeds.count; /* answers are added behind */
    if (said) qsort(s->deeds.items, said, sizeof(s->deeds.items[0]), by_time);
    for (size_t i = 0; i < said; i++) {
        struct deed d = s->deeds.items[i];
        if (d.kind != DEED_MESSAGE || d.person == 0 || d.group == 0) continue;
        hear(s, &d);
        s->deeds.items[i] = d;
    }
    close_day(s);
}
