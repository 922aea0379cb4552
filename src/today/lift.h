/* lift.h - what a reason is worth, from what became of those who were shown by it and of those who
 * were withheld. Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* The suggestions of one reason. */
struct today_result {
    uint64_t shown, shown_back;       /* settled; and members of them who acted within 14 days */
    uint64_t withheld, withheld_back; /* the same of those nobody saw */
    uint64_t waiting;                 /* shown or withheld, not settled yet */
    uint64_t done, snoozed, useless;  /* what staff said of those shown */
};

/* Shares, not percentages. */
struct today_lift {
    bool known;       /* somebody was settled on both sides */
    double lift;      /* share who came back of those shown, less that of those withheld */
    double low, high; /* its 95 % interval */
    double learnt;    /* how much of 'expected' is measured, 0 to 1 */
    double expected;  /* the lift that the weight promises, corrected by the one measured */
    double useful;    /* 0 to 1: how seldom staff called it not useful */
    double score;     /* by which lists are ranked */
};
/* 'weight' 0 to 100. */
struct today_lift today_lift(const struct today_result *r, int weight);
