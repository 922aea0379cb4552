/* rows.h - the rows of the intake bench, each a function of its number, so that every program that
 * sends them sends the same. */
#pragma once

#include <stdint.h>

#define ROWS_BATCH 100      /* events a request, rows a COPY */
#define ROWS_MEMBERS 100000 /* distinct users */

struct row {
    uint64_t id;     /* unlike any other */
    uint32_t user;   /* 0 .. ROWS_MEMBERS - 1 */
    uint32_t length; /* 0 .. 119 */
    const char *kind;
    const char *channel;
};

static inline struct row row_of(uint64_t id)
{
    static const char *const kinds[] = {"content.viewed", "message.sent", "page.viewed",
                                        "checkin.done"};
    static const char *const channels[] = {"wecom", "store", "video", "mini"};
    uint64_t x = id * UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x ^= x >> 27;
    return (struct row){.id = id,
                        .user = (uint32_t)(x % ROWS_MEMBERS),
                        .length = (uint32_t)(x >> 32) % 120,
                        .kind = kinds[x >> 62],
                        .channel = channels[x >> 60 & 3]};
}

/* Another kind for the same row, of those that gen_csv writes: the k-th has a weight of 1 / k. */
static inline const char *row_mixed_kind(uint64_t id)
{
    static const char *const kinds[] = {"content.viewed",     "message.sent",    "page.viewed",
                                        "touchpoint.clicked", "message.reacted", "checkin.done",
                                        "content.shared",     "order.created",   "order.paid",
                                        "live.attended",      "sample.given",    "survey.answered"};
    static const double reach[] = {0.3222, 0.4834, 0.5907, 0.6713, 0.7357, 0.7894,
                                   0.8355, 0.8757, 0.9115, 0.9438, 0.9731, 1.0};
    uint64_t x = (id + 1) * UINT64_C(0xd1b54a32d192ed03);
    x = (x ^ (x >> 29)) * UINT64_C(0xbf58476d1ce4e5b9);
    double unit = (double)((x ^ (x >> 32)) >> 11) * 0x1p-53;
    unsigned i = 0;
    while (unit > reach[i])
        i++;
    return kinds[i];
}
