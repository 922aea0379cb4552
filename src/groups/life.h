/* life.h - what a group's life and its pushes cost: the activity rate by month of its age, and whom
 * a post drove away.
 *
 * definitions.md 5. Pure functions of a struct chronicle; any thread. */
#pragma once

#include "groups/chronicle.h"

/* ---- life curve ---- */

#define LIFE_MONTH 28     /* days: months are alike, and the rate is that of 28 days */
#define LIFE_MONTHS 120   /* at most */
#define LIFE_CLIFF_FROM 2 /* months among which the cliff is looked for */
#define LIFE_CLIFF_TO 7

struct life_month {
    uint32_t members; /* in the group at its end */
    uint32_t active;  /* of them, who acted in it */
};
struct life {
    int32_t born_day; /* the first of the first month */
    struct life_month *months;
    uint32_t month_count;     /* those that are over */
    uint32_t half_life;       /* first month with half of the first's rate or less; 0 = none */
    uint32_t cliff;           /* month of the largest fall; 0 = none fell */
    double fall;              /* of the rate, at the cliff */
    uint32_t running_members; /* of the month under way, so far */
    uint32_t running_active;
};
/* 0 where nobody is in. */
double life_rate(const struct life_month *m);
void life_make(const struct chronicle *c, struct arena *arena, struct life *out);

/* ---- push cost ---- */

#define PUSH_TIME (2 * TIME_HOUR) /* after a post */
#define PUSH_WEEKS 4              /* before it, for what is usual */

struct push {
    int64_t at;       /* given: of the post */
    uint32_t wording; /* given: equal for posts of one template */
    uint32_t reached; /* members in the group then */
    uint32_t lost[LOSS_KINDS];
    double usual;   /* median of the same two hours, the weeks before; 0 where there are none */
    uint32_t weeks; /* so many of these the group has seen */
    bool known;     /* its time is over, and somebody was reached */
    double cost;    /* lost beyond the usual, of a thousand reached; below 0: fewer than usual */
};
/* Fill in what is not given. Posts in any order. */
void push_measure(const struct chronicle *c, struct push *pushes, uint32_t count,
                  struct arena *arena);
static inline uint32_t push_lost(const struct push *p)
{
    return p->lost[LOSS_LEFT] + p->lost[LOSS_DELETED] + p->lost[LOSS_UNSUBSCRIBED];
}

/* Several posts taken together: sums of those that are known. */
struct push_sum {
    uint32_t posts, lost;
    uint64_t reached;
    double usual, cost;
};
#define PUSH_ANY UINT32_MAX /* of whatever wording */
struct push_sum push_add_up(const struct push *pushes, uint32_t count, uint32_t wording);
/* The first loss after 'at'. */
uint32_t push_first_loss(const struct chronicle *c, int64_t at);
