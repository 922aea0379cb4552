/* bench_data.h - the events of the bench: a community up to the end of 2025, the same for the same
 * seed.
 *
 * Members have unlike shares of the events, join over the time, some leave early; their events come
 * in visits, more of them in the evening, each step leaning on the one before. No two events of a
 * member are in one second. The file is what members left behind in order of time:
 *
 *     member,at,kind,channel,campaign,group,amount
 *
 * all whole numbers without a header, at in seconds, campaign 0 for none, amount in minor units and
 * 0 but for kind BENCH_ORDER. */
#pragma once

#include "main/bench_spill.h"

#define BENCH_END 1767225600u /* 2026-01-01T00:00:00Z: all events lie before it */
#define BENCH_DAYS_MIN 30u
#define BENCH_DAYS_MAX 1095u
#define BENCH_KINDS 20u
#define BENCH_ORDER 7u      /* the kind that is an order */
#define BENCH_CHANNELS 8u   /* from 0 */
#define BENCH_CAMPAIGNS 50u /* from 1 */
#define BENCH_GROUPS 2000u  /* from 0 */
#define BENCH_COLUMNS 7u

#define BENCH_EVENTS_MAX UINT64_C(10000000000)
#define BENCH_MEMBERS_MAX UINT64_C(100000000)
/* More events of a member a day than this on average would not fit into the seconds there are. */
#define BENCH_SHARE_MAX 250u

struct bench_size {
    uint64_t events;  /* 1 .. BENCH_EVENTS_MAX, at most BENCH_SHARE_MAX a member and day */
    uint64_t members; /* 1 .. BENCH_MEMBERS_MAX */
    uint64_t days;    /* BENCH_DAYS_MIN .. BENCH_DAYS_MAX, the last ones before BENCH_END */
    uint64_t seed;
};

static inline uint16_t bench_codes(uint32_t kind, uint32_t channel, uint32_t campaign)
{
    return (uint16_t)(kind | channel << 5 | campaign << 8);
}
static inline uint32_t bench_kind(const struct bench_row *row)
{
    return row->codes & 31;
}
static inline uint32_t bench_channel(const struct bench_row *row)
{
    return row->codes >> 5 & 7;
}
static inline uint32_t bench_campaign(const struct bench_row *row)
{
    return row->codes >> 8;
}

/* Write the file. Memory does not grow with the events. */
MUST_CHECK enum err bench_data_write(const struct bench_size *size, const char *path,
                                     struct why *why);
